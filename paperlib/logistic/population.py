r"""Population loss, gradient and Hessian of a logistic regression task, and the covariance of a sample's gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from paperlib.arguments import Array, finite_array, symmetric_matrices
from paperlib.logistic.quadrature import PEAK, Labels, check_labels, half_line, label_moments, means


@dataclass(frozen=True)
class Task:
    r"""A checked task: optimum (d,), covariance (d, d), labels, c of `label_slope` and :math:`1-\sqrt{2\pi}\,tc`."""

    w_star: Array
    covariance: Array
    labels: Labels
    slope: float
    shortfall: float


def label_slope(std: ArrayLike, labels: Labels = "bernoulli") -> Array:
    r"""Return c in :math:`E[yx]=c\,\Sigma w^*`, by Stein's lemma, where :math:`u^*` has the given deviation.

    .. math:: c = E[s'(u^*)]\ \text{(Bernoulli)},\qquad c = 1/(\sqrt{2\pi}\,\mathrm{std})\ \text{(sign)}

    with :math:`u^*=\langle w^*,x\rangle` and the logistic function :math:`s(u)=1/(1+e^{-u})`.

    Args:
        std: (...), standard deviations of :math:`u^*`.
        labels: how labels are drawn.

    Returns:
        (...).

    Raises:
        ValueError: std not finite, or not positive where labels are signs, or unknown labels.

    Example:
        >>> label_slope(0.0).round(4), label_slope(1.0, "sign").round(4)
        (np.float64(0.25), np.float64(0.3989))
    """
    check_labels(labels)
    scale = finite_array("std", std)
    if labels == "bernoulli":
        return means(scale).slope[()]
    if (scale <= 0).any():
        raise ValueError(f"w_star must not be zero where labels are signs; got a standard deviation of {scale.min():g}")
    return np.asarray(PEAK / scale)[()]


def population_loss(w: ArrayLike, w_star: ArrayLike, covariance: ArrayLike, labels: Labels = "bernoulli") -> Array:
    r"""Return the population loss of a task, :math:`f(w)=E\log(1+e^u)-c\,w^\top\Sigma w^*`, with c of `label_slope`.

    Here and below :math:`u=\langle w,x\rangle`, and :math:`s(u)=1/(1+e^{-u})` is the logistic function.

    Args:
        w: (..., d).
        w_star: (d,), the parameter of the labels.
        covariance: (d, d), symmetric positive definite covariance of the inputs.
        labels: how labels are drawn.

    Returns:
        (...).

    Raises:
        ValueError: covariance not symmetric positive definite, shapes that do not match, or unknown labels.

    Example:
        >>> population_loss([0.0], [1.0], [[2.0]]).round(4)  # log 2
        np.float64(0.6931)
    """
    points, task = checked_task(w, w_star, covariance, labels)
    return derivatives(points, task)[0][()]


def population_gradient(w: ArrayLike, w_star: ArrayLike, covariance: ArrayLike, labels: Labels = "bernoulli") -> Array:
    r"""Return the gradient of the population loss, :math:`\nabla f(w)=\Sigma\,(E[s'(u)]\,w-c\,w^*)`.

    Letters are those of `population_loss`.

    Args:
        w, w_star, covariance, labels: as for `population_loss`.

    Returns:
        (..., d).

    Raises:
        ValueError: as `population_loss`.

    Example:
        >>> population_gradient([1.0], [1.0], [[2.0]])  # the optimum, if labels are Bernoulli
        array([0.])
    """
    points, task = checked_task(w, w_star, covariance, labels)
    return derivatives(points, task)[1]


def population_hessian(w: ArrayLike, covariance: ArrayLike) -> Array:
    r"""Return the Hessian of the population loss, whatever the labels.

    .. math:: \nabla^2f(w)=E[s'(u)]\,\Sigma+E[s'''(u)]\,\Sigma ww^\top\Sigma

    Letters are those of `population_loss`.

    Args:
        w, covariance: as for `population_loss`.

    Returns:
        (..., d, d), symmetric positive definite.

    Raises:
        ValueError: covariance not symmetric positive definite, or shapes that do not match.

    Example:
        >>> population_hessian([0.0], [[2.0]])  # a quarter of the variance
        array([[0.5]])
    """
    sigma = symmetric_matrices("covariance", covariance, 2)
    points, task = checked_task(w, np.zeros(len(sigma)), sigma, "bernoulli")
    return derivatives(points, task)[2]


def checked_task(w: ArrayLike, w_star: ArrayLike, covariance: ArrayLike, labels: Labels) -> tuple[Array, Task]:
    """Return `w`, (..., d), and the task, or raise a ValueError that names the argument."""
    sigma, points = symmetric_matrices("covariance", covariance, 2), finite_array("w", w)
    optimum = finite_array("w_star", w_star, 1)
    for name, array in (("w", points), ("w_star", optimum)):
        if array.shape[-1:] != (len(sigma),):
            raise ValueError(f"{name} must have shape (..., {len(sigma)}), as covariance has; got {array.shape}")
    return points, single_task(optimum, sigma, labels)


def single_task(w_star: Array, covariance: Array, labels: Labels) -> Task:
    """Return the task of an optimum (d,) and a covariance (d, d)."""
    std = norm(w_star, covariance)
    shortfall = float(means(std).shortfall) if labels == "bernoulli" else 0.0
    return Task(w_star, covariance, labels, float(label_slope(std, labels)), shortfall)


def derivatives(w: Array, task: Task) -> tuple[Array, Array, Array]:
    r"""Return loss, gradient and Hessian at w (..., d).

    Far out, near multiples of the optimum, loss and gradient are small differences of :math:`E[s'(u)]\,t`, which is
    :math:`1/\sqrt{2\pi}` less a shortfall, of :math:`c` times the deviation of :math:`u^*`, and of :math:`t` and the
    part of w along :math:`w^*`. So the shortfalls are subtracted, and the last difference comes from the rest of w.
    """
    sigma = task.covariance
    t, std = norm(w, sigma), norm(task.w_star, sigma)
    mean, unit, axis = means(t), _unit(w, t), _unit(task.w_star, std)
    along, rest, across = _split(w, axis, sigma)
    ahead = along > 0
    gap = np.where(ahead, across * (across / np.where(ahead, t + along, 1.0)), t - along)  # t − along
    loss = mean.remainder + PEAK * (gap + task.shortfall * along)
    far = np.maximum(mean.shortfall, task.shortfall) < 0.5
    excess = np.where(far, PEAK * (task.shortfall - mean.shortfall), mean.slope * t - task.slope * std)
    gradient = (excess - mean.slope * gap)[..., None] * (axis @ sigma) + (mean.slope * across)[..., None] * (
        rest @ sigma
    )
    hessian = mean.slope[..., None, None] * _beside(sigma, unit)
    hessian = hessian + mean.along[..., None, None] * _outer(unit @ sigma, unit @ sigma)
    return np.asarray(loss), np.asarray(gradient), np.asarray(hessian)


def gradient_covariance(w: Array, task: Task) -> Array:
    r"""Return the covariance of the gradient of one sample, :math:`E[(s(u)-y)^2xx^\top]-\nabla f\,\nabla f^\top`.

    At w (..., d): (..., d, d). On m samples it is this by m.

    The mean of :math:`(s(u)-y)^2xx^\top` is one over :math:`u=tn`, n > 0 (x and −x count alike), of means over the part
    of :math:`u^*` that is independent of u.
    """
    sigma, points = task.covariance, w.reshape(-1, w.shape[-1])
    t = norm(points, sigma)[:, None]
    axis = _unit(task.w_star, norm(task.w_star, sigma))
    unit = np.where(t > 0, _unit(points, t[:, 0]), axis)  # at w = 0 any direction will do
    along, other, across = _split(task.w_star, unit, sigma)
    width = across + (task.labels == "bernoulli")  # over which labels change, in u*
    change = np.abs(along) / np.maximum(width, 1e-18 * np.abs(along) + 1e-300)
    nodes, weights = half_line(np.maximum(t[:, 0], change))
    ones, zeros = label_moments(along[:, None] * nodes, across[:, None], task.labels)
    squares = weights * (expit(-t * nodes) ** 2 * ones + expit(t * nodes) ** 2 * zeros)
    powers = squares[0], squares[0] * nodes**2, squares[1] * nodes, squares[2]
    none, both, mixed, rest = (np.sum(power, axis=-1)[:, None, None] for power in powers)
    a, b = unit @ sigma, other @ sigma
    second = none * _beside(sigma, unit, other) + both * _outer(a, a) + rest * _outer(b, b)
    second = second + mixed * (_outer(a, b) + _outer(b, a))
    gradient = derivatives(w, task)[1]
    return np.asarray(second.reshape(*w.shape, -1) - _outer(gradient, gradient))


def norm(w: Array, sigma: Array) -> Array:
    """Return the standard deviation of ⟨w, x⟩, (...)."""
    largest = np.abs(w).max(axis=-1)
    scaled = w / np.where(largest > 0, largest, 1.0)[..., None]
    return np.asarray(largest * np.sqrt(np.sum(scaled @ sigma * scaled, axis=-1)))


def _unit(w: Array, length: Array) -> Array:
    """Return w over its `norm`, or zero."""
    return np.divide(w, length[..., None], out=np.zeros_like(w), where=length[..., None] > 0)


def _split(w: Array, unit: Array, sigma: Array) -> tuple[Array, Array, Array]:
    """Return w's component along a unit vector or zero, and the unit vector and the length of the rest."""
    along = np.sum(w @ sigma * unit, axis=-1)
    rest = w - along[..., None] * unit
    rest = rest - np.sum(rest @ sigma * unit, axis=-1)[..., None] * unit  # orthogonal even where little is left
    across = norm(rest, sigma)
    across = np.where(across > 1e-14 * np.abs(along), across, 0.0)
    return along, _unit(rest, across), across


def _beside(sigma: Array, *units: Array) -> Array:
    """Return Σ without its part along orthonormal vectors (..., d): positive semidefinite to rounding of its own."""
    eye = np.eye(len(sigma))
    shadow = eye - sum(_outer(unit @ sigma, unit) for unit in units)
    return np.asarray(shadow @ sigma @ shadow.swapaxes(-1, -2))


def _outer(a: Array, b: Array) -> Array:
    return np.asarray(a[..., :, None] * b[..., None, :])
