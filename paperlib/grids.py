"""Grid files: the runs of a sweep as lists of values in YAML, every combination a run for each seed."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import yaml

from paperlib.fewshot.configuration import Configuration, configure
from paperlib.fewshot.datasets import BENCHMARKS
from paperlib.fewshot.options import Count, Kind, Shape, options
from paperlib.fewshot.runs import Run, repeated

NEEDED = ("dataset", "algorithm", "tier", "seeds")
KINDS: dict[str, Kind] = {  # of the values of each key but seeds
    **{name: one.kind for name, one in options(Configuration).items() if one.offered},
    **{name: Count() for one in BENCHMARKS for name in one.shorthand},
}


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads YAML, and refuses a key that a block has twice, of which the last one would count."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        for place, (key, _) in enumerate(node.value):
            if key.value in names[:place]:
                problem = f"the key {key.value} a second time"
                raise yaml.constructor.ConstructorError(problem=problem, problem_mark=key.start_mark)
        return dict(super().construct_mapping(node, deep))


def read(path: Path, **instead: str | None) -> tuple[Run, ...]:
    """Return all runs of a grid file, in order.

    A file is one block or a list of blocks, and a block says for each of `NEEDED`, and for what else is not to have
    its default, one value or a list of values. Names are those of `configuration.configure`; ways and shots are
    ``easy: [2, 50]``, or ``easy: [[2, 50], [2, 10]]`` where there are several. The runs of a block are all combinations
    of its values with all its seeds: ``seeds: 5`` are 0 to 4, ``seeds: [3, 7]`` are these two.

    Args:
        path: of the file.
        **instead: values to take instead of the file's, where not None.

    Raises:
        ValueError: naming file, block and key, what was expected, and what came.
        OSError: if the file cannot be read.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        said = f"{error.problem}, line {mark.line + 1}" if mark else str(error)  # type: ignore[union-attr]
        raise ValueError(f"{path} must be a YAML file; got {said}") from error
    blocks = content if isinstance(content, list) else [content]
    if not blocks:
        raise ValueError(f"{path} must hold at least one block; got none")
    found: list[Run] = []
    for number, block in enumerate(blocks, 1):
        try:
            found += expand(block, **instead)
        except ValueError as error:
            raise ValueError(f"{path}, block {number} of {len(blocks)}: {error}") from error
    if (twice := repeated(found)) is not None:
        name = f"seed {twice.seed} of {twice.configuration.name}"
        raise ValueError(f"{path}: a run must be in a grid once; got {name} twice")
    return tuple(found)


def expand(block: dict[str, Any], **instead: str | None) -> list[Run]:
    """Return the runs of one block of a grid, the first key's values outermost, seeds innermost.

    Args:
        block: as `read` describes it.
        **instead: values to take instead of the block's, where not None.

    Raises:
        ValueError: naming the key, what was expected, and what came.

    Example:
        >>> block = {"dataset": "cifar", "tier": "paper", "algorithm": ["maml", "erm"], "lr": ["1e-2", 1], "seeds": 5}
        >>> runs = expand(block)
        >>> len(runs), runs[-1].configuration.name, runs[-1].seed
        (20, 'cifar-p0.5-erm-paper-lr1.0', 4)
    """
    if not isinstance(block, dict):
        raise ValueError(f"a block must be keys with values; got {block!r}")
    block = block | {name: value for name, value in instead.items() if value is not None}
    if unknown := [str(name) for name in block if name not in KINDS and name != "seeds"]:
        raise ValueError(f"a key must be one of seeds, {', '.join(KINDS)}; got {', '.join(unknown)}")
    if lacking := [name for name in NEEDED if name not in block]:
        raise ValueError(f"a block must say {', '.join(NEEDED)}; it lacks {', '.join(lacking)}")
    several = {name: _values(name, value) for name, value in block.items() if name != "seeds"}
    runs = []
    for values in product(*several.values()):
        given = dict(zip(several, values, strict=True))
        dataset, algorithm, tier = (given.pop(name) for name in NEEDED[:3])
        configuration = configure(dataset, algorithm, tier, **given)
        runs += [Run(configuration, seed) for seed in _seeds(block["seeds"])]
    return runs


def _values(name: str, given: Any) -> list[Any]:
    """Return the values of a key, each with the type that it asks for."""
    kind = KINDS[name]
    pairs = isinstance(kind, Shape) and isinstance(given, list) and not all(isinstance(one, list) for one in given)
    values = given if isinstance(given, list) and not pairs else [given]
    if not values:
        raise ValueError(f"{name} must have at least one value; got []")
    for place, value in enumerate(values):
        try:
            values = [*values[:place], kind.read(value), *values[place + 1 :]]
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} must be {kind.noun}, or a list of such; got {value!r}") from error
    return values


def _seeds(given: Any) -> list[int]:
    if type(given) is int and given >= 1:
        return list(range(given))
    if isinstance(given, list) and given and all(type(seed) is int and seed >= 0 for seed in given):
        return given
    raise ValueError(f"seeds must be how many, at least 1, or a list of whole numbers from 0; got {given!r}")
