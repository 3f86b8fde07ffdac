"""What every check does: it compares, runs itself on what it must refuse, and leaves evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from paperlib.claims.comparisons import Figures, decade, merged
from paperlib.claims.refusals import Prints, Wrong, exchanges, wrongs
from paperlib.evidence import Evidence, rows

Compare = Callable[[Any, Any], Figures]


class ClaimRejected(AssertionError):
    """A check found that its two sides differ."""


class WrongAccepted(AssertionError):
    """A check accepted a formula that it must refuse."""


def verify(
    ids: str,
    kind: tuple[str, str],
    says: str,
    value: Any,
    formula: Any,
    compare: Compare,
    refuses: Wrong | None,
    printed: Prints,
    about: Mapping[str, Any],
    *,
    tried: Iterable[tuple[str, Any, Any]] | None = None,
) -> Evidence:
    """Compare, refuse, try exchanges, and return the evidence.

    Args:
        ids: rows of the ledger.
        kind: the verdict and the kind of the check.
        says: one sentence.
        value: what was derived or observed, or a mapping from row to it.
        formula: what it is compared with, or such a mapping.
        compare: the comparison of one with the other.
        refuses: wrong formulas by name.
        printed: printed formulas that are wrong.
        about: what else goes on record; what is empty stays out.
        tried: exchanges, as name, value and formula; those of the formula when left out.

    Raises:
        ClaimRejected: if the comparison fails.
        WrongAccepted: if a wrong formula passes.
        ValueError: if a row has no refusal of its own, or a wrong formula is not finite.
    """
    claims = rows(ids)
    split = isinstance(value, Mapping)
    if split and (set(value) != set(claims) or not isinstance(formula, Mapping) or set(formula) != set(claims)):
        raise ValueError(f"sides by row must be mappings with the rows {claims}; got {sorted(value)} and {formula!r}")

    def run(left: Any, right: Any) -> Figures:
        return merged([compare(left[claim], right[claim]) for claim in claims]) if split else compare(left, right)

    found = run(value, formula)
    if not found["ok"]:
        raise ClaimRejected(f"{ids}: not so: {says} ({_words(found, about)})")
    refused = []
    for name, refuted, wrong, source in wrongs(claims, refuses, printed, split):
        failing: Figures = {}
        for claim in refuted if split else [""]:
            failing = compare(value[claim], wrong[claim]) if split else compare(value, wrong)
            if failing["ok"]:
                raise WrongAccepted(f"{claim or ids}: the check accepts what it must refuse: {name}")
            if source is None and not _comparable(failing):
                raise ValueError(f"refuses[{name!r}] must be comparable with what is accepted; it is not finite")
        item: dict[str, Any] = {"wrong": name, "claims": refuted, "printed": source is not None}
        refused.append(item | ({"tex": source.tex} if source else {}) | _figures(failing))
    lacking = set(claims) - {claim for item in refused for claim in item["claims"]}
    if lacking:
        raise ValueError(f"refuses must hold a wrong formula for each row; {', '.join(sorted(lacking))} has none")
    if tried is None:
        tried = [(name, value, wrong) for name, wrong in exchanges(formula, value)]
    passing = [name for name, left, right in tried if _accepts(run, left, {**formula, **right} if split else right)]
    survives = list(dict.fromkeys(passing))
    record: dict[str, Any] = {"claims": claims, "verdict": kind[0], "kind": kind[1], "says": says, "refuses": refused}
    extra = {name: item for name, item in about.items() if item} | ({"by_row": True} if split else {})
    return Evidence(record | extra | _figures(found, about) | ({"survives": survives} if survives else {}))


def _comparable(failing: Figures) -> bool:
    """Tell whether what a wrong formula is off by is finite: NaN and infinity differ from anything."""
    off = str(failing.get("residual", "")).partition(" at ")[0]
    return math.isfinite(failing.get("deviation", 0.0)) and not {"nan", "zoo", "oo", "-oo"} & set(off.split())


def _accepts(run: Compare, left: Any, right: Any) -> bool:
    try:
        return bool(run(left, right)["ok"])
    except (ValueError, RuntimeError, ZeroDivisionError, TypeError):
        return False  # an exchange that cannot be compared is not accepted


def _figures(found: Figures, about: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return figures as they go on record; an accepted deviation only to its decade, which machines share."""
    result: dict[str, Any] = {name: item for name, item in found.items() if name not in ("ok", "worst")}
    if "deviation" in found:
        deviation, coarse = found["deviation"], found.get("unit")
        if about is None:
            result["deviation"] = f"{float(f'{deviation:.2g}'):g}"
        else:
            result["deviation"] = (
                f"{deviation:.1f}" if coarse else f"{min(decade(deviation), float(about['tolerance'])):g}"
            )
    for name in ("nearest", "median"):
        if name in found:
            result[name] = f"{float(f'{found[name]:.2g}'):g}"
    return result


def _words(found: Figures, about: Mapping[str, Any]) -> str:
    words = [
        f"{name} {item:.3g}" if isinstance(item, float) else f"{name} {item}"
        for name, item in found.items()
        if name != "ok"
    ]
    if "tolerance" in about:
        words.append(f"tolerance {about['tolerance']}")
    return ", ".join(words)
