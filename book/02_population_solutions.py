# %% [markdown]
# # Population solutions
#
# > **The paper, §3.** "Since our focus is ultimately on the nature of the solutions sought by MAML and ERM, not on their
# > non-asymptotic behavior, we will analyze the performance of $\mathbf w_{ERM}^*$ and $\mathbf w_{MAML}^*$".
#
# Given all the training data in the world, ERM and MAML each settle at one point. In linear regression both points have
# closed forms, and so has the post-adaptation risk of every other start. All of them rest on a single Gaussian moment.
#
# **What you will do.** Split the post-adaptation risk of any start into three parts, of which only one depends on the start.
#
# **What you will learn.** To compute Gaussian moments by pairing; to derive Lemma 2, the matrices $Q^{(s)}$, both population
# solutions and Proposition 1; to say which risk a formula gives.
#
# **What you need.** [Chapter 1](01_learning_to_adapt), matrices and traces.

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
import math
from functools import lru_cache, partial
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from IPython.display import Markdown

from paperlib import claims, linear, plotting
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# ## Tasks, groups, and a promise
#
# The model is now $x\mapsto\langle w,x\rangle$ with $d$ weights. A task $i$ is an input covariance and an optimum:
# $x\sim N(0,\Sigma_i)$ and $y=\langle w_i^*,x\rangle+z$ with noise $z\sim N(0,\sigma^2)$. $E_i$ is the average over tasks.
#
# Tasks come in finitely many *groups*. A task belongs to group $g$ with probability $p_g$. The tasks of a group share the
# covariance $\Sigma_g$, and their optima scatter about the group's mean $\mu_g$ with covariance $S_g$, the group's *spread*. If
# the spread is zero, the group is a single task.
#
# A learner starts from $w$, sees $m$ samples of a task and takes one step; $F_m(w)$, defined in [(1)](#eq-1), is its mean loss
# afterwards. We want to know what this risk is made of. By the end of the chapter we shall have shown that
#
# $$
# F_m(w)=\underbrace{N}_{\substack{\text{noise}\\\text{floor}}}+\underbrace{R_m^*}_{\substack{\text{irreducible}\\\text{risk}}}
# +\underbrace{\tfrac12\lVert w-c\rVert^2_{\bar Q}}_{\text{excess risk}} .
# $$ (promise)
#
# ($\lVert v\rVert^2_A$ is short for $v^\top Av$.) The floor is what noise costs even those who start at the optimum of their task. The irreducible risk is the price of having
# one start for many tasks. Only the excess risk depends on the start: it is a squared distance from one best point $c$, and $c$
# is where MAML settles if it trains with as many inner samples as the test will have. The way there: what a step does to a
# distance, which curvature $\bar Q$ it leaves, where ERM and MAML settle, and a square to complete.
#
# ## One step in $d$ dimensions
#
# (def-linear-model)=
# The samples are the rows of $\hat X_i$, with inputs from $N(0,\Sigma_i)$ and labels $\hat y_i=\hat X_iw_i^*+\hat z_i$, whose noise has variance $\sigma^2$ ($\nu^2$ once in §3). The loss is half the mean squared error,
# over samples as well. (Without the mean the step would grow with the number of samples;
# [Chapter 1](01_learning_to_adapt) says where the paper's two definitions part.) In dimension one the step multiplied the
# distance to the optimum by a random number. Now it multiplies it by a random matrix, $P_i$:
#
# (def-adaptation-matrix)=
#
# $$
# \begin{aligned}
# w_i-w_i^*&=P_i(w-w_i^*)+\frac{\alpha}{m}\hat X_i^\top\hat z_i,\\
# P_i&=I-\frac{\alpha}{m}\hat X_i^\top\hat X_i .
# \end{aligned}
# $$ (adapted-distance)

# %% tags=["hide-input"]
r1, r2 = sp.symbols("r1 r2")
claims.contradicts(
    "def:squared-loss",
    {"§2": (r1**2 + r2**2) / 4, "§3": (r1**2 + r2**2) / 2},
    "The empirical loss of two samples with residuals $r_1$ and $r_2$ is half their mean square in §2 and half the sum of their squares in §3.",
    agrees=(r1**2 + r2**2) / 4,
)

# %% [markdown]
# On a fresh sample $(x,y)$ the adapted model is wrong by $\langle x,w_i\rangle-y=\langle x,w_i-w_i^*\rangle-z$. Let sympy
# confirm this for two samples in two dimensions, every entry a symbol.

# %%
alpha, sigma, z = sp.symbols("alpha sigma z", real=True)
x, z_hat = sp.Matrix(sp.symbols("x1:3")), sp.Matrix(sp.symbols("zhat1:3"))
w = sp.Matrix(sp.symbols("w1:3"))
w_star = sp.Matrix(sp.symbols("w_1^* w_2^*"))
X = sp.Matrix(2, 2, sp.symbols("X1:3(1:3)"))
P = sp.eye(2) - alpha / 2 * X.T * X
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
# :::{admonition} Where we differ from the paper
# :class: attention
# A.1 writes the residual as $\langle x_i,P_i(w-w_i^*)\rangle+\bigl(z_i+\frac{\alpha}{m}x_i^\top\hat X_i^\top\hat z_i\bigr)$.
# The noise of the fresh sample has the opposite sign to the noise of the step. In the mean square this makes no difference,
# since the two are independent. (The vector called $z_i^{in}\in\mathbb R^m$ just above that display is $\hat z_i$.)
# :::
#
# Square and average. The noises have mean zero given the inputs, so every cross term vanishes. Averaging over $x$ turns
# $\langle x,v\rangle^2$ into $\lVert v\rVert^2_{\Sigma}$, and the adapted noise contributes
# $\frac{\alpha^2\sigma^2}{m^2}E\operatorname{tr}(\hat X\Sigma\hat X^\top)=\frac{\alpha^2\sigma^2}{m}\operatorname{tr}(\Sigma^2)$.
# The test loss is therefore
#
# $$
# \begin{aligned}
# F_m(w)&=\tfrac12E_i\bigl[E\lVert P_i(w-w_i^*)\rVert^2_{\Sigma_i}\bigr]+N,\\
# N&=\tfrac12E_i\Bigl[\sigma^2+\frac{\alpha^2\sigma^2}{m}\operatorname{tr}(\Sigma_i^2)\Bigr].
# \end{aligned}
# $$ (test-loss)
#
# $N$ is the noise floor. What is left is a matrix. With the sample covariance $\hat\Sigma=\frac1m\hat X^\top\hat X$ we have
# $P=I-\alpha\hat\Sigma$ and $E[P\Sigma P]=\Sigma-2\alpha\Sigma^2+\alpha^2E[\hat\Sigma\Sigma\hat\Sigma]$, and the last
# expectation holds products of four Gaussians.
#
# ## Gaussian moments by pairing
#
# {cite:t}`isserlis1918formula` found how to average any product of centred Gaussian variables, however correlated: split the
# factors into pairs in every possible way, multiply the covariances of the pairs, and add up. Four factors have three pairings,
#
# $$
# E[x_ax_bx_cx_d]=\Sigma_{ab}\Sigma_{cd}+\Sigma_{ac}\Sigma_{bd}+\Sigma_{ad}\Sigma_{bc},
# $$ (isserlis)
#
# six have fifteen, and an odd number has none. (Physicists call it Wick's theorem.) It is a few lines of code, and a polynomial
# is averaged monomial by monomial:


