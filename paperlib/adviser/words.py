"""How a report says what tasks are called, where a direction or a start points, and what an estimate is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from paperlib.adviser.groups import Told
from paperlib.adviser.moments import Name
from paperlib.arguments import Array

NAMED, ENTRIES = 8, 6  # tasks or features that are named, and numbers of a direction or a start that are written out


def listed(names: Sequence[Name]) -> str:
    """Return what tasks are called, the first of them; those without a name by their places."""
    kind = "" if isinstance(names[0], str) else "number "
    return f"{kind}{', '.join(map(str, names[:NAMED]))}{', …' * (len(names) > NAMED)}"


def direction(v: Array, features: Sequence[Name]) -> str:
    """Return a direction, the first of its large entries positive; of more than six entries the three largest."""
    v = v * np.sign(v[np.argmax(np.abs(v) >= 0.5 * np.abs(v).max())])
    named = isinstance(features[0], str)
    if len(v) <= ENTRIES and not named:
        return f"({', '.join(f'{entry:.2f}' for entry in v)})"
    places = range(len(v)) if len(v) <= ENTRIES else np.argsort(-np.abs(v))[:3]
    return ", ".join(f"{v[i]:.2f} in {'' if named else 'feature '}{features[i]}" for i in places)


def numbers(w: Array) -> str:
    """Return where the numbers of a start (d,) or (d, outputs) are, and up to six of them themselves."""
    if w.size > ENTRIES:
        return "in report.start and --json"
    rows = [f"({', '.join(f'{entry:.4g}' for entry in row)})" for row in np.atleast_2d(w)]
    return f"{rows[0] if w.ndim == 1 else '({})'.format(', '.join(rows))} in report.start"


def estimate(told: Told, least: float = -math.inf) -> str:
    """Return an estimate with its interval; one without bias may fall below the least that there can be."""
    if math.isnan(told[0]):
        return "not told"
    middle, low, high = (max(value, least) for value in told)
    if high <= 0.0:
        return "none that can be told"
    if math.isinf(high):
        return f"{middle:.3g} (no interval)" if low <= 0.0 else f"{middle:.3g} ({low:.3g} or more)"
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"
