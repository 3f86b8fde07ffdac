# %% [markdown]
# # Prioritising hard tasks
#
# > **The paper, §4.** "any stationary point of the MAML objective in $\mathcal S_1\cap\mathcal S_2$ has smaller gradient norm on the hard task
# > than on the easy task as long as there is sufficient hardness discrepancy, specifically $\beta_2>L_1$."
#
# The paper leaves linear regression. Models are now small neural networks, closed forms of the solutions are gone, and what remains is
# the calculus of one gradient step.
#
# **What you will do.** Prove the paper's Lemma 1 without its error terms, and rebuild Theorem 1 so that its hypothesis can be met and checked.
#
# **What you will learn.** To compare the gradients of two tasks at a MAML solution; to tell which bounds on a Hessian the comparison needs;
# to see what a small gradient says about distance and loss, and what it does not.
#
# **What you need.** Chapter [1](01_learning_to_adapt), eigenvalues of symmetric matrices, Taylor's formula.

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

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from IPython.display import Markdown

from paperlib import claims, networks, plotting

plotting.use_book_style()

# %% [markdown]
# ## A network learns a network
#
# (def-network)=
# The model has $M$ neurons. Their weights are the columns of $W\in\mathbb R^{d\times M}$, and their outputs are simply added:
#
# $$
# h_W(x)=\sum_{k=1}^M\sigma(\langle w^k,x\rangle),
# $$
#
# where $\sigma$ is the ReLU, Softplus, Sigmoid or tanh function. A task is a network $W_*$ of the same kind and a covariance $\Sigma$: inputs are
# $x\sim N(0,\Sigma)$, labels $y=h_{W_*}(x)$, without noise. The loss is half the mean squared error (in print it [lacks the $\sigma$](#theorem-1-loss)).
#
# Look at MAML's solution for two pairs of tasks, one Softplus neuron each. Task 1 is called the hard one: at MAML's solution its loss is the flatter. (In the second pair only there: at its own optimum it is the steeper one. That will matter.)


# %% mystnb={"code_prompt_show": "Solve for MAML's stationary points, many pairs of tasks at once"} tags=["hide-input"]
def one_neuron(w, optimum, size, order=None):
    """Return gradients (N, d) and Hessians (N, d, d) of Softplus tasks with covariances size·I."""
    root, unit = np.sqrt(size)[:, None], np.eye(w.shape[1])
    case = "softplus", (root * w)[..., None], (root * optimum)[..., None], unit
    hessian = networks.population_hessian(*case, order=order)
    gradient = networks.population_gradient(*case, order=order)[..., 0]
    return root * gradient, size[:, None, None] * hessian


def solve(optima, sizes, alpha, steps=30):
    """Return points w (N, d) with ∇F = 0, ‖∇F‖ there, and each task's ‖∇f‖, ‖g‖, spectrum of H."""
    w, sizes = np.mean(optima, axis=0) + 0 * alpha[:, None], [s + 0 * alpha for s in sizes]
    for order in [120] * steps + [None]:  # the last time by the library's own rule
        total, matrix, tasks = 0.0, 0.0, []
        for optimum, size in zip(optima, sizes, strict=True):
            before, hessian = one_neuron(w, optimum, size, order)
            after, bend = one_neuron(w - alpha[:, None] * before, optimum, size, order)
            turn = np.eye(w.shape[1]) - alpha[:, None, None] * hessian
            total = total + 0.5 * (turn @ after[..., None])[..., 0]
            matrix = matrix + 0.5 * turn @ bend @ turn  # ∇²F without third derivatives
            norms = (np.linalg.norm(vector, axis=1) for vector in (before, after))
            tasks.append((*norms, np.linalg.eigvalsh(hessian)))
        if order is not None:
            values, basis = np.linalg.eigh(matrix)
            values = np.maximum(abs(values), 0.05 * abs(values).max(axis=1, keepdims=True))
            move = (basis @ (basis.mT @ total[..., None] / values[..., None]))[..., 0]
            w = w - move / np.maximum(1.0, 2.0 * np.linalg.norm(move, axis=1, keepdims=True))
    return w, np.linalg.norm(total, axis=1), tasks


# %% mystnb={"code_prompt_show": "Solve for both pairs at 29 step sizes"} tags=["hide-input"]
def ratios(optima, sizes, alpha):
    """Return ‖g₁‖/‖g₂‖, ‖∇f₁‖/‖∇f₂‖, (1 − αβ₂)/(1 − αL₁), β₂ and L₁, for steps within Lemma 1."""
    _, left, (hard, easy) = solve(optima, sizes, alpha)
    low, high = easy[2][:, 0], hard[2][:, -1]
    known = (left < 1e-10) & (alpha * np.maximum(high, easy[2][:, -1]) < 1)
    found = hard[1] / easy[1], hard[0] / easy[0], (1 - alpha * low) / (1 - alpha * high), low, high
    return np.where(known, found, np.nan)


