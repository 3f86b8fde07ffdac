"""Tasks held out: how well the moments predict the loss of a start on them, and which start and rate do best there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from paperlib.adviser.estimates import averages, loss, start
from paperlib.adviser.moments import Moments, Name, Tasks
from paperlib.arguments import Array
from paperlib.environments import Groups

Losses = dict[Name, list[float]]  # of tasks, with ERM's start, with MAML's, and solved outright
FOLDS = 5
RATES = np.geomspace(0.1, 30.0, 12)  # over the largest mean second moment
RIDGES = np.geomspace(1e-3, 1e3, 7)  # of features whose mean square is one


@dataclass(frozen=True)
class Choice:
    """A start (r, k), for a step at its rate, and whose: of the moments, or of validation of the closed forms."""

    learner: str
    rate: float
    start: Array
    validated: bool


@dataclass(frozen=True)
class Folds:
    """Tasks, their samples in random order, and for each the fold in which it is held out, (T,)."""

    tasks: Tasks
    of: Groups
    m: float

    @classmethod
    def drawn(cls, tasks: Tasks, m: float, seed: int) -> Folds:
        """Return a random split of the tasks."""
        rng, fold = np.random.default_rng(seed), np.arange(len(tasks.X)) % FOLDS
        rng.shuffle(fold)
        orders = [rng.permutation(len(X)) for X in tasks.X]
        X, y = ([part[order] for part, order in zip(parts, orders, strict=True)] for parts in (tasks.X, tasks.y))
        return cls(Tasks(X, y, tasks.axes, tasks.names, tasks.left_out), fold, m)

    @property
    def counts(self) -> Array:
        """How often each task counts for the start of a fold: once, where it is not in it, (FOLDS, T)."""
        return np.array([(self.of != one).astype(float) for one in range(FOLDS)])

    def losses(self, starts: Array, rate: float) -> Array:
        """Return the loss of each task after a step from its fold's start, (T,): on m samples, on half if n <= m."""
        return self._measured(starts, lambda X, r: rate / X.shape[1] * X.swapaxes(1, 2) @ r)

    def solved(self, starts: Array) -> Array:
        """Return the loss of each task solved outright, (T,): on the step's samples, by the best of `RIDGES`.

        Ridge regression of what its fold's start leaves: towards that start. The ridge is that of the other folds.
        """
        second = np.mean([X.T @ X / len(X) for X in self.tasks.X], axis=0)
        scale = np.sqrt(np.diag(second))

        def ridge(X: Array, r: Array, size: float) -> Array:
            left, values, right = np.linalg.svd(X / scale, full_matrices=False)
            shares = values / (values**2 + size * X.shape[1])
            solved = right.swapaxes(1, 2) @ (shares[:, :, None] * (left.swapaxes(1, 2) @ r))
            return np.asarray(solved / scale[:, None])

        losses = np.stack([self._measured(starts, partial(ridge, size=size)) for size in RIDGES])
        best = np.array([losses[:, self.of != one].mean(axis=1).argmin() for one in range(FOLDS)])
        return np.asarray(losses[best[self.of], np.arange(len(self.of))])

    def _measured(self, starts: Array, step: Callable[[Array, Array], Array]) -> Array:
        """Return the loss of each task, (T,), after a step that takes the samples of it and what the start leaves."""
        found = np.empty(len(self.of))
        for places, X, y in self.tasks.stacks:
            n, w = X.shape[1], starts[self.of[places]]
            inner = int(self.m) if self.m < n else n // 2
            w = w + step(X[:, :inner], y[:, :inner] - X[:, :inner] @ w)
            found[places] = 0.5 * ((X[:, inner:] @ w - y[:, inner:]) ** 2).sum(axis=2).mean(axis=1)
        return found


