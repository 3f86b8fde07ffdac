# %% [markdown]
# # Appendix D.2, line by line
#
# > **The paper, App. D.2.** "The proof follows the same form as the proof of Theorem 2. Here the empirical covariance matrices […]
# > and their means $\Sigma_i$ are replaced by the empirical *preconditioned* covariance matrices […] and their means $Q_i$"
#
# [Chapter 5](05_convergence) tells what Theorem 3 claims, and what is true instead. This page is for readers who want to know *where* the printed
# proof fails, and where it does not.
#
# **What you will do.** Follow the proof of Theorem 3 from (82) to (124), one step at a time, and put every step to a test.
#
# **What you will learn.** To tell three kinds of flaw apart: a slip of the pen, an estimate that gives away too much, a false statement; to
# mend Lemmas 3 and 4 with explicit constants; to name the step at which the bound stops improving with the number of tasks.
#
# **What you need.** [Chapter 2](02_population_solutions) for Lemma 2, [chapter 5](05_convergence) for Theorem 3, and the
# [page on Appendix D.1](13_erm_proof), whose skeleton is used again.
#
# | steps | what they do | do they stand? |
# | :-- | :-- | :-- |
# | [(82)](#eq-82), [(83)](#eq-83), [(84)](#eq-84) | curvature and its mean | yes, but for a prefactor in between |
# | [(86)](#eq-86) | bound its eigenvalues | only for $\alpha L\le1$ |
# | [(85)](#eq-85), [(87)](#eq-87), [(88)](#eq-88) | split the error, bound the data term | yes; $\vartheta$ is misprinted |
# | (90), [(91)](#eq-91), (92), (93), (96) | one entry of the curvature | no: two cross terms, not twice one |
# | (94), (95) | average over episodes | yes |
# | [(97)](#eq-97), [(98)](#eq-98) | variance of an entry | no: lower orders, $L^6$ and a case are missing |
# | [(89)](#eq-89), Lemma 3 | tail of an entry | no: inequality reversed, wrong variance |
# | (100), [(101)](#eq-101), (102), (103) | Gershgorin disks | yes, with a modulus and the variance repaired |
# | (104), (105), (106), [(99)](#eq-99), Lemma 4 | from entries to the norm | no: a factor $d$ |
# | [(107)](#eq-107), [(108)](#eq-108), [(109)](#eq-109) | invert | yes, with a maximum; the probability is that of Lemma 4 |
# | (110), (111), (112) | isolate the label noise | yes, once a factor is moved |
# | [(113)](#eq-113), (114), [(115)](#eq-115), (116), (117) | concentration of the noise | no: a sum that is not one of i.i.d. terms, and the variance |
# | (118), (119), (120), [(121)](#eq-121) | isolate the fluctuation of the tasks | yes, after three slips |
# | [(122)](#eq-122), [(123)](#eq-123), [(124)](#eq-124), the constants | assemble | no |

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

import itertools
import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import sympy as sp
from IPython.display import Markdown
from scipy import optimize, special, stats
from sympy.utilities.iterables import partitions

from paperlib import claims, linear

# %% [markdown]
# ## The curvature and its mean
#
# MAML trains on $\tau$ episodes of each of $T$ tasks. An episode has $n_2$ inner samples, which make the step $P=I-\frac{\alpha}{n_2}X_{in}^\top X_{in}$,
# and $n_1$ outer samples, on which the loss is measured. All that the proof needs of it are the curvature $\hat Q=P^\top X_{out}^\top X_{out}P$ and
# what the label noise adds to the gradient. The mean curvature of a task is, up to a deviation $Z_i$, a fixed matrix $Q_i$:
#
# (eq-82)=
# $$
# Z_i=\frac1{\tau n_1}\sum_{j=1}^\tau\hat Q_{i,j}-Q_i, \tag{82}
# $$
#
# (eq-83)=
# $$
# Q_i=\frac1{\tau n_1}\sum_{j=1}^\tau E\bigl[P_{i,j}^\top(X_{i,j}^{out})^\top X_{i,j}^{out}P_{i,j}\bigr], \tag{83}
# $$
#
# (eq-84)=
# $$
# Q_i=(I-\alpha\Sigma_i)\Sigma_i(I-\alpha\Sigma_i)+\frac{\alpha^2}{n_2}\bigl(\operatorname{tr}(\Sigma_i^2)\Sigma_i+\Sigma_i^3\bigr). \tag{84}
# $$

# %% [markdown]
# From (83) to (84) it is one use of [Lemma 2](02_population_solutions), [(77)](#eq-77), with $A=\Sigma_i$. Both ends of the chain are right. The lines between them are not: once the mean over the
# outer samples has been taken, $E[X_{out}^\top X_{out}]=n_1\Sigma_i$, and the prefactor is $\frac1\tau$. The paper keeps $\frac1{\tau n_1}$, and its last line still has outer samples inside an inner expectation. With two outer samples this is a factor of two.
#
# To test (84) and the chain we integrate over the samples instead: Gauss–Hermite quadrature with five nodes is exact for polynomials of degree nine in each variable.


# %% tags=["hide-input"]
def curvature(inner, outer, alpha):
    """Return Q̂ of episodes with samples (..., n2, d) and (..., n1, d)."""
    count, d = inner.shape[-2:]
    step = np.eye(d) - alpha / count * inner.swapaxes(-1, -2) @ inner
    return step @ outer.swapaxes(-1, -2) @ outer @ step


def quadrature(*counts):
    """Return points (N, k) and weights (N,) for k standard normals, each with its number of nodes."""
    rules = [np.polynomial.hermite_e.hermegauss(count) for count in counts]
    points = itertools.product(*(nodes for nodes, _ in rules))
    chances = itertools.product(*(weights / weights.sum() for _, weights in rules))
    return np.array(list(points)), np.prod(list(chances), axis=1)


def mean_curvature(root, alpha, n1, n2):
    """Integrate Q̂ / n1 over one episode of covariance root @ root.T."""
    d = len(root)
    points, weights = quadrature(*[5] * ((n1 + n2) * d))
    samples = points.reshape(-1, n1 + n2, d) @ root.T
    values = curvature(samples[:, :n2], samples[:, n2:], alpha)
    return np.tensordot(weights, values, 1) / n1


def mean_over_inner(root, alpha):
    """Integrate P Σ P over one inner sample."""
    points, weights = quadrature(5, 5)
    inner = (points @ root.T)[:, None, :]
    step = np.eye(2) - alpha * inner.swapaxes(1, 2) @ inner
    return np.tensordot(weights, step @ root @ root.T @ step, 1)


# %%
root = np.array([[1.0, 0.0], [0.4, 0.7]])
sigma = root @ root.T
settings = [(0.3, 1, 1), (0.9, 1, 1), (0.5, 1, 2), (0.5, 2, 1)]  # α, n1, n2
integrated = [mean_curvature(root, *setting) for setting in settings]
closed = [linear.adapted_covariance(sigma, alpha, n2) for alpha, _, n2 in settings]
cubes = [a**2 / n2 * np.linalg.matrix_power(sigma, 3) for a, _, n2 in settings]
traces = [a**2 / n2 * np.trace(sigma @ sigma) * sigma for a, _, n2 in settings]
claims.checks(
    "eq:84",
    integrated,
    closed,
    r"The mean of $\hat Q/n_1$ over all samples of an episode is $Q$.",
    rtol=1e-9,
    shows=r"E\bigl[\tfrac1{n_1}\hat Q\bigr]=(I-\alpha\Sigma)\Sigma(I-\alpha\Sigma)"
    r"+\tfrac{\alpha^2}{n_2}\bigl(\operatorname{tr}(\Sigma^2)\Sigma+\Sigma^3\bigr)",
    refuses={
        r"without $\Sigma^3$": [Q - cube for Q, cube in zip(closed, cubes, strict=True)],
        "without the trace": [Q - trace for Q, trace in zip(closed, traces, strict=True)],
    },
)

# %%
printed_chain = claims.prints(
    "text:mean-chain",
    lambda mean, n1: mean / n1,
    r"\frac1{\tau n_1}\sum_{j=1}^\tau\mathbb E\bigl[(\mathbf I_d-\frac\alpha{n_2}(\mathbf X_{i,j}^{in})^\top\mathbf X_{i,j}^{in})"
    r"\Sigma_i(\mathbf I_d-\frac\alpha{n_2}(\mathbf X_{i,j}^{in})^\top\mathbf X_{i,j}^{in})\bigr]",
)
shapes = [(0.9, 1), (0.5, 2), (0.9, 2)]  # α, n1; one inner sample
means = [mean_over_inner(root, alpha) for alpha, _ in shapes]
claims.checks(
    "text:mean-chain",
    [mean_curvature(root, alpha, n1, 1) for alpha, n1 in shapes],
    means,
    "Once the mean over the outer samples is taken, nothing is left to divide by $n_1$.",
    rtol=1e-9,
    shows=r"\frac1\tau\sum_{j=1}^\tau\mathbb E\bigl[P_{i,j}\Sigma_iP_{i,j}\bigr]",
    printed=printed_chain.at([(mean, n1) for mean, (_, n1) in zip(means, shapes, strict=True)]),
)

# %% [markdown]
# Next come the eigenvalues of $Q_i$. Assumption 2 says $\beta I\preceq\Sigma_i\preceq LI$, and the paper concludes that $\hat\beta I\preceq Q_i\preceq\hat LI$ with
# $\hat\beta=\beta(1-\alpha L)^2+\frac{\alpha^2\beta^3(d+1)}{n_2}$ and $\hat L=L(1-\alpha\beta)^2+\frac{\alpha^2L^3(d+1)}{n_2}$.
#
# An eigenvalue $\lambda$ of $\Sigma_i$ becomes $\lambda(1-\alpha\lambda)^2+\frac{\alpha^2}{n_2}(\operatorname{tr}(\Sigma_i^2)\lambda+\lambda^3)$. For $\alpha L\le1$ every factor obeys its bound:
# $1-\alpha L\le1-\alpha\lambda\le1-\alpha\beta$, and none is negative. Without $\alpha L\le1$, which the appendix nowhere assumes, squaring does not keep the order. What holds for every $\alpha$ has the extremes of the square itself:
#
# (eq-86)=
# $$
# \hat\beta I\preceq Q_i\preceq\hat LI,\qquad
# \begin{aligned}
# \hat\beta&=\beta\min_{\beta\le\lambda\le L}(1-\alpha\lambda)^2+\tfrac{\alpha^2\beta^3(d+1)}{n_2},\\
# \hat L&=L\max_{\beta\le\lambda\le L}(1-\alpha\lambda)^2+\tfrac{\alpha^2L^3(d+1)}{n_2}.
# \end{aligned} \tag{86, corrected}
# $$
#
# For each inequality of this page we report how near the two sides come to each other over the instances tried; one is equality.


# %% tags=["hide-input"]
def eigenvalue_bounds(beta, L, alpha, n2, d):
    """Return the bounds β̂ and L̂ of the corrected (86)."""
    ends = 1 - alpha * beta, 1 - alpha * L
    least = 0.0 if ends[0] * ends[1] < 0 else min(ends[0] ** 2, ends[1] ** 2)
    low = beta * least + alpha**2 * beta**3 * (d + 1) / n2
    return low, L * max(ends[0] ** 2, ends[1] ** 2) + alpha**2 * L**3 * (d + 1) / n2


def as_printed_86(beta, L, alpha, n2, d):
    low = beta * (1 - alpha * L) ** 2 + alpha**2 * beta**3 * (d + 1) / n2
    return -low, L * (1 - alpha * beta) ** 2 + alpha**2 * L**3 * (d + 1) / n2


def random_covariances(rng, count, d, low, high):
    """Return matrices with random eigenvectors and eigenvalues between the bounds."""
    turn, _ = np.linalg.qr(rng.normal(size=(count, d, d)))
    return (turn * rng.uniform(low, high, (count, 1, d))) @ turn.swapaxes(1, 2)


def draw_setting(rng):
    """Return β, L, α up to 3/L, n2 and d; β = L in one of ten."""
    beta, L = np.sort(rng.uniform(0.1, 2, 2))
    beta = L if rng.integers(10) == 0 else beta
    return beta, L, rng.uniform(0.05, 3) / L, int(rng.integers(1, 50)), int(rng.integers(1, 5))


def extremes(rng, beta, L, alpha, n2, d):
    """Return the smallest eigenvalue of Q, with a minus, and the largest."""
    covariance = random_covariances(rng, 1, d, beta, L)[0]
    eigenvalues = np.linalg.eigvalsh(linear.adapted_covariance(covariance, alpha, n2))
    return -eigenvalues[0], eigenvalues[-1]


# %%
rng = np.random.default_rng(9)
settings = [draw_setting(rng) for _ in range(1000)]
signs = np.array([-1, 1])
printed_86 = claims.prints(
    "eq:86",
    as_printed_86,
    r"\hat\beta=\beta(1-\alpha L)^2+\frac{\alpha^2\beta^3(d+1)}{n_2},\quad"
    r"\hat L=L(1-\alpha\beta)^2+\frac{\alpha^2L^3(d+1)}{n_2}",
)
claims.bounds(
    "eq:86",
    [extremes(rng, *setting) for setting in settings],
    r"The eigenvalues of $Q$ keep within these bounds, for $\alpha L$ up to 3.",
    below=[signs * eigenvalue_bounds(*setting) for setting in settings],
    shows=r"\hat\beta=\beta\min_{\beta\le\lambda\le L}(1-\alpha\lambda)^2+\frac{\alpha^2\beta^3(d+1)}{n_2},\quad"
    r"\hat L=L\max_{\beta\le\lambda\le L}(1-\alpha\lambda)^2+\frac{\alpha^2L^3(d+1)}{n_2}",
    printed=printed_86.at(settings),
)

# %% [markdown]
# ## Few episodes and few tasks
#
# Call $w_{MAML}^{(T,\tau)}$ the solution (43) trained on $T$ tasks with $\tau$ episodes each, and $w_{MAML}^{(T)*}$ what becomes of it as $\tau\to\infty$: the minimiser
# for the $T$ tasks drawn, with their true $Q_i$. The distance splits into $\theta$, due to few episodes, and what is due to few tasks:
#
# (eq-85)=
# $$
# \begin{aligned}
# \lVert w_{MAML}^{(T,\tau)}-w_{MAML}^*\rVert\le{}&\theta+\lVert w_{MAML}^{(T)*}-w_{MAML}^*\rVert,\\
# \theta={}&\lVert w_{MAML}^{(T,\tau)}-w_{MAML}^{(T)*}\rVert.
# \end{aligned} \tag{85}
# $$
#
# From here the inequalities are tested on instances: environments of five tasks in one to three dimensions, from which a few tasks and episodes are drawn. The trained
# solution is found by least squares on the residuals after a literal inner step, so it knows nothing of the formulas that it is compared with.


# %% tags=["hide-input"]
def draw_episodes(rng, c, samples):
    """Draw the inner and outer data of the instance, with label noise of standard deviation one half."""
    c.n1, c.n2 = (int(n) for n in rng.integers(*samples, size=2))
    c.tau = int(rng.integers(1, 4))
    shape, roots = (c.T, c.tau), np.linalg.cholesky(c.sigma).swapaxes(1, 2)[:, None]
    inner, outer = (rng.normal(size=(*shape, n, c.d)) @ roots for n in (c.n2, c.n1))
    z_in, z_out = (0.5 * rng.normal(size=(*shape, n)) for n in (c.n2, c.n1))
    return inner, outer, z_in, z_out


def trained(c, inner, outer, z_in, z_out):
    """Minimise the outer loss after one literal inner step, by least squares on its residuals."""

    def residuals(w):
        error_in = np.einsum("tjhi,ti->tjh", inner, w - c.w) - z_in
        adapted = w - c.alpha / c.n2 * np.einsum("tjhi,tjh->tji", inner, error_in)
        return (np.einsum("tjhi,tji->tjh", outer, adapted - c.w[:, None]) - z_out).ravel()

    start = residuals(np.zeros(c.d))
    design = np.stack([residuals(unit) - start for unit in np.eye(c.d)], axis=1)
    return np.linalg.lstsq(design, -start, rcond=None)[0]


