# %% [markdown]
# # When to use MAML
#
# > **The paper, §1.** "Our work thus highlights the importance of task hardness and task geography to the success of MAML, giving practitioners valuable insights on when to use it."
#
# The last chapters have the gain of MAML exactly. This one turns it into advice: how far apart, how packed, how many samples; at which step; and when something cheaper finds the same start.
#
# **What you will do.** Draw the border beyond which MAML pays, move it by giving each learner its own best step, and end with seven sentences to act on.
#
# **What you will learn.** To solve the gain for the geography that it needs; to compare learners fairly; to replace MAML by weights where they do the same; to distrust other criteria.
#
# **What you need.** Chapters [3](03_hardness) and [4](04_geography), and the crossover of chapter [5](05_convergence).

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

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from IPython.display import Markdown

from paperlib import claims, linear, plotting, simulate
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# ## The border
#
# Two clouds of isotropic tasks, as in chapter 4: hardness ratio $u=\rho_H/\rho_E$, distance $R$, spreads $r_H$ and $r_E$, half of the tasks hard, $n_2=m$. Let a gain of 2 be worth MAML's cost. Where is it reached?


# %% mystnb={"code_prompt_show": "Gains at one step size and at the best ones, and the picture", "figure": {"caption": "Where the gain is 2, for $r_H=r_E=r$: right of a curve it is larger. Solid: both learners at $\\alpha=1/\\rho_E$; dotted: each at its own best step. The numbers are $m/(d+1)$. **Notice** that too few samples cannot be made good by distance, and that with the best steps, tasks of similar hardness (upper half) need a far better geography.", "name": "fig-border"}, "image": {"classes": "as-drawn", "alt": "Three pairs of tongues that open to the right, over squared distance in units of the spread from 1 to 10,000 and hardness ratio from 0 to 1, for 20, 50 and 500 samples per dimension. The more samples, the further left the tongue reaches. Solid and dotted tongues agree in their lower halves; in the upper half the dotted ones lie far to the right."}} tags=["hide-input"]
def moments(theta, u, R2, r_hard, r_easy, p=0.5):
    """Return E[ρ^k s] for k = 1, 2, 3, in units of ρ_E: s is the squared distance from the optimum."""
    hard, easy = (1 - theta) ** 2 * R2 + r_hard, theta**2 * R2 + r_easy
    return [p * u**k * hard + (1 - p) * easy for k in (1, 2, 3)]


def gain_at(step, u, R2, r_hard, r_easy, delta, p=0.5):
    """Return the gain with both learners at one step, in units of 1/ρ_E."""
    a_hard, a_easy = (r * ((1 - step * r) ** 2 + delta * (step * r) ** 2) for r in (u, 1))
    risks = []
    for b_hard, b_easy in ((u, 1), (a_hard, a_easy)):
        theta = p * b_hard / (p * b_hard + (1 - p) * b_easy)
        hard, easy = (1 - theta) ** 2 * R2 + r_hard, theta**2 * R2 + r_easy
        risks.append(p * a_hard * hard + (1 - p) * a_easy * easy)
    return risks[0] / risks[1]


def least_risk(theta, delta, *place):
    """Return twice the risk above the floor per dimension of a start at its best step; no noise."""
    first, second, third = moments(theta, *place)
    return first - second**2 / ((1 + delta) * third)


def best_gain(u, R2, r_hard, r_easy, delta, p=0.5):
    """Return the gain with each learner at its own best step, on a grid of starts."""
    thetas = (1 - np.cos(np.pi * np.linspace(0, 1, 801))) / 2
    erm = least_risk(p * u / (p * u + 1 - p), delta, u, R2, r_hard, r_easy, p)
    return erm / min(least_risk(t, delta, u, R2, r_hard, r_easy, p) for t in thetas)


def border():
    """Draw the contour 2 of both gains for three sample sizes."""
    figure, axis = plt.subplots(figsize=(7, 4.6))
    far, v = np.meshgrid(np.logspace(0, 4, 160), np.linspace(0.01, 0.99, 120))
    for samples, look in ((20, 3), (50, 1), (500, 0)):
        colour = plotting.LINES[look]["color"]
        best = np.ones_like(far)
        thetas = (1 - np.cos(np.pi * np.linspace(0, 1, 121))) / 2
        for t in thetas:
            best = np.minimum(best, least_risk(t, 1 / samples, v, 1.0, 1 / far, 1 / far))
        fair = least_risk(v / (1 + v), 1 / samples, v, 1.0, 1 / far, 1 / far) / best
        same = gain_at(1.0, v, 1.0, 1 / far, 1 / far, 1 / samples)
        for height, dashes in ((same, "solid"), (fair, "dotted")):
            lines = axis.contour(far, v, height, levels=[2], colors=colour, linestyles=dashes)
            if dashes == "solid":
                axis.clabel(lines, fmt={2.0: str(samples)}, fontsize=9)
    axis.plot([], [], color="black", label=r"both at $\alpha=1/\rho_E$")
    axis.plot([], [], color="black", ls=":", label="each at its best step")
    axis.set(xscale="log", xlabel=r"$R^2/r$", ylabel=r"hardness ratio $u=\rho_H/\rho_E$")
    axis.legend(loc="upper left")
    return figure


