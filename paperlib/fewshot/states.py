"""Where a training stands between two steps, in memory and on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from paperlib.fewshot import checkpoints, evaluation, experiments
from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.evaluation import Sums
from paperlib.fewshot.models import Network, Parameters
from paperlib.fewshot.optimisers import moments
from paperlib.fewshot.runs import Run, check, differences

_WINDOWS = 100  # rows of the history that a record keeps


@dataclass(eq=False)
class State:
    """All that a training knows of itself between two steps.

    Attributes:
        runs: configuration and seed of each.
        parameters: of all runs.
        memory: of the optimiser.
        diverged: for each run the iteration in which it was stopped, counted from 0, or None.
        history: (windows, runs, kinds, 3) sums of training; see `evaluation.tally`.
        scores: (phases, runs, kinds, 3) sums of evaluation.
        iteration: how many are done.
        evaluated: how many evaluation tasks of a run are done, of all phases together.
        seconds: spent so far.
        origins: machines, devices and versions that took part, the last one last.
    """

    runs: tuple[Run, ...]
    parameters: Parameters
    memory: Parameters
    diverged: list[int | None]
    history: Sums
    scores: Sums
    iteration: int = 0
    evaluated: int = 0
    seconds: float = 0.0
    origins: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def start(cls, runs: Sequence[Run], network: Network) -> State:
        """Return the state before the first iteration.

        Raises:
            ValueError: if these runs cannot be trained side by side.
        """
        check(runs)
        shared = runs[0].configuration
        initial = network.initial([run.seed for run in runs])
        parameters = {name: value.to(shared.device) for name, value in initial.items()}
        windows = -(-shared.iterations // _window(shared))
        sums = np.zeros((windows, len(runs), 2, 3)), np.zeros((len(shared.phases), len(runs), 2, 3))
        return cls(tuple(runs), parameters, moments(shared.optimizer, parameters), [None] * len(runs), *sums)

    @property
    def shared(self) -> Configuration:
        """Return the first run's configuration, to read what all have in common: all but `runs.OWN`."""
        return self.runs[0].configuration

    @property
    def window(self) -> int:
        """Return how many iterations a row of the history sums up."""
        return _window(self.shared)

    @property
    def trained(self) -> bool:
        """Return whether the last iteration is done, or no run is left."""
        return self.iteration == self.shared.iterations or not self.active

    @property
    def finished(self) -> bool:
        """Return whether evaluation is done too."""
        return self.trained and (self.evaluated == self.evaluations or not self.active)

    @property
    def evaluations(self) -> int:
        """Return how many evaluation tasks each run has, of all phases together."""
        return len(self.shared.phases) * self.shared.evaluation_tasks

    @property
    def active(self) -> list[int]:
        """Return the runs that have not diverged."""
        return [run for run, when in enumerate(self.diverged) if when is None]

    def move(self, device: str) -> None:
        """Move all tensors to a device. There is nothing else to move: tasks are drawn by number, without a state."""
        for group in (self.parameters, self.memory):
            group.update({name: value.to(device) for name, value in group.items()})

    def metrics(self, run: int) -> dict[str, Any]:
        """Return what a record says of a run."""
        own = self.history[:, run], self.window, self.scores[:, run]
        phases, iterations = self.shared.phases, self.shared.iterations
        return evaluation.metrics(iterations, phases, self.diverged[run], *own)


def save(state: State, folder: Path) -> None:
    """Write the state into a folder, in one step."""
    tensors = {
        key: {name: value.cpu() for name, value in getattr(state, key).items()} for key in ("parameters", "memory")
    }
    sums = {"history": torch.from_numpy(state.history), "scores": torch.from_numpy(state.scores)}
    plain = {key: getattr(state, key) for key in ("diverged", "iteration", "evaluated", "seconds", "origins")}
    runs = [[run.configuration.values(), run.seed] for run in state.runs]
    checkpoints.save(folder, {"runs": runs, **tensors, **sums, **plain})


def load(folder: Path) -> State | None:
    """Return the state that a folder holds, its tensors on the processor, or None.

    Raises:
        CheckpointError: if it holds something else, or a configuration that this version cannot read.
    """
    values = checkpoints.load(folder)
    if values is None:
        return None
    try:
        runs = tuple(Run(Configuration.of(settings), seed) for settings, seed in values.pop("runs"))
        history, scores = values.pop("history"), values.pop("scores")
        state = State(runs, history=history.numpy(), scores=scores.numpy(), **values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise checkpoints.CheckpointError(
            f"{folder / checkpoints.NAME} was not written by this version ({error}). Give another folder"
        ) from error
    return state


def runs(folder: Path) -> tuple[Run, ...]:
    """Return the runs of the state that a folder holds, none if there is none; errors are those of `load`."""
    state = load(folder)
    return () if state is None else state.runs


def resume(runs: Sequence[Run], folder: Path) -> State | None:
    """Return the state that a folder holds, None if none, after a check that it is of these runs.

    What is not done goes on on the device that is asked for now, whatever it was made on before; `State.origins` says
    which those were.

    Raises:
        CheckpointError: naming what differs.
        ValueError: if that device is not here.
    """
    state = load(folder)
    if state is not None and (said := differences(state.runs, runs)):
        raise checkpoints.CheckpointError(
            f"{folder} holds a training with other settings (there, asked for): {'; '.join(said)}. "
            "Give another folder, or ask for what it holds"
        )
    if state is not None and not state.finished:
        state.origins = [*state.origins[:-1], *(last | {"device": state.shared.device} for last in state.origins[-1:])]
        state.runs = tuple(runs)
        experiments.require(state.shared.device)
        state.move(state.shared.device)
    return state


def _window(shared: Configuration) -> int:
    return -(-shared.iterations // _WINDOWS)
