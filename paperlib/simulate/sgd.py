r"""Stochastic gradient training of ERM and MAML on a stream of linear regression tasks (Appendix C.1).

One task an iteration. With :math:`S=X^\top X` and :math:`b=X^\top z` of the samples that the iteration sees,

.. math:: \text{ERM:}\quad w \leftarrow w-\frac{\beta}{n}\bigl(S(w-w^*)-b\bigr),\qquad
          \text{MAML:}\quad u = w-w^*-\frac{\alpha}{n_2}\bigl(S^{in}(w-w^*)-b^{in}\bigr),\quad
          w \leftarrow w-\frac{\beta}{n_1}\Bigl(I-\frac{\alpha}{n_2}S^{in}\Bigr)\bigl(S^{out}u-b^{out}\bigr).

The losses are averages over the samples with the factor ½, as in Sections 2 and 3 taken together. This is the
reading that C.1's learning rates are meant for. With sums, ERM's rate 0.025 on n = 525 samples of variance ρ_E = 1
is a step of 13 on an easy task, where 2 diverges. With averages, MAML's slowest direction at ρ_H = ρ_E = 1/α
contracts by n2/10000 · (d+1)/n2 an iteration: the factor n2 in the rate makes training equally long for every n2.
C.1 does not say where the iterates start; here they start at zero unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from numbers import Integral
from typing import get_args

import numpy as np
import torch
from numpy.typing import ArrayLike

from paperlib import linear
from paperlib.arguments import Array, finite_array, real_number, whole_number
from paperlib.simulate.descent import adapt, affine, batches, descend, one_thread
from paperlib.simulate.setting import Algorithm, Setting, checked_algorithm, protocol_rate
from paperlib.simulate.streams import Method


@dataclass(frozen=True)
class Runs:
    """Finished training runs (Appendix C.1), as `train` returns them.

    Args:
        algorithm: "erm" or "maml".
        settings: of the runs.
        seeds: of the repetitions of each.
        iterates: (settings, seeds, d), the last iterate of each run.
        shared: whether settings with equal n1 and n2 have met the same draws.

    Raises:
        ValueError: from its methods alone; what `train` returns is right.

    Example:
        >>> from paperlib.environments import TaskEnvironment
        >>> point = Setting("one", TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=1.0, n1=1, n2=2)
        >>> Runs("erm", (point,), (0, 1), np.zeros((1, 2, 1)), shared=False).exact_risks()
        array([[0.5, 0.5]])
    """

    algorithm: Algorithm
    settings: tuple[Setting, ...]
    seeds: tuple[int, ...]
    iterates: Array
    shared: bool

    def exact_risks(self) -> Array:
        r"""Return the post-adaptation risks above the noise floor, :math:`R_{n_2}` of `linear.risk_above_floor`.

        Returns:
            (settings, seeds).

        Example:
            >>> from paperlib.environments import TaskEnvironment
            >>> point = Setting("one", TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=1.0, n1=1, n2=4)
            >>> Runs("maml", (point,), (0,), np.zeros((1, 1, 1)), shared=False).exact_risks()
            array([[0.25]])
        """
        return np.array(
            [
                [linear.risk_above_floor(s.env, w, s.alpha, s.n2) for w in iterates]
                for s, iterates in zip(self.settings, self.iterates, strict=True)
            ]
        )

    def test_risks(self, count: int = 3000) -> Array:
        r"""Estimate the same from test tasks, as C.1 does.

        Each task adapts the iterate on n2 samples; its loss :math:`\tfrac12\lVert u\rVert^2_\Sigma` is that of the
        whole population, and the exact noise floor is taken off. Both algorithms meet the same test tasks.

        Args:
            count: number of test tasks of each run, at least 1.

        Returns:
            (settings, seeds).

        Raises:
            ValueError: count not a positive whole number.

        Example:
            >>> from paperlib.environments import TaskEnvironment
            >>> point = Setting("one", TaskEnvironment.two_tasks(1, 1.0, 1.0), alpha=0.0, n1=1, n2=4)
            >>> Runs("maml", (point,), (0,), np.zeros((1, 1, 1)), shared=False).test_risks(10)  # no step: ½(w − w*)²
            array([[0.5]])
        """
        count, risks = whole_number("count", count), np.empty(self.iterates.shape[:2])
        units = torch.ones(len(self.settings), dtype=torch.float64)
        for batch in batches("test", self.settings, self.seeds, "statistics", self.shared):
            start = batch.gather(self.iterates)
            losses = []
            with one_thread():
                for draws in batch.streams.chunks(count):
                    into, shift, inner, noise = batch.task(draws, units)
                    into, shift, inner, z = (part.flatten(0, 1) for part in (into, shift, inner, noise[0]))
                    factors = torch.from_numpy(draws.factors[0]).flatten(0, 1)
                    everywhere = start.repeat(len(draws.groups), 1, 1)
                    u = adapt(affine(shift, into, everywhere), factors, z, inner)
                    squares = reduce(torch.add, u.square().unbind(1))  # in the same order in every batch
                    losses.append(0.5 * squares.reshape(-1, *batch.settings.shape).numpy())
            mean = np.ascontiguousarray(np.moveaxis(np.concatenate(losses), 0, -1)).mean(axis=-1)
            for place in np.ndindex(*batch.settings.shape):
                s = self.settings[batch.settings[place]]
                floor = linear.noise_floor(s.env, s.alpha, s.n2) - 0.5 * s.env.noise_std**2
                risks[batch.settings[place], batch.seeds[place]] = mean[place] - floor
        return risks


def train(
    algorithm: Algorithm,
    settings: Sequence[Setting],
    *,
    seeds: Iterable[int] = range(5),
    rates: float | Sequence[float] | None = None,
    iterations: int = 5000,
    start: ArrayLike | None = None,
    method: Method = "statistics",
    shared: bool = False,
) -> Runs:
    """Train by stochastic gradients, every setting with every seed, in one tensor program for each shape of samples.

    A run's random numbers depend on its seed, the algorithm and the setting's name, and not on what else is trained.
    Without `shared`, its result is the same bit for bit in every batch while rows · d < 400, where rows is
    min(samples, d) for "statistics"; beyond, and with `shared`, the order of sums may change the last digits.

    Args:
        algorithm: "erm" or "maml".
        settings: with different names, and environments of equal dimension and number of groups.
        seeds: one repetition each, whole numbers from 0.
        rates: learning rate, one for all settings or one for each; C.1's when left out.
        iterations: number of tasks seen, at least 1.
        start: (d,), the first iterate; zero when left out.
        method: "statistics" draws what the gradient depends on, "samples" all inputs and labels. Equal in distribution.
        shared: settings with equal n1 and n2 see the same standardised draws, whatever their names; their results
            are then not independent of each other. The random numbers depend on seed, algorithm, n1 and n2.

    Raises:
        ValueError: an argument breaks one of these conditions, or a run diverges; the message names the argument,
            or the run, the iteration, and the rates that are stable.

    Example:
        >>> from paperlib.environments import TaskEnvironment
        >>> env = TaskEnvironment.two_tasks(1, rho_hard=0.25, rho_easy=1.0)
        >>> runs = train("erm", [Setting("two tasks", env, alpha=1.0, n1=25, n2=100)], iterations=2000)
        >>> runs.iterates.shape, bool(abs(runs.iterates.mean() + 0.6) < 0.1)
        ((1, 5, 1), True)
    """
    settings, seeds = _settings(settings), _seeds(seeds)
    if method not in get_args(Method):
        raise ValueError(f"method must be 'statistics' or 'samples'; got {method!r}")
    algorithm, iterations, dim = (
        checked_algorithm(algorithm),
        whole_number("iterations", iterations),
        settings[0].env.dim,
    )
    steps = _rates(algorithm, rates, settings)
    first = np.zeros(dim) if start is None else finite_array("start", start, 1)
    if first.shape != (dim,):
        raise ValueError(f"start must have shape ({dim},); got {first.shape}")
    iterates = np.empty((len(settings), len(seeds), dim))
    iterates[:] = first
    for batch in batches(algorithm, settings, seeds, method, shared):
        with one_thread():
            last = descend(algorithm, batch, batch.gather(iterates), steps, iterations)
        iterates[batch.settings, batch.seeds] = last.mT.numpy()
    return Runs(algorithm, settings, seeds, iterates, shared)


def _settings(settings: Sequence[Setting]) -> tuple[Setting, ...]:
    if len(settings) == 0 or any(not isinstance(setting, Setting) for setting in settings):
        raise ValueError(f"settings must be a sequence of at least one Setting; got {settings!r}")
    names = [setting.name for setting in settings]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"settings must have different names, which decide their random numbers; got {twice} twice")
    shapes = sorted({(s.env.dim, s.env.groups) for s in settings})
    if len(shapes) > 1:
        raise ValueError(f"settings must have environments of one dimension and number of groups; got {shapes}")
    return tuple(settings)


def _seeds(seeds: Iterable[int]) -> tuple[int, ...]:
    values = tuple(seeds)
    whole = all(isinstance(seed, Integral) and not isinstance(seed, bool) and seed >= 0 for seed in values)
    if not values or not whole or len(set(values)) < len(values):
        raise ValueError(f"seeds must be different whole numbers from 0, at least one; got {list(values)}")
    return tuple(int(seed) for seed in values)


def _rates(algorithm: Algorithm, rates: float | Sequence[float] | None, settings: tuple[Setting, ...]) -> Array:
    if rates is None:
        return np.array([protocol_rate(algorithm, s.n2) for s in settings])
    given = finite_array("rates", rates)
    if given.shape not in ((), (len(settings),)):
        raise ValueError(f"rates must be one number, or one for each of {len(settings)} settings; got {given.size}")
    return np.array([real_number("rates", rate, above=0.0) for rate in np.broadcast_to(given, len(settings)).tolist()])
