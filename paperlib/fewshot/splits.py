"""Which alphabets and classes are for training and which for testing: read from the data files beside this module."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Role = Literal["easy train", "easy test", "hard train", "hard test"]
_SUPERCLASSES, _CLASSES, _IMAGES = 20, 5, 600  # of CIFAR-100; classes of a superclass, images of a class


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


def room(split: str, *, evaluation: bool) -> tuple[int, int]:
    """Return how many classes a task of CIFAR-100 can have, and how many images of each.

    Training has the classes of training and their training images. Evaluation has tasks of these classes too, with the
    images held out, and tasks of test classes; their shape is the same, so the smaller number counts.

    Args:
        split: 80-20 or 60-20-20.
        evaluation: whether the task is one of evaluation.

    Example:
        >>> room("60-20-20", evaluation=False), room("60-20-20", evaluation=True)
        ((60, 450), (20, 150))
    """
    testing, unused = (_CLASSES * len(names) for names in (held_out_superclasses(), validation_superclasses()))
    training = _CLASSES * _SUPERCLASSES - testing - unused * (split == "60-20-20")
    if evaluation:
        return min(training, testing), _IMAGES - training_images()
    return training, training_images()
