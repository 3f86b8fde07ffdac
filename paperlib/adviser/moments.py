r"""What a sample of tasks says without bias of the loss after a step: moments over different samples of a task.

With the residual :math:`r=y-\langle x,w\rangle` the step on m samples is :math:`w+\tfrac\alpha m\sum_jx_jr_j`, and the
loss after it, on another sample,

.. math:: F_m(w) = \tfrac12E\bigl[r^2 - 2\alpha\,r x^\top g + \alpha^2\bigl((1-\tfrac1m)\,g^\top xx^\top g'
          + \tfrac1m(x^\top g)^2\bigr)\bigr],\quad g = x_jr_j,\; g' = x_kr_k,

each product over different samples. Averages over all pairs and triples of different samples have these means, for any
law of the inputs and any noise: Lemma 2 read backwards, without the Gaussian. In :math:`u=(x,y)` they are matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from paperlib.arguments import Array, finite_array, listed

FEWEST = 3  # samples of a task: a triple


@dataclass(frozen=True)
class Tasks:
    """Checked tasks: inputs (n_i, r) in axes of the space that they span, and targets (n_i, k).

    `axes` (d, r) are the principal axes of the mean second moment; `places` are those of the tasks among the given.
    """

    X: list[Array]
    y: list[Array]
    axes: Array
    places: list[int]
    given: int


@dataclass(frozen=True)
class Moments:
    """For each of T tasks, unbiased: what the loss after a step is made of.

    `loss` (4, T, r+k, r+k): those of :math:`r^2`, :math:`rx^\\top g`, of the triple and of the pair. `weighted`
    (2, T, r+k, r+k): the first times hardness and its square. `squares` (T,): :math:`\\operatorname{tr}\\Sigma^2`.
    `residuals` (T,) and `free` (T,): squares left by the task's own fit, over outputs, and degrees of freedom.
    """

    loss: Array
    weighted: Array
    squares: Array
    residuals: Array
    free: Array
    rank: int

    @property
    def tasks(self) -> int:
        """Number of tasks T."""
        return int(self.loss.shape[1])


def checked(tasks: Iterable[Any]) -> Tasks:
    """Return the tasks that have three samples or more, or raise a ValueError that says what is wrong with which."""
    if isinstance(tasks, Mapping):
        raise ValueError("tasks must be a sequence of pairs (X, y); got a mapping: list(tasks.values()) makes it one")
    pairs = [_pair(place, task) for place, task in enumerate(listed("tasks", tasks))]
    if len(pairs) < 2:
        raise ValueError(f"tasks must be at least two, each a pair (X, y); got {len(pairs)}")
    (dim, outputs), first = (pairs[0][0].shape[1], pairs[0][1].shape[1]), pairs[0]
    for place, (X, y) in enumerate(pairs):
        if (X.shape[1], y.shape[1]) != (dim, outputs):
            raise ValueError(
                f"tasks must all have {dim} features and {outputs} target{'s' * (outputs > 1)} like the first, "
                f"{first[0].shape}; task {place} has {X.shape[1]} and {y.shape[1]}"
            )
    places = [place for place, (X, _) in enumerate(pairs) if len(X) >= FEWEST]
    if len(places) < 2:
        raise ValueError(
            f"tasks must hold at least two of {FEWEST} samples or more, which the moments of a step need; "
            f"the largest have {sorted(len(X) for X, _ in pairs)[-2:]}"
        )
    if not any(y.any() for _, y in pairs):
        raise ValueError("tasks must have targets that are not all zero")
    second = np.mean([X.T @ X / len(X) for X in (pairs[place][0] for place in places)], axis=0)
    values, vectors = np.linalg.eigh(second)
    kept = values > 1e-10 * max(values[-1], 0.0)
    if not kept.any():
        raise ValueError("tasks must have features that are not all zero")
    if all(_same(pairs[places[0]], pairs[place]) for place in places):
        raise ValueError("tasks must differ; all of them hold the same samples")
    axes = vectors[:, kept][:, ::-1]
    return Tasks(
        [pairs[place][0] @ axes for place in places], [pairs[place][1] for place in places], axes, places, len(pairs)
    )


def measure(tasks: Tasks) -> Moments:
    """Return the moments of tasks."""
    parts = [_moments(X, y) for X, y in zip(tasks.X, tasks.y, strict=True)]
    loss, weighted, squares, residuals, free = zip(*parts, strict=True)
    return Moments(
        np.stack(loss, axis=1),
        np.stack(weighted, axis=1),
        np.array(squares),
        np.array(residuals),
        np.array(free, dtype=np.float64),
        tasks.axes.shape[1],
    )


def directions(X: Array, r: Array) -> tuple[Array, Array, Array, Array]:
    r"""Return for one task with residuals r (n, k) what a rate :math:`p_l` for each axis is judged by.

    The means of :math:`g_lg'_l` (d,), of :math:`x_lx_{l'}g_lg'_{l'}` for a triple and for a pair, (d, d), and the
    squares of the entries of the covariance, (d, d).
    """
    n, second = len(X), X.T @ X
    linear, triple, pair = np.zeros(X.shape[1]), np.zeros_like(second), np.zeros_like(second)
    for residual in r.T:
        g = X * residual[:, None]
        total, outer = g.sum(axis=0), g.T @ g
        own = (X * g).T @ (X * g)
        shared = (X * g).T @ X * total
        linear += (total**2 - (g**2).sum(axis=0)) / (n * (n - 1))
        triple += (second * (np.outer(total, total) - outer) - shared - shared.T + 2.0 * own) / (n * (n - 1) * (n - 2))
        pair += (second * outer - own) / (n * (n - 1))
    return linear, triple, pair, (second**2 - (X**2).T @ X**2) / (n * (n - 1))


def _moments(X: Array, y: Array) -> tuple[Array, Array, float, float, int]:
    n, dim = X.shape
    u, second = np.hstack([X, y]), X.T @ X
    size, reach = (X**2).sum(axis=1), ((X @ second) * X).sum(axis=1)

    def diagonal(weights: Array) -> Array:
        return np.asarray((u * weights[:, None]).T @ u)

    across = u.T @ X
    end = (u * size[:, None]).T @ X @ across.T
    pairs, triples = n * (n - 1), n * (n - 1) * (n - 2)
    loss = [
        diagonal(np.ones(n)) / n,
        (across @ across.T - diagonal(size)) / pairs,
        (across @ second @ across.T - end - end.T - diagonal(reach) + 2.0 * diagonal(size**2)) / triples,
        diagonal(reach - size**2) / pairs,
    ]
    others = size.sum() - size
    weighted = [
        diagonal(others / dim) / pairs,
        diagonal((others**2 - ((size**2).sum() - size**2)) / dim**2) / triples,
    ]
    fitted, _, rank, _ = np.linalg.lstsq(X, y, rcond=None)
    left = float(((y - X @ fitted) ** 2).sum()) if n > rank else 0.0
    return np.stack(loss), np.stack(weighted), float((reach - size**2).sum() / pairs), left, n - int(rank)


def _pair(place: int, task: Any) -> tuple[Array, Array]:
    if isinstance(task, (Mapping, str, bytes)):
        raise ValueError(f"tasks must be pairs (X, y); task {place} is a {type(task).__name__}: {str(task)[:40]}")
    parts = listed(f"tasks[{place}]", task)
    if len(parts) != 2:
        raise ValueError(f"tasks must be pairs (X, y); task {place} has {len(parts)} parts")
    X, y = finite_array(f"X of task {place}", parts[0], 2), _targets(place, parts[1])
    if 0 in X.shape or len(y) != len(X):
        raise ValueError(f"task {place} must have one target for each of its samples; got {len(X)} rows and {len(y)}")
    if len(X) < 2:
        raise ValueError(f"task {place} must have at least 2 samples; got {len(X)}")
    return X, y


def _same(one: tuple[Array, Array], other: tuple[Array, Array]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _targets(place: int, value: Any) -> Array:
    kind = _kind(value)
    if kind in "SU" or (kind == "b" and np.ndim(value) < 2):
        raise ValueError(f"y of task {place} must be numbers; class labels need a one-hot column each, (n, classes)")
    y = finite_array(f"y of task {place}", value)
    different = np.unique(y).size
    if kind in "iu" and (y.ndim == 1 or y.shape[1:] == (1,)) and different <= min(20, max(2, len(y) // 2)):
        raise ValueError(
            f"y of task {place} looks like class labels ({different} different whole numbers); give one-hot columns, "
            "(n, classes), or floating-point numbers if these are quantities"
        )
    if y.ndim not in (1, 2) or 0 in y.shape[1:]:
        raise ValueError(f"y of task {place} must have shape (n,) or (n, outputs); got {y.shape}")
    return y.reshape(len(y), -1)


def _kind(value: Any) -> str:
    """Return NumPy's letter for what an array or a tensor holds; f for what `finite_array` is to judge."""
    if hasattr(value, "is_floating_point"):
        return "f" if value.is_floating_point() else "i"
    try:
        array = np.asarray(value)
    except (ValueError, RuntimeError):
        return "f"
    return "U" if array.dtype.kind == "O" and any(isinstance(one, str) for one in array.flat) else array.dtype.kind
