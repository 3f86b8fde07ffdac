"""What the evidence of a row makes of it: its verdict."""

from collections.abc import Iterable

from tools.evidence import Evidence
from tools.rows import Row

# The first in this order that the evidence of a row holds is its verdict; with none of them it is "open".
VERDICTS = (
    "inconsistent",
    "corrected",
    "open",
    "confounded",
    "undecided",
    "not reproduced",
    "reproduced",
    "attainable",
    "proved",
    "checked",
    "quoted",
    "stated",
)
CORRECTING = ("proved", "checked", "reproduced", "attainable")  # verdicts that make a refused print a correction


def row_verdict(row: Row, evidences: Iterable[Evidence], labels: Iterable[str] = ()) -> str:
    """Derive the verdict of a row from all its evidence, or from the label of the place where a definition stands."""
    found = [evidence for evidence in evidences if row.id in evidence.claims and not evidence.towards]
    verdicts = {evidence.verdict for evidence in found}
    correcting = [evidence for evidence in found if evidence.verdict in CORRECTING]
    if any(evidence.printed(row.id) for evidence in correcting):
        verdicts.add("corrected")
    if row.definition and row.id.replace(":", "-") in labels:
        verdicts.add("stated")
    return next((verdict for verdict in VERDICTS if verdict in verdicts), "open")
