"""What the adviser is judged by: the exact risks of the environments, and the rule, tested before there was one."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import t

from paperlib import TaskEnvironment, linear, simulate
from paperlib.runtime import book
from tools import judge_adviser as judge
from tools import judgement, real_tasks


def some_environment() -> TaskEnvironment:
    return TaskEnvironment(
        [0.3, 0.7],
        [[[0.5, 0.2], [0.2, 0.4]], [[1.0, -0.3], [-0.3, 1.5]]],
        [[1.0, 2.0], [-1.0, 0.5]],
        [[[0.1, 0.0], [0.0, 0.3]], [[0.2, 0.1], [0.1, 0.2]]],
        noise_std=0.4,
    )


def test_gaussian_truth_is_that_of_the_closed_forms() -> None:
    env = some_environment()
    truth = judge.Truth(env, "gaussian", 7)
    w = np.array([0.3, -0.8])
    assert truth.risk(w, 0.6) == pytest.approx(linear.risk_above_floor(env, w, 0.6, 7), rel=1e-12)
    assert truth.floor(0.6) == pytest.approx(linear.noise_floor(env, 0.6, 7), rel=1e-12)
    np.testing.assert_allclose(truth.start("erm", 0.6), linear.erm_solution(env), rtol=1e-12)
    np.testing.assert_allclose(truth.start("maml", 0.6), linear.maml_solution(env, 0.6, 7), rtol=1e-12)
    erm = truth.start("erm", 0.0)
    assert truth.best["erm"] == pytest.approx(linear.best_step(env, erm, 7), rel=1e-6)


def test_truth_of_signs_is_what_all_batches_give() -> None:
    env = some_environment()
    truth, roots = judge.Truth(env, "rademacher", 2), judge.square_roots(env.covariances)
    for g, sigma in enumerate(env.covariances):
        corners = np.array(list(product([-1.0, 1.0], repeat=2))) @ roots[g]
        steps = [np.eye(2) - 0.3 * (np.outer(a, a) + np.outer(b, b)) for a in corners for b in corners]
        brute = np.mean([step @ sigma @ step for step in steps], axis=0)
        np.testing.assert_allclose(truth.curvatures(0.6)[g], brute, rtol=1e-12)


@pytest.mark.parametrize("law", judge.LAWS)
def test_inputs_have_the_moments_that_their_law_says(law: str) -> None:
    x = judge.entries(law, np.random.default_rng(0), 400_000, 2)
    kurtosis, scale = judge.LAWS[law]
    np.testing.assert_allclose(x.T @ x / len(x), np.eye(2), atol=0.01)
    np.testing.assert_allclose((x**4).mean(0), scale * kurtosis, rtol=0.05)
    np.testing.assert_allclose((x[:, 0] ** 2 * x[:, 1] ** 2).mean(), scale, rtol=0.02)


def test_isotropic_weights_are_those_of_maml() -> None:
    env = TaskEnvironment.hard_easy(4, 0.1, 0.9, 2.0, 0.1, 0.3, noise_std=0.2)
    assert judge.Truth(env, "gaussian", 50).ratios(None)["weights"] == pytest.approx(1.0, rel=1e-9)


def test_a_rate_for_each_axis_is_the_best_of_all_rates() -> None:
    env = TaskEnvironment([1.0], [np.diag([1.0, 0.01])], [[1.0, 1.0]], [np.eye(2)])
    truth = judge.Truth(env, "gaussian", np.inf)
    assert truth.directions_risk(None) == pytest.approx(0.0, abs=1e-12)  # one Newton step solves every task
    assert truth.learner_risk("maml", None) > 0.001


@pytest.mark.parametrize(
    ("ratios", "with_alpha", "answer"),
    [
        ({"step": 2.0, "gain": 5.0, "directions": 1.0, "weights": 1.0}, True, "another step"),
        ({"step": 2.0, "gain": 5.0, "directions": 1.0, "weights": 1.0}, False, "weighted ERM"),
        ({"step": 1.0, "gain": 5.0, "directions": 9.0, "weights": 2.0}, True, "MAML"),
        ({"step": 1.0, "gain": 1.0, "directions": 9.0, "weights": 1.0}, True, "a representation"),
        ({"step": 1.0, "gain": 1.0, "directions": 1.0, "weights": 1.0}, True, "ERM"),
    ],
)
def test_the_rule(ratios: dict[str, float], with_alpha: bool, answer: str) -> None:
    assert judge.asked(ratios, with_alpha)[0] == answer


def test_environments_are_of_all_kinds_and_the_same_each_time() -> None:
    cases = [judge.draw(seed) for seed in range(60)]
    assert {case.env.groups for case in cases} == {1, 2, 3, 4}
    assert {case.law for case in cases} == set(judge.LAWS)
    assert min(len(case.sizes) for case in cases) < 20 and max(len(case.sizes) for case in cases) > 700
    assert min(case.sizes.min() for case in cases) == 2 and max(case.sizes.max() for case in cases) > 150
    again = judge.draw(7)
    assert all(
        np.array_equal(a, b)
        for one, two in zip(again.tasks(), cases[7].tasks(), strict=True)
        for a, b in zip(one, two, strict=True)
    )
    assert not set(judge.MAKING) & set(judge.JUDGING) and len(judge.JUDGING) == 200


def result(said: str, right: str, gain: float, interval: list[float], clear: bool = True) -> dict[str, object]:
    both = {"gain_interval": interval, "gain_best_interval": interval}
    times = {"seconds": 1.0, "seconds_folds": 2.0, "regret": 0.1, "regret_folds": 0.3}
    return {"seed": 0, "said": said, "right": right, "clear": clear, "truth": dict.fromkeys(both, gain)} | both | times


def test_figures_of_the_judging_are_counted_as_they_should_be() -> None:
    figures = judgement.summary(
        [
            result("MAML", "MAML", 2.0, [1.5, 2.5]),
            result("ERM", "MAML", 2.0, [1.0, 1.2]),
            result("not decidable with these tasks", "ERM", 1.0, [1.0, np.inf]),
            result("ERM", "MAML", 1.15, [1.1, 1.3], clear=False),
            {"seed": 0, "refused": "too small", "right": "ERM", "clear": True},
        ]
    )
    assert (figures["environments"], figures["refused"], figures["of these without an upper end"]) == (5, 1, 1)
    assert figures["coverage"] == 3 / 4 and figures["coverage, those with an upper end"] == pytest.approx(2 / 3)
    assert (figures["clear"], figures["clear decided"], figures["clear decided rightly"]) == (4, 0.5, 0.5)
    assert figures["regret"] == pytest.approx(0.1) and figures["adviser is no worse"] == 1.0


def test_an_environment_is_judged_by_its_truth() -> None:
    one = judgement.judged(24)
    assert one["said"] == one["right"] == judge.verdict(judge.draw(24))[0]
    assert one["truth"]["gain_interval"] > 1.2 and one["regret"] >= 0.0 and one["regret_folds"] >= 0.0


@pytest.mark.parametrize(("train", "close"), [(real_tasks._trained, 1e-5), (real_tasks.by_adam, 0.1)])
@pytest.mark.parametrize("learner", ["erm", "maml"])
def test_training_real_tasks_ends_at_the_training_solutions(
    learner: str, train: real_tasks.Trainer, close: float
) -> None:
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=(8, 3)) * rng.uniform(0.5, 1.5) for _ in range(20)]
    tasks = [(X, X @ [1.0, -1.0, 2.0] + rng.normal(size=8)) for X in inputs]
    trained = train(tasks, learner, 0.4, 4)[:, 0]
    if learner == "erm":
        expected = simulate.erm_estimate(*zip(*tasks, strict=True))
    else:
        expected = simulate.maml_estimate([(X[:4], y[:4], X[4:], y[4:]) for X, y in tasks], 0.4)
    np.testing.assert_allclose(trained, expected, atol=close)
    assert np.abs(expected).max() > 10 * close


def test_rates_are_validated_on_tasks_that_were_not_trained_on() -> None:
    """A long step pays where tasks differ, a short one where they do not."""
    rng = np.random.default_rng(1)
    far = [(X, X @ rng.normal(size=2)) for X in rng.normal(size=(20, 12, 2))]
    noisy = [(X, X @ [1.0, -1.0] + 3.0 * rng.normal(size=12)) for X in rng.normal(size=(20, 12, 2))]
    high, low = (real_tasks.validated(tasks, 6) for tasks in (far, noisy))
    assert high["erm"] > 5 * low["erm"] and high["maml"] > 5 * low["maml"]


def test_resamples_measure_both_learners_on_the_tasks_that_are_left() -> None:
    """Hard tasks on one side, easy ones on the other: MAML's loss is the smaller, and alike tasks have one start."""
    env = TaskEnvironment.hard_easy(1, 0.2, 1.0, 3.0, 0.01, 0.01, noise_std=0.1)
    rng = np.random.default_rng(2)
    X, y = simulate.sample_data(env, *simulate.sample_tasks(env, 30, rng), 80, rng)
    low, high = real_tasks.resampled(list(zip(X, y, strict=True)), {"erm": 1.0, "maml": 1.0}, 40, draws=10)
    assert 1.0 < low < high
    same = [(X, X[:, 0] + 0.3 * rng.normal(size=30)) for X in rng.normal(size=(30, 30, 1))]
    low, high = real_tasks.resampled(same, {"erm": 0.4, "maml": 0.4}, 10, draws=10)
    assert 0.9 < low < 1.0 < high < 1.1


