r"""What a sample of tasks says without bias of the loss after a step: moments over different samples of a task.

With the residual :math:`r=y-\langle x,w\rangle` the step on m samples is :math:`w+\tfrac\alpha m\sum_jx_jr_j`, and the
loss after it, on another sample,

.. math:: F_m(w) = \tfrac12E\bigl[r^2 - 2\alpha\,r x^\top g + \alpha^2\bigl((1-\tfrac1m)\,g^\top xx^\top g'
          + \tfrac1m(x^\top g)^2\bigr)\bigr],\quad g = x_jr_j,\; g' = x_kr_k,

each product over different samples. Averages over all pairs and triples of different samples have these means, for any
law of the inputs and any noise: Lemma 2 read backwards, without the Gaussian. In :math:`u=(x,y)` they are matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from paperlib.arguments import LARGEST, Array, finite_array, listed
from paperlib.environments import Groups

FEWEST = 3  # samples of a task: a triple
FREE = 3  # samples more than dimensions, from which on a task's own least squares are used
Name = str | int
PARTS = {"erm": slice(2, 3), "weighted": slice(0, 3), "maml": slice(2, 6)}  # of moments, of each learner's weights
MOST = 2**20  # numbers in the stacks of tasks of one size that are computed with at once


@dataclass(frozen=True)
class Tasks:
    """Checked tasks: inputs (n_i, r) in axes of the space that they span, and targets (n_i, k).

    `axes` (d, r) are the principal axes of the mean second moment; `names` are those of the tasks, `left_out` those of
    those too small: keys of a mapping as text, or places in a sequence, from 0; `features` so, by a table's columns.
    """

    X: list[Array]
    y: list[Array]
    axes: Array
    names: list[Name]
    left_out: list[Name]
    features: Sequence[Name] = ()

    @cached_property
    def stacks(self) -> list[tuple[Groups, Array, Array]]:
        """Tasks of one size stacked, (t, n, r) and (t, n, k), each stack with the places of its tasks, (t,)."""
        sizes, found = np.array([len(X) for X in self.X]), []
        width = self.X[0].shape[1] + self.y[0].shape[1]
        for size in np.unique(sizes):
            places = np.flatnonzero(sizes == size)
            for part in np.array_split(places, -(-places.size * size * width // MOST)):
                found.append((part, np.stack([self.X[i] for i in part]), np.stack([self.y[i] for i in part])))
        return found

    def each(self, numbers: Callable[[Array, Array], Sequence[Array]]) -> list[Array]:
        """Return what a function of stacks (t, n, r) and (t, n, k) gives for each task, (T, ...) each."""
        parts = [numbers(X, y) for _, X, y in self.stacks]
        order = np.argsort(np.concatenate([places for places, _, _ in self.stacks]))
        return [np.concatenate(part)[order] for part in zip(*parts, strict=True)]

    @cached_property
    def fits(self) -> list[Array]:
        """Squares left, degrees of freedom, optima, (T, r k), NaN where samples are few, and their variances, too."""
        return self.each(_fits)


@dataclass(frozen=True)
class Moments:
    """For each of T tasks, unbiased: what the loss after a step is made of.

    `parts` (6, T, r+k, r+k): the moments of :math:`r^2` times the square of hardness, and times hardness; then those
    of the loss, of :math:`r^2`, :math:`rx^\\top g`, of the triple and of the pair. `squares` (T,):
    :math:`\\operatorname{tr}\\Sigma^2`. `residuals` (T,) and `free` (T,): squares left by the task's own fit, over
    outputs, and degrees of freedom.
    """

    parts: Array
    squares: Array
    residuals: Array
    free: Array
    rank: int

    @property
    def tasks(self) -> int:
        """Number of tasks T."""
        return int(self.parts.shape[1])

    @cached_property
    def gradients(self) -> dict[str, Array]:
        """What gives minus a learner's gradients at a start, less their mean, the tasks last: (K (r+k) + r, r T)."""
        across, more = self.parts[:, :, : self.rank].transpose(0, 3, 2, 1), np.eye(self.rank).repeat(self.tasks, 1)
        return {name: np.concatenate([across[of].reshape(-1, more.shape[1]), more]) for name, of in PARTS.items()}


