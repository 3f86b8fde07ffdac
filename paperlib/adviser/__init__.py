"""From a sample of somebody's own tasks to a decision: does MAML pay on them, and what else does?"""

from paperlib.adviser.advice import advise
from paperlib.adviser.files import read_tasks
from paperlib.adviser.report import Report
from paperlib.adviser.verdicts import VERDICTS

__all__ = ["VERDICTS", "Report", "advise", "read_tasks"]
