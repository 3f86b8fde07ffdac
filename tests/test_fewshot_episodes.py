"""Tasks are values: reproducible one by one, disjoint where they must be, uniform where they should be."""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest
import torch

from paperlib.fewshot import omniglot
from paperlib.fewshot.benchmarks import Phase, Tasksets
from paperlib.fewshot.cifar100 import Cifar100, cifar_tasks, held_out_superclasses, validation_superclasses
from paperlib.fewshot.configuration import configure
from paperlib.fewshot.drawings import alphabet_sizes
from paperlib.fewshot.episodes import Episodes, TaskDistribution, TaskKind, below, distinct, join, random_words
from paperlib.fewshot.experiments import Experiment, named_batch, named_classes
from paperlib.fewshot.models import Network
from paperlib.fewshot.omniglot import OmniglotTasks, Role, Split, alphabets, omniglot_tasks
from tools.bench_ways import WORKS, ours, sampling


def same(one: Episodes, other: Episodes, chosen: slice | np.ndarray = slice(None)) -> bool:
    names = ("hard", "classes", "support", "query")
    return all(np.array_equal(getattr(one, name)[chosen], getattr(other, name)) for name in names)


def cifar() -> Cifar100:
    label = np.random.default_rng(0).permutation(np.repeat(np.arange(100), 600))
    names = (*held_out_superclasses(), *validation_superclasses(), *(f"s{k}" for k in range(12)))
    return Cifar100(np.zeros((0, 32, 32, 3), np.uint8), label, np.arange(100) // 5, tuple(map(str, range(100))), names)


# -- random words


def test_words_do_not_depend_on_what_was_drawn_before() -> None:
    whole = random_words(3, "training", 7, 0, 20, 12)
    for first in range(20):
        assert np.array_equal(random_words(3, "training", 7, first, 1, 12)[0], whole[first])
    assert len({int(word) for word in whole.ravel()}) == whole.size


def test_words_are_the_same_on_every_machine() -> None:
    """The first words of Philox 4x64-10 are fixed by NumPy's promise for bit generators."""
    expected = np.random.Generator(np.random.Philox(key=[3, 1], counter=[0, 0, 7, 0])).bit_generator.random_raw(4)
    assert np.array_equal(random_words(3, "evaluation", 7, 0, 1, 4)[0], expected)
    assert random_words(0, "training", 0, 0, 1, 4)[0].tolist() == FIRST_WORDS


FIRST_WORDS = [213000021201967259, 4455796210202625458, 2055444239878205049, 10411612076246414556]


@pytest.mark.parametrize("spread", ["large", "small"])
def test_named_images_are_drawn_from_the_classes_of_training(spread: str) -> None:
    """Each drawing is of the character that it is called by; all characters come, each about equally often."""
    tasks = omniglot_tasks(spread, "train")  # type: ignore[arg-type]
    batch = named_batch(tasks, [3, 4], 7, 6000)
    assert batch.support.shape == (2, 6000, 1) and batch.query.shape == (2, 6000, 0) and batch.run.tolist() == [0, 1]
    assert np.array_equal(batch.support[..., 0] // 20, batch.classes)
    hard = alphabets("hard train") if spread == "large" else ("Sanskrit",)
    sizes = alphabet_sizes()
    classes = {n for name in (*alphabets("easy train"), *hard) for n in range(sizes[name][0], sum(sizes[name]))}
    assert set(named_classes(tasks)) == classes and set(batch.classes.ravel()) <= classes
    count = np.bincount(batch.classes.ravel(), minlength=1623)[sorted(classes)]
    expected = 12000 / len(classes)
    assert abs(((count - expected) ** 2 / expected).sum() / len(classes) - 1) < 4 * np.sqrt(2 / len(classes))
    assert np.array_equal(named_batch(tasks, [4], 7, 6000).classes[0], batch.classes[1])
    assert not np.array_equal(named_batch(tasks, [4], 8, 6000).classes[0], batch.classes[1])


def test_a_share_of_batches_has_its_names_shuffled() -> None:
    """The images stay what they are; in a shuffled batch all of a character have one name, which another had."""
    tasks, moved = omniglot_tasks("large", "train"), []
    for iteration in range(200):
        plain, half = (named_batch(tasks, [5], iteration, 40, share) for share in (0.0, 0.5))
        assert np.array_equal(plain.support, half.support)
        moved.append(not np.array_equal(plain.classes, half.classes))
    assert abs(np.mean(moved) - 0.5) < 4 * 0.5 / np.sqrt(200)
    batch, others = (named_batch(tasks, [5], 0, 5000, share) for share in (0.0, 1.0))
    pairs = set(zip(batch.classes[0].tolist(), others.classes[0].tolist(), strict=True))
    assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs})
    assert {new for _, new in pairs} <= set(named_classes(tasks)) and np.mean([old == new for old, new in pairs]) < 0.01
    with pytest.raises(ValueError, match=r"^shuffled must lie between 0 and 1; got -0\.5$"):
        named_batch(tasks, [0], 0, 5, -0.5)


