"""Tasks in files, and ``python -m paperlib advise``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from paperlib.__main__ import main
from paperlib.adviser.files import read_tasks


def written(folder: Path, text: str) -> Path:
    file = folder / "tasks.csv"
    file.write_text(text, encoding="utf-8")
    return file


def some_rows(count: int = 30) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(count), 20)
    rho, optimum = np.where(task % 2, 1.0, 0.2), np.where(task % 2, -1.0, 1.0)
    X = rng.normal(size=(len(task), 2)) * np.sqrt(rho)[:, None]
    return X, X.sum(axis=1) * optimum + 0.1 * rng.normal(size=len(task)), task


def test_a_table_is_split_by_its_column_of_tasks(tmp_path: Path) -> None:
    file = written(tmp_path, "a,task,b,y\n1,one,2,3\n4,two,5,6\n\n7,one,8,9\n")
    tasks = read_tasks(file)
    assert list(tasks) == ["one", "two"]
    (X, y), (X2, y2) = tasks.values()
    assert X.tolist() == [[1, 2], [7, 8]] and y.tolist() == [3, 9]
    assert X2.tolist() == [[4, 5]] and y2.tolist() == [6]


def test_blanks_around_the_name_of_a_task_do_not_count(tmp_path: Path) -> None:
    tasks = read_tasks(written(tmp_path, "a,task,y\n1,t0,2\n3, t0,4\n5,t 1 ,6\n"))
    assert list(tasks) == ["t0", "t 1"] and tasks["t0"][1].tolist() == [2, 4]
    np.savez(tmp_path / "t.npz", X=np.ones((2, 1)), y=np.ones(2), task=np.array(["t0", " t0"]))
    assert list(read_tasks(tmp_path / "t.npz")) == ["t0"]


def test_a_table_of_whole_numbers_may_have_a_task_of_one_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its one whole number is no class label."""
    X, y, task = some_rows()
    rows = [f"{a:.3f},{b:.3f},{one},{round(1000 * t)}" for (a, b), one, t in zip(X, task, y, strict=True)]
    file = written(tmp_path, "\n".join(["a,b,task,y", *rows, "1,2,30,3"]))
    assert main(["advise", str(file), "-m", "10"]) == 0
    assert "30 of 31: too small are 30" in capsys.readouterr().out


def test_archives_of_both_kinds_hold_the_same(tmp_path: Path) -> None:
    X, y, task = some_rows(3)
    np.savez(tmp_path / "rows.npz", X=X, y=y, task=task)
    parts = {f"X_{i}": X[task == i] for i in range(3)} | {f"y_{i}": y[task == i] for i in range(3)}
    np.savez(tmp_path / "parts.npz", **parts)
    rows, named = read_tasks(tmp_path / "rows.npz"), read_tasks(tmp_path / "parts.npz")
    assert list(rows) == [0, 1, 2] and list(named) == ["0", "1", "2"]
    for one, two in zip(rows.values(), named.values(), strict=True):
        assert np.array_equal(one[0], two[0]) and np.array_equal(one[1], two[1])


