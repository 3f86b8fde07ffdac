r"""Minima of the ERM and MAML objectives, found to machine precision."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, finite_array, real_number, symmetric_matrices
from paperlib.minima import NoMinimum, minimum
from paperlib.networks.objectives import erm_gradient, erm_loss, post_adaptation_gradient, post_adaptation_loss

TINY = 1e-100
"""Entries of a start below this are zero: their squares are no numbers of full precision."""


def erm_solution(
    activation: str, probabilities: ArrayLike, W_stars: ArrayLike, covariances: ArrayLike, *, start: ArrayLike
) -> Array:
    r"""Return a local minimiser of `erm_loss`; see `lowest_minimum`.

    Args:
        activation, probabilities, W_stars, covariances: as for `erm_loss`.
        start: (d, M), or (S, d, M) for several starts, of whose minima the lowest is returned.

    Returns:
        (d, M), where the gradient has a norm of at most 1e-10.

    Raises:
        ValueError: an argument breaks its condition.
        RuntimeError: no start leads to a minimum.

    Example:
        With a single task, its own neuron. From the left a ReLU network comes to the kink at zero, and goes on:

        >>> erm_solution("softplus", [1.0], [[[0.5]]], [[[1.0]]], start=[[0.0]]).round(10).tolist()
        [[0.5]]
        >>> erm_solution("relu", [1.0], [[[1.0]]], [[[1.0]]], start=[[-1.0]]).round(10).tolist()
        [[1.0]]
    """

    def loss(W: Array) -> float:
        return float(erm_loss(activation, probabilities, W, W_stars, covariances))

    def gradient(W: Array) -> Array:
        return np.asarray(erm_gradient(activation, probabilities, W, W_stars, covariances))

    return _lowest(loss, gradient, start, _unit(covariances))


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

    Arguments, result and errors as for `erm_solution`, which it is at alpha = 0; and for ReLU no column of the start
    may be zero (entries below 1e-100), where the Hessian in the gradient of the objective does not exist.

    Example:
        >>> maml_solution("softplus", [1.0], [[[0.5]]], [[[1.0]]], alpha=1.0, start=[[0.0]]).round(10).tolist()
        [[0.5]]
    """

    starts = finite_array("start", start)
    stepping = real_number("alpha", alpha, at_least=0.0) > 0
    if activation == "relu" and stepping and starts.ndim > 1 and (np.abs(starts) < TINY).all(axis=-2).any():
        raise ValueError("start must have no zero column where a ReLU network takes a step; got one")

    def loss(W: Array) -> float:
        return float(post_adaptation_loss(activation, probabilities, W, W_stars, covariances, alpha))

    def gradient(W: Array) -> Array:
        return np.asarray(post_adaptation_gradient(activation, probabilities, W, W_stars, covariances, alpha))

    return _lowest(loss, gradient, start, _unit(covariances))


def lowest_minimum(loss: Callable[[Array], float], gradient: Callable[[Array], Array], start: ArrayLike) -> Array:
    """Return the lowest of the minima that are reached from one start (d, M), or from several (S, d, M).

    Each is looked at from all sides (see `paperlib.minima`): a maximum, a saddle or a kink beside which the loss is
    lower is left, also where it is the start.

    Raises:
        ValueError: start is not finite, or has another number of axes.
        RuntimeError: no start leads to a minimum; the message says where the descents ended.

    Example:
        >>> lowest_minimum(lambda W: float(((W - 1) ** 2).sum()), lambda W: 2 * (W - 1), [[3.0]]).tolist()
        [[1.0]]
    """
    return _lowest(loss, gradient, start, 1.0)


def _lowest(loss: Callable[[Array], float], gradient: Callable[[Array], Array], start: ArrayLike, unit: float) -> Array:
    starts = finite_array("start", start)
    starts = np.where(np.abs(starts) < TINY, 0.0, starts)
    if starts.ndim not in (2, 3):
        raise ValueError(f"start must have shape (d, M) or (S, d, M); got {starts.shape}")
    shape = starts.shape[-2:]

    def objective(w: Array) -> tuple[float, Array]:
        return loss(w.reshape(shape)), gradient(w.reshape(shape)).ravel()

    found: list[tuple[float, Array]] = []
    failed: list[NoMinimum] = []
    for first in starts.reshape(-1, shape[0] * shape[1]):
        try:
            found.append(minimum(objective, first, unit))
        except NoMinimum as error:
            failed.append(error)
    if not found:
        best = min(failed, key=lambda error: error.gradient)
        raise RuntimeError(
            f"no start leads to a minimum; the smallest norm of a gradient is {best.gradient:.1e}: {best}"
        )
    return min(found, key=lambda pair: pair[0])[1].reshape(shape)


def _unit(covariances: ArrayLike) -> float:
    """Return the root of the mean variance of the inputs."""
    sigmas = symmetric_matrices("covariances", covariances, 3)
    return math.sqrt(np.mean(np.trace(sigmas, axis1=-2, axis2=-1)) / sigmas.shape[-1])
