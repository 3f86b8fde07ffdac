"""Every check accepts what is right, refuses what is wrong, and its evidence says what it found."""

from __future__ import annotations

import json
import math
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp

from paperlib import claims
from paperlib.claims import ClaimRejected, Undecided, WrongAccepted, comparisons, refusals
from paperlib.evidence import KINDS, MIME, Evidence, card, digest, label

x, y = sp.symbols("x y", positive=True)
DRAWS = np.array([[0.0, 4.0], [2.0, 0.0]])  # means 1 and 2 with standard errors 1 and 2
MIXED = [True, False, True]
RULE = {"rule": "every gain is above 1", "scale": "2 seeds"}


def gains(data: Any) -> list[bool | None]:
    """The rule of the experiments below; a gain of exactly 1 straddles."""
    return [None if gain == 1 else gain > 1 for gain in data]


def call(name: str, right: bool = True, **options: Any) -> Evidence:
    """One call of each check that accepts, or one whose accepted side is wrong."""
    calls: dict[str, Callable[[], Evidence]] = {
        "proves": lambda: claims.proves(
            "eq:9",
            (x + y) ** 2,
            x**2 + 2 * x * y + y**2 if right else x**2 + y**2,
            "A square.",
            **({"shows": "(x+y)^2", "refuses": {"a sign": x**2 - 2 * x * y + y**2}} | options),
        ),
        "checks": lambda: claims.checks(
            "eq:9",
            [1.0, 2.0],
            [1.0, 2.0 if right else 3.0],
            "Numbers.",
            **({"rtol": 1e-10, "refuses": {"a sign": [1.0, -2.0]}} | options),
        ),
        "samples": lambda: claims.samples(
            "eq:9", DRAWS, [1, 2 if right else 30], "Means.", **({"refuses": {"large": [1, 20]}} | options)
        ),
        "bounds": lambda: claims.bounds(
            "eq:9",
            [1.0, 2.0],
            "Below.",
            **({"below": [1.0, 4.0 if right else 1.0], "refuses": {"half": [0.5, 2.0]}} | options),
        ),
        "decides": lambda: claims.decides(
            "eq:9", MIXED, [*MIXED] if right else [True] * 3, "Cases.", **({"refuses": {"all": [True] * 3}} | options)
        ),
        "judges": lambda: claims.judges(
            "eq:9",
            [2, 3] if right else [2, 0],
            gains,
            "Gains.",
            **(RULE | {"verdict": "reproduced", "refuses": {"none": [1, 1]}} | options),
        ),
    }
    return calls[name]()


CHECKS = ("proves", "checks", "samples", "bounds", "decides", "judges")
EQUATIONS = CHECKS[:-1]


# What every check does.


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_accepts_what_is_right_and_rejects_what_is_wrong(name: str) -> None:
    found = call(name).record
    assert found["claims"] == ["eq:9"] and found["verdict"] in KINDS[found["kind"]].verdicts
    with pytest.raises(ClaimRejected, match=r"^eq:9: "):
        call(name, right=False)


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_without_a_refusal_does_not_exist(name: str) -> None:
    for nothing in ({}, None):
        with pytest.raises(ValueError, match="refuses must hold"):
            call(name, refuses=nothing)


