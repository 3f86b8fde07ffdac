"""Runs of different settings train side by side, each with the tasks and the numbers that it has alone."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

sys.path.append(str(Path(__file__).resolve().parent))
from test_fewshot_training import LAST_DIGITS, After, apart

from paperlib import records
from paperlib.__main__ import _parser, main
from paperlib.commands import configurations
from paperlib.fewshot import checkpoints, cifar100, experiments, omniglot, training
from paperlib.fewshot.benchmarks import Phase, Tasksets
from paperlib.fewshot.checkpoints import State
from paperlib.fewshot.cifar100 import Cifar100, held_out_superclasses, validation_superclasses
from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.episodes import Episodes, TaskDistribution, TaskKind
from paperlib.fewshot.experiments import Experiment, objective
from paperlib.fewshot.learners import ALGORITHMS
from paperlib.fewshot.models import Network
from paperlib.fewshot.objectives import Objective
from paperlib.fewshot.optimisers import descend, moments
from paperlib.fewshot.runs import OWN, Run, batches, check, cross

LAST_DIGITS_OF_DOUBLES = 1e-10  # parameters and losses; a loss after adaptation magnifies what its parameters differ by
Shapes = tuple[tuple[int, int], tuple[int, int]]


def settings(algorithm: str = "maml", **given: Any) -> Configuration:
    small = {"iterations": 8, "tasks": 3, "filters": 32, "evaluation_tasks": 4, "lr": 1e-2}
    return configure("omniglot", algorithm, "smoke", **(small | given))


def each(algorithm: str = "maml", **several: Sequence[Any]) -> list[Configuration]:
    """Return one configuration for each place in the lists of values."""
    columns = zip(*several.values(), strict=True)
    return [settings(algorithm, **dict(zip(several, values, strict=True))) for values in columns]


def world(runs: Sequence[Run], shapes: Shapes = ((3, 2), (3, 2))) -> Experiment:
    """Return tasks between noisy grey patterns; a hard task of the small setting has the first four of them alone."""
    rng = np.random.default_rng(3)
    patterns = rng.integers(0, 200, (8, 1, 8, 8, 1)) + rng.integers(0, 50, (8, 12, 8, 8, 1))
    pictures = torch.from_numpy(patterns.reshape(96, 8, 8, 1).astype(np.uint8))
    tasks = {}
    for c in {run.configuration for run in runs}:
        groups = (np.arange(8),), (np.arange(8 if c.setting == "large" else 4),)
        easy, hard = (
            TaskKind(np.arange(96).reshape(8, 12), group, True, *shape, 4)
            for group, shape in zip(groups, shapes, strict=True)
        )
        evaluation = TaskDistribution(easy, hard, 0.5)
        phases = tuple(Phase(evaluation, 1, number) for number in range(len(c.phases)))
        tasks[c] = Tasksets(TaskDistribution(easy, hard, c.p_hard), phases)
    names = 8 if ALGORITHMS[runs[0].configuration.algorithm].named else 0
    network = Network(side=8, ways=max(ways for ways, _ in shapes), filters=32, blocks=2, names=names)
    return Experiment(network, pictures, tasks)


def trained(runs: Sequence[Run], folder: Path, shapes: Shapes = ((3, 2), (3, 2))) -> State:
    experiment = world(runs, shapes)
    state, dtype = State.start(runs, experiment.network), torch.get_default_dtype()
    for group in (state.parameters, state.memory):
        group.update({name: value.to(dtype) for name, value in group.items()})
    assert training.advance(state, experiment, folder)
    return state


@pytest.fixture
def double() -> Iterator[None]:
    """Compute in double precision, where last digits are far from all that matters."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def losses_apart(one: State, run: int, other: State, place: int) -> float:
    """Return the largest difference between the mean losses of two runs, infinity if their tasks are of other kinds."""
    gaps = []
    for sums, others in ((one.history, other.history), (one.scores, other.scores)):
        ours, theirs = sums[:, run], others[:, place]
        if not np.array_equal(ours[..., 0], theirs[..., 0]):
            return np.inf
        gaps.append(np.abs(ours[..., 1] - theirs[..., 1]) / np.maximum(ours[..., 0], 1))
    return float(max(gap.max() for gap in gaps))


