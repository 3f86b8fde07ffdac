r"""Gradient descent and Adam on the parameters of many runs at once; a run that was stopped stays as it is.

Adam (Kingma & Ba, 2015) with :math:`\beta = (0.9, 0.999)` and :math:`\epsilon = 10^{-8}`:

.. math:: m \leftarrow \beta_1 m + (1-\beta_1) g, \quad v \leftarrow \beta_2 v + (1-\beta_2) g^2, \quad
    \theta \leftarrow \theta - \eta \frac{m / (1-\beta_1^t)}{\sqrt{v / (1-\beta_2^t)} + \epsilon} .
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from paperlib.fewshot.models import Parameters

OPTIMIZERS = ("adam", "sgd")
SCHEDULES = ("cosine", "constant")
_FIRST, _SECOND, _EPSILON = 0.9, 0.999, 1e-8


def moments(optimizer: str, parameters: Parameters) -> Parameters:
    """Return what the optimiser remembers before its first step: nothing for ``sgd``, zeros for ``adam``.

    Raises:
        ValueError: if the optimiser is neither.

    Example:
        >>> moments("sgd", {"w": torch.ones(1)}), sorted(moments("adam", {"w": torch.ones(1)}))
        ({}, ['first w', 'second w'])
    """
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer must be {' or '.join(OPTIMIZERS)}; got {optimizer!r}")
    kinds = ("first", "second") if optimizer == "adam" else ()
    return {f"{kind} {name}": torch.zeros_like(value) for kind in kinds for name, value in parameters.items()}


def descend(
    parameters: Parameters,
    memory: Parameters,
    gradients: Parameters,
    runs: Tensor,
    step: int,
    rate: float | Sequence[float],
) -> None:
    """Change the parameters of some runs in place by one step of gradient descent, or of Adam if `memory` is its.

    Args:
        parameters: of R runs.
        memory: from `moments`, changed in place.
        gradients: of the chosen runs alone.
        runs: their numbers.
        step: how many steps this makes, counted from 1.
        rate: the learning rate, one number, or one for each chosen run.

    Example:
        >>> theta = {"w": torch.tensor([[1.0], [1.0]])}
        >>> descend(theta, moments("adam", theta), {"w": torch.tensor([[5.0]])}, torch.tensor([1]), 1, 0.1)
        >>> theta["w"].flatten()  # Adam's first step has the length of the rate
        tensor([1.0000, 0.9000])
    """
    length = torch.as_tensor(rate, dtype=torch.float64).expand(len(runs))
    if memory:
        length = length / (1 - _FIRST**step)
    length = length.to(next(iter(gradients.values())))
    for name, slope in gradients.items():
        value, along = parameters[name], length.reshape(-1, *[1] * (slope.dim() - 1))
        if not memory:
            value[runs] -= along * slope
            continue
        first, second = memory[f"first {name}"], memory[f"second {name}"]
        first[runs] = m = _FIRST * first[runs] + (1 - _FIRST) * slope
        second[runs] = v = _SECOND * second[runs] + (1 - _SECOND) * slope * slope
        size = (v / (1 - _SECOND**step)).sqrt() + _EPSILON
        value[runs] -= along * m / size


def learning_rate(initial: float, schedule: str, iteration: int, iterations: int) -> float:
    r"""Return the rate of an iteration, counted from 0: constant, or :math:`\eta\,(1+\cos(\pi i/I))/2`.

    Raises:
        ValueError: if the schedule is neither ``constant`` nor ``cosine``.

    Example:
        >>> learning_rate(0.1, "cosine", 0, 10), round(learning_rate(0.1, "cosine", 5, 10), 12)
        (0.1, 0.05)
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule must be {' or '.join(SCHEDULES)}; got {schedule!r}")
    return initial if schedule == "constant" else initial * (1 + math.cos(math.pi * iteration / iterations)) / 2
