"""Jobs: runs that train side by side, in one folder: its lock, its checkpoint, and the records that they leave.

What was done or begun is read from the folder itself, whoever did it. So a sweep can be asked for again at any time, in
jobs of another size too, and its grid may have grown since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import torch

from paperlib import records
from paperlib.fewshot import checkpoints, experiments, training
from paperlib.fewshot.checkpoints import State
from paperlib.fewshot.options import Count
from paperlib.fewshot.runs import Run, batches
from paperlib.fewshot.sources import ignored
from paperlib.files import probe

_TOO_MUCH = (
    "the GPU has no memory for {runs} runs side by side; what was trained is kept in {folder}: the same command goes "
    "on, with --device cpu or a larger GPU; or ask for fewer runs together (--seeds, --runs-per-job), another --out"
)


class Job(NamedTuple):
    """Runs that train side by side, and the folder of their checkpoint and records."""

    runs: tuple[Run, ...]
    folder: Path


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
    """Start or go on with the training of a job until it is done or `stop` says so, and return where it stands.

    Once it is done the folder holds a record of each run. Nothing is trained where all was done before.

    Args:
        runs: of the job.
        folder: of checkpoint and records, made if need be.
        stop: asked before each step.
        progress: show a bar, if there is a terminal.

    Raises:
        CheckpointError: if another process trains there, or the folder holds another training.
        DataError: if images are missing or broken.
        OSError: if checkpoint or records cannot be written.
        ValueError: as `experiments.prepare` does.
        torch.cuda.OutOfMemoryError: if the GPU has not the memory; the checkpoint stays as it was last written.
    """
    begun = (folder / checkpoints.NAME).exists()
    experiment = None if begun else experiments.prepare(runs)  # which may fail, and then leaves no folder behind
    with checkpoints.lock(folder):
        state = checkpoints.resume(runs, folder)
        if state is None or not state.finished:
            for run in runs:  # what cannot be written is found out now
                probe(folder / run.file)
            experiment = experiment or experiments.prepare(runs)
            if state is None:
                state = State.start(runs, experiment.network)
                checkpoints.save(state, folder)
            state.origins = records.origins(state.origins, state.shared.device)
            try:
                training.advance(state, experiment, folder, stop=stop, progress=progress)
            except torch.cuda.OutOfMemoryError as error:
                error.add_note(_TOO_MUCH.format(runs=len(runs), folder=folder))
                raise
        if state.finished:
            for place in range(len(runs)):
                records.save(records.contents(state, place), folder)
    return state


def found(*folders: Path) -> list[dict[str, Any]]:
    """Return the contents of all records in those of the folders that exist, and in the folders in them.

    Args:
        *folders: a record that lies in two of them, or a copy of it, is there once.

    Raises:
        ValueError: as `records.read` does.
    """
    every = (values for folder in folders if folder.is_dir() for _, values in records.read(folder))
    return list({json.dumps(values, sort_keys=True): values for values in every}.values())


def missing(runs: Sequence[Run], done: Sequence[dict[str, Any]]) -> list[Run]:
    """Return the runs of which there is no record, in order; the device of a record may be another.

    Args:
        runs: that are asked for.
        done: contents of records, see `found`.

    Raises:
        ValueError, TypeError: as `records.run` does.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> c = configure("cifar", "erm", "book")
        >>> record = {"configuration": c.values(), "seed": 1}
        >>> [run.seed for run in missing([Run(c, seed) for seed in range(3)], [record])]
        [0, 2]
    """
    have = {records.run(values) for values in done}
    return [run for run in runs if run not in have]


def begun(folder: Path) -> list[Job]:
    """Return the trainings that have a checkpoint in a folder or in the folders in it, in order of path.

    Raises:
        CheckpointError: if a checkpoint cannot be read.
    """
    paths = sorted(folder.rglob(checkpoints.NAME))
    own = (path.parent for path in paths if not ignored(path.relative_to(folder)))
    states = ((checkpoints.load(place, mapped=True), place) for place in own)
    return [Job(state.runs, place) for state, place in states if state is not None]


def jobs(runs: Sequence[Run], left: Sequence[Run], folder: Path, size: int) -> list[Job]:
    """Return jobs that hold what is left: first those begun in the folder, then new ones of at most `size` runs.

    A new job's folder is named by its runs, so that the same runs meet there again. One that was begun is gone on with
    as it is, on the device that is asked for now, if all its runs belong to the sweep; so a record that was lost is
    written again without training.

    Args:
        runs: of the sweep.
        left: those of them that have no record.
        folder: of the sweep.
        size: runs of a new job at most. Those that can train side by side are spread evenly.

    Raises:
        CheckpointError: if a checkpoint in the folder cannot be read.
        ValueError: if `size` is not positive.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> runs = [Run(configure("cifar", "erm", "paper", lr=lr), seed) for lr in (0.1, 0.2, 0.3) for seed in range(5)]
        >>> [len(job.runs) for job in jobs(runs, runs[2:], Path("nowhere"), 10)]
        [6, 7]
    """
    size = Count().check("runs_per_job", size)
    asked, rest, result = {run: run for run in runs}, dict.fromkeys(left), []
    for job in begun(folder):
        if asked.keys() >= set(job.runs) and not rest.keys().isdisjoint(job.runs):
            result.append(Job(tuple(asked[run] for run in job.runs), job.folder))
            for run in job.runs:
                rest.pop(run, None)
    groups = batches(dict.fromkeys(run.configuration for run in rest))
    together: list[list[Run]] = [[] for _ in groups]
    place = {configuration: number for number, group in enumerate(groups) for configuration in group}
    for run in rest:
        together[place[run.configuration]].append(run)
    for several in together:
        count = ceil(len(several) / size)
        for number in range(count):
            own = tuple(several[len(several) * number // count : len(several) * (number + 1) // count])
            result.append(Job(own, folder / _name(own)))
    return result


def _name(runs: Sequence[Run]) -> str:
    c, text = runs[0].configuration, json.dumps([[one.key, seed] for one, seed in runs])
    return f"{c.dataset}-{c.algorithm}-{c.tier}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
