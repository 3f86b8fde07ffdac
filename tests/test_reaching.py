"""The ledger as JSON follows its schema, its rows are found by name and number, and the errata follow the paper."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from docutils import nodes

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import edition_claims  # noqa: E402
import edition_errata  # noqa: E402
import edition_search  # noqa: E402

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
        ("eq:12", ["Eq. (12)", "eq:12", "(12)", "Equation (12)"]),
        ("eq:17-18", ["Eqs. (17)–(18)", "(17)", "Eq. (18)", "Equation (18)"]),
        ("thm:3", ["Thm. 3", "Theorem (3)"]),
        ("cor:2", ["Cor. 2", "Corollary (2)"]),
        ("tab:4", ["Table 4", "Table (4)"]),
        ("text:near-zero-risk", ["“near zero risk”"]),
        ("def:hardness", ["Definition: hardness", "hardness"]),
    ],
)
def test_rows_have_the_names_by_which_they_are_looked_for(claim: str, expected: list[str]) -> None:
    found = edition_search.names(claim)
    assert found[0] == expected[0] and set(expected) <= set(found)


PAGE = """<article class="bd-article"><section id="one"><h1>One<a class="headerlink" href="#one">#</a></h1>
<p>Says <span class="math">\\(a_b\\)</span> here.</p><pre><span class="k">x</span> = 1</pre>
<ul><li>outer<ul><li>inner</li></ul></li></ul>
<div class="evidence proved" id="evidence-1"><p>proved <a href="claims.html#eq-9">Eq. (9)</a> On a card.</p></div>
<p>After.</p><section id="two"><h2>Two</h2></section></section>
<section id="erratum-eq-9"><h2>Nine</h2><p>Wrong.</p></section>
<table class="ledger"><tr id="eq-9"><td><p>Eq. (9)</p></td>
<td><p>Is so.</p></td><td><p>aside</p></td></tr></table></article>"""


def test_every_word_of_a_page_belongs_to_the_innermost_place() -> None:
    found = [
        (place["at"], place["kind"], place["title"], place["says"])
        for place in edition_search.places(PAGE, {"eq-9": ["Eq. (9)", "(9)"]})
    ]
    assert sorted(found) == [
        ("eq-9", "claim", "Eq. (9)", ["Is so."]),
        ("erratum-eq-9", "erratum", "Nine", ["Wrong."]),
        ("evidence-1", "card", "Eq. (9)", ["proved Eq. (9) On a card."]),
        ("one", "code", "One", ["x = 1"]),
        ("one", "section", "One", ["Says \\(a_b\\) here.", "outer", "inner", "After."]),
        ("two", "section", "Two", []),
    ]


def test_the_graph_holds_the_main_line_and_every_line_goes_down() -> None:
    items = {item.row.id: item for item in ledger.judged(ROOT)}
    picture = edition_claims.drawing(items)
    for claim in ("lem:2", "eq:5", "prop:1", "cor:1", "cor:2", "thm:3"):
        assert f'href="#{claim.replace(":", "-")}"' in picture
    assert picture.count("<path") > 40
    boxes = re.findall(r'href="#([\w-]+)" [^>]*>\s*<title>[^<]*</title><rect class="([\w-]+)"', picture)
    verdicts = {claim.replace(":", "-"): item.verdict.replace(" ", "-") for claim, item in items.items()}
    assert len(boxes) > 60 and all(verdicts[claim] == colour for claim, colour in boxes)


def test_the_list_under_the_graph_says_what_its_lines_say() -> None:
    items = {item.row.id: item for item in ledger.judged(ROOT)}
    said = [
        [str(link["refid"]) for link in line.findall(nodes.reference)]
        for line in edition_claims.listing(items).findall(nodes.list_item)
    ]
    drawn = edition_claims.resting(items).edges
    pairs = {(used, claim) for claim, *line in said for used in line}
    assert pairs == {(edition_claims.anchor(used), edition_claims.anchor(claim)) for used, claim in drawn}
    assert len({line[0] for line in said}) == len(said) and min(map(len, said)) > 1


def test_what_changes_a_conclusion_and_nothing_else_has_a_headline() -> None:
    wrong = [item.row for item in ledger.judged(ROOT) if item.verdict in edition_errata.WRONG]
    headlines = edition_errata.load_headlines(ROOT)
    assert set(headlines) == {row.id for row in wrong if row.consequence == 1}
    assert [line for line in headlines.values() if len(line) > 75 or line.endswith(".")] == []


def test_errata_stand_in_the_order_of_the_paper() -> None:
    places = edition_errata.order(ROOT)
    assert places["prop:1"] < places["cor:1"] < places["cor:2"] < places["thm:1"] < places["thm:2"] < places["thm:3"]
    wrong = [item for item in ledger.judged(ROOT) if item.verdict in edition_errata.WRONG]
    assert len(wrong) > 100
    assert [item.row.id for item in wrong if item.row.consequence not in edition_errata.WEIGHTS] == []
