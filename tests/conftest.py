"""The built site and the browser, of which the files of tests share one in each process."""

import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import FLAGS, Browser, build, served, without
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
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        if not Path(path).exists():
            without("Chromium is missing", "sudo apt-get install chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser(site: Path, chromium: Any) -> Iterator[Browser]:
    with served(site) as base:
        yield Browser(chromium, base)
