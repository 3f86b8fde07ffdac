# %% [markdown]
# # Logistic regression, line by line
#
# > **The paper, Fig. 7.** "Logistic regression results in analogous setting to $m=500$ column in Figure 2 ($T=2$ tasks, $d=10$ dimensions). […] MAML again initializes closer to the harder task,
# > and has smaller excess risk for appropriate $\rho_H$."
#
# [Chapter 6](06_logistic) tells under which inner rate this caption is true. This page is for readers who want to see what it rests on: its integrals and expansions against samples, training beside the population's solutions, and the places
# where the slope at the midpoint does not tell the whole story.
#
# **What you will do.** Put every step of chapter 6 to a test.
#
# **What you will learn.** How far a quadrature and an expansion in $1/m$ can be trusted; that an objective of MAML can have two valleys.
#
# **What you need.** [Chapter 6](06_logistic), and C.1's protocol from [Trained solutions](16_trained_solutions).

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
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from scipy import linalg, stats
from scipy.optimize import brentq
from scipy.special import expit

from paperlib import claims, linear, logistic, plotting
from paperlib.environments import TaskEnvironment
from paperlib.gaussian import gauss_hermite

plotting.use_book_style()

# %% [markdown]
# ## Fig. 7: what the caption leaves open
#
# There is no definition of the labels, no inner rate, no metric. Two tasks of equal probability, $d=10$, inputs $N(0,\rho_iI)$ with $\rho_E=1$, and $n_2=m=500$ are those of Figure 2. Four things must be chosen.
#
# - *Labels.* Drawn with $P(y=1\mid x)=s(\langle w^*,x\rangle)$, $s(t)=1/(1+e^{-t})$, which is the logistic model; or deterministic, $y=1$ if $\langle w^*,x\rangle>0$.
# - *Inner rate.* §3.1 takes "the inverse of the largest task smoothness parameter ($\frac1{\rho_E}$ in this case)". For a logistic loss these are two different numbers.
# - *Scale.* In linear regression nothing depends on the length of $w^*$. Here it decides how curved the loss is. We write $w^*=\pm\gamma1_d$; the analogue has $\gamma=1$.
# - *Metric.* The risk above the floor, $F_m(w)-N$, where $N$ is the mean of the tasks' own infima; or the excess risk (2), $F_m(w)-\inf F_m$. They differ by a constant, so they rank two starts alike.
#
# Chapter 6 reads the inner rate in two ways: reading A is $\alpha=1/\rho_E$, reading B $\alpha=4/\rho_E$. With deterministic labels a task has no optimum: the loss falls towards zero as $w$ grows along $w^*$. "Closer to the harder task" then means: on its side of the midpoint.
#
# (logistic-integrals)=
# ## The three integrals
#
# The loss of a task with covariance $\Sigma$, its gradient and its Hessian are
#
# $$
# \begin{aligned}
# f(w)&=E\log(1+e^u)-c\;w^\top\Sigma w^*,\\
# \nabla f(w)&=\Sigma\,\bigl(E[s'(u)]\,w-c\,w^*\bigr),\\
# \nabla^2f(w)&=E[s'(u)]\,\Sigma+E[s'''(u)]\,\Sigma ww^\top\Sigma,
# \end{aligned}
# $$
#
# with $u=\langle w,x\rangle$, $c=E[s'(\langle w^*,x\rangle)]$, and for deterministic labels the density of $\langle w^*,x\rangle$ at zero. The integrals are computed by Gauss–Hermite quadrature. Its order must grow with the standard deviation of $u$, since $s'(\sigma z)$ has poles at $z=\pm i\pi/\sigma$. We raise it until the value stops moving. The cell
# asserts that the last value is that of `logistic.gaussian_means`, which beyond $\sigma=1$ uses another rule. (There $s'$ is read as the density of a logistic variable $L$, so that $E[s'(u)]$ is the density of $u+L$ at zero, a smooth mean over $L$.)


# %% mystnb={"code_prompt_show": "Raise the order of the quadrature"} tags=["hide-input"]
def third_by_order(std, order):
    """Return E s'''(u), u of the given standard deviation, by the Gauss–Hermite rule of an order."""
    nodes, transform = gauss_hermite(order)
    first = expit(std * nodes) * expit(-std * nodes)
    return transform[0] ** 2 @ (first * (1 - 6 * first))


orders, stds = (32, 64, 128, 256, 512), (0.5, 1.0, 2.0, math.sqrt(10))
by_order = [[third_by_order(std, order) for order in orders] for std in stds]
library = logistic.gaussian_means(stds)
own_error = np.abs(library - logistic.gaussian_means(stds, coarse=True)).max()
assert own_error < 1e-11
np.testing.assert_allclose(np.array(by_order)[:, -1], library[2], rtol=0, atol=1e-13)


# %% tags=["remove-input"]
def power(error):
    """Return the power of ten just above an error, or a floor that all machines reach."""
    return f"$10^{{{max(-12, math.ceil(math.log10(max(error, 1e-13))))}}}$"


rows = [
    f"| {std:.2f} | " + " | ".join(power(abs(v - row[-1])) for v in row[:-1]) + " |"
    for std, row in zip(stds, by_order, strict=True)
]
head = "| $\\sigma$ | " + " | ".join(f"order {order}" for order in orders[:-1]) + " |"
Markdown(
    "Change of $E[s'''(u)]$ on going to order 512, rounded up to powers of ten (not below $10^{-12}$):\n\n"
    + "\n".join([head, "| --- |" + " --- |" * (len(orders) - 1), *rows])
)

# %% [markdown]
# Are the formulas right? Draw inputs and labels of a task with correlated inputs, and average the loss and its gradient over the sample, sample by sample.