rates = np.linspace(0.1, 2.9, 29)
near_optima, far_optima = np.array([[0.08, 0.0], [0.0, 0.06]]), np.array([[-2.5], [-0.7]])
near, far = ratios(near_optima, (0.5, 1.0), rates), ratios(far_optima, (1.0, 1.0), rates)
assert round(far[1, -1]) == 59 and near[1].max() < 1 and np.nanmax([near[0], far[0]]) < 1
assert np.nanmin(far[1] - far[2] ** 2) > 0 and np.nanmin(far[3] - far[4]) > 0


# %% mystnb={"code_prompt_show": "Draw the ratios over the step size", "figure": {"caption": "Gradient norm on the hard task over that on the easy task at the MAML solution, after the step and before it (marks), with what the second derivatives at the solution allow after the step, and would allow before it for quadratics (lines): the factor $(1-\\alpha\\beta_2)/(1-\\alpha L_1)$, with $\\beta_2$ the smallest eigenvalue of the easy task's Hessian there and $L_1$ the largest of the hard task's, and its square. Above: two Softplus tasks in the plane with $\\Sigma_1=\\frac12I$, $\\Sigma_2=I$ and optima $(0.08,0)$ and $(0,0.06)$. Below: two in one dimension with $\\Sigma_i=1$ and optima $-2.5$ and $-0.7$; in the gap the step is too long for Lemma 1. ERM has the ratio 1 throughout.", "name": "fig-gradient-ratios"}, "image": {"classes": "upright", "alt": "Two panels of gradient ratios over the step size alpha from 0.1 to 2.9, on logarithmic axes. Above, optima close together: the ratios after and before the step fall from 1, each on or below its line. Below, optima far apart: the ratio after the step lies on its line, the ratio before the step above its own, at first closely; beyond a gap in the step sizes it climbs from 5 to 59, far above its line at about a hundredth."}} tags=["hide-input"]
def gradient_ratios():
    """Draw the gradient ratios of both pairs over the step size."""
    figure, axes = plt.subplots(2, 1, sharex=True, figsize=(5.0, 6.2))
    above = near, "optima close together", [0.2, 0.4, 0.6, 1]
    below = far, "optima far apart", [0.01, 0.1, 1, 10]
    for axis, ((after, before, factor, *_), title, ticks) in zip(axes, (above, below), strict=True):
        both = ("after", after, "factor"), ("before", before, "its square")
        for look, (when, found, name) in enumerate(both):
            axis.semilogy(rates, found, **plotting.MARKS[look], ms=4.5, label=f"{when} the step")
            axis.semilogy(rates, factor ** (look + 1), **plotting.LINES[look], label=name)
        axis.axhline(1.0, **plotting.LINES["ERM"], label="ERM")
        axis.set(title=title, yticks=ticks, yticklabels=ticks, ylabel="gradients, hard : easy")
        axis.minorticks_off()
    axes[1].set_xlabel(r"step size $\alpha$")
    axes[0].legend(loc="lower left")
    return figure


gradient_ratios()

# %% [markdown]
# What to notice:
#
# - *After* the step (crosses on the solid line) the hard task has the smaller gradient in both panels, and the marks never pass their line. That is Lemma 1.
# - *Before* the step (triangles) the same is true in the upper panel: the start itself has the smaller gradient on the hard task. That is Theorem 1.
# - In the lower panel the triangles are above their line at every step, though $\beta_2>L_1$ throughout. Up to the gap the hard task's gradient is still the smaller one; at $\alpha=2.9$ it is 59 times as large.
#
# Why is the first always true, and what does the second need?
#
# ## Lemma 1: what stationarity says
#
# Take two equally likely tasks with losses $f_1,f_2$, networks or not. Write $w$ for the vector of all parameters. The adapted points are
# $w_i=w-\alpha\nabla f_i(w)$, the step follows the exact gradient ($m=\infty$), and MAML minimises
#
# (eq-30)=
# $$
# F_\infty(w)=\tfrac12f_1\bigl(w-\alpha\nabla f_1(w)\bigr)+\tfrac12f_2\bigl(w-\alpha\nabla f_2(w)\bigr). \tag{30}
# $$
#
# What is the derivative of such a term? In one variable:

# %%
alpha, w = sp.symbols("alpha w", real=True)
f = sp.Function("f")(w)
f.subs(w, w - alpha * f.diff(w)).diff(w)

