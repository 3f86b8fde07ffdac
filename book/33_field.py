# %% [markdown]
# # The field at other costs and shares
#
# Chapters [9](09_omniglot) and [10](10_cifar) put beside MAML what else solves their tasks, after short trainings of one length. Is the order another one when all cost the same, when all hard tasks come from one alphabet, or when hard tasks are rare in training, or nearly all there is? The paper compares MAML with its own ERM alone. What each does is explained in [the field](#omniglot-field); they have its start and its rates, ANIL's inner rate too. Each section can be read alone, and every number comes from a record of a run.
#
# | | what changes | who is ahead |
# | :-- | :-- | :-- |
# | [equal cost](#omniglot-field-equal-cost) | the lengths: each learner has the operations of MAML's 300 iterations | ERM with names and the prototypical network, on characters and on photographs |
# | [Small](#omniglot-field-small) | one hard alphabet in training, another at the test | the same two |
# | [other shares](#cifar-field-shares) | hard tasks are 1% or 99% of training | the same two |
#
# One thing more changes [below](#field-readouts): how the same networks are read out. At the end stand [learning curves](#field-curves) of those that train on tasks, and [what was changed](#field-changed) after a first run.

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-cell", "nbval-ignore-output"]
# not compared: what pip says. On Colab and Binder this cell installs the book's library; elsewhere it does nothing.
import importlib.util
import subprocess
import sys

REPOSITORY = ""
if importlib.util.find_spec("paperlib") is None:
    if not REPOSITORY:
        raise ModuleNotFoundError("paperlib is missing: set REPOSITORY above to the address")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", f"git+{REPOSITORY}"], check=True)

from dataclasses import replace
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

# %% mystnb={"code_prompt_show": "Set-up, what is the book's own"} tags=["hide-cell"]
from paperlib import costs, field, plotting, records, tables
from paperlib.fewshot import configure, signed
from paperlib.runtime import book

plotting.use_book_style()
stored = records.read(book() / "records")
THREE = field.NAMED, "prototypical network", field.MAML
FIELD = {"initialisation": "torch", "iterations": 300}
TESTED = {"evaluation_tasks": 500}  # on photographs


# %% [markdown]
# (omniglot-field-equal-cost)=
# ## At equal cost
#
# In the field what learns from tasks has 300 iterations, whatever one costs. Here each learner has as many as make the operations of MAML's 300 of one step, as `paperlib.costs` counts them. The rule was committed before these runs (`equal-cost` in `book/paper_values.yml`): ahead of MAML, or behind it, is whose paired interval leaves out 0, on easy and on hard test tasks each.
#
# **Characters**, in the setting Large:


# %% tags=["remove-input"]
def at_equal_cost(dataset, columns, **common):
    """Show the rivals of MAML at its operations, and their differences from it."""
    learners = field.learners(dataset, **FIELD, **common)
    maml = learners[field.MAML]
    fair = {name: costs.at_cost(learners[name], maml) for name in field.RIVALS}
    entries = field.entries(stored, fair | {field.MAML: maml})
    said = field.sources(entries, "equal_cost")
    if not any(entries[name].seeds for name in fair):
        return Markdown(
            "Not run yet: `python -m paperlib records --missing --grid grids/equal_cost.yml`."
        )
    easy_and_hard = dict(list(columns.items())[:2])
    gaps = field.against(entries, field.MAML, easy_and_hard)
    lengths = ", ".join(f"{name} {one.iterations:,}" for name, one in fair.items())
    gaps = f"In points, paired by seed:\n\n{gaps}\n\n" if gaps else ""
    return Markdown(f"{field.table(entries, columns)}\n\n{gaps}Iterations: {lengths}. {said}")


at_equal_cost(
    "omniglot", {"easy test": (1, 0), "hard test, five": (1, 1), "Bengali": (2, 1)}, setting="large"
)

# %% [markdown]
# The two that were ahead of MAML in the field had spent less there; now they lead by more. Five steps of MAML, which [help after as many iterations](#omniglot-field), are behind one step when both cost the same. The derivative through the step pays here: without it first-order MAML has more iterations, and is behind. (From Glorot's start, after longer trainings, it is behind [by about a point](#omniglot-equal-cost).) ANIL, whose step is the head's alone, is behind too. (MAML's row is the field's, of older code; its seconds and MB are not comparable.)
#

