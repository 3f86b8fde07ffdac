r"""Learning curves: the expected excess risk of the empirical solutions to first order in 1/T, and where they cross."""

from __future__ import annotations

import math

import numpy as np

from paperlib.arguments import Array, real_number, sample_number
from paperlib.environments import TaskEnvironment
from paperlib.linear.asymptotics import (
    asymptotic_bias_erm,
    asymptotic_bias_maml,
    asymptotic_covariance_erm,
    asymptotic_covariance_maml,
    checked_episode,
)
from paperlib.linear.population import erm_solution, excess_risk, maml_solution
from paperlib.linear.steps import adapted_covariance


def excess_risk_slope_erm(env: TaskEnvironment, alpha: float, m: float, n: float) -> float:
    r"""Return c of the learning curve of ERM, for n samples of each training task.

    .. math:: \begin{aligned} E\,\mathcal E_m(\hat w_T) &= \mathcal E_m(w^*) + \tfrac cT + O(T^{-2}),\\
              c &= \tfrac12\operatorname{tr}(E[Q_i^{(m)}]C) + (w^*-w^*_{MAML(m)})^\top E[Q_i^{(m)}]\,b
              \end{aligned}

    Eq. (2) is quadratic, so the asymptotic covariance C and bias b of the solution say all that is of order 1/T.

    Args:
        env: the task environment.
        alpha: inner learning rate at test time, not negative; 0 is no step.
        m: number of samples of the step at test time, at least 1 (or `math.inf`).
        n: number of samples of each training task, at least 1 (or `math.inf`).

    Raises:
        ValueError: alpha < 0, m or n not a positive whole number, or a solution that is not unique, as in
            `maml_solution`.

    Example:
        One task with noise 1 and :math:`Q=\tfrac12`, estimated with variance 1/T:

        >>> excess_risk_slope_erm(TaskEnvironment.finite_tasks([[[1.0]]], [[3.0]], noise_std=1.0), alpha=1.0, m=4, n=1)
        0.25
    """
    rate, samples = real_number("alpha", alpha, at_least=0.0), sample_number("m", m)
    covariance, bias = asymptotic_covariance_erm(env, n), asymptotic_bias_erm(env, n)
    return _slope(env, rate, samples, erm_solution(env), covariance, bias)


def excess_risk_slope_maml(env: TaskEnvironment, alpha: float, m: float, tau: float, n1: float, n2: float) -> float:
    r"""Return c of the learning curve of MAML.

    .. math:: E\,\mathcal E_m(\hat w_T) = \mathcal E_m(w^*) + \tfrac cT + O(T^{-2})

    As `excess_risk_slope_erm`, for the solution with n2 inner samples; with n2 = m its bias does not count.

    Args:
        env: the task environment.
        alpha: inner learning rate, in training and at test time, not negative; 0 is no step.
        m: number of samples of the step at test time, at least 1 (or `math.inf`).
        tau, n1, n2: as for `asymptotic_covariance_maml`.

    Raises:
        ValueError: as `asymptotic_covariance_maml`, or m not a positive whole number.

    Example:
        >>> env = TaskEnvironment.finite_tasks([[[1.0]]], [[3.0]], noise_std=1.0)
        >>> excess_risk_slope_maml(env, alpha=0.5, m=math.inf, tau=1, n1=1, n2=math.inf)
        0.5
    """
    samples = sample_number("m", m)
    covariance, bias = (of(env, alpha, tau, n1, n2) for of in (asymptotic_covariance_maml, asymptotic_bias_maml))
    return _slope(env, alpha, samples, maml_solution(env, alpha, n2), covariance, bias)


def crossover_tasks(env: TaskEnvironment, alpha: float, m: float, n: float, tau: float, n1: float, n2: float) -> float:
    r"""Return the number of training tasks from which trained MAML has the smaller expected excess risk.

    .. math:: T^* = \frac{c_{MAML}-c_{ERM}}{\mathcal E_m(w^*_{ERM})-\mathcal E_m(w^*_{MAML(n_2)})}

    A prediction to first order in 1/T: trust it where it is large against the tasks that the solutions need to
    settle, such that :math:`\tfrac1T\sum_i\hat A_i` is within a few per cent of A.

    Args:
        env: the task environment.
        alpha: inner learning rate, in training and at test time, not negative; 0 is no step.
        m: number of samples of the step at test time, at least 1 (or `math.inf`).
        n: number of samples of each training task of ERM.
        tau: episodes of each training task of MAML.
        n1: outer samples of an episode.
        n2: inner samples of an episode.

    Returns:
        The number of tasks, zero where MAML is ahead from the start, and infinity where its population solution
        is not better than that of ERM.

    Raises:
        ValueError: as the asymptotic covariances and `excess_risk`.

    Example:
        There is nothing to gain when both tasks are equally hard:

        >>> crossover_tasks(TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=0.5, m=5, n=10, tau=1, n1=5, n2=5)
        inf
    """
    alpha, tau, n1, n2 = checked_episode(alpha, tau, n1, n2)
    m, n = sample_number("m", m), sample_number("n", n)
    erm, maml = erm_solution(env), maml_solution(env, alpha, n2)
    gain = excess_risk(env, erm, alpha, m) - excess_risk(env, maml, alpha, m)
    curvature = env.average(adapted_covariance(env.covariances, alpha, m))
    rounding = 1e-14 * float(erm @ curvature @ erm + maml @ curvature @ maml)
    cost = excess_risk_slope_maml(env, alpha, m, tau, n1, n2) - excess_risk_slope_erm(env, alpha, m, n)
    return max(0.0, cost / gain) if gain > rounding else math.inf


def _slope(env: TaskEnvironment, alpha: float, m: float, centre: Array, covariance: Array, bias: Array) -> float:
    offset = centre - maml_solution(env, alpha, m)
    curvature = env.average(adapted_covariance(env.covariances, alpha, m))
    return float(0.5 * np.sum(curvature * covariance) + offset @ curvature @ bias)
