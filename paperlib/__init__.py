"""Helper library of the executable edition of *How Does the Task Landscape Affect MAML Performance?*.

Its parts are imported when they are asked for, so that the closed forms need no torch:

>>> import paperlib
>>> env = paperlib.TaskEnvironment.two_tasks(1, 0.5, 1.0)
>>> paperlib.linear.erm_solution(env).shape
(1,)
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import Any

_PARTS = ("claims", "fewshot", "linear", "logistic", "networks", "plotting", "simulate")
__all__ = ["TaskEnvironment", "__version__", *_PARTS]


def __getattr__(name: str) -> Any:
    """Return a name of `__all__`."""
    if name == "__version__":
        return metadata.version("maml-landscape")
    if name == "TaskEnvironment":
        return import_module("paperlib.environments").TaskEnvironment
    if name in _PARTS:
        return import_module(f"paperlib.{name}")
    raise AttributeError(f"module 'paperlib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
