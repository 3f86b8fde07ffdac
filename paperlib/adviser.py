r"""From a sample of somebody's own tasks to a decision: does MAML pay on them, and what else does?"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import DegenerateDataWarning, bootstrap, norm, t

from paperlib import lights
from paperlib.arguments import Array, real_number, sample_number, whole_number
from paperlib.estimates import LEAST, Averages, averages, best_rates, floor, least_curvature, loss, slope, start
from paperlib.moments import Moments, Tasks, checked, directions, measure
from paperlib.report import Report
from paperlib.verdicts import decide

MOST = 300  # tasks up to which intervals are corrected for skewness, which takes as many estimates as tasks
FINEST = 0.005  # intervals of gains reach so far to each side: corrections to first order in 1/T tell no less
ROWS = ("erm", "weighted", "maml", "erm_best", "weighted_best", "maml_best", "directions", "curvature")


def advise(
    tasks: Iterable[tuple[ArrayLike, ArrayLike]],
    m: float,
    alpha: float | None = None,
    resamples: int = 300,
    seed: int = 0,
) -> Report:
    r"""Return whether MAML pays on tasks like these, and what else does, or that these tasks cannot tell.

    The loss after a step, Eq. (1), is estimated without bias from products over different samples of a task and pairs
    of different tasks, for any law of features and noise (`paperlib.moments`); the floor from the residuals of tasks
    with more samples than dimensions. Risks are above the floor. In this order, each when 85 % of the resamples agree:

    - *another step*: MAML's risk at alpha is more than 1.5 times that at its best step;
    - *ERM*: its risk is at most 1.1 times MAML's; *a representation*, where besides a rate for each axis of the
      features would halve MAML's;
    - *weighted ERM*: its risk, tasks weighted by :math:`1-2\alpha\rho_i+(1+\tfrac{d+1}m)\alpha^2\rho_i^2` with
      :math:`\rho_i=\operatorname{tr}(\Sigma_i)/d`, is at most 1.1 times MAML's; else *MAML*.

    Args:
        tasks: pairs (X, y) of features (n_i, d) and targets (n_i,) or (n_i, outputs). Tasks of fewer than three
            samples are left out. There is no intercept but a constant feature.
        m: number of samples of the step, at least 1; `math.inf` is the full gradient.
        alpha: your inner learning rate, positive; left out, each learner has its own best.
        resamples: how many resamples of the tasks the intervals come from.
        seed: of the resamples and of the split of tasks for the calibration.

    Returns:
        a `Report`.

    Raises:
        ValueError: fewer than two tasks of three samples, shapes that do not match, entries that are not finite
            numbers, class labels in the place of targets, or an m, alpha, resamples or seed out of its range.

    Example:
        Hard tasks at 1, easy tasks at -1: ERM sits with the easy ones, and weights would mend that.

        >>> rng = np.random.default_rng(0)
        >>> def task(rho, w):
        ...     X = rng.normal(0, rho**0.5, (50, 1))
        ...     return X, w * X[:, 0] + rng.normal(0, 0.1, 50)
        >>> advise([task(0.2, 1) for _ in range(40)] + [task(1, -1) for _ in range(40)], m=20).verdict
        'weighted ERM'
    """
    count = sample_number("m", m)
    rate = None if alpha is None else real_number("alpha", alpha, above=0.0)
    draws, first = whole_number("resamples", resamples, at_least=50), whole_number("seed", seed, at_least=0)
    data = checked(tasks)
    moments = measure(data)
    return _report(data, moments, count, rate, draws, first)


def _report(data: Tasks, moments: Moments, m: float, alpha: float | None, draws: int, seed: int) -> Report:
    whole = averages(moments, np.ones((1, moments.tasks)), m)
    best = {learner: best_rates(whole, learner) for learner in ("erm", "weighted", "maml")}
    asked = best if alpha is None else dict.fromkeys(best, np.array([alpha]))
    fitted = start(whole, "maml", asked["maml"])[0]
    parts = [directions(X, y - X @ fitted) for X, y in zip(data.X, data.y, strict=True)]
    axes = [np.stack(part) for part in zip(*parts, strict=True)]

    def statistic(places: Array, axis: int = -1) -> Array:
        rows = np.reshape(places, (-1, places.shape[-1]))
        counts = np.stack([np.bincount(row, minlength=moments.tasks) for row in rows]).astype(float)
        numbers = _numbers(averages(moments, counts, m), alpha, best, fitted, axes)
        return numbers.reshape(len(numbers), *places.shape[:-1])

    point = _numbers(whole, alpha, best, fitted, axes)[:, 0]
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", DegenerateDataWarning)  # no noise told, or no skewness: handled below
        sampled = bootstrap(
            (np.arange(moments.tasks),),
            statistic,
            n_resamples=draws,
            batch=50,
            vectorized=True,
            confidence_level=_level(moments.tasks),
            method="BCa" if moments.tasks <= MOST else "percentile",
            rng=np.random.default_rng(seed),
        )
    low, high = sampled.confidence_interval
    names = ("gain", "gain_best", "risk_erm", "risk_maml", "best_alpha", "best_alpha_erm", "noise_std", *ROWS)
    for values in (point, low, high):
        values[:2] = _gain(values[:2], alpha is not None)
    low, high = np.where(np.isnan(low), point, low), np.where(np.isnan(high), point, high)  # a degenerate correction
    low[:2] = np.maximum(np.minimum(low[:2], (1.0 - FINEST) * point[:2]), [float(alpha is not None), 0.0])
    high[:2] = np.maximum(high[:2], (1.0 + FINEST) * point[:2])
    bent = float(np.mean(sampled.bootstrap_distribution[-1] < LEAST))
    if bent > 0.1:
        low[:2], high[:2] = [float(alpha is not None), 0.0], np.inf
    estimates = dict(zip(names, map(float, point), strict=True))
    intervals = {name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)}
    distribution = dict(zip(names, sampled.bootstrap_distribution, strict=True))
    told = np.isfinite(estimates["noise_std"])
    verdict, why, suffices, shares = decide(
        estimates, distribution, alpha, moments.tasks, bool(told), bent, moments.rank
    )
    groups, belongs = lights.grouped(data)
    hard = [data.places[i] for i in np.flatnonzero((belongs == 0) & (len(groups) > 1))]
    chosen = [X for X, group in zip(data.X, belongs, strict=True) if group == 0]
    second = np.mean([X.T @ X / len(X) for X in chosen], axis=0)
    if alpha is None and bent > 0.1:  # no rate is told: one with which no task's own loss can rise
        safe = 1.0 / max(float(np.linalg.norm(X, 2)) ** 2 / len(X) for X in data.X)
        asked = asked | {"erm": np.minimum(asked["erm"], safe)}
    rates = {learner: float(rate[0]) for learner, rate in asked.items()}
    trained = {
        learner: float(loss(whole, learner, rate)[0]) + slope(whole, learner, rates[learner]) / moments.tasks
        if learner == "erm" or bent <= 0.1
        else math.inf  # its start has no least loss to rest at, as far as these tasks tell
        for learner, rate in asked.items()
    }
    return Report(
        verdict,
        why,
        suffices,
        m,
        alpha,
        estimates,
        intervals,
        shares,
        _tasks_needed(whole, rates, estimates, alpha),
        _wall(whole, fitted, asked["maml"]),
        lights.hardness(data),
        groups,
        hard,
        (data.axes @ np.linalg.eigh(second)[1]).T,
        lights.lights(data, moments, groups),
        lights.calibration(data, moments, m, {name: rates[name] for name in ("erm", "maml")}, seed),
        rates,
        trained,
        {learner: _outputs(data.axes @ start(whole, learner, asked[learner])[0]) for learner in best},
        moments.tasks,
        data.given,
    )


def _numbers(of: Averages, alpha: float | None, near: dict[str, Array], w: Array, axes: list[Array]) -> Array:
    """Return the numbers of the report for each resample, (numbers, B): gains, as angles, then risks above the floor.

    The angle of two risks goes on smoothly where the estimate of the lower one falls below zero.
    """
    size = len(of.shares)
    rates = {learner: best_rates(of, learner, np.repeat(rate, size)) for learner, rate in near.items()}
    best = {learner: loss(of, learner, rate) - floor(of, rate) for learner, rate in rates.items()}
    risks = best
    if alpha is not None:
        rate = np.full(size, alpha)
        risks = {learner: loss(of, learner, rate) - floor(of, rate) for learner in rates}
    gains = [np.arctan2(some["erm"], some["maml"]) for some in (risks, best)]
    own = [risks["erm"], risks["maml"], rates["maml"], rates["erm"], np.sqrt(of.noise)]
    rows = [*risks.values(), *best.values(), _directions_risk(of, w, axes)]
    rows.append(least_curvature(of, rates["maml"] if alpha is None else rate))
    return np.stack([*gains, *own, *rows])


def _level(tasks: int) -> float:
    """Return the level at which resamples of few tasks cover 90 %: percentiles by Student's t (Hesterberg, 2015)."""
    return float(1.0 - 2.0 * norm.cdf(-math.sqrt(tasks / (tasks - 1.0)) * t.ppf(0.95, tasks - 1)))


