# %% [markdown]
# # Other learners
#
# > **The paper, §1.** "MAML's computational cost can sometimes be reduced by updating a fraction of the model parameters via the cheaper ERM scheme instead of the MAML update […] or by
# > ignoring the MAML inner loop altogether"
#
# First-order MAML, Reptile, iMAML, more steps, no split, a learned representation: each is cheaper than MAML or better in somebody's hands. One formula says what each of them looks for, and when it finds it.
#
# **What you will do.** Derive where five learners come to rest, and end with a table: what a step costs, which tasks it weighs, how much it can gain, when to take it.
#
# **What you will learn.** To read a learner off its weights; to say when first-order MAML is worse than doing nothing; to count what more steps, other inputs and split samples change.
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
        raise ModuleNotFoundError(
            "paperlib is missing: set REPOSITORY above to the address of the book's repository"
        )
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", f"git+{REPOSITORY}"], check=True)

import math
from collections import Counter
from functools import lru_cache

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
import torch
from IPython.display import Markdown
from torch.func import grad

from paperlib import claims, linear, plotting
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# ## What a learner weighs
#
# Each learner of this chapter comes to rest at a *weighted mean of the task optima*. Here are the weights: how much a task counts, over its curvature $\rho$ in units of the inverse step $1/\alpha$.


# %% mystnb={"code_prompt_show": "Draw the weights of five learners", "figure": {"caption": "The weight of a task over its curvature, each curve in units of its largest value; full inner gradients. **Notice** where each curve has its top: ERM counts the easiest task most, MAML one of a third of the largest curvature that the step can bear, with more steps harder ones; Reptile counts nearly all alike; iMAML has a top of its own, which its λ moves (here 0.05/α). First-order MAML, not drawn, has MAML's weights for half as many steps.", "name": "fig-weights"}, "image": {"alt": "Five curves over curvature times step from 0.01 to 1 on a logarithmic axis. ERM, dashed, rises to the right end. MAML with one step has its top at one third and falls to zero at 1; with five steps its top is at one eleventh. Reptile with ten steps rises and is flat from 0.4 on. iMAML has a broad top at 0.05 and falls slowly."}} tags=["hide-input"]
def weight_curves():
    """Draw B over alpha rho, as the library computes it."""
    figure, axis = plt.subplots(figsize=(7, 3.8))
    curvature = np.geomspace(0.01, 1, 300)
    drawn = {
        "ERM": (("erm",), plotting.LINES["ERM"]),
        "MAML": (("maml",), plotting.LINES["MAML"]),
        "MAML, 5 steps": (("maml", 5), plotting.LINES[0]),
        "Reptile, 10 steps": (("reptile", 10), plotting.LINES[1]),
        "iMAML": (("imaml",), plotting.LINES[2]),
    }
    for name, ((learner, *steps), look) in drawn.items():
        B = linear.learner_weight(learner, curvature[:, None, None], 1.0, *steps, lam=0.05).ravel()
        axis.plot(curvature, B / B.max(), **look, label=name)
    axis.set(xscale="log", xlabel=r"curvature of the task, $\alpha\rho$", ylabel="weight")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.25), ncols=3)
    return figure


weight_curves()

# %% [markdown]
# Why? On one task, in one of its eigendirections, let $e=w-w^*$ be the distance of the start from the optimum. The loss is $\frac12\rho e^2$, and a step of the full gradient multiplies $e$ by $1-\alpha\rho$.
# After $K$ steps there is $(1-\alpha\rho)^Ke$ left. What does each learner do with that? ERM takes the gradient before, MAML that of the loss after the steps; **first-order MAML** takes the gradient *at the end* and applies it at the start;
# **Reptile** moves the start towards the end. **iMAML** replaces the steps by the minimiser of $\frac12\rho x^2+\frac\lambda2(x-e)^2$, and takes the gradient of the loss there {cite}`nichol2018first,rajeswaran2019meta`.

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
# Spread and noise have no say. `linear.learner_weight` and `linear.learner_start` compute $B$ and $w$. To test them, let automatic differentiation do what each learner is *defined* to do, on tasks with arbitrary covariances. The mean pull is affine in $w$: its values at the origin and at the unit vectors tell where it is zero.

# %% mystnb={"code_prompt_show": "Run each learner by its definition, and compare where it rests"} tags=["hide-input"]
STEP, LAM = 0.4, 0.3
generator = np.random.default_rng(12)
factors = generator.normal(size=(6, 3, 3)) / 2
many = TaskEnvironment.finite_tasks(
    factors @ factors.swapaxes(1, 2) + 0.2 * np.eye(3), generator.normal(size=(6, 3))
)
tasks = [torch.tensor(part) for part in (many.covariances, many.means)]


def pull(learner, steps, w, sigma, optimum):
    """Return the gradient that a learner takes on one task."""

    def loss(v):
        return (v - optimum) @ sigma @ (v - optimum) / 2

    def adapt(v):
        if learner == "imaml":
            return torch.linalg.solve(
                sigma + LAM * torch.eye(3, dtype=w.dtype), sigma @ optimum + LAM * v
            )
        for _ in range(0 if learner == "erm" else steps):
            v = v - STEP * grad(loss)(v)
        return v

    if learner == "reptile":
        return (w - adapt(w)) / STEP
    return grad(loss)(adapt(w)) if learner == "fomaml" else grad(lambda v: loss(adapt(v)))(w)


def rest(learner, steps):
    """Return the start at which the mean pull over the tasks is zero."""
    points = [*torch.eye(3).double(), torch.zeros(3).double()]
    *ahead, origin = (
        sum(pull(learner, steps, w, *task) for task in zip(*tasks, strict=True)).numpy()
        for w in points
    )
    return np.linalg.solve(np.array(ahead).T - origin[:, None], -origin)


