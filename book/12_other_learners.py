# %% [markdown]
# # Other learners
#
# > **The paper, §1.** "MAML's computational cost can sometimes be reduced by updating a fraction of the model parameters via the cheaper ERM scheme instead of the MAML update […] or by
# > ignoring the MAML inner loop altogether"
#
# First-order MAML, Reptile, iMAML, more steps, both loops on all samples, a learned representation: each has been proposed in MAML's place, to be cheaper or better. One formula says what the first four look for, two more what the others cost and find.
#
# **What you will do.** Derive where five learners come to rest, and end with a table: what a step costs, which tasks it weighs, how much it can gain, when to take it.
#
# **What you will learn.** To read a learner off its weights; to say when first-order MAML is worse than ERM; to count what more steps, other inputs and split samples change.
#
# **What you need.** Chapters [2](02_population_solutions) and [4](04_geography).

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

from paperlib import claims, linear, plotting
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# ## What a learner weighs
#
# Each of five learners comes to rest at a *weighted mean of the task optima*. Here are the weights: how much a task counts, over its curvature $\rho$ in units of the inverse step $1/\alpha$.


# %% mystnb={"code_prompt_show": "Draw the weights of five learners", "figure": {"caption": "The weight of a task over its curvature, each curve in units of its largest value; full inner gradients. **Notice** where each curve has its top. ERM counts the easiest task most. MAML counts most a task with a third of the curvature $1/\\alpha$ that one step solves, and with more steps a harder one. Reptile counts all tasks above 0.4 alike. iMAML has its top at $\\lambda$, here $0.05/\\alpha$. First-order MAML, not drawn, has the curve of MAML with half as many steps.", "name": "fig-weights"}, "image": {"classes": "upright", "alt": "Five curves over curvature times step from 0.01 to 1 on a logarithmic axis. ERM, dashed, rises to the right end. MAML with one step has its top at one third and falls to zero at 1; with five steps its top is at one eleventh. Reptile with ten steps rises and is flat from 0.4 on. iMAML has a broad top at 0.05 and falls slowly."}} tags=["hide-input"]
def weight_curves():
    """Draw B over alpha rho, as the library computes it."""
    figure, axis = plt.subplots(figsize=(5, 3.4))
    curvature = np.geomspace(0.01, 1, 300)
    for name, label, steps, look in (
        ("erm", "ERM", 1, "ERM"),
        ("maml", "MAML", 1, "MAML"),
        ("maml", "MAML, 5 steps", 5, 0),
        ("reptile", "Reptile, 10 steps", 10, 1),
        ("imaml", "iMAML", 1, 2),
    ):
        B = linear.learner_weight(name, curvature[:, None, None], 1.0, steps, lam=0.05).ravel()
        axis.plot(curvature, B / B.max(), **plotting.LINES[look], label=label)
    axis.set(xscale="log", xlabel=r"curvature of the task, $\alpha\rho$", ylabel="weight")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.25), ncols=3)
    return figure


weight_curves()

# %% [markdown]
# Why? On one task, in one of its eigendirections, let $e=w-w^*$ be the distance of the start from the optimum. The loss is $\frac12\rho e^2$, and a step of the full gradient multiplies $e$ by $1-\alpha\rho$.
# After $K$ steps there is $(1-\alpha\rho)^Ke$ left. What does each learner do with that? ERM takes the gradient before, MAML that of the loss after the steps; **first-order MAML** takes the gradient *at the end* and applies it at the start;
# **Reptile** moves the start towards the end. **iMAML** replaces the steps by the minimiser of $\frac12\rho x^2+\frac\lambda2(x-e)^2$, and differentiates the loss there with respect to the start {cite}`nichol2018first,rajeswaran2019meta`.

