"""The page of records: for each run its cost, the command that makes it, and the file itself."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from edition_ledger import breakable
from pygments.lexer import RegexLexer
from pygments.token import Name, Text
from sphinx.application import Sphinx

FOLDER = Path("book", "records")  # of the sources, and of the site
CORE, SHORT, FULL = "core_seconds_training", 7, 40  # characters of a commit


class Command(RegexLexer):  # type: ignore[misc]
    """Options of a command, which thereby keep on one line."""

    name = "command"
    tokens = {"root": [(r"--[\w-]+", Name.Attribute), (r"\s+|\S+", Text)]}  # noqa: RUF012


def facts(group: Sequence[dict[str, Any]]) -> str:
    """Say how long runs of a configuration are, what they cost, where they ran, and on what code.

    Their cost is shared among the runs that were trained together.
    """
    from paperlib.records import counted
    from paperlib.tables import machine

    name = CORE if all(CORE in one for one in group) else "seconds"
    mean = sum(one[name] / one["runs_trained_together"] for one in group) / len(group)
    what = "core seconds of training" if name == CORE else "process seconds"
    known = [one["commit"] or "unknown" for one in group]
    commits = sorted({commit[:SHORT] + commit[FULL:] for commit in known})
    return (
        f"{counted(group[0]['configuration']['iterations'], 'iteration')}; "
        f"{mean:,.{0 if mean >= 10 else 1}f} {what} a run on "
        f"{' and '.join(sorted({machine(one) for one in group}))}; "
        f"commit{'s' * (len(commits) > 1)} {' and '.join(commits)}. Files: "
    )


def entry(folder: str, group: Sequence[dict[str, Any]]) -> list[nodes.Node]:
    """Write one configuration: its name, the command that makes its records, and links to them."""
    from paperlib import commands, records

    one = records.run(group[0]).configuration
    lines = commands.training_commands({one: [values["seed"] for values in group]}, commands.RUNS)
    text = "\n".join(lines)
    about = nodes.paragraph("", "", nodes.Text(facts(group)))
    for place, values in enumerate(group):
        target = f"records/{folder}/{records.run(values).file}"
        link = nodes.reference("", f"seed {values['seed']}", internal=True, refuri=target)
        about += [nodes.Text(", " if place else ""), link]
    return [
        nodes.term("", "", breakable(one.name)),
        nodes.definition("", nodes.literal_block(text, text, language="command"), about),
    ]


class Records(Directive):
    """``{records}``: all folders of records, each a section that ``records-NAME`` leads to."""

    def run(self) -> list[nodes.Node]:
        """Draw one section for each folder, and in it one entry for each configuration."""
        from paperlib import records

        env = self.state.document.settings.env
        sections: list[nodes.Node] = []
        for path in sorted(path for path in (Path(env.srcdir) / FOLDER).iterdir() if path.is_dir()):
            env.note_dependency(str(path))
            found = records.read(path)
            for file, _ in found:
                env.note_dependency(str(file))
            groups = records.grouped(values for _, values in found).values()
            name = f"records-{path.name}"
            section = nodes.section("", nodes.title("", path.name), ids=[name], names=[name])
            self.state.document.note_explicit_target(section)
            entries = (nodes.definition_list_item("", *entry(path.name, one)) for one in groups)
            section += nodes.definition_list("", *entries, classes=["records"])
            sections.append(section)
        return sections


def copy_records(app: Sphinx, exception: Exception | None) -> None:
    """Copy the files beside the page."""
    if exception is None and app.builder.format == "html":
        source, target = Path(app.srcdir) / FOLDER, Path(app.outdir) / FOLDER
        shutil.rmtree(target, ignore_errors=True)
        for file in (*source.glob("[!.]*/[!.]*.json"), *source.glob("[!.]*.yml")):
            place = target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)


def setup(app: Sphinx) -> None:
    """Register the directive, and the copies."""
    app.add_lexer("command", Command)
    app.add_directive("records", Records)
    app.connect("build-finished", copy_records)