RIGHT = {
    "proves": x**2 + y**2 + 2 * y * x,
    "checks": [1.0, 2.0],
    "samples": [1, 2.5],
    "bounds": [1.0, 2.0],
    "decides": MIXED,
    "judges": [2, 2],
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_that_accepts_what_it_must_refuse_raises(name: str) -> None:
    with pytest.raises(WrongAccepted, match="must refuse: as good"):
        call(name, refuses={"a wrong one": call_wrong(name), "as good": RIGHT[name]})


def call_wrong(name: str) -> Any:
    """A wrong formula that the check of this name refuses."""
    return {"proves": x, "checks": [9.0, 9.0], "samples": [90, 90], "bounds": [0, 0], "decides": [False] * 3}.get(
        name, [0]
    )


@pytest.mark.parametrize("name", CHECKS)
def test_a_refusal_says_by_how_much(name: str) -> None:
    (item,) = call(name).record["refuses"]
    figures = {
        "proves": {"residual": "by 0.267 at $x = 1/3$, $y = 1/5$"},
        "checks": {"instances": 2, "deviation": "2"},
        "samples": {"instances": 2, "deviation": "9", "unit": "standard errors"},
        "bounds": {"instances": 2, "violations": 1, "nearest": "1.5", "median": "1.2"},
        "decides": {"instances": 3, "violations": 1, "true": 2},
        "judges": {"instances": 2, "met": 0, "straddling": 2},
    }
    assert item.pop("claims") == ["eq:9"] and item.pop("printed") is False and item.pop("wrong")
    assert item == figures[name]


@pytest.mark.parametrize("name", EQUATIONS)
def test_what_is_refused_has_the_shape_of_what_is_accepted(name: str) -> None:
    wrong = {"proves": [x, y], "checks": [1.0], "samples": [1, 2, 3], "bounds": [1.0], "decides": [True]}[name]
    with pytest.raises(ValueError, match=r"shape|equally many"):
        call(name, refuses={"fewer": wrong})


# The printed formula.


def test_a_printed_formula_is_defined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_PRINTED", {})
    printed = claims.prints("eq:9", lambda a, b: a**2 + b**2, "x^2+y^2")
    assert printed.at([(1, 2), (2, 3)]).value == [5, 13]
    claims.prints("eq:9", None, "x^2+y^2")  # the same cell, run again
    with pytest.raises(ValueError, match="the printed formula of eq:9 is defined once"):
        claims.prints("eq:9", None, "x^2")
    found = call("proves", printed=printed(x, y), refuses=None).record["refuses"]
    assert [(item["printed"], item["tex"], item["claims"]) for item in found] == [(True, "x^2+y^2", ["eq:9"])]
    with pytest.raises(ValueError, match="tex must hold no dollar sign"):
        claims.prints("eq:8", 1, r"\text{a share $p$ of tasks}")


def test_printed_takes_what_prints_returned_for_its_row_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_PRINTED", {})
    other = claims.prints("eq:8", x, "x")
    for wrong in (x**2, other):
        with pytest.raises(ValueError, match="printed must be what prints"):
            call("proves", printed=wrong)
    with pytest.raises(ValueError, match="hand it to printed"):
        call("proves", refuses={"x": other})


def test_a_printed_formula_that_holds_is_no_error_of_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_PRINTED", {})
    with pytest.raises(WrongAccepted, match="as printed"):
        call("proves", printed=claims.prints("eq:9", (x + y) ** 2, "(x+y)^2"))


# Several rows.

TWO = {"eq:8": [1.0, 2.0], "eq:9": [3.0]}


def test_sides_by_row_are_compared_and_refused_by_row() -> None:
    wrong = {"both": {"eq:8": [1.0, -2.0], "eq:9": [4.0]}}
    found = claims.checks("eq:8 eq:9", TWO, {**TWO}, "Two.", rtol=1e-10, refuses=wrong).record
    assert found["by_row"] and found["instances"] == 3 and found["refuses"][0]["claims"] == ["eq:8", "eq:9"]
    with pytest.raises(ClaimRejected):
        claims.checks("eq:8 eq:9", TWO, TWO | {"eq:9": [4.0]}, "Two.", rtol=1e-10, refuses=wrong)


def test_each_row_needs_a_refusal_of_its_own() -> None:
    with pytest.raises(ValueError, match="eq:9 has none"):
        claims.checks("eq:8 eq:9", TWO, {**TWO}, "Two.", rtol=1e-10, refuses={"one": {"eq:8": [1.0, -2.0]}})
    with pytest.raises(WrongAccepted, match=r"^eq:9: "):
        half = {"eq:8": [1.0, -2.0], "eq:9": [3.0]}
        claims.checks("eq:8 eq:9", TWO, {**TWO}, "Two.", rtol=1e-10, refuses={"half": half})
    with pytest.raises(ValueError, match="must be a mapping from some of"):
        claims.checks("eq:8 eq:9", TWO, {**TWO}, "Two.", rtol=1e-10, refuses={"one": [1.0]})
    with pytest.raises(ValueError, match="sides by row must be mappings"):
        claims.checks("eq:8 eq:9", TWO, [1.0], "Two.", rtol=1e-10, refuses={"one": {"eq:8": [1.0]}})


# Symbolic equality.


@pytest.mark.parametrize(
    ("lhs", "rhs"),
    [
        (sp.sin(x) ** 2 + sp.cos(x) ** 2, sp.Integer(1)),
        ([x / (x + x * y), [x * (x + 1)]], [1 / (1 + y), [x**2 + x]]),
        (sp.Matrix([[x * (x + 1), y * (y + x)]]), sp.Matrix([[x**2 + x, y**2 + x * y]])),
    ],
)
def test_proves_accepts_equal_expressions(lhs: Any, rhs: Any) -> None:
    wrong = refusals.scaled(rhs, sp.Rational(1, 3), None)
    assert claims.proves("eq:1", lhs, rhs, "Equal.", shows="x", refuses={"a third": wrong}).record["residual"] == "0"


@pytest.mark.parametrize(
    ("lhs", "rhs", "residual"),
    [
        ((x + y) ** 2, x**2 + y**2, "by 0.133 at $x = 1/3$, $y = 1/5$"),
        (sp.Integer(2), sp.Integer(3), "by -1.00"),
        (x / 3, x * sp.Rational(333333333333, 10**12), "by 1.11E-13 at $x = 1/3$"),
        (sp.nan, x, "by nan"),
    ],
)
def test_comparing_expressions_tells_where_they_differ(lhs: Any, rhs: Any, residual: str) -> None:
    assert comparisons.equal(lhs, rhs) == {"ok": False, "residual": residual}


def test_proves_compares_nothing_with_itself() -> None:
    for lhs, rhs in ((x, x), (x + y, y + x), ([x + 1, y], [1 + x, y]), (sp.Integer(0), 0)):
        with pytest.raises(ValueError, match="must be built independently"):
            claims.proves("eq:1", lhs, rhs, "Equal.", shows="x", refuses={"a sign": -y})


def test_proves_shows_its_equation() -> None:
    with pytest.raises(ValueError, match="shows must be the TeX"):
        call("proves", shows="")


def test_proves_does_not_call_undecided_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sp, "simplify", lambda difference: difference)
    with pytest.raises(Undecided, match="which vanishes at the points tried"):
        comparisons.equal(sp.sin(x) ** 2 + sp.cos(x) ** 2, 1)


