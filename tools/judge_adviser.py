r"""Environments that the adviser is judged on, and what is true of them: written before the adviser was.

An environment is a `TaskEnvironment` whose inputs need not be Gaussian, with sizes of tasks and a user's m and alpha.
Its risks are exact. Inputs are :math:`x=sA\xi`, the entries of :math:`\xi` independent with variance one, and then

.. math:: E[xx^\top Mxx^\top] = E[s^4]\,A\bigl(2N+\operatorname{tr}(N)I+(\kappa-3)\operatorname{diag}(N)\bigr)A^\top,
          \quad N = A^\top MA.

The rule. Risks are above the floor, each learner at the user's alpha, or at its own best step where none is given.
Four ratios decide, in this order; a decision is worth its trouble beyond the threshold:

- step, only with an alpha: MAML's risk at alpha over MAML's at its best step, 1.5: *another step*;
- gain: ERM's risk over MAML's, 1.1. Up to it *ERM*, but for the next;
- directions: MAML's risk over that of the same start with the best rate for each axis of the mean covariance, 2:
  *a representation*, asked only where the start gains nothing;
- weights: the risk of ERM with task weights :math:`\varphi(\rho_i)` over MAML's, 1.1. Up to it *weighted ERM*, beyond
  it *MAML*.

The truth is clear where each ratio that was asked lies outside the margin of its threshold, below or above it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize_scalar

from paperlib.arguments import Array
from paperlib.environments import Groups, TaskEnvironment
from paperlib.gaussian import square_roots
from paperlib.simulate import sample_tasks

THRESHOLDS = {"step": 1.5, "gain": 1.1, "directions": 2.0, "weights": 1.1}
MARGINS = {"step": (1.3, 1.8), "gain": (1.05, 1.2), "directions": (1.6, 2.5), "weights": (1.05, 1.2)}
MAKING = range(10_000)  # seeds to look at while making the adviser
JUDGING = range(200_000, 200_200)  # seeds to look at once, when it is done; those from 100,000 on were, and it changed
LAWS: dict[str, tuple[float, float]] = {  # the fourth moment of an entry, and that of the scale
    "gaussian": (3.0, 1.0),
    "rademacher": (1.0, 1.0),
    "uniform": (1.8, 1.0),
    "laplace": (6.0, 1.0),
    "exponential": (9.0, 1.0),
    "elliptical": (3.0, 1.36),  # s² is 0.4 or 1.6
}


@dataclass(frozen=True)
class Case:
    """An environment with its inputs' law, the sizes (T,) and groups (T,) of its tasks, and what a user asks."""

    env: TaskEnvironment
    law: str
    groups: Groups
    optima: Array
    sizes: Groups
    m: int
    alpha: float | None
    seed: int

    def tasks(self) -> list[tuple[Array, Array]]:
        """Draw the data of the tasks, the same at each call."""
        rng, roots = np.random.default_rng([2, self.seed]), square_roots(self.env.covariances)
        drawn = []
        for group, optimum, size in zip(self.groups, self.optima, self.sizes, strict=True):
            X = entries(self.law, rng, int(size), self.env.dim) @ roots[group]
            drawn.append((X, X @ optimum + self.env.noise_std * rng.standard_normal(size)))
        return drawn


