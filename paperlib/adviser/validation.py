"""Tasks held out: how well the moments predict the loss of a start on them, and which start and rate do best there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

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
        X, y = ([part.take(i, 0) for part, i in zip(parts, orders, strict=True)] for parts in (tasks.X, tasks.y))
        return cls(replace(tasks, X=X, y=y), fold, m)

    @property
    def counts(self) -> Array:
        """How often each task counts for the start of a fold: once, where it is not in it, (FOLDS, T)."""
        return np.array([(self.of != one).astype(float) for one in range(FOLDS)])

    def losses(self, starts: Array, rates: float | Array) -> Array:
        """Return the loss of each task after a step from its fold's start, (..., T): on m samples, on half if n <= m.

        Starts are (..., FOLDS, r, k), with rates (...).
        """
        columns = np.repeat(rates, starts.shape[-1])
        return self._measured(starts, lambda X, r: X.swapaxes(1, 2) / X.shape[1] @ (columns * r))

    def solved(self, starts: Array) -> Array:
        """Return the loss of each task solved outright, (T,): on the step's samples, by the best of `RIDGES`.

        Ridge regression of what its fold's start leaves: towards that start. The ridge is that of the other folds.
        """
        scale = np.sqrt(self.tasks.each(lambda X, y: ((X**2).mean(axis=1),))[0].mean(axis=0))

        def ridge(X: Array, r: Array) -> Array:
            left, values, right = np.linalg.svd(X / scale, full_matrices=False)
            shares = values[:, :, None] / (values[:, :, None] ** 2 + X.shape[1] * np.repeat(RIDGES, starts.shape[-1]))
            return np.asarray(right.swapaxes(1, 2) @ (shares * (left.swapaxes(1, 2) @ r)) / scale[:, None])

        losses = self._measured(np.broadcast_to(starts, (len(RIDGES), *starts.shape)), ridge)
        best = np.array([losses[:, self.of != one].mean(axis=1).argmin() for one in range(FOLDS)])
        return np.asarray(losses[best[self.of], np.arange(len(self.of))])

    def _measured(self, starts: Array, step: Callable[[Array, Array], Array]) -> Array:
        """Return the loss of each task, (..., T), after a step that takes the samples of it and what the start leaves.

        Starts (..., FOLDS, r, k) stand side by side, as columns.
        """
        several = starts.reshape(-1, *starts.shape[-3:])
        columns = several.transpose(1, 2, 0, 3).reshape(*several.shape[1:3], -1)
        found = np.empty((len(several), len(self.of)))
        for places, X, y in self.tasks.stacks:
            n, w, y = X.shape[1], columns[self.of[places]], np.tile(y, len(several))
            inner = int(self.m) if self.m < n else n // 2
            w = w + step(X[:, :inner], y[:, :inner] - X[:, :inner] @ w)
            squares = ((X[:, inner:] @ w - y[:, inner:]) ** 2).mean(axis=1)
            found[:, places] = 0.5 * squares.reshape(len(X), len(several), -1).sum(axis=2).T
        return found.reshape(*starts.shape[:-3], -1)


def calibration(folds: Folds, moments: Moments, rates: dict[str, float]) -> tuple[dict[str, float], Losses]:
    """Return predicted and measured loss after adaptation of starts on tasks that did not fit them; and of each task.

    Each fold's starts, and what is predicted of them, come from the other folds; then each task of the fold with more
    than m samples adapts on m of them, and is measured on the rest. Beside it what solving each task outright on the
    same samples gives (`Folds.solved`). Empty where fewer than five tasks have so many.
    """
    large = np.array([len(X) > folds.m for X in folds.tasks.X])
    if large.sum() < FOLDS:
        return {}, {}
    of = averages(moments, folds.counts, folds.m)
    result = {"tasks": float(large.sum())}
    held = {learner: start(of, learner, np.full(FOLDS, rates[learner])) for learner in ("erm", "maml")}
    measured = {learner: folds.losses(w, rates[learner])[large] for learner, w in held.items()}
    measured["solved"] = folds.solved(held["erm"])[large]
    for learner, values in measured.items():
        if learner in held:
            predicted = loss(of, learner, np.full(FOLDS, rates[learner]))[folds.of[large]]
            result[f"predicted_{learner}"] = float(predicted.mean())
        result[f"measured_{learner}"] = float(values.mean())
        result[f"error_{learner}"] = float(values.std(ddof=1) / math.sqrt(len(values)))
    names = [folds.tasks.names[place] for place in np.flatnonzero(large)]
    return result, dict(zip(names, np.stack([*measured.values()], axis=1).tolist(), strict=True))


def choose(folds: Folds, moments: Moments, alpha: float | None, own: Choice | None) -> Choice | None:
    """Return `own`, unless tasks held out speak against it by a standard error: then what K-fold validation chooses.

    Its starts are the training solutions (41) and (43), half of each task's samples for the step, at rates of a grid
    or at alpha. None where there is no own choice and too few samples span the features.
    """
    second = moments.parts[2, :, : moments.rank, : moments.rank].mean(axis=0)
    rates = RATES / np.linalg.eigvalsh(second)[-1] if alpha is None else np.array([alpha])
    scale = np.sqrt(np.diag(second))  # the axes are its own: then the least squares of all tasks are well conditioned
    counts = np.concatenate([folds.counts, np.ones((1, len(folds.tasks.X)))])
    starts, rates = _solutions(folds.tasks, counts, rates, scale), np.tile(rates, 2)
    losses = folds.losses(starts[:, :-1], rates)
    told = np.flatnonzero(np.isfinite(losses).all(axis=1))
    if not told.size:
        return own
    best = told[losses[told].mean(axis=1).argmin()]
    if own is not None:
        held = start(averages(moments, folds.counts, folds.m), own.learner, np.full(FOLDS, own.rate))
        gap = folds.losses(held, own.rate) - losses[best]
        if gap.mean() <= gap.std(ddof=1) / math.sqrt(len(gap)):
            return own
    return Choice("erm" if 2 * best < len(rates) else "maml", float(rates[best]), starts[best, -1], validated=True)


def _solutions(tasks: Tasks, counts: Array, rates: Array, scale: Array) -> Array:
    """Return (41), then (43), at rates (R,) for how often each task counts, (B, T): (2 R, B, r, k).

    They are NaN where one of the B is not unique. The matrices of (43) are polynomials of the rate.
    """
    rank = len(scale)

    def products(X: Array, y: Array) -> tuple[Array, Array, Array, Array]:
        u, half = np.concatenate([X / scale, y], axis=2), X.shape[1] // 2
        rest = u[:, half:]
        step = X[:, half:] @ (X[:, :half].swapaxes(1, 2) / half @ u[:, :half])
        cross = rest.swapaxes(1, 2) @ step
        parts = rest.swapaxes(1, 2) @ rest, -(cross + cross.swapaxes(1, 2)), step.swapaxes(1, 2) @ step
        return u.swapaxes(1, 2) @ u, *parts

    erm, *parts = (np.tensordot(counts, part, 1) for part in tasks.each(products))
    maml = np.tensordot(rates[:, None] ** np.arange(3), parts, 1)
    matrix = np.concatenate([np.broadcast_to(erm, maml.shape), maml])[..., :rank, :]
    values = np.linalg.eigvalsh(matrix[..., :rank])
    matrix[(values[..., 0] <= 1e-12 * values[..., -1]).any(axis=1)] = np.nan
    return np.asarray(np.linalg.solve(matrix[..., :rank], matrix[..., rank:]) / scale[:, None])
