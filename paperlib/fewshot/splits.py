"""Which alphabets and classes are for training and which for testing: read from the data files beside this module."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Role = Literal["easy train", "easy test", "hard train", "hard test"]
_SUPERCLASSES, _CLASSES, _IMAGES = 20, 5, 600  # of CIFAR-100; classes of a superclass, images of a class
_DRAWINGS = 20  # of a character of Omniglot


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


@cache
def room(setting: str, *, evaluation: bool) -> tuple[int, int]:
    """Return how many classes a task can have, and how many images of each, whatever kind of task it is.

    On Omniglot an easy task takes each character from another alphabet, and a hard one takes them all from one.
    Evaluation has tasks of training alphabets, and of the test alphabets of both settings.

    On CIFAR training has the classes of training and their training images. Evaluation has tasks of these classes too,
    with the images held out, and tasks of test classes; their shape is the same, so the smaller number counts.

    Args:
        setting: large or small, of Omniglot; 80-20 or 60-20-20, of CIFAR-100.
        evaluation: whether the task is one of evaluation.

    Example:
        >>> room("60-20-20", evaluation=False), room("60-20-20", evaluation=True)
        ((60, 450), (20, 150))
        >>> room("large", evaluation=False), room("large", evaluation=True)  # as many as easy alphabets
        ((25, 20), (15, 20))
    """
    if setting in ("large", "small"):
        train, test = _characters("train", setting == "large"), _characters("test", True)
        return (min(train, test) if evaluation else train), _DRAWINGS
    testing, unused = (_CLASSES * len(names) for names in (held_out_superclasses(), validation_superclasses()))
    training = _CLASSES * _SUPERCLASSES - testing - unused * (setting == "60-20-20")
    if evaluation:
        return min(training, testing), _IMAGES - training_images()
    return training, training_images()


def _characters(phase: Literal["train", "test"], large: bool) -> int:
    """Return how many characters an easy and a hard task can both have."""
    roles: tuple[Role, Role] = ("easy train", "hard train") if phase == "train" else ("easy test", "hard test")
    easy, hard = map(alphabets, roles)
    return min(len(easy), *(alphabet_sizes()[name][1] for name in (hard if large else hard[:1])))
