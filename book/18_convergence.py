# %% [markdown]
# # Convergence, line by line
#
# > **The paper, Appendix D.** "We motivate our analysis […] by showing that their respective empirical training solutions indeed converge to their population-optimal values."
#
# [Chapter 5](05_convergence) derives the law of a training solution and reads the two theorems of Appendix D. This page holds what it did not stop for: the training solutions by differentiation, both theorems in full with their repairs and the
# smallest examples against them, their conditions, the sampler behind all simulations, the rates as measured, and the tests of the law. Each section stands alone. The proofs are followed on two pages of their own, [D.1](13_erm_proof) and [D.2](14_maml_proof).
#
# | item of the paper | what is done here | does it stand? |
# | :-- | :-- | :-- |
# | [(41), (43)](#convergence-minimisers) | found again by automatic differentiation | yes |
# | [variances of vectors](#def-variance-of-covariances) | read as they are printed | no: a vector has no square |
# | [Theorem 2, (44)](#convergence-units) | units; a repaired bound | no |
# | [(45)](#convergence-rates) | measured in $T$ | as an upper bound, not as a rate |
# | [Theorem 3, (81)](#convergence-noise) | noise; a repaired bound | no |
# | [their numbers of tasks and episodes](#convergence-conditions) | inserted | no: they contradict their proofs, and do not suffice |
# | [Remark 2](#convergence-dimension) | measured in $d$ | half of it |
# | [convergence](#convergence-law) | its law in one and three dimensions; finitely many tasks | yes |

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
from itertools import combinations_with_replacement, product

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
import torch
from IPython.display import Markdown
from matplotlib import ticker
from scipy import stats

from paperlib import claims, linear, plotting, simulate
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# (convergence-minimisers)=
# ## (41) and (43): the minimisers of the training problems
#
# Are the formulas [(41)](#eq-41) and [(43)](#eq-43) the minimisers of [(3)](#eq-3) and [(4)](#eq-4)? Ask the problems themselves. We write the losses as they are defined, step included, and let automatic
# differentiation find the minimum: the loss is quadratic, so its gradient and Hessian at zero suffice. The environment has two groups in three dimensions, full covariances, spreads and noise; it serves all of this page.

# %% mystnb={"code_prompt_show": "Six tasks with two episodes each"} tags=["hide-cell"]
ALPHA = 0.6
env = TaskEnvironment(
    [0.4, 0.6],
    [
        np.diag([0.8, 0.5, 0.3]),
        [[0.3, 0.0, 0.1], [0.0, 0.9, -0.2], [0.1, -0.2, 0.7]],
    ],
    means=[[1.0, -1.0, 0.5], [-0.5, 1.0, 1.5]],
    spreads=[0.2 * np.eye(3), 0.1 * np.eye(3)],
    noise_std=0.8,
)
rng = np.random.default_rng(1)
groups, optima = simulate.sample_tasks(env, 6, rng)
X, y = simulate.sample_data(env, groups, optima, n=4, rng=rng)
episodes = simulate.sample_episodes(env, groups, optima, tau=2, n1=3, n2=2, rng=rng)


# %%
def mean_loss(w, X, y):
    return 0.5 * torch.mean((X @ w - y) ** 2)


def erm_loss(w):
    return sum(mean_loss(w, *map(torch.as_tensor, task)) for task in zip(X, y, strict=True))


def maml_loss(w):
    total = 0.0
    for episode in episodes:
        X_in, y_in, X_out, y_out = map(torch.as_tensor, episode)
        adapted = w - ALPHA * torch.func.grad(mean_loss)(w, X_in, y_in)
        total = total + mean_loss(adapted, X_out, y_out)
    return total


# %%
def minimiser(loss):
    start = torch.zeros(3, dtype=torch.float64)
    hessian, gradient = (
        torch.func.hessian(loss)(start),
        torch.func.grad(loss)(start),
    )
    return torch.linalg.solve(hessian, -gradient).numpy()


# %% [markdown]
# Against them stand the formulas, which need the optima and the noise, and the library's estimates, which see only inputs and labels.


# %% mystnb={"code_prompt_show": "(41) and (43), from the true optima and the noise"} tags=["hide-cell"]
def formula_43(sign):
    """Return (43) with the given sign of the inner noise, from the true optima."""
    total, force = np.zeros((3, 3)), np.zeros(3)
    centres = np.repeat(optima, 2, axis=0)
    for (X_in, y_in, X_out, y_out), v in zip(episodes, centres, strict=True):
        P = np.eye(3) - ALPHA / 2 * X_in.T @ X_in
        S = X_out.T @ X_out
        total += P @ S @ P
        force += P @ S @ P @ v + P @ X_out.T @ (y_out - X_out @ v)
        force += sign * ALPHA / 2 * P @ S @ X_in.T @ (y_in - X_in @ v)
    return np.linalg.solve(total, force)


gram = np.einsum("tni,tnj->tij", X, X)
noise = y - np.einsum("tni,ti->tn", X, optima)
force = np.einsum("tij,tj->i", gram, optima) + np.einsum("tni,tn->i", X, noise)
formula_41 = np.linalg.solve(gram.sum(0), force)

# %% mystnb={"code_prompt_show": "Check (41)"} tags=["hide-input"]
own = [np.linalg.lstsq(*task, rcond=None)[0] for task in zip(X, y, strict=True)]
claims.checks(
    "eq:41",
    [minimiser(erm_loss)] * 2,
    [formula_41, simulate.erm_estimate(X, y)],
    "The formula, and the library, minimise (3), by automatic differentiation.",
    rtol=1e-10,
    refuses={"the mean of the tasks' own least-squares solutions": [np.mean(own, axis=0)] * 2},
)

# %% mystnb={"code_prompt_show": "Check (43)"} tags=["hide-input"]
claims.checks(
    "eq:43",
    [minimiser(maml_loss)] * 2,
    [formula_43(-1), simulate.maml_estimate(episodes, ALPHA)],
    "The formula, and the library, minimise (4), by differentiation through the step.",
    rtol=1e-10,
    refuses={"the sign that the printed (42) would give": [formula_43(+1)] * 2},
)

# %% [markdown]
# ## The variances
#
# The theorems speak of variances of matrices and of vectors:
#
# (def-variance-of-covariances)=
# $$
# \operatorname{Var}(\Sigma_i)=\bigl\lVert E(\Sigma_i-E\Sigma_i)^2\bigr\rVert,\qquad\operatorname{Var}(\Sigma_iw_i^*)=\bigl\lVert E(\Sigma_iw_i^*-E[\Sigma_iw_i^*])^2\bigr\rVert,
# $$
#
# and the same with $Q_i$ for $\Sigma_i$.

