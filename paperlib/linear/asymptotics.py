r"""How fast the empirical solutions converge: exact limits as the number of tasks T grows, all else fixed.

Both training solutions, Eqs. (41) and (43), solve a mean over T independent tasks of an equation linear in w,

.. math:: \hat w - w^* = \bigl(\tfrac1T\sum_i\hat A_i\bigr)^{-1}\tfrac1T\sum_i\psi_i,\quad E\hat A_i = A,\; E\psi_i = 0,

so :math:`\sqrt T(\hat w-w^*)\to N(0, A^{-1}VA^{-1})` with :math:`V = E\psi_i\psi_i^\top`, and to order 1/T the mean
error is :math:`-\tfrac1TA^{-1}E[\hat A_iA^{-1}\psi_i]`. These replace the bounds of Theorems 2 and 3 (Section D).
"""

from __future__ import annotations

import numpy as np

from paperlib.arguments import Array, real_number, sample_number
from paperlib.environments import TaskEnvironment
from paperlib.linear.population import erm_solution, maml_solution
from paperlib.linear.steps import adapted_covariance
from paperlib.linear.wishart import average, sandwich


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
    return _sandwich(env.average(env.covariances), env.average(score))


def asymptotic_covariance_maml(env: TaskEnvironment, alpha: float, tau: float, n1: float, n2: float) -> Array:
    r"""Return the limit of T times the covariance of the MAML training solution.

    .. math:: \begin{aligned} A^{-1}VA^{-1},\quad A &= EQ_i,\\
              V &= E\Bigl[Q_iM_iQ_i + \tfrac1\tau\bigl(E[\hat Q M_i\hat Q] - Q_iM_iQ_i\\
              &\qquad+ \tfrac{\sigma^2}{n_1}Q_i + \tfrac{\alpha^2\sigma^2}{n_2}E[PS_oS_{in}S_oP]\bigr)\Bigr]
              \end{aligned}

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
        >>> asymptotic_covariance_maml(env, alpha=0.5, tau=1, n1=1, n2=np.inf)
        array([[4.]])
    """
    rate, episodes, outer, inner = checked_episode(alpha, tau, n1, n2)
    curvatures = adapted_covariance(env.covariances, rate, inner)
    moments = _second_moments(env, maml_solution(env, rate, inner))
    score = np.empty_like(curvatures)
    for g, (sigma, curvature, moment) in enumerate(zip(env.covariances, curvatures, moments, strict=True)):
        squared_mean = curvature @ moment @ curvature
        noise = curvature / outer + rate**2 / inner * _inner_noise(sigma, rate, outer, inner)
        episode = _episode_sandwich(sigma, moment, rate, outer, inner) + env.noise_std**2 * noise
        score[g] = squared_mean + (episode - squared_mean) / episodes
    return _sandwich(env.average(curvatures), env.average(score))


def asymptotic_bias_erm(env: TaskEnvironment, n: float) -> Array:
    r"""Return the limit of T times the mean error of the ERM training solution.

    .. math:: -A^{-1}E\bigl[E[\hat S_iA^{-1}\hat S_i](\mu_i-w^*)\bigr],\quad A = E\Sigma_i

    Args:
        env, n: as for `asymptotic_covariance_erm`.

    Returns:
        (d,).

    Raises:
        ValueError: n not a positive whole number.

    Example:
        Weights 1 and 3 at 1 and -1, A = 2: :math:`-\tfrac12\cdot\tfrac12(\tfrac12\cdot\tfrac32-\tfrac92\cdot\tfrac12)`.

        >>> asymptotic_bias_erm(TaskEnvironment.two_tasks(1, 1.0, 3.0), n=np.inf)
        array([0.375])
    """
    count = sample_number("n", n)
    inverse = np.asarray(np.linalg.inv(env.average(env.covariances)), dtype=np.float64)
    products = sandwich(env.covariances, inverse, count)
    return _bias(env, inverse, products, erm_solution(env))


def asymptotic_bias_maml(env: TaskEnvironment, alpha: float, tau: float, n1: float, n2: float) -> Array:
    r"""Return the limit of T times the mean error of the MAML training solution.

    .. math:: -A^{-1}E\bigl[(Q_iA^{-1}Q_i + \tfrac1\tau(E[\hat QA^{-1}\hat Q]-Q_iA^{-1}Q_i))(\mu_i-w^*)\bigr],\; A=EQ_i

    Args:
        env, alpha, tau, n1, n2: as for `asymptotic_covariance_maml`.

    Returns:
        (d,).

    Raises:
        ValueError: as `asymptotic_covariance_maml`.

    Example:
        >>> asymptotic_bias_maml(TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=0.5, tau=1, n1=1, n2=1)
        array([0.])
    """
    rate, episodes, outer, inner = checked_episode(alpha, tau, n1, n2)
    centre = maml_solution(env, rate, inner)
    curvatures = adapted_covariance(env.covariances, rate, inner)
    inverse = np.asarray(np.linalg.inv(env.average(curvatures)), dtype=np.float64)
    products = curvatures @ inverse @ curvatures
    sandwiches = np.stack([_episode_sandwich(sigma, inverse, rate, outer, inner) for sigma in env.covariances])
    return _bias(env, inverse, products + (sandwiches - products) / episodes, centre)


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


def _sandwich(curvature: Array, score: Array) -> Array:
    result = np.linalg.solve(curvature, np.linalg.solve(curvature, score).T)
    return np.asarray(0.5 * (result + result.T))


def _bias(env: TaskEnvironment, inverse: Array, products: Array, centre: Array) -> Array:
    return np.asarray(-inverse @ env.average(np.einsum("gij,gj->gi", products, env.means - centre)))


def checked_episode(alpha: float, tau: float, n1: float, n2: float) -> tuple[float, float, float, float]:
    """Return rate, episodes, outer and inner samples, or raise a ValueError that names the argument."""
    rate = real_number("alpha", alpha, at_least=0.0)
    return rate, sample_number("tau", tau), sample_number("n1", n1), sample_number("n2", n2)
