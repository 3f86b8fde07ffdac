"""Stability of learning rates: against eigenvalues of the operator written down, and never on the unstable side."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paperlib.arguments import Array
from paperlib.environments import TaskEnvironment
from paperlib.linear import wishart_average
from paperlib.simulate import setting
from paperlib.simulate.bartlett import wishart_moment
from paperlib.simulate.setting import stability_limits
from paperlib.simulate.tasks import sample_data


def environment(dim: int, groups: int, seed: int = 0) -> TaskEnvironment:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(groups, dim, dim))
    weights = rng.uniform(0.1, 1.0, groups)
    covariances = factors @ factors.swapaxes(-1, -2) / dim + 0.05 * np.eye(dim)
    return TaskEnvironment.finite_tasks(covariances, np.zeros((groups, dim)), weights / weights.sum())


def second_moments(env: TaskEnvironment, alpha: float, n1: int, n2: int) -> tuple[Array, Array]:
    """Return E[A], (d, d), and E[A ⊗ A] as the (d², d²) matrix of M ↦ E[AMA], index by index."""
    eye = np.eye(env.dim)
    mean, square = np.zeros((env.dim, env.dim)), np.zeros((env.dim,) * 4)
    for p, sigma in zip(env.probabilities, env.covariances, strict=True):
        step = (eye - alpha * sigma, -alpha)
        factors = [step, sigma, step]
        mean += p * wishart_average("ax,xy,yb->ab", factors, sigma, n2)
        pair = wishart_average("ax,xy,yb,cz,zw,wd->abcd", 2 * factors, sigma, n2)
        # E over the outer samples of (X B X)(X B X)': Lemma 2, with B = PΣP
        outer = pair + (np.einsum("acbd->abcd", pair) + np.einsum("adcb->abcd", pair)) / n1
        square += p * np.einsum("abcd->adbc", outer)
    return mean, square.reshape(env.dim**2, -1)


def by_eigenvalues(mean: Array, square: Array) -> tuple[float, float]:
    """Return both limits from all eigenvalues of the two operators, without any symmetry."""
    eye = np.eye(len(mean))
    lyapunov = np.kron(mean, eye) + np.kron(eye, mean)
    radius = np.abs(np.linalg.eigvals(np.linalg.solve(lyapunov, square))).max()
    return 2 / np.abs(np.linalg.eigvals(mean)).max(), 1 / radius


def test_the_limits_in_one_dimension() -> None:
    env = TaskEnvironment.two_tasks(1, 0.5, 0.5)
    assert stability_limits("erm", env, 1.0, n1=2, n2=3) == pytest.approx((4.0, 4.0 / (1 + 2 / 5)), rel=1e-14)
    alpha, n1, n2 = 0.5, 2, 3
    moments = [1.0] + [wishart_moment([[0.5]], n2, [(0, 0)] * k) / n2**k for k in range(1, 5)]
    square = sum(math.comb(2, k) * (-alpha) ** k * moments[k] for k in range(3))
    fourth = sum(math.comb(4, k) * (-alpha) ** k * moments[k] for k in range(5))
    expected = 2 / (0.5 * square), 2 * 0.5 * square / (0.25 * (1 + 2 / n1) * fourth)
    assert stability_limits("maml", env, alpha, n1, n2) == pytest.approx(expected, rel=1e-13)


def test_second_moments_are_those_of_samples() -> None:
    env, alpha, n1, n2, count = environment(2, 1), 0.6, 4, 5, 200_000
    groups, optima = np.zeros(count, dtype=int), np.zeros((count, 2))
    (inner, _), (outer, _) = (sample_data(env, groups, optima, n, np.random.default_rng(n)) for n in (n2, n1))
    step = np.eye(2) - alpha / n2 * inner.swapaxes(-1, -2) @ inner
    A = (step @ (outer.swapaxes(-1, -2) @ outer / n1) @ step).reshape(-1, 4)
    products = np.einsum("ni,nj->nij", A, A).reshape(-1, 2, 2, 2, 2)
    draws = np.einsum("nabcd->nadbc", products).reshape(count, 4, 4)
    mean, square = second_moments(env, alpha, n1, n2)
    for values, expected in ((A, mean.ravel()), (draws, square)):
        error = values.std(axis=0) / math.sqrt(count)
        assert (np.abs(values.mean(axis=0) - expected) < 4.5 * error).all()


@pytest.mark.parametrize("dim", [1, 2, 3, 5])
@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize(("alpha", "n1", "n2"), [(0.6, 1, 1), (0.2, 3, 40), (1.0, 500, 2000), (0.0, 4, 7)])
def test_the_limits_of_random_environments_are_eigenvalues(
    dim: int, groups: int, alpha: float, n1: int, n2: int
) -> None:
    env = environment(dim, groups, seed=dim + 10 * groups)
    maml = by_eigenvalues(*second_moments(env, alpha, n1, n2))
    erm = by_eigenvalues(*second_moments(env, 0.0, n1 + n2, 1))
    assert stability_limits("maml", env, alpha, n1, n2) == pytest.approx(maml, rel=1e-12)
    assert stability_limits("erm", env, alpha, n1, n2) == pytest.approx(erm, rel=1e-12)


@pytest.mark.parametrize("gap", [0.0, 1e-12, 1e-8, 1e-4, 1e-2])
@pytest.mark.parametrize("n", [2, 500, 10**6])
def test_nearly_degenerate_groups_are_not_called_stable_too_early(gap: float, n: int) -> None:
    """Groups steep in different directions: a power iteration creeps, and stops short of the eigenvalue."""
    env = TaskEnvironment.finite_tasks([np.diag([1.0, 0.01]), np.diag([0.01, 1.0 + gap])], np.zeros((2, 2)))
    expected = by_eigenvalues(*second_moments(env, 0.0, n, 1))
    assert stability_limits("erm", env, 1.0, n1=n // 2, n2=n // 2) == pytest.approx(expected, rel=1e-13)


def test_without_a_step_maml_is_erm_on_the_outer_samples() -> None:
    env = environment(3, 2)
    assert stability_limits("maml", env, 0.0, n1=6, n2=9) == pytest.approx(stability_limits("erm", env, 1.0, 1, 5))


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("n", [1, 30, 10**5])
def test_a_large_operator_is_bounded_from_above(groups: int, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    env = environment(8, groups, seed=4)
    exact = [stability_limits(name, env, 0.3, n, n)[1] for name in ("erm", "maml")]  # type: ignore[arg-type]
    monkeypatch.setattr(setting, "DENSE", 1)
    iterated = [stability_limits(name, env, 0.3, n, n)[1] for name in ("erm", "maml")]  # type: ignore[arg-type]
    assert iterated == pytest.approx(exact, rel=1e-9)
    assert (np.array(iterated) <= np.array(exact) * (1 + 1e-13)).all()


def test_many_dimensions_of_one_variance() -> None:
    """E[AMA] of A = XᵀX/n and M = I is known, and M = I stays a multiple of itself."""
    env = TaskEnvironment.two_tasks(100, 0.5, 0.5)
    assert stability_limits("erm", env, 1.0, n1=25, n2=25) == pytest.approx((4.0, 4.0 / (1 + 101 / 50)), rel=1e-12)
