# %% [markdown]
# # Population solutions
#
# > **The paper, §3.** "Since our focus is ultimately on the nature of the solutions sought by MAML and ERM, not on their
# > non-asymptotic behavior, we will analyze the performance of $\mathbf w_{ERM}^*$ and $\mathbf w_{MAML}^*$".
#
# Given all the training data in the world, ERM and MAML each settle at one point. In linear regression both points have
# closed forms, and so has the post-adaptation risk of every other start. All of them rest on a single Gaussian moment.
#
# **What you will do.** Split the post-adaptation risk of any start into three parts, of which only one depends on the start.
#
# **What you will learn.** To compute Gaussian moments by pairing; to derive Lemma 2, the matrices $Q^{(s)}$, both population
# solutions and Proposition 1; to say which risk a formula gives.
#
# **What you need.** [Chapter 1](01_learning_to_adapt), matrices and traces.

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
# ## Two tasks before and after a step
#
# Two tasks in the plane, a hard and an easy one, and $\alpha=1$. The ellipses are starts that cost a task the same, before any step above, after one step on 100 samples below. ERM settles at the minimum of the average above, MAML at that below.

# %% mystnb={"code_prompt_show": "Draw both tasks and both solutions", "figure": {"caption": "Two tasks in the plane before (above) and after (below) one step on 100 samples. The ellipses around a task's optimum are starts of equal cost, at the same level in both panels. The solid ellipse belongs to the average and sits at its minimiser. The thin segment joins the two optima, of the hard task (triangle) and of the easy one (diamond). The covariances are $(0.19,0.17;0.17,0.26)$, hard, and $(0.98,0.07;0.07,0.77)$, easy; the optima $\\pm(1,0.3)$.", "name": "fig-two-metrics"}, "image": {"classes": "upright", "alt": "Two panels of the plane of starts. Above: a small ellipse around the easy optimum, a larger tilted one around the hard optimum, and the ERM solution near the easy optimum, beside the segment that joins the optima. Below: the easy ellipse has become the largest, and the MAML solution lies near the hard optimum; ERM is outside the ellipse around MAML."}} tags=["hide-input"]
metrics = [[[0.19, 0.17], [0.17, 0.26]], [[0.98, 0.07], [0.07, 0.77]]]
plane = TaskEnvironment.finite_tasks(metrics, [[1.0, 0.3], [-1.0, -0.3]])
erm, maml = linear.erm_solution(plane), linear.maml_solution(plane, 1.0, 100)
circle = np.sqrt(0.03) * np.stack([f(np.linspace(0, 2 * np.pi, 200)) for f in (np.cos, np.sin)])


def two_metrics():
    figure, axes = plt.subplots(2, 1, figsize=(4.2, 5), sharex=True, sharey=True)
    looks = {name: plotting.LINES[name.split()[0]] for name in ("hard task", "easy task")}
    looks["average"] = plotting.LINES[0]
    after = linear.adapted_covariance(plane.covariances, 1.0, 100)
    for axis, matrices, own in ((axes[0], plane.covariances, erm), (axes[1], after, maml)):
        axis.plot(*plane.means.T, lw=1, color=plotting.REFERENCE)
        roots = np.linalg.cholesky([*matrices, matrices.mean(axis=0)]).swapaxes(1, 2)
        ellipses = np.array([*plane.means, own])[:, :, None] + np.linalg.solve(roots, circle)
        for points, (name, look) in zip(ellipses, looks.items(), strict=True):
            axis.plot(*points, **look, label=name)
        for name, point in zip(
            ("hard", "easy", "ERM", "MAML"), (*plane.means, erm, maml), strict=True
        ):
            axis.plot(*point, **plotting.MARKS[name], label=name if name.isupper() else None)
        axis.set(ylabel=r"$w_2$", aspect="equal")
    axes[0].set_title("before the step")
    axes[1].set(xlabel=r"$w_1$", title="after the step")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


two_metrics()

# %% [markdown]
# **What to notice.** The step has flattened the easy task, whose ellipse is now the larger, far more than the hard one. So the average after the step leans to the hard task. And neither solution lies on the segment that joins the optima: the weights of the two tasks are matrices, not numbers.