def gradient_noise(c, inner, outer, z_in, z_out):
    """Return each task's mean of P X_outᵀ z_out − (α/n2) P X_outᵀ X_out X_inᵀ z_in, over n1."""
    step = np.eye(c.d) - c.alpha / c.n2 * inner.swapaxes(2, 3) @ inner
    through = np.einsum("tjhi,tjki,tjk->tjh", outer, inner, z_in, optimize=True)
    noise = np.einsum("tjhi,tjh->tji", outer, z_out - c.alpha / c.n2 * through)
    return np.einsum("tjik,tjk->ti", step, noise) / (c.tau * c.n1)


# %% tags=["hide-input"]
def complete(c):
    """Add what follows from the tasks' Q, Z and optima, the label noise, and the environment's means."""
    c.B = max(c.B, np.linalg.norm(c.w, axis=1).max())
    c.C, c.mean_Q = (c.Q + c.Z).mean(0), c.Q.mean(0)
    c.mean_Qw = np.einsum("tij,tj->i", c.Q, c.w) / c.T
    c.limit, c.best = np.linalg.solve(c.mean_Q, c.mean_Qw), np.linalg.solve(c.EQ, c.EQw)
    weighted = np.einsum("tij,tj->i", c.Q + c.Z, c.w) / c.T
    c.data_error = np.linalg.solve(c.C, weighted) - c.limit  # ϑ is its length
    c.noise_error = np.linalg.solve(c.C, c.noise.mean(0))
    c.gamma = max(norm(deviation) for deviation in c.Z)
    return c


def instance(seed, samples=(2, 7), reach=1.0):
    """Return what the proof speaks of, for T of five tasks; β = 0.4, L = 1.5, αL at most reach."""
    rng = np.random.default_rng(seed)
    c = SimpleNamespace(d=int(rng.integers(1, 4)), T=int(rng.integers(2, 6)), L=1.5)
    c.alpha = rng.uniform(0.1 * reach, reach) / c.L
    sigma, optima = random_covariances(rng, 5, c.d, 0.4, c.L), rng.normal(size=(5, c.d))
    drawn = rng.integers(5, size=c.T)
    c.sigma, c.w, c.B = sigma[drawn], optima[drawn], np.linalg.norm(optima, axis=1).max()
    data = draw_episodes(rng, c, samples)
    c.episodes = curvature(*data[:2], c.alpha)
    c.low, c.high = eigenvalue_bounds(0.4, c.L, c.alpha, c.n2, c.d)
    Q = linear.adapted_covariance(sigma, c.alpha, c.n2)
    c.Q, c.EQ, c.EQw = Q[drawn], Q.mean(0), np.einsum("tij,tj->i", Q, optima) / 5
    c.Z = c.episodes.mean(1) / c.n1 - c.Q
    c.trained, c.noise = trained(c, *data), gradient_noise(c, *data)
    c.noiseless = trained(c, *data[:2], *(np.zeros_like(labels) for labels in data[2:]))
    return complete(c)


# %% tags=["hide-input"]
def given(Z, w, Q=1.0, EQ=None, EQw=0.0, L=1.0, B=0.0):
    """Return an instance in one dimension, without noise, in which every task has curvature Q."""
    c = SimpleNamespace(d=1, T=len(Z), L=L, B=B, noise=np.zeros((len(Z), 1)))
    c.low, c.high = sorted((Q, Q if EQ is None else EQ))
    c.Z, c.w = np.reshape(Z, (-1, 1, 1)), np.reshape(w, (-1, 1))
    c.Q, c.EQw = np.full((c.T, 1, 1), Q), np.full(1, EQw)
    c.EQ = np.full((1, 1), Q if EQ is None else EQ)
    return complete(c)


def norm(array):
    """Return the length of a vector, or the spectral norm of a matrix."""
    return float(np.linalg.norm(array, 2))


cases = [instance(seed) for seed in range(300)]

# %% [markdown]
# The first part, $\theta$, is split once more: $\vartheta$ is the error that the data make without label noise, the rest is what the noise adds.
#
# (eq-87)=
# $$
# \begin{gathered}
# \theta\le\vartheta+\lVert C^{-1}g\rVert,\qquad C=\tfrac1T\sum_i(Q_i+Z_i),\\
# g=\tfrac1{T\tau n_1}\sum_{i,j}P_{i,j}(X_{i,j}^{out})^\top\bigl(z_{i,j}^{out}-\tfrac{\alpha}{n_2}X_{i,j}^{out}(X_{i,j}^{in})^\top z_{i,j}^{in}\bigr).
# \end{gathered} \tag{87}
# $$
#
# Both (85) and (87) are triangle inequalities, and they stand.

# %%
total = np.array([norm(c.trained - c.best) for c in cases])
theta = np.array([norm(c.trained - c.limit) for c in cases])
few_tasks = np.array([norm(c.limit - c.best) for c in cases])
claims.bounds(
    "eq:85",
    total,
    "Few episodes and few tasks add up.",
    below=theta + few_tasks,
    shows=r"\lVert w_{MAML}^{(T,\tau)}-w_{MAML}^*\rVert\le\theta+\lVert w_{MAML}^{(T)*}-w_{MAML}^*\rVert",
    refuses={"few episodes alone": theta, "few tasks alone": few_tasks},
)

# %%
data = np.array([norm(c.data_error) for c in cases])
noise = np.array([norm(c.noise_error) for c in cases])
claims.bounds(
    "eq:87",
    theta,
    "Data and label noise add up.",
    below=data + noise,
    shows=r"\theta\le\vartheta+\lVert C^{-1}g\rVert",
    refuses={"the data alone": data, "the noise alone": noise},
)

# %% [markdown]
# For $\vartheta$ the sums over tasks are exchanged as in (54), and $\lVert w_i^*-w_j^*\rVert\le2B$:
#
# (eq-88)=
# $$
# \vartheta\le\lVert C^{-1}\rVert\,\frac{2\hat LB}{T\hat\beta}\sum_{i=1}^T\lVert Z_i\rVert. \tag{88}
# $$
#
# The inequality stands, for $\vartheta=\bigl\lVert C^{-1}\frac1T\sum_i(Q_i+Z_i)w_i^*-w_{MAML}^{(T)*}\bigr\rVert$. The display in the paper has $\hat Q_{i,j}$, the unnormalised curvature of a single episode, where $Q_i+Z_i$ is meant.
# Training on labels without noise tells which of the two is the data's share:

# %% tags=["hide-input"]
printed_88 = claims.prints(
    "eq:88",
    lambda c: np.linalg.solve(c.C, np.einsum("tij,ti->j", c.episodes[:, 0], c.w) / c.T) - c.limit,
    r"\vartheta=\bigl\lVert\sum_{i=1}^T\bigl[\frac1T\mathbf C^{-1}\hat{\mathbf Q}_{i,j}-\ldots\bigr]\mathbf w_i^*\bigr\rVert",
)
claims.checks(
    "eq:88",
    [c.noiseless - c.limit for c in cases],
    [c.data_error for c in cases],
    "The error of training without label noise has this length.",
    atol=1e-9,
    shows=r"\vartheta=\Bigl\lVert C^{-1}\frac1T\sum_{i=1}^T(Q_i+Z_i)w_i^*-w_{MAML}^{(T)*}\Bigr\rVert",
    printed=printed_88.at([(c,) for c in cases]),
)

# %% [markdown]
# The bound is attained in the limit by many equal tasks of which one is off, and has its optimum opposite to the rest.


# %%
def bound_88(c, inverse=True):
    factor = norm(np.linalg.inv(c.C)) if inverse else 1.0
    return factor * 2 * c.high * c.B / c.low * np.mean([norm(deviation) for deviation in c.Z])


one_off = [
    given(Z=[-Q / 2] + [0.0] * (T - 1), w=[1.0] + [-1.0] * (T - 1), Q=Q)
    for Q, T in itertools.product((0.01, 1.0), (2, 20, 200))
]
claims.bounds(
    "eq:88",
    [norm(c.data_error) for c in cases + one_off],
    r"The mean of the $\lVert Z_i\rVert$ bounds the share of the data.",
    below=[bound_88(c) for c in cases + one_off],
    shows=r"\vartheta\le\lVert C^{-1}\rVert\,\frac{2\hat LB}{T\hat\beta}\sum_{i=1}^T\lVert Z_i\rVert",
    refuses={
        r"without $\lVert C^{-1}\rVert$": [bound_88(c, inverse=False) for c in cases + one_off]
    },
)

# %% [markdown]
# Note what (88) gives away: the $Z_i$ are independent with mean zero, so the norm of their mean falls like $1/\sqrt T$. The mean of their norms does not fall at all.
# This is the step after which no number of tasks can make up for a small $\tau$. In truth it can ([chapter 5](05_convergence)).

# %% [markdown]
# ## Lemma 3: one entry of the curvature
#
# > **The paper, App. D.2, before Lemma 3.** "Next we bound each $\lVert\mathbf Z_i\rVert$ with high probability, by first showing element-wise convergence to 0."
#
# Write $x^{(r)}$ for the vector of the $r$-th coordinates of the $n_1$ outer samples, and $\hat x^{(r)}$ for that of the $n_2$ inner ones. (90) writes an entry of
# $D=PX_{out}^\top X_{out}$ with inner products of these vectors, and stands. To get $\hat Q=DP$, (91) multiplies from the right, and merges two cross terms into one with a factor 2. They
# are transposes of each other, not equal:
#
# (eq-91)=
# $$
# \begin{aligned}
# \hat Q(k,s)=\langle x^{(k)}&,x^{(s)}\rangle\\
# &-\frac{\alpha}{n_2}\sum_r\langle\hat x^{(k)},\hat x^{(r)}\rangle\langle x^{(r)},x^{(s)}\rangle\\
# &-\frac{\alpha}{n_2}\sum_r\langle x^{(k)},x^{(r)}\rangle\langle\hat x^{(r)},\hat x^{(s)}\rangle\\
# &+\frac{\alpha^2}{n_2^2}\sum_{l,r}\langle\hat x^{(k)},\hat x^{(r)}\rangle\langle x^{(r)},x^{(l)}\rangle\\
# &\qquad\qquad\quad\cdot\langle\hat x^{(l)},\hat x^{(s)}\rangle.
# \end{aligned} \tag{91, corrected}
# $$
#
# The averaged entry (92), the variable $u_j$ of (93), which is $\hat Q(k,s)/n_1$ of one episode, and its repetition (96) inherit the slip.
#
# The rest of the preparation stands: the entry of the average is the average of the $u_j$ (94). The test sets fifty episodes side by side, and for (94) one below the other.


# %% tags=["hide-input"]
def products(samples):
    """Return the inner products of the coordinate vectors of samples (..., n, d)."""
    return np.einsum("...hr,...hl->...rl", samples, samples)


def entry_90(inner, outer, alpha, k, l):
    I, O = products(inner), products(outer)
    sums = sum(I[..., k, r] * O[..., r, l] for r in range(I.shape[-1]))
    return O[..., k, l] - alpha / inner.shape[-2] * sums


def entry_91(inner, outer, alpha, k, s, merged=False):
    I, O, t, d = products(inner), products(outer), alpha / inner.shape[-2], inner.shape[-1]
    first = sum(I[..., k, r] * O[..., r, s] for r in range(d))
    second = first if merged else sum(O[..., k, r] * I[..., r, s] for r in range(d))
    pairs = itertools.product(range(d), repeat=2)
    top = sum(I[..., k, r] * O[..., r, l] * I[..., l, s] for l, r in pairs)
    return O[..., k, s] - t * (first + second) + t**2 * top


# %%
rng = np.random.default_rng(10)
inner, outer = rng.normal(size=(50, 4, 3)), rng.normal(size=(50, 2, 3))
P = np.eye(3) - 0.7 / 4 * inner.swapaxes(1, 2) @ inner
D, stacked = P @ outer.swapaxes(1, 2) @ outer, (outer @ P).reshape(100, 3)
places = list(itertools.product(range(3), repeat=2))
in_D = [entry_90(inner, outer, 0.7, k, l) for k, l in places]
in_Q = [entry_91(inner, outer, 0.7, k, s) for k, s in places]
means = [np.mean(u) / 2 for u in in_Q]
claims.checks(
    "eq:90",
    [D[:, k, l] for k, l in places],
    in_D,
    "These are the entries of $D$, in fifty episodes.",
    rtol=1e-9,
    floor=1.0,
    shows=r"D(k,l)=\langle x^{(k)},x^{(l)}\rangle"
    r"-\frac\alpha{n_2}\sum_r\langle\hat x^{(k)},\hat x^{(r)}\rangle\langle x^{(r)},x^{(l)}\rangle",
    refuses={"the entries of the transpose": [in_D[3 * l + k] for k, l in places]},
)

# %% tags=["hide-input"]
twice_one = [entry_91(inner, outer, 0.7, k, s, merged=True) for k, s in places]
printed_91 = [
    claims.prints(claim, twice_one, tex)
    for claim, tex in {
        "eq:91-93": r"-\frac{2\alpha}{n_2}\sum_{r=1}^d\langle\hat{\mathbf x}^{(k)},\hat{\mathbf x}^{(r)}\rangle"
        r"\langle\mathbf x^{(r)},\mathbf x^{(s)}\rangle",
        "eq:96": r"-\frac{2\alpha}{n_1n_2}\sum_r\langle\hat{\mathbf x}^{(k)},\hat{\mathbf x}^{(r)}\rangle"
        r"\langle\mathbf x^{(r)},\mathbf x^{(s)}\rangle",
    }.items()
]
claims.checks(
    "eq:91-93 eq:96",
    [(D @ P)[:, k, s] for k, s in places],
    in_Q,
    r"The entries of $\hat Q=DP$ have two cross terms.",
    rtol=1e-9,
    floor=1.0,
    shows=r"-\frac\alpha{n_2}\sum_r\langle\hat x^{(k)},\hat x^{(r)}\rangle\langle x^{(r)},x^{(s)}\rangle"
    r"-\frac\alpha{n_2}\sum_r\langle x^{(k)},x^{(r)}\rangle\langle\hat x^{(r)},\hat x^{(s)}\rangle",
    printed=printed_91,
)

# %%
claims.checks(
    "eq:94",
    (stacked.T @ stacked).ravel() / 100,
    means,
    "The entries of the average of fifty curvatures are averages of entries.",
    rtol=1e-9,
    floor=1.0,
    shows=r"\frac1{\tau n_1}\sum_{j=1}^\tau\hat Q_j(k,s)=\frac1\tau\sum_{j=1}^\tau u_j",
    refuses={"the sum of the $u_j$": np.multiply(means, 50)},
)

# %% [markdown]
# > **The paper, after (92).** "this is a polynomial in the independent Gaussian random variables […] for a total of $d\tau(n_1+n_2)$ random variables"
#
# The coordinates of a sample are independent if $\Sigma_i$ is diagonal, which Lemma 2 assumes and Assumption 2 does not. Nothing is lost: in the coordinates of $\Sigma_i^{-1/2}x$ the entry is a polynomial of the same degree, with as many variables.

# %% tags=["hide-input"]
covariances = np.array([[[1.0, r], [r, 2.0]] for r in (0.0, 0.9, -0.5)])
points, weights = quadrature(3, 3)
coordinates = [points @ np.linalg.cholesky(S).T for S in covariances]
products_of_variances = covariances[:, 0, 0] * covariances[:, 1, 1]
claims.checks(
    "text:independent-gaussians",
    [weights @ (x[:, 0] ** 2 * x[:, 1] ** 2) for x in coordinates],
    products_of_variances + 2 * covariances[:, 0, 1] ** 2,
    "The mean of a product of squares is a product of means only without correlation.",
    rtol=1e-9,
    shows=r"\mathbb E[x_1^2x_2^2]=\Sigma_{11}\Sigma_{22}+2\Sigma_{12}^2",
    printed=claims.prints(
        "text:independent-gaussians",
        products_of_variances,
        r"\text{independent Gaussian random variables}",
    ),
)

# %% [markdown]
# The $u_j$ are independent, so the variance of the entry is that of one of them divided by $\tau$ (95).
# The variance of one is exact arithmetic: average over the outer samples by Lemma 2, over the inner ones by Wick's rule. To compare, integrate over all samples of two or three episodes.


