"""The adviser: moments that enumerate all pairs and triples, the report, and errors by name."""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import torch

import paperlib
from paperlib import linear
from paperlib.adviser.estimates import averages, best_rates, floor, loss, slope, start
from paperlib.adviser.moments import checked, measure
from paperlib.adviser.questions import directions
from paperlib.adviser.verdicts import VERDICTS, decide
from paperlib.environments import TaskEnvironment
from paperlib.simulate import sample_data, sample_tasks

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
        matrix = np.tensordot(scale, moments.parts[2:, i], 1)
        assert (matrix @ extended * extended).sum() == pytest.approx(np.mean(triples), rel=1e-10)
        size = (X**2).sum(axis=1) / 2
        u = np.hstack([X, y])
        one = [size[b] * np.outer(u[a], u[a]) for a, b in permutations(range(5), 2)]
        two = [size[b] * size[c] * np.outer(u[a], u[a]) for a, b, c in permutations(range(5), 3)]
        np.testing.assert_allclose(moments.parts[1, i], np.mean(one, axis=0), rtol=1e-10)
        np.testing.assert_allclose(moments.parts[0, i], np.mean(two, axis=0), rtol=1e-10)
        square = [(X[a] @ X[b]) ** 2 for a, b in permutations(range(5), 2)]
        assert moments.squares[i] == pytest.approx(np.mean(square), rel=1e-10)


def test_rates_of_axes_are_judged_by_means_over_different_samples() -> None:
    rng = np.random.default_rng(2)
    X, r = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    g = X[:, :, None] * r[:, None, :]
    pairs, triples = list(permutations(range(5), 2)), list(permutations(range(5), 3))
    linear_part, triple, pair, squares = (part[0] for part in directions(X[None], r[None]))
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
    assert len(report.hard_tasks) == pytest.approx(40, abs=12) and len(report.environment) == 2
    assert repr(report) == str(report) and str(report).startswith("weighted ERM: ")
    assert "  hard tasks " in str(report) and "  features vary least " in str(report)
    assert max(map(len, str(report).splitlines())) <= 100
    assert "<table" in report._repr_html_()
    assert said["calibration"]["measured_maml"] == pytest.approx(said["calibration"]["predicted_maml"], rel=0.2)
    assert len(report.plot().axes) == 3


def test_without_a_rate_the_gain_is_best_against_best() -> None:
    said = paperlib.advise(drawn(PAPER, 80, 60), m=20).to_dict()
    assert (said["gain"], said["alpha"]) == (said["gain_best"], None)


def test_equally_hard_tasks_need_no_maml() -> None:
    env = TaskEnvironment.hard_easy(2, 1.0, 1.0, 1.5, 0.01, 0.02, noise_std=0.1)
    assert paperlib.advise(drawn(env, 80, 40), m=20, alpha=0.8).verdict == "ERM"


@pytest.mark.parametrize(("tasks", "samples", "dim"), [(5, 10, 2), (10, 6, 5), (50, 10, 3)])
def test_targets_of_noise_alone_need_no_maml(tasks: int, samples: int, dim: int) -> None:
    """Every start is as good as every other: estimated risks are on both sides of zero."""
    found = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        report = paperlib.advise(
            [(rng.normal(size=(samples, dim)), rng.normal(size=samples)) for _ in range(tasks)], m=5
        )
        found.add(report.verdict)
        assert "inf" not in report.why
    assert found <= {"ERM", "not decidable with these tasks"}


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
        ([(X, Y), (X[:1], Y[:1])], "tasks must hold at least two of 3 samples or more"),
        ([(X, Y), (X[:0], Y[:0])], "task 1 must have at least one sample; got none"),
        ([(X[:, :0], Y)] * 2, "X of task 0 must have at least one feature; got shape \\(4, 0\\)"),
        ([(X, Y), (X, Y[:0])], "y of task 1 must have shape \\(n,\\) or \\(n, outputs\\); got \\(0,\\)"),
        (
            [(X, Y), (X.astype(str), Y)],
            "X of task 1 must be an array of real numbers; got array\\(\\[\\['1.0'[^\\n]*\\.\\.\\.$",
        ),
        ([(X, Y), (X + 0j, Y)], "X of task 1 must be an array of real numbers"),
        ([(np.array([[None, 1.0]] * 4), Y)] * 2, "X of task 0 must be an array of real numbers"),
        ((np.stack([X, 2 * X, X]), np.stack([Y] * 3)), "task 0 has 3 parts; zip\\(X, y\\) makes pairs of two stacks"),
        ([(X, Y, 0), (X, Y, 1)], "task 0 has 3 parts$"),
        ([(1e150 * X, Y), (X, Y)], "X of task 0 must have entries of a size up to 1e\\+20; the largest is 2e\\+150"),
        ([(1e-150 * X, Y), (1e-150 * X, 2 * Y)], "features that are not all zero, of a size from 1e-20 to 1e\\+20"),
        ([(X, 1e-150 * Y), (2 * X, 1e-150 * Y)], "targets that are not all zero, .* the largest is 2.5e-150"),
        (
            [(pd.DataFrame(X, columns=["a", "b"]), Y), (pd.DataFrame(X, columns=["b", "a"]), Y)],
            "tasks must have the same columns in the same order; got \\['a', 'b'\\] and others",
        ),
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


