"""The paper, corrected: the page of errata, from the rows that are not true as printed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.parsers.rst import Directive
from edition_ledger import anchor, badge, judged, sentence
from sphinx.application import Sphinx

WRONG = ("corrected", "inconsistent")
WEIGHTS = {1: "Changes a conclusion", 2: "Changes a formula that others would use", 3: "A slip"}


def order(root: Path) -> dict[str, int]:
    """Return the place of every row in the paper: that of the first paragraph that it stands in."""
    text = (root / "book" / "paragraphs.yml").read_text(encoding="utf-8")
    places: dict[str, int] = {}
    for place, paragraph in enumerate(yaml.safe_load(text)["paragraphs"]):
        for row in paragraph.get("rows", ()):
            places.setdefault(row, place)
    return places


def erratum(item: Any) -> nodes.section:
    """Write one erratum: printed, corrected, the reason, and links to its row and its cards."""
    from tools.rows import label

    row = item.row
    section = nodes.section(ids=[f"erratum-{anchor(row.id)}"])
    name = label(row.id).strip("“”")  # the name of a sentence is ours
    section += nodes.title("", f"{name[0].upper()}{name[1:]}, {row.where}")
    section += nodes.paragraph(
        "", "", nodes.strong("", "Printed: "), *sentence(row.printed or row.says)
    )
    section += nodes.paragraph("", "", nodes.strong("", "Corrected: "), *sentence(row.corrected))
    if row.reason:
        section += nodes.paragraph("", "", nodes.strong("", "Why: "), *sentence(row.reason))
    links = [
        badge(item.verdict),
        nodes.Text(" "),
        _link("its row", f"claims.html#{anchor(row.id)}"),
    ]
    for number, found in enumerate(item.evidence, start=1):
        links += [
            nodes.Text(", "),
            _link(f"card {number}", f"{found.notebook}.html#{found.anchor}"),
        ]
    section += nodes.paragraph("", "", *links, classes=["erratum-links"])
    return section


def _link(text: str, target: str) -> nodes.reference:
    return nodes.reference("", text, internal=True, refuri=target)


def load_headlines(root: Path) -> dict[str, str]:
    """Read what the corrections that change a conclusion come to, by row."""
    text = (root / "book" / "headlines.yml").read_text(encoding="utf-8")
    headlines: dict[str, str] = yaml.safe_load(text)
    return headlines


def digest(items: Sequence[Any], headlines: dict[str, str]) -> nodes.bullet_list:
    """List the errata that change a conclusion, a line each: all of them fit on a screen."""
    from tools.rows import label

    lines = []
    for row in (item.row for item in items if item.row.consequence == 1):
        name = "" if row.id.startswith("text:") else f"{label(row.id)}: "
        words = [nodes.Text(name), *sentence(headlines[row.id])]
        link = nodes.reference("", "", *words, internal=True, refuri=f"#erratum-{anchor(row.id)}")
        lines.append(nodes.list_item("", nodes.paragraph("", "", link)))
    return nodes.bullet_list("", *lines, classes=["errata-digest"])


class Errata(Directive):
    """``{errata}``: the most consequential ones, then all in the paper's order."""

    def run(self) -> list[nodes.Node]:
        """Draw the page."""
        env = self.state.document.settings.env
        root = Path(env.srcdir)
        for name in ("paragraphs.yml", "headlines.yml"):
            env.note_dependency(str(root / "book" / name))
        places, headlines = order(root), load_headlines(root)
        items = sorted(
            (item for item in judged(env) if item.verdict in WRONG),
            key=lambda item: (places.get(item.row.id, len(places)), item.row.id),
        )
        counts = [
            (WEIGHTS[weight], sum(item.row.consequence == weight for item in items))
            for weight in WEIGHTS
        ]
        words = "; ".join(f"{name.lower()}: {count}" for name, count in counts)
        opening = nodes.paragraph(
            "",
            f"{len(items)} statements of the paper are corrected here. By weight: {words}. "
            "Those that change a conclusion:",
        )
        return [opening, digest(items, headlines), *(erratum(item) for item in items)]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("errata", Errata)