border()

# %% [markdown]
# Chapter 4 has the gain at one step size, {eq}`exact-gain`, in terms of $u$, of $h=a_H/a_E$ and of the effective spread $r_{\mathrm{eff}}=r_H+r_E/h$. How much geography does a gain $\gamma$ take? Solve it for $X=R^2/r_{\mathrm{eff}}$:

# %%
u, h, gamma, X = sp.symbols("u h gamma X", positive=True)
ceiling = 1 + (h - u) ** 2 / (h * (1 + u) ** 2)
gain = 1 + (ceiling - 1) * X / (X + 1 + h)
(needed,) = sp.solve(gain - gamma, X)
sp.factor(needed)

# %% mystnb={"code_prompt_show": "Compare with the border below"} tags=["hide-input"]
claims.proves(
    "text:worth-needs-environments",
    [needed, sp.diff(gain, X)],
    [(1 + h) * (gamma - 1) / (ceiling - gamma), (ceiling - 1) * (1 + h) / (X + 1 + h) ** 2],
    "The geography that a gain $\\gamma$ takes; more distance always helps, ever less.",
    shows=r"\frac{R^2}{r_{\mathrm{eff}}}=(1+h)\,\frac{\gamma-1}{G_\infty-\gamma}",
    refuses={
        "no ceiling": [(1 + h) * (gamma - 1) / (ceiling - 1), sp.diff(gain, X) * 2],
        "$h$ for $1+h$": [h * (gamma - 1) / (ceiling - gamma), (ceiling - 1) / (X + h) ** 2],
    },
)

# %% [markdown]
# :::{prf:proposition} The border
# :label: prop-border
#
# For isotropic groups, $p=\frac12$, $n_2=m$ and any step that both learners take, the gain exceeds $\gamma>1$ if and only if $\gamma<G_\infty$ and
#
# $$
# \frac{R^2}{r_{\mathrm{eff}}}>(1+h)\,\frac{\gamma-1}{G_\infty-\gamma},\qquad G_\infty=1+\frac{(h-u)^2}{h(1+u)^2}.
# $$ (border)
#
# :::
#
# There are two walls. **Samples** set $G_\infty$, the gain of two points, and no geography climbs over it. At $\alpha=1/\rho_E$ its main term is $\frac{u(1-u)^2}{(1+u)^2}\frac m{d+1}$, largest at $u=\sqrt5-2$, where it is $0.09\frac m{d+1}$: [chapter 4](#golden-ratio) found the golden ratio there. **Geography** sets the rest:
# well below that wall a gain of 2 takes $R^2/r_{\mathrm{eff}}$ of about $(1+u)^2$, near it any amount.
#
# ## Which mixture?
#
# All this for as many hard tasks as easy ones. With a share $p$ of hard tasks, in training and at the test, two points have the gain

# %%
p, theta, delta = sp.symbols("p theta delta", positive=True)
cost = p * h * (1 - theta) ** 2 + (1 - p) * theta**2
places = [p * odds / (p * odds + 1 - p) for odds in (u, h)]  # the weights on the hard centre
surplus = sp.factor(cost.subs(theta, places[0]) / cost.subs(theta, places[1]) - 1)
(best_p,) = sp.solve(sp.numer(sp.together(sp.diff(sp.log(surplus), p))), p)
sp.Tuple(1 + surplus, best_p, 1 + sp.factor(surplus.subs(p, best_p)))

# %% [markdown]
# In the middle is the share at which it is highest, $p=\frac1{1+u}$, at any step and for any number of samples, and at the end the gain there. What does that do to the best hardness ratio?

# %% mystnb={"code_prompt_show": "Three facts about the best mixture"} tags=["hide-input"]
natural = (u * (1 - u) ** 2 + delta * u**3) / delta
at_best = surplus.subs(p, best_p)
claims.proves(
    "cor:2",
    [surplus, at_best, sp.limit(at_best.subs(h, natural), u, 0)],
    [
        p * (1 - p) * (h - u) ** 2 / (h * (p * u + 1 - p) ** 2),
        (h - u) ** 2 / (4 * h * u),
        (1 - delta) ** 2 / (4 * delta),
    ],
    "The gain of two points above 1: for any share, at the best share, and there at $\\alpha=1/\\rho_E$ for $u\\to0$.",
    shows=r"\frac{p(1-p)(h-u)^2}{h(pu+1-p)^2},\qquad\frac{(h-u)^2}{4hu},\qquad\frac{(1-\delta)^2}{4\delta}",
    towards=True,
    refuses={"the best share for every share": [at_best, 0, 0]},
)

