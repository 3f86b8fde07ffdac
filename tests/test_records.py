"""Records say what was found and nothing that is not a number; those that are missing are counted."""

from __future__ import annotations

import json
import math
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paperlib import __main__ as command
from paperlib import commands, records
from paperlib.fewshot import accuracies
from paperlib.fewshot.checkpoints import State
from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.runs import Run, cross

ORIGIN = {"hardware": {"processor": "a", "gpu": None}, "versions": {"python": "3"}, "commit": None}


def metrics(accuracy: float = 0.5) -> dict[str, Any]:
    sums = np.array([[2.0, 3.0, 2 * accuracy], [1.0, 2.0, accuracy]])
    return accuracies.metrics(2, ("train", "test"), None, np.stack([sums, sums]), 1, np.stack([sums, sums]))


class Contents(dict[str, Any]):
    def save(self, folder: Path) -> Path:
        return records.save(self, folder)


def record(configuration: Configuration, seed: int = 0, found: dict[str, Any] | None = None) -> Contents:
    """The record of the last of five runs that were trained together."""
    state = State((Run(configuration, seed),) * 5, {}, {}, [], *2 * [np.zeros(0)], seconds=12.34, origins=[ORIGIN])
    state.metrics = lambda place: found or metrics()
    return Contents(records.contents(state, 4))


SMOKE = configure("omniglot", "maml", "smoke")


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    path = record(SMOKE, 3).save(tmp_path / "runs")
    assert path.name == "omniglot-large-maml-1-smoke-seed3.json"
    ((where, values),) = records.read(tmp_path)
    assert where == path and values == record(SMOKE, 3)
    assert Configuration.of(values["configuration"]) == SMOKE and values["metrics"] == metrics()
    assert values["seconds"] == 12.3 and values["hardware"] == ORIGIN["hardware"] and values["earlier_machines"] == []


def test_it_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = record(SMOKE).save(tmp_path)
    old = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fail)
        with pytest.raises(OSError, match="disk full"):
            record(SMOKE, found=metrics(0.75)).save(tmp_path)
    assert path.read_bytes() == old and list(tmp_path.iterdir()) == [path]
    record(SMOKE, found=metrics(0.75)).save(tmp_path)
    assert path.read_bytes() != old and list(tmp_path.iterdir()) == [path]


def test_what_says_the_same_is_left_alone(tmp_path: Path) -> None:
    path = record(SMOKE).save(tmp_path)
    before = path.stat()
    record(SMOKE).save(tmp_path)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_numbers_are_finite(tmp_path: Path) -> None:
    """What is not a number is None in the metrics; were it not, nothing would be written, or read."""
    sums = np.array([[2.0, math.nan, 1.0], [0.0, 0.0, 0.0]])
    found = accuracies.metrics(1, ("train",), None, sums[None], 1, sums[None])
    assert found["evaluation"]["train"] == {
        "easy": {"tasks": 2, "loss": None, "accuracy": 0.5},
        "hard": {"tasks": 0, "loss": None, "accuracy": None},
    }
    path = record(SMOKE, found=found).save(tmp_path)
    assert json.loads(path.read_text(), parse_constant=pytest.fail)["metrics"] == found
    found["evaluation"]["train"]["easy"]["loss"] = math.nan
    with pytest.raises(ValueError, match="JSON compliant"):
        record(SMOKE, 1, found).save(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    path.write_text(path.read_text().replace('"accuracy": 0.5', '"accuracy": NaN'))
    with pytest.raises(ValueError, match=rf"{path.name} must be .*numbers must be finite; got NaN"):
        records.read(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda values: values | {"format": 2}, "format must be 1; got 2"),
        (lambda values: {key: values[key] for key in values if key != "format"}, "KeyError: 'format'"),
        (lambda values: values | {"configuration": values["configuration"] | {"lr": -1}}, "lr must be a positive"),
        (lambda values: values | {"configuration": values["configuration"] | {"colour": 1}}, "colour"),
        (lambda values: [values], "TypeError"),
    ],
)
def test_another_format_is_refused_by_name(change: Any, said: str, tmp_path: Path) -> None:
    record(SMOKE).save(tmp_path)
    (tmp_path / "other.json").write_text(json.dumps(change(record(SMOKE, 1))))
    with pytest.raises(ValueError, match=rf"other\.json must be a record of this version; .*{re.escape(said)}"):
        records.read(tmp_path)


