"""Coefficients of agreement and consensus, from krippendorff, statsmodels, irrCAC, scikit-learn and crowd-kit.

Small tables are written as answers [item, annotator, category]; the real sets of Snow et al. 2008 as figures alone.
"""

import itertools

import crowdkit.aggregation as ck
import krippendorff
import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

PEERS = ("krippendorff", "statsmodels", "irrCAC", "scikit-learn", "crowd-kit", "numpy")
VALUES = [-1.0, 0.5, 2.0, 7.0]
SETS = [{0}, {0, 1}, set(), {1, 2}]
STEPS = 8


def masi(a, b):
    if a == b:
        return 0.0
    both = len(a & b)
    if both == 0:
        return 1.0
    m = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1 - m * both / len(a | b)


def jaccard(a, b):
    return 0.0 if a == b else 1 - len(a & b) / len(a | b)


def metric(of):
    def distance(v1, v2, i1, i2, n_v, dtype=np.float64):
        return np.vectorize(lambda a, b: of(SETS[a], SETS[b]))(i1, i2).astype(dtype)
    return distance


def number(x):
    return None if x is None or not np.isfinite(x) else float(x)


def tried(figure, *given, **options):
    """A figure as a number; None for 0/0, where some of these tools write NaN and some stop."""
    try:
        return number(figure(*given, **options))
    except (ValueError, ZeroDivisionError):
        return None


def tables(small):
    """Random sparse tables of four categories, and some of two or three."""
    rng = np.random.default_rng(2008)
    for case in range(4 if small else 150):
        most = (6, 4) if small else (13, 6) if case < 100 else (40, 12)
        items, annotators = int(rng.integers(4, most[0])), int(rng.integers(2, most[1]))
        k = [4, 4, 3, 2][case % 4]
        full = case % 3 == 0
        truth = rng.integers(0, k, items)
        rows = []
        for a in range(annotators):
            for i in range(items):
                if full or rng.random() < 0.6:
                    right = rng.random() < 0.6
                    rows.append((i, a, int(truth[i]) if right else int(rng.integers(0, k))))
        # Items and annotators are numbered densely, and categories by their first answer of the first annotator on, so
        # that crowd-kit, which numbers by first occurrence in some places and by name in others, sees one order.
        for column in range(3):
            seen = {v: n for n, v in enumerate(dict.fromkeys(r[column] for r in rows))}
            rows = [tuple(seen[v] if c == column else v for c, v in enumerate(r)) for r in rows]
        yield rows


def grid(rows):
    items, annotators = max(r[0] for r in rows) + 1, max(r[1] for r in rows) + 1
    out = np.full((annotators, items), np.nan)
    for i, a, c in rows:
        out[a, i] = c
    return out


def frame(rows, name="{:03}"):
    return pd.DataFrame([[name.format(x) for x in row] for row in rows], columns=["task", "worker", "label"])


def start(annotators, k):
    """A start of MACE that both sides compute alike."""
    spamming = [0.3 + 0.05 * (a % 5) for a in range(annotators)]
    habits = [[(1.0 + (a + c) % 3) for c in range(k)] for a in range(annotators)]
    return spamming, [[x / sum(row) for x in row] for row in habits]


def mace(data, annotators, k, steps, order=None):
    spamming, habits = start(annotators, k)
    model = ck.MACE(n_restarts=1, n_iter=steps)

    def initialize(n_workers, n_labels):
        model.spamming_ = np.array([[s, 1 - s] for s in spamming])
        model.thetas_ = np.array(habits)
        model.theta_priors_ = np.full((n_workers, 2), 0.5)
        model.strategy_priors_ = np.full((n_workers, n_labels), 10.0)

    model._initialize = initialize
    return model.fit_predict_proba(data)


def posterior(probas):
    probas = probas.sort_index()
    return [[round(float(x), 12) for x in row] for row in probas[sorted(probas.columns)].to_numpy()]


