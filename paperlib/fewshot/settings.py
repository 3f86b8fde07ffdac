"""The task distributions of Section 5: easy and hard tasks of Omniglot and of FS-CIFAR100."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from paperlib.fewshot.data import DRAWERS, Cifar100
from paperlib.fewshot.episodes import Integers, TaskDistribution, TaskKind
from paperlib.fewshot.splits import (
    Role,
    alphabet_sizes,
    alphabets,
    held_out_superclasses,
    training_images,
    validation_superclasses,
)

Spread = Literal["large", "small"]
Phase = Literal["train", "test"]
Split = Literal["80-20", "60-20-20"]
QUERIES = 10  # images of a class for the outer loss ("target samples", Appendix C.3 and C.4)


def omniglot_tasks(
    spread: Spread, phase: Phase, *, ways: int = 5, shots: int = 1, queries: int = QUERIES, p_hard: float = 0.5
) -> TaskDistribution:
    """Return the tasks of Tables 1 and 3: easy ones among distinct alphabets, hard ones within one alphabet.

    Args:
        spread: the paper's hypothesis on the dispersion of hard tasks, r_H. ``large``: five hard alphabets;
            ``small``: one (Sanskrit for training, Bengali for testing).
        phase: ``train`` for the alphabets of training, ``test`` for unseen ones. Evaluation uses both.
        ways: characters of a task, N.
        shots: drawings of a character for adaptation, K; the paper's ERM-10 has 10.
        queries: further drawings of a character.
        p_hard: probability of a hard task.

    Raises:
        ValueError: if `spread` or `phase` has no such value, or a task asks for more than there is.
    """
    if spread not in ("large", "small"):
        raise ValueError(f"spread must be large or small; got {spread!r}")
    _check(phase)
    roles: tuple[Role, Role] = ("easy train", "hard train") if phase == "train" else ("easy test", "hard test")
    easy, hard = alphabets(roles[0]), alphabets(roles[1])
    return TaskDistribution(
        TaskKind(_drawings(), _groups(easy), False, ways, shots, queries),
        within_alphabets(hard if spread == "large" else hard[:1], ways=ways, shots=shots, queries=queries),
        p_hard,
    )


def within_alphabets(names: Sequence[str], *, ways: int = 5, shots: int = 1, queries: int = QUERIES) -> TaskKind:
    """Return tasks that each take their characters from one of the named alphabets.

    Args:
        names: of alphabets, as in ``omniglot.toml``.
        ways: characters of a task, N.
        shots: drawings of a character for adaptation, K.
        queries: further drawings of a character.

    Raises:
        ValueError: if an alphabet has no such name, or a task asks for more than there is.
    """
    if unknown := sorted(set(names) - set(alphabet_sizes())):
        raise ValueError(f"names must be alphabets of Omniglot; got {', '.join(unknown)}")
    return TaskKind(_drawings(), _groups(names), True, ways, shots, queries)


def _drawings() -> Integers:
    total = sum(count for _, count in alphabet_sizes().values())
    return np.arange(DRAWERS * total).reshape(total, DRAWERS)


def _groups(names: Sequence[str]) -> tuple[Integers, ...]:
    sizes = alphabet_sizes()
    return tuple(np.arange(sizes[name][0], sum(sizes[name])) for name in names)


def cifar_tasks(
    data: Cifar100,
    phase: Phase,
    *,
    split: Split = "80-20",
    held_out: bool = False,
    easy: tuple[int, int] = (2, 50),
    hard: tuple[int, int] = (20, 5),
    queries: int = QUERIES,
    p_hard: float = 0.5,
) -> TaskDistribution:
    """Return the tasks of Tables 2 and 4: easy ones have few classes and many shots, hard ones the reverse.

    Args:
        data: the images.
        phase: ``train`` for the classes of training, ``test`` for the 20 unseen ones.
        split: 80 classes of training as in the paper, or 60 as in Oreshkin et al. (2018).
        held_out: for the classes of training, use the 150 images of each that training does not see.
        easy: ways and shots of an easy task, as Appendix C.4 corrects them.
        hard: ways and shots of a hard task.
        queries: further images of a class.
        p_hard: probability of a hard task.

    Raises:
        ValueError: if `phase` or `split` has no such value, or a task asks for more than there is.
    """
    _check(phase)
    if split not in get_args(Split):
        raise ValueError(f"split must be 80-20 or 60-20-20; got {split!r}")
    by_class = np.argsort(data.label, kind="stable").reshape(len(data.names), -1)
    testing = _of(data, held_out_superclasses())
    unused = _of(data, validation_superclasses()) & (split == "60-20-20")
    if phase == "train":
        count = training_images()
        images = by_class[:, count:] if held_out else by_class[:, :count]
        classes = np.flatnonzero(~testing & ~unused)
    else:
        images, classes = by_class, np.flatnonzero(testing)
    return TaskDistribution(
        TaskKind(images, (classes,), True, *easy, queries), TaskKind(images, (classes,), True, *hard, queries), p_hard
    )


def _of(data: Cifar100, superclasses: Sequence[str]) -> NDArray[np.bool_]:
    return np.isin(data.superclass, [data.superclasses.index(name) for name in superclasses])


def _check(phase: str) -> None:
    if phase not in ("train", "test"):
        raise ValueError(f"phase must be train or test; got {phase!r}")
