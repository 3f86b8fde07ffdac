r"""What training costs, counted in floating-point operations before it starts, and in hours where records tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from paperlib.fewshot.configuration import Configuration
from paperlib.fewshot.learners import ALGORITHMS, PIXELS, STEPS
from paperlib.fewshot.runs import OWN, Run
from paperlib.records import counted

_BLOCKS = 4
_GRADIENT = 3  # passes forward that a gradient costs, with the one that it begins with
_LENGTH = {"tier", "iterations", "evaluation_tasks", "split", *OWN}


def forward(c: Configuration) -> int:
    r"""Return the operations of one image through the network: two for each multiplication of a kernel or the head.

    .. math:: F = \sum_{b=1}^{4} 18\, s_b^2\, c_b\, D + 2\, s_5^2\, D\, N

    for sides :math:`s_{b+1} = \lfloor s_b/2 \rfloor`, input channels :math:`c_b`, D filters and N outputs, as many as
    the largest task has ways.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> forward(configure("omniglot", "erm", "smoke", filters=1))  # 18 (28² + 14² + 7² + 3²) + 2·5
        18694
    """
    channels, side = c.benchmark.channels, c.benchmark.side
    ways, total = max(ways for ways, _ in (c.easy, c.hard, c.evaluation_easy, c.evaluation_hard)), 0
    for _ in range(_BLOCKS):
        total += 18 * side**2 * channels * c.filters
        channels, side = c.filters, side // 2
    return total + 2 * side**2 * channels * ways


def training(c: Configuration) -> float:
    """Return the operations of the training of one run, as `operations` counts them.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> c = configure("omniglot", "erm", "smoke", iterations=1, tasks=1)
        >>> training(c) / forward(c)  # 5·(1 + 10)·3
        165.0
    """
    support, query = ALGORITHMS[c.algorithm].passes(c.steps)
    shares = (1 - c.p_hard, c.easy), (c.p_hard, c.hard)
    passes = sum(share * ways * (shots * support + c.queries * query) for share, (ways, shots) in shares)
    return c.iterations * c.tasks * passes * forward(c)


def at_cost(c: Configuration, other: Configuration) -> Configuration:
    """Return a configuration with as many iterations as make the operations of another's training, rounded.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> erm, maml = (configure("omniglot", name, "smoke", iterations=100) for name in ("erm", "maml"))
        >>> at_cost(erm, maml).iterations  # 5·(9 + 10·3) for MAML against 5·(1 + 10)·3
        118
    """
    return replace(c, iterations=round(c.iterations * training(other) / training(c)))


def operations(c: Configuration) -> float:
    r"""Return the operations of one run, training and evaluation together, in expectation over kinds of tasks.

    With F of `forward`, a backward pass costs 2F. An image of the outer loss costs 3F. An image of adaptation costs
    what `Algorithm.passes` says: 3F a step, 9F where the outer gradient goes through the step, since each of its three
    products has two derivatives. At evaluation, the outer loss has no gradient. Normalisation, pooling and the
    optimiser are left out, and so is the second head of ERM with names.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> c = configure("omniglot", "maml", "smoke", iterations=1, tasks=1, evaluation_tasks=1)
        >>> operations(c) / forward(c)  # 5·(1·9 + 10·3) in training, 5·(1·3 + 10·1) in each of three evaluations
        390.0
    """
    if c.readout in PIXELS:
        return training(c)
    row, passes = ALGORITHMS[c.algorithm], training(c) / forward(c)
    for phase in c.phases:
        steps = c.other_steps if phase.startswith("other") else c.evaluation_steps
        for ways, shots in (c.evaluation_easy, c.evaluation_hard):
            # passes for the features of a support image, to which a head is added, or for the steps
            adaptation = 1 if row.head or c.readout != STEPS else steps * _GRADIENT
            passes += c.evaluation_tasks / 2 * ways * (shots * adaptation + c.queries)
    return passes * forward(c)


def hours(runs: Sequence[Run], found: Iterable[dict[str, Any]]) -> dict[str, tuple[float, int]]:
    r"""Return for each machine the hours that runs would take on it, and how many records say so.

    .. math:: H = \frac{1}{3600} \sum_k W_k \Big/ \frac{1}{n_k} \sum_{i=1}^{n_k} \frac{O_i}{t_i}

    for runs of kinds k with :math:`W_k` `operations` in all, and :math:`n_k` records of that kind, of :math:`O_i`
    operations in :math:`t_i` seconds: those of its job, shared evenly. A record speaks for runs that differ from it
    in length, rates and distribution of tasks alone. A machine that has no record of one of the kinds is left out.

    Args:
        runs: to be trained, one machine for all.
        found: contents of records, see `records.read`. Those of runs that diverged or changed machines do not count.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> c, machine = configure("omniglot", "maml", "book"), {"gpu": None, "processor": "P", "threads": 2}
        >>> rest = {"hardware": machine, "earlier_machines": [], "metrics": {"diverged": None}}
        >>> record = rest | {"configuration": c.values(), "seconds": 7200.0, "runs_trained_together": 4}
        >>> hours([Run(c, seed) for seed in range(5)], [record])  # five runs of 1800 s
        {'P, 2 threads': (2.5, 1)}
    """
    speeds: dict[str, dict[str, list[float]]] = {}
    for machine, c, seconds in _timed(found):
        speeds.setdefault(machine, {}).setdefault(_kind(c), []).append(operations(c) / seconds)
    work: dict[str, float] = {}
    for run in runs:
        kind = _kind(run.configuration)
        work[kind] = work.get(kind, 0.0) + operations(run.configuration)
    return {
        machine: (
            sum(amount * len(kinds[kind]) / sum(kinds[kind]) for kind, amount in work.items()) / 3600,
            sum(len(kinds[kind]) for kind in work),
        )
        for machine, kinds in speeds.items()
        if set(work) <= set(kinds)
    }


def rough_hours(runs: Sequence[Run], found: Iterable[dict[str, Any]]) -> dict[str, tuple[float, int, str]]:
    r"""Return for each machine the hours that runs may take by operations alone, how many records say so, and of what.

    .. math:: H = \frac{1}{3600} \sum_j O_j \cdot \sum_i t_i \Big/ \sum_i O_i

    for runs j and records i, with `operations` O and seconds t as in `hours`. Records are those of the data sets of the
    runs, or all where a machine has none of them. How fast a machine is depends on filters, algorithm and shapes of
    tasks too: this is for runs of which `hours` knows nothing.

    Args:
        runs: to be trained, one machine for all.
        found: contents of records, as for `hours`.

    Example:
        >>> from paperlib.fewshot.configuration import configure
        >>> c, machine = configure("omniglot", "maml", "book"), {"gpu": "G", "processor": "P", "threads": 2}
        >>> rest = {"hardware": machine, "earlier_machines": [], "metrics": {"diverged": None}}
        >>> record = rest | {"configuration": c.values(), "seconds": 7200.0, "runs_trained_together": 4}
        >>> twice = configure("omniglot", "maml", "book", tasks=2 * c.tasks, evaluation_tasks=2 * c.evaluation_tasks)
        >>> rough_hours([Run(twice, 0)], [record])  # twice the half hour of a run
        {'G': (1.0, 1, 'omniglot with 64 filters')}
    """
    machines: dict[str, list[tuple[Configuration, float]]] = {}
    for machine, c, seconds in _timed(found):
        machines.setdefault(machine, []).append((c, seconds))
    sets, work = {run.configuration.dataset for run in runs}, sum(operations(run.configuration) for run in runs)
    result = {}
    for machine, every in machines.items():
        own = [one for one in every if one[0].dataset in sets] or every
        what = " and ".join(sorted({f"{c.dataset} with {c.filters} filters" for c, _ in own}))
        spent = sum(seconds for _, seconds in own) / sum(operations(c) for c, _ in own)
        result[machine] = (work * spent / 3600, len(own), what)
    return result


def _timed(found: Iterable[dict[str, Any]]) -> Iterator[tuple[str, Configuration, float]]:
    """Yield machine, configuration and seconds, its share of those of its job, of each record that can tell."""
    for values in found:
        hardware = values["hardware"]
        if values["metrics"]["diverged"] is None and not values["earlier_machines"] and values["seconds"]:
            machine = hardware["gpu"] or f"{hardware['processor']}, {counted(hardware['threads'], 'thread')}"
            seconds = values["seconds"] / values["runs_trained_together"]
            yield machine, Configuration.of(values["configuration"]), seconds


def _kind(c: Configuration) -> str:
    return repr({name: value for name, value in c.values().items() if name not in _LENGTH})
