"""The figure style applies, says nothing, and its colours can be told apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_rgb

from paperlib import plotting

PALETTE = [plotting.ERM, plotting.MAML, plotting.HARD, plotting.EASY, plotting.REFERENCE]


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    interactive = plt.isinteractive()
    with mpl.rc_context():
        yield
    mpl.interactive(interactive)
    plt.close("all")


def test_the_style_applies_without_a_word(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    plt.ion()
    plotting.use_book_style()
    assert not plt.isinteractive()
    assert plt.rcParams["figure.facecolor"] == plt.rcParams["axes.facecolor"] == "none"
    assert plt.rcParams["font.size"] >= 9 and plt.rcParams["xtick.labelsize"] >= 9
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], label=r"$\rho_H$")
    axes.legend()
    figure.canvas.draw()
    assert figure.get_size_inches()[0] == 7
    assert not axes.spines["top"].get_visible()
    assert capfd.readouterr() == ("", "") and not caplog.records


def test_colours_differ_in_lightness_or_hue() -> None:
    for one, other in itertools.combinations(PALETTE, 2):
        assert max(abs(a - b) for a, b in zip(to_rgb(one), to_rgb(other), strict=True)) > 0.2
    cycle = [colour["color"].upper() for colour in cycler()]
    assert cycle[:2] == [plotting.MAML, plotting.ERM]
    assert len(set(cycle)) == len(cycle)


def cycler() -> list[dict[str, str]]:
    plotting.use_book_style()
    return [{"color": f"#{entry['color'].lstrip('#')}"} for entry in plt.rcParams["axes.prop_cycle"]]
