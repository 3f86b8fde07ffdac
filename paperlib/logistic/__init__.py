r"""Logistic regression with Gaussian inputs: losses, adaptation, solutions (Figure 7).

A task has inputs :math:`x\sim N(0,\Sigma)` and labels 0 or 1; with :math:`u=\langle w,x\rangle` the loss of a sample is
:math:`\log(1+e^u)-yu`. Write :math:`s(u)=1/(1+e^{-u})`, :math:`u^*=\langle w^*,x\rangle`. The labels are
``"bernoulli"``, :math:`P(y=1\mid x)=s(u^*)`, or ``"sign"``, :math:`y=1` exactly if :math:`u^*>0`. Environments are
those of linear regression: `means` are the :math:`w^*`, there is no spread and no noise but that of the labels.
Population quantities are integrals of one or two dimensions, computed to rounding at all scales of w and :math:`w^*`.
"""

from paperlib.logistic.objectives import (
    approximate_post_adaptation_risk,
    erm_solution,
    label_entropy,
    maml_solution,
    post_adaptation_gradient,
    post_adaptation_risk,
)
from paperlib.logistic.population import label_slope, population_gradient, population_hessian, population_loss
from paperlib.logistic.quadrature import Labels, gaussian_means
from paperlib.logistic.samples import erm_estimate, maml_estimate, sample_data, sampled_post_adaptation_risk

__all__ = [
    "Labels",
    "approximate_post_adaptation_risk",
    "erm_estimate",
    "erm_solution",
    "gaussian_means",
    "label_entropy",
    "label_slope",
    "maml_estimate",
    "maml_solution",
    "population_gradient",
    "population_hessian",
    "population_loss",
    "post_adaptation_gradient",
    "post_adaptation_risk",
    "sample_data",
    "sampled_post_adaptation_risk",
]
