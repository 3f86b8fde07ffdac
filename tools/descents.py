"""What gradient descent does from random networks on the book's image tasks: how fast, how well, how far apart.

``python -m tools.descents`` descends on tasks of Omniglot and of FS-CIFAR100, trains nothing, and writes
``book/records/descents.yml``, which the pages on images read. It takes about fifteen minutes on two cores.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from paperlib import records
from paperlib.fewshot import (
    CIFAR_COLOURS,
    Network,
    Objective,
    TaskBatch,
    alphabets,
    cifar_tasks,
    load_cifar100,
    load_omniglot,
    omniglot_tasks,
    within_alphabets,
)
from paperlib.fewshot.episodes import Episodes, TaskDistribution, TaskKind
from paperlib.fewshot.models import Parameters
from paperlib.files import write
from paperlib.runtime import keep_buffers
from tools import hardness

RECORD = Path("book/records/descents.yml")
STARTS = 0, 1
STEPS = {"Omniglot": 30, "spread": 10, "untrained": 8, "CIFAR": 20}
LOTS = 100  # other ways to share tasks out among ten groups, for each start
RATE = Objective("maml")  # the paper's 0.1, all parameters


def pictures() -> torch.Tensor:
    """Return the drawings of Omniglot as the network takes them."""
    return torch.from_numpy(load_omniglot().images[..., None])


def convolutions(start: Parameters) -> NDArray[np.bool_]:
    """Return which of a network's parameters, in a row, are kernels."""
    return np.concatenate([np.full(value[0].numel(), name.startswith("conv")) for name, value in start.items()])


def curves(count: int = 48, steps: int = STEPS["Omniglot"]) -> dict[str, NDArray[np.float64]]:
    """Return the accuracy on the queries, (steps + 1, tasks), of easy and hard tasks of Large, and of Sanskrit's."""
    network, images = Network(filters=32), pictures()

    def accuracies(tasks: Episodes) -> NDArray[np.float64]:
        batch = TaskBatch.of(tasks, images)
        return hardness.descend(network, network.initial([0]), batch, RATE, steps).accuracy

    large, small = (
        omniglot_tasks(setting, "train", shots=10, **given).batch([0], 0, count, stream="selection")[0]
        for setting, given in (("large", {}), ("small", {"p_hard": 1.0}))
    )
    every = accuracies(large)
    return {"easy": every[:, ~large.hard], "hard": every[:, large.hard], "Sanskrit": accuracies(small)}


def spreads(each: int = 10) -> dict[str, Any]:
    """Return how far apart adapted parameters lie, of `each` hard tasks of each of the ten hard alphabets.

    For each start: the spread of all, the part between alphabets, both without one alphabet after the other, and the
    part between groups where the tasks are shared out by lot. For the first start also the spread of each alphabet,
    of easy tasks, and of the same images under two numberings, of all parameters and of the kernels.
    """
    network, images, rng = Network(filters=32), pictures(), np.random.default_rng(0)
    names = alphabets("hard train") + alphabets("hard test")
    owner = np.repeat(np.arange(len(names)), each)

    def tasks(kind: TaskKind, step: int) -> Episodes:
        return TaskDistribution(kind, kind, 1.0).batch([0], step, each, stream="selection")[0]

    def turned(one: Episodes) -> Episodes:
        places = np.arange(each)[:, None], np.array([rng.permutation(5) for _ in range(each)])
        classes, support, query = one.classes[places], one.support[places], one.query[places]
        return replace(one, classes=classes, support=support, query=query)

    def displaced(parts: Sequence[Episodes], seed: int) -> NDArray[np.float64]:
        start, batches = network.initial([seed]), [TaskBatch.of(part, images) for part in parts]
        ended = [hardness.descend(network, start, one, RATE, STEPS["spread"], watch=False) for one in batches]
        return np.concatenate([one.displacement for one in ended])

    def split(points: NDArray[np.float64], groups: NDArray[np.int64]) -> list[float]:
        return [hardness.spread(points), hardness.spread_between(points, groups)]

    hard = [tasks(within_alphabets([name], shots=10), n) for n, name in enumerate(names)]
    easy = [tasks(omniglot_tasks("large", "train", shots=10).easy, len(names) + n) for n in range(5)]
    points = [displaced(hard, seed) for seed in STARTS]
    moved, kernels = displaced([*map(turned, hard)], 0) - points[0], convolutions(network.initial([0]))
    return {
        "alphabets": names,
        "tasks of each": each,
        "starts": [
            {
                "all": split(one, owner),
                "without": [split(one[owner != n], owner[owner != n]) for n in range(len(names))],
                "by lot": [hardness.spread_between(one, rng.permutation(owner)) for _ in range(LOTS)],
            }
            for one in points
        ],
        "alone": [hardness.spread(points[0][owner == n]) for n in range(len(names))],
        "easy": hardness.spread(displaced(easy, 0)),
        "kernels": hardness.spread(points[0][:, kernels]),
        "numbering": [(moved[:, chosen] ** 2).sum(axis=1).mean() / 2 for chosen in (slice(None), kernels)],
    }  # two numberings have variance ½ E‖a − b‖²


