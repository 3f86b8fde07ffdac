"""Faults of the machine: each ends in one line that says what to do, and what was done before it is not lost.

Elsewhere: a killed training in test_fewshot_kill, downloads, archives and the cache in test_fewshot_data, a cluster in
test_sweeps, a chapter that fails in test_notebooks.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

sys.path.append(str(Path(__file__).resolve().parent))
from test_devices import TRAIN, metrics
from test_fewshot_batches import world

from paperlib import commands
from paperlib.__main__ import main
from paperlib.fewshot import checkpoints, experiments, training

Shown = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def in_a_small_world(monkeypatch: Patch) -> Iterator[None]:
    """Train on patterns, and keep a checkpoint after every step."""
    monkeypatch.setattr(experiments, "prepare", world)
    monkeypatch.setattr(commands, "keep_buffers", lambda: False)
    monkeypatch.setitem(training.advance.__kwdefaults__, "save_every", 0.0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Disk:
    """A disk that is full when it is asked for the n-th time to keep something, and counts how often it is."""

    def __init__(self) -> None:
        self.asked, self.full, self.fsync = 0, 0, os.fsync

    def keep(self, descriptor: int) -> None:
        self.asked += 1
        if self.asked == self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.fsync(descriptor)


def test_a_disk_that_is_full_at_any_time_loses_nothing(tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    """Checkpoint or record: the old one stays, or there is none, and asked again training ends as if nothing was."""
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.keep)
    assert main([*TRAIN, "--out", str(tmp_path / "whole")]) == 0
    capsys.readouterr()
    whole, writes = metrics(tmp_path / "whole"), disk.asked
    assert len(whole) == 2 and writes > 2 + 6
    for place in range(1, writes + 1):
        out = tmp_path / str(place)
        disk.asked, disk.full = 0, place
        assert main([*TRAIN, "--out", str(out)]) == 1
        name = r"checkpoint\.pt" if place <= writes - 2 else r"omniglot-large-maml-[\w.-]+-seed\d\.json"
        kept = "is as it was" if 1 < place <= writes - 2 else "was not begun"
        said = rf"{re.escape(str(out))}/{name} could not be written and {kept}"
        cure = "make room there, and give the same command again"
        assert re.fullmatch(rf"error: \[Errno 28\] .*; {said}; {cure}\n", capsys.readouterr().err)
        assert not list(out.glob("*.part"))
        state = checkpoints.load(out)
        assert (state is None) if place == 1 else (state is not None and state.iteration >= min(place - 2, 6))
        disk.full = 0
        assert main([*TRAIN, "--out", str(out)]) == 0
        capsys.readouterr()
        assert metrics(out) == whole


def test_a_broken_record_is_named_and_written_again(tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    """From the checkpoint beside it, without training."""
    assert main([*TRAIN, "--out", str(tmp_path)]) == 0
    path = next(tmp_path.glob("*.json"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    capsys.readouterr()
    assert main(["records", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {path} must be a record of this version; ")
    assert said.endswith(". Delete it; the command that made it writes it again\n")
    path.unlink()
    monkeypatch.setattr(training, "iterate", lambda *_: pytest.fail("trained again"))
    assert main([*TRAIN, "--out", str(tmp_path)]) == 0
    assert path.read_bytes() == whole


def test_a_gpu_without_memory_says_how_to_go_on(tmp_path: Path, capsys: Shown, monkeypatch: Patch) -> None:
    """It is simulated: the fourth step raises what PyTorch does."""
    assert main([*TRAIN, "--out", str(tmp_path / "whole")]) == 0
    out, iterate = tmp_path / "short", training.iterate

    def short(state: Any, experiment: Any) -> None:
        if state.iteration == 3:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        iterate(state, experiment)

    with monkeypatch.context() as patched:
        patched.setattr(training, "iterate", short)
        capsys.readouterr()
        assert main([*TRAIN, "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: CUDA out of memory. Tried to allocate 2.00 GiB; the GPU has no memory for 2 runs")
    assert f"what was trained is kept in {out}" in said and "--device cpu" in said and said.count("\n") == 1
    state = checkpoints.load(out)
    assert state is not None and state.iteration == 3
    assert main([*TRAIN, "--out", str(out)]) == 0
    assert metrics(out) == metrics(tmp_path / "whole")
