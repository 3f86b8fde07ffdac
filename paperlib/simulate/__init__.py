"""Sampling tasks and data, the empirical solutions of ERM and MAML, and their training by SGD."""

from paperlib.simulate.bartlett import bartlett_moment, draw_factors, wishart_moment
from paperlib.simulate.setting import Algorithm, Setting, protocol_rate
from paperlib.simulate.sgd import Method, Runs, train
from paperlib.simulate.stability import stability_limits
from paperlib.simulate.tasks import erm_estimate, maml_estimate, sample_data, sample_episodes, sample_tasks
from paperlib.simulate.trials import erm_estimates, maml_estimates

__all__ = [
    "Algorithm",
    "Method",
    "Runs",
    "Setting",
    "bartlett_moment",
    "draw_factors",
    "erm_estimate",
    "erm_estimates",
    "maml_estimate",
    "maml_estimates",
    "protocol_rate",
    "sample_data",
    "sample_episodes",
    "sample_tasks",
    "stability_limits",
    "train",
    "wishart_moment",
]
