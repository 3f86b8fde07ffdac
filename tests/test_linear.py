"""The closed forms of linear regression against routes that share nothing with them.

Two routes are exact. Gaussian moments are sums over Wick pairings. And a polynomial of degree at most five in each
of several independent standard normals has the mean that the three-point Gauss-Hermite rule gives it: everything
in Eq. (1) is of degree four, so that rule evaluates the definition of the risk without sampling.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from paperlib import linear
from paperlib.environments import Array, TaskEnvironment


def positive_definite(rng: np.random.Generator, *shape: int) -> Array:
    """Matrices of the given shape, (..., d, d), with random axes and eigenvalues between 0.1 and 1.5."""
    rotation, _ = np.linalg.qr(rng.normal(size=shape))
    matrix = (rotation * rng.uniform(0.1, 1.5, size=shape[:-1])[..., None, :]) @ rotation.swapaxes(-1, -2)
    return np.asarray(0.5 * (matrix + matrix.swapaxes(-1, -2)))


def random_environment(seed: int, dim: int, groups: int = 2, noise_std: float = 0.6) -> TaskEnvironment:
    """Groups of unequal weight whose covariances and spreads do not commute; the last group is a single task."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.5, 2.0, size=groups)
    spreads = positive_definite(rng, groups, dim, dim)
    spreads[-1] = 0.0
    return TaskEnvironment(
        weights / weights.sum(),
        positive_definite(rng, groups, dim, dim),
        rng.normal(size=(groups, dim)),
        spreads,
        noise_std=noise_std,
    )


def rule(variables: int) -> tuple[Array, Array]:
    """Points (variables, N) and weights (N,) of the three-point rule for independent standard normals."""
    points = np.array(list(itertools.product((-math.sqrt(3), 0.0, math.sqrt(3)), repeat=variables)))
    weights = np.prod(np.where(points == 0.0, 2 / 3, 1 / 6), axis=1)
    return points.T, weights


def square_root(matrix: Array) -> Array:
    eigenvalues, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(eigenvalues))


def literal_risk(env: TaskEnvironment, w: Array, alpha: float, m: float) -> float:
    """Eq. (1) from its definition: draw a task, its data, step, and take the task's population loss."""
    d, rows, total = env.dim, 0 if math.isinf(m) else int(m), 0.0
    points, weights = rule(d + rows * d + rows)
    normal_optimum, normal_x, normal_z = np.split(points, [d, d + rows * d])
    for p, covariance, mean, spread in zip(env.probabilities, env.covariances, env.means, env.spreads, strict=True):
        optimum = mean[:, None] + square_root(spread) @ normal_optimum
        X = np.einsum("ij,mjn->min", square_root(covariance), normal_x.reshape(rows, d, len(weights)))
        y = np.einsum("min,in->mn", X, optimum) + env.noise_std * normal_z
        if math.isinf(m):
            gradient = covariance @ (w[:, None] - optimum)
        else:
            gradient = np.einsum("min,mn->in", X, np.einsum("min,i->mn", X, w) - y) / m
        miss = w[:, None] - alpha * gradient - optimum
        losses = 0.5 * np.einsum("in,ij,jn->n", miss, covariance, miss) + 0.5 * env.noise_std**2
        total += p * float(weights @ losses)
    return total


def fitted(function: Callable[[Array], float], dim: int) -> tuple[Array, float]:
    """Minimiser and minimum of a quadratic function, from its values at a few points."""
    units = np.eye(dim)
    origin = function(np.zeros(dim))
    ahead = np.array([function(unit) for unit in units])
    slope = 0.5 * (ahead - [function(-unit) for unit in units])
    curvature = np.array([[function(a + b) for b in units] for a in units]) - ahead - ahead[:, None] + origin
    minimiser = np.linalg.solve(curvature, -slope)
    return minimiser, function(minimiser)


# Identities and limits.


def test_sandwich_of_the_inverse_is_a_multiple_of_the_covariance() -> None:
    covariance = positive_definite(np.random.default_rng(0), 3, 3)
    value = linear.wishart_sandwich(covariance, np.linalg.inv(covariance), n=5)
    np.testing.assert_allclose(value, covariance * (1 + 4 / 5), rtol=1e-12)


def test_sandwich_of_infinitely_many_rows() -> None:
    rng = np.random.default_rng(1)
    covariance, inner = positive_definite(rng, 3, 3), rng.normal(size=(3, 3))
    value = linear.wishart_sandwich(covariance, inner, n=math.inf)
    np.testing.assert_allclose(value, covariance @ inner @ covariance, rtol=1e-13)


