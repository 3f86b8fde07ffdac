r"""Population loss, gradient and Hessian of a task of Section 4: a network learns a network, on Gaussian inputs.

The learner is :math:`h_W(x)=\sum_{k=1}^M\sigma(\langle w^k,x\rangle)`, the labels are :math:`h_{W_*}(x)`, and
:math:`x\sim N(0,\Sigma)`. The columns of W and :math:`W_*` are neurons, and they need not be equally many.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from paperlib.arguments import symmetric_matrices
from paperlib.gaussian import check_order
from paperlib.networks.evaluation import automatic_order, evaluate, neuron_matrix
from paperlib.networks.pairs import deviation, pairs


def population_loss(
    activation: str,
    W: ArrayLike | Tensor,
    W_star: ArrayLike | Tensor,
    covariance: ArrayLike,
    *,
    order: int | None = None,
) -> Any:
    r"""Return the population loss of a task.

    .. math:: f(W)=\tfrac12E\bigl[(h_W(x)-h_{W_*}(x))^2\bigr]
              =\tfrac12\sum_{k,l}K_{00}(w^k,w^l)-\sum_{k,l}K_{00}(w^k,w_*^l)+\tfrac12\sum_{k,l}K_{00}(w_*^k,w_*^l)

    Section 4, where the activation is missing in print; :math:`K_{00}(w,b)=E[\sigma(\langle w,x\rangle)\sigma(\langle
    b,x\rangle)]`.

    Args:
        activation: "relu", "softplus", "sigmoid" or "tanh".
        W: (..., d, M), columns are neurons.
        W_star: (..., d, K), the neurons that make the labels; leading axes broadcast with those of W.
        covariance: (d, d), symmetric positive definite covariance of the inputs.
        order: Gauss–Hermite nodes for the smooth activations, `automatic_order` when left out; ReLU is in closed form.

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
    return evaluate(_loss, activation, W, W_star, covariance, order)


def population_gradient(
    activation: str,
    W: ArrayLike | Tensor,
    W_star: ArrayLike | Tensor,
    covariance: ArrayLike,
    *,
    order: int | None = None,
) -> Any:
    r"""Return the gradient of the population loss.

    .. math:: \nabla_{w^k}f=\sum_b\pm E[\sigma'(u_k)\,\sigma(u_b)\,x]
              =\Sigma\sum_b\pm\bigl(K_{20}(w^k,b)\,w^k+K_{11}(w^k,b)\,b\bigr),

    the sum over the learner's neurons (plus) and the task's (minus), the second step by Stein's identity.
    A ReLU neuron at the origin has :math:`\sigma'(0)=\tfrac12`.

    Arguments and errors as for `population_loss`.

    Returns:
        (..., d, M).

    Example:
        >>> population_gradient("relu", [[1.0]], [[0.5]], [[1.0]]).tolist()
        [[0.25]]
    """
    return evaluate(_gradient, activation, W, W_star, covariance, order)


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

    Arguments and errors as for `population_loss`.

    Returns:
        (..., d·M, d·M), symmetric.

    Raises:
        ValueError: also if a ReLU neuron of W is zero.

    Example:
        >>> population_hessian("relu", [[1.0]], [[0.5]], [[1.0]]).tolist()
        [[0.5]]
    """
    return evaluate(_hessian, activation, W, W_star, covariance, order)


def quadrature_error(
    quantity: Callable[..., Any],
    activation: str,
    W: ArrayLike | Tensor,
    W_star: ArrayLike | Tensor,
    covariance: ArrayLike,
    *,
    order: int | None = None,
) -> float:
    """Estimate the error that the order leaves in a population quantity: its largest change at 3/2 times the order.

    Args:
        quantity: `population_loss`, `population_gradient` or `population_hessian`.
        activation, W, W_star, covariance: what it is evaluated at.
        order: from 1 to 2000; `automatic_order` for the widest neuron when left out.

    Example:
        >>> quadrature_error(population_loss, "softplus", [[1.0]], [[-1.0]], [[1.0]]) < 1e-13
        True
    """
    W = W.detach() if isinstance(W, Tensor) else W
    if order is None:
        sigma = torch.from_numpy(symmetric_matrices("covariance", covariance, 2))
        sides = [neuron_matrix("W", W).cpu(), neuron_matrix("W_star", W_star).cpu()]
        widest = max(float(deviation(side, sigma).max()) for side in sides)
        order = automatic_order(activation, widest)
    order = check_order(order)
    fine = quantity(activation, W, W_star, covariance, order=max(2, order * 3 // 2))
    return float(abs(quantity(activation, W, W_star, covariance, order=order) - fine).max())


def _loss(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, order: int) -> Tensor:
    own, cross, target = (
        pair.expectation(0, 0).sum((-2, -1)) for pair in pairs(activation, W, W_star, covariance, order)
    )
    return 0.5 * own - cross + 0.5 * target


def _gradient(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, order: int) -> Tensor:
    total = torch.zeros_like(W)
    own, cross, _ = pairs(activation, W, W_star, covariance, order)
    for sign, B, pair in ((1.0, W, own), (-1.0, W_star, cross)):
        along = pair.expectation(2, 0).sum(-1).unsqueeze(-2) * W
        total = total + sign * (covariance @ (along + B @ pair.expectation(1, 1).mT))
    return total


def _hessian(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, order: int) -> Tensor:
    if activation == "relu" and (W == 0).all(-2).any():
        raise ValueError("W must have no zero column where a ReLU network's Hessian is asked for; got one")
    own, cross, _ = pairs(activation, W, W_star, covariance, order)
    bent = own.moment(2, 0).sum(-3) - cross.moment(2, 0).sum(-3)  # (..., M, d, d)
    blocks = own.moment(1, 1) + torch.eye(W.shape[-1]).to(W)[..., None, None] * bent.unsqueeze(-3)
    size = W.shape[-1] * W.shape[-2]
    return blocks.movedim((-4, -3, -2, -1), (-3, -1, -4, -2)).reshape(*W.shape[:-2], size, size)
