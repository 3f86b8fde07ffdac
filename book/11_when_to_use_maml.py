# %% [markdown]
# # When to use MAML
#
# > **The paper, §1.** "Our work thus highlights the importance of task hardness and task geography to the success of MAML, giving practitioners valuable insights on when to use it."
#
# Chapters 3 and 4 have MAML's *gain* exactly: ERM's risk after the step, above what label noise costs, over MAML's. This one turns it into advice: how far apart, how packed, how many samples; at which step; and when something cheaper finds the same start.
#
# **What you will do.** Draw the border beyond which MAML pays, move it by giving each learner its own best step, and end with [seven sentences to act on](#seven-sentences).
#
# **What you will learn.** To solve the gain for the geography that it needs; to compare learners fairly; to replace MAML by weights where they do the same; to distrust other criteria.
#
# **What you need.** Chapters [3](03_hardness) and [4](04_geography), and the crossover of chapter [5](05_convergence). Nearly all of it is about linear models; for images, or other tasks that are choices of classes, go [to the end](#classes-to-act-on).

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

from paperlib import claims, linear, plotting
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# ## The border
#
# Two clouds of isotropic tasks, as in chapter 4: hardness ratio $u=\rho_H/\rho_E$, distance $R\sqrt d$, spreads $r_H$ and $r_E$, half of the tasks hard; $m$ samples for the step at test time and $n_2=m$ in training. A step leaves $\varphi(\rho)=(1-\alpha\rho)^2+\delta(\alpha\rho)^2$ of a loss with curvature $\rho$, with $\delta=\frac{d+1}m$, and MAML weighs a task by $a=\rho\,\varphi(\rho)$. Let a gain of 2 be worth MAML's cost. Where is it reached?


# %% mystnb={"code_prompt_show": "Gains at one step size and at the best ones, and the picture", "figure": {"caption": "Where the gain is 2, for $r_H=r_E=r$: right of a curve it is larger. Solid: both learners take the step $1/\\rho_E$; dotted: each its own best step. The numbers at the right are $m/(d+1)$. **Notice** that no distance makes good too few samples, and that for tasks of similar hardness (high $u$) the best steps mostly move the border to the right. At the kinks, and with few samples, another pair of start and step takes over, of which more below.", "name": "fig-border"}, "image": {"classes": "upright", "alt": "Three pairs of tongues that open to the right, over squared distance in units of the spread from 1 to 10,000 and hardness ratio from 0 to 1, for 20, 50 and 500 samples per dimension. The more samples, the further left a tongue reaches, and the higher. Solid and dotted tongues agree at low ratios; at high ones the dotted one lies inside the solid one, except far right for 20 samples."}} tags=["hide-input"]
def risk(odds, step, u, R2, spreads, delta):
    """Return twice the risk per dimension of the start with these odds; no step means the best."""
    theta = odds / (1 + odds)
    hard, easy = (1 - theta) ** 2 * R2 + spreads[0], theta**2 * R2 + spreads[1]
    first, second, third = ((u**k * hard + easy) / 2 for k in (1, 2, 3))  # E[ρ^k Δ], ρ_E = 1
    step = second / third / (1 + delta) if step is None else step
    return first - 2 * step * second + (1 + delta) * step**2 * third


def gain_at(step, u, R2, spreads, delta):
    """Return the gain with both learners at one step, in units of 1/ρ_E, or at their best ones."""
    if step is None:  # then MAML minimises over start and step together
        all_odds = np.tan(np.linspace(0, 1.57, 200)) ** 2
        risks = [risk(odds, None, u, R2, spreads, delta) for odds in all_odds]
        return risk(u, None, u, R2, spreads, delta) / np.min(risks, axis=0)
    a_hard, a_easy = (rho * ((1 - step * rho) ** 2 + delta * (step * rho) ** 2) for rho in (u, 1))
    return np.divide(*(risk(odds, step, u, R2, spreads, delta) for odds in (u, a_hard / a_easy)))


