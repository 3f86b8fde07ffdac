r"""Expectations over the inputs of products of two neurons, the bricks of every population quantity.

For :math:`x\sim N(0,\Sigma)`, :math:`u=\langle w,x\rangle` and :math:`v=\langle b,x\rangle`, a pair knows

.. math:: K_{ij}=E[\sigma^{(i)}(u)\,\sigma^{(j)}(v)], \qquad
          M_{ij}=E[\sigma^{(i)}(u)\,\sigma^{(j)}(v)\,xx^\top]

for all neurons w of one network and b of another. Whatever d is, only the covariance matrix of (u, v) enters.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

from paperlib.gaussian import gauss_hermite
from paperlib.networks.activations import derivative


class Pair(Protocol):
    """Expectations of products of a neuron w of one network and a neuron b of another."""

    def expectation(self, i: int, j: int) -> Tensor:
        """Return K_ij: (..., M, K)."""

    def moment(self, i: int, j: int) -> Tensor:
        """Return M_ij: (..., M, K, d, d)."""


def pair(activation: str, W: Tensor, B: Tensor, covariance: Tensor, order: int) -> Pair:
    """Return the pair of the neurons W (..., d, M) and B (..., d, K) for inputs N(0, covariance)."""
    if activation == "relu":
        return ReluPair(W, B, covariance)
    return SmoothPair(activation, W, B, covariance, order)


class SmoothPair:
    r"""The pair of a smooth activation, by Mehler's formula: one sum of `order` terms for each expectation.

    With the standard deviations s of u and t of v and their correlation :math:`\varrho`,
    :math:`K_{ij}=\sum_n a_n(\sigma^{(i)},s)\,a_n(\sigma^{(j)},t)\,\varrho^n`, where the Hermite coefficients
    :math:`a_n` are Gauss–Hermite sums (`paperlib.gaussian`). Stein's identity, applied twice, gives the moments:

    .. math:: M_{ij}=\Sigma K_{ij}
              +\Sigma\bigl(ww^\top K_{i+2,j}+(wb^\top+bw^\top)K_{i+1,j+1}+bb^\top K_{i,j+2}\bigr)\Sigma
    """

    def __init__(self, activation: str, W: Tensor, B: Tensor, covariance: Tensor, order: int) -> None:
        self.activation, self.W, self.B, self.covariance = activation, W, B, covariance
        nodes, transform = gauss_hermite(order)
        self.nodes = torch.from_numpy(nodes.copy()).to(W)
        self.transform = torch.from_numpy(transform * transform[0]).to(W)
        self.deviations = [deviation(neurons, covariance) for neurons in (W, B)]
        scale = self.deviations[0].unsqueeze(-1) * self.deviations[1].unsqueeze(-2)
        product = W.mT @ covariance @ B
        self.correlation = (product / scale.clamp_min(torch.finfo(W.dtype).tiny)).clamp(-1.0, 1.0)
        self._known: dict[tuple[int, int], Tensor] = {}

    def expectation(self, i: int, j: int) -> Tensor:
        """Return K_ij: (..., M, K)."""
        left, right = self._coefficients(0, i).unsqueeze(-1), self._coefficients(1, j).unsqueeze(-2)
        total = torch.zeros_like(self.correlation)
        for a, b in zip(left.flip(0), right.flip(0), strict=True):  # Horner's scheme in the correlation
            total = total * self.correlation + a * b
        return total

    def moment(self, i: int, j: int) -> Tensor:
        """Return M_ij: (..., M, K, d, d)."""
        w = (self.covariance @ self.W).mT.unsqueeze(-2)  # (..., M, 1, d)
        b = (self.covariance @ self.B).mT.unsqueeze(-3)  # (..., 1, K, d)
        cross = _outer(w, b)
        result = self.covariance * self.expectation(i, j)[..., None, None]
        result = result + _outer(w, w) * self.expectation(i + 2, j)[..., None, None]
        result = result + (cross + cross.mT) * self.expectation(i + 1, j + 1)[..., None, None]
        return result + _outer(b, b) * self.expectation(i, j + 2)[..., None, None]

    def _coefficients(self, side: int, order: int) -> Tensor:
        """Return the Hermite coefficients of a derivative of the activation: (nodes, ..., neurons)."""
        if (side, order) not in self._known:
            widths = self.deviations[side]
            values = derivative(self.activation, order, self.nodes.unsqueeze(-1) * widths.reshape(1, -1))
            self._known[side, order] = (self.transform @ values).reshape(len(self.nodes), *widths.shape)
        return self._known[side, order]


class ReluPair:
    r"""The pair of two ReLU networks in closed form, with the angle :math:`\theta` between u and v.

    .. math:: K_{00}=\frac{st}{2\pi}\bigl(\sin\theta+(\pi-\theta)\cos\theta\bigr),\quad
              K_{11}=\frac{\pi-\theta}{2\pi},\quad K_{20}=\frac{t\sin\theta}{2\pi s}

    (the first two are the arc-cosine kernels of Cho and Saul). Write :math:`p=\Sigma w/s` and let r be the
    component of :math:`\Sigma b/t` orthogonal to p, normalised. Then

    .. math:: M_{11}=K_{11}\Sigma+\frac{\sin\theta}{2\pi}
              \bigl(\cos\theta\,(pp^\top-rr^\top)+\sin\theta\,(pr^\top+rp^\top)\bigr),\quad
              M_{20}=K_{20}\,(\Sigma-pp^\top+rr^\top)
    """

    def __init__(self, W: Tensor, B: Tensor, covariance: Tensor) -> None:
        self.covariance = covariance
        root = torch.linalg.cholesky(covariance)
        self.s, self.t = (deviation(neurons, covariance) for neurons in (W, B))
        tiny = torch.finfo(W.dtype).tiny
        left = ((root.mT @ W) / self.s.clamp_min(tiny).unsqueeze(-2)).mT.unsqueeze(-2)  # unit vectors (..., M, 1, d)
        right = ((root.mT @ B) / self.t.clamp_min(tiny).unsqueeze(-2)).mT.unsqueeze(-3)  # (..., 1, K, d)
        # Kahan's formula keeps its digits where the arc cosine loses half of them
        self.theta = 2.0 * torch.atan2(_norm(left - right), _norm(left + right))
        across = right - (left * right).sum(-1, keepdim=True) * left
        self._p = left @ root.mT
        self._r = across / _norm(across).clamp_min(tiny).unsqueeze(-1) @ root.mT

    def expectation(self, i: int, j: int) -> Tensor:
        """Return K_ij for (0, 0), (1, 1) and (2, 0): (..., M, K)."""
        s, t = self.s.unsqueeze(-1), self.t.unsqueeze(-2)
        sine, opposite = torch.sin(self.theta), math.pi - self.theta
        if (i, j) == (0, 0):
            return s * t * (sine + opposite * torch.cos(self.theta)) / (2.0 * math.pi)
        if (i, j) == (1, 1):
            return opposite / (2.0 * math.pi)
        # a neuron at the origin meets only the product with its weights, which is zero
        return t * sine / (2.0 * math.pi * torch.where(s > 0, s, torch.inf))

    def moment(self, i: int, j: int) -> Tensor:
        """Return M_ij for (1, 1) and (2, 0): (..., M, K, d, d)."""
        p, r = self._p, self._r
        value = self.expectation(i, j)[..., None, None]
        if (i, j) == (2, 0):
            return value * (self.covariance - _outer(p, p) + _outer(r, r))
        sine, cosine = (f(self.theta)[..., None, None] for f in (torch.sin, torch.cos))
        cross = _outer(p, r)
        turn = cosine * (_outer(p, p) - _outer(r, r)) + sine * (cross + cross.mT)
        return value * self.covariance + sine / (2.0 * math.pi) * turn


def deviation(neurons: Tensor, covariance: Tensor) -> Tensor:
    """Return the standard deviation of the input of each neuron: (..., d, M) -> (..., M)."""
    return (neurons * (covariance @ neurons)).sum(-2).clamp_min(0.0).sqrt()


def _norm(vectors: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(vectors, dim=-1)  # its gradient at zero is zero, not NaN
    return norm


def _outer(left: Tensor, right: Tensor) -> Tensor:
    return left.unsqueeze(-1) * right.unsqueeze(-2)
