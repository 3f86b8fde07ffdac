"""Time the paper's linear experiment (Fig. 8), landscapes of networks, few-shot training: `python -m tools.bench`.

The protocol: 20 values of ρ_H in (0, 1], m = n2 in {2000, 500}, five repetitions, ERM and MAML, 5,000 iterations.
Every measurement runs in a process of its own, the ways take turns, and medians are compared. Plain sampling and the
per-run loop are timed on a slice of the iterations and scaled, as the table says; `--full` runs plain sampling whole.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch

from paperlib.environments import TaskEnvironment
from paperlib.simulate import Algorithm, Method, Setting, protocol_rate, train
from tools import bench_fewshot, bench_networks

Cost = dict[str, float]  # wall and processor seconds, memory at its peak in MB, and the part that was run
Way = Literal["statistics", "shared", "samples", "loop"]

ROOT = Path(__file__).resolve().parent.parent
ITERATIONS, REPETITIONS, DIM = 5000, 5, 10
SLICE = 20  # iterations of what is scaled
GRID = np.linspace(0.05, 1.0, 20)
ALGORITHMS: tuple[Algorithm, ...] = ("erm", "maml")
WAYS: dict[Way, str] = {
    "statistics": "sufficient statistics, independent draws",
    "shared": "sufficient statistics, one draw for every ρ",
    "samples": "plain sampling, batched",
    "loop": "plain sampling, one run after the other",
}


def settings(m: int, dim: int = DIM) -> list[Setting]:
    """Return the points of the curve of Fig. 8 at m = n2."""
    return [
        Setting(f"rho_hard={rho:.2f}, m={m}", TaskEnvironment.two_tasks(dim, rho, 1.0, noise_std=1.0), 1.0, 25, m)
        for rho in GRID
    ]


def loop(algorithm: Algorithm, setting: Setting, seed: int, iterations: int) -> np.ndarray:
    """Train one run the straightforward way: draw all samples of a task, take the gradient, step."""
    rng = np.random.default_rng(seed)
    env, n1, n2, alpha = setting.env, setting.n1, setting.n2, setting.alpha
    roots = np.linalg.cholesky(env.covariances)
    rate = protocol_rate(algorithm, n2)
    w = np.zeros(env.dim)
    for _ in range(iterations):
        group = rng.choice(env.groups, p=env.probabilities)
        X = rng.standard_normal((n1 + n2, env.dim)) @ roots[group].T
        y = X @ env.means[group] + env.noise_std * rng.standard_normal(n1 + n2)
        if algorithm == "erm":
            w = w - rate / len(X) * X.T @ (X @ w - y)
            continue
        inner, outer = X[:n2], X[n2:]
        adapted = w - alpha / n2 * inner.T @ (inner @ w - y[:n2])
        gradient = outer.T @ (outer @ adapted - y[n2:]) / n1
        w = w - rate * (gradient - alpha / n2 * inner.T @ (inner @ gradient))
    return w


def clock(work: Callable[[], object]) -> tuple[float, float]:
    """Return the wall and processor seconds that the work takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def slope(run: Callable[..., object], few: int, many: int) -> tuple[float, float]:
    """Return the wall and processor seconds of `many` less `few` iterations, without what a call costs once."""
    short, long = clock(partial(run, iterations=few)), clock(partial(run, iterations=many))
    return long[0] - short[0], long[1] - short[1]


def protocol(way: Way, ms: list[int], full: bool) -> Cost:
    """Return what both algorithms cost on the grid at these m, in this process."""
    wall = cpu = 0.0
    part = 1.0
    for algorithm, m in product(ALGORITHMS, ms):
        points = settings(m)
        how: Method = "samples" if way == "samples" else "statistics"
        run = partial(train, algorithm, points, method=how, shared=way == "shared", seeds=range(REPETITIONS))
        run(iterations=2)  # what a process does once is not the experiment's
        if way == "loop":
            some = points[::5]
            part = SLICE * len(some) / (ITERATIONS * len(points) * REPETITIONS)
            took = clock(lambda a=algorithm, r=some: [loop(a, s, 0, SLICE) for s in r])  # type: ignore[misc]
        elif way == "samples" and not full:
            part = SLICE / ITERATIONS
            took = slope(run, 5, 5 + SLICE)
        else:
            took = clock(partial(run, iterations=ITERATIONS))
        wall, cpu = wall + took[0] / part, cpu + took[1] / part
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "cpu": cpu, "peak": peak, "part": part}


