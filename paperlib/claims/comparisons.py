"""How a check compares its two sides: each comparison returns its figures, among them whether it accepts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

Figures = dict[str, Any]
NUMERALS = set("a an and one two three four five six seven eight nine ten twelve hundred thousand".split()) | set(
    "half halves third thirds quarter quarters fifth fifths tenth tenths percent per cent times".split()
)
"""Words that say a number."""
TWINS = 12
"""So many numbers with digits enough agree to the last bit only where one is a copy: two routes round differently."""
ROUNDING = 1e-12
"""Deviations below this are reported as this: their digits differ between machines."""


class Undecided(RuntimeError):
    """Sympy could not reduce a difference that vanishes at random points: use `checks` at 50 digits instead."""


def equal(lhs: Any, rhs: Any) -> Figures:
    """Compare expressions, matrices or lists of them by sympy.

    Raises:
        Undecided: if a difference vanishes at the points tried, and sympy does not reduce it.
        ValueError: if the shapes differ, or there is nothing to compare.
    """
    if shape(lhs) != shape(rhs) or not flat(lhs):
        raise ValueError(f"lhs and rhs must have equal shapes, not empty; got {shape(lhs)} and {shape(rhs)}")
    for left, right in zip(flat(lhs), flat(rhs), strict=True):
        difference = sp.sympify(left) - sp.sympify(right)
        residual = _residual(difference)
        if residual is not None:
            return {"ok": False, "residual": residual}
        if not (difference == 0 or sp.expand(difference) == 0 or sp.simplify(sp.together(difference)) == 0):
            raise Undecided(f"sympy leaves {sp.simplify(difference)}, which vanishes at the points tried")
    return {"ok": True, "residual": "0"}


def close(value: Any, reference: Any, tolerance: float, floor: float | None) -> Figures:
    """Compare numbers entry by entry; the deviation is relative to the reference, or absolute where floor is None."""
    values, references = instances("value", value), instances("reference", reference)
    if len(values) != len(references) or not values:
        raise ValueError(
            f"value and reference must be equally many, at least one; got {len(values)}, {len(references)}"
        )
    if _twins(values, references):
        raise ValueError("value and reference must be built independently; they agree to the last bit")
    deviations, widest = [], []
    for left, right in zip(values, references, strict=True):
        if left.shape != right.shape:
            raise ValueError(f"value and reference must have equal shapes; got {left.shape} and {right.shape}")
        gap = np.abs(left - right)
        if floor is not None:
            scale = np.maximum(np.abs(right), floor)
            with np.errstate(invalid="ignore"):  # an infinite reference has no relative deviation
                gap = np.where(gap == 0, 0.0, gap / np.where(scale > 0, scale, np.finfo(float).tiny))
        deviations.append(gap.max())
        widest.append(f"{left.flat[gap.argmax()]:.6g} against {right.flat[gap.argmax()]:.6g}")
    deviation = float(np.max(deviations))
    worst = widest[int(np.argmax(deviations))]
    return {"ok": deviation <= tolerance, "instances": len(values), "deviation": deviation, "worst": worst}


def mean(draws: ArrayLike, expected: ArrayLike, limit: float) -> Figures:
    """Compare the mean of independent draws, (n, ...), with its expectation, (...), in standard errors."""
    array = np.asarray(draws, dtype=float)
    if array.ndim < 1 or array.shape[0] < 2 or array.shape[1:] != np.shape(expected):
        raise ValueError(
            f"draws must have shape (n, ...) with n > 1 over expected's {np.shape(expected)}; got {array.shape}"
        )
    error = array.std(axis=0, ddof=1) / math.sqrt(array.shape[0])
    means, formula = array.mean(axis=0), np.asarray(expected, dtype=float)
    gap = np.abs(means - formula)
    deviations = np.where(gap <= ROUNDING, 0.0, gap / np.maximum(error, ROUNDING))
    worst = f"{means.flat[deviations.argmax()]:.6g} against {formula.flat[deviations.argmax()]:.6g}"
    deviation = float(deviations.max())
    found = {"ok": deviation <= limit, "instances": len(array), "deviation": deviation, "unit": "standard errors"}
    return found | {"worst": worst}


def within(value: ArrayLike, bound: ArrayLike, sign: float, probability: bool, atol: float) -> Figures:
    """Compare values with a bound above them (sign 1) or below (-1); a bound of 1 on a probability says nothing.

    The nearest instance comes to 1 - (distance / larger of both sizes) of its bound: the ratio of the two where both
    are positive.
    """
    values, bounds = (np.asarray(side, dtype=float) for side in (value, bound))
    if values.shape != bounds.shape or not values.size:
        raise ValueError(f"value and bound must have equal shapes, not empty; got {values.shape} and {bounds.shape}")
    if probability:
        values, bounds = values[bounds < 1.0], bounds[bounds < 1.0]
        if not values.size:
            raise ValueError("bound must be below 1 somewhere, or it says nothing of a probability; it never is")
    size = np.maximum(np.abs(values), np.abs(bounds))
    slack = sign * (bounds - values) / np.where(size > 0, size, 1.0)
    broken = ~((slack >= -ROUNDING) | (sign * (bounds - values) >= -atol))
    return {
        "ok": not broken.any(),
        "instances": int(values.size),
        "violations": int(broken.sum()),
        "nearest": float(np.max(np.where(broken, 1.0 - slack, np.minimum(1.0, 1.0 - slack)))),
        "median": float(np.median(bounds)),
        "worst": f"{values.flat[slack.argmin()]:.6g} against {bounds.flat[slack.argmin()]:.6g}",
    }


def alike(outcomes: ArrayLike, predicted: ArrayLike) -> Figures:
    """Compare what happened with what was predicted, case by case; both must happen, and fail to happen, somewhere."""
    seen, foretold = (np.asarray(side) for side in (outcomes, predicted))
    for name, array in (("outcomes", seen), ("predicted", foretold)):
        if array.dtype != bool or array.size == 0 or array.shape != seen.shape:
            raise ValueError(f"{name} must be booleans, as many as outcomes; got {array.dtype}, shape {array.shape}")
    if seen.all() or not seen.any():
        raise ValueError(f"outcomes must be true in some cases and false in others; all are {bool(seen.flat[0])}")
    wrong = int((seen != foretold).sum())
    worst = f"case {np.flatnonzero(seen != foretold)[0]} is {seen[seen != foretold][0]}" if wrong else ""
    return {
        "ok": wrong == 0,
        "instances": int(seen.size),
        "violations": wrong,
        "true": int(seen.sum()),
        "worst": worst,
    }


def merged(parts: Sequence[Figures]) -> Figures:
    """Return the figures of several comparisons as those of one."""
    found = dict(parts[0])
    for part in parts[1:]:
        if _amount(part) > _amount(found):
            found["worst"] = part.get("worst", "")
        for name, figure in part.items():
            if name in ("instances", "violations", "true"):
                found[name] += figure
            elif name in ("deviation", "nearest"):
                found[name] = max(found[name], figure)
            elif name == "median":
                found[name] = min(found[name], figure)
            elif name == "residual" and found[name] == "0":
                found[name] = figure
    return found | {"ok": all(part["ok"] for part in parts)}


def _amount(part: Figures) -> float:
    return float(part.get("deviation") or part.get("violations") or 0.0)


def contradiction(places: Iterable[Any]) -> str:
    """Say how values, or functions that fail, contradict each other; empty if they do not.

    Two spellings of one value do not: 1/2 is 0.5, and (a + b)² is a² + 2ab + b².

    Raises:
        ValueError: for words that are a number, which can only be compared as one, and for words beside numbers.
    """
    seen: list[Any] = []
    for place in places:
        if callable(place):
            try:
                place = place()
            except (ValueError, TypeError, sp.matrices.exceptions.ShapeError) as error:
                return f"it has no type: {type(error).__name__}"
        seen.append(place)
    words = [place for place in seen if isinstance(place, str)]
    for place in words:
        if set(re.sub(r"\\[a-z]+|[^a-z]", " ", place.casefold()).split()) <= NUMERALS:
            raise ValueError(f"places must give numbers as numbers; got {place!r}")
    if words and len(words) < len(seen):
        raise ValueError(f"places must be all in words or none; got {seen}")
    same = (
        len({" ".join(place.casefold().split()) for place in words}) < 2
        if words
        else all(equal(item, seen[0])["ok"] for item in seen[1:])
    )
    return "" if same else f"says {' and '.join(str(item) for item in seen)}"


def decade(deviation: float) -> float:
    """Return the power of ten at or above a deviation, at least that of rounding."""
    return float(10.0 ** math.ceil(math.log10(max(deviation, ROUNDING)) - 1e-9))


def instances(name: str, value: Any) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    """Return numbers as a list of arrays, one for each instance along the first axis."""
    items = list(value) if isinstance(value, list | tuple) or np.ndim(value) > 0 else [value]
    if any(np.asarray(item).dtype == bool for item in items):
        raise ValueError(f"{name} must be numbers, not booleans; cases are for `decides`, inequalities for `bounds`")
    arrays = [np.asarray(item, dtype=float) for item in items]
    if any(array.size == 0 for array in arrays):
        raise ValueError(f"{name} must not hold empty instances")
    return arrays


def flat(expression: Any) -> list[Any]:
    """Return the entries of an expression, a matrix, or nested lists and mappings of them."""
    if isinstance(expression, Mapping):
        return [entry for item in expression.values() for entry in flat(item)]
    if isinstance(expression, sp.MatrixBase):
        return list(expression)
    if isinstance(expression, Sequence):
        return [entry for item in expression for entry in flat(item)]
    return [expression]


def shape(expression: Any) -> Any:
    """Return the shape of a matrix, the shapes of a list, and () for an expression."""
    if isinstance(expression, sp.MatrixBase):
        return expression.shape
    return [shape(item) for item in expression] if isinstance(expression, Sequence) else ()


def _twins(values: Sequence[ArrayLike], references: Sequence[ArrayLike]) -> bool:
    """Tell whether numbers are a copy of others: those of few digits, as counts are, may agree to the last."""
    left, right = (np.concatenate([np.ravel(item) for item in side]) for side in (values, references))
    long = np.isfinite(left) & (np.frexp(left)[0] * 2.0**32 % 1.0 != 0)
    return left.shape == right.shape and long.sum() >= TWINS and bool((left == right)[long].all())


def _residual(difference: Any) -> str | None:
    symbols = sorted(difference.free_symbols, key=str)
    binds = difference.has(sp.Integral, sp.Sum, sp.Product, sp.Derivative, sp.Subs, sp.Limit)  # symbols of their own
    place = difference.subs if binds else difference.xreplace  # the second is ten times as fast
    for offset in range(5):
        point = {s: sp.Rational(1, sp.prime(i + 2 + offset)) for i, s in enumerate(symbols)}
        value = sp.N(place(point), 50, chop=True)
        if not value.is_finite or abs(value) > 1e-40:
            where = ", ".join(f"${sp.latex(symbol)} = {number}$" for symbol, number in point.items())
            if len(symbols) > 4:
                where = "a rational point"
            return f"by {sp.N(value, 3)}" + (f" at {where}" if where else "")
    return None
