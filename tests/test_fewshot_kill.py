"""A training that is killed again and again ends as one that was left alone.

The trainings run in children of a small program, which is this file run as a script: a fresh process without threads
that forks a child for each life of a training, and kills it. A life ends in a step that was chosen beforehand, and
within this step at a random moment. So there is progress between two kills however slow the machine, and no training
is done before its last kill, however fast. Only where in the step a kill falls depends on the clock.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from paperlib.fewshot import checkpoints, training
from paperlib.fewshot.checkpoints import State
from paperlib.fewshot.runs import cross

sys.path.append(str(Path(__file__).resolve().parent))
from test_fewshot_training import After, configuration, equal, experiment

SETTINGS = configuration(iterations=20, evaluation_tasks=12)
RUNS = cross([SETTINGS], [0, 1])
TOGETHER = 3  # tasks in a step, of training and of evaluation
STEPS = 20 + SETTINGS.evaluation_tasks * len(SETTINGS.phases) // TOGETHER
KILLS = 20
DAMAGED_KILLS = (12, 27)  # steps, one of training and one of evaluation
LOSSES = ("memory", "iteration", "history", "scores", "evaluated")
MOMENTS = ("half written", "before fsync", "before its name", "after its name")  # of the writing of a checkpoint
BEFORE = 3  # steps before the writing of a checkpoint is cut off

Stop = Callable[[], bool]


# -- the script: jobs, their children and their deaths


def forked(work: Callable[[], object]) -> int:
    """Return the process number of a child that does some work and ends."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    return child


def finished(work: Callable[[], object]) -> None:
    """Do some work in a child of its own and see it end well."""
    if os.waitpid(forked(work), 0)[1]:
        raise RuntimeError("a child that should have done its work failed")


def killed(child: int) -> None:
    """Wait for the end of a child, which must be a death by SIGKILL."""
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        raise RuntimeError("a child that should have been killed ended by itself")


def steps(state: State | None) -> int:
    """Return how many steps a training has made."""
    return 0 if state is None else state.iteration + state.evaluated // TOGETHER


def train(folder: Path, stop: Callable[[State], Stop] = lambda state: lambda: False) -> None:
    """Go on with the training in a folder, with a checkpoint after each step."""
    world = experiment(SETTINGS)
    state = checkpoints.resume(RUNS, folder) or State.start(RUNS, world.network)
    training.advance(state, world, folder, save_every=0, stop=stop(state))


def reporting(pipe: int, last: int = STEPS) -> Callable[[State], Stop]:
    """Have each step, and the writing of its checkpoint, announced in a pipe; after the last step, wait for death."""

    def watched(state: State) -> Stop:
        step, write = 0, checkpoints.write

        def announce(event: str) -> None:
            os.write(pipe, f"{event} {step} {time.monotonic()}\n".encode())

        def stop() -> bool:
            nonlocal step
            step = steps(state)
            while step > last:
                signal.pause()
            announce("step")
            return False

        def announced(path: Path, content: bytes) -> None:
            announce("write")
            write(path, content)

        checkpoints.write = announced
        return stop

    return watched


def forget(loss: str) -> None:
    """Have checkpoints read as if they had been written without something."""
    contents = checkpoints.contents

    def lossy(folder: Path, **how: bool) -> dict[str, Any] | None:
        values = contents(folder, **how)
        if values is None:
            return None
        if loss == "memory":
            values["memory"] = {name: torch.zeros_like(value) for name, value in values["memory"].items()}
        elif loss == "iteration":
            values["iteration"] -= 0 < values["iteration"] < SETTINGS.iterations
        elif loss == "evaluated":
            values["evaluated"] -= TOGETHER * (values["evaluated"] > 0)
        elif loss:
            values[loss] = torch.zeros_like(values[loss])
        return values

    checkpoints.contents = lossy


def kill(folder: Path, event: str, step: int, delay: float, loss: str = "") -> None:
    """Let a child train, and kill it so many seconds after the event in a step."""
    reader, writer = os.pipe()

    def work() -> None:
        forget(loss)
        train(folder, reporting(writer, step))
        while True:  # it may be done before a parent that had to wait for its turn comes to kill it
            signal.pause()

    child = forked(work)
    os.close(writer)
    with os.fdopen(reader) as lines:
        for line in lines:
            what, where, _ = line.split()
            if what == event and int(where) >= step:
                break
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    killed(child)


def undisturbed(folder: Path) -> dict[str, float]:
    """Train in peace, and return how many seconds a step and a write take, about."""
    reader, writer = os.pipe()  # holds more than all events together
    finished(lambda: train(folder, reporting(writer)))
    os.close(writer)
    with os.fdopen(reader) as lines:
        events = [line.split() for line in lines]
    spans: dict[str, list[float]] = {"step": [], "write": []}
    for (event, _, start), (_, _, end) in pairwise(events):
        spans[event].append(float(end) - float(start))
    return {event: statistics.median(span) for event, span in spans.items()}


