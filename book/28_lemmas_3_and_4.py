# %% [markdown]
# # Lemmas 3 and 4, line by line
#
# > **The paper, App. D.2, before Lemma 3.** "Next we bound each $\lVert\mathbf Z_i\rVert$ with high probability, by first showing element-wise convergence to 0."
#
# [Appendix D.2](14_maml_proof) bounds the error of MAML by two random quantities: the deviation $Z_i$ of a task's curvature from its mean, and the label noise $g$. This page asks how large they are, as the paper does in Lemma 3, Lemma 4 and (112) to (115). One habit spoils them all: of a polynomial in $\alpha$ only the highest power is kept. Each statement is repaired with explicit constants; a prime at its number, as in (91′), marks an equation that we corrected.
#
# An episode has $n_2$ inner samples, which make the step $P=I-\frac{\alpha}{n_2}X_{in}^\top X_{in}$, and $n_1$ outer samples. Its curvature is $\hat Q=P^\top X_{out}^\top X_{out}P$, and $Z_i=\frac1{\tau n_1}\sum_j\hat Q_{i,j}-Q_i$ is the deviation of the mean over $\tau$ episodes from [its expectation](#eq-84), with $\Sigma_i\preceq LI$.
#
# | steps | what they do | do they stand? |
# | :-- | :-- | :-- |
# | [(90)](#lemmas-entry) | one entry of $D$, on the way to the curvature | yes |
# | [(91)](#eq-91), (92), (93), (96) | one entry of the curvature | no: two cross terms, not twice one |
# | (94), (95) | average over episodes | yes |
# | [(97)](#eq-97), [(98)](#eq-98) | variance of an entry | no: lower orders, $L^6$ and a case are missing |
# | [(89)](#eq-89), Lemma 3 | tail of an entry | no: inequality reversed, wrong variance |
# | (100), [(101)](#eq-101), (102), (103) | Gershgorin disks | yes, with a modulus and the variance repaired |
# | (104), (105), (106), [(99)](#eq-99), Lemma 4 | from entries to the norm | no: a factor $d$ |
# | (112), [(113)](#eq-113), (114), [(115)](#eq-115) | tail of the noise | no: a sum that is not one of i.i.d. terms, and the variance |

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

import numpy as np
import sympy as sp
from IPython.display import Markdown
from scipy import optimize, special, stats
from sympy.utilities.iterables import partitions

from paperlib import claims, linear

# %% [markdown]
# (lemmas-entry)=
# ## (90) to (96): one entry of the curvature
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
# \end{aligned} \tag{\(91'\)}
# $$
#
# The averaged entry (92), the variable $u_j$ of (93), which is $\hat Q(k,s)/n_1$ of one episode, and its repetition (96) inherit the slip.
#
# The rest of the preparation stands: the entry of the average is the average of the $u_j$ (94). The test sets fifty episodes side by side, and for (94) one below the other.


# %% mystnb={"code_prompt_show": "Curvatures, quadrature, and random covariances"} tags=["hide-cell"]
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


def random_covariances(rng, count, d, low, high):
    """Return matrices with random eigenvectors and eigenvalues between the bounds."""
    turn, _ = np.linalg.qr(rng.normal(size=(count, d, d)))
    return (turn * rng.uniform(low, high, (count, 1, d))) @ turn.swapaxes(1, 2)


root = np.array([[1.0, 0.0], [0.4, 0.7]])
sigma = root @ root.T


# %% mystnb={"code_prompt_show": "The entries (90) and (91)"} tags=["hide-cell"]
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


# %% mystnb={"code_prompt_show": "Check (90)"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Check (91), (92), (93) and (96)"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Check (94)"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Average a product of squares"} tags=["hide-input"]
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


# %% mystnb={"code_prompt_show": "Variances of the entries, exactly and by quadrature"} tags=["hide-cell"]
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


# %% mystnb={"code_prompt_show": "Check (95)"} tags=["hide-input"]
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
# ## (97), (98): how large is the variance?
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


# %% mystnb={"code_prompt_show": "Check the largest monomial"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Count the monomials"} tags=["hide-input"]
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


# %% mystnb={"code_prompt_show": "The sum (97), term by term"} tags=["hide-cell"]
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


