"""Gauss–Hermite quadrature against NumPy's rule, exact moments, and Mehler's formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from paperlib.gaussian import LARGEST_ORDER, gauss_hermite


@pytest.mark.parametrize("order", [1, 2, 7, 40])
def test_nodes_and_weights_are_those_of_numpy(order: int) -> None:
    nodes, transform = gauss_hermite(order)
    expected, weights = np.polynomial.hermite_e.hermegauss(order)
    np.testing.assert_allclose(nodes, expected, atol=1e-12)
    np.testing.assert_allclose(transform[0] ** 2, weights / weights.sum(), rtol=1e-11)


@pytest.mark.parametrize("order", [3, 64, 250, 800, 1640])
def test_the_transform_is_orthogonal_and_its_rows_are_hermite_polynomials(order: int) -> None:
    nodes, transform = gauss_hermite(order)
    np.testing.assert_allclose(transform @ transform.T, np.eye(order), atol=2e-15 * max(order, 100))
    middle = np.abs(nodes) < 6  # where the weights can be divided by
    for n, polynomial in enumerate([nodes, (nodes**2 - 1) / math.sqrt(2)], start=1):
        ratio = transform[n, middle] / transform[0, middle]
        np.testing.assert_allclose(ratio, polynomial[middle], rtol=1e-9, atol=1e-9)


def test_moments_of_a_normal_are_exact_up_to_the_rule_s_degree() -> None:
    nodes, transform = gauss_hermite(6)
    double_factorials = [1, 1, 3, 15, 105, 945]
    moments = [transform[0] ** 2 @ nodes ** (2 * k) for k in range(7)]
    np.testing.assert_allclose(moments[:6], double_factorials, rtol=1e-12)
    assert abs(moments[6] - 10395) > 1  # degree 12 is beyond six nodes


def test_mehler_s_formula() -> None:
    nodes, transform = gauss_hermite(60)
    weights, correlation = transform[0] ** 2, -0.6
    f, g = np.exp(0.4 * nodes), np.cos(0.9 * nodes)
    series = sum(
        a * b * correlation**n
        for n, (a, b) in enumerate(zip(transform @ (transform[0] * f), transform @ (transform[0] * g), strict=True))
    )
    other = correlation * nodes[:, None] + math.sqrt(1 - correlation**2) * nodes
    double = weights @ (f[:, None] * np.cos(0.9 * other)) @ weights
    assert series == pytest.approx(double, abs=1e-13)
    assert series == pytest.approx(math.exp(0.08 - 0.405) * math.cos(0.36 * correlation), abs=1e-13)


@pytest.mark.parametrize("order", [0, -1, 2.5, True, "3", LARGEST_ORDER + 1])
def test_an_order_that_is_not_one_is_refused(order: Any) -> None:
    with pytest.raises(ValueError, match=f"order must be a whole number from 1 to {LARGEST_ORDER}; got {order!r}"):
        gauss_hermite(order)


def test_what_is_shared_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        gauss_hermite(3)[0][0] = 1.0
