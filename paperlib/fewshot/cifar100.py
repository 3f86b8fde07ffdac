"""CIFAR-100: its archive, all that was promised about its images, and the tasks of Tables 2 and 4, FS-CIFAR100."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from paperlib.fewshot import pickles
from paperlib.fewshot.benchmarks import PHASES, QUERIES, Benchmark, Configuration, Phase, Tasksets
from paperlib.fewshot.episodes import Integers, TaskDistribution, TaskKind
from paperlib.fewshot.options import Choice
from paperlib.fewshot.sources import Archive, Bytes, DataError, members, table

Split = Literal["80-20", "60-20-20"]
CIFAR_COLOURS = (0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)  # mean and deviation of red, green, blue
_SUPERCLASSES, _CLASSES, _IMAGES = 20, 5, 600  # of CIFAR-100; classes of a superclass, images of a class
_FOLDER, _MD5 = "cifar-100-python", "eb9058c3a382ffc7106e4002c42a8d85"
ARCHIVE = Archive(f"{_FOLDER}.tar.gz", f"https://www.cs.toronto.edu/~kriz/{_FOLDER}.tar.gz", _MD5, _FOLDER)


@dataclass(frozen=True, eq=False)
class Cifar100:
    """All images: those of the official training part in their order, then those of the test part.

    Attributes:
        images: (n, 32, 32, 3) uint8, red, green and blue.
        label: (n,) fine class, an index into `names`.
        superclass: (100,) of each fine class, an index into `superclasses`.
        names: names of the fine classes.
        superclasses: names of the coarse classes.
    """

    images: Bytes
    label: Integers
    superclass: Integers
    names: tuple[str, ...]
    superclasses: tuple[str, ...]


def held_out_superclasses() -> tuple[str, ...]:
    """Return the superclasses of CIFAR-100 whose classes are only for testing."""
    return tuple(table("cifar100.toml")["test_superclasses"])


def validation_superclasses() -> tuple[str, ...]:
    """Return the superclasses of CIFAR-100 that Oreshkin et al. (2018) keep for validation."""
    return tuple(table("cifar100.toml")["validation_superclasses"])


def training_images() -> int:
    """Return how many of the 600 images of a training class of CIFAR-100 are for training."""
    return int(table("cifar100.toml")["training_images"])


def load_cifar100() -> Cifar100:
    """Return CIFAR-100 (Krizhevsky, 2009), from ``PAPERLIB_DATA`` or from what ``data fetch`` downloaded.

    Returns:
        images (60000, 32, 32, 3), their labels (60000,), and the superclass of each class, (100,).

    Raises:
        DataError: if the archive is missing, broken, or does not hold 500 + 100 images of each of 100 classes.
    """
    return read_cifar100(Cifar100Tasks().locate()[0], per_class=(500, 100))


def read_cifar100(path: Path, per_class: tuple[int, int]) -> Cifar100:
    """Return the images in `path`, which must hold so many of each class in the training and in the test part.

    Raises:
        DataError: naming the file, what was expected of it, and what was found.
    """
    files: dict[str, Any] = {}
    for name, content in members(path):
        if (part := name.rpartition("/")[2]) in ("train", "test", "meta"):
            try:
                files[part] = pickles.load(content)
            except pickle.UnpicklingError as error:
                raise DataError(f"{path}: {name} was refused: {error}. Fetch or copy the archive again") from error
    if lacking := {"train", "test", "meta"} - set(files):
        raise DataError(f"{path} should hold the files train, test and meta; {', '.join(sorted(lacking))} missing")
    try:
        return _cifar100(files, per_class)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise DataError(f"{path} does not hold CIFAR-100: {error}. Fetch or copy the archive again") from error


def _cifar100(files: dict[str, Any], per_class: tuple[int, int]) -> Cifar100:
    names, superclasses = (
        tuple(name.decode("ascii") for name in files["meta"][key])
        for key in (b"fine_label_names", b"coarse_label_names")
    )
    if (len(set(names)), len(set(superclasses))) != (100, 20):
        raise ValueError(f"expected 100 fine and 20 coarse names; got {len(set(names))} and {len(set(superclasses))}")
    planes, label, coarse = [], [], []
    for part, count in zip(("train", "test"), per_class, strict=True):
        data = files[part][b"data"]
        fine, rough = (np.asarray(files[part][key]) for key in (b"fine_labels", b"coarse_labels"))
        if data.dtype != np.uint8 or data.shape != (100 * count, 3072):
            raise ValueError(f"{part} should hold ({100 * count}, 3072) bytes; got {data.shape} of {data.dtype}")
        if (
            fine.dtype.kind != "i"
            or fine.shape != rough.shape
            or not np.array_equal(np.sort(fine), np.repeat(range(100), count))
        ):
            raise ValueError(f"{part} should hold {count} images of each class 0 to 99, labelled twice")
        planes.append(data)
        label.append(fine)
        coarse.append(rough)
    labels, roughs = (np.concatenate(parts).astype(np.int64) for parts in (label, coarse))
    superclass = np.zeros(100, np.int64)
    superclass[labels] = roughs
    five = np.array_equal(np.sort(superclass), np.repeat(range(20), 5))
    if not five or not np.array_equal(superclass[labels], roughs):
        raise ValueError("each coarse class should be that of five fine ones, always the same")
    images = np.concatenate(planes).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Cifar100(np.ascontiguousarray(images), labels, superclass, names, superclasses)


def cifar_tasks(
    data: Cifar100,
    phase: Literal["train", "test"],
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
    Choice(PHASES).check("phase", phase)
    Choice(get_args(Split)).check("split", split)
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


class Cifar100Tasks(Benchmark):
    """FS-CIFAR100: easy tasks of 2 ways and 50 shots, hard ones of 20 ways and 5; settings are splits of the classes.

    The evaluations ``other train`` and ``other test`` repeat the two with the other number of steps, five or one.
    """

    names = ("cifar", "cifar100")
    archives = (ARCHIVE,)
    channels, side = 3, 32
    mean, deviation = CIFAR_COLOURS
    phases = (*PHASES, "other train", "other test")
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"setting": get_args(Split)}
    helps: ClassVar[Mapping[str, str]] = {"setting": "classes of training and testing"}
    protocol: ClassVar[Sequence[tuple[str, Mapping[str, Any]]]] = tuple(
        (algorithm, {"p_hard": p_hard}) for p_hard in (0.99, 0.5, 0.01) for algorithm in ("erm", "maml")
    )

    def defaults(self, splits: bool, tier: str, given: Mapping[str, int]) -> dict[str, Any]:
        """Return those of Appendix C.4 at the tier paper."""
        easy, hard = (2, 50), (20, 5)
        return {
            "easy": easy if splits else (2, 5),
            "hard": hard,
            "evaluation_easy": easy,
            "evaluation_hard": hard,
            "iterations": {"smoke": 6, "book": 1000, "paper": 10_000}[tier],
            "tasks": 2,
            "evaluation_tasks": {"smoke": 4, "book": 100, "paper": 500}[tier],
            "evaluation_steps": 1 if splits else 5,
            "filters": 64 if tier == "paper" else 32,
        }

    def capacity(self, one: Configuration, *, evaluation: bool) -> tuple[int, int]:
        """Return the number of classes, and of images of each.

        Training has the classes of training and their training images. Evaluation has tasks of these classes too, with
        the images held out, and tasks of test classes; their shape is the same, so the smaller number counts.

        Example:
            >>> from paperlib.fewshot.configuration import configure
            >>> one = configure("cifar", "maml", "book", setting="60-20-20")
            >>> [Cifar100Tasks().capacity(one, evaluation=when) for when in (False, True)]
            [(60, 450), (20, 150)]
        """
        testing, unused = (_CLASSES * len(names) for names in (held_out_superclasses(), validation_superclasses()))
        training = _CLASSES * _SUPERCLASSES - testing - unused * (one.setting == "60-20-20")
        if evaluation:
            return min(training, testing), _IMAGES - training_images()
        return training, training_images()

    def prepare(self, several: Sequence[Configuration]) -> tuple[Bytes, list[Tasksets]]:
        """Return the images and the tasks."""
        data = load_cifar100()
        return data.images, [self._tasks(c, data) for c in several]

    def _tasks(self, c: Configuration, data: Cifar100) -> Tasksets:
        common = {"split": c.setting, "queries": c.queries}
        tested = common | {"easy": c.evaluation_easy, "hard": c.evaluation_hard}
        training = cifar_tasks(data, "train", easy=c.easy, hard=c.hard, p_hard=c.p_hard, **common)
        every = cifar_tasks(data, "train", held_out=True, **tested), cifar_tasks(data, "test", **tested)
        steps = c.evaluation_steps, self.other_steps(c.evaluation_steps)
        return Tasksets(training, tuple(Phase(one, count, k) for count in steps for k, one in enumerate(every)))

    def other_steps(self, steps: int) -> int:
        """Return five, or one in place of more than one."""
        return 1 if steps > 1 else 5

    def stem(self, one: Configuration) -> list[str]:
        """Return data set, share of hard tasks, learner and tier."""
        return ["cifar", f"p{one.p_hard}".removesuffix(".0"), one.algorithm, one.tier]

    def named_options(self, one: Configuration) -> dict[str, Any]:
        """Return the share of hard tasks."""
        return {"p_hard": one.p_hard}

    def found(self) -> str:
        """Return the numbers of images and classes."""
        cifar = load_cifar100()
        return f"{len(cifar.images):,} images of {len(cifar.names)} classes"
