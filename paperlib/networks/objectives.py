r"""Finitely many tasks of Section 4, their ERM and MAML objectives over the whole population, and their minimisers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from paperlib.arguments import Array, distribution, finite_array, real_number, symmetric_matrices
from paperlib.minima import lowest_minimum
from paperlib.networks.evaluation import like, neuron_matrix
from paperlib.networks.population import population_gradient, population_hessian, population_loss

TINY = 1e-100
"""Entries of a start below this are zero: their squares are no numbers of full precision."""


@dataclass(frozen=True, eq=False)
class Tasks:
    r"""A finite mixture of tasks (Section 4): inputs :math:`x\sim N(0,\Sigma_g)`, labels of the network :math:`W_{*g}`.

    Args:
        probabilities: (G,), positive, sum to one.
        W_stars: (G, d, K), the neurons that make the labels of each task; a tensor stays one, on its device.
        covariances: (G, d, d), symmetric positive definite covariances of the inputs.

    Raises:
        ValueError: an argument breaks one of these conditions.

    Example:
        A hard task and an easy one, of one neuron each:

        >>> tasks = Tasks([0.5, 0.5], W_stars=[[[1.0]], [[-1.0]]], covariances=[[[0.5]], [[1.0]]])
        >>> [(p, sigma.item()) for p, _, sigma in tasks]
        [(0.5, 0.5), (0.5, 1.0)]
    """

    probabilities: Array
    W_stars: Array | Tensor
    covariances: Array

    def __post_init__(self) -> None:
        probabilities = distribution("probabilities", self.probabilities)
        aims, sigmas = neuron_matrix("W_stars", self.W_stars), symmetric_matrices("covariances", self.covariances, 3)
        count = probabilities.size
        for name, array in (("W_stars", aims), ("covariances", sigmas)):
            if len(array) != count or array.ndim != 3:
                shape = tuple(array.shape)
                raise ValueError(f"{name} must hold one matrix for each of {count} tasks; got shape {shape}")
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "W_stars", aims if isinstance(self.W_stars, Tensor) else aims.numpy())
        object.__setattr__(self, "covariances", sigmas)

    @property
    def dim(self) -> int:
        """Dimension d of the inputs."""
        return len(self.covariances[0])

    def __iter__(self) -> Iterator[tuple[float, Array | Tensor, Array]]:
        """Yield probability, neurons (d, K) and covariance (d, d) of each task."""
        return zip(self.probabilities.tolist(), self.W_stars, self.covariances, strict=True)


def post_adaptation_risk(
    activation: str, tasks: Tasks, W: ArrayLike | Tensor, alpha: float, *, order: int | None = None
) -> Any:
    r"""Return the MAML objective with the full inner gradient.

    .. math:: F_\infty(W)=\sum_gp_g\,f_g\bigl(W-\alpha\nabla f_g(W)\bigr)

    Eq. (1) with :math:`m=\infty`; Eq. (30) for two equally likely tasks.

    Args:
        activation: "relu", "softplus", "sigmoid" or "tanh".
        tasks: the tasks.
        W: (..., d, M), columns are neurons.
        alpha: inner learning rate, not negative; 0 is no step, and gives the limit of the ERM objective, Eq. (3).
        order: Gauss–Hermite nodes; see `population_loss`.

    Returns:
        (...), a tensor on the device of W if W is a tensor, else NumPy.

    Raises:
        ValueError: alpha < 0, or another argument breaks its condition.

    Example:
        One neuron, where it is positive, is learned by one step of size 2: the Hessian of ½E[relu(wx)²] is ½.

        >>> tasks = Tasks([1.0], W_stars=[[[0.5]]], covariances=[[[1.0]]])
        >>> [float(post_adaptation_risk("relu", tasks, [[1.0]], alpha)) for alpha in (0.0, 2.0)]
        [0.0625, 0.0]
    """
    rate, start = real_number("alpha", alpha, at_least=0.0), neuron_matrix("W", W)
    risk = start.new_zeros(())
    for p, aim, sigma in tasks:
        adapted = start
        if rate > 0.0:
            adapted = start - rate * population_gradient(activation, start, aim, sigma, order=order)
        risk = risk + p * population_loss(activation, adapted, aim, sigma, order=order)
    return like(W, risk)


def post_adaptation_loss(
    activation: str,
    probabilities: ArrayLike,
    W: ArrayLike | Tensor,
    W_stars: ArrayLike | Tensor,
    covariances: ArrayLike,
    alpha: float,
    *,
    order: int | None = None,
) -> Any:
    r"""Return `post_adaptation_risk` of tasks that are spelled out, Eq. (30).

    Args:
        activation, W, alpha, order: as for `post_adaptation_risk`.
        probabilities: (G,), as for `Tasks`.
        W_stars: (G, d, K), as for `Tasks`.
        covariances: (G, d, d), as for `Tasks`.

    Returns:
        (...).

    Raises:
        ValueError: as `Tasks` and `post_adaptation_risk`.

    Example:
        >>> float(post_adaptation_loss("relu", [1.0], [[1.0]], [[[0.5]]], [[[1.0]]], alpha=2.0))
        0.0
    """
    tasks = Tasks(probabilities, W_stars, covariances)  # type: ignore[arg-type]
    return post_adaptation_risk(activation, tasks, W, alpha, order=order)


def post_adaptation_gradient(
    activation: str, tasks: Tasks, W: ArrayLike | Tensor, alpha: float, *, order: int | None = None
) -> Any:
    r"""Return the gradient of `post_adaptation_risk`.

    .. math:: \nabla F_\infty(W)=\sum_gp_g\bigl(I-\alpha\nabla^2f_g(W)\bigr)\nabla f_g\bigl(W-\alpha\nabla f_g(W)\bigr)

    Args:
        activation, tasks, W, alpha, order: as for `post_adaptation_risk`.

    Returns:
        (..., d, M).

    Raises:
        ValueError: as `post_adaptation_risk`; and, where a step is taken, for a ReLU network with a zero column.

    Example:
        >>> tasks = Tasks([1.0], W_stars=[[[0.5]]], covariances=[[[1.0]]])
        >>> [post_adaptation_gradient("relu", tasks, [[1.0]], alpha).tolist() for alpha in (0.0, 2.0)]
        [[[0.25]], [[0.0]]]
    """
    rate, start = real_number("alpha", alpha, at_least=0.0), neuron_matrix("W", W)
    total = start.new_zeros(())
    for p, aim, sigma in tasks:
        gradient = population_gradient(activation, start, aim, sigma, order=order)
        if rate > 0.0:  # else no Hessian, which a ReLU neuron at the origin does not have
            outer = population_gradient(activation, start - rate * gradient, aim, sigma, order=order)
            column = outer.reshape(*outer.shape[:-2], -1, 1)
            back = population_hessian(activation, start, aim, sigma, order=order) @ column
            gradient = outer - rate * back.reshape(outer.shape)
        total = total + p * gradient
    return like(W, total)


def erm_solution(activation: str, tasks: Tasks, starts: ArrayLike | None = None) -> Array:
    r"""Return the lowest local minimum of the limit of the ERM objective, Eq. (3): `maml_solution` at alpha = 0.

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