# %% tags=["remove-input"]
_learners = field.learners("omniglot", setting="large", **FIELD)
_fair = costs.at_cost(_learners[field.NAMED], _learners[field.MAML])
_own = field.entries(
    stored, {"fair": _fair, "long": _learners[field.LONG_NAMED], "MAML": _learners[field.LONG_MAML]}
)
_gaps = field.less(_own["long"], _own["fair"])[:, 1]
Markdown(
    f"**More of ERM with names** was no gain that could be told: at [ten times the field's length](#omniglot-field), {_learners[field.LONG_NAMED].iterations:,} batches, it has changed from here by {' and '.join(map(signed, _gaps.T))} points on easy and hard tasks (seeds: {len(_gaps)}). Here it has {_own['fair'].operations / _own['MAML'].operations:.2f} of the operations of MAML ten times as long, with which it is compared there."
    if len(_gaps)
    else "The runs ten times as long are missing."
)

# %% [markdown]
# (cifar-field-equal-cost)=
# **Photographs**, at $p=\frac12$:

# %% tags=["remove-input"]
at_equal_cost("cifar", {"easy test": (1, 0), "hard test": (1, 1)}, p_hard=0.5, **TESTED)

# %% [markdown]
# The same two are ahead on both kinds of task. Here ERM with names had spent a little more than MAML in the field, and keeps its lead with as much; the prototypical network leads by more. Five steps of MAML are not told from one, and one step on hard tasks is not told from ANIL's.

# %% [markdown]
# (omniglot-field-small)=
# ## In Small
#
# In Small, Sanskrit is all that is hard in training, Bengali all that is hard at test time. Here are the two that were ahead of MAML in Large, and MAML of one step to compare them with (MAML of five, third in Large, was not run), at the field's lengths:

# %% tags=["remove-input"]
_learners = field.learners("omniglot", setting="small", **FIELD)
_entries = field.entries(stored, {name: _learners[name] for name in THREE})
_columns = {"easy test": (1, 0), "Bengali": (1, 1), "hard test, five": (2, 1)}
_pairs = ((THREE[0], THREE[2]), (THREE[1], THREE[2]), THREE[:2])
_told, _points = "", list(_columns.values())
if set.intersection(*(set(one.seeds) for one in _entries.values())):
    _found = [field.verdict(*(_entries[one] for one in pair), _points) for pair in _pairs]
    _gaps = [[" less ".join(pair), *own] for pair, (_, own) in zip(_pairs, _found, strict=True)]
    _told = f"In points, paired by seed:\n\n{tables.markdown(['', *_columns], _gaps, 'lrrr')}\n\n"
    if [one for one, _ in _found[:2]] == ["yes", "yes"]:
        _told += "So both stay ahead of MAML. "
    if field.verdict(*(_entries[one] for one in _pairs[2]), _points[1:2])[0] == "undecided":
        _told += "Which of the two leads on Bengali is undecided. "
Markdown(
    f"{field.table(_entries, _columns) if _told else ''}\n\n{_told}{field.sources(_entries, 'field_omniglot')}"
)

# %% [markdown]
# (cifar-field-shares)=
# ## At other shares of hard tasks
#
# At $p=0.99$ nearly all that is trained on is hard, at $p=0.01$ nearly nothing is. Here are the same three on photographs, at the lengths of [their field](#cifar-field), evaluated as there. ERM with names draws its images from all training classes alike; the share decides only how many it sees, as many as a hard or an easy task has. (Core seconds and MB at 0.99 and 0.01, but for MAML at 0.01, are of older code: compare TFLOP.)

# %% tags=["remove-input"]
PS = 0.99, 0.5, 0.01
_columns = {"easy test": (1, 0), "hard test": (1, 1)}
_entries = {}
for _p in PS:
    _learners = field.learners("cifar", p_hard=_p, **FIELD, **TESTED)
    _own = field.entries(stored, {name: _learners[name] for name in THREE})
    _entries |= {f"{name}, $p={_p:g}$": one for name, one in _own.items()}
