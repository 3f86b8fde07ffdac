r"""Risks of starts after a step, estimated from moments of tasks, with the bias of the fit taken out.

A start :math:`w=B^{-1}b` is fitted on the tasks that judge it. To first order in 1/T its loss there is off by the mean
of :math:`\tfrac12\delta_i^\top H\delta_i+\delta_i^\top g_i` over T, with the influence :math:`\delta_i` of a task on
the start and its gradient :math:`g_i`: the products of a task with itself. What is left are pairs of different tasks.
In a resample a task that was drawn c times is one task, and c² of such products are taken out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paperlib.adviser.moments import Moments
from paperlib.arguments import Array

LEARNERS = ("erm", "weighted", "maml")
LEAST = 0.25  # curvature times m + 2, over that before the step, below which it is not told
WIDEST = 100.0  # times the largest mean second moment, the largest rate that is looked at
MOST = 1e4  # samples of the step; the curvature of more is compared with that of so many
ROUNDS = 6  # of the alternation between a start and its best rate


@dataclass(frozen=True)
class Averages:
    """Moments averaged over resamples: shares (B, T) and the arrays of `Moments` with B in the place of T."""

    moments: Moments
    shares: Array
    loss: Array
    weighted: Array
    squares: Array
    noise: Array
    m: float

    @property
    def rank(self) -> int:
        """Number of dimensions that the features span."""
        return self.moments.rank


def averages(moments: Moments, counts: Array, m: float) -> Averages:
    """Return the averages of moments for how often each task counts, (B, T)."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    free = counts @ moments.free

    def mean(values: Array) -> Array:
        flat = values.reshape(*values.shape[:-2], -1)
        return np.asarray(shares @ flat).reshape(len(values), len(shares), *values.shape[-2:])

    noise = np.divide(counts @ moments.residuals, free, out=np.full(len(free), np.nan), where=free > 0)
    return Averages(moments, shares, mean(moments.loss), mean(moments.weighted), shares @ moments.squares, noise, m)


def coefficients(alpha: Array, m: float) -> Array:
    """Return what the four moments of the loss are multiplied with, (4, B)."""
    one = np.ones_like(alpha)
    return np.stack([one, -2.0 * alpha, (1.0 - 1.0 / m) * alpha**2, alpha**2 / m])


def start(of: Averages, learner: str, alpha: Array) -> Array:
    """Return the start of a learner at rates (B,): (B, r, k)."""
    matrix, _ = _weights(of, learner, alpha)
    rank = of.rank
    return _inverse(matrix[:, :rank, :rank], of.loss[0][:, :rank, :rank], of.m) @ matrix[:, :rank, rank:]


def best_rate(of: Averages, w: Array) -> Array:
    r"""Return the rate with the least loss of a start, (B,): at most 100 over the largest mean second moment.

    The loss is half of :math:`a-2b\alpha+c\alpha^2`, where :math:`c\ge b^2/a` whatever the tasks (Cauchy-Schwarz), so
    that few tasks may not say otherwise.
    """
    extended = _extended(w)
    zero, one, two, three = (_quadratic(matrix, extended) for matrix in of.loss)
    one, zero = np.maximum(one, 0.0), np.maximum(zero, 1e-300)
    bend = np.maximum((1.0 - 1.0 / of.m) * two + three / of.m, one**2 / zero)
    return np.asarray(np.minimum(one / np.maximum(bend, 1e-300), WIDEST / _largest(of)))


def best_rates(of: Averages, learner: str, near: Array | None = None) -> Array:
    """Return the best rate of each learner with its own start there, (B,): from a grid, or from rates nearby."""
    if learner == "erm":
        return best_rate(of, start(of, learner, np.ones(len(of.shares))))
    if near is None:
        near = _least(of, learner, [rate / _largest(of) for rate in np.geomspace(0.1, WIDEST, 28)])
        if learner == "weighted":  # whose start is not the best at its rate: alternating would miss the least loss
            near = _least(of, learner, [near * factor for factor in np.geomspace(0.8, 1.25, 9)])
    if learner == "weighted":
        return near
    for _ in range(ROUNDS):
        near = best_rate(of, start(of, learner, near))
    return near


def _largest(of: Averages) -> Array:
    return np.asarray(np.linalg.eigvalsh(of.loss[0][:, : of.rank, : of.rank])[:, -1])


def _least(of: Averages, learner: str, rates: list[Array]) -> Array:
    losses = np.array([loss(of, learner, rate) for rate in rates])
    return np.asarray(np.take_along_axis(np.array(rates), losses.argmin(axis=0)[None], axis=0)[0])


