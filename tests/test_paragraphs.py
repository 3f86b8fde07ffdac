"""The list of the paper's paragraphs leaves none out, and leads to every row of the ledger."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import pytest
import yaml

from tools import ledger
from tools.rows import NUMBERED

BOOK = ledger.ROOT / "book"


def listed() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load((BOOK / "paragraphs.yml").read_text(encoding="utf-8"))
    return table


def row_ids() -> list[str]:
    return [row.id for row in ledger.load_rows(BOOK / "claims.yml")]


def problems(table: dict[str, Any], ids: list[str]) -> Iterator[str]:
    """Yield what is wrong with the list."""
    paragraphs = table["paragraphs"]
    for paragraph in paragraphs:
        name = f"{paragraph.get('where')}: {paragraph.get('begins')}"
        if set(paragraph) not in ({"where", "begins", "rows"}, {"where", "begins", "none"}):
            yield f"{name}: must hold where, begins, and either rows or none; got {sorted(paragraph)}"
        for field in {"where", "begins", "none"} & set(paragraph):
            if not isinstance(paragraph[field], str) or not paragraph[field].strip():
                yield f"{name}: {field} must be a text; got {paragraph[field]!r}"
        rows = paragraph.get("rows", ["none"])
        if not isinstance(rows, list) or not rows or len(set(rows)) < len(rows):
            yield f"{name}: rows must be a list of different ids; got {rows!r}"
    for (where, begins), count in Counter((p.get("where"), p.get("begins")) for p in paragraphs).items():
        if count > 1:
            yield f"{where}: {begins}: {count} paragraphs begin so"
    found = [(where, len(list(group))) for where, group in groupby(p.get("where") for p in paragraphs)]
    if found != list(table["sections"].items()):
        yield f"the sections must be {table['sections']}, in this order; got {found}"
    used = {row for p in paragraphs for row in p.get("rows") or []}
    for row in sorted(used - set(ids)):
        yield f"{row}: the ledger has no such row"
    for row in sorted(set(ids) - used):
        yield f"{row}: no paragraph of the paper leads to it"


def test_every_paragraph_has_its_rows_or_a_reason_and_every_row_a_paragraph() -> None:
    assert list(problems(listed(), row_ids())) == []


def test_numbered_items_stand_in_their_order() -> None:
    firsts: dict[str, list[int]] = {}
    for paragraph in listed()["paragraphs"]:
        for row in paragraph.get("rows", []):
            numbers = firsts.setdefault(row.partition(":")[0], [])
            numbers.extend(n for n in ledger.expand(row) if n not in numbers)
    for kind, count in NUMBERED.items():
        assert firsts[kind] == list(range(1, count + 1)), kind


def change(index: int, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda table: table["paragraphs"][index].update(fields)


def drop(index: int) -> Callable[[dict[str, Any]], None]:
    return lambda table: table["paragraphs"].pop(index)


SMALL = {
    "sections": {"§1": 2, "§2": 1},
    "paragraphs": [
        {"where": "§1", "begins": "An important", "rows": ["eq:1"]},
        {"where": "§1", "begins": "However", "none": "it names the question"},
        {"where": "§2", "begins": "We aim", "rows": ["eq:1", "eq:2"]},
    ],
}


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (drop(1), "the sections must be"),
        (drop(2), "eq:2: no paragraph"),
        (lambda table: table["paragraphs"].reverse(), "the sections must be"),
        (change(1, none=" "), "§1: However: none must be a text"),
        (change(1, rows=["eq:1"]), "§1: However: must hold where, begins, and either rows or none"),
        (change(0, rows=[]), "§1: An important: rows must be a list of different ids"),
        (change(0, rows=["eq:1", "eq:1"]), "§1: An important: rows must be a list of different ids"),
        (change(0, rows=["eq:3"]), "eq:3: the ledger has no such row"),
        (change(2, rows=["eq:1"]), "eq:2: no paragraph"),
        (change(1, begins="An important"), "§1: An important: 2 paragraphs begin so"),
        (change(1, begins=""), "§1: : begins must be a text"),
        (change(2, where="§3"), "the sections must be"),
    ],
)
def test_a_gap_is_noticed(harm: Callable[[dict[str, Any]], None], problem: str) -> None:
    table = yaml.safe_load(yaml.safe_dump(SMALL, allow_unicode=True, sort_keys=False))
    assert list(problems(table, ["eq:1", "eq:2"])) == []
    harm(table)
    assert any(found.startswith(problem) for found in problems(table, ["eq:1", "eq:2"]))
