r"""Gauss–Hermite quadrature, and the Hermite coefficients of a function of a Gaussian variable.

With the orthonormal Hermite polynomials :math:`h_n` of a standard normal z, two jointly normal variables with
standard deviations s, t and correlation :math:`\varrho` satisfy Mehler's formula

.. math:: E[f(sz)\,g(tz')] = \sum_{n\ge0} a_n(f,s)\,a_n(g,t)\,\varrho^n, \qquad a_n(f,s)=E[f(sz)\,h_n(z)].

A double integral becomes products of single ones, and the single ones are Gauss–Hermite sums.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal

from paperlib.arguments import Array, whole_number

LARGEST_ORDER = 3000
"""The matrix of this order takes 72 MB."""
SWEPT = 24  # rows up to which matrices are inverted by elimination


@lru_cache(maxsize=16)
def gauss_hermite(order: int) -> tuple[Array, Array]:
    r"""Return nodes :math:`z_q` and the orthogonal matrix :math:`U_{nq}=\sqrt{\omega_q}\,h_n(z_q)`.

    The weights of the rule for a standard normal are :math:`\omega_q=U_{0q}^2`, since :math:`h_0=1`, and the Hermite
    coefficients of f are :math:`a_n=\sum_q U_{nq}U_{0q}f(z_q)`. The nodes are the eigenvalues of the recurrence
    :math:`z\,h_n=\sqrt{n+1}\,h_{n+1}+\sqrt n\,h_{n-1}` (Golub and Welsch).

    Args:
        order: number of nodes, from 1 to `LARGEST_ORDER`. Polynomials of degree below 2 · order are integrated exactly.

    Returns:
        (order,) and (order, order); both are shared between calls and read-only.

    Raises:
        ValueError: order is not a whole number in its range.

    Example:
        Two nodes, ±1, of weight one half:

        >>> nodes, transform = gauss_hermite(2)
        >>> nodes.round(12).tolist(), (transform[0] ** 2).round(12).tolist()
        ([-1.0, 1.0], [0.5, 0.5])
    """
    order = check_order(order)
    nodes = eigvalsh_tridiagonal(np.zeros(order), np.sqrt(np.arange(1.0, order)))
    nodes = 0.5 * (nodes - nodes[::-1])  # exactly symmetric
    rows = np.ones((order, order))
    for n in range(1, order):
        rows[n] = nodes * rows[n - 1] / np.sqrt(n)
        if n > 1:
            rows[n] -= np.sqrt((n - 1) / n) * rows[n - 2]
        large = np.abs(rows[n]) > 1e150  # a column is normalised in the end: its scale is free
        rows[: n + 1, large] *= 1e-150
    transform = rows / np.sqrt(np.sum(rows**2, axis=0))
    for array in (nodes, transform):
        array.flags.writeable = False
    return nodes, transform


def square_roots(matrices: Array) -> Array:
    """Return the symmetric square roots of symmetric positive semidefinite matrices, (..., d, d)."""
    values, vectors = np.linalg.eigh(matrices)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0.0, None))[..., None, :]) @ vectors.swapaxes(-1, -2))


def raised_inverse(matrix: Array, least: float | Array) -> Array:
    """Return the inverse of symmetric matrices (B, r, r), their eigenvalues raised to at least `least`, one or (B,).

    By elimination of one row after another, of all matrices at once, where rows are few and matrices many; by
    eigenvalues elsewhere, and where a pivot or the size of the inverse leaves it open whether one is raised.
    """
    (count, rows), swept = matrix.shape[:2], matrix.transpose(1, 2, 0).copy()
    few = rows <= min(SWEPT, count // 2)
    sure = np.full(count, few)
    with np.errstate(all="ignore"):
        for k in range(rows * few):
            column = swept[k].copy()
            scaled = column / column[k]
            sure &= column[k] > 0.0
            swept -= column[:, None] * scaled
            swept[k] = swept[:, k] = scaled
            swept[k, k] = -1.0 / column[k]
        sure &= (swept**2).sum(axis=(0, 1)) * least**2 < 1.0
    inverse, rest = -swept.transpose(2, 0, 1), np.flatnonzero(~sure)
    if rest.size:
        values, vectors = np.linalg.eigh(matrix[rest])
        raised = np.maximum(values, np.broadcast_to(least, count)[rest, None])
        inverse[rest] = vectors / raised[:, None, :] @ vectors.swapaxes(-1, -2)
    return inverse


def check_order(order: int) -> int:
    """Return `order` as an int, or raise a ValueError unless it is a whole number from 1 to `LARGEST_ORDER`."""
    return whole_number("order", order, at_most=LARGEST_ORDER)
