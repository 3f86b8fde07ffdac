r"""Population loss, gradient and Hessian of a task of Section 4: a network learns a network, on Gaussian inputs.

The learner is :math:`h_W(x)=\sum_{k=1}^M\sigma(\langle w^k,x\rangle)`, the labels are :math:`h_{W_*}(x)`, and
:math:`x\sim N(0,\Sigma)`. The columns of W and :math:`W_*` are neurons, and they need not be equally many.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from paperlib.environments import symmetric_matrices
from paperlib.networks.activations import check_activation
from paperlib.networks.pairs import deviation, pair

CHUNK = 10_000  # neurons evaluated at once


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
    return _evaluate(_loss, activation, W, W_star, covariance, order)


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
    return _evaluate(_gradient, activation, W, W_star, covariance, order)


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
    return _evaluate(_hessian, activation, W, W_star, covariance, order)


def automatic_order(activation: str, deviation: float) -> int:
    r"""Return the number of nodes that suffices for neurons whose inputs have this standard deviation s.

    As functions of a standard normal, the activations have their nearest poles at a distance of :math:`\pi/s`, tanh at
    half of that, and Hermite coefficients fall like :math:`e^{-\text{distance}\sqrt n}`. The loss, a sum of squared
    coefficients, is then off by about :math:`e^{-2\pi\sqrt{\mathrm{order}}/s}`. This order makes that :math:`10^{-13}`,
    up to s = 4 (2 for tanh), where it reaches its largest value, 400.

    Example:
        >>> automatic_order("softplus", 1.0), automatic_order("softplus", 10.0), automatic_order("relu", 1.0)
        (55, 400, 1)
    """
    if activation == "relu":
        return 1
    width = (2.0 if activation == "tanh" else 1.0) * deviation
    return min(400, 32 + round((width * math.log(1e13) / (2.0 * math.pi)) ** 2))


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
        order: from 1 to 400; `automatic_order` for the widest neuron when left out.

    Example:
        >>> quadrature_error(population_loss, "softplus", [[1.0]], [[-1.0]], [[1.0]]) < 1e-13
        True
    """
    if order is None:
        neurons = [neuron_matrix("W", W).cpu(), neuron_matrix("W_star", W_star).cpu()]
        widest = max(
            float(deviation(side, torch.as_tensor(np.array(covariance, dtype=float))).max()) for side in neurons
        )
        order = automatic_order(activation, widest)
    fine = quantity(activation, W, W_star, covariance, order=max(2, order * 3 // 2))
    return float(abs(quantity(activation, W, W_star, covariance, order=order) - fine).max())


def _loss(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, order: int) -> Tensor:
    own, cross, target = (
        pair(activation, *sides, covariance, order).expectation(0, 0).sum((-2, -1))
        for sides in ((W, W), (W, W_star), (W_star, W_star))
    )
    return 0.5 * own - cross + 0.5 * target


def _gradient(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, order: int) -> Tensor:
    total = torch.zeros_like(W)
    for sign, B in ((1.0, W), (-1.0, W_star)):
        both = pair(activation, W, B, covariance, order)
        along = both.expectation(2, 0).sum(-1).unsqueeze(-2) * W
        total = total + sign * (covariance @ (along + B @ both.expectation(1, 1).mT))
    return total


def _hessian(activation: str, W: Tensor, W_star: Tensor, covariance: Tensor, order: int) -> Tensor:
    if activation == "relu" and (W == 0).all(-2).any():
        raise ValueError("W must have no zero column where a ReLU network's Hessian is asked for; got one")
    own = pair(activation, W, W, covariance, order)
    cross = pair(activation, W, W_star, covariance, order)
    bent = own.moment(2, 0).sum(-3) - cross.moment(2, 0).sum(-3)  # (..., M, d, d)
    blocks = own.moment(1, 1) + torch.eye(W.shape[-1]).to(W)[..., None, None] * bent.unsqueeze(-3)
    size = W.shape[-1] * W.shape[-2]
    return blocks.movedim((-4, -3, -2, -1), (-3, -1, -4, -2)).reshape(*W.shape[:-2], size, size)


def _evaluate(
    formula: Callable[..., Tensor],
    activation: str,
    W: ArrayLike | Tensor,
    W_star: ArrayLike | Tensor,
    covariance: ArrayLike,
    order: int | None,
) -> Any:
    """Check the arguments, evaluate the formula in chunks over the leading axes, and return W's kind of array."""
    name = check_activation(activation)
    neurons = neuron_matrix("W", W)
    targets = neuron_matrix("W_star", W_star).to(neurons.device)
    if targets.shape[-2] != neurons.shape[-2]:
        raise ValueError(f"W_star must have d = {neurons.shape[-2]} rows as W has; got shape {tuple(targets.shape)}")
    sigma = torch.from_numpy(symmetric_matrices("covariance", covariance, 2)).to(neurons.device)
    if len(sigma) != neurons.shape[-2]:
        raise ValueError(f"covariance must have shape (d, d) with d = {neurons.shape[-2]}; got {tuple(sigma.shape)}")
    try:
        batch: tuple[int, ...] = torch.broadcast_shapes(neurons.shape[:-2], targets.shape[:-2])  # type: ignore[no-untyped-call]
    except RuntimeError:
        shapes = f"{tuple(neurons.shape)} and {tuple(targets.shape)}"
        raise ValueError(f"W and W_star must have leading axes that broadcast; got shapes {shapes}") from None
    flat = neurons.expand(*batch, *neurons.shape[-2:]).reshape(-1, *neurons.shape[-2:])
    many = targets.dim() > 2 and targets.shape[:-2].numel() > 1
    aims = targets.expand(*batch, *targets.shape[-2:]) if many else targets
    aims = aims.reshape(*([-1] * many), *targets.shape[-2:])
    rows = max(1, CHUNK // max(neurons.shape[-1], targets.shape[-1]))
    pieces = []
    for i in range(0, len(flat), rows):
        some, aim = flat[i : i + rows], aims[i : i + rows] if many else aims
        widest = max(float(deviation(side.detach(), sigma).max()) for side in (some, aim))
        pieces.append(formula(name, some, aim, sigma, automatic_order(name, widest) if order is None else order))
    result = torch.cat(pieces) if pieces else flat.new_zeros(0)
    result = result.reshape((*batch, *result.shape[1:]))
    return result if isinstance(W, Tensor) else result.numpy()


def neuron_matrix(name: str, value: ArrayLike | Tensor) -> Tensor:
    """Return `value`, (..., d, M), as a finite float64 tensor on its device, or raise a ValueError naming it."""
    try:
        tensor = (
            value.to(torch.float64) if isinstance(value, Tensor) else torch.from_numpy(np.array(value, dtype=float))
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of real numbers; got {value!r}") from error
    if tensor.dim() < 2 or 0 in tensor.shape[-2:]:
        raise ValueError(f"{name} must have shape (..., d, M), d and M at least 1; got {tuple(tensor.shape)}")
    if not torch.isfinite(tensor).all():
        raise ValueError(f"{name} must be finite; it has NaN or infinite entries")
    return tensor
