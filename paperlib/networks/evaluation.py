r"""What the population quantities have in common: checked arguments, the quadrature rule, and evaluation in chunks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from paperlib.arguments import finite_array, symmetric_matrices
from paperlib.gaussian import check_order
from paperlib.networks.activations import check_activation
from paperlib.networks.hermite import deviation
from paperlib.networks.wide import STANDARD, Resolution

ORDERS = (64, 96, 144, 216, 324, 486, 729)
WIDEST = 1e100  # entries of neurons, adapted ones among them
CHUNK = 2_000_000  # Hermite coefficients, or entries of moments, computed at once


def _widths(activation: str, derivatives: int) -> list[float]:
    r"""Return the standard deviations s up to which each of `ORDERS` suffices for so many derivatives of the loss.

    As functions of a standard normal, the activations have their nearest poles at a distance of :math:`\pi/s`, tanh at
    half of that, and Hermite coefficients fall like :math:`e^{-\text{distance}\sqrt n}`. The loss, a sum of squared
    coefficients, is then off by about :math:`e^{-2\pi\sqrt{\mathrm{order}}/s}`. The order makes that less than
    :math:`10^{-16}`, and for the gradient and the Hessian, in whose sums the coefficients have factors, less than
    :math:`10^{-18}` and :math:`10^{-20}`. For s above 4.6 (gradient 4.1, Hessian 3.7), half of that for tanh, the rule
    of `paperlib.networks.wide` takes over.
    """
    distance = 2.0 * math.pi * (0.5 if activation == "tanh" else 1.0)
    digits = math.log(10.0) * (16.0 + 2.0 * derivatives)
    return [distance * math.sqrt(order) / digits for order in ORDERS]


def evaluate(
    formula: Callable[..., Tensor],
    derivatives: int,
    activation: str,
    W: ArrayLike | Tensor,
    W_star: ArrayLike | Tensor,
    covariance: ArrayLike,
    order: int | Resolution | None,
) -> Any:
    """Check the arguments, evaluate the formula in chunks over the leading axes, and return W's kind of array.

    Without an order, every problem of a batch gets the rule for its widest neuron and as many derivatives of the loss.
    """
    name = check_activation(activation)
    rule = order if order is None or isinstance(order, Resolution) else check_order(order)
    neurons = neuron_matrix("W", W)
    targets = neuron_matrix("W_star", W_star).to(neurons.device)
    if targets.shape[-2] != neurons.shape[-2]:
        raise ValueError(f"W_star must have d = {neurons.shape[-2]} rows as W has; got shape {tuple(targets.shape)}")
    sigma = torch.from_numpy(symmetric_matrices("covariance", covariance, 2)).to(neurons.device)
    if len(sigma) != neurons.shape[-2]:
        raise ValueError(f"covariance must have shape (d, d) with d = {neurons.shape[-2]}; got {tuple(sigma.shape)}")
    batch = _common("W and W_star", neurons.shape[:-2], targets.shape[:-2])
    flat, aims = (
        array.expand(*batch, *array.shape[-2:]).reshape(-1, *array.shape[-2:]) for array in (neurons, targets)
    )
    if targets.shape[:-2].numel() == 1:  # one task for all: what concerns it alone is computed once
        aims = targets.reshape(targets.shape[-2:])
    widths = torch.maximum(*(deviation(array.detach(), sigma).amax(-1) for array in (flat, aims)))
    automatic = rule is None and name != "relu"
    rules: tuple[int | Resolution | None, ...] = (*ORDERS, STANDARD) if automatic else (rule,)
    limits = torch.tensor(_widths(name, derivatives) if automatic else []).to(widths)
    levels = torch.bucketize(widths, limits)  # narrow neurons need fewer nodes
    most = max(neurons.shape[-1], targets.shape[-1])
    pieces, places = [], []
    for level in torch.unique(levels).tolist():
        chosen = rules[level]
        nodes = chosen if isinstance(chosen, int) else 1
        members = torch.nonzero(levels == level).squeeze(-1)
        rows = max(1, CHUNK // max(1, most * nodes, most * neurons.shape[-2:].numel() * neurons.shape[-2]))
        for first in range(0, len(members), rows):
            some = members[first : first + rows]
            aim = aims[some] if aims.dim() == 3 else aims
            pieces.append(formula(name, flat[some], aim, sigma, chosen))
            places.append(some)
    if not pieces:
        pieces, places = [formula(name, flat, aims, sigma, 1)], [levels]
    result = torch.cat(pieces)[torch.argsort(torch.cat(places))]
    return like(W, result.reshape((*batch, *result.shape[1:])))


def like(W: ArrayLike | Tensor, result: Tensor) -> Any:
    """Return a result for W as a tensor if W is one, else in NumPy, without axes as a number."""
    return result if isinstance(W, Tensor) else result.detach().numpy()[()]


def neuron_matrix(name: str, value: ArrayLike | Tensor) -> Tensor:
    """Return `value`, (..., d, M), as a finite float64 tensor on its device, or raise a ValueError naming it."""
    tensor = value.to(torch.float64) if isinstance(value, Tensor) and not value.is_complex() else None
    array = finite_array(name, value if tensor is None else tensor.detach(), largest=WIDEST)
    if array.ndim < 2 or 0 in array.shape[-2:]:
        raise ValueError(f"{name} must have shape (..., d, M), d and M at least 1; got {array.shape}")
    return torch.from_numpy(array) if tensor is None else tensor


def _common(names: str, *shapes: torch.Size) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"{names} must have leading axes that broadcast; got {[tuple(s) for s in shapes]}") from None
