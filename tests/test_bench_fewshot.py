"""The benchmark of training compares the same work, and says so when a library is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from paperlib.fewshot.models import Network
from tools.bench_fewshot import LIMIT, disagreement, gflop, render, stacked
from tools.bench_ways import WAYS, Gradient, Inputs, Work, loop, missing

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


def test_the_table_shows_ratios_of_medians_and_what_is_missing() -> None:
    cost = {"wall": 1.0, "cpu": 2.0, "memory": 300.0}
    costs = {
        "machine": 3 * [{"peak": 10.0, "gflop": 10.0}],
        "ours": [cost, cost, cost | {"wall": 9.0}],
        "plain loop": 3 * [cost | {"wall": 2.5}],
        "higher": 3 * [cost | {"wall": 2.0, "cpu": 3.0}],
    }
    lines = render("Title", costs).splitlines()
    assert lines[0] == "Title: 10.0 GFLOP, peak 10 GFLOP in a processor second"
    table = {line[:42].strip(): line[42:].split() for line in lines[3:]}
    assert list(table) == ["ours", "plain loop", "higher", "torchopt", "learn2learn"]
    assert table["ours"] == ["1.000", "2.000", "300", "2.00", "1.50", "50%"]
    assert table["plain loop"][3:] == ["0.80", "1.50", "50%"]
    assert "  not installed: pip install torchopt==0.7.3" in "\n".join(lines)


def test_stacked_runs_are_counted() -> None:
    torch.manual_seed(0)
    lines = stacked(TINY, "cpu", (1, 2)).splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["1", "2"]
    assert lines[2].endswith(" 1.00")
