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
# | (97), [(98)](#eq-98) | variance of an entry | no: lower orders, $L^6$ and a case are missing |
# | [(89)](#eq-89), Lemma 3 | tail of an entry | no: inequality reversed, wrong variance |
# | (100), [(101)](#eq-101), (102), (103) | Gershgorin disks | yes, with a modulus and the variance repaired |
# | (104), (105), (106), [(99)](#eq-99), Lemma 4 | from entries to the norm | no: a factor $d$ |
# | [(107)](#eq-107), [(108)](#eq-108), [(109)](#eq-109) | invert | yes, with a maximum; the probability is that of Lemma 4 |
# | (110), (111), (112) | isolate the label noise | yes, once a factor is moved |
# | [(113)](#eq-113), (114), [(115)](#eq-115), (116), (117) | concentration of the noise | no: variance |
# | (118), (119), (120), [(121)](#eq-121) | isolate the fluctuation of the tasks | yes, after three slips |
# | [(122)](#eq-122), [(123)](#eq-123), [(124)](#eq-124), the constants | assemble | no |

# %% tags=["hide-cell", "nbval-ignore-output"]
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
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", f"git+{REPOSITORY}"],
        check=True,
    )

# %%
import itertools
import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import sympy as sp
from IPython.display import Markdown
from scipy import optimize, stats

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

# %% tags=["remove-input"]
claims.states(
    "eq:82 eq:83", "Q_i is the mean of the empirical curvature, Z_i its deviation from it"
)

# %% [markdown]
# From (83) to (84) it is one use of [Lemma 2](02_population_solutions), [(77)](#eq-77), with $A=\Sigma_i$. Both ends of the chain are right. The lines between them are not: once the mean over the
# outer samples has been taken, $E[X_{out}^\top X_{out}]=n_1\Sigma_i$, and the prefactor is $\frac1\tau$. The paper keeps $\frac1{\tau n_1}$, and its last line still has outer samples inside an inner expectation. With two outer samples this is a factor of two.
#
# To test (84) and the chain we integrate over the samples instead: Gauss–Hermite quadrature with five nodes is exact for polynomials of degree nine in each variable.


# %%
def curvature(inner, outer, alpha):
    """Return Q̂ of episodes with samples (..., n2, d) and (..., n1, d)."""
    count, d = inner.shape[-2:]
    step = np.eye(d) - alpha / count * inner.swapaxes(-1, -2) @ inner
    return step @ outer.swapaxes(-1, -2) @ outer @ step


