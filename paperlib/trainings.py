"""One training in one folder: its lock, its checkpoint, and the records that it leaves when it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from paperlib import records
from paperlib.fewshot import checkpoints, experiments, states, training
from paperlib.fewshot.runs import Run
from paperlib.fewshot.states import State


def destination(given: str) -> Path:
    """Return the folder that a command was given as ``--out``.

    Raises:
        ValueError: if it cannot be a folder, since it or a part of its path is a file.
    """
    folder = Path(given)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise ValueError(f"out must be a folder, or a name for a new one; got {given!r}, and {there} is a file")
    return folder


def proceed(runs: Sequence[Run], folder: Path, *, stop: Callable[[], bool], progress: bool = False) -> State:
    """Start or go on with the training of a stack until it is done or `stop` says so, and return where it stands.

    Once it is done the folder holds a record of each run. Nothing is trained where all was done before.

    Args:
        runs: of the stack.
        folder: of checkpoint and records, made if need be.
        stop: asked before each step.
        progress: show a bar, if there is a terminal.

    Raises:
        CheckpointError: if another process trains there, or the folder holds another training.
        DataError: if images are missing or broken.
        OSError: if checkpoint or records cannot be written.
        ValueError: as `experiments.prepare` does.
    """
    begun = (folder / checkpoints.NAME).exists()
    experiment = None if begun else experiments.prepare(runs)  # which may fail, and then leaves no folder behind
    with checkpoints.lock(folder):
        state = states.resume(runs, folder)
        if state is None or not state.finished:
            for run in runs:  # what cannot be written is found out now
                checkpoints.probe(folder / run.file)
            experiment = experiment or experiments.prepare(runs)
            if state is None:
                state = State.start(runs, experiment.network)
                states.save(state, folder)
            state.origins = records.origins(state.origins, state.shared.device)
            training.advance(state, experiment, folder, stop=stop, progress=progress)
        if state.finished:
            for place in range(len(runs)):
                records.Record.of(state, place).save(folder)
    return state
