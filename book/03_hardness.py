# %% [markdown]
# # Hardness
#
# > **The paper, §3.1.** "this expression pinpoints the level of hardness discrepancy needed for superior MAML performance:
# > $\frac{\rho_H}{\rho_E}$ must be much smaller than 1, but also larger than 0"
#
# Two tasks, one hard and one easy. Here everything that §3.1 says about hardness
# can be computed and decided.
#
# **What you will do.** Redraw the paper's Figure 2 from exact formulas, and explain it.
#
# **What you will learn.** To tell hardness from ill-conditioning; to derive both solutions and both risks of the two-task
# environment; to state when MAML leans to the hard task, when it does not, and how much it gains.
#
# **What you need.** Chapters [1](01_learning_to_adapt) and [2](02_population_solutions): the risk above the floor, and the matrices $Q^{(s)}$, {eq}`adapted-covariance`.

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
from IPython.display import Markdown

from paperlib import claims, linear, plotting
from paperlib.environments import TaskEnvironment

plotting.use_book_style()
rng = np.random.default_rng(0)

# %% [markdown]
# ## Two tasks, one start
#
# (def-two-task-environment)=
# Two tasks are equally likely. Their optima are $w_1^*=\mathbf 1_d$ (hard) and $w_2^*=-\mathbf 1_d$ (easy), their covariances $\rho_HI_d$ and $\rho_EI_d$ with $\rho_H<\rho_E$,
# and $n_2=m$. The figures have $d=10$, $\rho_E=1$, $\sigma^2=1$ and the step $\alpha=1/\rho_E$. Where do ERM and MAML start, and what does that cost after the step?


# %% mystnb={"code_prompt_show": "Draw Figure 2 from the library's solutions", "figure": {"caption": "Figure 2 of the paper, redrawn for three sample sizes $m$. Above: first coordinate of both solutions; the hard optimum is at 1, the easy one at $-1$, and above the grey line a solution is closer to the hard task. ERM's is the same for every $m$. Below: risk above the noise floor, after the step (ERM's is highest for $m=100$). **Notice** that MAML leaps to the hard task and comes back at both ends, sooner with fewer samples, and that it gains where it has leapt.", "name": "fig-two-tasks"}, "image": {"classes": "upright", "alt": "Two panels, one above the other, over the hard task's curvature from 0 to 1. Above: ERM, dashed, rises from -1 to 0. MAML rises steeply from -1, stays above 0 over most of the range for m = 2000 and 500, over half of it for m = 100, and falls back to 0. Below: all risks start at zero. ERM's have a bump near 0.25; MAML's lie far below it for m = 2000 and m = 500, and less far for m = 100. At the right end the two meet for each m."}} tags=["hide-input"]
def solutions(u, m, dim=10):
    """Return the environment with ρ_E = 1 and ρ_H = u, and both solutions in it."""
    env = TaskEnvironment.two_tasks(dim, rho_hard=u, rho_easy=1.0, noise_std=1.0)
    return env, {"ERM": linear.erm_solution(env), "MAML": linear.maml_solution(env, 1.0, m)}


def figure_2():
    """Draw places and risks of both solutions over the hard task's curvature."""
    figure, axes = plt.subplots(2, 1, figsize=(5, 5.8), sharex=True)
    axes[0].axhline(0, color=plotting.REFERENCE, lw=0.8)
    line = (1 - np.cos(np.pi * np.linspace(0.02, 1, 200))) / 2  # denser at both ends
    for m in (2000, 500, 100):
        found = [solutions(u, m) for u in line]
        for name in ("ERM", "MAML"):
            risks = [linear.risk_above_floor(env, pair[name], 1.0, m) for env, pair in found]
            for axis, curve in zip(axes, ([p[name][0] for _, p in found], risks), strict=True):
                axis.plot(line, curve, **plotting.LINES[name], lw=1.4)
                if name == "MAML":
                    axis.annotate(f"$m={m}$", (0.27, curve[66]), (0, 5), textcoords="offset points")
    axes[0].legend(axes[0].lines[1:3], ("ERM", "MAML"), loc="lower right")
    axes[0].set(ylim=(-1.05, 1.2), ylabel="first coordinate")
    axes[1].set(xlabel=r"$\rho_H$", ylim=(0, None), ylabel="risk above the floor")
    return figure


figure_2()

# %% [markdown]
# (The paper prints two values of $m$ for its lower row: [it is 500](#hardness-figure-2).
# What training finds, Figure 8, is in [Trained solutions](16_trained_solutions).)
#
# ## Hard is slow
#
# A task is hard if gradient descent needs many steps to solve it. For a quadratic loss with Hessian $\Sigma$ a step of size $\alpha$
# multiplies the error by $I-\alpha\Sigma$. Count the steps until the error has shrunk to a hundredth, whatever its direction:


