"""What stands in the docstring of every public name: formula or source, arguments, shapes, errors, an example.

That the examples are right is tested by running them; here, that they are there.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from paperlib import TaskEnvironment, adviser, claims, fewshot, linear, logistic, networks, simulate
from paperlib.arguments import Array

PACKAGES = (linear, logistic, networks, simulate, fewshot, adviser, claims)
WORKS = (Path(__file__).resolve().parent.parent / "book" / "references.bib").read_text(encoding="utf-8")
AUTHORS = "|".join(sorted(set(re.findall(r"^ *author *= *\{(\w+)", WORKS, re.M))))
PLACE = r"\bEqs?\. |\b(?:Section|Table|Figure)s? [1-9A-D]|\bAppendi(?:x|ces) [A-D]|\(\d{1,3}\)|\b[A-D]\.\d"
SOURCE = re.compile(rf":math:|\.\. math::|{PLACE}|\b(?:{AUTHORS})(?: et al\.| & \w+)?,? \(?(?:19|20)\d\d")
SIZE = r"(?:\.\.\.|\*?\w+(?:·\w+)*(?: [+−] \w+)?)"  # such as N·K, n + 1 or ...
SHAPE = re.compile(rf"\((?:\.\.\.|{SIZE},|{SIZE}(?:, {SIZE})+)\)")
ARRAY = re.compile(r"ndarray|Tensor")
UNSOURCED = {  # of which there is neither a formula nor a source, and why
    "looks up, downloads or reads what it is told to": "fewshot.benchmark fewshot.fetch adviser.read_tasks",
    "keeps, and judges by, what a chapter hands in: a formula as printed, a rule, the paper's words, a source": (
        "claims.prints claims.Printed claims.judges claims.contradicts claims.quotes claims.awaits"
    ),
}
UNTRIED = {  # of which there is no example, and why
    "reads or downloads images, or wants the classes that they come with": (
        "fewshot.fetch fewshot.load_cifar100 fewshot.load_omniglot fewshot.cifar_tasks fewshot.prepare"
    ),
}


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every function and class that is offered but errors, and the methods of the theory's classes."""
    for package in PACKAGES:
        for name in package.__all__:
            thing = getattr(package, name)
            if inspect.isfunction(thing) or (inspect.isclass(thing) and not issubclass(thing, Exception)):
                yield f"{package.__name__}.{name}".removeprefix("paperlib."), thing
    yield "TaskEnvironment", TaskEnvironment
    for kind in (TaskEnvironment, networks.Tasks, simulate.Setting, simulate.Runs):
        for name, thing in vars(kind).items():
            if not name.startswith("_") and (isinstance(thing, classmethod) or inspect.isfunction(thing)):
                yield f"{kind.__name__}.{name}", getattr(kind, name)


THINGS = dict(public())


def listed(reasons: dict[str, str]) -> set[str]:
    """Return the names that are excused, whatever the reason."""
    return set(" ".join(reasons.values()).split())


def section(text: str, title: str) -> str:
    """Return what stands under a title of a docstring."""
    return text.partition(f"{title}:\n")[2].partition("\n\n")[0]


def described(text: str, name: str) -> str:
    """Return what a docstring says of an argument or a field."""
    found = re.search(rf"^ *(?:\w+, )*\**{name}(?:, \w+)*: (.*(?:\n {{8,}}.*)*)", text, re.M)
    return found[1] if found else ""


def holds_arrays(kind: Any) -> bool:
    """Return whether a type is an array or a tensor, or holds one; a class that is offered says so itself."""
    if is_dataclass(kind) and kind not in THINGS.values():
        return any(map(holds_arrays, get_type_hints(kind).values()))
    return kind is Any or bool(ARRAY.search(str(kind)))


def can_refuse(thing: Any, parameters: list[str]) -> bool:
    """Return whether something raises an error: itself, or as it looks at more than an environment."""
    looks = not is_dataclass(thing) or hasattr(thing, "__post_init__")
    return bool(re.search(r"^ +raise ", inspect.getsource(thing), re.M) or (looks and set(parameters) - {"env"}))


def lacking(thing: Any, *, unsourced: bool = False, untried: bool = False) -> list[str]:
    """Return what a docstring lacks, and which excuses it needs no longer."""
    text, hints = inspect.getdoc(thing) or "", get_type_hints(thing)
    said, _, example = text.partition("Example:\n")
    parameters = [parameter for parameter in inspect.signature(thing).parameters if parameter != "self"]
    found = [f"word on {one}" for one in parameters if not described(text, one)]
    if (">>> " in example) == untried:
        found.append("need of its place in UNTRIED" if untried else "example")
    if bool(SOURCE.search(said)) == unsourced:
        found.append("need of its place in UNSOURCED" if unsourced else "formula or source")
    if can_refuse(thing, parameters) and not section(text, "Raises"):
        found.append("errors")
    if holds_arrays(hints.get("return")) and not SHAPE.search(section(text, "Returns")):
        found.append("shape of what it returns")
    if is_dataclass(thing):
        arrays = [one for one, kind in hints.items() if ARRAY.search(str(kind))]
        found += [f"shape of {one}" for one in arrays if not SHAPE.search(described(text, one))]
    return found


@pytest.mark.parametrize("name", THINGS)
def test_a_docstring_has_all_its_parts(name: str) -> None:
    found = lacking(THINGS[name], unsourced=name in listed(UNSOURCED), untried=name in listed(UNTRIED))
    assert not found, f"{name} has no {', no '.join(found)}"


def test_excuses_are_of_names_that_are_offered() -> None:
    assert listed(UNSOURCED) | listed(UNTRIED) <= set(THINGS)


def bare(rate: float, steps: int) -> Array:
    """Return what Nobody et al. (2017) have (see there, and elsewhere).

    Args:
        rate: the rate.

    Returns:
        numbers (as many as there are, or more).

    Example:
        Of Eq. (1), without any.
    """
    raise NotImplementedError


def test_what_is_lacking_is_seen() -> None:
    parts = ["word on steps", "example", "formula or source", "errors", "shape of what it returns"]
    assert lacking(bare) == parts
    assert lacking(fewshot.adapt, unsourced=True, untried=True) == [
        "need of its place in UNTRIED",
        "need of its place in UNSOURCED",
    ]
