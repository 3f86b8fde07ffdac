"""Settings of the whole suite: files run in parallel, and where no skip is allowed a chapter without data fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from paperlib.fewshot.datasets import benchmark
from paperlib.fewshot.sources import DataError

LOADERS = {"load_omniglot(": "omniglot", "load_cifar100(": "cifar100"}
RUNTIME = Path(__file__).parent / "book" / "records" / "runtime.yml"
SECONDS = {  # of the longest files of tests, about, with one thread
    "test_site": 190,
    "test_image_chapters": 130,
    "test_mutants": 60,
    "test_explorer": 60,
    "test_sweeps": 40,
    "test_standalone": 40,
    "test_commands": 25,
    "test_wide": 25,
    "test_arguments": 25,
}


@cache
def lacking(notebook: Path) -> str:
    """Return why the data of a chapter cannot be had, empty if they can or none are needed."""
    text = notebook.read_text(encoding="utf-8")
    for loader, dataset in LOADERS.items():
        if loader in text:
            try:
                benchmark(dataset).locate()
            except DataError as error:
                return str(error)
    return ""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Take one worker more than cores, up to eight cores, for tests wait; a single file runs here, with all threads."""
    files = {argument.partition("::")[0] for argument in config.args}
    return 0 if len(files) == 1 and Path(*files).suffix else min(cores(), 8) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run take one of several parts of the tests: ``--part 2/5``."""
    parser.addoption("--part", metavar="K/N", help="of the tests the part K of N; those of one page stay together")


def part_of(groups: Iterable[str], part: str) -> set[str]:
    """Return the groups of tests in one part: every N-th in alphabetical order, beginning with the K-th.

    Example:
        >>> sorted(part_of(["c", "a", "b", "d", "c"], "1/3"))
        ['a', 'd']
    """
    k, _, n = part.partition("/")
    if not (k.isdigit() and n.isdigit() and 1 <= int(k) <= int(n)):
        raise pytest.UsageError(f"--part must be K/N with 1 <= K <= N, such as 2/5; got {part!r}")
    return set(sorted(set(groups))[int(k) - 1 :: int(n)])


def group_of(item: pytest.Item) -> str:
    """Return the page that a test looks at, or the test."""
    marker = item.get_closest_marker("xdist_group")
    return marker.args[0] if marker else item.nodeid


def pytest_configure(config: pytest.Config) -> None:
    """Divide the cores among the workers, run notebooks in this environment or a named kernel, and hear SIGINT."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so it is in the background of a shell
        signal.signal(signal.SIGINT, signal.default_int_handler)
    workers = len(config.getoption("tx", None) or [])
    if workers:
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores() // workers)))
    config.option.nbval_current_env = not config.getoption("nbval_kernel_name", None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest files, so that no core is left alone with one; skip chapters whose data are not here."""
    if part := config.getoption("part"):
        chosen = part_of(map(group_of, items), part)
        config.hook.pytest_deselected(items=[item for item in items if group_of(item) not in chosen])
        items[:] = [item for item in items if group_of(item) in chosen]
    seconds = dict(SECONDS)
    if RUNTIME.exists():
        seconds |= {stem: row["seconds"] for stem, row in yaml.safe_load(RUNTIME.read_text(encoding="utf-8")).items()}
    items.sort(key=lambda item: -seconds.get(item.path.stem, 0))
    for item in items:
        if item.path.suffix == ".ipynb" and (reason := lacking(item.path)):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Turn a skip into a failure where none is allowed."""
    report = yield
    if report.skipped and os.environ.get("PAPERLIB_NO_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"skipped although PAPERLIB_NO_SKIP is set: {report.longrepr}"
    return report