# %% mystnb={"code_prompt_show": "Count the steps for six tasks"} tags=["hide-input"]
def steps_needed(*eigenvalues):
    """Count the steps, of size 1, until every error has shrunk to a hundredth."""
    return next(k for k in range(1, 999) if max(abs(1 - e) ** k for e in eigenvalues) <= 0.01)


rows = [
    "| eigenvalues of $\\Sigma$ | condition number | steps at $\\alpha=1$ |",
    "| --- | --- | --- |",
]
for low, high in [(1.0, 1.0), (0.5, 0.5), (0.1, 0.1), (0.1, 1.0), (0.5, 1.0), (0.05, 0.1)]:
    rows.append(f"| {low:g}, {high:g} | {high / low:g} | {steps_needed(low, high)} |")
Markdown("\n".join(rows))

# %% [markdown]
# > **The paper, Abstract.** "hardness is related to the condition number of the task's loss function"
#
# The table says otherwise. The first three tasks have condition number 1 and differ 44-fold. Rows three and four have different condition numbers and
# need the same number of steps. Rows five and six share a condition number, and one needs thirteen times the steps of the other. What counts is the smallest eigenvalue *times the
# common step size*: while $\alpha\lambda_{\max}\le1$ the slowest direction keeps $1-\alpha\lambda_{\min}$ a step. ([Counted for 56 spectra](#hardness-rate).)
#
# :::{admonition} Where we differ from the paper
# :class: attention
# The condition number would be the right measure if every task had its own step size, $1/\lambda_{\max}(\Sigma_i)$. Here all tasks share one
# $\alpha$, set by the steepest of them. In §3.1 and §3.2 every task has condition number 1: what differs is the product $\alpha\rho$.
# A task is hard because the step is too short for it.
# :::
#
# The common step $\alpha=1/\rho_E$ is the longest that [overshoots in no task](#hardness-rate), and not always the best: see Exercise 1.
#
# ## What a step leaves
#
# > **The paper, §3.** "easy tasks can generally be solved after one step of gradient descent from far away, which is not true for hard tasks"
#
# (def-a-easy-hard)=
# From here on tasks are isotropic, $\Sigma=\rho I_d$. By {eq}`adapted-covariance` the curvature after a step on $m$ samples is then $Q^{(m)}=a(\rho)\,I_d$ with $a(\rho)=\rho(1-\alpha\rho)^2+\frac{d+1}m\alpha^2\rho^3$, and the paper writes $a_H=a(\rho_H)$, $a_E=a(\rho_E)$.
# Write $a(\rho)=\rho\,\varphi(\rho)$: the factor $\varphi$ is the fraction of a task's loss that is left after the step.

# %%
rho, alpha, d, m = sp.symbols("rho alpha d m", positive=True)
sampling = alpha**2 / m * (d * rho**2 * rho + rho**3)  # of (2.6), with tr(Σ²) = dρ²
phi = (1 - alpha * rho) ** 2 + sp.factor(sampling / rho)
phi


# %% mystnb={"code_prompt_show": "Simulate 2,000 steps from far away"} tags=["hide-input"]
def losses_after_step(starts, u, m, draws):
    """Return losses after one step without label noise: (draws, hard and easy task, starts)."""
    found, begin = [], np.outer(starts, np.ones(10))
    for rho, optimum in ((u, np.ones(10)), (1.0, -np.ones(10))):
        inputs = rng.normal(size=(draws, m, 10)) * np.sqrt(rho)
        residuals = np.einsum("kmd,sd->ksm", inputs, begin - optimum)
        adapted = begin - np.einsum("ksm,kmd->ksd", residuals, inputs) / m
        found.append(0.5 * rho * np.sum((adapted - optimum) ** 2, axis=-1))
    return np.stack(found, axis=1)


before = [0.2 / 2 * 10 * 999**2, 1 / 2 * 10 * 1001**2]
hard, easy = (float(phi.subs({alpha: 1, d: 10, m: 100, rho: r})) for r in (0.2, 1.0))
claims.samples(
    "text:easy-tasks-solved-in-one-step",
    losses_after_step([1000], 0.2, 100, 2000)[..., 0] / before,
    [hard, easy],
    f"One simulated step from far away leaves {easy:.0%} of the easy task's loss and {hard:.0%} of the hard one's: $d=10$, $m=100$, $\\rho=1$ and $0.2$.",
    refuses={"the exact gradient, which leaves nothing of the easy task": [0.8**2, 0.0]},
)

