"""The image chapters run with whatever records there are: here with none, at the smallest tier."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paperlib.fewshot.datasets import benchmark
from paperlib.fewshot.drawings import alphabet_sizes
from paperlib.fewshot.sources import DataError
from tools import inspection
from tools.chapters import chapters, read_notebook

ROOT = Path(__file__).resolve().parent.parent


def run_without_records(script: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a chapter's script beside a copy of the library whose book holds no record of a run."""
    shutil.copytree(ROOT / "paperlib", folder / "paperlib", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "book" / "records").mkdir(parents=True)
    for name in ("paper_values.yml", "records/alphabets.yml", "records/descents.yml"):
        shutil.copy(ROOT / "book" / name, folder / "book" / name)
    settings = {"PYTHONPATH": str(folder), "PAPERLIB_TIER": "smoke", "MPLBACKEND": "agg"}
    return subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.audit
@pytest.mark.parametrize(
    ("chapter", "dataset"),
    [
        ("09_omniglot", "omniglot"),
        ("10_cifar", "cifar100"),
        ("29_omniglot", "omniglot"),
        ("30_cifar", "cifar100"),
        ("31_omniglot_tables", "omniglot"),
        ("32_cifar_tables", "cifar100"),
    ],
)
def test_a_chapter_runs_without_records(chapter: str, dataset: str, tmp_path: Path) -> None:
    try:
        benchmark(dataset).locate()
    except DataError as missing:
        pytest.skip(str(missing))
    outcome = run_without_records(ROOT / "book" / f"{chapter}.py", tmp_path)
    assert outcome.returncode == 0, outcome.stderr[-3000:]


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
    assert run_without_records(script, tmp_path).returncode == 1
