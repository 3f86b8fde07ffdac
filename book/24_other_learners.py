# %% [markdown]
# # Learners at work
#
# [Chapter 12](12_other_learners) derives what each learner weighs. This page lets them work: by automatic differentiation, on drawn batches, by least squares on drawn tasks. It also counts the Wishart moments that are quoted there, for steps that share a batch and for samples that are split.
# Sections can be read in any order.

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
from collections import Counter
from functools import lru_cache

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
import torch
from torch.func import grad

from paperlib import claims, linear, plotting
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# ## The five learners, as they are defined
#
# The five are **ERM**, **MAML**, **first-order MAML**, which leaves out the derivative of the steps, **Reptile**, which moves the start towards the end of the steps, and **iMAML**, which replaces the steps by a minimisation: of the loss and $\frac\lambda2$ times the squared distance from the start. On a task with optimum $w_i^*$ the mean pull is $B_i(w-w_i^*)$; each learner has its own function $B_i$ of the covariance $\Sigma_i$.
#
# So a learner's mean pull is affine in $w$: its values at the origin and at the unit vectors tell where it is zero. Automatic differentiation does the rest, through all inner steps for MAML, through none for first-order MAML.

# %% mystnb={"code_prompt_show": "Define five learners, and find where each rests"} tags=["hide-cell"]
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


# %% mystnb={"code_prompt_show": "Compare where they rest"} tags=["hide-input"]
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
# On finite batches the mean pull of first-order MAML has no variance term. Its inner and its outer batch are independent, so the mean of the product is the product of the means. MAML's pull, from the same batches, has one.

# %% mystnb={"code_prompt_show": "Draw 200,000 pairs of batches"} tags=["hide-input"]
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
    "The mean pull of first-order MAML on four samples, in 200,000 batches; $\\hat S_i$, $\\hat S_o$ are the covariances of inner and outer batch.",
    shows=r"E[\hat S_o(I-\alpha\hat S_i)]=\Sigma(I-\alpha\Sigma)",
    towards=True,
    refuses={"MAML's, with its variance term": by_maml},
)

# %% [markdown]
# Who beats ERM? Take two points with hardness ratio $u=\rho_H/\rho_E$. At $\alpha=1/\rho_E$ a step on $m$ samples leaves an easy task $\delta=\frac{d+1}m$ of its loss, and MAML's weights of hard and easy tasks are as $A=u(1-u)^2+\delta u^3$ to $\delta$. Chapter 12 has three thresholds for $\frac A\delta$, derived from the weight $\theta$ of a start on the hard centre. The library builds matrices and solves linear systems:


# %% mystnb={"code_prompt_show": "Decide 3,000 random cases"} tags=["hide-input"]
def gain_over_erm(learner, u, m, d=10, steps=1, samples=math.inf, lam=None):
    """Return the gain of a learner on two points at α = 1/ρ_E."""
    env = TaskEnvironment.hard_easy(d, u, 1.0, 1.0, 0.0, 0.0)
    start = linear.learner_start(env, learner, 1.0, steps, samples, lam)
    risks = [linear.risk_above_floor(env, w, 1.0, m) for w in (linear.erm_solution(env), start)]
    return risks[0] / risks[1]


rng = np.random.default_rng(1)
ratios = rng.uniform(0.1, 0.98, 1000)
dims, counts = rng.integers(1, 12, 1000), rng.integers(5, 2000, 1000)
learners = ("fomaml", 1, None), ("reptile", 300, None), ("imaml", 1, 1e-9)
gained = [
    [
        gain_over_erm(name, U, M, D, k, math.inf, small) > 1
        for U, M, D in zip(ratios, counts, dims, strict=True)
    ]
    for name, k, small in learners
]
odds = counts / (dims + 1) * ratios * (1 - ratios) ** 2 + ratios**3
thresholds = np.array([1 + 2 * ratios, (1 + 3 * ratios) / (3 + ratios), np.ones(1000)])
claims.decides(
    "text:cheaper-updates",
    np.array(gained),
    lambda factor: odds > factor * thresholds,
    "Whether first-order MAML, Reptile with many steps, and iMAML with a small $\\lambda$ beat ERM.",
    shows=r"\frac A\delta>1+2u,\qquad\frac A\delta>\frac{1+3u}{3+u},\qquad\frac A\delta>1",
    refuses={"MAML's condition for leaning to the hard side": [odds > ratios] * 3},
)

