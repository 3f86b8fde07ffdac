r"""Logistic regression on samples: simulated adaptation, and the minimisers of objectives (3) and (4)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from paperlib.arguments import Array, finite_array, listed, real_number, whole_number
from paperlib.environments import TaskEnvironment
from paperlib.logistic.objectives import checked_points, finite_tasks, minimiser
from paperlib.logistic.population import checked_task, derivatives
from paperlib.logistic.quadrature import Labels

Episode = tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike]


def sample_data(
    w_star: ArrayLike, covariance: ArrayLike, n: int, rng: np.random.Generator, labels: Labels = "bernoulli"
) -> tuple[Array, Array]:
    """Draw n samples of a task: inputs (n, d) and labels (n,), zeros and ones."""
    optimum = finite_array("w_star", w_star, 1)
    _, task = checked_task(optimum, optimum, covariance, labels)
    n = whole_number("n", n)
    X = rng.standard_normal((n, len(optimum))) @ np.linalg.cholesky(task.covariance).T
    positive = expit(X @ optimum) if labels == "bernoulli" else (X @ optimum > 0)
    return X, np.asarray(rng.uniform(size=n) < positive, dtype=float)


def sampled_risks(
    env: TaskEnvironment,
    w: ArrayLike,
    alpha: float,
    m: int,
    draws: int,
    rng: np.random.Generator,
    labels: Labels = "bernoulli",
) -> Array:
    """Simulate (1): draws (draws, ...) whose mean is F_m, the same samples for every w (..., d)."""
    rate, count, draws = real_number("alpha", alpha, at_least=0.0), whole_number("m", m), whole_number("draws", draws)
    w, total = checked_points(env, w), np.array(0.0)
    for p, task in finite_tasks(env, labels):
        adapted = np.empty((draws, *w.shape))
        for k in range(draws):
            X, y = sample_data(task.w_star, task.covariance, count, rng, labels)
            adapted[k] = w - rate / count * (expit(w @ X.T) - y) @ X
        total = total + p * derivatives(adapted, task)[0]
    return total


def erm_estimate(X: ArrayLike, y: ArrayLike) -> Array:
    """Return the minimiser (d,) of (3) for inputs (..., d) and labels (...): logistic regression on all samples."""
    X, y = finite_array("X", X), finite_array("y", y)
    if X.ndim < 2 or y.shape != X.shape[:-1]:
        raise ValueError(f"X and y must have shapes (..., d) and (...); got {X.shape} and {y.shape}")
    if not np.isin(y, (0, 1)).all():
        raise ValueError("y must hold labels that are 0 or 1")
    rows, targets = X.reshape(-1, X.shape[-1]), y.reshape(-1)
    return maml_estimate([(rows[:1], targets[:1], rows, targets)], alpha=0.0)


def maml_estimate(episodes: Iterable[Episode], alpha: float, start: ArrayLike | None = None) -> Array:
    """Return the local minimum (d,) of (4) that a descent from the start (or zero) leads to, to a gradient of 1e-10.

    Args:
        episodes: tuples of inner inputs (n2, d), inner labels (n2,), outer inputs (n1, d) and outer labels (n1,).
        alpha: inner learning rate, not negative; with 0 the inner samples do not matter.
        start: (d,).

    Raises:
        ValueError: labels other than 0 and 1, or no minimum, as when a plane parts the ones from the zeros.
    """
    rate = real_number("alpha", alpha, at_least=0.0)
    parts = [listed("episodes", episode) for episode in listed("episodes", episodes)]
    if not parts or any(len(episode) != 4 for episode in parts):
        raise ValueError("episodes must hold at least one tuple (X_in, y_in, X_out, y_out)")
    X_in, y_in, X, y = (finite_array("episodes", list(part)) for part in zip(*parts, strict=True))
    if not np.isin(y, (0, 1)).all() or not np.isin(y_in, (0, 1)).all():
        raise ValueError("episodes must have labels that are 0 or 1")

    def objective(w: Array) -> tuple[float, Array]:
        p = expit(X_in @ w)
        inner = w - rate * np.einsum("en,enj->ej", p - y_in, X_in) / y_in.shape[1]
        u = np.einsum("enj,ej->en", X, inner)
        outer = np.einsum("en,enj->ej", expit(u) - y, X) / y.shape[1]
        bend = p * (1 - p) * np.einsum("enj,ej->en", X_in, outer)
        gradient = outer - rate * np.einsum("en,enj->ej", bend, X_in) / y_in.shape[1]
        return float(np.mean(np.logaddexp(0, u) - y * u)), gradient.mean(axis=0)

    origin = np.zeros(X.shape[-1]) if start is None else finite_array("start", start, 1)
    return minimiser(objective, origin, math.sqrt(np.mean(np.square(X))))[1]
