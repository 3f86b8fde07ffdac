"""Training gives the same numbers however it is sliced, killed, or trained beside others."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from paperlib import files
from paperlib.fewshot import checkpoints, training
from paperlib.fewshot.benchmarks import Phase, Tasksets
from paperlib.fewshot.checkpoints import State
from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.episodes import TaskDistribution, TaskKind
from paperlib.fewshot.experiments import Experiment, evaluate
from paperlib.fewshot.learners import ALGORITHMS
from paperlib.fewshot.models import Network
from paperlib.fewshot.optimisers import descend, learning_rate, moments
from paperlib.fewshot.runs import cross


def configuration(algorithm: str = "maml", **given: object) -> Configuration:
    small = {"iterations": 12, "tasks": 3, "filters": 32, "evaluation_tasks": 7, "lr": 1e-2}
    return configure("omniglot", algorithm, "smoke", **(small | given))  # type: ignore[arg-type]


def experiment(
    settings: Configuration, shapes: tuple[tuple[int, int], tuple[int, int]] = ((3, 2), (3, 2))
) -> Experiment:
    """Return tasks between noisy grey patterns of 8 × 8 pixels, in the shape of the real ones."""
    rng = np.random.default_rng(3)
    patterns = rng.integers(0, 30, (8, 1, 8, 8, 1)) + rng.integers(0, 220, (8, 12, 8, 8, 1))
    pictures = torch.from_numpy(patterns.reshape(96, 8, 8, 1).astype(np.uint8))
    classes = np.arange(96).reshape(8, 12)
    easy, hard = (TaskKind(classes, (np.arange(8),), True, *shape, 4) for shape in shapes)
    names = len(classes) if ALGORITHMS[settings.algorithm].named else 0
    network = Network(side=8, ways=max(ways for ways, _ in shapes), filters=settings.filters, blocks=2, names=names)
    evaluation = TaskDistribution(easy, hard, 0.5)
    phases = tuple(Phase(evaluation, 1, number) for number in range(len(settings.phases)))
    tasks = Tasksets(TaskDistribution(easy, hard, settings.p_hard), phases)
    return Experiment(network, pictures, {settings: tasks})


def whole(settings: Configuration, seeds: list[int], folder: Path) -> State:
    world = experiment(settings)
    state = State.start(cross([settings], seeds), world.network)
    assert training.advance(state, world, folder)
    return state


def equal(one: State, other: State) -> bool:
    groups = ((one.parameters, other.parameters), (one.memory, other.memory))
    tensors = all(set(a) == set(b) and all(torch.equal(a[name], b[name]) for name in a) for a, b in groups)
    sums = np.array_equal(one.history, other.history) and np.array_equal(one.scores, other.scores)
    return tensors and sums and one.diverged == other.diverged


class After:
    """Stop after so many steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps + 1

    def __call__(self) -> bool:
        self.left -= 1
        return not self.left


# -- slices


