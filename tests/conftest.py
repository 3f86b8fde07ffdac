"""Settings of the whole suite: where skipping is forbidden, a skip is a failure."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    if report.skipped and os.environ.get("PAPERLIB_NO_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"skipped although PAPERLIB_NO_SKIP is set: {report.longrepr}"
    return report
