"""Two-layer networks against routes that share nothing with Mehler's formula or Stein's identity.

Brute force is Monte Carlo on plain samples, or a dense trapezoidal rule in one and two dimensions; derivatives are
compared with automatic ones; limits are those in which a network is linear, homogeneous, or a step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from paperlib import networks
from paperlib.environments import Array

SMOOTH = ["softplus", "sigmoid", "tanh"]
ALL = ["relu", *SMOOTH]
POPULATION = [networks.population_loss, networks.population_gradient, networks.population_hessian]
PLAIN: dict[str, Callable[[Array], Array]] = {
    "relu": lambda t: np.maximum(t, 0.0),
    "softplus": lambda t: np.log1p(np.exp(-np.abs(t))) + np.maximum(t, 0.0),
    "sigmoid": lambda t: 0.5 + 0.5 * np.tanh(t / 2),
    "tanh": np.tanh,
}


def problem(seed: int, d: int, M: int, K: int, scale: float = 0.7) -> tuple[Array, Array, Array]:
    """A learner (d, M), a task (d, K) and a covariance with random axes."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(d, d))
    return (
        scale * rng.normal(size=(d, M)),
        scale * rng.normal(size=(d, K)),
        root @ root.T / d + 0.2 * np.eye(d),
    )


def dense_loss(activation: str, W: Array, W_star: Array, covariance: Array) -> float:
    """The population loss in one or two dimensions by a trapezoidal rule, which is exact to rounding for smooth σ."""
    axis = np.linspace(-9, 9, 721)
    grid = np.stack(np.meshgrid(*[axis] * len(W), indexing="ij"), -1).reshape(-1, len(W))
    weights = np.exp(-0.5 * (grid**2).sum(-1))
    x = grid @ np.linalg.cholesky(covariance).T
    error = PLAIN[activation](x @ W).sum(-1) - PLAIN[activation](x @ W_star).sum(-1)
    return float(weights @ (0.5 * error**2) / weights.sum())


# Activations


@pytest.mark.parametrize("activation", ALL)
def test_derivatives_are_those_of_autodiff(activation: str) -> None:
    t = torch.tensor([-30.0, -2.0, -0.3, 0.4, 1.0, 25.0], dtype=torch.float64, requires_grad=True)
    np.testing.assert_allclose(
        networks.derivative(activation, 0, t).detach(), PLAIN[activation](t.detach().numpy()), rtol=1e-12, atol=1e-15
    )
    for order in range(1, 2 if activation == "relu" else 5):
        lower = networks.derivative(activation, order - 1, t)
        (expected,) = torch.autograd.grad(lower.sum(), t)
        np.testing.assert_allclose(networks.derivative(activation, order, t).detach(), expected, rtol=1e-9, atol=1e-15)


def test_the_derivative_of_relu_at_its_kink_is_a_half() -> None:
    assert networks.derivative("relu", 1, torch.zeros(1)) == 0.5


def test_an_order_of_derivative_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="order must be 0 to 1 for relu; got 2"):
        networks.derivative("relu", 2, torch.zeros(1))


# Population loss, gradient, Hessian


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize(("d", "M", "K"), [(1, 1, 1), (2, 1, 1), (2, 2, 1), (1, 3, 2)])
def test_the_loss_is_the_integral(activation: str, d: int, M: int, K: int) -> None:
    W, W_star, covariance = problem(d + 10 * M, d, M, K)
    tolerance = 1e-4 if activation == "relu" else 1e-11  # the dense rule is of second order at a kink
    assert networks.population_loss(activation, W, W_star, covariance) == pytest.approx(
        dense_loss(activation, W, W_star, covariance), rel=tolerance
    )


