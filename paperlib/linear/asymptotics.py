r"""How fast the empirical solutions converge: exact limits as the number of tasks T grows, all else fixed.

Both training solutions, Eqs. (41) and (43), solve a mean over T independent tasks of an equation linear in w,

.. math:: \hat w - w^* = \bigl(\tfrac1T\sum_i\hat A_i\bigr)^{-1}\tfrac1T\sum_i\psi_i,\quad E\hat A_i = A,\; E\psi_i = 0,

so :math:`\sqrt T(\hat w-w^*)\to N(0, A^{-1}VA^{-1})` with :math:`V = E\psi_i\psi_i^\top`, and to order 1/T the mean
error is :math:`-\tfrac1TA^{-1}E[\hat A_iA^{-1}\psi_i]`. These replace the bounds of Theorems 2 and 3 (Section D).
"""

from __future__ import annotations

import math

import numpy as np

from paperlib.arguments import Array, real_number, sample_number
from paperlib.environments import TaskEnvironment
from paperlib.linear.population import erm_solution, excess_risk, maml_solution, sandwich
from paperlib.linear.steps import adapted_covariance
from paperlib.linear.wishart import average


def asymptotic_covariance_erm(env: TaskEnvironment, n: float) -> Array:
    r"""Return the limit of T times the covariance of the ERM training solution, for n samples a task.

    .. math:: A^{-1}VA^{-1},\quad A = E\Sigma_i,\quad V = E\bigl[(1+\tfrac1n)\Sigma_iM_i\Sigma_i
              + \tfrac1n(\operatorname{tr}(\Sigma_iM_i)+\sigma^2)\Sigma_i\bigr]

    with :math:`M_i = (\mu_i-w^*)(\mu_i-w^*)^\top + S_i`. It replaces Eq. (44), Theorem 2, whose bound does not
    vanish as T grows: here T alone suffices, with one sample a task.

    Args:
        env: the task environment.
        n: number of samples of each training task, at least 1 (or `math.inf`).

    Returns:
        (d, d), symmetric positive semidefinite.

    Raises:
        ValueError: n not a positive whole number.

    Example:
        Least squares on T samples with noise 1 and input variance 2 has variance :math:`1/(2T)`:

        >>> asymptotic_covariance_erm(TaskEnvironment.finite_tasks([[[2.0]]], [[3.0]], noise_std=1.0), n=1)
        array([[0.5]])
    """
    count = sample_number("n", n)
    moments = _second_moments(env, erm_solution(env))
    score = sandwich(env.covariances, moments, count) + env.noise_std**2 / count * env.covariances
    return _sandwich(_mean(env, env.covariances), _mean(env, score))


def asymptotic_covariance_maml(env: TaskEnvironment, alpha: float, tau: float, n1: float, n2: float) -> Array:
    r"""Return the limit of T times the covariance of the MAML training solution.

    .. math:: A^{-1}VA^{-1},\quad A = EQ_i,\quad V = E\Bigl[Q_iM_iQ_i + \tfrac1\tau\bigl(E[\hat Q M_i\hat Q] - Q_iM_iQ_i
              + \tfrac{\sigma^2}{n_1}Q_i + \tfrac{\alpha^2\sigma^2}{n_2}E[PS_oS_{in}S_oP]\bigr)\Bigr]

    with :math:`\hat Q = PS_oP`, :math:`P = I-\alpha S_{in}`, for the sample covariances :math:`S_o` of the n1 outer and
    :math:`S_{in}` of the n2 inner samples of an episode, :math:`Q_i = Q_i^{(n_2)}` and :math:`M_i` as for ERM.
    It replaces Eq. (81), Theorem 3.

    Args:
        env: the task environment.
        alpha: inner learning rate, not negative; 0 is no step.
        tau: number of episodes of each training task, at least 1 (or `math.inf`).
        n1: number of outer samples of an episode, at least 1 (or `math.inf`).
        n2: number of inner samples of an episode, at least 1; `math.inf` is the full gradient.

    Returns:
        (d, d), symmetric positive semidefinite.

    Raises:
        ValueError: alpha < 0, tau, n1 or n2 not a positive whole number, or a solution that is not unique
            (see `maml_solution`).

    Example:
        One task and the full inner gradient: :math:`P=\tfrac12` halves every input, so the variance is 4/T.

        >>> env = TaskEnvironment.finite_tasks([[[1.0]]], [[3.0]], noise_std=1.0)
        >>> asymptotic_covariance_maml(env, alpha=0.5, tau=1, n1=1, n2=math.inf)
        array([[4.]])
    """
    rate, episodes, outer, inner = _episode(alpha, tau, n1, n2)
    curvatures = adapted_covariance(env.covariances, rate, inner)
    moments = _second_moments(env, maml_solution(env, rate, inner))
    score = np.empty_like(curvatures)
    for g, (sigma, curvature, moment) in enumerate(zip(env.covariances, curvatures, moments, strict=True)):
        squared_mean = curvature @ moment @ curvature
        noise = curvature / outer + rate**2 / inner * _inner_noise(sigma, rate, outer, inner)
        episode = _episode_sandwich(sigma, moment, rate, outer, inner) + env.noise_std**2 * noise
        score[g] = squared_mean + (episode - squared_mean) / episodes
    return _sandwich(_mean(env, curvatures), _mean(env, score))


