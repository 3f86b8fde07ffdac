"""The figure style of the book."""

from __future__ import annotations

from importlib import resources

import matplotlib.pyplot as plt
from IPython import get_ipython
from matplotlib_inline.backend_inline import set_matplotlib_formats

# Okabe and Ito's palette, told apart by colour-blind readers; line styles repeat the distinction.
ERM = "#D55E00"
MAML = "#0072B2"
HARD = "#CC79A7"
EASY = "#009E73"
REFERENCE = "#666666"


def use_book_style() -> None:
    """Set the book's style for all figures that follow.

    Backgrounds are transparent, so that a figure takes the colour of the page it stands on. Interactive mode
    is off: a figure is shown once, as the value of its cell.
    """
    with resources.as_file(resources.files("paperlib") / "book.mplstyle") as path:
        plt.style.use(path)
    plt.rcParams["figure.max_open_warning"] = 0
    plt.ioff()
    if get_ipython() is not None:
        set_matplotlib_formats("retina")  # type: ignore[no-untyped-call]
