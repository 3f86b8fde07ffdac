"""What the record of gradient descent from random networks says is what the tool measures."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from paperlib.fewshot.datasets import benchmark
from paperlib.fewshot.sources import DataError
from paperlib.runtime import book
from tools import descents


@pytest.fixture(scope="module")
def record() -> dict:
    return yaml.safe_load((book() / "records" / "descents.yml").read_text(encoding="utf-8"))


def needs(dataset: str) -> None:
    try:
        benchmark(dataset).locate()
    except DataError as missing:
        pytest.skip(str(missing))


def test_curves_begin_as_descent_does(record: dict) -> None:
    needs("omniglot")
    for kind, found in descents.curves(8, steps=2).items():
        recorded = np.array(record["omniglot"]["curves"][kind][: found.shape[1]]).T
        assert np.abs(recorded[:3] - found).max() <= 0.021  # one drawing of fifty, where last digits differ


def test_random_networks_begin_as_descent_does(record: dict) -> None:
    needs("cifar")
    rows = descents.factorial(1, steps=1, counts=(2, 2))
    for found, recorded in zip(rows, record["cifar"][1], strict=True):
        assert (found["classes"], found["images"]) == (recorded["classes"], recorded["images"])
        loss = np.array(recorded["loss"][: found["loss"].shape[1]]).T
        assert np.allclose(loss[:2], found["loss"], rtol=0.002)


def test_numbers_are_written_short_and_curves_task_by_task() -> None:
    curves = np.array([[1.0, 2.0], [0.123456, 3.0], [4.0, 5.0]])  # steps, tasks
    assert descents.plain({"a": curves, "b": (1, np.float64(2.34567)), "c": "x"}) == {
        "a": [[1.0, 0.1235, 4.0], [2.0, 3.0, 5.0]],
        "b": [1, 2.346],
        "c": "x",
    }
