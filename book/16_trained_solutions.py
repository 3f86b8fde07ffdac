# %% [markdown]
# # Trained solutions: C.1 for Figures 3 and 8
#
# > **The paper, App. C.1.** "we sample one task from the corresponding environment on each iteration for 5,000 iterations. Each task has $n_1=25$ outer loop samples and varying $n_2$ inner loop samples
# > for MAML, and $n=n_1+n_2$ samples for ERM."
#
# In chapters [3](03_hardness) and [4](04_geography) the solutions come from formulas. The paper's Figures 8 and 3 set beside them what stochastic gradient descent finds. This page trains both, as the paper did, and asks how far theory is from what was trained.
#
# **What you will do.** Train ERM and MAML at 40 settings of two tasks (Figure 8) and 20 of two clouds (Figure 3), and predict the scatter of the last iterates.
#
# **What you will learn.** To tell a solution from an iterate: what a constant learning rate leaves, to how many training tasks it amounts, and what of it an estimate from test tasks can show.
#
# **What you need.** Chapters [3](03_hardness) and [4](04_geography); the gradients of [(3)](#eq-3) and [(4)](#eq-4).

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

import math
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from scipy import stats

from paperlib import claims, linear, plotting, simulate
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# ## The protocol
#
# (def-sgd-task-stream)=
# One task is drawn on each of 5,000 iterations. ERM takes a step down its gradient of [(3)](#eq-3), and MAML one of [(4)](#eq-4).
#
# (def-sgd-samples)=
# MAML sees $n_2$ inner and $n_1=25$ outer samples of the task, ERM all $n=n_1+n_2$.
#
# (def-sgd-learning-rates)=
# The learning rates are $\beta=0.025$ for ERM and $\beta=n_2/10000$ for MAML.
#
# (def-sgd-evaluation)=
# After 5,000 tasks, "3,000 randomly samples from the environment" estimate the risk of the last iterate. We read them as 3,000 tasks, with $m$ samples each to adapt on. All of it is done five times.
#
# Two things are left open. C.1 does not say where the iterates start: here, at zero. Nor does it say whether a loss is the average over its samples, as in §2, or the sum, as in §3: here, the average.
#
# `paperlib.simulate.train` draws $X^\top X$ and $X^\top z$ of a task, which are all that a step needs, in place of its samples; the distribution is the same. Every curve and every point has random numbers of its own.
#
# What is shown are means over the five repetitions, with 95% t-intervals.


# %% mystnb={"code_prompt_show": "Intervals, the solutions of theory, and how they are marked"} tags=["hide-cell"]
def intervals(values):
    """Return the 95% t-intervals for the means of five repetitions: (2, k) of (k, 5)."""
    reach = stats.t.ppf(0.975, df=4) * values.std(axis=1, ddof=1) / math.sqrt(5)
    return values.mean(axis=1) + np.array([-reach, reach])


def held(found, expected):
    """Return how many of the intervals hold the expected values."""
    return int(np.sum((found[0] <= expected) & (expected <= found[1])))


def solve_for(name, point):
    """Return the solution that theory has at a setting."""
    if name == "ERM":
        return linear.erm_solution(point.env)
    return linear.maml_solution(point.env, point.alpha, point.n2)


def theory_risks(name, points):
    """Return the risks above the floor of theory's solutions."""
    return np.array(
        [linear.risk_above_floor(p.env, solve_for(name, p), p.alpha, p.n2) for p in points]
    )


def mark(axis, places, values, name, label):
    """Add the means of five repetitions and their intervals to a panel."""
    axis.vlines(places, *intervals(values), color=plotting.MARKS[name]["color"], lw=1.2)
    axis.plot(places, values.mean(axis=1), **plotting.MARKS[name], ms=3.5, label=label)


# %% [markdown]
# (trained-figure-8)=
# ## Figure 8: two tasks
#
# The environment of chapter 3 has two tasks, with optima $\pm\mathbf 1_d$, $d=10$, $\rho_E=1$, and label noise. Figure 8 repeats {numref}`fig-two-tasks` for $m=n_2=2000$ and 500, with trained solutions.