# -- numbers

BATCHES = {
    "maml, settings": each(setting=("large", "small")),
    "erm, settings and probabilities": each("erm", setting=("large", "small"), p_hard=(0.2, 0.9)),
    "weighted-erm": each("weighted-erm", hard_odds=(0.2, 5.0), p_hard=(0.3, 0.6)),
    "weighted-erm, odds alone": each("weighted-erm", hard_odds=(0.2, 5.0)),
    "maml, rates": each(lr=(1e-2, 2e-3), inner_lr=(0.1, 0.4)),
    "fomaml, inner rates": each("fomaml", inner_lr=(0.1, 0.4)),
    "descent, rates": each(lr=(0.3, 0.05), optimizer=("sgd", "sgd")),
}


def compare(runs: Sequence[Run], folder: Path, shapes: Shapes = ((3, 2), (3, 2))) -> None:
    """Each run agrees with the run alone, and with no other, of its seed or of its settings."""
    together = trained(runs, folder / "together", shapes)
    for run, one in enumerate(runs):
        alone = trained([one], folder / "alone", shapes)
        parameters, losses = (
            [gap(alone, 0, together, place) for place in range(len(runs))] for gap in (apart, losses_apart)
        )
        assert max(parameters.pop(run), losses.pop(run)) <= LAST_DIGITS_OF_DOUBLES
        assert min(*parameters, *losses) > 1e-4


@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.usefixtures("double")
def test_a_run_has_the_numbers_in_a_stack_of_settings_that_it_has_alone(name: str, tmp_path: Path) -> None:
    compare(cross(BATCHES[name], [4, 5]), tmp_path)


@pytest.mark.parametrize("name", BATCHES)
def test_in_single_precision_parameters_agree_but_for_last_digits(name: str, tmp_path: Path) -> None:
    runs = cross(BATCHES[name], [4])
    together = trained(runs, tmp_path / "together")
    for run, one in enumerate(runs):
        alone = trained([one], tmp_path / "alone")
        assert apart(alone, 0, together, run) <= LAST_DIGITS < 1e-4 < apart(alone, 0, together, 1 - run)


def swapped_objective(runs: Sequence[Run]) -> Objective:
    return experiments.objective(runs[::-1])


def swapped_descend(*arguments: Any) -> None:
    swapped = (*arguments[:-1], arguments[-1][::-1])
    descend(*swapped)