runs = [(name, k) for name in ("erm", "maml", "fomaml", "reptile", "imaml") for k in (1, 2, 5)]
starts = [linear.learner_start(many, name, STEP, k, lam=LAM) for name, k in runs]
doubled = [linear.learner_start(many, name, STEP, 2 * k, lam=LAM / 2) for name, k in runs]
claims.checks(
    "eq:5",
    [rest(*run) for run in runs],
    starts,
    "Where the five learners rest, with 1, 2 and 5 steps, on six tasks with arbitrary covariances.",
    shows=r"w=E[B_i]^{-1}E[B_iw_i^*]",
    rtol=1e-9,
    towards=True,
    refuses={r"twice the steps, and half of $\lambda$": doubled},
)

# %% [markdown]
# Three things follow at once. **First-order MAML with $2K$ steps is MAML with $K$**, at no second derivative: for quadratic losses the factor that it leaves out is one more contraction. **Reptile interpolates**: one step is ERM, and many steps find the plain mean of the optima.
# And each weight has its top at a curvature of its own:

# %% tags=["hide-input"]
maml, first_order, imaml = B[1], B[2], B[4]
tops = {maml: 1 / ((2 * K + 1) * alpha), first_order: 1 / ((K + 1) * alpha), imaml: lam}
slopes = [sp.diff(sp.log(weight), rho).subs(rho, top) for weight, top in tops.items()]
claims.proves(
    "eq:5",
    [*slopes, maml.subs({K: 1, rho: 1 / (3 * alpha)}), first_order.subs(K, 2 * K)],
    [0, 0, 0, 4 / (27 * alpha), maml],
    r"The tops of MAML, first-order MAML and iMAML; MAML's is the $\frac4{27}$ of chapter 4.",
    shows=r"\rho=\frac1{(2K+1)\alpha},\qquad\rho=\frac1{(K+1)\alpha},\qquad\rho=\lambda",
    towards=True,
    refuses={"first-order MAML for MAML": [0, 0, 0, 1 / (4 * alpha), first_order]},
)

# %% [markdown]
# MAML looks for tasks that are *hard but not impossibly hard*. iMAML with a small $\lambda$ has no such scruple: $B\to\lambda^2/\rho$, and the hardest task counts most, even if no step will ever solve it.
#
# ## When the cheap one fails
#
# Now finite samples. The gradient at the end is taken on a batch of its own, so in first-order MAML every batch enters once, and the mean is that of the full gradient, $\Sigma(I-\alpha\Sigma)^K(w-w^*)$, *for any $n_2$*. MAML's weight has the batch twice, and with it
# the variance term of [(5)](#eq-5). First-order MAML does not know that adapting is noisy.
#
# Take the two clouds of chapter 4 at $\alpha=1/\rho_E$, $p=\frac12$, $n_2=m$. Write $\theta$ for the weight on the hard centre, $u=\rho_H/\rho_E$, $\delta=\frac{d+1}m$, $A=\frac{a_H}{\rho_E}=u(1-u)^2+\delta u^3$. ERM has the odds $u:1$, MAML $A:\delta$. First-order MAML has $u(1-u):0$: it sits *on the hard centre*.
# Of the risk a start can change this much, in units of $\frac d4\rho_ER^2$:

# %%
u, delta, theta = sp.symbols("u delta theta", positive=True)
A = sp.Symbol("A", positive=True)
left = A * (1 - theta) ** 2 + delta * theta**2
at_erm, at_maml, at_hard = (left.subs(theta, t) for t in (u / (1 + u), A / (A + delta), 1))
sp.factor(sp.Matrix([at_hard - at_maml, at_erm - at_hard]))

# %% [markdown]
# The first line is what first-order MAML loses against MAML. The second is what it wins against ERM, and it can be negative:
#
# $$
# \text{first-order MAML beats ERM}\iff\frac A\delta>1+2u .
# $$ (first-order-pays)
#
# MAML itself leans to the hard side already for $\frac A\delta>u$. In between, first-order MAML is worse than the learner that ignores the inner loop. The library, which knows nothing of $\theta$, decides alike:

# %% tags=["hide-input"]
rng = np.random.default_rng(1)
size = 3000
u_, m_ = rng.uniform(0.02, 0.98, size), rng.integers(5, 2000, size)
d_, R_ = rng.integers(1, 12, size), rng.uniform(0.5, 5, size)


def left_by(learner, d, u, m, R, steps=1, samples=math.inf):
    """Return the risk above the floor from a learner's start between two points, at α = 1/ρ_E."""
    env = TaskEnvironment.hard_easy(int(d), u, 1.0, R, 0.0, 0.0)
    start = linear.learner_start(env, learner, 1.0, steps, samples)
    return linear.risk_above_floor(env, start, 1.0, m)


cases = list(zip(d_, u_, m_, R_, strict=True))
better = [left_by("fomaml", *case) < left_by("erm", *case) for case in cases]
ratio = m_ / (d_ + 1) * u_ * (1 - u_) ** 2 + u_**3
claims.decides(
    "text:cheaper-updates",
    np.array(better),
    lambda factor: ratio > factor * (1 + 2 * u_),
    "Whether first-order MAML has the smaller risk, in 3,000 pairs of tasks.",
    shows=r"\frac{A}{\delta}=\frac{m}{d+1}u(1-u)^2+u^3>1+2u",
    refuses={"the condition under which MAML leans to the hard side": ratio > u_},
)


