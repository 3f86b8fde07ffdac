"""Helper library of the executable edition of *How Does the Task Landscape Affect MAML Performance?*.

What stands in `__all__` is imported when it is first asked for: closed forms do not wait for torch.

`linear`, `logistic`, `networks` and `simulate` speak one dialect:

- Whose tasks come first, a `TaskEnvironment`, `networks.Tasks` or data; then the start; then `alpha`; then numbers of
  samples, m at test time, n, tau, n1 (outer) and n2 (inner) in training; then draws and their generator; then options.
  Functions of one task take the start, then its optimum, then its covariance.
- `alpha` = 0 is no step: the risk is the average loss, and MAML is ERM.
- m and n2 are asked for where the answer depends on them, and have no defaults; `math.inf` is the full gradient. The
  closed forms of `logistic` and `networks` are for the full gradient alone, and do not ask.
- A loss is one task's, a risk the average over tasks (but for `networks.post_adaptation_loss`, named after Eq. (30)).
- `..._solution` minimises over the population, `..._estimate` on data; `sampled_...` returns independent draws, along a
  first axis, and the same ones for every start.
- Where descents look for a minimum, `starts` is one start or several. Bad arguments, and a minimum that is not unique
  or not found, are a ValueError.

Example:
    >>> import paperlib
    >>> paperlib.linear.erm_solution(paperlib.TaskEnvironment.two_tasks(1, rho_hard=0.25, rho_easy=1.0))
    array([-0.6])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paperlib import adviser, claims, fewshot, linear, logistic, networks, plotting, simulate
    from paperlib.adviser import advise
    from paperlib.environments import TaskEnvironment

__version__ = "0.1.0"
__all__ = [
    "TaskEnvironment",
    "__version__",
    "advise",
    "adviser",
    "claims",
    "fewshot",
    "linear",
    "logistic",
    "networks",
    "plotting",
    "simulate",
]
_HOMES = {"TaskEnvironment": "environments", "advise": "adviser"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return __all__
