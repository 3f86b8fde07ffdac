"""What the commands of ``python -m paperlib`` do that train, evaluate, and list records."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, product, zip_longest
from pathlib import Path
from typing import Any

import torch

from paperlib import grids, jobs, records
from paperlib.fewshot import accuracies, checkpoints, training
from paperlib.fewshot.accuracies import KINDS
from paperlib.fewshot.benchmarks import PHASES, SHAPES
from paperlib.fewshot.checkpoints import State
from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.options import Count, options
from paperlib.fewshot.runs import OWN, Run, batches, cross
from paperlib.files import probe
from paperlib.runtime import Deadline, keep_buffers

RUNS = Path("runs")  # where a command that makes a record again leaves it


def configurations(arguments: argparse.Namespace) -> list[Configuration]:
    """Return what ``train`` is asked for: one configuration for each combination of the values that runs may own."""
    given = {name: value for name, value in vars(arguments).items() if name in grids.KINDS and name not in grids.NEEDED}
    combinations = product(*(given.get(name) or [None] for name in OWN))
    each = (given | dict(zip(OWN, values, strict=True)) for values in combinations)
    return [configure(arguments.dataset, arguments.algorithm, arguments.tier, **one) for one in each]


def train(arguments: argparse.Namespace) -> None:
    """Train all runs asked for side by side, or go on training them, until done or out of time."""
    deadline, asked, first = Deadline(arguments.time_limit), configurations(arguments), arguments.first_seed
    if first < 0:
        raise ValueError(f"first_seed must be a whole number, at least 0; got {first}")
    runs = cross(asked, range(first, first + Count().check("seeds", arguments.seeds)))
    folder = jobs.destination(arguments.out)
    keep_buffers()
    with deadline.signals():
        state = jobs.proceed(runs, folder, stop=deadline, progress=True)
    for places in _places(state):
        print(_outcome(state, places, folder))


def _places(state: State) -> list[list[int]]:
    """Return the places of the runs of each configuration."""
    found: dict[Configuration, list[int]] = {}
    for place, run in enumerate(state.runs):
        found.setdefault(run.configuration, []).append(place)
    return list(found.values())


def _outcome(state: State, places: list[int], folder: Path) -> str:
    """Return one line on where the runs of one configuration stand and what to do next."""
    done, total = state.iteration, state.shared.iterations
    line = f"{state.runs[places[0]].configuration.name}: "
    if state.finished:
        line += f"finished, {_accuracies(state, places)}; {len(places)} records in {folder}"
    elif state.trained:
        line += (
            f"trained, {state.evaluated} of {state.evaluations} tasks evaluated; give the same command again to go on"
        )
    else:
        now = training.progress_of(state, places)
        line += f"{done:,} of {total:,} iterations, {now}; give the same command again to go on"
    if len(devices := dict.fromkeys(one["device"] for one in state.origins if "device" in one)) > 1:
        line += f"; made on {' and '.join(devices)}"
    for place in places:
        if (when := state.diverged[place]) is not None:
            line += f"; seed {state.runs[place].seed} diverged in iteration {when + 1:,} and was stopped"
    return line


def _accuracies(state: State, places: list[int]) -> str:
    left = [place for place in places if state.diverged[place] is None]
    named = zip(state.shared.phases, accuracies.cells(state.scores[:, left]), strict=True)
    rows = [(phase, cells) for phase, cells in named if phase in PHASES]
    parts = [f"{phase} {kind} {cell}" for phase, cells in rows for kind, cell in zip(KINDS, cells, strict=True) if cell]
    return ", ".join(parts) or "no run is left"


def evaluate(arguments: argparse.Namespace) -> None:
    """Print the accuracies of trained runs: those that training found, or after other steps, or on other tasks.

    Asked to, leave records of the other evaluation, the same as training with its options would have left.
    """
    given = {name: getattr(arguments, name) for name in ("steps", "tasks") if getattr(arguments, name) is not None}
    changes: dict[str, Any] = {f"evaluation_{name}": Count().check(name, value) for name, value in given.items()}
    changes |= {"readout": arguments.readout} if arguments.readout else {}
    if arguments.out is not None and not changes:
        raise ValueError("out must be for another evaluation, with steps, tasks or readout; got none of them")
    out = None if arguments.out is None else jobs.destination(arguments.out)
    state = checkpoints.load(Path(arguments.folder))
    if state is None:
        raise ValueError(f"folder must hold a {checkpoints.NAME}; got {arguments.folder!r}, which has none")
    if not (state.trained if changes else state.finished):
        said = _outcome(state, _places(state)[0], Path(arguments.folder))
        raise ValueError(f"folder must hold a training that is done; got {said}")
    c = replace(state.shared, **changes)
    if out is not None and c == state.shared:
        own = f"{c.evaluation_steps} steps, {c.evaluation_tasks} tasks and readout {c.readout}"
        raise ValueError(f"out must be for another evaluation than that of training; got its own {own}")
    if out is not None and c.precision == "tf32" and not torch.cuda.is_available():
        raise ValueError("out must be left out where PyTorch finds no GPU: these runs are of tf32, and so is a record")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for one, seed in state.runs:  # what cannot be written is found out now
            probe(out / Run(replace(one, **changes), seed).file)
    steps = [c.other_steps if name.startswith("other") else c.evaluation_steps for name in c.phases]
    shown = len(steps) if out is not None or not changes else steps.count(c.evaluation_steps)
    again = state
    if changes and state.active:
        again = training.evaluated_again(state, changes, shown)
        again.origins = records.origins(state.origins, next(iter(again.parameters.values())).device.type)
    for places in _places(state):
        left = [place for place in places if state.diverged[place] is None]
        name, tasks = state.runs[places[0]].configuration.name, c.evaluation_tasks
        print(f"{name}: {records.counted(len(left), 'run')}, {tasks} tasks each; mean and 95% interval over runs")
        print(f"{'phase':<12} {'steps':>5}   {'easy':<15} {'hard':<15}".rstrip())
        cells = accuracies.cells(again.scores[:shown, left])
        for phase, count, (easy, hard) in zip(c.phases[:shown], steps[:shown], cells, strict=True):
            print(f"{phase:<12} {count:>5}   {easy or '-':<15} {hard or '-':<15}".rstrip())
    if out is not None:
        for place in state.active:
            records.save(records.contents(again, place), out)
        print(f"{records.counted(len(state.active), 'record')} in {out}")


def listing(arguments: argparse.Namespace) -> None:
    """Print the records in a folder, with their commands if asked to, or what the paper's protocol or a grid lacks."""
    if arguments.grid is not None and not arguments.missing:
        raise ValueError(f"grid must be given with missing; got {arguments.grid!r} alone")
    folders = records.folders() if arguments.folder is None else [Path(arguments.folder)]
    found = jobs.found(*folders) if arguments.folder is None else [values for _, values in records.read(folders[0])]
    if arguments.grid is not None:
        runs = grids.read(Path(arguments.grid))
        left = jobs.missing(runs, found)
        for run in left:
            print(run.file.removesuffix(".json"))
        print(f"{len(left)} of {len(runs)} records of {arguments.grid} are missing")
        if left:
            name = records.FOLDER / Path(arguments.grid).stem.replace("_", "-")
            print(f"    python -m paperlib sweep {arguments.grid} --out {name}")
        return
    if arguments.missing:
        runs = tuple(Run(one, seed) for one in records.protocol() for seed in records.SEEDS)
        groups = groupby(jobs.missing(runs, found), key=lambda run: run.configuration)
        lacking = {one: [run.seed for run in group] for one, group in groups}
        for batch in batches(lacking):
            for one in batch:
                seeds = lacking[one]
                print(f"{one.name}: no record of seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}")
            for command in training_commands({one: lacking[one] for one in batch}):
                print(f"    {command}")
        count = sum(map(len, lacking.values()))
        print(f"{count} of {len(runs)} records of the paper's protocol are missing")
        return
    for one, group in records.grouped(found).items():
        for values in group:
            print(_row(values))
        for command in training_commands({one: {v["seed"] for v in group}}, RUNS) if arguments.commands else ():
            print(f"    {command}")
    print(f"{records.counted(len(found), 'record')} in {' and '.join(map(str, folders))}")


