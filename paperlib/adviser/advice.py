r"""From a sample of somebody's own tasks to a decision: does MAML pay on them, and what else does?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from paperlib.adviser.estimates import LEAST, loss, slope, start
from paperlib.adviser.groups import interval
from paperlib.adviser.moments import checked, measure
from paperlib.adviser.questions import NAMES, Question
from paperlib.adviser.report import Report
from paperlib.adviser.validation import Choice, Folds, choose
from paperlib.adviser.verdicts import UNTOLD, Numbers, decide
from paperlib.arguments import Array, real_number, sample_number, whole_number
from paperlib.environments import Groups

Intervals = dict[str, tuple[float, float]]
Given = Iterable[tuple[ArrayLike, ArrayLike]] | Mapping[Any, tuple[ArrayLike, ArrayLike]]
FEWEST_DRAWS = 50
FINEST = 0.005  # intervals of gains reach so far to each side: corrections to first order in 1/T tell no less


def advise(tasks: Given, m: float, alpha: float | None = None, resamples: int = 300, seed: int = 0) -> Report:
    r"""Return whether MAML pays on tasks like these, and what else does, or that these tasks cannot tell.

    The loss after a step, Eq. (1), is estimated without bias from products over different samples of a task and pairs
    of different tasks, for any law of features and noise (`paperlib.adviser.moments`); the floor from the residuals of
    tasks with more samples than dimensions. Risks are above the floor. In this order, each when 85 % of the resamples
    agree:

    - *another step*: MAML's risk at alpha is more than 1.5 times that at its best step;
    - *ERM*: its risk is at most 1.1 times MAML's; *a representation*, where besides a rate for each axis of the
      features would halve MAML's;
    - *weighted ERM*: its risk, tasks weighted by :math:`1-2\alpha\rho_i+(1+\tfrac{d+1}m)\alpha^2\rho_i^2` with
      :math:`\rho_i=\operatorname{tr}(\Sigma_i)/d`, is at most 1.1 times MAML's; else *MAML*.

    Args:
        tasks: pairs (X, y) of features (n_i, d) and targets (n_i,) or (n_i, outputs), or a mapping of names to such
            pairs; then the report names tasks by its keys. Tasks of fewer than three samples are left out. There is no
            intercept but a constant feature.
        m: number of samples of the step, at least 1; `math.inf` is the full gradient.
        alpha: your inner learning rate, positive; left out, each learner has its own best.
        resamples: how many resamples of the tasks the intervals come from.
        seed: of the resamples and of the split of tasks for the calibration.

    Returns:
        a `Report`, whose answer is computed here, and what explains it, named there, when it is read.

    Raises:
        ValueError: fewer than two tasks of three samples, shapes that do not match, entries that are not finite
            numbers, class labels in the place of targets, or an m, alpha, resamples or seed out of its range.

    Example:
        Hard tasks at 1, easy tasks at -1: ERM sits with the easy ones, and weights would mend that.

        >>> rng = np.random.default_rng(0)
        >>> def task(rho, w):
        ...     X = rng.normal(0, rho**0.5, (50, 1))
        ...     return X, w * X[:, 0] + rng.normal(0, 0.1, 50)
        >>> advise([task(0.2, 1) for _ in range(40)] + [task(1, -1) for _ in range(40)], m=20).verdict
        'weighted ERM'
    """
    m, alpha = sample_number("m", m), None if alpha is None else real_number("alpha", alpha, above=0.0)
    draws, seed = whole_number("resamples", resamples, at_least=FEWEST_DRAWS), whole_number("seed", seed, at_least=0)
    data = checked(tasks)
    question = Question.of(data, measure(data), m, alpha)
    moments, whole, rates = question.moments, question.whole, question.rates
    # without noise the answer is given: do not tarry
    estimates, intervals, drawn = _resampled(question, draws if moments.free.any() else FEWEST_DRAWS, seed)
    bent, noisy = float(np.mean(drawn["curvature"] < LEAST)), math.isfinite(estimates["noise_std"])
    told = bent <= UNTOLD and noisy
    if not told:
        intervals |= {"gain": (float(alpha is not None), math.inf), "gain_best": (0.0, math.inf)}
    said = decide(estimates, drawn, alpha, moments.tasks, noisy, bent, moments.rank)
    if alpha is None and bent > UNTOLD:  # no rate is told: one with which no task's own loss can rise
        rates["erm"] = min(rates["erm"], 1.0 / max(float(np.linalg.norm(X, 2)) ** 2 / len(X) for X in data.X))
    slopes = {learner: slope(whole, learner, rate) for learner, rate in rates.items()}
    endless = {learner: float(loss(whole, learner, np.array([rate]))[0]) for learner, rate in rates.items()}
    gain, cost = endless["erm"] - endless["maml"], slopes["maml"] - slopes["erm"]
    needed = max(0.0, cost / gain) if gain > 0.0 else math.inf  # to first order in 1/T
    trained = {learner: endless[learner] + slopes[learner] / moments.tasks for learner in rates}
    folds = Folds.drawn(data, m, seed)
    own = {one: Choice(one, rate, start(whole, one, np.array([rate]))[0], False) for one, rate in rates.items()}
    best = own[min(trained, key=trained.__getitem__)] if told else None  # where moments are told: the least loss
    choice = {**vars(choose(folds, moments, alpha, best) or own["erm"])}
    choice["start"] = (data.axes @ choice["start"]).squeeze(axis=1 if data.y[0].shape[1] == 1 else ())
    return Report(data, question, folds, rates, seed, estimates, *said, intervals, needed, trained, **choice)


def _resampled(question: Question, draws: int, seed: int) -> tuple[Numbers, Intervals, dict[str, Array]]:
    """Return `NAMES` as estimated, their 90 % intervals by bootstrap over tasks, and the resamples."""
    tasks, first = question.moments.tasks, list[Array]()

    def statistic(places: Groups) -> Array:
        if places.ndim == 1:  # the tasks themselves: their estimate, to the last digit
            return (first or [question.numbers(np.ones((1, tasks)))])[0][:, 0]
        flat = (places + tasks * np.arange(len(places))[:, None]).ravel()
        counts = np.bincount(flat, minlength=tasks * len(places)).reshape(-1, tasks)
        numbers = question.numbers(np.concatenate([np.ones((1, tasks)), counts]))
        first.append(numbers[:, :1])
        return np.where((counts == 1).all(axis=1), first[0], numbers[:, 1:])

    generator = np.random.default_rng(seed)
    point, low, high, sampled = interval([np.arange(tasks)], statistic, draws, generator, batch=max(50, 2**17 // tasks))
    for values in (point, low, high):
        values[:2] = question.gain(values[:2])
    low[:2] = np.maximum(np.minimum(low[:2], (1.0 - FINEST) * point[:2]), [float(question.alpha is not None), 0.0])
    high[:2] = np.maximum(high[:2], (1.0 + FINEST) * point[:2])
    intervals = {name: (float(a), float(b)) for name, a, b in zip(NAMES, low, high, strict=True)}
    return dict(zip(NAMES, map(float, point), strict=True)), intervals, dict(zip(NAMES, sampled, strict=True))