# %% [markdown]
# ## Many steps
#
# Chapter 12 says that the gain depends on the number $K$ of steps through $\eta=a_E/a_H$ alone, the ratio of MAML's weights of easy and hard tasks, and tends to $1+\frac{R^2}{(1+u)^2r_H}$. In the environment of the paper's Figure 3(c), with full gradients at $\alpha=0.9/\rho_E$, in training and at test time:

# %% mystnb={"code_prompt_show": "Compute gains by the library"} tags=["hide-input"]
figure_3c = TaskEnvironment.hard_easy(10, 0.1, 0.9, R=1, r_hard=0.1, r_easy=2)
U, NUMBERS = 1 / 9, (1, 2, 5)


def risk_after(w, steps):
    """Return the risk above the floor after K steps on the population loss, at α = 1."""
    Q = linear.adapted_covariance(figure_3c.covariances, 1.0, math.inf, steps)
    off = w - figure_3c.means
    means = np.einsum("gi,gij,gj->g", off, Q, off) + np.einsum("gij,gji->g", Q, figure_3c.spreads)
    return 0.5 * figure_3c.probabilities @ means


def gain_at(eta):
    """Return the gain of chapter 12, as a function of η."""
    common = 0.1 + eta * 2
    return ((1 + eta * U**2) / (1 + U) ** 2 + common) / (eta / (1 + eta) + common)


by_library = [
    risk_after(linear.erm_solution(figure_3c), k)
    / risk_after(linear.learner_start(figure_3c, "maml", 1.0, k), k)
    for k in NUMBERS
]
by_formula = [gain_at(0.9 * 0.1 ** (2 * k) / (0.1 * 0.9 ** (2 * k))) for k in NUMBERS]
claims.checks(
    "cor:2",
    by_library,
    by_formula,
    "The gain with 1, 2 and 5 steps: {:.2f}, {:.2f}, {:.2f}; the limit is {:.2f}.".format(
        *by_library, gain_at(0.0)
    ),
    shows=r"\eta=\frac{\rho_E}{\rho_H}\Bigl(\frac{1-\alpha\rho_E}{1-\alpha\rho_H}\Bigr)^{2K}",
    rtol=1e-9,
    towards=True,
    refuses={"the limit at once": [gain_at(0.0)] * 3},
)

# %% [markdown]
# ## Steps on one batch
#
# Steps that share a batch leave $\frac\rho dE\operatorname{tr}(I-\alpha\hat S)^{2K}$ of an isotropic task. By Wick's theorem a moment of Gaussian variables is a sum over the ways to pair them. In $E\operatorname{tr}\hat S^k$ there are $2k$ variables, two in each factor $\hat S=\frac1mX^\top X$, which share their row; neighbours in the trace share a column. A pairing makes rows and columns equal
# along closed loops. Each loop of columns is a free sum over $d$ values, each loop of rows one over $m$:
#
# $$
# E\operatorname{tr}\hat S^k=\sum_{\text{pairings}}d^{\,\text{loops of columns}}\,m^{\,\text{loops of rows}-k}.
# $$
#
# For $k=2$ there are three pairings, $dm^2+d^2m+dm$ over $m^2$: Lemma 2's $d(1+\frac{d+1}m)$.

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
# This is what two steps on one batch leave of an easy task at $\alpha=1/\rho_E$. The library knows no pairings: it integrates by parts, for any covariance. Both must agree, and with a simulation.

