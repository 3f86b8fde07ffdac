"""The field: learners side by side on the same tasks, with what each costs, drawn from records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import yaml
from matplotlib.figure import Figure

from paperlib import costs, plotting, tables
from paperlib.fewshot.accuracies import KINDS, Floats, mean_interval, shown
from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.learners import STEPS
from paperlib.records import run
from paperlib.runtime import book

Column = tuple[int, int]  # phase and kind, counted as in `tables.scores`
MAML, PIXELS, BLURRED = "MAML, one step", "class means of pixels", "class means of blurred pixels"
NAMED, SHUFFLED, HALF = "ERM with names, class means", "ERM, names shuffled", "ERM, names of half the batches shuffled"
LONG_NAMED, LONG_MAML = "ERM with names, ten times as long", "MAML, ten times as long"
SINGLE = {"tasks": 2, "iterations": 800}  # images one by one, a quarter of what others have in an iteration
LEARNERS: dict[str, dict[str, Any]] = {
    PIXELS: {"algorithm": "erm", "iterations": 1, "readout": "pixels"},
    BLURRED: {"algorithm": "erm", "iterations": 1, "readout": "blurred-pixels"},
    "untrained, one step": {"algorithm": "erm", "iterations": 1, "evaluation_steps": 1},
    "untrained, five steps": {"algorithm": "erm", "iterations": 1, "evaluation_steps": 5},
    "untrained, class means": {"algorithm": "erm", "iterations": 1, "readout": "class-means"},
    "ERM of the paper, rate 10⁻⁶": {"algorithm": "erm", "evaluation_steps": 1},
    "ERM of the paper, rate 10⁻³": {"algorithm": "erm", "lr": 1e-3, "evaluation_steps": 1},
    SHUFFLED: {"algorithm": "named-erm", **SINGLE, "shuffled": 1.0},
    HALF: {"algorithm": "named-erm", **SINGLE, "shuffled": 0.5},
    NAMED: {"algorithm": "named-erm", **SINGLE},
    "ERM with names, a step": {"algorithm": "named-erm", **SINGLE, "readout": "steps", "evaluation_steps": 1},
    "prototypical network": {"algorithm": "prototypical"},
    "ANIL": {"algorithm": "anil", "inner_lr": 0.3},  # by the rule in book/paper_values.yml
    "first-order MAML": {"algorithm": "fomaml"},
    MAML: {"algorithm": "maml"},
    "MAML, five steps": {"algorithm": "maml", "steps": 5, "evaluation_steps": 5},
    "MAML's features, class means": {"algorithm": "maml", "readout": "class-means"},
    LONG_NAMED: {"algorithm": "named-erm", **SINGLE, "iterations": 10 * SINGLE["iterations"]},
    LONG_MAML: {"algorithm": "maml", "iterations": 3000},
}
DRAWN = (  # in the figure; the table has all
    *(LONG_NAMED, NAMED, "prototypical network", LONG_MAML, "MAML, five steps", MAML, "MAML's features, class means"),
    *("ANIL", "first-order MAML", SHUFFLED, "ERM of the paper, rate 10⁻⁶"),
)
RIVALS = (NAMED, "prototypical network", "MAML, five steps", "first-order MAML", "ANIL", "ERM of the paper, rate 10⁻³")
UNTRAINED = ("untrained, five steps", "untrained, class means")
PAIRS = {  # what the rules in book/paper_values.yml compare: a learner, another, and by how many points at least
    "named-erm-beats-maml": (NAMED, MAML, 0.0),
    "prototypical-beats-maml": ("prototypical network", MAML, 0.0),
    "five-steps-help": ("MAML, five steps", MAML, 0.0),
    "steps-are-not-needed": ("MAML's features, class means", MAML, -1.0),
    "names-are-what-teaches": (NAMED, SHUFFLED, 5.0),
    "maml-beats-pixels": (MAML, BLURRED, 0.0),
}


@dataclass(frozen=True, eq=False)
class Entry:
    """What records say of one learner.

    Attributes:
        configuration: of its runs.
        scores: (seeds, phases, kinds) accuracies in percent.
        seeds: of these, in order.
        seconds: of processor time in training, mean over runs; not a number where no record says it.
        memory: bytes at the peak of a process that trained this run alone; 0 where no record says it. In records older
            than `runtime.forget_peak` reading the data set and evaluation count too.
        folders: where the records lie.
    """

    configuration: Configuration
    scores: Floats
    seeds: tuple[int, ...]
    seconds: float
    memory: float
    folders: frozenset[str]

    @property
    def operations(self) -> float:
        """Return the floating-point operations of training, evaluation apart, as `costs` counts them."""
        return costs.training(self.configuration)


def learners(dataset: str, **common: Any) -> dict[str, Configuration]:
    """Return the configuration of each learner of the field at the tier book, by name.

    Args:
        dataset: omniglot or cifar.
        **common: options that all have, unless the learner has its own.
    """
    every = {name: common | given for name, given in LEARNERS.items()}
    return {name: configure(dataset, given.pop("algorithm"), "book", **given) for name, given in every.items()}


def entries(found: Iterable[tuple[Path, dict[str, Any]]], wanted: Mapping[str, Configuration]) -> dict[str, Entry]:
    """Return by name what records, see `records.read`, say of each configuration; without a record it has no seed.

    Where runs are evaluated after two numbers of steps, as on CIFAR, a record tells of either.
    """
    every, result = [(run(v), path, v) for path, v in found if v["metrics"]["evaluation"]], {}
    for name, one in wanted.items():
        own: dict[int, tuple[Path, dict[str, Any], Floats]] = {}
        steps = one.other_steps if one.readout == STEPS else one.evaluation_steps
        for alike, turn in ((replace(one, evaluation_steps=steps), len(one.phases) // 2), (one, 0)):
            for (configuration, seed), path, v in every:
                if configuration == alike:
                    own[seed] = path, v, np.roll(tables.scores([v], alike)[0], turn, axis=0)
        values = [own[seed][1] for seed in sorted(own)]
        used = "core_seconds_training"
        spent = [v[used] / v["runs_trained_together"] for v in values if used in v]
        result[name] = Entry(
            one,
            np.reshape([own[seed][2] for seed in sorted(own)], (-1, len(one.phases), len(KINDS))),
            tuple(sorted(own)),
            float(np.mean(spent)) if spent else np.nan,
            max((float(v.get("peak_memory", 0)) for v in values if v["runs_trained_together"] == 1), default=0.0),
            frozenset(path.parent.name for path, _, _ in own.values()),
        )
    return result


def table(every: Mapping[str, Entry], columns: Mapping[str, Column]) -> str:
    """Return in Markdown accuracies and costs of learners that have records, in the order given, below chance's row.

    Columns are phase and kind of accuracies, by their title.
    """
    titles, rows = ["", *columns, "core seconds", "TFLOP", "peak MB", "seeds"], []
    for name, one in every.items():
        if one.seeds:
            cells = [shown(one.scores[:, phase, kind]) for phase, kind in columns.values()]
            if one.configuration.iterations == 1:
                cells += ["0", "0", "–"]
            else:
                cells.append(f"{one.seconds:,.0f}" if np.isfinite(one.seconds) else "–")
                cells += [f"{one.operations / 1e12:.1f}", f"{one.memory / 2**20:,.0f}" if one.memory else "–"]
            rows.append([name, *cells, str(len(one.seeds))])
            ways = one.configuration.evaluation_easy[0], one.configuration.evaluation_hard[0]
    if rows:
        chance = [f"{100 / ways[kind]:.0f}" for _, kind in columns.values()]
        rows = [["chance", *chance, "0", "0", "–", "–"], *rows]
    return tables.markdown(titles, rows, "l" + "r" * (len(titles) - 1))


def sources(every: Mapping[str, Entry], grid: str) -> str:
    """Return in a sentence which folders the records lie in, with links, and how many learners have none."""
    folders, lacking = {name for e in every.values() for name in e.folders}, sum(not e.seeds for e in every.values())
    said = f"From the records in {tables.linked(folders)}, each with its command." if folders else "There is no record."
    missing = f"`python -m paperlib records --missing --grid grids/{grid}.yml`"
    left = f" Left out are {lacking} of {len(every)} learners, which have no record ({missing})."
    return said + left * bool(lacking)


def against_seconds(every: Mapping[str, Entry], floors: Mapping[str, Floats], columns: Mapping[str, Column]) -> Figure:
    """Draw the accuracy of `DRAWN` learners over what their training cost, and the floors, a panel for each column.

    What has no record, or none that says its cost, is left out. Floors are two (phases, kinds) accuracies by name,
    drawn where no record has them; to them come records of untrained networks. Bars are the 95 % intervals over
    seeds, of three seeds at least.
    """
    figure, axes = plt.subplots(len(columns), 1, figsize=(5, 3.7 * len(columns)), sharex=True, squeeze=False)
    trained = {name: every[name] for name in DRAWN if name in every and every[name].seconds > 0}
    seconds = [one.seconds for one in trained.values()] or [1.0, 100.0]
    ends = 0.7 * min(seconds), 1.2 * max(seconds)
    for axis, (title, column) in zip(axes[:, 0], columns.items(), strict=True):
        recorded = {name: every[name].scores for name in (*floors, *UNTRAINED) if name in every and every[name].seeds}
        given = {name: values[None] for name, values in floors.items()} | recorded
        lines = {name: float(values[:, *column].mean()) for name, values in given.items()}
        marks = {name: float(one.scores[:, column[0], column[1]].mean()) for name, one in trained.items()}
        heights = sorted((lines | marks).items(), key=lambda pair: -pair[1])
        gap = 0.08 * (heights[0][1] - heights[-1][1])  # names nearer to each other than this would touch
        high = place = heights[0][1] + gap
        for name, height in heights:
            place, color, x = min(height, place - gap), plotting.REFERENCE, ends[1]
            if name in lines:
                axis.axhline(height, color=color, lw=0.8)
            else:
                look = plotting.MARKS["MAML" if "MAML" in name else "ERM" if "ERM" in name else 0]
                values, color, x = trained[name].scores[:, *column], look["color"], trained[name].seconds
                spread = mean_interval(list(values)).half_width if len(values) > 2 else np.nan
                axis.errorbar(x, height, yerr=spread, elinewidth=0.8, **look)
            arrow = {"arrowstyle": "-", "lw": 0.6, "ls": ":", "color": plotting.REFERENCE, "relpos": (0, 0.5)}
            rest = {"xytext": (1.1, place), "textcoords": axis.get_yaxis_transform(), "arrowprops": arrow}
            axis.annotate(name, (x, height), va="center", fontsize=9, color=color, annotation_clip=False, **rest)
        axis.set(title=title, ylabel="accuracy (%)", ylim=(min(place, axis.dataLim.y0) - gap, high))
    ticks = [tick for tick in (50, 200, 1000) if ends[0] <= tick <= ends[1]]
    axes[-1, 0].set(xscale="log", xlim=ends, xticks=ticks, xticklabels=ticks, xlabel="core seconds, logarithmic")
    axes[-1, 0].minorticks_off()
    return figure


def lead(every: Mapping[str, Entry], one: str, other: str, columns: Mapping[str, Column]) -> str:
    """Say by how many points one learner is ahead of another, see `verdict`, and for how many times its operations."""
    a, b, title = every[one], every[other], one[0].upper() + one[1:]
    if not set(a.seeds) & set(b.seeds):
        return f"*{title}* and *{other}* have no records of the same seed."
    parts = zip(verdict(a, b, list(columns.values()))[1], columns, strict=True)
    said = ", ".join(f"{gap} points on {column}" for gap, column in parts)
    return f"*{title}* less *{other}*: {said}, for {a.operations / b.operations:.2f} times the operations."


def against(every: Mapping[str, Entry], other: str, columns: Mapping[str, Column]) -> str:
    """Return in Markdown learners less another, and *ahead* or *behind* where the interval leaves out 0."""
    words, rows = {"yes": "ahead", "no": "behind"}, []
    for name, one in every.items():
        if name != other and set(one.seeds) & set(every[other].seeds):
            found = [verdict(one, every[other], [place]) for place in columns.values()]
            rows.append([name, *(f"{gap} *{words.get(word, word)}*" for word, (gap,) in found)])
    return tables.markdown([f"less {other}", *columns], rows, "l" + "r" * len(columns)) if rows else ""


def outcomes(every: Mapping[str, Entry], columns: Mapping[str, Column], floor: str = BLURRED) -> str:
    """Return in Markdown what becomes of the field's rules; pixels, named by `floor`, are not compared in column 1."""
    rules = yaml.safe_load((book() / "paper_values.yml").read_text(encoding="utf-8"))["field"]["sentences"]
    rows = []
    for name, (one, other, mark) in PAIRS.items():
        pair, pixels = (every[one], every[floor if other == BLURRED else other]), other == BLURRED
        if set(pair[0].seeds) & set(pair[1].seeds):
            word, parts = verdict(*pair, list(columns.values())[pixels:], mark)
            rows.append([rules[name], *[""] * pixels, *parts, word])
    table = tables.markdown(["by the rule", *columns, "outcome"], rows, "l" + "r" * len(columns) + "l")
    return table if rows else "There is no record of these runs yet."


def verdict(one: Entry, other: Entry, columns: Sequence[Column], above: float = 0.0) -> tuple[str, list[str]]:
    """Return whether `less` is above some points in all columns, *yes*, *no* or *undecided*, and each in words."""
    gaps, outcomes, said = less(one, other), [], []
    for phase, kind in columns:
        mean, half_width = mean_interval(gaps[:, phase, kind].tolist())
        low, high = mean - half_width, mean + half_width
        outcomes.append("yes" if low > above else "no" if high < above else "undecided")
        digits = 2 if f"{above:+.1f}" in (f"{low:+.1f}", f"{high:+.1f}") else 1  # not an end that looks like the mark
        span = f" ({low:+.{digits}f} to {high:+.{digits}f})" if len(gaps) > 1 else ""
        said.append(f"{mean:+.1f}{span}")
    return next((word for word in ("no", "undecided") if word in outcomes), "yes"), said


def less(one: Entry, other: Entry) -> Floats:
    """Return (seeds, phases, kinds) differences of two learners in points, of the seeds that both have."""
    seeds = sorted({*one.seeds} & {*other.seeds})
    own, others = (entry.scores[[entry.seeds.index(seed) for seed in seeds]] for entry in (one, other))
    return own - others
