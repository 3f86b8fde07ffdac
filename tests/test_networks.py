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


def test_a_sum_in_blocks_is_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks cover all of Mehler's terms, in order: few, one of them cut short, or a term each."""
    W, W_star, covariance = problem(13, 3, 2, 2)
    whole = networks.population_hessian("sigmoid", W, W_star, covariance)
    for terms in (1, 28, 40):
        monkeypatch.setattr("paperlib.networks.hermite.BLOCK", terms)
        parts = networks.population_hessian("sigmoid", W, W_star, covariance)
        np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-14)


def test_tensors_come_back_as_tensors_of_float64() -> None:
    found = networks.population_loss("relu", torch.ones(5, 1, 1), torch.zeros(1, 1), [[1.0]])
    assert isinstance(found, torch.Tensor) and found.dtype == torch.float64 and found.shape == (5,)


# Objectives and solutions

TASKS = networks.Tasks(
    [0.2, 0.5, 0.3],  # type: ignore[arg-type]
    np.random.default_rng(12).normal(size=(3, 2, 2)),
    np.stack([0.4 * np.eye(2), np.eye(2), [[1.0, 0.3], [0.3, 0.5]]]),
)
PAIR = networks.Tasks(
    [0.5, 0.5],  # type: ignore[arg-type]
    [[[1.0], [0.2]], [[-0.5], [0.6]]],  # type: ignore[arg-type]
    np.stack([0.5 * np.eye(2), np.eye(2)]),
)
START = np.random.default_rng(13).normal(size=(2, 2))


@pytest.mark.parametrize("activation", ALL)
def test_without_a_step_the_maml_objective_is_the_erm_objective(activation: str) -> None:
    near, risk = (networks.post_adaptation_risk(activation, TASKS, START, alpha) for alpha in (1e-9, 0.0))
    assert near == pytest.approx(risk, abs=1e-8)
    near, gradient = (networks.post_adaptation_gradient(activation, TASKS, START, alpha) for alpha in (1e-9, 0.0))
    np.testing.assert_allclose(near, gradient, atol=1e-8)


@pytest.mark.parametrize("activation", ALL)
def test_a_rate_of_zero_is_no_step(activation: str) -> None:
    """Whatever the number of samples: the mean loss, its gradient and its solution, also at a ReLU's origin."""
    for W in (START, 0 * START):
        risk, gradient = (
            sum(p * quantity(activation, W, aim, sigma) for p, aim, sigma in TASKS)
            for quantity in (networks.population_loss, networks.population_gradient)
        )
        assert networks.post_adaptation_risk(activation, TASKS, W, 0.0) == pytest.approx(risk, rel=1e-14)
        found = networks.post_adaptation_gradient(activation, TASKS, W, 0.0)
        np.testing.assert_allclose(found, gradient, rtol=1e-13, atol=1e-15)
        for m in (1, 5):
            drawn = networks.sampled_post_adaptation_risk(activation, TASKS, W, 0.0, m, 3, np.random.default_rng(0))
            np.testing.assert_allclose(drawn, [risk] * 3, rtol=1e-14)
            X = networks.sample_inputs(TASKS, (3, m), np.random.default_rng(0))
            empirical = networks.empirical_post_adaptation_risk(activation, TASKS.W_stars, X, X, W, 0.0)
            flat = networks.empirical_risk(activation, TASKS.W_stars, X.reshape(3, -1, 2), W)
            assert empirical == pytest.approx(flat, rel=1e-14)
    one = networks.Tasks([0.5, 0.5], [[[1.0]], [[-0.5]]], [[[1.0]], [[0.3]]])  # type: ignore[arg-type]
    erm, maml = networks.erm_solution(activation, one, [[0.2]]), networks.maml_solution(activation, one, 0.0, [[0.2]])
    np.testing.assert_array_equal(maml, erm)


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("alpha", [0.0, 0.8])
def test_gradients_of_the_objectives_are_those_of_autodiff(activation: str, alpha: float) -> None:
    at = torch.from_numpy(START.copy()).requires_grad_()
    if activation == "relu":
        steps = 1e-6 * np.eye(4).reshape(4, 2, 2)
        values = networks.post_adaptation_risk(activation, TASKS, np.concatenate([START + steps, START - steps]), alpha)
        expected = ((values[:4] - values[4:]) / 2e-6).reshape(2, 2)
    else:
        (automatic,) = torch.autograd.grad(networks.post_adaptation_risk(activation, TASKS, at, alpha), at)
        expected = automatic.numpy()
    found = networks.post_adaptation_gradient(activation, TASKS, START, alpha)
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_objectives_are_weighted_sums_over_tasks() -> None:
    parts = [
        networks.population_loss("softplus", START, aim, sigma)
        for aim, sigma in zip(TASKS.W_stars, TASKS.covariances, strict=True)
    ]
    found = networks.post_adaptation_risk("softplus", TASKS, START, 0.0)
    assert found == pytest.approx(np.dot(TASKS.probabilities, parts), rel=1e-14)


