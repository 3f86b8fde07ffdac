"""The site: built without a warning, whole, offline, readable on a phone and in the dark.

One build and one browser serve all tests: the build that `make book` left, if it is of what is there now. Where
Chromium is missing its tests skip, but fail if CI or PAPERLIB_NO_SKIP is set.
"""

import base64
import io
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

import html5lib
import numpy as np
import pytest
import yaml
from PIL import Image, ImageColor

from paperlib import plotting
from tests.browsing import CONTRAST, PAGES, PHONE, THEMED, Browser, Visit, build, every_page, probe
from tools.chapters import ROOT
from tools.server import served
from tools.site import HTML, NOTE, digest, finished

EXTRA = {"404", "genindex", "index", "prf-prf", "search"}  # written by Sphinx and Jupyter Book, not by us


# The build, and what its files say.


class Source(HTMLParser):
    """What one page of HTML refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.add(str(found["id"]))
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag == "img":
            self.images.append(found)
        source = found.get("href") if tag == "link" else found.get("src")
        if source and tag != "a":
            self.loads.append(source)


@pytest.fixture(scope="module")
def sources(site: Path) -> dict[Path, Source]:
    return {
        path: Source(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html")) if in_book(site, path)
    }


def in_book(site: Path, path: Path) -> bool:
    """Tell a page of the book from the theme's templates."""
    return not path.relative_to(site).parts[0].startswith("_")


@pytest.mark.parametrize("name", ["_toc.yml", "book/claims.yml", "book/_ext/edition.py", "paperlib/claims.py", "tools"])
def test_a_site_is_looked_at_only_if_it_is_of_what_is_there(name: str, tmp_path: Path) -> None:
    """Whatever it was built from has changed, has gone or has a new neighbour, and it is built again."""
    for path in ("book/_ext", "paperlib", "tools", HTML):
        (tmp_path / path).mkdir(parents=True)
    for path in ("_config.yml", "_toc.yml", "book/claims.yml", "book/_ext/edition.py", "paperlib/claims.py"):
        (tmp_path / path).write_text("a")
    (tmp_path / HTML / "index.html").touch()
    assert not finished(tmp_path), "nobody said that it was built without a warning"
    (tmp_path / NOTE).write_text(digest(tmp_path))
    (tmp_path / "paperlib" / "__pycache__").mkdir()
    (tmp_path / "paperlib" / "__pycache__" / "claims.pyc").touch()
    (tmp_path / "README.md").touch()
    assert finished(tmp_path)
    changed = tmp_path / name
    if changed.is_dir():
        (changed / "new.py").touch()
    else:
        changed.write_text("b")
        assert not finished(tmp_path)
        changed.unlink()
    assert not finished(tmp_path)


def test_the_site_is_built_without_a_warning(built: tuple[Path, str]) -> None:
    assert built[1] == "", built[1]


def test_every_page_of_the_contents_is_built_and_no_other(site: Path, sources: dict[Path, Source]) -> None:
    built = {path.relative_to(site).with_suffix("").as_posix() for path in sources}
    assert built - EXTRA == set(PAGES)
    assert len(built - EXTRA) == len(PAGES)


def faults(html: str) -> list[str]:
    """Return where a page is not HTML: what the parser of the standard complains of, and ids that stand twice."""
    parser = html5lib.HTMLParser()
    tree = parser.parse(html)
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    return [*(f"{place}: {code}" for place, code, _ in parser.errors), *(name for name, n in ids.items() if n > 1)]


def test_pages_are_html(site: Path) -> None:
    pages = [path for path in sorted(site.rglob("*.html")) if in_book(site, path)]
    assert {path.stem: faults(path.read_text(encoding="utf-8")) for path in pages} == {page.stem: [] for page in pages}