# %% mystnb={"code_prompt_show": "Write loss and gradient, by sample and by formula"} tags=["hide-input"]
rng = np.random.default_rng(1)
factor = rng.normal(size=(3, 3))
COVARIANCE = factor @ factor.T / 3 + 0.2 * np.eye(3)
W, W_STAR = np.array([0.6, -0.4, 1.0]), np.array([1.0, 0.5, -0.8])


def losses_and_gradients(labels, n=200_000):
    """Return the loss and the gradient at W of n samples, side by side: (n, 4)."""
    task = TaskEnvironment.finite_tasks([COVARIANCE], [W_STAR])
    X, y = (part[0] for part in logistic.sample_data(task, [0], [W_STAR], n, rng, labels))
    u = X @ W
    return np.column_stack([np.logaddexp(0, u) - y * u, (expit(u) - y)[:, None] * X])


def formulas(labels, term=1.0):
    """Return the population loss and gradient at W; `term` multiplies the part that the labels give."""
    c = term * logistic.label_slope(math.sqrt(W_STAR @ COVARIANCE @ W_STAR), labels)
    softplus, first, _ = logistic.gaussian_means(math.sqrt(W @ COVARIANCE @ W))
    return [softplus - c * W @ COVARIANCE @ W_STAR, *COVARIANCE @ (first * W - c * W_STAR)]


# %% mystnb={"code_prompt_show": "Compare on 200,000 samples"} tags=["hide-input"]
simulated = {labels: losses_and_gradients(labels) for labels in ("bernoulli", "sign")}
claims.samples(
    "fig:7",
    np.hstack(list(simulated.values())),
    formulas("bernoulli") + formulas("sign"),
    "Loss and gradient of both kinds of labels are the means over 200,000 samples.",
    refuses={"the labels' term of drawn labels for signs": formulas("bernoulli") * 2},
    towards=True,
)

# %% [markdown]
# The library computes the same numbers, and its Hessian is the derivative of its gradient; the cell asserts both.

# %% mystnb={"code_prompt_show": "Compare with the library"} tags=["hide-input"]
for labels in ("bernoulli", "sign"):
    value = logistic.population_loss(W, W_STAR, COVARIANCE, labels)
    gradient = logistic.population_gradient(W, W_STAR, COVARIANCE, labels)
    np.testing.assert_allclose([value, *gradient], formulas(labels), atol=1e-12)
h, axes = 1e-4, np.eye(3)
ahead, behind = (
    logistic.population_gradient(W + sign * h * axes, W_STAR, COVARIANCE) for sign in (1, -1)
)
np.testing.assert_allclose(
    (ahead - behind) / (2 * h), logistic.population_hessian(W, COVARIANCE), atol=1e-8
)

# %% [markdown]
# ## Fig. 7, caption: the curvature
#
# For $\Sigma=\rho I$ and $\sigma=\sqrt\rho\,\lVert w\rVert$ the eigenvalues across and along $w$ are $\lambda_\perp=\rho\,E[s'(\sigma z)]$ and $\lambda_\parallel=\rho\,E[s'(\sigma z)z^2]$. For large $\sigma$ they fall like
#
# $$
# \lambda_\perp\simeq\frac{\rho}{\sqrt{2\pi}\,\sigma},\qquad\lambda_\parallel\simeq\frac{\pi^2}{3}\,\frac{\rho}{\sqrt{2\pi}\,\sigma^3}\qquad(\sigma\to\infty).
# $$


# %% mystnb={"code_prompt_show": "Go far out"} tags=["hide-input"]
def eigenvalues(rho, sigma):
    """Return the eigenvalues of the Hessian across and along w, for Σ = ρI and √ρ‖w‖ = σ."""
    _, first, third = logistic.gaussian_means(sigma)
    return rho * np.array([first, first + sigma**2 * third])


far = np.array([1e3, 1e4])
scale = 1 / (math.sqrt(2 * math.pi) * far)
limits = np.array([scale, math.pi**2 / 3 * scale / far**2])
claims.checks(
    "text:logistic-strong-convexity",
    eigenvalues(1.0, far),
    limits,
    "Both eigenvalues go to zero as $w$ grows, the one along $w$ with the cube of its length.",
    rtol=1e-4,
    refuses={"along $w$ as across": [scale, scale]},
)

# %% [markdown]
# Hence no positive number is a strong convexity parameter of a logistic loss, and $\rho$ lies above even the largest curvature. The formulas are tested on random $w$ and $\Sigma$:

# %% mystnb={"code_prompt_show": "Find the largest eigenvalue at 50 points"} tags=["hide-input"]
largest = []
for length in (0, *[3] * 49):
    factor = rng.normal(size=(4, 4))
    covariance = factor @ factor.T / 4 + 0.1 * np.eye(4)
    hessian = logistic.population_hessian(length * rng.normal(size=4), covariance)
    assert np.linalg.eigvalsh(hessian)[0] > 0
    largest.append(linalg.eigvalsh(hessian, covariance)[-1])
claims.bounds(
    "text:logistic-strong-convexity",
    largest,
    r"The largest eigenvalue of $\Sigma^{-1}\nabla^2f$ at 50 points, of which $w=0$ is one; the smallest is positive.",
    below=[0.25] * 50,
    atol=1e-12,
    shows=r"0\prec\nabla^2f_i(w)\preceq\frac14\Sigma_i",
    refuses={"a fifth": [0.2] * 50},
)