# %% mystnb={"code_prompt_show": "Draw the gain of four learners", "figure": {"caption": "Gain over ERM, its risk above the floor over the learner's, against the samples of the step: u = 1/2, d = 10, α = 1/ρ_E, two points. **Notice** that first-order MAML, at half of MAML's price, is as good with many samples; with fewer than those at the vertical line it is worse than ERM, and soon far worse. Reptile (5 steps) never wins much and loses little.", "name": "fig-first-order"}, "image": {"alt": "Gain against samples from 10 to 10,000 on logarithmic axes. MAML stays above 1, touches it near 33 samples and rises to the right. First-order MAML starts near 0.12, crosses 1 at the vertical line near 165 samples and approaches MAML from below. Reptile runs close to 1 from 0.7 to 1.7 and is flat."}} tags=["hide-input"]
def gains():
    """Draw the gain of MAML, first-order MAML and Reptile over m."""
    figure, axis = plt.subplots(figsize=(7, 3.8))
    samples = np.unique(np.geomspace(10, 10_000, 60).astype(int))
    erm = np.array([left_by("erm", 10, 0.5, m, 1) for m in samples])
    for name, look, learner in (
        ("MAML", plotting.LINES["MAML"], lambda m: left_by("maml", 10, 0.5, m, 1, samples=m)),
        ("first-order MAML", plotting.LINES[0], lambda m: left_by("fomaml", 10, 0.5, m, 1)),
        ("Reptile, 5 steps", plotting.LINES[1], lambda m: left_by("reptile", 10, 0.5, m, 1, 5)),
    ):
        axis.plot(samples, erm / [learner(m) for m in samples], **look, label=name)
    axis.axhline(1, **plotting.LINES["ERM"], label="ERM")
    axis.axvline(11 * 1.875 / 0.125, color=plotting.REFERENCE, ls=":", lw=1)
    axis.set(xscale="log", yscale="log", xlabel="samples $m$ of the step", ylabel="gain over ERM")
    axis.legend()
    return figure


gains()

# %% [markdown]
# Chapter 9 found that on images first-order MAML comes within a few points of MAML. This is where it would not: few samples, tasks of similar hardness. Is the missing variance term real? Draw batches, and take the mean of what first-order MAML takes:

# %% tags=["hide-input"]
rng = np.random.default_rng(2)
sigma, offset, n = np.array([[0.8, 0.2], [0.2, 0.5]]), np.array([1.0, -2.0]), 4
root = np.linalg.cholesky(sigma)
X = rng.normal(size=(2, 200_000, n, 2)) @ root.T
inner, outer = np.einsum("bksi,bksj->bkij", X, X) / n
ends = offset - 1.2 * inner @ offset
by_maml = linear.learner_weight("maml", sigma, 1.2, samples=n) @ offset
claims.samples(
    "eq:5",
    np.einsum("kij,kj->ki", outer, ends),
    linear.learner_weight("fomaml", sigma, 1.2, samples=n) @ offset,
    "The mean pull of first-order MAML on four samples, in 200,000 batches.",
    shows=r"E[\hat S_o(I-\alpha\hat S_i)]=\Sigma(I-\alpha\Sigma)",
    towards=True,
    refuses={"MAML's, with its variance term": by_maml},
)

# %% [markdown]
# ## More steps
#
# Give every step a fresh batch of $m$. A step before a loss of curvature $M$ makes of it $E[PMP]$, $P=I-\alpha\hat S$, which Lemma 2 gives. For $M=cI$ and $\Sigma=\rho I$ this is $c\,\varphi(\rho)$ with $\varphi(\rho)=(1-\alpha\rho)^2+\delta\alpha^2\rho^2$. So $K$ steps leave $\rho\,\varphi(\rho)^K$:
# at $\alpha=1/\rho_E$ an easy task keeps $\delta^K$.
#
# Chapter 4's gain needs the two curvatures only, whatever made them. Write $y=a_E/a_H$:

# %%
y, R, r_H, r_E = sp.symbols("y R r_H r_E", positive=True)
spread = r_H + y * r_E
erm_risk = (1 + y * u**2) / (1 + u) ** 2 * R**2 + spread
maml_risk = y / (1 + y) * R**2 + spread
sp.limit(erm_risk / maml_risk, y, 0)

# %% [markdown]
# More samples and more steps do the same thing: they send $y$ to zero. **The paper's limit in $m$ is also the limit in $K$.** With two points for clouds the gain has a ceiling. Its main term is $\frac1{y(1+u)^2}$, which is highest at

# %%
leading = u * (1 - u) ** (2 * K) / (delta**K * (1 + u) ** 2)
best_u = (sp.sqrt(K**2 + 4 * K) - (K + 1)) / (2 * K - 1)
best_u

# %% tags=["hide-input"]
claims.proves(
    "cor:2",
    [
        sp.limit(erm_risk / maml_risk, y, 0),
        sp.expand(sp.together(sp.diff(sp.log(leading), u) * u * (1 - u**2))).subs(u, best_u),
    ],
    [1 + R**2 / ((1 + u) ** 2 * r_H), 0],
    "The gain of many steps or samples, and the hardness ratio at which $K$ steps can gain most.",
    shows=r"1+\frac{R^2}{(1+u)^2r_H},\qquad u_K=\frac{\sqrt{K^2+4K}-(K+1)}{2K-1}",
    towards=True,
    refuses={"the limit of (12), without $u$": [1 + R**2 / r_H, 0]},
)

# %% [markdown]
# For one step that is $\sqrt5-2=\varphi^{-3}$ again, for two 0.155, for three 0.117: with more steps, harder tasks pay.
#
# In practice the steps share **the same batch**. Then they leave $\rho\,E\operatorname{tr}(I-\alpha\hat S)^{2K}/d$, moments of a Wishart matrix up to order $2K$. Such a moment is a sum over the ways to pair its Gaussian factors. For rows of variance 1, each closed loop of column indices contributes a $d$, each loop of row indices an $m$:

# %% mystnb={"code_prompt_show": "Count the pairings of a Wishart moment"} tags=["hide-input"]
d, n, m = sp.symbols("d n m", positive=True)


def pairings(points):
    """Yield every way to join points in pairs, as a mapping from point to partner."""
    if not points:
        yield {}
    for k in range(1, len(points)):
        for others in pairings(points[1:k] + points[k + 1 :]):
            yield {points[0]: points[k], points[k]: points[0], **others}


def loops(one, other):
    """Count the loops that two pairings close together."""
    seen, count = set(), 0
    for point in one:
        count += point not in seen
        while point not in seen:
            seen |= {point, one[point]}
            point = other[one[point]]
    return count


@lru_cache
def moment(*powers):
    """Return E[tr S^k tr S^l ...] for S = X'X/n: factor j has the points 2j and 2j + 1."""
    points, columns, first = tuple(range(2 * sum(powers))), {}, 0
    for k in powers:
        for i in range(k):
            out, into = 2 * (first + i) + 1, 2 * (first + (i + 1) % k)
            columns |= {out: into, into: out}
        first += k
    rows = {p: p ^ 1 for p in points}
    counts = Counter((loops(p, columns), loops(p, rows)) for p in pairings(points))
    found = sum(c * d**i * n ** (j - sum(powers)) for (i, j), c in counts.items())
    return d ** powers.count(0) * found


# %%
powers = [sp.binomial(4, j) * (-1) ** j * moment(j) / d for j in range(5)]
reused = sp.collect(sp.expand(sum(powers).subs(n, m)), m)
reused

# %% [markdown]
# That is the share of an easy task that two steps on one batch leave at $\alpha=1/\rho_E$, about $2\delta^2$. Fresh batches leave $\delta^2$, but take twice the samples: with $\frac m2$ each, $4\delta^2$. *At equal cost in samples, use the batch again.*

# %% tags=["hide-input"]
sizes = [(k, D, M) for k in (2, 3) for D, M in ((1, 3), (2, 5), (5, 9), (10, 500))]
counted = {
    k: sum(sp.binomial(2 * k, j) * (-1) ** j * moment(j) / d for j in range(2 * k + 1))
    for k in (2, 3)
}
shares = [
    linear.adapted_covariance(np.eye(D), 1.0, M, k, same_batch=True)[0, 0] for k, D, M in sizes
]
claims.checks(
    "eq:5",
    shares,
    [float(counted[k].subs({d: D, n: M})) for k, D, M in sizes],
    "What two and three steps on one batch leave of an easy task: the library integrates by parts.",
    shows=r"E(1-s)^4=\tfrac{2d^2+5d+5}{m^2}+\tfrac{d^3+6d^2+21d+20}{m^3}",
    rtol=1e-9,
    towards=True,
    refuses={r"fresh batches, $\delta^K$": [((D + 1) / M) ** k for k, D, M in sizes]},
)

# %% tags=["hide-input"]
rng = np.random.default_rng(3)


def curvatures(inputs, covariance, alpha, steps, same_batch):
    """Return draws of P...P Σ P...P for inputs (steps, draws, m, d)."""
    product = np.eye(len(covariance))
    for k in range(steps):
        X = inputs[0 if same_batch else k]
        step = np.eye(len(covariance)) - alpha / X.shape[1] * X.swapaxes(1, 2) @ X
        product = step @ product
    return product.swapaxes(1, 2) @ covariance @ product


X = rng.normal(size=(3, 100_000, 6, 2)) @ root.T
claims.samples(
    "eq:5",
    np.stack([curvatures(X, sigma, 0.6, 3, same) for same in (False, True)], axis=1),
    [linear.adapted_covariance(sigma, 0.6, 6, 3, same) for same in (False, True)],
    "Three simulated steps on six samples, fresh or the same, with a full covariance.",
    shows=r"E[P_1P_2P_3\Sigma P_3P_2P_1],\qquad E[P^3\Sigma P^3]",
    towards=True,
    refuses={
        "each for the other": [
            linear.adapted_covariance(sigma, 0.6, 6, 3, s) for s in (True, False)
        ]
    },
)

# %% [markdown]
# ## Inputs that are not Gaussian
#
# Where did $d+1$ come from? From $\hat S^2$. It has $m$ products of a sample with itself and $m^2-m$ of two different ones, which are independent:
#
# $$
# E\hat S^2=\bigl(1-\tfrac1m\bigr)\Sigma^2+\tfrac1mE\bigl[\lVert x\rVert^2xx^\top\bigr].
# $$
#
# If no direction is special, $\Sigma=\rho I$ and the last mean is $\frac1dE\lVert x\rVert^4\,I$. So $a=\rho(1-\alpha\rho)^2+\delta\alpha^2\rho^3$ as before, with
#
# $$
# \delta=\frac1m\Bigl(\frac{E\lVert x\rVert^4}{d\rho^2}-1\Bigr).
# $$ (delta-of-length)
#
# Only the *length* of an input matters. For independent coordinates of kurtosis $\kappa$ the bracket is $d+\kappa-2$: $d+1$ for Gaussian ones, $d+4$ for Laplace, $d-1$ for signs, and $d-1$ also on a sphere, where the length is fixed.
# Heavy tails make every step noisier. All formulas of this book with isotropic tasks hold with this $\delta$.

