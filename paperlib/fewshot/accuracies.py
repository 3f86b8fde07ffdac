"""Accuracies: sums over tasks, by kind of task, and what several runs say together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit
from torch import Tensor

from paperlib.fewshot.episodes import Episodes

KINDS = ("easy", "hard")
NUMBERS = ("tasks", "loss", "accuracy")
_DECIMALS = 6
Floats = NDArray[np.float64]
Sums = Floats


class Mean(NamedTuple):
    """A mean and half the width of its confidence interval."""

    mean: float
    half_width: float


def mean_interval(values: Sequence[float]) -> Mean:
    r"""Return :math:`\bar x \pm t_{n-1}\,s/\sqrt n`, Student's 95 % interval for the mean of normal values.

    One value says nothing about its spread: its interval is infinite.

    Args:
        values: (n,), at least one.

    Raises:
        ValueError: if there is no value.

    Example:
        >>> mean, half_width = mean_interval([1.0, 2.0, 3.0])  # s = 1, t = 4.303
        >>> mean, round(half_width, 3)
        (2.0, 2.484)
    """
    if not len(values):
        raise ValueError("values must not be empty; got none")
    count, mean = len(values), float(np.mean(values))
    if count == 1:
        return Mean(mean, math.inf)
    error = float(np.std(values, ddof=1)) / math.sqrt(count)
    return Mean(mean, float(stdtrit(count - 1, 0.975)) * error)


def shown(values: ArrayLike, decimals: int = 1, none: str = "–", sign: str = "") -> str:
    """Return in some decimals the mean of values and half the width of its 95 % interval, a dash if there are none.

    Differences have a plus as their sign. One value has no interval.

    Example:
        >>> shown([1.0, 2.0, 3.0]), shown([2.0]), shown([]), shown([-0.01], sign="+")  # s = 1, t = 4.303
        ('2.0 ± 2.5', '2.0', '–', '+0.0')
    """
    numbers = np.asarray(values, dtype=float)
    if not len(numbers):
        return none
    mean, half_width = mean_interval(numbers.tolist())
    return f"{mean:{sign}z.{decimals}f}" + (f" ± {half_width:.{decimals}f}" if math.isfinite(half_width) else "")


def signed(values: ArrayLike) -> str:
    r"""Return differences by seed as `shown`, with a sign, *undecided* where :math:`|\bar d|<t_{n-1}\,s/\sqrt n`.

    Args:
        values: (n,); there may be none.

    Raises:
        ValueError: if a value is no number.

    Example:
        >>> signed([1.0, 2.0, 3.0]), signed([4.0, 5.0, 6.0]), signed([2.0])  # half-width 2.5; one has no interval
        ('+2.0 ± 2.5 (undecided)', '+5.0 ± 2.5', '+2.0')
    """
    numbers = np.asarray(values, dtype=float)
    mean, half_width = mean_interval(numbers.tolist()) if len(numbers) else Mean(0.0, 0.0)
    return shown(numbers, sign="+") + " (undecided)" * (abs(mean) < half_width < math.inf)


def answers(*asked: Tensor) -> list[Floats]:
    """Return tensors of one device as arrays in double precision: one question, for which the host waits once."""
    together = torch.cat([values.flatten().double() for values in asked]).cpu().numpy()
    parts = np.split(together, np.cumsum([values.numel() for values in asked])[:-1])
    return [part.reshape(values.shape) for part, values in zip(parts, asked, strict=True)]


def tally(tasks: Episodes, loss: Floats, accuracy: Floats, runs: int) -> Sums:
    """Return (runs, kinds, 3) sums over tasks: of ones, losses and accuracies; easy first, then hard.

    They are added up in double precision in the order of tasks, so a run's sums do not depend on its neighbours.
    """
    place = 2 * tasks.run + tasks.hard
    sums = [np.bincount(place, weights=column, minlength=2 * runs) for column in (None, loss, accuracy)]
    return np.stack(sums, axis=1).reshape(runs, 2, 3).astype(np.float64)


def means(sums: Sums) -> dict[str, dict[str, float | int | None]]:
    """Return tasks, loss and accuracy of each kind from one run's (kinds, 3) sums, to 6 decimals.

    Where there is no finite number stands None.

    Example:
        >>> means(np.array([[2.0, 3.0, 1.0], [0.0, 0.0, 0.0]]))["easy"]
        {'tasks': 2, 'loss': 1.5, 'accuracy': 0.5}
    """
    result: dict[str, dict[str, float | int | None]] = {}
    for kind, (count, *totals) in zip(KINDS, sums.tolist(), strict=True):
        averages = [total / count if count else math.nan for total in totals]
        rounded = [round(value, _DECIMALS) if math.isfinite(value) else None for value in averages]
        result[kind] = {"tasks": int(count), "loss": rounded[0], "accuracy": rounded[1]}
    return result


def metrics(
    iterations: int, phases: Sequence[str], diverged: int | None, history: Sums, window: int, scores: Sums
) -> dict[str, Any]:
    """Return what a record says of one run.

    Args:
        iterations: of training.
        phases: names of the evaluations.
        diverged: the iteration, counted from 0, in which it was stopped, or None.
        history: (windows, kinds, 3) sums of training, over windows of so many iterations.
        window: how many.
        scores: (phases, kinds, 3) sums of evaluation.
    """
    met = [index for index, sums in enumerate(history) if sums[:, 0].any()]
    every = [means(history[index]) for index in met]
    rows = {kind: {name: [one[kind][name] for one in every] for name in NUMBERS} for kind in KINDS}
    curve = {"iteration": [min((index + 1) * window, iterations) for index in met], **rows}
    evaluation = {phase: means(sums) for phase, sums in zip(phases, scores, strict=True)} if diverged is None else None
    return {"iterations": iterations, "diverged": diverged, "evaluation": evaluation, "history": curve}


def cells(scores: Sums) -> list[list[str]]:
    """Return the accuracy of each phase and kind from (phases, runs, kinds, 3) sums: mean and interval over runs."""
    table = []
    for phase in scores:
        rows = [means(sums) for sums in phase]
        every = [[row[kind]["accuracy"] for row in rows] for kind in KINDS]
        table.append([shown([one for one in accuracies if one is not None], 3, none="") for accuracies in every])
    return table