# %% [markdown]
# At $\alpha=1/\rho_E$, with $\delta=\frac{d+1}m$, the main term is now $\frac{(1-u)^2}{4\delta}$: **the golden ratio belongs to equal shares**. If hard tasks are as frequent as they are hard to move, the harder the better, up to about $\frac m{4(d+1)}$, three times chapter 4's cap. ERM is torn then, and MAML is not.
#
# This is about the mixture that one *has*. The share to *train* on is another question, and its answer is the test's own share, {prf:ref}`prop-training-share`.
#
# ## Each at its own best step
#
# So far both learners took the step $1/\rho_E$. Is that fair? From a start with $s=E\lVert w-w^*\rVert^2$ for each kind of task, a step $\alpha$ leaves the risk $\frac12E[\rho\,\varphi(\rho)\,s]$, and label noise adds its own term. With $M_k=E[\rho^ks]$ and $N=\frac{\sigma^2d}mE[\rho^2]$ that is a parabola in $\alpha$:

# %%
M1, M2, M3, N, alpha = sp.symbols("M_1 M_2 M_3 N alpha", positive=True)
after = (M1 - 2 * alpha * M2 + alpha**2 * ((1 + delta) * M3 + N)) / 2
(best_alpha,) = sp.solve(sp.diff(after, alpha), alpha)
sp.Tuple(best_alpha, sp.factor(after.subs(alpha, best_alpha)))

# %% [markdown]
# $$
# \alpha^*(w)=\frac{E[\rho^2s]}{(1+\delta)E[\rho^3s]+\frac{\sigma^2d}mE[\rho^2]}
# $$ (best-step)
#
# `linear.best_step` has it for all covariances; [the other page](23_when_to_use_maml) compares it with a search. For one group it is below $1/\rho$. ERM's start lies in the easy cloud, so that most of its risk is the hard tasks', and its best step is mostly *longer* than $1/\rho_E$.
#
# MAML at its best step minimises over start and step together. That is the second expression above, to be minimised over the weight $\theta$ on the hard centre.

# %% mystnb={"code_prompt_show": "Compute gains with the library, by a search over MAML's step"} tags=["hide-input"]
PHI = math.sqrt(5) - 2
CASES = [(u, r) for r in (0.0, 0.01, 0.1, 1.0) for u in (0.1, PHI, 0.5)]


def by_search(u, r, m=500):
    """Return the gain at 1/ρ_E, that of the best steps, and both steps: a search over the step."""
    env = TaskEnvironment.hard_easy(10, u, 1.0, 1.0, r, r)
    erm, steps = linear.erm_solution(env), np.geomspace(0.3, 2 / u, 500)

    def maml(step):
        return linear.risk_above_floor(env, linear.maml_solution(env, step, m), step, m)

    for _ in range(3):  # refine around the best of the grid
        k = int(np.argmin([maml(step) for step in steps]))
        steps = np.linspace(steps[max(k - 1, 0)], steps[min(k + 1, len(steps) - 1)], 40)
    step = linear.best_step(env, erm, m)
    same = linear.risk_above_floor(env, erm, 1.0, m) / maml(1.0)
    fair = linear.risk_above_floor(env, erm, step, m) / min(map(maml, steps))
    return same, fair, step, steps[20]


FOUND = [by_search(*case) for case in CASES]

# %% mystnb={"code_prompt_show": "Compare the search with the formula, and print the table"} tags=["hide-input"]
formula = [
    (gain_at(1.0, v, 1.0, r, r, 11 / 500), best_gain(v, 1.0, r, r, 11 / 500)) for v, r in CASES
]
rows = ["| $r/R^2$ | $u$ | gain at $1/\\rho_E$ | best against best | ERM's step | MAML's step |"]
rows.append("| ---: | ---: | ---: | ---: | ---: | ---: |")
for (v, r), (same, fair, erm_step, maml_step) in zip(CASES, FOUND, strict=True):
    rows.append(f"| {r:g} | {v:.3g} | {same:.2f} | {fair:.2f} | {erm_step:.2f} | {maml_step:.2f} |")
