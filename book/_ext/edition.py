"""The Sphinx extension of this book: offline mathematics, launch buttons, ledger and run times.

Loaded through ``sphinx.local_extensions`` in ``_config.yml``.
"""

import shutil
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import edition_claims
import edition_errata
import edition_explorer
import edition_ledger
import edition_reading
import edition_runtime
import edition_search
import imagesize
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.math import get_node_equation_number

MATHJAX_PACKAGE = "sphinx-mathjax-offline"
# What a page can ask for: the combined script, its fonts, and the small TeX extensions that MathJax
# loads on demand when a formula uses their macros.
MATHJAX_FILES = (
    "tex-chtml.js",
    "output/chtml/fonts/woff-v2/*.woff",
    *(
        f"input/tex/extensions/{name}.js"
        for name in ("bbox", "boldsymbol", "cancel", "color", "enclose")
    ),
)
MATHJAX_CONFIG: dict[str, Any] = {
    "tex": {
        # Outputs of cells may carry $...$, as Jupyter and Colab typeset it.
        "inlineMath": [["\\(", "\\)"], ["$", "$"]],
        # An unknown macro becomes an error, which the tests find, not red letters.
        "packages": {"[-]": ["noundefined"]},
        "tags": "none",
    },
    # The menu would fetch modules that the site doesn't carry; MathML for screen readers stays.
    "options": {"enableMenu": False, "enableAssistiveMml": True},
}
COLAB, BINDER = "https://colab.research.google.com", "https://mybinder.org"


def mathjax_folder() -> Path:
    """Find the MathJax that comes with the pinned requirements."""
    spec = find_spec(MATHJAX_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"{MATHJAX_PACKAGE} must be installed: pip install -r requirements.txt"
        )
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax"


def copy_mathjax(app: Sphinx) -> None:
    """Copy the part of MathJax that the site uses (1.6 MB of 24) into its static folder."""
    if app.builder.format != "html":
        return
    source, target = mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    for pattern in MATHJAX_FILES:
        files = sorted(source.glob(pattern))
        if not files:
            raise FileNotFoundError(f"{MATHJAX_PACKAGE} holds no {pattern}; expected version 0.0.2")
        for file in files:
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


def visit_displaymath(self: Any, node: nodes.math_block) -> None:
    r"""Write a displayed equation as its author typed it.

    Sphinx wraps an equation that holds ``\\`` in ``split``, where ``\tag`` is an error; Jupyter and
    Colab don't. The three must show the same.
    """
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    prefix, suffix = self.builder.config.mathjax_display
    self.body.append(f"{prefix}{self.encode(node.astext())}{suffix}</div>\n")
    raise nodes.SkipNode


def write_equations_plainly(app: Sphinx) -> None:
    """Put our visitor in the place of Sphinx's and MyST's."""
    app.registry.html_block_math_renderers["mathjax"] = (visit_displaymath, None)


def free_numbers(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the paper's equations, which bear the paper's numbers, out of the book's own count.

    Sphinx counts every displayed equation that has an id, also one that only has a target.
    """
    for equation in list(doctree.findall(nodes.math_block)):
        if equation.get("number") is None and equation["ids"]:
            target = nodes.target("", "", ids=equation["ids"])
            equation["ids"] = []
            equation.parent.insert(equation.parent.index(equation), target)


def size_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Show figures at the size they were drawn for; they are stored at twice the resolution."""
    for image in doctree.findall(nodes.image):
        if "jupyter_execute" in image["uri"] and "width" not in image:
            width, _ = imagesize.get(Path(app.srcdir) / image["uri"].lstrip("/"))
            image["width"] = f"{width // 2}px"


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
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.config.mathjax3_config = MATHJAX_CONFIG
    app.connect("config-inited", set_repository)
    app.connect("builder-inited", copy_mathjax)
    app.connect("builder-inited", write_equations_plainly, priority=900)
    app.connect("doctree-read", free_numbers)
    app.connect("doctree-read", size_figures)
    # Jupyter Book sets this value of sphinx_comments, which the book leaves out.
    app.add_config_value("comments_config", {}, "")
    edition_ledger.setup(app)
    edition_claims.setup(app)
    edition_errata.setup(app)
    edition_explorer.setup(app)
    edition_reading.setup(app)
    edition_runtime.setup(app)
    edition_search.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
