"""ERM with names, a classifier of all training classes: its batches are single images, not tasks.

It has as many images in an iteration as the tasks of other learners hold, and a head with an output for each class of
the data set, which is of no use for classes that are new. It is evaluated by class means of its features, or by steps
of all else from the head of its start.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paperlib.fewshot.episodes import Episodes, Integers, TaskDistribution, below, distinct, random_words


def named_classes(tasks: TaskDistribution) -> Integers:
    """Return the numbers of all classes that tasks are made of."""
    return np.unique(np.concatenate([*tasks.easy.groups, *tasks.hard.groups]))


def batch_size(one: Any) -> int:
    """Return how many images the tasks of an iteration hold, in expectation over their kinds, from a configuration.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> batch_size(configure("omniglot", "named-erm", "book"))  # 8 tasks of 5 characters and 1 + 10 drawings
        440
    """
    shares = (1 - one.p_hard, one.easy), (one.p_hard, one.hard)
    size: int = round(one.tasks * sum(share * ways * (shots + one.queries) for share, (ways, shots) in shares))
    return size


def named_batch(
    tasks: TaskDistribution, seeds: Sequence[int], iteration: int, images: int, shuffled: float = 0.0
) -> Episodes:
    """Return a batch of so many images for one run of each seed, each of a class drawn at random.

    A batch is one task in form: each image is a class of its own, called by its name, and there are no queries.

    Args:
        tasks: whose classes and images these are.
        seeds: of the runs.
        iteration: counted from 0.
        images: how many.
        shuffled: probability that all names are shuffled in a batch, in an order of its own.

    Raises:
        ValueError: if `shuffled` is no probability.
    """
    if not 0 <= shuffled <= 1:
        raise ValueError(f"shuffled must lie between 0 and 1; got {shuffled!r}")
    named, table = named_classes(tasks), tasks.easy.images
    need = -4 * (-(1 + 2 * images + len(named)) // 4)
    words = np.concatenate([random_words(seed, "names", iteration, 0, 1, need) for seed in seeds])
    lot, which, drawing, order = np.split(words, [1, 1 + images, 1 + 2 * images], axis=1)
    place = below(which, len(named))
    shown = table[named[place], below(drawing, table.shape[1])]
    moved = np.flatnonzero((lot[:, 0] >> np.uint64(11)) * 2.0**-53 < shuffled)
    for row in moved:
        place[row] = distinct(order[row, : len(named)], len(named))[place[row]]
    run, hard = np.arange(len(seeds)), np.zeros(len(seeds), bool)
    return Episodes(run, hard, named[place], shown[:, :, None], shown[:, :, None][:, :, :0])