@pytest.mark.parametrize("activation", ALL)
def test_loss_and_gradient_are_the_means_of_samples(activation: str) -> None:
    W, W_star, covariance = problem(0, 4, 2, 3)
    x = np.random.default_rng(1).multivariate_normal(np.zeros(4), covariance, size=400_000)
    error = PLAIN[activation](x @ W).sum(-1) - PLAIN[activation](x @ W_star).sum(-1)
    slope = networks.derivative(activation, 1, torch.from_numpy(x @ W)).numpy()
    gradients = error[:, None, None] * x[:, :, None] * slope[:, None, :]
    draws = [(0.5 * error**2, networks.population_loss), (gradients, networks.population_gradient)]
    for values, population in draws:
        gap = np.abs(values.mean(0) - population(activation, W, W_star, covariance))
        assert (gap <= 4.5 * values.std(0) / math.sqrt(len(values))).all()


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize(("d", "M", "K"), [(1, 1, 2), (3, 2, 2), (5, 3, 1)])
def test_gradient_and_hessian_are_those_of_autodiff(activation: str, d: int, M: int, K: int) -> None:
    W, W_star, covariance = problem(d, d, M, K, scale=0.3)

    def loss(w: torch.Tensor) -> torch.Tensor:
        value = networks.population_loss(activation, w, torch.from_numpy(W_star), covariance)
        assert isinstance(value, torch.Tensor)
        return value.sum()

    def gradient(w: torch.Tensor) -> torch.Tensor:
        value = networks.population_gradient(activation, w, torch.from_numpy(W_star), covariance)
        assert isinstance(value, torch.Tensor)
        return value

    at = torch.from_numpy(W).requires_grad_()
    (expected,) = torch.autograd.grad(loss(at), at)
    found = networks.population_gradient(activation, W, W_star, covariance)
    np.testing.assert_allclose(found, expected, atol=1e-8)
    if activation == "relu":  # the gradient of an angle of zero is not a number for autodiff
        steps = 1e-6 * np.eye(d * M).reshape(d * M, d, M)
        rows = networks.population_gradient(activation, np.concatenate([W + steps, W - steps]), W_star, covariance)
        hessian = torch.from_numpy((rows[: d * M] - rows[d * M :]).reshape(d * M, d * M) / 2e-6)
    else:
        hessian = torch.autograd.functional.jacobian(gradient, torch.from_numpy(W)).reshape(d * M, d * M)
    found = networks.population_hessian(activation, W, W_star, covariance)
    np.testing.assert_allclose(found, hessian, atol=1e-8)
    np.testing.assert_allclose(found, found.T, atol=1e-13)


@pytest.mark.parametrize("activation", ALL)
def test_at_the_task_itself_nothing_is_left_but_the_gauss_newton_term(activation: str) -> None:
    _, W, covariance = problem(3, 3, 1, 2)
    assert networks.population_loss(activation, W, W, covariance) == pytest.approx(0.0, abs=1e-14)
    np.testing.assert_allclose(networks.population_gradient(activation, W, W, covariance), 0.0, atol=1e-14)
    x = np.random.default_rng(2).multivariate_normal(np.zeros(3), covariance, size=200_000)
    slopes = networks.derivative(activation, 1, torch.from_numpy(x @ W)).numpy()
    features = (x[:, :, None] * slopes[:, None, :]).reshape(len(x), -1)
    products = features[:, :, None] * features[:, None, :]
    gap = np.abs(products.mean(0) - networks.population_hessian(activation, W, W, covariance))
    assert (gap <= 4.5 * products.std(0) / math.sqrt(len(x))).all()


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("quantity", POPULATION)
def test_coordinates_and_the_order_of_neurons_do_not_matter(activation: str, quantity: Callable[..., Array]) -> None:
    W, W_star, covariance = problem(4, 3, 2, 3)
    rotation, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    turned = quantity(activation, rotation @ W, rotation @ W_star[:, ::-1], rotation @ covariance @ rotation.T)
    there = quantity(activation, W, W_star, covariance)
    if quantity is networks.population_gradient:
        there = rotation @ there
    if quantity is networks.population_hessian:
        whole = np.kron(rotation, np.eye(2))
        there = whole @ there @ whole.T
    np.testing.assert_allclose(turned, there, atol=1e-9)


