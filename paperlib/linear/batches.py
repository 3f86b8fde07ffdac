r"""Several steps on one batch: the mean of a power of a Wishart matrix on both sides of the covariance.

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

from paperlib.arguments import Array

MOST_STEPS = 6  # two seconds: the number of products triples with each step

Letter = tuple[int, int]  # Σ^a C^b
Word = tuple[Letter, ...]  # the letters between the factors P: of a product with k of them k + 1, of a trace k


def reused(sigma: Array, alpha: float, count: float, steps: int) -> Array:
    r"""Return :math:`E[P^K\Sigma P^K]` for covariances (..., d, d) and finitely many samples."""
    values, vectors = np.linalg.eigh(sigma)
    ends: Word = ((0, 0),) * steps
    diagonal = Moments(values, alpha, count).mean((*ends, (1, 0), *ends), ())
    return np.asarray(vectors * diagonal[..., None, :] @ vectors.swapaxes(-1, -2))


class Moments:
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
