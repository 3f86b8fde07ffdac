"""What an experiment asks of a data set; each data set answers in a module of its own, and `datasets` lists them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from paperlib.fewshot import sources
from paperlib.fewshot.episodes import TaskDistribution
from paperlib.fewshot.sources import Archive, Bytes

QUERIES = 10  # images of a class for the outer loss ("target samples", Appendix C.3 and C.4)
SHAPES = ("easy", "hard", "evaluation_easy", "evaluation_hard")  # the options that are ways and shots
PHASES = ("train", "test")  # the columns of the paper's tables, and the first evaluations of every data set
Configuration = Any  # a Configuration, which needs the data sets and so cannot be imported here


@dataclass(frozen=True, eq=False)
class Phase:
    """One evaluation, such as those on train tasks and on test tasks in Tables 1 to 4.

    Attributes:
        tasks: on what.
        steps: of adaptation.
        number: of the tasks: two phases of one number and one distribution meet the same tasks.

    Example:
        >>> from paperlib.fewshot.omniglot import omniglot_tasks
        >>> phases = [Phase(omniglot_tasks("small", "test"), steps, number=1) for steps in (1, 5)]
        >>> [one.tasks.batch([0], one.number, 1, stream="evaluation")[0].classes.tolist() for one in phases]
        [[[170, 133, 134, 142, 168]], [[170, 133, 134, 142, 168]]]
    """

    tasks: TaskDistribution
    steps: int
    number: int


@dataclass(frozen=True, eq=False)
class Tasksets:
    """The tasks of one configuration (Section 5).

    Attributes:
        training: the tasks of training.
        evaluation: in the order of `Benchmark.phases`.

    Example:
        >>> from paperlib.fewshot.omniglot import omniglot_tasks
        >>> train, test = (omniglot_tasks("large", part) for part in ("train", "test"))
        >>> tasks = Tasksets(train, (Phase(train, steps=1, number=0), Phase(test, steps=1, number=1)))
        >>> [len(phase.tasks.easy.groups) for phase in tasks.evaluation]  # alphabets
        [25, 15]
    """

    training: TaskDistribution
    evaluation: tuple[Phase, ...]

    def met(self, phase: int) -> int | None:
        """Return the first evaluation before this one that meets the same tasks, whatever its steps, or None.

        Example:
            >>> from paperlib.fewshot.omniglot import omniglot_tasks
            >>> test = omniglot_tasks("large", "test")
            >>> tasks = Tasksets(test, (Phase(test, steps=1, number=0), Phase(test, steps=5, number=0)))
            >>> tasks.met(0), tasks.met(1)
            (None, 0)
        """
        one = self.evaluation[phase]
        earlier = enumerate(self.evaluation[:phase])
        return next((k for k, other in earlier if (other.tasks, other.number) == (one.tasks, one.number)), None)


class Benchmark(ABC):
    """A data set, its easy and hard tasks, and what is done with them unless something else is asked for.

    Attributes:
        names: words for it; the first stands in records.
        archives: as its authors distribute it.
        channels: of an image.
        side: of an image, in pixels.
        mean: of each channel, in units of the brightest value, subtracted before training.
        deviation: of each channel, by which it is divided.
        phases: names of the evaluations.
        choices: names that options have on this data set alone, the default first.
        helps: what is said of these options.
        shorthand: further options, from which `defaults` makes the shapes of tasks, and what is said of them.
        nouns: what a class and an image are here.
        protocol: learners and options behind the paper's tables.
    """

    names: ClassVar[tuple[str, ...]]
    archives: tuple[Archive, ...]
    channels: ClassVar[int]
    side: ClassVar[int]
    mean: ClassVar[tuple[float, ...]] = (0.0,)
    deviation: ClassVar[tuple[float, ...]] = (1.0,)
    phases: ClassVar[tuple[str, ...]] = PHASES
    choices: ClassVar[Mapping[str, tuple[str, ...]]]
    helps: ClassVar[Mapping[str, str]] = {}
    shorthand: ClassVar[Mapping[str, str]] = {}
    nouns: ClassVar[tuple[str, str]] = ("class", "images")
    protocol: ClassVar[Sequence[tuple[str, Mapping[str, Any]]]] = ()

    @abstractmethod
    def defaults(self, splits: bool, tier: str, given: Mapping[str, int]) -> dict[str, Any]:
        """Return the options that depend on data set, tier, and whether training tells support from queries.

        Args:
            splits: whether it does.
            tier: smoke, book or paper.
            given: of `shorthand`, those that were asked for.
        """

    @abstractmethod
    def capacity(self, one: Configuration, *, evaluation: bool) -> tuple[int, int]:
        """Return how many classes a task can have, and how many images of each, whatever kind of task it is."""

    @abstractmethod
    def prepare(self, several: Sequence[Configuration]) -> tuple[Bytes, list[Tasksets]]:
        """Return all images, (n, H, W, C), and the tasks of configurations that can be trained side by side.

        Raises:
            DataError: if images are missing or broken.
            ValueError: if a task asks for more classes or images than there are.
        """

    @abstractmethod
    def named_options(self, one: Configuration) -> dict[str, Any]:
        """Return what a name says in `stem` of a configuration: options, and their values."""

    @abstractmethod
    def stem(self, one: Configuration) -> list[str]:
        """Return the parts that names of a configuration begin with."""

    @abstractmethod
    def found(self) -> str:
        """Read the data set and return in words what there is."""

    def check(self, one: Configuration, name: str) -> None:
        """Refuse a shape of tasks, one of `SHAPES`, that asks for more classes or images than there are.

        Raises:
            ValueError: naming the option that gives the shape, what was expected, and what came.
        """
        (ways, shots), evaluation = getattr(one, name), name.startswith("evaluation")
        classes, images = self.capacity(one, evaluation=evaluation)
        left, (group, pictures) = images - one.queries, self.nouns
        if left < 1:
            raise ValueError(f"queries must leave one of a class's {images} images to adapt to; got {one.queries}")
        if self.shorthand and ways <= classes and shots > left:
            own = [*self.shorthand][evaluation]  # by which shapes are given there
            why = f"since a {group} has {images} {pictures} and {one.queries} of them are queries"
            raise ValueError(f"{own} must be at most {left}, {why}; got {shots}")
        if ways > classes or shots > left:
            most = f"at most {classes} classes and, beside {one.queries} queries, {left} images of each"
            raise ValueError(f"{name} must be ways and shots, {most}; got {(ways, shots)}")

    def other_steps(self, steps: int) -> int:
        """Return the steps of adaptation of evaluations that are called other."""
        return steps

    @property
    def name(self) -> str:
        """Return the word that stands in records."""
        return self.names[0]

    @property
    def shaped_by(self) -> str:
        """Return the options that give the shapes of tasks."""
        return " and ".join([*self.shorthand, *SHAPES][: 1 if self.shorthand else 2])

    def fetch(self, *, progress: bool = True) -> tuple[Path, ...]:
        """Return the files, downloading those that the cache lacks."""
        return sources.fetch(self.names[-1], self.archives, progress=progress)

    def locate(self) -> tuple[Path, ...]:
        """Return the files, without touching the network."""
        return sources.locate(self.names[-1], self.archives)
