r"""The ERM and MAML objectives of finitely many tasks of Section 4, over the whole population of inputs."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from torch import Tensor

from paperlib.arguments import Array, distribution, real_number, symmetric_matrices
from paperlib.networks.evaluation import neuron_matrix
from paperlib.networks.population import population_gradient, population_hessian, population_loss

Task = tuple[float, Tensor, Array]
"""Probability, neurons (d, K) and covariance (d, d) of a task."""


def erm_loss(
    activation: str,
    probabilities: ArrayLike,
    W: ArrayLike | Tensor,
    W_stars: ArrayLike | Tensor,
    covariances: ArrayLike,
    *,
    order: int | None = None,
) -> Any:
    r"""Return the average loss of the tasks before adaptation, :math:`\sum_gp_gf_g(W)`; the limit of Eq. (3).

    Args:
        activation: "relu", "softplus", "sigmoid" or "tanh".
        probabilities: (G,), positive, sum to one.
        W: (..., d, M), columns are neurons.
        W_stars: (G, d, K), the neurons that make the labels of each task.
        covariances: (G, d, d), symmetric positive definite covariances of the inputs.
        order: Gauss–Hermite nodes; see `population_loss`.

    Returns:
        (...), a tensor on the device of W if W is a tensor, else NumPy.

    Raises:
        ValueError: an argument breaks one of these conditions.

    Example:
        >>> tasks = dict(probabilities=[0.5, 0.5], W_stars=[[[0.0]], [[1.0]]], covariances=[[[1.0]], [[2.0]]])
        >>> float(erm_loss("relu", W=[[1.0]], **tasks))
        0.125
    """
    start = neuron_matrix("W", W)
    tasks = finite_tasks(probabilities, W_stars, covariances)
    return _sum(W, [p * population_loss(activation, start, aim, sigma, order=order) for p, aim, sigma in tasks])


def erm_gradient(
    activation: str,
    probabilities: ArrayLike,
    W: ArrayLike | Tensor,
    W_stars: ArrayLike | Tensor,
    covariances: ArrayLike,
    *,
    order: int | None = None,
) -> Any:
    r"""Return the gradient of `erm_loss`, (..., d, M); arguments and errors as there."""
    start = neuron_matrix("W", W)
    tasks = finite_tasks(probabilities, W_stars, covariances)
    return _sum(W, [p * population_gradient(activation, start, aim, sigma, order=order) for p, aim, sigma in tasks])


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
    r"""Return the MAML objective with the full inner gradient.

    .. math:: F_\infty(W)=\sum_gp_g\,f_g\bigl(W-\alpha\nabla f_g(W)\bigr)

    Eq. (1) with :math:`m=\infty`; Eq. (30) for two equally likely tasks.

    Args:
        alpha: inner learning rate, not negative; with 0 this is `erm_loss`. The other arguments as there.

    Returns:
        (...).

    Raises:
        ValueError: alpha < 0, or another argument breaks its condition.

    Example:
        One neuron, where it is positive, is learned by one step of size 2: the Hessian of ½E[relu(wx)²] is ½.

        >>> float(post_adaptation_loss("relu", [1.0], [[1.0]], [[[0.5]]], [[[1.0]]], alpha=2.0))
        0.0
    """
    rate = real_number("alpha", alpha, at_least=0.0)
    start = neuron_matrix("W", W)
    terms = []
    for p, aim, sigma in finite_tasks(probabilities, W_stars, covariances):
        adapted = start - rate * population_gradient(activation, start, aim, sigma, order=order)
        terms.append(p * population_loss(activation, adapted, aim, sigma, order=order))
    return _sum(W, terms)


def post_adaptation_gradient(
    activation: str,
    probabilities: ArrayLike,
    W: ArrayLike | Tensor,
    W_stars: ArrayLike | Tensor,
    covariances: ArrayLike,
    alpha: float,
    *,
    order: int | None = None,
) -> Any:
    r"""Return the gradient of `post_adaptation_loss`, (..., d, M); arguments and errors as there.

    .. math:: \nabla F_\infty(W)=\sum_gp_g\bigl(I-\alpha\nabla^2f_g(W)\bigr)\nabla f_g\bigl(W-\alpha\nabla f_g(W)\bigr)

    Example:
        >>> post_adaptation_gradient("relu", [1.0], [[1.0]], [[[0.5]]], [[[1.0]]], alpha=2.0).tolist()
        [[0.0]]
    """
    rate = real_number("alpha", alpha, at_least=0.0)
    if rate == 0.0:  # no Hessian, which a ReLU neuron at the origin does not have
        return erm_gradient(activation, probabilities, W, W_stars, covariances, order=order)
    start = neuron_matrix("W", W)
    terms = []
    for p, aim, sigma in finite_tasks(probabilities, W_stars, covariances):
        adapted = start - rate * population_gradient(activation, start, aim, sigma, order=order)
        outer = population_gradient(activation, adapted, aim, sigma, order=order)
        column = outer.reshape(*outer.shape[:-2], -1, 1)
        back = population_hessian(activation, start, aim, sigma, order=order) @ column
        terms.append(p * (outer - rate * back.reshape(outer.shape)))
    return _sum(W, terms)


def finite_tasks(probabilities: ArrayLike, W_stars: ArrayLike | Tensor, covariances: ArrayLike) -> list[Task]:
    """Return the tasks of a finite environment, or raise a ValueError that names the argument and its condition."""
    weights = distribution("probabilities", probabilities)
    aims, sigmas = neuron_matrix("W_stars", W_stars), symmetric_matrices("covariances", covariances, 3)
    for name, array in (("W_stars", aims), ("covariances", sigmas)):
        if len(array) != weights.size or array.ndim != 3:
            raise ValueError(
                f"{name} must hold one matrix for each of {weights.size} tasks; got shape {tuple(array.shape)}"
            )
    return list(zip(weights.tolist(), aims, sigmas, strict=True))


def _sum(W: ArrayLike | Tensor, terms: list[Any]) -> Any:
    total = sum(terms[1:], terms[0])
    return total if isinstance(W, Tensor) else total.detach().numpy()