_lines, _words = [], set()
for _p in PS:
    _maml = _entries[f"{field.MAML}, $p={_p:g}$"]
    for _name in THREE[:2]:
        _one = _entries[f"{_name}, $p={_p:g}$"]
        if set(_one.seeds) & set(_maml.seeds):
            _gaps = field.verdict(_one, _maml, list(_columns.values()))[1]
            _words.add(field.verdict(_one, _maml, list(_columns.values()))[0])
            _lines.append([_name, f"{_p:g}", *_gaps, f"{_one.operations / _maml.operations:.2f}"])


# %% tags=["remove-input"]
def _of(name, p, phase=1):
    """Return test accuracies, easy and hard, by seed."""
    one = _entries[f"{name}, $p={p:g}$"]
    return dict(zip(one.seeds, one.scores[:, phase], strict=True))


def _between(name, phase=1):
    """Return by seed how easy and hard test accuracy change from the smallest share to the largest."""
    up, down = _of(name, PS[0], phase), _of(name, PS[-1], phase)
    return np.array([up[seed] - down[seed] for seed in up if seed in down]).reshape(-1, 2)


_said = ""
if len(_lines) == 2 * len(PS) and _words == {"yes"}:
    _said = "At each share both are ahead of MAML, on easy and on hard tasks, if each is read out in its own way; [read out alike](#field-readouts), where that was measured, they lead on hard ones by less. "
_shifts = {name: _between(name) for name in THREE}
if min(map(len, _shifts.values())):
    _says = [f"*{name}* {signed(one[:, 1])}" for name, one in _shifts.items()]
    _said += f"From $p={PS[-1]:g}$ to {PS[0]:g} hard test accuracy changes (paired by seed): {'; '.join(_says)}; the same MAML, taking five steps at the test, {signed(_between(field.MAML, 3)[:, 1])}. So it is mostly the one step that the share matters to. To ERM with names it is only a number of images. "
_easy = [np.array([one[0] for one in _of(field.MAML, p).values()]) for p in reversed(PS)]
if min(map(len, _easy)):
    _down = all(one.mean() > other.mean() for one, other in pairwise(_easy))
    _said += f"On easy tasks MAML {'falls with $p$ in the mean' if _down else 'has'}, {', '.join(f'{one.mean():.1f}' for one in _easy)}%: {signed(_shifts[field.MAML][:, 0])} from end to end. "
if len(_easy[-1]) > 2:
    _said += (
        f"At $p={PS[0]:g}$ its seeds differ, from {_easy[-1].min():.1f} to {_easy[-1].max():.1f}%. "
    )
_titles = ["less MAML at the same share", "p", *_columns, "times its operations"]
Markdown(
    (
        f"{field.table(_entries, _columns)}\n\nIn points, paired by seed:\n\n{tables.markdown(_titles, _lines, 'lrrrr')}\n\n{_said}"
        if _lines
        else ""
    )
    + field.sources(_entries, "field_cifar")
)

# %% [markdown]
# (field-readouts)=
# ## Read out otherwise
#
# A learner is a network and a way to solve a task with it. MAML takes its step, ERM with names class means. So a difference of the two may be one of features, or of what is done with them. Here are the same networks, solving the same test tasks in other ways; MAML was trained for one step, ERM with names to name classes. (Where a record is missing there is a dash.)

# %% tags=["remove-input"]
WAYS = "one step", "five steps", "class means"
_all = {"characters": field.learners("omniglot", setting="large", **FIELD)}
_all |= {
    f"photographs, $p={p:g}$": field.learners("cifar", p_hard=p, **FIELD, **TESTED) for p in PS
}
WIDE = "characters", "photographs, $p=0.5$"  # there are records of more networks
_narrow = [field.MAML, field.NAMED]
_wide = ["untrained, one step", *_narrow, field.LONG_MAML]


def ways(one):
    """Return the configurations of a network by the ways to solve a task with it."""
    usual = configure(one.dataset, one.algorithm, one.tier).evaluation_steps  # where none is taken
    given = ("steps", 1), ("steps", 5), ("class-means", usual)
    return [replace(one, readout=readout, evaluation_steps=steps) for readout, steps in given]


