"""What a configuration refuses by name, what tiers are, and what names tell apart."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paperlib import grids, jobs, records, tables
from paperlib.__main__ import _parser
from paperlib.commands import configurations
from paperlib.fewshot.benchmarks import SHAPES
from paperlib.fewshot.cifar100 import Cifar100, cifar_tasks, held_out_superclasses, validation_superclasses
from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.datasets import BENCHMARKS, benchmark
from paperlib.fewshot.learners import ALGORITHMS
from paperlib.fewshot.omniglot import Split, omniglot_tasks
from paperlib.fewshot.options import Choice, Count, Kind, Number, options
from paperlib.fewshot.runs import Run

SETTINGS = {one.name: one.choices["setting"] for one in BENCHMARKS}
PRINTED = {"easy": (2, 10), "hard": (20, 1), "evaluation_easy": (2, 10), "evaluation_hard": (20, 1)}


@pytest.mark.parametrize(
    ("dataset", "tier", "filters"),
    [
        ("omniglot", "smoke", 32),
        ("omniglot", "book", 64),
        ("omniglot", "paper", 64),
        ("cifar", "smoke", 32),
        ("cifar", "book", 32),
        ("cifar", "paper", 64),
    ],
)
def test_filters_of_the_tiers(dataset: str, tier: str, filters: int) -> None:
    for algorithm in ("maml", "erm"):
        assert configure(dataset, algorithm, tier).filters == filters
        wide = configure(dataset, algorithm, tier, filters=128)
        assert wide.filters == 128 and wide.name.endswith("-filters128")


def test_ways_and_shots_of_section_5_beside_those_of_the_appendix() -> None:
    usual, printed = configure("cifar", "maml", "paper"), configure("cifar", "maml", "paper", **PRINTED)
    assert [getattr(usual, name) for name in SHAPES] == [(2, 50), (20, 5)] * 2
    assert {name: getattr(printed, name) for name in SHAPES} == PRINTED
    assert usual.name == "cifar-p0.5-maml-paper"
    assert printed.name == f"{usual.name}-easy2x10-hard20x1-evaluation-easy2x10-evaluation-hard20x1"
    assert configure("cifar", "maml", "paper", **{name: list(pair) for name, pair in PRINTED.items()}) == printed
    assert Configuration.of(printed.values()) == printed and {printed: 1}[printed] == 1


def test_erm_has_fifteen_images_a_class_in_training() -> None:
    erm = configure("cifar", "erm", "paper")
    assert {shape[1] + erm.queries for shape in (erm.easy, erm.hard)} == {15}
    assert (erm.evaluation_easy, erm.evaluation_hard) == ((2, 50), (20, 5))


def world() -> Cifar100:
    """Return the labels of CIFAR-100, its images being of no matter here."""
    names = [*held_out_superclasses(), *validation_superclasses()]
    names += [f"other{k}" for k in range(20 - len(names))]
    label = np.repeat(np.arange(100), 600)
    images = np.zeros((1, 32, 32, 3), np.uint8)
    return Cifar100(images, label, np.repeat(np.arange(20), 5), tuple(map(str, range(100))), tuple(names))


@pytest.mark.parametrize("split", SETTINGS["cifar"])
def test_the_largest_tasks_are_those_that_there_are_images_for(split: Any) -> None:
    """What a configuration admits can be drawn from the classes of the split, and one more of either cannot."""
    data = world()

    def draws(evaluation: bool, shape: tuple[int, int]) -> bool:
        phases = [("train", True), ("test", False)] if evaluation else [("train", False)]
        try:
            for phase, held_out in phases:
                cifar_tasks(data, phase, split=split, held_out=held_out, hard=shape)  # type: ignore[arg-type]
        except ValueError:
            return False
        return True

    for name in ("hard", "evaluation_hard"):
        evaluation = name.startswith("evaluation")
        classes, images = benchmark("cifar").capacity(
            configure("cifar", "erm", "book", setting=split), evaluation=evaluation
        )
        shots = images - 10
        for shape, there in (((classes, shots), True), ((classes + 1, shots), False), ((classes, shots + 1), False)):
            assert draws(evaluation, shape) == there
            if there:
                configure("cifar", "erm", "book", setting=split, **{name: shape})  # type: ignore[arg-type]
                continue
            said = f"{name} must be ways and shots, at most {classes} classes and, beside 10 queries, {shots} images"
            with pytest.raises(ValueError, match=rf"^{said} of each; got {re.escape(str(shape))}$"):
                configure("cifar", "erm", "book", setting=split, **{name: shape})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("value", [(0, 5), (2, 0), (2,), (2, 5, 5), (2.0, 5), (True, 5)])
def test_what_is_no_shape_is_refused_by_name(name: str, value: Any) -> None:
    said = rf"^{name} must be ways and shots, each at least 1; got {re.escape(str(value))}$"
    with pytest.raises(ValueError, match=said):
        configure("cifar", "maml", "book", **{name: value})
    with pytest.raises(ValueError, match=said):
        replace(configure("omniglot", "maml", "book"), **{name: value})
    with pytest.raises(ValueError, match=rf"^{name} must be ways and shots, each at least 1; got \[2, 5\]$"):
        replace(configure("cifar", "maml", "book"), **{name: [2, 5]})  # type: ignore[arg-type]


def test_a_data_set_has_its_own_settings() -> None:
    for name in SHAPES:
        with pytest.raises(ValueError, match=rf"^{name} is for cifar.*, omniglot has shots; got \(2, 5\)$"):
            configure("omniglot", "maml", "book", **{name: (2, 5)})  # type: ignore[arg-type]
    for name in ("shots", "evaluation_shots"):
        with pytest.raises(ValueError, match=rf"^{name} is for omniglot.*, cifar has easy and hard; got 2$"):
            configure("cifar", "maml", "book", **{name: 2})  # type: ignore[arg-type]


def test_both_words_for_cifar_mean_one_data_set(tmp_path: Path) -> None:
    one, other = (configure(word, "maml", "book", p_hard=0.01) for word in ("cifar", "cifar100"))
    assert one == other and one.values() == other.values() and one.name == other.name
    assert Configuration.of(one.values() | {"dataset": "cifar100"}) == one
    assert tables.paper("cifar") == tables.paper("cifar100")
    grid = tmp_path / "grid.yml"
    grid.write_text("{dataset: [cifar100, omniglot], algorithm: maml, tier: book, seeds: 1}", encoding="utf-8")
    assert [run.configuration.dataset for run in grids.read(grid)] == ["cifar", "omniglot"]
    parse = _parser().parse_args
    asked = [parse(["train", word, "--algorithm", "erm", "--out", "x"]) for word in ("cifar", "cifar100")]
    assert configurations(asked[0]) == configurations(asked[1]) and configurations(asked[1])[0].dataset == "cifar"
    assert [parse(["data", "fetch", word]).dataset for word in ("cifar", "cifar100")] == ["cifar", "cifar100"]


# -- one identity

RATES = st.sampled_from([1.0, 0.1, 1e-3, 1e-5, 0.1234561, 0.1234562]) | st.floats(5e-324, 1e6)
SHARES = st.sampled_from([0.0, -0.0, 1.0, 0.5, 0.3, 0.3 + 1e-9, 0.1234561, 0.1234562]) | st.floats(0, 1)
COUNTS = st.sampled_from([1, 10, 100]) | st.integers(1, 10**30)


def of_kind(kind: Kind) -> st.SearchStrategy[Any]:
    if isinstance(kind, Number):
        return SHARES if kind.share else RATES
    if isinstance(kind, Choice):
        return st.sampled_from(kind.values)
    return COUNTS if isinstance(kind, Count) else st.booleans()


@st.composite
def choices(draw: st.DrawFn, dataset: str, algorithm: str) -> dict[str, Any]:
    """Return all values of some configuration."""
    device, data_set = draw(st.sampled_from(("cpu", "cuda"))), benchmark(dataset)
    most = [data_set.capacity(configure(dataset, algorithm, "smoke"), evaluation=when) for when in (False, True)]
    ways, shots = (min(size) for size in zip(*most, (20, 110), strict=True))
    shapes = {name: (draw(st.integers(2, ways)), draw(st.integers(1, shots - 10))) for name in SHAPES}
    for easy, hard in (SHAPES[:2], SHAPES[2:]) if data_set.shorthand else ():
        shapes[easy] = shapes[hard] = 5, shapes[easy][1]
    elsewhere, row = (*SHAPES, "dataset", "algorithm", "device", "setting"), ALGORITHMS[algorithm]
    of: dict[str, st.SearchStrategy[Any]] = {
        **{name: of_kind(one.kind) for name, one in options(Configuration).items() if name not in elsewhere},
        **{name: st.sampled_from(values) for name, values in data_set.choices.items()},
        "queries": st.integers(1, 10),
        "hard_odds": RATES if row.weighted else st.just(1.0),
        "shuffled": SHARES if row.named else st.just(0.0),
        "readout": st.sampled_from(("steps", "class-means")),
        "precision": st.just("float32") if device == "cpu" else st.sampled_from(("float32", "tf32")),
    }
    return {"dataset": dataset, "algorithm": algorithm, "device": device, **shapes} | {
        k: draw(v) for k, v in of.items()
    }


def as_given(draw: st.DrawFn, value: Any) -> Any:
    """Return a value as another type of number."""
    if isinstance(value, bool):
        return draw(st.sampled_from((bool, np.bool_)))(value)
    if isinstance(value, tuple):
        return tuple(as_given(draw, one) for one in value)
    kinds: list[Any] = []
    if isinstance(value, int):
        kinds = [int] + [np.int64] * (value < 2**63)
    elif isinstance(value, float):
        kinds = [float, np.float64, Fraction] + [int] * value.is_integer()
    return draw(st.sampled_from(kinds))(value) if kinds else draw(st.sampled_from((str, np.str_)))(value)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], Configuration, Configuration]:
    """Return the values of two configurations that differ in few or none, and them, given in any types."""
    dataset, algorithm = draw(st.sampled_from(tuple(SETTINGS))), draw(st.sampled_from(tuple(ALGORITHMS)))
    one, other = (draw(choices(dataset, algorithm)) for _ in range(2))
    usual = configure(dataset, algorithm, one["tier"], setting=one["setting"])
    names = [field.name for field in fields(Configuration)]
    plain = draw(st.sets(st.sampled_from(names)))
    one |= {name: getattr(usual, name) for name in plain - {"device", "precision"}}
    few = draw(st.sets(st.sampled_from(names), max_size=2))
    few |= {"device", "precision"} if few & {"device", "precision"} else set()
    next_to = {name: math.nextafter(one[name], 0.5) for name in few if isinstance(one[name], float)}
    other = one | {name: other[name] for name in few} | (next_to if draw(st.booleans()) else {})
    other["hard_odds"] = other["hard_odds"] if ALGORITHMS[algorithm].weighted else 1.0
    other["shuffled"] = other["shuffled"] if ALGORITHMS[algorithm].named else 0.0
    for values in (one, other):  # steps are for tasks that are solved by them
        values["evaluation_steps"] = (
            usual.evaluation_steps if values["readout"] != "steps" else values["evaluation_steps"]
        )
    made = (Configuration(**{name: as_given(draw, value) for name, value in values.items()}) for values in (one, other))
    return one, other, *made


@settings(derandomize=True, deadline=None, max_examples=150)
@given(pairs())
def test_equal_values_make_one_configuration_with_one_key_and_one_name(
    found: tuple[dict[str, Any], dict[str, Any], Configuration, Configuration],
) -> None:
    """The device aside, they are the same in all that tells runs apart if their values are, and in nothing else."""
    values, others, one, other = found
    same = values | {"device": ""} == others | {"device": ""}
    assert (one == other) == (one.key == other.key) == (one.name == other.name) == same
    assert len({one, other}) == len({Run(one, 1), Run(other, 1)}) == (1 if same else 2)
    assert (Run(one, 1).file == Run(other, 1).file) == same == records.same(other.values(), one)
    record = {"configuration": json.loads(json.dumps(other.values())), "seed": 1}
    assert jobs.missing([Run(one, 1), Run(one, 0)], [record]) == [Run(one, 1), Run(one, 0)][same:]
    assert Configuration.of(record["configuration"]) == other
    for made, plain in ((one, values), (other, others)):
        assert all(type(getattr(made, name)) is type(value) for name, value in plain.items())
        assert repr(made.values()) == repr(replace(made).values()) and "-0.0" not in repr(made.values())
        assert len(Run(made, 2**64 - 1).file.encode()) <= 255 - len(".part")


def test_the_cases_that_were_seen() -> None:
    one, other = (configure("cifar", "maml", "paper", p_hard=p, lr=p) for p in (1, 1.0))
    assert one == other and one.name == other.name == "cifar-p1-maml-paper-lr1.0" and one.values() == other.values()
    one, other = (configure("cifar", "maml", "paper", p_hard=p) for p in (0.1234561, 0.1234562))
    assert one != other and (one.name, other.name) == ("cifar-p0.1234561-maml-paper", "cifar-p0.1234562-maml-paper")
    assert configure("cifar", "maml", "paper", p_hard=-0.0).name == "cifar-p0-maml-paper"
    assert configure("omniglot", "maml", "book", queries=5, shots=15).name == "omniglot-large-maml-15-book-queries5"


class Named(StrEnum):
    small = "small"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        *(
            (name, value, "a positive number")
            for name in ("lr", "inner_lr")
            for value in ("1e-3", None, True, 1j, math.nan)
        ),
        *(("lr", value, "a positive number") for value in (0, -1, math.inf, 10**400, [0.1], np.array([0.1, 0.2]))),
        ("hard_odds", "3", "a positive number"),
        *(("p_hard", value, "lie between 0 and 1") for value in ("0.5", True, None, math.nan, -1e-9, 1 + 1e-9, (0.5,))),
        *(
            (name, value, "a whole number, at least 1")
            for name in ("iterations", "tasks", "queries", "steps", "evaluation_tasks", "evaluation_steps", "filters")
            for value in (True, np.bool_(True), 2.0, "2", None, 0, -1, math.inf)
        ),
        *(("adapt_norm", value, "True or False") for value in (1, 0, "yes", None, np.array([True, False]))),
        ("tier", "Book", "smoke or book or paper"),
        *(("setting", value, "large or small") for value in ("", "80-20", None, 1, ["large"])),
        ("device", "gpu", "cpu or cuda"),
        ("activation", np.array(["relu", "relu"]), "relu or leaky-relu"),
    ],
)
def test_what_a_value_cannot_be_is_refused_by_name(name: str, value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must (be )?{said}; got {re.escape(repr(value))}$"):
        replace(configure("omniglot", "weighted-erm", "book"), **{name: value})
    if value is not None and name != "tier":
        with pytest.raises(ValueError, match=rf"^{name} must (be )?{said}; got "):
            configure("omniglot", "weighted-erm", "book", **{name: value})


def test_a_text_of_another_kind_is_that_text() -> None:
    own = configure("omniglot", "maml", "book", setting=Named.small)
    assert own == configure("omniglot", "maml", "book", setting="small") and type(own.setting) is str


@pytest.mark.parametrize("seed", [True, 1.0, "1", None, -1, 2**64])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    one = configure("omniglot", "maml", "book")
    with pytest.raises(ValueError, match=rf"^seed must be a whole number from 0 to 2\*\*64 - 1; got {seed!r}$"):
        Run(one, seed)
    assert Run(one, np.int64(3)) == Run(one, 3) and repr(Run(one, np.int64(3)).file) == repr(Run(one, 3).file)


def test_the_names_of_the_book_s_records_stay() -> None:
    found = records.read()
    assert len(found) > 100
    for path, values in found:
        assert (
            records.run(values).file == path.name
            and records.run(values).configuration.values() == values["configuration"]
        )


def test_a_record_from_before_an_option_has_its_default_and_keeps_its_name() -> None:
    one = configure("omniglot", "maml", "book")
    assert (one.initialisation, one.readout, one.shuffled) == ("glorot", "steps", 0.0)
    assert not {"initialisation", "readout", "shuffled"} & set(one.values())
    other = configure("omniglot", "named-erm", "book", initialisation="torch", shuffled=0.5)
    assert other.name == "omniglot-large-named-erm-1-book-initialisationtorch-shuffled0.5"
    assert Configuration.of(json.loads(json.dumps(other.values()))) == other
    assert other.values()["readout"] == "class-means" and other.key[-1] == ("shuffled", 0.5)


@pytest.mark.parametrize(
    ("algorithm", "given", "said"),
    [
        ("maml", {"shuffled": 0.5}, "shuffled is for named-erm; got 0.5 with maml"),
        ("named-erm", {"hard_odds": 2}, "hard_odds is for weighted-erm; got 2 with named-erm"),
        ("named-erm", {"shuffled": 1.5}, "shuffled must lie between 0 and 1; got 1.5"),
        ("erm", {"readout": "means"}, "readout must be steps or class-means or pixels or blurred-pixels; got 'means'"),
        ("erm", {"initialisation": "he"}, "initialisation must be glorot or torch or finn or antoniou; got 'he'"),
        (
            "prototypical",
            {"evaluation_steps": 5},
            "evaluation_steps is for readout steps; got 5 with readout class-means",
        ),
        ("erm", {"readout": "pixels"}, "iterations must be 1 with readout pixels, without a network; got 1000"),
    ],
)
def test_what_would_make_no_difference_is_refused_by_name(algorithm: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        configure("omniglot", algorithm, "book", **given)


def test_a_name_that_no_file_could_have_ends_in_a_digest() -> None:
    """Each option at a legal value of its own; the second differs from the first in the last one alone."""
    given: dict[str, Any] = dict(zip(SHAPES, ((19, 101), (19, 102), (19, 103), (19, 104)), strict=True))
    given |= {"setting": "60-20-20", "p_hard": 1 / 3, "inner_lr": 1 / 7, "lr": 1 / 9, "hard_odds": 1 / 11, "queries": 7}
    given |= dict.fromkeys(("iterations", "tasks", "steps", "evaluation_tasks", "evaluation_steps"), 123456789)
    given |= {"optimizer": "sgd", "schedule": "cosine", "activation": "leaky-relu", "adapt_norm": False}
    one, other = (configure("cifar", "weighted-erm", "book", **given, filters=n) for n in (96, 97))
    assert one.name != other.name and one.name[:-16] == other.name[:-16]
    assert re.fullmatch(r"cifar-p0\.3333333333333333-weighted-erm-book-setting60-20-20-.*-[0-9a-f]{16}", one.name)
    assert len(f"{one.name}-seed{2**64 - 1}.json.part") <= 255


# -- what there is


@pytest.mark.parametrize("split", get_args(Split))
@pytest.mark.parametrize("spread", SETTINGS["omniglot"])
def test_the_largest_tasks_are_those_that_there_are_drawings_for(spread: Any, split: Any) -> None:
    """What a configuration admits can be drawn in all its phases, and one way or shot more cannot in one of them."""

    def draws(evaluation: bool, ways: int, shots: int) -> bool:
        every = [(spread, "train")] + [(other, "test") for other in SETTINGS["omniglot"]] * evaluation
        try:
            for own, phase in every:
                omniglot_tasks(own, phase, ways=ways, shots=shots, split=split)  # type: ignore[arg-type]
        except ValueError:
            return False
        return True

    plain = configure("omniglot", "erm", "book", setting=spread, split=split)
    for evaluation, names, option in ((False, SHAPES[:2], "shots"), (True, SHAPES[2:], "evaluation_shots")):
        ways, images = benchmark("omniglot").capacity(plain, evaluation=evaluation)
        assert images == 20
        assert draws(evaluation, ways, 10) and not draws(evaluation, ways + 1, 10) and not draws(evaluation, ways, 11)
        replace(plain, **dict.fromkeys(names, (ways, 10)))
        with pytest.raises(
            ValueError, match=rf"^{names[0]} must be .*, at most {ways} classes .*; got \({ways + 1}, 10\)$"
        ):
            replace(plain, **dict.fromkeys(names, (ways + 1, 10)))
        with pytest.raises(ValueError, match=rf"^{option} must be at most 10, since a character has 20 .*; got 11$"):
            replace(plain, **dict.fromkeys(names, (ways, 11)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"shots": 11},
            "shots must be at most 10, since a character has 20 drawings and 10 of them are queries; got 11",
        ),
        ({"evaluation_shots": 11}, "evaluation_shots must be at most 10, since a character has 20 .*; got 11"),
        ({"shots": 16, "queries": 5}, "shots must be at most 15, since .* and 5 of them are queries; got 16"),
        *(({name: 0}, f"{name} must be a whole number, at least 1; got 0") for name in ("shots", "evaluation_shots")),
        *(({"shots": value}, f"shots must be a whole .*; got {value!r}") for value in (True, 1.0, "1")),
        ({"queries": 20}, "queries must leave one of a class's 20 images to adapt to; got 20"),
    ],
)
def test_more_drawings_than_there_are_are_refused_by_name(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        configure("omniglot", "maml", "book", **given)


@pytest.mark.parametrize("name", SHAPES)
def test_a_task_of_one_way_is_refused(name: str) -> None:
    said = rf"^{name} must have at least 2 ways, as one class leaves nothing to tell apart; got \(1, 5\)$"
    with pytest.raises(ValueError, match=said):
        configure("cifar", "maml", "book", **{name: (1, 5)})
    with pytest.raises(ValueError, match=said):
        replace(configure("omniglot", "maml", "book"), **{name: (1, 5)})


def test_queries_leave_an_image() -> None:
    with pytest.raises(ValueError, match=r"^queries must leave one of a class's 150 images to adapt to; got 150$"):
        configure("cifar", "maml", "book", easy=(2, 1), hard=(2, 1), queries=150)
