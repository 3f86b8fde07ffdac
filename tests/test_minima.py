"""What is called a minimum is one: descents that begin, or come to rest, at maxima, saddles, kinks and on flats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

from paperlib import networks
from paperlib.arguments import Array
from paperlib.minima import Function, NoMinimum, lower_neighbour, lowest_minimum, minimum

X, Y = sp.symbols("x y")


def objective(expression: str) -> Function:
    """Return a function of x, or of x and y, with the gradient that sympy finds."""
    formula: Any = sp.sympify(expression)
    names = (X, Y)[: 1 + ("y" in expression)]
    value, slopes = sp.lambdify(names, formula), [sp.lambdify(names, sp.diff(formula, name)) for name in names]
    return lambda w: (float(value(*w)), np.array([float(slope(*w)) for slope in slopes]))


@pytest.mark.parametrize(
    ("expression", "start", "lowest"),
    [
        ("cos(x)", [0.0], -1.0),  # a maximum
        ("x**4 - x**2", [0.0], -0.25),
        ("x**4 - x**2 + y**2", [0.0, 0.0], -0.25),  # a saddle
        ("x**4 + x**3", [0.0], -27 / 256),  # falls on one side
        ("x**6 - x**4", [0.0], -4 / 27),  # a maximum of fourth order
        ("(x**2 + y**2 - 1)**2", [0.0, 0.0], 0.0),  # a maximum, then a circle of minima
        ("x**3 - 3*x*y**2 + (x**2 + y**2)**2", [0.0, 0.0], -27 / 256),  # a monkey's saddle: no curvature at all
        ("x**4 + y**4 - 6*x**2*y**2 + (x**2 + y**2)**3", [0.0, 0.0], -4 / 27),  # falls along the diagonals only
        ("(y - x**2)*(y - 2*x**2) + x**6", [0.0, 0.0], -1 / 432),  # Peano: rises along every line, falls along a curve
        ("1 - exp(-(x - 3)**2)", [0.0], 0.0),
    ],
)
def test_what_is_no_minimum_is_left(expression: str, start: list[float], lowest: float) -> None:
    f = objective(expression)
    value, point = minimum(f, np.array(start))
    assert value == pytest.approx(lowest, abs=1e-12)
    assert f(point)[0] == value and np.linalg.norm(f(point)[1]) <= 1e-10


@pytest.mark.parametrize(
    ("expression", "start", "place"),
    [
        ("-cos(x)", [0.3], [0.0]),
        ("x**4", [0.7], [0.0]),  # of fourth order, and more
        ("x**8", [0.0], [0.0]),
        ("x**2 + 0*y", [1.0, 2.0], [0.0, 2.0]),  # a valley with a flat floor
        ("(x + y - 1)**2", [0.5, 0.5], [0.5, 0.5]),
        ("x**2 + 1000*y**2 + x*y", [3.0, 3.0], [0.0, 0.0]),
        ("1e-6*x**2", [3.0], [0.0]),
        ("1e6*x**2", [3.0], [0.0]),
    ],
)
def test_what_is_a_minimum_is_kept(expression: str, start: list[float], place: list[float]) -> None:
    _, point = minimum(objective(expression), np.array(start))
    np.testing.assert_allclose(point, place, atol=1e-2 if "**4" in expression else 1e-8)
    assert lower_neighbour(objective(expression), np.array(place)) is None


def kink(w: Array) -> tuple[float, Array]:
    """x² on the left; on the right a parabola whose slope is −2 at the kink."""
    x = w[0]
    return (float(x**2), 2 * w) if x < 0 else (float((x - 1) ** 2 - 1), 2 * (w - 1))


def half_maximum(w: Array) -> tuple[float, Array]:
    """A maximum on the left and a minimum on the right: the gradient is continuous, and differences of it positive."""
    x = w[0]
    return (float(x**4 - x**2), 4 * w**3 - 2 * w) if x < 0 else (float(10 * x**2), 20 * w)


@pytest.mark.parametrize(("f", "lowest"), [(kink, -1.0), (half_maximum, -0.25)])
@pytest.mark.parametrize("start", [-1.0, -1e-9, 0.0, 0.3])
def test_both_sides_of_a_kink_are_looked_at(f: Function, lowest: float, start: float) -> None:
    value, _ = minimum(f, np.array([start]))
    assert value == pytest.approx(lowest, abs=1e-12)


@pytest.mark.parametrize(
    ("expression", "start"),
    [("exp(x)", 0.0), ("exp(x)", -40.0), ("1/(1 + x**2)", 0.0), ("-1/(1 + x**2)", 1e6), ("x", 0.0), ("-x**2", 0.0)],
)
def test_where_a_function_falls_forever_it_says_so(expression: str, start: float) -> None:
    with pytest.raises(NoMinimum, match=r"a descent ends at .*, with a gradient of .*, at no minimum"):
        minimum(objective(expression), np.array([start]))


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e4])
def test_lengths_are_measured_in_the_unit(unit: float) -> None:
    value, point = minimum(lambda w: (float(np.cos(unit * w[0])), -unit * np.sin(unit * w)), np.zeros(1), unit)
    assert value == pytest.approx(-1.0, abs=1e-12) and abs(unit * point[0]) == pytest.approx(np.pi)


# Networks


def test_a_relu_network_passes_the_kink_at_zero() -> None:
    """From the left the gradient vanishes at zero; on the right the loss falls."""
    for start in (-1.0, -0.3, -1e-9, 0.0, 0.5):
        found = networks.erm_solution("relu", networks.Tasks([1.0], [[[1.0]]], [[[1.0]]]), [[start]])  # type: ignore[arg-type]
        np.testing.assert_allclose(found, [[1.0]], atol=1e-9)


@pytest.mark.parametrize("activation", ["relu", "softplus", "tanh"])
@pytest.mark.parametrize("start", ["zero", "opposite", "equal"])
def test_solutions_of_networks_are_minima(activation: str, start: str) -> None:
    """Zero is a kink of ReLU and a stationary point of tanh by symmetry; equal columns stay equal in every descent."""
    aims = np.array([[[1.0, 0.3], [0.2, -0.8]], [[0.5, 0.4], [0.7, -1.0]]])
    tasks = networks.Tasks([0.5, 0.5], aims, [np.eye(2), 0.3 * np.eye(2)])  # type: ignore[arg-type]
    first = {"zero": np.zeros((2, 2)), "opposite": -aims[0], "equal": np.full((2, 2), 0.4)}[start]
    found = networks.erm_solution(activation, tasks, first)
    value = networks.post_adaptation_risk(activation, tasks, found, 0.0)
    ring = np.random.default_rng(0).normal(size=(100, 2, 2))
    ring /= np.linalg.norm(ring, axis=(1, 2), keepdims=True)
    for radius in (1e-4, 1e-3, 1e-2):
        around = networks.post_adaptation_risk(activation, tasks, found + radius * ring, 0.0)
        assert (around >= value - 1e-12).all()


def test_the_lowest_minimum_from_maxima_and_saddles() -> None:
    found = lowest_minimum(objective("x**2 - y**2 + y**4"), np.zeros((1, 2)))
    np.testing.assert_allclose(np.abs(found), [0.0, 0.5**0.5], atol=1e-9)
    cosine = lowest_minimum(objective("cos(x)"), np.array([[0.0], [1.0]]))
    assert np.cos(cosine[0]) == pytest.approx(-1.0)


def test_of_several_starts_the_lowest_minimum_is_returned() -> None:
    two = objective("(x**2 - 1)**2 + x/10")
    right, both = (lowest_minimum(two, np.array(starts)) for starts in ([[1.2]], [[1.2], [-0.8]]))
    assert right.item() > 0 > both.item()


def test_where_there_is_no_minimum_it_says_so() -> None:
    with pytest.raises(ValueError, match=r"no start leads to a minimum; the smallest norm of a gradient is \d"):
        lowest_minimum(objective("log(1 + exp(x))"), np.zeros((1, 1)))
    hill = objective("-1/(1 + (x - 30)**2) + exp(-x/10)*0")
    assert lowest_minimum(hill, np.array([[1e6], [31.0]])) == pytest.approx(30.0)  # one start that leads nowhere


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_solutions_of_networks_do_not_depend_on_the_unit_of_the_inputs(scale: float) -> None:
    aims, sigmas = np.array([[[1.0], [0.2]], [[-0.5], [0.6]]]), np.stack([np.eye(2), 0.5 * np.eye(2)])
    halves, start = np.array([0.5, 0.5]), np.ones((2, 1))
    plain = networks.maml_solution("softplus", networks.Tasks(halves, aims, sigmas), 0.7, start)
    other = networks.Tasks(halves, aims / scale, scale**2 * sigmas)
    scaled = networks.maml_solution("softplus", other, 0.7 / scale**2, start / scale)
    np.testing.assert_allclose(scaled * scale, plain, atol=1e-8)