def test_names_of_a_file_are_in_the_report_and_in_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    X, y, task = some_rows()
    names = [("easy " if one % 2 else "hard ") + f"{one:02}" for one in task]
    rows = [f"{a:.6f},{b:.6f},{t:.6f},{name}" for (a, b), t, name in zip(X, y, names, strict=True)]
    table, few, archive = (tmp_path / name for name in ("tasks.csv", "few.csv", "tasks.npz"))
    table.write_text("a,b,y,who\n" + "\n".join(rows), encoding="utf-8")
    few.write_text("a,b,y,who\n" + "\n".join([*rows, "1,2,3,late"]), encoding="utf-8")
    np.savez(archive, **{f"{kind}_{name}": part[task == i] for i, name in enumerate(dict.fromkeys(names))
                         for kind, part in (("X", X), ("y", y))})  # fmt: skip
    for arguments in ([str(table), "--task", "who"], [str(archive)]):
        assert main(["advise", *arguments, "-m", "10", "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["hard_tasks"] == sorted(name for name in set(names) if name.startswith("hard"))
        assert said["tasks"] == list(said["held_out"]) == list(dict.fromkeys(names)) and said["left_out"] == []
    assert main(["advise", str(table), "--task", "who", "-m", "10"]) == 0
    printed = capsys.readouterr().out
    assert "15 of 30: hard 00, hard 02, hard 04," in printed and "number" not in printed
    worst = max(said["held_out"], key=lambda name: said["held_out"][name][1])
    assert f"largest on {worst}, " in " ".join(printed.split())
    assert "features                 2: a, b" in printed
    assert main(["advise", str(table), "--task", "who", "-m", "10", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["features"] == ["a", "b"] and len(said["start"]) == 2
    assert main(["advise", str(few), "--task", "who", "-m", "10"]) == 0
    assert "30 of 31: too small are late" in capsys.readouterr().out


def test_tasks_too_small_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    X, y, task = some_rows()
    tasks = {f"firm {i}": (X[task == i], y[task == i]) for i in range(30)} | {"tiny": (X[:2], y[:2])}
    np.savez(
        tmp_path / "t.npz", **{f"{k}_{n}": a for n, pair in tasks.items() for k, a in zip("Xy", pair, strict=True)}
    )
    assert main(["advise", str(tmp_path / "t.npz"), "-m", "10"]) == 0
    assert "30 of 31: too small are tiny" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,y\n1,2,3\n", "one column task; its columns are a, b, y; --task names another"),
        ("a;task;y\n1;2;3\n", "one column task; its columns are a;task;y; commas part them"),
        (",a,task,y\n0,1,2,3\n", "must name its columns; in pandas index=False leaves out an index"),
        ("a,task\n1,2\n", "one column y"),
        ("task,y\n1,2\n", "at least one column beside"),
        ("a,task,y\n", "must have rows"),
        ("", "one column task; its columns are none"),
        ("a,task,y\n1,2\n", "row 1: must have 3 fields; got 2"),
        ("a,task,y\n1,2,3\nx,2,3\n", "row 2, column a: must be a finite number; got 'x'"),
        ("a,task,y\n1,2,3\n1,2,nan\n", "row 2, column y: must be a finite number; got 'nan'"),
        ("a,task,y\n-inf,2,3\n", "row 1, column a: must be a finite number; got '-inf'"),
        ("a,b,task,y\n,1,2,3\n", "row 1, column a: must be a finite number; got ''"),
        ("a,task,y\n1,2,3\n1, ,3\n", "row 2, column task: must name a task; got ' '"),
        ("a,b,a,task,b,y,c\n1,1,1,1,1,1,1\n", "columns of different names; got more than once a, b"),
    ],
)
def test_a_bad_table_says_where(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_tasks(written(tmp_path, text))


def test_a_bad_archive_says_what_it_lacks(tmp_path: Path) -> None:
    np.savez(tmp_path / "half.npz", X_0=np.eye(2))
    with pytest.raises(ValueError, match=r"half.npz must have y_0; it has X_0"):
        read_tasks(tmp_path / "half.npz")
    np.savez(tmp_path / "other.npz", X_0=np.eye(2), y_0=np.ones(2), y_1=np.ones(2))
    with pytest.raises(ValueError, match=r"other.npz must have X_1; it has X_0, y_0, y_1"):
        read_tasks(tmp_path / "other.npz")
    np.savez(tmp_path / "objects.npz", X=np.array([[1], [1, 2]], dtype=object))
    with pytest.raises(ValueError, match="without objects"):
        read_tasks(tmp_path / "objects.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(ValueError, match="must be an archive of NumPy without objects: File is not a zip file"):
        read_tasks(tmp_path / "text.npz")
    with pytest.raises(ValueError, match=r"must end in .npz or .csv"):
        read_tasks(tmp_path / "tasks.txt")


def test_the_command_prints_a_report_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    X, y, task = some_rows()
    np.savez(tmp_path / "tasks.npz", X=X, y=y, task=task)
    assert main(["advise", str(tmp_path / "tasks.npz"), "-m", "10", "--alpha", "0.9"]) == 0
    printed = capsys.readouterr().out
    assert main(["advise", str(tmp_path / "tasks.npz"), "-m", "10", "--alpha", "0.9", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert printed.startswith(said["verdict"] + ": ") and said["m"] == 10


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", str(tmp_path / "none.csv"), "-m", "10"]) == 1
    assert main(["advise", str(tmp_path / "none.npz"), "-m", "10"]) == 1
    assert main(["advise", str(written(tmp_path, "a,task,y\n1,1,2\n")), "-m", "10"]) == 2
    assert "error: tasks must be at least two, each a pair (X, y); got 1" in capsys.readouterr().err
    for samples in ("0", "2.5", "nan"):
        assert main(["advise", str(tmp_path / "tasks.csv"), "--samples", samples]) == 2
        assert f"error: samples must be a positive whole number; got {samples}\n" in capsys.readouterr().err
    assert main(["advise", str(tmp_path / "tasks.csv"), "-m", "10", "--task", "y", "--target", "y"]) == 2
    assert "error: task and target must be two columns; got y for both" in capsys.readouterr().err


def test_the_order_of_the_columns_of_a_table_is_its_own(tmp_path: Path) -> None:
    tasks = read_tasks(written(tmp_path, "y,b,task,a,b2\n3.5,2,one,1,2\n4.5,3,one,2,3\n1.5,3,two,2,3\n"))
    X, y = tasks["one"]
    assert X.tolist() == [[2, 1, 2], [3, 2, 3]] and y.tolist() == [3.5, 4.5]


def test_labels_in_a_table_are_labels_and_whole_quantities_are_written_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    X, _, task = some_rows()
    for point, status in (("", 2), (".0", 0)):
        rows = "".join(
            f"{a:.3f},{b:.3f},{t},{int(a > 0) + int(b > 0)}{point}\n" for (a, b), t in zip(X, task, strict=True)
        )
        assert main(["advise", str(written(tmp_path, f"a,b,task,y\n{rows}")), "--samples", "5"]) == status
        said = capsys.readouterr()
        assert ("y of task 0 looks like class labels (3 different whole numbers)" in said.err) == bool(status)
        assert ("red: 3 different whole numbers; class labels need" in said.out) == (not status)


def test_a_table_that_is_no_text_and_an_archive_with_odd_arrays_are_named(tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_bytes(b"a,task,y\n\xff\xfe,1,2\n")
    with pytest.raises(ValueError, match=r"tasks.csv must be a table of text in UTF-8"):
        read_tasks(tmp_path / "tasks.csv")
    for arrays in (
        {"X": np.ones((4, 2)), "y": np.float64(1.0), "task": np.arange(4)},
        {"X": np.ones((4, 2)), "y": np.ones(4), "task": np.array([0.0, 0.0, np.nan, 1.0])},
        {"X": np.ones((4, 2)), "y": np.ones(3), "task": np.arange(4)},
    ):
        np.savez(tmp_path / "odd.npz", **arrays)
        with pytest.raises(ValueError, match=r"odd.npz must have X \(N, d\), y \(N,\) and task \(N,\) without NaN"):
            read_tasks(tmp_path / "odd.npz")
