# %% [markdown]
# # Lemma 2 and A.1, line by line
#
# > **The paper, App. D.2.** "Lemma 2. *Let $\mathbf A$ be a fixed symmetric matrix in $\mathbb R^{d\times d}$, and let $\mathbf X$ be a random matrix in $\mathbb R^{n\times d}$ whose rows are i.i.d. multivariate Gaussian random vectors with mean $\mathbf0$ and diagonal covariance $\Sigma$.*"
#
# [Chapter 2](02_population_solutions) derives the lemma in a few lines, and everything else of A.1 from it. This page follows the paper's own steps: the entries (77) to (80) and their proof, then Appendix A.1 from the loss to the chains (17) to (20), with every integral taken by quadrature
# and every mean by simulation, and last what [Chapter 1](01_learning_to_adapt) asserts of §2. The sections stand alone. A step on $s$ samples multiplies a distance by $P=I-\frac\alpha sX^\top X$; its mean curvature is $Q^{(s)}=E[P\Sigma P]$. A prime marks a corrected equation.
#
# | item of the paper | what is done here | does it stand? |
# | :-- | :-- | :-- |
# | [Gaussian moments](#moments-pairing) | against the generating function | yes |
# | [(80), (79)](#moments-lemma) | one row multiplied out | yes |
# | [(78)](#moments-lemma) | two and three rows | no: it prints $1/n$ for $1/n^2$ |
# | [(77)](#moments-lemma) | $n$ as a symbol | yes, for every covariance |
# | ["dominated"](#moments-dominated) | the condition on $s$ | not at $\alpha=1/\rho_E$ |
# | [(14), (15)](#moments-training) | gradients of training, simulated | yes |
# | [the loss, the residual](#moments-a1) | multiplied out | no: a mean, a sign |
# | [(16) to (20), (6), (7)](#moments-quadrature) | by quadrature | no: halves, an infimum, a name |
# | ["the unique solution"](#moments-unique) | ranks of random matrices | only with enough samples |
# | [(2), (7) for two tasks](#moments-one-dimension) | in fractions | (2) yes; (7) is not (2) |

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
from functools import lru_cache, partial
from itertools import combinations

import numpy as np
import sympy as sp
from IPython.display import Markdown

from paperlib import claims, linear
from paperlib.environments import TaskEnvironment

# %% [markdown]
# (moments-pairing)=
# ## Moments by pairing
#
# A product of centred Gaussians is averaged by splitting its factors into pairs in every possible way, {eq}`isserlis`: the code is that of Chapter 2. The rule must agree with the derivatives at $t=0$ of the generating function $E[e^{\langle t,x\rangle}]=e^{t^\top\Sigma t/2}$.
# The paper needs it for a diagonal $\Sigma$ with entries $\lambda_i$ only, where the entries of $x$ are independent, odd moments
# vanish and the fourth are $3\lambda_i^2$.


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


# %% mystnb={"code_prompt_show": "Check the moments to order six"} tags=["hide-input"]
a, b, c = sp.symbols("a b c", real=True)
x = sp.Matrix(sp.symbols("x1:3"))
Sigma = sp.Matrix([[a, b], [b, c]])
t = sp.Matrix(sp.symbols("t1 t2"))
orders = [(i, j) for i in range(7) for j in range(7 - i)]
moments = {(i, j): expectation(x[0] ** i * x[1] ** j, list(x), Sigma) for i, j in orders}
factorials = {(i, j): sp.factorial(i) * sp.factorial(j) for i, j in orders}
series = sum(moments[o] * t[0] ** o[0] * t[1] ** o[1] / factorials[o] for o in orders)
exponent = (t.T * Sigma * t)[0] / 2
generating = 1 + exponent + exponent**2 / 2 + exponent**3 / 6
claims.proves(
    "text:gaussian-moments",
    series,
    generating,
    "The moments by pairing are the Taylor coefficients of the generating function, so odd ones vanish and "
    r"for a diagonal $\Sigma$ the entries are independent with fourth moments $3\lambda_i^2$.",
    shows=r"\sum_{i+j\le6}E[x_1^ix_2^j]\frac{t_1^it_2^j}{i!\,j!}"
    r"=\sum_{k\le3}\frac1{k!}\Bigl(\tfrac12t^\top\Sigma t\Bigr)^k",
    case="two variables, to order six",
    refuses={"independence of entries that are correlated": generating.subs(b, 0)},
)

# %% [markdown]
# (moments-lemma)=
# ## Lemma 2
#
# For symmetric $A$ the last term of {eq}`sandwich` is $\Sigma A\Sigma$ again, and this is the paper's
#
# (eq-77)=
# $$
# E[\hat\Sigma A\hat\Sigma]=\Sigma A\Sigma+\frac1n\bigl(\operatorname{tr}(\Sigma A)I_d+\Sigma A\bigr)\Sigma. \tag{77}
# $$
#
# ### One row: (80) and (79)
#
# Let $x_k$ be the $k$-th row of $X$, a $1\times d$ matrix as in the paper, and
# $C_k=x_k^\top x_kAx_k^\top x_k$. The three pairings are three matrices:
#
# (eq-80)=
# $$
# \begin{aligned}
# E[C_k]&=\operatorname{tr}(\Sigma A)\Sigma+\Sigma(A+A^\top)\Sigma\\
# &=\operatorname{tr}(\Sigma A)\Sigma+2\Sigma A\Sigma,
# \end{aligned} \tag{80}
# $$
#
# the second line for symmetric $A$. The machine does the same by brute force, with no matrix algebra: it multiplies out, pairs, and sums.

# %%
A = sp.Matrix(2, 2, sp.symbols("A1:3(1:3)"))
X = sp.Matrix(2, 2, sp.symbols("X1:3(1:3)"))
row = X[0, :]
single = mean_over_rows(row.T * row * A * row.T * row, row, Sigma)
trace_term = (Sigma * A).trace() * Sigma
three_pairings = trace_term + Sigma * A * Sigma + Sigma * A.T * Sigma
Markdown(
    f"The entry $(1,2)$, for $\\Sigma={sp.latex(Sigma)}$, is\n\n$$\n{sp.latex(single[0, 1])}.\n$$"
)

# %% mystnb={"code_prompt_show": "Check (80)"} tags=["hide-input"]
claims.proves(
    "eq:80",
    single,
    three_pairings,
    "One row, any $\\Sigma$ and any $A$, multiplied out.",
    shows=r"E[C_k]=\operatorname{tr}(\Sigma A)\Sigma+\Sigma(A+A^\top)\Sigma",
    case="$d=2$",
    refuses={
        "the symmetric form for a matrix that is not symmetric": trace_term + 2 * Sigma * A * Sigma
    },
)

# %% [markdown]
# For diagonal $\Sigma$ these are the entries that the paper lists:
#
# (eq-79)=
# $$
# E[(C_k)_{r\ell}]=\begin{cases}\lambda_r\sum_j\lambda_jA_{jj}+2\lambda_r^2A_{rr},&r=\ell\\\lambda_r\lambda_\ell(A_{r\ell}+A_{\ell r}),&r\ne\ell.\end{cases} \tag{79}
# $$

