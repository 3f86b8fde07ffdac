# %% [markdown]
# # Your own tasks
#
# Chapter 11 says when MAML pays in an environment that you know. You do not know yours: you have some tasks, and some samples of each. This page goes from a file of them to a decision, or to the answer that the file cannot tell.
#
# **What you will do.** Read a table, ask for advice, and see each of the six answers once.
#
# **What you will learn.** To read the report; what can be known of a step that was never taken; how often the advice was right where the truth was known.
#
# **What you need.** [Chapter 11](11_when_to_use_maml), for the words.

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

import csv
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import yaml
from IPython.display import Markdown
from scipy import stats

from paperlib import TaskEnvironment, advise, linear, plotting, simulate
from paperlib.adviser import read_tasks
from paperlib.adviser.estimates import averages, loss
from paperlib.adviser.moments import checked, measure
from paperlib.adviser.verdicts import SURE
from paperlib.runtime import book

plotting.use_book_style()

# %% [markdown]
# ## From a file to a decision
#
# A plant has eighty machines. For each there are forty measurements: two settings, and the yield. A new machine will be tuned by one gradient step on twenty measurements. From where should the step start? (Solved outright, from the same twenty, a machine would lose far less: see *One step, or a solution?* below. Here a step is all that is allowed.)

# %% mystnb={"code_prompt_show": "Two environments, and a file as a spreadsheet would write it"} tags=["hide-input"]
ALONG, ACROSS = np.diag([1.0, 0.1]), np.diag([0.1, 1.0])
machines = TaskEnvironment(
    [0.5, 0.5], [ALONG, ACROSS], [[1.0, 1.0], [-1.0, -1.0]], [0.02 * np.eye(2)] * 2, noise_std=0.1
)
clouds = TaskEnvironment.hard_easy(2, 0.15, 1.0, 1.5, 0.01, 0.02, noise_std=0.1)


def drawn(env, count, n, seed=0):
    """Draw tasks of n samples each."""
    rng = np.random.default_rng(seed)
    X, y = simulate.sample_data(env, *simulate.sample_tasks(env, count, rng), n, rng)
    return list(zip(X, y, strict=True))


file = Path(tempfile.mkdtemp()) / "machines.csv"
with file.open("w", newline="", encoding="utf-8") as opened:
    table = csv.writer(opened)
    table.writerow(["machine", "speed", "heat", "yield"])
    for number, (X, y) in enumerate(drawn(machines, 80, 40)):
        table.writerows([f"M{number}", *row, target] for row, target in zip(X, y, strict=True))

# %% mystnb={"figure": {"caption": "What the adviser sees in the file. Above: how curved each machine's loss is; no group stands out. In the middle: ERM's risk over MAML's, each at its best step, with its 90% interval. Below: the loss after the step on machines that were held out, predicted and measured, with two standard errors of what was measured; the prediction errs about as much. **Notice** that the whole interval lies above 1, and that on machines that were held out MAML did better than ERM, as was predicted.", "name": "fig-own-report"}, "image": {"classes": "upright", "alt": "Three panels. Above, eighty marks of curvature in order, rising without a gap. In the middle, a gain with an interval well above one. Below, two marks with error bars near the diagonal, that of MAML lower left of that of ERM."}}
tasks = read_tasks(file, task="machine", target="yield")  # {"M0": (X, y), "M1": ...}
report = advise(tasks, m=20)
report.plot()

# %%
report

