"""What the tests of the site share: its build, and a browser that looks at it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.chapters import ROOT

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(chapter["file"] for part in TOC["parts"] for chapter in part["chapters"])]
PHONE = 390
PATIENCE = 240_000  # milliseconds until a page that does not come is an error; a busy machine takes its time
CONTRAST = 4.5  # WCAG 2.1, level AA, for text of ordinary size
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def build(source: Path, target: Path) -> tuple[Path, str]:
    """Build the site as strictly as Sphinx can; return its folder and what it complained of."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "-W", "-n", "--keep-going"]
    result = subprocess.run(
        [*command, "--path-output", str(target), str(source)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    errors = COLOURS.sub("", result.stderr)
    warnings = "\n".join(line for line in errors.splitlines() if "WARNING" in line or "ERROR" in line)
    assert (target / "_build" / "html" / "index.html").exists(), errors[-3000:]
    return target / "_build" / "html", "" if result.returncode == 0 else warnings or errors[-3000:]


def probe(name: str) -> str:
    """Read a script that looks for faults in a page."""
    return (ROOT / "tests" / "probes" / f"{name}.js").read_text(encoding="utf-8")


# Fonts have come, and what watches sizes has seen the last frame.
SETTLED = """document.fonts.ready.then(() =>
  new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"""
THEMED = "scheme => [scheme, undefined].includes(document.documentElement.dataset.theme)"


@dataclass
class Visit:
    """What happened while a page was looked at, wide and narrow, light and dark."""

    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    formulas: int = 0
    leftovers: list[str] = field(default_factory=list)
    scroll_width: int = 0
    wide: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)
    nearly: list[float] = field(default_factory=list)
    themes: dict[str, str] = field(default_factory=dict)
    faint: dict[str, list[str]] = field(default_factory=dict)


class Browser:
    """Chromium, looking at a folder that is served on this machine."""

    def __init__(self, chromium: Any, base: str) -> None:
        self.chromium, self.base = chromium, base
        self.visits: dict[str, Visit] = {}

    @contextmanager
    def page(self, visit: Visit | None = None, **settings: Any) -> Iterator[Any]:
        """Open a tab whose errors and foreign requests are noted; nothing leaves this machine."""
        context = self.chromium.new_context(viewport={"width": 1280, "height": 900}, **settings)
        context.set_default_timeout(PATIENCE)
        page, seen = context.new_page(), visit or Visit()

        def admit(route: Any) -> None:
            if route.request.url.startswith(self.base):
                route.continue_()
            else:
                seen.foreign.append(route.request.url)
                route.abort()

        context.route("**/*", admit)
        page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("response", lambda got: seen.errors.append(f"{got.status} {got.url}") if got.status >= 400 else None)
        try:
            yield page
        finally:
            context.close()

    def open(self, page: Any, name: str) -> None:
        """Load a page, and have all its mathematics set, also what is far from the window."""
        page.goto(f"{self.base}/{name}.html", wait_until="load")
        page.evaluate("window.typesetAll && typesetAll()")

    def visit(self, name: str) -> Visit:
        """Look at a page once, and remember what was seen."""
        if name not in self.visits:
            seen = self.visits[name] = Visit()
            with self.page(seen, color_scheme="light") as page:
                self.open(page, name)
                seen.formulas = page.locator("mjx-container").count()
                seen.leftovers = page.evaluate(probe("leftovers"))
                page.add_style_tag(content="* { transition: none !important; }")
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)
                    page.wait_for_function(THEMED, arg=scheme)
                    seen.themes[scheme] = page.evaluate("document.documentElement.dataset.theme")
                    seen.faint[scheme] = page.evaluate(probe("faint"), CONTRAST)
                page.set_viewport_size({"width": PHONE, "height": 800})
                page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
                seen.scroll_width = page.evaluate("document.documentElement.scrollWidth")
                seen.wide = page.evaluate(probe("wide"))
                seen.boxes = page.evaluate(probe("boxes"))
                page.wait_for_timeout(200)  # until the folds have told that they are open
                seen.nearly = page.evaluate(probe("nearly"))
        return self.visits[name]


def without(reason: str, command: str) -> None:
    """Skip, or fail where nothing may be skipped."""
    message = f"{reason}; install it with: {command}"
    if os.environ.get("CI") or os.environ.get("PAPERLIB_NO_SKIP"):
        pytest.fail(message)
    pytest.skip(message)


LOOKED_AT = ("book/intro", "book/03_hardness")  # in every run of the tests; an audit looks at all pages
every_page = pytest.mark.parametrize(  # in one process, where a page is visited once for all tests
    "name",
    [
        pytest.param(name, marks=[pytest.mark.xdist_group(name), *([] if name in LOOKED_AT else [pytest.mark.audit])])
        for name in PAGES
    ],
)