# %% mystnb={"code_prompt_show": "Train both algorithms at 40 settings"} tags=["hide-cell"]
def two_tasks(u, dim=10):
    """Return the environment of Section 3.1 with ρ_E = 1, ρ_H = u."""
    return TaskEnvironment.two_tasks(dim, rho_hard=u, rho_easy=1.0, noise_std=1.0)


GRID = np.linspace(0.05, 1.0, 20)
ROWS = (2000, 500)
points_8 = [
    simulate.Setting(f"rho_H = {v:.2f}, m = {size}", two_tasks(v), alpha=1.0, n1=25, n2=size)
    for size in ROWS
    for v in GRID
]
NAMES = ("ERM", "MAML")
runs_8 = {name: simulate.train(name.lower(), points_8, seeds=range(5, 10)) for name in NAMES}
sampled_8 = {name: run.test_risks(3000) for name, run in runs_8.items()}


# %% mystnb={"code_prompt_show": "Draw Figure 8", "figure": {"caption": "Figure 8 of the paper: theory (lines) and the last iterates of SGD (marks), with 95% t-intervals over five repetitions. Left: first coordinates. Right: risks above the noise floor, estimated from 3,000 test tasks as in C.1. Every mark has random numbers of its own, except that ERM and MAML meet the same test tasks. **Notice** that at the right MAML's marks lie on its curve or a little above it.", "name": "fig-two-tasks-trained"}, "image": {"classes": "upright", "alt": "Two rows of two panels, for m = 2000 and 500, over the curvature of the hard task from 0 to 1. ERM's place rises from -1 to 0 and MAML's from -1 to near 1 and back; ERM's risk lies above MAML's. Squares for ERM and circles for MAML, each with a vertical interval, follow their lines. On the left the intervals are about a tenth long. On the right ERM's are widest in the middle of the range; MAML's are hardly longer than its circles."}} tags=["hide-input"]
def figure_8():
    """Draw theory, and the means of five trained runs with their intervals, a row a sample size."""
    figure, axes = plt.subplots(2, 2, figsize=(5, 5), sharex=True, layout="constrained")
    fine = (1 - np.cos(np.pi * np.linspace(0.02, 1.0, 200))) / 2  # denser at both ends
    for row, (pair, size) in enumerate(zip(axes, ROWS, strict=True)):
        here = slice(20 * row, 20 * row + 20)
        curves = [
            simulate.Setting("a curve", two_tasks(v), alpha=1.0, n1=25, n2=size) for v in fine
        ]
        for name in NAMES:
            places = [solve_for(name, point)[0] for point in curves]
            results = runs_8[name].iterates[here, :, 0], sampled_8[name][here]
            drawn = zip(pair, (places, theory_risks(name, curves)), results, strict=True)
            for axis, curve, values in drawn:
                axis.plot(fine, curve, **plotting.LINES[name], lw=1.2, label=f"{name}, theory")
                mark(axis, GRID, values, name, f"{name}, SGD")
        pair[0].axhline(0, color=plotting.REFERENCE, lw=0.8)
        pair[0].set(ylim=(-1.05, 1.05), ylabel="first coordinate")
        pair[1].set(ylim=(0, 1.12), ylabel="risk above the floor")
        for axis, letter in zip(pair, "abcd"[2 * row :], strict=False):
            axis.set_title(f"({letter})  $m={size}$")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    for axis in axes[-1]:
        axis.set_xlabel(r"$\rho_H$")
    return figure


figure_8()

# %% [markdown]
# The marks follow their curves. Look at the right panels: MAML's lie on its curve or a little above it, never clearly below.
#
# (trained-figure-3)=
# ## Figure 3: two clouds
#
# > **The paper, §3.2.** "*Again, MAML significantly outperforms ERM when $R^2/r_H$ is large (subfigures (c)-(d)), but not otherwise.*"
#
# (def-fig-3-ratios)=
# Figure 3 varies $R$ and lets the spreads grow with it: $R^2/r_H=\frac12$, $R^2/r_E=10$ in (a) and (b), and the reverse in (c) and (d). The other parameters are those of chapter 4: $d=10$, $m=n_2=500$, $\rho_H=0.1$, $\rho_E=0.9$, $\alpha=1/\rho_E$. Labels have no noise, which the paper leaves open.