# %% tags=["remove-input"]
VARIANCES = np.geomspace(0.02, 1, 60)
peak = VARIANCES[eigenvalues(VARIANCES, np.sqrt(10 * VARIANCES))[1].argmax()]
values = {rho: eigenvalues(rho, math.sqrt(10 * rho)) for rho in (0.2, 0.7, 1.0)}
assert values[0.7][1] > values[1.0][1]
steep = {rho: eigenvalues(rho, 3 * math.sqrt(10 * rho))[1] for rho in (0.1, 1.0)}
Markdown(
    f"At the optimum $1_d$ of the task with $\\rho_H=0.2$ the eigenvalues are {values[0.2][1]:.4f} along it and {values[0.2][0]:.4f} across; at that of the easy task "
    f"{values[1.0][1]:.4f} and {values[1.0][0]:.4f}. The smallest eigenvalue is not even monotone: it is largest near $\\rho={peak:.1f}$, and a task with $\\rho=0.7$ ({values[0.7][1]:.4f}) "
    f"is no flatter at its optimum than the easy one. For $\\gamma=3$ the order is reversed: {steep[0.1]:.4f} at $\\rho=0.1$ and {steep[1.0]:.4f} at $\\rho=1$."
)

# %% [markdown]
# ## Everything happens on a line
#
# Rotate the inputs about the axis $e=1_d/\sqrt d$. With $\Sigma=\rho I$ neither task changes, so ERM's and MAML's objectives take equal values at $w$ and at the rotated $w$. ERM's is strictly convex; its
# minimiser is unique, so no rotation moves it, so it lies on the axis. MAML's need not be convex. For it we search in all ten dimensions, by BFGS from six random starts, each polished until the gradient is below $10^{-10}$.


# %% mystnb={"code_prompt_show": "Descend in ten dimensions from random starts"} tags=["hide-input"]
def two_tasks(rho_hard, gamma=1.0, dim=10):
    """Return the environment of Figure 7: optima ±γ·1, the hard task first."""
    optimum = gamma * np.ones(dim)
    return TaskEnvironment.two_tasks(dim, rho_hard, 1.0, optimum, -optimum)


env = two_tasks(0.2)
ends = {}
for alpha in (0.0, 1.0, 4.0):
    starts = 1.5 * rng.normal(size=(6, 1, 10))
    ends[alpha] = np.array([logistic.maml_solution(env, alpha, starts=start) for start in starts])
    assert np.ptp(ends[alpha]) < 1e-8
    assert (
        np.linalg.norm(logistic.post_adaptation_gradient(env, ends[alpha], alpha), axis=1).max()
        < 1e-10
    )
rows = [f"| {alpha:g} | {end.mean():.4f} |" for alpha, end in ends.items()]
head = "| $\\alpha$ | every coordinate, $\\rho_H=0.2$ |"
Markdown("\n".join([head, "| --- | --- |", *rows]).replace("-0", "−0"))

# %% [markdown]
# All starts end in one point, and all its coordinates are equal. ($\alpha=0$ is ERM.) From here on we look for minimisers along the axis only, where a fine grid cannot miss the lowest valley: scan, then zoom in.

# %% mystnb={"code_prompt_show": "Scan the axis, then zoom in"} tags=["hide-input"]
AXIS = np.ones(10)


def risk_after(env, w, alpha, m, labels="bernoulli"):
    """Return F_m at w: exact for the full gradient; for finite m the approximation of the next section."""
    return logistic.approximate_post_adaptation_risk(env, w, alpha, m, labels)[0]


def lowest(env, alpha, m=math.inf, labels="bernoulli", levels=5):
    """Return the lowest point of F_m on the axis, as a multiple of 1."""
    reach = 8 / math.sqrt(10) if labels == "sign" else 2 * env.means[0, 0]
    grid = np.linspace(-reach, reach, 201)
    for _ in range(levels):
        risks = risk_after(env, grid[:, None] * AXIS, alpha, m, labels)
        k = int(np.clip(risks.argmin(), 1, len(grid) - 2))
        best, grid = grid[k], np.linspace(grid[k - 1], grid[k + 1], 21)
    return best


for alpha, end in ends.items():
    assert abs(lowest(env, alpha) - end.mean()) < 1e-5

# %% [markdown]
# (logistic-samples)=
# ## Adaptation on $m$ samples
#
# With $m$ samples the adapted parameter is $w'+\alpha\eta$, where $w'=w-\alpha\nabla f(w)$ and $\eta$ has mean zero and covariance $C/m$, $C=\mathrm{Cov}\,\nabla\ell(w)$. Expand the loss about $w'$ to second order and average:
#
# $$
# F_m(w)\approx F_\infty(w)+\frac{\alpha^2}{2m}\,E_i\,\mathrm{tr}\bigl(\nabla^2f_i(w')\,C_i(w)\bigr).
# $$
#
# For linear regression this is exact. Here the next terms are of order $1/m^2$, and `logistic.approximate_post_adaptation_risk` returns a bound of them too. It follows from Taylor's formula, the moments of $\eta$, $|s''|\le\frac1{6\sqrt3}$ and
# $|s'''|\le\frac18$. $C$ needs the mean of $(s(u)-y)^2xx^\top$, a double integral in general and a single one on the axis. Against a literal simulation of (1), at three starts and two rates, with common random numbers:

# %% mystnb={"code_prompt_show": "Compare with simulated steps"} tags=["hide-input"]
STARTS = np.array([-0.3, 0.0, 0.3])[:, None] * AXIS
both = [
    logistic.sampled_post_adaptation_risk(env, STARTS, alpha, 500, 1500, np.random.default_rng(2))
    for alpha in (1.0, 4.0)
]
expansion = [risk_after(env, STARTS, alpha, 500) for alpha in (1.0, 4.0)]
without = [logistic.post_adaptation_risk(env, STARTS, alpha) for alpha in (1.0, 4.0)]
claims.samples(
    "fig:7",
    np.hstack(both),
    np.concatenate(expansion),
    "At $m=500$ the expansion is the mean risk after simulated steps.",
    refuses={"the full gradient's risk": np.concatenate(without)},
    towards=True,
)