# %% mystnb={"code_prompt_show": "Check which terms of (97) have a mean"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Count them"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Check what (97) sums up"} tags=["hide-input"]
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
# E[u_1^2]^{1/4}\le E\bigl[S(k,k)^2\bigr]^{1/4}+\alpha\,E\bigl[(\hat SS\hat S)(k,k)^2\bigr]^{1/4}. \tag{\(97'\)}
# $$
#
# Given $P$, Lemma 2 makes $E[(y^\top Sy)^2]$ a multiple of $(y^\top\Sigma y)^2$ for $y=Pe_k$; so $E[u_1^2]^{1/4}$ is, up to a factor, a norm of $\Sigma^{1/2}Pe_k$ in $L^4$, and $P=I-\alpha\hat S$. Both ends are attained, at $\alpha=0$ and as $\alpha\to\infty$:


# %% mystnb={"code_prompt_show": "Second moments from small to large steps"} tags=["hide-cell"]
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

# %% mystnb={"code_prompt_show": "Check the corrected (97)"} tags=["hide-input"]
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
# \end{gathered} \tag{\(98'\)}
# $$
#
# :::{dropdown} Proof
# Write $u(k,s)=y^\top Sy'$ with $y=Pe_k$, $y'=Pe_s$. By the Cauchy–Schwarz inequality we may take $k=s$. Given $P$,
# Lemma 2 says $E(y^\top Sy)^2=(1+\frac2{n_1})(y^\top\Sigma y)^2\le3L^2\lVert Pe_k\rVert^4$. The norm of $L^4$ obeys the triangle inequality, so
# $(E\lVert Pe_k\rVert^4)^{1/4}\le1+\alpha(E\lVert\hat Se_k\rVert^4)^{1/4}$. Write $\hat S=\Sigma^{1/2}W\Sigma^{1/2}$, with $W$ that of standard normal samples:
# $\lVert\hat Se_k\rVert\le\sqrt L\,\lVert Wa\rVert$ for a vector $a$ no longer than $\sqrt L$, and the law of $\lVert Wa\rVert$ depends on the length of $a$ only. Since $W$ is a mean of $n_2$ independent
# matrices, $E\lVert We_1\rVert^4$ is largest for $n_2=1$, where it is $E[g_1^4(g_1^2+\dots+g_d^2)^2]=3(d+4)(d+6)$. $\square$
# :::

# %% mystnb={"code_prompt_show": "Compute the moment of the proof"} tags=["hide-input"]
d = sp.Symbol("d", positive=True)
first = [1, 1, 3, 15, 105]  # E g₁^(2k)
rest = [1, d - 1, (d - 1) * (d + 1)]  # E (g₂² + … + g_d²)^k
claims.proves(
    "eq:98",
    first[4] + 2 * first[3] * rest[1] + first[2] * rest[2],
    3 * (d + 4) * (d + 6),
    "The moment of the proof is a quadratic in $d$.",
    shows=r"E\bigl[g_1^4(g_1^2+\dots+g_d^2)^2\bigr]=3(d+4)(d+6)",
    towards=True,
    refuses={"$3(d+4)^2$": 3 * (d + 4) ** 2},
)

# %% mystnb={"code_prompt_show": "Check the highest order alone"} tags=["hide-input"]
claims.bounds(
    "eq:98",
    highest,
    r"The part of order $\alpha^4$ alone stays below $9(d+4)(d+6)L^6$.",
    below=9 * (dims + 4) * (dims + 6) * limits**6,
    shows=r"E\bigl[(\hat SS\hat S)(k,k)^2\bigr]\le9(d+4)(d+6)L^6\le315\,d^2L^6",
    towards=True,
    refuses={r"$L^4$ for $L^6$": 9 * (dims + 4) * (dims + 6) * limits**4},
)


# %% mystnb={"code_prompt_show": "Check the corrected (98)"} tags=["hide-input"]
def variance_bound(L, alpha, d):
    """Return v of the corrected (98)."""
    return 3 * L**2 * (1 + alpha * L * (3 * (d + 4) * (d + 6)) ** 0.25) ** 4


