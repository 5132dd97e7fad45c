"""Tests and intervals for comparisons, from SciPy; where it has no function, its root finders solve the equation."""

import inspect

import numpy as np
from scipy import optimize, stats

PEERS = ("numpy", "scipy")

Z = stats.norm.ppf(0.975)

# SciPy 1.15 renamed the argument.
SEED = "rng" if "rng" in inspect.signature(stats.bootstrap).parameters else "random_state"


def counts(rng, most=400):
    n = int(rng.integers(1, most if rng.random() < 0.5 else 30))
    return int(rng.integers(0, n + 1)), n


def parted(rng, most=400):
    """Examples right in A alone, in B alone, and in all."""
    n = int(rng.integers(5, most))
    share = rng.choice([0.02, 0.1, 0.4, 0.9])
    a, b, _ = rng.multinomial(n, [share * 0.4, share * 0.6, 1 - share])
    return int(a), int(b), n


def binomials(rng, count):
    for i in range(count):
        k, n = counts(rng, 5000 if i % 4 else 10**6)
        p = float(rng.choice([0.5, 0.05, rng.random(), min(1.0, k / n + 0.01)]))
        b = stats.binom(n, p)
        test = stats.binomtest(k, n, p).pvalue if n < 10**5 else None
        yield [k, n, p, float(b.pmf(k)), float(b.cdf(k)), float(b.sf(k - 1)), None if test is None else float(test)]


def mid_p_end(k, n):
    """The probability at which P(X > k) + P(X = k) / 2 is 2.5 %."""
    if k == 0:
        return 0.0
    tail = lambda p: stats.binom.sf(k, n, p) + 0.5 * stats.binom.pmf(k, n, p) - 0.025
    return optimize.brentq(tail, 1e-12, 1 - 1e-12, xtol=1e-15, rtol=1e-14)


def exact_ends(k, n):
    ci = stats.binomtest(k, n).proportion_ci(0.95, method="exact")
    return float(ci.low), float(ci.high)


def clopper_pearson(rng, count):
    for _ in range(count):
        k, n = counts(rng)
        yield [k, n, *exact_ends(k, n), mid_p_end(k, n), 1 - mid_p_end(n - k, n)]


def tango_score(a, b, n, delta):
    """The score statistic with the most probable share of A alone found by its equation."""
    rest = n - a - b

    def slope(q):
        return b / (q + delta) + a / q - 2 * rest / (1 - 2 * q - delta)

    least, most = max(0.0, -delta), (1 - delta) / 2
    edge = 1e-13
    if slope(least + edge) <= 0:
        q = least
    elif slope(most - edge) >= 0:
        q = most
    else:
        q = optimize.brentq(slope, least + edge, most - edge, xtol=1e-17, rtol=1e-15)
    return (b - a - n * delta) / np.sqrt(n * (2 * q + delta * (1 - delta)))


def tango(rng, count):
    for _ in range(count):
        a, b, n = parted(rng)
        if a == 0 or b == 0 or a + b == n:
            continue
        delta = float(np.round(rng.uniform(-0.3, 0.3), 3))
        value = (b - a) / n
        end = lambda sign, to: optimize.brentq(lambda d: tango_score(a, b, n, d) - sign * Z, value, to, xtol=1e-15)
        yield [a, b, n, delta, float(tango_score(a, b, n, delta)), end(1, -1 + 1e-9), end(-1, 1 - 1e-9)]


def product_end(d, d_arms, t, t_limit):
    """The greatest D (2 T - 1) on both quarters of the ellipse."""
    best = -2.0
    t = 2 * t - 1
    arm = 2 * t_limit - 1 - t
    for d_limit in d_arms:
        value = lambda angle: -(t + arm * np.sin(angle)) * (d + (d_limit - d) * np.cos(angle))
        grid = np.linspace(0, np.pi / 2, 200)
        at = int(np.argmin([value(x) for x in grid]))
        low, high = grid[max(at - 1, 0)], grid[min(at + 1, 199)]
        found = optimize.minimize_scalar(value, bounds=(low, high), method="bounded", options={"xatol": 1e-12})
        best = max(best, -found.fun, -value(0.0), -value(np.pi / 2))
    return best


def paired_differences(rng, count):
    for _ in range(count):
        a, b, n = parted(rng)
        m = a + b
        if m == 0:
            continue
        wilson = stats.binomtest(m, n).proportion_ci(0.95, method="wilson")
        arms = (float(wilson.low), float(wilson.high))
        row = [a, b, n]
        for mid in (False, True):
            low, high = (mid_p_end(b, m), 1 - mid_p_end(a, m)) if mid else exact_ends(b, m)
            row += [-product_end(m / n, arms, a / m, 1 - low), product_end(m / n, arms, b / m, high)]
            tail = stats.binom.cdf(min(a, b), m, 0.5) - (0.5 * stats.binom.pmf(min(a, b), m, 0.5) if mid else 0)
            row.append(float(min(1.0, 2 * tail)))
        yield row


