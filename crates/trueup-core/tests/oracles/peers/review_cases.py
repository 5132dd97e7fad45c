"""The figures of a review: random cases of every task with scikit-learn's and seqeval's values.

`expected` holds the peers' numbers. Where Trueup means something else by a name, the entry stands under `differences`
with both numbers.
"""

import csv

import numpy as np
from references import multilabel, ner, single

PEERS = ("numpy", "scikit-learn", "seqeval")


def dyadic(rng, n, k, parts=64):
    """Rows of k / 64ths: exact in binary, short to write, and full of ties."""
    return np.stack([rng.multinomial(parts, rng.dirichlet(np.ones(k))) for _ in range(n)]) / parts


def dirichlet(rng, n, k):
    rows = rng.dirichlet(np.full(k, 0.4), size=n)
    return rows / rows.sum(axis=1, keepdims=True)


def noisy(rng, gold, k, share):
    flipped = rng.random(len(gold)) < share
    return np.where(flipped, rng.integers(0, k, len(gold)), gold)


def single_cases(rng, count, sizes, scores, differences):
    for i in range(count):
        k = int(rng.integers(2, 11)) if sizes[1] > 60 else int(rng.integers(2, 6))
        n = int(rng.integers(*sizes))
        # Uneven labels, so that some are often missing from gold, from prediction, or from both.
        gold = rng.choice(k, n, p=rng.dirichlet(np.full(k, 0.5)))
        predicted = noisy(rng, gold, k, rng.choice([0.0, 0.1, 0.3, 0.7]))
        yield single(f"random single {i}", k, gold, predicted, scores(rng, n, k), differences)
    fixed = {
        "one class only": (3, [1] * 6, [1] * 6),
        "one gold class": (3, [1] * 6, [0, 1, 1, 2, 1, 1]),
        "constant prediction": (3, [0, 1, 2, 1, 0, 1], [1] * 6),
        "all wrong": (2, [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]),
        "all right": (4, [0, 1, 2, 3, 3], [0, 1, 2, 3, 3]),
        "binary": (2, [0, 0, 0, 1, 1, 0, 0, 1], [0, 1, 0, 1, 0, 0, 0, 1]),
        "binary even": (2, [0, 1, 0, 1], [0, 1, 1, 1]),
        "one example": (5, [3], [2]),
    }
    for name, (k, gold, predicted) in fixed.items():
        if scores is dyadic and name in ("all wrong", "all right", "constant prediction"):
            continue
        n = len(gold)
        yield single(name, k, np.array(gold), np.array(predicted), scores(rng, n, k), differences)
        if scores is not dyadic:
            yield single(f"{name}, no scores", k, np.array(gold), np.array(predicted), None, differences)
    level = np.full((6, 5), 0.2)
    yield single("level scores", 5, np.arange(6) % 5, np.array([0, 1, 2, 3, 0, 0]), level, differences)


def multilabel_cases(rng, count, sizes, scores, differences):
    for i in range(count):
        k, n = int(rng.integers(2, 8)), int(rng.integers(*sizes))
        rate = rng.choice([0.0, 0.1, 0.3, 0.6], k)
        gold = (rng.random((n, k)) < rate).astype(int)
        flips = (rng.random((n, k)) < rng.choice([0.0, 0.1, 0.3])).astype(int)
        # A label of rate 0 stays out of gold; flips may still predict it.
        predicted = gold ^ (flips if i % 3 else flips * (rate > 0))
        cells = np.round(rng.random((n, k)) * 64) / 64 if scores is dyadic else rng.random((n, k))
        yield multilabel(f"random sets {i}", gold, predicted, cells, differences)
    empty = np.zeros((4, 3), int)
    some = np.array([[1, 0, 0], [0, 0, 0], [1, 1, 0], [0, 0, 0]])
    yield multilabel("no labels at all", empty, empty, None, differences)
    yield multilabel("empty predictions", some, empty, None, differences)
    yield multilabel("empty sets right", some, some, None, differences)


