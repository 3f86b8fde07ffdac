r"""Stationary points of the ERM and MAML objectives, found to machine precision by a library's solvers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize, root

from paperlib.arguments import Array, finite_array
from paperlib.networks.objectives import erm_gradient, erm_loss, post_adaptation_gradient, post_adaptation_loss

TOLERANCE = 1e-10
"""The largest norm that the gradient may have at a solution."""


def erm_solution(
    activation: str, probabilities: ArrayLike, W_stars: ArrayLike, covariances: ArrayLike, *, start: ArrayLike
) -> Array:
    r"""Return a local minimiser of `erm_loss`: BFGS from `start`, polished until the gradient vanishes.

    Args:
        activation, probabilities, W_stars, covariances: as for `erm_loss`.
        start: (d, M), or (S, d, M) for several starts, of whose minima the lowest is returned.

    Returns:
        (d, M), where the gradient has a norm of at most `TOLERANCE`.

    Raises:
        ValueError: an argument breaks its condition.
        RuntimeError: from no start a minimum was found to this precision.

    Example:
        With a single task, its own neuron:

        >>> erm_solution("softplus", [1.0], [[[0.5]]], [[[1.0]]], start=[[0.0]]).round(10).tolist()
        [[0.5]]
    """

    def loss(W: Array) -> float:
        return float(erm_loss(activation, probabilities, W, W_stars, covariances))

    def gradient(W: Array) -> Array:
        return np.asarray(erm_gradient(activation, probabilities, W, W_stars, covariances))

    return lowest_minimum(loss, gradient, start)


def maml_solution(
    activation: str,
    probabilities: ArrayLike,
    W_stars: ArrayLike,
    covariances: ArrayLike,
    alpha: float,
    *,
    start: ArrayLike,
) -> Array:
    r"""Return a local minimiser of `post_adaptation_loss`, the MAML objective with the full inner gradient.

    Arguments, result and errors as for `erm_solution`.

    Example:
        >>> maml_solution("softplus", [1.0], [[[0.5]]], [[[1.0]]], alpha=1.0, start=[[0.0]]).round(10).tolist()
        [[0.5]]
    """

    def loss(W: Array) -> float:
        return float(post_adaptation_loss(activation, probabilities, W, W_stars, covariances, alpha))

    def gradient(W: Array) -> Array:
        return np.asarray(post_adaptation_gradient(activation, probabilities, W, W_stars, covariances, alpha))

    return lowest_minimum(loss, gradient, start)


def lowest_minimum(loss: Callable[[Array], float], gradient: Callable[[Array], Array], start: ArrayLike) -> Array:
    """Return the lowest of the minima that are reached from one start (d, M), or from several (S, d, M).

    BFGS comes close; Powell's hybrid method then solves for a vanishing gradient. A point that the polish has carried
    to a higher loss, to a saddle say, does not count.

    Raises:
        ValueError: start is not finite, or has another number of axes.
        RuntimeError: no start leads to a gradient norm of at most `TOLERANCE`.

    Example:
        >>> lowest_minimum(lambda W: float(((W - 1) ** 2).sum()), lambda W: 2 * (W - 1), [[3.0]]).tolist()
        [[1.0]]
    """
    starts = finite_array("start", start)
    if starts.ndim not in (2, 3):
        raise ValueError(f"start must have shape (d, M) or (S, d, M); got {starts.shape}")
    shape = starts.shape[-2:]
    found: list[tuple[float, Array]] = []
    norms: list[float] = []
    for first in starts.reshape(-1, shape[0] * shape[1]):
        near = minimize(lambda w: loss(w.reshape(shape)), first, jac=lambda w: gradient(w.reshape(shape)).ravel())
        exact = root(lambda w: gradient(w.reshape(shape)).ravel(), near.x, tol=1e-14)
        point = exact.x.reshape(shape)
        norms.append(float(np.linalg.norm(gradient(point))))
        value = loss(point)
        if norms[-1] <= TOLERANCE and value <= near.fun + 1e-9 * (1.0 + abs(near.fun)):
            found.append((value, point))
    if not found:
        raise RuntimeError(f"no start leads to a minimum; the smallest norm of a gradient is {min(norms):.1e}")
    return min(found, key=lambda pair: pair[0])[1]
