"""Checks of equations: by sympy, by numbers, by sampling."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from paperlib.claims import comparisons
from paperlib.claims.refusals import Prints, Wrong, exchanges
from paperlib.claims.verification import verify
from paperlib.evidence import Evidence

MOST_STANDARD_ERRORS = 5.0


def proves(
    ids: str,
    lhs: Any,
    rhs: Any,
    says: str,
    *,
    shows: str,
    refuses: Wrong | None = None,
    printed: Prints = None,
    case: str = "",
    towards: bool = False,
) -> Evidence:
    r"""Show by sympy that two expressions, matrices or lists of them are equal.

    The difference :math:`l-r` of each entry must be zero at five rational points, to 50 digits, and by sympy.

    Args:
        ids: rows of the ledger, separated by spaces.
        lhs: what was derived.
        rhs: the formula; each wrong one takes its place.
        says: one sentence in Markdown, symbols between dollar signs.
        shows: TeX of the equation that is proved, set on the card.
        refuses: wrong formulas by name.
        printed: what the paper prints, where it is wrong.
        case: the special case that is proved, if it is not the general one: ``"$d = 2$"``.
        towards: whether this is a step towards the row, and not the row itself.

    Raises:
        ClaimRejected: if the sides differ at a rational point, which the message names.
        WrongAccepted: if a wrong formula is equal too.
        Undecided: if sympy does not reduce the difference to zero although no such point was found.
        ValueError: if the shapes differ, or both sides are the same expression, so that nothing is compared.

    Example:
        >>> x = sp.Symbol("x")
        >>> proves("eq:1", (x + 1) ** 2, x**2 + 2 * x + 1, "A square.", shows="(x+1)^2=x^2+2x+1",
        ...        refuses={"no cross term": x**2 + 1}).record["refuses"][0]["residual"]
        'by 0.667 at $x = 1/3$'
    """
    if not shows:
        raise ValueError("shows must be the TeX of the equation that is proved; got an empty text")
    left, right = ([sp.sympify(entry) for entry in comparisons.flat(side)] for side in (lhs, rhs))
    if left == right:
        raise ValueError(f"lhs and rhs must be built independently; both are the expression {left[0]}")
    symbols = {str(symbol) for entry in left + right for symbol in entry.free_symbols}
    about = {"shows": shows, "case": case, "towards": towards, "symbols": sorted(symbols)}
    tried = None
    if all(entry == 0 for entry in right):  # an identity: its factors are those of the left side
        tried = [(name, wrong, rhs) for name, wrong in exchanges(lhs) if name.startswith("without")]
    return verify(ids, ("proved", "sympy"), says, lhs, rhs, comparisons.equal, refuses, printed, about, tried=tried)


def checks(
    ids: str,
    value: Any,
    reference: Any,
    says: str,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    floor: float = 0.0,
    refuses: Wrong | None = None,
    printed: Prints = None,
    shows: str = "",
    towards: bool = False,
) -> Evidence:
    r"""Compare numbers, arrays or equally long sequences of them, entry by entry.

    With `rtol` the deviation of an entry is :math:`|v-r|/\max(|r|,\text{floor})`, with `atol` it is :math:`|v-r|`. The
    first axis counts instances. Arguments as for `proves`.

    Args:
        ids: rows of the ledger.
        value: by one route.
        reference: by the other: the formula; each wrong one takes its place.
        says: one sentence.
        rtol: relative tolerance, or
        atol: absolute tolerance.
        floor: references smaller than this are compared at this scale; without it a zero must be met exactly.
        refuses: wrong references by name.
        printed: what the paper prints, at the same instances.
        shows: TeX for the card.
        towards: whether this is a step towards the row, and not the row itself.

    Raises:
        ClaimRejected: if the largest deviation exceeds the tolerance, or is not a number.
        WrongAccepted: if a wrong formula agrees too.
        ValueError: unless exactly one of `rtol` and `atol` is given, and the shapes agree.

    Example:
        >>> checks("eq:1", [1.0, 2.0], [1.0, 2.0 + 1e-13], "Two numbers.", rtol=1e-10,
        ...        refuses={"the sign": [1.0, -2.0]}).record["deviation"]
        '1e-12'
    """
    if (rtol is None) == (atol is None):
        raise ValueError(f"give exactly one of rtol and atol; got rtol={rtol}, atol={atol}")
    tolerance = float(atol if rtol is None else rtol)  # type: ignore[arg-type]
    arrays = isinstance(value, np.ndarray) and np.shares_memory(value, np.asarray(reference))
    if arrays or (isinstance(value, list | tuple | dict) and value is reference):
        raise ValueError("value and reference must be built independently; both are the same array")
    compare = partial(comparisons.close, tolerance=tolerance, floor=None if rtol is None else floor)
    about = {"tolerance": f"{tolerance:g}", "shows": shows, "towards": towards}
    return verify(ids, ("checked", "numerical"), says, value, reference, compare, refuses, printed, about)


def samples(
    ids: str,
    draws: Any,
    expected: Any,
    says: str,
    *,
    refuses: Wrong | None = None,
    printed: Prints = None,
    shows: str = "",
    limit: float = 4.5,
    towards: bool = False,
) -> Evidence:
    r"""Compare the mean of independent draws with its expectation: :math:`|\bar x-\mu|\le\text{limit}\cdot s/\sqrt n`.

    A gap below `ROUNDING` passes, since draws that do not vary have no standard error: not for tinier quantities.

    Args:
        ids: rows of the ledger.
        draws: (n, ...), independent along the first axis, :math:`n\ge2`.
        expected: (...), the formula; each wrong one takes its place.
        says: one sentence.
        refuses: wrong expectations by name.
        printed: what the paper prints.
        shows: TeX for the card.
        limit: how many standard errors a mean may be off, at most 5.
        towards: whether this is a step towards the row, and not the row itself.

    Raises:
        ClaimRejected: if an entry is further than `limit` standard errors from its expectation.
        WrongAccepted: if a wrong expectation is within the limit too.
        ValueError: for a limit above five standard errors, or shapes that do not match.

    Example:
        >>> draws = np.random.default_rng(0).normal(1.0, 1.0, size=1000)
        >>> samples("eq:1", draws, 1.0, "A mean of one.", refuses={"zero": 0.0}).record["kind"]
        'monte carlo'
    """
    if not 0 < limit <= MOST_STANDARD_ERRORS:
        raise ValueError(f"limit must be at most {MOST_STANDARD_ERRORS:g} standard errors; got {limit}")
    about = {"tolerance": f"{limit:g}", "shows": shows, "towards": towards}
    compare = partial(comparisons.mean, limit=limit)
    return verify(ids, ("checked", "monte carlo"), says, draws, expected, compare, refuses, printed, about)
