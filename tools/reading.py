"""How long a chapter takes to read, and by how much it keeps within one sitting.

python -m tools.reading [NN ...]

The model: 150 words a minute, 20 seconds for a displayed formula, 4 for a line of code, 7 for a card of evidence, a
minute for a figure. What is folded, code or a dropdown, counts at a third of its words, formulas and lines; a card or a
figure in a fold counts in full. Formulas are those of the prose and those that a cell shows; a formula in a sentence is
one word; a line of code is one that is not blank. Main chapters have the limits of `LIMITS`, pages "line by line" those
of `APPENDIX`.
"""

import argparse
import re
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from paperlib.evidence import MIME
from tools.chapters import BOOK, ChapterError, chapters, read_notebook

WORDS = 150.0  # a minute
FORMULA, LINE, CARD, FIGURE = 20 / 60, 4 / 60, 7 / 60, 1.0  # minutes
FOLD = 1 / 3
HIDDEN_CODE = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
HIDDEN_OUTPUT = {"hide-output", "hide-cell", "remove-output", "remove-cell"}
FIRST_APPENDIX = 13  # chapters from this number on are pages "line by line"
SITTINGS = (25,)  # but these, which are read in one sitting like the chapters before

LIMITS = {"minutes": 30, "cells": 45, "cards": 20, "code": 80, "median": 6, "longest": 15, "words_before_figure": 300}
APPENDIX = {"minutes": 45}

DISPLAY = re.compile(r"\$\$.*?\$\$(?: *\([\w-]+\))?|^(`{3,})\{math\}.*?^\1$", re.DOTALL | re.MULTILINE)
DROPDOWN = re.compile(r"^(:{3,}|`{3,})\{dropdown\}(.*?)$(.*?)^\1$", re.DOTALL | re.MULTILINE)
MARKUP = re.compile(
    r"^\([\w-]+\)=$"  # a target
    r"|^[:`]{3,}(?:\{[\w:-]+\})?"  # the fence of a box; its title stays
    r"|^:[\w-]+:.*$"  # an option of a box
    r"|\]\([^)\s]*\)"  # where a link leads
    r"|</?\w[^>]*>",
    re.MULTILINE,
)
INLINE = re.compile(r"(?<![\\$])\$[^$]+\$|\{[\w:-]+\}`[^`]*`")


@dataclass(frozen=True)
class Text:
    """The words and the displayed formulas of some prose, with a third of those in dropdowns."""

    words: float = 0.0
    formulas: float = 0.0

    def __add__(self, other: "Text") -> "Text":
        return Text(self.words + other.words, self.formulas + other.formulas)

    def __mul__(self, share: float) -> "Text":
        return Text(self.words * share, self.formulas * share)


@dataclass(frozen=True)
class Reading:
    """What there is to read in a chapter."""

    stem: str
    cells: int
    text: Text
    lines: tuple[int, ...]  # of every visible code cell
    folded: int  # lines of code
    cards: int
    figures: int
    before_figure: tuple[float, int] | None  # words and cells; none without a figure

    @property
    def visible(self) -> int:
        """Count the visible lines of code."""
        return sum(self.lines)

    @property
    def code(self) -> float:
        """Count the lines of code, a folded one as a third."""
        return self.visible + FOLD * self.folded

    @property
    def median(self) -> float:
        """Return the median length of a visible code cell."""
        return statistics.median(self.lines or [0])

    @property
    def longest(self) -> int:
        """Return the length of the longest visible code cell."""
        return max(self.lines, default=0)

    @property
    def words_before_figure(self) -> float:
        """Return how many words are read before the first figure; 0 without one."""
        return self.before_figure[0] if self.before_figure else 0.0

    @property
    def minutes(self) -> float:
        """Return the time that the model gives."""
        prose = self.text.words / WORDS + FORMULA * self.text.formulas
        return prose + LINE * self.code + CARD * self.cards + FIGURE * self.figures

    @property
    def limits(self) -> dict[str, int]:
        """Return the limits that a page of this number has."""
        number = int(self.stem[:2])
        return APPENDIX if number >= FIRST_APPENDIX and number not in SITTINGS else LIMITS

    def problems(self) -> Iterator[str]:
        """Yield a line for every limit that the chapter exceeds."""
        for name, most in self.limits.items():
            if (found := getattr(self, name)) > most:
                yield f"{self.stem}: {name.replace('_', ' ')} must be at most {most}; got {found:.4g}"