# %%
def pairings(items):
    """Yield every way to split the items into pairs, if any."""
    if not items:
        yield []
    for k in range(1, len(items)):
        for others in pairings(items[1:k] + items[k + 1 :]):
            yield [(items[0], items[k]), *others]


def expectation(polynomial, variables, covariance):
    """Return the mean of a polynomial in centred Gaussians."""
    total = []
    for powers, factor in sp.Poly(polynomial, *variables).terms():
        items = [i for i, power in enumerate(powers) for _ in range(power)]
        for pairing in pairings(items):
            covariances = [covariance[pair] for pair in pairing]
            total.append(factor * sp.prod(covariances))
    return sp.expand(sp.Add(*total))


[len(list(pairings(list(range(count))))) for count in (2, 3, 4, 6, 8)]

# %% [markdown]
# The rule must agree with the derivatives at $t=0$ of the generating function $E[e^{\langle t,x\rangle}]=e^{t^\top\Sigma t/2}$.
# The paper needs it for a diagonal $\Sigma$ with entries $\lambda_i$ only, where the entries of $x$ are independent, odd moments
# vanish and the fourth are $3\lambda_i^2$.

# %% mystnb={"code_prompt_show": "Side check: pairings against the generating function"} tags=["hide-cell"]
a, b, c = sp.symbols("a b c", real=True)
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
# ## Lemma 2, for any covariance and any matrix
#
# The moment that we need is a second moment of the Wishart distribution {cite}`wishart1928generalised`. The paper proves it
# for a diagonal $\Sigma$ and a symmetric matrix in the middle. Pairing needs neither.
#
# :::{prf:lemma} Lemma 2, for any covariance and any matrix
# :label: lem-sandwich
# Let the $n$ rows of $X$ be independent $N(0,\Sigma)$, $\hat\Sigma=\frac1nX^\top X$, and $A$ any $d\times d$ matrix. Then
#
# $$
# E[\hat\Sigma A\hat\Sigma]=\Sigma A\Sigma+\frac1n\bigl(\operatorname{tr}(\Sigma A)\,\Sigma+\Sigma A^\top\Sigma\bigr).
# $$ (sandwich)
#
# :::
#
# For symmetric $A$ the last term is $\Sigma A\Sigma$ again, and this is the paper's
#
# (eq-77)=
# $$
# E[\hat\Sigma A\hat\Sigma]=\Sigma A\Sigma+\frac1n\bigl(\operatorname{tr}(\Sigma A)I_d+\Sigma A\bigr)\Sigma. \tag{77}
# $$
#
# All is decided in a single row. Let $x_k$ be the $k$-th row of $X$, a $1\times d$ matrix as in the paper, and
# $C_k=x_k^\top x_kAx_k^\top x_k$. The three pairings of {eq}`isserlis` are three matrices:
#
# (eq-80)=
# $$
# \begin{aligned}
# E[C_k]&=\operatorname{tr}(\Sigma A)\Sigma+\Sigma(A+A^\top)\Sigma\\
# &=\operatorname{tr}(\Sigma A)\Sigma+2\Sigma A\Sigma,
# \end{aligned} \tag{80}
# $$
#
# the second line for symmetric $A$.
#
# In the double sum over rows, two *different* rows are independent and each contributes its $\Sigma$; the $n$ terms with the
# same row twice are the $C_k$:
#
# (eq-78)=
# $$
# E[\hat\Sigma A\hat\Sigma]=\frac{n-1}n\Sigma A\Sigma+\frac1{n^2}\sum_{k=1}^nE[C_k]. \tag{78, corrected}
# $$
#
# :::{dropdown} Proof of the lemma
# Entry $(r,s)$ of $C_k$ is $\sum_{ab}A_{ab}\,x_rx_ax_bx_s$. Pair $r$ with $a$ and $b$ with $s$:
# $\sum\Sigma_{ra}A_{ab}\Sigma_{bs}=(\Sigma A\Sigma)_{rs}$. Pair $r$ with $b$ and $a$
# with $s$: $\sum\Sigma_{rb}A_{ab}\Sigma_{as}=(\Sigma A^\top\Sigma)_{rs}$. Pair $r$ with $s$ and $a$ with $b$:
# $\Sigma_{rs}\sum A_{ab}\Sigma_{ab}=\operatorname{tr}(\Sigma A)\Sigma_{rs}$.
# The sum is (80). For diagonal $\Sigma$ these are the entries that the paper lists:
#
# (eq-79)=
# $$
# E[(C_k)_{rs}]=\begin{cases}\lambda_r\sum_j\lambda_jA_{jj}+2\lambda_r^2A_{rr},&r=s\\\lambda_r\lambda_s(A_{rs}+A_{sr}),&r\ne s.\end{cases} \tag{79}
# $$
#
# Of the $n^2$ pairs of rows $n(n-1)$ are different, which gives (78). Insert (80):
# $\frac{n-1}n\Sigma A\Sigma+\frac1n\Sigma A\Sigma=\Sigma A\Sigma$, and the other two terms keep their $\frac1n$. $\square$
# :::
#
# Now the machine does the same by brute force, with no matrix algebra: it multiplies out, pairs, and sums. One row with a
# general covariance and a general $A$ first.

