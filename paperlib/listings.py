"""The command ``records``: what was trained, or what the protocol of the paper still lacks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from paperlib import packs, records
from paperlib.fewshot.benchmarks import PHASES
from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.evaluation import KINDS
from paperlib.fewshot.runs import stacks


def listing(arguments: argparse.Namespace) -> None:
    """Print the records in a folder, or what the protocol of the paper still lacks."""
    folders = records.folders() if arguments.folder is None else [Path(arguments.folder)]
    found = packs.found(*folders) if arguments.folder is None else [values for _, values in records.read(folders[0])]
    if arguments.missing:
        lacking = dict(records.missing(found))
        for stack in stacks(lacking):
            for one in stack:
                seeds = lacking[one]
                print(f"{one.name}: no record of seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}")
            for command in records.commands({one: lacking[one] for one in stack}):
                print(f"    {command}")
        count = sum(map(len, lacking.values()))
        print(f"{count} of {len(records.protocol()) * len(records.SEEDS)} records of the paper's protocol are missing")
        return
    for values in found:
        print(_row(values))
    print(f"{len(found)} record{'s' * (len(found) != 1)} in {' and '.join(map(str, folders))}")


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


def add_parser(commands: Any) -> None:
    """Add ``records`` to the commands of the parser."""
    about = "List the finished runs recorded in a folder and the folders in it; with --missing, those still to be made."
    shown = commands.add_parser("records", help="list finished or missing runs", description=about)
    default = f"default: that of the book, and {records.FOLDER} in the present folder"
    shown.add_argument("folder", nargs="?", metavar="DIR", help=default)
    shown.add_argument(
        "--missing",
        action="store_true",
        help="list the runs of the paper's protocol that have no record in DIR, and the commands that make them",
    )
    shown.set_defaults(run=listing)