# %% mystnb={"code_prompt_show": "Train both algorithms at 20 settings"} tags=["hide-cell"]
DIM, M, HARD, EASY = 10, 500, 0.1, 0.9
ALPHA, mixture = 1 / EASY, TaskEnvironment.hard_easy
FIGURE_3 = {"scattered hard tasks": (0.5, 10.0), "packed hard tasks": (10.0, 0.5)}


def clouds(distances):
    """Return the settings of both geographies at each R, given R²/r_H and R²/r_E."""
    return [
        simulate.Setting(
            f"{title}, R = {size:.0f}",
            mixture(DIM, HARD, EASY, size, size**2 / hard, size**2 / easy),
            alpha=ALPHA,
            n1=25,
            n2=M,
        )
        for title, (hard, easy) in FIGURE_3.items()
        for size in distances
    ]


shown = np.arange(1.0, 11.0)
points_3 = clouds(shown)
runs_3 = {name: simulate.train(name.lower(), points_3) for name in NAMES}
sampled_3 = {name: run.test_risks(3000) for name, run in runs_3.items()}


# %% mystnb={"code_prompt_show": "Draw Figure 3", "figure": {"caption": "Figure 3 of the paper, theory (lines) and the last iterates of SGD (marks) with 95% t-intervals over five repetitions. Left: risks above the floor, estimated from 3,000 test tasks; the saving is shaded. Right: their ratio within each repetition, and what (12) predicts where it fits the panel. ERM and MAML meet the same test tasks. **Notice** that the ratios are flat, and far from what (12) predicts in (d), which is above the panel.", "name": "fig-risk-over-distance-trained"}, "image": {"classes": "upright", "alt": "Four panels over R from 0 to 10. Left, (a) and (c): two parabolas rise with R, with ERM above MAML by the same amount in both panels, but at a higher level in (a); squares for ERM and circles for MAML, each with a vertical interval, follow the two parabolas; ERM's intervals in (c) are the longest. Right, on equal scales, the marks lie along the horizontal lines at 1.27 in (b) and 1.76 in (d): close to the line in (b), mostly a little above it in (d), where most intervals reach 0.1 to each side or more."}} tags=["hide-input"]
def figure_3():
    """Draw theory, and the trained risks and their ratio with intervals, over R."""
    figure, axes = plt.subplots(2, 2, figsize=(5, 5), sharex=True, layout="constrained")
    fine = np.linspace(0.5, 10, 20)
    curves = {name: theory_risks(name, clouds(fine)).reshape(2, 20) for name in NAMES}
    for row, (title, quotients) in enumerate(FIGURE_3.items()):
        (left, right), here = axes[row], slice(10 * row, 10 * row + 10)
        erm, maml = (curves[name][row] for name in NAMES)
        left.fill_between(fine, maml, erm, fc="0.9", lw=0)
        for name in NAMES:
            look = plotting.LINES[name]
            left.plot(fine, curves[name][row], **look, lw=1.2, label=f"{name}, theory")
            mark(left, shown, sampled_3[name][here], name, f"{name}, SGD")
        right.plot(fine, erm / maml, color="black", lw=1.2, label="ratio, theory")
        mark(right, shown, sampled_3["ERM"][here] / sampled_3["MAML"][here], 0, "ratio, SGD")
        right.axhline(1 + quotients[0], ls="-.", color=plotting.REFERENCE, label="by (12)")
        left.set(title=f"({'ac'[row]})  {title}", ylabel="risk above the floor")
        right.set(title=f"({'bd'[row]})", ylabel="ratio", ylim=(0.9, 2.5))
    named = [
        line for axis in axes[0] for line in zip(*axis.get_legend_handles_labels(), strict=True)
    ]
    figure.legend(*zip(*named, strict=True), loc="outside upper center", ncols=3)
    for axis in axes[1]:
        axis.set_xlabel("$R$")
    return figure


figure_3()

# %% [markdown]
# The ratios are flat. $R^2$, $r_H$ and $r_E$ grow together and both risks are proportional to them, so $R$ cannot matter. In (d), [(12)](#eq-12) predicts 11, far above the panel. "Significantly outperforms" is the lower ratio against the upper one.

