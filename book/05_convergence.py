# %% [markdown]
# # Convergence
#
# > **The paper, §3.** "[we] show that they converge to $\mathbf w_{ERM}^*$ and $\mathbf w_{MAML}^*$ as $n,T,\tau\to\infty$ in Appendix D."
#
# So far both methods were judged by the solutions that they would find with unlimited data. Nobody has unlimited data. Training on $T$ tasks lands
# somewhere near the population solution, and MAML's target may be the better one and still be harder to hit.
#
# **What you will do.** Predict how many training tasks MAML needs before it beats ERM, and watch the prediction come true.
#
# **What you will learn.** To write both trainings as one linear equation; to derive the limit law of a training solution, with its covariance and its
# bias; to read Theorems 2 and 3 term by term and say which terms survive.
#
# **What you need.** Chapters [1](01_learning_to_adapt) to [4](04_geography): the training problems [(3)](#eq-3) and [(4)](#eq-4), the solutions [(5)](#eq-5), Lemma 2. The central limit theorem.

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
# ## Two learning curves that cross
#
# Chapter 4's mixture with $d=5$, $\rho_E=R=\sigma=\alpha=1$, $u=\frac15$, $r_H=r_E=0.1$. Every training task brings 30 samples: ERM fits them all, MAML takes 20 for its inner step and 10 for the outer loss.
# Both are then tested after one step on $m=20$ samples. We train each on $T$ tasks, 400 times over, and average the excess risk $\mathcal E_m$.

# %% mystnb={"code_prompt_show": "Train ERM and MAML 400 times on 10 to 640 tasks"} tags=["hide-cell"]
dim, m, n1, n2 = 5, 20, 10, 20
mix = TaskEnvironment.hard_easy(dim, 0.2, 1.0, 1.0, 0.1, 0.1, noise_std=1.0)
best = linear.maml_solution(mix, 1.0, m)
curvature = linear.adapted_covariance(mix.covariances, 1.0, m).mean(axis=0)
grid, rng = [10, 20, 40, 80, 160, 320, 640], np.random.default_rng(2)


def excess(found):
    offsets = np.array(found) - best
    return 0.5 * np.einsum("tri,ij,trj->tr", offsets, curvature, offsets)


risks = {
    "ERM": excess([simulate.sampled_erm_estimates(mix, T, n1 + n2, 400, rng) for T in grid]),
    "MAML": excess(
        [simulate.sampled_maml_estimates(mix, 1.0, T, 1, n1, n2, 400, rng) for T in grid]
    ),
}

# %% [markdown]
# The prediction needs three numbers, all computed from the environment before anything is trained: how far ERM's population solution is from the best start, and how fast each curve falls.

# %%
limit = linear.excess_risk(mix, linear.erm_solution(mix), 1.0, m)
c_erm = linear.excess_risk_slope_erm(mix, 1.0, m, n=n1 + n2)
c_maml = linear.excess_risk_slope_maml(mix, 1.0, m, tau=1, n1=n1, n2=n2)
crossing = (c_maml - c_erm) / limit


# %% mystnb={"code_prompt_show": "Draw the learning curves", "figure": {"caption": "Expected excess risk of trained ERM and MAML against the number of training tasks $T$, 30 samples each. Points: 400 training sets with 95% intervals; lines: the prediction. The vertical line is the predicted crossover $T^*$: left of it ERM is the better start, although MAML's curve goes to zero and ERM's does not.", "name": "fig-crossover"}, "image": {"classes": "upright", "alt": "Excess risk against tasks from 10 to 640 on logarithmic axes. MAML's straight line falls with slope minus one. ERM's curve starts at a third of MAML's risk and levels off near 0.01. They cross at a vertical grey line near 75 tasks. From 20 tasks on the simulated points lie on both curves."}} tags=["hide-input"]
def learning_curves():
    figure, axis = plt.subplots(figsize=(5, 3.6))
    x = np.geomspace(9, 700, 200)
    for name, predicted in {"ERM": limit + c_erm / x, "MAML": c_maml / x}.items():
        bars = 1.96 * risks[name].std(axis=1) / math.sqrt(400)
        axis.errorbar(grid, risks[name].mean(axis=1), bars, **plotting.MARKS[name], capsize=2)
        axis.plot(x, predicted, **plotting.LINES[name])
        axis.plot([], [], **(plotting.MARKS[name] | plotting.LINES[name]), label=name)
    axis.axvline(crossing, lw=1, color=plotting.REFERENCE, label=f"$T^*={crossing:.0f}$")
    axis.set(xscale="log", yscale="log", xlabel="training tasks $T$", ylabel="excess risk (2)")
    axis.legend(loc="upper right")
    return figure


learning_curves()

# %% mystnb={"code_prompt_show": "Where the simulated curves cross"} tags=["remove-input"]
gaps = risks["MAML"].mean(axis=1) - risks["ERM"].mean(axis=1)
k = int(np.argmax(gaps < 0))
place = np.exp(np.interp(0.0, -gaps[k - 1 : k + 1], np.log(grid[k - 1 : k + 1])))
assert grid[k - 1] < crossing < grid[k] and abs(place / crossing - 1) < 0.15
Markdown(
    f"**What to notice.** MAML's curve goes to zero, and ERM's levels off at {limit:.4f}: that is the population theory of the last chapters. But with {grid[0]} tasks MAML's excess risk is {risks['MAML'][0].mean() / risks['ERM'][0].mean():.1f} times ERM's. The prediction is $T^*={crossing:.1f}$; interpolated between {grid[k - 1]} and {grid[k]} tasks, the simulated curves cross at {place:.0f}. The lines are not fitted."
)