# %% tags=["hide-input"]
shape, dim, rate, few = (1, 200_000, 3, 4), 4, 0.6, 3
gaussian = rng.normal(size=shape)
inputs = [
    (dim + 1, gaussian),
    (dim + 4, rng.laplace(size=shape) / math.sqrt(2)),
    (dim - 1, rng.choice([-1.0, 1.0], size=shape)),
    (dim - 0.2, rng.uniform(-math.sqrt(3), math.sqrt(3), size=shape)),
    (dim - 1, math.sqrt(dim) * gaussian / np.linalg.norm(gaussian, axis=-1, keepdims=True)),
]
left_of = [curvatures(draw, np.eye(dim), rate, 1, True) for _, draw in inputs]
claims.samples(
    "lem:2",
    np.stack([np.trace(one, axis1=1, axis2=2) / dim for one in left_of], axis=1),
    [(1 - rate) ** 2 + bracket / few * rate**2 for bracket, _ in inputs],
    "What a step on three samples leaves: Gaussian, Laplace, signs, uniform ($\\kappa=1.8$), a sphere.",
    shows=r"m\,\delta=d+1,\quad d+4,\quad d-1,\quad d-\tfrac15,\quad d-1",
    towards=True,
    refuses={"the Gaussian $d+1$ for all": [(1 - rate) ** 2 + (dim + 1) / few * rate**2] * 5},
)

# %% [markdown]
# ## Ignoring the inner loop
#
# With *one* cloud, of one hardness, every learner of the table has the same limit, the mean $\mu$ of the optima. There is nothing to gain. What differs is how fast it is found. From $T$ tasks each finds
# $\hat w=(\sum_iM_i)^{-1}\sum_iM_iw_i^*$, with $M=\hat S$ for ERM, $P\hat S_oP$ for MAML on split samples, and $P\hat SP$ if both loops use all of them. With $r$ the spread and no noise (chapter 5)
#
# $$
# \frac{T\,E\lVert\hat w-\mu\rVert^2}{rd}\;\to\;\frac{\frac1dE\operatorname{tr}M^2}{(\frac1dE\operatorname{tr}M)^2}.
# $$ (price-of-weights)
#
# It is 1 for the plain mean of the optima, and the more $M$ varies, the larger. ERM has $1+\frac{d+1}n$. The moments counted above give the rest, and label noise adds its own term:

# %% mystnb={"code_prompt_show": "Means of products of traces of polynomials"} tags=["hide-input"]
alpha, r, sigma2 = sp.symbols("alpha r sigma^2", real=True)
n1, n2 = sp.symbols("n_1 n_2", positive=True)


def mean(*polynomials):
    """Return E of the product of (1/d) tr p(S), each p a mapping from power to coefficient."""
    terms = [((), sp.Integer(1))]
    for p in polynomials:
        terms = [((*powers, k), c * p[k]) for powers, c in terms for k in p]
    return sum(c * moment(*sorted(powers)) for powers, c in terms) / d ** len(polynomials)


def P(k, times=0):
    """Return (1 - alpha s)^k s^times as a mapping from power to coefficient."""
    return {j + times: sp.binomial(k, j) * (-alpha) ** j for j in range(k + 1)}


# %%
weight = mean(P(2))
square = (1 + 1 / n1) * mean(P(4)) + d / n1 * mean(P(2), P(2))
echo = (1 + 1 / n1) * mean(P(2, 1)) + d / n1 * mean({1: 1}, P(2))
noise = weight / n1 + alpha**2 / n2 * echo
split = ((r * square + sigma2 * noise) / weight**2).subs(n, n2)

# %%
one_batch = (r * mean(P(4, 2)) + sigma2 / n * mean(P(4, 1))) / mean(P(2, 1)) ** 2
erm = r * (1 + (d + 1) / n) + sigma2 / n


# %% mystnb={"code_prompt_show": "Draw the price of estimation", "figure": {"caption": "What is estimated from T tasks: T E‖ŵ − μ‖²/(rd) over the inner step of training, for d = 10 and 25 samples a task, split 5 + 20 or not; r = 1/20. Above without label noise, below with σ = 1. **Notice** that split samples cost, that the best step for them is zero without noise and *negative* with it, and that both loops on the same samples are better than ERM, at a step that is positive.", "name": "fig-split"}, "image": {"alt": "Two panels over the training step from -0.8 to 0.5. Above: the curve of split samples has its minimum at zero, above ERM's horizontal line; the curve of one batch touches ERM's line at zero and has its minimum near 0.27 below it. Below: the curve of split samples falls to the left, with a minimum near -0.65, far above ERM's line; that of one batch has its minimum near 0.18."}} tags=["hide-input"]
def prices():
    """Draw the three variances over the training step, without and with noise."""
    figure, axes = plt.subplots(2, 1, figsize=(7, 6.4), sharex=True)
    grid, at = np.linspace(-0.8, 0.5, 200), {d: 10, n1: 5, n2: 20, n: 25, r: sp.Rational(1, 20)}
    for axis, level in zip(axes, (0, 1), strict=True):
        for name, formula, look in (
            ("split 5 + 20", split, plotting.LINES["MAML"]),
            ("one batch", one_batch, plotting.LINES[0]),
            ("ERM", erm + 0 * alpha, plotting.LINES["ERM"]),
        ):
            curve = sp.lambdify(alpha, formula.subs(at).subs(sigma2, level) * 20)
            axis.plot(grid, curve(grid) + 0 * grid, **look, label=name)
        axis.set(yscale="log", ylabel="variance, times $T/(rd)$")
    axes[0].legend()
    axes[1].set(xlabel=r"inner step $\alpha$ of training")
    return figure


prices()

# %% tags=["hide-input"]
SIZES = [(2, 3, 4), (5, 1, 7), (10, 5, 20)]
EVAL = sp.lambdify((d, n1, n2, alpha, r, sigma2), d * split)
rated = [(*sizes, step) for sizes in SIZES for step in (0.0, 0.2, 0.7)]


