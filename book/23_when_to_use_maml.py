# %% [markdown]
# # When to use MAML, line by line
#
# [Chapter 11](11_when_to_use_maml) derives when MAML pays. Here the library, which knows nothing of $u$, $h$ and $\theta$, decides the same questions in random environments, searches for the steps, and runs the sinusoids. Sections can be read in any order.
#
# Letters are those of chapter 11. The hardness ratio is $u=\rho_H/\rho_E$; the centres lie $R\sqrt d$ apart, and $r_H$ and $r_E$ are the spreads about them. The step has $m$ samples at test time and $n_2$ in training, and $\delta=\frac{d+1}m$. MAML weighs a hard task by $a_H$ and an easy one by $a_E$. Their ratio $a_H/a_E$ is $h$ at $n_2=m$, and $g$ at another $n_2$. The effective spread is $r_{\mathrm{eff}}=r_H+r_E/h$, $p$ the share of hard tasks, and $\theta$ the weight of a start on the hard centre. A gain $\gamma$ is asked for; $G_\infty$ is the gain of two points.

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
import torch
from IPython.display import Markdown
from scipy import optimize

from paperlib import claims, linear, plotting, simulate
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# (when-border)=
# ## The border
#
# Does the gain exceed $\gamma$ exactly where {prf:ref}`prop-border` says? Any step that both learners take, any spreads.

# %% mystnb={"code_prompt_show": "Decide 600 random environments near the border"} tags=["hide-input"]
rng = np.random.default_rng(21)
exceeds, distances, borders = [], [], []
while len(exceeds) < 600:
    u, step, dim, m = (
        rng.uniform(0.05, 0.95),
        rng.uniform(0.3, 1.5),
        rng.integers(1, 8),
        rng.integers(5, 2000),
    )
    a_hard, a_easy = (
        linear.adapted_covariance([[rho]], step, math.inf)[0, 0] + (dim + 1) / m * step**2 * rho**3
        for rho in (u, 1.0)
    )
    h, gamma = a_hard / a_easy, 1 + rng.exponential()
    ceiling = 1 + (h - u) ** 2 / (h * (1 + u) ** 2)
    r_hard, r_easy = rng.exponential(size=2)
    if ceiling > gamma:
        least = (1 + h) * (gamma - 1) / (ceiling - gamma) * (r_hard + r_easy / h)
        R2 = least * np.exp(rng.normal(0, 0.2))
        env = TaskEnvironment.hard_easy(int(dim), u, 1.0, math.sqrt(R2), r_hard, r_easy)
        starts = linear.erm_solution(env), linear.maml_solution(env, step, int(m))
        by_erm, by_maml = (linear.risk_above_floor(env, w, step, int(m)) for w in starts)
        exceeds.append(bool(by_erm > gamma * by_maml))
        distances.append(R2)
        borders.append(least)
distances, borders = np.array(distances), np.array(borders)
claims.decides(
    "text:worth-needs-environments",
    np.array(exceeds),
    lambda factor: distances > factor * borders,
    "Whether the gain exceeds $\\gamma$, by the library.",
    shows=r"\frac{R^2}{r_{\mathrm{eff}}}>(1+h)\,\frac{\gamma-1}{G_\infty-\gamma}",
    refuses={"always below the ceiling": np.full(600, True)},
)

# %% [markdown]
# (when-left-out)=
# ## Leaving a kind of task out
#
# Chapter 11 has the price of training on one kind alone. The library on 600 environments, with shares from 0.1 to 0.9 and sizes about those where both prices are equal:

# %% mystnb={"code_prompt_show": "Leave out the hard tasks, or the easy ones, in 600 environments"} tags=["hide-input"]
rng = np.random.default_rng(13)
ratios, shares = rng.uniform(0.05, 0.95, 600), rng.uniform(0.1, 0.9, 600)
dims, spreads = rng.integers(1, 8, 600), 10 ** rng.uniform(-2, 2, 600)
equal = abs((1 - shares) / shares - ratios**3) / (ratios * (1 - ratios) ** 2)  # m/(d+1)
sizes = np.maximum(2, np.rint((dims + 1) * equal * np.exp(rng.normal(0, 0.5, 600)))).astype(int)
hard_matter = []
for u, p, dim, r, m in zip(ratios, shares, dims, spreads, sizes, strict=True):
    env = TaskEnvironment.hard_easy(int(dim), u, 1.0, 1.0, r, 1.0, p_hard=p)
    only = [
        TaskEnvironment([1.0], env.covariances[[g]], env.means[[g]], env.spreads[[g]])
        for g in (0, 1)
    ]
    on_hard, on_easy = (
        linear.excess_risk(env, linear.maml_solution(one, 1.0, int(m)), 1.0, int(m)) for one in only
    )
    hard_matter.append(on_easy > on_hard)
