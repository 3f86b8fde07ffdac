"""Two-layer networks on Gaussian inputs (Section 4): population losses, the MAML objective, solutions, and samples."""

from paperlib.networks.activations import Activation, derivative
from paperlib.networks.evaluation import automatic_order
from paperlib.networks.objectives import erm_gradient, erm_loss, post_adaptation_gradient, post_adaptation_loss
from paperlib.networks.population import (
    population_gradient,
    population_hessian,
    population_loss,
    quadrature_error,
)
from paperlib.networks.samples import (
    empirical_erm_loss,
    empirical_maml_loss,
    sample_inputs,
    sampled_post_adaptation_loss,
)
from paperlib.networks.solutions import erm_solution, lowest_minimum, maml_solution

__all__ = [
    "Activation",
    "automatic_order",
    "derivative",
    "empirical_erm_loss",
    "empirical_maml_loss",
    "erm_gradient",
    "erm_loss",
    "erm_solution",
    "lowest_minimum",
    "maml_solution",
    "population_gradient",
    "population_hessian",
    "population_loss",
    "post_adaptation_gradient",
    "post_adaptation_loss",
    "quadrature_error",
    "sample_inputs",
    "sampled_post_adaptation_loss",
]
