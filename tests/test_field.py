"""The field: what records say of learners side by side, with differences that are paired by seed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import yaml
from matplotlib.text import Text

from paperlib import costs, field, grids, records, tables
from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.initialisations import INITIALISATIONS
from paperlib.fewshot.runs import Run
from paperlib.runtime import book

ROOT = Path(__file__).resolve().parent.parent
ONE = configure("omniglot", "maml", "book", iterations=300, initialisation="torch")
COLUMNS = {"easy test": (1, 0), "hard test": (1, 1)}
HALVES: dict[str, Any] = {"p_hard": 0.5, "evaluation_tasks": 500}
PHOTOGRAPHS: dict[str, Any] = {"initialisation": "torch", "iterations": 300, "evaluation_tasks": 500}


def record(one: Configuration, seed: int, easy: float, hard: float, **rest: Any) -> tuple[Path, dict[str, Any]]:
    """Return path and contents of a record with these accuracies in percent in all evaluations."""
    kinds = {
        kind: {"tasks": 1, "loss": 0.0, "accuracy": value / 100} for kind, value in (("easy", easy), ("hard", hard))
    }
    metrics = {"diverged": None, "evaluation": dict.fromkeys(one.phases, kinds)}
    values = {"configuration": one.values(), "seed": seed, "metrics": metrics, "runs_trained_together": 1}
    return Path("book/records/here") / f"{one.name}-seed{seed}.json", values | rest


def test_entries_are_what_the_records_say() -> None:
    cost = {"core_seconds_training": 90.0, "runs_trained_together": 3, "peak_memory": 2**30}
    found = [
        record(ONE, 2, 80, 60, **cost),
        record(ONE, 0, 90, 70),
        record(configure("omniglot", "erm", "book"), 1, 1, 1),
    ]
    entries = field.entries(found, {"MAML": ONE, "ANIL": configure("omniglot", "anil", "book")})
    maml, anil = entries["MAML"], entries["ANIL"]
    assert maml.seeds == (0, 2) and maml.scores[:, 1].tolist() == [[90, 70], [80, 60]] and maml.folders == {"here"}
    assert maml.seconds == 30 and maml.memory == 0, "of a process that trained three runs"
    assert anil.seeds == () and np.isnan(anil.seconds)
    assert maml.operations == pytest.approx(costs.operations(ONE) - evaluation(ONE))
    lines = [" ".join(line.split()) for line in field.table(entries, COLUMNS).splitlines()]
    assert lines[2] == "| chance | 20 | 20 | 0 | 0 | – | – |"
    assert (
        len(lines) == 4
        and lines[3] == f"| MAML | 85.0 ± 63.5 | 65.0 ± 63.5 | 30 | {maml.operations / 1e12:.1f} | – | 2 |"
    )
    said = field.sources(entries, "g")
    assert "Left out are 1 of 2 learners" in said and "[`here`](#records-here)" in said


def test_a_record_of_photographs_tells_of_one_step_and_of_five() -> None:
    after_5 = configure("cifar", "erm", "book", p_hard=0.5)
    path, values = record(after_5, 0, 80, 20)
    for phase in ("other train", "other test"):  # after one step
        values["metrics"]["evaluation"][phase] = {kind: {"accuracy": 0.1} for kind in ("easy", "hard")}
    wanted = {"five": after_5, "one": replace(after_5, evaluation_steps=1)}
    entries = field.entries([(path, values)], wanted)
    assert {name: one.scores[:, 1].tolist() for name, one in entries.items()} == {"five": [[80, 20]], "one": [[10, 10]]}
    own = record(wanted["one"], 0, 30, 30)
    for found in ([(path, values), own], [own, (path, values)]):
        assert field.entries(found, wanted)["one"].scores[:, 1].tolist() == [[30, 30]], "its own record comes first"


def evaluation(one: Configuration) -> float:
    """Return the operations of evaluation: what does not grow with the iterations."""
    longer = costs.operations(replace(one, iterations=one.iterations + 1)) - costs.operations(one)
    return costs.operations(one) - one.iterations * longer


def entry(*accuracies: float, seeds: tuple[int, ...] = (0, 1, 2)) -> field.Entry:
    every = [record(ONE, seed, value, value) for seed, value in zip(seeds, accuracies, strict=True)]
    return field.entries(every, {"x": ONE})["x"]


@pytest.mark.parametrize(
    ("one", "other", "above", "word", "said"),
    [
        ((11, 12, 13), (10, 10, 10), 0, "undecided", "+2.0 (-0.5 to +4.5)"),  # s = 1, t = 4.303
        ((11, 22, 33), (9, 20, 31), 0, "yes", "+2.0 (+2.0 to +2.0)"),  # seeds that are easy are easy for both
        ((11, 22, 33), (9, 20, 31), 5, "no", "+2.0 (+2.0 to +2.0)"),
        ((11, 22, 33), (13, 24, 35), -1, "no", "-2.0 (-2.0 to -2.0)"),
    ],
)
def test_differences_are_paired_by_seed(one: Any, other: Any, above: float, word: str, said: str) -> None:
    found = field.verdict(entry(*one), entry(*other), [(1, 0)], above)
    assert found == (word, [said])


def test_one_seed_decides_nothing() -> None:
    assert field.verdict(entry(90, 80, 70), entry(50, seeds=(1,)), [(1, 0)]) == ("undecided", ["+30.0"])


@pytest.mark.parametrize("others", [[70.0, 70.3, 75.0], [90.0, 60.0, 91.0], [50.0, 50.0, 50.1]])
def test_names_in_the_figure_do_not_lie_on_each_other(others: list[float]) -> None:
    cost = {"core_seconds_training": 90.0}
    entries = {
        field.DRAWN[k]: field.entries([record(ONE, 0, value, 90 - value, **cost)], {"x": ONE})["x"]
        for k, value in enumerate([70.1, 70.2, *others])
    }
    floors = {name: np.full((2, 2), value) for name, value in (("pixels", 69.0), ("blurred pixels", 69.1))}
    figure = field.against_seconds(entries, floors, COLUMNS)
    figure.canvas.draw()
    for axis in figure.axes:
        boxes = [Text.get_window_extent(text) for text in axis.texts]  # without the line to its mark
        assert len(boxes) == 7
        assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[:k])


def test_every_rule_compares_learners_that_there_are() -> None:
    rules = yaml.safe_load((ROOT / "book" / "paper_values.yml").read_text(encoding="utf-8"))["field"]["sentences"]
    assert set(rules) == set(field.PAIRS)
    for dataset in ("omniglot", "cifar"):
        learners = field.learners(dataset, initialisation="torch", iterations=300)
        assert {name for one, other, _ in field.PAIRS.values() for name in (one, other)} <= set(learners)
        entries = {name: entry(60, 60, 60) for name in learners} | {field.NAMED: entry(70, 70, 70)}
        lines = field.outcomes(entries, COLUMNS).splitlines()
        assert len(lines) == 2 + len(rules) and sum(line.split("|")[-2].strip() == "yes" for line in lines) == 3
        none = field.entries([], learners)
        assert field.outcomes(none, COLUMNS) == "There is no record of these runs yet."


@pytest.mark.parametrize(("dataset", "common"), [("omniglot", {"setting": "large"}), ("cifar", HALVES)])
def test_the_grid_has_what_the_chapter_compares(dataset: str, common: dict[str, Any]) -> None:
    asked = {run.configuration for run in grids.read(ROOT / "grids" / f"field_{dataset}.yml")}
    wanted = field.learners(dataset, initialisation="torch", iterations=300, **common)
    told = asked | {replace(one, evaluation_steps=one.other_steps) for one in asked if one.readout == "steps"}
    assert {name for name, one in wanted.items() if one not in told} == set()


def test_the_grid_has_a_second_choice_of_hard_alphabets() -> None:
    runs = grids.read(ROOT / "grids" / "field_omniglot.yml")
    common = {"initialisation": "torch", "iterations": 300, "split": "random"}
    every = [field.learners("omniglot", setting=setting, **common) for setting in ("large", "small")]
    wanted = {Run(one[name], seed) for one in every for name in (field.MAML, field.NAMED) for seed in records.SEEDS}
    assert {run for run in runs if run.configuration.split != "lowest"} == wanted
    assert all(run.file.endswith(f"-splitrandom-seed{run.seed}.json") for run in wanted)


def test_how_fast_an_initialisation_learns() -> None:
    one = configure("omniglot", "maml", "book", iterations=100, evaluation_tasks=8, initialisation="finn")
    kind = {"tasks": [9, 2, 6], "accuracy": [0.1, 0.5, 0.9]}  # (2 · 0.5 + 6 · 0.9) / 8 = 0.8
    other = {"tasks": [9, 0, 5], "accuracy": [0.1, None, 0.4]}
    history = {"iteration": [50, 51, 100], "easy": kind, "hard": other}
    _, values = record(one, 0, 0, 0)
    values["metrics"]["history"] = history
    assert records.early([values], initialisation="finn") == pytest.approx(60.0)
    assert np.isnan(records.early([values], initialisation="torch"))


# -- what the captions of the field say


def means(dataset: str, **given: Any) -> dict[str, Any]:
    """Return the mean accuracies, (phases, kinds), of the book's records, by learner."""
    stored = records.read(book() / "records")
    found = field.entries(stored, field.learners(dataset, initialisation="torch", iterations=300, **given))
    return {name: one.scores.mean(axis=0) for name, one in found.items() if one.seeds}


