"""What was computed in 32 bits is judged as such and made exact; 64 bits are judged as strictly as ever."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paperlib import linear, logistic, networks, simulate
from paperlib.arguments import Array, distribution, symmetric_matrices
from paperlib.environments import TaskEnvironment

LOWER: dict[str, Callable[[Any], Any]] = {
    "float32": np.float32,
    "float16": np.float16,
    "list of float32": lambda values: [np.float32(value) for value in values],
    "torch float32": lambda values: torch.tensor(values, dtype=torch.float32),
    "torch float16": lambda values: torch.tensor(values, dtype=torch.float16),
    "torch bfloat16": lambda values: torch.tensor(values, dtype=torch.bfloat16),
    "list of tensors": lambda values: [torch.tensor(value) for value in values],
}
EYE = np.eye(2)
TURNED = np.float32([[1.0, 0.3], [np.nextafter(np.float32(0.3), np.float32(1.0)), 0.5]])  # its last bits differ
"""A covariance that is symmetric in 32 bits and not in 64."""


def doubled(values: Any) -> Array:
    """The 64-bit copy, made by each library itself."""
    if isinstance(values, torch.Tensor):
        return values.double().numpy()
    return np.array([float(value) for value in values])


@pytest.mark.parametrize("form", LOWER)
def test_probabilities_are_divided_by_their_sum(form: str) -> None:
    given_p = LOWER[form]([0.1, 0.2, 0.7])
    env = TaskEnvironment.finite_tasks([EYE] * 3, np.zeros((3, 2)), given_p)
    assert env.probabilities.dtype == np.float64
    np.testing.assert_array_equal(env.probabilities, doubled(given_p) / math.fsum(doubled(given_p)))
    assert abs(math.fsum(env.probabilities) - 1.0) < 3e-16


def test_the_sum_is_judged_at_the_precision_of_the_numbers() -> None:
    single = np.float32([0.1, 0.2, 0.7])
    with pytest.raises(ValueError, match=r"^probabilities must sum to one; they sum to 0\.99999999"):
        TaskEnvironment.finite_tasks([EYE] * 3, np.zeros((3, 2)), single.astype(np.float64))
    for wrong in (np.float32([0.1, 0.2, 0.70001]), np.float16([0.1, 0.2, 0.73]), torch.tensor([0.1, 0.2, 0.69])):
        with pytest.raises(ValueError, match=r"^probabilities must sum to one; they sum to "):
            TaskEnvironment.finite_tasks([EYE] * 3, np.zeros((3, 2)), wrong)
    with pytest.raises(ValueError, match=r"^probabilities must be positive"):
        TaskEnvironment.finite_tasks([EYE] * 2, np.zeros((2, 2)), np.float32([1.0, 0.0]))


@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_what_is_normalised_in_32_bits_is_a_distribution(size: int, seed: int) -> None:
    weights = np.random.default_rng(seed).uniform(0.01, 1.0, size).astype(np.float32)
    for single in (weights / weights.sum(), torch.softmax(torch.from_numpy(weights), 0).numpy()):
        assert single.dtype == np.float32
        found = distribution("p", single)
        np.testing.assert_allclose(found, single, rtol=1e-6)
        np.testing.assert_allclose(found / found[0], single / np.float64(single[0]), rtol=1e-14)  # only the scale moves
        assert abs(math.fsum(found) - 1.0) < 1e-15


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32 - 1), st.floats(-12, 12))
@settings(derandomize=True, deadline=None, max_examples=100)
def test_a_matrix_in_32_bits_becomes_the_nearest_semidefinite_one(dim: int, rank: int, seed: int, size: float) -> None:
    """The nearest to the symmetric part S is the semidefinite P for which P − S is semidefinite and (P − S) P = 0."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(dim, dim)))[0].astype(np.float32)
    values = rng.uniform(0.1, 1.0, dim).astype(np.float32) * np.float32(10.0**size)
    values[rank:] = 0.0
    single = (turn * values) @ turn.T
    assert single.dtype == np.float32
    double = single.astype(np.float64)
    found = symmetric_matrices("S", single, definite=False)
    np.testing.assert_array_equal(found, found.T)
    scale = np.abs(double).max()
    raised = found - 0.5 * (double + double.T)
    assert np.linalg.eigvalsh(found)[0] >= -1e-14 * scale
    assert np.linalg.eigvalsh(raised)[0] >= -1e-14 * scale
    np.testing.assert_allclose(raised @ found, 0.0, atol=1e-14 * scale**2)
    assert np.abs(raised).max() <= 1e-5 * scale
    if rank >= dim:
        np.testing.assert_array_equal(symmetric_matrices("S", single), 0.5 * (double + double.T))


