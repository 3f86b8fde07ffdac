"""What the adviser says: a verdict, the numbers behind it with their intervals, and what they rest on."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paperlib.arguments import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Report:
    """The answer of `advise`: it prints, `to_dict` holds its numbers, `plot` draws them, `start` is what to begin with.

    `estimates` and `intervals` (90 %) have a risk, a ratio or a rate by name; `shares` says for each question that
    was asked which share of the resamples says yes. `trained` is the expected loss of each learner's start as these
    tasks train it. Rates and risks are those of the features as they were given.
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
    wall: str
    hardness: Array
    groups: Array
    hard_tasks: list[int]
    hard_directions: Array
    lights: dict[str, tuple[str, str]]
    calibration: dict[str, float]
    rates: dict[str, float]
    trained: dict[str, float]
    starts: dict[str, Array]
    tasks_used: int
    tasks_given: int

    @property
    def best(self) -> str:
        """The learner whose start, trained on these very tasks, has the least expected loss: erm, weighted or maml.

        With fewer tasks than `tasks_needed` it is not the learner that wins in the end.
        """
        return min(self.trained, key=self.trained.__getitem__)

    @property
    def start(self) -> Array:
        """The initialisation of `best`, (d,) or (d, outputs), for the step of `rates`."""
        return self.starts[self.best]

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
            "shares": dict(self.shares),
            "hardness": self.hardness.tolist(),
            "groups": self.groups.tolist(),
            "hard_tasks": list(self.hard_tasks),
            "hard_directions": self.hard_directions.tolist(),
            "assumptions": {name: {"light": light, "says": text} for name, (light, text) in self.lights.items()},
            "calibration": dict(self.calibration),
            "trained": dict(self.trained),
            "tasks_used": self.tasks_used,
            "tasks_given": self.tasks_given,
        }

    def __str__(self) -> str:
        return "\n".join([f"{self.verdict}: {self.why}", *(f"  {name:<24} {text}" for name, text in self._rows())])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
            for name, text in self._rows()
        )
        head = f"<caption><strong>{html.escape(self.verdict)}</strong>: {html.escape(self.why)}</caption>"
        return f"<table>{head}<tbody>{rows}</tbody></table>"

    def plot(self) -> Figure:
        """Return a figure of the hardness of the tasks and of the gain with its interval."""
        import matplotlib.pyplot as plt

        from paperlib.plotting import MARKS

        figure, (tasks, gains) = plt.subplots(1, 2, figsize=(7.0, 2.6), layout="constrained")
        order = np.argsort(self.hardness)
        hard = np.isin(order, self.hard_tasks)
        for name, chosen in (("hard", hard), ("easy", ~hard)):
            tasks.plot(np.flatnonzero(chosen), self.hardness[order][chosen], **MARKS[name], label=name)
        tasks.set(yscale="log", xlabel="task, sorted", ylabel=r"$\mathrm{tr}(\Sigma_i)/d$")
        tasks.legend()
        names = [name for name in ("gain", "gain_best") if self.alpha is not None or name == "gain_best"]
        for place, name in enumerate(names):
            low, high = self.intervals[name]
            gains.plot([low, high], [place, place], color="black")
            gains.plot(self.estimates[name], place, **MARKS["MAML"])
        labels = {"gain": "at your rate", "gain_best": "each at its best"}
        gains.set(
            yticks=range(len(names)), yticklabels=[labels[name] for name in names], xlabel="risk of ERM / of MAML"
        )
        gains.set_ylim(-0.5, len(names) - 0.5)
        return figure

    def _wins(self) -> str:
        if math.isinf(self.tasks_needed):
            return "never"
        return f"from {math.ceil(self.tasks_needed)} tasks on" if self.tasks_needed > 1.0 else "from the first task on"

    def _rows(self) -> list[tuple[str, str]]:
        def said(name: str) -> str:
            low, high = self.intervals[name]
            return f"{self.estimates[name]:.3g} ({low:.3g} to {high:.3g})"

        rows = [("what would suffice", self.suffices)] if self.suffices else []
        if self.alpha is not None:
            rows.append((f"gain at alpha = {self.alpha:.3g}", said("gain")))
        rows += [
            ("gain, each at its best", said("gain_best")),
            ("risk of ERM, of MAML", f"{said('risk_erm')}, {said('risk_maml')}"),
            ("best alpha", said("best_alpha")),
            ("noise", said("noise_std")),
            ("what binds", self.wall),
            ("trained MAML wins", self._wins()),
            ("groups of hardness", ", ".join(f"{rho:.3g}" for rho in self.groups)),
            ("hard tasks", f"{len(self.hard_tasks)} of {self.tasks_used}"),
            ("tasks used", f"{self.tasks_used} of {self.tasks_given}"),
        ]
        if self.calibration:
            rows.append(
                (
                    f"on {int(self.calibration['tasks'])} tasks held out",
                    f"ERM {self.calibration['measured_erm']:.3g} (predicted {self.calibration['predicted_erm']:.3g}), "
                    f"MAML {self.calibration['measured_maml']:.3g} ({self.calibration['predicted_maml']:.3g})",
                )
            )
        return rows + [(name, f"{light}: {text}") for name, (light, text) in self.lights.items()]