# %% [markdown]
# ## Tasks, groups, and a promise
#
# The model is now $x\mapsto\langle w,x\rangle$ with $d$ weights. A task $i$ is an input covariance and an optimum:
# $x\sim N(0,\Sigma_i)$ and $y=\langle w_i^*,x\rangle+z$ with noise $z\sim N(0,\sigma^2)$. $E_i$ is the average over tasks.
#
# Tasks come in finitely many *groups*. A task belongs to group $g$ with probability $p_g$. The tasks of a group share the
# covariance $\Sigma_g$, and their optima scatter about the group's mean $\mu_g$ with covariance $S_g$, the group's *spread*. If
# the spread is zero, the group is a single task.
#
# A learner starts from $w$, sees $m$ samples of a task and takes one step; $F_m(w)$, defined in [(1)](#eq-1), is its mean loss
# afterwards. We want to know what this risk is made of. By the end of the chapter we shall have shown that
#
# $$
# F_m(w)=\underbrace{N}_{\substack{\text{noise}\\\text{floor}}}+\underbrace{R_m^*}_{\substack{\text{irreducible}\\\text{risk}}}
# +\underbrace{\tfrac12\lVert w-c\rVert^2_{\bar Q}}_{\text{excess risk}} .
# $$ (promise)
#
# ($\lVert v\rVert^2_Y$ is short for $v^\top Yv$.) The floor is what noise costs even those who start at the optimum of their task. The irreducible risk is the price of having
# one start for many tasks. Only the excess risk depends on the start: it is a squared distance from one best point $c$, and $c$
# is where MAML settles if it trains with as many inner samples as the test will have. The way there: what a step does to a
# distance, which curvature $\bar Q$ it leaves, where ERM and MAML settle, and a square to complete.
#
# ## One step in $d$ dimensions
#
# (def-linear-model)=
# The samples are the rows of $\hat X_i$, with inputs from $N(0,\Sigma_i)$ and labels $\hat y_i=\hat X_iw_i^*+\hat z_i$, whose noise has variance $\sigma^2$. The loss is half the mean squared error,
# over samples as well. In dimension one the step multiplied the
# distance to the optimum by a random number. Now it multiplies it by a random matrix, $P_i$:
#
# (def-adaptation-matrix)=
#
# $$
# \begin{aligned}
# w_i-w_i^*&=P_i(w-w_i^*)+\frac{\alpha}{m}\hat X_i^\top\hat z_i,\\
# P_i&=I-\frac{\alpha}{m}\hat X_i^\top\hat X_i .
# \end{aligned}
# $$ (adapted-distance)
#
# On a fresh sample $(x,y)$ the adapted model is wrong by $\langle x,w_i\rangle-y=\langle x,w_i-w_i^*\rangle-z$. What of it is not $\langle x,P_i(w-w_i^*)\rangle$? Let sympy
# say for two samples in two dimensions, every entry a symbol.

# %%
alpha, sigma, z = sp.symbols("alpha sigma z", real=True)
x, z_hat = sp.Matrix(sp.symbols("x1:3")), sp.Matrix(sp.symbols("zhat1:3"))
w, w_star = sp.Matrix(sp.symbols("w1:3")), sp.Matrix(sp.symbols("w_1^* w_2^*"))
X = sp.Matrix(2, 2, sp.symbols("X1:3(1:3)"))
P = sp.eye(2) - alpha / 2 * X.T * X
adapted = w - alpha / 2 * X.T * (X * w - (X * w_star + z_hat))
residual = x.dot(adapted) - (x.dot(w_star) + z)
sp.collect(sp.expand(residual - x.dot(P * (w - w_star))), [alpha, *z_hat], sp.factor)

# %% [markdown]
# That is $-\bigl(z-\frac\alpha mx^\top\hat X^\top\hat z\bigr)$, the noise of the sample and the noise of the step, with opposite signs. ([A.1 has a plus](#moments-a1) between them.)
#
# Square and average. The noises have mean zero given the inputs, so every cross term vanishes. Averaging over $x$ turns
# $\langle x,v\rangle^2$ into $\lVert v\rVert^2_{\Sigma}$, and the adapted noise contributes
# $\frac{\alpha^2\sigma^2}{m^2}E\operatorname{tr}(\hat X\Sigma\hat X^\top)=\frac{\alpha^2\sigma^2}{m}\operatorname{tr}(\Sigma^2)$.
# The test loss is therefore
#
# $$
# \begin{aligned}
# F_m(w)&=\tfrac12E_i\bigl[E\lVert P_i(w-w_i^*)\rVert^2_{\Sigma_i}\bigr]+N,\\
# N&=\tfrac12E_i\Bigl[\sigma^2+\frac{\alpha^2\sigma^2}{m}\operatorname{tr}(\Sigma_i^2)\Bigr].
# \end{aligned}
# $$ (test-loss)
#
# $N$ is the noise floor. It remains to find $E[P\Sigma P]$. With the sample covariance $\hat\Sigma=\frac1m\hat X^\top\hat X$ we have
# $P=I-\alpha\hat\Sigma$ and $E[P\Sigma P]=\Sigma-2\alpha\Sigma^2+\alpha^2E[\hat\Sigma\Sigma\hat\Sigma]$, and the last
# expectation holds products of four Gaussians.
#
# ## Gaussian moments by pairing
#
# {cite:t}`isserlis1918formula` found how to average any product of centred Gaussian variables, however correlated: split the
# factors into pairs in every possible way, multiply the covariances of the pairs, and add up. Four factors have three pairings,
#
# $$
# E[x_ax_bx_cx_d]=\Sigma_{ab}\Sigma_{cd}+\Sigma_{ac}\Sigma_{bd}+\Sigma_{ad}\Sigma_{bc},
# $$ (isserlis)
#
# six have fifteen, and an odd number has none. (Physicists call it Wick's theorem.) It is a few lines of code, and a polynomial
# is averaged monomial by monomial:


# %% mystnb={"code_prompt_show": "Average a polynomial by pairing"} tags=["hide-cell"]
def pairings(items):
    """Yield every way to split the items into pairs, if any."""
    if not items:
        yield []
    for k in range(1, len(items)):
        for others in pairings(items[1:k] + items[k + 1 :]):
            yield [(items[0], items[k]), *others]


def expectation(polynomial, variables, covariance):
    total = []
    for powers, factor in sp.Poly(polynomial, *variables).terms():
        items = [i for i, power in enumerate(powers) for _ in range(power)]
        for pairing in pairings(items):
            covariances = [covariance[pair] for pair in pairing]
            total.append(factor * sp.prod(covariances))
    return sp.expand(sp.Add(*total))


def mean_over_rows(matrix, X, covariance):
    joint = sp.kronecker_product(sp.eye(X.rows), covariance)
    return matrix.applyfunc(lambda f: expectation(f, list(X), joint))


# %%
a, b, c = sp.symbols("Sigma_11 Sigma_12 Sigma_22", real=True)
Sigma = sp.Matrix([[a, b], [b, c]])
sp.Eq(sp.Symbol("E[x_1^{3}x_2^{3}]"), expectation(x[0] ** 3 * x[1] ** 3, list(x), Sigma))

# %% [markdown]
# Fifteen pairings. ([The rule agrees with the generating function](#moments-pairing).)
#
# ## Lemma 2
#
# The moment that we need is a second moment of the Wishart distribution {cite}`wishart1928generalised`. The paper proves it
# for a diagonal $\Sigma$ and a symmetric matrix in the middle. Pairing needs neither.
#
# :::{prf:lemma} Lemma 2, for any covariance and any matrix
# :label: lem-sandwich
# Let the $n$ rows of $X$ be independent $N(0,\Sigma)$, $\hat\Sigma=\frac1nX^\top X$, and $Y$ any $d\times d$ matrix. Then
#
# $$
# E[\hat\Sigma Y\hat\Sigma]=\Sigma Y\Sigma+\frac1n\bigl(\operatorname{tr}(\Sigma Y)\,\Sigma+\Sigma Y^\top\Sigma\bigr).
# $$ (sandwich)
#
# :::
#
# All is decided in a single row $x$, a $1\times d$ matrix. Entry $(r,\ell)$ of $x^\top xYx^\top x$ is $\sum_{ab}Y_{ab}\,x_rx_ax_bx_\ell$, and the three pairings of {eq}`isserlis` are three matrices. Pair $r$ with $a$ and $b$ with $\ell$:
# $\sum\Sigma_{ra}Y_{ab}\Sigma_{b\ell}=(\Sigma Y\Sigma)_{r\ell}$. Pair $r$ with $b$ and $a$
# with $\ell$: $\sum\Sigma_{rb}Y_{ab}\Sigma_{a\ell}=(\Sigma Y^\top\Sigma)_{r\ell}$. Pair $r$ with $\ell$ and $a$ with $b$:
# $\Sigma_{r\ell}\sum Y_{ab}\Sigma_{ab}=\operatorname{tr}(\Sigma Y)\Sigma_{r\ell}$.
#
# Written out, $\hat\Sigma Y\hat\Sigma=\frac1{n^2}\sum_{j,k}x_j^\top x_j\,Y\,x_k^\top x_k$. For the $n(n-1)$ pairs $j\ne k$ the two rows are independent, and the mean is $\Sigma Y\Sigma$; the $n$ terms with
# $j=k$ have as mean those three matrices. Divide by $n^2$:
# $\frac{n-1}n\Sigma Y\Sigma+\frac1n\Sigma Y\Sigma=\Sigma Y\Sigma$, and the other two terms keep their $\frac1n$. $\square$
#
# Now the machine does the same by brute force, with no matrix algebra: it multiplies out, pairs, and sums, with a general covariance and a general $Y$. Here is the lower left entry at $\Sigma=I$:

# %%
Y, n = sp.Matrix(2, 2, sp.symbols("Y1:3(1:3)")), sp.Symbol("n", positive=True)
one, other = X[0, :], X[1, :]
same = mean_over_rows(one.T * one * Y * one.T * one, X, Sigma)
different = mean_over_rows(one.T * one * Y * other.T * other, X, Sigma)
counted = (n * (n - 1) * different + n * same) / n**2
sp.expand(counted[1, 0].subs({a: 1, b: 0, c: 1}))

