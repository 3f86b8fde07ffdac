"""The rows of the ledger: what the paper says, where, and what is true, as typed in ``book/claims.yml``."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from paperlib import evidence

CHAPTERS = (
    "01_learning_to_adapt",
    "02_population_solutions",
    "03_hardness",
    "04_geography",
    "05_convergence",
    "06_logistic",
    "07_prioritising_hard_tasks",
    "08_landscapes",
    "09_omniglot",
    "10_cifar",
    "11_when_to_use_maml",
    "12_other_learners",
    "13_erm_proof",
    "14_maml_proof",
    "15_hardness",
    "16_trained_solutions",
    "17_geography",
    "18_convergence",
    "19_moments",
    "20_theorem_1",
    "21_logistic",
    "22_landscapes",
    "23_when_to_use_maml",
    "24_other_learners",
    "25_your_own_tasks",
    "27_concentration",
    "28_lemmas_3_and_4",
    "29_omniglot",
    "30_cifar",
    "31_omniglot_tables",
    "32_cifar_tables",
)
# How many of each the paper has.
NUMBERED = {"eq": 124, "prop": 1, "cor": 2, "thm": 3, "lem": 4, "rem": 2, "ass": 2, "fig": 8, "tab": 4}
ROW_ID = re.compile(rf"eq:\d+(-\d+)?|({'|'.join(NUMBERED)}):\d+|(def|text):[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Row:
    """One thing that the paper says, the chapter that deals with it, and, where it is wrong, what is true."""

    id: str
    says: str
    where: str
    chapter: str
    printed: str = ""
    """What is printed, in short."""
    corrected: str = ""
    """What is true, complete with its conditions."""
    reason: str = ""
    """Why, with the smallest counterexample."""
    consequence: int = 0
    """1 changes a conclusion of the paper, 2 a formula that others would use, 3 is a slip; 0 where nothing is wrong."""
    uses: tuple[str, ...] = ()
    """The rows that this one rests on."""
    function: str = ""
    """The function of `paperlib` that computes it, such as ``linear.adapted_covariance``."""
    symbols: tuple[str, ...] = ()
    """The free symbols of the statement, as the chapter's code names them: a proof without one is a special case."""
    restates: str = ""
    """The row that this one says again, in other words: one check may bear both."""
    definition: bool = False
    """Whether the row defines or assumes, so that there is nothing in it to test."""


REQUIRED = frozenset({"id", "says", "where", "chapter"})
LISTS = frozenset({"uses", "symbols"})


def load_rows(path: Path) -> list[Row]:
    """Read the rows of the ledger.

    Raises:
        ValueError: if a row lacks one of its four texts, or a field is unknown or of another type than it must be.
    """
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = []
    for number, row in enumerate(table, start=1):
        place = f"{path.name}: row {number}"
        texts = isinstance(row, dict) and all(isinstance(row.get(name), str) and row[name] for name in REQUIRED)
        if not texts or not set(row) <= set(Row.__dataclass_fields__):
            names, others = sorted(REQUIRED), sorted(set(Row.__dataclass_fields__) - REQUIRED)
            raise ValueError(
                f"{place} must hold the texts {', '.join(names)}; got {row!r}; it may hold {', '.join(others)} besides"
            )
        for name, value in row.items():
            expected = _unlike(name, value)
            if expected:
                raise ValueError(f"{place}, {row['id']}: {name} must be {expected}; got {value!r}")
        fields: dict[str, Any] = {name: tuple(value) if name in LISTS else value for name, value in row.items()}
        rows.append(Row(**fields))
    return rows


def load_tests(path: Path) -> dict[str, str]:
    """Read which test holds each function that rows name: ``tests/test_linear.py::test_…`` by ``linear.…``."""
    tests: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tests


def _unlike(name: str, value: Any) -> str:
    """Return what a field had to be, nothing if it is."""
    if name in LISTS:
        texts = isinstance(value, list) and value and all(isinstance(entry, str) and entry for entry in value)
        return "" if texts and len(set(value)) == len(value) else "a list of different texts"
    if name == "consequence":
        return "" if type(value) is int and value in (1, 2, 3) else "1, 2 or 3"
    if name == "definition":
        return "" if value is True else "true where it stands at all"
    return "" if isinstance(value, str) and value else "a text"


def expand(claim: str) -> range:
    """Return the numbers that a row covers, none for a definition or a sentence.

    Example:
        >>> list(expand("eq:17-20")), list(expand("fig:2")), list(expand("text:near-zero-risk"))
        ([17, 18, 19, 20], [2], [])
    """
    kind, _, name = claim.partition(":")
    if kind not in NUMBERED:
        return range(0)
    first, _, last = name.partition("-")
    return range(int(first), int(last or first) + 1)


def label(claim: str) -> str:
    """Return the printed name of a row.

    Example:
        >>> label("eq:47-56"), label("prop:1"), label("def:adapted-covariance")
        ('Eqs. (47)–(56)', 'Prop. 1', 'Definition: adapted covariance')
    """
    name = evidence.label(claim)
    return f"Definition: {name}" if claim.startswith("def:") else name
