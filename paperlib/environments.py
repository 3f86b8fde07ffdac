r"""Task environments: the distributions of tasks that the paper's closed forms take expectations over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paperlib.arguments import LARGEST, Array, distribution, finite_array, real_number, symmetric_matrices, whole_number

Groups = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class TaskEnvironment:
    r"""A finite mixture of groups of linear regression tasks (Section 3 and Section 3.2).

    A task is drawn by choosing group :math:`g` with probability :math:`p_g` and its optimum
    :math:`w^* \sim N(\mu_g, S_g)`; its data are :math:`x \sim N(0, \Sigma_g)`,
    :math:`y = \langle w^*, x\rangle + z`, :math:`z \sim N(0, \sigma^2)`.
    A spread of zero makes the group a single task, so finite lists of tasks are environments too.

    Args:
        probabilities: (G,), positive, sum to one.
        covariances: (G, d, d), symmetric positive definite input covariances :math:`\Sigma_g`.
        means: (G, d), centres :math:`\mu_g` of the task optima.
        spreads: (G, d, d), symmetric positive semidefinite covariances :math:`S_g` of the task optima.
        noise_std: standard deviation :math:`\sigma \ge 0` of the label noise.

    Raises:
        ValueError: if an argument breaks one of the conditions above; the message names the argument.

    Example:
        Two one-dimensional tasks, one of each group:

        >>> env = TaskEnvironment([0.5, 0.5], [[[0.2]], [[1.0]]], [[1.0], [-1.0]], [[[0.0]], [[0.0]]])
        >>> env.groups, env.dim
        (2, 1)
    """

    probabilities: Array
    covariances: Array
    means: Array
    spreads: Array
    noise_std: float = 0.0

    def __post_init__(self) -> None:
        probabilities = distribution("probabilities", self.probabilities)
        covariances = symmetric_matrices("covariances", self.covariances, 3)
        means = finite_array("means", self.means, 2)
        spreads = symmetric_matrices("spreads", self.spreads, 3, definite=False)
        groups, dim = probabilities.size, covariances.shape[-1]
        for name, array, shape in (
            ("covariances", covariances, (groups, dim, dim)),
            ("means", means, (groups, dim)),
            ("spreads", spreads, (groups, dim, dim)),
        ):
            if array.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, one entry per probability; got {array.shape}")
        noise_std = real_number("noise_std", self.noise_std, at_least=0.0)
        for array in (probabilities, covariances, means, spreads):
            array.flags.writeable = False
        for name, value in zip(
            ("probabilities", "covariances", "means", "spreads", "noise_std"),
            (probabilities, covariances, means, spreads, noise_std),
            strict=True,
        ):
            object.__setattr__(self, name, value)

    @property
    def groups(self) -> int:
        """Number of task groups, G."""
        return int(self.probabilities.size)

    @property
    def dim(self) -> int:
        """Dimension d of inputs and parameters."""
        return int(self.means.shape[1])

    def average(self, values: ArrayLike) -> Array:
        r"""Return the mean over groups, :math:`\sum_gp_gv_g`, of what has a value for each.

        Args:
            values: (G, ...).

        Returns:
            (...).

        Raises:
            ValueError: values not of shape (G, ...).

        Example:
            >>> TaskEnvironment.two_tasks(1, 0.2, 1.0, p_hard=0.25).average([4.0, 8.0])
            np.float64(7.0)
        """
        array = finite_array("values", values, largest=LARGEST**14)  # beyond what the closed forms reach
        if array.shape[:1] != (self.groups,):
            raise ValueError(f"values must have shape ({self.groups}, ...), one for each group; got {array.shape}")
        return np.tensordot(self.probabilities, array, 1)[()]

    @classmethod
    def finite_tasks(
        cls,
        covariances: ArrayLike,
        optima: ArrayLike,
        probabilities: ArrayLike | None = None,
        noise_std: float = 0.0,
    ) -> TaskEnvironment:
        r"""Return the environment of finitely many tasks with known optima (the groups have no spread).

        Args:
            covariances: (G, d, d), symmetric positive definite.
            optima: (G, d), the task optima :math:`w_g^*`.
            probabilities: (G,); uniform when left out.
            noise_std: standard deviation of the label noise.

        Raises:
            ValueError: an argument breaks one of these conditions.

        Example:
            >>> TaskEnvironment.finite_tasks([[[0.2]], [[1.0]]], [[1.0], [-1.0]]).probabilities
            array([0.5, 0.5])
        """
        means = finite_array("optima", optima, 2)
        count, dim = means.shape
        return cls(
            np.full(count, 1.0) / count if probabilities is None else probabilities,  # type: ignore[arg-type]
            covariances,  # type: ignore[arg-type]
            means,
            np.zeros((count, dim, dim)),
            noise_std=noise_std,
        )

    @classmethod
    def two_tasks(
        cls,
        dim: int,
        rho_hard: float,
        rho_easy: float,
        optimum_hard: ArrayLike | None = None,
        optimum_easy: ArrayLike | None = None,
        p_hard: float = 0.5,
        noise_std: float = 0.0,
    ) -> TaskEnvironment:
        r"""Return the two tasks of Section 3.1: :math:`\Sigma_1=\rho_H I_d`, :math:`\Sigma_2=\rho_E I_d`.

        Group 0 is the hard task. The optima are :math:`1_d` and :math:`-1_d` when left out, as in the paper.

        Args:
            dim: dimension d, at least 1.
            rho_hard: input variance :math:`\rho_H>0` of the hard task.
            rho_easy: that of the easy one, :math:`\rho_E\ge\rho_H`; equal ones make the tasks equally hard.
            optimum_hard, optimum_easy: (d,).
            p_hard: probability of the hard task, strictly between 0 and 1.
            noise_std: standard deviation of the label noise, not negative.

        Raises:
            ValueError: an argument breaks one of these conditions.

        Example:
            >>> TaskEnvironment.two_tasks(2, rho_hard=0.2, rho_easy=1.0).means
            array([[ 1.,  1.], [-1., -1.]])
        """
        hard, easy = _two_covariances(dim, rho_hard, rho_easy)
        dim = len(hard)
        optima = [np.ones(dim), -np.ones(dim)]
        for task, (name, optimum) in enumerate((("optimum_hard", optimum_hard), ("optimum_easy", optimum_easy))):
            if optimum is not None:
                optima[task] = finite_array(name, optimum)
            if optima[task].shape != (dim,):
                raise ValueError(f"{name} must have shape ({dim},); got {optima[task].shape}")
        return cls.finite_tasks([hard, easy], optima, _two_probabilities(p_hard), noise_std)

    @classmethod
    def hard_easy(
        cls,
        dim: int,
        rho_hard: float,
        rho_easy: float,
        R: float,
        r_hard: float,
        r_easy: float,
        p_hard: float = 0.5,
        noise_std: float = 0.0,
    ) -> TaskEnvironment:
        r"""Return the mixture of Section 3.2: hard optima :math:`N(R1_d, r_H I_d)`, easy :math:`N(0_d, r_E I_d)`.

        Group 0 is the hard one. `R` multiplies the all-ones vector, so the centres are :math:`R\sqrt d` apart.

        Args:
            dim, rho_hard, rho_easy, p_hard, noise_std: as for `two_tasks`.
            R: distance of the centres in each coordinate, not negative.
            r_hard: variance of the optima of hard tasks, not negative.
            r_easy: that of easy ones, not negative.

        Raises:
            ValueError: an argument breaks one of these conditions.

        Example:
            >>> env = TaskEnvironment.hard_easy(2, rho_hard=0.1, rho_easy=0.9, R=3, r_hard=1, r_easy=2)
            >>> env.means[0], env.spreads[1, 0, 0]
            (array([3., 3.]), np.float64(2.0))
        """
        hard, easy = _two_covariances(dim, rho_hard, rho_easy)
        dim, eye = len(hard), np.eye(len(hard))
        distance = real_number("R", R, at_least=0.0)
        spread_hard = real_number("r_hard", r_hard, at_least=0.0)
        spread_easy = real_number("r_easy", r_easy, at_least=0.0)
        return cls(
            _two_probabilities(p_hard),
            np.stack([hard, easy]),
            np.stack([np.full(dim, distance), np.zeros(dim)]),
            np.stack([spread_hard * eye, spread_easy * eye]),
            noise_std=noise_std,
        )


def checked_tasks(env: TaskEnvironment, groups: ArrayLike, optima: ArrayLike) -> tuple[Groups, Array]:
    """Return groups (T,) and optima (T, d) of tasks, or raise a ValueError if the environment has no such tasks."""
    count, centres = len(finite_array("groups", groups, 1)), finite_array("optima", optima, 2)
    chosen = np.array([whole_number("groups", g, at_least=0) for g in cast(Sequence[int], groups)], dtype=np.intp)
    if (chosen >= env.groups).any():
        raise ValueError(f"groups must be whole numbers from 0 to {env.groups - 1}, one for each task; got {groups!r}")
    if centres.shape != (count, env.dim):
        raise ValueError(f"optima must have shape {(count, env.dim)}, one row per task; got {centres.shape}")
    return chosen, centres


def _two_covariances(dim: int, rho_hard: float, rho_easy: float) -> tuple[Array, Array]:
    eye = np.eye(whole_number("dim", dim))
    hard, easy = real_number("rho_hard", rho_hard, above=0.0), real_number("rho_easy", rho_easy, above=0.0)
    if hard > easy:
        raise ValueError(f"rho_hard must be at most rho_easy, which makes it hard; got {rho_hard!r} and {rho_easy!r}")
    return hard * eye, easy * eye


def _two_probabilities(p_hard: float) -> Array:
    p = real_number("p_hard", p_hard)
    if not 0.0 < p < 1.0:
        raise ValueError(f"p_hard must lie strictly between 0 and 1; got {p_hard!r}")
    return np.array([p, 1.0 - p])
