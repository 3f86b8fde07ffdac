# %% [markdown]
# # Geography
#
# > **The paper, §3.2, Corollary 2.** "the relative excess risk for ERM compared to MAML satisfies [...] $\approx1+\frac{R^2}{r_H}$."
#
# Hard tasks here, easy tasks there: where the optima lie decides what a good start is worth.
# The paper's formula is a limit of an exact one that also says when the gain stops growing.
#
# **What you will do.** Derive the risk of every start for two clouds of tasks, redraw Figure 1, and map the gain of MAML.
#
# **What you will learn.** To compute the gain at a common step, and its ceiling; to tell what spread does to the gain from what it does to the loss;
# to read hardness direction by direction; to choose the share of hard tasks to train on.
#
# **What you need.** Chapters 1 to 3: the two risks, $Q^{(m)}$, and the solutions [(5)](#eq-5).

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

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from sympy.stats import E, Normal

from paperlib import claims, linear, plotting, simulate
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# ## Two clouds of tasks
#
# (def-hard-easy-mixture)=
# Return to the houses of chapter 1. Some are easy, some are hard, and the parameters that suit them form two clouds. A task is
# hard with probability $p$: its inputs have covariance $\rho_HI$, and its optimum is drawn around $\mu_H$ with covariance $S_H$. Otherwise it is easy, with
# $\rho_E>\rho_H$, $\mu_E$, $S_E$.
#
# (def-distance-and-spread)=
# The paper takes $p=\frac12$, $\mu_H=R\mathbf 1_d$, $\mu_E=0$, $S_H=r_HI$, $S_E=r_EI$. Of the two centres only
# their distance $D=\lVert\mu_H-\mu_E\rVert$ will matter, which is $R\sqrt d$ in the paper.
#
# (def-fig-1-sampling)=
# Its Figure 1 shows 100 optima of each of four such environments, in ten dimensions, and the two starts. We take $m=500$, $\rho_E=0.9$, $\alpha=1/\rho_E$, and in (d) $\rho_H=0.1$, $r_H=r_E=1$ and $R=3.44$, with which it gains 3. (a) has $\rho_H=0.9$, (b) $R=3.44/\sqrt{12}$, (c) $r_H=12$.

# %% mystnb={"code_prompt_show": "The four environments, and the risks of both starts"} tags=["hide-cell"]
DIM, M, HARD, EASY, FAR = 10, 500, 0.1, 0.9, 3.44  # with this R the gain of (d) is the paper's 3
ALPHA, mixture = 1 / EASY, TaskEnvironment.hard_easy
near, scattered = {"R": FAR / np.sqrt(12), "r_hard": 1}, {"R": FAR, "r_hard": 12}
FIGURE_1 = {"a": mixture(DIM, EASY, EASY, FAR, r_hard=1, r_easy=1)}
for letter, place in {"b": near, "c": scattered, "d": {"R": FAR, "r_hard": 1}}.items():
    FIGURE_1[letter] = mixture(DIM, HARD, EASY, **place, r_easy=1)


def risks(env, alpha=ALPHA, m=M):
    """Return the risks above the floor of ERM and of MAML trained with n2 = m."""
    starts = linear.erm_solution(env), linear.maml_solution(env, alpha, m)
    return [linear.risk_above_floor(env, w, alpha, m) for w in starts]


# %% mystnb={"code_prompt_show": "Draw 100 optima of each environment, and both starts", "figure": {"caption": "Figure 1 of the paper: 100 task optima in four environments (two of ten coordinates, the same axes in all panels), the starts of ERM and MAML, and the gain. (a) Equal hardness, where the starts coincide; (b) small $R$; (c) scattered hard tasks; (d) far and packed.", "name": "fig-four-environments"}, "image": {"classes": "upright", "alt": "Four scatter plots of hard and easy task optima. In (a) the circle of MAML lies inside the square of ERM, halfway between two separate clouds. In (b) the clouds overlap. In (c) the hard cloud is wide and engulfs the easy one. In (d) two tight clouds lie apart; ERM's square is inside the easy cloud, MAML's circle inside the hard cloud, on the side of the easy one."}} tags=["hide-input"]
figure, axes = plt.subplots(2, 2, figsize=(5, 5), sharex=True, sharey=True, layout="compressed")
for axis, (letter, env) in zip(axes.flat, FIGURE_1.items(), strict=True):
    groups, optima = simulate.sample_tasks(env, 100, np.random.default_rng(7))
    starts = linear.erm_solution(env), linear.maml_solution(env, ALPHA, M)
    clouds = [optima[groups == group] for group in (0, 1)] + [start[None] for start in starts]
    for kind, size, points in zip(
        ("hard", "easy", "ERM", "MAML"), (3.3, 3, 13, 9), clouds, strict=True
    ):
        look = plotting.MARKS[kind] | {"ms": size, "mec": "white", "mew": 1.5 * (size > 5)}
        axis.plot(*points[:, :2].T, **look, label=kind)
    axis.set(title=f"({letter})  gain {np.divide(*risks(env)):.2f}", aspect="equal")