# %% mystnb={"code_prompt_show": "Check the entries in three dimensions"} tags=["hide-input"]
lambdas = sp.symbols("lambda_1:4", positive=True)
A3 = sp.Matrix(3, 3, sp.symbols("A1:4(1:4)"))
row3 = sp.Matrix(1, 3, sp.symbols("x1:4"))
single3 = mean_over_rows(row3.T * row3 * A3 * row3.T * row3, row3, sp.diag(*lambdas))


def entries_79(repeats):
    """Return the matrix of (79), with the given factor in front of λ_r² A_rr."""
    off = sp.Matrix(3, 3, lambda r, ell: lambdas[r] * lambdas[ell] * (A3[r, ell] + A3[ell, r]))
    weighted_trace = sum(lambdas[j] * A3[j, j] for j in range(3))
    for r in range(3):
        off[r, r] = lambdas[r] * weighted_trace + repeats * lambdas[r] ** 2 * A3[r, r]
    return off


claims.proves(
    "eq:79",
    single3,
    entries_79(2),
    "One row, diagonal $\\Sigma$, any $A$, entry by entry.",
    shows=r"E[(C_k)_{rr}]=\lambda_r\textstyle\sum_j\lambda_jA_{jj}+2\lambda_r^2A_{rr},\quad "
    r"E[(C_k)_{r\ell}]=\lambda_r\lambda_\ell(A_{r\ell}+A_{\ell r})",
    case="$d=3$",
    refuses={"a fourth moment of $2\\lambda^2$ instead of $3\\lambda^2$": entries_79(1)},
)

# %% [markdown]
# ### Several rows: (78)
#
# In the double sum over rows, two *different* rows are independent and each contributes its $\Sigma$; the $n$ terms with the
# same row twice are the $C_k$:
#
# (eq-78)=
# $$
# E[\hat\Sigma A\hat\Sigma]=\frac{n-1}n\Sigma A\Sigma+\frac1{n^2}\sum_{k=1}^nE[C_k]. \tag{\(78'\)}
# $$
#
# We multiply out $X^\top X$ with two and with three rows, so that nothing is assumed about which terms are equal.

# %% mystnb={"code_prompt_show": "Check (78) for two and three rows"} tags=["hide-input"]
X3 = sp.Matrix(3, 2, sp.symbols("X1:4(1:3)"))
brute = [mean_over_rows(Y.T * Y * A * Y.T * Y / Y.rows**2, Y, Sigma) for Y in (X, X3)]


def split(power):
    """Return the right side of (78) for two and three rows, last sum over n^power."""
    sides = []
    for k in (2, 3):
        last = k * single / sp.Integer(k) ** power
        sides.append(sp.Rational(k - 1, k) * Sigma * A * Sigma + last)
    return sides


printed_78 = claims.prints(
    "eq:78",
    split,
    r"\frac{n-1}n\Sigma\mathbf A\Sigma"
    r"+\frac1n\sum_{k=1}^n\mathbb E[\mathbf x_k^\top\mathbf x_k\mathbf A\mathbf x_k^\top\mathbf x_k]",
)
claims.proves(
    "eq:78",
    brute,
    split(2),
    "Two and three rows multiplied out: the last sum is divided by $n^2$.",
    shows=r"\frac{n-1}n\Sigma A\Sigma+\frac1{n^2}\sum_{k=1}^n\mathbb E[x_k^\top x_kAx_k^\top x_k]",
    case="$d=2$, $n=2$ and $3$",
    refuses={"no division at all": split(0)},
    printed=printed_78(1),
)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# (78) divides the last sum by $n$ where it must be $n^2$; the next line of the paper is right again. (79) calls the same matrix
# $A$ and $a$. Lemma 2 asks for a diagonal $\Sigma$ and a symmetric $A$: (77) holds for *every* covariance, and {eq}`sandwich`
# for every $A$.
# :::
#
# The smallest instance of (78) has one dimension, two rows and $\Sigma=A=1$. Here are $E[(x_1^2+x_2^2)^2]/4$ and what the printed
# right side gives for it:

# %%
unit = {a: 1, b: 0, c: 0, A[0, 0]: 1}
sp.Tuple(brute[0][0].subs(unit), split(1)[0][0].subs(unit))

# %% [markdown]
# ### Every $n$: (77)
#
# To have $n$ as a symbol we count: $n(n-1)$ ordered pairs of different rows, all alike, and $n$ of equal ones. Insert (80):
# $\frac{n-1}n\Sigma A\Sigma+\frac1n\Sigma A\Sigma=\Sigma A\Sigma$, and the other two terms keep their $\frac1n$.

# %% mystnb={"code_prompt_show": "Check (77) for every n"} tags=["hide-input"]
n = sp.Symbol("n", positive=True)
one, other = X[0, :], X[1, :]
different = mean_over_rows(one.T * one * A * other.T * other, X, Sigma)
counted = (n * (n - 1) * different + n * single) / n**2
lemma_77 = Sigma * A * Sigma + (trace_term + Sigma * A * Sigma) / n
symmetric = {A[1, 0]: A[0, 1]}
claims.proves(
    "eq:77",
    counted.subs(symmetric),
    lemma_77.subs(symmetric),
    "Lemma 2 as the paper states it, for symmetric $A$.",
    shows=r"E[\hat\Sigma A\hat\Sigma]=\Sigma A\Sigma"
    r"+\tfrac1n\bigl(\operatorname{tr}(\Sigma A)I_d+\Sigma A\bigr)\Sigma",
    case="$d=2$",
    refuses={
        "the trace of $A$ in place of that of $\\Sigma A$": (
            lemma_77 + (A.trace() - (Sigma * A).trace()) * Sigma / n
        ).subs(symmetric)
    },
)

# %% [markdown]
# The library's function takes any $A$. It must agree with one to three rows in three dimensions, multiplied out in exact fractions.

# %% mystnb={"code_prompt_show": "Check the library's version in exact fractions"} tags=["hide-input"]
Sigma_3 = sp.Matrix([[4, 1, -1], [1, 3, 2], [-1, 2, 5]]) / 5
A_3 = sp.Matrix([[1, -2, 3], [0, 1, 4], [-1, 2, -3]])
sets = [sp.Matrix(count, 3, sp.symbols(f"X1:{count + 1}(1:4)")) for count in (1, 2, 3)]
exact = [mean_over_rows(Y.T * Y * A_3 * Y.T * Y / Y.rows**2, Y, Sigma_3) for Y in sets]
exact = [np.array(fractions, float) for fractions in exact]


def sandwiches(matrix):
    """Return the library's moments for one to three rows."""
    covariance, middle = np.array(Sigma_3, float), np.array(matrix, float)
    return [linear.wishart_sandwich(covariance, middle, count) for count in (1, 2, 3)]


claims.checks(
    "lem:2",
    exact,
    sandwiches(A_3),
    "One to three rows multiplied out in fractions agree with `linear.wishart_sandwich`, $d=3$.",
    atol=1e-12,
    refuses={"the transposed matrix in the middle": sandwiches(A_3.T)},
)

# %% [markdown]
# With $A=\Sigma$ the lemma gives $Q^{(s)}$, {eq}`adapted-covariance`:

# %% mystnb={"code_prompt_show": "Check the definition of Q for two samples"} tags=["hide-input"]
alpha, sigma, z = sp.symbols("alpha sigma z", real=True)
P = sp.eye(2) - alpha / 2 * X.T * X


