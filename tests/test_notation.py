"""One letter, one thing: a letter that has several meanings has them on different pages, and on no others."""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import combinations
from pathlib import Path

import jupytext
import pytest

from tools.rows import load_rows

BOOK = Path(__file__).resolve().parent.parent / "book"
PAGES = {path.name[:2]: path for path in sorted(BOOK.glob("[0-9][0-9]_*.py"))}
PAPER, LOCAL = "in what is quoted", "on its own page alone"
PROGRAMS = ("J", "K", "k_0")  # letters that programs keep for it, too
WORDS = re.compile(r"\\(?:text|operatorname|mathrm|mathbf|begin|end|tag)\*?\{[^{}]*\}|_\{[A-Z]{2,}\}")
SYMBOL = re.compile(r"(?:\\[A-Za-z]+|[A-Za-z])(?:_(?:\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+|[A-Za-z0-9*]))?")

# letter: what it means, in words of its row on the notation page, and the pages on which it means that
MEANINGS = {
    "J": {"paper's quotient": "03 04 15 17"},
    "k_0": {"products of inputs and noise": "13 18 27"},
    "K": {"inner steps": "12 24", "images of each": "10 29 30", PAPER: "13 18 27"},
    "s": {
        "samples of a step": "02 03 19",
        "trace of a spread": "04",
        "logistic function": "06 21",
        "standard deviation of a neuron's input": "20 22",
        LOCAL: "05 08 13",
        PAPER: "27 28",
    },
    "D": {"distance of two centres": "04 17", "images $D$": "29", LOCAL: "20 28", PAPER: "14"},
    "A": {
        "training equation": "05 16 18",
        r"$a_H/\rho_E$": "12 23 24",
        LOCAL: "14 19 20",
    },
    r"\kappa": {"accuracy above chance": "30 32", "kurtosis": "12 24", LOCAL: "20 22 27"},
    r"\phi": {LOCAL: "06", PAPER: "27"},
    r"\alpha_q": {LOCAL: "20"},
    "L": {"bounds on eigenvalues": "05 07 13 14 18 20 27 28", LOCAL: "21"},
    r"\beta": {"bounds on eigenvalues": "05 07 13 14 18 20 27", LOCAL: "16 21"},
    "X": {"inputs": "01 02 05 12 16 17 18 19 24 27", LOCAL: "11 28"},
    r"\varphi": {"part of an isotropic task": "03 04 11 12 15 17 23 25"},
    "h": {"what the step makes of $u$": "03 04 11 12 17 23", LOCAL: "28", PAPER: "27"},
    "y": {"labels": "01 02 06 07 12 19 20 21 23 25", LOCAL: "28"},
    "G": {"the gain": "03 04 15 17 23", LOCAL: "08 27 28 29"},
    "p": {
        "probability of a group": "02 03 04 07 11 12 17 19 20 23 26",
        "share of hard tasks in training": "10 30 32 33",
        LOCAL: "24 28",
    },
}


def formulas(text: str) -> list[str]:
    """Return what stands between dollar signs, without the displays of the paper, which bear its numbers."""
    displays = re.findall(r"\$\$(.*?)\$\$", text, re.S)
    inline = re.findall(r"\$([^$]+)\$", re.sub(r"\$\$.*?\$\$", " ", text, flags=re.S))
    return [one for one in displays if not re.search(r"\\tag\{\d+\}", one)] + inline


def symbols(tex: str) -> set[str]:
    """Return the symbols of a formula with their subscripts, as `K`, `k_0`, `s_H`."""
    return {re.sub(r"[{}]", "", one) for one in SYMBOL.findall(WORDS.sub(" ", tex))}