# %% tags=["remove-input"]
few = logistic.sampled_post_adaptation_risk(
    env, STARTS, 4.0, 100, 1500, np.random.default_rng(3)
).mean(axis=0)
shares = []
for alpha, m in ((1.0, 500), (4.0, 500), (4.0, 100)):
    risk, bound = logistic.approximate_post_adaptation_risk(env, STARTS, alpha, m)
    term = risk - logistic.post_adaptation_risk(env, STARTS, alpha)
    shares.append(100 * (bound / term).max())
gap = (risk - few)[-1]
assert 0 < gap < bound[-1]
Markdown(
    f"At $m=500$ the bound is at most {shares[0]:.1f}% of the term in $1/m$ for $\\alpha=1$, and {shares[1]:.1f}% for $\\alpha=4$. "
    f"Where steps are long and samples few the expansion is less good. At $\\alpha=4$, $m=100$, $w=0.3\\cdot1_d$ the term is {term[-1]:.3f}; the bound allows an error of {shares[2]:.0f}% of it, and the simulation finds about {100 * gap / term[-1]:.0f}% less than the term. "
    "We use the expansion for the curves, and take the readings of chapter 6 with $m=100$ as approximate."
)

# %% [markdown]
# ## Fig. 7: the risks
#
# Chapter 6 judges the caption at 17 values of $\rho_H$ from 0.1 to 0.9. We solve for ERM and MAML there, at both inner rates:

# %% mystnb={"code_prompt_show": "Solve for ERM and MAML at 17 hardnesses"} tags=["hide-input"]
JUDGED = np.linspace(0.1, 0.9, 17)


def curves(hardness, alpha, m=500, labels="bernoulli", gamma=1.0, levels=5):
    """Return places (in units of γ) and risks above the floor of ERM and MAML: two arrays (2, k)."""
    places, risks = [], []
    for rho in hardness:
        env = two_tasks(rho, gamma)
        pair = [
            lowest(env, rate, size, labels, levels) for rate, size in ((0.0, math.inf), (alpha, m))
        ]
        values = risk_after(env, np.outer(pair, AXIS), alpha, m, labels)
        places.append(np.array(pair) / gamma)
        risks.append(values - logistic.label_entropy(env, labels))
    return np.transpose(places), np.transpose(risks)


computed = {alpha: curves(JUDGED, alpha) for alpha in (1.0, 4.0)}

# %% tags=["remove-input"]
gains = {alpha: risks[0] / risks[1] for alpha, (_, risks) in computed.items()}
errors = {}
for alpha, (places, risks) in computed.items():
    pairs = zip(JUDGED, places.T, risks.T, strict=True)
    errors[alpha] = max(
        (
            logistic.approximate_post_adaptation_risk(
                two_tasks(rho), np.outer(pair, AXIS), alpha, 500
            )[1]
            / risk
        ).max()
        for rho, pair, risk in pairs
    )
most = {alpha: (1 + error) / (1 - error) for alpha, error in errors.items()}
assert gains[1.0].max() * most[1.0] < 1 / 0.9 < gains[4.0].max() / most[4.0]
assert f"{100 * max(errors.values()):.1f}" == "0.4" and 0.4 < 1 - 1 / gains[4.0].max() < 0.45
in_figure_2 = [
    linear.risk_above_floor(env, linear.erm_solution(env), 1.0, 500)
    / linear.risk_above_floor(env, linear.maml_solution(env, 1.0, 500), 1.0, 500)
    for env in map(two_tasks, JUDGED)
]
Markdown(
    f"The expansion's error is by its bound at most {100 * max(errors.values()):.1f}% of a risk above the floor here: no verdict of chapter 6 hangs on it. "
    f"In Figure 2, with the same $m$ and $\\alpha=1/\\rho_E$, ERM's risk is up to {max(in_figure_2):.2f} times MAML's on this grid; here up to {gains[1.0].max():.2f} times at $\\alpha=1/\\rho_E$ and {gains[4.0].max():.2f} times at $\\alpha=4/\\rho_E$."
)

# %% [markdown]
# ## Fig. 7, caption: the smaller risk
#
# With $n_2=m$ MAML minimises $F_m$ itself, so that its risk is the smaller one by definition. The solutions found have it:

# %% mystnb={"code_prompt_show": "Compare the risks above the floor"} tags=["hide-input"]
erm_risk, maml_risk = np.concatenate([risks for _, risks in computed.values()], axis=1)
claims.bounds(
    "text:logistic-smaller-risk",
    maml_risk,
    r"MAML's risk above the floor, below ERM's at every $\rho_H$ in $[0.1,0.9]$ and both rates.",
    below=erm_risk,
    refuses={"a tenth below ERM's": 0.9 * erm_risk},
)

# %% [markdown]
# Is MAML's place, found from the expansion, that of the simulated objective? There the slope of $F_m$ must vanish. We simulate it, by central differences with common random numbers:


# %% mystnb={"code_prompt_show": "Simulate the slope at the solutions"} tags=["hide-input"]
def simulated_slopes(alpha, place, rho_hard=0.3, h=0.05, draws=1000):
    """Return draws of the slope of F_m along the axis at a place, m = 500."""
    points = np.array([place + h, place - h])[:, None] * AXIS
    generator = np.random.default_rng(4)
    pair = logistic.sampled_post_adaptation_risk(
        two_tasks(rho_hard), points, alpha, 500, draws, generator
    )
    return (pair[:, 0] - pair[:, 1]) / (2 * h)