# %% mystnb={"code_prompt_show": "Check the lemma for every n"} tags=["hide-input"]
trace_term = (Sigma * Y).trace() * Sigma / n
claims.proves(
    "lem:2",
    counted,
    Sigma * Y * Sigma + trace_term + Sigma * Y.T * Sigma / n,
    r"Every $n$, every $\Sigma$, every $Y$.",
    shows=r"E[\hat\Sigma Y\hat\Sigma]=\Sigma Y\Sigma"
    r"+\tfrac1n\bigl(\operatorname{tr}(\Sigma Y)\Sigma+\Sigma Y^\top\Sigma\bigr)",
    case="$d=2$",
    refuses={"no transposition": Sigma * Y * Sigma + trace_term + Sigma * Y * Sigma / n},
)

# %% [markdown]
# The transposition is not cosmetic: the lower left entry contains the upper right one of $Y$, over $n$. The paper's own steps, (77) to (80), are [taken line by line](#moments-lemma); (78) has a slip.
# If the inputs are not Gaussian, only the terms in $1/n$ change, by the fourth cumulants of the inputs.
#
# ## The curvature that is left
#
# Put $Y=\Sigma$ and collect the terms of $E[P\Sigma P]$ for a step on $s$ samples:
#
# (def-adapted-covariance)=
#
# $$
# \begin{aligned}
# Q^{(s)}=E[P\Sigma P]&=(I-\alpha\Sigma)\Sigma(I-\alpha\Sigma)\\
# &\quad+\frac{\alpha^2}s\bigl(\operatorname{tr}(\Sigma^2)\Sigma+\Sigma^3\bigr).
# \end{aligned}
# $$ (adapted-covariance)
#
# Before the step, a distance $v$ from a task's optimum costs $\tfrac12v^\top\Sigma v$. After it, it costs
# $\tfrac12v^\top Q^{(s)}v$ on average: $Q$ is the curvature that one step leaves of a task's loss.
#
# > **The paper, §3.** "these $\mathbf Q_i^{(s)}$ matrices are composed of two terms: a preconditioned covariance matrix
# > $\Sigma_i(\mathbf I_d-\alpha\Sigma_i)^2$, and a perturbation matrix due to the stochastic gradient variance."
#
# The first term is what a step along the exact gradient $\Sigma v$ would leave. The step follows the estimate $\hat\Sigma v$
# instead, which is off by $(\hat\Sigma-\Sigma)v$. The second term should be the mean square of that error after a step of length
# $\alpha$, $\alpha^2E[(\hat\Sigma-\Sigma)\Sigma(\hat\Sigma-\Sigma)]$. It is:

# %%
error = X.T * X / 2 - Sigma
variance = mean_over_rows(error * Sigma * error, X, Sigma)
exact_step = Sigma * (sp.eye(2) - alpha * Sigma) ** 2
Q = mean_over_rows(P * Sigma * P, X, Sigma)

# %% mystnb={"code_prompt_show": "Check both terms"} tags=["hide-input"]
claims.proves(
    "text:two-terms",
    Q,
    exact_step + alpha**2 * variance,
    "What the exact step leaves, plus the variance of the gradient.",
    shows=r"Q^{(s)}=\Sigma(I-\alpha\Sigma)^2+\alpha^2E[(\hat\Sigma-\Sigma)\Sigma(\hat\Sigma-\Sigma)]",
    case="$d=s=2$",
    refuses={
        "the second moment of the gradient for its variance": exact_step
        + alpha**2 * (variance + Sigma**3)
    },
)

# %% [markdown]
# All matrices in $Q^{(s)}$ commute, so it has the eigenvectors of $\Sigma$: a step flattens the loss along each axis
# separately, except that the noise of the gradient in *all* directions, $\operatorname{tr}(\Sigma^2)$, leaks into each. For
# $\Sigma=\rho I$ the eigenvalue is $q=\rho(1-\alpha\rho)^2+\frac{d+1}s\alpha^2\rho^3$.


# %% mystnb={"code_prompt_show": "Draw the curvature that is left", "figure": {"caption": "What one step leaves of the curvature of a task with covariance $\\rho I$ in ten dimensions. Below the thin line the step helps. **Notice** that a step along the exact gradient solves the task with $\\alpha\\rho=1$; of the less steep tasks it leaves most, $4/27$, to the one with $\\alpha\\rho=1/3$. With few samples the noise of the gradient takes back what the step gains, and more on steep tasks.", "name": "fig-curvature-left"}, "image": {"classes": "upright", "alt": "Curves of curvature after the step against curvature before it, both times the step size, for 11, 40, 200 and infinitely many samples, with a thin diagonal for no step. The infinite-sample curve rises to 4/27 at one third, falls to zero at one and rises again. Curves for fewer samples lie higher; the one for 11 samples crosses the diagonal at one."}} tags=["hide-input"]
def curvature_left():
    figure, axis = plt.subplots(figsize=(5, 3.2))
    ratio = np.linspace(0.01, 1.5, 150)
    axis.plot(ratio, ratio, lw=1, color=plotting.REFERENCE, label="no step")
    for look, s in enumerate((math.inf, 200, 40, 11)):
        left = linear.adapted_covariance(ratio[:, None, None] * np.eye(10), 1.0, s)[:, 0, 0]
        axis.plot(ratio, left, **plotting.LINES[look], label=f"$s={s}$".replace("inf", r"\infty"))
    axis.set(xlabel=r"curvature before the step, $\alpha\rho$", xlim=(0, 1.5))
    axis.set(ylabel=r"curvature after, $\alpha q$", ylim=(0, 1.2))
    axis.legend(loc="upper left")
    return figure


