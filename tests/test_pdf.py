"""The book in print: one file, with parts, chapters and sections as bookmarks, numbered, whose links stay inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pypdf
import pytest

from tools import pdf

FIRST = """<!doctype html><title>x</title><article class="bd-article"><h1>A start<a class="headerlink">#</a></h1>
<p><a href="second.html#there">on</a> <a href="picture.webp">large</a> <a href="https://example.org/">out</a></p>
<h2>A section</h2><p style="break-before: page">next sheet</p><h3>Small</h3></article>"""
SECOND = """<!doctype html><title>y</title><article class="bd-article"><h1>An end</h1>
<h2 id="there">Last</h2></article>"""


def bookmarks(reader: Any, outline: list[Any], depth: int = 0) -> list[tuple[int, str, int]]:
    """Return depth, title and sheet of every bookmark."""
    found = []
    for one in outline:
        if isinstance(one, list):
            found += bookmarks(reader, one, depth + 1)
        else:
            found.append((depth, one.title, reader.get_destination_page_number(one)))
    return found


def addresses(reader: Any) -> set[str]:
    """Return where links lead that leave the book."""
    links = (link.get_object() for page in reader.pages for link in page.get("/Annots") or [])
    return {str(link["/A"]["/URI"]) for link in links if "/A" in link and "/URI" in link["/A"]}


def test_pages_are_bound_in_order(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "first.html").write_text(FIRST)
    (tmp_path / "second.html").write_text(SECOND)
    target = tmp_path / "book.pdf"
    assert pdf.write(chromium, target, tmp_path, [("first", ""), ("second", "Part")]) == 3
    reader = pypdf.PdfReader(target)
    wanted = [(0, "A start", 0), (1, "A section", 0), (0, "Part", 2), (1, "An end", 2), (2, "Last", 2)]
    assert bookmarks(reader, reader.outline) == wanted
    assert [page.extract_text().split()[-1] for page in reader.pages] == ["1", "2", "3"]
    assert addresses(reader) == {"https://example.org/"}
    inside = [link.get_object().get("/Dest") for link in reader.pages[0]["/Annots"]]
    assert [dest[0].get_object() == reader.pages[2] for dest in inside if dest is not None] == [True]
    assert [path.name for path in tmp_path.glob("book*")] == ["book.pdf"]


@pytest.mark.audit
def test_the_book_is_printed_whole(chromium: Any, site: Path, tmp_path: Path) -> None:
    target, pages = tmp_path / "book.pdf", pdf.contents()
    count = pdf.write(chromium, target, site, pages)
    assert target.stat().st_size <= 25e6
    reader = pypdf.PdfReader(target)
    assert len(reader.pages) == count
    marks = bookmarks(reader, reader.outline)
    chapters = [title for depth, title, _ in marks if depth == (0 if title == marks[0][1] else 1)]
    parts = list(dict.fromkeys(part for _, part in pages if part))
    assert [title for depth, title, _ in marks if depth == 0] == [marks[0][1], *parts]
    assert len([title for title in chapters if title]) >= len(pages)
    assert not [address for address in addresses(reader) if address.startswith("file:")]
    for number, page in enumerate(reader.pages, 1):
        *lines, foot = page.extract_text().split("\n")
        assert foot.strip() == str(number)
        assert lines[-1].strip() not in ("Parameters:", "Returns:", "Raises:", "Type:", "Example")
        assert sum(1 for line in lines if line.strip()) > 2, f"sheet {number} is as good as empty"
    assert not [line for page in reader.pages for line in page.extract_text().split("\n") if "claims shown" in line]