def calibration(folds: Folds, moments: Moments, rates: dict[str, float]) -> tuple[dict[str, float], Losses]:
    """Return predicted and measured loss after adaptation of starts on tasks that did not fit them; and of each task.

    Each fold's starts, and what is predicted of them, come from the other folds; then each task of the fold with more
    than m samples adapts on m of them, and is measured on the rest. Beside it what solving each task outright on the
    same samples gives (`Folds.solved`). Empty where fewer than five tasks have so many.
    """
    large = np.array([len(X) > folds.m for X in folds.tasks.X])
    if large.sum() < FOLDS:
        return {}, {}
    losses: Losses = {folds.tasks.names[place]: [] for place in np.flatnonzero(large)}
    of = averages(moments, folds.counts, folds.m)
    result = {"tasks": float(large.sum())}
    held = {learner: start(of, learner, np.full(FOLDS, alpha)) for learner, alpha in rates.items()}
    measured = {learner: folds.losses(held[learner], alpha)[large] for learner, alpha in rates.items()}
    measured["solved"] = folds.solved(held["erm"])[large]
    for learner, values in measured.items():
        for found, value in zip(losses.values(), values, strict=True):
            found.append(float(value))
        if learner in rates:
            predicted = loss(of, learner, np.full(FOLDS, rates[learner]))
            result[f"predicted_{learner}"] = float(predicted[folds.of[large]].mean())
        result[f"measured_{learner}"] = float(values.mean())
        result[f"error_{learner}"] = float(values.std(ddof=1) / math.sqrt(len(values)))
    return result, losses


def choose(folds: Folds, moments: Moments, alpha: float | None, own: Choice | None) -> Choice | None:
    """Return `own`, unless tasks held out speak against it by a standard error: then what K-fold validation chooses.

    Its starts are the training solutions (41) and (43), half of each task's samples for the step, at rates of a grid
    or at alpha. None where there is no own choice and too few samples span the features.
    """
    second = np.mean([X.T @ X / len(X) for X in folds.tasks.X], axis=0)
    rates = RATES / np.linalg.eigvalsh(second)[-1] if alpha is None else np.array([alpha])
    scale = np.sqrt(np.diag(second))  # the axes are its own: then the least squares of all tasks are well conditioned
    everyone = np.ones((1, len(folds.tasks.X)))
    losses: dict[tuple[str, float], Array] = {}
    starts: dict[tuple[str, float], Array] = {}
    for learner, rate in ((learner, float(rate)) for learner in ("erm", "maml") for rate in rates):
        fitted = _solutions(folds.tasks, np.concatenate([folds.counts, everyone]), learner, rate, scale)
        if fitted is not None:
            losses[learner, rate], starts[learner, rate] = folds.losses(fitted[:-1], rate), fitted[-1]
    if not losses:
        return own
    best = min(losses, key=lambda one: float(losses[one].mean()))
    if own is not None:
        held = start(averages(moments, folds.counts, folds.m), own.learner, np.full(FOLDS, own.rate))
        gap = folds.losses(held, own.rate) - losses[best]
        if gap.mean() <= gap.std(ddof=1) / math.sqrt(len(gap)):
            return own
    return Choice(*best, starts[best], validated=True)


def _solutions(tasks: Tasks, counts: Array, learner: str, rate: float, scale: Array) -> Array | None:
    """Return (41) or (43) for how often each task counts, (B, T): (B, r, k), or None where one is not unique."""

    def products(X: Array, y: Array) -> tuple[Array, Array]:
        if learner == "maml":
            half = X.shape[1] // 2
            inner, step = X[:, :half].swapaxes(1, 2), rate / half
            y = y[:, half:] - step * X[:, half:] @ (inner @ y[:, :half])
            X = X[:, half:] - step * (X[:, half:] @ inner) @ X[:, :half]
        across = (X / scale).swapaxes(1, 2)
        return across @ (X / scale), across @ y

    matrix, right = (np.tensordot(counts, part, 1) for part in tasks.each(products))
    values = np.linalg.eigvalsh(matrix)
    if (values[:, 0] <= 1e-12 * values[:, -1]).any():
        return None
    return np.asarray(np.linalg.solve(matrix, right) / scale[:, None])
