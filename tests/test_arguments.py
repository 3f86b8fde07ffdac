"""Every number and every array that a public function takes is right in each form that holds it, or refused by name.

The functions are found, not listed: a new one is tried with the values below, and fails where none has a value for it.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
import torch

from paperlib import arguments, environments, linear, logistic, networks, simulate, viewer
from paperlib.environments import TaskEnvironment

EYE, SIGMA = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.25], [0.25, 0.5]]
ENV = TaskEnvironment.two_tasks(2, rho_hard=0.25, rho_easy=1.0, noise_std=0.5)
QUIET = TaskEnvironment.two_tasks(2, rho_hard=0.25, rho_easy=1.0)
INPUTS, LABELS = [[1.0, 0.5], [0.5, 0.25], [-0.5, 1.0], [-1.0, 2.0]], [1.0, 0.0, 0.0, 1.0]  # that no plane parts
LINE = [[[[1.0], [0.5]], [[-1.0], [2.0]]], [[[0.5], [-0.5]], [[2.0], [1.0]]]]
SETTING = simulate.Setting("one", ENV, 0.5, 4, 3)
NUMBERS: dict[str, float] = {
    "R": 2.0,
    "alpha": 0.5,
    "lam": 0.5,
    "noise_std": 0.5,
    "p_hard": 0.25,
    "r_easy": 0.25,
    "r_hard": 0.5,
    "rho_easy": 1.0,
    "rho_hard": 0.25,
    "window": 2.0,
}
COUNTS = {"dim": 2, "iterations": 3, "order": 64, "m": 4, "n": 3, "n1": 3, "n2": 4, "s": 4, "tau": 2}
COUNTS |= {"count": 3, "draws": 3, "start": 1, "samples": 4, "steps": 2}
ARRAYS: dict[str, Any] = {
    "A": [[1.0, 2.0], [0.5, 1.0]],
    "X": [INPUTS, INPUTS],
    "covariance": SIGMA,
    "covariances": [SIGMA, EYE],
    "groups": [0, 1],
    "means": EYE,
    "optima": EYE,
    "optimum_easy": [0.5, 2.0],
    "optimum_hard": [1.0, 0.5],
    "probabilities": [0.25, 0.75],
    "spreads": [EYE, SIGMA],
    "start": [0.5, 0.25],
    "starts": [[0.5, 0.5]],
    "std": [0.5, 2.0],
    "values": [0.5, 2.0],
    "w": [0.5, -0.25],
    "w_star": [1.0, 0.5],
    "y": [LABELS, LABELS],
}
LISTS: dict[str, Any] = {  # of numbers or arrays, each of which is checked by itself
    "entries": [(0, 1), (0, 1)],
    "episodes": [(INPUTS, LABELS, INPUTS[::-1], LABELS)],
    "factors": [EYE, (SIGMA, 0.5)],
    "rates": [0.25],
    "shape": (2, 3),
    "span": (0.25, 2.0),
    "ticks": [0.5, 1.0],
}
OTHERS: dict[str, Any] = {
    "activation": "softplus",
    "algorithm": "maml",
    "env": ENV,
    "frames": [viewer.Frame("one", [[[1.0, 2.0], [0.5, 0.25]]] * 2, [(0.5, 0.25, "easy")], "text")] * 2,
    "learner": "maml",
    "name": "one",
    "names": ("left", "right"),
    "quantity": networks.population_loss,
    "seeds": [1],
    "self": simulate.Runs("erm", (SETTING,), (0,), np.zeros((1, 1, 2)), False),
    "settings": [SETTING],
    "subscripts": "ab,bc->ac",
    "tasks": networks.Tasks([0.25, 0.75], [[[1.0]], [[0.5]]], [[[0.5]], [[1.0]]]),  # type: ignore[arg-type]
}
OWN: dict[str, dict[str, Any]] = {  # what a package or a function calls by a name that means something else elsewhere
    "logistic": {"env": QUIET},
    "TaskEnvironment": {"self": ENV},
    "networks": {
        "W": [[0.5]],
        "W_star": [[1.0]],
        "W_stars": [[[1.0]], [[0.5]]],
        "activation": "relu",
        "covariance": [[0.5]],
        "covariances": [[[0.5]], [[1.0]]],
        "inner": LINE,
        "inputs": LINE[0],
        "outer": LINE,
        "starts": [[0.5]],
    },
    "networks.derivative": {"order": 1, "t": torch.tensor([0.5, -1.0], dtype=torch.float64)},
    "viewer": {"start": 1},
}
SWITCHES = {"labels", "method", "shared", "coarse", "same_batch"}


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every public function, class and method, by its name."""
    for package in (linear, logistic, networks, simulate):
        for name in package.__all__:
            thing = getattr(package, name)
            if inspect.isfunction(thing) or is_dataclass(thing):
                yield f"{package.__name__.split('.')[-1]}.{name}", thing
    for module in (environments, viewer):
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", "") == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__.split('.')[-1]}.{name}", thing
    for kind in (TaskEnvironment, simulate.Runs):
        for name, thing in vars(kind).items():
            if not name.startswith("_") and (isinstance(thing, classmethod) or inspect.isfunction(thing)):
                yield f"{kind.__name__}.{name}", getattr(kind, name)


