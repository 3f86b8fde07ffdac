r"""What least squares keeps of Gaussian data: Bartlett factors, drawn directly, with their exact moments.

Let :math:`X\in\mathbb R^{n\times d}` have independent standard normal entries, :math:`X = UF` its QR decomposition
with :math:`k=\min(n,d)` orthonormal columns in :math:`U`, and :math:`z\sim N(0,I_n)` independent noise. Then

.. math:: X^\top X = F^\top F,\qquad X^\top z = F^\top\zeta,\quad \zeta=U^\top z\sim N(0,I_k)\ \text{independent of}\ F,

and the entries of the upper triangular (for n < d: trapezoidal) factor are independent:
:math:`F_{ii}\sim\chi_{n+1-i}`, :math:`F_{ij}\sim N(0,1)` for :math:`i<j` (Bartlett's decomposition).
So k(2d + 3 − k)/2 numbers stand for n(d + 1), whatever n is, and n < d needs no care: the product is then singular,
as it must be. Inputs of covariance :math:`\Sigma=CC^\top` have the factor :math:`FC^\top`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, listed, symmetric_matrices, whole_number

Entries = Sequence[tuple[int, int]]


def draw_factors(count: int, n: int, dim: int, rng: np.random.Generator) -> Array:
    r"""Draw Bartlett factors: `count` matrices F with :math:`F^\top F` distributed as :math:`X^\top X`.

    Args:
        count: how many.
        n: rows of the standard normal X that F stands for, at least 1; may be smaller than `dim`.
        dim: columns d of X.
        rng: the random generator.

    Returns:
        (count, min(n, d), d), upper triangular in the last two axes.

    Raises:
        ValueError: if count, n or dim is not a positive whole number.

    Example:
        Two samples in three dimensions give a singular matrix:

        >>> F = draw_factors(5, n=2, dim=3, rng=np.random.default_rng(0))
        >>> F.shape, np.linalg.matrix_rank(F.swapaxes(1, 2) @ F)
        ((5, 2, 3), array([2, 2, 2, 2, 2]))
    """
    count, n, dim = whole_number("count", count), whole_number("n", n), whole_number("dim", dim)
    rows = min(n, dim)
    factors = np.zeros((count, rows, dim))
    fill_factors(factors, draw_diagonals(count, n, rows, rng), rng.standard_normal((count, above_diagonal(rows, dim))))
    return factors


def draw_diagonals(count: int, n: int, rows: int, rng: np.random.Generator) -> Array:
    r"""Draw the diagonals of `count` factors: :math:`\chi_n,\chi_{n-1},\dots`, (count, rows)."""
    return np.asarray(np.sqrt(2.0 * rng.standard_gamma((n - np.arange(rows)) / 2, size=(count, rows))))


def above_diagonal(rows: int, dim: int) -> int:
    """Return the number of entries above the diagonal of a factor (rows, d)."""
    return rows * dim - rows * (rows + 1) // 2


def fill_factors(out: Array, diagonals: Array, above: Array) -> None:
    """Write diagonals (..., rows) and the entries above them, row by row, (..., N) into `out`, (..., rows, d)."""
    rows, dim = out.shape[-2:]
    start = 0
    for row in range(rows):
        out[..., row, row] = diagonals[..., row]
        stop = start + dim - row - 1
        out[..., row, row + 1 :] = above[..., start:stop]
        start = stop


def wishart_moment(covariance: ArrayLike, n: int, entries: Entries) -> float:
    r"""Return :math:`E\prod_l (X^\top X)_{i_lj_l}` for n rows :math:`x\sim N(0,\Sigma)`, exactly, at any order.

    By Wick's formula, a sum over the pairings of the 2r indices of r entries,

    .. math:: \sum_{\text{pairings }\pi} n^{\,c(\pi)}\prod_{(a,b)\in\pi}\Sigma_{ab},

    where :math:`c(\pi)` counts the cycles that the pairing closes with the entries :math:`(i_l,j_l)` themselves.
    Moments that involve :math:`X^\top z` are those of one more input, of covariance :math:`\sigma^2` and
    independent of the rest: :math:`(X^\top z)_i` is entry (i, d) of the augmented matrix.

    Args:
        covariance: (d, d), symmetric positive semidefinite.
        n: number of rows, at least 1.
        entries: the index pairs :math:`(i_l, j_l)`, from 0 to d − 1.

    Raises:
        ValueError: covariance not positive semidefinite, n not a positive whole number, an index out of range.

    Example:
        The fourth moment of a chi-square variable with n degrees is n(n+2)(n+4)(n+6):

        >>> wishart_moment([[1.0]], n=3, entries=[(0, 0)] * 4)
        945.0
    """
    sigma = symmetric_matrices("covariance", covariance, 2, definite=False)
    n, indices = whole_number("n", n), [index for pair in _pairs(entries, len(sigma)) for index in pair]
    return float(
        sum(
            float(n) ** cycles * math.prod(sigma[indices[a], indices[b]] for a, b in pairs)
            for pairs, cycles in _pairings(len(indices))
        )
    )


def bartlett_moment(n: int, dim: int, entries: Entries) -> int:
    r"""Return :math:`E\prod_l (F^\top F)_{i_lj_l}` from the definition of Bartlett's factor, in whole numbers.

    Every entry is a short sum of products of independent variables, so the expectation is a finite sum of
    products of :math:`E\chi_q^{2a}=q(q+2)\cdots(q+2a-2)` and :math:`E N(0,1)^{2a}=1\cdot3\cdots(2a-1)`.
    Column `dim` (the index d) stands for :math:`\zeta`: entry (i, d) is :math:`(F^\top\zeta)_i`.
    That this equals `wishart_moment` of the identity, order by order, is what makes the shortcut exact.

    Args:
        n: number of rows of X, at least 1.
        dim: columns d of X.
        entries: index pairs from 0 to d; the pair (d, d) is not a function of :math:`(X^\top X, X^\top z)`.

    Raises:
        ValueError: n or dim not a positive whole number, an index out of range, or the pair (d, d).

    Example:
        >>> bartlett_moment(3, 1, [(0, 0)] * 4), bartlett_moment(3, 1, [(0, 1)] * 2)
        (945, 3)
    """
    n, dim = whole_number("n", n), whole_number("dim", dim)
    pairs = _pairs(entries, dim + 1)
    if (dim, dim) in pairs:
        raise ValueError(f"entries must not hold ({dim}, {dim}), which only the noise itself determines; got {entries}")
    rows = min(n, dim)
    total = 0
    for chosen in product(*(range(min(i, j, rows - 1) + 1) for i, j in pairs)):
        powers: dict[tuple[int, int], int] = {}
        for place, column in enumerate(index for pair in pairs for index in pair):
            variable = (chosen[place // 2], column)
            powers[variable] = powers.get(variable, 0) + 1
        total += math.prod(_moment(n - row if row == column else None, p) for (row, column), p in powers.items())
    return total


def _moment(degrees: int | None, power: int) -> int:
    """Return a moment of a standard normal variable, or of a chi variable (odd ones do not matter: see below)."""
    # An odd power of the diagonal entry F_ii always comes with an odd power of a normal in the same row.
    if power % 2:
        return 0
    base = 1 if degrees is None else degrees
    return math.prod(base + 2 * a for a in range(power // 2))


def _pairs(entries: Entries, dim: int) -> list[tuple[int, ...]]:
    given = [listed("entries", pair) for pair in listed("entries", entries)]
    pairs = [tuple(whole_number("entries", index, at_least=0) for index in pair) for pair in given]
    if any(len(pair) != 2 or max(pair) >= dim for pair in pairs):
        raise ValueError(f"entries must be pairs of indices from 0 to {dim - 1}; got {list(entries)}")
    return pairs


@cache
def _pairings(size: int) -> tuple[tuple[tuple[tuple[int, int], ...], int], ...]:
    """Return all pairings of 0, ..., size - 1 with the number of cycles they close with (0,1), (2,3), ...

    `paperlib.linear.wishart` counts loops in another way: each is a check of the other.
    """

    def pairings(left: tuple[int, ...]) -> Iterator[tuple[tuple[int, int], ...]]:
        if not left:
            yield ()
        for place in range(1, len(left)):
            for rest in pairings(left[1:place] + left[place + 1 :]):
                yield ((left[0], left[place]), *rest)

    found = []
    for pairs in pairings(tuple(range(size))):
        partner = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
        unseen, cycles = set(range(size)), 0
        while unseen:
            cycles += 1
            place = min(unseen)
            while place in unseen:
                unseen -= {place, place ^ 1}
                place = partner[place ^ 1]
        found.append((pairs, cycles))
    return tuple(found)