# %% [markdown]
# The second derivative is taken *before* the step, the first one *after* it. In general write $H_i=\nabla^2f_i(w)$ and $g_i=\nabla f_i(w_i)$.
# By the chain rule the gradient of
# $f_i(w-\alpha\nabla f_i(w))$ is $(I-\alpha H_i)g_i$, so at a stationary point
#
# (eq-31)=
# $$
# (I-\alpha H_1)g_1=-(I-\alpha H_2)g_2. \tag{31}
# $$
#
# Let sympy apply it to a general cubic in two variables:

# %% mystnb={"code_prompt_show": "Differentiate the adapted loss of a general cubic"} tags=["hide-input"]
x, y, t = sp.symbols("x y t", real=True)
monomials = [x, y, x**2, x * y, y**2, x**3, x**2 * y, x * y**2, y**3]
f = sum(c * p for c, p in zip(sp.symbols("c1:10", real=True), monomials, strict=True))
grad, hess = sp.Matrix([f.diff(x), f.diff(y)]), sp.hessian(f, (x, y))


def after(expression, rate):
    """Return the expression at the point one step of this size away."""
    return expression.subs({x: x - rate * grad[0], y: y - rate * grad[1]}, simultaneous=True)


adapted_loss, step = sp.Matrix([after(f, alpha)]), sp.eye(2) - alpha * hess
claims.proves(
    "eq:31",
    adapted_loss.jacobian([x, y]).T.expand(),
    step * after(grad, alpha),
    "The gradient of the adapted loss of one task; the sum of two vanishes at a stationary point.",
    shows=r"\nabla\bigl[f(w-\alpha\nabla f(w))\bigr]=(I-\alpha H)\,\nabla f(w-\alpha\nabla f(w))",
    case="any cubic in two variables",
    refuses={"the Hessian at the adapted point": after(step, alpha) * after(grad, alpha)},
)

# %% [markdown]
# Let the eigenvalues of the Hessians at $w$ be bounded,
#
# (eq-28)=
# $$
# \beta_1I\preceq H_1\preceq L_1I,\qquad\beta_2I\preceq H_2\preceq L_2I. \tag{28}
# $$
#
# The paper inverts $I-\alpha H_2$ and estimates singular values. No inverse is needed. In the eigenbasis of $H$ the vector $(I-\alpha H)g$ has the
# coordinates $(1-\alpha\lambda_k)g_k$, and two identities, one with $L$ and the same with $\beta$, compare their squares with the bounds:

# %% mystnb={"code_prompt_show": "Compare the square of a coordinate with both bounds"} tags=["hide-input"]
lam, L, beta = sp.symbols("lambda L beta", real=True)
gaps = [alpha * (end - lam) * (2 - alpha * (lam + end)) for end in (L, beta)]
claims.proves(
    "lem:1 eq:33",
    [
        (1 - alpha * lam) ** 2 - (1 - alpha * L) ** 2,
        (1 - alpha * lam) ** 2 - (1 - alpha * beta) ** 2,
    ],
    gaps,
    r"The identity behind the lemma: how the square of a coordinate compares with a bound; the same for $\beta$.",
    shows=r"(1-\alpha\lambda)^2-(1-\alpha L)^2=\alpha(L-\lambda)(2-\alpha(\lambda+L))",
    case="one coordinate in the eigenbasis",
    refuses={"$L$ and $\\beta$ exchanged": gaps[::-1]},
)

# %% [markdown]
# If $\beta\le\lambda\le L$, the right side is nonnegative while $\alpha L\le1$; with $\beta$ for $L$ it is at most zero while $\alpha(L+\beta)\le2$. Therefore
#
# $$
# \begin{aligned}
# (1-\alpha L_1)\lVert g_1\rVert&\le\lVert(I-\alpha H_1)g_1\rVert\\
# &=\lVert(I-\alpha H_2)g_2\rVert\le(1-\alpha\beta_2)\lVert g_2\rVert,
# \end{aligned}
# $$
#
# and division gives the lemma:
#
# (eq-29)=
# $$
# \lVert\nabla f_1(w_1)\rVert\le\frac{1-\alpha\beta_2}{1-\alpha L_1}\,\lVert\nabla f_2(w_2)\rVert. \tag{29}
# $$
#
# The factor less one is

# %%
beta_2, L_1 = sp.symbols("beta_2 L_1", real=True)
sp.factor((1 - alpha * beta_2) / (1 - alpha * L_1) - 1)

