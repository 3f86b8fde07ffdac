"""The site is found and cited: what its pages say of themselves, and what they leave out while it is undecided."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.browsing import PAGES
from tools.chapters import ROOT

CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
META = re.compile(r'<meta (?:name|property)="([^"]*)" content="([^"]*)"')


def head(site: Path, name: str) -> dict[str, str]:
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    return {key: html.unescape(value) for key, value in META.findall(text)}


def structured(site: Path, name: str) -> dict[str, Any]:
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)
    found: dict[str, Any] = json.loads(data)
    return found


def test_every_page_says_what_it_is_about(site: Path) -> None:
    said = {name: head(site, name) for name in PAGES}
    assert all(30 <= len(one["description"]) <= 160 and "\\" not in one["description"] for one in said.values())
    assert all(one["og:title"] and one["og:image"] and one["citation_title"] for one in said.values())
    assert len({one["description"] for one in said.values()}) == len(PAGES)
    picture = (site / "book" / said["book/03_hardness"]["og:image"]).resolve()
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_is_undecided_is_left_out(site: Path) -> None:
    """The authors' names and the address: no tag, no field, no canonical address, no list of addresses."""
    assert not any("family-names" in one for one in CITED["authors"])
    for name in ("book/intro", "book/03_hardness"):
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        assert "citation_author" not in text and 'rel="canonical"' not in text and "og:url" not in text
        book = structured(site, name)
        book = book.get("isPartOf", book)
        assert "author" not in book and "url" not in book
    assert not (site / "sitemap.xml").exists()


def test_machines_read_a_book_its_chapters_and_the_paper(site: Path) -> None:
    book, chapter = structured(site, "book/intro"), structured(site, "book/03_hardness")
    assert book["@type"] == "Book" and chapter["@type"] == "Chapter" and chapter["name"] == "Hardness"
    assert book["name"] == chapter["isPartOf"]["name"] == CITED["title"]
    assert book["version"] == CITED["version"] and book["license"].endswith(f"/{CITED['license']}")
    assert book["isBasedOn"]["url"] == "https://arxiv.org/abs/2010.14672"
    assert book["isBasedOn"]["author"][0]["name"] == "Liam Collins"


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_how_it_is_cited(site: Path, name: str) -> None:
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    (fold,) = re.findall(r'<details class="cite-this">.*?</details>', text, re.DOTALL)
    assert f"Version {CITED['version']}" in fold and f"{CITED['license']} licence" in fold
    assert re.search(r"last changed on \d{4}-\d\d-\d\d", fold)
    assert fold.count("@") == 2 and "collins2022maml" in fold and "eprint" in fold


def test_the_ways_in_lead_to_the_book(site: Path) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")
    assert index.startswith("<!DOCTYPE html>") and "<title>" in index and 'href="book/intro.html"' in index
    assert "There is no such page" in (site / "404.html").read_text(encoding="utf-8")


def test_every_source_that_evidence_names_is_in_the_bibliography(site: Path) -> None:
    """By the family names and the year with which the checks name it."""
    page = html.unescape((site / "book" / "bibliography.html").read_text(encoding="utf-8"))
    named = set()
    for chapter in sorted((ROOT / "book").glob("[0-9]*.py")):
        for source in re.findall(r'source="([^"]*)"', chapter.read_text(encoding="utf-8")):
            named |= set(re.findall(r"([A-Z][\w’]+)(?: et al\.| and [A-Z]\w+)? \(?((?:19|20)\d\d)", source))
    entries = re.findall(r'<div class="citation"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert len(named) > 8
    for name, year in named:
        assert any(name in one and year in one for one in entries), f"{name} {year}"


def test_the_bibliography_is_by_author_and_year_with_links(site: Path) -> None:
    page = (site / "book" / "bibliography.html").read_text(encoding="utf-8")
    labels = re.findall(r'fn-bracket">\[</span>(.*?)<span', page)
    assert len(labels) > 20 and [label[0] for label in labels] == sorted(label[0] for label in labels)
    assert "Charles and Konečný, 2021" in labels and "Raghu et al., 2020" in labels
    assert all(re.fullmatch(r"[^{}\\]+, (19|20)\d\d[a-z]?", label) for label in labels)
    entries = re.findall(r'<div class="citation"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert all("https://" in one for one in entries)
