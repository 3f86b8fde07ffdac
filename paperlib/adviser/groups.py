r"""The environment that tasks come from, by groups of hardness: where their optima lie, how they spread, their noise.

The optimum of a task is its own least squares, unbiased for any inputs where the task is linear, with a variance
:math:`\sigma^2v_i` summed over the d dimensions. With weights :math:`q_i\propto1/(v_i+\operatorname{med}v)` that sum to
one in a group, and its weighted centre :math:`\bar w`,

.. math:: r = \frac{\sum_iq_i\lVert w_i-\bar w\rVert^2-\sigma^2\sum_iq_i(1-q_i)v_i}{d\,(1-\sum_iq_i^2)},\qquad
          R^2 = \frac1d\lVert\bar w_g-\bar w_h\rVert^2-\sum_{i\in g,h}q_i^2\Bigl(r+\frac{\sigma^2v_i}d\Bigr)

are unbiased for the spread of the optima and the squared distance of the centres.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
from scipy.special import betaincinv, gammaln
from scipy.stats import DegenerateDataWarning, bootstrap, norm, t

from paperlib.adviser.moments import Tasks
from paperlib.arguments import Array
from paperlib.environments import Groups

MOST = 300  # tasks up to which intervals are corrected for skewness, which takes as many estimates as tasks
RESAMPLES = 400
FEWEST = 5  # tasks from which on resamples of them give an interval
LEAST = 1e-9  # of the mean curvature: what a task without inputs counts as
CLOSE = 1e-8  # change of a log-likelihood at which a mixture has come to rest
Statistic = Callable[..., Array]  # of tasks by their places, one array of them for each sample
Told = tuple[float, float, float]  # an estimate and its 90 % interval


def curvatures(tasks: Tasks) -> Array:
    """Return the curvature of each task over the dimensions, (T,)."""
    return tasks.each(lambda X, y: ((X**2).mean(axis=(1, 2)),))[0]


def grouped(tasks: Tasks) -> tuple[Array, Groups]:
    """Return the curvature of each group, hardest (least) first, and the group of each task, (T,): what the data bear.

    A mixture of gamma distributions, chosen by BIC: a task's curvature is a mean over its samples, so its relative
    variance is that of a sample over their number, and what groups spread within themselves beside.
    """
    rho = curvatures(tasks)
    rho = np.maximum(rho, LEAST * rho.mean())
    sizes, size = np.unique([len(X) for X in tasks.X], return_inverse=True)
    heights, blur = np.log(rho), _blur(tasks) / sizes + 1e-6
    found: tuple[float, Array, Groups] = (math.inf, np.zeros(1), np.zeros(len(rho), dtype=np.intp))
    for count in range(1, min(4, len(rho)) + 1):
        centres = np.quantile(rho, (np.arange(count) + 0.5) / count)
        weights, width, ratio, before = np.full(count, 1.0 / count), 0.01, rho / centres[:, None], -math.inf
        for _ in range(200):
            shapes = 1.0 / (blur + width)
            shape, common = shapes[size], (shapes * np.log(shapes) - gammaln(shapes))[size]
            logs = np.log(weights + 1e-12)[:, None] - shape * (np.log(centres)[:, None] + ratio)
            total = np.logaddexp.reduce(logs, axis=0)
            belongs = np.exp(logs - total)
            likelihood = float((total + common + (shape - 1.0) * heights).sum())
            weights, precise = belongs.mean(axis=1), belongs * shape
            centres = np.maximum(precise @ rho / np.maximum(precise.sum(axis=1), 1e-300), LEAST * rho.mean())
            ratio = rho / centres[:, None]
            width = max(1e-4, float(((belongs * (ratio - 1.0) ** 2).sum(axis=0) - blur[size]).mean()))
            if abs(likelihood - before) < CLOSE:
                break
            before = likelihood
        criterion = -2.0 * likelihood + 2 * count * math.log(len(rho))
        if criterion < found[0]:
            order = np.argsort(centres)
            used, place = np.unique(np.argsort(order)[belongs.argmax(axis=0)], return_inverse=True)
            found = criterion, centres[order][used], np.asarray(place, dtype=np.intp)  # none without a task
    return found[1], found[2]


def _blur(tasks: Tasks) -> float:
    """Return the relative variance of a sample's squared features, the mean over tasks."""
    with np.errstate(invalid="ignore"):  # NaN where there are no inputs
        (found,) = tasks.each(lambda X, y: ((size := (X**2).sum(axis=2)).var(axis=1, ddof=1) / size.mean(axis=1) ** 2,))
    return float(np.nanmean(found))


