"""There is one list of advice, chapter 11's: the front page and README say the same sentences, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE, FRONT, README = "book/11_when_to_use_maml.py", "book/intro.md", "README.md"
BEFORE = "If you may solve a new task outright"
REFERENCE = re.compile(r"\]\(#[\w-]+\)|\{(?:eq|prf:ref)\}`[\w-]+`")


def advice(text: str) -> list[tuple[list[str], str]]:
    """Return the sentences of items 1 to 7, as they stand, and the references at the end of each."""
    text = re.sub(r"^# ?", "", text, flags=re.MULTILINE).split(BEFORE)[1]
    items = re.findall(r"^([1-7])\. (\*\*.*?)(?: \(((?:\{|\[).*)\))?$", text, re.MULTILINE)
    assert [number for number, *_ in items] == list("1234567")
    return [(re.split(r"(?<=[.;])(?:\*\*)? ", words), references) for _, words, references in items]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [FRONT, README])
def test_the_list_says_nothing_that_chapter_11_does_not_say(name: str) -> None:
    for (said, _), (source, _) in zip(advice(read(name)), advice(read(SOURCE)), strict=True):
        assert said[0] == source[0]
        assert said == [sentence for sentence in source if sentence in said]


@pytest.mark.parametrize("name", [FRONT, SOURCE])
def test_each_sentence_leads_to_what_shows_it(name: str) -> None:
    assert all(REFERENCE.search(references) for _, references in advice(read(name)))


def test_what_comes_before_and_after_the_list_is_the_same_too() -> None:
    """Up to markup: to solve the task outright comes first, and the eighth sentence is chapter 9's."""
    first = r"by ridge regression on its own samples, towards ERM's start"
    tried = r"On the four real sets that the book tries (?:\(\[.*?\)\) )?its mean loss was smaller than after a step"
    eighth = r"Then first train one classifier on all these classes\*\*, and compare class means of its features"
    assert all(re.search(rf"{first}\. {tried}", read(name)) for name in (SOURCE, FRONT, README))
    assert all(re.search(eighth, read(name)) for name in (FRONT, README))
    assert "belongs to [chapter 9](#omniglot-field)" in read(SOURCE)