def adapted_curvature(Sigma, alpha, s):
    """Return Q, written out as the definition has it."""
    contraction = sp.eye(Sigma.rows) - alpha * Sigma
    noise = (Sigma**2).trace() * Sigma + Sigma**3
    return contraction * Sigma * contraction + alpha**2 / s * noise


literal = mean_over_rows(P * Sigma * P, X, Sigma)
Q = adapted_curvature(Sigma, alpha, 2)
claims.proves(
    "def:adapted-covariance",
    literal,
    Q,
    "$Q$ is what it is defined for, $E[P\\Sigma P]$, multiplied out for two samples.",
    shows=r"E[P\Sigma P]=(I-\alpha\Sigma)\Sigma(I-\alpha\Sigma)"
    r"+\frac{\alpha^2}s\bigl(\operatorname{tr}(\Sigma^2)\Sigma+\Sigma^3\bigr)",
    case="$d=s=2$",
    refuses={
        "the trace of $\\Sigma$ in place of that of $\\Sigma^2$": Q
        + alpha**2 / 2 * (Sigma.trace() - (Sigma**2).trace()) * Sigma
    },
)

# %% [markdown]
# (moments-dominated)=
# ## When the first term dominates
#
# > **The paper, §3.** "consider the case in which $m$ and $n_2$ are large, thus the $\mathbf Q_i$ matrices are dominated by
# > $\Sigma_i(\mathbf I_d-\alpha\Sigma_i)^2$."
#
# Along an eigenvector of $\Sigma$ with eigenvalue $\lambda$ the perturbation is to the first term as
# $\alpha^2(\operatorname{tr}\Sigma^2+\lambda^2)$ to $s(1-\alpha\lambda)^2$. So the sentence is right wherever
# $\alpha\lambda\ne1$, once $s$ is large enough. We measure the ratio from the library's matrices for random tasks.


# %% mystnb={"code_prompt_show": "Measure the perturbation's share of Q"} tags=["hide-cell"]
def random_covariance(rng, dim):
    """Return a covariance with eigenvalues between 0.05 and 1 in random directions."""
    axes, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
    return (axes * rng.uniform(0.05, 1.0, dim)) @ axes.T


rng = np.random.default_rng(0)
tasks = np.stack([random_covariance(rng, 4) for _ in range(50)])
spectra, axes = np.linalg.eigh(tasks)
noise = 0.8**2 * (np.sum(spectra**2, axis=1, keepdims=True) + spectra**2)
exact_step = (1 - 0.8 * spectra) ** 2
needed = 99 * noise / exact_step  # samples from which the perturbation is less than 1% of Q


def perturbation_share(task, vector, alpha, s):
    """Return the perturbation's share of Q along a direction, by the library."""
    whole, exact = (
        vector @ linear.adapted_covariance(task, alpha, k) @ vector for k in (s, math.inf)
    )
    return 1 - exact / whole


