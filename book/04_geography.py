# %% [markdown]
# # Geography
#
# > **The paper, §3.2, Corollary 2.** "the relative excess risk for ERM compared to MAML satisfies [...] $\approx1+\frac{R^2}{r_H}$."
#
# Hard tasks here, easy tasks there: where the optima lie decides what a good start is worth. The paper's most quoted formula says how much.
# It is the first term of an exact one that is just as short and says when the gain stops.
#
# **What you will do.** Derive the risk of every start for two clouds of tasks, redraw Figures 1 and 3, and map the gain of MAML.
#
# **What you will learn.** To compute the gain exactly and name its ceiling; to tell what spread does to the gain and what to the saving;
# to read hardness direction by direction.
#
# **What you need.** Chapters 1 to 3: the two risks, $Q^{(s)}$ and the solutions [(5)](#eq-5).

# %% tags=["hide-cell", "nbval-ignore-output"]
# On Colab and Binder this cell installs the book's library; where the library is installed, it does nothing.
import importlib.util
import subprocess
import sys

REPOSITORY = ""
if importlib.util.find_spec("paperlib") is None:
    if not REPOSITORY:
        raise ModuleNotFoundError("paperlib is missing: set REPOSITORY to the address of the book's repository")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", f"maml-landscape @ git+{REPOSITORY}"], check=True)

# %%
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from IPython.display import Markdown, display

from paperlib import claims, linear, plotting
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# ## Two clouds of tasks
#
# Think of robots that must learn to grasp. Some objects are easy, some are hard, and the parameters that suit them form two clouds. A task is
# hard with probability $p$: its inputs have covariance $\rho_HI$, and its optimum is drawn around $\boldsymbol\mu_H$ with covariance $S_H$. Otherwise it is easy:
# $\rho_E>\rho_H$, $\boldsymbol\mu_E$, $S_E$. The paper takes $p=\frac12$, $\boldsymbol\mu_H=R\mathbf 1_d$, $\boldsymbol\mu_E=0$, $S_H=r_HI$, $S_E=r_EI$. Only one thing about
# the centres will matter, their distance $D=\lVert\boldsymbol\mu_H-\boldsymbol\mu_E\rVert$, which is $R\sqrt d$ in the paper: hence "dimension-normalised".

# %%
claims.states(
    "def:hard-easy-mixture def:distance-and-spread",
    "half of the tasks are hard, N(R1, r_H I) with inputs of covariance ρ_H I, half easy, N(0, r_E I) with ρ_E I",
)

# %% [markdown]
# How far is a start from the optimum of a random task? One Gaussian integral in one coordinate tells:

# %%
w, x, mu = sp.symbols("w x mu", real=True)
r = sp.Symbol("r", positive=True)
density = sp.exp(-((x - mu) ** 2) / (2 * r)) / sp.sqrt(2 * sp.pi * r)
sp.factor(sp.integrate((w - x) ** 2 * density, (x, -sp.oo, sp.oo)) - r) + r

# %% [markdown]
# Summed over the coordinates (turn them so that the spread $S$ is diagonal), $E\lVert\mathbf w-\mathbf w^*\rVert^2=\lVert\mathbf w-\boldsymbol\mu\rVert^2+\operatorname{tr}S$.
# A start off the line through the two centres is farther from both, so only the starts $\mathbf w=\theta\boldsymbol\mu_H+(1-\theta)\boldsymbol\mu_E$ matter,
# and **$\theta$ is the weight on the hard centre**. If each hard task costs $\frac{c_H}{2}$ times the squared distance and each easy one $\frac{c_E}{2}$ times, the average is

# %%
p, D, theta, s_hard, s_easy = sp.symbols("p D theta s_H s_E", positive=True)
c_hard, c_easy = sp.symbols("c_H c_E", positive=True)


def average_loss(theta, c_hard, c_easy):
    """Return the mean over tasks of c/2 times the squared distance; s is the trace of a spread."""
    return (p * c_hard * ((1 - theta) ** 2 * D**2 + s_hard) + (1 - p) * c_easy * (theta**2 * D**2 + s_easy)) / 2


def best_weight(c_hard, c_easy):
    """Return the weight on the hard centre at which the average loss is least."""
    return sp.factor(sp.solve(sp.diff(average_loss(theta, c_hard, c_easy), theta), theta)[0])


best_weight(c_hard, c_easy)

# %% [markdown]
# Everything is in this line. Before adaptation a task costs $c=\rho$: the best weight for that is ERM's. After a step on $s$ samples it costs the
# eigenvalue of $Q^{(s)}$, which chapters 2 and 3 call $a=\rho(1-\alpha\rho)^2+\frac{d+1}{s}\alpha^2\rho^3$: the best weight for $s=n_2$ is MAML's. Both are judged with $s=m$.
#
# :::{prf:corollary} Corollary 1 for any mixture
# :label: cor-any-mixture
# Let $q=1-p$, let $a_H,a_E$ be the eigenvalues of $Q^{(m)}$ for hard and easy tasks, and let $\theta=\frac{p\,b_H}{p\,b_H+q\,b_E}$ with $b=\rho$ for ERM and with $b$ the eigenvalues of
# $Q^{(n_2)}$ for MAML. The risk above the floor is
#
# $$
# R_m=\tfrac12\Bigl[p\,a_H\bigl((1-\theta)^2D^2+\operatorname{tr}S_H\bigr)+q\,a_E\bigl(\theta^2D^2+\operatorname{tr}S_E\bigr)\Bigr].
# $$ (mixture-risk)
# :::
#
# The library knows nothing of $\theta$ or $D$: it builds $d\times d$ matrices and solves a linear system. On random mixtures, with any weights, centres, full spreads, step sizes and $n_2\neq m$:

# %%
theorem = sp.lambdify((theta, c_hard, c_easy, p, D, s_hard, s_easy), average_loss(theta, c_hard, c_easy))


def random_mixture(rng):
    """Return two isotropic groups of tasks with everything else arbitrary, and alpha, n2 and m."""
    d, probability, factors = rng.integers(1, 7), rng.uniform(0.1, 0.9), rng.normal(size=(2, 6, 6))
    covariances = rng.uniform(0.1, 1.5, 2)[:, None, None] * np.eye(d)
    spreads = (factors @ factors.swapaxes(1, 2))[:, :d, :d]
    env = TaskEnvironment([probability, 1 - probability], covariances, rng.normal(size=(2, d)), spreads)
    return env, rng.uniform(0.2, 1.5), int(rng.integers(2, 40)), int(rng.integers(2, 40))


def evaluate_corollary(env, alpha, n2, m):
    """Return the risks above the floor of ERM and MAML by the corollary, from p, D, tr S and ρ alone."""
    rho, traces = env.covariances[:, 0, 0], np.trace(env.spreads, axis1=1, axis2=2)
    inner, outer = (rho * (1 - alpha * rho) ** 2 + (env.dim + 1) / s * alpha**2 * rho**3 for s in (n2, m))
    weights = [env.probabilities[0] * b[0] / (env.probabilities @ b) for b in (rho, inner)]
    distance = np.linalg.norm(env.means[0] - env.means[1])
    return [theorem(weight, *outer, env.probabilities[0], distance, *traces) for weight in weights]


# %%
rng = np.random.default_rng(4)
mixtures = [random_mixture(rng) for _ in range(200)]
by_library = [
    [linear.risk_above_floor(env, start, alpha, m) for start in (linear.erm_solution(env), linear.maml_solution(env, alpha, n2))]
    for env, alpha, n2, m in mixtures
]
claims.checks("cor:1", [evaluate_corollary(*mixture) for mixture in mixtures], by_library, "the corollary gives both risks of random mixtures", rtol=1e-10)