figure.legend(*axis.get_legend_handles_labels(), loc="outside upper center", ncols=4)
figure.supxlabel("first coordinate", size="medium")
figure.supylabel("second coordinate", size="medium")
figure

# %% [markdown]
# | | $R^2/r_H$ | risk of ERM | risk of MAML | saving | gain | $1+R^2/r_H$ |
# | --- | --- | --- | --- | --- | --- | --- |
# | (a) | 11.83 | 0.3919 | 0.3919 | 0.000 | 1.00 | – |
# | (b) | 0.99 | 0.4054 | 0.2861 | 0.119 | 1.42 | 1.99 |
# | (c) | 0.99 | 4.3206 | 2.8891 | 1.431 | 1.50 | 1.99 |
# | (d) | 11.83 | 2.1470 | 0.7155 | 1.431 | 3.00 | 12.83 |
#
# Notice three things, explained below:
#
# - In (d), far and packed, MAML's risk is a third of ERM's. The paper's formula, in the last column, promises a thirteenth.
# - In (c) and (d) the *gain*, the ratio of the risks, differs; the *saving*, their difference, is the same.
# - MAML's circle in (d) lies on the side of the hard tasks, but stops short of their centre.
#
# ## The risk of a start
#
# How far is a start from the optimum of a random task? One Gaussian integral tells, in one coordinate, with $w^*$ of mean $\mu$ and variance $r$:

# %%
w, mu, r = sp.symbols("w mu r", positive=True)
squared_distance = E((w - Normal("w^*", mu, sp.sqrt(r))) ** 2)
sp.factor(squared_distance - r) + r

# %% [markdown]
# Turn the coordinates so that the spread $S$ is diagonal and sum: $E\lVert w-w^*\rVert^2=\lVert w-\mu\rVert^2+\operatorname{tr}S$.
# A start off the line through the two centres is farther from both, so only the starts $w=\theta\mu_H+(1-\theta)\mu_E$ matter,
# and **$\theta$ is the weight on the hard centre**. If a hard task costs $\frac{c_H}{2}$ times the squared distance, and an easy one $\frac{c_E}{2}$ times, then `loss` is the average, and the best weight is, with $q=1-p$ and $s=\operatorname{tr}S$,

# %%
p, q, D, theta = sp.symbols("p q D theta", positive=True)
c_H, c_E, s_H, s_E = sp.symbols("c_H c_E s_H s_E", positive=True)
loss = p * c_H / 2 * ((1 - theta) ** 2 * D**2 + s_H) + q * c_E / 2 * (theta**2 * D**2 + s_E)
(best,) = sp.solve(sp.diff(loss, theta), theta)
sp.factor(best)

# %% [markdown]
# Everything is in this line. Before adaptation a task costs $c=\rho$, and the best weight for that is ERM's. After a step on $n$ samples it costs the
# eigenvalue of $Q^{(n)}$, which is $a=\rho(1-\alpha\rho)^2+\frac{d+1}{n}\alpha^2\rho^3$, and the best weight for $n=n_2$ is MAML's. Both are judged by what tasks cost after a step on $m$ samples.
#
# :::{prf:corollary} Corollary 1 for two isotropic groups
# :label: cor-any-mixture
# Let $a_H,a_E$ be the eigenvalues of $Q^{(m)}$ for hard and easy tasks, and let $\theta=\frac{p\,b_H}{p\,b_H+q\,b_E}$, where $b=\rho$ for ERM, and $b_H,b_E$ are the eigenvalues of
# $Q^{(n_2)}$ for MAML. The risk above the floor is
#
# $$
# \begin{aligned}
# R_m=\tfrac12\Bigl[&p\,a_H\bigl((1-\theta)^2D^2+\operatorname{tr}S_H\bigr)\\
# &+q\,a_E\bigl(\theta^2D^2+\operatorname{tr}S_E\bigr)\Bigr].
# \end{aligned}
# $$ (mixture-risk)
#
# :::
#
# The library, which knows nothing of $\theta$ and $D$, and a simulation of the step [agree](#geography-three-routes).
#
# ## What MAML saves
#
# Corollary 1 calls these numbers excess risks. By {prf:ref}`thm-decomposition` the excess risk [(2)](#eq-2) of ERM is its risk *minus MAML's* with $n_2=m$. Subtract:

# %%
rho_H, rho_E, a_H, a_E = sp.symbols("rho_H rho_E a_H a_E", positive=True)
after = loss.subs({c_H: a_H, c_E: a_E})
risk_erm = after.subs(theta, best.subs({c_H: rho_H, c_E: rho_E}))
risk_maml = after.subs(theta, best.subs({c_H: a_H, c_E: a_E}))
sp.factor(risk_erm - risk_maml)

# %% mystnb={"code_prompt_show": "Compare with the formula below, and its slopes in both spreads with zero"} tags=["hide-input"]
saving = risk_erm - risk_maml
excess = (p * q * (a_H * rho_E - a_E * rho_H) * D) ** 2
excess /= 2 * (p * a_H + q * a_E) * (p * rho_H + q * rho_E) ** 2
tex = r"\text{the excess risks of }\mathbf w_{ERM}^*\text{ and }\mathbf w_{MAML}^*\text{ are (10) and (11)}"
claims.proves(
    "cor:1",
    [saving, sp.diff(saving, s_H), sp.diff(saving, s_E)],
    [excess, 0, 0],
    "The excess risk of ERM is free of both spreads.",
    shows=r"\mathcal E_m(w_{ERM}^*)=\frac{p^2q^2(a_H\rho_E-a_E\rho_H)^2D^2}{2(pa_H+qa_E)(p\rho_H+q\rho_E)^2}",
    case="$D$ and the traces in place of $R$, $r_H$, $r_E$",
    refuses={"the squares forgotten": [excess / (p * q), 0, 0]},
    printed=claims.prints("cor:1", [risk_erm, p * a_H / 2, q * a_E / 2], tex),
)

# %% [markdown]
# :::{prf:corollary} The excess risk of ERM
# :label: cor-excess
# With $n_2=m$ the excess risk [(2)](#eq-2) of MAML is zero, and that of ERM is
#
# $$
# \mathcal E_m(w_{ERM}^*)=\frac{p^2q^2\,(a_H\rho_E-a_E\rho_H)^2\,D^2}{2\,(p\,a_H+q\,a_E)\,(p\,\rho_H+q\,\rho_E)^2}.
# $$ (mixture-excess)
#
# :::
#
# Read {eq}`mixture-excess` slowly. The distance of the centres is there, and a mismatch of hardness, $a_H\rho_E\neq a_E\rho_H$. **The spreads are not.** Whether the hard tasks are closely packed or scattered, starting at MAML's
# point instead of ERM's saves the same amount of loss. Spread enters only through the reference by which a *ratio* divides:
#
# $$
# G=\frac{R_m(w_{ERM}^*)}{R_m(w_{MAML}^*)}=1+\frac{\mathcal E_m(w_{ERM}^*)}{R_m(w_{MAML}^*)}.
# $$ (gain-ratio)
#
# We call $\mathcal E_m(w_{ERM}^*)$ the **saving**. For the gain, geography means distance and spread; for the saving it means distance.
#
# §3.2 says that "the comparison between MAML and ERM depends on the relative weights" of $r_E$, $r_H$ and $R^2$. The weights of $r_H$, $r_E$ and $R^2$ are, for ERM (first row) and for MAML,

# %%
R, r_H, r_E, d = sp.symbols("R r_H r_E d", positive=True)
paper = {p: sp.S.Half, q: sp.S.Half, D: R * sp.sqrt(d), s_H: d * r_H, s_E: d * r_E}
both = sp.Matrix([risk_erm.subs(paper), risk_maml.subs(paper)])
weights = sp.Matrix.hstack(both.diff(r_H), both.diff(r_E), both.diff(R) / (2 * R))
weights.applyfunc(sp.factor)

# %% [markdown]
# **ERM and MAML put the same weights on the spreads**, $\frac d4a_H$ and $\frac d4a_E$. They differ in their weight on $R^2$, and in nothing else. No start changes what the spreads cost. The paper's [(10)](#eq-10) and [(11)](#eq-11) are these two risks, in an order that hides it; [another page](17_geography) takes them letter by letter.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# As excess risks [(2)](#eq-2), MAML's in Corollary 1 is zero, and ERM's contains neither $r_H$ nor $r_E$. "Closely packed hard tasks" make the relative gain large, not the loss that MAML avoids. The assumption $n_2=m$ belongs in the statement.
# :::
#
# ## The exact gain
#
# Corollary 2 says: with $\alpha=1/\rho_E$, and if $\frac{\rho_H}{\rho_E}\bigl(1-\frac{\rho_H}{\rho_E}\bigr)^2\gg\frac dm$,
#
# (eq-12)=
# $$
# \frac{\mathcal E_m(w_{ERM}^*)}{\mathcal E_m(w_{MAML}^*)}\approx1+\frac{R^2}{r_H}. \tag{12}
# $$
#
# Two numbers without unit describe hardness: $u=\rho_H/\rho_E$ before the step, and $h=a_H/a_E$ after it. Divide the risks:

