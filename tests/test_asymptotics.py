"""The limits for many tasks against their definition, integrated exactly, against d = 1 by hand, and simulated.

What is averaged is a polynomial in independent normals, of degree at most eight in the inner inputs, four in the
outer ones and two in the noise and the optimum: Gauss-Hermite rules of five, three and two points are exact for it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

from paperlib import linear
from paperlib.environments import Array, TaskEnvironment
from paperlib.linear import asymptotics, wishart_average

GROUPS = TaskEnvironment(
    np.array([0.3, 0.7]),
    np.array([[[0.9, 0.3], [0.3, 0.4]], [[0.5, -0.2], [-0.2, 1.2]]]),
    np.array([[1.0, -0.5], [-0.6, 0.8]]),
    np.array([[[0.5, 0.2], [0.2, 0.3]], [[0.0, 0.0], [0.0, 0.0]]]),
    noise_std=0.7,
)
SOLID = TaskEnvironment(
    np.array([0.4, 0.6]),
    np.array(
        [[[0.8, 0.2, 0.0], [0.2, 0.5, 0.1], [0.0, 0.1, 0.3]], [[0.3, 0.0, 0.1], [0.0, 0.9, -0.2], [0.1, -0.2, 0.7]]]
    ),
    np.array([[1.0, -1.0, 0.5], [-0.5, 1.0, 1.5]]),
    np.array([np.diag([0.3, 0.1, 0.2]), [[0.1, 0.05, 0.0], [0.05, 0.2, 0.0], [0.0, 0.0, 0.0]]]),
    noise_std=0.8,
)


def rule(*counts: tuple[int, int]) -> tuple[list[Array], Array]:
    """Points, one (variables, N) block for each (variables, nodes), and the weights (N,) of the product rule."""
    axes = [hermegauss(nodes) for variables, nodes in counts for _ in range(variables)]
    points = np.stack(np.meshgrid(*(nodes for nodes, _ in axes), indexing="ij")).reshape(len(axes), -1)
    weights = np.array([1.0])
    for _, weight in axes:
        weights = np.multiply.outer(weights, weight / weight.sum()).ravel()
    return np.split(points, np.cumsum([variables for variables, _ in counts])[:-1]), weights


def square_root(matrix: Array) -> Array:
    eigenvalues, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(eigenvalues, 0.0)))


def integrate(env: TaskEnvironment, w: Array, alpha: float, tau: float, n1: int, n2: int) -> tuple[Array, Array, Array]:
    """A, V and E[Â A⁻¹ ψ] from the gradient of the loss on an episode, by exact quadrature; n2 = 0 is ERM."""
    d = env.dim
    spread_points, spread_weights = rule((d, 2))
    (x_in, z_in, x_out, z_out), weights = rule((n2 * d, 5), (n2, 2), (n1 * d, 3), (n1, 2))
    hessian, pieces = np.zeros((d, d)), []
    for p, covariance, mean, spread in zip(env.probabilities, env.covariances, env.means, env.spreads, strict=True):
        root = square_root(covariance)
        inner = np.einsum("ij,hjN->Nhi", root, x_in.reshape(n2, d, len(weights)))
        outer = np.einsum("ij,hjN->Nhi", root, x_out.reshape(n1, d, len(weights)))
        step = np.eye(d) - (alpha / n2 * inner.swapaxes(1, 2) @ inner if n2 else 0.0)
        design = outer @ step
        curvature = design.swapaxes(1, 2) @ design / n1
        hessian += p * np.einsum("N,Nij->ij", weights, curvature)
        for point, weight in zip(spread_points[0].T, spread_weights, strict=True):
            optimum = mean + square_root(spread) @ point
            y_in = inner @ optimum + env.noise_std * z_in.T
            y_out = outer @ optimum + env.noise_std * z_out.T
            adapted = w - (alpha / n2 * np.einsum("Nhi,Nh->Ni", inner, inner @ w - y_in) if n2 else 0.0)
            residual = y_out - np.einsum("Nhi,Ni->Nh", outer, np.broadcast_to(adapted, (len(weights), d)))
            pieces.append((p * weight, curvature, np.einsum("Nhi,Nh->Ni", design, residual) / n1))
    score, product_mean = np.zeros((d, d)), np.zeros(d)
    for weight, curvature, psi in pieces:
        mean_psi = weights @ psi
        score += weight * np.outer(mean_psi, mean_psi) * (1 - 1 / tau)
        score += weight / tau * np.einsum("N,Ni,Nj->ij", weights, psi, psi)
        solved = np.linalg.solve(hessian, psi.T).T
        product_mean += weight / tau * np.einsum("N,Nij,Nj->i", weights, curvature, solved)
        product_mean += (
            weight * (1 - 1 / tau) * np.einsum("N,Nij->ij", weights, curvature) @ np.linalg.solve(hessian, mean_psi)
        )
    assert np.abs(sum(weight * (weights @ psi) for weight, _, psi in pieces)).max() < 1e-13
    return hessian, score, product_mean


def assert_limits(covariance: Array, bias: Array, hessian: Array, score: Array, product_mean: Array) -> None:
    inverse = np.linalg.inv(hessian)
    np.testing.assert_allclose(covariance, inverse @ score @ inverse, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(bias, -inverse @ product_mean, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_limits_of_erm_are_those_of_its_definition(n: int) -> None:
    limits = asymptotics.asymptotic_covariance_erm(GROUPS, n), asymptotics.asymptotic_bias_erm(GROUPS, n)
    assert_limits(*limits, *integrate(GROUPS, linear.erm_solution(GROUPS), 0.0, 1, n, 0))


@pytest.mark.parametrize(("env", "tau", "n1", "n2"), [(GROUPS, 1, 1, 2), (GROUPS, 3, 2, 1), (SOLID, 2, 1, 1)])
@pytest.mark.parametrize("alpha", [0.4, 1.7])
def test_the_limits_of_maml_are_those_of_its_definition(
    env: TaskEnvironment, tau: int, n1: int, n2: int, alpha: float
) -> None:
    covariance = asymptotics.asymptotic_covariance_maml(env, alpha, tau, n1, n2)
    bias = asymptotics.asymptotic_bias_maml(env, alpha, tau, n1, n2)
    assert_limits(covariance, bias, *integrate(env, linear.maml_solution(env, alpha, n2), alpha, tau, n1, n2))


def chi_square(k: int, n: int) -> Fraction:
    """The k-th moment of a chi-square variable with n degrees of freedom, divided by n."""
    result = Fraction(1)
    for j in range(k):
        result *= Fraction(n + 2 * j, n)
    return result


@pytest.mark.parametrize(("tau", "n1", "n2"), [(1, 1, 1), (2, 3, 5), (4, 1, 2)])
def test_one_dimension_by_chi_square_moments(tau: int, n1: int, n2: int) -> None:
    alpha, sigma2 = Fraction(3, 2), Fraction(9, 4)
    rows = ((1 / 3, 0.2, 2.0, 0.5), (2 / 3, 1.0, -1.0, 0.0))
    tasks = [[Fraction(value).limit_denominator(10) for value in row] for row in rows]

    def polynomial(rho: Fraction, degree: int, power: int = 0) -> Fraction:
        """The mean of (1 - alpha S)^degree S^power for the inner sample variance S."""
        terms = ((-alpha) ** k * rho ** (k + power) * chi_square(k + power, n2) for k in range(degree + 1))
        return sum((math.comb(degree, k) * term for k, term in enumerate(terms)), Fraction(0))

    q = [rho * polynomial(rho, 2) for _, rho, _, _ in tasks]
    a = sum((p * q_i for (p, *_), q_i in zip(tasks, q, strict=True)), Fraction(0))
    centre = sum((p * q_i * mu for (p, _, mu, _), q_i in zip(tasks, q, strict=True)), Fraction(0)) / a
    v, drift = Fraction(0), Fraction(0)
    for (p, rho, mu, spread), q_i in zip(tasks, q, strict=True):
        square = rho**2 * chi_square(2, n1)
        noise = sigma2 / n1 * q_i + alpha**2 * sigma2 / n2 * square * polynomial(rho, 2, 1)
        moment = (mu - centre) ** 2 + spread
        v += p * (q_i**2 * moment + (square * polynomial(rho, 4) * moment + noise - q_i**2 * moment) / tau)
        drift += p * (q_i**2 + (square * polynomial(rho, 4) - q_i**2) / tau) * (mu - centre) / a
    columns = np.array(rows)
    means, spreads = columns[:, 2, None], columns[:, 3, None, None]
    env = TaskEnvironment(columns[:, 0], columns[:, 1, None, None], means, spreads, noise_std=1.5)
    covariance = asymptotics.asymptotic_covariance_maml(env, 1.5, tau, n1, n2)
    np.testing.assert_allclose(covariance, [[float(v / a**2)]], rtol=1e-12)
    np.testing.assert_allclose(asymptotics.asymptotic_bias_maml(env, 1.5, tau, n1, n2), [float(-drift / a)], rtol=1e-12)


def test_wishart_averages_are_the_moments_of_the_trace() -> None:
    """E tr(S^k)/d of a real Wishart matrix with identity covariance, the classical polynomials in d and n."""
    d, n = 4, 7
    s = (np.eye(d), 1.0)
    third = 1 + Fraction(3 * d + 3, n) + Fraction(d**2 + 3 * d + 4, n**2)
    fourth = 1 + Fraction(6 * d + 6, n) + Fraction(6 * d**2 + 17 * d + 21, n**2)
    fourth += Fraction(d**3 + 6 * d**2 + 21 * d + 20, n**3)
    np.testing.assert_allclose(wishart_average("ab,bc,ca->", [s] * 3, np.eye(d), n) / d, float(third), rtol=1e-13)
    np.testing.assert_allclose(wishart_average("ab,bc,cd,da->", [s] * 4, np.eye(d), n) / d, float(fourth), rtol=1e-13)


def test_wishart_average_of_two_is_lemma_2() -> None:
    sigma, rng = SOLID.covariances[0], np.random.default_rng(0)
    middle = rng.normal(size=(3, 3))
    value = wishart_average("ab,bc,cd->ad", [(sigma, 1.0), middle, (sigma, 1.0)], sigma, 4)
    np.testing.assert_allclose(value, linear.wishart_sandwich(sigma, middle, 4), rtol=1e-13)


def test_wishart_average_of_a_step_is_the_adapted_covariance() -> None:
    for sigma, n in product(SOLID.covariances, (1, 5, math.inf)):
        step = (np.eye(3) - 0.6 * sigma, -0.6)
        value = wishart_average("ab,bc,cd->ad", [step, sigma, step], sigma, n)
        np.testing.assert_allclose(value, linear.adapted_covariance(sigma, 0.6, n), rtol=1e-13)


def test_isotropic_closed_form_of_erm() -> None:
    """The trace in three terms: spread of the tasks, few samples, noise."""
    env = TaskEnvironment.hard_easy(4, 0.2, 0.9, R=1.5, r_hard=0.3, r_easy=0.7, p_hard=0.4, noise_std=0.5)
    d, n, p, rho = 4, 6, np.array([0.4, 0.6]), np.array([0.2, 0.9])
    centre = p[0] * rho[0] * 1.5 / (p @ rho)
    distance = d * np.array([(1.5 - centre) ** 2 + 0.3, centre**2 + 0.7])
    expected = p @ (rho**2 * (1 + (d + 1) / n) * distance + 0.25 * d * rho / n) / (p @ rho) ** 2
    np.testing.assert_allclose(np.trace(asymptotics.asymptotic_covariance_erm(env, n)), expected, rtol=1e-12)


@pytest.mark.parametrize("n2", [1, 4, math.inf])
def test_maml_becomes_erm_on_the_outer_samples_without_a_step(n2: float) -> None:
    maml = asymptotics.asymptotic_covariance_maml(SOLID, 1e-9, tau=3, n1=2, n2=n2)
    np.testing.assert_allclose(maml, asymptotics.asymptotic_covariance_erm(SOLID, n=6), rtol=1e-7)
    bias = asymptotics.asymptotic_bias_maml(SOLID, 1e-9, tau=3, n1=2, n2=n2)
    np.testing.assert_allclose(bias, asymptotics.asymptotic_bias_erm(SOLID, n=6), rtol=1e-7)
    maml, bias = (
        of(SOLID, 0.0, tau=3, n1=2, n2=n2)
        for of in (asymptotics.asymptotic_covariance_maml, asymptotics.asymptotic_bias_maml)
    )
    np.testing.assert_allclose(maml, asymptotics.asymptotic_covariance_erm(SOLID, n=6), rtol=1e-12)
    np.testing.assert_allclose(bias, asymptotics.asymptotic_bias_erm(SOLID, n=6), rtol=1e-12)
    slope = linear.excess_risk_slope_maml(SOLID, 0.0, 5, tau=3, n1=2, n2=n2)
    assert slope == pytest.approx(linear.excess_risk_slope_erm(SOLID, 0.0, math.inf, n=6), rel=1e-12)
    assert linear.crossover_tasks(SOLID, 0.0, 5, n=6, tau=3, n1=2, n2=n2) == math.inf  # nothing to gain


def test_the_full_inner_gradient_is_the_limit_of_many_inner_samples() -> None:
    limit = asymptotics.asymptotic_covariance_maml(SOLID, 0.7, 2, 3, math.inf)
    np.testing.assert_allclose(asymptotics.asymptotic_covariance_maml(SOLID, 0.7, 2, 3, 1e10), limit, rtol=1e-8)


def test_the_full_inner_gradient_is_erm_on_inputs_that_are_stepped_first() -> None:
    """With P fixed an outer row is a row of N(0, P Sigma P)."""
    steps = np.eye(3) - 0.7 * SOLID.covariances
    stepped = replace(SOLID, covariances=steps @ SOLID.covariances @ steps)
    maml = asymptotics.asymptotic_covariance_maml(SOLID, 0.7, 2, 3, math.inf)
    np.testing.assert_allclose(maml, asymptotics.asymptotic_covariance_erm(stepped, 6), rtol=1e-12)


def test_infinitely_many_samples_leave_the_draw_of_the_tasks() -> None:
    centre = linear.erm_solution(SOLID)
    moments = np.einsum("gi,gj->gij", SOLID.means - centre, SOLID.means - centre) + SOLID.spreads
    score = np.einsum("g,gij->ij", SOLID.probabilities, SOLID.covariances @ moments @ SOLID.covariances)
    inverse = np.linalg.inv(np.tensordot(SOLID.probabilities, SOLID.covariances, 1))
    expected = inverse @ score @ inverse
    np.testing.assert_allclose(asymptotics.asymptotic_covariance_erm(SOLID, math.inf), expected, rtol=1e-12)
    many = asymptotics.asymptotic_covariance_maml(SOLID, 1e-9, math.inf, 1, 1)
    np.testing.assert_allclose(many, expected, rtol=1e-7)


def test_one_task_leaves_the_noise() -> None:
    task = TaskEnvironment.finite_tasks(SOLID.covariances[:1], SOLID.means[:1], noise_std=0.8)
    quiet = replace(task, noise_std=0.0)
    np.testing.assert_allclose(
        asymptotics.asymptotic_covariance_erm(task, 5), 0.64 / 5 * np.linalg.inv(task.covariances[0]), rtol=1e-12
    )
    np.testing.assert_allclose(asymptotics.asymptotic_bias_maml(task, 0.9, 2, 3, 4), 0.0, atol=1e-13)
    np.testing.assert_allclose(asymptotics.asymptotic_covariance_maml(quiet, 0.9, 2, 3, 4), 0.0, atol=1e-25)
    once, twice = (asymptotics.asymptotic_covariance_maml(task, 0.9, tau, 3, 4) for tau in (1, 2))
    np.testing.assert_allclose(once, 2 * twice, rtol=1e-12)
    assert np.linalg.eigvalsh(once)[0] > 0


@pytest.mark.parametrize("seed", range(3))
def test_the_limits_turn_with_the_coordinates(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turned = TaskEnvironment(
        SOLID.probabilities,
        turn @ SOLID.covariances @ turn.T,
        SOLID.means @ turn.T,
        turn @ SOLID.spreads @ turn.T,
        noise_std=SOLID.noise_std,
    )
    for limit, arguments in (
        (asymptotics.asymptotic_covariance_erm, (2,)),
        (asymptotics.asymptotic_covariance_maml, (0.8, 2, 3, 2)),
    ):
        np.testing.assert_allclose(
            limit(turned, *arguments), turn @ limit(SOLID, *arguments) @ turn.T, rtol=1e-9, atol=1e-11
        )


def solutions(env: TaskEnvironment, alpha: float, tau: int, n1: int, n2: int, T: int, runs: int, seed: int) -> Array:
    """Training solutions (runs, d) of MAML on T tasks, from plainly drawn data; n2 = 0 is ERM."""
    rng, d = np.random.default_rng(seed), env.dim
    roots = np.array([square_root(covariance) for covariance in env.covariances])
    spreads = np.array([square_root(spread) for spread in env.spreads])
    found = np.empty((runs, d))
    for run in range(runs):
        group = rng.choice(env.groups, size=T, p=env.probabilities)
        optimum = env.means[group] + np.einsum("tij,tj->ti", spreads[group], rng.normal(size=(T, d)))
        hessian, force = np.zeros((d, d)), np.zeros(d)
        for _ in range(tau):
            outer = rng.normal(size=(T, n1, d)) @ roots[group].swapaxes(1, 2)
            label = np.einsum("thi,ti->th", outer, optimum) + env.noise_std * rng.normal(size=(T, n1))
            if n2:
                inner = rng.normal(size=(T, n2, d)) @ roots[group].swapaxes(1, 2)
                y_in = np.einsum("thi,ti->th", inner, optimum) + env.noise_std * rng.normal(size=(T, n2))
                label = label - alpha / n2 * np.einsum("thi,tki,tk->th", outer, inner, y_in, optimize=True)
                outer = outer - alpha / n2 * outer @ (inner.swapaxes(1, 2) @ inner)
            rows = outer.reshape(-1, d)
            hessian += rows.T @ rows
            force += rows.T @ label.ravel()
        found[run] = np.linalg.solve(hessian, force)
    return found


def gap_in_standard_errors(draws: Array, expected: Array) -> float:
    """Largest distance of the mean of the draws from what is expected of it, in standard errors."""
    error = draws.std(axis=0, ddof=1) / math.sqrt(len(draws))
    return float(np.max(np.abs(draws.mean(axis=0) - expected) / error))


@pytest.mark.parametrize("algorithm", ["erm", "maml"])
def test_simulated_solutions_spread_as_predicted(algorithm: str) -> None:
    """T Cov within 4 standard errors of 1500 runs at T = 400; a formula without the spread, or the noise, is not."""
    alpha, tau, n1, n2, T = (0.0, 1, 2, 0, 400) if algorithm == "erm" else (0.8, 2, 2, 3, 400)

    def limits(env: TaskEnvironment) -> tuple[Array, Array, Array]:
        if algorithm == "erm":
            return (
                linear.erm_solution(env),
                asymptotics.asymptotic_covariance_erm(env, n1),
                asymptotics.asymptotic_bias_erm(env, n1),
            )
        return (
            linear.maml_solution(env, alpha, n2),
            asymptotics.asymptotic_covariance_maml(env, alpha, tau, n1, n2),
            asymptotics.asymptotic_bias_maml(env, alpha, tau, n1, n2),
        )

    centre, covariance, bias = limits(SOLID)
    errors = solutions(SOLID, alpha, tau, n1, n2, T=T, runs=1500, seed=7) - centre
    assert gap_in_standard_errors(T * errors, bias) < 4
    centred = errors - errors.mean(axis=0)
    products = T * centred[:, :, None] * centred[:, None, :]
    assert gap_in_standard_errors(products, covariance) < 4
    for wrong in (replace(SOLID, noise_std=0.0), replace(SOLID, spreads=np.zeros((2, 3, 3)))):
        assert gap_in_standard_errors(products, limits(wrong)[1]) > 6


def test_the_learning_curve_needs_the_bias() -> None:
    """At T = 60 the excess risk of ERM lies where c/T puts it; without the bias, elsewhere."""
    env = TaskEnvironment.two_tasks(1, 0.3, 1.5, noise_std=0.0)
    alpha, m, n, T = 0.6, 10, 2, 60
    centre = linear.erm_solution(env)
    found = solutions(env, 0.0, 1, n, 0, T=T, runs=12000, seed=3)
    risks = excess_risks(env, found, alpha, m)
    assert risks[0] == pytest.approx(linear.excess_risk(env, found[0], alpha, m))
    curvature = np.tensordot(env.probabilities, linear.adapted_covariance(env.covariances, alpha, m), 1)
    slope = linear.excess_risk_slope_erm(env, alpha, m, n)
    limit = linear.excess_risk(env, centre, alpha, m)
    error = risks.std() / math.sqrt(len(risks))
    without = 0.5 * float(np.sum(curvature * asymptotics.asymptotic_covariance_erm(env, n)))
    assert abs(risks.mean() - limit - slope / T) < 4 * error
    assert abs(risks.mean() - limit - without / T) > 8 * error


def excess_risks(env: TaskEnvironment, found: Array, alpha: float, m: float) -> Array:
    offsets = found - linear.maml_solution(env, alpha, m)
    curvature = np.tensordot(env.probabilities, linear.adapted_covariance(env.covariances, alpha, m), 1)
    return np.asarray(0.5 * np.einsum("ri,ij,rj->r", offsets, curvature, offsets))


def test_trained_maml_overtakes_trained_erm_at_the_crossover() -> None:
    env = TaskEnvironment.hard_easy(3, 0.2, 1.0, R=1.0, r_hard=0.1, r_easy=0.1, noise_std=1.0)
    alpha, m, n, tau, n1, n2 = 1.0, 20, 40, 1, 20, 20
    crossover = linear.crossover_tasks(env, alpha, m, n, tau, n1, n2)
    assert 20 < crossover < 26
    for T, maml_wins in ((12, False), (46, True)):
        erm = excess_risks(env, solutions(env, 0.0, 1, n, 0, T, 1000, seed=1), alpha, m)
        maml = excess_risks(env, solutions(env, alpha, tau, n1, n2, T, 1000, seed=2), alpha, m)
        lead = (erm.mean() - maml.mean()) / math.hypot(erm.std(), maml.std()) * math.sqrt(1000)
        assert (lead if maml_wins else -lead) > 5


@pytest.mark.parametrize("algorithm", ["erm", "maml"])
def test_the_slope_is_that_of_solutions_with_these_limits(algorithm: str) -> None:
    """The excess risk is quadratic: any cloud with mean w* + b/T and covariance C/T has the learning curve to 1/T."""
    alpha, m, n, tau, n1, n2, T = 0.8, 20, 3, 2, 4, 5, 1e6
    if algorithm == "erm":
        centre, slope = linear.erm_solution(SOLID), linear.excess_risk_slope_erm(SOLID, alpha, m, n)
        covariance, bias = asymptotics.asymptotic_covariance_erm(SOLID, n), asymptotics.asymptotic_bias_erm(SOLID, n)
    else:
        centre = linear.maml_solution(SOLID, alpha, n2)
        slope = linear.excess_risk_slope_maml(SOLID, alpha, m, tau, n1, n2)
        covariance = asymptotics.asymptotic_covariance_maml(SOLID, alpha, tau, n1, n2)
        bias = asymptotics.asymptotic_bias_maml(SOLID, alpha, tau, n1, n2)
    arms = np.linalg.cholesky(SOLID.dim * covariance / T).T
    risks = [linear.excess_risk(SOLID, centre + bias / T + arm, alpha, m) for arm in (*arms, *-arms)]
    assert T * (np.mean(risks) - linear.excess_risk(SOLID, centre, alpha, m)) == pytest.approx(slope, rel=1e-4)


def test_the_learning_curves_to_first_order_cross_at_the_crossover() -> None:
    env = TaskEnvironment.hard_easy(2, 0.2, 1.0, R=1.0, r_hard=0.1, r_easy=0.1, noise_std=1.0)
    alpha, m, n, tau, n1, n2 = 1.0, 20, 30, 2, 8, 12
    T = linear.crossover_tasks(env, alpha, m, n, tau, n1, n2)
    erm = linear.excess_risk(env, linear.erm_solution(env), alpha, m)
    maml = linear.excess_risk(env, linear.maml_solution(env, alpha, n2), alpha, m)
    erm += linear.excess_risk_slope_erm(env, alpha, m, n) / T
    maml += linear.excess_risk_slope_maml(env, alpha, m, tau, n1, n2) / T
    assert 0 < T < math.inf
    assert maml == pytest.approx(erm, rel=1e-12)


def test_crossover_where_maml_is_never_or_always_ahead() -> None:
    env = TaskEnvironment.hard_easy(3, 0.2, 1.0, R=1.0, r_hard=0.1, r_easy=0.1, noise_std=1.0)
    assert linear.crossover_tasks(env, 1.0, 20, 10, 1, 5, 5) == math.inf
    assert linear.crossover_tasks(replace(env, noise_std=0.0), 0.3, 20, 1, 50, 50, 20) == 0.0


@pytest.mark.parametrize("n2", [5, 20])
def test_the_bias_of_maml_counts_only_if_it_trains_for_another_step(n2: int) -> None:
    covariance = asymptotics.asymptotic_covariance_maml(SOLID, 0.8, 2, 3, n2)
    curvature = np.tensordot(SOLID.probabilities, linear.adapted_covariance(SOLID.covariances, 0.8, 20), 1)
    slope = linear.excess_risk_slope_maml(SOLID, 0.8, 20, 2, 3, n2)
    assert (abs(slope - 0.5 * np.sum(curvature * covariance)) < 1e-12) == (n2 == 20)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: asymptotics.asymptotic_covariance_erm(SOLID, 0), r"n must be a positive whole number; got 0"),
        (lambda: asymptotics.asymptotic_bias_erm(SOLID, math.nan), r"n must be a positive whole number; got nan"),
        (lambda: asymptotics.asymptotic_covariance_maml(SOLID, -0.1, 1, 1, 1), r"alpha must be finite and at least 0"),
        (
            lambda: asymptotics.asymptotic_covariance_maml(SOLID, 0.5, 0, 1, 1),
            r"tau must be a positive whole number; got 0",
        ),
        (lambda: asymptotics.asymptotic_bias_maml(SOLID, 0.5, 1, -2, 1), r"n1 must be a positive whole number; got -2"),
        (
            lambda: asymptotics.asymptotic_covariance_maml(SOLID, 0.5, 1, 1, "x"),  # type: ignore[arg-type]
            r"n2 must be a positive whole number; got 'x'",
        ),
        (lambda: linear.excess_risk_slope_erm(SOLID, 0.5, 0.5, 3), r"m must be a positive whole number; got 0.5"),
        (
            lambda: asymptotics.asymptotic_covariance_maml(TaskEnvironment.two_tasks(2, 1.0, 1.0), 1.0, 1, 1, math.inf),
            r"the MAML solution is not unique",
        ),
        (lambda: wishart_average("ab,bc->ac", [np.eye(2)], np.eye(2), 3), r"factors must be 2, one for each operand"),
        (lambda: wishart_average("ab->ab", [np.eye(3)], np.eye(2), 3), r"factors must have shape \(2, 2\)"),
        (lambda: wishart_average("ab->ab", [np.eye(2)], -np.eye(2), 3), r"covariance must be symmetric positive"),
        (lambda: wishart_average("ab->ab", [np.eye(2)], np.eye(2), 0), r"n must be a positive whole number; got 0"),
    ],
)
def test_bad_input_is_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_fifty_dimensions_are_cheap() -> None:
    env = TaskEnvironment.hard_easy(50, 0.2, 1.0, R=1.0, r_hard=0.1, r_easy=0.1, noise_std=1.0)
    covariance = asymptotics.asymptotic_covariance_maml(env, 1.0, 1, 20, 20)
    assert covariance.shape == (50, 50)
    assert np.linalg.eigvalsh(covariance)[0] > 0