# %% mystnb={"code_prompt_show": "The words and the numbers"} tags=["hide-input"]
claims.contradicts(
    "text:fig-3-settings",
    {
        "the words": ("relatively large $r_H$ and small $r_E$", "$r_H>r_E$"),
        "the numbers of (c), (d)": (
            r"$\frac{R^2}{r_H}=10$ and $\frac{R^2}{r_E}=0.5$",
            "$r_H<r_E$" if 1 / 10 < 1 / 0.5 else "$r_H>r_E$",
        ),
    },
    r"§3.2 says that $r_H$ is large and $r_E$ small; in (c) and (d) $R^2/r_H=10$ and $R^2/r_E=\frac12$ have $r_H<r_E$.",
    agrees="$r_H<r_E$",
)

# %% mystnb={"code_prompt_show": "Compare the ratios with 1.5, at every R"} tags=["hide-input"]
over_R = {
    name: theory_risks(name, clouds(np.linspace(0.5, 10, 20))).reshape(2, 20) for name in NAMES
}
ratios = [*(over_R["ERM"] / over_R["MAML"])]
savings = over_R["ERM"] - over_R["MAML"]
assert np.allclose(*savings, rtol=1e-8)  # the saving in (c) is that in (a)
claims.judges(
    "text:fig-3-maml-outperforms",
    ratios,
    lambda curves: [*(curves[1] > 1.5), *(curves[0] < 1.5)],
    "The ratio is {:.3f} in (b) and {:.3f} in (d), at every $R$.".format(*(r[0] for r in ratios)),
    verdict="reproduced",
    rule="at every $R$ the gain is above 1.5 in (d) and below 1.5 in (b)",
    scale="exact risks, 20 values of $R$",
    refuses={"the two panels exchanged": ratios[::-1]},
)

# %% [markdown]
# The shaded saving is the same above and below, as it must be: {eq}`mixture-excess` holds $R$, and no spread. What differs is how much *both* methods pay for the spreads.
#
# ## Are these learning rates good ones?
#
# The mean distance from the solution shrinks by $1-\beta\bar a$ an iteration, where $\bar a$ is the mean curvature: $\tfrac12(\rho_H+\rho_E)$ for ERM, $\tfrac12(a_H+a_E)$ for MAML. Where $\rho_H=\rho_E=1$ MAML's is
# $(d+1)/n_2$. There a step shrinks the distance by $\frac{n_2}{10000}\cdot\frac{11}{n_2}=0.0011$ of itself, whatever $n_2$ is; 5,000 of them leave $e^{-5.5}$. So a rate proportional to $n_2$ makes training about equally long for all $n_2$.
#
# It is not the slowest place. MAML's mean curvature is below $(d+1)/n_2$ wherever $a_H<a_E$, that is wherever MAML starts closer to the *easy* task.


# %% mystnb={"code_prompt_show": "When MAML's mean distance shrinks more slowly"} tags=["hide-input"]
def mean_curvature(name, point):
    """Return the expected Hessian of the objective that SGD descends."""
    if name == "ERM":
        return point.env.covariances.mean(axis=0)
    return linear.adapted_covariance(point.env.covariances, point.alpha, point.n2).mean(axis=0)


def left_of_start(name, point, iterations=5000):
    """Return the fraction of the mean distance from the solution that is left."""
    step = simulate.protocol_rate(name.lower(), point.n2) * mean_curvature(name, point)[0, 0]
    return (1 - step) ** iterations


line = np.array([0.02, 0.05, 0.2, 0.5, 0.8, 0.95])[:, None]
thresholds = 11 * (1 + line + line**2) / (line * (1 - line))
sizes = np.ceil(thresholds * [0.2, 0.5, 0.99, 1.01, 2.0, 5.0])
thresholds = np.broadcast_to(thresholds, sizes.shape)
slower = [
    [
        mean_curvature("MAML", simulate.Setting("a point", two_tasks(v), 1.0, 25, int(size)))[0, 0]
        < 11 / size
        for size in row
    ]
    for (v,), row in zip(line, sizes, strict=True)
]
claims.decides(
    "def:sgd-learning-rates",
    np.array(slower),
    lambda factor: sizes < factor * thresholds,
    r"MAML's mean distance shrinks more slowly than for equally hard tasks exactly under this condition, $d=10$.",
    shows=r"n_2<(d+1)\frac{1+u+u^2}{u(1-u)}",
    refuses={r"nowhere, the slowest place being $\rho_H=\rho_E$": np.full(sizes.shape, False)},
    towards=True,
)

