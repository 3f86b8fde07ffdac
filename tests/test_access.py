"""Who can read the site: axe finds nothing on any page, and the keyboard alone reaches all there is."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import PAGES, PHONE, SETTLED, THEMED, Browser, without

pytestmark = pytest.mark.audit
OTHERS = ["search", "genindex", "prf-prf", "404"]  # not of the book's contents
ALL = {"resultTypes": ["violations"], "rules": {"label-content-name-mismatch": {"enabled": True}}}
# The dark is the same page in other colours: it shows as many elements, and rules that read no colour find the same.
SCHEMES = {"light": ALL, "dark": ALL | {"runOnly": ["color-contrast", "link-in-text-block"]}}
SHOWN = "Array.from(document.body.querySelectorAll('*')).filter((element) => element.checkVisibility()).length"
RUN = "(options) => axe.run(document, options)"
OPEN = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
SCROLLING = """() => Array.from(document.querySelectorAll(".bd-article *")).filter((box) =>
  box.scrollWidth > box.clientWidth + 5 && box.clientWidth > 0 && !box.closest("mjx-assistive-mml") &&
  ["auto", "scroll"].includes(getComputedStyle(box).overflowX))"""


@pytest.fixture(scope="module")
def axe() -> str:
    found = find_spec("axe_playwright_python")
    if found is None or not found.submodule_search_locations:
        without("axe-playwright-python is missing", "pip install -r requirements.txt")
    assert found is not None and found.submodule_search_locations
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Any, axe: str, options: dict[str, Any] = ALL) -> list[str]:
    """Say what axe finds on a page."""
    if not page.evaluate("!!window.axe"):
        page.add_script_tag(content=axe)
    found = page.evaluate(RUN, options)["violations"]
    return [f"{one['id']} ({one['impact']}): {node['html'][:160]}" for one in found for node in one["nodes"][:3]]


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
def test_axe_finds_nothing(browser: Browser, axe: str, name: str) -> None:
    """All folds open, as far as the page can be unfolded, wide and narrow, light and dark."""
    with browser.page(color_scheme="light") as page:
        browser.open(page, name)
        page.add_style_tag(content="* { transition: none !important; animation: none !important; }")
        page.evaluate(OPEN)
        for width in (1280, PHONE):
            page.set_viewport_size({"width": width, "height": 900})
            shown = {}
            for scheme, options in SCHEMES.items():
                page.emulate_media(color_scheme=scheme)
                page.wait_for_function(THEMED, arg=scheme)
                page.evaluate(SETTLED)
                shown[scheme] = page.evaluate(SHOWN)
                found = violations(page, axe, options)
                assert not found, "\n".join([f"{width} {scheme}", *found])
            assert shown["dark"] == shown["light"] > 0


def test_axe_finds_what_is_wrong(browser: Browser, axe: str) -> None:
    with browser.page() as page:
        page.set_content("<html><body><main><img src=x><table><tr><th></th></tr></table></main></body></html>")
        found = "\n".join(violations(page, axe))
        assert "image-alt" in found and "html-has-lang" in found
        page.set_content(
            "<style>@media (prefers-color-scheme: dark) { p { background: #222; color: #333 } }</style><p>faint"
        )
        for scheme, options in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)
            assert any("color-contrast" in one for one in violations(page, axe, options)) == (scheme == "dark")


@pytest.mark.parametrize("name", ["book/03_hardness", "book/08_landscapes"])
def test_what_scrolls_sideways_on_a_phone_can_be_reached_and_says_so(browser: Browser, name: str) -> None:
    with browser.page() as page:
        page.set_viewport_size({"width": PHONE, "height": 800})
        browser.open(page, name)
        page.evaluate(OPEN)
        page.evaluate(SETTLED)
        boxes = f"({SCROLLING})()"
        assert page.evaluate(f"{boxes}.length") > 0
        mute = f"""{boxes}.filter((box) => box.tabIndex < 0 && !box.querySelector("a, button, input"))
          .map((box) => `${{box.tagName}}.${{box.className}}`)"""
        assert page.evaluate(mute) == []
        assert page.evaluate(f"{boxes}.filter((box) => box.matches('div.math')).every((box) => box.ariaLabel)")


def test_no_formula_in_a_line_is_a_stop_of_the_keyboard(browser: Browser) -> None:
    with browser.page() as page:
        browser.open(page, "book/03_hardness")
        stops = set()
        for _ in range(120):
            page.keyboard.press("Tab")
            stops.add(page.evaluate("!!document.activeElement.closest('span.math')"))
        assert stops == {False}


@pytest.mark.parametrize("selector", [".primary-toggle", ".dropdown-download-buttons button", ".theme-switch-button"])
def test_the_focus_is_seen_on_the_buttons_of_a_page(browser: Browser, selector: str) -> None:
    with browser.page() as page:
        browser.open(page, "book/03_hardness")
        page.add_style_tag(content="* { transition: none !important; }")
        button = page.locator(f".bd-header-article {selector}").first
        page.keyboard.press("Tab")
        button.focus()
        width, style = button.evaluate("(b) => [getComputedStyle(b).outlineWidth, getComputedStyle(b).outlineStyle]")
        assert float(width.removesuffix("px")) >= 2 and style != "none"


def test_on_a_phone_the_ledger_starts_folded(browser: Browser) -> None:
    with browser.page() as page:
        page.route("**/mathjax/**", lambda route: route.abort())
        page.set_viewport_size({"width": PHONE, "height": 800})
        page.goto(f"{browser.base}/book/claims.html", wait_until="load")
        row = page.locator("table.ledger tbody tr:has(li)").first
        assert not row.locator("li").first.is_visible()
        row.locator("summary").first.click()
        assert row.locator("li").first.is_visible()
