"""Packs: the runs of a sweep in groups that train side by side, each in a folder of its own.

What was done or begun is read from the folder of the sweep itself, whoever did it. So a sweep can be asked for again at
any time, in packs of another size too, and its grid may have grown since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from paperlib import records
from paperlib.fewshot import checkpoints, states
from paperlib.fewshot.runs import Run, stacks
from paperlib.fewshot.sources import passed_over


class Pack(NamedTuple):
    """Runs that train side by side, and the folder of their checkpoint and records."""

    runs: tuple[Run, ...]
    folder: Path


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


def begun(folder: Path) -> list[Pack]:
    """Return the trainings that have a checkpoint in a folder or in the folders in it, in order of path.

    Raises:
        CheckpointError: if a checkpoint cannot be read.
    """
    paths = sorted(folder.rglob(checkpoints.NAME))
    own = (path.parent for path in paths if not passed_over(path.relative_to(folder)))
    return [Pack(states.runs(place), place) for place in own]


def packs(runs: Sequence[Run], left: Sequence[Run], folder: Path, size: int) -> list[Pack]:
    """Return packs that hold what is left: first those begun in the folder, then new ones of at most `size` runs.

    A new pack's folder is named by its runs, so that the same runs meet there again. One that was begun is gone on with
    as it is, on the device that is asked for now, if all its runs belong to the sweep; so a record that was lost is
    written again without training.

    Args:
        runs: of the sweep.
        left: those of them that have no record.
        folder: of the sweep.
        size: runs of a new pack at most. Those that can train side by side are spread evenly.

    Raises:
        CheckpointError: if a checkpoint in the folder cannot be read.
        ValueError: if `size` is not positive.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> runs = [Run(configure("cifar", "erm", "paper", lr=lr), seed) for lr in (0.1, 0.2, 0.3) for seed in range(5)]
        >>> [len(pack.runs) for pack in packs(runs, runs[2:], Path("nowhere"), 10)]
        [6, 7]
    """
    if size < 1:
        raise ValueError(f"runs_per_pack must be a whole number, at least 1; got {size}")
    asked, rest, result = {run: run for run in runs}, dict.fromkeys(left), []
    for pack in begun(folder):
        if asked.keys() >= set(pack.runs) and not rest.keys().isdisjoint(pack.runs):
            result.append(Pack(tuple(asked[run] for run in pack.runs), pack.folder))
            for run in pack.runs:
                rest.pop(run, None)
    for stack in map(set, stacks(dict.fromkeys(run.configuration for run in rest))):
        together = [run for run in rest if run.configuration in stack]
        count = ceil(len(together) / size)
        for place in range(count):
            own = tuple(together[len(together) * place // count : len(together) * (place + 1) // count])
            result.append(Pack(own, folder / _name(own)))
    return result


def _name(runs: Sequence[Run]) -> str:
    c, text = runs[0].configuration, json.dumps([[one.key, seed] for one, seed in runs])
    return f"{c.dataset}-{c.algorithm}-{c.tier}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