# %% [markdown]
# So the factor is below one exactly if $\beta_2>L_1$: the *flattest* direction of task 2 must be steeper than the *steepest* of task 1. Then task 1 is hard, task 2 is easy, and
# after adaptation the hard task has the smaller gradient. (At an ERM solution $\nabla f_1=-\nabla f_2$. The lengths are equal there, or in the inverse ratio of the weights; the equality says nothing about hardness.)
#
# :::{admonition} Where we differ from the paper
# :class: attention
# Lemma 1 is printed with "$\lesssim$" and "$+\,O(\alpha^2)$". Its proof up to (33) is exact, and so is (29). Two hypotheses are idle: $\beta_i>0$ is not
# used, so the tasks need not be convex, and neither is $\beta_2>\beta_1$, since $\beta_1$ does not occur. The step size needs $\alpha L_1<1$ and $\alpha(L_2+\beta_2)\le2$,
# which is weaker than the $\alpha<1/\max(L_1,L_2)$ asked for. The paper's own steps, (32) and (33), are followed [line by line](#theorem-1-inverse).
# :::
#
# ## Looking for a counterexample
#
# We draw random pairs of one-neuron tasks in the plane: optima of every direction and length, inputs of different
# sizes, steps as long as the proof allows.

# %% mystnb={"code_prompt_show": "Draw 200 pairs of tasks, solve for MAML, compare with (29)"} tags=["hide-input"]
rng = np.random.default_rng(2)
drawn, sizes = rng.normal(size=(2, 200, 2)), np.exp(rng.uniform(-2.3, 0.2, size=(2, 200)))
rate = rng.uniform(0.2, 4.0, size=200) / sizes.max(axis=0)
_, left, (hard, easy) = solve(drawn, sizes, rate)
met = (left < 1e-10) & (rate * np.maximum(2 * hard[2][:, 1], easy[2].sum(axis=1)) < 2)
shrink_hard, shrink_easy = ((1 - rate[:, None] * task[2])[met] for task in (hard, easy))
claims.bounds(
    "lem:1 eq:29 eq:33",
    hard[1][met],
    r"(29) without error term, at the stationary points of random pairs: those of 200 with $\alpha L_1<1$ and $\alpha(L_2+\beta_2)\le2$.",
    below=shrink_easy[:, 0] / shrink_hard[:, 1] * easy[1][met],
    shows=r"\lVert\nabla f_1(w_1)\rVert\le\frac{1-\alpha\beta_2}{1-\alpha L_1}\lVert\nabla f_2(w_2)\rVert",
    atol=1e-9,
    refuses={"$L_2$ for $\\beta_2$": abs(shrink_easy[:, 1]) / shrink_hard[:, 1] * easy[1][met]},
)

# %% [markdown]
# It stands, here and in a [larger search](#theorem-1-search): 480 pairs, three activations, two to five dimensions, covariances of every shape.
#
# ## Before the step
#
# Theorem 1 speaks of the gradients at $w$ itself, before adaptation. Taylor's formula connects them with those after it:
#
# (eq-34)=
# $$
# \nabla f_1(w_1)=(I-\alpha H_1)\nabla f_1(w)+O(\alpha^2), \tag{34}
# $$
#
# (eq-35)=
# $$
# \nabla f_2(w_2)=(I-\alpha H_2)\nabla f_2(w)+O(\alpha^2). \tag{35}
# $$
#
# In print the second line of each drops the $O(\alpha^2)$, which is right only if $H_i$ is constant. There is an exact formula of the same shape: replace the Hessian at $w$ by
# its **mean along the step**,
#
# $$
# \begin{aligned}
# \nabla f_i(w_i)&=(I-\alpha\bar H_i)\nabla f_i(w),\\
# \bar H_i&=\int_0^1\nabla^2f_i\bigl(w-t\alpha\nabla f_i(w)\bigr)\,dt.
# \end{aligned}
# $$ (mean-hessian)

# %% mystnb={"code_prompt_show": "Integrate the Hessian of the cubic along the step"} tags=["hide-input"]
along = after(hess, t * alpha).expand().applyfunc(lambda entry: sp.integrate(entry, (t, 0, 1)))
claims.proves(
    "eq:34-35",
    after(grad, alpha).expand(),
    (sp.eye(2) - alpha * along) * grad,
    "The mean Hessian along the step, without a remainder.",
    shows=r"\nabla f_i(w_i)=(I-\alpha\bar H_i)\nabla f_i(w)",
    case="any cubic in two variables",
    refuses={"half of the step": (sp.eye(2) - alpha * along / 2) * grad},
    printed=claims.prints(
        "eq:34-35", step * grad, r"(\mathbf I_D-\alpha\mathbf H_i)\mathbf g_i(\mathbf w_{MAML})"
    ),
)

