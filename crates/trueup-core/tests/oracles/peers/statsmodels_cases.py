"""Tests, intervals, corrections and power for comparisons, from statsmodels."""

import numpy as np
from comparison_cases import counts, parted
from statsmodels.stats import contingency_tables, multitest, proportion, weightstats

PEERS = ("numpy", "scipy", "statsmodels")


def mcnemar(rng, count):
    for _ in range(count):
        a, b, n = parted(rng)
        if a + b == 0:
            continue
        table = [[n - a - b, a], [b, 0]]
        exact = contingency_tables.mcnemar(table, exact=True).pvalue
        plain = contingency_tables.mcnemar(table, exact=False, correction=False)
        corrected = contingency_tables.mcnemar(table, exact=False, correction=True)
        yield [a, b, float(exact), float(plain.statistic), float(plain.pvalue), float(corrected.statistic),
               float(corrected.pvalue)]


METHODS = ("bonferroni", "sidak", "holm", "holm-sidak", "simes-hochberg", "fdr_bh", "fdr_by")


def corrections(rng, count):
    for i in range(count):
        p = rng.random(int(rng.integers(1, 12))) ** 3
        if i % 3 == 0:
            p = np.round(p, 2)  # ties, zeros and ones
        yield [p.tolist(), *(multitest.multipletests(p, method=m)[1].tolist() for m in METHODS)]


def newcombe(rng, count):
    for _ in range(count):
        k1, n1 = counts(rng)
        k2, n2 = counts(rng)
        low, high = proportion.confint_proportions_2indep(k2, n2, k1, n1, method="newcomb", compare="diff")
        wilson = proportion.proportion_confint(k1, n1, method="wilson")
        beta = proportion.proportion_confint(k1, n1, method="beta")
        yield [k1, n1, k2, n2, float(low), float(high), *map(float, wilson), *map(float, beta)]


def equivalence(rng, count):
    for _ in range(count):
        x = rng.normal(size=int(rng.integers(3, 30)))
        y = x + rng.normal(0.1, 0.5, len(x))
        p, (_, above, freedom), (_, below, _) = weightstats.ttost_paired(y, x, -0.4, 0.3)
        gap = y - x
        yield [float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(len(gap))), -0.4, 0.3, float(freedom), float(above),
               float(below), float(p)]
        k1, n1 = int(rng.integers(10, 40)), 50
        k2, n2 = int(rng.integers(20, 70)), 90
        found = proportion.tost_proportions_2indep(k2, n2, k1, n1, -0.1, 0.15, method="wald")
        p1, p2 = k1 / n1, k2 / n2
        error = np.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
        yield [p2 - p1, float(error), -0.1, 0.15, None, None, None, float(found.pvalue)]


def powers(rng, count):
    for _ in range(count):
        p = float(np.round(rng.uniform(0.05, 0.8), 3))
        difference = float(np.round(rng.uniform(-0.04, 0.15), 3))
        n1, n2 = (int(x) for x in rng.integers(20, 3000, 2))
        found = proportion.power_proportions_2indep(difference, p, n1, ratio=n2 / n1, return_results=False)
        yield [p, difference, n1, n2, float(found)]


def make(small, data):
    rng = np.random.default_rng(20261122)
    count = 6 if small else 300
    return {
        "mcnemar": list(mcnemar(rng, count)),
        "corrections": list(corrections(rng, 6 if small else count)),
        "newcombe": list(newcombe(rng, count)),
        "equivalence": list(equivalence(rng, count // 2)),
        "powers": list(powers(rng, count)),
    }
