"""One case with its reference values, for each kind of task."""

import numpy as np
from seqeval.metrics import classification_report
from seqeval.metrics import f1_score as seqeval_f1
from seqeval.metrics import precision_score as seqeval_precision
from seqeval.metrics import recall_score as seqeval_recall
from seqeval.scheme import IOB2
from sklearn import metrics as sk


def number(value):
    """A float, or None for what has no value."""
    return None if value is None or np.isnan(value) else float(value)


def share(a, b):
    return None if b == 0 else float(a / b)


def difference(differences, reason, case, metric, theirs, ours):
    """Notes where a peer's number is not ours, at most two cases a reason, so that the file stays small."""
    if theirs != ours and sum(d["reason"] == reason for d in differences) < 2:
        differences.append({"reason": reason, "case": case, "metric": metric, "theirs": theirs, "ours": ours})


def rows(tp, fp, fn):
    return [[share(t, t + p), share(t, t + n), share(2 * t, 2 * t + p + n)] for t, p, n in zip(tp, fp, fn)]


def averages(y, p, labels, expected, kinds):
    for kind in kinds:
        values = sk.precision_recall_fscore_support(y, p, labels=labels, average=kind, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), values):
            expected[f"{name}_{kind}"] = number(value)


def area(positive, scores):
    return None if positive.min() == positive.max() else float(sk.roc_auc_score(positive, scores))


def calibration_error(confidence, right):
    """The mean gap between confidence and being right over 15 bins of one width, closed above."""
    bins = np.clip(np.ceil(confidence * 15), 1, 15)
    gaps = [abs((confidence - right)[bins == b].sum()) for b in range(1, 16)]
    return float(sum(gaps) / len(confidence))


def single(name, k, gold, predicted, scores, differences, names=None):
    everything = list(range(k))
    occurring = sorted(set(gold) | set(predicted))
    expected = {
        "accuracy": float(sk.accuracy_score(gold, predicted)),
        "balanced_accuracy": float(sk.balanced_accuracy_score(gold, predicted)),
        "cohen_kappa": number(sk.cohen_kappa_score(gold, predicted, labels=everything)),
    }
    averages(gold, predicted, occurring, expected, ("micro", "macro", "weighted"))
    matthews = float(sk.matthews_corrcoef(gold, predicted))
    undefined = len(set(gold)) == 1 or len(set(predicted)) == 1
    expected["matthews_corrcoef"] = None if undefined else matthews
    if undefined:
        difference(differences, "0/0 has no value: Matthews", name, "matthews_corrcoef", matthews, None)
    counts = sk.multilabel_confusion_matrix(gold, predicted, labels=everything)
    labels = rows(counts[:, 1, 1], counts[:, 0, 1], counts[:, 1, 0])
    for label, (precision, recall, _) in enumerate(labels):
        theirs = sk.precision_score(gold, predicted, labels=[label], average=None, zero_division="warn")[0]
        if precision is None and recall is not None:
            difference(differences, "0/0 has no value: precision", name, f"precision of {label}", float(theirs), None)
    if k == 2:
        support = [int((gold == label).sum()) for label in everything]
        positive = int(support[1] <= support[0])
        expected["precision"], expected["recall"], expected["f1"] = labels[positive]
    areas = [None] * k
    if scores is not None:
        scores = np.asarray(scores, float)
        truth = np.eye(k)[gold]
        expected["log_loss"] = float(sk.log_loss(gold, scores, labels=everything))
        squares = ((scores - truth) ** 2).sum(axis=1).mean()
        expected["brier_score"] = float(squares / 2 if k == 2 else squares)
        if k == 2:
            assert abs(expected["brier_score"] - sk.brier_score_loss(gold, scores[:, 1], labels=[0, 1])) < 1e-12
        areas = [area(gold == label, scores[:, label]) for label in everything]
        present = [a for a in areas if a is not None]
        expected["roc_auc_ovr"] = float(np.mean(present)) if present else None
        if k == 2:
            expected["roc_auc"] = areas[positive]
        top, right = scores.max(axis=1), scores.argmax(axis=1) == gold
        expected["ece"] = calibration_error(top, right)
        if k > 3:
            of_gold = scores[np.arange(len(gold)), gold][:, None]
            before = np.arange(k)[None, :] < gold[:, None]
            ahead = (scores > of_gold) | ((scores == of_gold) & before)
            expected["top_3_accuracy"] = float((ahead.sum(axis=1) < 3).mean())
            theirs = float(sk.top_k_accuracy_score(gold, scores, k=3, labels=everything))
            if len(np.unique(scores)) == scores.size:
                assert theirs == expected["top_3_accuracy"]
            reason = "ties of top-k go by label order"
            difference(differences, reason, name, "top_3_accuracy", theirs, expected["top_3_accuracy"])
    confusion = sk.confusion_matrix(gold, predicted, labels=everything)
    return {
        "name": name,
        "task": "classification",
        "labels": names or [f"l{i}" for i in everything],
        "gold": gold.tolist(),
        "predicted": predicted.tolist(),
        "scores": None if scores is None else scores.tolist(),
        "expected": expected,
        "rows": [[*row, a] for row, a in zip(labels, areas)],
        "confusion": confusion.tolist(),
    }


