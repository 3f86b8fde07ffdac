"""Empirical solutions on many independent training sets, drawn from the sufficient statistics of their data."""

from __future__ import annotations

import numpy as np

from paperlib.arguments import Array, real_number, whole_number
from paperlib.environments import TaskEnvironment
from paperlib.simulate.bartlett import draw_factors
from paperlib.simulate.tasks import Groups, sample_tasks, square_roots


def erm_estimates(env: TaskEnvironment, tasks: int, n: int, trials: int, rng: np.random.Generator) -> Array:
    r"""Draw ERM training solutions on independent training sets, from the sufficient statistics of their data.

    Distributed exactly as `erm_estimate` of `sample_data`, at a cost that does not depend on n (see `bartlett`).

    Args:
        env: the task environment.
        tasks: number of training tasks T.
        n: samples of each task.
        trials: how many training sets.
        rng: the random generator.

    Returns:
        (trials, d).

    Raises:
        ValueError: counts that are not positive whole numbers, or T n < d, where the solution is not unique.

    Example:
        >>> env, rng = TaskEnvironment.two_tasks(2, 1.0, 1.0), np.random.default_rng(0)
        >>> erm_estimates(env, tasks=3, n=1, trials=4, rng=rng).shape
        (4, 2)
    """
    tasks, n, trials = whole_number("tasks", tasks), whole_number("n", n), whole_number("trials", trials)
    _enough("n", tasks * n, env.dim)
    found = np.empty((trials, env.dim))
    for trial in range(trials):
        groups, optima = sample_tasks(env, tasks, rng)
        grams, forces = _statistics(env, groups, n, rng)
        found[trial] = np.linalg.solve(grams.sum(0), np.einsum("tij,tj->i", grams, optima) + forces.sum(0))
    return found


def maml_estimates(
    env: TaskEnvironment, alpha: float, tasks: int, tau: int, n1: int, n2: int, trials: int, rng: np.random.Generator
) -> Array:
    """Draw MAML training solutions on independent training sets, from the sufficient statistics of their data.

    Distributed exactly as `maml_estimate` of `sample_episodes`, at a cost that does not depend on n1 and n2.

    Returns:
        (trials, d).

    Raises:
        ValueError: counts that are not positive whole numbers, alpha < 0, or fewer than d outer samples in all.

    Example:
        >>> env, rng = TaskEnvironment.two_tasks(2, 1.0, 1.0), np.random.default_rng(0)
        >>> maml_estimates(env, alpha=0.5, tasks=3, tau=2, n1=1, n2=1, trials=4, rng=rng).shape
        (4, 2)
    """
    rate = real_number("alpha", alpha, at_least=0.0)
    tasks, tau, trials = whole_number("tasks", tasks), whole_number("tau", tau), whole_number("trials", trials)
    n1, n2 = whole_number("n1", n1), whole_number("n2", n2)
    _enough("n1", tasks * tau * n1, env.dim)
    found = np.empty((trials, env.dim))
    for trial in range(trials):
        groups, optima = sample_tasks(env, tasks, rng)
        groups, optima = np.repeat(groups, tau), np.repeat(optima, tau, axis=0)
        inner, inner_force = _statistics(env, groups, n2, rng)
        outer, outer_force = _statistics(env, groups, n1, rng)
        step = np.eye(env.dim) - rate / n2 * inner
        adapted = step @ outer
        forces = step @ outer_force[..., None] - rate / n2 * adapted @ inner_force[..., None]
        curvatures = adapted @ step
        found[trial] = np.linalg.solve(
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
