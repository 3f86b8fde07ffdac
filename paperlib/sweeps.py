"""The command ``sweep``: all runs of a grid, in this process or on a Dask cluster, as many as are still missing."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from paperlib import costs, grids, jobs, records
from paperlib.fewshot import checkpoints, experiments
from paperlib.fewshot.configuration import DEVICES
from paperlib.fewshot.runs import Run
from paperlib.files import message
from paperlib.jobs import Job
from paperlib.records import counted
from paperlib.runtime import Deadline, keep_buffers

EXTRA = "python -m pip install 'maml-landscape[cluster]'"
_AGAIN = "give the same command again to go on"
_RETRIES = 2  # of a job that fails; one whose worker dies goes to another worker anyway


class Outcome(NamedTuple):
    """What became of a job; one that was stopped in time has not failed."""

    job: Job
    text: str
    failed: bool = False


def sweep(arguments: argparse.Namespace) -> None:
    """Say what a sweep costs, and train what is missing until done or out of time.

    Args:
        arguments: of the command, see `add_parser`.

    Raises:
        ValueError: naming the argument, or file, block and key of the grid, what was expected, and what came.
        CheckpointError: if a checkpoint cannot be read, or another process trains in the folder of a job.
        DataError: if images are missing or broken.
        OSError: if the grid cannot be read, a folder cannot be written, or no scheduler answers.
        ChildProcessError: if jobs failed on the cluster; the others were trained.
    """
    limit, folder = arguments.time_limit, jobs.destination(arguments.out)
    deadline = Deadline(limit)
    runs = grids.read(Path(arguments.grid), device=arguments.device)
    left = jobs.missing(runs, jobs.found(folder))
    todo = jobs.jobs(runs, left, folder, arguments.runs_per_job)
    for line in plan(arguments.grid, runs, left, todo, folder):
        print(line, flush=True)
    if arguments.dry_run or not todo:
        return
    reports = on_cluster(todo, arguments.scheduler, limit) if arguments.scheduler else here(todo, deadline)
    failed = 0
    for number, (job, text, wrong) in enumerate(reports, 1):
        failed += wrong
        print(f"{number} of {len(todo)} jobs: {job.folder.name}, {text}", flush=True)
    left = jobs.missing(runs, jobs.found(folder))
    print(f"{len(runs) - len(left)} of {len(runs)} runs are recorded in {folder}" + (f"; {_AGAIN}" if left else ""))
    if failed:
        raise ChildProcessError(f"{failed} of {len(todo)} jobs failed, for the reasons above")


def plan(name: str, runs: Sequence[Run], left: Sequence[Run], todo: Sequence[Job], folder: Path) -> list[str]:
    """Return lines that say how much there is to do, before it starts: all runs, those left, and these in jobs."""
    begun = sum((job.folder / checkpoints.NAME).exists() for job in todo)
    lines = [
        f"{name}: {counted(len(runs), 'run')}, {len(runs) - len(left)} of them recorded in {folder}; "
        f"{len(left)} to do in {counted(len(todo), 'job')}, {begun} of them begun"
    ]
    lines += [
        f"{job.folder.name}: begun with runs that {name} does not ask for, and left as it is; {counted(number, 'run')} "
        "of it start anew"
        for job in jobs.begun(folder)
        if (number := len(set(left).intersection(job.runs))) and not set(job.runs).issubset(runs)
    ]
    if left:
        iterations = sum(run.configuration.iterations for run in left)
        operations = sum(costs.operations(run.configuration) for run in left)
        lines.append(
            f"{counted(iterations, 'iteration')} and their evaluation, about {operations:.1e} floating-point "
            "operations (convolutions and head; jobs that were begun count in full)"
        )
        recorded = jobs.found(folder, *records.folders())
        known = costs.hours(left, recorded)
        lines += [
            f"about {time:,.{0 if time >= 10 else 2}f} hours on {machine}, "
            f"by {counted(count, 'record')} of the same kinds of runs"
            for machine, (time, count) in known.items()
        ]
        rough = {} if known else costs.rough_hours(left, recorded)
        lines += [
            f"roughly {float(f'{time:.2g}'):,g} hours on {machine}, scaled by operations from "
            f"{counted(count, 'record')} of other kinds of runs, {what}"
            for machine, (time, count, what) in rough.items()
        ]
        if not known and not rough:
            neither = " nor ".join(map(str, [folder, *records.folders()]))
            lines.append(f"hours: unknown, as neither {neither} has records that tell")
    return lines


def here(todo: Sequence[Job], deadline: Deadline) -> Iterator[Outcome]:
    """Train jobs one after the other in this process, and yield what became of each; one that is not done ends it.

    Before the first, it is seen that there are images and a device for the others.

    Args:
        todo: jobs.
        deadline: for all of them together; signals end them too.

    Raises:
        CheckpointError, DataError, ValueError: as `jobs.proceed` does.
        OSError: if a folder cannot be written.
    """
    keep_buffers()
    kinds: dict[tuple[str, str], Job] = {}
    for job in todo:
        kinds.setdefault((job.runs[0].configuration.dataset, job.runs[0].configuration.device), job)
    for job in list(kinds.values())[1:]:
        experiments.prepare(job.runs)
    with deadline.signals():
        for job in todo:
            state = jobs.proceed(job.runs, job.folder, stop=deadline, progress=True)
            if not state.finished:
                done = f"{state.iteration:,} of {state.shared.iterations:,} iterations"
                yield Outcome(job, f"stopped after {done}")
                return
            yield Outcome(job, _finished(job, state.seconds))


def on_cluster(todo: Sequence[Job], address: str, limit: float | None = None) -> Iterator[Outcome]:
    """Train jobs on the workers of a Dask cluster, which see the same folders, and yield what became of each.

    A job whose worker dies goes to another worker, which goes on from the last checkpoint. When time is over, or this
    process is interrupted or dies, the workers write a checkpoint after the present step and stop.

    Args:
        todo: jobs.
        address: of the scheduler.
        limit: seconds from here until this ends, whatever the number of jobs.

    Raises:
        OSError: if no scheduler answers.
        ValueError: if dask.distributed is not installed, or the address is none.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ValueError(f"scheduler needs dask.distributed ({error}): {EXTRA}") from error
    try:
        client = Client(address)
    except ValueError as error:
        raise ValueError(f"scheduler must be an address as tcp://host:8786; got {address!r}: {error}") from error
    except OSError as error:
        raise OSError(f"scheduler must be the address of one that runs; got {address!r}: {error}") from error
    with client, suppress(KeyboardInterrupt, TimeoutError):  # whose end takes back what is not done
        places = [Job(job.runs, job.folder.resolve()) for job in todo]
        tasks = [client.submit(work, job, pure=False, retries=_RETRIES) for job in places]
        own = dict(zip(tasks, todo, strict=True))
        for task in as_completed(tasks, timeout=limit):
            yield _outcome(own[task], task)