# %% tags=["hide-input"]
def second_moments(step, sigma, n1, n2):
    """Return E[u(k, s)²] for u = P S_out P; step is a pair (B, b) for P = B + b(S_in − Σ)."""
    found = []
    for unit in np.eye(len(sigma)):
        E = np.outer(unit, unit)
        chain, trace = "ab,bc,cd,de,ef,fg,gh->ah", "ab,bc,cd,da,ef,fg,gh->eh"
        one = linear.wishart_average(chain, [step, sigma, step, E, step, sigma, step], sigma, n2)
        two = linear.wishart_average(trace, [step, E, step, sigma, step, sigma, step], sigma, n2)
        found.append(np.diag((1 + 1 / n1) * one + two / n1))
    return np.array(found).T


def variances(sigma, alpha, n1, n2):
    """Return the variances of the entries of Q̂ / n1, exactly."""
    moments = second_moments((np.eye(len(sigma)) - alpha * sigma, -alpha), sigma, n1, n2)
    return moments - linear.adapted_covariance(sigma, alpha, n2) ** 2


def integrated_variances(root, alpha, tau):
    """Integrate Z² over tau episodes with one sample of each kind."""
    d = len(root)
    points, weights = quadrature(*([5] * d + [3] * d) * tau)
    samples = points.reshape(-1, tau, 2, 1, d) @ root.T
    mean = curvature(samples[:, :, 0], samples[:, :, 1], alpha).mean(1)
    return np.tensordot(
        weights, (mean - linear.adapted_covariance(root @ root.T, alpha, 1)) ** 2, 1
    )


def draw_deviations(rng, count, sigma, alpha, tau, n1, n2):
    """Draw Z of (82), (count, d, d)."""
    root = np.linalg.cholesky(sigma).T
    inner, outer = (rng.normal(size=(count, tau, n, len(sigma))) @ root for n in (n2, n1))
    mean = curvature(inner, outer, alpha).mean(1) / n1
    return mean - linear.adapted_covariance(sigma, alpha, n2)


# %%
settings = [(np.eye(1), 0.5, 2), (np.eye(1), 2.0, 3), (root, 0.7, 2)]  # root of Σ, α, τ
of_one = [variances(factor @ factor.T, alpha, 1, 1) for factor, alpha, _ in settings]
squares = [
    linear.adapted_covariance(factor @ factor.T, alpha, 1) ** 2 for factor, alpha, _ in settings
]
taus = [tau for *_, tau in settings]
claims.checks(
    "eq:95",
    [integrated_variances(*setting) for setting in settings],
    [S / tau for S, tau in zip(of_one, taus, strict=True)],
    "All entries of $Z$ have this variance, with two and with three episodes.",
    rtol=1e-9,
    shows=r"\operatorname{Var}\Bigl(\frac1\tau\sum_{j=1}^\tau u_j\Bigr)=\frac1\tau\operatorname{Var}(u_1)",
    refuses={
        r"$\operatorname{Var}(u_1)/\tau^2$": [
            S / tau**2 for S, tau in zip(of_one, taus, strict=True)
        ],
        r"$E[u_1^2]/\tau$": [
            (S + M) / tau for S, M, tau in zip(of_one, squares, taus, strict=True)
        ],
    },
)

# %% [markdown]
# ### How large is the variance?
#
# > **The paper, after (96).** "The second moment of $u_1$ is dominated by the higher-order terms in $u_1^2$, since these terms have the largest expectation (being
# > of the highest order) and are the most populous."
#
# So the paper keeps the terms with $\alpha^4$ and counts them. In one dimension, with one inner and one outer sample of variance 1, the whole second moment is

# %%
alpha, X = sp.symbols("alpha X")


def chi_square_mean(polynomial):
    """Return the mean of a polynomial in X = x², x a standard normal."""
    terms = sp.Poly(sp.expand(polynomial), X).terms()
    return sum(factor * sp.factorial2(2 * power - 1) for (power,), factor in terms)


second_moment = sp.expand(3 * chi_square_mean((1 - alpha * X) ** 4))
second_moment

# %% [markdown]
# The largest monomial is right: eight inner factors and four outer ones have mean $105\cdot3=315$ if they coincide, and no larger mean otherwise (Hölder). But as $\alpha\to0$
# the sum tends to 3, and its last term to zero. No constant makes the last term dominate: "the highest order" is one in $\alpha$, and $\alpha$ may be small.
#
# The counts of monomials are right but for the merged cross term. Setting every sample to 1 makes each monomial count 1:


# %% tags=["hide-input"]
def normal_moment(*names):
    """Return the mean of a product of standard normals, named with repetition."""
    powers = Counter(names).values()
    return math.prod(0 if p % 2 else math.prod(range(1, p, 2)) for p in powers)


def means_of_monomials(factors, variance):
    """Return the means of all products of so many centred normals: which coincide is a partition."""
    return [
        variance ** (factors / 2)
        * math.prod(normal_moment(*[0] * part) ** count for part, count in partition.items())
        for partition in partitions(factors)
    ]


largest = np.array([0.5, 1.0, 2.0])  # L
means = [np.outer(means_of_monomials(8, L), means_of_monomials(4, L)).ravel() for L in largest]
claims.bounds(
    "text:largest-monomial",
    means,
    "No product of eight inner and four outer factors has a larger mean, whichever of them coincide.",
    below=np.repeat(315 * largest**6, 110).reshape(3, 110),
    shows=r"105L^4\times3L^2=315L^6",
    refuses={r"$15L^4\times3L^2$": np.repeat(45 * largest**6, 110).reshape(3, 110)},
)

# %%
shapes = [(1, 1, 1), (2, 1, 1), (2, 3, 2), (4, 2, 5)]  # d, n1, n2


def count_monomials(d, n1, n2):
    """Return the numbers of monomials of degree two, four and six."""
    S_in, S_out = np.full((d, d), n2), np.full((d, d), n1)
    orders = S_out, S_in @ S_out + S_out @ S_in, S_in @ S_out @ S_in
    return [float(order[0, 0]) for order in orders]


printed_counts = claims.prints(
    "text:numbers-of-monomials",
    lambda d, n1, n2: [d**2 * n1 * n2**2, d * n1 * n2, n1],
    r"d^2n_1n_2^2\text{ monomials with six random variables, and only }dn_1n_2"
    r"\text{ monomials with four random variables and }n_1",
)
claims.checks(
    "text:numbers-of-monomials",
    [count_monomials(*shape)[::-1] for shape in shapes],
    [[d**2 * n1 * n2**2, 2 * d * n1 * n2, n1] for d, n1, n2 in shapes],
    "So many monomials have degree six, four and two.",
    rtol=1e-12,
    shows=r"d^2n_1n_2^2,\quad2dn_1n_2,\quad n_1",
    printed=printed_counts.at(shapes),
)

# %% [markdown]
# The count of the terms of (97) with non-zero mean misses a case. A product of outer samples $x^{(r)}(h)x^{(l)}(h)x^{(r')}(h')x^{(l')}(h')$ has non-zero mean if its factors pair up. For
# $h=h'$ there are three ways to pair, not two: besides $r=l,\ r'=l'$ and $r=r',\ l=l'$ also $r=l',\ l=r'$.


# %% tags=["hide-input"]
def sum_97(d, n1, n2, k, s):
    """Return the sum of (97) over n1² n2⁴ for Σ = I, term by term, with the mean of each term's outer factors."""
    total, outer = 0.0, []
    for h, g, l, r, m, q in index_tuples(d, n1):
        outer.append(normal_moment((r, h), (l, h), (q, g), (m, g)))
        if outer[-1]:
            for a, b, c, e in itertools.product(range(n2), repeat=4):
                first = (l, a), (s, a), (k, b), (r, b)
                total += outer[-1] * normal_moment(*first, (m, c), (s, c), (k, e), (q, e))
    return total / (n1**2 * n2**4), np.array(outer)


def index_tuples(d, n1):
    """Return all h, h', l, r, l', r'."""
    return list(itertools.product(range(n1), range(n1), *[range(d)] * 4))


def admitted(d, n1, third):
    """Return for which indices the mean may differ from zero, with or without the third way to pair."""
    h, g, l, r, m, q = np.array(index_tuples(d, n1)).T
    same = (h == g) & (((r == q) & (l == m)) | (third & (r == m) & (l == q)))
    return ((r == l) & (q == m)) | same


# %%
nonzero = sum_97(3, 2, 1, 0, 0)[1] != 0
printed_terms = claims.prints(
    "text:nonzero-terms",
    lambda d, n1: admitted(d, n1, third=False),
    r"r=r'\text{, }l=l'\text{ and }h=h'",
)
claims.decides(
    "text:nonzero-terms",
    nonzero,
    admitted(3, 2, third=True),
    "Of all 324 choices of the indices for $d=3$ and $n_1=2$ these have a non-zero mean.",
    shows=r"r=l,\ r'=l';\quad h=h',\ r=r',\ l=l';\quad h=h',\ r=l',\ l=r'",
    printed=printed_terms(3, 2),
)

# %% tags=["hide-input"]
shapes = [(2, 1), (2, 2), (3, 2), (2, 3)]  # d, n1
two_cases = claims.prints(
    "text:counts-of-nonzero-terms",
    lambda d, n1: n1**2 * d**2 + n1 * d**2,
    r"n_1^2d^2\text{ distinct values of }(h,h',r,r',l,l')\text{ that satisfy (i), and }n_1d^2",
)
claims.checks(
    "text:counts-of-nonzero-terms",
    [np.sum(sum_97(*shape, 1, 0, 0)[1] != 0) for shape in shapes],
    [n1**2 * d**2 + 2 * n1 * d * (d - 1) for d, n1 in shapes],
    "So many terms have a non-zero mean.",
    rtol=1e-12,
    shows=r"n_1^2d^2+2n_1d(d-1)",
    printed=two_cases.at(shapes),
)

# %% [markdown]
# What (97) sums up is the second moment of the $\alpha^2$ part of $u_1$:

# %%
by_terms = [[sum_97(2, 2, 2, k, s)[0] for s in (0, 1)] for k in (0, 1)]
claims.checks(
    "eq:97",
    by_terms,
    second_moments((np.eye(2), 1.0), np.eye(2), 2, 2),
    r"By monomials, the sum of (97) is the second moment of this part, for $d=n_1=n_2=2$.",
    rtol=1e-10,
    towards=True,
    refuses={r"without $1/n_1^2$": second_moments((np.eye(2), 1.0), np.eye(2), 2, 2) / 4},
)

# %% [markdown]
# The highest order is one end of the truth, the lowest the other. Write $S$ and $\hat S$ for the sample covariances of the outer and the inner samples. On the diagonal the two ends suffice, without the orders between them:
#
# (eq-97)=
# $$
# E[u_1^2]^{1/4}\le E\bigl[S(k,k)^2\bigr]^{1/4}+\alpha\,E\bigl[(\hat SS\hat S)(k,k)^2\bigr]^{1/4}. \tag{97, corrected}
# $$
#
# Given $P$, Lemma 2 makes $E[(y^\top Sy)^2]$ a multiple of $(y^\top\Sigma y)^2$ for $y=Pe_k$; so $E[u_1^2]^{1/4}$ is, up to a factor, a norm of $\Sigma^{1/2}Pe_k$ in $L^4$, and $P=I-\alpha\hat S$. Both ends are attained, at $\alpha=0$ and as $\alpha\to\infty$:


# %% tags=["hide-input"]
def shapes_of(rng):
    """Return Σ, L, n1 and n2, in one and two dimensions."""
    for (L, n1, n2), d_ in itertools.product(((10.0, 1, 1), (0.5, 20, 3)), (1, 2)):
        for S in L * np.eye(d_), random_covariances(rng, 1, d_, 0.1 * L, L)[0]:
            yield S, L, n1, n2


def of_step(sigma, alpha, n1, n2):
    return second_moments((np.eye(len(sigma)) - alpha * sigma, -alpha), sigma, n1, n2)


def two_ends(sigma, n1, n2):
    """Return E[S(k, k)²] and E[(ŜSŜ)(k, k)²], the largest over k."""
    ends = (np.eye(len(sigma)), 0.0), (sigma, 1.0)
    return [second_moments(end, sigma, n1, n2).diagonal().max() for end in ends]


reaches = np.array([1e-9, 0.1, 1.0, 1000.0])  # αL
shapes = list(shapes_of(np.random.default_rng(12)))
dims, limits = np.array([(len(S), L) for S, L, *_ in shapes]).T[:, :, None]
rates = reaches / limits
moments = [
    [of_step(S, rate, n1, n2) for rate in row]
    for (S, _, n1, n2), row in zip(shapes, rates, strict=True)
]
ends = [two_ends(S, n1, n2) for S, _, n1, n2 in shapes]

# %%
lowest, highest = np.array(ends).T[:, :, None]
seconds = [[moment.diagonal().max() for moment in row] for row in moments]
top = rates**4 * highest
printed_top = [
    claims.prints(claim, 1e6 * top, tex)
    for claim, tex in {
        "eq:97": r"\frac c{n_1^2\tau}\mathbb E\bigl[\bigl(\frac{\alpha^2}{n_2^2}\sum_h\sum_l\sum_r\ldots\bigr)^2\bigr]",
        "text:highest-order-terms-dominate": r"\mathbb E[u_1^2]\text{ is at most a constant times the expectation of the }"
        r"d^4n_1^2n_2^4\text{ monomials of 12 variables in }u_1^2",
    }.items()
]
claims.bounds(
    "eq:97 text:highest-order-terms-dominate",
    seconds,
    r"The two ends bound the whole, from $\alpha L=10^{-9}$ to $10^3$. As printed it is tried with $c=10^6$.",
    below=(lowest**0.25 + top**0.25) ** 4,
    shows=r"\mathbb E[u_1^2]^{1/4}\leq\mathbb E[S(k,k)^2]^{1/4}+\alpha\,\mathbb E[(\hat SS\hat S)(k,k)^2]^{1/4}",
    refuses={"the lowest order alone": lowest + 0 * top},
    printed=printed_top,
)

# %% [markdown]
# With the third case the count gives $3\cdot315=945$ where (98) has $730$ (and $2\cdot315$ is $630$); the $L^6$ is lost between the lines; and the lower orders are missing.
# One can do better than mend the count. The following bound needs no list of cases and no diagonal $\Sigma_i$, holds for all sample sizes, and does not vanish as $\alpha\to0$:
#
# (eq-98)=
# $$
# \begin{gathered}
# \operatorname{Var}(Z_i(k,s))\le\frac v\tau,\qquad v=3L^2\bigl(1+\alpha La_d\bigr)^4,\\
# a_d=\bigl(3(d+4)(d+6)\bigr)^{1/4}.
# \end{gathered} \tag{98, corrected}
# $$
#
# :::{dropdown} Proof
# Write $u(k,s)=y^\top Sy'$ with $y=Pe_k$, $y'=Pe_s$. By the Cauchy–Schwarz inequality we may take $k=s$. Given $P$,
# Lemma 2 says $E(y^\top Sy)^2=(1+\frac2{n_1})(y^\top\Sigma y)^2\le3L^2\lVert Pe_k\rVert^4$. The norm of $L^4$ obeys the triangle inequality, so
# $(E\lVert Pe_k\rVert^4)^{1/4}\le1+\alpha(E\lVert\hat Se_k\rVert^4)^{1/4}$. Write $\hat S=\Sigma^{1/2}W\Sigma^{1/2}$, with $W$ that of standard normal samples:
# $\lVert\hat Se_k\rVert\le\sqrt L\,\lVert Wa\rVert$ for a vector $a$ no longer than $\sqrt L$, and the law of $\lVert Wa\rVert$ depends on the length of $a$ only. Since $W$ is a mean of $n_2$ independent
# matrices, $E\lVert We_1\rVert^4$ is largest for $n_2=1$, where it is $E[g_1^4(g_1^2+\dots+g_d^2)^2]=3(d+4)(d+6)$. $\square$
# :::

# %%
d = sp.Symbol("d", positive=True)
first = [1, 1, 3, 15, 105]  # E g₁^(2k)
rest = [1, d - 1, (d - 1) * (d + 1)]  # E (g₂² + … + g_d²)^k
claims.proves(
    "eq:98",
    first[4] + 2 * first[3] * rest[1] + first[2] * rest[2],
    3 * (d + 4) * (d + 6),
    "This is the moment of the proof.",
    shows=r"E\bigl[g_1^4(g_1^2+\dots+g_d^2)^2\bigr]=3(d+4)(d+6)",
    towards=True,
    refuses={"$3(d+4)^2$": 3 * (d + 4) ** 2},
)

