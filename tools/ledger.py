"""The ledger: what the paper says, and the evidence that the executed chapters hold of it.

    python -m tools.ledger

prints the verdicts by chapter, and fails with the list of problems if there are any. Rows are typed in
`book/claims.yml`, evidence is read from the outputs of the notebooks, and a verdict follows from the evidence.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools import earlier
from tools.evidence import Evidence, collect
from tools.rows import CHAPTERS, NUMBERED, ROW_ID, Row, expand, label, load_rows

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
DEFINING = ("def", "ass", "eq")  # kinds of rows that a definition can be


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


def row_verdict(row: Row, evidences: Iterable[Evidence], labels: Iterable[str] = ()) -> str:
    """Derive the verdict of a row from all its evidence, or from the label of the place where a definition stands."""
    found = [evidence for evidence in evidences if row.id in evidence.claims and not evidence.towards]
    verdicts = {evidence.verdict for evidence in found}
    correcting = [evidence for evidence in found if evidence.verdict in CORRECTING]
    if any(evidence.printed(row.id) for evidence in correcting) or (correcting and earlier.rejects_print(found)):
        verdicts.add("corrected")
    if row.definition and row.id.replace(":", "-") in labels:
        verdicts.add("stated")
    return next((verdict for verdict in VERDICTS if verdict in verdicts), "open")


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


def problems(
    rows: Sequence[Row],
    evidences: Sequence[Evidence],
    written: Iterable[str],
    labels: Iterable[str] = (),
    survivors: Sequence[Mapping[str, Any]] = (),
) -> list[str]:
    """List what is wrong with the ledger: gaps, and verdicts that their evidence does not bear."""
    return [
        *incomplete(rows),
        *unborne(evidences),
        *earlier.unpaired(evidences),
        *unlike(rows, evidences),
        *untied(rows, evidences, written, set(labels)),
        *unexplained(evidences, survivors),
    ]


def incomplete(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what the rows miss of the paper, or hold twice."""
    covered: dict[str, Counter[int]] = {kind: Counter() for kind in NUMBERED}
    for row in rows:
        if not ROW_ID.fullmatch(row.id):
            yield f"{row.id}: not an id; expected eq:5, eq:17-20, fig:2, def:name, text:some-words or the like"
            continue
        if row.chapter not in CHAPTERS:
            yield f"{row.id}: unknown chapter {row.chapter!r}"
        if row.id.startswith("eq:") and not expand(row.id):
            yield f"{row.id}: the chain must run forwards"
        if expand(row.id):
            covered[row.id.partition(":")[0]].update(expand(row.id))
    for claim, count in Counter(row.id for row in rows).items():
        if count > 1:
            yield f"{claim}: {count} rows have this id"
    for kind, numbers in covered.items():
        for number in sorted({*range(1, NUMBERED[kind] + 1), *numbers}):
            if number not in range(1, NUMBERED[kind] + 1):
                yield f"{kind}:{number}: the paper has no {label(f'{kind}:{number}')}"
            elif numbers[number] != 1:
                how = "no row covers" if numbers[number] == 0 else f"{numbers[number]} rows cover"
                yield f"{kind}:{number}: {how} {label(f'{kind}:{number}')}"


def unborne(evidences: Sequence[Evidence]) -> Iterator[str]:
    """Yield the evidence that does not bear the verdict it declares, or stands twice."""
    first: dict[tuple[str, str], str] = {}
    for evidence in evidences:
        doubts = evidence.doubts
        if evidence.notebook in earlier.CHAPTERS:
            doubts = filter(None, [earlier.doubt(evidence)])
        for doubt in doubts:
            yield f"{' '.join(evidence.claims)}: {evidence.place}: {evidence.verdict}, but {doubt}"
        place = first.setdefault((evidence.notebook, evidence.anchor), evidence.place)
        if place != evidence.place:
            yield f"{' '.join(evidence.claims)}: {evidence.place}: the same evidence as in {place}"