@pytest.mark.parametrize("dim", [1, 2, 7])
@pytest.mark.parametrize("s", [1, 3, math.inf])
def test_curvature_of_an_isotropic_task(dim: int, s: float) -> None:
    rho, alpha = 0.4, 1.3
    expected = rho * (1 - alpha * rho) ** 2 + (dim + 1) * alpha**2 * rho**3 / s
    np.testing.assert_allclose(linear.adapted_covariance(rho * np.eye(dim), alpha, s), expected * np.eye(dim), 1e-14)


def test_curvature_is_that_of_the_risk_of_a_single_task() -> None:
    env = TaskEnvironment.finite_tasks(positive_definite(np.random.default_rng(2), 1, 2, 2), [[0.3, -0.8]])
    w = np.array([1.0, 2.0])
    offset = w - env.means[0]
    curvature = linear.adapted_covariance(env.covariances, 0.9, 3)[0]
    assert literal_risk(env, w, 0.9, 3) == pytest.approx(0.5 * offset @ curvature @ offset, rel=1e-12)


def test_a_tiny_step_changes_nothing() -> None:
    env = random_environment(3, dim=3)
    w = np.ones(3)
    before = 0.5 * env.probabilities @ np.einsum("gi,gij,gj->g", w - env.means, env.covariances, w - env.means)
    before += 0.5 * env.probabilities @ np.trace(env.covariances @ env.spreads, axis1=1, axis2=2)
    np.testing.assert_allclose(linear.adapted_covariance(env.covariances, 1e-14, 1), env.covariances, atol=1e-13)
    np.testing.assert_allclose(linear.maml_solution(env, 1e-14, 1), linear.erm_solution(env), rtol=1e-12)
    assert linear.risk_above_floor(env, w, 1e-14, 1) == pytest.approx(before, rel=1e-12)
    assert linear.noise_floor(env, 1e-14, 1) == pytest.approx(0.5 * env.noise_std**2, rel=1e-12)


@pytest.mark.parametrize("count", [1e12, math.inf])
def test_infinity_is_the_limit_of_many_samples(count: float) -> None:
    env = random_environment(4, dim=3)
    w = np.array([1.0, -2.0, 0.5])
    steps = np.eye(3) - 0.8 * env.covariances
    curvatures = steps @ env.covariances @ steps
    np.testing.assert_allclose(linear.adapted_covariance(env.covariances, 0.8, count), curvatures, rtol=1e-8)
    assert linear.noise_floor(env, 0.8, count) == pytest.approx(0.5 * env.noise_std**2, rel=1e-8)
    weighted = np.tensordot(env.probabilities, curvatures, 1)
    pull = np.einsum("g,gij,gj->i", env.probabilities, curvatures, env.means)
    np.testing.assert_allclose(linear.maml_solution(env, 0.8, count), np.linalg.inv(weighted) @ pull, rtol=1e-8)
    for risk in (linear.risk_above_floor, linear.post_adaptation_risk, linear.excess_risk):
        assert risk(env, w, 0.8, count) == pytest.approx(risk(env, w, 0.8, 1e11), rel=1e-8)


@pytest.mark.parametrize("samples", [1, 3, math.inf])
def test_without_a_step_maml_is_erm(samples: float) -> None:
    env, w = random_environment(3, dim=3), np.array([1.0, -2.0, 0.5])
    np.testing.assert_array_equal(linear.adapted_covariance(env.covariances, 0.0, samples), env.covariances)
    np.testing.assert_array_equal(linear.maml_solution(env, 0, samples), linear.erm_solution(env))
    assert linear.noise_floor(env, 0.0, samples) == 0.5 * env.noise_std**2
    # the loss of a task before adaptation: half the mean square of ⟨w − w*, x⟩ plus that of the noise
    spread = env.spreads + np.einsum("gi,gj->gij", w - env.means, w - env.means)
    before = 0.5 * env.probabilities @ np.einsum("gij,gji->g", env.covariances, spread) + 0.5 * env.noise_std**2
    assert linear.post_adaptation_risk(env, w, 0.0, samples) == pytest.approx(before, rel=1e-13)
    assert linear.post_adaptation_risk(env, w, 0.0, samples) == pytest.approx(literal_risk(env, w, 0.0, 1), rel=1e-12)
    offset = w - linear.erm_solution(env)
    curvature = np.einsum("g,gij->ij", env.probabilities, env.covariances)
    assert linear.excess_risk(env, w, 0.0, samples) == pytest.approx(0.5 * offset @ curvature @ offset, rel=1e-12)


