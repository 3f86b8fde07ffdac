"""Training of several runs side by side, in slices of time: what comes out does not depend on how it was sliced."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from paperlib.fewshot import accuracies, experiments
from paperlib.fewshot.accuracies import Sums
from paperlib.fewshot.checkpoints import State, save
from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.experiments import Experiment, evaluate, objective
from paperlib.fewshot.learners import STEPS
from paperlib.fewshot.models import select
from paperlib.fewshot.objectives import meta_gradient
from paperlib.fewshot.optimisers import descend, learning_rate
from paperlib.fewshot.runs import Run, as_possible, cross
from paperlib.runtime import forget_peak, peak_memory

Step = Callable[[State, Experiment], None]
_BAR = "{desc} {n_fmt}/{total_fmt}, {remaining} left{postfix}"  # and no bar, so that all fits into 80 columns


def iterate(state: State, experiment: Experiment) -> None:
    """Make one iteration of training with all runs that have not diverged.

    A run whose loss or gradient is not finite is stopped before it moves. The others do not notice.
    """
    shared, active = state.shared, state.active
    runs = [state.runs[place] for place in active]
    places = torch.tensor(active, device=experiment.images.device)
    parameters, goal = select(state.parameters, places), objective(runs)
    gradients = {name: torch.zeros_like(value) for name, value in parameters.items()}
    tasks, seen = experiment.training(runs, state.iteration), []
    for episodes in tasks:
        found = meta_gradient(experiment.network, parameters, experiment.batch(episodes), goal, shared.tasks)
        seen += [found.loss, found.accuracy]
        for name, slope in found.gradients.items():
            gradients[name] += slope
    finite = torch.stack([slope.flatten(1).isfinite().all(dim=1) for slope in gradients.values()]).all(dim=0)
    *outcomes, sound = accuracies.answers(*seen, finite)
    sums = np.zeros((len(active), 2, 3))
    for episodes, loss, accuracy in zip(tasks, outcomes[::2], outcomes[1::2], strict=True):
        sums += accuracies.tally(episodes, loss, accuracy, len(active))
    kept = [k for k in range(len(active)) if sound[k] and np.isfinite(sums[k]).all()]
    for k in set(range(len(active))) - set(kept):
        state.diverged[active[k]] = state.iteration
    if kept:
        chosen = torch.tensor(kept, device=places.device)
        now = shared.schedule, state.iteration, shared.iterations
        rates = [learning_rate(runs[k].configuration.lr, *now) for k in kept]
        slopes = select(gradients, chosen)
        descend(state.parameters, state.memory, slopes, places[chosen], state.iteration + 1, rates)
        state.history[state.iteration // state.window, [active[k] for k in kept]] += sums[kept]
    state.iteration += 1


def train(runs: Sequence[Run], experiment: Experiment) -> State:
    """Train runs from their start to the end in memory, with no checkpoint and no evaluation.

    What is minimised is Eq. (4), or Eq. (3) for ERM, by the gradient of `meta_gradient`. A run whose loss or gradient
    is not finite is stopped.

    Args:
        runs: that can be trained side by side, as `cross` returns them.
        experiment: what they need.

    Returns:
        the state of R runs: parameters by name, (R, ...), and history (windows, R, 2, 3), of easy and hard tasks the
        number, the sum of losses and that of accuracies.

    Raises:
        ValueError: if these runs cannot be trained side by side, or the experiment has no tasks for one of them.

    Example:
        Two classes of blank images cannot be told apart, so that every loss is log 2:

        >>> from paperlib.fewshot import Network, TaskDistribution, TaskKind, Tasksets, configure
        >>> kind = TaskKind(np.arange(33).reshape(3, 11), (np.arange(3),), within=True, ways=2, shots=1, queries=10)
        >>> tasks = TaskDistribution(kind, kind, p_hard=0.5)
        >>> network, blank = Network(side=8, ways=2, blocks=2), torch.zeros(33, 8, 8, 1, dtype=torch.uint8)
        >>> one = configure("omniglot", "maml", "smoke", iterations=3)
        >>> state = train(cross([one], [0]), Experiment(network, blank, {one: Tasksets(tasks, ())}))
        >>> count, loss, _ = state.history.sum(axis=(0, 1, 2))
        >>> int(count), round(float(loss / count), 4)
        (24, 0.6931)
    """
    if lacking := [run.configuration.name for run in runs if run.configuration not in experiment.tasks]:
        raise ValueError(f"experiment must have tasks for each configuration of runs; got none for {lacking[0]}")
    state = State.start(runs, experiment.network)
    while not state.trained:
        iterate(state, experiment)
    return state


def score(state: State, experiment: Experiment) -> None:
    """Evaluate all runs that have not diverged on their next few tasks: loss after adaptation, Eq. (1), and accuracy.

    Args:
        state: changed in place: `scores` (phases, R, 2, 3), of easy and hard tasks the number, the sum of losses and
            that of accuracies, and `evaluated`, how many tasks of each run are done.
        experiment: what its runs need.

    Raises:
        IndexError: if all are done.

    Example:
        Four tasks for a network that was not trained:

        >>> from paperlib.fewshot import Network, Phase, TaskDistribution, TaskKind, Tasksets, configure
        >>> kind = TaskKind(np.arange(33).reshape(3, 11), (np.arange(3),), within=True, ways=2, shots=1, queries=10)
        >>> tasks = TaskDistribution(kind, kind, p_hard=0.5)
        >>> network, blank = Network(side=8, ways=2, blocks=2), torch.zeros(33, 8, 8, 1, dtype=torch.uint8)
        >>> one = configure("omniglot", "maml", "smoke", tasks=4, evaluation_tasks=4)
        >>> state = State.start(cross([one], [0]), network)
        >>> score(state, Experiment(network, blank, {one: Tasksets(tasks, (Phase(tasks, steps=1, number=0),))}))
        >>> count, loss, _ = state.scores[0, 0].sum(axis=0)
        >>> state.evaluated, int(count), round(float(loss / count), 4)
        (4, 4, 0.6931)
    """
    shared, active = state.shared, state.active
    phase, first = divmod(state.evaluated, shared.evaluation_tasks)
    tasks = min(shared.tasks, shared.evaluation_tasks - first)
    parameters = select(state.parameters, torch.tensor(active, device=experiment.images.device))
    runs = [state.runs[place] for place in active]
    met = experiment.tasks[runs[0].configuration].met(phase)
    if met is not None and shared.readout != STEPS and not first:  # without steps, tasks met again end as before
        state.scores[phase, active] = state.scores[met, active]
        state.evaluated += shared.evaluation_tasks
        return
    state.scores[phase, active] += evaluate(experiment, parameters, runs, phase, first, tasks)
    state.evaluated += tasks


def evaluated(one: Configuration) -> accuracies.Floats:
    """Return accuracies in percent (phases, kinds) of a run that is trained here and now: a floor, or a short one."""
    runs = cross([one], [0])
    experiment = experiments.prepare(runs)
    state = train(runs, experiment)
    while not state.finished:
        score(state, experiment)
    found = state.metrics(0)["evaluation"]
    rows = [[found[phase][kind]["accuracy"] for kind in accuracies.KINDS] for phase in one.phases]
    return 100 * np.array(rows, dtype=float)


def evaluated_again(state: State, changes: dict[str, Any], phases: int) -> State:
    """Return the state of a training as another evaluation would have left it.

    A training on a GPU is evaluated on the processor, in float32, where there is none; its options stay as they are.

    Args:
        state: with a run at least that was not stopped; its tensors are moved to where they are evaluated.
        changes: to the evaluation of each run.
        phases: how many of them to evaluate; the sums of the others are zero, and those of stopped runs.
    """
    runs = tuple(Run(replace(one, **changes), seed) for one, seed in state.runs)
    here = tuple(map(as_possible, runs))
    experiment, c = experiments.prepare([here[place] for place in state.active]), here[0].configuration
    state.move(c.device)
    scores, total = np.zeros((len(c.phases), len(runs), 2, 3)), phases * c.evaluation_tasks
    costs = state.costs | {"core_seconds_evaluation": 0.0}
    again, begun = replace(state, runs=here, scores=scores, evaluated=0, costs=costs), time.process_time()
    with tqdm(desc="evaluation", total=total, disable=None, leave=False) as bar:
        while again.evaluated < total:
            score(again, experiment)
            bar.update(again.evaluated - bar.n)
    bill(costs, "core_seconds_evaluation", begun)
    return replace(again, runs=runs)


def advance(
    state: State,
    experiment: Experiment,
    folder: Path,
    *,
    stop: Callable[[], bool] = lambda: False,
    save_every: float = 30.0,
    progress: bool = False,
) -> bool:
    """Train and evaluate until all is done, or until `stop` says so between two steps; return whether all is done.

    Args:
        state: changed in place, and written into the folder at the end and every so often.
        experiment: what its runs need.
        folder: of the checkpoint.
        stop: asked before each step.
        save_every: seconds between two checkpoints.
        progress: show a bar, if there is a terminal.
    """
    stages: tuple[tuple[str, Step, str, int, Callable[[], bool]], ...] = (
        ("training", iterate, "iteration", state.shared.iterations, lambda: state.trained),
        ("evaluation", score, "evaluated", state.evaluations, lambda: state.finished),
    )
    forget_peak()  # of reading the data set
    mark = saved = time.monotonic()
    used = time.process_time()
    for label, step, counter, total, done in stages:
        shown = None if progress else True
        with tqdm(
            desc=label, initial=getattr(state, counter), total=total, disable=shown, leave=False, bar_format=_BAR
        ) as bar:
            while not done() and not stop():
                step(state, experiment)
                now = time.monotonic()
                state.seconds, mark = state.seconds + now - mark, now
                used = bill(state.costs, f"core_seconds_{label}", used)
                if now - saved >= save_every:
                    save(state, folder)
                    saved = now
                if not bar.disable:
                    bar.set_postfix_str(progress_of(state), refresh=False)
                    bar.update(getattr(state, counter) - bar.n)
        if not done():
            break
    save(state, folder)
    return state.finished


def bill(costs: dict[str, float], name: str, since: float) -> float:
    """Add the processor time since a moment, and in training note the peak of memory; return the present moment."""
    now = time.process_time()
    costs[name] = costs.get(name, 0.0) + now - since
    if name == "core_seconds_training":
        costs["peak_memory"] = max(costs.get("peak_memory", 0), peak_memory())
    return now


def progress_of(state: State, runs: Sequence[int] | None = None) -> str:
    """Return loss and accuracies of all or some runs, in the present evaluation or the last iterations."""
    chosen = list(range(len(state.runs)) if runs is None else runs)
    if state.evaluated:
        phase = (state.evaluated - 1) // state.shared.evaluation_tasks
        return f"{state.shared.phases[phase]} {_accuracies(state.scores[phase, chosen].sum(axis=0))}"
    sums = state.history[max(state.iteration - 1, 0) // state.window, chosen].sum(axis=0)
    count, loss, _ = sums.sum(axis=0)
    return f"loss {loss / count:.3f}, {_accuracies(sums)}" if count else "no run left"


def _accuracies(sums: Sums) -> str:
    values = {kind: row["accuracy"] for kind, row in accuracies.means(sums).items()}
    return ", ".join(f"{kind} {value:.3f}" for kind, value in values.items() if value is not None)
