r"""Population loss, gradient and Hessian of a logistic regression task: one-dimensional Gaussian integrals."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, expit

from paperlib.arguments import Array, finite_array, symmetric_matrices
from paperlib.gaussian import gauss_hermite

Labels = Literal["bernoulli", "sign"]
Task = tuple[Array, Array, float]  # optimum, covariance, and the c of `label_slope`
ROOT_2PI = math.sqrt(2 * math.pi)
LEGENDRE = np.polynomial.legendre.leggauss(80)


def gaussian_means(std: ArrayLike, *, coarse: bool = False) -> Array:
    r"""Return :math:`E\log(1+e^u)`, :math:`Es'(u)`, :math:`Es'''(u)` for :math:`u\sim N(0,\mathrm{std}^2)`, (3, ...).

    Up to std 1 by Gauss–Hermite quadrature. Beyond, by :math:`s'` being the density of a logistic variable L: the
    means are :math:`E\max(u+L,0)` and the density of :math:`u+L` at zero with its second derivative. The mean over L is
    a trapezoidal sum, which converges geometrically. `coarse` halves the nodes: the difference estimates the error.

    Example:
        >>> gaussian_means(0.0).round(4).tolist()  # log 2, a quarter, minus an eighth
        [0.6931, 0.25, -0.125]
    """
    scale = np.abs(finite_array("std", std))
    flat, result = scale.reshape(-1, 1), np.empty((3, scale.size))
    small = flat[:, 0] <= 1.0
    nodes, transform = gauss_hermite(48 if coarse else 96)
    half = len(nodes) // 2
    u, weights = flat[small] * nodes[half:], 2 * transform[0, half:] ** 2
    slope = expit(u) * expit(-u)
    even = np.logaddexp(0, u) - u / 2  # the odd part u/2 has mean zero
    result[:, small] = np.stack([even @ weights, slope @ weights, (slope * (1 - 6 * slope)) @ weights])
    step = 0.5 if coarse else 0.25
    L = np.arange(0.0, 40.0, step)
    weights = 2 * step * expit(L) * expit(-L)
    weights[0] /= 2
    t = flat[~small]
    density = np.exp(-((L / t) ** 2) / 2) / ROOT_2PI
    result[0, ~small] = (t * density + L * erf(L / t / math.sqrt(2)) / 2) @ weights
    result[1, ~small] = (density / t) @ weights
    result[2, ~small] = (((L / t) ** 2 - 1) * density / t**3) @ weights
    return result.reshape(3, *scale.shape)


def label_slope(std: ArrayLike, labels: Labels = "bernoulli") -> Array:
    r"""Return c in :math:`E[yx]=c\,\Sigma w^*`, by Stein's lemma, for :math:`u^*` of the given standard deviation.

    .. math:: c = E[s'(u^*)]\ \text{(Bernoulli)},\qquad c = 1/(\sqrt{2\pi}\,\mathrm{std})\ \text{(sign)}

    Example:
        >>> label_slope(0.0), label_slope(1.0, "sign").round(4)
        (np.float64(0.25), np.float64(0.3989))
    """
    check_labels(labels)
    if labels == "bernoulli":
        return np.asarray(gaussian_means(std)[1])[()]
    scale = finite_array("std", std)
    if (scale <= 0).any():
        raise ValueError(f"w_star must not be zero where labels are signs; got a standard deviation of {scale.min():g}")
    return np.asarray(1 / (ROOT_2PI * scale))[()]


def population_loss(w: ArrayLike, w_star: ArrayLike, covariance: ArrayLike, labels: Labels = "bernoulli") -> Array:
    r"""Return :math:`f(w)=E\log(1+e^u)-c\,w^\top\Sigma w^*`, with c of `label_slope`; also for w of shape (..., d).

    Raises:
        ValueError: covariance not symmetric positive definite, shapes that do not match, or unknown labels.

    Example:
        >>> population_loss([0.0], [1.0], [[2.0]]).round(4)  # log 2
        np.float64(0.6931)
    """
    points, task = checked_task(w, w_star, covariance, labels)
    return derivatives(points, task)[0][()]


def population_gradient(w: ArrayLike, w_star: ArrayLike, covariance: ArrayLike, labels: Labels = "bernoulli") -> Array:
    r"""Return :math:`\nabla f(w)=\Sigma\,(E[s'(u)]\,w-c\,w^*)`, of the shape of w.

    Example:
        >>> population_gradient([1.0], [1.0], [[2.0]])  # the optimum, if labels are Bernoulli
        array([0.])
    """
    points, task = checked_task(w, w_star, covariance, labels)
    return derivatives(points, task)[1]


def population_hessian(w: ArrayLike, covariance: ArrayLike) -> Array:
    r"""Return :math:`\nabla^2f(w)=E[s'(u)]\,\Sigma+E[s'''(u)]\,\Sigma ww^\top\Sigma`, (..., d, d), whatever the labels.

    Example:
        >>> population_hessian([0.0], [[2.0]])  # a quarter of the variance
        array([[0.5]])
    """
    sigma = symmetric_matrices("covariance", covariance, 2)
    points, task = checked_task(w, np.zeros(len(sigma)), sigma, "bernoulli")
    return derivatives(points, task)[2]


def gradient_covariance(w: ArrayLike, w_star: ArrayLike, covariance: ArrayLike, labels: Labels = "bernoulli") -> Array:
    r"""Return the covariance of the gradient of one sample, :math:`E[(s(u)-y)^2xx^\top]-\nabla f\,\nabla f^\top`.

    (..., d, d). The squared residual depends on x through :math:`u^*` and the part of u that is independent of it: a
    double integral, Gauss–Legendre over :math:`u^*>0` (x and −x count alike) and Gauss–Hermite over the rest.

    Example:
        >>> gradient_covariance([0.0], [0.0], [[2.0]])  # a residual of one half, times x
        array([[0.5]])
    """
    points, task = checked_task(w, w_star, covariance, labels)
    return spread(points, task, derivatives(points, task)[1], labels)


def checked_task(w: ArrayLike, w_star: ArrayLike, covariance: ArrayLike, labels: Labels) -> tuple[Array, Task]:
    """Return `w`, (..., d), and the task, or raise a ValueError that names the argument."""
    sigma, points = symmetric_matrices("covariance", covariance, 2), finite_array("w", w)
    optimum = finite_array("w_star", w_star, 1)
    for name, array in (("w", points), ("w_star", optimum)):
        if array.shape[-1:] != (len(sigma),):
            raise ValueError(f"{name} must have shape (..., {len(sigma)}), as covariance has; got {array.shape}")
    return points, (optimum, sigma, float(label_slope(_norm(optimum, sigma), labels)))


def derivatives(w: Array, task: Task) -> tuple[Array, Array, Array]:
    """Return loss, gradient and Hessian at w (..., d)."""
    w_star, sigma, c = task
    image = w @ sigma
    mean, first, third = gaussian_means(np.sqrt(np.sum(image * w, axis=-1)))
    gradient = first[..., None] * image - c * (sigma @ w_star)
    hessian = first[..., None, None] * sigma + third[..., None, None] * _outer(image, image)
    return np.asarray(mean - c * image @ w_star), np.asarray(gradient), np.asarray(hessian)


def spread(w: Array, task: Task, gradient: Array, labels: Labels) -> Array:
    """Return the covariance of the gradient of one sample at w (..., d)."""
    w_star, sigma, _ = task
    length = float(_norm(w_star, sigma))
    axis = w_star / length if length > 0 else np.eye(len(w_star))[0] / math.sqrt(sigma[0, 0])
    along = w @ sigma @ axis
    rest = w - along[..., None] * axis
    across = _norm(rest, sigma)
    if (across <= 1e-12 * _norm(w, sigma)).all():
        across = np.zeros_like(across)
    other = np.divide(rest, across[..., None], out=np.zeros_like(rest), where=across[..., None] > 0)
    z2, transform = gauss_hermite(64 if across.any() else 1)
    x, weights = LEGENDRE
    z1 = 4.5 * (x + 1)[:, None]
    mass = 9 * weights[:, None] * np.exp(-(z1**2) / 2) / ROOT_2PI * transform[0] ** 2
    u = along[..., None, None] * z1 + across[..., None, None] * z2
    positive = expit(length * z1) if labels == "bernoulli" else 1.0
    square = mass * (positive * expit(-u) ** 2 + (1 - positive) * expit(u) ** 2)
    moments = [np.sum(square * v, axis=(-2, -1))[..., None, None] for v in (1.0, z1**2, z1 * z2, z2**2)]
    a, b = axis @ sigma, other @ sigma
    cross = _outer(np.broadcast_to(a, b.shape), b)
    second = moments[0] * sigma + (moments[1] - moments[0]) * np.outer(a, a) + (moments[3] - moments[0]) * _outer(b, b)
    second = second + moments[2] * (cross + cross.swapaxes(-1, -2))
    return np.asarray(second - _outer(gradient, gradient))


def check_labels(labels: str) -> None:
    """Raise a ValueError unless labels are of a known kind."""
    if labels not in ("bernoulli", "sign"):
        raise ValueError(f"labels must be 'bernoulli' or 'sign'; got {labels!r}")


def _norm(w: Array, sigma: Array) -> Array:
    return np.asarray(np.sqrt(np.sum(w @ sigma * w, axis=-1)))


def _outer(a: Array, b: Array) -> Array:
    return np.asarray(a[..., :, None] * b[..., None, :])
