r"""Population loss, gradient and Hessian of a task of Section 4: a network learns a network, on Gaussian inputs.

The learner is :math:`h_W(x)=\sum_{k=1}^M\sigma(\langle w^k,x\rangle)`, the labels are :math:`h_{W_*}(x)`, and
:math:`x\sim N(0,\Sigma)`. The columns of W and :math:`W_*` are neurons, and they need not be equally many.

The bricks of all are expectations of products of two neurons, :math:`u=\langle w,x\rangle` and
:math:`v=\langle b,x\rangle`. A pair knows

.. math:: K_{ij}=E[\sigma^{(i)}(u)\,\sigma^{(j)}(v)],\qquad
          E[\sigma^{(i)}(u)\,\sigma^{(j)}(v)\,x],\qquad E[\sigma^{(i)}(u)\,\sigma^{(j)}(v)\,xx^\top]

for all neurons w of one network and b of another. Whatever d is, only the plane of w and b enters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from paperlib.networks.evaluation import evaluate
from paperlib.networks.hermite import HermiteNeurons, HermitePair
from paperlib.networks.planes import ReluPair
from paperlib.networks.wide import FINE, Resolution, WidePair

Rule = int | Resolution | None
"""Gauss–Hermite nodes, or the resolution of the rule for wide neurons; ReLUs need none."""


def population_loss(
    activation: str,
    W: ArrayLike | Tensor,
    W_star: ArrayLike | Tensor,
    covariance: ArrayLike,
    *,
    order: int | None = None,
) -> Any:
    r"""Return the population loss of a task.

    .. math:: \begin{aligned} f(W)&=\tfrac12E\bigl[(h_W(x)-h_{W_*}(x))^2\bigr]\\
              &=\tfrac12\sum_{k,l}K_{00}(w^k,w^l)-\sum_{k,l}K_{00}(w^k,w_*^l)\\
              &\quad+\tfrac12\sum_{k,l}K_{00}(w_*^k,w_*^l) \end{aligned}

    Section 4, where the activation is missing in print, with
    :math:`K_{00}(w,b)=E[\sigma(\langle w,x\rangle)\,\sigma(\langle b,x\rangle)]`.

    Args:
        activation: "relu", "softplus", "sigmoid" or "tanh".
        W: (..., d, M), columns are neurons.
        W_star: (..., d, K), the neurons that make the labels; leading axes broadcast with those of W.
        covariance: (d, d), symmetric positive definite covariance of the inputs.
        order: Gauss–Hermite nodes for the smooth activations. Left out, there are as many as the widths need, or for
            wide neurons the rule of `paperlib.networks.wide`: the error is then below 1e-10 of the sum of the absolute
            values of the terms, whatever the widths. ReLU is in closed form.

    Returns:
        (...), a tensor on the device of W if W is a tensor, else NumPy.

    Raises:
        ValueError: an unknown activation, shapes that do not match, entries that are not finite,
            a covariance that is not symmetric positive definite, an order out of range.

    Example:
        One ReLU neuron in one dimension against none: half of the half of x² where it fires.

        >>> float(population_loss("relu", [[1.0]], [[0.0]], [[1.0]]))
        0.25
    """
    return evaluate(_loss, 0, activation, W, W_star, covariance, order)


def population_gradient(
    activation: str,
    W: ArrayLike | Tensor,
    W_star: ArrayLike | Tensor,
    covariance: ArrayLike,
    *,
    order: int | None = None,
) -> Any:
    r"""Return the gradient of the population loss.

    .. math:: \nabla_{w^k}f=\sum_b\pm E[\sigma'(u_k)\,\sigma(u_b)\,x],

    the sum over the learner's neurons (plus) and the task's (minus). A ReLU neuron at the origin has
    :math:`\sigma'(0)=\tfrac12`.

    Args:
        activation, W, W_star, covariance, order: as for `population_loss`.

    Returns:
        (..., d, M).

    Raises:
        ValueError: as `population_loss`.

    Example:
        >>> population_gradient("relu", [[1.0]], [[0.5]], [[1.0]]).tolist()
        [[0.25]]
    """
    return evaluate(_gradient, 1, activation, W, W_star, covariance, order)


def population_hessian(
    activation: str,
    W: ArrayLike | Tensor,
    W_star: ArrayLike | Tensor,
    covariance: ArrayLike,
    *,
    order: int | None = None,
) -> Any:
    r"""Return the Hessian of the population loss, with respect to the entries of W in the order of ``W.reshape(-1)``.

    .. math:: \nabla^2_{w^kw^l}f=E[\sigma'(u_k)\,\sigma'(u_l)\,xx^\top]
              +[k=l]\sum_b\pm E[\sigma''(u_k)\,\sigma(u_b)\,xx^\top]

    For ReLU the second derivative is a point mass, and the second expectation is one over the hyperplane
    :math:`u_k=0`; a neuron at the origin has none.

    Args:
        activation, W, W_star, covariance, order: as for `population_loss`.

    Returns:
        (..., d·M, d·M), symmetric.

    Raises:
        ValueError: as `population_loss`, or a ReLU neuron of W is zero.

    Example:
        >>> population_hessian("relu", [[1.0]], [[0.5]], [[1.0]]).tolist()
        [[0.5]]
    """
    return evaluate(_hessian, 2, activation, W, W_star, covariance, order)


def quadrature_error(
    quantity: Callable[..., Any],
    activation: str,
    W: ArrayLike | Tensor,
    W_star: ArrayLike | Tensor,
    covariance: ArrayLike,
    *,
    order: int | None = None,
) -> float:
    r"""Estimate the error of a population quantity: how far it is at most from that by a finer rule.

    It is :math:`\max|q-q'|` over the entries of the quantity by the rule, q, and by the finer one, :math:`q'`: that of
    `paperlib.networks.wide`, which holds for all widths, with steps 2/3 as long. For ReLU, whose quantities are in
    closed form, it is 0.

    Args:
        quantity: `population_loss`, `population_gradient` or `population_hessian`.
        activation: as for `population_loss`, as are all that follow.
        W: at which the quantity is evaluated.
        W_star: the neurons that make the labels.
        covariance: of the inputs.
        order: nodes of the rule whose error is estimated.

    Raises:
        ValueError: another quantity, or as for `population_loss`.

    Example:
        >>> quadrature_error(population_loss, "softplus", [[1.0]], [[-1.0]], [[1.0]]) < 1e-13
        True

        No node of an order of 96 meets the bump of tanh'(100 z), so that it finds no gradient. There is one of
        :math:`1/(100^2\sqrt{2\pi})`.

        >>> error = quadrature_error(population_gradient, "tanh", [[100.0]], [[0.0]], [[1.0]], order=96)
        >>> f"{error:.2e}"
        '3.99e-05'
    """
    W = W.detach() if isinstance(W, Tensor) else W
    formulas = {population_loss: (_loss, 0), population_gradient: (_gradient, 1), population_hessian: (_hessian, 2)}
    if quantity not in formulas:
        names = ", ".join(known.__name__ for known in formulas)
        raise ValueError(f"quantity must be one of {names}; got {quantity!r}")
    found, finer = (evaluate(*formulas[quantity], activation, W, W_star, covariance, rule) for rule in (order, FINE))
    return float(abs(found - finer).max())


def _loss(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, rule: Rule) -> Tensor:
    own, cross, target = (
        pair.expectation(0, 0).sum((-2, -1)) for pair in pairs(activation, W, W_star, covariance, rule)
    )
    return 0.5 * own - cross + 0.5 * target


def _gradient(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, rule: Rule) -> Tensor:
    own, cross, _ = pairs(activation, W, W_star, covariance, rule)
    return (own.first_moment(1, 0).sum(-2) - cross.first_moment(1, 0).sum(-2)).mT


def _hessian(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, rule: Rule) -> Tensor:
    if activation == "relu" and (W == 0).all(-2).any():
        raise ValueError("W must have no zero column where a ReLU network's Hessian is asked for; got one")
    own, cross, _ = pairs(activation, W, W_star, covariance, rule)
    bent = own.second_moment(2, 0).sum(-3) - cross.second_moment(2, 0).sum(-3)  # (..., M, d, d)
    blocks = own.second_moment(1, 1) + torch.eye(W.shape[-1]).to(W)[..., None, None] * bent.unsqueeze(-3)
    size = W.shape[-1] * W.shape[-2]
    return blocks.movedim((-4, -3, -2, -1), (-3, -1, -4, -2)).reshape(*W.shape[:-2], size, size)


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