def _gain(angles: Array, given: bool) -> Array:
    """Return the two ratios of risks from their angles: infinite where the lower risk is not told from zero.

    At a given alpha no start does better than MAML's. Best against best the floors differ, and so may all else.
    """
    ratios = np.where(angles < 0.5 * math.pi, np.tan(np.clip(angles, 0.0, 0.5 * math.pi)), np.inf)
    return np.maximum(ratios, [float(given), 0.0])


def _directions_risk(of: Averages, w: Array, axes: list[Array]) -> Array:
    """Return the risk of a start with the best rate for each axis, its fit's bias taken out, (B,)."""
    linear, triple, pair, entries = axes
    square = (1.0 - 1.0 / of.m) * triple + pair / of.m
    square = 0.5 * (square + square.swapaxes(-1, -2))
    mean_linear = of.shares @ linear
    mean_square = np.tensordot(of.shares, square, 1)
    sizes = np.einsum("bii->bi", mean_square)  # axes of any scale: each of size one before they are inverted
    scale = np.sqrt(np.maximum(sizes, 1e-12 * sizes.max(axis=1, keepdims=True).clip(1e-300)))
    values, vectors = np.linalg.eigh(mean_square / scale[:, :, None] / scale[:, None, :])
    vectors = vectors / scale[:, :, None]
    inverse = vectors / np.maximum(values, 1e-2)[:, None, :] @ vectors.swapaxes(-1, -2)
    rates = (inverse @ mean_linear[:, :, None])[:, :, 0]
    scores = linear - np.einsum("tij,bj->bti", square, rates)
    own = np.einsum("bt,bti,bij,btj->b", of.shares**2, scores, inverse, scores, optimize=True)
    extended = np.concatenate([-w, np.eye(w.shape[1])])
    before = ((of.loss[0] @ extended) * extended).sum(axis=(-2, -1))
    noise = of.noise * (1.0 + np.einsum("bi,bij,bj->b", rates, np.tensordot(of.shares, entries, 1), rates) / of.m)
    return np.asarray(0.5 * (before - (mean_linear * rates).sum(axis=1) + own - noise))