curvature_left()

# %% [markdown]
# Up to $\alpha\rho=1$ the exact step takes a larger fraction of the curvature the steeper the task, and at $\alpha\rho=1$ all of
# it. What is drawn there is the noise of the gradient alone, $(d+1)/s$. With $s=d+1=11$ samples such a step is worth nothing; with fewer it
# does harm.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# §3 says that for large $m$ and $n_2$ the $\mathbf Q_i$ are "dominated by $\Sigma_i(\mathbf I_d-\alpha\Sigma_i)^2$". Along an eigenvector of $\Sigma$ with eigenvalue $\lambda$ that
# needs $s\gg\alpha^2(\operatorname{tr}\Sigma^2+\lambda^2)/(1-\alpha\lambda)^2$ ([measured](#moments-dominated)), which no $s$ satisfies for an easy
# task at $\alpha=1/\rho_E$, the paper's own choice from §3.1 on. The smallest counterexample has $d=1$, $\Sigma=\alpha=1$: $Q^{(s)}=2/s$, of which
# $\Sigma(1-\alpha\Sigma)^2=0$. What the paper wants from the sentence, that a step leaves most of the weight with the hard tasks,
# holds at this $\alpha$ for two isotropic tasks of any fixed ratio $\rho_H/\rho_E<1$ once $s$ is large enough; [chapter 3](03_hardness) says how large.
# :::

# %% mystnb={"code_prompt_show": "Weigh the hard tasks before and after the step"} tags=["remove-input"]
q = [linear.adapted_covariance(rho * np.eye(10), 1 / 0.9, 500)[0, 0] for rho in (0.1, 0.9)]
Markdown(
    "At $\\rho_H=0.1$, $\\rho_E=0.9$, $d=10$ and 500 samples, the numbers of §3.2, and at $\\alpha=1/\\rho_E$, "
    f"the hard tasks have {q[0] / sum(q):.2f} of the weight after the step, and {0.1 / (0.1 + 0.9):.2f} before it."
)

# %% [markdown]
# ## Where ERM and MAML settle
#
# Averaged over its data, the ERM objective [(3)](#eq-3) is $\tfrac12E_i\lVert w-w_i^*\rVert^2_{\Sigma_i}$ plus a constant, for
# any $n$. In the MAML objective [(4)](#eq-4) the outer samples of an episode give an unbiased estimate of the loss after a step
# on the inner ones, so its mean is $F_{n_2}(w)$, for any $n_1$ and $\tau$: by {eq}`test-loss` and {eq}`adapted-covariance` it is
# $\tfrac12E_i\lVert w-w_i^*\rVert^2_{Q_i^{(n_2)}}$ plus a constant. Both are averages of parabolas,
# $\tfrac12E_i\lVert w-w_i^*\rVert^2_{B_i}$, with $B_i=\Sigma_i$ for ERM and $B_i=Q_i^{(n_2)}$ for MAML. Setting the gradient to
# zero gives $E_i[B_i]\,w=E_i[B_iw_i^*]$:
#
# (eq-5)=
# $$
# \begin{aligned}
# w_{ERM}^*&=E_i[\Sigma_i]^{-1}E_i[\Sigma_iw_i^*],\\
# w_{MAML}^*&=E_i[Q_i^{(n_2)}]^{-1}E_i[Q_i^{(n_2)}w_i^*].
# \end{aligned} \tag{5}
# $$
#
# The matrices are invertible: $\Sigma_i$ is positive definite, and so is $Q_i^{(s)}$ for every finite $s$. Appendix A.1 repeats
# the two lines as (14) and (15), the limits of the trained solutions that are the subject of [Chapter 5](05_convergence).
#
#
# The weights are matrices, $E_{i'}[B_{i'}]^{-1}p_gB_g$ for group $g$, and sum to the identity: the solutions are, as §3 says, "normalized weighted sums of the task optimal solutions". (A primed index $i'$ is an
# independent copy of the task $i$, averaged over on its own.) Neither noise nor spreads move them.
#
# For two tasks with any two symmetric matrices, sympy minimises the average without being told the answer.

# %% mystnb={"code_prompt_show": "Two parabolas, their average and its minimum"} tags=["hide-cell"]
p = sp.Symbol("p", positive=True)
f, g = sp.symbols("f1:4"), sp.symbols("g1:4")
B1, B2 = (sp.Matrix([[e[0], e[1]], [e[1], e[2]]]) for e in (f, g))
optimum1, optimum2 = sp.Matrix(sp.symbols("h1:3")), sp.Matrix(sp.symbols("k1:3"))
first, second = w - optimum1, w - optimum2
parabolas = ((p * first.T * B1 * first + (1 - p) * second.T * B2 * second) / 2)[0]
solution = sp.solve([sp.diff(parabolas, coordinate) for coordinate in w], list(w))