# %%
A = sp.Matrix(2, 2, sp.symbols("A1:3(1:3)"))


def mean_over_rows(matrix, X, covariance):
    """Return the mean of polynomials in X, whose rows are independent."""
    joint = sp.kronecker_product(sp.eye(X.rows), covariance)
    return matrix.applyfunc(lambda f: expectation(f, list(X), joint))


row = X[0, :]
single = mean_over_rows(row.T * row * A * row.T * row, row, Sigma)
trace_term = (Sigma * A).trace() * Sigma
three_pairings = trace_term + Sigma * A * Sigma + Sigma * A.T * Sigma
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

# %% mystnb={"code_prompt_show": "Side check: the entries (79) in three dimensions"} tags=["hide-cell"]
lambdas = sp.symbols("lambda_1:4", positive=True)
A3 = sp.Matrix(3, 3, sp.symbols("A1:4(1:4)"))
row3 = sp.Matrix(1, 3, sp.symbols("x1:4"))
single3 = mean_over_rows(row3.T * row3 * A3 * row3.T * row3, row3, sp.diag(*lambdas))


def entries_79(repeats):
    """Return the matrix of (79), with the given factor in front of λ_r² A_rr."""
    off = sp.Matrix(3, 3, lambda r, s: lambdas[r] * lambdas[s] * (A3[r, s] + A3[s, r]))
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
    r"E[(C_k)_{rs}]=\lambda_r\lambda_s(A_{rs}+A_{sr})",
    case="$d=3$",
    refuses={"a fourth moment of $2\\lambda^2$ instead of $3\\lambda^2$": entries_79(1)},
)

# %% [markdown]
# Then several rows. We multiply out $X^\top X$ with two and with three rows, so that nothing is assumed about which terms are
# equal.

# %% tags=["hide-input"]
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
# To have $n$ as a symbol we count: $n(n-1)$ ordered pairs of different rows, all alike, and $n$ of equal ones.

# %%
n = sp.Symbol("n", positive=True)
one, other = X[0, :], X[1, :]
different = mean_over_rows(one.T * one * A * other.T * other, X, Sigma)
counted = (n * (n - 1) * different + n * single) / n**2
general = Sigma * A * Sigma + (trace_term + Sigma * A.T * Sigma) / n
lemma_77 = Sigma * A * Sigma + (trace_term + Sigma * A * Sigma) / n
symmetric = {A[1, 0]: A[0, 1]}
claims.proves(
    "lem:2",
    counted,
    general,
    "Every $n$, every $\\Sigma$, every $A$.",
    shows=r"E[\hat\Sigma A\hat\Sigma]=\Sigma A\Sigma"
    r"+\tfrac1n\bigl(\operatorname{tr}(\Sigma A)\Sigma+\Sigma A^\top\Sigma\bigr)",
    case="$d=2$",
    refuses={"no transposition, for a matrix that is not symmetric": lemma_77},
)

# %% tags=["hide-input"]
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
# The transposition is not cosmetic. For $\Sigma=I$ and $A$ with the single entry $A_{12}=1$ the lower left entry of the moment
# is $1/n$, not zero.

# %% mystnb={"code_prompt_show": "Side check: the library's version, d = 3, in exact fractions"} tags=["hide-cell"]
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
# If the inputs are not Gaussian, only the terms in $1/n$ change, by the fourth cumulants of the inputs (Chapter 12, planned).
#
# ## The curvature that is left
#
# Put $A=\Sigma$ and collect the terms of $E[P\Sigma P]$ for a step on $s$ samples:
#
# $$
# \begin{aligned}
# Q^{(s)}=E[P\Sigma P]&=(I-\alpha\Sigma)\Sigma(I-\alpha\Sigma)\\
# &\quad+\frac{\alpha^2}s\bigl(\operatorname{tr}(\Sigma^2)\Sigma+\Sigma^3\bigr).
# \end{aligned}
# $$ (adapted-covariance)
#
# Before the step, a distance $v$ from a task's optimum costs $\tfrac12v^\top\Sigma v$. After it, it costs
# $\tfrac12v^\top Q^{(s)}v$ on average: $Q$ is the curvature that one step leaves of a task's loss.


# %%
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
# > **The paper, §3.** "these $\mathbf Q_i^{(s)}$ matrices are composed of two terms: a preconditioned covariance matrix
# > $\Sigma_i(\mathbf I_d-\alpha\Sigma_i)^2$, and a perturbation matrix due to the stochastic gradient variance."
#
# The first term is what a step along the exact gradient $\Sigma v$ would leave. The step follows the estimate $\hat\Sigma v$
# instead, which is off by $(\hat\Sigma-\Sigma)v$. The second term should be the mean square of that error after a step of length
# $\alpha$, $\alpha^2E[(\hat\Sigma-\Sigma)\Sigma(\hat\Sigma-\Sigma)]$. It is:

# %%
error = X.T * X / 2 - Sigma
exact_term = Sigma * (sp.eye(2) - alpha * Sigma) ** 2
variance = mean_over_rows(error * Sigma * error, X, Sigma)
claims.proves(
    "text:two-terms",
    Q,
    exact_term + alpha**2 * variance,
    "What the exact step leaves, plus the variance of the gradient.",
    shows=r"Q^{(s)}=\Sigma(I-\alpha\Sigma)^2"
    r"+\alpha^2E[(\hat\Sigma-\Sigma)\Sigma(\hat\Sigma-\Sigma)]",
    case="$d=s=2$",
    refuses={
        "the second moment of the gradient for its variance": exact_term
        + alpha**2 * (variance + Sigma**3)
    },
)

# %% [markdown]
# All matrices in $Q^{(s)}$ commute, so it has the eigenvectors of $\Sigma$: a step flattens the loss along each axis
# separately, except that the noise of the gradient in *all* directions, $\operatorname{tr}(\Sigma^2)$, leaks into each. For
# $\Sigma=\rho I$ the eigenvalue is $q=\rho(1-\alpha\rho)^2+\frac{d+1}s\alpha^2\rho^3$.


