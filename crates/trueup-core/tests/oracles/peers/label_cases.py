"""Random cases of the label tasks with scikit-learn's values for every metric that Trueup measures of them.

Ties, labels missing from gold or prediction, one label alone, one example and weights are all common. A figure that
scikit-learn has no function for (calibration errors, risk and coverage, hierarchical scores) is the formula in NumPy.
"""

import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import sklearn
from sklearn import metrics as sk

PEERS = ("numpy", "scikit-learn")

# Labels of a hierarchy, in the order of their code points.
NAMES = ["a", "a:x", "a:x:p", "a:x:q", "a:y", "b", "b:x", "b:x:p", "c"]
BINS = 15


def number(value):
    return None if value is None or not np.isfinite(value) else float(value)


def share(a, b):
    return float(a / b) if b > 0 else None


def drawn_weights(rng, n):
    kind = rng.integers(4)
    if kind < 2:
        return None
    return (rng.integers(0, 4, n) if kind == 2 else np.round(rng.exponential(1, n), 3)).astype(float)


def calibration(confidence, right, weights, bins):
    """(Σ over bins of |Σ w (confidence - right)| / Σ w, the greatest |mean| of a bin)."""
    sums = [(weights * (confidence - right))[bins == b].sum() for b in range(BINS)]
    whole = [weights[bins == b].sum() for b in range(BINS)]
    return float(np.abs(sums).sum() / weights.sum()), float(max(abs(s) / w for s, w in zip(sums, whole) if w > 0))


def equal_width(confidence):
    return np.clip(np.ceil(confidence * BINS), 1, BINS).astype(int) - 1


def equal_mass(confidence, weights):
    _, at = np.unique(confidence, return_inverse=True)
    mass = np.bincount(at, weights)
    below = (np.cumsum(mass) - mass / 2)[at]
    return np.minimum((below / weights.sum() * BINS + 1e-9).astype(int), BINS - 1)


def aurc(confidence, right, weights):
    area, covered, wrong = 0.0, 0.0, 0.0
    for c in sorted(set(confidence), reverse=True):
        here = np.sort(weights[confidence == c])
        mistakes = weights[(confidence == c) & ~right].sum()
        passed = 0.0
        for w in here:
            passed += w
            area += w * (wrong + mistakes * passed / here.sum()) / (covered + passed)
        covered, wrong = covered + here.sum(), wrong + mistakes
    return float(area / weights.sum())


def hierarchical(gold, predicted, weights, expected):
    """From one set of names a row."""

    def ancestors(labels):
        parts = [name.split(":") for name in labels]
        return {":".join(p[: i + 1]) for p in parts for i in range(len(p))}

    sums = np.zeros(3)
    for g, p, w in zip(gold, predicted, weights):
        g, p = ancestors(g), ancestors(p)
        sums += w * np.array([len(g & p), len(p), len(g)])
    expected["hierarchical_precision"] = share(sums[0], sums[1])
    expected["hierarchical_recall"] = share(sums[0], sums[2])
    expected["hierarchical_f1"] = share(2 * sums[0], sums[1] + sums[2])


def area(positive, scores, weights, **options):
    if positive.min() == positive.max():
        return None
    return float(sk.roc_auc_score(positive, scores, sample_weight=weights, **options))


def of_labels(truth, scores, weights, expected):
    """Areas and average precisions of the columns, and their means."""
    k = truth.shape[1]
    w = np.ones(len(truth)) if weights is None else weights
    areas = [area(truth[:, i], scores[:, i], weights) for i in range(k)]
    precision = lambda y, s: float(sk.average_precision_score(y, s, sample_weight=weights)) if y.any() else None  # noqa: E731
    precisions = [precision(truth[:, i], scores[:, i]) for i in range(k)]
    support = w @ truth
    for name, values in {"roc_auc_ovr": areas, "average_precision": precisions}.items():
        there = [i for i in range(k) if values[i] is not None]
        plain = [values[i] for i in there]
        macro = name if name == "roc_auc_ovr" else f"{name}_macro"
        expected[macro] = float(np.mean(plain)) if there else None
        expected[f"{name}_weighted"] = float(np.average(plain, weights=support[there])) if there else None
    return areas, precisions