# %% [markdown]
# To first order in $1/T$ the curves are $\mathcal E_m(w^*)+c/T$, each with its own population solution $w^*$ and its own $c$. Here MAML's $c$ is the larger: it fits $n_1$ samples of $n=\tau(n_1+n_2)$, each weakened by the step and with the inner noise on top. The two cross at
#
# $$
# T^*=\frac{c_{MAML}-c_{ERM}}{\mathcal E_m(w^*_{ERM})-\mathcal E_m(w^*_{MAML})} .
# $$ (crossover)
#
# With fewer tasks ERM is the better start, *even where the population theory of this book favours MAML*. Where does $c$ come from?
#
# ## Two least-squares problems
#
# Write the labels of task $i$ as $y_i=X_iw_i^*+z_i$. Prediction minus label is $X_i(w-w_i^*)-z_i$, and ERM's training problem is least squares:
#
# (eq-40)=
# $$
# \min_w\ \frac1T\sum_{i=1}^T\lVert X_i(w-w_i^*)-z_i\rVert^2, \tag{40}
# $$
#
# (eq-41)=
# $$
# w_{ERM}=\Bigl(\sum_iX_i^\top X_i\Bigr)^{-1}\sum_i\bigl(X_i^\top X_iw_i^*+X_i^\top z_i\bigr). \tag{41}
# $$
#
# Now MAML. Let an inner sample and an outer sample go through one step of adaptation, and look at the outer residual. The step multiplies $w-w_i^*$ by $\hat P=I-\alpha\,x_{in}^\top x_{in}$. What else does it leave?

# %%
alpha = sp.Symbol("alpha", positive=True)
z_in, z_out = sp.symbols("z_in z_out")
w, w_star = (sp.Matrix(sp.symbols(f"{name}_1 {name}_2")) for name in ("w", "v"))
x_in, x_out = (sp.Matrix([sp.symbols(f"{name}_1 {name}_2")]) for name in ("x", "x'"))
P = sp.eye(2) - alpha * x_in.T * x_in
adapted = w - alpha * x_in.T * (x_in * w - x_in * w_star - sp.Matrix([z_in]))
residual = x_out * adapted - x_out * w_star - sp.Matrix([z_out])
sp.collect(sp.expand((residual - x_out * P * (w - w_star))[0]), [alpha, z_in], sp.factor)

# %% [markdown]
# Minus the outer noise, as for ERM, and *plus* the inner one. So with all samples of an episode, $\hat P=I-\frac{\alpha}{n_2}X^{in\top}X^{in}$ and $\hat Q=\hat PX^{out\top}X^{out}\hat P$, MAML solves
#
# (eq-42)=
# $$
# \min_w\ \frac1{T\tau}\sum_{i,j}\Bigl\lVert X_{ij}^{out}\hat P_{ij}(w-w_i^*)-z_{ij}^{out}+\frac{\alpha}{n_2}X_{ij}^{out}X_{ij}^{in\top}z_{ij}^{in}\Bigr\rVert^2, \tag{42}
# $$
#
# (eq-43)=
# $$
# \begin{aligned}
# w_{MAML}={}&\Bigl(\sum_{i,j}\hat Q_{ij}\Bigr)^{-1}\sum_{i,j}\Bigl(\hat Q_{ij}w_i^*+\hat P_{ij}X_{ij}^{out\top}z_{ij}^{out}\\
# &\qquad-\frac{\alpha}{n_2}\hat P_{ij}X_{ij}^{out\top}X_{ij}^{out}X_{ij}^{in\top}z_{ij}^{in}\Bigr).
# \end{aligned} \tag{43}
# $$

# %% mystnb={"code_prompt_show": "Check both residuals"} tags=["hide-input"]
noise, inner = sp.Matrix([z_out]), alpha * x_out * x_in.T * z_in
plain, stepped = x_out * (w - w_star), x_out * P * (w - w_star)
claims.proves(
    "eq:40 eq:42",
    {"eq:40": x_out * w - (x_out * w_star + noise), "eq:42": residual},
    {"eq:40": plain - noise, "eq:42": stepped - noise + inner},
    "The residuals without a step and with one: the inner noise enters with a plus.",
    shows=r"X_{i,j}^{out}\hat P_{i,j}(w-w_i^*)-z_{i,j}^{out}"
    r"+\frac\alpha{n_2}X_{i,j}^{out}(X_{i,j}^{in})^\top z_{i,j}^{in}",
    case="one inner and one outer sample, $d=2$",
    refuses={
        "the outer noise with a plus": {"eq:40": plain + noise, "eq:42": stepped + noise + inner}
    },
    printed=claims.prints(
        "eq:42",
        stepped - noise - inner,
        r"\mathbf X_{i,j}^{out}\hat{\mathbf P}_{i,j}(\mathbf w-\mathbf w_{i,*})-\mathbf z_{i,j}^{out}"
        r"-\frac\alpha{n_2}\mathbf X_{i,j}^{out}(\mathbf X_{i,j}^{in})^\top\mathbf z_{i,j}^{in}",
    ),
)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# The paper prints (42) with a minus before its last term, and (43) as above. They do not fit together; (43) is right. The smallest case has one inner sample $x=1$ with noise $z=1$, one
# noiseless outer sample $x=1$, $w^*=0$ and $\alpha=\frac12$. A step takes $w$ to $\frac12w+\frac12$, which is zero at $w=-1$. The printed (42) has its minimum at $+1$.
# :::