def bootstraps(rng, count, resamples):
    """SciPy's intervals of a difference of paired means, with the very resamples it drew."""
    for _ in range(count):
        # Eighths sum without rounding, so that both sides see the same ties with the value.
        a = np.round(rng.gamma(1.5, size=int(rng.integers(8, 25))) * 8) / 8
        b = np.round((a + rng.normal(0.3, 1, len(a))) * 8) / 8
        difference = lambda a, b, axis=-1: np.mean(b - a, axis)
        case = {"value": float(np.mean(b - a)), "jackknife": [float(np.delete(b - a, i).mean()) for i in range(len(a))]}
        for level in (0.9, 0.95):
            found = stats.bootstrap((a, b), difference, n_resamples=resamples, paired=True, method="BCa",
                                    confidence_level=level, vectorized=True, **{SEED: np.random.default_rng(5)})
            plain = stats.bootstrap((a, b), difference, paired=True, method="percentile", n_resamples=0,
                                    confidence_level=level, bootstrap_result=found, vectorized=True)
            case["replicates"] = found.bootstrap_distribution.tolist()
            case[f"bca {level}"] = [float(x) for x in found.confidence_interval]
            case[f"percentile {level}"] = [float(x) for x in plain.confidence_interval]
        yield case


def permutations(rng, count):
    """All ways of exchanging two systems' values on few units."""
    for _ in range(count):
        a = np.round(rng.gamma(1.5, size=int(rng.integers(3, 11))) * 2) / 2
        b = np.round((a + rng.normal(0.5, 1, len(a))) * 2) / 2
        difference = lambda a, b, axis=-1: np.mean(b, axis) - np.mean(a, axis)
        found = stats.permutation_test(
            (a, b), difference, permutation_type="samples", n_resamples=np.inf, vectorized=True
        )
        yield [a.tolist(), b.tolist(), float(found.pvalue)]


def areas(rng, count):
    """DeLong's variance of a difference, from all pairs of a positive and a negative."""
    for _ in range(count):
        n = int(rng.integers(8, 30))
        positive = rng.random(n) < 0.4
        positive[:4] = [True, True, False, False]
        scores = [np.round(rng.random(n) + 0.3 * positive, 1) for _ in range(2)]
        kernels = []
        for s in scores:
            above = s[positive][:, None] - s[~positive][None, :]
            kernels.append((above > 0) + 0.5 * (above == 0))
        gap = kernels[1] - kernels[0]
        variance = gap.mean(axis=1).var(ddof=1) / positive.sum() + gap.mean(axis=0).var(ddof=1) / (~positive).sum()
        p = 1.0 if variance == 0 else float(2 * stats.norm.sf(abs(gap.mean()) / np.sqrt(variance)))
        yield [scores[0].tolist(), scores[1].tolist(), positive.tolist(), float(gap.mean()), float(variance), p]


def duels(rng, count):
    """Two models' probabilities of three labels for the same examples: McNemar's test and Student's t of paired losses."""
    for _ in range(count):
        n = int(rng.integers(8, 30))
        gold = rng.integers(0, 3, n)
        rows = []
        for sharp in (1.0, 1.6):
            p = rng.dirichlet([1.0] * 3, n)
            p[np.arange(n), gold] += sharp * rng.random(n)
            p = np.round(p / p.sum(axis=1, keepdims=True), 4)
            p[:, 2] = 1 - p[:, 0] - p[:, 1]
            rows.append(p)
        a, b = ([row.argmax(axis=1) == gold for row in rows])
        only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
        found = [1.0 if only_a + only_b == 0 else float(stats.binomtest(only_a, only_a + only_b).pvalue)]
        eps = np.finfo(float).eps
        losses = [-np.log(np.clip(row[np.arange(n), gold], eps, 1 - eps)) for row in rows]
        briers = [((row - np.eye(3)[gold]) ** 2).sum(axis=1) for row in rows]
        for first, second in (losses, briers):
            t = stats.ttest_rel(second, first)
            ends = t.confidence_interval(0.95)
            found += [float((second - first).mean()), float(t.pvalue), float(ends.low), float(ends.high)]
        yield [gold.tolist(), rows[0].tolist(), rows[1].tolist(), *found]


def make(small, data):
    rng = np.random.default_rng(20261123)
    count = 6 if small else 300
    return {
        "binomials": list(binomials(rng, count)),
        "clopper_pearson": list(clopper_pearson(rng, count)),
        "tango": list(tango(rng, count)),
        "paired_differences": list(paired_differences(rng, count)),
        "bootstraps": list(bootstraps(rng, 1 if small else 20, 49 if small else 999)),
        "permutations": list(permutations(rng, 4 if small else 60)),
        "areas": list(areas(rng, 3 if small else count)),
        "duels": list(duels(rng, 2 if small else 200)),
    }