Markdown("\n".join(rows))

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Hold both against each other"}
claims.checks(
    "cor:2",
    [row[:2] for row in FOUND],
    formula,
    "The gains of the table: the library searches over MAML's step, the formula over the start.",
    shows=r"G=\frac{\min_\alpha R_m(w_{ERM}^*,\alpha)}{\min_{w,\alpha}R_m(w,\alpha)}",
    rtol=1e-4,
    towards=True,
    refuses={
        "$1/\\rho_E$ for the best step": [(row[0], row[0]) for row in FOUND],
        "half of $\\delta$ in the step": [
            (same, best_gain(v, 1.0, r, r, 5.5 / 500))
            for (v, r), (same, *_) in zip(CASES, FOUND, strict=True)
        ],
    },
)

# %% [markdown]
# The table has $m=500$ and $d=10$; steps are in units of $1/\rho_E$. Two things happen.
#
# **The ceiling is one of the step $1/\rho_E$.** For two points the gain rises from 4.80 to 14.86 at $u=\sqrt5-2$. MAML's step is then near $1/\rho_H$, and its start on the *easy* centre: the start solves the easy tasks, the step the hard ones. It takes points. How much spread may the easy tasks have? From the easy centre at $\alpha=1/\rho_H$ the risk, in units of $\frac d4\rho_E$, is
# $u\delta(R^2+r_H)+\frac{(1-u)^2+\delta}{u^2}r_E$. MAML's at $1/\rho_E$ is $\frac{A\delta}{A+\delta}R^2+Ar_H+\delta r_E$, with $A=a_H/\rho_E=u(1-u)^2+\delta u^3$. So the other valley is deeper if

# %%
R2, r_H, r_E, A = sp.symbols("R2 r_H r_E A", positive=True)
valley = u * delta * (R2 + r_H) + ((1 - u) ** 2 + delta) / u**2 * r_E
first = A * delta / (A + delta) * R2 + A * r_H + delta * r_E
(most,) = sp.solve(valley - first, r_E)
sp.collect(
    sp.expand(sp.simplify(most * ((1 - u) ** 2 + delta - delta * u**2) / u**2)),
    (R2, r_H),
    sp.factor,
)

# %% [markdown]
# exceeds $\bigl(\frac{(1-u)^2+\delta}{u^2}-\delta\bigr)r_E$ (where $R2$ stands for $R^2$). At $u=0.1$ this means $r_E$ below $2\cdot10^{-4}R^2+10^{-3}r_H$, a curiosity. At $u=\frac12$ it is the rule for packed clouds.

# %% mystnb={"code_prompt_show": "Decide 2,000 random environments"} tags=["hide-input"]
rng = np.random.default_rng(11)
ratios, spread = rng.uniform(0.05, 0.7, 2000), 10 ** rng.uniform(-4, 0, 2000)
sizes, dims = rng.integers(40, 3000, 2000), rng.integers(1, 12, 2000)
d_ = (dims + 1) / sizes
a_ = ratios * (1 - ratios) ** 2 + d_ * ratios**3
limit = (d_ * (a_ / (a_ + d_) - ratios) + spread * (a_ - ratios * d_)) / (
    ((1 - ratios) ** 2 + d_) / ratios**2 - d_
)
loose = np.abs(limit) * np.exp(rng.normal(0, 0.3, 2000))
deeper = []
for v, s, m, dim, e in zip(ratios, spread, sizes, dims, loose, strict=True):
    env = TaskEnvironment.hard_easy(int(dim), v, 1.0, 1.0, s, e)
    on_easy = linear.risk_above_floor(env, np.zeros(dim), 1 / v, m)
    deeper.append(on_easy < linear.risk_above_floor(env, linear.maml_solution(env, 1.0, m), 1.0, m))
claims.decides(
    "cor:2",
    np.array(deeper),
    lambda factor: loose < factor * limit,
    "Whether the easy centre with the step $1/\\rho_H$ is better than MAML with the step $1/\\rho_E$.",
    shows=r"r_E\Bigl(\tfrac{(1-u)^2+\delta}{u^2}-\delta\Bigr)<\delta R^2\Bigl(\tfrac A{A+\delta}-u\Bigr)+r_H(A-u\delta)",
    towards=True,
    refuses={"the spread of the hard tasks forgotten": loose * 2 < limit},
)

# %% [markdown]
# **For tasks of similar hardness the gain falls**, since a longer step is all that ERM lacks. At $u=\frac12$, $R=3$, $r_H=r_E=0.1$ it falls from 2.98 to 2.25. An adviser who compares both at $1/\rho_E$ oversells MAML there; for $u\le0.1$ with some spread it hardly matters.

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Test the numbers of this section"}
told = {(CASES[k][0], CASES[k][1]): FOUND[k] for k in range(len(CASES))}
assert f"{told[PHI, 0.0][0]:.2f} {told[PHI, 0.0][1]:.2f}" == "4.80 14.86"
packed = [f(0.5, 9.0, 0.1, 0.1, 11 / 500) for f in (lambda *a: gain_at(1.0, *a), best_gain)]
assert [f"{value:.2f}" for value in packed] == ["2.98", "2.25"]
few = sp.lambdify((u, delta, A, R2, r_H), most)
assert (
    1.5e-4 < few(0.1, 0.022, 0.081, 1, 0) < 2.5e-4
    and 0.5e-3 < few(0.1, 0.022, 0.081, 0, 1) < 1.5e-3
)
assert 2.5 < 0.25 * (1 + PHI) ** 2 / (PHI * (1 - PHI) ** 2) < 3

