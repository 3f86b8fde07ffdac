"""The reference lists every public name once, in groups, and the how-to pages print what they say."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from tools.chapters import BOOK, ROOT

sys.path.append(str(BOOK / "_ext"))
from edition_code import linked
from edition_reference import escaped, grouped, plain, public

from paperlib import grids
from paperlib.__main__ import _parser
from paperlib.commands import configurations

PAGES = sorted(BOOK.glob("reference*.md"))
BLOCK = re.compile(r"```\{reference\} (\S+)\n(.*?)```", re.DOTALL)
PACKAGES = [path.parent for path in (ROOT / "paperlib").glob("*/__init__.py")]


def test_every_part_of_the_library_has_a_page() -> None:
    listed = [module for page in PAGES for module, _ in BLOCK.findall(page.read_text(encoding="utf-8"))]
    assert len(listed) == len(set(listed))
    offered = import_module("paperlib").__all__
    parts = {f"paperlib.{path.name}" for path in PACKAGES if path.name in offered}
    assert set(listed) == {"paperlib", *parts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_public_name_is_in_a_group(page: Path) -> None:
    for module, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        names = public(import_module(module))
        groups = grouped(text.splitlines(), names)
        assert sorted(name for group in groups.values() for name in group) == sorted(names)
        assert "More" not in groups, groups["More"]


def test_what_no_group_holds_comes_last_and_what_is_not_offered_is_refused() -> None:
    assert grouped(["One: b"], ["a", "b"]) == {"One": ["b"], "More": ["a"]}
    assert grouped([], ["a", "b"]) == {"": ["a", "b"]}
    for lines in (["One: c"], ["One: a, a"], ["One: a", "Two: a"]):
        with pytest.raises(ValueError, match="each once; got "):
            grouped(lines, ["a", "b"])


def test_stars_and_bars_of_docstrings_are_no_markup() -> None:
    assert plain("w* and **kw, |w|, x_ but a_b, `w*` and ``|x|``") == (
        r"w\* and \*\*kw, \|w\|, x\_ but a_b, `w*` and ``|x|``"
    )


def test_formulas_and_examples_are_left_alone() -> None:
    kept = ["", ".. math:: w^*", "", "    a^* = b^*", "", ">>> 2**3", "8", ""]
    assert escaped(["of w*", *kept, "then w*"]) == [r"of w\*", *kept, r"then w\*"]


@pytest.mark.parametrize("name", ["how_own_tasks", "how_own_images"])
def test_a_page_prints_what_it_says(name: str) -> None:
    text = (BOOK / f"{name}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```", text, re.DOTALL)
    names: dict[str, object] = {}
    for code, said in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)
        assert printed.getvalue() == said
    assert len(blocks) == text.count("```python") > 0


def test_commands_for_classes_with_names_are_commands() -> None:
    lines = re.findall(r"^python -m paperlib (.*)$", (BOOK / "how_own_images.md").read_text("utf-8"), re.MULTILINE)
    parsed = [_parser().parse_args(line.split()) for line in lines]
    trained = [one for arguments in parsed[::2] for one in configurations(arguments)]
    assert [(c.algorithm, c.readout) for c in trained] == [("named-erm", "class-means"), ("maml", "steps")]
    assert [arguments.readout for arguments in parsed[1::2]] == ["class-means"] * 2


def test_the_grid_is_one(tmp_path: Path) -> None:
    text = (BOOK / "how_cluster.md").read_text(encoding="utf-8")
    grid = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1]  # type: ignore[index]
    (tmp_path / "grid.yml").write_text(grid)
    assert len(grids.read(tmp_path / "grid.yml")) == 2 * 2 * 2 * len(range(yaml.safe_load(grid)["seeds"]))


CELL = '<div class="highlight-ipython3 notranslate"><div class="highlight"><pre>{}</pre></div></div>'
WORDS = (("kn", "from"), ("nn", "paperlib"), ("kn", "import"), ("n", "linear"))
IMPORT = " ".join(f'<span class="{kind}">{word}</span>' for kind, word in WORDS)
USE = '<span class="n">linear</span><span class="o">.</span><span class="n">gain</span>'
TARGETS = {"paperlib.linear.gain": "there.html#gain", "paperlib.gain": "nowhere"}


def test_code_leads_to_the_reference() -> None:
    link = f'<a class="code-link" href="there.html#gain">{USE}</a>'
    body = CELL.format(IMPORT) + CELL.format(f"{USE} {USE}") + CELL.format(USE)
    assert linked(body, TARGETS) == CELL.format(IMPORT) + CELL.format(f"{link} {USE}") + CELL.format(link)


@pytest.mark.parametrize(
    "code",
    [
        USE.replace("gain", "other"),  # not in the reference
        f'<span class="n">x</span><span class="o">.</span>{USE}',  # something else of this name
        '<span class="n">gain</span>',  # a name that nobody imported
    ],
)
def test_code_that_is_not_the_library_s_leads_nowhere(code: str) -> None:
    body = CELL.format(IMPORT) + CELL.format(code) + f"<p>{USE}</p>"
    assert linked(body, TARGETS) == body
    assert linked(CELL.format(USE), TARGETS) == CELL.format(USE)  # without the import
