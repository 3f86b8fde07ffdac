"""Omniglot: its archives, all that was promised about its drawings, and the tasks of Tables 1 and 3."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from PIL import Image

from paperlib.fewshot.benchmarks import PHASES, QUERIES, SHAPES, Benchmark, Configuration, Phase, Tasksets
from paperlib.fewshot.drawings import DRAWERS, SIDE, Omniglot, Resampling, alphabet_sizes, arranged, read_omniglot
from paperlib.fewshot.episodes import Integers, TaskDistribution, TaskKind
from paperlib.fewshot.options import Choice
from paperlib.fewshot.sources import Archive, Bytes, cache_folder, cached, table

Part = Literal["train", "test"]
Role = Literal["easy train", "easy test", "hard train", "hard test"]
Split = Literal["lowest", "random"]
Spread = Literal["large", "small"]
_ROLES: dict[Part, tuple[Role, Role]] = {"train": ("easy train", "hard train"), "test": ("easy test", "hard test")}
_ADDRESS = "https://github.com/brendenlake/omniglot/raw/master/python"
_MD5 = {
    "images_background": "68d2efa1b9178cc56df9314c21c6e718",
    "images_evaluation": "6b91aef0f799c5bb55b94e3f2daec811",
}
ARCHIVES = tuple(Archive(f"{name}.zip", f"{_ADDRESS}/{name}.zip", md5, name) for name, md5 in _MD5.items())


def alphabets(role: Role, split: Split = "lowest") -> tuple[str, ...]:
    """Return the alphabets that play a part in the experiment (Section 5), in the order of ``omniglot.toml``.

    The paper's one hard alphabet of the setting Small comes first. The other four are those of ``lowest`` accuracy by
    MAML, or drawn at ``random`` from the others of training and of testing, which stay where they are.

    Args:
        role: "easy train", "easy test", "hard train" or "hard test".
        split: ``lowest``, as in Appendix C.3, or ``random``.

    Raises:
        ValueError: if the part is not one of the four, or there is no such split.

    Example:
        >>> alphabets("hard train")[0], len(alphabets("easy test"))
        ('Sanskrit', 15)
    """
    rows = table("omniglot.toml")["alphabets"]
    Choice(get_args(Split)).check("split", split)
    names = tuple(name for name, row in rows.items() if row.get(split, row["role"]) == role)
    if not names:
        raise ValueError(f"role must be easy or hard, train or test, such as 'hard train'; got {role!r}")
    return names


def load_omniglot(resampling: Resampling = "lanczos") -> Omniglot:
    """Return Omniglot (Lake et al., 2019) at 28 × 28, from ``PAPERLIB_DATA`` or from what ``data fetch`` downloaded.

    The resampled drawings are kept in the cache under the checksum of the archives; a later call reads them there.

    Args:
        resampling: ``lanczos`` or ``nearest``; see `drawings.resample`.

    Returns:
        images (32460, 28, 28), and alphabet, character and drawer of each, (32460,).

    Raises:
        DataError: if a file is missing, broken, or holds other alphabets, characters or drawings than Omniglot.
    """
    paths, sizes = OmniglotTasks().locate(), alphabet_sizes()
    if not all(path.is_file() for path in paths):
        return read_omniglot(paths, sizes, resampling)
    content = b"".join(path.read_bytes() for path in paths)
    key = hashlib.sha256(content + f"{resampling} {Image.__version__} 1".encode()).hexdigest()[:16]  # type: ignore[attr-defined]
    shape = DRAWERS * sum(count for _, count in sizes.values()), SIDE, SIDE
    place = cache_folder() / f"omniglot-{resampling}-{key}.npz"
    return arranged(cached(place, shape, lambda: read_omniglot(paths, sizes, resampling).images), sizes)


def omniglot_tasks(
    spread: Spread,
    phase: Part,
    *,
    ways: int = 5,
    shots: int = 1,
    queries: int = QUERIES,
    p_hard: float = 0.5,
    split: Split = "lowest",
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
        split: which alphabets are hard, see `alphabets`.

    Raises:
        ValueError: if `spread`, `phase` or `split` has no such value, or a task asks for more than there is.

    Example:
        >>> tasks = omniglot_tasks("small", "train")
        >>> len(tasks.easy.groups), len(tasks.hard.groups)  # alphabets
        (25, 1)
    """
    Choice(get_args(Spread)).check("spread", spread)
    Choice(PHASES).check("phase", phase)
    easy, hard = (alphabets(role, split) for role in _ROLES[phase])
    return TaskDistribution(
        TaskKind(_drawings(), _groups(easy), False, ways, shots, queries),
        within_alphabets(hard if spread == "large" else hard[:1], ways=ways, shots=shots, queries=queries),
        p_hard,
    )