def test_proves_records_symbols_and_case() -> None:
    found = call("proves", case="$d=2$", towards=True).record
    assert (found["symbols"], found["case"], found["towards"]) == (["x", "y"], "$d=2$", True)


# Numbers.


@pytest.mark.parametrize(
    ("value", "reference", "tolerance", "deviation"),
    [
        (1.25, 1.0, {"atol": 0.25}, "0.25"),
        (4.5, 4.0, {"rtol": 0.125}, "0.125"),
        ([1.0, 2.0 + 3e-9], [1.0, 2.0], {"atol": 1e-6}, "1e-08"),
        ([np.eye(2), np.ones(3)], [np.eye(2), np.ones(3)], {"atol": 0.0}, "0"),
        ([[1.0, 0.0]], [[1.0, 0.0]], {"rtol": 1e-8}, "1e-12"),
        ([[1.0, 1e-9]], [[1.0, 0.0]], {"rtol": 1e-8, "floor": 1.0}, "1e-09"),
    ],
)
def test_checks_accepts_up_to_its_tolerance(value: Any, reference: Any, tolerance: Any, deviation: str) -> None:
    wrong = refusals.scaled(reference, sp.Integer(-3), value)
    found = claims.checks("eq:9", value, reference, "Numbers.", refuses={"-3": wrong}, **tolerance).record
    assert found["deviation"] == deviation


