"""Nothing public is used by nothing: every definition of the library and of the tools has a use outside itself.

Uses are counted by name, in the library, the tools, the extensions of the site and the chapters; tests do not count,
and neither do imports and `__all__`, which only hand a name on.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = [*sorted((ROOT / "paperlib").rglob("*.py")), *sorted((ROOT / "tools").rglob("*.py"))]
PLACES = [*LIBRARY, *sorted((ROOT / "book").glob("[0-9]*.py")), *sorted((ROOT / "book" / "_ext").rglob("*.py"))]


def uses(tree: ast.AST) -> Iterator[str]:
    """Yield every name and attribute that is read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.attr


def definitions(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the public functions, classes, methods, fields and constants of a module or a class."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            if not node.name.startswith("_"):
                yield node.name, node
                if isinstance(node, ast.ClassDef):
                    yield from ((name, one) for name, one in definitions(node.body) if not isinstance(one, ast.Assign))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((t.id, node) for t in targets if isinstance(t, ast.Name) and not t.id.startswith("_"))


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in PLACES}


@pytest.fixture(scope="module")
def counts(trees: dict[Path, ast.Module]) -> Counter[str]:
    return Counter(name for tree in trees.values() for name in uses(tree))


def unused(tree: ast.Module, counts: Counter[str]) -> list[str]:
    """Return the names that a module defines and that nothing uses but their own definition."""
    return [name for name, node in definitions(tree.body) if counts[name] <= Counter(uses(node))[name]]


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_is_used(path: Path, trees: dict[Path, ast.Module], counts: Counter[str]) -> None:
    assert unused(trees[path], counts) == []


def test_the_count_sees_what_it_should() -> None:
    module = ast.parse(
        "from a import idle\n__all__ = ['idle']\nLEFT = 1\nTYPED: int = 1\n"
        "def busy(): return 1\ndef idle(): return idle()\n_value = busy()\n"
        "class Kind:\n    field: int\n    def known(self): return 1\n"
        "    def forgotten(self): return 2\nKind().known()\n"
    )
    assert unused(module, Counter(uses(module))) == ["LEFT", "TYPED", "idle", "field", "forgotten"]