def random_tags(rng, types, length):
    """Mostly well-formed IOB2, with some stray I- tags."""
    tags, kind = [], None
    for _ in range(length):
        draw = rng.random()
        if draw < 0.5:
            tags.append("O")
            kind = None
        elif draw < 0.75 or kind is None and rng.random() < 0.8:
            kind = types[rng.integers(len(types))]
            tags.append(f"B-{kind}")
        else:
            kind = kind or types[rng.integers(len(types))]
            tags.append(f"I-{kind}")
    return tags


def disturb(rng, sentences, types, share):
    out = []
    for tags in sentences:
        tags = list(tags)
        for i in range(len(tags)):
            if rng.random() < share:
                tags[i] = rng.choice(["O", *(f"{p}-{t}" for p in "BI" for t in types)])
        out.append([str(t) for t in tags])
    return out


def ner_cases(rng, count, sizes, differences):
    for i in range(count):
        types = ["LOC", "ORG", "PER", "TIME"][: int(rng.integers(1, 5))]
        gold = [random_tags(rng, types, int(rng.integers(1, 12))) for _ in range(int(rng.integers(*sizes)))]
        yield ner(f"random spans {i}", gold, disturb(rng, gold, types, 0.15), types, differences)
    yield ner("no spans", [["O", "O"], ["O"]], [["O", "O"], ["O"]], ["LOC"], differences)
    yield ner("spurious spans only", [["O", "O"]], [["B-LOC", "I-LOC"]], ["LOC", "PER"], differences)
    yield ner("missed spans only", [["B-LOC", "O"]], [["O", "O"]], ["LOC", "PER"], differences)


def conll(path):
    sentences, tags = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            tags.append(line.split("\t")[-1].strip())
        elif tags:
            sentences.append(tags)
            tags = []
    return sentences + [tags] * bool(tags)


def real_cases(rng, data, differences):
    """Gold of real files under seeded noise: parity needs their shapes, not a trained model."""
    path = data / "banking77" / "test.csv"
    if path.exists():
        rows = list(csv.DictReader(path.open(encoding="utf-8")))
        names = sorted({row["category"] for row in rows})
        gold = np.array([names.index(row["category"]) for row in rows])
        predicted, k = noisy(rng, gold, len(names), 0.15), len(names)
        scores = dirichlet(rng, len(gold), k)
        scores[np.arange(len(gold)), predicted] += 1.5
        yield single("banking77", k, gold, predicted, scores / scores.sum(axis=1, keepdims=True), differences, names)
    path = data / "goemotions" / "test.tsv"
    if path.exists():
        names = (data / "goemotions" / "labels.txt").read_text(encoding="utf-8").split()
        order = sorted(range(len(names)), key=lambda i: names[i])
        cells = [line.split("\t")[1] for line in path.read_text(encoding="utf-8").splitlines()]
        gold = np.zeros((len(cells), len(names)), int)
        for row, ids in enumerate(cells):
            gold[row, [order.index(int(i)) for i in ids.split(",")]] = 1
        predicted = gold ^ (rng.random(gold.shape) < 0.02)
        scores = np.clip(0.7 * predicted + 0.3 * rng.random(gold.shape), 0, 1)
        yield multilabel("goemotions", gold, predicted, scores, differences, [names[i] for i in order])
    for name, path in {
        "wnut17": data / "wnut17" / "emerging.test.annotated",
        "ncbi_disease": data / "ncbi_disease" / "test.tsv",
    }.items():
        if path.exists():
            gold = conll(path)
            types = sorted({tag[2:] for tags in gold for tag in tags if tag != "O"})
            yield ner(name, gold, disturb(rng, gold, types, 0.03), types, differences)


def make(small, data):
    rng = np.random.default_rng(20261122)
    scores = dyadic if small else dirichlet
    sizes, count = ((6, 9), 1) if small else ((5, 200), 80)
    differences, cases = [], []
    cases += single_cases(rng, count, sizes, scores, differences)
    cases += multilabel_cases(rng, count, sizes, scores, differences)
    cases += ner_cases(rng, count, sizes, differences)
    if not small:
        # Short rows of 64ths again: ties in every column.
        cases += single_cases(rng, 40, (5, 80), dyadic, differences)
    if data and not small:
        cases += real_cases(rng, data, differences)
    return {"cases": cases, "differences": differences}