def one_versus_one(gold, scores, weights, k):
    """(macro, weighted) from areas of pairs; scikit-learn's own beside where it has it, which is without weights."""
    w = np.ones(len(gold)) if weights is None else weights
    present = sorted(set(gold))
    if len(present) < 2:
        return None, None
    values, shares = [], []
    for i, a in enumerate(present):
        for b in present[i + 1 :]:
            rows = (gold == a) | (gold == b)
            pair = [area((gold == c)[rows].astype(int), scores[rows, c], w[rows]) for c in (a, b)]
            values.append(np.mean(pair))
            shares.append(w[rows].sum())
    found = float(np.mean(values)), float(np.average(values, weights=shares))
    # Beyond that many labels it takes a minute.
    if weights is None and 2 < k <= 20:
        for value, average in zip(found, ("macro", "weighted")):
            own = sk.roc_auc_score(gold, scores, multi_class="ovo", average=average, labels=list(range(k)))
            assert abs(own - value) < 1e-12
    return found


def thresholds(positive, scores, weights, expected):
    precision, recall, _ = sk.precision_recall_curve(positive, scores, sample_weight=weights)
    precision, recall = precision[:-1], recall[:-1]
    both = positive.any()
    expected["precision_at_recall_0.9"] = float(precision[recall >= 0.9 - 1e-12].max()) if both else None
    reached = recall[precision >= 0.9 - 1e-12]
    expected["recall_at_precision_0.9"] = float(reached.max()) if both and len(reached) else None
    expected["roc_auc_partial_0.1"] = area(positive, scores, weights, max_fpr=0.1)
    expected["roc_auc_partial_0.5"] = area(positive, scores, weights, max_fpr=0.5)


def curves(positive, scores, weights):
    found = {}
    for drop in (False, True):
        if positive.any():
            pr = sk.precision_recall_curve(positive, scores, sample_weight=weights, drop_intermediate=drop)
            found[f"precision_recall {drop}"] = [c.tolist() for c in pr]
        if positive.min() != positive.max():
            roc = sk.roc_curve(positive, scores, sample_weight=weights, drop_intermediate=drop)
            det = sk.det_curve(positive, scores, sample_weight=weights, drop_intermediate=drop)
            for name, curve in {"roc": roc, "det": det}.items():
                found[f"{name} {drop}"] = [[x if np.isfinite(x) else None for x in c.tolist()] for c in curve]
    return found


def averaged(gold, predicted, occurring, weights, expected, multilabel):
    """Jaccard and F-beta with their averages."""
    kinds = ["micro", "macro", "weighted"] + ["samples"] * multilabel
    for kind in kinds:
        # Where a label is in neither side, scikit-learn counts a column of sets 0 and Trueup leaves it out.
        options = {"average": kind, "zero_division": 0, "sample_weight": weights}
        known = occurring or kind == "samples"
        if kind != "samples":
            options["labels"] = occurring
        jaccard = sk.jaccard_score(gold, predicted, **options) if known and (multilabel or kind != "samples") else None
        shares = sk.precision_recall_fscore_support(gold, predicted, **options)[:3] if known else (None,) * 3
        for name, value in zip(("jaccard", "precision", "recall", "f1"), (jaccard, *shares)):
            expected[f"{name}_{kind}"] = number(value)
        for beta in (0.5, 2):
            value = sk.fbeta_score(gold, predicted, beta=beta, **options) if known else None
            expected[f"f{beta}_{kind}"] = number(value)