# %%
rho, alpha, lam, K, e, x = sp.symbols("rho alpha lambda K e x", positive=True)
end = (1 - alpha * rho) ** K * e
near = sp.solve(rho * x + lam * (x - e), x)[0]
pulls = [
    sp.diff(rho * e**2 / 2, e),  # ERM
    sp.diff(rho * end**2 / 2, e),  # MAML
    rho * end,  # first-order MAML
    (e - end) / alpha,  # Reptile
    sp.diff(rho * near**2 / 2, e),  # iMAML
]
B = sp.Matrix([sp.factor(pull / e) for pull in pulls])
B

# %% [markdown]
# Every pull is proportional to $e$. In all directions together it is $B_i(w-w_i^*)$, where $B_i$ is this function of the matrix $\Sigma_i$, and a learner rests where the mean pull is zero:
#
# $$
# w=E[B_i]^{-1}E[B_iw_i^*].
# $$ (learner-start)
#
# Spread and noise have no say. `linear.learner_weight` and `linear.learner_start` compute $B$ and $w$; [Learners at work](24_other_learners) lets automatic differentiation do what each learner is *defined* to do, on tasks with arbitrary covariances, and finds them resting there.

# %% [markdown]
# Three things follow at once. **With full gradients first-order MAML with $2K$ steps is MAML with $K$**, at no second derivative: for quadratic losses the factor that it leaves out is one more contraction. **Reptile interpolates**: one step is ERM, and many steps find the plain mean of the optima.
# And three of the weights have a top, at a curvature of their own:

# %% mystnb={"code_prompt_show": "Where the weights have their top"} tags=["hide-input"]
maml, first_order, imaml = B[1], B[2], B[4]
tops = {maml: 1 / ((2 * K + 1) * alpha), first_order: 1 / ((K + 1) * alpha), imaml: lam}
slopes = [sp.diff(sp.log(weight), rho).subs(rho, top) for weight, top in tops.items()]
claims.proves(
    "eq:5",
    [*slopes, maml.subs({K: 1, rho: 1 / (3 * alpha)}), first_order.subs(K, 2 * K)],
    [0, 0, 0, 4 / (27 * alpha), maml],
    r"Beyond (5): the tops of MAML, first-order MAML and iMAML; MAML's is the $\frac13$ of chapter 3.",
    shows=r"\rho=\frac1{(2K+1)\alpha},\qquad\rho=\frac1{(K+1)\alpha},\qquad\rho=\lambda",
    towards=True,
    refuses={"first-order MAML for MAML": [0, 0, 0, 1 / (4 * alpha), first_order]},
)

# %% [markdown]
# MAML looks for tasks that are *hard but not impossibly hard*. iMAML with a small $\lambda$ has no such scruple: $B\approx\lambda^2/\rho$, and the hardest task counts most, even if no step will ever solve it.
#
# ## When the cheap one fails
#
# Now finite samples. The gradient at the end is taken on a batch of its own, so in first-order MAML every batch enters once, and its mean pull is that of full gradients, $\Sigma(I-\alpha\Sigma)^K(w-w^*)$, *for any $n_2$*. In MAML's pull the batch enters twice, and brings
# the variance term of [(5)](#eq-5). With a fresh batch in each step, first-order MAML and Reptile do not see its noise.
#
# What does that cost, if every start is judged by one step on $m$ samples, whatever its training took? Take the two clouds of chapter 4 at $\alpha=1/\rho_E$, $p=\frac12$, $n_2=m$. Write $\theta$ for the weight on the hard centre, $u=\rho_H/\rho_E$, $\delta=\frac{d+1}m$, $A=a_H/\rho_E=u(1-u)^2+\delta u^3$. ERM has the odds $u:1$, MAML $A:\delta$, that is $h:1$ with chapter 4's $h=a_H/a_E=A/\delta$. First-order MAML of one step has $u(1-u):0$: it sits *on the hard centre*, as does MAML with $n_2=\infty$.
# The part of the risk that a start can change, in units of $\frac d4\rho_ER^2$, is

