"""The ledger: what the paper says, and the evidence that the executed chapters hold of it.

    python -m tools.ledger

prints the verdicts by chapter, and fails with the list of problems if there are any. Rows are typed in
`book/claims.yml`, evidence is read from the outputs of the notebooks, and a verdict follows from the evidence.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.evidence import Evidence, collect
from tools.problems import problems
from tools.rows import CHAPTERS, Row, expand, label, load_rows
from tools.verdicts import VERDICTS, row_verdict

__all__ = [
    "Evidence",
    "Judged",
    "Row",
    "anchors",
    "collect",
    "expand",
    "judged",
    "label",
    "load_rows",
    "main",
    "problems",
    "row_verdict",
]

ROOT = Path(__file__).resolve().parent.parent


def written_chapters(root: Path = ROOT) -> list[Path]:
    """Return the executed notebooks of the chapters that the table of contents lists, in reading order."""
    toc = root / "_toc.yml"
    files = _files(yaml.safe_load(toc.read_text(encoding="utf-8"))) if toc.exists() else []
    paths = [root / "book" / f"{Path(file).stem}.ipynb" for file in files if Path(file).stem in CHAPTERS]
    return [path for path in paths if path.exists()]


def _files(node: Any) -> Iterator[str]:
    children: Iterable[Any] = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and isinstance(node.get("file"), str):
        yield node["file"]
    for child in children:
        yield from _files(child)


@dataclass(frozen=True)
class Judged:
    """A row with its verdict and all its evidence, steps towards it included."""

    row: Row
    verdict: str
    evidence: tuple[Evidence, ...]


def judged(root: Path = ROOT) -> list[Judged]:
    """Judge every row by the evidence of the executed chapters."""
    notebooks = written_chapters(root)
    found, labels = collect(notebooks), anchors(path.with_suffix(".py") for path in notebooks)
    rows = load_rows(root / "book" / "claims.yml")
    return [
        Judged(row, row_verdict(row, found, labels), tuple(item for item in found if row.id in item.claims))
        for row in rows
    ]


def anchors(scripts: Iterable[Path]) -> set[str]:
    """Return the labels of the places in the text of the chapters.

    They are written as ``(eq-1)=`` above the place, ``$$ (eq-1)`` after an equation, or ``:name: eq-1``.
    """
    pattern = re.compile(r"^# (?:\(([\w-]+)\)=|\$\$ \(([\w-]+)\)|:(?:name|label): ([\w-]+))\s*$", re.MULTILINE)
    texts = (path.read_text(encoding="utf-8") for path in scripts)
    return {name for text in texts for groups in pattern.findall(text) for name in groups if name}


def main(root: Path = ROOT) -> int:
    """Print the verdicts by chapter, then the problems; return 1 if there are any."""
    notebooks = written_chapters(root)
    rows, evidences = load_rows(root / "book" / "claims.yml"), collect(notebooks)
    labels = anchors(path.with_suffix(".py") for path in notebooks)
    reasons = root / "book" / "survivors.yml"
    survivors = yaml.safe_load(reasons.read_text(encoding="utf-8")) or [] if reasons.exists() else []
    counts = Counter((item.row.chapter, item.verdict) for item in judged(root))
    verdicts = [v for v in VERDICTS if any(v == verdict for _, verdict in counts)]
    print(f"{'':28}{''.join(f'{verdict:>16}' for verdict in verdicts)}{'rows':>8}")
    for chapter in CHAPTERS:
        cells = [counts[chapter, verdict] for verdict in verdicts]
        print(f"{chapter:28}{''.join(f'{count:>16}' for count in cells)}{sum(cells):>8}")
    found = problems(rows, evidences, [path.stem for path in notebooks], labels, survivors)
    print(f"{len(rows)} rows, {len(evidences)} pieces of evidence, {len(found)} problems", *found, sep="\n- ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