# %% [markdown]
# The word "generally" needs a number. One step solves the easy task up to the fraction $(d+1)/m$, however far away it starts. For $m\gg d$ that is little; for $m<d+1$ the step does harm.
# (Can hardness be [scaled away](#hardness-footnote)?)
#
# ## Who is closer to whom?
#
# In (5) each task's optimum is weighted by its curvature: by $\rho$ before the step, by $a(\rho)$ after it.
#
# (eq-8)=
# $$
# \begin{aligned}
# w_{ERM}^*&=\frac{\rho_Hw_1^*+\rho_Ew_2^*}{\rho_H+\rho_E},\\
# w_{MAML}^*&=\frac{a_Hw_1^*+a_Ew_2^*}{a_H+a_E}.
# \end{aligned} \tag{8}
# $$
#
# With the paper's optima every coordinate of a solution is the same number $t$, which runs from $-1$ at the easy optimum to $1$ at the hard one: the minimiser of a weighted sum of two squared distances.

# %%
t, b_H, b_E = sp.symbols("t b_H b_E", real=True)  # b: the weights, ρ or a
position = sp.solve(sp.diff(b_H * (t - 1) ** 2 + b_E * (t + 1) ** 2, t), t)[0]
position

# %% [markdown]
# So ERM, with the weights $\rho$, stands at $-\frac{1-u}{1+u}$, where $u=\rho_H/\rho_E$ is the *hardness ratio*: always closer to the easy task, also [with covariances whose eigenvalues do not overlap](#hardness-erm). MAML is closer to the hard one if $a_H>a_E$.
#
# > **The paper, §3.1.** "for sufficiently large values of $m$, we have $a_H>a_E$"
#
# How large? With $\alpha=1/\rho_E$ the exact gradient would solve the easy task in one step, so $a_E$ is sampling noise alone: $\delta\rho_E$, where $\delta=(d+1)/m$ is the *sampling term*. In units of $\rho_E$ the difference $a_E-a_H$ is

# %%
u, delta = sp.symbols("u delta", positive=True)
hard, easy = u * ((1 - u) ** 2 + delta * u**2), delta  # a_H and a_E
(1 - u) * sp.collect(sp.cancel((easy - hard) / (1 - u)), delta, sp.factor)

# %% [markdown]
# For each fixed $0<u<1$ it is negative, and MAML starts closer to the hard task, beyond a threshold:
#
# $$
# m>(d+1)\,\frac{1+u+u^2}{u(1-u)}
# $$ (closer)
#
# It grows without bound at both ends: no $m$ serves all $u$. Where is it smallest, and how small?

# %%
threshold = (1 + u + u**2) / (u * (1 - u))
best = next(root for root in sp.solve(sp.diff(threshold, u), u) if 0 < root < 1)
sp.Tuple(best, sp.radsimp(sp.simplify(threshold.subs(u, best))))

# %% [markdown]
# The second number times $d+1$, $6.46\,(d+1)$, is the smallest threshold. With fewer samples MAML starts closer to the *easy* task, however hard the hard one is; for $d=10$ if $m\le71$.

# %% mystnb={"code_prompt_show": "Try sample sizes on both sides of the threshold"} tags=["hide-input"]
grid = np.meshgrid((0.02, 0.1, 0.37, 0.6, 0.9, 0.99), (1, 3, 10))
ratios, dims = (values.reshape(-1, 1) for values in grid)
least = (dims + 1) * (1 + ratios + ratios**2) / (ratios * (1 - ratios))
sizes = np.hstack([np.floor(least * [0.1, 0.5, 0.995]), np.ceil(least * [1.005, 2.0, 10.0])])
tex = r"\text{closer to the optimal solutions of the hard tasks}"
closer = np.vectorize(lambda *case: solutions(*case)[1]["MAML"][0] > 0)(ratios, sizes, dims)
claims.decides(
    "text:maml-closer-to-hard text:landscape-closer-to-hard",
    closer,
    lambda factor: sizes > factor * least,
    "MAML starts closer to the hard task exactly beyond the threshold, $d=1$, $3$ and $10$.",
    shows=r"m>(d+1)\frac{1+u+u^2}{u(1-u)}",
    refuses={"$m>(d+1)/u$, which forgets what happens near $u=1$": sizes > (dims + 1) / ratios},
    printed=claims.prints("text:landscape-closer-to-hard", np.full(closer.shape, True), tex),
)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# §1 says without condition that MAML's optimum is closer to the hard tasks. It is so beyond {eq}`closer`. The smallest counterexample is one-dimensional: with $d=1$ and $m\le12$ MAML is closer to
# the easy task for every $\rho_H<\rho_E$. (And §3.1 prints $\rho_E^3$ where $a_H$ has [$\rho_E^2$](#hardness-natural-alpha).)
# :::
#
# ## When MAML leans to the hard task
#
# "Closer to the hard task than to the easy one" is a strong demand. A weaker one: does MAML lean to the hard task *more than ERM does*? ERM weighs a task by $\rho$, MAML by $\rho\,\varphi(\rho)$.
# So the question is whether $\varphi(\rho_H)>\varphi(\rho_E)$, and $\varphi$, with the $n_2$ samples of training in place of $m$, is a parabola. In units of $\alpha(\rho_E-\rho_H)>0$ the difference of the two is