@pytest.mark.parametrize(
    ("value", "reference", "tolerance"),
    [
        (1.2500001, 1.0, {"atol": 0.25}),
        (4.5000001, 4.0, {"rtol": 0.125}),
        ([[1.0], [2.0]], [[2.0], [1.0]], {"rtol": 0.1}),
        ([[1e6, 1e-6]], [[1e6, 2e-6]], {"rtol": 1e-10}),
        ([[1.0, 1e-300]], [[1.0, 0.0]], {"rtol": 1e-8}),
        (math.nan, 1.0, {"rtol": 0.1}),
        (math.nan, math.nan, {"atol": 0.1}),
        (math.inf, 1.0, {"atol": 0.1}),
        (1.0, 1.0, {"atol": math.nan}),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_checks_rejects_beyond_its_tolerance(value: Any, reference: Any, tolerance: dict[str, float]) -> None:
    with pytest.raises(ClaimRejected, match=r"^eq:9: not so: Numbers\. \(instances "):
        claims.checks("eq:9", value, reference, "Numbers.", refuses={"a": 7.0}, **tolerance)


@pytest.mark.parametrize(
    ("value", "reference", "tolerance", "message"),
    [
        ([1.0], [1.0, 2.0], {"atol": 1.0}, "must be equally many, at least one; got 1, 2"),
        ([], [], {"atol": 1.0}, "must be equally many, at least one; got 0, 0"),
        ([[]], [[]], {"atol": 1.0}, "value must not hold empty instances"),
        ([[1.0, 1.0]], [[1.0]], {"atol": 1.0}, r"must have equal shapes; got \(2,\) and \(1,\)"),
        (1.0, 1.0, {}, "exactly one of rtol and atol; got rtol=None, atol=None"),
        (1.0, 1.0, {"rtol": 1.0, "atol": 1.0}, r"exactly one of rtol and atol; got rtol=1\.0, atol=1\.0"),
    ],
)
def test_checks_refuses_what_cannot_be_compared(value: Any, reference: Any, tolerance: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        claims.checks("eq:9", value, reference, "Numbers.", refuses={"a": 7.0}, **tolerance)


def test_checks_compares_no_array_with_itself() -> None:
    array = np.arange(3.0)
    for one, other in ((array, array), (array, array[:]), (array[1:], array[1:])):
        with pytest.raises(ValueError, match="must be built independently"):
            claims.checks("eq:9", one, other, "Numbers.", rtol=1e-9, refuses={"a": array + 1})


# Monte Carlo.


@pytest.mark.parametrize(("expected", "limit", "deviation"), [([1, 2], 4.5, "0.0"), ([-1, 2], 2.0, "2.0")])
def test_samples_accepts_within_its_limit(expected: list[float], limit: float, deviation: str) -> None:
    found = call("samples", refuses={"far": [99, 99]}, limit=limit).record
    assert (found["kind"], found["instances"], found["tolerance"]) == ("monte carlo", 2, f"{limit:g}")
    assert comparisons.mean(DRAWS, expected, limit)["deviation"] == pytest.approx(float(deviation))


def test_samples_takes_no_limit_above_five_standard_errors() -> None:
    for limit in (5.1, 0.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="limit must be at most 5 standard errors"):
            call("samples", limit=limit)


@pytest.mark.parametrize(("draws", "expected"), [(1.0, 1.0), ([1.0], 1.0), (DRAWS, 1.0), (DRAWS, [1, 2, 3]), ([], 1.0)])
def test_samples_refuses_shapes_that_differ(draws: Any, expected: Any) -> None:
    with pytest.raises(ValueError, match=r"draws must have shape \(n, \.\.\.\) with n > 1 over expected's"):
        claims.samples("lem:2", draws, expected, "A mean.", refuses={"a": expected})


# Bounds.


def test_bounds_record_how_near_they_come() -> None:
    found = claims.bounds("eq:9", [1.0, 2.0], "Below.", below=[2.0, 2.5], refuses={"two": [0.5, 2.0]}).record
    assert (found["nearest"], found["median"], found["instances"]) == ("0.8", "2.2", 2)
    assert found["survives"] == ["1 % tighter"]
    found = claims.bounds("eq:9", [4.0, 8.0], "Above.", above=[4.0, 2.0], refuses={"five": [5.0, 2.0]}).record
    assert found["nearest"] == "1" and "survives" not in found
    found = claims.bounds("eq:9", [-1.0], "Signed.", below=[1.0], refuses={"-2": [-2.0]}).record
    assert found["nearest"] == "-1"


def test_a_bound_of_one_says_nothing_of_a_probability() -> None:
    found = claims.bounds("eq:9", [0.2, 0.3], "P.", below=[1.0, 0.6], probability=True, refuses={"x": [9, 0.1]}).record
    assert (found["instances"], found["nearest"]) == (1, "0.5")
    with pytest.raises(ValueError, match="bound must be below 1 somewhere"):
        claims.bounds("eq:9", [0.2], "P.", below=[1.0], probability=True, refuses={"x": [0.1]})


def test_an_infinite_bound_is_none() -> None:
    for bound in (math.inf, -math.inf, math.nan):
        with pytest.raises(ValueError, match="bound must be finite"):
            claims.bounds("eq:9", [1.0, 2.0], "Below.", below=[3.0, bound], refuses={"zero": [0.0, 0.0]})


def test_bounds_take_one_side_and_equal_shapes() -> None:
    for sides in ({}, {"below": [1.0], "above": [1.0]}):
        with pytest.raises(ValueError, match="exactly one of below and above"):
            claims.bounds("eq:9", [1.0], "B.", refuses={"x": [0.0]}, **sides)
    with pytest.raises(ClaimRejected):
        claims.bounds("eq:9", [math.nan], "B.", below=[1.0], refuses={"x": [0.0]})


# Conditions.


@pytest.mark.parametrize("outcomes", [[True, True], [False, False], [], [1, 0], 1.0, ["yes"]])
def test_conditions_are_tried_on_both_outcomes(outcomes: Any) -> None:
    with pytest.raises(ValueError, match=r"must be booleans|must be true in some cases"):
        claims.decides("eq:9", outcomes, np.array(outcomes), "Cases.", refuses={"x": outcomes})


def test_conditions_are_not_compared_with_themselves() -> None:
    array = np.array(MIXED)
    for one, other in ((MIXED, MIXED), (array, array), (array, array[:])):
        with pytest.raises(ValueError, match="must be built independently"):
            claims.decides("eq:9", one, other, "Cases.", refuses={"all": [True] * 3})


def test_a_condition_tries_its_threshold_beside_it() -> None:
    size = np.array([0.4, 0.995, 1.005, 2.5])
    sharp = claims.decides("eq:9", size > 1, lambda f: size > f, "Cases.", refuses={"all": size > 0}).record
    assert "survives" not in sharp
    coarse = size[[0, 3]]
    found = claims.decides("eq:9", coarse > 1, lambda f: coarse > f, "Cases.", refuses={"all": coarse > 0}).record
    assert found["survives"] == ["1 % off", "twice", "half"]
    above = size[[1, 3]]  # between a threshold 1 % smaller, which decides otherwise, and one 1 % larger, which does not
    with pytest.raises(ValueError, match="true in some cases"):
        claims.decides("eq:9", above > 0.99, lambda f: above > 0.99 * f, "Cases.", refuses={"none": above > 9})


# Experiments.


@pytest.mark.parametrize(
    ("verdict", "data", "options"),
    [
        ("reproduced", [2, 3], {"refuses": {"none": [2, 0]}}),
        ("not reproduced", [2, 0], {"control": {"large": [9, 9]}}),
        ("undecided", [2, 1], {"control": {"large": [9, 9]}}),
        ("confounded", [2, 3], {"control": {"the test alone": [2, 2]}}),
        ("attainable", [0, 3], {"refuses": {"other settings": [0, 1]}}),
    ],
)
def test_an_experiment_bears_the_verdict_that_its_outcomes_bear(verdict: str, data: Any, options: Any) -> None:
    found = claims.judges("fig:2", data, gains, "Gains.", verdict=verdict, **RULE, **options).record
    assert (found["verdict"], found["scale"], found["instances"]) == (verdict, "2 seeds", 2)
    others = {"reproduced": [2, 0], "not reproduced": [2, 3], "undecided": [2, 0], "confounded": [0, 1]}
    with pytest.raises(ClaimRejected, match="does not bear"):
        claims.judges("fig:2", others.get(verdict, [0, 1]), gains, "Gains.", verdict=verdict, **RULE, **options)
    with pytest.raises(ValueError, match="must hold data for the verdict"):
        claims.judges("fig:2", data, gains, "Gains.", verdict=verdict, **RULE)


def test_a_control_must_meet_the_rule_and_a_refusal_must_not() -> None:
    with pytest.raises(ClaimRejected, match="the control does not meet the rule: small"):
        claims.judges("fig:2", [0], gains, "G.", verdict="not reproduced", **RULE, control={"small": [0]})
    with pytest.raises(WrongAccepted, match="met by what it must refuse: some"):
        claims.judges("fig:2", [0, 3], gains, "G.", verdict="attainable", **RULE, refuses={"some": [0, 3]})
    for wrong in ({"verdict": "true"}, {"rule": ""}, {"scale": ""}):
        with pytest.raises(ValueError, match="must be"):
            call("judges", **wrong)


@pytest.mark.parametrize(
    ("check", "value", "formula", "worst"),
    [
        ("checks", [1.0, 2.0], [1.0, 2.5], "worst 2 against 2.5"),
        ("samples", np.tile([[0.9, 2.0], [1.1, 2.2]], (50, 1)), [1.0, 3.0], "worst 2.1 against 3"),
        ("decides", [True, False, False], [True, False, True], "worst case 2 is False"),
    ],
)
def test_a_rejection_says_that_it_is_one_and_shows_the_worst_case(
    check: str, value: Any, formula: Any, worst: str
) -> None:
    options = {"rtol": 1e-9} if check == "checks" else {}
    with pytest.raises(ClaimRejected, match=rf"^eq:9: not so: E\. \(.*{worst}"):
        getattr(claims, check)("eq:9", value, formula, "E.", refuses={"w": formula}, **options)


@pytest.mark.parametrize("size", [12, 40])
def test_numbers_that_agree_to_the_last_bit_are_a_copy(size: int) -> None:
    values = np.random.default_rng(0).normal(size=size)
    wrong = {"twice": 2 * values}
    for copy in (values.copy(), [*values], values.astype(np.longdouble)):
        with pytest.raises(ValueError, match="they agree to the last bit"):
            claims.checks("eq:5", values, copy, "E.", rtol=1e-9, refuses=wrong)
    claims.checks("eq:5", values, np.nextafter(values, 2), "E.", rtol=1e-9, refuses=wrong)
    claims.checks("eq:5", np.arange(size) / 8, np.linspace(0, (size - 1) / 8, size), "E.", atol=1e-9, refuses=wrong)


@pytest.mark.parametrize("data", [[0.3, 0.2], np.array([0.3, 0.2]), {"a": 0.3, "b": 0.2}, ["0.3"], [(1, 2.0)]])
def test_a_rule_that_knows_its_data_does_not_judge_them(data: Any) -> None:
    terms = {"verdict": "reproduced", **RULE, "refuses": {"other": [7.0]}}
    for knows in (lambda given: [given is data], lambda given: [pickle.dumps(given) == pickle.dumps(data)]):
        if isinstance(data, list) and knows(["0.3"])[0]:
            continue  # words have nothing to be a billionth larger
        with pytest.raises(ValueError, match="meets must judge the data"):
            claims.judges("fig:2", data, knows, "G.", **terms)


# Contradictions, quotations, and what waits.


def untyped() -> Any:
    return np.ones((2, 3)) @ np.ones((2, 3))


def test_places_that_differ_and_formulas_without_type_are_contradictions() -> None:
    found = claims.contradicts(
        "text:x", {"§5": ("a", 10_000), "C.4": ("b", 20_000)}, "Iterations.", agrees=10_000
    ).record
    assert (found["verdict"], found["error"]) == ("inconsistent", "says 10000 and 20000")
    found = claims.contradicts("eq:73", {"(73)": ("uv", untyped)}, "A product.", agrees=lambda: untyped).record
    assert found["error"] == "it has no type: ValueError"
    with pytest.raises(ClaimRejected, match="the places agree"):
        claims.contradicts("text:x", {"§5": ("a", 1), "C.4": ("b", 1)}, "Iterations.", agrees=1)
    with pytest.raises(ClaimRejected, match="the repaired form fails too"):
        claims.contradicts("eq:73", {"(73)": ("uv", untyped)}, "A product.", agrees=untyped)


a, b = sp.symbols("a b", positive=True)


@pytest.mark.parametrize(
    "places", [(0.5, sp.Rational(1, 2)), (1, 1.0), ((a + b) ** 2, a**2 + 2 * a * b + b**2), ("A word ", "a  word")]
)
def test_two_spellings_of_one_value_are_no_contradiction(places: tuple[Any, Any]) -> None:
    with pytest.raises(ClaimRejected, match="the places agree"):
        claims.contradicts("text:x", {"§1": ("a", places[0]), "§2": ("b", places[1])}, "A ratio.", agrees=places[0])


@pytest.mark.parametrize("words", ["one half", "1/2", "50 %", r"$\frac{1}{2}$", "0.5", "Two thirds"])
def test_a_number_in_words_cannot_be_set_against_another_spelling(words: str) -> None:
    with pytest.raises(ValueError, match="places must give numbers as numbers"):
        claims.contradicts("text:x", {"§1": ("a", words), "§2": ("b", "a fifth of it all")}, "A ratio.", agrees="x")
    with pytest.raises(ValueError, match="places must"):
        claims.contradicts("text:x", {"§1": ("a", words), "§2": ("b", sp.Rational(1, 2))}, "A ratio.", agrees=1)


def test_words_are_not_compared_with_numbers() -> None:
    with pytest.raises(ValueError, match="all in words or none"):
        claims.contradicts("text:x", {"§1": ("a", "as many as tasks"), "§2": ("b", 2)}, "How many.", agrees=2)


def test_a_contradiction_shows_what_each_place_says() -> None:
    half = sp.Rational(1, 2)
    places = {"§1": ("half of it", half), "§3": (r"$\frac{1}{3}$", sp.Rational(1, 3))}
    shown = card(claims.contradicts("text:x", places, "A ratio.", agrees=half))
    assert '<div class="figures">\n\n§1: “half of it” ($\\frac{1}{2}$) · §3: “$\\frac{1}{3}$”\n\n</div>' in shown
    shown = card(claims.contradicts("eq:73", {"(73)": ("uv", untyped)}, "A product.", agrees=lambda: untyped))
    assert '<div class="figures">\n\n(73): “uv” (of no type)\n\n</div>' in shown


@pytest.mark.parametrize("item", [1, ("", 1), (1, 1), ("a", 1, 2), "words"])
def test_a_place_comes_with_its_words(item: Any) -> None:
    with pytest.raises(ValueError, match=r"places\['§1'\] must be the words of the paper and their value"):
        claims.contradicts("text:x", {"§1": item, "§2": ("b", 2)}, "A number.", agrees=2)


def test_quotations_name_their_source() -> None:
    assert str(claims.quotes("thm:2", "A bound.", "a book")) == "quoted · Thm. 2 · A bound. [a book]"
    assert str(claims.awaits("tab:1", "Five seeds.")) == "open · Table 1 · Five seeds. [not run yet]"


# What a check tries on itself.


def test_exchanges_scale_and_drop_factors() -> None:
    tried = [*refusals.exchanges({"eq:9": x * (x + 1), "eq:8": sp.Integer(3)}, {"eq:9": x, "eq:8": x})]
    off = [wrong["eq:8"] for name, wrong in tried if name == "1 % off"]
    assert off == [sp.Rational(303, 100), sp.Rational(297, 100)] and ("without x", {"eq:9": x + 1}) in tried
    matrix = dict(refusals.exchanges(sp.Matrix([[x * y, 0]])))
    assert matrix["without y"] == sp.Matrix([[x, 0]])
    off = [float(wrong[0]) for _, wrong in refusals.exchanges([0.0, 0.0], [0.0, 5.0])]
    assert off == pytest.approx([0.05, -0.05, 5.0, -2.5])


@pytest.mark.parametrize(
    ("check", "value", "formula", "options"),
    [
        ("checks", [1.0, 2.0], [1.4, 2.4], {"atol": 0.401, "refuses": {"a": [3.0, 9.0]}}),
        ("checks", [1.0], [1.4], {"rtol": 0.2858, "refuses": {"a": [3.0]}}),
        ("checks", [1.0], [0.6], {"rtol": 0.6667, "refuses": {"a": [0.1]}}),
        ("checks", [1.0, 2.0], [1.01, 2.02], {"rtol": 0.01, "refuses": {"a": [3.0, 4.0]}}),
        ("checks", [1.0, 2.0], [1.5, 3.0], {"rtol": 1.001e-6, "floor": 1e6, "refuses": {"a": [3.0, 9.0]}}),
        ("samples", 10.0 * np.random.default_rng(1).standard_normal(1000), 0.7, {"refuses": {"a": 1e6}}),
    ],
)
def test_a_tolerance_cut_to_fit_is_on_record(check: str, value: Any, formula: Any, options: Any) -> None:
    """A false formula at the edge of its tolerance is refused on one side only: the other side survives."""
    found = getattr(claims, check)("eq:9", value, formula, "Cut to fit.", **options).record
    assert "1 % off" in found["survives"]


@pytest.mark.parametrize(
    ("check", "sides", "wrong", "options"),
    [
        ("checks", ([1.0], [1.0]), [math.nan], {"rtol": 1e-9}),
        ("checks", ([1.0], [1.0]), [math.inf], {"rtol": 1e-9}),
        ("samples", ([1.0, 2.0, 3.0], 2.0), math.nan, {}),
        ("proves", ((x + 1) ** 2, x**2 + 2 * x + 1), sp.nan, {"shows": "x"}),
        ("proves", ((x + 1) ** 2, x**2 + 2 * x + 1), sp.oo, {"shows": "x"}),
        ("proves", ((x + 1) ** 2, x**2 + 2 * x + 1), sp.zoo, {"shows": "x"}),
    ],
)
def test_a_refusal_is_finite(check: str, sides: Any, wrong: Any, options: Any) -> None:
    with pytest.raises(ValueError, match="must be comparable with what is accepted"):
        getattr(claims, check)("eq:9", *sides, "A square.", refuses={"a": wrong}, **options)


def test_booleans_are_no_numbers() -> None:
    for pair in ((True, np.bool_(True)), ([True, True], [True, True]), (np.ones(2, bool), np.ones(2))):
        with pytest.raises(ValueError, match="must be numbers, not booleans"):
            claims.checks("eq:9", *pair, "Flags.", atol=0.1, refuses={"a": [9.0, 9.0]})


def test_what_survives_an_exchange_is_on_record() -> None:
    assert "survives" not in call("proves").record and "survives" not in call("checks").record
    assert call("samples").record["survives"] == ["1 % off", "twice", "half"]
    found = claims.checks("eq:9", 1.0, 1.0, "Coarse.", atol=0.1, refuses={"two": 2.0}).record
    assert found["survives"] == ["1 % off"]


# The card.


@pytest.mark.parametrize("name", CHECKS)
def test_the_record_is_json_and_the_card_shows_it(name: str) -> None:
    found = call(name, shows="a=b")
    bundle = found._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/markdown", MIME}
    assert bundle[MIME] == found.record | {"anchor": f"evidence-{digest(found.record)}"}
    assert json.loads(json.dumps(bundle[MIME], allow_nan=False)) == bundle[MIME]
    text = bundle["text/markdown"]
    assert text.startswith(f'<div class="evidence {found.record["verdict"]}" id="{found.anchor}">\n\n')
    assert (
        '<a href="claims.html#eq-9">Eq. (9)</a>' in text and "\n$$\na=b\n$$\n" in text and text.endswith("\n\n</div>")
    )
    assert f"refuses *{found.record['refuses'][0]['wrong']}*" in text
    assert bundle["text/plain"].startswith(f"{found.record['verdict']} · Eq. (9) · ")


def test_a_card_says_case_scale_and_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_PRINTED", {})
    printed = claims.prints("eq:9", x**2, "x^2")
    assert "(case: $d=2$)" in card(call("proves", case="$d=2$"))
    assert "(2 seeds)" in card(call("judges"))
    text = card(call("proves", printed=printed, shows="x"))
    assert '<div class="printed">\n\n**As printed: $x^2$, false:** ' in text and "True is" not in text


def test_words_that_are_true_and_words_that_are_printed_each_have_a_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_PRINTED", {})
    printed = claims.prints("eq:9", x**2, r"\text{the larger of the two}")
    text = card(call("proves", printed=printed, shows=r"\text{the smaller one}"))
    assert '\n<div class="true">\n\n**True is: the smaller one.**\n\n</div>\n' in text
    assert '<div class="printed">\n\n**As printed: “the larger of the two”, false:** ' in text
    assert "True is" not in card(call("proves", shows=r"\text{nothing is printed that it could correct}"))


def test_no_mathematics_stands_within_a_line_of_html(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visual Studio Code shows it as TeX there, and sets it in blocks."""
    monkeypatch.setattr(refusals, "_PRINTED", {})
    texts = [
        card(call("proves", printed=claims.prints("eq:9", x**2, "x^2"), shows=tex)) for tex in ("x", r"\text{so }x")
    ]
    for text in [*texts, card(call("proves", case="$d=2$"))]:
        assert "$" in text and not re.search(r"<(span|a)\b[^>]*>[^<]*\$", text)


def test_a_formula_that_is_a_sentence_is_set_as_words() -> None:
    text = card(call("proves", shows=r"\text{larger than the risk that has }\rho_H^2"))
    assert "\nlarger than the risk that has $\\rho_H^2$\n" in text and "$$" not in text
    text = card(call("proves", shows=r"x_{\text{what is an index and longer than a line}}"))
    assert "$$\nx_{\\text{" in text


@pytest.mark.parametrize("ids", ["", "  ", "9", "eq:9 prop"])
def test_ids_must_be_rows_of_the_ledger(ids: str) -> None:
    with pytest.raises(ValueError, match="ids must be rows of the ledger separated by spaces"):
        claims.quotes(ids, "A bound.", "a book")


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("eq:47-56", "Eqs. (47)–(56)"),
        ("prop:1", "Prop. 1"),
        ("ass:1-2", "Assumptions 1–2"),
        ("text:near-zero-risk", "“near zero risk”"),
        ("def:adapted-covariance", "adapted covariance"),
    ],
)
def test_labels(claim: str, expected: str) -> None:
    assert label(claim) == expected
