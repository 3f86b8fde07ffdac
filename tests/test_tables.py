"""Accuracies from records, differences of means, and the paper's cells."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from paperlib import tables
from paperlib.fewshot.accuracies import Mean
from paperlib.fewshot.configuration import Configuration, configure


def record(configuration: Configuration, seed: int, value: float | None) -> dict[str, object]:
    rows = {
        phase: {kind: {"accuracy": value and value + place / 100} for place, kind in enumerate(("easy", "hard"))}
        for phase in configuration.phases
    }
    metrics = {"evaluation": None if value is None else rows}
    return {"configuration": configuration.values(), "seed": seed, "metrics": metrics}


def test_scores_are_of_this_configuration_alone_by_seed() -> None:
    own, device = configure("omniglot", "maml", "book"), configure("omniglot", "maml", "book", device="cuda")
    others = [configure("omniglot", "maml", "book", lr=1e-4), configure("omniglot", "maml", "paper")]
    found = [record(device, 1, 0.7), record(own, 0, 0.5), *(record(other, 0, 0.1) for other in others)]
    values = tables.scores(found, own)
    assert values.shape == (2, 3, 2)
    assert np.allclose(values[:, 0, 0], [50, 70]) and np.allclose(values[:, 2, 1], [51, 71])
    assert np.allclose(tables.columns(values)[0], [50, 51, 50, 51])


def test_scores_of_several_configurations_are_those_of_their_common_seeds() -> None:
    one, other = configure("omniglot", "maml", "book"), configure("omniglot", "anil", "book")
    found = [record(one, seed, seed / 10) for seed in (4, 1, 3)] + [record(other, seed, 0.5) for seed in (0, 3, 4)]
    a, b = tables.together([*found, record(other, 1, None)], one, other)  # that of seed 1 diverged
    assert a.shape == b.shape == (2, 3, 2) and np.allclose(a[:, 0, 0], [30, 40])
    assert [len(values) for values in tables.together(found[:3], one, other)] == [0, 0]


def test_provenance_counts_the_records_of_these_configurations_alone() -> None:
    own, other = configure("omniglot", "maml", "book"), configure("omniglot", "maml", "book", lr=1e-4)
    machine = {"gpu": None, "processor": "P", "cores": 2}
    more = {"tier": "book", "hardware": machine, "seconds": 7200.0, "runs_trained_together": 4}
    found = [record(one, seed, 0.5) | more for one in (own, other) for seed in (1, 3)]
    said = "Tier book: 2 runs, seeds 1 and 3, 1,000 iterations, 500 test tasks; 1.0 process-hours with tests on P, "
    said += "2 cores."
    assert tables.provenance(found, [own]) == said
    assert tables.provenance(found, [own, other]).startswith("Tier book: 4 runs")
    assert tables.provenance([], [own]) == "There is no record of these runs."


def test_provenance_counts_a_training_once_however_often_it_was_evaluated() -> None:
    own, again = configure("omniglot", "erm", "book"), configure("omniglot", "erm", "book", evaluation_steps=5)
    machine = {"gpu": None, "processor": "P", "cores": 2}
    more = {"tier": "book", "hardware": machine, "seconds": 3600.0, "runs_trained_together": 1}
    found = [record(one, 0, 0.5) | more for one in (own, again)]
    said = "Tier book: 1 run, seed 0, 1,000 iterations, 500 test tasks; 1.0 process-hours with tests on P, 2 cores."
    assert tables.provenance(found, [own, again]) == said
    longer = configure("omniglot", "erm", "book", iterations=2000)  # another training
    assert "; 2.0 process-hours" in tables.provenance([*found, record(longer, 0, 0.5) | more], [own, longer])


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ([3], "1 run, seed 3"),
        ([0, 1], "2 runs, seeds 0 and 1"),
        ([4, 1], "2 runs, seeds 1 and 4"),
        ([0, 1, 3], "3 runs, seeds 0, 1 and 3"),
        ([2, 1, 0, 4, 3], "5 runs, seeds 0 to 4"),
        ([0, 1, 2, 4], "4 runs, seeds 0, 1, 2 and 4"),
    ],
)
def test_provenance_names_no_seed_that_is_not_there(seeds: list[int], said: str) -> None:
    one = configure("omniglot", "erm", "book", iterations=1)
    machine = {"gpu": None, "processor": "P", "cores": 1}
    more = {"tier": "book", "hardware": machine, "seconds": 3600.0, "runs_trained_together": len(seeds)}
    found = [record(one, seed, 0.5) | more for seed in seeds]
    assert (
        tables.provenance(found, [one])
        == f"Tier book: {said}, 1 iteration, 500 test tasks; 1.0 process-hours with tests on P, 1 core."
    )


def test_diverged_runs_and_missing_records_leave_no_row() -> None:
    own = configure("cifar", "erm", "book")
    assert tables.scores([record(own, 0, None)], own).shape == (0, 4, 2)
    assert tables.columns(tables.scores([], own)).shape == (0, 4)


def test_difference_is_welch_s_interval() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(5, 1, 5), rng.normal(3, 2, 7)
    a, b = x.var(ddof=1) / 5, y.var(ddof=1) / 7
    freedom = (a + b) ** 2 / (a**2 / 4 + b**2 / 6)
    half = stats.t.ppf(0.975, freedom) * math.sqrt(a + b)
    assert tables.difference(x, y) == pytest.approx((x.mean() - y.mean() - half, x.mean() - y.mean() + half))
    assert tables.difference(x, y)[0] != pytest.approx(-tables.difference(y, x)[0])


def test_difference_covers_the_truth_as_often_as_it_says() -> None:
    rng, hits = np.random.default_rng(1), 0
    for _ in range(1000):
        low, high = tables.difference(rng.normal(1, 1, 5), rng.normal(0, 3, 5))
        hits += low <= 1 <= high
    assert 0.93 < hits / 1000 < 0.975


def test_difference_of_too_few_or_of_constants() -> None:
    assert tables.difference([1.0], [2.0, 3.0]) == (-math.inf, math.inf)
    assert tables.difference([2.0, 2.0], [1.0, 1.0]) == (1.0, 1.0)


def test_a_cell_is_reproduced_within_points_or_widths() -> None:
    cell = Mean(50.0, 1.0)
    assert tables.reproduced(cell, [52.9, 53.1], points=3.0) and not tables.reproduced(cell, [53.5, 53.6], points=3.0)
    assert tables.reproduced(cell, [50.0, 60.0], points=3.0)  # its own interval is ± 64
    assert tables.reproduced(cell, [53.0], 3.0) and not tables.reproduced(cell, [53.1], 3.0)  # one seed has none


def test_without_a_value_there_is_no_verdict() -> None:
    with pytest.raises(ValueError, match=r"^ours must have at least one accuracy .*; got none$"):
        tables.reproduced(Mean(50.0, 1.0), [], points=3.0)


def test_the_paper_s_cells() -> None:
    assert tables.paper("omniglot")["large", "maml"][3] == Mean(81.2, 0.3)
    assert tables.paper("cifar")[0.01, "maml"][1] == Mean(15.7, 0.3)
    with pytest.raises(ValueError, match="dataset must be omniglot or cifar or cifar100; got 'mnist'"):
        tables.paper("mnist")
