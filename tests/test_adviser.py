"""The adviser: moments that enumerate all pairs and triples, the report, and errors by name."""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import pytest
import torch

import paperlib
from paperlib import linear
from paperlib.environments import TaskEnvironment
from paperlib.estimates import averages, best_rates, floor, loss
from paperlib.moments import checked, directions, measure
from paperlib.simulate import sample_data, sample_tasks
from paperlib.verdicts import VERDICTS

Data = list[tuple[np.ndarray, np.ndarray]]


def drawn(env: TaskEnvironment, count: int, n: int, seed: int = 0) -> Data:
    rng = np.random.default_rng(seed)
    X, y = sample_data(env, *sample_tasks(env, count, rng), n, rng)
    return list(zip(X, y, strict=True))


PAPER = TaskEnvironment.hard_easy(2, 0.15, 1.0, 1.5, 0.01, 0.02, noise_std=0.1)


def test_moments_are_means_over_all_pairs_and_triples_of_different_samples() -> None:
    rng = np.random.default_rng(1)
    tasks = checked([(rng.normal(size=(5, 2)), rng.normal(size=(5, 2))) for _ in range(2)])
    moments, alpha, m = measure(tasks), 0.7, 4.0
    W = rng.normal(size=(2, 2))
    extended = np.concatenate([-W, np.eye(2)])
    for i, (X, y) in enumerate(zip(tasks.X, tasks.y, strict=True)):
        r = y - X @ W
        g = X[:, :, None] * r[:, None, :]  # sample, dimension, output
        triples = [
            (r[a] ** 2).sum() - 2 * alpha * (r[a] * (X[a] @ g[b])).sum()
            + alpha**2 * ((1 - 1 / m) * ((X[a] @ g[b]) * (X[a] @ g[c])).sum() + ((X[a] @ g[b]) ** 2).sum() / m)
            for a, b, c in permutations(range(5), 3)
        ]  # fmt: skip
        scale = np.array([1.0, -2 * alpha, (1 - 1 / m) * alpha**2, alpha**2 / m])
        matrix = np.tensordot(scale, moments.loss[:, i], 1)
        assert (matrix @ extended * extended).sum() == pytest.approx(np.mean(triples), rel=1e-10)
        size = (X**2).sum(axis=1) / 2
        u = np.hstack([X, y])
        one = [size[b] * np.outer(u[a], u[a]) for a, b in permutations(range(5), 2)]
        two = [size[b] * size[c] * np.outer(u[a], u[a]) for a, b, c in permutations(range(5), 3)]
        np.testing.assert_allclose(moments.weighted[0, i], np.mean(one, axis=0), rtol=1e-10)
        np.testing.assert_allclose(moments.weighted[1, i], np.mean(two, axis=0), rtol=1e-10)
        square = [(X[a] @ X[b]) ** 2 for a, b in permutations(range(5), 2)]
        assert moments.squares[i] == pytest.approx(np.mean(square), rel=1e-10)


def test_rates_of_axes_are_judged_by_means_over_different_samples() -> None:
    rng = np.random.default_rng(2)
    X, r = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    g = X[:, :, None] * r[:, None, :]
    pairs, triples = list(permutations(range(5), 2)), list(permutations(range(5), 3))
    linear_part, triple, pair, squares = directions(X, r)
    np.testing.assert_allclose(linear_part, np.mean([(g[a] * g[b]).sum(1) for a, b in pairs], axis=0), rtol=1e-9)
    brute = [np.outer(X[a], X[a]) * (g[b] @ g[c].T) for a, b, c in triples]
    np.testing.assert_allclose(triple, np.mean(brute, axis=0), rtol=1e-9)
    np.testing.assert_allclose(pair, np.mean([np.outer(X[a], X[a]) * (g[b] @ g[b].T) for a, b in pairs], 0), rtol=1e-9)
    entries = [np.outer(X[a], X[a]) * np.outer(X[b], X[b]) for a, b in pairs]
    np.testing.assert_allclose(squares, np.mean(entries, axis=0), rtol=1e-9)


