"""The adviser's decision: four questions in turn, each answered by the resamples, or refused."""

from __future__ import annotations

import numpy as np

from paperlib.arguments import Array

LIMITS = {"step": 1.5, "gain": 1.1, "directions": 2.0, "weights": 1.1}
UNTOLD = 0.1  # share of resamples without a curvature, from which on the moments are not believed
FEWEST = 5  # tasks that can agree by chance in one of 2^5 cases
SURE = 0.85  # the share of resamples that have to agree
VERDICTS = ("MAML", "weighted ERM", "ERM", "another step", "a representation", "not decidable with these tasks")
QUESTIONS = {
    "step": "another step would divide MAML's risk by 1.5",
    "gain": "MAML divides ERM's risk by 1.1",
    "directions": "a rate for each axis would halve the risk",
    "weights": "weighted ERM has 1.1 times MAML's risk",
}


def decide(
    estimates: dict[str, float],
    drawn: dict[str, Array],
    alpha: float | None,
    tasks: int,
    told: bool,
    bent: float,
    rank: int,
) -> tuple[str, str, str, dict[str, float]]:
    """Return verdict, why, what would suffice, and the shares of resamples that said yes to each question."""
    shares: dict[str, float] = {}
    if tasks < FEWEST:
        why = f"{tasks} tasks say too little about tasks to come"
        return VERDICTS[-1], why, f"at least {FEWEST} tasks", shares
    if not told:
        need = f"tasks with more than {rank} samples, so that the noise can be told from what a start could mend"
        return VERDICTS[-1], "no task has more samples than the features have dimensions", need, shares
    if bent > UNTOLD:
        why = f"the curvature of the loss after the step is not told in {bent:.0%} of the resamples"
        need = "more tasks, or tasks with more samples, so that the loss after the step has a minimum at all"
        return VERDICTS[-1], why, need, shares
    maml, erm, weighted = (f"{learner}{'_best' * (alpha is None)}" for learner in ("maml", "erm", "weighted"))
    pairs = {
        "step": (maml, "maml_best"),
        "gain": (erm, maml),
        "directions": (maml, "directions"),
        "weights": (weighted, maml),
    }

    def answers(name: str) -> bool | None:
        upper, lower = pairs[name]
        shares[name] = float(np.mean(drawn[upper] > LIMITS[name] * drawn[lower]))
        return True if shares[name] >= SURE else False if shares[name] <= 1.0 - SURE else None

    def refuse(name: str) -> tuple[str, str, str, dict[str, float]]:
        upper, lower = pairs[name]
        gap = drawn[upper] - LIMITS[name] * drawn[lower]
        middle = estimates[upper] - LIMITS[name] * estimates[lower]
        needed = tasks * (1.04 * float(np.std(gap)) / max(abs(middle), 1e-300)) ** 2
        enough = f"about {float(f'{needed:.2g}'):,.0f} tasks like these"
        say = enough if tasks < needed < 1e6 else "more samples in each task, or more tasks"
        known = "" if name in ("step", "gain") else f"MAML divides ERM's risk by {_of(estimates, erm, maml)}, but "
        return VERDICTS[-1], f"{known}{QUESTIONS[name]} in {shares[name]:.0%} of the resamples", say, shares

    if alpha is not None:
        step = answers("step")
        if step is None:
            return refuse("step")
        if step:
            why = f"alpha = {estimates['best_alpha']:.3g} divides MAML's risk by {_of(estimates, maml, 'maml_best')}"
            return "another step", why, "", shares
    gain = answers("gain")
    if gain is None:
        return refuse("gain")
    if gain:
        matrices = answers("weights")
        if matrices is None:
            return refuse("weights")
        why = f"MAML divides ERM's risk by {_of(estimates, erm, maml)}, that of weighted ERM by "
        why += _of(estimates, weighted, maml)
        return ("MAML" if matrices else "weighted ERM"), why, "", shares
    axis = answers("directions")
    if axis is None:
        return refuse("directions")
    why = f"MAML divides ERM's risk by {_of(estimates, erm, maml)} only"
    if axis:
        why += f"; a rate for each axis would divide MAML's by {_of(estimates, maml, 'directions')}"
        return "a representation", why, "", shares
    return "ERM", why, "", shares


def _of(estimates: dict[str, float], upper: str, lower: str) -> str:
    return f"{float(ratio(np.array(estimates[upper]), np.array(estimates[lower]))):.3g}"


def ratio(upper: Array, lower: Array) -> Array:
    """Return a ratio of risks, at least one; infinite where what is below is not told from zero."""
    safe = np.where(lower > 0.0, lower, 1.0)
    return np.where(np.isnan(upper + lower), np.nan, np.where(lower > 0.0, np.maximum(upper / safe, 1.0), np.inf))
