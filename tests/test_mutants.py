"""Every population formula of `paperlib.linear` is broken in turn, and the tests of that module notice every time.

A mutant is one exact replacement in the source of one function. Each goes into its own copy of the package, against
which `test_linear.py` and `test_properties.py` run in a process that has not imported it before.
"""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import paperlib
from paperlib.linear import population

Function = Callable[..., object]
TESTS = [Path(__file__).with_name(name) for name in ("test_linear.py", "test_properties.py")]
MUTANTS: dict[str, list[tuple[str, str]]] = {
    "wishart_sandwich": [
        ("trace * sigma +", "trace * sigma -"),
        ("trace * sigma +", "trace +"),
        ("np.trace(sigma @ inner,", "np.trace(inner,"),
        ("inner.swapaxes(-1, -2) @ sigma", "inner @ sigma"),
        ("sigma @ inner @ sigma + (", "sigma @ inner + ("),
        ("@ sigma) / count", "@ sigma) / (count + 1)"),
        ("axis1=-2, axis2=-1)[..., None, None]", "axis1=0, axis2=1)[..., None, None]"),
    ],
    "adapted_covariance": [
        ("- rate * sigma", "+ rate * sigma"),
        ("- rate * sigma", "- 0.5 * rate * sigma"),
        ("contraction @ sigma @ contraction", "contraction @ contraction"),
        ("contraction @ sigma @ contraction", "contraction @ sigma"),
        ("rate**2 / count", "rate / count"),
        ("rate**2 / count", "rate**2 / (count + 1)"),
        ("rate**2 / count", "rate**2 / count**2"),
        ("np.trace(square,", "np.trace(sigma,"),
        ("trace * sigma + square @ sigma", "trace * sigma"),
        ("trace * sigma + square @ sigma", "trace * sigma - square @ sigma"),
        ("square @ sigma", "square"),
        ("0.5 * (result + ", "1.0 * (result + "),
    ],
    "erm_solution": [
        ("env, env.covariances", "env, np.linalg.inv(env.covariances)"),
        ("env, env.covariances", "env, env.covariances @ env.covariances"),
    ],
    "maml_solution": [
        ('_samples("n2", n2))', "float('inf'))"),
        ('_samples("n2", n2))', '_samples("n2", n2) + 1)'),
        ("env.dim * np.finfo(float).eps * eigenvalues[-1]", "-1.0"),
        ("eigenvalues[0] <=", "eigenvalues[-1] <="),
        ("env, curvatures", "env, env.covariances"),
    ],
    "noise_floor": [
        ("0.5 * env.noise_std**2", "env.noise_std**2"),
        ("env.noise_std**2", "env.noise_std"),
        ("1.0 + rate**2", "1.0 - rate**2"),
        ("rate**2 / count", "rate / count"),
        ("rate**2 / count", "rate**2 * count"),
        ('"gij,gij->g"', '"gii,gjj->g"'),
        ("env.probabilities @ traces", "traces.mean()"),
    ],
    "risk_above_floor": [
        ("start - env.means", "start + env.means"),
        ('_samples("m", m))', "float('inf'))"),
        ("distances + spreads", "distances"),
        ("distances + spreads", "distances - spreads"),
        ("0.5 * env.probabilities", "env.probabilities"),
        ("0.5 * env.probabilities", "0.5 / env.groups * np.ones(env.groups)"),
        ("curvatures, env.spreads", "env.covariances, env.spreads"),
    ],
    "post_adaptation_risk": [
        ("noise_floor(env, alpha, m) + ", ""),
        ("risk_above_floor(env, w, alpha, m)", "excess_risk(env, w, alpha, m)"),
    ],
    "excess_risk": [
        ("0.5 * offset", "offset"),
        ('maml_solution(env, alpha, _samples("m", m))', "erm_solution(env)"),
        ("adapted_covariance(env.covariances, alpha, m)", "env.covariances"),
        ("adapted_covariance(env.covariances, alpha, m)", "adapted_covariance(env.covariances, alpha, float('inf'))"),
    ],
    "_weighted_centre": [
        ("np.linalg.solve(total, ", "(total @ "),
        ('"g,gij,gj->i", env.probabilities, ', '"gij,gj->i", '),
        ("np.tensordot(env.probabilities, weights, 1)", "weights.mean(axis=0)"),
    ],
    "_initialisation": [("start.shape != (env.dim,)", "start.size == 0")],
    "_samples": [("at_least=1.0", "at_least=0.0"), ("finite=False", "finite=True")],
    "_match": [("return one[-2:] == other[-2:]", "return True"), ("return False", "return True")],
}
RUNNER = """
import os, sys
import hypothesis, numpy, pytest  # once for all mutants

for folder in sys.argv[2:]:
    child = os.fork()
    if child == 0:
        with open(os.path.join(folder, "output"), "w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        options = ["-o", "addopts=", "-o", f"pythonpath={folder}", "--import-mode=importlib", "-p", "no:cacheprovider"]
        code = pytest.main([*options, "--assert=plain", "-x", "-q", "--tb=line", *sys.argv[1].split(":")])
        sys.stdout.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
CASES = [(name, old, new) for name, changes in MUTANTS.items() for old, new in changes]


def functions() -> dict[str, Function]:
    return {
        name: f for name, f in inspect.getmembers(population, inspect.isfunction) if f.__module__ == population.__name__
    }


def copy_package(folder: Path, name: str = "", old: str = "", new: str = "") -> Path:
    """Copy the package into a folder, with one replacement in the source of one of the functions of `population`."""
    package = Path(inspect.getfile(paperlib)).parent
    shutil.copytree(package, folder / "paperlib", ignore=shutil.ignore_patterns("__pycache__"))
    if name:
        function, module = inspect.getsource(functions()[name]), folder / "paperlib" / "linear" / "population.py"
        source = module.read_text(encoding="utf-8")
        assert function.count(old) == 1, f"{name} must hold {old!r} once; it holds it {function.count(old)} times"
        assert source.count(function) == 1
        module.write_text(source.replace(function, function.replace(old, new)), encoding="utf-8")
    return folder


def run(folders: list[Path]) -> list[tuple[int, str]]:
    """Run the tests of `linear` against the copy of the package in each folder; return exit codes and outputs."""
    variables = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, ":".join(map(str, TESTS)), *map(str, folders)],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    outputs = [(folder / "output").read_text(encoding="utf-8") for folder in folders]
    return list(zip(map(int, done.stdout.split()), outputs, strict=True))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], tuple[int, str]]:
    folders = [copy_package(tmp_path_factory.mktemp("mutant"), *case) for case in CASES]
    with ThreadPoolExecutor(max_workers=2) as pool:
        even, odd = pool.map(run, (folders[::2], folders[1::2]))
    return dict(zip(CASES[::2] + CASES[1::2], even + odd, strict=True))


def test_every_function_has_a_mutant() -> None:
    assert set(MUTANTS) == set(functions())


def test_the_package_itself_passes(tmp_path: Path) -> None:
    ((code, output),) = run([copy_package(tmp_path)])
    assert code == 0, output


@pytest.mark.parametrize("case", CASES, ids=[f"{name}: {old} -> {new}" for name, old, new in CASES])
def test_the_mutant_is_noticed(
    case: tuple[str, str, str], results: dict[tuple[str, str, str], tuple[int, str]]
) -> None:
    code, output = results[case]
    assert code == 1, f"pytest left with {code}:\n{output}"
    assert re.search(r"^1 failed(, \d+ passed)? in ", output, re.MULTILINE), output  # a test failed: not an error