def test_tasks_that_are_spelled_out_have_the_same_risk() -> None:
    spelled = {"probabilities": TASKS.probabilities, "W_stars": TASKS.W_stars, "covariances": TASKS.covariances}
    loss = networks.post_adaptation_loss("softplus", W=START, alpha=0.7, **spelled)
    assert loss == networks.post_adaptation_risk("softplus", TASKS, START, 0.7)


@pytest.mark.parametrize("activation", SMOOTH)
def test_solutions_are_stationary_and_lower_than_what_surrounds_them(activation: str) -> None:
    start = np.zeros((2, 1))
    erm, maml = networks.erm_solution(activation, PAIR, start), networks.maml_solution(activation, PAIR, 0.7, start)
    assert np.linalg.norm(networks.post_adaptation_gradient(activation, PAIR, erm, 0.0)) <= 1e-10
    assert np.linalg.norm(networks.post_adaptation_gradient(activation, PAIR, maml, 0.7)) <= 1e-10
    ring = 0.05 * np.stack([np.cos(np.arange(8)), np.sin(np.arange(8))], -1)[..., None]
    around = networks.post_adaptation_risk(activation, PAIR, maml + ring, 0.7)
    assert (around > networks.post_adaptation_risk(activation, PAIR, maml, 0.7)).all()


def test_starts_left_out_are_the_neurons_of_the_tasks_and_their_mean() -> None:
    aims = np.asarray(PAIR.W_stars)
    places = np.concatenate([aims, aims.mean(axis=0, keepdims=True)])
    found, expected = (networks.maml_solution("tanh", PAIR, 2.0, starts) for starts in (None, places))
    np.testing.assert_array_equal(found, expected)


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
    inner, outer = (networks.sample_inputs(TASKS, (4, n), rng) for n in (6, 5))
    aims = np.asarray(TASKS.W_stars)
    found = networks.empirical_post_adaptation_risk(activation, aims, inner, outer, START, 0.3)
    assert found == pytest.approx(literal_maml_loss(activation, START, aims, inner, outer, 0.3), rel=1e-12)
    erm = networks.empirical_risk(activation, aims, outer[:, 0], START)
    tiny = networks.empirical_post_adaptation_risk(activation, aims, inner[:, :1], outer[:, :1], START, 1e-12)
    assert erm == pytest.approx(float(tiny), rel=1e-9)


def test_samples_have_their_task_s_covariance() -> None:
    draws = networks.sample_inputs(TASKS, (200, 100), np.random.default_rng(15))
    assert draws.shape == (3, 200, 100, 2)
    for sigma, X in zip(TASKS.covariances, draws.reshape(3, -1, 2), strict=True):
        np.testing.assert_allclose(X.T @ X / len(X), sigma, atol=0.04)


