"""The adviser's decision: four questions in turn, each answered by the resamples, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from paperlib.adviser.groups import FEWEST
from paperlib.arguments import Array

Numbers = dict[str, float]
LIMITS = {"step": 1.5, "gain": 1.1, "directions": 2.0, "weights": 1.1}
UNTOLD = 0.1  # share of resamples without a curvature, from which on the moments are not believed
SURE = 0.85  # the share of resamples that have to agree
VERDICTS = ("MAML", "weighted ERM", "ERM", "another step", "a representation", "not decidable with these tasks")
QUESTIONS = {
    "step": "another step would divide MAML's risk by 1.5",
    "gain": "ERM's risk is more than 1.1 times MAML's",
    "directions": "a step for each direction of the features would halve MAML's risk",
    "weights": "the risk of ERM with weights on its tasks is more than 1.1 times MAML's",
}


def decide(
    estimates: Numbers, drawn: dict[str, Array], alpha: float | None, tasks: int, told: bool, bent: float, rank: int
) -> tuple[str, str, str, Numbers]:
    """Return verdict, why, what would suffice, and the shares of resamples that said yes to each question."""
    shares: Numbers = {}
    if tasks < FEWEST:
        return VERDICTS[-1], f"{tasks} tasks say too little about tasks to come", f"at least {FEWEST} tasks", shares
    if not told:
        need = f"tasks with more than {rank} samples, which tell noise from what a start could mend"
        return VERDICTS[-1], f"no task has more samples than its features have dimensions, {rank}", need, shares
    if bent > UNTOLD:
        why = f"in {bent:.0%} of the resamples the estimate of the loss after the step has no lowest point"
        return VERDICTS[-1], why, "more tasks, or tasks with more samples", shares
    maml, erm, weighted = (f"{learner}{'_best' * (alpha is None)}" for learner in ("maml", "erm", "weighted"))
    pairs = {"step": (maml, "maml_best"), "gain": (erm, maml)}
    pairs |= {"directions": (maml, "directions"), "weights": (weighted, maml)}

    def times(upper: str, lower: str) -> str:
        return f"{float(ratio(np.array(estimates[upper]), np.array(estimates[lower]))):#.3g}".rstrip(".")

    def gap(name: str, of: Mapping[str, Any]) -> Any:
        upper, lower = pairs[name]  # an estimate below zero stands for a risk of none
        return of[upper] - LIMITS[name] * np.maximum(of[lower], 0.0)

    def beside(only: str = "") -> str:
        if estimates[erm] <= 0.0:
            return "ERM's risk is not told from zero"
        return f"ERM's risk is {only}{times(erm, maml)} times MAML's"

    def answers(name: str) -> bool | None:
        shares[name] = float(np.mean(gap(name, drawn) > 0.0))
        return True if shares[name] >= SURE else False if shares[name] <= 1.0 - SURE else None

    def refuse(name: str) -> tuple[str, str, str, Numbers]:
        middle = max(abs(float(gap(name, estimates))), 1e-300)
        needed = tasks * (1.04 * float(np.std(gap(name, drawn))) / middle) ** 2
        rough = f", as far as {tasks} can say" if needed > 20.0 * tasks else ""
        enough = f"about {float(f'{needed:.2g}'):,.0f} tasks like these{rough}"
        say = enough if tasks < needed < 1e6 else "more samples in each task, or more tasks"
        known = "" if name in ("step", "gain") else f"{beside()}, but "
        why = f"{known}whether {QUESTIONS[name]} is open; {shares[name]:.0%} of the resamples of the tasks say yes"
        return VERDICTS[-1], why, say, shares

    if alpha is not None:
        if (step := answers("step")) is None:
            return refuse("step")
        if step:
            why = f"a step of {estimates['best_alpha']:.3g} would divide MAML's risk by {times(maml, 'maml_best')}"
            return "another step", why, "", shares
    if (gain := answers("gain")) is None:
        return refuse("gain")
    if gain:
        if (matrices := answers("weights")) is None:
            return refuse("weights")
        with_weights = f"{'still' if matrices else 'only'} {times(weighted, maml)} times"
        why = f"{beside()}; with weights on its tasks {with_weights}"
        return ("MAML" if matrices else "weighted ERM"), why, "", shares
    if (axis := answers("directions")) is None:
        return refuse("directions")
    why = beside("only ")
    if axis:
        why += f"; a step for each direction of the features would divide MAML's by {times(maml, 'directions')}"
        return "a representation", why, "", shares
    return "ERM", why, "", shares


def ratio(upper: Array, lower: Array) -> Array:
    """Return a ratio of risks, at least one; infinite where what is below is not told from zero."""
    safe = np.where(lower > 0.0, lower, 1.0)
    return np.where(np.isnan(upper + lower), np.nan, np.where(lower > 0.0, np.maximum(upper / safe, 1.0), np.inf))
