"""Each chapter runs alone: in an empty folder, with the dependencies; its first cell installs this project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TORCH = "import torch; print(torch.__version__, torch.__file__)"  # must be the same after the first cell has run
CHAPTERS = sorted(path.name for path in (ROOT / "book").glob("[0-9][0-9]_*.ipynb"))


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command with nothing of this environment's settings, and return what it printed."""
    foreign = ("PYTHON", "VIRTUAL", "PYTEST")
    settings = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    return result.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of the working tree in which the repository's address has been set to its own place."""
    path = tmp_path_factory.mktemp("origin") / "book"
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, tracked.stdout.split("\0")):
        if (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, path / name)
    run(sys.executable, "-m", "tools.repository", path.as_uri(), cwd=path)
    run("git", "init", "--quiet", cwd=path)
    run("git", "add", "--all", cwd=path)
    run("git", "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "-m", "clone", cwd=path)
    return path


@pytest.fixture(scope="module")
def dependencies_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that sees this one's packages, but not this project."""
    path = tmp_path_factory.mktemp("environment") / "venv"
    run(sys.executable, "-m", "venv", path, cwd=path.parent)
    python = path / "bin" / "python"
    own = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=path).strip())
    # The line of a .pth file makes packages importable, but does not process the .pth files of editable installs there.
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_runs_alone(chapter: str, clone: Path, dependencies_only: Path, tmp_path: Path) -> None:
    python = dependencies_only
    torch = run(python, "-c", TORCH, cwd=tmp_path)
    run(python, "-m", "pip", "uninstall", "--yes", "--quiet", "maml-landscape", cwd=tmp_path)
    with pytest.raises(AssertionError, match="No module named 'paperlib'"):
        run(python, "-c", "import paperlib", cwd=tmp_path)
    shutil.copy(clone / "book" / chapter, tmp_path / chapter)
    run(python, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", chapter, cwd=tmp_path)
    assert "clone" not in run(python, "-c", "import paperlib; print(paperlib.__file__)", cwd=tmp_path)
    assert run(python, "-c", TORCH, cwd=tmp_path) == torch


def test_without_an_address_the_first_cell_says_what_to_set(dependencies_only: Path, tmp_path: Path) -> None:
    script = (ROOT / "book" / CHAPTERS[0]).with_suffix(".py").read_text(encoding="utf-8")
    cell = script[script.index("import importlib.util") : script.index("\n# %%", script.index("import importlib.util"))]
    address = next(line for line in cell.splitlines() if line.startswith("REPOSITORY"))
    run(dependencies_only, "-m", "pip", "uninstall", "--yes", "--quiet", "maml-landscape", cwd=tmp_path)
    (tmp_path / "first.py").write_text(cell.replace(address, 'REPOSITORY = ""'), encoding="utf-8")
    with pytest.raises(AssertionError, match="set REPOSITORY above to the address"):
        run(dependencies_only, "first.py", cwd=tmp_path)


def test_what_is_installed_has_the_books_data_and_none_of_its_scripts(clone: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, clone, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    scripts = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.py")}
    assert scripts == {path.relative_to(clone) for path in (clone / "paperlib").rglob("*.py")}
    book = tmp_path / "paperlib" / "book"
    data = {str(path.relative_to(book)) for path in book.rglob("*") if path.is_file()}
    records = {str(path.relative_to(clone / "book")) for path in (clone / "book" / "records").rglob("*.json")}
    assert records and data == records | {"paper_values.yml", "records/alphabets.yml"}
    code = (
        "from paperlib import records, tables, runtime; tables.paper('cifar'); print(len(records.read(runtime.book())))"
    )
    assert run(sys.executable, "-c", code, cwd=tmp_path).split() == [str(len(records))]


def test_installed_it_finds_the_books_records_from_any_folder(
    clone: Path, dependencies_only: Path, tmp_path: Path
) -> None:
    python, count = dependencies_only, len(list((clone / "book" / "records").rglob("*.json")))
    run(python, "-m", "pip", "uninstall", "--yes", "--quiet", "maml-landscape", cwd=tmp_path)
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", clone, cwd=tmp_path)
    package = Path(run(python, "-c", "import paperlib; print(paperlib.__file__)", cwd=tmp_path).strip()).parent
    assert package.is_relative_to(dependencies_only.parent.parent)
    listed = run(python, "-m", "paperlib", "records", cwd=tmp_path).splitlines()
    assert listed[-1] == f"{count} records in {package / 'book' / 'records'}" and len(listed) == count + 1
    (tmp_path / "grid.yml").write_text("{dataset: cifar, algorithm: maml, tier: book, seeds: 5}")
    shown = run(python, "-m", "paperlib", "sweep", "grid.yml", "--out", "new", "--dry-run", cwd=tmp_path)
    assert "hours: unknown" not in shown and "records of the same kinds of runs" in shown


def test_all_first_cells_are_the_same() -> None:
    scripts = [(ROOT / "book" / name).with_suffix(".py").read_text(encoding="utf-8") for name in CHAPTERS]
    assert len({script.split("\n# %%", 2)[1] for script in scripts}) == 1