def measure(way: Way, ms: list[int], full: bool) -> Cost:
    """Return what `protocol` costs in a process of its own."""
    command = [sys.executable, "-m", "tools.bench", "--one", way, "--m", *map(str, ms), *["--full"] * full]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return cast(Cost, json.loads(result.stdout))


def table(title: str, ms: list[int], rounds: int, full: bool) -> None:
    """Measure every way in turn, print the medians and how much faster each is than batched plain sampling."""
    costs: dict[Way, list[Cost]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, found in costs.items():
            found.append(measure(way, ms, full))
    middle = {
        way: {key: statistics.median(cost[key] for cost in found) for key in ("wall", "cpu", "peak", "part")}
        for way, found in costs.items()
    }
    print(f"\n{title} (medians of {rounds} interleaved rounds)")
    print(f"{'':46}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}{'wall ratio':>12}{'cpu ratio':>11}")
    for way, cost in middle.items():
        ratios = [middle["samples"][key] / cost[key] for key in ("wall", "cpu")]
        scaled = "" if cost["part"] == 1.0 else f"  {cost['part']:.2%} run, scaled"
        print(
            f"{WAYS[way]:46}{cost['wall']:9.2f}{cost['cpu']:9.2f}{cost['peak']:9.0f}{ratios[0]:12.3g}{ratios[1]:11.3g}"
            + scaled
        )


def growth(rounds: int) -> None:
    """Print how the time of an iteration of 100 MAML runs grows with the number of samples and the dimension."""
    print(f"\nMicroseconds of processor time for one MAML iteration of one run (100 runs, medians of {rounds} rounds)")
    print(f"{'d':>6}{'n2':>8}{'statistics':>14}{'samples':>12}")
    for dim, n2 in [(10, 1), (10, 10), (10, 100), (10, 1000), (10, 10_000), (5, 1000), (20, 1000), (40, 1000)]:
        row = f"{dim:6}{n2:8}"
        lengths: dict[Method, int] = {"statistics": 400, "samples": max(4, min(400, 200_000 // (n2 * dim)))}
        for method, many in lengths.items():
            # a small inner rate is stable for every n2
            points = [Setting(s.name, s.env, 0.1, 25, n2) for s in settings(n2, dim)]
            run = partial(train, "maml", points, method=method, rates=1e-3)
            found = [slope(run, many, 2 * many)[1] for _ in range(rounds)]
            row += f"{statistics.median(found) / many / 100 * 1e6:{14 if method == 'statistics' else 12}.2f}"
        print(row)


def main() -> None:
    """Print all tables, or measure one way (which is how the tables are made)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (default 3)")
    parser.add_argument("--full", action="store_true", help="run plain sampling whole instead of scaling a slice")
    parser.add_argument("--one", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--m", type=int, nargs="+", default=[2000], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error(f"--rounds must be at least 1; got {arguments.rounds}")
    if arguments.one:
        print(json.dumps(protocol(arguments.one, arguments.m, arguments.full)))
        return
    print(f"Python {platform.python_version()}, numpy {np.__version__}, torch {torch.__version__}")
    table("m = 2000, both algorithms", [2000], arguments.rounds, arguments.full)
    table("Full protocol, m = 2000 and 500, both algorithms", [2000, 500], arguments.rounds, arguments.full)
    growth(arguments.rounds)
    bench_networks.tables(arguments.rounds)
    bench_fewshot.tables(arguments.rounds)


if __name__ == "__main__":
    main()