def untrained(scales: Iterable[float] = (1, 0.5, 0.25), parts: int = 4, part: int = 50) -> list[dict[str, Any]]:
    """Return what a random network does on test tasks of Large, its head times each of some numbers."""
    network, images, found = Network(), pictures(), []
    drawn = [omniglot_tasks("large", "test").batch([0], k * part, part, stream="evaluation")[0] for k in range(parts)]
    hard = np.concatenate([tasks.hard for tasks in drawn])
    for scale in scales:
        start = {name: scale * v if "head" in name else v for name, v in network.initial([0]).items()}
        ran = [
            hardness.descend(network, start, TaskBatch.of(tasks, images), RATE, STEPS["untrained"]) for tasks in drawn
        ]
        right = np.concatenate([one.accuracy for one in ran], axis=1)
        before = float(np.mean([one.loss[0].mean() for one in ran]))
        means = {kind: right[:, hard == (kind == "hard")].mean(axis=1) for kind in ("easy", "hard")}
        found.append({"scale": scale, "tasks": parts * part, "loss before": before, **means})
    return found


def factorial(seed: int, steps: int = STEPS["CIFAR"], counts: tuple[int, int] = (8, 4)) -> list[dict[str, Any]]:
    """Return loss and accuracy, (steps + 1, tasks), and spread of the kernels, for 2 and 20 classes, 50 and 5 images.

    Tasks with 5 images are those with 50, cut short; a task of two classes asks 80 questions, of twenty 200.
    """
    network, cifar, found = Network(channels=3, side=32, ways=20, filters=16), load_cifar100(), []
    start, images = network.initial([seed]), torch.from_numpy(cifar.images)
    for ways, count, asked in ((2, counts[0], 40), (20, counts[1], 10)):
        kind = cifar_tasks(cifar, "train", easy=(ways, 50), p_hard=0.0, queries=asked)
        full = kind.batch([0], 0, count, stream="selection")[0]
        for shots in (50, 5):
            cut = TaskBatch.of(replace(full, support=full.support[:, :, :shots]), images, *CIFAR_COLOURS)
            one = hardness.descend(network, start, cut, RATE, steps)
            spread = hardness.spread(one.displacement[:, convolutions(start)])
            row = {"classes": ways, "images": shots, "loss": one.loss, "accuracy": one.accuracy, "spread": spread}
            found.append(row)
    return found


def plain(found: Any) -> Any:
    """Return what YAML holds, numbers with four significant digits; of an array a list for each task."""
    if isinstance(found, dict):
        return {name: plain(value) for name, value in found.items()}
    if isinstance(found, np.ndarray):
        return plain(found.T.tolist())
    if isinstance(found, (list, tuple)):
        return [plain(value) for value in found]
    return float(f"{found:.4g}") if isinstance(found, (float, np.floating)) else found


def main() -> None:
    """Measure everything and write the record."""
    begin, origin = time.monotonic(), records.origin("cpu")
    keep_buffers()
    found = {
        "says": "gradient descent from random networks; a list of a curve runs over steps, from before the first",
        "omniglot": {"curves": curves(), "spreads": spreads(), "untrained": untrained()},
        "cifar": [factorial(seed) for seed in STARTS],
    }
    text = yaml.safe_dump(
        {**origin, "seconds": round(time.monotonic() - begin), **plain(found)},
        default_flow_style=None,
        sort_keys=False,
        width=120,
    )
    write(RECORD, text.encode())
    print(f"{RECORD} written after {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
