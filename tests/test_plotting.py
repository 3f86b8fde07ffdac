"""The figure style applies and says nothing; its ground is opaque, and its colours can be read and told apart on it."""

from __future__ import annotations

import ast
import base64
import io
import itertools
import re
from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from PIL import Image

from paperlib import plotting
from tools.chapters import BOOK, Chapter, chapters, read_notebook, read_script

PALETTE = {name: getattr(plotting, name) for name in ("ERM", "MAML", "HARD", "EASY", "REFERENCE")}
TEXT, MARK = 4.5, 3.0  # WCAG 2.1, level AA: text of ordinary size; marks and lines
CHAPTERS = chapters(BOOK)
every_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: str(chapter.stem))
Colour = npt.NDArray[np.float64]


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    interactive = plt.isinteractive()
    with mpl.rc_context():
        yield
    mpl.interactive(interactive)
    plt.close("all")


def linear(colour: Colour) -> Colour:
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two colours by WCAG 2.1."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def turned(colour: Colour) -> Colour:
    """Return what the site's filter makes of a colour in dark pages, by the matrices of Filter Effects 1."""
    style = (BOOK / "_static" / "edition.css").read_text(encoding="utf-8")
    found = re.search(r"filter: invert\(([\d.]+)\) hue-rotate\(180deg\)", style)
    assert found is not None
    amount = float(found[1])
    inverted = colour * (1 - amount) + (1 - colour) * amount
    weights = np.array([0.213, 0.715, 0.072])
    return np.clip(2 * inverted @ weights - inverted, 0, 1)


# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SEEN_WITH = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(colour: Colour, eyes: str) -> Colour:
    """Return CIE L*a*b* of a colour as these eyes see it."""
    seen = np.clip(np.asarray(SEEN_WITH[eyes]) @ linear(colour), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ seen / to_xyz.sum(axis=1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def closest(palette: dict[str, str], eyes: str, dark: bool) -> float:
    """Return the least difference of two colours of a palette, in CIE 1976 units."""
    shown = [turned(np.array(to_rgb(colour))) if dark else np.array(to_rgb(colour)) for colour in palette.values()]
    pairs = itertools.combinations([lab(colour, eyes) for colour in shown], 2)
    return min(float(np.linalg.norm(one - other)) for one, other in pairs)


def test_the_formula_of_contrast() -> None:
    assert contrast(np.zeros(3), np.ones(3)) == pytest.approx(21.0)
    assert contrast(np.array(to_rgb("#767676")), np.ones(3)) == pytest.approx(4.54, abs=0.005)


def test_the_style_applies_without_a_word(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    plt.ion()
    plotting.use_book_style()
    assert not plt.isinteractive()
    assert plt.rcParams["font.size"] >= 9 and plt.rcParams["xtick.labelsize"] >= 9
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], label=r"$\rho_H$")
    axes.legend()
    figure.canvas.draw()
    assert figure.get_size_inches()[0] == 7
    assert not axes.spines["top"].get_visible()
    assert capfd.readouterr() == ("", "") and not caplog.records


def test_a_figure_carries_a_white_ground() -> None:
    plotting.use_book_style()
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1])
    stored = io.BytesIO()
    figure.savefig(stored, format="png")
    pixels = np.asarray(Image.open(stored).convert("RGBA"))
    assert (pixels[..., 3] == 255).all()
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1], :3] == 255).all()


@pytest.mark.parametrize("name", PALETTE)
def test_every_colour_can_be_read_light_and_dark(name: str) -> None:
    colour, white = np.array(to_rgb(PALETTE[name])), np.ones(3)
    assert contrast(colour, white) >= TEXT
    assert contrast(turned(colour), turned(white)) >= TEXT


@pytest.mark.parametrize("name", plotting.LINES)
def test_every_line_can_be_seen_light_and_dark(name: str | int) -> None:
    colour, white = np.array(to_rgb(plotting.LINES[name]["color"])), np.ones(3)
    assert contrast(colour, white) >= MARK and contrast(turned(colour), turned(white)) >= MARK


def test_the_colours_of_okabe_and_ito_cannot_all_be_read() -> None:
    ratios = [contrast(np.array(to_rgb(colour)), np.ones(3)) for colour in ("#D55E00", "#CC79A7", "#009E73")]
    assert ratios == pytest.approx([3.87, 3.06, 3.42], abs=0.01) and max(ratios) < TEXT


@pytest.mark.parametrize("eyes", SEEN_WITH)
@pytest.mark.parametrize("dark", [False, True])
def test_colours_can_be_told_apart(eyes: str, dark: bool) -> None:
    methods = {name: PALETTE[name] for name in ("ERM", "MAML", "HARD", "EASY")}
    assert closest(methods, eyes, dark) > 20


def test_colours_that_cannot_be_told_apart_are_found() -> None:
    okabe_and_ito = {"ERM": "#D55E00", "MAML": "#0072B2", "HARD": "#CC79A7", "EASY": "#009E73"}
    assert closest(okabe_and_ito, "all cones", dark=False) > 50
    assert closest(okabe_and_ito, "deuteranopia", dark=False) < 20
    assert closest(okabe_and_ito, "tritanopia", dark=True) < 15


def test_each_thing_has_one_look_that_nothing_else_wears() -> None:
    for looks, key in ((plotting.LINES, "linestyle"), (plotting.MARKS, "marker")):
        named = [looks[name][key] for name in ("ERM", "MAML", "hard", "easy")]
        assert len(set(named)) == 4
    assert len({look["marker"] for look in plotting.MARKS.values()}) == len(plotting.MARKS)
    assert len({look["color"] for look in plotting.LINES.values()}) == len(plotting.LINES)
    assert plotting.LINES["hard"]["color"] == plotting.MARKS["hard"]["color"] == plotting.HARD