@pytest.mark.parametrize(
    ("name", "part", "wrong"),
    [
        ("descent, rates", "descend", swapped_descend),
        ("maml, rates", "descend", swapped_descend),
        ("fomaml, inner rates", "objective", swapped_objective),
        ("weighted-erm, odds alone", "objective", swapped_objective),
    ],
)
def test_the_comparison_sees_rates_and_weights_of_another_run(
    name: str, part: str, wrong: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = cross(BATCHES[name], [4])
    alone = [trained([run], tmp_path / str(place)) for place, run in enumerate(runs)]
    monkeypatch.setattr(training, part, wrong)
    together = trained(runs, tmp_path / "together")
    for place in range(2):
        assert apart(alone[place], 0, together, place) > 1e-3


def test_the_comparison_sees_another_run_s_rate_at_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = cross(BATCHES["maml, rates"], [4])
    right = trained(runs, tmp_path / "right")
    monkeypatch.setattr(experiments, "objective", lambda runs, steps: objective(runs[::-1], steps))
    wrong = trained(runs, tmp_path / "wrong")
    assert all(torch.equal(value, wrong.parameters[name]) for name, value in right.parameters.items())
    assert min(losses_apart(right, place, wrong, place) for place in range(2)) > 1e-3


@pytest.mark.usefixtures("double")
def test_kinds_of_two_shapes_and_several_probabilities(tmp_path: Path) -> None:
    """As on CIFAR: easy tasks have two ways, hard ones four; many runs miss one of the two in an iteration."""
    shapes, runs = ((2, 4), (4, 2)), cross(each(p_hard=(0.95, 0.5, 0.05)), [1, 2])
    drawn = [bucket for iteration in range(8) for bucket in world(runs, shapes).training(runs, iteration)]
    assert len(drawn) == 8 * 2 and sum(len(runs) - len(set(bucket.run)) for bucket in drawn) > 8 * 2
    compare(runs, tmp_path, shapes)


def test_one_rate_for_all_is_the_same_as_one_for_each() -> None:
    generator = torch.Generator().manual_seed(0)
    start, slope = (torch.randn(3, 4, 5, generator=generator) for _ in range(2))
    for name in ("adam", "sgd"):
        results = []
        for rate in (0.003, [0.003] * 3):
            theta = {"w": start.clone()}
            memory = moments(name, theta)
            for step in range(1, 5):
                descend(theta, memory, {"w": slope * step}, torch.arange(3), step, rate)
            results.append(theta["w"])
        assert torch.equal(*results) and not torch.equal(results[0], start)


# -- tasks


def same(alone: Sequence[Episodes], together: Sequence[Episodes], place: int) -> bool:
    """Return whether a run has the same tasks alone and, in its place, together."""
    names = ("hard", "classes", "support", "query")
    own = [[getattr(bucket, name)[bucket.run == place] for name in names] for bucket in together]
    own = [values for values in own if len(values[0])]
    by_shape: Callable[[list[Any]], tuple[int, ...]] = lambda values: values[2].shape[1:]  # noqa: E731
    theirs = [[getattr(bucket, name) for name in names] for bucket in alone]
    pairs = list(zip(sorted(own, key=by_shape), sorted(theirs, key=by_shape), strict=False))
    return len(own) == len(theirs) and all(
        np.array_equal(left, right) for pair in pairs for left, right in zip(*pair, strict=True)
    )


@pytest.mark.parametrize("shapes", [((3, 2), (3, 2)), ((2, 4), (4, 2))])
def test_a_stacked_run_has_exactly_the_tasks_that_it_has_alone(shapes: Shapes) -> None:
    runs = cross(each(setting=("large", "small", "large"), p_hard=(0.5, 0.5, 0.05)), [1, 2])
    experiment = world(runs, shapes)
    for chosen in (runs, runs[1:2] + runs[3:], runs[::-1], runs[::3] + runs[1::3]):  # some are gone, or mixed
        for number in range(4):
            training_tasks = experiment.training(chosen, number)
            evaluation_tasks = experiment.evaluation(chosen, number % 3, number, 2)
            for bucket in (*training_tasks, *evaluation_tasks):
                assert (np.diff(bucket.run) >= 0).all()
            assert sum(len(bucket.run) for bucket in training_tasks) == 3 * len(chosen)
            for place, run in enumerate(chosen):
                alone = experiment.training([run], number)
                assert same(alone, training_tasks, place)
                assert same(experiment.evaluation([run], number % 3, number, 2), evaluation_tasks, place)
                other = (place + 1) % len(chosen)  # tasks of one seed can agree where settings do
                assert run.seed == chosen[other].seed or not same(alone, training_tasks, other)


def prepared(monkeypatch: pytest.MonkeyPatch, runs: Sequence[Run]) -> Experiment:
    """Return a real experiment with blank images."""
    monkeypatch.setattr(omniglot, "load_omniglot", lambda _: SimpleNamespace(images=np.zeros((32460, 28, 28), "u1")))
    label, names = np.repeat(np.arange(100), 600), (*held_out_superclasses(), *validation_superclasses())
    cifar = (np.zeros((60000, 32, 32, 3), "u1"), label, np.arange(100) // 5, tuple(map(str, range(100))))
    superclasses = (*names, *(f"s{k}" for k in range(12)))
    monkeypatch.setattr(cifar100, "load_cifar100", lambda: Cifar100(*cifar, superclasses))
    return experiments.prepare(runs)


def test_the_protocol_draws_the_same_tasks_in_its_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = batches(records.protocol())
    assert [len(group) for group in groups] == [2, 2, 2, 3, 3]
    for group in groups:
        runs = cross(group, [0, 3])
        together = prepared(monkeypatch, runs)
        for place, run in enumerate(runs):
            alone = prepared(monkeypatch, [run])
            assert alone.network == together.network
            assert same(alone.training([run], 7), together.training(runs, 7), place)
            for phase in range(len(run.configuration.phases)):
                own = alone.evaluation([run], phase, 6, 2)
                assert same(own, together.evaluation(runs, phase, 6, 2), place)
                steps = [{one.evaluation[phase].steps for one in each.tasks.values()} for each in (alone, together)]
                assert steps[0] == steps[1] and len(steps[0]) == 1


# -- slices and divergence


def test_slices_of_a_stack_make_no_difference(tmp_path: Path) -> None:
    runs = cross(each("weighted-erm", setting=("large", "small"), lr=(1e-2, 2e-3), hard_odds=(2.0, 4.0)), [0, 1])
    undisturbed, slices, done = trained(runs, tmp_path / "whole"), 0, False
    while not done:
        experiment = world(runs)
        state = checkpoints.resume(runs, tmp_path) or State.start(runs, experiment.network)
        done, slices = training.advance(state, experiment, tmp_path, stop=After(3)), slices + 1
    assert slices >= (8 + 6) // 3 and state.runs == runs
    for one, other in ((state.parameters, undisturbed.parameters), (state.memory, undisturbed.memory)):
        assert all(torch.equal(value, other[name]) for name, value in one.items())
    places = range(len(runs))
    assert [state.metrics(place) for place in places] == [undisturbed.metrics(place) for place in places]


def test_a_diverging_setting_stops_alone(tmp_path: Path) -> None:
    runs = cross(each(lr=(0.1, 1e30, 0.05), optimizer=("sgd",) * 3), [0, 1])
    together = trained(runs, tmp_path / "together")
    assert together.active == [0, 1, 4, 5] and together.finished
    for place, run in enumerate(runs):
        alone = trained([run], tmp_path / "alone")
        assert alone.diverged == [together.diverged[place]]
        if alone.active:
            assert apart(alone, 0, together, place) <= LAST_DIGITS
        else:
            assert together.metrics(place)["evaluation"] is None


# -- what cannot be trained side by side

CHANGES: dict[str, Any] = {
    "algorithm": "fomaml",
    "tier": "book",
    "easy": (5, 2),
    "hard": (5, 2),
    "evaluation_easy": (5, 2),
    "evaluation_hard": (5, 2),
    "queries": 9,
    "iterations": 7,
    "tasks": 2,
    "steps": 2,
    "optimizer": "sgd",
    "schedule": "constant",
    "evaluation_tasks": 5,
    "evaluation_steps": 2,
    "resampling": "nearest",
    "activation": "leaky-relu",
    "adapt_norm": False,
    "filters": 64,
    "initialisation": "torch",
    "readout": "class-means",
    "split": "random",
    "device": "cuda",
}


def test_what_cannot_be_stacked_is_refused_by_name() -> None:
    one = settings()
    untried = {"dataset", "precision"}  # they change only together with others
    assert set(CHANGES) | untried | set(OWN) == {field.name for field in fields(Configuration)}
    for name, value in CHANGES.items():
        runs = [Run(one, 0), Run(replace(one, setting="small", lr=0.5), 0), Run(replace(one, **{name: value}), 0)]
        said = rf"must agree in all but {', '.join(OWN)}; got {name}: {getattr(one, name)}, {value}$"
        for refuse in (check, experiments.prepare, lambda runs: State.start(runs, Network())):
            with pytest.raises(ValueError, match=said.replace("(", r"\(").replace(")", r"\)")):
                refuse(runs)
    on_gpu = replace(one, device="cuda")
    with pytest.raises(ValueError, match=r"got precision: float32, tf32$"):
        check([Run(on_gpu, 0), Run(replace(on_gpu, precision="tf32"), 0)])
    with pytest.raises(ValueError, match=r"got dataset: omniglot, cifar; "):
        check([Run(one, 0), Run(configure("cifar", "maml", "smoke"), 0)])


def test_a_stack_holds_each_run_once() -> None:
    one = settings()
    with pytest.raises(ValueError, match=rf"^a run must be in a batch once; got seed 1 of {one.name} twice$"):
        cross([one, replace(one, lr=0.5), one], [0, 1][::-1])
    with pytest.raises(ValueError, match=r"^runs must not be empty; got none$"):
        cross([one], [])


def test_another_stack_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    large, small = each(setting=("large", "small"))
    runs = cross([large, small], [0, 1])
    checkpoints.save(State.start(runs, world(runs).network), tmp_path)
    assert checkpoints.resume(runs, tmp_path) is not None
    for asked, said in (
        (cross([large], [0, 1]), r"setting: large and small, large\. Give"),
        (cross([small, large], [0, 1]), r"setting: large and small, small and large\. Give"),
        (cross([large, small], [0]), r"seeds: \[0, 1\], \[0\]\. Give"),
        (cross([replace(large, steps=2)], [0, 1]), r"setting: large and small, large; steps: 1, 2\. Give"),
        (
            [runs[0], runs[1], runs[3]],
            r"runs: other pairs of these options and seeds, or another order of them\. Give",
        ),
    ):
        with pytest.raises(checkpoints.CheckpointError, match=said):
            checkpoints.resume(asked, tmp_path)


# -- commands


def test_several_values_of_an_option_are_crossed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(experiments, "prepare", world)
    command = (
        "train omniglot --setting large small --lr 0.01 0.02 --algorithm maml --tier smoke --iterations 2 --tasks 2"
    )
    arguments = [*command.split(), "--evaluation-tasks", "2", "--seeds", "2", "--out", str(tmp_path)]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    found = [values for _, values in records.read(tmp_path)]
    assert {values["runs_trained_together"] for values in found} == {8}
    own = [(values["configuration"]["setting"], values["configuration"]["lr"], values["seed"]) for values in found]
    assert sorted(own) == [(s, lr, seed) for s in ("large", "small") for lr in (0.01, 0.02) for seed in (0, 1)]
    assert len(lines) == 4 and all(line.endswith(f"2 records in {tmp_path}") for line in lines)
    assert len({line.partition(":")[0] for line in lines}) == 4
    single = [*command.replace(" small", "").replace(" 0.02", "").split(), "--evaluation-tasks", "2", "--seeds", "2"]
    assert main([*single, "--out", str(tmp_path / "alone")]) == 0
    assert capsys.readouterr().out.splitlines() == [lines[0].replace(str(tmp_path), str(tmp_path / "alone"))]
    for path, values in records.read(tmp_path / "alone"):
        stacked = json.loads((tmp_path / path.name).read_text(encoding="utf-8"))
        assert stacked["configuration"] == values["configuration"] and stacked["seed"] == values["seed"]
    for given in ((), ("--tasks", "4"), ("--steps", "3")):  # a table for each configuration
        assert main(["evaluate", str(tmp_path), *given]) == 0
        tables = capsys.readouterr().out.splitlines()
        assert main(["evaluate", str(tmp_path / "alone"), *given]) == 0
        alone = capsys.readouterr().out.splitlines()
        assert tables[: len(alone)] == alone and len(tables) == 4 * len(alone)
        assert [re.search(r"^omniglot-(\w+)", row)[1] for row in tables[:: len(alone)]] == ["large"] * 2 + ["small"] * 2  # type: ignore[index]
    assert main([argument.replace("small", "large") for argument in arguments]) == 2
    assert "error: a run must be in a batch once; got seed 0 of omniglot-large-maml-1-smoke" in capsys.readouterr().err


def test_what_is_missing_takes_one_command_for_each_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", str(tmp_path), "--missing"]) == 0
    lines = capsys.readouterr().out.splitlines()
    commands = [line.split()[3:] for line in lines if line.startswith("    python -m paperlib train")]
    parsed = [_parser().parse_args(command) for command in commands]
    asked = [one for arguments in parsed for one in configurations(arguments)]
    assert len(commands) == 5 and len(asked) == 12 and set(asked) == set(records.protocol())
    assert len({arguments.out for arguments in parsed}) == 5 and {arguments.seeds for arguments in parsed} == {5}
