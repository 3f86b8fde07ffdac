"""Evidence as the outputs of executed notebooks hold it, and whether it bears the verdict that it declares."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paperlib.claims.equalities import MOST_STANDARD_ERRORS
from paperlib.evidence import KINDS, MIME, digest

LOOSE = 1000.0  # a tolerance this many times the deviation on record, or rounding, is too loose
ROUNDING = 1e-12
FEWEST_DRAWS = 30  # of fewer draws the standard error is itself a guess
EQUATIONS = ("sympy", "numerical", "monte carlo", "bound", "cases")  # kinds that refuse something for every row
CONTROLLED = ("not reproduced", "undecided", "confounded")  # verdicts that need a control


@dataclass(frozen=True)
class Evidence:
    """What one check left in the outputs of a notebook; cells are counted from 1."""

    notebook: str
    cell: int
    anchor: str
    claims: tuple[str, ...]
    verdict: str
    kind: str
    says: str
    source: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Name the cell that shows it."""
        return f"{self.notebook}, cell {self.cell}"

    @property
    def refusals(self) -> list[dict[str, Any]]:
        """What the check refused."""
        return list(self.figures.get("refuses", ()))

    @property
    def towards(self) -> bool:
        """Whether it is a step towards its rows, and bears none."""
        return bool(self.figures.get("towards"))

    def printed(self, claim: str) -> str:
        """Return the TeX of the printed formula of a row that it refuses; empty if it refuses none."""
        return next((item["tex"] for item in self.refusals if item["printed"] and claim in item["claims"]), "")

    @property
    def doubts(self) -> Iterator[str]:
        """Yield why it does not bear the verdict."""
        figures, kind, verdict = self.figures, self.kind, self.verdict
        if kind not in KINDS or verdict not in KINDS[kind].verdicts:
            yield f"{kind!r} is no kind of check that bears it"
            return
        record = {"claims": list(self.claims), "verdict": verdict, "kind": kind, "says": self.says} | dict(figures)
        if self.anchor != f"evidence-{digest(record)}":
            yield "no check wrote this record: its digest is another"
        called = "claims." in self.source or "judged(" in self.source  # by the rule that a chapter wrote down
        named = kind == "lacking" or all(claim in self.source for claim in self.claims)  # what waits bears nothing
        if not called or not named:
            yield "its cell calls no check with these rows"
        if kind in EQUATIONS:
            refused = {claim for item in self.refusals for claim in item["claims"]}
            for claim in sorted(set(self.claims) - refused):
                yield f"nothing is refused for {claim}"
        if kind != "sympy" and kind in EQUATIONS and not number(figures, "instances") >= 1:
            yield "it was tried on no instance"
        if kind == "sympy" and figures.get("residual") != "0":
            yield f"the residual is {figures.get('residual')}"
        if kind in ("numerical", "monte carlo"):
            deviation, tolerance = number(figures, "deviation"), number(figures, "tolerance")
            if not deviation <= tolerance < math.inf:
                yield f"the deviation is {deviation:g} and the tolerance {tolerance:g}"
            elif kind == "monte carlo" and not number(figures, "instances") >= FEWEST_DRAWS:
                yield f"its {figures.get('instances')} draws are fewer than {FEWEST_DRAWS}"
            elif kind == "monte carlo" and tolerance > MOST_STANDARD_ERRORS:
                yield f"its limit of {tolerance:g} standard errors is above {MOST_STANDARD_ERRORS:g}"
            elif kind == "numerical" and tolerance > LOOSE * max(deviation, ROUNDING):
                yield f"its tolerance {tolerance:g} is more than {LOOSE:g} times its deviation {deviation:g}"
        if kind == "bound" and not 0 <= number(figures, "nearest") <= 1 + ROUNDING:
            yield f"its nearest instance comes to {figures.get('nearest')} of the bound"
        if kind == "cases" and not 0 < number(figures, "true") < number(figures, "instances"):
            yield "its outcome is the same in all cases"
        if kind == "experiment":
            for name in ("rule", "scale"):
                if not figures.get(name):
                    yield f"it holds no {name}"
            if verdict in CONTROLLED and not figures.get("control"):
                yield "it has no control that meets the rule"
            if verdict not in CONTROLLED and not self.refusals:
                yield "nothing is refused"
        if kind == "source" and not figures.get("source"):
            yield "it names no source"


def collect(notebooks: Iterable[Path]) -> list[Evidence]:
    """Read the evidence that the outputs of executed notebooks hold, in the order of the cells."""
    found = []
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for position, cell in enumerate(cells, start=1):
            for output in cell.get("outputs", ()):
                record = output.get("data", {}).get(MIME)
                if record is not None:
                    found.append(_evidence(path.stem, position, "".join(cell["source"]), record))
    return found


def _evidence(notebook: str, cell: int, source: str, record: Any) -> Evidence:
    figures = dict(record) if isinstance(record, dict) else {}
    claims = figures.pop("claims", None)
    texts = {name: figures.pop(name, None) for name in ("anchor", "verdict", "kind", "says")}
    listed = isinstance(claims, list) and claims and all(isinstance(claim, str) for claim in claims)
    if not listed or not all(isinstance(text, str) and text for text in texts.values()):
        raise ValueError(f"{notebook}, cell {cell}: evidence must hold claims, {', '.join(texts)}; got {record!r}")
    return Evidence(notebook, cell, claims=tuple(claims), source=source, figures=figures, **texts)


def number(figures: Mapping[str, Any], name: str) -> float:
    """Read a figure; one that is missing or is not a number is NaN, which bears nothing."""
    try:
        return float(figures[name])
    except (KeyError, TypeError, ValueError):
        return math.nan