# %%
simulate.maml_estimate([([[1.0]], [1.0], [[1.0]], [0.0])], alpha=0.5)

# %% [markdown]
# That (41) and (43) minimise [(3)](#eq-3) and [(4)](#eq-4) as those are defined, step included, is found by automatic differentiation [line by line](#convergence-minimisers).
#
# ## One equation for both
#
# The two formulas have the same form. Each task brings a random matrix $\hat A_i$ and a noise term $\xi_i$ with mean zero:
#
# | | $\hat A_i$ | its mean $A_i$ | $\xi_i$ |
# | --- | --- | --- | --- |
# | ERM | $\frac1nX_i^\top X_i$ | $\Sigma_i$ | $\frac1nX_i^\top z_i$ |
# | MAML | $\frac1{\tau n_1}\sum_j\hat Q_{ij}$ | $Q_i^{(n_2)}$ | $\frac1{\tau n_1}\sum_j(\hat P_{ij}X_{ij}^{out\top}z_{ij}^{out}-\dots)$ |
#
# Let $\hat w$ be either training solution and $w^*$ its population counterpart [(5)](#eq-5). Subtract $w^*$ on both sides of (41) or (43):
#
# $$
# \begin{aligned}
# \hat w-w^*&=\Bigl(\frac1T\sum_{i=1}^T\hat A_i\Bigr)^{-1}\frac1T\sum_{i=1}^T\psi_i,\\
# \psi_i&=\hat A_i(w_i^*-w^*)+\xi_i .
# \end{aligned}
# $$ (estimating-equation)
#
# Equation (5) says $E[A_i(w_i^*-w^*)]=0$, so every $\psi_i$ has mean zero. The tasks are independent. As $T$ grows, the matrix tends to $A=E[A_i]$ and the mean of
# the $\psi_i$ to zero, like $1/\sqrt T$. **Nothing else has to grow.** One sample a task is enough for ERM, and one episode of one inner and one outer sample for MAML.
# More samples ($n$, $n_1$ or $\tau$) only make each $\psi_i$ smaller, and not arbitrarily small: what the tasks disagree about, $A_i(w_i^*-w^*)$, stays. (More inner samples, $n_2$, change $A$ and $w^*$ too, and need not help.)
#
# ## The law of a training solution
#
# Equation {eq}`estimating-equation` is a mean divided by a mean, and so the central limit theorem applies. What makes it useful is that everything in it can be computed. For a task of covariance $\Sigma_i$, mean optimum $\mu_i$ and spread $S_i$ write
# $M_i=(\mu_i-w^*)(\mu_i-w^*)^\top+S_i$ for the second moment of its optimum about $w^*$, and let $\hat\Sigma_{in}$, $\hat\Sigma_{out}$ be the sample covariances of an episode, $P=I-\alpha\hat\Sigma_{in}$ (the $\hat P$ above).
#
# :::{prf:theorem} The law of a training solution
# :label: thm-training-law
#
# Let $T$ tasks be drawn from an environment whose optima have finite second moments, and let $n$, $\tau$, $n_1$, $n_2$ be fixed, any of them possibly one, with $A$ below invertible (for MAML it is whenever $n_2<\infty$). As $T\to\infty$,
#
# $$
# \sqrt T\,(\hat w-w^*)\ \longrightarrow\ N\bigl(0,\;A^{-1}VA^{-1}\bigr)
# $$
#
# in distribution, where $V=E[\psi_i\psi_i^\top]$. For ERM $A=E\Sigma_i$ and
#
# $$
# V=E\Bigl[\bigl(1+\tfrac1n\bigr)\Sigma_iM_i\Sigma_i+\tfrac1n\bigl(\operatorname{tr}(\Sigma_iM_i)+\sigma^2\bigr)\Sigma_i\Bigr],
# $$ (erm-score)
#
# and for MAML, with $\hat Q=P\hat\Sigma_{out}P$ ($1/n_1$ of that above), $A=EQ_i^{(n_2)}$ and
#
# $$
# \begin{aligned}
# V=E\Bigl[Q_iM_iQ_i+\tfrac1\tau\Bigl(&E[\hat QM_i\hat Q]-Q_iM_iQ_i\\
# &+\tfrac{\sigma^2}{n_1}Q_i+\tfrac{\alpha^2\sigma^2}{n_2}E[P\hat\Sigma_{out}\hat\Sigma_{in}\hat\Sigma_{out}P]\Bigr)\Bigr].
# \end{aligned}
# $$ (maml-score)
#
# The inner expectations are moments of Wishart matrices of order four at most, finite sums of products of $\Sigma_i$.
# :::
#
# :::{dropdown} Proof
# The $\hat A_i$ are independent with mean $A$, and $\frac1T\sum\hat A_i\to A$, which is invertible. The $\psi_i$ are independent with mean zero and covariance $V=E\psi_i\psi_i^\top<\infty$, so $\frac1{\sqrt T}\sum\psi_i\to N(0,V)$. Slutsky's lemma gives the limit; it
# remains to compute $V$.
#
# *ERM.* With $\hat\Sigma_i=\frac1nX_i^\top X_i$, $\psi_i=\hat\Sigma_i(w_i^*-w^*)+\frac1nX_i^\top z_i$. Given the task's covariance, data, optimum and noise are independent, and $E\psi_i\psi_i^\top=E[\hat\Sigma_iM_i\hat\Sigma_i]+\frac{\sigma^2}n\Sigma_i$. Lemma 2, [(77)](#eq-77), is the rest.
#
# *MAML.* Given the task, $\psi_i$ is the mean of $\tau$ independent and identically distributed vectors $\psi_{ij}=\hat Q_{ij}(w_i^*-w^*)+\xi_{ij}$ with mean $Q_i(w_i^*-w^*)$. Hence $E\psi_i\psi_i^\top=Q_iM_iQ_i+\frac1\tau\bigl(E\psi_{i1}\psi_{i1}^\top-Q_iM_iQ_i\bigr)$.
# In one episode $\xi=\frac1{n_1}PX_{out}^\top z_{out}-\frac\alpha{n_2}P\hat\Sigma_{out}X_{in}^\top z_{in}$, whose two noises are independent: its covariance given the inputs is $\frac{\sigma^2}{n_1}P\hat\Sigma_{out}P+\frac{\alpha^2\sigma^2}{n_2}P\hat\Sigma_{out}\hat\Sigma_{in}\hat\Sigma_{out}P$.
#
# Average the outer samples first, by Lemma 2: $E[\hat\Sigma_{out}Y\hat\Sigma_{out}]=(1+\frac1{n_1})\Sigma Y\Sigma+\frac1{n_1}\operatorname{tr}(\Sigma Y)\Sigma$. With $Y=PMP$,
#
# $$
# E[\hat QM\hat Q]=\bigl(1+\tfrac1{n_1}\bigr)E[P\Sigma PMP\Sigma P]+\tfrac1{n_1}E[\operatorname{tr}(PMP\Sigma)\,P\Sigma P],
# $$
#
# and with $Y=\hat\Sigma_{in}$ likewise. What is left has up to four factors $\hat\Sigma_{in}$, and Wick's theorem expresses it by pairings (1, 0, 2, 8 and 60 of them for zero to four centred factors), which `linear.wishart_average` sums.
# :::
#
# In one dimension every ingredient is a moment of a Gaussian variable, and sympy can do without any of this. Take $\Sigma_i=1$ and one episode with one inner and one outer sample. The inputs are $x$ and $x'$, the noises $\sigma z$ and $\sigma z'$, with $x,x',z,z'$ standard normal; the
# task's optimum is $e$ away from $w^*$.