def by_library(D, N1, N2, step):
    """Return T tr Cov of chapter 5 for one isotropic cloud with r = 0.3 and noise 0.8."""
    cloud = TaskEnvironment([1.0], [np.eye(D)], [np.zeros(D)], [0.3 * np.eye(D)], noise_std=0.8)
    return np.trace(linear.asymptotic_covariance_maml(cloud, step, 1, N1, N2))


claims.checks(
    "text:cheaper-updates",
    [by_library(*case) for case in rated],
    [EVAL(*case, 0.3, 0.64) for case in rated],
    "The variance of trained MAML with split samples, by chapter 5 and by counting.",
    rtol=1e-9,
    towards=True,
    refuses={"without the noise of the labels": [EVAL(*case, 0.3, 0.0) for case in rated]},
)

# %% tags=["hide-input"]
splits = [(D, k, N - k, N) for D, N in ((2, 5), (5, 20), (10, 60)) for k in range(1, N)]
quiet = [[EVAL(D, a, b, step, 1, 0) / D for step in (0.01, 0.2, 0.6)] for D, a, b, _ in splits]
plain = np.array([[1 + (D + 1) / N] * 3 for D, _, _, N in splits])
claims.bounds(
    "text:cheaper-updates",
    np.array(quiet),
    "With one cloud and no noise, no split and no step find the mean of the optima as well as ERM.",
    above=plain,
    shows=r"\frac{\frac1dE\operatorname{tr}M^2}{(\frac1dE\operatorname{tr}M)^2}\ge1+\frac{d+1}n",
    refuses={"a bound that counts the outer samples only": plain * 1.2},
)

# %% tags=["hide-input"]
rng = np.random.default_rng(4)


def trained(step, N1, N2, same, tasks=800, repeats=250, D=4):
    """Return draws of T |w - mu|²/D for MAML trained by least squares, r = 0.3 and noise 0.8."""
    X = rng.normal(size=(2, repeats * tasks, max(N1, N2), D))
    optima = math.sqrt(0.3) * rng.normal(size=(repeats * tasks, D, 1))
    y = X @ optima + 0.8 * rng.normal(size=(2, repeats * tasks, max(N1, N2), 1))
    Xi, yi = X[0, :, :N2], y[0, :, :N2]
    Xo, yo = (Xi, yi) if same else (X[1, :, :N1], y[1, :, :N1])
    back = step / N2 * Xo @ Xi.swapaxes(1, 2)
    Z, t = (Xo - back @ Xi), (yo - back @ yi)
    A, b = (
        np.reshape(Z.swapaxes(1, 2) @ one, (repeats, tasks, D, -1)).sum(axis=1) for one in (Z, t)
    )
    return tasks * (np.linalg.solve(A, b) ** 2).sum(axis=(1, 2)) / D


ONE = sp.lambdify((d, n, alpha, r, sigma2), one_batch)
expected = [EVAL(4, 2, 6, -0.5, 0.3, 0.64) / 4, ONE(4, 6, 0.25, 0.3, 0.64)]
claims.samples(
    "text:cheaper-updates",
    np.stack([trained(-0.5, 2, 6, False), trained(0.25, 6, 6, True)], axis=1),
    expected,
    "Least squares on 800 tasks, 250 times: a split and a *negative* step; both loops on one batch.",
    towards=True,
    refuses={"the step positive": [EVAL(4, 2, 6, 0.5, 0.3, 0.64) / 4, expected[1]]},
)

# %% [markdown]
# So with tasks of one hardness the paper's remark is right, and more than right: ignoring the inner loop is not a cheap substitute but the better estimator {cite}`bai2021important,bernacchia2021negative`. (That no step at all should be *un*-done in training is the meaning of a negative step: $P=I+\lvert\alpha\rvert\hat S$.) At test time the step is still taken.
#
# ## A representation lives on spread
#
# ANIL adapts the head only, on features $x\mapsto B^\top x$ that the outer loop learns {cite}`raghu2020rapid`. Let $x\sim N(0,I)$, $y=\langle x,\theta\rangle+z$ and $\Theta=E\theta\theta^\top$, mostly of low rank. The head starts at zero. After a step on $m$ samples it is $h=\alpha B^\top g$ with $g=\frac1m\hat X^\top\hat y$, so the prediction is $x^\top Pg$ with $P=\alpha BB^\top$: *a linear preconditioner of the step*.
# First-order ANIL follows the gradient in $B$ with $h$ fixed:
#
# $$
# E\bigl[(\theta-Bh)h^\top\bigr]=\alpha(\Theta-PG)B,\qquad G=E\,gg^\top=\bigl(1+\tfrac1m\bigr)\Theta+\tau I,\quad\tau=\tfrac1m(\operatorname{tr}\Theta+\sigma^2).
# $$
#
# $G$ is Lemma 2 once more. The pull vanishes for $P=\Theta G^{-1}$, the best linear estimate of $\theta$ from one gradient, and directions in which no task lies are switched off.

# %% tags=["hide-input"]
rng = np.random.default_rng(5)
count, D, m_, step = 300_000, 3, 2, 0.5
frame = np.array([[1.0, 0.5, 0.0], [0.0, 0.8, 0.3]])
Theta, features = frame.T @ frame, rng.normal(size=(D, 2)) / 2
G = (1 + 1 / m_) * Theta + (np.trace(Theta) + 0.25) / m_ * np.eye(D)
truth = (rng.normal(size=(count, 1, 2)) @ frame).swapaxes(1, 2)
X = rng.normal(size=(2, count, m_, D))
y_in, y_out = X @ truth + 0.5 * rng.normal(size=(2, count, m_, 1))
head = step / m_ * (X[0] @ features).swapaxes(1, 2) @ y_in
pulls = (X[1].swapaxes(1, 2) @ (y_out - X[1] @ features @ head) / m_) @ head.swapaxes(1, 2)
precond = step * features @ features.T
claims.samples(
    "text:representation-reduces-samples",
    pulls,
    step * (Theta - precond @ G) @ features,
    "The mean pull of first-order ANIL on its features, in 300,000 tasks.",
    shows=r"E[(\theta-Bh)h^\top]=\alpha(\Theta-PG)B",
    towards=True,
    refuses={"without the variance of the step": step * (Theta - precond @ Theta) @ features},
)

