"""The ledger page: every claim of the paper, its verdict, and links to the cells that bear it."""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

Cell: TypeAlias = str | nodes.Node | list[nodes.Node]
HEAD = ["claim", "what the paper says", "where", "chapter", "verdict", "evidence"]


def table(
    head: list[str], rows: Sequence[tuple[Sequence[Cell], list[str]]], classes: list[str]
) -> nodes.table:
    """Build a table; every row is its cells and its classes, every cell a text or inline nodes."""
    group = nodes.tgroup("", *(nodes.colspec("", colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead("", _row(head, []))
    group += nodes.tbody("", *(_row(cells, names) for cells, names in rows))
    return nodes.table("", group, classes=classes)


def _row(cells: Sequence[Cell], classes: list[str]) -> nodes.row:
    """Build a row; a cell is a sentence, or holds paragraphs and lists of its own."""
    row = nodes.row("", classes=classes)
    for cell in cells:
        entry = nodes.entry()
        blocks = cell if isinstance(cell, list) else [cell]
        if blocks and isinstance(blocks[0], nodes.paragraph | nodes.bullet_list):
            entry.extend(blocks)
        else:
            texts = (nodes.Text(block) if isinstance(block, str) else block for block in blocks)
            entry += nodes.paragraph("", "", *texts)
        row += entry
    return row


def chapter_name(env: BuildEnvironment, stem: str) -> Cell:
    """Name a chapter by number and subject, with a link once it is part of the book.

    ``02_population_solutions`` is "2 Population solutions".
    """
    number, _, noun = stem.partition("_")
    words = re.sub(
        r"\b(erm|maml|cifar)\b",
        lambda word: word[0].upper(),
        noun.replace("_", " ").capitalize(),
        flags=re.I,
    )
    name = f"{number.lstrip('0')} {words}"
    if f"book/{stem}" not in env.found_docs:
        return name
    return nodes.reference("", name, internal=True, refuri=f"{stem}.html")


def chapter_link(env: BuildEnvironment, stem: str) -> Cell:
    """Link to a chapter by the title of its page, which is known when all pages have been read."""
    if f"book/{stem}" not in env.found_docs:
        return chapter_name(env, stem)
    target = {"refdomain": "std", "reftype": "doc", "reftarget": f"/book/{stem}"}
    return addnodes.pending_xref(
        "", nodes.inline("", stem), refexplicit=False, refwarn=True, refdoc=env.docname, **target
    )


def slug(verdict: str) -> str:
    """Turn a verdict into its CSS class: "not reproduced" is ``not-reproduced``."""
    return verdict.replace(" ", "-")


def badge(verdict: str) -> nodes.inline:
    """Draw a verdict as a badge."""
    return nodes.inline("", verdict, classes=["verdict", slug(verdict)])


def sentence(text: str) -> list[nodes.Node]:
    """Turn a sentence with $mathematics$ and `code` into inline nodes; no more is markup."""
    from paperlib import evidence

    if text.count("$") % 2:
        raise ValueError(f"says must have its dollar signs in pairs; got {text!r}")
    # Words within a formula are words of the sentence, which wrap.
    parts = re.sub(r"\$([^$]*)\$", lambda found: evidence.sentence(found[1]), text).split("$")
    result: list[nodes.Node] = []
    for index, part in enumerate(parts):
        if index % 2:
            result.append(nodes.math("", part))
        else:
            pieces = enumerate(part.split("`"))
            result += [nodes.literal("", p) if k % 2 else nodes.Text(p) for k, p in pieces if p]
    return result


def bearing(item: Any) -> list[nodes.Node]:
    """List what bears a verdict: where a definition stands, sentences that lead to cells."""
    items = []
    if item.verdict == "stated":
        place = f"{item.row.chapter}.html#{anchor(item.row.id)}"
        link = nodes.reference("", "where it is written", internal=True, refuri=place)
        items.append(nodes.list_item("", nodes.paragraph("", "", link)))
    for found in item.evidence:
        cell = f"{found.notebook}.html#{found.anchor}"
        link = nodes.reference("", "", *sentence(found.says), internal=True, refuri=cell)
        line = nodes.paragraph("", "", badge(found.verdict), nodes.Text(" "), link)
        items.append(nodes.list_item("", line))
    return [nodes.bullet_list("", *items) if items else nodes.paragraph("", "none yet")]


def summary(verdicts: Counter[str]) -> nodes.paragraph:
    """Count the rows of each verdict; each count leads to these rows."""
    paragraph = nodes.paragraph("", f"{verdicts.total()} claims: ", classes=["ledger-summary"])
    for index, (verdict, count) in enumerate(verdicts.most_common()):
        rows = nodes.reference("", "", refuri=f"claims.html?verdict={slug(verdict)}", internal=True)
        rows += [nodes.Text(f"{count} "), badge(verdict)]
        paragraph += [nodes.Text(", " if index else ""), rows]
    paragraph += nodes.Text(".")
    return paragraph


class Verdicts(Directive):
    """``{verdicts}``: how many rows of the ledger have which verdict."""

    def run(self) -> list[nodes.Node]:
        """Count the rows, each verdict with a link to its own."""
        return [summary(Counter(item.verdict for item in judged(self.state.document.settings.env)))]


def claim(row: Any, tests: dict[str, str]) -> list[nodes.Node]:
    """Name a row, with a link to itself, the function that computes it, and its test."""
    from tools.rows import label

    link = nodes.reference(
        "", "#", internal=True, refuri=f"#{anchor(row.id)}", classes=["row-link"]
    )
    link["aria-label"] = f"Link to {label(row.id)}"
    found: list[nodes.Node] = [nodes.paragraph("", "", nodes.Text(f"{label(row.id)} "), link)]
    if row.function:
        test = breakable(tests[row.function].removeprefix("tests/"))
        found += [
            nodes.paragraph("", "", breakable(row.function), classes=["row-function"]),
            nodes.paragraph("", "", nodes.Text("tested by "), test, classes=["row-test"]),
        ]
    return found


def breakable(name: str) -> nodes.literal:
    """Set a name so that a narrow column breaks it after ``_``, ``.``, ``/`` and ``::`` only."""
    parts = re.findall(r".*?(?:_|\.|/|::|$)", name)
    breaks = nodes.raw("", "<wbr>", format="html")
    return nodes.literal(
        "", "", *(node for part in parts if part for node in (nodes.Text(part), breaks.deepcopy()))
    )


def anchor(claim: str) -> str:
    """Return the id of a row in the page: "eq:9" is ``eq-9``."""
    return claim.replace(":", "-")


def statement(row: Any) -> list[nodes.Node]:
    """Say what the paper says and, where it is wrong, what is true."""
    blocks: list[nodes.Node] = [nodes.paragraph("", "", *sentence(row.says))]
    if row.corrected:
        true = [nodes.strong("", "True is: "), *sentence(row.corrected)]
        blocks.append(nodes.paragraph("", "", *true, classes=["corrected-statement"]))
    return blocks


class Ledger(Directive):
    """``{ledger}``: the table of all claims; ``ledger.js`` adds the filters."""

    def run(self) -> list[nodes.Node]:
        """Collect the evidence from the executed chapters and draw one row for each claim."""
        env: BuildEnvironment = self.state.document.settings.env
        from tools.rows import load_tests

        items, file = judged(env), Path(env.srcdir) / "book" / "functions.yml"
        env.note_dependency(str(file))
        tests = load_tests(file)
        rows: list[tuple[list[Cell], list[str]]] = [
            (
                [
                    claim(item.row, tests),
                    statement(item.row),
                    item.row.where,
                    chapter_name(env, item.row.chapter),
                    badge(item.verdict),
                    bearing(item),
                ],
                [f"verdict-{slug(item.verdict)}", f"chapter-{item.row.chapter.replace('_', '-')}"],
            )
            for item in items
        ]
        drawn = table(HEAD, rows, ["ledger"])
        for node, item in zip(drawn.findall(nodes.row), [None, *items], strict=True):
            if item is not None:
                node["ids"].append(anchor(item.row.id))
        return [summary(Counter(item.verdict for item in items)), drawn]


def judged(env: BuildEnvironment) -> list[Any]:
    """Judge every row, and let the page follow what it rests on."""
    from tools import ledger

    root = Path(env.srcdir)
    for file in (root / "book" / "claims.yml", *ledger.written_chapters(root)):
        env.note_dependency(str(file))
    return ledger.judged(root)


def add_script(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load the filters on the page that has a ledger, and only there."""
    if doctree is not None and any(
        "ledger" in node["classes"] for node in doctree.findall(nodes.table)
    ):
        app.add_js_file("ledger.js", loading_method="defer")


def setup(app: Sphinx) -> None:
    """Register the directive, and make the collector importable."""
    sys.path.insert(0, str(app.srcdir))
    app.add_directive("ledger", Ledger)
    app.add_directive("verdicts", Verdicts)
    app.connect("html-page-context", add_script)
