"""The ledger is complete, and each way in which it could be wrong is noticed."""

import doctest
import json
import re
import textwrap
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sympy
import yaml

from paperlib import claims
from paperlib.evidence import digest
from tools import ledger
from tools import rows as ledger_rows
from tools.evidence import Evidence
from tools.ledger import Row
from tools.problems import incomplete
from tools.rows import load_tests

Record = dict[str, Any]

CHAPTER, LATER = "02_population_solutions", "05_convergence"
WRONG = {"wrong": "a sign", "claims": ["eq:5"], "printed": False, "residual": "by 0.2"}
PRINT = {"wrong": "as printed", "claims": ["eq:5"], "printed": True, "tex": "x^2", "residual": "by 0.2"}
REFUSES = {"refuses": [WRONG]}
PROVED = {"verdict": "proved", "kind": "sympy", "residual": "0", "shows": "y=x^3", "symbols": ["d", "x"], **REFUSES}
PRINTED = {**PROVED, "refuses": [PRINT]}
NUMERICAL = {
    "verdict": "checked",
    "kind": "numerical",
    "instances": 9,
    "deviation": "1e-12",
    "tolerance": "1e-10",
    **REFUSES,
}
SAMPLED = {**NUMERICAL, "kind": "monte carlo", "instances": 900, "deviation": "1.7", "tolerance": "4.5"}
BOUNDED = {"verdict": "checked", "kind": "bound", "instances": 9, "nearest": "0.9", "median": "2", **REFUSES}
DECIDED = {"verdict": "checked", "kind": "cases", "instances": 9, "true": 4, **REFUSES}
RAN = {"kind": "experiment", "rule": "R", "scale": "2 seeds", "instances": 9, "met": 9, "control": ["more"], **REFUSES}
REPRODUCED, FAILED, UNDECIDED, CONFOUNDED, ATTAINABLE = (
    {"verdict": verdict, **RAN} for verdict in ("reproduced", "not reproduced", "undecided", "confounded", "attainable")
)
QUOTED = {"verdict": "quoted", "kind": "source", "source": "Zhong et al., Lemma D.3"}
OPEN = {"verdict": "open", "kind": "lacking"}
INCONSISTENT = {"verdict": "inconsistent", "kind": "contradiction", "error": "says 1 and 2"}


def full_ledger(*rows: Row) -> list[Row]:
    """Add to `rows` what the paper has otherwise, all of it in a chapter that is not written."""
    taken = {(row.id.partition(":")[0], number) for row in rows for number in ledger.expand(row.id)}
    rest = [
        Row(f"{kind}:{number}", "s", "w", LATER)
        for kind, count in ledger_rows.NUMBERED.items()
        for number in range(1, count + 1)
        if (kind, number) not in taken
    ]
    return [*rows, *rest]


def row(claim: str = "eq:5", chapter: str = CHAPTER, **fields: Any) -> Row:
    return Row(claim, "says", "where", chapter, **fields)


def evidence(record: Record, claim: str = "eq:5", notebook: str = CHAPTER, cell: int = 3) -> Evidence:
    claimed, says = tuple(claim.split()), f"says {cell}"
    figures = {name: value for name, value in record.items() if name not in ("verdict", "kind")}
    whole = {"claims": list(claimed), "says": says, **record}
    source = f'claims.check("{claim}")'
    anchor = f"evidence-{digest(whole)}"
    return Evidence(notebook, cell, anchor, claimed, record["verdict"], record["kind"], says, source, figures)


def found(
    rows: list[Row], evidences: list[Evidence], written: tuple[str, ...] = (CHAPTER,), **options: Any
) -> list[str]:
    return ledger.problems(full_ledger(*rows), evidences, written, **options)


# -- the real ledger


