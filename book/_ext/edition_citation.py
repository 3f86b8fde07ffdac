"""How the book is cited: from CITATION.cff, and the paper's entry in references.bib.

What is undecided, the authors' names and the address of the site, is left out.
"""

import html
import subprocess
import tomllib
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import yaml
from pybtex.database import parse_file

PAPER = "collins2022maml"  # in references.bib


class Edition(NamedTuple):
    """The book, and the paper that it is about."""

    title: str
    authors: list[str]
    version: str
    licence: str
    date: str
    site: str
    paper: Any


class Page(NamedTuple):
    """A page of the book; the front page stands for the book."""

    name: str
    title: str
    description: str
    url: str
    front: bool


def load_edition(root: Path) -> Edition:
    """Read how the book is cited. Authors are those with a family name; others are undecided."""
    file, sources = root / "CITATION.cff", root / "book" / "references.bib"
    cited = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    people = [one for one in cited.get("authors", ()) if "family-names" in one]
    return Edition(
        str(cited.get("title", "")),
        [f"{one['given-names']} {one['family-names']}" for one in people],
        str(cited.get("version", "")),
        str(cited.get("license", "")),
        str(cited.get("date-released") or last_change(root)),
        site_address(root),
        parse_file(str(sources)).entries[PAPER],
    )


def site_address(root: Path) -> str:
    """Return where the site is published: the setting, or GitHub's address for the repository."""
    with (root / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)["tool"]["edition"]
    parts = urlsplit(str(settings["repository"]).rstrip("/").removesuffix(".git"))
    owner, _, name = parts.path.strip("/").partition("/")
    pages = f"https://{owner}.github.io/{name}" if parts.hostname == "github.com" and name else ""
    return str(settings.get("site") or pages).rstrip("/")


def last_change(root: Path) -> str:
    """Return the day of the last commit; nothing outside of a repository."""
    command = ["git", "-C", str(root), "log", "-1", "--format=%cs"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def bibtex(edition: Edition, page: Page) -> str:
    """Write the entry by which the book or a page of it is cited."""
    fields = {
        "author": " and ".join(edition.authors),
        "title": page.title,
        "booktitle": "" if page.front else edition.title,
        "year": edition.date[:4],
        "version": edition.version,
        "url": page.url,
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    kind, key = ("book", "landscape-edition") if page.front else ("incollection", page.name)
    return "\n".join([f"@{kind}{{{key},", ",\n".join(lines), "}"])


def fold(edition: Edition, page: Page) -> str:
    """Write the fold at the foot of a page: how to cite it, its version, date and licence."""
    version = f"Version {edition.version}" if edition.version else ""
    date = f"last changed on {edition.date}" if edition.date else ""
    licence = f"{edition.licence} licence" if edition.licence else ""
    about = ", ".join(filter(None, (version, date, licence)))
    entries = f"{bibtex(edition, page)}\n\n{edition.paper.to_string('bibtex').strip()}"
    return (
        f'<details class="cite-this"><summary>Cite this</summary><p>{html.escape(about)}. '
        "Please cite with it the paper that the book is about.</p>"
        f'<pre tabindex="0" role="group" aria-label="BibTeX">{html.escape(entries)}</pre></details>'
    )


def structured(edition: Edition, page: Page) -> dict[str, Any]:
    """Describe the book, or a page as a chapter of it, as schema.org has it."""
    paper = edition.paper
    book: dict[str, Any] = {
        "@type": "Book",
        "name": edition.title,
        "author": [{"@type": "Person", "name": name} for name in edition.authors],
        "version": edition.version,
        "dateModified": edition.date,
        "license": edition.licence and f"https://spdx.org/licenses/{edition.licence}",
        "url": edition.site,
        "inLanguage": "en",
        "isAccessibleForFree": True,
        "isBasedOn": {
            "@type": "ScholarlyArticle",
            "name": paper.fields["title"].replace("{", "").replace("}", ""),
            "author": [{"@type": "Person", "name": _name(one)} for one in paper.persons["author"]],
            "url": f"https://arxiv.org/abs/{paper.fields['eprint']}",
        },
    }
    known = {name: value for name, value in book.items() if value}
    about = {"description": page.description, "url": page.url}
    about = {name: value for name, value in about.items() if value}
    if page.front:
        return {"@context": "https://schema.org", **known, **about}
    chapter = {"@type": "Chapter", "name": page.title, **about, "isPartOf": known}
    return {"@context": "https://schema.org", **chapter}


def _name(person: Any) -> str:
    return " ".join(person.first_names + person.middle_names + person.last_names)
