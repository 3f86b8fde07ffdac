r"""What is minimised: MAML of one or more steps, its first-order version, ANIL, ERM, and their rivals.

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
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from paperlib.fewshot.learners import ALGORITHMS, LOOKS, READOUTS, STEPS, Algorithm, MetaGradient, by_task, class_means
from paperlib.fewshot.models import (
    HEAD,
    NAMES,
    Network,
    Parameters,
    TaskBatch,
    accuracy,
    copies,
    cross_entropy,
    sum_by_run,
)


@dataclass(frozen=True)
class Objective:
    r"""One algorithm and its options.

    Args:
        algorithm: a row of `learners.ALGORITHMS`.
        steps: steps of adaptation, K, at least 1. ERM has none in training, whatever is said here.
        alpha: inner learning rate, at least 0, one number, or one for each run. With 0 nothing is adapted.
        hard_odds: for weighted ERM, how many times the weight of an easy task a hard one gets, :math:`\kappa > 0`,
            one number, or one for each run. The weights are :math:`\kappa/(p\kappa+1-p)` and
            :math:`1/(p\kappa+1-p)`: one on average, whatever tasks a batch holds.
        p_hard: for weighted ERM, the probability of a hard task, p, one number, or one for each run.
        adapt_norm: whether adaptation changes scale and shift of batch normalisation.
        readout: how a task is solved at evaluation, one of `learners.READOUTS`.

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
    readout: str = STEPS

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise ValueError(f"algorithm must be one of {', '.join(ALGORITHMS)}; got {self.algorithm!r}")
        if self.readout not in READOUTS:
            raise ValueError(f"readout must be one of {', '.join(READOUTS)}; got {self.readout!r}")
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
        kept = NAMES if self.adapt_norm else (*NAMES, *(name for name in parameters if name.startswith("norm")))
        return tuple(name for name in parameters if name not in kept)

    def weights(self, hard: Tensor, run: Tensor) -> Tensor:
        """Return the weight of each task, (M,), from whether it is hard and its run."""
        if not self.row.weighted:
            return torch.ones(len(hard), dtype=torch.float64, device=hard.device)
        odds, p_hard = by_task(self.hard_odds, run), by_task(self.p_hard, run)
        return 1 + (odds - 1) * (hard.double() - p_hard) / (p_hard * odds + 1 - p_hard)


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

    Returns:
        loss and accuracy of each task, (M,), and gradients by name of the parameter, (R, ...).

    Raises:
        ValueError: if the tasks have more classes than the network has outputs.

    Example:
        >>> image = torch.rand(2, 1, 4, 4)
        >>> tasks = TaskBatch(torch.tensor([0]), torch.tensor([False]), image, image, 2)
        >>> network = Network(side=4, ways=2, filters=1, blocks=1)
        >>> meta_gradient(network, network.initial([0]), tasks, Objective("maml"), 1).gradients["head.bias"].shape
        torch.Size([1, 2])
    """
    own = {name: copies(value, batch.run).requires_grad_() for name, value in parameters.items()}
    weights = objective.weights(batch.hard, batch.run) / tasks
    found = objective.row.update(network, own, batch, objective, weights)
    runs = len(next(iter(parameters.values())))
    of_run = batch.run == torch.arange(runs, device=batch.run.device)[:, None]
    gradients = {name: sum_by_run(value, of_run.sum(dim=1)) for name, value in found.gradients.items()}
    return MetaGradient(found.loss, found.accuracy, gradients)


def post_adaptation(
    network: Network, parameters: Parameters, batch: TaskBatch, objective: Objective
) -> tuple[Tensor, Tensor]:
    """Return loss and accuracy of each task, (M,) each, on its queries: after adaptation, which ERM has here too.

    Or, if the objective's readout says so, by class means.
    """
    own = {name: copies(value, batch.run) for name, value in parameters.items()}
    if objective.readout == STEPS:
        own = objective.row.inner(network, own, batch, objective)
    with torch.no_grad():
        if objective.readout == STEPS:
            logits = network.logits(own, network.features(own, batch.query), batch.ways)
        else:
            support, query = (LOOKS[objective.readout](network, own, part) for part in (batch.support, batch.query))
            logits = class_means(support, query, batch.ways)
        labels = batch.labels(batch.query)
        return cross_entropy(logits, labels), accuracy(logits, labels)
