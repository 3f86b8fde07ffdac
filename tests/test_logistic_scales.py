"""Logistic regression at all scales: integrals over the plane of both parameters, panel by panel, and mpmath."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import mpmath as mp
import numpy as np
import pytest
from scipy.special import expit

from paperlib import logistic
from paperlib.arguments import Array
from paperlib.environments import TaskEnvironment
from paperlib.logistic import Labels
from paperlib.logistic.population import checked_task, gradient_covariance

LABELS: tuple[Labels, ...] = ("bernoulli", "sign")
NORMS = [(1e-3, 1e-3), (1e-3, 1e4), (0.5, 1.0), (0.9, 7.0), (1.1, 0.3), (10.0, 1.0)]
NORMS += [(30.0, 30.0), (1e4, 1e-3), (1e4, 2.0), (1e4, 1e4)]
ANGLES = [0.0, math.pi, math.pi / 2, 1.0, 2.5, 1e-3, 1e-7]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


def panels(edges: Array) -> tuple[Array, Array]:
    """Gauss–Legendre nodes between the edges, and weights."""
    edges = np.unique(edges)
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    return (middle[:, None] + half[:, None] * NODES).ravel(), (half[:, None] * WEIGHTS).ravel()


def halvings(scale: float) -> Array:
    """Edges from 12 down by halves, far below 1/scale, and 0."""
    edges = 12.0 * 2.0 ** -np.arange(60.0)
    return np.append(edges[edges > 1e-2 / scale], 0.0)


@cache
def plane(size: float, target: float, angle: float, labels: Labels) -> tuple[Array, Array]:
    r"""Integrate over two standard normals: u* = target z₁ and u = size (z₁ cos + z₂ sin).

    Returns the loss, E[(s − y)z] (2), and E[(s − y)²] and E[(s − y)²zzᵀ] (11, 12, 22); and the same of absolute values.
    The outer variable is that of the labels, and the panels of the inner one crowd where u = 0.
    """
    a, b = (0.0 if abs(x) < 1e-14 else size * x for x in (math.cos(angle), math.sin(angle)))
    total, absolute = np.zeros((2, 7))
    inner = halvings(max(1.0, abs(b)))
    scale = max(1.0, abs(a), target, abs(a / b) if b else 1.0)
    for z1, weight in zip(*panels(halvings(scale)), strict=True):  # z and −z count alike
        outer = 2 * weight * math.exp(-(z1**2) / 2) / math.sqrt(2 * math.pi)
        if b:
            edges = np.concatenate([np.linspace(-12, 12, 13), -a * z1 / b + inner, -a * z1 / b - inner])
            z2, weights = panels(edges[np.abs(edges) <= 12])
            weights = outer * weights * np.exp(-(z2**2) / 2) / math.sqrt(2 * math.pi)
        else:
            z2, weights = np.array([-1.0, 1.0]), outer * np.array([0.5, 0.5])
        u = a * z1 + b * z2
        p, q = (expit(target * z1), expit(-target * z1)) if labels == "bernoulli" else (1.0, 0.0)
        loss = p * np.logaddexp(0, -u) + q * np.logaddexp(0, u)
        gap, absolute_gap = q * expit(u) - p * expit(-u), q * expit(u) + p * expit(-u)
        square = p * expit(-u) ** 2 + q * expit(u) ** 2
        one, other = np.full_like(z2, z1), z2
        products = [np.ones_like(z2), one**2, one * other, other**2]
        total += [weights @ f for f in (loss, gap * one, gap * other, *(square * f for f in products))]
        absolute += [
            weights @ f
            for f in (loss, absolute_gap * one, absolute_gap * abs(other), *(square * abs(f) for f in products))
        ]
    return total, absolute


def frame(dim: int, seed: int = 0) -> tuple[Array, Array]:
    """Return a covariance with variances from 1e-3 to 10 along random axes, and vectors with ⟨v, x⟩ = z₁, z₂."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    variances = np.geomspace(1e-3, 10.0, dim) if dim > 1 else np.array([0.3])
    covariance = turn @ np.diag(variances) @ turn.T
    axes = np.linalg.qr(rng.normal(size=(dim, min(dim, 2))))[0]
    vectors = np.zeros((2, dim))
    vectors[: min(dim, 2)] = (turn @ np.diag(variances**-0.5) @ axes).T
    return (covariance + covariance.T) / 2, vectors


