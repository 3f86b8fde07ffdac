"""What a configuration refuses by name, what tiers are, and what names tell apart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from paperlib.fewshot.choices import SETTINGS, SHAPES
from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.data import Cifar100
from paperlib.fewshot.settings import cifar_tasks
from paperlib.fewshot.splits import held_out_superclasses, room, validation_superclasses

PRINTED = {"easy": (2, 10), "hard": (20, 1), "evaluation_easy": (2, 10), "evaluation_hard": (20, 1)}


@pytest.mark.parametrize(
    ("dataset", "tier", "filters"),
    [
        ("omniglot", "smoke", 32),
        ("omniglot", "book", 64),
        ("omniglot", "paper", 64),
        ("cifar", "smoke", 32),
        ("cifar", "book", 32),
        ("cifar", "paper", 64),
    ],
)
def test_filters_of_the_tiers(dataset: str, tier: str, filters: int) -> None:
    for algorithm in ("maml", "erm"):
        assert configure(dataset, algorithm, tier).filters == filters
        wide = configure(dataset, algorithm, tier, filters=128)
        assert wide.filters == 128 and wide.name.endswith("-filters128")


def test_ways_and_shots_of_section_5_beside_those_of_the_appendix() -> None:
    usual, printed = configure("cifar", "maml", "paper"), configure("cifar", "maml", "paper", **PRINTED)
    assert [getattr(usual, name) for name in SHAPES] == [(2, 50), (20, 5)] * 2
    assert {name: getattr(printed, name) for name in SHAPES} == PRINTED
    assert usual.name == "cifar-p0.5-maml-paper"
    assert printed.name == f"{usual.name}-easy2x10-hard20x1-evaluation-easy2x10-evaluation-hard20x1"
    assert configure("cifar", "maml", "paper", **{name: list(pair) for name, pair in PRINTED.items()}) == printed
    assert Configuration.of(printed.values()) == printed and {printed: 1}[printed] == 1


def test_erm_has_fifteen_images_a_class_in_training() -> None:
    erm = configure("cifar", "erm", "paper")
    assert {shape[1] + erm.queries for shape in (erm.easy, erm.hard)} == {15}
    assert (erm.evaluation_easy, erm.evaluation_hard) == ((2, 50), (20, 5))


def world() -> Cifar100:
    """Return the labels of CIFAR-100, its images being of no matter here."""
    names = [*held_out_superclasses(), *validation_superclasses()]
    names += [f"other{k}" for k in range(20 - len(names))]
    label = np.repeat(np.arange(100), 600)
    images = np.zeros((1, 32, 32, 3), np.uint8)
    return Cifar100(images, label, np.repeat(np.arange(20), 5), tuple(map(str, range(100))), tuple(names))


@pytest.mark.parametrize("split", SETTINGS["cifar"])
def test_the_largest_tasks_are_those_that_there_are_images_for(split: Any) -> None:
    """What a configuration admits can be drawn from the classes of the split, and one more of either cannot."""
    data = world()

    def draws(evaluation: bool, shape: tuple[int, int]) -> bool:
        phases = [("train", True), ("test", False)] if evaluation else [("train", False)]
        try:
            for phase, held_out in phases:
                cifar_tasks(data, phase, split=split, held_out=held_out, hard=shape)  # type: ignore[arg-type]
        except ValueError:
            return False
        return True

    for name in ("hard", "evaluation_hard"):
        evaluation = name.startswith("evaluation")
        classes, images = room(split, evaluation=evaluation)
        shots = images - 10
        for shape, there in (((classes, shots), True), ((classes + 1, shots), False), ((classes, shots + 1), False)):
            assert draws(evaluation, shape) == there
            if there:
                configure("cifar", "erm", "book", setting=split, **{name: shape})  # type: ignore[arg-type]
                continue
            said = f"{name} must be ways and shots, at most {classes} classes and, beside 10 queries, {shots} images"
            with pytest.raises(ValueError, match=rf"^{said} of each; got {re.escape(str(shape))}$"):
                configure("cifar", "erm", "book", setting=split, **{name: shape})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("value", [(0, 5), (2, 0), (2,), (2, 5, 5), (2.0, 5), (True, 5)])
def test_what_is_no_shape_is_refused_by_name(name: str, value: Any) -> None:
    said = rf"^{name} must be ways and shots, each at least 1; got {re.escape(str(value))}$"
    with pytest.raises(ValueError, match=said):
        configure("cifar", "maml", "book", **{name: value})
    with pytest.raises(ValueError, match=said):
        replace(configure("omniglot", "maml", "book"), **{name: value})
    with pytest.raises(ValueError, match=rf"^{name} must be ways and shots, each at least 1; got \[2, 5\]$"):
        replace(configure("cifar", "maml", "book"), **{name: [2, 5]})  # type: ignore[arg-type]


def test_a_data_set_has_its_own_settings() -> None:
    for name in SHAPES:
        with pytest.raises(ValueError, match=rf"^{name} is for cifar, omniglot has shots; got \(2, 5\)$"):
            configure("omniglot", "maml", "book", **{name: (2, 5)})  # type: ignore[arg-type]
    for name in ("shots", "evaluation_shots"):
        with pytest.raises(ValueError, match=rf"^{name} is for omniglot, cifar has easy and hard; got 2$"):
            configure("cifar", "maml", "book", **{name: 2})  # type: ignore[arg-type]
