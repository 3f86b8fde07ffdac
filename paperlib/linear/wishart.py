r"""Exact averages of products of sample covariances of Gaussian rows, which follow the Wishart distribution."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from paperlib.arguments import Array, finite_array, listed, real_number, sample_number, symmetric_matrices

Factor = Array | tuple[Array, float]


def wishart_sandwich(covariance: ArrayLike, A: ArrayLike, n: float) -> Array:
    r"""Return :math:`E[\hat S A \hat S]` for the sample covariance :math:`\hat S = X^\top X/n` of n Gaussian rows.

    .. math:: \Sigma A\Sigma + \tfrac1n\bigl(\operatorname{tr}(\Sigma A)\,\Sigma + \Sigma A^\top\Sigma\bigr)

    Lemma 2, Eq. (77), which the paper states for symmetric `A` and diagonal covariance; this form needs neither.

    Args:
        covariance: (..., d, d), symmetric positive definite.
        A: (..., d, d), any matrix.
        n: number of rows of X, at least 1; `math.inf` gives the limit.

    Returns:
        (..., d, d).

    Raises:
        ValueError: covariance not symmetric positive definite, shapes that do not match, or n not a positive whole
            number.

    Example:
        In one dimension :math:`E[(x_1^2+x_2^2)^2]/4 = (3+3+2)/4`:

        >>> wishart_sandwich([[1.0]], [[1.0]], n=2)
        array([[2.]])
    """
    sigma = symmetric_matrices("covariance", covariance)
    inner = finite_array("A", A)
    if not _match(sigma.shape, inner.shape):
        raise ValueError(f"A must match the shape of covariance, {sigma.shape}, up to leading axes; got {inner.shape}")
    return sandwich(sigma, inner, sample_number("n", n))


def sandwich(sigma: Array, inner: Array, count: float) -> Array:
    """Return `wishart_sandwich` of arguments that are known to be right."""
    trace = np.trace(sigma @ inner, axis1=-2, axis2=-1)[..., None, None]
    return np.asarray(sigma @ inner @ sigma + (trace * sigma + sigma @ inner.swapaxes(-1, -2) @ sigma) / count)


def wishart_average(subscripts: str, factors: Sequence[Factor], covariance: ArrayLike, n: float) -> Array:
    r"""Return the mean of an einsum of matrices in which some factors hold the sample covariance of n Gaussian rows.

    A factor is a matrix, or a pair (B, b) that stands for :math:`B + b(\hat S-\Sigma)`. By Wick's theorem

    .. math:: E\prod_{j\le k}(\hat S-\Sigma)_{a_jb_j} = \sum_\pi n^{c(\pi)-k}\prod_{\{p,q\}\in\pi}\Sigma_{pq},

    over the pairings of the 2k indices in which no :math:`a_j` meets its own :math:`b_j`; :math:`c(\pi)` is the
    number of closed loops that the pairing makes with the edges :math:`a_jb_j`. Exact for any k, n and d.

    Args:
        subscripts: an explicit einsum of two-letter operands, each letter twice, such as ``"ab,bc,cd->ad"``.
        factors: one (d, d) matrix or pair for each operand.
        covariance: (d, d), symmetric positive definite.
        n: number of rows, at least 1; `math.inf` gives the limit.

    Returns:
        (d, ..., d), an axis for each letter of the result.

    Raises:
        ValueError: covariance not symmetric positive definite, n not a positive whole number, factors not one for
            each operand, or not (d, d).

    Example:
        The fourth moment of a chi-square variable with one degree of freedom is :math:`1\cdot3\cdot5\cdot7`:

        >>> s = (np.eye(1), 1.0)
        >>> wishart_average("ab,bc,cd,de->ae", [s, s, s, s], [[1.0]], n=1)
        array([[105.]])
    """
    sigma = symmetric_matrices("covariance", covariance, 2)
    count = sample_number("n", n)
    operands = subscripts.count(",") + 1
    given = [factor if isinstance(factor, tuple) else (factor, 0.0) for factor in listed("factors", factors)]
    if len(given) != operands:
        raise ValueError(f"factors must be {operands}, one for each operand of {subscripts!r}; got {len(given)}")
    pairs = [(finite_array("factors", mean, 2), real_number("factors", slope)) for mean, slope in given]
    shapes = [mean.shape for mean, _ in pairs]
    if any(shape != sigma.shape for shape in shapes):
        raise ValueError(f"factors must have shape {sigma.shape} like covariance; got {shapes}")
    return average(subscripts, pairs, sigma, count)


def average(subscripts: str, pairs: Sequence[tuple[Array, float]], sigma: Array, count: float) -> Array:
    """Return `wishart_average` of arguments that are known to be right, each factor a pair."""
    operands, output = subscripts.split("->")
    letters = operands.split(",")
    random = [place for place, (_, slope) in enumerate(pairs) if slope != 0.0]
    total = np.zeros((len(sigma),) * len(output))
    for k in range(len(random) + 1):
        for chosen in combinations(random, k):
            slope = math.prod(pairs[place][1] for place in chosen)
            kept = [place for place in range(len(pairs)) if place not in chosen]
            for pairing, loops in _pairings([letters[place] for place in chosen]):
                weight = slope * count ** (loops - k)
                if weight == 0.0:
                    continue
                names = [letters[place] for place in kept] + pairing
                values = [pairs[place][0] for place in kept] + [sigma] * k
                expression = ",".join(names) + "->" + output
                for places, step in _steps(expression, len(sigma)):
                    values.append(np.einsum(step, *[values.pop(place) for place in places]))
                total += weight * values[0]
    return np.asarray(total)


@lru_cache(maxsize=4096)
def _steps(expression: str, dim: int) -> list[tuple[list[int], str]]:
    """Return which operands to contract one after the other, and how: the path, which takes longer than to go it."""
    names, output = expression.split("->")
    left, steps = names.split(","), []
    for chosen in np.einsum_path(expression, *[np.empty((dim, dim))] * len(left), optimize="greedy")[0][1:]:
        places = sorted(chosen, reverse=True)
        taken = [left.pop(place) for place in places]
        result = "".join(sorted(set("".join(taken)) & set("".join(left) + output))) if left else output
        steps.append((places, ",".join(taken) + "->" + result))
        left.append(result)
    return steps


def _pairings(edges: Sequence[str]) -> Iterator[tuple[list[str], int]]:
    """Yield each pairing of the ends of the edges that joins no edge to itself, with the number of loops it makes.

    `paperlib.simulate.bartlett` counts loops in another way: each is a check of the other.
    """
    if not edges:
        yield [], 0
        return
    start, end, rest = edges[0][0], edges[0][1], edges[1:]
    for place, edge in enumerate(rest):
        for near, far in ((edge[0], edge[1]), (edge[1], edge[0])):
            # joining `end` to `near` merges two edges into one, from `start` to `far`, which may close upon itself
            merged = start + far
            others = [*rest[:place], *rest[place + 1 :]]
            for pairing, loops in _pairings([merged, *others]):
                yield [end + near, *pairing], loops
            for pairing, loops in _pairings(others):
                yield [end + near, merged, *pairing], loops + 1


def _match(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(one[:-2], other[:-2])
    except ValueError:
        return False
    return one[-2:] == other[-2:]