# %% tags=["hide-input"]
claims.bounds(
    "eq:98",
    highest,
    r"The part of order $\alpha^4$ alone keeps below this.",
    below=9 * (dims + 4) * (dims + 6) * limits**6,
    shows=r"E\bigl[(\hat SS\hat S)(k,k)^2\bigr]\le9(d+4)(d+6)L^6\le315\,d^2L^6",
    towards=True,
    refuses={r"$L^4$ for $L^6$": 9 * (dims + 4) * (dims + 6) * limits**4},
)


# %% tags=["hide-input"]
def variance_bound(L, alpha, d):
    """Return v of the corrected (98)."""
    return 3 * L**2 * (1 + alpha * L * (3 * (d + 4) * (d + 6)) ** 0.25) ** 4


printed_98 = claims.prints(
    "eq:98", lambda alpha, d, c: 730 * c * d**2 * alpha**4, r"\frac{730cd^2\alpha^4}\tau"
)
claims.bounds(
    "eq:98",
    [[moment.max() for moment in row] for row in moments],
    r"Even $E[u_1^2]$ keeps below $v$, for every entry. As printed it is tried with $c=10^6$.",
    below=variance_bound(limits, rates, dims),
    shows=r"\mathrm{Var}(Z_i(k,s))\leq\frac v\tau,\;v=3L^2(1+\alpha La_d)^4,\;a_d=(3(d+4)(d+6))^{1/4}",
    refuses={r"$c\,\alpha^4d^2L^6$ with $c=10^6$": 1e6 * rates**4 * dims**2 * limits**6},
    printed=printed_98(rates, dims, 1e6),
)

# %% [markdown]
# > **The paper, after (98).** "the bound on the elements of $\mathbf Z_i$ given in Lemma 3 is tight up to logarithmic factors"
#
# For a fixed $\alpha L$ and *one* inner and outer sample the order $\alpha^4d^2L^6$ is right. With more samples it is not: the variance falls like $1/n$ for $n_1=n_2=n$, and the bound does not contain $n$.

# %% tags=["hide-input"]
sizes = np.array([2, 3, 4, 8])
claims.checks(
    "text:tight-up-to-logarithms",
    [variances(np.eye(size), 1.0, 1, 1)[0, 1] for size in sizes],
    3 * sizes**2 + 20 * sizes + 37.0,
    r"Off the diagonal, with one sample of each kind, $\Sigma=I$ and $\alpha=1$, the order $d^2$ is right.",
    rtol=1e-9,
    shows=r"\operatorname{Var}(u_1)=3d^2+20d+37",
    refuses={"the order $d^3$": 3 * sizes**3 + 20 * sizes + 37.0},
)

# %% tags=["hide-input"]
samples = np.array([1, 10, 1000])
shapes = list(itertools.product((1, 2), (1e-9, 0.5, 1.0)))  # d, α; Σ = I
many = np.array([[variances(np.eye(d_), rate, n, n)[0, 0] for n in samples] for d_, rate in shapes])
claims.bounds(
    "text:tight-up-to-logarithms",
    many,
    "With $n$ samples of each kind the variance falls like $1/n$ at least.",
    below=many[:, :1] / samples,
    shows=r"\mathrm{Var}_n(u_1)\leq\frac1n\mathrm{Var}_1(u_1)",
    refuses={r"$\mathrm{Var}_1(u_1)/n^2$": many[:, :1] / samples**2},
)

# %% tags=["hide-input"]
means = np.array(
    [[linear.adapted_covariance(np.eye(d_), rate, n)[0, 0] for n in samples] for d_, rate in shapes]
)
tight = claims.prints(
    "text:tight-up-to-logarithms",
    lambda d, alpha: 1e-4 * alpha**4 * d**2 * np.ones(len(samples)),
    r"\text{tight up to logarithmic factors}",
)
claims.bounds(
    "text:tight-up-to-logarithms",
    many,
    r"It stays above $2Q(k,k)^2/n$, but not above a fixed part of $\alpha^4d^2L^6$: even a ten-thousandth is too much.",
    above=2 * means**2 / samples,
    printed=tight.at(shapes),
)

# %% [markdown]
# ### The lemma
#
# What remains is a tail. A polynomial of degree $q$ in Gaussian variables has $E\lvert f\rvert^p\le(p-1)^{pq/2}(Ef^2)^{p/2}$ for $p\ge2$, and Markov's inequality does the rest. Here $q=6$.
#
# (eq-89)=
# $$
# \mathbb P\bigl(\lvert Z_i(k,s)\rvert\ge\gamma\bigr)\le e^2\exp\Bigl(-\Bigl(\frac{\tau\gamma^2}{e^2v}\Bigr)^{1/6}\Bigr). \tag{89, corrected}
# $$
#
# :::{dropdown} Proof
# Let $f$ be the deviation, $s$ its standard deviation and $p=(\gamma/(es))^{1/3}$. If $p<2$ the right-hand side exceeds 1. If $p\ge2$, then $\mathbb P(\lvert f\rvert\ge\gamma)\le(p^3s/\gamma)^p=e^{-p}$, and $p=(\gamma^2/(e^2s^2))^{1/6}$. By (98), $s^2\le v/\tau$. $\square$
# :::

# %% tags=["remove-input"]
claims.quotes(
    "lem:3 eq:89",
    r"A polynomial of degree $q$ in Gaussian variables deviates by $\gamma$ with probability at most "
    r"$e^2\exp(-(\gamma^2/(R^q\operatorname{Var}))^{1/q})$; for $q=6$ hypercontractivity gives $R^6=e^2$.",
    "Schudy and Sviridenko (2012), Theorem 1.9; Aubrun and Szarek (2017), Corollary 5.49",
)

# %%
gamma = np.geomspace(30, 3e5, 9)  # in units of s
p = (gamma / math.e) ** (1 / 3)
claims.checks(
    "eq:89",
    (p**3 / gamma) ** p,
    np.exp(-((gamma**2 / math.e**2) ** (1 / 6))),
    r"Markov's inequality gives this at the $p$ of the proof, for $\gamma$ from $30s$ to $3\cdot10^5s$.",
    rtol=1e-9,
    shows=r"\Bigl(\frac{p^3s}\gamma\Bigr)^p=\exp\Bigl(-\Bigl(\frac{\gamma^2}{e^2s^2}\Bigr)^{1/6}\Bigr)",
    towards=True,
    refuses={"without $e^2$": np.exp(-((gamma**2) ** (1 / 6)))},
)

# %% [markdown]
# The inequality of moments rests on the cited source. In one dimension, with one sample of each kind, quadrature gives the moments of $Z$ exactly, and those of the noise vector $g$ of (87), so that it can be tested:


# %% tags=["hide-input"]
def scaled_moments(alpha, p):
    """Return E[f^p]^(1/p) / E[f²]^(1/2) for f = Z and for f = g in one dimension, n1 = n2 = 1, by quadrature."""
    points, weights = quadrature(3 * p + 1, p + 1)
    X, Y = points.T**2  # of the inner and of the outer sample
    Z = (1 - alpha * X) ** 2 * Y - linear.adapted_covariance([[1.0]], alpha, 1)[0, 0]
    spread = np.abs(1 - alpha * X) * np.sqrt(Y * (1 + alpha**2 * X * Y))  # of g, given both
    scale = math.prod(range(1, p, 2)) ** (1 / p)
    means = [(weights @ f**p) ** (1 / p) / (weights @ f**2) ** 0.5 for f in (Z, spread)]
    return means[0], scale * means[1]


powers = np.arange(4, 14, 2)
scaled = np.array([[scaled_moments(rate, p) for p in powers] for rate in (1e-9, 0.5, 2.0, 1000.0)])
both = ("eq:89", "eq:114-115")
claims.bounds(
    "eq:89 eq:114-115",
    dict(zip(both, np.moveaxis(scaled, 2, 0), strict=True)),
    r"The inequality holds for $f=Z$ and $f=g$, $p=4,6,\dots,12$ and $\alpha=10^{-9}$, $\frac12$, $2$, $1000$.",
    below=dict.fromkeys(both, np.tile((powers - 1.0) ** 3, (4, 1))),
    shows=r"\bigl(E\lvert f\rvert^p\bigr)^{1/p}\le(p-1)^3\bigl(Ef^2\bigr)^{1/2}",
    towards=True,
    refuses={
        "$(p-1)^2$, as for degree four": dict.fromkeys(both, np.tile((powers - 1.0) ** 2, (4, 1)))
    },
)

# %% [markdown]
# And the lemma itself? Its bound is less than 1, and so says something, for $\gamma>8e\sqrt{v/\tau}$. Hardly a draw falls there. But for an episode with one sample of each kind $Z(1,1)$ is $\lVert Pe_1\rVert^2$ times a $\chi^2$ variable, less its mean,
# and $\lVert Pe_1\rVert^2$ contains two more. So its tail is a double integral:


# %% tags=["hide-input"]
def chi_grid(degrees):
    """Return points and weights to integrate over a χ variable, also far out; no degrees are a zero."""
    if degrees == 0:
        return np.zeros(1), np.ones(1)
    points = max(0.0, math.sqrt(degrees) - 14) + (np.arange(280) + 0.5) / 10
    weights = stats.chi.pdf(points, degrees)
    return points, weights / weights.sum()


def beyond(size, threshold):
    """Return the probability that size times χ² with one degree of freedom is at least the threshold."""
    return special.erfc(np.sqrt(np.maximum(threshold, 0) / np.maximum(2 * size, 1e-300)))


def tail_of_entry(d, alpha, gamma):
    """Return ℙ(|Z(1, 1)| ≥ γ) for n1 = n2 = τ = 1 and Σ = I."""
    (first, chance), (rest, weight) = chi_grid(1), chi_grid(d - 1)
    A, length = first[:, None] ** 2, first[:, None] ** 2 + rest**2
    size = 1 - 2 * alpha * A + alpha**2 * A * length  # ‖Pe₁‖²
    mean = linear.adapted_covariance(np.eye(d), alpha, 1)[0, 0]
    below = 1 - beyond(size, mean - gamma)
    return float(chance @ (beyond(size, mean + gamma) + below) @ weight)


def tail(square, degree=6, factor=1.0):
    """Return the bound factor · e² exp(−x^(1/degree)); 0 for an infinite x."""
    return factor * math.e**2 * np.exp(-(np.asarray(square) ** (1 / degree)))


# %% tags=["hide-input"]
small = [(1, 1.0, 1e-6), (2, 1e-4, 2.0)]  # d, α, γ; the lemma says nothing there
shapes = itertools.product((1, 2, 10), (1e-9, 0.1, 0.5, 2.0, 1000.0), (1.01, 2, 10, 1e4))
far = [
    (d_, rate, reach * 8 * math.e * math.sqrt(variance_bound(1.0, rate, d_)))
    for d_, rate, reach in shapes
]
dims, rates, gammas = (np.array(column) for column in zip(*small, *far, strict=True))
square = gammas**2 / (math.e**2 * variance_bound(1.0, rates, dims))
as_printed = tail(gammas**2 / (1e6 * rates**4 * dims**2))  # c = 10⁶
printed_89 = claims.prints(
    "lem:3 eq:89",
    1 - as_printed,
    r"\mathbb P\bigl(\lvert\frac1{\tau n_1}\sum_j\hat Q_{i,j}(k,s)-Q_i(k,s)\rvert\leq\gamma\bigr)"
    r"\geq e^2\exp\bigl(-\bigl(\frac{\tau\gamma^2}{c\alpha^4d^2L^6}\bigr)^{1/6}\bigr)",
)
printed_103 = claims.prints(
    "eq:103",
    as_printed,
    r"\mathbb P(\lvert Z_i(k,k)\rvert\geq\gamma)"
    r"\leq e^2\exp\bigl(-\bigl(\frac{\tau\gamma^2}{c\alpha^4d^2L^6}\bigr)^{1/6}\bigr)",
)
claims.bounds(
    "lem:3 eq:89 eq:103",
    [tail_of_entry(*point) for point in zip(dims, rates, gammas, strict=True)],
    r"The tail of $Z(1,1)$, integrated, keeps below from $\alpha=10^{-9}$ to $10^3$. As printed it is tried with $c=10^6$.",
    below=tail(square),
    probability=True,
    shows=r"\mathbb P\bigl(\lvert Z_i(k,s)\rvert\geq\gamma\bigr)"
    r"\leq e^2\exp\bigl(-\bigl(\frac{\tau\gamma^2}{e^2v}\bigr)^{1/6}\bigr)",
    refuses={
        r"the power $\frac14$, as for degree four": tail(square, degree=4),
        "a hundred-thousandth of $v$": tail(1e5 * square),
    },
    printed=[printed_89, printed_103],
)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# In (91), (92), (93) and (96) there are two cross terms. (97) and (98) need all orders in $\alpha$: $v$ takes the place of $730c\,d^2\alpha^4$. (89) is printed with $\mathbb P(\lvert\cdot\rvert\le\gamma)\ge e^2\exp(\dots)$, a lower bound
# that exceeds one as $\gamma\to0$. Turned round it is what the cited theorem says; with $\alpha^4d^2L^6$ for the variance it is still false for small $\alpha$, whatever the constant.
# :::
#
# How much is the sixth root worth? Compare with Chebyshev's inequality, which uses nothing but the variance:

# %% tags=["remove-input"]
crossing = optimize.brentq(lambda x: 2 - (x / math.e) ** (1 / 3) + 2 * math.log(x), 1e3, 1e6)
Markdown(
    f"The exponential bound is the smaller one only beyond {float(f'{crossing:.1g}'):,.0f} standard deviations, where the "
    f"probability is below $10^{{{math.ceil(-2 * math.log10(crossing))}}}$. For every probability that one would quote, "
    "Chebyshev's inequality is the better lemma."
)


# %% [markdown]
# ## Lemma 4: from entries to the norm
#
# By Gershgorin's theorem (100) every eigenvalue of $Z_i$ lies within $R_k=\sum_{s\ne k}\lvert Z_i(k,s)\rvert$ of some $Z_i(k,k)$. So
#
# (eq-101)=
# $$
# \lVert Z_i\rVert\le\max_k\ \lvert Z_i(k,k)\rvert+R_k. \tag{101, corrected}
# $$
#
# The paper leaves out the modulus, and $Z_i=-1$ is the smallest counterexample: with $\Sigma=1$ and a small $\alpha$, an episode whose one outer sample is close to zero.
#
# (102) says that $R_k\ge(d-1)\gamma$ only if one of its $d-1$ terms is at least $\gamma$, and sums their probabilities from Lemma 3; (103) is Lemma 3 for the diagonal. The reasoning stands, with the
# variance of (98) in the exponent. The printed exponent has $\alpha^4d^2L^6$, and as $\alpha\to0$ it promises a certainty that there is not.
#
# Then comes the error that costs most. From $R_k\le(d-1)\gamma$ and $\lvert Z_i(k,k)\rvert\le\gamma$, (104), (105) and (106) conclude $\lVert Z_i\rVert\le\gamma$. It follows that $\lVert Z_i\rVert\le d\gamma$, and no more: all entries can be $\gamma$.

# %% tags=["hide-input"]
rng = np.random.default_rng(11)
sigma_3 = np.array([[1.0, 0.3, 0.1], [0.3, 0.6, -0.2], [0.1, -0.2, 0.4]])
drawn = draw_deviations(rng, 2000, sigma_3, 0.6, tau=3, n1=2, n2=4)
Z = np.concatenate([drawn, np.ones((1, 3, 3)), -np.eye(3)[None]])  # and two extremes
diagonal = np.einsum("ikk->ik", Z)
radii = np.abs(Z).sum(2) - np.abs(diagonal)
eigenvalues, norms = np.linalg.eigvalsh(Z), np.linalg.norm(Z, 2, axis=(1, 2))
gaps = np.abs(eigenvalues[:, :, None] - diagonal[:, None, :])
disk = np.argmin(gaps - radii[:, None, :], axis=2)[..., None]
radius = np.take_along_axis(radii[:, None, :], disk, 2)
claims.bounds(
    "eq:100",
    np.take_along_axis(gaps, disk, 2),
    "Every eigenvalue lies in a disk.",
    below=radius,
    shows=r"\min_k\bigl(\lvert\lambda-Z(k,k)\rvert-R_k\bigr)\le0",
    refuses={"half the radius": radius / 2},
)

