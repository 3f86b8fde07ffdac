"""Few-shot image classification, Section 5: data sets, episodes, a network on one model axis, learners, training.

What a chapter needs stands here, and is imported when it is asked for:

>>> from paperlib.fewshot import configure
>>> configure("omniglot", "maml", "paper").name
'omniglot-large-maml-1-paper'
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "accuracies": ("mean_interval", "signed"),
    "benchmarks": ("Phase", "Tasksets"),
    "cifar100": ("CIFAR_COLOURS", "cifar_tasks", "load_cifar100"),
    "configuration": ("Configuration", "configure"),
    "datasets": ("benchmark", "fetch"),
    "episodes": ("TaskDistribution", "TaskKind"),
    "experiments": ("Experiment", "prepare"),
    "learners": ("ALGORITHMS", "adapt"),
    "models": ("Network", "TaskBatch"),
    "objectives": ("Objective", "meta_gradient"),
    "omniglot": ("alphabets", "load_omniglot", "omniglot_tasks", "within_alphabets"),
    "runs": ("Run", "cross"),
    "training": ("score", "train"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Return a name of `__all__` from the module that has it."""
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
