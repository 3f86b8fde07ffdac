"""What the adviser says: a verdict, the numbers behind it with their intervals, and what they rest on."""

from __future__ import annotations

import html
import math
import textwrap
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paperlib.adviser.groups import Told
from paperlib.adviser.lights import Basis
from paperlib.adviser.moments import Name
from paperlib.arguments import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEARNERS = {"erm": "ERM's", "weighted": "weighted ERM's", "maml": "MAML's"}
INTERVALS = ("gain_best", "risk_erm", "risk_maml", "best_alpha", "noise_std")
PLAIN = "verdict why suffices m alpha tasks_needed wall samples_share shares left_out hard_tasks calibration trained"
PLAIN += " learner rate validated tasks_used tasks_given"
WIDTH, NAMED = 100, 8  # columns of what is printed, and tasks that it names
NUMBERS = "Numbers, with 90% intervals. A risk is the loss after the step, less what noise alone costs."
GROUPS = "Tasks. Hard ones have a small mean square of the features. Optimum: a task's own least squares."
LIGHTS = "What this rests on, and how sure that is: green, amber or red."


@dataclass(frozen=True, repr=False)
class Report(Basis):
    """The answer of `advise`: it prints, `to_dict` has its numbers, `plot` draws them, `start` is what to begin with.

    A risk is :math:`F_m(w)`, Eq. (1), less the floor that no start changes, on the features as they were given. Tasks
    that were used are in `names`, those too small in `left_out`. What is no part of the answer is computed when read:
    `environment`, `hard_tasks` (the hardest group), `hard_directions`, `curvatures`, `lights`, `calibration`,
    `other_m`, `samples_share`, `held_out` (each task's loss, held out, from ERM's start, MAML's, and solved outright).

    Attributes:
        data: the tasks that were used, in the axes that their features span.
        question: what the resamples were asked, at m samples of the step and at alpha.
        folds: which tasks are held out together.
        rates: of each learner, alpha or its best.
        seed: of the resamples and of the split into folds.
        estimates: of risks, of ratios of risks and of rates, by name.
        verdict: one of `VERDICTS`.
        why, suffices: the reason in words, and what would decide it, empty where it is decided.
        shares: of the resamples that say yes, by the question that was asked.
        intervals: of the estimates, 90%, by name.
        tasks_needed: so many tasks to train on, and MAML's start is better than ERM's; infinite where none are enough.
        trained: expected loss of each learner's start, trained on these tasks.
        learner: whose start `start` is.
        rate: of the step from there.
        start: (d,) or (d, outputs), what these tasks themselves afford: with the least loss in `trained`.
        validated: whether K-fold validation chose `learner`, `rate` and `start` instead.

    Example:
        >>> from paperlib.adviser.advice import advise
        >>> report = advise([(X, 2 * X[:, 0]) for X in np.random.default_rng(0).normal(size=(20, 9, 1))], m=5)
        >>> report.start.round(6), report.verdict  # every task has its optimum at 2
        (array([2.]), 'ERM')
    """

    verdict: str
    why: str
    suffices: str
    shares: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    tasks_needed: float
    trained: dict[str, float]
    learner: str
    rate: float
    start: Array
    validated: bool

    @property
    def wall(self) -> str:
        """What keeps MAML's risk up, samples of the step or geography (the spread and the place of the optima)."""
        if math.isnan(self.samples_share):
            return "not told"
        return "samples" if self.samples_share > 0.5 else "geography"

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain Python, ready for JSON but for infinities."""
        gain = "gain" if self.alpha is not None else "gain_best"
        told = {"gain": gain, **{name: name for name in INTERVALS}}
        return {
            **{name: deepcopy(getattr(self, name)) for name in PLAIN.split()},
            **{name: self.estimates[source] for name, source in told.items()},
            **{f"{name}_interval": list(self.intervals[source]) for name, source in told.items()},
            "best_alpha_erm": self.estimates["best_alpha_erm"],
            "tasks": list(self.names),
            "other_m": {f"{m:.0f}": verdict for m, verdict in self.other_m.items()},
            "curvatures": self.curvatures.tolist(),
            "environment": [{name: list(told) for name, told in group.items()} for group in self.environment],
            "hard_directions": self.hard_directions.tolist(),
            "assumptions": {name: {"light": light, "says": text} for name, (light, text) in self.lights.items()},
            "held_out": {str(name): list(losses) for name, losses in self.held_out.items()},
        }

    def __str__(self) -> str:
        lines = [textwrap.fill(f"{self.verdict}: {self.why}", WIDTH, subsequent_indent="  ")]
        for title, rows in self._sections().items():
            lines += ["", title] if title else []
            lines += [textwrap.fill(f"  {row:<24} {text}", WIDTH, subsequent_indent=" " * 27) for row, text in rows]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = ""
        for title, section in self._sections().items():
            rows += f'<tr><th scope="rowgroup" colspan="2">{html.escape(title)}</th></tr>' if title else ""
            for name, text in section:
                rows += f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
        head = f"<caption><strong>{html.escape(self.verdict)}</strong>: {html.escape(self.why)}</caption>"
        return f'<table class="table">{head}<tbody>{rows}</tbody></table>'

    def plot(self) -> Figure:
        """Return a figure: how hard the tasks are, the gain with its interval, and what was predicted and measured."""
        import matplotlib.pyplot as plt

        from paperlib.plotting import MARKS, REFERENCE

        tall = [2.7, 1.0, 2.7][: 2 + bool(self.calibration)]  # one above the other: so they fit a phone
        figure, axes = plt.subplots(len(tall), figsize=(5.0, sum(tall)), height_ratios=tall, layout="constrained")
        order = np.argsort(self.curvatures)
        hard, sorted_ones = np.isin(self.names, self.hard_tasks)[order], self.curvatures[order]
        looks = {"hard": hard, "easy": ~hard} if self.hard_tasks else {0: ~hard}
        for look, chosen in looks.items():
            axes[0].plot(np.flatnonzero(chosen), sorted_ones[chosen], **MARKS[look], markersize=4, label=str(look))
        axes[0].set(xlabel="task, sorted", ylabel="mean square of features")
        if self.hard_tasks:
            axes[0].set_yscale("log")
            axes[0].legend()
        gains = [("gain", "at your step"), ("gain_best", "each at its best")][self.alpha is None :]
        for place, (name, _) in enumerate(gains):
            axes[1].plot(self.intervals[name], [place, place], color=REFERENCE, linestyle="-")
            axes[1].plot(self.estimates[name], place, **MARKS["MAML"])
        axes[1].axvline(1.0, color=REFERENCE, linewidth=0.8)
        labels, low_high = [label for _, label in gains], (-0.5, len(gains) - 0.5)
        axes[1].set(yticks=range(len(gains)), yticklabels=labels, ylim=low_high, xlabel="ERM's risk / MAML's")
        for name in ("ERM", "MAML") if self.calibration else ():
            kinds = (f"{kind}_{name.lower()}" for kind in ("predicted", "measured", "error"))
            predicted, measured, error = (self.calibration[kind] for kind in kinds)
            axes[2].plot([predicted] * 2, [measured - 2 * error, measured + 2 * error], color=REFERENCE, linestyle="-")
            axes[2].plot(predicted, measured, **MARKS[name], label=name)
            axes[2].axline((predicted, predicted), slope=1, color=REFERENCE, linewidth=0.8)
            axes[2].set(xlabel="loss predicted", ylabel="measured")
            axes[2].legend()
        return figure

    def _sections(self) -> dict[str, list[tuple[str, str]]]:
        """Return the rows of what is printed, each a name and a text, by the titles of its sections."""
        red = ", ".join(name for name, (light, _) in self.lights.items() if light == "red")
        both = {"what would decide it": self.suffices, "before you use this": f"red at the end: {red}" * bool(red)}
        told = [*self._agreement(), *((name, f"{light}: {text}") for name, (light, text) in self.lights.items())]
        top = [row for row in both.items() if row[1]]
        return {"": top, NUMBERS: self._numbers(), GROUPS: self._tasks(), LIGHTS: told}

    def _numbers(self) -> list[tuple[str, str]]:
        def said(name: str) -> str:
            return _said((self.estimates[name], *self.intervals[name]), least=0.0)

        needed, alone = self.tasks_needed, dict.fromkeys(self.other_m.values(), "")
        for m, verdict in self.other_m.items():
            alone[verdict] += f"{', ' * bool(alone[verdict])}{m:g}"
        wins = "no number is better than ERM" if math.isinf(needed) else f"{math.ceil(max(needed, 1.0))} or more"
        reached = f"{LEARNERS[self.learner]} (report.start), with a step of {self.rate:.3g}"
        if self.verdict in ("MAML", "weighted ERM", "ERM") and not LEARNERS[self.learner].startswith(self.verdict):
            reached += "; the verdict is for tasks like these"
        words = "; ".join(f"{verdict} with m = {ms}" for verdict, ms in alone.items())
        both = f"{said('gain')}: ERM's risk over MAML's"
        own = [] if self.alpha is None else [(f"gain, both at {self.alpha:.3g}", both)]
        last = [("the estimates alone say", f"{words}, whether or not resamples agree")] if words else []
        return [
            *own,
            ("gain, each at its best", f"{said('gain_best')}: ERM's risk over MAML's, each with its own step"),
            ("risk of ERM", said("risk_erm")),
            ("risk of MAML", said("risk_maml")),
            ("what limits MAML's risk", self._limit()),
            ("MAML's best step", said("best_alpha")),
            ("tasks to train MAML on", wins),
            ("start for these tasks", reached + ", the best on tasks held out" * self.validated),
            *last,
        ]

    def _limit(self) -> str:
        if self.wall == "not told":
            return self.wall
        text = "samples of the step" if self.wall == "samples" else "geography, where the tasks' optima lie"
        return f"{text}; endlessly many samples would spare {self.samples_share:.1%} of the risk"

    def _tasks(self) -> list[tuple[str, str]]:
        few = f": too small are {_listed(self.left_out)}" if self.left_out else ""
        rows = [("used", f"{self.tasks_used} of {self.tasks_given}{few}")]
        names = {1: ["all tasks"], 2: ["hard group", "easy group"]}.get(len(self.environment), [])
        for place, group in enumerate(self.environment):
            text = f"{group['share'][0]:.0%} of the tasks; mean square {_said(group['curvature'])}, variance of the "
            text += f"optima {_said(group['spread'], least=0.0)}, noise {_said(group['noise_std'])}"
            text += f", distance from the hardest group {_said(group['distance'])}" * bool(place)
            name = names[place] if names else f"group {place + 1}{' (hardest)' * (not place)}"
            rows.append((name, text if math.isfinite(group["curvature"][0]) else "one task"))
        if self.hard_tasks:
            rows.append(("hard tasks", f"{len(self.hard_tasks)} of {self.tasks_used}: {_listed(self.hard_tasks)}"))
        return [*rows, ("features vary least", f"along {_direction(self.hard_directions[0])}")]

    def _agreement(self) -> list[tuple[str, str]]:
        of, losses = self.calibration, np.array(list(self.held_out.values()))
        if not of:
            return []
        worst = sorted(self.held_out, key=lambda name: -self.held_out[name][1])[:3]
        text = f"mean loss with ERM {of['measured_erm']:.3g} ({of['predicted_erm']:.3g} was predicted), with MAML "
        text += f"{of['measured_maml']:.3g} ({of['predicted_maml']:.3g}), noise included; MAML's is smaller on "
        text += f"{(losses[:, 1] < losses[:, 0]).sum()} of them, and largest on {_listed(worst)}"
        spared = losses[:, losses[:, :2].mean(axis=0).argmin()] - losses[:, 2]
        sure = abs(spared.mean()) > 2.0 * spared.std(ddof=1) / math.sqrt(len(spared))
        beside = ("more than" if spared.mean() < 0.0 else "less than") if sure else "not told from that"
        outright = f"mean loss {of['measured_solved']:.3g}, {beside} after the step; by ridge regression on its samples"
        held_out = f"{of['tasks']:.0f} tasks, held out"
        return [(held_out, text), ("solved outright instead", f"{outright}, towards ERM's start")]


def _listed(names: list[Name]) -> str:
    """Return what tasks are called, the first of them; those without a name by their places."""
    kind = "" if isinstance(names[0], str) else "number "
    return f"{kind}{', '.join(map(str, names[:NAMED]))}{', …' * (len(names) > NAMED)}"


def _direction(v: Array) -> str:
    """Return a direction, the first of its large entries positive; of more than six entries the three largest."""
    v = v * np.sign(v[np.argmax(np.abs(v) >= 0.5 * np.abs(v).max())])
    if len(v) <= 6:
        return f"({', '.join(f'{entry:.2f}' for entry in v)})"
    return ", ".join(f"{v[i]:.2f} in feature {i}" for i in np.argsort(-np.abs(v))[:3])


def _said(told: Told, least: float = -math.inf) -> str:
    """Return an estimate with its interval; one without bias may fall below the least that there can be."""
    if math.isnan(told[0]):
        return "not told"
    estimate, low, high = (max(value, least) for value in told)
    if high <= 0.0:
        return "none that can be told"
    if math.isinf(high):
        return f"{estimate:.3g} (no interval)" if low <= 0.0 else f"{estimate:.3g} ({low:.3g} or more)"
    return f"{estimate:.3g} ({low:.3g} to {high:.3g})"