def _row(values: dict[str, Any]) -> str:
    result, hardware = values["metrics"], values["hardware"]
    name = Configuration.of(values["configuration"]).name
    if result["evaluation"] is None:
        outcome = f"diverged in iteration {result['diverged'] + 1:,}"
    else:
        cells = [(p, k, result["evaluation"][p][k]["accuracy"]) for p in PHASES for k in KINDS]
        outcome = ", ".join(f"{phase} {kind} {value:.3f}" for phase, kind, value in cells if value is not None)
    machine = hardware["gpu"] or hardware["processor"]
    return f"{name} seed {values['seed']}: {outcome}; {values['seconds']:,.0f} s on {machine}"


def training_commands(lacking: Mapping[Configuration, Collection[int]], folder: Path = records.FOLDER) -> list[str]:
    """Return the commands that make the records of these seeds of configurations that can be trained side by side.

    The seeds of a command follow each other, and configurations that are to have the same ones share it. Raises what
    `training_command` does.
    """
    together: dict[tuple[int, ...], list[Configuration]] = {}
    for one, seeds in lacking.items():
        for _, group in groupby(enumerate(sorted(seeds)), key=lambda pair: pair[1] - pair[0]):
            together.setdefault(tuple(seed for _, seed in group), []).append(one)
    return [training_command(configurations, seeds, folder) for seeds, configurations in together.items()]