# %% [markdown]
# Features are measurements, or the last layer of a frozen network. No intercept is added: if targets have an offset, give a column of ones. Classes are given as one-hot columns, in an `.npz` file or in pairs. A verdict takes five tasks of three samples or more, one of them with more samples than features; of two to four tasks the answer is *not decidable*. Tasks are called what the file calls them; so they are if you hand over a mapping of names to pairs `(X, y)`. From the command line it is the same: `python -m paperlib advise machines.csv --samples 20 --task machine --target yield`.
#
# A step has one size for all directions: standardise the features, over all tasks together, and keep a column of ones, or the verdict depends on their units (the light *condition*). Tasks are taken to be independent, and so are a task's samples: machines of few plants, or rows in order of time, give confident and wrong verdicts. Of heavy-tailed features, such as prices and counts, take logarithms first: intervals come out too short.
#
# ## How to read it
#
# The first line says what to train for tasks like these, if the model is allowed one step. **The gain** is ERM's risk over MAML's, with each learner at its own best step, which is what chapter 11 asks for, and at your step if you name one. Where the truth was clear and it decided, *MAML* was right in 4 of 5 environments, the other verdicts in 100 of 102 ([judged](#own-judged)). The brackets hold 90% intervals from resampling *tasks*: the question is about tasks to come. A risk leaves out what noise alone costs; where that is most of the loss, a large gain is a small share **of the whole loss**, the next row.
#
# **What limits MAML's risk** is one of [chapter 11's two walls](11_when_to_use_maml): too few *samples* of the step, or *geography*, which no number of samples mends; it is called *samples* where endlessly many would spare more than half of the risk. **Tasks to train MAML on** is $T^*$ of chapter 5: with fewer, the variance of MAML's solution costs more than its start gains. **The estimates alone say** a verdict for steps on fewer or more samples, without asking whether the resamples agree; it is no verdict, and stands only beside one other than *ERM*.
#
# **The start for these tasks** is in `report.start`, for the step in `report.rate`. It may be another learner's than the verdict's: the verdict is about an environment, the start about eighty tasks.
#
# **One step, or a solution?** All of this is about a model that is allowed one step. If you may solve a new task, least squares on its $m$ samples leaves, for Gaussian features and $m>d+1$, about $\frac{\sigma^2}2\bigl(1+\frac d{m-d-1}\bigr)$ with noise $\sigma$. Try that first. The report tries it for you: the row **solved outright instead** is the loss on tasks held out after ridge regression, on the samples of the step, towards ERM's start; here it is far below the loss after a step, one row above. Its ridge is the one of seven that does best on the other tasks.
#
# Then groups, hardest first: their features' mean square, $\operatorname{tr}(\Sigma_i)/d$, the variance $r$ of optima, noise, of several groups the distance $R$; and the flattest direction. Last, what the numbers rest on. Every task with more than $m$ samples is held out once, if there are five such, and `report.held_out` has its loss with ERM's start, with MAML's, and solved outright. Each light is green, amber or red, and says what was measured. A light does not change the verdict. Amber: read the verdict with doubt, and go by the tasks held out. Red: an assumption fails, and the verdict is about linear tasks that yours are not, or, where it is the *condition*, about your units.
#
# Why not weights? The report tries those of chapter 11, $\varphi(\rho_i)$ with $\rho_i=\operatorname{tr}(\Sigma_i)/d$, and both kinds of machines have one trace. The best weights by kind help a little: for one machine of each kind, without spread and with $m=200$, ERM has 7.5 times MAML's risk, and [5.0 times](#when-weights) with them. Each kind is hard in a direction of its own, and MAML weighs directions. With isotropic tasks the answer is another, as you see next.

# %% [markdown]
# ## Six answers
#
# They are asked for in a fixed order, and an answer stands when 85% of the resamples agree; the thresholds were fixed before the adviser was written.
#
# 1. Would another rate divide MAML's risk by 1.5? **Another step.**
# 2. Does MAML divide ERM's risk by 1.1? If not: would a rate for each direction halve MAML's risk? **A representation**, else **ERM**.
# 3. If so: has ERM with the weights $\varphi(\rho_i)$ 1.1 times MAML's risk? **MAML**, else **weighted ERM**, the cheaper one.
#
# What the resamples leave open is **not decidable with these tasks**, and the report says what would decide it. A number of tasks there takes the resamples for Gaussian; with eight tasks a few of them lie far out, and it says little. All six are about one step: whether a step is worth taking is the row *solved outright instead*.

