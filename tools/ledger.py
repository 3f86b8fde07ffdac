"""The ledger: what the paper says, and the evidence that the executed chapters hold of it.

    python -m tools.ledger

prints the verdicts by chapter, and fails with the list of problems if there are any. Rows are typed in
`book/claims.yml`, evidence is read from the outputs of the notebooks, and a verdict follows from the evidence.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from paperlib import evidence as paperlib_evidence
from tools.evidence import Evidence, collect

__all__ = ["Evidence", "Row", "collect", "expand", "label", "load_rows", "main", "problems", "row_verdict"]

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = (
    "01_learning_to_adapt",
    "02_population_solutions",
    "03_hardness",
    "04_geography",
    "05_convergence",
    "06_logistic",
    "07_prioritising_hard_tasks",
    "08_landscapes",
    "09_omniglot",
    "10_cifar",
    "11_when_to_use_maml",
    "12_other_learners",
    "13_erm_proof",
    "14_maml_proof",
)
# How many of each the paper has.
NUMBERED = {"eq": 124, "prop": 1, "cor": 2, "thm": 3, "lem": 4, "rem": 2, "ass": 2, "fig": 8, "tab": 4}
ROW_ID = re.compile(rf"eq:\d+(-\d+)?|({'|'.join(NUMBERED)}):\d+|(def|text):[a-z0-9]+(-[a-z0-9]+)*")
# From strongest to weakest; "corrected" comes before them, "open" after.
VERDICTS = ("not reproduced", "reproduced", "proved", "checked", "quoted", "stated")
TESTED = ("reproduced", "proved", "checked")  # by a check that needs a rejecting twin


@dataclass(frozen=True)
class Row:
    """One thing that the paper says, the chapter that deals with it, and, where it is wrong, what is true."""

    id: str
    says: str
    where: str
    chapter: str
    printed: str = ""
    """What is printed, in short."""
    corrected: str = ""
    """What is true, complete with its conditions."""
    reason: str = ""
    """Why, with the smallest counterexample."""
    consequence: int = 0
    """1 changes a conclusion of the paper, 2 a formula that others would use, 3 is a slip; 0 where nothing is wrong."""
    uses: tuple[str, ...] = ()
    """The rows that this one rests on."""
    function: str = ""
    """The function of `paperlib` that computes it, such as ``linear.adapted_covariance``."""
    symbols: tuple[str, ...] = ()
    """The free symbols of the statement, as the chapter's code names them: a proof without one is a special case."""
    definition: bool = False
    """Whether the row defines or assumes, so that there is nothing in it to test."""


REQUIRED = frozenset({"id", "says", "where", "chapter"})
LISTS = frozenset({"uses", "symbols"})


def load_rows(path: Path) -> list[Row]:
    """Read the rows of the ledger.

    Raises:
        ValueError: if a row lacks one of its four texts, or a field is unknown or of another type than it must be.
    """
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = []
    for number, row in enumerate(table, start=1):
        place = f"{path.name}: row {number}"
        texts = isinstance(row, dict) and all(isinstance(row.get(name), str) and row[name] for name in REQUIRED)
        if not texts or not set(row) <= set(Row.__dataclass_fields__):
            names, others = sorted(REQUIRED), sorted(set(Row.__dataclass_fields__) - REQUIRED)
            raise ValueError(
                f"{place} must hold the texts {', '.join(names)}; got {row!r}; it may hold {', '.join(others)} besides"
            )
        for name, value in row.items():
            expected = _unlike(name, value)
            if expected:
                raise ValueError(f"{place}, {row['id']}: {name} must be {expected}; got {value!r}")
        fields: dict[str, Any] = {name: tuple(value) if name in LISTS else value for name, value in row.items()}
        rows.append(Row(**fields))
    return rows


def _unlike(name: str, value: Any) -> str:
    """Return what a field had to be, nothing if it is."""
    if name in LISTS:
        texts = isinstance(value, list) and value and all(isinstance(entry, str) and entry for entry in value)
        return "" if texts and len(set(value)) == len(value) else "a list of different texts"
    if name == "consequence":
        return "" if type(value) is int and value in (1, 2, 3) else "1, 2 or 3"
    if name == "definition":
        return "" if value is True else "true where it stands at all"
    return "" if isinstance(value, str) and value else "a text"


def expand(claim: str) -> range:
    """Return the numbers that a row covers, none for a definition or a sentence.

    Example:
        >>> list(expand("eq:17-20")), list(expand("fig:2")), list(expand("text:near-zero-risk"))
        ([17, 18, 19, 20], [2], [])
    """
    kind, _, name = claim.partition(":")
    if kind not in NUMBERED:
        return range(0)
    first, _, last = name.partition("-")
    return range(int(first), int(last or first) + 1)