def test_negative_eigenvalues_within_rounding_are_raised_to_zero() -> None:
    single = np.float32([[1.0, 0.0], [0.0, -1e-7]])
    env = TaskEnvironment([1.0], [EYE], [[0.0, 0.0]], single[None])
    np.testing.assert_array_equal(env.spreads, [[[1.0, 0.0], [0.0, 0.0]]])
    for wrong in (single.astype(np.float64), np.float32([[1.0, 0.0], [0.0, -1e-4]])):
        with pytest.raises(
            ValueError, match=r"^spreads must be symmetric positive semidefinite; smallest eigenvalue is"
        ):
            TaskEnvironment([1.0], [EYE], [[0.0, 0.0]], wrong[None])
    several = symmetric_matrices("S", np.stack([single, np.float32([[0.7, 0.1], [0.1, 0.3]])]), definite=False)
    np.testing.assert_array_equal(several[1], np.float32([[0.7, 0.1], [0.1, 0.3]]).astype(float))  # not its neighbour


def test_what_rounding_can_make_is_not_definite() -> None:
    nearly = np.float32([[1.0, 0.0], [0.0, 1e-7]])
    with pytest.raises(
        ValueError, match=r"^covariance must be symmetric positive definite; smallest eigenvalue is 1e-07$"
    ):
        linear.adapted_covariance(nearly, 1.0, 2)
    assert np.isfinite(linear.adapted_covariance(nearly.astype(np.float64), 1.0, 2)).all()


def test_64_bits_come_back_bit_for_bit() -> None:
    p = np.array([0.1, 0.2, 0.7 + 3e-13])
    np.testing.assert_array_equal(distribution("p", p), p)
    spread = np.diag([1.0, -1e-13])
    np.testing.assert_array_equal(symmetric_matrices("S", spread, definite=False), spread)
    env = TaskEnvironment([0.25, 0.75], [EYE, 2 * EYE], EYE, [spread, EYE])
    again = TaskEnvironment(env.probabilities, env.covariances, env.means, env.spreads)
    for name in ("probabilities", "covariances", "means", "spreads"):
        np.testing.assert_array_equal(getattr(again, name), getattr(env, name))


def test_the_lowest_precision_among_several_arrays_counts() -> None:
    env = TaskEnvironment.finite_tasks([EYE, TURNED, torch.from_numpy(TURNED)], np.zeros((3, 2)))
    even = 0.5 * (TURNED.astype(float) + TURNED.T.astype(float))
    np.testing.assert_array_equal(env.covariances, [EYE, even, even])
    weights = [0.1, np.float32(0.2), 0.7]
    np.testing.assert_allclose(distribution("p", weights), np.array(weights) / math.fsum(weights), rtol=1e-15)


EVEN = 0.5 * (TURNED.astype(float) + TURNED.T.astype(float))
THIRDS = np.float32([1 / 3, 1 / 3, 1 / 3])
W, AIMS = [[0.5], [0.25]], [[[1.0], [0.5]], [[0.5], [-1.0]], [[0.0], [1.0]]]
ENV = TaskEnvironment.two_tasks(2, 0.25, 1.0)


def tasks(W_stars: Any, covariances: Any) -> networks.Tasks:
    return networks.Tasks([0.5, 0.5], W_stars, covariances)  # type: ignore[arg-type]


NETWORK = {"activation": "tanh", "W": W, "W_stars": AIMS, "alpha": 0.5}