@pytest.mark.parametrize("kind", [0, 1])
def test_learners_made_for_class_means_are_above_maml_and_shuffled_names_below_blurred_pixels(kind: int) -> None:
    test = {name: one[1, kind] for name, one in means("omniglot", setting="large").items()}
    assert test[field.MAML] < min(test[field.NAMED], test["prototypical network"])
    assert test[field.SHUFFLED] < test[field.BLURRED]


def test_on_hard_tasks_of_photographs_a_step_is_below_pixels_and_they_below_class_means_of_features() -> None:
    hard = {name: one[1, 1] for name, one in means("cifar", **HALVES).items()}
    assert hard[field.MAML] < hard[field.PIXELS] < hard["MAML's features, class means"]


def test_what_was_chosen_is_what_learned_fastest() -> None:
    """By the rule that stands in book/paper_values.yml, which was there before the runs."""
    stored = [values for _, values in records.read(book() / "records")]
    starts = {name: records.early(stored, initialisation=name) for name in INITIALISATIONS}
    rates = {
        rate: records.early(stored, "anil", initialisation="torch", inner_lr=rate) for rate in (0.1, 0.3, 1.0, 3.0)
    }
    assert np.isfinite([*starts.values(), *rates.values()]).all()
    assert max(starts, key=lambda name: starts[name]) == "torch"
    assert max(rates, key=lambda rate: rates[rate]) == field.LEARNERS["ANIL"]["inner_lr"]


