"""What stands in the docstring of every public function of the theory: formula or source, shapes, errors, an example.

That the examples are right is tested by running them; here, that they are there.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from paperlib import TaskEnvironment, advise, adviser, claims, fewshot, linear, logistic, networks, simulate

PACKAGES = (linear, logistic, networks, simulate)
SOURCE = re.compile(r":math:|\.\. math::|\bEqs? ?\.|\bSections? [1-9A-D]|\bAppendix [A-D]|\(\d+\)|\b[A-D]\.\d|Chapter")
SHAPE = re.compile(r"\((\.\.\.|[^()]*,[^()]*)\)")


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every public function, class and method of the theory that takes an argument."""
    for package in PACKAGES:
        for name in package.__all__:
            yield f"{package.__name__}.{name}", getattr(package, name)
    yield "environments.TaskEnvironment", TaskEnvironment
    yield "adviser.advise", advise
    for kind in (TaskEnvironment, networks.Tasks, simulate.Setting, simulate.Runs):
        for name, thing in vars(kind).items():
            if not name.startswith("_") and (isinstance(thing, classmethod) or inspect.isfunction(thing)):
                yield f"{kind.__name__}.{name}", getattr(kind, name)


THINGS = {
    name: thing
    for name, thing in public()
    if inspect.isfunction(thing) or inspect.isclass(thing) or inspect.ismethod(thing)
}
REST = {
    f"{package.__name__}.{name}": thing
    for package in (adviser, claims, fewshot)
    for name, thing in ((name, getattr(package, name)) for name in package.__all__)
    if inspect.isfunction(thing) or (inspect.isclass(thing) and not issubclass(thing, Exception))
}
READING = set("fetch load_cifar100 load_omniglot cifar_tasks prepare score train read_tasks".split())
READING |= {"Experiment", "Phase", "Tasksets", "Report"}


def section(text: str, title: str) -> str:
    """Return what stands under a title of a docstring."""
    return text.partition(f"{title}:\n")[2].partition("\n\n")[0]


@pytest.mark.parametrize("name", THINGS)
def test_a_docstring_has_all_its_parts(name: str) -> None:
    thing = THINGS[name]
    text = inspect.getdoc(thing) or ""
    signature = inspect.signature(thing)
    parameters = [parameter for parameter in signature.parameters if parameter != "self"]
    lacking = []
    if ">>>" not in text:
        lacking.append("an example")
    if set(parameters) - {"env"} and "Raises:" not in text:
        lacking.append("errors")
    if not SOURCE.search(text):
        lacking.append("a formula or its source")
    lacking += [
        f"the argument {one}" for one in parameters if not re.search(rf"^ *(\w+, )*{one}(, \w+)*: ", text, re.M)
    ]
    if re.search(r"\bArray\b|\bAny\b", str(signature.return_annotation)) and not SHAPE.search(section(text, "Returns")):
        lacking.append("the shape of what it returns")
    assert not lacking, f"{name} has no {', no '.join(lacking)}"


@pytest.mark.parametrize("name", REST)
def test_what_else_is_offered_has_an_example_and_says_what_it_refuses(name: str) -> None:
    """Examples are short: what reads images, or wants what holds them, has none."""
    text = inspect.getdoc(REST[name]) or ""
    assert (">>>" in text) != (name.rpartition(".")[2] in READING)
    assert not re.search(r"^ +raise ", inspect.getsource(REST[name]), re.M) or "Raises:" in text
