r"""Sampling linear regression tasks and data, and the empirical solutions of ERM and MAML (Appendix D)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, Episode, data_sets, episode_data, real_number, whole_number
from paperlib.environments import Groups, TaskEnvironment, checked_tasks
from paperlib.gaussian import square_roots


def sample_tasks(env: TaskEnvironment, count: int, rng: np.random.Generator) -> tuple[Groups, Array]:
    r"""Draw tasks (Section 2): which group g each belongs to, with probability :math:`p_g`, and its optimum.

    Args:
        env: the task environment.
        count: number of tasks T, at least 1.
        rng: the random generator.

    Returns:
        groups (T,), whole numbers below `env.groups`, and optima (T, d).

    Raises:
        ValueError: if count is not a positive whole number.

    Example:
        >>> groups, optima = sample_tasks(TaskEnvironment.two_tasks(2, 0.2, 1.0), 3, np.random.default_rng(0))
        >>> groups, optima[0]
        (array([1, 0, 0]), array([-1., -1.]))
    """
    groups = rng.choice(env.groups, size=whole_number("count", count), p=env.probabilities)
    optima = env.means[groups]
    if env.spreads.any():
        standard = rng.standard_normal(optima.shape)
        optima = optima + np.einsum("tij,tj->ti", square_roots(env.spreads)[groups], standard)
    return groups, optima


def sample_data(
    env: TaskEnvironment, groups: ArrayLike, optima: ArrayLike, n: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    r"""Draw n labelled samples of each task: :math:`x\sim N(0,\Sigma_g)`, :math:`y=\langle w^*,x\rangle+z`.

    Args:
        env: the task environment.
        groups: (T,), the groups of the tasks.
        optima: (T, d), their optima.
        n: samples of each task, at least 1.
        rng: the random generator.

    Returns:
        X (T, n, d) and y (T, n).

    Raises:
        ValueError: n not a positive whole number, groups or optima of the wrong shape, or no group of the environment.

    Example:
        >>> env, rng = TaskEnvironment.two_tasks(2, 0.2, 1.0), np.random.default_rng(0)
        >>> X, y = sample_data(env, *sample_tasks(env, 3, rng), n=4, rng=rng)
        >>> X.shape, y.shape
        ((3, 4, 2), (3, 4))
    """
    chosen, centres = checked_tasks(env, groups, optima)
    standard = rng.standard_normal((len(chosen), whole_number("n", n), env.dim))
    X = standard @ square_roots(env.covariances)[chosen]
    y = np.einsum("tnd,td->tn", X, centres)
    if env.noise_std > 0:
        y = y + env.noise_std * rng.standard_normal(y.shape)
    return X, y


def sample_episodes(
    env: TaskEnvironment, groups: ArrayLike, optima: ArrayLike, tau: int, n1: int, n2: int, rng: np.random.Generator
) -> list[tuple[Array, Array, Array, Array]]:
    """Draw tau episodes of each task (Section 2), as `maml_estimate` takes them.

    Args:
        env, groups, optima, rng: as for `sample_data`.
        tau: number of episodes of each task, at least 1.
        n1: number of outer samples of an episode, at least 1.
        n2: number of inner samples of an episode, at least 1.

    Returns:
        tuples of inner inputs (n2, d), inner labels (n2,), outer inputs (n1, d) and outer labels (n1,).

    Raises:
        ValueError: tau, n1 or n2 not a positive whole number, or groups or optima as for `sample_data`.

    Example:
        >>> env, rng = TaskEnvironment.two_tasks(2, 0.2, 1.0), np.random.default_rng(0)
        >>> episodes = sample_episodes(env, *sample_tasks(env, 3, rng), tau=2, n1=4, n2=5, rng=rng)
        >>> len(episodes), [part.shape for part in episodes[0]]
        (6, [(5, 2), (5,), (4, 2), (4,)])
    """
    tau, n1, n2 = whole_number("tau", tau), whole_number("n1", n1), whole_number("n2", n2)
    chosen, centres = checked_tasks(env, groups, optima)
    X, y = sample_data(env, np.repeat(chosen, tau), np.repeat(centres, tau, axis=0), n1 + n2, rng)
    return [(a[:n2], b[:n2], a[n2:], b[n2:]) for a, b in zip(X, y, strict=True)]


def erm_estimate(X: Sequence[ArrayLike], y: Sequence[ArrayLike]) -> Array:
    r"""Return the ERM training solution, the minimiser of (40) and, with as many samples for each task, of (3).

    .. math:: w_{ERM}=\Bigl(\sum_iX_i^\top X_i\Bigr)^{-1}\sum_iX_i^\top y_i

    Eq. (41), Appendix D. Computed from the stacked rows, without forming the normal equations.

    Args:
        X: T inputs (n_i, d).
        y: T label vectors (n_i,).

    Returns:
        (d,).

    Raises:
        ValueError: no tasks, shapes that do not match, or rows that do not span the d dimensions.

    Example:
        >>> erm_estimate([[[1.0]], [[2.0]]], [[1.0], [-2.0]])
        array([-0.6])
    """
    inputs, labels = data_sets("X", X, "y", y)
    return _least_squares("X", np.concatenate(inputs), np.concatenate(labels))


def maml_estimate(episodes: Iterable[Episode], alpha: float) -> Array:
    r"""Return the MAML training solution, the minimiser of (4).

    .. math:: w_{MAML} = \Bigl(\sum_e\hat P_eS_e\hat P_e\Bigr)^{-1}\sum_e\hat P_eX_e^{out\top}
        \Bigl(y_e^{out}-\tfrac{\alpha}{n_2}X_e^{out}X_e^{in\top}y_e^{in}\Bigr)

    with :math:`\hat P_e=I-\tfrac{\alpha}{n_2}X_e^{in\top}X_e^{in}` and :math:`S_e=X_e^{out\top}X_e^{out}` of episode e.

    Eq. (43), Appendix D, with the labels in place of optima and noise. Computed as the least squares problem (42).

    Args:
        episodes: tuples of inner inputs (n2, d), inner labels (n2,), outer inputs (n1, d) and outer labels (n1,).
        alpha: inner learning rate, not negative; 0 is no step, least squares on the outer samples.

    Returns:
        (d,).

    Raises:
        ValueError: alpha < 0, no episodes, shapes that do not match, or adapted rows that do not span d dimensions.

    Example:
        One step of rate 1/2 on x = 1, y = 2 takes w to w/2 + 1, which fits y = 3 at x = 1 if w = 4:

        >>> maml_estimate([([[1.0]], [2.0], [[1.0]], [3.0])], alpha=0.5)
        array([4.])
    """
    rate = real_number("alpha", alpha, at_least=0.0)
    rows, targets = [], []
    for X_in, y_in, X_out, y_out in zip(*episode_data(episodes), strict=True):
        step = rate / len(X_in)
        rows.append(X_out - step * (X_out @ X_in.T) @ X_in)
        targets.append(y_out - step * X_out @ (X_in.T @ y_in))
    return _least_squares("episodes", np.concatenate(rows), np.concatenate(targets))


def _least_squares(name: str, rows: Array, targets: Array) -> Array:
    solution, _, rank, _ = np.linalg.lstsq(rows, targets, rcond=None)
    if rank < rows.shape[1]:
        raise ValueError(
            f"{name} must span all {rows.shape[1]} dimensions for a unique solution; "
            f"the {len(rows)} rows{' after adaptation' * (name == 'episodes')} span only {rank}"
        )
    return cast(Array, solution)