def border():
    """Draw the contour 2 of both gains for three sample sizes."""
    figure, axis = plt.subplots(figsize=(5, 4))
    far, v = np.meshgrid(np.logspace(0, 4, 160), np.linspace(0.01, 0.99, 120))
    for samples, colour in ((20, plotting.REFERENCE), (50, "0.25"), (500, "black")):
        for step, dashes in ((1.0, "solid"), (None, "dotted")):
            height = gain_at(step, v, 1.0, (1 / far, 1 / far), 1 / samples)
            axis.contour(far, v, height, levels=[2], colors=colour, linestyles=dashes)
            if step:
                axis.text(1.06e4, v[height[:, -1] > 2, 0].max() - 0.01, str(samples), color=colour)
    axis.plot([], [], color="black", label=r"both at $\alpha=1/\rho_E$")
    axis.plot([], [], color="black", ls=":", label="each at its best step")
    axis.set(xscale="log", xlabel=r"$R^2/r$", ylabel=r"hardness ratio $u=\rho_H/\rho_E$")
    axis.text(1.06e4, 0.95, r"$\frac{m}{d+1}$")
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure


border()

# %% [markdown]
# [The explorer](26_explorer) has sliders for all of this.
#
# Chapter 4 has the gain at one step size, {eq}`exact-gain`, in terms of $u$, of $h=a_H/a_E$ and of the effective spread $r_{\mathrm{eff}}=r_H+r_E/h$. How much geography does a gain $\gamma$ take? Call $G_\infty$ what the gain tends to as $X=R^2/r_{\mathrm{eff}}$ grows, and solve for $X$:

# %%
u, h, gamma, X = sp.symbols("u h gamma X", positive=True)
ceiling = 1 + (h - u) ** 2 / (h * (1 + u) ** 2)
gain = 1 + (ceiling - 1) * X / (X + 1 + h)
(needed,) = sp.solve(gain - gamma, X)
sp.factor(needed)

# %% mystnb={"code_prompt_show": "Compare with the border below"} tags=["hide-input"]
claims.proves(
    "text:worth-needs-environments",
    needed,
    (1 + h) * (gamma - 1) / (ceiling - gamma),
    "The geography that a gain $\\gamma$ takes.",
    shows=r"\frac{R^2}{r_{\mathrm{eff}}}=(1+h)\,\frac{\gamma-1}{G_\infty-\gamma}",
    refuses={"no ceiling": (1 + h) * (gamma - 1) / (ceiling - 1)},
)

# %% [markdown]
# :::{prf:proposition} The border
# :label: prop-border
#
# For isotropic groups, $p=\frac12$, $n_2=m$ and any step that both learners take, the gain rises with $R$ (unless $h=u$), and it exceeds $\gamma>1$ if and only if $\gamma<G_\infty$ and
#
# $$
# \frac{R^2}{r_{\mathrm{eff}}}>(1+h)\,\frac{\gamma-1}{G_\infty-\gamma},\qquad G_\infty=1+\frac{(h-u)^2}{h(1+u)^2}.
# $$ (border)
#
# :::
#
# [The library decides alike](#when-border). There are two walls. **Samples** set $G_\infty$, the gain of two points, clouds without spread, and no geography climbs over it. At $\alpha=1/\rho_E$ its main term is $\frac{u(1-u)^2}{(1+u)^2}\frac m{d+1}$, largest at $u=\sqrt5-2$, where it is $0.09\frac m{d+1}$: [chapter 4](#golden-ratio) found the golden ratio there. With the terms that this leaves out the highest wall is near $0.7+0.09\frac m{d+1}$: a gain of 2 takes more than fourteen samples per dimension, whatever the geography. **Geography** sets the rest:
# well below that wall a gain of 2 takes $R^2/r_{\mathrm{eff}}$ of about $(1+u)^2$, near it any amount.
#
# ## Which mixture?
#
# All this for as many hard tasks as easy ones. With a share $p$ of hard tasks, in training and at test time, and the weight $\theta$ on the hard centre, two points have the gain

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
any_share = p * (1 - p) * (h - u) ** 2 / (h * (p * u + 1 - p) ** 2)
claims.proves(
    "cor:2",
    [surplus, at_best, sp.limit(at_best.subs(h, natural), u, 0)],
    [any_share, (h - u) ** 2 / (4 * h * u), (1 - delta) ** 2 / (4 * delta)],
    "The gain of two points above 1: any share, the best share, and there $u\\to0$ at $\\alpha=1/\\rho_E$.",
    shows=r"\frac{p(1-p)(h-u)^2}{h(pu+1-p)^2},\qquad\frac{(h-u)^2}{4hu},\qquad\frac{(1-\delta)^2}{4\delta}",
    towards=True,
    refuses={"the best share for every share": [at_best, 0, 0]},
)