found = {alpha: lowest(two_tasks(0.3), alpha, 500) for alpha in (1.0, 4.0)}
slopes = np.column_stack([simulated_slopes(alpha, place) for alpha, place in found.items()])


def slope(alpha, place, rho_hard=0.3, h=0.05):
    """Return the slope of the expansion of F_m along the axis, m = 500."""
    points = np.array([place + h, place - h])[:, None] * AXIS
    return -np.diff(risk_after(two_tasks(rho_hard), points, alpha, 500))[0] / (2 * h)


claims.samples(
    "fig:7",
    slopes,
    [0.0, 0.0],
    "The slope of the simulated $F_m$ vanishes at both MAML solutions.",
    refuses={
        "the slopes where the other rate has its solution": [
            slope(1.0, found[4.0]),
            slope(4.0, found[1.0]),
        ]
    },
    towards=True,
)

# %% [markdown]
# (logistic-training)=
# ## C.1: training, for comparison
#
# Beside the population solutions we put what training finds, with the protocol of [C.1](16_trained_solutions): 5,000 tasks one by one, $n_2=500$ inner and $n_1=25$ outer samples for MAML, all 525 for ERM; learning rates
# $n_2/10000=0.05$ and $0.025$; start at zero; five repetitions. Within a repetition all points and methods share their random numbers. The risk of the last iterate is computed, not sampled.


# %% mystnb={"code_prompt_show": "Descend by C.1, 5,000 tasks five times"} tags=["hide-input"]
def descend(rho_hard, seed, tasks=5000):
    """Return the last iterates (3, k, 10) of SGD for k hard variances: ERM, MAML with α = 1 and with α = 4."""
    rng, rho = np.random.default_rng(seed), np.asarray(rho_hard)[:, None]
    erm, maml = np.zeros((len(rho), 10)), np.zeros((2, len(rho), 10))
    step = np.array([1.0, 4.0])[:, None, None] / 500
    for hard in rng.random(tasks) < 0.5:
        Z, noise = rng.standard_normal((525, 10)), rng.random(525)
        scale = np.sqrt(rho) if hard else np.ones_like(rho)
        y = noise < expit((1 if hard else -1) * scale * Z.sum(axis=1))
        erm = erm - 0.025 / 525 * scale * ((expit(scale * (erm @ Z.T)) - y) @ Z)
        inner, outer = Z[:500], Z[500:]
        p = expit(scale * (maml @ inner.T))
        adapted = maml - step * scale * ((p - y[:, :500]) @ inner)
        g = scale / 25 * ((expit(scale * (adapted @ outer.T)) - y[:, 500:]) @ outer)
        bend = p * (1 - p) * (g @ inner.T)
        maml = maml - 0.05 * (g - step * scale**2 * (bend @ inner))
    return np.array([erm, *maml])


TRAINED = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
runs = np.stack([descend(TRAINED, seed) for seed in range(5)], axis=2)
iterates = dict(zip((0.0, 1.0, 4.0), runs, strict=True))


# %% mystnb={"code_prompt_show": "Find places and risks of the last iterates"} tags=["hide-input"]
def trained_marks(alpha):
    """Return places and risks above the floor of trained ERM and MAML: two arrays (2, k, 5)."""
    pair = np.stack([iterates[0.0], iterates[alpha]])
    risks = [
        risk_after(two_tasks(rho), pair[:, k], alpha, 500) - logistic.label_entropy(two_tasks(rho))
        for k, rho in enumerate(TRAINED)
    ]
    return pair.mean(axis=-1), np.stack(risks, axis=1)


marks = {alpha: trained_marks(alpha) for alpha in (1.0, 4.0)}


# %% mystnb={"code_prompt_show": "Draw Figure 7 with what training finds", "figure": {"caption": "The analogue of Figure 7, $m=500$, with trained solutions. Left: $\\alpha=1/\\rho_E$. Right: $\\alpha=4/\\rho_E$. From above: first coordinate of both solutions, which above the grey line are closer to the hard task; risk above the floor. Lines are population solutions, marks the means of five runs of SGD with 95% $t$-intervals. **Notice** that with the longer step MAML is above the grey line at every variance drawn, and that with the shorter one the risks can hardly be told apart.", "name": "fig-logistic-trained"}, "image": {"classes": "upright", "alt": "Two columns of two panels over the hard task's input variance from 0.1 to 0.9. Marks of trained ERM lie near their lines; those of trained MAML near theirs, with a larger spread in the left column. In the right one MAML's coordinate is about 0.3 and its risk clearly below ERM's."}} tags=["hide-input"]
def with_intervals(axis, values, name):
    """Draw the means of five runs with their 95% t-intervals."""
    half = stats.t.ppf(0.975, df=4) * values.std(axis=1, ddof=1) / math.sqrt(5)
    look = {**plotting.MARKS[name], "ms": 4, "elinewidth": 1.2, "label": f"_{name}"}
    axis.errorbar(TRAINED, values.mean(axis=1), half, **look)


def figure_7_trained():
    """Draw places and risks over the hard task's variance, a column a reading."""
    figure, rows = plt.subplots(2, 2, figsize=(5, 5), sharex=True, sharey="row")
    for column, (alpha, kinds) in zip(rows.T, computed.items(), strict=True):
        for axis, curve, mark in zip(column, kinds, marks[alpha], strict=True):
            for k, name in enumerate(("ERM", "MAML")):
                axis.plot(JUDGED, curve[k], **plotting.LINES[name], label=name)
                with_intervals(axis, mark[k], name)
        column[0].axhline(0, color=plotting.REFERENCE, lw=0.8)
        column[0].set_title(rf"$\alpha={alpha:g}/\rho_E$")
        column[1].set_xlabel(r"$\rho_H$")
    for axis, name in zip(rows[:, 0], ("first coordinate", "risk above the floor"), strict=True):
        axis.set_ylabel(name)
    rows[0, 0].legend(loc="upper left")
    rows[1, 0].set_ylim(0, None)
    return figure


