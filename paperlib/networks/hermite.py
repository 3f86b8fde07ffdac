r"""Expectations of products of two smooth neurons that are not wide, by their Hermite coefficients."""

from __future__ import annotations

import torch
from torch import Tensor

from paperlib.gaussian import gauss_hermite
from paperlib.networks.activations import derivative
from paperlib.networks.planes import outer

BLOCK = 32_768  # terms of a sum multiplied out at once: few calls for few neurons, little memory for many


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


class HermitePair:
    r"""The pair of two smooth neurons, by Mehler's formula.

    With the correlation :math:`\varrho` of u and v,
    :math:`K_{ij}=\sum_n a_n(\sigma^{(i)},w)\,a_n(\sigma^{(j)},b)\,\varrho^n`.
    Stein's identity, applied once and twice, gives the moments:

    .. math:: E[\sigma^{(i)}(u)\,\sigma^{(j)}(v)\,x]&=\Sigma\,(K_{i+1,j}\,w+K_{i,j+1}\,b)\\
              E[\sigma^{(i)}(u)\,\sigma^{(j)}(v)\,xx^\top]&=\Sigma K_{ij}
              +\Sigma\bigl(ww^\top K_{i+2,j}+(wb^\top+bw^\top)K_{i+1,j+1}+bb^\top K_{i,j+2}\bigr)\Sigma

    For wide neurons these sums would cancel.
    """

    def __init__(self, left: HermiteNeurons, right: HermiteNeurons) -> None:
        self.left, self.right, self.covariance = left, right, left.covariance
        scale = left.deviation.unsqueeze(-1) * right.deviation.unsqueeze(-2)
        product = left.W.mT @ self.covariance @ right.W
        self.correlation = product / scale.clamp_min(torch.finfo(scale.dtype).tiny)
        self._w = (self.covariance @ left.W).mT.unsqueeze(-2)  # (..., M, 1, d)
        self._b = (self.covariance @ right.W).mT.unsqueeze(-3)  # (..., 1, K, d)
        self._known: dict[tuple[int, int], Tensor] = {}

    def expectation(self, i: int, j: int) -> Tensor:
        """Return K_ij: (..., M, K)."""
        if (i, j) not in self._known:
            square = self.correlation.square()
            block = max(1, BLOCK // max(1, square.numel()))
            sums = []
            for left, right in zip(self.left.coefficients(i), self.right.coefficients(j), strict=True):
                count, total = min(len(left), len(right)), torch.zeros_like(square)
                for a, b in zip(*(reversed(torch.split(side[:count], block)) for side in (left, right)), strict=True):
                    for term in reversed(torch.einsum("n...m,n...k->n...mk", a, b).unbind()):
                        total = torch.addcmul(term, total, square)  # Horner's scheme in the square of the correlation
                sums.append(total)
            even, odd = sums
            self._known[i, j] = torch.addcmul(even, odd, self.correlation)
        return self._known[i, j]

    def first_moment(self, i: int, j: int) -> Tensor:
        """Return E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) x]: (..., M, K, d)."""
        return self._w * self.expectation(i + 1, j)[..., None] + self._b * self.expectation(i, j + 1)[..., None]

    def second_moment(self, i: int, j: int) -> Tensor:
        """Return E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) xxᵀ]: (..., M, K, d, d)."""
        cross = outer(self._w, self._b)
        result = self.covariance * self.expectation(i, j)[..., None, None]
        result = result + outer(self._w, self._w) * self.expectation(i + 2, j)[..., None, None]
        result = result + (cross + cross.mT) * self.expectation(i + 1, j + 1)[..., None, None]
        return result + outer(self._b, self._b) * self.expectation(i, j + 2)[..., None, None]


def deviation(neurons: Tensor, covariance: Tensor) -> Tensor:
    """Return the standard deviation of the input of each neuron: (..., d, M) -> (..., M)."""
    return (neurons * (covariance @ neurons)).sum(-2).clamp_min(0.0).sqrt()
