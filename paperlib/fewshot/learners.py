r"""The learners: MAML, its first-order version, ANIL, ERM of three kinds, prototypical networks; rows of `ALGORITHMS`.

A new one is a row, and an update where none of those here is its own.

A readout is how a task is solved at evaluation: by steps of adaptation, or by the nearest class mean, which takes no
gradient. With :math:`\mu_c` the mean of :math:`\phi` over the support images of class c, an image x goes to the class
of the least :math:`\lVert\phi(x)-\mu_c\rVert^2`, as in a prototypical network (Snell et al., 2017). Here :math:`\phi`
are the features below the head, the pixels, or the pixels after a blur.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from paperlib.fewshot.models import HEAD, Network, Parameters, TaskBatch, accuracy, cross_entropy
from paperlib.fewshot.patches import Patches

STEPS, MEANS = "steps", "class-means"
BLUR = 1.5  # pixels, the standard deviation
Objective = Any  # an objectives.Objective, which is made of these rows and so cannot be imported here
Weighted = Tensor  # (M,) weights of the tasks of a batch, those of a full batch of a run adding up to one on average
Inner = Callable[[Network, Parameters, TaskBatch, Objective], Parameters]
Update = Callable[[Network, Parameters, TaskBatch, Objective, Weighted], "MetaGradient"]
Look = Callable[[Network, Parameters, Tensor], Tensor]


def adapt(
    network: Network, parameters: Parameters, batch: TaskBatch, objective: Objective, *, create_graph: bool = False
) -> Parameters:
    r"""Return the parameters of M models after K steps on the support of their tasks.

    .. math:: \theta_{k+1} = \theta_k - \alpha\nabla\hat f(\theta_k; S), \qquad k = 0, \dots, K - 1

    Args:
        network: the network.
        parameters: of M models, one for each task.
        batch: the tasks.
        objective: with the steps, the rates, and the parameters that adaptation changes.
        create_graph: whether the steps can be differentiated through; else they are constants to later gradients.

    Returns:
        parameters by name, (M, ...), those too that adaptation leaves alone.

    Raises:
        ValueError: if the tasks have more classes than the network has outputs.

    Example:
        >>> from paperlib.fewshot.objectives import Objective
        >>> network, image = Network(side=4, ways=2, filters=1, blocks=1), torch.rand(2, 1, 4, 4)
        >>> tasks = TaskBatch(torch.tensor([0]), torch.tensor([False]), image, image, 2)
        >>> after = adapt(network, network.initial([0]), tasks, Objective("maml", alpha=0.1))
        >>> round(after["head.bias"].sum().item(), 6) + 0.0  # as gradients of cross-entropy add up to zero over classes
        0.0
    """
    labels, rate = batch.labels(batch.support), by_task(objective.alpha, batch.run)
    names = objective.adapted(parameters)
    if not parameters[HEAD[0]].requires_grad:
        parameters = parameters | {name: parameters[name].detach().requires_grad_() for name in names}
    seen = Patches.of(batch.support, len(batch.run))
    features = network.features(parameters, seen)
    for step in range(objective.steps):
        if step and not objective.row.head:
            features = network.features(parameters, seen)
        loss = cross_entropy(network.logits(parameters, features, batch.ways), labels).sum()
        wanted = [parameters[name] for name in names]
        retain = create_graph or objective.row.head
        slopes = torch.autograd.grad(loss, wanted, create_graph=create_graph, retain_graph=retain)
        moved = {
            name: parameters[name] - rate.to(slope).reshape(-1, *[1] * (slope.dim() - 1)) * slope
            for name, slope in zip(names, slopes, strict=True)
        }
        parameters = parameters | moved
    return parameters


def by_task(value: float | Sequence[float], run: Tensor) -> Tensor:
    """Return (M,) numbers, each that of the task's run, from one number or one for each run."""
    values = torch.as_tensor(value, dtype=torch.float64, device=run.device)
    return values[run] if values.dim() else values.expand(len(run))


@dataclass(frozen=True)
class Algorithm:
    """What a learner does, one row of `ALGORITHMS`.

    Attributes:
        update: what gives loss, accuracy and weighted gradient of each task, from its own copy of its run's parameters.
        passes: what a support image and a query cost after so many steps, in passes forward through the network: a
            gradient costs three, a gradient through a gradient six more.
        splits: whether training tells support from queries, as evaluation does.
        head: whether adaptation changes the head alone.
        second_order: whether the outer gradient goes through the inner steps.
        weighted: whether hard tasks weigh `Objective.hard_odds` times as much as easy ones.
        named: whether training predicts names that classes keep from task to task, by a head of their own.
        readout: how a task is solved at evaluation, unless otherwise asked for; see `READOUTS`.
        lr: of the optimiser, unless another is asked for.
        inner: the inner loop: what gives the parameters of each task after adaptation, at evaluation too.
    """

    update: Update
    passes: Callable[[int], tuple[int, int]]
    splits: bool = True
    head: bool = False
    second_order: bool = False
    weighted: bool = False
    named: bool = False
    readout: str = STEPS
    lr: float = 1e-3
    inner: Inner = adapt


@dataclass(frozen=True, eq=False)
class MetaGradient:
    """What one batch says.

    Attributes:
        loss: (M,) outer loss of each task, unweighted.
        accuracy: (M,) of each task, on the images of the outer loss.
        gradients: for each parameter, (R, …), of the weighted average of each run; in an update (M, …), of each task.
    """

    loss: Tensor
    accuracy: Tensor
    gradients: Parameters


