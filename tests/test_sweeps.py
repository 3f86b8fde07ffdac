"""Sweeps: what a grid is, what it costs, and that neither interruptions nor dead workers change a number.

The workers of the cluster are processes of their own that load this file too; `dask_setup` is for them.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import torch
import yaml
from torch.utils.flop_counter import FlopCounterMode

sys.path.append(str(Path(__file__).resolve().parent))
from test_commands import numbers
from test_fewshot_batches import world
from test_fewshot_objectives import unfolded_convolution

from paperlib import commands, costs, grids, jobs, records, sweeps
from paperlib.__main__ import _parser, main
from paperlib.fewshot import checkpoints, experiments, models, training
from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.initialisations import INITIALISATIONS
from paperlib.fewshot.learners import ALGORITHMS
from paperlib.fewshot.models import Network, TaskBatch
from paperlib.fewshot.objectives import meta_gradient, post_adaptation
from paperlib.fewshot.runs import Run, check
from paperlib.fewshot.sources import DataError
from paperlib.runtime import Deadline

ROOT = Path(__file__).resolve().parent.parent
BLOCK: dict[str, Any] = {
    "dataset": "omniglot",
    "tier": "smoke",
    "seeds": 2,
    "algorithm": ["maml", "erm"],
    "setting": ["large", "small"],
    "lr": [1e-2, "1e-3"],
    "iterations": 6,
    "tasks": 2,
    "evaluation_tasks": 4,
}
Shown = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


@contextmanager
def small_world() -> Iterator[None]:
    """Train on patterns instead of pictures, with one thread as workers do, and leave this process as it is."""
    threads = torch.get_num_threads()
    with Patch.context() as patched:
        patched.setattr(experiments, "prepare", world)
        for module in (sweeps, commands):
            patched.setattr(module, "keep_buffers", lambda: False)
        torch.set_num_threads(1)
        yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def in_a_small_world() -> Iterator[None]:
    with small_world():
        yield


def written(folder: Path, *blocks: Any) -> str:
    path = folder / "grid.yml"
    path.write_text(yaml.safe_dump(list(blocks)), encoding="utf-8")
    return str(path)


def metrics(folder: Path) -> dict[str, Any]:
    """Return the metrics of each run that has a record in a folder; two records of one run are an error."""
    found = records.read(folder)
    result = {path.name: values["metrics"] for path, values in found}
    assert len(result) == len(found)
    return result


# -- grids


def test_a_grid_is_the_product_of_its_lists(tmp_path: Path) -> None:
    runs = grids.read(Path(written(tmp_path, BLOCK)))
    rest = {"iterations": 6, "tasks": 2, "evaluation_tasks": 4}
    expected = [
        Run(configure("omniglot", algorithm, "smoke", setting=setting, lr=lr, **rest), seed)
        for algorithm, setting, lr, seed in product(("maml", "erm"), ("large", "small"), (0.01, 0.001), (0, 1))
    ]
    assert set(runs) == set(expected) and len(runs) == len(expected) == 16


def test_one_block_and_a_list_of_one_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "one.yml").write_text(yaml.safe_dump(BLOCK), encoding="utf-8")
    assert grids.read(tmp_path / "one.yml") == grids.read(Path(written(tmp_path, BLOCK)))


def test_the_papers_tuning_grid_is_its_protocol_at_five_rates() -> None:
    runs = [run for name in ("omniglot", "cifar") for run in grids.read(ROOT / "grids" / f"learning_rates_{name}.yml")]
    rates = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
    expected = {Run(replace(c, lr=lr), seed) for c in records.protocol() for lr in rates for seed in records.SEEDS}
    assert set(runs) == expected and len(runs) == len(expected) == 300


def test_the_grid_of_what_is_left_open_changes_that_alone() -> None:
    path = ROOT / "grids" / "left_open_omniglot.yml"
    runs = grids.read(path)
    papers = [c for c in records.protocol() if (c.dataset, c.algorithm) == ("omniglot", "maml")]
    rates = {"adam": (1e-2, 1e-3, 1e-4), "sgd": (1e-1, 1e-2, 1e-3)}
    expected = {
        Run(replace(c, optimizer=name, schedule=schedule, lr=lr, activation=activation, adapt_norm=adapted), seed)
        for c, (name, schedule) in product(papers, (("adam", "cosine"), ("sgd", "constant")))
        for lr, activation, adapted in product(rates[name], ("relu", "leaky-relu"), (True, False))
        for seed in records.SEEDS
    }
    expected |= {
        Run(replace(c, initialisation=start), seed)
        for c, start, seed in product(papers, set(INITIALISATIONS) - {"glorot"}, records.SEEDS)
    }
    assert len(papers) == 2 and set(runs) == expected and len(runs) == len(expected)
    assert f" {len(runs)} runs. " in path.read_text(encoding="utf-8")


# `glob` and not `iterdir`: the workers of the cluster load a copy of this file from a folder without grids.
@pytest.mark.parametrize("path", sorted(ROOT.glob("grids/*.yml")), ids=lambda path: path.name)
def test_a_dry_run_takes_every_grid_that_is_there(path: Path, tmp_path: Path, capsys: Shown) -> None:
    assert main(["sweep", str(path), "--out", str(tmp_path / "new"), "--dry-run"]) == 0
    count, none = len(grids.read(path)), f"0 of them recorded in {tmp_path / 'new'}"
    assert capsys.readouterr().out.startswith(f"{path}: {count} runs, {none}; {count} to do in ")


def test_a_grid_takes_what_the_command_train_takes() -> None:
    parse = _parser().parse_args
    parsed = [vars(parse(["train", name, "--algorithm", "maml", "--out", "x"])) for name in ("omniglot", "cifar")]
    others = {"run", "out", "time_limit", "first_seed", "seeds"}
    assert set().union(*parsed) - others == set(grids.KINDS)


def test_ways_and_shots_are_a_value_or_a_list_of_values() -> None:
    """Section 5 prints other ones than Appendix C.4, and both can be run."""
    printed = {"hard": [20, 1], "evaluation_easy": [2, 10], "evaluation_hard": [[20, 1]]}
    block = {
        "dataset": "cifar",
        "algorithm": "maml",
        "tier": "paper",
        "seeds": 1,
        "easy": [[2, 50], [2, 10]],
        **printed,
    }
    own = [run.configuration for run in grids.expand(block)]
    assert [one.easy for one in own] == [(2, 50), (2, 10)]
    assert {(one.hard, one.evaluation_easy, one.evaluation_hard) for one in own} == {((20, 1), (2, 10), (20, 1))}
    for given in (5, [2, "x"], [2, 5, 5], [[2, 5], 3], [2.0, 5]):
        with pytest.raises(ValueError, match=r"^easy must be two whole numbers, ways and shots, or a list of such; "):
            grids.expand(block | {"easy": given})
    with pytest.raises(ValueError, match=r"^easy must have at least one value; got \[\]$"):
        grids.expand(block | {"easy": []})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lr": "fast"}, "lr must be a number, or a list of such; got 'fast'"),
        ({"lr": [0.1, None]}, "lr must be a number, or a list of such; got None"),
        ({"lr": []}, "lr must have at least one value; got []"),
        ({"lr": [0.1, -1]}, "lr must be a positive number; got -1.0"),
        ({"lr": [0.1, "nan"]}, "lr must be a positive number; got nan"),
        ({"iterations": 2.5}, "iterations must be a whole number, or a list of such; got 2.5"),
        ({"iterations": True}, "iterations must be a whole number, or a list of such; got True"),
        ({"iterations": [4, 0]}, "iterations must be a whole number, at least 1; got 0"),
        (
            {"shots": [1, 11]},
            "shots must be at most 10, since a character has 20 drawings and 10 of them are queries; got 11",
        ),
        ({"seeds": [0, 2**64]}, f"seed must be a whole number from 0 to 2**64 - 1; got {2**64}"),
        ({"adapt_norm": 1}, "adapt_norm must be true or false, or a list of such; got 1"),
        (
            {"algorithm": ["maml", "mamml"]},
            f"algorithm must be {' or '.join(ALGORITHMS)}; got 'mamml'",
        ),
        ({"dataset": "cifar"}, "setting must be 80-20 or 60-20-20; got 'large'"),
        ({"tier": "huge"}, "tier must be smoke or book or paper; got 'huge'"),
        ({"seeds": 0}, "seeds must be how many, at least 1, or a list of whole numbers from 0; got 0"),
        ({"seeds": [0, -1]}, "seeds must be how many, at least 1, or a list of whole numbers from 0; got [0, -1]"),
        ({"seeds": None}, "seeds must be how many, at least 1, or a list of whole numbers from 0; got None"),
        ({"p-hard": 0.5}, f"a key must be one of seeds, {', '.join(grids.KINDS)}; got p-hard"),
    ],
)
def test_a_bad_grid_is_refused_by_name(change: dict[str, Any], said: str, tmp_path: Path, capsys: Shown) -> None:
    path = written(tmp_path, BLOCK, BLOCK | change)
    assert main(["sweep", path, "--out", str(tmp_path / "new")]) == 2
    assert capsys.readouterr().err == f"error: {path}, block 2 of 2: {said}\n"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "must hold at least one block; got none"),
        ("", r", block 1 of 1: a block must be keys with values; got None"),
        ("[maml]", r", block 1 of 1: a block must be keys with values; got 'maml'"),
        ("{dataset: cifar, tier: book}", ", block 1 of 1: a block must say .*seeds; it lacks algorithm, seeds"),
        ("{dataset: [cifar", "must be a YAML file; got expected ',' or .*, line 1"),
        ("- lr: 1\n  tier: book\n  lr: 2", "must be a YAML file; got the key lr a .*, line 3"),
        (
            "{dataset: cifar, tier: book, algorithm: erm, seeds: [3, 3]}",
            ": a run must be .* once; got seed 3 of .* twice",
        ),
    ],
)
def test_a_bad_file_is_refused(content: str, said: str, tmp_path: Path, capsys: Shown) -> None:
    path = tmp_path / "grid.yml"
    path.write_text(content, encoding="utf-8")
    assert main(["sweep", str(path), "--out", str(tmp_path / "new")]) == 2
    assert re.fullmatch(f"error: {re.escape(str(path))} ?{said}\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--runs-per-job", "0"), 2, "runs_per_job must be a whole number, at least 1; got 0"),
        (("--runs-per-pack", "0"), 2, "runs_per_job must be a whole number, at least 1; got 0"),  # its old name
        (("--time-limit", "0"), 2, r"time_limit must be a positive number of seconds; got 0\.0"),
        (("--device", "tpu"), 2, "argument --device: invalid choice: 'tpu' .*; see .* sweep --help"),
        (("--out", "GRID"), 2, "out must be a folder, or a name for a new one; got .*, and .* is a file"),
    ],
)
def test_a_bad_argument_is_refused(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path, capsys: Shown
) -> None:
    path = written(tmp_path, BLOCK)
    given = [path if one == "GRID" else one for one in arguments]
    try:
        assert main(["sweep", path, "--out", str(tmp_path / "new"), *given]) == code
    except SystemExit as end:
        assert end.code == code
    assert re.fullmatch(f"error: {said}\n", capsys.readouterr().err)


# -- jobs


@pytest.mark.parametrize("size", [1, 3, 4, 100])
def test_packs_hold_each_run_once(size: int, tmp_path: Path) -> None:
    runs = grids.expand(BLOCK)
    made = jobs.jobs(runs, runs, tmp_path, size)
    assert sorted(map(repr, runs)) == sorted(repr(run) for job in made for run in job.runs)
    for job in made:
        check(job.runs)
        assert len(job.runs) <= size
    assert len({job.folder for job in made}) == len(made) == 2 * -(-8 // size)
    assert made == jobs.jobs(runs, runs, tmp_path, size)


def test_planning_is_linear_in_the_number_of_runs(tmp_path: Path, monkeypatch: Patch) -> None:
    """Four times as many runs, none of which can train beside another, ask four times as often who they are."""
    asked, once = [0], Configuration.__hash__

    def counted(configuration: Configuration) -> int:
        asked[0] += 1
        return once(configuration)

    monkeypatch.setattr(Configuration, "__hash__", counted)
    needed = []
    for count in (50, 200):
        runs = [Run(configure("omniglot", "maml", "smoke", steps=1 + k), seed) for k in range(count) for seed in (0, 1)]
        asked[0] = 0
        assert len(jobs.jobs(runs, runs, tmp_path, 10)) == count
        needed.append(asked[0])
    assert needed[1] <= 4 * needed[0]


def stopped(steps: int) -> Callable[..., Any]:
    """Return `jobs.proceed` with an end after so many steps."""
    proceed = jobs.proceed

    def short(*given: Any, **named: Any) -> Any:
        left = iter([False] * steps)
        return proceed(*given, **(named | {"stop": lambda: next(left, True)}))

    return short


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all runs of the grid, which nobody interrupted; not to be changed."""
    folder = tmp_path_factory.mktemp("sweep")
    with small_world():
        assert main(["sweep", written(folder, BLOCK), "--out", str(folder / "whole")]) == 0
    return folder / "whole"