# %%
u, delta, theta, A = sp.symbols("u delta theta A", positive=True)
changeable = A * (1 - theta) ** 2 + delta * theta**2
places = [u / (1 + u), A / (A + delta), 1, sp.Rational(1, 2), 1 / (1 + u)]
erm, maml, hard, mean, plenty = (changeable.subs(theta, place) for place in places)
sp.Matrix([hard - maml, erm - hard]).applyfunc(sp.factor)

# %% [markdown]
# The first line is what first-order MAML loses against MAML. The second is what it wins against ERM, and it can be negative:
#
# $$
# \text{first-order MAML beats ERM}\iff\frac A\delta>1+2u .
# $$ (first-order-pays)
#
# MAML itself leans to the hard task already for $\frac A\delta>u$. In between, its cheap form is worse than the learner that ignores the inner loop.


# %% mystnb={"code_prompt_show": "Draw the gain of three learners", "figure": {"caption": "Gain over ERM (its risk above the floor over the learner's) against the samples of the step: two points, $u=\\frac12$, $d=10$, $\\alpha=1/\\rho_E$. **Notice** that first-order MAML is as good as MAML with many samples; with fewer than at the dotted line it is worse than ERM, and soon far worse. Reptile never wins much.", "name": "fig-first-order"}, "image": {"classes": "upright", "alt": "Gain against samples from 10 to 10,000 on logarithmic axes; ERM is a horizontal line at 1. MAML starts a little above it, touches it near 33 samples and rises to 50. First-order MAML starts at 0.2, crosses ERM at the dotted line, 165 samples, and joins MAML from below. Reptile rises from 0.7 to 1.7 and is flat."}} tags=["hide-input"]
def gain_over_erm(learner, u, m, d=10, steps=1, samples=math.inf, lam=None):
    """Return the gain of a learner on two points at α = 1/ρ_E."""
    env = TaskEnvironment.hard_easy(d, u, 1.0, 1.0, 0.0, 0.0)
    start = linear.learner_start(env, learner, 1.0, steps, samples, lam)
    risks = [linear.risk_above_floor(env, w, 1.0, m) for w in (linear.erm_solution(env), start)]
    return risks[0] / risks[1]


def gains():
    """Draw the gain of MAML, first-order MAML and Reptile over m."""
    figure, axis = plt.subplots(figsize=(5, 3.4))
    samples = np.geomspace(10, 10_000, 60).round()
    assert abs(gain_over_erm("fomaml", 0.5, 165) - 1) < 1e-12  # the dotted line
    for name, label, steps, look in (
        ("erm", "ERM", 1, "ERM"),
        ("maml", "MAML", 1, "MAML"),
        ("fomaml", "first-order MAML", 1, 2),
        ("reptile", "Reptile, 5 steps", 5, 1),
    ):
        curve = [gain_over_erm(name, 0.5, m, steps=steps, samples=m) for m in samples]
        axis.plot(samples, curve, **plotting.LINES[look], label=label)
    axis.axvline(165, color=plotting.REFERENCE, ls=":", lw=1)
    axis.set(xscale="log", yscale="log", xlabel="samples $m$ of the step", ylabel="gain over ERM")
    axis.legend()
    return figure


gains()

# %% [markdown]
# The same for any learner: the risk is a parabola in $\theta$, so *a start beats ERM if and only if it is nearer to $\frac A{A+\delta}$*. With the mean of the optima for Reptile and $\frac1{1+u}$ for iMAML with $\lambda\to0$, that makes three thresholds for $\frac A\delta$:

