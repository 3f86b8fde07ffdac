"""The explorer: its scripts and styles, and D3 for them from a pinned package."""

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

PAGE = "book/26_explorer"
PACKAGE, D3 = "mpld3", "d3.v5.min.js"


def d3_script() -> Path:
    """Find the D3 that comes with the pinned requirements."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{PACKAGE} must be installed: pip install -r requirements.txt")
    script = Path(spec.submodule_search_locations[0]) / "js" / D3
    if not script.exists():
        raise FileNotFoundError(f"{PACKAGE} holds no {D3}; expected version 0.5.12")
    return script


def load_explorer(app: Sphinx, pagename: str, *_: Any) -> None:
    """Give the explorer's page its scripts and styles, and no other."""
    if pagename == PAGE:
        app.add_css_file("explorer.css")
        app.add_js_file(D3, loading_method="defer")
        app.add_js_file("explorer.js", loading_method="defer")


def copy_d3(app: Sphinx) -> None:
    """Copy D3 into the site's static folder."""
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(d3_script(), target / D3)


def setup(app: Sphinx) -> None:
    """Register the page."""
    app.connect("builder-inited", copy_d3)
    app.connect("html-page-context", load_explorer)
