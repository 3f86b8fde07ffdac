"""Every formula of `paperlib.linear` and `.networks` is broken in turn, and the tests of its module notice every time.

A mutant is one exact replacement in the source of one function. Each goes into its own copy of the package, against
which the tests of the mutated module run in a process that has not imported it before.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import paperlib
from paperlib.linear import asymptotics, population, wishart
from paperlib.networks import activations, hermite, objectives, pairs, planes, wide
from paperlib.networks import population as networks_population

Function = Callable[..., object]


class Case(NamedTuple):
    """One mutant: the text `old` of a function of a module becomes `new`; without a function, nothing is changed."""

    module: str
    function: str = ""
    old: str = ""
    new: str = ""


MODULES: dict[str, ModuleType] = {
    "population": population,
    "asymptotics": asymptotics,
    "wishart": wishart,
    "activations": activations,
    "pairs": pairs,
    "hermite": hermite,
    "planes": planes,
    "wide": wide,
    "networks_population": networks_population,
    "objectives": objectives,
}
LIMITS = "(definition or slope or first_order or ahead or without_a_step or named) and not 1.7"  # one rate is enough
FAST = "integral or autodiff and not objectives or gauss_newton or digits or origin or covers"
TESTS = {
    "population": ["test_linear.py", "test_properties.py"],
    "asymptotics": ["test_asymptotics.py", "-k", LIMITS],
    "wishart": ["test_asymptotics.py", "-k", "wishart or named"],
    "activations": ["test_networks.py", "-k", "derivative or bad_input"],
    "pairs": ["test_networks.py", "-k", FAST],
    "hermite": ["test_networks.py", "-k", FAST],
    "planes": ["test_networks.py", "test_wide.py", "-k", f"{FAST} or thirty or hardly"],
    "wide": ["test_wide.py", "-k", "thirty or batch"],
    "networks_population": ["test_networks.py", "-k", FAST],
    "objectives": ["test_networks.py", "-k", "without_a_step or objectives or environments"],
}
MUTANTS: dict[str, dict[str, list[tuple[str, str]]]] = {
    "population": {
        "wishart_sandwich": [('sample_number("n", n)', "float('inf')")],
        "sandwich": [
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
            ("at_least=0.0", "above=0.0"),
        ],
        "erm_solution": [
            ("env, env.covariances", "env, np.linalg.inv(env.covariances)"),
            ("env, env.covariances", "env, env.covariances @ env.covariances"),
        ],
        "maml_solution": [
            ('sample_number("n2", n2))', "float('inf'))"),
            ('sample_number("n2", n2))', 'sample_number("n2", n2) + 1)'),
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
            ("at_least=0.0", "above=0.0"),
        ],
        "risk_above_floor": [
            ("start - env.means", "start + env.means"),
            ('sample_number("m", m))', "float('inf'))"),
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
            ('maml_solution(env, alpha, sample_number("m", m))', "erm_solution(env)"),
            ("adapted_covariance(env.covariances, alpha, m)", "env.covariances"),
            (
                "adapted_covariance(env.covariances, alpha, m)",
                "adapted_covariance(env.covariances, alpha, float('inf'))",
            ),
        ],
        "_weighted_centre": [
            ("np.linalg.solve(total, ", "(total @ "),
            ('"g,gij,gj->i", env.probabilities, ', '"gij,gj->i", '),
            ("np.tensordot(env.probabilities, weights, 1)", "weights.mean(axis=0)"),
        ],
        "_initialisation": [("start.shape != (env.dim,)", "start.size == 0")],
        "_match": [("return one[-2:] == other[-2:]", "return True"), ("return False", "return True")],
    },
    "asymptotics": {
        "asymptotic_covariance_erm": [
            ("env.noise_std**2 / count", "env.noise_std**2"),
            ("moments, count)", "moments, math.inf)"),
        ],
        "asymptotic_covariance_maml": [
            ("(episode - squared_mean) / episodes", "episode / episodes"),
            ("curvature / outer", "curvature / inner"),
            ("rate**2 / inner", "rate / inner"),
            ("maml_solution(env, rate, inner)", "erm_solution(env)"),
            ("curvature @ moment @ curvature", "curvature @ curvature @ moment"),
        ],
        "asymptotic_bias_erm": [('sample_number("n", n)', "math.inf")],
        "asymptotic_bias_maml": [
            ("(sandwiches - products) / episodes", "sandwiches / episodes"),
            ("inverse, rate, outer, inner)", "inverse, rate, inner, outer)"),
            ("/ episodes, centre", "/ episodes, erm_solution(env)"),
        ],
        "excess_risk_slope_erm": [("asymptotic_bias_erm(env, n)", "asymptotic_bias_erm(env, m)")],
        "excess_risk_slope_maml": [
            ("of(env, alpha, tau, n1, n2)", "of(env, alpha, tau, n2, n1)"),
            ("maml_solution(env, alpha, n2)", "maml_solution(env, alpha, m)"),
        ],
        "crossover_tasks": [
            ("maml_solution(env, alpha, n2)", "maml_solution(env, alpha, m)"),
            ("m, tau, n1, n2) - ", "m, tau, n1, n2) + "),
            ("max(0.0, cost / gain)", "cost / gain"),
            ("else math.inf", "else 0.0"),
        ],
        "_episode_sandwich": [
            ("(1.0 + 1.0 / n1) * chain", "chain"),
            ("+ trace / n1", "+ trace / n2"),
            ("- alpha * sigma, -alpha)", "- alpha * sigma, alpha)"),
        ],
        "_inner_noise": [
            ("+ trace / n1", "+ trace / n2"),
            ("+ trace / n1", ""),
            ("(sigma, 1.0)", "(sigma, 0.0)"),
        ],
        "_second_moments": [("+ env.spreads", "")],
        "_mean": [("np.tensordot(env.probabilities, values, 1)", "values.mean(axis=0)")],
        "_sandwich": [("0.5 * (result", "(result"), ("score).T)", "score))")],
        "_bias": [("-inverse @", "inverse @")],
        "_slope": [
            ("0.5 * np.sum", "np.sum"),
            ("+ offset @", "- offset @"),
            ("maml_solution(env, alpha, m)", "maml_solution(env, alpha, math.inf)"),
        ],
        "_episode": [
            ('sample_number("n1", n1), sample_number("n2", n2)', 'sample_number("n2", n2), sample_number("n1", n1)'),
            ("at_least=0.0", "above=0.0"),
        ],
    },
    "wishart": {
        "wishart_average": [
            ("len(given) != operands", "False"),
            ("shape != sigma.shape", "False"),
            ('sample_number("n", n)', "n"),
        ],
        "average": [
            ("count ** (loops - k)", "count ** (k - loops)"),
            ("slope * count", "count"),
            ("range(len(random) + 1)", "range(len(random))"),
            ("[sigma] * k", "[np.eye(len(sigma))] * k"),
            ("slope != 0.0", "slope > 0.0"),
        ],
        "_pairings": [
            ("(edge[1], edge[0])", "(edge[0], edge[1])"),
            ("enumerate(rest)", "enumerate(rest[:1])"),
            ("loops + 1", "loops"),
            ("start + far", "near + far"),
        ],
    },
    "activations": {
        "check_activation": [("name not in get_args(Activation)", "not name")],
        "derivative": [
            ("else 4", "else 3"),
            ("torch.relu(t)", "torch.relu(-t)"),
            ("torch.full_like(t, 0.5)", "torch.full_like(t, 2.0)"),
            ("order - 1, t)", "order, t)"),
            ("2.0 ** (order + 1)", "2.0**order"),
            ("2.0 * t)", "t)"),
        ],
        "_logistic": [
            ("(1.0 - s)", "(1.0 + s)"),
            ("1.0 - 2.0 * s", "1.0 - s"),
            ("6.0 * first", "5.0 * first"),
            ("12.0 * first", "6.0 * first"),
        ],
    },
    "pairs": {
        "pairs": [
            ("(W, W_star), (W_star, W_star)", "(W_star, W), (W_star, W_star)"),
            ("HermitePair(own, target)", "HermitePair(target, own)"),
            ("covariance, rule)", "covariance, rule - 60)"),
        ],
    },
    "hermite": {
        "deviation": [("covariance @ neurons", "neurons"), (".sqrt()", "")],
        "_outer": [("left.unsqueeze(-1) *", "0.5 * left.unsqueeze(-1) *")],
        "HermiteNeurons.__init__": [
            ("2.0 * transform[0, half:]", "transform[0, half:]"),
            ("transform[parity::2", "transform[1 - parity::2"),
            ("weights[: len(nodes) % 2] *= 0.5", "weights[:1] *= 0.5"),
        ],
        "HermiteNeurons.coefficients": [
            ('!= "softplus"', '== "softplus"'),
            ("0.5 * self.deviation", "0.0 * self.deviation"),
            ("torch.full_like(self.deviation, 0.5)", "torch.full_like(self.deviation, 0.0)"),
            ("remainder - 0.5 * t", "remainder"),
        ],
        "HermitePair.__init__": [
            ("left.W.mT @ self.covariance", "left.W.mT"),
            ("left.deviation.unsqueeze(-1) *", "left.deviation.unsqueeze(-1).square() *"),
            ("self.covariance @ left.W", "left.W"),
        ],
        "HermitePair.expectation": [
            ("total * square", "total * self.correlation"),
            ("total * self.correlation if parity", "total if parity"),
            ("reversed(range(count))", "reversed(range(1, count))"),
        ],
        "HermitePair.first_moment": [
            ("self._w * self.expectation(i + 1, j)", "self._w * self.expectation(i, j)"),
            ("+ self._b", "- self._b"),
        ],
        "HermitePair.second_moment": [
            ("i + 2, j", "i + 1, j + 1"),
            ("i, j + 2", "i, j"),
            ("i + 1, j + 1", "i, j"),
            ("(cross + cross.mT)", "cross"),
        ],
    },
    "planes": {
        "_outer": [("left.unsqueeze(-1) *", "0.5 * left.unsqueeze(-1) *")],
        "_excess": [("x**3 / 6.0", "x**3 / 5.0"), ("x.abs() < 1.0", "x.abs() < 0.0"), ("k * (k + 1)", "k * k")],
        "Plane.__init__": [
            ("self.along = (p * second)", "self.along = (p * first)"),
            ("across = second - self.along", "across = second + self.along"),
            ("r = across /", "r = -across /"),
        ],
        "Plane.first_moment": [("self.r * m01", "self.p * m01")],
        "Plane.second_moment": [
            (" - _outer(self.r, r)", ""),
            ("cross + cross.mT", "cross"),
            ("(m20, _outer(self.p, self.p))", "(m20, _outer(self.r, self.r))"),
        ],
        "PlanePair.__init__": [("(root.mT @ W)", "(root @ W)"), ("(root.mT @ B)", "(root @ B)")],
        "PlanePair.expectation": [("[0]", "[0] * 2.0")],
        "PlanePair.first_moment": [("(1, 0), (0, 1)", "(0, 1), (1, 0)")],
        "PlanePair.second_moment": [("(2, 0), (1, 1), (0, 2)", "(0, 2), (1, 1), (2, 0)")],
        "ReluPair.span": [("1e-24 * size", "0.1 * size")],
        "ReluPair.moments": [
            ("(0, 0): s * wedge", "(0, 0): t * wedge"),
            ("_excess(opening))", "0.9 * _excess(opening))"),
            ("opening * plane.across", "opening * plane.along"),
            ("0.5 * _excess", "0.4 * _excess"),
            ("sine.square()", "sine"),
            ("opening + sine", "opening - sine"),
            ("plane.across / s", "plane.across / t"),
            ("2.0 * edge", "1.0 * edge"),
        ],
    },
    "wide": {
        "_density": [("-0.5 * x", "-0.4 * x"), ("2.0 * math.pi", "math.pi")],
        "WidePair.__init__": [("2.0 if activation", "1.0 if activation")],
        "WidePair.span": [("self.resolution.own", "0.1")],
        "WidePair.second_moment": [("plane.s <", "plane.s >"), ("(2, 0), (1, 1), (0, 2)", "(0, 2), (1, 1), (2, 0)")],
        "WidePair.moments": [
            ("flat[2] < 1.0", "flat[2] < 8.0"),
            ("torch.argsort(torch.cat(places))", "torch.cat(places)"),
        ],
        "WidePair._sums": [
            ("3.0 / widest", "30.0 / widest"),
            ("step * delta * torch", "delta * torch"),
            ("torch.cosh(y)", "torch.sinh(y)"),
            ("means(j, along * z", "means(j, z"),
            ("left * z**a", "left * z"),
        ],
        "WidePair._hermite_means": [("transform[0].square()", "transform[0]"), ("nodes**b", "nodes")],
        "WidePair._logistic_means": [
            ("kinks / self.unit", "kinks"),
            ("self.unit * step", "step"),
            ("torch.sigmoid(-kinks)", "torch.sigmoid(kinks)"),
            ("-x * density, x", "x * density, x"),
            ("x.square() * density", "density"),
            ("2.0 * density + x", "density + x"),
            ("mass - x * density", "mass + x * density"),
            ("[rise - 1.0, first, second - 1.0]", "[rise, first, second]"),
        ],
    },
    "networks_population": {
        "population_loss": [("_loss, 0", "lambda *a: 2.0 * _loss(*a), 0")],
        "population_gradient": [("_gradient, 1", "lambda *a: -_gradient(*a), 1")],
        "population_hessian": [("_hessian, 2", "lambda *a: 2.0 * _hessian(*a), 2")],
        "quadrature_error": [("(order, FINE)", "(order, order)"), (".max()", ".min()")],
        "_loss": [("- cross +", "+ cross +"), ("0.5 * own", "own"), ("+ 0.5 * target", "")],
        "_gradient": [
            ("- cross.first", "+ cross.first"),
            ("own.first_moment(1, 0)", "own.first_moment(0, 1)"),
            ("cross.first_moment(1, 0).sum(-2)", "cross.first_moment(1, 0)[..., 0, :]"),
        ],
        "_hessian": [
            ("- cross.second", "+ cross.second"),
            ("own.second_moment(1, 1) +", ""),
            ("(-3, -1, -4, -2)", "(-4, -2, -3, -1)"),
            ("(W == 0).all(-2).any()", "False"),
        ],
    },
    "objectives": {
        "erm_loss": [("p * population_loss", "population_loss"), ("start, aim", "start, aim[:, :1]")],
        "erm_gradient": [("p * population_gradient", "population_gradient")],
        "post_adaptation_loss": [("start - rate", "start + rate"), ("p * population_loss", "population_loss")],
        "post_adaptation_gradient": [
            ("start - rate", "start + rate"),
            ("outer - rate * back", "outer + rate * back"),
            ("outer - rate * back", "outer - 0.0 * back"),
            ("population_hessian(activation, start", "population_hessian(activation, adapted"),
            ("p * (outer", "(outer"),
        ],
        "finite_tasks": [
            ('distribution("probabilities", probabilities)', "__import__('numpy').asarray(probabilities)"),
            ("len(array) != weights.size", "False"),
        ],
        "_sum": [("terms[1:]", "terms[2:]")],
    },
}
RUNNER = """
import json, os, sys
import hypothesis, numpy, pytest, scipy.linalg, scipy.optimize, torch  # once for all mutants