def quadrature(variables):
    """Return points (N, variables) and weights (N,) for standard normals."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    points = itertools.product(nodes, repeat=variables)
    chances = itertools.product(weights / weights.sum(), repeat=variables)
    return np.array(list(points)), np.prod(list(chances), axis=1)


def mean_curvature(root, alpha, n1, n2):
    """Integrate Q̂ / n1 over one episode of covariance root @ root.T."""
    d = len(root)
    points, weights = quadrature((n1 + n2) * d)
    samples = points.reshape(-1, n1 + n2, d) @ root.T
    values = curvature(samples[:, :n2], samples[:, n2:], alpha)
    return np.tensordot(weights, values, 1) / n1


# %%
root = np.array([[1.0, 0.0], [0.4, 0.7]])
sigma = root @ root.T
settings = [(0.3, 1, 1), (0.9, 1, 1), (0.5, 1, 2), (0.5, 2, 1)]  # α, n1, n2
integrated = [mean_curvature(root, *setting) for setting in settings]
closed = [linear.adapted_covariance(sigma, alpha, n2) for alpha, _, n2 in settings]
points, weights = quadrature(2)
inner = (points @ root.T)[:, None, :]
steps = np.eye(2) - 0.5 * inner.swapaxes(1, 2) @ inner
chain = np.tensordot(weights, steps @ sigma @ steps, 1)  # E[PΣP], last setting
says = "Q̂/n₁ integrated over all samples is Q, and over the inner ones E[PΣP]"
both = "eq:84 text:mean-chain"
claims.checks(both, [*integrated, chain], [*closed, integrated[3]], says, rtol=1e-9)

# %% tags=["hide-input"]
with claims.rejecting("without the Σ³ of Lemma 2"):
    cubes = [a**2 / n2 * np.linalg.matrix_power(sigma, 3) for a, _, n2 in settings]
    wrong = [Q - cube for Q, cube in zip(closed, cubes, strict=True)]
    claims.checks("eq:84", integrated, wrong, "", rtol=1e-9)
with claims.rejecting("the prefactor 1/(τ n₁) kept, for n₁ = 2", printed=True):
    claims.checks("text:mean-chain", [chain / 2], [integrated[3]], "", rtol=1e-9)

# %% [markdown]
# Next come the eigenvalues of $Q_i$. Assumption 2 says $\beta I\preceq\Sigma_i\preceq LI$, and the paper concludes
#
# (eq-86)=
# $$
# \hat\beta I\preceq Q_i\preceq\hat LI,\qquad
# \begin{aligned}
# \hat\beta&=\beta(1-\alpha L)^2+\tfrac{\alpha^2\beta^3(d+1)}{n_2},\\
# \hat L&=L(1-\alpha\beta)^2+\tfrac{\alpha^2L^3(d+1)}{n_2}.
# \end{aligned} \tag{86}
# $$
#
# An eigenvalue $\lambda$ of $\Sigma_i$ becomes $\lambda(1-\alpha\lambda)^2+\frac{\alpha^2}{n_2}(\operatorname{tr}(\Sigma_i^2)\lambda+\lambda^3)$. For $\alpha L\le1$ every factor obeys its bound:
# $1-\alpha L\le1-\alpha\lambda\le1-\alpha\beta$, and none is negative. Without $\alpha L\le1$, which the appendix nowhere assumes, squaring does not keep the order. For each inequality we report the largest quotient of its left and right side over the instances tried; one is equality.


# %% tags=["hide-input"]
def bounded(steps, says):
    """Check that left over right is at most one for each step, and say how close to one it comes."""
    reached = ", ".join(f"{np.max(ratios):.2g}" for ratios in steps.values())
    flags = np.concatenate([np.ravel(ratios) <= 1 + 1e-9 for ratios in steps.values()])
    return claims.holds(" ".join(steps), flags, f"{says}; left over right reaches {reached}")


def eigenvalue_bounds(beta, L, alpha, n2, d):
    """Return the bounds β̂ and L̂ of (86)."""
    low = beta * (1 - alpha * L) ** 2 + alpha**2 * beta**3 * (d + 1) / n2
    return low, L * (1 - alpha * beta) ** 2 + alpha**2 * L**3 * (d + 1) / n2


def random_covariances(rng, count, d, low, high):
    """Return matrices with random eigenvectors and eigenvalues between the bounds."""
    turn, _ = np.linalg.qr(rng.normal(size=(count, d, d)))
    return (turn * rng.uniform(low, high, (count, 1, d))) @ turn.swapaxes(1, 2)


def eigenvalue_ratios(rng):
    """Return β̂ over the smallest eigenvalue of Q, and the largest over L̂, for αL at most one."""
    d, n2 = int(rng.integers(1, 5)), int(rng.integers(1, 50))
    beta, L = np.sort(rng.uniform(0.1, 2, 2))
    alpha = rng.uniform(0.05, 1) / L
    low, high = eigenvalue_bounds(beta, L, alpha, n2, d)
    covariance = random_covariances(rng, 1, d, beta, L)[0]
    eigenvalues = np.linalg.eigvalsh(linear.adapted_covariance(covariance, alpha, n2))
    return low / eigenvalues[0], eigenvalues[-1] / high


# %%
rng = np.random.default_rng(9)
ratios = np.ravel([eigenvalue_ratios(rng) for _ in range(1000)])
bounded({"eq:86": ratios}, "the eigenvalues of Q lie between β̂ and L̂, for αL ≤ 1")

# %% tags=["hide-input"]
with claims.rejecting(
    "α = 1 for tasks with Σ = 1 and Σ = 2, and the full inner gradient", printed=True
):
    low, _ = eigenvalue_bounds(1.0, 2.0, alpha=1.0, n2=math.inf, d=1)
    eigenvalue = linear.adapted_covariance([[1.0]], 1.0, math.inf)[0, 0]
    claims.holds("eq:86", [low <= eigenvalue], "β̂ = 1 but Q = 0")

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
def instance(seed, samples=(2, 7), reach=1.0):
    """Return what the proof speaks of, for T of five tasks; β = 0.4, L = 1.5, αL at most reach."""
    rng = np.random.default_rng(seed)
    c = SimpleNamespace(d=int(rng.integers(1, 4)), T=int(rng.integers(2, 6)))
    c.alpha = rng.uniform(0.1 * reach, reach) / 1.5
    sigma, optima = random_covariances(rng, 5, c.d, 0.4, 1.5), rng.normal(size=(5, c.d))
    drawn = rng.integers(5, size=c.T)
    c.sigma, c.w, c.B = sigma[drawn], optima[drawn], np.linalg.norm(optima, axis=1).max()
    data = draw_episodes(rng, c, samples)
    c.episodes = curvature(*data[:2], c.alpha)
    c.low, c.high = eigenvalue_bounds(0.4, 1.5, c.alpha, c.n2, c.d)
    Q = linear.adapted_covariance(sigma, c.alpha, c.n2)
    c.Q, c.EQ, c.EQw = Q[drawn], Q.mean(0), np.einsum("tij,tj->i", Q, optima) / 5
    c.Z = c.episodes.mean(1) / c.n1 - c.Q
    c.C, c.mean_Q = (c.Q + c.Z).mean(0), c.Q.mean(0)
    c.mean_Qw = np.einsum("tij,tj->i", c.Q, c.w) / c.T
    c.trained, c.noise = trained(c, *data), gradient_noise(c, *data)
    c.limit, c.best = np.linalg.solve(c.mean_Q, c.mean_Qw), np.linalg.solve(c.EQ, c.EQw)
    weighted = np.einsum("tij,tj->i", c.Q + c.Z, c.w) / c.T
    c.data_error = np.linalg.solve(c.C, weighted) - c.limit  # ϑ is its length
    c.noise_error = np.linalg.solve(c.C, c.noise.mean(0))
    return c


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
# Both (85) and (87) are triangle inequalities, and they stand. For $\vartheta$ the sums over tasks are exchanged as in (54), and $\lVert w_i^*-w_j^*\rVert\le2B$:
#
# (eq-88)=
# $$
# \vartheta\le\lVert C^{-1}\rVert\,\frac{2\hat LB}{T\hat\beta}\sum_{i=1}^T\lVert Z_i\rVert. \tag{88}
# $$
#
# The inequality stands, for $\vartheta=\bigl\lVert C^{-1}\frac1T\sum_i(Q_i+Z_i)w_i^*-w_{MAML}^{(T)*}\bigr\rVert$. The display in the paper has $\hat Q_{i,j}$, the unnormalised curvature of a single episode, where $Q_i+Z_i$ is meant.


# %%
def bound_88(c):
    mean_deviation = np.mean([norm(deviation) for deviation in c.Z])
    return norm(np.linalg.inv(c.C)) * 2 * c.high * c.B / c.low * mean_deviation


total = np.array([norm(c.trained - c.best) for c in cases])
theta = np.array([norm(c.trained - c.limit) for c in cases])
few_tasks = np.array([norm(c.limit - c.best) for c in cases])
data = np.array([norm(c.data_error) for c in cases])
noise = np.array([norm(c.noise_error) for c in cases])
steps = {
    "eq:85": total / (theta + few_tasks),
    "eq:87": theta / (data + noise),
    "eq:88": data / [bound_88(c) for c in cases],
}
says = "few episodes and few tasks; data and noise; ‖C⁻¹‖ · 2L̂B/(Tβ̂) · Σ‖Z_i‖"
bounded(steps, says)

# %% tags=["hide-input"]
with claims.rejecting("few episodes alone"):
    claims.holds("eq:85", total <= theta, "")
with claims.rejecting("the data term alone"):
    claims.holds("eq:87", theta <= data, "")
with claims.rejecting("the sum without ‖C⁻¹‖, in units in which every curvature is a hundredth"):
    scaled = [bound_88(c) / norm(np.linalg.inv(c.C)) / 100 for c in cases]
    claims.holds("eq:88", data <= scaled, "")
with claims.rejecting(
    "Q̂ of one episode for the average over episodes: two outer samples x = 1, Σ = 1, α → 0, w* = 1",
    printed=True,
):
    Q_hat, Q, w = curvature(np.zeros((1, 1)), np.ones((2, 1)), 0.0)[0, 0], 1.0, 1.0
    C = Q_hat / 2
    claims.holds("eq:88", [abs(Q_hat / C * w - Q / Q * w) <= 2 * abs(C - Q) / C], "Z = 0 but ϑ = 1")

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
found = in_D + in_Q + [np.mean(u) / 2 for u in in_Q]
exact = [D[:, k, l] for k, l in places] + [(D @ P)[:, k, s] for k, s in places]
exact += list((stacked.T @ stacked).ravel() / 100)
says = "entries of D, of Q̂ with two cross terms, and of the average of fifty Q̂/n₁"
claims.checks("eq:90 eq:91-93 eq:94 eq:96", found, exact, says, rtol=1e-9)

# %% tags=["hide-input"]
with claims.rejecting("the entries of the transpose"):
    claims.checks("eq:90", in_D, [D[:, l, k] for k, l in places], "", rtol=1e-9)
with claims.rejecting("twice one of them: x̂ = (1, 0), x = (1, 1), α = ½", printed=True):
    one = np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]]), 0.5
    merged = entry_91(*one, 0, 1, merged=True)
    claims.checks("eq:91-93 eq:96", merged, curvature(*one)[0, 1], "", atol=1e-12)
with claims.rejecting("the sum of the u_j"):
    sums = [np.sum(u) / 2 for u in in_Q]
    claims.checks("eq:94", sums, exact[-9:], "", rtol=1e-9)

# %% [markdown]
# The $u_j$ are independent, so the variance of the entry is that of one of them divided by $\tau$ (95).
# The variance of one is exact arithmetic: average over the outer samples by Lemma 2, over the inner ones by Wick's rule.


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


def draw_deviations(rng, count, sigma, alpha, tau, n1, n2):
    """Draw Z of (82), (count, d, d), and the curvatures of its episodes."""
    root = np.linalg.cholesky(sigma).T
    inner, outer = (rng.normal(size=(count, tau, n, len(sigma))) @ root for n in (n2, n1))
    episodes = curvature(inner, outer, alpha) / n1
    return episodes.mean(1) - linear.adapted_covariance(sigma, alpha, n2), episodes


# %%
sigma_3 = np.array([[1.0, 0.3, 0.1], [0.3, 0.6, -0.2], [0.1, -0.2, 0.4]])
rng = np.random.default_rng(11)
Z, _ = draw_deviations(rng, 30_000, sigma_3, 0.6, tau=3, n1=2, n2=4)
one_episode = variances(sigma_3, 0.6, 2, 4)
says = "the variance of an entry of the average is that of u₁ divided by τ"
claims.samples("eq:95", Z**2, one_episode / 3, says)

# %% tags=["hide-input"]
with claims.rejecting("Var(u₁)/τ²"):
    claims.samples("eq:95", Z**2, one_episode / 9, "")

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

# %%
by_moments = chi_square_mean(X**4) * chi_square_mean(X**2)
largest = [by_moments, second_moment.coeff(alpha, 4)]
says = "E x̂⁸ · E x⁴ = 105 · 3 at unit variance, which is the coefficient of α⁴"
claims.proves("text:largest-monomial", largest, [315, 315], says)

# %%
shapes = [(1, 1, 1), (2, 1, 1), (2, 3, 2), (4, 2, 5)]  # d, n1, n2


def count_monomials(d, n1, n2):
    """Return the numbers of monomials of degree two, four and six."""
    S_in, S_out = np.full((d, d), n2), np.full((d, d), n1)
    orders = S_out, S_in @ S_out + S_out @ S_in, S_in @ S_out @ S_in
    return [float(order[0, 0]) for order in orders]


counts = [count_monomials(*shape) for shape in shapes]
expected = [[n1, 2 * d * n1 * n2, d**2 * n1 * n2**2] for d, n1, n2 in shapes]
says = "n₁ of degree two, 2dn₁n₂ of degree four, d²n₁n₂² of degree six"
claims.checks("text:numbers-of-monomials", counts, expected, says, rtol=1e-12)

# %% tags=["hide-input"]
with claims.rejecting("the tenth moment for the eighth"):
    claims.proves("text:largest-monomial", chi_square_mean(X**5) * 3, 315, "")
with claims.rejecting("dn₁n₂ of degree four, as the merged term suggests", printed=True):
    half = [[n1, d * n1 * n2, d**2 * n1 * n2**2] for d, n1, n2 in shapes]
    claims.checks("text:numbers-of-monomials", counts, half, "", rtol=1e-12)

# %% [markdown]
# The count of the terms of (97) with non-zero mean misses a case. A product of outer samples $x^{(r)}(h)x^{(l)}(h)x^{(r')}(h')x^{(l')}(h')$ has non-zero mean if its factors pair up. For
# $h=h'$ there are three ways to pair, not two: besides $r=l,\ r'=l'$ and $r=r',\ l=l'$ also $r=l',\ l=r'$.


# %% tags=["hide-input"]
def normal_moment(*names):
    """Return the mean of a product of standard normals, named with repetition."""
    powers = Counter(names).values()
    return math.prod(0 if p % 2 else math.prod(range(1, p, 2)) for p in powers)


def sum_97(d, n1, n2, k, s):
    """Return the sum of (97) over n1² n2⁴ for Σ = I, term by term, and the indices of its terms with non-zero mean."""
    total, nonzero = 0.0, set()
    for index in itertools.product(range(n1), range(n1), *[range(d)] * 4):
        h, g, l, r, m, q = index  # h, h', l, r, l', r'
        outer = normal_moment((r, h), (l, h), (q, g), (m, g))
        if outer:
            nonzero.add(index)
            for a, b, c, e in itertools.product(range(n2), repeat=4):
                first = (l, a), (s, a), (k, b), (r, b)
                total += outer * normal_moment(*first, (m, c), (s, c), (k, e), (q, e))
    return total / (n1**2 * n2**4), nonzero


def allowed(third):
    """Return the indices that the paper admits for d = n1 = 2, with or without the third way to pair."""
    found = set()
    for index in itertools.product(range(2), repeat=6):
        h, g, l, r, m, q = index
        same = h == g and ((r == q and l == m) or (third and r == m and l == q))
        if (r == l and q == m) or same:
            found.add(index)
    return found


# %%
by_terms = [[sum_97(2, 2, 2, k, s)[0] for s in (0, 1)] for k in (0, 1)]
top_order = second_moments((np.eye(2), 1.0), np.eye(2), 2, 2)  # S_in in place of P
says = "the sum of (97), by monomials, is the second moment of the α² part of u₁"
claims.checks("eq:97", by_terms, top_order, says, rtol=1e-10)

# %%
nonzero = sum_97(2, 2, 1, 0, 0)[1]
says = "r = l and r′ = l′, or h = h′ and either r = r′, l = l′ or r = l′, l = r′"
claims.holds("text:nonzero-terms", [nonzero == allowed(third=True)], says)

# %% tags=["hide-input"]
with claims.rejecting("the sum without its factor 1/n₁²"):
    claims.checks("eq:97", np.multiply(by_terms, 4), top_order, "", rtol=1e-10)
with claims.rejecting("the list without r = l′, l = r′", printed=True):
    claims.holds("text:nonzero-terms", [nonzero == allowed(third=False)], "")

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
# Let $S$ be the sample covariance of the outer samples, so that $u(k,s)=y^\top Sy'$ with $y=Pe_k$, $y'=Pe_s$. By the Cauchy–Schwarz inequality we may take $k=s$. Given $P$,
# Lemma 2 says $E(y^\top Sy)^2=(1+\frac2{n_1})(y^\top\Sigma y)^2\le3L^2\lVert Pe_k\rVert^4$. The norm of $L^4$ obeys the triangle inequality, so
# $(E\lVert Pe_k\rVert^4)^{1/4}\le1+\alpha(E\lVert\hat Se_k\rVert^4)^{1/4}$, with $\hat S$ the inner sample covariance. Write $\hat S=\Sigma^{1/2}W\Sigma^{1/2}$, with $W$ that of standard normal samples:
# $\lVert\hat Se_k\rVert\le\sqrt L\,\lVert Wa\rVert$ for a vector $a$ no longer than $\sqrt L$, and the law of $\lVert Wa\rVert$ depends on the length of $a$ only. Since $W$ is a mean of $n_2$ independent
# matrices, $E\lVert We_1\rVert^4$ is largest for $n_2=1$, where it is $E[g_1^4(g_1^2+\dots+g_d^2)^2]=3(d+4)(d+6)$. $\square$
# :::

# %%
d = sp.Symbol("d", positive=True)
first = [1, 1, 3, 15, 105]  # E g₁^(2k)
rest = [1, d - 1, (d - 1) * (d + 1)]  # E (g₂² + … + g_d²)^k
fourth = first[4] + 2 * first[3] * rest[1] + first[2] * rest[2]
says = "E[g₁⁴‖g‖⁴] = 3(d + 4)(d + 6)"
claims.proves("eq:98", fourth, 3 * (d + 4) * (d + 6), says)


# %% tags=["hide-input"]
def variance_bound(L, alpha, d):
    """Return v of the corrected (98)."""
    return 3 * L**2 * (1 + alpha * L * (3 * (d + 4) * (d + 6)) ** 0.25) ** 4


rng = np.random.default_rng(12)
ratios = []
for (L, rate), d_ in itertools.product(((10.0, 0.0001), (0.5, 0.2), (2.0, 0.5)), (1, 3)):
    for n1, n2 in ((1, 1), (20, 3)):
        covariances = [L * np.eye(d_), random_covariances(rng, 1, d_, 0.1 * L, L)[0]]
        worst = max(variances(covariance, rate, n1, n2).max() for covariance in covariances)
        top = second_moments((covariances[1], 1.0), covariances[1], n1, n2).max()
        ratios += [worst / variance_bound(L, rate, d_), top / (945 * d_**2 * L**6)]
ids = "eq:97 eq:98 text:highest-order-terms-dominate"
says = "all orders: Var(u₁) ≤ v = 3L²(1 + αLa_d)⁴; the top one is at most 945 α⁴d²L⁶"
bounded({ids: ratios}, says)

# %% [markdown]
# > **The paper, after (98).** "the bound on the elements of $\mathbf Z_i$ given in Lemma 3 is tight up to logarithmic factors"
#
# For a fixed $\alpha L$ and *one* inner and outer sample the order $\alpha^4d^2L^6$ is right. With more samples it is not: the variance falls like $1/n$ for $n_1=n_2=n$, and the bound does not contain $n$.

# %%
single = [variances(np.eye(d_), 1.0, 1, 1)[0, 1] / d_**2 for d_ in (2, 4, 8)]
many = [variances(np.eye(2), 1.0, n, n)[0, 1] for n in (1, 10, 100, 1000)]
falls = np.multiply(many, (1, 10, 100, 1000)) <= many[0] * (1 + 1e-9)
says = (
    f"Var(u₁) is {min(single):.1f} to {max(single):.1f} times α⁴d²L⁶ "
    "for d = 2, 4, 8, αL = 1 and one sample of each kind; "
    "with n of each it is less than 1/n of that"
)
right_order = [0.5 < value < 945 for value in single]
claims.holds("text:tight-up-to-logarithms", [*right_order, *falls], says)

# %% tags=["hide-input"]
with claims.rejecting("the highest order alone, even a thousand times: α = 0.001", printed=True):
    top = 1000 * 0.001**4 * second_moments((np.eye(1), 1.0), np.eye(1), 1, 1)
    claims.holds(ids, variances(np.eye(1), 0.001, 1, 1) <= top, "")
with claims.rejecting("730 d²α⁴ without L⁶: one dimension, Σ = 10, α = 1", printed=True):
    claims.holds("eq:98", variances(10 * np.eye(1), 1.0, 1, 1) <= 730, "")
with claims.rejecting("Var(u₁) of order α⁴d²L⁶ whatever n₁ and n₂", printed=True):
    claims.holds("text:tight-up-to-logarithms", [v >= 0.01 * 4 for v in many], "")

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
    "a polynomial of degree q in Gaussian variables deviates by γ with probability at most "
    "e² exp(−(γ²/(R^q Var))^(1/q)); for q = 6 hypercontractivity gives R⁶ = e²",
    "Schudy and Sviridenko (2012), Theorem 1.9; Aubrun and Szarek (2017), Corollary 5.49",
)


# %%
def tail(square):
    """Return the bound e² exp(−x^(1/6)) of Lemma 3, at most one."""
    return np.minimum(1, math.e**2 * np.exp(-(np.asarray(square) ** (1 / 6))))


deviations = np.array([0.5, 1, 2, 4, 8, 16, 32])  # in standard deviations
scale = np.sqrt(one_episode / 3)
frequencies = np.array([(np.abs(Z) >= x * scale).mean(0) for x in deviations])
exponential = tail((deviations / math.e) ** 2)[:, None, None]
chebyshev = np.minimum(1, deviations**-2.0)[:, None, None]
ratios = np.ravel([frequencies / exponential, frequencies / chebyshev])
says = "tails of the nine entries, within the lemma's bound and within Chebyshev's"
bounded({"lem:3 eq:89": ratios}, says)

# %% tags=["hide-input"]
with claims.rejecting("ℙ(|…| ≤ γ) ≥ e² exp(−…): more than one for small γ", printed=True):
    L, c = np.linalg.eigvalsh(sigma_3)[-1], 1.0
    gamma = 0.5 * scale
    printed = math.e**2 * np.exp(-((3 * gamma**2 / (c * 0.6**4 * 9 * L**6)) ** (1 / 6)))
    claims.holds("lem:3 eq:89", 1 - frequencies[0] >= printed, "")
with claims.rejecting("the inequality turned round, the variance left at α⁴d²L⁶: α = 0.001"):
    small, _ = draw_deviations(np.random.default_rng(13), 20_000, np.eye(1), 0.001, 1, 1, 1)
    claims.holds("lem:3 eq:89", [np.mean(np.abs(small) >= 1) <= tail(1 / 0.001**4)], "")

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

# %%
some = Z[:2000]
diagonal = np.einsum("ikk->ik", some)
radii = np.abs(some).sum(2) - np.abs(diagonal)
eigenvalues, norms = np.linalg.eigvalsh(some), np.linalg.norm(some, 2, axis=(1, 2))
gaps = np.abs(eigenvalues[:, :, None] - diagonal[:, None, :])
steps = {
    "eq:100": (gaps / radii[:, None, :]).min(2),
    "eq:101": norms / (np.abs(diagonal) + radii).max(1),
    "eq:104-106": norms / (3 * np.abs(some).max((1, 2))),
}
says = "Gershgorin's disks; |Z(k, k)| + R_k; entries of size γ allow a norm of dγ"
bounded(steps, says)

# %% tags=["hide-input"]
gamma = np.random.default_rng(14).uniform(0, 2, (2000, 1))
off = np.abs(some - diagonal[:, :, None] * np.eye(3))
implied = (radii < 2 * gamma) | (off >= gamma[..., None]).any(2)
standard = np.sqrt(one_episode.max() / 3)  # of the largest entry
tails_R = [np.mean(radii >= 2 * x * standard, axis=0) * x**2 / 2 for x in (1, 2, 4, 8)]
tails_Z = [np.mean(np.abs(diagonal) >= x * standard, axis=0) * x**2 for x in (1, 2, 4, 8)]
needed = np.where(implied, 0.0, 2.0)  # above one where a row does without a large entry
steps = {"eq:102": np.concatenate([needed, tails_R]), "eq:103": tails_Z}
bounded(steps, "a row needs a large entry; tails of rows and of the diagonal against Chebyshev's")

# %% tags=["hide-input"]
with claims.rejecting("disks of half the radius"):
    claims.holds("eq:100", (gaps <= radii[:, None, :] / 2).any(2), "")
with claims.rejecting("Z(k, k) without its modulus: Σ = 1, α → 0, and x = 0", printed=True):
    deviation = curvature(np.zeros((1, 1)), np.zeros((1, 1)), 0.0) - 1
    claims.holds("eq:101", np.abs(deviation) <= deviation, "")
with claims.rejecting("‖Z‖ ≤ γ: the 2 × 2 matrix of ones", printed=True):
    claims.holds("eq:104-106", [norm(np.ones((2, 2))) <= np.ones((2, 2)).max()], "")
rng, rate = np.random.default_rng(15), 0.001
plain, _ = draw_deviations(rng, 20_000, np.eye(2), rate, tau=1, n1=1, n2=1)
claimed = math.e**2 * math.exp(-((1 / (rate**4 * 4)) ** (1 / 6)))  # γ = L = c = 1
where = "the variance α⁴d²L⁶, at α = 0.001: one episode in two dimensions, γ = c = 1"
with claims.rejecting(where, printed=True):
    claims.holds("eq:102", [np.mean(np.abs(plain[:, 0, 1]) >= 1) <= claimed], "")
with claims.rejecting(where, printed=True):
    claims.holds("eq:103", [np.mean(np.abs(plain[:, 0, 0]) >= 1) <= claimed], "")

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
# $\chi^2$ variables have to be drawn, so the dimension can be a million.


# %%
def draw_norms(rng, d, count=100_000):
    """Draw ‖Px‖² − ‖Q‖ ≤ ‖Z‖ for n1 = n2 = τ = α = 1 and Σ = I."""
    g2, s, rest = (rng.chisquare(k, count) for k in (1, d, d - 1))
    return g2 + rest - 2 * s * g2 + s**2 * g2 - (d + 1)


def promised(d):
    """Return the γ of (99) at probability 0.99, for c = τ = α = L = 1."""
    return d * math.log(100 * math.e**2 * d**2) ** 3


rng = np.random.default_rng(16)
literal, _ = draw_deviations(rng, 20_000, np.eye(4), 1.0, tau=1, n1=1, n2=1)
largest = np.linalg.eigvalsh(literal)[:, -1], draw_norms(rng, 4)
drawn = [np.quantile(values, 0.9) for values in largest]
sizes = 10**4, 10**5, 10**6
held = {d_: np.mean(draw_norms(rng, d_) <= promised(d_)) for d_ in sizes}

# %% tags=["remove-input"]
rows = "\n".join(f"| {d_:,} | {value:.2f} |" for d_, value in held.items())
Markdown(
    f"In four dimensions nine in ten draws of the formula stay below {drawn[1]:.0f}, and of matrices drawn literally below {drawn[0]:.0f}. "
    f"With $c=1$, the probability that (99) puts at 0.99 is at most\n\n| $d$ | ℙ(‖Z‖ ≤ γ) |\n| --- | --- |\n{rows}"
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

# %%
drawn_norms = np.linalg.norm(Z, 2, axis=(1, 2))
square = one_episode.sum() / 3  # E‖Z‖² in the Frobenius norm
v = variance_bound(np.linalg.eigvalsh(sigma_3)[-1], 0.6, 3)
ratios = []
for gamma in np.array([1, 2, 4, 8, 16]) * math.sqrt(square):
    seen = np.mean(drawn_norms >= gamma)
    allowed_99 = min(1, 9 * tail(3 * gamma**2 / (math.e**2 * 9 * v)))
    ratios += [seen / allowed_99, seen * gamma**2 / square]
says = "tails of ‖Z‖, within the corrected (99) and within Chebyshev's inequality"
bounded({"lem:4 eq:99": ratios}, says)

# %% tags=["hide-input"]
with claims.rejecting("(99) in a million dimensions, n₁ = n₂ = τ = α = c = 1", printed=True):
    claims.holds("lem:4 eq:99", [held[10**6] >= 0.99], "")

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
# The implication stands: wherever all $\lVert Z_i\rVert\le\gamma$, the bound on $\vartheta$ holds. Its probability is that of Lemma 4, and false with it. The smallest case needs neither Gershgorin nor many dimensions: two tasks in one dimension with optima $\pm1$, one episode each, a small $\alpha$.
#
# The condition $\gamma<\hat\beta$ is severe: it needs every single task to be known well from its own episodes. Instances that meet it take hundreds of samples and short steps. Of two hundred such instances, and of the three hundred before, this many meet it:

# %%
plenty = [instance(seed, samples=(300, 600), reach=0.3) for seed in range(300, 500)]
for c in cases + plenty:
    c.gamma = max(norm(deviation) for deviation in c.Z)
settled = [c for c in plenty if c.gamma < c.low]
len(settled), sum(c.gamma < c.low for c in cases)


# %%
def radius_109(c):
    return 2 * c.high * c.B * c.gamma / c.low / (c.low - c.gamma)


lowest = [np.linalg.eigvalsh(c.mean_Q)[0] for c in cases]
smallest = [np.linalg.eigvalsh(c.C)[0] for c in cases]
weyl = np.subtract(lowest, [c.gamma for c in cases]) / smallest
steps = {
    "eq:107": [*weyl, *np.divide([c.low for c in cases], lowest)],
    "eq:108": [norm(np.linalg.inv(c.C)) * (c.low - c.gamma) for c in settled],
    "eq:109": [norm(c.data_error) / radius_109(c) for c in settled],
}
bounded(steps, "Weyl with max ‖Z_i‖; ‖C⁻¹‖; ϑ, where every ‖Z_i‖ ≤ γ < β̂")

# %% tags=["hide-input"]
with claims.rejecting("‖Z_i‖ of the first task alone", printed=True):
    first = [m - norm(c.Z[0]) for m, c in zip(lowest, cases, strict=True)]
    claims.holds("eq:107", np.array(smallest) >= first, "")
with claims.rejecting("1/β̂"):
    tight = SimpleNamespace(low=1.0, C=np.array([[0.9]]))  # β = L = 1, α → 0, Z = −0.1
    claims.holds("eq:108", [norm(np.linalg.inv(c.C)) <= 1 / c.low for c in [*settled, tight]], "")
rng, rate, gamma = np.random.default_rng(17), 0.01, 0.3
low, high = eigenvalue_bounds(1.0, 1.0, rate, 1, 1)
radius = radius_109(SimpleNamespace(low=low, high=high, B=1.0, gamma=gamma))
_, episodes = draw_deviations(rng, 40_000, np.eye(1), rate, tau=2, n1=1, n2=1)
one, two = episodes[:, 0, 0, 0], episodes[:, 1, 0, 0]  # of the two tasks
exceeded = np.mean(np.abs(one - two) / (one + two) >= radius)
claimed = math.e**2 * 2 * math.exp(-((gamma**2 / rate**4) ** (1 / 6)))
wrong = (
    f"a probability of {claimed:.0e} for what happens {exceeded:.0%} of the time: α = 0.01, c = 1"
)
with claims.rejecting(wrong, printed=True):
    claims.holds("eq:109", [exceeded <= claimed], "")

# %% [markdown]
# ## The label noise
#
# (110) bounds $\lVert C^{-1}g\rVert$ of (87) by a product of two norms. The factor $\frac1{Tn_1\tau}$ belongs inside the inverse; as printed the right-hand side is too small by the square of $Tn_1\tau$.
# (111), which calls the first norm $\lVert C^{-1}\rVert$, is right with it inside.

# %%
sizes = np.array([norm(c.noise.mean(0)) for c in cases])
products_110 = sizes * [norm(np.linalg.inv(c.C)) for c in cases]
says = "the noise term is at most ‖C⁻¹‖ times the norm of the noise vector"
bounded({"eq:110 eq:111": noise / products_110}, says)

# %% [markdown]
# (112) names the $k$-th element of the noise vector of (87) $g(k)$, and notes that it is a polynomial of degree six with mean zero. Here it is in one dimension, with one inner and one outer sample:

# %%
alpha, x_in, x_out, z_in, z_out = sp.symbols("alpha x_in x_out z_in z_out")
step = 1 - alpha * x_in**2
g = sp.expand(step * x_out * z_out - alpha * step * x_out**2 * x_in * z_in)
g


# %%
def wick(polynomial):
    """Return the mean of a polynomial in the four standard normals."""
    total = 0
    for powers, factor in sp.Poly(polynomial, x_in, x_out, z_in, z_out).terms():
        if all(power % 2 == 0 for power in powers):
            total += factor * sp.prod([sp.factorial2(power - 1) for power in powers])
    return sp.expand(total)


degree = sp.Poly(g, x_in, x_out, z_in, z_out).total_degree()
claims.proves("eq:112", [degree, wick(g)], [6, 0], "degree six, mean zero")

# %% tags=["hide-input"]
with claims.rejecting("1/(T n₁ τ) outside the inverse", printed=True):
    outside = [norm(np.linalg.inv(c.episodes.sum((0, 1)))) / (c.T * c.n1 * c.tau) for c in cases]
    claims.holds("eq:110", noise <= outside * sizes, "")
with claims.rejecting("‖C‖⁻¹ in place of ‖C⁻¹‖"):
    claims.holds("eq:111", noise <= sizes / [norm(c.C) for c in cases] + 1e-12, "")
with claims.rejecting("degree five, without the step on the left"):
    claims.proves("eq:112", degree, 5, "")

# %% [markdown]
# The paper does not write out the variance, "since they are very similar", and counts: $T^2\tau^2d^4n_1^2n_2^2$ monomials of the highest order in $g(k)^2$, of which $T^2\tau d^4n_1^2n_2^2$ have non-zero mean.
# There are $n_2^4$ where it has $n_2^2$. And noise of different tasks is independent too, so only $T\tau$ of the $T^2\tau^2$ pairs survive.

# %%
T, tau, shapes = 3, 2, [(1, 1, 1), (2, 3, 2), (4, 2, 5)]  # d, n1, n2
counted = []
for d_, n1, n2 in shapes:
    S_in, S_out = np.full((d_, d_), n2), np.full((d_, d_), n1)
    top = (S_in @ S_out @ np.full(d_, n2))[0]  # the α² part of g at samples of ones
    counted.append([(T * tau * top) ** 2, T * tau * top**2])
counts = np.array([d_**4 * n1**2 * n2**4 for d_, n1, n2 in shapes])[:, None]
says = "T²τ²d⁴n₁²n₂⁴ monomials, Tτd⁴n₁²n₂⁴ of them within one task and episode"
expected = counts * [(T * tau) ** 2, T * tau]
claims.checks("text:noise-monomials", counted, expected, says, rtol=1e-12)

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
    points, weights = quadrature(4)
    inner, outer = points[:, :2] @ root.T, points[:, 2:] @ root.T
    product = np.sum(inner * outer, axis=1)
    y = outer - alpha * inner * product[:, None]  # P x_out
    return np.einsum("n,ni,nj->ij", weights * (1 + alpha**2 * product**2), y, y)


# %%
rates = (0.1, 0.5, 2.0)
says = "the covariance of the noise vector, integrated, and by Wishart moments"
exact = [noise_covariance(sigma, rate, 1, 1) for rate in rates]
integrated = [integrated_noise(root, rate) for rate in rates]
claims.checks("eq:113", exact, integrated, says, rtol=1e-9)

# %% tags=["hide-input"]
rng, ratios = np.random.default_rng(18), []
for (L, rate), d_ in itertools.product(((10.0, 0.0001), (0.5, 0.2), (2.0, 0.5)), (1, 2, 4)):
    for n1, n2 in ((1, 1), (1, 30), (20, 3)):
        covariances = [L * np.eye(d_), random_covariances(rng, 1, d_, 0.1 * L, L)[0]]
        worst = max(noise_covariance(S, rate, n1, n2).diagonal().max() for S in covariances)
        growth = variance_bound(L, rate, d_) / (3 * L**2)  # (1 + αLa_d)⁴
        bound = L * (1 / n1 + 3 * (rate * L) ** 2 * (d_ + 1) / n2) * math.sqrt(growth)
        ratios.append(worst / bound)
bounded({"eq:113": ratios}, "the noise of one task and episode has variance at most v_g")

# %% tags=["hide-input"]
variance_g = wick(sp.expand(g**2))
with claims.rejecting("the highest order alone, even a thousand times: α = 0.01", printed=True):
    exact_g = float(variance_g.subs(alpha, 0.01))
    claims.holds("eq:113", [exact_g <= 1000 * 45 * 0.01**4], "")
with claims.rejecting("n₂² for n₂⁴, and T²τ for Tτ", printed=True):
    counts = np.array([d_**4 * n1**2 * n2**2 for d_, n1, n2 in shapes])[:, None]
    claims.checks(
        "text:noise-monomials", counted, counts * [(T * tau) ** 2, T**2 * tau], "", rtol=1e-12
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
rng = np.random.default_rng(19)
normals = rng.normal(size=(4, 200_000))
polynomial = sp.lambdify((alpha, x_in, x_out, z_in, z_out), g)
tails_g = []
for rate in (0.01, 0.5):
    deviation = math.sqrt(float(variance_g.subs(alpha, rate)))
    for x in (1, 2, 4, 8, 16):
        seen = np.mean(np.abs(polynomial(rate, *normals)) >= x * deviation)
        tails_g += [seen * x**2, seen / tail((x / math.e) ** 2)]
radii_116 = [math.sqrt(c.d) * np.abs(c.noise.mean(0)).max() / (c.low - c.gamma) for c in settled]
terms = [norm(c.noise_error) for c in settled]
says = "tails of g against Lemma 3's and Chebyshev's; √d b/(β̂ − γ) where |g(k)| ≤ b, ‖Z_i‖ ≤ γ"
bounded({"eq:114-115": tails_g, "eq:116-117": np.divide(terms, radii_116)}, says)

# %% tags=["hide-input"]
claimed = math.e**2 * math.exp(-((1 / 0.01**4) ** (1 / 6)))
values = np.abs(polynomial(0.01, *normals))
with claims.rejecting(
    "α⁴d²L⁵σ² for the variance: α = 0.01, one dimension, b = c = 1", printed=True
):
    claims.holds("eq:114-115", [np.mean(values >= 1) <= claimed], "")
curvatures = (1 - 0.01 * normals[0] ** 2) ** 2 * normals[1] ** 2
claimed += math.e**2 * math.exp(-((0.5**2 / 0.01**4) ** (1 / 6)))
exceeded = np.mean(values / curvatures > 1 / (eigenvalue_bounds(1.0, 1.0, 0.01, 1, 1)[0] - 0.5))
with claims.rejecting("the probability (117), in the same case, with γ = ½", printed=True):
    claims.holds("eq:116-117", [exceeded <= claimed], "")

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
drawn = [c for c, distance in zip(cases, few_tasks, strict=True) if distance > 1e-9]
gap = np.array([norm(c.limit - c.best) for c in drawn])
bounds = right_118, right_119, right_120, right_121
by_118, by_119, by_120, by_121 = ([bound(c) for c in drawn] for bound in bounds)
steps = {
    "eq:118": gap / by_118,
    "eq:119": np.divide(by_118, by_119),
    "eq:120": np.divide(by_119, by_120),
    "eq:121": np.divide(by_120, by_121),
}
says = "from each line to the next, with 1/T in both inverses, 1/β̂, and L̂B"
bounded(steps, says)

# %% [markdown]
# The smallest counterexamples: for (118) two tasks with $Q=1$ in one dimension, both with their optimum at 0 while the mean is 1; for the $LB$ of (120) $\Sigma=\alpha=n_2=1$, where $\hat L=2$ is larger than $L=1$.

# %% tags=["hide-input"]
one = SimpleNamespace(mean_Q=np.eye(1), EQ=np.eye(1), mean_Qw=np.zeros(1), EQw=np.ones(1))
with claims.rejecting("the inverse without 1/T", printed=True):
    claims.holds("eq:118", [1.0 <= right_118(one, tasks=2)], "left 1, right ½")
with claims.rejecting("the first product alone"):
    claims.holds("eq:119", np.array(by_118) <= [math.prod(pieces(c)[:2]) for c in drawn], "")
with claims.rejecting("an equality", printed=True):
    claims.checks("eq:120", by_120, by_119, "", rtol=1e-6)
Q = linear.adapted_covariance([[1.0]], 1.0, 1)
one = SimpleNamespace(mean_Q=Q, EQ=Q + 1e-3, mean_Qw=Q[0], EQw=Q[0] + 1e-3, B=1.0)
one.low, one.high = eigenvalue_bounds(1.0, 1.0, 1.0, 1, 1)
with claims.rejecting("LB in place of L̂B", printed=True):
    claims.holds("eq:120", [right_119(one) <= right_120(one, largest=1.0)], "")
with claims.rejecting("β̂ for β̂², in units in which every curvature is a hundredth"):
    scaled = [
        right_121(c) - (1 - c.low / 100) * c.high * c.B / c.low**2 * norm(c.mean_Q - c.EQ)
        for c in drawn
    ]
    claims.holds("eq:121", np.array(by_120) <= scaled, "")

# %% [markdown]
# (122) applies the matrix Bernstein inequality to both deviations:
#
# (eq-122)=
# $$
# \lVert w_{MAML}^{(T)*}-w_{MAML}^*\rVert\le\frac1{\hat\beta}\frac{\delta\operatorname{Var}(Q_iw_i^*)}{\sqrt T}+\frac{\hat LB}{\hat\beta^2}\frac{\delta\operatorname{Var}(Q_i)}{\sqrt T}, \tag{122}
# $$
#
# with failure probabilities $2d\exp\bigl(-\frac{\delta^2\operatorname{Var}/2}{1+R\,\delta/(3\sqrt T)}\bigr)$. The range $R$ is $\hat L$ for the matrices, $2\hat LB$ for the vectors. The paper has $\hat L$ for the vectors and $\hat LB$ for the matrices, exchanged.
# And $\operatorname{Var}(Q_iw_i^*)$, "the square of a vector", must be read as $E\lVert Q_iw_i^*-E[Q_iw_i^*]\rVert^2$. The spectral norm of $Euu^\top$ is up to $d$ times smaller, and (122) then fails: optima $\pm0.02\sqrt d\,e_k$ in a hundred dimensions, with $\Sigma_i$ equal to $I$ or $0.96\,I$, are a counterexample in which both variances are positive.
#
# The corrected inequality is tested with exact binomial tails for matrices, in one dimension, and with draws for vectors: $\alpha=1$ and $n_2=d+1$ make $Q_i=I$ for $\Sigma_i=I$, and the optima are $\pm\sqrt d\,e_k$ in twenty dimensions.


# %% tags=["hide-input"]
def bernstein(V, R, delta, T, dims):
    """Return the failure probability that Bernstein's inequality admits for a deviation of δV/√T."""
    return dims * math.exp(-(delta**2 * V / 2) / (1 + R * delta / (3 * math.sqrt(T))))


