"""What a batch of runs needs: network, images, and the tasks of training and of evaluation.

ERM with names, a classifier of all training classes, has single images in a batch in place of tasks: as many in an
iteration as the tasks of other learners hold. Its head has an output for each class of the data set and is of no use
for classes that are new, so it is evaluated by class means of its features, or by steps of all else from the head of
its start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from paperlib.fewshot import accuracies
from paperlib.fewshot.accuracies import Sums
from paperlib.fewshot.benchmarks import SHAPES, Tasksets
from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.episodes import Episodes, Integers, TaskDistribution, below, distinct, random_words, side_by_side
from paperlib.fewshot.learners import ALGORITHMS
from paperlib.fewshot.models import Network, Parameters, TaskBatch
from paperlib.fewshot.objectives import Objective, post_adaptation
from paperlib.fewshot.runs import Run, check, require


@dataclass(frozen=True, eq=False)
class Experiment:
    """Network, images and tasks of a batch of runs (Section 5).

    Attributes:
        network: the network.
        images: (n, H, W, C) uint8, on the device of training.
        tasks: of each configuration.
        mean: of each channel, to be subtracted.
        deviation: of each channel, to be divided by.

    Raises:
        ValueError: if images are not what the network takes, or tasks have images that are not there, more classes than
            the head has outputs, or classes beyond `names` where the learner calls them by name.

    Example:
        >>> from paperlib.fewshot.episodes import TaskKind
        >>> kind = TaskKind(np.arange(12).reshape(3, 4), (np.arange(3),), within=True, ways=2, shots=1, queries=3)
        >>> episodes = TaskDistribution(kind, kind, p_hard=0.5).batch([0], 0, tasks=5)
        >>> experiment = Experiment(Network(side=8, blocks=2), torch.zeros(12, 8, 8, 1, dtype=torch.uint8), tasks={})
        >>> experiment.batch(*episodes).query.shape  # 2 · 3 images of each of 5 tasks
        torch.Size([6, 5, 8, 8])
    """

    network: Network
    images: Tensor
    tasks: Mapping[Configuration, Tasksets]
    mean: Sequence[float] = (0.0,)
    deviation: Sequence[float] = (1.0,)

    def __post_init__(self) -> None:
        net, came = self.network, self.images
        size = net.side, net.side, net.channels
        if not (isinstance(came, Tensor) and came.dtype == torch.uint8 and came.shape[1:] == size):
            wanted = f"a tensor (n, {', '.join(map(str, size))}) of torch.uint8 for this network"
            got = f"{tuple(came.shape)} of {came.dtype}" if isinstance(came, Tensor) else type(came).__name__
            raise ValueError(f"images must be {wanted}; got {got}")
        for configuration, tasks in self.tasks.items():
            named = ALGORITHMS[configuration.algorithm].named
            if named and (last := named_classes(tasks.training).max()) >= net.names:
                raise ValueError(f"names must be at least {last + 1}, as training has class {last}; got {net.names}")
            for one in (tasks.training, *(phase.tasks for phase in tasks.evaluation)):
                for numbers, ways in ((kind.images, kind.ways) for kind in (one.easy, one.hard)):
                    if not 0 <= numbers.min() <= numbers.max() < len(came):
                        most = f"numbers from 0 to {len(came) - 1}, as many as there are"
                        raise ValueError(f"images of tasks must be {most}; got {numbers.min()} to {numbers.max()}")
                    if ways > net.ways:
                        raise ValueError(f"ways of tasks must not exceed the {net.ways} of the network; got {ways}")

    def batch(self, tasks: Episodes) -> TaskBatch:
        """Return episodes with their images."""
        return TaskBatch.of(tasks, self.images, self.mean, self.deviation)

    def training(self, runs: Sequence[Run], iteration: int) -> tuple[Episodes, ...]:
        """Return the tasks of one iteration of training, joined by shape, in each bucket in order of run."""

        def draw(c: Configuration, seeds: list[int]) -> tuple[Episodes, ...]:
            one = self.tasks[c].training
            if ALGORITHMS[c.algorithm].named:
                return (named_batch(one, seeds, iteration, batch_size(c), c.shuffled),)
            return one.batch(seeds, iteration, c.tasks)

        return _drawn(runs, draw)

    def evaluation(self, runs: Sequence[Run], phase: int, first: int, tasks: int) -> tuple[Episodes, ...]:
        """Return the tasks `first` to `first + tasks - 1` of an evaluation, which no training has seen, likewise."""

        def draw(configuration: Configuration, seeds: list[int]) -> tuple[Episodes, ...]:
            one = self.tasks[configuration].evaluation[phase]
            return one.tasks.batch(seeds, one.number, tasks, first=first, stream="evaluation")

        return _drawn(runs, draw)


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
        first.readout,
    )


def prepare(runs: Sequence[Run]) -> Experiment:
    """Return the experiment of a batch of runs (Section 5), its images read from where `Benchmark.locate` finds them.

    Args:
        runs: that can be trained side by side, as `cross` returns them.

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
    data_set = c.benchmark
    pictures, every = data_set.prepare(list(configurations))
    ways = max(ways for one in configurations for ways, _ in (getattr(one, name) for name in SHAPES))
    tasks = dict(zip(configurations, every, strict=True))
    names = len(every[0].training.easy.images) if ALGORITHMS[c.algorithm].named else 0
    network = Network(data_set.channels, data_set.side, ways, c.filters, activation=c.activation, names=names)
    return Experiment(network, torch.from_numpy(pictures).to(c.device), tasks, data_set.mean, data_set.deviation)


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