def test_what_is_said_of_the_field_is_what_its_records_say() -> None:
    """Chapter 9 and the front page: ahead in every seed, ten points behind, ahead when ten times as long."""
    every = records.read(book() / "records")
    for dataset, common in (("omniglot", {"setting": "large"}), ("cifar", HALVES)):
        given = field.learners(dataset, initialisation="torch", iterations=300, **common)
        entries = field.entries(every, given)
        maml = entries[field.MAML]
        assert len(maml.seeds) >= 3
        for name in (field.NAMED, "prototypical network"):
            assert entries[name].seeds == maml.seeds
            assert (entries[name].scores[:, 1] > maml.scores[:, 1]).all()
        if dataset == "omniglot":
            behind = maml.scores[:, 1].mean(axis=0) - entries["first-order MAML"].scores[:, 1].mean(axis=0)
            assert behind.round() == pytest.approx(10, abs=1)
            long_maml, long_named = entries[field.LONG_MAML], entries[field.LONG_NAMED]
            assert long_maml.seeds == long_named.seeds == (0, 1, 2)
            ahead = long_maml.scores[:, 1] - long_named.scores[:, 1]
            assert (ahead[:, 1] > 0).all() and ahead.mean(axis=0) == pytest.approx([0.75, 1.9], abs=0.15)
            easy, hard = (
                tables.paired(*(one.scores[:, 1, kind] for one in (long_maml, long_named))) for kind in (0, 1)
            )
            assert easy.low < 0 < easy.high and hard.low > 0, "undecided on easy tasks, ahead on hard ones"
        else:
            seeds = sorted(set(entries[field.LONG_MAML].seeds) & set(entries[field.LONG_NAMED].seeds))
            own = {
                name: np.array([one.scores[one.seeds.index(seed), 1] for seed in seeds])
                for name, one in entries.items()
                if set(seeds) <= set(one.seeds)
            }
            short, long = own[field.NAMED] - own[field.MAML], own[field.LONG_NAMED] - own[field.LONG_MAML]
            assert seeds == [0, 1, 2] and (0 < long).all() and (long < short).all(), "nearer, and behind, in each seed"
            assert long[:, 1].mean() == pytest.approx(3, abs=0.2) and long[:, 0].mean() < 2
            intervals = [tables.paired(long[:, kind], 0 * long[:, kind]) for kind in (0, 1)]
            assert intervals[0].low < 0 < intervals[1].low, "undecided on easy tasks, behind on hard ones"