def training_command(
    several: Sequence[Configuration], seeds: Sequence[int] = records.SEEDS, folder: Path = records.FOLDER
) -> str:
    """Return the command that makes the records of configurations, with the options that differ from their defaults.

    Args:
        several: configurations that differ only in options that runs side by side may own; every combination of those
            values is there.
        seeds: whole numbers that follow each other.
        folder: in which the command makes one of its own.

    Raises:
        ValueError: if no command asks for just these.

    Example:
        >>> print(training_command([configure("cifar", "erm", "book", p_hard=1)], folder=RUNS))
        python -m paperlib train cifar --algorithm erm --tier book --p-hard 1.0 --seeds 5 --out runs/cifar-p1-erm-book
    """
    c = several[0]
    given: dict[str, Any] = {"dataset": c.dataset, "algorithm": c.algorithm, "tier": c.tier}
    for name, shape in zip(c.benchmark.shorthand, SHAPES[::2], strict=False):
        if (own := getattr(c, shape)) != getattr(configure(**given), shape):
            given[name] = own[1]
    usual = vars(configure(**given, optimizer=c.optimizer)) | {"optimizer": Configuration.optimizer}
    for name, option in options(Configuration).items():
        values = list(dict.fromkeys(getattr(one, name) for one in several))
        if values != [usual[name]]:
            given[name] = values if option.own else values[0]
    if set(configurations(argparse.Namespace(**given))) != set(several):
        raise ValueError(f"several must be what a command can ask for; got {', '.join(one.name for one in several)}")
    parts = zip_longest(*(one.name.split("-") for one in several), fillvalue="")
    name = "-".join("-".join(filter(None, dict.fromkeys(part))) for part in parts)
    given |= {"seeds": len(seeds), **({"first_seed": seeds[0]} if seeds[0] else {})}
    if list(seeds) != list(records.SEEDS):  # beside a training of all seeds, which may be there
        name += f"-seeds-{seeds[0]}-{seeds[-1]}"
    words = [_words(*option) for option in given.items() if option[0] != "dataset"]
    return " ".join(["python -m paperlib train", c.dataset, *words, "--out", (folder / name).as_posix()])


def _words(name: str, value: Any) -> str:
    """Return an option as the command line takes it."""
    values = value if isinstance(value, list | tuple) else [] if value is False else [value]
    return " ".join([f"--{'no-' * (value is False)}{name.replace('_', '-')}", *map(str, values)])
