"""Judge the adviser on environments that `tools.judge_adviser` draws: `python -m tools.judgement --first 0 --count 40`.

For each: does the 90 % interval hold the true gain, is the verdict the true one, and what does the start of the report
lose, beside K-fold validation of the closed-form solutions (41) and (43) on the same tasks. Regret is the true loss
after adaptation at the rate that was chosen, above that of the best start at the best rate (or at the user's alpha,
where there is one), over the best risk above the floor. Seconds are those of the processor.

The environments of `JUDGING` are for the finished adviser: `python -m tools.judgement --final` writes `RECORD`, from
lines that `--each` printed where `--lines` names files of them, which then must hold all of `JUDGING`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import yaml

import paperlib
from paperlib import records
from paperlib.arguments import Array
from paperlib.environments import Groups
from paperlib.files import write
from paperlib.simulate import erm_estimate, maml_estimate
from tools.judge_adviser import JUDGING, MAKING, Case, Truth, draw, verdict

FOLDS, RATES = 5, 12
RECORD = Path("book/records/adviser.yml")
Data = list[tuple[Array, Array]]


def judged(seed: int) -> dict[str, Any]:
    """Return what the adviser said of one environment, and what is true of it."""
    case = draw(seed)
    tasks, truth = case.tasks(), Truth(case.env, case.law, case.m)
    right, clear = verdict(case)
    began = time.process_time()
    try:
        report = paperlib.advise(tasks, case.m, case.alpha)
    except ValueError as error:
        return {"seed": seed, "refused": str(error), "right": right, "clear": clear}
    spent = time.process_time() - began
    said = report.to_dict()
    gains = {
        name: truth.learner_risk("erm", alpha) / truth.learner_risk("maml", alpha)
        for name, alpha in (("gain_interval", case.alpha), ("gain_best_interval", None))
    }
    best = truth.best["maml"] if case.alpha is None else case.alpha
    least = truth.risk(truth.start("maml", best), best)

    def regret(w: Array, alpha: float) -> float:
        loss = truth.risk(w, alpha) + truth.floor(alpha)
        return (loss - least - truth.floor(best)) / least

    began = time.process_time()
    folds = validated(case, tasks)
    spent_folds = time.process_time() - began
    return {
        "seed": seed,
        "right": right,
        "clear": clear,
        "said": report.verdict,
        "shares": report.shares,
        "truth": gains,
        "gain": said["gain"],
        "gain_interval": said["gain_interval"],
        "gain_best_interval": said["gain_best_interval"],
        "regret": regret(report.start, report.rate),
        "regret_folds": None if folds is None else regret(*folds),
        "validated": report.validated,
        "calibration": report.calibration,
        "seconds": spent,
        "seconds_folds": spent_folds,
        "tasks": len(tasks),
        "samples": float(np.median(case.sizes)),
        "m": case.m,
        "dim": case.env.dim,
        "law": case.law,
        "groups": case.env.groups,
    }


def validated(case: Case, tasks: Data) -> tuple[Array, float] | None:
    """Return the start that K-fold validation of (41) and (43) chooses, and its rate: None where it has no solution."""
    rng, fold = np.random.default_rng(case.seed), np.arange(len(tasks)) % FOLDS
    tasks = [(X[order], y[order]) for X, y in tasks for order in [rng.permutation(len(X))]]
    rng.shuffle(fold)
    largest = np.linalg.eigvalsh(np.mean([X.T @ X / len(X) for X, _ in tasks], axis=0))[-1]
    rates = [case.alpha] if case.alpha is not None else list(np.geomspace(0.1, 30.0, RATES) / largest)
    losses: dict[tuple[str, float], float] = {}
    for learner in ("erm", "maml"):
        for rate in rates:
            try:
                losses[learner, rate] = float(np.mean(list(_held_out(case, tasks, fold, learner, rate))))
            except ValueError:
                continue
    if not losses:
        return None
    learner, rate = min(losses, key=losses.__getitem__)
    return _fit(tasks, learner, rate), rate


def _held_out(case: Case, tasks: Data, fold: Groups, learner: str, rate: float) -> Iterator[float]:
    """Yield the loss of each held-out task after a step on m of its samples, or half where it has fewer."""
    for one in range(FOLDS):
        w = _fit([task for task, k in zip(tasks, fold, strict=True) if k != one], learner, rate)
        for X, y in (task for task, k in zip(tasks, fold, strict=True) if k == one):
            inner = case.m if len(X) > case.m else len(X) // 2
            adapted = w - rate / inner * X[:inner].T @ (X[:inner] @ w - y[:inner])
            yield 0.5 * float(np.mean((X[inner:] @ adapted - y[inner:]) ** 2))


def _fit(tasks: Data, learner: str, rate: float) -> Array:
    if learner == "erm":
        return erm_estimate(*zip(*tasks, strict=True))
    halves = [(X[: len(X) // 2], y[: len(X) // 2], X[len(X) // 2 :], y[len(X) // 2 :]) for X, y in tasks]
    return maml_estimate(halves, rate)


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of the judging."""
    done = [one for one in results if "said" in one]
    told = [one for one in done if not np.isnan(one["gain_interval"]).any()]
    clear = [one for one in results if one["clear"]]
    decided = [one for one in clear if not one.get("said", "not").startswith("not")]
    both = [one for one in done if one["regret_folds"] is not None]

    def covered(interval: str, bounded: bool = False) -> float:
        return float(
            np.mean(
                [
                    one[interval][0] <= one["truth"][interval] <= one[interval][1]
                    for one in told
                    if np.isfinite(one[interval][1]) or not bounded
                ]
            )
        )

    return {
        "environments": len(results),
        "refused": len(results) - len(done),
        "with an interval": len(told),
        "of these without an upper end": int(sum(np.isinf(one["gain_interval"][1]) for one in told)),
        "coverage": covered("gain_interval"),
        "coverage, those with an upper end": covered("gain_interval", bounded=True),
        "coverage best": covered("gain_best_interval"),
        "clear": len(clear),
        "clear decided": len(decided) / max(1, len(clear)),
        "clear decided rightly": sum(one["said"] == one["right"] for one in decided) / max(1, len(decided)),
        "regret": float(np.mean([one["regret"] for one in both])),
        "regret of folds": float(np.mean([one["regret_folds"] for one in both])),
        "regret, medians": [float(np.median([one[name] for one in both])) for name in ("regret", "regret_folds")],
        "adviser is no worse": float(np.mean([one["regret"] <= one["regret_folds"] + 1e-12 for one in both])),
        "seconds, medians": [float(np.median([one[name] for one in done])) for name in ("seconds", "seconds_folds")],
    }