FUNCTIONS = {name: thing for name, thing in public() if name not in ("simulate.Runs", "viewer.Frame")}  # only hold


def value(function: str, parameter: str) -> Any:
    """Return what a parameter is given where it is not what is tried."""
    if parameter == "rng":
        return np.random.default_rng(0)
    own = OWN.get(function.split(".")[0], {}) | OWN.get(function, {})
    return (NUMBERS | COUNTS | ARRAYS | LISTS | OTHERS | own)[parameter]


def kind(function: str, parameter: str) -> str:
    """Return what a parameter takes; the name tells lists apart, and in `linear` counts, which may be infinite."""
    annotation = str(inspect.signature(FUNCTIONS[function]).parameters[parameter].annotation)
    if parameter in SWITCHES or parameter == "rng" or parameter in OTHERS or annotation == "Tensor":
        return "other"
    if parameter in LISTS:
        return "list"
    if annotation in ("float", "float | None", "int", "int | None"):
        return "number" if parameter in NUMBERS else "count" if annotation.startswith("int") else "samples"
    return "array" if re.match(r"Array|Sequence\[ArrayLike\]", annotation) else "unknown"


def every(*kinds: str) -> pytest.MarkDecorator:
    """Parametrise a test over every function and parameter of these kinds."""
    pairs = [(function, name) for function, thing in FUNCTIONS.items() for name in inspect.signature(thing).parameters]
    return pytest.mark.parametrize(("function", "parameter"), [pair for pair in pairs if kind(*pair) in kinds])


def call(function: str, changes: dict[str, Any]) -> Any:
    """Call a function with the values of the tables, but for the changes."""
    thing = FUNCTIONS[function]
    names = [name for name in inspect.signature(thing).parameters if name not in SWITCHES]
    return thing(**({name: value(function, name) for name in names} | changes))


def flat(result: Any) -> list[Any]:
    """Return the arrays of a result, float64 all of them, and its texts."""
    if isinstance(result, simulate.Runs):
        return [result.iterates]
    if isinstance(result, (TaskEnvironment, simulate.Setting, networks.Tasks)):
        return [part for field in fields(result) for part in flat(getattr(result, field.name))]
    if isinstance(result, (tuple, list)):
        return [part for one in result for part in flat(one)]
    if isinstance(result, torch.Tensor):
        result = result.detach().numpy()
    if hasattr(result, "data") and isinstance(result.data, str):
        return [result.data]
    if isinstance(result, str):
        return [result]
    array = np.asarray(result)
    assert array.dtype in (np.float64, np.int64), array.dtype
    return [array]


def assert_same(result: Any, expected: Any) -> None:
    for one, other in zip(flat(result), flat(expected), strict=True):
        if isinstance(one, str):
            assert one == other
        else:
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def assert_refused(function: str, parameter: str, bad: Any) -> None:
    """Assert that the error names the parameter, and that it came before a random number was drawn."""
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(ValueError, match=rf"\b{parameter}\b"):
        call(function, {parameter: bad} | ({"rng": rng} if takes(function, "rng") else {}))
    assert rng.bit_generator.state == before


def takes(function: str, parameter: str) -> bool:
    return parameter in inspect.signature(FUNCTIONS[function]).parameters