def matrix_ratio(p, rho, T, x):
    """Return exact over admitted, for Q of Σ = 1 with probability p and of Σ = ρ otherwise."""
    Q = [linear.adapted_covariance([[value]], 0.5, 5)[0, 0] for value in (1.0, rho)]
    V, k = p * (1 - p) * (Q[0] - Q[1]) ** 2, np.arange(T + 1)
    delta = x / math.sqrt(V)
    bad = abs(k / T - p) * abs(Q[0] - Q[1]) > delta * V / math.sqrt(T)
    return stats.binom.pmf(k, T, p)[bad].sum() / bernstein(V, max(Q), delta, T, 2)


d_, T, rng = 20, 2000, np.random.default_rng(20)
chosen = rng.multinomial(T, np.full(2 * d_, 1 / (2 * d_)), size=2000)
lengths = math.sqrt(d_) * np.linalg.norm(chosen[:, :d_] - chosen[:, d_:], axis=1) / T


def vector_ratio(V, R, delta):
    return np.mean(lengths > delta * V / math.sqrt(T)) / bernstein(V, R, delta, T, 2 * d_)


# %%
grid = (0.02, 0.1, 0.5), (0.1, 0.4), (1, 5, 20, 100), (0.5, 1, 2, 4, 8)
ratios = [matrix_ratio(*point) for point in itertools.product(*grid)]
deltas = np.linspace(0.1, 3, 30)
ratios += [vector_ratio(d_, 2 * math.sqrt(d_), delta) for delta in deltas]
says = "Bernstein with L̂ for matrices, 2L̂B and the trace for vectors"
bounded({"eq:122": ratios}, says)


