"""There is one list of advice, chapter 11's: the front page and README say the same sentences, and no others."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
SOURCE, FRONT, README = "book/11_when_to_use_maml.py", "book/intro.md", "README.md"
OWN = "book/25_your_own_tasks.py"
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
    first = "by ridge regression on its own samples, towards ERM's start"
    tried = (
        "On the three real data sets that the book tries, one of them with its target in dollars and again in "
        "logarithms, its mean loss was smaller than after a step"
    )
    assert all(f"{first}. {tried}" in plain(read(name)) for name in (SOURCE, FRONT, README))
    assert "and has an eighth sentence" in read(SOURCE) and "#classes-to-act-on" in read(SOURCE)
    for start, end in (("Mostly not. ", "never MAML."), ("Are your tasks choices of classes", "were not measured.")):
        front, readme = (re.search(f"{start}.*?{end}", plain(read(name))) for name in (FRONT, README))
        assert front is not None and readme is not None and front[0] == readme[0]


def plain(text: str) -> str:
    """Return a text without marks, lines, and parentheses that only hold a reference or name a page."""
    text = re.sub(r" \((?:\[[^\]]*\]\([^)]*\)|\{[\w:]+\}`[^`]*`|\*Your own tasks\*)\)", "", text)
    return " ".join(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("*", "").split())


def record(name: str) -> Any:
    return yaml.safe_load((ROOT / "book" / "records" / f"{name}.yml").read_text(encoding="utf-8"))


def test_how_far_the_adviser_can_be_trusted_is_what_its_judging_found() -> None:
    judged = [one for one in record("adviser")["environments"] if one["clear"] and "said" in one]
    said = Counter((one["said"] == "MAML", one["said"] == one["right"]) for one in judged if one["said"][:3] != "not")
    maml, others = ((said[kind, True], said[kind, True] + said[kind, False]) for kind in (True, False))
    told = "MAML was right in {} of {} environments, the other verdicts in {} of {}".format(*maml, *others)
    assert all(told in plain(read(name)) for name in (FRONT, README, OWN))
    verdicts = [one["verdict"].split(" with")[0] for one in record("real_tasks")["tasks"]]
    assert verdicts == ["ERM", "not decidable", "not decidable", "a representation"]