def read_text(markdown: str) -> Text:
    """Count the words and the displayed formulas of a piece of markdown.

    >>> read_text("Half a step, $w-\\alpha g$.\\n\\n$$\\na=1\\n$$ (a)\\n\\n:::{dropdown} Proof\\nIt is one.\\n:::")
    Text(words=6.0, formulas=1.0)
    """
    folded = sum((read_text(match[3]) for match in DROPDOWN.finditer(markdown)), Text())
    shown = DROPDOWN.sub(r"\2\n", markdown)
    words = INLINE.sub(" x ", MARKUP.sub(" ", DISPLAY.sub(" ", shown))).split()
    formulas = len(DISPLAY.findall(shown))
    return Text(float(sum(any(map(str.isalnum, word)) for word in words)), float(formulas)) + folded * FOLD


def read_output(output: NotebookNode) -> tuple[Text, int, int]:
    """Count what an output shows: words and formulas, cards, figures."""
    data = output.get("data", {"text/plain": output.get("text", "")})
    if any(mime.startswith("image/") for mime in data):
        return Text(), 0, 1
    if MIME in data:
        return Text(), 1, 0
    if "text/latex" in data:
        return Text(0.0, 1.0), 0, 0
    return read_text(data.get("text/markdown", data.get("text/plain", ""))), 0, 0


def read(stem: str, notebook: NotebookNode) -> Reading:
    """Measure an executed chapter."""
    text, lines, folded, cards, figures = Text(), [], 0, 0, 0
    before: tuple[float, int] | None = None
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            text += read_text(cell.source)
            continue
        tags = set(cell.metadata.get("tags", []))
        length = sum(bool(line.strip()) for line in cell.source.splitlines())
        if tags & HIDDEN_CODE:
            folded += length
        else:
            lines.append(length)
        for output in cell.outputs:
            shown, more_cards, more_figures = read_output(output)
            text += shown * (FOLD if tags & HIDDEN_OUTPUT else 1.0)
            cards, figures = cards + more_cards, figures + more_figures
            if figures and before is None:
                before = text.words, number
    return Reading(stem, len(notebook.cells), text, tuple(lines), folded, cards, figures, before)


def readings(book: Path = BOOK, wanted: Sequence[str] = ()) -> list[Reading]:
    """Measure the chapters of a book, in reading order, or those named by two digits or stem."""
    return [read(chapter.stem, read_notebook(chapter)) for chapter in chapters(book, wanted, suffixes=(".ipynb",))]


def main(arguments: Sequence[str] | None = None, book: Path = BOOK) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.reading", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("chapters", nargs="*", metavar="NN", help="two digits or a stem; all without one")
    options = parser.parse_args(arguments)
    try:
        measured = readings(book, options.chapters)
    except (ValueError, ChapterError) as error:
        parser.error(str(error))
    print("chapter                       min  cells words forms lines folds  code cards  figs  med long  first figure")
    for item in measured:
        counts = (item.cells, item.text.words, item.text.formulas, item.visible, item.folded, item.code)
        rest = (item.cards, item.figures, item.median, item.longest)
        first = "none"
        if item.before_figure:
            first = f"after {item.words_before_figure:.0f} words, {item.before_figure[1]} cells"
        print(f"{item.stem:28} {item.minutes:4.0f} ", *(f"{n:5.0f}" for n in counts + rest), f" {first}")
    for item in measured:
        for line in item.problems():
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