def test_one_task_is_learned_at_its_optimum() -> None:
    env = TaskEnvironment.finite_tasks(positive_definite(np.random.default_rng(5), 1, 3, 3), [[1.0, 2.0, 3.0]])
    np.testing.assert_allclose(linear.erm_solution(env), [1, 2, 3], rtol=1e-12)
    np.testing.assert_allclose(linear.maml_solution(env, 0.7, 4), [1, 2, 3], rtol=1e-12)
    assert linear.risk_above_floor(env, [1.0, 2.0, 3.0], 0.7, 4) == 0.0
    assert linear.excess_risk(env, [1.0, 2.0, 3.0], 0.7, 4) == pytest.approx(0.0, abs=1e-24)


# Brute force.


def pairings(indices: tuple[Any, ...]) -> list[list[tuple[Any, Any]]]:
    """All ways to split the indices into pairs."""
    if not indices:
        return [[]]
    first, rest = indices[0], indices[1:]
    return [[(first, rest[k]), *more] for k in range(len(rest)) for more in pairings(rest[:k] + rest[k + 1 :])]


@pytest.mark.parametrize(("dim", "rows"), [(1, 1), (1, 3), (2, 1), (2, 3), (3, 2)])
def test_sandwich_by_wick_pairings(dim: int, rows: int) -> None:
    rng = np.random.default_rng(6)
    covariance, inner = positive_definite(rng, dim, dim), rng.normal(size=(dim, dim))

    def moment(*indices: tuple[int, int]) -> float:  # of entries (row, column) of X, whose rows are independent
        return sum(
            math.prod(covariance[a[1], b[1]] if a[0] == b[0] else 0.0 for a, b in pairing)
            for pairing in pairings(indices)
        )

    expected = np.zeros((dim, dim))
    for i, j, k, l in itertools.product(range(dim), repeat=4):
        for r, s in itertools.product(range(rows), repeat=2):
            expected[i, j] += inner[k, l] * moment((r, i), (r, k), (s, l), (s, j)) / rows**2
    np.testing.assert_allclose(linear.wishart_sandwich(covariance, inner, n=rows), expected, rtol=1e-12)


def test_sandwich_by_monte_carlo() -> None:
    rng = np.random.default_rng(7)
    covariance, inner, rows, draws = positive_definite(rng, 4, 4), rng.normal(size=(4, 4)), 6, 40_000
    X = rng.multivariate_normal(np.zeros(4), covariance, size=(draws, rows))
    S = X.swapaxes(1, 2) @ X / rows
    sandwiches = S @ inner @ S
    error = sandwiches.std(axis=0, ddof=1) / math.sqrt(draws)
    gap = sandwiches.mean(axis=0) - linear.wishart_sandwich(covariance, inner, n=rows)
    assert np.abs(gap / error).max() < 4.5


CASES = [(1, 1, 0.5), (1, 3, 1.4), (2, 1, 0.7), (2, 2, 1.2), (1, math.inf, 0.9), (2, math.inf, 1.2)]
"""Dimension, samples of the step, inner learning rate."""


@pytest.mark.parametrize(("dim", "m", "alpha"), CASES)
def test_risks_and_solutions_by_quadrature(dim: int, m: float, alpha: float) -> None:
    env = random_environment(8, dim, groups=3)
    minimiser, minimum = fitted(lambda w: literal_risk(env, w, alpha, m), dim)
    np.testing.assert_allclose(linear.maml_solution(env, alpha, m), minimiser, rtol=1e-10)
    for w in np.random.default_rng(9).normal(size=(3, dim)):
        risk = literal_risk(env, w, alpha, m)
        solved = TaskEnvironment.finite_tasks(env.covariances, np.tile(w, (3, 1)), env.probabilities, env.noise_std)
        floor = literal_risk(solved, w, alpha, m)
        assert linear.post_adaptation_risk(env, w, alpha, m) == pytest.approx(risk, rel=1e-11)
        assert linear.noise_floor(env, alpha, m) == pytest.approx(floor, rel=1e-11)
        assert linear.risk_above_floor(env, w, alpha, m) == pytest.approx(risk - floor, rel=1e-11)
        assert linear.excess_risk(env, w, alpha, m) == pytest.approx(risk - minimum, rel=1e-10)