def test_what_is_no_html_is_found() -> None:
    head = "<!DOCTYPE html><html lang=en><head><title>x</title></head><body>"
    assert faults(f"{head}<p id=a>x</p></body></html>") == []
    assert faults(f"{head}<p id=a>x</p><p id=a>y</p></body></html>") == ["a"]
    assert "unexpected-end-tag" in faults(f"{head}<p>x</b></p></body></html>")[0]


def test_links_within_the_site_lead_somewhere(site: Path, sources: dict[Path, Source]) -> None:
    broken = []
    for page, source in sources.items():
        for link in source.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == "#":
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            missing = not target.exists()
            lost = parts.fragment and target in sources and unquote(parts.fragment) not in sources[target].ids
            if missing or lost:
                broken.append(f"{page.relative_to(site)}: {link}")
    assert not broken, "\n".join(broken)


def test_each_record_is_on_the_site_and_linked_from_its_page(site: Path, sources: dict[Path, Source]) -> None:
    """The section of its folder is there under the name that tables and figures link to."""
    page, folder = sources[site / "book/runs.html"], ROOT / "book/records"
    files = [path for path in folder.rglob("*") if path.suffix in (".json", ".yml")]
    assert len(files) > 380
    for path in files:
        name = path.relative_to(folder).as_posix()
        assert page.links.count(f"records/{name}") == 1, name
        assert (site / "book/records" / name).read_bytes() == path.read_bytes()
        assert path.parent == folder or f"records-{path.parent.name}" in page.ids
    text = (ROOT / "book/runs.md").read_text(encoding="utf-8")
    makers = re.findall(r">`(\w+\.yml)`</a>.*`python -m tools\.(\w+)", text)
    assert sorted(name for name, _ in makers) == sorted(path.name for path in folder.glob("*.yml"))
    for name, tool in makers:
        assert f'{name}"' in (ROOT / f"tools/{tool}.py").read_text(encoding="utf-8")


def test_every_picture_has_a_text_for_those_who_do_not_see_it(site: Path, sources: dict[Path, Source]) -> None:
    images = [(page.relative_to(site), image) for page, s in sources.items() for image in s.images]
    mute = [f"{page}: {image['src']}" for page, image in images if not image.get("alt")]
    assert images and not mute, "\n".join(mute)


def test_no_page_loads_from_another_host(site: Path, sources: dict[Path, Source]) -> None:
    loads = [(page.relative_to(site), url) for page, s in sources.items() for url in s.loads]
    foreign = [f"{page}: {url}" for page, url in loads if urlsplit(url).netloc]
    assert loads and not foreign, "\n".join(foreign)


def test_mathjax_is_the_small_part_that_is_needed(site: Path) -> None:
    size = sum(path.stat().st_size for path in (site / "_static" / "mathjax").rglob("*") if path.is_file())
    assert 1.0e6 < size < 1.3e6


def test_launch_buttons_follow_the_one_setting(site: Path, tmp_path: Path) -> None:
    page = "book/01_learning_to_adapt"
    assert "launch-buttons" not in (site / f"{page}.html").read_text(encoding="utf-8")
    shutil.copyfile(ROOT / "CITATION.cff", tmp_path / "CITATION.cff")
    for name in ("book", "paperlib", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "_config.yml", tmp_path / "_config.yml")
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump({"format": "jb-article", "root": page}))
    (tmp_path / "pyproject.toml").write_text('[tool.edition]\nrepository = "https://github.com/owner/name"\n')
    with_address, _ = build(tmp_path, tmp_path / "out")
    links = Source((with_address / f"{page}.html").read_text(encoding="utf-8")).links
    assert f"https://colab.research.google.com/github/owner/name/blob/main/{page}.ipynb" in links
    assert f"https://mybinder.org/v2/gh/owner/name/main?urlpath=lab/tree/{page}.ipynb" in links
    assert "https://github.com/owner/name" in links
    assert (ROOT / f"{page}.ipynb").exists()
    text = (with_address / f"{page}.html").read_text(encoding="utf-8")
    address = f"https://owner.github.io/name/{page}.html"
    assert (
        f'<link rel="canonical" href="{address}">' in text and f'<meta property="og:url" content="{address}">' in text
    )
    assert f"<loc>{address}</loc>" in (with_address / "sitemap.xml").read_text(encoding="utf-8")
    assert not (site / "sitemap.xml").exists()


