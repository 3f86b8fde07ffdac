r"""Networks on samples instead of populations: the MAML objective with m inner samples, and objectives (3) and (4).

Labels have no noise, as in Section 4, so that a data set is its inputs. Every start W of a landscape meets the same
samples: the estimates are smooth functions of W, and their errors at neighbouring W go together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from paperlib.arguments import Array, listed, real_number, whole_number
from paperlib.gaussian import check_order, square_roots
from paperlib.networks.activations import check_activation, derivative
from paperlib.networks.evaluation import like, neuron_matrix
from paperlib.networks.objectives import Tasks
from paperlib.networks.population import population_loss

CHUNK = 4_000_000  # neuron inputs evaluated at once


def sample_inputs(tasks: Tasks, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    r"""Draw Gaussian inputs of each task, :math:`x\sim N(0,\Sigma_g)`.

    Args:
        tasks: the tasks.
        shape: of the draws of one task, such as (n,) or (episodes, samples).
        rng: the random generator.

    Returns:
        (G, *shape, d).

    Raises:
        ValueError: shape not of positive whole numbers.

    Example:
        >>> tasks = Tasks([0.5, 0.5], W_stars=[[[1.0]], [[-1.0]]], covariances=[[[1.0]], [[4.0]]])
        >>> sample_inputs(tasks, (3, 5), np.random.default_rng(0)).shape
        (2, 3, 5, 1)
    """
    roots = square_roots(tasks.covariances)
    sizes = [whole_number("shape", size) for size in listed("shape", shape)]
    draws = rng.standard_normal((len(roots), *sizes, roots.shape[-1]))
    return np.stack([draw @ root for draw, root in zip(draws, roots, strict=True)])


def sampled_post_adaptation_risk(
    activation: str,
    tasks: Tasks,
    W: ArrayLike | Tensor,
    alpha: float,
    m: int,
    draws: int,
    rng: np.random.Generator,
    *,
    order: int | None = None,
) -> Any:
    r"""Simulate the MAML objective (1) with m inner samples: draws whose mean it is, on the same samples for every W.

    .. math:: F_m(W)=\sum_gp_g\,E\bigl[f_g\bigl(W-\alpha\nabla\hat f_g(W)\bigr)\bigr]

    The expectation is over the m samples of :math:`\hat f_g`; the population loss outside is exact.

    Args:
        activation, tasks, W, order: as for `post_adaptation_risk`.
        alpha: inner learning rate, not negative; 0 is no step, and every draw the loss before adaptation.
        m: number of samples of the step, at least 1.
        draws: how many, at least 1; each has m samples of every task.
        rng: the random generator; generators of one seed give the same samples.

    Returns:
        (draws, ...), independent along the first axis.

    Raises:
        ValueError: an argument breaks one of these conditions.

    Example:
        Where no neuron of a ReLU network fires, there is no step:

        >>> tasks = Tasks([1.0], W_stars=[[[0.0]]], covariances=[[[1.0]]])
        >>> sampled_post_adaptation_risk("relu", tasks, [[0.0]], 1.0, m=5, draws=2, rng=np.random.default_rng(0))
        array([0., 0.])
    """
    rate, name, start = real_number("alpha", alpha, at_least=0.0), check_activation(activation), neuron_matrix("W", W)
    rule = None if order is None else check_order(order)
    if start.shape[-2] != tasks.dim:
        raise ValueError(f"W must have d = {tasks.dim} rows as the tasks have; got shape {tuple(start.shape)}")
    samples = sample_inputs(tasks, (whole_number("draws", draws), whole_number("m", m)), rng)
    total = start.new_zeros(())
    for (p, aim, sigma), X in zip(tasks, torch.from_numpy(samples).to(start), strict=True):
        neurons = neuron_matrix("W_stars", aim)
        adapted = torch.stack([start - rate * _gradient(name, start, neurons, draw) for draw in X])
        total = total + p * population_loss(name, adapted, aim, sigma, order=rule)
    return like(W, total)


def empirical_risk(activation: str, W_stars: ArrayLike | Tensor, inputs: ArrayLike, W: ArrayLike | Tensor) -> Any:
    r"""Return the ERM objective (3), :math:`\frac1T\sum_i\hat f_i(W)`, of T tasks with n samples each.

    Args:
        activation: "relu", "softplus", "sigmoid" or "tanh".
        W_stars: (T, d, K), which label the inputs.
        inputs: (T, n, d).
        W: (..., d, M).

    Returns:
        (...), a tensor on the device of W if W is a tensor, else NumPy.

    Raises:
        ValueError: an argument breaks one of these conditions.

    Example:
        >>> float(empirical_risk("relu", [[[0.0]]], [[[2.0], [-1.0]]], [[1.0]]))
        1.0
    """
    name, start, aims = check_activation(activation), neuron_matrix("W", W), neuron_matrix("W_stars", W_stars)
    samples = _inputs("inputs", inputs, len(aims), 3, start)
    losses = [_loss(name, start, aim, X) for aim, X in zip(aims, samples, strict=True)]
    return like(W, torch.stack(losses).mean(0))


def empirical_post_adaptation_risk(
    activation: str,
    W_stars: ArrayLike | Tensor,
    inner: ArrayLike,
    outer: ArrayLike,
    W: ArrayLike | Tensor,
    alpha: float,
) -> Any:
    r"""Return the MAML objective (4) of T tasks with τ episodes of n2 inner and n1 outer samples each.

    .. math:: \frac1{T\tau}\sum_{i=1}^T\sum_{j=1}^\tau
              \hat f_i\bigl(W-\alpha\nabla\hat f_i(W;X^{in}_{i,j});\,X^{out}_{i,j}\bigr)

    Args:
        activation, W_stars, W: as for `empirical_risk`.
        inner: (T, τ, n2, d).
        outer: (T, τ, n1, d).
        alpha: inner learning rate, not negative; 0 is no step, the ERM objective on the outer samples.

    Returns:
        (...).

    Raises:
        ValueError: an argument breaks one of these conditions.

    Example:
        >>> episodes = dict(inner=[[[[1.0], [-1.0]]]], outer=[[[[3.0]]]])
        >>> float(empirical_post_adaptation_risk("relu", [[[0.5]]], **episodes, W=[[1.0]], alpha=2.0))
        0.0
    """
    rate, name = real_number("alpha", alpha, at_least=0.0), check_activation(activation)
    start, aims = neuron_matrix("W", W), neuron_matrix("W_stars", W_stars)
    ins, outs = (_inputs(side, X, len(aims), 4, start) for side, X in (("inner", inner), ("outer", outer)))
    if ins.shape[:2] != outs.shape[:2]:
        raise ValueError(f"outer must hold as many episodes as inner; got {tuple(outs.shape)}, {tuple(ins.shape)}")
    losses = [
        _loss(name, start - rate * _gradient(name, start, aim, X_in), aim, X_out)
        for aim, tasks_in, tasks_out in zip(aims, ins, outs, strict=True)
        for X_in, X_out in zip(tasks_in, tasks_out, strict=True)
    ]
    return like(W, torch.stack(losses).mean(0))


def _residual(activation: str, W: Tensor, aim: Tensor, X: Tensor) -> tuple[Tensor, Tensor]:
    """Return the inputs of the neurons, (..., n, M), and the errors of the network, (..., n)."""
    u = X @ W
    target = derivative(activation, 0, X @ aim.to(X)).sum(-1)
    return u, derivative(activation, 0, u).sum(-1) - target


def _loss(activation: str, W: Tensor, aim: Tensor, X: Tensor) -> Tensor:
    return _chunked(lambda w: 0.5 * _residual(activation, w, aim, X)[1].square().mean(-1), W, len(X))


def _gradient(activation: str, W: Tensor, aim: Tensor, X: Tensor) -> Tensor:
    def gradient(w: Tensor) -> Tensor:
        u, error = _residual(activation, w, aim, X)
        return X.mT @ (error.unsqueeze(-1) * derivative(activation, 1, u)) / len(X)

    return _chunked(gradient, W, len(X))


def _chunked(formula: Any, W: Tensor, samples: int) -> Tensor:
    """Evaluate a formula for each (d, M) of W, not more at once than fit into memory."""
    flat = W.reshape(-1, *W.shape[-2:])
    rows = max(1, CHUNK // (samples * W.shape[-1]))
    result = torch.cat([formula(flat[i : i + rows]) for i in range(0, len(flat), rows)])
    return result.reshape((*W.shape[:-2], *result.shape[1:]))


def _inputs(name: str, value: ArrayLike | Tensor, tasks: int, axes: int, W: Tensor) -> Tensor:
    samples = neuron_matrix(name, value).to(W)
    if samples.dim() != axes or len(samples) != tasks or samples.shape[-1] != W.shape[-2]:
        shape = "(tasks, n, d)" if axes == 3 else "(tasks, draws, samples, d)"
        raise ValueError(
            f"{name} must have shape {shape} with {tasks} tasks and d = {W.shape[-2]}; got {tuple(samples.shape)}"
        )
    return samples