# %%
rho_H, rho_E = sp.symbols("rho_H rho_E", positive=True)
change = (phi.subs(rho, rho_H) - phi.subs(rho, rho_E)) / (alpha * (rho_E - rho_H))
2 - sp.factor(2 - sp.cancel(change.subs(m, sp.Symbol("n_2"))))

# %% [markdown]
# :::{prf:theorem} When MAML leans to the hard task
# :label: thm-leaning
#
# Let isotropic tasks with $\rho_H<\rho_E$ be mixed in any proportion. MAML with $n_2$ inner samples gives the hard tasks a larger share of the weight than ERM does if and only if
#
# $$
# \alpha\,(\rho_H+\rho_E)\Bigl(1+\frac{d+1}{n_2}\Bigr)<2.
# $$
#
# At $\alpha=1/\rho_E$ this is $n_2>(d+1)\dfrac{1+u}{1-u}$. With equality MAML and ERM coincide; with fewer inner samples MAML leans to the *easy* task more than ERM.
# :::
#
# :::{dropdown} Proof
# The odds of hard against easy are $p\rho_H:(1-p)\rho_E$ for ERM and $p\rho_H\varphi(\rho_H):(1-p)\rho_E\varphi(\rho_E)$ for MAML. MAML's are larger iff $\varphi(\rho_H)-\varphi(\rho_E)>0$. The difference is
# $\alpha(\rho_E-\rho_H)\bigl[2-(1+\tfrac{d+1}{n_2})\alpha(\rho_H+\rho_E)\bigr]$, as above, and the first two factors are positive.
# :::
#
# The paper argues with $n_2$ so large that $Q$ is $\Sigma(I-\alpha\Sigma)^2$. Then the condition is $\alpha(\rho_H+\rho_E)<2$, which every $\alpha\le1/\rho_E$ fulfils. With few samples [it can fail](#hardness-leaning). At $u=0.9$ and
# $n_2=m=100$ ERM stands at $-0.053$ and MAML at $-0.104$, further from the hard task; the theorem asks for $n_2>209$ there.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# §1.1 says without a condition, and §3 for large $n_2$ at any $\alpha$, that MAML favours the hard tasks more than ERM does. It is so under the condition of {prf:ref}`thm-leaning`. Smallest counterexample: for $d=1$, $\alpha=1/\rho_E$, $u=\frac12$ the two solutions
# coincide at $n_2=6$; at $n_2=5$ MAML stands at $-\frac9{23}$, and ERM at $-\frac13$, closer to the hard optimum $1$.
# :::
#
# Now think of a continuum of tasks, of every hardness $\rho$ up to $1/\alpha$. Which of them does MAML listen to most? The weight $\rho\,\varphi(\rho)$ is small for easy tasks, which one step solves, and small
# again for impossibly hard ones, which cost little anywhere. With $x=\alpha\rho$ and $\delta_2=(d+1)/n_2$ it is $x(1-x)^2+\delta_2x^3$, in units of $1/\alpha$. Its first stationary point is a peak:

# %%
x, delta_2 = sp.symbols("x delta_2", positive=True)
peak, valley = sp.solve(sp.diff(x * (1 - x) ** 2 + delta_2 * x**3, x), x)
sp.factor(peak)