def test_in_small_both_are_ahead_of_maml_as_chapter_9_says() -> None:
    given = field.learners("omniglot", setting="small", initialisation="torch", iterations=300)
    found = field.entries(records.read(book() / "records"), given)
    named, prototypes, maml = (found[name] for name in (field.NAMED, "prototypical network", field.MAML))
    assert named.seeds == prototypes.seeds == maml.seeds == (0, 1, 2, 3, 4)
    columns = [(1, 0), (1, 1), (2, 1)]
    assert [field.verdict(one, maml, columns)[0] for one in (named, prototypes)] == ["yes", "yes"]
    assert field.verdict(named, prototypes, columns)[0] == "undecided", "on Bengali, as page 33 says"


@pytest.mark.parametrize(
    ("page", "lines", "rows"),
    [
        (
            "09_omniglot",
            "31_omniglot_tables",
            ("same-alphabet-is-harder", "maml-improves-when-packed", "erm-does-not-change", "omniglot-relative-gain"),
        ),
        (
            "10_cifar",
            "32_cifar_tables",
            ("largest-gains-on-hard", "improvement-disappears", "oversampling-hard-tasks"),
        ),
    ],
)
def test_a_chapter_gives_the_verdicts_of_its_page_line_by_line(page: str, lines: str, rows: tuple[str, ...]) -> None:
    """In the order of the sentences, in italics, as the cards of the executed page say them."""
    cards = "".join(
        str(output.data.get("text/markdown", ""))
        for cell in nbformat.read(book() / f"{lines}.ipynb", as_version=4).cells
        for output in cell.get("outputs", [])
        if "data" in output
    )
    verdict = '<span class="verdict">((?:not )?reproduced|confounded|undecided)</span>'
    words = [re.findall(f'{verdict} <a href="claims.html#text-{row}">', cards)[0] for row in rows]
    prose = "".join(
        c.source for c in nbformat.read(book() / f"{page}.ipynb", as_version=4).cells if c.cell_type == "markdown"
    )
    (said,) = re.findall(r"they are (\*.*?)\[line by line\]", prose)
    assert re.findall(r"\*([^*]+)\*", said) == words


def test_what_is_said_of_leads_when_all_are_read_out_alike() -> None:
    """Chapters 9 and 10, page 33 and the front page: by class means for MAML too, and by five steps for both."""
    every = records.read(book() / "records")
    means, step, rivals = "MAML's features, class means", field.MAML, (field.NAMED, "prototypical network")
    for dataset, common in (("omniglot", {"setting": "large"}), ("cifar", HALVES)):
        given = field.learners(dataset, initialisation="torch", iterations=300, **common)
        entries = field.entries(every, given)
        alike = {name: field.less(entries[name], entries[means])[:, 1].mean(axis=0) for name in rivals}
        own = {name: field.less(entries[name], entries[step])[:, 1].mean(axis=0) for name in rivals}
        if dataset == "omniglot":
            assert max(abs(alike[name] - own[name]).max() for name in rivals) < 2, "within two points"
            assert all(field.verdict(entries[name], entries[means], [(1, 0), (1, 1)])[0] == "yes" for name in rivals)
        else:
            assert all(alike[name][0] > own[name][0] and alike[name][1] < own[name][1] / 2 for name in rivals)
            assert alike[field.NAMED][1] < 4 and alike["prototypical network"][1] < 1, "near; not worth a point"
            rare = field.entries(every, field.learners(dataset, p_hard=0.01, **PHOTOGRAPHS))
            told = [field.verdict(rare[name], rare[means], [(1, kind)])[0] for name in rivals for kind in (0, 1)]
            assert told == ["yes", "yes", "yes", "undecided"], "at p = 0.01 by class means"
            steps = {"readout": "steps", "evaluation_steps": 5}
            five = field.entries(every, {name: replace(given[name], **steps) for name in (field.NAMED, step)})
            assert field.verdict(five[step], five[field.NAMED], [(1, 1)])[0] == "yes", "by five steps for both"


TITLES = ("easy train", "hard train", "easy test", "hard test")  # in the order of `tables.paper`


