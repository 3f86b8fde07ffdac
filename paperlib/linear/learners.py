r"""What each learner of an initialisation weighs tasks with: one formula for the starts of all (chapter 12).

On tasks of linear regression a learner's mean update at w is :math:`-E[B_i(w-w_i^*)]` for some matrix :math:`B_i` of
the task's covariance, so that it comes to rest at a weighted mean of the optima. For quadratics this is the surrogate
loss of Charles and Konečný (2021). Learners differ in their weights, and in nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, real_number, sample_number, symmetric_matrices, whole_number
from paperlib.environments import TaskEnvironment
from paperlib.linear.population import weighted_centre
from paperlib.linear.steps import adapted_covariance


class Adaptation(NamedTuple):
    """How a learner adapts in training: checked arguments of `learner_weight`."""

    alpha: float
    steps: int
    samples: float
    lam: float | None


def learner_weight(
    learner: str,
    covariance: ArrayLike,
    alpha: float,
    steps: int = 1,
    samples: float = math.inf,
    lam: float | None = None,
) -> Array:
    r"""Return the matrix B that a learner weighs a task with.

    .. math::

        \begin{aligned}
        \text{erm}&: \Sigma, & \text{maml}&: \Sigma(I-\alpha\Sigma)^{2K},
        & \text{fomaml}&: \Sigma(I-\alpha\Sigma)^K,\\
        \text{reptile}&: \tfrac1\alpha\bigl(I-(I-\alpha\Sigma)^K\bigr), & \text{imaml}&: \Sigma(I+\Sigma/\lambda)^{-2}
        \end{aligned}

    MAML with finitely many samples has `adapted_covariance` instead. First-order MAML and Reptile have the same mean
    update for any number of samples, as every step, the outer one too, has a fresh batch. iMAML takes the proximal
    solution :math:`\arg\min f_i+\tfrac\lambda2\lVert\cdot-w\rVert^2` for the step, on the population loss.

    Args:
        learner: one of ``"erm"``, ``"maml"``, ``"fomaml"``, ``"reptile"``, ``"imaml"``.
        covariance: (..., d, d), symmetric positive definite.
        alpha: inner learning rate, not negative; 0 is no step. No concern of ERM and iMAML.
        steps: number K of inner steps, at least 1. No concern of ERM and iMAML.
        samples: number of samples of an inner step, at least 1; `math.inf` is the full gradient.
        lam: the proximal weight of iMAML, positive; left out for the others.

    Returns:
        (..., d, d), symmetric; positive semidefinite but for first-order MAML and Reptile at rates above the inverse
        of the largest eigenvalue.

    Raises:
        ValueError: a learner not in the list, an argument out of its range, iMAML without `lam` or with finitely many
            samples, for which its weight is no polynomial, or steps that leave the range of float64.

    Example:
        In one dimension with :math:`\rho=1`, :math:`\alpha=\tfrac12`, K = 2: :math:`(\tfrac12)^4`, :math:`(\tfrac12)^2`
        and :math:`(1-\tfrac14)/\tfrac12`.

        >>> [float(learner_weight(name, [[1.0]], 0.5, steps=2)[0, 0]) for name in ("maml", "fomaml", "reptile")]
        [0.0625, 0.25, 1.5]
    """
    if not isinstance(learner, str) or learner not in LEARNERS:
        raise ValueError(f"learner must be one of {', '.join(LEARNERS)}; got {learner!r}")
    sigma = symmetric_matrices("covariance", covariance)
    how = Adaptation(
        real_number("alpha", alpha, at_least=0.0),
        whole_number("steps", steps),
        sample_number("samples", samples),
        None if lam is None else real_number("lam", lam, above=0.0),
    )
    with np.errstate(over="ignore", invalid="ignore"):
        weight = LEARNERS[learner](sigma, how)
    if not np.isfinite(weight).all():
        raise ValueError(f"steps must keep the weight in the range of float64; {steps!r} at alpha={alpha!r} do not")
    return np.asarray(0.5 * (weight + weight.swapaxes(-1, -2)))


def learner_start(
    env: TaskEnvironment,
    learner: str,
    alpha: float,
    steps: int = 1,
    samples: float = math.inf,
    lam: float | None = None,
) -> Array:
    r"""Return the initialisation at which the mean update of a learner is zero.

    .. math:: w = E[B_i]^{-1}E[B_iw_i^*]

    with the weights of `learner_weight`, whose arguments it takes; ERM's is `erm_solution`, MAML's after one step
    `maml_solution`. Training settles there where :math:`E[B_i]` is positive definite, as it is for rates
    below the inverse of the largest eigenvalue; beyond, first-order MAML and Reptile may run away from it.

    Args:
        env: the tasks.
        learner: one of ``"erm"``, ``"maml"``, ``"fomaml"``, ``"reptile"``, ``"imaml"``.
        alpha: inner learning rate, not negative; 0 is no step.
        steps: number K of inner steps, at least 1.
        samples: number of samples of an inner step, at least 1; `math.inf` is the full gradient.
        lam: the proximal weight of iMAML, positive; left out for the others.

    Returns:
        (d,).

    Raises:
        ValueError: as `learner_weight`, or :math:`E[B_i]` singular, so that the start is not unique.

    Example:
        MAML with full gradients at :math:`\alpha=\tfrac12` weighs the tasks with :math:`\tfrac14(1-\tfrac18)^2` and
        :math:`\tfrac14`, first-order MAML with :math:`\tfrac14(1-\tfrac18)` and :math:`\tfrac12`:

        >>> env = TaskEnvironment.two_tasks(1, rho_hard=0.25, rho_easy=1.0)
        >>> [round(float(learner_start(env, name, 0.5)[0]), 4) for name in ("erm", "fomaml", "maml")]
        [-0.6, -0.3913, -0.1327]
    """
    weights = learner_weight(learner, env.covariances, alpha, steps, samples, lam)
    total = env.average(weights)
    sizes = np.abs(np.linalg.eigvalsh(total))
    if sizes.min() <= env.dim * np.finfo(float).eps * np.abs(weights).max():
        raise ValueError(
            f"alpha={alpha!r} with steps={steps!r} leaves a direction on which {learner} puts no weight "
            f"(smallest eigenvalue of E[B] is {sizes.min():.3g}): its start is not unique"
        )
    return weighted_centre(env, weights)


def _erm(sigma: Array, how: Adaptation) -> Array:
    return sigma


def _maml(sigma: Array, how: Adaptation) -> Array:
    return adapted_covariance(sigma, how.alpha, how.samples, how.steps)


def _first_order(sigma: Array, how: Adaptation) -> Array:
    return np.asarray(sigma @ np.linalg.matrix_power(np.eye(sigma.shape[-1]) - how.alpha * sigma, how.steps))


def _reptile(sigma: Array, how: Adaptation) -> Array:
    """Return the sum of the K gradients on the way, which is the formula without its division by alpha."""
    contraction = np.eye(sigma.shape[-1]) - how.alpha * sigma
    gradient, total = sigma, sigma
    for _ in range(how.steps - 1):
        gradient = gradient @ contraction
        total = total + gradient
    return total


def _proximal(sigma: Array, how: Adaptation) -> Array:
    if how.lam is None:
        raise ValueError("lam must be given for imaml, the weight of its proximal term; got None")
    if not math.isinf(how.samples):
        raise ValueError(f"samples must be math.inf for imaml, which has no closed form else; got {how.samples:g}")
    values, vectors = np.linalg.eigh(sigma)
    return np.asarray(vectors * (values / (1.0 + values / how.lam) ** 2)[..., None, :] @ vectors.swapaxes(-1, -2))


LEARNERS: dict[str, Callable[[Array, Adaptation], Array]] = {
    "erm": _erm,
    "maml": _maml,
    "fomaml": _first_order,
    "reptile": _reptile,
    "imaml": _proximal,
}
