"""The benchmark of training compares the same work, and says so when a library is not there."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from paperlib.fewshot.models import Network
from tools.bench_fewshot import LIMIT, disagreement, gflop, render, stacked
from tools.bench_ways import LIBRARIES, WAYS, WORKS, Gradient, Inputs, Work, loop, missing, sampling

ROOT = Path(__file__).resolve().parent.parent
TINY = Work("tiny", Network(side=8, ways=2, filters=4, blocks=2), shots=2, queries=3, tasks=2)


def test_all_ways_give_the_same_meta_gradient() -> None:
    gaps = disagreement(TINY)
    assert {"ours", "plain loop"} <= set(gaps) == {way for way in WAYS if not missing(way)}
    assert all(gap <= LIMIT for gap in gaps.values()), gaps


def test_another_gradient_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(inputs: Inputs) -> Callable[[], Gradient]:
        return lambda: {name: 1.001 * value for name, value in loop(inputs)().items()}

    monkeypatch.setitem(WAYS, "ours", wrong)
    assert disagreement(TINY)["ours"] == pytest.approx(1e-3)


def test_operations_are_those_of_the_convolutions_and_the_head() -> None:
    """Once forward, thrice with the gradient, nine times in the second order; less where images need no gradient.

    That would be four times for the first convolution, but PyTorch's double backward takes one gradient for nobody.
    """
    network = TINY.network
    first, second = (2 * 64 * 9 * 4 * c / (4 if c > 1 else 1) for c in (network.channels, network.filters))
    head = 2 * 2 * 16
    support, query = (2 * each * TINY.tasks for each in (TINY.shots, TINY.queries))
    whole = (5 * first + 9 * (second + head)) * support + (2 * first + 3 * (second + head)) * query
    assert gflop(TINY) * 1e9 == pytest.approx(whole, rel=1e-9)


COST = {"wall": 1.0, "cpu": 2.0, "memory": 300.0}
COSTS = {
    "machine": 3 * [{"peak": 10.0, "gflop": 10.0}],
    "sampling": 3 * [{"wall": 0.019, "cpu": 0.04}],
    "ours": [COST, COST, COST | {"wall": 9.0}],
    "plain loop": 3 * [COST | {"wall": 2.5}],
}
HIGHER = {"higher": 3 * [COST | {"wall": 2.0, "cpu": 3.0}]}
TORCHOPT = {"torchopt": 3 * [COST | {"wall": 1.9, "cpu": 9.0}]}


def test_the_table_shows_ratios_of_medians_and_what_is_missing() -> None:
    lines = render("Title", 1.7, COSTS | HIGHER).splitlines()
    assert lines[0] == "Title: 10.0 GFLOP, peak 10 GFLOP in a processor second"
    table = {line[:42].strip(): line[42:].split() for line in lines[3:]}
    assert list(table) == [
        "ours",
        "plain loop",
        "higher",
        "torchopt",
        "learn2learn",
        "drawing the tasks, with their images",
    ]
    assert table["ours"][:6] == ["1.000", "2.000", "300", "2.00", "1.50", "50%"]
    assert table["plain loop"][3:] == ["0.80", "1.50", "50%"]
    assert "  not installed: pip install torchopt==0.7.3" in "\n".join(lines)


def test_the_table_names_its_baseline_and_judges_each_ratio() -> None:
    for others, named, said in (
        (HIGHER, "wall ratio to higher, cpu ratio to higher)", "wall met, cpu NOT MET"),
        (HIGHER | TORCHOPT, "wall ratio to torchopt, cpu ratio to higher)", "wall met, cpu NOT MET"),
        (TORCHOPT, "wall ratio to torchopt, cpu ratio to torchopt)", "wall met, cpu met"),
        ({}, "wall ratio to plain loop, cpu ratio to plain loop, without a library)", "none is here"),
    ):
        lines = render("Title", 1.7, COSTS | others).splitlines()
        assert lines[1] == f"(medians of 3 interleaved rounds; {named}"
        assert lines[3].endswith(f"50%  at least 1.7 to a library: {said}")
        assert not any("at least" in line for line in lines[4:])
    assert "wall NOT MET" in render("Title", 2.01, COSTS | HIGHER)
    assert [work.demand for work in WORKS.values()] == [1.7, 1.5, 1.5]


def test_the_table_judges_what_drawing_tasks_costs() -> None:
    assert render("Title", 1.7, COSTS).endswith("0.0190   0.0400  1.90% of our iteration, less than 2%: met")
    slow = COSTS | {"sampling": 3 * [{"wall": 0.021, "cpu": 0.04}]}
    assert render("Title", 1.7, slow).endswith("2.10% of our iteration, less than 2%: NOT MET")


def test_tasks_are_drawn_as_the_column_says() -> None:
    for name, work in (*WORKS.items(), ("tiny", TINY)):
        draw = sampling(work)
        one = draw()
        for images, each in ((one.support, work.shots), (one.query, work.queries)):
            side = work.network.side
            assert images.shape == (each * work.network.ways, work.tasks * work.network.channels, side, side), name
    draw = sampling(WORKS["omniglot"])
    assert draw().hard.tolist() != draw().hard.tolist()  # of one iteration and the next


def test_make_bench_installs_what_is_compared() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\nbench: ")[2].partition("\n\n")[0]
    assert "pip install" in recipe and "'.[bench]'" in recipe.partition("-m tools.bench")[0]
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    said = {how.removeprefix("pip install ") for how in LIBRARIES.values() if "==" in how}
    assert said == set(extra["bench"])


def test_stacked_runs_are_counted() -> None:
    torch.manual_seed(0)
    lines = stacked(TINY, "cpu", (1, 2)).splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["1", "2"]
    assert lines[2].endswith(" 1.00")
