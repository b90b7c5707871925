"""Compares the catalogue's verdicts on check digits with a reference: `families.py` says which.

    compare.py [--seed N] [--count N] -- logveil detect

Of each family as many values as `--count` says, half of them random, half of them valid or nearly:
one character changed, two exchanged, one lost or doubled, a few made the same. The catalogue's
verdict is that of the scanner: behind a keyword the value is found, whole, as the identifier.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import rules
from deviations import DEVIATIONS
from families import FAMILIES, draw

CATALOGUE = Path(__file__).resolve().parents[2] / "data-identifiers"
VERDICT_SHARE_MIN = 0.05


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    print(f"check digits: seed {options.seed}, {options.count} values of each family", flush=True)
    started = time.monotonic()
    faults = []
    seen = set()
    print(f"{'family':42}{'values':>8}{'valid':>8}{'agree':>8}{'deviate':>9}")
    for family in FAMILIES:
        faults += compare(family, options, seen)
    for deviation in DEVIATIONS:
        if deviation not in seen:
            faults.append(f"{deviation.families}: no value shows that {deviation.why}")
    print(f"{len(FAMILIES)} families in {time.monotonic() - started:.0f} s")
    for fault in faults:
        print(f"fault: {fault}")
    sys.exit(1 if faults else 0)


def compare(family, options, seen):
    """Prints the family's line of the table, adds to `seen`, returns the faults."""
    chance = random.Random(f"{options.seed} {family.name}")
    deviations = [d for d in DEVIATIONS if family.name.startswith(tuple(d.families))]
    values = list(generate(family, chance, options.count))
    values += [example for deviation in deviations for example in deviation.examples]
    written = [dress(family, chance, value) for value in values]
    reference = [family.judge(value) for value in values]
    catalogue = verdicts(family, written, options.command)
    faults = []
    deviating = 0
    for value, text, expected, found in zip(values, written, reference, catalogue):
        owners = [deviation for deviation in deviations if deviation.of(value)]
        faults += [
            f"{family.name}: {text}: not {found}, as {owner.why}"
            for owner in owners
            if owner.passes != found
        ]
        if expected != found:
            deviating += 1
            seen.update(owner for owner in owners if owner.passes == found)
            if not owners:
                faults.append(f"{family.name}: {text}: {found}, and the reference says {expected}")
    valid = sum(reference)
    if not VERDICT_SHARE_MIN < valid / len(values) < 1 - VERDICT_SHARE_MIN:
        faults.append(f"{family.name}: {valid} of {len(values)} are valid: one verdict is rare")
    agree = len(values) - deviating
    print(f"{family.name:42}{len(values):8}{valid:8}{agree:8}{deviating:9}", flush=True)
    return faults[:5]


def generate(family, chance, count):
    """Yields the values; those of other patterns of the identifier are drawn again."""
    made = 0
    while made < count:
        value = draw(chance, chance.choice(family.shapes))
        if made % 2:
            value = spoil(chance, valid(family, chance))
        if re.fullmatch(family.only, value):
            made += 1
            yield value


def valid(family, chance):
    for _ in range(100_000):
        value = draw(chance, chance.choice(family.shapes))
        value = family.fill(value) if family.fill else value
        if family.judge(value):
            return value
    raise ValueError(f"{family.name}: no valid value among the first 100,000")


def spoil(chance, value):
    """The value, or what is nearly the value."""
    at = chance.randrange(len(value))
    kind = chance.randrange(20)
    if kind < 10:
        return value
    if kind < 13:
        alphabet = rules.DIGITS if value[at].isdigit() else rules.LETTERS
        return value[:at] + chance.choice(alphabet) + value[at + 1 :]
    if kind < 16 and at:
        return value[: at - 1] + value[at] + value[at - 1] + value[at + 1 :]
    if kind < 18:
        return value[:at] + chance.choice(["", value[at] * 2]) + value[at + 1 :]
    run = len(value[at : at + chance.randrange(1, 5)])
    return value[:at] + chance.choice(rules.DIGITS) * run + value[at + run :]


def dress(family, chance, value):
    """The value in one of its forms, or as it is."""
    forms = [form for form in family.forms if form.count("#") == len(value)]
    form = chance.choice(["#" * len(value), *forms])
    characters = iter(value)
    return "".join(next(characters) if c == "#" else c for c in form)


def verdicts(family, written, command):
    """Whether each is found whole, as the family's identifier, behind its first plain keyword."""
    facts = json.loads((CATALOGUE / f"{family.identifier}.json").read_text(encoding="utf-8"))
    keyword = next(word for word in facts["keywords"] if re.fullmatch("[a-z ]+", word))
    texts = [f"{keyword}: {value}" for value in written]
    lines = [json.dumps({"id": at, "text": text}) for at, text in enumerate(texts)]
    done = subprocess.run(
        [*command, "--identifiers", family.identifier],
        input="\n".join(lines) + "\n", stdout=subprocess.PIPE, check=True, encoding="utf-8",
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(len(texts))), "an answer each"
    start = len(keyword) + 2
    return [
        any((s["start"], s["end"]) == (start, len(text)) for s in answer["spans"])
        for text, answer in zip(texts, answers)
    ]


if __name__ == "__main__":
    main()