# %% mystnb={"figure": {"caption": "What one step leaves of the curvature of a task with covariance ρI in ten dimensions. Below the dotted line the step helps. A step along the exact gradient solves the task with αρ = 1; of the less steep tasks it leaves most, 4/27, to the one with αρ = 1/3. With few samples the noise of the gradient takes back what the step gains, and more on steep tasks.", "name": "fig-curvature-left"}, "image": {"alt": "Curves of curvature after the step against curvature before it, both times the step size, for 11, 40, 200 and infinitely many samples, with a dotted diagonal for no step. The infinite-sample curve rises to 4/27 at one third, falls to zero at one and rises again. Curves for fewer samples lie higher; the one for 11 samples crosses the diagonal at one."}} tags=["hide-input"]
def curvature_left():
    """Draw αQ against αρ for isotropic tasks in ten dimensions and several sample sizes."""
    figure, axis = plt.subplots(figsize=(7, 3.6))
    ratio = np.linspace(0.01, 1.5, 150)
    axis.plot(ratio, ratio, ":", color=plotting.REFERENCE, label="no step")
    for look, s in enumerate((math.inf, 200, 40, 11)):
        left = linear.adapted_covariance(ratio[:, None, None] * np.eye(10), 1.0, s)[:, 0, 0]
        name = r"$s=\infty$" if math.isinf(s) else f"$s={s}$"
        axis.plot(ratio, left, **plotting.LINES[look], label=name)
    axis.set(xlabel=r"curvature before the step, $\alpha\rho$", xlim=(0, 1.5))
    axis.set(ylabel=r"curvature after, $\alpha q$", ylim=(0, 1.2))
    axis.legend(loc="upper left")
    return figure


curvature_figure = curvature_left()
curvature_figure

# %% [markdown]
# Up to $\alpha\rho=1$ the exact step takes a larger fraction of the curvature the steeper the task, and at $\alpha\rho=1$ all of
# it. What is drawn there is the noise of the gradient alone, $(d+1)/s$. With $s=d+1=11$ samples such a step is worth nothing; with fewer it
# does harm.

# %% mystnb={"code_prompt_show": "Side check: the curves as drawn"} tags=["hide-cell"]
drawn = {line.get_label(): line.get_ydata() for line in curvature_figure.axes[0].lines}
at_one = [drawn[f"$s={s}$"][99] for s in (11, 40, 200, r"\infty")]
up_to_one = drawn[r"$s=\infty$"][:100]
assert np.argmax(up_to_one) in (32, 33) and abs(up_to_one.max() - 4 / 27) < 1e-4
assert np.allclose(at_one, [1, 11 / 40, 11 / 200, 0], rtol=0, atol=1e-12)

# %% [markdown]
# > **The paper, §3.** "consider the case in which $m$ and $n_2$ are large, thus the $\mathbf Q_i$ matrices are dominated by
# > $\Sigma_i(\mathbf I_d-\alpha\Sigma_i)^2$."
#
# Along an eigenvector of $\Sigma$ with eigenvalue $\lambda$ the perturbation is to the first term as
# $\alpha^2(\operatorname{tr}\Sigma^2+\lambda^2)$ to $s(1-\alpha\lambda)^2$. So the sentence is right wherever
# $\alpha\lambda\ne1$, once $s$ is large enough. We measure the ratio from the library's matrices for random tasks.


# %% tags=["hide-input"]
def random_covariance(rng, dim):
    """Return a covariance with eigenvalues between 0.05 and 1 in random directions."""
    axes, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
    return (axes * rng.uniform(0.05, 1.0, dim)) @ axes.T


rng = np.random.default_rng(0)
tasks = np.stack([random_covariance(rng, 4) for _ in range(50)])
spectra, axes = np.linalg.eigh(tasks)
noise = 0.8**2 * (np.sum(spectra**2, axis=1, keepdims=True) + spectra**2)
exact_step = (1 - 0.8 * spectra) ** 2
needed = 99 * noise / exact_step  # samples from which the perturbation is less than 1 % of Q


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

# %% tags=["hide-input"]
easy_sizes = [10**k for k in range(1, 9)]
shares += [perturbation_share(np.eye(10), np.eye(10)[0], 1.0, s) for s in easy_sizes]
sizes, thresholds = np.array(sizes + easy_sizes), np.append(thresholds, [math.inf] * 8)
dominated = np.array(shares) < 0.01
claims.decides(
    "text:dominated-by-preconditioned-covariance",
    dominated,
    lambda factor: sizes > factor * thresholds,
    "The perturbation is less than 1 % of $Q$ along an eigenvector exactly where $s$ is more than 99 times the ratio.",
    shows=r"s(1-\alpha\lambda)^2\gg\alpha^2(\mathrm{tr}(\Sigma_i^2)+\lambda^2)",
    refuses={"half of the threshold": sizes > 0.4 * thresholds},
    printed=claims.prints(
        "text:dominated-by-preconditioned-covariance",
        dominated | True,
        r"\Sigma_i(\mathbf I_d-\alpha\Sigma_i)^2",
    ),
)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# "Dominated" needs $s\gg\alpha^2(\operatorname{tr}\Sigma^2+\lambda^2)/(1-\alpha\lambda)^2$, which no $s$ satisfies for an easy
# task at $\alpha=1/\rho_E$. The smallest counterexample has $d=1$, $\Sigma=\alpha=1$: $Q^{(s)}=2/s$, of which
# $\Sigma(1-\alpha\Sigma)^2=0$. What the paper wants from the sentence, that a step leaves most of the weight with the hard tasks,
# holds once $s$ is large.
# :::

# %% tags=["remove-input"]
hard, easy = (linear.adapted_covariance(rho * np.eye(10), 1 / 0.9, 500)[0, 0] for rho in (0.1, 0.9))
Markdown(
    "At the parameters of the paper's Figure 1, $\\rho_H=0.1$, $\\rho_E=0.9$, $d=10$ and 500 samples, "
    f"the hard tasks have {hard / (hard + easy):.2f} of the weight after the step, "
    f"and {0.1 / (0.1 + 0.9):.2f} before it."
)