def cut_off(folder: Path, moment: str) -> dict[str, Any]:
    """Kill a training at a moment of the writing of a checkpoint, and return what it leaves."""

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        write, replace = checkpoints.write, Path.replace
        if moment == "half written":
            checkpoints.write = lambda path, content: write(path, content[: len(content) // 2])
        if moment == "before its name":
            Path.replace = die
        elif moment == "after its name":
            Path.replace = lambda self, target: die(replace(self, target))
        else:
            os.fsync = die
        train(folder)

    finished(lambda: train(folder, lambda state: After(BEFORE)))
    before = steps(checkpoints.load(folder))
    size = (folder / checkpoints.NAME).stat().st_size
    killed(forked(work))
    part = folder / (checkpoints.NAME + ".part")
    left = {
        "part": part.stat().st_size / size if part.exists() else None,
        "steps": steps(checkpoints.load(folder)) - before,
    }
    return left


def script(folder: Path) -> None:
    torch.set_num_threads(1)
    chance, usual = random.Random(0), undisturbed(folder / "whole")
    reached, parts = [], 0
    for step in sorted(chance.sample(range(STEPS), KILLS)):
        event = chance.choice(("step", "write"))
        kill(folder / "killed", event, step, chance.uniform(0, 1.2 * usual[event]))
        parts += (folder / "killed" / (checkpoints.NAME + ".part")).exists()
        reached.append(steps(checkpoints.load(folder / "killed")))
    finished(lambda: train(folder / "killed"))
    for loss in LOSSES:
        for step in DAMAGED_KILLS:
            kill(folder / f"lost {loss}", "step", step, 0, loss)
        finished(lambda loss=loss: [forget(loss), train(folder / f"lost {loss}")])
    cuts = {moment: cut_off(folder / "cut off", moment) for moment in MOMENTS}
    finished(lambda: train(folder / "cut off"))
    print(json.dumps({"reached": reached, "parts": parts, "usual": usual, "cuts": cuts}))


# -- the tests


class Run(NamedTuple):
    """What the script left: trainings in folders, and what it saw."""

    folder: Path
    seen: dict[str, Any]

    def state(self, name: str) -> State:
        state = checkpoints.load(self.folder / name)
        assert state is not None and state.finished, name
        return state


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    if not hasattr(os, "fork"):
        pytest.skip("children are forked, which this system cannot do")
    folder = tmp_path_factory.mktemp("kill")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # The output goes to a file: a child that outlived its parent would keep a pipe open, and us waiting for its end.
    with (folder / "output").open("w+") as output:
        process = subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
        try:
            process.wait(timeout=600)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        output.seek(0)
        said = output.read()
    assert process.returncode == 0, said
    return Run(folder, json.loads(said.splitlines()[-1]))


def test_killed_twenty_times_and_none_the_worse(run: Run) -> None:
    whole, killed = run.state("whole"), run.state("killed")
    assert equal(whole, killed)
    assert [whole.metrics(k) for k in (0, 1)] == [killed.metrics(k) for k in (0, 1)]
    assert [path.name for path in (run.folder / "killed").iterdir()] == [checkpoints.NAME]
    reached = run.seen["reached"]
    assert len(reached) == KILLS and len(set(reached)) >= KILLS // 2, reached
    assert 0 < sum(steps > SETTINGS.iterations for steps in reached) < KILLS, "kills fell into one stage only"


@pytest.mark.parametrize(
    ("loss", "differs"),
    [
        ("memory", "parameters"),
        ("iteration", "parameters"),
        ("history", "history"),
        ("scores", "scores"),
        ("evaluated", "scores"),
    ],
)
def test_a_checkpoint_that_lacks_something_is_noticed(loss: str, differs: str, run: Run) -> None:
    """The comparison sees what it should: the same kills, but what is read again lacks something."""
    whole, lossy = run.state("whole"), run.state(f"lost {loss}")
    assert not equal(whole, lossy)
    one, other = getattr(whole, differs), getattr(lossy, differs)
    if differs == "parameters":
        assert not torch.equal(one["head.weight"], other["head.weight"])
    else:
        assert (one != other).any()


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_it_writes_a_checkpoint(moment: str, run: Run) -> None:
    part, steps = (run.seen["cuts"][moment][key] for key in ("part", "steps"))
    if moment == "after its name":
        assert part is None and steps == 1, "the new checkpoint is read"
    else:
        assert steps == 0, "the old checkpoint is read"
        low, high = (0.4, 0.6) if moment == "half written" else (0.9, 1.1)
        assert low < part < high, "of the size of a whole one"


def test_killed_while_it_writes_and_none_the_worse(run: Run) -> None:
    assert equal(run.state("whole"), run.state("cut off"))
    assert [path.name for path in (run.folder / "cut off").iterdir()] == [checkpoints.NAME]


if __name__ == "__main__":
    script(Path(sys.argv[1]))
