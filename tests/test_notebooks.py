"""Execution is deterministic and all or nothing; every rule of the notebook check is broken once."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import notebooks
from tools.chapters import ROOT, Chapter, ChapterError, chapters, read_notebook, serialise
from tools.inspection import check

LINE = '{"code_prompt_show": "Draw", "figure": {"caption": "A line.", "name": "fig-line"}, "image": {"alt": "Rises."}}'
TINY = f"""# %% [markdown]
# # A tiny chapter
# Half is $\\tfrac12$.

# %% mystnb={{"code_prompt_show": "Set-up"}} tags=["hide-cell", "nbval-ignore-output"]
# not compared: an installation
import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import paperlib
import sympy
from IPython.display import Markdown, display

assert os.environ["PYTHONHASHSEED"] == "0" and sys.executable == {sys.executable!r}
assert Path.cwd().name == "book"

# %%
print("spread 1.25")
print("mean 0.5")

# %%
1 / 8

# %%
sympy.integrate(sympy.Symbol("x") ** 3)

# %%
Markdown(f"The risk is {{2**-3}}.")


# %%
class Evidence:
    def _repr_mimebundle_(self, include=None, exclude=None):
        evidence = {{"claims": ["eq:9"], "verdict": "checked", "instances": 200, "deviation": "1e-12"}}
        return {{
            "application/vnd.paperlib.evidence+json": evidence,
            "text/html": "<div id='evidence-1a2b3c4d'>200 instances</div>",
            "text/plain": "checked on 200 instances",
        }}


Evidence()

# %%
Evidence()

# %%
Evidence()

