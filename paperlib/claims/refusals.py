"""What a check must refuse: wrong formulas, the printed one, and exchanges that every check tries on itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from paperlib.evidence import rows

Wrong = Mapping[str, Any]
"""Wrong formulas by name, a noun phrase: each takes the place of the formula that the check accepts."""

_PRINTED: dict[str, str] = {}  # the TeX of every printed formula of this session, by row
MOST = 60  # exchanges of one formula
OFF = tuple(
    (name, sp.Rational(*factor))
    for name, *factors in (("1 % off", (101, 100), (99, 100)), ("twice", (2, 1)), ("half", (1, 2)))
    for factor in factors
)
"""How far off a check tries its formula: either way, for one that is too large already is refused when it grows."""


@dataclass(frozen=True)
class Printed:
    """The formula that the paper prints for rows, as `prints` defines it.

    Args:
        claims: rows of the ledger.
        value: an expression, a function, or numbers.
        tex: how the paper prints it.

    Example:
        >>> Printed(("eq:1",), lambda x: x**2, "x^2")(3).value
        9
    """

    claims: tuple[str, ...]
    value: Any
    tex: str

    def __call__(self, *args: Any, **options: Any) -> Printed:
        """Return it at these arguments, where its value is a function."""
        return Printed(self.claims, self.value(*args, **options), self.tex)

    def at(self, cases: Any) -> Printed:
        """Return its values at a sequence of tuples of arguments, as a list."""
        return Printed(self.claims, [self.value(*case) for case in cases], self.tex)


def prints(ids: str, value: Any, tex: str) -> Printed:
    r"""Define, once, the formula that the paper prints for a row of the ledger, or for rows that say the same.

    Args:
        ids: rows of the ledger, separated by spaces.
        value: the printed formula, an expression or a function of what the chapter gives it.
        tex: how the paper prints it; the same as `printed` of the row in ``book/claims.yml``.

    Raises:
        ValueError: if a row has another printed formula already, or the TeX holds a dollar sign, which would end it.

    Example:
        >>> square = prints("eq:1", lambda x: x**2, "x^2")
        >>> square.at([(1,), (2,)]).value
        [1, 4]
    """
    if "$" in tex:
        raise ValueError(rf"tex must hold no dollar sign, as \text{{of }}p\text{{ tasks}} does not; got {tex!r}")
    for claim in rows(ids):
        if _PRINTED.setdefault(claim, tex) != tex:
            raise ValueError(f"the printed formula of {claim} is defined once; got {tex!r} beside {_PRINTED[claim]!r}")
    return Printed(tuple(rows(ids)), value, tex)


Prints = Printed | Sequence[Printed] | None


def wrongs(
    claims: list[str], refuses: Wrong | None, printed: Prints, split: bool
) -> Iterator[tuple[str, list[str], Any, Printed | None]]:
    """Yield what a check must refuse: its name, the rows that it refutes, the wrong formula, and the printed one."""
    for name, wrong in (refuses or {}).items():
        if isinstance(wrong, Printed):
            raise ValueError(f"refuses must hold wrong formulas of our own; {name!r} is printed: hand it to printed")
        if split and (not isinstance(wrong, Mapping) or not wrong or not set(wrong) <= set(claims)):
            raise ValueError(f"refuses[{name!r}] must be a mapping from some of {claims}; got {wrong!r}")
        yield name, [claim for claim in claims if claim in wrong] if split else claims, wrong, None
    for item in printed if isinstance(printed, list | tuple) else [] if printed is None else [printed]:
        if not isinstance(item, Printed) or not set(item.claims) <= set(claims):
            raise ValueError(f"printed must be what prints() returned for some of {claims}; got {item!r}")
        yield "as printed", [*item.claims], dict.fromkeys(item.claims, item.value) if split else item.value, item


def exchanges(formula: Any, value: Any = 1.0) -> Iterator[tuple[str, Any]]:
    """Yield the formula 1 % off either way, doubled, halved, and with each of its factors dropped if an expression.

    Numbers that are all zero are moved by 1 % of the largest of `value`, by all of it and by half of it.

    Example:
        >>> x = sp.Symbol("x")
        >>> [str(wrong) for _, wrong in exchanges(x * (x + 1))]
        ['101*x*(x + 1)/100', '99*x*(x + 1)/100', '2*x*(x + 1)', 'x*(x + 1)/2', 'x + 1', 'x']
    """
    for name, factor in OFF:
        yield (
            name,
            {claim: scaled(formula[claim], factor, value[claim]) for claim in formula}
            if isinstance(formula, Mapping)
            else scaled(formula, factor, value),
        )
    for count, (name, wrong) in enumerate(_dropped(formula)):
        if count == MOST:
            return
        yield name, wrong


def scaled(formula: Any, factor: sp.Rational, value: Any) -> Any:
    """Multiply expressions exactly, and numbers in floating point."""
    if isinstance(formula, sp.Basic | sp.MatrixBase):
        return factor * formula
    if isinstance(formula, list | tuple):
        if any(isinstance(item, list | tuple | sp.Basic | sp.MatrixBase) for item in formula):
            numbers = (item if isinstance(item, list | tuple) else sp.sympify(item) for item in formula)
            return [scaled(item, factor, value) for item in numbers]
        if len({np.shape(item) for item in formula}) > 1:
            return [np.asarray(item, dtype=float) * float(factor) for item in formula]
    array = np.asarray(formula, dtype=float)
    if np.any(array):
        return array * float(factor)
    return array + (float(factor) - 1.0) * float(np.max(np.abs(np.asarray(value, dtype=float))))


def tighter(bound: Any, factor: float, sign: float) -> Any:
    """Return a bound from above (sign 1) or below (-1), tightened by a factor; an infinite one holds of anything."""
    if isinstance(bound, Mapping):
        return {claim: tighter(item, factor, sign) for claim, item in bound.items()}
    array = np.asarray(bound, dtype=float)
    if not np.isfinite(array).all():
        raise ValueError(f"bound must be finite; got {array[~np.isfinite(array)][0]}")
    return array - sign * np.abs(array) * ((1.0 - 1.0 / factor) if sign > 0 else (factor - 1.0))


def _dropped(formula: Any) -> Iterator[tuple[str, Any]]:
    """Yield the formula with one factor of one product replaced by one, in turn."""
    if isinstance(formula, Mapping):
        for key, item in formula.items():
            for name, wrong in _dropped(item):
                yield name, {key: wrong}
    elif isinstance(formula, list | tuple):
        for index, item in enumerate(formula):
            for name, wrong in _dropped(item):
                yield name, [*formula[:index], wrong, *formula[index + 1 :]]
    elif isinstance(formula, sp.MatrixBase):
        for index, item in enumerate(formula):
            for name, wrong in _dropped(item):
                entries = [*formula]
                yield name, formula.__class__(*formula.shape, [*entries[:index], wrong, *entries[index + 1 :]])
    elif isinstance(formula, sp.Basic):
        for product in sp.preorder_traversal(formula):
            if isinstance(product, sp.Mul):
                for factor in product.args:
                    if factor not in (1, -1):
                        rest = sp.Mul(*(other for other in product.args if other is not factor))
                        yield f"without {factor}", formula.xreplace({product: rest})