def test_the_ledger_covers_the_paper() -> None:
    rows = ledger.load_rows(ledger.ROOT / "book" / "claims.yml")
    assert list(incomplete(rows)) == []
    texts = [(r.id, text) for r in rows for text in (r.says, r.printed, r.corrected, r.reason)]
    assert [claim for claim, text in texts if text.count("$") % 2 or "|" in text.replace(r"\|", "")] == []
    known = {r.id for r in rows}
    assert [(r.id, used) for r in rows for used in (*r.uses, *filter(None, [r.restates])) if used not in known] == []


def test_what_the_rows_rest_on_and_name_exists() -> None:
    rows = {r.id: r for r in ledger.load_rows(ledger.ROOT / "book" / "claims.yml")}
    waiting = {claim: set(r.uses) for claim, r in rows.items()}
    assert {used for uses in waiting.values() for used in uses} <= set(rows)
    while ready := [claim for claim, uses in waiting.items() if not uses & set(waiting)]:
        for claim in ready:
            del waiting[claim]
    assert waiting == {}, "these rows rest on each other in a circle"
    for r in rows.values():
        if r.function:
            module, _, name = r.function.rpartition(".")
            assert name in import_module(f"paperlib.{module}").__all__, r.id


def test_every_function_that_a_row_names_has_its_test() -> None:
    book = ledger.ROOT / "book"
    tests = load_tests(book / "functions.yml")
    assert set(tests) == {r.function for r in ledger.load_rows(book / "claims.yml") if r.function}
    for function, place in tests.items():
        file, _, name = place.partition("::")
        text = (ledger.ROOT / file).read_text(encoding="utf-8")
        body = text.partition(f"\ndef {name}(")[2].partition("\n\n\n")[0]
        assert re.search(rf"\b{function.rpartition('.')[2]}\b", body), f"{place} does not call {function}"


def test_a_correction_is_complete_and_typeset() -> None:
    for r in ledger.load_rows(ledger.ROOT / "book" / "claims.yml"):
        fields = (r.printed, r.corrected, r.reason)
        assert all(fields) == any(fields) == (r.consequence > 0), r.id
        assert r.printed != r.corrected or not r.printed, r.id
        assert not any(text.count("$") % 2 or "|" in text for text in fields), r.id
        assert not (r.definition and r.corrected), r.id


def test_the_rows_of_a_chapter_stand_together_in_reading_order() -> None:
    chapters = [r.chapter for r in ledger.load_rows(ledger.ROOT / "book" / "claims.yml")]
    assert chapters == sorted(chapters)
    # the pages that are wholly past the paper: their evidence stands beside that of rows of other chapters
    assert set(ledger_rows.CHAPTERS) - set(chapters) == {
        "24_other_learners",
        "25_your_own_tasks",
    }
    assert set(chapters) <= set(ledger_rows.CHAPTERS)


def test_the_written_chapters_bear_their_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert ledger.main() == 0, capsys.readouterr().out


def test_a_printed_formula_is_defined_in_one_place() -> None:
    scripts = sorted((ledger.ROOT / "book").glob("[0-9]*.py"))
    calls = [call for path in scripts for call in PRINTS.findall(path.read_text(encoding="utf-8"))]
    assert sorted(set(calls)) == sorted(calls)


PRINTS = re.compile(r"claims\.prints\(\s*[\"']([^\"']+)[\"']")


# -- what is in order


@pytest.mark.parametrize(
    ("records", "verdict"),
    [
        ([], "open"),
        ([QUOTED], "quoted"),
        ([QUOTED, BOUNDED], "checked"),
        ([NUMERICAL, SAMPLED, DECIDED], "checked"),
        ([NUMERICAL, PROVED], "proved"),
        ([PROVED, ATTAINABLE], "attainable"),
        ([PROVED, ATTAINABLE, REPRODUCED], "reproduced"),
        ([REPRODUCED, FAILED], "not reproduced"),
        ([FAILED, UNDECIDED], "undecided"),
        ([UNDECIDED, CONFOUNDED], "confounded"),
        ([CONFOUNDED, OPEN], "open"),
        ([OPEN, PRINTED], "corrected"),
        ([PRINTED, INCONSISTENT], "inconsistent"),
    ],
)
def test_verdicts_follow_from_evidence(records: list[Record], verdict: str) -> None:
    evidences = [evidence(record, cell=cell) for cell, record in enumerate(records)]
    fields = {"corrected": "$y = x^3$", "printed": "$x^2$"} if verdict in ("corrected", "inconsistent") else {}
    assert ledger.row_verdict(row(**fields), evidences) == verdict
    if records:
        assert found([row(**fields)], evidences) == []