# %% mystnb={"code_prompt_show": "Draw the weights", "figure": {"caption": "Weight of a task as a function of its hardness, for $d=10$. ERM (dashed) listens to the easiest tasks; MAML's curves are labelled with their inner samples. **Notice** that MAML with many inner samples listens most to tasks near one third of the easiest one's curvature (dots): hard, but not impossibly hard. With 30 inner samples the peak is gone.", "name": "fig-task-weights"}, "image": {"classes": "upright", "alt": "Curves of task weight over alpha times rho from 0 to 1. The dashed ERM line rises steadily and leaves the plot. MAML's curves for infinite, 500 and 100 inner samples rise to a peak near one third, fall, and, for finite samples, rise slightly at the right end; the curve for 30 inner samples rises throughout."}} tags=["hide-input"]
def task_weights():
    """Draw the weights of ERM and of MAML over the hardness of a task."""
    figure, axis = plt.subplots(figsize=(5, 3.5))
    line = np.linspace(0, 1, 401)
    plotting.label_end(*axis.plot(*[line[:161]] * 2, **plotting.LINES["ERM"]), r"ERM: $\alpha\rho$")
    for inner, name in ((np.inf, r"\infty"), (500, "500"), (100, "100"), (30, "30")):
        weights = line * (1 - line) ** 2 + 11 / inner * line**3
        plotting.label_end(*axis.plot(line, weights, **plotting.LINES["MAML"]), f"$n_2={name}$")
        if inner > 33:
            top = weights[:200].argmax()
            axis.plot(line[top], weights[top], **plotting.MARKS["MAML"])
    axis.set(xlabel=r"$\alpha\rho$  (left: hard, right: easy)", xlim=(0, 1))
    axis.set(ylabel=r"weight $\alpha\rho\,\varphi(\rho)$", ylim=(0, 0.4))
    return figure


task_weights()

# %% [markdown]
# The peak exists for $n_2>3(d+1)$. But the weight rises again towards the easiest tasks, and there it is $\delta_2$. Which end wins? The difference $x(1-x)^2+\delta_2x^3-\delta_2$ is one that we know,
# that of $a_H$ and $a_E$: $(1-x)\bigl[x(1-x)-\delta_2(1+x+x^2)\bigr]$. So the peak is the highest point if and only if $n_2>(3+2\sqrt3)(d+1)$, which is the smallest threshold of {eq}`closer`: MAML listens more to some harder task
# than to the easiest exactly where it can be closer to it.
#
# ## Two risks
#
# Put a start at $t\mathbf 1_d$. Its squared distances are $d(1-t)^2$ from the hard and $d(1+t)^2$ from the easy optimum, so the quadratic form of Proposition 1, [(6)](#eq-6) and [(7)](#eq-7), is one parabola in $t$:

# %%
a_H, a_E = sp.symbols("a_H a_E", positive=True)
risk = d * (a_H * (1 - t) ** 2 + a_E * (1 + t) ** 2) / 4
stands = [position.subs(pair) for pair in ({b_H: rho_H, b_E: rho_E}, {b_H: a_H, b_E: a_E})]
risk_erm, risk_maml = (sp.factor(risk.subs(t, stand)) for stand in stands)
sp.Tuple(risk_erm, risk_maml)

# %% [markdown]
# (eq-9)=
# > **The paper, §3.1, Eq. (9).** "$\mathcal E_m(\mathbf w_{ERM})=\frac{a_E\rho_H^2+a_H\rho_E^2}{(\rho_E+\rho_H)^2},\quad\mathcal E_m(\mathbf w_{MAML})=\frac{a_Ea_H}{a_E+a_H}$"
#
# The printed formulas lack the factor $d$: the optima are $4d$ apart in squared distance, not $4$.
# Which is right? Ask [(1)](#eq-1) itself. Draw samples, take the step, and average the loss, without noise so that the floor is zero:

# %% mystnb={"code_prompt_show": "Simulate 12,000 steps from both solutions"} tags=["hide-input"]
case = {rho_E: 1, rho_H: 0.3, d: 10, a_H: 0.3 * (0.49 + 0.22 * 0.09), a_E: 0.22}
*places, erm, maml = (float(f.subs(case)) for f in (*stands, risk_erm, risk_maml))
simulated = losses_after_step(places, 0.3, 50, 12_000).mean(axis=1)
better = "text:maml-better-after-adaptation"
tex = r"\frac{a_E\rho_H^2+a_H\rho_E^2}{(\rho_E+\rho_H)^2},\quad %s\frac{a_Ea_H}{a_E+a_H}"
printed = r"\mathcal E_m(\mathbf w_{ERM})=" + tex % r"\mathcal E_m(\mathbf w_{MAML})="
claims.samples(
    "eq:9 text:maml-better-after-adaptation",
    {"eq:9": simulated, better: simulated @ [1, -1]},
    {"eq:9": [erm, maml], better: erm - maml},
    f"Simulated adaptation costs {erm:.2f} from ERM's and {maml:.2f} from MAML's solution, as derived: $u=0.3$, $m=50$, $d=10$.",
    shows=r"R_m(w_{ERM}^*)=d\," + tex % r"R_m(w_{MAML}^*)=d\,",
    refuses={"both at ERM's solution": {"eq:9": [erm, erm], better: 0.0}},
    printed=claims.prints("eq:9", [erm / 10, maml / 10], printed),
)

