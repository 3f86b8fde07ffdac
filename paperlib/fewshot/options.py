"""An option of a run: what it may be, whether runs side by side may differ in it, and what is said of it.

It stands in one place, as a field of `configuration.Configuration` that `option` makes. From there come the checks, the
options of the command line, the keys of a grid, the names of files, and the list in the documentation.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np


class Kind:
    """The values that an option may have.

    Attributes:
        plain: the type that the command line and a grid give.
        noun: what a grid is asked for.
    """

    plain: ClassVar[type]
    noun: ClassVar[str]

    def check(self, name: str, value: Any) -> Any:
        """Return a value as one of Python's own, or raise a ValueError that names it."""
        raise NotImplementedError

    def read(self, value: Any) -> Any:
        """Return what YAML gives, or raise a TypeError or ValueError."""
        if type(value) is not self.plain:
            raise TypeError
        return value

    def argument(self) -> dict[str, Any]:
        """Return what argparse is told, beside name and help."""
        return {"type": self.plain}

    def said(self) -> str:
        """Return in words what the values are."""
        raise NotImplementedError


@dataclass(frozen=True)
class Choice(Kind):
    """One of several names; which those are can depend on the data set. Then this has the one of the others, if any.

    Attributes:
        values: the names.
        words: for some of them, other words for them.
    """

    values: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    plain: ClassVar[type] = str
    noun: ClassVar[str] = "a name"

    def check(self, name: str, value: Any) -> str:
        """Return the one of the values that a text names."""
        named = self.words.get(value, value) if isinstance(value, str) else None
        if named not in self.values:
            several = "empty" if self.values == ("",) else " or ".join(self.values)
            raise ValueError(f"{name} must be {several}; got {value!r}")
        return self.values[self.values.index(named)]

    def argument(self) -> dict[str, Any]:
        """Return the choices."""
        return {"choices": self.values}

    def said(self) -> str:
        """Return the names."""
        return " or ".join(self.values) if len(self.values) > 1 else "the data set says which"


@dataclass(frozen=True)
class Count(Kind):
    """A whole number, at least one."""

    plain: ClassVar[type] = int
    noun: ClassVar[str] = "a whole number"

    def check(self, name: str, value: Any) -> int:
        """Return a count as a Python integer."""
        if not is_whole(value) or value < 1:
            raise ValueError(f"{name} must be {self.said()}; got {value!r}")
        return int(value)

    def said(self) -> str:
        """Return the range."""
        return "a whole number, at least 1"


@dataclass(frozen=True)
class Number(Kind):
    """A positive number, or with `share` one from 0 to 1; never a negative zero."""

    share: bool = False
    plain: ClassVar[type] = float
    noun: ClassVar[str] = "a number"

    def check(self, name: str, value: Any) -> float:
        """Return a number as a Python float."""
        try:
            number = float(value) + 0.0 if isinstance(value, Real) and not isinstance(value, bool) else math.nan
        except OverflowError:  # of a whole number or a fraction
            number = math.nan
        if not (0 <= number <= 1 if self.share else 0 < number < math.inf):
            raise ValueError(f"{name} must {'lie' if self.share else 'be'} {self.said()}; got {value!r}")
        return number

    def read(self, value: Any) -> float:
        """Return a number; YAML takes 1e-3 for a text, as it has no point."""
        if type(value) not in (int, float, str):
            raise TypeError
        return float(value)

    def said(self) -> str:
        """Return the range."""
        return "between 0 and 1" if self.share else "a positive number"


@dataclass(frozen=True)
class Flag(Kind):
    """True or False."""

    plain: ClassVar[type] = bool
    noun: ClassVar[str] = "true or false"

    def check(self, name: str, value: Any) -> bool:
        """Return one of Python's own."""
        if not isinstance(value, bool | np.bool_):
            raise ValueError(f"{name} must be {self.said()}; got {value!r}")
        return bool(value)

    def argument(self) -> dict[str, Any]:
        """Return that there is an option for either."""
        return {"action": argparse.BooleanOptionalAction}

    def said(self) -> str:
        """Return both."""
        return "True or False"


@dataclass(frozen=True)
class Shape(Kind):
    """Ways and shots of a task: classes, and images of each to adapt to."""

    plain: ClassVar[type] = int
    noun: ClassVar[str] = "two whole numbers, ways and shots"

    def check(self, name: str, value: Any) -> tuple[int, int]:
        """Return a pair of Python integers."""
        if not (isinstance(value, tuple) and len(value) == 2 and all(map(is_whole, value)) and min(value) >= 1):
            raise ValueError(f"{name} must be {self.said()}; got {value!r}")
        if value[0] < 2:
            least = "at least 2 ways, as one class leaves nothing to tell apart"
            raise ValueError(f"{name} must have {least}; got {value!r}")
        return int(value[0]), int(value[1])

    def read(self, value: Any) -> tuple[int, int]:
        """Return a list of two as a pair."""
        ways, shots = map(super().read, value)
        return ways, shots

    def argument(self) -> dict[str, Any]:
        """Return that there are two numbers."""
        return super().argument() | {"nargs": 2, "metavar": ("WAYS", "SHOTS")}

    def said(self) -> str:
        """Return what the two numbers are."""
        return "ways and shots, each at least 1"


@dataclass(frozen=True)
class Option:
    """What is known of an option.

    Attributes:
        kind: of its values.
        help: a phrase that says what it is.
        own: its place among those in which runs side by side may differ, from 1; 0 where they must agree.
        offered: whether command line and grids have it.
        later: whether there are runs from before there was this option. They have its default, and keep their names.
    """

    kind: Kind
    help: str
    own: int = 0
    offered: bool = True
    later: bool = False


def option(kind: Kind, text: str, *, default: Any = MISSING, compare: bool = True, **rest: Any) -> Any:
    """Return a field of a dataclass that is an option; without a default, data set, tier and learner have one."""
    text += "" if default is MISSING or isinstance(kind, Flag) else f"; default {default}"
    return field(default=default, compare=compare, metadata={"option": Option(kind, text, **rest)})


def options(owner: type) -> dict[str, Option]:
    """Return the options of a class by name, in order."""
    return {one.name: one.metadata["option"] for one in fields(owner)}


def listed(owner: type) -> str:
    """Return the options of a class as the attributes of its docstring."""
    rows = [f"        {name}: {one.help} ({one.kind.said()})." for name, one in options(owner).items()]
    return "\n".join(["    Attributes:", *rows, ""])


def checked(owner: type, values: Mapping[str, Any], choices: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return values with the type that each has, or refuse one that its option cannot have.

    So the same values are the same however they were given: ``1`` for a rate is ``1.0``, a number of NumPy is one of
    Python, and there is no negative zero.

    Args:
        owner: of the options.
        values: one for each.
        choices: for some options the names of which theirs is one, where that depends on the others.

    Raises:
        ValueError: naming the option, what was expected, and what came.
    """
    kinds = {name: Choice(choices[name]) if name in choices else one.kind for name, one in options(owner).items()}
    return {name: kind.check(name, values[name]) for name, kind in kinds.items()}


def is_whole(value: object) -> bool:
    """Return whether a value is a whole number, of Python or of NumPy; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)