# %% mystnb={"code_prompt_show": "Three thresholds"} tags=["hide-input"]
thresholds = [1 + 2 * u, (1 + 3 * u) / (3 + u), sp.Integer(1)]
sizes = [1, (1 - u) * (3 + u) / 4, 1 - u**2]
claims.proves(
    "text:cheaper-updates",
    [erm - hard, erm - mean, erm - plenty],
    [size * (A - delta * t) / (1 + u) ** 2 for size, t in zip(sizes, thresholds, strict=True)],
    "What first-order MAML, Reptile with many steps and iMAML with a small $\\lambda$ win against ERM.",
    shows=r"\frac A\delta>1+2u,\qquad\frac A\delta>\frac{1+3u}{3+u},\qquad\frac A\delta>1",
    refuses={
        "MAML's leaning to the hard side": [s * (A - delta * u) / (1 + u) ** 2 for s in sizes]
    },
)

# %% [markdown]
# On images first-order MAML came within about a point of MAML after [1,000 iterations](#omniglot-equal-cost), and was ten points behind in [chapter 9](09_omniglot)'s comparison, which is shorter and has another start. In the linear model it does not come close with few samples, or with tasks of similar hardness.
#
# ## More steps, other inputs
#
# Give every step a fresh batch. A step before a loss of curvature $M$ makes $E[PMP]$ of it, $P=I-\alpha\hat\Sigma$ with the batch's sample covariance $\hat\Sigma$, which Lemma 2 gives. For $M=cI$ and $\Sigma=\rho I$ this is $c\,\varphi(\rho)$ with $\varphi(\rho)=(1-\alpha\rho)^2+\delta\alpha^2\rho^2$. So $K$ steps leave $\rho\,\varphi(\rho)^K$:
# at $\alpha=1/\rho_E$ an easy task keeps $\delta^K$.
#
# Chapter 4's gain needs the two curvatures only, whatever made them. Write $\eta=a_E/a_H=1/h$:

# %%
eta, R, r_H, r_E = sp.symbols("eta R r_H r_E", positive=True)
spread = r_H + eta * r_E
erm_risk = (1 + eta * u**2) / (1 + u) ** 2 * R**2 + spread
maml_risk = eta / (1 + eta) * R**2 + spread
sp.expand(sp.limit(erm_risk / maml_risk, eta, 0))

# %% [markdown]
# While $\delta<\varphi(\rho_H)$, more steps, like more samples, send $\eta$ to zero: **the limits in $m$ and in $K$ agree.** For two points the gain has the main term $\frac1{\eta(1+u)^2}=\frac{u(1-u)^{2K}}{\delta^K(1+u)^2}$. Where is that highest?

# %% mystnb={"code_prompt_show": "The best hardness ratio for K steps"} tags=["hide-input"]
leading = u * (1 - u) ** (2 * K) / (delta**K * (1 + u) ** 2)
slope = sp.expand(sp.together(sp.diff(sp.log(leading), u) * u * (1 - u**2)))
best_u = (sp.sqrt(K**2 + 4 * K) - (K + 1)) / (2 * K - 1)
claims.proves(
    "cor:2",
    [sp.limit(erm_risk / maml_risk, eta, 0), slope.subs(u, best_u)],
    [1 + R**2 / ((1 + u) ** 2 * r_H), 0],
    "Beyond the corollary: the gain of many steps, and the hardness ratio at which the main term for $K$ steps is largest.",
    shows=r"1+\frac{R^2}{(1+u)^2r_H},\qquad u_K=\frac{\sqrt{K^2+4K}-(K+1)}{2K-1}",
    towards=True,
    refuses={"the limit of (12), without $u$": [1 + R**2 / r_H, 0]},
)

