"""The built site and the browser, of which the files of tests share one in each process."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import Browser, build, served, without
from tools.chapters import ROOT
from tools.site import HTML, finished


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return (ROOT / HTML, "") if finished() else build(ROOT, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def site(built: tuple[Path, str]) -> Path:
    return built[0]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if find_spec("playwright") is None:
        without("playwright is missing", f"{sys.executable} -m pip install -r requirements.txt")
    from tools import browser

    with ExitStack() as stack:
        try:
            started = stack.enter_context(browser.chromium())
        except RuntimeError as missing:
            without(*str(missing).split("; install it with: "))
        yield started


@pytest.fixture(scope="module")
def browser(site: Path, chromium: Any) -> Iterator[Browser]:
    with served(site) as base:
        yield Browser(chromium, base)
