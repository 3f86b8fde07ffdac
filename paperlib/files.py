"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a file so that its name always holds the old bytes or the new, whenever the process or machine stops.

    The bytes go beside it, to the name with ``.part`` added, and from there in one step into place.

    Raises:
        OSError: if there is no room for it, or no leave to write it; a note names the file and says what to do.
    """
    beside = part(path)
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            kept = "is as it was" if path.exists() else "was not begun"
            error.add_note(f"{path} could not be written and {kept}; make room there, and give the same command again")
        raise


def message(error: BaseException) -> str:
    """Return what an error says, and what its notes say to do.

    Example:
        >>> error = OSError("disk full")
        >>> error.add_note("make room")
        >>> message(error)
        'disk full; make room'
    """
    return "; ".join([str(error), *getattr(error, "__notes__", [])])


def probe(path: Path) -> None:
    """Make and remove an empty file beside a path, so that what `write` cannot use is known before there is content.

    Raises:
        OSError: as `write` would.
    """
    beside = part(path)
    beside.touch()
    beside.unlink()
    if path.is_dir():
        raise IsADirectoryError(f"{path} must be a name for a file; it is a folder")


def part(path: Path) -> Path:
    """Return where the bytes of a file go before it has all of them."""
    return path.with_name(path.name + ".part")
