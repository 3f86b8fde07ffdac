r"""How hard a task is, measured: how fast gradient descent solves it, and how far apart the adapted parameters lie.

The paper orders tasks by how fast gradient descent solves them, and calls :math:`r_H` the dispersion of the optima of
hard tasks (Section 3.2). In linear regression both are parameters. For a network they can only be measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from paperlib.fewshot.learners import adapt
from paperlib.fewshot.models import Network, Parameters, TaskBatch, accuracy, cross_entropy
from paperlib.fewshot.objectives import Objective

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Descent:
    """Gradient descent on each of M tasks from one start.

    Attributes:
        loss: (steps + 1, M) cross-entropy on the support images, which descent lowers, before the first step and after
            each; (2, M), before the first and after the last, where nobody watched.
        accuracy: (steps + 1, M) on the queries, likewise.
        displacement: (M, P) parameters after the last step, less the start.
    """

    loss: Floats
    accuracy: Floats
    displacement: Floats


def descend(
    network: Network, start: Parameters, batch: TaskBatch, objective: Objective, steps: int, *, watch: bool = True
) -> Descent:
    """Descend on the support images of each task, one step after the other, and watch them and the queries.

    Args:
        network: the network.
        start: parameters of one model.
        batch: M tasks of that model.
        objective: rate of the steps and what they change; its number of steps is ignored.
        steps: how many.
        watch: whether to look after every step; if not, loss and accuracy are those of the start and the end alone.

    Raises:
        ValueError: if `steps` is not positive, or `start` holds several models.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1; got {steps}")
    if len(start["head.bias"]) != 1:
        raise ValueError(f"start must be the parameters of one model; got {len(start['head.bias'])}")
    one = Objective(objective.algorithm, 1, objective.alpha, adapt_norm=objective.adapt_norm)
    values = {name: value.expand(len(batch.run), *value.shape[1:]).contiguous() for name, value in start.items()}
    first, curves = values, [_standing(network, values, batch)]
    for step in range(1, steps + 1):
        values = {name: value.detach() for name, value in adapt(network, values, batch, one).items()}
        if watch or step == steps:
            curves.append(_standing(network, values, batch))
    moved = [(values[name] - first[name]).flatten(1).double() for name in values]
    loss, right = np.array(curves).swapaxes(0, 1)
    return Descent(loss, right, torch.cat(moved, dim=1).cpu().numpy())


def _standing(network: Network, values: Parameters, batch: TaskBatch) -> tuple[Floats, Floats]:
    """Return the loss on the support images and the accuracy on the queries."""
    with torch.no_grad():
        support, query = (
            (network.logits(values, network.features(values, part), batch.ways), batch.labels(part))
            for part in (batch.support, batch.query)
        )
        loss, right = cross_entropy(*support), accuracy(*query)
    return loss.double().cpu().numpy(), right.double().cpu().numpy()


def spread(points: ArrayLike) -> float:
    r"""Return :math:`\frac1{n-1}\sum_i\lVert\theta_i-\bar\theta\rVert^2`, the trace of the sample covariance.

    For optima :math:`\mathcal N(\mu, r_H I_d)` its expectation is :math:`d\,r_H`.

    Raises:
        ValueError: if there are fewer than two points.

    Example:
        >>> spread([[0.0, 1.0], [2.0, 1.0]])
        2.0
    """
    values = np.asarray(points, dtype=float)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(f"points must have shape (n, d) with n at least 2; got {values.shape}")
    return float(values.var(axis=0, ddof=1).sum())


def spread_between(points: ArrayLike, groups: Sequence[int] | NDArray[np.int64]) -> float:
    r"""Return the part of the spread that lies between groups, :math:`r_\text{between}` of one-way random effects.

    For G groups of k points each it is :math:`(M_B - M_W)/k`, with the mean squares between and within groups
    :math:`M_B=\frac{k}{G-1}\sum_g\lVert\bar\theta_g-\bar\theta\rVert^2` and
    :math:`M_W=\frac1{G(k-1)}\sum_{g,j}\lVert\theta_{gj}-\bar\theta_g\rVert^2`. It is unbiased, so it can be negative.

    Raises:
        ValueError: if the groups are not equally large, or fewer than two, or of one point each.

    Example:
        >>> spread_between([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])  # (100 − 2) / 2
        49.0
    """
    values, labels = np.asarray(points, dtype=float), np.asarray(groups)
    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2 or len(set(counts.tolist())) != 1 or counts[0] < 2:
        raise ValueError(f"groups must be at least two, of equally many points, at least two; got sizes {counts}")
    parts = np.stack([values[labels == name] for name in names])
    within = parts.var(axis=1, ddof=1).sum(axis=1).mean()
    between = parts.mean(axis=1).var(axis=0, ddof=1).sum()
    return float(between - within / counts[0])
