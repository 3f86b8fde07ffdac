"""Checks of bounds, of conditions and of contradictions; quotations; and what waits for runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from paperlib.claims import comparisons
from paperlib.claims.refusals import OFF, Prints, Wrong, tighter
from paperlib.claims.verification import ClaimRejected, verify
from paperlib.evidence import Evidence, rows


def bounds(
    ids: str,
    value: Any,
    says: str,
    *,
    below: Any = None,
    above: Any = None,
    refuses: Wrong | None = None,
    printed: Prints = None,
    shows: str = "",
    probability: bool = False,
    atol: float = 0.0,
    towards: bool = False,
) -> Evidence:
    r"""Check that values stay below a bound, :math:`v\le b`, or above one, and record how near they come to it.

    The card says how near the nearest instance comes, :math:`1-|b-v|/\max(|b|,|v|)` (the ratio of the two sides where
    both are positive), and the median bound.

    Args:
        ids: rows of the ledger.
        value: what is bounded, (n, ...).
        says: one sentence.
        below: the bound that values stay below, or
        above: the bound that they stay above.
        refuses: bounds that are broken, by name, at the same instances.
        printed: the bound as printed, where it is broken.
        shows: TeX for the card.
        probability: whether the values are probabilities: a bound of 1 or more counts as no instance.
        atol: differences below this are rounding, at most 1e-9.
        towards: whether this is a step towards the row, and not the row itself.

    Raises:
        ClaimRejected: if a value breaks its bound.
        WrongAccepted: if a wrong bound holds too.
        ValueError: unless exactly one of `below` and `above` is given, finite and of the shape of the values.

    Example:
        >>> bounds("eq:1", [1.0, 2.0], "Below.", below=[2.0, 2.0], refuses={"half": [1.0, 1.0]}).record["nearest"]
        '1'
    """
    if (below is None) == (above is None):
        raise ValueError("give exactly one of below and above")
    if not 0 <= atol <= 1e-9:
        raise ValueError(f"atol must be what rounding can do, from 0 to 1e-9; got {atol}")
    sign, bound = (1.0, below) if above is None else (-1.0, above)
    compare = partial(comparisons.within, sign=sign, probability=probability, atol=atol)
    about = {"shows": shows, "towards": towards}
    tried = [(name, value, tighter(bound, factor, sign)) for name, factor in (("1 % tighter", 1.01), ("half", 2.0))]
    return verify(ids, ("checked", "bound"), says, value, bound, compare, refuses, printed, about, tried=tried)


def decides(
    ids: str,
    outcomes: Any,
    predicted: Any,
    says: str,
    *,
    refuses: Wrong | None = None,
    printed: Prints = None,
    shows: str = "",
    towards: bool = False,
) -> Evidence:
    r"""Check that something happens in exactly the cases in which it is predicted to: an equivalence, a condition.

    Every case i must have :math:`o_i=p_i`; the outcome must be true of some, and false of others.

    Args:
        ids: rows of the ledger.
        outcomes: (...), booleans: whether it happens.
        predicted: (...), booleans, or a function of a factor by which its threshold is multiplied: then the check
            tries a threshold 1 % off either way, twice and half of it by itself. Each wrong one takes its place.
        says: one sentence.
        refuses: wrong predictions by name.
        printed: what the paper prints, at the same cases.
        shows: TeX for the card.
        towards: whether this is a step towards the row, and not the row itself.

    Raises:
        ClaimRejected: if a case comes out otherwise.
        WrongAccepted: if a wrong prediction comes out too.
        ValueError: if the outcomes are not booleans, are the same in all cases, or are the prediction itself.

    Example:
        >>> size, square = np.array([1.98, 2.0, 2.02]), np.array([3.9204, 4.0, 4.0804])
        >>> large = decides("eq:1", square > 3.99, lambda f: size > 1.9975 * f, "Large.", refuses={"all": size > 0})
        >>> large.record["true"], large.record.get("survives")
        (2, None)
    """
    tried: list[tuple[str, Any, Any]] = []
    if callable(predicted):
        tried = [(name, outcomes, predicted(float(factor))) for name, factor in OFF]
        predicted = np.asarray(predicted(1.0))
    if predicted is outcomes or (
        isinstance(outcomes, np.ndarray) and np.shares_memory(outcomes, np.asarray(predicted))
    ):
        raise ValueError("outcomes and predicted must be built independently; both are the same array")
    about = {"shows": shows, "towards": towards}
    kind = ("checked", "cases")
    return verify(ids, kind, says, outcomes, predicted, comparisons.alike, refuses, printed, about, tried=tried)


def contradicts(
    ids: str, places: Mapping[str, tuple[str, Any]], says: str, *, agrees: Any, shows: str = ""
) -> Evidence:
    """Show that the paper says different things in different places, or that a formula of it has no type.

    Args:
        ids: rows of the ledger.
        places: by place of the paper, its words and their value: a number, an expression, a word, or a function that
            must fail, for a formula without type. The ledger looks the words up in its rows.
        says: one sentence.
        agrees: one value for all places, or a function that works: what the check must not call a contradiction.
        shows: TeX for the card.

    Raises:
        ClaimRejected: if the places agree, or the formula can be computed.
        ValueError: if a place comes without its words.

    Example:
        >>> places = {"§5": ("10,000 steps", 10_000), "C.4": ("20,000 steps", 20_000)}
        >>> contradicts("text:x", places, "Iterations.", agrees=10_000).record["verdict"]
        'inconsistent'
    """
    for place, item in places.items():
        if not (isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) and item[0].strip()):
            raise ValueError(f"places[{place!r}] must be the words of the paper and their value; got {item!r}")
    found = comparisons.contradiction(value for _, value in places.values())
    if not found or comparisons.contradiction([agrees for _ in places]):
        raise ClaimRejected(f"{ids}: {says} ({'the places agree' if not found else 'the repaired form fails too'})")
    record = {"claims": rows(ids), "verdict": "inconsistent", "kind": "contradiction", "says": says, "shows": shows}
    quoted = {place: {"words": words, "value": _said(value)} for place, (words, value) in places.items()}
    return Evidence(record | {"places": quoted, "error": found})


def _said(value: Any) -> str:
    """Write what a place of the paper says for a card."""
    if callable(value):
        return "of no type"
    return f"${sp.latex(value)}$" if isinstance(value, sp.Basic) else str(value)


def quotes(ids: str, says: str, source: str) -> Evidence:
    """Record a statement that rests on a cited source.

    Args:
        ids: rows of the ledger.
        says: one sentence.
        source: what is cited, and where it says so.

    Raises:
        ValueError: if `ids` names no row.

    Example:
        >>> quotes("ass:1", "A bound.", "Vershynin, Theorem 4.6.1").record["verdict"]
        'quoted'
    """
    return Evidence({"claims": rows(ids), "verdict": "quoted", "kind": "source", "says": says, "source": source})


def awaits(ids: str, says: str) -> Evidence:
    """Record that a row is open.

    Args:
        ids: rows of the ledger.
        says: what would decide it, and does not exist yet.

    Raises:
        ValueError: if `ids` names no row.

    Example:
        >>> awaits("tab:1", "Runs at tier paper.").record["verdict"]
        'open'
    """
    return Evidence({"claims": rows(ids), "verdict": "open", "kind": "lacking", "says": says})
