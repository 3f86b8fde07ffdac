"""What the adviser predicts of real tasks, and what training gives: `python -m tools.real_tasks` writes `RECORD`.

Two thirds of the tasks are handed to the adviser. Both learners are then trained on them by gradient descent on their
objectives, (3) and (4), at the rates that it chose; each task of the last third adapts on m of its samples, and the
others measure the loss. Beside it, the processor's seconds of the adviser, and of what it spares, all by gradient
descent. To choose: for each of `FOLDS` folds, ERM trained once and MAML at each of `RATES`, and both validated on the
fold at each rate; then both trained on all tasks at the rates that did best. To know how sure the choice is: on each of
`DRAWS` resamples of the tasks both trained anew at these rates, and measured on the tasks that are not in it.

The data: wages of 545 persons over eight years (Vella and Verbeek, 1998) from `linearmodels`, investments of eleven
firms over twenty years (Grunfeld, 1950) from `statsmodels`, and characters of Omniglot, five to a task, half of the
tasks within one alphabet, as regression to one-hot labels on the features of the book's network, untrained.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
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
DRAWS = 200
ITERATIONS, CLOSE = 2_000, 1e-6  # of gradient descent: at most so many, to so small a part of its first gradient


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
    ends = [time.process_time()]
    for _ in range(5):
        report = paperlib.advise(known, m)
        ends.append(time.process_time())
    spent = float(np.median(np.diff(ends)))  # so short a time is not told by one call
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
    began = time.process_time()
    chosen = validated(known, m)
    for learner, rate in chosen.items():
        _trained(known, learner, rate, m)
    training = time.process_time() - began
    began = time.process_time()
    interval = resampled(known, chosen, m)
    resampling = time.process_time() - began
    for learner, rate in (("erm", report.estimates["best_alpha_erm"]), ("maml", report.estimates["best_alpha"])):
        w = _trained(known, learner, rate, m)
        losses = list(_adapted(w, fresh, rate, m))
        result[learner] = {
            "predicted": report.trained[learner],
            "measured": float(np.mean(losses)),
            "error": float(np.std(losses, ddof=1) / math.sqrt(len(losses))),
        }
        result[learner] |= {"rate": rate, "rate_validated": chosen[learner]}
    seconds = {"seconds": spent, "seconds_training": training, "seconds_resampling": resampling}
    return result | {"trained_interval": interval} | seconds


def validated(tasks: Data, m: float) -> dict[str, float]:
    """Return the rate of each learner that does best on tasks held out, everything trained by gradient descent."""
    fold = np.arange(len(tasks)) % FOLDS
    rates = RATES / np.linalg.eigvalsh(np.mean([X.T @ X / len(X) for X, _ in tasks], axis=0))[-1]
    losses = {learner: np.zeros(len(rates)) for learner in ("erm", "maml")}
    for one in range(FOLDS):
        known, fresh = ([tasks[i] for i in np.flatnonzero(part)] for part in (fold != one, fold == one))
        erm = _trained(known, "erm", 0.0, m)
        for place, rate in enumerate(rates):
            for learner, w in (("erm", erm), ("maml", _trained(known, "maml", rate, m))):
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
    paperlib.advise(log_investments(), 8)  # what a first call loads is not counted
    found = [
        judged("wages, 545 persons", wages(), 4),
        judged("investments, 11 firms", investments(), 8),
        judged("their logarithms", log_investments(), 8),
        judged("characters, one-hot", characters(), 25),
    ]
    for one in found:
        print(one)
    says = "what the adviser predicts of real tasks, and what training on them gives"
    protocol = {"folds": FOLDS, "rates": len(RATES), "draws": DRAWS, "iterations": ITERATIONS, "close": CLOSE}
    content = {"says": says, "protocol": protocol, "origin": records.origin("cpu"), "tasks": found}
    write(RECORD, yaml.safe_dump(content, sort_keys=False, width=1000).encode())


if __name__ == "__main__":
    main()
