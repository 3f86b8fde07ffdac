"""Find checks whose second side is the first one, copied: what nothing could make fail."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from nbformat import NotebookNode

CHECKS = {"proves", "checks", "samples", "bounds", "decides"}
COPIES = {"array", "asarray", "copy", "deepcopy", "list", "tuple", "float", "sympify", "expand", "simplify", "astype"}
MODULES = {"np", "sp", "copy"}


def twins(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """Find the checks of a notebook whose sides are one expression, but for names and copies.

    Example:
        >>> from nbformat.v4 import new_code_cell, new_notebook
        >>> cell = new_code_cell("w = v.copy()\\nclaims.checks('eq:5', v, np.array(w), 'Equal.', rtol=1e-9)")
        >>> list(twins(new_notebook(cells=[cell])))
        [(1, 'both sides of claims.checks are v')]
    """
    trees = {}
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code":
            lines = [line for line in cell.source.splitlines() if not line.lstrip().startswith(("%", "!"))]
            trees[number] = ast.parse("\n".join(lines))
    once = _assigned(trees.values())
    for number, tree in trees.items():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CHECKS:
                named = {item.arg: item.value for item in call.keywords if item.arg}
                other = call.args[2] if call.func.attr != "bounds" else named.get("below", named.get("above"))
                sides = {ast.unparse(_source(side, once)) for side in (call.args[1], other) if side is not None}
                if len(sides) == 1 and other is not None:
                    yield number, f"both sides of claims.{call.func.attr} are {sides.pop()}"


def _assigned(trees: Iterable[ast.Module]) -> dict[str, ast.expr]:
    """Return what is given to each name that is assigned once: another may be anything."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    stores = Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    plain = [node for node in nodes if isinstance(node, ast.Assign) and len(node.targets) == 1]
    named = [(node.targets[0], node.value) for node in plain]
    return {name.id: value for name, value in named if isinstance(name, ast.Name) and stores[name.id] == 1}


def _source(side: ast.expr, once: Mapping[str, ast.expr]) -> ast.expr:
    """Return a side without the copies made of it, and under its first name."""
    if isinstance(side, ast.Call) and getattr(side.func, "attr", getattr(side.func, "id", "")) in COPIES:
        of = side.func.value if isinstance(side.func, ast.Attribute) else None
        if of is not None and not (isinstance(of, ast.Name) and of.id in MODULES):
            return _source(of, once)
        return _source(side.args[0], once) if side.args else side
    if isinstance(side, ast.Subscript) and ast.unparse(side.slice) in (":", "..."):
        return _source(side.value, once)
    if isinstance(side, ast.Name) and side.id in once:
        first = _source(once[side.id], {name: value for name, value in once.items() if name != side.id})
        return first if isinstance(first, ast.Name) else side
    return side