for folder, *arguments in json.loads(sys.argv[1]):
    child = os.fork()
    if child == 0:
        with open(os.path.join(folder, "output"), "w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        options = ["-o", "addopts=", "-o", f"pythonpath={folder}", "--import-mode=importlib", "-p", "no:cacheprovider"]
        code = pytest.main([*options, "--assert=plain", "-x", "-q", "--tb=line", *arguments])
        sys.stdout.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
CASES = [
    Case(module, name, old, new)
    for module, functions in MUTANTS.items()
    for name, changes in functions.items()
    for old, new in changes
]


def functions(module: ModuleType) -> dict[str, Function]:
    """The functions of a module, and the methods of its classes, but for those that only declare."""
    found = {name: f for name, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__}
    for name, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == module.__name__ and not getattr(kind, "_is_protocol", False):
            methods = {f"{name}.{method}": f for method, f in vars(kind).items() if inspect.isfunction(f)}
            found |= {method: f for method, f in methods.items() if not getattr(f, "__isabstractmethod__", False)}
    return found


def copy_package(folder: Path, case: Case) -> Path:
    """Copy the package into a folder, with the replacement of the case."""
    package = Path(inspect.getfile(paperlib)).parent
    shutil.copytree(package, folder / "paperlib", ignore=shutil.ignore_patterns("__pycache__"))
    if case.function:
        module = MODULES[case.module]
        function, found = inspect.getsource(functions(module)[case.function]), Path(inspect.getfile(module))
        copy = folder / "paperlib" / found.relative_to(package)
        source, count = copy.read_text(encoding="utf-8"), function.count(case.old)
        assert count == 1, f"{case.function} must hold {case.old!r} once; it holds it {count} times"
        assert source.count(function) == 1
        copy.write_text(source.replace(function, function.replace(case.old, case.new)), encoding="utf-8")
    return folder


def run(jobs: list[tuple[Case, Path]]) -> list[tuple[int, str]]:
    """Run the tests of the module of each case against the copy of the package; return exit codes and outputs."""
    variables = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
    here = Path(__file__).parent
    arguments = [
        [str(folder), *(str(here / word) if word.endswith(".py") else word for word in TESTS[case.module])]
        for case, folder in jobs
    ]
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, json.dumps(arguments)],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    outputs = [(folder / "output").read_text(encoding="utf-8") for _, folder in jobs]
    return list(zip(map(int, done.stdout.split()), outputs, strict=True))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, tuple[int, str]]:
    jobs = [(case, copy_package(tmp_path_factory.mktemp("mutant"), case)) for case in CASES]
    with ThreadPoolExecutor(max_workers=2) as pool:
        even, odd = pool.map(run, (jobs[::2], jobs[1::2]))
    return dict(zip(CASES[::2] + CASES[1::2], even + odd, strict=True))


@pytest.mark.parametrize("name", MODULES)
def test_every_function_has_a_mutant(name: str) -> None:
    assert set(MUTANTS[name]) == set(functions(MODULES[name]))


def test_the_package_itself_passes(tmp_path: Path) -> None:
    for code, output in run([(Case(name), copy_package(tmp_path / name, Case(name))) for name in MODULES]):
        assert code == 0, output


@pytest.mark.parametrize("case", CASES, ids=[f"{c.module}.{c.function}: {c.old} -> {c.new}" for c in CASES])
def test_the_mutant_is_noticed(case: Case, results: dict[Case, tuple[int, str]]) -> None:
    code, output = results[case]
    assert code == 1, f"pytest left with {code}:\n{output}"
    # a test failed, and the collection did not
    assert re.search(r"^1 failed(, \d+ passed)?(, \d+ deselected)? in ", output, re.MULTILINE), output