# %% [markdown]
# Follow this pull from small random features, wider than the tasks' subspace, and see what a step leaves:

# %% mystnb={"code_prompt_show": "Train the features, and take steps with them"} tags=["hide-input"]
D, rank, m_, noise_ = 30, 3, 12, 0.5
basis = np.linalg.qr(rng.normal(size=(D, rank)))[0]
Theta = basis @ np.diag([1.5, 1.2, 0.8]) @ basis.T
G = (1 + 1 / m_) * Theta + (np.trace(Theta) + noise_**2) / m_ * np.eye(D)
features = 1e-4 * rng.normal(size=(D, 5))
for _ in range(1000):
    features = features + 0.3 * (Theta - features @ features.T @ G) @ features
best = Theta @ np.linalg.inv(G)
total = np.trace(Theta)
by_formula = {
    "start": total,
    "step": total * (1 - total / np.trace(G)),
    "features": total - np.trace(best @ Theta),
}
truth = rng.normal(size=(20_000, 1, rank)) * np.sqrt([1.5, 1.2, 0.8]) @ basis.T
X = rng.normal(size=(20_000, m_, D))
y_in = X @ truth.swapaxes(1, 2) + noise_ * rng.normal(size=(20_000, m_, 1))
gradient = (X.swapaxes(1, 2) @ y_in / m_)[..., 0]
rates = (0.0, total / np.trace(G) * np.eye(D), features @ features.T)
errors = [
    ((truth[:, 0] - gradient @ (P_ * np.eye(D) if np.isscalar(P_) else P_)) ** 2).sum(axis=1)
    for P_ in rates
]
claims.samples(
    "text:representation-reduces-samples",
    np.stack(errors, axis=1),
    [*by_formula.values()],
    "Squared distance to the optimum: at the best start {start:.2f}, after the best step {step:.2f}, through learned features {features:.2f}.".format(
        **by_formula
    ),
    shows=r"\operatorname{tr}\Theta,\qquad\operatorname{tr}\Theta-\tfrac{(\operatorname{tr}\Theta)^2}{\operatorname{tr}G},\qquad\operatorname{tr}\Theta-\operatorname{tr}(\Theta G^{-1}\Theta)",
    refuses={"features no better than a step": [total, by_formula["step"], by_formula["step"]]},
)

# %% [markdown]
# The best start here is zero: the optima point everywhere. Compare the smallest such environment, two equally hard tasks at $\pm v$ (Saunshi et al.). The best start is the midpoint, and after its best step $\lVert v\rVert^2$ has become

# %%
v2 = sp.Symbol("v", positive=True) ** 2
delta_ = (d + 1) / m
risk = v2 * (1 - 2 * alpha + (1 + delta_) * alpha**2)
by_start = risk.subs(alpha, sp.solve(sp.diff(risk, alpha), alpha)[0])
by_features = v2 - v2**2 / ((1 + 1 / m) * v2 + v2 / m)
sp.factor(sp.Matrix([by_start / v2, by_features / v2]))

# %% tags=["hide-input"]
claims.proves(
    "text:erm-learns-the-subspace",
    [by_start, by_features],
    [v2 * (d + 1) / (d + 1 + m), v2 * 2 / (m + 2)],
    "What is left of two tasks at $\\pm v$ after one step, from the best start and through the subspace: only the first depends on $d$.",
    shows=r"\frac{d+1}{d+1+m}\lVert v\rVert^2,\qquad\frac2{m+2}\lVert v\rVert^2",
    case="that it is necessary, for one step and no noise",
    refuses={"a subspace that does not help": [v2 * (d + 1) / (d + 1 + m)] * 2},
)

# %% [markdown]
# **An initialisation pays for spread; a representation lives on it.** Spread of the optima is a cost that no start can lower: it entered {eq}`learner-start` nowhere. The same spread, if it lies in a subspace, is what $\Theta G^{-1}$ learns from.
# This is where the paper's insight, similar hard tasks, and "diverse tasks help" part: they speak of different learners. What the paper says of representations is about other work, some of it now dated:

# %%
claims.quotes(
    "text:no-proof-of-better-representation",
    "Said in 2020. Later work proves that MAML, ANIL and their first-order forms learn a shared subspace; the limit of first-order ANIL above is such a statement for one step.",
    source="Collins et al. 2022, Yüksel et al. 2023, by their abstracts",
)

# %%
claims.quotes(
    "text:feature-reuse-or-rapid-adaptation",
    "Both were found on image benchmarks. Chapter 9 measures how far adaptation moves features.",
    source="Raghu et al. 2019 and Oh et al. 2020, as cited by the paper",
)

# %% [markdown]
# ## The table to take away
#
# How much can each learner gain, if the clouds are points? Put its weight on the hard centre into the two lines above:

# %%
centres = {
    "MAML": A / (A + delta),
    "first-order MAML": sp.Integer(1),
    "Reptile, many steps": sp.Rational(1, 2),
    "iMAML, small lambda": 1 / (1 + u),
}
ceilings = [at_erm / left.subs(theta, t) for t in centres.values()]
sp.Matrix([sp.factor(ceiling) for ceiling in ceilings])

