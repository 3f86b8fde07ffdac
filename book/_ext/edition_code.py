"""Code that leads to the reference: the names of the library in the cells of a page are links.

Sphinx-codeautolink does this too; it takes longer than all else of a build together.
"""

import ast
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from sphinx.application import Sphinx

CELL = re.compile(r'(<div class="highlight-i?python3? .*?<pre>)(.*?)(</pre>)', re.DOTALL)
NAME = re.compile(
    r'(?<!<span class="o">\.</span>)'
    r'<span class="n">\w+</span>(?:<span class="o">\.</span><span class="n">\w+</span>)*'
)
TAG = re.compile("<[^>]*>")


def imported(code: str) -> dict[str, str]:
    """Return the names that code imports from the library, with what they stand for.

    >>> imported("from paperlib import TaskEnvironment, linear as l\\nimport numpy as np")
    {'TaskEnvironment': 'paperlib.TaskEnvironment', 'l': 'paperlib.linear'}
    """
    try:
        tree = ast.parse("\n".join(line for line in code.splitlines() if line[:1] not in "%!"))
    except SyntaxError:  # not Python, or not all of it
        return {}
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "paperlib":
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.Import):
            found |= {one.name: one.name for one in node.names if one.name == "paperlib"}
    return found


def linked(body: str, targets: Mapping[str, str]) -> str:
    """Link the first use of each name in a cell to its place in the reference."""
    known: dict[str, str] = {}
    for cell in CELL.finditer(body):
        known |= imported(unescape(TAG.sub("", cell[2])))

    def link_cell(cell: re.Match[str]) -> str:
        seen: set[str] = set()

        def link(name: re.Match[str]) -> str:
            first, dot, rest = TAG.sub("", name[0]).partition(".")
            full = known.get(first, "") + dot + rest
            if first not in known or full not in targets or full in seen:
                return name[0]
            seen.add(full)
            return f'<a class="code-link" href="{targets[full]}">{name[0]}</a>'

        return cell[1] + NAME.sub(link, cell[2]) + cell[3]

    return CELL.sub(link_cell, body)


def link_code(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Link the code of a page to the reference pages of this site."""
    if context.get("body") and app.builder.format == "html":
        objects = app.env.get_domain("py").data["objects"]
        pages = {entry.docname for entry in objects.values()}
        address = {page: app.builder.get_relative_uri(pagename, page) for page in pages}
        targets = {
            name: f"{address[entry.docname]}#{entry.node_id}" for name, entry in objects.items()
        }
        context["body"] = linked(context["body"], targets)


def setup(app: Sphinx) -> None:
    """Register the links."""
    app.connect("html-page-context", link_code, priority=600)