# %% [markdown]
# ## Where ERM and MAML settle
#
# Averaged over its data, the ERM objective [(3)](#eq-3) is $\tfrac12E_i\lVert w-w_i^*\rVert^2_{\Sigma_i}$ plus a constant, for
# any $n$. In the MAML objective [(4)](#eq-4) the outer samples of an episode give an unbiased estimate of the loss after a step
# on the inner ones, so its mean is $F_{n_2}(w)$, for any $n_1$ and $\tau$: by {eq}`test-loss` and {eq}`adapted-covariance` it is
# $\tfrac12E_i\lVert w-w_i^*\rVert^2_{Q_i^{(n_2)}}$ plus a constant. Both are averages of parabolas,
# $\tfrac12E_i\lVert w-w_i^*\rVert^2_{M_i}$, with $M_i=\Sigma_i$ for ERM and $M_i=Q_i^{(n_2)}$ for MAML. Setting the gradient to
# zero gives $E_i[M_i]\,w=E_i[M_iw_i^*]$:
#
# (eq-5)=
# $$
# \begin{aligned}
# w_{ERM}^*&=E_i[\Sigma_i]^{-1}E_i[\Sigma_iw_i^*],\\
# w_{MAML}^*&=E_i[Q_i^{(n_2)}]^{-1}E_i[Q_i^{(n_2)}w_i^*].
# \end{aligned} \tag{5}
# $$
#
# The matrices are invertible: $\Sigma_i$ is positive definite, and so is $Q_i^{(s)}$ for every finite $s$. Appendix A.1 repeats
# the two lines as (14) and (15), the limits of the trained solutions that are the subject of Chapter 5.
#
# For two tasks with any two symmetric matrices, sympy minimises the average without being told the answer. Both sides are
# multiplied by $\det E[M]$, which leaves polynomials to compare.

# %% tags=["hide-input"]
p = sp.Symbol("p", positive=True)
f, g = sp.symbols("f1:4"), sp.symbols("g1:4")
M1, M2 = (sp.Matrix([[e[0], e[1]], [e[1], e[2]]]) for e in (f, g))
optimum1, optimum2 = sp.Matrix(sp.symbols("h1:3")), sp.Matrix(sp.symbols("k1:3"))
first, second = w - optimum1, w - optimum2
parabolas = ((p * first.T * M1 * first + (1 - p) * second.T * M2 * second) / 2)[0]

solution = sp.solve([sp.diff(parabolas, coordinate) for coordinate in w], list(w))
mean_matrix = p * M1 + (1 - p) * M2
lowest = [sp.cancel(mean_matrix.det() * solution[coordinate]) for coordinate in w]
mean_product = p * M1 * optimum1 + (1 - p) * M2 * optimum2
formula = mean_matrix.adjugate() * mean_product
exchanged = mean_matrix.adjugate() * (p * M2 * optimum1 + (1 - p) * M1 * optimum2)
claims.proves(
    "eq:5 eq:14 eq:15",
    lowest,
    list(formula),
    "The minimiser of two averaged parabolas, whatever the matrices.",
    shows=r"\arg\min_w\tfrac12E_i\lVert w-w_i^*\rVert^2_{M_i}=E_i[M_i]^{-1}E_i[M_iw_i^*]",
    case="two tasks, $d=2$",
    refuses={"each optimum weighed by the other task's matrix": list(exchanged)},
)

# %% [markdown]
# That the matrices are $\Sigma_i$ and $Q_i^{(n_2)}$ must be seen in training itself. At $w=0$ the gradients of (3) and
# (4), averaged over tasks and samples, are $-E_i[M_i]\,w^*$ with the minimiser $w^*$ of each. We draw tasks from random environments with several groups, unequal and correlated
# covariances, spreads and noise.


# %% tags=["hide-input"]
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

# %%
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
    """Return -E[M] w of all environments, M of ERM (0) or MAML (1), w its solution or the other."""
    found = []
    for env, *both in solutions:
        adapted = linear.adapted_covariance(env.covariances, ALPHA, N2)
        matrices = adapted if learner else env.covariances
        found.append(-np.tensordot(env.probabilities, matrices, 1) @ both[solution])
    return np.concatenate(found)


# %%
draws = [training_gradients(env) for env, *_ in solutions]
LEARNERS = {"eq:14": 0, "eq:15": 1}
claims.samples(
    "eq:14 eq:15",
    {row: np.hstack([one[:, k] for one in draws]) for row, k in LEARNERS.items()},
    {row: mean_gradients(k, k) for row, k in LEARNERS.items()},
    "The mean gradients of (3) and (4) are those of parabolas about the two solutions, $d=3,4,5$.",
    shows=r"\nabla_{w=0}=-E_i[M_i]\,w^*,\quad M_i=\Sigma_i\text{ for ERM, }Q_i^{(n_2)}\text{ for MAML}",
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
# The weights are matrices: $E_{i'}[M_{i'}]^{-1}p_gM_g$ for group $g$, and they sum to the identity. (A primed index $i'$ is an
# independent copy of the task $i$, averaged over on its own.)

# %% tags=["hide-input"]
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
    shows=r"w^*=\sum_gW_g\,w_g^*,\quad W_g=E_{i'}[M_{i'}]^{-1}p_gM_g,\quad\sum_gW_g=I",
    case="two tasks, $d=2$",
    refuses={"the probabilities as weights": [determinant * sp.eye(2), plain]},
)

# %% [markdown]
# They are not numbers. Between two tasks whose axes differ, the solutions in general leave the segment that joins
# the optima.


# %% mystnb={"figure": {"caption": "Two tasks in the plane before (left) and after (right) one step on 100 samples. The ellipses around a task's optimum are starts of equal cost, at the same level in both panels. The solid ellipse belongs to the average and sits at its minimiser, ERM on the left and MAML on the right. The dotted segment joins the two optima.", "name": "fig-two-metrics"}, "image": {"alt": "Two panels of the plane of starts. Left: a small ellipse around the easy optimum, a larger tilted one around the hard optimum, and the ERM solution near the easy optimum, beside the segment that joins the optima. Right: the easy ellipse has become the largest, and the MAML solution lies near the hard optimum; ERM is outside the ellipse around MAML."}} tags=["hide-input"]
metrics = [[[0.19, 0.17], [0.17, 0.26]], [[0.98, 0.07], [0.07, 0.77]]]
plane = TaskEnvironment.finite_tasks(metrics, [[1.0, 0.3], [-1.0, -0.3]])
STEP, SAMPLES, LEVEL = 1.0, 100, 0.03


def ellipse(matrix, centre, level):
    """Return the points at a squared distance from the centre, in the matrix's metric."""
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = np.sqrt(level) * np.stack([np.cos(angle), np.sin(angle)])
    return centre[:, None] + np.linalg.solve(np.linalg.cholesky(matrix).T, circle)


