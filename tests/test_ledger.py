"""The ledger is complete, and each way in which it could be wrong is noticed."""

import doctest
import json
import textwrap
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from paperlib import claims
from tools import ledger
from tools.evidence import Evidence
from tools.ledger import Row

Record = dict[str, Any]

CHAPTER, LATER = "02_population_solutions", "05_convergence"
PROVED = {"verdict": "proved", "kind": "sympy", "residual": "0"}
NUMERICAL = {"verdict": "checked", "kind": "numerical", "instances": 9, "deviation": "1e-12", "tolerance": "1e-10"}
SAMPLED = {"verdict": "checked", "kind": "monte carlo", "instances": 900, "deviation": "1.7", "tolerance": "4.5"}
HELD = {"verdict": "checked", "kind": "instances", "instances": 9, "violations": 0}
REPRODUCED = {"verdict": "reproduced", "kind": "experiment", "rule": "R", "instances": 9, "violations": 0}
FAILED = {**REPRODUCED, "verdict": "not reproduced", "violations": 3}
STATED = {"verdict": "stated", "kind": "definition"}
QUOTED = {"verdict": "quoted", "kind": "source", "source": "Zhong et al., Lemma D.3"}
TWIN = {"verdict": "rejected", "kind": "sympy", "residual": "by 0.2 at x = 1/2", "printed": False}
PRINTED = {**TWIN, "printed": True}
NUMERICAL_TWIN = {**NUMERICAL, "verdict": "rejected", "deviation": "0.3", "printed": False}
HELD_TWIN = {**HELD, "verdict": "rejected", "violations": 4, "printed": False}


def full_ledger(*rows: Row) -> list[Row]:
    """Add to `rows` what the paper has otherwise, all of it in a chapter that is not written."""
    taken = {(row.id.partition(":")[0], number) for row in rows for number in ledger.expand(row.id)}
    rest = [
        Row(f"{kind}:{number}", "s", "w", LATER)
        for kind, count in ledger.NUMBERED.items()
        for number in range(1, count + 1)
        if (kind, number) not in taken
    ]
    return [*rows, *rest]


def row(claim: str = "eq:5", chapter: str = CHAPTER) -> Row:
    return Row(claim, "says", "where", chapter)


def evidence(record: Record, claim: str = "eq:5", notebook: str = CHAPTER, cell: int = 3) -> Evidence:
    figures = {name: value for name, value in record.items() if name not in ("verdict", "kind")}
    anchor = f"evidence-{claim}-{cell}-{sorted(record.items())}"
    return Evidence(notebook, cell, anchor, (claim,), record["verdict"], record["kind"], "says", figures)


def found(rows: list[Row], evidences: list[Evidence], written: tuple[str, ...] = (CHAPTER,)) -> list[str]:
    return ledger.problems(full_ledger(*rows), evidences, written)


# -- the real ledger


def test_the_ledger_covers_the_paper() -> None:
    rows = ledger.load_rows(ledger.ROOT / "book" / "claims.yml")
    assert list(ledger.incomplete(rows)) == []
    assert [r.id for r in rows if r.says.count("$") % 2 or "|" in r.says] == []


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
    assert set(chapters) == set(ledger.CHAPTERS)


def test_the_written_chapters_bear_their_rows() -> None:
    notebooks = ledger.written_chapters()
    rows = ledger.load_rows(ledger.ROOT / "book" / "claims.yml")
    assert ledger.problems(rows, ledger.collect(notebooks), [path.stem for path in notebooks]) == []


# -- what is in order


@pytest.mark.parametrize(
    ("records", "verdict"),
    [
        ([], "open"),
        ([TWIN], "open"),
        ([STATED], "stated"),
        ([QUOTED], "quoted"),
        ([STATED, QUOTED], "quoted"),
        ([QUOTED, HELD, HELD_TWIN], "checked"),
        ([NUMERICAL, NUMERICAL_TWIN], "checked"),
        ([SAMPLED, TWIN], "checked"),
        ([NUMERICAL, PROVED, TWIN], "proved"),
        ([PROVED, REPRODUCED, TWIN], "reproduced"),
        ([REPRODUCED, FAILED, TWIN], "not reproduced"),
        ([FAILED], "not reproduced"),
        ([PROVED, PRINTED], "corrected"),
        ([REPRODUCED, FAILED, PRINTED], "corrected"),
    ],
)
def test_verdicts_follow_from_evidence(records: list[Record], verdict: str) -> None:
    evidences = [evidence(record, cell=cell) for cell, record in enumerate(records)]
    assert ledger.row_verdict(evidences) == verdict
    if verdict != "open":
        assert found([row()], evidences) == []


