"""The closed forms of mixed linear regression: population solutions and risks, and the limits of training."""

from paperlib.linear.asymptotics import (
    asymptotic_bias_erm,
    asymptotic_bias_maml,
    asymptotic_covariance_erm,
    asymptotic_covariance_maml,
)
from paperlib.linear.curves import crossover_tasks, excess_risk_slope_erm, excess_risk_slope_maml
from paperlib.linear.learners import learner_start, learner_weight
from paperlib.linear.population import (
    erm_solution,
    excess_risk,
    maml_solution,
    noise_floor,
    post_adaptation_risk,
    risk_above_floor,
)
from paperlib.linear.steps import adapted_covariance, best_step
from paperlib.linear.wishart import wishart_average, wishart_sandwich

__all__ = [
    "adapted_covariance",
    "asymptotic_bias_erm",
    "asymptotic_bias_maml",
    "asymptotic_covariance_erm",
    "asymptotic_covariance_maml",
    "best_step",
    "crossover_tasks",
    "erm_solution",
    "excess_risk",
    "excess_risk_slope_erm",
    "excess_risk_slope_maml",
    "learner_start",
    "learner_weight",
    "maml_solution",
    "noise_floor",
    "post_adaptation_risk",
    "risk_above_floor",
    "wishart_average",
    "wishart_sandwich",
]
