"""Makes the table: build.py IN KEYWORDS PHRASES WEIGHTS OUT. Evidence and weights -> one byte a word -> names.table.

The file, little endian: u32 number of buckets; i32 spelling bias; i32 x 3 the line of unknown given names, i32 x 3 of
family names (in 1/1024: bias, slope, short words); 2,048 signed bytes of spelling weights; then the buckets, 12 bytes
each: four 16-bit fingerprints (0 is an empty place) and four bytes, high nibble given, low nibble family name.
"""
import collections
import json
import struct
import sys

from evidence import Evidence, keywords, tokens
from model import FAMILY_ZERO, FEATURES, GIVEN_ZERO, WORD_MAX, Spelling, dot, features, nibble, unknown_nibble
from text import NAME_MONTHS, PARTICLES, STOP

SLOTS = 4
FULL = 0.95      # more makes the search for places long
PHRASE = -1      # a pair with at least this score has to be in the table to be no name
MASK = (1 << 64) - 1


def places(word, buckets):
    """The two buckets of a word and its fingerprint."""
    h = 0xCBF29CE484222325
    for byte in word.encode():
        h = (h ^ byte) * 0x100000001B3 & MASK
    h = (h ^ h >> 32) * 0x9E3779B97F4A7C15 & MASK
    h ^= h >> 32
    mark = (h * 0xC2B2AE3D27D4EB4F & MASK) >> 48
    return (h & 0xFFFFFFFF) * buckets >> 32, (h >> 32) * buckets >> 32, max(mark, 1)


def entries(evidence, weights):
    """{word: byte} for every word whose spelling alone does not say enough."""
    E, keys = evidence.words, evidence.keyword_words
    spelling = Spelling(weights["spelling"], weights["spelling_bias"])
    given = [weights["given"][f] for f in FEATURES]
    family = [weights["family"][f] for f in FEATURES]
    half = weights["bias"] / 2
    lines = unknown_lines(weights)
    table = {}
    for word in sorted(set(E) | keys | STOP):
        e = E.get(word, {})
        name = (e.get("sources", 0) >= 4 or e.get("family", 0) >= 400 or e.get("wiki", 0) >= 4
                or e.get("syllables", 0) >= 200)
        common = (e.get("scowl", 99) <= 55 or e.get("low", 0) >= 3 or e.get("cap", 0) >= 3 or "geo" in e or "brand" in e
                  or e.get("foreign", 0) >= 3 or e.get("city", 0) > 50000)
        if len(word) > WORD_MAX or not (name or common or word in keys or word in STOP):
            continue
        fs = features(word, E, keys, spelling)
        a = nibble(dot(fs, given) + half, GIVEN_ZERO)
        b = nibble(dot(fs, family) + half, FAMILY_ZERO)
        u = unknown_nibble(lines[0], word, spelling, GIVEN_ZERO)
        v = unknown_nibble(lines[1], word, spelling, FAMILY_ZERO)
        if word in keys and e.get("sources", 0) < 15:
            a, b = 0, 0
        elif word in keys:
            a, b = min(a, 4), min(b, 5)
        if word in STOP:
            a, b = (min(a, 7), min(b, 3)) if word in NAME_MONTHS else (0, min(b, 4))
        elif word not in keys and ((max(a, u) <= 2 and max(b, v) <= 4)
                                   or (abs(a - u) + abs(b - v) <= 1 and e.get("sources", 0) < 8)):
            continue
        table[word] = a << 4 | b
    return table