prices = ratios * ((1 - ratios) ** 2 * sizes / (dims + 1) + ratios**2)  # a_H/a_E
claims.decides(
    "text:train-on-hard-tasks",
    hard_matter,
    lambda factor: shares / (1 - shares) * prices > factor,
    "Where training without the hard tasks costs more than without the easy ones.",
    shows=r"p\,a_H>(1-p)\,a_E",
    refuses={"wherever hard tasks are in the majority": shares > 0.5},
    printed=claims.prints(
        "text:train-on-hard-tasks",
        np.full(600, True),
        r"\text{the importance of training MAML on hard tasks}",
    ),
)

# %% [markdown]
# (when-best-steps)=
# ## Best steps
#
# `linear.best_step` has {eq}`best-step` for arbitrary covariances and noise. The test loss [(1)](#eq-1), noise floor and all, minimised by a search:

# %% mystnb={"code_prompt_show": "Search for the best step from 60 starts"} tags=["hide-input"]
rng = np.random.default_rng(22)
formulas, searched, unaware = [], [], []
for _ in range(60):
    count, dim, m = int(rng.integers(1, 4)), int(rng.integers(1, 5)), int(rng.integers(2, 60))
    factors = rng.normal(size=(2, count, dim, dim))
    covariances, spreads = (F @ F.swapaxes(1, 2) / dim for F in factors)
    env = TaskEnvironment(
        rng.dirichlet(np.ones(count)),
        covariances + 0.1 * np.eye(dim),
        rng.normal(size=(count, dim)),
        spreads,
        noise_std=rng.exponential(),
    )
    w = rng.normal(size=dim)
    curve = [linear.post_adaptation_risk(env, w, step, m) for step in (0.0, 0.5, 1.0)]
    bend = 2 * (curve[0] - 2 * curve[1] + curve[2])  # three points tell a parabola
    searched.append((3 * curve[0] - 4 * curve[1] + curve[2]) / (2 * bend))
    formulas.append(linear.best_step(env, w, m))
    unaware.append(linear.best_step(env, w, math.inf))
claims.checks(
    "eq:1",
    searched,
    formulas,
    "The lowest point of the test loss over the step, for one to three groups with any covariances and noise; $M$ is the group's mean of $(w-w^*)(w-w^*)^\top$.",
    shows=r"\alpha^*=\frac{E\operatorname{tr}(\Sigma^2M)}{E\operatorname{tr}[((1+\frac1m)\Sigma^3+\frac1m\operatorname{tr}(\Sigma^2)\Sigma)M]+\frac{\sigma^2}mE\operatorname{tr}\Sigma^2}",
    rtol=1e-9,
    towards=True,
    refuses={"a step that knows no $m$": unaware},
)

# %% mystnb={"code_prompt_show": "Test the second exercise, and two numbers of chapter 11"} tags=["hide-cell"]
one = TaskEnvironment([1.0], [0.3 * np.eye(2)], [[1.0, 2.0]], [0.5 * np.eye(2)], noise_std=0.7)
shortened = 0.3 * (1 + 3 / 8 + 0.49 * 2 / (8 * 0.3 * 6))
assert np.isclose(linear.best_step(one, [0.0, 0.0], 8), 1 / shortened, rtol=1e-12)
u = 1 / 9  # Figure 3(c)
assert int(11 * (1 / u - u**3) / (u * (1 - u) ** 2)) == 1127
wall = (0.81 + 0.022) / 0.01 - 0.022  # of r_E at u = 0.1, where A = 0.081 and δ = 0.022
assert f"{0.022 * (0.081 / 0.103 - 0.1) / wall:.0e}" == "2e-04"
assert f"{(0.081 - 0.0022) / wall:.0e}" == "9e-04"

# %% [markdown]
# For MAML, chapter 11 minimises over start and step together: over the weight $\theta$ on the hard centre, with the best step for each. Training knows the step only. So search over the step, with MAML's solution at each:

# %% mystnb={"code_prompt_show": "Compute gains with the library, by a search over MAML's step"} tags=["hide-input"]
PLACES = [(u, r) for r in (0.0, 0.01, 0.1, 1.0) for u in (0.1, math.sqrt(5) - 2, 0.5)]


def by_search(u, r, m=500):
    """Return both best steps, and the gain with them: MAML's by a search, trained anew at each."""
    env = TaskEnvironment.hard_easy(10, u, 1.0, 1.0, r, r)
    erm, grid = linear.erm_solution(env), np.geomspace(0.3, 2 / u, 80)

    def maml(step):
        return linear.risk_above_floor(env, linear.maml_solution(env, step, m), step, m)

    k = int(np.argmin([maml(step) for step in grid]))
    found = optimize.minimize_scalar(maml, bounds=(grid[k - 1], grid[k + 1]), method="bounded")
    step = linear.best_step(env, erm, m)
    return step, found.x, linear.risk_above_floor(env, erm, step, m) / found.fun


def by_start(u, r, delta=11 / 500):
    """Return the gain with both best steps: MAML's by a search over the weight on the hard centre."""

    def least(theta):
        hard, easy = (1 - theta) ** 2 + r, theta**2 + r
        first, second, third = (u**k * hard + easy for k in (1, 2, 3))
        return first - second**2 / ((1 + delta) * third)

    grid = (1 - np.cos(np.pi * np.linspace(0, 1, 200))) / 2
    k = int(np.argmin(least(grid)))
    ends = grid[max(k - 1, 0)], grid[k + 1]
    lowest = optimize.minimize_scalar(least, bounds=ends, method="bounded", options={"xatol": 1e-9})
    return least(u / (1 + u)) / lowest.fun


