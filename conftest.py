"""Settings of the whole suite: chapters whose data are missing are skipped, and where no skip is allowed it fails."""

from __future__ import annotations

import os
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from paperlib.fewshot.sources import DataError, locate

LOADERS = {"load_omniglot(": "omniglot", "load_cifar100(": "cifar100"}


@cache
def lacking(notebook: Path) -> str:
    """Return why the data of a chapter cannot be had, empty if they can or none are needed."""
    text = notebook.read_text(encoding="utf-8")
    for loader, dataset in LOADERS.items():
        if loader in text:
            try:
                locate(dataset)
            except DataError as error:
                return str(error)
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the chapters whose data are not here."""
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