# Limits


@pytest.mark.parametrize("activation", SMOOTH)
def test_small_neurons_are_linear(activation: str) -> None:
    W, W_star, covariance = problem(6, 3, 1, 1)
    slope = float(networks.derivative(activation, 1, torch.zeros(1, dtype=torch.float64)))
    small = 1e-4
    expected = 0.5 * slope**2 * ((W - W_star).T @ covariance @ (W - W_star)).item()
    found = networks.population_loss(activation, small * W, small * W_star, covariance) / small**2
    assert found == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(
        networks.population_hessian(activation, 0 * W, 0 * W, covariance), slope**2 * covariance, atol=1e-14
    )


def test_wide_softplus_neurons_are_relus_and_wide_sigmoids_are_steps() -> None:
    W, W_star, covariance = problem(7, 2, 1, 1)
    product = (W.T @ covariance @ W_star).item()
    lengths = math.sqrt((W.T @ covariance @ W).item() * (W_star.T @ covariance @ W_star).item())
    differ = math.acos(product / lengths) / math.pi  # how often two steps differ
    limits = {
        "softplus": (float(networks.population_loss("relu", W, W_star, covariance)), 2),
        "sigmoid": (0.5 * differ, 0),
        "tanh": (0.5 * 4.0 * differ, 0),
    }
    for activation, (limit, degree) in limits.items():
        gaps = [
            abs(networks.population_loss(activation, k * W, k * W_star, covariance) / k**degree / limit - 1)
            for k in (10.0, 100.0, 1000.0, 10000.0)
        ]
        for wide, wider in pairwise(gaps):
            assert wider < 0.15 * wide
        assert gaps[-1] < 1e-3


def test_relu_is_homogeneous() -> None:
    W, W_star, covariance = problem(8, 3, 2, 2)
    loss, gradient, hessian = (q("relu", W, W_star, covariance) for q in POPULATION)
    scaled = [q("relu", 7.0 * W, 7.0 * W_star, covariance) for q in POPULATION]
    for found, expected in zip(scaled, (49.0 * loss, 7.0 * gradient, hessian), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9, 1e-12])
def test_relu_keeps_its_digits_when_neurons_nearly_coincide(gap: float) -> None:
    W = np.array([[1.0], [0.0]])
    near = np.array([[math.cos(gap)], [math.sin(gap)]])
    hessian = networks.population_hessian("relu", near, W, np.eye(2))
    np.testing.assert_allclose(hessian, 0.5 * np.eye(2), atol=2 * gap + 1e-15)
    gradient = networks.population_gradient("relu", near, W, np.eye(2))
    np.testing.assert_allclose(gradient, 0.5 * (near - W), atol=gap**2 + 1e-16)


def test_opposite_relus_never_meet() -> None:
    one = np.array([[1.0], [0.5]])
    own = networks.population_loss("relu", one, 0 * one, np.eye(2))
    assert networks.population_loss("relu", one, -one, np.eye(2)) == pytest.approx(2 * float(own), rel=1e-14)


def test_a_relu_at_the_origin_has_a_gradient_and_no_hessian() -> None:
    zero, W_star = np.zeros((2, 1)), np.array([[1.0], [0.0]])
    gradient = networks.population_gradient("relu", zero, W_star, np.eye(2))
    np.testing.assert_allclose(gradient, -0.5 * 0.5 * W_star, atol=1e-15)  # σ'(0) = ½, and E[relu(u)x] = ½w
    with pytest.raises(ValueError, match="W must have no zero column"):
        networks.population_hessian("relu", zero, W_star, np.eye(2))


# Quadrature and batches


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("quantity", POPULATION)
@pytest.mark.parametrize("order", [40, 90, None])
def test_the_error_estimate_covers_the_error(
    activation: str, quantity: Callable[..., Array], order: int | None
) -> None:
    W, W_star, covariance = problem(9, 3, 2, 1, scale=0.6)
    exact = quantity(activation, W, W_star, covariance, order=1640)
    error = np.abs(quantity(activation, W, W_star, covariance, order=order) - exact).max()
    estimate = networks.quadrature_error(quantity, activation, W, W_star, covariance, order=order)
    assert error <= 3 * estimate + 1e-13
    if order is None:
        assert estimate < 1e-9


