"""The bibliography: entries by author and year, as the text cites them."""

from collections.abc import Iterator, Sequence
from typing import Any

import pybtex.plugin
from pybtex.style.formatting.unsrt import Style as Plain
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx


def names(entry: Any) -> str:
    """Name the authors as a citation does: "Gao and Sener", "Finn et al."."""
    people = [
        " ".join(str(name) for name in (*person.rich_prelast_names, *person.rich_last_names))
        for person in entry.persons["author"]
    ]
    return f"{people[0]} et al." if len(people) > 2 else " and ".join(people)


class Labels(BaseLabelStyle):  # type: ignore[misc]
    """Authors and year; a letter tells those apart that share both."""

    def format_labels(self, sorted_entries: Sequence[Any]) -> Iterator[str]:
        """Yield the label of every entry."""
        plain = [f"{names(entry)}, {entry.fields['year']}" for entry in sorted_entries]
        for place, label in enumerate(plain):
            same = plain.count(label) > 1
            yield label + (chr(ord("a") + plain[:place].count(label)) if same else "")


class AuthorYear(Plain):  # type: ignore[misc]
    """The plain style, in the order of authors and years."""

    default_label_style = Labels
    default_sorting_style = "author_year_title"


def setup(app: Sphinx) -> None:
    """Register the style."""
    pybtex.plugin.register_plugin("pybtex.style.formatting", "author_year", AuthorYear)
