"""Try the book with other versions of packages, in an environment of their own; PyTorch is the pinned one.

python -m tools.versions oldest|newest [OPTION OF PYTEST ...]    the library's tests, with what pyproject.toml allows
python -m tools.versions colab [NN ...]                          chapters to their end, with what Google Colab has

PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu before it gets the small build on Linux, as for make book.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

from tools.chapters import BOOK, ROOT, chapters
from tools.standalone import build_wheel, copy_tree, describe, run, settings

COLAB = ROOT / "environments" / "colab.txt"
TESTING = ("hypothesis", "pytest", "pytest-xdist")  # as pinned, whatever else is tried
GIVEN = ("pandas",)  # what users hand to the library, in a version that fits
KINDS = ("oldest", "newest", "colab")
BEYOND = re.compile(
    r"^\s*(?:from|import) (?:tools|test_(?:site|standalone)|nbformat|dask|distributed|playwright)\b", re.M
)


def lines(path: Path) -> list[str]:
    """Return the requirements of a file, without comments and options."""
    texts = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [text for text in texts if text and not text.startswith("-")]


def pinned(*names: str, root: Path = ROOT) -> list[str]:
    """Return the lines of requirements.txt for some packages."""
    every = {Requirement(line).name.lower(): line for line in lines(root / "requirements.txt")}
    return [every[name] for name in names]


def allowed(kind: str, root: Path = ROOT) -> list[str]:
    """Return the library's requirements, but for PyTorch: the oldest version of each, or any that is allowed.

    ValueError if one has no lower bound.
    """
    with (root / "pyproject.toml").open("rb") as file:
        listed = [Requirement(text) for text in tomllib.load(file)["project"]["dependencies"]]
    found = []
    for one in listed:
        least = next((bound.version for bound in one.specifier if bound.operator == ">="), None)
        if least is None:
            raise ValueError(f"{one.name} must have a least version in pyproject.toml; got {str(one)!r}")
        if one.name != "torch":
            found.append(f"{one.name}=={least}" if kind == "oldest" else str(one))
    return found


def unit_tests(folder: Path = ROOT / "tests") -> list[Path]:
    """Return the tests that need the library and no tool: not those that import one, or a test that does."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")) if path.stem != "conftest"}
    beyond = {path.stem for path, text in texts.items() if BEYOND.search(text)}
    while more := {
        path.stem
        for path, text in texts.items()
        if path.stem not in beyond and any(re.search(rf"from (?:tests\.)?{name} import", text) for name in beyond)
    }:
        beyond |= more
    return [path for path in texts if path.match("test_*") and path.stem not in beyond | {"test_mutants"}]


def make(folder: Path, wanted: Sequence[str], wheel: Path) -> Path:
    """Make an environment with these packages and the project, which must be content with them; return its Python."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary")
    run(python, *pip, *wanted, *pinned("torch"), wheel, cwd=folder)
    return python


def versions(python: Path) -> str:
    """Return what an environment has, in one line."""
    listed = json.loads(run(python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check", cwd=ROOT))
    return ", ".join(f"{one['name']} {one['version']}" for one in listed)


def try_library(kind: str, options: Sequence[str], folder: Path) -> int:
    """Run the library's tests with the oldest or the newest versions; return the exit status of pytest."""
    wheel = build_wheel(copy_tree(folder / "source"), folder)
    python = make(folder / "environment", [*allowed(kind), *GIVEN, *pinned(*TESTING)], wheel)
    print(versions(python), flush=True)
    of_others = ["-W", "default::DeprecationWarning"] if kind == "oldest" else []  # what old packages say of new ones
    chosen = [
        "-m",
        "not audit",
        "-p",
        "no:cacheprovider",
        *of_others,
        *(options or map(str, [*unit_tests(), ROOT / "paperlib"])),
    ]
    return subprocess.run([python, "-m", "pytest", *chosen], cwd=ROOT, env=settings(), check=False).returncode


def run_chapters(numbers: Sequence[str], folder: Path) -> int:
    """Run chapters with Colab's versions, each from an empty folder, to their end; return the exit status of pytest."""
    wheel = build_wheel(copy_tree(folder / "source"), folder)
    python = make(folder / "environment", lines(COLAB), wheel)
    print(versions(python), flush=True)
    notebooks = [chapter.notebook for chapter in chapters(BOOK, list(numbers))]
    options = describe(folder / "alone", python, notebooks)
    command = [sys.executable, "-m", "pytest", "--nbval-lax", *options, "-c", "pyproject.toml"]
    variables = os.environ | {"JUPYTER_PATH": str(folder / "alone")}
    return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit status."""
    kind, *rest = arguments or [""]
    if kind not in KINDS:
        print(f"versions must be one of {', '.join(KINDS)}; got {kind!r}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="versions-") as name:
        folder = Path(name)
        return run_chapters(rest, folder) if kind == "colab" else try_library(kind, rest, folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
