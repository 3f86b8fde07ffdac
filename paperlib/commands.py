"""The commands of ``python -m paperlib`` that train and that evaluate."""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import torch

from paperlib import accuracies, grids, records, trainings
from paperlib.deadlines import Deadline
from paperlib.fewshot import checkpoints, configuration, states, training
from paperlib.fewshot.benchmarks import PHASES, Benchmark
from paperlib.fewshot.datasets import BENCHMARKS
from paperlib.fewshot.evaluation import KINDS
from paperlib.fewshot.memory import keep_buffers
from paperlib.fewshot.objectives import ALGORITHMS
from paperlib.fewshot.options import Choice, Option, Shape, options
from paperlib.fewshot.runs import OWN, Run, cross


def configurations(arguments: argparse.Namespace) -> list[configuration.Configuration]:
    """Return what ``train`` is asked for: one configuration for each combination of the values that runs may own."""
    given = {name: value for name, value in vars(arguments).items() if name in grids.KINDS and name not in grids.NEEDED}
    combinations = product(*(given.get(name) or [None] for name in OWN))
    each = (given | dict(zip(OWN, values, strict=True)) for values in combinations)
    return [configuration.configure(arguments.dataset, arguments.algorithm, arguments.tier, **one) for one in each]


def train(arguments: argparse.Namespace) -> None:
    """Train all runs asked for side by side, or go on training them, until done or out of time."""
    deadline = Deadline(arguments.time_limit)
    given, asked = vars(arguments), configurations(arguments)
    for name, least in (("seeds", 1), ("first_seed", 0)):
        if given[name] < least:
            raise ValueError(f"{name} must be a whole number, at least {least}; got {given[name]}")
    if arguments.time_limit is not None and not arguments.time_limit > 0:
        raise ValueError(f"time_limit must be a positive number of seconds; got {arguments.time_limit}")
    folder = trainings.destination(arguments.out)
    runs = cross(asked, range(arguments.first_seed, arguments.first_seed + arguments.seeds))
    keep_buffers()
    with deadline.signals():
        state = trainings.proceed(runs, folder, stop=deadline, progress=True)
    for places in _places(state):
        print(_outcome(state, places, folder))


def _places(state: states.State) -> list[list[int]]:
    """Return the places of the runs of each configuration."""
    found: dict[configuration.Configuration, list[int]] = {}
    for place, run in enumerate(state.runs):
        found.setdefault(run.configuration, []).append(place)
    return list(found.values())


def _outcome(state: states.State, places: list[int], folder: Path) -> str:
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
        now = training.standing(state, places)
        line += f"{done:,} of {total:,} iterations, {now}; give the same command again to go on"
    if len(devices := dict.fromkeys(one["device"] for one in state.origins if "device" in one)) > 1:
        line += f"; made on {' and '.join(devices)}"
    for place in places:
        if (when := state.diverged[place]) is not None:
            line += f"; seed {state.runs[place].seed} diverged in iteration {when + 1:,} and was stopped"
    return line


def _accuracies(state: states.State, places: list[int]) -> str:
    left = [place for place in places if state.diverged[place] is None]
    named = zip(state.shared.phases, accuracies.cells(state.scores[:, left]), strict=True)
    rows = [(phase, cells) for phase, cells in named if phase in PHASES]
    parts = [f"{phase} {kind} {cell}" for phase, cells in rows for kind, cell in zip(KINDS, cells, strict=True) if cell]
    return ", ".join(parts) or "no run is left"


