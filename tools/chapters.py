"""The book's chapters as pairs: a script `NN_noun.py`, and the notebook `NN_noun.ipynb` written from it."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.validator import iter_validate

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
JUPYTEXT_KEYS = ("cell_marker", "lines_to_end_of_cell_marker", "lines_to_next_cell", "noskipline", "skipline")


class ChapterError(Exception):
    """A chapter that cannot be read or executed; the message names file and cell."""


@dataclass(frozen=True)
class Chapter:
    """A script and the notebook beside it."""

    book: Path
    stem: str

    @property
    def script(self) -> Path:
        """Return the path of the py:percent source."""
        return self.book / f"{self.stem}.py"

    @property
    def notebook(self) -> Path:
        """Return the path of the executed notebook."""
        return self.book / f"{self.stem}.ipynb"

    def place(self, number: int = 0, cell_type: str = "code") -> str:
        """Name a cell, counted from 1, and the script's line where it starts; 0 is the whole chapter."""
        name = f"{self.book.name}/{self.stem}"
        if number == 0:
            return name
        lines = self.marker_lines()
        line = f", line {lines[number - 1]} of the script" if number <= len(lines) else ""
        return f"{name}: cell {number} ({cell_type}{line})"

    def marker_lines(self) -> list[int]:
        """Return the script's line of each cell's marker; none where other lines look like markers."""
        text = self.script.read_text(encoding="utf-8").splitlines()
        lines = [line for line, content in enumerate(text, start=1) if re.match(r"# %%( |$)", content)]
        return lines if len(lines) == len(jupytext.read(self.script, fmt="py:percent").cells) else []


def chapters(book: Path, wanted: Sequence[str] = (), suffixes: Sequence[str] = (".py",)) -> list[Chapter]:
    """List the book's chapters in reading order, or those named by two digits or stem."""
    stems = sorted({path.stem for suffix in suffixes for path in book.glob(f"[0-9][0-9]_*{suffix}")})
    if not stems:
        raise ValueError(f"book must hold chapters named NN_noun.py; {book} holds none")
    for name in wanted:
        if not any(name in (stem, stem[:2]) for stem in stems):
            raise ValueError(f"chapter must be two digits or a stem, one of {', '.join(stems)}; got {name!r}")
    return [Chapter(book, stem) for stem in stems if not wanted or {stem, stem[:2]} & set(wanted)]


def read_script(chapter: Chapter) -> NotebookNode:
    """Read a chapter's script as the notebook that execution would write, still without outputs."""
    notebook: NotebookNode = jupytext.read(chapter.script, fmt="py:percent")
    normalise(notebook)
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02d}"
        for key in JUPYTEXT_KEYS:
            cell.metadata.pop(key, None)
        if "incorrectly_encoded_metadata" in cell.metadata:
            place = chapter.place(number, cell.cell_type)
            found = cell.metadata["incorrectly_encoded_metadata"]
            raise ChapterError(f"{place}: the header must be key=JSON pairs; got {found}")
    return notebook


def normalise(notebook: NotebookNode) -> None:
    """Reduce the notebook's metadata to what is the same on every machine."""
    notebook.metadata = METADATA
    notebook.nbformat, notebook.nbformat_minor = 4, 5


def read_notebook(chapter: Chapter) -> NotebookNode:
    """Read a chapter's notebook as it is: nothing converted, nothing repaired."""
    text = chapter.notebook.read_text(encoding="utf-8")
    fault: Exception | None
    try:
        fault = next(iter_validate(json.loads(text), version=4), None)  # type: ignore[no-untyped-call]
    except (ValueError, AttributeError) as error:
        fault = error
    if fault is not None:
        reason = str(fault).strip().splitlines()[0]
        raise ChapterError(f"{chapter.place()}: {chapter.notebook.name} is not a notebook of format 4.5: {reason}")
    notebook: NotebookNode = nbformat.v4.reads(text)  # type: ignore[no-untyped-call]
    return notebook


def serialise(notebook: NotebookNode) -> str:
    """Return the notebook's text on disk."""
    return f"{nbformat.writes(notebook, version=4)}\n"  # type: ignore[no-untyped-call]


def write(path: Path, text: str) -> None:
    """Write a file beside its place, then move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
