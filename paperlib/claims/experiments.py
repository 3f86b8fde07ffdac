"""Checks of experiments: what came out is judged by a rule that was written down before it ran."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from paperlib.claims.verification import ClaimRejected, WrongAccepted
from paperlib.evidence import KINDS, Evidence, rows

Rule = Callable[[Any], Sequence[bool | None]]


def judges(
    ids: str,
    data: Any,
    meets: Rule,
    says: str,
    *,
    verdict: str,
    rule: str,
    scale: str,
    refuses: Mapping[str, Any] | None = None,
    control: Mapping[str, Any] | None = None,
    shows: str = "",
) -> Evidence:
    """Judge an experiment by its rule, which also judges what it must refuse and a control that meets it.

    ======================  ==========================================================================================
    verdict                 is borne where
    ======================  ==========================================================================================
    reproduced              all outcomes meet the rule, and what is refused does not
    not reproduced          an outcome misses it, and the control meets it: the rule could have been met
    undecided               an outcome straddles (None), none misses, and the control meets it
    confounded              all outcomes meet it, and so do those of the control, in which only another cause is at work
    attainable              some outcomes of a sweep over settings meet it, and what is refused does not in any
    ======================  ==========================================================================================

    Args:
        ids: rows of the ledger.
        data: what the rule judges.
        meets: the rule: an outcome for each part of it, True, False, or None where an interval straddles.
        says: one sentence.
        verdict: one of the above.
        rule: the rule in words.
        scale: at what scale it ran: "3 seeds, 1/20 of the iterations".
        refuses: data that must not meet the rule, by name.
        control: data that must meet it, by name.
        shows: TeX for the card.

    Raises:
        ClaimRejected: if the outcomes do not bear the verdict.
        WrongAccepted: if data that must be refused meet the rule.
        ValueError: if the verdict is none of these, or lacks its refusal or its control, or if the rule finds otherwise
            for the same data written down anew, a billionth larger: it knows the data, and does not judge them.

    Example:
        >>> judges("fig:2", [3, 4], lambda gains: [gain > 1 for gain in gains], "Gains.", verdict="reproduced",
        ...        rule="every gain above 1", scale="2 seeds", refuses={"no gain": [1, 1]}).record["met"]
        2
    """
    if verdict not in (borne := KINDS["experiment"].verdicts):
        raise ValueError(f"verdict must be one of {', '.join(borne)}; got {verdict!r}")
    if not rule or not scale:
        raise ValueError(f"rule and scale must be said; got {rule!r} and {scale!r}")
    refusing = verdict in ("reproduced", "attainable")
    if not (refuses if refusing else control):
        raise ValueError(f"{'refuses' if refusing else 'control'} must hold data for the verdict {verdict!r}; got none")
    outcomes = _outcomes(meets, data)
    if outcomes != _outcomes(meets, _anew(data)):
        raise ValueError("meets must judge the data; of the same, copied and a billionth larger, it says otherwise")
    if not _bears(verdict, outcomes):
        raise ClaimRejected(f"{ids}: {says} ({_words(outcomes)}, which does not bear {verdict!r})")
    for name, other in (control or {}).items():
        if not all(_outcomes(meets, other)):
            raise ClaimRejected(
                f"{ids}: the control does not meet the rule: {name} ({_words(_outcomes(meets, other))})"
            )
    refused = []
    for name, other in (refuses or {}).items():
        found = _outcomes(meets, other)
        if any(found) if verdict == "attainable" else all(found):
            raise WrongAccepted(f"{ids}: the rule is met by what it must refuse: {name}")
        refused.append({"wrong": name, "claims": rows(ids), "printed": False} | _counts(found))
    record = {"claims": rows(ids), "verdict": verdict, "kind": "experiment", "says": says, "rule": rule, "scale": scale}
    extra = {name: item for name, item in (("shows", shows), ("control", sorted(control or {}))) if item}
    return Evidence(record | {"refuses": refused} | extra | _counts(outcomes))


def _anew(data: Any) -> Any:
    """Return a copy of data whose floats are a billionth larger."""
    if isinstance(data, Mapping):
        return {name: _anew(item) for name, item in data.items()}
    if isinstance(data, list | tuple) and type(data) in (list, tuple):
        return type(data)(_anew(item) for item in data)
    if isinstance(data, float) or (isinstance(data, np.ndarray) and data.dtype.kind == "f"):
        return data * (1.0 + 1e-9)
    return copy.deepcopy(data)


def _outcomes(meets: Rule, data: Any) -> list[bool | None]:
    outcomes = [None if outcome is None else bool(outcome) for outcome in meets(data)]
    if not outcomes:
        raise ValueError("meets must return an outcome for each part of the rule; got none")
    return outcomes


def _bears(verdict: str, outcomes: list[bool | None]) -> bool:
    if verdict == "not reproduced":
        return False in outcomes
    if verdict == "undecided":
        return None in outcomes and False not in outcomes
    return any(outcomes) if verdict == "attainable" else all(outcomes)


def _counts(outcomes: list[bool | None]) -> dict[str, int]:
    return {"instances": len(outcomes), "met": outcomes.count(True), "straddling": outcomes.count(None)}


def _words(outcomes: list[bool | None]) -> str:
    return f"{outcomes.count(True)} of {len(outcomes)} outcomes meet the rule, {outcomes.count(None)} straddle"
