r"""Closed forms of mixed linear regression (Section 3): exact, no sampling, full covariances.

Adaptation is one step :math:`w \mapsto w - \frac{\alpha}{m}\hat X^\top(\hat Xw-\hat y)` on m fresh samples.
Every average over tasks is the finite sum over the groups of a `TaskEnvironment`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, real_number, sample_number
from paperlib.environments import TaskEnvironment
from paperlib.linear.steps import adapted_covariance, checked_start


def erm_solution(env: TaskEnvironment) -> Array:
    r"""Return the minimiser of the average loss before adaptation.

    .. math:: w^*_{ERM} = E[\Sigma_i]^{-1}E[\Sigma_iw_i^*]

    Eqs. (5) and (14), Section 3. Independent of the noise and of the spreads.

    Args:
        env: the task environment.

    Returns:
        (d,).

    Example:
        Weights 0.25 and 1 on the tasks at 1 and -1:

        >>> erm_solution(TaskEnvironment.two_tasks(1, rho_hard=0.25, rho_easy=1.0))
        array([-0.6])
    """
    return weighted_centre(env, env.covariances)


def maml_solution(env: TaskEnvironment, alpha: float, n2: float) -> Array:
    r"""Return the minimiser of the average loss after one adaptation step on n2 samples.

    .. math:: w^*_{MAML} = E[Q_i^{(n_2)}]^{-1}E[Q_i^{(n_2)}w_i^*]

    Eqs. (5) and (15), Section 3.

    Args:
        env: the task environment.
        alpha: inner learning rate, not negative; 0 is no step.
        n2: number of inner samples, at least 1; `math.inf` is the full gradient.

    Returns:
        (d,).

    Raises:
        ValueError: alpha < 0, n2 not a positive whole number, or :math:`E[Q_i]` singular, so that the minimiser is not
            unique (possible only for `n2=math.inf`, when every task has an eigenvalue :math:`1/\alpha` in common).

    Example:
        :math:`Q_H = .25\cdot.75^2` and :math:`Q_E = 0`: all weight on the hard task.

        >>> import math
        >>> maml_solution(TaskEnvironment.two_tasks(1, rho_hard=0.25, rho_easy=1.0), alpha=1.0, n2=math.inf)
        array([1.])
    """
    curvatures = adapted_covariance(env.covariances, alpha, sample_number("n2", n2))
    eigenvalues = np.linalg.eigvalsh(env.average(curvatures))
    if eigenvalues[0] <= env.dim * np.finfo(float).eps * eigenvalues[-1]:
        raise ValueError(
            f"alpha={alpha!r} with n2={n2!r} leaves a direction in which adaptation solves every task from anywhere "
            f"(smallest eigenvalue of E[Q] is {eigenvalues[0]:.3g}): the MAML solution is not unique"
        )
    return weighted_centre(env, curvatures)


def noise_floor(env: TaskEnvironment, alpha: float, m: float) -> float:
    r"""Return the part of the post-adaptation risk that no initialisation changes.

    .. math:: \tfrac12E_i\bigl[\sigma^2 + \tfrac{\alpha^2\sigma^2}{m}\operatorname{tr}(\Sigma_i^2)\bigr]

    The constant of Eq. (16), Section A.1, with the expectation and the half that are missing there.

    Args:
        env: the task environment.
        alpha: inner learning rate, not negative; 0 is no step.
        m: number of samples of the step at test time, at least 1 (or `math.inf`).

    Raises:
        ValueError: alpha < 0, or m not a positive whole number.

    Example:
        >>> noise_floor(TaskEnvironment.two_tasks(1, 1.0, 1.0, noise_std=1.0), alpha=1.0, m=2)
        0.75
    """
    rate, count = real_number("alpha", alpha, at_least=0.0), sample_number("m", m)
    traces = np.einsum("gij,gij->g", env.covariances, env.covariances)
    return float(0.5 * env.noise_std**2 * (1.0 + rate**2 / count * env.average(traces)))


def risk_above_floor(env: TaskEnvironment, w: ArrayLike, alpha: float, m: float) -> float:
    r"""Return the post-adaptation risk less the noise floor, which is what Proposition 1 computes.

    .. math:: R_m(w) = \tfrac12E_i\lVert w-w_i^*\rVert^2_{Q_i^{(m)}}
              = \tfrac12\sum_gp_g\bigl[\lVert w-\mu_g\rVert^2_{Q_g^{(m)}} + \operatorname{tr}(Q_g^{(m)}S_g)\bigr]

    Eqs. (6), (7), (18), (20). It is not the excess risk (2): its minimum is positive unless all optima coincide.

    Args:
        env: the task environment.
        w: (d,), the initialisation.
        alpha: inner learning rate, not negative; 0 is no step.
        m: number of samples of the step at test time, at least 1 (or `math.inf`).

    Raises:
        ValueError: alpha < 0, m not a positive whole number, or w not of shape (d,).

    Example:
        :math:`\tfrac12\cdot\tfrac12(1+1)` for the start halfway between two equal tasks at distance 1,
        where :math:`Q=2/m=1`:

        >>> risk_above_floor(TaskEnvironment.two_tasks(1, 1.0, 1.0), [0.0], alpha=1.0, m=2)
        0.5
    """
    start = checked_start(env, w)
    curvatures = adapted_covariance(env.covariances, alpha, sample_number("m", m))
    offsets = start - env.means
    distances = np.einsum("gi,gij,gj->g", offsets, curvatures, offsets)
    spreads = np.einsum("gij,gij->g", curvatures, env.spreads)
    return float(0.5 * env.average(distances + spreads))


def post_adaptation_risk(env: TaskEnvironment, w: ArrayLike, alpha: float, m: float) -> float:
    r"""Return the test loss of an initialisation, noise included.

    .. math:: F_m(w) = E_iE_{\hat X,\hat y}\bigl[f_i(w-\tfrac{\alpha}{m}\hat X^\top(\hat Xw-\hat y))\bigr]

    Eq. (1), Section 2: `noise_floor` plus `risk_above_floor`. With alpha = 0 it is the average loss before adaptation.

    Args:
        env, w, alpha, m: as for `risk_above_floor`.

    Raises:
        ValueError: as `risk_above_floor`.

    Example:
        >>> post_adaptation_risk(TaskEnvironment.two_tasks(1, 1.0, 1.0, noise_std=1.0), [0.0], alpha=1.0, m=2)
        1.25
    """
    return noise_floor(env, alpha, m) + risk_above_floor(env, w, alpha, m)


def excess_risk(env: TaskEnvironment, w: ArrayLike, alpha: float, m: float) -> float:
    r"""Return how far an initialisation is from the best one, in post-adaptation risk.

    .. math:: \mathcal E_m(w) = F_m(w)-\inf F_m = \tfrac12\lVert w-w^*_{MAML(m)}\rVert^2_{E[Q_i^{(m)}]}

    Eq. (2), Section 2, by the decomposition of chapter 2; zero for the MAML solution with n2 = m.

    Args:
        env: the task environment.
        w: (d,), the initialisation.
        alpha: inner learning rate, not negative; 0 is no step.
        m: number of samples of the step at test time, at least 1 (or `math.inf`).

    Raises:
        ValueError: as `risk_above_floor` and `maml_solution` with n2 = m.

    Example:
        The best start between two equal tasks at 1 and -1 is 0; at 1 it costs :math:`\tfrac12\cdot1\cdot1`:

        >>> excess_risk(TaskEnvironment.two_tasks(1, 1.0, 1.0), [1.0], alpha=1.0, m=2)
        0.5
    """
    offset = checked_start(env, w) - maml_solution(env, alpha, sample_number("m", m))
    curvature = env.average(adapted_covariance(env.covariances, alpha, m))
    return float(0.5 * offset @ curvature @ offset)


def weighted_centre(env: TaskEnvironment, weights: Array) -> Array:
    r"""Return :math:`E[B_i]^{-1}E[B_iw_i^*]` for weights B, (G, d, d), whose mean is known to be regular: (d,)."""
    return np.asarray(np.linalg.solve(env.average(weights), env.average(np.einsum("gij,gj->gi", weights, env.means))))
