"""The library stays thin: modules, lines, floors of imports, and what `import paperlib` costs and offers."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = sorted((ROOT / "paperlib").rglob("*.py"))
MODULES, LINES, FLOORS, CODE = 92, 250, 8, 8018
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code(text: str) -> int:
    """Return how many lines hold more than a docstring, a comment or nothing."""
    places = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    said = [node.body[0] for node in ast.walk(ast.parse(text)) if isinstance(node, places) and ast.get_docstring(node)]
    docstrings = {line for node in said for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in LAYOUT]
    return len({line for token in tokens for line in range(token.start[0], token.end[0] + 1)} - docstrings)


@cache
def imported(path: Path) -> set[Path]:
    """Return the modules of the library that a module imports at its top, at any level of the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("paperlib"):
            home = ROOT / Path(*str(node.module).split("."))
            for one in node.names:
                places = (home / f"{one.name}.py", home / one.name / "__init__.py", home.with_suffix(".py"))
                found.add(next((place for place in places if place.exists()), home / "__init__.py"))
    return found - {path}


def floor(path: Path, under: str = "", seen: tuple[Path, ...] = ()) -> int:
    """Return on which floor a module stands, counted from 1 for one that imports no other in a folder."""
    assert path not in seen, f"imports in a circle: {[one.name for one in (*seen, path)]}"
    below = [one for one in imported(path) if under in str(one)]
    return 1 + max((floor(one, under, (*seen, path)) for one in below), default=0)


def test_lines_of_code_are_counted_as_they_should_be() -> None:
    assert (
        code('"""A.\n\nB.\n"""\n\n# c\nx = 1  # d\n\n\ndef f():\n    """E."""\n    return (\n        x\n    )\n') == 5
    )


def test_the_library_is_thin() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in LIBRARY}
    assert len(texts) <= MODULES
    assert sum(map(code, texts.values())) <= CODE


@pytest.mark.parametrize("folder", ["fewshot", "claims", "linear", "logistic", "networks", "simulate", "adviser"])
def test_no_package_is_a_tower(folder: str) -> None:
    own = [path for path in LIBRARY if path.parent.name == folder and path.name != "__init__.py"]
    assert max(floor(path, f"/{folder}/") for path in own) <= FLOORS


def test_no_import_goes_in_a_circle() -> None:
    for path in LIBRARY:
        floor(path)


@pytest.mark.parametrize("folder", ["fewshot", "claims", "linear", "logistic", "networks", "simulate", "adviser", "."])
def test_no_module_is_long(folder: str) -> None:
    long = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "paperlib" / folder).glob("*.py")}
    assert {name: lines for name, lines in long.items() if lines > LINES} == {}


def test_the_closed_forms_need_no_torch() -> None:
    used = "paperlib.TaskEnvironment, paperlib.linear, paperlib.claims"
    asked = f"import sys, paperlib; {used}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", asked], check=True, cwd=ROOT)


def test_each_name_that_is_offered_is_there() -> None:
    import paperlib

    for module in (paperlib, paperlib.fewshot):
        for name in module.__all__:
            assert getattr(module, name) is not None
        assert set(dir(module)) >= set(module.__all__)
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = module.nothing