@pytest.mark.parametrize(
    "convert", [np.asarray, torch.from_numpy, lambda array: array.tolist()], ids=["np", "torch", ""]
)
@pytest.mark.parametrize(
    "function",
    [
        lambda sigma: linear.adapted_covariance(sigma, 0.5, 2),
        lambda sigma: linear.wishart_sandwich(sigma, TURNED, 2),
        lambda sigma: linear.wishart_average("ab,bc->ac", [EYE, (TURNED, 0.5)], sigma, 2),
        lambda sigma: logistic.population_loss([0.5, 1.0], [1.0, 0.5], sigma),
        lambda sigma: logistic.population_hessian([0.5, 1.0], sigma),
        lambda sigma: networks.population_loss("tanh", W, AIMS[0], sigma),
        lambda sigma: networks.post_adaptation_loss(probabilities=THIRDS, covariances=[EYE, sigma, sigma], **NETWORK),
        lambda sigma: networks.sample_inputs(tasks(AIMS[:2], [sigma, EYE]), (3,), np.random.default_rng(0)),
        lambda sigma: simulate.wishart_moment(sigma, 2, [(0, 1), (1, 1)]),
    ],
)
def test_covariances_in_32_bits_are_welcome_everywhere(function: Any, convert: Any) -> None:
    if isinstance(convert(TURNED), list):
        with pytest.raises(ValueError, match=r"must be symmetric; largest difference from its transpose is 2\.98e-08"):
            function(convert(TURNED))  # Python's numbers have 64 bits
    else:
        np.testing.assert_array_equal(function(convert(TURNED)), function(EVEN))


def test_data_in_32_bits_are_their_64_bit_copies() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3, 4, 2)).astype(np.float32), rng.normal(size=(3, 4)).astype(np.float32)
    np.testing.assert_array_equal(simulate.erm_estimate(X, y), simulate.erm_estimate(X.astype(float), y.astype(float)))
    tensors, doubles = [(torch.from_numpy(x), torch.from_numpy(t)) for x, t in zip(X, y, strict=True)], X.astype(float)
    episodes = [(*tensors[0], *tensors[1]), (*tensors[2], *tensors[1])]
    exact = [(doubles[i], y[i].astype(float), doubles[1], y[1].astype(float)) for i in (0, 2)]
    np.testing.assert_array_equal(simulate.maml_estimate(episodes, 0.1), simulate.maml_estimate(exact, 0.1))
    w = rng.normal(size=2).astype(np.float32)
    assert linear.excess_risk(ENV, w, 0.5, 3) == linear.excess_risk(ENV, w.astype(float), 0.5, 3)
    assert logistic.post_adaptation_risk(ENV, w, 0.5) == logistic.post_adaptation_risk(ENV, w.astype(float), 0.5)


# Gradients


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_gradient_goes_through_the_neurons(dtype: torch.dtype) -> None:
    neurons = torch.tensor(W, dtype=dtype, requires_grad=True)
    networks.population_loss("softplus", neurons, AIMS[0], EYE).backward()
    expected = networks.population_gradient("softplus", W, AIMS[0], EYE)
    assert neurons.grad is not None and neurons.grad.dtype == dtype
    np.testing.assert_allclose(neurons.grad.numpy(), expected, rtol=1e-5)
    kinked = torch.tensor(W, dtype=dtype, requires_grad=True)  # and where a step has been taken with a ReLU network
    data = {"inner": [[[[1.0, 0.5]]]], "outer": [[[[2.0, 1.0]]]], "alpha": 0.5}
    networks.empirical_post_adaptation_risk("relu", AIMS[:1], W=kinked, **data).backward()
    assert kinked.grad is not None
    # u = 0.625 and the target 1.25: the step is 0.5·0.625·x; outside x doubles, and the step contracts by 1 − 0.5·|x|²
    residual = 2 * (0.625 + 0.5 * 0.625 * 1.25) - 2.5
    np.testing.assert_allclose(
        kinked.grad.numpy().ravel(), residual * (1 - 0.5 * 1.25) * np.array([2.0, 1.0]), rtol=1e-6
    )


@pytest.mark.parametrize(
    "function",
    [
        lambda sigma: TaskEnvironment.finite_tasks([EYE, sigma], EYE),
        lambda sigma: linear.adapted_covariance(sigma, 0.5, 2),
        lambda sigma: logistic.population_loss([0.5, 1.0], [1.0, 0.5], sigma),
        lambda sigma: networks.population_loss("tanh", torch.tensor(W), AIMS[0], sigma),
        lambda sigma: tasks(AIMS[:2], [EYE, sigma]),
        lambda sigma: tasks(AIMS[:2], sigma.expand(2, 2, 2)),
        lambda sigma: simulate.wishart_moment(sigma, 2, [(0, 1)]),
    ],
)
def test_a_covariance_whose_gradient_would_be_lost_is_refused(function: Any) -> None:
    sigma = torch.eye(2, dtype=torch.float64, requires_grad=True)
    with pytest.raises(
        ValueError, match=r"^covariances? must be detached: it requires a gradient, which would be lost"
    ):
        function(sigma)
    function(sigma.detach())
