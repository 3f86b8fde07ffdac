"""Sampling, empirical solutions and training: right in distribution, the same in every batch, clear about errors."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from paperlib import linear
from paperlib.environments import Array, TaskEnvironment
from paperlib.simulate.bartlett import bartlett_moment, draw_factors, wishart_moment
from paperlib.simulate.setting import stability_limits
from paperlib.simulate.sgd import Algorithm, Method, Runs, Setting, protocol_rate, train
from paperlib.simulate.streams import generator
from paperlib.simulate.tasks import erm_estimate, maml_estimate, sample_data, sample_episodes, sample_tasks
from paperlib.simulate.trials import sampled_erm_estimates, sampled_maml_estimates

TWO = TaskEnvironment.two_tasks(2, rho_hard=0.3, rho_easy=1.0, noise_std=0.5)
CORRELATED = np.array([[1.0, 0.4, 0.0], [0.4, 0.8, -0.2], [0.0, -0.2, 0.5]])
FULL = TaskEnvironment(
    np.array([0.3, 0.7]),
    np.array([CORRELATED, np.diag([0.2, 1.0, 0.6])]),
    np.array([[1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]]),
    np.array([0.5 * np.eye(3), np.diag([0.0, 0.1, 0.2])]),
    noise_std=0.7,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# Sampling


def test_tasks_and_data_have_the_moments_of_their_environment() -> None:
    groups, optima = sample_tasks(FULL, 40_000, rng())
    assert abs(np.mean(groups == 0) - 0.3) < 0.01
    for group in range(2):
        own = optima[groups == group]
        np.testing.assert_allclose(own.mean(0), FULL.means[group], atol=0.03)
        np.testing.assert_allclose(np.cov(own.T), FULL.spreads[group], atol=0.03)
    X, y = sample_data(FULL, groups, optima, 3, rng(1))
    for group in range(2):
        own = X[groups == group].reshape(-1, 3)
        np.testing.assert_allclose(own.T @ own / len(own), FULL.covariances[group], atol=0.03)
    residual = y - np.einsum("tnd,td->tn", X, optima)
    assert abs(residual.std() - 0.7) < 0.01
    assert abs(np.mean(residual * X[..., 0])) < 0.01


def test_without_spread_and_noise_nothing_is_drawn_for_them() -> None:
    env = TaskEnvironment.two_tasks(2, rho_hard=0.3, rho_easy=1.0)
    _, optima = sample_tasks(env, 50, rng())
    assert set(map(tuple, optima)) == {(1.0, 1.0), (-1.0, -1.0)}
    one, other = rng(), rng()
    X, y = sample_data(env, [0, 1], env.means, 4, one)
    np.testing.assert_array_equal(y, np.einsum("tnd,td->tn", X, env.means))
    other.standard_normal(X.size)
    assert one.random() == other.random()


# The empirical solutions


def minimise(loss: Callable[[torch.Tensor], torch.Tensor], dim: int) -> Array:
    """Take Newton steps on the gradient and Hessian that autodiff finds."""
    w = torch.zeros(dim, dtype=torch.float64)
    for _ in range(2):
        hessian = torch.autograd.functional.hessian(loss, w)  # type: ignore[no-untyped-call]
        gradient = torch.autograd.functional.jacobian(loss, w)  # type: ignore[no-untyped-call]
        w = w - torch.linalg.solve(hessian, gradient)
    return np.asarray(w.numpy())


def empirical_loss(w: torch.Tensor, X: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return 0.5 * ((X @ w - y) ** 2).mean()


@pytest.mark.parametrize("n", [1, 2, 20])
def test_erm_estimate_minimises_the_training_loss(n: int) -> None:
    X, y = sample_data(FULL, *sample_tasks(FULL, 12, rng()), n, rng(1))
    tensors = [(torch.from_numpy(a), torch.from_numpy(b)) for a, b in zip(X, y, strict=True)]
    expected = minimise(lambda w: torch.stack([empirical_loss(w, a, b) for a, b in tensors]).mean(), 3)
    np.testing.assert_allclose(erm_estimate(list(X), list(y)), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("n1", "n2", "tau"), [(1, 1, 1), (5, 2, 3), (2, 40, 2)])
def test_maml_estimate_minimises_the_training_loss(n1: int, n2: int, tau: int) -> None:
    alpha = 0.6
    episodes = sample_episodes(FULL, *sample_tasks(FULL, 12, rng()), tau, n1, n2, rng(1))
    tensors = [tuple(torch.from_numpy(np.ascontiguousarray(part)) for part in episode) for episode in episodes]

    def loss(w: torch.Tensor) -> torch.Tensor:
        losses = []
        for X_in, y_in, X_out, y_out in tensors:
            w.requires_grad_()
            inner = torch.autograd.grad(empirical_loss(w, X_in, y_in), w, create_graph=True)[0]
            losses.append(empirical_loss(w - alpha * inner, X_out, y_out))
        return torch.stack(losses).mean()

    np.testing.assert_allclose(maml_estimate(episodes, alpha), minimise(loss, 3), rtol=1e-10, atol=1e-10)


def test_without_a_step_maml_is_least_squares_on_the_outer_samples() -> None:
    episodes = sample_episodes(FULL, *sample_tasks(FULL, 12, rng()), 2, 3, 4, rng(1))
    _, _, X, y = zip(*episodes, strict=True)
    np.testing.assert_array_equal(maml_estimate(episodes, 0.0), erm_estimate(X, y))
    np.testing.assert_array_equal(maml_estimate(episodes, 0), np.linalg.lstsq(np.vstack(X), np.hstack(y))[0])
    drawn = [sampled_maml_estimates(FULL, alpha, 9, 2, 3, 4, 5, rng()) for alpha in (0.0, 1e-12)]
    np.testing.assert_allclose(*drawn, rtol=1e-9)


def test_maml_estimate_is_equation_43_and_not_with_the_sign_of_42() -> None:
    alpha, episodes = 0.6, []
    groups, optima = sample_tasks(FULL, 9, rng())
    total, right, wrong = np.zeros((3, 3)), np.zeros(3), np.zeros(3)
    for (X_in, y_in, X_out, y_out), optimum in zip(
        sample_episodes(FULL, groups, optima, 1, 4, 5, rng(1)), optima, strict=True
    ):
        episodes.append((X_in, y_in, X_out, y_out))
        step = np.eye(3) - alpha / 5 * X_in.T @ X_in
        outer = step @ X_out.T @ (y_out - X_out @ optimum)
        inner = alpha / 5 * step @ X_out.T @ X_out @ X_in.T @ (y_in - X_in @ optimum)
        curvature = step @ X_out.T @ X_out @ step
        total += curvature
        right += curvature @ optimum + outer - inner
        wrong += curvature @ optimum + outer + inner
    np.testing.assert_allclose(maml_estimate(episodes, alpha), np.linalg.solve(total, right), rtol=1e-10)
    assert np.abs(maml_estimate(episodes, alpha) - np.linalg.solve(total, wrong)).max() > 1e-3


@pytest.mark.parametrize(("n1", "n2"), [(1, 1), (4, 2), (4, 6)])
def test_solutions_from_statistics_are_distributed_as_those_from_samples(n1: int, n2: int) -> None:
    trials, alpha, draw = 300, 0.5, rng(7)
    plain = np.array(
        [
            maml_estimate(sample_episodes(FULL, *sample_tasks(FULL, 10, draw), 2, n1, n2, draw), alpha)
            for _ in range(trials)
        ]
    )
    short = sampled_maml_estimates(FULL, alpha, 10, 2, n1, n2, 2000, rng(8))
    erm = []
    for _ in range(trials):
        X, y = sample_data(FULL, *sample_tasks(FULL, 10, draw), n2, draw)
        erm.append(erm_estimate(list(X), list(y)))
    short_erm = sampled_erm_estimates(FULL, 10, n2, 2000, rng(9))
    for one, other in ((plain, short), (np.array(erm), short_erm)):
        assert min(stats.ks_2samp(one[:, i], other[:, i]).pvalue for i in range(3)) > 1e-3


# The shortcut is exact


def entries(dim: int) -> list[tuple[int, int]]:
    """Return the entries of XᵀX and, with index d, of Xᵀz."""
    return [(i, j) for i in range(dim) for j in range(i, dim + 1)]


@pytest.mark.parametrize(("n", "dim"), [(1, 1), (4, 1), (1, 2), (2, 2), (1, 3), (2, 3), (5, 3)])
def test_every_moment_to_order_four_is_exactly_that_of_gaussian_samples(n: int, dim: int) -> None:
    for order in range(5):
        for chosen in combinations_with_replacement(entries(dim), order):
            assert bartlett_moment(n, dim, chosen) == wishart_moment(np.eye(dim + 1), n, chosen)


def test_a_wrong_number_of_degrees_of_freedom_shows_in_the_moments() -> None:
    assert bartlett_moment(5, 2, [(1, 1)]) != wishart_moment(np.eye(3), 4, [(1, 1)])
    assert bartlett_moment(1, 2, [(0, 0), (1, 1)]) == bartlett_moment(1, 2, [(0, 1)] * 2) == 1  # singular


def test_wishart_moments_are_those_known_in_closed_form() -> None:
    sigma, noise = CORRELATED[:2, :2], 0.49
    augmented = np.block([[sigma, np.zeros((2, 1))], [np.zeros((1, 2)), np.full((1, 1), noise)]])
    for n in (1, 4):
        assert wishart_moment([[2.0]], n, [(0, 0)] * 4) == 16 * n * (n + 2) * (n + 4) * (n + 6)
        assert math.isclose(wishart_moment(augmented, n, [(0, 2), (1, 2)]), n * noise * sigma[0, 1])
        fourth = 3 * noise**2 * n * (n + 2) * sigma[0, 0] ** 2
        assert math.isclose(wishart_moment(augmented, n, [(0, 2)] * 4), fourth)
        inner = np.array([[0.3, -1.0], [2.0, 0.7]])
        sandwich = [
            [
                sum(inner[a, b] * wishart_moment(sigma, n, [(i, a), (b, j)]) for a in range(2) for b in range(2)) / n**2
                for j in range(2)
            ]
            for i in range(2)
        ]
        np.testing.assert_allclose(sandwich, linear.wishart_sandwich(sigma, inner, n), rtol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 6])
def test_drawn_factors_have_the_moments_to_order_four(n: int) -> None:
    count, sigma, noise = 200_000, CORRELATED[:2, :2], 0.7
    augmented = np.block([[sigma, np.zeros((2, 1))], [np.zeros((1, 2)), np.full((1, 1), noise**2)]])
    draw = rng(3)
    factors = draw_factors(count, n, 2, draw) @ np.linalg.cholesky(sigma).T
    force = noise * np.einsum("cki,ck->ci", factors, draw.standard_normal(factors.shape[:2]))
    matrix = np.concatenate([factors.swapaxes(1, 2) @ factors, force[:, :, None]], axis=2)
    scores, wrong = [], []
    for order in range(1, 5):
        for chosen in combinations_with_replacement(entries(2), order):
            values = np.prod([matrix[:, i, j] for i, j in chosen], axis=0)
            error = values.std() / math.sqrt(count)
            scores.append((values.mean() - wishart_moment(augmented, n, chosen)) / error)
            wrong.append((values.mean() - wishart_moment(augmented, n + 1, chosen)) / error)
    assert np.abs(scores).max() < 4.5
    assert np.abs(wrong).max() > 20


@pytest.mark.parametrize("algorithm", ["erm", "maml"])
@pytest.mark.parametrize(("n1", "n2"), [(1, 1), (2, 2), (4, 7)])
def test_iterates_from_statistics_are_distributed_as_those_from_samples(algorithm: Algorithm, n1: int, n2: int) -> None:
    def last(env: TaskEnvironment, method: Method) -> Array:
        setting = Setting("any", env, alpha=0.3, n1=n1, n2=n2)
        seeds = range(0, 500) if method == "samples" else range(1000, 2000)
        return train(algorithm, [setting], seeds=seeds, rates=0.15, iterations=25, method=method).iterates[0]

    # noise and inputs must be seen: tasks that differ much would hide them
    near, close = 0.2 * FULL.means, 0.01 * FULL.spreads
    env = TaskEnvironment(FULL.probabilities, FULL.covariances, near, close, FULL.noise_std)
    louder = TaskEnvironment(FULL.probabilities, FULL.covariances, near, close, 2 * FULL.noise_std)
    plain, short = last(env, "samples"), last(env, "statistics")
    assert min(stats.ks_2samp(plain[:, i], short[:, i]).pvalue for i in range(3)) > 1e-3
    noisy = last(louder, "statistics")
    assert min(stats.ks_2samp(plain[:, i], noisy[:, i]).pvalue for i in range(3)) < 1e-3


# Training


def test_one_step_is_the_gradient_of_the_training_loss() -> None:
    env = TaskEnvironment.finite_tasks([CORRELATED], [[1.0, 2.0, 3.0]])
    setting, start = Setting("step", env, alpha=0.4, n1=4, n2=5), np.array([0.3, -0.2, 0.1])
    roots = np.linalg.eigh(CORRELATED)
    root = roots.eigenvectors * np.sqrt(roots.eigenvalues) @ roots.eigenvectors.T

    def drawn(algorithm: Algorithm, phase: str, n: int) -> torch.Tensor:
        words = (algorithm, "named", "step", f"{phase} normal")
        return torch.from_numpy(generator(0, *words).standard_normal((n, 3)) @ root)

    def step(algorithm: Algorithm) -> Array:
        return train(algorithm, [setting], seeds=[0], rates=0.1, iterations=1, start=start, method="samples").iterates[
            0, 0
        ]

    optimum = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    w = torch.tensor(start, requires_grad=True)
    X = drawn("erm", "all", 9)
    gradient = torch.autograd.grad(empirical_loss(w, X, X @ optimum), w)[0]
    np.testing.assert_allclose(step("erm"), start - 0.1 * gradient.numpy(), rtol=1e-12)
    inner, outer = drawn("maml", "inner", 5), drawn("maml", "outer", 4)
    first = torch.autograd.grad(empirical_loss(w, inner, inner @ optimum), w, create_graph=True)[0]
    gradient = torch.autograd.grad(empirical_loss(w - 0.4 * first, outer, outer @ optimum), w)[0]
    np.testing.assert_allclose(step("maml"), start - 0.1 * gradient.numpy(), rtol=1e-12)
    setting = Setting("step", env, alpha=0.0, n1=4, n2=5)  # no inner step
    gradient = torch.autograd.grad(empirical_loss(w, outer, outer @ optimum), w)[0]
    np.testing.assert_allclose(step("maml"), start - 0.1 * gradient.numpy(), rtol=1e-12)


def protocol(algorithm: Algorithm, **options: Any) -> Runs:
    points = [
        Setting(f"{rho}", TaskEnvironment.two_tasks(10, rho, 1.0, noise_std=1.0), 1.0, 25, 500)
        for rho in (0.2, 0.6, 1.0)
    ]
    return train(algorithm, points, **options)


@pytest.mark.parametrize("algorithm", ["erm", "maml"])
def test_the_protocol_reaches_the_population_solutions(algorithm: Algorithm) -> None:
    runs = protocol(algorithm)
    for setting, exact, sampled in zip(runs.settings, runs.exact_risks(), runs.test_risks(), strict=True):
        env = setting.env
        solution = linear.erm_solution(env) if algorithm == "erm" else linear.maml_solution(env, 1.0, 500)
        assert abs(exact.mean() / linear.risk_above_floor(env, solution, 1.0, 500) - 1) < 0.2
        np.testing.assert_allclose(sampled, exact, rtol=0.1)
    assert protocol_rate("erm", 500) == 0.025
    assert protocol_rate("maml", 500) == 0.05


def test_sampled_risk_is_unbiased_with_noise_and_few_samples() -> None:
    runs = train("maml", [Setting("few", FULL, alpha=0.3, n1=2, n2=2)], seeds=range(3), rates=0.01, iterations=20)
    np.testing.assert_allclose(runs.test_risks(count=200_000), runs.exact_risks(), rtol=0.02)


# Reproducibility


def varied(shared: bool) -> list[Setting]:
    """Return settings of different covariance forms, sizes (n2 < d among them), spreads and noise."""
    sizes = [(25, 7)] * 5 if shared else [(25, 7), (25, 2), (3, 1), (25, 40), (2, 7)]
    quiet = TaskEnvironment(FULL.probabilities, FULL.covariances, FULL.means, 0 * FULL.spreads, 0.0)
    diagonal = TaskEnvironment(
        FULL.probabilities, np.array([np.diag([1.0, 0.5, 0.2])] * 2), FULL.means, FULL.spreads, 0.3
    )
    plain = TaskEnvironment.two_tasks(3, 0.2, 1.0, noise_std=0.4)
    envs = [FULL, plain, diagonal, quiet, TaskEnvironment.two_tasks(3, 0.7, 1.0)]
    return [
        Setting(f"setting {i}", env, alpha=0.3, n1=n1, n2=n2)
        for i, (env, (n1, n2)) in enumerate(zip(envs, sizes, strict=True))
    ]


@pytest.mark.parametrize("algorithm", ["erm", "maml"])
@pytest.mark.parametrize("method", ["statistics", "samples"])
def test_a_run_alone_equals_the_run_among_others_bit_for_bit(algorithm: Algorithm, method: Method) -> None:
    points = varied(shared=False)
    options: dict[str, Any] = {"rates": 0.02, "iterations": 700 if method == "statistics" else 60, "method": method}
    stacked = train(algorithm, points, seeds=range(4), **options)
    assert len(np.unique(stacked.iterates)) == stacked.iterates.size
    for place in range(len(points)):
        alone = train(algorithm, [points[place]], seeds=[3], **options)
        np.testing.assert_array_equal(alone.iterates[0, 0], stacked.iterates[place, 3])
        np.testing.assert_array_equal(alone.test_risks(50)[0, 0], stacked.test_risks(50)[place, 3])
    backwards = train(algorithm, points[::-1], seeds=[3, 1], **options)
    np.testing.assert_array_equal(backwards.iterates[::-1, ::-1], stacked.iterates[:, [1, 3]])


@pytest.mark.parametrize("algorithm", ["erm", "maml"])
def test_in_many_dimensions_a_run_alone_equals_the_run_among_others_to_rounding(algorithm: Algorithm) -> None:
    points = [
        Setting(str(rho), TaskEnvironment.two_tasks(25, rho, 1.0, noise_std=1.0), 0.5, 25, 60)
        for rho in (0.2, 0.5, 0.9)
    ]
    stacked = train(algorithm, points, rates=0.02, iterations=100)
    alone = train(algorithm, points[1:2], rates=0.02, iterations=100, seeds=[3])
    np.testing.assert_allclose(alone.iterates[0, 0], stacked.iterates[1, 3], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("algorithm", ["erm", "maml"])
def test_shared_draws_do_not_depend_on_who_shares_them(algorithm: Algorithm) -> None:
    points = varied(shared=True)
    options: dict[str, Any] = {"rates": 0.02, "iterations": 300, "shared": True}
    together = train(algorithm, points, seeds=range(3), **options)
    for place in range(len(points)):
        alone = train(algorithm, [points[place]], seeds=[2], **options)
        np.testing.assert_allclose(alone.iterates[0, 0], together.iterates[place, 2], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(alone.test_risks(50)[0, 0], together.test_risks(50)[place, 2], rtol=1e-9)
    twins = [Setting("one", TWO, 0.3, 25, 7), Setting("other", TWO, 0.3, 25, 7)]
    same = train(algorithm, twins, **options).iterates
    np.testing.assert_allclose(same[0], same[1], rtol=1e-12)
    assert np.abs(np.subtract(*train(algorithm, twins, rates=0.02, iterations=300).iterates)).min() > 0


def test_the_numbers_do_not_depend_on_how_many_are_drawn_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from paperlib.simulate.streams import Streams

    whole, chunks = protocol("maml", iterations=300), Streams.chunks
    monkeypatch.setattr(Streams, "chunks", lambda self, total: chunks(self, total, 1 << 20))
    np.testing.assert_array_equal(protocol("maml", iterations=300).iterates, whole.iterates)


def test_another_process_trains_to_the_same_bits() -> None:
    code = (
        "from paperlib.environments import TaskEnvironment as E; from paperlib.simulate.sgd import Setting, train\n"
        "env = E.two_tasks(10, 0.2, 1.0, noise_std=1.0)\n"
        "print(train('maml', [Setting('0.2', env, 1.0, 25, 500)], iterations=200, seeds=[1]).iterates.tobytes().hex())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1"}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert other.stdout.strip() == protocol("maml", iterations=200, seeds=[1]).iterates[0].tobytes().hex()


# Stability and bad input


@pytest.mark.parametrize("algorithm", ["erm", "maml"])
def test_iterates_stay_bounded_below_the_mean_square_limit_and_blow_up_far_above(algorithm: Algorithm) -> None:
    setting = Setting("edge", FULL, alpha=0.3, n1=20, n2=20)
    mean, square = stability_limits(algorithm, FULL, 0.3, 20, 20)
    assert square < mean
    runs = train(algorithm, [setting], rates=0.9 * square, iterations=2000)
    assert np.abs(runs.iterates).max() < 100
    with pytest.raises(ValueError, match="diverges"):
        train(algorithm, [setting], rates=3 * mean, iterations=2000)


def test_divergence_names_the_run_the_iteration_and_the_limits() -> None:
    points = [Setting("calm", TWO, 0.5, 25, 10), Setting("wild", TWO, 0.5, 25, 10)]
    with pytest.raises(ValueError, match=r"rates must be small enough") as error:
        train("erm", points, seeds=[4, 9], rates=[0.1, 40.0])
    assert re.search(r"with 40 the erm run 'wild', seed [49], diverges at iteration \d+: ", str(error.value))
    iteration = int(re.search(r"iteration (\d+)", str(error.value))[1])  # type: ignore[index]
    assert 3 < iteration < 30
    mean, square = stability_limits("erm", TWO, 0.5, 25, 10)
    assert f"its mean is stable below {mean:.3g}, its mean square below {square:.3g}" in str(error.value)
    train("erm", [points[1]], seeds=[4, 9], rates=40.0, iterations=iteration - 1)
    with pytest.raises(ValueError, match=f"iteration {iteration}:"):
        train("erm", [points[1]], seeds=[4, 9], rates=40.0, iterations=iteration)


SETTING = Setting("any", TWO, 0.5, 25, 10)
CASES: list[tuple[Callable[[], object], str]] = [
    (lambda: sample_tasks(TWO, 0, rng()), "count must be a positive whole number; got 0"),
    (lambda: sample_data(TWO, [2], [[0.0, 0.0]], 1, rng()), "groups must be whole numbers from 0 to 1"),
    (lambda: sample_data(TWO, [0], [[0.0]], 1, rng()), "optima must have shape (1, 2)"),
    (lambda: sample_data(TWO, [0], [[0.0, 0.0]], 0, rng()), "n must be a positive whole number; got 0"),
    (lambda: sample_episodes(TWO, [0], [[0.0, 0.0]], 0, 1, 1, rng()), "tau must be a positive whole number"),
    (lambda: sample_episodes(TWO, [0], [[0.0, 0.0]], 1, 0, 1, rng()), "n1 must be a positive whole number"),
    (lambda: erm_estimate([], []), "X and y must hold as many arrays, at least one; got 0 and 0"),
    (lambda: erm_estimate([[[1.0]]], []), "X and y must hold as many arrays, at least one; got 1 and 0"),
    (lambda: erm_estimate([[1.0]], [[1.0]]), "X must have 2 dimensions"),
    (lambda: erm_estimate([[[1.0]]], [[1.0, 2.0]]), "y must have shape (1,), one label per row; got (2,)"),
    (lambda: erm_estimate([[[1.0]], [[1.0, 2.0]]], [[1.0], [1.0]]), "X must have rows, each of dimension 1"),
    (lambda: erm_estimate([[[math.nan]]], [[1.0]]), "X must be finite"),
    (lambda: erm_estimate([[[1.0, 2.0]]], [[1.0]]), "X must span all 2 dimensions for a unique solution; the 1 rows"),
    (lambda: erm_estimate([[[1.0, 2.0]] * 3], [[1.0] * 3]), "the 3 rows span only 1"),
    (lambda: maml_estimate([], 0.1), "episodes must hold at least one tuple (X_in, y_in, X_out, y_out)"),
    (lambda: maml_estimate([([[1.0]], [1.0], [[1.0]], [1.0])], -0.1), "alpha must be finite and at least 0"),
    (
        lambda: maml_estimate([([[1.0]], [1.0], [[1.0]])], 0.1),
        "episodes must hold at least one tuple (X_in, y_in, X_out, y_out)",
    ),  # type: ignore[list-item]
    (lambda: maml_estimate([([[1.0, 0.0]], [1.0], [[1.0, 0.0]], [1.0])], 0.1), "the 1 rows after adaptation span"),
    (lambda: maml_estimate([([[1.0]], [1.0], [[1.0]], [1.0])], 1.0), "the 1 rows after adaptation span only 0"),
    (lambda: maml_estimate([([[1.0]], [1.0], [[1.0, 2.0]], [1.0])], 1.0), "inputs of one dimension; got 1 and 2"),
    (lambda: sampled_erm_estimates(TWO, 1, 1, 5, rng()), "n must give at least 2 rows over all tasks"),
    (lambda: sampled_maml_estimates(TWO, 0.1, 1, 1, 1, 1, 5, rng()), "n1 must give at least 2 rows over all tasks"),
    (lambda: sampled_maml_estimates(TWO, -1.0, 1, 1, 2, 1, 5, rng()), "alpha must be"),
    (lambda: draw_factors(1, 0, 1, rng()), "n must be a positive whole number; got 0"),
    (lambda: wishart_moment([[1.0]], 1, [(0, 1)]), "entries must be pairs of indices from 0 to 0"),
    (lambda: bartlett_moment(1, 2, [(2, 2)]), "entries must not hold (2, 2)"),
    (lambda: Setting("", TWO, 0.5, 25, 10), "name must be a text, not empty"),
    (lambda: Setting("a", TWO, -0.1, 25, 10), "alpha must be finite and at least 0"),
    (lambda: Setting("a", TWO, 0.5, 25, 0), "n2 must be a positive whole number; got 0"),
    (lambda: Setting("a", TWO, 0.5, 25, 1.5), "n2 must be a positive whole number; got 1.5"),  # type: ignore[arg-type]
    (lambda: Setting("a", TWO, 0.5, 0, 1), "n1 must be a positive whole number; got 0"),
    (lambda: Setting("a", None, 0.5, 25, 1), "env must be a TaskEnvironment; got NoneType"),  # type: ignore[arg-type]
    (lambda: train("adam", [SETTING]), "algorithm must be 'erm' or 'maml'; got 'adam'"),  # type: ignore[arg-type]
    (lambda: train("erm", []), "settings must be a sequence of at least one Setting"),
    (lambda: train("erm", [SETTING, SETTING]), "settings must have different names"),
    (
        lambda: train("erm", [SETTING, Setting("b", FULL, 0.5, 25, 1)]),
        "settings must have environments of one dimension",
    ),
    (lambda: train("erm", [SETTING], seeds=[]), "seeds must be different whole numbers from 0, at least one"),
    (lambda: train("erm", [SETTING], seeds=[1, 1]), "seeds must be different whole numbers"),
    (lambda: train("erm", [SETTING], seeds=[-1]), "seeds must be different whole numbers"),
    (lambda: train("erm", [SETTING], rates=0.0), "rates must be finite and greater than 0; got 0.0"),
    (lambda: train("erm", [SETTING], rates=[0.1, 0.1]), "rates must be one number, or one for each of 1 settings"),
    (lambda: train("erm", [SETTING], iterations=0), "iterations must be a positive whole number; got 0"),
    (lambda: train("erm", [SETTING], start=[0.0]), "start must have shape (2,); got (1,)"),
    (lambda: train("erm", [SETTING], method="magic"), "method must be 'statistics' or 'samples'"),  # type: ignore[arg-type]
    (lambda: train("erm", [SETTING], iterations=1).test_risks(0), "count must be a positive whole number; got 0"),
    (lambda: protocol_rate("adam", 10), "algorithm must be 'erm' or 'maml'"),  # type: ignore[arg-type]
    (lambda: sample_data(TWO, [True], [[0.0, 0.0]], 1, rng()), "groups must be a whole number from 0; got True"),
    (lambda: sample_data(TWO, [0.5], [[0.0, 0.0]], 1, rng()), "groups must be a whole number from 0; got 0.5"),
    (lambda: stability_limits("adam", TWO, 1.0, 1, 1), "algorithm must be 'erm' or 'maml'"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "message"), CASES, ids=[message[:40] for _, message in CASES])
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
