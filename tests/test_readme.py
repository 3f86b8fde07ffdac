"""The README's example prints what the README says, and its picture is the book's figure."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paperlib.__main__ import main
from tools import picture

ROOT = Path(__file__).resolve().parent.parent


def test_the_example_prints_what_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(r"```python\n(.*?)```\n\nprints\n\n```\n(.*?)```", readme, re.DOTALL)
    assert match is not None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(match.group(1), {})
    assert printed.getvalue() == match.group(2)


def test_help_names_the_options_that_take_several_values(capsys: pytest.CaptureFixture[str]) -> None:
    """README sends there for what may differ side by side."""
    said = {}
    for words in (["train"], ["train", "omniglot"]):
        with pytest.raises(SystemExit):
            main([*words, "--help"])
        said[len(words)] = " ".join(capsys.readouterr().out.split())
    several = {name for name, _ in re.findall(r"\[--([\w-]+) (\{[^}]*\}|\w+) \[\2 \.\.\.\]\]", said[2])}
    assert several and several == set(re.findall(r"--([\w-]+)", said[1].partition("positional")[0])) - {"help"}


def test_the_chapters_that_want_data_are_those_that_the_readme_names() -> None:
    notebooks = sorted((ROOT / "book").glob("*.ipynb"))
    texts = {path.name[:2]: path.read_text(encoding="utf-8") for path in notebooks}
    wanting = [f"{int(number)}" for number, text in texts.items() if re.search(r"load_(omniglot|cifar100)\(", text)]
    named = f"({', '.join(wanting[:-1])} and {wanting[-1]}) want their data"
    assert len(wanting) == 4 and f"Four notebooks of images {named}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_picture_is_the_figure_of_chapter_1() -> None:
    figure = picture.figure_on_white(picture.NOTEBOOK, picture.FIGURE)
    with Image.open(picture.PICTURE) as stored:
        assert np.array_equal(np.asarray(stored.convert("RGB")), np.asarray(figure)), "run python -m tools.picture"
