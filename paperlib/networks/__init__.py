"""Two-layer networks on Gaussian inputs (Section 4): population losses, the MAML objective, solutions, and samples."""

from paperlib.networks.activations import Activation, derivative
from paperlib.networks.objectives import (
    Tasks,
    erm_solution,
    maml_solution,
    post_adaptation_gradient,
    post_adaptation_loss,
    post_adaptation_risk,
)
from paperlib.networks.population import population_gradient, population_hessian, population_loss, quadrature_error
from paperlib.networks.samples import (
    empirical_post_adaptation_risk,
    empirical_risk,
    sample_inputs,
    sampled_post_adaptation_risk,
)

__all__ = [
    "Activation",
    "Tasks",
    "derivative",
    "empirical_post_adaptation_risk",
    "empirical_risk",
    "erm_solution",
    "maml_solution",
    "population_gradient",
    "population_hessian",
    "population_loss",
    "post_adaptation_gradient",
    "post_adaptation_loss",
    "post_adaptation_risk",
    "quadrature_error",
    "sample_inputs",
    "sampled_post_adaptation_risk",
]