def test_a_step_towards_a_row_does_not_bear_it() -> None:
    step = evidence({**PROVED, "towards": True})
    assert ledger.row_verdict(row(), [step]) == "open"
    assert found([row()], [step]) == [f"eq:5: no evidence in {CHAPTER}"]


def test_a_definition_is_borne_by_the_label_where_it_stands(tmp_path: Path) -> None:
    script = tmp_path / "chapter.py"
    script.write_text("# (def-risk)=\n# **Risk.**\n# $$ (eq-5)\n# :name: ass-1\nx = 1  # (eq-7)=\n")
    labels = ledger.anchors([script])
    assert labels == {"def-risk", "eq-5", "ass-1"}
    defined = row("def:risk", definition=True)
    assert ledger.row_verdict(defined, [], labels) == "stated" and found([defined], [], labels=labels) == []
    assert ledger.row_verdict(row("def:risk"), [], labels) == "open"
    assert found([defined], []) == [f"def:risk: no label (def-risk)=, and no evidence in {CHAPTER}"]


@pytest.mark.parametrize("claim", ["thm:1", "prop:1", "cor:1", "lem:2", "rem:1", "text:must", "fig:1", "tab:1"])
def test_what_claims_something_is_no_definition(claim: str) -> None:
    label = claim.replace(":", "-")
    (problem,) = found([row(claim, definition=True)], [], labels=[label])
    assert problem == f"{claim}: only a definition, an assumption or an equation defines"


def test_rows_of_chapters_not_written_may_be_open() -> None:
    assert found([row()], [], written=()) == []


def test_further_evidence_elsewhere_is_welcome() -> None:
    assert found([row()], [evidence(QUOTED), evidence(PROVED, notebook="01_learning_to_adapt")]) == []


# -- what is not


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({**PROVED, "kind": "numerical"}, "'numerical' is no kind of check that bears it"),
        ({**PROVED, "verdict": "stated", "kind": "definition"}, "'definition' is no kind of check"),
        ({**PROVED, "verdict": "obvious"}, "'sympy' is no kind of check that bears it"),
        ({**PROVED, "residual": "x"}, "the residual is x"),
        ({**PROVED, "refuses": []}, "nothing is refused for eq:5"),
        ({**PROVED, "refuses": [{**WRONG, "claims": ["eq:6"]}]}, "nothing is refused for eq:5"),
        ({**NUMERICAL, "deviation": "2e-10"}, "the deviation is 2e-10 and the tolerance 1e-10"),
        ({**NUMERICAL, "deviation": "nan"}, "the deviation is nan and the tolerance 1e-10"),
        ({**NUMERICAL, "tolerance": "inf"}, "the deviation is 1e-12 and the tolerance inf"),
        ({**NUMERICAL, "tolerance": "1.1e-9"}, "its tolerance 1.1e-09 is more than 1000 times its deviation 1e-12"),
        ({**NUMERICAL, "deviation": "0", "tolerance": "1e-8"}, "its tolerance 1e-08 is more than 1000 times"),
        ({**NUMERICAL, "instances": 0}, "it was tried on no instance"),
        ({**NUMERICAL, "instances": None}, "it was tried on no instance"),
        ({**NUMERICAL, "refuses": []}, "nothing is refused for eq:5"),
        ({**SAMPLED, "deviation": "4.6"}, "the deviation is 4.6 and the tolerance 4.5"),
        ({**SAMPLED, "instances": 29}, "its 29 draws are fewer than 30"),
        ({**SAMPLED, "tolerance": "6"}, "its limit of 6 standard errors is above 5"),
        ({**BOUNDED, "nearest": "1.2"}, "its nearest instance comes to 1.2 of the bound"),
        ({**BOUNDED, "refuses": []}, "nothing is refused for eq:5"),
        ({**DECIDED, "true": 9}, "its outcome is the same in all cases"),
        ({**DECIDED, "true": 0}, "its outcome is the same in all cases"),
        ({**REPRODUCED, "rule": ""}, "it holds no rule"),
        ({**REPRODUCED, "scale": ""}, "it holds no scale"),
        ({**REPRODUCED, "refuses": []}, "nothing is refused"),
        ({**FAILED, "control": []}, "it has no control that meets the rule"),
        ({**UNDECIDED, "control": []}, "it has no control that meets the rule"),
        ({**CONFOUNDED, "control": []}, "it has no control that meets the rule"),
        ({**QUOTED, "source": ""}, "it names no source"),
    ],
)
def test_a_verdict_that_is_not_borne_out_is_noticed(record: Record, reason: str) -> None:
    others = [evidence(QUOTED, cell=8)]
    (problem,) = found([row()], [evidence(record), *others])
    assert problem.startswith(f"eq:5: {CHAPTER}, cell 3: {record['verdict']}, but {reason}")


