r"""Expectations of products of two neurons in the plane that they span, and those of two ReLUs in closed form."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor


class Plane:
    r"""The plane of two neurons: two standard normal variables z and z' that carry everything about u and v.

    .. math:: u=sz,\qquad v=\alpha z+\beta z',\qquad x=pz+rz'+\text{rest}

    with :math:`s,\beta>0` and a rest that is independent of z and z'. Moments of x with a function of u and v are thus
    combinations of its moments with z and z', and those with small factors stand apart: where a neuron is saturated,
    :math:`\sigma'(u)` leaves only a small z.

    Where neurons vanish or coincide, p or r has no direction. So each neuron gets an input of its own, a standard
    normal variable with a tiny weight. It moves nothing that can be seen and makes everything smooth.

    Args:
        left: (..., d), the weights w of whitened inputs, :math:`L^\top w` for :math:`\Sigma=LL^\top`.
        right: (..., d), those of b; leading axes broadcast.
        root: (d, d), the matrix L.
        own_left, own_right: (..., 1), the weights of their own inputs.
    """

    def __init__(self, left: Tensor, right: Tensor, root: Tensor, own_left: Tensor, own_right: Tensor) -> None:
        first = torch.cat([left, own_left, torch.zeros_like(own_left)], -1)
        second = torch.cat([right, torch.zeros_like(own_right), own_right], -1)
        self.s = torch.linalg.vector_norm(first, dim=-1)
        p = first / self.s.unsqueeze(-1)
        self.along = (p * second).sum(-1)
        across = second - self.along.unsqueeze(-1) * p
        across = across - (p * across).sum(-1, keepdim=True) * p  # the rounding errors of the line before
        self.across = torch.linalg.vector_norm(across, dim=-1)
        r = across / self.across.unsqueeze(-1)
        self._axes, self._root = (p, r), torch.nn.functional.pad(root, (0, 2))
        self.p, self.r = (axis @ self._root.mT for axis in (p, r))

    def first_moment(self, m10: Tensor, m01: Tensor) -> Tensor:
        """Return E[f x] of a function f(z, z') with the moments E[f z] and E[f z']: (..., d)."""
        result: Tensor = self.p * m10.unsqueeze(-1) + self.r * m01.unsqueeze(-1)
        return result

    def second_moment(self, m00: Tensor, m20: Tensor, m11: Tensor, m02: Tensor) -> Tensor:
        """Return E[f xxᵀ] of a function f(z, z') with the moments E[f], E[f z²], E[f zz'], E[f z'²]: (..., d, d)."""
        p, r = self._axes
        rest = self._root - outer(self.p, p) - outer(self.r, r)  # as a root, it is exact where it vanishes
        cross = outer(self.p, self.r)
        terms = (m00, rest @ rest.mT), (m20, outer(self.p, self.p)), (m11, cross + cross.mT)
        result = outer(self.r, self.r) * m02[..., None, None]
        for moment, matrix in terms:
            result = result + matrix * moment[..., None, None]
        return result


class PlanePair(ABC):
    """A pair of neurons, W (..., d, M) and B (..., d, K), that knows its moments with z and z'."""

    def __init__(self, W: Tensor, B: Tensor, root: Tensor) -> None:
        self.left, self.right, self.root = (root.mT @ W).mT.unsqueeze(-2), (root.mT @ B).mT.unsqueeze(-3), root
        self.plane = self.span(self.left, self.right)

    @abstractmethod
    def span(self, left: Tensor, right: Tensor) -> Plane:
        """Return the plane of two whitened neurons, with their own inputs."""

    @abstractmethod
    def moments(self, plane: Plane, i: int, j: int, *powers: tuple[int, int]) -> list[Tensor]:
        """Return E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) zᵃ z'ᵇ] for the powers (a, b), each (..., M, K)."""

    def expectation(self, i: int, j: int) -> Tensor:
        """Return K_ij: (..., M, K)."""
        return self.moments(self.plane, i, j, (0, 0))[0]

    def first_moment(self, i: int, j: int) -> Tensor:
        """Return E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) x]: (..., M, K, d)."""
        return self.plane.first_moment(*self.moments(self.plane, i, j, (1, 0), (0, 1)))

    def second_moment(self, i: int, j: int) -> Tensor:
        """Return E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) xxᵀ]: (..., M, K, d, d)."""
        return self.plane.second_moment(*self.moments(self.plane, i, j, (0, 0), (2, 0), (1, 1), (0, 2)))


class ReluPair(PlanePair):
    r"""The pair of two ReLU networks in closed form.

    With the angle :math:`\theta` between u and v, :math:`\omega=\pi-\theta`, and :math:`t\cos\theta=\alpha`,
    :math:`t\sin\theta=\beta`:

    .. math:: E[\sigma(u)\sigma(v)]=\frac{st}{2\pi}(\sin\omega-\omega\cos\omega),\qquad
              E[\sigma'(u)\sigma'(v)]=\frac{\omega}{2\pi},\qquad
              E[\sigma''(u)\sigma(v)]=\frac{t\sin\omega}{2\pi s}

    The first two are the arc-cosine kernels of Cho and Saul; the last is an expectation over :math:`u=0`. Their moments
    with z and z' follow by the same integrals over the wedge where both fire, of opening :math:`\omega`.
    """

    def span(self, left: Tensor, right: Tensor) -> Plane:
        """Return the plane of two neurons: a ReLU has no scale, so their own inputs have relative weights."""
        sizes = (torch.linalg.vector_norm(side, dim=-1, keepdim=True) for side in (left, right))
        return Plane(left, right, self.root, *(1e-24 * size + 1e-150 for size in sizes))

    def moments(self, plane: Plane, i: int, j: int, *powers: tuple[int, int]) -> list[Tensor]:
        """Return the moments of (0, 0), (1, 0), (1, 1) and (2, 0) that the population quantities need."""
        s, t = plane.s, torch.hypot(plane.along, plane.across)
        opening, sine, cosine = torch.atan2(plane.across, -plane.along), plane.across / t, -plane.along / t
        wedge = t * (2.0 * opening * torch.sin(0.5 * opening).square() - _excess(opening))  # t (sin ω − ω cos ω)
        if (i, j) == (0, 0):
            known = {(0, 0): s * wedge}
        elif (i, j) == (1, 0):
            known = {(1, 0): wedge, (0, 1): opening * plane.across}
        elif (i, j) == (1, 1):
            half = 0.5 * _excess(2.0 * opening)  # ω − sin ω cos ω
            known = {(0, 0): opening, (2, 0): half, (1, 1): sine.square(), (0, 2): opening + sine * cosine}
        else:
            edge, none = plane.across / s, torch.zeros_like(t)
            known = {(0, 0): edge, (2, 0): none, (1, 1): none, (0, 2): 2.0 * edge}
        return [known[power] / (2.0 * math.pi) for power in powers]


def _excess(x: Tensor) -> Tensor:
    """Return x − sin x, of which the difference keeps no digit near zero."""
    series = torch.ones_like(x)
    for k in (20, 18, 16, 14, 12, 10, 8, 6, 4):
        series = 1.0 - x.square() / (k * (k + 1)) * series
    return torch.where(x.abs() < 1.0, x**3 / 6.0 * series, x - torch.sin(x))


def outer(left: Tensor, right: Tensor) -> Tensor:
    """Return the outer products of vectors, (..., d), as matrices, (..., d, d)."""
    return left.unsqueeze(-1) * right.unsqueeze(-2)