# %% mystnb={"code_prompt_show": "Average a polynomial in four standard normal variables"} tags=["hide-cell"]
x, x_out, z, z_out = normals = sp.symbols("x x' z z'", real=True)


def average(expression):
    """Return the expectation of a polynomial in the four variables."""
    moment = {p: 0 if p % 2 else sp.factorial2(p - 1) for p in range(20)}
    terms = sp.Poly(expression, *normals).terms()
    return sum(factor * sp.prod([moment[p] for p in powers]) for powers, factor in terms)


# %%
sigma, e = sp.symbols("sigma e", positive=True)
step = 1 - alpha * x**2
xi = step * x_out * sigma * z_out - alpha * step * x_out**2 * x * sigma * z
psi = step**2 * x_out**2 * e + xi
square = sp.collect(sp.expand(average(psi**2)), (e, sigma))
sp.Eq(sp.Symbol(r"E[\psi^{2}]"), square)

# %% [markdown]
# ERM with one sample has $\psi=x^2e+\sigma xz$ and $E[\psi^2]=3e^2+\sigma^2$. The output says the same at $\alpha=0$, where MAML *is* ERM with its outer sample. A short step makes both terms smaller, and the curvature $A_i$ with them; a long one lets them grow like $\alpha^4$.
#
# Three checks of the theorem, in one dimension against these moments, in three dimensions against 1,500 training sets, and for the Gaussian shape, stand [line by line](#convergence-law). What a reader should see is that it is true with *one* sample (two groups in three dimensions, $\sigma=0.8$, $\alpha=0.6$):

# %% mystnb={"code_prompt_show": "Train on 100 to 3,000 tasks of 1 and 8 samples"} tags=["hide-cell"]
turned = [[0.3, 0.0, 0.1], [0.0, 0.9, -0.2], [0.1, -0.2, 0.7]]
means, spreads = [[1.0, -1.0, 0.5], [-0.5, 1.0, 1.5]], [0.2 * np.eye(3), 0.1 * np.eye(3)]
env = TaskEnvironment([0.4, 0.6], [np.diag([0.8, 0.5, 0.3]), turned], means, spreads, 0.8)
sizes = np.array([100, 300, 1000, 3000])