@pytest.fixture(scope="module")
def whole(swept: Path) -> dict[str, Any]:
    assert len(metrics(swept)) == 16
    return metrics(swept)


def test_asked_again_it_runs_what_is_missing_and_no_more(
    swept: Path, whole: dict[str, Any], tmp_path: Path, capsys: Shown, monkeypatch: Patch
) -> None:
    folder, path = Path(shutil.copytree(swept, tmp_path / "copy")), written(tmp_path, BLOCK)
    lost = sorted(folder.rglob("*.json"))[::5]
    for one in lost:
        one.unlink()
    with monkeypatch.context() as patched:
        patched.setattr(training, "advance", lambda *_, **__: pytest.fail("trained again"))
        assert main(["sweep", path, "--out", str(folder)]) == 0, "lost records are written from the checkpoints"
        assert f"16 runs, {16 - len(lost)} of them recorded" in capsys.readouterr().out
        assert metrics(folder) == whole
        assert main(["sweep", path, "--out", str(folder), "--runs-per-job", "3"]) == 0
        assert capsys.readouterr().out.endswith("0 to do in 0 jobs, 0 of them begun\n")
    assert main(["sweep", written(tmp_path, BLOCK | {"seeds": 3}), "--out", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "24 runs, 16 of them recorded" in lines[0] and "8 to do in 2 jobs, 0 of them begun" in lines[0]
    assert {name: found for name, found in metrics(folder).items() if name in whole} == whole
    assert len(metrics(folder)) == 24


def test_a_record_made_elsewhere_in_the_folder_counts(tmp_path: Path, capsys: Shown) -> None:
    common = "--tier smoke --seeds 2 --iterations 6 --tasks 2 --evaluation-tasks 4 --lr 0.01 0.001"
    train = f"train omniglot --algorithm erm --setting small large {common} --out"
    given = [*train.split(), str(tmp_path / "sweep" / "by hand")]
    assert main(given) == 0
    capsys.readouterr()
    assert main(["sweep", written(tmp_path, BLOCK), "--out", str(tmp_path / "sweep"), "--dry-run"]) == 0
    assert "16 runs, 8 of them recorded" in capsys.readouterr().out


def interrupted(folder: Path, path: str, capsys: Shown, monkeypatch: Patch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "proceed", stopped(4))
        assert main(["sweep", path, "--out", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("1 of 2 jobs: omniglot-maml-smoke-") and lines[-2].endswith(
        ", stopped after 4 of 6 iterations"
    )
    assert lines[-1] == f"0 of 16 runs are recorded in {folder}; give the same command again to go on"


@pytest.mark.parametrize("again", [{}, {"seeds": 3}])
def test_an_interrupted_sweep_ends_as_one_that_was_not(
    again: dict[str, Any], whole: dict[str, Any], tmp_path: Path, capsys: Shown, monkeypatch: Patch
) -> None:
    """It goes on where it was, in jobs of another size or with a grid that has grown.

    Where it has grown, runs have other neighbours than in the whole sweep, and may differ by a unit of the last digit.
    """
    interrupted(tmp_path / "cut", written(tmp_path, BLOCK), capsys, monkeypatch)
    iterate, made = training.iterate, []
    monkeypatch.setattr(training, "iterate", lambda state, world: (made.append(len(state.runs)), iterate(state, world)))
    path = written(tmp_path, BLOCK | again)
    assert main(["sweep", path, "--out", str(tmp_path / "cut"), "--runs-per-job", "8"]) == 0
    assert "1 of them begun" in capsys.readouterr().out
    assert made[:2] == [8, 8] and len(made) == 2 + 6 * (1 if not again else 3), "two iterations were left of the first"
    ended = metrics(tmp_path / "cut")
    found = {name: ended[name] for name in whole}
    assert list(numbers(found)) == pytest.approx(list(numbers(whole)), abs=2e-6) if again else found == whole


def test_the_comparison_sees_what_an_interruption_loses(
    whole: dict[str, Any], tmp_path: Path, capsys: Shown, monkeypatch: Patch
) -> None:
    """The same, but for the memory of the optimiser in the checkpoint."""
    interrupted(tmp_path / "cut", written(tmp_path, BLOCK), capsys, monkeypatch)
    contents = checkpoints.contents

    def lossy(folder: Path, **how: bool) -> dict[str, Any] | None:
        values = contents(folder, **how)
        if values is not None:
            values["memory"] = {name: torch.zeros_like(value) for name, value in values["memory"].items()}
        return values

    monkeypatch.setattr(checkpoints, "contents", lossy)
    assert main(["sweep", written(tmp_path, BLOCK), "--out", str(tmp_path / "cut")]) == 0
    found = metrics(tmp_path / "cut")
    assert found.keys() == whole.keys()
    assert {name for name, values in found.items() if values != whole[name]} == {
        name for name in whole if "maml" in name
    }


def test_a_job_with_runs_that_nobody_asks_for_is_left_alone(
    whole: dict[str, Any], tmp_path: Path, capsys: Shown, monkeypatch: Patch
) -> None:
    out = tmp_path / "cut"
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "proceed", stopped(4))
        assert main(["sweep", written(tmp_path, BLOCK | {"seeds": 3}), "--out", str(out), "--runs-per-job", "12"]) == 0
    (begun,) = (path.parent for path in out.rglob(checkpoints.NAME))
    capsys.readouterr()
    path = written(tmp_path, BLOCK)
    assert main(["sweep", path, "--out", str(out)]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert "0 of them begun" in first
    left = f"{begun.name}: begun with runs that {path} does not ask for, and left as it is; 8 runs of it start anew"
    assert second == left
    assert metrics(out) == whole
    state = checkpoints.load(begun)
    assert state is not None and len(state.runs) == 12 and state.iteration == 4


def test_a_record_counts_for_its_settings_on_any_device() -> None:
    asked = Run(configure("cifar", "erm", "book", p_hard=0.3), 1)
    record = {"configuration": replace(asked.configuration, device="cuda").values(), "seed": 1}
    assert jobs.missing([asked], [record]) == []
    close = replace(asked.configuration, p_hard=0.3 + 1e-9)
    for other in ({"seed": 2}, {"configuration": close.values()}):
        assert jobs.missing([asked], [record | other]) == [asked]


def test_what_a_later_job_lacks_is_said_before_the_first(tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    """Images of another data set, or a GPU."""
    monkeypatch.setattr(training, "advance", lambda *_, **__: pytest.fail("trained"))

    def prepare(runs: Any) -> Any:
        experiments.require(runs[0].configuration.device)
        if runs[0].configuration.dataset == "cifar":
            raise DataError("no CIFAR here")
        return world(runs)

    monkeypatch.setattr(experiments, "prepare", prepare)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    cifar = {"dataset": "cifar", "algorithm": "erm", "tier": "smoke", "seeds": 1}
    for block, code, said in (
        (cifar, 1, "no CIFAR here"),
        (BLOCK | {"device": "cuda", "tasks": 3}, 2, "device must be cpu, since PyTorch finds no GPU; got 'cuda'"),
    ):
        assert main(["sweep", written(tmp_path, BLOCK, block), "--out", str(tmp_path / "new")]) == code
        assert capsys.readouterr().err == f"error: {said}\n" and not (tmp_path / "new").exists()


def test_the_device_of_the_command_counts(tmp_path: Path, monkeypatch: Patch) -> None:
    asked: list[Run] = []

    def proceed(runs: tuple[Run, ...], *_: Any, **__: Any) -> None:
        asked.extend(runs)
        raise OSError("far enough")

    monkeypatch.setattr(jobs, "proceed", proceed)
    path = written(tmp_path, BLOCK | {"device": "cpu"})
    for given in ((), ("--device", "cuda")):
        assert main(["sweep", path, "--out", str(tmp_path / "new"), *given]) == 1
    assert [run.configuration.device for run in asked] == ["cpu"] * 8 + ["cuda"] * 8


def test_a_time_limit_ends_it(tmp_path: Path, capsys: Shown) -> None:
    path = written(tmp_path, BLOCK)
    assert main(["sweep", path, "--out", str(tmp_path / "cut"), "--time-limit", "0.001"]) == 0
    assert capsys.readouterr().out.count(" jobs: ") == 1
    (state,) = (checkpoints.load(one.parent) for one in tmp_path.rglob(checkpoints.NAME))
    assert state is not None and state.iteration == 1


def test_the_readmes_commands_are_understood() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^python -m paperlib (sweep [^#\n]+)", readme, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        arguments = _parser().parse_args(line.split())
        assert len(grids.read(ROOT / arguments.grid, device=arguments.device)) == 150
    assert "150 runs for each data set" in readme


# -- what it costs


def counted(c: Configuration, steps: int | None = None) -> float:
    """Return the operations that PyTorch counts for one task in training, or at evaluation after so many steps.

    Its convolutions are products of matrices here, since PyTorch multiplies what a grouped convolution's weights cost
    by the number of groups.
    """
    (ways, shots), channels, side = c.easy, c.benchmark.channels, c.benchmark.side
    named = 20 if ALGORITHMS[c.algorithm].named else 0  # a small second head, which `costs` leaves out
    network = Network(channels, side, ways, c.filters, names=named)
    start = {name: torch.zeros(1, *shape) for name, shape in network.shapes().items()}
    images = [torch.zeros(ways * count, channels, side, side) for count in (shots, c.queries)]
    batch = TaskBatch(torch.tensor([0]), torch.tensor([False]), *images, ways)
    unfolded = patch.object(models, "grouped_convolution", unfolded_convolution)
    with unfolded, FlopCounterMode(display=False) as counter:
        if steps is None:
            meta_gradient(network, start, batch, experiments.objective([Run(c, 0)]), 1)
        else:
            post_adaptation(network, start, batch, experiments.objective([Run(c, 0)], steps))
    return counter.get_total_flops()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(("dataset", "steps"), [("omniglot", 1), ("omniglot", 2), ("cifar", 1)])
def test_operations_are_what_pytorch_counts(algorithm: str, dataset: str, steps: int) -> None:
    """The first block, which the engine computes otherwise than by a convolution, may make a tenth of it."""
    shape = (2, 1)
    one = replace(
        configure(dataset, algorithm, "smoke", iterations=1, tasks=1, steps=steps, filters=64, queries=1),
        **dict.fromkeys(("easy", "hard", "evaluation_easy", "evaluation_hard"), shape),
        evaluation_tasks=1,
    )
    training_alone = costs.operations(replace(one, iterations=2)) - costs.operations(one)
    evaluation_alone = costs.operations(one) - training_alone
    phases = [one.other_steps if name.startswith("other") else one.evaluation_steps for name in one.phases]
    assert training_alone == pytest.approx(counted(one), rel=0.1)
    assert evaluation_alone == pytest.approx(sum(counted(one, steps) for steps in phases), rel=0.12)


@pytest.mark.parametrize(
    ("p_hard", "passes"),
    [
        (0.0, 78 + 600),  # an easy task of 2 ways: 2·(1·9 + 10·3)
        (0.25, 0.75 * 78 + 0.25 * 144 + 600),
        (1.0, 144 + 600),  # a hard one of 3 ways: 3·(2·9 + 10·3)
    ],
)
def test_operations_weigh_easy_and_hard_tasks_by_their_probabilities(p_hard: float, passes: float) -> None:
    """Counted by hand, in passes of an image.

    Evaluation has one easy task of 2 ways and 3 shots and one hard task of 4 ways and 1 shot in each of four phases.
    After one step they cost 2·(3·3 + 10) + 4·(1·3 + 10) = 90, after five 2·(3·15 + 10) + 4·(1·15 + 10) = 210, and
    there are two phases of each: 600 in all, whatever the distribution of tasks in training.
    """
    shapes = {"easy": (2, 1), "hard": (3, 2), "evaluation_easy": (2, 3), "evaluation_hard": (4, 1)}
    c = configure("cifar", "maml", "smoke", p_hard=p_hard, iterations=1, tasks=1, evaluation_tasks=2, **shapes)
    assert costs.operations(c) / costs.forward(c) == pytest.approx(passes, rel=1e-12)


def test_hours_follow_from_records_of_the_same_kinds() -> None:
    c = configure("omniglot", "maml", "book")
    machine = {"hardware": {"gpu": None, "processor": "P", "threads": 1}, "earlier_machines": []}
    own = {"configuration": c.values(), "metrics": {"diverged": None}, "seconds": 3600.0, "runs_trained_together": 4}
    record = machine | own
    assert costs.hours([Run(c, 0)], [record]) == {"P, 1 thread": (pytest.approx(1 / 4), 1)}
    longer = replace(c, lr=0.5, setting="small", iterations=2 * c.iterations, evaluation_tasks=2 * c.evaluation_tasks)
    assert costs.hours([Run(longer, 0), Run(c, 1)], [record] * 2) == {"P, 1 thread": (pytest.approx(3 / 4), 2)}
    for change in ({"steps": 2}, {"algorithm": "fomaml"}, {"filters": 32}, {"device": "cuda"}):
        assert costs.hours([Run(c, 0), Run(replace(c, **change), 0)], [record]) == {}
    for useless in ({"metrics": {"diverged": 3}}, {"earlier_machines": [{}]}, {"seconds": 0.0}):
        assert costs.hours([Run(c, 0)], [record | useless]) == {}


def test_hours_of_other_kinds_of_runs_are_scaled_by_operations() -> None:
    """Records of the runs' data set count where a machine has them, else all; each run of them takes 900 s."""
    c, other = configure("omniglot", "maml", "book"), configure("cifar", "maml", "book")
    useful = {"metrics": {"diverged": None}, "earlier_machines": [], "seconds": 3600.0, "runs_trained_together": 4}

    def record(made: Configuration, processor: str = "P") -> dict[str, Any]:
        hardware = {"gpu": None, "processor": processor, "threads": 2}
        return useful | {"configuration": made.values(), "hardware": hardware}

    asked = [Run(replace(c, steps=2), seed) for seed in range(4)]
    found = [record(c), record(other), record(other, "Q")]
    # passes: 5·(1·9·steps + 10·3) for each of 8,000 tasks in training, 5·(1·3 + 10·1) for each of 1,500 at evaluation
    more = (8000 * 240 + 1500 * 65) / (8000 * 195 + 1500 * 65)
    across = costs.operations(asked[0].configuration) / costs.operations(other)
    assert costs.hours(asked, found) == {}
    assert costs.rough_hours(asked, found) == {
        "P, 2 threads": (pytest.approx(more), 1, "omniglot with 64 filters"),
        "Q, 2 threads": (pytest.approx(across), 1, "cifar with 32 filters"),
    }
    for useless in ({"metrics": {"diverged": 3}}, {"earlier_machines": [{}]}, {"seconds": 0.0}):
        assert costs.rough_hours(asked, [one | useless for one in found]) == {}


def test_long_records_count_more_in_the_scale() -> None:
    """One run of O operations in 900 s and one of 2·O in 300 s: a run of O takes 400 s."""
    c = configure("omniglot", "maml", "book")
    twice = replace(c, tasks=2 * c.tasks, evaluation_tasks=2 * c.evaluation_tasks)
    rest = {"metrics": {"diverged": None}, "earlier_machines": [], "runs_trained_together": 1}
    rest["hardware"] = {"gpu": "G", "processor": "P", "threads": 1}
    found = [rest | {"configuration": one.values(), "seconds": time} for one, time in ((c, 900.0), (twice, 300.0))]
    asked = [Run(replace(c, precision="tf32", device="cuda"), 0)]
    assert costs.rough_hours(asked, found) == {"G": (pytest.approx(400 / 3600), 2, "omniglot with 64 filters")}


def test_it_says_what_it_costs_before_it_starts(tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(records, "BOOK", tmp_path / "no book")
    said: list[str] = []

    def proceed(*_: Any, **__: Any) -> None:
        said.append(capsys.readouterr().out)
        raise OSError("far enough")

    path, out = written(tmp_path, BLOCK), tmp_path / "new"
    monkeypatch.setattr(jobs, "proceed", proceed)
    assert main(["sweep", path, "--out", str(out)]) == 1
    operations = sum(costs.operations(run.configuration) for run in grids.expand(BLOCK))
    first, second, third = said[0].splitlines()
    assert first == f"{path}: 16 runs, 0 of them recorded in {out}; 16 to do in 2 jobs, 0 of them begun"
    assert second.startswith(f"96 iterations and their evaluation, about {operations:.1e} floating-point operations ")
    assert third == f"hours: unknown, as neither {out} nor {records.BOOK} has records that tell"
    capsys.readouterr()
    assert main(["sweep", path, "--out", str(out), "--dry-run"]) == 0
    assert capsys.readouterr().out == said[0] and len(said) == 1 and not out.exists()


def test_hours_are_said_once_there_are_records(swept: Path, tmp_path: Path, capsys: Shown) -> None:
    path = written(tmp_path, BLOCK | {"seeds": 3})
    assert main(["sweep", path, "--out", str(swept), "--dry-run"]) == 0
    assert re.fullmatch(
        r"about \d+\.\d\d hours on .*, 1 thread, by 16 records of the same kinds of runs",
        capsys.readouterr().out.splitlines()[2],
    )


def test_rough_hours_are_said_to_be(swept: Path, tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    monkeypatch.setattr(records, "BOOK", tmp_path / "no book")
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, BLOCK | {"filters": 64})
    assert main(["sweep", path, "--out", str(swept), "--dry-run"]) == 0
    *_, last = capsys.readouterr().out.splitlines()
    said = r"roughly \S+ hours on .*, 1 thread, scaled by operations from 16 records of other kinds of runs, (.*)"
    assert (match := re.fullmatch(said, last)) and match[1] == "omniglot with 32 filters"


def test_the_book_s_records_tell_hours_in_any_folder(tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, {"dataset": "omniglot", "algorithm": "maml", "tier": "book", "seeds": 5})
    assert main(["sweep", path, "--out", "new", "--dry-run"]) == 0
    kind = re.compile(r"omniglot-\w+-maml-1-book(-iterations\d+)?(-evaluation-tasks\d+)?-seed\d+")  # but for its length
    count = sum(kind.fullmatch(path.stem) is not None for path in (ROOT / "book" / "records").rglob("*.json"))
    said = r"about \d+(\.\d\d)? hours on .*, by (\d+) records of the same kinds of runs"
    found = [re.fullmatch(said, line) for line in capsys.readouterr().out.splitlines()[2:]]
    assert found and sum(int(match[2]) for match in found if match) == count > 0


# -- a cluster


def dask_setup(worker: Any) -> None:
    """Prepare a worker: a small world, a checkpoint after each step, a diary, and for the first to come there death."""
    folder = Path(os.environ["SWEEP_TEST"])
    iterate = training.iterate
    training.advance.__kwdefaults__["save_every"] = 0.0
    experiments.prepare = world

    def watched(state: Any, experiment: Any) -> None:
        with (folder / "diary").open("a") as diary:
            diary.write(f"{state.shared.algorithm} {state.iteration} {os.getpid()}\n")
        if state.iteration == 3 and state.shared.algorithm == "maml":
            try:
                (folder / "killed").touch(exist_ok=False)
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        iterate(state, experiment)

    training.iterate = watched


def awaited(event: Callable[[], Any]) -> Any:
    patience = time.monotonic() + 120
    while not (result := event()):
        assert time.monotonic() < patience
        time.sleep(0.02)
    return result


class Cluster:
    """A scheduler and two workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        self.environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": paths, "SWEEP_TEST": str(folder)}
        self.started: list[subprocess.Popen[bytes]] = []
        options, file = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard"), folder / "scheduler.json"
        self.start("log", "dask", "scheduler", *options, "--scheduler-file", str(file))
        self.address = awaited(lambda: file.exists() and re.search(r'"address": "(.+?)"', file.read_text()))[1]
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--preload", __file__)
        self.workers = [self.start("log", "dask", "worker", self.address, *options) for _ in range(2)]

    def start(self, output: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / output).open("ab") as file:
            command, streams = [sys.executable, "-m", *arguments], {"stdout": file, "stderr": subprocess.STDOUT}
            self.started.append(subprocess.Popen(command, env=self.environment, cwd=self.folder, **streams))
        return self.started[-1]


class Driver:
    """A process that sweeps on a cluster."""

    def __init__(self, cluster: Cluster, folder: Path, block: dict[str, Any], *more: str) -> None:
        self.out, self.printed, path = folder / "swept", folder / "printed", written(folder, block)
        arguments = ("paperlib", "sweep", path, "--out", str(self.out), "--scheduler", cluster.address, *more)
        self.process = cluster.start(str(self.printed), *arguments)

    def end(self) -> tuple[int, str]:
        """Wait for its end and return its code and what it printed."""
        return self.process.wait(timeout=240), self.printed.read_text()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    one = Cluster(tmp_path_factory.mktemp("cluster"))
    yield one
    for process in reversed(one.started):
        process.kill()
        process.wait()


def test_a_killed_worker_changes_no_number(cluster: Cluster, whole: dict[str, Any], tmp_path: Path) -> None:
    """One worker of two dies by SIGKILL in the fourth iteration; the other goes on there with its job."""
    code, printed = (driver := Driver(cluster, tmp_path, BLOCK)).end()
    assert code == 0, printed
    assert re.search(
        r"\n2 of 2 jobs: omniglot-\w+-smoke-\w+, 8 records, \d+ s of training\n16 of 16 runs are recorded in .*\n$",
        printed,
    )
    assert {worker.poll() for worker in cluster.workers} == {None, -signal.SIGKILL}
    assert metrics(driver.out) == whole
    diary = [line.split() for line in (cluster.folder / "diary").read_text().splitlines()]
    maml = [(int(iteration), process) for algorithm, iteration, process in diary if algorithm == "maml"]
    assert [iteration for iteration, _ in maml] == [0, 1, 2, 3, 3, 4, 5], "nothing before the checkpoint is done again"
    dead, heir = {process for _, process in maml[:4]}, {process for _, process in maml[4:]}
    assert len(dead) == len(heir) == 1 and dead != heir


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGKILL])
def test_without_its_driver_a_job_stops_and_can_be_gone_on_with(
    asked: signal.Signals, cluster: Cluster, tmp_path: Path
) -> None:
    """Interrupted or dead: the workers end the present step, write a checkpoint, and are free again."""
    driver = Driver(cluster, tmp_path, BLOCK | {"iterations": 1_000_000, "algorithm": "erm"})
    lock = awaited(lambda: next(driver.out.rglob(checkpoints.LOCK), None))
    awaited(lambda: (state := checkpoints.load(lock.parent)) and state.iteration)
    assert lock.read_text()
    driver.process.send_signal(asked)
    code, printed = driver.end()
    if asked == signal.SIGINT:
        assert code == 0
        assert printed.endswith(f"0 of 8 runs are recorded in {driver.out}; give the same command again to go on\n")
    awaited(lambda: not lock.read_text())
    state = checkpoints.load(lock.parent)
    assert state is not None and 1 <= state.iteration < 1_000_000


def test_without_its_scheduler_a_sweep_ends_and_can_be_gone_on_with(tmp_path: Path) -> None:
    """Killed: the driver says so, and the workers have left a checkpoint."""
    pytest.importorskip("distributed")
    one = Cluster(tmp_path)
    try:
        driver = Driver(one, tmp_path, BLOCK | {"iterations": 1_000_000, "algorithm": "erm"})
        lock = awaited(lambda: next(driver.out.rglob(checkpoints.LOCK), None))
        awaited(lambda: (state := checkpoints.load(lock.parent)) and state.iteration)
        one.started[0].kill()
        code, printed = driver.end()
        assert code == 1 and "task cancelled by the cluster; if its scheduler has died, start another\n" in printed
        assert f"0 of 8 runs are recorded in {driver.out}; give the same command again to go on\n" in printed
        awaited(lambda: all(worker.poll() is not None for worker in one.workers))
        state = checkpoints.load(lock.parent)
        assert state is not None and 1 <= state.iteration < 1_000_000
    finally:
        for process in reversed(one.started):
            process.kill()
            process.wait()


def test_a_time_limit_is_for_all_packs_of_a_cluster_together(cluster: Cluster, tmp_path: Path) -> None:
    """Eight jobs that would train for weeks, on two workers at most."""
    block = BLOCK | {"iterations": 1_000_000, "algorithm": "erm"}
    driver = Driver(cluster, tmp_path, block, "--runs-per-job", "1", "--time-limit", "4")
    code, printed = driver.end()
    assert code == 0, printed
    assert " to do in 8 jobs, " in printed and not re.search(r"of 8 jobs: ", printed)
    assert printed.endswith(f"0 of 8 runs are recorded in {driver.out}; give the same command again to go on\n")
    for lock in driver.out.rglob(checkpoints.LOCK):
        awaited(lambda lock=lock: not lock.read_text())


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("finished", "its worker wrote records, but not to this .*; share the disk"),
        ("error", "FileExistsError: in the way"),
        ("cancelled", "ConnectionError: task cancelled by the cluster; if its scheduler has died, start another"),
        ("lost", "ConnectionError: task lost by the cluster; if its scheduler has died, start another"),
    ],
)
def test_a_job_that_fails_is_said_to(status: str, said: str, tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    """And the others go on."""
    task = SimpleNamespace(status=status, result=lambda: 1.0, exception=lambda: FileExistsError("in the way"))

    def on_cluster(todo: list[jobs.Job], address: str, limit: float | None) -> Iterator[sweeps.Outcome]:
        yield sweeps._outcome(todo[0], task)
        yield from sweeps.here(todo[1:], Deadline(limit))

    monkeypatch.setattr(sweeps, "on_cluster", on_cluster)
    path, out = written(tmp_path, BLOCK), tmp_path / "swept"
    assert main(["sweep", path, "--out", str(out), "--scheduler", "tcp://127.0.0.1:9"]) == 1
    shown = capsys.readouterr()
    *_, first, second, last = shown.out.splitlines()
    assert re.fullmatch(rf"1 of 2 jobs: omniglot-\w+-smoke-\w+, failed: {said}", first)
    assert re.fullmatch(r"2 of 2 jobs: omniglot-\w+-smoke-\w+, 8 records, \d+ s of training", second)
    assert last == f"8 of 16 runs are recorded in {out}; give the same command again to go on"
    assert shown.err == "error: 1 of 2 jobs failed, for the reasons above\n"


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("tcp://127.0.0.1:9", 1, "scheduler must be the address of one that runs; got '{}': Timed out .*"),
        ("tcp://127.0.0.1", 2, "scheduler must be an address as tcp://host:8786; got '{}': missing port number .*"),
    ],
)
def test_a_scheduler_that_does_not_answer_is_said(
    address: str, code: int, said: str, tmp_path: Path, capsys: Shown
) -> None:
    """Nobody listens on port 9, and nothing is trained or written."""
    pytest.importorskip("distributed")
    from dask import config

    path, out = written(tmp_path, BLOCK), tmp_path / "new"
    with config.set({"distributed.comm.timeouts.connect": "300ms"}):
        assert main(["sweep", path, "--out", str(out), "--scheduler", address]) == code
    assert re.fullmatch(f"error: {said.format(address)}\n", capsys.readouterr().err)
    assert not out.exists()


def test_without_dask_it_says_what_to_install(tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    path = written(tmp_path, BLOCK)
    assert main(["sweep", path, "--out", str(tmp_path / "new"), "--scheduler", "tcp://127.0.0.1:9"]) == 2
    error = capsys.readouterr().err
    assert "scheduler needs dask.distributed" in error and "pip install 'maml-landscape[cluster]'" in error