def test_erm_solution_by_quadrature() -> None:
    env = random_environment(10, dim=2, groups=3)

    def loss(w: Array) -> float:  # without adaptation: a step of size zero
        return literal_risk(env, w, 0.0, math.inf)

    np.testing.assert_allclose(linear.erm_solution(env), fitted(loss, 2)[0], rtol=1e-10)


def test_risk_by_monte_carlo() -> None:
    env, alpha, m, draws = random_environment(11, dim=4, groups=2), 0.6, 5, 30_000
    rng, w = np.random.default_rng(12), np.ones(4)
    risks, variance = 0.0, 0.0
    for p, covariance, mean, spread in zip(env.probabilities, env.covariances, env.means, env.spreads, strict=True):
        optimum = rng.multivariate_normal(mean, spread, size=draws)
        X = rng.multivariate_normal(np.zeros(4), covariance, size=(draws, m + 1))
        y = (X @ optimum[:, :, None])[..., 0] + env.noise_std * rng.normal(size=(draws, m + 1))
        residual = X[:, :m] @ w - y[:, :m]
        adapted = w - alpha / m * np.einsum("nmi,nm->ni", X[:, :m], residual)
        losses = 0.5 * (np.einsum("ni,ni->n", X[:, m], adapted) - y[:, m]) ** 2  # on a fresh sample
        risks += p * losses.mean()
        variance += p**2 * losses.var(ddof=1) / draws
    assert abs(risks - linear.post_adaptation_risk(env, w, alpha, m)) < 4.5 * math.sqrt(variance)


# Batches.


def test_curvature_broadcasts_over_leading_axes() -> None:
    covariances = positive_definite(np.random.default_rng(13), 2, 3, 4, 4)
    batch = linear.adapted_covariance(covariances, 0.8, 5)
    single = [[linear.adapted_covariance(one, 0.8, 5) for one in row] for row in covariances]
    np.testing.assert_allclose(batch, single, rtol=1e-13, atol=1e-15)
    assert linear.adapted_covariance(np.empty((0, 4, 4)), 0.8, 5).shape == (0, 4, 4)


def test_sandwich_broadcasts_over_leading_axes() -> None:
    rng = np.random.default_rng(14)
    covariances, inner = positive_definite(rng, 2, 1, 3, 3), rng.normal(size=(4, 3, 3))
    batch = linear.wishart_sandwich(covariances, inner, n=2)
    single = [[linear.wishart_sandwich(one[0], matrix, n=2) for matrix in inner] for one in covariances]
    np.testing.assert_allclose(batch, single, rtol=1e-13, atol=1e-14)


# Bad input.

ENV = TaskEnvironment.two_tasks(2, rho_hard=0.2, rho_easy=1.0)
W = np.zeros(2)
RATED: dict[str, Callable[[float], object]] = {
    "adapted_covariance": lambda alpha: linear.adapted_covariance(np.eye(2), alpha, 2),
    "maml_solution": lambda alpha: linear.maml_solution(ENV, alpha, 2),
    "noise_floor": lambda alpha: linear.noise_floor(ENV, alpha, 2),
    "risk_above_floor": lambda alpha: linear.risk_above_floor(ENV, W, alpha, 2),
    "post_adaptation_risk": lambda alpha: linear.post_adaptation_risk(ENV, W, alpha, 2),
    "excess_risk": lambda alpha: linear.excess_risk(ENV, W, alpha, 2),
}
COUNTED: dict[str, tuple[str, Callable[[float], object]]] = {
    "wishart_sandwich": ("n", lambda n: linear.wishart_sandwich(np.eye(2), np.eye(2), n)),
    "adapted_covariance": ("s", lambda s: linear.adapted_covariance(np.eye(2), 1.0, s)),
    "maml_solution": ("n2", lambda n2: linear.maml_solution(ENV, 1.0, n2)),
    "noise_floor": ("m", lambda m: linear.noise_floor(ENV, 1.0, m)),
    "risk_above_floor": ("m", lambda m: linear.risk_above_floor(ENV, W, 1.0, m)),
    "post_adaptation_risk": ("m", lambda m: linear.post_adaptation_risk(ENV, W, 1.0, m)),
    "excess_risk": ("m", lambda m: linear.excess_risk(ENV, W, 1.0, m)),
}


