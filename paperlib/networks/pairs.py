r"""Expectations over the inputs of products of two neurons, the bricks of every population quantity.

For :math:`x\sim N(0,\Sigma)`, :math:`u=\langle w,x\rangle` and :math:`v=\langle b,x\rangle`, a pair knows

.. math:: K_{ij}=E[\sigma^{(i)}(u)\,\sigma^{(j)}(v)],\qquad
          E[\sigma^{(i)}(u)\,\sigma^{(j)}(v)\,x],\qquad E[\sigma^{(i)}(u)\,\sigma^{(j)}(v)\,xx^\top]

for all neurons w of one network and b of another. Whatever d is, only the plane of w and b enters.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from paperlib.networks.hermite import HermiteNeurons, HermitePair
from paperlib.networks.planes import ReluPair
from paperlib.networks.wide import Resolution, WidePair

Rule = int | Resolution | None
"""Gauss–Hermite nodes, or the resolution of the rule for wide neurons; ReLUs need none."""


class Pair(Protocol):
    """Expectations of products of a neuron w of one network and a neuron b of another."""

    def expectation(self, i: int, j: int) -> Tensor:
        """Return K_ij: (..., M, K)."""

    def first_moment(self, i: int, j: int) -> Tensor:
        """Return E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) x]: (..., M, K, d)."""

    def second_moment(self, i: int, j: int) -> Tensor:
        """Return E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) xxᵀ]: (..., M, K, d, d)."""


def pairs(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, rule: Rule) -> tuple[Pair, Pair, Pair]:
    """Return the pairs (W, W), (W, W_star) and (W_star, W_star) of neurons in columns, for inputs N(0, covariance)."""
    if activation != "relu" and isinstance(rule, int):
        own, target = (HermiteNeurons(activation, neurons, covariance, rule) for neurons in (W, W_star))
        return HermitePair(own, own), HermitePair(own, target), HermitePair(target, target)
    root = torch.linalg.cholesky(covariance)
    sides = (W, W), (W, W_star), (W_star, W_star)
    if activation == "relu":
        return tuple(ReluPair(*pair, root) for pair in sides)  # type: ignore[return-value]
    return tuple(WidePair(*pair, root, activation, rule) for pair in sides)  # type: ignore[return-value,arg-type]
