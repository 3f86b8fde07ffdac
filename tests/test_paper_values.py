"""The paper's tables as data: complete, and in agreement with what its text says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
VALUES: dict[str, Any] = yaml.safe_load((ROOT / "book" / "paper_values.yml").read_text(encoding="utf-8"))
ROWS = {row["id"] for row in yaml.safe_load((ROOT / "book" / "claims.yml").read_text(encoding="utf-8"))}


def cell(dataset: str, setting: object, algorithm: str, column: str) -> float:
    (row,) = [r for r in VALUES[dataset] if r["setting"] == setting and r["algorithm"] == algorithm]
    return float(row["mean"][VALUES["columns"].index(column)])


@pytest.mark.parametrize(
    ("dataset", "settings", "algorithms"),
    [("omniglot", ["large", "small"], ["maml", "erm-1", "erm-10"]), ("cifar", [0.99, 0.5, 0.01], ["erm", "maml"])],
)
def test_tables_are_whole(dataset: str, settings: list[object], algorithms: list[str]) -> None:
    found = [(row["setting"], row["algorithm"]) for row in VALUES[dataset]]
    assert found == [(setting, algorithm) for setting in settings for algorithm in algorithms]
    for row in VALUES[dataset]:
        assert len(row["mean"]) == len(row["half_width"]) == len(VALUES["columns"]) == 4
        assert all(0 < mean < 100 for mean in row["mean"]) and all(0 < width < 2 for width in row["half_width"])


def test_a_digit_can_be_checked_against_the_text() -> None:
    assert cell("omniglot", "small", "maml", "hard test") - cell("omniglot", "large", "maml", "hard test") > 14
    assert cell("cifar", 0.01, "maml", "hard test") - cell("cifar", 0.01, "erm", "hard test") == pytest.approx(3.6)


def test_rules_are_those_of_rows_of_the_ledger() -> None:
    assert set(VALUES["rules"]["sentences"]) <= ROWS
    assert all(rule["says"] for rule in (*VALUES["rules"]["sentences"].values(), VALUES["rules"]["cell"]))