def optional(function: str, parameter: str) -> bool:
    return inspect.signature(FUNCTIONS[function]).parameters[parameter].default is None


def mapped(nested: Any, change: Callable[[Any], Any]) -> Any:
    """Return nested lists with every number changed."""
    return type(nested)(mapped(one, change) for one in nested) if isinstance(nested, (list, tuple)) else change(nested)


def spoiled(nested: Any, bad: Any) -> Any:
    """Return nested lists with the first number replaced."""
    if not isinstance(nested, (list, tuple)):
        return bad
    return type(nested)([spoiled(nested[0], bad), *nested[1:]])


def rebuilt(nested: Any, change: Callable[[Any], Any]) -> Any:
    """Return lists of arrays and numbers, with every array changed."""
    if isinstance(nested, tuple) or (isinstance(nested, list) and any(isinstance(one, tuple) for one in nested)):
        return type(nested)(rebuilt(one, change) for one in nested)
    return change(nested) if isinstance(nested, list) else nested


def strided(nested: Any) -> Any:
    array = np.array(nested, dtype=float)
    return np.repeat(array, 2, axis=-1)[..., ::2][::-1][::-1]


def frozen(nested: Any) -> Any:
    array = np.array(nested, dtype=float)
    array.flags.writeable = False
    return array


SCALARS: dict[str, Callable[[Any], Any]] = {
    "float32": np.float32,
    "Fraction": Fraction,
    "tensor": torch.tensor,
    "float": float,
    "float16": np.float16,
    "longdouble": np.longdouble,
    "array": np.array,
    "bfloat16": lambda number: torch.tensor(number, dtype=torch.bfloat16),
    "Decimal": Decimal,
    "sympy": sympy.Rational,
}
WHOLE = SCALARS | {"int32": np.int32, "uint8": np.uint8, "Integer": sympy.Integer}
BUILDS: dict[str, Callable[[Any], Any]] = {
    "float32": lambda nested: np.array(nested, dtype=np.float32),
    "torch float32": lambda nested: torch.tensor(nested, dtype=torch.float32),
    "read-only": frozen,
    "float16": lambda nested: np.array(nested, dtype=np.float16),
    "longdouble": lambda nested: np.array(nested, dtype=np.longdouble),
    "column-major": np.asfortranarray,
    "strided": strided,
    "float64": lambda nested: np.array(nested, dtype=np.float64),
    "torch": lambda nested: torch.tensor(nested, dtype=torch.float64),
    "torch bfloat16": lambda nested: torch.tensor(nested, dtype=torch.bfloat16),
    "torch strided": lambda nested: torch.from_numpy(np.repeat(np.array(nested, dtype=float), 2, axis=-1))[..., ::2],
}
FEW = 3  # forms that every function is tried in; the others are those of the checks that they share
NO_ENTRIES = ["5", b"5", 1j, sympy.I, sympy.Symbol("x"), object()]
NO_NUMBERS = [*NO_ENTRIES, True, np.True_, [0.5], np.array([0.5]), torch.tensor([0.5]), np.datetime64("2020")]
NOT_FINITE = [math.nan, -math.inf, 1e300, -1e300, 10**400, Decimal("NaN"), sympy.nan]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_parameter_is_of_a_known_kind_and_has_a_value(function: str) -> None:
    kinds = {name: kind(function, name) for name in inspect.signature(FUNCTIONS[function]).parameters}
    assert "unknown" not in kinds.values(), kinds
    flat(call(function, {}))


@every("number", "count", "samples")
def test_a_number_is_right_in_every_form(function: str, parameter: str) -> None:
    number, expected = value(function, parameter), call(function, {})
    for form in [*SCALARS.values()][:FEW]:
        assert_same(call(function, {parameter: form(number)}), expected)


@pytest.mark.parametrize("form", WHOLE)
def test_every_form_of_a_number_is_known(form: str) -> None:
    for check in (arguments.whole_number, arguments.sample_number):
        number = check("n", WHOLE[form](4))
        assert type(number) is (int if check is arguments.whole_number else float) and number == 4
    for check in (arguments.real_number, arguments.sample_number, arguments.whole_number):
        assert check("n", WHOLE[form](3)) == 3
    if form in SCALARS:
        number = arguments.real_number("alpha", SCALARS[form](0.625))
        assert type(number) is float and number == 0.625


