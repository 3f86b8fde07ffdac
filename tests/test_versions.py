"""Other versions of packages: which are tried follows from pyproject.toml, and an audit tries them."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import versions

PROJECT = """[project]
dependencies = ["numpy>=1.26", "sympy>=1.12,<2", "torch>=2.2"]
"""
QUICK = ("test_linear.py", "test_logistic.py", "test_networks.py", "test_claims.py", "test_learners.py")


def test_the_oldest_are_the_least_that_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    assert versions.allowed("oldest", tmp_path) == ["numpy==1.26", "sympy==1.12"]
    assert versions.allowed("newest", tmp_path) == ["numpy>=1.26", "sympy<2,>=1.12"]
    (tmp_path / "pyproject.toml").write_text(PROJECT.replace("numpy>=1.26", "numpy"))
    with pytest.raises(ValueError, match="numpy must have a least version"):
        versions.allowed("oldest", tmp_path)


def test_all_of_the_library_is_tried_and_no_tool(tmp_path: Path) -> None:
    """And of this book at least what the audit tries."""
    (tmp_path / "test_one.py").write_text("import paperlib\n")
    (tmp_path / "test_two.py").write_text("from tools import pdf\n")
    (tmp_path / "test_three.py").write_text("from test_two import x\n")
    (tmp_path / "four.py").write_text("from tools import pdf\n")
    (tmp_path / "test_five.py").write_text("from tests.four import x\n")
    assert [path.name for path in versions.unit_tests(tmp_path)] == ["test_one.py"]
    found = {path.name for path in versions.unit_tests()}
    assert {*QUICK, "test_fewshot_training.py"} <= found and "test_site.py" not in found


def test_binder_has_what_the_library_needs_at_the_versions_of_the_book() -> None:
    folder = versions.ROOT / ".binder"
    needed = {Requirement(text).name.lower() for text in versions.allowed("newest")} | {"torch"}
    assert sorted(versions.lines(folder / "requirements.txt")) == sorted(versions.pinned(*needed))
    text = (folder / "requirements.txt").read_text(encoding="utf-8")
    assert "\n--extra-index-url https://download.pytorch.org/whl/cpu\n" in text and text.endswith("\n--editable .\n")
    assert (folder / "runtime.txt").read_bytes() == (versions.ROOT / "runtime.txt").read_bytes()


def test_another_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert versions.main(["older"]) == 2
    assert capsys.readouterr().err == "versions must be one of oldest, newest, colab; got 'older'\n"


@pytest.mark.audit
@pytest.mark.parametrize("kind", ["oldest", "newest"])
def test_the_theory_holds_with_other_versions(kind: str) -> None:
    """`make oldest` and `make newest` try the rest of the library too."""
    assert versions.main([kind, *(str(versions.ROOT / "tests" / name) for name in QUICK)]) == 0


@pytest.mark.audit
def test_chapters_run_to_their_end_with_the_versions_of_colab() -> None:
    assert versions.main(["colab"]) == 0