# %% mystnb={"code_prompt_show": "Ask about six sets of tasks"} tags=["hide-input"]
equal = TaskEnvironment.hard_easy(2, 1.0, 1.0, 1.5, 0.01, 0.02, noise_std=0.1)
stretched = TaskEnvironment(
    [1.0], [np.diag([1.0, 0.02])], [[0.0, 0.0]], [np.diag([1.0, 50.0])], noise_std=0.05
)
asked = [
    ("two kinds of machines, each hard along another axis", drawn(machines, 80, 40), {"m": 20}),
    ("two clouds of isotropic tasks, hard and easy", drawn(clouds, 80, 40), {"m": 20}),
    ("the same, but equally hard", drawn(equal, 80, 40), {"m": 20}),
    ("hard and easy, and a rate of 0.01", drawn(clouds, 80, 40), {"m": 20, "alpha": 0.01}),
    ("one cloud, stretched along a flat axis", drawn(stretched, 200, 100), {"m": 500}),
    ("only eight machines, measured 12 times", drawn(machines, 8, 12, seed=4), {"m": 20}),
]
lines = ["| tasks | verdict | why | what would decide it |", "| --- | --- | --- | --- |"]
for name, sample, options in asked:
    said = advise(sample, **options)
    lines.append(f"| {name} | **{said.verdict}** | {said.why} | {said.suffices} |")
Markdown("\n".join(lines))

# %% [markdown]
# ## How it can know
#
# Nobody took the step. Yet its expected loss is a sum of moments of the data. With the residual $e=y-\langle x,w\rangle$ and the negative gradients $g=x_je_j$, $g'=x_ke_k$ of two other samples of the task,
#
# $$
# F_m(w)=\tfrac12E\Bigl[e^2-2\alpha\,e\,x^\top g+\alpha^2\Bigl(\bigl(1-\tfrac1m\bigr)g^\top xx^\top g'+\tfrac1m(x^\top g)^2\Bigr)\Bigr].
# $$ (own-moments)
#
# Expand the square of $e-\alpha x^\top\frac1m\sum_jg_j$: of the $m^2$ products of two gradients $m$ are of one sample with itself. That is all, so {eq}`own-moments` holds for *any* law of the inputs and any noise.
# Averages over pairs and triples of *different* samples of a task have the right mean, from three samples on. (It is Lemma 2 of the paper read backwards, without the Gaussian.) What a task says about the start that it helped to fit is taken out in the same way: only pairs of different tasks are left.
#
# Does it matter? The obvious way is to fit each task, and to put the fits into the formulas of chapter 2.

# %% mystnb={"code_prompt_show": "The plug-in, and the adviser's moments"} tags=["hide-input"]
ALPHA, M, SIZES = 0.9, 20, (12, 24, 48, 96)
truth = linear.post_adaptation_risk(clouds, linear.maml_solution(clouds, ALPHA, M), ALPHA, M)


def plug_in(sample):
    """Put each task's own fit and covariance into the closed forms."""
    X, y = np.stack([X for X, _ in sample]), np.stack([y for _, y in sample])
    S, n, dim = X.swapaxes(1, 2) @ X / X.shape[1], X.shape[1], X.shape[2]
    own = np.stack([np.linalg.lstsq(*task, rcond=None)[0] for task in sample])
    noise = np.sqrt(((y - np.einsum("tnd,td->tn", X, own)) ** 2).sum() / (len(X) * (n - dim)))
    env = TaskEnvironment(np.full(len(X), 1 / len(X)), S, own, np.zeros_like(S), noise_std=noise)
    return linear.post_adaptation_risk(env, linear.maml_solution(env, ALPHA, M), ALPHA, M)


def by_moments(sample):
    """Return the adviser's estimate."""
    moments = measure(checked(sample))
    return loss(averages(moments, np.ones((1, len(sample))), M), "maml", np.array([ALPHA]))[0]