@pytest.mark.parametrize("function", RATED)
@pytest.mark.parametrize("alpha", [-1.0, math.nan, math.inf])
def test_alpha_must_not_be_negative(function: str, alpha: float) -> None:
    with pytest.raises(ValueError, match=rf"^alpha must be finite and at least 0; got {alpha}$"):
        RATED[function](alpha)


@pytest.mark.parametrize("function", RATED)
@pytest.mark.parametrize("alpha", [1e300, -1e-320, 1e-320, 2e20])
def test_alpha_has_a_size(function: str, alpha: float) -> None:
    with pytest.raises(ValueError, match=rf"^alpha must be .*; got {re.escape(repr(alpha))}$"):
        RATED[function](alpha)


@pytest.mark.parametrize("function", COUNTED)
@pytest.mark.parametrize("count", [0.5, 2.5, 0, -math.inf, math.nan, True])
def test_samples_are_counted_from_one(function: str, count: float) -> None:
    name, call = COUNTED[function]
    with pytest.raises(ValueError, match=rf"^{name} must be a positive whole number; got {count}$"):
        call(count)


@pytest.mark.parametrize("risk", [linear.risk_above_floor, linear.post_adaptation_risk, linear.excess_risk])
@pytest.mark.parametrize(
    ("w", "message"),
    [
        ([1.0], r"w must have shape \(2,\) like the task optima; got \(1,\)"),
        ([[1.0, 2.0]], r"w must have 1 dimensions; got shape \(1, 2\)"),
        (1.0, r"w must have 1 dimensions; got shape \(\)"),
        ([1.0, math.nan], r"w must be finite; got 1 NaN or infinite entries"),
        ([1.0, 1j], r"w must be an array of real numbers; got \[1\.0, 1j\]"),
    ],
)
def test_bad_initialisations_are_named(risk: Callable[..., float], w: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        risk(ENV, w, 1.0, 2)


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (1.0, r"covariance must be square and not empty in its last two axes; got shape \(\)$"),
        ([1.0, 2.0], r"covariance must be square and not empty in its last two axes; got shape \(2,\)$"),
        (np.ones((2, 3)), r"covariance must be square and not empty in its last two axes; got shape \(2, 3\)$"),
        ([[1.0], [1.0, 2.0]], r"covariance must be an array of real numbers; got "),
        ([[1.0, 0.5], [0.0, 1.0]], r"covariance must be symmetric; largest .* is 0\.5$"),
        ([[1.0, 0.0], [0.0, -0.31]], r"covariance must be symmetric positive definite; smallest eigenvalue is -0\.31$"),
        (np.ones((7, 7)), r"covariance must be symmetric positive definite; smallest eigenvalue is "),
        ([[math.nan]], r"covariance must be finite; got 1 NaN or infinite entries$"),
    ],
)
def test_bad_covariances_are_named(covariance: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        linear.adapted_covariance(covariance, 1.0, 2)
    with pytest.raises(ValueError, match=f"^{message}"):
        linear.wishart_sandwich(covariance, np.eye(2), 2)


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (np.eye(3), r"A must match the shape of covariance, \(5, 2, 2\), up to leading axes; got \(3, 3\)$"),
        (np.ones((3, 2, 2)), r"A must match the shape of covariance, \(5, 2, 2\), .*; got \(3, 2, 2\)$"),
        (np.ones(2), r"A must match the shape of covariance, \(5, 2, 2\), up to leading axes; got \(2,\)$"),
        ([[1.0, math.inf], [0.0, 1.0]], r"A must be finite; got 1 NaN or infinite entries$"),
    ],
)
def test_bad_inner_matrices_are_named(inner: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        linear.wishart_sandwich(np.tile(np.eye(2), (5, 1, 1)), inner, 2)


def test_a_solution_that_is_not_unique_is_refused() -> None:
    env = TaskEnvironment.finite_tasks([np.diag([0.5, 2.0]), np.diag([0.5, 1.0])], np.eye(2))
    message = r"^alpha=2\.0 with n2=inf leaves a direction .* \(smallest eigenvalue of E\[Q\] is 0\): .* not unique$"
    with pytest.raises(ValueError, match=message):
        linear.maml_solution(env, 2.0, math.inf)
    with pytest.raises(ValueError, match=message):
        linear.excess_risk(env, W, 2.0, math.inf)
    assert np.isfinite(linear.maml_solution(env, 2.0, 100)).all()
    assert np.isfinite(linear.maml_solution(env, 1.9, math.inf)).all()