# %% tags=["remove-input"]
left = {name: [left_of_start(name, point) for point in points_8] for name in NAMES}
slowest = points_8[int(np.argmax(left["MAML"]))]
assert max(left["ERM"]) < max(left["MAML"])
Markdown(
    f"Of the points of Figure 8 the slowest is $u={slowest.env.covariances[0][0, 0]:.2f}$, $m={slowest.n2}$: "
    f"5,000 tasks leave {max(left['MAML']):.2%} of the mean distance there, and less everywhere else; "
    f"$e^{{-5.5}}$ is {math.exp(-5.5):.2%}. For $u\\to0$ the curvature is half of $(d+1)/n_2$, "
    f"and {math.exp(-2.75):.1%} would be left."
)

# %% [markdown]
# The rates are also small enough to be stable. With sums in place of averages ERM's would not be:


# %% mystnb={"code_prompt_show": "When ERM diverges"} tags=["hide-input"]
def diverges(point, rate):
    """Tell whether 300 iterations of ERM at this rate blow up."""
    try:
        simulate.train("erm", [point], seeds=[0], rates=rate, iterations=300)
    except ValueError as error:
        return "diverges" in str(error)
    return False


corners = [points_8[k] for k in (0, 19, 20, 39)]
tried = [(p, rate) for p in corners for rate in (0.025, 0.025 * (p.n1 + p.n2))]
allowed = [simulate.stability_limits("erm", p.env, 1.0, p.n1, p.n2)[1] for p, _ in tried]
claims.decides(
    "def:sgd-learning-rates",
    np.array([diverges(*pair) for pair in tried]),
    np.array([rate for _, rate in tried]) > allowed,
    "ERM diverges within 300 tasks exactly beyond the rate at which its mean square stays bounded: with losses summed over samples, not with averages.",
    refuses={"sums as stable as averages": np.full(8, False)},
    towards=True,
)

# %% [markdown]
# ## What SGD adds to theory
#
# With $n_2=m$ theory's curve is the *lowest* risk that any start has, and whatever noise is left in an iterate lifts it. How far? With a constant learning rate the iterates never settle. Near the solution, an iteration takes the error $e$ to $(I-\beta\hat A)e+\beta\psi$. Here $\hat A$ is the task's curvature, with mean $\bar A$, and $\psi$ its downhill gradient at
# the solution, with mean zero and covariance $V$: label noise and, where optima are spread, the pull of every task to its own. A covariance $C$ that iterations leave as it is has
#
# $$
# \bar AC+C\bar A=\beta V+O(\beta^2),
# $$ (sgd-stationary)
#
# and here, where $\bar A=\bar aI$, this is $C\approx\frac\beta2\bar A^{-1}V$. The exact solution on $T$ training tasks has covariance $\frac1T\bar A^{-1}V\bar A^{-1}$ for large $T$, as [Chapter 5](05_convergence) shows. So SGD's last iterate is as
# noisy as the exact solution on
#
# $$
# T=\frac2{\beta\,\bar a}
# $$ (sgd-worth)
#
# tasks, however many it has seen since it forgot its start.


# %% mystnb={"code_prompt_show": "Predict the last iterate, and set iterates in units of the prediction"} tags=["hide-cell"]
def last_iterate(name, point):
    """Predict the mean and the covariance of SGD's last iterate."""
    env, n1, n2 = point.env, point.n1, point.n2
    if name == "ERM":
        per_task = linear.asymptotic_covariance_erm(env, n1 + n2)
    else:
        per_task = linear.asymptotic_covariance_maml(env, point.alpha, 1, n1, n2)
    rate = simulate.protocol_rate(name.lower(), n2)
    mean = (1 - left_of_start(name, point)) * solve_for(name, point)
    return mean, rate / 2 * mean_curvature(name, point) @ per_task