def single_figures(names, gold, predicted, scores, weights=None):
    """(figures by name, rows of figures by name) of one label an example; the positive one of two is the second."""
    k = len(names)
    w = np.ones(len(gold)) if weights is None else weights
    everything = list(range(k))
    occurring = sorted(set(gold) | set(predicted))
    weight = {"sample_weight": weights}
    expected = {
        "accuracy": sk.accuracy_score(gold, predicted, **weight),
        "zero_one_loss": sk.zero_one_loss(gold, predicted, **weight),
        "hamming_loss": sk.hamming_loss(gold, predicted, **weight),
        "balanced_accuracy": sk.balanced_accuracy_score(gold, predicted, **weight),
    }
    if k > 1:
        expected["log_loss"] = sk.log_loss(gold, scores, labels=everything, **weight)
    averaged(gold, predicted, occurring, weights, expected, False)
    for kind in (None, "linear", "quadratic"):
        name = f"cohen_kappa_{kind}" if kind else "cohen_kappa"
        # 0/0 where all is of one label on both sides, which rounding of weights may hide from scikit-learn.
        same = len(set(gold)) == 1 and set(gold) == set(predicted)
        kappa = None if same else sk.cohen_kappa_score(gold, predicted, labels=everything, weights=kind, **weight)
        expected[name] = number(kappa)
    constant = len(set(gold)) == 1 or len(set(predicted)) == 1
    expected["matthews_corrcoef"] = None if constant else sk.matthews_corrcoef(gold, predicted, **weight)
    hierarchical([[names[g]] for g in gold], [[names[p]] for p in predicted], w, expected)

    truth = np.eye(k, dtype=int)[gold]
    answers = np.eye(k, dtype=int)[predicted]
    of_each = {"labels": everything, "average": None, "zero_division": 0} | weight
    here = [label in occurring for label in everything]
    known = lambda values, there: [float(v) if t else None for v, t in zip(values, there)]  # noqa: E731
    rows = {"jaccard": known(sk.jaccard_score(gold, predicted, **of_each), here)}
    for beta in (0.5, 2):
        rows[f"f{beta}"] = known(sk.fbeta_score(gold, predicted, beta=beta, **of_each), here)
    # As scikit-learn's recall and precision of "another label"; one column would not be label sets to it.
    rest, other = ((np.hstack([1 - side, np.zeros((len(gold), 1), int)])) for side in (truth, answers))
    of_rest = {"average": None, "zero_division": 0} | weight
    rows["specificity"] = known(sk.recall_score(rest, other, **of_rest), (1 - truth).any(axis=0))
    rows["npv"] = known(sk.precision_score(rest, other, **of_rest), (1 - answers).any(axis=0))

    if k > 1:
        squares = (w * ((scores - truth) ** 2).sum(axis=1)).sum() / w.sum()
        expected["brier_score"] = squares / 2 if k == 2 else squares
        theirs = scores[:, 1] if k == 2 else scores
        own = sk.brier_score_loss(gold, theirs, labels=everything, **({"pos_label": 1} if k == 2 else {}), **weight)
        assert abs(own - expected["brier_score"]) < 1e-9
        if len(set(gold)) > 1:
            expected["d2_log_loss"] = sk.d2_log_loss_score(gold, scores, labels=everything, **weight)
            if k == 2:
                expected["hinge_loss"] = sk.hinge_loss(gold, scores[:, 1] - scores[:, 0], **weight)
            else:
                expected["hinge_loss"] = sk.hinge_loss(gold, scores, labels=np.array(everything), **weight)
        else:
            expected["d2_log_loss"] = None
    areas, precisions = of_labels(truth, scores, weights, expected)
    rows["average_precision"] = precisions
    # Thousands of pairs of labels take minutes.
    if k <= 100:
        expected["roc_auc_ovo"], expected["roc_auc_ovo_weighted"] = one_versus_one(gold, scores, weights, k)
    top, right = scores.max(axis=1), scores.argmax(axis=1) == gold
    expected["ece"], expected["mce"] = calibration(top, right, w, equal_width(top))
    expected["ace"] = calibration(top, right, w, equal_mass(top, w))[0]
    expected["aurc"] = aurc(top, right, w)
    expected["e_aurc"] = expected["aurc"] - aurc(right.astype(float), right, w)
    of_gold = scores[np.arange(len(gold)), gold][:, None]
    before = np.arange(k)[None, :] < gold[:, None]
    ahead = ((scores > of_gold) | ((scores == of_gold) & before)).sum(axis=1)
    for most in (1, 2, 3, 5):
        if k > most:
            expected[f"top_{most}_accuracy"] = np.average(ahead < most, weights=w)
            if len(np.unique(scores)) == scores.size and k > 2:
                theirs = sk.top_k_accuracy_score(gold, scores, k=most, labels=everything, **weight)
                assert abs(theirs - expected[f"top_{most}_accuracy"]) < 1e-12
    if k == 2:
        expected |= {name: values[1] for name, values in rows.items()}
        expected["roc_auc"] = areas[1]
        y, p = truth[:, 1], answers[:, 1]
        expected["precision"] = float(sk.precision_score(y, p, zero_division=0, **weight)) if p.any() else None
        expected["recall"] = float(sk.recall_score(y, p, zero_division=0, **weight)) if y.any() else None
        expected["f1"] = float(sk.f1_score(y, p, zero_division=0, **weight)) if (y | p).any() else None
        thresholds(truth[:, 1], scores[:, 1], weights, expected)
    return {name: number(value) for name, value in expected.items()}, rows | {"roc_auc": areas}


