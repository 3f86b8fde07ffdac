"""The ledger as JSON, and the graph of what rests on what."""

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import networkx as nx
from docutils import nodes
from docutils.parsers.rst import Directive, directives
from edition_ledger import anchor, judged, slug
from sphinx.application import Sphinx

# A node of the graph is as wide as the longest label.
LETTER, MARGIN, HEIGHT = 8, 16, 34
GAP = (22, 26)  # the room between two nodes


def write_ledger(app: Sphinx, exception: Exception | None) -> None:
    """Write the ledger as ``ledger.json`` beside its page; ``ledger.schema.json`` describes it."""
    if exception is None and app.builder.format == "html":
        target = Path(app.outdir) / "book" / "ledger.json"
        target.write_text(
            json.dumps(as_json(Path(app.srcdir)), ensure_ascii=False, indent=1), encoding="utf-8"
        )


def as_json(root: Path) -> list[dict[str, Any]]:
    """Return the rows of the ledger with their verdicts and their evidence."""
    from tools import ledger
    from tools.rows import load_tests

    tests = load_tests(root / "book" / "functions.yml")
    fields = (
        "id",
        "says",
        "where",
        "chapter",
        "printed",
        "corrected",
        "reason",
        "consequence",
        "uses",
        "function",
    )
    return [
        {name: value for name in fields if (value := getattr(item.row, name))}
        | ({"test": tests[item.row.function]} if item.row.function else {})
        | {"verdict": item.verdict, "name": ledger.label(item.row.id)}
        | {"evidence": [_card(found) for found in item.evidence]}
        for item in ledger.judged(root)
    ]


def _card(found: Any) -> dict[str, Any]:
    return {
        "page": f"{found.notebook}.html#{found.anchor}",
        "verdict": found.verdict,
        "kind": found.kind,
        "says": found.says,
        **found.figures,
    }


class Graph(Directive):
    """``{claims-graph}``: numbered rows above those that rest on them; ``:list:`` lists them."""

    option_spec: ClassVar = {"list": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Draw it as SVG, whose boxes are links; the list is for who cannot see it, and paper."""
        env = self.state.document.settings.env
        items = {item.row.id: item for item in judged(env)}
        if "list" in self.options:
            return [listing(items)]
        return [nodes.raw("", drawing(items), format="html", classes=["claims-graph"])]


def listing(items: dict[str, Any]) -> nodes.bullet_list:
    """Return what each numbered row rests on, as a list of links in the order of the ledger."""
    from tools.rows import label

    def link(claim: str) -> nodes.reference:
        return nodes.reference("", label(claim), refid=anchor(claim))

    graph = resting(items)
    lines = list[nodes.Node]()
    for claim in (claim for claim in items if graph.in_degree(claim)):
        used = [one for one in items if graph.has_edge(one, claim)]
        words = [piece for one in used for piece in (nodes.Text(", "), link(one))][1:]
        line = nodes.paragraph("", "", link(claim), nodes.Text(": "), *words)
        lines.append(nodes.list_item("", line))
    return nodes.bullet_list("", *lines)


def resting(items: dict[str, Any]) -> Any:
    """Return the graph whose edges lead from a numbered row to those that rest on it."""
    from tools.rows import NUMBERED

    graph = nx.DiGraph()
    for claim, item in items.items():
        for used in item.row.uses:
            if (
                claim.partition(":")[0] in NUMBERED
                and used in items
                and used.partition(":")[0] in NUMBERED
            ):
                graph.add_edge(used, claim)
    return graph


def drawing(items: dict[str, Any]) -> str:
    """Return the graph of the rows that rest on each other as SVG."""
    from tools.rows import label

    graph = resting(items)
    layers = [sorted(layer) for layer in nx.topological_generations(graph)]
    placed = _ordered(graph, layers)
    width = MARGIN + LETTER * max((len(label(claim)) for claim in graph), default=0)
    height, (across, down) = HEIGHT, GAP
    spots = {
        claim: (x * (width + across), y * (height + down))
        for y, layer in enumerate(placed)
        for x, claim in enumerate(layer)
    }
    size = (
        max((x for x, _ in spots.values()), default=0) + width,
        max((y for _, y in spots.values()), default=0) + height,
    )
    parts = [
        f'<svg viewBox="-2 -2 {size[0] + 4} {size[1] + 4}" '
        f'width="{size[0]}" role="group" '
        'aria-label="Which numbered statements rest on which, coloured by verdict">'
    ]
    for used, claim in graph.edges:
        (x0, y0), (x1, y1) = spots[used], spots[claim]
        left, right, top, bottom = x0 + width / 2, x1 + width / 2, y0 + height, y1
        bend = (top + bottom) / 2
        parts.append(f'<path d="M{left} {top}C{left} {bend} {right} {bend} {right} {bottom}"/>')
    for claim, (x, y) in spots.items():
        verdict = items[claim].verdict
        name = html.escape(f"{label(claim)}: {verdict}")
        parts.append(
            f'<a href="#{anchor(claim)}" aria-label="{name}"><title>{name}</title>'
            f'<rect class="{slug(verdict)}" x="{x}" y="{y}" width="{width}" height="{height}"/>'
            f'<text x="{x + width / 2}" y="{y + height / 2 + 5}">'
            f"{html.escape(label(claim))}</text></a>"
        )
    return "".join([*parts, "</svg>"])


def _ordered(graph: Any, layers: Sequence[Sequence[str]]) -> list[list[str]]:
    """Order every layer by the mean place of what its rows rest on, so that few lines cross."""
    placed: list[list[str]] = []
    spot: dict[str, float] = {}
    for layer in layers:
        means = {
            claim: sum(spot[used] for used in graph.predecessors(claim))
            / max(1, graph.in_degree(claim))
            for claim in layer
        }
        placed.append(sorted(layer, key=lambda claim: (means[claim], claim)))
        spot |= {claim: float(index) for index, claim in enumerate(placed[-1])}
    return placed


def setup(app: Sphinx) -> None:
    """Register the graph and the file."""
    app.add_directive("claims-graph", Graph)
    app.connect("build-finished", write_ledger)