# %% mystnb={"code_prompt_show": "Square a vector"} tags=["hide-input"]
deviation = np.ones((2, 1))
claims.contradicts(
    "def:variance-of-weighted-optima def:variance-of-adapted-covariances",
    {
        "in both": (
            r"$\mathbb E_{i'}[\Sigma_{i'}\mathbf w_{i',*}])^2$",
            lambda: deviation @ deviation,
        )
    },
    "The square of a vector has no meaning; its squared length has.",
    agrees=lambda: float((deviation.T @ deviation)[0, 0]),
)

# %% [markdown]
# Reading $(\cdot)^2$ as the norm suggests, as $uu^\top$ with $u$ the vector less its mean, does not help: a mean of vectors deviates by the *trace* of its covariance, $E\lVert u\rVert^2=d$ in the example of [Chapter 5](05_convergence), and its spectral norm is 1. As $T\to\infty$ the promise of the theorems becomes there
# $P(\chi^2_d\le\log200d)\ge0.96$. The smallest dimension in which it fails is two:

# %%
halves = {k: (sp.Rational(k, 2), sp.log(200 * k) / 2) for k in (1, 2, 3, 5, 20)}
chi_square = {k: sp.lowergamma(*half) / sp.gamma(half[0]) for k, half in halves.items()}
rows = [f"| {k} | {float(p):.3f} |" for k, p in chi_square.items()]
Markdown("\n".join(["| $d$ | $P(\\chi^2_d\\le\\log200d)$ |", "| --- | --- |", *rows]))

# %% [markdown]
# (convergence-units)=
# ## Theorem 2 and (44)
#
# **Theorem 2.** Let the eigenvalues of every $\Sigma_i$ lie in $[\beta,L]$, and $\lVert w_i^*\rVert\le B$. For $n\gtrsim(L/\beta)^2d$ and enough tasks, with probability at least $0.96$,
#
# (eq-44)=
# $$
# \begin{aligned}
# &\lVert w_{ERM}-w_{ERM}^*\rVert\\
# &\quad\le\frac{c'\sqrt d+\beta\sqrt{dK/c'}\log(200n)+\frac K{c'}\log(200n)}{\beta^2\sqrt n}\\
# &\qquad+\frac{\sqrt{\log(200T)}\,L^2B}{\beta^2n}\\
# &\qquad+\frac{\sqrt{\operatorname{Var}(\Sigma_iw_i^*)\log(200d)}}{\beta\sqrt T}+\frac{LB\sqrt{\operatorname{Var}(\Sigma_i)\log(200d)}}{\beta^2\sqrt T}.
# \end{aligned} \tag{44}
# $$
#
# Here $K$ measures the products of inputs and noise, so $K\propto\sigma$, and $c'$ is an absolute constant.
#
# ### Units
#
# Measure the inputs in other units, $x\to qx$. Then $\Sigma\to q^2\Sigma$, and $w$ must shrink like $1/q$. A bound on $w$ must do the same. The first line of (44) has three terms in its numerator. The one with $c'\sqrt d$ falls like $q^{-4}$, that with $\sqrt{dK/c'}$ like $q^{-3/2}$, that with $K/c'$ like $q^{-3}$. For large $q$ the
# bound is too small, whatever the constants. One task in one dimension with noise is enough; there $\hat w-w^*=\sum xz/\sum x^2$ is Student's $t_n/(q\sqrt n)$.

# %%
rng = np.random.default_rng(2)
q, n = 100.0, 100
x, z = rng.normal(size=(2, 20_000, n)) * [[[q]], [[1.0]]]
errors = np.abs(np.sum(x * z, axis=1)) / np.sum(x**2, axis=1)
terms = [
    1 / q**4,
    math.sqrt(q) * math.log(200 * n) / q**2,
    q * math.log(200 * n) / q**4,
]
bound = sum(terms) / math.sqrt(n)  # c = c' = 1, K = q, B → 0, one task
Markdown(
    f"The bound is {1e4 * bound:.1f}·10⁻⁴, and is exceeded with probability {np.mean(errors > bound):.2f}."
)

# %% [markdown]
# ### Repaired
#
# In a mixture the same happens once the noise is large. Two kinds of tasks in one dimension, with as many tasks and samples as the repaired theorem asks for (below): with inputs a million times larger, with noise of the same size, the printed bound is far below the error,
# for every $c'$ between $10^{-6}$ and $10^6$. The repaired one, term by term that of [D.1](13_erm_proof), has the right units. In it $V_1=\operatorname{Var}(\Sigma_i)$, $V_2=E\lVert\Sigma_iw_i^*-E[\Sigma_iw_i^*]\rVert^2$; $Lr$ bounds the deviation of every $\hat\Sigma_i$, and $b\sqrt{d/n}$ the noise of every task.


# %% mystnb={"code_prompt_show": "(44), repaired and as printed"} tags=["hide-cell"]
def repaired_44(beta, L, B, V1, V2, sigma, d=1):
    """Return T, n and the repaired bound (44) that they give."""
    log = math.log(200 * d)
    T = math.ceil(max(4 * L**2 * log / (9 * V1), 16 * (L * B) ** 2 * log / (9 * V2)))
    root = math.sqrt(d) + math.sqrt(2 * math.log(200 * T))
    n = math.ceil((root / (math.sqrt(1 + beta / (2 * L)) - 1)) ** 2)
    epsilon, ell, k_0 = root / math.sqrt(n), math.log(200 * T * d), sigma * math.sqrt(L)
    b = 2 * k_0 * math.sqrt(ell) + 2 * math.sqrt(2 / n) * k_0 * ell
    few_samples = (
        2 / beta * (2 * L**2 * B / beta * (2 * epsilon + epsilon**2) + b * math.sqrt(d / n))
    )
    few_tasks = 2 * math.sqrt(V2 * log / T) / beta + 2 * L * B * math.sqrt(V1 * log / T) / beta**2
    return T, n, few_samples + few_tasks


def printed_44(beta, L, B, V1, V2, sigma, T, n, constant, d=1):
    """Return (44) as printed, with k_0 for its K."""
    k_0, log = sigma * math.sqrt(L), math.log(200 * d)
    first = constant * math.sqrt(d) + math.log(200 * n) * (
        beta * math.sqrt(d * k_0 / constant) + k_0 / constant
    )
    few_samples = first / (beta**2 * math.sqrt(n)) + math.sqrt(math.log(200 * T)) * L**2 * B / (
        beta**2 * n
    )
    return few_samples + math.sqrt(V2 * log / T) / beta + L * B * math.sqrt(V1 * log / T) / beta**2


# %% mystnb={"code_prompt_show": "Train a thousand times, at both scales"} tags=["hide-input"]
needs, allowed_44, printed = [], [], []
for scale, sigma in ((1.0, 0.5), (1e6, 1e6)):
    rhos, signs = scale**2 * np.array([0.9, 1.0]), np.array([1.0, -1.0]) / scale
    moments = rhos * signs
    constants = rhos[0], rhos[1], 1 / scale, np.var(rhos), np.var(moments), sigma
    T, n, limit = repaired_44(*constants)
    pick = rng.integers(2, size=(1000, T))
    squares = rhos[pick] * rng.chisquare(n, size=pick.shape) / n
    noise = sigma * np.sqrt(squares / n) * rng.normal(size=pick.shape)
    found = np.sum(squares * signs[pick] + noise, axis=1) / np.sum(squares, axis=1)
    needs.append(np.quantile(np.abs(found - moments.sum() / rhos.sum()), 0.96))
    allowed_44.append(limit)
    printed.append(max(printed_44(*constants, T, n, 10.0**k) for k in range(-6, 7)))