def single(rng, index, small):
    k = int(rng.integers(1, 5 if small else 8)) if index % 3 else 2
    n = int(rng.integers(1, 7 if small else 50))
    gold = rng.choice(k, n, p=rng.dirichlet(np.full(k, 0.5)))
    flipped = rng.random(n) < rng.choice([0.0, 0.1, 0.4, 0.9])
    predicted = np.where(flipped, rng.integers(0, k, n), gold)
    if index % 2 or small:
        scores = np.stack([rng.multinomial(32, rng.dirichlet(np.ones(k))) for _ in range(n)]) / 32
    else:
        scores = rng.dirichlet(np.full(k, 0.5), n)
        scores /= scores.sum(axis=1, keepdims=True)
    weights = drawn_weights(rng, n)
    case = {
        "task": "classification",
        "labels": NAMES[:k],
        "gold": gold.tolist(),
        "predicted": predicted.tolist(),
        "scores": scores.tolist(),
        "weights": None if weights is None else weights.tolist(),
    }
    if weights is not None:
        kept = weights > 0
        gold, predicted, scores, weights = gold[kept], predicted[kept], scores[kept], weights[kept]
    if len(gold) == 0:
        return case | {"expected": {}, "rows": {}, "curves": {}, "empty": True}
    expected, rows = single_figures(NAMES[:k], gold, predicted, scores, weights)
    found = curves(np.eye(2, dtype=int)[gold][:, 1], scores[:, 1], weights) if k == 2 and index % 5 == 0 else {}
    return case | {"expected": expected, "rows": rows, "curves": found, "empty": False}


def set_figures(names, gold, predicted, scores, weights=None):
    """The same of label sets, given as matrices of 0 and 1."""
    k = len(names)
    w = np.ones(len(gold)) if weights is None else weights
    weight = {"sample_weight": weights}
    # One column is not label sets to scikit-learn: a second that is always right, and in no average, makes it so.
    wide = lambda side: np.hstack([side, np.zeros((len(side), 1), int)]) if k == 1 else side  # noqa: E731
    y, p = wide(gold), wide(predicted)
    occurring = [i for i in range(k) if gold[:, i].any() or predicted[:, i].any()]
    of_two = {"labels": [0, 1]} | weight
    expected = {
        "accuracy": sk.accuracy_score(y, p, **weight),
        "zero_one_loss": sk.zero_one_loss(y, p, **weight),
        "hamming_loss": sk.hamming_loss(y, p, **weight) * y.shape[1] / k,
        "log_loss": np.mean([sk.log_loss(*column, **of_two) for column in zip(gold.T, scores.T)]),
        "brier_score": np.mean([sk.brier_score_loss(*column, pos_label=1, **of_two) for column in zip(gold.T, scores.T)]),
    }
    averaged(y, p, occurring, weights, expected, True)
    betas = ("f0.5", "f2", "f1")
    if not occurring:
        for kind in ("micro", "macro", "weighted"):
            expected |= dict.fromkeys(f"{name}_{kind}" for name in ("precision", "recall", "jaccard", *betas))
    if not predicted.any():
        expected["precision_micro"] = None
    if not gold.any():
        weighted = [f"{name}_weighted" for name in ("precision", "recall", "jaccard", *betas)]
        expected |= dict.fromkeys(["recall_micro", *weighted])
    hierarchical(*([[names[i] for i in np.flatnonzero(r)] for r in side] for side in (gold, predicted)), w, expected)
    areas, precisions = of_labels(gold, scores, weights, expected)
    # A cell has its row's weight.
    flat, cells, cell_weights = gold.ravel(), scores.ravel(), np.repeat(w, k)
    expected["roc_auc_micro"] = area(flat, cells, cell_weights)
    if k > 1 and 0 < flat.sum() < flat.size:
        assert abs(sk.roc_auc_score(gold, scores, average="micro", **weight) - expected["roc_auc_micro"]) < 1e-12
    micro = sk.average_precision_score(flat, cells, sample_weight=cell_weights) if flat.any() else None
    expected["average_precision_micro"] = micro
    if k > 1:
        expected["average_precision_samples"] = sk.average_precision_score(gold, scores, average="samples", **weight)
    present = flat == 1
    expected["ece"], expected["mce"] = calibration(cells, present, cell_weights, equal_width(cells))
    expected["ace"] = calibration(cells, present, cell_weights, equal_mass(cells, cell_weights))[0]
    expected = {name: number(value) for name, value in expected.items()}
    return expected, {"average_precision": precisions, "roc_auc": areas}