# %% [markdown]
# Chapter 1 told two quantities apart, and (9) is the first of them, the risk above the noise floor. Definition [(2)](#eq-2) measures from the best start instead. With $n_2=m$ that is MAML's, so MAML's excess risk is
# zero, and ERM's is the difference of the two risks:

# %%
sp.factor(risk_erm - risk_maml)

# %% [markdown]
# A square: with $n_2=m$ MAML is never worse, and it ties only if $a_H/a_E=\rho_H/\rho_E$, the boundary of {prf:ref}`thm-leaning`.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# (9) lacks the factor $d$, and computes the risk above the noise floor.
# :::
#
# ## Who pays?
#
# The average hides what each task gets. After the step, the hard task still costs $\tfrac12da_H(1-t)^2$ and the easy one $\tfrac12da_E(1+t)^2$. With $d=10$, $\rho_E=1$, $u=0.2$ and $m=500$:
#
# | start | hard task | easy task | average |
# | --- | --- | --- | --- |
# | ERM | 1.780 | 0.012 | 0.896 |
# | MAML | 0.055 | 0.321 | 0.188 |
#
# > **The paper, §1.** "MAML thereby outperforms ERM on the hard tasks without sacrificing easy task performance, since they can still be solved in a small number of SGD steps."
#
# MAML's cost on the easy task is far above ERM's: it *does* sacrifice there, and most of what MAML still pays is paid on the easy task. The exact ratio:

# %%
sp.factor(((1 + stands[1]) / (1 + stands[0])) ** 2)

# %% [markdown]
# As $m\to\infty$ it tends to $(1+1/u)^2$, here 36, while [the easy task's costs tend to zero](#hardness-who-pays). Is it always the easy task that pays? The ratio is larger than one if and only if $a_H>ua_E$, that is $\varphi(\rho_H)>\varphi(\rho_E)$: the condition of {prf:ref}`thm-leaning`, $m>(d+1)\frac{1+u}{1-u}$. MAML then gains on the hard task. With fewer samples
# it stands further from the hard task than ERM, and the roles are exchanged.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# With $n_2=m$ MAML [sacrifices one of the two tasks](#hardness-who-pays) unless it coincides with ERM: the easy one beyond that threshold. What makes the trade worth while is that the factor, up to $(1+1/u)^2$, multiplies a small cost: MAML's cost on the easy task is at
# most $2da_E=2d(d+1)\rho_E/m$.
# :::
#
# ## How large is the gain?
#
# MAML's risk is $d$ times a *parallel sum*, like the resistance of two resistors side by side. It is smaller than either of them, so below $d\,a_E=d(d+1)\rho_E/m$.
#
# > **The paper, §3.1.** "we require that $\rho_H(1-\frac{\rho_H}{\rho_E})^2\gg\frac{d\rho_E}{m}$, otherwise the $O(d/m)$ terms in $a_E$ and $a_H$ are non-negligible and the MAML excess risk may be large"
#
# MAML's risk is below that bound whether or not the condition holds. It is the fraction $\frac h{1+h}$ of it, with $h=a_H/a_E=J+u^3$, where $J=u(1-u)^2\frac m{d+1}$
# is essentially the paper's quotient. At fixed $m$ the sentence is backwards. Where the condition holds, $J\gg1$, the risk is nearly the whole bound. Where it fails, $J\ll1$, the risk is [at most about half of it](#hardness-near-zero): it vanishes as $u\to0$, and at $u=1$ it is half of the bound, whatever $m$ is.
#
# What the condition does govern is the **gain** $G$ of MAML over ERM, the ratio of the two risks. By how much is it above one?

# %%
h = sp.Symbol("h", positive=True)  # a_H/a_E
surplus = sp.factor((risk_erm / risk_maml - 1).subs({a_H: h * a_E, rho_H: u * rho_E}))
surplus

# %% [markdown]
# With $h=J+u^3$ it depends on $u$ and $J$ alone. Two bounds follow, the upper one for $m\ge2(d+1)$:
#
# $$
# \begin{aligned}
# G=\frac{R_m(w_{ERM}^*)}{R_m(w_{MAML}^*)}&=1+\frac{(J+u^3-u)^2}{(1+u)^2(J+u^3)},\\
# \frac J4<G&<1+J.
# \end{aligned}
# $$ (two-task-gain)
#
# So the gain is large if and only if $J$ is: as a statement about the gain, the paper's condition is right.
#
# :::{dropdown} Proof
# Write $c=u-u^3=u(1-u)(1+u)$. *Below:* $G=\frac{(h+u^2)(h+1)}{(1+u)^2h}>\frac{h+1}{(1+u)^2}>\frac J4$. *Above:* $G-1=\frac{(J-c)^2}{(1+u)^2h}\le\frac{\max(J,c)^2}{(1+u)^2h}$. If $J\ge c$ this is at most $J^2/h<J$.
# If $c>J$ it is at most $\frac{u^2(1-u)^2}h=\frac{\delta u}hJ$, and for $\delta\le\frac12$ we have $h\ge u\bigl[2(1-u)^2+u^2\bigr]\ge\frac23u>\delta u$.
# :::

