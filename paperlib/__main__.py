"""The command line: ``python -m paperlib train``, ``sweep``, ``evaluate``, ``records``, ``advise``, ``data fetch``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import torch

from paperlib import commands, grids, records, sweeps
from paperlib.adviser import files
from paperlib.fewshot import sources
from paperlib.fewshot.benchmarks import Benchmark
from paperlib.fewshot.checkpoints import CheckpointError
from paperlib.fewshot.configuration import TIERS, Configuration
from paperlib.fewshot.datasets import BENCHMARKS, WORDS, benchmark
from paperlib.fewshot.learners import ALGORITHMS, READOUTS
from paperlib.fewshot.options import Choice, Option, Shape, options
from paperlib.fewshot.runs import OWN
from paperlib.files import message


class _Parser(argparse.ArgumentParser):
    """A parser whose errors take one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}; see {self.prog} --help\n")


def _fetch(arguments: argparse.Namespace) -> None:
    data_set = benchmark(arguments.dataset)
    paths, found = data_set.fetch(progress=not arguments.quiet), data_set.found()
    if not arguments.quiet:
        print(
            f"{arguments.dataset}: {found}, complete{', in ' * bool(paths)}{' and '.join(str(path) for path in paths)}"
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m paperlib", description="Data and experiments of the book.")
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    about = parsers.add_parser("data", help="image data").add_subparsers(required=True, metavar="ACTION")
    fetch = about.add_parser(
        "fetch",
        help="download a data set and check it",
        description=f"Download a data set into the cache and check it. With {sources.VARIABLE} set, check that folder.",
    )
    fetch.add_argument("dataset", choices=tuple(WORDS))
    fetch.add_argument("--quiet", action="store_true", help="print nothing unless something is wrong")
    fetch.set_defaults(run=_fetch)
    _add_training(parsers)
    sweeps.add_parser(parsers)
    _add_records(parsers)
    files.add_parser(parsers)
    return parser


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _offered(name: str, option: Option, data_set: Benchmark) -> bool:
    """Return whether the command line has an option of its own for a data set."""
    elsewhere = (isinstance(option.kind, Shape) and data_set.shorthand) or (
        isinstance(option.kind, Choice) and len(option.kind.values) < 2 and name not in data_set.choices
    )
    return option.offered and name not in grids.NEEDED and not elsewhere


def _add_training(parsers: Any) -> None:
    """Add ``train`` and ``evaluate`` to the commands of the parser."""
    several = ", ".join(map(_flag, OWN))
    about = (
        f"Train all seeds side by side, and all combinations where there are several values ({several} take them). "
        "Asked again with the same folder, it goes on."
    )
    parser = parsers.add_parser("train", help="train and evaluate", description=about)
    sets = parser.add_subparsers(required=True, metavar="DATASET", dest="dataset")
    for data_set in BENCHMARKS:
        one = sets.add_parser(data_set.name, aliases=data_set.names[1:], description=about)
        one.add_argument("--algorithm", required=True, choices=tuple(ALGORITHMS))
        one.add_argument("--tier", default="book", choices=TIERS, help="default book")
        one.add_argument("--seeds", type=int, default=5, help="how many runs; default 5")
        one.add_argument("--first-seed", type=int, default=0, help="their seeds count from here; default 0")
        one.add_argument("--out", required=True, help="folder of the checkpoint and of the records")
        one.add_argument("--time-limit", type=float, metavar="SECONDS", help="stop in time, to go on later")
        for name, text in data_set.shorthand.items():
            one.add_argument(_flag(name), type=int, help=text)
        for name, option in options(Configuration).items():
            if _offered(name, option, data_set):
                kind, text = option.kind, option.help
                if own := data_set.choices.get(name):
                    kind, text = Choice(own), f"{data_set.helps[name]}; default {own[0]}"
                one.add_argument(_flag(name), help=text, **kind.argument() | ({"nargs": "+"} if option.own else {}))
        one.set_defaults(run=commands.train)
    about = "Print the accuracies of a training that is done: as its evaluation found them, or evaluated again."
    again = parsers.add_parser("evaluate", help="accuracies of trained runs", description=about)
    again.add_argument("folder", metavar="DIR", help="that train was given as --out; its checkpoint stays as it is")
    again.add_argument("--steps", type=int, metavar="K", help="evaluate again, after so many steps of adaptation")
    again.add_argument("--tasks", type=int, metavar="N", help="evaluate again, on so many tasks")
    again.add_argument("--readout", choices=READOUTS, help="evaluate again, solving tasks otherwise")
    again.add_argument(
        "--out",
        metavar="DIR2",
        help="with one of these: leave a record of each run there, the same as training with these options of "
        "evaluation would have left; may be DIR",
    )
    again.set_defaults(run=commands.evaluate)


def _add_records(parsers: Any) -> None:
    """Add ``records`` to the commands of the parser."""
    about = "List the finished runs recorded in a folder and the folders in it; with --missing, those still to be made."
    shown = parsers.add_parser("records", help="list finished or missing runs", description=about)
    default = f"default: that of the book, and {records.FOLDER} in the present folder"
    shown.add_argument("folder", nargs="?", metavar="DIR", help=default)
    which = shown.add_mutually_exclusive_group()
    which.add_argument(
        "--missing",
        action="store_true",
        help="list the runs of the paper's protocol that have no record in DIR, and the commands that make them",
    )
    shown.add_argument("--grid", help="with --missing: list the runs of a grid, as those that the chapters want")
    which.add_argument("--commands", action="store_true", help="with each configuration, the command that makes them")
    shown.set_defaults(run=commands.listing)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or after saying what is wrong 2 for an argument, 1 for anything else.

    Interrupted, or when nobody reads on what it prints, it returns what shells give for that, 130 or 141.
    """
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python still holds and writes at exit
        return 141
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    except (sources.DataError, CheckpointError, ValueError, OSError, torch.cuda.OutOfMemoryError) as error:
        print(f"error: {message(error)}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
