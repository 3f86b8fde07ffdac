"""What the adviser predicts of real tasks, and what training gives: `python -m tools.real_tasks` writes `RECORD`.

Two thirds of the tasks are handed to the adviser. Both learners are then trained on them by gradient descent on their
objectives, (3) and (4), at the rates that it chose; each task of the last third adapts on m of its samples, and the
others measure the loss. Of the tasks handed over, each where it is held out: the loss after a step from the better of
both starts, and solved outright. Beside it, the processor's seconds of the adviser, `seconds` of its decision and
`seconds_report` of that and all that is printed, and of what it spares, all by gradient descent. To choose: for each
of `FOLDS` folds, ERM trained once and MAML at each of `RATES`, and both validated on the fold at each rate; then both
trained on all tasks at the rates that did best. This is timed twice: as such models are usually trained, by Adam on
batches of tasks with PyTorch's derivatives through the step, and by the fastest descent that we could write, which
knows that the loss is a quadratic. To know how sure the choice is: on each of `DRAWS` resamples of the tasks both
trained anew at these rates, and measured on the tasks that are not in it.

The data: wages of 545 persons over eight years (Vella and Verbeek, 1998) from `linearmodels`, investments of eleven
firms over twenty years (Grunfeld, 1950) from `statsmodels`, and characters of Omniglot, five to a task, half of the
tasks within one alphabet, as regression to one-hot labels on the features of the book's network, untrained.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from linearmodels.datasets import wage_panel
from statsmodels.datasets import grunfeld

import paperlib
from paperlib import records
from paperlib.adviser.validation import FOLDS, RATES
from paperlib.arguments import Array
from paperlib.fewshot.models import Network
from paperlib.fewshot.omniglot import load_omniglot
from paperlib.files import write

RECORD = Path("book/records/real_tasks.yml")
Data = list[tuple[Array, Array]]
Trainer = Callable[[Data, str, float, float], Array]
DRAWS = 200
ITERATIONS, CLOSE = 2_000, 1e-6  # of gradient descent: at most so many, to so small a part of its first gradient
USUAL = {"iterations": 1_000, "batch": 16, "lr": 0.01}  # of Adam, fixed before anything was timed


def wages() -> Data:
    """Return a task for each person: the logarithm of the wage from experience, union and marriage."""
    return _panel(wage_panel.load(), "nr", ["exper", "union", "married"], "lwage")


def investments() -> Data:
    """Return a task for each firm: gross investment from value and capital."""
    return _panel(grunfeld.load_pandas().data, "firm", ["value", "capital"], "invest")


def log_investments() -> Data:
    """Return the same with logarithms in place of all three."""
    table = grunfeld.load_pandas().data
    for name in ("invest", "value", "capital"):
        table[name] = np.log(table[name])
    return _panel(table, "firm", ["value", "capital"], "invest")


def characters(count: int = 90, ways: int = 5, filters: int = 16) -> Data:
    """Return tasks of five characters with all their drawings, every other within one alphabet."""
    omniglot, rng, network = load_omniglot(), np.random.default_rng(0), Network(filters=filters)
    parameters, tasks = network.initial([0]), []
    alphabet_of = np.array([omniglot.alphabet[omniglot.character == one][0] for one in np.unique(omniglot.character)])
    for place in range(count):
        pool = np.arange(len(alphabet_of))
        if place % 2:
            pool = np.flatnonzero(alphabet_of == rng.choice(alphabet_of))
        rows = [np.flatnonzero(omniglot.character == one) for one in rng.choice(pool, ways, replace=False)]
        images = 1.0 - torch.from_numpy(omniglot.images[np.concatenate(rows)])[:, None].float() / 255.0
        with torch.no_grad():
            features = network.features(parameters, images)[0].double().numpy()
        labels = np.repeat(np.eye(ways), [len(row) for row in rows], axis=0)
        tasks.append((np.column_stack([np.ones(len(features)), features]), labels - 1.0 / ways))
    return tasks


def judged(says: str, tasks: Data, m: int) -> dict[str, Any]:
    """Return what the adviser predicted of some tasks and what training on them gave on the others."""
    rng = np.random.default_rng(0)
    tasks = [(X[order], y[order]) for X, y in tasks for order in [rng.permutation(len(X))]]
    order = rng.permutation(len(tasks))
    cut = len(tasks) - len(tasks) // 3
    known, fresh = ([tasks[i] for i in part] for part in (order[:cut], order[cut:]))
    spent = np.empty((7, 3))  # so short a time is not told by one call, and a processor is not always as fast
    for row in spent:
        began = time.process_time()
        report = paperlib.advise(known, m)
        row[0] = time.process_time() - began
        str(report)  # what explains the decision is computed when it is read
        row[1] = time.process_time() - began
        began = time.process_time()
        chosen = validated(known, m)
        for learner, rate in chosen.items():
            _trained(known, learner, rate, m)
        row[2] = time.process_time() - began
    decision, printed, training = map(float, np.median(spent, axis=0))
    result: dict[str, Any] = {
        "says": says,
        "tasks": [len(known), len(fresh)],
        "samples": int(np.median([len(X) for X, _ in tasks])),
        "features": int(tasks[0][0].shape[1]),
        "m": m,
        "verdict": report.verdict,
        "why": report.why,
        "gain": report.estimates["gain_best"],
        "gain_interval": list(report.intervals["gain_best"]),
        "lights": {name: list(light) for name, light in report.lights.items() if light[0] != "green"},
    }
    losses = np.array(list(report.held_out.values()))  # of the known tasks, each where it is held out
    step, solved = losses[:, losses[:, :2].mean(axis=0).argmin()], losses[:, 2]
    result["solved"] = {
        "measured": float(solved.mean()),
        "after_step": float(step.mean()),
        "error": float(np.std(step - solved, ddof=1) / math.sqrt(len(step))),  # of the difference
    }
    began = time.process_time()
    usually = validated(known, m, by_adam)
    starts = {learner: by_adam(known, learner, rate, m) for learner, rate in usually.items()}
    usual = time.process_time() - began
    objectives = [
        _objective(w, known, learner, usually[learner], m)
        for learner, start in starts.items()
        for w in (start, _trained(known, learner, usually[learner], m))
    ]
    usual_excess = max(objectives[0] / objectives[1], objectives[2] / objectives[3]) - 1.0
    began = time.process_time()
    interval = resampled(known, chosen, m)
    resampling = time.process_time() - began
    for learner, rate in (("erm", report.estimates["best_alpha_erm"]), ("maml", report.estimates["best_alpha"])):
        w = _trained(known, learner, rate, m)
        fresh_losses = list(_adapted(w, fresh, rate, m))
        result[learner] = {
            "predicted": report.trained[learner],
            "measured": float(np.mean(fresh_losses)),
            "error": float(np.std(fresh_losses, ddof=1) / math.sqrt(len(fresh_losses))),
        }
        result[learner] |= {"rate": rate, "rate_validated": chosen[learner]}
    seconds = {"seconds": decision, "seconds_report": printed, "seconds_usual": usual, "seconds_training": training}
    seconds["seconds_resampling"] = resampling
    return result | {"trained_interval": interval, "usual_excess": usual_excess} | seconds


def validated(tasks: Data, m: float, train: Trainer | None = None) -> dict[str, float]:
    """Return the rate of each learner that does best on tasks held out, everything trained by gradient descent."""
    train = train or _trained
    fold = np.arange(len(tasks)) % FOLDS
    rates = RATES / np.linalg.eigvalsh(np.mean([X.T @ X / len(X) for X, _ in tasks], axis=0))[-1]
    losses = {learner: np.zeros(len(rates)) for learner in ("erm", "maml")}
    for one in range(FOLDS):
        known, fresh = ([tasks[i] for i in np.flatnonzero(part)] for part in (fold != one, fold == one))
        erm = train(known, "erm", 0.0, m)
        for place, rate in enumerate(rates):
            for learner, w in (("erm", erm), ("maml", train(known, "maml", rate, m))):
                losses[learner][place] += sum(_adapted(w, fresh, rate, m))
    return {learner: float(rates[np.argmin(total)]) for learner, total in losses.items()}


def resampled(tasks: Data, rates: dict[str, float], m: float, draws: int = DRAWS) -> list[float]:
    """Return the 90 % interval of ERM's loss over MAML's, over resamples, on the tasks that are not in each."""
    rng, ratios = np.random.default_rng(0), []
    for _ in range(draws):
        drawn = rng.integers(len(tasks), size=len(tasks))
        known, fresh = [tasks[i] for i in drawn], [tasks[i] for i in np.setdiff1d(np.arange(len(tasks)), drawn)]
        if fresh:
            starts = {learner: _trained(known, learner, rate, m) for learner, rate in rates.items()}
            losses = {learner: sum(_adapted(w, fresh, rates[learner], m)) for learner, w in starts.items()}
            ratios.append(losses["erm"] / losses["maml"])
    return [float(end) for end in np.quantile(ratios, [0.05, 0.95])]


def _panel(table: Any, task: str, features: list[str], target: str) -> Data:
    """Return a task for each unit of a panel, all columns in units of their standard deviation, with a constant."""
    columns = table[[*features, target]].to_numpy(np.float64)
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    rows = [np.flatnonzero(table[task] == unit) for unit in table[task].unique()]
    return [(np.column_stack([np.ones(len(row)), columns[row, :-1]]), columns[row, -1]) for row in rows]


def _trained(tasks: Data, learner: str, rate: float, m: float) -> Array:
    """Return what gradient descent on (3), on all samples, or (4) comes to, from zero, with all tasks in a batch."""
    parts: dict[int, list[tuple[Array, Array, Array, Array]]] = {}
    for X, y in tasks:
        inner = _split(X, y, m)
        parts.setdefault(len(X), []).append(inner if learner == "maml" else (*inner[:2], X, y.reshape(len(y), -1)))
    batches = [[np.stack(part) for part in zip(*batch, strict=True)] for batch in parts.values()]
    w = np.zeros((tasks[0][0].shape[1], batches[0][1].shape[2]))

    def gradient(w: Array) -> Array:
        total = np.zeros_like(w)
        for X_in, y_in, X, y in batches:
            step = rate * (learner == "maml") / X_in.shape[1]
            adapted = w - step * X_in.swapaxes(1, 2) @ (X_in @ w - y_in)
            outer = X.swapaxes(1, 2) @ (X @ adapted - y) / X.shape[1]
            total += (outer - step * X_in.swapaxes(1, 2) @ (X_in @ outer)).sum(axis=0)
        return total / len(tasks)

    zero = gradient(w)
    largest, direction = 0.0, np.random.default_rng(0).normal(size=w.shape)
    for _ in range(30):  # the power method: the step of descent is one over the largest curvature
        direction /= np.linalg.norm(direction)
        direction = gradient(direction) - zero
        largest = max(largest, float(np.linalg.norm(direction)))
    for _ in range(ITERATIONS):
        slope = gradient(w)
        if np.linalg.norm(slope) <= CLOSE * np.linalg.norm(zero):
            break
        w = w - slope / largest
    return w


def by_adam(tasks: Data, learner: str, rate: float, m: float) -> Array:
    """Return what the usual training comes to, from zero: `USUAL` of Adam, tasks of one size drawn in batches."""
    rng = np.random.default_rng(0)
    X_in, y_in, X, y = (torch.from_numpy(np.stack(part)) for part in zip(*(_split(*t, m) for t in tasks), strict=True))
    if learner == "erm":
        X, y = torch.cat([X_in, X], dim=1), torch.cat([y_in, y], dim=1)
    w = torch.zeros(X.shape[2], y.shape[2], dtype=X.dtype, requires_grad=True)
    adam = torch.optim.Adam([w], lr=USUAL["lr"])
    for _ in range(int(USUAL["iterations"])):
        batch = torch.from_numpy(rng.choice(len(tasks), min(len(tasks), int(USUAL["batch"])), replace=False))
        adapted = w.expand(len(batch), *w.shape)  # one for each task
        if learner == "maml":
            inner = 0.5 * ((X_in[batch] @ adapted - y_in[batch]) ** 2).sum(dim=2).mean(dim=1).sum()
            adapted = adapted - rate * torch.autograd.grad(inner, adapted, create_graph=True)[0]
        ((X[batch] @ adapted - y[batch]) ** 2).sum(dim=2).mean().backward()  # type: ignore[no-untyped-call]
        adam.step()
        adam.zero_grad()
    return np.asarray(w.detach().numpy())


def _objective(w: Array, tasks: Data, learner: str, rate: float, m: float) -> float:
    """Return (3), on all samples, or (4)."""
    if learner == "maml":
        return float(np.mean(list(_adapted(w, tasks, rate, m))))
    return float(np.mean([0.5 * ((X @ w - y.reshape(len(y), -1)) ** 2).sum(axis=1).mean() for X, y in tasks]))


def _split(X: Array, y: Array, m: float) -> tuple[Array, Array, Array, Array]:
    y = y.reshape(len(y), -1)
    inner = int(m) if m < len(X) else len(X) // 2
    return X[:inner], y[:inner], X[inner:], y[inner:]


def _adapted(w: Array, tasks: Data, rate: float, m: float) -> Iterator[float]:
    for task in tasks:
        X_in, y_in, X, y = _split(*task, m)
        adapted = w - rate / len(X_in) * X_in.T @ (X_in @ w - y_in)
        yield 0.5 * float(((X @ adapted - y) ** 2).sum(axis=1).mean())


def main() -> None:
    """Judge the adviser on real tasks, and write the record."""
    torch.set_num_threads(1)
    str(paperlib.advise(log_investments(), 8))  # what a first call loads is not counted
    found = [
        judged("wages, 545 persons", wages(), 4),
        judged("investments, 11 firms", investments(), 8),
        judged("their logarithms", log_investments(), 8),
        judged("characters, one-hot", characters(), 25),
    ]
    for one in found:
        print(one)
    says = "what the adviser predicts of real tasks, and what training on them gives"
    sizes = {"folds": FOLDS, "rates": len(RATES), "draws": DRAWS}
    protocol = {**sizes, "iterations": ITERATIONS, "close": CLOSE, "usual": USUAL}
    content = {"says": says, "protocol": protocol, "origin": records.origin("cpu"), "tasks": found}
    write(RECORD, yaml.safe_dump(content, sort_keys=False, width=1000).encode())


if __name__ == "__main__":
    main()
