"""The ledger as JSON follows its schema, its rows are found by name and number, and the errata follow the paper."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import edition_claims  # noqa: E402
import edition_errata  # noqa: E402

from tools import ledger  # noqa: E402


@pytest.fixture(scope="module")
def exported() -> list[dict[str, Any]]:
    return edition_claims.as_json(ROOT)


def test_the_ledger_as_json_follows_its_schema(exported: list[dict[str, Any]]) -> None:
    schema = json.loads((ROOT / "book" / "ledger.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    plain = json.loads(json.dumps(exported))
    jsonschema.validate(plain, schema)
    for harm in ({"verdict": "true"}, {"id": "9"}, {"unknown": 1}, {"evidence": [{"page": "x"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate([plain[0] | harm], schema)


def test_the_ledger_as_json_is_the_ledger(exported: list[dict[str, Any]]) -> None:
    rows = ledger.load_rows(ROOT / "book" / "claims.yml")
    assert [item["id"] for item in exported] == [row.id for row in rows]
    assert sum(len(item["evidence"]) for item in exported) >= len(rows)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("eq:12", ["Eq.12", "Equation.12"]),
        ("eq:17-18", ["Eq.17", "Equations.17", "Eq.18", "Equations.18"]),
        ("thm:3", ["Thm.3", "Theorem.3"]),
        ("cor:2", ["Cor.2", "Corollary.2"]),
        ("tab:4", ["Table.4"]),
        ("text:near-zero-risk", ["near zero risk"]),
    ],
)
def test_rows_have_the_names_by_which_they_are_looked_for(claim: str, expected: list[str]) -> None:
    assert edition_claims.names(claim) == expected


def test_the_graph_holds_the_main_line_and_every_line_goes_down() -> None:
    items = {item.row.id: item for item in ledger.judged(ROOT)}
    picture = edition_claims.drawing(items)
    for claim in ("lem:2", "eq:5", "prop:1", "cor:1", "cor:2", "thm:3"):
        assert f'href="#{claim.replace(":", "-")}"' in picture
    assert picture.count("<path") > 40


def test_errata_stand_in_the_order_of_the_paper() -> None:
    places = edition_errata.order(ROOT)
    assert places["prop:1"] < places["cor:1"] < places["cor:2"] < places["thm:1"] < places["thm:2"] < places["thm:3"]
    wrong = [item for item in ledger.judged(ROOT) if item.verdict in edition_errata.WRONG]
    assert len(wrong) > 100
    assert [item.row.id for item in wrong if item.row.consequence not in edition_errata.WEIGHTS] == []
