r"""Minima of a function that comes with its gradient: what is called one has been looked at from all sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize, root

from paperlib.arguments import Array

Function = Callable[[Array], tuple[float, Array]]

TOLERANCE = 1e-10
"""The largest norm that the gradient may have at a minimum. A tenth of it is what values may differ by unnoticed."""
ROUNDS = 20
RADII = (1e-4, 1e-3, 1e-2, 0.1, 0.4)


class NoMinimum(ValueError):
    """A descent that ended in no minimum; `gradient` is the norm that it left."""

    def __init__(self, text: str, gradient: float) -> None:
        super().__init__(text)
        self.gradient = gradient


def minimum(objective: Function, start: Array, unit: float = 1.0) -> tuple[float, Array]:
    """Return the value and the place (n,) of a local minimum: the one that a descent from the start leads to.

    BFGS comes close; Powell's hybrid method then solves for a vanishing gradient. Where that is no minimum but a
    maximum, a saddle or a kink, the descent goes on from a neighbour that is lower. The function may be constant in
    some directions.

    Args:
        objective: returns the value and the gradient (n,) at a point (n,).
        start: (n,).
        unit: lengths in the space of points are of the order of 1/unit.

    Raises:
        NoMinimum: the descent ends where the gradient does not vanish, as at the bottom of a kink or where the
            function falls forever, or finds a lower neighbour of each of 20 stationary points.

    Example:
        >>> value, point = minimum(lambda w: (float(np.cos(w[0])), -np.sin(w)), np.zeros(1))  # from a maximum
        >>> round(value, 12), abs(point).round(12).tolist()
        (-1.0, [3.14159265359])
    """

    def scaled(z: Array) -> tuple[float, Array]:
        value, gradient = objective(z / unit)
        return value, gradient / unit

    point = start * unit
    for _ in range(ROUNDS):
        with np.errstate(all="ignore"):  # of a function that falls forever
            near = _descend(scaled, point)
            point = root(lambda z: scaled(z)[1], near.x, method="hybr", options={"xtol": 1e-14}).x
            value, gradient = scaled(point)
            stationary = max(1.0, unit) * np.linalg.norm(gradient) <= TOLERANCE
            beside = np.linalg.norm(point - near.x) <= 0.1 * (1.0 + np.linalg.norm(near.x))
        if not (stationary and beside) or _below(near.fun, value):
            left = unit * float(np.linalg.norm(near.jac))
            before_a_kink = left <= 100 * TOLERANCE and _bends(scaled, near.x)[1]
            lower = lower_neighbour(scaled, near.x) if before_a_kink else None
            if lower is None:
                raise NoMinimum(f"a descent ends at {near.fun:.6g}, with a gradient of {left:.1e}, at no minimum", left)
            point = lower
            continue
        lower = lower_neighbour(scaled, point)
        if lower is None:
            return float(value), np.asarray(point / unit)
        point = lower
    raise NoMinimum(f"each of {ROUNDS} stationary points has a lower neighbour; the last value is {value:.6g}", 0.0)


def lowest_minimum(objective: Function, starts: Array, unit: float = 1.0) -> Array:
    """Return the place (n,) of the lowest `minimum` that descents from starts (k, n) lead to.

    Args:
        objective, unit: as for `minimum`.
        starts: (k, n).

    Raises:
        NoMinimum: no start leads to a minimum; the message says where the descent came to rest that left least.

    Example:
        >>> lowest_minimum(lambda w: (float((w[0] - 1) ** 2), 2 * (w - 1)), np.array([[3.0]])).tolist()
        [1.0]
    """
    found, failed = [], []
    for start in starts:
        try:
            found.append(minimum(objective, start, unit))
        except NoMinimum as error:
            failed.append(error)
    if not found:
        least = min(failed, key=lambda error: error.gradient)
        raise NoMinimum(
            f"no start leads to a minimum; the smallest norm of a gradient is {least.gradient:.1e}: {least}",
            least.gradient,
        )
    return min(found, key=lambda pair: pair[0])[1]


def lower_neighbour(objective: Function, point: Array) -> Array | None:
    """Return a point beside a stationary one (n,) at which the function is lower, or None at a minimum.

    The eigenvectors of the Hessian, taken from differences of the gradient, are looked along, both ways; the first
    distance at which the value changes decides. Where the Hessian does not tell, because it is singular, or because
    there is a kink and it is another on the other side, descents are begun in these directions and in random ones.
    """
    value, size = objective(point)[0], 1.0 + float(np.linalg.norm(point))
    hessian, kink = _bends(objective, point)
    curvatures, axes = np.linalg.eigh((hessian + hessian.T) / 2)
    flat = axes.T if kink else axes.T[curvatures <= 1e-6 * (1.0 + np.abs(curvatures).max())]
    for direction in np.concatenate([axes.T, -axes.T]):
        neighbour = _first_change(objective, point, value, size * direction)
        if _below(objective(neighbour)[0], value):
            return neighbour
    mixed = np.random.default_rng(0).standard_normal((16 * (len(flat) > 1) * len(flat), len(flat))) @ flat
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    for direction in np.concatenate([flat, -flat, mixed]):
        neighbour = _first_change(objective, point, value, size * direction)
        descent = _descend(objective, neighbour)
        if _below(descent.fun, value):
            return np.asarray(descent.x)
    return None


def _bends(objective: Function, point: Array) -> tuple[Array, bool]:
    """Return the Hessian, from differences of the gradient, and whether it is another on the other side: a kink."""
    size = 1.0 + float(np.linalg.norm(point))
    steps, gradient = 1e-4 * size * np.eye(len(point)), objective(point)[1]
    ahead, behind = (np.array([objective(point + sign * step)[1] for step in steps]) for sign in (1, -1))
    hessian = (ahead - behind) / (2e-4 * size)
    least = 1e-6 * (1.0 + np.abs(np.linalg.eigvalsh((hessian + hessian.T) / 2)).max())
    return hessian, bool(np.abs(ahead + behind - 2 * gradient).max() > least)


def _first_change(objective: Function, point: Array, value: float, direction: Array) -> Array:
    """Return the nearest point looked at in a direction that differs in value; if it is lower, go on while it falls."""
    neighbour, lowest = point, value
    for radius in RADII:
        farther = point + radius * direction
        found = objective(farther)[0]
        if _below(lowest, value) and found >= lowest:
            break
        neighbour, lowest = farther, found
        if _below(value, found):
            break
    return neighbour


def _descend(objective: Function, start: Array) -> Any:
    return minimize(objective, start, jac=True, method="BFGS", options={"gtol": 10 * TOLERANCE})


def _below(one: float, other: float) -> bool:
    return bool(one < other - 0.1 * TOLERANCE * (1.0 + abs(other)))