claims.bounds(
    "eq:44",
    needs,
    "The quantile of the error that the bound must cover, at both scales.",
    below=allowed_44,
    shows=r"\frac2\beta\Bigl(\frac{2L^2B}\beta r+b\sqrt{\frac dn}\Bigr)"
    r"+\frac{2\sqrt{V_2\log(200d)}}{\beta\sqrt T}+\frac{2LB\sqrt{V_1\log(200d)}}{\beta^2\sqrt T}",
    refuses={"ten thousand times smaller": np.array(allowed_44) / 1e4},
    printed=claims.prints(
        "eq:44",
        printed,
        r"\frac{c'\sqrt d+\beta\sqrt{dK/c'}\log(200n)+\frac K{c'}\log(200n)}{\beta^2\sqrt n}",
    ),
)

# %% [markdown]
# (convergence-noise)=
# ## Theorem 3 and (81)
#
# **Theorem 3.** With $\hat\beta,\hat L$ bounds on the eigenvalues of $Q_i$, for $\tau>32d^3\alpha^4L^6\log^6(100Td)/(c\hat\beta)$ and enough tasks, with probability at least $0.96$,
#
# (eq-81)=
# $$
# \begin{aligned}
# &\lVert w_{MAML}-w_{MAML}^*\rVert\\
# &\quad\le\frac{16\hat LBd\sqrt{\alpha^4L^6/c}\,\log^3(100Td)}{\hat\beta^2\sqrt\tau}\\
# &\qquad+\frac{\sqrt{\operatorname{Var}(Q_iw_i^*)\log(200d)}}{\hat\beta\sqrt T}+\frac{\hat LB\sqrt{\operatorname{Var}(Q_i)\log(200d)}}{\hat\beta^2\sqrt T}.
# \end{aligned} \tag{81}
# $$
#
# ### What (81) leaves out
#
# The proof of Theorem 3 bounds the label noise by a term $\sqrt d\,b/\sqrt\tau$, and the theorem does not have it: no term of (81) contains $\sigma$. Its first term is wrong in another way too. It is proportional to $\alpha^2$, since the
# proof keeps only the highest powers of the data. Let $\alpha\to0$ with $n_1=\tau=1$: MAML becomes ERM with one sample a task, whose error surely depends on that. But (81) now promises what infinite data would give.
# With $\Sigma=I$ and optima $N(0,I)$, the errors of a thousand tasks in twenty dimensions, $\alpha=10^{-6}$:

# %%
d, T = 20, 1000
isotropic = TaskEnvironment([1.0], [np.eye(d)], [np.zeros(d)], [np.eye(d)])
found = simulate.sampled_maml_estimates(isotropic, 1e-6, T, 1, 1, 1, 20, rng)
errors = np.linalg.norm(found, axis=1)
bound = math.sqrt(d * math.log(200 * d) / T)  # the trace reading, the generous one
Markdown(f"The mean error is {errors.mean():.2f}, the printed bound {bound:.2f}.")

# %% [markdown]
# (Gaussian optima are not bounded; cut them off at a large $B$ and nothing changes, since $B$ comes only with terms that are zero here.)
#
# ### Repaired
#
# With as many episodes as the repaired theorem asks for ([D.2](14_maml_proof)), in one dimension, the error has the law of {prf:ref}`thm-training-law`. Little noise, and much:

# %% mystnb={"code_prompt_show": "(81), repaired and as printed"} tags=["hide-cell"]
TAU, COUNT, STEP, PARTS = 10**13, 10**5, 0.5, 10  # episodes, tasks, α, n₁ = n₂


def repaired_81(beta, L_hat, L, B, V1, V2, sigma, d=1):
    """Return the repaired bound (81), and as printed with c = 1."""
    log, a_d = math.log(200 * d), (3 * (d + 4) * (d + 6)) ** 0.25
    v = 3 * L**2 * (1 + STEP * L * a_d) ** 4
    inner = 1 / PARTS + 3 * STEP**2 * L**2 * (d + 1) / PARTS
    v_noise = sigma**2 * L * inner * (1 + STEP * L * a_d) ** 2
    gamma = math.e * d * math.sqrt(v) * math.log(100 * math.e**2 * COUNT * d**2) ** 3
    b = math.e * math.sqrt(v_noise) * math.log(100 * math.e**2 * d) ** 3
    assert STEP * L <= 1 and TAU >= 4 * gamma**2 / beta**2
    assert COUNT >= max(4 * L_hat**2 * log / (9 * V1), 16 * (L_hat * B) ** 2 * log / (9 * V2))
    few_tasks = (
        math.sqrt(V2 * log / COUNT) / beta + L_hat * B * math.sqrt(V1 * log / COUNT) / beta**2
    )
    episodes = 2 / beta / math.sqrt(TAU) * (2 * L_hat * B * gamma / beta + math.sqrt(d) * b)
    first = 16 * L_hat * B * d * math.sqrt(STEP**4 * L**6) * math.log(100 * COUNT * d) ** 3
    return episodes + 2 * few_tasks, first / (beta**2 * math.sqrt(TAU)) + few_tasks


# %% mystnb={"code_prompt_show": "Compare with the error, at little noise and at much"} tags=["hide-input"]
needs, allowed_81, printed = [], [], []
for sigma in (0.1, 1e9):
    kinds = TaskEnvironment.finite_tasks([[[0.5]], [[1.0]]], [[1.0], [-1.0]], None, sigma)
    Q = linear.adapted_covariance(kinds.covariances, STEP, PARTS)[:, 0, 0]
    law = linear.asymptotic_covariance_maml(kinds, STEP, TAU, PARTS, PARTS)[0, 0] / COUNT
    needs.append(stats.norm.isf(0.02) * math.sqrt(law))
    bounds_81 = repaired_81(Q.min(), Q.max(), 1.0, 1.0, np.var(Q), np.var(Q * [1, -1]), sigma)
    allowed_81.append(bounds_81[0])
    printed.append(bounds_81[1])
claims.bounds(
    "eq:81",
    needs,
    r"The quantile of the error that the bound must cover, by the law, at $\sigma=0.1$ and $10^9$.",
    below=allowed_81,
    shows=r"\frac2{\hat\beta\sqrt\tau}\Bigl(\frac{2\hat LB\gamma}{\hat\beta}+\sqrt d\,b\Bigr)"
    r"+\frac{2\sqrt{V_2\log(200d)}}{\hat\beta\sqrt T}+\frac{2\hat LB\sqrt{V_1\log(200d)}}{\hat\beta^2\sqrt T}",
    refuses={"a hundred thousand times smaller": np.array(allowed_81) / 1e5},
    printed=claims.prints(
        "eq:81",
        printed,
        r"\frac{16\hat LBd\sqrt{\alpha^4L^6/c}\log^3(100Td)}{\hat\beta^2\sqrt\tau}",
    ),
)

