"""What the settings of an experiment may be, each by itself and some together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

from paperlib.fewshot.data import Resampling
from paperlib.fewshot.models import ACTIVATIONS
from paperlib.fewshot.objectives import ALGORITHMS
from paperlib.fewshot.optimisers import OPTIMIZERS, SCHEDULES
from paperlib.fewshot.splits import room
from paperlib.runtime import Tier

DATASETS = ("omniglot", "cifar")
SETTINGS: dict[str, tuple[str, ...]] = {"omniglot": ("large", "small"), "cifar": ("80-20", "60-20-20")}  # default first
TIERS: tuple[str, ...] = get_args(Tier)
PRECISIONS = ("float32", "tf32")
DEVICES = ("cpu", "cuda")
SHAPES = ("easy", "hard", "evaluation_easy", "evaluation_hard")  # each ways and shots
_CHOICES: dict[str, tuple[str, ...]] = {
    "dataset": DATASETS,
    "algorithm": ALGORITHMS,
    "tier": TIERS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "precision": PRECISIONS,
    "device": DEVICES,
    "activation": ACTIVATIONS,
}
_COUNTS = ("iterations", "tasks", "queries", "steps", "evaluation_tasks", "evaluation_steps", "filters")
_POSITIVE = ("lr", "inner_lr", "hard_odds")


def among(name: str, value: object, values: tuple[object, ...]) -> None:
    """Refuse what is not one of the values.

    Raises:
        ValueError: naming the argument, the values, and what came.
    """
    if value not in values:
        raise ValueError(
            f"{name} must be {'empty' if values == ('',) else ' or '.join(map(str, values))}; got {value!r}"
        )


def check(settings: Mapping[str, Any]) -> None:
    """Refuse settings that no experiment can have; see `configuration.Configuration` for what each means.

    Raises:
        ValueError: naming the argument, what was expected, and what came.
    """
    for name, values in _CHOICES.items():
        among(name, settings[name], values)
    omniglot = settings["dataset"] == "omniglot"
    among("setting", settings["setting"], SETTINGS[settings["dataset"]])
    among("resampling", settings["resampling"], get_args(Resampling) if omniglot else ("",))
    among("adapt_norm", settings["adapt_norm"], (True, False))
    for name in _COUNTS:
        value = settings[name]
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a whole number, at least 1; got {value!r}")
    for name in _POSITIVE:
        value = settings[name]
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a positive number; got {value!r}")
    if not 0 <= settings["p_hard"] <= 1:
        raise ValueError(f"p_hard must lie between 0 and 1; got {settings['p_hard']!r}")
    for name in SHAPES:
        _check_shape(name, settings)
    if settings["hard_odds"] != 1 and settings["algorithm"] != "weighted-erm":
        raise ValueError(f"hard_odds is for weighted-erm; got {settings['hard_odds']!r} with {settings['algorithm']}")
    if settings["precision"] == "tf32" and settings["device"] == "cpu":
        raise ValueError("precision must be float32 on the cpu; got 'tf32'")


def _check_shape(name: str, settings: Mapping[str, Any]) -> None:
    pair, queries = settings[name], settings["queries"]
    whole = isinstance(pair, tuple) and len(pair) == 2 and all(type(value) is int for value in pair)
    if not whole or min(pair) < 1:
        raise ValueError(f"{name} must be ways and shots, each at least 1; got {pair!r}")
    if settings["dataset"] == "cifar":
        classes, images = room(settings["setting"], evaluation=name.startswith("evaluation"))
        if pair[0] > classes or pair[1] + queries > images:
            raise ValueError(
                f"{name} must be ways and shots, at most {classes} classes and, beside {queries} queries, "
                f"{images - queries} images of each; got {pair!r}"
            )
