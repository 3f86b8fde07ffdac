"""Execute the chapters' scripts into notebooks, and check that both still agree.

python -m tools.notebooks execute [NN ...]
python -m tools.notebooks check [NN ...]

A chapter is named by its two digits or by its stem; without a name, all of them are meant.
The script is the source, the notebook is written from it, never the other way.
"""

import argparse
import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import yaml
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets import default

from tools import inspection
from tools.chapters import (
    BOOK,
    ROOT,
    Chapter,
    ChapterError,
    chapters,
    normalise,
    read_script,
    serialise,
    write,
)

TIMEOUT = 600  # seconds a cell may take
COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")


class NativeKernelManager(AsyncKernelManager):
    """Start kernels with this very interpreter, whatever kernels are installed."""

    @default("kernel_spec_manager")
    def _native(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def environment() -> dict[str, str]:
    """Return the kernel's environment: the committed outputs are those of tier "book", drawn inline."""
    inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return inherited | {"PYTHONHASHSEED": "0", "PYTHONPATH": path, "PAPERLIB_TIER": "book"}


def execute(chapter: Chapter) -> int:
    """Execute a chapter, write its notebook and its row of the runtime record; return the seconds it took.

    ChapterError, and nothing written, when a cell raises, writes to stderr or takes longer than `TIMEOUT`.
    """
    notebook = read_script(chapter)
    started = [0]
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        kernel_manager_class=NativeKernelManager,
        extra_arguments=["--log-level=ERROR"],  # no advice on encrypting what stays on this machine
        record_timing=False,
        coalesce_streams=True,
        force_raise_errors=True,
        resources={"metadata": {"path": str(chapter.book)}},
        on_cell_start=lambda cell, cell_index: started.append(cell_index + 1),
    )
    begin = time.perf_counter()
    try:
        client.execute(env=environment())
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise ChapterError(f"{chapter.place(started[-1])}: {COLOUR_CODES.sub('', str(error))}") from None
    seconds = max(1, round(time.perf_counter() - begin))
    for number, text in inspection.warnings(notebook):
        raise ChapterError(f"{chapter.place(number)}: {text}")
    normalise(notebook)
    nbformat.validate(notebook)
    write(chapter.notebook, serialise(notebook))
    record(chapter, seconds)
    return seconds


def record(chapter: Chapter, seconds: int) -> None:
    """Write what a run took, and on what, under the chapter's stem in `records/runtime.yml`."""
    path = chapter.book / "records" / "runtime.yml"
    rows: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}
    rows = {stem: row for stem, row in rows.items() if Chapter(chapter.book, stem).script.exists()}
    rows[chapter.stem] = {
        "seconds": seconds,
        "cores": os.cpu_count() or 1,
        "machine": platform.machine(),
        "python": platform.python_version(),
        **{name: version(name).partition("+")[0] for name in ("matplotlib", "numpy", "scipy", "sympy", "torch")},
    }
    write(path, yaml.safe_dump(rows, sort_keys=True))


def main(arguments: Sequence[str] | None = None, book: Path = BOOK) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.notebooks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("execute", "check"))
    parser.add_argument("chapters", nargs="*", metavar="NN", help="two digits or a stem; all without one")
    options = parser.parse_args(arguments)
    found: list[str] = []
    try:
        if options.command == "execute":
            for chapter in chapters(book, options.chapters):
                print(f"{chapter.place()}: {execute(chapter)} s", flush=True)
        else:
            found = inspection.check(book, options.chapters)
    except ValueError as error:
        parser.error(str(error))
    except ChapterError as error:
        found = [str(error), "Its notebook is as it was. Mend the script, then execute it again"]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