# %% tags=["hide-input"]
def printed_122(rng, d=100, scale=0.02, T=10**6, delta=300.0):
    """Return how often the T-task solution leaves the printed radius, and how often it is allowed to."""
    low, high = eigenvalue_bounds(1 - 2 * scale, 1.0, 1e-6, 1, d)
    Q = np.array([high, low])[:, None]  # as α → 0, Q = Σ
    counts = rng.multinomial(T, np.full(4 * d, 1 / (4 * d)), size=300).reshape(-1, 2, 2, d)
    pull = scale * math.sqrt(d) * (Q * (counts[:, :, 0] - counts[:, :, 1])).sum(1)
    weight = (Q * counts.sum((2, 3))[:, :, None]).sum((1, 2))
    errors, B = np.linalg.norm(pull, axis=1) / weight, scale * math.sqrt(d)
    V_Q, V_Qw = (high - low) ** 2 / 4, scale**2 * np.mean(Q**2)
    radius = delta / math.sqrt(T) * (V_Qw / low + high * B / low**2 * V_Q)
    allowed = bernstein(V_Qw, high, delta, T, 2 * d) + bernstein(V_Q, high * B, delta, T, 2 * d)
    return np.mean(errors > radius), allowed


exceeded, admitted = printed_122(np.random.default_rng(23))
wrong = f"the spectral norm of E[uuᵀ]: left in {exceeded:.0%} of the runs, allowed {admitted:.0e}"
with claims.rejecting(wrong, printed=True):
    claims.holds("eq:122", [exceeded <= admitted], "")
