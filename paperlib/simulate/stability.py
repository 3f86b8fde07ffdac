r"""How large a learning rate may be: stability of stochastic gradient descent on random quadratics.

The error :math:`e_t` of an iteration with random curvature :math:`A_t` obeys :math:`e_{t+1}=(I-\beta A_t)e_t+` noise.
Its mean is stable for :math:`\beta<2/\lambda_{\max}(E[A])`. Its second moment M obeys
:math:`M\mapsto M-\beta(\bar AM+M\bar A)+\beta^2E[AMA]`, stable for :math:`\beta<1/\varrho(\mathcal L^{-1}\mathcal S)`
with :math:`\mathcal LM=\bar AM+M\bar A`, :math:`\mathcal SM=E[AMA]` and :math:`\varrho` the spectral radius:
for positive semidefinite X, :math:`\mathcal LX-\beta\mathcal SX` is positive for some X exactly for these rates.
The second limit is the smaller one, since :math:`E[AMA]\succeq\bar AM\bar A`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from paperlib.arguments import Array, real_number, whole_number
from paperlib.environments import TaskEnvironment
from paperlib.linear import adapted_covariance, wishart_sandwich
from paperlib.simulate.bartlett import draw_factors
from paperlib.simulate.streams import generator
from paperlib.simulate.tasks import square_roots


def stability_limits(
    algorithm: Literal["erm", "maml"], env: TaskEnvironment, alpha: float, n1: int, n2: int, *, draws: int = 2000
) -> tuple[float, float]:
    r"""Return the largest learning rates at which the mean and the mean square of the iterates stay bounded.

    ERM has :math:`A=X^\top X/n` with n = n1 + n2, MAML :math:`A=\hat P\,(X^{out\top}X^{out}/n_1)\,\hat P`.
    Exact, except for the mean-square limit of MAML, where the average over the inner samples is one over
    `draws` matrices of each group, with a fixed seed (the average over the outer samples is exact).

    Args:
        algorithm: "erm" or "maml".
        env: the task environment.
        alpha: inner learning rate, positive.
        n1: outer samples.
        n2: inner samples.
        draws: matrices of each group in the average.

    Returns:
        The limit of the mean, and that of the mean square.

    Raises:
        ValueError: alpha <= 0, or a count that is not a positive whole number.

    Example:
        One dimension, variance one: :math:`E[A]=1` and :math:`E[A^2]=1+2/n`.

        >>> stability_limits("erm", TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=1.0, n1=1, n2=1)
        (2.0, 1.0)
    """
    n1, n2, draws = whole_number("n1", n1), whole_number("n2", n2), whole_number("draws", draws)
    rate = real_number("alpha", alpha, above=0.0)
    if algorithm == "erm":
        curvatures = env.covariances

        def square(M: Array) -> Array:
            return _average(env, wishart_sandwich(env.covariances, np.broadcast_to(M, curvatures.shape), n1 + n2))

    elif algorithm == "maml":
        curvatures = adapted_covariance(env.covariances, rate, n2)
        steps = _steps(env, rate, n2, draws)
        sigma = env.covariances[:, None]

        def square(M: Array) -> Array:
            # E over the outer samples of S N S / n1² with N = P M P
            inner = sigma @ (steps @ M @ steps.swapaxes(-1, -2))
            trace = np.trace(inner, axis1=-2, axis2=-1)[..., None, None]
            outer = (1.0 + 1.0 / n1) * inner @ sigma + trace / n1 * sigma
            return _average(env, (steps.swapaxes(-1, -2) @ outer @ steps).mean(axis=1))

    else:
        raise ValueError(f"algorithm must be 'erm' or 'maml'; got {algorithm!r}")
    mean = _average(env, curvatures)
    return float(2.0 / np.linalg.eigvalsh(mean)[-1]), float(1.0 / _radius(mean, square))


def _steps(env: TaskEnvironment, alpha: float, n2: int, draws: int) -> Array:
    """Draw P̂ = I − (α/n2) XᵀX for each group: (G, draws, d, d)."""
    rng = generator(0, "stability")
    factors = draw_factors(env.groups * draws, n2, env.dim, rng).reshape(env.groups, draws, -1, env.dim)
    factors = factors @ square_roots(env.covariances)[:, None]
    return np.asarray(np.eye(env.dim) - alpha / n2 * factors.swapaxes(-1, -2) @ factors)


def _radius(mean: Array, square: Callable[[Array], Array], steps: int = 200, tolerance: float = 1e-6) -> float:
    """Return the spectral radius of the positive map M ↦ L⁻¹(S M) by power iteration from the identity."""
    values, vectors = np.linalg.eigh(mean)
    sums = values[:, None] + values
    M = np.eye(len(mean)) / len(mean)
    radius = 0.0
    for _ in range(steps):
        image = vectors @ ((vectors.T @ square(M) @ vectors) / sums) @ vectors.T
        last, radius = radius, float(np.trace(image))
        M = image / radius
        if abs(radius - last) <= tolerance * radius:
            break
    return radius


def _average(env: TaskEnvironment, matrices: Array) -> Array:
    return np.asarray(np.tensordot(env.probabilities, matrices, 1))