def spoken(source: str) -> tuple[list[str], set[str]]:
    """Return the formulas that a cell of code shows, without those that it quotes, and the names that it assigns."""
    tree, found, names = ast.parse(source), [], set()
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "claims.prints"
    ]
    left_out = {node for call in calls for node in ast.walk(call)}
    for node in ast.walk(tree):
        if node in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            left_out |= set(ast.walk(node))
            found += formulas("".join(str(one.value) if isinstance(one, ast.Constant) else "1" for one in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += formulas(node.value)
        elif isinstance(node, ast.keyword) and node.arg == "shows":
            found += [
                one.value
                for one in ast.walk(node.value)
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
        elif isinstance(node, ast.Assign):
            names |= {one.id for goal in node.targets for one in ast.walk(goal) if isinstance(one, ast.Name)}
    return found, names


@cache
def page(number: str) -> tuple[list[str], set[str]]:
    """Return the formulas of a page in the edition's own words, those of its rows among them, and names in its code."""
    found, names = [], set()
    for cell in jupytext.read(PAGES[number]).cells:
        found += formulas(cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", ""))
        if cell.cell_type == "markdown":
            found += formulas("\n".join(line for line in cell.source.splitlines() if not line.startswith(">")))
        else:
            shown, named = spoken(cell.source)
            found, names = found + shown, names | named
    for row in load_rows(BOOK / "claims.yml"):
        if row.chapter == PAGES[number].stem:
            found += formulas(row.corrected) + formulas(row.reason)
    return found, names


def uses(letter: str, number: str) -> bool:
    found, names = page(number)
    return any(letter in symbols(tex) for tex in found) or letter in names & {*PROGRAMS}


def pages(letter: str, meaning: str) -> set[str]:
    return set(MEANINGS[letter].get(meaning, "").split())


@pytest.mark.parametrize("letter", MEANINGS)
def test_a_letter_means_one_thing_on_a_page_and_stands_on_no_other(letter: str) -> None:
    for one, other in combinations(MEANINGS[letter], 2):
        assert not pages(letter, one) & pages(letter, other), (one, other)
    meant = set().union(*(pages(letter, meaning) for meaning in MEANINGS[letter]))
    assert {number for number in PAGES if uses(letter, number)} == meant


@pytest.mark.parametrize("letter", MEANINGS)
def test_the_notation_page_has_each_meaning_of_a_letter(letter: str) -> None:
    rows = [line for line in (BOOK / "notation.md").read_text(encoding="utf-8").splitlines() if line.startswith("| $")]
    said = " ".join(row for row in rows if letter in set().union(*map(symbols, formulas(row.split(" | ")[0]))))
    assert [one for one in MEANINGS[letter] if one not in (PAPER, LOCAL) and one not in said] == []


@pytest.mark.parametrize("letter", MEANINGS)
def test_the_edition_gives_no_meaning_to_a_letter_that_it_quotes(letter: str) -> None:
    defines = re.compile(rf"(?:^|[\s,;]){re.escape(letter)}\s*=(?!\s*(?:\d|[a-z]$))")
    for number in pages(letter, PAPER):
        found, names = page(number)
        assert [tex for tex in found if defines.search(tex)] == []
        assert letter not in names & {*PROGRAMS}


def test_where_s_counts_samples_it_is_nothing_else() -> None:
    samples = pages("s", "samples of a step")
    assert {number for number, path in PAGES.items() if re.search(r"Q\^\{?\(s\)", path.read_text("utf-8"))} == samples
    for number in samples:
        found, _ = page(number)
        assert [tex for tex in found if re.search(r"(?:^|[\s,;])s\s*=(?!\s*(?:\d|\\infty|d\+1))", tex)] == []
        assert [tex for tex in found if re.search(r"_\{?[A-Za-z]?s[}_A-Za-z]?", tex)] == []


def test_what_is_quoted_is_not_read() -> None:
    assert formulas("a $K$\n\n$$\nL \\tag{7}\n$$\n\n$$\nJ\n$$") == ["\nJ\n", "K"]
    assert symbols(r"\frac{k_0}{2\sqrt2K}+s_{H}+w^*_{MAML}+\operatorname{tr}Q^{(s)}") >= {"k_0", "K", "s_H", "s", "Q"}
    cell = 'J = 1\nclaims.checks("a", J, "of $k_0$", shows=r"\\frac K4", printed=claims.prints("a", 2, r"$L$"))'
    assert spoken(cell) == (["k_0", r"\frac K4"], {"J"})