def evaluate(
    experiment: Experiment, parameters: Parameters, runs: Sequence[Run], phase: int, first: int, tasks: int
) -> Sums:
    """Return the `tally` of the evaluation tasks `first` to `first + tasks - 1` of each run.

    Args:
        experiment: network, images and tasks.
        parameters: of one model for each run.
        runs: a run meets tasks of its own, which no training has seen.
        phase: which of the experiment's evaluations, counted from 0.
        first: number of the first task.
        tasks: how many.
    """
    total, steps = np.zeros((len(runs), 2, 3)), experiment.tasks[runs[0].configuration].evaluation[phase].steps
    adaptation = objective(runs, steps)
    for episodes in experiment.evaluation(runs, phase, first, tasks):
        batch = experiment.batch(episodes)
        found = post_adaptation(experiment.network, parameters, batch, adaptation)
        loss, accuracy = accuracies.answers(*found)
        total += accuracies.tally(episodes, loss, accuracy, len(runs))
    return total


def named_classes(tasks: TaskDistribution) -> Integers:
    """Return the numbers of all classes that tasks are made of."""
    return np.unique(np.concatenate([*tasks.easy.groups, *tasks.hard.groups]))


def batch_size(one: Configuration) -> int:
    """Return how many images the tasks of an iteration hold, in expectation over their kinds, from a configuration.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> batch_size(configure("omniglot", "named-erm", "book"))  # 8 tasks of 5 characters and 1 + 10 drawings
        440
    """
    shares = (1 - one.p_hard, one.easy), (one.p_hard, one.hard)
    size: int = round(one.tasks * sum(share * ways * (shots + one.queries) for share, (ways, shots) in shares))
    return size


def named_batch(
    tasks: TaskDistribution, seeds: Sequence[int], iteration: int, images: int, shuffled: float = 0.0
) -> Episodes:
    """Return a batch of so many images for one run of each seed, each of a class drawn at random.

    A batch is one task in form: each image is a class of its own, called by its name, and there are no queries.

    Args:
        tasks: whose classes and images these are.
        seeds: of the runs.
        iteration: counted from 0.
        images: how many.
        shuffled: probability that all names are shuffled in a batch, in an order of its own.

    Raises:
        ValueError: if `shuffled` is no probability.
    """
    if not 0 <= shuffled <= 1:
        raise ValueError(f"shuffled must lie between 0 and 1; got {shuffled!r}")
    named, table = named_classes(tasks), tasks.easy.images
    need = -4 * (-(1 + 2 * images + len(named)) // 4)
    words = np.concatenate([random_words(seed, "names", iteration, 0, 1, need) for seed in seeds])
    lot, which, drawing, order = np.split(words, [1, 1 + images, 1 + 2 * images], axis=1)
    place = below(which, len(named))
    shown = table[named[place], below(drawing, table.shape[1])]
    moved = np.flatnonzero((lot[:, 0] >> np.uint64(11)) * 2.0**-53 < shuffled)
    for row in moved:
        place[row] = distinct(order[row, : len(named)], len(named))[place[row]]
    run, hard = np.arange(len(seeds)), np.zeros(len(seeds), bool)
    return Episodes(run, hard, named[place], shown[:, :, None], shown[:, :, None][:, :, :0])