def square_errors(name, n):
    """Return 130 squared distances for each number of tasks, and T times their mean by the law."""
    if name == "ERM":
        found = [simulate.sampled_erm_estimates(env, T, n, 130, rng) for T in sizes]
        centre, law = linear.erm_solution(env), linear.asymptotic_covariance_erm(env, n)
    else:
        found = [simulate.sampled_maml_estimates(env, 0.6, T, 1, n, n, 130, rng) for T in sizes]
        centre = linear.maml_solution(env, 0.6, n)
        law = linear.asymptotic_covariance_maml(env, 0.6, 1, n, n)
    return np.sum((np.array(found) - centre) ** 2, axis=2), np.trace(law)


by_tasks = {(name, n): square_errors(name, n) for name in ("ERM", "MAML") for n in (1, 8)}


# %% mystnb={"code_prompt_show": "Draw the distance against the number of tasks", "figure": {"caption": "Root mean square distance of the training solution from the population solution against the number of tasks $T$, for $n$ samples a task (ERM) and one episode of $n_1=n_2=n$ samples (MAML). Points: simulations with 95% intervals; lines: the limit law, without a fit. Grey: the shape of the bound (45) and of the first term of (81), which the chapter comes to below, at $n=\\tau=1$ (where their conditions are not met), scaled to meet the first point. **Notice** that the points follow the lines, with one sample as with eight; MAML's with one sample reach theirs last.", "name": "fig-rates-in-tasks"}, "image": {"classes": "upright", "alt": "Distance against tasks from 100 to 3000 on logarithmic axes. Two dashed lines for ERM and two solid ones for MAML, with 1 and 8 samples, all of slope minus one half, through the simulated points; only the first points of MAML with one sample lie below theirs. Two grey curves, the shapes of the printed bound (45), nearly flat, and of the first term of (81), which rises."}} tags=["hide-input"]
def rates_in_tasks():
    figure, axis = plt.subplots(figsize=(5, 4.4))
    for (name, n), (draws, law) in by_tasks.items():
        means, half = draws.mean(axis=1), 1.96 * draws.std(axis=1) / math.sqrt(130)
        bars = np.sqrt(means) - np.sqrt(means - half), np.sqrt(means + half) - np.sqrt(means)
        axis.errorbar(sizes, np.sqrt(means), bars, **plotting.MARKS[name], capsize=2)
        line = axis.plot(sizes, np.sqrt(law / sizes), **plotting.LINES[name], lw=1.2)[0]
        plotting.label_end(line, f"$n={n}$")
    x = np.geomspace(100, 3000, 50)
    for name, shape in {"ERM": math.sqrt(3) + 1 / np.sqrt(x), "MAML": np.log(300 * x) ** 3}.items():
        start = math.sqrt(by_tasks[name, 1][0][0].mean())
        line = axis.plot(x, shape / shape[0] * start, **plotting.LINES[3], lw=1.2)[0]
        plotting.label_end(line, {"ERM": "(45)", "MAML": "(81)"}[name])
        axis.plot([], [], **(plotting.MARKS[name] | plotting.LINES[name]), label=name)
    axis.set(xscale="log", yscale="log", xlabel="tasks $T$", ylabel="root mean square distance")
    axis.legend(loc="lower left")
    return figure


rates_in_tasks()

# %% [markdown]
# The points follow $1/\sqrt T$, at one sample a task as well as at eight. (The smallest MAML setting is still settling: with a hundred rows in three dimensions its matrix is far from its mean.) The grey curves have the shape of the paper's bounds, to which we come below. One hardly falls and the other rises,
# because those bounds wait for $n$ or $\tau$.

# %% mystnb={"code_prompt_show": "Compare the mean square error with the law"} tags=["hide-input"]
draws = np.stack([errors[-1] for errors, _ in by_tasks.values()], axis=1)
laws = np.array([law for _, law in by_tasks.values()])
parts = {"thm:2": slice(2), "thm:3": slice(2, 4), "text:solutions-converge": slice(4)}
fewer = {row: laws[part] / sizes[1] for row, part in parts.items()}
claims.samples(
    "thm:2 thm:3 text:solutions-converge",
    {row: draws[:, part] for row, part in parts.items()},
    {row: laws[part] / sizes[-1] for row, part in parts.items()},
    f"In place of both bounds: with {sizes[-1]:,} tasks the mean square error is $\\operatorname{{tr}}(A^{{-1}}VA^{{-1}})/T$, as the law says, with one sample as with eight.",
    shows=r"T\,E\lVert\hat w-w^*\rVert^2\to\operatorname{tr}(A^{-1}VA^{-1})",
    refuses={f"the error with {sizes[1]} tasks: more do not help": fewer},
)

