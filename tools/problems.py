"""What is wrong with the ledger: gaps, and verdicts that their evidence does not bear."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tools.evidence import Evidence
from tools.rows import CHAPTERS, NUMBERED, ROW_ID, Row, expand, label
from tools.verdicts import CORRECTING, row_verdict

TOGETHER = ("source", "lacking", "contradiction")  # kinds of evidence that may name rows which differ
DEFINING = ("def", "ass", "eq")  # kinds of rows that a definition can be


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
        for doubt in evidence.doubts:
            yield f"{' '.join(evidence.claims)}: {evidence.place}: {evidence.verdict}, but {doubt}"
        place = first.setdefault((evidence.notebook, evidence.anchor), evidence.place)
        if place != evidence.place:
            yield f"{' '.join(evidence.claims)}: {evidence.place}: the same evidence as in {place}"


def unlike(rows: Sequence[Row], evidences: Sequence[Evidence]) -> Iterator[str]:
    """Yield evidence that says something else than its rows."""
    table = {row.id: row for row in rows}
    for evidence in evidences:
        named = [table[claim] for claim in evidence.claims if claim in table]
        for row in named:
            tex = evidence.printed(row.id)
            if tex and squeezed(tex) not in squeezed(row.printed):
                yield f"{row.id}: {evidence.place}: refuses {tex} as printed, but the row's printed is {row.printed!r}"
            lacking = sorted(set(row.symbols) - set(evidence.figures.get("symbols", ())))
            special = evidence.verdict == "proved" and not evidence.towards and not evidence.figures.get("case")
            if special and lacking:
                yield f"{row.id}: {evidence.place}: proved without {', '.join(lacking)}, and names no case"
        if evidence.kind == "contradiction":
            told = [*named, *(table[name] for row in named for name in row.uses if name in table)]
            text = squeezed(" ".join(part for row in told for part in (row.printed, row.says)))
            for place, item in evidence.figures.get("places", {}).items():
                if squeezed(item["words"]) not in text:
                    yield f"{named[0].id}: {evidence.place}: no row prints what {place} says: {item['words']}"
        if len(named) > 1 and not evidence.figures.get("by_row") and evidence.kind not in TOGETHER:
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
            if row.chapter in chapters:
                yield f"{row.id}: {what} evidence in {row.chapter}" + (f", only in {elsewhere}" if elsewhere else "")
            elif elsewhere:
                yield f"{row.id}: evidence in {elsewhere}, but none in its chapter {row.chapter}, which is not written"
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