def phrases(evidence, by_hand, table, weights):
    """Pairs of words that are no name although the words would make one: places, products, fonts, terms."""
    E, keys = evidence.words, evidence.keyword_words
    spelling = Spelling(weights["spelling"], weights["spelling_bias"])
    lines = unknown_lines(weights)

    def score(word):
        if word in table:
            return (table[word] >> 4) - GIVEN_ZERO, (table[word] & 15) - FAMILY_ZERO
        return (unknown_nibble(lines[0], word, spelling, GIVEN_ZERO) - GIVEN_ZERO,
                unknown_nibble(lines[1], word, spelling, FAMILY_ZERO) - FAMILY_ZERO)

    def clear(a, b):
        return score(a)[0] >= 1 and max(score(a)[0], score(b)[1]) >= 2 and score(a)[0] + score(b)[1] >= 1

    texts = evidence.brands + evidence.countries + evidence.regions + evidence.locale_names + by_hand
    found = {p for text in texts + [name for name, _ in evidence.cities] for p in neighbours(text)}
    often = collections.Counter(evidence.capitalised_pairs(evidence.prose))
    # Prose has names of people as well: two words that are clearly names are no phrase.
    found |= {(a, b) for a, b in often if often[a, b] >= 3 and not clear(a, b)}
    found |= {p for texts in evidence.translated.values() for p in evidence.capitalised_pairs(texts)}
    out = set()
    for a, b in found:
        (given, family), (given2, family2) = score(a), score(b)
        if max(given + family2, family + given2 - 2) >= PHRASE:
            out.add(f"{a} {b}")
    return out


def neighbours(text):
    """Pairs of neighbouring words; words with dashes whole and apart, particles there and skipped."""
    readings = [tokens(text), tokens(text.replace("-", " "))]
    readings += [[w for w in words if w not in PARTICLES] for words in readings]
    return {pair for words in readings for pair in zip(words, words[1:])}


def unknown_lines(weights):
    """The scores of unknown given and family names: bias, slope and short words, in 1/1024."""
    out = []
    for role in ("given", "family"):
        k = weights[role]
        out.append(tuple(round(1024 * x) for x in (
            k["unknown"] + weights["bias"] / 2, k["likeness"] + k["unknown_likeness"], k["short"])))
    return out


def fill(table):
    """Cuckoo hashing, always the same way: a word that finds both buckets full moves another one out."""
    buckets = -(-len(table) // SLOTS) * 100 // round(FULL * 100)
    slots = [[] for _ in range(buckets)]
    clashes = 0
    for word in sorted(table):
        entry, turn = (word, table[word]), 0
        first, second, _ = places(word, buckets)
        here = first if len(slots[first]) <= len(slots[second]) else second
        while len(slots[here]) == SLOTS:
            entry, slots[here][turn % SLOTS] = slots[here][turn % SLOTS], entry
            first, second, _ = places(entry[0], buckets)
            here, turn = (second if here == first else first), turn * 5 + 1 & 0xFFFF
            clashes += 1
            assert clashes < 50_000_000, "the table is too full"
        slots[here].append(entry)
    return slots


def pack(slots, lines, weights):
    out = bytearray(struct.pack("<Ii3i3i", len(slots), weights["spelling_bias"], *lines[0], *lines[1]))
    out += struct.pack("<2048b", *weights["spelling"])
    for bucket in slots:
        marks = [places(word, len(slots))[2] for word, _ in bucket] + [0] * (SLOTS - len(bucket))
        bytes_ = [byte for _, byte in bucket] + [0] * (SLOTS - len(bucket))
        out += struct.pack("<4H4B", *marks, *bytes_)
    return bytes(out)


def build(evidence, by_hand, weights):
    table = entries(evidence, weights)
    for phrase in phrases(evidence, by_hand, table, weights):
        table[phrase] = 0
    return table, pack(fill(table), unknown_lines(weights), weights)


if __name__ == "__main__":
    IN, KEYWORDS, PHRASES, WEIGHTS, OUT = sys.argv[1:6]
    weights = json.load(open(WEIGHTS, encoding="utf-8"))
    table, data = build(Evidence(IN, KEYWORDS), keywords(PHRASES), weights)
    open(OUT, "wb").write(data)
    print(f"{len(table)} words, {len(data)} bytes")