# %% mystnb={"code_prompt_show": "Estimate MAML's loss by plug-in and without bias, forty tasks at a time", "figure": {"caption": "MAML's loss after the step, estimated from forty tasks with few to many samples each: means of 40 draws, with two standard errors. The line is the truth. **Notice** that with few samples the plug-in of each task's own fit is far off, and that the truth lies within the bars of the adviser's moments at all of them.", "name": "fig-own-bias"}, "image": {"classes": "upright", "alt": "Estimated loss over the samples of a task from 12 to 96, logarithmic axis. The marks of the plug-in start far above the line of the truth and come down to it; the bars of the adviser's marks meet the line throughout."}} tags=["hide-input"]
def bias():
    """Draw the means of both over the samples of a task."""
    figure, axis = plt.subplots(figsize=(5, 3.4))
    off = {}
    for name, look, shift, estimate in (
        ("plug-in", 1, 0.97, plug_in),
        ("moments", 0, 1.03, by_moments),
    ):
        found = np.array(
            [[estimate(drawn(clouds, 40, n, seed)) for seed in range(40)] for n in SIZES]
        )
        error = 2 * found.std(axis=1, ddof=1) / np.sqrt(40)
        axis.errorbar(
            np.array(SIZES) * shift, found.mean(axis=1), error, **plotting.MARKS[look], label=name
        )
        off[name] = abs(found.mean(axis=1) - truth)
        assert name == "plug-in" or (off[name] < error).all()
    axis.axhline(truth, color=plotting.REFERENCE)
    axis.set(xscale="log", xlabel="samples of a task, $n$", ylabel="loss after the step")
    axis.set_xticks(SIZES, [str(n) for n in SIZES])
    axis.minorticks_off()
    axis.legend()
    assert 4 * off["moments"][0] < off["plug-in"][0]
    return figure


bias()

# %% [markdown]
# (own-judged)=
# ## How good is the advice?
#
# It was judged on 200 environments that were drawn after it was finished: Gaussian inputs and not, one to four groups, isotropic or not, 10 to 1,000 tasks of 2 to 200 samples. The generator, the rule that says which verdict is true, and the margin within which a truth is *not clear* were committed before the adviser was. It was judged twice: after the first time a reader found that it said *MAML* of targets that are noise alone. That is mended, and these are 200 new environments, looked at once. The wishes stand beside the outcome.
#
# *Regret* is the true loss from the start and rate that the report offers, above that of the best start at its best rate, in units of the best risk. What it must not exceed is the regret of 5-fold validation of the training solutions (41) and (43) over a grid of rates, on the same tasks.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Read the record of the judging"}
record = yaml.safe_load((book() / "records" / "adviser.yml").read_text(encoding="utf-8"))
figures, judged = record["figures"], record["environments"]
medians = figures["regret, medians"]  # of the advice, and of validation
rows = [
    ("the 90% interval holds the true gain", "85 to 95%", f"{figures['coverage']:.1%}"),
    ("clear cases that are decided", "at least 60%", f"{figures['clear decided']:.1%}"),
    ("of these rightly", "at least 90%", f"{figures['clear decided rightly']:.1%}"),
    ("mean regret", f"at most {figures['regret of folds']:.2f}", f"{figures['regret']:.2f}"),
    ("median regret", f"validation has {medians[1]:.2f}", f"{medians[0]:.2f}"),
    (
        "environments with no more regret than validation",
        "no wish",
        f"{figures['adviser is no worse']:.1%}",
    ),
]
clear = [(one.get("said"), one["right"]) for one in judged if one["clear"]]
counts = {name: [right for said, right in clear if said == name] for name, _ in clear}
counts = {name: (right.count(name), len(right)) for name, right in counts.items() if name in right}
aside = (
    f"Of its answers in clear cases these were right: {', '.join(f'*{name}* {a} of {n}' for name, (a, n) in counts.items())} ({' of '.join(str(sum(pair[k] for name, pair in counts.items() if name != 'MAML')) for k in (0, 1))}, without *MAML*). "
    f"{figures['of these without an upper end']} of {figures['with an interval']} intervals have no upper end; "
    f"of the others {figures['coverage, those with an upper end']:.1%} hold the truth. "
)
body = "\n".join(f"| {a} | {b} | {c} |" for a, b, c in rows)
Markdown(f"| | wanted | found |\n| --- | --- | --- |\n{body}\n\n{aside}")