def sets(rng, index, small):
    k, n = int(rng.integers(1, 4 if small else 7)), int(rng.integers(1, 6 if small else 40))
    rate = rng.choice([0.0, 0.1, 0.3, 0.7], k)
    gold = (rng.random((n, k)) < rate).astype(int)
    flips = (rng.random((n, k)) < rng.choice([0.0, 0.1, 0.4])).astype(int)
    predicted = gold ^ (flips if index % 3 else flips * (rate > 0))
    scores = np.round(rng.random((n, k)) * 16) / 16 if index % 2 or small else rng.random((n, k))
    weights = drawn_weights(rng, n)
    case = {
        "task": "multilabel",
        "labels": NAMES[:k],
        "gold": [np.flatnonzero(row).tolist() for row in gold],
        "predicted": [np.flatnonzero(row).tolist() for row in predicted],
        "scores": scores.tolist(),
        "weights": None if weights is None else weights.tolist(),
    }
    if weights is not None:
        kept = weights > 0
        gold, predicted, scores, weights = gold[kept], predicted[kept], scores[kept], weights[kept]
    if len(gold) == 0:
        return case | {"expected": {}, "rows": {}, "curves": {}, "empty": True}
    expected, rows = set_figures(NAMES[:k], gold, predicted, scores, weights)
    return case | {"expected": expected, "rows": rows, "curves": {}, "empty": False}


def refused_cases(count):
    """Scores that scikit-learn refuses: each with one cell that is no number, or infinite."""
    cases = []
    for index in range(count):
        rng = np.random.default_rng([20261125, index])
        k, n = int(rng.integers(2, 6)), int(rng.integers(2, 20))
        gold = np.arange(n) % k if index % 2 else rng.integers(0, 2, (n, k))
        scores = rng.multinomial(32, np.full(k, 1 / k), n) / 32
        bad = ("nan", "inf", "-inf")[index % 3]
        at = int(rng.integers(n)), int(rng.integers(k))
        scores[at] = float(bad)
        if index % 2:
            figures = [lambda: sk.log_loss(gold, scores), lambda: sk.top_k_accuracy_score(gold, scores, k=1)]
        else:
            column = gold[:, at[1]], scores[:, at[1]]
            figures = [lambda: sk.log_loss(*column, labels=[0, 1]), lambda: sk.roc_auc_score(gold, scores)]
        for figure in figures:
            try:
                figure()
            except ValueError:
                continue
            raise AssertionError("scikit-learn took a score that is no number")
        scores[at] = 0
        cases.append({
            "task": "classification" if index % 2 else "multilabel",
            "labels": NAMES[:k],
            "gold": gold.tolist() if index % 2 else [np.flatnonzero(row).tolist() for row in gold],
            "scores": scores.tolist(),
            "at": at,
            "bad": bad,
        })
    return cases


def label_case(what):
    """One case, seeded by its number alone, so that cases can be made in any order."""
    task, index, small = what
    warnings.filterwarnings("ignore")
    # What is given is right; checking it takes longer than the figures.
    sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
    rng = np.random.default_rng([20261123, task, index])
    return sets(rng, index, small) if task else single(rng, index, small)


def make(small, data):
    """Cases of one label, half as many of label sets, and scores to be refused."""
    count = 4 if small else 500
    wanted = [(0, i, small) for i in range(count)] + [(1, i, small) for i in range(count // 2)]
    if small:
        refused = refused_cases(2)
        return {"cases": [label_case(what) for what in wanted], "refused": refused}
    refused = refused_cases(300)
    with ProcessPoolExecutor() as pool:
        return {"cases": list(pool.map(label_case, wanted, chunksize=20)), "refused": refused}