def test_many_tasks_give_the_closed_forms() -> None:
    tasks = checked(drawn(PAPER, 4000, 60))
    whole = averages(measure(tasks), np.ones((1, 4000)), 20.0)
    alpha = np.array([0.9])
    for learner, w in (("erm", linear.erm_solution(PAPER)), ("maml", linear.maml_solution(PAPER, 0.9, 20))):
        risk = loss(whole, learner, alpha) - floor(whole, alpha)
        assert risk[0] == pytest.approx(linear.risk_above_floor(PAPER, w, 0.9, 20), rel=0.03)
    rate = best_rates(whole, "erm")[0]
    assert rate == pytest.approx(linear.best_step(PAPER, linear.erm_solution(PAPER), 20), rel=0.03)


@pytest.mark.parametrize("learner", ["erm", "weighted", "maml"])
def test_few_tasks_are_right_on_average(learner: str) -> None:
    """Without the part of a task with itself the mean is off by more than ten standard errors."""
    alpha, found = np.array([0.9]), []
    w = linear.erm_solution(PAPER) if learner == "erm" else linear.maml_solution(PAPER, 0.9, 20)
    for seed in range(300):
        whole = averages(measure(checked(drawn(PAPER, 40, 20, seed))), np.ones((1, 40)), 20.0)
        found.append(loss(whole, learner, alpha)[0])
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - linear.post_adaptation_risk(PAPER, w, 0.9, 20)) < 3.5 * error


def test_a_report_has_what_is_promised() -> None:
    report = paperlib.advise(drawn(PAPER, 80, 60), m=20, alpha=0.9)
    said = report.to_dict()
    erm, maml = (
        linear.risk_above_floor(PAPER, w, 0.9, 20)
        for w in (linear.erm_solution(PAPER), linear.maml_solution(PAPER, 0.9, 20))
    )
    assert said["verdict"] == "weighted ERM" and said["verdict"] in VERDICTS  # isotropic: the cheaper of the two
    assert said["gain_interval"][0] < erm / maml < said["gain_interval"][1]
    assert said["gain"] == pytest.approx(said["risk_erm"] / said["risk_maml"])
    assert {"gain_best", "best_alpha", "tasks_needed"} <= set(said)
    assert json.loads(json.dumps(said)) == said
    assert len(report.hard_tasks) == pytest.approx(40, abs=12) and len(report.groups) == 2
    assert str(report).startswith("weighted ERM: ") and "<table>" in report._repr_html_()
    assert said["calibration"]["measured_maml"] == pytest.approx(said["calibration"]["predicted_maml"], rel=0.2)
    assert len(report.plot().axes) == 2


def test_without_a_rate_the_gain_is_best_against_best() -> None:
    said = paperlib.advise(drawn(PAPER, 80, 60), m=20).to_dict()
    assert (said["gain"], said["alpha"]) == (said["gain_best"], None)


def test_equally_hard_tasks_need_no_maml() -> None:
    env = TaskEnvironment.hard_easy(2, 1.0, 1.0, 1.5, 0.01, 0.02, noise_std=0.1)
    assert paperlib.advise(drawn(env, 80, 40), m=20, alpha=0.8).verdict == "ERM"


def test_a_step_too_small_is_named() -> None:
    report = paperlib.advise(drawn(PAPER, 80, 40), m=20, alpha=0.01)
    assert report.verdict == "another step" and report.to_dict()["best_alpha"] > 0.5


def test_axes_of_other_scales_want_a_representation() -> None:
    env = TaskEnvironment([1.0], [np.diag([1.0, 0.02])], [[0.0, 0.0]], [np.diag([1.0, 50.0])], noise_std=0.05)
    assert paperlib.advise(drawn(env, 200, 100), m=500).verdict == "a representation"


def test_tasks_smaller_than_their_dimension_are_refused_and_told_what_suffices() -> None:
    env = TaskEnvironment([1.0], [np.eye(6)], [np.zeros(6)], [np.eye(6)], noise_std=0.3)
    report = paperlib.advise(drawn(env, 30, 5), m=5, alpha=0.2)
    assert report.verdict == "not decidable with these tasks" and "more than 6 samples" in report.suffices


def test_sizes_may_differ_and_the_small_are_left_out() -> None:
    tasks = drawn(PAPER, 60, 40) + [(X[:2], y[:2]) for X, y in drawn(PAPER, 5, 2, seed=1)]
    report = paperlib.advise(tasks, m=20, alpha=0.9)
    assert (report.tasks_used, report.tasks_given) == (60, 65)
    assert "5 tasks too small" in report.lights["sizes"][1]