# %% mystnb={"code_prompt_show": "Draw the estimates over the truth", "figure": {"caption": "The gain at the user's rate, or best against best, as estimated with its 90% interval, over the true one; a mark for each environment that has an interval with two ends. **Notice** where the advice is silent: most grey marks, undecided, have long bars or lie near 1.1, the first threshold.", "name": "fig-own-judged"}, "image": {"classes": "upright", "alt": "Estimated over true gain, both logarithmic, with vertical bars. Most bars cross the diagonal. Grey marks, undecided, are those with long bars and those near a gain of 1.1; black ones, decided, follow the diagonal."}} tags=["hide-input"]
def estimates_over_truth():
    """Draw the gains of the record."""
    figure, axis = plt.subplots(figsize=(5, 4.4))
    told = [
        one
        for one in judged
        if "said" in one and np.isfinite([one["gain"], *one["gain_interval"]]).all()
    ]
    for name, look, undecided in (("decided", 0, False), ("undecided", 3, True)):
        chosen = [one for one in told if one["said"].startswith("not") == undecided]
        true = np.array([one["truth"]["gain_interval"] for one in chosen])
        found = np.array([one["gain"] for one in chosen])
        low, high = np.array([one["gain_interval"] for one in chosen]).T
        bars = np.maximum([found - low, high - found], 0)
        axis.errorbar(
            true, found, bars, **plotting.MARKS[look], markersize=3.5, elinewidth=0.7, label=name
        )
    axis.axline((1, 1), (2, 2), color=plotting.REFERENCE)
    ticks, end = [1, 2, 5, 10, 20, 50], 60
    axis.set(xscale="log", yscale="log", xlim=(0.95, end), ylim=(0.95, end))
    axis.set(xlabel="true gain", ylabel="estimated gain")
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.set_yticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    axis.legend()
    return figure


estimates_over_truth()

# %% [markdown]
# ## Real tasks
#
# Nobody knows the truth of these; but training can be carried out. Two thirds of the tasks were handed to the adviser, ERM and MAML were trained on them by gradient descent at the rates that it chose, and the tasks of the last third adapted. Does their loss come out as predicted? *Wages*: the logarithm of the wage from experience, union and marriage {cite}`vella1998wages`. *Firms*: investment from value and capital {cite}`grunfeld1958determinants`, in dollars and once more in logarithms. *Characters*: five to a task, one-hot, on features of an untrained network. Beside each mean over the tasks held out stands its 95% interval, by Student's $t$.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Read the record of real tasks"}
real = yaml.safe_load((book() / "records" / "real_tasks.yml").read_text(encoding="utf-8"))


def measured(one, learner):
    """Return the measured loss, and half of its 95% interval over the tasks held out."""
    held_out = one["tasks"][1]
    return one[learner]["measured"], stats.t.ppf(0.975, held_out - 1) * one[learner]["error"]


lines = [
    "| tasks | learnt from, held out | n | m | d | verdict | ERM: predicted, measured | MAML: predicted, measured | not green |",
    "| --- " * 9 + "|",
]
for one in real["tasks"]:
    pairs = []
    for learner in ("erm", "maml"):
        mean, half = measured(one, learner)
        pairs.append(f"{one[learner]['predicted']:.3f}, {mean:.3f} ± {half:.3f}")
    warned, counts = ", ".join(one["lights"]) or "–", ", ".join(map(str, one["tasks"]))
    lines.append(
        f"| {one['says']} | {counts} | {one['samples']} | {one['m']} | {one['features']} | {one['verdict']} | {pairs[0]} | {pairs[1]} | {warned} |"
    )
Markdown("\n".join(lines))

# %% tags=["remove-input"]
_wages, _dollars, _logs, _characters = real["tasks"]


def _off(one, learner):
    mean, half = measured(one, learner)
    return abs(one[learner]["predicted"] - mean) / half


