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

from paperlib.fewshot.models import HEAD, Network, Parameters, TaskBatch, accuracy, cross_entropy

Weighted = Tensor  # (M,) weights of the tasks of a batch, those of a full batch of a run adding up to one on average
Update = Callable[[Network, Parameters, TaskBatch, "Objective", Weighted], "MetaGradient"]


@dataclass(frozen=True)
class Algorithm:
    """What a learner does in training, one row of `ALGORITHMS`.

    Attributes:
        update: loss, accuracy and weighted gradient of each task, from network, parameters of each task, tasks,
            objective and weights.
        passes: what a support image costs in training after so many steps, counted in passes forward through the
            network: a gradient costs three, a gradient through a gradient six more. A query costs three.
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
        algorithm: ``maml``; ``fomaml``, which takes the gradient at the adapted parameters for that at the initial
            ones; ``anil``, which adapts the head alone; ``erm``; ``weighted-erm``.
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
        gradients: for each parameter, (R, …), of the weighted average loss of each run; in an update (M, …), of the
            weighted loss of each task.
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
    copies = {name: _copies(value, batch.run) for name, value in parameters.items()}
    weights = objective.weights(batch.hard, batch.run) / tasks
    found = objective.row.update(network, copies, batch, objective, weights)
    runs = len(next(iter(parameters.values())))
    of_run = batch.run == torch.arange(runs, device=batch.run.device)[:, None]
    gradients = {name: _sum_by_run(value, of_run.sum(dim=1)) for name, value in found.gradients.items()}
    return MetaGradient(found.loss, found.accuracy, gradients)


def after_adaptation(
    network: Network, parameters: Parameters, batch: TaskBatch, objective: Objective, weights: Weighted
) -> MetaGradient:
    r"""Return the gradient of :math:`\hat f(\theta_K; Q)`, eq. (4), in second order through the inner steps."""
    start = {name: value.requires_grad_() for name, value in parameters.items()}
    adapted = adapt(network, start, batch, objective, create_graph=objective.row.second_order)
    return _differentiated(network, start, adapted, batch.query, batch.labels(batch.query), batch.ways, weights)


def before_adaptation(
    network: Network, parameters: Parameters, batch: TaskBatch, objective: Objective, weights: Weighted
) -> MetaGradient:
    r"""Return the gradient of :math:`\hat f(\theta; S \cup Q)`, eq. (3)."""
    start = {name: value.requires_grad_() for name, value in parameters.items()}
    images = torch.cat([batch.support, batch.query]).contiguous(memory_format=torch.channels_last)
    labels = torch.cat([batch.labels(batch.support), batch.labels(batch.query)])
    return _differentiated(network, start, start, images, labels, batch.ways, weights)


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
    """Return the parameters of M models after the inner steps on their support images.

    Without `create_graph` the steps are constants to later gradients, as in first-order algorithms and at evaluation.
    """
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
    """Return loss and accuracy of each task, (M,) each, on its queries after adaptation, for evaluation.

    ERM is adapted too, by `objective.steps` steps, as the paper does at test time.
    """
    copies = {name: _copies(value, batch.run) for name, value in parameters.items()}
    adapted = adapt(network, copies, batch, objective)
    with torch.no_grad():
        logits = network.logits(adapted, network.features(adapted, batch.query), batch.ways)
        labels = batch.labels(batch.query)
        return cross_entropy(logits, labels), accuracy(logits, labels)


def by_task(value: float | Sequence[float], run: Tensor) -> Tensor:
    """Return (M,) numbers, each that of the task's run, from one number or one for each run."""
    values = torch.as_tensor(value, dtype=torch.float64, device=run.device)
    return values[run] if values.dim() else values.expand(len(run))


def _copies(values: Tensor, run: Tensor) -> Tensor:
    """Return the parameters of each task's run, (M, …); kernels lie in memory as channels_last wants them."""
    chosen = values.detach()[run]
    return chosen.movedim(2, 4).contiguous().movedim(4, 2) if chosen.dim() == 5 else chosen


def _differentiated(
    network: Network,
    start: Parameters,
    values: Parameters,
    images: Tensor,
    labels: Tensor,
    ways: int,
    weights: Weighted,
) -> MetaGradient:
    """Return the weighted gradient with respect to `start` of each task's loss on the images at `values`."""
    logits = network.logits(values, network.features(values, images), ways)
    loss = cross_entropy(logits, labels)
    slopes = torch.autograd.grad((loss * weights.to(loss)).sum(), list(start.values()))
    return MetaGradient(loss.detach(), accuracy(logits, labels), dict(zip(start, slopes, strict=True)))


def _sum_by_run(values: Tensor, tasks: Tensor) -> Tensor:
    """Return (runs, …) sums of (M, …) values, `tasks` of them for each run, in their order on every device.

    Nothing is asked of the device: a question would wait for all that it has still to do.
    """
    kernels = values.dim() == 5  # whose numbers lie in another order, see `_copies`
    rows = (values.movedim(2, 4) if kernels else values).contiguous()
    sums: Tensor = torch.segment_reduce(rows, "sum", lengths=tasks, unsafe=True, initial=0)
    return sums.movedim(4, 2) if kernels else sums