def in_units(runs, points, forecasts):
    """Return runs' mean and mean square over coordinates, in units of what is predicted."""
    draws = []
    for name in NAMES:
        for iterates, (mean, covariance) in zip(runs[name].iterates, forecasts[name], strict=True):
            units = np.linalg.solve(np.linalg.cholesky(covariance), (iterates - mean).T)
            draws += [*zip(units.mean(axis=0), (units**2).mean(axis=0), strict=True)]
    return draws


forecasts_8 = {name: [last_iterate(name, point) for point in points_8] for name in NAMES}
forecasts_3 = {name: [last_iterate(name, point) for point in points_3] for name in NAMES}

# %% mystnb={"code_prompt_show": "Compare the iterates of Figure 8 with the prediction"} tags=["hide-input"]
claims.samples(
    "fig:8",
    in_units(runs_8, points_8, forecasts_8),
    [0.0, 1.0],
    "In units that should make the last iterates standard normal, their mean is 0 and their mean square 1.",
    shows=r"\bar AC+C\bar A=\beta V",
    refuses={
        "iterates at rest, as theory alone has them": [0.0, 0.0],
        "two tasks on each iteration": [0.0, 0.5],
    },
)

# %% mystnb={"code_prompt_show": "Compare the iterates of Figure 3 with the prediction"} tags=["hide-input"]
claims.samples(
    "text:fig-3-empirical",
    in_units(runs_3, points_3, forecasts_3),
    [0.0, 1.0],
    "The last iterates have the mean and the covariance predicted.",
    refuses={"half the learning rate, which halves the covariance": [0.0, 0.5]},
)

# %% [markdown]
# ## Does theory lie within the intervals?
#
# A covariance $C$ adds $\tfrac12\operatorname{tr}(\bar QC)$ to the risk, where $\bar Q$ is the mean of $Q^{(m)}$ over the tasks. Of 20 intervals of 95% one expects 19 to hold what is true. Count those that hold theory, and theory with SGD's part; and since the exact risks of the iterates are at hand too, count with them, without test tasks.


# %% mystnb={"code_prompt_show": "Count the intervals that hold theory, and theory with what SGD adds"} tags=["hide-input"]
def adds(points, forecasts):
    """Return what the scatter of the last iterates adds to the risk."""
    after = [mean_curvature("MAML", point) for point in points]  # after the test's step
    return np.array([np.trace(a @ c) / 2 for a, (_, c) in zip(after, forecasts, strict=True)])


alone_8, alone_3 = (
    {name: theory_risks(name, points) for name in NAMES} for points in (points_8, points_3)
)
added_8 = {name: adds(points_8, forecasts_8[name]) for name in NAMES}
added_3 = {name: adds(points_3, forecasts_3[name]) for name in NAMES}
exact_8 = {name: run.exact_risks() for name, run in runs_8.items()}
exact_3 = {name: run.exact_risks() for name, run in runs_3.items()}
places_8 = {name: np.array([solve_for(name, p)[0] for p in points_8]) for name in NAMES}


def counted(sampled, exact, alone, added, here=slice(None)):
    """Return how many of the estimated, and of the exact, intervals hold theory: without, with."""
    found = intervals(sampled[here]), intervals(exact[here])
    return [held(one, x) for one in found for x in (alone[here], (alone + added)[here])]


table, of_3 = [], {}
for name, (row, size) in product(NAMES, enumerate(ROWS)):
    here = slice(20 * row, 20 * row + 20)
    place = held(intervals(runs_8[name].iterates[here, :, 0]), places_8[name][here])
    found = counted(sampled_8[name], exact_8[name], alone_8[name], added_8[name], here)
    table.append([f"Figure 8, {name}, $m={size}$", place, *found])
for name in NAMES:
    of_3[name] = counted(sampled_3[name], exact_3[name], alone_3[name], added_3[name])
    table.append([f"Figure 3, {name}", "–", *of_3[name]])
head = (
    "| of 20 intervals hold | place | risk | risk with SGD's part | exact risk | exact risk with SGD's part |\n"
    "| --- | --- | --- | --- | --- | --- |\n"
)
Markdown(head + "\n".join("| " + " | ".join(map(str, line)) + " |" for line in table))

