"""Time landscapes of two-layer networks, and their population loss against Monte Carlo at equal accuracy."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from paperlib import networks

GRID = 401
TASKS: dict[str, Any] = {
    "probabilities": [0.25] * 4,
    "W_stars": np.array([[2.0, 0.0], [-1.0, 1.0], [-1.0, -1.0], [-1.5, 0.0]])[..., None],
    "covariances": np.stack([0.5 * np.eye(2)] + 3 * [np.eye(2)]),
}
SAMPLES = 2_000_000  # of Monte Carlo in one timed run; more are scaled


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    """Return the median wall time of the work, after one run that is not counted."""
    work()
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def landscapes(rounds: int) -> None:
    """Print the time of a landscape of four tasks, and how many task losses are evaluated in a second."""
    axis = np.linspace(-3.0, 3.0, GRID)
    starts = np.stack(np.meshgrid(axis, axis), -1)[..., None]
    print(f"\nLandscape of four tasks, {GRID} × {GRID} starts (medians of {rounds} rounds)")
    print(f"{'':34}{'nodes':>12}{'wall s':>9}{'losses/s':>12}")
    for activation in ("softplus", "sigmoid", "relu"):
        for order in (None, 96) if activation != "relu" else (None,):
            for name, alpha in (("ERM", 0.0), ("MAML", 1.0)):
                seconds = median_seconds(
                    lambda a=activation, rate=alpha, o=order: networks.post_adaptation_loss(  # type: ignore[misc]
                        a, W=starts, order=o, alpha=rate, **TASKS
                    ),
                    rounds,
                )
                nodes = "closed form" if activation == "relu" else str(order or "automatic")
                print(f"{f'{activation}, {name}':34}{nodes:>12}{seconds:9.2f}{4 * GRID**2 / seconds:12.3g}")


def against_sampling(rounds: int) -> None:
    """Print what a population loss costs by quadrature and by Monte Carlo at the same accuracy."""
    print(f"\nOne population loss, softplus, M = 2, by quadrature and by Monte Carlo (medians of {rounds} rounds)")
    print(f"{'d':>6}{'accuracy':>10}{'nodes':>8}{'wall s':>11}{'samples':>12}{'wall s':>11}{'ratio':>12}")
    for dim in (2, 10, 100):
        rng = np.random.default_rng(dim)
        W, W_star = rng.normal(size=(2, dim, 2)) / np.sqrt(dim)
        draws = torch.from_numpy(rng.standard_normal((SAMPLES // dim, dim)))
        start, aim = torch.from_numpy(W), torch.from_numpy(W_star)

        def losses(X: torch.Tensor = draws, w: torch.Tensor = start, b: torch.Tensor = aim) -> torch.Tensor:
            h, y = (networks.derivative("softplus", 0, X @ neurons).sum(1) for neurons in (w, b))
            return 0.5 * (h - y).square()

        exact = float(networks.population_loss("softplus", W, W_star, np.eye(dim)))
        spread = float(losses().std()) / exact
        one = median_seconds(lambda f=losses: f().mean(), rounds) / len(draws)  # type: ignore[misc]
        for accuracy in (1e-3, 1e-6):
            found = (
                order
                for order in range(2, 200)
                if abs(float(networks.population_loss("softplus", W, W_star, np.eye(dim), order=order)) / exact - 1)
                < accuracy
            )
            order = next(found)
            seconds = median_seconds(
                lambda o=order, w=W, b=W_star, d=dim: networks.population_loss(  # type: ignore[misc]
                    "softplus", w, b, np.eye(d), order=o
                ),
                10 * rounds,
            )
            samples = (spread / accuracy) ** 2  # of which the standard error has this accuracy
            print(
                f"{dim:6}{accuracy:10.0e}{order:8}{seconds:11.2g}{samples:12.2g}{samples * one:11.2g}"
                f"{samples * one / seconds:12.2g}"
            )


def tables(rounds: int) -> None:
    """Print both tables."""
    landscapes(rounds)
    against_sampling(rounds)
