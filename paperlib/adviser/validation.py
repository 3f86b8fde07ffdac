"""Tasks held out: how well the moments predict the loss of a start on them, and which start and rate do best there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paperlib.adviser.estimates import averages, loss, start
from paperlib.adviser.moments import Moments, Name, Tasks
from paperlib.arguments import Array
from paperlib.environments import Groups

Losses = dict[Name, list[float]]  # of tasks, with ERM's start and with MAML's
FOLDS = 5
RATES = np.geomspace(0.1, 30.0, 12)  # over the largest mean second moment


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
        found = np.empty(len(self.of))
        for places, X, y in self.tasks.stacks:
            n, w = X.shape[1], starts[self.of[places]]
            inner = int(self.m) if self.m < n else n // 2
            w = w - rate / inner * X[:, :inner].swapaxes(1, 2) @ (X[:, :inner] @ w - y[:, :inner])
            found[places] = 0.5 * ((X[:, inner:] @ w - y[:, inner:]) ** 2).sum(axis=2).mean(axis=1)
        return found


def calibration(folds: Folds, moments: Moments, rates: dict[str, float]) -> tuple[dict[str, float], Losses]:
    """Return predicted and measured loss after adaptation of starts on tasks that did not fit them; and of each task.

    Each fold's starts, and what is predicted of them, come from the other folds; then each task of the fold with more
    than m samples adapts on m of them, and is measured on the rest. Empty where fewer than five tasks have so many.
    """
    large = np.array([len(X) > folds.m for X in folds.tasks.X])
    if large.sum() < FOLDS:
        return {}, {}
    losses: Losses = {folds.tasks.names[place]: [] for place in np.flatnonzero(large)}
    of = averages(moments, folds.counts, folds.m)
    result = {"tasks": float(large.sum())}
    for learner, alpha in rates.items():
        rate = np.full(FOLDS, alpha)
        measured = folds.losses(start(of, learner, rate), alpha)[large]
        for found, value in zip(losses.values(), measured, strict=True):
            found.append(float(value))
        result[f"predicted_{learner}"] = float(loss(of, learner, rate)[folds.of[large]].mean())
        result[f"measured_{learner}"] = float(measured.mean())
        result[f"error_{learner}"] = float(measured.std(ddof=1) / math.sqrt(len(measured)))
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
