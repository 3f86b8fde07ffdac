"""The state of a training on disk: whole or not there, and never a program."""

from __future__ import annotations

import io
import os
import pickle
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

try:
    import fcntl
except ImportError:  # a system without such locks
    fcntl = None  # type: ignore[assignment]

NAME = "checkpoint.pt"
LOCK = NAME + ".lock"


class CheckpointError(RuntimeError):
    """A folder holds a checkpoint that cannot be continued; the message says why and what to do."""


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Keep other processes from training in a folder, which is made if need be.

    The system holds the lock for as long as the process lives, so that one that was killed leaves none. The file says
    who has it, and is empty otherwise. Where the system or the folder's disk knows no such locks, there is none.

    Raises:
        CheckpointError: if another process trains there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="utf-8") as file:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise CheckpointError(
                f"{folder} is in use: {file.read() or 'another process'} trains there. "
                "Wait until it is done, stop it, or give another folder"
            ) from error
        except OSError:  # the disk has no locks
            pass
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        _part(folder / NAME).unlink(missing_ok=True)  # of a process that was killed as it wrote
        try:
            yield
        finally:
            file.truncate(0)


def write(path: Path, content: bytes) -> None:
    """Write a file so that its name always holds the old bytes or the new, whenever the process or machine stops.

    The bytes go beside it, to the name with ``.part`` added, and from there in one step into place.
    """
    part = _part(path)
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def probe(path: Path) -> None:
    """Make and remove an empty file beside a path, so that what `write` cannot use is known before there is content.

    Raises:
        OSError: as `write` would.
    """
    part = _part(path)
    part.touch()
    part.unlink()
    if path.is_dir():
        raise IsADirectoryError(f"{path} must be a name for a file; it is a folder")


def save(folder: Path, state: dict[str, Any]) -> None:
    """Write a state of tensors and plain values as the checkpoint of a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    torch.save(state, content)
    write(folder / NAME, content.getvalue())


def load(folder: Path) -> dict[str, Any] | None:
    """Return the state that a folder holds, on the processor, or None if it has no checkpoint.

    Tensors and plain values are read and nothing else: a checkpoint from elsewhere cannot run code.

    Raises:
        CheckpointError: if the file is broken or holds anything else.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError, KeyError) as error:
        first = str(error).partition("\n")[0]
        raise CheckpointError(f"{path} is not a readable checkpoint ({first}). Give another folder") from error
    return state


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")
