"""How the C library hands out memory: large buffers are kept, not returned to the system after each step."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8  # from malloc.h


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
