"""More inner steps, the learners' weights and starts, and the best step, against routes that share nothing with them.

What adaptation does is done as it is defined, on inputs at the nodes of Gauss-Hermite rules. N nodes are exact for
polynomials of degree 2N - 1 in each variable, and K steps on a batch have degree 4K in its inputs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

from paperlib import linear
from paperlib.environments import Array, TaskEnvironment

PLANE = np.array([[0.9, 0.3], [0.3, 0.4]])
SOLID = np.array([[0.8, 0.2, 0.0], [0.2, 0.5, 0.1], [0.0, 0.1, 0.3]])
LINE = np.array([[0.7]])
ENV = TaskEnvironment(
    [0.3, 0.7],
    [PLANE, [[0.5, -0.2], [-0.2, 1.2]]],
    [[1.0, -0.5], [-0.6, 0.8]],
    [[[0.5, 0.2], [0.2, 0.3]], [[0.0, 0.0], [0.0, 0.0]]],
    noise_std=0.7,
)
W = np.array([0.4, -1.1])


def rule(variables: int, nodes: int) -> tuple[Array, Array]:
    """Points (N, variables) and weights (N,) of the product rule for independent standard normals."""
    points, weights = hermegauss(nodes)
    grid = np.stack(np.meshgrid(*[points] * variables, indexing="ij"), axis=-1).reshape(-1, variables)
    product = np.stack(np.meshgrid(*[weights / weights.sum()] * variables, indexing="ij"), axis=-1).prod(axis=-1)
    return grid, product.ravel()


def root(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def sample_covariances(points: Array, covariance: Array, batches: int, samples: int) -> Array:
    """Sample covariances (batches, N, d, d) of inputs that are laid out in the columns of points."""
    d = len(covariance)
    X = points.reshape(len(points), batches, samples, d) @ root(covariance).T
    return np.asarray(np.einsum("nbsi,nbsj->bnij", X, X) / samples)


def defined(covariance: Array, alpha: float, s: int, steps: int, same: bool) -> Array:
    """E[P₁⋯P_K Σ P_K⋯P₁] by quadrature, on fresh batches or one."""
    d, batches = len(covariance), 1 if same else steps
    points, weights = rule(batches * s * d, 2 * steps + 1 if same else 3)
    factors = np.eye(d) - alpha * sample_covariances(points, covariance, batches, s)
    product = np.broadcast_to(np.eye(d), factors[0].shape)
    for k in range(steps):
        product = factors[0 if same else k] @ product
    return np.asarray(np.einsum("n,nji,jk,nkl->il", weights, product, covariance, product))


# Several steps.

FRESH = [(LINE, 2, 2), (LINE, 1, 5), (LINE, 3, 3), (PLANE, 1, 3), (PLANE, 2, 2), (PLANE, 1, 1), (SOLID, 1, 2)]
REUSED = [(LINE, 1, 6), (LINE, 3, 5), (PLANE, 1, 6), (PLANE, 2, 4), (PLANE, 3, 2), (SOLID, 1, 4), (SOLID, 2, 2)]


@pytest.mark.parametrize("alpha", [0.4, 1.3])
@pytest.mark.parametrize(("covariance", "s", "steps"), FRESH)
def test_steps_on_fresh_batches_by_quadrature(covariance: Array, s: int, steps: int, alpha: float) -> None:
    value = linear.adapted_covariance(covariance, alpha, s, steps)
    np.testing.assert_allclose(value, defined(covariance, alpha, s, steps, same=False), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("alpha", [0.4, 1.3])
@pytest.mark.parametrize(("covariance", "s", "steps"), REUSED)
def test_steps_on_the_same_batch_by_quadrature(covariance: Array, s: int, steps: int, alpha: float) -> None:
    value = linear.adapted_covariance(covariance, alpha, s, steps, same_batch=True)
    expected = defined(covariance, alpha, s, steps, same=True)
    np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("same", [False, True])
def test_three_steps_by_monte_carlo(same: bool) -> None:
    covariance, alpha, s, draws = np.diag([0.2, 0.6, 0.9, 1.1]), 0.6, 9, 60_000
    rng = np.random.default_rng(3)
    product = np.broadcast_to(np.eye(4), (draws, 4, 4))
    for step in range(3):
        if step == 0 or not same:
            X = rng.normal(size=(draws, s, 4)) * np.sqrt(np.diag(covariance))
            factor = np.eye(4) - alpha * X.swapaxes(1, 2) @ X / s
        product = factor @ product
    curvatures = product.swapaxes(1, 2) @ covariance @ product
    error = curvatures.std(axis=0, ddof=1) / math.sqrt(draws)
    gap = curvatures.mean(axis=0) - linear.adapted_covariance(covariance, alpha, s, 3, same)
    assert np.abs(gap / error).max() < 4.5


def test_two_steps_on_one_batch_have_the_moments_of_the_wishart_distribution() -> None:
    rho, alpha, d, m = 0.7, 1.1, 6, 9
    moments = [
        1.0,
        1.0,
        1 + (d + 1) / m,
        1 + (3 * d + 3) / m + (d**2 + 3 * d + 4) / m**2,
        1 + (6 * d + 6) / m + (6 * d**2 + 17 * d + 21) / m**2 + (d**3 + 6 * d**2 + 21 * d + 20) / m**3,
    ]
    expected = rho * sum(math.comb(4, j) * (-alpha * rho) ** j * moment for j, moment in enumerate(moments))
    value = linear.adapted_covariance(rho * np.eye(d), alpha, m, steps=2, same_batch=True)
    np.testing.assert_allclose(value, expected * np.eye(d), rtol=1e-12, atol=1e-15)


def test_one_batch_at_its_best_rate_leaves_what_a_chi_square_leaves() -> None:
    m, alpha = 10**6, 1.0  # (1 - s)^8 for s of mean 1 and variance 2/m: 105 (2/m)^4 and more of the next order
    value = linear.adapted_covariance([[1.0]], alpha, m, steps=4, same_batch=True)[0, 0]
    assert value == pytest.approx(105 * (2 / m) ** 4, rel=1e-3)


@pytest.mark.parametrize("same", [False, True])
def test_many_samples_tend_to_the_full_gradient(same: bool) -> None:
    exact = linear.adapted_covariance(SOLID, 0.9, math.inf, 3, same)
    step = np.eye(3) - 0.9 * SOLID
    np.testing.assert_allclose(exact, step @ step @ step @ SOLID @ step @ step @ step, rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(linear.adapted_covariance(SOLID, 0.9, 1e12, 3, same), exact, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("same", [False, True])
def test_one_step_has_one_batch(same: bool) -> None:
    one = linear.adapted_covariance(SOLID, 0.9, 4)
    np.testing.assert_array_equal(linear.adapted_covariance(SOLID, 0.9, 4, 1, same), one)
    np.testing.assert_array_equal(linear.adapted_covariance(SOLID, 0.0, 4, 5, same_batch=False), SOLID)
    np.testing.assert_allclose(linear.adapted_covariance(SOLID, 0.0, 4, 5, same), SOLID, rtol=1e-13, atol=1e-16)


def test_steps_broadcast_over_leading_axes() -> None:
    batch = np.array([[SOLID, 2 * SOLID], [np.eye(3), np.diag([0.1, 1.0, 1.2])]])
    for same in (False, True):
        values = linear.adapted_covariance(batch, 0.5, 4, 3, same)
        single = [[linear.adapted_covariance(one, 0.5, 4, 3, same) for one in row] for row in batch]
        np.testing.assert_allclose(values, single, rtol=1e-12, atol=1e-15)
        assert linear.adapted_covariance(np.empty((0, 3, 3)), 0.5, 4, 2, same).shape == (0, 3, 3)


# The learners: each does what it is defined to do, on batches at the nodes.


def adapted(w: Array, S: Array, optimum: Array, alpha: float) -> Array:
    """Starts after one step per sample covariance (K, N, d, d), without noise, whose mean effect is zero."""
    for batch in S:
        w = w - alpha * np.einsum("nij,nj->ni", batch, w - optimum)
    return w


def mean_update(learner: str, w: Array, alpha: float, steps: int, samples: int, lam: float) -> Array:
    """The mean update of a learner at w, each task and each batch from its definition; samples = 0 is infinity."""
    total = np.zeros(2)
    points, weights = rule(2 * steps * samples, 3) if samples else (np.zeros((1, 0)), np.ones(1))
    for p, sigma, mean in zip(ENV.probabilities, ENV.covariances, ENV.means, strict=True):
        S = sample_covariances(points, sigma, steps, samples) if samples else np.tile(sigma, (steps, 1, 1, 1))
        end = adapted(np.tile(w, (len(weights), 1)), S, mean, alpha)
        if learner == "reptile":
            update = (w - end) / alpha
        elif learner == "imaml":  # by the chain rule through the optimality condition
            end = np.linalg.solve(sigma + lam * np.eye(2), sigma @ mean + lam * w)[None]
            update = (lam * np.linalg.inv(sigma + lam * np.eye(2)) @ (sigma @ (end[0] - mean)))[None]
        else:
            gradient = (end - mean) @ sigma
            if learner == "maml":  # the transposed chain of Jacobians
                for batch in S[::-1]:
                    gradient = gradient - alpha * np.einsum("nij,nj->ni", batch, gradient)
            update = gradient if learner in ("maml", "fomaml") else (w - mean)[None] @ sigma
        total += p * np.einsum("n,ni->i", weights if len(update) > 1 else np.ones(1), update)
    return total


LEARNED = [(name, steps, 0) for name in ("erm", "maml", "fomaml", "reptile", "imaml") for steps in (1, 2, 5)]
LEARNED += [(name, steps, 2 // steps + 1) for name in ("maml", "fomaml", "reptile") for steps in (1, 2)]


@pytest.mark.parametrize(("learner", "steps", "samples"), LEARNED)
def test_a_learner_comes_to_rest_at_its_start(learner: str, steps: int, samples: int) -> None:
    alpha, lam = 0.6, 0.35
    given = (learner, alpha, steps, samples or math.inf, lam)
    start = linear.learner_start(ENV, *given)
    np.testing.assert_allclose(mean_update(learner, start, alpha, steps, samples, lam), 0.0, atol=1e-13)
    weights = linear.learner_weight(learner, ENV.covariances, *given[1:])
    expected = np.einsum("g,gij,gj->i", ENV.probabilities, weights, W - ENV.means)
    np.testing.assert_allclose(mean_update(learner, W, alpha, steps, samples, lam), expected, rtol=1e-11)


@pytest.mark.parametrize("learner", ["maml", "fomaml", "reptile", "imaml"])
def test_training_by_gradient_descent_ends_at_the_start(learner: str) -> None:
    w = np.zeros(2)
    for _ in range(4000):
        w = w - 0.5 * mean_update(learner, w, 0.6, 3, 0, 0.35)
    np.testing.assert_allclose(w, linear.learner_start(ENV, learner, 0.6, 3, lam=0.35), rtol=1e-9)


def test_learners_coincide_where_they_must() -> None:
    weight = linear.learner_weight
    for steps in (1, 2, 3):
        double = weight("fomaml", SOLID, 0.7, 2 * steps)
        np.testing.assert_allclose(weight("maml", SOLID, 0.7, steps), double, rtol=1e-12, atol=1e-16)
    np.testing.assert_array_equal(weight("reptile", SOLID, 0.7), SOLID)
    np.testing.assert_array_equal(weight("erm", SOLID, 0.7, 4, 3), SOLID)
    np.testing.assert_allclose(weight("imaml", SOLID, 0.7, lam=1e12), SOLID, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(weight("maml", SOLID, 0.7, 2, 5), linear.adapted_covariance(SOLID, 0.7, 5, 2))
    for learner, factor in (("maml", 1), ("fomaml", 1), ("reptile", 3)):
        np.testing.assert_allclose(weight(learner, SOLID, 0.0, 3, 5), factor * SOLID, rtol=1e-14)


def test_starts_coincide_where_they_must() -> None:
    start = linear.learner_start
    np.testing.assert_allclose(start(ENV, "erm", 0.5), linear.erm_solution(ENV), rtol=1e-13)
    np.testing.assert_allclose(start(ENV, "maml", 0.5, samples=3), linear.maml_solution(ENV, 0.5, 3), rtol=1e-13)
    np.testing.assert_allclose(start(ENV, "reptile", 0.5, 4000), ENV.probabilities @ ENV.means, rtol=1e-9)
    weighted = np.einsum("g,gij->gij", ENV.probabilities, np.linalg.inv(ENV.covariances))
    plentiful = np.linalg.solve(weighted.sum(axis=0), np.einsum("gij,gj->i", weighted, ENV.means))
    np.testing.assert_allclose(start(ENV, "imaml", 0.5, lam=1e-9), plentiful, rtol=1e-7)


def test_weights_broadcast_over_leading_axes() -> None:
    batch = np.array([[SOLID, 2 * SOLID], [np.eye(3), np.diag([0.1, 1.0, 1.2])]])
    for learner in ("erm", "maml", "fomaml", "reptile", "imaml"):
        values = linear.learner_weight(learner, batch, 0.5, 3, lam=0.4)
        single = [[linear.learner_weight(learner, one, 0.5, 3, lam=0.4) for one in row] for row in batch]
        np.testing.assert_allclose(values, single, rtol=1e-12, atol=1e-15)


# The best step.


def defined_risk(env: TaskEnvironment, w: Array, alpha: float, m: int) -> float:
    """Eq. (1) as it is defined: draw a task, its data, step, and take the task's population loss."""
    d, total = env.dim, 0.0
    points, weights = rule(m * d + m + d, 3)
    for p, sigma, mean, spread in zip(env.probabilities, env.covariances, env.means, env.spreads, strict=True):
        inputs, noise, place = np.split(points, [m * d, m * d + m], axis=1)
        optimum = mean + place @ root(spread).T
        X = inputs.reshape(-1, m, d) @ root(sigma).T
        y = np.einsum("nmi,ni->nm", X, optimum) + env.noise_std * noise
        miss = w - alpha / m * np.einsum("nmi,nm->ni", X, X @ w - y) - optimum
        total += p * weights @ np.einsum("ni,ij,nj->n", miss, sigma, miss) / 2
    return float(total + env.noise_std**2 / 2)