# %% [markdown]
# Two roads lead from here. The first keeps the Hessians at $w$ and pays with a remainder. Let $\Lambda_i$ be a Lipschitz constant of $\nabla^2f_i$ along the step, that is
# $\lVert\nabla^2f_i(w-t\alpha\nabla f_i)-H_i\rVert\le\Lambda_it\alpha\lVert\nabla f_i\rVert$. Then $\lVert\bar H_i-H_i\rVert\le\frac12\Lambda_i\alpha\lVert\nabla f_i\rVert$, and the remainder in (34) and (35) is at most
# $\frac12\Lambda_i\alpha^2\lVert\nabla f_i\rVert^2$. Put this into (29):
#
# $$
# \begin{aligned}
# (1-\alpha L_1)^2\lVert\nabla f_1\rVert\le{}&(1-\alpha\beta_2)^2\lVert\nabla f_2\rVert\\
# &+\tfrac12\alpha^2\Lambda_1(1-\alpha L_1)\lVert\nabla f_1\rVert^2\\
# &+\tfrac12\alpha^2\Lambda_2(1-\alpha\beta_2)\lVert\nabla f_2\rVert^2.
# \end{aligned}
# $$ (remainder)
#
# This is the paper's last line with its $O(\alpha^2)$ made explicit. (Its [chain (36)](#theorem-1-chain) has a slip in the middle.) For quadratics $\Lambda_i=0$.
#
# ### Is the remainder needed?
#
# Now test the inequality with its last two lines left out, at the stationary points found above.

# %% mystnb={"code_prompt_show": "Count where it fails"} tags=["hide-input"]
fails = (hard[0] / easy[0])[met] > (shrink_easy[:, 0] / shrink_hard[:, 1]) ** 2 * (1 + 1e-6)
Markdown(
    f"The remainder is needed: without it the bound fails in {fails.sum()} of {met.sum()} cases."
)

# %% [markdown]
# It can fail badly. Take the Softplus pair of the lower panel [above](#fig-gradient-ratios), both tasks with $\Sigma=1$, with optima $-2.5$ and $-0.7$, at the longest step drawn, $\alpha=2.9$:

# %% tags=["remove-input"]
after_ratio, before_ratio, _, low, high = far[:, -1]
Markdown(
    f"At the stationary point the second derivatives are {high:.3f} and {low:.3f}, so $\\beta_2>L_1$, and $\\alpha\\beta_2={rates[-1] * low:.2f}<1$. "
    f"After the step the ratio of the first task's gradient to the second's is {after_ratio:.2f}, which is (29) with equality, as always in one dimension. "
    f"Before the step the first task's gradient is **{before_ratio:.0f} times as large** as the second's."
)