def test_the_panels_integrate_what_is_known() -> None:
    """At w = w* the second moment of the residual is the Hessian's integrand: E[s'(u)], by another library."""
    total, absolute = plane(30.0, 30.0, 0.0, "bernoulli")
    slope = 2 * mp.quad(lambda z: mp.npdf(z) / (2 + 2 * mp.cosh(30 * z)), [0, 0.05, 0.1, 0.3, 1, 3, 12])
    assert total[3] == pytest.approx(float(slope), rel=1e-13) and absolute[3] == total[3]


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("angle", ANGLES)
@pytest.mark.parametrize(("size", "target"), NORMS)
@pytest.mark.parametrize("dim", [1, 2, 10])
def test_loss_gradient_and_covariance_at_all_scales(
    dim: int, size: float, target: float, angle: float, labels: Labels
) -> None:
    if dim == 1 and angle not in (0.0, math.pi):
        return
    total, absolute = plane(size, target, angle, labels)
    covariance, vectors = frame(dim)
    w_star, w = target * vectors[0], size * (np.cos(angle) * vectors[0] + np.sin(angle) * vectors[1])
    duals = vectors @ covariance  # E[z x]
    assert logistic.population_loss(w, w_star, covariance, labels) == pytest.approx(total[0], rel=1e-11)

    gradient = logistic.population_gradient(w, w_star, covariance, labels)
    terms = absolute[1] * np.abs(duals[0]) + absolute[2] * np.abs(duals[1])
    np.testing.assert_array_less(np.abs(gradient - total[1:3] @ duals), 1e-10 * terms + 1e-300)

    spread = gradient_covariance(*checked_task(w, w_star, covariance, labels))
    rest = covariance - duals.T @ duals if dim > 2 else 0.0 * covariance
    second = total[3] * rest + duals.T @ np.array([total[4:6], total[5:7]]) @ duals
    sizes = absolute[3] * np.abs(rest) + np.abs(duals.T) @ np.array([absolute[4:6], absolute[5:7]]) @ np.abs(duals)
    mean = total[1:3] @ duals
    bound = 1e-11 * (sizes + np.outer(terms, terms))
    assert (np.abs(spread - (second - np.outer(mean, mean))) <= bound).all()


def test_the_covariance_of_the_issue() -> None:
    found = gradient_covariance(*checked_task([0.0, 10.0], [1.0, 0.0], np.eye(2), "bernoulli"))[0, 0]
    assert found == pytest.approx(0.41804822, abs=1e-8)


def by_mpmath(integrand: Callable[[mp.mpf], mp.mpf], std: float) -> mp.mpf:
    """Return the mean of an even function of std z, in 30 digits, between breakpoints at all scales."""
    with mp.workdps(30):
        t = mp.mpf(std)
        edges = sorted(
            {mp.mpf(0), *(mp.mpf(2) ** k / max(t, 1) for k in range(-2, 20)), *map(mp.mpf, (1, 2, 4, 8, 16))}
        )
        return 2 * mp.quad(lambda z: integrand(t * z) * mp.npdf(z), [e for e in edges if e <= 16])


def slope(u: mp.mpf) -> mp.mpf:
    return 1 / (2 + 2 * mp.cosh(u))


@pytest.mark.parametrize("std", [1e-3, 0.1, 0.99, 1.01, 3.0, 30.0, 1e3, 1e4])
def test_means_at_all_scales(std: float) -> None:
    softplus = by_mpmath(lambda u: mp.log1p(mp.exp(-u)), std) + std / mp.sqrt(2 * mp.pi)
    third = by_mpmath(lambda u: slope(u) * (1 - 6 * slope(u)), std)
    expected = [float(x) for x in (softplus, by_mpmath(slope, std), third)]
    np.testing.assert_allclose(logistic.gaussian_means(std), expected, rtol=1e-12)


@pytest.mark.parametrize("std", [1e-3, 0.99, 1.01, 30.0, 1e4])
@pytest.mark.parametrize("dim", [1, 2, 10])
def test_curvatures_along_and_across_at_all_scales(dim: int, std: float) -> None:
    covariance, vectors = frame(dim)
    hessian = logistic.population_hessian(std * vectors[0], covariance)
    along = by_mpmath(lambda u: slope(u) * u**2, std) / std**2
    assert vectors[0] @ hessian @ vectors[0] == pytest.approx(float(along), rel=1e-11 if dim == 1 else 1e-6)
    dual = covariance @ vectors[0]
    rest = covariance - np.outer(dual, dual) if dim > 1 else 0.0
    expected = float(by_mpmath(slope, std)) * rest + float(along) * np.outer(dual, dual)
    assert np.abs(hessian - expected).max() <= 1e-11 * np.abs(expected).max()


@pytest.mark.parametrize("std", [1e-3, 1.0, 30.0, 1e4])
def test_the_floor_at_all_scales(std: float) -> None:
    entropy = by_mpmath(lambda u: mp.log1p(mp.exp(-u)) + u / (1 + mp.exp(u)), std)
    env = TaskEnvironment.finite_tasks([[[0.25]]], [[2 * std]])
    assert logistic.label_entropy(env) == pytest.approx(float(entropy), rel=1e-12)
    assert logistic.population_loss([2 * std], [2 * std], [[0.25]]) == pytest.approx(float(entropy), rel=1e-12)