# %% mystnb={"code_prompt_show": "Check (5)"} tags=["hide-input"]
mean = p * B1 + (1 - p) * B2
mixed, exchanged = (
    p * one * optimum1 + (1 - p) * two * optimum2 for one, two in ((B1, B2), (B2, B1))
)
claims.proves(
    "eq:5 eq:14 eq:15",
    [sp.cancel(mean.det() * solution[coordinate]) for coordinate in w],
    list(mean.adjugate() * mixed),
    "The minimiser of two averaged parabolas, whatever the matrices.",
    shows=r"\arg\min_w\tfrac12E_i\lVert w-w_i^*\rVert^2_{B_i}=E_i[B_i]^{-1}E_i[B_iw_i^*]",
    case="two tasks, $d=2$",
    refuses={"each optimum weighed by the other task's matrix": list(mean.adjugate() * exchanged)},
)

# %% [markdown]
# That the matrices are $\Sigma_i$ and $Q_i^{(n_2)}$ is seen in training itself, [by simulation](#moments-training).
#
# ## The promise kept
#
# Insert $Q$ into {eq}`test-loss`. What the test loss of a start has beyond the noise floor is the *risk above the floor*,
#
# $$
# \begin{aligned}
# F_m(w)&=N+R_m(w),\\
# R_m(w)&=\tfrac12E_i\lVert w-w_i^*\rVert^2_{Q_i^{(m)}} .
# \end{aligned}
# $$ (floor-and-risk)
#
# Before anything is built on this, the machine averages definition (1) itself: it takes the residual of the first step, a
# polynomial of degree three in nine Gaussian variables, squares it and pairs. Covariance, step size, noise and distance are all
# symbols.

# %%
gaussians = [*x, z, *X, *z_hat]
joint = sp.diag(Sigma, sigma**2, Sigma, Sigma, sigma**2, sigma**2)
test_loss = expectation(residual**2, gaussians, joint) / 2
above_floor = ((w - w_star).T * Q * (w - w_star))[0] / 2
sp.factor(sp.expand(test_loss - above_floor))

# %% mystnb={"code_prompt_show": "Check that this is the floor"} tags=["hide-input"]
claims.proves(
    "text:test-loss-chain",
    test_loss,
    sigma**2 * (1 + alpha**2 / 2 * (Sigma**2).trace()) / 2 + above_floor,
    "Definition (1) for one task, multiplied out.",
    shows=r"F_m(w)=\tfrac12\Bigl(\sigma^2+\frac{\alpha^2\sigma^2}m\operatorname{tr}(\Sigma^2)\Bigr)"
    r"+\tfrac12\lVert w-w^*\rVert^2_{Q^{(m)}}",
    case="$d=m=2$",
    refuses={"the noise of the step forgotten": sigma**2 / 2 + above_floor},
)

# %% [markdown]
# The risk above the floor is again an average of parabolas, the one that MAML minimises when it trains with $n_2=m$. Completing
# the square turns {eq}`floor-and-risk` into {eq}`promise`, with $c=w_{MAML(m)}^*$ and $\bar Q=E_i[Q_i^{(m)}]$:
#
# :::{prf:theorem} Decomposition of the post-adaptation risk
# :label: thm-decomposition
# Let the task optima have finite second moments and let $m$ be finite. Write
# $w_{MAML(m)}^*$ for the MAML solution [(5)](#eq-5) with $n_2=m$. Then for every start $w$
#
# $$
# \begin{aligned}
# F_m(w)&=N+R_m^*+\mathcal E_m(w),\\
# R_m^*&=\tfrac12E_i\lVert w_{MAML(m)}^*-w_i^*\rVert^2_{Q_i^{(m)}},\\
# \mathcal E_m(w)&=\tfrac12\lVert w-w_{MAML(m)}^*\rVert^2_{E_i[Q_i^{(m)}]},
# \end{aligned}
# $$ (decomposition)
#
# where $\mathcal E_m$ is the excess risk [(2)](#eq-2), the distance of $F_m(w)$ from its infimum.
# :::
#
# :::{dropdown} Proof of the decomposition
# By {eq}`floor-and-risk`, $F_m=N+R_m$. Write $w-w_i^*=(w-c)+(c-w_i^*)$ with $c=w_{MAML(m)}^*$ and expand:
#
# $$
# \begin{aligned}
# R_m(w)&=\tfrac12E_i\lVert c-w_i^*\rVert^2_{Q_i}+(w-c)^\top E_i[Q_i(c-w_i^*)]\\
# &\quad+\tfrac12(w-c)^\top E_i[Q_i](w-c).
# \end{aligned}
# $$
#
# The middle term vanishes, because $E_i[Q_i]\,c=E_i[Q_iw_i^*]$ is the equation that defines $c$. The last term is nonnegative
# and zero at $w=c$, so $\inf F_m=N+R_m^*$, and the last term is $F_m(w)-\inf F_m$. $\square$
# :::
#
# It is the parallel axis theorem: moving away from the centre costs the total mass times the square of the distance, whatever
# the masses are.
#
#
# For two tasks in one dimension, with probabilities $p$ and $1-p$, optima $\pm1$ and curvatures $q_1,q_2$ after the step, sympy completes the square:

