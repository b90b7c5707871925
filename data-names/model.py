"""What train.py and build.py share: the spelling score, the features of a word, the rounding to nibbles.

The run-time half of this file is src/detect/name/table.rs; both count in integers and must agree.
"""
import math

GRAMS = 2048                 # slots of the spelling weights, a power of two
UNIT = 32                    # a spelling weight of 32 is 1.0
GIVEN_ZERO, FAMILY_ZERO = 6, 9  # a nibble holds its score plus this
WORD_MAX = 20                # longest word in the table, in bytes

FEATURES = ("people sources sources8 family wiki wiki_countries scowl10 scowl35 scowl50 scowl70 low cap country region city "
            "bigcity unknown likeness short unknown_likeness people_low city_name geo_name keyword keyword_name brand "
            "brands brand_name east syllables foreign geo_part city_part "
            "geo_part_name city_part_name foreign_name scowl_people scowl_family family_low").split()


def fnv32(data):
    h = 0x811C9DC5
    for byte in data:
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    return h


def gram_slots(word):
    """Slots of beginnings and endings of two to four letters, and of the trigrams between ^ and $."""
    w = word.encode()
    out = []
    for n in (2, 3, 4):
        if len(w) >= n:
            out += [b"<" + w[:n], b">" + w[-n:]]
    w = b"^" + w + b"$"
    out += [b"m" + w[i : i + 3] for i in range(len(w) - 2)]
    return [(h ^ h >> 16) & GRAMS - 1 for h in map(fnv32, out)]


class Spelling:
    """Does a word look like a name: -4 (no) to 4 (yes), in 1/32."""

    def __init__(self, weights, bias):
        self.weights, self.bias = weights, bias
        self.known = {}

    def __call__(self, word):
        if word not in self.known:
            total = sum(self.weights[slot] for slot in gram_slots(word)) + self.bias
            self.known[word] = max(-4 * UNIT, min(4 * UNIT, total))
        return self.known[word]


def features(word, words, keyword_words, spelling, drop=False):
    e = words.get(word, {})
    e = {"syllables": e["syllables"]} if drop and "syllables" in e else {} if drop else e
    if not e and "-" in word:
        es = [words.get(p, {}) for p in word.split("-")]
        e = {k: min(x.get(k, 0) for x in es) for k in ("people", "sources", "family", "wiki")} if all(es) else {}
    log = lambda key: math.log10(1 + e.get(key, 0))
    p, f, w, s = log("people"), log("family"), log("wiki"), e.get("scowl", 99)
    name = (p + max(f, w)) / 5
    n = spelling(word) / (4 * UNIT)
    unknown = not (e.get("people") or e.get("family") or e.get("wiki") or e.get("syllables"))
    key = word in keyword_words
    return [p, min(e.get("sources", 0), 30) / 10, e.get("sources", 0) >= 8, f, w, min(e.get("wiki_countries", 0), 20) / 10,
            s <= 10, s <= 35, s <= 50, s <= 70, log("low"), log("cap"), e.get("geo") == 1, e.get("geo") == 2,
            "city" in e, e.get("city", 0) > 300000, unknown, n, len(word) <= 3, n * unknown,
            min(p, 6) * ("low" in e), ("city" in e) * name, ("geo" in e) * name, key, key * name,
            "brand" in e, log("brand"), ("brand" in e) * name, log("east"), log("syllables"), log("foreign"), "geo_part" in e,
            log("city_part"), ("geo_part" in e) * name, ("city_part" in e) * name, ("foreign" in e) * name,
            (s <= 50) * p / 5, (s <= 50) * max(f, w) / 5, ("low" in e) * max(f, w) / 5]


def dot(xs, ys):
    """A sum in a fixed order, so that every machine rounds alike."""
    total = 0.0
    for x, y in zip(xs, ys):
        total += float(x) * y
    return total


def nibble(score, zero):
    return max(0, min(15, math.floor(score + zero + 0.5)))


def unknown_nibble(line, word, spelling, zero):
    """The nibble of a word that is in no list; line = (bias, slope, short) in 1/1024, slope for a spelling of 4.0."""
    bias, slope, short = line
    total = bias + slope * spelling(word) // (4 * UNIT) + (short if len(word) <= 3 else 0)
    return max(0, min(15, (total + zero * 1024 + 512) // 1024))
