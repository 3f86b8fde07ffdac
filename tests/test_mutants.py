"""Every formula of `paperlib.linear` and `.networks` is broken in turn, and the tests of its module notice every time.

A mutant is one exact replacement in the source of one function. This file run as a script collects the tests of a
module once, and forks a child for each mutant: it puts the changed code in the function's place, whoever has imported
that function, and runs the tests until one fails. Tests that noticed an earlier mutant come first, then the quick ones.
"""

from __future__ import annotations
import __future__

import inspect
import json
import os
import subprocess
import sys
import textwrap
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import NamedTuple

import pytest

from paperlib.linear import asymptotics, curves, learners, population, steps, wishart
from paperlib.networks import activations, hermite, objectives, planes, wide
from paperlib.networks import population as networks_population

ROOT = Path(__file__).resolve().parent.parent


class Case(NamedTuple):
    """One mutant: the text `old` of a function of a module becomes `new`; without a function, nothing is changed."""

    module: str
    function: str = ""
    old: str = ""
    new: str = ""


MODULES: dict[str, ModuleType] = {  # of each group of functions that the same tests notice
    "population": population,
    "steps": steps,
    "batches": steps,
    "learners": learners,
    "rates": steps,
    "asymptotics": asymptotics,
    "curves": curves,
    "wishart": wishart,
    "activations": activations,
    "pairs": networks_population,
    "hermite": hermite,
    "planes": planes,
    "wide": wide,
    "networks_population": networks_population,
    "objectives": objectives,
    "solutions": objectives,
    "tasks": objectives,
}
LIMITS = "(definition or slope or first_order or ahead or without_a_step or named) and not 1.7"  # one rate is enough
FAST = "integral or autodiff and not objectives or gauss_newton or digits or origin or covers or blocks"
TESTS = {
    "population": ["test_linear.py", "test_properties.py"],
    "steps": ["test_linear.py", "test_learners.py", "-k", "(curvature or steps or input or batch) and not 2-1-6"],
    "batches": ["test_learners.py", "-k", "batch and not -6- and not -5- and not fresh"],
    "learners": ["test_learners.py", "-k", "learner or start or weights or input"],
    "rates": ["test_learners.py", "-k", "best or wants or input"],
    "asymptotics": ["test_asymptotics.py", "-k", LIMITS],
    "curves": ["test_asymptotics.py", "-k", LIMITS],
    "wishart": ["test_asymptotics.py", "test_linear.py", "test_properties.py", "-k", "wishart or named or sandwich"],
    "activations": ["test_networks.py", "-k", "derivative or bad_input"],
    "pairs": ["test_networks.py", "-k", FAST],
    "hermite": ["test_networks.py", "-k", FAST],
    "planes": ["test_networks.py", "test_wide.py", "-k", f"({FAST}) and not line or hardly"],
    "wide": ["test_wide.py", "-k", "sums or batch"],
    "networks_population": ["test_networks.py", "-k", FAST],
    "objectives": ["test_networks.py", "-k", "without_a_step or objectives or spelled"],
    "solutions": ["test_networks.py", "test_minima.py", "-k", "relu_network or stationary and softplus"],
    "tasks": ["test_networks.py", "-k", "environments or no_step or weighted"],
}
MUTANTS: dict[str, dict[str, list[tuple[str, str]]]] = {
    "population": {
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
            ("env.average(traces)", "traces.mean()"),
            ("at_least=0.0", "above=0.0"),
        ],
        "risk_above_floor": [
            ("start - env.means", "start + env.means"),
            ('sample_number("m", m))', "float('inf'))"),
            ("distances + spreads", "distances"),
            ("distances + spreads", "distances - spreads"),
            ("0.5 * env.average", "env.average"),
            ("env.average(distances + spreads)", "(distances + spreads).mean()"),
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
        "weighted_centre": [
            ("np.linalg.solve(env.average(weights), ", "(env.average(weights) @ "),
            ("env.average(np.einsum(", "sum(np.einsum("),
            ("env.average(weights)", "weights.mean(axis=0)"),
        ],
    },
    "steps": {
        "adapted_covariance": [
            ("at_least=0.0", "above=0.0"),
            ("0.5 * (result + ", "1.0 * (result + "),
            ("same_batch and times", "times"),
            ("same_batch and times", "False and times"),
            ("times > MOST_STEPS", "times >= MOST_STEPS"),
            ("range(times)", "range(times + 1)"),
            ("range(times)", "range(1)"),
            ("reused(sigma, rate, count, times)", "reused(sigma, rate, count, 2)"),
            ("not np.isfinite(result).all()", "False"),
        ],
        "step_back": [
            ("- rate * sigma", "+ rate * sigma"),
            ("- rate * sigma", "- 0.5 * rate * sigma"),
            ("contraction @ curvature @ contraction", "contraction @ contraction"),
            ("contraction @ curvature @ contraction", "contraction @ curvature"),
            ("rate**2 / count", "rate / count"),
            ("rate**2 / count", "rate**2 / (count + 1)"),
            ("rate**2 / count", "rate**2 / count**2"),
            ("product = sigma @ curvature", "product = sigma @ sigma"),
            ("np.trace(product,", "np.trace(sigma,"),
            ("np.trace(product,", "np.trace(curvature,"),
            ("trace * sigma + product @ sigma", "trace * sigma"),
            ("trace * sigma + product @ sigma", "trace * sigma - product @ sigma"),
            ("trace * sigma + product @ sigma", "trace * curvature + product @ sigma"),
            ("product @ sigma)", "product)"),
        ],
    },
    "batches": {
        "reused": [("(1, 0)", "(0, 0)"), ("(1, 0)", "(1, 1)"), ("* steps", "* (steps - 1)")],
        "WishartMoments.__init__": [
            ("1.0 - alpha * values", "1.0 + alpha * values"),
            ("alpha / count", "alpha / (count + 1)"),
            ("alpha / count", "1.0 / count"),
        ],
        "WishartMoments.mean": [("map(_turned, traces)", "traces[:1]")],
        "WishartMoments._closed": [
            ("((0, 0), *traces[0])", "((1, 0), *traces[0])"),
            (".sum(axis=-1, keepdims=True)", ""),
            ("traces[1:]", "()"),
        ],
        "WishartMoments._parts": [
            ("_product(first, (1, 0))", "first"),
            ("before[::-1], behind", "before, behind"),
            ("self._joined(head, before[::-1], behind, traces)", "0.0"),
            ("- self.mean(beyond, (*traces, before))", ""),
            ("traces[:place] + traces[place + 1 :]", "traces"),
            ("trace[turn:] + trace[:turn]", "trace"),
            ("range(len(trace))", "range(1)"),
            ("2.0 * self._joined", "self._joined"),
            ("second, (0, 1)", "second"),
            ("self.weight * pairs", "2.0 * self.weight * pairs"),
        ],
        "WishartMoments._joined": [
            ("self.mean(merged, traces) - ", "-"),
            (" - self.mean((*start, *right), traces)", ""),
            ("start[-1], right[0]", "start[-1]"),
        ],
        "WishartMoments._letter": [("self.values ** letter[0]", "self.values ** letter[1]")],
        "WishartMoments._trace": [
            ("len(loop) == 1", "False"),
            (".sum(axis=-1, keepdims=True)", ""),
            ("_product(loop[-1], loop[0])", "loop[-1]"),
        ],
        "_product": [("letter[1] for letter", "0 for letter")],
        "_turned": [("trace[turn:] + trace[:turn]", "trace[turn:]")],
    },
    "learners": {
        "learner_weight": [
            ("learner not in LEARNERS", "False"),
            ("at_least=0.0", "above=0.0"),
            ("above=0.0", "at_least=0.0"),
            ("not np.isfinite(weight).all()", "False"),
        ],
        "learner_start": [
            ("samples, lam)", "math.inf, lam)"),
            ("alpha, steps,", "alpha, 1,"),
            ("weighted_centre(env, weights)", "weighted_centre(env, env.covariances)"),
            ("np.abs(weights).max()", "-1.0"),
        ],
        "_erm": [("return sigma", "return sigma @ sigma")],
        "_maml": [("how.samples, how.steps", "how.samples"), ("how.samples, how.steps", "float('inf'), how.steps")],
        "_first_order": [("- how.alpha", "+ how.alpha"), ("sigma, how.steps)", "sigma, how.steps + 1)")],
        "_reptile": [
            ("how.steps - 1", "how.steps"),
            ("- how.alpha", "+ how.alpha"),
            ("total + gradient", "total - gradient"),
        ],
        "_proximal": [
            ("how.lam is None", "False"),
            ("not math.isinf(how.samples)", "False"),
            ("values / how.lam) ** 2", "values / how.lam)"),
            ("values / how.lam", "values * how.lam"),
            ("vectors * (values / ", "vectors * (1.0 / "),
        ],
    },
    "rates": {
        "best_step": [
            ("start - env.means", "start + env.means"),
            (" + env.spreads", ""),
            ("(1.0 + 1.0 / count)", "1.0"),
            ("env.covariances @ env.covariances", "env.covariances"),
            ("np.trace(squares,", "np.trace(env.covariances,"),
            ("env.noise_std**2", "env.noise_std"),
            ("+ env.noise_std**2 * sizes", ""),
            ("sizes * _traces(env.covariances, moments) + ", ""),
            (") / count\n", ")\n"),
            ("env.average(slopes)", "slopes.mean()"),
            ("bend <= 0.0", "False"),
        ],
        "checked_start": [("start.shape != (env.dim,)", "start.size == 0")],
        "_traces": [("gij,gji->g", "gii,gjj->g")],
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
        "_sandwich": [("0.5 * (result", "(result"), ("score).T)", "score))")],
        "_bias": [("-inverse @", "inverse @")],
        "checked_episode": [
            ('sample_number("n1", n1), sample_number("n2", n2)', 'sample_number("n2", n2), sample_number("n1", n1)'),
            ("at_least=0.0", "above=0.0"),
        ],
    },
    "curves": {
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
        "_slope": [
            ("0.5 * np.sum", "np.sum"),
            ("+ offset @", "- offset @"),
            ("maml_solution(env, alpha, m)", "maml_solution(env, alpha, math.inf)"),
        ],
    },
    "wishart": {
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
        "_match": [("return one[-2:] == other[-2:]", "return True"), ("return False", "return True")],
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
            ("torch.sigmoid(-t)", "torch.sigmoid(t)"),
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
            ("total, square", "total, self.correlation"),
            ("addcmul(even, odd, self.correlation)", "add(even, odd)"),
            ("in reversed(torch.einsum", "in (torch.einsum"),
            ("min(len(left), len(right))", "min(len(left), len(right)) - 1"),
            ("(reversed(torch.split(side[:count], block))", "(torch.split(side[:count], block)"),
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
        "outer": [("left.unsqueeze(-1) *", "0.5 * left.unsqueeze(-1) *")],
        "_excess": [("x**3 / 6.0", "x**3 / 5.0"), ("x.abs() < 1.0", "x.abs() < 0.0"), ("k * (k + 1)", "k * k")],
        "Plane.__init__": [
            ("self.along = (p * second)", "self.along = (p * first)"),
            ("across = second - self.along", "across = second + self.along"),
            ("r = across /", "r = -across /"),
        ],
        "Plane.first_moment": [("self.r * m01", "self.p * m01")],
        "Plane.second_moment": [
            (" - outer(self.r, r)", ""),
            ("cross + cross.mT", "cross"),
            ("(m20, outer(self.p, self.p))", "(m20, outer(self.r, self.r))"),
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
        "post_adaptation_risk": [
            ("start - rate", "start + rate"),
            ("p * population_loss", "population_loss"),
            ("rate > 0.0", "rate > 1.0"),
            ("(activation, adapted, aim", "(activation, adapted, aim[:, :1]"),
        ],
        "post_adaptation_loss": [("W, alpha, order=order", "W, 0.0, order=order")],
        "post_adaptation_gradient": [
            ("start - rate", "start + rate"),
            ("outer - rate * back", "outer + rate * back"),
            ("outer - rate * back", "outer - 0.0 * back"),
            ("population_hessian(activation, start", "population_hessian(activation, start - rate * gradient"),
            ("p * gradient", "gradient"),
        ],
    },
    "solutions": {
        "erm_solution": [("tasks, 0.0, starts", "tasks, 0.7, starts")],
        "maml_solution": [
            ("W, rate)), gradient", "W, 0.0)), gradient"),
            ("tasks, W, rate)\n", "tasks, W, 0.0)\n"),
        ],
    },
    "tasks": {
        "Tasks.__post_init__": [
            ('distribution("probabilities", self.probabilities)', "__import__('numpy').asarray(self.probabilities)"),
            ("len(array) != count", "False"),
        ],
        "Tasks.__iter__": [("self.probabilities.tolist()", "self.probabilities[::-1].tolist()")],
    },
}
CASES = [
    Case(module, name, old, new)
    for module, functions in MUTANTS.items()
    for name, changes in functions.items()
    for old, new in changes
]


def functions(module: ModuleType) -> dict[str, FunctionType]:
    """The functions that a module writes, and the methods of its classes, but for those that only declare."""
    found = {name: f for name, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__}
    for name, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == module.__name__ and not getattr(kind, "_is_protocol", False):
            methods = {f"{name}.{method}": f for method, f in vars(kind).items() if inspect.isfunction(f)}
            found |= {method: f for method, f in methods.items() if not getattr(f, "__isabstractmethod__", False)}
    return {name: f for name, f in found.items() if f.__code__.co_filename == module.__file__}


# -- the script: one run of pytest for each module, one child for each mutant


class Outcome(NamedTuple):
    """How a run of tests ended: how many ran, and for the first that failed its name, its phase and what it said."""

    ran: int = 0
    test: str = ""
    phase: str = ""
    said: str = ""


def change(case: Case) -> None:
    """Put the mutant's code in the place of the function's."""
    module = MODULES[case.module]
    function = functions(module)[case.function]
    source = inspect.getsource(function)
    count = source.count(case.old)
    assert count == 1, f"{case.function} must hold {case.old!r} once; it holds it {count} times"
    text, names = textwrap.dedent(source.replace(case.old, case.new)), dict(vars(module))
    flags = __future__.annotations.compiler_flag
    free = function.__code__.co_freevars  # __class__, where super() is called
    if free:
        text = f"def make({', '.join(free)}):\n{textwrap.indent(text, '    ')}\n    return {function.__name__}"
    exec(compile(text, inspect.getfile(module), "exec", flags, dont_inherit=True), names)
    mutant = names["make"](*free) if free else names[function.__name__]
    assert mutant.__code__ != function.__code__
    function.__code__, function.__defaults__ = mutant.__code__, mutant.__defaults__
    function.__kwdefaults__ = mutant.__kwdefaults__


class Breaker:
    """A plugin of pytest that runs the collected tests once for each case, in a child of its own."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases, self.outcomes = cases, list[Outcome]()
        self.noticed: list[str] = []  # tests, those that noticed the latest mutants first
        self.seconds = Counter[str]()  # that each test takes
        self.failed = Outcome()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for case in self.cases:
            outcome = self.forked(case, session.items)
            self.outcomes.append(outcome)
            if outcome.test:
                self.noticed = [outcome.test, *(name for name in self.noticed if name != outcome.test)]
        return True

    def forked(self, case: Case, tests: list[pytest.Item]) -> Outcome:
        """Return the outcome of the tests in a child, and keep how long each took where nothing is changed."""
        here, there = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.write(there, json.dumps([self.run(case, tests), self.seconds]).encode())
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(there)
        with os.fdopen(here, "rb") as pipe:
            sent = pipe.read()
        os.waitpid(child, 0)
        if not sent:
            return Outcome(said="the child died")
        outcome, seconds = json.loads(sent)
        if not case.function:
            self.seconds = Counter(seconds)
        return Outcome(*outcome)

    def run(self, case: Case, tests: list[pytest.Item]) -> Outcome:
        """Run the tests until one fails; without a function in the case, nothing is changed."""
        if case.function:
            change(case)
        ranks = {name: rank for rank, name in enumerate(self.noticed)}
        tests = sorted(tests, key=lambda test: (ranks.get(test.nodeid, len(ranks)), self.seconds[test.nodeid]))
        for ran, (test, following) in enumerate(zip(tests, [*tests[1:], None], strict=True), start=1):
            test.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
            if self.failed.test:
                return self.failed._replace(ran=ran)
        return Outcome(len(tests))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if not report.passed and not self.failed.test:
            self.failed = Outcome(0, report.nodeid, report.when or "", report.longreprtext[-2000:])


def script(target: Path) -> None:
    """Write what became of each module unchanged and of each mutant, as JSON; modules with the same tests share one."""
    outcomes: list[tuple[Case, Outcome]] = []
    options = ["-o", "addopts=", "--import-mode=importlib", "-p", "no:cacheprovider", "--assert=plain", "-q"]
    for chosen in dict.fromkeys(map(tuple, TESTS.values())):
        modules = [module for module, tests in TESTS.items() if tuple(tests) == chosen]
        breaker = Breaker([Case(modules[0]), *(case for case in CASES if case.module in modules)])
        words = [str(ROOT / "tests" / word) if word.endswith(".py") else word for word in chosen]
        pytest.main([*options, "--tb=line", *words], plugins=[breaker])
        outcomes += zip(breaker.cases, breaker.outcomes, strict=True)
        outcomes += [(Case(module), breaker.outcomes[0]) for module in modules[1:]]
    target.write_text(json.dumps(outcomes), encoding="utf-8")


# -- the tests


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, Outcome]:
    target = tmp_path_factory.mktemp("mutants") / "outcomes.json"
    variables = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__, str(target)],
        cwd=ROOT,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0 and target.exists(), done.stdout[-3000:]
    return {Case(*case): Outcome(*outcome) for case, outcome in json.loads(target.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("module", dict.fromkeys(MODULES.values()), ids=lambda module: module.__name__)
def test_every_function_has_a_mutant(module: ModuleType) -> None:
    named = [function for name, own in MUTANTS.items() if MODULES[name] is module for function in own]
    assert sorted(named) == sorted(functions(module))


@pytest.mark.parametrize("name", MODULES)
def test_the_module_itself_passes(name: str, results: dict[Case, Outcome]) -> None:
    outcome = results[Case(name)]
    assert outcome.ran > 0 and outcome == Outcome(outcome.ran)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.module}.{c.function}: {c.old} -> {c.new}" for c in CASES])
def test_the_mutant_is_noticed(case: Case, results: dict[Case, Outcome]) -> None:
    outcome = results[case]
    assert outcome.test and outcome.phase == "call", f"of {outcome.ran} tests none failed; {outcome}"


if __name__ == "__main__":
    script(Path(sys.argv[1]))