def _tasks_needed(of: Averages, rates: dict[str, float], estimates: dict[str, float], alpha: float | None) -> float:
    """Return the number of tasks from which trained MAML is expected to win, to first order in 1/T."""
    suffix = "" if alpha is not None else "_best"
    gain = estimates[f"erm{suffix}"] - estimates[f"maml{suffix}"]
    cost = slope(of, "maml", rates["maml"]) - slope(of, "erm", rates["erm"])
    return max(0.0, cost / gain) if gain > 0.0 else math.inf


def _wall(of: Averages, w: Array, alpha: Array) -> str:
    """Return what most of MAML's loss after the step is: samples of the step, spread of the optima, or noise."""
    extended = np.concatenate([-w, np.eye(w.shape[1])])
    zero, one, two, three = (float(((part[0] @ extended) * extended).sum()) for part in of.loss)
    rate, noise = float(alpha[0]), float(of.noise[0])
    parts = {
        "samples of the step": rate**2 / of.m * (three - two),
        "spread of the optima": zero - 2.0 * rate * one + rate**2 * two - noise,
        "noise": noise,
    }
    return max(parts, key=lambda name: parts[name] if math.isfinite(parts[name]) else -math.inf)


def _outputs(w: Array) -> Any:
    return w[:, 0] if w.shape[1] == 1 else w