# %% [markdown]
# (convergence-conditions)=
# ## The numbers of tasks and episodes
#
# Both proofs give each failure 0.01 by a choice of constants. For the deviation of a mean of $T$ matrices of size $L$ and variance $V_1$, matrix Bernstein leaves $2d\exp\bigl(-\tfrac{\delta^2V_1/2}{1+L\delta/(3\sqrt T)}\bigr)$, for vectors the same
# with $V_2$, size $2LB$ and $d+1$ for $2d$. The statement asks for $T>L^2B^2(V_1+V_2)/9$, the proof of Theorem 2 for $T>L^2B^2\log(200d)/(9(V_1+V_2))$, and takes *one* $\delta=\log(200d)/\sqrt{V_1+V_2}$ for both. Then the smaller
# variance has too small an exponent. Two of them mend it:
#
# $$
# \delta_k=2\sqrt{\frac{\log(200d)}{V_k}},\qquad T\ge\frac{4L^2\log(200d)}{9V_1},\qquad T\ge\frac{16L^2B^2\log(200d)}{9V_2}.
# $$


# %% mystnb={"code_prompt_show": "The probabilities that matrix Bernstein leaves"} tags=["hide-cell"]
def bernstein(dims, V, size, delta, T):
    exponent = (delta**2 * V / 2) / (1 + size * delta / (3 * math.sqrt(T)))
    return dims * math.exp(-exponent)


def failures(L, B, d, V1, V2, repaired):
    log = math.log(200 * d)
    if repaired:
        T = max(4 * L**2 * log / (9 * V1), 16 * (L * B) ** 2 * log / (9 * V2))
        deltas = 2 * math.sqrt(log / V1), 2 * math.sqrt(log / V2)
    else:
        T = (L * B) ** 2 * log / (9 * (V1 + V2))
        deltas = (log / math.sqrt(V1 + V2),) * 2
        return [
            bernstein(2 * d, V1, L, deltas[0], T),
            bernstein(2 * d, V2, L * B, deltas[1], T),
        ]
    return [
        bernstein(2 * d, V1, L, deltas[0], T),
        bernstein(d + 1, V2, 2 * L * B, deltas[1], T),
    ]


# %% mystnb={"code_prompt_show": "Insert both choices in 108 settings"} tags=["hide-input"]
settings = [
    (L, B, d, L**2 * v1, 4 * L**2 * B**2 * v2)
    for L in (0.2, 1, 5)
    for B in (0.2, 1, 5)
    for d in (1, 10, 200)
    for v1 in (0.001, 0.25)
    for v2 in (0.001, 0.25)
]
mended = np.array([failures(*setting, repaired=True) for setting in settings])
claims.bounds(
    "text:samples-needed-by-theorem-2",
    np.full_like(mended, 0.01),
    r"With two constants $\delta_k$ and two conditions on $T$ each failure has probability at most 0.01.",
    above=mended,
    shows=r"\delta_k=2\sqrt{\log(200d)/V_k}",
    refuses={"1% more": 1.01 * mended},
    printed=claims.prints(
        "text:samples-needed-by-theorem-2",
        [failures(*setting, repaired=False) for setting in settings],
        r"T>L^2B^2\log(200d)/(9(\mathrm{Var}(\Sigma_i)+\mathrm{Var}(\Sigma_i\mathbf w_i^*)))",
    ),
)

# %% [markdown]
# Theorem 3 needs enough episodes for $\gamma/\sqrt\tau\le\hat\beta/2$, where $\gamma=4d\sqrt{\alpha^4L^6/c}\,\log^3(100Td)$. The statement has $\tau>32d^3\dots/(c\hat\beta)$, its proof $d^2$ for $d^3$. Insert them:

# %% mystnb={"code_prompt_show": "Insert the printed numbers of episodes in 144 settings"} tags=["hide-input"]
settings = np.array(
    [*product((0.05, 0.3, 1.2), (0.5, 1.0), (1, 3, 20), (0.3, 1.0), (0.9, 0.995, 1.005, 2))]
)
beta_hat, L, dim, rate, factor = settings.T
unit = rate**4 * L**6 * np.log(100 * 50 * dim) ** 6  # with c = 1 and T = 50
gamma, threshold = 4 * dim * np.sqrt(unit), 64 * dim**2 * unit / beta_hat**2
tau = factor * threshold
claims.decides(
    "text:episodes-needed-by-theorem-3",
    gamma / np.sqrt(tau) <= beta_hat / 2,
    lambda off: tau > off * threshold,
    r"$\gamma/\sqrt\tau\le\hat\beta/2$, with $\gamma$ as printed, holds exactly from this $\tau$ on, not from the printed one.",
    shows=r"\tau\geq64d^2\alpha^4L^6\log^6(100Td)/(c\hat\beta^2)",
    refuses={"$32d^2$, as in the proof": tau > 32 * dim**2 * unit / beta_hat},
    printed=claims.prints(
        "text:episodes-needed-by-theorem-3",
        tau > 32 * dim**3 * unit / beta_hat,
        r"\tau>32d^3\alpha^4L^6\log^6(100Td)/(c\hat\beta)",
    ),
)

# %% [markdown]
# The printed threshold leaves $\gamma/\sqrt\tau=\sqrt{\hat\beta/2}$ (with $d^2$), which exceeds $\hat\beta$ itself for $\hat\beta<\frac12$: the power of $\hat\beta$ is wrong. Lemma 4, on which $\gamma$ rests, loses a factor $d$ besides; see [D.2, line by line](14_maml_proof).
#
# (convergence-sampler)=
# ## How training sets are drawn
#
# `simulate.sampled_erm_estimates` and `sampled_maml_estimates` draw, for each task, what (41) and (43) need of its data: $X^\top X$, a Wishart matrix, by Bartlett's decomposition, and $X^\top z$. Their
# joint law is the same as if the samples had been drawn one by one: every moment to order four agrees, as whole numbers, also with fewer samples than dimensions. The folded cells assert it.

# %% mystnb={"code_prompt_show": "Compare the moments to order four"} tags=["hide-input"]
pairs = [(i, j) for i in range(2) for j in range(i, 3)]  # entries of XᵀX, and of Xᵀz with j = 2
chosen = [c for order in (1, 2, 3, 4) for c in combinations_with_replacement(pairs, order)]


def moments(of):
    """Return all moments of XᵀX and Xᵀz to order four, for 1, 2 and 5 samples."""
    return [[of(n, entries) for entries in chosen] for n in (1, 2, 5)]


