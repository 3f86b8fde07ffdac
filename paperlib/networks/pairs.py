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


def pairs(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, order: int) -> tuple[Pair, Pair, Pair]:
    """Return the pairs (W, W), (W, W_star) and (W_star, W_star) of neurons in columns, for inputs N(0, covariance)."""
    if activation == "relu":
        return tuple(ReluPair(*sides, covariance) for sides in ((W, W), (W, W_star), (W_star, W_star)))  # type: ignore[return-value]
    own, target = (HermiteNeurons(activation, neurons, covariance, order) for neurons in (W, W_star))
    return SmoothPair(own, own), SmoothPair(own, target), SmoothPair(target, target)


class HermiteNeurons:
    r"""The Hermite coefficients of smooth neurons W, (..., d, M), and of the derivatives of their activation.

    With the standard deviation s of a neuron's input and a standard normal z, :math:`a_n=E[\sigma^{(i)}(sz)h_n(z)]`, a
    Gauss–Hermite sum (`paperlib.gaussian`). Every activation is odd or even but for a first term: softplus is t/2 plus
    an even function, the sigmoid ½ plus an odd one. Half of the coefficients vanish, and half of the nodes suffice.
    """

    def __init__(self, activation: str, W: Tensor, covariance: Tensor, order: int) -> None:
        self.activation, self.W, self.covariance = activation, W, covariance
        self.deviation = deviation(W, covariance)
        nodes, transform = (torch.from_numpy(array.copy()).to(W) for array in gauss_hermite(order))
        half = len(nodes) // 2
        self._nodes, weights = nodes[half:], 2.0 * transform[0, half:]
        weights[: len(nodes) % 2] *= 0.5  # the node at zero of an odd rule
        self._transforms = [transform[parity::2, half:] * weights for parity in (0, 1)]
        self._known: dict[int, tuple[Tensor, Tensor]] = {}

    def coefficients(self, i: int) -> tuple[Tensor, Tensor]:
        """Return the even and the odd coefficients of the i-th derivative, as many as do not vanish: (n, ..., M)."""
        if i not in self._known:
            parity = (i + (self.activation != "softplus")) % 2
            t = self._nodes.unsqueeze(-1) * self.deviation.reshape(1, -1)
            first, remainder = None, derivative(self.activation, i, t)
            if (self.activation, i) == ("softplus", 0):
                first, remainder = 0.5 * self.deviation, remainder - 0.5 * t
            elif (self.activation, i) in (("softplus", 1), ("sigmoid", 0)):
                first, remainder = torch.full_like(self.deviation, 0.5), remainder - 0.5
            rows = self._transforms[parity]
            many = (rows @ remainder).reshape(len(rows), *self.deviation.shape)
            few = many[:0] if first is None else first.unsqueeze(0)
            self._known[i] = (few, many) if parity else (many, few)
        return self._known[i]


class SmoothPair:
    r"""The pair of a smooth activation, by Mehler's formula.

    With the correlation :math:`\varrho` of u and v,
    :math:`K_{ij}=\sum_n a_n(\sigma^{(i)},w)\,a_n(\sigma^{(j)},b)\,\varrho^n`.
    Stein's identity, applied twice, gives the moments:

    .. math:: M_{ij}=\Sigma K_{ij}
              +\Sigma\bigl(ww^\top K_{i+2,j}+(wb^\top+bw^\top)K_{i+1,j+1}+bb^\top K_{i,j+2}\bigr)\Sigma
    """

    def __init__(self, left: HermiteNeurons, right: HermiteNeurons) -> None:
        self.left, self.right, self.covariance = left, right, left.covariance
        scale = left.deviation.unsqueeze(-1) * right.deviation.unsqueeze(-2)
        product = left.W.mT @ self.covariance @ right.W
        self.correlation = (product / scale.clamp_min(torch.finfo(scale.dtype).tiny)).clamp(-1.0, 1.0)

    def expectation(self, i: int, j: int) -> Tensor:
        """Return K_ij: (..., M, K)."""
        square = self.correlation.square()
        result = torch.zeros_like(square)
        for parity, (left, right) in enumerate(zip(self.left.coefficients(i), self.right.coefficients(j), strict=True)):
            count = min(len(left), len(right))
            total = torch.zeros_like(square)
            for n in reversed(range(count)):  # Horner's scheme in the square of the correlation
                total = total * square + left[n].unsqueeze(-1) * right[n].unsqueeze(-2)
            result = result + (total * self.correlation if parity else total)
        return result

    def moment(self, i: int, j: int) -> Tensor:
        """Return M_ij: (..., M, K, d, d)."""
        w = (self.covariance @ self.left.W).mT.unsqueeze(-2)  # (..., M, 1, d)
        b = (self.covariance @ self.right.W).mT.unsqueeze(-3)  # (..., 1, K, d)
        cross = _outer(w, b)
        result = self.covariance * self.expectation(i, j)[..., None, None]
        result = result + _outer(w, w) * self.expectation(i + 2, j)[..., None, None]
        result = result + (cross + cross.mT) * self.expectation(i + 1, j + 1)[..., None, None]
        return result + _outer(b, b) * self.expectation(i, j + 2)[..., None, None]


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