def loss(of: Averages, learner: str, alpha: Array) -> Array:
    """Return the loss after adaptation of a learner's start, (B,), unbiased to first order in 1/T."""
    rank, w = of.rank, start(of, learner, alpha)
    extended, scale = _extended(w), coefficients(alpha, of.m)
    matrix = np.einsum("kb,kbij->bij", scale, of.loss)
    weights, parts = _weights(of, learner, alpha)
    inverse = _inverse(weights[:, :rank, :rank], of.loss[0][:, :rank, :rank], of.m)
    own = np.zeros(len(alpha))
    for b in range(len(alpha)):  # one resample at a time: T tasks each
        used = np.flatnonzero(of.shares[b])
        share = of.shares[b, used]
        scores = -_scores(of.moments.loss[:, used], scale[:, b], extended[b], rank)
        influence = inverse[b] @ _scores(parts[0][:, used], parts[1][:, b], extended[b], rank)
        scores = scores - np.tensordot(share, scores, 1)
        influence = influence - np.tensordot(share, influence, 1)
        bent = matrix[b, :rank, :rank] @ influence
        own[b] = (share**2) @ (0.5 * (influence * bent).sum(axis=(1, 2)) + (influence * scores).sum(axis=(1, 2)))
    tasks = of.moments.tasks
    return np.asarray(0.5 * _quadratic(matrix, extended) - own * tasks / (tasks - 1.0))


def floor(of: Averages, alpha: Array) -> Array:
    """Return the part of the loss that no start changes, (B,)."""
    return np.asarray(0.5 * of.noise * (1.0 + alpha**2 / of.m * of.squares))


def slope(of: Averages, learner: str, alpha: float) -> float:
    """Return what the mean excess of a learner's start falls with, times the number of tasks."""
    rank, rate = of.rank, np.array([alpha])
    extended, matrix = _extended(start(of, learner, rate)), np.einsum("kb,kbij->bij", coefficients(rate, of.m), of.loss)
    weights, (values, scale) = _weights(of, learner, rate)
    inverse = _inverse(weights[:, :rank, :rank], of.loss[0][:, :rank, :rank], of.m)[0]
    influence = inverse @ _scores(values, scale[:, 0], extended[0], rank)
    return float(0.5 * (influence * (matrix[0, :rank, :rank] @ influence)).sum(axis=(1, 2)).mean())


def _weights(of: Averages, learner: str, alpha: Array) -> tuple[Array, tuple[Array, Array]]:
    """Return the mean of a learner's weight matrices, (B, r+k, r+k), and what it is made of, for each task."""
    if learner == "maml":
        parts, means, scale = of.moments.loss, of.loss, coefficients(alpha, of.m)
    elif learner == "weighted":
        parts = np.concatenate([of.moments.loss[:1], of.moments.weighted])
        means = np.concatenate([of.loss[:1], of.weighted])
        scale = np.stack([np.ones_like(alpha), -2.0 * alpha, (1.0 + (of.rank + 1.0) / of.m) * alpha**2])
    else:
        parts, means, scale = of.moments.loss[:1], of.loss[:1], np.ones((1, len(alpha)))
    return np.einsum("kb,kbij->bij", scale, means), (parts, scale)


def _scores(parts: Array, scale: Array, extended: Array, rank: int) -> Array:
    """Return for each task minus the gradient of its quadratic at a start, (T, r, k)."""
    return np.asarray(np.tensordot(scale, parts[:, :, :rank, :] @ extended, 1))


def least_curvature(of: Averages, alpha: Array) -> Array:
    """Return the least curvature of the loss after a step over that before it, in any direction, times m + 2, (B,)."""
    rank = of.rank
    matrix = np.einsum("kb,kbij->bij", coefficients(alpha, of.m), of.loss)[:, :rank, :rank]
    return np.asarray(_shares(matrix, of.loss[0][:, :rank, :rank])[0][:, 0] * (min(of.m, MOST) + 2.0))


def _inverse(matrix: Array, second: Array, m: float) -> Array:
    """Return the inverse of means of curvatures, which are at least a part of the second moments.

    Per task :math:`Q\\succeq\\tfrac2{m+2}\\Sigma` for Gaussian inputs; below an eighth of it they are not believed.
    """
    shares, turned = _shares(matrix, second)
    return np.asarray(turned / np.maximum(shares, LEAST / (min(m, MOST) + 2.0))[:, None, :] @ turned.swapaxes(-1, -2))


def _shares(matrix: Array, second: Array) -> tuple[Array, Array]:
    """Return eigenvalues and vectors of curvatures where the second moments are the identity."""
    values, vectors = np.linalg.eigh(second)
    root = vectors / np.sqrt(np.maximum(values, 1e-12 * values[:, -1:]))[:, None, :]
    shares, axes = np.linalg.eigh(root.swapaxes(-1, -2) @ matrix @ root)
    return np.asarray(shares), np.asarray(root @ axes)


def _extended(w: Array) -> Array:
    outputs = w.shape[-1]
    return np.concatenate([-w, np.broadcast_to(np.eye(outputs), (*w.shape[:-2], outputs, outputs))], axis=-2)


def _quadratic(matrix: Array, extended: Array) -> Array:
    return np.asarray(((matrix @ extended) * extended).sum(axis=(-2, -1)))