def test_a_rejected_print_needs_a_correction() -> None:
    assert ledger.row_verdict([evidence(STATED), evidence(PRINTED)]) == "stated"
    assert found([row()], [evidence(STATED), evidence(PRINTED)]) == [
        "eq:5: the printed formula is rejected, but the row is stated: no corrected one is shown"
    ]


def test_rows_of_chapters_not_written_may_be_open() -> None:
    assert found([row()], [], written=()) == []


def test_further_evidence_elsewhere_is_welcome() -> None:
    elsewhere = [evidence(PROVED, notebook="01_learning_to_adapt"), evidence(TWIN, notebook="01_learning_to_adapt")]
    assert found([row()], [evidence(QUOTED), *elsewhere]) == []


# -- what is not


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ([], "eq:5: no evidence in 02_population_solutions"),
        ([TWIN], "eq:5: no evidence in 02_population_solutions"),
        ([PROVED], "eq:5: 02_population_solutions, cell 3: proved, but no twin rejects a wrong formula"),
        ([NUMERICAL], "eq:5: 02_population_solutions, cell 3: checked, but no twin rejects a wrong formula"),
        ([REPRODUCED], "eq:5: 02_population_solutions, cell 3: reproduced, but no twin rejects a wrong formula"),
    ],
)
def test_missing_evidence_is_noticed(records: list[Record], problem: str) -> None:
    assert found([row()], [evidence(record) for record in records]) == [problem]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({**PROVED, "kind": "numerical"}, "its kind is 'numerical'; expected sympy"),
        ({**PROVED, "residual": "x"}, "the residual is x"),
        ({**PROVED, "residual": None}, "it holds no residual"),
        ({**NUMERICAL, "kind": "sympy"}, "its kind is 'sympy'; expected numerical or monte carlo or instances"),
        ({**NUMERICAL, "deviation": "2e-10"}, "the deviation is 2e-10 and the tolerance 1e-10"),
        ({**NUMERICAL, "deviation": "nan"}, "the deviation is nan and the tolerance 1e-10"),
        ({**NUMERICAL, "deviation": None}, "the deviation is nan and the tolerance 1e-10"),
        ({**NUMERICAL, "tolerance": "inf"}, "it holds no finite tolerance"),
        ({**NUMERICAL, "tolerance": "small"}, "it holds no finite tolerance"),
        ({**NUMERICAL, "instances": 0}, "it was tried on no instance"),
        ({**NUMERICAL, "instances": None}, "it was tried on no instance"),
        ({**SAMPLED, "deviation": "4.6"}, "the deviation is 4.6 and the tolerance 4.5"),
        ({**HELD, "violations": 1}, "the number of violations is 1"),
        ({**HELD, "violations": None}, "the number of violations is nan"),
        ({**HELD, "instances": 0}, "it was tried on no instance"),
        ({**HELD, "kind": "experiment"}, "its kind is 'experiment'; expected numerical or monte carlo or instances"),
        ({**REPRODUCED, "violations": 1}, "the number of violations is 1"),
        ({**REPRODUCED, "rule": " "}, "it holds no rule"),
        ({**REPRODUCED, "kind": "instances"}, "its kind is 'instances'; expected experiment"),
        ({**FAILED, "violations": 0}, "the number of violations is 0"),
        ({**FAILED, "instances": 0}, "it was tried on no instance"),
        ({**STATED, "kind": "sympy"}, "its kind is 'sympy'; expected definition"),
        ({**QUOTED, "source": ""}, "it names no source"),
        ({**QUOTED, "kind": "definition"}, "its kind is 'definition'; expected source"),
        ({**PROVED, "verdict": "obvious"}, "this is no verdict; expected one of "),
        ({**TWIN, "residual": "0"}, "the residual is 0"),
        ({**TWIN, "kind": "definition"}, "its kind is 'definition'; expected sympy or numerical or "),
        ({**TWIN, "printed": None}, "it does not tell whether the wrong formula is the printed one"),
        ({**NUMERICAL_TWIN, "deviation": "1e-11"}, "the deviation is 1e-11 and the tolerance 1e-10"),
        ({**NUMERICAL_TWIN, "deviation": "nan"}, "the deviation is nan and the tolerance 1e-10"),
        ({**HELD_TWIN, "violations": 0}, "the number of violations is 0"),
    ],
)
def test_a_verdict_that_is_not_borne_out_is_noticed(record: Record, reason: str) -> None:
    others = [evidence(STATED, cell=8), evidence(TWIN, cell=9)]
    (problem,) = found([row()], [evidence(record), *others])
    assert problem.startswith(f"eq:5: 02_population_solutions, cell 3: {record['verdict']}, but {reason}")