# %%
u, h = sp.symbols("u h", positive=True)
ratio = (both[0] / both[1]).subs({a_H: h * a_E, rho_H: u * rho_E})
sp.factor(ratio - 1)

# %% [markdown]
# The last bracket is $h\bigl(R^2+(1+h)(r_H+r_E/h)\bigr)$. So the spread of the easy tasks counts, divided by $h$, and it pays to introduce the **effective spread** $r_{\mathrm{eff}}=r_H+\frac{r_E}h$.
#
# :::{prf:corollary} Corollary 2, exact
# :label: cor-exact-gain
# For $p=\frac12$, $n_2=m$ and any step size,
#
# $$
# G=1+\frac{(h-u)^2}{h(1+u)^2}\cdot\frac{R^2}{R^2+(1+h)\,r_{\mathrm{eff}}}.
# $$ (exact-gain)
#
# At $\alpha=1/\rho_E$ it has $h=J+u^3$, with $J=u(1-u)^2\frac m{d+1}$.
# :::

# %% mystnb={"code_prompt_show": "Compare the ratio with the corollary"} tags=["hide-input"]
r_eff = r_H + r_E / h
exact_gain = 1 + (h - u) ** 2 / (h * (1 + u) ** 2) * R**2 / (R**2 + (1 + h) * r_eff)
claims.proves(
    "cor:2",
    ratio,
    exact_gain,
    "The ratio of (10) to (11), exactly; not (12).",
    shows=r"G=1+\frac{(h-u)^2}{h(1+u)^2}\cdot\frac{R^2}{R^2+(1+h)r_{\mathrm{eff}}}",
    refuses={"the spread of the easy tasks forgotten": exact_gain.subs(r_E, 0)},
)

# %% [markdown]
# Read it from the right. The last factor is geography: it rises with $R$, falls with both spreads, and stays below one; it is one half where $R^2=(1+h)\,r_{\mathrm{eff}}$. The factor before it is hardness alone.
#
# Where does [(12)](#eq-12) come from? At $\alpha=1/\rho_E$ many samples mean $h\to\infty$:

# %% mystnb={"code_prompt_show": "Take the limit of many samples"} tags=["hide-input"]
claims.proves(
    "eq:12 text:ratio-in-the-introduction",
    sp.limit(sp.cancel(ratio), h, sp.oo),
    1 + R**2 / ((1 + u) ** 2 * r_H),
    "The gain as $m\\to\\infty$; then $u\\to0$ gives (12).",
    shows=r"1+\frac{R^2}{(1+u)^2r_H}",
    case=r"the limit, in which $h$ and $r_E$ are gone",
    refuses={"the square of $r_H$": 1 + R**2 / ((1 + u) ** 2 * r_H**2)},
    printed=claims.prints(
        "eq:12 text:ratio-in-the-introduction", 1 + R**2 / r_H, r"\approx1+\frac{R^2}{r_H}"
    ),
)

# %% [markdown]
# It is the paper's, with $R^2/r_H$ multiplied by a number between $\frac14$ and $1$. And the limit is far away. In Figure 3(c), with $R^2/r_H=10$, $R^2/r_E=\frac12$ and else as in 1(d), the printed gain is 11. It is 1.76. Where does the predicted 10 go?
#
# | factor | near one when | value here | left of 10 |
# | --- | --- | --- | --- |
# | $1/(1+u)^2$ | $u\ll1$ | 0.81 | 8.10 |
# | $(h-u)^2/(h^2+h)$ | $h\gg1$ | 0.76 | 6.12 |
# | $r_H/r_{\mathrm{eff}}$ | $r_E\ll h\,r_H$ | 0.17 | 1.02 |
# | saturation, $\frac{(1+h)\,r_{\mathrm{eff}}}{R^2+(1+h)\,r_{\mathrm{eff}}}$ | $R^2\ll h\,r_{\mathrm{eff}}$ | 0.75 | 0.76 |
#
# The stated condition, $J\gg1$, guarantees the second factor alone. The last two conditions are about geography, and the last limits the very case that the paper recommends: $R^2/r_H$ must stay far below $J$. With $d=10$, $u=\frac13$, $r_E=0$ and $R^2/r_H=m$ the gain is [less than a hundredth of the printed one](#geography-corollary-2) for every large $m$; {prf:ref}`a two-sided bound <prop-two-sided>` tells how good [(12)](#eq-12) is.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# The ratio in Corollary 2 is {eq}`exact-gain`. [(12)](#eq-12) needs all four conditions of the table, of which the corollary states one. As a ratio of excess risks [(2)](#eq-2) it is a division by zero.
# :::
#
# ## The ceiling, or wall of samples
#
# However far apart the clouds, and however tightly packed, at $p=\frac12$ the gain at one step $\alpha$ of both learners stays below its value for two points, {eq}`two-task-gain`:

