"""What Lighthouse says of four pages of the built site: `python -m tools.lighthouse [RUNS]`, after `make book`.

It needs Node and its npx, which fetches Lighthouse. Accessibility, best practices and SEO must be 1.0 in each run, or
it fails; performance depends on the machine, and its median over the runs is printed beside what is aimed at.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from tabulate import tabulate

from tools.chapters import ROOT
from tools.server import served
from tools.site import HTML

VERSION = "12.2.3"
PAGES = ("book/intro", "book/03_hardness", "book/26_explorer", "book/claims")
SCREENS = {"desktop": (["--preset=desktop"], 0.9), "phone": ([], 0.7)}  # options, and the performance aimed at
MUST = ("accessibility", "best-practices", "seo")
RUNS = 5
Scores = Mapping[str, float]
Look = Callable[[str, str], Scores]  # at a page, on a screen


def look(url: str, screen: str) -> dict[str, float]:
    """Return the scores of one run, from 0 to 1, by category."""
    categories = f"--only-categories={','.join([*MUST, 'performance'])}"
    output = ["--quiet", "--output=json", "--chrome-flags=--headless=new --no-sandbox"]
    command = ["npx", "--yes", f"lighthouse@{VERSION}", url, categories, *output, *SCREENS[screen][0]]
    found = {"CHROME_PATH": path} if (path := shutil.which("chromium")) else {}
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | found)
    if run.returncode:
        raise RuntimeError(f"Lighthouse failed on {url}: {run.stderr[-500:]}")
    return {name: category["score"] or 0.0 for name, category in json.loads(run.stdout)["categories"].items()}


def judge(runs: int, look_at: Look) -> tuple[str, list[str]]:
    """Return the table of all pages and screens, and what falls short of 1.0."""
    rows, short = [], []
    for page in PAGES:
        for screen, (_, aim) in SCREENS.items():
            found = [look_at(page, screen) for _ in range(runs)]
            least = [min(scores[name] for scores in found) for name in MUST]
            short += [f"{page}, {screen}: {name} {x:g}" for name, x in zip(MUST, least, strict=True) if x < 1.0]
            middle = statistics.median(scores["performance"] for scores in found)
            rows.append([page, screen, *least, f"{middle:.2f} (aim {aim:g})"])
    return tabulate(rows, ["page", "screen", *MUST, f"performance, median of {runs}"], "pipe"), short


def main(arguments: Sequence[str]) -> int:
    """Print the table; return 1 where something falls short, 2 where Lighthouse cannot be run."""
    if not shutil.which("npx"):
        print("Node is missing; install it, with npx, from https://nodejs.org", file=sys.stderr)
        return 2
    if not (ROOT / HTML / "index.html").exists():
        print("the site is not built; make book builds it", file=sys.stderr)
        return 2
    runs = int(arguments[0]) if arguments else RUNS
    with served(ROOT / HTML) as base:
        table, short = judge(runs, lambda page, screen: look(f"{base}/{page}.html", screen))
    print(table)
    for line in short:
        print(f"short of 1.0: {line}", file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
