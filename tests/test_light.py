"""What a page weighs: bytes as a server sends them, requests, elements, and how much moves while it comes."""

import base64
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from tests.browsing import PAGES, PHONE, SETTLED, Browser

pytestmark = pytest.mark.audit
FRONT = PAGES[0]
KILOBYTES = 500  # of 1024 bytes, for all but the images below the first screen, which browsers fetch when they see fit
KILOBYTES_OF_THE_FRONT = 200
REQUESTS, ELEMENTS, SHIFT = 30, 25_000, 0.1
LISTEN = """window.shift = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""
BELOW = """Array.from(document.images)
  .filter((image) => image.loading === "lazy" && image.getBoundingClientRect().top > innerHeight)
  .map((image) => image.src)"""
ALL, LEFT = (f"document.querySelectorAll('.math{kind}').length" for kind in ("", ":not(:has(mjx-math))"))


class Weight(NamedTuple):
    kilobytes: float
    requests: int
    elements: int
    shift: float


def weigh(browser: Browser, name: str, width: int) -> Weight:
    """Open a page as somebody does who has never been here, touch nothing, and weigh what came."""
    sizes: dict[str, int] = {}
    with browser.page() as page:
        page.set_viewport_size({"width": width, "height": 800})
        page.add_init_script(LISTEN)
        page.on("response", lambda got: sizes.update({got.url: int(got.headers.get("content-length", 0))}))
        page.goto(f"{browser.base}/{name}.html", wait_until="load")
        page.evaluate("window.MathJax?.startup?.promise")
        page.wait_for_load_state("networkidle")
        page.evaluate(SETTLED)
        elements, shift, below = page.evaluate(f"[document.querySelectorAll('*').length, shift, {BELOW}]")
    seen = sum(size for url, size in sizes.items() if url not in below)
    return Weight(seen / 1024, len(sizes), elements, shift)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, PHONE])
def test_a_page_is_light_and_stays_where_it_is(browser: Browser, name: str, width: int) -> None:
    weight = weigh(browser, name, width)
    assert weight.kilobytes <= (KILOBYTES_OF_THE_FRONT if name == FRONT else KILOBYTES), weight
    assert weight.requests <= REQUESTS and weight.elements <= ELEMENTS, weight
    assert weight.shift < SHIFT, weight


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scripts", [True, False])
def test_a_page_has_its_colours_before_its_scripts_have_come(browser: Browser, scheme: Any, scripts: bool) -> None:
    """And without them those of the light: text, and the border of a quotation."""
    with browser.page(color_scheme=scheme, java_script_enabled=scripts) as page:
        page.route("**/*.js*", lambda route: route.abort())
        page.goto(f"{browser.base}/book/06_logistic.html", wait_until="load")
        quotation = page.locator("blockquote").first
        border, ground = quotation.evaluate(
            "(q) => [getComputedStyle(q).borderLeftWidth, getComputedStyle(document.body).backgroundColor]"
        )
        assert border == "4px" and ground == (
            "rgb(18, 18, 18)" if scripts and scheme == "dark" else "rgb(255, 255, 255)"
        )


HEIGHTS = "Array.from(document.querySelectorAll('.bd-article p'), (p) => p.getBoundingClientRect().height)"


def test_lines_stay_where_they_are_when_the_fonts_of_formulas_come(browser: Browser) -> None:
    """All but the one of no glyph, which comes before MathJax does."""
    heights = []
    for arrive in (False, True):
        with browser.page() as page:
            if not arrive:
                page.route("**/MathJax_[!Z]*.woff", lambda route: route.abort())
            browser.open(page, "book/15_hardness")
            page.evaluate(SETTLED)
            heights.append(np.array(page.evaluate(HEIGHTS)))
    assert len(heights[0]) > 20 and np.abs(heights[0] - heights[1]).max() < 1
    with browser.page() as page:
        page.route(
            "**/formulas.js*", lambda route: route.fulfill(body="MathJax.startup = {promise: new Promise(() => {})};")
        )
        page.goto(f"{browser.base}/book/15_hardness.html", wait_until="load")
        page.wait_for_function(
            "Array.from(document.fonts).some((font) => font.family === 'MJXZERO' && font.status === 'loaded')"
        )


ROOM = """Array.from(document.querySelectorAll("span.math"), (formula) => {
  const parts = Array.from(formula.querySelector("mjx-math").getClientRects(), (part) => part.width);
  const line = parseFloat(getComputedStyle(formula.parentElement).fontSize);
  return [parseFloat(formula.style.getPropertyValue("--room")), parts.reduce((sum, part) => sum + part, 0) / line];
})"""


def test_a_formula_has_about_the_room_that_it_will_take(browser: Browser) -> None:
    with browser.page() as page:
        browser.open(page, "book/20_theorem_1")
        rooms = np.array(page.evaluate(ROOM))
        kept, taken = rooms[rooms[:, 1] > 0].T  # none in a fold
        error = np.abs(kept - taken)
        assert len(error) > 200 and np.median(error) < 0.1 and np.quantile(error / taken, 0.9) < 0.2


# Formulas come when they are near, or when the page is in use and there is nothing else to do.


def test_formulas_far_away_are_set_once_the_page_is_in_use(browser: Browser) -> None:
    with browser.page() as page:
        page.goto(f"{browser.base}/book/03_hardness.html", wait_until="load")
        page.wait_for_function(f"{LEFT} < {ALL}")  # those in sight come first
        page.clock.install()
        page.wait_for_timeout(100)
        far = page.evaluate(LEFT)
        assert far > 0.5 * page.evaluate(ALL)
        page.clock.fast_forward(60_000)
        assert page.evaluate(LEFT) == far, "nobody has touched it"
        page.keyboard.press("Tab")
        page.clock.fast_forward(60_000)
        page.clock.resume()
        unfolded = (
            "Array.from(document.querySelectorAll('.math:not(:has(mjx-math))')).every((one) => !one.offsetParent)"
        )
        page.wait_for_function(unfolded)
        assert page.locator("mjx-assistive-mml").count() >= 0.5 * page.evaluate(ALL)


def test_a_formula_that_comes_near_is_set(browser: Browser) -> None:
    with browser.page() as page:
        page.goto(f"{browser.base}/book/claims.html", wait_until="load")
        page.evaluate("MathJax.startup.promise")
        last = page.locator("table.ledger span.math").last
        last.scroll_into_view_if_needed()
        last.locator("mjx-math").wait_for(state="attached", timeout=60_000)


@pytest.mark.parametrize("name", [FRONT, "book/03_hardness"])
def test_printing_sets_every_formula(browser: Browser, name: str) -> None:
    with browser.page() as page:
        page.goto(f"{browser.base}/{name}.html", wait_until="load")
        if name == FRONT:
            assert not page.evaluate("!!MathJax.version")
            page.locator(".math").first.scroll_into_view_if_needed()
            page.wait_for_function("MathJax.version")
        page.evaluate("MathJax.startup.promise")
        page.emulate_media(media="print")
        page.wait_for_function(f"{LEFT} === 0")
        assert page.locator("mjx-math").count() >= page.evaluate(ALL) > 0


def test_without_mathjax_formulas_are_shown_as_they_are_typed(browser: Browser) -> None:
    with browser.page() as page:
        page.route("**/mathjax/**", lambda route: route.abort())
        page.goto(f"{browser.base}/book/03_hardness.html", wait_until="load")
        page.wait_for_function("document.documentElement.dataset.formulas === 'raw'")
        formula = page.locator("span.math").first
        assert formula.evaluate("(f) => getComputedStyle(f).color") != "rgba(0, 0, 0, 0)"


# What is sent is what was drawn.


def test_the_icons_of_every_page_are_in_the_style_sheet(site: Path) -> None:
    sheet = (site / "_static" / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    known: set[int] = set()
    for data in re.findall(r"data:font/woff;base64,([^)]*)\)", sheet):
        (site.parent / "icons.woff").write_bytes(base64.b64decode(data))
        known |= TTFont(site.parent / "icons.woff").getBestCmap().keys()
    codes = {
        name: int(code, 16)
        for names, code in re.findall(r'([^{}]*):before\{content:"\\([0-9a-f]+)"\}', sheet)
        for name in re.findall(r"fa-[a-z0-9-]+", names)
    }
    shown = {
        name
        for page in site.rglob("*.html")
        for classes in re.findall(r'class="([^"]*\bfa-[^"]*)"', page.read_text(encoding="utf-8"))
        for name in re.findall(r"fa-[a-z0-9-]+", classes)
    } - {"fa-solid", "fa-regular", "fa-brands", "fa-lg"}
    assert len(shown) > 10 and {codes.get(name) for name in shown} <= known
    assert len(known) < 60 and not list(site.rglob("fontawesome*"))


def test_images_are_compressed_without_loss(site: Path) -> None:
    """The figures of the chapters, as the notebooks hold them, pixel by pixel."""
    drawn = sorted((site.parent / "jupyter_execute").glob("*.png"))
    sent = site / "_images"
    assert len(drawn) > 30 and not list(sent.glob("*.png"))
    for file in drawn[::5]:
        with Image.open(file) as image, Image.open(sent / f"{file.stem}.webp") as other:
            assert np.array_equal(np.asarray(image.convert("RGBA")), np.asarray(other.convert("RGBA")))
        assert (sent / f"{file.stem}.webp").stat().st_size < file.stat().st_size


def test_images_come_with_their_sizes(site: Path) -> None:
    for page in sorted((site / "book").glob("*.html")):
        tags = re.findall(r"<img[^>]*_images/[^>]*>", page.read_text(encoding="utf-8"))
        assert all('width="' in tag and 'height="' in tag for tag in tags)
        assert all('loading="lazy"' in tag for tag in tags[1:])


def test_no_page_loads_what_it_does_not_use(site: Path) -> None:
    def loads(name: str, script: str) -> bool:
        return f"{script}" in (site / f"{name}.html").read_text(encoding="utf-8")

    assert loads("search", "searchtools.js") and not loads("book/03_hardness", "searchtools.js")
    assert loads("book/03_hardness", "copybutton.js") and not loads("book/claims", "copybutton.js")
    assert loads("book/claims", "mathjax/") and not loads("book/status", "mathjax/")
    assert not list((site / "_static").rglob("*.map"))
