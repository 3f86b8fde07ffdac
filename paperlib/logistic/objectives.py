r"""The ERM and MAML objectives of finitely many tasks over the whole population, and their minimisers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, finite_array, real_number, sample_number
from paperlib.environments import TaskEnvironment
from paperlib.logistic.population import Task, derivatives, gradient_covariance, norm, single_task
from paperlib.logistic.quadrature import Labels, check_labels, entropy
from paperlib.minima import lowest_minimum


def label_entropy(env: TaskEnvironment, labels: Labels = "bernoulli") -> float:
    r"""Return the mean over tasks of the infimum of their losses: the entropy of the labels; 0 if they are signs.

    .. math:: -E_iE\bigl[s(u^*)\log s(u^*)+(1-s(u^*))\log(1-s(u^*))\bigr]

    Args:
        env: the environment.
        labels: how labels are drawn.

    Raises:
        ValueError: env does not hold finitely many tasks, or unknown labels.

    Example:
        Inputs that say next to nothing leave log 2:

        >>> round(label_entropy(TaskEnvironment.two_tasks(1, 1e-6, 1e-6)), 4)
        0.6931
    """
    tasks = finite_tasks(env, labels)
    return 0.0 if labels == "sign" else sum(p * entropy(float(norm(t.w_star, t.covariance))) for p, t in tasks)


def post_adaptation_risk(env: TaskEnvironment, w: ArrayLike, alpha: float, labels: Labels = "bernoulli") -> Array:
    r"""Return the risk after a step of the full gradient.

    .. math:: F_\infty(w)=E_if_i(w-\alpha\nabla f_i(w))

    Eq. (1) with :math:`m=\infty`. For a step on m samples there is no closed form: see
    `approximate_post_adaptation_risk` and `sampled_post_adaptation_risk`.

    Args:
        env: the environment.
        w: (..., d).
        alpha: inner learning rate, not negative; 0 is no step, and gives the limit of the ERM objective, Eq. (3).
        labels: how labels are drawn.

    Returns:
        (...).

    Raises:
        ValueError: env does not hold finitely many tasks, alpha < 0, shapes that do not match, or unknown labels.

    Example:
        >>> env = TaskEnvironment.two_tasks(1, 0.5, 1.0)
        >>> post_adaptation_risk(env, [0.0], alpha=0.0).round(4)
        np.float64(0.6931)
    """
    return approximate_post_adaptation_risk(env, w, alpha, math.inf, labels)[0]


def approximate_post_adaptation_risk(
    env: TaskEnvironment, w: ArrayLike, alpha: float, m: float, labels: Labels = "bernoulli"
) -> tuple[Array, Array]:
    r"""Return :math:`F_m(w)`, the risk after a step on m samples, to second order in the step's noise; and a bound.

    .. math:: F_m(w)\approx F_\infty(w)+E_iA_i,\qquad
              A_i=\frac{\alpha^2}{2m}\mathrm{tr}\bigl(\nabla^2f_i(w')\,C_i\bigr),\quad w'=w-\alpha\nabla f_i(w)

    with :math:`C_i` the covariance of the gradient of one sample. In linear regression this is exact. Here, for a task
    with :math:`v=\mathrm{tr}(\Sigma C)` and :math:`q\ge E\lVert\xi\rVert_\Sigma^4`, :math:`\xi` the noise of one
    sample's gradient, the error is at most

    .. math:: \frac{\alpha^3}{6m^2}\,\sup|s''|\,E|z|^3\sqrt{vq}
              +\frac{\alpha^4}8\,\sup|s'''|\Bigl(\frac{v^2+2\,\mathrm{tr}(\Sigma C\Sigma C)}{m^2}+\frac q{m^3}\Bigr),

    by Taylor's formula, and, as the loss is convex with slopes in (0, 1) and curvatures up to ¼, at most the larger of
    :math:`A` and :math:`U-A` with :math:`U=\min\bigl(\frac{\alpha^2v}{8m},\alpha\sqrt{2v/(\pi m)}\bigr)`.

    Args:
        env, w, alpha, labels: as for `post_adaptation_risk`.
        m: number of samples of the step, at least 1; `math.inf` is the full gradient.

    Returns:
        The approximation and the bound of its error, each (...); 0 where the risk is exact, m infinite or alpha = 0.

    Raises:
        ValueError: alpha < 0, m not a positive whole number, or shapes that do not match.

    Example:
        >>> risk, bound = approximate_post_adaptation_risk(TaskEnvironment.two_tasks(1, 0.5, 1.0), [0.0], 1.0, m=100)
        >>> risk.round(3), bool(bound < 1e-4)
        (np.float64(0.669), True)
    """
    rate, count = real_number("alpha", alpha, at_least=0.0), sample_number("m", m)
    w = checked_points(env, w)
    risk, bound = np.zeros((2, *w.shape[:-1]))
    for p, task in finite_tasks(env, labels):
        gradient = derivatives(w, task)[1]
        loss, _, hessian = derivatives(w - rate * gradient, task)
        risk = risk + p * loss
        if math.isfinite(count) and rate > 0:
            noise = gradient_covariance(w, task)
            term = rate**2 / (2 * count) * np.sum(hessian * noise, axis=(-2, -1))
            risk = risk + p * term
            bound = bound + p * _remainder(task.covariance, gradient, noise, term, rate, count)
    return risk[()], bound[()]


def _remainder(sigma: Array, gradient: Array, noise: Array, term: Array, alpha: float, m: float) -> Array:
    """Return the bound of `approximate_post_adaptation_risk` for one task, (...)."""
    image = sigma @ noise
    v, pairs = np.trace(image, axis1=-2, axis2=-1), np.sum(image * image.swapaxes(-1, -2), axis=(-2, -1))
    # residuals are at most 1, so E‖ξ‖⁴ is at most that of x, moved by the mean gradient
    square = sigma @ sigma
    fourth = (np.trace(square) ** 2 + 2 * np.trace(square @ square)) ** 0.25
    q = (fourth + norm(gradient, sigma)) ** 4
    third_order = alpha**3 / (6 * m**2) / (6 * math.sqrt(3)) * 2 * math.sqrt(2 / math.pi) * np.sqrt(v * q)
    fourth_order = alpha**4 / 8 / 8 * ((v**2 + 2 * pairs) / m**2 + q / m**3)
    most = np.minimum(alpha**2 * v / (8 * m), alpha * np.sqrt(2 * v / (math.pi * m)))
    return np.asarray(np.minimum(third_order + fourth_order, np.maximum(term, most - term)))


def post_adaptation_gradient(env: TaskEnvironment, w: ArrayLike, alpha: float, labels: Labels = "bernoulli") -> Array:
    r"""Return the gradient of `post_adaptation_risk`.

    .. math:: \nabla F_\infty(w)=E_i(I-\alpha\nabla^2f_i(w))\,\nabla f_i(w-\alpha\nabla f_i(w))

    Args:
        env, w, alpha, labels: as for `post_adaptation_risk`.

    Returns:
        (..., d).

    Raises:
        ValueError: as `post_adaptation_risk`.

    Example:
        >>> post_adaptation_gradient(TaskEnvironment.two_tasks(1, 1.0, 1.0), [0.0], alpha=1.0)  # two mirror images
        array([0.])
    """
    rate, points = real_number("alpha", alpha, at_least=0.0), checked_points(env, w)
    return _value_and_gradient(finite_tasks(env, labels), points, rate)[1]


def erm_solution(env: TaskEnvironment, labels: Labels = "bernoulli") -> Array:
    r"""Return the minimiser of the average loss before adaptation, :math:`E_if_i`: `maml_solution` at alpha = 0.

    Args:
        env: the environment.
        labels: how labels are drawn.

    Returns:
        (d,).

    Raises:
        ValueError: as `maml_solution`.

    Example:
        >>> erm_solution(TaskEnvironment.finite_tasks([[[1.0]]], [[0.5]])).round(10)
        array([0.5])
    """
    return maml_solution(env, 0.0, labels)


def maml_solution(
    env: TaskEnvironment, alpha: float, labels: Labels = "bernoulli", starts: ArrayLike | None = None
) -> Array:
    r"""Return the lowest local minimum of `post_adaptation_risk`, :math:`F_\infty`, that descents lead to.

    :math:`F_\infty` need not be convex, and no search of it is a proof; but what is returned is a minimum and no other
    stationary point (see `paperlib.minima`).

    Args:
        env: the environment.
        alpha: inner learning rate, not negative; 0 is no step.
        labels: how labels are drawn.
        starts: (d,) or (S, d), where descents begin: left out, at the task optima and at their mean.

    Returns:
        (d,), where the gradient has a norm of at most 1e-10.

    Raises:
        ValueError: an argument breaks its condition, or no start leads to a minimum; the objective may fall forever.

    Example:
        >>> maml_solution(TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=1.0).round(6) + 0.0
        array([0.])
    """
    places = checked_starts(np.vstack([env.means, env.average(env.means)]) if starts is None else starts, env.dim)
    rate, tasks = real_number("alpha", alpha, at_least=0.0), finite_tasks(env, labels)

    def objective(w: Array) -> tuple[float, Array]:
        value, gradient = _value_and_gradient(tasks, w, rate)
        return float(value), gradient

    unit = math.sqrt(np.mean(np.trace(env.covariances, axis1=-2, axis2=-1)) / env.dim)
    return lowest_minimum(objective, places, unit)


def _value_and_gradient(tasks: list[tuple[float, Task]], w: Array, alpha: float) -> tuple[Array, Array]:
    """Return F_∞, (...), and its gradient at w (..., d)."""
    risk, total = np.zeros(w.shape[:-1]), np.zeros(w.shape)
    for p, task in tasks:
        _, gradient, hessian = derivatives(w, task)
        loss, outer, _ = derivatives(w - alpha * gradient, task)
        risk = risk + p * loss
        total = total + p * (outer - alpha * np.einsum("...ij,...j->...i", hessian, outer))
    return risk, total


def finite_tasks(env: TaskEnvironment, labels: Labels) -> list[tuple[float, Task]]:
    """Return probability and task of each group, or raise a ValueError if the groups are not single tasks."""
    check_labels(labels)
    if env.spreads.any() or env.noise_std > 0:
        raise ValueError("env must hold finitely many tasks (no spreads) and no noise but that of the labels")
    tasks = zip(env.probabilities, env.means, env.covariances, strict=True)
    return [(float(p), single_task(w_star, sigma, labels)) for p, w_star, sigma in tasks]


def checked_points(env: TaskEnvironment, w: ArrayLike) -> Array:
    """Return `w`, (..., d), or raise a ValueError if it does not fit the environment."""
    points = finite_array("w", w)
    if points.shape[-1:] != (env.dim,):
        raise ValueError(f"w must have shape (..., {env.dim}), as the environment has; got {points.shape}")
    return points


def checked_starts(starts: ArrayLike, dim: int) -> Array:
    """Return one start (d,), or several, as (S, d), or raise a ValueError."""
    places = finite_array("starts", starts)
    if places.ndim not in (1, 2) or places.shape[-1] != dim:
        raise ValueError(f"starts must have shape ({dim},) or (S, {dim}); got {places.shape}")
    return np.atleast_2d(places)
