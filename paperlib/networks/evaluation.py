r"""What the population quantities have in common: checked arguments, the quadrature order, and evaluation in chunks."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from paperlib.arguments import finite_array, real_number, symmetric_matrices
from paperlib.gaussian import check_order
from paperlib.networks.activations import check_activation
from paperlib.networks.pairs import deviation

ORDERS = (64, 96, 144, 216, 324, 486, 729, 1094, 1640)
WIDEST = 1e100  # entries of neurons, adapted ones among them
CHUNK = 2_000_000  # Hermite coefficients, or entries of moments, computed at once


def automatic_order(activation: str, deviation: float) -> int:
    r"""Return the number of nodes that suffices for neurons whose inputs have this standard deviation s.

    As functions of a standard normal, the activations have their nearest poles at a distance of :math:`\pi/s`, tanh at
    half of that, and Hermite coefficients fall like :math:`e^{-\text{distance}\sqrt n}`. The loss, a sum of squared
    coefficients, is then off by about :math:`e^{-2\pi\sqrt{\mathrm{order}}/s}`. The order makes that less than
    :math:`10^{-15}`, which leaves the Hessian about :math:`10^{-10}`, up to s = 7 (3.5 for tanh), beyond which it stays
    at its largest. It is one of `ORDERS`, each 3/2 of the one before.

    Example:
        >>> automatic_order("softplus", 1.0), automatic_order("softplus", 10.0), automatic_order("relu", 1.0)
        (64, 1640, 1)
    """
    deviation = real_number("deviation", deviation, at_least=0.0)
    if check_activation(activation) == "relu":
        return 1
    return ORDERS[bisect_left(_widths(activation), deviation)]


def _widths(activation: str) -> list[float]:
    """Return the standard deviations up to which each of `ORDERS` but the last suffices."""
    distance = 0.5 if activation == "tanh" else 1.0
    return [distance * 2.0 * math.pi * math.sqrt(order - 32) / math.log(1e15) for order in ORDERS[:-1]]


def evaluate(
    formula: Callable[..., Tensor],
    activation: str,
    W: ArrayLike | Tensor,
    W_star: ArrayLike | Tensor,
    covariance: ArrayLike,
    order: int | None,
) -> Any:
    """Check the arguments, evaluate the formula in chunks over the leading axes, and return W's kind of array."""
    name = check_activation(activation)
    order = None if order is None else check_order(order)
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
    if targets.shape[:-2].numel() == 1:  # one task for all: its coefficients are computed once
        aims = targets.reshape(targets.shape[-2:])
    widest = float(deviation(targets.detach(), sigma).max())
    widths = deviation(flat.detach(), sigma).amax(-1).clamp_min(widest)
    limits = torch.tensor([] if order is not None or name == "relu" else _widths(name)).to(widths)
    levels = torch.bucketize(widths, limits)  # narrow neurons need fewer nodes
    most = max(neurons.shape[-1], targets.shape[-1])
    pieces, places = [], []
    for level in torch.unique(levels).tolist():
        nodes = (1 if name == "relu" else ORDERS[level]) if order is None else order
        members = torch.nonzero(levels == level).squeeze(-1)
        rows = max(1, CHUNK // max(1, most * nodes, most * neurons.shape[-2:].numel() * neurons.shape[-2]))
        for first in range(0, len(members), rows):
            some = members[first : first + rows]
            pieces.append(formula(name, flat[some], aims[some] if aims.dim() == 3 else aims, sigma, nodes))
            places.append(some)
    if not pieces:
        pieces, places = [formula(name, flat, aims, sigma, 1)], [levels]
    result = torch.cat(pieces)[torch.argsort(torch.cat(places))]
    result = result.reshape((*batch, *result.shape[1:]))
    return result if isinstance(W, Tensor) else result.detach().numpy()


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