@dataclass(frozen=True)
class Truth:
    """The exact risks of a case."""

    env: TaskEnvironment
    law: str
    m: float

    def fourth(self, middle: Array) -> Array:
        r"""Return :math:`E[xx^\top Mxx^\top]` for each group, (G, d, d)."""
        kurtosis, scale = LAWS[self.law]
        roots = square_roots(self.env.covariances)
        inner = roots @ middle @ roots
        trace, diagonal = np.trace(inner, axis1=1, axis2=2)[:, None, None], np.einsum("gii->gi", inner)
        own = (kurtosis - 3.0) * diagonal[:, :, None] * np.eye(self.env.dim)
        return np.asarray(scale * roots @ (2.0 * inner + trace * np.eye(self.env.dim) + own) @ roots)

    def curvatures(self, alpha: float) -> Array:
        """Return the curvature of each group's loss after a step, (G, d, d)."""
        sigma = self.env.covariances
        middle = (1.0 - 1.0 / self.m) * sigma @ sigma @ sigma + self.fourth(sigma) / self.m
        return np.asarray(sigma - 2.0 * alpha * sigma @ sigma + alpha**2 * middle)

    def moments(self, w: Array) -> Array:
        """Return the second moments of the distances of a start from the optima, (G, d, d)."""
        offsets = w - self.env.means
        return np.asarray(offsets[:, :, None] * offsets[:, None, :] + self.env.spreads)

    def risk(self, w: Array, alpha: float) -> float:
        """Return the risk above the floor."""
        return 0.5 * float(self.env.average(np.einsum("gij,gij->g", self.curvatures(alpha), self.moments(w))))

    def floor(self, alpha: float) -> float:
        """Return the part of the loss that no start changes."""
        sizes = np.einsum("gij,gij->g", self.env.covariances, self.env.covariances)
        return 0.5 * self.env.noise_std**2 * (1.0 + alpha**2 / self.m * float(self.env.average(sizes)))

    def centre(self, weights: Array) -> Array:
        """Return the mean of the optima with matrix weights (G, d, d)."""
        optima = np.einsum("gij,gj->gi", weights, self.env.means)
        return np.asarray(np.linalg.solve(self.env.average(weights), self.env.average(optima)))

    def start(self, learner: str, alpha: float) -> Array:
        """Return where a learner starts: erm, weighted or maml."""
        sigma, dim = self.env.covariances, self.env.dim
        if learner == "maml":
            return self.centre(self.curvatures(alpha))
        rho = alpha * np.trace(sigma, axis1=1, axis2=2) / dim if learner == "weighted" else np.zeros(len(sigma))
        weights = 1.0 - 2.0 * rho + (1.0 + (dim + 1.0) / self.m) * rho**2
        return self.centre(weights[:, None, None] * sigma)

    def best_alpha(self, learner: str) -> float:
        """Return the rate with which a learner's start has the least loss after adaptation."""
        return best_rate(
            lambda rate: self.risk(self.start(learner, rate), rate) + self.floor(rate),
            float(np.linalg.eigvalsh(self.env.covariances).max()),
            float(np.linalg.eigvalsh(self.env.covariances).min()),
        )

    @cached_property
    def best(self) -> dict[str, float]:
        """The best rate of each learner."""
        return {learner: self.best_alpha(learner) for learner in ("erm", "weighted", "maml")}

    def learner_risk(self, learner: str, alpha: float | None) -> float:
        """Return the risk of a learner's start at alpha, or at its own best rate where there is none."""
        rate = self.best[learner] if alpha is None else alpha
        return self.risk(self.start(learner, rate), rate)

    def directions_risk(self, alpha: float | None) -> float:
        """Return the risk of MAML's start with the rate that is best for each axis of the mean covariance."""
        w = self.start("maml", self.best["maml"] if alpha is None else alpha)
        axes = np.linalg.eigh(self.env.average(self.env.covariances))[1]
        average, moments = self.env.average, self.moments(w)
        sigma = axes.T @ self.env.covariances @ axes
        gradients = axes.T @ self.env.covariances @ moments @ self.env.covariances @ axes
        spread = axes.T @ self.fourth(moments) @ axes + self.env.noise_std**2 * sigma
        linear = average(np.einsum("gkk->gk", gradients))
        square = average(sigma * ((1.0 - 1.0 / self.m) * gradients + spread / self.m))
        rates = np.linalg.solve(square, linear)
        before = average(np.einsum("gij,gij->g", self.env.covariances, moments))
        noise = self.env.noise_std**2 / self.m * rates @ average(sigma**2) @ rates
        return 0.5 * float(before - 2.0 * linear @ rates + rates @ square @ rates - noise)

    def ratios(self, alpha: float | None) -> dict[str, float]:
        """Return the four ratios of the rule."""
        maml = self.learner_risk("maml", alpha)
        return {
            "step": maml / self.learner_risk("maml", None),
            "gain": self.learner_risk("erm", alpha) / maml,
            "directions": maml / self.directions_risk(alpha),
            "weights": self.learner_risk("weighted", alpha) / maml,
        }


def best_rate(loss: Callable[[float], float], largest: float, smallest: float) -> float:
    """Return the rate of the least loss: between a thousandth of 1/largest and twice 1/smallest eigenvalue."""
    grid = np.geomspace(1e-3 / largest, 2.0 / smallest, 200)
    place = int(np.argmin([loss(rate) for rate in grid]))
    bounds = (grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)])
    return float(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-9 * grid[place]}).x)


