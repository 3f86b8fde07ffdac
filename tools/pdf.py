"""Print the built site as one PDF, with bookmarks and page numbers, by Chromium.

python -m tools.pdf [PDF], after `make book`; by default _build/maml-landscape.pdf
"""

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag

import yaml
from playwright.sync_api import Browser, PdfMargins
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject, NullObject, NumberObject

from tools.browser import chromium
from tools.chapters import ROOT
from tools.site import HTML

TARGET = Path("_build", "maml-landscape.pdf")
MARGIN: PdfMargins = {"top": "14mm", "bottom": "18mm", "left": "15mm", "right": "15mm"}
PATIENCE = 240_000  # milliseconds
DEPTH = 2  # of the headings that are bookmarks
SCALE = 0.8  # of print to screen, so that a line of code fits
STYLE = """@media print {
  #jb-print-docs-body { display: none !important; }  /* the bookmarks are the contents */
  .bd-main .bd-content .bd-article h1:first-of-type { display: block; }
}"""
HEADINGS = """(names) => names.map((name) => Number(name.tagName[1])).map((level, place) => {
  const name = names[place].cloneNode(true);
  name.querySelectorAll(".headerlink, mjx-assistive-mml").forEach((part) => part.remove());
  return [level, name.textContent.trim()];
})"""
READY = """async () => {
  document.documentElement.dataset.theme = "light";
  for (const fold of document.querySelectorAll("details.sd-dropdown")) fold.open = true;  // proofs and solutions
  for (const image of document.images) image.loading = "eager";
  if (window.typesetAll) await window.typesetAll();
  await Promise.all(Array.from(document.images, (image) => image.decode().catch(() => {})));
}"""


class Page(NamedTuple):
    """A page of the site as it was printed: where it was, the part of the book that it is in, and its headings."""

    address: str
    part: str
    headings: list[tuple[int, str]]
    content: bytes


def contents(root: Path = ROOT) -> list[tuple[str, str]]:
    """Return the pages of the book in order, as `_toc.yml` has them, each with the name of its part."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    parts = [(one["file"], part["caption"]) for part in toc["parts"] for one in part["chapters"]]
    return [(toc["root"], ""), *parts]


def printed(browser: Browser, address: str, part: str) -> Page:
    """Print one page as a reader in the light would, with all its formulas and figures."""
    context = browser.new_context(color_scheme="light", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    try:
        page = context.new_page()
        page.goto(address, wait_until="load")
        page.add_style_tag(content=STYLE)
        page.evaluate(READY)
        names = page.locator("article.bd-article").locator("h1, h2, h3, h4, h5, h6").evaluate_all(HEADINGS)
        headings = [(level, " ".join(name.split())) for level, name in names]
        made = page.pdf(format="A4", margin=MARGIN, scale=SCALE, print_background=True, outline=True, tagged=True)
        return Page(address, part, headings, made)
    finally:
        context.close()


def numbers(browser: Browser, count: int) -> bytes:
    """Print sheets that hold nothing but their numbers, at the foot."""
    rows = "".join(f"<div>{number}</div>" for number in range(1, count + 1))
    style = "@page{size:A4;margin:0}body{margin:0}div{height:296.9mm;break-after:page;display:flex;"
    style += "align-items:flex-end;justify-content:center;padding-bottom:9mm;box-sizing:border-box;font:9pt serif}"
    context = browser.new_context()
    try:
        page = context.new_page()
        page.set_content(f"<style>{style}</style>{rows}")
        return page.pdf(prefer_css_page_size=True)
    finally:
        context.close()


def lead_inside(book: PdfWriter, first: dict[str, int]) -> None:
    """Let links to another page of the site lead to where it begins in the book, and drop those to its other files."""
    for page in book.pages:
        kept = ArrayObject()
        for reference in page.get("/Annots", ArrayObject()):
            link = reference.get_object()
            action = link.get("/A")
            address = str(action.get_object().get("/URI", "")) if action is not None else ""
            place = first.get(unquote(urldefrag(address).url))
            if place is not None:
                del link["/A"]
                spot = [book.pages[place].indirect_reference, NameObject("/XYZ"), NullObject(), NullObject()]
                link[NameObject("/Dest")] = ArrayObject([*spot, NumberObject(0)])
            if place is not None or not address.startswith("file:"):
                kept.append(reference)
        if "/Annots" in page:
            page[NameObject("/Annots")] = kept


def flat(reader: PdfReader, outline: Iterable[Any]) -> Iterator[int]:
    """Yield the page, counted from 0, that each entry of an outline leads to."""
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(reader, entry)
        else:
            yield reader.get_destination_page_number(entry) or 0


def bind(parts: Sequence[Page]) -> PdfWriter:
    """Put printed pages of the site into one book, with parts, chapters and sections as bookmarks.

    Chromium knows on which page each heading is; what it says comes from the page itself.
    """
    book, first, over = PdfWriter(), dict[str, int](), dict[int, Any]()
    for address, part, headings, content in parts:
        reader, start = PdfReader(io.BytesIO(content)), len(book.pages)
        first[address] = start
        book.append(reader, import_outline=False)
        if part and over.get(-1, ("",))[0] != part:
            over = {-1: (part, book.add_outline_item(title=part, page_number=start))}
        for place, (level, name) in zip(flat(reader, reader.outline), headings, strict=True):
            if level <= DEPTH:
                above = max((one for one in over if one < level), default=None)
                parent = None if above is None else over[above][1]
                item = book.add_outline_item(title=name, page_number=start + place, parent=parent)
                over = {one: kept for one, kept in over.items() if one < level} | {level: (name, item)}
    lead_inside(book, first)
    return book


def write(browser: Browser, target: Path, site: Path, pages: Iterable[tuple[str, str]]) -> int:
    """Print pages of a site, each with the name of its part, into a file, and return how many sheets it has."""
    book = bind([printed(browser, (site / f"{name}.html").as_uri(), part) for name, part in pages])
    feet = PdfReader(io.BytesIO(numbers(browser, len(book.pages))))
    for page, foot in zip(book.pages, feet.pages, strict=True):
        page.merge_page(foot)
        page.compress_content_streams()
    book.add_metadata({"/Title": "How Does the Task Landscape Affect MAML Performance? An executable edition"})
    book.page_mode = "/UseOutlines"
    book.compress_identical_objects()
    beside = target.with_name(f"{target.name}.part")
    book.write(beside)
    beside.replace(target)
    return len(book.pages)


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit status."""
    target = Path(arguments[0]) if arguments else ROOT / TARGET
    if not (ROOT / HTML / "index.html").exists():
        print("There is no site to print; make book builds it", file=sys.stderr)
        return 1
    with chromium() as browser:
        count = write(browser, target, ROOT / HTML, contents())
    print(f"{target}: {count} pages, {target.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
