"""What the adviser's numbers rest on: the environment, tasks held out, and assumptions, each with a light."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import combine_pvalues, f, rankdata, spearmanr

from paperlib.adviser import groups
from paperlib.adviser.estimates import LEAST
from paperlib.adviser.groups import curvatures, grouped
from paperlib.adviser.moments import Moments, Tasks, product, span
from paperlib.adviser.questions import NAMES, Question, numbers_at
from paperlib.adviser.validation import Folds, calibration
from paperlib.adviser.verdicts import VERDICTS, Numbers, decide
from paperlib.arguments import Array
from paperlib.environments import Groups

Lights = dict[str, tuple[str, str]]
FACTORS = (0.25, 0.5, 2.0, 4.0)  # of m, at which the verdict is looked at too
FLAT, TAILS = 1e3, (0.3, 1.0)  # of mean squares by direction, and of |log(kurtosis / 3)|: amber, and red if heavy


@dataclass(frozen=True, repr=False)
class Basis:
    """What a report tells beside its answer, each computed from the tasks when it is read for the first time.

    `samples_share` is the share of MAML's risk that a step on endlessly many samples would spare; `other_m` the verdict
    that the estimates alone would give, by the number of samples of the step; `curvatures` the mean square of the
    features of each task, (T,); `environment` the groups of tasks, the hardest first; `hard_tasks` are the names of the
    hardest group, none where all are alike; `hard_directions` (r, d) its principal axes, those along which features
    vary least first; `lights` of the assumptions; `calibration` and `held_out` are of tasks held out.
    """

    data: Tasks
    question: Question
    folds: Folds
    rates: Numbers
    seed: int
    estimates: Numbers

    m = property(lambda self: self.question.m)
    alpha = property(lambda self: self.question.alpha)
    names = property(lambda self: self.data.names)
    features = property(lambda self: self.data.features)
    left_out = property(lambda self: self.data.left_out)
    tasks_used = property(lambda self: len(self.names))
    tasks_given = property(lambda self: len(self.names) + len(self.left_out))
    samples_share = cached_property(lambda self: self.question.samples_share(self.estimates["risk_maml"]))
    other_m = cached_property(lambda self: _at_their_word(self.data, self.question, self.estimates))
    curvatures = cached_property(lambda self: curvatures(self.data))
    environment = cached_property(lambda self: groups.environment(self.data, self._found[0], self._found[1], self.seed))
    hard_tasks = cached_property(lambda self: [self.data.names[i] for i in self._hard] * (len(self._found[0]) > 1))
    hard_directions = cached_property(lambda self: _directions(self.data, self._hard))
    lights = cached_property(lambda self: looked_at(self.data, self.question.moments, self._found, self.calibration))
    calibration = cached_property(lambda self: self._held_out[0])
    held_out = cached_property(lambda self: self._held_out[1])
    _found = cached_property(lambda self: grouped(self.data))
    _hard = cached_property(lambda self: np.flatnonzero(self._found[1] == 0))
    _held_out = cached_property(lambda self: calibration(self.folds, self.question.moments, self.rates))


def _directions(tasks: Tasks, hard: Groups) -> Array:
    second = tasks.each(lambda X, y: (product(X, X) / X.shape[1],))[0][hard].mean(axis=0)
    return np.asarray((tasks.axes @ np.linalg.eigh(second)[1]).T)


def _at_their_word(tasks: Tasks, question: Question, estimates: Numbers) -> dict[float, str]:
    """Return the verdict that the estimates alone would give, by the number of samples of the step."""
    said, moments, alpha, m = {}, question.moments, question.alpha, question.m
    if not math.isfinite(estimates["noise_std"]):
        return {}
    others = sorted({max(1.0, float(round(min(m, 1000.0) * factor))) for factor in FACTORS} | {m})
    for other, values in zip(others, numbers_at(tasks, moments, others, alpha).T, strict=True):
        point = dict(zip(NAMES, values, strict=True))
        if point["curvature"] >= LEAST:
            said[other] = decide(point, point, alpha, moments.tasks, True, 0.0, moments.rank)[0]
    return {other: verdict for other, verdict in said.items() if verdict != VERDICTS[-1]}


def looked_at(tasks: Tasks, moments: Moments, found: tuple[Array, Groups], calibration: Numbers) -> Lights:
    """Return each assumption's light, green, amber or red, and what was measured."""
    rho, sizes, left_out = curvatures(tasks), np.array([len(X) for X in tasks.X]), len(tasks.left_out)
    values = np.linalg.eigvalsh(moments.parts[2, :, : moments.rank, : moments.rank].mean(axis=0))
    spread, kurtosis, labels = values[-1] / values[0], _kurtosis(tasks), _labels(tasks)
    scales, tails = f"mean squares differ {spread:.3g} times by direction", f"{kurtosis:.2g}, of Gaussian features 3"
    if spread > FLAT:
        scales += "; a step's size is one for all directions: standardise the features, then ask again"
    if (heavy := math.log(kurtosis / 3.0)) > TAILS[0]:
        tails += "; with heavy tails intervals are too short: take logarithms first"
    bent, worth = _bent(tasks), _worth(tasks)
    (place, place_p), (size, size_p) = _place(tasks, -rho, found[1]), _rank(-rho, sizes)
    powers = "no task is large enough" if math.isnan(bent) else f"p = {bent:.2g} for squares and cubes of fitted values"
    if bent < 0.01 and not _constant(tasks):
        powers += "; no feature is constant: a column of ones lets targets have an offset"
    few = math.inf if 2 * left_out > len(sizes) else -math.log10(size_p)
    samples = f"{sizes.min()} to {sizes.max()} samples, rank correlation with hardness {size:.2f}; "
    measured = {
        "linearity": (-math.log10(max(bent, 1e-300)), 2.0, 6.0, powers),
        "condition": (spread, FLAT, 10.0 * FLAT, scales),
        "kurtosis": (max(heavy, min(-heavy, TAILS[1])), *TAILS, tails),
        "optimum and hardness": (-math.log10(place_p), 2.0, math.inf, f"rank correlation {place:.2f} within groups"),
        "targets": (bool(labels), 0.0, 0.0, labels or "quantities, or one-hot"),
        "groups": (len(found[0]), 3.0, math.inf, f"{len(found[0])} found, up to 4 are looked for"),
        "sizes": (few, 2.0, 1e3, f"{samples}{left_out} tasks too small"),
        "tasks": (-worth, -15.0, -5.0, f"count as {worth:.3g} equal ones, by the squares of their targets"),
    }
    return {name: (_light(*limits), text) for name, (*limits, text) in measured.items()} | _held_out(calibration)


