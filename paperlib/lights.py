"""What the adviser's numbers rest on: assumptions with a light each, groups of hardness, and tasks held out."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import spearmanr

from paperlib.arguments import Array
from paperlib.estimates import averages, loss, start
from paperlib.moments import Moments, Tasks

FOLDS = 5


def hardness(tasks: Tasks) -> Array:
    """Return the mean input variance of each task over the dimensions, (T,)."""
    return np.array([(X**2).sum() / X.size for X in tasks.X])


def grouped(tasks: Tasks) -> tuple[Array, Array]:
    """Return the hardness of each group, hardest first, and the group of each task, (T,): as many as the data bear.

    A mixture of points on the logarithm of hardness, each task blurred by its own sampling error, chosen by BIC.
    """
    values = np.log(np.maximum(hardness(tasks), np.finfo(float).tiny))
    blur = np.array([_blur(X) for X in tasks.X])
    found: tuple[float, Array, Array] = (math.inf, np.zeros(1), np.zeros(len(values), dtype=np.intp))
    for count in range(1, min(4, len(values)) + 1):
        centres = np.quantile(values, (np.arange(count) + 0.5) / count)
        weights, width = np.full(count, 1.0 / count), 0.01
        for _ in range(200):
            variance = blur + width
            logs = np.log(weights + 1e-12) - 0.5 * ((values[:, None] - centres) ** 2 / variance[:, None])
            logs -= 0.5 * np.log(2.0 * math.pi * variance)[:, None]
            total = np.logaddexp.reduce(logs, axis=1)
            belongs = np.exp(logs - total[:, None])
            weights = belongs.mean(axis=0)
            precise = belongs / variance[:, None]
            centres = (precise * values[:, None]).sum(axis=0) / np.maximum(precise.sum(axis=0), 1e-300)
            left = (belongs * ((values[:, None] - centres) ** 2 - blur[:, None])).sum() / len(values)
            width = float(np.clip(left, 1e-4, None))
        criterion = -2.0 * float(total.sum()) + 2 * count * math.log(len(values))
        if criterion < found[0]:
            order = np.argsort(centres)
            found = criterion, np.exp(centres[order]), np.argsort(order)[belongs.argmax(axis=1)]
    return found[1], found[2]


def lights(tasks: Tasks, moments: Moments, groups: Array) -> dict[str, tuple[str, str]]:
    """Return each assumption's light, green, amber or red, and what was measured."""
    hard, sizes = hardness(tasks), np.array([len(X) for X in tasks.X])
    second = moments.loss[0, :, : moments.rank, : moments.rank].mean(axis=0)
    values = np.linalg.eigvalsh(second)
    condition = values[-1] / values[0]
    statistic, kurtosis = _curvature(tasks), _kurtosis(tasks)
    left_out = tasks.given - len(tasks.X)
    told = np.flatnonzero(moments.free > 0)
    optima = np.array([np.linalg.norm(np.linalg.lstsq(tasks.X[i], tasks.y[i], rcond=None)[0]) for i in told])
    place, place_p = _rank(hard[told], optima)
    size, size_p = _rank(hard, sizes)
    return {
        "linearity": (_light(abs(statistic), 3.0, 5.0), f"z = {statistic:.1f} for a square of the fit"),
        "condition": (_light(condition, 1e3, 1e8), f"{condition:.3g} between axes of the features"),
        "kurtosis": (_light(abs(math.log(kurtosis / 3.0)), 0.3, math.inf), f"{kurtosis:.2g}, 3 if Gaussian"),
        "optimum and hardness": (_light(-math.log10(place_p), 2.0, math.inf), f"rank correlation {place:.2f}"),
        "groups": ("green" if len(groups) < 4 else "amber", f"{len(groups)} of hardness"),
        "sizes": (
            "red" if 3 * left_out > tasks.given else _light(-math.log10(size_p), 2.0, math.inf),
            f"{sizes.min()} to {sizes.max()}, rank correlation with hardness {size:.2f}, {left_out} tasks too small",
        ),
    }


def calibration(tasks: Tasks, moments: Moments, m: float, rates: dict[str, float], seed: int) -> dict[str, float]:
    """Return predicted and measured loss after adaptation of both starts on tasks that did not fit them.

    Each fold's starts, and what is predicted of them, come from the other folds; then each task of the fold with more
    than m samples adapts on m of them, and is measured on the rest. Empty where fewer than five tasks have so many.
    """
    large = [place for place, X in enumerate(tasks.X) if len(X) > m]
    if len(large) < FOLDS or math.isinf(m):
        return {}
    rng, fold = np.random.default_rng(seed), np.arange(len(tasks.X)) % FOLDS
    rng.shuffle(fold)
    counts = np.array([(fold != one).astype(float) for one in range(FOLDS)])
    of, steps = averages(moments, counts, m), int(m)
    result: dict[str, float] = {"tasks": float(len(large))}
    batches = {place: rng.permutation(len(tasks.X[place])) for place in large}
    for learner, alpha in rates.items():
        rate = np.full(FOLDS, alpha)
        starts, predicted = start(of, learner, rate), loss(of, learner, rate)
        measured = []
        for place in large:
            X, y, batch = tasks.X[place], tasks.y[place], batches[place]
            inner, outer, w = batch[:steps], batch[steps:], starts[fold[place]]
            w = w - alpha / m * X[inner].T @ (X[inner] @ w - y[inner])
            measured.append(0.5 * float(((X[outer] @ w - y[outer]) ** 2).sum(axis=1).mean()))
        result[f"predicted_{learner}"] = float(predicted[fold[large]].mean())
        result[f"measured_{learner}"] = float(np.mean(measured))
        result[f"error_{learner}"] = float(np.std(measured, ddof=1) / math.sqrt(len(measured)))
    return result


def _blur(X: Array) -> float:
    """Return the variance of the logarithm of a task's hardness: its rows are the sample."""
    sizes = (X**2).sum(axis=1)
    return float(max(sizes.var(ddof=1), 1e-12) / (len(X) * max(sizes.mean(), 1e-300) ** 2) + 1e-6)


def _curvature(tasks: Tasks) -> float:
    """Return a z-score of the square of the fit in the residuals of the tasks' own fits."""
    parts = []
    for X, y in zip(tasks.X, tasks.y, strict=True):
        if len(X) > X.shape[1] + 1:
            fitted = X @ np.linalg.lstsq(X, y, rcond=None)[0]
            square = fitted**2
            square = square - X @ np.linalg.lstsq(X, square, rcond=None)[0]
            size = np.linalg.norm(square)
            if size > 1e-12 * np.linalg.norm(fitted) ** 2:
                parts.append(float((square * (y - fitted)).sum() / size))
    total = float(np.linalg.norm(parts))
    return float(np.sum(parts)) / total if total > 0.0 else 0.0


def _kurtosis(tasks: Tasks) -> float:
    """Return the mean fourth moment of the features, each over its own variance in each task."""
    total = weight = 0.0
    for X in tasks.X:
        scale = np.sqrt((X**2).mean(axis=0))
        rows = X[:, scale > 0.0] / scale[scale > 0.0]
        total += float((rows**4).sum()) * (len(X) + 2.0) / len(X)
        weight += rows.size
    return max(total / weight, 1e-3)


def _rank(one: Array, other: Array) -> tuple[float, float]:
    if len(one) < 4 or np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return 0.0, 1.0
    statistic, p = spearmanr(one, other)
    return float(statistic), max(float(p), 1e-300)


def _light(value: float, amber: float, red: float) -> str:
    return "red" if value > red else "amber" if value > amber else "green"
