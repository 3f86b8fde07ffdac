"""The commands of ``python -m paperlib`` that train, and that list what was trained."""

from __future__ import annotations

import argparse
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from paperlib import records
from paperlib.fewshot import configuration, experiments, states, training
from paperlib.fewshot.evaluation import mean_interval
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


class Deadline:
    """Says when to stop: when the next step might not end in time, or when a signal asked for it.

    At least one step is always made, so that every slice gets on.
    """

    def __init__(self, limit: float | None) -> None:
        self.limit = math.inf if limit is None else limit
        self.asked = False
        self._start = time.monotonic()
        self._last: float | None = None
        self._longest = 0.0

    def __call__(self) -> bool:
        """Return whether to stop now; asked before each step."""
        now = time.monotonic()
        if self._last is None:
            self._last = now
            return False
        self._longest, self._last = max(self._longest, now - self._last), now
        return self.asked or now - self._start + self._longest > self.limit

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Let Ctrl-C and a request to terminate end the slice after the present step; a second one ends it at once."""

        def ask(number: int, frame: FrameType | None) -> None:
            if self.asked:
                raise KeyboardInterrupt
            self.asked = True

        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def train(arguments: argparse.Namespace) -> None:
    """Train the runs of one configuration, or go on training them, until done or out of time."""
    deadline = Deadline(arguments.time_limit)
    given = vars(arguments)
    names = (
        "setting",
        "shots",
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
    state = states.resume(asked, seeds, folder)
    keep_buffers()
    if state is None or not state.finished:
        with deadline.signals():
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
    parts = []
    for phase in configuration.PHASES:
        for kind in ("easy", "hard"):
            rows = [state.metrics(run)["evaluation"][phase][kind] for run in state.active]
            values = [row["accuracy"] for row in rows if row["accuracy"] is not None]
            if values:
                mean, half_width = mean_interval(values)
                parts.append(f"{phase} {kind} {mean:.3f}" + (f" ± {half_width:.3f}" if len(values) > 1 else ""))
    return ", ".join(parts) or "no run is left"


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
    shown = commands.add_parser("records", help="list finished runs", description="List the records in a folder.")
    shown.add_argument("folder", nargs="?", default=str(records.FOLDER), help=f"default {records.FOLDER}")
    shown.add_argument("--missing", action="store_true", help="what the paper's protocol lacks, and how to make it")
    shown.set_defaults(run=listing)
