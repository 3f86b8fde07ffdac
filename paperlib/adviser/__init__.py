"""From a sample of somebody's own tasks to a decision: does MAML pay on them, and what else does?"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paperlib.adviser.advice import advise
    from paperlib.adviser.files import read_tasks
    from paperlib.adviser.report import Report
    from paperlib.adviser.verdicts import VERDICTS

_HOMES = {"VERDICTS": "verdicts", "Report": "report", "advise": "advice", "read_tasks": "files"}
__all__ = ["VERDICTS", "Report", "advise", "read_tasks"]


def __getattr__(name: str) -> Any:
    """Import what is asked for: the command line knows the adviser's options without its statistics."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
