"""What a user asks of tasks, and the numbers that answer: gains, risks above the floor, rates, for any resamples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paperlib.adviser.estimates import LEARNERS, Averages, averages, best_rates, curvature, floor, form, loss, start
from paperlib.adviser.moments import Moments, Tasks, product
from paperlib.arguments import Array
from paperlib.gaussian import raised_inverse

ROWS = (*LEARNERS, *(f"{learner}_best" for learner in LEARNERS), "directions", "curvature")
NAMES = ("gain", "gain_best", "risk_erm", "risk_maml", "best_alpha", "best_alpha_erm", "noise_std", *ROWS)


@dataclass(frozen=True)
class Question:
    """Does MAML pay on these tasks with a step on m samples, at a rate or with each learner at its best?

    `best` are the learners' best rates, (1,) each; `start` (r, k) is MAML's, at the rate that is asked about; `axes`
    holds what a rate for each axis is judged by, from that start.
    """

    moments: Moments
    m: float
    alpha: float | None
    whole: Averages
    best: dict[str, Array]
    start: Array
    axes: list[Array]

    @classmethod
    def of(cls, tasks: Tasks, moments: Moments, m: float, alpha: float | None) -> Question:
        """Return the question with what all its resamples share."""
        whole = averages(moments, np.ones((1, moments.tasks)), m)
        best, starts = _best(whole, alpha)
        return cls(moments, m, alpha, whole, best, starts[0], _axes(tasks, starts[0], m))

    @property
    def rates(self) -> dict[str, float]:
        """The rate of each learner that the question is about."""
        return {learner: float(rate[0]) if self.alpha is None else self.alpha for learner, rate in self.best.items()}

    def numbers(self, counts: Array) -> Array:
        """Return `NAMES` for how often each task counts, (B, T): (numbers, B), the gains as angles of two risks.

        The angle goes on smoothly where the estimate of the lower risk falls below zero.
        """
        of = averages(self.moments, counts, self.m)
        near = {learner: np.repeat(rate, len(counts)) for learner, rate in self.best.items()}
        return _numbers(of, near, self.alpha, _directions_risk(of, self.start, self.axes))

    def gain(self, angles: Array) -> Array:
        """Return the two ratios of risks from their angles: infinite where the lower risk is not told from zero.

        At a given alpha no start does better than MAML's. Best against best the floors differ, and so may all else.
        """
        ratios = np.where(angles >= 0.5 * math.pi, np.inf, np.tan(np.clip(angles, 0.0, 0.5 * math.pi)))
        return np.maximum(ratios, [float(self.alpha is not None), 0.0])

    def samples_share(self, risk: float) -> float:
        """Return the share of MAML's risk that a step on endlessly many samples would spare, from 0 to 1."""
        of, (two, three) = self.whole, form(self.whole.loss[2:, 0], self.start)
        spared = 0.5 * self.rates["maml"] ** 2 / of.m * (three - two - float(of.noise[0] * of.squares[0]))
        return float(np.clip(spared / risk, 0.0, 1.0)) if risk > 0.0 else math.nan


def numbers_at(tasks: Tasks, moments: Moments, sizes: list[float], alpha: float | None) -> Array:
    """Return `NAMES` for all tasks, as `Question.numbers` does, by the number of samples of the step."""
    of = averages(moments, np.ones((len(sizes), moments.tasks)), np.array(sizes))
    near, starts = _best(of, alpha)
    risks = [_directions_risk(of, w, _axes(tasks, w, m))[i] for i, (w, m) in enumerate(zip(starts, sizes, strict=True))]
    return _numbers(of, near, alpha, np.array(risks))


def _best(of: Averages, alpha: float | None) -> tuple[dict[str, Array], Array]:
    """Return the best rate of each learner, and the start of MAML at the rate that is asked about, (B, r, k)."""
    best = {learner: best_rates(of, learner) for learner in LEARNERS}
    return best, start(of, "maml", best["maml"] if alpha is None else np.full(len(of.shares), alpha))


