"""The explorer in a browser: its numbers and its curves are the library's, and its controls do what they say."""

from __future__ import annotations

import json
import math
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize

from paperlib import linear, networks
from paperlib.environments import TaskEnvironment
from tests.browsing import PATIENCE, probe, without
from tools.chapters import BOOK, chapters, read_notebook
from tools.server import served

NAMES = "rho_hard rho_easy R r_hard r_easy dim m n2 alpha p_hard noise_std".split()
RISKS = ["risk_erm", "risk_maml", "excess_erm", "excess_maml", "gain"]
USUAL: dict[str, Any] = dict(zip(NAMES, (0.1, 0.9, 3, 1, 1, 10, 500, 500, 1 / 0.9, 0.5, 0), strict=True))
SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="explorer.css"></head><body><article class="bd-article"><div id="explorer"></div>{script}
<script src="d3.v5.min.js"></script><script src="explorer.js"></script></article></body></html>"""


def outputs(chapter: str, kind: str) -> list[str]:
    """Return what a chapter's cells show in one kind of text."""
    (found,) = chapters(BOOK, [chapter])
    shown = [out for cell in read_notebook(found).cells for out in cell.get("outputs", [])]
    return ["".join(out["data"][kind]) for out in shown if kind in out.get("data", {})]


def library(setting: dict[str, Any]) -> dict[str, float]:
    """Compute risks, excess risks and gain from matrices; a best step that has no formula by a search."""
    s = dict(setting)
    alpha, m, n2 = s.pop("alpha"), s.pop("m"), s.pop("n2")
    env = TaskEnvironment.hard_easy(**s)
    erm = linear.erm_solution(env)
    alphas = (alpha, alpha) if alpha is not None else (linear.best_step(env, erm, m), searched(env, m, n2))
    found: dict[str, float] = {}
    for name, w, rate in zip(("erm", "maml"), (erm, linear.maml_solution(env, alphas[1], n2)), alphas, strict=True):
        found[f"risk_{name}"] = linear.risk_above_floor(env, w, rate, m)
        found[f"excess_{name}"] = linear.excess_risk(env, w, rate, m)
    found |= {"gain": found["risk_erm"] / found["risk_maml"], "step_erm": linear.best_step(env, erm, m)}
    return found | {"floor": linear.noise_floor(env, alphas[1], m)}


def searched(env: TaskEnvironment, m: float, n2: float) -> float:
    """Return MAML's best step, by a fine grid and a search in its lowest cells."""

    def loss(log_step: float) -> float:
        step = math.exp(log_step)
        return linear.post_adaptation_risk(env, linear.maml_solution(env, step, n2), step, m)

    easy, hard = env.covariances[1, 0, 0], env.covariances[0, 0, 0]
    grid = np.linspace(math.log(1e-2 / easy), math.log(1.4 / hard), 150)
    values = np.array([loss(x) for x in grid])
    dips = [k for k in range(1, 149) if values[k] <= min(values[k - 1], values[k + 1])]
    options = {"xatol": 1e-10}
    found = [
        optimize.minimize_scalar(loss, bounds=(grid[k - 1], grid[k + 1]), method="bounded", options=options)
        for k in dips
    ]
    return math.exp(min(found, key=lambda one: one.fun).x)