# %% [markdown]
# ## When MAML loses
#
# All of it with $n_2=m$: MAML rehearsed the step that it takes. If it rehearses another, with $n_2\ne m$, its odds of hard against easy are no longer $h$ but $g=a_H/a_E$ at $n_2$. What does it win against ERM, in the same units?

# %%
g = sp.Symbol("g", positive=True)
start = [odds / (1 + odds) for odds in (u, g)]
wins = sp.factor(
    sp.together((cost.subs(theta, start[0]) - cost.subs(theta, start[1])).subs(p, sp.S.Half))
)
wins

# %% mystnb={"code_prompt_show": "Decide 3,000 random environments"} tags=["hide-input"]
rng = np.random.default_rng(12)
ratios, distance = rng.uniform(0.05, 0.95, 3000), rng.uniform(0.1, 10, 3000)
dims, sizes = rng.integers(1, 8, 3000), rng.integers(5, 4000, 3000)


def odds_at(v, samples, dim):
    """Return a_H/a_E at α = 1/ρ_E."""
    return v * (1 - v) ** 2 * samples / (dim + 1) + v**3


tie = (dims + 1) * (1 + ratios) / (1 - ratios)  # g = u
rehearsed = np.ceil(np.where(np.arange(3000) % 2, tie, sizes) * np.exp(rng.normal(0, 0.5, 3000)))
won = []
for v, R, dim, n2, m in zip(ratios, distance, dims, rehearsed, sizes, strict=True):
    env = TaskEnvironment.hard_easy(int(dim), v, 1.0, R, 0.3, 2.0)
    starts = linear.erm_solution(env), linear.maml_solution(env, 1.0, int(n2))
    by_erm, by_maml = (linear.risk_above_floor(env, w, 1.0, int(m)) for w in starts)
    won.append(by_maml < by_erm)
right, trained = odds_at(ratios, sizes, dims), odds_at(ratios, rehearsed, dims)


def predicted(factor):
    """Say whether MAML wins, with ERM's odds off by a factor."""
    v = factor * ratios
    upper = 2 * right + v * right - v - trained * (1 + 2 * v - right)
    return (trained - v) * upper > 0


claims.decides(
    "text:maml-better-after-adaptation",
    np.array(won),
    predicted,
    "Whether MAML trained with $n_2$ inner samples beats ERM when the step has $m$; $d\\le7$, $\\alpha=1/\\rho_E$, any $R$.",
    shows=r"(g-u)\bigl[2h+uh-u-g(1+2u-h)\bigr]>0",
    towards=True,
    refuses={"whenever it leans to the hard tasks more than ERM": trained > ratios},
)

# %% [markdown]
# MAML wins while $g$ lies between $u$ and $\frac{2h+uh-u}{1+2u-h}$; beyond the second only for $h>1+2u$, where that bound is gone. The first end is {prf:ref}`thm-leaning`, $n_2=(d+1)\frac{1+u}{1-u}$; the second is {prf:ref}`prop-full-gradient` for every $n_2$. Neither distance nor spread has a part in it. *Rehearse the step that you will take.*
#
# And whom does it win on? With $n_2=m$ never on both groups: on the hard ones exactly if $g=h>u$. The paper adds "as long as the hard tasks are sufficiently similar" (§1). Does similarity decide?

# %% mystnb={"code_prompt_show": "See on which group MAML wins, with packed and with scattered hard tasks"} tags=["hide-input"]
packing = 10 ** rng.uniform(-3, 3, 3000)
hard_wins = []
for v, R, dim, m, r in zip(ratios, distance, dims, rehearsed, packing, strict=True):
    env = TaskEnvironment.hard_easy(int(dim), v, 1.0, R, r * R**2, 1.0)
    only_hard = TaskEnvironment([1.0], env.covariances[:1], env.means[:1], env.spreads[:1])
    starts = linear.erm_solution(env), linear.maml_solution(env, 1.0, int(m))
    by_erm, by_maml = (linear.excess_risk(only_hard, w, 1.0, int(m)) for w in starts)
    hard_wins.append(by_maml < by_erm)
