"""On which alphabets of Omniglot is MAML least accurate? The selection of Appendix C.3, at the scale of the book.

``python -m tools.alphabets`` trains MAML on 5-way 1-shot tasks, each within one alphabet, all fifty alphabets equally
likely, and evaluates it on fresh tasks of each. It takes about half an hour on two cores and writes
``book/records/alphabets.yml``; then the parts of the alphabets that follow, and those of a second split at
random, to ``paperlib/fewshot/omniglot.toml``.
``python -m tools.alphabets --parts`` writes only the second from the first.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import yaml

from paperlib import records
from paperlib.fewshot import experiments, training
from paperlib.fewshot.benchmarks import Phase, Tasksets
from paperlib.fewshot.configuration import configure
from paperlib.fewshot.drawings import alphabet_sizes
from paperlib.fewshot.episodes import TaskDistribution
from paperlib.fewshot.models import Network
from paperlib.fewshot.omniglot import load_omniglot, within_alphabets
from paperlib.fewshot.runs import Run
from paperlib.files import write
from paperlib.runtime import keep_buffers

SEEDS = range(4)
TASKS = 200  # of each alphabet at evaluation, for each seed
RECORD = Path("book/records/alphabets.yml")
PARTS = Path("paperlib/fewshot/omniglot.toml")


def tasks_within(names: list[str]) -> TaskDistribution:
    """Return hard tasks alone, each within one of the named alphabets."""
    kind = within_alphabets(names)
    return TaskDistribution(kind, kind, 1.0)


def accuracies(seed: int) -> list[float]:
    """Train one run and return its accuracy after one step on each alphabet, in the order of the names."""
    torch.set_num_threads(1)
    keep_buffers()
    configuration, names = configure("omniglot", "maml", "book"), sorted(alphabet_sizes())
    images = torch.from_numpy(load_omniglot().images[..., None])
    steps, run = configuration.evaluation_steps, Run(configuration, seed)
    each = tuple(Phase(tasks_within([name]), steps, k) for k, name in enumerate(names))
    tasks = Tasksets(tasks_within(names), each)
    world = experiments.Experiment(Network(), images, {configuration: tasks})
    state = training.train([run], world)
    result = []
    for alphabet in range(len(names)):
        sums = np.zeros((1, 2, 3))
        for first in range(0, TASKS, configuration.tasks):
            sums += experiments.evaluate(world, state.parameters, [run], alphabet, first, configuration.tasks)
        result.append(float(sums[0, 1, 2] / sums[0, 1, 0]))
    return result


def parts(accuracies: dict[str, list[float]]) -> dict[str, str]:
    """Return the part of each alphabet: the ten of lowest accuracy are hard, the others easy.

    Sanskrit and Bengali have the parts that the paper gives them; the other hard ones go to training and testing in
    turn, in order of accuracy. The easy ones, sorted by name, are ranked by the first words of Philox with key 0 and
    counter 0, and the lowest 25 are for training.
    """
    order = sorted(accuracies, key=lambda name: sum(accuracies[name]))
    named = {"Sanskrit": "hard train", "Bengali": "hard test"}
    hard = [name for name in order if name not in named][: 10 - len(named)]
    roles = named | {name: ("hard train", "hard test")[place % 2] for place, name in enumerate(hard)}
    easy = sorted(set(accuracies) - set(roles))
    ranks = np.argsort(np.random.Philox(key=0, counter=0).random_raw(len(easy)))
    return roles | {easy[k]: "easy train" if place < 25 else "easy test" for place, k in enumerate(ranks)}


def drawn(roles: dict[str, str]) -> dict[str, str]:
    """Return the parts in the split ``random``: each alphabet stays in training or testing, and others are hard.

    Sanskrit and Bengali stay hard. The 48 others, sorted by name, are ranked by the first words of Philox, key 1 and
    counter 0; of those that were easy, the first four of training and of testing become hard. What was hard is easy.
    """
    others = sorted(set(roles) - {"Sanskrit", "Bengali"})
    order = [others[k] for k in np.argsort(np.random.Philox(key=1, counter=0).random_raw(len(others)))]
    sides = [[name for name in order if roles[name] == f"easy {side}"] for side in ("train", "test")]
    hard = {"Sanskrit", "Bengali"}.union(*(names[:4] for names in sides))
    return {name: f"{'hard' if name in hard else 'easy'} {role.split()[1]}" for name, role in roles.items()}


def write_parts() -> None:
    """Write the parts of the alphabets that follow from the record, each hard one with its reason."""
    accuracies = yaml.safe_load(RECORD.read_text(encoding="utf-8"))["accuracies"]
    order = sorted(accuracies, key=lambda name: sum(accuracies[name]))
    roles, sizes, lines = parts(accuracies), alphabet_sizes(), []
    second = drawn(roles)
    for role in ("hard train", "hard test", "easy train", "easy test"):
        named = [name for name in ("Sanskrit", "Bengali") if roles[name] == role]
        others = [name for name, own in roles.items() if own == role and name not in named]
        for name in named + (others if role.startswith("hard") else sorted(others)):
            first, count = sizes[name]
            row = f'first = {first + 1}, characters = {count}, role = "{role}"'
            if role.startswith("hard"):
                says = f"MAML {np.mean(accuracies[name]):.3f}, rank {order.index(name) + 1}"
                says = f"named by the paper as the {role} alphabet of Small; {says}" if name in named else says
                row += f', reason = "{says}"'
            row += f', random = "{second[name]}"' * (second[name] != role)
            lines.append(f'"{name}" = {{ {row} }}')
    head = PARTS.read_text(encoding="utf-8").partition("[alphabets]")[0]
    write(PARTS, (head + "[alphabets]\n" + "\n".join(lines) + "\n").encode())


def main(only_parts: bool) -> None:
    """Train, evaluate, and write the record and the parts that follow from it."""
    if not only_parts:
        measure()
    write_parts()


def measure() -> None:
    """Train, evaluate, and write the record."""
    start, names, origin = time.monotonic(), sorted(alphabet_sizes()), records.origin("cpu")
    load_omniglot()  # prepared once, not by every process
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        columns = list(pool.map(accuracies, SEEDS))
    configuration = configure("omniglot", "maml", "book")
    found = {
        "says": "accuracy of MAML after one step on tasks within one alphabet, for each seed; trained on all fifty",
        "iterations": configuration.iterations,
        "tasks of an alphabet": TASKS,
        "seeds": list(SEEDS),
        "seconds": round(time.monotonic() - start),
        **origin,
        "accuracies": {
            name: [round(value, 4) for value in row]
            for name, row in sorted(zip(names, zip(*columns, strict=True), strict=True), key=lambda pair: sum(pair[1]))
        },
    }
    write(RECORD, yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=120).encode())
    print(f"{RECORD} written after {found['seconds']} s")


if __name__ == "__main__":
    main("--parts" in sys.argv[1:])