figure_7_trained()

# %% [markdown]
# Trained and population solutions can also be compared directly. How much of the start does C.1's SGD leave behind? And what are the minimisers of [(3)](#eq-3) and [(4)](#eq-4) themselves, on 100 tasks, found by BFGS?


# %% mystnb={"code_prompt_show": "Minimise (3) and (4) on 100 tasks"} tags=["hide-input"]
def estimates(env, rates, rng, tasks=100):
    """Return the first coordinates, averaged over the axis, of the minimisers of (3) and (4) on 100 tasks."""
    groups = rng.integers(0, 2, tasks)
    X, y = logistic.sample_data(env, groups, env.means[groups], 525, rng)
    episodes = list(zip(X[:, :500], y[:, :500], X[:, 500:], y[:, 500:], strict=True))
    erm = logistic.erm_estimate(X, y)
    return [erm.mean(), *(logistic.maml_estimate(episodes, rate).mean() for rate in rates)]


solved = np.array(
    [estimates(two_tasks(0.3), (1.0, 4.0), np.random.default_rng(seed)) for seed in range(5)]
)
left = {}
for alpha, rate in ((0.0, 0.025), (1.0, 0.05), (4.0, 0.05)):
    h, place = 1e-2, lowest(two_tasks(0.3), alpha, 500 if alpha else math.inf)
    points = np.array([place - h, place, place + h])[:, None] * AXIS
    values = risk_after(two_tasks(0.3), points, alpha, 500)
    left[alpha] = (1 - rate * (values[0] - 2 * values[1] + values[2]) / h**2 / 10) ** 5000

# %% tags=["remove-input"]
rows = []
for k, alpha in enumerate((0.0, 1.0, 4.0)):
    sgd = iterates[alpha][1].mean(axis=-1)
    place = lowest(two_tasks(0.3), alpha, 500 if alpha else math.inf)
    name = f"MAML, $\\alpha={alpha:g}$" if alpha else "ERM"
    rows.append(
        f"| {name} | {place:.3f} | {solved[:, k].mean():.2f} ± {solved[:, k].std(ddof=1):.2f} | {sgd.mean():.2f} ± {sgd.std(ddof=1):.2f} | {100 * left[alpha]:.0f}% |"
    )
head = "| $\\rho_H=0.3$ | population | (3), (4) on 100 tasks | SGD | share of the start left |\n| --- | --- | --- | --- | --- |"
Markdown("\n".join([head, *rows]))

# %% [markdown]
# The numbers after ± are standard deviations over five repetitions. The last column is $(1-\beta\lambda)^{5000}$ with the learning rate $\beta$ and the curvature $\lambda$ of the population objective along the axis: C.1's rates, tuned for linear regression, suffice here too. Training
# finds the population's solutions, on the side of the midpoint where they lie.
#
# (logistic-midpoint)=
# ## The midpoint
#
# At $w=0$ the slope of $F_\infty$ along the axis, towards the hard task, is $\frac12\gamma\sqrt d\,(\zeta(\rho_E)-\zeta(\rho_H))$ with the pull $\zeta(\rho)$ of a task towards its optimum, from chapter 6. The same from the library's gradient in ten dimensions:


# %% mystnb={"code_prompt_show": "Compare both pulls with the gradient"} tags=["hide-input"]
def pull(rho, alpha, gamma, labels, smoothness=0.25):
    """Return ζ: how strongly a task pulls the midpoint towards its optimum."""
    c = logistic.label_slope(gamma * np.sqrt(10 * rho), labels)
    first = logistic.gaussian_means(alpha * c * rho**1.5 * gamma * math.sqrt(10))[1]
    return rho * c * (1 - alpha * rho * smoothness) * (1 - alpha * rho * first)


def midpoint_slope(rho, alpha, gamma=1.0, labels="bernoulli"):
    """Return the slope of F_∞ at w = 0 along the axis, per unit of γ√d."""
    env = two_tasks(rho, gamma)
    return logistic.post_adaptation_gradient(env, 0 * AXIS, alpha, labels).sum() / 10 / gamma


models = (0.1, "bernoulli"), (2.0, "bernoulli"), (1.0, "sign")
cases = [(r, a, *model) for r in (0.1, 0.5) for a in (1.0, 4.0, 7.0) for model in models]
halves = [[(pull(1.0, *case[1:], k) - pull(*case, k)) / 2 for case in cases] for k in (0.25, 1.0)]
claims.checks(
    "text:logistic-maml-closer-to-hard",
    [midpoint_slope(*case) for case in cases],
    halves[0],
    "The slope at the midpoint is half the difference of the two pulls.",
    rtol=1e-9,
    refuses={r"the contraction $1-\alpha\rho$ of linear regression": halves[1]},
    towards=True,
)

# %% [markdown]
# If both tasks are equally hard the slope is zero by symmetry, and the factor $1-\frac{\alpha\rho}4$ of the pull appears in the curvature along the axis too: $F_\infty''(0)=(1-\frac{\alpha\rho}4)^2f''(w')$. (The term with third derivatives is missing since $\nabla^3f(0)=0$.) At $\alpha\rho=4$ the valley has a flat floor.

