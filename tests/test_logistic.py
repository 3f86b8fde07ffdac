"""Logistic regression: limits and identities first, then agreement with finite differences and brute force."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, log_expit

from paperlib import linear, logistic
from paperlib.arguments import Array
from paperlib.environments import TaskEnvironment
from paperlib.gaussian import gauss_hermite
from paperlib.logistic import Labels
from paperlib.logistic.population import checked_task, gradient_covariance

LABELS: tuple[Labels, ...] = ("bernoulli", "sign")
SIGMA = np.array([[1.0, 0.4, 0.0], [0.4, 0.8, -0.2], [0.0, -0.2, 0.5]])
W, W_STAR = np.array([0.6, -0.4, 1.0]), np.array([1.0, 0.5, -0.8])
THREE = TaskEnvironment.finite_tasks(
    [SIGMA, np.diag([0.2, 1.0, 0.6]), 0.3 * np.eye(3)],
    np.array([W_STAR, [-1.0, 0.3, 0.4], [0.2, -1.5, 0.1]]),
    [0.5, 0.2, 0.3],
)


ONE = TaskEnvironment.finite_tasks([SIGMA], [W_STAR])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def sample(n: int, generator: np.random.Generator, labels: Labels) -> tuple[Array, Array]:
    X, y = logistic.sample_data(ONE, [0], [W_STAR], n, generator, labels)
    return X[0], y[0]


def covariance_of_the_gradient(w: Array, w_star: Array, covariance: Array, labels: Labels = "bernoulli") -> Array:
    return gradient_covariance(*checked_task(w, w_star, covariance, labels))


def differences(function: Callable[[Array], Any], w: Array, h: float = 1e-3) -> Array:
    """Fourth-order central differences along each axis, stacked in front."""
    steps = h * np.eye(len(w))
    near = np.array([function(w + step) - function(w - step) for step in steps])
    far = np.array([function(w + 2 * step) - function(w - 2 * step) for step in steps])
    return np.asarray((8 * near - far) / (12 * h))


def test_differences_are_exact_for_a_quartic() -> None:
    np.testing.assert_allclose(differences(lambda w: w[0] ** 4, np.array([2.0])), [32.0], rtol=1e-10)


# The three means


def trapezoid(std: float) -> list[float]:
    """The three means by a fine sum over u itself, a rule that the library does not use."""
    u, step = np.linspace(-12 * std, 12 * std, 40_001, retstep=True)
    density = step * np.exp(-((u / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))
    slope = expit(u) * expit(-u)
    return [float(density @ f) for f in (np.logaddexp(0, u), slope, slope * (1 - 6 * slope))]


@pytest.mark.parametrize("std", [1e-3, 0.3, 0.999, 1.001, 2.0, 5.0, 40.0])
def test_the_means_are_those_of_a_fine_sum(std: float) -> None:
    np.testing.assert_allclose(logistic.gaussian_means(std), trapezoid(std), rtol=1e-11, atol=1e-13)


def test_both_rules_agree_where_they_meet() -> None:
    below, above = logistic.gaussian_means([1.0, np.nextafter(1.0, 2.0)]).T
    np.testing.assert_allclose(below, above, rtol=1e-12)


def test_the_means_at_zero_and_far_out() -> None:
    np.testing.assert_allclose(logistic.gaussian_means(0.0), [math.log(2), 0.25, -0.125], rtol=1e-14)
    softplus, first, third = logistic.gaussian_means(1e4) * math.sqrt(2 * math.pi)
    np.testing.assert_allclose([softplus / 1e4, first * 1e4, third * 1e12], [1.0, 1.0, -1.0], rtol=1e-6)


def test_the_error_is_estimated_and_small() -> None:
    std = np.linspace(0, 20, 101)
    assert np.abs(logistic.gaussian_means(std) - logistic.gaussian_means(std, coarse=True)).max() < 1e-11


def test_means_keep_the_shape_and_ignore_the_sign() -> None:
    std = np.array([[0.0, 0.5], [-2.0, 3.0]])
    assert logistic.gaussian_means(std).shape == (3, 2, 2)
    np.testing.assert_array_equal(logistic.gaussian_means(std), logistic.gaussian_means(-std))


# One task


@pytest.mark.parametrize("labels", LABELS)
def test_gradient_and_hessian_are_derivatives(labels: Labels) -> None:
    gradient = logistic.population_gradient(W, W_STAR, SIGMA, labels)
    hessian = logistic.population_hessian(W, SIGMA)
    by_loss = differences(lambda w: logistic.population_loss(w, W_STAR, SIGMA, labels), W)
    by_gradient = differences(lambda w: logistic.population_gradient(w, W_STAR, SIGMA, labels), W)
    np.testing.assert_allclose(gradient, by_loss, atol=1e-10)
    np.testing.assert_allclose(hessian, by_gradient, atol=1e-10)


@pytest.mark.parametrize("labels", LABELS)
def test_a_sample_has_the_population_loss_gradient_and_spread(labels: Labels) -> None:
    X, y = sample(400_000, rng(1), labels)
    u = X @ W
    gradients = (expit(u) - y)[:, None] * X
    found = covariance_of_the_gradient(W, W_STAR, SIGMA, labels)
    centred = gradients - gradients.mean(axis=0)
    products = centred[:, :, None] * centred[:, None, :]
    for draws, expected in (
        (np.logaddexp(0, u) - y * u, logistic.population_loss(W, W_STAR, SIGMA, labels)),
        (gradients, logistic.population_gradient(W, W_STAR, SIGMA, labels)),
        (products, found),
        (X[:, :, None] * X[:, None, :], SIGMA),
    ):
        error = draws.std(axis=0) / math.sqrt(len(draws))
        assert (np.abs(draws.mean(axis=0) - expected) < 4.5 * error).all()


def test_the_sign_labels_of_a_sample_are_signs() -> None:
    X, y = sample(100, rng(), "sign")
    np.testing.assert_array_equal(y, X @ W_STAR > 0)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("w", [0.0 * W_STAR, 0.7 * W_STAR, -1.3 * W_STAR])
def test_the_spread_on_the_axis_is_the_limit_of_that_beside_it(labels: Labels, w: Array) -> None:
    on_axis = covariance_of_the_gradient(w, W_STAR, SIGMA, labels)
    beside = covariance_of_the_gradient(w + 1e-7 * W, W_STAR, SIGMA, labels)
    np.testing.assert_allclose(on_axis, beside, atol=1e-6)


def test_the_spread_of_certain_labels_at_zero_is_known() -> None:
    gradient = logistic.population_gradient(0 * W, W_STAR, SIGMA)
    expected = SIGMA / 4 - np.outer(gradient, gradient)
    np.testing.assert_allclose(covariance_of_the_gradient(0 * W, W_STAR, SIGMA), expected, rtol=1e-12)
    np.testing.assert_allclose(covariance_of_the_gradient(0 * W, 0 * W, SIGMA), SIGMA / 4, rtol=1e-12)


def test_at_the_optimum_the_spread_is_the_hessian() -> None:
    """The information identity of a well specified likelihood, by two different integrals."""
    found = covariance_of_the_gradient(W_STAR, W_STAR, SIGMA)
    np.testing.assert_allclose(found, logistic.population_hessian(W_STAR, SIGMA), rtol=1e-11)


def test_the_optimum_of_drawn_labels_is_the_parameter_and_its_loss_the_entropy() -> None:
    assert np.abs(logistic.population_gradient(W_STAR, W_STAR, SIGMA)).max() == 0
    nodes, transform = gauss_hermite(512)
    u = math.sqrt(W_STAR @ SIGMA @ W_STAR) * nodes
    entropy = transform[0] ** 2 @ -(expit(u) * log_expit(u) + expit(-u) * log_expit(-u))
    env = TaskEnvironment.finite_tasks([SIGMA], [W_STAR])
    assert logistic.label_entropy(env) == pytest.approx(entropy, rel=1e-12)
    assert logistic.label_entropy(env, "sign") == 0.0


def test_the_loss_of_certain_labels_falls_to_zero_along_the_parameter() -> None:
    losses = logistic.population_loss(np.array([[1.0], [10.0], [1e3]]) * W_STAR, W_STAR, SIGMA, "sign")
    assert (np.diff(losses) < 0).all() and 0 < losses[-1] < 1e-3


def test_the_hessian_lies_between_zero_and_a_quarter_of_the_covariance() -> None:
    points = 4 * rng().normal(size=(100, 3))
    hessians = logistic.population_hessian(points, SIGMA)
    assert (np.linalg.eigvalsh(hessians) > 0).all()
    assert (np.linalg.eigvalsh(SIGMA / 4 - hessians) > 0).all()
    np.testing.assert_allclose(logistic.population_hessian(0 * W, SIGMA), SIGMA / 4, rtol=1e-14)
    assert np.linalg.eigvalsh(logistic.population_hessian(1e4 * W, SIGMA)).max() < 1e-4


def test_without_inputs_nothing_can_be_learnt() -> None:
    tiny = 1e-12 * np.eye(3)
    assert logistic.population_loss(W, W_STAR, tiny) == pytest.approx(math.log(2), abs=1e-11)
    assert np.abs(logistic.population_gradient(W, W_STAR, tiny)).max() < 1e-11


@pytest.mark.parametrize("labels", LABELS)
def test_rotations_carry_losses_along(labels: Labels) -> None:
    Q = np.linalg.qr(rng().normal(size=(3, 3)))[0]
    turned = Q @ SIGMA @ Q.T
    for function in (logistic.population_gradient, logistic.population_loss):
        rotated, plain = function(Q @ W, Q @ W_STAR, turned, labels), function(W, W_STAR, SIGMA, labels)
        np.testing.assert_allclose(rotated, Q @ plain if plain.ndim else plain, rtol=1e-12)
    found = covariance_of_the_gradient(W, W_STAR, SIGMA, labels)
    rotated = covariance_of_the_gradient(Q @ W, Q @ W_STAR, turned, labels)
    np.testing.assert_allclose(rotated, Q @ found @ Q.T, rtol=1e-10)


@pytest.mark.parametrize("labels", LABELS)
def test_batches_are_many_single_points(labels: Labels) -> None:
    points = rng().normal(size=(2, 3, 3))
    for function in (logistic.population_loss, logistic.population_gradient, covariance_of_the_gradient):
        batch = function(points, W_STAR, SIGMA, labels)
        np.testing.assert_allclose(batch[1, 2], function(points[1, 2], W_STAR, SIGMA, labels), rtol=1e-12)
    risks = logistic.post_adaptation_risk(THREE, points, 1.5, labels)
    assert risks[1, 2] == pytest.approx(logistic.post_adaptation_risk(THREE, points[1, 2], 1.5, labels))
    pair = np.array(logistic.approximate_post_adaptation_risk(THREE, points, 1.5, 30, labels))
    single = logistic.approximate_post_adaptation_risk(THREE, points[1, 2], 1.5, 30, labels)
    np.testing.assert_allclose(pair[:, 1, 2], single, rtol=1e-12)


# After adaptation


@pytest.mark.parametrize("labels", LABELS)
def test_without_a_step_the_risk_is_the_loss(labels: Labels) -> None:
    tasks = list(zip(THREE.probabilities, THREE.means, THREE.covariances, strict=True))
    expected = sum(p * logistic.population_loss(W, w_star, sigma, labels) for p, w_star, sigma in tasks)
    assert logistic.post_adaptation_risk(THREE, W, 0.0, labels) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("alpha", [0.0, 1.0, 6.0])
def test_the_gradient_of_the_risk_is_its_derivative(labels: Labels, alpha: float) -> None:
    by_risk = differences(lambda w: logistic.post_adaptation_risk(THREE, w, alpha, labels), W)
    np.testing.assert_allclose(logistic.post_adaptation_gradient(THREE, W, alpha, labels), by_risk, atol=1e-10)


@pytest.mark.parametrize("labels", LABELS)
def test_without_a_step_every_number_of_samples_is_erm(labels: Labels) -> None:
    loss = logistic.post_adaptation_risk(THREE, W, 0.0, labels)
    for m in (1, 7, math.inf):
        risk, bound = logistic.approximate_post_adaptation_risk(THREE, W, 0.0, m, labels)
        assert risk == loss and bound == 0.0
    draws = logistic.sampled_post_adaptation_risk(THREE, W, 0.0, 3, 5, rng(), labels)
    np.testing.assert_allclose(draws, loss, rtol=1e-14)
    expected = sum(
        p * logistic.population_gradient(W, w_star, sigma, labels)
        for p, w_star, sigma in zip(THREE.probabilities, THREE.means, THREE.covariances, strict=True)
    )
    np.testing.assert_allclose(logistic.post_adaptation_gradient(THREE, W, 0.0, labels), expected, rtol=1e-13)
    solution = logistic.maml_solution(THREE, 0.0, labels)
    np.testing.assert_array_equal(solution, logistic.erm_solution(THREE, labels))
    around = logistic.post_adaptation_risk(THREE, solution + 0.01 * rng().normal(size=(50, 3)), 0.0, labels)
    assert (around > logistic.post_adaptation_risk(THREE, solution, 0.0, labels)).all()


# After adaptation on m samples


@pytest.mark.parametrize("labels", LABELS)
def test_many_samples_leave_the_full_gradient(labels: Labels) -> None:
    full = logistic.post_adaptation_risk(THREE, W, 2.0, labels)
    np.testing.assert_array_equal(logistic.approximate_post_adaptation_risk(THREE, W, 2.0, math.inf, labels), [full, 0])
    pairs = [logistic.approximate_post_adaptation_risk(THREE, W, 2.0, m, labels) for m in (1000, 10_000)]
    added = [risk - full for risk, _ in pairs]
    assert added[0] > 0
    assert added[0] == pytest.approx(10 * added[1], rel=1e-9)
    assert pairs[0][1] == pytest.approx(100 * pairs[1][1], rel=0.01)  # the bound is of second order


@pytest.mark.parametrize("labels", LABELS)
def test_the_expansion_is_the_mean_of_simulated_steps(labels: Labels) -> None:
    points = np.array([W, -0.5 * W, 0 * W])
    draws = logistic.sampled_post_adaptation_risk(THREE, points, 3.0, 80, 4000, rng(3), labels)
    assert draws.shape == (4000, 3)
    error = draws.std(axis=0, ddof=1) / math.sqrt(len(draws))
    risk, bound = logistic.approximate_post_adaptation_risk(THREE, points, 3.0, 80, labels)
    assert (np.abs(draws.mean(axis=0) - risk) < 4.5 * error).all()
    full = draws.mean(axis=0) - logistic.post_adaptation_risk(THREE, points, 3.0, labels)
    assert (full > 9 * error).all()  # the check could tell the term in 1/m from nothing
    assert (bound < 0.25 * full).all()  # and the bound says so


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("dim", [1, 3, 10])
@pytest.mark.parametrize("alpha", [3.0, 300.0])
@pytest.mark.parametrize("m", [2, 5, 10, 50])
def test_the_error_of_the_expansion_is_bounded(m: int, alpha: float, dim: int, labels: Labels) -> None:
    env = THREE if dim == 3 else TaskEnvironment.two_tasks(dim, 0.2, 1.0)
    points = np.array([[0.0], [0.5], [3.0]]) * np.arange(1.0, dim + 1.0)
    draws = logistic.sampled_post_adaptation_risk(env, points, alpha, m, 300, rng(m), labels)
    risk, bound = logistic.approximate_post_adaptation_risk(env, points, alpha, m, labels)
    error = draws.std(axis=0, ddof=1) / math.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - risk) <= bound + 4.5 * error).all()


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("alpha", [0.1, 1.0, 3.0, 10.0, 30.0, 1000.0])
@pytest.mark.parametrize(("w", "w_star"), [(0.0, 1.0), (0.4, -2.0), (2.0, 0.1)])
def test_the_error_on_a_single_sample_is_bounded(w: float, w_star: float, alpha: float, labels: Labels) -> None:
    """In one dimension and for m = 1 the expectation is an integral over one input, summed over its label."""
    env = TaskEnvironment.finite_tasks([[[1.0]]], [[w_star]])
    nodes, weights = np.polynomial.legendre.leggauss(60)
    x = (np.arange(24)[:, None] + (nodes + 1) / 2).ravel() / 2 - 6 + 1e-300
    mass = np.tile(weights / 4, 24) * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    positive = expit(w_star * x) if labels == "bernoulli" else (x * w_star > 0).astype(float)
    exact = 0.0
    for y, share in ((1.0, positive), (0.0, 1 - positive)):
        adapted = w - alpha * (expit(w * x) - y) * x
        exact += (mass * share) @ logistic.post_adaptation_risk(env, adapted[:, None], 0.0, labels)
    risk, bound = logistic.approximate_post_adaptation_risk(env, [w], alpha, 1, labels)
    assert abs(exact - risk) <= bound


def test_small_signals_are_linear_regression_with_a_quarter_of_the_covariance() -> None:
    scale, alpha = 1e-4, 3.0
    weak = TaskEnvironment.finite_tasks(THREE.covariances, scale * THREE.means, THREE.probabilities)
    flat = TaskEnvironment.finite_tasks(THREE.covariances / 4, THREE.means, THREE.probabilities)
    np.testing.assert_allclose(logistic.erm_solution(weak) / scale, linear.erm_solution(flat), rtol=1e-4)
    expected = linear.maml_solution(flat, alpha, math.inf)
    np.testing.assert_allclose(logistic.maml_solution(weak, alpha) / scale, expected, rtol=1e-4)


# Solutions


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("alpha", [0.0, 1.0, 4.0])
def test_solutions_of_the_figure_lie_on_the_line(labels: Labels, alpha: float) -> None:
    env = TaskEnvironment.two_tasks(10, 0.2, 1.0)
    w = logistic.maml_solution(env, alpha, labels, starts=rng().normal(size=(3, 10)))
    assert np.ptp(w) < 1e-8
    assert np.linalg.norm(logistic.post_adaptation_gradient(env, w, alpha, labels)) < 1e-10
    line = np.linspace(-1.5, 1.5, 601)[:, None] * np.ones(10)
    risks = logistic.post_adaptation_risk(env, line, alpha, labels)
    assert abs(line[risks.argmin(), 0] - w[0]) < 0.005


def test_of_two_valleys_the_lower_one_is_returned() -> None:
    for rho, sign in ((0.02, -1.0), (0.03, 1.0)):
        env = TaskEnvironment.two_tasks(10, rho, 1.0)
        valleys = [logistic.maml_solution(env, 4.0, starts=[start]) for start in env.means]
        assert valleys[0][0] > 0.1 and valleys[1][0] < -0.5
        assert np.sign(logistic.maml_solution(env, 4.0)[0]) == sign
        risks = logistic.post_adaptation_risk(env, np.array(valleys), 4.0)
        assert np.sign(risks[1] - risks[0]) == sign


def test_on_the_line_ten_dimensions_are_one() -> None:
    ten, one = (TaskEnvironment.two_tasks(d, 0.3, 1.0, [r] * d, [-r] * d) for d, r in ((10, 1.0), (1, math.sqrt(10))))
    for alpha in (0.0, 1.0, 4.0):
        w = logistic.maml_solution(one, alpha) / math.sqrt(10)
        np.testing.assert_allclose(logistic.maml_solution(ten, alpha), np.full(10, w[0]), atol=1e-9)


def test_one_task_of_drawn_labels_is_solved_by_its_parameter() -> None:
    env = TaskEnvironment.finite_tasks([SIGMA], [W_STAR])
    np.testing.assert_allclose(logistic.erm_solution(env), W_STAR, atol=1e-8)
    np.testing.assert_allclose(logistic.maml_solution(env, 1.0), W_STAR, atol=1e-8)


def test_a_solution_is_a_minimum_where_the_start_is_none() -> None:
    """Between two valleys there is a maximum, where the gradient vanishes too."""
    env, axis = TaskEnvironment.two_tasks(10, 0.025, 1.0), np.ones(10)
    top = brentq(lambda x: logistic.post_adaptation_gradient(env, x * axis, 4.0).sum(), -0.5, 0.0, xtol=1e-15) * axis
    assert np.linalg.norm(logistic.post_adaptation_gradient(env, top, 4.0)) < 1e-12
    found = logistic.maml_solution(env, 4.0, starts=[top])
    lower = logistic.post_adaptation_risk(env, top, 4.0) - logistic.post_adaptation_risk(env, found, 4.0)
    assert lower > 1e-4 and min(np.abs(found[0] - valley) for valley in (-0.60, 0.16)) < 0.05


def test_an_estimate_is_a_minimum_where_the_start_is_none() -> None:
    generator, data = rng(1), []
    for _ in range(4):
        X_in, y_in = 2 * generator.normal(size=(2, 1)), generator.integers(0, 2, 2)
        data.append((X_in, y_in.astype(float), 2 * generator.normal(size=(3, 1)), generator.integers(0, 2, 3) + 0.0))

    def risk(x: float) -> float:
        return empirical_risk(np.array([x]), data, 6.0)

    top = brentq(lambda x: differences(lambda v: empirical_risk(v, data, 6.0), np.array([x]))[0], -0.5, -0.1)
    found = float(logistic.maml_estimate(data, 6.0, starts=[top])[0])
    assert risk(found) < min(risk(found - 0.01), risk(found + 0.01), risk(top) - 0.01)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_solutions_do_not_depend_on_the_unit_of_the_inputs(scale: float) -> None:
    env = TaskEnvironment.finite_tasks(scale**2 * THREE.covariances, THREE.means / scale, THREE.probabilities)
    found = logistic.maml_solution(env, 3.0 / scale**2)
    np.testing.assert_allclose(found * scale, logistic.maml_solution(THREE, 3.0), atol=1e-8)
    data = episodes(40, 20, 15)
    other = [(X_in * scale, y_in, X * scale, y) for X_in, y_in, X, y in data]
    found = logistic.maml_estimate(other, 1.0 / scale**2)
    np.testing.assert_allclose(found * scale, logistic.maml_estimate(data, 1.0), atol=1e-8)


def test_one_task_of_certain_labels_has_no_solution() -> None:
    with pytest.raises(ValueError, match="no start leads to a minimum; the smallest norm of a gradient is"):
        logistic.erm_solution(TaskEnvironment.finite_tasks([SIGMA], [W_STAR]), "sign")


def episodes(count: int, n2: int, n1: int, seed: int = 0) -> list[tuple[Array, Array, Array, Array]]:
    generator, result = rng(seed), []
    for g in generator.choice(3, size=count, p=THREE.probabilities):
        X, y = logistic.sample_data(THREE, [g], [THREE.means[g]], n2 + n1, generator)
        result.append((X[0, :n2], y[0, :n2], X[0, n2:], y[0, n2:]))
    return result


def empirical_risk(w: Array, data: list[tuple[Array, Array, Array, Array]], alpha: float) -> float:
    """Eq. (4), literally."""
    losses = []
    for X_in, y_in, X, y in data:
        inner = w - alpha * np.mean((expit(X_in @ w) - y_in)[:, None] * X_in, axis=0)
        losses.append(np.mean(np.logaddexp(0, X @ inner) - y * (X @ inner)))
    return float(np.mean(losses))


@pytest.mark.parametrize("alpha", [0.0, 1.0, 3.0])
def test_the_estimate_is_stationary_for_the_empirical_objective(alpha: float) -> None:
    data = episodes(40, 20, 15)
    w = logistic.maml_estimate(data, alpha)
    assert np.abs(differences(lambda v: empirical_risk(v, data, alpha), w)).max() < 1e-9
    nearby = [empirical_risk(w + step, data, alpha) for step in 0.1 * rng().normal(size=(20, 3))]
    assert empirical_risk(w, data, alpha) < min(nearby)


def test_the_erm_estimate_is_the_maml_estimate_without_a_step() -> None:
    data = episodes(30, 5, 20)
    X, y = np.stack([e[2] for e in data]), np.stack([e[3] for e in data])
    np.testing.assert_allclose(logistic.erm_estimate(X, y), logistic.maml_estimate(data, 0.0), atol=1e-9)


def test_estimates_approach_the_solutions() -> None:
    data = episodes(3000, 100, 20, seed=4)
    assert np.abs(logistic.maml_estimate(data, 1.0) - logistic.maml_solution(THREE, 1.0)).max() < 0.1
    pooled = logistic.erm_estimate(np.stack([e[0] for e in data]), np.stack([e[1] for e in data]))
    assert np.abs(pooled - logistic.erm_solution(THREE)).max() < 0.1


def test_separable_data_have_no_estimate() -> None:
    X, y = sample(50, rng(), "sign")
    with pytest.raises(ValueError, match="no start leads to a minimum; the smallest norm of a gradient is"):
        logistic.erm_estimate([X], [y])


# Bad input


SPREAD = TaskEnvironment.hard_easy(2, 0.1, 0.9, R=1, r_hard=1, r_easy=1)
NOISY = TaskEnvironment.two_tasks(2, 0.1, 0.9, noise_std=1.0)
ZERO = TaskEnvironment.finite_tasks([np.eye(2)], [[0.0, 0.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: logistic.population_loss([1.0], W_STAR, SIGMA), r"w must have shape \(..., 3\), as covariance has"),
        (lambda: logistic.population_loss(W, [1.0], SIGMA), r"w_star must have shape \(..., 3\)"),
        (lambda: logistic.population_gradient(W, W_STAR, -SIGMA), "covariance must be symmetric positive definite"),
        (lambda: logistic.population_hessian([np.nan] * 3, SIGMA), "w must be finite"),
        (lambda: logistic.population_loss(W, W_STAR, SIGMA, "other"), "labels must be 'bernoulli' or 'sign'"),  # type: ignore[arg-type]
        (lambda: logistic.population_loss(W, 0 * W, SIGMA, "sign"), "w_star must not be zero where labels are signs"),
        (lambda: logistic.gaussian_means([np.inf]), "std must be finite"),
        (lambda: logistic.post_adaptation_risk(SPREAD, [0.0, 0.0], 1.0), "env must hold finitely many tasks"),
        (lambda: logistic.erm_solution(NOISY), "no noise but that of the labels"),
        (lambda: logistic.label_entropy(ZERO, "sign"), "w_star must not be zero"),
        (lambda: logistic.post_adaptation_risk(THREE, W, -1.0), "alpha must be finite and at least 0"),
        (lambda: logistic.post_adaptation_risk(THREE, W, 1.0, 50), "labels must be 'bernoulli' or 'sign'; got 50"),  # type: ignore[arg-type]
        (lambda: logistic.approximate_post_adaptation_risk(THREE, W, 1.0, 2.5), "m must be a positive whole number"),
        (lambda: logistic.approximate_post_adaptation_risk(THREE, W, -1.0, 5), "alpha must be finite and at least 0"),
        (
            lambda: logistic.maml_solution(THREE, 1.0, starts=[[0.0]]),
            r"starts must have shape \(3,\) or \(S, 3\); got \(1, 1\)",
        ),
        (
            lambda: logistic.maml_estimate([(np.eye(2), [0, 1], np.eye(2), [0, 2])], 1.0),
            "episodes must have labels that are 0 or 1",
        ),
        (lambda: logistic.maml_estimate([], 1.0), "episodes must hold at least one tuple"),
        (lambda: logistic.post_adaptation_risk(THREE, [0.0], 1.0), r"w must have shape \(..., 3\)"),
        (
            lambda: logistic.sampled_post_adaptation_risk(THREE, W, 1.0, 0, 10, rng()),
            "m must be a positive whole number; got 0",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