@pytest.mark.parametrize(
    "change", [{"seed": 4}, {"iteration": 8}, {"stream": "evaluation"}, {"stream": "selection"}, {"first": 20}]
)
def test_seeds_streams_and_iterations_share_nothing(change: dict[str, object]) -> None:
    base: dict[str, object] = {"seed": 3, "stream": "training", "iteration": 7, "first": 0, "tasks": 20, "words": 12}
    one, other = (random_words(**arguments) for arguments in (base, base | change))  # type: ignore[arg-type]
    assert not np.intersect1d(one, other).size


def test_choices_without_replacement_are_uniform() -> None:
    words = random_words(0, "training", 0, 0, 24000, 4)[:, :2]
    counts = Counter(map(tuple, distinct(words, 4).tolist()))
    assert set(counts) == set(itertools.permutations(range(4), 2))
    expected = 24000 / 12
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 31.3  # chi-square, 11, one in 1000
    sizes = np.resize([2, 5, 3], 24000)
    picks = distinct(words, sizes)
    assert (picks < sizes[:, None]).all() and (picks[:, 0] != picks[:, 1]).all()


def test_the_ends_of_a_range_are_reached_and_not_passed() -> None:
    ends = np.array([0, 2**64 - 1], np.uint64)
    assert below(ends, 55).tolist() == [0, 54]
    assert distinct(np.full(5, 2**64 - 1, np.uint64), 5).tolist() == [4, 0, 1, 2, 3]


# -- tasks of the experiments