def test_a_record_that_no_check_wrote_is_noticed() -> None:
    honest = evidence(NUMERICAL)
    forged = Evidence(**(honest.__dict__ | {"figures": dict(honest.figures) | {"instances": 10_000}}))
    assert found([row()], [forged]) == [
        f"eq:5: {CHAPTER}, cell 3: checked, but no check wrote this record: its digest is another"
    ]
    displayed = Evidence(**(honest.__dict__ | {"source": "display(Evidence(record))"}))
    assert found([row()], [displayed]) == [
        f"eq:5: {CHAPTER}, cell 3: checked, but its cell calls no check with these rows"
    ]


def test_repeated_evidence_is_noticed() -> None:
    first = evidence(QUOTED)
    again = Evidence(**(first.__dict__ | {"cell": 7}))
    assert found([row()], [first, again]) == [f"eq:5: {CHAPTER}, cell 7: the same evidence as in {CHAPTER}, cell 3"]


def test_the_printed_formula_is_that_of_the_row() -> None:
    fields = {"corrected": "$y=x^3$", "printed": "the square $x ^2$"}
    assert found([row(**fields)], [evidence(PRINTED)]) == []
    (problem,) = found([row(**fields | {"printed": "$x^4$"})], [evidence(PRINTED)])
    assert problem == f"eq:5: {CHAPTER}, cell 3: refuses x^2 as printed, but the row's printed is '$x^4$'"


def test_a_corrected_row_says_what_is_true_and_a_card_shows_it() -> None:
    fields = {"printed": "$x^2$"}
    assert found([row(**fields)], [evidence(PRINTED)]) == [
        "eq:5: corrected, but the row has no corrected statement",
        "eq:5: no card shows a formula of its corrected statement",
    ]
    assert found([row(corrected="$y=x^4$", **fields)], [evidence(PRINTED)]) == [
        "eq:5: no card shows a formula of its corrected statement"
    ]
    assert found([row(corrected="$y=x^3$", **fields)], [evidence(PROVED)]) == [
        "eq:5: the row has a corrected statement, but is proved"
    ]


def test_a_proof_of_a_special_case_names_it() -> None:
    general = row(symbols=("d", "m", "x"))
    assert found([general], [evidence(PROVED)]) == [f"eq:5: {CHAPTER}, cell 3: proved without m, and names no case"]
    assert found([general], [evidence({**PROVED, "case": "$m=2$"})]) == []
    assert found([row(symbols=("d",))], [evidence(PROVED)]) == []