tex = r"\text{as long as the hard tasks are sufficiently similar}"
claims.decides(
    "text:excels-on-hard-tasks",
    np.array(hard_wins),
    lambda factor: rehearsed > factor * tie,
    "Where MAML is better on the hard tasks, at spreads $r_H$ from $10^{-3}R^2$ to $10^3R^2$.",
    shows=r"m>(d+1)\frac{1+u}{1-u}",
    refuses={"always": np.full(3000, True)},
    printed=claims.prints("text:excels-on-hard-tasks", (rehearsed > tie) & (packing < 1), tex),
)

# %% [markdown]
# It does not. Similar hard tasks make the *ratio* of the risks large; whether MAML excels on them, and how much it saves there, is free of $r_H$.
#
# ## The same start, cheaper
#
# MAML's objective is said to be "significantly more difficult to optimize" (abstract). In linear regression it is a quadratic with the Hessian $E[Q]$ where ERM has $E[\Sigma]$, so the question is which is worse conditioned. Take one covariance with eigenvalues $1$ and $\lambda<1$ (in units of the larger), full gradients and $\alpha\le1$. The Hessian of MAML has the eigenvalues $(1-\alpha)^2$ and $\lambda(1-\alpha\lambda)^2$.

# %%
lam = sp.Symbol("lambda", positive=True)
small, large = lam * (1 - alpha * lam) ** 2, (1 - alpha) ** 2
[sp.factor(small - large / lam), sp.factor(large - small)]

# %% mystnb={"code_prompt_show": "Compare condition numbers of 3,000 random covariances"} tags=["hide-input"]
lows, rates = rng.uniform(0.01, 0.98, 3000), rng.uniform(0.2, 0.999, 3000)
conditions = []
for low, rate in zip(lows, rates, strict=True):
    sigma = np.diag([low, 1.0])
    Q = linear.adapted_covariance(sigma, rate, math.inf)
    conditions.append(np.linalg.cond(Q) > np.linalg.cond(sigma))
claims.decides(
    "text:objective-is-harder-to-optimise",
    np.array(conditions),
    lambda factor: rates * (lows + 1) > factor,
    "When MAML's objective is worse conditioned than ERM's: two eigenvalues, $\\alpha\\lambda_{\\max}\\le1$.",
    shows=r"\alpha(\lambda_{\max}+\lambda_{\min})>1",
    refuses={"never": np.full(3000, False)},
    printed=claims.prints(
        "text:objective-is-harder-to-optimise",
        np.full(3000, True),
        r"\text{significantly more difficult to optimize}",
    ),
)

# %% [markdown]
# At the natural step $\alpha=1/\lambda_{\max}$ it is worse, at half of it always better. Either way, a step of MAML costs two gradients and a Hessian product. Is that needed?
#
# For isotropic tasks MAML weighs a task by $\rho\,\varphi(\rho)$, and ERM by $\rho$. So **MAML is ERM with the task weights $\varphi(\rho_i)$**: the same start, no second derivative, no split of the samples.

# %% mystnb={"code_prompt_show": "Compare weighted ERM with MAML in 200 environments"} tags=["hide-input"]
rng = np.random.default_rng(13)
starts, weighted, plain = [], [], []
for _ in range(200):
    count, dim, n2 = int(rng.integers(2, 7)), int(rng.integers(1, 6)), int(rng.integers(3, 100))
    rho, rate = rng.uniform(0.05, 1.0, count), rng.uniform(0.2, 1.5)
    shares, optima = rng.dirichlet(np.ones(count)), rng.normal(size=(count, dim))
    tasks = rho[:, None, None] * np.eye(dim), optima
    weight = shares * ((1 - rate * rho) ** 2 + (dim + 1) / n2 * (rate * rho) ** 2)
    starts.append(linear.maml_solution(TaskEnvironment.finite_tasks(*tasks, shares), rate, n2))
    weighted.append(
        linear.erm_solution(TaskEnvironment.finite_tasks(*tasks, weight / weight.sum()))
    )
    plain.append(linear.erm_solution(TaskEnvironment.finite_tasks(*tasks, shares)))
claims.checks(
    "text:cost-may-not-be-worth-it",
    starts,
    weighted,
    "MAML's start and that of ERM with weights, two to six isotropic tasks of any hardness.",
    shows=r"w_{MAML}^*=\frac{E[\varphi(\rho_i)\,\rho_iw_i^*]}{E[\varphi(\rho_i)\,\rho_i]}",
    rtol=1e-9,
    floor=1e-3,
    refuses={"ERM without weights": plain},
)