def test_what_looks_like_tasks_and_is_none_is_told_apart() -> None:
    masked = np.ma.masked_greater(X, 1.5)
    for tasks, message in (
        ({"X": X, "y": Y}, "tasks must be pairs .* task X has 4 parts"),
        ({1: (X, Y), "1": (2 * X, Y)}, "tasks must have keys that differ as text"),
        ({"b": (X, Y), "c": (X, Y[:3])}, "task c must have one target for each of its samples; got 4 rows and 3"),
        ({"b": (X, Y), "c": (X[:, :1], Y)}, "task c has 1 and 1"),
        ({"b": (X, Y), "c": (X, ["a", "b", "a", "b"])}, "y of task c must be numbers"),
        ({"b": (X, Y)}, "tasks must be at least two"),
        ([{"X": X, "y": Y}] * 2, "task 0 is a dict"),
        (pd.DataFrame(X, columns=["a", "b"]), "task 0 is a str: a"),
        ((X, Y), "task 0 has 4 parts"),
        ([(X, Y), (masked, Y)], "X of task 1 must have no masked entries; got 1"),
        ([(X, Y), (pd.DataFrame(X).mask(X > 1.5), pd.Series(Y))], "X of task 1 must be finite; got 1 NaN"),
        ([(X, Y), (X, pd.Series(["a", "b", "a", "b"], dtype="category"))], "y of task 1 must be numbers"),
        ([(X, 0 * Y), (2 * X, 0 * Y)], "targets that are not all zero"),
        ([(X, Y)] * 8, "tasks must differ"),
    ):
        with pytest.raises(ValueError, match=message):
            paperlib.advise(tasks, m=2)  # type: ignore[arg-type]


def test_tables_tensors_and_iterators_give_what_arrays_give() -> None:
    tasks = drawn(PAPER, 30, 12)
    rows = pd.concat(
        [pd.DataFrame(X, columns=["a", "b"]).assign(y=y, task=place) for place, (X, y) in enumerate(tasks)]
    )
    plain = paperlib.advise(tasks, m=5, resamples=50).to_dict()
    for other in (
        [(part[["a", "b"]], part["y"]) for _, part in rows.groupby("task")],
        ((torch.tensor(X), torch.tensor(y)) for X, y in tasks),
        [(X.tolist(), y.tolist()) for X, y in tasks],
    ):
        assert paperlib.advise(other, m=5, resamples=50).to_dict() | {"features": plain["features"]} == plain


def test_a_mapping_says_what_a_sequence_says_and_names_its_tasks() -> None:
    tasks = [*drawn(PAPER, 30, 12), (X[:2], Y[:2])]
    names = [f"person {place}" for place in range(31)]
    plain = paperlib.advise(tasks, m=5, resamples=50).to_dict()
    report = paperlib.advise(dict(zip(names, tasks, strict=True)), m=5, resamples=50)
    said = report.to_dict()
    named = {"tasks", "left_out", "hard_tasks", "held_out"}
    assert {name: said[name] for name in set(said) - named} == {name: plain[name] for name in set(plain) - named}
    assert said["tasks"] == names[:30] and said["left_out"] == names[30:] and plain["left_out"] == [30]
    assert said["hard_tasks"] == [names[place] for place in plain["hard_tasks"]] != []
    assert said["held_out"] == {f"person {place}": losses for place, losses in plain["held_out"].items()}
    figure = report.plot()
    hard = next(line for line in figure.axes[0].lines if line.get_label() == "hard")
    rho = [(X**2).mean() for X, _ in tasks[:30]]
    np.testing.assert_allclose(hard.get_ydata(), sorted(rho[place] for place in plain["hard_tasks"]))


