"""One point of a training experiment: a named environment and the numbers of samples of an iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from paperlib.arguments import real_number, whole_number
from paperlib.environments import TaskEnvironment

Algorithm = Literal["erm", "maml"]


@dataclass(frozen=True)
class Setting:
    """A named environment and the numbers of samples of an iteration (Appendix C.1).

    The name is the identity of the setting: with the seed it decides every random number of a run.

    Args:
        name: any text; errors use it.
        env: the task environment.
        alpha: inner learning rate, not negative; also the rate of adaptation at test time.
        n1: outer samples, at least 1 (C.1 has 25); ERM sees n = n1 + n2 samples.
        n2: inner samples, and samples of the adaptation step at test time (m = n2), at least 1.

    Raises:
        ValueError: empty name, env no TaskEnvironment, alpha < 0, n1 or n2 not a positive whole number.

    Example:
        A point of Figure 8:

        >>> env = TaskEnvironment.two_tasks(10, rho_hard=0.2, rho_easy=1.0, noise_std=1.0)
        >>> Setting("rho_H = 0.2", env, alpha=1.0, n1=25, n2=500).n2
        500
    """

    name: str
    env: TaskEnvironment
    alpha: float
    n1: int
    n2: int

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"name must be a text, not empty; got {self.name!r}")
        if not isinstance(self.env, TaskEnvironment):
            raise ValueError(f"env must be a TaskEnvironment; got {type(self.env).__name__}")
        object.__setattr__(self, "alpha", real_number("alpha", self.alpha, at_least=0.0))
        object.__setattr__(self, "n1", whole_number("n1", self.n1))
        object.__setattr__(self, "n2", whole_number("n2", self.n2))

    def phases(self, purpose: Algorithm | Literal["test"]) -> dict[str, int]:
        """Return the sets of samples that one iteration draws, or one task at test time, and their sizes (C.1).

        Args:
            purpose: "erm", "maml" or "test".

        Raises:
            KeyError: another purpose.

        Example:
            >>> env = TaskEnvironment.two_tasks(1, 0.2, 1.0)
            >>> Setting("one", env, alpha=1.0, n1=25, n2=500).phases("erm")
            {'all': 525}
        """
        sizes = {
            "erm": {"all": self.n1 + self.n2},
            "maml": {"inner": self.n2, "outer": self.n1},
            "test": {"inner": self.n2},
        }
        return sizes[purpose]


def protocol_rate(algorithm: Algorithm, n2: int) -> float:
    """Return C.1's learning rate: 0.025 for ERM, n2/10000 for MAML.

    Args:
        algorithm: "erm" or "maml".
        n2: number of inner samples, at least 1.

    Raises:
        ValueError: another algorithm, or n2 not a positive whole number.

    Example:
        >>> protocol_rate("maml", 2000), protocol_rate("erm", 2000)
        (0.2, 0.025)
    """
    n2 = whole_number("n2", n2)
    return 0.025 if checked_algorithm(algorithm) == "erm" else n2 / 10_000


def checked_algorithm(algorithm: str) -> Algorithm:
    """Return the name of an algorithm, or raise a ValueError that lists them."""
    if algorithm not in get_args(Algorithm):
        raise ValueError(f"algorithm must be 'erm' or 'maml'; got {algorithm!r}")
    return algorithm  # type: ignore[return-value]