def _axes(tasks: Tasks, start: Array, m: float) -> list[Array]:
    """Return what a rate for each axis is judged by, from a start (r, k), the tasks last."""
    linear, triple, pair, entries = tasks.each(lambda X, y: directions(X, y - X @ start))
    return [np.moveaxis(part, 0, -1).copy() for part in (linear, (1.0 - 1.0 / m) * triple + pair / m, entries)]


def _numbers(of: Averages, near: dict[str, Array], alpha: float | None, directions: Array) -> Array:
    rates = {learner: best_rates(of, learner, rate) for learner, rate in near.items()}
    best = {learner: loss(of, learner, rate) - floor(of, rate) for learner, rate in rates.items()}
    risks, rate = best, rates["maml"]
    if alpha is not None:
        rate = np.full(len(of.shares), alpha)
        risks = {learner: loss(of, learner, rate) - floor(of, rate) for learner in LEARNERS}
    gains = [np.arctan2(some["erm"], some["maml"]) for some in (risks, best)]
    own = [risks["erm"], risks["maml"], rates["maml"], rates["erm"], np.sqrt(of.noise)]
    return np.stack([*gains, *own, *risks.values(), *best.values(), directions, curvature(of, rate)])


def _directions_risk(of: Averages, start: Array, axes: list[Array]) -> Array:
    """Return the risk of the start with the best rate for each axis, its fit's bias taken out, (B,)."""
    linear, square, _ = axes
    mean_linear, mean_square, mean_entries = ((part @ of.shares.T).T for part in axes)
    across = np.concatenate([linear[None], -square]).reshape(1 + len(linear), -1)
    sizes = np.einsum("bii->bi", mean_square)  # axes of any scale: each of size one before they are inverted
    scale = np.sqrt(np.maximum(sizes, 1e-12 * np.abs(sizes).max(axis=1, keepdims=True).clip(1e-200)))
    sizes = scale[:, :, None] * scale[:, None, :]
    inverse = raised_inverse(mean_square / sizes, 1e-2) / sizes
    rates, own = (inverse @ mean_linear[:, :, None])[:, :, 0], np.empty(len(of.shares))
    for some in of.pieces(linear.size):
        scores = (np.insert(rates[some], 0, 1.0, axis=1) @ across).reshape(-1, *linear.shape)
        weighted = (of.shares[some, None] ** 2 * scores).swapaxes(1, 2)
        own[some] = (inverse[some] * (scores @ weighted)).sum(axis=(1, 2))
    noise = of.noise * (1.0 + np.einsum("bi,bij,bj->b", rates, mean_entries, rates) / of.m)
    return np.asarray(0.5 * (form(of.loss[0], start) - (mean_linear * rates).sum(axis=1) + own - noise))


def directions(X: Array, r: Array) -> tuple[Array, Array, Array, Array]:
    r"""Return for tasks (t, n, d) with residuals r (t, n, k) what a rate :math:`p_l` for each axis is judged by.

    The means of :math:`g_lg'_l` (t, d), of :math:`x_lx_{l'}g_lg'_{l'}` for a triple and for a pair, (t, d, d), and
    the squares of the entries of the covariance, (t, d, d).
    """
    n, second = X.shape[1], product(X, X)
    linear, triple, pair = np.zeros((len(X), X.shape[2])), np.zeros_like(second), np.zeros_like(second)
    for residual in np.moveaxis(r, 2, 0):
        g = X * residual[:, :, None]
        total, outer = g.sum(axis=1), product(g, g)
        own = product(X * g, X * g)
        shared = product(X * g, X) * total[:, None, :]
        linear += (total**2 - (g**2).sum(axis=1)) / (n * (n - 1))
        sums = total[:, :, None] * total[:, None, :] - outer
        triple += (second * sums - shared - shared.swapaxes(1, 2) + 2.0 * own) / (n * (n - 1) * (n - 2))
        pair += (second * outer - own) / (n * (n - 1))
    return linear, triple, pair, (second**2 - product(X**2, X**2)) / (n * (n - 1))