# %% [markdown]
# For other tasks, put $\Psi_i=Q_i\Sigma_i^{-1}=(I-\alpha\Sigma_i)^2+\frac{\alpha^2}{n_2}\bigl(\operatorname{tr}(\Sigma_i^2)I+\Sigma_i^2\bigr)$: what the step leaves of task $i$, direction by direction.
#
# :::{prf:proposition} When weights do it
# :label: prop-weights
#
# There are task weights with which ERM's start is MAML's, *wherever the optima lie*, if and only if all $\Psi_i$ are multiples of one matrix.
# :::
#
# :::{dropdown} Proof
# With weights $c_i>0$ both starts are linear in the optima, and agree for all of them iff $E[Q]^{-1}Q_i=E[c\Sigma]^{-1}c_i\Sigma_i$ for every $i$, that is $\Psi_i=c_iG$ with the one matrix $G=E[Q]E[c\Sigma]^{-1}$. Conversely, if $Q_i=c_iG\Sigma_i$, then
# $E[Q]^{-1}E[Q_iw_i^*]=E[c\Sigma]^{-1}G^{-1}GE[c\Sigma_iw_i^*]$.
# :::
#
# Isotropic tasks fulfil it, $\Psi_i=\varphi(\rho_i)I$; so do tasks that share one covariance. The smallest counterexample is chapter 4's pair, $\Sigma_1=\operatorname{diag}(1,\frac1{10})$ and $\Sigma_2=\operatorname{diag}(\frac1{10},1)$. As numbers go they are equally hard, and no number can tell MAML's start:

# %% mystnb={"code_prompt_show": "Try all weights on the mirrored pair"} tags=["hide-input"]
mirrored = [np.diag([1.0, 0.1]), np.diag([0.1, 1.0])], [[1.0, 1.0], [-1.0, -1.0]]
pair = TaskEnvironment.finite_tasks(*mirrored)
shares = np.linspace(0.001, 0.999, 999)


def over_maml(share, m):
    """Return the risk of ERM with a share on the first task, over MAML's."""
    erm = linear.erm_solution(TaskEnvironment.finite_tasks(*mirrored, [share, 1 - share]))
    maml = linear.maml_solution(pair, 1.0, m)
    return np.divide(*(linear.risk_above_floor(pair, w, 1.0, m) for w in (erm, maml)))


alone = [over_maml(0.5, m) for m in (200, 2000)]
at_best_weights = [min(over_maml(share, m) for share in shares) for m in (200, 2000)]
claims.bounds(
    "text:notions-are-not-universal",
    [[over_maml(share, m) for share in shares] for m in (200, 2000)],
    f"Risk of ERM over MAML's with any weights on the mirrored pair, $m=200$ and $2000$: at best {at_best_weights[0]:.1f} and {at_best_weights[1]:.0f}.",
    above=[[bound] * 999 for bound in at_best_weights],
    shows=r"\Sigma_1=\operatorname{diag}(1,\tfrac1{10}),\qquad\Sigma_2=\operatorname{diag}(\tfrac1{10},1)",
    refuses={"plain ERM, as hardness by one number has it": [[bound] * 999 for bound in alone]},
)

# %% [markdown]
# Plain ERM has 7.5 and 67 times MAML's risk there, and the best weights 5.0 and 41 times. So the notion of hardness as one number, in the paper's experiments too, does not carry over to all problems, as its §5 says. On images [chapter 9](09_omniglot) found no difference between ERM with and without weights; there neither start serves.
#
# ## What other criteria say
#
# **Diversity.** The diversity coefficient of a benchmark is the mean distance of two tasks by their Fisher information: the cosine distance of $\frac{F_a}{F_a+F_b}$ and $\frac{F_b}{F_a+F_b}$, with the diagonals $F$. In linear regression $F_i=\operatorname{diag}(\Sigma_i)/\sigma^2$.


# %%
def diversity(first, second):
    """Return the distance of two tasks by the Fisher information of the linear model."""
    F, G = np.diag(first), np.diag(second)
    a, b = F / (F + G), G / (F + G)
    return 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)


# %% mystnb={"code_prompt_show": "Compute distances and gains"} tags=["hide-input"]
pairs = [(v * np.eye(10), np.eye(10)) for v in (0.01, 0.1, PHI, 0.5, 0.99)]
gains = [gain_at(1.0, v, 1e6, 0.0, 0.0, 11 / 500) for v in (0.01, 0.1, PHI, 0.5, 0.99)]
claims.checks(
    "text:first-characterisation",
    [diversity(*two) for two in [*pairs, mirrored[0]]],
    [0.0] * 5 + [81 / 101],
    f"The distance of two isotropic tasks, whose gains run from {min(gains):.2f} to {max(gains):.2f}, and of the mirrored pair.",
    shows=r"1-\frac{a\cdot b}{\lVert a\rVert\lVert b\rVert}=0\quad\text{for}\quad\Sigma=\rho I",
    atol=1e-12,
    towards=True,
    refuses={
        "the distance of their hardness": [1 - np.trace(a) / np.trace(b) for a, b in pairs] + [0.0]
    },
)

