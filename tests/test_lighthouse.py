"""Lighthouse's scores: what is held, what is only printed, and one look at the site."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browsing import without
from tools import lighthouse
from tools.server import served


def scores(performance: Iterator[float], seo: float = 1.0) -> lighthouse.Look:
    """Return a look at which performance changes from run to run."""
    rest = {"accessibility": 1.0, "best-practices": 1.0, "seo": seo}
    return lambda page, screen: rest | {"performance": next(performance)}


def test_performance_is_a_median_and_holds_nothing() -> None:
    table, short = lighthouse.judge(3, scores(iter(8 * [0.1, 0.9, 0.4])))
    assert short == [] and table.count("0.40 (aim 0.9)") == table.count("0.40 (aim 0.7)") == len(lighthouse.PAGES)


def test_whatever_else_falls_short_is_named() -> None:
    _, short = lighthouse.judge(1, scores(iter(8 * [1.0]), seo=0.99))
    assert len(short) == 8 and short[0] == "book/intro, desktop: seo 0.99"


def test_without_node_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(lighthouse.shutil, "which", lambda _: None)
    assert lighthouse.main([]) == 2 and "Node is missing" in capsys.readouterr().err


@pytest.mark.audit
def test_four_pages_have_full_scores(site: Path) -> None:
    if not shutil.which("npx"):
        without("Node is missing", "https://nodejs.org")
    with served(site) as base:
        _, short = lighthouse.judge(1, lambda page, screen: lighthouse.look(f"{base}/{page}.html", screen))
    assert short == []