pairing = moments(lambda n, entries: simulate.wishart_moment(np.eye(3), n, entries))
factors = moments(lambda n, entries: simulate.bartlett_moment(n, 2, entries))
assert np.allclose(factors, pairing, rtol=0, atol=1e-9)

# %% [markdown]
# And the solutions? Ten tasks with two episodes of three outer and two inner samples, drawn plainly and by the shortcut; the Kolmogorov–Smirnov test compares each coordinate, and notices ten inner samples in place of two.


# %% mystnb={"code_prompt_show": "Compare the solutions"} tags=["hide-input"]
def plainly(n2, runs=300):
    """Return MAML's solutions for data drawn sample by sample."""
    found = []
    for _ in range(runs):
        drawn = simulate.sample_episodes(env, *simulate.sample_tasks(env, 10, rng), 2, 3, n2, rng)
        found.append(simulate.maml_estimate(drawn, ALPHA))
    return np.array(found)


def p_values(plain):
    """Return the test's p-value for each coordinate, against 2,000 solutions by the shortcut."""
    short = simulate.sampled_maml_estimates(env, ALPHA, 10, 2, 3, 2, 2000, rng)
    return np.array([stats.ks_2samp(*pair).pvalue for pair in zip(plain.T, short.T, strict=True)])


assert p_values(plainly(2)).min() > 1e-3  # in each coordinate
assert p_values(plainly(10)).min() < 1e-3  # ten inner samples in place of two are noticed

# %% [markdown]
# (convergence-rates)=
# ## The rates, measured
#
# We train on many independent training sets and measure the root mean square distance from the population solution. A slope is that of a weighted regression on logarithmic axes; its 95% interval comes from the spread of the repetitions (so one in twenty misses).


# %% mystnb={"code_prompt_show": "Simulate square errors, and fit slopes"} tags=["hide-cell"]
def square_errors(of, T, n=1, tau=1, n1=1, n2=1, algorithm="ERM", repeats=120):
    """Return draws of the squared distance, and the mean predicted by the law."""
    if algorithm == "ERM":
        found = simulate.sampled_erm_estimates(of, T, n, repeats, rng)
        found = found - linear.erm_solution(of)
        limit = linear.asymptotic_covariance_erm(of, n)
    else:
        found = simulate.sampled_maml_estimates(of, ALPHA, T, tau, n1, n2, repeats, rng)
        found = found - linear.maml_solution(of, ALPHA, n2)
        limit = linear.asymptotic_covariance_maml(of, ALPHA, tau, n1, n2)
    return np.sum(found**2, axis=1), np.trace(limit) / T


def slope(x, draws, predicted):
    """Return the slope of the log error, half its interval, and its prediction."""
    logs, means = np.log(x), np.mean(draws, axis=1)
    errors = np.std(draws, axis=1, ddof=1) / means / np.sqrt(len(draws[0])) / 2
    lever = (logs - np.average(logs, weights=errors**-2)) / errors**2
    level = lever @ logs
    return (
        lever @ np.log(means) / 2 / level,
        1.96 / level**0.5,
        lever @ np.log(predicted) / 2 / level,
    )


def sweep(x, runs):
    draws, predicted = zip(*runs, strict=True)
    return np.array(x, dtype=float), np.array(draws), np.array(predicted)


# %% [markdown]
# ### In the number of tasks: (45)

# %% mystnb={"code_prompt_show": "Train on 100 to 3,000 tasks"} tags=["hide-cell"]
sizes = [100, 300, 1000, 3000]


def in_tasks(**of):
    return sweep(sizes, [square_errors(env, T, repeats=80, **of) for T in sizes])


by_tasks = {
    **{f"ERM, $n={n}$": in_tasks(n=n) for n in (1, 4, 16)},
    **{rf"MAML, $\tau=1,n_1=n_2={n}$": in_tasks(n1=n, n2=n, algorithm="MAML") for n in (1, 4, 16)},
}
slopes_in_tasks = {name: slope(*values) for name, values in by_tasks.items()}

# %% mystnb={"code_prompt_show": "Tabulate the slopes"} tags=["remove-input"]
rows = [
    f"| {name} | {measured:.2f} ± {half:.2f} | {exact:.2f} |"
    for name, (measured, half, exact) in slopes_in_tasks.items()
]
Markdown(
    "\n".join(["| | slope in $T$ | exact |", "| --- | --- | --- |", *rows]).replace("-0", "−0")
)

# %% [markdown]
# All but the first of MAML are $-\frac12$ within their intervals, at one sample a task as well as at sixteen. (The smallest MAML setting is still settling, as [chapter 5's picture](#fig-rates-in-tasks) shows: with a hundred rows in three dimensions its matrix is far from its mean.) Waiting for $n$ alone would be in vain: five tasks of ten thousand samples each leave an error above a tenth.
#
# As an upper bound, [(45)](#eq-45) is true. As a rate it is not: it has a floor of order $\sqrt{d/n}$, and the truth is of order $\sqrt{(\operatorname{Var}+d/n)/T}$.

# %% mystnb={"code_prompt_show": "Compare with the bound (45)"} tags=["hide-input"]
measured = np.array([np.sqrt(by_tasks[f"ERM, $n={n}$"][1].mean(axis=1)) for n in (1, 4, 16)])
assert measured[:, -1].max() < 0.2 * math.sqrt(3)  # no floor of order √(d/n) at n = 1
assert np.sqrt(np.median(square_errors(env, T=5, n=10_000)[0])) > 0.1  # nor does n → ∞ alone do
claims.bounds(
    "eq:45",
    measured,
    "An upper bound, with constant 4 in this environment.",
    below=4 * np.array([math.sqrt(3 / n) + 1 / np.sqrt(sizes) for n in (1, 4, 16)]),
    refuses={"the few tasks alone, like $1/T$": 4 * np.array([1 / np.array(sizes)] * 3)},
)

# %% [markdown]
# ### In samples, episodes, dimension and noise
#
# Now fix $T=100$ and vary the rest. First with a *single* task, then with the mixture. Then the dimension, with tasks of fixed distance and samples in proportion, $n_1=n_2=4d$ and $n=8d$. Last the noise.

# %% mystnb={"code_prompt_show": "The environments"} tags=["hide-cell"]
T = 100
single = TaskEnvironment.finite_tasks(env.covariances[1:], env.means[1:], None, 0.8)
samples, dims, noises = (
    [4, 16, 64, 256, 1024],
    [2, 4, 8, 16, 32],
    [0.1, 1.0, 3.0, 10.0, 30.0, 100.0],
)


def growing(d):
    """Return hard and easy tasks whose optima keep their distances as d grows."""
    scale = {"R": d**-0.5, "r_hard": 0.25 / d, "r_easy": 0.25 / d}
    return TaskEnvironment.hard_easy(d, 0.3, 0.9, noise_std=0.5, **scale)


def noisy(sigma):
    of = env.probabilities, env.covariances, env.means, env.spreads
    return TaskEnvironment(*of, noise_std=sigma)