# %%
printed_101 = claims.prints(
    "eq:101", (diagonal + radii).max(1), r"\lVert\mathbf Z_i\rVert\leq\max_kZ_i(k,k)+R_k"
)
claims.bounds(
    "eq:101",
    norms,
    "It holds for 2,000 draws in three dimensions, for the matrix of ones and for minus the identity.",
    below=(np.abs(diagonal) + radii).max(1),
    shows=r"\lVert Z_i\rVert\leq\max_k\lvert Z_i(k,k)\rvert+R_k",
    refuses={"the diagonal alone": np.abs(diagonal).max(1)},
    printed=printed_101,
)

# %%
largest = np.abs(Z).max((1, 2))
claims.bounds(
    "eq:104-106",
    norms,
    r"Entries of size at most $\gamma$ allow a norm of $d\gamma$; here $d=3$.",
    below=3 * largest,
    shows=r"\lVert Z_i\rVert\leq d\gamma",
    refuses={r"$(d-1)\gamma$": 2 * largest},
    printed=claims.prints("eq:104-106", largest, r"\lVert\mathbf Z_i\rVert\leq\gamma"),
)

# %% [markdown]
# For (102) let $\alpha\to0$ and take one outer sample $x$: then $R_1=\lvert x_1\rvert(\lvert x_2\rvert+\dots+\lvert x_d\rvert)$, and in two and three dimensions its tail is a single integral.


# %% tags=["hide-input"]
def tail_of_row(d, threshold):
    """Return ℙ(R_1 ≥ threshold) as α → 0 for one outer sample, Σ = I, d = 2 or 3."""
    points, weights = chi_grid(1)
    within = special.erf(threshold / points / (math.sqrt(2) if d == 2 else 2)) ** (d - 1)
    return float(weights @ (1 - within))


shapes = list(itertools.product((2, 3), (0.5, 1.0, 2.0, 4.0)))  # d, γ
others = np.array([d_ - 1 for d_, _ in shapes])
printed_102 = claims.prints(
    "eq:102",
    others * tail(np.full(len(shapes), np.inf)),
    r"\mathbb P(R_k\geq(d-1)\gamma)"
    r"\leq(d-1)e^2\exp\bigl(-\bigl(\frac{\tau\gamma^2}{c\alpha^4d^2L^6}\bigr)^{1/6}\bigr)",
)
claims.bounds(
    "eq:102",
    [tail_of_row(d_, (d_ - 1) * threshold) for d_, threshold in shapes],
    r"A long row needs a large entry. Exact as $\alpha\to0$, where the printed bound tends to 0 whatever $c$.",
    below=others * [tail_of_row(2, threshold) for _, threshold in shapes],
    probability=True,
    shows=r"\mathbb P(R_k\geq(d-1)\gamma)\leq\sum_{s\neq k}\mathbb P(\lvert Z_i(k,s)\rvert\geq\gamma)",
    printed=printed_102,
)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# Entries of size $\gamma$ allow $\lVert Z_i\rVert=d\gamma$. So the exponent of Lemma 4, (99), needs $d^2$ times the variance that Lemma 3 has, besides the repair of that variance.
# :::
#
# Is Lemma 4 true all the same, for another reason? Its statement (99) does not depend on $n_1,n_2$. Take one episode with one sample of each kind, $\Sigma=I$ and $\alpha=1$. Then $\hat Q=(Px)(Px)^\top$ has norm
#
# $$
# \lVert Px\rVert^2=\lVert x\rVert^2-2sg^2+s^2g^2,\qquad s=\lVert\hat x\rVert^2,\quad g=\langle x,\hat x\rangle/\lVert\hat x\rVert,
# $$
#
# and $g$ is a standard normal, $s\approx d$. So $\lVert Z\rVert$ is of order $d^2$, while (99) puts it below $\sqrt c\,d\log^3(100e^2d^2)$ with probability 0.99. Powers win: for every constant $c$ there is a dimension in which (99) fails. Only three
# $\chi^2$ variables are left to integrate over, so the dimension can be a million.


# %% tags=["hide-input"]
def tail_of_norm(d, alpha, gamma):
    """Return ℙ(‖Z‖ ≥ γ) for n1 = n2 = τ = 1, Σ = I and d > 1."""
    mean = linear.adapted_covariance(np.eye(1), alpha, 1)[0, 0] + alpha**2 * (d - 1)
    if gamma <= mean:
        return 1.0  # Q̂ has rank one
    (length, chance), (rest, weight) = chi_grid(d), chi_grid(d - 1)
    stretch = (1 - alpha * length[:, None] ** 2) ** 2
    return float(chance @ beyond(stretch, mean + gamma - rest**2) @ weight)


def promised(d, c=1.0):
    """Return the γ of (99) at probability 0.99, for τ = α = L = 1."""
    return math.sqrt(c) * d * math.log(100 * math.e**2 * d**2) ** 3


rng, thresholds = np.random.default_rng(16), (0.5, 1.2, 2.5)
literal = draw_deviations(rng, 400_000, np.eye(2), 0.5, tau=1, n1=1, n2=1)
largest = np.abs(np.linalg.eigvalsh(literal)).max(1)
integrals = {"eq:89": tail_of_entry, "eq:99": tail_of_norm}
draws = {"eq:89": np.abs(literal[:, 0, 0]), "eq:99": largest}
claims.samples(
    "eq:89 eq:99",
    {claim: draws[claim][:, None] >= thresholds for claim in draws},
    {claim: [f(2, 0.5, gamma_) for gamma_ in thresholds] for claim, f in integrals.items()},
    r"The integrals agree with draws of literal episodes, at $\alpha=\frac12$ in two dimensions.",
    towards=True,
    refuses={
        r"the tails at $\alpha=0.4$": {
            claim: [f(2, 0.4, gamma_) for gamma_ in thresholds] for claim, f in integrals.items()
        }
    },
)

# %% tags=["remove-input"]
held = [(d_, 1 - tail_of_norm(d_, 1.0, promised(d_))) for d_ in (10**4, 10**5, 10**6)]
rows = "\n".join(f"| {d_:,} | {value:.2f} |" for d_, value in held)
Markdown(
    f"With $c=1$, the probability that (99) puts at 0.99 is\n\n| $d$ | ℙ(‖Z‖ ≤ γ) |\n| --- | --- |\n{rows}"
)

# %% [markdown]
# So (99) itself is false. With the factor $d$ restored, and $v$ of (98), the lemma becomes
#
# (eq-99)=
# $$
# \mathbb P(\lVert Z_i\rVert\le\gamma)\ge1-e^2d^2\exp\Bigl(-\Bigl(\frac{\tau\gamma^2}{e^2d^2v}\Bigr)^{1/6}\Bigr). \tag{99, corrected}
# $$
#
# Again Chebyshev's inequality does better: $\mathbb P(\lVert Z_i\rVert\ge\gamma)\le E\lVert Z_i\rVert_F^2/\gamma^2$, and the sum of the variances of the entries is $E\lVert Z_i\rVert_F^2$.

# %% tags=["hide-input"]
high = [(1e6 * c, 1.0, promised(1e6 * c, c), c) for c in (1.0, 1e2, 1e4)]  # d, α, γ, c
shapes = itertools.product((2, 4, 10), (1e-9, 0.5, 1.0), (1.01, 2, 10))
far = []
for d_, rate, reach in shapes:
    log = math.log(math.e**2 * d_**2)  # the bound is 1 where the root is this
    far.append(
        (d_, rate, reach * math.e * d_ * log**3 * math.sqrt(variance_bound(1.0, rate, d_)), 1.0)
    )
dims, rates, gammas, constants = (
    np.array(column) for column in zip((2, 1e-9, 3.0, 1e6), *high, *far, strict=True)
)
square = gammas**2 / (math.e**2 * variance_bound(1.0, rates, dims))
printed_99 = claims.prints(
    "lem:4 eq:99",
    tail(gammas**2 / (constants * rates**4 * dims**2), factor=dims**2),
    r"\mathbb P(\lVert\mathbf Z_i\rVert\leq\gamma)"
    r"\geq1-e^2d^2\exp\bigl(-\bigl(\frac{\tau\gamma^2}{c\alpha^4d^2L^6}\bigr)^{1/6}\bigr)",
)
claims.bounds(
    "lem:4 eq:99",
    [tail_of_norm(*point) for point in zip(dims, rates, gammas, strict=True)],
    r"The tail of the norm, integrated, keeps below. As printed it fails with $c=10^6$ at $\alpha=10^{-9}$, and with $c=1$, $10^2$, $10^4$ at $\alpha=1$ in $10^6c$ dimensions.",
    below=tail(square / dims**2, factor=dims**2),
    probability=True,
    shows=r"\mathbb P(\lVert Z_i\rVert\leq\gamma)"
    r"\geq1-e^2d^2\exp\bigl(-\bigl(\frac{\tau\gamma^2}{e^2d^2v}\bigr)^{1/6}\bigr)",
    refuses={
        "the factor $d$ still missing": tail(square, factor=dims**2),
        r"the power $\frac13$": tail(square / dims**2, degree=3, factor=dims**2),
        "a hundred-thousandth of $v$": tail(1e5 * square / dims**2, factor=dims**2),
    },
    printed=printed_99,
)

# %% [markdown]
# ## The inverse
#
# By Weyl's inequality, with the largest of the $T$ norms, where the paper writes that of one task,
#
# (eq-107)=
# $$
# \begin{aligned}
# \lambda_{\min}(C)&\ge\lambda_{\min}\Bigl(\frac1T\sum_iQ_i\Bigr)-\max_i\lVert Z_i\rVert\\
# &\ge\hat\beta-\gamma,
# \end{aligned} \tag{107, corrected}
# $$
#
# if all $\lVert Z_i\rVert\le\gamma$; and hence, for $\gamma<\hat\beta$,
#
# (eq-108)=
# $$
# \lVert C^{-1}\rVert\le\frac1{\hat\beta-\gamma}. \tag{108}
# $$
#
# (88), (108) and Lemma 4 for each of the $T$ tasks give
#
# (eq-109)=
# $$
# \begin{aligned}
# \mathbb P\Bigl(\vartheta\ge\frac{2\hat LB\gamma}{\hat\beta}\,\frac1{\hat\beta-\gamma}\Bigr)&\\
# \le e^2Td^2&\exp\Bigl(-\Bigl(\frac{\tau\gamma^2}{e^2d^2v}\Bigr)^{1/6}\Bigr).
# \end{aligned} \tag{109, corrected}
# $$
#
# The implication stands: wherever all $\lVert Z_i\rVert\le\gamma$, the bound on $\vartheta$ holds. Its probability is that of Lemma 4, and false with it. The smallest case needs neither Gershgorin nor many dimensions: two tasks in one dimension with optima $\pm1$, and a small $\alpha$.
# As $\alpha\to0$ the printed bound tends to zero whatever $c$, and $\vartheta$ to a ratio of $\chi^2$ variables.
#
# The condition $\gamma<\hat\beta$ is severe: it needs every single task to be known well from its own episodes. Instances that meet it take hundreds of samples and short steps. Of two hundred such instances, and of the three hundred before, this many meet it:

# %%
plenty = [instance(seed, samples=(300, 600), reach=0.3) for seed in range(300, 500)]
settled = [c for c in plenty if c.gamma < c.low]
len(settled), sum(c.gamma < c.low for c in cases)

# %%
all_off = [given(Z=[-0.5] * T, w=[1.0] * T) for T in (1, 2, 5)]
lowest = np.array([np.linalg.eigvalsh(c.mean_Q)[0] for c in cases + all_off])
first = [norm(c.Z[0]) for c in cases + all_off]
claims.bounds(
    "eq:107",
    [np.linalg.eigvalsh(c.C)[0] for c in cases + all_off],
    r"Weyl's inequality is attained where all tasks are off alike. As printed it is tried with the first task's norm.",
    above=lowest - [c.gamma for c in cases + all_off],
    shows=r"\lambda_{\min}(C)\geq\lambda_{\min}(\frac1T\sum_iQ_i)-\max_i\lVert Z_i\rVert",
    printed=claims.prints(
        "eq:107",
        lowest - first,
        r"\lambda_{\min}(\mathbf C)\geq\lambda_{\min}(\frac1T\sum_i\mathbf Q_i)-\lVert\mathbf Z_i\rVert",
    ),
)

# %%
claims.bounds(
    "eq:108",
    [norm(np.linalg.inv(c.C)) for c in settled + all_off],
    r"The inverse is bounded where every $\lVert Z_i\rVert\le\gamma<\hat\beta$.",
    below=[1 / (c.low - c.gamma) for c in settled + all_off],
    shows=r"\lVert C^{-1}\rVert\le\frac1{\hat\beta-\gamma}",
    refuses={r"$1/\hat\beta$": [1 / c.low for c in settled + all_off]},
)


# %%
hardly_off = settled + all_off + [given(Z=[-0.001] + [0.0] * 199, w=[1.0] + [-1.0] * 199)]
averages = [np.mean([norm(deviation) for deviation in c.Z]) for c in hardly_off]
factors = [2 * c.high * c.B / c.low / (c.low - c.gamma) for c in hardly_off]
claims.bounds(
    "eq:109",
    [norm(c.data_error) for c in hardly_off],
    r"(88) and (108) keep $\vartheta$ within the radius where every $\lVert Z_i\rVert\le\gamma<\hat\beta$.",
    below=np.multiply(factors, averages),
    shows=r"\vartheta\le\frac{2\hat LB}{\hat\beta}\,\frac1{\hat\beta-\gamma}\,\frac1T\sum_i\lVert Z_i\rVert",
    towards=True,
    refuses={"$B$ for $2B$": np.multiply(factors, averages) / 2},
)

# %% tags=["hide-input"]
shapes = list(itertools.product((20, 100, 1000), (1.0, 2.0, 3.0)))  # ν = τn1, and γ in deviations
samples, gammas = np.array([(n, reach * math.sqrt(2 / n)) for n, reach in shapes]).T
radii = 2 * gammas / (1 - gammas)  # β̂ = L̂ = B = 1
far_off = stats.chi2.sf(samples * (1 + gammas), samples) + stats.chi2.cdf(
    samples * (1 - gammas), samples
)
printed_109 = claims.prints(
    "eq:109",
    2 * tail(np.full(len(shapes), np.inf)),
    r"\leq e^2Td^2\exp\bigl(-\bigl(\frac{\tau\gamma^2}{c\alpha^4d^2L^6}\bigr)^{1/6}\bigr)",
)
claims.bounds(
    "eq:109",
    2 * stats.beta.sf((1 + radii) / 2, samples / 2, samples / 2),
    r"Two tasks have optima $\pm1$. Exact as $\alpha\to0$, where the printed bound tends to 0 whatever $c$.",
    below=2 * far_off,
    probability=True,
    shows=r"\mathbb P\bigl(\vartheta\geq\frac{2\hat LB\gamma}{\hat\beta}\frac1{\hat\beta-\gamma}\bigr)"
    r"\leq\sum_i\mathbb P(\lVert Z_i\rVert\geq\gamma)",
    printed=printed_109,
)

# %% [markdown]
# ## The label noise
#
# (110) bounds $\lVert C^{-1}g\rVert$ of (87) by a product of two norms. The factor $\frac1{Tn_1\tau}$ belongs inside the inverse; as printed the right-hand side is too small by the square of $Tn_1\tau$.
# (111), which calls the first norm $\lVert C^{-1}\rVert$, is right with it inside.