# %%
sp.factor(sp.limit(exact_gain, R, sp.oo))

# %% [markdown]
# (golden-ratio)=
# At $\alpha=1/\rho_E$ and with many samples $h\approx J$, and the main term of the ceiling is $\frac{u(1-u)^2}{(1+u)^2}\cdot\frac m{d+1}$. ([Each learner at its best step](11_when_to_use_maml) has another.) Which hardness ratio is best, and what is the first factor there?

# %%
main_term = u * (1 - u) ** 2 / (1 + u) ** 2
best_ratio = next(root for root in sp.solve(sp.diff(main_term, u), u) if 0 < root < 1)
sp.Tuple(best_ratio, sp.simplify(main_term.subs(u, best_ratio)))

# %% [markdown]
# These are the inverse third and fifth powers of the golden ratio, 0.236 and 0.090. The main term is at most $0.09\frac m{d+1}$, with hard tasks some four times as hard as easy ones. The "$\frac{\rho_H}{\rho_E}\ll1$, without being impossibly hard" of §1 should be read [with moderation](#geography-observation-i).
#
# ## One map
#
# Corollary 2 fits on one map: the gain at $\alpha=1/\rho_E$ over $R^2/r_{\mathrm{eff}}$ and $u$. Left of the bend of a contour geography limits the gain; right of it the samples do, and more distance no longer helps.


# %% mystnb={"code_prompt_show": "Draw the map", "figure": {"caption": "The gain at step size $1/\\rho_E$ for $d=10$, over $R^2/r_{\\mathrm{eff}}$, the squared distance of the clouds in units of their effective spread, and the hardness ratio $u$. **Notice** that contours turn horizontal where the gain saturates; there the best hardness ratio is near $\\sqrt5-2$ (dotted), further left lower. Crosses are three environments of the paper's Figures 1 and 3.", "name": "fig-phase-diagram"}, "image": {"classes": "upright as-drawn", "alt": "Two contour maps, one above the other, with a logarithmic horizontal axis, for m = 500 and m = 5000. The gain rises from left to right and then levels off; the contours are tongues that open to the right; at the right edge the gain is highest near u = 0.24, and their tips lie lower the further left they are. For m = 500 the highest contour drawn is 4, for m = 5000 it is 30. The environments 1c, on the contour 1.5, and 3c lie left of the contour 2, and 1d on the contour 3."}} tags=["hide-input"]
figure, axes = plt.subplots(2, 1, sharex=True, figsize=(5, 6.4))
far, v = np.meshgrid(np.logspace(-1, 4, 160), np.linspace(0.004, 0.996, 160))
gain = sp.lambdify((u, h, R), exact_gain.subs({r_H: 1, r_E: 0}))  # R in units of √r_eff
panels = (500, [1.2, 1.5, 2, 3, 4]), (5000, [1.5, 3, 6, 15, 30])
for axis, (size, levels) in zip(axes, panels, strict=True):
    height = gain(v, v * (1 - v) ** 2 * size / (DIM + 1) + v**3, np.sqrt(far))
    shades = plotting.GREYS(np.linspace(0, 0.6, len(levels) + 1))
    axis.contourf(far, v, height, levels=[0.99, *levels, 1e3], colors=shades)
    lines = axis.contour(far, v, height, levels=levels, colors="black", linewidths=0.8)
    tops = [(800, v[height[:, 124] > one][-1, 0]) for one in levels]
    axis.clabel(lines, fmt="%g", fontsize=9, manual=tops)
    axis.axhline(float(best_ratio), ls=":", color="black", lw=1.2)
    axis.set(xscale="log", ylabel=r"hardness ratio $u=\rho_H/\rho_E$", title=f"$m={size}$")
for name, place, side in (("1c", 0.966, -18), ("3c", 1.66, 8), ("1d", 9.46, 6)):
    axes[0].plot(place, HARD / EASY, **plotting.MARKS[0], mec="white", ms=8)
    axes[0].annotate(name, (place, HARD / EASY), (side, 6), textcoords="offset points", size=9)
axes[1].set_xlabel(r"$R^2/r_{\mathrm{eff}}$")
figure