def asymptotic_bias_erm(env: TaskEnvironment, n: float) -> Array:
    r"""Return the limit of T times the mean error of the ERM training solution, (d,); arguments as its covariance.

    .. math:: -A^{-1}E\bigl[E[\hat S_iA^{-1}\hat S_i](\mu_i-w^*)\bigr],\quad A = E\Sigma_i

    Example:
        Weights 1 and 3 at 1 and -1, A = 2: :math:`-\tfrac12\cdot\tfrac12(\tfrac12\cdot\tfrac32-\tfrac92\cdot\tfrac12)`.

        >>> asymptotic_bias_erm(TaskEnvironment.two_tasks(1, 1.0, 3.0), n=math.inf)
        array([0.375])
    """
    count = sample_number("n", n)
    inverse = np.asarray(np.linalg.inv(_mean(env, env.covariances)), dtype=np.float64)
    products = sandwich(env.covariances, inverse, count)
    return _bias(env, inverse, products, erm_solution(env))


def asymptotic_bias_maml(env: TaskEnvironment, alpha: float, tau: float, n1: float, n2: float) -> Array:
    r"""Return the limit of T times the mean error of the MAML training solution, (d,); arguments as its covariance.

    .. math:: -A^{-1}E\bigl[(Q_iA^{-1}Q_i + \tfrac1\tau(E[\hat QA^{-1}\hat Q]-Q_iA^{-1}Q_i))(\mu_i-w^*)\bigr],\; A=EQ_i

    Example:
        >>> asymptotic_bias_maml(TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=0.5, tau=1, n1=1, n2=1)
        array([0.])
    """
    rate, episodes, outer, inner = _episode(alpha, tau, n1, n2)
    centre = maml_solution(env, rate, inner)
    curvatures = adapted_covariance(env.covariances, rate, inner)
    inverse = np.asarray(np.linalg.inv(_mean(env, curvatures)), dtype=np.float64)
    products = curvatures @ inverse @ curvatures
    sandwiches = np.stack([_episode_sandwich(sigma, inverse, rate, outer, inner) for sigma in env.covariances])
    return _bias(env, inverse, products + (sandwiches - products) / episodes, centre)


def excess_risk_slope_erm(env: TaskEnvironment, alpha: float, m: float, n: float) -> float:
    r"""Return c of the learning curve of ERM, for n samples of each training task.

    .. math:: E\,\mathcal E_m(\hat w_T) = \mathcal E_m(w^*) + \tfrac cT + O(T^{-2}),\quad
              c = \tfrac12\operatorname{tr}(E[Q_i^{(m)}]C) + (w^*-w^*_{MAML(m)})^\top E[Q_i^{(m)}]\,b

    Eq. (2) is quadratic, so the asymptotic covariance C and bias b of the solution say all that is of order 1/T.

    Args:
        env: the task environment.
        alpha: inner learning rate at test time, not negative; 0 is no step.
        m: number of samples of the step at test time, at least 1 (or `math.inf`).
        n: number of samples of each training task, at least 1 (or `math.inf`).

    Example:
        One task with noise 1 and :math:`Q=\tfrac12`, estimated with variance 1/T:

        >>> excess_risk_slope_erm(TaskEnvironment.finite_tasks([[[1.0]]], [[3.0]], noise_std=1.0), alpha=1.0, m=4, n=1)
        0.25
    """
    rate, samples = real_number("alpha", alpha, at_least=0.0), sample_number("m", m)
    covariance, bias = asymptotic_covariance_erm(env, n), asymptotic_bias_erm(env, n)
    return _slope(env, rate, samples, erm_solution(env), covariance, bias)