def asked(ratios: dict[str, float], with_alpha: bool) -> tuple[str, list[str]]:
    """Return the verdict of the rule, and the names of the ratios that it needed."""
    worth = {name: ratios[name] > limit for name, limit in THRESHOLDS.items()}
    if with_alpha and worth["step"]:
        return "another step", ["step"]
    needed = ["step"] * with_alpha + ["gain"]
    if not worth["gain"]:
        return ("a representation" if worth["directions"] else "ERM"), [*needed, "directions"]
    return ("MAML" if worth["weights"] else "weighted ERM"), [*needed, "weights"]


def verdict(case: Case) -> tuple[str, bool]:
    """Return the true verdict of a case, and whether it is clear."""
    ratios = Truth(case.env, case.law, case.m).ratios(case.alpha)
    answer, needed = asked(ratios, case.alpha is not None)
    return answer, all(not MARGINS[name][0] <= ratios[name] <= MARGINS[name][1] for name in needed)


def entries(law: str, rng: np.random.Generator, count: int, dim: int) -> Array:
    """Draw inputs of identity covariance, (count, dim)."""
    shape = (count, dim)
    match law:
        case "rademacher":
            return rng.choice([-1.0, 1.0], shape)
        case "uniform":
            return rng.uniform(-math.sqrt(3.0), math.sqrt(3.0), shape)
        case "laplace":
            return rng.laplace(0.0, math.sqrt(0.5), shape)
        case "exponential":
            return rng.exponential(1.0, shape) - 1.0
        case "elliptical":
            return np.asarray(np.sqrt(rng.choice([0.4, 1.6], (count, 1))) * rng.standard_normal(shape))
    return rng.standard_normal(shape)


def draw(seed: int) -> Case:
    """Draw the environment of a seed, its tasks, and what its user asks."""
    rng = np.random.default_rng([1, seed])
    dim, groups = int(rng.choice([1, 2, 3, 5, 8])), int(rng.choice([1, 2, 3, 4], p=[0.1, 0.4, 0.3, 0.2]))
    scale, law = _log(rng, 0.1, 10.0), str(rng.choice([*LAWS][1:])) if rng.random() < 0.5 else "gaussian"
    hardness = scale * _logs(rng, 0.03, 1.0, groups)
    shared = _rotation(rng, dim)
    covariances, spreads = np.empty((groups, dim, dim)), np.empty((groups, dim, dim))
    anisotropic, turned, narrow, packed = rng.random(4) < [0.5, 0.8, 0.5, 0.5]
    for g in range(groups):
        axes = _rotation(rng, dim) if turned else shared
        covariances[g] = hardness[g] * _matrix(rng, axes, anisotropic)
        spreads[g] = _log(rng, 0.001, 0.03 if packed else 1.0) * _matrix(rng, _rotation(rng, dim), bool(narrow))
    means = _log(rng, 0.3, 5.0) * rng.standard_normal((groups, dim))
    noise = _log(rng, 0.03, 1.0) * math.sqrt(scale)
    env = TaskEnvironment(rng.dirichlet(np.full(groups, 3.0)), covariances, means, spreads, noise)
    m = round(_log(rng, 1.0, 500.0))
    alpha = Truth(env, law, m).best_alpha("maml") * _log(rng, 0.4, 1.5) if rng.random() < 0.5 else None
    chosen, optima = sample_tasks(env, round(_log(rng, 10.0, 1000.0)), rng)
    low = _log(rng, 2.0, 200.0)
    sizes = np.round(_logs(rng, low, _log(rng, low, 200.0), len(chosen))).astype(np.intp)
    if rng.random() < 0.2:  # harder tasks have fewer samples
        sizes = np.maximum(2, (sizes * (hardness / hardness.max())[chosen] ** 0.5).astype(np.intp))
    return Case(env, law, chosen, optima, sizes, m, alpha, seed)


def _log(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _logs(rng: np.random.Generator, low: float, high: float, size: int) -> Array:
    return np.asarray(np.exp(rng.uniform(math.log(low), math.log(high), size)))


def _rotation(rng: np.random.Generator, dim: int) -> Array:
    return np.asarray(np.linalg.qr(rng.standard_normal((dim, dim)))[0])


def _matrix(rng: np.random.Generator, axes: Array, anisotropic: bool) -> Array:
    """Return a matrix of trace d with given axes."""
    values = _logs(rng, 0.03, 1.0, len(axes)) if anisotropic else np.ones(len(axes))
    return np.asarray((axes * (values / values.mean())) @ axes.T)
