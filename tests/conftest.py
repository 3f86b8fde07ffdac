"""The built site and the browser, of which the files of tests share one in each process.

What they need is imported where it is needed: the library's tests run where no tool does (tools/versions.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browsing import Browser


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    from tests.browsing import build
    from tools.chapters import ROOT
    from tools.site import HTML, finished

    return (ROOT / HTML, "") if finished() else build(ROOT, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def site(built: tuple[Path, str]) -> Path:
    return built[0]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from tests.browsing import without

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
    from tests.browsing import Browser
    from tools.server import served

    with served(site) as base:
        yield Browser(chromium, base)
