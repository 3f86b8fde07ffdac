"""What the settings of an experiment may be, each by itself and some together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np

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
    "algorithm": tuple(ALGORITHMS),
    "tier": TIERS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "precision": PRECISIONS,
    "device": DEVICES,
    "activation": ACTIVATIONS,
}
_COUNTS = ("iterations", "tasks", "queries", "steps", "evaluation_tasks", "evaluation_steps", "filters")
_POSITIVE = ("lr", "inner_lr", "hard_odds")


def among(name: str, value: object, values: tuple[str, ...]) -> str:
    """Return the one of the values that a text names.

    Raises:
        ValueError: naming the argument, the values, and what came.
    """
    if not isinstance(value, str) or value not in values:
        raise ValueError(f"{name} must be {'empty' if values == ('',) else ' or '.join(values)}; got {value!r}")
    return values[values.index(value)]


def is_whole(value: object) -> bool:
    """Return whether a value is a whole number, of Python or of NumPy; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def whole(name: str, value: object) -> int:
    """Return a count as a Python integer.

    Raises:
        ValueError: if it is not a whole number, or less than 1.
    """
    if not is_whole(value) or value < 1:  # type: ignore[operator]
        raise ValueError(f"{name} must be a whole number, at least 1; got {value!r}")
    return int(value)  # type: ignore[call-overload, no-any-return]


def checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the type that each has, or refuse them if no experiment can have them.

    So the same settings are the same values however they were given: ``1`` for a rate is ``1.0``, a number of NumPy is
    one of Python, and there is no negative zero. See `configuration.Configuration` for what each means.

    Raises:
        ValueError: naming the argument, what was expected, and what came.
    """
    own = {name: among(name, settings[name], values) for name, values in _CHOICES.items()}
    omniglot = own["dataset"] == "omniglot"
    own["setting"] = among("setting", settings["setting"], SETTINGS[own["dataset"]])
    own["resampling"] = among("resampling", settings["resampling"], get_args(Resampling) if omniglot else ("",))
    result: dict[str, Any] = dict(settings) | own | {name: whole(name, settings[name]) for name in _COUNTS}
    if not isinstance(settings["adapt_norm"], bool | np.bool_):
        raise ValueError(f"adapt_norm must be True or False; got {settings['adapt_norm']!r}")
    result["adapt_norm"] = bool(settings["adapt_norm"])
    for name in _POSITIVE:
        result[name] = _real(settings[name])
        if not 0 < result[name] < math.inf:
            raise ValueError(f"{name} must be a positive number; got {settings[name]!r}")
    result["p_hard"] = _real(settings["p_hard"])
    if not 0 <= result["p_hard"] <= 1:
        raise ValueError(f"p_hard must lie between 0 and 1; got {settings['p_hard']!r}")
    for name in SHAPES:
        result[name] = _shape(name, settings[name], result)
    if result["hard_odds"] != 1 and not ALGORITHMS[own["algorithm"]].weighted:
        weighted = " or ".join(name for name, row in ALGORITHMS.items() if row.weighted)
        raise ValueError(f"hard_odds is for {weighted}; got {settings['hard_odds']!r} with {own['algorithm']}")
    if own["precision"] == "tf32" and own["device"] == "cpu":
        raise ValueError("precision must be float32 on the cpu; got 'tf32'")
    return result


def _real(value: object) -> float:
    """Return a number, never a negative zero, and NaN for what is none."""
    try:
        return float(value) + 0.0 if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:  # of a whole number or a fraction
        return math.nan


def _shape(name: str, pair: object, settings: Mapping[str, Any]) -> tuple[int, int]:
    if not (isinstance(pair, tuple) and len(pair) == 2 and all(map(is_whole, pair)) and min(pair) >= 1):
        raise ValueError(f"{name} must be ways and shots, each at least 1; got {pair!r}")
    ways, shots = map(int, pair)
    if ways < 2:
        raise ValueError(f"{name} must have at least 2 ways, as one class leaves nothing to tell apart; got {pair!r}")
    evaluation, queries = name.startswith("evaluation"), settings["queries"]
    classes, images = room(settings["setting"], evaluation=evaluation)
    if queries >= images:
        raise ValueError(f"queries must leave one of a class's {images} images to adapt to; got {queries}")
    if settings["dataset"] == "omniglot" and ways <= classes and shots > images - queries:
        option = "evaluation_shots" if evaluation else "shots"  # by which shapes are given there
        raise ValueError(
            f"{option} must be at most {images - queries}, since a character has {images} drawings and {queries} of "
            f"them are queries; got {shots}"
        )
    if ways > classes or shots > images - queries:
        raise ValueError(
            f"{name} must be ways and shots, at most {classes} classes and, beside {queries} queries, "
            f"{images - queries} images of each; got {pair!r}"
        )
    return ways, shots
