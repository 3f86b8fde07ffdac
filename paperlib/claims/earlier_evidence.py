"""Evidence in the form that `paperlib.claims.earlier` leaves."""

from __future__ import annotations

import hashlib
import html
import json
from dataclasses import dataclass
from typing import Any

from paperlib.evidence import MIME, label

_NAMES = ("eq", "prop", "cor", "thm", "lem", "rem", "ass", "fig", "tab")


@dataclass(frozen=True)
class Evidence:
    """What a check found, shown as a sentence and left in the notebook for the ledger to collect."""

    record: dict[str, Any]

    @property
    def anchor(self) -> str:
        """The HTML id of the evidence: a digest of the record."""
        digest = hashlib.sha256(json.dumps(self.record, sort_keys=True).encode()).hexdigest()
        return f"evidence-{digest[:8]}"

    def __str__(self) -> str:
        named = [label(claim) for claim in self.record["claims"]]
        return f"{self.record['verdict']} · {', '.join(named)} · {self.record['says']} [{figures(self.record)}]"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        record = self.record | {"anchor": self.anchor}
        numbered = [label(claim) for claim in record["claims"] if claim.partition(":")[0] in _NAMES]
        css = record["verdict"].replace(" ", "-") + (" printed" if record.get("printed") else "")
        spans = [f'<span class="verdict">{record["verdict"]}</span>']
        spans += [f'<span class="labels">{", ".join(numbered)}</span>'] if numbered else []
        spans += [html.escape(record["says"], quote=False)]
        spans += [f'<span class="figures">{html.escape(figures(record), quote=False)}</span>']
        return {
            "text/plain": str(self),
            "text/html": f'<div class="evidence {css}" id="{record["anchor"]}">{" ".join(spans)}</div>',
            MIME: record,
        }


def record(ids: str, verdict: str, kind: str, says: str, **figures: Any) -> dict[str, Any]:
    """Return the record of one check; `ids` are rows of the ledger separated by spaces."""
    claims = ids.split()
    if not claims or not all(":" in claim for claim in claims):
        raise ValueError(f"ids must be rows of the ledger separated by spaces, such as 'prop:1 eq:6'; got {ids!r}")
    return {"claims": claims, "verdict": verdict, "kind": kind, "says": says} | figures


def figures(record: dict[str, Any]) -> str:
    """Return the figures of a record as the words that the evidence shows."""
    kind = record["kind"]
    count = f"{record.get('instances', 0):,} instance{'' if record.get('instances') == 1 else 's'}"
    if kind == "sympy":
        return "sympy: the difference is 0" if record["residual"] == "0" else f"sympy: differs, {record['residual']}"
    if kind == "numerical":
        relation = "deviation" if record["verdict"] == "rejected" else "largest deviation below"
        return f"{relation} {record['deviation']}, tolerance {record['tolerance']}, {count}"
    if kind == "monte carlo":
        return f"{record['deviation']} standard errors, limit {record['tolerance']}, {record['instances']:,} draws"
    if kind in ("instances", "experiment"):
        return f"{count}, {record['violations']} violation{'' if record['violations'] == 1 else 's'}"
    return "not run yet" if kind == "lacking" else str(record.get("source", "definition"))