# %% mystnb={"code_prompt_show": "Compare both searches"} tags=["hide-input"]
found = [by_search(*place) for place in PLACES]
claims.checks(
    "cor:2",
    [gain for *_, gain in found],
    [by_start(*place) for place in PLACES],
    "Best against best for the twelve places of chapter 11: a search over MAML's step, and one over the start.",
    shows=r"G=\frac{\min_\alpha R_m(w_{ERM}^*,\alpha)}{\min_{w,\alpha}R_m(w,\alpha)}",
    rtol=1e-7,
    towards=True,
    refuses={"half of $\\delta$": [by_start(*place, delta=5.5 / 500) for place in PLACES]},
)

# %% [markdown]
# Both best steps, in units of $1/\rho_E$, for the twelve places of chapter 11's table, with $R=1$:

# %% mystnb={"code_prompt_show": "Put the best steps in a table"} tags=["hide-input"]
rows = [
    f"| {r:g} | {u:.2g} | {step:.2f} | {mamls:.2f} |"
    for (u, r), (step, mamls, _) in zip(PLACES, found, strict=True)
]
Markdown("\n".join(["| $r_H=r_E$ | $u$ | ERM | MAML |", "| ---: " * 4 + "|", *rows]))

# %% [markdown]
# (when-valley)=
# ## The other valley
#
# MAML may also start on the *easy* centre, and take a step for the hard tasks. With the step $1/\rho_H$ the hard tasks then keep $\delta$ of their loss, and the easy ones $\varphi=(1-\frac1u)^2+\frac\delta{u^2}$. In units of $\frac d4\rho_E$ the risk is $u\delta(R^2+r_H)+\frac{(1-u)^2+\delta}{u^2}r_E$. MAML with the step $1/\rho_E$ has, by {prf:ref}`cor-any-mixture`, the risk $\frac{A\delta}{A+\delta}R^2+Ar_H+\delta r_E$, with $A=a_H/\rho_E=u(1-u)^2+\delta u^3$. So the easy centre is better if and only if
#
# $$
# r_E\Bigl(\frac{(1-u)^2+\delta}{u^2}-\delta\Bigr)<\delta R^2\Bigl(\frac A{A+\delta}-u\Bigr)+r_H(A-u\delta).
# $$ (other-valley)
#
# (Neither point is quite the lowest of its valley.)

# %% mystnb={"code_prompt_show": "Decide 600 random environments"} tags=["hide-input"]
rng = np.random.default_rng(11)
ratios, spread = rng.uniform(0.05, 0.7, 600), 10 ** rng.uniform(-4, 0, 600)
sizes, dims = rng.integers(40, 3000, 600), rng.integers(1, 12, 600)
d_ = (dims + 1) / sizes
a_ = ratios * (1 - ratios) ** 2 + d_ * ratios**3
limit = (d_ * (a_ / (a_ + d_) - ratios) + spread * (a_ - ratios * d_)) / (
    ((1 - ratios) ** 2 + d_) / ratios**2 - d_
)
without = d_ * (a_ / (a_ + d_) - ratios) / (((1 - ratios) ** 2 + d_) / ratios**2 - d_)
loose = np.abs(limit) * np.exp(rng.normal(0, 0.2, 600))
deeper = []
for v, s, m, dim, e in zip(ratios, spread, sizes, dims, loose, strict=True):
    env = TaskEnvironment.hard_easy(int(dim), v, 1.0, 1.0, s, e)
    on_easy = linear.risk_above_floor(env, np.zeros(dim), 1 / v, m)
    deeper.append(on_easy < linear.risk_above_floor(env, linear.maml_solution(env, 1.0, m), 1.0, m))
claims.decides(
    "cor:2",
    np.array(deeper),
    lambda factor: loose < factor * limit,
    "Whether the easy centre with the step $1/\\rho_H$ is better than MAML with the step $1/\\rho_E$.",
    shows=r"r_E\Bigl(\tfrac{(1-u)^2+\delta}{u^2}-\delta\Bigr)<\delta R^2\Bigl(\tfrac A{A+\delta}-u\Bigr)+r_H(A-u\delta)",
    towards=True,
    refuses={"the spread of the hard tasks forgotten": loose < without},
)

# %% [markdown]
# (when-rehearsal)=
# ## Rehearsing another step
#
# Chapter 11 has the product that is positive where MAML with $n_2\neq m$ beats ERM. It changes its sign at two values of $g$, so at two $n_2$ at most. The environments lie about one of the two or the other, some below it and some above.

# %% mystnb={"code_prompt_show": "Decide 600 random environments"} tags=["hide-input"]
rng = np.random.default_rng(12)
ratios, distance = rng.uniform(0.05, 0.95, 600), rng.uniform(0.1, 10, 600)
dims, aim = rng.integers(1, 8, 600), rng.uniform(0.2, 1, 600) * (1 + 2 * ratios)  # aim: h
sizes = np.ceil((aim - ratios**3) * (dims + 1) / (ratios * (1 - ratios) ** 2)).clip(1)


