"""What a report draws: how hard the tasks are, the gain with its interval, and what was predicted and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paperlib.adviser.groups import Told
from paperlib.arguments import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def picture(curvatures: Array, hard: NDArray[Any], gains: dict[str, Told], calibration: dict[str, float]) -> Figure:
    """Return a figure of tasks (T,), which of them are hard, (T,), gains by what they are called, and losses.

    The losses have a panel where tasks were held out.
    """
    import matplotlib.pyplot as plt

    from paperlib.plotting import MARKS, REFERENCE

    tall = [2.7, 1.0, 2.7][: 2 + bool(calibration)]  # one above the other: so they fit a phone
    figure, axes = plt.subplots(len(tall), figsize=(5.0, sum(tall)), height_ratios=tall, layout="constrained")
    order = np.argsort(curvatures)
    hard, sorted_ones = hard[order], curvatures[order]
    looks = {"hard": hard, "easy": ~hard} if hard.any() else {0: ~hard}
    for look, chosen in looks.items():
        axes[0].plot(np.flatnonzero(chosen), sorted_ones[chosen], **MARKS[look], markersize=4, label=str(look))
    axes[0].set(xlabel="task, sorted", ylabel="mean square of features")
    if hard.any():
        axes[0].set_yscale("log")
        axes[0].legend()
    for place, (gain, *ends) in enumerate(gains.values()):
        axes[1].plot(ends, [place, place], color=REFERENCE, linestyle="-")
        axes[1].plot(gain, place, **MARKS["MAML"])
    axes[1].axvline(1.0, color=REFERENCE, linewidth=0.8)
    low_high = (-0.5, len(gains) - 0.5)
    axes[1].set(yticks=range(len(gains)), yticklabels=[*gains], ylim=low_high, xlabel="ERM's risk / MAML's")
    for name in ("ERM", "MAML") if calibration else ():
        kinds = (f"{kind}_{name.lower()}" for kind in ("predicted", "measured", "error"))
        predicted, measured, error = (calibration[kind] for kind in kinds)
        axes[2].plot([predicted] * 2, [measured - 2 * error, measured + 2 * error], color=REFERENCE, linestyle="-")
        axes[2].plot(predicted, measured, **MARKS[name], label=name)
        axes[2].axline((predicted, predicted), slope=1, color=REFERENCE, linewidth=0.8)
        axes[2].set(xlabel="loss predicted", ylabel="measured")
        axes[2].legend()
    return figure
