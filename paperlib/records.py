"""Records: one JSON file for each finished run, with all that is needed to read its numbers and to make it again."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

from paperlib.fewshot.accuracies import KINDS
from paperlib.fewshot.checkpoints import State
from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.datasets import BENCHMARKS
from paperlib.fewshot.runs import Run
from paperlib.fewshot.sources import ignored
from paperlib.files import write
from paperlib.runtime import book

BOOK = book() / "records"  # of the clone, or of what was installed
FOLDER = Path("book/records")  # where the commands that `records --missing` prints leave theirs
SEEDS = range(5)
_FORMAT = 1
_NUMBERS = re.compile(r"\[[^\[\]{}\"]+\]")  # a list of numbers goes on one line
_PACKAGES = ("numpy", "scipy", "torch", "pillow")


def contents(state: State, place: int) -> dict[str, Any]:
    """Return what stands in the file of one run of a training that is done.

    The metrics do not depend on machine load or interruptions, see `accuracies.metrics`. Seconds and costs are those of
    the training that the run was part of, all runs and slices together; older records do not have all costs, see
    `training.bill`. Hardware, device, versions and commit are those of the last machine that took part.
    """
    one, seed = state.runs[place]
    return {
        "format": _FORMAT,
        "tier": one.tier,
        "seed": seed,
        "configuration": one.values(),
        "metrics": state.metrics(place),
        "precision": one.precision,
        "seconds": round(state.seconds, 1),
        "runs_trained_together": len(state.runs),
        **{name: round(value, 1) for name, value in state.costs.items()},
        **state.origins[-1],
        "earlier_machines": state.origins[:-1],
    }


def save(values: Mapping[str, Any], folder: Path) -> Path:
    """Write the contents of a record into a folder under the name of configuration and seed, and return its path.

    A file that says the same already is left alone.

    Raises:
        ValueError: if a number is not finite: the metrics have None in its place.
    """
    path = folder / run(values).file
    text = json.dumps(values, indent=1, allow_nan=False) + "\n"
    content = _NUMBERS.sub(lambda found: f"[{' '.join(found[0][1:-1].split())}]", text).encode()
    if not path.is_file() or path.read_bytes() != content:
        write(path, content)
    return path


def run(values: Mapping[str, Any]) -> Run:
    """Return the run that the contents of a record are of.

    Raises:
        ValueError: if it has options or a seed that no run has.
        TypeError: if it has other options than a configuration.
    """
    return Run(Configuration.of(values["configuration"]), values["seed"])


def origins(before: Sequence[dict[str, Any]], device: str) -> list[dict[str, Any]]:
    """Return the origins of a training that this process goes on with, its own as the last."""
    here = origin(device)
    return [one for one in before if one != here] + [here]


def origin(device: str) -> dict[str, Any]:
    """Return hardware, versions and commit of this process, and the device that computes."""
    gpu = torch.cuda.get_device_name() if device == "cuda" else None
    hardware = {"processor": _processor(), "gpu": gpu, "cores": os.cpu_count(), "threads": torch.get_num_threads()}
    versions = {"python": platform.python_version(), **{name: metadata.version(name) for name in _PACKAGES}}
    versions["torch"] = versions["torch"].partition("+")[0]
    return {"device": device, "hardware": hardware, "versions": versions, "commit": _commit()}


def folders() -> list[Path]:
    """Return the folders of records that nobody names: those of the book, and those that such commands left here."""
    here = [FOLDER] if FOLDER.is_dir() else []
    return here if here and FOLDER.resolve() == BOOK else [BOOK, *here]


def read(folder: Path = BOOK) -> list[tuple[Path, dict[str, Any]]]:
    """Return path and contents of each record in a folder and the folders in it, in order of path.

    What editors and file managers leave beside files is passed over.

    Raises:
        ValueError: if the folder does not exist, or a JSON file in it is not a record.
    """
    if not folder.is_dir():
        raise ValueError(f"folder must be an existing folder; got {str(folder)!r}")
    found = []
    for path in sorted(folder.rglob("*.json")):
        if ignored(path.relative_to(folder)):
            continue
        try:
            values = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
            if values["format"] != _FORMAT:
                raise ValueError(f"format must be {_FORMAT}; got {values['format']!r}")
            run(values), values["metrics"]["evaluation"], values["hardware"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            said = f"{path} must be a record of this version; {type(error).__name__}: {error}"
            raise ValueError(f"{said}. Delete it; the command that made it writes it again") from error
        found.append((path, values))
    return found


@cache
def protocol() -> dict[Configuration, Mapping[str, Any]]:
    """Return the configurations behind Tables 1 to 4, each to be run with `SEEDS`, with the options that make it.

    Example:
        >>> [configuration.name for configuration in protocol()][:3]
        ['omniglot-large-maml-1-paper', 'omniglot-large-erm-1-paper', 'omniglot-large-erm-10-paper']
    """
    every = ((one, algorithm, given) for one in BENCHMARKS for algorithm, given in one.protocol)
    return {configure(one.name, algorithm, "paper", **given): given for one, algorithm, given in every}


def grouped(found: Iterable[dict[str, Any]]) -> dict[Configuration, list[dict[str, Any]]]:
    """Return the contents of records by configuration, in order; the device may differ."""
    groups: dict[Configuration, list[dict[str, Any]]] = {}
    for values in found:
        groups.setdefault(run(values).configuration, []).append(values)
    return groups


def counted(number: int, noun: str) -> str:
    """Return a number and its noun.

    Example:
        >>> counted(1, "run"), counted(1000, "record")
        ('1 run', '1,000 records')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _refuse(name: str) -> None:
    raise ValueError(f"numbers must be finite; got {name}")


def same(options: dict[str, Any], configuration: Configuration) -> bool:
    """Return whether a record's options are those of a configuration; the device may be another."""
    return Configuration.of(options) == configuration


def early(found: Iterable[dict[str, Any]], algorithm: str = "maml", **chosen: Any) -> float:
    """Return what a setting is chosen by: how accurate a learner is in iterations 51 to 100 of training, in percent.

    The mean of easy and hard tasks of Omniglot Large, by the first such record; not a number without one.
    """
    one = configure("omniglot", algorithm, "book", iterations=100, evaluation_tasks=8, **chosen)
    for values in found:
        if same(values["configuration"], one):
            history = values["metrics"]["history"]
            late = np.array(history["iteration"]) > 50
            means = []
            for kind in KINDS:
                right, count = (np.array(history[kind][name], dtype=float)[late] for name in ("accuracy", "tasks"))
                means.append(np.nansum(right * count) / count.sum())
            return 100 * float(np.mean(means))
    return float("nan")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str | None:
    """Return the commit of the checkout that this file is part of, with -dirty if it was changed, or None."""
    here = Path(__file__).resolve()
    try:
        known = ["ls-files", "--error-unmatch", here.name]
        for question in (known, ["describe", "--always", "--dirty", "--abbrev=40"]):
            answer = subprocess.run(
                ["git", "-C", str(here.parent), *question], capture_output=True, text=True, timeout=10, check=True
            ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return answer