def odds_at(v, samples, dim):
    """Return a_H/a_E at α = 1/ρ_E."""
    return v * (1 - v) ** 2 * samples / (dim + 1) + v**3


tie = (dims + 1) * (1 + ratios) / (1 - ratios)  # g = u
right = odds_at(ratios, sizes, dims)
far = (2 * right + ratios * right - ratios) / (1 + 2 * ratios - right)  # the other end, if positive
other = (far - ratios**3) * (dims + 1) / (ratios * (1 - ratios) ** 2)
rehearsed = np.ceil(
    np.where((np.arange(600) % 2 == 0) & (other > 1), other, tie) * np.exp(rng.normal(0, 0.2, 600))
)
won = []
for v, R, dim, n2, m in zip(ratios, distance, dims, rehearsed, sizes, strict=True):
    env = TaskEnvironment.hard_easy(int(dim), v, 1.0, R, 0.3, 2.0)
    starts = linear.erm_solution(env), linear.maml_solution(env, 1.0, int(n2))
    by_erm, by_maml = (linear.risk_above_floor(env, w, 1.0, int(m)) for w in starts)
    won.append(by_maml < by_erm)

# %% mystnb={"code_prompt_show": "Compare with the sign of the product"} tags=["hide-input"]
trained = odds_at(ratios, rehearsed, dims)


def predicted(factor):
    """Say whether MAML wins, with ERM's odds off by a factor."""
    v = factor * ratios
    upper = 2 * right + v * right - v - trained * (1 + 2 * v - right)
    return (trained - v) * upper > 0


claims.decides(
    "text:maml-better-after-adaptation",
    np.array(won),
    predicted,
    "Whether MAML trained with $n_2$ inner samples beats ERM when the step has $m$; $d\\le7$, $\\alpha=1/\\rho_E$, any $R$.",
    shows=r"(g-u)\bigl[2h+uh-u-g(1+2u-h)\bigr]>0",
    towards=True,
    refuses={"whenever it leans to the hard tasks more than ERM": trained > ratios},
)

# %% [markdown]
# (when-weights)=
# ## Weights in place of MAML
#
# {prf:ref}`prop-weights` asks whether all $\Psi_i$ are multiples of one matrix. Pairs of tasks of four kinds: isotropic, with one covariance, with different covariances in one eigenbasis, and with arbitrary ones. Can weights $1:c$ make the two matrices that act on the optima equal? Try all $c$.

# %% mystnb={"code_prompt_show": "Make pairs of covariances of four kinds"} tags=["hide-input"]
rng = np.random.default_rng(23)


def rotated(dim):
    """Return a random orthogonal matrix and eigenvalues."""
    return np.linalg.qr(rng.normal(size=(dim, dim)))[0], rng.uniform(0.1, 1.0, dim)


def pair_of(kind, dim):
    """Return two covariances of one of four kinds."""
    basis, values = rotated(dim)
    one = basis * values @ basis.T
    if kind == 0:
        return rng.uniform(0.1, 1.0, 2)[:, None, None] * np.eye(dim)
    other, more = rotated(dim)
    return np.stack([one, (one, basis * more @ basis.T, other * more @ other.T)[kind - 1]])


# %% mystnb={"code_prompt_show": "Search for weights for 200 pairs of tasks"} tags=["hide-input"]
reached, one_matrix, commuting = [], [], []
for k in range(200):
    kind, dim, m = k % 4, int(rng.integers(2, 5)), int(rng.integers(3, 100))
    S = pair_of(kind, dim)
    Q = linear.adapted_covariance(S, rng.uniform(0.3, 1.2), m)
    wanted = np.linalg.solve(Q.sum(axis=0), Q[1])

    def miss(log_c, S=S, wanted=wanted):
        c = np.exp(log_c)
        return np.abs(np.linalg.solve(S[0] + c * S[1], c * S[1]) - wanted).max()

    best = optimize.minimize_scalar(
        miss, bounds=(-8, 8), method="bounded", options={"xatol": 1e-12}
    )
    reached.append(bool(best.fun < 1e-8))
    left = Q @ np.linalg.inv(S)
    share = np.trace(left[1]) / np.trace(left[0])
    one_matrix.append(bool(np.abs(left[1] - share * left[0]).max() < 1e-9))
    commuting.append(kind != 3)
claims.decides(
    "text:cost-may-not-be-worth-it",
    np.array(reached),
    np.array(one_matrix),
    "Whether weights can make ERM's start MAML's wherever the two optima lie.",
    shows=r"\Psi_i=(I-\alpha\Sigma_i)^2+\tfrac{\alpha^2}{n_2}\bigl(\operatorname{tr}(\Sigma_i^2)I+\Sigma_i^2\bigr)=c_i\,Y",
    towards=True,
    refuses={"whenever the covariances commute": np.array(commuting)},
)

# %% [markdown]
# The isotropic case, with the library's solutions, and weights made for a step with the full gradient for comparison:

