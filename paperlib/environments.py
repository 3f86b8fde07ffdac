r"""Task environments: the distributions of tasks that the paper's closed forms take expectations over."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def finite_array(name: str, value: ArrayLike, ndim: int | None = None) -> Array:
    """Return a finite float64 copy of `value`, of `ndim` dimensions if given, or raise a ValueError naming it."""
    try:
        if np.iscomplexobj(value):
            raise TypeError("complex")
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of real numbers; got {value!r}") from error
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimensions; got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; got {np.count_nonzero(~np.isfinite(array))} NaN or infinite entries")
    return array


def symmetric_matrices(name: str, value: ArrayLike, ndim: int | None = None, *, definite: bool = True) -> Array:
    r"""Return `value` as symmetric positive (semi)definite matrices of shape ``(..., d, d)``, or raise.

    Symmetry is asked for to a relative :math:`10^{-12}` and made exact; a semidefinite matrix may have
    eigenvalues down to :math:`-10^{-12}` of its largest entry, as rounding leaves them, and a definite one
    must have a smallest eigenvalue that rounding cannot make.
    """
    array = finite_array(name, value, ndim)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] == 0:
        raise ValueError(f"{name} must be square and not empty in its last two axes; got shape {array.shape}")
    gaps = np.abs(array - array.swapaxes(-1, -2)).max(axis=(-2, -1))
    scales = np.abs(array).max(axis=(-2, -1))
    if (gaps > 1e-12 * scales).any():
        raise ValueError(f"{name} must be symmetric; largest difference from its transpose is {gaps.max():.3g}")
    array = 0.5 * (array + array.swapaxes(-1, -2))
    smallest = np.linalg.eigvalsh(array)[..., 0]
    bad = smallest <= array.shape[-1] * np.finfo(float).eps * scales if definite else smallest < -1e-12 * scales
    if bad.any():
        kind = "positive definite" if definite else "positive semidefinite"
        raise ValueError(f"{name} must be symmetric {kind}; smallest eigenvalue is {smallest.min():.3g}")
    return array


def real_number(
    name: str, value: float, *, above: float = -np.inf, at_least: float = -np.inf, finite: bool = True
) -> float:
    """Return `value` as a float greater than `above` and not less than `at_least`, or raise a ValueError naming it."""
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a real number; got {value!r}") from error
    if not (number > above and number >= at_least) or (finite and np.isinf(number)):
        bounds = ["finite"] * finite + [f"greater than {above:g}"] * (above > -np.inf)
        bounds += [f"at least {at_least:g}"] * (at_least > -np.inf)
        raise ValueError(f"{name} must be {' and '.join(bounds)}; got {value!r}")
    return number


def whole_number(name: str, value: int) -> int:
    """Return `value` as a positive int, or raise a ValueError naming it."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a positive whole number; got {value!r}")
    return int(value)


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
        probabilities = finite_array("probabilities", self.probabilities, 1)
        if probabilities.size == 0 or (probabilities <= 0).any():
            raise ValueError(f"probabilities must be positive; got {probabilities.tolist()}")
        if abs(probabilities.sum() - 1.0) > 1e-12:
            raise ValueError(f"probabilities must sum to one; they sum to {probabilities.sum():.12g}")
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

        Example:
            >>> TaskEnvironment.finite_tasks([[[0.2]], [[1.0]]], [[1.0], [-1.0]]).probabilities
            array([0.5, 0.5])
        """
        means = finite_array("optima", optima, 2)
        count, dim = means.shape
        return cls(
            np.full(count, 1.0) / count if probabilities is None else finite_array("probabilities", probabilities),
            finite_array("covariances", covariances),
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

        Example:
            >>> TaskEnvironment.two_tasks(2, rho_hard=0.2, rho_easy=1.0).means
            array([[ 1.,  1.], [-1., -1.]])
        """
        hard, easy = _two_covariances(dim, rho_hard, rho_easy)
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

        Example:
            >>> env = TaskEnvironment.hard_easy(2, rho_hard=0.1, rho_easy=0.9, R=3, r_hard=1, r_easy=2)
            >>> env.means[0], env.spreads[1, 0, 0]
            (array([3., 3.]), np.float64(2.0))
        """
        hard, easy = _two_covariances(dim, rho_hard, rho_easy)
        eye = np.eye(dim)
        distance = real_number("R", R)
        spread_hard = real_number("r_hard", r_hard, at_least=0.0)
        spread_easy = real_number("r_easy", r_easy, at_least=0.0)
        return cls(
            _two_probabilities(p_hard),
            np.stack([hard, easy]),
            np.stack([np.full(dim, distance), np.zeros(dim)]),
            np.stack([spread_hard * eye, spread_easy * eye]),
            noise_std=noise_std,
        )


def _two_covariances(dim: int, rho_hard: float, rho_easy: float) -> tuple[Array, Array]:
    if not isinstance(dim, Integral) or dim < 1:
        raise ValueError(f"dim must be a positive integer; got {dim!r}")
    eye = np.eye(dim)
    return real_number("rho_hard", rho_hard, above=0.0) * eye, real_number("rho_easy", rho_easy, above=0.0) * eye


def _two_probabilities(p_hard: float) -> Array:
    p = real_number("p_hard", p_hard)
    if not 0.0 < p < 1.0:
        raise ValueError(f"p_hard must lie strictly between 0 and 1; got {p_hard!r}")
    return np.array([p, 1.0 - p])
