"""The reference: what the library offers, by docstrings, with the rows of the ledger for each."""

import inspect
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from edition_ledger import anchor
from sphinx.application import Sphinx
from sphinx.util.inspect import stringify_signature

MARKUP = re.compile(
    r"(``.*?``|`.*?`|(?<![\w*])\*[^\W\d](?:[^*]*[\w.,:])?\*(?![\w*]))|(\*+|\||(?<=\w)_(?!\w))"
)
REST = "More"


def public(module: ModuleType) -> list[str]:
    """Return the names that a module offers and that are not modules themselves."""
    return [
        name
        for name in getattr(module, "__all__", ())
        if not inspect.ismodule(getattr(module, name)) and not name.startswith("__")
    ]


def grouped(lines: list[str], names: list[str]) -> dict[str, list[str]]:
    """Return the groups of a page, ``title: name, name`` a line, and last what none of them holds.

    ValueError for a name that is not offered, or stands twice.
    """
    groups: dict[str, list[str]] = {}
    for line in filter(None, map(str.strip, lines)):
        title, _, listed = line.partition(":")
        groups[title] = [name.strip() for name in listed.split(",")]
    given = [name for group in groups.values() for name in group]
    for name in given:
        if name not in names or given.count(name) > 1:
            raise ValueError(f"a group must hold public names, each once; got {name!r}")
    rest = [name for name in names if name not in given]
    return groups | ({REST if groups else "": rest} if rest else {})


def entry(module: ModuleType, name: str) -> list[str]:
    """Return the directive that documents a name: autodoc's, or for data what they hold."""
    value = getattr(module, name)
    if inspect.isclass(value):
        return [
            f".. autoclass:: {module.__name__}.{name}",
            "   :members:",
            "   :member-order: bysource",
            "",
        ]
    if callable(value) and inspect.isroutine(value):
        return [f".. autofunction:: {module.__name__}.{name}", ""]
    words = value if isinstance(value, dict) else get_args(value)
    said = ", ".join(f"``{word}``" for word in words) if words else f"``{value!r}``"
    return [f".. py:data:: {module.__name__}.{name}", "", f"   {said}", ""]


class Reference(Directive):
    """``{reference} paperlib.linear``: all that a module offers, in groups, each a section."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Let autodoc write each group."""
        module = import_module(self.arguments[0])
        found: list[nodes.Node] = []
        for title, names in grouped(list(self.content), public(module)).items():
            text = [line for name in names for line in entry(module, name)]
            part: nodes.Element = nodes.container()
            if title:
                part = nodes.section("", nodes.title("", title), ids=[nodes.make_id(title)])
                self.state.document.note_implicit_target(part)
            source = StringList(["```{eval-rst}", *text, "```"], source=self.arguments[0])
            self.state.nested_parse(source, self.content_offset, part)
            found.append(part)
        return found


def plain(line: str) -> str:
    r"""Keep what reStructuredText would read as markup in the words of a docstring, but *words*.

    >>> plain("of w* and |w|, `a*b`")
    'of w\\* and \\|w\\|, `a*b`'
    >>> plain("- *the optimiser.* of w* and **kw")
    '- *the optimiser.* of w\\* and \\*\\*kw'
    """
    return MARKUP.sub(lambda found: found[1] or re.sub(r"(.)", r"\\\1", found[2]), line)


def escaped(lines: list[str]) -> list[str]:
    """Return the lines of a docstring, escaped but for displayed formulas and examples."""
    found, example, formula = [], False, -1  # how far the formula's directive is indented
    for line in lines:
        indent, text = len(line) - len(line.lstrip()), line.strip()
        example = text.startswith(">>>") or (example and bool(text))
        if text and indent <= formula:
            formula = -1
        if text.startswith(".. math::"):
            formula = indent
        found.append(line if example or formula >= 0 else plain(line))
    return found


def read_plainly(
    app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    """Escape a docstring before its sections are read."""
    lines[:] = escaped(lines)


@cache
def computed(file: Path) -> dict[str, list[Any]]:
    """Return the rows of the ledger by the function that computes them; read once for a build."""
    from tools.rows import load_rows

    found: dict[str, list[Any]] = {}
    for row in load_rows(file):
        found.setdefault(row.function, []).append(row)
    return found


def add_rows(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Say in which rows of the ledger, and in which chapters, the formula of a function stands."""
    from tools.rows import label

    file = Path(app.srcdir) / "book" / "claims.yml"
    rows = computed(file).get(name.removeprefix("paperlib."), [])
    if rows:
        app.env.note_dependency(str(file))
        links = [f"`{label(row.id)} <claims.html#{anchor(row.id)}>`__" for row in rows]
        for stem in dict.fromkeys(row.chapter for row in rows):
            if f"book/{stem}" in app.env.found_docs:
                links.append(f":doc:`/book/{stem}`")
        lines += ["", f"In the ledger and the book: {', '.join(links)}.", ""]


def whole_signature(
    app: Sphinx, what: str, name: str, value: Any, options: Any, signature: str, returns: str
) -> tuple[str, str] | None:
    """Keep the first argument of a function that a class holds as a value: it is no ``self``."""
    if what != "method" or not inspect.isfunction(value) or "." in value.__qualname__:
        return None
    own = inspect.signature(value)
    return stringify_signature(own, show_annotation=False, show_return_annotation=False), returns


def setup(app: Sphinx) -> None:
    """Register the directive, and what is done to docstrings."""
    app.add_directive("reference", Reference)
    app.connect("autodoc-process-signature", whole_signature)
    app.connect("autodoc-process-docstring", read_plainly, priority=400)
    app.connect("autodoc-process-docstring", add_rows, priority=600)