def test_the_automatic_order_reaches_its_precision() -> None:
    for deviation in (0.1, 1.0, 2.0, 4.0):
        W, W_star = np.array([[deviation]]), np.array([[-0.9 * deviation]])
        assert networks.quadrature_error(networks.population_loss, "softplus", W, W_star, [[1.0]]) < 1e-11


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("quantity", POPULATION)
def test_a_batch_is_its_members(activation: str, quantity: Callable[..., Array]) -> None:
    rng = np.random.default_rng(10)
    covariance = problem(10, 2, 1, 1)[2]
    starts, aims = rng.normal(size=(3, 4, 2, 1)), rng.normal(size=(4, 2, 2))
    found = quantity(activation, starts, aims, covariance, order=96)
    for i in range(3):
        for j in range(4):
            single = quantity(activation, starts[i, j], aims[j], covariance, order=96)
            np.testing.assert_allclose(found[i, j], single, atol=1e-13)


def test_a_batch_larger_than_a_chunk_and_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = np.random.default_rng(11).normal(size=(7, 2, 1))
    whole = networks.population_loss("tanh", starts, starts[0], np.eye(2))
    monkeypatch.setattr("paperlib.networks.evaluation.CHUNK", 200)
    parts = networks.population_loss("tanh", starts, starts[0], np.eye(2))
    np.testing.assert_allclose(parts, whole, atol=1e-12)
    assert networks.population_loss("tanh", starts[:0], starts[0], np.eye(2)).shape == (0,)
    assert networks.population_gradient("relu", starts[:0], starts[0], np.eye(2)).shape == (0, 2, 1)


def test_tensors_come_back_as_tensors_of_float64() -> None:
    found = networks.population_loss("relu", torch.ones(5, 1, 1), torch.zeros(1, 1), [[1.0]])
    assert isinstance(found, torch.Tensor) and found.dtype == torch.float64 and found.shape == (5,)


# Objectives and solutions

TASKS: dict[str, Any] = {
    "probabilities": [0.2, 0.5, 0.3],
    "W_stars": np.random.default_rng(12).normal(size=(3, 2, 2)),
    "covariances": np.stack([0.4 * np.eye(2), np.eye(2), [[1.0, 0.3], [0.3, 0.5]]]),
}
START = np.random.default_rng(13).normal(size=(2, 2))


@pytest.mark.parametrize("activation", ALL)
def test_without_a_step_the_maml_objective_is_the_erm_objective(activation: str) -> None:
    near = networks.post_adaptation_loss(activation, W=START, alpha=1e-9, **TASKS)
    assert near == pytest.approx(float(networks.erm_loss(activation, W=START, **TASKS)), abs=1e-8)
    gradient = networks.post_adaptation_gradient(activation, W=START, alpha=1e-9, **TASKS)
    np.testing.assert_allclose(gradient, networks.erm_gradient(activation, W=START, **TASKS), atol=1e-8)