# %% [markdown]
# For $K=1$ this is chapter 4's $\sqrt5-2$. It falls like $\frac1{2K}$: the more steps, the harder the tasks that count most.
#
# In practice the steps share **one batch**. Then they leave $\frac\rho dE\operatorname{tr}(I-\alpha\hat\Sigma)^{2K}$, Wishart moments up to order $2K$, which [Learners at work](24_other_learners) counts. Two steps at $\alpha=1/\rho_E$ leave $\frac{2d^2+5d+5}{m^2}+\frac{d^3+6d^2+21d+20}{m^3}$ of an easy task, about $2\delta^2+\delta^3$ in many dimensions. Fresh batches leave $\delta^2$ but need twice the samples: with $\frac m2$ each, $4\delta^2$. That is more if and only if $m(2d^2+3d-1)>d^3+6d^2+21d+20$. *At equal cost in samples, for $d\ge5$ and $\delta<1$, two steps on one batch leave less of an easy task*; in one dimension that takes more than twelve samples.
#
# And where did $d+1$ come from? From $\hat\Sigma^2$. It has $m$ products of a sample with itself, and $m^2-m$ of two different ones, which are independent:
#
# $$
# E\hat\Sigma^2=\bigl(1-\tfrac1m\bigr)\Sigma^2+\tfrac1mE\bigl[\lVert x\rVert^2xx^\top\bigr].
# $$
#
# If no direction is special, the last mean is $\frac1dE\lVert x\rVert^4\,I$. So $a=\rho(1-\alpha\rho)^2+\delta\alpha^2\rho^3$ as before, but with
#
# $$
# \delta=\frac1m\Bigl(\frac{E\lVert x\rVert^4}{d\rho^2}-1\Bigr).
# $$ (delta-of-length)
#
# Only the *length* of an input matters. For independent coordinates of variance 1 and kurtosis $\kappa$:

# %%
d, m, kappa = sp.symbols("d m kappa", positive=True)
fourth = d * kappa + d * (d - 1)  # d squares with themselves, d² − d pairs of others
sp.factor(fourth / d - 1) / m

# %% [markdown]
# That is $d+1$ for Gaussian inputs ($\kappa=3$), $d+4$ for Laplace, $d-1$ for signs; on a sphere, where the length is fixed, $d-1$ too. Heavy tails make every step noisier. The formulas of chapters [3](03_hardness) and [4](04_geography) hold with this $\delta$.
#
# ## Ignoring the inner loop
#
# With *one* cloud, of one hardness, all these learners have the same limit, the mean $\mu$ of the optima, and nothing is to be gained. They differ in how fast they find it. From $T$ tasks each computes
# $\hat w=(\sum_i\hat B_i)^{-1}\sum_i\hat B_iw_i^*$, with $\hat B=\hat\Sigma$ for ERM, $P\hat\Sigma_oP$ for MAML on split samples, $\hat\Sigma_o$ of the outer ones, and $P\hat\Sigma P$ for both loops on all samples. Take $\Sigma=I$, as in all of this section, no noise, and $r$ for the spread:
#
# $$
# \frac{T\,E\lVert\hat w-\mu\rVert^2}{rd}\;\to\;\frac{\frac1dE\operatorname{tr}\hat B^2}{(\frac1dE\operatorname{tr}\hat B)^2}.
# $$ (price-of-weights)
#
# It is the variance of the estimate over that of the plain mean of the optima; the more $\hat B$ varies from task to task, the larger. ERM has $1+\frac{d+1}n$.
#
# - *A split only costs.* Averaged over the outer batch, $\hat B^2$ is $(1+\frac1{n_1})P^4+\frac1{n_1}\operatorname{tr}(P^2)P^2$ by Lemma 2, and $\hat B$ is $P^2$. By Cauchy and Schwarz the ratio is at least $1+\frac{d+1}{n_1}$, whatever the step: the inner samples are wasted. The best step is none; with label noise it is even *negative*.
# - *Both loops on all samples* can be better than ERM: at a step near $\frac14$, $\hat B=\hat\Sigma(I-\alpha\hat\Sigma)^2$ varies less than $\hat\Sigma$.
#
# Figure, moments and simulations are on [the same page](24_other_learners). So for equally hard tasks the paper's remark is more than right {cite}`bai2021important,bernacchia2021negative`: training that ignores the inner loop finds the start sooner than MAML on split samples does. At test time the step is still taken.
#
# (representation-spread)=
# ## A representation lives on spread
#
# ANIL adapts the head only, on features $U^\top x$ that the outer loop learns {cite}`raghu2020rapid`. Let $\Sigma=I$ here too, $x\sim N(0,I)$, $y=\langle x,\omega\rangle+z$ and $\Omega=E\,\omega\omega^\top$, mostly of low rank. The head starts at zero. After a step it is $b=\alpha U^\top g$, where $g=\frac1m\hat X^\top\hat y$ is the gradient's negative at zero, so the prediction is $\langle x,\Pi g\rangle$ with $\Pi=\alpha UU^\top$: *a preconditioner of the step*.
# First-order ANIL follows the gradient in $U$ at a fixed head, whose mean is, since $E[g\mid\omega]=\omega$,
#
# $$
# E\bigl[(\omega-Ub)b^\top\bigr]=\alpha(\Omega-\Pi\Gamma)U,
# $$ (anil-pull)
#
# $$
# \Gamma=E\,gg^\top=\bigl(1+\tfrac1m\bigr)\Omega+\tfrac1m(\operatorname{tr}\Omega+\sigma^2)I .
# $$
#
# $\Gamma$ is Lemma 2 once more. The pull vanishes at $\Pi=\Omega\Gamma^{-1}$, the best linear guess of $\omega$ from one gradient. It switches off every direction in which no task lies. What does a step on 12 samples leave in 30 dimensions, with $\Omega=\operatorname{diag}(1.5,1.2,0.8,0,\dots,0)$ and $\sigma=\frac12$?

