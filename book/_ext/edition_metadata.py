"""What search engines and shared links show of a page, and the pages that lead to others."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from edition_citation import Edition, Page, fold, load_edition, structured
from sphinx.application import Sphinx

PICTURE = "_static/before-after.png"
PICTURE_SAYS = "The average loss of two tasks, before and after a step of adaptation"
LENGTH = 160  # of a description, as search engines show it
TELLING = ("What you will do. ", "What you will learn. ")
MARKUP = re.compile("<[^>]*>")
LOST = """<h1>There is no such page</h1>
<p>It may have been renamed. The <a href="{front}">front page</a> lists all chapters, the
<a href="{ledger}">ledger</a> has a row for every equation, and
<a href="{search}">the search</a> finds the rest.</p>"""
LANDING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="{title}">
<meta http-equiv="refresh" content="0; url={front}">{canonical}</head>
<body><p><a href="{front}">{title}</a></p></body></html>
"""


def description(doctree: nodes.document | None, otherwise: str) -> str:
    """Say what a page is about: what its reader will do, or else its first sentences.

    Formulas cannot be shown there, so paragraphs that hold one are passed over.
    """
    found = list(doctree.findall(nodes.paragraph)) if doctree is not None else []
    plain = [
        " ".join(one.astext().split())
        for one in found
        if one.next_node(nodes.math) is None and isinstance(one.parent, nodes.section)
    ]
    told = [text for text in plain if text.startswith(TELLING)]
    text = next(iter(told or (text for text in plain if len(text) > 60)), otherwise)
    for words in TELLING:
        text = text.removeprefix(words)
    return text if len(text) <= LENGTH else f"{text[: LENGTH - 1].rsplit(' ', 1)[0]}…"


def tags(edition: Edition, page: Page, picture: str) -> Iterator[str]:
    """Write the description, what a shared link shows, and how the page is cited."""
    shared = {
        "og:type": "book" if page.front else "article",
        "og:site_name": edition.title,
        "og:title": page.title,
        "og:description": page.description,
        "og:image": picture,
        "og:image:alt": PICTURE_SAYS,
        "og:url": page.url,
    }
    named = {
        "description": page.description,
        "twitter:card": "summary_large_image",
        "citation_title": page.title,
        "citation_inbook_title": "" if page.front else edition.title,
        "citation_publication_date": edition.date.replace("-", "/"),
        "citation_language": "en",
        "citation_fulltext_html_url": page.url,
    }
    pairs = [("property", *pair) for pair in shared.items()]
    pairs += [("name", *pair) for pair in named.items()]
    pairs += [("name", "citation_author", one) for one in edition.authors]
    for kind, name, text in pairs:
        if text:
            yield f'<meta {kind}="{name}" content="{html.escape(text)}">'
    if page.url:
        yield f'<link rel="canonical" href="{html.escape(page.url)}">'


def describe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Describe a page in its head; one of the book also ends with how it is cited."""
    edition: Edition = app.edition  # type: ignore[attr-defined]
    front = pagename == app.config.root_doc
    known = app.env.titles.get(pagename)
    title = (
        known.astext()
        if known is not None
        else MARKUP.sub("", str(context.get("title") or pagename))
    )
    page = Page(
        Path(pagename).name,
        edition.title if front else title,
        description(doctree, edition.title),
        f"{edition.site}/{pagename}.html" if edition.site else "",
        front,
    )
    picture = f"{edition.site}/{PICTURE}" if edition.site else context["pathto"](PICTURE, 1)
    lines = list(tags(edition, page, picture))
    if doctree is not None:
        data = json.dumps(structured(edition, page), ensure_ascii=False).replace("</", r"<\/")
        lines.append(f'<script type="application/ld+json">{data}</script>')
        context["body"] += fold(edition, page)
    context["metatags"] = "\n".join([context.get("metatags") or "", *lines])


def lost(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Write the page that a server shows for one that is not there, whatever was asked for."""
    site = app.edition.site  # type: ignore[attr-defined]
    ways = {"front": app.config.root_doc, "ledger": "book/claims", "search": "search"}
    links = {name: f"{site + '/' if site else ''}{page}.html" for name, page in ways.items()}
    yield "404", {"title": "There is no such page", "body": LOST.format(**links)}, "page.html"


def write_ways_in(app: Sphinx, exception: Exception | None) -> None:
    """Write the page at the address of the site and, where that is known, the list of all pages."""
    if exception is not None or app.builder.format != "html":
        return
    edition: Edition = app.edition  # type: ignore[attr-defined]
    out, front = Path(app.outdir), f"{app.config.root_doc}.html"
    canonical = f'<link rel="canonical" href="{edition.site}/{front}">' if edition.site else ""
    title = html.escape(edition.title)
    landing = LANDING.format(title=title, front=front, canonical=canonical)
    (out / "index.html").write_text(landing, encoding="utf-8")
    if edition.site:
        pages = "".join(
            f"<url><loc>{edition.site}/{name}.html</loc></url>\n"
            for name in sorted(app.env.found_docs)
        )
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        text = (
            f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{space}">\n{pages}</urlset>\n'
        )
        (out / "sitemap.xml").write_text(text, encoding="utf-8")
        (out / "robots.txt").write_text(f"Sitemap: {edition.site}/sitemap.xml\n", encoding="utf-8")


def remember(app: Sphinx) -> None:
    """Read how the book is cited, once."""
    app.edition = load_edition(Path(app.srcdir))  # type: ignore[attr-defined]


def setup(app: Sphinx) -> None:
    """Register what is written into pages, and pages of our own."""
    app.connect("builder-inited", remember)
    app.connect("html-page-context", describe)
    app.connect("html-collect-pages", lost)
    app.connect("build-finished", write_ways_in)
