"""The commands of ``python -m paperlib`` that train, that evaluate, and that list what was trained."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from paperlib import records
from paperlib.deadlines import Deadline
from paperlib.fewshot import checkpoints, configuration, evaluation, experiments, states, training
from paperlib.fewshot.evaluation import KINDS, Sums
from paperlib.fewshot.memory import keep_buffers
from paperlib.fewshot.models import ACTIVATIONS
from paperlib.fewshot.objectives import ALGORITHMS

_SETTINGS = {  # option: type and help; the attribute of Configuration has the same name
    "p-hard": (float, "probability of a hard task in training"),
    "lr": (float, "learning rate of the optimiser"),
    "inner-lr": (float, "learning rate of adaptation"),
    "steps": (int, "steps of adaptation in training"),
    "evaluation-steps": (int, "steps of adaptation at evaluation"),
    "hard-odds": (float, "for weighted-erm: weight of a hard task over that of an easy one"),
    "iterations": (int, "steps of the optimiser"),
    "tasks": (int, "tasks of one run in an iteration"),
    "evaluation-tasks": (int, "of training classes, and as many of test classes"),
    "filters": (int, "filters of each convolution"),
}
_CHOICES = {
    "optimizer": configuration.OPTIMIZERS,
    "schedule": configuration.SCHEDULES,
    "precision": configuration.PRECISIONS,
    "device": configuration.DEVICES,
    "activation": ACTIVATIONS,
}


def train(arguments: argparse.Namespace) -> None:
    """Train the runs of one configuration, or go on training them, until done or out of time."""
    deadline = Deadline(arguments.time_limit)
    given = vars(arguments)
    names = (
        "setting",
        "shots",
        "evaluation_shots",
        "resampling",
        "adapt_norm",
        *(name.replace("-", "_") for name in (*_SETTINGS, *_CHOICES)),
    )
    asked = configuration.configure(
        arguments.dataset, arguments.algorithm, arguments.tier, **{name: given.get(name) for name in names}
    )
    for name, least in (("seeds", 1), ("first_seed", 0)):
        if given[name] < least:
            raise ValueError(f"{name} must be a whole number, at least {least}; got {given[name]}")
    if arguments.time_limit is not None and not arguments.time_limit > 0:
        raise ValueError(f"time_limit must be a positive number of seconds; got {arguments.time_limit}")
    folder, seeds = Path(arguments.out), range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"out must be a folder, or a name for a new one; got {arguments.out!r}, a file")
    keep_buffers()
    with deadline.signals(), checkpoints.lock(folder):
        state = states.resume(asked, seeds, folder)
        if state is None or not state.finished:
            experiment = experiments.prepare(asked)
            if state is None:
                state = states.State.start(asked, seeds, experiment.network)
                states.save(state, folder)  # a folder that cannot be written is found out now
            here = records.origin(asked.device)
            state.origins = [one for one in state.origins if one != here] + [here]
            training.advance(state, experiment, folder, stop=deadline, progress=True)
        if state.finished:
            for run, seed in enumerate(state.seeds):
                own = asked.values(), seed, state.metrics(run), state.seconds, len(seeds), state.origins
                records.Record(*own).save(folder)
    print(_outcome(state, folder))


def _outcome(state: states.State, folder: Path) -> str:
    """Return one line on where a training stands and what to do next."""
    done, total = state.iteration, state.configuration.iterations
    line = f"{state.configuration.name}: "
    if state.finished:
        line += f"finished, {_accuracies(state)}; {len(state.seeds)} records in {folder}"
    elif state.trained:
        line += (
            f"trained, {state.evaluated} of {state.evaluations} tasks evaluated; give the same command again to go on"
        )
    else:
        line += f"{done:,} of {total:,} iterations, {training.standing(state)}; give the same command again to go on"
    for seed, when in zip(state.seeds, state.diverged, strict=True):
        line += "" if when is None else f"; seed {seed} diverged in iteration {when + 1:,} and was stopped"
    return line


def _accuracies(state: states.State) -> str:
    named = zip(state.configuration.phases, _cells(state.scores[:, state.active]), strict=True)
    rows = [(phase, cells) for phase, cells in named if phase in configuration.PHASES]
    parts = [f"{phase} {kind} {cell}" for phase, cells in rows for kind, cell in zip(KINDS, cells, strict=True) if cell]
    return ", ".join(parts) or "no run is left"


def _cells(scores: Sums) -> list[list[str]]:
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


def evaluate(arguments: argparse.Namespace) -> None:
    """Print the accuracies of trained runs: those that training found, or after other steps, or on other tasks."""
    given = {name: getattr(arguments, name) for name in ("steps", "tasks")}
    for name, value in given.items():
        if value is not None and value < 1:
            raise ValueError(f"{name} must be a whole number, at least 1; got {value}")
    state = states.load(Path(arguments.folder))
    if state is None:
        raise ValueError(f"folder must hold a {checkpoints.NAME}; got {arguments.folder!r}, which has none")
    again = any(value is not None for value in given.values())
    if not (state.trained if again else state.finished):
        raise ValueError(f"folder must hold a training that is done; got {_outcome(state, Path(arguments.folder))}")
    c = state.configuration
    asked = {f"evaluation_{name}": value for name, value in given.items() if value is not None}
    c = replace(c, **asked)
    if c.device == "cuda" and not torch.cuda.is_available():
        c = replace(c, device="cpu", precision="float32")
    phases = [(name, c.other_steps if name.startswith("other") else c.evaluation_steps) for name in c.phases]
    scores = state.scores[:, state.active]
    if again and state.active:
        phases = [(name, steps) for name, steps in phases if steps == c.evaluation_steps]
        scores = _scores(c, state, len(phases))
    runs = len(state.active)
    head = f"{runs} run{'s' * (runs != 1)}, {c.evaluation_tasks} tasks each; mean and 95 % interval over runs"
    print(f"{state.configuration.name}: {head}")
    print(f"{'phase':<12} {'steps':>5}   {'easy':<15} {'hard':<15}".rstrip())
    for (name, steps), (easy, hard) in zip(phases, _cells(scores), strict=True):
        print(f"{name:<12} {steps:>5}   {easy or '-':<15} {hard or '-':<15}".rstrip())


def _scores(asked: configuration.Configuration, state: states.State, phases: int) -> Sums:
    """Return the (phases, runs, kinds, 3) sums of the first phases of an evaluation of the runs that are left."""
    experiment, seeds = experiments.prepare(asked), [state.seeds[run] for run in state.active]
    parameters = evaluation.alive(state.parameters, torch.tensor(state.active, device=experiment.images.device))
    scores, total = np.zeros((phases, len(seeds), 2, 3)), asked.evaluation_tasks
    with tqdm(desc="evaluation", total=phases * total, disable=None, leave=False) as bar:
        for phase in range(phases):
            for first in range(0, total, asked.tasks):
                tasks = min(asked.tasks, total - first)
                scores[phase] += evaluation.evaluate(experiment, parameters, seeds, phase, first, tasks)
                bar.update(tasks)
    return scores


def listing(arguments: argparse.Namespace) -> None:
    """Print the records in a folder, or what the protocol of the paper still lacks."""
    found = [values for _, values in records.read(Path(arguments.folder))]
    if arguments.missing:
        lacking = records.missing(found)
        for one, seeds in lacking:
            print(f"{one.name}: no record of seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}")
            print(f"    {records.command(one)}")
        count = sum(len(seeds) for _, seeds in lacking)
        print(f"{count} of {len(records.protocol()) * len(records.SEEDS)} records of the paper's protocol are missing")
        return
    for values in found:
        print(_row(values))
    print(f"{len(found)} record{'s' * (len(found) != 1)} in {arguments.folder}")


def _row(values: dict[str, Any]) -> str:
    result, hardware = values["metrics"], values["hardware"]
    name = configuration.Configuration.of(values["configuration"]).name
    if result["evaluation"] is None:
        outcome = f"diverged in iteration {result['diverged'] + 1:,}"
    else:
        cells = [(p, k, result["evaluation"][p][k]["accuracy"]) for p in configuration.PHASES for k in ("easy", "hard")]
        outcome = ", ".join(f"{phase} {kind} {value:.3f}" for phase, kind, value in cells if value is not None)
    machine = hardware["gpu"] or hardware["processor"]
    return f"{name} seed {values['seed']}: {outcome}; {values['seconds']:,.0f} s on {machine}"


def add_parsers(commands: Any) -> None:
    """Add ``train`` and ``records`` to the commands of the parser."""
    about = "Train all seeds of one configuration side by side. Asked again with the same folder, it goes on."
    parser = commands.add_parser("train", help="train and evaluate", description=about)
    sets = parser.add_subparsers(required=True, metavar="DATASET", dest="dataset")
    for dataset in configuration.DATASETS:
        one = sets.add_parser(dataset, description=about)
        if dataset == "omniglot":
            one.add_argument(
                "--setting", choices=configuration.SETTINGS, help="dispersion of hard tasks; default large"
            )
            one.add_argument("--shots", type=int, help="images of a class for adaptation; default 1")
            one.add_argument("--evaluation-shots", type=int, help="the same at evaluation; default as in training")
            one.add_argument("--resampling", choices=("lanczos", "nearest"), help="of the drawings; default lanczos")
        one.add_argument("--algorithm", required=True, choices=ALGORITHMS)
        one.add_argument("--tier", default="book", choices=("smoke", "book", "paper"), help="default book")
        one.add_argument("--seeds", type=int, default=5, help="how many runs; default 5")
        one.add_argument("--first-seed", type=int, default=0, help="their seeds count from here; default 0")
        one.add_argument("--out", required=True, help="folder of the checkpoint and of the records")
        one.add_argument("--time-limit", type=float, metavar="SECONDS", help="stop in time, to go on later")
        for option, (kind, text) in _SETTINGS.items():
            one.add_argument(f"--{option}", type=kind, help=text)
        for option, values in _CHOICES.items():
            one.add_argument(f"--{option}", choices=values)
        one.add_argument("--adapt-norm", action=argparse.BooleanOptionalAction, help="adapt scale and shift too")
        one.set_defaults(run=train)
    about = "Print the accuracies of a training that is done: as its evaluation found them, or evaluated again."
    again = commands.add_parser("evaluate", help="accuracies of trained runs", description=about)
    again.add_argument("folder", metavar="DIR", help="that train was given as --out; nothing is written there")
    again.add_argument("--steps", type=int, metavar="K", help="evaluate again, after so many steps of adaptation")
    again.add_argument("--tasks", type=int, metavar="N", help="evaluate again, on so many tasks")
    again.set_defaults(run=evaluate)
    about = "List the finished runs recorded in a folder and the folders in it; with --missing, those still to be made."
    shown = commands.add_parser("records", help="list finished or missing runs", description=about)
    shown.add_argument(
        "folder", nargs="?", metavar="DIR", default=str(records.FOLDER), help=f"default {records.FOLDER}"
    )
    shown.add_argument(
        "--missing",
        action="store_true",
        help="list the runs of the paper's protocol that have no record in DIR, and the commands that make them",
    )
    shown.set_defaults(run=listing)
