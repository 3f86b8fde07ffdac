r"""The four activations of Section 4 and their derivatives."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from paperlib.arguments import whole_number

Activation = Literal["relu", "softplus", "sigmoid", "tanh"]


def check_activation(name: str) -> Activation:
    """Return `name`, or raise a ValueError that lists the activations."""
    if name not in get_args(Activation):
        raise ValueError(f"activation must be one of {', '.join(get_args(Activation))}; got {name!r}")
    return name  # type: ignore[return-value]


def derivative(activation: str, order: int, t: Tensor) -> Tensor:
    r"""Return the derivative :math:`\sigma^{(j)}(t)` of the given order j, elementwise.

    With :math:`s(t)=1/(1+e^{-t})`: softplus is :math:`\log(1+e^t)`, whose derivative is s; tanh is
    :math:`2s(2t)-1`; and :math:`s'=s(1-s)`, :math:`s''=s'(1-2s)`, :math:`s'''=s'(1-6s')`, :math:`s''''=s''(1-12s')`.
    ReLU is :math:`\max(0,t)`, with :math:`\sigma'(0)=\tfrac12`.

    Args:
        activation: "relu", "softplus", "sigmoid" or "tanh".
        order: 0 to 4; for ReLU 0 or 1, since its second derivative is not a function.
        t: (...).

    Returns:
        (...), as t.

    Raises:
        ValueError: another activation, or an order that it does not have.

    Example:
        >>> derivative("softplus", 1, torch.zeros(1)), derivative("tanh", 1, torch.zeros(1))
        (tensor([0.5000]), tensor([1.]))
    """
    name, order = check_activation(activation), whole_number("order", order, at_least=0)
    highest = 1 if name == "relu" else 4
    if order > highest:
        raise ValueError(f"order must be 0 to {highest} for {name}; got {order!r}")
    if name == "relu":
        return torch.relu(t) if order == 0 else torch.heaviside(t.detach(), torch.full_like(t, 0.5))
    if name == "softplus":
        return torch.logaddexp(t, torch.zeros_like(t)) if order == 0 else _logistic(order - 1, t)
    if name == "sigmoid":
        return _logistic(order, t)
    return torch.tanh(t) if order == 0 else 2.0 ** (order + 1) * _logistic(order, 2.0 * t)


def _logistic(order: int, t: Tensor) -> Tensor:
    s = torch.sigmoid(t)
    if order == 0:
        return s
    first = s * torch.sigmoid(-t)  # 1 − s would lose the digits of the tail
    second = first * (1.0 - 2.0 * s)
    return (first, second, first * (1.0 - 6.0 * first), second * (1.0 - 12.0 * first))[order - 1]