def label(claim: str) -> str:
    """Return the printed name of a row.

    Example:
        >>> label("eq:47-56"), label("prop:1"), label("def:adapted-covariance")
        ('Eqs. (47)–(56)', 'Prop. 1', 'Definition: adapted covariance')
    """
    name = paperlib_evidence.label(claim)
    return f"Definition: {name}" if claim.startswith("def:") else name


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


def row_verdict(evidences: Iterable[Evidence]) -> str:
    """Derive the verdict of a row from all its evidence; "open" if what would decide it was not run, or is missing."""
    found = list(evidences)
    verdicts = {evidence.verdict for evidence in found}
    if _rejects_print(found) and verdicts & set(TESTED):
        return "corrected"
    return next((verdict for verdict in VERDICTS if verdict in verdicts), "open")


def _rejects_print(found: Iterable[Evidence]) -> bool:
    return any(evidence.verdict == "rejected" and evidence.figures.get("printed") is True for evidence in found)


def problems(rows: Sequence[Row], evidences: Sequence[Evidence], chapters_written: Iterable[str]) -> list[str]:
    """List what is wrong with the ledger: gaps, and verdicts that their evidence does not bear."""
    return [*incomplete(rows), *unborne(evidences), *unpaired(evidences), *untied(rows, evidences, chapters_written)]


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
    """Yield the evidence that does not bear the verdict it declares."""
    for evidence in evidences:
        if evidence.doubt:
            yield f"{' '.join(evidence.claims)}: {evidence.place}: {evidence.verdict}, but {evidence.doubt}"


def unpaired(evidences: Sequence[Evidence]) -> Iterator[str]:
    """Yield the tested claims for which no check of the same notebook was seen to reject, and repeated evidence."""
    rejected = {(e.notebook, claim) for e in evidences if e.verdict == "rejected" for claim in e.claims}
    anchors: dict[tuple[str, str], str] = {}
    for evidence in evidences:
        if evidence.verdict in TESTED:
            for claim in evidence.claims:
                if (evidence.notebook, claim) not in rejected:
                    yield f"{claim}: {evidence.place}: {evidence.verdict}, but no twin rejects a wrong formula"
        first = anchors.setdefault((evidence.notebook, evidence.anchor), evidence.place)
        if first != evidence.place:
            yield f"{' '.join(evidence.claims)}: {evidence.place}: the same evidence as in {first}"


def untied(rows: Sequence[Row], evidences: Sequence[Evidence], chapters_written: Iterable[str]) -> Iterator[str]:
    """Yield rows without the evidence that they need, and evidence without a row."""
    written, known = set(chapters_written), {row.id for row in rows}
    for evidence in evidences:
        for claim in sorted(set(evidence.claims) - known):
            yield f"{claim}: {evidence.place}: the ledger has no such row"
    for row in rows:
        found = [evidence for evidence in evidences if row.id in evidence.claims]
        accepted = [evidence for evidence in found if evidence.verdict in (*VERDICTS, "open")]
        elsewhere = ", ".join(evidence.place for evidence in accepted)
        if not any(evidence.notebook == row.chapter for evidence in accepted):
            if row.chapter in written:
                yield f"{row.id}: no evidence in {row.chapter}" + (f", only in {elsewhere}" if elsewhere else "")
            elif elsewhere:
                yield f"{row.id}: evidence in {elsewhere}, but none in its chapter {row.chapter}, which is not written"
        verdict = row_verdict(found)
        if _rejects_print(found) and verdict not in ("corrected", "not reproduced"):
            yield f"{row.id}: the printed formula is rejected, but the row is {verdict}: no corrected one is shown"


def main(root: Path = ROOT) -> int:
    """Print the verdicts by chapter, then the problems; return 1 if there are any."""
    notebooks = written_chapters(root)
    rows, evidences = load_rows(root / "book" / "claims.yml"), collect(notebooks)
    counts = Counter((row.chapter, row_verdict(e for e in evidences if row.id in e.claims)) for row in rows)
    verdicts = [v for v in ("corrected", *VERDICTS, "open") if any(v == verdict for _, verdict in counts)]
    print(f"{'':28}{''.join(f'{verdict:>16}' for verdict in verdicts)}{'rows':>8}")
    for chapter in CHAPTERS:
        cells = [counts[chapter, verdict] for verdict in verdicts]
        print(f"{chapter:28}{''.join(f'{count:>16}' for count in cells)}{sum(cells):>8}")
    found = problems(rows, evidences, [path.stem for path in notebooks])
    print(f"{len(rows)} rows, {len(evidences)} pieces of evidence, {len(found)} problems", *found, sep="\n- ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
