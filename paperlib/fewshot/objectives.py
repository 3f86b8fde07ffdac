r"""What is minimised: MAML of one or more steps, its first-order version, ANIL, ERM, and ERM with weighted tasks.

For task i with support S and queries Q, cross-entropy :math:`\hat f`, and adaptation
:math:`\theta_{k+1} = \theta_k - \alpha\nabla\hat f(\theta_k; S)` from
:math:`\theta_0 = \theta`, a run minimises the average over tasks of

.. math:: \hat f(\theta_K; Q) \quad\text{(MAML, eq. (4))},
    \qquad \hat f(\theta; S \cup Q) \quad\text{(ERM, eq. (3) and Section 5)}.

Every task is one model on the leading axis, with its own copy of the parameters of its run. Nothing mixes models, so a
run's gradient is what it would be alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from paperlib.fewshot.models import (
    HEAD,
    Network,
    Parameters,
    TaskBatch,
    accuracy,
    copies,
    cross_entropy,
    sum_by_run,
)

Weighted = Tensor  # (M,) weights of the tasks of a batch, those of a full batch of a run adding up to one on average
Update = Callable[[Network, Parameters, TaskBatch, "Objective", Weighted], "MetaGradient"]


@dataclass(frozen=True)
class Algorithm:
    """What a learner does in training, one row of `ALGORITHMS`.

    Attributes:
        update: what gives loss, accuracy and weighted gradient of each task.
        passes: what a support image costs after so many steps, in passes forward through the network: a gradient costs
            three, a gradient through a gradient six more. A query costs three.
        adapts: whether training has an inner loop. At evaluation every learner is adapted.
        head: whether adaptation changes the head alone.
        second_order: whether the outer gradient goes through the inner steps.
        weighted: whether hard tasks weigh `Objective.hard_odds` times as much as easy ones.
        lr: of the optimiser, unless another is asked for.
    """

    update: Update
    passes: Callable[[int], int]
    adapts: bool = True
    head: bool = False
    second_order: bool = False
    weighted: bool = False
    lr: float = 1e-3


@dataclass(frozen=True)
class Objective:
    r"""One algorithm and its settings.

    Args:
        algorithm: ``maml``; ``fomaml``, which leaves out how the steps depend on the start; ``anil``, which adapts the
            head alone; ``erm``; ``weighted-erm``.
        steps: steps of adaptation, K, at least 1. ERM has none in training, whatever is said here.
        alpha: inner learning rate, at least 0, one number, or one for each run. With 0 nothing is adapted.
        hard_odds: for weighted ERM, how many times the weight of an easy task a hard one gets, :math:`\kappa > 0`,
            one number, or one for each run. The weights are :math:`\kappa/(p\kappa+1-p)` and
            :math:`1/(p\kappa+1-p)`: one on average, whatever tasks a batch holds.
        p_hard: for weighted ERM, the probability of a hard task, p, one number, or one for each run.
        adapt_norm: whether adaptation changes scale and shift of batch normalisation.

    Raises:
        ValueError: if the algorithm is none of these, or a number is out of its range or not finite.

    Example:
        >>> hard, run = torch.tensor([True, False, True]), torch.tensor([0, 0, 1])
        >>> Objective("weighted-erm", hard_odds=(3.0, 1.0)).weights(hard, run)
        tensor([1.5000, 0.5000, 1.0000], dtype=torch.float64)
    """

    algorithm: str
    steps: int = 1
    alpha: float | Sequence[float] = 0.1
    hard_odds: float | Sequence[float] = 1.0
    p_hard: float | Sequence[float] = 0.5
    adapt_norm: bool = True

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise ValueError(f"algorithm must be one of {', '.join(ALGORITHMS)}; got {self.algorithm!r}")
        if not isinstance(self.steps, int) or self.steps < 1:
            raise ValueError(f"steps must be a whole number, at least 1; got {self.steps!r}")
        alpha, odds, p_hard = (torch.as_tensor(value) for value in (self.alpha, self.hard_odds, self.p_hard))
        if not ((alpha >= 0) & (alpha < math.inf)).all():
            raise ValueError(f"alpha must be at least 0 and finite; got {self.alpha!r}")
        if not ((odds > 0) & (odds < math.inf)).all():
            raise ValueError(f"hard_odds must be positive and finite; got {self.hard_odds!r}")
        if not ((p_hard >= 0) & (p_hard <= 1)).all():
            raise ValueError(f"p_hard must lie between 0 and 1; got {self.p_hard!r}")

    @property
    def row(self) -> Algorithm:
        """Return what the algorithm does."""
        return ALGORITHMS[self.algorithm]

    def adapted(self, parameters: Parameters) -> tuple[str, ...]:
        """Return the names of the parameters that adaptation changes."""
        if self.row.head:
            return HEAD
        return tuple(name for name in parameters if self.adapt_norm or not name.startswith("norm"))

    def weights(self, hard: Tensor, run: Tensor) -> Tensor:
        """Return the weight of each task, (M,), from whether it is hard and its run."""
        if not self.row.weighted:
            return torch.ones(len(hard), dtype=torch.float64, device=hard.device)
        odds, p_hard = by_task(self.hard_odds, run), by_task(self.p_hard, run)
        return 1 + (odds - 1) * (hard.double() - p_hard) / (p_hard * odds + 1 - p_hard)


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


def meta_gradient(
    network: Network, parameters: Parameters, batch: TaskBatch, objective: Objective, tasks: int
) -> MetaGradient:
    r"""Return loss, accuracy and gradient of R runs on a batch.

    With :math:`T_r` the tasks of run r in the batch, :math:`w_i` their weights, `tasks` of them in a full batch, and
    :math:`\ell_i` the outer loss of task i, of eq. (4) for algorithms that adapt and of eq. (3) for ERM,

    .. math:: g_r = \nabla_\theta \frac{1}{\text{tasks}} \sum_{i \in T_r} w_i\, \ell_i(\theta_r) .

    MAML and ANIL differentiate through the inner steps, so one step of MAML gives
    :math:`(I - \alpha\nabla^2\hat f(\theta; S))\,\nabla\hat f(\theta_1; Q)`; first-order MAML leaves the matrix out.

    Args:
        network: the network.
        parameters: of R models, one for each run.
        batch: tasks of these runs.
        objective: the algorithm.
        tasks: how many tasks make a full batch of one run. When a batch comes in buckets of several shapes, the
            gradients of the buckets add up to that of the batch.

    Raises:
        ValueError: if the tasks have more classes than the network has outputs.
    """
    own = {name: copies(value, batch.run) for name, value in parameters.items()}
    weights = objective.weights(batch.hard, batch.run) / tasks
    found = objective.row.update(network, own, batch, objective, weights)
    runs = len(next(iter(parameters.values())))
    of_run = batch.run == torch.arange(runs, device=batch.run.device)[:, None]
    gradients = {name: sum_by_run(value, of_run.sum(dim=1)) for name, value in found.gradients.items()}
    return MetaGradient(found.loss, found.accuracy, gradients)


def after_adaptation(
    network: Network, parameters: Parameters, batch: TaskBatch, objective: Objective, weights: Weighted
) -> MetaGradient:
    r"""Return the gradient of :math:`\hat f(\theta_K; Q)`, eq. (4), in second order through the inner steps."""
    start = {name: value.requires_grad_() for name, value in parameters.items()}
    adapted = adapt(network, start, batch, objective, create_graph=objective.row.second_order)
    return _differentiated(network, start, adapted, batch, [batch.query], weights)


def before_adaptation(
    network: Network, parameters: Parameters, batch: TaskBatch, objective: Objective, weights: Weighted
) -> MetaGradient:
    r"""Return the gradient of :math:`\hat f(\theta; S \cup Q)`, eq. (3)."""
    start = {name: value.requires_grad_() for name, value in parameters.items()}
    return _differentiated(network, start, start, batch, [batch.support, batch.query], weights)


ALGORITHMS = {
    "maml": Algorithm(after_adaptation, lambda steps: 9 * steps, second_order=True),
    "fomaml": Algorithm(after_adaptation, lambda steps: 3 * steps),
    "anil": Algorithm(after_adaptation, lambda steps: 3, head=True, second_order=True),
    "erm": Algorithm(before_adaptation, lambda steps: 3, adapts=False, lr=1e-6),
    "weighted-erm": Algorithm(before_adaptation, lambda steps: 3, adapts=False, weighted=True, lr=1e-6),
}


def adapt(
    network: Network, parameters: Parameters, batch: TaskBatch, objective: Objective, *, create_graph: bool = False
) -> Parameters:
    """Return the parameters of M models after the inner steps; without `create_graph`, constants to later gradients."""
    labels, rate = batch.labels(batch.support), by_task(objective.alpha, batch.run)
    names = objective.adapted(parameters)
    if not parameters[HEAD[0]].requires_grad:
        parameters = parameters | {name: parameters[name].detach().requires_grad_() for name in names}
    features = network.features(parameters, batch.support)
    for step in range(objective.steps):
        if step and not objective.row.head:
            features = network.features(parameters, batch.support)
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


def post_adaptation(
    network: Network, parameters: Parameters, batch: TaskBatch, objective: Objective
) -> tuple[Tensor, Tensor]:
    """Return loss and accuracy of each task, (M,) each, on its queries after adaptation, which ERM has here too."""
    own = {name: copies(value, batch.run) for name, value in parameters.items()}
    adapted = adapt(network, own, batch, objective)
    with torch.no_grad():
        logits = network.logits(adapted, network.features(adapted, batch.query), batch.ways)
        labels = batch.labels(batch.query)
        return cross_entropy(logits, labels), accuracy(logits, labels)


def by_task(value: float | Sequence[float], run: Tensor) -> Tensor:
    """Return (M,) numbers, each that of the task's run, from one number or one for each run."""
    values = torch.as_tensor(value, dtype=torch.float64, device=run.device)
    return values[run] if values.dim() else values.expand(len(run))


def _differentiated(
    network: Network, start: Parameters, values: Parameters, batch: TaskBatch, parts: list[Tensor], weights: Weighted
) -> MetaGradient:
    """Return the weighted gradient with respect to `start` of each task's loss at `values`, on parts of its images."""
    labels = torch.cat([batch.labels(part) for part in parts])
    images = parts[0] if len(parts) == 1 else torch.cat(parts).contiguous(memory_format=torch.channels_last)
    logits = network.logits(values, network.features(values, images), batch.ways)
    loss = cross_entropy(logits, labels)
    slopes = torch.autograd.grad((loss * weights.to(loss)).sum(), list(start.values()))
    return MetaGradient(loss.detach(), accuracy(logits, labels), dict(zip(start, slopes, strict=True)))