def _short(value: Any) -> Any:
    """Return a result with numbers of four digits, for the record."""
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_short(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge environments and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tools.judgement", description=__doc__)
    parser.add_argument("--first", type=int, default=MAKING.start, help="first seed; default 0")
    parser.add_argument("--count", type=int, default=40, help="how many; default 40")
    parser.add_argument("--final", action="store_true", help="the seeds that are kept for the finished adviser")
    parser.add_argument(
        "--lines", type=Path, nargs="+", metavar="FILE", help="what --each printed, in place of judging"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--each", action="store_true", help="print a line of JSON for each environment")
    given = parser.parse_args(arguments)
    seeds = JUDGING if given.final else MAKING[given.first : given.first + given.count]
    if given.lines:
        results = sorted(
            (json.loads(line) for file in given.lines for line in file.read_text().splitlines()),
            key=lambda one: one["seed"],
        )
        if given.final and [one["seed"] for one in results] != list(JUDGING):
            parser.error(f"--lines must hold the {len(JUDGING)} environments of --final once each; got {len(results)}")
    else:
        with ProcessPoolExecutor(given.workers) as pool:
            results = []
            for one in pool.map(judged, seeds):
                results.append(one)
                if given.each:
                    print(json.dumps(one), flush=True)
    figures = summary(results)
    if given.final:
        says = "the adviser on environments that were not looked at while it was made, and validation on the same tasks"
        rows = [{name: _short(value) for name, value in one.items()} for one in results]
        content = {"says": says, "origin": records.origin("cpu"), "figures": figures, "environments": rows}
        write(RECORD, yaml.safe_dump(content, sort_keys=False, width=1000, default_flow_style=None).encode())
    json.dump(figures, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