def within_alphabets(names: Sequence[str], *, ways: int = 5, shots: int = 1, queries: int = QUERIES) -> TaskKind:
    """Return tasks that each take their characters from one of the named alphabets, as hard ones do (Section 5).

    Args:
        names: of alphabets, as in ``omniglot.toml``.
        ways: characters of a task, N.
        shots: drawings of a character for adaptation, K.
        queries: further drawings of a character.

    Raises:
        ValueError: if an alphabet has no such name, or a task asks for more than there is.

    Example:
        >>> within_alphabets(["Sanskrit", "Bengali"]).groups[0][[0, -1]]
        array([850, 891])
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


class OmniglotTasks(Benchmark):
    """Omniglot: 5-way tasks; setting large has five hard alphabets, small has one.

    The evaluation ``other test`` has the hard test alphabets of the other setting, of the same split.
    """

    names = ("omniglot",)
    archives = ARCHIVES
    channels = 1
    side = SIDE
    phases = (*PHASES, "other test")
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "setting": get_args(Spread),
        "resampling": get_args(Resampling),
        "split": get_args(Split),
    }
    helps: ClassVar[Mapping[str, str]] = {
        "setting": "dispersion of hard tasks",
        "resampling": "of the drawings",
        "split": "hard alphabets, beside the two that the paper names: of lowest accuracy by MAML, or drawn at random",
    }
    shorthand: ClassVar[Mapping[str, str]] = {
        "shots": "images of a class for adaptation; default 1",
        "evaluation_shots": "the same at evaluation; default as in training",
    }
    nouns = ("character", "drawings")
    protocol: ClassVar[Sequence[tuple[str, Mapping[str, Any]]]] = tuple(
        (algorithm, {"setting": setting, "shots": shots})
        for setting in get_args(Spread)
        for algorithm, shots in (("maml", 1), ("erm", 1), ("erm", 10))
    )

    def defaults(self, splits: bool, tier: str, given: Mapping[str, int]) -> dict[str, Any]:
        """Return those of Appendix C.3 at the tier paper."""
        own = 5, given.get("shots", 1)
        tested = 5, given.get("evaluation_shots", own[1])
        return {
            **dict.fromkeys(SHAPES[:2], own),
            **dict.fromkeys(SHAPES[2:], tested),
            "iterations": {"smoke": 6, "book": 1000, "paper": 20_000}[tier],
            "tasks": 8,
            "evaluation_tasks": {"smoke": 20, "book": 500, "paper": 500}[tier],
            "evaluation_steps": 1,
            "filters": 32 if tier == "smoke" else 64,
        }

    def capacity(self, one: Configuration, *, evaluation: bool) -> tuple[int, int]:
        """Return the least number of characters, over kinds of tasks, and the drawings of each.

        An easy task takes each character from another alphabet, a hard one takes them all from one. Evaluation has
        tasks of training alphabets, and of the test alphabets of both settings.

        Example:
            >>> from paperlib.fewshot.configuration import configure
            >>> one = configure("omniglot", "maml", "book")
            >>> [OmniglotTasks().capacity(one, evaluation=when) for when in (False, True)]  # as easy alphabets
            [(25, 20), (15, 20)]
        """

        def characters(phase: Part, large: bool) -> int:
            easy, hard = (alphabets(role, one.split) for role in _ROLES[phase])
            return min(len(easy), *(alphabet_sizes()[name][1] for name in (hard if large else hard[:1])))

        train = characters("train", one.setting == "large")
        return (min(train, characters("test", True)) if evaluation else train), DRAWERS

    def prepare(self, several: Sequence[Configuration]) -> tuple[Bytes, list[Tasksets]]:
        """Return the drawings and the tasks; a configuration has one shape in training and one at evaluation."""
        for c in several:
            if c.easy != c.hard or c.evaluation_easy != c.evaluation_hard:
                raise ValueError(f"hard must equal easy on omniglot; got {c.hard} and {c.easy}")
        return load_omniglot(several[0].resampling).images[..., None], [self._tasks(c) for c in several]

    def _tasks(self, c: Configuration) -> Tasksets:
        (ways, shots), (tested_ways, tested) = c.easy, c.evaluation_easy
        common = {"queries": c.queries, "split": c.split}
        training = omniglot_tasks(c.setting, "train", ways=ways, shots=shots, p_hard=c.p_hard, **common)
        other: Spread = "small" if c.setting == "large" else "large"
        parts: list[tuple[Spread, Part]] = [(c.setting, "train"), (c.setting, "test"), (other, "test")]
        every = [omniglot_tasks(*part, ways=tested_ways, shots=tested, **common) for part in parts]
        return Tasksets(training, tuple(Phase(one, c.evaluation_steps, number) for number, one in enumerate(every)))

    def stem(self, one: Configuration) -> list[str]:
        """Return data set, setting, learner, shots and tier."""
        return ["omniglot", one.setting, one.algorithm, str(one.evaluation_easy[1]), one.tier]

    def named_options(self, one: Configuration) -> dict[str, Any]:
        """Return setting and shapes."""
        return {"setting": one.setting} | self.defaults(True, one.tier, {"shots": one.evaluation_easy[1]})

    def found(self) -> str:
        """Return the numbers of drawings, characters and alphabets."""
        omniglot = load_omniglot()
        found = f"{len(omniglot.images):,} drawings of {omniglot.character[-1] + 1:,} characters"
        return f"{found} from {len(omniglot.alphabets)} alphabets"
