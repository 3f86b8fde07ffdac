"""The README's example prints what the README says, and its picture is the book's figure."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

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


def test_the_picture_is_the_figure_of_chapter_1() -> None:
    figure = picture.figure_on_white(picture.NOTEBOOK, picture.FIGURE)
    with Image.open(picture.PICTURE) as stored:
        assert np.array_equal(np.asarray(stored.convert("RGB")), np.asarray(figure)), "run python -m tools.picture"