# %% [markdown]
# It is **zero for all isotropic tasks**, whatever $u$, $R$ and the spreads, while the gain runs from 1 to its ceiling; optima do not enter. (The published coefficient uses a trained probe network instead of the model itself.)
#
# **Distance.** "MAML's start is nearer to the optima on average." The mean squared distance is least at the mean of the optima, $\theta=\frac12$; ERM and MAML stand at $\frac u{1+u}$ and $\frac h{1+h}$. So MAML's is nearer if and only if
#
# $$
# u<h<\frac1u .
# $$ (nearer)

# %% mystnb={"code_prompt_show": "Decide 3,000 random environments"} tags=["hide-input"]
near = []
for v, R, dim, m in zip(ratios, distance, dims, rehearsed, strict=True):
    env = TaskEnvironment.hard_easy(int(dim), v, 1.0, R, 0.3, 2.0)
    starts = linear.erm_solution(env), linear.maml_solution(env, 1.0, int(m))
    by_erm, by_maml = (((w - env.means) ** 2).sum(axis=1).mean() for w in starts)
    near.append(by_maml < by_erm)
claims.decides(
    "text:maml-better-after-adaptation",
    np.array(near),
    lambda factor: (factor * ratios < trained) & (trained * ratios < factor),
    "Whether MAML's start is nearer to the optima on average than ERM's.",
    shows=r"u<h<\frac1u",
    towards=True,
    refuses={"whenever MAML has the smaller risk": trained != ratios},
)

# %% [markdown]
# Beyond $\frac1u$, with many samples, MAML is *farther* from the optima and better.
#
# **Similarity.** With equal hardness the gain is 1, however similar or not. The best start is then the mean; if the optima are $\pm v$, the best step from there leaves the share $\frac{d+1}{d+1+m}$ ([chapter 12](12_other_learners)). No start helps: learn a representation.
#
# **Cost.** Trained on $T$ tasks, MAML has the larger variance. It pays from the crossover $T^*$ on, {eq}`crossover`; with fewer tasks ERM has the smaller excess risk *and* costs less.

# %% mystnb={"code_prompt_show": "Train both 300 times, with fewer and with more tasks than the crossover"} tags=["hide-input"]
rng = np.random.default_rng(14)
behind, expected = [], []
for v in (0.05, 0.1, 0.2, 0.35):
    env = TaskEnvironment.hard_easy(5, v, 1.0, 1.0, 0.1, 0.1, noise_std=1.0)
    Q = env.average(linear.adapted_covariance(env.covariances, 1.0, 20))
    crossing = linear.crossover_tasks(env, 1.0, 20, 30, 1, 10, 20)
    for factor in (0.25, 0.5, 2.0, 4.0):
        T = round(factor * crossing)
        found = (
            simulate.sampled_erm_estimates(env, T, 30, 300, rng),
            simulate.sampled_maml_estimates(env, 1.0, T, 1, 10, 20, 300, rng),
        )
        offsets = [w - linear.maml_solution(env, 1.0, 20) for w in found]
        by_erm, by_maml = (np.einsum("ri,ij,rj->r", off, Q, off).mean() for off in offsets)
        behind.append(by_erm < by_maml)
        expected.append(factor < 1)
claims.decides(
    "text:erm-at-less-cost",
    np.array(behind),
    np.array(expected),
    "Whether trained ERM has the smaller excess risk: at a quarter, half, twice and four times $T^*$ tasks, four hardness ratios.",
    shows=r"T<T^*=\frac{c_{MAML}-c_{ERM}}{\mathcal E_m(w^*_{ERM})-\mathcal E_m(w^*_{MAML})}",
    refuses={"never, as population solutions have it": np.full(16, False)},
)

# %% [markdown]
# Three sentences of the introduction are about other work:

# %% mystnb={"code_prompt_show": "Two quotations"} tags=["hide-input"]
claims.quotes(
    "text:few-works-ask-why text:first-characterisation",
    "Said in 2020, of convergence rates and of experiments. Later work asks the paper's question: Zou et al. (2022) for the best step, Charles and Konečný (2021) for local updates.",
    source="the works that §1 and §1.1 cite; the two others by their abstracts",
)

# %% mystnb={"code_prompt_show": "A quotation"} tags=["hide-input"]
claims.quotes(
    "text:maml-adapts-faster",
    "Experiments of others, on few-shot regression and classification. Ours on images are chapters 9 and 10.",
    source="Finn et al. 2017, as cited by the paper",
)

# %% mystnb={"code_prompt_show": "What is open"} tags=["hide-input"]
claims.awaits(
    "text:train-on-hard-tasks",
    "Tables 1 and 2 at the paper's scale. What shares of hard tasks do in shorter runs is told in chapter 10, what the two settings of Omniglot compare in chapter 9.",
)
