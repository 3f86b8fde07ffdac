r"""Risks of starts after a step, estimated from moments of tasks, with the bias of the fit taken out.

A start :math:`w=B^{-1}b` is fitted on the tasks that judge it. To first order in 1/T its loss there is off by the mean
of :math:`\tfrac12\delta_i^\top H\delta_i+\delta_i^\top g_i` over T, with the influence :math:`\delta_i` of a task on
the start and its gradient :math:`g_i`: the products of a task with itself. What is left are pairs of different tasks.
In a resample a task that was drawn c times is one task, and c² of such products are taken out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paperlib.adviser.moments import PARTS, Moments
from paperlib.arguments import Array
from paperlib.gaussian import raised_inverse

LEARNERS = ("erm", "weighted", "maml")
LEAST = 0.25  # curvature times m + 2, over that before the step, below which it is not told
WIDEST = 100.0  # times the largest mean second moment, the largest rate that is looked at
ENDLESS = 1e4  # samples of the step; the curvature of more is compared with that of so many
CACHED = 2**15  # numbers that are computed with at once
ROUNDS = 6  # of the alternation between a start and its best rate


@dataclass(frozen=True)
class Averages:
    """Moments averaged over resamples: shares (B, T) and the arrays of `Moments` with B in the place of T."""

    moments: Moments
    shares: Array
    parts: Array
    squares: Array
    noise: Array
    m: float | Array

    @property
    def loss(self) -> Array:
        """The four moments of the loss, (4, B, r+k, r+k)."""
        return self.parts[PARTS["maml"]]

    def pieces(self, size: int) -> list[slice]:
        """Return the resamples in pieces, so that the cache holds an array of a size for each of them."""
        step = max(1, CACHED // size)
        return [slice(first, first + step) for first in range(0, len(self.shares), step)]

    @cached_property
    def whitening(self) -> tuple[Array, Array]:
        """The largest eigenvalues of the mean second moments, (B,), and what makes these the identity, (B, r, r)."""
        values, vectors = np.linalg.eigh(self.loss[0][:, : self.moments.rank, : self.moments.rank])
        root = vectors / np.sqrt(np.maximum(values, 1e-12 * values[:, -1:]))[:, None, :]
        return np.asarray(values[:, -1]), np.asarray(root)


def averages(moments: Moments, counts: Array, m: float | Array) -> Averages:
    """Return the averages of moments for how often each task counts, (B, T), and samples of the step, one or (B,)."""
    shares, free, parts = counts / counts.sum(axis=1, keepdims=True), counts @ moments.free, moments.parts
    means = np.moveaxis(np.tensordot(shares, parts, (1, 1)), 1, 0)
    noise = np.divide(counts @ moments.residuals, free, out=np.full(len(free), np.nan), where=free > 0)
    return Averages(moments, shares, means, shares @ moments.squares, noise, m)


def coefficients(alpha: Array, m: float | Array) -> Array:
    """Return what the four moments of the loss are multiplied with, (4, B)."""
    return np.array([np.ones_like(alpha), -2.0 * alpha, (1.0 - 1.0 / m) * alpha**2, alpha**2 / m])


def start(of: Averages, learner: str, alpha: Array) -> Array:
    """Return the start of a learner at rates (B,): (B, r, k)."""
    return _fitted(of, learner, alpha)[0]


def _fitted(of: Averages, learner: str, alpha: Array) -> tuple[Array, Array, Array, Array]:
    """Return a start (B, r, k), its weight matrix, (B, r+k, r+k), with the coefficients (K, B), and its inverse."""
    rank, weights = of.moments.rank, _weights(of, learner, alpha)
    matrix = _mean(weights, of.parts[PARTS[learner]])
    inverse = _inverse(of, matrix[:, :rank, :rank])
    return inverse @ matrix[:, :rank, rank:], matrix, weights, inverse


def best_rate(of: Averages, w: Array) -> Array:
    r"""Return the rate with the least loss of a start, (B,): at most 100 over the largest mean second moment.

    The loss is half of :math:`a-2b\alpha+c\alpha^2`, where :math:`c\ge b^2/a` whatever the tasks (Cauchy-Schwarz), so
    that few tasks may not say otherwise.
    """
    zero, one, two, three = form(of.loss, w)
    one, zero = np.maximum(one, 0.0), np.maximum(zero, 1e-300)
    bend = np.maximum((1.0 - 1.0 / of.m) * two + three / of.m, one**2 / zero)
    return np.asarray(np.minimum(one / np.maximum(bend, 1e-300), WIDEST / of.whitening[0]))


def best_rates(of: Averages, learner: str, near: Array | None = None) -> Array:
    """Return the best rate of each learner with its own start there, (B,): from a grid, or from rates nearby."""
    if learner == "erm":
        return best_rate(of, start(of, learner, np.ones(len(of.shares))))
    if near is None:
        near = _least(of, learner, np.geomspace(0.1, WIDEST, 28) / of.whitening[0][:, None])
        if learner == "weighted":  # whose start is not the best at its rate: alternating would miss the least loss
            near = _least(of, learner, np.geomspace(0.8, 1.25, 9) * near[:, None])
    if learner == "weighted":
        return near
    for _ in range(ROUNDS):
        near = best_rate(of, start(of, learner, near))
    return near


def _least(of: Averages, learner: str, rates: Array) -> Array:
    m = np.repeat(np.broadcast_to(of.m, len(rates)), rates.shape[1])
    repeated = averages(of.moments, np.repeat(of.shares, rates.shape[1], axis=0), m)
    losses = loss(repeated, learner, rates.ravel()).reshape(rates.shape)
    return np.asarray(np.take_along_axis(rates, losses.argmin(axis=1)[:, None], axis=1)[:, 0])


def loss(of: Averages, learner: str, alpha: Array) -> Array:
    """Return the loss after adaptation of a learner's start, (B,), unbiased to first order in 1/T."""
    scale, (w, mean, weights, inverse) = coefficients(alpha, of.m), _fitted(of, learner, alpha)
    rank, tasks, matrix, own = of.moments.rank, of.moments.tasks, _mean(scale, of.loss), np.empty(len(alpha))
    extended, inverse = _extended(w), inverse[:, None]
    bent = inverse @ matrix[:, None, :rank, :rank] @ inverse

    for some in of.pieces(tasks * w[0].size):
        push = _scores(of.moments, learner, extended[some], mean[some], weights[:, some])
        weighted = (of.shares[some, None, None] ** 2 * push).swapaxes(2, 3)
        along = curved = push @ weighted
        if learner != "maml":  # whose influence is by the gradient itself
            along = _scores(of.moments, "maml", extended[some], matrix[some], scale[:, some]) @ weighted
        own[some] = (0.5 * bent[some] * curved - inverse[some] * along).sum(axis=(1, 2, 3))
    return np.asarray(0.5 * form(matrix, w) - own * tasks / (tasks - 1.0))