# %%
with claims.rejecting("trained with n₂ = m although n₂ ≠ m"):
    trained_otherwise = [evaluate_corollary(env, alpha, m, m) for env, alpha, n2, m in mixtures]
    claims.checks("cor:1", trained_otherwise, by_library, "n₂ replaced by m", rtol=1e-10)

# %% [markdown]
# A third route uses neither. Take [(1)](#eq-1) at its word: draw a task, draw $m$ noisy samples, step, and look at the loss. The environment is that of the paper's Figure 3(c),
# with $d=10$, $m=500$, $\rho_E=0.9$, $\rho_H=0.1$, $\alpha=1/\rho_E$, $R^2/r_H=10$ and $R^2/r_E=\frac12$.

# %%
DIM, M, RHO_HARD, RHO_EASY = 10, 500, 0.1, 0.9
ALPHA = 1 / RHO_EASY


def simulate_adaptation(env, starts, alpha, m, tasks, rng):
    """Return f_i after one step on m samples, a row for each task and a column for each start."""
    losses = np.empty((tasks, len(starts)))
    for i, g in enumerate(rng.choice(env.groups, tasks, p=env.probabilities)):
        optimum = env.means[g] + np.linalg.cholesky(env.spreads[g]) @ rng.normal(size=env.dim)
        X = rng.normal(size=(m, env.dim)) @ np.linalg.cholesky(env.covariances[g]).T
        y = X @ optimum + rng.normal(0.0, env.noise_std, m)
        for j, start in enumerate(starts):
            error = start - alpha / m * X.T @ (X @ start - y) - optimum
            losses[i, j] = (error @ env.covariances[g] @ error + env.noise_std**2) / 2
    return losses


# %%
noisy = TaskEnvironment.hard_easy(DIM, RHO_HARD, RHO_EASY, R=1, r_hard=0.1, r_easy=2, noise_std=0.5)
starts = [linear.erm_solution(noisy), linear.maml_solution(noisy, ALPHA, M)]
draws = simulate_adaptation(noisy, starts, ALPHA, M, 4000, np.random.default_rng(0))
draws -= linear.noise_floor(noisy, ALPHA, M)
expected = evaluate_corollary(noisy, ALPHA, M, M)
claims.samples("cor:1", draws, expected, f"simulated steps cost {expected[0]:.3f} from ERM's start and {expected[1]:.3f} from MAML's")

# %%
with claims.rejecting("the spread of the easy tasks left out"):
    packed = TaskEnvironment.hard_easy(DIM, RHO_HARD, RHO_EASY, R=1, r_hard=0.1, r_easy=0)
    claims.samples("cor:1", draws, evaluate_corollary(packed, ALPHA, M, M), "without r_E")

# %% [markdown]
# Note the two numbers. The paper's formula predicts that the first is 11 times the second.
#
# ## The printed Corollary 1
#
# For its own mixture the paper prints
#
# (eq-10)=
# $$
# \begin{aligned}\mathcal E_m(\mathbf w^*_{ERM})=\tfrac{d}{4(\rho_E+\rho_H)^2}\bigl[&(a_E\rho_E^2+2a_E\rho_E\rho_H)r_E+a_E\rho_H^2(r_E+R^2)\\&+(a_H\rho_H^2+2a_H\rho_E\rho_H)r_H+a_H\rho_E^2(r_H+R^2)\bigr],\end{aligned} \tag{10}
# $$
#
# (eq-11)=
# $$
# \begin{aligned}\mathcal E_m(\mathbf w^*_{MAML})=\tfrac{d}{4(a_E+a_H)^2}\bigl[&(a_E^3+2a_E^2a_H)r_E+(a_H^3+2a_Ea_H^2)r_H\\&+a_Ea_H^2(r_E+R^2)+a_E^2a_H(r_H+R^2)\bigr].\end{aligned} \tag{11}
# $$

# %%
rho_hard, rho_easy, a_hard, a_easy = sp.symbols("rho_H rho_E a_H a_E", positive=True)
R, r_hard, r_easy, d, m, alpha = sp.symbols("R r_H r_E d m alpha", positive=True)
printed_10 = (
    (a_easy * rho_easy**2 + 2 * a_easy * rho_easy * rho_hard) * r_easy
    + a_easy * rho_hard**2 * (r_easy + R**2)
    + (a_hard * rho_hard**2 + 2 * a_hard * rho_easy * rho_hard) * r_hard
    + a_hard * rho_easy**2 * (r_hard + R**2)
) * (d / (4 * (rho_easy + rho_hard) ** 2))
printed_11 = (
    (a_easy**3 + 2 * a_easy**2 * a_hard) * r_easy
    + (a_hard**3 + 2 * a_easy * a_hard**2) * r_hard
    + a_easy * a_hard**2 * (r_easy + R**2)
    + a_easy**2 * a_hard * (r_hard + R**2)
) * (d / (4 * (a_easy + a_hard) ** 2))

# %%
paper_mixture = {p: sp.Rational(1, 2), D: R * sp.sqrt(d), s_hard: d * r_hard, s_easy: d * r_easy}
theta_erm, theta_maml = best_weight(rho_hard, rho_easy), best_weight(a_hard, a_easy)
risk_erm, risk_maml = (average_loss(weight, a_hard, a_easy) for weight in (theta_erm, theta_maml))
ours = [risk.subs(paper_mixture) for risk in (risk_erm, risk_maml)]
claims.proves("cor:1 eq:10 eq:11", [printed_10, printed_11], ours, "(10) and (11) are the risks above the floor for p = ½ and n₂ = m")

# %%
with claims.rejecting("two thirds of the tasks easy"):
    unequal = [risk.subs(paper_mixture | {p: sp.Rational(1, 3)}) for risk in (risk_erm, risk_maml)]
    claims.proves("cor:1 eq:10 eq:11", [printed_10, printed_11], unequal, "p = 1/3")

# %% [markdown]
# [(11)](#eq-11) needs $n_2=m$, which §3.2 does not say; A.2 does ("Recall that we assume"). For other $n_2$ use {eq}`mixture-risk`.
#
# > **The paper, §3.2.** "the comparison between MAML and ERM depends on the relative weights each algorithm induces on these task environment properties."
#
# The brackets hide something. Collect them by $r_H$, $r_E$ and $R^2$:

# %%
shared = a_hard * r_hard + a_easy * r_easy
weight_erm = (a_hard * rho_easy**2 + a_easy * rho_hard**2) / (rho_hard + rho_easy) ** 2
weight_maml = a_hard * a_easy / (a_hard + a_easy)
collected = [d / 4 * (weight * R**2 + shared) for weight in (weight_erm, weight_maml)]
display(
    claims.proves("text:weighted-sum-of-spreads", [printed_10, printed_11], collected, "R² has its own weight in each risk; r_H and r_E weigh a_H and a_E in both")
)
with claims.rejecting("the weight that (11) writes beside r_H, taken for all of it"):
    partial = d / 4 * (weight_maml * R**2 + shared - a_hard * a_easy**2 / (a_easy + a_hard) ** 2 * r_hard)
    claims.proves("text:weighted-sum-of-spreads", printed_11, partial, "the weight of r_H without the part beside R²")