# %% mystnb={"code_prompt_show": "Measure the curvature at the midpoint"} tags=["hide-input"]
h, mirror = 1e-3, []
for alpha in (1.0, 3.0):
    twins, unit = two_tasks(1.0), AXIS / math.sqrt(10)
    ahead, behind = (
        logistic.post_adaptation_gradient(twins, sign * h * unit, alpha) @ unit for sign in (1, -1)
    )
    moved = alpha * float(logistic.label_slope(math.sqrt(10.0))) * math.sqrt(10)
    mirror.append([(ahead - behind) / (2 * h), (1 - alpha / 4) ** 2 * eigenvalues(1.0, moved)[1]])
mirror = np.array(mirror)
np.testing.assert_allclose(mirror[:, 0], mirror[:, 1], rtol=1e-5)

# %% [markdown]
# The rate at which the slope changes sign is $4/(1+\sqrt u+u)$ for small signals, $u=\rho_H/\rho_E$. For others it is found by bisection:


# %% mystnb={"code_prompt_show": "Solve for the threshold, compare small signals"} tags=["hide-input"]
def threshold(rho, gamma=1.0, labels="bernoulli"):
    """Return the inner rate up to 4 at which the midpoint's slope changes sign."""
    return brentq(lambda alpha: midpoint_slope(rho, alpha, gamma, labels), 0.05, 4.0, xtol=1e-8)


RATIOS = np.linspace(0.02, 0.98, 49)
small_signal = 4 / (1 + np.sqrt(RATIOS) + RATIOS)
np.testing.assert_allclose([threshold(u, 1e-3) for u in RATIOS], small_signal, rtol=1e-4)
MODELS = [(0.1, "bernoulli"), (1.0, "bernoulli"), (3.0, "bernoulli"), (1.0, "sign")]

# %% tags=["remove-input"]
last = brentq(lambda u: midpoint_slope(u, 1.0), 0.5, 0.999)
beyond = max(lowest(two_tasks(u), 1.0) for u in np.linspace(last, 1, 12)[1:-1])
assert beyond < 1e-4
Markdown(
    f"At $\\gamma=1$, $\\rho_H=0.2$ the threshold is $\\alpha={threshold(0.2):.2f}$. The threshold as a curve over $\\rho_H$ is that of chapter 6. Reading A, $\\alpha=1/\\rho_E$, passes it only at $\\rho_H={last:.3f}$; beyond it MAML is on the hard side by less than {math.ceil(beyond * 1e4) / 1e4:.4f}. "
    "So the statement that MAML stays closer to the easy task at $\\alpha=1/\\rho_E$ has an exception that no figure can show."
)

# %% [markdown]
# ## Closer than ERM
#
# Below the curve of its threshold MAML only leans. For small signals it is nearer to the hard task than ERM while $(1-\frac{\alpha\rho_H}4)^2>(1-\frac{\alpha\rho_E}4)^2$, which is $\alpha<8/(\rho_H+\rho_E)$ and holds for all $\alpha\le4$. For other signals, look at
# the slope of $F_\infty$ where ERM is: does it fall towards the hard task?


# %% mystnb={"code_prompt_show": "Look at the slope where ERM is"} tags=["hide-input"]
def leaning(u, alpha, gamma, labels):
    """Tell whether F_∞ falls from the ERM solution towards the hard task."""
    start = erm_places[u, gamma, labels] * AXIS
    return logistic.post_adaptation_gradient(two_tasks(u, gamma), start, alpha, labels).sum() < 0


erm_places = {
    (u, *model): lowest(two_tasks(u, model[0]), 0.0, labels=model[1])
    for u, model in product(RATIOS[::6], MODELS)
}
leaned = [
    leaning(u, alpha, *model)
    for (u, *model), alpha in product(erm_places, (0.1, 0.5, 1.0, 2.0, 3.0, 4.0))
]
far = RATIOS[6::6]  # 8 is beyond 8/(ρ_H + ρ_E), but for the hardest task too little
far_out = [leaning(u, 8.0, 0.1, "bernoulli") for u in far]
claims.decides(
    "text:logistic-maml-closer-to-hard",
    [bool(one) for one in leaned + far_out],
    [True] * len(leaned) + [False] * len(far_out),
    r"For $\alpha\le4$ the full-gradient objective falls from ERM's solution towards the hard task; at $\alpha=8$ and $\gamma=0.1$ it does not, but for the hardest one tried.",
    refuses={"at $\\alpha=8$ too": [True] * (len(leaned) + len(far_out))},
    towards=True,
)

# %% [markdown]
# (logistic-valleys)=
# ## Two valleys
#
# The slope at the midpoint tells the side of the lowest point only if there is one valley. Does it? Compare the two on a grid of rates up to 4, hardness, scales and labels, and then look at very hard tasks.

# %% mystnb={"code_prompt_show": "Compare the slope with the lowest point, 100 readings"} tags=["hide-input"]
grid = [
    (u, alpha, *model)
    for u in np.linspace(0.1, 0.9, 5)
    for alpha in (0.5, 1.5, 2.5, 3.25, 4.0)
    for model in MODELS
]
sides = [
    (
        lowest(two_tasks(u, gamma), alpha, math.inf, labels, levels=3) > 0,
        midpoint_slope(u, alpha, gamma, labels) < 0,
    )
    for u, alpha, gamma, labels in grid
]
claims.decides(
    "text:logistic-maml-closer-to-hard",
    [bool(lowest_is_hard) for lowest_is_hard, _ in sides],
    [bool(falls) for _, falls in sides],
    r"For $\rho_H$ in $[0.1,0.9]$ and $\alpha\le4$ the slope at the midpoint tells the side of the full-gradient solution.",
    refuses={"always the hard side": [True] * len(sides)},
    towards=True,
)


