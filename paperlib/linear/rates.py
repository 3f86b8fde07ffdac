r"""The inner learning rate that suits a start."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, finite_array, sample_number
from paperlib.environments import TaskEnvironment


def best_step(env: TaskEnvironment, w: ArrayLike, m: float) -> float:
    r"""Return the inner learning rate with the least test loss of an initialisation.

    .. math:: \alpha^*(w) = \frac{E_i\operatorname{tr}(\Sigma_i^2M_i)}{E_i\operatorname{tr}\bigl[\bigl((1+\tfrac1m)
              \Sigma_i^3+\tfrac1m\operatorname{tr}(\Sigma_i^2)\Sigma_i\bigr)M_i\bigr]
              + \tfrac{\sigma^2}mE_i\operatorname{tr}(\Sigma_i^2)}

    with :math:`M_i = (w-\mu_i)(w-\mu_i)^\top+S_i`: Eq. (1) is a parabola in the rate (chapter 11). For isotropic tasks
    :math:`E[\rho^2s]/((1+\tfrac{d+1}m)E[\rho^3s]+\tfrac{\sigma^2d}mE\rho^2)` with :math:`s=E\lVert w-w_i^*\rVert^2`.

    Args:
        env: the task environment.
        w: (d,), the initialisation.
        m: number of samples of the step, at least 1; `math.inf` is the full gradient.

    Returns:
        The rate, not negative; zero where w solves every task and only the noise would move it.

    Raises:
        ValueError: m not a positive whole number, w not of shape (d,), or a start and noise so small that every step
            leaves the risk at zero.

    Example:
        One task with :math:`\rho=1`, and a step on two samples: :math:`1/(1+\tfrac22)`.

        >>> best_step(TaskEnvironment.finite_tasks([[[1.0]]], [[3.0]]), [0.0], m=2)
        0.5
    """
    start, count = finite_array("w", w, 1), sample_number("m", m)
    if start.shape != (env.dim,):
        raise ValueError(f"w must have shape ({env.dim},) like the task optima; got {start.shape}")
    offsets = start - env.means
    moments = offsets[:, :, None] * offsets[:, None, :] + env.spreads
    squares = env.covariances @ env.covariances
    sizes = np.trace(squares, axis1=1, axis2=2)
    slopes = _traces(squares, moments)
    cubes = (1.0 + 1.0 / count) * _traces(squares @ env.covariances, moments)
    bends = cubes + (sizes * _traces(env.covariances, moments) + env.noise_std**2 * sizes) / count
    slope, bend = float(env.average(slopes)), float(env.average(bends))
    if bend <= 0.0:
        raise ValueError("w solves every task, which have no noise on the step: every rate leaves the risk as it is")
    return slope / bend


def _traces(matrices: Array, moments: Array) -> Array:
    return np.asarray(np.einsum("gij,gji->g", matrices, moments))