def checked(tasks: Iterable[Any]) -> Tasks:
    """Return the tasks that have three samples or more, or raise a ValueError that says what is wrong with which."""
    given = listed("tasks", tasks.values() if isinstance(tasks, Mapping) else tasks)
    names: list[Name] = [*map(str, tasks)] if isinstance(tasks, Mapping) else [*range(len(given))]
    if len(set(names)) < len(names):
        raise ValueError(f"tasks must have keys that differ as text; got {names[:8]}")
    sound = _plain(given) or [_pair(name, task) for name, task in zip(names, given, strict=True)]
    pairs, heads = [(X, y) for X, y, _ in sound], [head for _, _, head in sound if head]
    if any(head != heads[0] for head in heads):
        raise ValueError(f"tasks must have the same columns in the same order; got {heads[0]} and others")
    if len(pairs) < 2:
        raise ValueError(f"tasks must be at least two, each a pair (X, y); got {len(pairs)}")
    first, (dim, outputs) = pairs[0][0].shape, (part.shape[1] for part in pairs[0])
    for name, (X, y) in zip(names, pairs, strict=True):
        if (X.shape[1], y.shape[1]) != (dim, outputs):
            raise ValueError(
                f"tasks must all have {dim} features and {outputs} target{'s' * (outputs > 1)} like the first, "
                f"{first}; task {name} has {X.shape[1]} and {y.shape[1]}"
            )
    large = [(name, X, y) for name, (X, y) in zip(names, pairs, strict=True) if len(X) >= FEWEST]
    if len(large) < 2:
        raise ValueError(
            f"tasks must hold at least two of {FEWEST} samples or more, which the moments of a step need; "
            f"the largest have {sorted(len(X) for X, _ in pairs)[-2:]}"
        )
    size = f"of a size from {1.0 / LARGEST:g} to {LARGEST:g}"
    for kind, part in (("features", 0), ("targets", 1)):
        largest = float(np.abs(np.concatenate([pair[part] for pair in pairs])).max())
        if largest < 1.0 / LARGEST:
            raise ValueError(f"tasks must have {kind} that are not all zero, {size}; the largest is {largest:g}")
    left_out = [name for name, (X, _) in zip(names, pairs, strict=True) if len(X) < FEWEST]
    used, head = [name for name, *_ in large], heads[0] if heads else getattr(tasks, "features", range(dim))
    found = Tasks([X for _, X, _ in large], [y for *_, y in large], np.eye(dim), used, left_out, [*head])
    values, vectors = np.linalg.eigh(found.each(lambda X, y: (product(X, X) / X.shape[1],))[0].mean(axis=0))
    kept = values > 1e-10 * max(values[-1], 0.0)
    if not kept.any():
        raise ValueError(f"tasks of {FEWEST} samples or more must have features that are not all zero")
    if all(np.array_equal(X, large[0][1]) and np.array_equal(y, large[0][2]) for _, X, y in large):
        raise ValueError("tasks must differ; all of them hold the same samples")
    axes = vectors[:, kept][:, ::-1]
    return replace(found, X=[X @ axes for X in found.X], axes=axes)


def measure(tasks: Tasks) -> Moments:
    """Return the moments of tasks."""
    parts, squares, residuals, free = tasks.each(_moments)
    return Moments(parts.swapaxes(0, 1).copy(), squares, residuals, free, tasks.axes.shape[1])


def span(X: Array) -> Array:
    """Return orthonormal bases of the columns of matrices (t, n, d): zero where they depend on others, (t, n, d)."""
    basis, values, _ = np.linalg.svd(X, full_matrices=False)
    kept = values > max(X.shape[1:]) * np.finfo(np.float64).eps * values[:, :1]
    return np.asarray(basis * kept[:, None, :])


def product(one: Array, other: Array) -> Array:
    """Return the sums over samples of products, of stacks (t, n, p) and (t, n, q): (t, p, q)."""
    return np.asarray(one.swapaxes(1, 2) @ other)


def _moments(X: Array, y: Array) -> tuple[Array, Array, Array, Array]:
    (n, dim), second = X.shape[1:], product(X, X)
    u, size, reach = np.concatenate([X, y], axis=2), (X**2).sum(axis=2), ((X @ second) * X).sum(axis=2)

    def diagonal(weights: Array) -> Array:
        return product(u * weights[:, :, None], u)

    across = product(u, X)
    end = product(u * size[:, :, None], X) @ across.swapaxes(1, 2)
    pairs, triples = n * (n - 1), n * (n - 1) * (n - 2)
    ends = end + end.swapaxes(1, 2)
    loss = [
        product(u, u) / n,
        (across @ across.swapaxes(1, 2) - diagonal(size)) / pairs,
        (across @ second @ across.swapaxes(1, 2) - ends - diagonal(reach) + 2.0 * diagonal(size**2)) / triples,
        diagonal(reach - size**2) / pairs,
    ]
    others = size.sum(axis=1, keepdims=True) - size
    squares = (size**2).sum(axis=1, keepdims=True) - size**2
    weighted = [diagonal((others**2 - squares) / dim**2) / triples, diagonal(others / dim) / pairs]
    basis = span(X)
    free = n - basis.any(axis=1).sum(axis=1)
    left = np.where(free > 0, ((y - basis @ product(basis, y)) ** 2).sum(axis=(1, 2)), 0.0)
    return np.stack([*weighted, *loss], axis=1), (reach - size**2).sum(axis=1) / pairs, left, free.astype(np.float64)


