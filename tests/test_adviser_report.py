"""What the adviser's report says: its rows agree with the verdict, and name what it rests on and what it was given."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import paperlib
from paperlib.adviser import Report, words
from paperlib.adviser.verdicts import VERDICTS
from paperlib.environments import TaskEnvironment
from paperlib.simulate import sample_data, sample_tasks

Data = list[tuple[np.ndarray, np.ndarray]]
UNEQUAL = TaskEnvironment.hard_easy(2, 0.15, 1.0, 1.5, 0.01, 0.02, noise_std=0.1)
EQUAL = TaskEnvironment.hard_easy(2, 1.0, 1.0, 1.5, 0.01, 0.02, noise_std=0.1)
MIRRORED = TaskEnvironment(
    [0.5, 0.5],
    [np.diag([1.0, 0.1]), np.diag([0.1, 1.0])],
    [[1.0, 1.0], [-1.0, -1.0]],
    [0.02 * np.eye(2)] * 2,
    noise_std=0.1,
)
SAMPLES = {"m": 20, "resamples": 50}


def drawn(env: TaskEnvironment, count: int = 60, n: int = 40) -> Data:
    rng = np.random.default_rng(0)
    X, y = sample_data(env, *sample_tasks(env, count, rng), n, rng)
    return list(zip(X, y, strict=True))


@pytest.fixture(scope="module")
def unequal() -> Report:
    return paperlib.advise(drawn(UNEQUAL), **SAMPLES)


@pytest.fixture(scope="module")
def equal() -> Report:
    return paperlib.advise(drawn(EQUAL), **SAMPLES)


def said(report: Report) -> dict[str, str]:
    """Return the text of each row that is printed, by its name."""
    rows, last = {}, ""
    for line in str(report).splitlines():
        if found := re.match(r"  (\S.{22,}?) (\S.*)", line):
            last = found[1].strip()
            rows[last] = found[2]
        elif last and line.startswith(" " * 27):
            rows[last] += f" {line.strip()}"
    return rows


def test_features_of_scales_far_apart_are_red_and_told_what_to_do() -> None:
    for scale, light in ((1.0, "green"), (50.0, "amber"), (150.0, "red")):
        report = paperlib.advise([(X * [1.0, scale], y) for X, y in drawn(EQUAL)], **SAMPLES)
        found, text = report.lights["condition"]
        assert found == light, text
        assert text.endswith("standardise the features, then ask again") == (light != "green")
        assert ("before you use this" in said(report)) == (light == "red")


def test_a_year_beside_the_features_is_red() -> None:
    rng = np.random.default_rng(1)
    tasks = [(np.column_stack([X, rng.normal(1990.0, 15.0, len(X))]), y) for X, y in drawn(UNEQUAL)]
    assert paperlib.advise(tasks, **SAMPLES).lights["condition"][0] == "red"


def test_the_start_is_printed_where_it_is_short_and_always_in_the_dictionary(unequal: Report) -> None:
    assert unequal.to_dict()["start"] == unequal.start.tolist()
    numbers = ", ".join(f"{one:.4g}" for one in unequal.start)
    assert f"({numbers}) in report.start, with a step of" in said(unequal)["start for these tasks"]
    two = paperlib.advise([(X, np.stack([y, y], axis=1)) for X, y in drawn(UNEQUAL)], **SAMPLES)
    assert two.to_dict()["start"] == two.start.tolist() and json.dumps(two.to_dict())
    a, b = (f"({one:.4g}, {one:.4g})" for one in two.start[:, 0])
    assert f", ({a}, {b}) in report.start, with" in said(two)["start for these tasks"]
    wide = [(np.hstack([X, X**2, X**3, X**4]), y) for X, y in drawn(EQUAL)]
    assert (
        ", in report.start and --json, with a step of"
        in said(paperlib.advise(wide, **SAMPLES))["start for these tasks"]
    )


def test_features_are_named_as_the_table_names_them(unequal: Report) -> None:
    names = ["speed", "heat"]
    report = paperlib.advise([(pd.DataFrame(X, columns=names), y) for X, y in drawn(UNEQUAL)], **SAMPLES)
    assert report.to_dict()["features"] == report.features == names and said(report)["features"] == "2: speed, heat"
    assert re.fullmatch(r"along \S+ in speed, \S+ in heat", said(report)["features vary least"])
    assert unequal.to_dict()["features"] == [0, 1] and said(unequal)["features"] == "2, without names"
    assert re.fullmatch(r"along \(\S+, \S+\)", said(unequal)["features vary least"])


def test_of_many_features_eight_are_named_and_three_directions() -> None:
    v, names = np.eye(10)[3] + 0.1 * np.arange(10), [f"f{i}" for i in range(10)]
    assert words.listed(names) == "f0, f1, f2, f3, f4, f5, f6, f7, …"
    assert words.direction(v, names) == "1.30 in f3, 0.90 in f9, 0.80 in f8"
    assert words.direction(v, range(10)) == "1.30 in feature 3, 0.90 in feature 9, 0.80 in feature 8"


def test_the_report_says_what_is_taken_for_granted(unequal: Report) -> None:
    assert "Taken for granted: tasks and samples are independent." in str(unequal)
    assert "logarithms" not in str(unequal)
    rng = np.random.default_rng(0)
    for sigma, expected in ((1.0, "amber"), (1.5, "red")):
        heavy = [(rng.lognormal(sigma=sigma, size=X.shape), y) for X, y in drawn(EQUAL)]
        report = paperlib.advise(heavy, **SAMPLES)
        light, text = report.lights["kurtosis"]
        assert light == expected and text.endswith("with heavy tails intervals are too short: take logarithms first")
        assert ("kurtosis" in said(report).get("before you use this", "")) == (expected == "red")
    signs = [(rng.choice([-1.0, 1.0], (len(X), 1)), y) for X, y in drawn(EQUAL)]  # no law has lighter tails
    expected = ("amber", "1.1, of Gaussian features 3")  # (n + 2) / n
    assert paperlib.advise(signs, **SAMPLES).lights["kurtosis"] == expected


def test_what_maml_spares_is_a_share_of_the_whole_loss_on_tasks_held_out(equal: Report) -> None:
    report = paperlib.advise(drawn(MIRRORED), **SAMPLES)
    found = report.calibration
    share = f"MAML spares {1.0 - found['measured_maml'] / found['measured_erm']:.0%} against ERM"
    assert said(report)["of the whole loss"] == f"{share}, noise included, on tasks held out"
    assert said(equal)["of the whole loss"].endswith("; not told from none")
    assert "of the whole loss" not in said(paperlib.advise(drawn(UNEQUAL), m=np.inf, resamples=50))
    loud = [(X, y + 20.0 * np.random.default_rng(i).normal(size=len(y))) for i, (X, y) in enumerate(drawn(UNEQUAL))]
    assert re.match(r"MAML (spares|loses) \d\.\d% ", said(paperlib.advise(loud, **SAMPLES))["of the whole loss"])


@pytest.mark.parametrize("learner", ["weighted", "maml"])
@pytest.mark.parametrize("verdict", ["ERM", "a representation"])
def test_rows_agree_with_a_verdict_that_no_gain_counts(equal: Report, learner: str, verdict: str) -> None:
    rows = said(replace(equal, verdict=verdict, learner=learner, tasks_needed=1.0))
    assert rows["tasks to train MAML on"] == "no number makes a difference that can be told"
    assert rows["start for these tasks"].endswith("; against ERM's it makes no difference that can be told")
    ours = said(replace(equal, verdict=verdict, learner="erm"))["start for these tasks"]
    assert "difference" not in ours and "the verdict is for tasks" not in ours


def test_rows_agree_with_an_interval_that_holds_1(unequal: Report) -> None:
    for low, end in ((0.9, ", if there is a gain at all"), (1.2, "")):
        intervals = unequal.intervals | {"gain_best": (low, 2.0)}
        report = replace(unequal, verdict=VERDICTS[-1], intervals=intervals, learner="maml", tasks_needed=2.5)
        assert said(report)["tasks to train MAML on"] == f"3 or more{end}"
        start = said(report)["start for these tasks"]
        assert start.endswith("; that it is better than ERM's is not told") == (low < 1.0)
    assert said(replace(report, tasks_needed=np.inf))["tasks to train MAML on"] == "not told"


def test_the_estimates_alone_speak_of_other_m_only_beside_a_verdict_and_are_none(
    unequal: Report, equal: Report
) -> None:
    assert "ERM" in unequal.verdict and unequal.verdict != "ERM"
    assert said(unequal)["the estimates alone say"].endswith("; no verdict, resamples may disagree")
    assert "the estimates alone say" not in said(equal)
    assert "the estimates alone say" not in said(replace(unequal, verdict=VERDICTS[-1]))
    assert equal.to_dict()["other_m"]


def test_a_task_of_one_sample_is_left_out_and_changes_nothing(unequal: Report) -> None:
    more = {str(i): task for i, task in enumerate(drawn(UNEQUAL))} | {"one": ([[1.0, 2.0]], [3])}
    report = paperlib.advise(more, **SAMPLES)
    assert report.left_out == ["one"] and report.estimates == unequal.estimates
    plain = paperlib.advise([*drawn(UNEQUAL), (np.ones((1, 2)), np.ones(1))], **SAMPLES)
    assert plain.left_out == [60] and plain.estimates == unequal.estimates
