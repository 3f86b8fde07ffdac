"""A chapter runs alone: in an empty folder, with the dependencies; its first cell installs this project.

The first cells are all the same, so one chapter shows that. `python -m tools.standalone` compares them all in such a
folder, with the project installed from a wheel; here is tested that it does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from tools import standalone
from tools.chapters import BOOK, ROOT, chapters
from tools.standalone import run

TORCH = "import torch; print(torch.__version__, torch.__file__)"  # must be the same after the first cell has run
CHAPTERS = [chapter.notebook.name for chapter in chapters(BOOK)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of the working tree in which the repository's address has been set to its own place."""
    path = standalone.copy_tree(tmp_path_factory.mktemp("origin") / "book")
    run(sys.executable, "-m", "tools.repository", path.as_uri(), cwd=path)
    run("git", "init", "--quiet", cwd=path)
    run("git", "add", "--all", cwd=path)
    run("git", "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "-m", "clone", cwd=path)
    return path


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return standalone.build_wheel(clone, tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Return the Python of an environment that sees this one's packages, but not this project."""
    return standalone.make_environment(tmp_path / "environment")


@pytest.mark.audit
def test_a_chapter_installs_what_it_needs_and_runs_alone(clone: Path, python: Path, tmp_path: Path) -> None:
    torch = run(python, "-c", TORCH, cwd=tmp_path)
    with pytest.raises(RuntimeError, match="No module named 'paperlib'"):
        run(python, "-c", "import paperlib", cwd=tmp_path)
    folder = tmp_path / "alone"
    folder.mkdir()
    shutil.copy(clone / "book" / CHAPTERS[0], folder)
    run(python, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", ".", cwd=folder)
    found = Path(run(python, "-c", "import paperlib; print(paperlib.__file__)", cwd=folder).strip())
    assert found.is_relative_to(python.parent.parent)
    assert run(python, "-c", TORCH, cwd=tmp_path) == torch


def test_without_an_address_the_first_cell_says_what_to_set(python: Path, tmp_path: Path) -> None:
    script = (ROOT / "book" / CHAPTERS[0]).with_suffix(".py").read_text(encoding="utf-8")
    cell = script[script.index("import importlib.util") : script.index("\n# %%", script.index("import importlib.util"))]
    address = next(line for line in cell.splitlines() if line.startswith("REPOSITORY"))
    (tmp_path / "first.py").write_text(cell.replace(address, 'REPOSITORY = ""'), encoding="utf-8")
    with pytest.raises(RuntimeError, match="set REPOSITORY above to the address"):
        run(python, "first.py", cwd=tmp_path)


def test_all_first_cells_are_the_same() -> None:
    scripts = [(ROOT / "book" / name).with_suffix(".py").read_text(encoding="utf-8") for name in CHAPTERS]
    installing = {script.split("\n# %%", 2)[1].partition("check=True)\n")[0] for script in scripts}
    assert len(installing) == 1 and "pip" in installing.pop()


def test_what_is_installed_has_the_books_data_and_none_of_its_scripts(clone: Path, wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    scripts = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.py")}
    assert scripts == {path.relative_to(clone) for path in (clone / "paperlib").rglob("*.py")}
    book = tmp_path / "paperlib" / "book"
    data = {str(path.relative_to(book)) for path in book.rglob("*") if path.is_file()}
    records = {str(path.relative_to(clone / "book")) for path in (clone / "book" / "records").rglob("*.json")}
    tables = {f"records/{name}.yml" for name in ("adviser", "alphabets", "descents", "real_tasks")}
    assert records and data == records | tables | {"paper_values.yml"}
    code = (
        "from paperlib import records, tables, runtime; tables.paper('cifar'); print(len(records.read(runtime.book())))"
    )
    assert run(sys.executable, "-c", code, cwd=tmp_path).split() == [str(len(records))]


def test_installed_it_finds_the_books_records_from_any_folder(
    clone: Path, wheel: Path, python: Path, tmp_path: Path
) -> None:
    count = len(list((clone / "book" / "records").rglob("*.json")))
    standalone.install(wheel, python)
    package = Path(run(python, "-c", "import paperlib; print(paperlib.__file__)", cwd=tmp_path).strip()).parent
    assert package.is_relative_to(python.parent.parent)
    listed = run(python, "-m", "paperlib", "records", cwd=tmp_path).splitlines()
    assert listed[-1] == f"{count} records in {package / 'book' / 'records'}" and len(listed) == count + 1
    (tmp_path / "grid.yml").write_text("{dataset: cifar, algorithm: maml, tier: book, seeds: 5}")
    shown = run(python, "-m", "paperlib", "sweep", "grid.yml", "--out", "new", "--dry-run", cwd=tmp_path)
    assert "hours: unknown" not in shown and "records of the same kinds of runs" in shown


OWN = "import os, sys, paperlib\npaperlib.__file__.startswith(sys.prefix), sorted(os.listdir())"
NOTEBOOKS = [  # source, output, and what the comparison must say
    (OWN, "(True, ['0.ipynb', '1.ipynb', '2.ipynb'])", "PASSED"),
    ("import tools", "", "FAILED"),  # lies in the checkout, and is not installed
    ("1 + 1", "3", "FAILED"),
]


def test_notebooks_are_compared_alone_with_the_installed_project(wheel: Path, tmp_path: Path) -> None:
    written = [tmp_path / f"{place}.ipynb" for place in range(len(NOTEBOOKS))]
    for path, (source, output, _) in zip(written, NOTEBOOKS, strict=True):
        cell = nbformat.v4.new_code_cell(source, execution_count=1)
        if output:
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": output}, execution_count=1)]
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    options = standalone.prepare(tmp_path / "alone", wheel, written)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-c", str(ROOT / "pyproject.toml"), "-n", "0", "-rA", "--tb=short"],
        cwd=ROOT,
        env=standalone.settings() | {"JUPYTER_PATH": str(tmp_path / "alone")},
        capture_output=True,
        text=True,
        check=False,
    )
    said = {int(place): verdict for verdict, place in re.findall(r"(?m)^(PASSED|FAILED) (\d)\.ipynb::", done.stdout)}
    assert said == {place: verdict for place, (*_, verdict) in enumerate(NOTEBOOKS)}, done.stdout
    assert "No module named 'tools'" in done.stdout