def level(tasks: int) -> float:
    """Return the level at which resamples of few tasks cover 90 %: percentiles by Student's t (Hesterberg, 2015)."""
    return float(1.0 - 2.0 * norm.cdf(-math.sqrt(tasks / (tasks - 1.0)) * t.ppf(0.95, tasks - 1)))


def environment(tasks: Tasks, centres: Array, belongs: Groups, seed: int) -> list[dict[str, Told]]:
    """Return for each group its curvature, share, noise, spread r and distance R from the first, with intervals.

    Optima are those of tasks with at least three samples more than dimensions; NaN where a group has fewer than two.
    What is told of R is its square, which may come out below zero, made zero before the root is taken.
    """
    rng, dim, rho = np.random.default_rng(seed), tasks.X[0].shape[1], curvatures(tasks)
    left, free, optima, variance = tasks.fits
    trust = 1.0 / (variance + np.nanmedian(variance)) if np.isfinite(variance).any() else variance

    def noise(i: Array) -> Array:
        return np.asarray(np.sqrt(left[i].sum(axis=-1) / free[i].sum(axis=-1)))

    def located(i: Array) -> tuple[Array, Array, Array]:
        """Return the spread, the centre, and the square of its error over dimensions."""
        shares, own, varied, square = trust[i], optima[i], variance[i], noise(i) ** 2
        shares /= shares.sum(axis=-1, keepdims=True)
        centre = (shares[..., None] * own).sum(axis=-2)
        around = (shares * ((own - centre[..., None, :]) ** 2).sum(axis=-1)).sum(axis=-1)
        rest = (squares := shares**2).sum(axis=-1)
        spread = (around - square * (shares * (1.0 - shares) * varied).sum(axis=-1)) / (1.0 - rest) / dim
        return spread, centre, spread * rest + square * (squares * varied).sum(axis=-1) / dim

    def square_distance(i: Array, j: Array) -> Array:
        (_, one, error), (_, other, too) = located(i), located(j)
        return np.asarray(((one - other) ** 2).sum(axis=-1) / dim - error - too)

    rows = [np.flatnonzero(belongs == group) for group in range(len(centres))]
    told = [row[np.isfinite(variance[row])] for row in rows]
    return [
        {
            "curvature": _told(lambda i: rho[i].mean(axis=-1), [row], rng),
            "share": (len(row) / len(belongs), *_share(len(row), len(belongs))),
            "noise_std": _told(noise, [own], rng),
            "spread": _told(lambda i: located(i)[0], [own], rng),
            "distance": _root(_told(square_distance, [told[0], own], rng)) if group else (0.0, 0.0, 0.0),
        }
        for group, (row, own) in enumerate(zip(rows, told, strict=True))
    ]


def _share(count: int, of: int) -> tuple[float, float]:
    """Return the 90 % interval of a share (Clopper and Pearson)."""
    return float(betaincinv(count, of - count + 1, 0.05)), float(betaincinv(count + 1, max(of - count, 1e-300), 0.95))


def _told(statistic: Statistic, samples: list[Groups], rng: np.random.Generator) -> Told:
    """Return a statistic of tasks and its interval by bootstrap within the groups."""
    if min(map(len, samples)) < 2:
        return (math.nan,) * 3
    point, low, high, _ = interval(samples, statistic, RESAMPLES, rng)
    return float(point), float(low), float(high)


def _root(square: Told) -> Told:
    return math.sqrt(max(square[0], 0.0)), math.sqrt(max(square[1], 0.0)), math.sqrt(max(square[2], 0.0))


def interval(
    samples: list[Groups], statistic: Statistic, draws: int, rng: np.random.Generator, batch: int | None = None
) -> tuple[Array, Array, Array, Array]:
    """Return an estimate, the ends of its 90 % interval by bootstrap, and the resamples.

    The ends are the estimate where all resamples are alike, and infinite where there are fewer than five tasks.
    """
    sizes = [len(sample) for sample in samples]
    options = {"n_resamples": draws, "batch": batch, "confidence_level": level(min(sizes)), "rng": rng}
    method = "BCa" if max(sizes) <= MOST else "percentile"
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", DegenerateDataWarning)
        found = bootstrap(samples, lambda *i, axis=-1: statistic(*i), vectorized=True, method=method, **options)
        point = statistic(*samples)
    low, high = (np.where(np.isnan(end), point, end) for end in found.confidence_interval)
    if min(sizes) < FEWEST:
        low, high = np.full_like(low, -math.inf), np.full_like(high, math.inf)
    return point, low, high, np.asarray(found.bootstrap_distribution)
