"""What a configuration needs to run: network, images, and the tasks of training and of evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.data import load_cifar100, load_omniglot
from paperlib.fewshot.episodes import Episodes, TaskDistribution
from paperlib.fewshot.models import Network
from paperlib.fewshot.objectives import Objective, TaskBatch
from paperlib.fewshot.settings import cifar_tasks, omniglot_tasks

_Colours = tuple[tuple[float, ...], tuple[float, ...]]
_GREY: _Colours = (0.0,), (1.0,)
_CIFAR: _Colours = (0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)  # mean and deviation of red, green, blue


@dataclass(frozen=True, eq=False)
class Phase:
    """One evaluation.

    Attributes:
        tasks: on what.
        adaptation: how a model is adapted.
        number: of the tasks: two phases of one number and one distribution meet the same tasks.
    """

    tasks: TaskDistribution
    adaptation: Objective
    number: int


@dataclass(frozen=True, eq=False)
class Experiment:
    """Network, images and tasks.

    Attributes:
        network: the network.
        images: (n, H, W, C) uint8, on the device of training.
        training: the tasks of training.
        evaluation: in the order of `Configuration.phases`.
        objective: what is minimised.
        mean: of each channel, to be subtracted.
        deviation: of each channel, to be divided by.
    """

    network: Network
    images: Tensor
    training: TaskDistribution
    evaluation: tuple[Phase, ...]
    objective: Objective
    mean: Sequence[float] = (0.0,)
    deviation: Sequence[float] = (1.0,)

    def batch(self, tasks: Episodes) -> TaskBatch:
        """Return episodes with their images."""
        return TaskBatch.of(tasks, self.images, self.mean, self.deviation)


def objective(configuration: Configuration) -> Objective:
    """Return what is minimised in training."""
    c = configuration
    return Objective(c.algorithm, c.steps, c.inner_lr, c.hard_odds, c.p_hard, c.adapt_norm)


def adaptation(configuration: Configuration, steps: int) -> Objective:
    """Return how a model is adapted at evaluation."""
    return Objective(configuration.algorithm, steps, configuration.inner_lr, adapt_norm=configuration.adapt_norm)


def prepare(configuration: Configuration) -> Experiment:
    """Return the experiment of a configuration, its images read from where `data.load_omniglot` finds them.

    Raises:
        DataError: if images are missing or broken.
        ValueError: if a task asks for more classes or images than there are, or if no GPU is there but asked for.
    """
    if configuration.device == "cuda":
        if not torch.cuda.is_available():
            raise ValueError("device must be cpu, since PyTorch finds no GPU; got 'cuda'")
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        torch.backends.cudnn.allow_tf32 = configuration.precision == "tf32"
    c = configuration
    own, other = adaptation(c, c.evaluation_steps), adaptation(c, c.other_steps)
    if c.dataset == "omniglot":
        if c.easy != c.hard or c.evaluation_easy != c.evaluation_hard:
            raise ValueError(f"hard must equal easy on omniglot; got {c.hard} and {c.easy}")

        def tasks(setting: str, phase: str, shape: tuple[int, int], p_hard: float = 0.5) -> TaskDistribution:
            ways, shots = shape
            return omniglot_tasks(setting, phase, ways=ways, shots=shots, queries=c.queries, p_hard=p_hard)  # type: ignore[arg-type]

        training, shape = tasks(c.setting, "train", c.easy, c.p_hard), c.evaluation_easy
        crossed = tasks("small" if c.setting == "large" else "large", "test", shape)
        seen, unseen = tasks(c.setting, "train", shape), tasks(c.setting, "test", shape)
        evaluation: tuple[Phase, ...] = Phase(seen, own, 0), Phase(unseen, own, 1), Phase(crossed, other, 2)
        pictures, colours = load_omniglot(c.resampling).images[..., None], _GREY  # type: ignore[arg-type]
    else:
        cifar, easy, hard = load_cifar100(), c.evaluation_easy, c.evaluation_hard
        training = cifar_tasks(cifar, "train", easy=c.easy, hard=c.hard, queries=c.queries, p_hard=c.p_hard)
        seen = cifar_tasks(cifar, "train", held_out=True, easy=easy, hard=hard, queries=c.queries)
        unseen = cifar_tasks(cifar, "test", easy=easy, hard=hard, queries=c.queries)
        evaluation = Phase(seen, own, 0), Phase(unseen, own, 1), Phase(seen, other, 0), Phase(unseen, other, 1)
        pictures, colours = cifar.images, _CIFAR
    kinds = [kind for one in (training, seen, unseen) for kind in (one.easy, one.hard)]
    ways = max(kind.ways for kind in kinds)
    network = Network(pictures.shape[3], pictures.shape[1], ways, c.filters, activation=c.activation)
    images = torch.from_numpy(pictures).to(c.device)
    return Experiment(network, images, training, evaluation, objective(c), *colours)