printed_98 = claims.prints(
    "eq:98", lambda alpha, d, c: 730 * c * d**2 * alpha**4, r"\frac{730cd^2\alpha^4}\tau"
)
claims.bounds(
    "eq:98",
    [[moment.max() for moment in row] for row in moments],
    r"Even $E[u_1^2]$ stays below $v$, for every entry. As printed it is tried with $c=10^6$.",
    below=variance_bound(limits, rates, dims),
    shows=r"\mathrm{Var}(Z_i(k,s))\leq\frac v\tau,\;v=3L^2(1+\alpha La_d)^4,\;a_d=(3(d+4)(d+6))^{1/4}",
    refuses={r"$c\,\alpha^4d^2L^6$ with $c=10^6$": 1e6 * rates**4 * dims**2 * limits**6},
    printed=printed_98(rates, dims, 1e6),
)

# %% [markdown]
# > **The paper, after (98).** "the bound on the elements of $\mathbf Z_i$ given in Lemma 3 is tight up to logarithmic factors"
#
# For a fixed $\alpha L$ and *one* inner and outer sample the order $\alpha^4d^2L^6$ is right. With more samples it is not: the variance falls like $1/n$ for $n_1=n_2=n$, and the bound does not contain $n$.

# %% mystnb={"code_prompt_show": "Compute the variance off the diagonal"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Check how it falls with the samples"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Check whether the bound is tight"} tags=["hide-input"]
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
# ## (89): Lemma 3
#
# What remains is a tail. A polynomial of degree $q$ in Gaussian variables has $E\lvert f\rvert^p\le(p-1)^{pq/2}(Ef^2)^{p/2}$ for $p\ge2$, and Markov's inequality does the rest. Here $q=6$.
#
# (eq-89)=
# $$
# \mathbb P\bigl(\lvert Z_i(k,s)\rvert\ge\gamma\bigr)\le e^2\exp\Bigl(-\Bigl(\frac{\tau\gamma^2}{e^2v}\Bigr)^{1/6}\Bigr). \tag{\(89'\)}
# $$
#
# :::{dropdown} Proof
# Let $f$ be the deviation, $\eta$ its standard deviation and $p=(\gamma/(e\eta))^{1/3}$. If $p<2$ the right-hand side exceeds 1. If $p\ge2$, then $\mathbb P(\lvert f\rvert\ge\gamma)\le(p^3\eta/\gamma)^p=e^{-p}$, and $p=(\gamma^2/(e^2\eta^2))^{1/6}$. By (98), $\eta^2\le v/\tau$. $\square$
# :::

# %% tags=["remove-input"]
claims.quotes(
    "lem:3 eq:89",
    r"A polynomial of degree $q$ in Gaussian variables deviates by $\gamma$ with probability at most "
    r"$e^2\exp(-(\gamma^2/(R^q\operatorname{Var}))^{1/q})$; for $q=6$ hypercontractivity gives $R^6=e^2$.",
    "Schudy and Sviridenko (2012), Theorem 1.9; Aubrun and Szarek (2017), Corollary 5.49",
)

# %% mystnb={"code_prompt_show": "Check the step of the proof"} tags=["hide-input"]
gamma = np.geomspace(30, 3e5, 9)  # in units of η
p = (gamma / math.e) ** (1 / 3)
claims.checks(
    "eq:89",
    (p**3 / gamma) ** p,
    np.exp(-((gamma**2 / math.e**2) ** (1 / 6))),
    r"Markov's inequality gives this at the $p$ of the proof, for $\gamma$ from $30\eta$ to $3\cdot10^5\eta$.",
    rtol=1e-9,
    shows=r"\Bigl(\frac{p^3\eta}\gamma\Bigr)^p=\exp\Bigl(-\Bigl(\frac{\gamma^2}{e^2\eta^2}\Bigr)^{1/6}\Bigr)",
    towards=True,
    refuses={"without $e^2$": np.exp(-((gamma**2) ** (1 / 6)))},
)

# %% [markdown]
# The inequality of moments rests on the cited source. In one dimension, with one sample of each kind, quadrature gives the moments of $Z$ exactly, and those of the noise vector $g$ of (87), so that it can be tested:


# %% mystnb={"code_prompt_show": "Check the inequality of moments"} tags=["hide-input"]
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
# and $\lVert Pe_1\rVert^2$ contains two more. So its tail is a double integral. (A bound of 1 or more says nothing of a probability. Cards leave such instances out, so they count fewer for some bounds than for others.)


