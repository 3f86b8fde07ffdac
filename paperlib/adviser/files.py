"""Somebody's own tasks in a file: an archive of NumPy or a table with a column that says which task a row is of."""

from __future__ import annotations

import argparse
import csv
import json
import zipfile
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paperlib.arguments import Array, sample_number


class Data(dict[Hashable, tuple[Array, Array]]):
    """Tasks by their names, and of a table what its features are called: `features`, which a report repeats."""

    features: Sequence[str]


def read_tasks(path: str | Path, task: str = "task", target: str = "y") -> Data:
    r"""Return the tasks of a file by their names, in the order in which they first appear.

    A ``.npz`` holds arrays X (N, d), y (N,) or (N, outputs) and task (N,), or X_a, y_a, X_b, y_b and so on for tasks
    of any names a and b. A ``.csv`` has a head; the columns but those of task and target are features, all of them
    finite numbers, and a report repeats their names. Blanks around the name of a task do not count.

    Args:
        path: the file.
        task: name of the column or array that says which task a row is of.
        target: name of the column or array of the targets.

    Returns:
        by name, features (n, d) and targets (n,) or (n, outputs) of the n rows of a task; `features` of it are the
        names of the columns of a ``.csv``.

    Raises:
        ValueError: neither of the two, what is in it is not as above, or one name for task and target; the message
            says where.
        OSError: no such file, or none that can be read.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder, "tasks.csv")
        ...     _ = file.write_text("task,x,y\na,1.0,2.5\nb,3.0,0.5\n")
        ...     read_tasks(file)
        {'a': (array([[1.]]), array([2.5])), 'b': (array([[3.]]), array([0.5]))}
    """
    file = Path(path)
    if task == target:
        raise ValueError(f"task and target must be two columns; got {task} for both")
    if file.suffix == ".npz":
        return _archive(file, task, target)
    if file.suffix == ".csv":
        return _table(file, task, target)
    raise ValueError(f"{file.name} must end in .npz or .csv")


def add_parser(parsers: Any) -> None:
    """Add ``advise`` to the commands of a parser."""
    about = "Say whether MAML pays on your own tasks, and what else does, or that these tasks cannot tell."
    parser = parsers.add_parser("advise", help="from your own tasks to a decision", description=about)
    parser.add_argument("file", help=".npz with X, y and task, or X_a, y_a, X_b, ...; .csv with a column task")
    parser.add_argument(
        "-m", "--samples", type=float, required=True, metavar="M", help="samples of a step; inf for all"
    )
    parser.add_argument("--alpha", type=float, help="your inner learning rate; default: each learner's best")
    parser.add_argument("--task", default="task", metavar="NAME", help="column of the tasks; default task")
    parser.add_argument("--target", default="y", metavar="NAME", help="column of the targets; default y")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON, infinite ones as null")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    from paperlib.adviser.advice import advise  # its statistics take half a second, and other commands do without

    samples = arguments.samples
    sample_number("samples", int(samples) if samples.is_integer() else samples)  # called as the option is, as typed
    tasks = read_tasks(arguments.file, arguments.task, arguments.target)
    report = advise(tasks, samples, arguments.alpha)
    print(json.dumps(_finite(report.to_dict()), indent=1, allow_nan=False) if arguments.json else report)


def _archive(file: Path, task: str, target: str) -> Data:
    try:
        with zipfile.ZipFile(file), np.load(file, allow_pickle=False) as archive:  # NumPy calls other files pickles
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{file.name} must be an archive of NumPy without objects: {error}") from error
    if {"X", target, task} <= set(arrays):
        X, y, names = arrays["X"], arrays[target], arrays[task]
        if X.ndim != 2 or y.shape[:1] != X.shape[:1] or names.shape != X.shape[:1] or (names != names).any():
            shapes = f"{X.shape}, {y.shape} and {names.shape}"
            raise ValueError(f"{file.name} must have X (N, d), {target} (N,) and {task} (N,) without NaN; got {shapes}")
        return _split(X, y, names.tolist())
    parts = [name.removeprefix(kind) for name in arrays for kind in ("X_", f"{target}_") if name.startswith(kind)]
    names = list(dict.fromkeys(parts))
    lacking = [name for part in names for name in (f"X_{part}", f"{target}_{part}") if name not in arrays]
    if not names or lacking:
        need = lacking[0] if lacking else f"X, {target} and {task}, or X_0 and {target}_0"
        raise ValueError(f"{file.name} must have {need}; it has {', '.join(sorted(arrays)[:8]) or 'nothing'}")
    return Data({name: (arrays[f"X_{name}"], arrays[f"{target}_{name}"]) for name in names})


def _table(file: Path, task: str, target: str) -> Data:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            head, *rows = [row for row in csv.reader(lines) if row] or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{file.name} must be a table of text in UTF-8: {error}") from error
    for name, option in ((task, "--task"), (target, "--target")):
        if head.count(name) != 1:
            other = f"{option} names another" if len(head) > 1 else "commas part them"
            columns = ", ".join(head) or "none"
            raise ValueError(f"{file.name} must have one column {name}; its columns are {columns}; {other}")
    if not all(map(str.strip, head)):
        raise ValueError(f"{file.name} must name its columns; in pandas index=False leaves out an index without a name")
    if twice := [name for name in dict.fromkeys(head) if head.count(name) > 1]:
        raise ValueError(f"{file.name} must have columns of different names; got more than once {', '.join(twice)}")
    features = [place for place, name in enumerate(head) if name not in (task, target)]
    if not features or not rows:
        raise ValueError(f"{file.name} must have rows and at least one column beside {task} and {target}")
    values = np.empty((len(rows), len(head)))
    for line, row in enumerate(rows):
        if len(row) != len(head):
            raise ValueError(f"{file.name}, row {line + 1}: must have {len(head)} fields; got {len(row)}")
        if not row[head.index(task)].strip():
            raise ValueError(
                f"{file.name}, row {line + 1}, column {task}: must name a task; got {row[head.index(task)]!r}"
            )
        for place in [*features, head.index(target)]:
            values[line, place] = _number(row[place])
            if not np.isfinite(values[line, place]):
                where = f"{file.name}, row {line + 1}, column {head[place]}"
                raise ValueError(f"{where}: must be a finite number; got {row[place]!r}")
    names, y = [row[head.index(task)] for row in rows], values[:, head.index(target)]
    if all(row[head.index(target)].strip().lstrip("+-").isdigit() for row in rows):
        y = y.astype(np.int64)  # as written: 3 may be a label, 3.0 is a quantity
    tasks = _split(values[:, features], y, names)
    tasks.features = [head[place] for place in features]
    return tasks


def _number(text: str) -> float:
    """Return a number from a table, NaN where there is none."""
    try:
        return float(text)
    except ValueError:
        return np.nan


def _split(X: Array, y: Array, names: Sequence[Hashable]) -> Data:
    rows: dict[Hashable, list[int]] = {}
    for place, name in enumerate(names):
        rows.setdefault(name.strip() if isinstance(name, str) else name, []).append(place)
    return Data({name: (X[places], y[places]) for name, places in rows.items()})


def _finite(value: object) -> object:
    """Return a report with None for what JSON has no number for."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
