"""Run times from ``book/records/runtime.yml``: the status page, and every chapter's cost line."""

from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.parsers.rst import Directive
from edition_ledger import chapter_link, table
from sphinx.application import Sphinx

RECORD = Path("book/records/runtime.yml")
FIELDS = ("seconds", "cores", "machine", "python")  # all others are versions of packages
COST_LINE = "What you need"
WORDS = {1: "one core", 2: "two cores", 3: "three cores", 4: "four cores"}


def read_record(root: Path) -> dict[str, dict[str, Any]]:
    """Read the last run of every chapter; empty when none has run."""
    file = root / RECORD
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {} if file.exists() else {}


def duration(seconds: float) -> str:
    """Write a run time for a reader: whole seconds, and minutes from two minutes on."""
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{seconds / 60:.2g} min"


def cores(number: int) -> str:
    """Write a number of cores for a reader."""
    return WORDS.get(number, f"{number} cores")


class Status(Directive):
    """``{status}``: run time, cores and versions per chapter."""

    def run(self) -> list[nodes.Node]:
        """Draw one row for each chapter that has run."""
        env = self.state.document.settings.env
        env.note_dependency(str(Path(env.srcdir) / RECORD))
        runs = read_record(Path(env.srcdir))
        if not runs:
            return [nodes.paragraph("", "No run is recorded yet.")]
        packages = sorted({name for run in runs.values() for name in run} - set(FIELDS))
        rows: list[list[str | nodes.Node]] = [
            [
                chapter_link(env, stem),
                duration(run["seconds"]),
                str(run["cores"]),
                str(run["python"]),
                *(str(run.get(name, "")) for name in packages),
                str(run["machine"]),
            ]
            for stem, run in sorted(runs.items())
        ]
        head = ["chapter", "run time", "cores", "Python", *packages, "machine"]
        return [table(head, [(row, []) for row in rows], ["status"])]


def add_cost(app: Sphinx, doctree: nodes.document) -> None:
    """Append the run time to the line that says what a chapter needs."""
    folder, _, stem = app.env.docname.rpartition("/")
    run = read_record(Path(app.srcdir)).get(stem)
    if folder != "book" or run is None:
        return
    app.env.note_dependency(str(Path(app.srcdir) / RECORD))
    for paragraph in doctree.findall(nodes.paragraph):
        first = paragraph.next_node(nodes.strong)
        if first is not None and first.parent is paragraph and first.astext().startswith(COST_LINE):
            cost = f"Runs in {duration(run['seconds'])} on {cores(run['cores'])}"
            paragraph += nodes.Text(" ")
            paragraph += nodes.reference("", cost, internal=True, refuri="status.html")
            paragraph += nodes.Text(".")
            return


def setup(app: Sphinx) -> None:
    """Register the directive and the cost line."""
    app.add_directive("status", Status)
    app.connect("doctree-read", add_cost)