# %% [markdown]
# Waiting for $n$ *alone* would be in vain: where tasks differ, what they disagree about stays. In three dimensions hardly anything but more *tasks* helps beyond some 64 samples ([measured](#convergence-rates)). Strong label noise enlarges the error of both methods in proportion to $\sigma$.
#
# ## Learning curves
#
# What a user wants is not $\hat w$ but its excess risk $\mathcal E_m(\hat w)=\frac12\lVert\hat w-w_m^*\rVert^2$ in the norm of $E[Q_i^{(m)}]$, with $w_m^*$ the best start ({prf:ref}`thm-decomposition`). The risk is quadratic, so its expectation needs the covariance
# of $\hat w$ *and its mean*. And $\hat w$, a mean divided by a mean, is biased:
#
# :::{prf:proposition} The learning curve
# :label: prop-learning-curve
#
# With the covariance $C=A^{-1}VA^{-1}$ and the *bias* $b=-A^{-1}E[\hat A_iA^{-1}\psi_i]$, the mean error is $E[\hat w]-w^*=b/T+O(T^{-2})$ and
#
# $$
# \begin{aligned}
# E\,\mathcal E_m(\hat w)&=\mathcal E_m(w^*)+\frac cT+O(T^{-2}),\\
# c&=\tfrac12\operatorname{tr}\bigl(E[Q_i^{(m)}]\,C\bigr)+(w^*-w_m^*)^\top E[Q_i^{(m)}]\,b .
# \end{aligned}
# $$ (learning-curve)
# :::
#
# :::{dropdown} Proof
# Expand the inverse in {eq}`estimating-equation`: $\hat w-w^*=A^{-1}\bar\psi-A^{-1}(\bar A-A)A^{-1}\bar\psi+\dots$. The first term has mean zero; the second has mean $-\frac1TA^{-1}E[\hat A_iA^{-1}\psi_i]$, because $\psi_i$ has mean zero and different tasks are
# independent. Insert this into $\frac12\lVert(w^*-w_m^*)+(\hat w-w^*)\rVert^2$. That the remainder is $O(T^{-2})$ also in the mean needs moments of $\bar A^{-1}$, which exist once $T$ is large: the smallest eigenvalue of a sum of many independent rows with a density is rarely small.
# (The third-order terms of the expansion are of order $T^{-2}$, being means of three centred sums.)
# :::
#
# The second term of $c$ is easily forgotten. It has the same order as the first, and drops out if $w^*=w_m^*$: for MAML trained with $n_2=m$, but for ERM only in special environments. Does it matter? Two tasks in one dimension, ERM, two samples a task, no noise:

# %% mystnb={"code_prompt_show": "Train ERM 40,000 times on 60 tasks"} tags=["hide-input"]
pair = TaskEnvironment.two_tasks(1, rho_hard=0.3, rho_easy=1.5)
hard = rng.random((40_000, 60)) < 0.5  # 40,000 training sets of 60 tasks
weights = np.where(hard, 0.3, 1.5) * rng.chisquare(2, hard.shape)
estimates = np.sum(weights * np.where(hard, 1, -1), axis=1) / weights.sum(axis=1)
offsets = estimates - linear.maml_solution(pair, 0.6, 10)[0]
half = np.mean(linear.adapted_covariance(pair.covariances, 0.6, 10)) / 2
measured = half * offsets**2

# %% mystnb={"code_prompt_show": "Compare with the learning curve"} tags=["remove-input"]
start = linear.excess_risk(pair, linear.erm_solution(pair), 0.6, 10)
variance_only = start + half * linear.asymptotic_covariance_erm(pair, 2)[0, 0] / 60
complete = start + linear.excess_risk_slope_erm(pair, 0.6, 10, 2) / 60
assert abs(measured.mean() / complete - 1) < 0.01 < abs(measured.mean() / variance_only - 1)
assert complete < start < variance_only
Markdown(
    f"Simulated with 60 tasks: {measured.mean():.4f} ± {1.96 * measured.std() / 200:.4f}. By {{eq}}`learning-curve`: {complete:.4f}; without the bias: {variance_only:.4f}. The variance alone gets even the direction wrong: the curve tends to $\\mathcal E_m(w^*)={start:.4f}$, from below."
)

# %% [markdown]
# ## What moves the crossover?
#
# The population solutions do not depend on the noise, and $c$ is affine in $\sigma^2$. So $T^*$ is an affine function of $\sigma^2$ (Exercise 2). It depends on the hardness ratio through both numerator and denominator, and diverges where the two
# solutions coincide, at the boundary of {prf:ref}`thm-leaning`, where MAML has nothing to win. (Beyond it MAML leans to the *easy* task, and the curve comes down again.)


# %% mystnb={"code_prompt_show": "Draw the crossover against hardness and noise", "figure": {"caption": "The predicted crossover $T^*$ against the hardness ratio $u=\\rho_H/\\rho_E$, for three levels of label noise $\\sigma$; everything else as in the first figure. Above a curve MAML is the better start, below it ERM. At the grey line, the boundary of Chapter 3, both solutions coincide and no number of tasks suffices. **Notice** that every curve has its lowest point at about the same hardness ratio, and that noise lifts the whole curve.", "name": "fig-crossover-map"}, "image": {"classes": "upright", "alt": "Number of tasks on a logarithmic axis against the hardness ratio from 0.02 to 0.6. Three curves, for noise 0.5, 1 and 2, each with a minimum near ratio 0.18 at about 45, 75 and 195 tasks, rising steeply to the left and to a grey line near 0.54, beyond which they come down again."}} tags=["hide-input"]
def crossover_at(ratio, noise):
    of = TaskEnvironment.hard_easy(dim, ratio, 1.0, 1.0, 0.1, 0.1, noise_std=noise)
    return linear.crossover_tasks(of, 1.0, m, n1 + n2, 1, n1, n2)