# %% mystnb={"code_prompt_show": "Train with other samples, episodes, dimensions and noise"} tags=["hide-cell"]
maml = {"T": T, "algorithm": "MAML"}
panels = {
    "samples $n$ of a task, ERM": {
        name: sweep(samples, [square_errors(of, T, n=n, repeats=160) for n in samples])
        for name, of in (("one task", single), ("mixture", env))
    },
    r"episodes $\tau$ of a task, MAML": {
        name: sweep(
            [1, 4, 16, 64],
            [square_errors(of, tau=t, n1=4, n2=4, repeats=100, **maml) for t in (1, 4, 16, 64)],
        )
        for name, of in (("one task", single), ("mixture", env))
    },
    "dimension $d$, samples in proportion": {
        "ERM": sweep(dims, [square_errors(growing(d), T, n=8 * d, repeats=60) for d in dims]),
        "MAML": sweep(
            dims,
            [square_errors(growing(d), n1=4 * d, n2=4 * d, repeats=60, **maml) for d in dims],
        ),
    },
    r"label noise $\sigma$": {
        "ERM": sweep(noises, [square_errors(noisy(level), T, n=8) for level in noises]),
        "MAML": sweep(
            noises, [square_errors(noisy(level), n1=4, n2=4, **maml) for level in noises]
        ),
    },
}


# %% mystnb={"code_prompt_show": "Draw the four panels", "figure": {"caption": "Root mean square distance against everything but the number of tasks, $T=100$. Points: simulations with 95% intervals; lines: the limit law; grey, in the last two panels: the first term of (81), and (81), scaled to meet MAML's first point. Samples and episodes help like one over the square root only as long as the tasks agree; in a mixture the error levels off. With samples in proportion to the dimension neither method's error grows with $d$, while the first term of (81) does. Label noise enters both in proportion, while (81) does not know it.", "name": "fig-rates-in-the-rest"}, "image": {"classes": "upright", "alt": "Four panels on logarithmic axes. First samples, then episodes: for one task the distance falls with slope minus one half, for the mixture it flattens. Then dimension: ERM and MAML nearly flat, the grey curve of (81) rises steeply. Last noise: both flat below one and then rising with slope one, the grey curve of (81) is flat."}} tags=["hide-input"]
def draw_sweep(axis, values, look):
    """Draw simulated root mean square errors with 95% intervals, and the limit law as a line; return it."""
    x, draws, predicted = values
    means = draws.mean(axis=1)
    spread = 1.96 * draws.std(axis=1) / math.sqrt(draws.shape[1])
    bars = np.sqrt(means) - np.sqrt(means - spread), np.sqrt(means + spread) - np.sqrt(means)
    axis.errorbar(x, np.sqrt(means), bars, **plotting.MARKS[look], capsize=2)
    return axis.plot(x, np.sqrt(predicted), **plotting.LINES[look], lw=1.2)[0]


def rates_in_the_rest():
    """Draw the error against samples, episodes, dimension and noise."""
    figure, axes = plt.subplots(4, 1, figsize=(4.2, 9.5))
    looks = {"ERM": "ERM", "MAML": "MAML", "one task": 1, "mixture": 0}
    for axis, (title, curves) in zip(axes, panels.items(), strict=True):
        for name, values in curves.items():
            draw_sweep(axis, values, looks[name]).set_label(name)
        axis.set(xscale="log", yscale="log", xlabel=title)
    d, sigma = np.array(dims), np.array(noises)
    for axis, x, shape, label in (
        (axes[2], d, d * np.log(100 * T * d) ** 3, "first term of (81)"),
        (axes[3], sigma, np.ones(len(sigma)), "(81)"),
    ):
        first = panels[axis.get_xlabel()]["MAML"][1][0].mean()
        grey = shape / shape[0] * math.sqrt(first)
        axis.plot(x, grey, lw=1, color=plotting.REFERENCE, label=label)
    for axis in axes:
        axis.legend(loc="best")
        axis.set_ylabel("distance")
        axis.minorticks_off()
    axes[2].set_xticks(dims, dims)
    for axis in axes[:2]:  # less than two decades: a slope needs more than powers of ten
        axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter(ticker.NullFormatter())
    return figure


rates_in_the_rest()


# %% mystnb={"code_prompt_show": "Tabulate the slopes"} tags=["hide-input"]
def large(name, curve, start):
    return slope(*(values[start:] for values in panels[name][curve]))


def row(label, fit, printed):
    return f"| {label} | {fit[0]:.2f} ± {fit[1]:.2f} | {fit[2]:.2f} | {printed} |"


names = list(panels)
fits = {
    ("$n$, one task, ERM", "−½"): large(names[0], "one task", 0),
    ("$n\\ge64$, mixture, ERM", "0"): large(names[0], "mixture", 2),
    ("$\\tau$, one task, MAML", "−½"): large(names[1], "one task", 0),
    ("$\\tau\\ge16$, mixture, MAML", "0"): large(names[1], "mixture", 2),
    ("$d$, samples $\\propto d$, ERM", "0"): large(names[2], "ERM", 0),
    ("$d$, samples $\\propto d$, MAML", "1, and logarithms"): large(names[2], "MAML", 0),
    ("$\\sigma\\ge10$, ERM", "between ½ and 1"): large(names[3], "ERM", 3),
    ("$\\sigma\\ge10$, MAML", "0"): large(names[3], "MAML", 3),
}
lines = [row(label, fit, printed) for (label, printed), fit in fits.items()]
header = [
    "| slope in | measured | exact | printed bound |",
    "| --- | --- | --- | --- |",
]
Markdown("\n".join([*header, *lines]).replace("-0", "−0"))

# %% [markdown]
# Three things to notice. For one task every row counts the same, and only the product $nT$ matters. In the mixture, samples and episodes stop helping: beyond a few dozen, only more *tasks* do. And the noise that (81) forgets soon decides everything.
#
# (convergence-dimension)=
# ### Remark 2
#
# > **The paper, Remark 2.** "Our dimension-dependence is significantly worse, than theirs, which suggests the extra complexity of the MAML objective with finite samples allowed for task-specific adaptation."
#
# With samples in proportion to the dimension, MAML and ERM need the same order of tasks in every dimension:

# %% mystnb={"code_prompt_show": "The exact ratio of the two mean square errors"} tags=["hide-input"]
assert all(
    abs(large(names[3], "MAML", start)[0] - 1) < 0.1 for start in (3, 4)
)  # the noise decides
ratios = [
    np.trace(linear.asymptotic_covariance_maml(growing(d), ALPHA, 1, 4 * d, 4 * d))
    / np.trace(linear.asymptotic_covariance_erm(growing(d), 8 * d))
    for d in dims
]
growth = np.array(dims[1:]) / dims[0]
claims.bounds(
    "rem:2",
    np.full(4, ratios[0]),
    f"MAML's exact mean square error over ERM's, {', '.join(f'{ratio:.2f}' for ratio in ratios)} "
    f"in {', '.join(map(str, dims))} dimensions, does not grow.",
    above=ratios[1:],
    shows=r"T\,\mathrm{Cov}(w_{MAML})\to A^{-1}VA^{-1}",
    refuses={"a ratio that grows like $\\log d$": ratios[0] * np.log2(dims[1:])},
    printed=claims.prints("rem:2", ratios[0] * np.sqrt(growth), r"\text{significantly worse}"),
)

