"""One environment variable decides the tier."""

from __future__ import annotations

import pytest

from paperlib.runtime import at_tier, tier


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