@pytest.mark.parametrize("form", SCALARS | BUILDS)
def test_every_form_of_an_array_is_known(form: str) -> None:
    nested = [[1.0, 0.25], [0.25, 0.5]]
    given = mapped(nested, SCALARS[form]) if form in SCALARS else BUILDS[form](nested)
    for array in (arguments.finite_array("A", given), arguments.symmetric_matrices("A", given)):
        assert array.dtype == np.float64 and array.flags.writeable
        np.testing.assert_array_equal(array, nested)
    weights = mapped([0.25, 0.75], SCALARS[form]) if form in SCALARS else BUILDS[form]([0.25, 0.75])
    np.testing.assert_array_equal(arguments.distribution("p", weights), [0.25, 0.75])


@every("number", "count", "samples")
def test_what_is_no_number_in_range_is_refused_by_name(function: str, parameter: str) -> None:
    bad = NO_NUMBERS + NOT_FINITE + [None] * (not optional(function, parameter))
    if kind(function, parameter) != "number":
        bad += [2.5, -1, Fraction(5, 2)]
    if kind(function, parameter) != "samples":
        bad += [math.inf, sympy.oo, np.longdouble("1e400")]
    for one in bad:
        assert_refused(function, parameter, one)


@every("samples")
def test_samples_may_be_infinite(function: str, parameter: str) -> None:
    assert_same(call(function, {parameter: math.inf}), call(function, {parameter: 10**14}))


@every("number", "array", "list")
def test_what_is_next_to_nothing_is_right_or_refused_by_name(function: str, parameter: str) -> None:
    tiny = spoiled(value(function, parameter), 1e-320)
    try:
        result = call(function, {parameter: tiny})
    except ValueError as error:
        assert re.search(rf"\b{parameter}\b", str(error)), error
    else:
        for array in flat(result):
            assert np.isfinite(array).all()


@every("array", "list")
def test_an_array_is_right_in_every_form(function: str, parameter: str) -> None:
    nested, expected = value(function, parameter), call(function, {})
    for form in [*SCALARS.values()][:FEW]:
        assert_same(call(function, {parameter: mapped(nested, form)}), expected)
    if kind(function, parameter) == "array" or parameter in ("episodes", "factors", "rates"):
        for build in [*BUILDS.values()][:FEW]:
            assert_same(call(function, {parameter: rebuilt(nested, build)}), expected)


@every("array", "list")
def test_an_array_with_an_entry_that_is_no_number_in_range_is_refused_by_name(function: str, parameter: str) -> None:
    nested = value(function, parameter)
    for bad in [*NO_ENTRIES, *NOT_FINITE, math.inf, sympy.oo, np.longdouble("1e400"), None]:
        assert_refused(function, parameter, spoiled(nested, bad))


@every("array", "list")
def test_what_is_no_array_is_refused_by_name(function: str, parameter: str) -> None:
    bad = ["text", True, object(), {"a": 1.0}, [[1.0], [1.0, 2.0]]] + [None] * (not optional(function, parameter))
    for one in bad + [0.5] * (parameter not in ("std", "rates")):
        assert_refused(function, parameter, one)


@every("number", "count", "samples", "array")
def test_a_gradient_is_passed_on_or_refused_by_name(function: str, parameter: str) -> None:
    asked = torch.tensor(value(function, parameter), dtype=torch.float64, requires_grad=True)
    try:
        result = call(function, {parameter: asked})
    except ValueError as error:
        assert re.search(rf"\b{parameter}\b", str(error)), error
    else:
        assert_same(result, call(function, {}))
        assert not isinstance(result, torch.Tensor) or torch.autograd.grad(result.sum(), asked)[0].isfinite().all()


def test_masked_entries_are_no_numbers() -> None:
    with pytest.raises(ValueError, match=r"^means must have no masked entries; got 1$"):
        TaskEnvironment([1.0], [np.eye(2)], np.ma.masked_greater([[1.0, 2.0]], 1.5), [np.eye(2)])
    unmasked = np.ma.masked_greater([[1.0, 2.0]], 3.0)
    assert TaskEnvironment([1.0], [np.eye(2)], unmasked, [np.eye(2)]).means.tolist() == [[1.0, 2.0]]
