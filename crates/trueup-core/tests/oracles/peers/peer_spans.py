"""Seeded spans that nervaluate and spaCy are asked about, by the standard library alone: their environments differ."""

import random

TYPES = ["LOC", "ORG", "PER"]


def random_spans(rng, count, overlap):
    """Spans as [start, end, type]; without `overlap` none of them touch each other's tokens. Shuffled with it."""
    spans, at = [], 0
    for _ in range(count):
        start = rng.randrange(20) if overlap else at + rng.randrange(3)
        end = start + rng.randrange(1, 5)
        spans.append([start, end, rng.randrange(len(TYPES))])
        at = end
    return spans


def moved(rng, spans, overlap):
    """What a model might answer: spans kept, moved, retyped, dropped, split."""
    out = []
    for start, end, kind in spans:
        draw = rng.random()
        if draw < 0.4:
            out.append([start, end, kind])
        elif draw < 0.5:
            out.append([start, end, rng.randrange(len(TYPES))])
        elif draw < 0.65:
            out.append([max(0, start - rng.randrange(2)), end + rng.randrange(2), kind])
        elif draw < 0.75 and end - start > 1:
            out += [[start, start + 1, kind], [start + 1, end, rng.randrange(len(TYPES))]]
    if rng.random() < 0.3:
        out.append([20 + rng.randrange(4), 25, rng.randrange(len(TYPES))])
    if not overlap:
        kept, at = [], 0
        for span in sorted(out):
            if span[0] >= at:
                kept.append(span)
                at = span[1]
        return kept
    rng.shuffle(out)
    return out


def span_cases(small):
    """Documents of gold and predicted spans, whether they overlap, and the least share of overlap in per cent."""
    rng = random.Random(20261125)
    spans = []
    for i in range(5 if small else 400):
        overlap = i % 3 == 2
        documents = []
        for _ in range(2 if small else rng.choice([1, 1, 2, 5])):
            gold = random_spans(rng, rng.randrange(3 if small else 6), overlap)
            documents.append([gold, moved(rng, gold, overlap)])
        spans.append({"overlap": overlap, "least": rng.choice([1.0, 1.0, 50.0, 75.0]), "documents": documents})
    long = [[[0, 250, 2], [260, 264, 0]], [[248, 256, 2], [261, 264, 1]]]
    spans.append({"overlap": False, "least": 1.0, "documents": [long, [[], [[0, 2, 1]]], [[[3, 4, 1]], []]]})
    return spans


def tag_cases(small):
    """Sentences of tags, valid or not."""
    rng, tags = random.Random(20261126), []
    for i in range(6 if small else 600):
        letters = "BI" if i % 3 else "BIES"
        draw = [rng.choice(["O", *(f"{letter}-{kind}" for letter in letters for kind in TYPES[:2])]) for _ in range(8)]
        # Letters that go on with what is there are more common than chance has them.
        for at in range(1, 8):
            if rng.random() < 0.4 and draw[at - 1] != "O":
                draw[at] = rng.choice(letters[1:]) + draw[at - 1][1:]
        tags.append(" ".join(draw))
    return tags
