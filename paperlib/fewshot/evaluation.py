"""Accuracy after adaptation, by kind of task, of every run; and what several runs say together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from paperlib.fewshot.episodes import Episodes
from paperlib.fewshot.experiments import Experiment
from paperlib.fewshot.models import Parameters
from paperlib.fewshot.objectives import post_adaptation
from paperlib.fewshot.runs import Run

KINDS = ("easy", "hard")
NUMBERS = ("tasks", "loss", "accuracy")
_DECIMALS = 6
Floats = NDArray[np.float64]
Sums = Floats


class Interval(NamedTuple):
    """A mean and half the width of its confidence interval."""

    mean: float
    half_width: float


def mean_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    r"""Return :math:`\bar x \pm t_{n-1}\,s/\sqrt n`, Student's interval for the mean of normal values.

    One value says nothing about its spread: its interval is infinite.

    Raises:
        ValueError: if there is no value, or `level` is not between 0 and 1.

    Example:
        >>> mean, half_width = mean_interval([1.0, 2.0, 3.0])  # s = 1, t = 4.303
        >>> mean, round(half_width, 3)
        (2.0, 2.484)
    """
    if not len(values):
        raise ValueError("values must not be empty; got none")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; got {level!r}")
    count, mean = len(values), float(np.mean(values))
    if count == 1:
        return Interval(mean, math.inf)
    error = float(np.std(values, ddof=1)) / math.sqrt(count)
    return Interval(mean, float(stats.t.ppf((1 + level) / 2, count - 1)) * error)


def answers(*asked: Tensor) -> list[Floats]:
    """Return tensors of one device as arrays in double precision: one question, for which the host waits once."""
    together = torch.cat([values.flatten().double() for values in asked]).cpu().numpy()
    parts = np.split(together, np.cumsum([values.numel() for values in asked])[:-1])
    return [part.reshape(values.shape) for part, values in zip(parts, asked, strict=True)]


def tally(tasks: Episodes, loss: Floats, accuracy: Floats, runs: int) -> Sums:
    """Return (runs, kinds, 3) sums over tasks: of ones, losses and accuracies; easy first, then hard.

    They are added up in double precision in the order of tasks, so a run's sums do not depend on its neighbours.
    """
    place = 2 * tasks.run + tasks.hard
    sums = [np.bincount(place, weights=column, minlength=2 * runs) for column in (None, loss, accuracy)]
    return np.stack(sums, axis=1).reshape(runs, 2, 3).astype(np.float64)


def evaluate(
    experiment: Experiment, parameters: Parameters, runs: Sequence[Run], phase: int, first: int, tasks: int
) -> Sums:
    """Return the `tally` of the evaluation tasks `first` to `first + tasks - 1` of each run.

    Args:
        experiment: network, images and tasks.
        parameters: of one model for each run.
        runs: a run meets tasks of its own, which no training has seen.
        phase: which of the experiment's evaluations, counted from 0.
        first: number of the first task.
        tasks: how many.
    """
    total, adaptation = np.zeros((len(runs), 2, 3)), experiment.adaptation(runs, phase)
    for episodes in experiment.evaluation(runs, phase, first, tasks):
        batch = experiment.batch(episodes)
        found = post_adaptation(experiment.network, parameters, batch, adaptation)
        loss, accuracy = answers(*found)
        total += tally(episodes, loss, accuracy, len(runs))
    return total


def means(sums: Sums) -> dict[str, dict[str, float | int | None]]:
    """Return tasks, loss and accuracy of each kind from one run's (kinds, 3) sums, to 6 decimals.

    Where there is no finite number stands None.

    Example:
        >>> means(np.array([[2.0, 3.0, 1.0], [0.0, 0.0, 0.0]]))["easy"]
        {'tasks': 2, 'loss': 1.5, 'accuracy': 0.5}
    """
    result: dict[str, dict[str, float | int | None]] = {}
    for kind, (count, *totals) in zip(KINDS, sums.tolist(), strict=True):
        averages = [total / count if count else math.nan for total in totals]
        rounded = [round(value, _DECIMALS) if math.isfinite(value) else None for value in averages]
        result[kind] = {"tasks": int(count), "loss": rounded[0], "accuracy": rounded[1]}
    return result


def metrics(
    iterations: int, phases: Sequence[str], diverged: int | None, history: Sums, window: int, scores: Sums
) -> dict[str, Any]:
    """Return what a record says of one run.

    Args:
        iterations: of training.
        phases: names of the evaluations.
        diverged: the iteration, counted from 0, in which it was stopped, or None.
        history: (windows, kinds, 3) sums of training, over windows of so many iterations.
        window: how many.
        scores: (phases, kinds, 3) sums of evaluation.
    """
    met = [index for index, sums in enumerate(history) if sums[:, 0].any()]
    every = [means(history[index]) for index in met]
    rows = {kind: {name: [one[kind][name] for one in every] for name in NUMBERS} for kind in KINDS}
    curve = {"iteration": [min((index + 1) * window, iterations) for index in met], **rows}
    evaluation = {phase: means(sums) for phase, sums in zip(phases, scores, strict=True)} if diverged is None else None
    return {"iterations": iterations, "diverged": diverged, "evaluation": evaluation, "history": curve}


def alive(values: Parameters, runs: Tensor) -> Parameters:
    """Return the parameters of the chosen runs."""
    return {name: torch.index_select(value, 0, runs) for name, value in values.items()}
