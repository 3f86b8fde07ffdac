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

PHASES = ("train", "test")
_Colours = tuple[tuple[float, ...], tuple[float, ...]]
_GREY: _Colours = (0.0,), (1.0,)
_CIFAR: _Colours = (0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)  # mean and deviation of red, green, blue


@dataclass(frozen=True, eq=False)
class Experiment:
    """Network, images and tasks.

    Attributes:
        network: the network.
        images: (n, H, W, C) uint8, on the device of training.
        training: the tasks of training.
        evaluation: the tasks of evaluation, of training classes and of test classes, in the order of `PHASES`.
        objective: what is minimised.
        adaptation: how a model is adapted at evaluation.
        mean: of each channel, to be subtracted.
        deviation: of each channel, to be divided by.
    """

    network: Network
    images: Tensor
    training: TaskDistribution
    evaluation: tuple[TaskDistribution, TaskDistribution]
    objective: Objective
    adaptation: Objective
    mean: Sequence[float] = (0.0,)
    deviation: Sequence[float] = (1.0,)

    def batch(self, tasks: Episodes) -> TaskBatch:
        """Return episodes with their images."""
        return TaskBatch.of(tasks, self.images, self.mean, self.deviation)


def objectives(configuration: Configuration) -> tuple[Objective, Objective]:
    """Return what is minimised in training, and how a model is adapted at evaluation."""
    algorithm, rate = configuration.algorithm, configuration.inner_lr
    training = Objective(algorithm, configuration.steps, rate, configuration.hard_odds, configuration.p_hard)
    return training, Objective(algorithm, configuration.evaluation_steps, rate)


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
    c, queries = configuration, configuration.queries
    if c.dataset == "omniglot":
        if c.easy != c.hard or c.evaluation_easy != c.evaluation_hard:
            raise ValueError(f"hard must equal easy on omniglot; got {c.hard} and {c.easy}")
        training = _omniglot(c, "train", c.easy, c.p_hard)
        evaluation = _omniglot(c, "train", c.evaluation_easy, 0.5), _omniglot(c, "test", c.evaluation_easy, 0.5)
        pictures, colours = load_omniglot().images[..., None], _GREY
    else:
        cifar, easy, hard = load_cifar100(), c.evaluation_easy, c.evaluation_hard
        training = cifar_tasks(cifar, "train", easy=c.easy, hard=c.hard, queries=queries, p_hard=c.p_hard)
        evaluation = (
            cifar_tasks(cifar, "train", held_out=True, easy=easy, hard=hard, queries=queries),
            cifar_tasks(cifar, "test", easy=easy, hard=hard, queries=queries),
        )
        pictures, colours = cifar.images, _CIFAR
    ways = max(kind.ways for tasks in (training, *evaluation) for kind in (tasks.easy, tasks.hard))
    network = Network(pictures.shape[3], pictures.shape[1], ways, c.filters)
    images = torch.from_numpy(pictures).to(c.device)
    return Experiment(network, images, training, evaluation, *objectives(c), *colours)


def _omniglot(configuration: Configuration, phase: str, shape: tuple[int, int], p_hard: float) -> TaskDistribution:
    ways, shots = shape
    spread, queries = configuration.setting, configuration.queries
    return omniglot_tasks(spread, phase, ways=ways, shots=shots, queries=queries, p_hard=p_hard)  # type: ignore[arg-type]
