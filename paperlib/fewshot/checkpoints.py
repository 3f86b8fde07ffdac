"""Where a training stands between two steps, in memory and on disk: whole or not there, and never a program."""

from __future__ import annotations

import io
import os
import pickle
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout

from paperlib.fewshot import accuracies
from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.models import Network, Parameters
from paperlib.fewshot.optimisers import moments
from paperlib.fewshot.runs import Run, check, differences, require
from paperlib.files import part, write

NAME = "checkpoint.pt"
LOCK = NAME + ".lock"
FORMAT = 1  # of the file; to be raised with every change of what `save` writes but what older files can lack
_WINDOWS = 100  # rows of the history that a record keeps


class CheckpointError(RuntimeError):
    """A folder holds a checkpoint that cannot be continued; the message says why and what to do."""


@dataclass(eq=False)
class State:
    """All that a training knows of itself between two steps.

    Attributes:
        runs: configuration and seed of each.
        parameters: of all runs.
        memory: of the optimiser.
        diverged: for each run the iteration in which it was stopped, counted from 0, or None.
        history: (windows, runs, kinds, 3) sums of training; see `accuracies.tally`.
        scores: (phases, runs, kinds, 3) sums of accuracies.
        iteration: how many are done.
        evaluated: how many evaluation tasks of a run are done, of all phases together.
        seconds: spent so far.
        costs: see `training.bill`.
        origins: machines, devices and versions that took part, the last one last.
    """

    runs: tuple[Run, ...]
    parameters: Parameters
    memory: Parameters
    diverged: list[int | None]
    history: accuracies.Sums
    scores: accuracies.Sums
    iteration: int = 0
    evaluated: int = 0
    seconds: float = 0.0
    costs: dict[str, float] = field(default_factory=dict)
    origins: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def start(cls, runs: Sequence[Run], network: Network) -> State:
        """Return the state before the first iteration.

        Raises:
            ValueError: if these runs cannot be trained side by side.
        """
        check(runs)
        shared = runs[0].configuration
        drawn = network.initial([run.seed for run in runs], initialisation=shared.initialisation)
        parameters = {name: value.to(shared.device) for name, value in drawn.items()}
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
        own = self.diverged[run], self.history[:, run], self.window, self.scores[:, run]
        return accuracies.metrics(self.shared.iterations, self.shared.phases, *own)


def save(state: State, folder: Path) -> None:
    """Write the state as the checkpoint of a folder, which is made if need be, in one step."""
    tensors = {key: {name: x.cpu() for name, x in getattr(state, key).items()} for key in ("parameters", "memory")}
    sums = {"history": torch.from_numpy(state.history), "scores": torch.from_numpy(state.scores)}
    plain = {key: getattr(state, key) for key in ("diverged", "iteration", "evaluated", "seconds", "costs", "origins")}
    runs = [[run.configuration.values(), run.seed] for run in state.runs]
    folder.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    torch.save({"format": FORMAT, "runs": runs, **tensors, **sums, **plain}, content)
    write(folder / NAME, content.getvalue())


def contents(folder: Path, *, mapped: bool = False) -> dict[str, Any] | None:
    """Return what the checkpoint of a folder holds, on the processor, or None if it has none.

    Tensors and plain values are read and nothing else, so one from elsewhere cannot run code. Asked for `mapped` ones,
    tensors are read when they are looked at.

    Raises:
        CheckpointError: if the file is broken, holds anything else, or has another format.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        values: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
        found = values.pop("format", 1)  # the first one did not say so
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError, KeyError, AttributeError) as error:
        first = str(error).partition("\n")[0]
        raise CheckpointError(f"{path} is not a readable checkpoint ({first}). Give another folder") from error
    if found != FORMAT:
        raise CheckpointError(f"{path} has format {found}; this version reads format {FORMAT}. Give another folder")
    return values


def load(folder: Path, *, mapped: bool = False) -> State | None:
    """Return the state that a folder holds, its tensors on the processor, or None.

    Raises:
        CheckpointError: as `contents` does, or for a configuration that this version cannot read.
    """
    values = contents(folder, mapped=mapped)
    if values is None:
        return None
    try:
        runs = tuple(Run(Configuration.of(options), seed) for options, seed in values.pop("runs"))
        history, scores = (values.pop(name).numpy() for name in ("history", "scores"))
        return State(runs, history=history, scores=scores, **values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        said = f"{folder / NAME} was not written by this version ({error})"
        raise CheckpointError(f"{said}. Give another folder") from error


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
        raise CheckpointError(
            f"{folder} holds a training with other options (there, asked for): {'; '.join(said)}. "
            "Give another folder, or ask for what it holds"
        )
    if state is not None and not state.finished:
        state.origins = [*state.origins[:-1], *(last | {"device": state.shared.device} for last in state.origins[-1:])]
        state.runs = tuple(runs)
        require(state.shared.device)
        state.move(state.shared.device)
    return state


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Keep other processes from training in a folder, which is made if need be.

    The system holds it while the process lives; the file says who has it. Where the disk knows none, there is none.

    Raises:
        CheckpointError: if another process trains there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, held = folder / LOCK, FileLock(folder / LOCK, blocking=False)
    try:
        held.acquire()
    except Timeout as error:
        said = f"{path.read_text(encoding='utf-8') or 'another process'} trains there"
        cure = "Wait until it is done, stop it, or give another folder"
        raise CheckpointError(f"{folder} is in use: {said}. {cure}") from error
    except OSError:  # the disk has no locks
        pass
    try:
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
        part(folder / NAME).unlink(missing_ok=True)  # of a process that was killed as it wrote
        yield
    finally:
        path.write_text("", encoding="utf-8")
        held.release()


def _window(shared: Configuration) -> int:
    return -(-shared.iterations // _WINDOWS)
