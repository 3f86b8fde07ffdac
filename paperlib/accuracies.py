"""Accuracies of trained runs: means over runs in words, and evaluations made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from paperlib import records
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


def evaluated_again(state: State, changes: dict[str, Any], phases: int) -> State:
    """Return the state of a training as another evaluation would have left it.

    A training on a GPU is evaluated on the processor, in float32, where there is none; its settings stay as they are,
    and the origins say so.

    Args:
        state: with a run at least that was not stopped; its tensors are moved to where they are evaluated.
        changes: to the evaluation of each run.
        phases: how many of them to evaluate; the sums of the others are zero, and those of stopped runs.
    """
    runs = tuple(Run(replace(one, **changes), seed) for one, seed in state.runs)
    active = state.active
    used = [_here(runs[place]) for place in active]
    experiment, c = experiments.prepare(used), used[0].configuration
    state.move(c.device)
    parameters = evaluation.alive(state.parameters, torch.tensor(active, device=experiment.images.device))
    scores, total = np.zeros((len(c.phases), len(runs), 2, 3)), c.evaluation_tasks
    with tqdm(desc="evaluation", total=phases * total, disable=None, leave=False) as bar:
        for phase in range(phases):
            for first in range(0, total, c.tasks):
                tasks = min(c.tasks, total - first)
                scores[phase, active] += evaluation.evaluate(experiment, parameters, used, phase, first, tasks)
                bar.update(tasks)
    origins = records.origins(state.origins, c.device)
    return replace(state, runs=runs, scores=scores, evaluated=phases * total, origins=origins)


def _here(run: Run) -> Run:
    """Return a run as it can be evaluated on this machine."""
    if run.configuration.device == "cpu" or torch.cuda.is_available():
        return run
    return Run(replace(run.configuration, device="cpu", precision="float32"), run.seed)
