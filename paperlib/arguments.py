"""Checked arguments: numbers and arrays of any kind become float64, or a ValueError names what is wrong with which.

What was computed in a lower precision, by NumPy or torch, is judged at that precision, then copied and made exact, so
that the rounding that is forgiven does not stay. Sizes are bounded, those of numbers and matrices by `LARGEST`, those
of other arrays by its square: then no closed form leaves the range of float64, which ends at 1e308.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Episode = tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike]  # inner inputs and labels, outer inputs and labels

SMALLEST, LARGEST = 1e-100, 1e20
MOST = 10**15  # samples, tasks or dimensions: up to here every whole number is one in float64
EPS = float(np.finfo(np.float64).eps)


def finite_array(name: str, value: ArrayLike, ndim: int | None = None, *, largest: float = LARGEST**2) -> Array:
    """Return a finite float64 copy of `value`, of `ndim` dimensions if given, or raise a ValueError naming it."""
    return _finite(name, value, ndim, largest)[0]


def distribution(name: str, value: ArrayLike) -> Array:
    r"""Return probabilities (G,), positive and of sum one to :math:`10^{-12}`, or raise a ValueError naming them.

    In a lower precision the sum may be off by 8 G of its roundings, and is made one.
    """
    array, eps = _finite(name, value, 1, LARGEST)
    if array.size == 0 or (array <= 0).any():
        raise ValueError(f"{name} must be positive; got {array.tolist()}")
    if abs(array.sum() - 1.0) > _rounding(eps, array.size):
        raise ValueError(f"{name} must sum to one; they sum to {array.sum():.12g}")
    return array / array.sum() if eps > EPS else array


def symmetric_matrices(name: str, value: ArrayLike, ndim: int | None = None, *, definite: bool = True) -> Array:
    r"""Return `value` as symmetric positive (semi)definite matrices of shape ``(..., d, d)``, or raise.

    Symmetry is asked for to a relative :math:`10^{-12}` and made exact; a semidefinite matrix may have
    eigenvalues down to :math:`-10^{-12}` of its largest entry, as rounding leaves them, and a definite one
    must have a smallest eigenvalue that rounding cannot make. In a lower precision 8 d of its roundings stand
    for :math:`10^{-12}`, and negative eigenvalues are raised to zero.
    """
    array, eps = _finite(name, value, ndim, LARGEST)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] == 0:
        raise ValueError(f"{name} must be square and not empty in its last two axes; got shape {array.shape}")
    dim = array.shape[-1]
    gaps = np.abs(array - array.swapaxes(-1, -2)).max(axis=(-2, -1))
    scales = np.abs(array).max(axis=(-2, -1))
    if (gaps > _rounding(eps, dim) * scales).any():
        raise ValueError(f"{name} must be symmetric; largest difference from its transpose is {gaps.max():.3g}")
    array = 0.5 * (array + array.swapaxes(-1, -2))
    smallest = np.linalg.eigvalsh(array)[..., 0]
    lowest = np.maximum(dim * eps * scales, SMALLEST) if definite else -_rounding(eps, dim) * scales
    if (smallest <= lowest).any() if definite else (smallest < lowest).any():
        kind = "positive definite" if definite else "positive semidefinite"
        raise ValueError(f"{name} must be symmetric {kind}; smallest eigenvalue is {smallest.min():.3g}")
    negative = (smallest < 0.0) & (eps > EPS)
    if negative.any():
        values, vectors = np.linalg.eigh(array[negative])
        raised = (vectors * values.clip(0.0)[..., None, :]) @ vectors.swapaxes(-1, -2)
        array[negative] = 0.5 * (raised + raised.swapaxes(-1, -2))
    return array


def real_number(name: str, value: float, *, above: float = -math.inf, at_least: float = -math.inf) -> float:
    """Return `value` as a float greater than `above` and not less than `at_least`, or raise a ValueError naming it."""
    number = _number(name, value, "a real number")
    if not (number > above and number >= at_least) or math.isinf(number):
        bounds = ["finite"] + [f"greater than {above:g}"] * (above > -math.inf)
        bounds += [f"at least {at_least:g}"] * (at_least > -math.inf)
        raise ValueError(f"{name} must be {' and '.join(bounds)}; got {value!r}")
    if number != 0.0 and not SMALLEST <= abs(number) <= LARGEST:
        zero = "" if above >= 0.0 else "0 or "
        raise ValueError(f"{name} must be {zero}of a size from {SMALLEST:g} to {LARGEST:g}; got {value!r}")
    return number


def whole_number(name: str, value: float, *, at_least: int = 1, at_most: int = MOST) -> int:
    """Return `value`, whole (as 5.0 is) and in its range, as an int, or raise a ValueError naming it."""
    kind = f"a whole number from {at_least}" + f" to {at_most}" * (at_most < MOST)
    if (at_least, at_most) == (1, MOST):
        kind = "a positive whole number"
    number = _number(name, value, kind)
    if not (at_least <= number <= at_most and number.is_integer()):
        raise ValueError(f"{name} must be {kind}{f' up to {MOST:.0e}' * (MOST < number < math.inf)}; got {value!r}")
    return int(number)


def sample_number(name: str, value: float) -> float:
    """Return `value`, a positive whole number or infinity, as a float, or raise a ValueError naming it."""
    infinite = _number(name, value, "a positive whole number") == math.inf
    return math.inf if infinite else float(whole_number(name, value))


def listed(name: str, parts: Iterable[Any]) -> list[Any]:
    """Return the parts of a sequence, which may be of any kind, or raise a ValueError naming it."""
    try:
        return list(parts)
    except TypeError as error:
        raise ValueError(f"{name} must be a sequence; got {_shown(parts)}") from error


def data_sets(inputs_name: str, inputs: Any, labels_name: str, labels: Any) -> tuple[list[Array], list[Array]]:
    """Return the inputs (n_i, d) and the labels (n_i,) of at least one task, or raise a ValueError naming them."""
    inputs, labels = listed(inputs_name, inputs), listed(labels_name, labels)
    if len(inputs) == 0 or len(inputs) != len(labels):
        raise ValueError(
            f"{inputs_name} and {labels_name} must hold as many arrays, at least one; "
            f"got {len(inputs)} and {len(labels)}"
        )
    X = [finite_array(inputs_name, value, 2) for value in inputs]
    y = [finite_array(labels_name, value, 1) for value in labels]
    dim = X[0].shape[1]
    for one, other in zip(X, y, strict=True):
        if 0 in one.shape or one.shape[1] != dim:
            raise ValueError(f"{inputs_name} must have rows, each of dimension {dim}; got shape {one.shape}")
        if other.shape != (len(one),):
            raise ValueError(f"{labels_name} must have shape ({len(one)},), one label per row; got {other.shape}")
    return X, y


def episode_data(episodes: Iterable[Episode]) -> tuple[list[Array], list[Array], list[Array], list[Array]]:
    """Return inner inputs, inner labels, outer inputs and outer labels of at least one episode, or raise."""
    parts = [listed("episodes", episode) for episode in listed("episodes", episodes)]
    if not parts or any(len(episode) != 4 for episode in parts):
        raise ValueError("episodes must hold at least one tuple (X_in, y_in, X_out, y_out)")
    X_in, y_in, X, y = zip(*parts, strict=True)
    inner = data_sets("episodes (inner inputs)", X_in, "episodes (inner labels)", y_in)
    outer = data_sets("episodes (outer inputs)", X, "episodes (outer labels)", y)
    dims = inner[0][0].shape[1], outer[0][0].shape[1]
    if dims[0] != dims[1]:
        raise ValueError(f"episodes must have inputs of one dimension; got {dims[0]} and {dims[1]}")
    return *inner, *outer


def _number(name: str, value: Any, kind: str) -> float:
    if type(value) is float or (type(value) is int and abs(value) <= MOST):  # what nearly every call has
        return float(value)
    array, _ = _floats(name, value, kind)
    if array.ndim > 0:
        raise ValueError(f"{name} must be {kind}; got {value!r}")
    return float(array)


def _finite(name: str, value: Any, ndim: int | None, largest: float) -> tuple[Array, float]:
    array, eps = _floats(name, value, "an array of real numbers")
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimensions; got shape {array.shape}")
    size = np.abs(array).max(initial=0.0)
    if not np.isfinite(size):
        raise ValueError(f"{name} must be finite; got {np.count_nonzero(~np.isfinite(array))} NaN or infinite entries")
    if size > largest:
        raise ValueError(f"{name} must have entries of a size up to {largest:g}; the largest is {size:g}")
    return array, eps


def _floats(name: str, value: Any, kind: str) -> tuple[Array, float]:
    """Return a float64 copy of `value`, and the epsilon of the lowest precision that is in it, at least float64's."""
    if _asks_for_gradient(value):
        raise ValueError(
            f"{name} must be detached: it requires a gradient, which would be lost here; got {_shown(value)}"
        )
    if np.ma.is_masked(value):
        raise ValueError(f"{name} must have no masked entries; got {np.count_nonzero(np.ma.getmaskarray(value))}")
    try:
        plain, eps = _plain(value)
        given = np.asarray(plain)
        entries: Any = given.flat if given.dtype.kind == "O" else []  # fractions, numbers of sympy
        text = given.dtype.kind not in "biufO" or any(isinstance(entry, (str, bytes, bool)) for entry in entries)
        if text or (given.dtype.kind == "b" and given.ndim == 0):
            raise TypeError("not numbers")
        if given.dtype.kind == "O" or given.dtype.itemsize > 8:  # Python is silent where a number overflows
            given = np.array([float(entry) for entry in given.flat]).reshape(given.shape)
        return np.array(given, dtype=np.float64), max(eps, EPS)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise ValueError(f"{name} must be {kind}; got {_shown(value)}") from error


def _shown(value: Any) -> str:
    """Return a value in one line, cut where it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def _plain(value: Any) -> tuple[Any, float]:
    """Return `value` with its tensors as NumPy arrays, and the epsilon of the lowest precision that is in it."""
    if type(value) in (int, float):
        return value, EPS
    if isinstance(value, (list, tuple)):
        parts = [_plain(part) for part in value]
        return [part for part, _ in parts], max((eps for _, eps in parts), default=EPS)
    torch = sys.modules.get("torch")  # who has a tensor has imported it
    if torch is not None and isinstance(value, torch.Tensor):
        value, dtype = value.cpu(), value.dtype
        return (value.double().numpy(), torch.finfo(dtype).eps) if dtype.is_floating_point else (value.numpy(), EPS)
    array = np.asarray(value)
    return array, float(np.finfo(array.dtype).eps) if array.dtype.kind == "f" else EPS


def _asks_for_gradient(value: Any) -> bool:
    inside = value if isinstance(value, (list, tuple)) else []
    return bool(getattr(value, "requires_grad", False)) or any(map(_asks_for_gradient, inside))


def _rounding(eps: float, size: int) -> float:
    return 1e-12 if eps == EPS else 8.0 * size * eps