def excess_risk_slope_maml(env: TaskEnvironment, alpha: float, m: float, tau: float, n1: float, n2: float) -> float:
    r"""Return c of the learning curve of MAML, as `excess_risk_slope_erm`; with n2 = m its bias does not count.

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
        tau, n1, n2: episodes of each training task of MAML, and outer and inner samples of each.

    Returns:
        The number of tasks: zero where MAML is ahead from the start, and infinity where its population solution
        is not better than that of ERM.

    Raises:
        ValueError: as the asymptotic covariances and `excess_risk`.

    Example:
        There is nothing to gain when both tasks are equally hard:

        >>> crossover_tasks(TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=0.5, m=5, n=10, tau=1, n1=5, n2=5)
        inf
    """
    alpha, tau, n1, n2 = _episode(alpha, tau, n1, n2)
    m, n = sample_number("m", m), sample_number("n", n)
    erm, maml = erm_solution(env), maml_solution(env, alpha, n2)
    gain = excess_risk(env, erm, alpha, m) - excess_risk(env, maml, alpha, m)
    curvature = _mean(env, adapted_covariance(env.covariances, alpha, m))
    rounding = 1e-14 * float(erm @ curvature @ erm + maml @ curvature @ maml)
    cost = excess_risk_slope_maml(env, alpha, m, tau, n1, n2) - excess_risk_slope_erm(env, alpha, m, n)
    return max(0.0, cost / gain) if gain > rounding else math.inf


def _episode_sandwich(sigma: Array, middle: Array, alpha: float, n1: float, n2: float) -> Array:
    r"""Return :math:`E[PS_oP\,X\,PS_oP]` for symmetric X, the outer samples averaged first."""
    step, outer, inside = (np.eye(len(sigma)) - alpha * sigma, -alpha), (sigma, 0.0), (middle, 0.0)
    chain = average("ab,bc,cd,de,ef,fg,gh->ah", [step, outer, step, inside, step, outer, step], sigma, n2)
    trace = average("ab,bc,cd,da,ef,fg,gh->eh", [step, inside, step, outer, step, outer, step], sigma, n2)
    return np.asarray((1.0 + 1.0 / n1) * chain + trace / n1)


def _inner_noise(sigma: Array, alpha: float, n1: float, n2: float) -> Array:
    r"""Return :math:`E[PS_oS_{in}S_oP]`, what the inner noise is multiplied with."""
    step, outer, sample = (np.eye(len(sigma)) - alpha * sigma, -alpha), (sigma, 0.0), (sigma, 1.0)
    chain = average("ab,bc,cd,de,ef->af", [step, outer, sample, outer, step], sigma, n2)
    trace = average("ab,ba,cd,de,ef->cf", [sample, outer, step, outer, step], sigma, n2)
    return np.asarray((1.0 + 1.0 / n1) * chain + trace / n1)


def _second_moments(env: TaskEnvironment, centre: Array) -> Array:
    offsets = env.means - centre
    return np.asarray(offsets[:, :, None] * offsets[:, None, :] + env.spreads)


def _mean(env: TaskEnvironment, values: Array) -> Array:
    return np.asarray(np.tensordot(env.probabilities, values, 1))


def _sandwich(curvature: Array, score: Array) -> Array:
    result = np.linalg.solve(curvature, np.linalg.solve(curvature, score).T)
    return np.asarray(0.5 * (result + result.T))


def _bias(env: TaskEnvironment, inverse: Array, products: Array, centre: Array) -> Array:
    return np.asarray(-inverse @ np.einsum("g,gij,gj->i", env.probabilities, products, env.means - centre))


def _slope(env: TaskEnvironment, alpha: float, m: float, centre: Array, covariance: Array, bias: Array) -> float:
    offset = centre - maml_solution(env, alpha, m)
    curvature = _mean(env, adapted_covariance(env.covariances, alpha, m))
    return float(0.5 * np.sum(curvature * covariance) + offset @ curvature @ bias)


def _episode(alpha: float, tau: float, n1: float, n2: float) -> tuple[float, float, float, float]:
    rate = real_number("alpha", alpha, at_least=0.0)
    return rate, sample_number("tau", tau), sample_number("n1", n1), sample_number("n2", n2)
