"""Search: an index of places, which leads to the row, the card or the section that says it.

Sphinx's own index knows pages only, and drops numbers and words such as "near".
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from edition_ledger import anchor
from sphinx.application import Sphinx

EXTRAS = "a.headerlink, a.row-link, button, script, style, svg"
BLOCKS = {"p", "li", "dt", "dd", "th", "td", "figcaption", "pre", *(f"h{n}" for n in range(1, 7))}
NUMBER = re.compile(r"^\d+(\.\d+)*\.\s+")
CODE, TAG = re.compile(r"<pre>.*?</pre>", re.DOTALL), re.compile("<[^>]*>")
SPELLINGS = {
    "eq": ("", "Eq.", "Eqn.", "Equation", "Formula"),
    "prop": ("Prop.", "Proposition"),
    "cor": ("Cor.", "Corollary"),
    "thm": ("Thm.", "Theorem"),
    "lem": ("Lem.", "Lemma"),
    "rem": ("Rem.", "Remark"),
    "ass": ("Ass.", "Assumption"),
    "fig": ("Fig.", "Figure"),
    "tab": ("Tab.", "Table"),
}


def names(claim: str) -> list[str]:
    """Return the names by which a reader may look for a row: first its label."""
    from tools.rows import expand, label

    words = SPELLINGS.get(claim.partition(":")[0], ())
    return [
        label(claim),
        label(claim).removeprefix("Definition: "),
        claim,
        *(f"{word} ({n})".strip() for n in expand(claim) for word in words),
    ]


def places(html: str, rows: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    """Yield the places of a page and what they say; `rows` holds the names of rows by their ids.

    What stands in a place within a place belongs to the inner one. Code is a place of its own,
    found after words.
    """
    # The colours of code are most of the tags of a page.
    bare = CODE.sub(lambda code: f"<pre>{TAG.sub('', code[0])}</pre>", html)
    main = BeautifulSoup(bare, "html.parser").select_one("article.bd-article")
    if main is None:
        return
    for extra in main.select(EXTRAS):
        extra.decompose()
    blocks: dict[int, tuple[Tag, list[str]]] = {}
    for text in main.find_all(string=True):
        block = next(
            (tag for tag in text.parents if tag.name in BLOCKS or _kind(tag) or _math(tag)), main
        )
        blocks.setdefault(id(block), (block, []))[1].append(text)
    said: dict[int, tuple[Tag, list[tuple[bool, str]], list[str]]] = {}
    for block, texts in blocks.values():
        place = next((tag for tag in (block, *block.parents) if _kind(tag)), None)
        if place is None:
            continue
        says, code = said.setdefault(id(place), (place, [], []))[1:]
        text = "".join(texts).strip()
        if block.name == "pre":
            code.append(text)
        elif text and not _aside(block):
            says.append((_column(block) == 0, " ".join(text.split())))
    for place, says, code in said.values():
        at = str(place["id"])
        about = {"at": at, "kind": _kind(place), "title": (rows.get(at) or [_title(place)])[0]}
        # The function of a row and its test, in the first column, come after what the row says.
        ordered = [text for _, text in sorted(says, key=lambda item: item[0])]
        words = [text.removeprefix(about["title"]).strip() for text in ordered]
        yield about | {"names": rows.get(at, []), "says": [text for text in words if text]}
        if code:
            yield about | {"kind": "code", "names": [], "says": code}


def _kind(tag: Tag) -> str:
    """Return what kind of place a tag is; empty if it is none."""
    at, classes = str(tag.get("id") or ""), tag.get("class") or []
    if tag.name == "section" and at:
        return "erratum" if at.startswith("erratum-") else "section"
    if tag.name == "tr" and at:
        return "claim"
    return "card" if "evidence" in classes and at else ""


def _math(tag: Tag) -> bool:
    return tag.name == "div" and "math" in (tag.get("class") or [])


def _title(place: Tag) -> str:
    """Return the heading of a section, or the rows that a card speaks of."""
    if place.name == "section":
        heading = place.find(re.compile("^h[1-6]$"))
        # Without its number: "12.7" is not what somebody looks for who types "(12)".
        return NUMBER.sub("", heading.get_text().strip()) if heading is not None else ""
    links = place.find_all("a", href=re.compile("^claims.html#"))
    return ", ".join(link.get_text() for link in links)


def _aside(block: Tag) -> bool:
    """Tell headings, which are titles, and the columns of the ledger after the claim."""
    if re.match("h[1-6]$", block.name):
        return True
    return _column(block) > 1


def _column(block: Tag) -> int:
    """Return the column of the ledger in which a block stands, -1 outside of it."""
    cell = next((tag for tag in (block, *block.parents) if tag.name == "td"), None)
    row = cell.parent if cell is not None else None
    return len(cell.find_previous_siblings("td")) if row is not None and _kind(row) else -1


def write_places(app: Sphinx, exception: Exception | None) -> None:
    """Write the places of all pages, as a script: a page opened from a folder loads no data."""
    if exception is not None or app.builder.format != "html":
        return
    from tools.rows import load_rows

    root, out = Path(app.srcdir), Path(app.outdir)
    rows = {anchor(row.id): names(row.id) for row in load_rows(root / "book" / "claims.yml")}
    pages = [
        {
            "page": name,
            "title": app.env.titles[name].astext(),
            "places": list(places((out / f"{name}.html").read_text(encoding="utf-8"), rows)),
        }
        for name in sorted(app.env.found_docs)
    ]
    text = json.dumps(pages, ensure_ascii=False)
    (out / "_static" / "places.js").write_text(f"const PLACES = {text};\n", encoding="utf-8")


def load_places(app: Sphinx, pagename: str, *_: Any) -> None:
    """Give the page of results its scripts, and MathJax, as what it shows holds formulas."""
    if pagename == "search":
        app.env.get_domain("math").data["has_equations"]["search"] = True
        app.add_js_file("places.js", loading_method="defer")
        app.add_js_file("search.js", loading_method="defer")


def setup(app: Sphinx) -> None:
    """Register the index and its scripts."""
    app.connect("html-page-context", load_places, priority=400)  # before MathJax asks
    app.connect("build-finished", write_places)
