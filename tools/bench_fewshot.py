"""Time one meta-gradient of MAML against other libraries: `python -m tools.bench_fewshot`.

The work: second-order MAML, one inner step, all parameters adapted, four blocks of 3 × 3 convolution with 64 filters,
batch normalisation with batch statistics, ReLU and 2 × 2 max-pooling, and a linear head; no optimiser, no data. First
all ways must give the same gradient in float64. Then every measurement runs in a process of its own, and the ways
take turns. Ratios are those to the fastest library that is there, and to the plain loop where there is none, which is
said; of ours it is said whether they meet the demand. Drawing the tasks is timed by itself, beside one of our
iterations. GFLOP are those of the plain loop, by torch.utils.flop_counter; the peak is that of the best dense
convolution, measured in turn with the ways. The part of the peak is one of processor seconds, which other programs on
the machine disturb less than the wall clock.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from tools.bench_ways import LIBRARIES, WAYS, WORKS, Work, loop, missing, ours, sampling

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 1e-10  # of differences between ways
TIMED = 3  # iterations in one process, after one that is not counted
DRAWN = 20  # batches of tasks in one process, likewise
SHARE = 0.02  # of an iteration, which drawing its tasks may cost


def small(work: Work) -> Work:
    """Return the same kind of work with fewer images, on which ways are compared."""
    return replace(work, shots=min(work.shots, 2), queries=2, tasks=2, network=replace(work.network, ways=2))


def disagreement(work: Work) -> dict[str, float]:
    """Return how far each way's float64 meta-gradient is from the plain loop's, relative to its largest number."""
    inputs = work.inputs(torch.float64, "cpu")
    plain = loop(inputs)()
    size = max(float(value.abs().max()) for value in plain.values())
    return {
        way: max(float((value - plain[name]).abs().max()) for name, value in start(inputs)().items()) / size
        for way, start in WAYS.items()
        if not missing(way)
    }


def gflop(work: Work) -> float:
    """Return the billions of operations of one iteration of the plain loop."""
    iteration = loop(work.inputs(torch.float32, "cpu"))
    with FlopCounterMode(display=False) as counter:
        iteration()
    return float(counter.get_total_flops()) / 1e9


def seconds(work: Callable[[], object], device: str, times: int) -> tuple[float, float]:
    """Return the median wall and processor seconds (a card: wall both times), after one run that is not counted."""
    taken = []
    for _ in range(times + 1):
        begin = time.perf_counter(), time.process_time()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        taken.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    wall, cpu = (statistics.median(times) for times in zip(*taken[1:], strict=True))
    return wall, cpu if device == "cpu" else wall


def peak(device: str) -> float:
    """Return the GFLOP per processor second of the best dense convolution, of sizes usual in such networks."""
    best = 0.0
    for count, channels, side in ((50, 64, 14), (50, 64, 28), (50, 128, 28), (16, 256, 14)):
        images, weights = torch.randn(count, channels, side, side), torch.randn(channels, channels, 3, 3)
        images, weights = (x.to(device).contiguous(memory_format=torch.channels_last) for x in (images, weights))
        _, cpu = seconds(lambda x=images, w=weights: F.conv2d(x, w, padding=1), device, 20)  # type: ignore[misc]
        best = max(best, 2e-9 * count * channels**2 * 9 * side**2 / cpu)
    return best


def one(way: str, name: str, device: str) -> dict[str, float]:
    """Return what a way costs in this process, or another number that the table needs."""
    if way == "check":
        return disagreement(small(WORKS[name]))
    if way == "machine":
        return {"peak": peak(device), "gflop": gflop(WORKS[name])}
    if way == "sampling":
        return dict(zip(("wall", "cpu"), seconds(sampling(WORKS[name], device), device, DRAWN), strict=True))
    wall, cpu = seconds(WAYS[way](WORKS[name].inputs(torch.float32, device)), device, TIMED)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if device == "cuda":
        memory = torch.cuda.max_memory_allocated() / 2**20
    return {"wall": wall, "cpu": cpu, "memory": memory}


def measure(way: str, name: str, device: str, threads: int) -> dict[str, float]:
    """Return what `one` says in a process of its own, with so many threads."""
    command = [sys.executable, "-m", "tools.bench_fewshot", "--one", way, name, "--device", device]
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    if result.returncode:
        raise RuntimeError(f"{way} failed:\n{result.stderr}")
    return cast(dict[str, float], json.loads(result.stdout))


def judged(demand: bool) -> str:
    """Return in words whether a demand is met."""
    return "met" if demand else "NOT MET"


def render(title: str, demand: float, costs: dict[str, list[dict[str, float]]]) -> str:
    """Return the table of one column: medians, speed relative to the fastest other library, use of the machine.

    Args:
        title: of the column.
        demand: how many times as fast as the fastest library ours is to be.
        costs: of each way, of the ``machine`` and of ``sampling``, what `one` said in each round.
    """
    middle = {way: {key: statistics.median(c[key] for c in found) for key in found[0]} for way, found in costs.items()}
    machine, drawing = middle.pop("machine"), middle.pop("sampling")
    top, flops = machine["peak"], machine["gflop"]
    libraries = [way for way in middle if way in LIBRARIES]
    baseline = {key: min(libraries or ["plain loop"], key=lambda way: middle[way][key]) for key in ("wall", "cpu")}
    named = ", ".join(f"{key} ratio to {way}" for key, way in baseline.items())
    lines = [
        f"{title}: {flops:.1f} GFLOP, peak {top:.0f} GFLOP in a processor second",
        f"(medians of {len(costs['machine'])} interleaved rounds; {named}{'' if libraries else ', without a library'})",
        f"{'':42}{'wall s':>9}{'cpu s':>9}{'memory MB':>11}{'wall ratio':>12}{'cpu ratio':>11}{'of peak':>9}",
    ]
    for way in dict.fromkeys([*middle, *LIBRARIES]):
        if way not in middle:
            lines.append(f"{way:42}  not installed: {LIBRARIES[way]}")
            continue
        cost = middle[way]
        ratios = {key: middle[other][key] / cost[key] for key, other in baseline.items()}
        use = f"{ratios['wall']:12.2f}{ratios['cpu']:11.2f}{flops / cost['cpu'] / top:9.0%}"
        lines.append(f"{way:42}{cost['wall']:9.3f}{cost['cpu']:9.3f}{cost['memory']:11.0f}{use}")
        if way == "ours":
            said = ", ".join(f"{key} {judged(ratio >= demand)}" for key, ratio in ratios.items())
            lines[-1] += f"  at least {demand} to a library: {said if libraries else 'none is here'}"
    share = drawing["wall"] / middle["ours"]["wall"]
    lines.append(
        f"{'drawing the tasks, with their images':42}{drawing['wall']:9.4f}{drawing['cpu']:9.4f}"
        f"  {share:.2%} of our iteration, less than {SHARE:.0%}: {judged(share < SHARE)}"
    )
    return "\n".join(lines)


def column(name: str, rounds: int, device: str, threads: int) -> str:
    """Measure every way in turn, and return the table."""
    costs: dict[str, list[dict[str, float]]] = {way: [] for way in ("machine", "sampling", *WAYS) if not missing(way)}
    for _ in range(rounds):
        for way, found in costs.items():
            found.append(measure(way, name, device, threads))
    where = device if device != "cpu" else f"{threads} thread{'s' * (threads > 1)}"
    return render(f"{WORKS[name].title}, {where}", WORKS[name].demand, costs)


def stacked(work: Work, device: str, counts: tuple[int, ...] = (1, 2, 5, 10)) -> str:
    """Return how many iterations of one run a second gives when several runs are stacked, against one by one."""
    lines = [f"{work.title}: runs × iterations per second, stacked, {device}", f"{'runs':>6}{'per s':>10}{'ratio':>8}"]
    inputs, rates = work.inputs(torch.float32, device), dict[int, float]()
    for runs in counts:
        rates[runs] = runs / seconds(ours(inputs, runs), device, TIMED)[0]
        lines.append(f"{runs:6}{rates[runs]:10.2f}{rates[runs] / rates[counts[0]]:8.2f}")
    return "\n".join(lines)


def tables(rounds: int, device: str = "cpu", threads: Sequence[int] = (), works: Sequence[str] = tuple(WORKS)) -> None:
    """Check that all ways agree, then print a table for each kind of work and number of threads."""
    print("\nFew-shot training, one meta-gradient of MAML. Largest difference from the plain loop in float64:")
    found = [measure("check", name, "cpu", 1) for name in works]
    for way in found[0]:
        gap = max(gaps[way] for gaps in found)
        print(f"{way:42}{gap:9.0e}")
        if not gap <= LIMIT:
            raise RuntimeError(f"{way} gives another meta-gradient: it differs by {gap:.1e}, more than {LIMIT}")
    versions = {way: importlib.metadata.version(way) for way in LIBRARIES if not missing(way)}
    print(" ".join(f"{way} {version}" for way, version in versions.items()))
    for count in threads or ((1,) if device != "cpu" else tuple(sorted({1, os.cpu_count() or 1}))):
        for name in works:
            print("\n" + column(name, rounds, device, count), flush=True)
    if device != "cpu":
        for name in works:
            print("\n" + stacked(WORKS[name], device))


def main() -> None:
    """Print all tables, or measure one way (which is how the tables are made)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (default 3)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, nargs="+", default=[], help="default: one, then all of the machine")
    parser.add_argument("--work", choices=tuple(WORKS), nargs="+", default=list(WORKS), help="default: all")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error(f"--rounds must be at least 1; got {arguments.rounds}")
    if arguments.one:
        print(json.dumps(one(arguments.one[0], arguments.one[1], arguments.device)))
        return
    print(f"Python {platform.python_version()}, torch {torch.__version__}")
    tables(arguments.rounds, arguments.device, arguments.threads, arguments.work)


if __name__ == "__main__":
    main()