# %% mystnb={"code_prompt_show": "Compare two counts"} tags=["hide-input"]
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
    shows=r"\tfrac1dE\operatorname{tr}(I-\hat S)^4=\tfrac{2d^2+5d+5}{m^2}+\tfrac{d^3+6d^2+21d+20}{m^3}",
    rtol=1e-9,
    towards=True,
    refuses={r"fresh batches, $\delta^K$": [((D + 1) / M) ** k for k, D, M in sizes]},
)

# %% mystnb={"code_prompt_show": "Simulate three steps"} tags=["hide-input"]
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
    "Three simulated steps on six samples, fresh or the same, with a full covariance; $P=I-\\alpha\\hat\\Sigma$.",
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
# Five distributions of inputs with covariance $I$, and {eq}`delta-of-length` for each.

# %% mystnb={"code_prompt_show": "Draw inputs of five kinds"} tags=["hide-input"]
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
# If directions differ, write $x=Fz$ with independent $z_i$ of kurtosis $\kappa$ and $FF^\top=\Sigma$. In $E[zz^\top Nzz^\top]$ only the terms with four equal indices are new, $(\kappa-3)\operatorname{diag}N$. With $N=F^\top\Sigma F$ this adds to [(5)](#eq-5)
#
# $$
# \frac{\alpha^2}m(\kappa-3)\,F\operatorname{diag}(F^\top\Sigma F)\,F^\top .
# $$

# %% mystnb={"code_prompt_show": "Draw mixed inputs"} tags=["hide-input"]
F = np.array([[0.9, 0.0, 0.2], [0.3, 0.6, -0.4]])
mixed = F @ F.T
laplace = rng.laplace(size=(1, 300_000, 4, 3)) / math.sqrt(2) @ F.T
extra = F @ np.diag(np.diag(F.T @ mixed @ F)) @ F.T * 0.8**2 / 4
by_gauss = linear.adapted_covariance(mixed, 0.8, 4)
claims.samples(
    "lem:2",
    curvatures(laplace, mixed, 0.8, 1, True),
    by_gauss + 3 * extra,
    "A step on four samples in the plane, each a mixture of three Laplace variables, $\\kappa=6$.",
    shows=r"Q^{(m)}+\frac{\alpha^2}m(\kappa-3)F\operatorname{diag}(F^\top\Sigma F)F^\top",
    towards=True,
    refuses={
        "the Gaussian curvature": by_gauss,
        "$\\kappa-2$ for $\\kappa-3$": by_gauss + 4 * extra,
    },
)

# %% [markdown]
# ## Split samples
#
# One cloud with $\Sigma=I$ and spread $r$: each learner finds $\hat w=(\sum_iM_i)^{-1}\sum_i(M_iw_i^*+\text{noise}_i)$, and {eq}`price-of-weights` needs the first two moments of $M$. For split samples, $M=P\hat S_oP$ with $P=I-\alpha\hat S$, where $\hat S_o$ and $\hat S$ are the sample covariances of the outer and of the inner batch. Average over the outer batch first, by Lemma 2: $E_oM^2=(1+\frac1{n_1})P^4+\frac1{n_1}\operatorname{tr}(P^2)P^2$. Label noise adds, per $\sigma^2$, $\frac1{n_1}P\hat S_oP$ from the outer loop and
# $\frac{\alpha^2}{n_2}P\hat S_o\hat S\hat S_oP$ from the inner one. If both loops share $n$ samples, $M=\hat S(I-\alpha\hat S)^2$, and the noise passes through $P$ twice: $\frac1nP^2\hat SP^2$. Everything is a mean of products of traces of polynomials in $\hat S$, and those have been counted above: `mean(p, q)` is that of $\frac1d\operatorname{tr}p(\hat S)\cdot\frac1d\operatorname{tr}q(\hat S)$, and `P(k, l)` the polynomial $(1-\alpha x)^kx^l$.

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
    """Return (1 - alpha x)^k x^times as a mapping from power to coefficient."""
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


