"""Learns the weights: train.py IN KEYWORDS OUT. Evidence -> logistic regression over pairs of words -> weights.json.

Run when the evidence or the features change; build.py then makes the table from the weights, in plain arithmetic.
"""
import collections
import json
import random
import sys

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from evidence import Evidence, tokens
from model import FEATURES, GRAMS, UNIT, Spelling, features, gram_slots
from text import KEY, fold

PAIRS, EASTERN = 60000, 8000


def train(evidence, negatives):
    random.seed(7)
    np.random.seed(7)
    E = evidence.words
    plain = lambda e: "scowl" in e or "low" in e or "foreign" in e
    known = lambda e: e.get("family", 0) >= 150 or e.get("sources", 0) >= 5 or e.get("wiki", 0) >= 10
    names = sorted(w for w, e in E.items() if known(e) and not plain(e) and "-" not in w)
    words = sorted(w for w, e in E.items() if plain(e) and e.get("sources", 0) < 4 and e.get("family", 0) <= 500)
    random.shuffle(names)
    random.shuffle(words)
    names, words = names[:PAIRS], words[:PAIRS]

    def matrix(ws):
        r, c = zip(*((i, slot) for i, w in enumerate(ws) for slot in gram_slots(w)))
        return sparse.csr_matrix((np.ones(len(r)), (r, c)), shape=(len(ws), GRAMS))

    m = LogisticRegression(C=0.3, max_iter=200).fit(
        matrix(names + words), np.r_[np.ones(len(names)), np.zeros(len(words))])
    grams = np.clip(np.round(m.coef_[0] * UNIT), -127, 127).astype(int).tolist()
    spelling = Spelling(grams, round(float(m.intercept_[0]) * UNIT))

    lines = [x for x in evidence.prose if len(x) > 20]
    titled = []
    for line in random.sample(lines, len(lines) // 5):
        found = [w for w in line.split() if w.islower() and w.isalpha() and len(w) > 2]
        titled += [(fold(a), fold(b)) for a, b in zip(found, found[1:])]
    random.shuffle(titled)
    pairs = lambda s: list(zip(tokens(s), tokens(s)[1:]))
    seen = collections.Counter(negatives)
    negatives = sorted(p for p in seen for _ in range(min(seen[p], 2))) + titled[:20000] + evidence.keyword_pairs * 3
    everyday = sorted(w for w, e in E.items() if e.get("scowl", 99) <= 50)
    negatives += [(random.choice(everyday), random.choice(everyday)) for _ in range(8000)]
    for language in sorted(evidence.translated):
        texts = evidence.translated[language]
        negatives += evidence.capitalised_pairs(texts)[:400]
        shown = []
        for text in random.sample(texts, min(len(texts), 120)):
            found = [fold(w) for w in text.split() if w.isalpha()]
            shown += list(zip(found, found[1:]))
        negatives += [p for p in shown if KEY.match(p[0]) and KEY.match(p[1])][:400]
    for brand in evidence.brands:
        negatives += pairs(brand) * 2
    # Places of several words are in the table as phrases; some are enough to tell what their words are like.
    for place in evidence.countries + random.sample(evidence.regions, len(evidence.regions) // 10):
        negatives += pairs(place)
    for city, people in random.sample(evidence.cities, len(evidence.cities) // 10):
        negatives += pairs(city)
    for name in random.sample(evidence.locale_names, 4000):
        negatives += pairs(name)

    given = sorted(w for w, e in E.items() if e.get("sources", 0) >= 3)
    pg = np.array([E[w]["people"] ** 0.4 * min(E[w]["sources"], 20) * (0.15 if E[w].get("low", 0) > 20 else 1)
                   for w in given])
    census = sorted(w for w, e in E.items() if e.get("family", 0) > 100)
    world = sorted(w for w, e in E.items() if e.get("wiki", 0) > 3)
    draw = lambda ws, p, n: [ws[i] for i in np.random.choice(len(ws), n, p=p / p.sum())]
    gs = draw(given, pg, PAIRS)
    fs = draw(census, np.array([E[w]["family"] ** 0.5 for w in census]), PAIRS // 2)
    fs += draw(world, np.array([E[w]["wiki"] ** 0.7 * (0.3 if E[w].get("low", 0) > 20 else 1) for w in world]), PAIRS // 2)
    eastern = sorted(w for w, e in E.items() if e.get("east", 0) > 20)
    two = sorted(w for w, e in E.items() if e.get("syllables", 0) > 100 and e.get("sources", 0) >= 2)
    gs += draw(two, np.array([E[w]["syllables"] ** 0.5 for w in two]), EASTERN)
    fs += draw(eastern, np.array([E[w]["east"] ** 0.5 for w in eastern]), EASTERN)
    of = lambda w, drop=False: features(w, E, evidence.keyword_words, spelling, drop)
    X = [of(g, random.random() < (0.03 if i < PAIRS else 0.3)) + of(f, random.random() < (0.25 if i < PAIRS else 0))
         for i, (g, f) in enumerate(zip(gs, fs))]
    X += [of(a) + of(b) for a, b in negatives]
    y = np.r_[np.ones(len(gs)), np.zeros(len(negatives))]
    m = LogisticRegression(C=1.0, max_iter=600).fit(np.array(X, dtype=float), y)
    n = len(FEATURES)
    rounded = lambda ws: [round(float(w), 3) for w in ws]
    print(f"{len(gs)} positive, {len(negatives)} negative pairs", file=sys.stderr)
    for f, a, b in zip(FEATURES, m.coef_[0][:n], m.coef_[0][n:]):
        print(f"{f:18s} given {a:6.2f}  family {b:6.2f}", file=sys.stderr)
    return {"bias": round(float(m.intercept_[0]), 3), "given": dict(zip(FEATURES, rounded(m.coef_[0][:n]))),
            "family": dict(zip(FEATURES, rounded(m.coef_[0][n:]))), "spelling_bias": spelling.bias, "spelling": grams}


if __name__ == "__main__":
    IN, KEYWORDS, OUT = sys.argv[1:4]
    evidence = Evidence(IN, KEYWORDS)
    weights = train(evidence, evidence.capitalised_pairs(evidence.prose))
    with open(OUT, "w", encoding="utf-8") as out:
        out.write(json.dumps(weights, indent=0).replace(",\n", ",").replace("\n", " ") + "\n")
