"""Golden numbers of the tests, by SciPy and by brute force: writes testdata/golden.json.

python3 packages/statistics/scripts/golden.py
"""

import itertools
import json
import pathlib

import numpy as np
import scipy
from scipy import integrate, optimize, stats

SAMPLES = {
    "five": [0.031, -0.012, 0.054, 0.02, 0.008],
    "ties": [1.0, 2.0, 2.0, -1.0, 0.0, 2.0],
    "eight": [-1.3, 0.2, 2.9, 0.4, 1.1, 0.9, -0.3, 5.2],
    "two": [0.1, 0.4],
}


def t_interval(values, confidence):
    result = stats.ttest_1samp(values, 0).confidence_interval(confidence)
    return [result.low, result.high]


def welch(a, b, confidence):
    result = stats.ttest_ind(a, b, equal_var=False)
    interval = result.confidence_interval(confidence)
    return {"low": interval.low, "high": interval.high, "degreesOfFreedom": result.df}


def bca_interval(values, confidence):
    """All n^n ordered resamples; jackknife over means that leave one seed out."""
    values = np.array(values)
    n = len(values)
    means = np.sort([np.mean(draw) for draw in itertools.product(values, repeat=n)])
    center = values.mean()
    ties = np.isclose(means, center, rtol=0, atol=1e-12 * np.abs(means).max())
    below = np.mean((means < center) & ~ties) + np.mean(ties) / 2
    z0 = stats.norm.ppf(below)
    left_out = np.array([np.delete(values, i).mean() for i in range(n)])
    influence = left_out.mean() - left_out
    acceleration = np.sum(influence**3) / (6 * np.sum(influence**2) ** 1.5)
    ends = []
    for tail in [(1 - confidence) / 2, (1 + confidence) / 2]:
        z = z0 + stats.norm.ppf(tail)
        level = stats.norm.cdf(z0 + z / (1 - acceleration * z))
        ends.append(np.quantile(means, level, method="inverted_cdf"))
    return ends


def sign_flip_p(values):
    values = np.array(values)
    observed = abs(values.sum())
    sums = [abs(np.dot(signs, values)) for signs in itertools.product([-1, 1], repeat=len(values))]
    return float(np.mean(np.array(sums) >= observed - 1e-12))


def power(effect, n, level):
    critical = stats.t.ppf(1 - level / 2, n - 1)
    noncentrality = effect * np.sqrt(n)
    # The lower tail as the upper tail of the mirrored variable: SciPy's lower tail underflows to NaN.
    return stats.nct.sf(critical, n - 1, noncentrality) + stats.nct.sf(critical, n - 1, -noncentrality)


def tolerance_factor(n, content, confidence):
    """P(content of the interval >= content), with the radius from a noncentral chi-square."""

    def confidence_at(k):
        def integrand(z):
            squared_radius = stats.ncx2.ppf(content, 1, z**2) if z > 1e-9 else stats.chi2.ppf(content, 1)
            return stats.chi2.sf((n - 1) * squared_radius / k**2, n - 1) * stats.norm.pdf(z, scale=n**-0.5)

        return 2 * integrate.quad(integrand, 0, 10 / np.sqrt(n), epsabs=1e-11, epsrel=1e-11, limit=200)[0]

    return optimize.brentq(lambda k: confidence_at(k) - confidence, 0.5, 400, xtol=1e-11)


def variance_components(rates, num_tasks, confidence):
    rates = np.array(rates)
    n = len(rates)
    total = rates.var(ddof=1)
    evaluation = np.mean(rates * (1 - rates) / (num_tasks - 1))
    ends = [(n - 1) * total / stats.chi2.ppf(q, n - 1) for q in [(1 + confidence) / 2, (1 - confidence) / 2]]
    root = lambda value: float(np.sqrt(max(0, value - evaluation)))
    return {
        "total": float(np.sqrt(total)),
        "evaluation": float(np.sqrt(evaluation)),
        "training": root(total),
        "trainingLow": root(ends[0]),
        "trainingHigh": root(ends[1]),
    }


def binomial_interval(wins, n, method):
    interval = stats.binomtest(wins, n).proportion_ci(0.95, method)
    return [interval.low, interval.high]


def holm(p):
    """Closed testing: the largest Bonferroni p of all sets of hypotheses that hold a hypothesis."""
    m = len(p)
    subsets = [s for size in range(1, m + 1) for s in itertools.combinations(range(m), size)]
    return [max(min(1, len(s) * min(p[j] for j in s)) for s in subsets if i in s) for i in range(m)]


golden = {
    "madeBy": f"packages/statistics/scripts/golden.py, SciPy {scipy.__version__}, NumPy {np.__version__}",
    "samples": SAMPLES,
    "tInterval": [
        {"sample": name, "confidence": c, "interval": t_interval(values, c)}
        for name, values in SAMPLES.items()
        for c in [0.8, 0.95, 0.99]
    ],
    "welch": [
        {"treatment": a, "baseline": b, **welch(SAMPLES[a], SAMPLES[b], 0.95)}
        for a, b in [("five", "two"), ("ties", "eight"), ("eight", "five")]
    ],
    "bca": [
        {"sample": name, "confidence": c, "interval": bca_interval(SAMPLES[name], c)}
        for name in ["two", "five", "ties"]
        for c in [0.8, 0.95]
    ],
    "signFlip": [{"sample": name, "p": sign_flip_p(values)} for name, values in SAMPLES.items()],
    "holm": [
        {"p": p, "adjusted": holm(p)}
        for p in [[0.01, 0.04, 0.03], [0.2, 0.2, 0.001, 0.03, 0.9], [0.5], [0.02, 0.02, 0.5, 0.0]]
    ],
    "power": [
        {"effect": e, "numSeeds": n, "level": level, "power": power(e, n, level)}
        for e in [0.2, 1, 1.5, 2]
        for n in [2, 3, 5, 8, 10, 30]
        for level in [0.05, 0.01]
    ],
    "toleranceFactor": [
        {"numSeeds": n, "content": p, "confidence": c, "factor": tolerance_factor(n, p, c)}
        for n in [2, 3, 5, 10, 30]
        for p, c in [(0.9, 0.95), (0.95, 0.95), (0.5, 0.8), (0.99, 0.99)]
    ],
    "varianceComponents": [
        {"solved": solved, "numTasks": n, **variance_components(np.array(solved) / n, n, 0.95)}
        for solved, n in [([70, 81, 66, 90, 77], 128), ([50, 51, 49], 100)]
    ],
    "wilson": [
        {"numSolved": k, "numTasks": n, "interval": binomial_interval(k, n, "wilson")}
        for k, n in [(8, 10), (0, 7), (7, 7), (676, 1024)]
    ],
    "clopperPearson": [
        {"wins": k, "numSeeds": n, "interval": binomial_interval(k, n, "exact")}
        for k, n in [(3, 4), (5, 5), (0, 3), (7, 10)]
    ],
}


def plain(value):
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return float(value) if isinstance(value, np.floating) else value


path = pathlib.Path(__file__).parent.parent / "testdata" / "golden.json"
path.write_text(json.dumps(plain(golden), indent=1, allow_nan=False) + "\n")
