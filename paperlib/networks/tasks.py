r"""Finitely many tasks of Section 4: what a `TaskEnvironment` is to regression, for networks that learn networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from paperlib.arguments import Array, distribution, symmetric_matrices
from paperlib.networks.evaluation import neuron_matrix


@dataclass(frozen=True, eq=False)
class Tasks:
    r"""A finite mixture of tasks (Section 4): inputs :math:`x\sim N(0,\Sigma_g)`, labels of the network :math:`W_{*g}`.

    Args:
        probabilities: (G,), positive, sum to one.
        W_stars: (G, d, K), the neurons that make the labels of each task; a tensor stays one, on its device.
        covariances: (G, d, d), symmetric positive definite covariances of the inputs.

    Raises:
        ValueError: an argument breaks one of these conditions.

    Example:
        A hard task and an easy one, of one neuron each:

        >>> tasks = Tasks([0.5, 0.5], W_stars=[[[1.0]], [[-1.0]]], covariances=[[[0.5]], [[1.0]]])
        >>> [(p, sigma.item()) for p, _, sigma in tasks]
        [(0.5, 0.5), (0.5, 1.0)]
    """

    probabilities: Array
    W_stars: Array | Tensor
    covariances: Array

    def __post_init__(self) -> None:
        probabilities = distribution("probabilities", self.probabilities)
        aims, sigmas = neuron_matrix("W_stars", self.W_stars), symmetric_matrices("covariances", self.covariances, 3)
        count = probabilities.size
        for name, array in (("W_stars", aims), ("covariances", sigmas)):
            if len(array) != count or array.ndim != 3:
                shape = tuple(array.shape)
                raise ValueError(f"{name} must hold one matrix for each of {count} tasks; got shape {shape}")
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "W_stars", aims if isinstance(self.W_stars, Tensor) else aims.numpy())
        object.__setattr__(self, "covariances", sigmas)

    @property
    def dim(self) -> int:
        """Dimension d of the inputs."""
        return len(self.covariances[0])

    def __iter__(self) -> Iterator[tuple[float, Array | Tensor, Array]]:
        """Yield probability, neurons (d, K) and covariance (d, d) of each task."""
        return zip(self.probabilities.tolist(), self.W_stars, self.covariances, strict=True)
