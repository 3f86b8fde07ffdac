"""What the adviser says: a verdict, the numbers behind it with their intervals, and what they rest on."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paperlib.adviser.groups import Told
from paperlib.arguments import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEARNERS = {"erm": "ERM's", "weighted": "weighted ERM's", "maml": "MAML's"}


@dataclass(frozen=True, repr=False)
class Report:
    """The answer of `advise`: it prints, `to_dict` holds its numbers, `plot` draws them, `start` is what to begin with.

    `estimates` and `intervals` (90 %) have a risk, a ratio or a rate by name; `shares` says for each question that
    was asked which share of the resamples says yes. `start`, (d,) or (d, outputs), and `rate` are what these tasks
    themselves afford: of the `learner` whose start, trained on them, has the least expected loss (`trained`), or,
    if `validated`, of what K-fold validation chooses. Rates and risks are those of the features as they were given.
    """

    verdict: str
    why: str
    suffices: str
    m: float
    alpha: float | None
    estimates: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    shares: dict[str, float]
    tasks_needed: float
    samples_share: float
    other_m: dict[float, str]
    curvatures: Array
    environment: list[dict[str, Told]]
    hard_tasks: list[int]
    hard_directions: Array
    lights: dict[str, tuple[str, str]]
    calibration: dict[str, float]
    trained: dict[str, float]
    learner: str
    rate: float
    start: Array
    validated: bool
    tasks_used: int
    tasks_given: int

    @property
    def wall(self) -> str:
        """What keeps MAML's risk up: samples of the step, or geography, the spread and the place of the optima."""
        if math.isnan(self.samples_share):
            return "not told"
        return "samples" if self.samples_share > 0.5 else "geography"

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain Python, ready for JSON but for infinities."""
        best, at_alpha = self.estimates, self.alpha is not None
        gain = "gain" if at_alpha else "gain_best"
        return {
            "verdict": self.verdict,
            "why": self.why,
            "suffices": self.suffices,
            "m": self.m,
            "alpha": self.alpha,
            "gain": best[gain],
            "gain_interval": list(self.intervals[gain]),
            "gain_best": best["gain_best"],
            "gain_best_interval": list(self.intervals["gain_best"]),
            "risk_erm": best["risk_erm"],
            "risk_erm_interval": list(self.intervals["risk_erm"]),
            "risk_maml": best["risk_maml"],
            "risk_maml_interval": list(self.intervals["risk_maml"]),
            "best_alpha": best["best_alpha"],
            "best_alpha_interval": list(self.intervals["best_alpha"]),
            "best_alpha_erm": best["best_alpha_erm"],
            "noise_std": best["noise_std"],
            "noise_std_interval": list(self.intervals["noise_std"]),
            "tasks_needed": self.tasks_needed,
            "wall": self.wall,
            "samples_share": self.samples_share,
            "other_m": {f"{m:.0f}": verdict for m, verdict in self.other_m.items()},
            "shares": dict(self.shares),
            "curvatures": self.curvatures.tolist(),
            "environment": [{name: list(told) for name, told in group.items()} for group in self.environment],
            "hard_tasks": list(self.hard_tasks),
            "hard_directions": self.hard_directions.tolist(),
            "assumptions": {name: {"light": light, "says": text} for name, (light, text) in self.lights.items()},
            "calibration": dict(self.calibration),
            "trained": dict(self.trained),
            "learner": self.learner,
            "rate": self.rate,
            "validated": self.validated,
            "tasks_used": self.tasks_used,
            "tasks_given": self.tasks_given,
        }

    def __str__(self) -> str:
        return "\n".join([f"{self.verdict}: {self.why}", *(f"  {name:<24} {text}" for name, text in self._rows())])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
            for name, text in self._rows()
        )
        head = f"<caption><strong>{html.escape(self.verdict)}</strong>: {html.escape(self.why)}</caption>"
        return f"<table>{head}<tbody>{rows}</tbody></table>"

    def plot(self) -> Figure:
        """Return a figure: how hard the tasks are, the gain with its interval, and what was foretold and measured."""
        import matplotlib.pyplot as plt

        from paperlib.plotting import MARKS, REFERENCE

        tall = [2.7, 1.0, 2.7][: 2 + bool(self.calibration)]  # one above the other: so they fit a phone
        figure, axes = plt.subplots(len(tall), figsize=(5.0, sum(tall)), height_ratios=tall, layout="constrained")
        order = np.argsort(self.curvatures)
        hard, sorted_ones = np.isin(order, self.hard_tasks), self.curvatures[order]
        looks = {"hard": hard, "easy": ~hard} if self.hard_tasks else {0: ~hard}
        for look, chosen in looks.items():
            axes[0].plot(np.flatnonzero(chosen), sorted_ones[chosen], **MARKS[look], markersize=4, label=str(look))
        axes[0].set(xlabel="task, sorted", ylabel=r"$\mathrm{tr}(\Sigma_i)/d$")
        if self.hard_tasks:
            axes[0].set_yscale("log")
            axes[0].legend()
        names = [name for name in ("gain", "gain_best") if self.alpha is not None or name == "gain_best"]
        for place, name in enumerate(names):
            axes[1].plot(self.intervals[name], [place, place], color=REFERENCE, linestyle="-")
            axes[1].plot(self.estimates[name], place, **MARKS["MAML"])
        labels = {"gain": "at your rate", "gain_best": "each at its best"}
        axes[1].set(yticks=range(len(names)), yticklabels=[labels[one] for one in names], xlabel="ERM's risk / MAML's")
        axes[1].set_ylim(-0.5, len(names) - 0.5)
        for name in ("ERM", "MAML") if self.calibration else ():
            foretold, measured, error = (
                self.calibration[f"{kind}_{name.lower()}"] for kind in ("predicted", "measured", "error")
            )
            axes[2].plot([foretold] * 2, [measured - 2 * error, measured + 2 * error], color=REFERENCE, linestyle="-")
            axes[2].plot(foretold, measured, **MARKS[name], label=name)
            axes[2].axline((foretold, foretold), slope=1, color=REFERENCE, linewidth=0.8)
            axes[2].set(xlabel="loss foretold", ylabel="measured")
            axes[2].legend()
        return figure

    def _rows(self) -> list[tuple[str, str]]:
        def said(name: str) -> str:
            return _said((self.estimates[name], *self.intervals[name]))

        rows = [("what would suffice", self.suffices)] if self.suffices else []
        if self.alpha is not None:
            rows.append((f"gain at alpha = {self.alpha:.3g}", said("gain")))
        rows += [
            ("gain, each at its best", said("gain_best")),
            ("risk of ERM, of MAML", f"{said('risk_erm')}, {said('risk_maml')}"),
            ("best alpha", said("best_alpha")),
            ("the wall", self.wall + self._wall()),
            ("trained MAML wins", self._wins()),
            ("start to take", f"{LEARNERS[self.learner]} at {self.rate:.3g}{' (validated)' * self.validated}"),
        ]
        if self.other_m:
            rows.append(("at other m", "; ".join(f"{m:.0f}: {verdict}" for m, verdict in self.other_m.items())))
        names = ("hard", "easy") if len(self.environment) == 2 else [f"group {i + 1}" for i in range(4)]
        for name, group in zip(names, self.environment, strict=False):
            text = f"curvature {_said(group['curvature'])}, {group['share'][0]:.0%} of tasks, "
            text += f"spread {_said(group['spread'], least=0.0)}, noise {_said(group['noise_std'])}"
            if group is not self.environment[0]:
                text += f", distance from the hardest {_said(group['distance'])}"
            rows.append((name if len(self.environment) > 1 else "all tasks", text))
        if self.hard_tasks:
            listed = ", ".join(map(str, self.hard_tasks[:8])) + ", …" * (len(self.hard_tasks) > 8)
            rows.append(("hard tasks", f"{len(self.hard_tasks)} of {self.tasks_used}: {listed}"))
        rows.append(("least curved along", _direction(self.hard_directions[0])))
        rows.append(("tasks used", f"{self.tasks_used} of {self.tasks_given}"))
        if self.calibration:
            of = self.calibration
            text = f"ERM {of['measured_erm']:.3g} (foretold {of['predicted_erm']:.3g}), "
            text += f"MAML {of['measured_maml']:.3g} (foretold {of['predicted_maml']:.3g})"
            rows.append((f"on {of['tasks']:.0f} tasks held out", text))
        return rows + [(name, f"{light}: {text}") for name, (light, text) in self.lights.items()]

    def _wall(self) -> str:
        share = self.samples_share
        return "" if math.isnan(share) else f", {share:.0%} of MAML's risk would go with endless samples for the step"

    def _wins(self) -> str:
        if math.isinf(self.tasks_needed):
            return "never"
        return f"from {math.ceil(self.tasks_needed)} tasks on" if self.tasks_needed > 1.0 else "from the first task on"


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
    return f"{estimate:.3g} ({low:.3g} to {high:.3g})"