def _constant(tasks: Tasks) -> bool:
    """Tell whether some combination of the features is 1 for every sample."""
    X = np.concatenate(tasks.X)
    w = np.linalg.lstsq(X, np.ones(len(X)), rcond=None)[0]
    return bool(np.abs(X @ w - 1.0).max() < 1e-6)


def _held_out(calibration: dict[str, float]) -> Lights:
    """Return a light for what was predicted of tasks held out: green within two standard errors, red beyond four.

    What is predicted is a mean over tasks too, about as many: the difference has twice the variance of either.
    """
    if not calibration:
        return {}
    parts = [[calibration[f"{kind}_{key}"] for kind in ("measured", "predicted", "error")] for key in ("erm", "maml")]
    worst = max((abs(a - b) / (math.sqrt(2.0) * error) for a, b, error in parts if error > 0.0), default=0.0)
    return {"tasks held out": (_light(worst, 2.0, 4.0), f"their loss is predicted to {worst:.1f} standard errors")}


def _labels(tasks: Tasks) -> str:
    """Return a warning where the one target is a few whole numbers: two classes are their own one-hot column."""
    values = np.unique(np.concatenate(tasks.y))
    if tasks.y[0].shape[1] > 1 or not 2 < len(values) <= 20 or (values != np.rint(values)).any():
        return ""
    return f"{len(values)} different whole numbers; class labels need a one-hot column each"