# %% mystnb={"code_prompt_show": "Try the upper bound on a fine grid"} tags=["hide-input"]
ratios, sizes = np.meshgrid(np.linspace(0.0005, 0.9985, 2000), (22, 100, 500, 2000, 20_000, 10**12))
quotients = ratios * (1 - ratios) ** 2 * sizes / 11
a_hard, a_easy = (rho * (1 - rho) ** 2 + 11 / sizes * rho**3 for rho in (ratios, 1.0))
costs = [(a_hard * e**2 + a_easy * k**2) / (k + e) ** 2 for k, e in ((ratios, 1), (a_hard, a_easy))]
gains = costs[0] / costs[1]  # of ERM and MAML, without J
much_smaller = np.minimum(1 + quotients, np.where(ratios < 0.1, np.inf, 10.0))
tex = r"\frac{\rho_H}{\rho_E}\text{ must be much smaller than }1"
claims.bounds(
    "text:level-of-discrepancy",
    gains,
    "The gain is below $1+J$ on the grid, $m\\ge2(d+1)$, $d=10$.",
    below=1 + quotients,
    shows="G<1+J",
    refuses={"$J$": quotients},
    printed=claims.prints("text:level-of-discrepancy", much_smaller, tex),
)

# %% [markdown]
# The gain nears the upper bound as $u\to0$ at fixed $J$, the lower one as $u\to1$ with $J\gg1$. On a third of the grid $u\ge\frac1{10}$ and yet $G>10$: the condition does not ask for a ratio "much smaller than 1".
# Nor is smaller better. At $m=500$ the gain is largest at $u=0.228$, where it is 4.8; at $m=2000$ at $u=0.234$, where it is 17.1. In the limit the place is $\sqrt5-2$, a power of the golden ratio ([chapter 4](04_geography)).
#
# > **The paper, §3.1.** "*too* much hardness discrepancy causes no gain for MAML over ERM"
#
# So it is: as $\rho_H\to0$ at fixed $m$ the hard task's data shrink to nothing, and so does what *any* start costs on it. Both starts go [to the easy optimum](#hardness-both-ends), and the gain to one. How small is "too" small? The gain leaves one at the rate $u\,m/(d+1)$: the advantage is lost when $u\lesssim(d+1)/m$.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# The condition governs the gain, not MAML's risk, and it does not ask for $u\ll1$. In absolute terms the risk is near zero for [$m\gg d^2$](#hardness-near-zero) rather than $m\gg d$.
# Remark 1 reads the $d$ as the trace of $\Sigma$: it is [$\alpha^2\mathrm{tr}(\Sigma^2)$](#hardness-remark-1).
# :::
#
# ## When MAML loses
#
# §3.1 sets $n_2=m$: MAML rehearses exactly the step that will be taken. What if it rehearses another one? A tempting simplification is the exact gradient, $n_2=\infty$. At $\alpha=1/\rho_E$ it gives the easy task no weight and puts MAML at the hard optimum, $t=1$, while the
# test step still has $m$ samples. How much more does that cost than ERM's start, in units of $\rho_E$?

# %%
difference = (risk.subs(t, 1) - risk_erm).subs({a_H: hard, a_E: easy, rho_H: u, rho_E: 1})
bracket = sp.expand(sp.cancel(difference * (1 + u) ** 2 / d))
d / (1 + u) ** 2 * (delta * bracket.coeff(delta) + sp.factor(bracket.coeff(delta, 0)))