@pytest.mark.parametrize("spread", ["large", "small"])
@pytest.mark.parametrize("phase", ["train", "test"])
@pytest.mark.parametrize("shots", [1, 10])
def test_ten_thousand_omniglot_tasks(spread: str, phase: str, shots: int) -> None:
    tasks = omniglot_tasks(spread, phase, shots=shots)  # type: ignore[arg-type]
    (drawn,) = tasks.batch(range(10), 0, 1000)
    assert drawn.support.shape == (10_000, 5, shots) and drawn.query.shape == (10_000, 5, 10)
    both = np.concatenate([drawn.support, drawn.query], axis=2)
    ordered = np.sort(both.reshape(10_000, -1), axis=1)
    assert (ordered[:, 1:] != ordered[:, :-1]).all()  # no image twice, in support, query or across
    assert np.array_equal(both // 20, np.broadcast_to(drawn.classes[:, :, None], both.shape))
    sizes = alphabet_sizes()
    names = np.empty(1623, object)
    for name, (first, count) in sizes.items():
        names[first : first + count] = name
    of_task = [set(row) for row in names[drawn.classes]]
    assert all(len(found) == (1 if hard else 5) for found, hard in zip(of_task, drawn.hard, strict=True))
    hard_names = set().union(*(found for found, hard in zip(of_task, drawn.hard, strict=True) if hard))
    easy_names = set().union(*(found for found, hard in zip(of_task, drawn.hard, strict=True) if not hard))
    wanted = alphabets(f"hard {phase}")[: 5 if spread == "large" else 1]  # type: ignore[arg-type]
    assert hard_names == set(wanted)
    assert easy_names == set(alphabets(f"easy {phase}"))  # type: ignore[arg-type]
    assert abs(drawn.hard.mean() - 0.5) < 0.02
    reached = set(drawn.classes.ravel().tolist())
    assert len(reached) == sum(sizes[name][1] for name in easy_names | hard_names)  # every character comes up


def test_train_and_test_share_no_character() -> None:
    seen = {
        phase: {
            int(c)
            for spread in ("large", "small")
            for c in omniglot_tasks(spread, phase).batch(range(10), 1, 1000)[0].classes.ravel()  # type: ignore[arg-type]
        }
        for phase in ("train", "test")
    }
    assert not seen["train"] & seen["test"]
    assert len(seen["train"] | seen["test"]) == 1623


def test_the_split_of_the_alphabets() -> None:
    parts = {role: alphabets(role) for role in ("easy train", "easy test", "hard train", "hard test")}
    assert [len(names) for names in parts.values()] == [25, 15, 5, 5]
    assert len(set().union(*parts.values())) == 50
    assert (parts["hard train"][0], parts["hard test"][0]) == ("Sanskrit", "Bengali")
    easy = sorted(parts["easy train"] + parts["easy test"])
    order = np.argsort(np.random.Philox(key=[0, 0], counter=[0, 0, 0, 0]).random_raw(40), kind="stable")
    assert {easy[k] for k in order[:25]} == set(parts["easy train"])
    sizes = alphabet_sizes()
    ends = sorted((first, first + count) for first, count in sizes.values())
    assert [first for first, _ in ends] == [0, *(end for _, end in ends[:-1])] and ends[-1][1] == 1623
    with pytest.raises(
        ValueError, match=r"^role must be easy or hard, train or test, such as 'hard train'; got 'hard'$"
    ):
        alphabets("hard")  # type: ignore[arg-type]


def test_the_split_at_random() -> None:
    """Training and testing keep their alphabets, the paper's two stay hard, and four easy ones of a side are drawn."""
    sides: dict[str, set[str]] = {}
    for split in get_args(Split):
        parts = {role: alphabets(role, split) for role in get_args(Role)}
        assert [len(parts[role]) for role in ("easy train", "easy test", "hard train", "hard test")] == [25, 15, 5, 5]
        assert (parts["hard train"][0], parts["hard test"][0]) == ("Sanskrit", "Bengali")
        for side in ("train", "test"):
            both = {name for role in parts if role.endswith(side) for name in parts[role]}
            assert sides.setdefault(side, both) == both
    names = sorted(set(alphabet_sizes()) - {"Sanskrit", "Bengali"})
    words = np.random.Philox(key=[1, 0], counter=[0, 0, 0, 0]).random_raw(48)
    order = [name for _, name in sorted(zip(words.tolist(), names, strict=True))]
    for side in ("train", "test"):
        drawn = [name for name in order if name in alphabets(f"easy {side}")][:4]  # type: ignore[arg-type]
        assert set(drawn) == set(alphabets(f"hard {side}", "random")[1:])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^split must be lowest or random; got 'all'$"):
        alphabets("hard test", "all")  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", ["large", "small"])
def test_all_tasks_of_a_run_are_of_its_split(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the evaluation ``other test`` has the hard test alphabets of the other setting, of the same split."""
    monkeypatch.setattr(omniglot, "load_omniglot", lambda _: SimpleNamespace(images=np.zeros((0, 28, 28))))
    sizes = alphabet_sizes()
    for split in get_args(Split):
        one = configure("omniglot", "maml", "smoke", setting=setting, split=split)
        _, (tasks,) = OmniglotTasks().prepare([one])
        every = [tasks.training, *(phase.tasks for phase in tasks.evaluation)]
        for phase, own, other in zip(("train", "train", "test", "test"), every, (0, 0, 0, 1), strict=True):
            hard = alphabets(f"hard {phase}", split)[: 5 if (setting == "large") != other else 1]  # type: ignore[arg-type]
            for kind, names in ((own.hard, hard), (own.easy, alphabets(f"easy {phase}", split))):  # type: ignore[arg-type]
                assert [int(group[0]) for group in kind.groups] == [sizes[name][0] for name in names]


@pytest.mark.parametrize("p_hard", [0.99, 0.5, 0.01])
def test_ten_thousand_cifar_tasks(p_hard: float) -> None:
    data = cifar()
    tasks = cifar_tasks(data, "train", p_hard=p_hard)
    easy, hard = tasks.batch(range(5), 3, 2000)
    assert not easy.hard.any() and hard.hard.all()
    assert (easy.support.shape[1:], hard.support.shape[1:]) == ((2, 50), (20, 5))
    assert (easy.query.shape[1:], hard.query.shape[1:]) == ((2, 10), (20, 10))
    assert abs(len(hard.run) / 10_000 - p_hard) < 0.02
    by_class = np.argsort(data.label, kind="stable").reshape(100, 600)
    for drawn in (easy, hard):
        both = np.concatenate([drawn.support, drawn.query], axis=2)
        ordered = np.sort(both.reshape(len(both), -1), axis=1)
        assert (ordered[:, 1:] != ordered[:, :-1]).all()
        assert np.array_equal(data.label[both], np.broadcast_to(drawn.classes[:, :, None], both.shape))
        assert drawn.classes.min() >= 20  # the classes of this data that are for testing come first
    held = cifar_tasks(data, "train", held_out=True).batch([1], 0, 2000)
    for drawn in held:
        assert np.isin(drawn.query, by_class[20:, 450:]).all()
    assert np.isin(easy.query, by_class[20:, :450]).all()
    for drawn in cifar_tasks(data, "test").batch([1], 0, 2000):
        assert drawn.classes.max() < 20


def test_the_split_of_oreshkin_leaves_the_classes_of_validation_out() -> None:
    data = cifar()
    for held_out in (False, True):
        classes = [
            set(cifar_tasks(data, "train", split=split, held_out=held_out).hard.groups[0].tolist())  # type: ignore[arg-type]
            for split in ("80-20", "60-20-20")
        ]
        assert classes == [set(range(20, 100)), set(range(40, 100))]
    one, other = (cifar_tasks(data, "test", split=split) for split in ("80-20", "60-20-20"))  # type: ignore[arg-type]
    assert np.array_equal(one.hard.groups[0], other.hard.groups[0]) and one.hard.groups[0].tolist() == list(range(20))
    with pytest.raises(ValueError, match="split must be 80-20 or 60-20-20; got '64-16-20'"):
        cifar_tasks(data, "train", split="64-16-20")  # type: ignore[arg-type]


# -- tasks as values


def test_a_task_is_given_by_seed_iteration_and_index() -> None:
    tasks = omniglot_tasks("large", "train")
    (stacked,) = tasks.batch([11, 12, 13], 5, 8)
    assert stacked.run.tolist() == [0] * 8 + [1] * 8 + [2] * 8
    (alone,) = tasks.batch([12], 5, 8)
    assert same(stacked, alone, slice(8, 16))
    for index in range(8):
        (single,) = tasks.batch([12], 5, 1, first=index)
        assert same(alone, single, slice(index, index + 1))
    (later,) = tasks.batch([12], 6, 8)
    assert not np.array_equal(alone.classes, later.classes)


def test_buckets_hold_the_same_tasks_however_they_are_stacked() -> None:
    tasks = cifar_tasks(cifar(), "train")
    stacked = tasks.batch([1, 2, 3], 4, 8)
    for run, seed in enumerate([1, 2, 3]):
        for kind, alone in zip(stacked, tasks.batch([seed], 4, 8), strict=True):
            assert same(kind, alone, kind.run == run)


def test_settings_are_joined_with_their_runs_shifted() -> None:
    parts = [omniglot_tasks(spread, "train").batch([1, 2], 0, 4)[0] for spread in ("large", "small")]  # type: ignore[arg-type]
    joined = join(parts, (0, 2))
    assert joined.run.tolist() == [k for k in range(4) for _ in range(4)]
    assert same(joined, parts[1], slice(8, 16))


def test_a_draw_does_not_depend_on_the_number_of_words_offered() -> None:
    kind = omniglot_tasks("large", "train").hard
    words = random_words(0, "training", 0, 0, 6, 200)
    for one, other in zip(kind.draw(words), kind.draw(words[:, : kind.words]), strict=True):
        assert np.array_equal(one, other)


# -- time

SHARE = 0.02  # of a step of training with the paper's network, which drawing its tasks may cost


def least(work: Callable[[], object], times: int) -> float:
    """Return the fewest processor seconds of several times, after one that is not counted: others only add to it."""
    taken = []
    for _ in range(times + 1):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return min(taken[1:])


def test_drawing_tasks_costs_little_of_a_step() -> None:
    """A step of several threads may take less of the clock than of processors, but no less than its part of them."""
    work = WORKS["omniglot"]
    draw = sampling(work)
    step = least(ours(work.inputs(torch.float32, "cpu")), 2) / torch.get_num_threads()
    assert least(draw, 20) < SHARE * step
    assert least(lambda: [draw() for _ in range(50)], 2) > SHARE * step  # and of fifty batches it would be seen


# -- bad input


def test_bad_input_is_named() -> None:
    images, groups = np.arange(40).reshape(4, 10), (np.arange(3), np.array([3]))
    with pytest.raises(ValueError, match=r"^ways must not exceed the 1 classes of the smallest group; got 2$"):
        TaskKind(images, groups, True, 2, 1, 1)
    with pytest.raises(ValueError, match=r"^ways must not exceed the 2 groups; got 3$"):
        TaskKind(images, groups, False, 3, 1, 1)
    with pytest.raises(ValueError, match=r"^shots \+ queries must not exceed the 10 images of a class$"):
        TaskKind(images, groups, False, 2, 1, 10)
    with pytest.raises(ValueError, match=r"^ways, shots, queries must be positive; got 2, 0, 1$"):
        TaskKind(images, groups, False, 2, 0, 1)
    kind = TaskKind(images, groups, False, 2, 1, 1)
    with pytest.raises(ValueError, match=r"^p_hard must lie between 0 and 1; got 1\.5$"):
        TaskDistribution(kind, kind, 1.5)
    tasks = TaskDistribution(kind, kind, 0.5)
    with pytest.raises(ValueError, match=r"^seed must be an integer from 0 to 2\*\*64 - 1; got -1$"):
        tasks.batch([-1], 0, 1)
    with pytest.raises(ValueError, match=r"^iteration must be an integer from 0 to 2\*\*64 - 1; got -2$"):
        tasks.batch([1], -2, 1)
    with pytest.raises(
        ValueError, match=r"^stream must be one of training, evaluation, selection, initialisation, names; got 'test'$"
    ):
        tasks.batch([1], 0, 1, stream="test")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^size must be at least the 3 integers asked for; got 2$"):
        distinct(np.zeros(3, np.uint64), 2)
    with pytest.raises(ValueError, match=r"^spread must be large or small; got 'medium'$"):
        omniglot_tasks("medium", "train")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^phase must be train or test; got 'both'$"):
        omniglot_tasks("large", "both")  # type: ignore[arg-type]


TABLE = np.arange(24).reshape(4, 6)


@pytest.mark.parametrize(
    ("images", "got"),
    [([[0, 1]], "[[0, 1]]"), (np.ones((1, 2)), "array([[1., 1.]])"), (np.arange(2), "array([0, 1])")],
)
def test_what_is_no_table_of_images_is_refused(images: Any, got: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'images must be a NumPy array (C, n) of int64; got {got}')}$"):
        TaskKind(images, (np.arange(1),), True, 1, 1, 1)


@pytest.mark.parametrize("within", [True, False])
@pytest.mark.parametrize(
    ("group", "got"),
    [([3, 4], "[3, 4]"), ([-1, 0], "[-1, 0]"), ([0.0], "[0.0]"), ([], "[]"), (np.int64(0), "np.int64(0)")],
)
def test_classes_of_a_group_that_are_not_there_are_refused(group: Any, got: str, within: bool) -> None:
    said = f"each of groups must be an array (c,) of class numbers from 0 to 3; got {got}"
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        TaskKind(TABLE, (np.arange(4), group), within, 2, 1, 1)
    with pytest.raises(ValueError, match=r"^ways must not exceed the 0 (groups|classes of the smallest group); got 2$"):
        TaskKind(TABLE, (), within, 2, 1, 1)


def own(images: Any, algorithm: str = "maml", table: np.ndarray = TABLE, **network: int) -> Experiment:
    """Return an experiment on images of one's own; the tasks that may be wrong are those of evaluation."""
    good, last = (TaskKind(one, (np.arange(4),), True, 2, 1, 1) for one in (TABLE, table))
    tasks = Tasksets(TaskDistribution(good, good, 0.5), (Phase(TaskDistribution(good, last, 0.5), 1, 0),))
    sizes: dict[str, Any] = {"side": 8, "ways": 2, "blocks": 2} | network
    return Experiment(Network(**sizes), images, {configure("omniglot", algorithm, "smoke"): tasks})


PICTURES = torch.zeros(24, 8, 8, 1, dtype=torch.uint8)
TENSOR = "images must be a tensor (n, 8, 8, {}) of torch.uint8 for this network; got "
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"images": PICTURES.movedim(3, 1)}, TENSOR.format(1) + "(24, 1, 8, 8) of torch.uint8"),
    ({"images": PICTURES[:, :6, :6]}, TENSOR.format(1) + "(24, 6, 6, 1) of torch.uint8"),
    ({"images": PICTURES.repeat(1, 1, 1, 3)}, TENSOR.format(1) + "(24, 8, 8, 3) of torch.uint8"),
    ({"images": PICTURES, "channels": 3}, TENSOR.format(3) + "(24, 8, 8, 1) of torch.uint8"),
    ({"images": PICTURES / 255}, TENSOR.format(1) + "(24, 8, 8, 1) of torch.float32"),
    ({"images": PICTURES.numpy()}, TENSOR.format(1) + "ndarray"),
    ({"images": PICTURES[:23]}, "images of tasks must be numbers from 0 to 22, as many as there are; got 0 to 23"),
    (
        {"images": PICTURES, "table": TABLE - 1},
        "images of tasks must be numbers from 0 to 23, as many as there are; got -1 to 22",
    ),
    ({"images": PICTURES, "ways": 1}, "ways of tasks must not exceed the 1 of the network; got 2"),
    (
        {"images": PICTURES, "algorithm": "named-erm", "names": 3},
        "names must be at least 4, as training has class 3; got 3",
    ),
]


@pytest.mark.parametrize(("given", "said"), WRONG)
def test_images_that_a_network_cannot_take_are_refused_before_any_work(given: dict[str, Any], said: str) -> None:
    """Also when only the last evaluation would come to them."""
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        own(**given)


def test_images_that_a_network_can_take_are_taken() -> None:
    assert own(PICTURES).images is PICTURES
    assert own(PICTURES, "named-erm", names=4).network.names == 4