# %% mystnb={"code_prompt_show": "The tail of an entry as an integral"} tags=["hide-cell"]
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


# %% mystnb={"code_prompt_show": "Check Lemma 3 far out"} tags=["hide-input"]
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
    r"The tail of $Z(1,1)$, integrated, stays below the bound from $\alpha=10^{-9}$ to $10^3$. As printed it is tried with $c=10^6$.",
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
# ## (99) to (106): Lemma 4, from entries to the norm
#
# By Gershgorin's theorem (100) every eigenvalue of $Z_i$ lies within $R_k=\sum_{s\ne k}\lvert Z_i(k,s)\rvert$ of some $Z_i(k,k)$. So
#
# (eq-101)=
# $$
# \lVert Z_i\rVert\le\max_k\ \lvert Z_i(k,k)\rvert+R_k. \tag{\(101'\)}
# $$
#
# The paper leaves out the modulus, and $Z_i=-1$ is the smallest counterexample: with $\Sigma=1$ and a small $\alpha$, an episode whose one outer sample is close to zero.
#
# (102) says that $R_k\ge(d-1)\gamma$ only if one of its $d-1$ terms is at least $\gamma$, and sums their probabilities from Lemma 3; (103) is Lemma 3 for the diagonal. The reasoning stands, with the
# variance of (98) in the exponent. The printed exponent has $\alpha^4d^2L^6$, and as $\alpha\to0$ it promises a certainty that there is not.
#
# Then comes the error that costs most. From $R_k\le(d-1)\gamma$ and $\lvert Z_i(k,k)\rvert\le\gamma$, (104), (105) and (106) conclude $\lVert Z_i\rVert\le\gamma$. It follows that $\lVert Z_i\rVert\le d\gamma$, and no more: all entries can be $\gamma$.

# %% mystnb={"code_prompt_show": "Check the disks (100)"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Check (101)"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Check (104) to (106)"} tags=["hide-input"]
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


# %% mystnb={"code_prompt_show": "Check (102)"} tags=["hide-input"]
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
# \lVert Px\rVert^2=\lVert x\rVert^2-2\ell g^2+\ell^2g^2,\qquad\ell=\lVert\hat x\rVert^2,\quad g=\langle x,\hat x\rangle/\lVert\hat x\rVert,
# $$
#
# and $g$ is a standard normal, $\ell\approx d$. So $\lVert Z\rVert$ is of order $d^2$, while (99) puts it below $\sqrt c\,d\log^3(100e^2d^2)$ with probability 0.99. Powers win: for every constant $c$ there is a dimension in which (99) fails. Only three
# $\chi^2$ variables are left to integrate over, so the dimension can be a million.


# %% mystnb={"code_prompt_show": "The tail of the norm as an integral, against draws"} tags=["hide-input"]
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
# \mathbb P(\lVert Z_i\rVert\le\gamma)\ge1-e^2d^2\exp\Bigl(-\Bigl(\frac{\tau\gamma^2}{e^2d^2v}\Bigr)^{1/6}\Bigr). \tag{\(99'\)}
# $$
#
# Again Chebyshev's inequality does better: $\mathbb P(\lVert Z_i\rVert\ge\gamma)\le E\lVert Z_i\rVert_F^2/\gamma^2$, and the sum of the variances of the entries is $E\lVert Z_i\rVert_F^2$.

# %% mystnb={"code_prompt_show": "Check the corrected Lemma 4"} tags=["hide-input"]
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
    r"The tail of the norm, integrated, stays below the bound. As printed it fails with $c=10^6$ at $\alpha=10^{-9}$, and with $c=1$, $10^2$, $10^4$ at $\alpha=1$ in $10^6c$ dimensions.",
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
# ## (112) to (115): the noise
#
# (112) names the $k$-th element of the noise vector of [(87)](#eq-87) $g(k)$, and notes that it is a polynomial of degree six with mean zero. Expand what one episode adds to it:
#
# $$
# \begin{aligned}
# P&X_{out}^\top\bigl(z_{out}-\tfrac\alpha{n_2}X_{out}X_{in}^\top z_{in}\bigr)=X_{out}^\top z_{out}\\
# &-\tfrac\alpha{n_2}\bigl(X_{in}^\top X_{in}X_{out}^\top z_{out}+X_{out}^\top X_{out}X_{in}^\top z_{in}\bigr)\\
# &+\tfrac{\alpha^2}{n_2^2}X_{in}^\top X_{in}X_{out}^\top X_{out}X_{in}^\top z_{in}.
# \end{aligned}
# $$

