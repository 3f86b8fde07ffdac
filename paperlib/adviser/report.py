"""What the adviser says: a verdict, the numbers behind it with their intervals, and what they rest on."""

from __future__ import annotations

import html
import math
import textwrap
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paperlib.adviser import words
from paperlib.adviser.lights import Basis
from paperlib.adviser.picture import picture
from paperlib.adviser.verdicts import VERDICTS
from paperlib.arguments import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEARNERS = {"erm": "ERM's", "weighted": "weighted ERM's", "maml": "MAML's"}
INTERVALS = ("gain_best", "risk_erm", "risk_maml", "best_alpha", "noise_std")
PLAIN = "verdict why suffices m alpha tasks_needed wall samples_share shares left_out hard_tasks calibration trained"
PLAIN += " learner rate validated tasks_used tasks_given features"
WIDTH = 100  # columns of what is printed
SMALL = ("ERM", "a representation")  # verdicts that MAML's gain is too small to count
NUMBERS = "Numbers, with 90% intervals. A risk is the loss after the step, less what noise alone costs."
GROUPS = "Tasks. Hard ones have a small mean square of the features. Optimum: a task's own least squares."
LIGHTS = "What this rests on: green, amber or red. Taken for granted: tasks and samples are independent."


@dataclass(frozen=True, repr=False)
class Report(Basis):
    """The answer of `advise`: it prints, `to_dict` has its numbers, `plot` draws them, `start` is what to begin with.

    A risk is :math:`F_m(w)`, Eq. (1), less the floor that no start changes, on the features as they were given. Tasks
    that were used are in `names`, those too small in `left_out`; `features` has the names of columns, or places from 0
    where there are none; `to_dict` has `start` as a list. What is no part of the answer is computed when read:
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
            "start": self.start.tolist(),
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
        hard, names = np.isin(self.names, self.hard_tasks), {"gain": "at your step", "gain_best": "each at its best"}
        gains = {names[one]: (self.estimates[one], *self.intervals[one]) for one in [*names][self.alpha is None :]}
        return picture(self.curvatures, hard, gains, self.calibration)

    def _sections(self) -> dict[str, list[tuple[str, str]]]:
        """Return the rows of what is printed, each a name and a text, by the titles of its sections."""
        red = ", ".join(name for name, (light, _) in self.lights.items() if light == "red")
        both = {"what would decide it": self.suffices, "before you use this": f"red at the end: {red}" * bool(red)}
        told = [*self._agreement(), *((name, f"{light}: {text}") for name, (light, text) in self.lights.items())]
        top = [row for row in both.items() if row[1]]
        return {"": top, NUMBERS: self._numbers(), GROUPS: self._tasks(), LIGHTS: told}

    def _numbers(self) -> list[tuple[str, str]]:
        def said(name: str) -> str:
            return words.estimate((self.estimates[name], *self.intervals[name]), least=0.0)

        gain = [("gain, each at its best", f"{said('gain_best')}: ERM's risk over MAML's, each with its own step")]
        if self.alpha is not None:
            gain.insert(0, (f"gain, both at {self.alpha:.3g}", f"{said('gain')}: ERM's risk over MAML's"))
        return [
            *gain,
            *self._spared(),
            ("risk of ERM", said("risk_erm")),
            ("risk of MAML", said("risk_maml")),
            ("what limits MAML's risk", self._limit()),
            ("MAML's best step", said("best_alpha")),
            ("tasks to train MAML on", self._needed()),
            ("start for these tasks", self._start()),
            *self._at_their_word(),
        ]

    @property
    def _untold(self) -> bool:
        """Whether the interval of the gain that was asked for holds 1."""
        return self.intervals["gain_best" if self.alpha is None else "gain"][0] <= 1.0

    def _spared(self) -> list[tuple[str, str]]:
        if not self.calibration or self.calibration["measured_erm"] <= 0.0:
            return []
        erm, maml, _ = np.array(list(self.held_out.values())).T
        share, sure = abs(1.0 - maml.mean() / erm.mean()), "" if _sure(erm - maml) else "; not told from none"
        beside = f"{share:.{int(share < 0.1)}%} {'against' if maml.mean() <= erm.mean() else 'more than'} ERM"
        text = f"MAML {'spares' if maml.mean() <= erm.mean() else 'loses'} {beside}, noise included, on tasks held out"
        return [("of the whole loss", text + sure)]

    def _needed(self) -> str:
        if self.verdict in SMALL:
            return "no number makes a difference that can be told"
        if math.isinf(self.tasks_needed):
            return "not told" if self.verdict == VERDICTS[-1] else "no number is better than ERM"
        return f"{math.ceil(max(self.tasks_needed, 1.0))} or more" + ", if there is a gain at all" * self._untold

    def _start(self) -> str:
        other = not LEARNERS[self.learner].startswith(self.verdict)
        text = f"{LEARNERS[self.learner]}, {words.numbers(self.start)}, with a step of {self.rate:.3g}"
        if self.validated:
            text += ", the best on tasks held out"
        elif self.learner != "erm" and self.verdict in SMALL:
            return f"{text}; against ERM's it makes no difference that can be told"
        elif self.learner != "erm" and self._untold:
            return f"{text}; that it is better than ERM's is not told"
        return text + "; the verdict is for tasks like these" * (other and self.verdict in VERDICTS[:3])

    def _at_their_word(self) -> list[tuple[str, str]]:
        if self.verdict in ("ERM", VERDICTS[-1]):
            return []
        alone = {verdict: [f"{m:g}" for m, one in self.other_m.items() if one == verdict] for verdict in VERDICTS}
        text = "; ".join(f"{verdict} with m = {', '.join(ms)}" for verdict, ms in alone.items() if ms)
        return [("the estimates alone say", f"{text}; no verdict, resamples may disagree")] if text else []

    def _limit(self) -> str:
        if self.wall == "not told":
            return self.wall
        text = "samples of the step" if self.wall == "samples" else "geography, where the tasks' optima lie"
        return f"{text}; endlessly many samples would spare {self.samples_share:.1%} of the risk"

    def _tasks(self) -> list[tuple[str, str]]:
        few = f": too small are {words.listed(self.left_out)}" if self.left_out else ""
        rows = [("used", f"{self.tasks_used} of {self.tasks_given}{few}")]
        known = f": {words.listed(self.features)}" if isinstance(self.features[0], str) else ", without names"
        rows.append(("features", f"{len(self.features)}{known}"))
        names = {1: ["all tasks"], 2: ["hard group", "easy group"]}.get(len(self.environment), [])
        for place, group in enumerate(self.environment):
            spread, noise = words.estimate(group["spread"], least=0.0), words.estimate(group["noise_std"])
            text = f"{group['share'][0]:.0%} of the tasks; mean square {words.estimate(group['curvature'])}, "
            text += f"variance of the optima {spread}, noise {noise}"
            text += f", distance from the hardest group {words.estimate(group['distance'])}" * bool(place)
            name = names[place] if names else f"group {place + 1}{' (hardest)' * (not place)}"
            rows.append((name, text if math.isfinite(group["curvature"][0]) else "one task"))
        if self.hard_tasks:
            rows.append(("hard tasks", f"{len(self.hard_tasks)} of {self.tasks_used}: {words.listed(self.hard_tasks)}"))
        return [*rows, ("features vary least", f"along {words.direction(self.hard_directions[0], self.features)}")]

    def _agreement(self) -> list[tuple[str, str]]:
        of, losses = self.calibration, np.array(list(self.held_out.values()))
        if not of:
            return []
        worst = sorted(self.held_out, key=lambda name: -self.held_out[name][1])[:3]
        text = f"mean loss with ERM {of['measured_erm']:.3g} ({of['predicted_erm']:.3g} was predicted), with MAML "
        text += f"{of['measured_maml']:.3g} ({of['predicted_maml']:.3g}), noise included; MAML's is smaller on "
        text += f"{(losses[:, 1] < losses[:, 0]).sum()} of them, and largest on {words.listed(worst)}"
        spared = losses[:, losses[:, :2].mean(axis=0).argmin()] - losses[:, 2]
        told = "more than" if spared.mean() < 0.0 else "less than"
        beside = told if _sure(spared) else "not told from that"
        outright = f"mean loss {of['measured_solved']:.3g}, {beside} after the step; by ridge regression on its samples"
        held_out = f"{of['tasks']:.0f} tasks, held out"
        return [(held_out, text), ("solved outright instead", f"{outright}, towards ERM's start")]


def _sure(differences: Array) -> bool:
    """Tell whether the mean of differences on tasks lies two standard errors from zero."""
    return abs(float(differences.mean())) > 2.0 * float(differences.std(ddof=1)) / math.sqrt(len(differences))
