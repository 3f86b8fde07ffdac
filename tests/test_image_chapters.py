"""The image chapters run with whatever records there are: none, one seed, or unequal seeds; at the smallest tier."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from paperlib.fewshot.datasets import benchmark
from paperlib.fewshot.drawings import alphabet_sizes
from paperlib.fewshot.sources import DataError
from tools import inspection
from tools.chapters import chapters, read_notebook

ROOT = Path(__file__).resolve().parent.parent
RUN = """
import runpy, sys
from IPython import display

class Told(display.Markdown):
    def __init__(self, data=None, *rest, **more):
        super().__init__(data, *rest, **more)
        print(data)

display.Markdown = Told
runpy.run_path(sys.argv[1], run_name="__main__")
"""
# What is left of a sentence without its number.
GAPS = re.compile(r"\bnan\b|\binf\b| by  |±  |has – and", re.IGNORECASE)


def none(name: str) -> bool:
    """Keep no record."""
    return False


def one_seed(name: str) -> bool:
    """Keep the records of seed 0."""
    return name.endswith("seed0.json")


def unequal_seeds(name: str) -> bool:
    """Keep other seeds of one side of a comparison than of the other: both lack one, and not the same."""
    fewer = {"seed4.json": r"small|p0\.5", "seed0.json": r"erm"}
    return not any(name.endswith(seed) and re.search(which, name) for seed, which in fewer.items())


def run_with_records(script: Path, folder: Path, kept: Callable[[str], bool]) -> subprocess.CompletedProcess[str]:
    """Run a chapter's script beside a copy of the library whose book holds some records of runs; it prints its text."""
    shutil.copytree(ROOT / "paperlib", folder / "paperlib", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "book" / "records").mkdir(parents=True)
    for name in ("paper_values.yml", "records/alphabets.yml", "records/descents.yml"):
        shutil.copy(ROOT / "book" / name, folder / "book" / name)
    for path in (ROOT / "book" / "records").rglob("*.json"):
        if kept(path.name):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(exist_ok=True)
            shutil.copy(path, target)
    settings = {"PYTHONPATH": str(folder), "PAPERLIB_TIER": "smoke", "MPLBACKEND": "agg"}
    return subprocess.run(
        [sys.executable, "-c", RUN, str(script)],
        cwd=folder,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )


PAGES = {
    "09_omniglot": "omniglot",
    "10_cifar": "cifar100",
    "29_omniglot": "omniglot",
    "30_cifar": "cifar100",
    "31_omniglot_tables": "omniglot",
    "32_cifar_tables": "cifar100",
    "33_field": "omniglot",
}
COMPARING = ("09_omniglot", "10_cifar", "31_omniglot_tables", "32_cifar_tables", "33_field")  # pair runs by seed


@pytest.mark.audit
@pytest.mark.parametrize(
    ("chapter", "kept"),
    [
        *((chapter, none) for chapter in PAGES),
        *((chapter, kept) for chapter in COMPARING for kept in (one_seed, unequal_seeds)),
    ],
)
def test_a_chapter_runs_with_what_records_there_are(chapter: str, kept: Callable[[str], bool], tmp_path: Path) -> None:
    try:
        benchmark(PAGES[chapter]).locate()
    except DataError as missing:
        pytest.skip(str(missing))
    outcome = run_with_records(ROOT / "book" / f"{chapter}.py", tmp_path, kept)
    assert outcome.returncode == 0, outcome.stderr[-3000:]
    assert outcome.stdout and [line for line in outcome.stdout.splitlines() if GAPS.search(line)] == []


def test_pages_write_alphabets_as_people_do() -> None:
    """The names of the data set are file names, with low lines for blanks and for the apostrophe of Ge'ez."""
    on_disk = [name for name in alphabet_sizes() if "_" in name]
    shown = {
        chapter.stem: " ".join(inspection.texts([cell.get("outputs", []) for cell in read_notebook(chapter).cells]))
        for chapter in chapters(ROOT / "book")
    }
    assert len(on_disk) > 10 and "Ge'ez" in shown["09_omniglot"]
    assert {stem: name for stem, text in shown.items() for name in on_disk if name in text} == {}


def test_a_chapter_that_needs_a_record_is_noticed(tmp_path: Path) -> None:
    script = tmp_path / "needy.py"
    script.write_text(
        "from paperlib import records\nfrom paperlib.runtime import book\nassert [*records.read(book() / 'records')]\n"
    )
    assert run_with_records(script, tmp_path, none).returncode == 1