# %% mystnb={"code_prompt_show": "Expand it"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Count the monomials of the noise"} tags=["hide-input"]
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

# %% mystnb={"code_prompt_show": "Check their largest mean"} tags=["hide-input"]
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
# \end{aligned} \tag{\(113'\)}
# $$
#
# The printed (113) keeps the highest order in $\alpha$ only, equates $L^3$ under the sums with $L^5$ outside, and loses the factor $\frac1T$. Its limit as $\alpha\to0$ is zero, where the truth is $\sigma^2\Sigma_{kk}/(n_1T\tau)$.
#
# :::{dropdown} Proof of the bound
# Let $y=Pe_k$. First, $E[y^\top\Sigma y]\le L\,E\lVert y\rVert^2$. Second, by Lemma 2 given the inner samples, with $S=S^{in}$,
# $E[y^\top S^{out}SS^{out}y]\le(1+\frac1{n_1})\,y^\top\Sigma S\Sigma y+\frac1{n_1}\operatorname{tr}(S\Sigma)\,y^\top\Sigma y\le3L^2\operatorname{tr}(S)\lVert y\rVert^2$. By the Cauchy–Schwarz inequality
# $E[\operatorname{tr}(S)\lVert y\rVert^2]\le(E\operatorname{tr}(S)^2)^{1/2}(E\lVert y\rVert^4)^{1/2}$. Here $E\operatorname{tr}(S)^2\le L^2d(d+2)\le L^2(d+1)^2$, and $(E\lVert y\rVert^4)^{1/4}\le1+\alpha La_d$ as in the proof of (98). $\square$
# :::


# %% mystnb={"code_prompt_show": "The variance of the noise, exactly and by quadrature"} tags=["hide-cell"]
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


# %% mystnb={"code_prompt_show": "Check the exact variance (113)"} tags=["hide-input"]
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


# %% mystnb={"code_prompt_show": "Check the bound (113)"} tags=["hide-input"]
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
    r"With $\sigma=1$ the variance of one task and episode stays below $v_g$. As printed it is tried with $c=10^6$.",
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

# %% mystnb={"code_prompt_show": "Compare with a sum of independent terms"} tags=["hide-input"]
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
# With this variance the tail (114), its union over coordinates (115), and [the bound on the noise term](14_maml_proof), (116) with (117), stand:
#
# (eq-115)=
# $$
# \mathbb P\bigl(\lVert g\rVert>\sqrt d\,b\bigr)\le e^2d\exp\Bigl(-\Bigl(\frac{T\tau b^2}{e^2v_g}\Bigr)^{1/6}\Bigr). \tag{\(115'\)}
# $$
#
# The deviations $Z_i$ are bounded one by one. The noise is averaged over the tasks: the proof has a factor $T$ to gain here, and gives it away.


# %% mystnb={"code_prompt_show": "Check (114) in one dimension"} tags=["hide-input"]
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
    r"The tail of $g$ in one dimension, integrated, stays below the bound from $\alpha=10^{-9}$ to $10^3$. As printed it is tried with $c=10^6$.",
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
# ## What we have seen
#
# - One habit causes most of the failures: keeping only the highest power of $\alpha$. It makes the bound promise exact training as $\alpha\to0$, where MAML is ERM on finite data.
# - Counts of monomials can be replaced by two inequalities, Lemma 2 and the triangle inequality of $L^4$, which need no list of cases and no diagonal $\Sigma_i$.
# - Entries of size $\gamma$ allow a norm of $d\gamma$, and in many dimensions it is as large.
# - Where a variance is known exactly, Chebyshev's inequality says more than the exponential bound at every probability of interest.
#
# **Read next.** Back to [Appendix D.2](14_maml_proof), where these tails are put to use.