@pytest.mark.parametrize("dataset", ["omniglot", "cifar"])
def test_the_papers_cells_stand_under_their_titles(dataset: str) -> None:
    """In every table with these four columns; a setting stands in the head, or in the row above the paper's."""
    told, found = tables.paper(dataset), 0
    for path in sorted(book().glob(f"*_{dataset}*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
        setting, heads = "", []
        for line in "\n".join(output.data.get("text/markdown", "") for output in outputs).splitlines():
            cells = [part.strip(" *") for part in line.strip("|").split("|")]
            heads = cells if set(TITLES) <= set(cells) else heads
            setting = cells[0].lower() if cells[0].lower() in {str(one) for one, _ in told} else setting
            label = next((cell.removesuffix(", paper").lower() for cell in cells if cell.endswith(", paper")), "")
            if label and len(cells) == len(heads):
                (printed,) = (row for (one, learner), row in told.items() if (str(one), learner) == (setting, label))
                shown = [float(cells[heads.index(title)].split()[0]) for title in TITLES]
                assert shown == [cell.mean for cell in printed], (path.name, line)
                found += 1
    assert found >= 6


@pytest.mark.parametrize(("dataset", "common"), [("omniglot", {"setting": "large"}), ("cifar", {"p_hard": 0.5})])
def test_the_grid_of_equal_cost_has_what_the_pages_compare(dataset: str, common: dict[str, Any]) -> None:
    asked = {one for one, _ in grids.read(ROOT / "grids" / "equal_cost.yml") if one.dataset == dataset}
    every = field.learners(dataset, initialisation="torch", iterations=300, **common)
    given = next(iter(asked)).evaluation_tasks
    wanted = {costs.at_cost(every[name], every[field.MAML]) for name in field.RIVALS}
    told = asked | {replace(one, evaluation_steps=one.other_steps) for one in asked if one.readout == "steps"}
    assert {replace(one, evaluation_tasks=given) for one in wanted} <= told and len(asked) == len(wanted)
    for one in asked:
        assert costs.training(one) == pytest.approx(costs.training(every[field.MAML]), rel=0.01)


def test_who_is_ahead_at_equal_cost_is_said_by_the_interval() -> None:
    every = {"x": entry(12, 12, 13), "y": entry(10, 10, 10), "z": entry(9, 9, 12), field.MAML: entry(10, 10, 10.1)}
    lines = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in field.against(every, field.MAML, COLUMNS).splitlines()
    ]
    assert lines[0] == [f"less {field.MAML}", *COLUMNS] and [line[0] for line in lines[2:]] == ["x", "y", "z"]
    assert [line[1].split()[-1] for line in lines[2:]] == ["*ahead*", "*undecided*", "*undecided*"]
    assert field.against({"x": entry(1, seeds=(5,)), "y": entry(1, seeds=(6,))}, "y", COLUMNS) == ""
    assert "*behind*" in field.against({"y": entry(9, 9, 10), field.MAML: entry(12, 12, 12.5)}, field.MAML, COLUMNS)


def test_what_chapters_9_and_10_say_of_rivals_and_of_lengths() -> None:
    """Their first screens and summaries: words without numbers, each by an interval that leaves the mark out."""
    every = records.read(book() / "records")
    entries = field.entries(every, field.learners("cifar", p_hard=0.5, **PHOTOGRAPHS))

    def gap(one: str, other: str, kind: int) -> tables.Interval:
        both = sorted(set(entries[one].seeds) & set(entries[other].seeds))
        own = ([e.scores[e.seeds.index(seed), 1, kind] for seed in both] for e in (entries[one], entries[other]))
        return tables.paired(*own)

    untrained, features = "untrained, class means", "MAML's features, class means"
    for floor in (field.PIXELS, untrained):
        assert gap(field.MAML, floor, 1).high < 0 < gap(features, floor, 1).low
    assert gap(field.LONG_MAML, field.PIXELS, 1).low > 0
    assert gap(field.LONG_NAMED, field.NAMED, 1).high < 0, "ERM with names loses by the length"
    assert max(gap(field.SHUFFLED, untrained, kind).high for kind in (0, 1)) < 0
    rises = {}
    for name in (field.NAMED, "prototypical network", field.MAML):
        hard = [
            field.entries(every, {name: field.learners("cifar", p_hard=p, **PHOTOGRAPHS)[name]})
            for p in (0.01, 0.5, 0.99)
        ]
        means = [found[name].scores[:, 1, 1].mean() for found in hard]
        rises[name] = max(means) - min(means)
    stepped = configure("cifar", "maml", "book", **HALVES | PHOTOGRAPHS | {"evaluation_steps": 5})
    after_five = field.entries(every, {"x": stepped})["x"]
    assert field.less(entries["MAML, five steps"], after_five)[:, 1, 1].mean() < 0, "the test's steps, not training's"
    assert field.verdict(entries["MAML, five steps"], entries[field.MAML], [(1, 0)])[0] == "undecided"
    lost = [field.less(entries[field.NAMED], entries[name])[:, 1].mean(axis=0) for name in (field.HALF, field.SHUFFLED)]
    assert (5 * lost[0] < lost[1]).all(), "names in half of the batches teach nearly as much"
    assert rises[field.MAML] > 3 * max(rises[field.NAMED], rises["prototypical network"])
    ends = [
        field.entries(every, {"x": field.learners("cifar", p_hard=p, **PHOTOGRAPHS)[field.MAML]})["x"]
        for p in (0.99, 0.01)
    ]
    by_steps = [tables.paired(*(one.scores[:, phase, 1] for one in ends)) for phase in (3, 1)]
    assert by_steps[0].high < by_steps[1].low, "after five steps at the test the share matters less than after one"
    assert field.verdict(entries["MAML, five steps"], entries[field.MAML], [(1, 1)])[0] == "yes", "ahead on hard tasks"

    runs = [records.run(values).configuration for _, values in every]
    assert {one.algorithm for one in runs if one.tier == "paper"} == {"maml"}, "no rival was trained so long"
    assert max(one.iterations for one in runs if one.algorithm == "prototypical") < 3000, "not ten times as long"
    common: dict[str, Any] = {"initialisation": "torch", "iterations": 300, "setting": "large"}
    given = field.learners("omniglot", **common)
    entries = field.entries(every, given)
    fair = field.entries(every, {name: costs.at_cost(given[name], given[field.MAML]) for name in field.RIVALS})
    words = [field.verdict(fair[name], entries[field.MAML], [(1, k)])[0] for name in field.RIVALS for k in (0, 1)]
    assert words == ["yes"] * 4 + ["no"] * 8 and {len(one.seeds) for one in fair.values()} == {5}, "at equal cost"
    assert field.verdict(entries["MAML, five steps"], entries[field.MAML], [(1, 0), (1, 1)])[0] == "yes"
    lost_there = [field.less(entries[field.NAMED], entries[n])[:, 1].mean(axis=0) for n in (field.HALF, field.SHUFFLED)]
    characters = lost_there[0] / lost_there[1]
    since = field.less(entries[field.LONG_NAMED], fair[field.NAMED])[:, 1]
    assert all(field.mean_interval(gaps.tolist()).half_width > abs(gaps.mean()) for gaps in since.T), "no gain told"
    assert fair[field.NAMED].operations == pytest.approx(entries[field.LONG_MAML].operations / 10, rel=0.05), "a tenth"
    drawn = field.entries(every, field.learners("omniglot", **common | {"split": "random"}))
    leads = [field.less(one[field.NAMED], one[field.MAML])[:, 1, 1].tolist() for one in (drawn, entries)]
    assert field.mean_interval(leads[0]).mean > field.mean_interval(leads[0]).half_width, "leads"
    assert tables.difference(*leads).high < 0, "by less"
    for name in field.RIVALS[:2]:
        now, then = (one[name].scores[:, 1] for one in (fair, entries))
        assert min(tables.paired(now[:, k], then[:, k]).low for k in (0, 1)) > 0, "they lead by more"
        assert entries[name].operations < entries[field.MAML].operations, "had spent less"
    given = field.learners("cifar", p_hard=0.5, **PHOTOGRAPHS)
    fair = field.entries(every, {name: costs.at_cost(given[name], given[field.MAML]) for name in field.RIVALS})
    there = field.entries(every, given)
    words = [field.verdict(fair[name], there[field.MAML], [(1, k)])[0] for name in field.RIVALS for k in (0, 1)]
    assert words == ["yes"] * 4 + ["undecided"] * 2 + ["no"] * 3 + ["undecided"] + ["no"] * 2, "at equal cost"
    assert {len(one.seeds) for one in fair.values()} == {5}
    more = field.less(fair["prototypical network"], there["prototypical network"])[:, 1]
    assert all(tables.paired(gaps, 0 * gaps).low > 0 for gaps in more.T), "leads by more"
    assert 1 < there[field.NAMED].operations / there[field.MAML].operations < 1.1, "a little more"
    assert (lost[0] / lost[1] < characters).all(), "on characters half of the batches teach less than that"
    step = gap(field.MAML, features, 0)
    assert 0.5 < step.low < step.high < 2.5, "worth a point or two on easy tasks"
    assert gap(field.MAML, features, 1).low < 0 < gap(field.MAML, features, 1).high, "not told apart on hard ones"