# %% [markdown]
# Places agree, and so do ERM's risks. MAML's risks in Figure 8 do not at $m=2000$ without SGD's part, and by exact risks at neither $m$; with it they do.
#
# Is this Figure 8, then? The rule: *of the 80 intervals of places and of the 80 of risks at least nine in ten hold the curve*, which is theory's, and for the risks theory's with what SGD adds. Rule and correction were settled on
# repetitions 0 to 4 of each run; those of the figure are 5 to 9, and were run afterwards.


# %% mystnb={"code_prompt_show": "Judge Figure 8 by the rule"} tags=["hide-input"]
def holds_curves(curves):
    """Judge {name: (places, risks)}, 40 each, by the intervals of the figure."""
    found = {name: (runs_8[name].iterates[:, :, 0], sampled_8[name]) for name in NAMES}
    in_all = [
        sum(held(intervals(found[name][side]), curves[name][side]) for name in NAMES)
        for side in (0, 1)
    ]
    return [count >= 72 for count in in_all]


expected_curves = {name: (places_8[name], alone_8[name] + added_8[name]) for name in NAMES}
claims.judges(
    "fig:8",
    expected_curves,
    holds_curves,
    "The places and risks of trained ERM and MAML lie on their curves.",
    verdict="reproduced",
    rule="of the 80 intervals of places and of the 80 of risks at least nine in ten hold theory, for the risks with what SGD adds",
    scale="the 5,000 iterations, five repetitions and 3,000 test tasks of C.1, at 40 settings",
    refuses={
        "the curves of ERM and MAML exchanged": dict(
            zip(NAMES, reversed(expected_curves.values()), strict=True)
        ),
        "the curves of the two rows exchanged": {
            name: tuple(np.roll(curve, 20) for curve in pair)
            for name, pair in expected_curves.items()
        },
    },
)

# %% [markdown]
# For Figure 3 the measure is the same, pooled by algorithm; it was settled after trial runs, so this is a check and not a test by a rule fixed beforehand: *an algorithm agrees if at least nine in ten of its 95% intervals, 18 of 20, hold theory with SGD's part.*

# %% mystnb={"code_prompt_show": "Judge Figure 3 by the rule"} tags=["hide-input"]
claims.judges(
    "fig:3",
    [count[1] for count in of_3.values()],
    lambda held: [one >= 18 for one in held],
    "Theory with SGD's part lies in {} of 20 intervals for ERM and in {} for MAML.".format(
        *(count[1] for count in of_3.values())
    ),
    verdict="reproduced",
    rule="at least 18 of 20 intervals of each algorithm hold theory with SGD's part",
    scale="five repetitions, 5,000 iterations, as in the paper; the rule settled after trial runs",
    refuses={"theory alone, held against MAML's exact risks": [of_3["MAML"][2]]},
)

# %% [markdown]
# Do not lean on one count. Even for a right theory an algorithm misses 18 of 20 one time in thirteen, and in two trials with other random numbers MAML had 17 and 18. The estimated risks of Figure 3 also agree with theory alone: test tasks hide SGD's part. The exact risks of the same iterates show it.
#
# ## How much is SGD's part, and how much the test's?

# %% tags=["remove-input"]
worth = {
    name: [
        2 / (simulate.protocol_rate(name.lower(), p.n2) * mean_curvature(name, p)[0, 0])
        for p in points_8
    ]
    for name in NAMES
}
most = {name: (added_8[name] / alone_8[name]).reshape(2, 20).max(axis=1) for name in NAMES}
Markdown(
    "**Figure 8.** After 5,000 tasks a run is worth the exact solution on "
    f"{min(worth['ERM']):.0f} to {max(worth['ERM']):.0f} tasks for ERM, and on "
    f"{min(worth['MAML']):.0f} to {max(worth['MAML']):.0f} for MAML. SGD adds at most "
    f"{most['ERM'].max():.1%} to ERM's risk, and to MAML's at most {most['MAML'][0]:.1%} at "
    f"$m=2000$ and {most['MAML'][1]:.1%} at $m=500$: Figure 2's picture stays as it is. "
    "A smaller rate would add less, but need more iterations to forget the start."
)

