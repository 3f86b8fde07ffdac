"""One setting drives every place that bears the repository's address."""

import json
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest

import paperlib
from tools import repository

URL = "https://example.org/somebody/book"
CELL = 'import sys\n\nREPOSITORY = ""\nif not REPOSITORY:\n    pass'


def marked(text: str) -> str:
    return f"# A\n\n<!-- repository -->\n{text}\n<!-- /repository -->\n\nB\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "book").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n\n[tool.edition]\n# why\nrepository = ""\n')
    (tmp_path / "README.md").write_text(
        f"# A\n\n<!-- repository -->\n{repository.UNDECIDED}\n<!-- /repository -->\n\nB\n"
    )
    (tmp_path / "CITATION.cff").write_text("title: A book\nreferences:\n  - type: article\n")
    for stem in ("01_one", "02_two"):
        (tmp_path / "book" / f"{stem}.py").write_text(f"# %% [markdown]\n# # One\n\n# %%\n{CELL}\n")
        cells = [nbformat.v4.new_markdown_cell("# One"), nbformat.v4.new_code_cell(CELL)]
        notebook = nbformat.v4.new_notebook(cells=cells)
        (tmp_path / "book" / f"{stem}.ipynb").write_text(nbformat.writes(notebook) + "\n")
    return tmp_path


def texts(tree: Path) -> dict[str, str]:
    paths = (path for path in sorted(tree.rglob("*.*")) if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(tree)): path.read_text() for path in paths}


def test_the_address_reaches_every_place(tree):
    assert repository.main([URL + "/"], tree) == 0
    assert tomllib.loads((tree / "pyproject.toml").read_text())["tool"]["edition"]["repository"] == URL
    assert (
        f"\n<!-- repository -->\nThe repository is <{URL}>.\n<!-- /repository -->\n\nB"
        in (tree / "README.md").read_text()
    )
    assert (tree / "CITATION.cff").read_text().endswith(f'\nrepository-code: "{URL}"\n')
    for stem in ("01_one", "02_two"):
        assert f'\nREPOSITORY = "{URL}"\n' in (tree / "book" / f"{stem}.py").read_text()
        cells = json.loads((tree / "book" / f"{stem}.ipynb").read_text())["cells"]
        assert "".join(cells[1]["source"]) == CELL.replace('""', f'"{URL}"')
    assert repository.main(["--check"], tree) == 0


def test_taking_the_address_back_restores_every_byte(tree):
    before = texts(tree)
    assert repository.main([URL], tree) == 0
    assert all(text != before[name] for name, text in texts(tree).items())
    assert repository.main([""], tree) == 0
    assert texts(tree) == before


def test_setting_it_twice_changes_nothing(tree, capsys):
    assert repository.main([URL], tree) == 0
    once = texts(tree)
    capsys.readouterr()
    assert repository.main([URL], tree) == 0
    assert texts(tree) == once
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["book/01_one.py", "book/02_two.ipynb", "README.md", "CITATION.cff"])
def test_the_check_names_each_place_that_differs(tree, capsys, name):
    repository.main([URL], tree)
    capsys.readouterr()
    path = tree / name
    path.write_text(path.read_text().replace("somebody", "nobody"))
    assert repository.main(["--check"], tree) == 1
    assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == [name]


def test_the_check_changes_nothing(tree):
    path = tree / "pyproject.toml"
    path.write_text(path.read_text().replace('repository = ""', f'repository = "{URL}"'))
    before = texts(tree)
    assert repository.main(["--check"], tree) == 1
    assert texts(tree) == before


@pytest.mark.parametrize("url", ["git@a.org:b/c", "http://a.org/b", "https://a.org", 'https://a.org/"', "x"])
def test_a_bad_address_is_refused(tree, capsys, url):
    before = texts(tree)
    assert repository.main([url], tree) == 1
    assert f"url must be of the form https://host/owner/name or file:///folder; got {url!r}" in capsys.readouterr().err
    assert texts(tree) == before


def test_a_folder_is_an_address(tree):
    assert repository.main(["file:///srv/git/book"], tree) == 0
    assert 'REPOSITORY = "file:///srv/git/book"' in (tree / "book/01_one.py").read_text()


def test_a_file_without_its_place_is_named_and_nothing_is_written(tree, capsys):
    (tree / "README.md").write_text("No place.\n")
    before = texts(tree)
    assert repository.main([URL], tree) == 1
    assert capsys.readouterr().err.startswith("README.md: holds no place for the address")
    assert texts(tree) == before


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://example.org/somebody/book.git", URL),
        ("https://example.org/somebody/book/", URL),
        ("https://me:token@example.org/somebody/book", URL),
        ("git@example.org:somebody/book.git", URL),
        ("ssh://git@example.org:22/somebody/book.git", URL),
        ("/srv/git/book.git", ""),
        ("file:///srv/git/book.git", ""),
        ("http://localhost:3000/somebody/book", ""),
        ("", ""),
    ],
)
def test_the_address_of_a_public_remote_is_proposed(tree, capsys, remote, address):
    before = texts(tree)
    subprocess.run(["git", "init", "-q", str(tree)], check=True)
    if remote:
        subprocess.run(["git", "-C", str(tree), "remote", "add", "origin", remote], check=True)
    assert repository.main([], tree) == 0
    said = capsys.readouterr().out
    assert said.endswith(f" make repository URL={address}\n" if address else "no other public remote `origin`\n")
    assert "token" not in said
    assert repository.main(["--hint"], tree) == 0
    assert capsys.readouterr().out == (said if address else "")
    assert texts(tree) == before
    if address:
        repository.main([address], tree)
        capsys.readouterr()
        assert repository.main(["--hint"], tree) == 0 and capsys.readouterr().out == ""


def test_this_book_agrees_with_its_setting(capsys):
    assert repository.main(["--check"]) == 0, capsys.readouterr().err


def test_the_citation_names_the_version_of_the_library() -> None:
    citation = (Path(__file__).parent.parent / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {paperlib.__version__}\n" in citation
