"""Runs, and which of them can be trained side by side on one leading axis of runs × tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple, Self

import torch

from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.options import is_whole, options

_PLACES = {name: one.own for name, one in options(Configuration).items() if one.own}
OWN = tuple(sorted(_PLACES, key=lambda name: _PLACES[name]))  # what each run of a batch may have of its own


class _Run(NamedTuple):
    configuration: Configuration
    seed: int


class Run(_Run):
    """What is trained: a configuration with a seed. Two runs are one if they differ in nothing but the device.

    Args:
        configuration: what is trained, on what, how long.
        seed: of its start and of all its tasks; the paper has five of each (Appendices C.3 and C.4).

    Raises:
        ValueError: if the seed is not a whole number from 0 to 2**64 - 1.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> Run(configure("omniglot", "maml", "paper"), 3).file
        'omniglot-large-maml-1-paper-seed3.json'
    """

    __slots__ = ()

    def __new__(cls, configuration: Configuration, seed: int) -> Self:
        """Return the run, with a seed of Python's own integers."""
        if not is_whole(seed) or not 0 <= seed < 2**64:
            raise ValueError(f"seed must be a whole number from 0 to 2**64 - 1; got {seed!r}")
        return super().__new__(cls, configuration, int(seed))

    @property
    def file(self) -> str:
        """Return the name of the file of its record, in which no two runs agree."""
        return f"{self.configuration.name}-seed{self.seed}.json"


def cross(configurations: Iterable[Configuration], seeds: Iterable[int]) -> tuple[Run, ...]:
    """Return the runs of every configuration with every seed, configuration by configuration.

    Args:
        configurations: that differ in nothing but `OWN`.
        seeds: of each of them, such as the five of Appendices C.3 and C.4.

    Raises:
        ValueError: if there is no run, one is there twice, or configurations differ in more than a batch may.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> both = cross([configure("omniglot", "maml", "book", setting=name) for name in ("large", "small")], [0, 1])
        >>> [(run.configuration.setting, run.seed) for run in both]
        [('large', 0), ('large', 1), ('small', 0), ('small', 1)]
    """
    seeds = tuple(seeds)
    runs = tuple(Run(configuration, seed) for configuration in configurations for seed in seeds)
    check(runs)
    return runs


def check(runs: Sequence[Run]) -> None:
    """Refuse what cannot be trained side by side.

    Raises:
        ValueError: if there is no run, one is there twice, or configurations differ in more than `OWN`.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> one, other = (configure("cifar", "erm", "paper", p_hard=p, steps=n) for p, n in ((0.5, 1), (0.99, 2)))
        >>> check([Run(one, 0), Run(other, 0)])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: runs of one batch must agree in all but setting, ..., shuffled; got steps: 1, 2
    """
    if not runs:
        raise ValueError("runs must not be empty; got none")
    first = _common(runs[0].configuration)
    for run in runs:
        own = _common(run.configuration)
        if wrong := [f"{name}: {first[name]}, {value}" for name, value in own.items() if value != first[name]]:
            raise ValueError(f"runs of one batch must agree in all but {', '.join(OWN)}; got {'; '.join(wrong)}")
    if (twice := repeated(runs)) is not None:
        raise ValueError(f"a run must be in a batch once; got seed {twice.seed} of {twice.configuration.name} twice")


def require(device: str) -> None:
    """Refuse a device that is not here.

    Raises:
        ValueError: if no GPU is there but asked for.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device must be cpu, since PyTorch finds no GPU; got 'cuda'")


def as_possible(run: Run) -> Run:
    """Return a run as it can be evaluated here: one of a GPU on the processor, in float32, where there is none."""
    if run.configuration.device == "cpu" or torch.cuda.is_available():
        return run
    return Run(replace(run.configuration, device="cpu", precision="float32"), run.seed)


def repeated(runs: Iterable[Run]) -> Run | None:
    """Return the first run that was there before, or None."""
    seen: set[Run] = set()
    for run in runs:
        if run in seen:
            return run
        seen.add(run)
    return None


def batches(configurations: Iterable[Configuration]) -> list[list[Configuration]]:
    """Return the configurations in groups, as large as can be, that can be trained side by side."""
    groups: dict[tuple[Any, ...], list[Configuration]] = {}
    for one in configurations:
        groups.setdefault(tuple(_common(one).values()), []).append(one)
    return list(groups.values())


def differences(there: Sequence[Run], here: Sequence[Run]) -> list[str]:
    """Return in what two batches differ, as ``name: there, here``; several values of one are joined by ``and``.

    On which device each trains is no difference.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> large, small = (configure("omniglot", "erm", "book", setting=setting) for setting in ("large", "small"))
        >>> differences(cross([large, small], [0]), cross([small], [0, 1]))
        ['setting: large and small, small', 'seeds: [0], [0, 1]']
    """
    said = []
    for name in (field.name for field in fields(Configuration) if field.compare):
        one, other = (list(dict.fromkeys(getattr(run.configuration, name) for run in runs)) for runs in (there, here))
        if one != other:
            said.append(f"{name}: {' and '.join(map(str, one))}, {' and '.join(map(str, other))}")
    seeds = [list(dict.fromkeys(run.seed for run in runs)) for runs in (there, here)]
    if seeds[0] != seeds[1]:
        said.append(f"seeds: {seeds[0]}, {seeds[1]}")
    if not said and tuple(there) != tuple(here):
        said.append("runs: other pairs of these options and seeds, or another order of them")
    return said


def _common(configuration: Configuration) -> dict[str, Any]:
    """Return what the runs of a batch must have in common."""
    names = (field.name for field in fields(configuration) if field.name not in OWN)
    return {name: getattr(configuration, name) for name in names}