# %%
inverses = np.array([norm(np.linalg.inv(c.C)) for c in cases])
sizes = np.array([norm(c.noise.mean(0)) for c in cases])
factors = np.array([c.T * c.n1 * c.tau for c in cases])
printed_110 = claims.prints(
    "eq:110",
    inverses * sizes / factors**2,
    r"\bigl\lVert\frac1{Tn_1\tau}\bigl(\sum_i\sum_j\mathbf P_{i,j}(\mathbf X_{i,j}^{out})^\top\mathbf X_{i,j}^{out}\mathbf P_{i,j}\bigr)^{-1}\bigr\rVert",
)
claims.bounds(
    "eq:110",
    noise,
    "The noise term is at most the product of the two norms.",
    below=inverses * sizes,
    shows=r"\lVert C^{-1}g\rVert\leq\bigl\lVert\bigl(\frac1{Tn_1\tau}\sum_i\sum_jP_{i,j}(X_{i,j}^{out})^\top X_{i,j}^{out}P_{i,j}\bigr)^{-1}\bigr\rVert\,\lVert g\rVert",
    refuses={r"$\lVert g\rVert/\lVert C\rVert$": sizes / [norm(c.C) for c in cases]},
    printed=printed_110,
)

# %%
sums = [c.episodes.sum((0, 1)) for c in cases]
claims.checks(
    "eq:111",
    [norm(np.linalg.inv(S / factor)) for S, factor in zip(sums, factors, strict=True)],
    [1 / np.linalg.eigvalsh(c.C)[0] for c in cases],
    r"With the factor inside the inverse, the first norm of (110) is that of $C^{-1}$.",
    rtol=1e-9,
    shows=r"\Bigl\lVert\Bigl(\frac1{Tn_1\tau}\sum_{i,j}\hat Q_{i,j}\Bigr)^{-1}\Bigr\rVert=\lVert C^{-1}\rVert",
    refuses={r"$\lVert C\rVert^{-1}$": [1 / norm(c.C) for c in cases]},
)

# %% [markdown]
# (112) names the $k$-th element of the noise vector of (87) $g(k)$, and notes that it is a polynomial of degree six with mean zero. Expand it; matrices do not commute:

# %%
n2 = sp.Symbol("n_2", positive=True)
X_in, X_inT, X_out, X_outT, z_in, z_out = sp.symbols(
    "X_in X_in^T X_out X_out^T z_in z_out", commutative=False
)
P = 1 - alpha / n2 * X_inT * X_in
orders = [
    X_outT * z_out,
    -alpha / n2 * (X_inT * X_in * X_outT * z_out + X_outT * X_out * X_inT * z_in),
    (alpha / n2) ** 2 * X_inT * X_in * X_outT * X_out * X_inT * z_in,
]
claims.proves(
    "eq:112",
    P * X_outT * z_out - alpha / n2 * P * X_outT * X_out * X_inT * z_in,
    sum(orders),
    "A term holds at most five matrices of data and a vector of noise. Every term has one noise vector, so its mean is zero.",
    shows=r"PX_{out}^\top\bigl(z_{out}-\tfrac\alpha{n_2}X_{out}X_{in}^\top z_{in}\bigr)=X_{out}^\top z_{out}"
    r"-\tfrac\alpha{n_2}(\dots)+\tfrac{\alpha^2}{n_2^2}X_{in}^\top X_{in}X_{out}^\top X_{out}X_{in}^\top z_{in}",
    refuses={"degree four, without the step on the left": orders[0] + orders[1]},
)

# %% [markdown]
# The paper does not write out the variance, "since they are very similar", and counts: $T^2\tau^2d^4n_1^2n_2^2$ monomials of the highest order in $g(k)^2$, of which $T^2\tau d^4n_1^2n_2^2$ have non-zero mean.
# There are $n_2^4$ where it has $n_2^2$. And noise of different tasks is independent too, so only $T\tau$ of the $T^2\tau^2$ pairs survive.

# %%
T, tau, shapes = 3, 2, [(1, 1, 1), (2, 3, 2), (4, 2, 5)]  # d, n1, n2
counted = []
for size, outer, inner in shapes:
    S_in, S_out = np.full((size, size), inner), np.full((size, size), outer)
    top = (S_in @ S_out @ np.full(size, inner))[0]  # the α² part of g at samples of ones
    counted.append([(T * tau * top) ** 2, T * tau * top**2])
printed_monomials = claims.prints(
    "text:noise-monomials",
    lambda d, n1, n2: np.array([T**2 * tau**2, T**2 * tau]) * n1**2 * d**4 * n2**2,
    r"T^2\tau^2n_1^2d^4n_2^2\text{ of these terms, but as before, only }T^2\tau d^4n_1^2n_2^2",
)
claims.checks(
    "text:noise-monomials",
    counted,
    [np.array([T**2 * tau**2, T * tau]) * n1**2 * d**4 * n2**4 for d, n1, n2 in shapes],
    "So many monomials are of the highest order, and so many of them within one task and episode.",
    rtol=1e-12,
    shows=r"T^2\tau^2d^4n_1^2n_2^4,\quad T\tau d^4n_1^2n_2^4",
    printed=printed_monomials.at(shapes),
)

# %% tags=["hide-input"]
scales = [(0.5, 1.0), (1.0, 2.0), (2.0, 0.5)]  # L, σ²
means = [
    np.einsum(
        "i,j,k->ijk",
        means_of_monomials(6, L),
        means_of_monomials(4, L),
        means_of_monomials(2, square),
    ).ravel()
    for L, square in scales
]
highest = np.array([45 * L**5 * square for L, square in scales])
claims.bounds(
    "text:noise-monomials",
    means,
    "No product of six inner, four outer and two noise factors has a larger mean, whichever of them coincide.",
    below=np.repeat(highest, 110).reshape(3, 110),
    shows=r"15L^3\times3L^2\times\sigma^2",
    refuses={r"$9L^3$ for $15L^3$": np.repeat(0.6 * highest, 110).reshape(3, 110)},
)

# %% [markdown]
# The variance has an exact form, again by Lemma 2 and Wick's rule, and a bound like (98):
#
# (eq-113)=
# $$
# \begin{aligned}
# \operatorname{Var}(g(k))&=\frac{\sigma^2}{T\tau}\,\frac1T\sum_i\Bigl[\frac{Q_i}{n_1}+\frac{\alpha^2}{n_2}G_i\Bigr](k,k)\\
# &\le\frac{v_g}{T\tau},\\
# G_i&=E\bigl[P_iS_i^{out}S_i^{in}S_i^{out}P_i\bigr],\\
# v_g&=\sigma^2L\Bigl(\frac1{n_1}+\frac{3\alpha^2L^2(d+1)}{n_2}\Bigr)\bigl(1+\alpha La_d\bigr)^2.
# \end{aligned} \tag{113, corrected}
# $$
#
# The printed (113) keeps the highest order in $\alpha$ only, equates $L^3$ under the sums with $L^5$ outside, and loses the factor $\frac1T$. Its limit as $\alpha\to0$ is zero, where the truth is $\sigma^2\Sigma_{kk}/(n_1T\tau)$.
#
# :::{dropdown} Proof of the bound
# Let $y=Pe_k$. First, $E[y^\top\Sigma y]\le L\,E\lVert y\rVert^2$. Second, by Lemma 2 given the inner samples, with $S=S^{in}$,
# $E[y^\top S^{out}SS^{out}y]\le(1+\frac1{n_1})\,y^\top\Sigma S\Sigma y+\frac1{n_1}\operatorname{tr}(S\Sigma)\,y^\top\Sigma y\le3L^2\operatorname{tr}(S)\lVert y\rVert^2$. By the Cauchy–Schwarz inequality
# $E[\operatorname{tr}(S)\lVert y\rVert^2]\le(E\operatorname{tr}(S)^2)^{1/2}(E\lVert y\rVert^4)^{1/2}$. Here $E\operatorname{tr}(S)^2\le L^2d(d+2)\le L^2(d+1)^2$, and $(E\lVert y\rVert^4)^{1/4}\le1+\alpha La_d$ as in the proof of (98). $\square$
# :::


# %% tags=["hide-input"]
def noise_covariance(sigma, alpha, n1, n2):
    """Return the covariance of the noise vector of one task and episode, exactly, for σ = 1."""
    step, sample = (np.eye(len(sigma)) - alpha * sigma, -alpha), (sigma, 1.0)
    chain, trace = "ab,bc,cd,de,ef->af", "ab,ba,cd,de,ef->cf"
    one = linear.wishart_average(chain, [step, sigma, sample, sigma, step], sigma, n2)
    two = linear.wishart_average(trace, [sample, sigma, step, sigma, step], sigma, n2)
    Q = linear.adapted_covariance(sigma, alpha, n2)
    return Q / n1 + alpha**2 / n2 * ((1 + 1 / n1) * one + two / n1)


def integrated_noise(root, alpha):
    """Integrate the same over one inner and one outer sample; the label noise is averaged by hand."""
    points, weights = quadrature(5, 5, 5, 5)
    inner, outer = points[:, :2] @ root.T, points[:, 2:] @ root.T
    product = np.sum(inner * outer, axis=1)
    y = outer - alpha * inner * product[:, None]  # P x_out
    return np.einsum("n,ni,nj->ij", weights * (1 + alpha**2 * product**2), y, y)


# %%
rates = (0.1, 0.5, 2.0)
exact = [noise_covariance(sigma, rate, 1, 1) for rate in rates]
claims.checks(
    "eq:113",
    [integrated_noise(root, rate) for rate in rates],
    exact,
    "The integral over both samples agrees with Wishart moments.",
    rtol=1e-9,
    shows=r"\operatorname{Var}(g(k))=\frac{\sigma^2}{T\tau}\,\frac1T\sum_i\Bigl[\frac{Q_i}{n_1}+\frac{\alpha^2}{n_2}G_i\Bigr](k,k)",
    refuses={
        "without the noise of the inner samples": [
            linear.adapted_covariance(sigma, rate, 1) for rate in rates
        ]
    },
)


# %% tags=["hide-input"]
def noise_bound(L, alpha, d, n1, n2):
    """Return v_g of the corrected (113), for σ = 1."""
    a_d = (3 * (d + 4) * (d + 6)) ** 0.25
    return L * (1 / n1 + 3 * (alpha * L) ** 2 * (d + 1) / n2) * (1 + alpha * L * a_d) ** 2


rng = np.random.default_rng(18)
shapes = itertools.product(
    ((10.0, 1e-9), (0.5, 0.2), (2.0, 0.5)), (1, 2, 4), ((1, 1), (1, 30), (20, 3))
)
settings = [(L, rate, d_, n1, n2) for (L, rate), d_, (n1, n2) in shapes]
worst = []
for L, rate, d_, n1, n2 in settings:
    covariances = L * np.eye(d_), random_covariances(rng, 1, d_, 0.1 * L, L)[0]
    worst.append(max(np.diag(noise_covariance(S, rate, n1, n2)).max() for S in covariances))
printed_113 = claims.prints(
    "eq:113",
    lambda L, alpha, d, n1, n2: 1e6 * alpha**4 * d**2 * L**5,
    r"\mathrm{Var}(g(k))\leq c\frac{\alpha^4d^2\sum_i\sum_jL^3\sigma^2}{T^2\tau^2}=c\frac{\alpha^4d^2L^5\sigma^2}\tau",
)
claims.bounds(
    "eq:113",
    worst,
    r"With $\sigma=1$ the variance of one task and episode keeps below $v_g$. As printed it is tried with $c=10^6$.",
    below=[noise_bound(*setting) for setting in settings],
    shows=r"\mathrm{Var}(g(k))\leq\frac{v_g}{T\tau},\;"
    r"v_g=\sigma^2L\bigl(\frac1{n_1}+\frac{3\alpha^2L^2(d+1)}{n_2}\bigr)(1+\alpha La_d)^2",
    printed=printed_113.at(settings),
)

# %% [markdown]
# > **The paper, after (112).** "We again use the fact that the polynomial in question is the sum of $n_1\tau$ i.i.d. random variables to obtain variance decreasing linearly in $n_1\tau$."
#
# It is no such sum. The outer samples of an episode share its inner samples and their noise, so only the $T\tau$ episodes are independent, and the second term of the variance stays however large $n_1$ is. In one dimension, with one inner sample and everything else equal to 1,
# the variance takes the moments of $X=\hat x^2$ and $E[(S^{out})^2]=1+\frac2{n_1}$:

# %%
n1 = sp.Symbol("n_1", positive=True)
step = (1 - X) ** 2
variance_g = chi_square_mean(step) / n1 + (1 + 2 / n1) * chi_square_mean(step * X)
sp.expand(variance_g)

# %%
sizes = (1, 4, 256, 10**6)
exact = [float(variance_g.subs(n1, n)) for n in sizes]
printed_iid = claims.prints(
    "text:noise-as-iid-sum",
    lambda n: exact[0] / n,
    r"n_1\tau\text{ i.i.d. random variables to obtain variance decreasing linearly in }n_1\tau",
)
claims.checks(
    "text:noise-as-iid-sum",
    [noise_covariance(np.eye(1), 1.0, n, 1)[0, 0] for n in sizes],
    exact,
    "For $n_1=1$, $4$, $256$ and $10^6$ the variance is "
    f"{', '.join(f'${value:.4g}$' for value in exact)}.",
    rtol=1e-9,
    shows=r"\mathrm{Var}(g)=10+\frac{22}{n_1}",
    printed=printed_iid.at([(n,) for n in sizes]),
)

# %% [markdown]
# With this variance the tail (114), its union over coordinates (115), and the resulting bound on the noise term (116) with probability (117) stand:
#
# (eq-115)=
# $$
# \mathbb P\bigl(\lVert g\rVert>\sqrt d\,b\bigr)\le e^2d\exp\Bigl(-\Bigl(\frac{T\tau b^2}{e^2v_g}\Bigr)^{1/6}\Bigr). \tag{115, corrected}
# $$
#
# Unlike $\vartheta$, the noise is averaged over the tasks: the proof has a factor $T$ to gain here, and gives it away.


# %% tags=["hide-input"]
def tail_of_noise(alpha, b):
    """Return ℙ(|g| ≥ b) in one dimension with one sample of each kind, σ = 1: normal, given both samples."""
    (inner, chance), (outer, weight) = chi_grid(1), chi_grid(1)
    x = outer[None, :]
    size = (1 - alpha * inner[:, None] ** 2) * x
    variance = size**2 * (1 + alpha**2 * (x * inner[:, None]) ** 2)
    return float(chance @ beyond(variance, b**2) @ weight)


rates = np.repeat([1e-9, 0.1, 0.5, 2.0, 1000.0], 4)
reach = np.tile([0.1, 1.01, 2.0, 10.0], 5)
limits = noise_bound(1.0, rates, 1, 1, 1)
b = reach * 8 * math.e * np.sqrt(limits)
printed_114 = claims.prints(
    "eq:114-115",
    tail(b**2 / (1e6 * rates**4)),
    r"\mathbb P(\lvert g(k)\rvert\geq b)\leq e^2\exp\bigl(-\bigl(\frac{\tau b^2}{c\alpha^4d^2L^5\sigma^2}\bigr)^{1/6}\bigr)",
)
claims.bounds(
    "eq:114-115",
    [tail_of_noise(*point) for point in zip(rates, b, strict=True)],
    r"The tail of $g$ in one dimension, integrated, keeps below from $\alpha=10^{-9}$ to $10^3$. As printed it is tried with $c=10^6$.",
    below=tail(b**2 / (math.e**2 * limits)),
    probability=True,
    shows=r"\mathbb P(\lvert g(k)\rvert\geq b)\leq e^2\exp\bigl(-\bigl(\frac{T\tau b^2}{e^2v_g}\bigr)^{1/6}\bigr)",
    refuses={
        r"the power $\frac12$": tail(b**2 / (math.e**2 * limits), degree=2),
        "a hundred-thousandth of $v_g$": tail(1e5 * b**2 / (math.e**2 * limits)),
    },
    printed=printed_114,
)

# %% [markdown]
# (116) is a union bound: the noise term is small where $g$ is and every $Z_i$ is. With one task in one dimension and $\alpha\to0$ the noise term has a $t$ distribution, and all three probabilities are known. With many samples the bound is nearly attained.

# %% tags=["hide-input"]
shapes = list(itertools.product((1e3, 1e8), (0.5, 1.0, 2.0)))  # ν = τn1, and b in deviations
samples, b = np.array([(n, reach / math.sqrt(n)) for n, reach in shapes]).T
gammas = 6 * np.sqrt(2 / samples)
of_Z = stats.chi2.sf(samples * (1 + gammas), samples) + stats.chi2.cdf(
    samples * (1 - gammas), samples
)
of_g = []
for n, limit in zip(samples, b, strict=True):
    lengths, weights = chi_grid(n)
    of_g.append(weights @ special.erfc(limit * n / (math.sqrt(2) * lengths)))