rare, far = 0.1, 1000.0  # Σ = α = 1 and n2 = 2, so that Q = 1; w* = 1000 with probability 0.1
V, largest = far**2 * rare * (1 - rare), linear.adapted_covariance([[1.0]], 1.0, 2)[0, 0]
delta = 0.999 * (1 - rare) * far / V  # just short of the deviation when it is drawn
with claims.rejecting(
    "L̂ for the vectors alone: one task, w* = 1000 with probability 0.1", printed=True
):
    claims.holds("eq:122", [rare <= bernstein(V, largest, delta, 1, 2)], "")

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
# &\qquad+\frac1{\hat\beta}\frac{\delta\operatorname{Var}(Q_iw_i^*)}{\sqrt T}+\frac{\hat LB}{\hat\beta^2}\frac{\delta\operatorname{Var}(Q_i)}{\sqrt T},
# \end{aligned} \tag{123, corrected}
# $$
#
# with probability at least one minus the four terms
#
# (eq-124)=
# $$
# \begin{aligned}
# &e^2Td^2e^{-(\gamma^2/(e^2d^2v))^{1/6}}+e^2d\,e^{-(b^2/(e^2v_g))^{1/6}}\\
# &+2d\exp\Bigl(\frac{-\delta^2\operatorname{Var}(Q_iw_i^*)/2}{1+2\hat LB\delta/(3\sqrt T)}\Bigr)\\
# &+2d\exp\Bigl(\frac{-\delta^2\operatorname{Var}(Q_i)/2}{1+\hat L\delta/(3\sqrt T)}\Bigr).
# \end{aligned} \tag{124, corrected}
# $$
#
# :::{admonition} Where we differ from the paper
# :class: attention
# (123) is printed for $w_{ERM}$ and with an undefined $\hat\mu$; from what it was added up, $w_{MAML}$ and $\hat\beta$ are meant. (124) has $\alpha^4d^2L^6$ and $\alpha^4d^2L^5\sigma^2$ for $d^2v$ and $v_g$, and the ranges exchanged as in (122).
# :::
#
# The sum stands on every instance:

# %%
ratios = []
for c in settled:  # with γ and b for γ/√τ and b/√τ
    b = np.abs(c.noise.mean(0)).max()
    first = 2 * c.high * c.B * c.gamma / c.low + math.sqrt(c.d) * b
    radius = first / (c.low - c.gamma) + right_121(c)
    ratios.append(norm(c.trained - c.best) / radius)
says = "the sum of all terms, with the two deviations that Bernstein bounds"
bounded({"eq:123": ratios}, says)

# %%
gamma, b, tau, v, v_g, d, T = sp.symbols("gamma b tau v v_g d T", positive=True)
by_109 = tau * (gamma / sp.sqrt(tau)) ** 2 / v
by_115 = T * tau * (b / sp.sqrt(T * tau)) ** 2 / v_g
says = "the exponents after rescaling γ and b"
claims.proves("eq:124", [by_109, by_115], [gamma**2 / v, b**2 / v_g], says)

# %% [markdown]
# For the second exponent we have used $b/\sqrt{T\tau}$, which (115) allows, so $b/\sqrt\tau$ holds all the more. Without a term for the noise of low order in $\alpha$, the printed pair (123)–(124) is false. A hundred noisy tasks and a tiny $\alpha$ show it, whichever of the two solutions the left-hand side means:

# %% tags=["hide-input"]
rng, rate, noise_std, T_, delta = np.random.default_rng(21), 1e-4, 100.0, 100, 20.0
low, high = eigenvalue_bounds(0.5, 1.0, rate, 1, 1)
easy = rng.integers(2, size=(2000, T_)).astype(bool)
optima, spread = np.where(easy, -1.0, 1.0), np.where(easy, 1.0, math.sqrt(0.5))
x_i, x_o = (spread * rng.normal(size=easy.shape) for _ in range(2))
y_i, y_o = (x * optima + noise_std * rng.normal(size=easy.shape) for x in (x_i, x_o))
slope, target = x_o * (1 - rate * x_i**2), y_o - rate * x_o * x_i * y_i
found = np.sum(slope * target, axis=1) / np.sum(slope**2, axis=1)
erm = (x_i * y_i + x_o * y_o).sum(1) / (x_i**2 + x_o**2).sum(1)
Q = [linear.adapted_covariance([[value]], rate, 1)[0, 0] for value in (0.5, 1.0)]
centre, variance_Q, variance_Qw = (Q[0] - Q[1]) / sum(Q), (Q[0] - Q[1]) ** 2 / 4, sum(Q) ** 2 / 4
gamma_, b_ = 0.01, 0.01
radius = (2 * high * gamma_ / low + b_) / (low - gamma_)
radius += delta / math.sqrt(T_) * (variance_Qw / low + high / low**2 * variance_Q)
admitted = math.e**2 * T_ * math.exp(-((gamma_**2 / rate**4) ** (1 / 6)))
admitted += math.e**2 * math.exp(-((b_**2 / (rate**4 * noise_std**2)) ** (1 / 6)))
admitted += sum(bernstein(V, high, delta, T_, 2) for V in (variance_Q, variance_Qw))
failures = [np.mean(np.abs(found - centre) > radius), np.mean(np.abs(erm + 1 / 3) > radius)]

