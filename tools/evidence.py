"""Evidence as the outputs of executed notebooks hold it, and whether it bears the verdict that it declares."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paperlib.evidence import MIME

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
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Name the cell that shows it."""
        return f"{self.notebook}, cell {self.cell}"

    @property
    def doubt(self) -> str:
        """Say why the figures don't bear the verdict; empty if they do."""
        verdict, kind, figures = self.verdict, self.kind, self.figures
        if verdict not in KINDS:
            return f"this is no verdict; expected one of {', '.join(KINDS)}"
        if kind not in KINDS[verdict]:
            return f"its kind is {kind!r}; expected {' or '.join(KINDS[verdict])}"
        if kind in ("definition", "lacking"):
            return ""
        if kind == "source":
            return "" if _text(figures, "source") else "it names no source"
        if verdict == "rejected" and not isinstance(figures.get("printed"), bool):
            return "it does not tell whether the wrong formula is the printed one"
        if kind == "sympy":
            residual = _text(figures, "residual")
            if not residual:
                return "it holds no residual"
            return "" if (residual == "0") != (verdict == "rejected") else f"the residual is {residual}"
        if kind == "experiment" and not _text(figures, "rule"):
            return "it holds no rule"
        if verdict != "rejected" and not _number(figures, "instances") >= 1:
            return "it was tried on no instance"
        if kind in ("numerical", "monte carlo"):
            deviation, tolerance = _number(figures, "deviation"), _number(figures, "tolerance")
            if not math.isfinite(tolerance):
                return "it holds no finite tolerance"
            borne = deviation > tolerance if verdict == "rejected" else deviation <= tolerance
            return "" if borne else f"the deviation is {deviation:g} and the tolerance {tolerance:g}"
        violations = _number(figures, "violations")
        borne = violations > 0 if verdict in ("rejected", "not reproduced") else violations == 0
        return "" if borne else f"the number of violations is {violations:g}"


def collect(notebooks: Iterable[Path]) -> list[Evidence]:
    """Read the evidence that the outputs of executed notebooks hold, in the order of the cells."""
    found = []
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for number, cell in enumerate(cells, start=1):
            for output in cell.get("outputs", ()):
                record = output.get("data", {}).get(MIME)
                if record is not None:
                    found.append(_evidence(path.stem, number, record))
    return found


def _evidence(notebook: str, cell: int, record: Any) -> Evidence:
    figures = dict(record) if isinstance(record, dict) else {}
    claims = figures.pop("claims", None)
    texts = {name: figures.pop(name, None) for name in ("anchor", "verdict", "kind", "says")}
    listed = isinstance(claims, list) and claims and all(isinstance(claim, str) for claim in claims)
    if not listed or not all(isinstance(text, str) and text for text in texts.values()):
        raise ValueError(f"{notebook}, cell {cell}: evidence must hold claims, {', '.join(texts)}; got {record!r}")
    return Evidence(notebook, cell, claims=tuple(claims), figures=figures, **texts)


def _text(figures: Mapping[str, Any], name: str) -> str:
    value = figures.get(name)
    return value.strip() if isinstance(value, str) else ""


def _number(figures: Mapping[str, Any], name: str) -> float:
    """Read a figure; one that is missing or is not a number is NaN, which bears nothing."""
    try:
        return float(figures[name])
    except (KeyError, TypeError, ValueError):
        return math.nan
