"""The packages of the theory speak one dialect: order of arguments, what is asked for, and what a name promises."""

from __future__ import annotations

import inspect
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

import paperlib
from paperlib import TaskEnvironment, linear, logistic, minima, networks, simulate

ORDER = [  # what stands before what: whose tasks, where, the step, numbers of samples, draws, options
    *("algorithm", "activation", "name"),
    *("env", "tasks", "episodes", "W_stars", "groups", "optima", "inputs", "inner", "outer"),
    *("w", "W", "w_star", "W_star", "covariance"),
    *("alpha", "m", "count", "n", "tau", "n1", "n2", "draws", "rng", "labels", "starts", "order"),
]
FIXED = {"networks.post_adaptation_loss"}  # relied upon as it is: the point stands among the tasks
FUNCTIONS = {
    f"{package.__name__.split('.')[-1]}.{name}": getattr(package, name)
    for package in (linear, logistic, networks, simulate)
    for name in package.__all__
    if callable(getattr(package, name)) and not isinstance(getattr(package, name), type(simulate.Method))
}
SIZES = ("alpha", "m", "n", "tau", "n1", "n2", "draws", "count")


def parameters(name: str) -> list[inspect.Parameter]:
    return list(inspect.signature(FUNCTIONS[name]).parameters.values())


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - FIXED))
def test_arguments_stand_in_one_order_and_sizes_have_no_defaults(name: str) -> None:
    known = [ORDER.index(one.name) for one in parameters(name) if one.name in ORDER]
    assert all(one < other for one, other in pairwise(known)), [one.name for one in parameters(name)]
    assert all(one.default is one.empty for one in parameters(name) if one.name in SIZES)


@pytest.mark.parametrize("one", sorted(set(linear.__all__) & set(logistic.__all__)))
def test_what_linear_and_logistic_share_differs_by_samples_and_labels_alone(one: str) -> None:
    """Logistic regression has closed forms for the full gradient only: no number of samples is asked for."""
    ours, theirs = ([p.name for p in parameters(f"{package}.{one}")] for package in ("linear", "logistic"))
    assert [name for name in theirs if name not in ("labels", "starts")] == [n for n in ours if n not in ("m", "n2")]


def test_what_is_sampled_comes_as_draws_of_which_two_generators_of_one_seed_give_the_same() -> None:
    env, twin = TaskEnvironment.two_tasks(1, 0.5, 1.0), networks.Tasks([0.5, 0.5], [[[1]], [[-1]]], [[[0.5]], [[1]]])  # type: ignore[arg-type]
    calls = {
        "logistic.sampled_post_adaptation_risk": lambda rng: logistic.sampled_post_adaptation_risk(
            env, np.zeros((2, 1)), 1.0, 4, 5, rng
        ),
        "networks.sampled_post_adaptation_risk": lambda rng: networks.sampled_post_adaptation_risk(
            "tanh", twin, np.ones((2, 1, 1)), 1.0, 4, 5, rng
        ),
        "simulate.sampled_erm_estimates": lambda rng: simulate.sampled_erm_estimates(env, 3, 4, 5, rng),
        "simulate.sampled_maml_estimates": lambda rng: simulate.sampled_maml_estimates(env, 1.0, 3, 2, 4, 4, 5, rng),
    }
    assert calls.keys() == {name for name in FUNCTIONS if ".sampled_" in name}
    for call in calls.values():
        found, again, other = (call(np.random.default_rng(seed)) for seed in (0, 0, 1))
        np.testing.assert_array_equal(found, again)
        assert len(found) == 5 and len(np.unique(np.concatenate([found, other])[:, 0])) == 10


@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_one_task_and_a_rate_of_zero_mean_the_same_everywhere(alpha: float) -> None:
    """A single task is solved by its own optimum, before a step and after; without one, MAML is ERM."""
    env = TaskEnvironment.finite_tasks([[[0.8]]], [[0.5]])
    one = networks.Tasks(env.probabilities, env.means[..., None], env.covariances)
    solutions = [linear.maml_solution(env, alpha, 3), logistic.maml_solution(env, alpha)]
    solutions += [networks.maml_solution(name, one, alpha)[:, 0] for name in ("relu", "softplus", "tanh")]
    np.testing.assert_allclose(solutions, [[0.5]] * 5, atol=1e-8)
    two = TaskEnvironment.two_tasks(2, 0.3, 1.0)
    pair = networks.Tasks(two.probabilities, two.means[..., None], two.covariances)
    for erm, maml in (
        (linear.erm_solution(two), linear.maml_solution(two, 0.0, 5)),
        (logistic.erm_solution(two), logistic.maml_solution(two, 0.0)),
        (networks.erm_solution("softplus", pair), networks.maml_solution("softplus", pair, 0.0)),
    ):
        np.testing.assert_allclose(maml, erm, rtol=1e-12)


def test_where_there_is_no_minimum_the_error_is_a_value_error_everywhere() -> None:
    env = TaskEnvironment.finite_tasks([[[1.0]]], [[1.0]])
    with pytest.raises(ValueError, match="not unique"):
        linear.maml_solution(env, 1.0, np.inf)
    with pytest.raises(ValueError, match="no start leads to a minimum"):
        logistic.erm_solution(env, "sign")
    assert issubclass(minima.NoMinimum, ValueError)  # which the search of logistic regression and networks raises


def test_the_library_is_imported_by_its_name_and_torch_only_where_it_is_needed() -> None:
    script = (
        "import sys, paperlib\n"
        "env = paperlib.TaskEnvironment.two_tasks(1, 0.25, 1.0)\n"
        "paperlib.linear.erm_solution(env), paperlib.logistic.erm_solution(env)\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules\n"
        "print(*[getattr(paperlib, name).__name__ for name in paperlib.__all__ if name != '__version__'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    names = [name for name in paperlib.__all__ if name != "__version__"]
    itself = {"TaskEnvironment", "advise"}  # a class and a function; the others are modules
    assert done.stdout.split() == [name if name in itself else f"paperlib.{name}" for name in names]
    with pytest.raises(AttributeError, match="module 'paperlib' has no attribute 'nothing'"):
        paperlib.nothing  # noqa: B018
    assert dir(paperlib) == sorted(paperlib.__all__)