printed_116 = claims.prints(
    "eq:116-117",
    tail(np.full(len(b), np.inf)),
    r"1-e^2d\exp\bigl(-\bigl(\frac{\tau b^2}{c\alpha^4d^2L^5\sigma^2}\bigr)^{1/6}\bigr)"
    r"-e^2Td^2\exp\bigl(-\bigl(\frac{\tau\gamma^2}{c\alpha^4d^2L^6}\bigr)^{1/6}\bigr)",
)
claims.bounds(
    "eq:116-117",
    2 * stats.t.sf(np.sqrt(samples) * b / (1 - gammas), samples),
    r"There is one task, $\sigma=1$. Exact as $\alpha\to0$, where the printed probability of failure tends to 0 whatever $c$.",
    below=of_g + of_Z,
    probability=True,
    shows=r"\mathbb P\bigl(\lVert C^{-1}g\rVert>\frac{\sqrt d\,b}{\hat\beta-\gamma}\bigr)"
    r"\leq\sum_k\mathbb P(\lvert g(k)\rvert\geq b)+\sum_i\mathbb P(\lVert Z_i\rVert\geq\gamma)",
    refuses={r"the part of the $Z_i$ alone": of_Z},
    printed=printed_116,
)

# %% [markdown]
# ## Few tasks
#
# The second distance in (85) compares two means over tasks with their expectations. (118) adds and subtracts $\bar Q^{-1}E[Q_iw_i^*]$, where $\bar Q=\frac1T\sum_iQ_i$, and (119) splits the norms of products. Both stand once the second inverse in (118)
# has its $\frac1T$. The "=" of (120) is a "$\le$", and its $LB$ an $\hat LB$, since $\lVert E[Q_iw_i^*]\rVert\le\hat LB$ by (86). With the difference of inverses, (121) follows:
#
# (eq-121)=
# $$
# \begin{aligned}
# \lVert w_{MAML}^{(T)*}-w_{MAML}^*\rVert\le{}&\frac1{\hat\beta}\Bigl\lVert\frac1T\sum_iQ_iw_i^*-E_i[Q_iw_i^*]\Bigr\rVert\\
# &+\frac{\hat LB}{\hat\beta^2}\Bigl\lVert\frac1T\sum_iQ_i-E_i[Q_i]\Bigr\rVert.
# \end{aligned} \tag{121}
# $$


# %% tags=["hide-input"]
def right_118(c, tasks=1):
    """Return the right-hand side of (118); tasks = T is the inverse without 1/T."""
    inverse = np.linalg.inv(c.mean_Q)
    first = norm(inverse @ c.mean_Qw - inverse @ c.EQw / tasks)
    return first + norm(inverse @ c.EQw - np.linalg.solve(c.EQ, c.EQw))


def pieces(c):
    """Return the four norms of (119)."""
    inverse = np.linalg.inv(c.mean_Q)
    change = norm(inverse - np.linalg.inv(c.EQ))
    return norm(inverse), norm(c.mean_Qw - c.EQw), change, norm(c.EQw)


def right_119(c):
    inverse, deviation, change, mean = pieces(c)
    return inverse * deviation + change * mean


def right_120(c, largest=None):
    _, deviation, change, _ = pieces(c)
    return deviation / c.low + change * (c.high if largest is None else largest) * c.B


def right_121(c):
    change = norm(c.mean_Q - c.EQ)
    return norm(c.mean_Qw - c.EQw) / c.low + c.high * c.B / c.low**2 * change


# %%
drawn = [c for c in cases if norm(c.limit - c.best) > 1e-9]
drawn.append(given(Z=[0.0] * 2, w=[0.0] * 2, EQw=1.0, B=1.0))  # two tasks, optima 0; 1 on average
for Q in (0.01, 2.0):  # almost all tasks alike, L̂ = 2L
    drawn.append(given(Z=[0.0], w=[1.0], Q=Q, EQ=1.0005 * Q, EQw=1.0005 * Q, L=Q / 2))
gap = np.array([norm(c.limit - c.best) for c in drawn])
by_118, by_119, by_120, by_121 = (
    np.array([bound(c) for c in drawn]) for bound in (right_118, right_119, right_120, right_121)
)

# %%
printed_118 = claims.prints(
    "eq:118",
    [right_118(c, tasks=c.T) for c in drawn],
    r"\bigl(\sum_{i=1}^T\mathbf Q_i\bigr)^{-1}\mathbb E_i[\mathbf Q_i\mathbf w_i^*]",
)
claims.bounds(
    "eq:118",
    gap,
    "It is attained by two tasks with $Q=1$ and optimum 0 where the mean is 1.",
    below=by_118,
    shows=r"\lVert w_{MAML}^{(T)*}-w_{MAML}^*\rVert\leq"
    r"\bigl\lVert(\frac1T\sum_iQ_i)^{-1}\bigl(\frac1T\sum_iQ_iw_i^*-\mathbb E[Q_iw_i^*]\bigr)\bigr\rVert"
    r"+\bigl\lVert\bigl((\frac1T\sum_iQ_i)^{-1}-\mathbb E[Q_i]^{-1}\bigr)\mathbb E[Q_iw_i^*]\bigr\rVert",
    printed=printed_118,
)

# %%
claims.bounds(
    "eq:119",
    by_118,
    "From (118) to (119) the norm of a product is at most the product of the norms.",
    below=by_119,
    shows=r"\ldots\leq\lVert(\frac1T\sum_iQ_i)^{-1}\rVert\,\lVert\frac1T\sum_iQ_iw_i^*-\mathbb E[Q_iw_i^*]\rVert"
    r"+\lVert(\frac1T\sum_iQ_i)^{-1}-\mathbb E[Q_i]^{-1}\rVert\,\lVert\mathbb E[Q_iw_i^*]\rVert",
    refuses={"the first product alone": [math.prod(pieces(c)[:2]) for c in drawn]},
)

# %%
printed_120 = claims.prints(
    "eq:120",
    [right_120(c, largest=c.L) for c in drawn],
    r"\lVert(\frac1T\sum_i\mathbf Q_i)^{-1}-\mathbb E_i[\mathbf Q_i]^{-1}\rVert LB",
)
claims.bounds(
    "eq:120",
    by_119,
    r"From (119) to (120) it is a $\le$. For $\Sigma=\alpha=n_2=1$, $\hat L$ is $2L$.",
    below=by_120,
    shows=r"\ldots\leq\frac1{\hat\beta}\lVert\frac1T\sum_iQ_iw_i^*-\mathbb E[Q_iw_i^*]\rVert"
    r"+\lVert(\frac1T\sum_iQ_i)^{-1}-\mathbb E[Q_i]^{-1}\rVert\hat LB",
    printed=printed_120,
)

# %%
deviations = np.array([norm(c.mean_Qw - c.EQw) / c.low for c in drawn])
lows = np.array([c.low for c in drawn])
claims.bounds(
    "eq:121",
    by_120,
    "From (120) to (121) the difference of two inverses is bounded.",
    below=by_121,
    shows=r"\frac1{\hat\beta}\Bigl\lVert\frac1T\sum_iQ_iw_i^*-E_i[Q_iw_i^*]\Bigr\rVert"
    r"+\frac{\hat LB}{\hat\beta^2}\Bigl\lVert\frac1T\sum_iQ_i-E_i[Q_i]\Bigr\rVert",
    refuses={r"$\hat\beta$ for $\hat\beta^2$": deviations + lows * (by_121 - deviations)},
)

# %% [markdown]
# (122) applies the matrix Bernstein inequality to both deviations. With $V_1=\operatorname{Var}(Q_i)$, $V_2=E\lVert Q_iw_i^*-E[Q_iw_i^*]\rVert^2$ and any $\delta_1,\delta_2>0$:
#
# (eq-122)=
# $$
# \lVert w_{MAML}^{(T)*}-w_{MAML}^*\rVert\le\frac{\delta_2V_2}{\hat\beta\sqrt T}+\frac{\hat LB}{\hat\beta^2}\frac{\delta_1V_1}{\sqrt T}, \tag{122, corrected}
# $$
#
# but for a probability of $(d+1)\exp\bigl(-\frac{\delta_2^2V_2/2}{1+2\hat LB\,\delta_2/(3\sqrt T)}\bigr)+2d\exp\bigl(-\frac{\delta_1^2V_1/2}{1+\hat L\,\delta_1/(3\sqrt T)}\bigr)$. The paper takes one $\delta$ for both. Of the two ranges, $2\hat LB$ for the vectors and $\hat L$ for the matrices, it has $\hat L$ for the vectors and $\hat LB$ for the matrices, exchanged.
# And $\operatorname{Var}(Q_iw_i^*)$, "the square of a vector", must be read as the trace $V_2$. The spectral norm of $Euu^\top$ is up to $d$ times smaller, and (122) then fails: optima $\pm0.02\sqrt d\,e_k$ in a hundred dimensions, with $\Sigma_i$ equal to $I$ or $0.96\,I$, are a counterexample in which both variances are positive.
#
# The two inequalities by themselves are tested with exact binomial tails for matrices, in one dimension, and with draws for vectors: $\alpha=1$ and $n_2=d+1$ make $Q_i=I$ for $\Sigma_i=I$, and the optima are $\pm\sqrt d\,e_k$ in twenty dimensions.


# %% tags=["hide-input"]
def bernstein(V, R, delta, T, dims):
    """Return the failure probability that Bernstein's inequality admits for a deviation of δV/√T."""
    return dims * np.exp(-(delta**2 * V / 2) / (1 + R * delta / (3 * np.sqrt(T))))


def two_curvatures(p, rho, T, reach):
    """Return what a deviation of Q is, with Q of Σ = 1 with probability p and of Σ = ρ otherwise."""
    Q = [linear.adapted_covariance([[value]], 0.5, 5)[0, 0] for value in (1.0, rho)]
    gap, k = abs(Q[0] - Q[1]), np.arange(T + 1)
    V = p * (1 - p) * gap**2
    x = reach * math.sqrt(V / T)
    seen = stats.binom.pmf(k, T, p)[abs(k / T - p) * gap > x].sum()
    return seen, x, T, 2, V, max(Q), V, 0.1 * max(Q)  # B = 0.1


size, T, rng = 20, 2000, np.random.default_rng(20)
chosen = rng.multinomial(T, np.full(2 * size, 1 / (2 * size)), size=2000)
lengths = math.sqrt(size) * np.linalg.norm(chosen[:, :size] - chosen[:, size:], axis=1) / T
grid = (0.02, 0.1, 0.5), (0.1, 0.4), (1, 5, 20, 100), (0.5, 1, 2, 4, 8)
parts = [two_curvatures(*point) for point in itertools.product(*grid)]
for x in np.linspace(0.1, 3, 30) * size / math.sqrt(T):
    parts.append(
        (np.mean(lengths > x), x, T, size + 1, size, 2 * math.sqrt(size), 1.0, 2 * math.sqrt(size))
    )
rare, far = 0.1, 1000.0  # one task with Q = 1, and w* = 1000 with probability 0.1
V = far**2 * rare * (1 - rare)
parts.append((rare, 0.999 * (1 - rare) * far, 1, 2, V, 2 * far, V, 1.0))

# %% tags=["hide-input"]
seen, x, tasks, dims, V, R, other_V, other_R = np.array(parts).T


def admitted(V, R):
    return bernstein(V, R, x * np.sqrt(tasks) / V, tasks, dims)


claims.bounds(
    "eq:122",
    seen,
    r"Deviations of matrices and of vectors are as rare as Bernstein's inequality says.",
    below=admitted(V, R),
    probability=True,
    shows=r"\mathbb P\bigl(\lVert\cdot\rVert>\tfrac{\delta V}{\sqrt T}\bigr)\le D\exp\Bigl(-\frac{\delta^2V/2}{1+R\,\delta/(3\sqrt T)}\Bigr)",
    towards=True,
    refuses={
        "the ranges exchanged": admitted(V, other_R),
        "the spectral norm for the trace": admitted(other_V, R),
    },
)


# %% tags=["hide-input"]
def distances(rng, runs, T, tau, curvatures, optimum, noise_std=0.0):
    """Draw |w − w*| as α → 0, n1 = d = 1: Σ takes two values, optima are ± optimum, all alike likely."""
    counts = rng.multinomial(T, [0.25] * 4, size=runs)
    weights = np.repeat(curvatures, 2) * 2 * rng.standard_gamma(counts * tau / 2)  # sums of squares
    noise = noise_std * np.sqrt(weights.sum(1)) * rng.normal(size=runs)
    return np.abs((weights @ np.tile([optimum, -optimum], 2) + noise) / weights.sum(1))


def distances_of_vectors(rng, runs, T, d, curvatures, optimum):
    """Draw |w − w*| as τ → ∞, α → 0: Σ is one of two multiples of I, optima are ± optimum e_k."""
    Q = np.array(curvatures)[:, None]
    counts = rng.multinomial(T, np.full(4 * d, 1 / (4 * d)), size=runs).reshape(-1, 2, 2, d)
    pull = optimum * (Q * (counts[:, :, 0] - counts[:, :, 1])).sum(1)
    return np.linalg.norm(pull, axis=1) / (Q * counts.sum((2, 3))[:, :, None]).sum((1, 2))


def environment(d, T, curvatures, B):
    """Return what (122) needs of two equally likely curvatures and optima ± B e_k."""
    low, high = sorted(curvatures)
    V = B**2 * (low**2 + high**2) / 2, (high - low) ** 2 / 4  # of the vectors, of the matrices
    return SimpleNamespace(d=d, T=T, low=low, high=high, B=B, V=V, curvatures=curvatures)


def radius_122(e, deltas):
    parts = deltas[0] * e.V[0] / e.low, e.high * e.B / e.low**2 * deltas[1] * e.V[1]
    return sum(parts) / math.sqrt(e.T)


def failures_122(e, deltas):
    """Return the probability of failure of the corrected (122)."""
    vectors = bernstein(e.V[0], 2 * e.high * e.B, deltas[0], e.T, e.d + 1)
    return vectors + bernstein(e.V[1], e.high, deltas[1], e.T, 2 * e.d)


def as_printed_122(e, radius):
    """Return the printed one at the same radius: one δ, the spectral norm, the ranges exchanged."""
    V = e.V[0] / e.d, e.V[1]
    delta = radius * math.sqrt(e.T) / (V[0] / e.low + e.high * e.B / e.low**2 * V[1])
    ranges = e.high, e.high * e.B
    return sum(bernstein(v, R, delta, e.T, 2 * e.d) for v, R in zip(V, ranges, strict=True))


# %%
rng = np.random.default_rng(23)
close = environment(1, 10**6, (0.995, 1.005), B=1.0)
wide = environment(100, 10**6, (0.96, 1.0), B=0.2)
far = distances(rng, 400_000, close.T, 1e24, close.curvatures, close.B)
vectors = distances_of_vectors(rng, 300, wide.T, wide.d, wide.curvatures, wide.B)
pairs = [(x / math.sqrt(close.V[0]), 8 / math.sqrt(close.V[1])) for x in (1.25, 1.5, 2)]  # δ₂, δ₁
runs = [*((close, deltas, far) for deltas in pairs), (wide, (3.0, 300.0), vectors)]
radii = [radius_122(e, deltas) for e, deltas, _ in runs]
printed_122 = claims.prints(
    "eq:122",
    as_printed_122,
    r"1-2d\exp\bigl(-\frac{\delta^2\mathrm{Var}(\mathbf Q_i\mathbf w_i^*)/2}{1+\hat L\delta/(3\sqrt T)}\bigr)"
    r"-2d\exp\bigl(-\frac{\delta^2\mathrm{Var}(\mathbf Q_i)/2}{1+\hat LB\delta/(3\sqrt T)}\bigr)",
)
claims.bounds(
    "eq:122",
    [np.mean(lengths > radius) for radius, (*_, lengths) in zip(radii, runs, strict=True)],
    "In one dimension the radius is left more rarely than this allows. In a hundred it is left in every run, as printed.",
    below=[failures_122(e, deltas) for e, deltas, _ in runs],
    probability=True,
    shows=r"1-(d+1)\exp\bigl(-\frac{\delta_2^2V_2/2}{1+2\hat LB\delta_2/(3\sqrt T)}\bigr)"
    r"-2d\exp\bigl(-\frac{\delta_1^2V_1/2}{1+\hat L\delta_1/(3\sqrt T)}\bigr)",
    printed=printed_122.at([(e, radius) for radius, (e, *_) in zip(radii, runs, strict=True)]),
)

