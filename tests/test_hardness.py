"""Descents of single tasks, and the spread of adapted parameters."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paperlib.fewshot.learners import adapt
from paperlib.fewshot.models import HEAD, Network, TaskBatch
from paperlib.fewshot.objectives import Objective
from tools import hardness

NETWORK = Network(side=8, ways=3, filters=4, blocks=2)


def tasks(models: int) -> TaskBatch:
    generator = torch.Generator().manual_seed(1)
    support, query = (torch.randn((n, models, 8, 8), generator=generator, dtype=torch.float64) for n in (6, 12))
    run = torch.zeros(models, dtype=torch.int64)
    return TaskBatch(run, run.bool(), support, query, 3)


@pytest.mark.parametrize("algorithm", ["maml", "anil"])
def test_one_step_after_the_other_is_all_steps_at_once(algorithm: str) -> None:
    start, batch = NETWORK.initial([5], torch.float64), tasks(4)
    found = hardness.descend(NETWORK, start, batch, Objective(algorithm, alpha=0.3), steps=3)
    copies = {name: value.expand(4, *value.shape[1:]).clone() for name, value in start.items()}
    there = adapt(NETWORK, copies, batch, Objective(algorithm, 3, 0.3))
    moved = torch.cat([(there[name] - copies[name]).flatten(1) for name in copies], dim=1).detach().numpy()
    assert np.allclose(found.displacement, moved, rtol=0, atol=1e-14) and np.abs(moved).max() > 1e-3
    head = sum(int(np.prod(NETWORK.shapes()[name])) for name in HEAD)
    assert (np.abs(found.displacement[:, :-head]).max() == 0) == (algorithm == "anil")
    assert found.accuracy.shape == (4, 4) and ((found.accuracy >= 0) & (found.accuracy <= 1)).all()


def test_accuracies_are_those_of_each_number_of_steps() -> None:
    start, batch = NETWORK.initial([5], torch.float64), tasks(4)
    long, short = (hardness.descend(NETWORK, start, batch, Objective("maml"), steps=k) for k in (3, 2))
    assert np.array_equal(long.accuracy[:3], short.accuracy)
    ends = hardness.descend(NETWORK, start, batch, Objective("maml"), steps=3, watch=False)
    assert np.array_equal(ends.displacement, long.displacement)
    assert np.array_equal(ends.loss, long.loss[[0, -1]]) and np.array_equal(ends.accuracy, long.accuracy[[0, -1]])


def test_a_short_step_lowers_the_loss_by_its_squared_length_over_the_rate() -> None:
    start, batch, rate = NETWORK.initial([5], torch.float64), tasks(4), 1e-6
    found = hardness.descend(NETWORK, start, batch, Objective("maml", alpha=rate), steps=1)
    fall = found.loss[0] - found.loss[1]
    assert found.loss.shape == (2, 4) and np.allclose(fall, (found.displacement**2).sum(axis=1) / rate, rtol=1e-3)


def test_spread_of_normal_points_is_dimension_times_variance() -> None:
    rng = np.random.default_rng(0)
    values = [hardness.spread(rng.normal(3.0, 0.5, (6, 40))) for _ in range(400)]
    assert np.mean(values) == pytest.approx(40 * 0.25, abs=4.5 * np.std(values) / 20)


def test_spread_between_groups_is_the_variance_of_their_means() -> None:
    """Means N(0, b I) and points N(mean, w I) around them: the expectation is d b, whatever w."""
    rng, owner, d, b = np.random.default_rng(1), np.repeat(np.arange(5), 4), 30, 0.2
    for w in (0.0, 1.0):
        values = []
        for _ in range(500):
            means = rng.normal(0, b**0.5, (5, d))
            values.append(hardness.spread_between(means[owner] + rng.normal(0, w, (20, d)), owner))
        assert np.mean(values) == pytest.approx(d * b, abs=4.5 * np.std(values) / 500**0.5)
        assert abs(np.mean(values) - d * (b + w / 4)) > 4.5 * np.std(values) / 500**0.5 or w == 0


def test_parts_of_the_spread_add_up() -> None:
    """With G groups of k points, the total is the mean variance within and G − 1 parts between, weighted."""
    rng, owner = np.random.default_rng(2), np.repeat(np.arange(3), 4)
    points = rng.normal(size=(12, 7)) + owner[:, None]
    within = np.mean([hardness.spread(points[owner == g]) for g in range(3)])
    between = hardness.spread_between(points, owner)
    assert 11 * hardness.spread(points) == pytest.approx(9 * within + 2 * (4 * between + within), rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hardness.descend(NETWORK, NETWORK.initial([0]), tasks(1), Objective("maml"), 0), "steps must"),
        (lambda: hardness.descend(NETWORK, NETWORK.initial([0, 1]), tasks(1), Objective("maml"), 1), "start must"),
        (lambda: hardness.spread([[1.0, 2.0]]), "points must"),
        (lambda: hardness.spread_between([[1.0], [2.0], [3.0]], [0, 0, 1]), "groups must"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()