# %% [markdown]
# At $\alpha=1/\rho_E$, with $\delta=\frac{d+1}m$, the main term is now $\frac{(1-u)^2}{4\delta}$: **the golden ratio belongs to equal shares**. If the odds of a hard task are $\rho_E:\rho_H$, then the harder the better, up to about $\frac m{4(d+1)}$, nearly three times chapter 4's cap. ERM is torn then, and MAML is not.
#
# This is about the mixture that one *has*. The share to *train* on is another question, and its answer is the test's own share, {prf:ref}`prop-training-share`.
#
# The abstract's experiments "emphasize the importance of training MAML on hard tasks". How important are they? Without them MAML starts on the easy centre, without easy ones on the hard centre. Either mistake has a price, the excess risk on a test with the share $p$ of hard tasks, in units of $\frac d2a_ER^2$:

# %%
sp.Tuple(*(sp.factor(cost.subs(theta, end) - cost.subs(theta, places[1])) for end in (0, 1)))

# %% [markdown]
# The prices are as $(p\,a_H)^2$ to $(q\,a_E)^2$, with $q=1-p$. So hard tasks are what must not be left out if $p\,a_H>q\,a_E$. For equal shares and $\alpha=1/\rho_E$ that is $m>(d+1)\frac{1+u+u^2}{u(1-u)}$. With fewer samples, or with rare hard tasks, the easy ones are ([600 environments](#when-left-out)).
#
# ## Each at its own best step
#
# So far both learners took the step $1/\rho_E$. Is that fair? From a start with $\Delta=E\lVert w-w^*\rVert^2$ for each kind of task, a step $\alpha$ leaves the risk $\frac12E[\rho\,\varphi(\rho)\,\Delta]$, and label noise adds its own term. With $M_k=E[\rho^k\Delta]$ and $Z=\frac{\sigma^2d}mE[\rho^2]$ that is a parabola in $\alpha$:

# %%
M1, M2, M3, Z, alpha = sp.symbols("M_1 M_2 M_3 Z alpha", positive=True)
after = (M1 - 2 * alpha * M2 + alpha**2 * ((1 + delta) * M3 + Z)) / 2
(best_alpha,) = sp.solve(sp.diff(after, alpha), alpha)
sp.Tuple(best_alpha, sp.factor(after.subs(alpha, best_alpha)))

# %% [markdown]
# $$
# \alpha^*(w)=\frac{E[\rho^2\Delta]}{(1+\delta)E[\rho^3\Delta]+\frac{\sigma^2d}mE[\rho^2]}
# $$ (best-step)
#
# `linear.best_step` has it for all covariances; [the other page](23_when_to_use_maml) compares it with a search. For one group it is below $1/\rho$. ERM's start lies nearer to the easy cloud, so that most of its risk is the hard tasks', and its best step is mostly *longer* than $1/\rho_E$.
#
# MAML at its best step minimises over start and step together. That is the second expression above, to be minimised over $\theta$. For $m=500$, $d=10$ and $r_H=r_E=r$:

# %% mystnb={"code_prompt_show": "Tabulate gains and best steps"} tags=["hide-input"]
PHI, delta_ = math.sqrt(5) - 2, 11 / 500
rows = ["| $r/R^2$ | $u$ | both at $1/\\rho_E$ | each at its best |", "| ---: " * 4 + "|"]
for r in (0.0, 0.01, 0.1, 1.0):
    for v in (0.1, PHI, 0.5):
        same, fair = (gain_at(step, v, 1.0, (r, r), delta_) for step in (1.0, None))
        rows.append(f"| {r:g} | {v:.3g} | {same:.2f} | {fair:.2f} |")
Markdown("\n".join(rows))

# %% [markdown]
# A [search over MAML's step](#when-best-steps), with the library, finds the same. Two things happen.
#
# **The ceiling is one of the step $1/\rho_E$.** MAML can take a step for the hard tasks and *start* where the easy ones are solved. For two points the gain rises from 4.80 to 14.86 at $u=\sqrt5-2$. MAML's step is then near $1/\rho_H$, and its start on the *easy* centre. It takes points, or nearly: at $u=0.1$ the easy tasks' spread $r_E$ must be below $2\cdot10^{-4}R^2+9\cdot10^{-4}r_H$, a curiosity. At $u=\frac12$ MAML starts there once $R^2/r$ is a hundred or more, though its gain is the larger one only with hardly any spread: see the kinks in the first figure. ([The exact condition, derived and tried](#when-valley).)
#
# **For tasks of similar hardness the gain falls** if they have some spread, since a longer step is all that ERM lacks. At $u=\frac12$, $R=3$, $r_H=r_E=0.1$ it falls from 2.98 to 2.25. An adviser who compares both at $1/\rho_E$ oversells MAML there; for $u\le0.1$ with some spread it hardly matters.