# %% [markdown]
# **Figure 1.** The paper does not tell its $R$, $r_H$, $r_E$ and $\alpha$. With $r_H=r_E$ and $\alpha=1/\rho_E$ a gain of 3 needs $R^2/r_H=11.8$ at $u=\frac19$ and 9.0 at $u=\frac15$, that of §1; [(12)](#eq-12) asks for 2.
# And 3 does not lie on an open scale: at the paper's $\rho_H$, $\rho_E$, $m$ and $d$ the ceiling at this step is 4.06.
#
# Does it demonstrate "the primary dependence of relative performance on $R^2/r_H$" (§3.2)? Keep $R$ and $r_H$ of (d), and scatter the *easy* tasks. With $r_E=0$, 1, 10 and 100 the gain is 3.15, 3.00, 2.23 and 1.25. It depends on $R^2/r_{\mathrm{eff}}$.
#
# **Figure 3** varies $R$, and lets both spreads grow with $R^2$. Then $R^2/r_{\mathrm{eff}}$ does not change, and the gain cannot either: [the figure](#trained-figure-3), with trained solutions, has horizontal lines.
#
# ## Which group must be packed?
#
# > **The paper, abstract.** "(ii) the optimal solutions of the hard tasks must be closely packed [...]"
#
# Formula {eq}`exact-gain` holds at any step size, and what counts against the gain is $h\,r_{\mathrm{eff}}=h\,r_H+r_E$. **The group that must be packed is the one with the larger $a$**. At $\alpha=1/\rho_E$, beyond {eq}`closer`, these are the hard tasks. At $\alpha=1/\rho_H$ a step solves the hard tasks and overshoots on the easy ones; then $a_E\gg a_H$, and the roles swap. Take $u=\frac12$, $m=2000$, $R=1$:

# %% mystnb={"code_prompt_show": "Draw the gain over the step size", "figure": {"caption": "The gain over the inner step size for $u=\\frac12$, $m=2000$, $d=10$, $R=1$. Solid: hard tasks packed, easy ones scattered ($r_H=0.02$, $r_E=2$). Dashed: the reverse. Dotted lines mark $1/\\rho_E$ and $1/\\rho_H$. **Notice** that each curve peaks at the step that solves the scattered group, and there the other is near one.", "name": "fig-inner-rate"}, "image": {"classes": "upright", "alt": "Two curves of the gain over the step size, from 0.2 to 2.6 in units of 1/ρ_E. The solid one, packed hard tasks, peaks near 3.7 at 1 and stays close to 1 beyond 1.3. The dashed one, packed easy tasks, stays below 1.3 up to there, where both curves touch 1, and peaks near 5 at 2."}} tags=["hide-input"]
rates = np.linspace(0.2, 2.6, 121)
figure, axis = plt.subplots(figsize=(5, 3))
for look, (kind, spreads) in enumerate({"hard": (0.02, 2.0), "easy": (2.0, 0.02)}.items()):
    env = mixture(DIM, 0.5, 1.0, 1.0, *spreads)
    gains = [np.divide(*risks(env, rate, 2000)) for rate in rates]
    axis.plot(rates, gains, **plotting.LINES[look], label=f"{kind} tasks packed")
axis.vlines((1, 2), 0.9, 5.5, ls=":", color=plotting.REFERENCE, lw=1)
axis.set(xlabel=r"inner step size $\alpha\rho_E$", ylabel="gain", ylim=(0.9, 5.5))
axis.legend(loc="upper left", bbox_to_anchor=(0.35, 1), handlelength=1.6)
figure

# %% [markdown]
# In between the curves touch 1 together. There $h=u$, so MAML weighs the groups as ERM does ({prf:ref}`thm-leaning` of chapter 3), and no geography helps. [At every step size](#geography-headlines) the upper curve is that of the group with the larger $a$.
#
# Nor is $\alpha=1/\rho_H$ a strange choice in the dashed environment: MAML's risk is 0.072 there, against 0.642 at $\alpha=1/\rho_E$. The scattered hard tasks are best left to the step, the packed easy ones to the start. A step that suits the steepest task is natural, but it decides beforehand who is left unsolved.
#
# ## Hardness is a direction
#
# > **The paper, abstract.** "(i) there must be some discrepancy in hardness among the tasks"
#
# For covariances $\rho I$ this is right: equal $\rho$ means no gain. Now take two tasks that are equally hard by any number that can be read off their spectra: $\Sigma_1=\operatorname{diag}(1,\frac1{10})$, $\Sigma_2=\operatorname{diag}(\frac1{10},1)$,
# with optima $(1,1)$ and $(-1,-1)$, and $\alpha=1$.

# %%
flat_then_steep, steep_then_flat = np.diag([0.1, 1.0]), np.diag([1.0, 0.1])
mirrored = TaskEnvironment.finite_tasks([steep_then_flat, flat_then_steep], [[1, 1], [-1, -1]])
[round(float(np.divide(*risks(mirrored, 1.0, m))), 1) for m in (200, 2000)]