# %% [markdown]
# :::{prf:proposition} When full-gradient MAML loses to ERM
# :label: prop-full-gradient
#
# In the two-task environment with $\alpha=1/\rho_E$, MAML with $n_2=\infty$ has a larger risk than ERM if and only if
#
# $$
# m<(d+1)\,\frac{1+2u-u^3}{u(1-u)^2}.
# $$
# :::
#
# :::{dropdown} Proof
# The start is judged by $R_m$, whose best point is $t_m$, the MAML solution for $n_2=m$. A parabola is symmetric: whoever is further from $t_m$ loses.
# MAML loses iff $(1-t_m)^2>(t_{ERM}-t_m)^2$, that is iff $(1-t_{ERM})(1+t_{ERM}-2t_m)>0$. Here $1+t_{ERM}=2u/(1+u)$ and $t_m=(a_H-a_E)/(a_H+a_E)$, so the condition is $t_m<u/(1+u)$, or $a_H<(1+2u)\,a_E$. Insert $a_H=\rho_E[u(1-u)^2+\delta u^3]$ and
# $a_E=\rho_E\delta$.
# :::
#
# At $d=10$, $u=\tfrac19$ and $m=100$ it costs 0.377 more, [simulated literally](#hardness-full-gradient). How does that depend on $n_2$?


# %% mystnb={"code_prompt_show": "Draw excess risks over the number of inner samples", "figure": {"caption": "Excess risk (2) of MAML against the number of inner samples it is trained with, for $d=10$, $u=\\frac19$, and $m=100$ samples at test time. **Notice** that it is zero where training rehearses the test step (dot), and that with too few or too many inner samples MAML is worse than ERM (dashed).", "name": "fig-inner-samples"}, "image": {"classes": "upright", "alt": "Excess risk over the number of inner samples on a logarithmic axis from 6 to 10,000. MAML's curve falls from the left, crosses the horizontal dashed ERM line near 14, touches zero at 100, rises again, crosses ERM's line a second time above 300 and levels off far above it."}} tags=["hide-input"]
def inner_samples():
    """Draw the excess risk of MAML over the number of its inner samples, beside ERM's."""
    figure, axis = plt.subplots(figsize=(5, 3.1))
    inner = np.unique(np.geomspace(6, 10_000, 150).round())
    found = [solutions(1 / 9, n2) for n2 in inner]
    excess = [linear.excess_risk(env, pair["MAML"], 1.0, 100) for env, pair in found]
    erm_excess = linear.excess_risk(found[0][0], found[0][1]["ERM"], 1.0, 100)
    axis.semilogx(inner, excess, **plotting.LINES["MAML"], label="MAML, trained with $n_2$")
    axis.plot(100, 0, **plotting.MARKS["MAML"], clip_on=False, label="$n_2=m$")
    axis.axhline(erm_excess, **plotting.LINES["ERM"], label="ERM")
    axis.set(xlabel="inner samples in training $n_2$", ylabel="excess risk (2)", ylim=(0, None))
    axis.legend(loc="upper center")
    return figure


inner_samples()

# %% [markdown]
# By the proposition $n_2=\infty$ loses here, below $m=153$. On the left MAML ties with ERM at $n_2=13.75$, the boundary of {prf:ref}`thm-leaning`. The moral: train with the number of inner samples that the test will have.
#
# ## What we have seen
#
# - Hardness is the mismatch of a task's curvature and the common step size, $\alpha\rho<1$, not the task's condition number.
# - MAML leaps to the hard task because the step solves the easy one. It comes back where the tasks are equal, or the hard one is impossibly hard.
# - It leans to the hard task more than ERM does iff $\alpha(\rho_H+\rho_E)(1+\frac{d+1}{n_2})<2$, and is closer to it than to the easy one iff {eq}`closer`.
# - With $n_2=m$ one task pays for MAML, unless it coincides with ERM: the easy one if MAML leans to the hard task, else the hard one. For $m\ge2(d+1)$ the gain is large iff $J\gg1$.
#
# [Hardness, line by line](15_hardness) takes up every sentence of §3.1.
#
# ## Exercises
#
# **1.** Is $\alpha=1/\rho_E$ the best step size? Take $u=0.2$, $m=500$, $d=10$, $\sigma=1$, and minimise the post-adaptation risk over the start *and* over $\alpha$.
#
# :::{dropdown} Solution
# No. There are two local minima. One is near $1/\rho_E=1$, and starts near the hard optimum. The other is at $\alpha\approx4.6$, near $1/\rho_H=5$, and starts near the *easy* optimum. Here the second is lower. Step size and start must be chosen together. ([The search](#hardness-exercises).)
# :::
#
# **2.** Show that for isotropic tasks MAML *is* ERM with reweighted tasks, so that it needs no second derivatives.
#
# :::{dropdown} Solution
# By (8) MAML's weights are $\rho_i\varphi(\rho_i)$. ERM in which task $i$ is drawn with probability proportional to $p_i\varphi(\rho_i)$ has the same solution. ([Tried](#hardness-exercises).)
# :::
#
# **Read next.** [Chapter 4](04_geography) replaces the two tasks by two clouds of tasks, and asks where they must lie.