def random_settings(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return settings from a wide range: a third rehearse the step, a tenth the full gradient."""
    rng, found = np.random.default_rng(seed), []
    for k in range(count):
        easy, m = float(rng.uniform(0.05, 3)), int(rng.integers(1, 5000))
        n2: float = m if k % 3 == 0 else math.inf if k % 10 == 1 else int(rng.integers(1, 5000))
        places = [easy * rng.uniform(0.01, 1), easy, *rng.exponential((3, 2, 2))]
        rest = [int(rng.integers(1, 40)), m, n2, rng.uniform(0, 2.5) / easy, rng.uniform(0.02, 0.98), rng.exponential()]
        found.append(dict(zip(NAMES, [*map(float, places), *rest], strict=True)))
    return found


def deviation(found: list[dict[str, float]], wanted: list[dict[str, float]], names: list[str] = RISKS) -> float:
    """Return the largest relative difference; what is less than a millionth of a risk counts as a part of it."""
    worst = 0.0
    for one, other in zip(found, wanted, strict=True):
        for name in names:
            size = max(abs(other[name]), 1e-6 * other["risk_erm"])
            gap = abs(one[name] - other[name]) / size if name in one and one[name] is not None else math.inf
            worst = max(worst, math.inf if math.isnan(gap) else gap)
    return worst


class Page:
    """A page with the explorer alone, and what went wrong in it."""

    def __init__(self, page: Any, base: str) -> None:
        self.page, self.base, self.errors = page, base, []  # type: ignore[var-annotated]
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def open(self, name: str = "index.html", address: str = "") -> Any:
        self.page.goto("about:blank")
        self.page.goto(f"{self.base}/{name}{address}", wait_until="load")
        return self.page

    def models(self, settings: list[dict[str, Any]]) -> list[dict[str, float]]:
        return list(self.page.evaluate("(settings) => settings.map((s) => explorer.model(s))", settings))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page from the notebook's script, the site's own files and the pinned D3."""
    found = tmp_path_factory.mktemp("explorer")
    (script,) = [text for text in outputs("26", "text/html") if "window.explorer" in text]
    (found / "index.html").write_text(SHELL.format(script=script), encoding="utf-8")
    for name in ("explorer.js", "explorer.css"):
        shutil.copyfile(BOOK / "_static" / name, found / name)
    spec = find_spec("mpld3")
    assert spec is not None and spec.submodule_search_locations is not None
    shutil.copyfile(Path(spec.submodule_search_locations[0]) / "js" / "d3.v5.min.js", found / "d3.v5.min.js")
    (found / "favicon.ico").touch()
    return found


@contextmanager
def opened(chromium: Any, base: str, **settings: Any) -> Iterator[Page]:
    context = chromium.new_context(**{"viewport": {"width": 1400, "height": 900}, **settings})
    context.set_default_timeout(PATIENCE)
    try:
        yield Page(context.new_page(), base)
    finally:
        context.close()


@pytest.fixture(scope="module")
def tab(chromium: Any, folder: Path) -> Iterator[Page]:
    with served(folder) as base, opened(chromium, base) as page:
        yield page


@pytest.fixture
def explorer(tab: Page) -> Page:
    tab.errors.clear()
    tab.open()
    return tab


# The model.


def test_a_thousand_settings_have_the_numbers_of_the_library(explorer: Page) -> None:
    settings = random_settings(1000)
    assert deviation(explorer.models(settings), [library(s) for s in settings]) < 1e-9


def test_best_steps_are_those_of_a_search(explorer: Page) -> None:
    settings = [s | {"alpha": None} for s in random_settings(24, seed=1)]
    assert any(math.isinf(s["n2"]) for s in settings)
    settings += [USUAL | {"alpha": None, "r_hard": r, "r_easy": r, "rho_hard": u} for r in (0, 0.1) for u in (0.2, 0.5)]
    wanted = [library(s) for s in settings]
    found = explorer.models(settings)
    # A risk is flat at its best step; an excess is not, where another step was rehearsed.
    for name in ("risk_erm", "risk_maml", "gain"):
        np.testing.assert_allclose([one[name] for one in found], [one[name] for one in wanted], rtol=1e-6)
    assert deviation(explorer.models(settings[:20]), [library(s | {"alpha": 1.0}) for s in settings[:20]]) > 0.01


def test_what_is_left_out_has_the_values_of_the_library(explorer: Page) -> None:
    short = {name: value for name, value in USUAL.items() if name not in ("n2", "p_hard", "noise_std")}
    assert explorer.models([short]) == explorer.models([USUAL])
    del short["alpha"]
    assert explorer.models([short]) == explorer.models([USUAL | {"alpha": None}])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rho_hard": 0}, "rho_hard must be greater than 0 and at most rho_easy; got 0"),
        ({"rho_hard": 1}, "rho_hard must be greater than 0 and at most rho_easy; got 1"),
        ({"R": -1}, "R must be finite and not negative; got -1"),
        ({"dim": 2.5}, "dim must be a whole number, at least 1; got 2.5"),
        ({"p_hard": 1}, "p_hard must be strictly between 0 and 1; got 1"),
        ({"alpha": math.nan}, "alpha must be finite and not negative, or null; got NaN"),
        ({"m": "500"}, "m must be a whole number, at least 1, or Infinity; got 500"),
    ],
)
def test_bad_input_is_named(explorer: Page, change: dict[str, Any], message: str) -> None:
    said = explorer.page.evaluate("(s) => { try { explorer.model(s) } catch (e) { return e.message } }", USUAL | change)
    assert said == message


