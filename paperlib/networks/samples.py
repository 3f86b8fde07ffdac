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

from paperlib.arguments import Array, listed, real_number, symmetric_matrices, whole_number
from paperlib.networks.activations import check_activation, derivative
from paperlib.networks.evaluation import neuron_matrix
from paperlib.networks.objectives import finite_tasks
from paperlib.networks.population import population_loss

CHUNK = 4_000_000  # neuron inputs evaluated at once


def sample_inputs(covariances: ArrayLike, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    r"""Draw Gaussian inputs of each task, :math:`x\sim N(0,\Sigma_g)`.

    Args:
        covariances: (G, d, d), symmetric positive definite.
        shape: of the draws of one task, such as (n,) or (episodes, samples).
        rng: a NumPy generator.

    Returns:
        (G, *shape, d).

    Example:
        >>> sample_inputs([[[1.0]], [[4.0]]], (3, 5), np.random.default_rng(0)).shape
        (2, 3, 5, 1)
    """
    roots = np.linalg.cholesky(symmetric_matrices("covariances", covariances, 3))
    sizes = [whole_number("shape", size) for size in listed("shape", shape)]
    draws = rng.standard_normal((len(roots), *sizes, roots.shape[-1]))
    return np.stack([draw @ root.T for draw, root in zip(draws, roots, strict=True)])


def sampled_post_adaptation_loss(
    activation: str,
    probabilities: ArrayLike,
    W: ArrayLike | Tensor,
    W_stars: ArrayLike | Tensor,
    covariances: ArrayLike,
    alpha: float,
    inner: ArrayLike,
    *,
    order: int | None = None,
) -> tuple[Any, Any]:
    r"""Estimate the MAML objective (1) with m inner samples from given inner samples, and its standard error.

    .. math:: F_m(W)=\sum_gp_g\,E\bigl[f_g\bigl(W-\alpha\nabla\hat f_g(W)\bigr)\bigr]

    The expectation is over the m samples of :math:`\hat f_g`; the population loss outside is exact.

    Args:
        activation, probabilities, W, W_stars, covariances, order: as for `post_adaptation_loss`.
        alpha: inner learning rate, not negative; with 0 every draw is the loss before adaptation.
        inner: (G, draws, m, d), inputs of the inner steps, as `sample_inputs` gives them; at least two draws.

    Returns:
        the mean over the draws and its standard error, each of shape (...).

    Raises:
        ValueError: an argument breaks one of these conditions.

    Example:
        The step on (h(x) − y)²/2 with x = ±1 learns a ReLU's weight from the one sample where it fires.

        >>> loss, error = sampled_post_adaptation_loss(
        ...     "relu", [1.0], [[1.0]], [[[0.5]]], [[[1.0]]], alpha=2.0, inner=[[[[1.0], [-1.0]], [[-1.0], [1.0]]]]
        ... )
        >>> float(loss), float(error)
        (0.0, 0.0)
    """
    rate, name = real_number("alpha", alpha, at_least=0.0), check_activation(activation)
    start, tasks = neuron_matrix("W", W), finite_tasks(probabilities, W_stars, covariances)
    samples = _inputs("inner", inner, len(tasks), 4, start)
    if samples.shape[1] < 2:
        raise ValueError(f"inner must hold at least two draws for each task; got shape {tuple(samples.shape)}")
    mean = start.new_zeros(start.shape[:-2])
    variance = torch.zeros_like(mean)
    for (p, aim, sigma), X in zip(tasks, samples, strict=True):
        adapted = torch.stack([start - rate * _gradient(name, start, aim, draw) for draw in X])
        losses = population_loss(name, adapted, aim, sigma, order=order)
        mean = mean + p * losses.mean(0)
        variance = variance + p**2 * losses.var(0) / len(losses)
    error = variance.sqrt()
    return (mean, error) if isinstance(W, Tensor) else (mean.detach().numpy(), error.detach().numpy())


def empirical_erm_loss(activation: str, W: ArrayLike | Tensor, W_stars: ArrayLike | Tensor, inputs: ArrayLike) -> Any:
    r"""Return the ERM objective (3), :math:`\frac1T\sum_i\hat f_i(W)`, of T tasks with n samples each.

    Args:
        activation: "relu", "softplus", "sigmoid" or "tanh".
        W: (..., d, M).
        W_stars: (T, d, K), which label the inputs.
        inputs: (T, n, d).

    Returns:
        (...), a tensor on the device of W if W is a tensor, else NumPy.

    Raises:
        ValueError: an argument breaks one of these conditions.

    Example:
        >>> float(empirical_erm_loss("relu", [[1.0]], [[[0.0]]], [[[2.0], [-1.0]]]))
        1.0
    """
    name, start = check_activation(activation), neuron_matrix("W", W)
    aims = neuron_matrix("W_stars", W_stars)
    samples = _inputs("inputs", inputs, len(aims), 3, start)
    losses = [_loss(name, start, aim, X) for aim, X in zip(aims, samples, strict=True)]
    total = torch.stack(losses).mean(0)
    return total if isinstance(W, Tensor) else total.detach().numpy()


def empirical_maml_loss(
    activation: str,
    W: ArrayLike | Tensor,
    W_stars: ArrayLike | Tensor,
    inner: ArrayLike,
    outer: ArrayLike,
    alpha: float,
) -> Any:
    r"""Return the MAML objective (4) of T tasks with τ episodes of n2 inner and n1 outer samples each.

    .. math:: \frac1{T\tau}\sum_{i=1}^T\sum_{j=1}^\tau
              \hat f_i\bigl(W-\alpha\nabla\hat f_i(W;X^{in}_{i,j});\,X^{out}_{i,j}\bigr)

    Args:
        activation, W, W_stars: as for `empirical_erm_loss`.
        inner: (T, τ, n2, d).
        outer: (T, τ, n1, d).
        alpha: inner learning rate, not negative; with 0 this is the ERM objective on the outer samples.

    Returns:
        (...).

    Raises:
        ValueError: an argument breaks one of these conditions.

    Example:
        >>> data = dict(inner=[[[[1.0], [-1.0]]]], outer=[[[[3.0]]]], alpha=2.0)
        >>> float(empirical_maml_loss("relu", [[1.0]], [[[0.5]]], **data))
        0.0
    """
    rate, name = real_number("alpha", alpha, at_least=0.0), check_activation(activation)
    start, aims = neuron_matrix("W", W), neuron_matrix("W_stars", W_stars)
    ins, outs = (_inputs(side, X, len(aims), 4, start) for side, X in (("inner", inner), ("outer", outer)))
    if ins.shape[:2] != outs.shape[:2]:
        raise ValueError(f"outer must hold as many episodes as inner; got {tuple(outs.shape)}, {tuple(ins.shape)}")
    total = start.new_zeros(start.shape[:-2])
    for aim, tasks_in, tasks_out in zip(aims, ins, outs, strict=True):
        for X_in, X_out in zip(tasks_in, tasks_out, strict=True):
            total = total + _loss(name, start - rate * _gradient(name, start, aim, X_in), aim, X_out)
    total = total / (ins.shape[0] * ins.shape[1])
    return total if isinstance(W, Tensor) else total.detach().numpy()


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