# %%
q1, q2, v = sp.symbols("q1 q2 v", positive=True)
half_mean = p * q1 * (v - 1) ** 2 / 2 + (1 - p) * q2 * (v + 1) ** 2 / 2
best = sp.solve(sp.diff(half_mean, v), v)[0]
sp.factor(half_mean - half_mean.subs(v, best))

# %% mystnb={"code_prompt_show": "Check that this is the squared distance from the best start"} tags=["hide-input"]
square = (p * q1 + (1 - p) * q2) * (v - best) ** 2 / 2
tex = r"\text{The excess risks for }\mathbf w_{ERM}^*\text{ and }\mathbf w_{MAML}^*\text{ are (6) and (7)}"
claims.proves(
    "prop:1",
    half_mean - half_mean.subs(v, best),
    square,
    "What an average of two parabolas has beyond its minimum; (6) and (7) subtract no minimum.",
    shows=r"\mathcal E_m(w)=\frac12\lVert w-w_{MAML(m)}^*\rVert^2_{E_i[Q_i^{(m)}]}",
    case="two tasks, $d=1$",
    refuses={"twice": 2 * square},
    printed=claims.prints("prop:1", half_mean, tex),
)

# %% [markdown]
# [Line by line](#moments-quadrature) the theorem is held against definition (1) without algebra, by quadrature and by simulation.
#
# The lowest value is where A.1 goes astray. By the theorem it is, in the place of (16),
#
# (eq-16)=
# $$
# \inf_wF_m(w)=N+R_m^* . \tag{\(16'\)}
# $$
#
# The paper prints $\sigma^2+\frac{\alpha^2\sigma^2}m\operatorname{tr}(\Sigma_i^2)$, which has lost the factor $\tfrac12$ and the expectation over tasks. With both restored it gives the noise floor $N$, which is
# the infimum only if all optima coincide: no single start is at every task's
# optimum. Subtracting $N$ instead of $\inf F_m$ is how Proposition 1 comes to call the risk above the floor "excess risk".

# %% [markdown]
# ## Proposition 1: two risks, two names
#
# Proposition 1 evaluates $R_m$ at the two solutions. With the weights that sum to the identity, the distance from a task's optimum
# to a solution is one average over an independent copy $i'$ of the task:
#
# (eq-6)=
# $$
# \begin{aligned}
# R_m(w_{ERM}^*)&=\tfrac12E_i\lVert v_i\rVert^2_{Q_i^{(m)}},\\
# v_i&=E_{i'}[\Sigma_{i'}]^{-1}E_{i'}[\Sigma_{i'}(w_{i'}^*-w_i^*)];
# \end{aligned} \tag{6}
# $$
#
# (eq-7)=
# $$
# \begin{aligned}
# R_m(w_{MAML}^*)&=\tfrac12E_i\lVert v_i\rVert^2_{Q_i^{(m)}},\\
# v_i&=E_{i'}[Q_{i'}^{(n_2)}]^{-1}E_{i'}[Q_{i'}^{(n_2)}(w_{i'}^*-w_i^*)].
# \end{aligned} \tag{7}
# $$
#
#
# The right-hand sides are the paper's. On the left the paper has $\mathcal E_m$, the excess risk. But that is the last term of {eq}`decomposition`, one quadratic form, in which only the distance from $w_{MAML(m)}^*$ counts.

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# After its first line, each of the two chains in A.1 has lost the $\tfrac12$ of the loss; (6) and (7) have it. And Proposition 1
# states (6) and (7) for the excess risk (2). They are the *risk above the floor*, larger than the excess risk by $R_m^*$ for
# either solution.
#
# Smallest counterexample: one dimension, $\Sigma_1=\Sigma_2=1$, optima $\pm1$, $\alpha=1$, $m=2$, no noise. Both solutions are $0$
# and $Q^{(2)}=1$. This is the best start, so its excess risk is $0$; (6) and (7) give $\tfrac12$, which is $F_2(0)$; (18) and (20)
# print $1$.
#
# **From here on the book says "risk above the floor" for $R_m$ and "excess risk" for $\mathcal E_m$, never one for the other.**
# :::

# %%
twins = TaskEnvironment.two_tasks(dim=1, rho_hard=1.0, rho_easy=1.0)
[risk(twins, [0.0], 1.0, 2) for risk in (linear.risk_above_floor, linear.excess_risk)]

