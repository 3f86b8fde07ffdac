"""How long every chapter takes to read, on the status page."""

from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from edition_ledger import chapter_link, table
from sphinx.application import Sphinx

HEAD = ["chapter", "reads in", "words", "formulas", "lines of code", "folded", "cards", "figures"]


def figures(reading: Any) -> list[str]:
    """Write what there is to read in a chapter: what the model of ``tools/reading.py`` counts."""
    text, rest = reading.text, (reading.visible, reading.folded, reading.cards, reading.figures)
    return [
        f"{reading.minutes:.0f} min",
        f"{text.words:.0f}",
        f"{text.formulas:.0f}",
        *map(str, rest),
    ]


class ReadingTimes(Directive):
    """``{reading-times}``: minutes per chapter, and what they are spent on."""

    def run(self) -> list[nodes.Node]:
        """Draw one row for each chapter."""
        from tools.reading import readings

        env = self.state.document.settings.env
        book = Path(env.srcdir) / "book"
        measured = readings(book)
        for item in measured:
            env.note_dependency(str(book / f"{item.stem}.ipynb"))
        rows = [([chapter_link(env, item.stem), *figures(item)], []) for item in measured]
        return [table(HEAD, rows, ["status"])]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("reading-times", ReadingTimes)