# %% mystnb={"code_prompt_show": "Compare weighted ERM with MAML in 100 environments"} tags=["hide-input"]
rng, starts = np.random.default_rng(13), ([], [], [])
for n2 in rng.integers(3, 100, 100):
    rho, shares = rng.uniform(0.05, 1.5, 4), rng.dirichlet(np.ones(4))
    optima = rng.normal(size=(4, 3))
    covariances = rho[:, None, None] * np.eye(3)
    phi = (1 - rho) ** 2 + 4 / n2 * rho**2  # α = 1, d = 3
    env = TaskEnvironment.finite_tasks(covariances, optima, shares)
    starts[0].append(linear.maml_solution(env, 1.0, int(n2)))
    for found, weight in zip(starts[1:], (shares * phi, shares * (1 - rho) ** 2), strict=True):
        weighted = TaskEnvironment.finite_tasks(covariances, optima, weight / weight.sum())
        found.append(linear.erm_solution(weighted))
claims.checks(
    "text:cost-may-not-be-worth-it",
    *starts[:2],
    "MAML's start and that of weighted ERM, four isotropic tasks of any hardness.",
    shows=r"w_{MAML}^*=\frac{E[\varphi(\rho_i)\,\rho_iw_i^*]}{E[\varphi(\rho_i)\,\rho_i]}",
    rtol=1e-9,
    towards=True,
    floor=1e-2,
    refuses={"the weights of full gradients": starts[2]},
)

# %% [markdown]
# How near do the best weights come on chapter 4's mirrored pair? The risk of ERM over MAML's, with equal weights and with the best, for $m=200$ and $2000$:

# %% mystnb={"code_prompt_show": "Search for the best weights"} tags=["hide-input"]
mirrored = [np.diag([1.0, 0.1]), np.diag([0.1, 1.0])], [[1.0, 1.0], [-1.0, -1.0]]
pair = TaskEnvironment.finite_tasks(*mirrored)


def over_maml(log_odds, m):
    """Return the risk of ERM with weights over MAML's."""
    share = 1 / (1 + math.exp(-log_odds))
    erm = linear.erm_solution(TaskEnvironment.finite_tasks(*mirrored, [share, 1 - share]))
    maml = linear.maml_solution(pair, 1.0, m)
    return np.divide(*(linear.risk_above_floor(pair, w, 1.0, m) for w in (erm, maml)))


told = []
for m in (200, 2000):
    best = optimize.minimize_scalar(over_maml, bounds=(-12, 0), args=(m,), method="bounded")
    told.append(f"| {m} | {over_maml(0.0, m):.1f} | {best.fun:.1f} |")
Markdown("\n".join(["| $m$ | equal weights | best weights |", "| ---: " * 3 + "|", *told]))

# %% [markdown]
# (when-diversity)=
# ## A distance that sees nothing
#
# The diversity coefficient takes the distance of two tasks from the Fisher information of the linear model. Let $F_1$, $F_2$ be the diagonals of the covariances, $a=F_1/(F_1+F_2)$ and $b=F_2/(F_1+F_2)$, entry by entry; the distance is one less the cosine of $a$ and $b$. Does it tell where MAML gains? The card has it for isotropic pairs of five hardness ratios, with gains far apart ($m=500$, $d=10$, $\alpha=1/\rho_E$), and for the mirrored pair, where it is positive.


# %% mystnb={"code_prompt_show": "Compute distances and gains"} tags=["hide-input"]
def diversity(first, second):
    """Return the distance of two tasks by the Fisher information of the linear model."""
    F, G = np.diag(first), np.diag(second)
    a, b = F / (F + G), G / (F + G)
    return 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)


hardness = 0.01, 0.1, math.sqrt(5) - 2, 0.5, 0.99
pairs = [(u * np.eye(10), np.eye(10)) for u in hardness]
two_points = [TaskEnvironment.hard_easy(10, u, 1.0, 1.0, 0.0, 0.0) for u in hardness]
gains = [
    np.divide(*(linear.risk_above_floor(env, w, 1.0, 500) for w in starts))
    for env in two_points
    for starts in [(linear.erm_solution(env), linear.maml_solution(env, 1.0, 500))]
]
claims.checks(
    "text:worth-needs-environments",
    [diversity(*two) for two in [*pairs, mirrored[0]]],
    [0.0] * 5 + [81 / 101],
    f"The distance is 0 for all five isotropic pairs, whose gains run from {min(gains):.2f} to {max(gains):.2f}, and {diversity(*mirrored[0]):.2f} for the mirrored pair.",
    shows=r"1-\frac{a\cdot b}{\lVert a\rVert\lVert b\rVert}",
    atol=1e-12,
    towards=True,
    refuses={"the distance of their hardness": [1 - u for u in hardness] + [0.0]},
)

# %% [markdown]
# (when-distance)=
# ## Nearer, and better
#
# MAML trained for the step that it takes, $n_2=m$. When is its start nearer to the optima on average than ERM's?