# The browser.


@every_page
def test_no_error_in_the_browser(browser: Browser, name: str) -> None:
    assert browser.visit(name).errors == []


@every_page
def test_no_request_leaves_this_machine(browser: Browser, name: str) -> None:
    assert browser.visit(name).foreign == []


@every_page
def test_mathematics_is_rendered(browser: Browser, site: Path, name: str) -> None:
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    seen = browser.visit(name)
    assert seen.formulas >= len(re.findall(r'class="math ', text))
    assert seen.leftovers == []


def test_no_number_of_the_book_is_one_of_the_paper(site: Path) -> None:
    """Figures, equations and propositions of the book have a point in their number; those of the paper are tags."""
    for page in sorted((site / "book").glob("*.html")):
        own = re.findall(r'class="(?:eqno|caption-number)">\D*?(\d[\d.]*)', page.read_text(encoding="utf-8"))
        part = re.match(r"\d+", page.name)
        assert all(part and number.startswith(f"{int(part[0])}.") for number in own), (page.name, own)


def test_a_minus_is_no_hyphen(site: Path) -> None:
    page = (site / "book/33_field.html").read_text(encoding="utf-8")
    assert re.search(r"\(−\d\.\d to [+−]\d\.\d\)", page) and not re.search(r"[( ]-\d+\.\d to", page)


@every_page
def test_the_page_does_not_scroll_sideways_on_a_phone(browser: Browser, name: str) -> None:
    seen = browser.visit(name)
    assert seen.scroll_width <= PHONE and not seen.wide, "\n".join([f"{seen.scroll_width} wide", *seen.wide])


@every_page
def test_a_formula_in_a_line_wraps_on_a_phone(browser: Browser, name: str) -> None:
    """It neither scrolls in a box of its own nor leaves its paragraph; a displayed one shows its beginning."""
    boxes = browser.visit(name).boxes
    assert not boxes, "\n".join(boxes)


@every_page
def test_a_displayed_equation_that_nearly_fits_a_phone_does(browser: Browser, name: str) -> None:
    """Its number would be out of sight; one that is much longer scrolls."""
    assert [share for share in browser.visit(name).nearly if share > 0.8] == []


def test_no_line_ends_on_a_bracket_before_a_formula(site: Path) -> None:
    for page in sorted((site / "book").glob("*.html")):
        left = re.findall(r'.{0,30}[(\[]<span class="math', page.read_text(encoding="utf-8"))
        assert left == [], page.name


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable(browser: Browser, name: str, scheme: str) -> None:
    seen = browser.visit(name)
    assert seen.themes[scheme] == scheme
    assert not seen.faint[scheme], "\n".join(seen.faint[scheme])


def test_the_button_switches_to_the_dark(browser: Browser) -> None:
    with browser.page(color_scheme="light") as page:
        browser.open(page, PAGES[0])
        themes = set()
        for _ in range(3):
            page.locator(".bd-header-article .theme-switch-button").click()
            themes.add(page.evaluate("document.documentElement.dataset.theme"))
        assert themes == {"light", "dark"}


DECODED = """(element, source) => {
  if (source) element.src = source;
  if (element.tagName !== "IMG") return;
  element.loading = "eager";  // a picture far down is otherwise fetched when it is scrolled to, and may come late
  return element.decode();
}"""