# %% mystnb={LINE} tags=["hide-input"]
figure, axes = plt.subplots(figsize=(1, 1))
axes.plot([1, 2])
plt.close()
display(figure)
"""
PROSE, INSTALL, STREAM, PLAIN, SYMPY, MARKDOWN, DEFINITION, EVIDENCE, HTML, FIGURE = range(10)
JSON = "application/vnd.paperlib.evidence+json"

Cells = list[dict[str, Any]]


def place(number: int, stem: str = "01_tiny") -> str:
    """Name a code cell as every message must."""
    markers = [line for line, text in enumerate(TINY.splitlines(), start=1) if text.startswith("# %%")]
    return f"book/{stem}: cell {number} (code, line {markers[number - 1]} of the script): "


def book_of(folder: Path, **scripts: str) -> Path:
    book = folder / "book"
    book.mkdir()
    for stem, text in scripts.items():
        (book / f"{stem}.py").write_text(text, encoding="utf-8")
    return book


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = book_of(tmp_path_factory.mktemp("executed"), **{"01_tiny": TINY})
    assert notebooks.main(["execute"], book) == 0
    return book


@pytest.fixture
def book(executed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(executed, tmp_path / "book")


def edit(book: Path, change: Callable[[Cells], object]) -> None:
    chapter = Chapter(book, "01_tiny")
    notebook = read_notebook(chapter)
    change(notebook["cells"])
    chapter.notebook.write_text(serialise(notebook), encoding="utf-8")


def edit_script(book: Path, old: str, new: str) -> None:
    path = book / "01_tiny.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


# Execution


def test_executed_chapter_has_no_problems_and_is_the_same_again(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in book.glob("*.*")}
    assert notebooks.main(["check"], book) == 0
    assert notebooks.main(["execute", "01"], book) == 0
    assert re.fullmatch(r"book/01_tiny: \d+ s\n", capsys.readouterr().out)
    assert {path.name: path.read_bytes() for path in book.glob("*.*")} == before
    assert [path.name for path in (book / "records").iterdir()] == ["runtime.yml"]


def test_run_time_is_recorded_beside_other_chapters(book: Path) -> None:
    (book / "02_other.py").touch()
    path = book / "records" / "runtime.yml"
    rows = yaml.safe_load(path.read_text())
    packages = {"matplotlib", "numpy", "scipy", "sympy", "torch"}
    assert rows["01_tiny"].keys() == {"seconds", "cores", "machine", "python"} | packages
    assert rows["01_tiny"]["seconds"] >= 1
    notebooks.record(Chapter(book, "02_other"), 7)
    assert yaml.safe_load(path.read_text()) == rows | {"02_other": rows["01_tiny"] | {"seconds": 7}}


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import warnings; warnings.warn('beware')", "it wrote to stderr.*beware"),
        ("import time; time.sleep(60)", "timed out"),
    ],
)
def test_failing_chapter_leaves_everything_as_it_was(
    last: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(notebooks, "TIMEOUT", 1)
    book = book_of(tmp_path, **{"02_bad": f"# %% [markdown]\n# Prose\n\n# %%\n1\n\n# %%\n{last}\n"})
    (book / "02_bad.ipynb").write_text("old")
    assert notebooks.main(["execute", "02_bad"], book) == 1
    said = capsys.readouterr().err
    assert said.startswith("book/02_bad: cell 3 (code, line 7 of the script): ")
    assert re.search(message, said, re.DOTALL) and "\x1b" not in said
    assert said.endswith("Its notebook is as it was. Mend the script, then execute it again\n")
    assert (book / "02_bad.ipynb").read_text() == "old"
    assert sorted(path.name for path in book.iterdir()) == ["02_bad.ipynb", "02_bad.py"]


def test_unknown_chapter_is_named(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=r"one of 01_tiny; got '1'"):
        chapters(book, ["1"])
    with pytest.raises(ValueError, match="holds none"):
        chapters(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        notebooks.main(["check", "99"], book)
    assert "got '99'" in capsys.readouterr().err
    assert [chapter.stem for chapter in chapters(book, ["01_tiny"])] == ["01_tiny"]


def test_misspelt_header_is_refused(book: Path) -> None:
    edit_script(book, '"name": "fig-line"', '"name": fig-line')
    assert len(check(book)) == 1
    with pytest.raises(ChapterError, match=r"cell 10 \(code, line \d+ of the script\): the header must be key=JSON"):
        notebooks.execute(Chapter(book, "01_tiny"))


# The check, on notebooks that somebody edited


def output(**fields: Any) -> Callable[[Cells], None]:
    def change(cells: Cells) -> None:
        outputs = cells[STREAM]["outputs"]
        outputs.append(copy(outputs[0]))
        outputs[-1].clear()
        outputs[-1].update(fields)

    return change


def extra_cell(cells: Cells) -> None:
    cells.append(copy(cells[PLAIN]))
    cells[-1]["id"] = "cell-11"


@pytest.mark.parametrize(
    ("change", "number", "message"),
    [
        (
            lambda cells: cells.pop(PLAIN),
            4,
            "from here on the notebook differs: 9 cells, 10 in the script",
        ),
        (extra_cell, 11, "11 cells, 10 in the script"),
        (lambda cells: cells.insert(2, cells.pop(3)), 3, "another order"),
        (lambda cells: cells[PROSE].update(cell_type="raw"), 1, "type must be markdown"),
        (lambda cells: cells[PLAIN].update(source="1 / 9"), 4, "the code differs from the script's: '1 / 9'"),
        (lambda cells: cells[PLAIN].update(source="1 / 8\n"), 4, "the code differs from the script's: ''"),
        (lambda cells: cells[PROSE].update(source="# A large chapter"), 1, "the prose differs"),
        (lambda cells: cells[PLAIN]["metadata"].update(tags=["remove-input"]), 4, "tags must be None"),
        (
            lambda cells: cells[FIGURE]["metadata"]["mystnb"]["figure"].update(caption="B"),
            10,
            "figure.caption must be",
        ),
        (
            lambda cells: cells[FIGURE]["metadata"]["mystnb"]["figure"].update(name="B"),
            10,
            "figure.name must be",
        ),
        (lambda cells: cells[FIGURE]["metadata"]["mystnb"]["image"].update(alt="B"), 10, "image.alt must be"),
        (lambda cells: cells[PLAIN]["metadata"].update(execution={"a": "b"}), 4, "execution.a must be None"),
        (lambda cells: cells[PLAIN].update(id="1a2b"), 4, "id must be cell-04; got 1a2b"),
        (lambda cells: cells[STREAM].update(execution_count=None), 3, "not executed"),
        (lambda cells: cells[STREAM].update(execution_count=7), 3, "execution count must be 2; got 7"),
        (
            lambda cells: cells[PLAIN]["outputs"][0].update(execution_count=7),
            4,
            "result must be numbered 3",
        ),
        (output(output_type="error", ename="E", evalue="bad", traceback=["/home/x"]), 3, "it raised E: bad"),
        (output(output_type="stream", name="stderr", text="beware\nof"), 3, "it wrote to stderr: beware of"),
        (output(output_type="display_data", metadata={}, data={JSON: {"a": [{"b": "/tmp/x"}]}}), 3, "a path"),
        (output(output_type="display_data", metadata={}, data={"text/html": "<b>/tmp/x</b>"}), 3, "a path"),
    ],
)
def test_edited_notebook_is_reported(
    book: Path,
    change: Callable[[Cells], object],
    number: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    edit(book, change)
    assert notebooks.main(["check", "01"], book) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert re.match(rf"book/01_tiny: cell {number} \(\w+(, line \d+ of the script)?\): ", line)
    assert message in line


def test_line_of_the_script_is_right(book: Path) -> None:
    edit(book, lambda cells: cells[PLAIN].update(execution_count=None))
    assert check(book) == [f"{place(4)}the cell was not executed"]
    assert f"line {TINY.splitlines().index('1 / 8')} of" in place(4)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"name": "python3"', '"name": "mine"', "metadata must be"),
        ('"nbformat_minor": 5', '"nbformat_minor": 4', "not a notebook"),
        ('"nbformat": 4', '"nbformat": 3', "not a notebook"),
        ('"cells": [', '"cells": [[', "not a notebook"),
        ('"cell_type": "markdown"', '"cell_type":  "markdown"', "not laid out as execution writes it"),
    ],
)
def test_foreign_notebook_is_reported(book: Path, old: str, new: str, message: str) -> None:
    path = book / "01_tiny.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    [line] = check(book)
    assert line.startswith("book/01_tiny: ") and message in line


@pytest.mark.parametrize("missing", ["01_tiny.py", "01_tiny.ipynb"])
def test_half_a_pair_is_reported(book: Path, missing: str) -> None:
    (book / missing).unlink()
    assert check(book) == [f"book/01_tiny: {missing} is missing"]


# The check, on chapters written badly: script and notebook agree


def rewrite(book: Path, old: str, new: str, cell: int, change: Callable[[Any], object]) -> list[str]:
    edit_script(book, old, new)
    edit(book, lambda cells: change(cells[cell]))
    return check(book)


@pytest.mark.parametrize(
    ("section", "key", "old"),
    [("figure", "caption", "A line."), ("figure", "name", "fig-line"), ("image", "alt", "Rises.")],
)
@pytest.mark.parametrize("mime", ["image/png", "image/svg+xml"])
def test_figure_without_caption_name_or_alt(book: Path, section: str, key: str, old: str, mime: str) -> None:
    def blank(cell: Any) -> None:
        cell["metadata"]["mystnb"][section][key] = " "
        cell["outputs"][0]["data"] = {mime: "/home/ is not looked for in pictures"}

    [line] = rewrite(book, f'"{old}"', '" "', FIGURE, blank)
    assert line == f"{place(10)}its figure has no mystnb.{section}.{key}"


TAGGED = "# %%\n1 / 8"


@pytest.mark.parametrize("name", ["", " ", "Show the code"])
def test_fold_that_does_not_say_what_is_inside(book: Path, name: str) -> None:
    def nameless(cell: Any) -> None:
        cell["metadata"]["mystnb"]["code_prompt_show"] = name

    [line] = rewrite(book, '"code_prompt_show": "Draw"', f'"code_prompt_show": "{name}"', FIGURE, nameless)
    assert line.startswith(f"{place(10)}its fold must say what is inside")


@pytest.mark.parametrize("tag", ["hide-input", "hide-output", "hide-cell"])
def test_fold_without_a_name(book: Path, tag: str) -> None:
    found = rewrite(
        book, TAGGED, f'# %% tags=["{tag}"]\n1 / 8', PLAIN, lambda cell: cell["metadata"].update(tags=[tag])
    )
    assert ["its fold must say" in line for line in found] == [True]


def test_figure_name_used_twice(book: Path) -> None:
    for suffix in (".py", ".ipynb"):
        shutil.copy(book / f"01_tiny{suffix}", book / f"02_copy{suffix}")
    second = place(10, "02_copy").removesuffix(": ")
    assert check(book, ["02"]) == [f"{place(10)}the figure name 'fig-line' is also that of {second}"]


@pytest.mark.parametrize("tag", ["nbval-ignore-output", "nbval-skip"])
@pytest.mark.parametrize(
    ("comment", "allowed"),
    [("", False), ("# not compared:", False), ("# slow", False), ("# not compared: it shows the GPU", True)],
)
def test_exemption_needs_a_reason(book: Path, tag: str, comment: str, allowed: bool) -> None:
    def exempt(cell: Any) -> None:
        cell["metadata"]["tags"] = [tag]
        cell["source"] = f"{comment}\n1 / 8"

    found = rewrite(book, TAGGED, f'# %% tags=["{tag}"]\n{comment}\n1 / 8', PLAIN, exempt)
    assert [f"{tag} must be justified" in line for line in found] == ([] if allowed else [True])


def test_exemption_by_comment_needs_a_reason(book: Path) -> None:
    source = "# NBVAL_IGNORE_OUTPUT\n1 / 8"
    [line] = rewrite(book, TAGGED, f"# %%\n{source}", PLAIN, lambda cell: cell.update(source=source))
    assert "NBVAL_IGNORE_OUTPUT must be justified" in line


@pytest.mark.parametrize("tag", ["hide-cell", "nbval-ignore-output"])
def test_install_cell_needs_its_tags(book: Path, tag: str) -> None:
    head = '# %% mystnb={"code_prompt_show": "Set-up"} tags='
    tags = '["hide-cell", "nbval-ignore-output"]'
    [line] = rewrite(book, head + tags, f'{head}["{tag}"]', INSTALL, lambda cell: cell["metadata"].update(tags=[tag]))
    assert line.startswith(f"{place(2)}the first code cell must have the tags")


@pytest.mark.parametrize(("length", "problems"), [(40, 0), (41, 1)])
def test_long_cell(book: Path, length: int, problems: int) -> None:
    source = "\n".join(["0"] * (length - 1) + ["1 / 8"])
    found = rewrite(book, TAGGED, f"# %%\n{source}", PLAIN, lambda cell: cell.update(source=source))
    assert [f"has {length} lines" in line for line in found] == [True] * problems


@pytest.mark.parametrize(
    "sides",
    ["1 / 8, np.array(1 / 8)", "v, v.copy()", "w, [*v][:]", "np.asarray(v), copy.copy(w)", "v, u", "tuple(w), u[:]"],
)
def test_a_check_whose_second_side_is_a_copy(book: Path, sides: str) -> None:
    source = (
        f"if False:\n    v = [1]\n    w = v[:]\n    u = list(w)\n    claims.checks('eq:5', {sides}, 'E', rtol=1)\n1 / 8"
    )
    found = rewrite(book, TAGGED, f"# %%\n{source}", PLAIN, lambda cell: cell.update(source=source))
    assert ["both sides of claims.checks are" in line for line in found] == [True] * ("*v" not in sides)


@pytest.mark.parametrize("prose", ["# ## One map", "# $$", "# :::{note}", "# > The paper"])
def test_prose_that_a_missing_marker_left_in_a_code_cell(book: Path, prose: str) -> None:
    source = f"1 / 8\n#\n{prose}"
    found = rewrite(book, TAGGED, f"# %%\n{source}", PLAIN, lambda cell: cell.update(source=source))
    assert ["is '# %% [markdown]' missing" in line for line in found] == [True]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *[("a path", f"saved in {folder}x.npz") for folder in ("/home/", "/root/", "/tmp/", "/usr/", "/Users/")],
        *[("a path", text) for text in ("'/content/data'", "C:\\data", "lib/site-packages/numpy", "file:///home/x")],
        ("a path", f"Path({str(ROOT)!r})"),
        ("a duration", "Wall time: 3"),
        ("a duration", "3.2 ms ± 4 per loop"),
        ("a duration", "1.5 s ± 20 ms"),
        ("a duration", "after 12 seconds"),
        ("a duration", "it took 3.1 s"),
        ("a date", "2024-02-29"),
        ("a date", "29 February 2024"),
        ("a date", "Feb 29, 2024"),
        ("a clock time", "at 12:30:45 sharp"),
        ("a clock time", "0:00:03"),
        ("a memory address", "<object at 0x7f3a2b1c>"),
        ("a network address", "http://localhost/"),
        ("a network address", "listening on 10.0.0.1:8888"),
    ],
)
def test_output_of_one_machine_is_reported(book: Path, kind: str, text: str) -> None:
    edit(book, lambda cells: cells[STREAM]["outputs"][0].update(text=text))
    [line] = check(book)
    assert line.startswith(f"{place(3)}its output holds {kind}, ")


@pytest.mark.parametrize(
    "text",
    [
        "1/2, x/tmp, (a)/(b)/c, r_hard/root, $\\frac{1}{2}/\\root{3}$, $C: \\mathbb{R} \\to \\mathbb{R}$",
        "1.2:3.4:5.6, 12:30, 3:4:5, 70:80:90, eq:47-56, 2022-1, 1e-12, -10.5, 12-30-2022, 1999-2000",
        "0x1F, 0.0x, 12 samples, 5 ms² is m s², 3 minutely, n2 = 10 s",
        "2*s ± 3, 0.5 ± 0.01, second 3, numpy 2.4.6",
        "#1f77b4 evidence-1a2b3c4d Feb 2022 Theorem 3.1.2.5 (Collins et al., 2022) 10.0.0.1",
    ],
)
def test_mathematics_is_not_mistaken_for_a_machine(book: Path, text: str) -> None:
    edit(book, lambda cells: cells[STREAM]["outputs"][0].update(text=text))
    assert check(book) == []


# pytest --nbval


def bump(text: str) -> str:
    """Change the last digit of a text, and nothing else."""
    changed = re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit.group()) + 1) % 10), text)
    assert changed != text
    return changed


def test_nbval_passes_and_notices_every_changed_digit(executed: Path, tmp_path: Path) -> None:
    for folder in ("intact", "changed"):
        shutil.copytree(executed, tmp_path / folder / "book")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    def change(cells: Cells) -> None:
        stream = cells[STREAM]["outputs"][0]
        stream["text"] = bump(stream["text"])
        for cell, mime in [
            (PLAIN, "text/plain"),
            (SYMPY, "text/latex"),
            (MARKDOWN, "text/markdown"),
            (HTML, "text/html"),
            (FIGURE, "text/plain"),
        ]:
            data = cells[cell]["outputs"][0]["data"]
            data[mime] = bump(data[mime])
        cells[DEFINITION]["outputs"][0]["data"][JSON]["deviation"] = "1e-13"
        cells[EVIDENCE]["outputs"][0]["data"][JSON]["instances"] = 201

    edit(tmp_path / "changed" / "book", change)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-rA",
        "--tb=no",
        "--color=no",
    ]
    ran = subprocess.run(
        [*command, "-p", "no:cacheprovider", "intact", "changed"],
        cwd=tmp_path,
        env=notebooks.environment(),
        capture_output=True,
        text=True,
    )
    results = re.findall(r"^(PASSED|FAILED) (intact|changed)/\S+::Cell (\d+)", ran.stdout, re.MULTILINE)
    code_cells = [str(cell) for cell in range(9)]  # nbval counts code cells only, from 0
    assert [cell for result, folder, cell in results if (result, folder) == ("PASSED", "intact")] == code_cells
    assert [cell for result, folder, cell in results if (result, folder) == ("PASSED", "changed")] == ["0"]
    assert [cell for result, folder, cell in results if (result, folder) == ("FAILED", "changed")] == code_cells[1:]