def test_a_line_without_a_look_takes_a_grey_one() -> None:
    plotting.use_book_style()
    _, axes = plt.subplots()
    lines = [axes.plot([0, 1])[0] for _ in range(4)]
    found = [(line.get_color(), line.get_linestyle()) for line in lines]
    assert found == [(plotting.LINES[k]["color"], plotting.LINES[k]["linestyle"]) for k in range(4)]
    assert all(len(set(to_rgb(colour))) == 1 for colour, _ in found)


def test_a_name_stands_at_the_end_of_its_curve() -> None:
    _, axes = plt.subplots()
    [line] = axes.plot([0, 1, 2], [3, 4, 5], **plotting.LINES["MAML"])
    plotting.label_end(line, "MAML")
    [text] = axes.texts
    assert (text.get_text(), text.xy, text.get_color()) == ("MAML", (2.0, 5.0), plotting.MAML)
    with pytest.raises(ValueError, match=r"^line must be drawn in axes; got Line2D\(MAML\), which is not$"):
        plotting.label_end(Line2D([0], [0], label="MAML"), "MAML")


# What the chapters hold.


def pictures(chapter: Chapter) -> dict[str, npt.NDArray[np.uint8]]:
    """Return the pictures of an executed notebook by the names of their figures, as pixels with opacity."""
    found = {}
    for number, cell in enumerate(read_notebook(chapter).cells):
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name", f"cell {number}")
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                stored = io.BytesIO(base64.b64decode(output.data["image/png"]))
                found[name] = np.asarray(Image.open(stored).convert("RGBA"))
    return found


def on_white(pixels: npt.NDArray[np.uint8]) -> bool:
    """Tell whether a picture is opaque and its border white."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return bool((pixels[..., 3] == 255).all() and (border == 255).all())


@every_chapter
def test_every_picture_stands_on_white(chapter: Chapter) -> None:
    assert [name for name, pixels in pictures(chapter).items() if not on_white(pixels)] == []


def test_a_picture_on_nothing_is_found() -> None:
    nothing, white, grey = (np.full((4, 5, 4), values, np.uint8) for values in ([0] * 4, [255] * 4, [200] * 3 + [255]))
    assert on_white(white) and not on_white(nothing) and not on_white(grey)


def calls(tree: ast.AST) -> set[str]:
    """Return the names of all functions and methods that are called in some code."""
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = (getattr(function, "id", getattr(function, "attr", "")) for function in called)
    return {name for name in names if name}


def painting(chapter: Chapter) -> dict[str, bool]:
    """Return for each figure of a chapter whether it shows a photograph or a map, whose lightness means something."""
    cells = [cell for cell in read_script(chapter).cells if cell.cell_type == "code"]
    trees = [ast.parse(cell.source) for cell in cells]
    inside = {node.name: calls(node) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    painters = {"imshow", "contourf", "pcolormesh"}
    for _ in inside:
        painters |= {name for name, called in inside.items() if called & painters}
    named = [
        (cell.metadata.get("mystnb", {}).get("figure", {}).get("name"), calls(tree))
        for cell, tree in zip(cells, trees, strict=True)
    ]
    return {name: bool(called & painters) for name, called in named if name}


@every_chapter
def test_photographs_and_maps_keep_their_lightness_in_the_dark(chapter: Chapter) -> None:
    classes = {
        cell.metadata["mystnb"]["figure"]["name"]: cell.metadata["mystnb"]["image"].get("classes", "").split()
        for cell in read_script(chapter).cells
        if "figure" in cell.metadata.get("mystnb", {})
    }
    assert {name for name, kept in classes.items() if "as-drawn" in kept} == {
        name for name, paints in painting(chapter).items() if paints
    }


def test_photographs_and_maps_are_found() -> None:
    painted = [name for chapter in CHAPTERS for name, paints in painting(chapter).items() if paints]
    assert {"fig-cifar-tasks", "fig-omniglot-tasks", "fig-softplus-landscapes", "fig-phase-diagram"} <= set(painted)


@every_chapter
def test_no_chapter_has_colours_of_its_own(chapter: Chapter) -> None:
    code = "\n".join(cell.source for cell in read_script(chapter).cells if cell.cell_type == "code")
    assert re.findall(r"#[0-9A-Fa-f]{6}\b|[\"']C\d[\"']|get_cmap", code) == []


# Drawn by a script, or stands for what is: on a phone it scrolls.
SCROLL = {"fig-explorer"}


@every_chapter
def test_figures_fit_a_phone_with_labels_that_can_be_read(chapter: Chapter) -> None:
    """Text of 10 points has 8.5 pixels or more on a screen of 390 pixels, 358 of them for the page."""
    code = "\n".join(cell.source for cell in read_script(chapter).cells if cell.cell_type == "code")
    assert [size for size in re.findall(r"\bfontsize=(\d+)", code) if int(size) < 8] == []
    for cell in read_notebook(chapter).cells:
        metadata = cell.metadata.get("mystnb", {})
        for output in cell.get("outputs", []):
            if (data := output.get("data", {}).get("image/png")) and metadata["figure"]["name"] not in SCROLL:
                with Image.open(io.BytesIO(base64.b64decode(data))) as image:
                    width = image.width
                assert "upright" in metadata["image"]["classes"].split()
                assert 10 * 358 / (width / 200 * 72) >= 8.5, metadata["figure"]["name"]