# %% mystnb={"code_prompt_show": "Record what the remark rests on"} tags=["remove-input"]
claims.quotes(
    "rem:2",
    r"Theorem 2 of Gao and Sener shows convergence as $n_1=n_2\to\infty$ with $\tau=1$: the full inner gradient.",
    "the paper, Remark 2, on Gao and Sener (2020)",
)

# %% [markdown]
# (convergence-law)=
# ## The law of a training solution
#
# {prf:ref}`thm-training-law` replaces what Theorems 2 and 3 conclude. Three tests of it.
#
# ### In one dimension, by hand
#
# The score $\psi$ of an episode is the downhill gradient of its loss at the population solution, and $\delta$ the task's optimum less that solution. For one inner and one outer sample it is a polynomial in standard normal variables, and its moments follow without matrices or pairings: the mean curvature $A$, and what multiplies $\delta^2$ in $E\psi^2$.

# %% mystnb={"code_prompt_show": "Average a polynomial in four standard normal variables"} tags=["hide-cell"]
alpha, rho, sigma, offset, tau = sp.symbols("alpha rho sigma delta tau", positive=True)
a, b, u, v = sp.symbols("a b u v", real=True)  # inner, outer input; inner, outer noise


def average(expression):
    """Return the expectation of a polynomial in the four variables."""
    terms = sp.Poly(sp.expand(expression), a, b, u, v).terms()
    moment = {p: 0 if p % 2 else sp.factorial2(p - 1) for p in range(20)}
    return sum(factor * sp.prod([moment[p] for p in powers]) for powers, factor in terms)


# %%
inner, outer = sp.sqrt(rho) * a, sp.sqrt(rho) * b
step = 1 - alpha * inner**2
noise = step * outer * v - alpha * step * outer**2 * inner * u
psi = step**2 * outer**2 * offset + sigma * noise
curvature = average(step**2 * outer**2)
mean, square = curvature * offset, average(psi**2)
score = mean**2 + (square - mean**2) / tau
Markdown(
    f"$$\nA={sp.latex(sp.factor(curvature))}\n$$\n\nand, in $E\\psi^2$, the coefficient of $\\delta^2$ is\n\n"
    f"$$\n{sp.latex(sp.factor(square.coeff(offset, 2)))}.\n$$"
)

# %% [markdown]
# For ERM with one sample $\psi=x^2\delta+xz$. Two tasks at $\pm1$ with variances $\frac14$ and $1$ and noise $\frac12$ have asymptotic variances by these formulas. The library, which builds them from matrices and pairings, agrees:

# %% mystnb={"code_prompt_show": "Two tasks in one dimension, by both routes"} tags=["hide-cell"]
two = TaskEnvironment.two_tasks(1, rho_hard=0.25, rho_easy=1.0, noise_std=0.5)


def one_dimension(weight, squares, rate, episodes):
    """Return V/A² for the two tasks, from formulas for curvature and score."""
    tasks = [{rho: sp.Rational(1, 4), alpha: rate}, {rho: 1, alpha: rate}]
    weights = [sp.sympify(weight).subs(task) for task in tasks]
    centre = (weights[0] - weights[1]) / sum(weights)
    fixed = {sigma: sp.Rational(1, 2), tau: episodes}
    values = [
        squares.subs(task | fixed | {offset: place - centre})
        for task, place in zip(tasks, (1, -1), strict=True)
    ]
    return float(sum(values) / 2 / (sum(weights) / 2) ** 2)


erm_score = average((outer**2 * offset + sigma * outer * v) ** 2)
settings = [(sp.Rational(1, 2), 1), (sp.Rational(4, 5), 3), (sp.Integer(2), 7)]
by_hand = [one_dimension(curvature, score, *setting) for setting in settings]
by_library = [
    linear.asymptotic_covariance_maml(two, float(rate), episodes, 1, 1)[0, 0]
    for rate, episodes in settings
]

# %% mystnb={"code_prompt_show": "Compare"} tags=["hide-input"]
quiet = one_dimension(rho, erm_score.subs(sigma, 0), 1, 1)
silent = [one_dimension(curvature, score.subs(sigma, 0), *setting) for setting in settings]
claims.checks(
    "thm:2 thm:3",
    {"thm:2": [one_dimension(rho, erm_score, 1, 1)], "thm:3": by_hand},
    {"thm:2": [linear.asymptotic_covariance_erm(two, 1)[0, 0]], "thm:3": by_library},
    "The law in one dimension, by moments of Gaussian variables and by the library.",
    shows=r"A^{-1}VA^{-1}",
    rtol=1e-10,
    refuses={"the law without label noise": {"thm:2": [quiet], "thm:3": silent}},
)

# %% [markdown]
# ### In three dimensions, by simulation
#
# Full covariances and spreads; fifteen hundred training sets of 400 tasks each. The mean of $T(\hat w-w^*)(\hat w-w^*)^\top$ should be $A^{-1}VA^{-1}$.

# %% mystnb={"code_prompt_show": "Train 1,500 times"} tags=["hide-input"]
T, runs = 400, 1500
found = {
    "ERM": simulate.sampled_erm_estimates(env, T, 4, runs, rng) - linear.erm_solution(env),
    "MAML": simulate.sampled_maml_estimates(env, ALPHA, T, 1, 5, 5, runs, rng)
    - linear.maml_solution(env, ALPHA, 5),
}
covariances = {
    "ERM": linear.asymptotic_covariance_erm(env, 4),
    "MAML": linear.asymptotic_covariance_maml(env, ALPHA, 1, 5, 5),
}
products = {name: T * w[:, :, None] * w[:, None, :] for name, w in found.items()}
infinite = {
    "thm:2": linear.asymptotic_covariance_erm(env, math.inf),
    "thm:3": linear.asymptotic_covariance_maml(env, ALPHA, 1, math.inf, 5),
}
claims.samples(
    "thm:2 thm:3",
    {"thm:2": products["ERM"], "thm:3": products["MAML"]},
    {"thm:2": covariances["ERM"], "thm:3": covariances["MAML"]},
    r"The covariance of ERM ($n=4$) and of MAML ($\tau=1$, $n_1=n_2=5$) over 400 tasks.",
    shows=r"T\,\mathrm{Cov}(\hat w)\to A^{-1}VA^{-1}",
    refuses={"infinitely many samples in every task": infinite},
)

# %% [markdown]
# The limit is Gaussian too: if so, $T(\hat w-w^*)^\top(A^{-1}VA^{-1})^{-1}(\hat w-w^*)$ is a $\chi^2_3$ variable, and ellipsoids of level 50% and 95% hold that share of the solutions.

