"""One meta-gradient of MAML, second order and one inner step, in several ways: ours, plain loops, other libraries."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paperlib.fewshot.episodes import TaskDistribution, TaskKind
from paperlib.fewshot.models import Network, TaskBatch
from paperlib.fewshot.objectives import Objective, meta_gradient
from paperlib.fewshot.omniglot import omniglot_tasks
from paperlib.runtime import keep_buffers

ALPHA = 0.1
Gradient = dict[str, Tensor]


@dataclass(frozen=True)
class Work:
    """One column of the table: the network and the shape of the tasks, and how much faster than a library to be."""

    title: str
    network: Network
    shots: int
    queries: int
    tasks: int
    demand: float = 1.0

    def inputs(self, dtype: torch.dtype, device: str) -> Inputs:
        """Return parameters, images and labels; the values are of no importance."""
        network, generator = self.network, torch.Generator().manual_seed(0)
        shape = (self.tasks, network.channels, network.side, network.side)
        labels, images = [], []
        for each in (self.shots, self.queries):
            labels.append(torch.arange(network.ways, device=device).repeat_interleave(each))
            images.append(torch.randn((len(labels[-1]), *shape), generator=generator, dtype=dtype).to(device))
        theta = {name: value[0].to(device) for name, value in network.initial([0], dtype).items()}
        return Inputs(self, theta, images, labels)


@dataclass(frozen=True)
class Inputs:
    """What every way is given: parameters of one model; images (n, tasks, C, H, W) and labels of support and query."""

    work: Work
    theta: Gradient
    images: list[Tensor]
    labels: list[Tensor]

    def task(self, number: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return images and labels of the support, then of the queries, of one task."""
        support, query = (part[:, number].contiguous() for part in self.images)
        return support, self.labels[0], query, self.labels[1]


WORKS = {
    "omniglot": Work("Omniglot, 8 tasks, 5-way 1-shot, 10 queries", Network(), 1, 10, 8, 1.7),
    "cifar20": Work("CIFAR, 2 tasks, 20-way 5-shot, 10 queries", Network(3, 32, 20), 5, 10, 2, 1.5),
    "cifar2": Work("CIFAR, 2 tasks, 2-way 50-shot, 10 queries", Network(3, 32, 2), 50, 10, 2, 1.5),
}


def ours(inputs: Inputs, runs: int = 1) -> Callable[[], Gradient]:
    """Return the work as this package does it, for several equal runs when asked."""
    keep_buffers()
    work = inputs.work
    images = [part.repeat(1, runs, 1, 1, 1).flatten(1, 2) for part in inputs.images]
    support, query = (part.contiguous(memory_format=torch.channels_last) for part in images)
    run = torch.arange(runs, device=query.device).repeat_interleave(work.tasks)
    batch = TaskBatch(run, torch.zeros_like(run, dtype=torch.bool), support, query, work.network.ways)
    theta = {name: value.expand(runs, *value.shape) for name, value in inputs.theta.items()}
    objective = Objective("maml", alpha=ALPHA)
    return lambda: {
        name: value[0]
        for name, value in meta_gradient(work.network, theta, batch, objective, work.tasks).gradients.items()
    }


def sampling(work: Work, device: str = "cpu") -> Callable[[], TaskBatch]:
    """Return the drawing of a batch of tasks with its images, each time that of the next iteration of one run.

    Tasks are those of training on Omniglot, of both kinds, or of the one kind of the column on 80 classes of CIFAR;
    the images are as many as there, all grey.
    """
    keep_buffers()
    shape, network = (work.network.ways, work.shots, work.queries), work.network
    if network.channels == 1:
        tasks = omniglot_tasks("large", "train", ways=shape[0], shots=shape[1], queries=shape[2])
    else:
        kind = TaskKind(np.arange(80 * 450).reshape(80, 450), (np.arange(80),), True, *shape)
        tasks = TaskDistribution(kind, kind, 0.5)
    images = torch.full((tasks.easy.images.size, network.side, network.side, network.channels), 128, dtype=torch.uint8)
    images, numbers, grey = images.to(device), count(), [0.5] * network.channels

    def draw() -> TaskBatch:
        (drawn,) = tasks.batch([0], next(numbers), work.tasks)
        return TaskBatch.of(drawn, images, grey, grey)

    return draw


def loop(inputs: Inputs, order: torch.memory_format = torch.contiguous_format) -> Callable[[], Gradient]:
    """Return the work as a loop over tasks with torch.autograd alone."""

    def logits(theta: Gradient, images: Tensor) -> Tensor:
        for block in range(1, inputs.work.network.blocks + 1):
            images = F.conv2d(images, theta[f"conv{block}.weight"], padding=1)
            scale, shift = theta[f"norm{block}.scale"], theta[f"norm{block}.shift"]
            images = F.max_pool2d(F.relu(F.batch_norm(images, None, None, scale, shift, training=True)), 2)
        return F.linear(images.flatten(1), theta["head.weight"], theta["head.bias"])

    def iteration() -> Gradient:
        theta = {
            name: (value.contiguous(memory_format=order) if value.dim() == 4 else value).detach().requires_grad_()
            for name, value in inputs.theta.items()
        }
        total = {name: torch.zeros_like(value) for name, value in theta.items()}
        for number in range(inputs.work.tasks):
            support, support_labels, query, query_labels = inputs.task(number)
            loss = F.cross_entropy(logits(theta, support.contiguous(memory_format=order)), support_labels)
            slopes = torch.autograd.grad(loss, list(theta.values()), create_graph=True)
            adapted = {name: theta[name] - ALPHA * slope for name, slope in zip(theta, slopes, strict=True)}
            loss = F.cross_entropy(logits(adapted, query.contiguous(memory_format=order)), query_labels)
            for name, slope in zip(
                theta, torch.autograd.grad(loss / inputs.work.tasks, list(theta.values())), strict=True
            ):
                total[name] += slope
        return total

    return iteration