def test_a_file_that_is_no_json_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.json").write_text("{")
    assert command.main(["records", str(tmp_path)]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and re.fullmatch(r"error: \S+broken\.json must be a record of .*\n", shown.err)


def test_no_folder_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["records", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err == f"error: folder must be an existing folder; got '{tmp_path / 'none'}'\n"


def test_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(SMOKE, 1).save(tmp_path)
    diverged = metrics() | {"evaluation": None, "diverged": 7}
    record(SMOKE, 2, diverged).save(tmp_path)
    assert command.main(["records", str(tmp_path)]) == 0
    first, second, last = capsys.readouterr().out.splitlines()
    accuracies = "train easy 0.500, train hard 0.500, test easy 0.500, test hard 0.500"
    assert first == f"omniglot-large-maml-1-smoke seed 1: {accuracies}; 12 s on a"
    assert second == "omniglot-large-maml-1-smoke seed 2: diverged in iteration 8; 12 s on a"
    assert last == f"2 records in {tmp_path}"


# -- one run, one record


def test_a_run_has_one_record_however_its_numbers_are_given(tmp_path: Path) -> None:
    whole, exact = (configure("cifar", "maml", "paper", p_hard=p, lr=p) for p in (1, 1.0))
    assert record(whole).save(tmp_path) == record(exact).save(tmp_path)
    ((path, values),) = records.read(tmp_path)
    assert path.name == "cifar-p1-maml-paper-lr1.0-seed0.json" and records.same(values["configuration"], whole)
    values["configuration"] |= {"p_hard": 1, "lr": 1}  # as former versions wrote it
    path.write_text(json.dumps(values))
    assert records.run(records.read(tmp_path)[0][1]) == Run(exact, 0)


def test_two_runs_have_two_records(tmp_path: Path) -> None:
    for p in (0.1234561, 0.1234562):
        record(configure("cifar", "maml", "paper", p_hard=p)).save(tmp_path)
    assert [values["configuration"]["p_hard"] for _, values in records.read(tmp_path)] == [0.1234561, 0.1234562]


def test_one_of_the_protocol_counts_whatever_type_its_numbers_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(next(iter(records.protocol()))).save(tmp_path)
    text = path.read_text().replace('"hard_odds": 1.0', '"hard_odds": 1')
    path.write_text(text)
    assert '"hard_odds": 1,' in text
    assert missing(tmp_path, capsys)[-1] == "59 of 60 records of the paper's protocol are missing"


@pytest.mark.parametrize("seed", [True, 1.0, "1", -1])
def test_a_seed_that_no_run_has_is_refused(seed: Any, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(json.dumps(record(SMOKE) | {"seed": seed}))
    with pytest.raises(ValueError, match=rf"other\.json must be a record of .* seed must be .*; got {seed!r}"):
        records.read(tmp_path)


# -- where they are


@pytest.mark.parametrize(
    "name", ["._{}", ".{}.swp.json", "__MACOSX/{}", ".ipynb_checkpoints/omniglot-checkpoint.json", ".Trash-0/files/{}"]
)
def test_what_is_left_beside_records_is_passed_over(name: str, tmp_path: Path) -> None:
    folder = tmp_path / ".hidden" / "records"
    folder.mkdir(parents=True)
    path = record(SMOKE).save(folder)
    for content in (b"\x00\x05\x16\x07", path.read_bytes()):
        left = folder / name.format(path.name)
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_bytes(content)
        assert [found for found, _ in records.read(folder)] == [path]


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert command.main(["records", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_book_s_records_are_found_from_any_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And those beside them that the commands of what is missing leave in the present folder."""
    book = Path(__file__).resolve().parent.parent / "book" / "records"
    count = len(list(book.rglob("*.json")))
    monkeypatch.chdir(book.parent.parent)
    assert listed(capsys)[-1] == f"{count} records in {Path('book/records')}"
    monkeypatch.chdir(tmp_path)
    assert listed(capsys)[-1] == f"{count} records in {book}"
    own = record(configure("omniglot", "anil", "smoke", lr=0.3)).save(tmp_path)
    assert listed(capsys)[-1] == f"{count} records in {book}"
    (folder := tmp_path / records.FOLDER / "new").mkdir(parents=True)
    own.rename(folder / own.name)
    shutil.copytree(book / "cifar-maml", folder / "copy")
    lines = listed(capsys)
    assert lines[-1] == f"{count + 1} records in {book} and {records.FOLDER}"
    assert sum(line.startswith("omniglot-large-anil-1-smoke-lr0.3 seed 0: ") for line in lines) == 1
    for run in (Run(one, seed) for one in records.protocol() for seed in records.SEEDS):
        record(*run).save(folder)
    assert listed(capsys, "--missing")[-1].split()[0] == "0"


# -- what is missing


def test_the_protocol_is_that_of_the_four_tables() -> None:
    protocol = records.protocol()
    assert len(protocol) == len({one.name for one in protocol}) == 12
    assert {one.tier for one in protocol} == {"paper"}
    assert {(one.iterations, one.tasks) for one in protocol} == {(20_000, 8), (10_000, 2)}


def missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert command.main(["records", str(folder), "--missing"]) == 0
    return capsys.readouterr().out.splitlines()


def test_what_is_missing_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A record counts if it is of the protocol, on whatever device."""
    one, other = list(records.protocol())[:2]
    assert missing(tmp_path, capsys)[-1] == "60 of 60 records of the paper's protocol are missing"
    for seed in (0, 1, 4):
        record(replace(one, device="cuda" if seed else "cpu"), seed).save(tmp_path)
    for stranger in (replace(other, lr=0.5), replace(other, precision="tf32", device="cuda"), SMOKE):
        record(stranger).save(tmp_path)
    record(other, 7).save(tmp_path)
    lines = missing(tmp_path, capsys)
    assert lines[0] == f"{one.name}: no record of seeds 2, 3"
    assert f"{other.name}: no record of seeds 0, 1, 2, 3, 4" in lines
    assert lines[-1] == "57 of 60 records of the paper's protocol are missing"
    record(one, 2).save(tmp_path)
    assert missing(tmp_path, capsys)[0] == f"{one.name}: no record of seed 3"
    for seed in records.SEEDS:
        record(one, seed).save(tmp_path)
    assert missing(tmp_path, capsys)[-1] == "55 of 60 records of the paper's protocol are missing"
    assert one.name not in "\n".join(missing(tmp_path, capsys))


def test_the_records_of_this_repository_can_be_read_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The names of files tell which are of the protocol; seven that are lie beside the others in the end."""
    own = re.compile(
        r"(omniglot-(large|small)-(maml-1|erm-1|erm-10)|cifar-p0\.(99|5|01)-(maml|erm))-paper-seed[0-4]\.json"
    )
    there = Path(__file__).resolve().parent.parent / records.FOLDER
    folder = shutil.copytree(there, tmp_path / "records")
    before = {path.name for path in there.rglob("*.json") if own.fullmatch(path.name)}
    assert missing(folder, capsys)[-1] == f"{60 - len(before)} of 60 records of the paper's protocol are missing"
    added = {f"omniglot-small-maml-1-paper-seed{seed}.json" for seed in range(5)}
    added |= {f"cifar-p0.01-erm-paper-seed{seed}.json" for seed in (2, 3)}
    maml, erm = configure("omniglot", "maml", "paper", setting="small"), configure("cifar", "erm", "paper", p_hard=0.01)
    saved = [record(one, seed).save(folder) for one, seeds in ((maml, range(5)), (erm, (2, 3))) for seed in seeds]
    assert {path.name for path in saved} == added
    left = 60 - len(before | added)  # 53, as long as the book has records of shorter runs alone
    assert missing(folder, capsys)[-1] == f"{left} of 60 records of the paper's protocol are missing"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list of the runs and folders of what is asked for from now on, instead of training."""
    given: list[Any] = []

    def proceed(runs: Any, folder: Path, **_: Any) -> None:
        given.append((runs, folder))
        raise ValueError("far enough")

    monkeypatch.setattr("paperlib.jobs.proceed", proceed)
    return given


def execute(line: str) -> None:
    python, option, module, *arguments = shlex.split(line)
    assert (python, option, module) == ("python", "-m", "paperlib")
    assert command.main(arguments) == 2


@pytest.mark.parametrize("one", records.protocol(), ids=lambda one: str(one.name))
def test_its_command_asks_for_a_configuration(one: Configuration, asked: list[Any]) -> None:
    """The command that is printed is parsed and understood as the configuration that it is for."""
    execute(commands.training_command([one]))
    assert asked == [(cross([one], records.SEEDS), records.FOLDER / one.name)]


def asked_by(command_line: str) -> tuple[Run, ...]:
    """Return the runs that a command asks for, as the command line understands it."""
    arguments = command._parser().parse_args(shlex.split(command_line)[3:])
    return cross(
        commands.configurations(arguments), range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    )


def test_each_record_of_the_book_has_a_command_that_asks_for_its_run() -> None:
    """All options and seeds are those that the record holds, the device too; and no two commands share a folder."""
    every = [values for _, values in records.read()]
    lines = []
    for one, group in records.grouped(every).items():
        own = commands.training_commands({one: {values["seed"] for values in group}})
        runs = [run for line in own for run in asked_by(line)]
        assert set(runs) == {records.run(values) for values in group} and len(runs) == len(set(runs))
        assert {run.configuration.device for run in runs} == {one.device}
        lines += own
    assert len({line.rpartition(" --out ")[2] for line in lines}) == len(lines) > 50


def test_commands_of_records_and_of_what_is_missing_are_not_asked_for_at_once(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        command._parser().parse_args(["records", "--missing", "--commands"])
    assert "--commands: not allowed with argument --missing" in capsys.readouterr().err


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("schedule", ["cosine", "constant"])
@pytest.mark.parametrize("given", [{"shots": 3}, {"evaluation_shots": 3}, {"shots": 3, "evaluation_shots": 2}])
def test_a_command_says_what_its_other_options_do_not_bring(given: Any, schedule: str, optimizer: str) -> None:
    own = given | {"schedule": schedule, "optimizer": optimizer, "adapt_norm": False, "lr": 1e-6, "device": "cuda"}
    one = configure("omniglot", "weighted-erm", "smoke", precision="tf32", hard_odds=2.0, **own)
    line = commands.training_command([one], [7, 8])
    assert asked_by(line) == cross([one], [7, 8]) and "--no-adapt-norm" in line and "--device cuda" in line
    assert ("--schedule" in line) == (schedule != {"adam": "cosine", "sgd": "constant"}[optimizer])


def test_a_command_for_several_asks_for_all_combinations_or_there_is_none() -> None:
    two = [configure("cifar", "erm", "book", p_hard=p, easy=(2, 7)) for p in (0.5, 0.99)]
    assert asked_by(commands.training_command(two, [0])) == cross(two, [0])
    for others in ([*two, replace(two[0], lr=0.5)], [two[0], replace(two[1], steps=2)], [replace(two[0], queries=9)]):
        with pytest.raises(ValueError, match="several must be what a command can ask for; got cifar"):
            commands.training_command(others)


def test_records_are_listed_with_their_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = SMOKE, replace(SMOKE, lr=0.5)
    for run in (*cross([one], [0, 1, 3]), *cross([other], [2])):
        record(*run).save(tmp_path)
    lines = listed(capsys, str(tmp_path), "--commands")
    assert [line for line in lines if not line.startswith("    ")] == listed(capsys, str(tmp_path))
    asked = [asked_by(line) for line in lines if line.startswith("    ")]
    assert asked == [cross([other], [2]), cross([one], [0, 1]), cross([one], [3])]


def test_the_commands_ask_for_what_is_missing_and_no_more(
    tmp_path: Path, asked: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Some seeds of two configurations of one batch, others of a third, and gaps between seeds."""
    large, small = (configure("omniglot", "maml", "paper", setting=setting) for setting in ("large", "small"))
    rare, even, often = (configure("cifar", "erm", "paper", p_hard=p) for p in (0.01, 0.5, 0.99))
    for one, seeds in ((large, [0, 1]), (small, [0, 1]), (rare, [1, 3]), (even, range(5)), (often, [4])):
        for seed in seeds:
            record(one, seed).save(tmp_path)
    lines = missing(tmp_path, capsys)
    printed = [line.strip() for line in lines if line.startswith("    python")]
    for line in printed:
        execute(line)
    runs = [(run.configuration, run.seed) for given, _ in asked for run in given]
    there = {(Configuration.of(values["configuration"]), values["seed"]) for _, values in records.read(tmp_path)}
    assert len(runs) == len(set(runs)) == int(lines[-1].split()[0]) == 60 - len(there)
    assert set(runs) == {(one, seed) for one in records.protocol() for seed in records.SEEDS} - there
    assert len({folder for _, folder in asked}) == len(asked) == 3 + 1 + 4
    assert any(run == (cross([large, small], [2, 3, 4])) for run, _ in asked), "one command for what lacks the same"