# %% mystnb={"code_prompt_show": "Take 20,000 steps, plain and through the best features"} tags=["hide-input"]
rng, dim, few, std = np.random.default_rng(1), 30, 12, 0.5
spreads = np.array([1.5, 1.2, 0.8] + [0.0] * 27)  # Ω is diagonal, of rank 3
total = spreads.sum()
gamma = (1 + 1 / few) * spreads + (total + std**2) / few
omega = rng.normal(size=(20_000, dim)) * np.sqrt(spreads)
X = rng.normal(size=(20_000, few, dim))
labels = np.einsum("kmi,ki->km", X, omega) + std * rng.normal(size=(20_000, few))
g = np.einsum("kmi,km->ki", X, labels) / few
guesses = (0, total / gamma.sum() * g, spreads / gamma * g)
after = [((omega - guess) ** 2).sum(axis=1) for guess in guesses]
best, poor = total - (spreads**2 / gamma).sum(), total - total**2 / gamma.sum()
claims.samples(
    "text:representation-reduces-samples",
    np.stack(after, axis=1),
    [total, poor, best],
    f"Of {total:.2f} before a step from the best start, the best step leaves {poor:.2f}, the best features {best:.2f}.",
    shows=r"\operatorname{tr}\Omega,\quad\operatorname{tr}\Omega-\tfrac{(\operatorname{tr}\Omega)^2}{\operatorname{tr}\Gamma},\quad\operatorname{tr}\Omega-\operatorname{tr}\Omega\Gamma^{-1}\Omega",
    refuses={"features no better than a step": [total, poor, poor]},
)

# %% [markdown]
# The best start is zero here: the optima lie on all sides. The smallest such environment is the pair of equally hard tasks at $\pm v$. From $w$ their mean squared distance is $\lVert w\rVert^2+\lVert v\rVert^2$, so the midpoint is the best start. Of $\lVert v\rVert^2$ the best step leaves the first of these; with $\Omega=vv^\top$ and no noise, the best features leave the second:

# %%
step_risk = 1 - 2 * alpha + (1 + (d + 1) / m) * alpha**2
by_start = step_risk.subs(alpha, sp.solve(sp.diff(step_risk, alpha), alpha)[0])
by_features = 1 - 1 / ((1 + 1 / m) + 1 / m)
sp.Matrix([by_start, by_features]).applyfunc(sp.factor)

