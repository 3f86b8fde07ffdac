"""What the runs of a stack need: network, images, and the tasks of training and of evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.data import Cifar100, load_cifar100, load_omniglot
from paperlib.fewshot.episodes import Episodes, TaskDistribution, side_by_side
from paperlib.fewshot.models import Network, TaskBatch
from paperlib.fewshot.objectives import Objective
from paperlib.fewshot.runs import Run, check
from paperlib.fewshot.settings import cifar_tasks, omniglot_tasks

_Colours = tuple[tuple[float, ...], tuple[float, ...]]
_GREY: _Colours = (0.0,), (1.0,)
CIFAR_COLOURS: _Colours = (0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)  # mean and deviation of red, green, blue


@dataclass(frozen=True, eq=False)
class Phase:
    """One evaluation.

    Attributes:
        tasks: on what.
        steps: of adaptation.
        number: of the tasks: two phases of one number and one distribution meet the same tasks.
    """

    tasks: TaskDistribution
    steps: int
    number: int


@dataclass(frozen=True, eq=False)
class Tasks:
    """The tasks of one configuration.

    Attributes:
        training: the tasks of training.
        evaluation: in the order of `Configuration.phases`.
    """

    training: TaskDistribution
    evaluation: tuple[Phase, ...]


@dataclass(frozen=True, eq=False)
class Experiment:
    """Network, images and tasks.

    Attributes:
        network: the network.
        images: (n, H, W, C) uint8, on the device of training.
        tasks: of each configuration.
        mean: of each channel, to be subtracted.
        deviation: of each channel, to be divided by.
    """

    network: Network
    images: Tensor
    tasks: Mapping[Configuration, Tasks]
    mean: Sequence[float] = (0.0,)
    deviation: Sequence[float] = (1.0,)

    def batch(self, tasks: Episodes) -> TaskBatch:
        """Return episodes with their images."""
        return TaskBatch.of(tasks, self.images, self.mean, self.deviation)

    def training(self, runs: Sequence[Run], iteration: int) -> tuple[Episodes, ...]:
        """Return the tasks of one iteration of training, joined by shape, in each bucket in order of run."""
        return _drawn(runs, lambda c, seeds: self.tasks[c].training.batch(seeds, iteration, c.tasks))

    def evaluation(self, runs: Sequence[Run], phase: int, first: int, tasks: int) -> tuple[Episodes, ...]:
        """Return the tasks `first` to `first + tasks - 1` of an evaluation, which no training has seen, likewise."""

        def draw(configuration: Configuration, seeds: list[int]) -> tuple[Episodes, ...]:
            one = self.tasks[configuration].evaluation[phase]
            return one.tasks.batch(seeds, one.number, tasks, first=first, stream="evaluation")

        return _drawn(runs, draw)

    def adaptation(self, runs: Sequence[Run], phase: int) -> Objective:
        """Return how models are adapted in an evaluation."""
        return objective(runs, self.tasks[runs[0].configuration].evaluation[phase].steps)


def objective(runs: Sequence[Run], steps: int | None = None) -> Objective:
    """Return what is minimised in training, or with another number of steps of adaptation."""
    configurations = [run.configuration for run in runs]
    first = configurations[0]
    return Objective(
        first.algorithm,
        first.steps if steps is None else steps,
        [c.inner_lr for c in configurations],
        [c.hard_odds for c in configurations],
        [c.p_hard for c in configurations],
        first.adapt_norm,
    )


def require(device: str) -> None:
    """Refuse a device that is not here.

    Raises:
        ValueError: if no GPU is there but asked for.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device must be cpu, since PyTorch finds no GPU; got 'cuda'")


def prepare(runs: Sequence[Run]) -> Experiment:
    """Return the experiment of a stack, its images read from where `data.load_omniglot` finds them.

    Raises:
        DataError: if images are missing or broken.
        ValueError: if these runs cannot be trained side by side, if a task asks for more classes or images than there
            are, or if no GPU is there but asked for.
    """
    check(runs)
    c, configurations = runs[0].configuration, dict.fromkeys(run.configuration for run in runs)
    require(c.device)
    if c.device == "cuda":
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        torch.backends.cudnn.allow_tf32 = c.precision == "tf32"
    if c.dataset == "omniglot":
        tasks = {one: _omniglot(one) for one in configurations}
        pictures, colours = load_omniglot(c.resampling).images[..., None], _GREY  # type: ignore[arg-type]
    else:
        cifar = load_cifar100()
        tasks = {one: _cifar(one, cifar) for one in configurations}
        pictures, colours = cifar.images, CIFAR_COLOURS
    distributions = (tasks[c].training, *(phase.tasks for phase in tasks[c].evaluation))
    ways = max(kind.ways for one in distributions for kind in (one.easy, one.hard))
    network = Network(pictures.shape[3], pictures.shape[1], ways, c.filters, activation=c.activation)
    return Experiment(network, torch.from_numpy(pictures).to(c.device), tasks, *colours)


def _omniglot(c: Configuration) -> Tasks:
    if c.easy != c.hard or c.evaluation_easy != c.evaluation_hard:
        raise ValueError(f"hard must equal easy on omniglot; got {c.hard} and {c.easy}")

    def tasks(setting: str, phase: str, shape: tuple[int, int], p_hard: float = 0.5) -> TaskDistribution:
        ways, shots = shape
        return omniglot_tasks(setting, phase, ways=ways, shots=shots, queries=c.queries, p_hard=p_hard)  # type: ignore[arg-type]

    training, shape = tasks(c.setting, "train", c.easy, c.p_hard), c.evaluation_easy
    seen, unseen = tasks(c.setting, "train", shape), tasks(c.setting, "test", shape)
    crossed = tasks("small" if c.setting == "large" else "large", "test", shape)
    own, other = c.evaluation_steps, c.other_steps
    return Tasks(training, (Phase(seen, own, 0), Phase(unseen, own, 1), Phase(crossed, other, 2)))


def _cifar(c: Configuration, cifar: Cifar100) -> Tasks:
    own, other = c.evaluation_steps, c.other_steps

    def tasks(
        phase: str, shapes: tuple[tuple[int, int], tuple[int, int]], p_hard: float = 0.5, *, held_out: bool = False
    ) -> TaskDistribution:
        given = {"easy": shapes[0], "hard": shapes[1], "queries": c.queries, "p_hard": p_hard, "held_out": held_out}
        return cifar_tasks(cifar, phase, split=c.setting, **given)  # type: ignore[arg-type]

    shapes = c.evaluation_easy, c.evaluation_hard
    training = tasks("train", (c.easy, c.hard), c.p_hard)
    seen, unseen = tasks("train", shapes, held_out=True), tasks("test", shapes)
    return Tasks(training, (Phase(seen, own, 0), Phase(unseen, own, 1), Phase(seen, other, 0), Phase(unseen, other, 1)))


def _drawn(
    runs: Sequence[Run], draw: Callable[[Configuration, list[int]], tuple[Episodes, ...]]
) -> tuple[Episodes, ...]:
    """Return what is drawn for neighbours of one configuration together, side by side."""
    parts, offsets, place = [], [], 0
    for configuration, group in groupby(runs, key=lambda run: run.configuration):
        seeds = [run.seed for run in group]
        parts.append(draw(configuration, seeds))
        offsets.append(place)
        place += len(seeds)
    return side_by_side(parts, offsets)