# %% mystnb={"code_prompt_show": "Decide 600 random environments"} tags=["hide-input"]
rng = np.random.default_rng(24)
ratios, distance = rng.uniform(0.05, 0.95, 600), rng.uniform(0.1, 10, 600)
dims, ends = rng.integers(1, 8, 600), np.arange(600) % 2
aim = np.where(ends, ratios, 1 / ratios)  # h at one of the two ends
close = (aim - ratios**3) * (dims + 1) / (ratios * (1 - ratios) ** 2)
sizes = np.ceil(close * np.exp(rng.normal(0, 0.2, 600)))
right = odds_at(ratios, sizes, dims)
near, better = [], []
for v, R, dim, m in zip(ratios, distance, dims, sizes, strict=True):
    env = TaskEnvironment.hard_easy(int(dim), v, 1.0, R, 0.3, 2.0)
    starts = linear.erm_solution(env), linear.maml_solution(env, 1.0, int(m))
    by_erm, by_maml = (((w - env.means) ** 2).sum(axis=1).mean() for w in starts)
    near.append(by_maml < by_erm)
    by_erm, by_maml = (linear.risk_above_floor(env, w, 1.0, int(m)) for w in starts)
    better.append(bool(by_maml < by_erm * (1 - 1e-12)))
claims.decides(
    "text:maml-better-after-adaptation",
    np.array(near),
    lambda factor: (factor * ratios < right) & (right * ratios < factor),
    "Whether MAML's start is nearer to the optima on average than ERM's.",
    shows=r"u<h<\frac1u",
    towards=True,
    refuses={"whenever MAML has the smaller risk": np.array(better)},
)

# %% [markdown]
# (when-crossover)=
# ## Fewer tasks than the crossover
#
# Chapter 5 predicts $T^*$ to first order in $\frac1T$, from the excess risk $c/T$ that training on $T$ tasks adds. Five dimensions, steps on 20 samples, 30 samples a task, noise 1:

# %% mystnb={"code_prompt_show": "Train both 200 times, with fewer and with more tasks than the crossover"} tags=["hide-input"]
rng = np.random.default_rng(14)
behind, expected = [], []
for v in (0.05, 0.1, 0.2, 0.35):
    env = TaskEnvironment.hard_easy(5, v, 1.0, 1.0, 0.1, 0.1, noise_std=1.0)
    Q = env.average(linear.adapted_covariance(env.covariances, 1.0, 20))
    crossing = linear.crossover_tasks(env, 1.0, 20, 30, 1, 10, 20)
    for factor in (0.25, 0.5, 2.0):
        T = round(factor * crossing)
        found = (
            simulate.sampled_erm_estimates(env, T, 30, 200, rng),
            simulate.sampled_maml_estimates(env, 1.0, T, 1, 10, 20, 200, rng),
        )
        offsets = [w - linear.maml_solution(env, 1.0, 20) for w in found]
        by_erm, by_maml = (np.einsum("ri,ij,rj->r", off, Q, off).mean() for off in offsets)
        behind.append(by_erm < by_maml)
        expected.append(factor < 1)
claims.decides(
    "text:erm-at-less-cost",
    np.array(behind),
    np.array(expected),
    "Whether trained ERM has the smaller excess risk: at a quarter, half and twice $T^*$ tasks, four hardness ratios.",
    shows=r"T<T^*=\frac{c_{MAML}-c_{ERM}}{\mathcal E_m(w^*_{ERM})-\mathcal E_m(w^*_{MAML})}",
    refuses={"never, as population solutions have it": np.full(12, False)},
)

# %% [markdown]
# (when-sinusoids)=
# ## Sinusoids
#
# A task is $y=a\sin(x+b)$ with $a$ from $[0.1,5]$, $b$ from $[0,\pi]$, and $x$ from $[-5,5]$; ten points to adapt to. First, fixed features $\psi(x)$ and a linear head. All tasks have the covariance $E\psi\psi^\top$. The inputs $\psi(x)$ are far from Gaussian, and the targets not linear in them; still every normal equation is linear in the targets, so that both starts depend on the *mean* target alone,
# $\bar y(x)=\frac{2.55\cdot2}\pi\cos x$. If the features can represent it, both learners find the head that does. If they cannot, what is left over moves MAML's start a little, as its product with the step is not zero on a batch. ERM's start is least squares for $\bar y$. MAML's minimises the mean of the loss after the step, over 400 batches.


# %% mystnb={"code_prompt_show": "Both starts on fixed features, and what a step leaves"} tags=["hide-input"]
X_GRID = np.linspace(-5, 5, 401)
rng = np.random.default_rng(5)


def mean_target(x):
    return 2.55 * 2 / np.pi * np.cos(x)


def starts_on(features, step, m=10, batches=400):
    """Return the heads at which ERM and MAML start."""
    psi = features(X_GRID)
    sigma, moment = psi.T @ psi / len(X_GRID), psi.T @ mean_target(X_GRID) / len(X_GRID)
    ridge = 1e-10 * np.trace(sigma) * np.eye(len(sigma))
    x = rng.uniform(-5, 5, (batches, m))
    batch = features(x.ravel()).reshape(batches, m, -1)
    left = np.eye(len(sigma)) - step / m * batch.swapaxes(1, 2) @ batch
    slopes = np.einsum("bmi,bm->bi", batch, mean_target(x)) / m
    curvature = (left @ sigma @ left).mean(axis=0)
    pull = np.einsum("bij,bj->i", left, moment - step * slopes @ sigma) / batches
    return np.linalg.solve(sigma + ridge, moment), np.linalg.solve(curvature + ridge, pull)


