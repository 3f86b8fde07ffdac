"""The paper's tables beside ours: accuracies from records, differences of means, and whether a cell is reproduced."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import ArrayLike
from scipy import stats
from tabulate import tabulate

from paperlib.fewshot.accuracies import KINDS, Floats, Mean, mean_interval, shown
from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.datasets import benchmark
from paperlib.records import counted, run, same
from paperlib.runtime import book


class Interval(NamedTuple):
    """Ends of a confidence interval."""

    low: float
    high: float


@cache
def paper(dataset: str) -> dict[tuple[Any, str], list[Mean]]:
    """Return the paper's cells by setting and algorithm, in the order easy train, hard train, easy test, hard test.

    Raises:
        ValueError: if there is no such data set.
    """
    rows = yaml.safe_load((book() / "paper_values.yml").read_text(encoding="utf-8"))[benchmark(dataset).name]
    return {
        (row["setting"], row["algorithm"]): [Mean(*pair) for pair in zip(row["mean"], row["half_width"], strict=True)]
        for row in rows
    }


def scores(found: Iterable[dict[str, Any]], configuration: Configuration) -> Floats:
    """Return (seeds, phases, kinds) accuracies in percent of the records of a configuration, one for each seed.

    Phases are in the order of `Configuration.phases`, kinds are easy and hard. Diverged runs are left out.
    """
    return together(found, configuration)[0]


def together(found: Iterable[dict[str, Any]], *configurations: Configuration) -> list[Floats]:
    """Return the `scores` of each configuration, of the seeds that all of them have: rows are partners in `paired`.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> one, other = (configure("omniglot", name, "book") for name in ("maml", "anil"))
        >>> phases = {phase: {kind: {"accuracy": 0.5} for kind in KINDS} for phase in one.phases}
        >>> runs = [(one, 0), (one, 1), (other, 1), (other, 2)]
        >>> rest = {"metrics": {"evaluation": phases}}
        >>> found = [rest | {"configuration": c.values(), "seed": seed} for c, seed in runs]
        >>> [len(scores(found, one)), *map(len, together(found, one, other))]
        [2, 1, 1]
    """
    known = [one for one in found if one["metrics"]["evaluation"] is not None]
    own = [{one["seed"]: one for one in known if same(one["configuration"], c)} for c in configurations]
    seeds, result = sorted(set.intersection(*map(set, own))), []
    for c, runs in zip(configurations, own, strict=True):
        values = [runs[seed]["metrics"]["evaluation"] for seed in seeds]
        rows = [[[one[phase][kind]["accuracy"] for kind in KINDS] for phase in c.phases] for one in values]
        result.append(100 * np.array(rows, dtype=float).reshape(-1, len(c.phases), len(KINDS)))
    return result


def columns(values: Floats) -> Floats:
    """Return (seeds, 4) accuracies in the order of the paper's columns from (seeds, phases, kinds) scores."""
    return values[:, :2].reshape(len(values), 4)