@pytest.mark.parametrize(
    "twin",
    [
        evidence(TWIN, claim="eq:6"),
        evidence(TWIN, notebook="01_learning_to_adapt"),
    ],
)
def test_a_twin_belongs_to_the_same_claim_and_notebook(twin: Evidence) -> None:
    rows = [row(), row("eq:6", LATER)]
    assert found(rows, [evidence(PROVED), twin]) == [
        "eq:5: 02_population_solutions, cell 3: proved, but no twin rejects a wrong formula"
    ]


def test_evidence_without_a_row_is_noticed() -> None:
    stray = evidence(STATED, claim="text:stray")
    assert found([row()], [evidence(STATED), stray]) == [
        "text:stray: 02_population_solutions, cell 3: the ledger has no such row"
    ]


def test_evidence_only_in_another_chapter_is_noticed() -> None:
    assert found([row()], [evidence(STATED, notebook="03_hardness")]) == [
        "eq:5: no evidence in 02_population_solutions, only in 03_hardness, cell 3"
    ]
    (problem,) = found([row(chapter=LATER)], [evidence(STATED)])
    assert problem.startswith("eq:5: evidence in 02_population_solutions, cell 3, but none in its chapter")


def test_repeated_evidence_is_noticed() -> None:
    first, second = evidence(STATED), evidence(STATED)
    again = Evidence(CHAPTER, 7, second.anchor, second.claims, "stated", "definition", "says")
    assert found([row()], [first, again]) == [
        "eq:5: 02_population_solutions, cell 7: the same evidence as in 02_population_solutions, cell 3"
    ]


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
    assert list(ledger.incomplete(rows)) == [f"{claim}: no row covers {name}"]


# -- reading files


def test_evidence_is_read_from_the_outputs_of_a_notebook(tmp_path: Path) -> None:
    bundle = claims.states("eq:5 prop:1", "a definition")._repr_mimebundle_()
    cells: list[Record] = [
        {"cell_type": "markdown", "source": "text"},
        {"cell_type": "code", "outputs": [{"output_type": "stream", "text": "x"}]},
        {"cell_type": "code", "outputs": [{"output_type": "execute_result", "data": bundle}]},
    ]
    path = tmp_path / f"{CHAPTER}.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    (item,) = ledger.collect([path])
    assert (item.notebook, item.cell, item.claims) == (CHAPTER, 3, ("eq:5", "prop:1"))
    assert (item.verdict, item.kind, item.says, item.doubt) == ("stated", "definition", "a definition", "")
    assert f'id="{item.anchor}"' in bundle["text/html"]

    cells[2]["outputs"] = [{"data": {"application/vnd.paperlib.evidence+json": {"claims": []}}}]
    path.write_text(json.dumps({"cells": cells}))
    with pytest.raises(ValueError, match=f"{CHAPTER}, cell 3: evidence must hold claims, anchor, verdict, kind, says"):
        ledger.collect([path])


def test_every_check_leaves_evidence_that_bears_its_verdict() -> None:
    import sympy

    x = sympy.Symbol("x")
    calls = [
        claims.states("eq:5", "d"),
        claims.quotes("eq:5", "d", source="a book"),
        claims.proves("eq:5", (x + 1) ** 2, x**2 + 2 * x + 1, "d"),
        claims.checks("eq:5", [1.0], [1.0], "d", rtol=1e-10),
        claims.samples("eq:5", [-1.0, 1.0, 1.0, -1.0], 0.0, "d"),
        claims.holds("eq:5", [True], "d"),
        claims.reproduces("eq:5", [True], "rule", "d"),
        claims.fails_to_reproduce("eq:5", [True, False], "rule", "d"),
    ]
    rejections = []
    for check in (
        partial(claims.proves, "eq:5", x, 2 * x, "d"),
        partial(claims.checks, "eq:5", [1.0], [2.0], "d", rtol=1e-10),
        partial(claims.samples, "eq:5", [-1.0, 1.0, 1.0, -1.0], 9.0, "d"),
        partial(claims.holds, "eq:5", [True, False], "d"),
        partial(claims.reproduces, "eq:5", [False], "rule", "d"),
    ):
        with pytest.raises(claims.ClaimRejected) as caught:
            check()
        rejections.append({**caught.value.record, "printed": False})
    for record in [*(call.record for call in calls), *rejections]:
        item = evidence({name: value for name, value in record.items() if name not in ("claims", "says")})
        assert item.doubt == "", record


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
    assert ledger.main(tmp_path) == 1
    assert "- eq:5: no evidence in 02_population_solutions" in capsys.readouterr().out


def test_no_table_of_contents_means_no_chapters(tmp_path: Path) -> None:
    assert ledger.written_chapters(tmp_path) == []


def test_labels_and_chains() -> None:
    assert doctest.testmod(ledger).failed == 0
    assert ledger.label("text:near-zero-risk") == "“near zero risk”"