def test_a_contradiction_is_between_words_that_its_rows_print() -> None:
    fields = {"corrected": "$y = x^3$", "printed": "$m = 500$ in §3.1, $m=100$ in the caption"}
    places = {name: {"words": words, "value": words} for name, words in (("a", "$m=500$"), ("b", "$m=100$"))}
    assert found([row(**fields)], [evidence({**INCONSISTENT, "places": places})]) == []
    places["b"]["words"] = "$m=200$"
    (problem,) = found([row(**fields)], [evidence({**INCONSISTENT, "places": places})])
    assert problem == f"eq:5: {CHAPTER}, cell 3: no row prints what b says: $m=200$"
    other = row("eq:6", printed="$m=200$")
    assert found([row(**fields, uses=("eq:6",)), other], [evidence({**INCONSISTENT, "places": places})]) == [
        f"eq:6: no evidence in {CHAPTER}"
    ]


def test_one_side_for_several_rows_is_for_rows_that_say_the_same() -> None:
    two = {**PROVED, "refuses": [{**WRONG, "claims": ["eq:5", "eq:6"]}]}
    rows = [row(), row("eq:6")]
    (problem,) = found(rows, [evidence(two, claim="eq:5 eq:6")])
    assert problem.endswith("one side for rows that do not restate each other")
    assert found(rows, [evidence({**two, "by_row": True}, claim="eq:5 eq:6")]) == []
    assert found([row(), row("eq:6", restates="eq:5")], [evidence(two, claim="eq:5 eq:6")]) == []


def test_what_survives_an_exchange_has_its_reason() -> None:
    coarse = evidence({**SAMPLED, "survives": ["1 % off"]})
    reason = {"chapter": CHAPTER, "claims": "eq:5", "says": "says 3", "survives": ["1 % off"], "reason": "few draws"}
    (problem,) = found([row()], [coarse])
    assert problem == f"eq:5: {CHAPTER}, cell 3: accepts ['1 % off'] too; book/survivors.yml explains []"
    assert found([row()], [coarse], survivors=[reason]) == []
    (problem,) = found([row()], [evidence(SAMPLED)], survivors=[reason])
    assert "accepts [] too" in problem
    (problem,) = found([row()], [evidence(SAMPLED)], survivors=[{**reason, "says": "gone"}])
    assert problem == f"eq:5: book/survivors.yml explains a check that {CHAPTER} does not have: gone"


def test_every_survivor_of_the_book_has_a_reason() -> None:
    survivors = yaml.safe_load((ledger.ROOT / "book" / "survivors.yml").read_text(encoding="utf-8")) or []
    assert [item for item in survivors if set(item) != {"chapter", "claims", "says", "survives", "reason"}] == []
    assert [item for item in survivors if not item["reason"] or not item["survives"]] == []


def test_evidence_without_a_row_is_noticed() -> None:
    stray = evidence(QUOTED, claim="text:stray")
    assert found([row()], [evidence(QUOTED), stray]) == [f"text:stray: {CHAPTER}, cell 3: the ledger has no such row"]