def multilabel(name, gold, predicted, scores, differences, names=None):
    n, k = gold.shape
    counts = sk.multilabel_confusion_matrix(gold, predicted)
    occurring = [i for i in range(k) if gold[:, i].any() or predicted[:, i].any()]
    expected = {
        "accuracy": float(sk.accuracy_score(gold, predicted)),
        "hamming_loss": float(sk.hamming_loss(gold, predicted)),
    }
    averages(gold, predicted, None, expected, ("samples",))
    if occurring:
        averages(gold, predicted, occurring, expected, ("micro", "macro", "weighted"))
        jaccard = sk.jaccard_score(gold, predicted, labels=occurring, average="macro", zero_division=0)
        expected["jaccard_macro"] = float(jaccard)
        for metric, score in {"f1_macro": sk.f1_score, "jaccard_macro": sk.jaccard_score}.items():
            theirs = float(score(gold, predicted, average="macro", zero_division=0))
            reason = "macro over the labels that occur"
            difference(differences, reason, name, metric, theirs, expected[metric])
    else:
        kinds = ("micro", "macro", "weighted")
        expected |= {f"{metric}_{kind}": None for metric in ("precision", "recall", "f1") for kind in kinds}
        expected["jaccard_macro"] = None
    # 0/0 over all labels together has no value; scikit-learn writes 0.
    if not predicted.any():
        expected["precision_micro"] = None
    if not gold.any():
        expected |= {"recall_micro": None, "recall_weighted": None, "precision_weighted": None, "f1_weighted": None}
    areas = [None] * k
    if scores is not None:
        expected["log_loss"] = float(np.mean([sk.log_loss(gold[:, i], scores[:, i], labels=[0, 1]) for i in range(k)]))
        expected["ece"] = calibration_error(np.asarray(scores, float).ravel(), gold.astype(bool).ravel())
        areas = [area(gold[:, i], scores[:, i]) for i in range(k)]
        present = [a for a in areas if a is not None]
        expected["roc_auc_ovr"] = float(np.mean(present)) if present else None
    return {
        "name": name,
        "task": "multilabel",
        "labels": names or [f"l{i}" for i in range(k)],
        "gold": [np.flatnonzero(row).tolist() for row in gold],
        "predicted": [np.flatnonzero(row).tolist() for row in predicted],
        "scores": None if scores is None else np.asarray(scores).tolist(),
        "expected": expected,
        "rows": [[*r, a] for r, a in zip(rows(counts[:, 1, 1], counts[:, 0, 1], counts[:, 1, 0]), areas)],
        "confusion": None,
    }


def spans(tags, types):
    """Strict IOB2: a span begins at B-X and goes on over I-X; any other I- is no part of a span."""
    found, start, kind = [], None, None
    for i, tag in enumerate([*tags, "O"]):
        if start is not None and tag != f"I-{kind}":
            found.append([start, i, types.index(kind)])
            start = None
        if tag.startswith("B-"):
            start, kind = i, tag[2:]
    return found


def ner(name, gold, predicted, types, differences):
    strict = {"mode": "strict", "scheme": IOB2}
    seen = [[spans(tags, types) for tags in side] for side in (gold, predicted)]
    total = [sum(map(len, side)) for side in seen]
    expected, labels = {}, [[None] * 4 for _ in types]
    if sum(total) == 0:
        # seqeval cannot report on nothing; 0/0 has no value.
        names = ("precision", "recall", "f1", "f1_macro", "precision_macro", "recall_macro", "f1_weighted")
        expected = dict.fromkeys(names)
    else:
        expected["precision"] = float(seqeval_precision(gold, predicted, **strict)) if total[1] else None
        expected["recall"] = float(seqeval_recall(gold, predicted, **strict)) if total[0] else None
        expected["f1"] = float(seqeval_f1(gold, predicted, **strict))
        report = classification_report(gold, predicted, output_dict=True, zero_division=0, **strict)
        for metric, key in {"precision": "precision", "recall": "recall", "f1": "f1-score"}.items():
            expected[f"{metric}_macro"] = float(report["macro avg"][key])
        expected["f1_weighted"] = float(report["weighted avg"]["f1-score"]) if total[0] else None
        for label, kind in enumerate(types):
            if kind in report:
                in_gold = any(s[2] == label for side in seen[0] for s in side)
                in_predicted = any(s[2] == label for side in seen[1] for s in side)
                values = report[kind]
                labels[label] = [
                    float(values["precision"]) if in_predicted else None,
                    float(values["recall"]) if in_gold else None,
                    float(values["f1-score"]),
                    None,
                ]
        theirs = float(seqeval_f1(gold, predicted))
        difference(differences, "spans are strict", name, "f1", theirs, expected["f1"])
    return {
        "name": name,
        "task": "ner",
        "labels": types,
        "gold": seen[0],
        "predicted": seen[1],
        "scores": None,
        "expected": expected,
        "rows": labels,
        "confusion": None,
    }