# %% mystnb={"code_prompt_show": "Two shares"} tags=["hide-input"]
claims.proves(
    "text:erm-learns-the-subspace",
    [by_start, by_features],
    [(d + 1) / (d + 1 + m), 2 / (m + 2)],
    r"Left of two tasks at $\pm v$, from the best start and through the subspace.",
    shows=r"\frac{d+1}{d+1+m},\qquad\frac2{m+2}",
    case="why it is necessary, for one step without noise",
    refuses={"a subspace that does not help": [(d + 1) / (d + 1 + m)] * 2},
)

# %% [markdown]
# From any start, the samples must grow with $d$; through the subspace they need not. **An initialisation pays for spread; a representation lives on it.** Spread is a cost that no start can lower: it has no part in {eq}`learner-start`. If the optima have mean zero, $\Omega$ is their spread, and {eq}`anil-pull` learns from nothing else.
# Three remarks of §1 are about other work, and one is dated:

# %% mystnb={"code_prompt_show": "A quotation"} tags=["hide-input"]
claims.quotes(
    "text:no-proof-of-better-representation",
    "Said before a work of the same first author, which proves that MAML, ANIL and their first-order forms learn a shared subspace.",
    source="Collins, Mokhtari, Oh and Shakkottai 2022, by its abstract; the fixed point of the pull above is such a statement for one step",
)

# %% mystnb={"code_prompt_show": "Two quotations"} tags=["hide-input"]
claims.quotes(
    "text:feature-reuse-or-rapid-adaptation text:erm-learns-the-subspace",
    "Feature reuse and rapid adaptation were found on images (chapter 9 runs ANIL, and reads features out by class means); ERM's subspace is proved in the works cited.",
    source="Raghu et al. 2019, Oh et al. 2020; Du et al. 2020, Tripuraneni et al. 2020, as cited by the paper",
)

# %% [markdown]
# ## The table to take away
#
# One thing is missing: how much each learner can gain at one step of size $1/\rho_E$, if the clouds are points. For MAML, first-order MAML, Reptile with many steps and iMAML with $\lambda\to0$ it is

# %%
ceilings = [erm / left for left in (maml, hard, mean, plenty)]
sp.Matrix(ceilings).applyfunc(sp.factor)

# %% mystnb={"code_prompt_show": "Limits of the ceilings"} tags=["hide-input"]
dear, cheap, flat, small = ceilings
loss, more = (A + delta * u**2) / (A * (1 + u) ** 2), 1 / (u**2 * (delta + A * u**2))
claims.proves(
    "cor:2",
    [dear - cheap, 4 / (1 + u) ** 2 - flat, 1 / u**2 - small],
    [loss, 4 * delta * (1 - u) / ((A + delta) * (1 + u)), delta * (1 - u**4) * more],
    "Beyond the corollary, at $\\alpha=1/\\rho_E$: what first-order MAML's ceiling lacks to MAML's, Reptile's to $\\frac4{(1+u)^2}$, iMAML's to $\\frac1{u^2}$.",
    shows=r"\tfrac{A+\delta u^2}{A(1+u)^2},\qquad\tfrac{4\delta(1-u)}{(A+\delta)(1+u)},\qquad\tfrac{\delta(1-u^4)}{u^2(\delta+Au^2)}",
    towards=True,
    refuses={"none of them limited": [loss, 4 / (1 + u) ** 2, 1 / u**2]},
)

