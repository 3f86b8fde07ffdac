"""The command line: ``python -m paperlib data fetch omniglot``, ``… train omniglot``, ``… records``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from paperlib import commands as experiments
from paperlib.fewshot import data, sources
from paperlib.fewshot.checkpoints import CheckpointError


def _fetch(arguments: argparse.Namespace) -> None:
    paths = sources.fetch(arguments.dataset, progress=not arguments.quiet)
    if arguments.dataset == "omniglot":
        omniglot = data.load_omniglot()
        found = f"{len(omniglot.images):,} drawings of {omniglot.character[-1] + 1:,} characters"
        found += f" from {len(omniglot.alphabets)} alphabets"
    else:
        cifar = data.load_cifar100()
        found = f"{len(cifar.images):,} images of {len(cifar.names)} classes"
    print(f"{arguments.dataset}: {found}, complete, in {' and '.join(str(path) for path in paths)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m paperlib", description="Data and experiments of the book.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    about = commands.add_parser("data", help="image data").add_subparsers(required=True, metavar="ACTION")
    fetch = about.add_parser(
        "fetch",
        help="download a data set and check it",
        description=f"Download a data set into the cache and check it. With {sources.VARIABLE} set, check that folder.",
    )
    fetch.add_argument("dataset", choices=sorted(sources.ARCHIVES))
    fetch.add_argument("--quiet", action="store_true", help="show no progress bar")
    fetch.set_defaults(run=_fetch)
    experiments.add_parsers(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or after saying what is wrong 2 for an argument, 1 for anything else."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except (sources.DataError, CheckpointError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
