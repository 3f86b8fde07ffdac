"""Accuracies of trained runs: means over runs in words, and evaluations made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from paperlib.fewshot import evaluation, experiments
from paperlib.fewshot.evaluation import KINDS, Sums
from paperlib.fewshot.runs import Run
from paperlib.fewshot.states import State


def cells(scores: Sums) -> list[list[str]]:
    """Return the accuracy of each phase and kind from (phases, runs, kinds, 3) sums: mean and interval over runs."""
    table = []
    for phase in scores:
        rows = [evaluation.means(sums) for sums in phase]
        table.append([_mean([row[kind]["accuracy"] for row in rows]) for kind in KINDS])
    return table


def _mean(values: Sequence[float | None]) -> str:
    there = [value for value in values if value is not None]
    if not there:
        return ""
    mean, half_width = evaluation.mean_interval(there)
    return f"{mean:.3f}" + (f" ± {half_width:.3f}" if len(there) > 1 else "")


def evaluated_again(state: State, changes: dict[str, Any], phases: int) -> Sums:
    """Return the (phases, runs, kinds, 3) sums of the first phases of a changed evaluation; zeros for stopped runs."""
    active = state.active
    runs = [Run(replace(one, **changes), seed) for one, seed in (state.runs[place] for place in active)]
    experiment, c = experiments.prepare(runs), runs[0].configuration
    parameters = evaluation.alive(state.parameters, torch.tensor(active, device=experiment.images.device))
    scores, total = np.zeros((phases, len(state.runs), 2, 3)), c.evaluation_tasks
    with tqdm(desc="evaluation", total=phases * total, disable=None, leave=False) as bar:
        for phase in range(phases):
            for first in range(0, total, c.tasks):
                tasks = min(c.tasks, total - first)
                scores[phase, active] += evaluation.evaluate(experiment, parameters, runs, phase, first, tasks)
                bar.update(tasks)
    return scores
