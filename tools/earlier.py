"""Evidence of the chapters that still have twins in cells of their own: `paperlib.claims.earlier` leaves it."""

import math
from collections.abc import Iterable, Iterator

from tools.evidence import Evidence, number

CHAPTERS = ("06_logistic", "08_landscapes", "09_omniglot", "10_cifar")
KINDS = {
    "proved": ("sympy",),
    "checked": ("numerical", "monte carlo", "instances"),
    "reproduced": ("experiment",),
    "not reproduced": ("experiment",),
    "stated": ("definition",),
    "quoted": ("source",),
    "open": ("lacking",),
    "rejected": ("sympy", "numerical", "monte carlo", "instances", "experiment"),
}
TESTED = ("reproduced", "proved", "checked")  # by a check that needs a rejecting twin


def rejects_print(found: Iterable[Evidence]) -> bool:
    """Tell whether a twin rejects what the paper prints."""
    return any(evidence.verdict == "rejected" and evidence.figures.get("printed") is True for evidence in found)


def doubt(evidence: Evidence) -> str:
    """Say why the figures of a check do not bear its verdict; empty if they do."""
    verdict, kind, figures = evidence.verdict, evidence.kind, evidence.figures
    if verdict not in KINDS or kind not in KINDS[verdict]:
        return f"{kind!r} is no kind of check that bears it"
    if kind in ("definition", "lacking"):
        return ""
    if kind == "source":
        return "" if figures.get("source") else "it names no source"
    if verdict == "rejected" and not isinstance(figures.get("printed"), bool):
        return "it does not tell whether the wrong formula is the printed one"
    if kind == "sympy":
        residual = figures.get("residual")
        return "" if residual and (residual == "0") != (verdict == "rejected") else f"the residual is {residual}"
    if kind == "experiment" and not figures.get("rule"):
        return "it holds no rule"
    if verdict != "rejected" and not number(figures, "instances") >= 1:
        return "it was tried on no instance"
    if kind in ("numerical", "monte carlo"):
        deviation, tolerance = number(figures, "deviation"), number(figures, "tolerance")
        borne = deviation > tolerance if verdict == "rejected" else deviation <= tolerance
        return "" if borne and math.isfinite(tolerance) else f"deviation {deviation:g}, tolerance {tolerance:g}"
    violations = number(figures, "violations")
    borne = violations > 0 if verdict in ("rejected", "not reproduced") else violations == 0
    return "" if borne else f"the number of violations is {violations:g}"


def unpaired(evidences: Iterable[Evidence]) -> Iterator[str]:
    """Yield the tested claims for which no check of the same notebook was seen to reject."""
    found = [evidence for evidence in evidences if evidence.notebook in CHAPTERS]
    rejected = {(e.notebook, claim) for e in found if e.verdict == "rejected" for claim in e.claims}
    for evidence in found:
        for claim in evidence.claims if evidence.verdict in TESTED else ():
            if (evidence.notebook, claim) not in rejected:
                yield f"{claim}: {evidence.place}: {evidence.verdict}, but no twin rejects a wrong formula"
