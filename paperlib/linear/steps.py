r"""The curvature of a task's loss after inner steps, as a function of the start: K of them, on fresh batches or one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, real_number, sample_number, symmetric_matrices, whole_number
from paperlib.linear.batches import MOST_STEPS, reused


def adapted_covariance(
    covariance: ArrayLike, alpha: float, s: float, steps: int = 1, same_batch: bool = False
) -> Array:
    r"""Return the curvature of a task's loss after adaptation, as a function of the start.

    .. math:: Q^{(s)} = (I-\alpha\Sigma)\Sigma(I-\alpha\Sigma)
              + \tfrac{\alpha^2}{s}\bigl(\operatorname{tr}(\Sigma^2)\,\Sigma + \Sigma^3\bigr)

    Eq. (5), Section 3: :math:`E[P\Sigma P]` with :math:`P = I-\alpha X^\top X/s`. With a fresh batch for each of K
    steps, :math:`E[P_1\cdots P_K\Sigma P_K\cdots P_1]`, this map is applied K times, the middle :math:`\Sigma` replaced
    by what the last step made of it (chapter 12):

    .. math:: M \mapsto (I-\alpha\Sigma)M(I-\alpha\Sigma)
              + \tfrac{\alpha^2}{s}\bigl(\operatorname{tr}(\Sigma M)\,\Sigma + \Sigma M\Sigma\bigr)

    With K steps on the same batch it is :math:`E[P^K\Sigma P^K]`, Wishart moments up to order 2K.

    Args:
        covariance: (..., d, d), symmetric positive definite.
        alpha: inner learning rate, not negative; 0 is no step.
        s: number of samples of a batch, at least 1; `math.inf` is the full gradient.
        steps: number K of inner steps, at least 1; at most 6 where they share a batch of finitely many samples.
        same_batch: whether the steps share one batch, or each has its own.

    Returns:
        (..., d, d), symmetric positive semidefinite, definite for finite s.

    Raises:
        ValueError: covariance not symmetric positive definite, alpha < 0, s or steps not a positive whole number, more
            than 6 steps on a batch, or steps so large that the curvature leaves the range of float64.

    Example:
        :math:`\rho(1-\alpha\rho)^2 + 2\alpha^2\rho^3/s` in one dimension, and its square where :math:`\rho=1`;
        on the same two samples :math:`E(1-\tfrac12\hat s)^4=1-2+3-3+\tfrac32`:

        >>> adapted_covariance([[1.0]], alpha=0.5, s=2)
        array([[0.5]])
        >>> adapted_covariance([[1.0]], alpha=0.5, s=2, steps=2)
        array([[0.25]])
        >>> adapted_covariance([[1.0]], alpha=0.5, s=2, steps=2, same_batch=True)
        array([[0.5]])
    """
    sigma = symmetric_matrices("covariance", covariance)
    rate, count = real_number("alpha", alpha, at_least=0.0), sample_number("s", s)
    times = whole_number("steps", steps)
    if not isinstance(same_batch, bool | np.bool_):
        raise ValueError(f"same_batch must be True or False; got {same_batch!r}")
    with np.errstate(over="ignore", invalid="ignore"):
        if same_batch and times > 1 and np.isfinite(count):
            if times > MOST_STEPS:
                raise ValueError(f"steps must be at most {MOST_STEPS} on the same batch; got {steps!r}")
            result = reused(sigma, rate, count, times)
        else:
            result = sigma
            for _ in range(times):
                result = step_back(sigma, result, rate, count)
    if not np.isfinite(result).all():
        raise ValueError(f"steps must keep the curvature in the range of float64; {steps!r} at alpha={alpha!r} do not")
    return np.asarray(0.5 * (result + result.swapaxes(-1, -2)))


def step_back(sigma: Array, curvature: Array, rate: float, count: float) -> Array:
    r"""Return :math:`E[PMP]`: the curvature before a step on a fresh batch, of the one after it."""
    contraction = np.eye(sigma.shape[-1]) - rate * sigma
    product = sigma @ curvature
    trace = np.trace(product, axis1=-2, axis2=-1)[..., None, None]
    return np.asarray(contraction @ curvature @ contraction + rate**2 / count * (trace * sigma + product @ sigma))