def test_evidence_only_in_another_chapter_is_noticed() -> None:
    assert found([row()], [evidence(QUOTED, notebook="03_hardness")]) == [
        f"eq:5: no evidence in {CHAPTER}, only in 03_hardness, cell 3"
    ]
    (problem,) = found([row(chapter=LATER)], [evidence(QUOTED)])
    assert problem.startswith(f"eq:5: evidence in {CHAPTER}, cell 3, but none in its chapter")


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([row("text:twice", LATER), row("text:twice", LATER)], "text:twice: 2 rows have this id"),
        ([row("eq:5", "99_nowhere")], "eq:5: unknown chapter '99_nowhere'"),
        ([row("eq:5", LATER), row("eq:4-6", LATER)], "eq:5: 2 rows cover Eq. (5)"),
        ([row("eq:125", LATER)], "eq:125: the paper has no Eq. (125)"),
        ([row("eq:9-7", LATER)], "eq:9-7: the chain must run forwards"),
        ([row("thm:0", LATER)], "thm:0: the paper has no Thm. 0"),
        ([row("Eq 5", LATER)], "Eq 5: not an id; expected "),
        ([row("text:Near_zero", LATER)], "text:Near_zero: not an id; expected "),
    ],
)
def test_rows_that_make_no_sense_are_noticed(rows: list[Row], problem: str) -> None:
    (only,) = found(rows, [], written=())
    assert only.startswith(problem)


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        ("eq:124", "Eq. (124)"),
        ("prop:1", "Prop. 1"),
        ("cor:2", "Cor. 2"),
        ("thm:3", "Thm. 3"),
        ("lem:4", "Lemma 4"),
        ("rem:2", "Remark 2"),
        ("ass:1", "Assumption 1"),
        ("fig:8", "Fig. 8"),
        ("tab:4", "Table 4"),
    ],
)
def test_missing_items_are_noticed(claim: str, name: str) -> None:
    rows = [r for r in full_ledger() if r.id != claim]
    assert list(incomplete(rows)) == [f"{claim}: no row covers {name}"]


# -- reading files


def test_evidence_is_read_from_the_outputs_of_a_notebook(tmp_path: Path) -> None:
    bundle = claims.quotes("eq:5 prop:1", "A definition.", "a book")._repr_mimebundle_()
    cells: list[Record] = [
        {"cell_type": "markdown", "source": "text"},
        {"cell_type": "code", "source": "x", "outputs": [{"output_type": "stream", "text": "x"}]},
        {
            "cell_type": "code",
            "source": ["claims.quotes(", "'eq:5 prop:1')"],
            "outputs": [{"output_type": "execute_result", "data": bundle}],
        },
    ]
    path = tmp_path / f"{CHAPTER}.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    (item,) = ledger.collect([path])
    assert (item.notebook, item.cell, item.claims) == (CHAPTER, 3, ("eq:5", "prop:1"))
    assert (item.verdict, item.kind, item.says, list(item.doubts)) == ("quoted", "source", "A definition.", [])
    assert f'id="{item.anchor}"' in bundle["text/markdown"]

    cells[2]["outputs"] = [{"data": {"application/vnd.paperlib.evidence+json": {"claims": []}}}]
    path.write_text(json.dumps({"cells": cells}))
    with pytest.raises(ValueError, match=f"{CHAPTER}, cell 3: evidence must hold claims, anchor, verdict, kind, says"):
        ledger.collect([path])


def test_every_check_leaves_evidence_that_bears_its_verdict() -> None:
    x = sympy.Symbol("x")
    wrong: Record = {"refuses": {"w": 7.0}}
    ran = {"rule": "R", "scale": "S"}
    calls = [
        claims.quotes("eq:5", "d", source="a book"),
        claims.awaits("eq:5", "d"),
        claims.proves("eq:5", (x + 1) ** 2, x**2 + 2 * x + 1, "d", shows="x", **wrong),
        claims.checks("eq:5", 1.0, 1.0, "d", rtol=1e-10, **wrong),
        claims.samples("eq:5", [-1.0, 1.0] * 15, 0.0, "d", **wrong),
        claims.bounds("eq:5", 1.0, "d", above=0.5, **wrong),
        claims.decides("eq:5", [True, False], [True, False], "d", refuses={"w": [True, True]}),
        claims.judges("eq:5", [1], lambda a: a, "d", verdict="reproduced", refuses={"w": [0]}, **ran),
        claims.judges("eq:5", [0], lambda a: a, "d", verdict="not reproduced", control={"c": [1]}, **ran),
        claims.contradicts("eq:5", {"a": ("x", 1), "b": ("y", 2)}, "d", agrees=1),
    ]
    for made in calls:
        record = made.record
        figures = {name: value for name, value in record.items() if name not in ("claims", "verdict", "kind", "says")}
        texts = (record["verdict"], record["kind"], record["says"])
        item = Evidence(CHAPTER, 1, made.anchor, tuple(record["claims"]), *texts, 'claims.f("eq:5")', figures)
        assert list(item.doubts) == [], record