# %% tags=["remove-input"]
percent = {name: (added_3[name] / alone_3[name])[[0, 10]] for name in NAMES}
with_noise, without = (
    (alone_3["ERM"] + extra["ERM"]) / (alone_3["MAML"] + extra["MAML"])
    for extra in (added_3, {"ERM": 0, "MAML": 0})
)
lone = simulate.Setting("no spread", mixture(DIM, HARD, EASY, 1, 0, 0), alpha=ALPHA, n1=25, n2=M)
points_only = adds([lone], [last_iterate("ERM", lone)]) / added_3["ERM"][[0, 10]]
Markdown(
    "**Figure 3.** SGD adds to ERM's risk {:.1%} in (a) and {:.1%} in (c); to MAML's {:.1%} and "
    "{:.1%}. ".format(*percent["ERM"], *percent["MAML"])
    + "Were the optima without spread, ERM would scatter less: its part would be {:.0%} of that in "
    "(a), and {:.0%} in (c), where the easy tasks, steep and scattered, throw it about. ".format(
        *points_only
    )
    + "The ratio, {:.3f} and {:.3f} by theory, becomes {:.3f} and {:.3f} with both parts added: "
    "flat as before, and Figure 3's picture stays.".format(*without[[0, 10]], *with_noise[[0, 10]])
)

# %% tags=["remove-input"]
misses = [sampled_8[name] / exact_8[name] - 1 for name in NAMES]
variances = {
    name: [
        of.var(axis=1, ddof=1).reshape(2, 20).mean(axis=1)
        for of in (exact_8[name], sampled_8[name])
    ]
    for name in NAMES
}
share_of_training = {name: inner / outer for name, (inner, outer) in variances.items()}
Markdown(
    f"**The test tasks.** An estimate from 3,000 tasks is off by {np.std(misses):.1%} of the risk (standard deviation). That matters "
    "for MAML, whose runs differ little. Of the variance between its repetitions in Figure 8, "
    f"{share_of_training['MAML'][0]:.0%} come from training at $m=2000$ and {share_of_training['MAML'][1]:.0%} at "
    f"$m=500$, against {min(share_of_training['ERM']):.0%} of ERM's. The rest is the test tasks': MAML's "
    "intervals are mostly about the evaluation, and the exact risk has no such noise."
)

# %% [markdown]
# ## Is the ratio constant in R after training, too?
#
# Without label noise every step of SGD is linear in the iterate and the task's optimum together. Start at zero, scale all optima, and the last iterate scales with them: on the same tasks the trained ratio is *exactly* constant. The marks
# of Figure 3 differ only because each $R$ has tasks of its own. Label noise has a length of its own, and breaks this:


# %% mystnb={"code_prompt_show": "Train on the same tasks at R = 1 and R = 10"} tags=["hide-input"]
def trained_ratio(noise_std):
    """Return the trained gain at R = 1 and R = 10 on the same 500 tasks: (2, seeds)."""
    settings = [
        simulate.Setting(
            f"R = {size}", mixture(*place, noise_std=noise_std), alpha=ALPHA, n1=25, n2=M
        )
        for size in (1, 10)
        for place in [(DIM, HARD, EASY, size, size**2 / 10, size**2 / 0.5)]
    ]
    options = {"seeds": range(2), "iterations": 500, "shared": True}
    both = [simulate.train(name, settings, **options).exact_risks() for name in ("erm", "maml")]
    return both[0] / both[1]


near, distant = trained_ratio(0.0)
claims.checks(
    "text:fig-3-empirical",
    near,
    distant,
    "On the same tasks trained gains at $R=1$ and $R=10$ are equal.",
    rtol=1e-10,
    refuses={"with label noise": trained_ratio(1.0)[1]},
)

# %% [markdown]
# ## What we have seen
#
# - Trained by SGD, both algorithms stand where theory puts them, in Figure 8 and in Figure 3.
# - What noise is left makes an iterate worth the exact solution on $2/(\beta\bar a)$ tasks, and lifts MAML's risk slightly above theory's; no picture changes.
# - The iterates themselves are the sharper test: they have the mean and the covariance predicted, while estimates from 3,000 test tasks hide the difference.
#
# **Back to** chapter [3](03_hardness), which explains Figure 2, or chapter [4](04_geography), which explains the height of Figure 3's lines.
