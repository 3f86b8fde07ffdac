"""Networks of wide neurons against integrals that know nothing of the graded rule.

Errors are measured by the size of a quantity: the sum of the expectations of the absolute values of its terms.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from mpmath import mp, mpf
from scipy.integrate import quad
from scipy.special import expit

from paperlib import networks
from paperlib.environments import Array
from paperlib.networks.evaluation import _widths
from paperlib.networks.planes import ReluPair
from paperlib.networks.wide import FINE, STANDARD, Resolution, WidePair

CASES = [  # activation, s, α, β of u = sz and v = αz + βz'
    ("tanh", 7.0, 1.75, 3.0),
    ("tanh", 14.0, 13.75, 2.0),
    ("tanh", 100.0, -5000.0, 8660.0),
    ("tanh", 10000.0, -10000.0, 0.015625),
    ("tanh", 1000.0, 0.0, 1000.0),
    ("tanh", 30.0, 0.09375, 0.03125),
    ("tanh", 0.0009765625, 100.0, 0.015625),
    ("tanh", 3.5, 0.5, 10000.0),
    ("sigmoid", 14.0, -7.0, 12.0),
    ("sigmoid", 1000.0, -999.875, 14.0),
    ("sigmoid", 7.0, 30.0, 0.00390625),
    ("sigmoid", 10000.0, 0.09375, 0.03125),
    ("sigmoid", 0.125, -30.0, 0.5),
    ("sigmoid", 100.0, 50.0, 1000.0),
    ("softplus", 7.0, 3.5, 6.0),
    ("softplus", 30.0, -29.75, 4.0),
    ("softplus", 10000.0, -7.0, 0.125),
    ("softplus", 100.0, 10000.0, 1.5),
    ("softplus", 0.0009765625, 14.0, 24.0),
    ("softplus", 1000.0, 0.0, 0.0078125),
    ("softplus", 14.0, -1000.0, 0.00390625),
]
WANTED = [  # i, j, a, b of E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) zᵃ z'ᵇ]
    (0, 0, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1),
    (1, 1, 2, 0), (1, 1, 1, 1), (1, 1, 0, 2),
    (2, 0, 2, 0), (2, 0, 1, 1), (2, 0, 0, 2),
]  # fmt: skip
SMOOTH = ["softplus", "sigmoid", "tanh"]
ALL = ["relu", *SMOOTH]
LOSS, GRADIENT, HESSIAN = QUANTITIES = [
    networks.population_loss,
    networks.population_gradient,
    networks.population_hessian,
]
LINES = [(1e-3, 30.0), (7.0, 7.0), (7.0, -3.5), (100.0, 0.0), (14.0, 1e4), (1e3, 0.5), (1e3, -999.0), (1e4, -1e-3)]
Function = Callable[[float], float]


def derivatives(activation: str) -> tuple[Function, Function, Function]:
    """The activation and its first two derivatives."""
    if activation == "relu":
        return lambda t: max(t, 0.0), lambda t: float(t > 0), lambda t: 0.0
    k = 2.0 if activation == "tanh" else 1.0
    slope: Function = lambda t: k**2 * expit(k * t) * expit(-k * t)  # noqa: E731
    bend: Function = lambda t: -k * slope(t) * math.tanh(k * t / 2)  # noqa: E731
    if activation == "softplus":
        return lambda t: float(np.logaddexp(t, 0.0)), expit, slope
    return math.tanh if activation == "tanh" else expit, slope, bend


@cache
def on_a_line(quantity: Callable[..., Any], activation: str, s: float, t: float) -> tuple[float, float]:
    """A quantity of neurons s and t on one input of variance one, by adaptive quadrature, and its size."""
    f, df, ddf = derivatives(activation)
    terms: dict[Any, Callable[[float], tuple[float, ...]]] = {
        LOSS: lambda z: (0.5 * f(s * z) ** 2, -f(s * z) * f(t * z), 0.5 * f(t * z) ** 2),
        GRADIENT: lambda z: (df(s * z) * f(s * z) * z, -df(s * z) * f(t * z) * z),
        HESSIAN: lambda z: (df(s * z) ** 2 * z**2, ddf(s * z) * f(s * z) * z**2, -ddf(s * z) * f(t * z) * z**2),
    }
    cuts = [0.0, *np.geomspace(0.5 / max(1.0, abs(s), abs(t)), 9.0, 16)]

    def integral(g: Function, tolerance: float) -> float:
        both: Function = lambda z: (g(z) + g(-z)) * math.exp(-z * z / 2)  # noqa: E731
        parts = [quad(both, low, high, epsabs=tolerance, epsrel=1e-12)[0] for low, high in pairwise(cuts)]
        return math.fsum(parts) / math.sqrt(2 * math.pi)

    size = integral(lambda z: sum(map(abs, terms[quantity](z))), 0.0)
    return integral(lambda z: sum(terms[quantity](z)), 1e-14 * size), size


def cells(centre: Array, scale: float) -> tuple[Array, Array]:
    """Nodes and weights on (-9, 9) of a standard normal for what bends within `scale` of each centre (n,): (n, m)."""
    centre = np.asarray(centre, dtype=np.longdouble)[:, None]
    doubling = scale * 2.0 ** np.arange(math.ceil(math.log2(36 / scale)))
    cuts = np.concatenate([-doubling[::-1], [0.0], doubling])
    fixed = np.broadcast_to(np.arange(-9.0, 10.0, 2.0), (len(centre), 10))
    edges = np.sort(np.clip(np.concatenate([centre + cuts, fixed], axis=1), -9, 9), axis=1)
    x, w = np.polynomial.legendre.leggauss(12)
    low, half = edges[:, :-1, None], np.diff(edges, axis=1)[..., None] / 2
    nodes = (low + half * (1 + x)).reshape(len(centre), -1)
    normal = np.exp(-nodes * nodes / 2) / np.sqrt(2 * np.pi)
    return nodes, (half * w).reshape(len(centre), -1) * normal


def plain(activation: str, t: Array) -> list[Array]:
    """An activation of long doubles and its first two derivatives."""
    logistic = 1 / (1 + np.exp(-np.clip(t, -11000, None)))
    slope = np.exp(-np.abs(t)) / (1 + np.exp(-np.abs(t))) ** 2
    if activation == "softplus":
        return [np.maximum(t, 0) + np.log1p(np.exp(-np.abs(t))), logistic, slope]
    if activation == "sigmoid":
        return [logistic, slope, -slope * np.tanh(t / 2)]
    square = 4 * np.exp(-2 * np.abs(t)) / (1 + np.exp(-2 * np.abs(t))) ** 2
    return [np.tanh(t), square, -2 * np.tanh(t) * square]


@cache
def in_the_plane(activation: str, s: float, along: float, across: float) -> list[tuple[float, float]]:
    """The expectations that are WANTED and those of absolute values, by Gauss–Legendre sums of long doubles."""
    z, weights = (part[0] for part in cells(np.zeros(1), min(1.0, 1 / max(s, abs(along)))))
    y, inner = cells(-along * z / across, min(1.0, 1 / across))
    outer = [weights * values for values in plain(activation, s * z)]
    others = plain(activation, along * z[:, None] + across * y)
    found = []
    for i, j, a, b in WANTED:
        terms = outer[i][:, None] * z[:, None] ** a * others[j] * inner * y**b
        found.append((float(terms.sum()), float(np.abs(terms).sum())))
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(("resolution", "tolerance"), [(STANDARD, 1e-11), (FINE, 5e-13)])
def test_moments_are_sums_over_the_plane(
    case: tuple[str, float, float, float], resolution: Resolution, tolerance: float
) -> None:
    activation, s, along, across = case
    W, B = torch.tensor([[[s], [0.0]], [[along], [across]]], dtype=torch.float64)
    plane = torch.eye(2, dtype=torch.float64)
    pair, turned = (WidePair(*sides, plane, activation, resolution) for sides in ((W, B), (B, W)))
    found = [((0, 0), pair.expectation(0, 0)), ((1, 0), pair.first_moment(1, 0)), ((2, 0), pair.second_moment(2, 0))]
    found += [((1, 1), pair.second_moment(1, 1)), ((1, 1), turned.second_moment(1, 1))]
    for orders, moments in found:
        for (i, j, a, b), (value, size) in zip(WANTED, in_the_plane(*case), strict=True):
            if (i, j) == orders:
                entry = moments[(0, 0, *[0] * a, *[1] * b)]
                assert abs(float(entry) - value) <= tolerance * size, (i, j, a, b)


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_on_a_line_quantities_are_their_integrals(activation: str, quantity: Callable[..., Any]) -> None:
    for s, t in LINES if (activation, quantity) != ("relu", HESSIAN) else []:  # there a point mass is a term
        value, size = on_a_line(quantity, activation, s, t)
        found = quantity(activation, [[s / 2]], [[t / 2]], [[4.0]]).item()  # the same inputs, of variance 4
        assert abs(found / {LOSS: 1, GRADIENT: 2, HESSIAN: 4}[quantity] - value) <= 2e-11 * size, (s, t)


def test_a_wide_neuron_is_pulled_back() -> None:
    w = np.ones((100, 1))
    assert (GRADIENT("tanh", w, 0 * w, np.eye(100)) * w).sum() == pytest.approx(0.0394090105, abs=5e-11)
    assert GRADIENT("tanh", [[1000.0]], [[0.5]], [[1.0]]).item() == pytest.approx(3.986e-7, abs=5e-11)


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_only_the_plane_of_the_neurons_matters(activation: str, quantity: Callable[..., Array]) -> None:
    rng = np.random.default_rng(0)
    A = rng.normal(size=(40, 40))
    root = np.linalg.cholesky(A @ A.T / 40 + 0.1 * np.eye(40))
    axes = np.linalg.qr(rng.normal(size=(40, 2)))[0]
    W, W_star = np.array([[20.0, -3.0], [0.0, 90.0]]), np.array([[-300.0], [0.01]])
    flat = quantity(activation, W, W_star, np.eye(2))
    whole = quantity(activation, *(np.linalg.solve(root.T, axes @ neurons) for neurons in (W, W_star)), root @ root.T)
    back = np.linalg.solve(root, np.eye(40)).T @ axes
    if quantity is GRADIENT:
        whole = back.T @ whole
    if quantity is HESSIAN:
        whole = np.kron(back, np.eye(2)).T @ whole @ np.kron(back, np.eye(2))
    np.testing.assert_allclose(whole, flat, rtol=0, atol=1e-10 * np.abs(flat).max())


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize(("order", "quantity"), list(enumerate(QUANTITIES)))
def test_where_the_rule_changes_nothing_jumps(activation: str, order: int, quantity: Callable[..., Any]) -> None:
    for limit in _widths(activation, order)[2:]:
        for t in (limit, 0.3 * limit, -limit):
            below, above = (quantity(activation, [[s * limit]], [[t]], [[1.0]]).item() for s in (1 - 1e-12, 1 + 1e-12))
            assert abs(below - above) <= 1e-10 * on_a_line(quantity, activation, limit, t)[1]


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_error_estimate_is_as_large_as_the_error(activation: str, quantity: Callable[..., Any]) -> None:
    for s, t in LINES:
        value, size = on_a_line(quantity, activation, s, t)
        for order in (None, 96, 1640):
            case = activation, [[s]], [[t]], [[1.0]]
            error = abs(quantity(*case, order=order).item() - value)
            estimate = networks.quadrature_error(quantity, *case, order=order)
            assert abs(estimate - error) <= 0.1 * error + 1e-13 * size
    assert networks.quadrature_error(GRADIENT, "tanh", [[1000.0]], [[0.5]], [[1.0]]) > 0


def test_of_another_quantity_no_error_can_be_estimated() -> None:
    with pytest.raises(
        ValueError, match="quantity must be one of population_loss, population_gradient, population_hes"
    ):
        networks.quadrature_error(networks.empirical_risk, "tanh", [[1.0]], [[0.5]], [[1.0]])


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("near", [5.0, 1e-7, 0.0])
def test_autodiff_of_wide_neurons_is_right_where_they_meet_and_vanish(activation: str, near: float) -> None:
    rng = np.random.default_rng(1)
    W_star = torch.from_numpy(8.0 * rng.normal(size=(3, 2)))
    W = torch.cat([W_star + near * torch.from_numpy(rng.normal(size=(3, 2))), torch.zeros(3, 1)], 1)
    covariance = np.diag([1.0, 2.0, 0.5])
    at = W.clone().requires_grad_()
    (slope,) = torch.autograd.grad(LOSS(activation, at, W_star, covariance), at)
    gradient, hessian = (q(activation, W, W_star, covariance) for q in (GRADIENT, HESSIAN))
    np.testing.assert_allclose(slope, gradient, rtol=0, atol=1e-9)
    rows = torch.autograd.functional.jacobian(lambda w: GRADIENT(activation, w, W_star, covariance), W)
    np.testing.assert_allclose(rows.reshape(9, 9), hessian, rtol=0, atol=1e-8)


def test_a_batch_of_all_widths_is_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paperlib.networks.wide.ROWS", 3)
    widths = np.geomspace(1e-3, 1e4, 12)
    W, W_star = np.random.default_rng(2).normal(size=(2, 12, 3, 2)) * widths[:, None, None]
    for quantity in QUANTITIES:
        found = quantity("sigmoid", W, W_star[::-1], np.eye(3))
        for i in range(12):
            np.testing.assert_allclose(found[i], quantity("sigmoid", W[i], W_star[11 - i], np.eye(3)), atol=1e-14)


@pytest.mark.parametrize("gap", [1e-2, 1e-5, 1e-9])
def test_two_relus_that_hardly_ever_meet_keep_their_digits(gap: float) -> None:
    W, B = torch.tensor([[[1.0], [0.0]], [[-3.0], [3.0 * gap]]], dtype=torch.float64)
    pair = ReluPair(W, B, torch.eye(2, dtype=torch.float64))
    with mp.workdps(60):
        opening, t = mp.atan(mpf(gap)), 3 * mp.sqrt(1 + mpf(gap) ** 2)
        wedge = t * (mp.sin(opening) - opening * mp.cos(opening))
        expected = [wedge, wedge, opening * t * mp.sin(opening), opening - mp.sin(opening) * mp.cos(opening)]
        numbers = [float(number / (2 * mp.pi)) for number in expected]
    found = [pair.expectation(0, 0), *pair.first_moment(1, 0)[0, 0], pair.second_moment(1, 1)[0, 0, 0, 0]]
    np.testing.assert_allclose([number.item() for number in found], numbers, rtol=1e-9)