def _fits(X: Array, y: Array) -> tuple[Array, Array, Array, Array]:
    (count, n, dim), outputs = X.shape, y.shape[2]
    left, values, right = np.linalg.svd(X, full_matrices=False)
    kept = values > max(n, dim) * np.finfo(np.float64).eps * values[:, :1]
    shares = np.divide(1.0, values, out=np.zeros_like(values), where=kept)[:, :, None]
    inverse = right.swapaxes(1, 2) @ (shares * left.swapaxes(1, 2))
    fitted = inverse @ y if n >= dim + FREE else np.full((count, dim, outputs), np.nan)
    unique = kept.all(axis=1) & (n >= dim + FREE)
    squares = np.where(unique, ((y - X @ fitted) ** 2).sum(axis=(1, 2)), 0.0)
    variance = np.where(unique, (inverse**2).sum(axis=(1, 2)), np.nan)
    return squares, np.where(unique, float(n - dim), 0.0), fitted.reshape(count, -1), variance


def _plain(given: list[Any]) -> list[tuple[Array, Array, list[str]]]:
    """Return what `_pair` does of all tasks, if one look tells that nothing is wrong with any; else none."""
    pairs = [task for task in given if type(task) is tuple and [*map(type, task)] == [np.ndarray, np.ndarray]]
    right = [X.ndim == 2 and y.ndim in (1, 2) and len(X) == len(y) >= 1 for X, y in pairs]
    parts = [part.ravel() for task in pairs for part in task if part.dtype == np.float64 and part.size]
    sound = all(right) and len(parts) == 2 * len(given) > 0 and np.abs(np.concatenate(parts)).max() <= LARGEST
    return [(X, y.reshape(len(y), -1).copy(), []) for X, y in given] if sound else []


def _pair(name: Name, task: Any) -> tuple[Array, Array, list[str]]:
    if isinstance(task, (Mapping, str, bytes)):
        raise ValueError(f"tasks must be pairs (X, y); task {name} is a {type(task).__name__}: {str(task)[:40]}")
    parts = listed(f"tasks[{name}]", task)
    if len(parts) != 2:
        hint = "; zip(X, y) makes pairs of two stacks" if getattr(task, "ndim", 0) == 3 else ""
        raise ValueError(f"tasks must be pairs (X, y); task {name} has {len(parts)} parts{hint}")
    X = finite_array(f"X of task {name}", parts[0], 2, largest=LARGEST)
    if len(X) == 0:
        raise ValueError(f"task {name} must have at least one sample; got none")
    if X.shape[1] == 0:
        raise ValueError(f"X of task {name} must have at least one feature; got shape {X.shape}")
    y = _targets(name, parts[1])
    if len(y) != len(X):
        raise ValueError(f"task {name} must have one target for each of its samples; got {len(X)} rows and {len(y)}")
    return X, y, [str(name) for name in getattr(parts[0], "columns", ())]


def _targets(name: Name, value: Any) -> Array:
    kind = _kind(value)
    if kind in "SU" or (kind == "b" and np.ndim(value) < 2):
        raise ValueError(f"y of task {name} must be numbers; class labels need a one-hot column each, (n, classes)")
    y = finite_array(f"y of task {name}", value, largest=LARGEST)
    different = np.unique(y).size
    one = y.ndim == 1 or y.shape[1:] == (1,)  # of a task that is left out nothing is told
    if kind in "iu" and one and len(y) >= FEWEST and different <= min(20, max(2, len(y) // 2)):
        raise ValueError(
            f"y of task {name} looks like class labels ({different} different whole numbers); give one-hot columns, "
            "(n, classes), or floating-point numbers if these are quantities, in a table 3.0 for 3"
        )
    if y.ndim not in (1, 2) or 0 in y.shape:
        raise ValueError(f"y of task {name} must have shape (n,) or (n, outputs); got {y.shape}")
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