_networks = [(data, name) for data in _all for name in (_wide if data in WIDE else _narrow)]
_networks += [(data, "prototypical network") for data in _all]
read = field.entries(
    stored,
    {
        (data, name, way): one
        for data, name in _networks
        for way, one in zip(WAYS, ways(_all[data][name]), strict=True)
    },
)
_rows = []
for _data, _name in _networks[: -len(_all)]:
    _cells = [
        tables.shown(read[_data, _name, way].scores[:, 1, kind]) for kind in (0, 1) for way in WAYS
    ]
    _rows.append([_data, _name.removesuffix(", one step").removesuffix(", class means"), *_cells])
_titles = ["", "", *(f"{kind}: {way}" for kind in ("easy", "hard") for way in WAYS)]
_folders = {name for one in read.values() for name in one.folders}
Markdown(
    f"{tables.markdown(_titles, _rows, 'll' + 'r' * 6)}\n\nRecords: {tables.linked(_folders) or 'none'}."
)


# %% tags=["remove-input"]
def _gaps(one, other):
    """Say by how many points one learner is ahead of another on new tasks, on easy and on hard ones."""
    gaps = field.less(one, other)[:, 1]
    return " and ".join(map(signed, gaps.T)) if len(gaps) else "–"


_rows, _fives = [], []
for _data in _all:
    _own = [read[_data, field.MAML, way] for way in WAYS]
    for _name in (field.NAMED, "prototypical network"):
        _cells = [_gaps(read[_data, _name, "class means"], _own[k]) for k in (0, 2)]
        _rows.append([_data, _name.removesuffix(", class means"), *_cells])
    _fives.append((_data, _gaps(_own[1], _own[0])))
_half = [read["photographs, $p=0.5$", name, "five steps"] for name in (field.NAMED, field.MAML)]
Markdown(
    f"By class means, less MAML, in points on easy and on hard tasks, paired by seed:\n\n{tables.markdown(['', '', 'MAML by its step', 'MAML by class means'], _rows, 'llrr')}\n\n"
    f"With five steps for both, at $p=0.5$ of photographs, ERM with names less MAML is {_gaps(*_half)}. "
    f"Five steps of MAML at the test in place of one give: {'; '.join(f'{data} {gap}' for data, gap in _fives if gap != '–')}. From the same records."
)

# %% [markdown]
# On characters the leads are of the features. On photographs at $p=\frac12$ those on easy tasks are, and most of those on hard tasks is MAML's one step: by class means the prototypical network has no lead there that is worth a point, and by five steps for both MAML is ahead of the classifier. Where hard tasks are rare in training, at $p=0.01$, class means of MAML's features are not told from the prototypical network's on hard ones; ERM with names stays ahead. So on hard photographs take class means, of any of these features.

# %% [markdown]
# (field-curves)=
# ## Learning curves
#
# What the learners of tasks have on the tasks that they train on, each after its own step or by its own means, from the field's records. (ERM with names meets no tasks in training.) The learning rate falls along half a cosine and ends at zero with the curve, so a flat end does not say that nothing was left to learn.

# %% mystnb={"code_prompt_show": "Read the curves"} tags=["hide-cell"]
CURVES = {
    field.MAML: plotting.LINES["MAML"],
    "prototypical network": plotting.LINES[0],
    "MAML, five steps": plotting.LINES[1],
    "ANIL": plotting.LINES[2],
    "first-order MAML": plotting.LINES[3],
}
FIELDS = {
    "characters": field.learners("omniglot", setting="large", **FIELD),
    "photographs": field.learners("cifar", p_hard=0.5, **FIELD, **TESTED),
}
KINDS = "easy", "hard"
WIDTH = 30  # iterations that a point stands for
runs = [(records.run(values).configuration, values["metrics"]["history"]) for _, values in stored]


