"""From a sample of somebody's own tasks to a decision: does MAML pay on them, and what else does?"""

from paperlib.adviser.advice import advise

__all__ = ["advise"]
