"""Every check accepts what is right and rejects what is wrong, and its evidence says what it found."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp

from paperlib import claims, evidence
from paperlib.claims import ClaimRejected, Undecided, rejecting
from paperlib.evidence import MIME, Evidence, label

x, y = sp.symbols("x y", positive=True)
RULE = "every seed agrees"


def record_of(call: Callable[[], Evidence]) -> dict[str, Any]:
    """The record of a check, whether it accepts or rejects."""
    try:
        return call().record
    except ClaimRejected as rejection:
        return rejection.record


# Symbolic equality.


@pytest.mark.parametrize(
    ("lhs", "rhs"),
    [
        ((x + y) ** 2, x**2 + 2 * x * y + y**2),
        (sp.sin(x) ** 2 + sp.cos(x) ** 2, 1),
        ([x / (x + x * y), [x]], [1 / (1 + y), [x]]),
        (sp.Matrix([[x, y]]) * 2, sp.Matrix([[2 * x, y + y]])),
        (2, sp.Integer(2)),
    ],
)
def test_proves_accepts_equal_expressions(lhs: Any, rhs: Any) -> None:
    found = claims.proves("prop:1 eq:6", lhs, rhs, "they agree").record
    assert found == {
        "claims": ["prop:1", "eq:6"],
        "verdict": "proved",
        "kind": "sympy",
        "says": "they agree",
        "residual": "0",
    }


@pytest.mark.parametrize(
    ("lhs", "rhs", "residual"),
    [
        ((x + y) ** 2, x**2 + y**2, "by 0.133 at x = 1/3, y = 1/5"),
        ([x, y], [x, -y], "by 0.667 at y = 1/3"),
        (sp.Matrix([[x, y]]), sp.Matrix([[x, x]]), "by -0.133 at x = 1/3, y = 1/5"),
        (2, 3, "by -1.00"),
        (x / 3, x * sp.Rational(333333333333, 10**12), "by 1.11E-13 at x = 1/3"),
    ],
)
def test_proves_rejects_different_expressions(lhs: Any, rhs: Any, residual: str) -> None:
    with pytest.raises(ClaimRejected, match=r"^eq:1: they agree \(sympy: differs, by ") as caught:
        claims.proves("eq:1", lhs, rhs, "they agree")
    assert caught.value.record["residual"] == residual
    assert caught.value.record["verdict"] == "rejected"


@pytest.mark.parametrize(
    ("lhs", "rhs"), [([x], [x, y]), (sp.Matrix([[x, y]]), sp.Matrix([[x], [y]])), ([], []), (sp.Matrix(), sp.Matrix())]
)
def test_proves_refuses_shapes_that_differ_or_are_empty(lhs: Any, rhs: Any) -> None:
    with pytest.raises(ValueError, match="lhs and rhs must have equal shapes"):
        claims.proves("eq:1", lhs, rhs, "they agree")


def test_proves_does_not_call_undecided_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_is_zero", lambda difference: False)
    with pytest.raises(Undecided, match="which vanishes at the points tried"):
        claims.proves("eq:1", sp.sqrt(x**2), x, "they agree")


@pytest.mark.parametrize("undefined", [sp.nan, sp.zoo])
def test_proves_rejects_what_is_undefined(undefined: Any) -> None:
    with pytest.raises(ClaimRejected):
        claims.proves("eq:1", undefined, x, "they agree")


# Numerical equality.


@pytest.mark.parametrize(
    ("value", "reference", "tolerance", "instances", "deviation"),
    [
        (1.0, 1.0, {"rtol": 1e-10}, 1, "1e-12"),
        (1.25, 1.0, {"atol": 0.25}, 1, "0.25"),
        (4.5, 4.0, {"rtol": 0.125}, 1, "0.125"),
        ([1.0, 2.0 + 3e-9], [1.0, 2.0], {"atol": 1e-6}, 2, "1e-08"),
        (np.eye(3), np.eye(3), {"rtol": 1e-9}, 3, "1e-12"),
        ([np.eye(2), np.ones(3)], [np.eye(2), np.ones(3)], {"atol": 0.0}, 2, "0"),
        ([[1.0, 1e-9]], [[1.0, 0.0]], {"rtol": 1e-8}, 1, "1e-09"),
    ],
)
def test_checks_accepts_up_to_its_tolerance(
    value: Any, reference: Any, tolerance: dict[str, float], instances: int, deviation: str
) -> None:
    found = claims.checks("eq:9", value, reference, "they agree", **tolerance).record
    assert (found["verdict"], found["kind"]) == ("checked", "numerical")
    assert (found["instances"], found["deviation"]) == (instances, deviation)


@pytest.mark.parametrize(
    ("value", "reference", "tolerance"),
    [
        (1.2500001, 1.0, {"atol": 0.25}),
        (4.5000001, 4.0, {"rtol": 0.125}),
        ([1.0, -2.0], [1.0, 2.0], {"rtol": 0.1}),
        ([[1.0], [2.0]], [[2.0], [1.0]], {"rtol": 0.1}),
        (math.nan, 1.0, {"rtol": 0.1}),
        (1.0, math.nan, {"rtol": 0.1}),
        (math.nan, math.nan, {"atol": 0.1}),
        ([1.0, math.nan], [1.0, 2.0], {"atol": 0.1}),
        (math.inf, 1.0, {"atol": 0.1}),
        (1.0, 1.0, {"atol": math.nan}),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_checks_rejects_beyond_its_tolerance(value: Any, reference: Any, tolerance: dict[str, float]) -> None:
    with pytest.raises(ClaimRejected, match=r"^eq:9: they agree \(deviation ") as caught:
        claims.checks("eq:9", value, reference, "they agree", **tolerance)
    assert caught.value.record["verdict"] == "rejected"
    json.dumps(caught.value.record, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "reference", "tolerance", "message"),
    [
        ([1.0], [1.0, 2.0], {"atol": 1.0}, "must be equally many, at least one; got 1, 2"),
        ([], [], {"atol": 1.0}, "must be equally many, at least one; got 0, 0"),
        ([[]], [[]], {"atol": 1.0}, "value must not hold empty instances"),
        ([[1.0, 1.0]], [[1.0]], {"atol": 1.0}, r"must have equal shapes; got \(2,\) and \(1,\)"),
        (np.ones((1, 2, 3)), np.ones((1, 3, 2)), {"atol": 1.0}, r"equal shapes; got \(2, 3\) and \(3, 2\)"),
        (1.0, 1.0, {}, "exactly one of rtol and atol; got rtol=None, atol=None"),
        (1.0, 1.0, {"rtol": 1.0, "atol": 1.0}, r"exactly one of rtol and atol; got rtol=1\.0, atol=1\.0"),
    ],
)
def test_checks_refuses_what_cannot_be_compared(value: Any, reference: Any, tolerance: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        claims.checks("eq:9", value, reference, "they agree", **tolerance)


# Monte Carlo.

DRAWS = np.array([[0.0, 4.0], [2.0, 0.0]])  # means 1 and 2 with standard errors 1 and 2


@pytest.mark.parametrize(("expected", "limit", "deviation"), [([1, 2], 4.5, "0.0"), ([-1, 2], 2.0, "2.0")])
def test_samples_accepts_within_its_limit(expected: list[float], limit: float, deviation: str) -> None:
    found = claims.samples("lem:2", DRAWS, expected, "a mean", limit=limit).record
    assert (found["verdict"], found["kind"], found["instances"]) == ("checked", "monte carlo", 2)
    assert (found["deviation"], found["tolerance"]) == (deviation, f"{limit:g}")


@pytest.mark.parametrize(
    ("draws", "expected"),
    [
        (DRAWS, [-1.01, 2]),
        (DRAWS, [1, 6.01]),
        (DRAWS, [math.nan, 2]),
        ([[math.nan, 4.0], [2.0, 0.0]], [1, 2]),
        ([1.0, 1.0, 1.0], 1.001),
    ],
)
def test_samples_rejects_beyond_its_limit(draws: Any, expected: Any) -> None:
    with pytest.raises(ClaimRejected, match=r"^lem:2: a mean \(.* standard errors, limit 2, ") as caught:
        claims.samples("lem:2", draws, expected, "a mean", limit=2.0)
    json.dumps(caught.value.record, allow_nan=False)


@pytest.mark.parametrize(("draws", "expected"), [(1.0, 1.0), ([1.0], 1.0), (DRAWS, 1.0), (DRAWS, [1, 2, 3]), ([], 1.0)])
def test_samples_refuses_shapes_that_differ(draws: Any, expected: Any) -> None:
    with pytest.raises(ValueError, match=r"draws must have shape \(n, \.\.\.\) with n > 1 over expected's"):
        claims.samples("lem:2", draws, expected, "a mean")


# Instances and experiments.


def test_holds_needs_every_instance() -> None:
    found = claims.holds("text:x", [[True, True], [True, True]], "always").record
    assert (found["verdict"], found["kind"], found["instances"], found["violations"]) == ("checked", "instances", 4, 0)
    with pytest.raises(ClaimRejected, match=r"^text:x: always \(2 instances, 1 violation\)$"):
        claims.holds("text:x", [True, False], "always")


def test_reproduces_needs_every_outcome() -> None:
    found = claims.reproduces("fig:2", [True] * 3, RULE, "as printed").record
    assert (found["verdict"], found["kind"], found["rule"]) == ("reproduced", "experiment", RULE)
    with pytest.raises(ClaimRejected, match=r"3 instances, 2 violations"):
        claims.reproduces("fig:2", [True, False, False], RULE, "as printed")


def test_fails_to_reproduce_needs_a_failure() -> None:
    found = claims.fails_to_reproduce("fig:2", [True, False], RULE, "as printed").record
    assert (found["verdict"], found["rule"], found["violations"]) == ("not reproduced", RULE, 1)
    with pytest.raises(ClaimRejected, match=r"2 instances, 0 violations"):
        claims.fails_to_reproduce("fig:2", [True, True], RULE, "as printed")


@pytest.mark.parametrize("outcomes", [[], [1, 1], [math.nan], ["yes"], 1.0])
def test_outcomes_must_be_booleans(outcomes: Any) -> None:
    calls: list[Callable[[], Evidence]] = [
        lambda: claims.holds("fig:2", outcomes, "always"),
        lambda: claims.reproduces("fig:2", outcomes, RULE, "always"),
        lambda: claims.fails_to_reproduce("fig:2", outcomes, RULE, "always"),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="outcomes must be booleans, at least one; got dtype"):
            call()


# Twins.

WRONG: dict[str, Callable[[], Evidence]] = {
    "proves": lambda: claims.proves("eq:9", x, -x, "they agree"),
    "checks": lambda: claims.checks("eq:9", 1.0, -1.0, "they agree", rtol=1e-10),
    "samples": lambda: claims.samples("eq:9", DRAWS, [1, 20], "a mean"),
    "holds": lambda: claims.holds("eq:9", [False], "always"),
    "reproduces": lambda: claims.reproduces("eq:9", [False], RULE, "as printed"),
    "fails_to_reproduce": lambda: claims.fails_to_reproduce("eq:9", [True], RULE, "as printed"),
}
RIGHT: dict[str, Callable[[], Evidence]] = {
    "proves": lambda: claims.proves("eq:9", x, x, "they agree"),
    "checks": lambda: claims.checks("eq:9", 1.0, 1.0, "they agree", rtol=1e-10),
    "samples": lambda: claims.samples("eq:9", DRAWS, [1, 2], "a mean"),
    "holds": lambda: claims.holds("eq:9", [True], "always"),
    "reproduces": lambda: claims.reproduces("eq:9", [True], RULE, "as printed"),
    "fails_to_reproduce": lambda: claims.fails_to_reproduce("eq:9", [False], RULE, "as printed"),
    "states": lambda: claims.states("eq:9", "a definition"),
    "quotes": lambda: claims.quotes("eq:9", "a bound", "Vershynin, Theorem 4.6.1"),
}


@pytest.mark.parametrize("check", WRONG)
@pytest.mark.parametrize("printed", [False, True])
def test_a_twin_passes_when_its_check_rejects(
    check: str, printed: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Evidence] = []
    monkeypatch.setattr(claims, "_in_notebook", lambda: True)
    monkeypatch.setattr(claims, "display", shown.append)
    with rejecting("a flipped sign", printed=printed):
        WRONG[check]()
    (twin,) = shown
    inside = record_of(WRONG[check])
    assert twin.record == inside | {"says": "a flipped sign", "printed": printed, "verdict": "rejected"}
    monkeypatch.setattr(claims, "_in_notebook", lambda: False)
    with rejecting("a flipped sign", printed=printed):
        WRONG[check]()
    assert capsys.readouterr().out == f"{twin}\n"


@pytest.mark.parametrize("check", RIGHT)
def test_a_twin_fails_when_its_check_accepts(check: str) -> None:
    with (
        pytest.raises(AssertionError, match=r"^the check accepted a wrong formula: a flipped sign$") as caught,
        rejecting("a flipped sign"),
    ):
        RIGHT[check]()
    assert not isinstance(caught.value, ClaimRejected)


def test_a_twin_lets_other_errors_through() -> None:
    with pytest.raises(ValueError, match="equal shapes"), rejecting("a flipped sign"):
        claims.checks("eq:9", [[1.0]], [[1.0, 2.0]], "they agree", rtol=1e-10)


# Evidence.

FIGURES = {
    "proves": {"residual"},
    "checks": {"instances", "deviation", "tolerance"},
    "samples": {"instances", "deviation", "tolerance"},
    "holds": {"instances", "violations"},
    "reproduces": {"rule", "instances", "violations"},
    "fails_to_reproduce": {"rule", "instances", "violations"},
    "states": set(),
    "quotes": {"source"},
}
VERDICTS = {
    "proves": "proved",
    "checks": "checked",
    "samples": "checked",
    "holds": "checked",
    "reproduces": "reproduced",
    "fails_to_reproduce": "not reproduced",
    "states": "stated",
    "quotes": "quoted",
}


@pytest.mark.parametrize("check", RIGHT)
def test_the_record_holds_what_the_ledger_reads(check: str) -> None:
    bundle = RIGHT[check]()._repr_mimebundle_()
    record = bundle[MIME]
    assert set(record) == {"claims", "verdict", "kind", "says", "anchor"} | FIGURES[check]
    assert record["claims"] == ["eq:9"] and record["verdict"] == VERDICTS[check]
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert f'id="{record["anchor"]}"' in bundle["text/html"]
    assert f'class="evidence {record["verdict"].replace(" ", "-")}"' in bundle["text/html"]
    assert bundle["text/plain"].startswith(f"{record['verdict']} · Eq. (9) · {record['says']} [")


def test_the_anchor_follows_the_record_and_nothing_else() -> None:
    one = Evidence({"claims": ["eq:9"], "verdict": "stated", "kind": "definition", "says": "a definition"})
    other = Evidence(dict(reversed(one.record.items())))
    assert one.anchor == other.anchor == RIGHT["states"]().anchor == "evidence-d7c715c6"
    assert Evidence(one.record | {"says": "another definition"}).anchor != one.anchor


def test_sentences_are_escaped_in_html_and_figures_count() -> None:
    found = claims.holds("rem:1", [True] * 1200, "a < b & c")
    assert "a &lt; b &amp; c" in found._repr_mimebundle_()["text/html"]
    assert str(found) == "checked · Remark 1 · a < b & c [1,200 instances, 0 violations]"
    assert str(claims.quotes("thm:2", "a bound", "a book")) == "quoted · Thm. 2 · a bound [a book]"


@pytest.mark.parametrize("ids", ["", "  ", "9", "eq:9 prop"])
def test_ids_must_be_rows_of_the_ledger(ids: str) -> None:
    with pytest.raises(ValueError, match="ids must be rows of the ledger separated by spaces"):
        claims.states(ids, "a definition")


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("eq:5", "Eq. (5)"),
        ("eq:47-56", "Eqs. (47)–(56)"),
        ("prop:1", "Prop. 1"),
        ("cor:2", "Cor. 2"),
        ("thm:3", "Thm. 3"),
        ("lem:2", "Lemma 2"),
        ("rem:1", "Remark 1"),
        ("ass:1-2", "Assumptions 1–2"),
        ("fig:8", "Fig. 8"),
        ("tab:4", "Table 4"),
        ("text:near-zero-risk", "“near zero risk”"),
        ("def:adapted-covariance", "adapted covariance"),
    ],
)
def test_labels(claim: str, expected: str) -> None:
    assert label(claim) == expected


def test_figures_of_a_single_instance_are_singular() -> None:
    found = evidence.record("eq:1", "rejected", "instances", "always", instances=1, violations=1)
    assert evidence.figures(found) == "1 instance, 1 violation"