# %% [markdown]
# Bounds at the stationary point alone say nothing about the gradients before the step. The sentence that opens this chapter asks for more: the point must lie in $\mathcal S_1\cap\mathcal S_2$, in a ball around each task's optimum, and the bounds must hold in both balls. Here they do not. A ball around $-2.5$ that reaches the
# stationary point contains $-2.5$, where the first task's second derivative is larger than $\beta_2$.
#
#
# ## A bound without remainder
#
# The second road keeps the mean Hessians. Let $\bar H_1\preceq L_1I$ and $\beta_2I\preceq\bar H_2\preceq L_2I$, too, with a step as in Lemma 1. Then by {eq}`mean-hessian` and the same identities $(1-\alpha L_1)\lVert\nabla f_1\rVert\le\lVert g_1\rVert$ and $\lVert g_2\rVert\le(1-\alpha\beta_2)\lVert\nabla f_2\rVert$. With [(29)](#eq-29) between them the factor is squared and nothing remains. A mean of matrices between
# $\beta_iI$ and $L_iI$ lies between them too. So it is enough that the Hessian of each task keeps its bounds along the task's own step. When does it?
#
# Suppose that $\beta_iI\preceq\nabla^2f_i\preceq L_iI$ with $\beta_i\ge0$ holds in a ball $\mathcal S_i$ around the optimum $w_i^*$, that $w$ lies in it, and $\alpha L_i\le1$.
# Then $\nabla f_i(w)=\tilde H(w-w_i^*)$ with a mean Hessian $\tilde H$ over the segment from $w_i^*$ to $w$, and
#
# $$
# \lVert w_i-w_i^*\rVert=\lVert(I-\alpha\tilde H)(w-w_i^*)\rVert\le\lVert w-w_i^*\rVert:
# $$
#
# the step does not leave the ball. So we have a theorem.
#
# :::{admonition} Theorem 1, repaired
# :class: important
# Let $f_1,f_2$ be twice continuously differentiable with minimisers $w_1^*,w_2^*$, and $\beta_iI\preceq\nabla^2f_i\preceq L_iI$, $\beta_i\ge0$, in balls $\mathcal S_i$ around them. Let
# $\alpha\le1/\max(L_1,L_2)$ and $\alpha L_1<1$. Then every stationary point $w\in\mathcal S_1\cap\mathcal S_2$ of [(30)](#eq-30) satisfies
#
# $$
# \lVert\nabla f_1(w)\rVert\le\Bigl(\frac{1-\alpha\beta_2}{1-\alpha L_1}\Bigr)^2\lVert\nabla f_2(w)\rVert .
# $$
#
# If $\beta_2>L_1$ and $w$ is not an optimum of both tasks, the gradient is smaller on the hard task.
# :::
#
# It is the paper's conclusion without the $O(\alpha^2)$. What remains is to find balls and bounds for networks.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# The theorem as printed sets $L_i=c_3Ms_{i,1}^{2c}$, with the largest singular value $s_{i,1}$ of $W_{i,*}$ and a constant $c$ that must be zero (the paper asks for $0\le\sigma'(z)\le a\lvert z\rvert^c$ for all $z$, and $\sigma'$ does not vanish at zero). So $L_1=L_2$, while it asks for $L_1<L_2$: no environment meets its hypothesis.
# And its inputs have one covariance. Near both optima the two Hessians are then nearly equal, and $\beta_2\le\lambda_{\min}(H_2)\approx\lambda_{\min}(H_1)\le L_1$. [Theorem 1 as printed, line by line](20_theorem_1).
# :::
#
# ## The repaired theorem at work
#
# For a smooth activation, with $S_1=\sup\lvert\sigma'\rvert$ and $S_2=\sup\lvert\sigma''\rvert$,
#
# $$
# \begin{aligned}
# \lVert\nabla^2f(W)-\nabla^2f(W_*)\rVert&\le\Lambda\,\lVert W-W_*\rVert_F,\\
# \Lambda&=6\sqrt{\tfrac2\pi}\,\sqrt M\,S_1S_2\,\lVert\Sigma\rVert^{3/2}
# \end{aligned}
# $$ (lipschitz-constant)
#
# by two mean values and Hölder's inequality ([line by line](#theorem-1-hessian)). With $\lambda_{\min},\lambda_{\max}$ the extreme eigenvalues of $\nabla^2f(W_*)$, in the ball of radius $r$ around $W_*$
#
# $$
# \beta(r)=\lambda_{\min}-\Lambda r,\qquad L(r)=\lambda_{\max}+\Lambda r
# $$ (explicit-bounds)
#
# are bounds, by Weyl's inequality. Now the hypothesis can be checked: find the distance $r_i$ of the MAML solution from each optimum, and see whether $\beta_2(r_2)>L_1(r_1)$. Take the paper's Figure 4 as a model, one Softplus neuron in the plane
# with $\Sigma_1=\frac12I$ and $\Sigma_2=I$, and put the optima close to each other, at $(0.08,0)$ and $(0,0.06)$, as in the upper panel above. Softplus has $S_1=1$ and $S_2=\frac14$.


# %% mystnb={"code_prompt_show": "Certify the pair, from the distances to the optima"} tags=["hide-input"]
def certificate(w, optimum, size):
    """Return β(r) and L(r) at the distance of w from the optimum."""
    there = optimum * np.ones_like(w)
    values = np.linalg.eigvalsh(one_neuron(there, there, size * np.ones(len(w)))[1])
    slack = 1.5 * np.sqrt(2 / np.pi) * size**1.5 * np.linalg.norm(w - optimum, axis=1)
    return values[:, 0] - slack, values[:, -1] + slack


def certified(optima, alpha):
    """Return the gradient ratio, the squared factor, β₂ and L₁, where the hypothesis is certified."""
    w, left, (hard, easy) = solve(optima, (0.5, 1.0), alpha, steps=12)
    bounds_1, bounds_2 = certificate(w, optima[0], 0.5), certificate(w, optima[1], 1.0)
    met = (
        (left < 1e-10)
        & (bounds_2[0] > bounds_1[1])
        & (bounds_1[0] >= 0)
        & (alpha * bounds_2[1] <= 1)
    )
    factor = (1 - alpha * bounds_2[0]) / (1 - alpha * bounds_1[1])
    return np.stack([hard[0] / easy[0], factor**2, bounds_2[0], bounds_1[1]])[:, met]


found, factor, low, high = certified(near_optima, np.ones(1))[:, 0]
away = np.linalg.norm(solve(near_optima, (0.5, 1.0), np.ones(1))[0] - near_optima, axis=1)
off = 1.5 * np.sqrt(2 / np.pi) * np.array([0.5, 1.0]) ** 1.5 * away
Markdown(
    f"At $\\alpha=1$ the MAML solution is at the distances $r_1={away[0]:.4f}$ and $r_2={away[1]:.4f}$. So $L_1={high - off[0]:.3f}+{off[0]:.3f}={high:.3f}$ is less than $\\beta_2={low + off[1]:.3f}-{off[1]:.3f}={low:.3f}$, the factor squared is {factor:.2f}, "
    f"and the gradients' ratio is {found:.2f}. The hypothesis is met, and the bound holds."
)