# %% [markdown]
# **ERM and MAML put the same weights on the spreads**, $\frac d4a_H$ and $\frac d4a_E$. The comparison depends on one pair of numbers only, the two weights on $R^2$. No start changes what the spreads cost,
# since a start moves relative to the centres and the spreads don't know where it is.
#
# Two remarks of the paper are quickly settled in this form. If all of $r_E,r_H,R^2$ are small, ERM does well too: both risks are proportional to them, so they shrink together (and their ratio stays). And MAML's risk stays small although $r_E$ or $R^2$ is not small, up to a point: their two weights are below $\frac d4a_E$.

# %%
scale = sp.Symbol("t", positive=True)
shrink = {R: sp.sqrt(scale) * R, r_hard: scale * r_hard, r_easy: scale * r_easy}
shrunk = [risk.subs(shrink, simultaneous=True) for risk in (printed_10, printed_11)]
display(claims.proves("text:erm-also-good-when-close", shrunk, [scale * printed_10, scale * printed_11], "r_E, r_H and R² times t: both risks times t"))
with claims.rejecting("only R² made small"):
    claims.proves("text:erm-also-good-when-close", printed_10.subs(R, sp.sqrt(scale) * R), scale * printed_10, "R² alone")

# %%
claims.quotes(
    "text:prior-results-need-all-close",
    "earlier guarantees for gradient-based meta-learning improve as all task optima come close to each other",
    source="Balcan, Khodak and Talwalkar 2019, and Jose and Simeone 2021, as cited by the paper",
)

# %%
curvature = rho_easy * (1 - alpha * rho_easy) ** 2 + (d + 1) / m * alpha**2 * rho_easy**3
largest = (d / 4 * a_easy).subs(a_easy, curvature.subs(alpha, 1 / rho_easy))
weights = [sp.diff(collected[1], r_easy), sp.diff(collected[1], R, 2) / 2 + d / 4 * a_easy**2 / (a_hard + a_easy)]
in_m = [weight.subs(a_easy, curvature.subs(alpha, 1 / rho_easy)) for weight in weights]
display(claims.proves("text:neither-needs-to-be-small", in_m, [d * (d + 1) * rho_easy / (4 * m)] * 2, "MAML's weights on r_E and R² are at most d(d+1)ρ_E/(4m)"))
with claims.rejecting("a weight of order d/m"):
    claims.proves("text:neither-needs-to-be-small", in_m[0], (d + 1) * rho_easy / (4 * m), "without the sum over dimensions")

# %% [markdown]
# So at $\alpha=1/\rho_E$ "need not be small" means: $r_E$ and $R^2$ may be large as long as they stay well below $4m/(d(d+1)\rho_E)$, which is about 20 at the paper's parameters.
#
# ## Appendix A.2, line by line
#
# The paper's proof goes another way, coordinate by coordinate. It starts from the curvature of one coordinate,
#
# (eq-21)=
# $$
# a_E=\rho_E(1-\alpha\rho_E)^2+\frac{(d+1)\alpha^2\rho_E^3}{m}, \tag{21}
# $$
#
# (eq-22)=
# $$
# a_H=\rho_H(1-\alpha\rho_H)^2+\frac{(d+1)\alpha^2\rho_H^3}{m}. \tag{22}
# $$
#
# Nothing about Wishart matrices is needed to test this. Write $P=I-\frac\alpha mX^\top X$ out as a polynomial in the entries of $X$, and average $\rho P^2$ monomial by monomial.

