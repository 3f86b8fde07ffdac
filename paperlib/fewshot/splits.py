"""Which alphabets and classes are for training and which for testing: read from the data files beside this module."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Role = Literal["easy train", "easy test", "hard train", "hard test"]


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files("paperlib.fewshot") / name).read_text(encoding="utf-8"))


def alphabet_sizes() -> dict[str, tuple[int, int]]:
    """Return for each alphabet of Omniglot its first character, counted from 0, and how many it has.

    Example:
        >>> alphabet_sizes()["Sanskrit"]
        (850, 42)
    """
    rows = _table("omniglot.toml")["alphabets"]
    return {name: (row["first"] - 1, row["characters"]) for name, row in rows.items()}


def alphabets(role: Role) -> tuple[str, ...]:
    """Return the alphabets that play a part in the experiment, in the order of ``omniglot.toml``.

    The paper's one hard alphabet of the setting Small comes first.

    Raises:
        ValueError: if the part is not one of the four.

    Example:
        >>> alphabets("hard train")[0], len(alphabets("easy test"))
        ('Sanskrit', 15)
    """
    rows = _table("omniglot.toml")["alphabets"]
    names = tuple(name for name, row in rows.items() if row["role"] == role)
    if not names:
        raise ValueError(f"role must be easy or hard, train or test, such as 'hard train'; got {role!r}")
    return names


def held_out_superclasses() -> tuple[str, ...]:
    """Return the superclasses of CIFAR-100 whose classes are only for testing."""
    return tuple(_table("cifar100.toml")["test_superclasses"])


def validation_superclasses() -> tuple[str, ...]:
    """Return the superclasses of CIFAR-100 that Oreshkin et al. (2018) keep for validation."""
    return tuple(_table("cifar100.toml")["validation_superclasses"])


def training_images() -> int:
    """Return how many of the 600 images of a training class of CIFAR-100 are for training."""
    return int(_table("cifar100.toml")["training_images"])