def two_metrics():
    """Draw tasks as ellipses of equal cost before and after the step, and the two solutions."""
    figure, axes = plt.subplots(1, 2, figsize=(7, 3.1), sharex=True, sharey=True)
    adapted = linear.adapted_covariance(plane.covariances, STEP, SAMPLES)
    erm, maml = linear.erm_solution(plane), linear.maml_solution(plane, STEP, SAMPLES)
    before = (axes[0], plane.covariances, erm, "before the step")
    after = (axes[1], adapted, maml, "after the step")
    for axis, matrices, own, title in (before, after):
        axis.plot(*plane.means.T, ":", color=plotting.REFERENCE)
        for task, name in enumerate(("hard", "easy")):
            points = ellipse(matrices[task], plane.means[task], LEVEL)
            axis.plot(*points, **plotting.LINES[name], label=f"{name} task")
            axis.plot(*plane.means[task], **plotting.MARKS[name])
        axis.plot(*ellipse(matrices.mean(axis=0), own, LEVEL), color="black", label="average")
        axis.plot(*erm, **plotting.MARKS["ERM"], label="ERM")
        axis.plot(*maml, **plotting.MARKS["MAML"], label="MAML")
        axis.set(xlabel=r"$w_1$", title=title, aspect="equal")
    axes[0].set_ylabel(r"$w_2$")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


metrics_figure = two_metrics()
metrics_figure

# %% tags=["hide-input"]
drawn = {line.get_label(): line.get_xydata()[0] for line in metrics_figure.axes[1].lines}
chord = plane.means[0] - plane.means[1]
normal = np.array([-chord[1], chord[0]]) / np.linalg.norm(chord)
gaps = [normal @ (drawn[name] - plane.means[1]) for name in ("ERM", "MAML")]
assert np.abs(gaps).min() > 0.02  # both solutions drawn lie off the segment

# %% [markdown]
# ## The promise kept
#
# Insert $Q$ into {eq}`test-loss`. What the test loss of a start has beyond the noise floor is the *risk above the floor*,
#
# $$
# \begin{aligned}
# F_m(w)&=N+R_m(w),\\
# R_m(w)&=\tfrac12E_i\lVert w-w_i^*\rVert^2_{Q_i^{(m)}} .
# \end{aligned}
# $$ (floor-and-risk)
#
# Before anything is built on this, the machine averages definition (1) itself: it takes the residual of the first step, a
# polynomial of degree three in nine Gaussian variables, squares it and pairs. Covariance, step size, noise and distance are all
# symbols.

# %%
gaussians = [*x, z, *X, *z_hat]
joint = sp.diag(Sigma, sigma**2, Sigma, Sigma, sigma**2, sigma**2)
test_loss = expectation(residual**2, gaussians, joint) / 2
floor_of_task = sigma**2 * (1 + alpha**2 / 2 * (Sigma**2).trace()) / 2
above_floor = ((w - w_star).T * Q * (w - w_star))[0] / 2
claims.proves(
    "text:test-loss-chain",
    test_loss,
    floor_of_task + above_floor,
    "Definition (1) for one task, multiplied out.",
    shows=r"F_m(w)=\tfrac12\Bigl(\sigma^2+\frac{\alpha^2\sigma^2}m\operatorname{tr}(\Sigma^2)\Bigr)"
    r"+\tfrac12\lVert w-w^*\rVert^2_{Q^{(m)}}",
    case="$d=m=2$",
    refuses={"the noise of the step forgotten": sigma**2 / 2 + above_floor},
)

# %% [markdown]
# The risk above the floor is again an average of parabolas, the one that MAML minimises when it trains with $n_2=m$. Completing
# the square turns {eq}`floor-and-risk` into {eq}`promise`, with $c=w_{MAML(m)}^*$ and $\bar Q=E_i[Q_i^{(m)}]$:
#
# :::{prf:theorem} Decomposition of the post-adaptation risk
# :label: thm-decomposition
# Let the task optima have finite second moments and let $E_i[Q_i^{(m)}]$ be invertible, as it is for every finite $m$. Write
# $w_{MAML(m)}^*$ for the MAML solution [(5)](#eq-5) with $n_2=m$. Then for every start $w$
#
# $$
# \begin{aligned}
# F_m(w)&=N+R_m^*+\mathcal E_m(w),\\
# R_m^*&=\tfrac12E_i\lVert w_{MAML(m)}^*-w_i^*\rVert^2_{Q_i^{(m)}},\\
# \mathcal E_m(w)&=\tfrac12\lVert w-w_{MAML(m)}^*\rVert^2_{E_i[Q_i^{(m)}]},
# \end{aligned}
# $$ (decomposition)
#
# where $\mathcal E_m$ is the excess risk [(2)](#eq-2), the distance of $F_m(w)$ from its infimum.
# :::
#
# :::{dropdown} Proof of the decomposition
# By {eq}`floor-and-risk`, $F_m=N+R_m$. Write $w-w_i^*=(w-c)+(c-w_i^*)$ with $c=w_{MAML(m)}^*$ and expand:
#
# $$
# \begin{aligned}
# R_m(w)&=\tfrac12E_i\lVert c-w_i^*\rVert^2_{Q_i}+(w-c)^\top E_i[Q_i(c-w_i^*)]\\
# &\quad+\tfrac12(w-c)^\top E_i[Q_i](w-c).
# \end{aligned}
# $$
#
# The middle term vanishes, because $E_i[Q_i]\,c=E_i[Q_iw_i^*]$ is the equation that defines $c$. The last term is nonnegative
# and zero at $w=c$, so $\inf F_m=N+R_m^*$, and the last term is $F_m(w)-\inf F_m$. $\square$
# :::
#
# It is the parallel axis theorem: moving away from the centre costs the total mass times the square of the distance, whatever
# the masses are.
#
# We hold it against definition (1), by a route without algebra. Gauss–Hermite quadrature with three nodes per variable
# integrates polynomials of degree five exactly, and the loss after a step is of degree four in each of the $m(d+1)$ Gaussian
# variables of the step. So a sum over $3^{m(d+1)}$ nodes *is* the expectation in (1). We take twenty random environments of two
# or three tasks in two or three dimensions, each with its own step size and noise, and $m=2$.


# %% tags=["hide-input"]
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