def error_after(heads, features, step, m=10, tasks=400):
    """Return the mean squared error after a step of the head, on the same tasks for all heads."""
    psi, x = features(X_GRID), rng.uniform(-5, 5, (tasks, m))
    a, b = rng.uniform(0.1, 5, (tasks, 1)), rng.uniform(0, np.pi, (tasks, 1))
    batch = features(x.ravel()).reshape(tasks, m, -1)
    errors = []
    for w in heads:
        adapted = w - step / m * np.einsum("bmi,bm->bi", batch, batch @ w - a * np.sin(x + b))
        errors.append(((adapted @ psi.T - a * np.sin(X_GRID + b)) ** 2).mean())
    return errors


# %% [markdown]
# Then features that are learned: a network of two hidden layers of 40 units, trained by MAML or by ERM for 300 iterations of 25 tasks (MAML with ten points for the step and ten for the loss, ERM with all twenty).

# %% mystnb={"code_prompt_show": "The network, its tasks and a step"} tags=["hide-input"]
WIDTH, RATE = 40, 0.02


def network(values, x):
    """Return outputs and last hidden layer for weights (tasks, ...) and inputs (tasks, n, 1)."""
    for k in (0, 2):
        x = torch.tanh(torch.einsum("tni,tki->tnk", x, values[k]) + values[k + 1][:, None])
    return torch.einsum("tni,tki->tnk", x, values[4]) + values[5][:, None], x


def sinusoids(tasks, n, generator):
    """Return amplitudes and phases (tasks, 1, 1), inputs and targets (tasks, n, 1)."""
    a, b = (torch.rand(tasks, 1, 1, generator=generator) for _ in range(2))
    a, b = 0.1 + 4.9 * a, math.pi * b
    x = 10 * torch.rand(tasks, n, 1, generator=generator) - 5
    return a, b, x, a * torch.sin(x + b)


def adapt(values, x, y, step, create=False):
    """Return the weights of each task after a step on half its mean squared error."""
    loss = ((network(values, x)[0] - y) ** 2).mean(dim=(1, 2)).sum() / 2
    slopes = torch.autograd.grad(loss, values, create_graph=create)
    return [value - step * slope for value, slope in zip(values, slopes, strict=True)]


# %% mystnb={"code_prompt_show": "Train two networks by MAML and two by ERM"} tags=["hide-input"]
def trained(learner, seed, iterations=300, tasks=25):
    """Return the weights after training by Adam."""
    draw = torch.Generator().manual_seed(seed)
    shapes = [(WIDTH, 1), (WIDTH,), (WIDTH, WIDTH), (WIDTH,), (1, WIDTH), (1,)]
    scales = [1, 1, WIDTH**-0.5, 0, WIDTH**-0.5, 0]
    values = [
        s * torch.randn(shape, generator=draw) for shape, s in zip(shapes, scales, strict=True)
    ]
    values = [value.requires_grad_() for value in values]
    optimiser = torch.optim.Adam(values, 2e-3)
    for _ in range(iterations):
        _, _, x, y = sinusoids(tasks, 20, draw)
        each = [value.expand(tasks, *value.shape) for value in values]
        if learner == "MAML":
            each, x, y = adapt(each, x[:, :10], y[:, :10], RATE, create=True), x[:, 10:], y[:, 10:]
        optimiser.zero_grad()
        ((network(each, x)[0] - y) ** 2).mean().backward()
        optimiser.step()
    return [value.detach() for value in values]


torch.set_num_threads(1)
weights = {(name, seed): trained(name, seed) for name in ("ERM", "MAML") for seed in (0, 1)}


# %% mystnb={"code_prompt_show": "Errors after a step of the whole network, and of the head from its best start"} tags=["hide-input"]
STEPS = np.array([0.0, 0.01, 0.02, 0.03, 0.05, 0.08])


def whole_network(values, step, tasks=1000):
    """Return the mean squared error after a step of all weights."""
    a, b, x, y = sinusoids(tasks, 10, torch.Generator().manual_seed(9))
    each = [value.expand(tasks, *value.shape).clone().requires_grad_() for value in values]
    points = torch.linspace(-5, 5, 201)[None, :, None].expand(tasks, -1, -1)
    moved = adapt(each, x, y, step)
    return ((network(moved, points)[0] - a * torch.sin(points + b)) ** 2).mean().item()


def features_of(values):
    """Return the last hidden layer as a function, with a constant."""
    return lambda x: np.column_stack(
        [
            network([v[None] for v in values], torch.tensor(x[None, :, None]).float())[1][
                0
            ].double(),
            np.ones(len(x)),
        ]
    )