def test_lines_that_lack_an_environment_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = tmp_path / "some.jsonl"
    lines.write_text("".join(json.dumps(result("ERM", "ERM", 1.0, [1.0, 1.1])) + "\n" for _ in range(3)))
    with pytest.raises(SystemExit):
        judgement.main(["--final", "--lines", str(lines)])
    assert "must hold the 200 environments of --final once each; got 3" in capsys.readouterr().err
    judgement.main(["--lines", str(lines)])
    assert json.loads(capsys.readouterr().out)["coverage"] == 1.0


def test_on_none_of_the_four_real_sets_is_the_advice_maml_and_on_all_it_pays_to_solve_them_outright() -> None:
    """So the front page says."""
    sets = yaml.safe_load((book() / "records" / "real_tasks.yml").read_text(encoding="utf-8"))["tasks"]
    assert len(sets) == 4 and "MAML" not in {one["verdict"] for one in sets}
    answers = sorted(one["verdict"] for one in sets)
    assert answers == ["ERM", "a representation"] + 2 * ["not decidable with these tasks"]
    sure = 0
    for one in sets:
        spared = one["solved"]["after_step"] - one["solved"]["measured"]
        assert spared > 0
        sure += spared > t.ppf(0.975, one["tasks"][0] - 1) * one["solved"]["error"]
    assert sure == 2
