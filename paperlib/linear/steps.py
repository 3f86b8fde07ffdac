r"""The curvature of a task's loss after inner steps, as a function of the start: K of them, on fresh batches or one.

Several steps on one batch make it the mean of a power of a Wishart matrix on both sides of the covariance.
In the axes of :math:`\Sigma` everything that is not random is diagonal, a product of powers of :math:`\Sigma` and
:math:`C = I-\alpha\Sigma`. What is random are the factors :math:`P = I-\alpha\hat S`. Integrating the first of them by
parts takes it out of any product of them, in terms of products with fewer (chapter 12):

.. math:: E[PW] = C\,E[W] + \tfrac\alpha n\sum_{W=APB}E\bigl[\Sigma A^\top(I-P)B
          + \operatorname{tr}(A(I-P))\,\Sigma B\bigr],

and a trace beside it, :math:`\operatorname{tr}(PV)`, adds :math:`\tfrac\alpha n\Sigma(V+V^\top)(I-P)W`. As
:math:`I-P=\alpha\hat S` stands in full, nothing cancels for small steps or large batches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, finite_array, real_number, sample_number, symmetric_matrices, whole_number
from paperlib.environments import TaskEnvironment

MOST_STEPS = 6  # two seconds: the number of products triples with each step

Letter = tuple[int, int]  # Σ^a C^b
Word = tuple[Letter, ...]  # the letters between the factors P: of a product with k of them k + 1, of a trace k


def adapted_covariance(
    covariance: ArrayLike, alpha: float, s: float, steps: int = 1, same_batch: bool = False
) -> Array:
    r"""Return the curvature of a task's loss after adaptation, as a function of the start.

    .. math:: Q^{(s)} = (I-\alpha\Sigma)\Sigma(I-\alpha\Sigma)
              + \tfrac{\alpha^2}{s}\bigl(\operatorname{tr}(\Sigma^2)\,\Sigma + \Sigma^3\bigr)

    Eq. (5), Section 3: :math:`E[P\Sigma P]` with :math:`P = I-\alpha X^\top X/s`. With a fresh batch for each of K
    steps, :math:`E[P_1\cdots P_K\Sigma P_K\cdots P_1]`, this map is applied K times, the middle :math:`\Sigma` replaced
    by what the last step made of it (chapter 12):

    .. math:: M \mapsto (I-\alpha\Sigma)M(I-\alpha\Sigma)
              + \tfrac{\alpha^2}{s}\bigl(\operatorname{tr}(\Sigma M)\,\Sigma + \Sigma M\Sigma\bigr)

    With K steps on the same batch it is :math:`E[P^K\Sigma P^K]`, Wishart moments up to order 2K.

    Args:
        covariance: (..., d, d), symmetric positive definite.
        alpha: inner learning rate, not negative; 0 is no step.
        s: number of samples of a batch, at least 1; `math.inf` is the full gradient.
        steps: number K of inner steps, at least 1; at most 6 where they share a batch of finitely many samples.
        same_batch: whether the steps share one batch, or each has its own.

    Returns:
        (..., d, d), symmetric positive semidefinite, definite for finite s.

    Raises:
        ValueError: covariance not symmetric positive definite, alpha < 0, s or steps not a positive whole number, more
            than 6 steps on a batch, or steps so large that the curvature leaves the range of float64.

    Example:
        :math:`\rho(1-\alpha\rho)^2 + 2\alpha^2\rho^3/s` in one dimension, and its square where :math:`\rho=1`;
        on the same two samples :math:`E(1-\tfrac12\hat s)^4=1-2+3-3+\tfrac32`:

        >>> adapted_covariance([[1.0]], alpha=0.5, s=2)
        array([[0.5]])
        >>> adapted_covariance([[1.0]], alpha=0.5, s=2, steps=2)
        array([[0.25]])
        >>> adapted_covariance([[1.0]], alpha=0.5, s=2, steps=2, same_batch=True)
        array([[0.5]])
    """
    sigma = symmetric_matrices("covariance", covariance)
    rate, count = real_number("alpha", alpha, at_least=0.0), sample_number("s", s)
    times = whole_number("steps", steps)
    if not isinstance(same_batch, bool | np.bool_):
        raise ValueError(f"same_batch must be True or False; got {same_batch!r}")
    with np.errstate(over="ignore", invalid="ignore"):
        if same_batch and times > 1 and np.isfinite(count):
            if times > MOST_STEPS:
                raise ValueError(f"steps must be at most {MOST_STEPS} on the same batch; got {steps!r}")
            result = reused(sigma, rate, count, times)
        else:
            result = sigma
            for _ in range(times):
                result = step_back(sigma, result, rate, count)
    if not np.isfinite(result).all():
        raise ValueError(f"steps must keep the curvature in the range of float64; {steps!r} at alpha={alpha!r} do not")
    return np.asarray(0.5 * (result + result.swapaxes(-1, -2)))


def step_back(sigma: Array, curvature: Array, rate: float, count: float) -> Array:
    r"""Return :math:`E[PMP]`: the curvature before a step on a fresh batch, of the one after it."""
    contraction = np.eye(sigma.shape[-1]) - rate * sigma
    product = sigma @ curvature
    trace = np.trace(product, axis1=-2, axis2=-1)[..., None, None]
    return np.asarray(contraction @ curvature @ contraction + rate**2 / count * (trace * sigma + product @ sigma))


def best_step(env: TaskEnvironment, w: ArrayLike, m: float) -> float:
    r"""Return the inner learning rate with the least test loss of an initialisation.

    .. math:: \alpha^*(w) = \frac{E_i\operatorname{tr}(\Sigma_i^2M_i)}{E_i\operatorname{tr}\bigl[\bigl((1+\tfrac1m)
              \Sigma_i^3+\tfrac1m\operatorname{tr}(\Sigma_i^2)\Sigma_i\bigr)M_i\bigr]
              + \tfrac{\sigma^2}mE_i\operatorname{tr}(\Sigma_i^2)}

    with :math:`M_i = (w-\mu_i)(w-\mu_i)^\top+S_i`: Eq. (1) is a parabola in the rate (chapter 11). For isotropic tasks
    :math:`E[\rho^2s]/((1+\tfrac{d+1}m)E[\rho^3s]+\tfrac{\sigma^2d}mE\rho^2)` with :math:`s=E\lVert w-w_i^*\rVert^2`.

    Args:
        env: the task environment.
        w: (d,), the initialisation.
        m: number of samples of the step, at least 1; `math.inf` is the full gradient.

    Returns:
        The rate, not negative; zero where w solves every task and only the noise would move it.

    Raises:
        ValueError: m not a positive whole number, w not of shape (d,), or a start and noise so small that every step
            leaves the risk at zero.

    Example:
        One task with :math:`\rho=1`, and a step on two samples: :math:`1/(1+\tfrac22)`.

        >>> best_step(TaskEnvironment.finite_tasks([[[1.0]]], [[3.0]]), [0.0], m=2)
        0.5
    """
    start, count = checked_start(env, w), sample_number("m", m)
    offsets = start - env.means
    moments = offsets[:, :, None] * offsets[:, None, :] + env.spreads
    squares = env.covariances @ env.covariances
    sizes = np.trace(squares, axis1=1, axis2=2)
    slopes = _traces(squares, moments)
    cubes = (1.0 + 1.0 / count) * _traces(squares @ env.covariances, moments)
    bends = cubes + (sizes * _traces(env.covariances, moments) + env.noise_std**2 * sizes) / count
    slope, bend = float(env.average(slopes)), float(env.average(bends))
    if bend <= 0.0:
        raise ValueError("w solves every task, which have no noise on the step: every rate leaves the risk as it is")
    return slope / bend


def checked_start(env: TaskEnvironment, w: ArrayLike) -> Array:
    """Return `w`, (d,), or raise a ValueError if it does not fit the environment."""
    start = finite_array("w", w, 1)
    if start.shape != (env.dim,):
        raise ValueError(f"w must have shape ({env.dim},) like the task optima; got {start.shape}")
    return start


def _traces(matrices: Array, moments: Array) -> Array:
    return np.asarray(np.einsum("gij,gji->g", matrices, moments))


def reused(sigma: Array, alpha: float, count: float, steps: int) -> Array:
    r"""Return :math:`E[P^K\Sigma P^K]` for covariances (..., d, d) and finitely many samples."""
    values, vectors = np.linalg.eigh(sigma)
    ends: Word = ((0, 0),) * steps
    diagonal = WishartMoments(values, alpha, count).mean((*ends, (1, 0), *ends), ())
    return np.asarray(vectors * diagonal[..., None, :] @ vectors.swapaxes(-1, -2))


class WishartMoments:
    """Means of products of the factors P and of traces of such products, each worked out once.

    Args:
        values: (..., d), the eigenvalues of the covariance.
        alpha: inner learning rate.
        count: number of samples of the batch.
    """

    def __init__(self, values: Array, alpha: float, count: float) -> None:
        """Start with no mean known."""
        self.values, self.contraction, self.weight = values, 1.0 - alpha * values, alpha / count
        self.known: dict[tuple[Word, tuple[Word, ...]], Array] = {}

    def mean(self, word: Word, traces: tuple[Word, ...]) -> Array:
        """Return the diagonal, (..., d), of the mean of a product times traces of others."""
        key = word, tuple(sorted(map(_turned, traces)))
        if key not in self.known:
            self.known[key] = self._parts(*key) if len(word) > 1 else self._closed(*key)
        return self.known[key]

    def _closed(self, word: Word, traces: tuple[Word, ...]) -> Array:
        """Return the mean of traces alone, the first of which is opened; `word` is a letter beside them."""
        if not traces:
            return self._letter(word[0])
        product = self.mean(((0, 0), *traces[0]), traces[1:])
        return np.asarray(self._letter(word[0]) * product.sum(axis=-1, keepdims=True))

    def _parts(self, word: Word, traces: tuple[Word, ...]) -> Array:
        """Integrate the first P of a product by parts."""
        first, second, *rest = word
        after, head = word[1:], _product(first, (1, 0))
        pairs = np.zeros_like(self.values)
        for place in range(1, len(after)):  # W = A P B
            before, behind = after[:place], after[place:]
            pairs += self._joined(head, before[::-1], behind, traces)
            beyond = (_product(head, behind[0]), *behind[1:])
            pairs += self._trace(before, beyond, traces) - self.mean(beyond, (*traces, before))
        for place, trace in enumerate(traces):
            others = traces[:place] + traces[place + 1 :]
            for turn in range(len(trace)):  # each P of a trace is the first once
                opened = trace[turn:] + trace[:turn]
                # V and its transpose: all letters of a trace but one are 1, so it reads the same from its other end
                pairs += 2.0 * self._joined(head, opened, after, others)
        straight = self.mean((_product(first, second, (0, 1)), *rest), traces)
        return straight + self.weight * pairs

    def _joined(self, head: Letter, left: Word, right: Word, traces: tuple[Word, ...]) -> Array:
        """Return the mean of: head, left, I - P, right."""
        start = (_product(head, left[0]), *left[1:])
        merged = (*start[:-1], _product(start[-1], right[0]), *right[1:])
        return self.mean(merged, traces) - self.mean((*start, *right), traces)

    def _letter(self, letter: Letter) -> Array:
        return np.asarray(self.values ** letter[0] * self.contraction ** letter[1])

    def _trace(self, loop: Word, word: Word, traces: tuple[Word, ...]) -> Array:
        """Return the mean of a product and traces, and the trace of a loop without its last P."""
        if len(loop) == 1:
            return np.asarray(self._letter(loop[0]).sum(axis=-1, keepdims=True) * self.mean(word, traces))
        return self.mean(word, (*traces, (_product(loop[-1], loop[0]), *loop[1:-1])))


def _product(*letters: Letter) -> Letter:
    return sum(letter[0] for letter in letters), sum(letter[1] for letter in letters)


def _turned(trace: Word) -> Word:
    """Return the first of all ways to write a trace down."""
    return min(trace[turn:] + trace[:turn] for turn in range(len(trace)))
