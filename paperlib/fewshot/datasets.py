"""The data sets that there are. A new one is a module with a `Benchmark`, and its line here."""

from __future__ import annotations

from pathlib import Path

from paperlib.fewshot.benchmarks import Benchmark
from paperlib.fewshot.cifar100 import Cifar100Tasks
from paperlib.fewshot.omniglot import OmniglotTasks

BENCHMARKS: tuple[Benchmark, ...] = (
    OmniglotTasks(),
    Cifar100Tasks(),
)
WORDS = {word: one.name for one in BENCHMARKS for word in one.names}  # for a data set, and the one in records


def benchmark(name: str) -> Benchmark:
    """Return the data set of a name.

    Args:
        name: omniglot or cifar; cifar100 is another word for the latter.

    Raises:
        ValueError: if there is none.

    Example:
        >>> benchmark("cifar100").name
        'cifar'
    """
    for one in BENCHMARKS:
        if isinstance(name, str) and name in one.names:
            return one
    raise ValueError(f"dataset must be {' or '.join(WORDS)}; got {name!r}")


def fetch(name: str, *, progress: bool = True) -> tuple[Path, ...]:
    """Return the files of the data set of a name, downloading those that the cache lacks.

    Args:
        name: as for `benchmark`.
        progress: whether to show a bar.

    Raises:
        DataError: if there is no network, the bytes are not the official ones, the cache cannot be written, or the
            given folder lacks a file.
        ValueError: if there is no such data set.
    """
    return benchmark(name).fetch(progress=progress)
