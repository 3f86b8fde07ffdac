"""The figure style of the book: its ground, and one look for each thing that is drawn more than once."""

from __future__ import annotations

from importlib import resources

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.rcsetup import cycler
from matplotlib_inline.backend_inline import set_matplotlib_formats

# On white, and with lightness turned around on a dark page, each has a contrast of at least 4.5 : 1, so that it can
# be the colour of text, and colour-blind readers tell any two apart. Dashes and markers repeat the distinction.
ERM = "#BE5000"
MAML = "#4068E8"
HARD = "#8E1C6C"
EASY = "#25582E"
REFERENCE = "#727272"

# Colour, dashes, marker. The first four are worn by nothing else; what has no look of its own takes 0, 1, 2, 3.
_LOOKS: dict[str | int, tuple[str, str, str]] = {
    "ERM": (ERM, "--", "s"),
    "MAML": (MAML, "-", "o"),
    "hard": (HARD, "-.", "^"),
    "easy": (EASY, ":", "D"),
    0: ("#000000", "-", "X"),
    1: ("#404040", "--", "v"),
    2: ("#5C5C5C", "-.", "P"),
    3: ("#727272", "-", "*"),
}
LINES = {name: {"color": colour, "linestyle": dashes} for name, (colour, dashes, _) in _LOOKS.items()}
MARKS = {name: {"color": colour, "linestyle": "none", "marker": mark} for name, (colour, _, mark) in _LOOKS.items()}
GREYS = LinearSegmentedColormap.from_list("greys", ["#F9F9F9", "#CECECE", "#888888", "#404040"])


def label_end(line: Line2D, text: str) -> None:
    """Write a curve's name right of its last point, in its colour: for curves of one look.

    Raises:
        ValueError: the line is drawn nowhere.
    """
    if not isinstance(line.axes, Axes):
        raise ValueError(f"line must be drawn in axes; got {line}, which is not")
    line.axes.annotate(
        text,
        (np.asarray(line.get_xdata())[-1], np.asarray(line.get_ydata())[-1]),
        (8, 0),
        textcoords="offset points",
        va="center",
        color=line.get_color(),
        annotation_clip=False,
    )


def use_book_style() -> None:
    """Set the book's style for all figures that follow.

    Figures stand on white, which is stored with them: a notebook may be read in the dark. Interactive mode
    is off: a figure is shown once, as the value of its cell.
    """
    with resources.as_file(resources.files("paperlib") / "book.mplstyle") as path:
        plt.style.use(path)
    others = [LINES[place] for place in range(4)]
    plt.rcParams["axes.prop_cycle"] = cycler(
        color=[look["color"] for look in others], linestyle=[look["linestyle"] for look in others]
    )
    plt.rcParams["figure.max_open_warning"] = 0
    plt.ioff()
    if get_ipython() is not None:
        set_matplotlib_formats("retina")  # type: ignore[no-untyped-call]
