r"""Expectations of products of two smooth neurons of any width, by a rule that is graded towards their kinks.

Seen from afar, a wide neuron is a ReLU or a step, and its derivatives are narrow bumps. With :math:`u=sz` and
:math:`v=\alpha z+\beta z'` (`paperlib.networks.planes`) the rule sums over z and knows the mean over z':

.. math:: E[g(u)\,h(v)\,z^az'^b]=\int g(sz)\,C_b(z)\,z^a\varphi(z)\,dz,\qquad
          C_b(z)=E\bigl[h(\alpha z+\beta z')\,z'^b\bigr]

**The sum over z.** All kinks stand at z = 0, and whatever their scales, none is below :math:`\delta=3/\max(3,s,t)`. The
substitution :math:`z=\delta\sinh y` makes their logarithms the variable. The integrand is then analytic for
:math:`|\operatorname{Im}y|<\pi/4`, and trapezoidal sums of step 1/n are off by :math:`e^{-n\pi^2/2}`. The number of
nodes grows with the logarithm of the width.

**The mean over z'.** For :math:`\beta\le1` it is a Gauss–Hermite sum. Beyond, a logistic variable :math:`\Lambda` of
density s' (`paperlib.networks.activations`) takes the kinks apart:

.. math:: \operatorname{softplus}(v)=E\max(v-\Lambda,0),\qquad s(v)=P(\Lambda\le v)

Under the sum over :math:`\Lambda`, again trapezoidal and off by :math:`e^{-2\pi^2n}`, stand a ReLU, a step or a point
mass, of which the moments with z' are known. For tanh(v) = 2s(2v) − 1, widths count double.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from paperlib.gaussian import gauss_hermite
from paperlib.networks.activations import derivative
from paperlib.networks.planes import Plane, PlanePair

LAST, FARTHEST = 9.0, 36.0  # what is beyond these z and Λ is less than rounding
ROWS = 64  # pairs summed at once, at most some 200 z with 150 nodes each


class Resolution(NamedTuple):
    """Nodes per unit of y and of the logistic variable, Gauss–Hermite nodes, and the weight of a neuron's own input."""

    graded: int = 8
    logistic: int = 2
    hermite: int = 32
    own: float = 1e-6


STANDARD, FINE = Resolution(), Resolution(12, 3, 48, 1e-8)
InnerMeans = Callable[[int, Tensor, Tensor], list[Tensor]]
"""Of j, αz and β: the moments C_0, C_1 and C_2 of the j-th derivative."""


class WidePair(PlanePair):
    """The pair of two smooth networks, of any width."""

    def __init__(self, W: Tensor, B: Tensor, root: Tensor, activation: str, resolution: Resolution) -> None:
        self.activation, self.resolution = activation, resolution
        self.unit = 2.0 if activation == "tanh" else 1.0
        super().__init__(W, B, root)

    def span(self, left: Tensor, right: Tensor) -> Plane:
        """Return the plane of two neurons, with their own inputs."""
        own = (torch.full_like(side[..., :1], self.resolution.own) for side in (left, right))
        return Plane(left, right, self.root, *own)

    def second_moment(self, i: int, j: int) -> Tensor:
        """Return E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) xxᵀ]: (..., M, K, d, d). Of two bumps, that of the wider neuron leaves a small z."""
        plane = self.plane
        if i == j:
            other = (plane.s < torch.hypot(plane.along, plane.across)).unsqueeze(-1)
            plane = self.span(torch.where(other, self.right, self.left), torch.where(other, self.left, self.right))
        return plane.second_moment(*self.moments(plane, i, j, (0, 0), (2, 0), (1, 1), (0, 2)))

    def moments(self, plane: Plane, i: int, j: int, *powers: tuple[int, int]) -> list[Tensor]:
        """Return E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) zᵃ z'ᵇ] for the powers (a, b), each (..., M, K)."""
        shape = plane.across.shape
        flat = torch.stack([x.expand(shape).reshape(-1) for x in (plane.s, plane.along, plane.across)])
        near = self.unit * flat[2] < 1.0
        parts, places = [], []
        for means, members in ((self._hermite_means, near), (self._logistic_means, ~near)):
            some = torch.nonzero(members).squeeze(-1)
            for first in range(0, len(some), ROWS):
                places.append(some[first : first + ROWS])
                parts.append(self._sums(flat[:, places[-1]].unsqueeze(-1), means, i, j, powers))
        result = torch.cat(parts, -1)[:, torch.argsort(torch.cat(places))]
        return list(result.reshape(len(powers), *shape))

    def _sums(self, pairs: Tensor, means: InnerMeans, i: int, j: int, powers: tuple[tuple[int, int], ...]) -> Tensor:
        """Return the sums over z, (powers, pairs), for pairs with their s, α and β, (3, pairs, 1)."""
        s, along, across = pairs
        widest = self.unit * torch.maximum(s, torch.hypot(along, across)).detach()
        delta, step = 3.0 / widest.clamp_min(3.0), 1.0 / self.resolution.graded
        count = math.ceil(math.asinh(LAST / float(delta.min())) / step)
        y = step * torch.arange(-count, count + 1).to(s)
        z = delta * torch.sinh(y)
        left = step * delta * torch.cosh(y) * _density(z) * derivative(self.activation, i, s * z)
        right = means(j, along * z, across)
        return torch.stack([(left * z**a * right[b]).sum(-1) for a, b in powers])

    def _hermite_means(self, j: int, centre: Tensor, across: Tensor) -> list[Tensor]:
        """Return C_0, C_1 and C_2 where αz is `centre`, (pairs, nodes), and β at most 1."""
        rule = gauss_hermite(self.resolution.hermite)
        nodes, transform = (torch.from_numpy(array.copy()).to(centre) for array in rule)
        h = derivative(self.activation, j, centre.unsqueeze(-1) + across.unsqueeze(-1) * nodes)
        return [h @ (transform[0].square() * nodes**b) for b in range(3)]

    def _logistic_means(self, j: int, centre: Tensor, across: Tensor) -> list[Tensor]:
        """Return the same where β is larger: means over Λ of a ReLU's moments, a step's or a point mass's."""
        step = 1.0 / self.resolution.logistic
        count = math.ceil(FARTHEST / step)
        kinks = step * torch.arange(-count, count + 1).to(centre)
        weights = self.unit * step * torch.sigmoid(kinks) * torch.sigmoid(-kinks)
        x = (centre.unsqueeze(-1) - kinks / self.unit) / across.unsqueeze(-1)
        density, order = _density(x), j - (self.activation == "softplus")
        if order == 1:
            return [power @ weights / across for power in (density, -x * density, x.square() * density)]
        mass = torch.special.ndtr(x)
        if order == -1:
            return [across * (f @ weights) for f in (density + x * mass, mass, 2.0 * density + x * mass)]
        # These are means of tanh + 1; what the 1 adds to a moment is odd in (z, z'), and vanishes.
        return [f @ weights for f in (mass, density, mass - x * density)]


def _density(x: Tensor) -> Tensor:
    return torch.exp(-0.5 * x.square()) / math.sqrt(2.0 * math.pi)