def crossover_map():
    figure, axis = plt.subplots(figsize=(5, 3.4))
    ratios = np.r_[np.geomspace(0.02, 0.3, 17), 0.33:0.54:0.025, 0.55:0.61:0.015]
    quiet, loud = (np.array([crossover_at(u, s) for u in ratios]) for s in (0.0, 1.0))
    for look, noise in enumerate((0.5, 1.0, 2.0)):
        tasks = quiet + noise**2 * (loud - quiet)
        axis.plot(ratios, tasks, **plotting.LINES[look], label=rf"$\sigma={noise:g}$")
    boundary = (n2 - dim - 1) / (n2 + dim + 1)
    axis.axvline(boundary, color=plotting.REFERENCE, lw=1, label="solutions coincide")
    axis.set(yscale="log", ylim=(20, 1e4), xlabel="hardness ratio $u$", ylabel="crossover $T^*$")
    axis.legend(loc="upper center")
    return figure


crossover_map()

# %% [markdown]
# At the most favourable hardness it takes from about 45 to about 200 tasks, depending on the noise; towards $u=0$ and the grey line, more. A rule of thumb: MAML must be worth its variance. If you have fewer training tasks than $T^*$, use ERM and adapt it; if you can collect
# more data, collect tasks.
#
# ## What the paper promises
#
# (ass-1)=
# (ass-2)=
# > **The paper, Appendix D.** "Assumption 1. There exists $B>0$ s.t. $\lVert\mathbf w_i^*\rVert\le B\ \forall i$. Assumption 2. There exists $\beta,L>0$ s.t. $\beta\mathbf I_d\preceq\Sigma_i\preceq L\mathbf I_d\ \forall i$."
#
# Assumption 1 excludes the environments of §3.2, whose optima are Gaussian. So neither theorem covers Figures 1 and 3. (Equation {eq}`estimating-equation` needs two moments of $w_i^*$, no more.)
# Under both assumptions Theorem 2 says, informally and for $n=\tilde\Omega(d)$,
#
# (eq-45)=
# $$
# \lVert w_{ERM}-w_{ERM}^*\rVert\le\tilde O\Bigl(\frac{\sqrt d}{\sqrt n}+\frac1{\sqrt T}\Bigr), \tag{45}
# $$
#
# and Theorem 3 for MAML the same with $d\,\alpha^2\log^3(100Td)/\sqrt\tau$ for the first term. In full they are [(44)](#eq-44) and [(81)](#eq-81), with probability at least 0.96.
#
# Read them term by term. The last term is about *few tasks*, and falls like $1/\sqrt T$. The first is about *few samples a task*, and contains no $1/T$ at all.
# The proofs first bound the distance to the solution for the same $T$ tasks with infinite data, task by task, and there the help of the other tasks is lost. So neither bound goes to zero as $T\to\infty$. On the contrary:
# $\log(200T)$, in full, and $\log^3(100Td)$ grow, and once $T$ is large, a fixed $n$ or $\tau$ no longer meets the conditions.
#
# That would be weakness, not error. But as printed, and so read, the theorems are also false. Take $\Sigma_i=I$, and optima uniform on the $2d$ points $\pm\sqrt d\,e_k$. Let $n$ and $\tau$ be infinite. Then both solutions are the mean of the drawn optima, and all terms but one are zero: the bound is
# $\sqrt{\operatorname{Var}(w_i^*)\log(200d)/T}$. The paper's variance is the norm of the mean square of the vector $w_i^*-E[w_i^*]$; with $vv^\top$ for the square of a vector $v$, like the squares of matrices beside it, it is a spectral norm, here of $I$. But the error is about $\sqrt{d/T}$: a mean of vectors deviates by the *trace* of its covariance, which can be $d$ times the norm.

# %%
d, T = 100, 1000
counts = rng.multinomial(T, np.full(2 * d, 1 / (2 * d)), size=500)
errors = math.sqrt(d) * np.linalg.norm(counts[:, :d] - counts[:, d:], axis=1) / T
bound = math.sqrt(math.log(200 * d) / T)
print(f"error {errors.mean():.3f}, bound {bound:.3f}, within it: {np.mean(errors <= bound):.0%}")

