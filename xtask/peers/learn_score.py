#!/usr/bin/env python3
"""Scores answers, and how far apart two of them are.

usage: learn_score.py FILE...

Each FILE holds gold and answers: JSON lines with `prediction` beside `label` or `labels`, scored by scikit-learn's macro-F1
over the labels of the gold; or CoNLL with the tag of the gold and that of the answer last, scored by seqeval's F1 (strict,
IOB2). One line a file: its score in percent, then the score of the first file less it with the ends of a 95 % interval
(paired bootstrap over texts or sentences, 2,000 resamples), in points.
"""
import sys
import warnings

import numpy as np

from learn_data import gold, read_conll, read_rows

RESAMPLES = 2000


def label_counts(file):
    """Texts x labels: right, predicted, gold, as sparse matrices; and the score."""
    from scipy.sparse import csr_matrix
    from sklearn.metrics import f1_score
    from sklearn.preprocessing import MultiLabelBinarizer

    rows = read_rows(file)
    several = "labels" in rows[0]
    right, answers = [gold(row) for row in rows], [row["prediction"] for row in rows]
    names = sorted({label for labels in right for label in (labels if several else [labels])})
    score = None
    if not several:
        score = f1_score(right, answers, labels=names, average="macro", zero_division=0)
        right, answers = [[label] for label in right], [[label] for label in answers]
    binarizer = MultiLabelBinarizer(classes=names, sparse_output=True).fit([])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an answer that is no label of the gold
        g, a = (csr_matrix(binarizer.transform(sets), dtype=float) for sets in (right, answers))
    if score is None:
        score = f1_score(g, a, average="macro", zero_division=0)
    return (g.multiply(a).tocsr(), a, g), score


def span_counts(file):
    """Sentences: right, predicted and gold spans, as columns; and the score."""
    from scipy.sparse import csr_matrix
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2, Entities

    sentences = read_conll(file)
    gold_tags, answer_tags = ([[columns[i] for columns in s] for s in sentences] for i in (-2, -1))

    def spans(tags):
        return [{entity.to_tuple()[1:] for entity in found} for found in Entities(tags, IOB2).entities]

    g, a = spans(gold_tags), spans(answer_tags)
    counts = np.array([[len(x & y), len(y), len(x)] for x, y in zip(g, a)], dtype=float)
    score = f1_score(gold_tags, answer_tags, mode="strict", scheme=IOB2, zero_division=0)
    return tuple(csr_matrix(counts[:, [i]]) for i in range(3)), score


def f1(weights, counts):
    """Resamples x texts to the mean F1 over the labels with gold, one a resample."""
    right, predicted, there = (np.asarray((matrix.T @ weights.T).T) for matrix in counts)
    with np.errstate(invalid="ignore"):
        each = np.where(there > 0, 2 * right / (predicted + there), np.nan)
    return np.nanmean(each, axis=1)


def differences(a, b, texts, seed=0):
    """F1 of `a` less that of `b` in resamples of the texts, and on all of them."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(0, RESAMPLES, 50):
        weights = np.stack([np.bincount(rng.integers(0, texts, texts), minlength=texts) for _ in range(50)]).astype(float)
        drawn.append(f1(weights, a) - f1(weights, b))
    return np.concatenate(drawn)


def scored(file):
    return span_counts(file) if file.endswith(".conll") else label_counts(file)


def main():
    first = None
    for file in sys.argv[1:]:
        counts, score = scored(file)
        texts = counts[0].shape[0]
        # The quick counts must give the score that the tool gives.
        assert abs(f1(np.ones((1, texts)), counts)[0] - score) < 1e-9, (file, score)
        if first is None:
            first = (counts, score)
            print(f"{100 * score:.4f} 0 0 0")
        else:
            low, high = np.quantile(differences(first[0], counts, texts), [0.025, 0.975])
            print(f"{100 * score:.4f} {100 * (first[1] - score):.4f} {100 * low:.4f} {100 * high:.4f}")


if __name__ == "__main__":
    main()