@pytest.mark.parametrize("m", [1, 2])
def test_the_best_step_is_the_vertex_of_the_risk_by_quadrature(m: int) -> None:
    low, middle, high = (defined_risk(ENV, W, alpha, m) for alpha in (0.0, 1.0, 2.0))
    vertex = 1.0 - (high - low) / (2.0 * (high - 2.0 * middle + low))
    assert linear.best_step(ENV, W, m) == pytest.approx(vertex, rel=1e-11)


def test_no_step_is_better_than_the_best() -> None:
    env = TaskEnvironment.hard_easy(4, 0.1, 0.9, R=2, r_hard=0.3, r_easy=1, p_hard=0.3, noise_std=0.4)
    for m in (1, 7, math.inf):
        best = linear.best_step(env, [0.1, 1.0, -2.0, 0.5], m)
        risk = [linear.post_adaptation_risk(env, [0.1, 1.0, -2.0, 0.5], rate * best, m) for rate in (0.999, 1, 1.001)]
        assert risk[1] < min(risk[0], risk[2])


def test_best_step_of_erm_where_both_clouds_are_points() -> None:
    env = TaskEnvironment.hard_easy(10, 0.5, 1.0, R=1, r_hard=0, r_easy=0)
    u, delta = 0.5, 11 / 500  # s = (1/(1+u))² and (u/(1+u))², so E[ρ²s] and E[ρ³s] are 2u² and u²(1 + u)
    assert linear.best_step(env, linear.erm_solution(env), 500) == pytest.approx(2 / ((1 + delta) * (1 + u)), rel=1e-12)