@pytest.mark.parametrize("activation", ALL)
def test_a_rate_of_zero_is_no_step(activation: str) -> None:
    """Whatever the number of samples: ERM's objectives, its gradient and its solution, also at a ReLU's origin."""
    for W in (START, 0 * START):
        loss, gradient = (f(activation, W=W, **TASKS) for f in (networks.erm_loss, networks.erm_gradient))
        assert networks.post_adaptation_loss(activation, W=W, alpha=0.0, **TASKS) == loss
        np.testing.assert_array_equal(networks.post_adaptation_gradient(activation, W=W, alpha=0.0, **TASKS), gradient)
        for m in (1, 5):
            inner = networks.sample_inputs(TASKS["covariances"], (3, m), np.random.default_rng(0))
            mean, error = networks.sampled_post_adaptation_loss(activation, W=W, alpha=0.0, inner=inner, **TASKS)
            assert mean == pytest.approx(float(loss), rel=1e-14) and error < 1e-15
            empirical = networks.empirical_maml_loss(activation, W, TASKS["W_stars"], inner, inner, alpha=0.0)
            flat = networks.empirical_erm_loss(activation, W, TASKS["W_stars"], inner.reshape(3, -1, 2))
            assert empirical == pytest.approx(float(flat), rel=1e-14)
    one = {"probabilities": [0.5, 0.5], "W_stars": [[[1.0]], [[-0.5]]], "covariances": [[[1.0]], [[0.3]]]}
    erm = networks.erm_solution(activation, **one, start=[[0.2]])  # type: ignore[arg-type]
    maml = networks.maml_solution(activation, **one, alpha=0.0, start=[[0.2]])  # type: ignore[arg-type]
    np.testing.assert_array_equal(maml, erm)


@pytest.mark.parametrize("activation", ALL)
def test_gradients_of_the_objectives_are_those_of_autodiff(activation: str) -> None:
    for loss, gradient, extra in (
        (networks.erm_loss, networks.erm_gradient, {}),
        (networks.post_adaptation_loss, networks.post_adaptation_gradient, {"alpha": 0.8}),
    ):
        at = torch.from_numpy(START.copy()).requires_grad_()
        if activation == "relu":
            steps = 1e-6 * np.eye(4).reshape(4, 2, 2)
            values = loss(activation, W=np.concatenate([START + steps, START - steps]), **TASKS, **extra)
            expected = ((values[:4] - values[4:]) / 2e-6).reshape(2, 2)
        else:
            (automatic,) = torch.autograd.grad(loss(activation, W=at, **TASKS, **extra), at)
            expected = automatic.numpy()
        np.testing.assert_allclose(gradient(activation, W=START, **TASKS, **extra), expected, atol=1e-8)


def test_objectives_are_weighted_sums_over_tasks() -> None:
    parts = [
        networks.population_loss("softplus", START, aim, sigma)
        for aim, sigma in zip(TASKS["W_stars"], TASKS["covariances"], strict=True)
    ]
    found = networks.erm_loss("softplus", W=START, **TASKS)
    assert found == pytest.approx(np.dot(TASKS["probabilities"], parts), rel=1e-14)


@pytest.mark.parametrize("activation", SMOOTH)
def test_solutions_are_stationary_and_lower_than_what_surrounds_them(activation: str) -> None:
    tasks = {"probabilities": [0.5, 0.5], "W_stars": [[[1.0], [0.2]], [[-0.5], [0.6]]]}
    tasks["covariances"] = np.stack([0.5 * np.eye(2), np.eye(2)])
    start = np.zeros((2, 1))
    erm = networks.erm_solution(activation, **tasks, start=start)
    maml = networks.maml_solution(activation, **tasks, alpha=0.7, start=start)
    assert np.linalg.norm(networks.erm_gradient(activation, W=erm, **tasks)) <= 1e-10
    assert np.linalg.norm(networks.post_adaptation_gradient(activation, W=maml, alpha=0.7, **tasks)) <= 1e-10
    ring = 0.05 * np.stack([np.cos(np.arange(8)), np.sin(np.arange(8))], -1)[..., None]
    around = networks.post_adaptation_loss(activation, W=maml + ring, alpha=0.7, **tasks)
    assert (around > networks.post_adaptation_loss(activation, W=maml, alpha=0.7, **tasks)).all()


def test_of_several_starts_the_lowest_minimum_is_returned() -> None:
    def loss(W: Array) -> float:
        return float(((W**2 - 1) ** 2 + 0.1 * W).sum())

    def gradient(W: Array) -> Array:
        return 4 * W * (W**2 - 1) + 0.1

    right = networks.lowest_minimum(loss, gradient, [[1.2]])
    both = networks.lowest_minimum(loss, gradient, [[[1.2]], [[-0.8]]])
    assert right.item() > 0 > both.item()