# %% [markdown]
# ## Assembling
#
# Add (109), (116) and (122), and write $\gamma/\sqrt\tau$ for $\gamma$ and $b/\sqrt\tau$ for $b$:
#
# (eq-123)=
# $$
# \begin{aligned}
# &\lVert w_{MAML}-w_{MAML}^*\rVert\\
# &\quad\le\Bigl(\frac{2\hat LB\gamma}{\hat\beta\sqrt\tau}+\frac{\sqrt d\,b}{\sqrt\tau}\Bigr)\frac1{\hat\beta-\gamma/\sqrt\tau}\\
# &\qquad+\frac{\delta_2V_2}{\hat\beta\sqrt T}+\frac{\hat LB}{\hat\beta^2}\frac{\delta_1V_1}{\sqrt T},
# \end{aligned} \tag{123, corrected}
# $$
#
# with probability at least one minus the four terms
#
# (eq-124)=
# $$
# \begin{aligned}
# &e^2Td^2e^{-(\gamma^2/(e^2d^2v))^{1/6}}+e^2d\,e^{-(b^2/(e^2v_g))^{1/6}}\\
# &+(d+1)\exp\Bigl(\frac{-\delta_2^2V_2/2}{1+2\hat LB\delta_2/(3\sqrt T)}\Bigr)\\
# &+2d\exp\Bigl(\frac{-\delta_1^2V_1/2}{1+\hat L\delta_1/(3\sqrt T)}\Bigr).
# \end{aligned} \tag{124, corrected}
# $$
#
# :::{admonition} Where we differ from the paper
# :class: attention
# (123) is printed for $w_{ERM}$ and with an undefined $\hat\mu$; from what it was added up, $w_{MAML}$ and $\hat\beta$ are meant. (124) has $\alpha^4d^2L^6$ and $\alpha^4d^2L^5\sigma^2$ for $d^2v$ and $v_g$, and the ranges exchanged as in (122).
# :::
#
# The sum stands on every instance, with the two deviations that Bernstein's inequality bounds:

# %%
claims.contradicts(
    "eq:123",
    {
        "(85), (109), (116) and (122)": r"$\lVert w_{MAML}-w_{MAML}^*\rVert$",
        "(123)": r"$\lVert w_{ERM}-w_{ERM}^*\rVert$",
    },
    r"The sum of bounds on $\lVert w_{MAML}-w_{MAML}^*\rVert$ is printed for $\lVert w_{ERM}-w_{ERM}^*\rVert$, with a $\hat\mu$ that is defined nowhere.",
    agrees=r"$\lVert w_{MAML}-w_{MAML}^*\rVert$",
)

# %% tags=["hide-input"]
one_task = given(Z=[0.0], w=[1.0], Q=2.0)  # where the mean optimum is zero
one_task.trained = one_task.limit
first = []
for c in [*settled, one_task]:  # with γ and b for γ/√τ and b/√τ
    b = np.abs(c.noise.mean(0)).max()
    first.append((2 * c.high * c.B * c.gamma / c.low + math.sqrt(c.d) * b) / (c.low - c.gamma))
second = [right_121(c) for c in [*settled, one_task]]
claims.bounds(
    "eq:123",
    [norm(c.trained - c.best) for c in [*settled, one_task]],
    "Trained MAML keeps within the radius, which one task that stands for all attains.",
    below=np.add(first, second),
    shows=r"\lVert w_{MAML}-w_{MAML}^*\rVert\leq\bigl(\frac{2\hat LB\gamma}{\hat\beta\sqrt\tau}"
    r"+\frac{\sqrt d\,b}{\sqrt\tau}\bigr)\frac1{\hat\beta-\gamma/\sqrt\tau}"
    r"+\frac{\delta_2V_2}{\hat\beta\sqrt T}+\frac{\hat LB}{\hat\beta^2}\frac{\delta_1V_1}{\sqrt T}",
    refuses={
        "without the terms of few tasks": first,
        "these terms alone, halved": np.divide(second, 2),
    },
)

# %% [markdown]
# The first two of the four terms come from (109) and (115) by rescaling; for the noise $b/\sqrt{T\tau}$ would do, which (115) allows, so $b/\sqrt\tau$ holds all the more. Without a term for the noise of low order in $\alpha$, the printed pair (123)–(124) is false. A hundred noisy tasks, $\sigma=100$, show it as $\alpha\to0$, where
# the printed terms of data and noise vanish whatever $c$ and $c'$, and for whichever of the two solutions the left-hand side means:


# %% tags=["hide-input"]
def radius_123(e, tau, gamma, b, deltas):
    first = (2 * e.high * e.B * gamma / e.low + b) / math.sqrt(tau)
    return first / (e.low - gamma / math.sqrt(tau)) + radius_122(e, deltas)


def failures_124(e, gamma, b, deltas, noise_std):
    """Return the corrected four terms for d = n1 = 1 and α → 0, where v = 3L² and v_g = σ²L."""
    data = tail(gamma**2 / (3 * math.e**2 * e.high**2), factor=e.T)
    return data + tail(b**2 / (math.e**2 * noise_std**2 * e.high)) + failures_122(e, deltas)


noisy = environment(1, 100, (0.5, 1.0), B=1.0)
rng = np.random.default_rng(21)
maml, erm = (distances(rng, 2000, 100, n, noisy.curvatures, 1.0, noise_std=100.0) for n in (1, 2))
runs = [(close, 1e24, 1e6, 1e6, deltas, 1.0, far) for deltas in pairs]  # τ, γ, b, δ, σ
runs.append((noisy, 1.0, 0.01, 0.01, (20.0, 20.0), 100.0, maml))
radii = [radius_123(*run[:5]) for run in runs]
few_tasks_alone = [as_printed_122(e, radius_122(e, deltas)) for e, *_, deltas, _, _ in runs]

# %% tags=["remove-input"]
Markdown(
    f"The printed radius is {radii[-1]:.2f}, to be exceeded with probability {few_tasks_alone[-1]:.1g} at most. "
    f"MAML exceeds it in {np.mean(maml > radii[-1]):.0%} of the runs, ERM, with both samples of each episode, in {np.mean(erm > radii[-1]):.0%}."
)

# %% tags=["hide-input"]
printed_124 = claims.prints(
    "eq:124",
    few_tasks_alone,
    r"1-e^2Td^2\exp\bigl(-\bigl(\frac{c\gamma^2}{\alpha^4d^2L^6}\bigr)^{1/6}\bigr)"
    r"-e^2d\exp\bigl(-\bigl(\frac{c'b^2}{\alpha^4d^2L^5\sigma^2}\bigr)^{1/6}\bigr)"
    r"-2d\exp(\ldots)-2d\exp(\ldots)",
)
claims.bounds(
    "eq:124",
    [np.mean(run[-1] > radius) for radius, run in zip(radii, runs, strict=True)],
    r"With many samples a task MAML leaves the radius of (123) more rarely than this allows. As printed it fails with one sample a task.",
    below=[failures_124(e, gamma_, b, deltas, std) for e, _, gamma_, b, deltas, std, _ in runs],
    probability=True,
    shows=r"1-e^2Td^2\exp\bigl(-\bigl(\frac{\gamma^2}{e^2d^2v}\bigr)^{1/6}\bigr)"
    r"-e^2d\exp\bigl(-\bigl(\frac{b^2}{e^2v_g}\bigr)^{1/6}\bigr)"
    r"-(d+1)\exp\bigl(-\frac{\delta_2^2V_2/2}{1+2\hat LB\delta_2/(3\sqrt T)}\bigr)"
    r"-2d\exp\bigl(-\frac{\delta_1^2V_1/2}{1+\hat L\delta_1/(3\sqrt T)}\bigr)",
    printed=printed_124,
)

# %% [markdown]
# Last, the constants. The paper chooses $\gamma=4d\sqrt{\alpha^4L^6/c}\,\log^3(100Td)$, $b=2d\sqrt{\alpha^4L^5\sigma^2/c'}\,\log^3(100d)$,
# $\delta=\sqrt{\log(200d)/(\operatorname{Var}(Q_i)+\operatorname{Var}(Q_iw_i^*))}$ and $\tau>32d^2\alpha^4L^6\log^6(100Td)/(c\hat\beta)$, so that each of the four terms of (124) is at most 0.01 and $\gamma/\sqrt\tau\le\hat\beta/2$. None of the four does it.


# %%
def printed_terms(d, T, share):
    """Return the four printed terms, for large T; share is that of Var(Q)."""
    data = math.e**2 * T * d**2 * math.exp(-(16 ** (1 / 6)) * math.log(100 * T * d))
    noise = math.e**2 * d * math.exp(-(4 ** (1 / 6)) * math.log(100 * d))
    return data, noise, *(2 * d * (200 * d) ** (-s / 2) for s in (share, 1 - share))


def printed_reach(low):
    """Return γ/√τ over β̂/2 at the printed τ."""
    return 4 / math.sqrt(32) * math.sqrt(low) / (low / 2)


# %% tags=["remove-input"]
names = "$\\gamma$", "$b$", "$\\delta$, vectors", "$\\delta$, matrices"
terms = printed_terms(10, 1, 0.5)
table = [f"| {name} | {value:.3g} |" for name, value in zip(names, terms, strict=True)]
Markdown(
    "At $d=10$, $T=1$ and equal variances the printed terms are\n\n| term | value |\n| --- | --- |\n"
    + "\n".join(table)
    + f"\n\nand $\\gamma/\\sqrt\\tau$ is {printed_reach(0.1):.1f} times $\\hat\\beta/2$ at $\\hat\\beta=0.1$."
)

# %% [markdown]
# A choice that does: $\gamma=e\,d\sqrt v\,\log^3(100e^2Td^2)$, $b=e\sqrt{v_g}\,\log^3(100e^2d)$, $\tau\ge4\gamma^2/\hat\beta^2$, and, as for Theorem 2, one $\delta$ for each deviation:
# $\delta_k=2\sqrt{\log(200d)/V_k}$ for $V_1=\operatorname{Var}(Q_i)$ and $V_2=\operatorname{Var}(Q_iw_i^*)$, with $T\ge\frac{4\hat L^2\log(200d)}{9V_1}$ and $T\ge\frac{16\hat L^2B^2\log(200d)}{9V_2}$.


# %% tags=["hide-input"]
def chosen(d, T, low, high, B, V):
    """Return γ, b, δ₁, δ₂ and τ/γ² of the choice above; γ and b in units of the root of e²d²v and of e²v_g."""
    by_count = math.log(100 * math.e**2 * T * d**2) ** 3, math.log(100 * math.e**2 * d) ** 3
    return *by_count, *(2 * math.sqrt(math.log(200 * d) / v) for v in V), 4 / low**2


def chosen_by_the_paper(d, T, low, high, B, V):
    """Return the same of the printed choice, in the units of the printed exponents."""
    by_count = 4 * math.log(100 * T * d) ** 3, 2 * math.log(100 * d) ** 3
    return *by_count, *[math.sqrt(math.log(200 * d) / sum(V))] * 2, 2 / low


def root_of(term, target=0.01):
    """Return where a falling term is the target."""
    return optimize.brentq(lambda x: term(x) - target, 1e-3, 1e5, xtol=1e-14, rtol=1e-14)


def needed(d, T, low, high, B, V):
    """Return the least values with which each term is 0.01 and γ/√τ is β̂/2, by bisection."""
    tasks = max(4 * high**2 / V[0], 16 * (high * B) ** 2 / V[1]) * math.log(200 * d) / 9
    pairs = (V[0], high, 2 * d), (V[1], 2 * high * B, d + 1)
    by_count = [root_of(lambda y, n=n: tail(y**2, factor=n)) for n in (T * d**2, d)]
    deltas = [
        root_of(lambda x, v=v, R=R, n=n: bernstein(v, R, x / math.sqrt(v), tasks, n)) / math.sqrt(v)
        for v, R, n in pairs
    ]
    return *by_count, *deltas, root_of(lambda x: 1 / math.sqrt(x), low / 2)


# %% tags=["hide-input"]
rng, settings = np.random.default_rng(22), []
for _ in range(200):
    low, high, B = np.exp(rng.normal(size=3))
    V = high**2 * rng.uniform(1e-3, 0.25), (2 * high * B) ** 2 * rng.uniform(1e-3, 0.25)
    settings.append((int(rng.integers(1, 200)), int(rng.integers(1, 1000)), low, high, B, V))
printed_constants = claims.prints(
    "text:constants-of-theorem-3",
    chosen_by_the_paper,
    r"\gamma=4d\sqrt{\frac{\alpha^4L^6}c}\log^3(100Td)\text{, }b=2d\sqrt{\frac{\alpha^4L^5\sigma^2}{c'}}\log^3(100d)\text{, }"
    r"\delta=(\sqrt{\mathrm{Var}(\mathbf Q_i)+\mathrm{Var}(\mathbf Q_i\mathbf w_i^*)})^{-1}\sqrt{\log(200d)}\text{, }"
    r"\tau>32d^2\alpha^4L^6\log^6(100Td)/(c\hat\beta)",
)
claims.bounds(
    "text:constants-of-theorem-3",
    [needed(*setting) for setting in settings],
    r"Each of $\gamma$, $b$, $\delta_1$, $\delta_2$ and $\tau$ is at least what its term needs, found by bisection.",
    below=[chosen(*setting) for setting in settings],
    shows=r"\gamma=e\,d\sqrt v\,\log^3(100e^2Td^2),\;b=e\sqrt{v_g}\,\log^3(100e^2d),\;"
    r"\delta_k=2\sqrt{\log(200d)/V_k},\;\tau\geq4\gamma^2/\hat\beta^2",
    printed=printed_constants.at(settings),
)

# %% [markdown]
# ## What it asks for
#
# With every constant explicit one can read off how many episodes of each task the theorem wants before it says anything. Take $\Sigma=I$, $\alpha=\tfrac12$, $n_1=n_2=20$ and a hundred tasks. Beside it stands what Chebyshev's inequality
# with the exact variances of the entries asks for the same event, $\max_i\lVert Z_i\rVert\le\hat\beta/2$ with probability 0.99:


# %%
def episodes_needed(d, T=100, alpha=0.5, n=20):
    """Return the τ of the repaired theorem, and Chebyshev's, for Σ = I."""
    low, _ = eigenvalue_bounds(1.0, 1.0, alpha, n, d)
    gamma = math.e * d * math.sqrt(variance_bound(1.0, alpha, d))
    theorem = 4 * (gamma * math.log(100 * math.e**2 * T * d**2) ** 3 / low) ** 2
    spread = variances(np.eye(d), alpha, n, n).sum()
    return theorem, 4 * spread * T / (0.01 * low**2)


needed = {d_: episodes_needed(d_) for d_ in (1, 3, 10)}
rows = [f"| {d_} | {one:.0e} | {two:.0e} |" for d_, (one, two) in needed.items()]
Markdown("\n".join(["| $d$ | theorem | Chebyshev |", "| --- | --- | --- |", *rows]))

# %% [markdown]
# Neither is needed. The theorem of [chapter 5](05_convergence) that replaces Theorem 3 works with one episode of each task, because it never asks that a single task be known.
#
# ## What we have seen
#
# - The deterministic skeleton is sound: triangle inequalities, Weyl, differences of inverses. What fails is the probability put into it.
# - One habit causes most of the failures: keeping only the highest power of $\alpha$. It makes the bound promise exact training as $\alpha\to0$, where MAML is ERM on finite data.
# - One step, the mean of the norms $\lVert Z_i\rVert$ in (88), costs the averaging over tasks. No later step can win it back.
# - Where a variance is known exactly, Chebyshev's inequality says more than the exponential bound at every probability of interest.
#
# **Read next.** [Chapter 5](05_convergence) for what replaces Theorem 3; [Appendix D.1, line by line](13_erm_proof) for the proof that this one follows.