sizes = [math.ceil(factor * needed[t, 0]) for t in range(50) for factor in (0.5, 0.995, 1.005, 2)]
shares = [
    perturbation_share(tasks[k // 4], axes[k // 4, :, 0], 0.8, s) for k, s in enumerate(sizes)
]
thresholds = np.repeat(needed[:, 0], 4)

# %% [markdown]
# But the paper's own choice from §3.1 on is $\alpha=1/\rho_E$, where $\alpha\lambda=1$ for every easy task. There the first
# term is zero, and the perturbation is all there is, at every $s$:

# %% mystnb={"code_prompt_show": "Decide where the perturbation is less than 1%"} tags=["hide-input"]
easy_sizes = [10**k for k in range(1, 9)]
shares += [perturbation_share(np.eye(10), np.eye(10)[0], 1.0, s) for s in easy_sizes]
sizes, thresholds = np.array(sizes + easy_sizes), np.append(thresholds, [math.inf] * 8)
dominated = np.array(shares) < 0.01
claims.decides(
    "text:dominated-by-preconditioned-covariance",
    dominated,
    lambda factor: sizes > factor * thresholds,
    "The perturbation is less than 1% of $Q$ along an eigenvector exactly where $s$ is more than 99 times the ratio.",
    shows=r"s(1-\alpha\lambda)^2\gg\alpha^2(\mathrm{tr}(\Sigma_i^2)+\lambda^2)",
    refuses={"half of the threshold": sizes > 0.4 * thresholds},
    printed=claims.prints(
        "text:dominated-by-preconditioned-covariance",
        dominated | True,
        r"\text{the }\mathbf Q_i\text{ matrices are dominated by }\Sigma_i(\mathbf I_d-\alpha\Sigma_i)^2",
    ),
)

# %% [markdown]
# (moments-training)=
# ## (14) and (15): where training settles
#
# That the matrices of {prf:ref}`thm-decomposition` and of [(5)](#eq-5) are $\Sigma_i$ and $Q_i^{(n_2)}$ must be seen in training itself. At $w=0$ the gradients of [(3)](#eq-3) and
# [(4)](#eq-4), averaged over tasks and samples, are $-E_i[B_i]\,w^*$ with the minimiser $w^*$ of each, $B_i=\Sigma_i$ or $Q_i^{(n_2)}$. We draw tasks from random environments with several groups, unequal and correlated
# covariances, spreads and noise.


# %% mystnb={"code_prompt_show": "Draw environments, tasks and samples"} tags=["hide-cell"]
def random_environment(seed, dim, groups):
    """Return an environment with random groups, scattered optima and noise."""
    rng = np.random.default_rng(seed)
    covariances = np.stack([random_covariance(rng, dim) for _ in range(groups)])
    spreads = 0.3 * np.stack([random_covariance(rng, dim) for _ in range(groups)])
    probabilities = rng.dirichlet(np.full(groups, 3.0))
    means = rng.normal(size=(groups, dim))
    return TaskEnvironment(probabilities, covariances, means, spreads, noise_std=0.5)


def draw_tasks(env, count, rng):
    """Return covariances, optima, and a function that draws k samples of each task."""
    group = rng.choice(env.groups, count, p=env.probabilities)
    roots = np.linalg.cholesky(env.covariances)[group]
    spread_roots = np.linalg.cholesky(env.spreads)[group]
    scatter = np.einsum("tij,tj->ti", spread_roots, rng.normal(size=(count, env.dim)))
    optima = env.means[group] + scatter

    def sample(k):
        inputs = np.einsum("tij,tkj->tki", roots, rng.normal(size=(count, k, env.dim)))
        noise = env.noise_std * rng.normal(size=(count, k))
        return inputs, np.einsum("tki,ti->tk", inputs, optima) + noise

    return env.covariances[group], optima, sample


def gradients(starts, inputs, labels):
    """Return each task's gradient of half the mean squared error at its own start."""
    residuals = (inputs @ starts[:, :, None])[:, :, 0] - labels
    return (residuals[:, None] @ inputs)[:, 0] / inputs.shape[1]


environments = [random_environment(*sizes) for sizes in ((1, 3, 2), (2, 4, 3), (3, 5, 4))]

# %% [markdown]
# The gradient of (4) goes through the step by the chain rule: it is $I-\alpha\hat\Sigma$, with the inner samples' $\hat\Sigma$,
# times the gradient of the outer loss at the adapted point.

# %% mystnb={"code_prompt_show": "Gradients of both objectives, and what they should be"} tags=["hide-cell"]
ALPHA, N1, N2 = 0.9, 3, 6


def training_gradients(env, tasks=40_000):
    """Return per-task gradients of (3) and of (4) at zero: (tasks, 2, d)."""
    zero = np.zeros((tasks, env.dim))
    _, _, sample = draw_tasks(env, tasks, np.random.default_rng(env.dim))
    (inner, labels), outer = sample(N2), sample(N1)
    adapted = zero - ALPHA * gradients(zero, inner, labels)
    after = gradients(adapted, *outer)
    shrink = ALPHA * gradients(after, inner, np.zeros_like(labels))
    return np.stack([gradients(zero, inner, labels), after - shrink], axis=1)


solutions = []
for env in environments:
    maml = linear.maml_solution(env, ALPHA, N2)
    solutions.append((env, linear.erm_solution(env), maml))


def mean_gradients(learner, solution):
    """Return -E[B] w of all environments, B of ERM (0) or MAML (1), w its solution or the other."""
    found = []
    for env, *both in solutions:
        adapted = linear.adapted_covariance(env.covariances, ALPHA, N2)
        matrices = adapted if learner else env.covariances
        found.append(-np.tensordot(env.probabilities, matrices, 1) @ both[solution])
    return np.concatenate(found)


# %% mystnb={"code_prompt_show": "Average 40,000 of them"} tags=["hide-input"]
draws = [training_gradients(env) for env, *_ in solutions]
LEARNERS = {"eq:14": 0, "eq:15": 1}
claims.samples(
    "eq:14 eq:15",
    {row: np.hstack([one[:, k] for one in draws]) for row, k in LEARNERS.items()},
    {row: mean_gradients(k, k) for row, k in LEARNERS.items()},
    "The mean gradients of (3) and (4) are those of parabolas about the two solutions, $d=3,4,5$.",
    shows=r"\nabla_{w=0}=-E_i[B_i]\,w^*,\quad B_i=\Sigma_i\text{ for ERM, }Q_i^{(n_2)}\text{ for MAML}",
    refuses={
        "the solutions exchanged": {row: mean_gradients(k, 1 - k) for row, k in LEARNERS.items()}
    },
)

# %% [markdown]
# The formulas never saw the noise of these environments, nor the spreads. Neither moves the solutions.
#
# > **The paper, §3.** "both $\mathbf w_{MAML}^*$ and $\mathbf w_{ERM}^*$ are normalized weighted sums of the task optimal
# > solutions."
#
# The weights are matrices: $E_{i'}[B_{i'}]^{-1}p_gB_g$ for group $g$, and they sum to the identity.

# %% mystnb={"code_prompt_show": "Check the weights for two tasks"} tags=["hide-input"]
p = sp.Symbol("p", positive=True)
f, g = sp.symbols("f1:4"), sp.symbols("g1:4")
M1, M2 = (sp.Matrix([[e[0], e[1]], [e[1], e[2]]]) for e in (f, g))
optimum1, optimum2 = sp.Matrix(sp.symbols("h1:3")), sp.Matrix(sp.symbols("k1:3"))
w = sp.Matrix(sp.symbols("w1:3"))
first, second = w - optimum1, w - optimum2
parabolas = ((p * first.T * M1 * first + (1 - p) * second.T * M2 * second) / 2)[0]

solution = sp.solve([sp.diff(parabolas, coordinate) for coordinate in w], list(w))
mean_matrix = p * M1 + (1 - p) * M2
lowest = [sp.cancel(mean_matrix.det() * solution[coordinate]) for coordinate in w]

inverse = mean_matrix.adjugate()  # times the determinant again
weight1, weight2 = inverse * p * M1, inverse * (1 - p) * M2
sums = [weight1 + weight2, list(weight1 * optimum1 + weight2 * optimum2)]
determinant = mean_matrix.det()
plain = list(determinant * (p * optimum1 + (1 - p) * optimum2))
claims.proves(
    "text:weighted-sums",
    sums,
    [determinant * sp.eye(2), lowest],
    "Matrix weights that sum to the identity give the minimiser.",
    shows=r"w^*=\sum_gW_g\,w_g^*,\quad W_g=E_{i'}[B_{i'}]^{-1}p_gB_g,\quad\sum_gW_g=I",
    case="two tasks, $d=2$",
    refuses={"the probabilities as weights": [determinant * sp.eye(2), plain]},
)

# %% [markdown]
# (moments-a1)=
# ## A.1: the loss and the residual
#
# §2 defines the empirical loss with a mean over samples, §3 without. (Without the mean the step would grow with the number of samples.)

# %% mystnb={"code_prompt_show": "Compare the two definitions"} tags=["hide-input"]
r1, r2 = sp.symbols("r1 r2")
claims.contradicts(
    "def:squared-loss",
    {
        "§2": (r"$\hat f_i=\frac1m\sum_j\ell$", (r1**2 + r2**2) / 4),
        "§3": (
            r"$\frac12\lVert\mathbf X_i\mathbf w-\mathbf y_i\rVert_2^2$",
            (r1**2 + r2**2) / 2,
        ),
    },
    "The empirical loss of two samples with residuals $r_1$ and $r_2$ is half their mean square in §2 and half the sum of their squares in §3.",
    agrees=(r1**2 + r2**2) / 4,
)

# %% [markdown]
# A.1 writes the residual after the step as $\langle x_i,P_i(w-w_i^*)\rangle+\bigl(z_i+\frac{\alpha}{m}x_i^\top\hat X_i^\top\hat z_i\bigr)$.
# The noise of the fresh sample has the opposite sign to the noise of the step. In the mean square this makes no difference,
# since the two are independent. (The vector called $z_i^{in}\in\mathbb R^m$ just above that display is $\hat z_i$.)

# %% mystnb={"code_prompt_show": "Check the signs"} tags=["hide-input"]
z_hat = sp.Matrix(sp.symbols("zhat1:3"))
w_star = sp.Matrix(sp.symbols("w_1^* w_2^*"))
adapted = w - alpha / 2 * X.T * (X * w - (X * w_star + z_hat))
residual = x.dot(adapted) - (x.dot(w_star) + z)
signal = x.dot(P * (w - w_star))
step_noise = alpha / 2 * x.dot(X.T * z_hat)
both_plus = claims.prints(
    "text:test-loss-chain",
    signal + (z + step_noise),
    r"\langle\mathbf x_i,\mathbf P_i(\mathbf w-\mathbf w_i^*)\rangle"
    r"+(z_i+\frac\alpha m\mathbf x_i^\top\hat{\mathbf X}_i^\top\hat{\mathbf z}_i)",
)
claims.proves(
    "text:test-loss-chain",
    residual,
    signal - (z - step_noise),
    "The residual after a step.",
    shows=r"\langle x_i,P_i(w-w_i^*)\rangle-\bigl(z_i-\frac\alpha mx_i^\top\hat X_i^\top\hat z_i\bigr)",
    case="$d=m=2$",
    refuses={"the noise of the fresh sample forgotten": signal + step_noise},
    printed=both_plus,
)

# %% [markdown]
# (moments-quadrature)=
# ## (15) to (20) by quadrature
#
# We hold {prf:ref}`thm-decomposition` against definition (1), by a route without algebra. Gauss–Hermite quadrature with three nodes per variable
# integrates polynomials of degree five exactly, and the loss after a step is of degree four in each of the $m(d+1)$ Gaussian
# variables of the step. So a sum over $3^{m(d+1)}$ nodes *is* the expectation in (1). We take twenty random environments of two
# or three tasks in two or three dimensions, each with its own step size and noise, and $m=2$.


# %% mystnb={"code_prompt_show": "Integrate the loss after a step"} tags=["hide-cell"]
@lru_cache
def gaussian_nodes(count):
    """Return nodes (3^count, count) and masses for independent N(0, 1) variables."""
    nodes, masses = np.polynomial.hermite_e.hermegauss(3)
    grid = np.indices((3,) * count).reshape(count, -1).T
    return nodes[grid], np.prod(masses[grid] / masses.sum(), axis=1)


def integrated_loss(covariance, optimum, start, noise_std, alpha, m):
    """Return the mean loss of one task after a step, by quadrature over its m samples."""
    dim = len(optimum)
    nodes, mass = gaussian_nodes(m * (dim + 1))
    inputs = nodes[:, : m * dim].reshape(-1, m, dim) @ np.linalg.cholesky(covariance).T
    labels = inputs @ optimum + noise_std * nodes[:, m * dim :]
    at = np.broadcast_to(start, (len(nodes), dim))
    offset = at - alpha * gradients(at, inputs, labels) - optimum
    return 0.5 * mass @ (np.einsum("ki,ki->k", offset @ covariance, offset) + noise_std**2)


def integrated_risk(env, start, alpha, m):
    """Return F_m of finitely many tasks; if start is None, each starts from its optimum."""
    starts = env.means if start is None else np.broadcast_to(start, env.means.shape)
    tasks = zip(env.covariances, env.means, starts, strict=True)
    losses = [integrated_loss(*task, env.noise_std, alpha, m) for task in tasks]
    return env.probabilities @ losses


def random_tasks(seed):
    """Return an environment of finitely many random tasks, and a step size."""
    rng = np.random.default_rng(seed)
    dim, count = 2 + seed % 2, 2 + seed // 2 % 2
    covariances = [random_covariance(rng, dim) for _ in range(count)]
    optima = rng.normal(size=(count, dim))
    probabilities = rng.dirichlet(np.full(count, 3.0))
    env = TaskEnvironment.finite_tasks(covariances, optima, probabilities, rng.uniform(0, 1))
    return env, rng.uniform(0.3, 1.2)


# %% [markdown]
# A routine that knows only *values* of a quadratic function finds the minimum of this integral. It is where MAML settles with
# $n_2=m$:


# %% mystnb={"code_prompt_show": "Find the minima"} tags=["hide-cell"]
def minimise(function, dim):
    """Return minimiser and minimum of a quadratic function from its values."""
    unit, at_zero = np.eye(dim), function(np.zeros(dim))
    ahead, behind = (np.array([function(sign * e) for e in unit]) for sign in (1, -1))
    hessian = np.diag(ahead + behind - 2 * at_zero)
    for i, j in combinations(range(dim), 2):
        mixed = function(unit[i] + unit[j]) - ahead[i] - ahead[j] + at_zero
        hessian[i, j] = hessian[j, i] = mixed
    lowest = np.linalg.solve(hessian, (behind - ahead) / 2)
    return lowest, function(lowest)


trials = [random_tasks(seed) for seed in range(20)]
minima = []
for env, step in trials:
    minima.append(minimise(partial(integrated_risk, env, alpha=step, m=2), env.dim))


def maml_solutions(n2):
    """Return the MAML solution of every trial."""
    return [linear.maml_solution(env, step, n2) for env, step in trials]


# %% mystnb={"code_prompt_show": "Compare with the MAML solutions"} tags=["hide-input"]
claims.checks(
    "eq:15",
    [best for best, _ in minima],
    maml_solutions(n2=2),
    "The integrated $F_m$ is lowest where MAML settles with $n_2=m$.",
    shows=r"\arg\min_wF_m(w)=w_{MAML(m)}^*",
    atol=1e-10,
    refuses={"MAML with another $n_2$": maml_solutions(n2=5)},
)

# %% [markdown]
# ### (16)
#
# > **The paper, App. A.1, Eq. (16).** "$\inf_{\mathbf w\in\mathbb R^d}F_m(\mathbf w)=\sigma^2+\frac{\alpha^2\sigma^2}m\operatorname{tr}(\Sigma_i^2)$"
#
# The infimum is [noise floor plus irreducible risk](#eq-16).


# %% mystnb={"code_prompt_show": "Check (16)"} tags=["hide-input"]
def closed_parts(env, step):
    """Return N, R* and ERM's excess risk for m = 2, by the library."""
    best = linear.maml_solution(env, step, 2)
    irreducible = linear.risk_above_floor(env, best, step, 2)
    excess = linear.excess_risk(env, linear.erm_solution(env), step, 2)
    return linear.noise_floor(env, step, 2), irreducible, excess


infima = np.array([infimum for _, infimum in minima])
closed = np.array([closed_parts(*trial) for trial in trials])
noise_floors, irreducible, _ = closed.T
lowest = noise_floors + irreducible
claims.checks(
    "eq:16",
    infima,
    lowest,
    "The minimum of the integrated $F_m$ is the noise floor plus the irreducible risk.",
    shows=r"\inf_wF_m(w)=N+R_m^*",
    atol=1e-10,
    refuses={"the noise floor alone": noise_floors},
    printed=claims.prints(
        "eq:16", 2 * noise_floors, r"\sigma^2+\frac{\alpha^2\sigma^2}m\mathrm{tr}(\Sigma_i^2)"
    ),
)

# %% [markdown]
# The printed right-hand side carries a loose index $i$. Even averaged over $i$ it misses the infimum, and it misses it again
# with the half restored. One task in one dimension separates the printed formula from the floor, two tasks without noise separate
# the floor from the infimum. Take $\Sigma=\alpha=1$ and $m=2$ in both:

# %% mystnb={"code_prompt_show": "Tabulate both"} tags=["hide-input"]
lonely = TaskEnvironment.finite_tasks([[[1.0]]], [[0.0]], noise_std=1.0)
twins = TaskEnvironment.two_tasks(dim=1, rho_hard=1.0, rho_easy=1.0)
table = "| | (16) as printed | noise floor | infimum |\n| --- | --- | --- | --- |\n"
for name, env in (("one task, σ = 1", lonely), ("two tasks at ±1, σ = 0", twins)):
    floor = linear.noise_floor(env, 1.0, 2)
    _, infimum = minimise(partial(integrated_risk, env, alpha=1.0, m=2), 1)
    table += f"| {name} | {2 * floor:.2f} | {floor:.2f} | {infimum:.2f} |\n"
Markdown(table)

# %% [markdown]
# ### (17) to (20), (6) and (7)
#
# First the right-hand sides of Proposition 1, written out as they stand, against the quadrature. The floor that we subtract is found by
# quadrature too, by letting every task start from its own optimum. Appendix A.1 reaches the same right-hand sides by Lemma 2, in two chains of equalities that end in (17)–(18) for ERM and in
# (19)–(20) for MAML. As printed, the four lines lack the $\tfrac12$:


# %% mystnb={"code_prompt_show": "(6) and (7), term by term, and both risks by quadrature"} tags=["hide-cell"]
def proposition_1(env, matrices, curvatures):
    """Return the right-hand side of (6) or (7): averages over i' and i, term by term."""
    p, total = env.probabilities, np.tensordot(env.probabilities, matrices, 1)
    value = 0.0
    for i in range(env.groups):
        gaps = env.means - env.means[i]
        average = sum(p[k] * matrices[k] @ gaps[k] for k in range(env.groups))
        distance = np.linalg.solve(total, average)
        value += 0.5 * p[i] * distance @ curvatures[i] @ distance
    return value


def at_both_solutions(risk):
    """Return a risk with m = 2 of every trial at ERM and at MAML with n₂ = 5."""
    values = []
    for env, step in trials:
        both = linear.erm_solution(env), linear.maml_solution(env, step, 5)
        values.append([risk(env, solution, step, 2) for solution in both])
    return np.array(values)


right_hand_sides = np.empty((20, 2))
for k, (env, step) in enumerate(trials):
    trained, tested = (linear.adapted_covariance(env.covariances, step, s) for s in (5, 2))
    right_hand_sides[k, 0] = proposition_1(env, env.covariances, tested)
    right_hand_sides[k, 1] = proposition_1(env, trained, tested)
floors = np.array([[integrated_risk(env, None, step, 2)] for env, step in trials])
integrated = at_both_solutions(integrated_risk)
above = integrated - floors

# %% mystnb={"code_prompt_show": "Check the chains"} tags=["hide-input"]
claims.checks(
    "eq:17-20",
    above,
    right_hand_sides,
    "$F_m$ less the noise floor, both by quadrature, is the right-hand side of (6) at ERM's solution and of (7) at MAML's.",
    shows="R_m=F_m-N",
    atol=1e-10,
    refuses={"the curvatures before the step in (6) and (7) exchanged": right_hand_sides[:, ::-1]},
    printed=claims.prints(
        "eq:17-20",
        2 * right_hand_sides,
        r"\mathbb E_i\lVert\mathbb E_{i'}[\Sigma_{i'}]^{-1}"
        r"\mathbb E_{i'}[\Sigma_{i'}(\mathbf w_{i'}^*-\mathbf w_i^*)]\rVert^2_{\mathbf Q_i^{(m)}}",
    ),
)

# %% [markdown]
# Proposition 1 calls them excess risks. The excess risk of a start is the last term of {eq}`decomposition`, one quadratic form:

# %% mystnb={"code_prompt_show": "Check the excess risks"} tags=["hide-input"]
excess = integrated - infima[:, None]
formula = at_both_solutions(linear.excess_risk)
printed = [
    claims.prints(
        "eq:6",
        right_hand_sides[:, 0],
        r"\mathcal E_m(\mathbf w_{ERM}^*)="
        r"\frac12\mathbb E_i\lVert\mathbb E_{i'}[\Sigma_{i'}]^{-1}"
        r"\mathbb E_{i'}[\Sigma_{i'}(\mathbf w_{i'}^*-\mathbf w_i^*)]\rVert^2_{\mathbf Q_i^{(m)}}",
    ),
    claims.prints(
        "eq:7",
        right_hand_sides[:, 1],
        r"\mathcal E_m(\mathbf w_{MAML}^*)="
        r"\frac12\mathbb E_i\lVert\mathbb E_{i'}[\mathbf Q_{i'}^{(n_2)}]^{-1}"
        r"\mathbb E_{i'}[\mathbf Q_{i'}^{(n_2)}(\mathbf w_{i'}^*-\mathbf w_i^*)]\rVert^2_{\mathbf Q_i^{(m)}}",
    ),
]
claims.checks(
    "prop:1 eq:6 eq:7",
    {"prop:1": excess, "eq:6": excess[:, 0], "eq:7": excess[:, 1]},
    {"prop:1": formula, "eq:6": formula[:, 0], "eq:7": formula[:, 1]},
    "The excess risk (2) by quadrature is one quadratic form; Proposition 1 is something else.",
    shows=r"\mathcal E_m(w)=\frac12\lVert w-w_m^*\rVert^2_{\mathbb E[Q_i^{(m)}]}",
    atol=1e-10,
    refuses={
        "twice": {"prop:1": 2 * formula, "eq:6": 2 * formula[:, 0], "eq:7": 2 * formula[:, 1]}
    },
    printed=printed,
)

# %% [markdown]
# ### With spreads
#
# Part 3 of {prf:ref}`cor-decomposition` also tells how to check an environment with spreads by quadrature. Only first and second moments of the optima matter,
# so a group may be replaced by $2d$ tasks at $\mu_g\pm\sqrt d\,l_j$, where $l_j$ are the columns of a root of $S_g$.


# %% mystnb={"code_prompt_show": "Check the three parts"} tags=["hide-input"]
def with_two_point_spreads(env):
    """Return finitely many tasks whose optima have each group's mean and covariance."""
    roots = math.sqrt(env.dim) * np.linalg.cholesky(env.spreads).swapaxes(1, 2)
    optima = np.concatenate([env.means[:, None] + roots, env.means[:, None] - roots], axis=1)
    count = 2 * env.dim
    return TaskEnvironment.finite_tasks(
        np.repeat(env.covariances, count, axis=0),
        optima.reshape(-1, env.dim),
        np.repeat(env.probabilities / count, count),
        env.noise_std,
    )


def integrated_parts(env):
    """Return the three parts by quadrature and minimisation, for the step ALPHA."""
    risk = partial(integrated_risk, with_two_point_spreads(env), alpha=ALPHA, m=2)
    floor, infimum = risk(start=None), minimise(risk, env.dim)[1]
    return floor, infimum - floor, risk(start=linear.erm_solution(env)) - infimum


scattered = [random_environment(seed, 2, 2 + seed % 2) for seed in range(10, 18)]
parts = np.array([integrated_parts(env) for env in scattered])
closed = [closed_parts(env, ALPHA) for env in scattered]
groups = [(env.probabilities, env.covariances, env.means) for env in scattered]
gathered = [TaskEnvironment(*group, np.zeros_like(group[1]), 0.5) for group in groups]
claims.checks(
    "prop:1",
    parts,
    np.array(closed),
    "Noise floor, irreducible risk and ERM's excess risk with spreads, by quadrature and in closed form.",
    shows=r"F_m(w)=N+R_m^*+\mathcal E_m(w)",
    atol=1e-10,
    refuses={
        "an irreducible risk that ignores the spreads": np.array(
            [closed_parts(env, ALPHA) for env in gathered]
        )
    },
)


# %% mystnb={"code_prompt_show": "Check part 4, the paper's ratio"} tags=["hide-input"]
def gain(env):
    """Return the paper's ratio of risks above the floor, for n₂ = m = 2."""
    starts = linear.erm_solution(env), linear.maml_solution(env, ALPHA, 2)
    erm, maml = (linear.risk_above_floor(env, start, ALPHA, 2) for start in starts)
    return erm / maml


gains, relative = [gain(env) for env in scattered], parts[:, 2] / parts[:, 1]
claims.checks(
    "prop:1",
    np.array(gains),
    1 + relative,
    "The ratio by which the paper measures the gain.",
    shows=r"\frac{R_m(w_{ERM}^*)}{R_m(w_{MAML}^*)}=1+\frac{\mathcal E_m(w_{ERM}^*)}{R_m^*}",
    rtol=1e-10,
    refuses={"without the one": relative},
)

# %% [markdown]
# ## The same by simulation
#
# Last, definition (1) as an experimenter would read it: draw a task, draw its samples, take the step, look at the loss. Any
# number of samples and dimensions will do now, and the answer comes with an interval.


# %%
def simulate(env, starts, alpha, m, tasks, rng):
    """Return (tasks, starts) losses after one step on m samples each."""
    covariances, optima, sample = draw_tasks(env, tasks, rng)
    inputs, labels = sample(m)
    losses = []
    for start in starts:
        at = np.broadcast_to(start, optima.shape)
        stepped = at - alpha * gradients(at, inputs, labels)
        offset = stepped - optima
        cost = np.einsum("ti,tij,tj->t", offset, covariances, offset)
        losses.append(0.5 * (cost + env.noise_std**2))
    return np.stack(losses, axis=1)


# %% mystnb={"code_prompt_show": "Simulate 60,000 tasks in each of three environments"} tags=["hide-input"]
TESTED = 12
starts = {env: [erm, maml, np.zeros(env.dim)] for env, erm, maml in solutions}
rng = np.random.default_rng(7)
draws = [simulate(env, starts[env], ALPHA, TESTED, 60_000, rng) for env in environments]
losses = np.hstack(draws)


def predictions(m):
    """Return the closed form at the three starts in each of the three environments."""
    at = [(env, start) for env in environments for start in starts[env]]
    return [linear.post_adaptation_risk(env, start, ALPHA, m) for env, start in at]


claims.samples(
    "prop:1",
    losses,
    predictions(TESTED),
    "$F_m$ at ERM, MAML and zero in three environments with spreads and noise, $d=3,4,5$.",
    refuses={"a step along the exact gradient": predictions(math.inf)},
)

# %% mystnb={"code_prompt_show": "Tabulate the parts"} tags=["hide-input"]
env = environments[2]
floor = linear.noise_floor(env, ALPHA, TESTED)
best = linear.maml_solution(env, ALPHA, TESTED)
irreducible = linear.risk_above_floor(env, best, ALPHA, TESTED)
error = 1.96 * draws[2].std(axis=0) / math.sqrt(len(losses))
table = "| start | simulated $F_m$ | closed form | = floor | + irreducible | + excess |\n"
table += "| --- " * 6 + "|\n"
for k, name in enumerate(("ERM", f"MAML, $n_2={N2}$", "zero")):
    extra = linear.excess_risk(env, starts[env][k], ALPHA, TESTED)
    total = floor + irreducible + extra
    table += f"| {name} | {draws[2][:, k].mean():.3f} ± {error[k]:.3f} | {total:.3f} "
    table += f"| {floor:.4f} | {irreducible:.4f} | {extra:.4f} |\n"
caption = f"Five dimensions, four groups, $m={TESTED}$; 95% intervals from"
Markdown(f"{caption} {len(losses):,} simulated tasks:\n\n{table}")

# %% [markdown]
# Floor and irreducible risk are the same for every start. Starts differ in the excess risk only, and there MAML has little left
# to lose, although it trained with half as many inner samples as it was tested with.
#
# (moments-exercises)=
# ## The exercises and the figures of Chapter 2
#
# Exercise 1: the step size that leaves the least curvature. Exercise 2: the mean squared norm of a sample covariance, one, two and three rows in two dimensions, with any $\Sigma$. Exercise 3: louder labels change the floor alone. Of the figures: neither solution lies on the segment of the two optima; the exact step leaves most to the task with $\alpha\rho=\frac13$, $\frac4{27}$; at $\alpha\rho=1$ what is left is $(d+1)/s$.

# %% mystnb={"code_prompt_show": "Test the three solutions"} tags=["hide-input"]
d, s, step = sp.symbols("d s step", positive=True)
left = (1 - step) ** 2 + (d + 1) / s * step**2
shortest = sp.solve(sp.diff(left, step), step)[0]
assert sp.simplify(shortest - 1 / (1 + (d + 1) / s)) == 0
assert sp.simplify(left.subs(step, shortest) - (d + 1) / (s + d + 1)) == 0
isotropic = linear.adapted_covariance(np.eye(4), float(shortest.subs({d: 4, s: 7})), 7)
assert np.allclose(isotropic, 5 / 12 * np.eye(4))

for Y in (row, X, X3):
    squared_norm = sp.Matrix([[((Y.T * Y) ** 2).trace()]]) / Y.rows**2
    mean_norm = mean_over_rows(squared_norm, Y, Sigma)[0]
    second = (Sigma**2).trace()
    formula = second + (Sigma.trace() ** 2 + second) / Y.rows
    assert sp.expand(mean_norm - formula) == 0

env = scattered[0]
groups = env.probabilities, env.covariances, env.means, env.spreads
louder = TaskEnvironment(*groups, noise_std=2 * env.noise_std)
floors = [linear.noise_floor(e, ALPHA, 2) for e in (env, louder)]
assert math.isclose(floors[1], 4 * floors[0])
assert closed_parts(louder, ALPHA)[1:] == closed_parts(env, ALPHA)[1:]
assert (linear.maml_solution(louder, ALPHA, 2) == linear.maml_solution(env, ALPHA, 2)).all()
remainder = sp.simplify(left.subs(step, shortest))
Markdown(
    "This cell and the next assert all that the paragraph above says. "
    f"The best step $\\alpha\\rho$ is ${sp.latex(sp.simplify(shortest))}$, "
    f"and leaves the fraction ${sp.latex(remainder)}$ of the curvature."
)

# %% mystnb={"code_prompt_show": "Test what the text says of the figures"} tags=["hide-input"]
metrics = [[[0.19, 0.17], [0.17, 0.26]], [[0.98, 0.07], [0.07, 0.77]]]
plane = TaskEnvironment.finite_tasks(metrics, [[1.0, 0.3], [-1.0, -0.3]])
both = np.array([linear.erm_solution(plane), linear.maml_solution(plane, 1.0, 100)])
across = np.array([-plane.means[0, 1], plane.means[0, 0]]) / np.linalg.norm(plane.means[0])
assert np.abs(both @ across).min() > 0.02  # the segment goes through zero

curvatures = np.linspace(0.01, 1.0, 100)[:, None, None] * np.eye(10)
remains = {
    s: linear.adapted_covariance(curvatures, 1.0, s)[:, 0, 0] for s in (11, 40, 200, math.inf)
}
exact = remains[math.inf]
assert np.argmax(exact) in (32, 33) and abs(exact.max() - 4 / 27) < 1e-4
ends = [found[-1] for found in remains.values()]
assert np.allclose(ends, [1, 11 / 40, 11 / 200, 0], rtol=0, atol=1e-12)

# %% [markdown]
# (moments-unique)=
# ## One minimiser, or many
#
# > **The paper, §2.** "the unique solution to (3)", "the unique solution to (4)"
#
# In $d$ dimensions a quadratic has one minimiser only if its matrix is invertible. That of (3) is $\frac1{nT}\sum_iX_i^\top X_i$. In (4) the inner step of an episode multiplies a distance by
# $P=I-\frac\alpha{n_2}X_{in}^\top X_{in}$, which is invertible with probability one, and the matrix is the mean of $P\,\frac1{n_1}X_{out}^\top X_{out}P$ over episodes.
# The sum $\sum_jx_jx_j^\top$ over $k$ Gaussian rows is invertible, with probability one, exactly when $k\ge d$. For (3) the rows number $nT$; for (4) they are the outer ones, $n_1\tau T$. We draw two to eight rows in four dimensions:


# %% mystnb={"code_prompt_show": "Check that (3) needs d rows"} tags=["hide-input"]
def smallest_eigenvalues(rows, dim, rng):
    """Return the smallest eigenvalue of the matrix of (3), and of (4) with a random inner step, from the given rows."""
    outer, inner = rng.normal(size=(rows, dim)), rng.normal(size=(2 * dim, dim))
    step = np.eye(dim) - 0.5 * inner.T @ inner / (2 * dim)
    matrices = outer.T @ outer, step @ outer.T @ outer @ step
    return [np.linalg.eigvalsh(matrix / rows)[0] for matrix in matrices]


cases = [(rows, seed) for rows in (2, 3, 4, 5, 8) for seed in range(40)]
unique = np.array([smallest_eigenvalues(k, 4, np.random.default_rng(seed)) for k, seed in cases])
enough = np.array([rows >= 4 for rows, _ in cases])
fewer = np.array([rows >= 3 for rows, _ in cases])
claims.decides(
    "text:erm-unique-solution",
    unique[:, 0] > 1e-9,
    enough,
    "Problem (3) has one minimiser exactly where there are $d$ rows or more, here $d=4$.",
    shows=r"nT\geq d",
    refuses={"one row fewer": fewer},
    printed=claims.prints(
        "text:erm-unique-solution", enough | True, r"\text{the unique solution to (3)}"
    ),
)

# %% mystnb={"code_prompt_show": "Check that (4) needs d outer rows"} tags=["hide-input"]
claims.decides(
    "text:maml-unique-solution",
    unique[:, 1] > 1e-9,
    enough,
    "Problem (4) has one minimiser exactly where there are $d$ outer rows or more.",
    shows=r"n_1\tau T\geq d",
    refuses={"one row fewer": fewer},
    printed=claims.prints(
        "text:maml-unique-solution", enough | True, r"\text{the unique solution to (4)}"
    ),
)

# %% [markdown]
# (moments-one-dimension)=
# ## The example of Chapter 1, in fractions
#
# Two equally likely tasks in one dimension, $\rho=\tfrac14$ and optimum $1$, $\rho=1$ and optimum $-1$, with $\alpha=\sigma=1$ and $m=32$. The risk of a start is the mean of two parabolas, a rational number at a rational start. The library works in floating point, with matrices.


# %% mystnb={"code_prompt_show": "Compare the excess risk with fractions"} tags=["hide-input"]
def loss_after_a_step(start, rho, optimum, alpha=1, m=32, sigma=1):
    """Return the loss of one task after a step on m samples, in one dimension."""
    left = rho * ((1 - alpha * rho) ** 2 + 2 * alpha**2 * rho**2 / m)
    floor = sigma**2 * (1 + alpha**2 * rho**2 / m) / 2
    return left * (start - optimum) ** 2 / 2 + floor


def mean_loss(hard_start, easy_start):
    hard = loss_after_a_step(hard_start, sp.Rational(1, 4), 1)
    return (hard + loss_after_a_step(easy_start, sp.Integer(1), -1)) / 2


start = sp.Symbol("w")
lowest_start = sp.solve(sp.diff(mean_loss(start, start), start), start)[0]
least, noise_floor = mean_loss(lowest_start, lowest_start), mean_loss(1, -1)
candidates = [lowest_start, sp.Rational(-3, 5), sp.Rational(3, 10)]
fractions = [mean_loss(candidate, candidate) for candidate in candidates]
pair = TaskEnvironment.two_tasks(dim=1, rho_hard=0.25, rho_easy=1.0, noise_std=1.0)
claims.checks(
    "eq:2",
    [linear.excess_risk(pair, [float(candidate)], 1.0, 32) for candidate in candidates],
    [float(fraction - least) for fraction in fractions],
    "`linear.excess_risk` agrees with the fractions at three starts.",
    atol=1e-12,
    refuses={"the risk above the floor": [float(f - noise_floor) for f in fractions]},
)

# %% [markdown]
# Any two curvatures $q_H,q_E$ after the step, any optima, and any probability $p$ of the hard task: what formula (7) gives at MAML's solution with $n_2=m$ is the irreducible risk.

# %% mystnb={"code_prompt_show": "Evaluate Proposition 1 for two tasks"} tags=["hide-input"]
p, q_H, q_E = sp.symbols("p q_H q_E", positive=True)
w_H, w_E = sp.symbols("w_H w_E", real=True)
mass = p * q_H + (1 - p) * q_E
maml = (p * q_H * w_H + (1 - p) * q_E * w_E) / mass
claims.proves(
    "prop:1",
    (p * q_H * (maml - w_H) ** 2 + (1 - p) * q_E * (maml - w_E) ** 2) / 2,
    p * (1 - p) * q_H * q_E * (w_H - w_E) ** 2 / (2 * mass),
    "At MAML's solution Proposition 1 computes the irreducible risk.",
    shows=r"\tfrac12E_i\,q_i(w_{MAML}^*-w_i^*)^2=\frac{p(1-p)\,q_Hq_E(w_H-w_E)^2}{2\,(p\,q_H+(1-p)\,q_E)}",
    case="two tasks, one dimension",
    towards=True,
    refuses={"the excess risk, which is zero there": sp.Integer(0)},
)

# %% [markdown]
# The exercises of Chapter 1, asserted by the cell below: a step on two samples gains nothing on an easy task; at $\alpha=\frac{128}{85}$ ERM's start is the best; the ratio of test losses tends to one as the noise grows.

# %% mystnb={"code_prompt_show": "Test the three solutions"} tags=["hide-input"]
rho, step, m = sp.symbols("rho step m", positive=True)
curvature = sp.diff(loss_after_a_step(start, rho, 0, step, m), start, 2)
assert sp.solve(sp.Eq(curvature.subs(step, 1 / rho), rho), m) == [2]

left = sp.expand(curvature.subs(m, 32) / rho)
difference = left.subs(rho, sp.Rational(1, 4)) - left.subs(rho, 1)
assert sp.solve(sp.cancel(difference / step), step) == [sp.Rational(128, 85)]

deviation = sp.Symbol("sigma", positive=True)
test_loss = sum(
    loss_after_a_step(start, *task, sigma=deviation) for task in ((sp.Rational(1, 4), 1), (1, -1))
)
ratio = test_loss.subs(start, sp.Rational(-3, 5)) / test_loss.subs(start, lowest_start)
assert sp.limit(ratio, deviation, sp.oo) == 1 and ratio.subs(deviation, 0) > 2

# %% [markdown]
# **Read next.** Back to [Chapter 1](01_learning_to_adapt) or [Chapter 2](02_population_solutions), or on to [Chapter 3](03_hardness).
