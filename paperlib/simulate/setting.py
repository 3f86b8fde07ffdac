r"""One point of a training experiment, and how large its learning rate is, and may be.

Stability is that of stochastic gradient descent on random quadratics.
The error :math:`e_t` of an iteration with random curvature :math:`A_t` obeys :math:`e_{t+1}=(I-\beta A_t)e_t+` noise.
Its mean is stable for :math:`\beta<2/\lambda_{\max}(E[A])`. Its second moment M obeys
:math:`M\mapsto M-\beta(\bar AM+M\bar A)+\beta^2E[AMA]`, stable for :math:`\beta<1/\varrho(\mathcal L^{-1}\mathcal S)`
with :math:`\mathcal LM=\bar AM+M\bar A`, :math:`\mathcal SM=E[AMA]` and :math:`\varrho` the spectral radius:
for positive semidefinite X, :math:`\mathcal LX-\beta\mathcal SX` is positive for some X exactly for these rates.
The second limit is the smaller one, since :math:`E[AMA]\succeq\bar AM\bar A`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from paperlib.arguments import Array, real_number, whole_number
from paperlib.environments import TaskEnvironment
from paperlib.linear.wishart import average

Algorithm = Literal["erm", "maml"]
DENSE = 600
"""Up to this many entries of a symmetric matrix the operator is written down, and all its eigenvalues are computed."""


@dataclass(frozen=True)
class Setting:
    """A named environment and the numbers of samples of an iteration (Appendix C.1).

    The name is the identity of the setting: with the seed it decides every random number of a run.

    Args:
        name: any text; errors use it.
        env: the task environment.
        alpha: inner learning rate, not negative; also the rate of adaptation at test time.
        n1: outer samples, at least 1 (C.1 has 25); ERM sees n = n1 + n2 samples.
        n2: inner samples, and samples of the adaptation step at test time (m = n2), at least 1.

    Raises:
        ValueError: empty name, env no TaskEnvironment, alpha < 0, n1 or n2 not a positive whole number.

    Example:
        A point of Figure 8:

        >>> env = TaskEnvironment.two_tasks(10, rho_hard=0.2, rho_easy=1.0, noise_std=1.0)
        >>> Setting("rho_H = 0.2", env, alpha=1.0, n1=25, n2=500).n2
        500
    """

    name: str
    env: TaskEnvironment
    alpha: float
    n1: int
    n2: int

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"name must be a text, not empty; got {self.name!r}")
        if not isinstance(self.env, TaskEnvironment):
            raise ValueError(f"env must be a TaskEnvironment; got {type(self.env).__name__}")
        object.__setattr__(self, "alpha", real_number("alpha", self.alpha, at_least=0.0))
        object.__setattr__(self, "n1", whole_number("n1", self.n1))
        object.__setattr__(self, "n2", whole_number("n2", self.n2))

    def phases(self, purpose: Algorithm | Literal["test"]) -> dict[str, int]:
        """Return the sets of samples that one iteration draws, or one task at test time, and their sizes (C.1).

        Args:
            purpose: "erm", "maml" or "test".

        Raises:
            KeyError: another purpose.

        Example:
            >>> env = TaskEnvironment.two_tasks(1, 0.2, 1.0)
            >>> Setting("one", env, alpha=1.0, n1=25, n2=500).phases("erm")
            {'all': 525}
        """
        sizes = {
            "erm": {"all": self.n1 + self.n2},
            "maml": {"inner": self.n2, "outer": self.n1},
            "test": {"inner": self.n2},
        }
        return sizes[purpose]


def protocol_rate(algorithm: Algorithm, n2: int) -> float:
    """Return C.1's learning rate: 0.025 for ERM, n2/10000 for MAML.

    Args:
        algorithm: "erm" or "maml".
        n2: number of inner samples, at least 1.

    Raises:
        ValueError: another algorithm, or n2 not a positive whole number.

    Example:
        >>> protocol_rate("maml", 2000), protocol_rate("erm", 2000)
        (0.2, 0.025)
    """
    n2 = whole_number("n2", n2)
    return 0.025 if checked_algorithm(algorithm) == "erm" else n2 / 10_000


def checked_algorithm(algorithm: str) -> Algorithm:
    """Return the name of an algorithm, or raise a ValueError that lists them."""
    if algorithm not in get_args(Algorithm):
        raise ValueError(f"algorithm must be 'erm' or 'maml'; got {algorithm!r}")
    return algorithm  # type: ignore[return-value]


def stability_limits(algorithm: Algorithm, env: TaskEnvironment, alpha: float, n1: int, n2: int) -> tuple[float, float]:
    r"""Return the largest learning rates at which the mean and the mean square of the iterates stay bounded.

    ERM has :math:`A=X^\top X/n` with n = n1 + n2, MAML :math:`A=\hat P\,(X^{out\top}X^{out}/n_1)\,\hat P` with
    :math:`\hat P=I-\frac\alpha{n_2}X^{in\top}X^{in}`. Exact, from the moments of the Wishart distribution.

    Args:
        algorithm: "erm" or "maml".
        env: the task environment.
        alpha: inner learning rate, not negative; 0 is no step.
        n1: outer samples.
        n2: inner samples.

    Returns:
        The limit of the mean, and that of the mean square.

    Raises:
        ValueError: another algorithm, alpha < 0, or a count that is not a positive whole number.

    Example:
        One dimension, variance one: :math:`E[A]=1` and :math:`E[A^2]=1+2/n`.

        >>> mean, square = stability_limits("erm", TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=1.0, n1=1, n2=1)
        >>> round(mean, 12), round(square, 12)
        (2.0, 1.0)
    """
    n1, n2 = whole_number("n1", n1), whole_number("n2", n2)
    rate = real_number("alpha", alpha, at_least=0.0)
    rate, outer = (0.0, n1 + n2) if checked_algorithm(algorithm) == "erm" else (rate, n1)
    mean, parts = np.zeros((env.dim, env.dim)), []
    for p, sigma in zip(env.probabilities, env.covariances, strict=True):
        values, axes = np.linalg.eigh(sigma)
        first, equal, mixed = _moments(values, rate, n2)
        mean += p * (axes * first) @ axes.T
        parts.append((p, axes, equal, mixed))

    def square(M: Array) -> Array:
        total = np.zeros_like(M)
        for p, axes, equal, mixed in parts:
            own = axes.T @ M @ axes
            diagonal = np.diagonal(own, axis1=-2, axis2=-1)
            # E[BMB] + (E[BMB] + E[tr(BM) B]) / n over the outer samples, B = PΣP
            image = ((1 + 1 / outer) * (equal + mixed) + 2 / outer * mixed) * own
            image += (diagonal @ ((1 + 1 / outer) * mixed + equal / outer))[..., None] * np.eye(env.dim)
            total += p * axes @ image @ axes.T
        return total

    return float(2.0 / np.linalg.eigvalsh(mean)[-1]), 1.0 / _radius(mean, square)


def _moments(values: Array, alpha: float, n2: int) -> tuple[Array, Array, Array]:
    r"""Return what :math:`E[B]` and :math:`E[B\otimes B]` are made of for a diagonal Σ, :math:`B=\hat P\Sigma\hat P`.

    Reflections of an axis leave Σ alone, so :math:`E[B_{ab}]=m_a[a=b]` and, with symmetric U and V,
    :math:`E[B_{ab}B_{cd}]=U_{ac}[a=b,c=d]+V_{ab}([a=c,b=d]+[a=d,b=c])`.
    """
    sigma = np.diag(values)
    step = (np.eye(len(values)) - alpha * sigma, -alpha)
    factors = [step, (sigma, 0.0), step]
    first = average("ax,xy,ya->a", factors, sigma, n2)
    equal = average("ax,xy,ya,cz,zw,wc->ac", 2 * factors, sigma, n2)
    mixed = average("ax,xy,yb,az,zw,wb->ab", 2 * factors, sigma, n2)
    np.fill_diagonal(mixed, 0.0)  # what U counts already
    return first, equal, mixed


def _radius(mean: Array, square: Callable[[Array], Array]) -> float:
    r"""Return the spectral radius of :math:`\mathcal L^{-1}\mathcal S`, or a number just above it.

    It is the largest eigenvalue of the symmetric :math:`\mathcal L^{-1/2}\mathcal S\mathcal L^{-1/2}`. Where that is
    too large to write down, Lanczos' method comes near it from below. The matrix X that it finds is positive definite,
    as all images of :math:`\mathcal S` are, and the least c with :math:`\mathcal L^{-1}\mathcal SX\preceq cX` is a
    bound from above (Collatz and Wielandt).
    """
    values, axes = np.linalg.eigh(mean)
    scale = np.sqrt(values[:, None] + values)
    rows, columns = np.triu_indices(len(mean))
    weights = np.where(rows == columns, 1.0, np.sqrt(0.5))  # of an orthonormal basis of the symmetric matrices

    def matrix(vector: Array) -> Array:
        M = np.zeros((*vector.shape[:-1], *mean.shape))
        M[..., rows, columns] = M[..., columns, rows] = weights * vector
        return M

    def image(vector: Array) -> Array:
        M = axes.T @ square(axes @ (matrix(vector) / scale) @ axes.T) @ axes / scale
        return np.asarray(M[..., rows, columns] / weights)

    if len(rows) <= DENSE:
        return float(np.linalg.eigvalsh(image(np.eye(len(rows))))[-1])
    operator = LinearOperator((len(rows), len(rows)), matvec=lambda x: image(np.ravel(x)), dtype=float)
    start = np.where(rows == columns, 1.0, 0.0)
    _, vectors = eigsh(operator, k=1, which="LA", v0=start)
    X = matrix(vectors[:, 0] * np.sign(vectors[:, 0] @ start)) / scale
    after = axes.T @ square(axes @ X @ axes.T) @ axes / scale**2
    root = np.linalg.inv(np.linalg.cholesky(X))
    return float(np.linalg.eigvalsh(root @ after @ root.T)[-1])