@pytest.mark.parametrize("activation", ["relu", "softplus", "tanh"])
def test_the_sampled_risk_is_the_loss_after_steps_on_the_samples(activation: str) -> None:
    """Draw by draw, with the gradient of the samples by automatic differentiation."""
    found = networks.sampled_post_adaptation_risk(activation, TASKS, START, 0.6, 4, 3, np.random.default_rng(18))
    X = torch.from_numpy(networks.sample_inputs(TASKS, (3, 4), np.random.default_rng(18)))
    for k, drawn in enumerate(found):
        expected = 0.0
        for (p, aim, sigma), inputs in zip(TASKS, X, strict=True):
            at, neurons = torch.from_numpy(START.copy()).requires_grad_(), torch.as_tensor(aim)
            outputs = [networks.derivative(activation, 0, inputs[k] @ W).sum(1) for W in (at, neurons)]
            (step,) = torch.autograd.grad((outputs[0] - outputs[1]).square().mean() / 2, at)
            expected += p * networks.population_loss(activation, START - 0.6 * step.numpy(), aim, sigma)
        assert drawn == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("activation", ["relu", "softplus"])
def test_the_sampled_risk_tends_to_the_one_with_the_full_gradient(activation: str) -> None:
    rng = np.random.default_rng(16)
    exact = networks.post_adaptation_risk(activation, TASKS, START, 0.5)
    gaps = []
    for m in (20, 1000):
        drawn = networks.sampled_post_adaptation_risk(activation, TASKS, START, 0.5, m, 60, rng, order=64)
        assert drawn.shape == (60,)
        gaps.append(drawn.mean() - exact)
        error = drawn.std(ddof=1) / math.sqrt(len(drawn))
        assert error > 0
    assert gaps[0] > 10 * abs(gaps[1])
    assert abs(gaps[1] - gaps[0] / 50) < 4.5 * error  # what is left is of order 1/m


def test_draws_are_independent_and_the_same_for_every_start() -> None:
    starts = np.stack([START, -START, START])
    runs = [
        networks.sampled_post_adaptation_risk(
            "softplus", TASKS, starts, 1.0, 10, 40, np.random.default_rng(seed), order=40
        )
        for seed in (17, 17, 18)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_allclose(runs[0][:, 0], runs[0][:, 2], rtol=1e-14)
    assert len({*runs[0][:, 0], *runs[2][:, 0]}) == 80
    assert abs(np.corrcoef(runs[0][:-1, 0], runs[0][1:, 0])[0, 1]) < 0.5


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
    good = {"probabilities": TASKS.probabilities, "W_stars": TASKS.W_stars, "covariances": TASKS.covariances}
    with pytest.raises(ValueError, match=message):
        networks.post_adaptation_loss("relu", **({"W": START, "alpha": 1.0} | good | change))


def test_bad_samples_are_named() -> None:
    inner, rng = np.zeros((3, 2, 4, 2)), np.random.default_rng(0)
    given: dict[str, Any] = {"activation": "relu", "W_stars": TASKS.W_stars, "W": START}
    with pytest.raises(ValueError, match="draws must be a positive whole number; got 0"):
        networks.sampled_post_adaptation_risk("relu", TASKS, START, 1.0, 3, 0, rng)
    with pytest.raises(ValueError, match=r"W must have d = 2 rows as the tasks have; got shape \(3, 2\)"):
        networks.sampled_post_adaptation_risk("relu", TASKS, np.ones((3, 2)), 1.0, 3, 2, rng)
    with pytest.raises(ValueError, match="outer must hold as many episodes as inner"):
        networks.empirical_post_adaptation_risk(**given, inner=inner, outer=inner[:, :1], alpha=1.0)
    with pytest.raises(ValueError, match=r"inner must have shape \(tasks, draws, samples, d\) with 3 tasks and d = 2"):
        networks.empirical_post_adaptation_risk(**given, inner=inner[:2], outer=inner, alpha=1.0)
    with pytest.raises(ValueError, match=r"inputs must have shape \(tasks, n, d\) with 3 tasks and d = 2"):
        networks.empirical_risk(**given, inputs=inner)
    with pytest.raises(ValueError, match=r"starts must have shape \(d, M\) or \(S, d, M\)"):
        networks.erm_solution("softplus", PAIR, [0.0])