def test_where_there_is_no_minimum_it_says_so() -> None:
    def softplus(W: Array) -> float:
        return float(np.logaddexp(0.0, W).sum())

    def slope(W: Array) -> Array:
        return np.asarray(0.1 + 0.5 * (1.0 + np.tanh(W / 2)))

    with pytest.raises(RuntimeError, match=r"no start leads to a minimum; the smallest norm of a gradient is \d"):
        networks.lowest_minimum(softplus, slope, [[0.0]])


# Samples


def literal_maml_loss(activation: str, W: Array, aims: Array, inner: Array, outer: Array, alpha: float) -> float:
    """Eq. (4) by automatic differentiation, one episode after the other."""
    act = {"relu": torch.relu, "softplus": torch.nn.Softplus(threshold=1e9), "tanh": torch.tanh}[activation]
    total = 0.0
    for aim, ins, outs in zip(aims, inner, outer, strict=True):
        for X_in, X_out in zip(ins, outs, strict=True):
            start, neurons = torch.from_numpy(W.copy()).requires_grad_(), torch.from_numpy(aim)
            losses = []
            for X in (torch.from_numpy(X_in), torch.from_numpy(X_out)):
                error = act(X @ start).sum(1) - act(X @ neurons).sum(1)
                losses.append((error**2).mean() / 2)
                if len(losses) == 1:
                    (step,) = torch.autograd.grad(losses[0], start)
                    start = (start - alpha * step).detach()
            total += float(losses[1])
    return total / (len(aims) * len(inner[0]))


@pytest.mark.parametrize("activation", ["relu", "softplus", "tanh"])
def test_the_empirical_objectives_are_the_literal_ones(activation: str) -> None:
    rng = np.random.default_rng(14)
    inner = networks.sample_inputs(TASKS["covariances"], (4, 6), rng)
    outer = networks.sample_inputs(TASKS["covariances"], (4, 5), rng)
    found = networks.empirical_maml_loss(activation, START, TASKS["W_stars"], inner, outer, 0.3)
    expected = literal_maml_loss(activation, START, TASKS["W_stars"], inner, outer, 0.3)
    assert found == pytest.approx(expected, rel=1e-12)
    erm = networks.empirical_erm_loss(activation, START, TASKS["W_stars"], outer[:, 0])
    tiny = networks.empirical_maml_loss(activation, START, TASKS["W_stars"], inner[:, :1], outer[:, :1], 1e-12)
    assert erm == pytest.approx(float(tiny), rel=1e-9)


def test_samples_have_their_task_s_covariance() -> None:
    draws = networks.sample_inputs(TASKS["covariances"], (200, 100), np.random.default_rng(15))
    assert draws.shape == (3, 200, 100, 2)
    for sigma, X in zip(TASKS["covariances"], draws.reshape(3, -1, 2), strict=True):
        np.testing.assert_allclose(X.T @ X / len(X), sigma, atol=0.04)


@pytest.mark.parametrize("activation", ["relu", "softplus"])
def test_the_sampled_objective_tends_to_the_one_with_the_full_gradient(activation: str) -> None:
    rng = np.random.default_rng(16)
    exact = networks.post_adaptation_loss(activation, W=START, alpha=0.5, **TASKS)
    gaps = []
    for m in (20, 1000):
        inner = networks.sample_inputs(TASKS["covariances"], (60, m), rng)
        loss, error = networks.sampled_post_adaptation_loss(
            activation, W=START, alpha=0.5, inner=inner, order=64, **TASKS
        )
        gaps.append(float(loss - exact))
        assert error > 0
    assert gaps[0] > 10 * abs(gaps[1])
    assert abs(gaps[1] - gaps[0] / 50) < 4.5 * float(error)  # what is left is of order 1/m