# %% mystnb={"code_prompt_show": "Test the numbers of this section"} tags=["hide-cell"]
numbers = [
    gain_at(step, *case, delta_)
    for case in ((PHI, 1.0, (0.0, 0.0)), (0.5, 9.0, (0.1, 0.1)))
    for step in (1.0, None)
]
assert [f"{number:.2f}" for number in numbers] == ["4.80", "14.86", "2.98", "2.25"]
assert 2.5 < 0.25 * (1 + PHI) ** 2 / (PHI * (1 - PHI) ** 2) < 3
odds = np.tan(np.linspace(0, 1.57, 1000)) ** 2
starts = [odds[risk(odds, None, 0.5, far, (1, 1), delta_).argmin()] for far in (50, 100, 1000)]
assert starts[0] > 1 and max(starts[1:]) < 0.1, "on the easy centre from a hundred on"

# %% [markdown]
# ## When MAML loses
#
# All of it with $n_2=m$: MAML rehearsed the step that it takes. If it rehearses another, with $n_2\ne m$, its odds of hard against easy are no longer $h$ but $g=a_H/a_E$ at $n_2$. What does it win against ERM, in the same units?

# %%
g = sp.Symbol("g", positive=True)
start = [odds / (1 + odds) for odds in (u, g)]
halves = [cost.subs({p: sp.S.Half, theta: place}) for place in start]
sp.factor(halves[0] - halves[1])

# %% [markdown]
# The sign changes at two zeros, and between them MAML wins: while $g$ lies between $u$ and $\frac{2h+uh-u}{1+2u-h}$. For $h>1+2u$ the second bound is gone. The first end is {prf:ref}`thm-leaning`, at $\alpha=1/\rho_E$ that is $n_2=(d+1)\frac{1+u}{1-u}$; the second is {prf:ref}`prop-full-gradient` for every $n_2$. Neither distance nor spread has a part in it ([tried](#when-rehearsal)). *Rehearse the step that you will take.*
#
# And whom does it win on? With $n_2=m$ never on both groups: on the hard ones exactly if $g=h>u$. The paper adds "as long as the hard tasks are sufficiently similar" (§1). Does similarity decide?

# %% mystnb={"code_prompt_show": "See on which group MAML wins, with packed and with scattered hard tasks"} tags=["hide-input"]
rng = np.random.default_rng(12)
ratios, packing = rng.uniform(0.05, 0.95, 600), 10 ** rng.uniform(-3, 3, 600)
dims = rng.integers(1, 8, 600)
tie = (dims + 1) * (1 + ratios) / (1 - ratios)
sizes = np.ceil(tie * np.exp(rng.normal(0, 0.3, 600))).astype(int)
hard_wins, similar = [], r"\text{as long as the hard tasks are sufficiently similar}"
for v, r, dim, m in zip(ratios, packing, dims, sizes, strict=True):
    env = TaskEnvironment.hard_easy(int(dim), v, 1.0, 1.0, r, 1.0)
    only_hard = TaskEnvironment([1.0], env.covariances[:1], env.means[:1], env.spreads[:1])
    starts = linear.erm_solution(env), linear.maml_solution(env, 1.0, m)
    by_erm, by_maml = (linear.excess_risk(only_hard, w, 1.0, m) for w in starts)
    hard_wins.append(by_maml < by_erm)
claims.decides(
    "text:excels-on-hard-tasks",
    np.array(hard_wins),
    lambda factor: sizes > factor * tie,
    "Where MAML is better on the hard tasks, at spreads $r_H$ from $10^{-3}R^2$ to $10^3R^2$.",
    shows=r"m>(d+1)\frac{1+u}{1-u}",
    refuses={"always": np.full(600, True)},
    printed=claims.prints("text:excels-on-hard-tasks", (sizes > tie) & (packing < 1), similar),
)