# %% mystnb={"code_prompt_show": "Draw the price of estimation", "figure": {"caption": "What is estimated from $T$ tasks: $T\\,E\\lVert\\hat w-\\mu\\rVert^2/(rd)$ over the inner step of training, for $d=10$ and 25 samples a task, split 5 + 20 or not; $r=\\frac1{20}$. Above without label noise, below with $\\sigma=1$. **Notice** that split samples cost, that the best step for them is zero without noise and *negative* with it, and that both loops on the same samples are better than ERM at small positive steps.", "name": "fig-split"}, "image": {"classes": "upright", "alt": "Two panels over the training step from -0.8 to 0.5. Above: the curve of split samples has its minimum at zero, above ERM's horizontal line; the curve of one batch touches ERM's line at zero and has its minimum near 0.27 below it. Below: the curve of split samples falls to the left, with a minimum near -0.65, far above ERM's line; that of one batch has its minimum near 0.18."}} tags=["hide-input"]
def prices():
    """Draw the three variances over the training step, without and with noise."""
    figure, axes = plt.subplots(2, 1, figsize=(5, 5.8), sharex=True)
    grid, at = np.linspace(-0.8, 0.5, 200), {d: 10, n1: 5, n2: 20, n: 25, r: sp.Rational(1, 20)}
    for axis, level in zip(axes, (0, 1), strict=True):
        for name, formula, look in (
            ("split 5 + 20", split, plotting.LINES["MAML"]),
            ("one batch", one_batch, plotting.LINES[0]),
            ("ERM", erm + 0 * alpha, plotting.LINES["ERM"]),
        ):
            curve = sp.lambdify(alpha, formula.subs(at).subs(sigma2, level) * 20)
            axis.plot(grid, curve(grid) + 0 * grid, **look, label=name)
        axis.set(ylim=(0, None), ylabel="variance, times $T/(rd)$")
    axes[0].legend()
    axes[1].set(xlabel=r"inner step $\alpha$ of training")
    return figure


prices()

# %% mystnb={"code_prompt_show": "Compare with chapter 5"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Try every split"} tags=["hide-input"]
splits = [(D, k, N - k, N) for D, N in ((2, 5), (5, 20), (10, 60)) for k in range(1, N)]
quiet = [[EVAL(D, a, b, step, 1, 0) / D for step in (-0.3, 0.01, 0.6)] for D, a, b, _ in splits]
alone = np.array([[1 + (D + 1) / k] * 3 for D, k, _, _ in splits])
claims.bounds(
    "text:cheaper-updates",
    np.array(quiet),
    "With one cloud and no noise, the inner samples of a split are wasted, whatever the step.",
    above=alone,
    shows=r"\frac{\frac1dE\operatorname{tr}M^2}{(\frac1dE\operatorname{tr}M)^2}\ge1+\frac{d+1}{n_1}\ge1+\frac{d+1}n",
    refuses={"$d+2$ for $d+1$": alone + 1 / np.array([[k] for _, k, _, _ in splits])},
)

# %% mystnb={"code_prompt_show": "Train by least squares"} tags=["hide-input"]
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
    "Least squares on 800 tasks, 250 times: a split and a negative step; both loops on one batch.",
    towards=True,
    refuses={"the step positive": [EVAL(4, 2, 6, 0.5, 0.3, 0.64) / 4, expected[1]]},
)

# %% [markdown]
# ## First-order ANIL finds the best features
#
# ANIL learns features $U$ and adapts a head $b$ on them. A task has the optimum $\omega$, and $\Omega=E\,\omega\omega^\top$. One step from zero acts on the gradient through $\Pi=\alpha UU^\top$, and $\Gamma=(1+\frac1m)\Omega+\frac1m(\operatorname{tr}\Omega+\sigma^2)I$ is the second moment of that gradient, with label noise $\sigma$.
#
# First its mean pull on the features, {eq}`anil-pull`: draw tasks, take a step of the head from zero, and the gradient in $U$ on a fresh batch.

