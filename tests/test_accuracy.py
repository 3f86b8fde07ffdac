"""The closed forms keep float64's accuracy: they agree with mpmath at 50 digits, computed along another route.

The error of an array is its largest absolute error over the array's largest absolute entry. A formula without an
inverse must be within 1e-14 of that. A solution must be within 1e-14 times the condition number of the matrix that
is solved, E[Sigma] or E[Q], and a risk at a start away from the solutions within 1e-14. These are at least as strict
as 1e-14 times the condition number of the covariances. The inner rate is 0.9 over the largest eigenvalue: where
alpha times an eigenvalue rounds to one and n2 is infinite, Q is pure rounding and no condition number says so.

At 50 digits the curvature is expanded in powers of alpha, and the excess risk is the difference of two risks.
"""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

from paperlib import linear
from paperlib.environments import Array, TaskEnvironment

Rows = list[list[Any]]
ALPHA = 0.9
ACCURACY = 1e-14


@pytest.fixture(autouse=True)
def fifty_digits() -> Any:
    with mpmath.workdps(50):
        yield


def ill_conditioned(rng: np.random.Generator, dim: int, kappa: float, aligned: bool) -> Array:
    """Two covariances of condition number kappa; along common axes E[Sigma] has that condition number too."""
    spectrum = np.geomspace(1.0, 1.0 / kappa, dim)
    axes = [np.linalg.qr(rng.normal(size=(dim, dim)))[0] for _ in range(2)]
    axes[1] = axes[0] if aligned else axes[1]
    matrices = np.stack([(0.3 * axes[0] * spectrum) @ axes[0].T, (axes[1] * spectrum) @ axes[1].T])
    return np.asarray(0.5 * (matrices + matrices.swapaxes(1, 2)))


def exact(array: Array | float) -> Any:
    """The nested lists of an array, every float turned into the same number at 50 digits."""
    return [exact(item) for item in array] if isinstance(array, np.ndarray) else mpmath.mpf(float(array))


def product(left: Rows, right: Rows) -> Rows:
    columns = list(zip(*right, strict=True))
    return [[mpmath.fdot(row, column) for column in columns] for row in left]


def combination(factors: list[Any], matrices: list[Rows]) -> Rows:
    return [
        [mpmath.fdot(factors, entries) for entries in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)
    ]


def apply(matrix: Rows, vector: list[Any]) -> list[Any]:
    return [mpmath.fdot(row, vector) for row in matrix]


def error(value: Array | float, reference: Any) -> float:
    flat = np.ravel(np.array(reference, dtype=object))
    return float(max(abs(a - b) for a, b in zip(exact(np.ravel(value)), flat, strict=True)) / max(abs(b) for b in flat))


def centre(weights: list[Any], matrices: list[Rows], means: Rows) -> list[Any]:
    pulls = [apply(matrix, mean) for matrix, mean in zip(matrices, means, strict=True)]
    right = [mpmath.fdot(weights, entries) for entries in zip(*pulls, strict=True)]
    return list(mpmath.lu_solve(mpmath.matrix(combination(weights, matrices)), mpmath.matrix(right)))


@pytest.mark.parametrize(("kappa", "aligned"), [(1.0, True), (1e3, True), (1e6, True), (1e6, False)])
@pytest.mark.parametrize("dim", [1, 2, 10, 50])
def test_closed_forms_against_fifty_digits(dim: int, kappa: float, aligned: bool) -> None:
    rng = np.random.default_rng(dim)
    factors = rng.normal(size=(2, dim, dim)) / math.sqrt(dim)
    env = TaskEnvironment(
        np.array([0.3, 0.7]),
        ill_conditioned(rng, dim, kappa, aligned),
        rng.normal(size=(2, dim)),
        factors @ factors.swapaxes(1, 2),
        noise_std=0.7,
    )
    w, inner = rng.normal(size=dim), rng.normal(size=(dim, dim))
    weights, sigmas, means, spreads, start, variance = (
        exact(item) for item in (env.probabilities, env.covariances, env.means, env.spreads, w, env.noise_std**2)
    )
    squares = [product(sigma, sigma) for sigma in sigmas]
    cubes = [product(sigma, square) for sigma, square in zip(sigmas, squares, strict=True)]
    traces = [mpmath.fsum(square[i][i] for i in range(dim)) for square in squares]
    alpha = mpmath.mpf(ALPHA)

    erm = linear.erm_solution(env)
    mean_covariance = np.tensordot(env.probabilities, env.covariances, 1)
    assert error(erm, centre(weights, sigmas, means)) < ACCURACY * np.linalg.cond(mean_covariance)

    half = product(sigmas[0], exact(inner))
    trace = mpmath.fsum(half[i][i] for i in range(dim))
    both = product(combination([1, mpmath.mpf(1) / 3], [half, product(sigmas[0], exact(inner.T))]), sigmas[0])
    sandwich = combination([1, trace / 3], [both, sigmas[0]])
    assert error(linear.wishart_sandwich(env.covariances[0], inner, n=3), sandwich) < ACCURACY

    for n2 in (1, 5, math.inf):
        share = mpmath.mpf(0) if math.isinf(n2) else 1 / mpmath.mpf(n2)
        curvatures = [
            combination([1 + alpha**2 * share * t, -2 * alpha, alpha**2 * (1 + share)], [sigma, square, cube])
            for sigma, square, cube, t in zip(sigmas, squares, cubes, traces, strict=True)
        ]
        values = linear.adapted_covariance(env.covariances, ALPHA, n2)
        assert max(map(error, values, curvatures)) < ACCURACY

        best = centre(weights, curvatures, means)
        condition = np.linalg.cond(np.tensordot(env.probabilities, values, 1))
        assert error(linear.maml_solution(env, ALPHA, n2), best) < ACCURACY * condition

        def risk(point: list[Any], curvatures: list[Rows] = curvatures) -> Any:
            total = mpmath.mpf(0)
            for p, curvature, mean, spread in zip(weights, curvatures, means, spreads, strict=True):
                offset = [a - b for a, b in zip(point, mean, strict=True)]
                dispersion = mpmath.fsum(mpmath.fdot(q, s) for q, s in zip(curvature, spread, strict=True))
                total += p / 2 * (mpmath.fdot(offset, apply(curvature, offset)) + dispersion)
            return total

        above_floor = risk(start)
        floor = variance / 2 * (1 + alpha**2 * share * mpmath.fdot(weights, traces))
        assert error(linear.noise_floor(env, ALPHA, n2), floor) < ACCURACY
        assert error(linear.risk_above_floor(env, w, ALPHA, n2), above_floor) < ACCURACY
        assert error(linear.post_adaptation_risk(env, w, ALPHA, n2), floor + above_floor) < ACCURACY
        assert error(linear.excess_risk(env, w, ALPHA, n2), above_floor - risk(best)) < ACCURACY