# %% [markdown]
# ## What follows
#
# :::{prf:corollary} Consequences of the decomposition
# :label: cor-decomposition
# Let $m$ be finite.
# 1. MAML with $n_2=m$ has no excess risk, in any environment. With $n_2\ne m$ it may have.
# 2. $R_m^*=0$ if and only if all task optima coincide.
# 3. Noise and the spreads $S_g$ of the groups move no solution and change no excess risk. Noise adds to $N$; spreads add
#    $\tfrac12\sum_gp_g\operatorname{tr}(Q_g^{(m)}S_g)$ to $R_m^*$.
# 4. For $n_2=m$ and $R_m^*>0$ the ratio of risks above the floor, by which the paper measures MAML's gain, is
#    $\dfrac{R_m(w_{ERM}^*)}{R_m(w_{MAML}^*)}=1+\dfrac{\mathcal E_m(w_{ERM}^*)}{R_m^*}$.
# :::
#
# :::{dropdown} Proof of the consequences
# 1: the quadratic form is zero at its centre. 2: for finite $m$ every $Q_i^{(m)}$ is positive definite, so the mean of
# $\lVert w_{MAML(m)}^*-w_i^*\rVert^2_{Q_i}$ vanishes only if $w_i^*=w_{MAML(m)}^*$ for almost every task.
# 3: $\sigma$ occurs in $N$ alone. Within group $g$ the matrix $Q_g$ is fixed and $w^*=\mu_g+\xi$ with $E[\xi]=0$,
# $E[\xi\xi^\top]=S_g$. Hence $E[Q_gw^*]=Q_g\mu_g$, and
# $E\lVert c-w^*\rVert^2_{Q_g}=\lVert c-\mu_g\rVert^2_{Q_g}+\operatorname{tr}(Q_gS_g)$.
# 4: divide $R_m(w_{ERM}^*)=R_m^*+\mathcal E_m(w_{ERM}^*)$ by $R_m(w_{MAML}^*)=R_m^*$. $\square$
# :::
#
#
# All four are [checked by quadrature](#moments-quadrature), with spreads and with noise.

# %% [markdown]
# ## What we have seen
#
# - We averaged products of Gaussians by pairing, and so derived Lemma 2 for any covariance and any matrix.
# - One step on $s$ samples replaces a task's curvature $\Sigma$ by $Q^{(s)}$: what an exact step leaves, plus the variance of
#   the gradient.
# - ERM averages the optima with the matrices $\Sigma_i$, MAML with $Q_i^{(n_2)}$. Noise and spreads play no part.
# - The post-adaptation risk is noise floor + irreducible risk + excess risk, and only the last depends on the start.
# - Proposition 1 gives the last two together. With $n_2=m$ the paper's gain is one plus the excess risk of ERM in units
#   of the irreducible risk.
#
# **Where the paper differs.** The sign of the noise in A.1's residual; $1/n$ for $1/n^2$ in (78); "dominated" at
# $\alpha=1/\rho_E$; the halves of (16)–(20) and the expectation of (16); the infimum in (16),
# and with it the name of what (6) and (7) compute. The values of (5)–(7), (14), (15), (77), (79) and (80) stand.
#
# ## Exercises
#
# **1.** A task has $\Sigma=\rho I_d$ and the step uses $s$ samples. Which step size leaves the least curvature, and how much is
# that?
#
# :::{dropdown} Solution
# Minimise $q/\rho=(1-\alpha\rho)^2+\frac{d+1}s\alpha^2\rho^2$: $\alpha\rho=\dfrac1{1+(d+1)/s}$, and what is left is the
# fraction $\dfrac{(d+1)/s}{1+(d+1)/s}=\dfrac{d+1}{s+d+1}$. With fewer samples, take shorter steps.
# :::
#
# **2.** What is $E\lVert\frac1nX^\top X\rVert_F^2$, the mean squared Frobenius norm of a sample covariance?
#
# :::{dropdown} Solution
# Take the trace of {eq}`sandwich` with $Y=I$:
# $\operatorname{tr}(\Sigma^2)+\frac1n\bigl[(\operatorname{tr}\Sigma)^2+\operatorname{tr}(\Sigma^2)\bigr]$.
# [Line by line](#moments-exercises) the machine multiplies out one, two and three rows in two dimensions, with any $\Sigma$.
# :::
#
# **3.** The noise in all labels doubles, at training and at test time. Which of $w_{ERM}^*$, $w_{MAML}^*$, floor, irreducible
# risk, excess risks, and the paper's ratio change?
#
# :::{dropdown} Solution
# Only the floor, which is multiplied by four. (With finitely many training tasks the trained solutions become noisier; [Chapter 5](05_convergence).)
# :::
#
# **Read next.** [Chapter 3](03_hardness) takes two tasks that differ only in hardness and asks how far apart the two solutions are. What this chapter did not stop for stands in [Lemma 2 and A.1, line by line](19_moments).
