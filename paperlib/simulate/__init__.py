"""Sampling tasks and data, the empirical solutions of ERM and MAML, and their training by SGD."""

from paperlib.simulate.bartlett import bartlett_moment, draw_factors, wishart_moment
from paperlib.simulate.setting import Algorithm, Setting, protocol_rate, stability_limits
from paperlib.simulate.sgd import Runs, train
from paperlib.simulate.streams import Method
from paperlib.simulate.tasks import erm_estimate, maml_estimate, sample_data, sample_episodes, sample_tasks
from paperlib.simulate.trials import sampled_erm_estimates, sampled_maml_estimates

__all__ = [
    "Algorithm",
    "Method",
    "Runs",
    "Setting",
    "bartlett_moment",
    "draw_factors",
    "erm_estimate",
    "maml_estimate",
    "protocol_rate",
    "sample_data",
    "sample_episodes",
    "sample_tasks",
    "sampled_erm_estimates",
    "sampled_maml_estimates",
    "stability_limits",
    "train",
    "wishart_moment",
]
