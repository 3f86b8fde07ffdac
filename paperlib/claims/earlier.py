"""Checks in the form that chapters had before refusals became arguments; chapters 6, 8, 9 and 10 still use it.

Each check names rows of ``book/claims.yml`` and raises `ClaimRejected` when its two sides differ. A twin,
``with rejecting(...)``, passes only if the check inside it rejects. `paperlib.claims` is the form to use.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import sympy as sp
from IPython.display import display
from numpy.typing import ArrayLike

from paperlib.claims.earlier_evidence import Evidence, figures, record

ROUNDING = 1e-12
"""Deviations below this are reported as this: their digits differ between machines."""


class ClaimRejected(AssertionError):
    """A check found that its two sides differ; `record` is the evidence of it."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.record = found
        super().__init__(f"{', '.join(found['claims'])}: {found['says']} ({figures(found)})")


class Undecided(RuntimeError):
    """Sympy could not reduce a difference that vanishes at random points: use `checks` at 50 digits instead."""


def states(ids: str, says: str) -> Evidence:
    """Record a definition or an assumption: there is nothing to prove in it."""
    return Evidence(record(ids, "stated", "definition", says))


def quotes(ids: str, says: str, source: str) -> Evidence:
    """Record a statement that rests on a cited source."""
    return Evidence(record(ids, "quoted", "source", says, source=source))


def awaits(ids: str, says: str) -> Evidence:
    """Record that a row is open, since what would decide it does not exist yet; `says` names it."""
    return Evidence(record(ids, "open", "lacking", says))


def proves(ids: str, lhs: Any, rhs: Any, says: str) -> Evidence:
    """Show by sympy that two expressions, matrices or lists of them are equal.

    Raises:
        ClaimRejected: if they differ at a rational point, which the evidence then names.
        Undecided: if sympy does not reduce the difference to zero although no such point was found.
        ValueError: if the shapes differ, or there is nothing to compare.

    Example:
        >>> x = sp.Symbol("x")
        >>> proves("eq:1", (x + 1) ** 2, x**2 + 2 * x + 1, "the square of a sum").record["residual"]
        '0'
    """
    if _shape(lhs) != _shape(rhs) or not _flat(lhs):
        raise ValueError(f"lhs and rhs must have equal shapes, not empty; got {_shape(lhs)} and {_shape(rhs)}")
    for left, right in zip(_flat(lhs), _flat(rhs), strict=True):
        difference = sp.sympify(left) - sp.sympify(right)
        residual = _residual(difference)
        if residual is not None:
            raise ClaimRejected(record(ids, "rejected", "sympy", says, residual=residual))
        if not _is_zero(difference):
            raise Undecided(f"{ids}: sympy leaves {sp.simplify(difference)}, which vanishes at the points tried")
    return Evidence(record(ids, "proved", "sympy", says, residual="0"))


def checks(
    ids: str, value: Any, reference: Any, says: str, *, rtol: float | None = None, atol: float | None = None
) -> Evidence:
    """Compare numbers, arrays or equally long sequences of them, instance by instance along the first axis.

    The deviation of an instance is its largest absolute difference, divided for `rtol` by its largest reference
    (unless that is zero).

    Raises:
        ClaimRejected: if the largest deviation exceeds the tolerance, or is not a number.
        ValueError: unless exactly one of `rtol` and `atol` is given, and the shapes agree.

    Example:
        >>> checks("eq:1", [1.0, 2.0], [1.0, 2.0 + 1e-13], "two numbers", rtol=1e-10).record["deviation"]
        '1e-12'
    """
    if (rtol is None) == (atol is None):
        raise ValueError(f"give exactly one of rtol and atol; got rtol={rtol}, atol={atol}")
    tolerance = float(atol if rtol is None else rtol)  # type: ignore[arg-type]
    values, references = _instances("value", value), _instances("reference", reference)
    if len(values) != len(references) or not values:
        raise ValueError(
            f"value and reference must be equally many, at least one; got {len(values)}, {len(references)}"
        )
    deviations = []
    for left, right in zip(values, references, strict=True):
        if left.shape != right.shape:
            raise ValueError(f"value and reference must have equal shapes; got {left.shape} and {right.shape}")
        scale = 1.0 if rtol is None else np.abs(right).max()
        gap = np.abs(left - right).max()
        deviations.append(gap / scale if scale > 0 else gap)
    deviation = float(np.max(deviations))
    found = {"instances": len(values), "deviation": f"{deviation:.2g}", "tolerance": f"{tolerance:g}"}
    if not deviation <= tolerance:
        raise ClaimRejected(record(ids, "rejected", "numerical", says, **found))
    found["deviation"] = f"{min(_decade(deviation), tolerance):g}"
    return Evidence(record(ids, "checked", "numerical", says, **found))


