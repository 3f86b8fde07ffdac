"""What there is to read is counted as by hand, and chapters that keep within one sitting go on doing so."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.chapters import BOOK, chapters
from tools.reading import FOLD, Reading, Text, main, read, read_text, readings

PROSE = """## Half a step

(eq-1)=
A step leaves $w-\\alpha\\rho w$, see [chapter 2](02_population_solutions) and {eq}`closer`.

$$
a=\\rho\\varphi
$$ (shrinkage)

:::{dropdown} Proof
It is one line:

$$
1=1
$$

and no more than nine.
:::
"""  # 3 and 9 words; "Proof"; 9 folded words and a folded formula


def result(**data: str) -> nbformat.NotebookNode:
    """Return the result of a cell, by kinds of text."""
    kinds = {kind.replace("_", "/"): value for kind, value in data.items()}
    return new_output("execute_result", kinds | {"text/plain": "repr"}, execution_count=1)


@pytest.fixture
def tiny() -> nbformat.NotebookNode:
    """Return a chapter of seven cells: a fold of two lines, three visible cells of two, one and four lines."""
    card = {"application/vnd.paperlib.evidence+json": {}, "text/markdown": "many words on a card"}
    return new_notebook(
        cells=[
            new_markdown_cell(PROSE),
            new_code_cell("import a\n\nimport b", metadata={"tags": ["hide-cell"]}),
            new_code_cell("x = 1\n\n\nx", outputs=[result(text_latex="$1$")]),
            new_code_cell("print(2)", outputs=[new_output("stream", text="two words\n")]),
            new_code_cell("1\n2\n3\n4", outputs=[new_output("execute_result", card, execution_count=4)]),
            new_code_cell("draw()", metadata={"tags": ["remove-input"]}, outputs=[result(image_png="")]),
            new_code_cell("tell()", metadata={"tags": ["hide-cell"]}, outputs=[result(text_markdown="one two three")]),
        ]
    )


def test_a_tiny_chapter_is_counted_as_by_hand(tiny: nbformat.NotebookNode) -> None:
    found = read("03_tiny", tiny)
    assert (found.cells, found.lines, found.folded) == (7, (2, 1, 4), 4)
    assert (found.visible, found.median, found.longest) == (7, 2, 4)
    assert found.code == pytest.approx(7 + 4 / 3)
    assert (found.cards, found.figures) == (1, 1)
    assert found.text.words == pytest.approx(3 + 9 + 1 + 9 / 3 + 2 + 3 / 3)
    assert found.text.formulas == pytest.approx(1 + 1 / 3 + 1)
    assert found.before_figure == (pytest.approx(18), 5)
    seconds = 19 * 60 / 150 + (7 / 3) * 20 + (25 / 3) * 4 + 7 + 60
    assert found.minutes == pytest.approx(seconds / 60)


def test_markup_is_no_word() -> None:
    table = "| $u$ | gain |\n| --- | --- |\n| 0.2 | 8.1 |"
    assert read_text(table) == Text(4, 0)
    box = ":::{prf:theorem} The law\n:label: thm-law\n\nIt holds by {prf:ref}`thm-other`.\n:::"
    assert read_text(box) == Text(6, 0)
    assert read_text("$$\na\n$$\n\n```{math}\n:label: b\nb\n```") == Text(0, 2)
    assert read_text(
        "::::{dropdown} Proof\nfirst\n\n:::{note}\nsecond\n:::\nthird\n::::\nfourth"
    ).words == pytest.approx(3)


def test_every_limit_is_held(tiny: nbformat.NotebookNode) -> None:
    assert list(read("03_tiny", tiny).problems()) == []
    large = Reading("03_large", 46, Text(4500), (16, 16, 16), 99, 21, 1, (301.0, 9))
    assert list(large.problems()) == [
        "03_large: minutes must be at most 30; got 38.85",
        "03_large: cells must be at most 45; got 46",
        "03_large: cards must be at most 20; got 21",
        "03_large: code must be at most 80; got 81",
        "03_large: median must be at most 6; got 16",
        "03_large: longest must be at most 15; got 16",
        "03_large: words before figure must be at most 300; got 301",
    ]
    line_by_line = Reading("15_large", 90, Text(4500), (16, 16, 16), 99, 21, 1, None)
    assert list(line_by_line.problems()) == []
    assert pytest.approx(1 / 3) == FOLD


def test_chapters_keep_their_limits() -> None:
    found = {item.stem: list(item.problems()) for item in readings()}
    assert {stem: problems for stem, problems in found.items() if problems} == {}


def test_the_command_prints_a_line_a_chapter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n{chapter.stem} " in printed for chapter in chapters(BOOK))


def test_an_unknown_chapter_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["99"])
    assert "chapter must be two digits or a stem" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([], book=tmp_path)
    assert "book must hold chapters" in capsys.readouterr().err
