r"""Logistic regression on samples: simulated adaptation, and the minimisers of objectives (3) and (4)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.special import expit

from paperlib.arguments import Array, Episode, data_sets, episode_data, real_number, whole_number
from paperlib.environments import Groups, TaskEnvironment, checked_tasks
from paperlib.gaussian import square_roots
from paperlib.logistic.objectives import checked_points, checked_starts, finite_tasks
from paperlib.logistic.population import derivatives
from paperlib.logistic.quadrature import Labels, check_labels
from paperlib.minima import lowest_minimum


def sample_data(
    env: TaskEnvironment,
    groups: ArrayLike,
    optima: ArrayLike,
    n: int,
    rng: np.random.Generator,
    labels: Labels = "bernoulli",
) -> tuple[Array, Array]:
    r"""Draw n labelled samples of each task: :math:`x\sim N(0,\Sigma_g)`, y as the labels say.

    Args:
        env: the environment.
        groups: (T,), the groups of the tasks, as `simulate.sample_tasks` draws them.
        optima: (T, d), their optima.
        n: samples of each task, at least 1.
        rng: the random generator.
        labels: how labels are drawn.

    Returns:
        X (T, n, d) and y (T, n), zeros and ones.

    Raises:
        ValueError: n not a positive whole number, groups or optima of the wrong shape, no group of the environment, or
            unknown labels.

    Example:
        >>> env = TaskEnvironment.finite_tasks([[[1.0]]], [[2.0]])
        >>> X, y = sample_data(env, [0, 0], [[2.0], [2.0]], n=3, rng=np.random.default_rng(0), labels="sign")
        >>> X.shape, bool((y == (X[..., 0] > 0)).all())
        ((2, 3, 1), True)
    """
    check_labels(labels)
    (chosen, centres), n = checked_tasks(env, groups, optima), whole_number("n", n)
    roots = square_roots(env.covariances)
    draws = [(rng.standard_normal((n, env.dim)) @ roots[g], rng.uniform(size=n)) for g in chosen]
    X, uniform = (np.stack(parts) for parts in zip(*draws, strict=True))
    u = np.einsum("tnd,td->tn", X, centres)
    return X, np.asarray(uniform < (expit(u) if labels == "bernoulli" else u > 0), dtype=float)


def sampled_post_adaptation_risk(
    env: TaskEnvironment,
    w: ArrayLike,
    alpha: float,
    m: int,
    draws: int,
    rng: np.random.Generator,
    labels: Labels = "bernoulli",
) -> Array:
    """Simulate the post-adaptation risk (1): draws whose mean is :math:`F_m(w)`, on the same samples for every w.

    Args:
        env: the environment.
        w: (..., d).
        alpha: inner learning rate, not negative; 0 is no step.
        m: number of samples of the step, at least 1.
        draws: how many, at least 1; each has m samples of every task.
        rng: the random generator; generators of one seed give the same samples.
        labels: how labels are drawn.

    Returns:
        (draws, ...), independent along the first axis.

    Raises:
        ValueError: m or draws not a positive whole number, or another argument as for `post_adaptation_risk`.

    Example:
        >>> env = TaskEnvironment.two_tasks(1, 0.5, 1.0)
        >>> sampled_post_adaptation_risk(env, [0.0], alpha=0.0, m=5, draws=2, rng=np.random.default_rng(0)).round(4)
        array([0.6931, 0.6931])
    """
    rate, count, draws = real_number("alpha", alpha, at_least=0.0), whole_number("m", m), whole_number("draws", draws)
    w, total = checked_points(env, w), np.array(0.0)
    for g, (p, task) in enumerate(finite_tasks(env, labels)):
        X, y = sample_data(env, [g] * draws, [task.w_star] * draws, count, rng, labels)
        steps = [rate / count * (expit(w @ inputs.T) - ones) @ inputs for inputs, ones in zip(X, y, strict=True)]
        total = total + p * derivatives(w - np.stack(steps), task)[0]
    return total


def erm_estimate(X: Sequence[ArrayLike], y: Sequence[ArrayLike]) -> Array:
    """Return the minimiser of (3) for as many samples of each task: logistic regression on all samples.

    Args:
        X: T inputs (n_i, d).
        y: T label vectors (n_i,), zeros and ones.

    Returns:
        (d,), where the gradient has a norm of at most 1e-10.

    Raises:
        ValueError: no tasks, shapes that do not match, labels other than 0 and 1, or no minimum, as when a plane parts
            the ones from the zeros.

    Example:
        One of four labels is one where x = 1, and one of two where x = -1:

        >>> erm_estimate([[[1.0]] * 4, [[-1.0]] * 2], [[1, 0, 0, 0], [1, 0]]).round(4)  # log(2/4)
        array([-0.6931])
    """
    inputs, labels = data_sets("X", X, "y", y)
    _zeros_and_ones("y", labels)
    rows, targets = np.concatenate(inputs), np.concatenate(labels)
    return maml_estimate([(rows[:1], targets[:1], rows, targets)], alpha=0.0)


def maml_estimate(episodes: Iterable[Episode], alpha: float, starts: ArrayLike | None = None) -> Array:
    """Return the lowest local minimum of (4) that descents lead to.

    Args:
        episodes: tuples of inner inputs (n2, d), inner labels (n2,), outer inputs (n1, d) and outer labels (n1,).
        alpha: inner learning rate, not negative; 0 is no step, and the inner samples do not matter.
        starts: (d,) or (S, d), where descents begin: left out, at zero.

    Returns:
        (d,), where the gradient has a norm of at most 1e-10.

    Raises:
        ValueError: alpha < 0, no episodes, shapes that do not match, labels other than 0 and 1, or no minimum, as when
            a plane parts the ones from the zeros.

    Example:
        Three of four labels are one:

        >>> maml_estimate([([[1.0]], [1], [[1.0]] * 4, [1, 1, 1, 0])], alpha=0.0).round(4)  # log 3
        array([1.0986])
    """
    rate = real_number("alpha", alpha, at_least=0.0)
    parts = episode_data(episodes)
    _zeros_and_ones("episodes", [*parts[1], *parts[3]])
    X_in, y_in, X, y = (np.concatenate(part) for part in parts)
    sizes_in, sizes = (np.array([len(labels) for labels in part]) for part in (parts[1], parts[3]))
    of_in, of = (np.repeat(np.arange(len(n)), n) for n in (sizes_in, sizes))

    def means(weights: Array, rows: Array, n: Groups) -> Array:
        """Return the mean of each task's weighted rows, by a sparse matrix that has its weights in a row."""
        places, ends = np.arange(len(rows)), np.append(0, np.cumsum(n))
        return np.asarray(csr_array((weights, places, ends)) @ rows / n[:, None])

    def objective(w: Array) -> tuple[float, Array]:
        p = expit(X_in @ w)
        inner = w - rate * means(p - y_in, X_in, sizes_in)
        u = np.einsum("nd,nd->n", X, inner[of])
        outer = means(expit(u) - y, X, sizes)
        bend = p * (1 - p) * np.einsum("nd,nd->n", X_in, outer[of_in])
        gradient = outer - rate * means(bend, X_in, sizes_in)
        return float(np.mean(means(np.logaddexp(0, u) - y * u, np.ones((len(u), 1)), sizes))), gradient.mean(axis=0)

    places = checked_starts(np.zeros(X.shape[1]) if starts is None else starts, X.shape[1])
    return lowest_minimum(objective, places, math.sqrt(np.mean(np.square(X))))


def _zeros_and_ones(name: str, labels: list[Array]) -> None:
    if not all(np.isin(values, (0, 1)).all() for values in labels):
        raise ValueError(f"{name} must have labels that are 0 or 1")