@pytest.mark.parametrize(
    "text",
    [
        "- {id: 'eq:5', says: s, where: w}",
        "- {id: 'eq:5', says: s, where: w, chapter: c, verdict: proved}",
        "- {id: 5, says: s, where: w, chapter: c}",
        "- {id: 'eq:5', says: '', where: w, chapter: c}",
        "- eq:5",
    ],
)
def test_malformed_rows_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "claims.yml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"claims.yml: row 1 must hold the texts chapter, id, says, where; got"):
        ledger.load_rows(path)


FULL: dict[str, Any] = {
    "id": "eq:9",
    "says": "s",
    "where": "w",
    "chapter": LATER,
    "printed": "$1$",
    "corrected": "$d$",
    "reason": "the factor",
    "consequence": 2,
    "uses": ["prop:1", "eq:8"],
    "function": "linear.risk_above_floor",
    "symbols": ["d", "alpha"],
    "definition": True,
    "restates": "eq:8",
}


def test_a_row_may_hold_what_is_true_and_what_it_rests_on(tmp_path: Path) -> None:
    path = tmp_path / "claims.yml"
    path.write_text(json.dumps([FULL, {name: FULL[name] for name in ("id", "says", "where", "chapter")}]))
    full, bare = ledger.load_rows(path)
    assert full == Row(**{**FULL, "uses": ("prop:1", "eq:8"), "symbols": ("d", "alpha")})
    assert bare == Row("eq:9", "s", "w", LATER)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("printed", "", "a text"),
        ("corrected", 5, "a text"),
        ("function", ["linear"], "a text"),
        ("consequence", 4, "1, 2 or 3"),
        ("consequence", True, "1, 2 or 3"),
        ("consequence", "2", "1, 2 or 3"),
        ("uses", "prop:1", "a list of different texts"),
        ("uses", [], "a list of different texts"),
        ("uses", ["prop:1", "prop:1"], "a list of different texts"),
        ("symbols", ["d", 1], "a list of different texts"),
        ("definition", False, "true where it stands at all"),
        ("definition", 1, "true where it stands at all"),
    ],
)
def test_a_field_that_is_unknown_or_of_another_type_is_refused(
    tmp_path: Path, name: str, value: Any, expected: str
) -> None:
    path = tmp_path / "claims.yml"
    path.write_text(json.dumps([{**FULL, name: value}]))
    with pytest.raises(ValueError, match=f"claims.yml: row 1, eq:9: {name} must be {expected}.*; got"):
        ledger.load_rows(path)


def test_the_command_tells_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toc = """
        format: jb-book
        root: book/intro
        parts:
          - caption: One
            chapters:
              - file: book/02_population_solutions
              - file: book/03_hardness
              - file: book/claims
        """
    rows = full_ledger(row())
    (tmp_path / "_toc.yml").write_text(textwrap.dedent(toc))
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "claims.yml").write_text(
        json.dumps([{name: value for name, value in r.__dict__.items() if value} for r in rows])
    )
    assert ledger.main(tmp_path) == 0
    assert "0 problems" in capsys.readouterr().out

    notebook = tmp_path / "book" / f"{CHAPTER}.ipynb"
    notebook.write_text(json.dumps({"cells": []}))
    assert [path.name for path in ledger.written_chapters(tmp_path)] == [f"{CHAPTER}.ipynb"]
    notebook.with_suffix(".py").write_text("")
    assert ledger.main(tmp_path) == 1
    assert "- eq:5: no evidence in 02_population_solutions" in capsys.readouterr().out


def test_no_table_of_contents_means_no_chapters(tmp_path: Path) -> None:
    assert ledger.written_chapters(tmp_path) == []


def test_labels_and_chains() -> None:
    assert doctest.testmod(ledger_rows).failed == 0
    assert ledger.label("text:near-zero-risk") == "“near zero risk”"