def _worse(one, learner):
    return one[learner]["measured"] / one[learner]["predicted"] - 1


assert (
    max(_off(one, name) for one in real["tasks"] for name in ("erm", "maml")) < 1
    and abs(_worse(_characters, "erm")) < 0.01
)
assert all(measured(_dollars, one)[1] > measured(_dollars, one)[0] for one in ("erm", "maml"))
Markdown(
    f"On the *characters* the forecast is {abs(_worse(_characters, 'erm')):.1%} from what was measured. "
    f"The *wages* come out {_worse(_wages, 'erm'):.0%} above the forecast, for ERM and MAML alike, which is within the interval of {_wages['tasks'][1]} persons held out. Their verdict stands under a light of linearity that is {_wages['lights']['linearity'][0]}; what supports it is that both learners, trained, lose the same. "
    f"The *firms* measure next to nothing. {_dollars['tasks'][1]} were held out, and the interval of a mean of so few reaches {stats.t.ppf(0.975, _dollars['tasks'][1] - 1):.1f} standard errors to each side: "
    f"{measured(_dollars, 'maml')[0]:.2f} ± {measured(_dollars, 'maml')[1]:.2f} goes down below zero, where no loss can be. The forecast lies within; so would one twice as large. "
    f"The adviser does not decide there: {_dollars['why']}; with logarithms {_logs['why'].split(';')[1].split('of')[0].strip()}, and {SURE:.0%} are asked for. The light *tasks* says why one should not trust them anyway: the eight firms {_dollars['lights']['tasks'][1]}."
)

# %% [markdown]
# The characters have the answer *a representation*: on the features of an untrained network MAML's start is no better than ERM's, and a rate for each direction would divide its risk by more than two. On the last third their loss comes out as predicted; on the tasks that the adviser held out itself it lies two standard errors off, and the light is amber. Whether another representation helps was not tried.
#
# (own-outright)=
# **And solved outright?** Now the two thirds that the adviser had. Each task is held out once, as in the report: other tasks than in the table above, so other losses. After a step from the start with the smaller mean, and after ridge regression on the same samples, they lose:

# %% tags=["hide-input"] mystnb={"code_prompt_show": "The step beside the solution"}
lines, spared = (
    ["| tasks | after the step | solved outright | difference, 95% |", "| --- " * 4 + "|"],
    {},
)
for one in real["tasks"]:
    solved, step, error = one["solved"].values()
    half = stats.t.ppf(0.975, one["tasks"][0] - 1) * error
    gap, _ = spared[one["says"]] = (step - solved, half)
    lines.append(f"| {one['says']} | {step:.3f} | {solved:.3f} | {gap:.3f} ± {half:.3f} |")
Markdown("\n".join(lines))

# %% tags=["remove-input"]
_surely = [name for name, (gap, half) in spared.items() if gap > half]
assert all(gap > 0 for gap, _ in spared.values()) and len(_surely) == 2
Markdown(
    f"Solved outright, the mean loss is the smaller one on all {len(spared)} (the firms count twice), and that is told from chance on *{_surely[0]}* and *{_surely[1]}*. Before one asks which start to take, one may ask whether a single step is all that can be afforded."
)

# %% [markdown]
# **How long does it take?** The advice beside what it spares. *The decision* is the verdict, all numbers with their intervals, $T^*$ and the start; that is what `advise` computes. *With the report* comes what explains it, from the groups and lights to the tasks held out, which is computed when it is read. *To choose by training*: five folds; on each, ERM once and MAML at twelve rates; then both on all tasks, at the rates that did best. The descent is the fastest that we could write: it knows that the loss is a quadratic. *An interval*: both anew on many resamples, measured on the tasks that are not in each; it comes on top. After all that there is still no $T^*$, and no verdict at another $m$.