# %% mystnb={"code_prompt_show": "Find where the lowest point jumps"} tags=["hide-input"]
def jump(alpha=4.0, low=0.01, high=0.1):
    """Return the hard variance at which the lowest point of F_∞ changes valleys, by bisection."""
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if lowest(two_tasks(middle), alpha) > 0 else (middle, high)
    return high


JUMP = jump()
very_hard = two_tasks(0.99 * JUMP)  # a hundredth less: there the slope misleads
assert (lowest(very_hard, 4.0) > 0) != (midpoint_slope(0.99 * JUMP, 4.0) < 0)


# %% mystnb={"code_prompt_show": "Draw both valleys", "figure": {"caption": "The full-gradient objective along the axis at $\\alpha=4$, less its lowest value, for three very hard tasks. **Notice** that, as the hard task's variance passes the middle value, the lowest point jumps from the easy to the hard side.", "name": "fig-two-valleys"}, "image": {"classes": "upright", "alt": "Three curves over the first coordinate from -1.2 to 0.6. Each has two valleys, one near -0.65 and one near 0.15. For the smallest variance the left valley is the lower one, for the middle one both are equally low, for the largest the right one is lower."}} tags=["hide-input"]
def two_valleys():
    """Draw the objective along the axis around the variance at which its valleys are equally deep."""
    figure, axis = plt.subplots(figsize=(5, 3.6))
    points = np.linspace(-1.2, 0.6, 181)
    for factor, look in ((0.9, 1), (1.0, 0), (1.1, 2)):
        env = two_tasks(factor * JUMP)
        risks = logistic.post_adaptation_risk(env, points[:, None] * AXIS, 4.0)
        label = rf"$\rho_H={factor * JUMP:.4f}$"
        axis.plot(points, 1000 * (risks - risks.min()), **plotting.LINES[look], label=label)
    axis.set(xlabel="first coordinate", ylabel=r"risk less its minimum, $10^{-3}$", ylim=(-0.2, 8))
    axis.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, columnspacing=1, handlelength=2.5
    )
    return figure


two_valleys()

# %% tags=["remove-input"]
at_m = [lowest(two_tasks(rho), 4.0, 500) for rho in (0.025, 0.03)]
Markdown(
    f"With the full gradient the valleys are equally deep at $\\rho_H={JUMP:.4f}$. For harder tasks MAML's best start is on the easy side although the objective falls from the midpoint to the other. "
    f"At $m=500$ the jump comes a little later, between $\\rho_H=0.025$ and $0.03$, where the lowest point moves from {at_m[0]:.2f} to {at_m[1]:.2f}. "
    "It is the steep rise at the left end of chapter 6's curve for reading B. In linear regression the objective is one parabola and nothing can jump. A descent that starts in the wrong valley stays there."
)

# %% [markdown]
# (logistic-other-samples)=
# ## Training and test with different numbers of samples
#
# The example of [chapter 6](06_logistic) in which the caption's second half is false, trained with the full gradient and tested on a hundred samples, simulated:

# %% mystnb={"code_prompt_show": "Simulate 2,000 steps from both starts"} tags=["hide-input"]
env = two_tasks(0.9)
pair = np.outer([lowest(env, 0.0), lowest(env, 4.0)], AXIS)
draws = logistic.sampled_post_adaptation_risk(env, pair, 4.0, 100, 2000, np.random.default_rng(5))
saving = draws[:, 0] - draws[:, 1]
error = saving.std(ddof=1) / math.sqrt(len(saving))
assert saving.mean() < -4 * error
excess = draws.mean(axis=0) - logistic.label_entropy(env)
Markdown(
    f"The risk above the floor is {excess[0]:.4f} from ERM's start and {excess[1]:.4f} from MAML's: ERM has the smaller one."
)

# %% [markdown]
# With deterministic labels and $\alpha=1/\rho_E$, on the other hand, MAML is on the hard side at some $\rho_H$ even with the full gradient.

# %% tags=["remove-input"]
sliver = curves(np.linspace(0.1, 0.9, 9), 1.0, math.inf, "sign")[0][1].max()
Markdown(f"MAML's first coordinate is at most {sliver:.3f} there.")

# %% [markdown]
# (logistic-exercises)=
# ## The exercises of chapter 6
#
# The folded cell asserts the two rates of the first, the missing optimum of the second and the direction of the third.

# %% mystnb={"code_prompt_show": "Check the three solutions"} tags=["hide-cell"]
signs = [
    midpoint_slope(0.25, end * factor, 1e-3) < 0
    for end in (16 / 7, 16 / 3)
    for factor in (0.99, 1.01)
]
assert signs == [False, True, True, False]

lengths = np.array([0.1, 1.0, 5.0, 50.0])
reached = lengths * logistic.gaussian_means(lengths)[1] * math.sqrt(2 * math.pi)
assert (np.diff(reached) > 0).all() and 0.999 < reached[-1] < 1

env, rate = two_tasks(0.2), 1e-4
w_erm = logistic.erm_solution(env)
tasks = list(zip(env.means, env.covariances, strict=True))
hessians = np.array([logistic.population_hessian(w_erm, covariance) for _, covariance in tasks])
gradients = [logistic.population_gradient(w_erm, *task) for task in tasks]
move = np.linalg.solve(
    hessians.mean(axis=0), sum(H @ g for H, g in zip(hessians, gradients, strict=True))
)
moved = (logistic.maml_solution(env, rate) - w_erm) / rate
np.testing.assert_allclose(moved, move, rtol=1e-2)

# %% [markdown]
# Back to [chapter 6](06_logistic).