def floor(of: Averages, alpha: Array) -> Array:
    """Return the part of the loss that no start changes, (B,)."""
    return np.asarray(0.5 * of.noise * (1.0 + alpha**2 / of.m * of.squares))


def slope(of: Averages, learner: str, alpha: float) -> float:
    """Return what the mean excess of a learner's start falls with, times the number of tasks."""
    rank, rate = of.moments.rank, np.array([alpha])
    (w, own, weights, inverse), matrix = _fitted(of, learner, rate), _mean(coefficients(rate, of.m), of.loss)
    influence = inverse @ _scores(of.moments, learner, _extended(w), 0.0 * own, weights)[0]
    return float(0.5 * (influence * (matrix[0, :rank, :rank] @ influence)).sum(axis=(0, 1)).mean())


def _weights(of: Averages, learner: str, alpha: Array) -> Array:
    """Return the coefficients of the parts that a learner's weight matrix is made of, (K, B)."""
    if learner == "maml":
        return coefficients(alpha, of.m)
    if learner == "weighted":
        return np.array([(1.0 + (of.moments.rank + 1.0) / of.m) * alpha**2, -2.0 * alpha, np.ones_like(alpha)])
    return np.ones((1, len(alpha)))


def _mean(scale: Array, means: Array) -> Array:
    return np.asarray(np.einsum("kb,kbij->bij", scale, means))


def _scores(moments: Moments, learner: str, extended: Array, mean: Array, scale: Array) -> Array:
    """Return for each task minus the gradient of its quadratic at starts (B, r+k, k), less a mean: (B, k, r, T)."""
    weights = np.einsum("kb,bjo->bokj", scale, extended)
    centre = (mean[:, : moments.rank] @ extended).swapaxes(1, 2)
    weights = np.concatenate([weights.reshape(*centre.shape[:2], -1), -centre], axis=2)
    scores = weights.reshape(-1, weights.shape[2]) @ moments.gradients[learner]
    return np.asarray(scores).reshape(*centre.shape, moments.tasks)


def curvature(of: Averages, alpha: Array) -> Array:
    """Return the least curvature of the loss after a step over that before it, in any direction, times m + 2, (B,)."""
    rank, root = of.moments.rank, of.whitening[1]
    matrix = _mean(coefficients(alpha, of.m), of.loss)[:, :rank, :rank]
    values = np.linalg.eigvalsh(root.swapaxes(-1, -2) @ matrix @ root)
    return np.asarray(values[:, 0] * (np.minimum(of.m, ENDLESS) + 2.0))


def _inverse(of: Averages, matrix: Array) -> Array:
    """Return the inverse of means of curvatures, (B, r, r), which are at least a part of the second moments.

    Per task :math:`Q\\succeq\\tfrac2{m+2}\\Sigma` for Gaussian inputs; below an eighth of it they are not believed.
    """
    root, least = of.whitening[1], LEAST / (np.minimum(of.m, ENDLESS) + 2.0)
    return root @ raised_inverse(root.swapaxes(-1, -2) @ matrix @ root, least) @ root.swapaxes(-1, -2)


def _extended(w: Array) -> Array:
    outputs = w.shape[-1]
    return np.concatenate([-w, np.broadcast_to(np.eye(outputs), (*w.shape[:-2], outputs, outputs))], axis=-2)


def form(matrix: Array, w: Array) -> Array:
    """Return quadratic forms of moments (..., r+k, r+k) at starts (..., r, k), summed over outputs, (...)."""
    extended = _extended(w)
    return np.asarray(((matrix @ extended) * extended).sum(axis=(-2, -1)))
