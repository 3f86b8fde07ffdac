# %% [markdown]
# # The field at other costs and shares
#
# Chapters [9](09_omniglot) and [10](10_cifar) put beside MAML what else solves their tasks, after short trainings of one length. Is the order another one when all cost the same, when all hard tasks come from one alphabet, or when hard tasks are rare in training, or nearly all there is? The paper compares MAML with its own ERM alone. What each does is explained in [the field](#omniglot-field); they have its start and its rates, ANIL's inner rate too. Each section can be read alone, and every number comes from a record of a run.
#
# | | what changes | who is ahead |
# | :-- | :-- | :-- |
# | [equal cost](#omniglot-field-equal-cost) | the lengths: each learner has the operations of MAML's 300 iterations | on characters ERM with names and the prototypical network, five steps of MAML behind one; photographs are not run |
# | [Small](#omniglot-field-small) | one hard alphabet in training, another at the test | the same two |
# | [other shares](#cifar-field-shares) | hard tasks are 1% or 99% of training | the same two |

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

from itertools import pairwise

import numpy as np
from IPython.display import Markdown

# %% mystnb={"code_prompt_show": "Set-up, what is the book's own"} tags=["hide-cell"]
from paperlib import costs, field, records, tables
from paperlib.fewshot import signed
from paperlib.runtime import book

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
# The two that were ahead of MAML in the field had spent less there; now they lead by more. Five steps of MAML, which [help after as many iterations](#omniglot-field), are behind one step when both cost the same. The derivative through the step pays: without it first-order MAML has more iterations, and is behind. So is ANIL, whose step is the head's alone. (MAML's row is the field's, of older code; its seconds and MB are not comparable.)
#
# (cifar-field-equal-cost)=
# **Photographs**, at $p=\frac12$:

# %% tags=["remove-input"]
at_equal_cost("cifar", {"easy test": (1, 0), "hard test": (1, 1)}, p_hard=0.5, **TESTED)

# %% [markdown]
# (omniglot-field-small)=
# ## In Small
#
# In Small, Sanskrit is all that is hard in training, Bengali all that is hard at test time. Here are MAML and the two that were ahead of it in Large, at the field's lengths:

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
# At $p=0.99$ nearly all that is trained on is hard, at $p=0.01$ nearly nothing is. Here are the same three on photographs, at the lengths of [their field](#cifar-field), evaluated as there. ERM with names draws its images from all training classes alike; the share decides only how many it sees, as many as a hard or an easy task has. (Core seconds and MB at 0.99 and 0.01 are of older code: compare TFLOP.)

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
    _said = "At each share both are ahead of MAML, on easy and on hard tasks. "
_shifts = {name: _between(name) for name in THREE}
if min(map(len, _shifts.values())):
    _says = [f"*{name}* {signed(one[:, 1])}" for name, one in _shifts.items()]
    _said += f"From $p={PS[-1]:g}$ to {PS[0]:g} hard test accuracy changes (paired by seed): {'; '.join(_says)}; the same MAML, taking five steps at the test, {signed(_between(field.MAML, 3)[:, 1])}. So it is the one step that the share matters to. To ERM with names it is only a number of images. "
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
# **Read next.** [Chapter 11](#classes-to-act-on) says what to do with choices of classes; the tables of the paper, [1 and 3](31_omniglot_tables) and [2 and 4](32_cifar_tables), line by line.
