"""Chapters whose data are missing are skipped with a reason, others run, and where no skip is allowed it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Return a folder with this suite's conftest.py and two chapters, of which one needs Omniglot."""
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for name, source in (
        ("needs", "raise SystemError  # load_omniglot()"),
        ("needs_none", "# load_omniglot is a name"),
    ):
        cell = nbformat.v4.new_code_cell(source, execution_count=1)
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")
    (tmp_path / "data").mkdir()
    return tmp_path


def collected(book: Path, *arguments: str, no_skip: str) -> tuple[int, str]:
    """Return the exit status of pytest on the chapters, without any data, and what it said."""
    settings = {"PAPERLIB_DATA": str(book / "data"), "PAPERLIB_NO_SKIP": no_skip, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-rs", "-p", "no:cacheprovider"]
    others = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    done = subprocess.run([*command, *arguments], cwd=book, env=others | settings, capture_output=True, text=True)
    return done.returncode, " ".join(done.stdout.split())


def test_a_chapter_without_its_data_is_skipped_and_says_why(book: Path) -> None:
    status, said = collected(book, no_skip="")
    assert status == 0 and "1 passed, 1 skipped" in said, said
    assert f"{book / 'data'} does not hold images_background.zip" in said
    assert "python -m paperlib data fetch omniglot" in said


def test_where_no_skip_is_allowed_it_fails(book: Path) -> None:
    status, said = collected(book, no_skip="1")
    assert status == 1 and "1 passed, 1 error" in said, said
    assert "skipped although PAPERLIB_NO_SKIP is set: " in said and "does not hold images_background.zip" in said


def test_the_parts_of_the_tests_are_all_of_them_each_once() -> None:
    import conftest

    groups = [f"page {n % 7}" for n in range(30)]
    parts = [conftest.part_of(groups, f"{k}/3") for k in (1, 2, 3)]
    assert set().union(*parts) == set(groups) and sum(map(len, parts)) == 7
    for wrong in ("0/3", "4/3", "2", "a/b", "-1/3"):
        with pytest.raises(pytest.UsageError, match="--part must be K/N"):
            conftest.part_of(groups, wrong)
