r"""Few-shot tasks as values: a seed, an iteration and an index give a task, on any machine and in any order.

Random words come from the counter-based generator Philox, whose stream NumPy fixes for all versions: the key is
(seed, stream), the counter holds (block, iteration). A task owns as many blocks as its distribution needs, at a place
given by its index, so nothing depends on what was drawn before, and a resumed run sees the tasks it would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from reprlib import repr as short
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
Stream = Literal["training", "evaluation", "selection", "initialisation", "names"]
_STREAMS: dict[str, int] = {"training": 0, "evaluation": 1, "selection": 2, "initialisation": 3, "names": 4}
_BLOCK = 4  # words that Philox makes at a time


def random_words(seed: int, stream: Stream, iteration: int, first: int, tasks: int, words: int) -> Words:
    """Return (tasks, words) random words for the tasks `first`, `first` + 1, …; `words` must be a multiple of four.

    Raises:
        ValueError: if a number is negative or does not fit 64 bits, or the stream is unknown.
    """
    for name, value in (("seed", seed), ("iteration", iteration), ("first", first), ("tasks", tasks)):
        if not 0 <= value < 2**64:
            raise ValueError(f"{name} must be an integer from 0 to 2**64 - 1; got {value!r}")
    if stream not in _STREAMS:
        raise ValueError(f"stream must be one of {', '.join(_STREAMS)}; got {stream!r}")
    counter = np.array([first * (words // _BLOCK), 0, iteration, 0], np.uint64)
    generator = np.random.Philox(key=np.array([seed, _STREAMS[stream]], np.uint64), counter=counter)
    return generator.random_raw(tasks * words).reshape(tasks, words)


def below(words: Words, size: Integers | int) -> Integers:
    r"""Return integers uniform on ``0 … size − 1``: the floor of ``size`` times the leading 53 bits, as in [0, 1)."""
    scaled: Integers = ((words >> np.uint64(11)) * 2.0**-53 * size).astype(np.int64)
    return scaled


def distinct(words: Words, size: Integers | int) -> Integers:
    """Return distinct integers below `size`, one for each word of the last axis, every ordered choice equally likely.

    The first steps of a Fisher-Yates shuffle, in all rows at once; `size` broadcasts against the leading axes.

    Raises:
        ValueError: if there are fewer integers below `size` than are asked for.

    Example:
        >>> distinct(np.zeros(3, np.uint64), 5)  # each step keeps what it finds
        array([0, 1, 2])
    """
    count = words.shape[-1]
    sizes = np.broadcast_to(np.asarray(size, np.int64), words.shape[:-1]).reshape(-1)
    if sizes.size and sizes.min() < count:
        raise ValueError(f"size must be at least the {count} integers asked for; got {sizes.min()}")
    flat = words.reshape(-1, count)
    rows = np.arange(len(flat))
    deck = np.tile(np.arange(sizes.max(initial=0)), (len(flat), 1))
    picks = np.arange(count) + below(flat, sizes[:, None] - np.arange(count))
    for step in range(count):
        chosen = deck[rows, picks[:, step]]
        deck[rows, picks[:, step]] = deck[:, step]
        deck[:, step] = chosen
    return deck[:, :count].reshape(words.shape)


@dataclass(frozen=True, eq=False)
class TaskKind:
    """One kind of N-way K-shot task, easy or hard (Section 5).

    Args:
        images: (C, n) numbers of the images of each class.
        groups: (c,) classes of each group, c of its own: alphabets, or one group that holds all classes.
        within: True to draw all classes of a task from one group, False to draw each from another group.
        ways: classes of a task, N.
        shots: images of a class for adaptation.
        queries: further images of a class, for the outer loss.

    Raises:
        ValueError: if images are not a table of whole numbers, a group has a class that is not in it, or a task asks
            for more images, classes or groups than there are.

    Example:
        >>> kind = TaskKind(np.arange(12).reshape(3, 4), (np.arange(3),), within=True, ways=2, shots=1, queries=2)
        >>> classes, images = kind.draw(np.zeros((1, kind.words), np.uint64))
        >>> classes.tolist(), images.tolist()
        ([[0, 1]], [[[0, 1, 2], [4, 5, 6]]])
    """

    images: Integers
    groups: tuple[Integers, ...]
    within: bool
    ways: int
    shots: int
    queries: int

    def __post_init__(self) -> None:
        if not (isinstance(self.images, np.ndarray) and self.images.ndim == 2 and self.images.dtype == np.int64):
            raise ValueError(f"images must be a NumPy array (C, n) of int64; got {short(self.images)}")
        for group in self.groups:
            own = np.asarray(group)
            if own.ndim != 1 or own.dtype.kind != "i" or not np.isin(own, range(len(self.images))).all():
                known = f"an array (c,) of class numbers from 0 to {len(self.images) - 1}"
                raise ValueError(f"each of groups must be {known}; got {short(group)}")
        if min(self.ways, self.shots, self.queries) < 1:
            raise ValueError(f"ways, shots, queries must be positive; got {self.ways}, {self.shots}, {self.queries}")
        if self.shots + self.queries > self.images.shape[1]:
            raise ValueError(f"shots + queries must not exceed the {self.images.shape[1]} images of a class")
        available = min(map(len, self.groups), default=0) if self.within else len(self.groups)
        if self.ways > available:
            what = "classes of the smallest group" if self.within else "groups"
            raise ValueError(f"ways must not exceed the {available} {what}; got {self.ways}")

    @property
    def words(self) -> int:
        """Return how many random words a task needs."""
        return 2 * self.ways + 1 + self.ways * (self.shots + self.queries)

    @cached_property
    def _members(self) -> tuple[Integers, Integers]:
        """Return how many classes each group has, and the classes, in rows that are full up to there."""
        sizes = np.array([len(group) for group in self.groups])
        return sizes, np.array([np.resize(group, sizes.max()) for group in self.groups])

    def draw(self, words: Words) -> tuple[Integers, Integers]:
        """Return the classes (M, N) and the images (M, N, K + queries) of M tasks from (M, ≥ `words`) random words."""
        sizes, table = self._members
        one, several, rest = np.split(words[:, : self.words], [1, 2 * self.ways + 1], axis=1)
        if self.within:
            group = below(one, len(sizes))
            member = distinct(several[:, : self.ways], sizes[group[:, 0]])
        else:
            group = distinct(several[:, : self.ways], len(sizes))
            member = below(several[:, self.ways :], sizes[group])
        classes = table[group, member]
        picks = distinct(rest.reshape(len(words), self.ways, -1), self.images.shape[1])
        return classes, self.images[classes[:, :, None], picks]


@dataclass(frozen=True, eq=False)
class Episodes:
    """M tasks of one shape; labels are positions: class `c` of a task has label `c`.

    Attributes:
        run: (M,) which run a task belongs to.
        hard: (M,) whether it is hard.
        classes: (M, N) its classes.
        support: (M, N, K) numbers of the images for adaptation.
        query: (M, N, queries) numbers of the images for the outer loss.
    """

    run: Integers
    hard: NDArray[np.bool_]
    classes: Integers
    support: Integers
    query: Integers


@dataclass(frozen=True, eq=False)
class TaskDistribution:
    """Hard tasks with probability `p_hard`, easy ones otherwise (Section 5).

    Args:
        easy: the easy tasks.
        hard: the hard ones.
        p_hard: probability of a hard task.

    Raises:
        ValueError: if `p_hard` is no probability.

    Example:
        >>> easy, hard = (TaskKind(np.arange(12).reshape(3, 4), (np.arange(3),), True, n, 1, 2) for n in (2, 3))
        >>> [tasks.classes.shape for tasks in TaskDistribution(easy, hard, p_hard=1.0).batch([0, 1], 0, tasks=4)]
        [(8, 3)]
    """

    easy: TaskKind
    hard: TaskKind
    p_hard: float

    def __post_init__(self) -> None:
        if not 0 <= self.p_hard <= 1:
            raise ValueError(f"p_hard must lie between 0 and 1; got {self.p_hard!r}")

    def batch(
        self, seeds: Sequence[int], iteration: int, tasks: int, *, first: int = 0, stream: Stream = "training"
    ) -> tuple[Episodes, ...]:
        """Return the tasks `first` to `first + tasks - 1` of one iteration, for one run of each seed.

        Tasks come in order of run and index. Where easy and hard tasks have one shape there is one bucket of all;
        otherwise up to two, easy then hard, since padding would corrupt batch statistics.

        Raises:
            ValueError: if a number is negative or does not fit 64 bits, or the stream is unknown.
        """
        need = _BLOCK * -(-(1 + max(self.easy.words, self.hard.words)) // _BLOCK)
        words = np.concatenate([random_words(seed, stream, iteration, first, tasks, need) for seed in seeds])
        hard = (words[:, 0] >> np.uint64(11)) * 2.0**-53 < self.p_hard
        run = np.repeat(np.arange(len(seeds)), tasks)
        drawn = []
        for kind, chosen in ((self.easy, ~hard), (self.hard, hard)):
            if chosen.any():
                classes, images = kind.draw(words[chosen, 1:])
                support, query = np.split(images, [kind.shots], axis=2)
                drawn.append(Episodes(run[chosen], hard[chosen], classes, support, query))
        if (
            len(drawn) == 2
            and drawn[0].query.shape[1:] == drawn[1].query.shape[1:]
            and self.easy.shots == self.hard.shots
        ):
            order = np.argsort(np.concatenate([np.flatnonzero(~hard), np.flatnonzero(hard)]))
            return (_reorder(join(drawn), order),)
        return tuple(drawn)


def join(parts: Sequence[Episodes], runs: Sequence[int] | None = None) -> Episodes:
    """Return the tasks of several batches of one shape as one; `runs`, if given, is added to the runs of each part.

    Runs of several configurations stand side by side so: with ten of one and then ten of another, runs are (0, 10).
    """
    offsets = [0] * len(parts) if runs is None else runs
    fields = [
        (part.run + offset, part.hard, part.classes, part.support, part.query)
        for part, offset in zip(parts, offsets, strict=True)
    ]
    return Episodes(*(np.concatenate(column) for column in zip(*fields, strict=True)))


def side_by_side(parts: Sequence[Sequence[Episodes]], runs: Sequence[int]) -> tuple[Episodes, ...]:
    """Return the buckets of several parts joined by shape; `runs` is added to the runs of each, as in `join`.

    Each bucket stays in order of run if `runs` ascends.
    """
    shapes: dict[tuple[int, ...], list[tuple[Episodes, int]]] = {}
    for buckets, offset in zip(parts, runs, strict=True):
        for bucket in buckets:
            shapes.setdefault((*bucket.support.shape[1:], bucket.query.shape[2]), []).append((bucket, offset))
    return tuple(join(*zip(*found, strict=True)) for found in shapes.values())


def _reorder(tasks: Episodes, order: Integers) -> Episodes:
    return Episodes(tasks.run[order], tasks.hard[order], tasks.classes[order], tasks.support[order], tasks.query[order])