def case(rows):
    g = grid(rows)
    annotators, items = g.shape
    k = max(r[2] for r in rows) + 1
    domain = list(range(k))
    alpha = lambda level, data=g, dom=domain: tried(
        krippendorff.alpha, reliability_data=data, level_of_measurement=level, value_domain=dom)
    values = np.vectorize(lambda c: np.nan if np.isnan(c) else VALUES[int(c)])(g)
    out = {"answers": [list(r) for r in rows]}
    out["alpha"] = {
        "nominal": alpha("nominal"),
        "ordinal": alpha("ordinal"),
        "interval": alpha("interval", values, VALUES[:k]),
        "masi": alpha(metric(masi)),
        "jaccard": alpha(metric(jaccard)),
    }
    ratings = pd.DataFrame(g.T)

    def est(weights, of, data=ratings, cats=domain):
        return tried(lambda: getattr(CAC(data, weights=weights, categories=cats, digits=13), of)()["est"]["coefficient_value"])

    out["fleiss"] = est("identity", "fleiss")
    out["ac1"] = est("identity", "gwet")
    out["ac2_ordinal"] = est("ordinal", "gwet")
    out["ac2_quadratic"] = est("quadratic", "gwet", pd.DataFrame(values.T), VALUES[:k])
    counts = np.array([[np.sum(g[:, i] == c) for c in domain] for i in range(items)])
    if len(set(counts.sum(1))) == 1:
        out["fleiss_complete"] = tried(fleiss_kappa, counts)
    pairs = []
    for a, b in itertools.combinations(range(annotators), 2):
        both = ~np.isnan(g[a]) & ~np.isnan(g[b])
        if not both.any():
            continue
        x, y = g[a, both].astype(int), g[b, both].astype(int)
        table = np.zeros((k, k))
        np.add.at(table, (x, y), 1)
        sm = [number(cohens_kappa(table, wt=wt, return_results=False)) for wt in (None, "linear", "quadratic")]
        sk = [number(cohen_kappa_score(x, y, labels=domain, weights=wt)) for wt in (None, "linear", "quadratic")]
        pairs.append([a, b, int(both.sum()), sk, sm])
    out["cohen"] = pairs
    data = frame(rows)
    out["dawid_skene"] = posterior(ck.DawidSkene(n_iter=STEPS, tol=-1.0).fit_predict_proba(data))
    out["one_coin"] = posterior(ck.OneCoinDawidSkene(n_iter=STEPS, tol=-1.0).fit_predict_proba(data))
    out["mace"] = posterior(mace(data, annotators, k, STEPS))
    return out


def snow(folder):
    out = {}
    for name in ["rte", "temp", "wsd", "anger", "valence", "wordsim"]:
        table = pd.read_csv(folder / f"{name}.standardized.tsv", sep="\t", dtype=str)
        columns = ["orig_id", "!amt_worker_ids", "response"]
        # The last answer counts of whoever answered an item twice.
        table = table.drop_duplicates(columns[:2], keep="last")
        # 05 and 5 are one answer.
        table[["response", "gold"]] = table[["response", "gold"]].astype(float)
        rating = name in ("anger", "valence", "wordsim")
        labels = sorted(table.response.unique())
        codes = [sorted(table[c].unique()) for c in columns[:2]] + [labels]
        index = [{v: i for i, v in enumerate(c)} for c in codes]
        rows = [tuple(ix[v] for ix, v in zip(index, r)) for r in table[columns].itertuples(index=False)]
        g = grid(rows)
        found = {"items": len(codes[0]), "annotators": len(codes[1]), "labels": len(labels), "answers": len(rows)}
        domain = list(range(len(labels)))
        for level in ["nominal", "ordinal", "interval"]:
            values = np.vectorize(lambda c: np.nan if np.isnan(c) else labels[int(c)])(g)
            found[f"alpha_{level}"] = number(
                krippendorff.alpha(reliability_data=values, level_of_measurement=level, value_domain=labels))
        if not rating:
            counts = np.array([[np.sum(g[:, i] == c) for c in domain] for i in range(g.shape[1])])
            found["fleiss"] = number(fleiss_kappa(counts))
            kappas = []
            for a, b in itertools.combinations(range(g.shape[0]), 2):
                both = ~np.isnan(g[a]) & ~np.isnan(g[b])
                if both.sum() >= 5:
                    kappa = cohen_kappa_score(g[a, both], g[b, both], labels=domain)
                    kappas += [kappa] if kappa == kappa else []
            found["cohen_mean"], found["cohen_pairs"] = float(np.mean(kappas)), len(kappas)
            data = frame(rows, "{:05}")
            gold = dict(zip((index[0][v] for v in table.orig_id), (index[2].get(v) for v in table.gold)))
            for method, probas in [
                ("dawid_skene", ck.DawidSkene(n_iter=STEPS, tol=-1.0).fit_predict_proba(data)),
                ("one_coin", ck.OneCoinDawidSkene(n_iter=STEPS, tol=-1.0).fit_predict_proba(data)),
            ]:
                p = probas.sort_index()[sorted(probas.columns)].to_numpy()
                weights = np.arange(1, p.size + 1).reshape(p.shape) % 97
                right = [int(np.argmax(row)) == gold[i] for i, row in enumerate(p)]
                found[method] = {"checksum": float((p * weights).sum()), "right": int(sum(right))}
            labels_ = ck.DawidSkene(n_iter=100).fit_predict(data)
            found["dawid_skene_default"] = {"right": int(sum(int(l) == gold[int(i)] for i, l in labels_.items()))}
        out[name] = found
    return out


def disordered(small):
    """crowd-kit's MACE where names come in another order than sorted."""
    rows = next(t for t in tables(small) if max(r[2] for r in t) == 1)
    k, annotators = 2, max(r[1] for r in rows) + 1
    named = frame(rows)
    turned = named.assign(worker=[f"{annotators - 1 - int(w):03}" for w in named.worker])
    return {"answers": [list(r) for r in rows], "mace": posterior(mace(turned, annotators, k, STEPS))}


def make(small, data):
    return {
        "values": VALUES,
        "sets": [sorted(s) for s in SETS],
        "steps": STEPS,
        "cases": [case(rows) for rows in tables(small)],
        "disordered": disordered(small),
        "snow2008": snow(data / "snow2008") if data and (data / "snow2008").exists() else {},
    }
