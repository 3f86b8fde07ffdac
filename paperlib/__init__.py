"""Helper library of the executable edition of *How Does the Task Landscape Affect MAML Performance?*.

What stands in `__all__` is imported when it is first asked for: closed forms do not wait for torch.

Example:
    >>> import paperlib
    >>> paperlib.linear.erm_solution(paperlib.TaskEnvironment.two_tasks(1, rho_hard=0.25, rho_easy=1.0))
    array([-0.6])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paperlib import claims, fewshot, linear, logistic, networks, plotting, simulate
    from paperlib.environments import TaskEnvironment

__version__ = "0.1.0"
__all__ = [
    "TaskEnvironment",
    "__version__",
    "claims",
    "fewshot",
    "linear",
    "logistic",
    "networks",
    "plotting",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "TaskEnvironment":
        return import_module("paperlib.environments").TaskEnvironment
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return __all__