def evaluate(arguments: argparse.Namespace) -> None:
    """Print the accuracies of trained runs: those that training found, or after other steps, or on other tasks.

    Asked to, leave records of the other evaluation, the same as training with its settings would have left.
    """
    given = {name: getattr(arguments, name) for name in ("steps", "tasks")}
    for name, value in given.items():
        if value is not None and value < 1:
            raise ValueError(f"{name} must be a whole number, at least 1; got {value}")
    changes = {f"evaluation_{name}": value for name, value in given.items() if value is not None}
    if arguments.out is not None and not changes:
        raise ValueError("out must be for another evaluation, with steps or tasks; got neither")
    out = None if arguments.out is None else trainings.destination(arguments.out)
    state = states.load(Path(arguments.folder))
    if state is None:
        raise ValueError(f"folder must hold a {checkpoints.NAME}; got {arguments.folder!r}, which has none")
    if not (state.trained if changes else state.finished):
        said = _outcome(state, _places(state)[0], Path(arguments.folder))
        raise ValueError(f"folder must hold a training that is done; got {said}")
    c = replace(state.shared, **changes)
    if out is not None and c == state.shared:
        own = f"{c.evaluation_steps} steps and {c.evaluation_tasks} tasks"
        raise ValueError(f"out must be for another evaluation than that of training; got its own {own}")
    if out is not None and c.precision == "tf32" and not torch.cuda.is_available():
        raise ValueError("out must be left out where PyTorch finds no GPU: these runs are of tf32, and so is a record")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for one, seed in state.runs:  # what cannot be written is found out now
            checkpoints.probe(out / Run(replace(one, **changes), seed).file)
    steps = [c.other_steps if name.startswith("other") else c.evaluation_steps for name in c.phases]
    shown = len(steps) if out is not None or not changes else steps.count(c.evaluation_steps)
    again = accuracies.evaluated_again(state, changes, shown) if changes and state.active else state
    for places in _places(state):
        left = [place for place in places if state.diverged[place] is None]
        name, tasks = state.runs[places[0]].configuration.name, c.evaluation_tasks
        print(f"{name}: {len(left)} run{'s' * (len(left) != 1)}, {tasks} tasks each; mean and 95 % interval over runs")
        print(f"{'phase':<12} {'steps':>5}   {'easy':<15} {'hard':<15}".rstrip())
        cells = accuracies.cells(again.scores[:shown, left])
        for phase, count, (easy, hard) in zip(c.phases[:shown], steps[:shown], cells, strict=True):
            print(f"{phase:<12} {count:>5}   {easy or '-':<15} {hard or '-':<15}".rstrip())
    if out is not None:
        for place in state.active:
            records.Record.of(again, place).save(out)
        print(f"{len(state.active)} record{'s' * (len(state.active) != 1)} in {out}")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _offered(name: str, option: Option, room: Benchmark) -> bool:
    """Return whether the command line has an option of its own for a data set."""
    elsewhere = (isinstance(option.kind, Shape) and room.shorthand) or (
        option.kind == Choice() and name not in room.choices
    )
    return option.offered and name not in grids.NEEDED and not elsewhere


def add_parsers(commands: Any) -> None:
    """Add ``train`` and ``evaluate`` to the commands of the parser."""
    own = ", ".join(map(_flag, OWN))
    about = (
        f"Train all seeds side by side, and all combinations where there are several values ({own} take them). "
        "Asked again with the same folder, it goes on."
    )
    parser = commands.add_parser("train", help="train and evaluate", description=about)
    sets = parser.add_subparsers(required=True, metavar="DATASET", dest="dataset")
    for room in BENCHMARKS:
        one = sets.add_parser(room.name, aliases=room.names[1:], description=about)
        one.add_argument("--algorithm", required=True, choices=tuple(ALGORITHMS))
        one.add_argument("--tier", default="book", choices=configuration.TIERS, help="default book")
        one.add_argument("--seeds", type=int, default=5, help="how many runs; default 5")
        one.add_argument("--first-seed", type=int, default=0, help="their seeds count from here; default 0")
        one.add_argument("--out", required=True, help="folder of the checkpoint and of the records")
        one.add_argument("--time-limit", type=float, metavar="SECONDS", help="stop in time, to go on later")
        for name, text in room.shorthand.items():
            one.add_argument(_flag(name), type=int, help=text)
        for name, option in options(configuration.Configuration).items():
            if _offered(name, option, room):
                kind = Choice(room.choices[name]) if name in room.choices else option.kind
                text = f"{room.helps[name]}; default {room.choices[name][0]}" if name in room.choices else option.help
                one.add_argument(_flag(name), help=text, **kind.argument() | ({"nargs": "+"} if option.own else {}))
        one.set_defaults(run=train)
    about = "Print the accuracies of a training that is done: as its evaluation found them, or evaluated again."
    again = commands.add_parser("evaluate", help="accuracies of trained runs", description=about)
    again.add_argument("folder", metavar="DIR", help="that train was given as --out; its checkpoint stays as it is")
    again.add_argument("--steps", type=int, metavar="K", help="evaluate again, after so many steps of adaptation")
    again.add_argument("--tasks", type=int, metavar="N", help="evaluate again, on so many tasks")
    again.add_argument(
        "--out",
        metavar="DIR2",
        help="with --steps or --tasks: leave a record of each run there, the same as training with these settings of "
        "evaluation would have left; may be DIR",
    )
    again.set_defaults(run=evaluate)
