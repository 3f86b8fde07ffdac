r"""Minima of the ERM and MAML objectives, found to machine precision."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, finite_array, real_number
from paperlib.minima import lowest_minimum
from paperlib.networks.evaluation import neuron_matrix
from paperlib.networks.objectives import Tasks, post_adaptation_gradient, post_adaptation_risk

TINY = 1e-100
"""Entries of a start below this are zero: their squares are no numbers of full precision."""


def erm_solution(activation: str, tasks: Tasks, starts: ArrayLike | None = None) -> Array:
    r"""Return the lowest local minimum of the average loss before adaptation: `maml_solution` at alpha = 0.

    Args:
        activation, tasks, starts: as for `maml_solution`.

    Returns:
        (d, M), where the gradient has a norm of at most 1e-10.

    Raises:
        ValueError: as `maml_solution`.

    Example:
        From the left a ReLU network comes to the kink at zero, and goes on:

        >>> tasks = Tasks([1.0], W_stars=[[[1.0]]], covariances=[[[1.0]]])
        >>> erm_solution("relu", tasks, starts=[[-1.0]]).round(10).tolist()
        [[1.0]]
    """
    return maml_solution(activation, tasks, 0.0, starts)


def maml_solution(activation: str, tasks: Tasks, alpha: float, starts: ArrayLike | None = None) -> Array:
    r"""Return the lowest local minimum of `post_adaptation_risk`, :math:`F_\infty`, that descents lead to.

    :math:`F_\infty` need not be convex, and no search of it is a proof; but what is returned is a minimum and no other
    stationary point (see `paperlib.minima`).

    Args:
        activation, tasks: as for `post_adaptation_risk`.
        alpha: inner learning rate, not negative; 0 is no step.
        starts: (d, M) or (S, d, M), where descents begin: left out, at the neurons of the tasks and at their mean. For
            a ReLU network that takes a step no column may be zero (entries below 1e-100): there the Hessian in the
            gradient of the objective does not exist.

    Returns:
        (d, M), where the gradient has a norm of at most 1e-10.

    Raises:
        ValueError: an argument breaks its condition, or no start leads to a minimum.

    Example:
        With a single task, its own neuron:

        >>> maml_solution("softplus", Tasks([1.0], [[[0.5]]], [[[1.0]]]), alpha=1.0, starts=[[0.0]]).round(10).tolist()
        [[0.5]]
    """
    rate = real_number("alpha", alpha, at_least=0.0)
    if starts is None:
        aims = neuron_matrix("W_stars", tasks.W_stars).detach().cpu().numpy()
        starts = np.concatenate([aims, aims.mean(axis=0, keepdims=True)])
    places = finite_array("starts", starts)
    if places.ndim not in (2, 3):
        raise ValueError(f"starts must have shape (d, M) or (S, d, M); got {places.shape}")
    places = np.where(np.abs(places) < TINY, 0.0, places)
    if activation == "relu" and rate > 0 and (places == 0.0).all(axis=-2).any():
        raise ValueError("starts must have no zero column where a ReLU network takes a step; got one")
    shape = places.shape[-2:]

    def objective(w: Array) -> tuple[float, Array]:
        W = w.reshape(shape)
        gradient = post_adaptation_gradient(activation, tasks, W, rate)
        return float(post_adaptation_risk(activation, tasks, W, rate)), gradient.ravel()

    unit = math.sqrt(np.mean(np.trace(tasks.covariances, axis1=-2, axis2=-1)) / shape[0])
    return lowest_minimum(objective, places.reshape(-1, math.prod(shape)), unit).reshape(shape)