def test_losses_of_tasks_held_out_are_told_of_each() -> None:
    report = paperlib.advise(drawn(PAPER, 40, 30), m=10, alpha=0.9, resamples=50)
    assert list(report.held_out) == list(range(40))
    losses = np.array(list(report.held_out.values()))
    found = report.calibration
    means = [found[f"measured_{name}"] for name in ("erm", "maml", "solved")]
    np.testing.assert_allclose(losses.mean(axis=0), means)


def test_labels_as_columns_are_regression() -> None:
    rng, labels = np.random.default_rng(0), np.eye(3)[np.arange(15) % 3]
    tasks = [rng.normal(size=(15, 2)) + labels @ rng.normal(size=(3, 2)) for _ in range(20)]
    plain = paperlib.advise([(X, labels) for X in tasks], m=5, resamples=50).to_dict()
    assert paperlib.advise([(X, labels > 0) for X in tasks], m=5, resamples=50).to_dict() == plain
    assert plain["tasks_used"] == 20


def test_units_change_nothing_but_the_rate() -> None:
    tasks = drawn(PAPER, 30, 20)
    plain = paperlib.advise(tasks, m=8).to_dict()
    for x, y in ((1e-6, 1.0), (1e12, 1.0), (1.0, 1e-12), (1.0, 1e12), (1e-19, 1e19), (1e18, 1e-19)):
        said = paperlib.advise([(x * X, y * t) for X, t in tasks], m=8).to_dict()
        assert said["verdict"] == plain["verdict"]
        assert said["best_alpha"] * x**2 == pytest.approx(plain["best_alpha"], rel=1e-6)
        assert said["risk_erm"] / y**2 == pytest.approx(plain["risk_erm"], rel=1e-6)
        assert said["gain_interval"] == pytest.approx(plain["gain_interval"], rel=1e-6)


def test_a_task_without_inputs_is_no_more_than_one_task_more() -> None:
    report = paperlib.advise([*drawn(PAPER, 40, 20), (np.zeros((20, 2)), np.ones(20))], m=8, alpha=0.9)
    assert report.tasks_used == 41 and report.intervals["gain"][0] >= 1.0


@pytest.mark.parametrize("count", [2, 4])
def test_a_handful_of_tasks_decides_nothing(count: int) -> None:
    report = paperlib.advise(drawn(PAPER, count, 60), m=20, alpha=0.01)
    assert report.verdict == VERDICTS[-1] and report.suffices == "at least 5 tasks"
    assert report.intervals["gain"] == (1.0, np.inf) and report.intervals["best_alpha"] == (-np.inf, np.inf)
    assert "(no interval)" in str(report)


@pytest.mark.parametrize(("gap", "said"), [(0.1, "about 22 tasks like these"), (0.02, ", as far as 8 can say")])
def test_what_would_decide_says_where_it_reaches_far_beyond_the_tasks(gap: float, said: str) -> None:
    """Resamples half of which say yes: 8 tasks (1.04 · 0.16 / gap)² would tell the gap from their spread."""
    spread = np.where(np.arange(100) % 2, 0.16, -0.16)
    estimates = {"erm_best": 1.1 + gap, "maml_best": 1.0}
    drawn = {"erm_best": 1.1 + gap + spread, "maml_best": np.ones(100)}
    verdict, _, suffices, _ = decide(estimates, drawn, None, 8, True, 0.0, 3)
    assert verdict == VERDICTS[-1] and suffices.endswith(said)


def test_the_wall_is_what_endless_samples_would_spare() -> None:
    report = paperlib.advise(drawn(PAPER, 1000, 60), m=20, alpha=0.9, resamples=50)
    w = linear.maml_solution(PAPER, 0.9, 20)
    with_m, without = (linear.risk_above_floor(PAPER, w, 0.9, m) for m in (20, np.inf))
    assert report.samples_share == pytest.approx(1 - without / with_m, abs=0.05)
    assert report.wall == "geography"
    alike = TaskEnvironment([1.0], [np.eye(2)], [np.zeros(2)], [np.eye(2)], noise_std=0.1)
    assert paperlib.advise(drawn(alike, 100, 60), m=5, alpha=0.9, resamples=50).wall == "samples"


def test_with_other_samples_of_the_step_the_verdict_is_another() -> None:
    said = paperlib.advise(drawn(PAPER, 400, 60), m=20, resamples=50).to_dict()
    assert said["verdict"] == "weighted ERM" and said["other_m"]["5"] == "ERM" and said["other_m"]["80"] != "ERM"