# %% [markdown]
# It does not. Similar hard tasks make the *ratio* of the risks large; whether MAML excels on them, and how much it saves there, is free of $r_H$.
#
# ## The same start, cheaper
#
# MAML's objective is said to be "significantly more difficult to optimize" (abstract). In linear regression it is a quadratic with the Hessian $E[Q]$ where ERM has $E[\Sigma]$, so one measure is which is worse conditioned. Take one covariance with eigenvalues $1$ and $\lambda<1$ (in units of the larger), full gradients and $\alpha\le1$. The Hessian of MAML has the eigenvalues $(1-\alpha)^2$ and $\lambda(1-\alpha\lambda)^2$.

# %%
lam = sp.Symbol("lambda", positive=True)
small, large = lam * (1 - alpha * lam) ** 2, (1 - alpha) ** 2
sp.Matrix([sp.factor(small - large / lam), sp.factor(lam * large - small)])

# %% mystnb={"code_prompt_show": "Compare condition numbers of 1,000 random covariances"} tags=["hide-input"]
lows, rates = rng.uniform(0.01, 0.98, 1000), rng.uniform(0.2, 0.999, 1000)
spectra = np.stack([rates * lows, rates], axis=1)
sigmas = spectra[:, None] * np.eye(2)  # in units of 1/α
hessians = linear.adapted_covariance(sigmas, 1.0, math.inf)
claims.decides(
    "text:objective-is-harder-to-optimise",
    np.linalg.cond(hessians) > np.linalg.cond(sigmas),
    lambda factor: rates * (lows + 1) > factor,
    "When MAML's objective is worse conditioned than ERM's: two eigenvalues, $\\alpha\\lambda_{\\max}\\le1$.",
    shows=r"\alpha(\lambda_{\max}+\lambda_{\min})>1",
    refuses={"never": np.full(1000, False)},
    printed=claims.prints(
        "text:objective-is-harder-to-optimise",
        np.full(1000, True),
        r"\text{significantly more difficult to optimize}",
    ),
)

# %% [markdown]
# MAML's condition number is the larger if one of the two is positive. The first is for $\alpha(1+\lambda)>1$, the second never. At the natural step $\alpha=1/\lambda_{\max}$ it is the larger, at half of that step never. Either way, a step of MAML costs two gradients and a Hessian product. Is that needed?
#
# For isotropic tasks MAML weighs a task by $\rho\,\varphi(\rho)$, and ERM by $\rho$. So **MAML is ERM with the task weights $\varphi(\rho_i)$**: the same start, no second derivative, no split of the samples; only the $\rho_i$ must be known.