# %% [markdown]
# These are the gains at $m=200$ and $m=2000$. The matrices are diagonal, so the coordinates interact only through $\operatorname{tr}(\Sigma^2)$. Each is a mixture in one dimension, with its own $\lambda_l$ and its own
#
# $$
# a_l=\lambda_l(1-\alpha\lambda_l)^2+\tfrac{\alpha^2}m\bigl(\operatorname{tr}(\Sigma^2)\,\lambda_l+\lambda_l^3\bigr).
# $$
#
# In the first coordinate task 1 is the easy one, in the second it is the hard one. Sum {eq}`mixture-excess` over coordinates, for any two groups whose covariances commute, with $\Delta$ the difference of the centres in the common eigenbasis:
#
# $$
# \mathcal E_m(w_{ERM}^*)=\sum_{l=1}^d\frac{p^2q^2\,(a_{H,l}\,\lambda_{E,l}-a_{E,l}\,\lambda_{H,l})^2\,\Delta_l^2}{2\,(p\,a_{H,l}+q\,a_{E,l})\,(p\,\lambda_{H,l}+q\,\lambda_{E,l})^2}.
# $$ (directional-excess)
#
# With commuting covariances a gain needs $a_{H,l}\lambda_{E,l}\ne a_{E,l}\lambda_{H,l}$ *in a direction in which the centres differ*. [Random bases](#geography-headlines) agree.

# %% mystnb={"code_prompt_show": "Draw level lines of both losses, before and after the step", "figure": {"caption": "Level lines of the losses of the two mirrored tasks before and after one step ($m=2000$), with the best start for each. The innermost, middle and outermost lines cross the task's steep axis at 0.2, 0.4 and 0.6 from its optimum, so their levels differ between panels. **Notice** that before the step each task is steep along one axis, after it along the other, because the step has solved the steep direction: the best start moves to the opposite quadrant.", "name": "fig-directions"}, "image": {"classes": "upright", "alt": "Two panels with elliptical level lines around the optima (1, 1) and (-1, -1). Above: the ellipses of task 1 are narrow horizontally, those of task 2 narrow vertically, and the start of ERM lies at the lower right. Below: all ellipses are turned by ninety degrees, and the start of MAML lies at the upper left."}} tags=["hide-input"]
figure, axes = plt.subplots(2, 1, sharex=True, figsize=(5, 7.2))
angle = np.linspace(0, 2 * np.pi, 200)
curvatures = mirrored.covariances, linear.adapted_covariance(mirrored.covariances, 1.0, 2000)
starts = linear.erm_solution(mirrored), linear.maml_solution(mirrored, 1.0, 2000)
for axis, Q, start, when in zip(axes, curvatures, starts, ("before", "after"), strict=True):
    for g, level in ((g, level) for g in range(2) for level in (0.6, 0.4, 0.2)):
        radii = level * np.sqrt(Q[g].max() / np.diagonal(Q[g]))
        ellipse = mirrored.means[g] + radii * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        axis.plot(*ellipse.T, **plotting.LINES[g], label=f"task {g + 1}" if level == 0.2 else None)
    label = "ERM" if when == "before" else "MAML"
    axis.plot(*start, **plotting.MARKS[label], ms=8, label=label)
    axis.set(title=f"{when} the step", xlim=(-3, 5), ylim=(-3, 3), aspect="equal")
    axis.set(xlabel="$w_1$", ylabel="$w_2$")
    axis.legend(loc="upper right")
figure

# %% [markdown]
# ERM gives each coordinate to the task that is steep in it. After the step that task no longer needs it, and the flat one does. MAML gives each coordinate to the other task.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# "(i) there must be some discrepancy in hardness among the tasks" holds for isotropic groups. In general the discrepancy is between *directions*, and tasks of the same spectrum can show a large gain. (ii), that the hard tasks "must be closely packed", holds for the relative gain at
# $\alpha\approx1/\rho_E$. At $\alpha=1/\rho_H$ it is the easy tasks that must be packed, and for the loss saved it is neither.
# :::
#
# ## Which share of hard tasks?
#
# > **The paper, §5.** "oversampling hard tasks during training in order to improve MAML performance"
#
# Whose performance? Let a share $\pi$ of the *test* tasks be hard, and let $p$ from now on be the share in training. Training may take its step on another number of samples, $n_2$, than the test, $m$; so $b_H$ and $b_E$ are the two curvatures in training, and $a_H$ and $a_E$ those at the test.
# MAML's training ends at the weight $\theta$ on the hard centre that we know, which increases with $p$; the test weighs the same distances with $\pi$ and $a$. The odds $p/(1-p)$ of a hard task in training that make the test's risk least are, with $\bar\pi=1-\pi$,

# %%
share, rest, b_H, b_E = sp.symbols("pi pibar b_H b_E", positive=True)
end = best.subs({c_H: b_H, c_E: b_E, q: 1 - p})
hard_risk, easy_risk = a_H * D**2 * (1 - end) ** 2 / 2, a_E * D**2 * end**2 / 2
slope = sp.diff(share * hard_risk + rest * easy_risk, p)
(best_share,) = sp.solve(sp.numer(sp.together(slope)), p)
sp.factor(best_share / (1 - best_share))