# %% [markdown]
# | learner | cost of a step, in gradients of a task | weighs most | beats ERM (two clouds, unlimited tasks) | its ceiling at $\alpha=1/\rho_E$ (one step at the test; $K$ for MAML) | take it |
# | --- | --- | --- | --- | --- | --- |
# | ERM | 1 | the easiest | | 1 | if tasks share their covariance, or are few, or if optima do not depend on hardness |
# | ERM with [weights on its tasks](#when-weights) | 1 | as MAML, with weights $\varphi(\rho_i)$ | never worse, with $\varphi$ at the test's $m$ | MAML's | if tasks are isotropic |
# | MAML, $K$ steps | $K+1$, and $K$ Hessian products | $\rho=\frac1{(2K+1)\alpha}$ | never worse, if $n_2=m$ | of order $\bigl(\frac m{d+1}\bigr)^K$ | if steps solve the easy tasks but not far, hard ones |
# | first-order MAML | $K+1$ | $\rho=\frac1{(K+1)\alpha}$ | $\frac A\delta>1+2u$ | for $K=1$ MAML's, less $\frac{A+\delta u^2}{A(1+u)^2}$ | if samples are many and hardness differs |
# | Reptile, $K$ steps | $K$ | all alike, as $K$ grows | $\frac A\delta>\frac{1+3u}{3+u}$ | below $\frac4{(1+u)^2}$ | if a second batch and second derivatives are too dear, and a gain below 4 will do |
# | iMAML | a minimisation and a linear system | $\rho=\lambda$ | $\frac A\delta>1$ for $\lambda\to0$ | below $\frac1{u^2}$ for $\lambda\to0$ | if $\lambda$ can be tuned (Exercise 2) |
# | both loops on all samples | as MAML | much as MAML | | | if tasks are equally hard: at a short step its variance can be below ERM's |
# | first-order ANIL | 1, and $K$ steps of the head | directions of spread | | | if the optima share a subspace |
#
# ## What we have seen
#
# - We derived the starts of five learners from one formula, and read off whom each of them looks for.
# - First-order MAML pays exactly where $\frac A\delta>1+2u$. Below it is worse than ERM, as it does not see the variance of a step.
# - More steps do what more samples do; from five dimensions on, and for $m>d+1$, two steps on one batch leave less of an easy task than two on its halves.
# - For other inputs than Gaussian ones, $d+1$ becomes $d+\kappa-2$, or what {eq}`delta-of-length` says.
# - With equally hard tasks, a split only costs, and its best step in training is zero, with noise even negative.
# - An initialisation pays for spread, a representation lives on it.
#
# ## Exercises
#
# **1.** Let first-order MAML take its last gradient on *the same* batch as its step. What does it weigh, and where does it rest at $\alpha=1/\rho_E$?
#
# :::{dropdown} Solution
# The mean pull is $E[\hat\Sigma(I-\alpha\hat\Sigma)](w-w^*)$, and by Lemma 2 $E\hat\Sigma^2=\rho^2(1+\delta)I$ for $\Sigma=\rho I$. So the weight is $\rho(1-\alpha\rho(1+\delta))$. On easy tasks it is $-\rho_E\delta$, negative: for $\delta<\frac{u(1-u)}{1+u^2}$ the start lies *beyond* the hard centre. With fewer samples the mean weight is negative, the pull drives away, and there is no rest.
# :::
#
# **2.** For two points, which $\lambda$ makes iMAML's start the best one?
#
# :::{dropdown} Solution
# Its odds are $u\bigl(\frac{\rho_E+\lambda}{\rho_H+\lambda}\bigr)^2$, the best ones $\frac A\delta$. With $q=\sqrt{A/(\delta u)}$ this gives $\lambda=\rho_E\frac{1-qu}{q-1}$, which is positive for $u<\frac A\delta<\frac1u$.
# :::

# %% mystnb={"code_prompt_show": "Show the test of the second solution"} tags=["hide-cell"]
q = math.sqrt((0.2 * 0.64 + 0.055 * 0.008) / (0.055 * 0.2))  # u = 0.2, d = 10, m = 200
tuned = gain_over_erm("imaml", 0.2, 200, lam=(1 - q * 0.2) / (q - 1))
assert np.isclose(tuned, gain_over_erm("maml", 0.2, 200, samples=200), rtol=1e-12)

# %% [markdown]
# **Read next.** [Chapter 9](09_omniglot) runs several of these learners on images.