# %%
distances = {
    name: T * np.einsum("ri,ij,rj->r", w, np.linalg.inv(covariances[name]), w)
    for name, w in found.items()
}
quantiles = 2.366, 7.815
inside = {name: [np.mean(x <= q) for q in quantiles] for name, x in distances.items()}
assert all(abs(a - 0.5) < 0.05 and abs(b - 0.95) < 0.02 for a, b in inside.values())
rows = [f"| {name} | {half:.0%} | {most:.0%} |" for name, (half, most) in inside.items()]
Markdown("\n".join(["| of level | 50% | 95% |", "| --- | --- | --- |", *rows]))

# %% [markdown]
# (convergence-finite)=
# ### For finitely many tasks
#
# With probability at least $1-\eta$, and $\lambda=\lambda_{\min}(A)$, {prf:ref}`thm-finitely-many-tasks` bounds the error. It needs $\operatorname{tr}V=\operatorname{tr}(ACA)$, with $C=A^{-1}VA^{-1}$ from the library, and $E\lVert\hat A_i\rVert_F^2$, which is $\operatorname{tr}V$ for optima $N(0,I)$ without noise. Two instances: one sample in each part, and infinite data in a hundred dimensions, where the printed bounds fail.


# %% mystnb={"code_prompt_show": "The number of tasks and the radius of the theorem"} tags=["hide-cell"]
LAWS = {
    "ERM": lambda of: linear.asymptotic_covariance_erm(of, 1),
    "MAML": lambda of: linear.asymptotic_covariance_maml(of, ALPHA, 1, 1, 1),
}
CURVATURES = {
    "ERM": env.covariances,
    "MAML": linear.adapted_covariance(env.covariances, ALPHA, 1),
}


def mean_square(name):
    """Return E‖Â‖²: with optima N(0, I) and no noise V is E[Â²], group by group."""
    total = 0.0
    for p, sigma, A in zip(env.probabilities, env.covariances, CURVATURES[name], strict=True):
        group = TaskEnvironment([1.0], [sigma], [np.zeros(3)], [np.eye(3)])
        total += p * np.trace(A @ LAWS[name](group) @ A)
    return total


def needed_tasks(name, A, eta):
    """Return the number of tasks that the theorem asks for."""
    square = mean_square(name) - np.sum(A * A)
    return math.ceil(8 * square / (eta * np.linalg.eigvalsh(A)[0] ** 2))


def radius(A, C, T, eta):
    trace = np.trace(A @ C @ A)
    return 2 / np.linalg.eigvalsh(A)[0] * math.sqrt(2 * trace / (eta * T))


# %% mystnb={"code_prompt_show": "One sample in each part"} tags=["hide-cell"]
needed, allowed, report = {}, {}, []
for row, name in (("thm:2", "ERM"), ("thm:3", "MAML")):
    A = np.tensordot(env.probabilities, CURVATURES[name], 1)
    T = needed_tasks(name, A, eta=0.5)
    draws = square_errors(env, T, algorithm=name, repeats=100)[0]
    needed[row] = [np.quantile(np.sqrt(draws), 0.5)]
    allowed[row] = [radius(A, LAWS[name](env), T, eta=0.5)]
    report.append(f"{name}: $T\\ge{T}$")

# %% mystnb={"code_prompt_show": "Compare the radius with the error, and with the printed bounds"} tags=["hide-input"]
d, T = 100, 1000  # Σ = I and optima uniform on ±√d e_k: V = I
counts = rng.multinomial(T, np.full(2 * d, 1 / (2 * d)), size=500)
distances = np.sqrt(d) * np.linalg.norm(counts[:, :d] - counts[:, d:], axis=1) / T
error, printed_bound = np.quantile(distances, 0.96), math.sqrt(math.log(200 * d) / T)
as_printed = {row: np.array([*part, printed_bound]) for row, part in allowed.items()}
for row in needed:
    needed[row].append(error)
    allowed[row].append(radius(np.eye(d), np.eye(d), T, eta=0.04))
claims.bounds(
    "thm:2 thm:3",
    needed,
    "The quantile of the error that the bound must cover: one sample in each part at $\\eta=\\frac12$ "
    f"({', '.join(report)}), and infinite data in a hundred dimensions at $\\eta=0.04$.",
    below=allowed,
    shows=r"\frac2\lambda\sqrt{2\,\mathrm{tr}(V)/(\eta T)}",
    refuses={
        "a radius that falls like $1/T$": {
            row: np.array(part) / 30 for row, part in allowed.items()
        }
    },
    printed=[
        claims.prints(
            "thm:2", as_printed["thm:2"], r"\text{(44) holds with probability at least }0.96"
        ),
        claims.prints(
            "thm:3", as_printed["thm:3"], r"\text{(81) holds with probability at least }0.96"
        ),
    ],
)

# %% [markdown]
# Several times the typical distance, and many times the tasks that are needed: that is the price of Chebyshev's inequality.
#
# (convergence-exercises)=
# ## The exercises of Chapter 5, in numbers
#
# Exercise 1: $n$ times the covariance increases with $n$ in the mixture, and is the same for every $n$ with one task. Exercise 2: the crossover is a line in $\sigma^2$, which passes through its third point. Exercise 3: three tasks of one sample each find the optimum exactly.

# %% mystnb={"code_prompt_show": "Test the three solutions"} tags=["hide-input"]
budget = [n * linear.asymptotic_covariance_erm(env, n) for n in (1, 2, 5, 20)]
assert all(np.linalg.eigvalsh(budget[k + 1] - budget[k])[0] > 0 for k in range(3))
alike = [n * linear.asymptotic_covariance_erm(single, n) for n in (1, 20)]
assert np.allclose(alike[0], alike[1])

noisier = [
    TaskEnvironment.hard_easy(5, 0.2, 1.0, 1.0, 0.1, 0.1, noise_std=sigma)
    for sigma in (0.0, 1.0, 3.0)
]
quiet, loud, louder = (linear.crossover_tasks(of, 1.0, 20, 30, 1, 10, 20) for of in noisier)
assert math.isclose(louder, quiet + 9 * (loud - quiet), rel_tol=1e-9)

silent = TaskEnvironment.finite_tasks([env.covariances[1]], [env.means[1]])
assert np.allclose(simulate.sampled_erm_estimates(silent, 3, 1, 5, rng), env.means[1], atol=1e-6)
assert np.allclose(linear.asymptotic_covariance_maml(silent, ALPHA, 1, 1, 1), 0.0)
Markdown(
    f"The crossover is at $T={quiet:.1f}+{loud - quiet:.1f}\\,\\sigma^2$ tasks, {louder:.0f} of them at $\\sigma=3$."
)

# %% [markdown]
# **Read next.** Back to [Chapter 5](05_convergence), or on to the proofs: [D.1](13_erm_proof), [D.2](14_maml_proof).
