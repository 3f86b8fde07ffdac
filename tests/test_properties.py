"""Identities that hold in every environment, at every inner rate and for every number of samples."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from paperlib import linear
from paperlib.environments import Array, TaskEnvironment

settings.register_profile(
    "book", derandomize=True, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("book")


@dataclass(frozen=True)
class Case:
    """An environment, an initialisation, an inner rate and the samples of its step at test time and in training."""

    env: TaskEnvironment
    w: Array
    alpha: float
    m: float
    n2: float
    rng: np.random.Generator


def symmetric(factors: Array) -> Array:
    return np.asarray(factors @ factors.swapaxes(-1, -2) / factors.shape[-1])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dim, groups = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    weights = rng.uniform(0.1, 1.0, size=groups)
    env = TaskEnvironment(
        weights / weights.sum(),
        draw(st.floats(0.1, 3.0)) * symmetric(rng.normal(size=(groups, dim, dim))) + 0.1 * np.eye(dim),
        rng.normal(size=(groups, dim)),
        draw(st.just(0.0) | st.floats(0.01, 2.0)) * symmetric(rng.normal(size=(groups, dim, dim))),
        noise_std=draw(st.just(0.0) | st.floats(0.01, 2.0)),
    )
    samples = st.just(math.inf) | st.integers(1, 50)
    alpha, m, n2 = draw(st.floats(0.05, 2.0)), draw(samples), draw(samples)
    step = np.eye(dim) - alpha * env.covariances  # rounding decides where the full gradient solves every task
    assume(np.linalg.cond(np.tensordot(env.probabilities, step @ env.covariances @ step, 1)) < 1e3)
    return Case(env, rng.normal(size=dim), alpha, m, n2, rng)


def risks(case: Case) -> list[float]:
    """The three risks and the floor at an initialisation."""
    arguments = (case.env, case.w, case.alpha, case.m)
    return [
        linear.risk_above_floor(*arguments),
        linear.excess_risk(*arguments),
        linear.post_adaptation_risk(*arguments),
        linear.noise_floor(case.env, case.alpha, case.m),
    ]


def solutions(case: Case) -> list[Array]:
    return [linear.erm_solution(case.env), linear.maml_solution(case.env, case.alpha, case.n2)]


def near(expected: object) -> object:
    return pytest.approx(expected, rel=1e-9, abs=1e-10)


# Decompositions.


@given(cases())
def test_the_risk_is_the_floor_and_what_is_above_it(case: Case) -> None:
    above, _, total, floor = risks(case)
    assert above >= 0 and floor >= 0
    assert total == near(above + floor)


@given(cases())
def test_the_risk_is_floor_and_irreducible_part_and_distance_to_the_best_start(case: Case) -> None:
    best = linear.maml_solution(case.env, case.alpha, case.m)
    irreducible = linear.risk_above_floor(case.env, best, case.alpha, case.m)
    curvature = np.tensordot(
        case.env.probabilities, linear.adapted_covariance(case.env.covariances, case.alpha, case.m), 1
    )
    distance = 0.5 * (case.w - best) @ curvature @ (case.w - best)
    above, excess, total, floor = risks(case)
    assert total == near(floor + irreducible + distance)
    assert excess == near(distance)
    assert excess == near(total - linear.post_adaptation_risk(case.env, best, case.alpha, case.m))
    assert above == near(irreducible + excess)


@given(cases())
def test_maml_with_as_many_samples_has_no_excess_and_no_start_is_better(case: Case) -> None:
    best = linear.maml_solution(case.env, case.alpha, case.m)
    lowest = linear.risk_above_floor(case.env, best, case.alpha, case.m)
    assert linear.excess_risk(case.env, best, case.alpha, case.m) == pytest.approx(0.0, abs=1e-20)
    for size in (1e-3, 1.0, 1e3):
        elsewhere = best + size * case.rng.normal(size=case.env.dim)
        assert linear.risk_above_floor(case.env, elsewhere, case.alpha, case.m) > lowest
        assert linear.excess_risk(case.env, elsewhere, case.alpha, case.m) > 0
    for solution in solutions(case):
        assert linear.risk_above_floor(case.env, solution, case.alpha, case.m) >= lowest * (1 - 1e-12) - 1e-25


@given(cases())
def test_the_curvature_is_two_moments_of_the_sample_covariance(case: Case) -> None:
    sigma = case.env.covariances
    second = linear.wishart_sandwich(sigma, sigma, case.m)
    expected = sigma - 2 * case.alpha * sigma @ sigma + case.alpha**2 * second
    np.testing.assert_allclose(linear.adapted_covariance(sigma, case.alpha, case.m), expected, rtol=1e-9, atol=1e-10)


@given(cases())
def test_the_sandwich_transposes_and_adds_with_what_is_inside(case: Case) -> None:
    sigma, dim = case.env.covariances, case.env.dim
    one, other = case.rng.normal(size=(2, dim, dim))
    value = linear.wishart_sandwich(sigma, one, case.n2)
    np.testing.assert_allclose(linear.wishart_sandwich(sigma, one.T, case.n2), value.swapaxes(1, 2), atol=1e-10)
    both = linear.wishart_sandwich(sigma, one - 2 * other, case.n2)
    np.testing.assert_allclose(both, value - 2 * linear.wishart_sandwich(sigma, other, case.n2), atol=1e-10)


# Special environments.


@given(cases())
def test_equal_tasks_leave_nothing_above_the_floor(case: Case) -> None:
    env = replace(case.env, means=np.tile(case.w, (case.env.groups, 1)), spreads=0 * case.env.spreads)
    equal = replace(case, env=env)
    above, excess, total, floor = risks(equal)
    assert above == 0.0 and total == floor
    assert excess == pytest.approx(0.0, abs=1e-20)
    for solution in solutions(equal):
        np.testing.assert_allclose(solution, case.w, rtol=1e-9, atol=1e-10)


@given(cases())
def test_a_vanishing_step_turns_maml_into_erm(case: Case) -> None:
    gaps = [
        float(np.abs(linear.maml_solution(case.env, alpha, case.n2) - linear.erm_solution(case.env)).max())
        for alpha in (1e-5, 1e-6, 1e-13)
    ]
    assert gaps[2] < 1e-9
    assert gaps[1] <= gaps[0] / 9 + 1e-10
    for w in (case.w, linear.erm_solution(case.env)):
        offset = w - linear.erm_solution(case.env)
        before = 0.5 * offset @ np.tensordot(case.env.probabilities, case.env.covariances, 1) @ offset
        assert linear.excess_risk(case.env, w, 1e-13, case.m) == near(before)


@given(cases())
def test_equal_covariances_make_the_solutions_equal(case: Case) -> None:
    env = replace(case.env, covariances=np.tile(case.env.covariances[0], (case.env.groups, 1, 1)))
    for solution in solutions(replace(case, env=env, n2=min(case.n2, 50))):
        np.testing.assert_allclose(solution, env.probabilities @ env.means, rtol=1e-9, atol=1e-10)


@given(cases())
def test_more_samples_at_test_time_lower_the_risk(case: Case) -> None:
    many = replace(case, m=case.m + 1)
    assert risks(many)[0] <= risks(case)[0] * (1 + 1e-12)
    assert risks(many)[3] <= risks(case)[3] * (1 + 1e-12)


# Invariances.


@given(cases())
def test_rotated_coordinates_rotate_the_solutions(case: Case) -> None:
    rotation, _ = np.linalg.qr(case.rng.normal(size=(case.env.dim, case.env.dim)))
    env = TaskEnvironment(
        case.env.probabilities,
        rotation @ case.env.covariances @ rotation.T,
        case.env.means @ rotation.T,
        rotation @ case.env.spreads @ rotation.T,
        case.env.noise_std,
    )
    turned = replace(case, env=env, w=rotation @ case.w)
    assert risks(turned) == near(risks(case))
    np.testing.assert_allclose(solutions(turned), solutions(case) @ rotation.T, rtol=1e-9, atol=1e-9)


@given(cases())
def test_the_order_of_the_groups_does_not_matter(case: Case) -> None:
    order = case.rng.permutation(case.env.groups)
    env = TaskEnvironment(
        case.env.probabilities[order],
        case.env.covariances[order],
        case.env.means[order],
        case.env.spreads[order],
        case.env.noise_std,
    )
    assert risks(replace(case, env=env)) == near(risks(case))
    np.testing.assert_allclose(solutions(replace(case, env=env)), solutions(case), rtol=1e-9, atol=1e-10)


@given(cases(), st.floats(0.05, 0.95))
def test_a_group_may_be_split_in_two(case: Case, share: float) -> None:
    p = case.env.probabilities
    parts = (case.env.covariances, case.env.means, case.env.spreads)
    covariances, means, spreads = (np.concatenate([part, part[:1]]) for part in parts)
    env = TaskEnvironment(
        np.concatenate([[share * p[0]], p[1:], [(1 - share) * p[0]]]), covariances, means, spreads, case.env.noise_std
    )
    assert risks(replace(case, env=env)) == near(risks(case))
    np.testing.assert_allclose(solutions(replace(case, env=env)), solutions(case), rtol=1e-9, atol=1e-10)


@given(cases())
def test_a_spread_is_many_tasks_around_the_centre(case: Case) -> None:
    """Moving every optimum of a group by plus or minus each axis of its spread keeps two moments, so every risk."""
    env, dim = case.env, case.env.dim
    values, axes = np.linalg.eigh(env.spreads)
    arms = (axes * np.sqrt(dim * np.maximum(values, 0.0))[:, None, :]).swapaxes(1, 2)
    optima = env.means[:, None, :] + np.concatenate([arms, -arms], axis=1)
    tasks = TaskEnvironment.finite_tasks(
        np.repeat(env.covariances, 2 * dim, axis=0),
        optima.reshape(-1, dim),
        np.repeat(env.probabilities, 2 * dim) / (2 * dim),
        env.noise_std,
    )
    assert risks(replace(case, env=tasks)) == near(risks(case))
    np.testing.assert_allclose(solutions(replace(case, env=tasks)), solutions(case), rtol=1e-9, atol=1e-10)


@given(cases())
def test_moving_everything_moves_the_solutions(case: Case) -> None:
    shift = case.rng.normal(size=case.env.dim)
    moved = replace(case, env=replace(case.env, means=case.env.means + shift), w=case.w + shift)
    assert risks(moved) == near(risks(case))
    np.testing.assert_allclose(solutions(moved), np.add(solutions(case), shift), rtol=1e-9, atol=1e-9)


# Scaling laws.

factors = st.floats(0.2, 5.0)


@given(cases(), factors)
def test_larger_inputs_and_a_smaller_step(case: Case, c: float) -> None:
    """Covariances times c and alpha over c: the risk above the floor scales with c, the floor not at all."""
    scaled = replace(case, env=replace(case.env, covariances=c * case.env.covariances), alpha=case.alpha / c)
    above, excess, _, floor = risks(case)
    assert risks(scaled) == near([c * above, c * excess, c * above + floor, floor])
    np.testing.assert_allclose(solutions(scaled), solutions(case), rtol=1e-9, atol=1e-10)


@given(cases(), factors)
def test_larger_optima(case: Case, t: float) -> None:
    """Optima and initialisation times t: the risk above the floor scales with t squared, the floor not at all."""
    env = replace(case.env, means=t * case.env.means, spreads=t**2 * case.env.spreads)
    scaled = replace(case, env=env, w=t * case.w)
    above, excess, _, floor = risks(case)
    assert risks(scaled) == near([t**2 * above, t**2 * excess, t**2 * above + floor, floor])
    np.testing.assert_allclose(solutions(scaled), t * np.array(solutions(case)), rtol=1e-9, atol=1e-9)


@given(cases(), factors)
def test_louder_noise_raises_only_the_floor(case: Case, t: float) -> None:
    louder = replace(case, env=replace(case.env, noise_std=t * case.env.noise_std))
    above, excess, _, floor = risks(case)
    assert risks(louder) == near([above, excess, above + t**2 * floor, t**2 * floor])
    np.testing.assert_array_equal(solutions(louder), solutions(case))


@given(cases(), factors)
def test_the_sandwich_is_of_degree_two_in_the_covariance(case: Case, c: float) -> None:
    inner = case.rng.normal(size=(case.env.dim, case.env.dim))
    value = linear.wishart_sandwich(case.env.covariances, inner, case.n2)
    scaled = linear.wishart_sandwich(c * case.env.covariances, inner, case.n2)
    np.testing.assert_allclose(scaled, c**2 * value, rtol=1e-9, atol=1e-10)


# Sizes.


@given(st.integers(0, 2**32 - 1), st.sampled_from([math.inf, 1, 7, 10**15]), st.sampled_from([1, 3, math.inf]))
def test_no_closed_form_overflows(seed: int, m: float, n: float) -> None:
    """Arguments at the ends of their ranges, all at once, give numbers; an overflow is a warning, and so an error."""
    rng = np.random.default_rng(seed)

    def size(lowest: float = -20.0, highest: float = 20.0) -> float:
        return float(10.0 ** rng.choice([lowest, highest, rng.uniform(lowest, highest)]))

    dim, groups = rng.integers(1, 4), rng.integers(1, 4)
    shape, weights = symmetric(rng.normal(size=(groups, dim, 2 * dim))) + 0.1 * np.eye(dim), rng.uniform(1, 2, groups)
    shape /= np.abs(shape).max(axis=(1, 2), keepdims=True)
    env = TaskEnvironment(
        weights / weights.sum(),
        np.array([size(-90.0) for _ in range(groups)])[:, None, None] * shape,
        0.1 * size(-40, 40) * rng.uniform(-1, 1, size=(groups, dim)),
        size(-90.0) * shape,
        noise_std=size(-90.0),
    )
    alpha, w = size(-90.0), size(-40, 40) * rng.uniform(-1, 1, size=dim)
    episode = (alpha, n, m, 2)
    for value in (
        *risks(Case(env, w, alpha, m, n, rng)),
        *solutions(Case(env, w, alpha, m, n, rng)),
        linear.wishart_sandwich(env.covariances, size(-40, 40) * rng.uniform(-1, 1, size=(dim, dim)), n),
        linear.asymptotic_covariance_erm(env, n),
        linear.asymptotic_bias_erm(env, n),
        linear.asymptotic_covariance_maml(env, *episode),
        linear.asymptotic_bias_maml(env, *episode),
        linear.excess_risk_slope_erm(env, alpha, m, n),
        linear.excess_risk_slope_maml(env, alpha, m, *episode[1:]),
    ):
        assert np.isfinite(value).all()
    assert linear.crossover_tasks(env, alpha, m, n, *episode[1:]) >= 0.0
