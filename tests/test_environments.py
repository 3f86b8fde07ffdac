"""Task environments hold what the paper says, cannot be changed, and refuse what is not an environment."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from paperlib.environments import TaskEnvironment

EYE = np.eye(2)
GROUPS: dict[str, Any] = {
    "probabilities": [0.25, 0.75],
    "covariances": [EYE, 2 * EYE],
    "means": [[1.0, 2.0], [3.0, 4.0]],
    "spreads": [0 * EYE, EYE],
    "noise_std": 0.5,
}
TWO_TASKS: dict[str, Any] = {"dim": 2, "rho_hard": 0.2, "rho_easy": 1.0}
HARD_EASY: dict[str, Any] = TWO_TASKS | {"R": 3.0, "r_hard": 1.0, "r_easy": 2.0}
TASKS: dict[str, Any] = {"covariances": [EYE, 2 * EYE], "optima": [[1.0, 2.0], [3.0, 4.0]]}


def test_the_two_tasks_of_section_3_1() -> None:
    env = TaskEnvironment.two_tasks(3, rho_hard=0.2, rho_easy=1.5, p_hard=0.3, noise_std=0.7)
    assert (env.groups, env.dim, env.noise_std) == (2, 3, 0.7)
    np.testing.assert_array_equal(env.probabilities, [0.3, 0.7])
    np.testing.assert_array_equal(env.covariances, [0.2 * np.eye(3), 1.5 * np.eye(3)])
    np.testing.assert_array_equal(env.means, [[1, 1, 1], [-1, -1, -1]])
    np.testing.assert_array_equal(env.spreads, np.zeros((2, 3, 3)))


def test_the_two_tasks_may_stand_elsewhere() -> None:
    env = TaskEnvironment.two_tasks(**TWO_TASKS, optimum_hard=[1.0, 2.0], optimum_easy=[3.0, 4.0])
    np.testing.assert_array_equal(env.means, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(env.probabilities, [0.5, 0.5])


def test_the_mixture_of_section_3_2() -> None:
    env = TaskEnvironment.hard_easy(2, rho_hard=0.1, rho_easy=0.9, R=3.0, r_hard=1.0, r_easy=2.0, p_hard=0.2)
    np.testing.assert_array_equal(env.probabilities, [0.2, 0.8])
    np.testing.assert_array_equal(env.covariances, [0.1 * EYE, 0.9 * EYE])
    np.testing.assert_array_equal(env.means, [[3, 3], [0, 0]])
    np.testing.assert_array_equal(env.spreads, [EYE, 2 * EYE])
    assert env.noise_std == 0.0


def test_finite_tasks_are_groups_without_spread() -> None:
    env = TaskEnvironment.finite_tasks([[[1.0]], [[2.0]], [[3.0]]], [[4.0], [5.0], [6.0]])
    np.testing.assert_allclose(env.probabilities, np.full(3, 1 / 3), rtol=1e-15)
    np.testing.assert_array_equal(env.means[:, 0], [4, 5, 6])
    np.testing.assert_array_equal(env.spreads, np.zeros((3, 1, 1)))
    assert TaskEnvironment.finite_tasks(**TASKS, probabilities=[0.1, 0.9]).probabilities[1] == 0.9


@pytest.mark.parametrize("name", ["probabilities", "covariances", "means", "spreads"])
def test_arrays_are_copies_that_cannot_be_written(name: str) -> None:
    given: dict[str, Any] = {key: np.array(value, dtype=float) for key, value in GROUPS.items() if key != "noise_std"}
    env = TaskEnvironment(**given)
    before = getattr(env, name).copy()
    given[name] *= 7.0
    np.testing.assert_array_equal(getattr(env, name), before)
    assert getattr(env, name).dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        getattr(env, name)[0] = 0.0
    with pytest.raises(AttributeError):
        setattr(env, name, before)


def test_rounding_is_forgiven_and_mended() -> None:
    changes = {
        "probabilities": [0.5, 0.5 + 1e-14],
        "covariances": [[[1.0, 1e-14], [0.0, 1.0]], EYE],
        "spreads": [np.diag([1.0, -1e-14]), EYE],
    }
    env = TaskEnvironment(**(GROUPS | changes))
    np.testing.assert_array_equal(env.covariances, env.covariances.swapaxes(1, 2))


BAD_GROUPS = [
    ({"probabilities": [0.25, 0.25]}, r"probabilities must sum to one; they sum to 0\.5$"),
    ({"probabilities": [-0.5, 1.5]}, r"probabilities must be positive; got \[-0\.5, 1\.5\]$"),
    ({"probabilities": [0.0, 1.0]}, r"probabilities must be positive; got \[0\.0, 1\.0\]$"),
    ({"probabilities": []}, r"probabilities must be positive; got \[\]$"),
    ({"probabilities": [[0.25, 0.75]]}, r"probabilities must have 1 dimensions; got shape \(1, 2\)$"),
    ({"probabilities": [math.nan, 1.0]}, r"probabilities must be finite; got 1 NaN or infinite entries$"),
    ({"probabilities": "half"}, r"probabilities must be an array of real numbers; got 'half'$"),
    ({"probabilities": [1.0]}, r"covariances must have shape \(1, 2, 2\), one entry per probability; got \(2, 2, 2\)$"),
    ({"covariances": [EYE, -EYE]}, r"covariances must be symmetric positive definite; smallest eigenvalue is -1$"),
    ({"covariances": [EYE, 1e-120 * EYE]}, r"covariances must be symmetric positive definite; .* is 1e-120$"),
    ({"covariances": [EYE, 1e21 * EYE]}, r"covariances must have entries of a size up to 1e\+20; .* is 1e\+21$"),
    ({"means": [[1.0, 2.0], [3.0, 1e41]]}, r"means must have entries of a size up to 1e\+40; the largest is 1e\+41$"),
    ({"noise_std": 1e300}, r"noise_std must be 0 or of a size from 1e-100 to 1e\+20; got 1e\+300$"),
    ({"noise_std": 1e-320}, r"noise_std must be 0 or of a size from 1e-100 to 1e\+20; got 1e-320$"),
    ({"covariances": [EYE, np.diag([1.0, -0.31])]}, r"covariances must be .* definite; smallest eigenvalue is -0\.31$"),
    ({"covariances": [EYE, [[1, 1], [1, 1]]]}, r"covariances must be symmetric positive definite; smallest .* is 0$"),
    ({"covariances": [EYE, [[1, 2], [2, 1]]]}, r"covariances must be symmetric positive definite; smallest .* is -1$"),
    ({"covariances": [EYE, [[1, 0.5], [0.4, 1]]]}, r"covariances must be symmetric; .* its transpose is 0\.1$"),
    ({"covariances": [1e15 * EYE, [[1, 0.5], [0.4, 1]]]}, r"covariances must be symmetric; .* transpose is 0\.1$"),
    ({"covariances": np.ones((2, 2, 3))}, r"covariances must be square and not empty in .*; got shape \(2, 2, 3\)$"),
    ({"covariances": np.ones((2, 0, 0))}, r"covariances must be square and not empty in .*; got shape \(2, 0, 0\)$"),
    ({"covariances": EYE}, r"covariances must have 3 dimensions; got shape \(2, 2\)$"),
    ({"covariances": [np.eye(3), np.eye(3)]}, r"means must have shape \(2, 3\), one entry per .*; got \(2, 2\)$"),
    ({"covariances": [EYE, math.nan * EYE]}, r"covariances must be finite; got 4 NaN or infinite entries$"),
    ({"covariances": [EYE, [[math.inf, 0], [0, 1]]]}, r"covariances must be finite; got 1 NaN or infinite entries$"),
    ({"covariances": [EYE, 1j * EYE]}, r"covariances must be an array of real numbers; got "),
    ({"covariances": [EYE, np.eye(3)]}, r"covariances must be an array of real numbers; got "),
    ({"means": [1.0, 2.0]}, r"means must have 2 dimensions; got shape \(2,\)$"),
    ({"means": np.ones((3, 2))}, r"means must have shape \(2, 2\), one entry per probability; got \(3, 2\)$"),
    ({"means": [[1.0, 2.0], [3.0, math.inf]]}, r"means must be finite; got 1 NaN or infinite entries$"),
    ({"spreads": [EYE, -EYE]}, r"spreads must be symmetric positive semidefinite; smallest eigenvalue is -1$"),
    ({"spreads": [EYE, [[1, 1], [0, 1]]]}, r"spreads must be symmetric; largest difference from its transpose is 1$"),
    ({"spreads": [EYE]}, r"spreads must have shape \(2, 2, 2\), one entry per probability; got \(1, 2, 2\)$"),
    ({"spreads": np.ones((2, 2))}, r"spreads must have 3 dimensions; got shape \(2, 2\)$"),
    ({"spreads": [EYE, [[math.nan, 0], [0, 1]]]}, r"spreads must be finite; got 1 NaN or infinite entries$"),
    ({"noise_std": -0.1}, r"noise_std must be finite and at least 0; got -0\.1$"),
    ({"noise_std": math.nan}, r"noise_std must be finite and at least 0; got nan$"),
    ({"noise_std": math.inf}, r"noise_std must be finite and at least 0; got inf$"),
    ({"noise_std": "loud"}, r"noise_std must be a real number; got 'loud'$"),
]


@pytest.mark.parametrize(("change", "message"), BAD_GROUPS)
def test_bad_groups_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        TaskEnvironment(**(GROUPS | change))


BAD_SHORTHANDS = [
    ({"dim": 0}, r"dim must be a positive whole number; got 0$"),
    ({"dim": 1.5}, r"dim must be a positive whole number; got 1\.5$"),
    ({"dim": True}, r"dim must be a positive whole number; got True$"),
    ({"dim": math.inf}, r"dim must be a positive whole number; got inf$"),
    ({"rho_hard": 0.0}, r"rho_hard must be finite and greater than 0; got 0\.0$"),
    ({"rho_hard": 1e-320}, r"rho_hard must be of a size from 1e-100 to 1e\+20; got 1e-320$"),
    ({"dim": 10**400}, r"dim must be a positive whole number; got 10000"),
    ({"dim": 1e16}, r"dim must be a positive whole number up to 1e\+15; got 1e\+16$"),
    ({"rho_hard": -0.2}, r"rho_hard must be finite and greater than 0; got -0\.2$"),
    ({"rho_easy": math.nan}, r"rho_easy must be finite and greater than 0; got nan$"),
    ({"rho_easy": math.inf}, r"rho_easy must be finite and greater than 0; got inf$"),
    ({"rho_hard": 1.1}, r"rho_hard must be at most rho_easy, which makes it hard; got 1\.1 and 1\.0$"),
    ({"rho_easy": 0.1}, r"rho_hard must be at most rho_easy, which makes it hard; got 0\.2 and 0\.1$"),
    ({"rho_easy": [1.0, 2.0]}, r"rho_easy must be a real number; got \[1\.0, 2\.0\]$"),
    ({"p_hard": 0.0}, r"p_hard must lie strictly between 0 and 1; got 0\.0$"),
    ({"p_hard": 1.0}, r"p_hard must lie strictly between 0 and 1; got 1\.0$"),
    ({"p_hard": 1.5}, r"p_hard must lie strictly between 0 and 1; got 1\.5$"),
    ({"p_hard": math.nan}, r"p_hard must be finite; got nan$"),
    ({"noise_std": -1.0}, r"noise_std must be finite and at least 0; got -1\.0$"),
]


@pytest.mark.parametrize(("change", "message"), BAD_SHORTHANDS)
def test_bad_shorthands_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        TaskEnvironment.two_tasks(**(TWO_TASKS | change))
    with pytest.raises(ValueError, match=f"^{message}"):
        TaskEnvironment.hard_easy(**(HARD_EASY | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"r_hard": -1.0}, r"r_hard must be finite and at least 0; got -1\.0$"),
        ({"r_easy": -1.0}, r"r_easy must be finite and at least 0; got -1\.0$"),
        ({"r_easy": math.inf}, r"r_easy must be finite and at least 0; got inf$"),
        ({"R": math.inf}, r"R must be finite and at least 0; got inf$"),
        ({"R": math.nan}, r"R must be finite and at least 0; got nan$"),
        ({"R": -3.0}, r"R must be finite and at least 0; got -3\.0$"),
    ],
)
def test_bad_mixtures_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        TaskEnvironment.hard_easy(**(HARD_EASY | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimum_hard": [1.0]}, r"optimum_hard must have shape \(2,\); got \(1,\)$"),
        ({"optimum_easy": 1.0}, r"optimum_easy must have shape \(2,\); got \(\)$"),
        ({"optimum_easy": [1.0, math.nan]}, r"optimum_easy must be finite; got 1 NaN or infinite entries$"),
    ],
)
def test_bad_optima_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        TaskEnvironment.two_tasks(**(TWO_TASKS | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optima": [1.0, 2.0]}, r"optima must have 2 dimensions; got shape \(2,\)$"),
        ({"optima": [[1.0, 2.0]]}, r"covariances must have shape \(1, 2, 2\), .*; got \(2, 2, 2\)$"),
        ({"covariances": [EYE, np.eye(3)]}, r"covariances must be an array of real numbers; got "),
        ({"probabilities": [0.5, 0.4]}, r"probabilities must sum to one; they sum to 0\.9$"),
        ({"probabilities": [[1.0], [0.5, 0.5]]}, r"probabilities must be an array of real numbers; got "),
        (
            {"optima": np.empty((0, 2)), "covariances": np.empty((0, 2, 2))},
            r"probabilities must be positive; got \[\]$",
        ),
    ],
)
def test_bad_tasks_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        TaskEnvironment.finite_tasks(**(TASKS | change))
