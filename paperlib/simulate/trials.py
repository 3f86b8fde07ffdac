"""Empirical solutions on many independent training sets, drawn from the sufficient statistics of their data."""

from __future__ import annotations

import numpy as np

from paperlib.arguments import Array, real_number, whole_number
from paperlib.environments import Groups, TaskEnvironment
from paperlib.gaussian import square_roots
from paperlib.simulate.bartlett import draw_factors
from paperlib.simulate.tasks import sample_tasks


def sampled_erm_estimates(env: TaskEnvironment, count: int, n: int, draws: int, rng: np.random.Generator) -> Array:
    r"""Draw ERM training solutions on independent training sets, from the sufficient statistics of their data.

    Distributed exactly as `erm_estimate` of `sample_data`, Eq. (41), at a cost that is the same for all n (see
    `bartlett`).

    Args:
        env: the task environment.
        count: number of training tasks T of each set, at least 1.
        n: samples of each task, at least 1.
        draws: how many training sets, at least 1.
        rng: the random generator.

    Returns:
        (draws, d).

    Raises:
        ValueError: counts that are not positive whole numbers, or T n < d, where the solution is not unique.

    Example:
        >>> env, rng = TaskEnvironment.two_tasks(2, 1.0, 1.0), np.random.default_rng(0)
        >>> sampled_erm_estimates(env, count=3, n=1, draws=4, rng=rng).shape
        (4, 2)
    """
    count, n, draws = whole_number("count", count), whole_number("n", n), whole_number("draws", draws)
    _enough("n", count * n, env.dim)
    found = np.empty((draws, env.dim))
    for draw in range(draws):
        groups, optima = sample_tasks(env, count, rng)
        grams, forces = _statistics(env, groups, n, rng)
        found[draw] = np.linalg.solve(grams.sum(0), np.einsum("tij,tj->i", grams, optima) + forces.sum(0))
    return found


def sampled_maml_estimates(
    env: TaskEnvironment, alpha: float, count: int, tau: int, n1: int, n2: int, draws: int, rng: np.random.Generator
) -> Array:
    """Draw MAML training solutions on independent training sets, from the sufficient statistics of their data.

    Distributed exactly as `maml_estimate` of `sample_episodes`, Eq. (43), at a cost that does not depend on n1 and n2.

    Args:
        env: the task environment.
        alpha: inner learning rate, not negative; 0 is no step.
        count: number of training tasks T of each set, at least 1.
        tau: number of episodes of each task, at least 1.
        n1: number of outer samples of an episode, at least 1.
        n2: number of inner samples of an episode, at least 1.
        draws: how many training sets, at least 1.
        rng: the random generator.

    Returns:
        (draws, d).

    Raises:
        ValueError: counts that are not positive whole numbers, alpha < 0, or fewer than d outer samples in all.

    Example:
        >>> env, rng = TaskEnvironment.two_tasks(2, 1.0, 1.0), np.random.default_rng(0)
        >>> sampled_maml_estimates(env, alpha=0.5, count=3, tau=2, n1=1, n2=1, draws=4, rng=rng).shape
        (4, 2)
    """
    rate = real_number("alpha", alpha, at_least=0.0)
    count, tau, draws = whole_number("count", count), whole_number("tau", tau), whole_number("draws", draws)
    n1, n2 = whole_number("n1", n1), whole_number("n2", n2)
    _enough("n1", count * tau * n1, env.dim)
    found = np.empty((draws, env.dim))
    for draw in range(draws):
        groups, optima = sample_tasks(env, count, rng)
        groups, optima = np.repeat(groups, tau), np.repeat(optima, tau, axis=0)
        inner, inner_force = _statistics(env, groups, n2, rng)
        outer, outer_force = _statistics(env, groups, n1, rng)
        step = np.eye(env.dim) - rate / n2 * inner
        adapted = step @ outer
        forces = step @ outer_force[..., None] - rate / n2 * adapted @ inner_force[..., None]
        curvatures = adapted @ step
        found[draw] = np.linalg.solve(
            curvatures.sum(0), np.einsum("tij,tj->i", curvatures, optima) + forces.sum(0)[:, 0]
        )
    return found


def _statistics(env: TaskEnvironment, groups: Groups, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw (XᵀX, Xᵀz) of n samples of each task: (T, d, d) and (T, d)."""
    factors = draw_factors(len(groups), n, env.dim, rng) @ square_roots(env.covariances)[groups]
    forces = np.zeros((len(groups), env.dim))
    if env.noise_std > 0:
        forces = env.noise_std * np.einsum("tki,tk->ti", factors, rng.standard_normal(factors.shape[:2]))
    return factors.swapaxes(-1, -2) @ factors, forces


def _enough(name: str, rows: int, dim: int) -> None:
    if rows < dim:
        raise ValueError(f"{name} must give at least {dim} rows over all tasks, one per dimension; it gives {rows}")