# %% mystnb={"code_prompt_show": "Put MAML's start into the slope of weighted ERM"} tags=["hide-input"]
shares, rhos, optima = (sp.symbols(f"{name}_1:4", positive=True) for name in ("p", "rho", "w"))
d, n, w = sp.symbols("d n w", positive=True)
left = [(1 - alpha * r) ** 2 + (d + 1) / n * (alpha * r) ** 2 for r in rhos]
Q = [r * (1 - alpha * r) ** 2 + alpha**2 / n * (d * r**2 * r + r**3) for r in rhos]  # (5)
maml_start = sum(map(sp.prod, zip(shares, Q, optima, strict=True))) / sum(
    map(sp.prod, zip(shares, Q, strict=True))
)
slope = sum(p_ * f * r * (w - o) for p_, f, r, o in zip(shares, left, rhos, optima, strict=True))
(erm_start,) = sp.solve(slope, w)
claims.proves(
    "text:cost-may-not-be-worth-it",
    erm_start,
    maml_start,
    "ERM with weights starts where MAML does: the costlier training gains nothing.",
    shows=r"w_{MAML}^*=\frac{E[\varphi(\rho_i)\,\rho_iw_i^*]}{E[\varphi(\rho_i)\,\rho_i]}",
    case="three isotropic tasks",
    refuses={"ERM without weights": maml_start.subs(alpha, 0)},
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
# With weights $c_i>0$ both starts are linear in the optima, and agree for all of them iff $E[Q]^{-1}Q_i=E[c\Sigma]^{-1}c_i\Sigma_i$ for every $i$, that is $\Psi_i=c_iY$ with the one matrix $Y=E[Q]E[c\Sigma]^{-1}$. Conversely, if $Q_i=c_iY\Sigma_i$, then
# $E[Q]^{-1}E[Q_iw_i^*]=E[c\Sigma]^{-1}Y^{-1}YE[c\Sigma_iw_i^*]$.
# :::
#
# Isotropic tasks fulfil it, $\Psi_i=\varphi(\rho_i)I$; so do tasks that share one covariance. The smallest counterexample is chapter 4's pair with optima $(1,1)$ and $(-1,-1)$, $\Sigma_1=\operatorname{diag}(1,\frac1{10})$ and $\Sigma_2=\operatorname{diag}(\frac1{10},1)$. By any number they are equally hard. MAML starts at $(-t,t)$ with some $t>0$. With weights $c:1$ the two coordinates of ERM's start are $\frac{10c-1}{10c+1}$ and $\frac{c-10}{c+10}$. The first is negative for $c<\frac1{10}$, the second positive for $c>10$, so that no weights will do:

# %% mystnb={"code_prompt_show": "Try 600 weights on the mirrored pair"} tags=["hide-input"]
mirrored = [np.diag([1.0, 0.1]), np.diag([0.1, 1.0])], [[1.0, 1.0], [-1.0, -1.0]]
mamls = linear.maml_solution(TaskEnvironment.finite_tasks(*mirrored), 1.0, 200)
odds = np.where(np.arange(600) % 2, 0.1, 10.0) * np.exp(rng.normal(0, 0.3, 600))
tried = [TaskEnvironment.finite_tasks(*mirrored, [c / (1 + c), 1 / (1 + c)]) for c in odds]
claims.decides(
    "text:notions-are-not-universal",
    np.sign([linear.erm_solution(env) for env in tried]) == np.sign(mamls),
    lambda factor: np.stack([odds < 0.1 * factor, odds > 10 * factor], axis=1),
    "With weights $c:1$ ERM is on MAML's side in the first coordinate, in the second; never in both.",
    shows=r"c<\tfrac1{10},\qquad c>10",
    refuses={"both at once": np.stack([odds < 0.1, odds < 0.1], axis=1)},
)

# %% [markdown]
# Plain ERM has 7.5 times MAML's risk there for $m=200$, and 67 times for $m=2000$; the best weights have [5.0 and 41 times](#when-weights). So hardness as one number, which the paper's experiments use, does not carry over to all problems: as its §5 says. On images nothing can be read of weights: ERM [with and without them](#omniglot-equal-cost) is not told apart on Omniglot, and [at all shares of hard tasks](#cifar-table) on CIFAR, but there it has nothing to learn, whatever its weights ({prf:ref}`erm-uniform`).
#
# ## What other criteria say
#
# **Diversity.** The diversity coefficient of a benchmark is the mean distance of two tasks by their Fisher information: the cosine distance of $\frac{F_a}{F_a+F_b}$ and $\frac{F_b}{F_a+F_b}$, with the diagonals $F$. In linear regression $F_i=\operatorname{diag}(\Sigma_i)/\sigma^2$.
# For isotropic tasks both are multiples of $(1,\dots,1)$, and their distance is [**zero, whatever $u$, $R$ and the spreads**](#when-diversity), while the gain runs from 1 to its ceiling. The optima do not enter at all. (The published coefficient {cite}`miranda2022curse` uses a trained probe network instead of the model itself.)
#
# **Distance.** "MAML's start is nearer to the optima on average." The mean squared distance is least at the mean of the optima, $\theta=\frac12$; ERM and MAML stand at $\frac u{1+u}$ and $\frac h{1+h}$. So MAML's is nearer if and only if
#
# $$
# u<h<\frac1u .
# $$ (nearer)
#
# Beyond $\frac1u$, with many samples, MAML is *farther* from the optima, [and better](#when-distance). In the environment of the paper's Figure 3(c) that begins beyond $m=1127$.
#
# **Similarity.** With isotropic tasks of equal hardness, or one common covariance, the gain is 1, however similar or not. The best start is then the mean. If the tasks are isotropic and without noise, the best step from there leaves the share $\frac{d+1}{d+1+m}$ ([chapter 12](12_other_learners)). Where that is too much, no other start helps: learn a representation.
#
# **Cost.** Trained on $T$ tasks, MAML usually has the larger variance; not always, as where easy tasks are scattered. It pays from the crossover $T^*$ on, {eq}`crossover`; with fewer tasks ERM has the smaller excess risk *and* costs less ([tried](#when-crossover), at half of $T^*$ tasks and at twice). Even its population solution can be as good. At $\alpha=1/\rho_E$ and the $\delta$ for which $h=u$, it has no excess risk, although hardness differs:

# %% mystnb={"code_prompt_show": "Insert the boundary of chapter 3"} tags=["hide-input"]
tie = {delta: (1 - u) / (1 + u)}
claims.proves(
    "text:erm-at-less-cost",
    [natural.subs(tie), surplus.subs(h, natural).subs(tie)],
    [u, 0],
    "Where ERM has no excess risk, at one gradient of a task a step.",
    shows=r"m=(d+1)\frac{1+u}{1-u}",
    case="two points; spreads have no part in the excess risk",
    refuses={"a gain wherever hardness differs": [u, (1 - u) ** 2]},
)

# %% [markdown]
# ## The famous toy
#
# MAML's first example is to fit sinusoids of random amplitude and phase {cite}`finn2017maml`. What does the theory say of it? Fix the features of the network, and let the head alone adapt. All tasks draw their inputs alike, so they have *one* covariance, and then
#
# $$
# w_{MAML}^*=E[Q]^{-1}E[Qw_i^*]=E[w_i^*]=w_{ERM}^* .
# $$ (one-covariance)
#
# The gain must be 1. [It is](#when-sinusoids), to four digits, on random features at one step and on learned ones at each of five. And yet MAML beats ERM on sinusoids by far (two seeds, 300 iterations). What it gains there is *features*: with those that MAML has learned, the same best start leaves less than two thirds of the error that it leaves with ERM's. No start does that, and this book's formulas do not speak of it, except for a section of [chapter 12](#representation-spread).

# %% [markdown]
# (seven-sentences)=
# ## Seven sentences to act on
#
# **If you may solve a new task outright**, try that first: by ridge regression on its own samples, towards ERM's start. On the three real data sets that the book tries, one of them with its target in dollars and again in logarithms ([your own tasks](#own-outright)), its mean loss was smaller than after a step from the better start; on two of them by more than chance. Sentences 1 to 7 are about a model that is allowed one step, and tasks that are nearly linear in fixed features.
#
# 1. **Compute the border before you train.** [The explorer](26_explorer) draws it; [the adviser](25_your_own_tasks) estimates the gain from a file. Among isotropic tasks, at the easy ones' step, a gain takes hard tasks that are alike and far from the easy ones, and a step of many samples. No geography of theirs climbs over the wall of samples as long as both learners take one size of step. If all tasks draw their inputs from one distribution, or are isotropic and equally hard, the gain is 1 wherever their optima lie. A gain of $\gamma$ takes $R^2/r_{\mathrm{eff}}>(1+h)\frac{\gamma-1}{G_\infty-\gamma}$, and the wall $G_\infty$ is near $0.7+0.09\frac m{d+1}$ at best for equal shares and the step $1/\rho_E$: a gain of 2 takes more than fourteen samples per dimension. ({prf:ref}`prop-border`, [600 environments](#when-border), {eq}`one-covariance`)
# 2. **Give each learner its own best step before you compare.** Part of a gain may only be that ERM's step was short. If the step is given, the gain at it decides. If you may choose it, the gain at own steps decides: for tasks of similar hardness mostly the smaller one. Where optima are packed enough it can pass the wall. ([search](#when-best-steps), {eq}`best-step`, [packed optima](#when-valley))
# 3. **Rehearse the step that you will take.** With another number of samples MAML can lose. For isotropic tasks and the step $1/\rho_E$, one over the easy tasks' curvature: rehearsed with fewer than $(d+1)\frac{1+u}{1-u}$ samples, $u$ the ratio of curvatures of hard and easy tasks, it leans to the easy tasks more than ERM does. ([600 environments](#when-rehearsal), {prf:ref}`thm-leaning`)
# 4. **If your tasks are isotropic, weigh them instead.** ERM with task weights has the same start, without second derivatives. Where tasks are hard in different directions, weights do not give MAML's start. Among isotropic tasks MAML is not needed: the weights are $\varphi(\rho_i)$, $\rho_i=\operatorname{tr}(\Sigma_i)/d$, at the step's $\alpha$ and $m$. If all tasks share a covariance, plain ERM will do. ({prf:ref}`prop-weights`, [tried](#when-weights))
# 5. **Count your tasks.** MAML's solution is usually the noisier one. From how many tasks on it wins can be computed, to first order in one over their number, and it may be from the first. ([tried](#when-crossover), {eq}`crossover`)
# 6. **Train MAML at the test's own share of hard tasks, with the test's own step, and decide what you pay for.** How packed the tasks are has no part in the loss saved; for the ratio of risks, hard tasks must also be alike. Leave neither kind out. ({prf:ref}`prop-training-share`, {eq}`mixture-excess`, [tried](#when-left-out))
# 7. **Do not judge by diversity of inputs or by distance to the optima.** The first is zero for all isotropic tasks, and never sees the optima; the second is right only in a range. Where no start helps, learn a representation. That range is $u<h<\frac1u$. ([Diversity](#when-diversity), {eq}`nearer`, [tried](#when-distance), [sinusoids](#when-sinusoids))
#
# (classes-to-act-on)=
# All seven are about linear models and squared losses. The [front page](intro) shortens them, and has an eighth sentence for **tasks that are choices of classes**, as of images. It rests on measurements, from scratch, on [characters](#omniglot-field) and [photographs](#cifar-field):
#
# - *Classes have names that hold in all training tasks.* Train one classifier on all of them, and take class means of its features. After short trainings it was ahead of MAML in every seed, [at equal cost](#omniglot-field-equal-cost) too. Ten times as long, with three seeds each, MAML was ahead by about two points on hard test tasks of characters; on photographs the classifier stayed ahead on hard ones.
# - *No common names.* Begin with a prototypical network; it was ahead of MAML too, and was not tried ten times as long.
# - *A pretrained network is at hand.* Try class means of its features first; that was not measured.
#
# ## What we have seen
#
# - We solved the gain for the geography that it takes, found two walls, samples and geography, and moved the border by giving each learner its best step.
# - For isotropic tasks weights do what MAML does. In general they do iff all $\Psi_i$ are multiples of one matrix.
# - Diversity and distance say little about the gain, and sinusoids are about features.
#
# ## Exercises
#
# **1.** You have $d=10$, $u=0.2$, $m=100$, $r_E=r_H$, and both learners take $\alpha=1/\rho_E$. Which $R^2/r_H$ makes the gain $1.2$? Which makes it $2$?
#
# :::{dropdown} Solution
# $h=0.128\cdot\frac{100}{11}+0.008=1.17$ and $G_\infty=1.56$. For $\gamma=1.2$ the border is $R^2/r_{\mathrm{eff}}=1.21$, and $r_{\mathrm{eff}}=1.85\,r_H$, so $R^2/r_H=2.24$. A gain of 2 is above the wall: more samples are needed.
# :::
#
# **2.** With one group of isotropic tasks, how far below $1/\rho$ is the best step from a start with $\Delta=E\lVert w-w^*\rVert^2$? When does label noise make it short?
#
# :::{dropdown} Solution
# {eq}`best-step` is $\frac1\rho\big/\bigl(1+\delta+\frac{\sigma^2d}{m\rho\Delta}\bigr)$. Noise matters where $\frac{\sigma^2d}m$ is not small against $\rho\Delta$, twice the loss above the noise: near the optimum there is nothing to gain from a step.
# :::

# %% mystnb={"code_prompt_show": "Show the test of the solutions"} tags=["hide-cell"]
at = {u: 0.2, h: 0.128 * 100 / 11 + 0.008, gamma: 1.2}
answer = [f.subs(at) for f in (h, ceiling, needed, 1 + 1 / h, needed * (1 + 1 / h))]
assert [f"{float(value):.2f}" for value in answer] == ["1.17", "1.56", "1.21", "1.85", "2.24"]
assert f"{gain_at(1.0, 0.2, 2.24, (1.0, 1.0), 0.11):.2f}" == "1.20"
ks = 14, 15, 50, 500
walls = [max(gain_at(1.0, v, 1.0, (0, 0), 1 / k) for v in np.linspace(0.01, 0.9, 90)) for k in ks]
assert walls[0] < 2 < walls[1] and np.allclose(walls, 0.7 + 0.09 * np.array(ks), rtol=0.02)

# %% [markdown]
# **Read next.** [Chapter 12](12_other_learners) asks this of MAML's relatives, [your own tasks](25_your_own_tasks) of a file.