def samples(ids: str, draws: ArrayLike, expected: ArrayLike, says: str, *, limit: float = 4.5) -> Evidence:
    """Compare the mean of independent draws, (n, ...), with its expectation, (...), in standard errors.

    A gap below `ROUNDING` passes, since draws that do not vary have no standard error: not for tinier quantities.

    Raises:
        ClaimRejected: if an entry is further than `limit` standard errors from its expectation.

    Example:
        >>> samples("eq:1", np.random.default_rng(0).normal(size=1000), 0.0, "a mean of zero").record["kind"]
        'monte carlo'
    """
    array = np.asarray(draws, dtype=float)
    if array.ndim < 1 or array.shape[0] < 2 or array.shape[1:] != np.shape(expected):
        raise ValueError(
            f"draws must have shape (n, ...) with n > 1 over expected's {np.shape(expected)}; got {array.shape}"
        )
    error = array.std(axis=0, ddof=1) / math.sqrt(array.shape[0])
    gap = np.abs(array.mean(axis=0) - np.asarray(expected, dtype=float))
    deviation = float(np.max(np.where(gap <= ROUNDING, 0.0, gap / np.maximum(error, ROUNDING))))
    found = {"instances": int(array.shape[0]), "deviation": f"{deviation:.1f}", "tolerance": f"{limit:g}"}
    if not deviation <= limit:
        raise ClaimRejected(record(ids, "rejected", "monte carlo", says, **found))
    return Evidence(record(ids, "checked", "monte carlo", says, **found))


def holds(ids: str, outcomes: ArrayLike, says: str) -> Evidence:
    """Record that a statement, such as an inequality, holds in every one of the instances given as booleans.

    Raises:
        ClaimRejected: if it fails in one.
    """
    return _judge(ids, outcomes, says, verdict="checked", kind="instances")


def reproduces(ids: str, outcomes: ArrayLike, rule: str, says: str) -> Evidence:
    """Record that an experiment came out as the paper says, by a rule fixed before it ran.

    Raises:
        ClaimRejected: if one of the outcomes fails.
    """
    return _judge(ids, outcomes, says, verdict="reproduced", kind="experiment", rule=rule)


def fails_to_reproduce(ids: str, outcomes: ArrayLike, rule: str, says: str) -> Evidence:
    """Record that an experiment did not come out as the paper says, by a rule fixed before it ran.

    Raises:
        ClaimRejected: if no outcome fails.
    """
    flags = _flags(outcomes)
    found = {"rule": rule, "instances": len(flags), "violations": flags.count(False)}
    if all(flags):
        raise ClaimRejected(record(ids, "rejected", "experiment", says, **found))
    return Evidence(record(ids, "not reproduced", "experiment", says, **found))


@contextmanager
def rejecting(wrong: str, *, printed: bool = False) -> Iterator[None]:
    """Demand that the check inside rejects, and record what it rejected.

    Args:
        wrong: what is wrong with the formula given to the check, as a noun phrase.
        printed: whether that formula is the one the paper prints, which makes its row "corrected".

    Raises:
        AssertionError: if the check accepts the wrong formula.

    Example:
        >>> with rejecting("a flipped sign"):
        ...     _ = checks("eq:1", 1.0, -1.0, "one is minus one", rtol=1e-10)
        rejected · Eq. (1) · a flipped sign [deviation 2, tolerance 1e-10, 1 instance]
    """
    try:
        yield
    except ClaimRejected as rejection:
        evidence = Evidence(rejection.record | {"says": wrong, "printed": printed})
    else:
        raise AssertionError(f"the check accepted a wrong formula: {wrong}")
    if _in_notebook():
        display(evidence)  # type: ignore[no-untyped-call]
    else:
        print(evidence)


def _judge(ids: str, outcomes: ArrayLike, says: str, *, verdict: str, kind: str, **extra: Any) -> Evidence:
    flags = _flags(outcomes)
    found = extra | {"instances": len(flags), "violations": flags.count(False)}
    if not all(flags):
        raise ClaimRejected(record(ids, "rejected", kind, says, **found))
    return Evidence(record(ids, verdict, kind, says, **found))


def _flags(outcomes: ArrayLike) -> list[bool]:
    array = np.asarray(outcomes)
    if array.dtype != bool or array.size == 0:
        raise ValueError(f"outcomes must be booleans, at least one; got dtype {array.dtype}, shape {array.shape}")
    return [bool(flag) for flag in array.ravel()]


def _decade(deviation: float) -> float:
    return float(10.0 ** math.ceil(math.log10(max(deviation, ROUNDING)) - 1e-9))


def _instances(name: str, value: Any) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    items = list(value) if isinstance(value, list | tuple) or np.ndim(value) > 0 else [value]
    arrays = [np.asarray(item, dtype=float) for item in items]
    if any(array.size == 0 for array in arrays):
        raise ValueError(f"{name} must not hold empty instances")
    return arrays


def _flat(expression: Any) -> list[Any]:
    if isinstance(expression, sp.MatrixBase):
        return list(expression)
    if isinstance(expression, Sequence):
        return [entry for item in expression for entry in _flat(item)]
    return [expression]


def _shape(expression: Any) -> Any:
    if isinstance(expression, sp.MatrixBase):
        return expression.shape
    return [_shape(item) for item in expression] if isinstance(expression, Sequence) else ()


def _is_zero(difference: Any) -> bool:
    return bool(difference == 0 or sp.expand(difference) == 0 or sp.simplify(sp.together(difference)) == 0)


def _residual(difference: Any) -> str | None:
    symbols = sorted(difference.free_symbols, key=str)
    for offset in range(5):
        point = {s: sp.Rational(1, sp.prime(i + 2 + offset)) for i, s in enumerate(symbols)}
        value = sp.N(difference.subs(point), 50, chop=True)
        if not value.is_finite or abs(value) > 1e-40:
            where = ", ".join(f"{symbol} = {number}" for symbol, number in point.items())
            if len(symbols) > 4:
                where = "a rational point"
            return f"by {sp.N(value, 3)}" + (f" at {where}" if where else "")
    return None


def _in_notebook() -> bool:
    from IPython import get_ipython

    return get_ipython() is not None