# %% tags=["remove-input"]
Markdown(
    f"The printed radius is {radius:.2f}, to be exceeded with probability {admitted:.1g} at most. MAML exceeds it in "
    f"{failures[0]:.0%} of the runs, ERM in {failures[1]:.0%}."
)

# %% tags=["hide-input"]
for solution, failed in zip(("w_MAML", "w_ERM"), failures, strict=True):
    with claims.rejecting(
        f"(123) with probability (124) for {solution}: α = 0.0001, σ = 100", printed=True
    ):
        claims.holds("eq:123 eq:124", [failed <= admitted], "")
with claims.rejecting("γ/τ for γ"):
    claims.proves("eq:124", tau * (gamma / tau) ** 2 / v, gamma**2 / v, "")

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
def repaired_terms(d, T, v, v_g, low, high, B, V):
    """Return γ/√τ over β̂/2, and 100 times each of the four terms, for the choice above."""
    gamma = math.e * d * math.sqrt(v) * math.log(100 * math.e**2 * T * d**2) ** 3
    b = math.e * math.sqrt(v_g) * math.log(100 * math.e**2 * d) ** 3
    log, terms = math.log(200 * d), [gamma / math.sqrt(4 * gamma**2 / low**2) / (low / 2)]
    terms.append(
        100 * math.e**2 * T * d**2 * math.exp(-((gamma**2 / (math.e**2 * d**2 * v)) ** (1 / 6)))
    )
    terms.append(100 * math.e**2 * d * math.exp(-((b**2 / (math.e**2 * v_g)) ** (1 / 6))))
    tasks = max(4 * high**2 * log / (9 * V[0]), 16 * (high * B) ** 2 * log / (9 * V[1]))
    for V_k, R in zip(V, (high, 2 * high * B), strict=True):
        terms.append(100 * bernstein(V_k, R, 2 * math.sqrt(log / V_k), tasks, 2 * d))
    return terms


rng, ratios = np.random.default_rng(22), []
for _ in range(1000):
    v, v_g, low, high, B = np.exp(rng.normal(size=5))
    V = high**2 * rng.uniform(1e-3, 0.25), (2 * high * B) ** 2 * rng.uniform(1e-3, 0.25)
    sizes = int(rng.integers(1, 200)), int(rng.integers(1, 1000))
    ratios += repaired_terms(*sizes, v, v_g, low, high, B, V)
bounded({"text:constants-of-theorem-3": ratios}, "every term at most 0.01, and γ/√τ ≤ β̂/2")

# %% tags=["hide-input"]
with claims.rejecting("the printed γ, b and δ at d = 10, T = 1", printed=True):
    claims.holds("text:constants-of-theorem-3", np.array(terms) <= 0.01, "")
with claims.rejecting("the printed τ, at β̂ = 0.1", printed=True):
    claims.holds("text:constants-of-theorem-3", [printed_reach(0.1) <= 1], "")

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