def careful_loop(inputs: Inputs) -> Callable[[], Gradient]:
    """Return the loop with channels_last tensors and kept buffers, which cost a user two lines."""
    keep_buffers()
    return loop(inputs, torch.channels_last)


def module(inputs: Inputs) -> tuple[nn.Module, list[str]]:
    """Return the network as a module with our parameters, and their names in its order."""
    network = inputs.work.network
    layers: list[nn.Module] = []
    for block in range(network.blocks):
        layers.append(nn.Conv2d(network.filters if block else network.channels, network.filters, 3, 1, 1, bias=False))
        layers += [nn.BatchNorm2d(network.filters, track_running_stats=False), nn.ReLU(), nn.MaxPool2d(2)]
    head = nn.Linear(network.shapes()["head.weight"][1], network.ways)
    net = nn.Sequential(*layers, nn.Flatten(), head).to(inputs.images[0])
    for parameter, value in zip(net.parameters(), inputs.theta.values(), strict=True):
        parameter.data.copy_(value)
    return net, list(inputs.theta)


def by_task(inputs: Inputs, net: nn.Module, names: list[str], backward: Callable[..., None]) -> Callable[[], Gradient]:
    """Return the sum over tasks of what `backward(task)` adds to the gradients of the network."""

    def iteration() -> Gradient:
        net.zero_grad()
        for number in range(inputs.work.tasks):
            backward(*inputs.task(number))
        return {name: cast(Tensor, value.grad) for name, value in zip(names, net.parameters(), strict=True)}

    return iteration


def with_torchopt(inputs: Inputs) -> Callable[[], Gradient]:
    """Return the work as torchopt's examples do it."""
    torchopt = importlib.import_module("torchopt")
    net, names = module(inputs)
    optimiser = torchopt.MetaSGD(net, lr=ALPHA)

    def backward(support: Tensor, support_labels: Tensor, query: Tensor, query_labels: Tensor) -> None:
        states = [torchopt.extract_state_dict(part, by="reference", detach_buffers=True) for part in (net, optimiser)]
        optimiser.step(F.cross_entropy(net(support), support_labels))
        loss = F.cross_entropy(net(query), query_labels) / inputs.work.tasks
        for part, state in zip((net, optimiser), states, strict=True):
            torchopt.recover_state_dict(part, state)
        loss.backward()  # type: ignore[no-untyped-call]

    return by_task(inputs, net, names, backward)


def with_higher(inputs: Inputs) -> Callable[[], Gradient]:
    """Return the work as higher's examples do it."""
    higher = importlib.import_module("higher")
    net, names = module(inputs)
    optimiser = torch.optim.SGD(net.parameters(), lr=ALPHA)

    def backward(support: Tensor, support_labels: Tensor, query: Tensor, query_labels: Tensor) -> None:
        with higher.innerloop_ctx(net, optimiser, copy_initial_weights=False) as (fast, step):
            step.step(F.cross_entropy(fast(support), support_labels))
            (F.cross_entropy(fast(query), query_labels) / inputs.work.tasks).backward()  # type: ignore[no-untyped-call]

    return by_task(inputs, net, names, backward)


def with_learn2learn(inputs: Inputs) -> Callable[[], Gradient]:
    """Return the work as learn2learn's examples do it."""
    l2l = importlib.import_module("learn2learn")
    net, names = module(inputs)
    maml = l2l.algorithms.MAML(net, lr=ALPHA)

    def backward(support: Tensor, support_labels: Tensor, query: Tensor, query_labels: Tensor) -> None:
        learner = maml.clone()
        learner.adapt(F.cross_entropy(learner(support), support_labels))
        (F.cross_entropy(learner(query), query_labels) / inputs.work.tasks).backward()  # type: ignore[no-untyped-call]

    return by_task(inputs, net, names, backward)


WAYS: dict[str, Callable[[Inputs], Callable[[], Gradient]]] = {
    "ours": ours,
    "plain loop": loop,
    "plain loop, channels_last, kept buffers": careful_loop,
    "torchopt": with_torchopt,
    "higher": with_higher,
    "learn2learn": with_learn2learn,
}
LIBRARIES = {  # and how to install them, beside the torch that is there
    "torchopt": "pip install torchopt==0.7.3",
    "higher": "pip install higher==0.2.1",
    "learn2learn": "pip install learn2learn, which does not build on Python 3.11 and later",
}


def missing(way: str) -> bool:
    """Return whether the way needs a library that is not there."""
    return way in LIBRARIES and importlib.util.find_spec(way) is None