# %% mystnb={"code_prompt_show": "Compare with the odds below, and the risks of hard and easy tasks with their slopes in p"} tags=["hide-input"]
grows = b_H * b_E / (p * b_H + (1 - p) * b_E) ** 2  # the derivative of θ
slopes = [-a_H * D**2 * (1 - end) * grows, a_E * D**2 * end * grows]
odds = (best_share / (1 - best_share)).subs(rest, 1 - share)
claims.proves(
    "text:oversampling-hard-tasks",
    [odds, sp.diff(hard_risk, p), sp.diff(easy_risk, p)],
    [share / (1 - share) * (a_H / a_E) * (b_E / b_H), *slopes],
    r"The best odds of a hard task in training; with $p$ the risk falls on hard tasks and rises on easy ones.",
    shows=r"\frac p{1-p}=\frac\pi{1-\pi}\cdot\frac{a_H/a_E}{b_H/b_E}",
    refuses={"the test's own odds for every training": [share / (1 - share), *slopes]},
)

# %% [markdown]
# :::{prf:proposition} The share of hard tasks to train on
# :label: prop-training-share
#
# For isotropic groups at a distance $D>0$, more hard tasks in training lower the post-adaptation risk of hard tasks and raise that of easy ones, strictly. The risk of a test mixture with share $\pi$ is least where $\frac{p}{1-p}=\frac{\pi}{1-\pi}\cdot\frac{a_H/a_E}{b_H/b_E}$.
# :::
#
# It is about population solutions, one step, and $0<p,\pi<1$. (The risk is a convex quadratic in $\theta$, which increases with $p$; so its one stationary point is the minimum.)
#
# - **MAML with $n_2=m$ and the same $\alpha$:** $a=b$, and $p=\pi$: *train at the test's share*. Where hard tasks are scarcer than that, oversample them up to it. Beyond, easy ones pay.
# - **ERM:** $b=\rho$ and $a=\rho\,\varphi(\rho)$ with the $\varphi$ of chapter 3, so the odds are to be multiplied by $\varphi(\rho_H)/\varphi(\rho_E)$, and then ERM ends where MAML does.
#
# [A search](#geography-headlines) finds the same shares. [Chapter 10](10_cifar) holds this against photographs.
#
# ## What we have seen
#
# - We computed the gain exactly. It saturates in $R^2/r_{\mathrm{eff}}$ at a ceiling, at the step $1/\rho_E$ of order $m/d$ and, for $p=\frac12$, highest near $u=\sqrt5-2$.
# - We told gain from saving: spreads change the ratio, distance and mismatch of hardness change the loss.
# - We read hardness direction by direction. The inner step size decides which group must be packed.
# - We found the share of hard tasks to train on: the test's own, if training rehearses the test's step.
#
# ## Exercises
#
# [Tested solutions, and one more](#geography-exercises).
#
# **1.** Put $S_H=S_E=0$ in {eq}`mixture-risk` and show that MAML's risk is then $\frac{pq\,a_Ha_E}{2(p\,a_H+q\,a_E)}D^2$. With {eq}`mixture-excess` this gives the ceiling at any $p$ and any step. At which $p$ is it highest, for large $h$?
#
# :::{dropdown} Solution
# For MAML with $n_2=m$, $\theta=\frac{p\,a_H}{p\,a_H+q\,a_E}$. Hence $(1-\theta)^2$ and $\theta^2$ are $q^2a_E^2$ and $p^2a_H^2$ over $(p\,a_H+q\,a_E)^2$, and the bracket is $pq\,a_Ha_E(q\,a_E+p\,a_H)D^2$ over the same.
#
# By {eq}`gain-ratio`, $G-1$ is {eq}`mixture-excess` divided by this risk:
# $G-1=\frac{pq\,(h-u)^2}{h\,(pu+q)^2}$. For large $h$ this is $h\frac{pq}{(pu+q)^2}$, largest at $p=\frac1{1+u}$, with value $\frac h{4u}$. If hard tasks
# are very hard, most tasks should be hard: then ERM is torn between the clouds, and MAML is not.
# :::
#
# **2.** Find a mixture with $\rho_H\neq\rho_E$ in which MAML gains nothing at all, although the clouds are far apart.
#
# :::{dropdown} Solution
# By {eq}`exact-gain` $h=u$. At $\alpha=1/\rho_E$ that reads $J+u^3=u$, or $m=(d+1)\frac{1+u}{1-u}$. With $d=10$ and $u=\frac13$ this is $m=22$. Discrepancy is no more sufficient than it is necessary.
# :::
#
# **Read next.** Chapter [5](05_convergence) asks how many tasks it takes to find these solutions.
