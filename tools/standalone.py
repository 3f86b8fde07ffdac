"""Run the tests, and compare the chapters as they run alone: in an empty folder, with this project as pip installs it.

python -m tools.standalone [OPTION OF PYTEST ...]

A wheel of the working tree is installed where the packages of this environment can be imported and the checkout cannot;
the notebooks are copied into an empty folder, and their kernels start there, with that installation.
Tests that take longer, marked `audit`, are left to `python -m pytest -m audit`.
`python -m pytest --nbval` runs both, and compares the notebooks in place, against the checkout.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.chapters import BOOK, ROOT, chapters

KERNEL = "standalone"


def settings() -> dict[str, str]:
    """Return the variables of this process without those that change what Python finds or pytest does."""
    foreign = ("PYTHON", "VIRTUAL", "PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command in a folder and return what it printed; RuntimeError with the end of it when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env=settings(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} failed:\n{done.stdout[-3000:]}")
    return done.stdout


def copy_tree(target: Path) -> Path:
    """Copy what git holds, and what it would if all were added, as a clone would have it."""
    for name in filter(None, run("git", "ls-files", "-z", "-co", "--exclude-standard", cwd=ROOT).split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a source tree."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, source, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def make_environment(folder: Path) -> Path:
    """Make an environment that sees the packages of this one, but not this project; return its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    own = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # The line of a .pth file makes packages importable, but does not process the .pth files of editable installs there.
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


def install(wheel: Path, python: Path) -> None:
    """Install a wheel in the environment of a Python, whatever of it that environment sees elsewhere."""
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", wheel, cwd=wheel.parent)


def describe(folder: Path, python: Path, notebooks: Iterable[Path]) -> list[str]:
    """Copy notebooks into a new folder, and return the options of pytest to run them there with the kernel of a Python.

    The kernel is known where `folder` is in JUPYTER_PATH.
    """
    (folder / "chapters").mkdir(parents=True)
    for notebook in notebooks:
        shutil.copy(notebook, folder / "chapters")
    kernel = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": KERNEL,
        "language": "python",
        "env": {"PYTHONPATH": ""},
    }
    (folder / "kernels" / KERNEL).mkdir(parents=True)
    (folder / "kernels" / KERNEL / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
    return [f"--nbval-kernel-name={KERNEL}", str(folder / "chapters")]


def prepare(folder: Path, wheel: Path, notebooks: Iterable[Path]) -> list[str]:
    """Install a wheel in a new folder, copy notebooks beside it, and return the options of pytest to compare them."""
    folder.mkdir(parents=True)
    python = make_environment(folder / "environment")
    install(wheel, python)
    return ["--nbval", *describe(folder, python, notebooks)]


def main(arguments: Sequence[str]) -> int:
    """Run the suite, with these options besides; return the exit status of pytest."""
    with tempfile.TemporaryDirectory(prefix="standalone-") as name:
        folder = Path(name)
        wheel = build_wheel(copy_tree(folder / "source"), folder)
        options = prepare(folder / "alone", wheel, [chapter.notebook for chapter in chapters(BOOK)])
        chosen = ["-m", "not audit", "-c", "pyproject.toml", "tests", "paperlib"]
        command = [sys.executable, "-m", "pytest", *options, *chosen, *arguments]
        variables = os.environ | {"JUPYTER_PATH": str(folder / "alone")}
        return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