@pytest.mark.parametrize("algorithm", ["maml", "anil", "erm", "named-erm", "prototypical"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_slices_make_no_difference(algorithm: str, optimizer: str, tmp_path: Path) -> None:
    settings = configuration(algorithm, optimizer=optimizer)
    undisturbed, slices = whole(settings, [0, 1], tmp_path / "whole"), 0
    while True:
        world = experiment(settings)
        runs = cross([settings], [0, 1])
        state = checkpoints.resume(runs, tmp_path) or State.start(runs, world.network)
        slices += 1
        if training.advance(state, world, tmp_path, stop=After(2)):
            break
    assert slices >= (12 + 6) // 2
    assert equal(state, undisturbed)
    assert [state.metrics(run) for run in (0, 1)] == [undisturbed.metrics(run) for run in (0, 1)]
    assert not torch.equal(state.parameters["conv2.weight"], world.network.initial([0, 1])["conv2.weight"])
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [checkpoints.NAME]


def test_in_memory_as_with_checkpoints(tmp_path: Path) -> None:
    settings = configuration()
    in_memory, undisturbed = (
        training.train(cross([settings], [0, 1]), experiment(settings)),
        whole(settings, [0, 1], tmp_path),
    )
    assert in_memory.trained and not in_memory.evaluated
    assert all(torch.equal(in_memory.parameters[name], value) for name, value in undisturbed.parameters.items())
    assert np.array_equal(in_memory.history, undisturbed.history)


def test_another_seed_or_rate_gives_another_result(tmp_path: Path) -> None:
    """The comparison above sees what it should."""
    one = whole(configuration(), [0], tmp_path)
    for settings, seeds in ((configuration(), [1]), (configuration(lr=1.001e-2), [0]), (configuration("fomaml"), [0])):
        assert not equal(one, whole(settings, seeds, tmp_path))


# -- stacking

LAST_DIGITS = 1e-5  # float32 parameters of order one; seen: 6e-8, where a kernel is chosen by shape or alignment


def apart(one: State, run: int, other: State, place: int) -> float:
    """Return the largest difference between the parameters of two runs."""
    pairs = ((one.parameters[name][run], value[place]) for name, value in other.parameters.items())
    return max(float((left - right).abs().max()) for left, right in pairs)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_run_is_the_same_alone_and_stacked_but_for_last_digits(algorithm: str, tmp_path: Path) -> None:
    settings = configuration(algorithm)
    together = whole(settings, [4, 5, 6], tmp_path)
    for run, seed in enumerate([4, 5, 6]):
        alone = whole(settings, [seed], tmp_path)
        assert apart(alone, 0, together, run) <= LAST_DIGITS


def test_kinds_of_two_shapes_train_together(tmp_path: Path) -> None:
    """As on CIFAR: easy tasks have two ways, hard ones four."""
    settings = configuration(p_hard=0.3)
    world = experiment(settings, ((2, 4), (4, 2)))
    together, alone = (State.start(cross([settings], seeds), world.network) for seeds in ([1, 2], [2]))
    for state in (together, alone):
        assert training.advance(state, world, tmp_path)
    assert apart(alone, 0, together, 1) <= LAST_DIGITS < apart(alone, 0, together, 0)
    assert alone.history[..., 0].sum() == 12 * 3 and alone.scores[..., 0].sum() == 3 * 7


@pytest.mark.parametrize(("readout", "once"), [("class-means", True), ("steps", False)])
def test_tasks_met_again_after_other_steps_are_solved_again_by_steps_alone(
    readout: str, once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last evaluation is the first one with five steps in place of one."""
    settings = configuration(readout=readout, iterations=2)
    world, asked = experiment(settings), []
    phases = list(world.tasks[settings].evaluation)
    phases[-1] = replace(phases[0], steps=5)
    world.tasks[settings].__dict__["evaluation"] = tuple(phases)  # frozen
    state = training.train(cross([settings], [0, 1]), world)

    def noted(*given: Any) -> Any:
        asked.append(given[3])
        return evaluate(*given)

    monkeypatch.setattr(training, "evaluate", noted)
    while not state.finished:
        training.score(state, world)
    assert set(asked) == set(range(len(phases) - once)) and (state.scores[..., 0].sum(axis=2) == 7).all()
    first, last = state.scores[0], state.scores[-1]
    assert np.array_equal(first, last) == once and not np.array_equal(first, state.scores[1])
    if once:  # and it is what an evaluation of its own finds
        parts = (
            evaluate(world, state.parameters, state.runs, 2, first, tasks) for first, tasks in ((0, 3), (3, 3), (6, 1))
        )
        assert np.array_equal(sum(parts), last)


def test_a_diverged_run_is_stopped_and_the_others_go_on(tmp_path: Path) -> None:
    settings = configuration()
    world, healthy = experiment(settings), whole(settings, [0, 1, 2], tmp_path)
    state = State.start(cross([settings], [0, 1, 2]), world.network)
    training.advance(state, world, tmp_path, stop=After(5))
    state.parameters["head.weight"][1] = float("nan")
    assert training.advance(state, world, tmp_path)
    assert state.diverged == [None, 5, None] and state.active == [0, 2]
    for run in (0, 2):
        assert apart(state, run, healthy, run) <= LAST_DIGITS
    said = state.metrics(1)
    assert said["diverged"] == 5 and said["evaluation"] is None
    assert said["history"]["iteration"] == [1, 2, 3, 4, 5]
    json.dumps(said, allow_nan=False)
    again = checkpoints.load(tmp_path)
    assert again is not None and again.diverged == state.diverged


def test_when_all_runs_diverge_training_ends(tmp_path: Path) -> None:
    state = whole(configuration(lr=1e30, optimizer="sgd"), [0, 1], tmp_path)
    assert state.finished and not state.active and state.iteration < 12
    assert "no run left" in training.progress_of(state)


# -- the optimiser


def test_adam_and_descent_are_those_of_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    for name, make in (("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)):
        start = torch.randn(3, 4, generator=generator, dtype=torch.float64)
        plain = start.clone().requires_grad_()
        ours = {"w": start.clone()}
        optimiser, memory = make([plain], lr=0.01), moments(name, ours)  # type: ignore[operator]
        for step in range(1, 21):
            slope = torch.randn(3, 4, generator=generator, dtype=torch.float64)
            plain.grad = slope
            optimiser.step()
            descend(ours, memory, {"w": slope}, torch.arange(3), step, 0.01)
        assert torch.allclose(ours["w"], plain.detach(), rtol=1e-12, atol=1e-14)


def test_a_stopped_run_does_not_move() -> None:
    value: Tensor = torch.ones(3, 2)
    theta, memory = {"w": value.clone()}, moments("adam", {"w": value})
    descend(theta, memory, {"w": torch.ones(2, 2)}, torch.tensor([0, 2]), 1, 0.1)
    assert torch.equal(theta["w"][1], value[1]) and not memory["first w"][1].any()
    assert (theta["w"][[0, 2]] < 1).all()


def test_runs_without_tasks_are_refused_by_name() -> None:
    known, unknown = configuration(), configuration(lr=0.5)
    with pytest.raises(ValueError, match=rf"^experiment must have tasks for each .*; got none for {unknown.name}$"):
        training.train(cross([known, unknown], [0]), experiment(known))


def test_another_optimiser_or_schedule_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^optimizer must be adam or sgd; got 'lion'$"):
        moments("lion", {"w": torch.ones(1)})
    with pytest.raises(ValueError, match=r"^schedule must be cosine or constant; got 'linear'$"):
        learning_rate(0.1, "linear", 0, 10)


def test_the_cosine_goes_from_the_rate_to_zero() -> None:
    rates = [learning_rate(0.1, "cosine", i, 100) for i in range(101)]
    assert rates[0] == 0.1 and rates[100] == pytest.approx(0, abs=1e-17) and sorted(rates, reverse=True) == rates
    assert {learning_rate(0.1, "constant", i, 100) for i in range(100)} == {0.1}


# -- checkpoints


def test_another_configuration_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    settings = configuration()
    state = whole(settings, [0, 1], tmp_path)
    assert checkpoints.resume(cross([settings], [0, 1]), tmp_path) is not None
    other = replace(settings, lr=0.5, steps=2)
    with pytest.raises(checkpoints.CheckpointError, match=r"asked for\): steps: 1, 2; lr: 0\.01, 0\.5\. Give another"):
        checkpoints.resume(cross([other], [0, 1]), tmp_path)
    with pytest.raises(checkpoints.CheckpointError, match=r"asked for\): seeds: \[0, 1\], \[0, 1, 2\]\. Give another"):
        checkpoints.resume(cross([settings], [0, 1, 2]), tmp_path)
    again = checkpoints.load(tmp_path)
    assert again is not None and equal(again, state)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 cut off"])
def test_a_broken_checkpoint_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / checkpoints.NAME).write_bytes(content)
    with pytest.raises(checkpoints.CheckpointError, match=r"checkpoint\.pt is not a readable checkpoint"):
        checkpoints.load(tmp_path)


def test_a_checkpoint_is_no_program(tmp_path: Path) -> None:
    torch.save({"configuration": Path("somewhere")}, tmp_path / checkpoints.NAME)
    with pytest.raises(checkpoints.CheckpointError, match="not a readable checkpoint"):
        checkpoints.load(tmp_path)


def test_a_checkpoint_of_another_version_is_named(tmp_path: Path) -> None:
    torch.save({"configuration": {"dataset": "omniglot"}}, tmp_path / checkpoints.NAME)
    with pytest.raises(checkpoints.CheckpointError, match="was not written by this version"):
        checkpoints.load(tmp_path)


def test_a_checkpoint_of_another_format_is_refused_by_name_and_number(tmp_path: Path) -> None:
    """One without a number is of the first format, which did not say so."""
    settings = configuration()
    state = whole(settings, [0, 1], tmp_path)
    values = torch.load(tmp_path / checkpoints.NAME, weights_only=True)
    assert values.pop("format") == checkpoints.FORMAT == 1
    torch.save(values, tmp_path / checkpoints.NAME)
    again = checkpoints.load(tmp_path)
    assert again is not None and equal(again, state) and checkpoints.load(tmp_path, mapped=True).runs == state.runs
    torch.save(values | {"format": 0}, tmp_path / checkpoints.NAME)
    said = rf"^{tmp_path / checkpoints.NAME} has format 0; this version reads format 1\. Give another folder$"
    for read in (
        checkpoints.load,
        lambda folder: checkpoints.load(folder, mapped=True),
        lambda folder: checkpoints.resume(state.runs, folder),
    ):
        with pytest.raises(checkpoints.CheckpointError, match=said):
            read(tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    files.write(path, b"old")

    def fail(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old" and [found.name for found in tmp_path.iterdir()] == ["file"]
