r"""Means over Gaussian variables of the logistic function, at all scales: no rule has a scale of its own.

For a standard deviation up to 1 the integrands are smooth beside a normal density, and Gauss–Hermite quadrature does.
Beyond, :math:`s'` is read as the density of a logistic variable L, and the mean over L is a trapezoidal sum, which
converges geometrically: :math:`Es'(u)` is the density of :math:`u+L` at zero, and a label is :math:`1[u^*>L]`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, expit, log_expit, ndtr

from paperlib.arguments import Array, finite_array
from paperlib.gaussian import gauss_hermite

Labels = Literal["bernoulli", "sign"]
PEAK = 1 / math.sqrt(2 * math.pi)  # of the standard normal density


class Means(NamedTuple):
    r"""Means over :math:`u\sim N(0,t^2)`, each of the shape of t."""

    remainder: Array
    r""":math:`E\log(1+e^{-|u|})=E\log(1+e^u)-t/\sqrt{2\pi}`"""
    slope: Array
    r""":math:`Es'(u)`"""
    along: Array
    r""":math:`E[s'(u)u^2]/t^2=Es'(u)+t^2Es'''(u)`"""
    third: Array
    r""":math:`Es'''(u)`"""
    shortfall: Array
    r""":math:`1-\sqrt{2\pi}\,t\,Es'(u)`, which is 1 at t = 0 and tends to 0"""


def means(std: Array, *, coarse: bool = False) -> Means:
    """Return the means over a normal variable of each standard deviation, (...). `coarse` halves the nodes."""
    flat = np.abs(std).reshape(-1, 1)
    result = np.empty((5, flat.size))
    small = flat[:, 0] <= 1.0
    t = flat[small]
    nodes, transform = gauss_hermite(48 if coarse else 96)
    half = len(nodes) // 2
    u, weights = t * nodes[half:], 2 * transform[0, half:] ** 2
    s1 = expit(u) * expit(-u)
    remainder = (np.logaddexp(0, u) - u / 2) @ weights - PEAK * t[:, 0]  # u/2 has mean zero, |u|/2 has PEAK t
    slope, third = s1 @ weights, (s1 * (1 - 6 * s1)) @ weights
    along = (s1 * nodes[half:] ** 2) @ weights
    result[:, small] = remainder, slope, along, third, 1 - t[:, 0] * slope / PEAK
    t = flat[~small]
    L, weights = logistic_nodes(0.5 if coarse else 0.25)
    ratio = L / t
    shortfall = -np.expm1(-(ratio**2) / 2)
    density = PEAK * (1 - shortfall)
    remainder = (L * erf(ratio / math.sqrt(2)) / 2 - PEAK * t * shortfall) @ weights
    t = t[:, 0]
    slope, along = density @ weights / t, (ratio**2 * density) @ weights / t
    result[:, ~small] = remainder, slope, along, (along - slope) / t / t, shortfall @ weights
    return Means(*result.reshape(5, *std.shape))


def gaussian_means(std: ArrayLike, *, coarse: bool = False) -> Array:
    r"""Return :math:`E\log(1+e^u)`, :math:`Es'(u)`, :math:`Es'''(u)` for :math:`u\sim N(0,\mathrm{std}^2)`.

    To rounding, whatever the scale.

    Args:
        std: (...), standard deviations; signs do not matter.
        coarse: halve the nodes: the difference estimates the error.

    Returns:
        (3, ...).

    Raises:
        ValueError: std not finite.

    Example:
        >>> gaussian_means(0.0).round(4).tolist()  # log 2, a quarter, minus an eighth
        [0.6931, 0.25, -0.125]
    """
    scale = np.abs(finite_array("std", std))
    found = means(scale, coarse=coarse)
    return np.stack([found.remainder + PEAK * scale, found.slope, found.third])


def entropy(std: float) -> float:
    r"""Return the mean entropy of a label, :math:`-E[s\log s+(1-s)\log(1-s)]` at :math:`u\sim N(0,\mathrm{std}^2)`."""
    nodes, weights = half_line(np.array(std))
    u = std * nodes
    return float(-(expit(u) * log_expit(u) + expit(-u) * log_expit(-u)) @ weights)


def half_line(scale: Array, step: float = 0.1) -> tuple[Array, Array]:
    r"""Return nodes n > 0 and weights, (..., N), whose sums are means over :math:`n=|z|`, z standard normal.

    For functions of n, :math:`\lambda n` and so on, with all :math:`|\lambda|` up to `scale`, (...), that are analytic
    in the sector :math:`|\arg n|<\pi/4`, as :math:`s(\lambda n)`, :math:`\Phi(\lambda n)` and the density are. In
    :math:`\log n` that sector is a strip, of the same width for each :math:`\lambda`, and the trapezoidal sum converges
    geometrically. Below 1/scale, where nothing happens, :math:`n=e^{x-e^{-x}}/\mathrm{scale}` hastens to zero.
    """
    largest = np.maximum(1.0, scale)[..., None]
    x = np.arange(-3.8, math.log(10 * largest.max(initial=1.0)), step)
    nodes = np.exp(x - np.exp(-x)) / largest
    density = PEAK * np.exp(-(nodes**2) / 2)
    return np.asarray(nodes), np.asarray(2 * step * (1 + np.exp(-x)) * nodes * density)


@lru_cache(maxsize=4)
def logistic_nodes(step: float) -> tuple[Array, Array]:
    """Return nodes L >= 0 and weights of the trapezoidal sum for means of even functions of a logistic variable."""
    L = np.arange(0.0, 40.0, step)
    weights = 2 * step * expit(L) * expit(-L)
    weights[0] /= 2
    return L, weights


def label_moments(mean: Array, std: Array, labels: Labels) -> tuple[Array, Array]:
    r"""Return :math:`E[y z^k]` and :math:`E[(1-y)z^k]`, k = 0, 1, 2, two arrays (3, P, N): labels given one direction.

    With :math:`u^*=\mathrm{mean}+\mathrm{std}\,z`, mean (P, N), std (P, 1) and z standard normal. For
    :math:`y=1[u^*>L]` and :math:`h=(\mathrm{mean}-L)/\mathrm{std}` they are :math:`\Phi(h)`, :math:`\phi(h)` and
    :math:`\Phi(h)-h\phi(h)`, and the same of -h with the middle one reversed; signs have L = 0.
    """
    ones, zeros = np.zeros((2, 3, *mean.shape))
    smooth = (std[:, 0] <= 1.0) & (labels == "bernoulli")
    nodes, transform = gauss_hermite(96 if std[smooth].any() else 1)
    for z, weight in zip(nodes, transform[0] ** 2, strict=True):
        u = mean[smooth] + std[smooth] * z
        for moments, positive in ((ones, expit(u)), (zeros, expit(-u))):
            moments[:, smooth] += weight * np.multiply.outer([1.0, z, z * z], positive)
    if smooth.all():
        return ones, zeros
    L, weights = (np.zeros(1), np.ones(1)) if labels == "sign" else logistic_nodes(0.25)
    for offset, weight in zip(np.append(L, -L), np.append(weights, weights) / 2, strict=True):
        with np.errstate(divide="ignore"):
            h = np.clip((mean[~smooth] - offset) / std[~smooth], -40.0, 40.0)
        density = PEAK * np.exp(-(h**2) / 2)
        ones[:, ~smooth] += weight * np.stack([ndtr(h), density, ndtr(h) - h * density])
        zeros[:, ~smooth] += weight * np.stack([ndtr(-h), -density, ndtr(-h) + h * density])
    return ones, zeros


def check_labels(labels: str) -> None:
    """Raise a ValueError unless labels are of a known kind."""
    if labels not in ("bernoulli", "sign"):
        raise ValueError(f"labels must be 'bernoulli' or 'sign'; got {labels!r}")