# %%
def curvature_by_moments(d, m, rho):
    """Return the first diagonal entry of E[P ρI P], monomial by monomial: E x^k = ρ^(k/2) (k-1)!! for even k."""
    X = sp.Matrix(m, d, sp.symbols(f"x:{m * d}"))
    P = sp.eye(d) - alpha / m * X.T * X
    terms = sp.Poly(rho * (P * P)[0, 0], *X).terms()
    even = [(powers, factor) for powers, factor in terms if all(k % 2 == 0 for k in powers)]
    return sum(factor * sp.prod([rho ** (k // 2) * sp.factorial2(k - 1) for k in powers]) for powers, factor in even)


sizes = [(1, 1), (1, 3), (2, 2), (3, 2), (3, 3)]
moments = [curvature_by_moments(*size, rho) for size in sizes for rho in (rho_easy, rho_hard)]
printed_a = [rho * (1 - alpha * rho) ** 2 + (size[0] + 1) * alpha**2 * rho**3 / size[1] for size in sizes for rho in (rho_easy, rho_hard)]
display(claims.proves("eq:21 eq:22", printed_a, moments, "Gaussian moments of every monomial give (21) and (22), d up to 3, m up to 3"))
with claims.rejecting("d in place of d + 1"):
    too_few = [rho * (1 - alpha * rho) ** 2 + size[0] * alpha**2 * rho**3 / size[1] for size in sizes for rho in (rho_easy, rho_hard)]
    claims.proves("eq:21 eq:22", too_few, moments, "a trace too small")

# %% [markdown]
# Next, with $\lambda$ for a diagonal entry of $\Sigma$ and $q$ for one of $Q^{(m)}$, A.2 expands each squared expectation into a triple one over tasks $i,i',i''$ drawn independently. For finitely many tasks with
# diagonal covariances that is a sum over triples, which we take literally.

# %%
def risk_by_triples(env, q, weights):
    """Return E_i E_i' E_i'' [q_i b_i' b_i'' (w_i' - w_i)(w_i'' - w_i)] / (2 E[b]²), a value for each coordinate."""
    total = 0
    for i, j, k in product(range(env.groups), repeat=3):
        probability = np.prod(env.probabilities[[i, j, k]])
        total += probability * q[i] * weights[j] * weights[k] * (env.means[j] - env.means[i]) * (env.means[k] - env.means[i])
    return total / (2 * (env.probabilities @ weights) ** 2)


def diagonal_tasks(rng):
    """Return four single tasks in three dimensions with diagonal covariances."""
    covariances = [np.diag(row) for row in rng.uniform(0.1, 1.2, (4, 3))]
    return TaskEnvironment.finite_tasks(covariances, rng.normal(size=(4, 3)), rng.dirichlet([3.0] * 4))


# %%
tasks = [diagonal_tasks(rng) for _ in range(20)]
q = [np.diagonal(linear.adapted_covariance(env.covariances, 0.9, 8), axis1=1, axis2=2) for env in tasks]
lam = [np.diagonal(env.covariances, axis1=1, axis2=2) for env in tasks]
triples = [[risk_by_triples(env, *pair).sum() for pair in ((a, b), (a, a))] for env, a, b in zip(tasks, q, lam, strict=True)]
direct = [[linear.risk_above_floor(env, f, 0.9, 8) for f in (linear.erm_solution(env), linear.maml_solution(env, 0.9, 8))] for env in tasks]
display(claims.checks("text:dimension-wise-risks", triples, direct, "the triple expectation, summed over coordinates, gives both risks", rtol=1e-10))
with claims.rejecting("a single coordinate taken for all"):
    first = [[risk_by_triples(env, *pair)[0] for pair in ((a, b), (a, a))] for env, a, b in zip(tasks, q, lam, strict=True)]
    claims.checks("text:dimension-wise-risks", first, direct, "first coordinate", rtol=1e-10)

# %% [markdown]
# Back to two clouds. The inner expectations replace $w_{i'}$ by a centre, $R$ or $0$; the outer one is over $w\sim\mathcal N(R,r_H)$ or $\mathcal N(0,r_E)$. Each group then leaves three terms: two squares and a cross term.

# %%
xi = sp.Symbol("xi", real=True)


def coordinate_risk(b_hard, b_easy):
    """Return one coordinate's risk above the floor as a sum over both groups, each with w = centre + ξ."""
    total = 0
    for c, centre, spread in ((a_hard, R, r_hard), (a_easy, 0, r_easy)):
        pull = b_hard * (R - centre - xi) / 2 + b_easy * (0 - centre - xi) / 2
        total += c * sp.expand(pull**2).subs(xi**2, spread).subs(xi, 0) / 4
    return total / ((b_hard + b_easy) / 2) ** 2


# %% [markdown]
# For MAML, $b=a$, this gives the bracket of [(11)](#eq-11) once more; after two pages A.2 arrives at it without a slip:
#
# (eq-23)=
# $$
# \begin{aligned}\mathcal E^{(l)}_m(\mathbf w_{MAML})=\tfrac{1}{4(a_E+a_H)^2}\bigl(&a_H^3r_H+a_Ha_E^2(r_H+R^2)+2a_H^2a_Er_H\\&+a_Ea_H^2(r_E+R^2)+a_E^3r_E+2a_E^2a_Hr_E\bigr).\end{aligned} \tag{23}
# $$

# %%
squares = a_hard**3 * r_hard + a_hard * a_easy**2 * (r_hard + R**2) + a_easy * a_hard**2 * (r_easy + R**2) + a_easy**3 * r_easy
crosses = 2 * a_hard**2 * a_easy * r_hard + 2 * a_easy**2 * a_hard * r_easy
display(claims.proves("eq:23", (squares + crosses) / (4 * (a_hard + a_easy) ** 2), coordinate_risk(a_hard, a_easy), "the six terms of (23), for one coordinate"))
with claims.rejecting("the cross terms counted once"):
    claims.proves("eq:23", (squares + crosses / 2) / (4 * (a_hard + a_easy) ** 2), coordinate_risk(a_hard, a_easy), "half the cross terms")

# %% [markdown]
# The chain for ERM, $b=\rho$, has four slips on its way to a right result. Each is undone by an environment in which only one of $R$, $r_H$, $r_E$ differs from zero. We take $\rho_H=\frac14$, $\rho_E=1$, $\alpha=1$, $m=32$, $d=1$, as in chapter 1.

# %%
def erm_chain(easy_square=rho_hard, cross=(rho_hard, rho_easy), denominator=rho_hard + rho_easy, last=r_easy):
    """Return A.2's chain for ERM in one coordinate, with the four places where the print departs as arguments."""
    hard = a_hard * (rho_hard**2 * r_hard + rho_easy**2 * (r_hard + R**2) + 2 * rho_hard * rho_easy * r_hard)
    easy = a_easy * (easy_square**2 * (r_easy + R**2) + rho_easy**2 * r_easy + 2 * cross[0] * cross[1] * last)
    return (hard + easy) / (4 * denominator**2)


display(claims.proves("text:erm-chain", [erm_chain(), d * erm_chain()], [coordinate_risk(rho_hard, rho_easy), printed_10], "the repaired chain is the risk of one coordinate, and (10) is d times it"))
numbers = {rho_hard: sp.Rational(1, 4), rho_easy: 1, a_hard: sp.Rational(145, 1024), a_easy: sp.Rational(1, 16)}
slips = [
    ("ρ_E for ρ_H in the square of the easy block (second line), seen at R = 1, r_H = r_E = 0", {"easy_square": rho_easy}, (1, 0, 0)),
    ("a_H, a_E for ρ_H, ρ_E in the easy cross term (third line), seen at r_E = 1, R = r_H = 0", {"cross": (a_hard, a_easy)}, (0, 0, 1)),
    ("(a_E + a_H)² in the last denominator, seen at r_H = 1, R = r_E = 0", {"denominator": a_hard + a_easy}, (0, 1, 0)),
    ("r_E missing in the last term: a risk left at R = r_H = r_E = 0, where every start is perfect", {"last": 1}, (0, 0, 0)),
]
for wrong, change, geography in slips:
    place = numbers | dict(zip((R, r_hard, r_easy), geography, strict=True))
    with claims.rejecting(wrong, printed=True):
        claims.proves("text:erm-chain", erm_chain(**change).subs(place), coordinate_risk(rho_hard, rho_easy).subs(place), "as printed")

# %% [markdown]
# "Symmetric across dimensions" needs the hard centre on the diagonal, as in the paper. Put it on an axis at the same distance and the coordinates differ, but their sum does not:
# {eq}`mixture-risk` knows only $D$. The multiplication by $d$ is a convenience, not a condition.

# %%
centres = {"diagonal": np.ones(4), "axis": np.array([2.0, 0, 0, 0])}
spread_free = {name: TaskEnvironment.two_tasks(4, 0.25, 1.0, centre, np.zeros(4)) for name, centre in centres.items()}
by_coordinate = {
    name: risk_by_triples(env, *2 * [np.diagonal(linear.adapted_covariance(env.covariances, 1.0, 32), axis1=1, axis2=2)])
    for name, env in spread_free.items()
}
total = float(printed_11.subs({R: 1, r_hard: 0, r_easy: 0, d: 4, a_hard: 0.25 * 0.75**2 + 5 / 32 / 64, a_easy: 5 / 32}))
display(claims.checks("text:symmetric-across-dimensions", 4 * by_coordinate["diagonal"], [total] * 4, "four times the risk of any coordinate is (11)", rtol=1e-10))
with claims.rejecting("the same distance, but along an axis"):
    claims.checks("text:symmetric-across-dimensions", 4 * by_coordinate["axis"], [total] * 4, "the hard centre at (2, 0, 0, 0)", rtol=1e-10)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# The results [(10)](#eq-10), [(11)](#eq-11), [(21)](#eq-21)–[(23)](#eq-23) are right as risks above the floor. The displayed chain for ERM is not: its easy block has $\rho_E$ for $\rho_H$ and later $a_H,a_E$ for $\rho_H,\rho_E$; its last
# line has the denominator $(a_E+a_H)^2$ for $(\rho_E+\rho_H)^2$ and lacks $r_E$ in the last term. The assumption $n_2=m$ belongs in the statement.
# :::
#
# ## What MAML saves
#
# Corollary 1 calls these numbers excess risks. Chapters 1 and 2 told the two apart: the excess risk [(2)](#eq-2) of ERM is its risk *minus MAML's*, when MAML is trained with $n_2=m$. Subtract:

# %%
saving = sp.factor(risk_erm - risk_maml)
saving

# %% [markdown]
# :::{prf:corollary} The excess risk of ERM
# :label: cor-excess
# With $n_2=m$ the excess risk [(2)](#eq-2) of MAML is zero, and that of ERM is
#
# $$
# \mathcal E_m(\mathbf w^*_{ERM})=\frac{p^2q^2\,(a_H\rho_E-a_E\rho_H)^2\,D^2}{2\,(p\,a_H+q\,a_E)\,(p\,\rho_H+q\,\rho_E)^2}.
# $$ (mixture-excess)
# :::

# %%
q_easy = 1 - p
excess = p**2 * q_easy**2 * (a_hard * rho_easy - a_easy * rho_hard) ** 2 * D**2
excess /= 2 * (p * a_hard + q_easy * a_easy) * (p * rho_hard + q_easy * rho_easy) ** 2
claims.proves("cor:1", [saving, sp.diff(saving, s_hard), sp.diff(saving, s_easy)], [excess, 0, 0], "the excess risk of ERM, free of both spreads")

# %%
with claims.rejecting("the risks (10), (11) and (23) above the floor read as excess risks (2)", printed=True):
    as_printed = [printed_10, printed_11, printed_11 / d]
    claims.proves("cor:1 eq:10 eq:11 eq:23", as_printed, [excess.subs(paper_mixture), 0, 0], "as printed")

# %%
def excess_by_formula(env, alpha, m):
    """Evaluate the excess risk of ERM in a mixture of two isotropic groups by the corollary."""
    rho = env.covariances[:, 0, 0]
    a = rho * (1 - alpha * rho) ** 2 + (env.dim + 1) / m * alpha**2 * rho**3
    p, q = env.probabilities
    gap = env.means[0] - env.means[1]
    return (p * q * (a[0] * rho[1] - a[1] * rho[0])) ** 2 * (gap @ gap) / (2 * (p * a[0] + q * a[1]) * (p * rho[0] + q * rho[1]) ** 2)


by_formula = [excess_by_formula(env, alpha, m) for env, alpha, _, m in mixtures]
definition = [linear.excess_risk(env, linear.erm_solution(env), alpha, m) for env, alpha, _, m in mixtures]
claims.checks("cor:1", by_formula, definition, "the excess risk by definition (2), on random mixtures with full spreads", rtol=1e-9)

# %% [markdown]
# Read {eq}`mixture-excess` slowly. The distance $D$ of the centres is there, and a mismatch of hardness, $a_H\rho_E\neq a_E\rho_H$. **The spreads are not.** Whether the hard tasks are closely packed or scattered, knowing to start at MAML's
# point saves the same amount of loss. Spread enters only through the reference $R_m(\mathbf w_{MAML})$ by which a *ratio* divides:
#
# $$
# G=\frac{R_m(\mathbf w^*_{ERM})}{R_m(\mathbf w^*_{MAML})}=1+\frac{\mathcal E_m(\mathbf w^*_{ERM})}{R_m(\mathbf w^*_{MAML})}.
# $$ (gain-ratio)
#
# We call $G$ the **gain** and $\mathcal E_m(\mathbf w^*_{ERM})$ the **saving**. For MAML's gain geography means $D$ *and* the spreads; for its saving, $D$ alone.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# As defined in [(2)](#eq-2), the excess risk of MAML in Corollary 1 is zero and that of ERM contains neither $r_H$ nor $r_E$. "Hard tasks closely packed" is then a statement about the relative gain, not about how much loss MAML avoids.
# :::
#
# ## The exact gain
#
# > **The paper, §3.2.** "Corollary 2 shows that MAML achieves large gain over ERM when: (i) the hard tasks' solutions are closely packed ($r_H$ is small) and (ii) the hard tasks' solutions are far from the center of the easy tasks' solutions ($R$ is large)."
#
# Corollary 2 says: at $\alpha=1/\rho_E$, and if $\frac{\rho_H}{\rho_E}\bigl(1-\frac{\rho_H}{\rho_E}\bigr)^2\gg\frac dm$,
#
# (eq-12)=
# $$
# \frac{\mathcal E_m(\mathbf w^*_{ERM})}{\mathcal E_m(\mathbf w^*_{MAML})}\approx1+\frac{R^2}{r_H}. \tag{12}
# $$
#
# Three numbers without unit describe the setting: $u=\rho_H/\rho_E$, $\delta=\frac{d+1}m$, and $A=a_H/\rho_E$. A.3 begins with
#
# (eq-24)=
# $$
# a_E=\frac{(d+1)\rho_E}m,\qquad a_H=\rho_H\Bigl(1-\frac{\rho_H}{\rho_E}\Bigr)^2+\frac{(d+1)\rho_H^3}{m\rho_E^2}, \tag{24}
# $$
#
# that is, $a_E=\rho_E\,\delta$ and $a_H=\rho_EA$ with $A=u(1-u)^2+\delta u^3$.

# %%
u, delta, A = sp.symbols("u delta A", positive=True)
unitless = {rho_hard: u * rho_easy, alpha: 1 / rho_easy, m: (d + 1) / delta}
A_of_u = u * (1 - u) ** 2 + delta * u**3
from_21_22 = [curvature.subs(alpha, 1 / rho_easy), curvature.subs(rho_easy, rho_hard).subs(alpha, 1 / rho_easy)]
printed_24 = [(d + 1) * rho_easy / m, rho_hard * (1 - rho_hard / rho_easy) ** 2 + (d + 1) * rho_hard**3 / (m * rho_easy**2)]
in_numbers = [value.subs(unitless) for value in printed_24]
display(claims.proves("eq:24", [*printed_24, *in_numbers], [*from_21_22, rho_easy * delta, rho_easy * A_of_u], "(24), and the same in u and δ"))
with claims.rejecting("the last term over ρ_E³, as §3.1 has it"):
    claims.proves("eq:24", printed_24[1] - (d + 1) * rho_hard**3 / m * (rho_easy**-2 - rho_easy**-3), from_21_22[1], "units that do not match")

# %% [markdown]
# The paper's condition says that $\kappa=u(1-u)^2/\delta$ is large (up to the difference of $d$ and $d+1$). Everything that is said to dominate does so, by $\kappa$ or more:

# %%
kappa = u * (1 - u) ** 2 / delta
bias, variance = u * (1 - u) ** 2, delta * u**3
display(
    claims.proves(
        "text:a-hard-dominates text:bias-dominates-variance",
        [A_of_u / delta, bias / delta, bias / variance],
        [kappa + u**3, kappa, kappa / u**3],
        "a_H/a_E = κ + u³; the bias exceeds the easy variance κ times and the hard one κ/u³ times",
    )
)
with claims.rejecting("the variance of the hard tasks forgotten"):
    claims.proves("text:a-hard-dominates text:bias-dominates-variance", [A_of_u / delta, bias / variance], [kappa, kappa], "a_H = bias")

# %% [markdown]
# What may be concluded from that? In MAML's risk $r_H$ has the largest weight, and in ERM's collected form $r_H$ and $R^2$ do:

# %%
gain_symbols = {a_hard: rho_easy * A, a_easy: rho_easy * delta, rho_hard: u * rho_easy}
relative = [sp.factor(weight.subs(gain_symbols) / (rho_easy * delta)).subs(A, A_of_u) for weight in (a_hard, weight_maml, weight_erm)]
expected_weights = [kappa + u**3, (kappa + u**3) / (1 + kappa + u**3), (kappa + u**3 + u**2) / (1 + u) ** 2]
rows = "text:dominant-weight-of-maml text:dominant-weights-of-erm"
display(claims.proves(rows, relative, expected_weights, "in units of the weight of r_E: r_H weighs κ + u³ in both risks; R² weighs less than 1 in MAML's and about κ in ERM's"))
with claims.rejecting("R² with ERM's weight in MAML's risk"):
    claims.proves(rows, relative[1:], expected_weights[:0:-1], "the two weights exchanged")

# %% [markdown]
# The paper reads the weights off the brackets of [(10)](#eq-10) instead, where $r_H$ stands once alone and once beside $R^2$. The lone $r_H$ is not dominant. At the paper's own parameters it weighs less than the lone $r_E$:

# %%
here = {u: sp.Rational(1, 9), delta: sp.Rational(11, 500)}
lone_hard, lone_easy = float((A_of_u * (u**2 + 2 * u)).subs(here)), float((delta * (1 + 2 * u)).subs(here))
with claims.rejecting(f"the lone r_H of (10) dominant: it weighs {lone_hard:.4f}, the lone r_E {lone_easy:.4f}, at u = 1/9 and m = 500", printed=True):
    claims.holds("text:dominant-weights-of-erm", lone_hard > lone_easy, "bracket by bracket")

# %% [markdown]
# Now divide [(10)](#eq-10) by [(11)](#eq-11). It pays to introduce the **effective spread** $r=r_H+\frac{\delta}{A}r_E$: the spread of the easy tasks counts, at a discount.
#
# :::{prf:corollary} Corollary 2, exact
# :label: cor-exact-gain
# At $\alpha=1/\rho_E$, $p=\frac12$, $n_2=m$,
#
# $$
# G=\frac{\frac{A+\delta u^2}{(1+u)^2}R^2+A\,r_H+\delta\,r_E}{\frac{\delta A}{\delta+A}R^2+A\,r_H+\delta\,r_E}
# =1+\frac{\eta}{(1+u)^2}\cdot\frac{R^2/r}{1+\frac{\delta}{A+\delta}R^2/r},\qquad \eta=\frac{(A-\delta u)^2}{A(A+\delta)}.
# $$ (exact-gain)
# :::

# %%
exact = ((A + delta * u**2) / (1 + u) ** 2 * R**2 + A * r_hard + delta * r_easy) / (
    delta * A / (delta + A) * R**2 + A * r_hard + delta * r_easy
)
eta = (A - delta * u) ** 2 / (A * (A + delta))
x = R**2 / (r_hard + delta / A * r_easy)
saturating = 1 + eta / (1 + u) ** 2 * x / (1 + delta / (A + delta) * x)
claims.proves("cor:2 eq:12", [exact, saturating], [(printed_10 / printed_11).subs(gain_symbols)] * 2, "the ratio of (10) to (11), exactly, in two forms")

# %%
def gain(env, alpha, m):
    """Return ERM's risk above the floor over that of MAML trained with n2 = m."""
    starts = linear.erm_solution(env), linear.maml_solution(env, alpha, m)
    erm, maml = (linear.risk_above_floor(env, start, alpha, m) for start in starts)
    return erm / maml


gain_formula = sp.lambdify((u, delta, R, r_hard, r_easy), exact.subs(A, A_of_u))
settings = [(rng.uniform(0.02, 0.98), int(rng.integers(5, 5000)), *10 ** rng.uniform(-2, 2, 3)) for _ in range(200)]
measured = [gain(TaskEnvironment.hard_easy(4, 0.7 * U, 0.7, *geography), 1 / 0.7, size) for U, size, *geography in settings]
rows = "cor:2 eq:12 text:ratio-in-the-introduction"
claims.checks(rows, measured, [gain_formula(U, 5 / size, *geography) for U, size, *geography in settings], "the exact gain, on random settings", rtol=1e-9)

# %% [markdown]
# What does [(12)](#eq-12) have to do with this? It is the limit of many samples, up to a factor that lies between $\frac14$ and $1$:

# %%
many_samples = sp.limit(exact.subs(A, A_of_u), delta, 0)
display(claims.proves("eq:12", many_samples, 1 + R**2 / ((1 + u) ** 2 * r_hard), "for m → ∞ the gain tends to 1 + R²/((1+u)² r_H)"))
with claims.rejecting("(12) as the limit of many samples: the factor 1/(1+u)² is missing", printed=True):
    claims.proves("eq:12", many_samples, 1 + R**2 / r_hard, "(12) as a limit")

# %% [markdown]
# And the limit is far away. In the environment of Figure 3(c) and (d), with the parameters that the paper gives:

# %%
figure_3c = TaskEnvironment.hard_easy(DIM, RHO_HARD, RHO_EASY, R=1, r_hard=0.1, r_easy=2)
with claims.rejecting(f"(12) within a half at the paper's own parameters: it says 11, the gain is {gain(figure_3c, ALPHA, M):.2f}", printed=True):
    claims.checks(rows, gain(figure_3c, ALPHA, M), 11.0, "(12)", rtol=0.5)

# %% tags=["remove-input"]
U, DELTA = RHO_HARD / RHO_EASY, (DIM + 1) / M
value = {u: U, delta: DELTA, A: float(A_of_u.subs({u: U, delta: DELTA})), R: 1, r_hard: 0.1, r_easy: 2}
far, variance_factor = float((1 / (1 + u) ** 2).subs(value)), float(eta.subs(value))
effective, saturation = float((r_hard / (r_hard + delta / A * r_easy)).subs(value)), float((1 / (1 + delta / (A + delta) * x)).subs(value))
Markdown(
    "Equation {eq}`exact-gain` tells where the predicted $R^2/r_H=10$ goes, factor by factor.\n\n"
    "| factor | value here | what is left of 10 | close to one when |\n| --- | --- | --- | --- |\n"
    f"| $1/(1+u)^2$ | {far:.2f} | {10 * far:.2f} | $u\\ll1$ |\n"
    f"| $\\eta$ | {variance_factor:.2f} | {10 * far * variance_factor:.2f} | $\\delta\\ll u(1-u)^2$, the paper's condition |\n"
    f"| $r_H/r$ | {effective:.2f} | {10 * far * variance_factor * effective:.2f} | $\\delta\\,r_E\\ll u(1-u)^2\\,r_H$ |\n"
    f"| $1/\\bigl(1+\\frac{{\\delta}}{{A+\\delta}}\\frac{{R^2}}r\\bigr)$ | {saturation:.2f} | {10 * far * variance_factor * effective * saturation:.2f} | $\\delta\\,R^2\\ll u(1-u)^2\\,r_H$ |"
)

# %% [markdown]
# So the stated condition controls one factor of four. The other two conditions on samples are about geography, and one of them forbids just the case that the paper recommends: $R^2/r_H$ must stay far below $\kappa=u(1-u)^2/\delta$.
# Formula [(12)](#eq-12) is good as long as what it predicts is small compared with $\kappa$. With all three conditions it is as good as the factor $1/(1+u)^2$; this can be made exact.
#
# :::{prf:proposition} Two-sided bound
# :label: prop-bracket
# Let $L=1+\frac{R^2}{(1+u)^2r_H}$ and $\varepsilon=\frac\delta{A\,r_H}\bigl(\frac{A}{A+\delta}R^2+r_E\bigr)$. If $\kappa\ge1$, then $\frac L{1+\varepsilon}\le G\le L$.
# :::
#
# :::{dropdown} Proof of the two-sided bound
# Divide numerator and denominator of {eq}`exact-gain` by $Ar_H$: the denominator is $1+\varepsilon$, and the numerator is at least $L$. For the upper bound, $G-1=\frac{\eta\,(L-1)}{1+\varepsilon}$, and $\eta\le1$ if and only if
# $(A-\delta u)^2\le A^2+A\delta$, that is $\delta u^2\le(1+2u)A$. From $\kappa\ge1$ follows $A\ge\delta\ge\delta u^2$.
# :::

# %%
L = 1 + R**2 / ((1 + u) ** 2 * r_hard)
epsilon = delta / (A * r_hard) * (A / (A + delta) * R**2 + r_easy)
display(claims.proves("cor:2", [exact, A * (A + delta) * (1 - eta)], [1 + eta * (L - 1) / (1 + epsilon), delta * (A * (1 + 2 * u) - delta * u**2)], "the two identities of the proof"))
bound = sp.lambdify((u, delta, R, r_hard, r_easy), [(L / (1 + epsilon)).subs(A, A_of_u), L])
met = [(s, g) for s, g in zip(settings, measured, strict=True) if s[0] * (1 - s[0]) ** 2 * s[1] / 5 >= 1]
brackets = [(*bound(U, 5 / size, *geography), g) for (U, size, *geography), g in met]
rows = "cor:2 text:discrepancy-is-not-sufficient"
display(claims.holds(rows, [low <= g <= high for low, high, g in brackets], "L/(1+ε) ≤ G ≤ L wherever κ ≥ 1, so a gain above γ needs R²/r_H > (γ−1)(1+u)²"))
with claims.rejecting("L as a lower bound"):
    claims.holds(rows, [high <= g for low, high, g in brackets], "G ≥ L")

# %% [markdown]
# In this sense the paper is right that discrepancy is not sufficient: at $\alpha=1/\rho_E$, a gain above $\gamma$ needs $R^2/r_H>(\gamma-1)(1+u)^2$ however well the hardness is chosen. And that its condition is not sufficient shows at any $m$, however large:

# %%
counterexamples = [(1 / 3, 11 / size, 1.0, 1 / size, 0.0) for size in (1e4, 1e6, 1e8)]
with claims.rejecting("(12) within a half for u = 1/3, κ = 135, 13,468 and more than a million, r_E = 0 and R²/r_H = m", printed=True):
    claims.checks("cor:2", [gain_formula(*c) for c in counterexamples], [1 + 1 / c[3] for c in counterexamples], "(12)", rtol=0.5)

# %% [markdown]
# ### Appendix A.3
#
# A.3 drops $a_E$ and the variance of the hard tasks, and arrives at
#
# (eq-25)=
# $$
# \mathcal E_m(\mathbf w^*_{MAML})\approx\frac{d\rho_H(1-\frac{\rho_H}{\rho_E})^2}{4}r_H, \tag{25}
# $$
#
# (eq-26)=
# $$
# \mathcal E_m(\mathbf w^*_{ERM})\approx\frac{d\rho_H(1-\frac{\rho_H}{\rho_E})^2}{4}r_H+\frac{d\rho_H\rho_E^2(1-\frac{\rho_H}{\rho_E})^2}{4(\rho_H+\rho_E)^2}R^2, \tag{26}
# $$
#
# (eq-27)=
# $$
# \frac{\mathcal E_m(\mathbf w^*_{ERM})}{\mathcal E_m(\mathbf w^*_{MAML})}\approx1+\frac{\rho_E^2}{(\rho_H+\rho_E)^2}\frac{R^2}{r_H^2}\approx1+\frac{R^2}{r_H^2}. \tag{27}
# $$
#
# The first two are the limits of [(11)](#eq-11) and [(10)](#eq-10) for $m\to\infty$.

# %%
printed_25 = d * rho_hard * (1 - rho_hard / rho_easy) ** 2 / 4 * r_hard
printed_26 = printed_25 + d * rho_hard * rho_easy**2 * (1 - rho_hard / rho_easy) ** 2 / (4 * (rho_hard + rho_easy) ** 2) * R**2
in_m = {a_easy: printed_24[0], a_hard: printed_24[1]}
limits = [sp.limit(sp.together(risk.subs(in_m)), m, sp.oo) for risk in (collected[1], collected[0])]
claims.proves("eq:25 eq:26", [printed_25, printed_26], limits, "for m → ∞, (11) tends to (25) and (10) to (26)")

# %%
in_figure_3c = {d: 10, rho_hard: sp.Rational(1, 10), rho_easy: sp.Rational(9, 10), R: 1, r_hard: sp.Rational(1, 10), r_easy: 2}
with claims.rejecting("(25) and (26) within a fifth at the paper's own parameters, where dropping a_E drops most of the risk", printed=True):
    exact_risks = evaluate_corollary(figure_3c, ALPHA, M, M)
    approximations = [float(risk.subs(in_figure_3c)) for risk in (printed_26, printed_25)]
    claims.checks("eq:25 eq:26 text:bias-dominates-variance", approximations, exact_risks, "(26) and (25)", rtol=0.2)

# %%
ratio = sp.simplify(printed_26 / printed_25)
display(claims.proves("eq:27", ratio, 1 + rho_easy**2 / (rho_hard + rho_easy) ** 2 * R**2 / r_hard, "(26) divided by (25)"))
with claims.rejecting("r_H² as printed in (27): a ratio that depends on the unit of length", printed=True):
    claims.proves("eq:27", ratio, 1 + rho_easy**2 / (rho_hard + rho_easy) ** 2 * R**2 / r_hard**2, "R²/r_H²")

# %% [markdown]
# The last "$\approx$" is justified in A.3 by $\frac14\le\frac{\rho_E^2}{(\rho_E+\rho_H)^2}\le1$. The inequality is true, and what follows from it is a statement up to a factor of 4:

# %%
factor = rho_easy**2 / (rho_easy + rho_hard) ** 2
margins = [factor - sp.Rational(1, 4), 1 - factor]
squares = [(1 - u) * (3 + u) / (4 * (1 + u) ** 2), u * (2 + u) / (1 + u) ** 2]
display(claims.proves("text:factor-between-quarter-and-one", [margin.subs(rho_hard, u * rho_easy) for margin in margins], squares, "both margins of the inequality are positive for 0 < u < 1"))
with claims.rejecting("≈ from ¼ ≤ … ≤ 1: at u = 0.9 and R²/r_H = 100 the two sides are 28.7 and 101", printed=True):
    claims.checks("text:factor-between-quarter-and-one", 1 + float(factor.subs({rho_hard: 0.9, rho_easy: 1})) * 100, 101.0, "≈", rtol=0.5)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# The ratio in Corollary 2 is {eq}`exact-gain`. Its limit for $m\to\infty$ is $1+\frac{R^2}{(1+u)^2r_H}$, and [(12)](#eq-12) is an upper bound once $\kappa\ge1$. The approximation needs three conditions:
# $\delta\ll u(1-u)^2$ (stated), $\delta R^2\ll u(1-u)^2r_H$ and $\delta r_E\ll u(1-u)^2r_H$ (not stated). In [(27)](#eq-27) $r_H^2$ should read $r_H$. In the reading of [(2)](#eq-2) the ratio is a division by zero.
# :::
#
# ## The ceiling
#
# Equation {eq}`exact-gain` is a saturation curve, of the kind by which an enzyme works: proportional to $R^2/r$ at first, then flat. However far apart the clouds and however tightly packed, the gain stays below its value for two points:

# %%
ceiling = sp.limit(sp.limit(exact, r_hard, 0), r_easy, 0).subs(A, A_of_u)
terms = (u * (1 - u) ** 2 / delta + 1 + u**2 + u**3 + delta * u**2 / A_of_u) / (1 + u) ** 2
display(claims.proves("cor:2", ceiling, terms, "the ceiling: the gain without any spread"))
largest = float(ceiling.subs(here))
far_apart = [gain(TaskEnvironment.hard_easy(DIM, RHO_HARD, RHO_EASY, *10 ** rng.uniform([0, -6, -6], [6, 0, 0])), ALPHA, M) for _ in range(300)]
display(claims.holds("eq:12", np.array(far_apart) <= largest * (1 + 1e-9), f"no R, r_H, r_E give a gain above {largest:.2f} at the paper's ρ_H, ρ_E, m and d"))
with claims.rejecting("(12) without a ceiling: gains beyond it, for packed and distant clouds"):
    claims.holds("eq:12", np.array(far_apart) > largest, "gains beyond the ceiling")

# %% [markdown]
# So at $\alpha=1/\rho_E$ the gain of 3 that Figure 1(d) shows is three quarters of the largest that *any* choice of $R$, $r_H$, $r_E$ could show. Its main term is $\frac{u(1-u)^2}{(1+u)^2}\cdot\frac m{d+1}$. Which hardness ratio is best?

# %%
leading = u * (1 - u) ** 2 / (1 + u) ** 2
golden = next(root for root in sp.solve(sp.diff(leading, u), u) if 0 < root < 1)
sp.radsimp(golden), sp.nsimplify(sp.simplify(leading.subs(u, golden)))

# %% [markdown]
# $\sqrt5-2$ is $\varphi^{-3}$ for the golden ratio $\varphi$, and the value is $\varphi^{-5}$, about 0.09: with one step at $\alpha=1/\rho_E$ the gain is capped at about $0.09\,\frac m{d+1}$. The best hard tasks are four times as hard as the easy ones, "without being impossibly hard".

# %%
phi = (1 + sp.sqrt(5)) / 2
ends = [sp.limit(exact.subs(A, A_of_u), u, 0), sp.limit(exact.subs(A, A_of_u), u, 1)]
display(claims.proves("text:observation-hardness", [golden, leading.subs(u, golden), *ends], [phi**-3, phi**-5, 1, 1], "the best u is φ⁻³ with value φ⁻⁵; at u → 0 and u → 1 no gain is left"))
grid = np.linspace(0.01, 0.99, 491)
curves = [[gain(TaskEnvironment.hard_easy(DIM, U, 1.0, 1.0, 0.0, 0.0), 1.0, size) for U in grid] for size in (500, 2000, 20000)]
peaks = [grid[np.argmax(curve)] for curve in curves]
display(claims.checks("text:observation-hardness", peaks, [float(golden)] * 3, "searched on a grid at m = 500, 2000, 20000, the best u is near φ⁻³", atol=0.01))
with claims.rejecting("the harder the better"):
    claims.holds("text:observation-hardness", np.diff(curves) < 0, "the gain falls in u")

# %% [markdown]
# With a fixed geography the best $u$ creeps towards zero as $m$ grows, since the limit $1+R^2/((1+u)^2r_H)$ prefers small $u$; at the paper's sizes it does not get there.
#
# How many samples, and how different must the tasks be for $a_H\gg a_E$? The paper says $m\gg d$ and $u$ "much less than 1 but larger than 0".

# %%
condition = u * (1 - u) ** 2
highest = next(root for root in sp.solve(sp.diff(condition, u), u) if root < 1)
row = "text:condition-requires-samples"
display(claims.proves(row, [highest, condition.subs(u, highest)], [sp.Rational(1, 3), sp.Rational(4, 27)], "u(1−u)² is at most 4/27, so that κ ≫ 1 requires m ≫ 6.75 (d+1)"))
mismatch = {str(U): float((A_of_u / delta).subs({u: U, delta: here[delta]})) for U in (sp.Rational(1, 9), sp.Rational(1, 2))}
with claims.rejecting("u much less than 1 as a requirement: a_H/a_E is " + " and ".join(f"{v:.1f} at u = {k}" for k, v in mismatch.items()), printed=True):
    claims.holds(row, mismatch["1/9"] > mismatch["1/2"], "smaller u, larger a_H/a_E")

# %% [markdown]
# At half the hardness the condition is met *better* than at the paper's own ninth. What it needs is $u$ away from both ends; what makes small $u$ attractive is the factor $1/(1+u)^2$.
#
# In geography, by contrast, the gain is monotone. It depends on $R$, $r_H$, $r_E$ through one number, $X=R^2/r$, and grows with it:

# %%
X = sp.Symbol("X", positive=True)
slope = sp.diff(1 + eta / (1 + u) ** 2 * X / (1 + delta / (A + delta) * X), X)
rows = "text:observation-geography text:gain-when-packed text:gain-when-far"
display(claims.proves(rows, slope, eta / ((1 + u) ** 2 * (1 + delta / (A + delta) * X) ** 2), "dG/dX is positive: G rises with R and falls with r_H and with r_E"))
with claims.rejecting("a slope that does not flatten"):
    claims.proves(rows, slope, eta / (1 + u) ** 2, "a straight line")

# %% [markdown]
# The paper explains (i) and (ii) by where the solutions lie: MAML at the hard centre, ERM close to the easy one, paying on the hard tasks. On the settings drawn above with $\kappa\ge5$:

# %%
roles = []
for U, size, *geography in settings:
    if U * (1 - U) ** 2 * size / 5 >= 5:
        env = TaskEnvironment.hard_easy(4, 0.7 * U, 0.7, *geography)
        erm, maml = linear.erm_solution(env)[0] / geography[0], linear.maml_solution(env, 1 / 0.7, size)[0] / geography[0]
        cost = linear.adapted_covariance(env.covariances, 1 / 0.7, size)[:, 0, 0] * [(1 - erm) ** 2, erm**2]
        roles.append([erm < 0.5, maml > 0.8, cost[0] > 0.5 * cost.sum()])
rows = "text:gain-when-packed text:gain-when-far"
display(claims.holds(rows, roles, "ERM nearer the easy centre, MAML within a fifth of the hard one, and most of ERM's cost of distance on the hard tasks"))
with claims.rejecting("the two starts exchanged"):
    claims.holds(rows, ~np.array(roles)[:, :2], "ERM at the hard centre")

# %% [markdown]
# The whole of Corollary 2 is one map. Below, the gain over $R^2/r$ and $u$ for two sample sizes, with the environments of the paper's figures marked. To the left of the bend the contours are set by geography, to the right by the ceiling.

# %% mystnb={"figure": {"caption": "The gain of MAML at step size 1/ρ_E for d = 10, over the distance of the clouds in units of the effective spread and the hardness ratio u. Contours turn horizontal where the gain saturates. With m = 500 no geography reaches a gain of 5. Letters mark the environments of Figures 1 and 3 of the paper; the dotted line is the best hardness ratio, √5 − 2.", "name": "fig-phase-diagram"}, "image": {"alt": "Two contour maps with logarithmic horizontal axis, for m = 500 and m = 5000. The gain rises from left to right and then levels off; contours are tongues that open to the right around u = 0.24. For m = 500 the highest labelled contour is 4, for m = 5000 it is 30. Marked points 1b, 1c, 3a and 3c lie left of the contour 2, and 1d on the contour 3."}} tags=["hide-input"]
def phase_diagram():
    """Draw contours of the gain over R²/r and u for two sample sizes."""
    figure, axes = plt.subplots(1, 2, sharey=True, figsize=(7, 3.6))
    ratio, hardness = np.meshgrid(np.logspace(-1, 4, 160), np.linspace(0.004, 0.996, 160))
    places = {"1b": (0.79, 0), "1c": (0.97, 1), "1d": (9.45, 0), "3a": (0.49, 1), "3c": (1.66, 1)}
    for axis, size, levels in zip(axes, (500, 5000), ([1.2, 1.5, 2, 3, 4], [1.5, 3, 6, 15, 30]), strict=True):
        height = gain_formula(hardness, 11 / size, np.sqrt(ratio), 1.0, 0.0)
        axis.contourf(ratio, hardness, height, levels=[1, *levels, 1e3], cmap="Blues", norm="log", alpha=0.75)
        lines = axis.contour(ratio, hardness, height, levels=levels, colors="black", linewidths=0.8)
        axis.clabel(lines, fmt="%g", fontsize=9, manual=[(10 ** (3.2 - 0.35 * i), 0.5 + 0.4 * (len(levels) - i) / 9) for i in range(0)] or None)
        axis.axhline(np.sqrt(5) - 2, ls=":", color=plotting.ERM, lw=1.2)
        axis.set(xscale="log", xlabel=r"$R^2/r$", title=f"$m={size}$")
    for name, (place, below) in places.items():
        axes[0].plot(place, U, "o", color=plotting.ERM, ms=5, mec="white", label=name)
        axes[0].annotate(name, (place, U), (0, -11 if below else 6), textcoords="offset points", ha="center", fontsize=9)
    axes[0].set_ylabel(r"hardness ratio $u=\rho_H/\rho_E$")
    return figure


phase_diagram()
