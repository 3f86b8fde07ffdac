"""The state of a training on disk: whole or not there, and never a program."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any

import torch

NAME = "checkpoint.pt"


class CheckpointError(RuntimeError):
    """A folder holds a checkpoint that cannot be continued; the message says why and what to do."""


def write(path: Path, content: bytes) -> None:
    """Write a file so that its name always holds the old bytes or the new, whenever the process or machine stops.

    The bytes go beside it, to the name with ``.part`` added, and from there in one step into place.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


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
    path.with_name(path.name + ".part").unlink(missing_ok=True)  # of a process that was killed as it wrote
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError, KeyError) as error:
        first = str(error).partition("\n")[0]
        raise CheckpointError(f"{path} is not a readable checkpoint ({first}). Give another folder") from error
    return state