# %% tags=["hide-input"]
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
# The lowest value is where A.1 goes astray.
#
# > **The paper, App. A.1, Eq. (16).** "$\inf_{\mathbf w\in\mathbb R^d}F_m(\mathbf w)=\sigma^2+\frac{\alpha^2\sigma^2}m\operatorname{tr}(\Sigma_i^2)$"
#
# By the theorem it is
#
# (eq-16)=
# $$
# \inf_wF_m(w)=N+R_m^* . \tag{16, corrected}
# $$


# %%
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

# %% tags=["hide-input"]
lonely = TaskEnvironment.finite_tasks([[[1.0]]], [[0.0]], noise_std=1.0)
twins = TaskEnvironment.two_tasks(dim=1, rho_hard=1.0, rho_easy=1.0)
table = "| | (16) as printed | noise floor | infimum |\n| --- | --- | --- | --- |\n"
for name, env in (("one task, σ = 1", lonely), ("two tasks at ±1, σ = 0", twins)):
    floor = linear.noise_floor(env, 1.0, 2)
    _, infimum = minimise(partial(integrated_risk, env, alpha=1.0, m=2), 1)
    table += f"| {name} | {2 * floor:.2f} | {floor:.2f} | {infimum:.2f} |\n"
Markdown(table)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# (16) has lost the factor $\tfrac12$ and the expectation over tasks. With both restored it gives the noise floor $N$, which is
# the infimum only if all optima coincide: no single start is at every task's
# optimum. Subtracting $N$ instead of $\inf F_m$ is how Proposition 1 comes to call the risk above the floor "excess risk".
# :::
#
# ## Proposition 1: two risks, two names
#
# Proposition 1 evaluates $R_m$ at the two solutions. With the weights that sum to the identity, the distance from a task's optimum
# to a solution is one average over an independent copy $i'$ of the task:
#
# (eq-6)=
# $$
# \begin{aligned}
# R_m(w_{ERM}^*)&=\tfrac12E_i\lVert v_i\rVert^2_{Q_i^{(m)}},\\
# v_i&=E_{i'}[\Sigma_{i'}]^{-1}E_{i'}[\Sigma_{i'}(w_{i'}^*-w_i^*)];
# \end{aligned} \tag{6}
# $$
#
# (eq-7)=
# $$
# \begin{aligned}
# R_m(w_{MAML}^*)&=\tfrac12E_i\lVert v_i\rVert^2_{Q_i^{(m)}},\\
# v_i&=E_{i'}[Q_{i'}^{(n_2)}]^{-1}E_{i'}[Q_{i'}^{(n_2)}(w_{i'}^*-w_i^*)].
# \end{aligned} \tag{7}
# $$
#
# The right-hand sides are the paper's. On the left the paper has $\mathcal E_m$, the excess risk; we come to that. First the
# right-hand sides, written out as they stand, against the quadrature of the last section. The floor that we subtract is found by
# quadrature too, by letting every task start from its own optimum.


# %% tags=["hide-input"]
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

# %% [markdown]
# Appendix A.1 reaches the same right-hand sides by Lemma 2, in two chains of equalities that end in (17)–(18) for ERM and in
# (19)–(20) for MAML. As printed, the four lines lack the $\tfrac12$:

# %% tags=["hide-input"]
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
# The excess risk of a start is the last term of {eq}`decomposition`, one quadratic form. For the two solutions it reads
#
# $$
# \begin{aligned}
# \mathcal E_m(w_{ERM}^*)&=\tfrac12\lVert w_{ERM}^*-w_{MAML(m)}^*\rVert^2_{E_i[Q_i^{(m)}]},\\
# \mathcal E_m(w_{MAML}^*)&=\tfrac12\lVert w_{MAML(n_2)}^*-w_{MAML(m)}^*\rVert^2_{E_i[Q_i^{(m)}]} .
# \end{aligned}
# $$ (excess-risks)

