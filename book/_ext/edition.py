"""The Sphinx extension of this book: launch buttons, sizes of figures, and what its modules add.

Loaded through ``sphinx.local_extensions`` in ``_config.yml``.
"""

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import edition_bibliography
import edition_claims
import edition_code
import edition_errata
import edition_explorer
import edition_ledger
import edition_mathjax
import edition_metadata
import edition_pages
import edition_reading
import edition_records
import edition_reference
import edition_runtime
import edition_search
import imagesize
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

# A hyphen before a number, where nothing stands before it that makes it a range or part of a word.
MINUS = re.compile(r"(?<![\w.$/–-])-(?=\d)")
PAGE = re.compile(r"book/(\d+)_\w+")
COLAB, BINDER = "https://colab.research.google.com", "https://mybinder.org"


def size_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Show figures at the size they were drawn for; they are stored at twice the resolution."""
    for image in doctree.findall(nodes.image):
        if "jupyter_execute" in image["uri"] and "width" not in image:
            width, _ = imagesize.get(Path(app.srcdir) / image["uri"].lstrip("/"))
            image["width"] = f"{width // 2}px"


def set_minus(app: Sphinx, doctree: nodes.document) -> None:
    """Set the minus of numbers in sentences and tables, which code prints as a hyphen."""
    kept = nodes.FixedTextElement | nodes.literal | nodes.raw | nodes.math
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, kept):
            text.parent.replace(text, nodes.Text(MINUS.sub("−", text)))


def number_by_page(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Number what a page without a chapter's number numbers by that of its file, like (15.1).

    Sphinx counts them through all such pages, 1, 2, 3: numbers that the paper's own equations have.
    """
    for name, kinds in env.toc_fignumbers.items():
        page = PAGE.fullmatch(name)
        if page and not env.toc_secnumbers.get(name):
            for kind, numbers in kinds.items():
                order = sorted(numbers, key=numbers.__getitem__)
                kinds[kind] = {place: (int(page[1]), k) for k, place in enumerate(order, 1)}
    return []


def repository_url(root: Path) -> str:
    """Read the one setting that holds the repository's address; empty while it is undecided."""
    with (root / "pyproject.toml").open("rb") as file:
        url = tomllib.load(file)["tool"]["edition"]["repository"]
    return str(url).rstrip("/").removesuffix(".git")


def theme_options(url: str) -> dict[str, Any]:
    """Return the theme's options for a repository: its link, and its host's launch buttons.

    Colab opens notebooks from GitHub only, Binder from GitHub and GitLab. Other addresses, such as
    a folder, get no buttons.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname not in {"github.com", "gitlab.com"}:
        return {}
    launch = {"binderhub_url": BINDER, "notebook_interface": "jupyterlab"}
    if parts.hostname == "github.com":
        launch["colab_url"] = COLAB
    return {
        "repository_url": url,
        "path_to_docs": "",
        "use_repository_button": True,
        "launch_buttons": launch,
    }


def set_repository(app: Sphinx, config: Config) -> None:
    """Show launch buttons and the repository's link when its address is known, only then."""
    for option in ("repository_url", "path_to_docs", "launch_buttons"):
        config.html_theme_options.pop(option, None)
    config.html_theme_options |= theme_options(repository_url(Path(app.srcdir)))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("config-inited", set_repository)
    app.connect("doctree-read", size_figures)
    app.connect("env-get-updated", number_by_page, priority=600)  # after Sphinx has counted
    app.connect("doctree-read", set_minus)
    # Jupyter Book sets this value of sphinx_comments, which the book leaves out.
    app.add_config_value("comments_config", {}, "")
    edition_bibliography.setup(app)
    edition_mathjax.setup(app)
    edition_metadata.setup(app)
    edition_ledger.setup(app)
    edition_claims.setup(app)
    edition_code.setup(app)
    edition_errata.setup(app)
    edition_explorer.setup(app)
    edition_reading.setup(app)
    edition_records.setup(app)
    edition_reference.setup(app)
    edition_runtime.setup(app)
    edition_search.setup(app)
    edition_pages.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