def work(job: Job) -> float:
    """Train a job on a worker while it is wanted, and return how many seconds its training took in all.

    Args:
        job: with a folder that means the same to worker and driver.

    Raises:
        RuntimeError: if the cluster took it back before it was done; there is a checkpoint then.
        CheckpointError, DataError, ValueError: as `jobs.proceed` does.
        OSError: if the folder cannot be written.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def unwanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state != "executing"

    keep_buffers()
    state = jobs.proceed(job.runs, job.folder, stop=unwanted)
    if not state.finished:
        raise RuntimeError(f"the cluster took {job.folder.name} from its worker")
    return state.seconds


def _outcome(job: Job, task: Any) -> Outcome:
    if task.status != "finished":
        lost = f"task {task.status} by the cluster; if its scheduler has died, start another"
        error = task.exception() if task.status == "error" else ConnectionError(lost)
        return Outcome(job, f"failed: {type(error).__name__}: {message(error)}", failed=True)
    if jobs.missing(job.runs, jobs.found(job.folder)):
        text = f"failed: its worker wrote records, but not to this {job.folder}; share the disk"
        return Outcome(job, text, failed=True)
    return Outcome(job, _finished(job, task.result()))


def _finished(job: Job, seconds: float) -> str:
    return f"{counted(len(job.runs), 'record')}, {seconds:,.0f} s of training"


def add_parser(commands: Any) -> None:
    """Add ``sweep`` to the commands of the parser."""
    about = (
        "Train all runs of a grid that have no record in DIR yet, in jobs that train side by side. "
        "It says first what that costs; asked again, it goes on. A grid is a YAML file: see grids/ for examples."
    )
    parser = commands.add_parser("sweep", help="train all runs of a grid", description=about)
    parser.add_argument("grid", metavar="GRID", help="file with lists of values; every combination is a run")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the jobs, on a disk all workers see")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that trains, as tcp://host:8786")
    words = "--runs-per-job", "--runs-per-pack"  # the second is from when a job was called a pack
    parser.add_argument(*words, type=int, default=10, metavar="N", help="at most; default 10")
    limited = (
        "stop in time, to go on later. The limit is for all jobs together; with --scheduler it counts from when they "
        "are handed to the cluster, and workers then stop after their present steps"
    )
    parser.add_argument("--time-limit", type=float, metavar="SECONDS", help=limited)
    parser.add_argument("--device", choices=DEVICES, help="instead of the grid's; default cpu")
    parser.add_argument("--dry-run", action="store_true", help="say what there is to do and what it costs, no more")
    parser.set_defaults(run=sweep)