def markdown(titles: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> str:
    """Return a table in Markdown, its cells as they are given.

    Args:
        titles: of the columns.
        rows: a cell for each column.
        align: a letter for each column, l or r, to the left or to the right.

    Example:
        >>> print(markdown(["", "easy"], [["MAML", "98.70"]], "lr"))
        |      |   easy |
        |:-----|-------:|
        | MAML |  98.70 |
    """
    cells, sides = list(rows), [{"l": "left", "r": "right"}[letter] for letter in align]
    return str(tabulate(cells, titles, "pipe", disable_numparse=True, colalign=sides if cells else None))


def beside(dataset: str, ours: Mapping[tuple[Any, str], Floats], above: Mapping[str, Floats]) -> str:
    """Return in Markdown the paper's table with ours beside it, test before training, below other rows.

    Args:
        dataset: whose table.
        ours: (seeds, 4) accuracies by setting and algorithm, in the paper's order of columns.
        above: the same by name, for what stands above the table.
    """
    rows = [["", name, *map(shown, values.T)] for name, values in above.items()]
    for (setting, algorithm), cells in paper(dataset).items():
        rows.append([setting, f"{algorithm.upper()}, ours", *map(shown, ours[setting, algorithm].T)])
        printed = [f"*{cell.mean:.1f} ± {cell.half_width:.1f}*" for cell in cells]
        rows.append(["", f"*{algorithm.upper()}, paper*", *printed])
    titles = ["", "", "easy test", "hard test", "easy train", "hard train"]
    return markdown(titles, [[*row[:2], *row[4:], *row[2:4]] for row in rows], "llrrrr")


def provenance(found: Iterable[dict[str, Any]], configurations: Sequence[Configuration]) -> str:
    """Return in a sentence what records there are of these configurations: how many, seeds, lengths, machines, cost.

    The cost of a run is that of its training over the runs that were trained together; a training that was evaluated
    in several ways counts once.

    Args:
        found: contents of records, see `records.read`.
        configurations: of the runs; the device of a record may be another.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> c = configure("omniglot", "maml", "book")
        >>> rest = {"configuration": c.values(), "tier": "book", "seconds": 7200.0, "runs_trained_together": 2}
        >>> rest["hardware"] = {"gpu": None, "processor": "P", "cores": 1}
        >>> provenance([rest | {"seed": 1}, rest | {"seed": 3}], [c])
        'Tier book: 2 runs, seeds 1 and 3, 1,000 iterations, 500 test tasks; 2.0 process-hours with tests on P, 1 core.'
    """
    own = [one for one in found if any(same(one["configuration"], c) for c in configurations)]
    if not own:
        return "There is no record of these runs."
    lengths = sorted({one["configuration"]["iterations"] for one in own})
    iterations = " or ".join([*(f"{n:,}" for n in lengths[:-1]), counted(lengths[-1], "iteration")])
    tiers = " and ".join(sorted({one["tier"] for one in own}))
    tasks = " and ".join(sorted({str(one["configuration"]["evaluation_tasks"]) for one in own}))
    seeds = _listed(sorted({one["seed"] for one in own}))
    cost = {_training(one): one["seconds"] / one["runs_trained_together"] for one in own}
    return (
        f"Tier {tiers}: {counted(len(cost), 'run')}, {seeds}, {iterations}, {tasks} test tasks; "
        f"{sum(cost.values()) / 3600:.1f} process-hours with tests on {' and '.join(sorted(set(map(machine, own))))}."
    )


def linked(folders: Iterable[str]) -> str:
    """Return in Markdown the names of folders of records, each with a link to what the page of records says of it.

    Example:
        >>> linked(["omniglot-large-maml"])
        '[`omniglot-large-maml`](#records-omniglot-large-maml)'
    """
    return ", ".join(f"[`{folder}`](#records-{folder})" for folder in sorted(set(folders)))


def machine(record: Mapping[str, Any]) -> str:
    """Name the machine that made a record: its GPU, or its processor and cores."""
    hardware = record["hardware"]
    return str(hardware["gpu"] or f"{hardware['processor']}, {counted(hardware['cores'], 'core')}")


def _listed(seeds: Sequence[int]) -> str:
    """Name seeds in ascending order, three or more without a gap by the first and the last."""
    *others, last = map(str, seeds)
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"seeds {others[0]} to {last}"
    return f"seeds {', '.join(others)} and {last}" if others else f"seed {last}"


def _training(record: dict[str, Any]) -> str:
    """Return what tells a training from others: its options but those of evaluation, and its seed."""
    one, seed = run(record)
    options = {name: value for name, value in one.values().items() if not name.startswith("evaluation")}
    return json.dumps([options | {"device": ""}, seed], sort_keys=True)


def reproduced(cell: Mean, ours: Sequence[float], points: float) -> bool:
    """Return whether our mean is within `points` of the paper's, or within both half-widths together if that is more.

    Args:
        cell: of the paper.
        ours: at least one accuracy, in percent; a single one has no half-width.
        points: of a percent.

    Raises:
        ValueError: if there is no accuracy of ours, which neither reproduces a cell nor fails to.

    Example:
        >>> reproduced(Mean(81.2, 0.3), [80.0, 81.0, 79.0], points=3.0), reproduced(Mean(81.2, 0.3), [60.0, 61.0], 3.0)
        (True, False)
    """
    if not len(ours):
        raise ValueError("ours must have at least one accuracy to compare with the paper's; got none")
    mean, half_width = mean_interval(ours)
    widths = cell.half_width + (half_width if math.isfinite(half_width) else 0.0)
    return abs(mean - cell.mean) <= max(points, widths)


def paired(one: ArrayLike, other: ArrayLike) -> Interval:
    r"""Return the 95 % interval of a difference of means where each value has its partner, as runs of one seed.

    :func:`mean_interval` of :math:`x_i-y_i`: Student's, with n − 1 degrees of freedom. One pair gives the whole line.

    Raises:
        ValueError: if there are not equally many values on both sides, at least one.

    Example:
        >>> low, high = paired([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])  # differences 0, 1, 2: s = 1, t = 4.303
        >>> round(low, 3), round(high, 3)
        (-1.484, 3.484)
    """
    x, y = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if x.shape != y.shape or not len(x):
        raise ValueError(f"one and other must have equally many values, at least one; got {len(x)} and {len(y)}")
    mean, half_width = mean_interval((x - y).tolist())
    return Interval(mean - half_width, mean + half_width)


def difference(one: ArrayLike, other: ArrayLike) -> Interval:
    r"""Return the 95 % interval of a difference of means, for independent samples of unequal variance.

    Welch's :math:`\bar x-\bar y \pm t_\nu\sqrt{s_x^2/n_x+s_y^2/n_y}`, with Satterthwaite's degrees of freedom
    :math:`\nu`. With fewer than two values on a side it is the whole line.

    Args:
        one: (n,) values, assumed normal.
        other: (m,) values, the same.

    Example:
        >>> low, high = difference([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])  # s² = 1, ν = 4, t = 2.776
        >>> round(low, 3), round(high, 3)
        (-2.267, 2.267)
    """
    x, y = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if min(len(x), len(y)) < 2:
        return Interval(-math.inf, math.inf)
    gap = float(x.mean() - y.mean())
    if x.var() + y.var() == 0:
        return Interval(gap, gap)
    found = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.95)
    return Interval(float(found.low), float(found.high))