whole = {key: [whole_network(values, step) for step in STEPS] for key, values in weights.items()}
frozen = {
    key: [error_after(starts_on(features, step), features, step) for step in STEPS[1:]]
    for key, values in weights.items()
    for features in [features_of(values)]
}


# %% mystnb={"code_prompt_show": "Draw the errors", "figure": {"caption": "Mean squared error on sinusoids after one step on ten points, over the step size, for networks trained by ERM and by MAML (two seeds each). Above: the whole network takes the step. Below: its features are frozen, and the head takes the step from *its* best start, that of ERM and that of MAML (dots), which coincide. **Notice** that below there is no gain from the start, and a large one from the features.", "name": "fig-sinusoids"}, "image": {"classes": "upright", "alt": "Two panels over the step from 0 to 0.08. Above: the two curves of ERM start near 3.1 and rise from the middle on, to 3.5 and 4; those of MAML start there too, are lowest at 0.05 with about 1.5, and rise again. Below: ERM's curves stay near 3, MAML's fall from 2.6 to about 1; dots of the other start lie on every curve."}} tags=["hide-input"]
figure, axes = plt.subplots(2, 1, figsize=(5, 5.8), sharex=True)
for (name, seed), curve in whole.items():
    axes[0].plot(STEPS, curve, **plotting.LINES[name], label=name if seed == 0 else None)
    erm, maml = np.array(frozen[name, seed]).T
    axes[1].plot(STEPS[1:], erm, **plotting.LINES[name])
    axes[1].plot(STEPS[1:], maml, "o", ms=4, color=plotting.LINES[name]["color"])
for axis, title in zip(axes, ("the whole network", "the head on frozen features"), strict=True):
    axis.set(ylabel="error after the step", ylim=(0, 4.5), title=title)
axes[0].legend()
axes[1].set(xlabel=r"step $\alpha$")
figure

# %% mystnb={"code_prompt_show": "Check what the picture shows"} tags=["hide-cell"]
for seed in (0, 1):
    above, below = ({name: one[name, seed] for name in ("ERM", "MAML")} for one in (whole, frozen))
    assert f"{above['ERM'][0]:.1f} {above['MAML'][0]:.1f}" in ("3.1 3.1", "3.1 3.2")
    assert STEPS[np.argmin(above["MAML"])] == 0.05 and abs(min(above["MAML"]) - 1.5) < 0.15
    assert min(abs(above["ERM"][-1] - end) for end in (3.5, 4.0)) < 0.1
    assert max(abs(erm - 3) for erm, _ in below["ERM"]) < 0.25
    assert abs(below["MAML"][0][1] - 2.55) < 0.1 and abs(below["MAML"][-1][1] - 1) < 0.1

# %% mystnb={"code_prompt_show": "Compare the starts on frozen features"} tags=["hide-input"]
places, slopes = rng.uniform(-5, 5, 40), rng.normal(size=40)


def random_features(x):
    return np.tanh(slopes * (x[:, None] - places))


pairs = [error_after(starts_on(random_features, 0.03), random_features, 0.03)]
pairs += [pair for found in frozen.values() for pair in found]
gains = [erm / maml for erm, maml in pairs]
claims.checks(
    "eq:5",
    gains,
    [1.0] * len(gains),
    "The gain of MAML's start over ERM's on random features at one step, and on those of four networks at five steps each.",
    shows=r"w_{MAML}^*=E[Q]^{-1}E[Qw_i^*]=E[w_i^*]=w_{ERM}^*",
    rtol=1e-4,
    towards=True,
    refuses={
        "the gain of the whole network": [min(whole["ERM", 0]) / min(whole["MAML", 0])] * len(gains)
    },
)

# %% mystnb={"code_prompt_show": "Compare the features"} tags=["hide-input"]
best_whole = {key: min(curve) for key, curve in whole.items()}
best_head = {key: min(pair[0] for pair in pairs) for key, pairs in frozen.items()}
data = [
    [best["MAML", seed] / best["ERM", seed] for seed in (0, 1)] for best in (best_whole, best_head)
]
claims.judges(
    "text:maml-adapts-faster",
    data,
    lambda shares: [share < 2 / 3 for share in np.ravel(shares)],
    "After one step MAML's networks leave less than ERM's, and so do their features under a head at its best start.",
    verdict="reproduced",
    rule="at its own best step, MAML leaves less than two thirds of the error that ERM leaves",
    scale="sinusoids, two seeds, 300 of 70,000 iterations",
    refuses={"the start of the head alone": [[1.0, 1.0], [1.0, 1.0]]},
)

# %% [markdown]
# ## Other work
#
# Three sentences of the paper's introduction are about other work:

# %% mystnb={"code_prompt_show": "Three quotations"} tags=["hide-input"]
claims.quotes(
    "text:maml-adapts-faster text:few-works-ask-why text:first-characterisation",
    "Said in 2020: of experiments, and of works on convergence rates. Later ones ask for the best step and for the start that local updates find.",
    source="Finn et al. 2017, and the works that §1.1 cites; Zou et al. 2022 and Charles and Konečný 2021, by their abstracts",
)

# %% [markdown]
# Back to [chapter 11](11_when_to_use_maml).
