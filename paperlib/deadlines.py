"""When a slice of a long training ends: in time, or when a signal asks for it."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Deadline:
    """Says when to stop: when the next step might not end in time, or when a signal asked for it.

    At least one step is always made, so that every slice gets on.
    """

    def __init__(self, limit: float | None) -> None:
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