# %% tags=["hide-input"]
above = A + delta * u**2
claims.proves(
    "cor:2",
    ceilings,
    [
        above * (A + delta) / (A * delta * (1 + u) ** 2),
        above / (delta * (1 + u) ** 2),
        4 * above / ((A + delta) * (1 + u) ** 2),
        above / (delta + A * u**2),
    ],
    r"The ceilings at $\alpha=1/\rho_E$ of MAML, first-order MAML, Reptile and iMAML for $\lambda\to0$.",
    shows=r"\tfrac{A}{\delta(1+u)^2}+\dots,\quad\tfrac{A}{\delta(1+u)^2}+\dots,\quad<\tfrac4{(1+u)^2},\quad<\tfrac1{u^2}",
    towards=True,
    refuses={"each that of the next": [ceilings[1], ceilings[2], ceilings[3], ceilings[0]]},
)

# %% mystnb={"code_prompt_show": "Fill in the gains"} tags=["hide-input"]
figure_3c = TaskEnvironment.hard_easy(10, 0.1, 0.9, R=1, r_hard=0.1, r_easy=2)


def gain(learner, steps=1, samples=math.inf, lam=None):
    """Return ERM's risk above the floor over a learner's, in Figure 3(c)."""
    starts = [linear.erm_solution(figure_3c)]
    starts += [linear.learner_start(figure_3c, learner, 1 / 0.9, steps, samples, lam)]
    erm_, other = (linear.risk_above_floor(figure_3c, w, 1 / 0.9, 500) for w in starts)
    return f"{erm_ / other:.2f}"


Markdown(
    f"""
| learner | cost of a step, in gradients a task | weighs most | ceiling at one step, $\\alpha=1/\\rho_E$ | Fig. 3(c) | take it |
| --- | --- | --- | --- | --- | --- |
| ERM | 1 | the easiest task | 1 | 1.00 | if tasks are equally hard, or optima do not depend on hardness, or tasks are few |
| MAML, $K$ steps | $K+1$, and $K$ Hessian products | $\\rho=\\frac1{{(2K+1)\\alpha}}$ | $\\approx\\frac{{A}}{{\\delta(1+u)^2}}$ | {gain("maml", samples=500)} | if a step solves the easy tasks and hard ones are alike |
| first-order MAML | $K+1$ | $\\rho=\\frac1{{(K+1)\\alpha}}$ | the same, less about 1 | {gain("fomaml")} | if besides $\\frac A\\delta$ is well above $1+2u$; never with few samples |
| Reptile, $K$ steps | $K$ | all alike, as $K$ grows | below $\\frac4{{(1+u)^2}}$ | {gain("reptile", 5)} ($K=5$) | if $m$ is not known: it wins and loses little |
| iMAML | a minimisation and a linear system | $\\rho=\\lambda$ | below $\\frac1{{u^2}}$ for $\\lambda\\to0$ | {gain("imaml", lam=0.1)} ($\\lambda=\\rho_H$) | if $\\lambda$ can be tuned on $F_m$: some $\\lambda$ gives the best start when $u\\le\\frac A\\delta\\le\\frac1u$ |
| both loops on one batch | as MAML | as MAML | as MAML | | if tasks are equally hard and few: smaller variance than ERM |
| first-order ANIL | 1, and a step of the head | directions of large spread | no start: a preconditioner | | if the optima share a subspace |
"""
)

# %% [markdown]
# ## What we have seen
#
# - We derived the starts of five learners from one formula, and read off whom each of them looks for.
# - First-order MAML pays exactly where $\frac A\delta>1+2u$; below, it is worse than ERM, since it does not see the variance of a step.
# - More steps do what more samples do. On one batch they leave moments of a Wishart matrix, and use samples better than fresh batches.
# - For other inputs, $d+1$ becomes $d+\kappa-2$, or what {eq}`delta-of-length` says.
# - Splitting samples only costs when tasks are equally hard; the best step of training is then zero, with noise even negative.
# - An initialisation pays for spread, a representation lives on it.
#
# ## Exercises
#
# **1.** Let first-order MAML take its last gradient on *the same* batch as its step. What does it weigh, and is $(1-\alpha\rho)$ smaller or larger than what replaces it?
#
# :::{dropdown} Solution
# The mean pull is $E[\hat S(I-\alpha\hat S)](w-w^*)$. For $\Sigma=\rho I$, $E\hat S^2=\rho^2(1+\delta)I$, so the weight is $\rho(1-\alpha\rho(1+\delta))$: smaller, and negative on easy tasks at $\alpha=1/\rho_E$. Then the start lies *beyond* the hard centre.
# :::

# %% mystnb={"code_prompt_show": "Show the test of the solution"} tags=["hide-cell"]
assert sp.simplify((moment(2) / d).subs(n, m) - (1 + (d + 1) / m)) == 0

# %% [markdown]
# **2.** For two points, which $\lambda$ makes iMAML's start the best one?
#
# :::{dropdown} Solution
# Its odds are $u\left(\frac{\rho_E+\lambda}{\rho_H+\lambda}\right)^2$, the best ones $\frac A\delta$. With $q=\sqrt{A/(\delta u)}$ this gives $\lambda=\rho_E\frac{1-qu}{q-1}$, positive for $1<q<\frac1u$.
# :::

# %% mystnb={"code_prompt_show": "Show the test of the solution"} tags=["hide-cell"]
points = TaskEnvironment.hard_easy(10, 0.2, 1.0, R=1, r_hard=0, r_easy=0)
q = math.sqrt((0.2 * 0.64 * 20 / 11 * 10 + 0.008) / 0.2)
tuned = linear.learner_start(points, "imaml", 1.0, lam=(1 - q * 0.2) / (q - 1))
assert np.allclose(tuned, linear.maml_solution(points, 1.0, 200), rtol=1e-12)

# %% [markdown]
# **Read next.** [Chapter 9](09_omniglot) runs several of these learners on images.
