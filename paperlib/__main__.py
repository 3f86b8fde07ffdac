"""The command line: ``python -m paperlib data fetch omniglot``, and ``train``, ``sweep``, ``evaluate``, ``records``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from paperlib import commands as experiments
from paperlib import listings, sweeps
from paperlib.fewshot import sources
from paperlib.fewshot.checkpoints import CheckpointError
from paperlib.fewshot.datasets import WORDS, benchmark


class _Parser(argparse.ArgumentParser):
    """A parser whose errors take one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}; see {self.prog} --help\n")


def _fetch(arguments: argparse.Namespace) -> None:
    room = benchmark(arguments.dataset)
    paths, found = room.fetch(progress=not arguments.quiet), room.found()
    if not arguments.quiet:
        print(f"{arguments.dataset}: {found}, complete, in {' and '.join(str(path) for path in paths)}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m paperlib", description="Data and experiments of the book.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    about = commands.add_parser("data", help="image data").add_subparsers(required=True, metavar="ACTION")
    fetch = about.add_parser(
        "fetch",
        help="download a data set and check it",
        description=f"Download a data set into the cache and check it. With {sources.VARIABLE} set, check that folder.",
    )
    fetch.add_argument("dataset", choices=tuple(WORDS))
    fetch.add_argument("--quiet", action="store_true", help="print nothing unless something is wrong")
    fetch.set_defaults(run=_fetch)
    experiments.add_parsers(commands)
    sweeps.add_parser(commands)
    listings.add_parser(commands)
    return parser


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
    except (sources.DataError, CheckpointError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