def _place(tasks: Tasks, rho: Array, belongs: Groups) -> tuple[float, float]:
    """Return the rank correlation of curvature and distance from the group's centre, within groups, and its p-value."""
    ranks, away, optima = [], [], tasks.fits[2]
    for group in np.unique(belongs):
        told = np.flatnonzero((belongs == group) & np.isfinite(optima[:, 0]))
        if len(told) > 3:
            distance = np.linalg.norm(optima[told] - optima[told].mean(axis=0), axis=1)
            ranks += list(rankdata(rho[told]) / len(told))
            away += list(rankdata(distance) / len(told))
    return _rank(np.array(ranks), np.array(away))


def _worth(tasks: Tasks) -> float:
    """Return how many equal tasks would average as well: the sum of their squares, squared, over the sum of squares."""
    squares = tasks.each(lambda X, y: ((y**2).mean(axis=(1, 2)),))[0]
    return float(squares.sum() ** 2 / (squares**2).sum())


def _bent(tasks: Tasks) -> float:
    """Return the probability that linear tasks look as bent as these: the test RESET in each task, by Fisher."""

    def tested(X: Array, y: Array) -> tuple[Array]:
        basis, values = span(X), np.full(y.shape[::2], np.nan)
        fitted = basis @ (basis.swapaxes(1, 2) @ y)
        for k, target in enumerate(np.moveaxis(y, 2, 0)):
            powers = np.concatenate([X, fitted[:, :, k : k + 1] ** 2, fitted[:, :, k : k + 1] ** 3], axis=2)
            scale = np.linalg.norm(powers, axis=1, keepdims=True)
            wider = span(np.divide(powers, scale, out=np.zeros_like(powers), where=scale > 0.0))
            ranks = [part.any(axis=1).sum(axis=1) for part in (basis, wider)]
            after = (wider @ (wider.swapaxes(1, 2) @ target[:, :, None]))[:, :, 0]
            before, left = (((target - part) ** 2).sum(axis=1) for part in (fitted[:, :, k], after))
            extra, free = ranks[1] - ranks[0], X.shape[1] - ranks[1]
            told = (extra > 0) & (free > 2) & (left > 1e-20 * (target**2).sum(axis=1))
            ratio = (before - left)[told] / extra[told] / (left[told] / free[told])
            values[told, k] = f.sf(ratio, extra[told], free[told])
        return (values,)

    (values,) = tasks.each(tested)
    found = values[np.isfinite(values)]
    return float(combine_pvalues(np.maximum(found, 1e-300)).pvalue) if found.size else math.nan


def _kurtosis(tasks: Tasks) -> float:
    """Return the mean fourth moment of the features, each over its own variance in each task."""

    def fourth(X: Array, y: Array) -> tuple[Array, Array]:
        n, scale = X.shape[1], (X**2).mean(axis=1)
        used = scale > 0.0
        ratio = np.divide(((X**2) ** 2).sum(axis=1), scale**2, out=np.zeros_like(scale), where=used)
        return ratio.sum(axis=1) * (n + 2.0) / n, n * used.sum(axis=1)

    total, weight = (float(part.sum()) for part in tasks.each(fourth))
    return max(total / weight, 1e-3)


def _rank(one: Array, other: Array) -> tuple[float, float]:
    if len(one) < 4 or np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return 0.0, 1.0
    statistic, p = spearmanr(one, other)
    return float(statistic), max(float(p), 1e-300)


def _light(value: float, amber: float, red: float) -> str:
    return "red" if value > red else "green" if value <= amber else "amber"
