r"""The ERM and MAML objectives of finitely many tasks over the whole population, and their minimisers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize, root

from paperlib.arguments import Array, finite_array, real_number, sample_number
from paperlib.environments import TaskEnvironment
from paperlib.logistic.population import Labels, Task, check_labels, derivatives, label_slope, spread


def noise_floor(env: TaskEnvironment, labels: Labels = "bernoulli") -> float:
    """Return the mean over tasks of the infimum of their losses: the entropy of the labels; 0 if they are signs."""
    tasks = finite_tasks(env, labels)
    return 0.0 if labels == "sign" else float(sum(p * derivatives(task[0], task)[0] for p, task in tasks))


def post_adaptation_risk(
    env: TaskEnvironment, w: ArrayLike, alpha: float, m: float = math.inf, labels: Labels = "bernoulli"
) -> Array:
    r"""Return :math:`F_\infty(w)=E_if_i(w-\alpha\nabla f_i(w))`; for finite m with its second-order correction.

    .. math:: F_m(w)\approx F_\infty(w)+\frac{\alpha^2}{2m}E_i\,
        \mathrm{tr}\bigl(\nabla^2f_i(w-\alpha\nabla f_i(w))\,\mathrm{Cov}(\nabla\ell_i(w))\bigr)

    Args:
        env: the environment.
        w: (..., d).
        alpha: inner learning rate, not negative. With alpha = 0 this is the loss before adaptation, ERM's objective.
        m: samples of the inner step, at least 1.
        labels: how labels are drawn.

    Example:
        >>> env = TaskEnvironment.two_tasks(1, 0.5, 1.0)
        >>> post_adaptation_risk(env, [0.0], alpha=0.0).round(4)
        np.float64(0.6931)
    """
    rate, count = real_number("alpha", alpha, at_least=0.0), sample_number("m", m)
    w, total = checked_points(env, w), np.array(0.0)
    for p, task in finite_tasks(env, labels):
        gradient = derivatives(w, task)[1]
        loss, _, hessian = derivatives(w - rate * gradient, task)
        total = total + p * loss
        if math.isfinite(count) and rate > 0:
            noise = spread(w, task, gradient, labels)
            total = total + p * rate**2 / (2 * count) * np.sum(hessian * noise, axis=(-2, -1))
    return total[()]


def post_adaptation_gradient(env: TaskEnvironment, w: ArrayLike, alpha: float, labels: Labels = "bernoulli") -> Array:
    r"""Return :math:`\nabla F_\infty(w)=E_i(I-\alpha\nabla^2f_i(w))\,\nabla f_i(w-\alpha\nabla f_i(w))`, shaped as w.

    Example:
        >>> post_adaptation_gradient(TaskEnvironment.two_tasks(1, 1.0, 1.0), [0.0], alpha=1.0)  # two mirror images
        array([0.])
    """
    rate, w = real_number("alpha", alpha, at_least=0.0), checked_points(env, w)
    total = np.zeros_like(w)
    for p, task in finite_tasks(env, labels):
        _, gradient, hessian = derivatives(w, task)
        outer = derivatives(w - rate * gradient, task)[1]
        total += p * (outer - rate * np.einsum("...ij,...j->...i", hessian, outer))
    return total


def erm_solution(env: TaskEnvironment, labels: Labels = "bernoulli") -> Array:
    """Return the minimiser (d,) of the average loss before adaptation, to a gradient of 1e-10."""
    return maml_solution(env, 0.0, labels)


def maml_solution(
    env: TaskEnvironment, alpha: float, labels: Labels = "bernoulli", starts: ArrayLike | None = None
) -> Array:
    """Return the lowest stationary point (d,) of F_∞ that BFGS finds from the starts (k, d), to a gradient of 1e-10.

    Starts left out are the task optima and their mean. F_∞ need not be convex, and no search of it is a proof.

    Raises:
        ValueError: no start leads to a stationary point.

    Example:
        >>> maml_solution(TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=1.0).round(6) + 0.0
        array([0.])
    """

    def objective(w: Array) -> tuple[float, Array]:
        value = float(post_adaptation_risk(env, w, alpha, labels=labels))
        return value, post_adaptation_gradient(env, w, alpha, labels)

    means = np.vstack([env.means, env.probabilities @ env.means])
    found = []
    for start in means if starts is None else finite_array("starts", starts, 2):
        found.append(stationary(objective, start))
    return min(found, key=lambda w: objective(w)[0])


def stationary(objective: Callable[[Array], tuple[float, Array]], start: Array) -> Array:
    """Return the minimiser reached from the start by BFGS, polished to a gradient of 1e-10, or raise a ValueError."""
    found = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-7})
    polished = root(lambda w: objective(w)[1], found.x, method="hybr", options={"xtol": 1e-13}).x
    residual = float(np.linalg.norm(objective(polished)[1]))
    if residual > 1e-10 or np.abs(polished - found.x).max() > 1e-2 or np.abs(polished).max() > 1e3:
        raise ValueError(f"no minimiser was found from start {start.round(3).tolist()}; gradient left: {residual:.1e}")
    return np.asarray(polished, dtype=float)


def finite_tasks(env: TaskEnvironment, labels: Labels) -> list[tuple[float, Task]]:
    """Return probability and task of each group, or raise a ValueError if the groups are not single tasks."""
    check_labels(labels)
    if env.spreads.any() or env.noise_std > 0:
        raise ValueError("env must hold finitely many tasks (no spreads) and no noise but that of the labels")
    slopes = label_slope(np.sqrt(np.einsum("gi,gij,gj->g", env.means, env.covariances, env.means)), labels)
    tasks = zip(env.probabilities, env.means, env.covariances, slopes, strict=True)
    return [(float(p), (w_star, sigma, float(c))) for p, w_star, sigma, c in tasks]


def checked_points(env: TaskEnvironment, w: ArrayLike) -> Array:
    """Return `w`, (..., d), or raise a ValueError if it does not fit the environment."""
    points = finite_array("w", w)
    if points.shape[-1:] != (env.dim,):
        raise ValueError(f"w must have shape (..., {env.dim}), as the environment has; got {points.shape}")
    return points