def test_the_standard_error_is_the_spread_of_repetitions() -> None:
    rng = np.random.default_rng(17)
    runs = [
        networks.sampled_post_adaptation_loss(
            "softplus",
            W=START,
            alpha=1.0,
            inner=networks.sample_inputs(TASKS["covariances"], (10, 10), rng),
            order=40,
            **TASKS,
        )
        for _ in range(40)
    ]
    means, errors = np.array(runs).T
    assert means.std(ddof=1) == pytest.approx(errors.mean(), rel=0.4)


# Bad input

GOOD: dict[str, Any] = {"activation": "softplus", "W": [[1.0]], "W_star": [[0.5]], "covariance": [[1.0]]}


@pytest.mark.parametrize("quantity", POPULATION)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activation": "gelu"}, "activation must be one of relu, softplus, sigmoid, tanh; got 'gelu'"),
        ({"W": [1.0]}, r"W must have shape \(\.\.\., d, M\), d and M at least 1; got \(1,\)"),
        ({"W": [["a"]]}, "W must be an array of real numbers"),
        ({"W": [[math.nan]]}, "W must be finite"),
        ({"W": np.zeros((2, 1))}, r"W_star must have d = 2 rows as W has; got shape \(1, 1\)"),
        ({"covariance": np.eye(2)}, r"covariance must have shape \(d, d\) with d = 1; got \(2, 2\)"),
        ({"covariance": [[-1.0]]}, "covariance must be symmetric positive definite; smallest eigenvalue is -1"),
        ({"W": np.ones((3, 1, 1)), "W_star": np.ones((2, 1, 1))}, "W and W_star must have leading axes that broadcast"),
        ({"order": 0}, "order must be a whole number from 1 to 3000; got 0"),
        ({"order": 2.5, "activation": "relu"}, r"order must be a whole number from 1 to 3000; got 2\.5"),
        ({"order": 3001}, "order must be a whole number from 1 to 3000; got 3001"),
    ],
)
def test_bad_input_is_named(quantity: Callable[..., Any], change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quantity(**(GOOD | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probabilities": [0.5, 0.6, 0.1]}, r"probabilities must sum to one; they sum to 1\.2"),
        ({"probabilities": [-0.5, 1.0, 0.5]}, r"probabilities must be positive; got \[-0\.5, 1\.0, 0\.5\]"),
        ({"probabilities": [1.0]}, r"W_stars must hold one matrix for each of 1 tasks; got shape \(3, 2, 2\)"),
        ({"covariances": [np.eye(2)]}, r"covariances must hold one matrix for each of 3 tasks; got shape \(1, 2, 2\)"),
        ({"alpha": -1.0}, "alpha must be finite and at least 0; got -1"),
    ],
)
def test_bad_environments_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        networks.post_adaptation_loss("relu", **({"W": START, "alpha": 1.0} | TASKS | change))


def test_bad_samples_are_named() -> None:
    inner = np.zeros((3, 2, 4, 2))
    tasks = {"activation": "relu", "W": START, "alpha": 1.0}
    with pytest.raises(ValueError, match="inner must hold at least two draws for each task"):
        networks.sampled_post_adaptation_loss(**tasks, **TASKS, inner=inner[:, :1])
    with pytest.raises(ValueError, match=r"inner must have shape \(tasks, draws, samples, d\) with 3 tasks and d = 2"):
        networks.sampled_post_adaptation_loss(**tasks, **TASKS, inner=inner[:2])
    with pytest.raises(ValueError, match="outer must hold as many episodes as inner"):
        networks.empirical_maml_loss(**tasks, W_stars=TASKS["W_stars"], inner=inner, outer=inner[:, :1])
    with pytest.raises(ValueError, match=r"inputs must have shape \(tasks, n, d\) with 3 tasks and d = 2"):
        networks.empirical_erm_loss("relu", START, TASKS["W_stars"], inner)
    with pytest.raises(ValueError, match=r"start must have shape \(d, M\) or \(S, d, M\)"):
        networks.erm_solution("softplus", [1.0], [[[0.5]]], [[[1.0]]], start=[0.0])