# %%
excess = integrated - infima[:, None]
formula = at_both_solutions(linear.excess_risk)
printed = [
    claims.prints("prop:1", right_hand_sides, r"\text{(6) and (7)}"),
    claims.prints(
        "eq:6",
        right_hand_sides[:, 0],
        r"\frac12\mathbb E_i\lVert\mathbb E_{i'}[\Sigma_{i'}]^{-1}"
        r"\mathbb E_{i'}[\Sigma_{i'}(\mathbf w_{i'}^*-\mathbf w_i^*)]\rVert^2_{\mathbf Q_i^{(m)}}",
    ),
    claims.prints(
        "eq:7",
        right_hand_sides[:, 1],
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
# :::{admonition} Where we differ from the paper
# :class: attention
# After its first line, each of the two chains in A.1 has lost the $\tfrac12$ of the loss; (6) and (7) have it. And Proposition 1
# states (6) and (7) for the excess risk (2). They are the *risk above the floor*, larger than the excess risk by $R_m^*$ for
# either solution.
#
# Smallest counterexample: one dimension, $\Sigma_1=\Sigma_2=1$, optima $\pm1$, $\alpha=1$, $m=2$, no noise. Both solutions are $0$
# and $Q^{(2)}=1$. This is the best start, so its excess risk is $0$; (6) and (7) give $\tfrac12$, which is $F_2(0)$; (18) and (20)
# print $1$.
#
# **From here on the book says "risk above the floor" for $R_m$ and "excess risk" for $\mathcal E_m$, never one for the other.**
# :::

# %%
risks = linear.risk_above_floor, linear.excess_risk
[risk(twins, [0.0], 1.0, 2) for risk in risks]

# %% [markdown]
# ## What follows
#
# :::{prf:corollary} Consequences of the decomposition
# :label: cor-decomposition
# Let $m$ be finite.
# 1. MAML with $n_2=m$ has no excess risk, in any environment. With $n_2\ne m$ it may have.
# 2. $R_m^*=0$ if and only if all task optima coincide.
# 3. Noise and the spreads $S_g$ of the groups move no solution and change no excess risk. Noise adds to $N$; spreads add
#    $\tfrac12\sum_gp_g\operatorname{tr}(Q_g^{(m)}S_g)$ to $R_m^*$.
# 4. For $n_2=m$ and $R_m^*>0$ the ratio of risks above the floor, by which the paper measures MAML's gain, is
#    $\dfrac{R_m(w_{ERM}^*)}{R_m(w_{MAML}^*)}=1+\dfrac{\mathcal E_m(w_{ERM}^*)}{R_m^*}$.
# :::
#
# :::{dropdown} Proof of the consequences
# 1: the quadratic form is zero at its centre. 2: for finite $m$ every $Q_i^{(m)}$ is positive definite, so the mean of
# $\lVert w_{MAML(m)}^*-w_i^*\rVert^2_{Q_i}$ vanishes only if $w_i^*=w_{MAML(m)}^*$ for almost every task.
# 3: $\sigma$ occurs in $N$ alone. Within group $g$ the matrix $Q_g$ is fixed and $w^*=\mu_g+\xi$ with $E[\xi]=0$,
# $E[\xi\xi^\top]=S_g$. Hence $E[Q_gw^*]=Q_g\mu_g$, and
# $E\lVert c-w^*\rVert^2_{Q_g}=\lVert c-\mu_g\rVert^2_{Q_g}+\operatorname{tr}(Q_gS_g)$.
# 4: divide $R_m(w_{ERM}^*)=R_m^*+\mathcal E_m(w_{ERM}^*)$ by $R_m(w_{MAML}^*)=R_m^*$. $\square$
# :::
#
# Part 3 also tells how to check an environment with spreads by quadrature. Only first and second moments of the optima matter,
# so a group may be replaced by $2d$ tasks at $\mu_g\pm\sqrt d\,L_j$, where $L_j$ are the columns of a root of $S_g$.


# %% tags=["hide-input"]
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


# %% mystnb={"code_prompt_show": "Side check: part 4, with its right side by quadrature"} tags=["hide-cell"]
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


# %% tags=["hide-input"]
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

# %% tags=["hide-input"]
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
caption = f"Five dimensions, four groups, $m={TESTED}$; 95 % intervals from"
Markdown(f"{caption} {len(losses):,} simulated tasks:\n\n{table}")

# %% [markdown]
# Floor and irreducible risk are the same for every start. Starts differ in the excess risk only, and there MAML has little left
# to lose, although it trained with half as many inner samples as it was tested with.
#
# ## What we have seen
#
# - We averaged products of Gaussians by pairing, and so derived Lemma 2 for any covariance and any matrix.
# - One step on $s$ samples replaces a task's curvature $\Sigma$ by $Q^{(s)}$: what an exact step leaves, plus the variance of
#   the gradient.
# - ERM averages the optima with the matrices $\Sigma_i$, MAML with $Q_i^{(n_2)}$. Noise and spreads play no part.
# - The post-adaptation risk is noise floor + irreducible risk + excess risk, and only the last depends on the start.
# - Proposition 1 gives the last two together. The ratio that the paper calls gain is one plus the excess risk of ERM in units
#   of the irreducible risk.
#
# **Where the paper differs.** The sign of the noise in A.1's residual; $1/n$ for $1/n^2$ in (78); "dominated" at
# $\alpha=1/\rho_E$; the halves of (16)–(20) and the expectation of (16); the infimum in (16),
# and with it the name of what (6) and (7) compute. The values of (5)–(7), (14), (15), (77), (79) and (80) stand.
#
# ## Exercises
#
# **1.** A task has $\Sigma=\rho I_d$ and the step uses $s$ samples. Which step size leaves the least curvature, and how much is
# that?
#
# :::{dropdown} Solution
# Minimise $q/\rho=(1-\alpha\rho)^2+\frac{d+1}s\alpha^2\rho^2$: $\alpha\rho=\dfrac1{1+(d+1)/s}$, and what is left is the
# fraction $\dfrac{(d+1)/s}{1+(d+1)/s}=\dfrac{d+1}{s+d+1}$. With fewer samples, take shorter steps.
# :::

# %% tags=["hide-cell"]
d, s, step = sp.symbols("d s step", positive=True)
left = (1 - step) ** 2 + (d + 1) / s * step**2
shortest = sp.solve(sp.diff(left, step), step)[0]
assert sp.simplify(shortest - 1 / (1 + (d + 1) / s)) == 0
assert sp.simplify(left.subs(step, shortest) - (d + 1) / (s + d + 1)) == 0
isotropic = linear.adapted_covariance(np.eye(4), float(shortest.subs({d: 4, s: 7})), 7)
assert np.allclose(isotropic, 5 / 12 * np.eye(4))

# %% [markdown]
# **2.** What is $E\lVert\frac1nX^\top X\rVert_F^2$, the mean squared Frobenius norm of a sample covariance?
#
# :::{dropdown} Solution
# Take the trace of {eq}`sandwich` with $A=I$:
# $\operatorname{tr}(\Sigma^2)+\frac1n\bigl[(\operatorname{tr}\Sigma)^2+\operatorname{tr}(\Sigma^2)\bigr]$.
# The cell multiplies out one, two and three rows in two dimensions, with any $\Sigma$.
# :::

# %% tags=["hide-cell"]
for Y in (row, X, X3):
    squared_norm = sp.Matrix([[((Y.T * Y) ** 2).trace()]]) / Y.rows**2
    mean_norm = mean_over_rows(squared_norm, Y, Sigma)[0]
    second = (Sigma**2).trace()
    formula = second + (Sigma.trace() ** 2 + second) / Y.rows
    assert sp.expand(mean_norm - formula) == 0

# %% [markdown]
# **3.** The noise in all labels doubles, at training and at test time. Which of $w_{ERM}^*$, $w_{MAML}^*$, floor, irreducible
# risk, excess risks, and the paper's ratio change?
#
# :::{dropdown} Solution
# Only the floor, which is multiplied by four. (With finitely many training tasks the trained solutions become noisier; Chapter 5.)
# :::

# %% tags=["hide-cell"]
env = scattered[0]
groups = env.probabilities, env.covariances, env.means, env.spreads
louder = TaskEnvironment(*groups, noise_std=2 * env.noise_std)
floors = [linear.noise_floor(e, ALPHA, 2) for e in (env, louder)]
assert math.isclose(floors[1], 4 * floors[0])
assert closed_parts(louder, ALPHA)[1:] == closed_parts(env, ALPHA)[1:]
assert (linear.maml_solution(louder, ALPHA, 2) == linear.maml_solution(env, ALPHA, 2)).all()

# %% [markdown]
# **Read next.** [Chapter 3](03_hardness) takes two tasks that differ only in hardness and asks how far apart the two solutions are.