def after_adaptation(
    network: Network, start: Parameters, batch: TaskBatch, objective: Objective, weights: Weighted
) -> MetaGradient:
    r"""Return the gradient of :math:`\hat f(\theta_K; Q)`, eq. (4), in second order through the inner steps."""
    adapted = adapt(network, start, batch, objective, create_graph=objective.row.second_order)
    return _differentiated(network, start, adapted, batch, [batch.query], weights)


def before_adaptation(
    network: Network, start: Parameters, batch: TaskBatch, objective: Objective, weights: Weighted
) -> MetaGradient:
    r"""Return the gradient of :math:`\hat f(\theta; S \cup Q)`, eq. (3)."""
    return _differentiated(network, start, start, batch, [batch.support, batch.query], weights)


def by_names(
    network: Network, start: Parameters, batch: TaskBatch, objective: Objective, weights: Weighted
) -> MetaGradient:
    r"""Return the gradient of eq. (3) where classes are called by names that they keep from task to task.

    A batch is that of `experiments.named_batch`, one task of all its images for each run.
    """
    labels = torch.cat([batch.called(part) for part in (batch.support, batch.query)], dim=1)
    features = network.features(start, _joined([batch.support, batch.query]))
    return _outcome(start, network.named(start, features), labels, weights)


def by_class_means(
    network: Network, start: Parameters, batch: TaskBatch, objective: Objective, weights: Weighted
) -> MetaGradient:
    r"""Return the gradient of a prototypical network's loss (Snell et al., 2017), cross-entropy by class means."""
    support, query = (network.features(start, part) for part in (batch.support, batch.query))
    return _outcome(start, class_means(support, query, batch.ways), batch.labels(batch.query), weights)


def _differentiated(
    network: Network, start: Parameters, values: Parameters, batch: TaskBatch, parts: list[Tensor], weights: Weighted
) -> MetaGradient:
    """Return the weighted gradient with respect to `start` of each task's loss at `values`, on parts of its images."""
    labels = torch.cat([batch.labels(part) for part in parts])
    logits = network.logits(values, network.features(values, _joined(parts)), batch.ways)
    return _outcome(start, logits, labels, weights)


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts).contiguous(memory_format=torch.channels_last)


def _outcome(start: Parameters, logits: Tensor, labels: Tensor, weights: Weighted) -> MetaGradient:
    """Return loss, accuracy and gradient; that of a head that has no part in the logits is zero."""
    loss = cross_entropy(logits, labels)
    total = (loss * weights.to(loss)).sum()
    slopes = torch.autograd.grad(total, list(start.values()), allow_unused=True, materialize_grads=True)
    return MetaGradient(loss.detach(), accuracy(logits, labels), dict(zip(start, slopes, strict=True)))


def class_means(support: Tensor, query: Tensor, ways: int) -> Tensor:
    r"""Return the logits (M, B, ways) of queries by their distances from the means of classes.

    .. math:: z_{bc} = 2\,\phi_b^\top\mu_c - \lVert\mu_c\rVert^2 = \lVert\phi_b\rVert^2 - \lVert\phi_b-\mu_c\rVert^2

    Args:
        support: (M, ways · K, F), class by class.
        query: (M, B, F).
        ways: how many classes.

    Example:
        >>> support, query = torch.tensor([[[0.0], [2.0], [5.0], [5.0]]]), torch.tensor([[[2.0], [4.0]]])
        >>> class_means(support, query, 2)  # means 1 and 5; distances 1 and 9, then 9 and 1
        tensor([[[  3.,  -5.],
                 [  7.,  15.]]])
    """
    models, _, count = support.shape
    means = support.reshape(models, ways, -1, count).mean(dim=2)
    return torch.baddbmm(-means.square().sum(dim=2)[:, None], query, 2 * means.transpose(1, 2))


def pixels(network: Network, parameters: Parameters, images: Tensor) -> Tensor:
    """Return (M, B, C·H·W) of images stacked as (B, M·C, H, W)."""
    count, _, height, width = images.shape
    return images.reshape(count, -1, network.channels * height * width).transpose(0, 1)


def blurred(network: Network, parameters: Parameters, images: Tensor) -> Tensor:
    """Return the pixels after a Gaussian blur of `BLUR` pixels."""
    smooth = torch.from_numpy(gaussian_filter(images.cpu().numpy(), (0, 0, BLUR, BLUR)))
    return pixels(network, parameters, smooth.to(images.device))


ALGORITHMS = {
    "maml": Algorithm(after_adaptation, lambda steps: (9 * steps, 3), second_order=True),
    "fomaml": Algorithm(after_adaptation, lambda steps: (3 * steps, 3)),
    "anil": Algorithm(after_adaptation, lambda steps: (3, 3), head=True, second_order=True),
    "erm": Algorithm(before_adaptation, lambda steps: (3, 3), splits=False, lr=1e-6),
    "weighted-erm": Algorithm(before_adaptation, lambda steps: (3, 3), splits=False, weighted=True, lr=1e-6),
    "named-erm": Algorithm(by_names, lambda steps: (3, 3), splits=False, named=True, readout=MEANS),
    "prototypical": Algorithm(by_class_means, lambda steps: (3, 3), readout=MEANS),
}
LOOKS: dict[str, Look] = {MEANS: Network.features, "pixels": pixels, "blurred-pixels": blurred}
PIXELS = tuple(name for name in LOOKS if name != MEANS)  # which need no network
READOUTS = (STEPS, *LOOKS)