# %% [markdown]
# So it is at other step sizes, and with the optima ten and a hundred times as close:

# %% mystnb={"code_prompt_show": "Certify at 29 step sizes and three distances"} tags=["hide-input"]
cases = [certified(near_optima * scale, rates) for scale in (1.0, 0.1, 0.01)]
found, factor = np.concatenate(cases, axis=1)[:2]
assert (factor < 1).all()  # so that the gradient is smaller on the hard task
THEOREM = ("thm:1", "eq:13", "text:smaller-gradient-on-hard")
claims.bounds(
    " ".join(THEOREM),
    dict.fromkeys(THEOREM, found),
    f"The repaired theorem where its hypothesis is certified from the distances to the optima: {len(found)} solutions, each counted once for each of the three statements.",
    below=dict.fromkeys(THEOREM, factor),
    shows=r"\lVert\nabla f_1(w)\rVert\leq\bigl(\frac{1-\alpha\beta_2}{1-\alpha L_1}\bigr)^2\lVert\nabla f_2(w)\rVert",
    refuses={"the factor to the fourth power": dict.fromkeys(THEOREM, factor**2)},
)

# %% [markdown]
# A [search](#theorem-1-repaired) among random pairs of three activations finds no exception either.
#
# ## What a small gradient does not say
#
# > **The paper, §4.** "This suggests that pre-adaptation, the MAML solution prioritizes hard-task performance."
#
# Performance is a loss, or a distance from the optimum. A hard task is flat: its gradient is small even where it is badly solved. For isotropic quadratics everything is explicit. The gradient ratio equals its bound:

# %%
rho_1, rho_2, R = sp.symbols("rho_1 rho_2 R", positive=True)  # curvatures; distance of the optima
offsets = (rho_1, w), (rho_2, w - R)
F = sum(rho * ((1 - alpha * rho) * offset) ** 2 for rho, offset in offsets) / 4
w_maml = sp.solve(F.diff(w), w)[0]
gradient_ratio = sp.factor(rho_1 * w_maml / (rho_2 * (R - w_maml)))
gradient_ratio

# %% [markdown]
# The ratio of the distances is
# $\rho_2/\rho_1$ times that, and the ratio of the losses $\rho_2/\rho_1$ times its square; and $\rho_2/\rho_1>1$ is what makes task 1 hard:

# %% mystnb={"code_prompt_show": "Decide where distances and losses are the smaller ones too"} tags=["hide-input"]
distances = sp.lambdify((alpha, rho_1), (w_maml / (R - w_maml)).subs({rho_2: 1, R: 1}))
steps, rho = np.random.default_rng(3).uniform(0.02, 0.98, size=(2, 2000))  # rho_1, with rho_2 = 1
ratio, gamma = distances(steps, rho), ((1 - steps) / (1 - steps * rho)) ** 2
claims.decides(
    "text:prioritises-hard-performance",
    np.concatenate([ratio < 1, rho * ratio**2 < 1]),
    lambda f: np.concatenate([gamma < f * rho, gamma**2 < f * rho]),
    r"Isotropic quadratics, read as a smaller distance, or loss, on the hard task than on the easy one: with gradients in the ratio $\gamma<1$ the one comes exactly if $\gamma<\frac{\rho_1}{\rho_2}$, the other exactly if $\gamma^2<\frac{\rho_1}{\rho_2}$.",
    shows=r"\text{distances in the ratio }\frac{\rho_2}{\rho_1}\gamma,\text{ losses in the ratio }\frac{\rho_2}{\rho_1}\gamma^2",
    refuses={"a smaller loss wherever the distance is": np.tile(gamma < rho, 2)},
    printed=claims.prints(
        "text:prioritises-hard-performance",
        np.ones(4000, dtype=bool),
        r"\text{prioritizes hard-task performance}",
    ),
)

# %% [markdown]
# Networks do the same. Let two one-neuron Softplus tasks have optima $\pm e_1$, covariances $0.3\,I$ and $I$, and $\alpha=\frac12$.

# %% mystnb={"code_prompt_show": "Solve for MAML and ERM; compare gradients, distances, losses"} tags=["hide-input"]
optima, sizes = np.array([[1.0, 0.0], [-1.0, 0.0]]), (0.3, 1.0)
w_both, _, tasks = solve(optima, sizes, np.array([0.5, 0.0]), steps=12)  # ERM is MAML with α = 0
roots = np.sqrt(sizes)[:, None, None]
seen = [(roots * points)[..., None] for points in (np.stack([w_both, w_both]), optima[:, None])]
losses = networks.population_loss("softplus", *seen, np.eye(2))
pairs = [tasks[0][0], tasks[1][0]], np.linalg.norm(w_both - optima[:, None], axis=2), losses
by_maml, by_erm = np.stack([first / second for first, second in pairs]).T
assert by_maml[0] < 1 < by_maml[2]  # the smaller gradient, and the larger loss, on the hard task
table = "| hard : easy | gradient | distance | loss |\n| --- | --- | --- | --- |"
for name, values in (("MAML", by_maml), ("ERM", by_erm)):
    table += f"\n| {name} | " + " | ".join(f"{value:.2f}" for value in values) + " |"