def shown(browser: Browser, name: str, selector: str, scheme: str, stripes: str = "") -> Any:
    """Return the pixels of the first such element of a page; `stripes` is the source of a picture put in its place."""
    with browser.page(color_scheme=scheme) as page:
        page.route("**/mathjax/**", lambda route: route.abort())
        page.goto(f"{browser.base}/{name}.html", wait_until="load")
        page.wait_for_function(THEMED, arg=scheme)
        element = page.locator(selector).first
        element.evaluate(DECODED, stripes)
        return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB")).astype(float)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_figures_are_readable_on_their_ground(browser: Browser, scheme: str) -> None:
    colours = ["#FFFFFF", *(getattr(plotting, name) for name in ("ERM", "MAML", "HARD", "EASY", "REFERENCE"))]
    picture, source = Image.new("RGB", (6, 1)), io.BytesIO()
    picture.putdata([ImageColor.getrgb(colour) for colour in colours])
    picture.resize((600, 100), Image.Resampling.NEAREST).save(source, format="PNG")
    stripes = f"data:image/png;base64,{base64.b64encode(source.getvalue()).decode()}"
    pixels = shown(browser, PAGES[1], "div.cell_output img", scheme, stripes)
    middle = pixels[len(pixels) // 2, [round((k + 0.5) * pixels.shape[1] / 6) for k in range(6)]] / 255
    light = np.where(middle <= 0.04045, middle / 12.92, ((middle + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    high, low = np.maximum(light[1:], light[0]), np.minimum(light[1:], light[0])
    assert ((high + 0.05) / (low + 0.05) >= CONTRAST).all()
    assert (light[0] > 0.9) == (scheme == "light")


def test_figures_have_no_white_card_in_the_dark(browser: Browser) -> None:
    pixels = shown(browser, PAGES[1], "div.cell_output img", "dark")
    with browser.page(color_scheme="dark") as page:
        page.goto(f"{browser.base}/{PAGES[1]}.html")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(18, 18, 18)" and np.abs(pixels[[0, -1]] - 18).max() <= 1


@pytest.mark.parametrize(
    ("name", "selector", "kept"),
    [
        ("book/01_learning_to_adapt", "div.cell_output img", False),
        ("book/08_landscapes", "#fig-softplus-landscapes img", True),
        ("book/08_landscapes", ".landscape-viewer canvas", True),
        ("book/09_omniglot", "#fig-omniglot-tasks img", True),
        ("book/10_cifar", "#fig-cifar-tasks img", True),
    ],
)
def test_lines_are_turned_and_photographs_and_maps_are_not(
    browser: Browser, name: str, selector: str, kept: bool
) -> None:
    inside = np.s_[8:-8, 8:-8]  # about rounded corners the page is seen
    light, dark = (shown(browser, name, selector, scheme)[inside].mean(axis=-1).ravel() for scheme in ("light", "dark"))
    likeness = np.corrcoef(light, dark)[0, 1]
    assert likeness > 0.99 if kept else likeness < -0.9


SHOWN = """(column) => Array.from(document.querySelectorAll("table.ledger tbody tr"))
  .filter((row) => row.checkVisibility()).map((row) => row.cells[column].textContent.trim())"""
CHAPTER, VERDICT = 3, 4


@contextmanager
def ledger(browser: Browser, query: str = "") -> Iterator[Any]:
    """Open the ledger without its hundreds of formulas, which other tests look at."""
    with browser.page() as page:
        page.route("**/mathjax/**", lambda route: route.abort())
        page.goto(f"{browser.base}/book/claims.html{query}", wait_until="load")
        yield page


def test_the_filters_of_the_ledger(browser: Browser) -> None:
    with ledger(browser) as page:
        verdicts = page.evaluate(SHOWN, VERDICT)
        total = len(yaml.safe_load((ROOT / "book/claims.yml").read_text(encoding="utf-8")))
        assert len(verdicts) == total and len(set(verdicts)) > 1
        for verdict in sorted(set(verdicts)):
            page.get_by_role("combobox", name="verdict").select_option(verdict)
            shown = page.evaluate(SHOWN, VERDICT)
            assert shown == [verdict] * verdicts.count(verdict)
            assert page.locator("#ledger-count").inner_text() == f"{len(shown)} of {total} claims shown"
        page.get_by_role("combobox", name="verdict").select_option("all verdicts")
        page.get_by_role("combobox", name="chapter").select_option("1 Learning to adapt")
        shown = page.evaluate(SHOWN, CHAPTER)
        assert 0 < len(shown) < total and set(shown) == {"1 Learning to adapt"}
        assert page.url.endswith("?chapter=01-learning-to-adapt")
        page.get_by_role("combobox", name="chapter").focus()
        page.keyboard.press("Home")
        assert len(page.evaluate(SHOWN, CHAPTER)) == total
        page.get_by_role("combobox", name="verdict").focus()
        page.keyboard.press("ArrowDown")
        assert 0 < len(page.evaluate(SHOWN, VERDICT)) < total


def test_a_choice_of_the_ledger_can_be_linked_to(browser: Browser) -> None:
    with ledger(browser, "?verdict=open") as page:
        assert set(page.evaluate(SHOWN, VERDICT)) == {"open"}


def test_the_text_filter_of_the_ledger_stands_in_the_address(browser: Browser) -> None:
    with ledger(browser) as page:
        total = len(page.evaluate(SHOWN, 0))
        page.locator("#ledger-find").fill("NEAR-zero excess")
        shown = page.evaluate(SHOWN, 0)
        assert 0 < len(shown) < total and any("near zero risk" in name for name in shown)
        assert page.url.endswith("?find=NEAR-zero+excess")
        page.reload()
        assert page.evaluate(SHOWN, 0) == shown
        page.get_by_role("combobox", name="verdict").select_option("corrected")
        assert page.url.endswith("?verdict=corrected&find=NEAR-zero+excess")
        page.locator("#ledger-find").fill("xylophone")
        assert page.evaluate(SHOWN, 0) == []


def test_without_scripts_the_ledger_shows_every_row(browser: Browser) -> None:
    with browser.page(java_script_enabled=False) as page:
        page.goto(f"{browser.base}/book/claims.html")
        rows = page.locator("table.ledger tbody tr")
        assert page.locator("table.ledger tbody tr:visible").count() == rows.count() > 0


FITS = """(name) => Array.from(document.querySelectorAll(name), (link) => {
  const [text, box] = ["text", "rect"].map((part) => link.querySelector(part).getBBox());
  return text.x >= box.x + 2 && text.x + text.width <= box.x + box.width - 2;
})"""


def test_labels_of_the_graph_keep_within_their_boxes(browser: Browser) -> None:
    with ledger(browser) as page:
        fits = page.evaluate(FITS, "div.claims-graph a")
        assert len(fits) > 50 and all(fits)


@pytest.mark.parametrize("width", [1280, PHONE])
def test_what_stands_in_a_cell_of_the_ledger_keeps_within_it(browser: Browser, width: int) -> None:
    with browser.page() as page:
        page.set_viewport_size({"width": width, "height": 900})
        browser.open(page, "book/claims")
        over = """(cells) => cells.filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
          .map((cell) => cell.textContent.trim().slice(0, 60))"""
        assert page.locator("table.ledger td").evaluate_all(over) == []


@pytest.mark.parametrize("width", [1280, PHONE])
def test_the_summary_of_the_errata_is_a_screen(browser: Browser, width: int) -> None:
    with browser.page() as page:
        page.set_viewport_size({"width": width, "height": 800})
        browser.open(page, "book/errata")
        digest = page.locator("ul.errata-digest")
        assert digest.locator("li").count() > 10
        assert digest.evaluate("(list) => list.getBoundingClientRect().height") <= 800


# The search.


@contextmanager
def search(browser: Browser, query: str, seen: Visit | None = None) -> Iterator[tuple[Any, list[str]]]:
    """Type a query into the site's search field; yield the page of results and where they lead, the best first."""
    with browser.page(seen) as page:
        page.route("**/mathjax/**", lambda route: route.abort() if seen is None else route.continue_())
        page.goto(f"{browser.base}/book/bibliography.html", wait_until="load")
        page.locator(".search-button__button:visible").first.click()
        page.locator("dialog input[type=search]").fill(query)
        page.keyboard.press("Enter")
        page.locator(".search-summary:not(:empty)").wait_for()
        links = page.locator("ul.search a").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
        yield page, links


Answers: TypeAlias = Callable[[list[str]], list[list[str]]]
ASK = """(queries) => queries.map((query) => {
  Search.output.replaceChildren();
  Search.query(query);
  return Array.from(Search.output.querySelectorAll("a"), (link) => link.getAttribute("href"));
})"""


@pytest.fixture(scope="module")
def answers(browser: Browser) -> Iterator[Answers]:
    """Where the results of many queries lead, asked on one page."""
    with search(browser, "risk") as (page, _):
        yield lambda queries: page.evaluate(ASK, queries)


@pytest.mark.parametrize(
    ("query", "anchor"),
    [
        *(
            (query, "eq-12")
            for query in ("eq. 12", "Eq. (12)", "Eq.(12)", "eq12", "equation 12", "(12)", "12", "eq:12")
        ),
        *((query, "eq-17-20") for query in ("eq. 18", "Eqs. (17)–(20)", "(17)-(20)", "equation (20)")),
        ("(16)", "eq-16"),
        ("(1)", "eq-1"),
        ("Theorem 3", "thm-3"),
        ("thm. 3", "thm-3"),
        ("Lemma 2", "lem-2"),
        ("figure 5", "fig-5"),
        ("Tab. 2", "tab-2"),
        ("near zero risk", "text-near-zero-risk"),
        ("MAML has near-zero excess risk", "text-near-zero-risk"),
        ("relative to the squared distance", "text-near-zero-risk"),
        ("hardness", "def-hardness"),
        ("condition number", "text-condition-number"),
        ("linear.excess_risk", "eq-2"),
        ("puts the most weight on R²", "text-erm-weighs-distance-most"),
        ("most weight on $R^2$", "text-erm-weighs-distance-most"),
    ],
)
def test_a_search_finds_the_row_first(answers: Answers, query: str, anchor: str) -> None:
    assert answers([query])[0][0] == f"book/claims.html#{anchor}"


@pytest.mark.parametrize(
    "spellings",
    [
        ("ρ_H²", r"\rho_H^2", "rho_H^2", "ρH²"),
        ("w_ERM", r"w_{ERM}", r"\mathbf w_{ERM}"),
        ("λ_min", r"\lambda_{\min}", "lambda_min"),
        ("E[XᵀX]", r"\mathbb E[X^\top X]", "E[X^T X]"),
    ],
)
def test_a_symbol_is_found_however_it_is_typed(answers: Answers, spellings: tuple[str, ...]) -> None:
    first, *others = answers(list(spellings))
    assert first and all(links == first for links in others)


def phrases(row: dict[str, Any], words: int = 7) -> list[str]:
    """Return the first, the middle and the last words of what a row says and of what is true."""
    found = []
    for text in filter(None, (row["says"], row.get("corrected"))):
        said = text.replace("$", "").rstrip(".").split()
        spare = max(0, len(said) - words)
        found += [" ".join(said[start : start + words]) for start in {0, spare // 2, spare}]
    return found


def test_the_words_of_every_row_lead_to_it(answers: Answers) -> None:
    """Or first to a row that says the same, of which there are a few."""
    rows = yaml.safe_load((ROOT / "book/claims.yml").read_text(encoding="utf-8"))
    asked = [(f"book/claims.html#{row['id'].replace(':', '-')}", query) for row in rows for query in phrases(row)]
    found = answers([query for _, query in asked])
    places = [links.index(link) if link in links else 99 for (link, _), links in zip(asked, found, strict=True)]
    late = [query for (_, query), place in zip(asked, places, strict=True) if place > 9]
    assert len(late) <= 3, "\n".join(late)
    assert np.mean(np.array(places) == 0) > 0.95 and np.mean(np.array(places) < 3) > 0.99


def test_results_show_formulas_and_say_what_and_where(browser: Browser) -> None:
    seen = Visit()
    with search(browser, "near zero risk", seen) as (page, _):
        page.locator("ul.search mjx-container").first.wait_for(state="attached")
        assert page.evaluate(probe("leftovers")) == []
        first = page.locator("ul.search > li").first.inner_text()
        assert "near zero risk" in first and "claim" in first and "The ledger of claims" in first
        kinds = page.locator("ul.search .search-place").all_inner_texts()
        assert any("card" in kind for kind in kinds) and any("erratum" in kind for kind in kinds)
        page.set_viewport_size({"width": PHONE, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert seen.errors == [] and seen.foreign == []


def test_what_nobody_says_is_not_found(browser: Browser) -> None:
    with search(browser, "xylophone") as (page, links):
        assert links == [] and page.locator(".search-summary").inner_text() == "0 places."


@pytest.mark.parametrize(
    ("query", "link"),
    [
        ("near zero risk", "book/claims.html#text-near-zero-risk"),
        ("MAML's risk keeps this bound", "book/15_hardness.html#evidence-"),
        ("How large is the gain?", "book/03_hardness.html#how-large-is-the-gain"),
    ],
)
def test_a_result_leads_to_its_place(browser: Browser, query: str, link: str) -> None:
    """The place is on the screen when the mathematics above it is set, which moves all that is below."""
    with search(browser, query, Visit()) as (page, links):
        assert links[0].startswith(link)
        page.locator("ul.search a").first.click()
        page.wait_for_load_state("load")
        assert page.url.endswith(links[0])
        place = page.locator(f"[id='{links[0].partition('#')[2]}']")
        shown = "place.matches('section') ? place.querySelector('h2') : place"
        marked = f"(place) => getComputedStyle({shown}).backgroundColor"
        assert place.evaluate(marked) != "rgba(0, 0, 0, 0)", "what one looked for stands out"
        for promise in ("MathJax.startup.promise", "typesetAll()"):
            page.evaluate(promise)
            top = place.evaluate("(place) => place.getBoundingClientRect().top")
            assert 0 <= top < 900 * 0.8, f"it is at {top:.0f}"


BAD_PAGE = """<!doctype html><html><body class="bd-article">
<script src="https://example.org/script.js"></script><script>console.error("said"); undefined_function();</script>
<img src="missing.png"><mjx-merror>no such macro</mjx-merror><p>left \\(x\\)</p><p>left $y$</p>
<p class="faint" style="color: #999">faint</p>
<p style="width: 50px"><span class="math">wide
<mjx-container style="display: inline-block; width: 90px">x</mjx-container></span></p>
<p><span class="math" style="overflow-x: auto; display: inline-block; width: 9px">box
<mjx-container>long</mjx-container></span></p>
<div class="math" style="display: flex; flex-direction: row-reverse; overflow-x: auto; width: 60px">
<span style="flex: none; width: 20px">(1)</span>
<mjx-container style="flex: none; width: 90px">wide</mjx-container></div>
<div style="overflow: hidden"><p class="cut" style="width: 900px">cut</p></div>
</body></html>"""


def test_the_probes_find_what_is_wrong(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(BAD_PAGE)
    with served(tmp_path) as base:
        seen = Browser(chromium, base).visit("bad")
    said = "\n".join(seen.errors)
    assert "said" in said and "undefined_function" in said and "404" in said
    assert "https://example.org/script.js" in seen.foreign
    assert seen.leftovers == ["left \\(x\\)", "left $y$", "TeX error: no such macro"]
    assert any(line.startswith("p.cut") for line in seen.wide)
    assert [line.split()[0] for line in seen.boxes] == ["40", "scrolls:", "50"]
    assert [line.split()[0] for line in seen.faint["light"]] == ["p.faint"]