# %% mystnb={"code_prompt_show": "Compare the times"} tags=["hide-input"]
protocol = real["protocol"]
lines = [
    "| tasks | the decision | with the report | to choose by training | an interval | ERM's loss over MAML's, 90% |",
    "| --- | ---: | ---: | ---: | ---: | --- |",
]
for one in real["tasks"]:
    parts = ("", "_report", "_training", "_resampling")
    times = (one[f"seconds{part}"] for part in parts)
    spent = " | ".join(f"{seconds:.{2 if seconds > 0.1 else 3}f} s" for seconds in times)
    ends = " to ".join(f"{end:.2f}" for end in one["trained_interval"])
    lines.append(f"| {one['says']} | {spent} | {ends} |")
Markdown("\n".join(lines))

# %% tags=["remove-input"]
WISH = 20


def _times(*parts, of="seconds"):
    return [sum(one[f"seconds_{part}"] for part in parts) / one[of] for one in real["tasks"]]


def _list(times):
    said = [f"{time:,.0f}" if time > 100 else f"{time:.1f}" for time in times]
    return f"{', '.join(said[:-1])} and {said[-1]} times as long"


def _met(times):
    fails = sum(time < WISH for time in times)
    return f"the wish fails on {fails} of {len(times)}" if fails else "the wish is met on all"


usual, least, whole = protocol["usual"], _times("training"), _times("training", of="seconds_report")
adam = [one["seconds_usual"] for one in real["tasks"]]
Markdown(
    f"Seconds of the processor, medians of seven but for the interval and Adam; {protocol['folds']} folds, {protocol['rates']} rates, {protocol['draws']} resamples. Descent ends where the gradient is {protocol['close']:g} of its first, or after {protocol['iterations']:,} iterations. (As one usually trains, by Adam with PyTorch's derivatives, {usual['iterations']:,} batches of {usual['batch']} tasks, to choose takes {min(adam):.0f} to {max(adam):.0f} s.) "
    f"We had wished for an advice {WISH} times faster than training. Training takes {_list(least)} as the decision: {_met(least)}. Decision and report were parted after the whole had missed the wish; with the report training takes {_list(whole)}: {_met(whole)}. "
    f"With an interval, which the decision has, it takes {_list(_times('training', 'resampling'))} as the decision."
)

# %% [markdown]
# ## When it refuses
#
# A refusal is an answer: the tasks at hand would talk you into either choice. More tasks help where the interval is wide. More *samples of each task* help where a curvature cannot be told: a step on $m$ samples has moments of fourth order, and tasks of three or four samples tell them badly. Nothing helps where the gain is 1.1: then it does not matter what you choose, so take ERM.
#
# What it cannot see: tasks that are not linear in your features (the light of *linearity* sees squares and cubes of the fits, no more), tasks to come that differ from those at hand, more than one step, and features that could be learned instead. There the sentences of [chapter 11](11_when_to_use_maml) end, and the chapters on [images](09_omniglot) begin.
#
# ## What we have seen
#
# - A report from a table in one call: verdict, gain with its interval, wall, $T^*$, groups and lights.
# - The loss after a step is a moment of the data, and can be estimated without bias and without taking the step.
# - Judged on environments that it had never met, it refuses often; where the truth was clear and it decided, it was mostly right; where it said *MAML*, in 4 of 5.
#
# ## Exercises
#
# **1.** In {eq}`own-moments`, what becomes of the last term for $m\to\infty$, and how many samples of a task does the estimate need then?
#
# :::{dropdown} Solution
# $\frac1m(x^\top g)^2$ vanishes and $g^\top xx^\top g'$ stays: a product over three different samples. Three, as before; with $m=1$ two would do, for then only the pair is left.
# :::
#
# **2.** You may buy either twice as many machines, or twice as many measurements of each. The report says that the wall is geography, and *not decidable*. Which?
#
# :::{dropdown} Solution
# Machines: the interval comes from resampling tasks, and falls like $1/\sqrt T$. More measurements of each would only sharpen what each task tells, and a step on more samples cannot mend geography.
# :::
#
# **Read next.** [Other learners](12_other_learners) may be had more cheaply; the [ledger](claims) has all that was checked.
