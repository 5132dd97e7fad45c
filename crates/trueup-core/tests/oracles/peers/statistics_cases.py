"""Reference values of the statistics: SciPy where it has the function, the defining formula otherwise."""

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import roc_auc_score

PEERS = ("numpy", "scipy", "scikit-learn")


def wilson(rng, count):
    for _ in range(count):
        n = int(rng.integers(1, 5000))
        k = int(rng.integers(0, n + 1))
        low, high = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
        yield [k, n, float(low), float(high)]


def two_proportions(rng, count):
    """Fisher's exact test, mid-p: half of the probability of the table seen comes off."""
    for i in range(count):
        n1, n2 = (int(x) for x in rng.integers(1, 400 if i % 2 else 15, 2))
        k1, k2 = int(rng.integers(0, n1 + 1)), int(rng.integers(0, n2 + 1))
        if 0 < k1 + k2 < n1 + n2:
            p = stats.fisher_exact([[k1, n1 - k1], [k2, n2 - k2]]).pvalue
            seen = stats.hypergeom.pmf(k1, n1 + n2, n1, k1 + k2)
            yield [k1, n1, k2, n2, float(p - 0.5 * seen)]


def tables(rng, count):
    for _ in range(count):
        table = rng.integers(0, 30, (int(rng.integers(2, 5)), int(rng.integers(2, 6))))
        filled = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
        if min(filled.shape) > 1:
            found = stats.chi2_contingency(filled, correction=False)
            v = stats.contingency.association(filled, method="cramer")
            yield [table.tolist(), float(found.statistic), int(found.dof), float(found.pvalue), float(v)]


def divergences(rng, count):
    for _ in range(count):
        k = int(rng.integers(2, 8))
        p, q = rng.dirichlet(np.ones(k)), rng.dirichlet(np.full(k, 0.2))
        yield [p.tolist(), q.tolist(), float(jensenshannon(p, q, base=2) ** 2)]


def bca(rng, count, resamples):
    """SciPy's BCa interval with the very resamples it drew."""
    for _ in range(count):
        # Eighths sum without rounding, so that both sides see the same ties with the value.
        sample = np.round(rng.gamma(1.5, size=int(rng.integers(8, 25))) * 8) / 8
        found = stats.bootstrap((sample,), np.mean, n_resamples=resamples, method="BCa", rng=rng)
        jackknife = [float(np.delete(sample, i).mean()) for i in range(len(sample))]
        yield {
            "value": float(sample.mean()),
            "replicates": found.bootstrap_distribution.tolist(),
            "jackknife": jackknife,
            "low": float(found.confidence_interval.low),
            "high": float(found.confidence_interval.high),
        }


def delong(rng, count):
    """The variance from all pairs of a positive and a negative."""
    for _ in range(count):
        n = int(rng.integers(8, 40))
        positive = rng.random(n) < 0.4
        positive[:4] = [True, True, False, False]
        scores = np.round(rng.random(n) + 0.3 * positive, 1)
        above = scores[positive][:, None] - scores[~positive][None, :]
        kernel = (above > 0) + 0.5 * (above == 0)
        variance = kernel.mean(axis=1).var(ddof=1) / positive.sum() + kernel.mean(axis=0).var(ddof=1) / (~positive).sum()
        yield [scores.tolist(), positive.tolist(), float(roc_auc_score(positive, scores)), float(variance)]


def ratios(rng, count):
    """Linearised ratio of sums over clusters."""
    for _ in range(count):
        whole = rng.integers(1, 9, int(rng.integers(2, 15)))
        part = rng.binomial(whole, 0.7)
        value = part.sum() / whole.sum()
        c = len(whole)
        error = np.sqrt(((part - value * whole) ** 2).sum() * c / (c - 1)) / whole.sum()
        yield [part.tolist(), whole.tolist(), float(value), float(error)]


def holm(rng, count):
    for _ in range(count):
        p = np.round(rng.random(int(rng.integers(1, 8))) ** 3, 4)
        order = np.argsort(p, kind="stable")
        steps = np.minimum(np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order]), 1)
        adjusted = np.empty(len(p))
        adjusted[order] = steps
        yield [p.tolist(), adjusted.tolist()]


def make(small, data):
    rng = np.random.default_rng(20261122)
    count = 5 if small else 400
    quantiles = np.concatenate([[1e-6, 0.001, 0.025, 0.5, 0.8, 0.975, 0.9999], rng.random(count)])
    freedoms = [1, 2, 3, 7, 30, 150, 199, 250, 1000, 10**7][:: 4 if small else 1]
    return {
        "wilson": list(wilson(rng, count)),
        "normal_quantile": [[float(p), float(stats.norm.ppf(p))] for p in quantiles],
        "student_quantile": [[p, f, float(stats.t.ppf(p, f))] for p in (0.05, 0.8, 0.975) for f in freedoms],
        "two_proportions": list(two_proportions(rng, count)),
        "tables": list(tables(rng, count)),
        "jensen_shannon": list(divergences(rng, count)),
        "bca": list(bca(rng, 1 if small else 30, 50 if small else 999)),
        "delong": list(delong(rng, 3 if small else count)),
        "ratio": list(ratios(rng, 3 if small else count)),
        "holm": list(holm(rng, 3 if small else count)),
    }
