"""How this process runs: its tier, a switch that is read here and nowhere else; its book, its memory, its deadline."""

from __future__ import annotations

import ctypes
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Literal, TypeVar, cast

Tier = Literal["smoke", "book", "paper"]
T = TypeVar("T")
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8  # from malloc.h


def tier() -> Tier:
    """Return the tier named by the environment variable ``PAPERLIB_TIER``; ``book`` when it is not set.

    Raises:
        ValueError: if the variable holds anything but smoke, book or paper.
    """
    name = os.environ.get("PAPERLIB_TIER", "book")
    if name not in ("smoke", "book", "paper"):
        raise ValueError(f"PAPERLIB_TIER must be smoke, book or paper; got {name!r}")
    return cast(Tier, name)


def at_tier(*, smoke: T, book: T, paper: T) -> T:
    """Return the value meant for the present tier.

    Example:
        >>> at_tier(smoke=10, book=1000, paper=100_000) in (10, 1000, 100_000)
        True
    """
    return {"smoke": smoke, "book": book, "paper": paper}[tier()]


def book() -> Path:
    """Return the folder of the book's records and of the paper's values: of the checkout, or of what was installed."""
    here = Path(__file__).resolve().parent
    return here.parent / "book" if (here.parent / "book" / "paper_values.yml").exists() else here / "book"


def keep_buffers() -> bool:
    """Ask glibc to keep freed memory for this process; return whether it agreed, False where there is no glibc.

    A training step frees and asks again for the same hundreds of megabytes; by default glibc maps each large buffer
    anew, and the system clears every page again. Call it once, before the first large tensor.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all([bool(mallopt(_MMAP_MAX, 0)), bool(mallopt(_TRIM_THRESHOLD, 2**31 - 1)), bool(mallopt(_ARENA_MAX, 1))])


def forget_peak() -> None:
    """Give what is free back to the system, and count `peak_memory` from now on; elsewhere than on Linux do nothing."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory() -> int:
    """Return the most bytes of memory that this process has held at once, as the system counts; 0 where it does not.

    On Linux that is since `forget_peak`, where a process may write into its part of /proc.
    """
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return 0
    return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Deadline:
    """Says when to stop: when the next step might not end in time, or when a signal asked for it.

    At least one step is always made, so that every slice gets on.

    Args:
        limit: seconds from now, or None.

    Raises:
        ValueError: if `limit` is not positive.
    """

    def __init__(self, limit: float | None) -> None:
        if limit is not None and not limit > 0:
            raise ValueError(f"time_limit must be a positive number of seconds; got {limit}")
        self.limit = math.inf if limit is None else limit
        self.asked = False
        self._start = time.monotonic()
        self._last: float | None = None
        self._longest = 0.0

    def __call__(self) -> bool:
        """Return whether to stop now; asked before each step."""
        now = time.monotonic()
        if self._last is None:
            self._last = now
            return False
        self._longest, self._last = max(self._longest, now - self._last), now
        return self.asked or now - self._start + self._longest > self.limit

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Let Ctrl-C and a request to terminate end the slice after the present step; a second one ends it at once."""

        def ask(number: int, frame: FrameType | None) -> None:
            if self.asked:
                raise KeyboardInterrupt
            self.asked = True

        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