def test_settings_of_the_paper_have_the_numbers_of_the_table(explorer: Page) -> None:
    (table,) = [text for text in outputs("26", "text/markdown") if text.startswith("| setting")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    presets = explorer.page.evaluate("explorer.presets")
    assert len(rows) >= 9 and rows[0][3] == "2.80"
    for name, erm, maml, gain in rows:
        (found,) = explorer.models([presets[name]])
        assert [f"{found['risk_erm']:.4f}", f"{found['risk_maml']:.4f}", f"{found['gain']:.2f}"] == [erm, maml, gain]


def mutants(source: str) -> list[str]:
    """Return the script with one sign or one factor changed, everywhere in turn."""
    found = []
    for pattern, change in ((r" - ", " + "), (r" \+ ", " - "), (r", 2\)", ", 3)"), (r"\*", "/")):
        for place in re.finditer(pattern, source):
            found.append(source[: place.start()] + change + source[place.end() :])
    return found


def test_every_changed_sign_and_factor_of_the_script_is_noticed(explorer: Page) -> None:
    settings = random_settings(25, seed=2)
    wanted = [library(s) for s in settings]
    source = explorer.page.evaluate("String(explorer.formulas)")
    run = """([sources, settings]) => sources.map((source) => { const f = eval(source); return settings.map((s) => {
      const r = f(s); return { ...r, gain: r.risk_erm / r.risk_maml }; }); })"""
    changed = mutants(source)
    assert len(changed) > 60
    (whole,) = explorer.page.evaluate(run, [[source], settings])
    names = [*RISKS, "floor", "step_erm"]
    assert deviation(whole, wanted, names) < 1e-9
    missed = []
    for mutant, found in zip(changed, explorer.page.evaluate(run, [changed, settings]), strict=True):
        if deviation(found, wanted, names) < 1e-6:
            missed.append(mutant)
    assert missed == []


# The drawings.


def drawing(explorer: Page, name: str) -> Any:
    """Look at one of the drawings."""
    return explorer.page.evaluate(probe("drawing"), name)


def read(ticks: list[list[float]], pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Turn pixels into values by the ticks of an axis."""
    (v, a), (w, b) = ticks[0], ticks[-1]
    return np.asarray(v + (w - v) * (pixels - a) / (b - a))


def drawn(explorer: Page, path: str = "gain") -> tuple[Any, Any]:
    """Return a curve of the gain as it is drawn: hardness ratios and gains, read off the axes."""
    seen = drawing(explorer, "curve")
    points = np.array([pair.split(",") for pair in re.split("[ML]", seen["paths"][path])[1:]], float)
    return read(seen["x"], points[:, 0]), read(seen["y"], points[:, 1])


def curve_is_right(explorer: Page, setting: dict[str, Any], path: str = "gain") -> bool:
    ratios, gains = drawn(explorer, path)
    assert len(ratios) > 100 and 0.005 <= ratios[0] <= 0.03 and 0.99 <= ratios[-1] <= 1
    some = np.arange(0, len(ratios), 7)
    wanted = [library(setting | {"rho_hard": ratios[k] * setting["rho_easy"]})["gain"] for k in some]
    return bool(np.allclose(gains[some], wanted, rtol=1e-3, atol=1e-3))


SHOWN = [
    USUAL,
    USUAL | {"R": 8.0, "r_hard": 0.3, "p_hard": 0.2, "m": 2000, "n2": 60, "alpha": 0.8},
    USUAL | {"alpha": None, "r_hard": 0.05, "r_easy": 0.02, "noise_std": 1.0},
]


@pytest.mark.parametrize("setting", SHOWN, ids=["first", "own", "best"])
def test_the_curve_as_drawn_is_the_librarys(explorer: Page, setting: dict[str, Any]) -> None:
    explorer.page.evaluate("(s) => explorer.set(s)", setting)
    assert curve_is_right(explorer, setting)
    other = setting | {"alpha": 1 / setting["rho_easy"] if setting["alpha"] is None else None}
    assert curve_is_right(explorer, other, "other")
    assert not curve_is_right(explorer, setting | {"dim": setting["dim"] + 1})
    seen = drawing(explorer, "curve")
    gain = read(seen["y"], np.array(seen["point"][1]))
    np.testing.assert_allclose(gain, library(setting)["gain"], rtol=1e-3)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (".y((v) => y(v));", ".y((v) => y(1.01 * v));"),
        ("rho_hard: u * s.rho_easy, ...change", "rho_hard: u, ...change"),
        ("risk_erm / risk_maml", "risk_maml / risk_erm"),
    ],
)
def test_a_changed_drawing_is_noticed(tab: Page, folder: Path, old: str, new: str) -> None:
    script = (folder / "explorer.js").read_text(encoding="utf-8")
    assert script.count(old) == 1
    (folder / "mutant.js").write_text(script.replace(old, new), encoding="utf-8")
    (folder / "mutant.html").write_text((folder / "index.html").read_text().replace('"explorer.js"', '"mutant.js"'))
    tab.open("mutant.html")
    assert not curve_is_right(tab, USUAL)


def test_starts_and_bars_stand_where_the_library_has_them(explorer: Page) -> None:
    setting = SHOWN[1]
    explorer.page.evaluate("(s) => explorer.set(s)", setting)
    env = TaskEnvironment.hard_easy(**{name: setting[name] for name in NAMES if name not in ("alpha", "m", "n2")})
    starts = linear.erm_solution(env), linear.maml_solution(env, setting["alpha"], setting["n2"])
    seen, found = drawing(explorer, "clouds"), library(setting)
    for name, w in zip(("erm", "maml"), starts, strict=True):
        moved = explorer.page.locator(f"#explorer .start.{name}").get_attribute("transform")
        x, y = map(float, re.findall(r"-?[\d.]+", moved))
        np.testing.assert_allclose([read(seen["x"], x), read(seen["y"], y)], w[:2], rtol=1e-3, atol=1e-3)
    bars = drawing(explorer, "bars")
    zero = dict(map(tuple, bars["x"]))[0]
    for name, (least, excess) in zip(("erm", "maml"), np.reshape(bars["widths"], (2, 2)), strict=True):
        np.testing.assert_allclose(read(bars["x"], zero + least + excess), found[f"risk_{name}"], rtol=1e-3)
        np.testing.assert_allclose(read(bars["x"], zero + excess), found[f"excess_{name}"], rtol=1e-3)


def test_the_borders_of_the_map_are_where_the_gain_is_what_they_say(explorer: Page) -> None:
    ticks = drawing(explorer, "map")
    paths = ticks["levels"]
    levels = [0.999, 1.1, 1.5, 2, 3]
    assert len(paths) >= len(levels)
    for level, path in zip(levels[1:], paths[1:], strict=False):
        points = np.array(re.findall(r"(-?[\d.]+),(-?[\d.]+)", path), float)
        (_, a), (_, b) = ticks["x"][0], ticks["x"][-1]
        far, ratios = 10 ** (-1 + 4 * (points[:, 0] - a) / (b - a)), read(ticks["y"], points[:, 1])
        inside = (far > 0.15) & (far < 800) & (ratios > 0.05) & (ratios < 0.95)
        wanted = [
            library(USUAL | {"R": math.sqrt(x), "rho_hard": 0.9 * u})["gain"]
            for x, u in zip(far[inside], ratios[inside], strict=True)
        ]
        assert len(wanted) > 5
        np.testing.assert_allclose(wanted, level, rtol=0.02)


# What a reader does.


def test_the_first_state_tells_the_story(explorer: Page) -> None:
    said = explorer.page.locator("#explorer .headline").inner_text()
    assert "MAML’s risk is 2.8 times smaller" in said and "hard tasks" in said and "4.1" in said
    assert f"{library(USUAL | {'r_hard': 1e-9, 'r_easy': 1e-9})['gain']:.1f}" == "4.1"


def test_every_slider_goes_to_both_ends_by_keyboard(explorer: Page) -> None:
    for step in ("natural", "best"):
        explorer.open()
        explorer.page.locator(f"#explorer input[value={step}]").check()
        for slider in explorer.page.locator("#explorer input[type=range]").all():
            for key in ("Home", "End", "ArrowLeft"):
                slider.focus()
                explorer.page.keyboard.press(key)
                inside = explorer.page.locator("#explorer").inner_html()
                odd = re.search(r".{60}(NaN|undefined|Infinity).{40}", inside, re.DOTALL)
                assert odd is None, f"{slider.get_attribute('name')} {key}: {odd.group()}"
                assert slider.get_attribute("aria-valuetext")
    assert explorer.errors == []


def test_the_address_goes_round(explorer: Page) -> None:
    page = explorer.page
    for name, key in (("R", "End"), ("p_hard", "Home"), ("n2", "Home"), ("alpha", "End"), ("noise_std", "ArrowRight")):
        page.locator(f"#explorer input[name={name}]").focus()
        page.keyboard.press(key)
    setting, address = page.evaluate("explorer.setting()"), page.evaluate("location.hash")
    said = page.locator("#explorer .headline").inner_text()
    assert setting["R"] == 30 and setting["n2"] == 2 and setting["p_hard"] == 0.02
    explorer.open(address=address)
    assert page.evaluate("explorer.setting()") == setting and page.evaluate("location.hash") == address
    assert page.locator("#explorer .headline").inner_text() == said
    for odd in SHOWN:
        page.evaluate("(s) => explorer.set(s)", odd)
        explorer.open(address=page.evaluate("location.hash"))
        assert page.evaluate("explorer.setting()") == odd


def test_the_last_stop_of_the_samples_in_training_is_the_full_gradient(explorer: Page) -> None:
    page = explorer.page
    slider = page.locator("#explorer input[name=n2]")
    slider.focus()
    page.keyboard.press("End")
    assert page.evaluate("explorer.setting().n2 === Infinity")
    assert slider.get_attribute("aria-valuetext") == "infinite"
    assert page.locator("#explorer input[name=n2] + output").inner_text() == "∞"
    setting = USUAL | {"n2": math.inf}
    assert curve_is_right(explorer, setting)
    assert f"{1 / library(USUAL | {'m': 100, 'n2': math.inf})['gain']:.1f} times larger" == "1.4 times larger"
    page.evaluate("(s) => explorer.set(s)", USUAL | {"m": 100, "n2": math.inf})
    assert "1.4 times larger" in page.locator("#explorer .headline").inner_text()
    explorer.open(address=page.evaluate("location.hash"))
    assert page.evaluate("explorer.setting().n2 === Infinity") and slider.get_attribute("aria-valuetext") == "infinite"
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("explorer.setting().n2") == 10_000
    assert explorer.errors == []


def test_with_full_gradients_equal_tasks_gain_nothing(explorer: Page) -> None:
    (found,) = explorer.models([USUAL | {"rho_hard": 1, "rho_easy": 1, "n2": math.inf, "alpha": 1}])
    assert found["gain"] == 1 and found["risk_erm"] == found["risk_maml"] > 0 and found["excess_maml"] == 0


def test_no_setting_has_a_name_within_another(explorer: Page) -> None:
    names = explorer.page.evaluate("Object.keys(explorer.presets)")
    assert [(a, b) for a in names for b in names if a != b and a in b] == []
    assert names == [one for one in explorer.page.locator("#explorer option").all_inner_texts() if one != "your own"]


def test_a_printed_page_has_the_drawings_and_the_setting(explorer: Page) -> None:
    page = explorer.page
    page.evaluate("(s) => explorer.set(s)", SHOWN[1])
    assert not page.locator("#explorer .setting").is_visible()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 1000})
    try:
        assert not page.locator("#explorer form").is_visible()
        said = page.locator("#explorer .setting").inner_text()
        assert page.locator("#explorer .setting").is_visible()
        assert "R = 8" in said and "m = 2000" in said and "n2 = 60" in said.replace("\n", "")
        boxes = [one.bounding_box() for one in page.locator("#explorer svg[role=img]").all()]
        assert all(box["width"] > 200 and 0 <= box["x"] and box["x"] + box["width"] <= 700 for box in boxes)
        assert page.locator("#explorer .numbers td").first.is_visible()
    finally:
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 1400, "height": 900})


def test_without_a_script_the_figure_has_every_drawing(explorer: Page) -> None:
    """One axis for each of the explorer's panels, and on the last a map of contours with the setting in it."""
    namespace: dict[str, Any] = {}
    (found,) = chapters(BOOK, ["26"])
    for cell in read_notebook(found).cells:
        if cell.cell_type == "code":
            body = cell.source.removesuffix("standing_still()")
            exec(compile(body, "chapter 26", "exec"), namespace)
            if body != cell.source:
                break
    drawn_axes = namespace["standing_still"]().axes
    assert len(drawn_axes) == explorer.page.locator("#explorer svg[role=img]").count() == 4
    (map_,) = [axes for axes in drawn_axes if axes.get_xscale() == "log"]
    lines = map_.collections[1]
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        points = path.vertices[5:-5:9]
        wanted = [library(USUAL | {"R": math.sqrt(x), "rho_hard": 0.9 * u})["gain"] for x, u in points]
        np.testing.assert_allclose(wanted, level, rtol=0.03)
    (point,) = map_.lines
    np.testing.assert_allclose([point.get_xdata()[0], point.get_ydata()[0]], [9, 1 / 9])


@pytest.mark.parametrize("address", ["#where-its-formulas-come-from", "#R=x", "#rho_hard=2&rho_easy=1", "#m=0.5", "#"])
def test_an_address_that_says_nothing_leaves_the_first_state(explorer: Page, address: str) -> None:
    explorer.open(address=address)
    assert explorer.page.evaluate("explorer.setting()") == USUAL
    assert explorer.errors == []


def test_presets_switches_and_the_map_change_the_setting(explorer: Page) -> None:
    page = explorer.page
    page.get_by_role("combobox").select_option("Figure 1 (c), scattered")
    assert page.evaluate("explorer.setting()")["r_hard"] == 12
    assert page.get_by_role("combobox").input_value() == "Figure 1 (c), scattered"
    page.locator("#explorer input[name=m]").focus()
    page.keyboard.press("End")
    assert page.evaluate("explorer.setting()")["n2"] == 10_000, "it rehearses the step that it takes"
    assert page.get_by_role("combobox").input_value() == ""
    page.locator("#explorer input[value=best]").check()
    assert page.evaluate("explorer.setting()")["alpha"] is None
    box = page.locator("#explorer .map svg").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"])
    found = page.evaluate("explorer.setting()")
    assert 0.35 < found["rho_hard"] / found["rho_easy"] < 0.5 and found["R"] > 10


def test_what_is_drawn_is_said(explorer: Page) -> None:
    page = explorer.page
    status = page.locator("#explorer [role=status]")
    page.wait_for_function("document.querySelector('#explorer [role=status]').textContent.includes('2.8')")
    page.locator("#explorer input[name=R]").focus()
    page.keyboard.press("Home")
    page.wait_for_function("document.querySelector('#explorer [role=status]').textContent.includes('gains nothing')")
    assert status.get_attribute("aria-live") == "polite"
    labels = [one.get_attribute("aria-label") for one in page.locator("#explorer svg[role=img]").all()]
    assert len(labels) == 4 and all(len(label) > 40 for label in labels)


def pace(page: Any, step: str) -> np.ndarray[Any, Any]:
    """Return what the page's thread spends on each of forty changes: the script, layout and paint, in milliseconds.

    In seconds of the processor, which others on the machine do not lengthen; a waiting reader's are as many or more.
    """
    session, taken = page.context.new_cdp_session(page), []
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.locator(f"#explorer input[value={step}]").click()

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    sliders = page.locator("#explorer input[type=range]:not([name=alpha])").all()
    for name in [one.get_attribute("name") for one in sliders]:
        for share in (0.1, 0.4, 0.6, 0.9):
            before = spent()
            page.evaluate(probe("pace"), [name, share])
            taken.append(1e3 * (spent() - before))
    session.detach()
    assert len(taken) == 40
    return np.array(taken)


@pytest.mark.parametrize("step", ["natural", "best"])
def test_a_change_shows_at_once(explorer: Page, step: str) -> None:
    taken = pace(explorer.page, step)
    assert np.median(taken) < 30 and np.quantile(taken, 0.9) < 50


def test_a_script_that_is_slow_for_every_fifth_change_is_noticed(tab: Page, folder: Path) -> None:
    script, start = (folder / "explorer.js").read_text(encoding="utf-8"), "const draw = () => {"
    slow = "explorer.turn = (explorer.turn || 0) + 1; for (let k = 0; k < 2e8 && explorer.turn % 5 === 0; k++);"
    assert script.count(start) == 1
    (folder / "mutant.js").write_text(script.replace(start, f"{start} {slow}"), encoding="utf-8")
    (folder / "mutant.html").write_text((folder / "index.html").read_text().replace('"explorer.js"', '"mutant.js"'))
    tab.open("mutant.html")
    taken = pace(tab.page, "natural")
    assert np.median(taken) < 30 and np.quantile(taken, 0.9) > 50


@pytest.mark.parametrize("setting", SHOWN[1:], ids=["own", "best"])
def test_axe_finds_nothing(explorer: Page, setting: dict[str, Any]) -> None:
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.submodule_search_locations is None:
        without("axe-playwright-python is missing", f"{sys.executable} -m pip install -r requirements.txt")
    explorer.page.evaluate((Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8"))
    explorer.page.evaluate("(s) => explorer.set(s)", setting)
    assert explorer.page.evaluate(probe("axe"), "#explorer") == []
    explorer.page.evaluate("document.querySelector('#explorer .panels').append(document.createElement('select'))")
    (found,) = explorer.page.evaluate(probe("axe"), "#explorer")
    assert found.startswith("select-name")


def test_on_a_phone_nothing_is_wider_than_the_screen(chromium: Any, folder: Path) -> None:
    with served(folder) as base, opened(chromium, base, viewport={"width": 390, "height": 844}, has_touch=True) as page:
        page.open()
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
        page.page.locator("#explorer input[name=R]").tap()
        assert page.errors == []


def test_the_explorer_is_light(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir() if path.name != "mutant.js") < 400_000


def test_d3_is_on_no_other_page_and_nothing_comes_from_elsewhere(folder: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("explorer.*"))
    assert not re.search(r"https?:|import\(|fetch\(|XMLHttp", text)
    assert json.dumps("d3") not in text


# The movable figure of chapter 8.

VARIANCES = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05]
HALF, SIZE, STEP = 3, 49, 4.0  # the square, its points a side, and MAML's step
FRAMES, ROWS = (0, 5, 7, 11), (3, 24, 36, 48)


@pytest.fixture(scope="module")
def landscapes() -> dict[tuple[int, int], np.ndarray[Any, Any]]:
    """Compute both objectives along some slices, with the library and finer quadrature than the chapter's."""
    line, corners = np.linspace(-HALF, HALF, SIZE), 1.4 * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    found = {}
    for frame in FRAMES:
        covariances = np.array([VARIANCES[frame], 1, 1, 1])[:, None, None] * np.eye(2)
        tasks = networks.Tasks(np.full(4, 0.25), corners[..., None], covariances)
        for row in ROWS:
            places = np.stack([line, np.full(SIZE, line[row])], axis=1)[..., None]
            curves = [networks.post_adaptation_risk("softplus", tasks, places, a, order=90) for a in (0.0, STEP)]
            found[frame, row] = np.array(curves)
    return found


def slices_are_right(page: Any, wanted: dict[tuple[int, int], np.ndarray[Any, Any]]) -> bool:
    """Move both sliders, and compare the curves, read off the lines of the scale, and the notes below the figure."""
    for (frame, row), curves in wanted.items():
        seen = page.evaluate(probe("slice"), [frame, row])
        ticks = [[math.log10(value), height] for value, height in seen["ticks"]]
        for curve, points in zip(curves, seen["curves"], strict=True):
            x, y = np.array([pair.split(",") for pair in points.split()], float).T
            values, places = 10 ** read(ticks, y), read(seen["feet"], x)
            shown = np.clip(curve, 3e-3, 10)
            # A level is four percent of a value, and pixels are written to a tenth.
            right = np.allclose(values, shown, rtol=0.023), np.allclose(places, np.linspace(-3, 3, SIZE), atol=2e-3)
            if not all(right):
                return False
        if f"variance of the hard task {VARIANCES[frame]:.2f}" not in seen["says"]:
            return False
    return True


def moving_figure(folder: Path, chromium: Any, changes: tuple[str, str] = ("", "")) -> Iterator[Any]:
    (script,) = [text for text in outputs("08", "text/html") if "landscape-viewer" in text]
    assert not changes[0] or script.count(changes[0]) == 1
    (folder / "viewer.html").write_text(f"<!doctype html><meta charset='utf-8'>{script.replace(*changes)}", "utf-8")
    with served(folder) as base, opened(chromium, base) as page:
        yield page.open("viewer.html")


def test_slices_of_the_landscapes_are_the_librarys(tmp_path: Path, chromium: Any, landscapes: Any) -> None:
    for page in moving_figure(tmp_path, chromium):
        assert slices_are_right(page, landscapes)
        worse = {place: 1.06 * curves for place, curves in landscapes.items()}
        assert not slices_are_right(page, worse)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("data.steps + data.lowest", "data.steps - data.lowest"),
        ("* cells + i * size + j", "* cells + i * size + size - 1 - j"),
        ("height(value(f, map, a, j))", "height(1.1 * value(f, map, a, j))"),
        ("frame * data.names.length + map", "frame * data.names.length + 1 - map"),
    ],
)
def test_a_changed_script_of_the_landscapes_is_noticed(
    tmp_path: Path,
    chromium: Any,
    landscapes: Any,
    old: str,
    new: str,
) -> None:
    for page in moving_figure(tmp_path, chromium, (old, new)):
        assert not slices_are_right(page, landscapes)