def test_constant_dependent_and_single_precision_columns_change_nothing() -> None:
    tasks = drawn(PAPER, 60, 40)
    plain = paperlib.advise(tasks, m=20, alpha=0.9).to_dict()
    wide = [(np.hstack([X, np.zeros((len(X), 1))]), y) for X, y in tasks]
    half = np.sqrt(0.5)  # the same inner products, one column twice
    twice = [(np.hstack([X[:, :1] * half, X[:, :1] * half, X[:, 1:]]), y) for X, y in tasks]
    for other in (wide, twice):
        said = paperlib.advise(other, m=20, alpha=0.9).to_dict()
        assert said["gain"] == pytest.approx(plain["gain"], rel=1e-6)
        assert said["gain_interval"] == pytest.approx(plain["gain_interval"], rel=1e-6)
    single = [(X.astype(np.float32), y.astype(np.float32)) for X, y in tasks]
    assert paperlib.advise(single, m=20, alpha=0.9).to_dict()["gain"] == pytest.approx(plain["gain"], rel=1e-3)


def test_full_gradients_are_a_step_too() -> None:
    report = paperlib.advise(drawn(PAPER, 80, 60), m=np.inf, alpha=0.5)
    erm, maml = (
        linear.risk_above_floor(PAPER, w, 0.5, np.inf)
        for w in (linear.erm_solution(PAPER), linear.maml_solution(PAPER, 0.5, np.inf))
    )
    low, high = report.intervals["gain"]
    assert low < erm / maml < high and report.calibration == {}


def test_outputs_add_up() -> None:
    tasks = drawn(PAPER, 40, 40)
    one = paperlib.advise(tasks, m=20, alpha=0.9)
    two = paperlib.advise([(X, np.stack([y, y], axis=1)) for X, y in tasks], m=20, alpha=0.9)
    assert two.to_dict()["risk_maml"] == pytest.approx(2 * one.to_dict()["risk_maml"])
    assert two.start.shape == (2, 2)


X, Y = np.array([[1.0, 0.5], [0.2, 1.0], [0.3, -1.0], [2.0, 0.1]]), np.array([1.0, 2.5, 0.3, 0.7])


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([(X, Y)], "tasks must be at least two"),
        (3, "tasks must be a sequence"),
        ([(X, Y), (X,)], "task 1 has 1 parts"),
        ([(X, Y), (X, Y[:3])], "task 1 must have one target for each of its samples; got 4 rows and 3"),
        ([(X, Y), (X[:1], Y[:1])], "task 1 must have at least 2 samples"),
        ([(X, Y), (X[:, :1], Y)], "task 1 has 1 and 1"),
        ([(X, Y), (X * np.nan, Y)], "X of task 1 must be finite"),
        ([(X, Y), (X, Y * np.inf)], "y of task 1 must be finite"),
        ([(X, Y), (X, ["a", "b", "a", "b"])], "y of task 1 must be numbers"),
        ([(X, Y), (X, [0, 1, 0, 1])], "y of task 1 looks like class labels"),
        ([(X, Y), (X, np.array([[3], [1], [3], [1]]))], "one-hot columns"),
        ([(X, Y), (X, torch.tensor([0, 1, 0, 1]))], "y of task 1 looks like class labels"),
        ([(X, Y), (X, [[1.0], [2.0, 3.0], [1.0], [1.0]])], "y of task 1 must be an array of real numbers"),
        ([(X, Y), (X, torch.ones(4, requires_grad=True))], "y of task 1 must be detached"),
        ([(X, Y), (X, Y[:, None, None])], "y of task 1 must have shape"),
        ([(X, Y), (X, Y > 1)], "y of task 1 must be numbers"),
        ([(X[:2], Y[:2]), (X[:2], Y[:2])], "at least two of 3 samples or more"),
        ([(0 * X, Y), (0 * X, Y)], "features that are not all zero"),
    ],
)
def test_bad_tasks_are_named(tasks: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        paperlib.advise(tasks, m=5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"m": 0}, "m"),
        ({"m": 5, "alpha": 0.0}, "alpha"),
        ({"m": 5, "resamples": 3}, "resamples"),
        ({"m": 5, "seed": -1}, "seed"),
    ],
)
def test_bad_options_are_named(options: dict[str, float], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        paperlib.advise(drawn(PAPER, 5, 10), **options)  # type: ignore[arg-type]