def test_a_task_that_is_solved_wants_no_step() -> None:
    noisy = TaskEnvironment.finite_tasks([PLANE], [W], noise_std=0.5)
    assert linear.best_step(noisy, W, 3) == 0.0
    for env, m in ((TaskEnvironment.finite_tasks([PLANE], [W]), 3), (noisy, math.inf)):
        with pytest.raises(ValueError, match=r"^w solves every task, .* every rate leaves the risk as it is$"):
            linear.best_step(env, W, m)


# Bad input.

WRONG: list[tuple[str, Callable[[], object]]] = [
    (
        r"learner must be one of erm, maml, fomaml, reptile, imaml; got 'anil'",
        lambda: linear.learner_weight("anil", PLANE, 0.5),
    ),
    (
        r"learner must be one of erm, .*; got \['erm'\]",
        lambda: linear.learner_start(ENV, ["erm"], 0.5),  # type: ignore[arg-type]
    ),
    (
        r"lam must be given for imaml, the weight of its proximal term; got None",
        lambda: linear.learner_weight("imaml", PLANE, 0.5),
    ),
    (
        r"samples must be math\.inf for imaml, .*; got 5",
        lambda: linear.learner_weight("imaml", PLANE, 0.5, samples=5, lam=1.0),
    ),
    (r"lam must be finite and greater than 0; got 0\.0", lambda: linear.learner_weight("maml", PLANE, 0.5, lam=0.0)),
    (
        r"steps must be a positive whole number; got 0",
        lambda: linear.adapted_covariance(PLANE, 0.5, 3, steps=0),
    ),
    (
        r"steps must be at most 6 on the same batch; got 7",
        lambda: linear.adapted_covariance(PLANE, 0.5, 3, steps=7, same_batch=True),
    ),
    (
        r"same_batch must be True or False; got 'no'",
        lambda: linear.adapted_covariance(PLANE, 0.5, 3, 2, "no"),  # type: ignore[arg-type]
    ),
    (
        r"steps must keep the curvature in the range of float64; 200 at alpha=1e\+20 do not",
        lambda: linear.adapted_covariance(PLANE, 1e20, 3, steps=200),
    ),
    (
        r"steps must keep the weight in the range of float64; 200 at alpha=1e\+20 do not",
        lambda: linear.learner_weight("fomaml", PLANE, 1e20, steps=200),
    ),
    (r"w must have shape \(2,\) like the task optima; got \(3,\)", lambda: linear.best_step(ENV, np.zeros(3), 3)),
]


@pytest.mark.parametrize(("message", "call"), WRONG)
def test_bad_input_is_named(message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        call()


def test_a_start_that_is_not_unique_is_refused() -> None:
    env = TaskEnvironment.finite_tasks([np.diag([0.5, 2.0]), np.diag([0.5, 1.0])], np.eye(2))
    for learner in ("maml", "fomaml"):
        with pytest.raises(ValueError, match=rf"^alpha=2\.0 .* {re.escape(learner)} puts no weight .* not unique$"):
            linear.learner_start(env, learner, 2.0)
    assert np.isfinite(linear.learner_start(env, "maml", 2.0, samples=100)).all()
    assert np.isfinite(linear.learner_start(env, "reptile", 2.0)).all()
