"""A figure to move in the page: landscapes over a slider, and a slice through them, without another host."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from IPython.display import HTML
from numpy.typing import ArrayLike

from paperlib.arguments import finite_array, listed, real_number, whole_number
from paperlib.plotting import LINES

STEPS = 60  # levels in a factor of ten: a level is four percent of the value


@dataclass(frozen=True)
class Frame:
    """One position of the slider.

    Args:
        label: what the slider says, such as "variance 0.5".
        maps: (2, n, n), values of both landscapes at (w1, w2), positive.
        marks: (w1, w2, kind), kind one of "hard", "easy", "ERM", "MAML".
        text: a sentence below the figure.
    """

    label: str
    maps: ArrayLike
    marks: Sequence[tuple[float, float, str]]
    text: str


def landscapes(
    name: str,
    names: tuple[str, str],
    frames: Sequence[Frame],
    window: float,
    span: tuple[float, float],
    ticks: Sequence[float],
    start: int = 0,
) -> HTML:
    """Return two landscapes on the square of half-width `window`, side by side on one logarithmic scale.

    The output holds data and script. Values are stored as whole numbers of levels, so that it is the same on every
    machine; values outside the span are shown as its ends.

    Args:
        name: the id of the element, unique on its page.
        names: captions of the two maps.
        frames: the positions of the slider, at least one, with maps of one shape.
        window: half the side of the square.
        span: lowest and highest value shown, powers of ten apart by at most four.
        ticks: values at which the slice has a line.
        start: the position shown first.

    Raises:
        ValueError: an argument breaks one of these conditions.

    Example:
        >>> frame = Frame("one", np.ones((2, 3, 3)), [(0.0, 0.0, "easy")], "flat")
        >>> "flat" in landscapes("flat-viewer", ("left", "right"), [frame], 1.0, (0.1, 10.0), [1.0]).data
        True
    """
    maps = finite_array("frames", [frame.maps for frame in frames], 4)  # type: ignore[arg-type]
    low, high = (real_number("span", end, above=0.0) for end in listed("span", span))
    if maps.shape[1] != 2 or maps.shape[2] != maps.shape[3] or maps.shape[2] < 2:
        raise ValueError(f"frames must hold maps of shape (2, n, n); got {maps.shape[1:]}")
    if not low < high <= 1e4 * low:
        raise ValueError(f"span must rise by a factor of at most 10,000; got {span}")
    start = whole_number("start", start, at_least=0)
    if start >= len(frames):
        raise ValueError(f"start must be 0 to {len(frames) - 1}; got {start!r}")
    sizes = [
        real_number("window", window, above=0.0),
        *(real_number("ticks", tick, above=0.0) for tick in listed("ticks", ticks)),
    ]
    half, *lines = (int(size) if size.is_integer() else size for size in sizes)  # 3 in the page, not 3.0
    lowest, highest = np.log10([low, high])
    levels = np.rint(STEPS * (np.log10(np.clip(maps, low, high)) - lowest)).astype(np.uint8)
    data = {
        "names": names,
        "size": maps.shape[-1],
        "low": -half,
        "high": half,
        "lowest": round(float(lowest), 6),
        "highest": round(float(highest), 6),
        "steps": STEPS,
        "ticks": lines,
        "start": start,
        "colours": {kind: LINES[kind]["color"] for kind in ("hard", "easy", "ERM", "MAML")},
        "frames": [
            {
                "label": frame.label,
                "marks": [(_place(x), _place(y), kind) for x, y, kind in frame.marks],
                "text": frame.text,
            }
            for frame in frames
        ],
        "levels": base64.b64encode(levels.tobytes()).decode("ascii"),
    }
    page = (resources.files("paperlib") / "viewer.html").read_text(encoding="utf-8")
    text = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    return HTML(page.replace("@ID@", name).replace("@DATA@", text))  # type: ignore[no-untyped-call]


def _place(coordinate: float) -> float:
    return round(real_number("marks", coordinate), 2) + 0.0