def unlike(rows: Sequence[Row], evidences: Sequence[Evidence]) -> Iterator[str]:
    """Yield evidence that says something else than its rows."""
    table = {row.id: row for row in rows}
    for evidence in evidences:
        if evidence.notebook in earlier.CHAPTERS:
            continue
        named = [table[claim] for claim in evidence.claims if claim in table]
        for row in named:
            tex = evidence.printed(row.id)
            if tex and squeezed(tex) not in squeezed(row.printed):
                yield f"{row.id}: {evidence.place}: refuses {tex} as printed, but the row's printed is {row.printed!r}"
            lacking = sorted(set(row.symbols) - set(evidence.figures.get("symbols", ())))
            special = evidence.verdict == "proved" and not evidence.towards and not evidence.figures.get("case")
            if special and lacking:
                yield f"{row.id}: {evidence.place}: proved without {', '.join(lacking)}, and names no case"
        if len(named) > 1 and not evidence.figures.get("by_row") and evidence.kind not in ("source", "lacking"):
            roots = {row.restates or row.id for row in named}
            if len(roots) > 1:
                yield f"{' '.join(evidence.claims)}: {evidence.place}: one side for rows that do not restate each other"


def untied(
    rows: Sequence[Row], evidences: Sequence[Evidence], written: Iterable[str], labels: set[str]
) -> Iterator[str]:
    """Yield rows without what they need, and evidence without a row."""
    chapters, known = set(written), {row.id for row in rows}
    for evidence in evidences:
        for claim in sorted(set(evidence.claims) - known):
            yield f"{claim}: {evidence.place}: the ledger has no such row"
    for row in rows:
        found = [evidence for evidence in evidences if row.id in evidence.claims and not evidence.towards]
        elsewhere = ", ".join(evidence.place for evidence in found)
        stated = row.definition and row.id.replace(":", "-") in labels
        if row.definition and row.id.partition(":")[0] not in DEFINING:
            yield f"{row.id}: only a definition, an assumption or an equation defines"
        if not stated and not any(evidence.notebook == row.chapter for evidence in found):
            what = f"no label ({row.id.replace(':', '-')})=, and no" if row.definition else "no"
            if row.chapter in earlier.CHAPTERS:
                continue
            if row.chapter in chapters:
                yield f"{row.id}: {what} evidence in {row.chapter}" + (f", only in {elsewhere}" if elsewhere else "")
            elif elsewhere:
                yield f"{row.id}: evidence in {elsewhere}, but none in its chapter {row.chapter}, which is not written"
        if row.chapter in earlier.CHAPTERS:
            continue
        verdict = row_verdict(row, found, labels)
        if verdict in ("corrected", "inconsistent") and not row.corrected:
            yield f"{row.id}: {verdict}, but the row has no corrected statement"
        if row.corrected and found and verdict not in ("corrected", "inconsistent"):
            yield f"{row.id}: the row has a corrected statement, but is {verdict}"
        shown = [squeezed(e.figures.get("shows", "")) for e in found if e.verdict in CORRECTING]
        if verdict == "corrected" and not any(tex and tex in squeezed(row.corrected) for tex in shown):
            yield f"{row.id}: no card shows a formula of its corrected statement"


def unexplained(evidences: Sequence[Evidence], survivors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield exchanged formulas that a check accepts without a reason in the list, and reasons that nothing needs."""
    reasons = {(item["chapter"], item["claims"], item["says"]): set(item["survives"]) for item in survivors}
    for evidence in evidences:
        key = (evidence.notebook, " ".join(evidence.claims), evidence.says)
        found, listed = set(evidence.figures.get("survives", ())), reasons.pop(key, set())
        if found != listed:
            why = f"book/survivors.yml explains {sorted(listed)}"
            yield f"{key[1]}: {evidence.place}: accepts {sorted(found)} too; {why}"
    for chapter, claims, says in reasons:
        yield f"{claims}: book/survivors.yml explains a check that {chapter} does not have: {says}"


def squeezed(tex: str) -> str:
    """Return TeX without spaces, and what stands in it as text without its braces, to compare it."""
    words = re.sub(r"\\text\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", tex)
    return re.sub(r"\s+|\\[,;!]|[$.]", "", words)


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