# %% [markdown]
# Each flaw has its example [line by line](#convergence-units), where the
# conditions on $T$ and $\tau$ are dealt with too.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# Theorems 2 and 3 are false as printed. The variance of a vector must be a trace. (44) is not free of units. In [(52)](#eq-52) and what follows from it, among which the term $\sqrt{\log(200T)}L^2B/(\beta^2n)$, $t/n$ must be $t/\sqrt n$, with $t$ the deviation. (81) lacks the label noise and all but
# the highest power of $\alpha$. The numbers of tasks and episodes that they require do not give the probabilities claimed.
# Repaired, they would still not say that *more tasks suffice*. Below is a theorem that does.
# :::
#
# > **The paper, Remark 2.** "Our dimension-dependence is significantly worse, than theirs, which suggests the extra complexity of the MAML objective with finite samples allowed for task-specific adaptation."
#
# "Theirs" is the result of {cite}`gao2020modeling`, which takes $\tau=1$ and $n_1=n_2\to\infty$. The worse dependence seems the proof's, not MAML's: with samples in proportion to the dimension, [MAML's mean square error stays in a constant ratio to ERM's](#convergence-dimension). The remark's first
# half, that finitely many inner samples are allowed, stands and can be said more strongly: not even a single inner sample a task is an obstacle.
#
# ### A bound for finitely many tasks
#
# A limit says nothing about any given $T$. The following does, with no bound on the optima, no upper bound on the eigenvalues, and one sample a task if need be. It takes two lines, because {eq}`estimating-equation` needs two events only.
#
# :::{prf:theorem} Finitely many tasks
# :label: thm-finitely-many-tasks
#
# For either algorithm let $\lambda$ be the smallest eigenvalue of $A$, and $s^2=E\lVert\hat A_i\rVert_F^2-\lVert A\rVert_F^2$. Let $0<\eta<1$. If $T\ge8s^2/(\eta\lambda^2)$, then with probability at least $1-\eta$
#
# $$
# \lVert\hat w-w^*\rVert\le\frac2\lambda\sqrt{\frac{2\operatorname{tr}V}{\eta\,T}} .
# $$ (finite-bound)
# :::
#
# :::{dropdown} Proof
# Write $\bar A$ and $\bar\psi$ for the means over the tasks. $E\lVert\bar A-A\rVert_F^2=s^2/T$, so by Chebyshev's inequality $\lVert\bar A-A\rVert_F\ge\lambda/2$ has probability at most $4s^2/(T\lambda^2)\le\eta/2$. Otherwise $\bar A$ has no eigenvalue below $\lambda/2$, by Weyl's inequality.
# $E\lVert\bar\psi\rVert^2=\operatorname{tr}V/T$, so $\lVert\bar\psi\rVert^2\ge2\operatorname{tr}V/(\eta T)$ has probability at most $\eta/2$. If neither happens, $\lVert\hat w-w^*\rVert\le\lVert\bar A^{-1}\rVert\,\lVert\bar\psi\rVert$ is {eq}`finite-bound`.
# :::
#
# Chebyshev's inequality is blunt. The radius is several times the typical distance, and the number of tasks is larger than needed by a large factor ([with one sample a task](#convergence-finite)). But the rate, the units, the noise and the limit $\alpha\to0$ are right.
#
# ## What we have seen
#
# - The crossover {eq}`crossover` says how many tasks MAML needs before it pays. In the one environment that we simulated it was right.
# - Both trainings solve one equation, {eq}`estimating-equation`: a mean over tasks divided by a mean over tasks. More tasks suffice, with one sample each; more samples alone do not.
# - {prf:ref}`thm-training-law` gives the limit law, {prf:ref}`prop-learning-curve` the learning curve with its bias, {prf:ref}`thm-finitely-many-tasks` a bound that holds for finitely many tasks.
# - Theorems 2 and 3 add an error of few samples to one of few tasks. Both bounds are wrong in $T$, Theorem 3's lacks $\sigma$ and seems wrong in $d$; and as printed both are false.
# - We differed from the paper in the sign in (42), the meaning of the variance of a vector, (44), (81) and the conditions of both theorems, and in what Remark 2 concludes. The steps are dealt with one by one in
#   [D.1, line by line](13_erm_proof) and [D.2, line by line](14_maml_proof).
#
# ## Exercises
#
# **1.** You can afford $N=nT$ labelled samples in all for training ERM. Many tasks with few samples, or few tasks with many?
#
# :::{dropdown} Solution
# The covariance is $\frac1TA^{-1}VA^{-1}=\frac1NA^{-1}(nV)A^{-1}$, and by {eq}`erm-score` $nV=E[(n+1)\Sigma_iM_i\Sigma_i+(\operatorname{tr}(\Sigma_iM_i)+\sigma^2)\Sigma_i]$ increases with $n$. For the covariance one sample a task is best; it makes no difference if there is one task only, where $M_i=0$.
# :::
#
# **2.** Show that the crossover is $T^*=t_0+t_1\sigma^2$, and find $t_0$ and $t_1$ for the environment of the learning curves. How many tasks does it take at $\sigma=3$?
#
# :::{dropdown} Solution
# $w^*$, $w_m^*$, $A$ and the bias $b$ do not contain $\sigma$ (the noise in $\psi_i$ has mean zero given everything else), and $V$ is affine in $\sigma^2$. Two values of $\sigma$ give the line, and a third confirms it: [the numbers](#convergence-exercises).
# :::
#
# **3.** One task, no noise. What does {prf:ref}`thm-training-law` say, and is it true for $T=d$ and $n=1$?
#
# :::{dropdown} Solution
# $w_i^*=w^*$ and $\xi_i=0$, so $\psi_i=0$ and $V=0$: the limit is the constant zero. Indeed $\hat w=w^*$ exactly as soon as $nT\ge d$ (MAML: $\tau n_1T\ge d$) makes the matrix invertible.
# :::
#
# **Read next.** [Convergence, line by line](18_convergence) for what this chapter did not stop for; Appendix D step by step: [D.1](13_erm_proof) and [D.2](14_maml_proof).