@pytest.mark.parametrize("learner", ["erm", "maml"])
def test_the_cost_of_few_tasks_is_what_training_on_few_pays(learner: str) -> None:
    env = TaskEnvironment.hard_easy(2, 0.3, 1.0, 0.6, 0.05, 0.4, noise_std=1.0)
    w = linear.erm_solution(env) if learner == "erm" else linear.maml_solution(env, 0.9, 10)
    least, alpha, paid = linear.post_adaptation_risk(env, w, 0.9, 10), np.array([0.9]), []
    for seed in range(150):
        tasks = checked(drawn(env, 100, 40, seed))
        whole = averages(measure(tasks), np.ones((1, 100)), 10.0)
        trained = (tasks.axes @ start(whole, learner, alpha)[0])[:, 0]
        paid.append(100 * (linear.post_adaptation_risk(env, trained, 0.9, 10) - least))
    whole = averages(measure(checked(drawn(env, 1000, 40))), np.ones((1, 1000)), 10.0)
    assert abs(np.mean(paid) - slope(whole, learner, 0.9)) < 3.5 * np.std(paid) / np.sqrt(len(paid))


def test_maml_needs_the_tasks_that_pay_for_its_variance() -> None:
    tasks = drawn(TaskEnvironment.hard_easy(2, 0.3, 1.0, 0.6, 0.05, 0.4, noise_std=1.0), 400, 12)
    said = paperlib.advise(tasks, m=10, alpha=0.9, resamples=50).to_dict()
    trained = said["trained"]  # each learner's loss with 400 tasks: that with endlessly many, and its cost over 400
    whole = averages(measure(checked(tasks)), np.ones((1, 400)), 10.0)
    cost = slope(whole, "maml", 0.9) - slope(whole, "erm", 0.9)
    gain = trained["erm"] - trained["maml"] + cost / 400
    assert said["tasks_needed"] == pytest.approx(cost / gain) and said["tasks_needed"] > 1.0
    equal = TaskEnvironment.hard_easy(2, 1.0, 1.0, 0.6, 0.05, 0.4, noise_std=1.0)
    assert paperlib.advise(drawn(equal, 100, 40), m=10, alpha=0.9, resamples=50).tasks_needed > 30


def test_numbers_that_may_be_labels_have_a_light() -> None:
    rng = np.random.default_rng(5)
    tasks = [(X, rng.integers(0, 5, len(X)).astype(float)) for X, _ in drawn(PAPER, 20, 20)]
    report, plain = (paperlib.advise(given, m=5, resamples=50) for given in (tasks, drawn(PAPER, 20, 20)))
    light, says = report.lights["targets"]
    assert light == "red" and says.startswith("5 different whole numbers; class labels need a one-hot column")
    head, sep, _ = str(report).partition("\nNumbers")
    red = [name for name, (light, _) in report.lights.items() if light == "red"]
    assert sep and f"before you use this      red at the end: {', '.join(red)}" in head, "it stands with the verdict"
    assert plain.lights["targets"][0] == "green" and "before you use this" not in str(plain)


def test_no_number_overflows_and_none_is_lost(recwarn: pytest.WarningsRecorder) -> None:
    for tasks in (
        [(np.column_stack([X, np.full(20, 3.0)]), y) for X, y in drawn(PAPER, 10, 20)],
        [(X * [1.0, 1e12], y) for X, y in drawn(PAPER, 10, 20)],
        [(np.ones((20, 2)), y) for _, y in drawn(PAPER, 10, 20)],
        [(X, X @ [1.0, -1.0]) for X, _ in drawn(PAPER, 10, 20)],
        [(X, np.ones(20)) for X, _ in drawn(PAPER, 10, 20)],
        drawn(PAPER, 10, 3),
    ):
        assert paperlib.advise(tasks, m=5, resamples=50).verdict in VERDICTS
    assert [str(one.message) for one in recwarn] == []


def test_ten_thousand_tasks_are_many_and_no_more() -> None:
    report = paperlib.advise(drawn(PAPER, 10_000, 8), m=20, alpha=0.9, resamples=50)
    erm, maml = (
        linear.risk_above_floor(PAPER, w, 0.9, 20)
        for w in (linear.erm_solution(PAPER), linear.maml_solution(PAPER, 0.9, 20))
    )
    assert report.tasks_used == 10_000 and report.verdict == "weighted ERM"
    low, high = report.intervals["gain"]
    assert low - (high - low) / 2 < erm / maml < high + (high - low) / 2 and high / low < 1.2