# %% mystnb={"code_prompt_show": "Draw pulls on the features"} tags=["hide-input"]
rng = np.random.default_rng(5)
count, D, m_, step = 300_000, 3, 6, 1.5
frame = np.array([[1.0, 0.5, 0.0], [0.0, 0.8, 0.3]])
Omega, features = frame.T @ frame, rng.normal(size=(D, 2)) / 2
Gamma = (1 + 1 / m_) * Omega + (np.trace(Omega) + 0.25) / m_ * np.eye(D)
truth = (rng.normal(size=(count, 1, 2)) @ frame).swapaxes(1, 2)
X = rng.normal(size=(2, count, m_, D))
y_in, y_out = X @ truth + 0.5 * rng.normal(size=(2, count, m_, 1))
head = step / m_ * (X[0] @ features).swapaxes(1, 2) @ y_in
pulls = (X[1].swapaxes(1, 2) @ (y_out - X[1] @ features @ head) / m_) @ head.swapaxes(1, 2)
precond = step * features @ features.T
claims.samples(
    "text:representation-reduces-samples",
    pulls,
    step * (Omega - precond @ Gamma) @ features,
    "The mean pull of first-order ANIL on its features, in 300,000 tasks.",
    shows=r"E[(\omega-Ub)b^\top]=\alpha(\Omega-\Pi\Gamma)U",
    towards=True,
    refuses={"without the variance of the step": step * (Omega - precond @ Omega) @ features},
)

# %% [markdown]
# Then follow it, from small random features that are wider than the subspace of the tasks. Along the eigenvectors of $\Omega$ it ends at $\Omega\Gamma^{-1}$; what is outside stays as small as it began.

# %% mystnb={"code_prompt_show": "Train the features"} tags=["hide-input"]
D, rank, m_, noise_ = 30, 3, 12, 0.5
basis = np.linalg.qr(rng.normal(size=(D, rank)))[0]
Omega = basis @ np.diag([1.5, 1.2, 0.8]) @ basis.T
Gamma = (1 + 1 / m_) * Omega + (np.trace(Omega) + noise_**2) / m_ * np.eye(D)
features = 1e-6 * rng.normal(size=(D, 5))
for _ in range(1000):
    features = features + 0.3 * (Omega - features @ features.T @ Gamma) @ features
claims.checks(
    "text:representation-reduces-samples",
    features @ features.T,
    Omega @ np.linalg.inv(Gamma),
    "What first-order ANIL converges to, in 30 dimensions with tasks in three.",
    shows=r"\alpha UU^\top\to\Omega\Gamma^{-1}",
    atol=1e-8,
    towards=True,
    refuses={"the projection to the subspace": basis @ basis.T},
)

# %% [markdown]
# Without features, the best start between two equally hard tasks with optima $\pm v$ and the best step from it leave the share that chapter 12 derives. The library finds the step for any environment:

# %% mystnb={"code_prompt_show": "Take the best step from the midpoint"} tags=["hide-input"]
scales = [(1, 2, 0.5), (3, 10, 1.0), (10, 50, 2.0), (200, 20, 0.1)]
kept = []
for D, M, rho in scales:
    two = TaskEnvironment.two_tasks(D, rho, rho)
    ends = (0.0, linear.best_step(two, np.zeros(D), M))
    before, after = (linear.risk_above_floor(two, np.zeros(D), rate, M) for rate in ends)
    kept.append(after / before)
claims.checks(
    "text:erm-learns-the-subspace",
    kept,
    [(D + 1) / (D + 1 + M) for D, M, _ in scales],
    "What the best step from the best start leaves of two tasks at $\\pm v$, in 1 to 200 dimensions.",
    shows=r"\frac{d+1}{d+1+m}",
    rtol=1e-9,
    towards=True,
    refuses={r"the step $1/\rho$, which leaves $\delta$": [(D + 1) / M for D, M, _ in scales]},
)

# %% [markdown]
# Back to [chapter 12](12_other_learners).
