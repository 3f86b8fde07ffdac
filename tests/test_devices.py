"""A training goes on wherever it is asked to, its record says where it was made, and nothing that was begun is lost.

There need be no GPU here: a checkpoint of one is a checkpoint whose settings and machine say so, as tensors are kept on
the processor's side of the disk anyway.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

sys.path.append(str(Path(__file__).resolve().parent))
from test_fewshot_batches import settings, world
from test_fewshot_training import After, equal

from paperlib import commands, records, sweeps
from paperlib.__main__ import main
from paperlib.fewshot import accuracies, checkpoints, experiments, normalisation, objectives, training
from paperlib.fewshot.checkpoints import State
from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.experiments import Experiment
from paperlib.fewshot.learners import ALGORITHMS
from paperlib.fewshot.options import options
from paperlib.fewshot.runs import cross, differences

SMALL = "--tier smoke --iterations 6 --tasks 2 --evaluation-tasks 4 --seeds 2".split()
TRAIN = ["train", "omniglot", "--algorithm", "maml", *SMALL]
GRID = {"dataset": "omniglot", "tier": "smoke", "algorithm": ["maml", "erm"], "seeds": 2, "iterations": 6, "tasks": 2}
GPU = "NVIDIA H200"
Shown = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def in_a_small_world(monkeypatch: Patch) -> Iterator[None]:
    monkeypatch.setattr(experiments, "prepare", world)
    for module in (sweeps, commands):
        monkeypatch.setattr(module, "keep_buffers", lambda: False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def begun_on_a_gpu(folder: Path, *, old: bool = False, **settings: Any) -> dict[str, Any]:
    """Change the checkpoint of a folder into one that a GPU left, `old` as former versions wrote it; return it."""
    values = checkpoints.contents(folder)
    assert values is not None
    for one, _ in values["runs"]:
        one.update({"device": "cuda"} | settings)
    values["origins"][-1]["hardware"]["gpu"] = GPU
    values["origins"][-1]["device"] = "cuda"
    if old:
        del values["origins"][-1]["device"]
    torch.save(values, folder / checkpoints.NAME)
    return values


def metrics(folder: Path) -> dict[str, Any]:
    return {path.name: values["metrics"] for path, values in records.read(folder)}


def stopped(folder: Path, *arguments: str) -> None:
    assert main([*arguments, "--out", str(folder), "--time-limit", "0.001"]) == 0
    assert not metrics(folder)


@pytest.fixture
def whole(tmp_path: Path, capsys: Shown) -> dict[str, Any]:
    """Return the metrics of a training that stayed where it was."""
    assert main([*TRAIN, "--out", str(tmp_path / "whole")]) == 0
    assert "made on" not in capsys.readouterr().out
    found = [values for _, values in records.read(tmp_path / "whole")]
    assert {(values["device"], values["hardware"]["gpu"], len(values["earlier_machines"])) for values in found} == {
        ("cpu", None, 0)
    }
    return metrics(tmp_path / "whole")


@pytest.mark.parametrize("old", [False, True])
def test_what_a_gpu_began_goes_on_without_one(old: bool, whole: dict[str, Any], tmp_path: Path, capsys: Shown) -> None:
    folder = tmp_path / "moved"
    stopped(folder, *TRAIN)
    begun_on_a_gpu(folder, old=old)
    assert main([*TRAIN, "--out", str(folder)]) == 0
    assert f"2 records in {folder}; made on cuda and cpu" in capsys.readouterr().out
    assert metrics(folder) == whole, "it went on from where it was: had it begun anew, origins would say cpu alone"
    for _, values in records.read(folder):
        (earlier,) = values["earlier_machines"]
        assert (earlier["device"], earlier["hardware"]["gpu"]) == ("cuda", GPU)
        assert (values["device"], values["hardware"]["gpu"], values["configuration"]["device"]) == ("cpu", None, "cpu")


def test_it_goes_on_with_the_iteration_that_is_next(tmp_path: Path, monkeypatch: Patch) -> None:
    stopped(tmp_path, *TRAIN)
    begun_on_a_gpu(tmp_path)
    made, iterate = [], training.iterate
    monkeypatch.setattr(training, "iterate", lambda state, *rest: (made.append(state.iteration), iterate(state, *rest)))
    assert main([*TRAIN, "--out", str(tmp_path)]) == 0
    assert made == [1, 2, 3, 4, 5]


def test_what_is_done_keeps_the_device_that_it_was_done_on(tmp_path: Path) -> None:
    assert main([*TRAIN, "--out", str(tmp_path)]) == 0
    begun_on_a_gpu(tmp_path)
    for path in tmp_path.glob("*.json"):
        path.unlink()
    assert main([*TRAIN, "--out", str(tmp_path)]) == 0
    for _, values in records.read(tmp_path):
        assert (values["device"], values["configuration"]["device"], values["earlier_machines"]) == ("cuda", "cuda", [])


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (
            (),
            1,
            "holds a training with other options (there, asked for): precision: tf32, float32. Give another folder",
        ),
        (("--precision", "tf32"), 2, "precision must be float32 on the cpu; got 'tf32'"),
    ],
)
def test_another_precision_is_another_run(
    asked: tuple[str, ...], code: int, said: str, tmp_path: Path, capsys: Shown
) -> None:
    """Numbers of tf32 are not to be had on a processor: it is refused by name, and nothing is lost."""
    stopped(tmp_path, *TRAIN)
    begun_on_a_gpu(tmp_path, precision="tf32")
    before = (tmp_path / checkpoints.NAME).read_bytes()
    assert main([*TRAIN, *asked, "--out", str(tmp_path)]) == code
    assert said in capsys.readouterr().err
    assert (tmp_path / checkpoints.NAME).read_bytes() == before and not metrics(tmp_path)


def test_a_gpu_that_is_not_there_is_refused(tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    stopped(tmp_path, *TRAIN)
    before = (tmp_path / checkpoints.NAME).read_bytes()
    monkeypatch.undo()  # the real world
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(commands, "keep_buffers", lambda: False)
    assert main([*TRAIN, "--device", "cuda", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "error: device must be cpu, since PyTorch finds no GPU; got 'cuda'\n"
    assert (tmp_path / checkpoints.NAME).read_bytes() == before


def test_all_that_a_training_remembers_is_moved(tmp_path: Path, monkeypatch: Patch) -> None:
    """To a device that every machine has: tensors of ``meta`` have a place and no contents."""
    runs = cross([settings()], [0, 1])
    checkpoints.save(State.start(runs, world(runs).network), tmp_path)
    kind = options(Configuration)["device"].kind
    monkeypatch.setitem(vars(kind), "values", ("cpu", "cuda", "meta"))
    there = cross([replace(settings(), device="meta")], [0, 1])
    state = checkpoints.resume(there, tmp_path)
    assert state is not None and differences(runs, there) == [] and state.shared.device == "meta"
    assert {value.device.type for group in (state.parameters, state.memory) for value in group.values()} == {"meta"}


def test_moved_between_two_steps_it_ends_as_it_would_have(tmp_path: Path) -> None:
    runs = cross([settings()], [0, 1])
    moved = cross([replace(settings(), device="cuda")], [0, 1])
    experiment = world(runs)
    alone, state = (State.start(runs, experiment.network) for _ in range(2))
    training.advance(alone, experiment, tmp_path / "alone")
    training.advance(state, experiment, tmp_path / "moved", stop=After(3))
    state.runs = moved
    checkpoints.save(state, tmp_path / "moved")
    again = checkpoints.resume(runs, tmp_path / "moved")
    assert again is not None and again.iteration == 3 and again.shared.device == "cpu"
    assert training.advance(again, experiment, tmp_path / "moved") and equal(again, alone)


# -- what a GPU is asked


def on_meta(monkeypatch: Patch, algorithm: str) -> tuple[State, Experiment, list[int]]:
    """Return a training on the device that refuses tensors made elsewhere and questions, and how much it is asked.

    Its tasks have two shapes. The one question that a step may ask, when all is computed, is answered here.
    """
    runs = cross([settings(algorithm, p_hard=0.5)], [0, 1])
    there = world(runs, ((3, 2), (4, 1)))
    state, asked = State.start(runs, there.network), []
    state.move("meta")

    def answers(*values: torch.Tensor) -> list[Any]:
        assert {value.device.type for value in values} == {"meta"}
        asked.append(len(values))
        return [np.ones(value.shape) for value in values]

    monkeypatch.setattr(accuracies, "answers", answers)
    return state, replace(there, images=there.images.to("meta")), asked


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_whole_step_asks_the_device_once_and_an_evaluation_too(algorithm: str, monkeypatch: Patch) -> None:
    state, there, asked = on_meta(monkeypatch, algorithm)
    while not state.trained:
        training.iterate(state, there)
    buckets = 1 if ALGORITHMS[algorithm].named else 2  # images one by one, or tasks of two shapes
    assert len(asked) == state.shared.iterations and max(asked) == 2 * buckets + 1, "losses, accuracies, and divergence"
    assert {value.device.type for group in (state.parameters, state.memory) for value in group.values()} == {"meta"}
    asked.clear()
    training.score(state, there)
    assert asked == [2] * len(there.evaluation(state.runs, 0, 0, 3))


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        (objectives, "sum_by_run", lambda values, tasks: values[: len(tasks.tolist())]),
        (objectives, "copies", lambda values, run: torch.zeros(len(run), *values.shape[1:])),
        (normalisation, "_statistics", lambda images: [images.new_ones(int(images.sum()))] * 2),
    ],
)
def test_the_device_refuses_a_question_and_a_tensor_made_elsewhere(
    module: Any, name: str, wrong: Any, monkeypatch: Patch
) -> None:
    state, there, _ = on_meta(monkeypatch, "maml")
    monkeypatch.setattr(module, name, wrong)
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        training.iterate(state, there)


def test_sums_over_the_tasks_of_a_run_are_those_of_a_loop() -> None:
    """In their order, so to the last digit; a run may have no task in a bucket."""
    run = torch.tensor([0, 0, 0, 2, 2])
    tasks = (run == torch.arange(4)[:, None]).sum(dim=1)
    for values in (torch.randn(5, 7), torch.randn(5, 4, 3, 3, 2).movedim(4, 2)):
        expected = torch.zeros(4, *values.shape[1:])
        for place, value in zip(run.tolist(), values, strict=True):
            expected[place] += value
        assert torch.equal(objectives.sum_by_run(values, tasks), expected)


# -- in a sweep


def test_a_sweep_goes_on_with_what_a_gpu_began(tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    grid = tmp_path / "grid.yml"
    grid.write_text(yaml.safe_dump(GRID), encoding="utf-8")
    assert main(["sweep", str(grid), "--out", str(tmp_path / "whole")]) == 0
    stopped(tmp_path / "cut", "sweep", str(grid))
    (begun,) = (path.parent for path in (tmp_path / "cut").rglob(checkpoints.NAME))
    begun_on_a_gpu(begun)
    capsys.readouterr()
    made, iterate = [], training.iterate
    monkeypatch.setattr(training, "iterate", lambda state, *rest: (made.append(state.iteration), iterate(state, *rest)))
    assert main(["sweep", str(grid), "--out", str(tmp_path / "cut")]) == 0
    assert "4 to do in 2 jobs, 1 of them begun" in capsys.readouterr().out
    assert made == [1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]
    assert metrics(tmp_path / "cut") == metrics(tmp_path / "whole")
    devices = {
        path.parent.name: [one["device"] for one in (*values["earlier_machines"], values)]
        for path, values in records.read(tmp_path / "cut")
    }
    assert devices.pop(begun.name) == ["cuda", "cpu"] and list(devices.values()) == [["cpu"]]


def test_a_sweep_does_not_train_again_what_a_gpu_has_done(tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    """Neither where there are records, nor where they were lost."""
    grid = tmp_path / "grid.yml"
    grid.write_text(yaml.safe_dump(GRID), encoding="utf-8")
    assert main(["sweep", str(grid), "--out", str(tmp_path / "done")]) == 0
    for path in list((tmp_path / "done").rglob(checkpoints.NAME)):
        begun_on_a_gpu(path.parent)
    for path, values in records.read(tmp_path / "done"):
        path.write_text(json.dumps(values | {"configuration": values["configuration"] | {"device": "cuda"}}))
    monkeypatch.setattr(training, "advance", lambda *_, **__: pytest.fail("trained again"))
    again = ["sweep", str(grid), "--out", str(tmp_path / "done")]
    capsys.readouterr()
    assert main(again) == 0
    assert "0 to do in 0 jobs" in capsys.readouterr().out
    for path, _ in records.read(tmp_path / "done"):
        path.unlink()
    assert main(again) == 0
    assert {values["device"] for _, values in records.read(tmp_path / "done")} == {"cuda"}
