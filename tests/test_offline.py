"""The site from the file system: unpacked anywhere, without a server or a network, its formulas and its search."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import PATIENCE
from tools import offline
from tools.chapters import BOOK, chapters


def test_the_zip_holds_site_and_notebooks(tmp_path: Path) -> None:
    small = tmp_path / "html"
    (small / "book").mkdir(parents=True)
    (small / "index.html").write_text("front")
    (small / "book" / "page.html").write_text("page")
    (tmp_path / "01.ipynb").write_text("{}")
    target = tmp_path / "book.zip"
    assert offline.write(target, small, [tmp_path / "01.ipynb"]) == 4
    first = target.read_bytes()
    with zipfile.ZipFile(target) as pack:
        names = ["site/book/page.html", "site/index.html", "notebooks/01.ipynb", "README.txt"]
        assert pack.namelist() == [f"maml-landscape/{name}" for name in names]
        assert pack.read("maml-landscape/site/book/page.html") == b"page"
    offline.write(target, small, [tmp_path / "01.ipynb"])
    assert target.read_bytes() == first and not list(tmp_path.glob("*.part"))


@pytest.mark.audit
def test_it_works_from_the_file_system(chromium: Any, site: Path, tmp_path: Path) -> None:
    """A page without an error, its formulas set, and the search with its snippets."""
    offline.write(tmp_path / "book.zip", site, [chapter.notebook for chapter in chapters(BOOK)])
    with zipfile.ZipFile(tmp_path / "book.zip") as pack:
        pack.extractall(tmp_path)
    folder = tmp_path / "maml-landscape" / "site"
    context = chromium.new_context(offline=True)
    context.set_default_timeout(PATIENCE)
    page, errors = context.new_page(), list[str]()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    # A page that is left before it is whole breaks off what it still asks for: index.html does, it leads on at once.
    broken_off = "net::ERR_ABORTED"
    page.on("requestfailed", lambda request: errors.append(request.url) if request.failure != broken_off else None)
    try:
        page.goto((folder / "index.html").as_uri())
        page.wait_for_url("**/book/intro.html")
        page.goto((folder / "book" / "03_hardness.html").as_uri())
        page.evaluate("typesetAll()")
        page.locator("mjx-container").first.wait_for(state="attached")
        page.locator(".search-button__button:visible").first.click()
        page.locator("dialog input[type=search]").fill("near zero risk")
        page.keyboard.press("Enter")
        page.locator(".search-summary:not(:empty)").wait_for()
        first = page.locator("ul.search > li").first
        assert first.locator("a").first.get_attribute("href") == "book/claims.html#text-near-zero-risk"
        assert "near zero risk" in first.inner_text()
        first.locator("a").first.click()
        page.wait_for_url("**/book/claims.html#text-near-zero-risk")
    finally:
        context.close()
    assert errors == []