def curve(one, kind):
    """Return the mean accuracy in percent over all seeds' training tasks of each WIDTH iterations."""
    right, tasks = np.zeros(FIELD["iterations"] // WIDTH), np.zeros(FIELD["iterations"] // WIDTH)
    for configuration, history in runs:
        if configuration == one:
            place = (np.array(history["iteration"]) - 1) // WIDTH
            count = np.array(history[kind]["tasks"])
            found = np.array(history[kind]["accuracy"], dtype=float)
            np.add.at(right, place, np.where(count > 0, count * found, 0.0))
            np.add.at(tasks, place, count)
    return 100 * right / np.where(tasks > 0, tasks, np.nan)


curves = {
    (data, kind, name): curve(learners[name], kind)
    for data, learners in FIELDS.items()
    for kind in KINDS
    for name in CURVES
}


# %% mystnb={"code_prompt_show": "Draw the learning curves", "figure": {"caption": "Accuracy on training tasks over iterations, mean over five seeds, each point of thirty iterations: above characters, below photographs. **Notice** that the prototypical network is above MAML of one step in every panel from the first point to the last. Records: [`field-omniglot`](#records-field-omniglot), [`field-cifar`](#records-field-cifar).", "name": "fig-field-curves"}, "image": {"classes": "upright", "alt": "Four panels of five curves over three hundred iterations. In each the prototypical network ends on top and first-order MAML at the bottom. Those of characters rise steeply at first; on hard photographs only the prototypical network rises by more than five points."}} tags=["hide-input"]
def learning_curves():
    """Draw each learner's accuracy on training tasks over iterations, a panel for each data set and kind of task."""
    figure, axes = plt.subplots(2, 2, figsize=(5, 5.6), sharex=True)
    places = WIDTH * (np.arange(FIELD["iterations"] // WIDTH) + 0.5)
    for row, data in zip(axes, FIELDS, strict=True):
        for axis, kind in zip(row, KINDS, strict=True):
            for name, look in CURVES.items():
                axis.plot(places, curves[data, kind, name], label=name, **look)
            axis.set_title(f"{data}, {kind}")
        row[0].set_ylabel("accuracy (%)")
    for axis in axes[-1]:
        axis.set_xlabel("iteration")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


learning_curves()

# %% tags=["remove-input"]
_two = (field.MAML, "prototypical network")
_parts = []
for _data, _learners in FIELDS.items():
    _own = field.entries(stored, {name: _learners[name] for name in _two})
    if all(one.seeds for one in _own.values()):
        _ends = [f"{curves[_data, 'hard', name][-1]:.1f}" for name in _two]
        _new = [f"{_own[name].scores[:, 1, 1].mean():.1f}" for name in _two]
        _parts.append(
            f"{_data}, {' and '.join(_ends)}% in training and {' and '.join(_new)}% on test classes"
        )
        _rivals = [curves[_data, kind, _two[1]] - curves[_data, kind, _two[0]] for kind in KINDS]
        assert np.min(_rivals) > 0, "what the caption says"
        _falls = [float(_ends[k]) - float(_new[k]) for k in (0, 1)]
        assert _falls[1] > 2 * _falls[0], "loses more"
Markdown(
    f"On hard tasks MAML of one step and the prototypical network have: {'; '.join(_parts)}. So the prototypical network fits its training classes better, loses more of that on new ones, and is ahead there nevertheless."
    if _parts
    else "There is no record of these runs."
)

# %% [markdown]
# (field-changed)=
# ## What was changed after a run

# %% tags=["remove-input"]
_named, _maml = (FIELDS["characters"][name] for name in (field.NAMED, field.MAML))
_old = [v for path, v in stored if path.parent.name == "field-omniglot-superseded"]
_said = "Its record is missing."
for _train, _test, *_ in tables.scores(_old, replace(_named, iterations=300, tasks=8))[:1]:
    _said = f"It had {_train[0]:.1f} and {_train[1]:.1f}% on easy and hard *training* tasks, less than MAML, and {_test[0]:.1f} and {_test[1]:.1f}% on test tasks, which we saw too."
Markdown(
    f"The rules of the field were committed before its first run, and with them that all learners have equal iterations. One learner was changed after that run: ERM with names drew batches of tasks, as the others do, 300 times 8. {_said} "
    f"([Record](#records-field-omniglot-superseded).) Since then it draws single images, as a classifier does, in {_named.iterations} batches of as many as {_named.tasks} tasks hold. So that it is ahead of MAML is no prediction of ours. Why {_named.iterations} is written nowhere; on characters it is {costs.training(_named) / costs.training(_maml):.2f} times MAML's operations, and with as many as MAML [it leads by more](#omniglot-field-equal-cost)."
)

# %% [markdown]
# **Read next.** [Chapter 11](#classes-to-act-on) says what to do with choices of classes; the tables of the paper, [1 and 3](31_omniglot_tables) and [2 and 4](32_cifar_tables), line by line.
