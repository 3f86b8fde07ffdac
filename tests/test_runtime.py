"""One environment variable decides the tier, and chapters took no longer than the book promises."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import yaml

from paperlib.runtime import at_tier, book, forget_peak, peak_memory, tier


def test_the_tier_is_book_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAPERLIB_TIER", raising=False)
    assert tier() == "book"
    assert at_tier(smoke=1, book=2, paper=3) == 2


@pytest.mark.parametrize(("name", "value"), [("smoke", 1), ("book", 2), ("paper", 3)])
def test_the_variable_names_the_tier(monkeypatch: pytest.MonkeyPatch, name: str, value: int) -> None:
    monkeypatch.setenv("PAPERLIB_TIER", name)
    assert tier() == name
    assert at_tier(smoke=1, book=2, paper=3) == value


@pytest.mark.parametrize("name", ["", "Book", "fast"])
def test_other_tiers_are_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("PAPERLIB_TIER", name)
    with pytest.raises(ValueError, match=f"^PAPERLIB_TIER must be smoke, book or paper; got '{name}'$"):
        at_tier(smoke=1, book=2, paper=3)


def test_chapters_ran_within_their_budgets() -> None:
    """As last executed: two minutes for a chapter on images, whose networks train live, and ten for all chapters."""
    rows = yaml.safe_load((book() / "records" / "runtime.yml").read_text(encoding="utf-8"))
    seconds = {chapter: row["seconds"] for chapter, row in rows.items()}
    assert seconds.keys() == {path.stem for path in book().glob("[0-9][0-9]_*.ipynb")}, "every chapter counts"
    assert {name: seconds[name] for name in ("09_omniglot", "10_cifar") if seconds[name] > 120} == {}
    assert sum(seconds.values()) <= 500


def test_the_peak_of_memory_is_counted_anew() -> None:
    held = np.ones(2**26)  # half a gigabyte
    before = peak_memory()
    del held
    forget_peak()
    if sys.platform == "linux":
        assert peak_memory() < before - 2**28
    else:
        assert peak_memory() in (0, before)