Markdown(table)

# %% [markdown]
# MAML has the smaller gradient on the hard task, and is farther from its optimum and worse on it. What remains true is the comparison *with ERM*: all three ratios have fallen. For isotropic quadratics the distance to the hard optimum is smaller at MAML's solution
# exactly if $\alpha(\rho_1+\rho_2)<2$ (with $\rho_1<\rho_2$), the condition of chapter 3 for $n_2=\infty$. The difference of the distances, ERM's less MAML's, is

# %%
sp.factor(rho_2 * R / (rho_1 + rho_2) - w_maml)

# %% [markdown]
# and the long factor is $\rho_1(1-\alpha\rho_1)^2+\rho_2(1-\alpha\rho_2)^2>0$.
#
# How often do these things go together? We [measure it](#theorem-1-prioritised) on the environments of the larger search. Where MAML's gradient is the smaller one on the hard task, its loss is, too, in most of them but by no means in all; and nearly always MAML's loss on the hard task is below that of ERM.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# "Smaller gradient" is not "smaller loss" or "closer". In a ball of the repaired theorem a distance is at least $\lVert\nabla f_1\rVert/L_1$ and at most $\lVert\nabla f_1\rVert/\beta_1$. So MAML is surely closer to the hard optimum than to the easy one if
# $\bigl(\frac{1-\alpha\beta_2}{1-\alpha L_1}\bigr)^2<\beta_1/L_2$, a much stronger condition than $\beta_2>L_1$ (Exercise 3). Under the weaker one MAML moves from the ERM solution *towards* the hard task: always for isotropic quadratics with $\alpha(\rho_1+\rho_2)<2$. For networks we compared losses in many pairs, distances in the one above.
# :::
#
# ## What we have seen
#
# - Lemma 1 is exact: no error term, no inverse, no convexity. Stationarity equates two vectors, and eigenvalues compare their lengths.
# - Before the step the bound needs a remainder, or Hessian bounds that hold along the step. In a ball around the optimum they do, and Theorem 1 holds without $O(\alpha^2)$.
# - The printed constants make Theorem 1 empty. Explicit ones can be checked, and environments satisfy them.
# - A smaller gradient on the hard task is neither a smaller loss nor a smaller distance.
#
# ## Exercises
#
# **1.** Weigh the tasks by $p$ and $q=1-p$. For isotropic quadratics, which odds $p/q$ make both gradients at the MAML solution equally long before the step?
#
# :::{dropdown} Solution
# Stationarity reads $p(1-\alpha\rho_1)^2\lVert\nabla f_1\rVert=q(1-\alpha\rho_2)^2\lVert\nabla f_2\rVert$. The gradients are equal at $p/q=\bigl(\frac{1-\alpha\rho_2}{1-\alpha\rho_1}\bigr)^2$: the hard task must be the rarer one.
# :::
#
# **2.** Two one-neuron Softplus tasks with very short optima have $\nabla^2f_i(w_i^*)\approx\frac14\Sigma_i$. With $\Sigma_1=\frac12I$ and $\Sigma_2=I$, how far may the MAML solution be from both optima for {eq}`explicit-bounds` to certify $\beta_2>L_1$?
#
# :::{dropdown} Solution
# $\frac14-\Lambda r>\frac18+\Lambda2^{-3/2}r$ with $\Lambda=\frac32\sqrt{2/\pi}$ gives $r<\frac18/\bigl(\Lambda(1+2^{-3/2})\bigr)\approx0.077$.
# :::
#
# **3.** For isotropic quadratics with $\rho_1=\frac14$ and $\rho_2=1$: from which step size on is the MAML solution closer to the hard optimum than to the easy one? From which on is the gradient smaller on the hard task?
#
# :::{dropdown} Solution
# The distance ratio is $\frac{\rho_2}{\rho_1}\bigl(\frac{1-\alpha}{1-\alpha/4}\bigr)^2$; it is below one if $\frac{1-\alpha}{1-\alpha/4}<\frac12$, that is for $\alpha>\frac47$. The gradient is smaller for every $\alpha>0$ (up to $\alpha=1$).
# :::
#
# The solutions are checked [line by line](#theorem-1-exercises).
#
# **Read next.** [Chapter 8](08_landscapes) draws the loss landscapes of such networks, with the samples that this chapter did without.
