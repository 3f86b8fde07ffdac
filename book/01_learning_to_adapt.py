# %% [markdown]
# # Learning to adapt
#
# > **The paper, §2, Eq. (1).** "The test loss of $\mathbf w$ is the expected population loss of $\mathbf w_i$, where the
# > expectation is taken over tasks and the $m$ samples."
#
# A model that will be adapted to a new task by a single gradient step should not be judged before that step.
# This chapter sets up the problem that the whole book is about, in one dimension, where everything can be seen.
#
# **What you will do.** Draw the loss of an initialisation *after* adaptation, beside its loss before, and find the best
# starting point for two tasks.
#
# **What you will learn.** To state the ERM and the MAML problem; to compute the post-adaptation risk of a start in closed
# form and by simulation; to tell the excess risk (2) from the quantity that the paper's Proposition 1 computes.
#
# **What you need.** Expectation, variance, and one step of gradient descent.

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

from paperlib import claims, linear, plotting
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% [markdown]
# ## Many tasks, one start
#
# You build a controller that must work in many houses. In house $i$, heating by $x$ changes the temperature by
# $y = w_i^*x + z$, where $z$ is noise. The slope $w_i^*$ differs from house to house. When the controller is
# switched on in a new house it collects $m$ measurements, takes **one** gradient step on them, and is then on its own.
# You choose only the value $w$ from which that step starts. Where should it be?
#
# Here are two equally likely houses, one *hard* and one *easy*, and what every start costs in each: on the left before the step, on the right after it. The optima are at $1$ and at $-1$, the step size is $\alpha=1$ and there are $m=32$ measurements, without noise for the moment.


# %% mystnb={"code_prompt_show": "Draw both losses before and after a step", "figure": {"caption": "Loss of a start before (left) and after (right) one adaptation step, for a hard task with optimum 1 and an easy task with optimum $-1$. **Notice** that before the step the steep easy task dominates the average; after it the easy task is nearly solved from anywhere, and the hard task weighs more.", "name": "fig-before-after"}, "image": {"classes": "upright", "alt": "Two panels of parabolas over the start w. Left: the easy task's parabola is four times as steep as the hard task's, and their average has its minimum near the easy optimum at -1. Right: after adaptation both are flatter, the easy one much more, and the minimum of the average lies between the optima."}} tags=["hide-input"]
env = TaskEnvironment.two_tasks(dim=1, rho_hard=0.25, rho_easy=1.0)
ALPHA, M = 1.0, 32
starts = np.linspace(-1.6, 1.6, 161)


def before_and_after():
    """Draw both tasks' losses and their average over the start, before and after adaptation."""
    figure, axes = plt.subplots(1, 2, figsize=(5, 2.9), sharex=True, sharey=True)
    after = linear.adapted_covariance(env.covariances, ALPHA, M)
    panels = ("before", "ERM", (-28, -12), env.covariances), ("after", "MAML", (0, 16), after)
    for axis, (title, name, offset, q) in zip(axes, panels, strict=True):
        losses = 0.5 * q[:, :, 0] * (starts - env.means) ** 2
        average = losses.mean(axis=0)
        lowest = (starts[average.argmin()], average.min())
        for kind, loss in zip(("hard", "easy"), losses, strict=True):
            axis.plot(starts, loss, **plotting.LINES[kind], label=f"{kind} task")
        axis.plot(starts, average, color="black", label="average")
        axis.plot(*lowest, **plotting.MARKS[name], markersize=8)
        colour = plotting.MARKS[name]["color"]
        axis.annotate(name, lowest, offset, textcoords="offset points", ha="center", color=colour)
        axis.set(xlabel=r"start $w$", xticks=(-1, 0, 1), ylim=(0, 0.8), title=f"{title} adaptation")
    axes[1].legend(loc="upper center")
    axes[0].set_ylabel("loss")
    return figure


before_and_after()

# %% tags=["remove-input"]
erm, maml = linear.erm_solution(env)[0], linear.maml_solution(env, ALPHA, M)[0]
Markdown(
    f"The average before adaptation is smallest at $w = {erm:.2f}$, close to the easy task. "
    f"The average after adaptation is smallest at $w = {maml:.2f}$. "
    f"The easy task needs a good start less: from anywhere its one step leaves {linear.adapted_covariance(env.covariances, ALPHA, M)[1, 0, 0]:.0%} of its cost on average."
)

# %% [markdown]
# (def-environment)=
# In the words of the field, each house is a *task*, a distribution of pairs $(x, y)$; the houses form a *task environment*;
# the step is the *adaptation*. In this chapter and the next four the model is linear, the loss is half the squared error,
# and the inputs are Gaussian with mean zero. In one dimension task $i$ is then three numbers: the input variance
# $\rho_i$, the optimum $w_i^*$ and the noise variance $\sigma^2$. In the picture $\rho_H=\tfrac14$ for the hard task and $\rho_E=1$ for the easy one.

# %% [markdown]
# ## The loss before adaptation
#
# (def-population-loss)=
# The **population loss** of task $i$ is $f_i(w)=\tfrac12E(wx-y)^2$, the mean loss of the model over the task.
#
# (def-empirical-loss)=
# The **empirical loss** $\hat f_i$ is the mean of $\tfrac12(wx-y)^2$ over a sample. Let sympy take the
# expectation of the first: it needs only $E[x^2]=\rho$, $E[z^2]=\sigma^2$ and $E[xz]=0$.

# %%
rho, alpha, sigma, m = sp.symbols("rho alpha sigma m", positive=True)
w, w_star, x, z = sp.symbols("w w^* x z", real=True)
squared_error = sp.expand((w * x - (w_star * x + z)) ** 2 / 2)
population_loss = squared_error.subs({x * z: 0}).subs({x**2: rho, z**2: sigma**2})
sp.factor(population_loss - sigma**2 / 2) + sigma**2 / 2

# %% [markdown]
# A parabola with curvature $\rho$ about $w^*$, on top of $\sigma^2/2$ that nobody can remove. One step along the exact gradient
# $\rho(w-w^*)$ with step size $\alpha$ moves $w$ so that the distance to the optimum is multiplied by $1-\alpha\rho$:

# %%
gradient = sp.diff(population_loss, w)
sp.factor(w - alpha * gradient - w_star)

# %% [markdown]
# This is what *hardness* means in the paper. A task with $\rho=1/\alpha$ is solved by one step from anywhere: it is easy. A task with
# $\rho\ll1/\alpha$ hardly moves: it is hard. With $\alpha\rho>1$ the step overshoots, and with
# $\alpha\rho>2$ it diverges. The paper therefore sets the step size to suit the steepest task: $\alpha=1/\rho$ of the easiest.
#
# > **The paper, §1.** "we measure the hardness of a task by the number of gradient updates required to minimize its loss"


# %% mystnb={"code_prompt_show": "Count the steps of four tasks"} tags=["hide-input"]
def steps_needed(ratio):
    """Count the steps to a hundredth of the distance, at αρ = ratio."""
    return next(k for k in range(1, 99) if abs(1 - ratio) ** k <= 0.01)


ratios = (0.9, 0.5, 0.25, 0.1)
counts = [steps_needed(ratio) for ratio in ratios]
claims.decides(
    "def:hardness",
    np.greater.outer(counts, counts),
    np.less.outer(ratios, ratios),
    "At $\\alpha\\rho=0.9$, $0.5$, $0.25$, $0.1$ it takes "
    f"{', '.join(map(str, counts))} steps to a hundredth of the distance: "
    "the task with the smaller $\\rho$ needs more.",
    refuses={"the steeper task needs more": np.greater.outer(ratios, ratios)},
)

# %% [markdown]
# ## The loss after adaptation
#
# (def-adaptation)=
# With $m$ samples the step follows an estimate of the gradient. The start $w$ is replaced by
# $w_i=w-\frac{\alpha}{m}\hat X^\top(\hat Xw-\hat y)$, where the $m$ inputs are the rows of $\hat X$ (of one column in this chapter) and the labels those of $\hat y$. Its worth is the **post-adaptation risk**, which the paper calls test loss: the population loss *there*, averaged over tasks and samples:
#
# (eq-1)=
# $$
# F_m(w) = E_i\,E_{(\hat X,\hat y)}\Bigl[f_i\Bigl(w-\frac{\alpha}{m}\hat X^\top(\hat Xw-\hat y)\Bigr)\Bigr]. \tag{1}
# $$
#
# :::{admonition} Where we differ from the paper
# :class: attention
# §3 writes the noise variance as $\nu^2$ once and as $\sigma^2$ everywhere else; we write $\sigma^2$. §2 defines the empirical
# loss as a mean over the samples, §3 redefines it without the factor $1/m$. Every result of the paper uses the step
# in [(1)](#eq-1), along the gradient of the *mean*, and so do we.
# :::
#
# In one dimension write $S=\frac1m\sum_j\hat x_j^2$ and $\eta=\frac1m\sum_j\hat x_j\hat z_j$. The adapted error is
# $w_i-w^*=(1-\alpha S)(w-w^*)+\alpha\eta$. We need $E[S]=\rho$, $E[S^2]=\rho^2(1+2/m)$ (for a Gaussian $x^2$ has variance $2\rho^2$), and
# $E[\eta^2]=\sigma^2\rho/m$. The cross term vanishes since $\eta$ has mean zero given the inputs.

# %%
S, eta = sp.symbols("S eta", real=True)
adapted_error = (1 - alpha * S) * (w - w_star) + alpha * eta
moments = {S**2: rho**2 * (1 + 2 / m), eta**2: sigma**2 * rho / m}
mean_square = sp.expand(adapted_error**2).subs(moments).subs({eta: 0, S: rho})
post_adaptation_loss = rho * mean_square / 2 + sigma**2 / 2
curvature = sp.diff(post_adaptation_loss, w, 2)
rho * sp.collect(sp.expand(curvature / rho), 1 / m, sp.factor)

# %% [markdown]
# Again a parabola about $w^*$. Its curvature is no longer $\rho$ but
# $\rho\bigl[(1-\alpha\rho)^2+\tfrac{2}{m}\alpha^2\rho^2\bigr]$: how much a distance from the optimum still costs *after* the step.
# For an easy task ($\alpha\rho=1$) only the sampling term $2\rho/m$ is left. Is the closed form what (1) says? We simulate (1)
# literally: draw the samples, take the step, evaluate the loss.


# %% mystnb={"code_prompt_show": "Simulate the step 200,000 times"} tags=["hide-input"]
def simulate_adaptation(start, rho, optimum, sigma, alpha, m, draws, rng):
    """Return draws of f(w') with w' one step on m samples from the start, as Eq. (1) prescribes."""
    inputs = rng.normal(0.0, np.sqrt(rho), (draws, m))
    labels = optimum * inputs + rng.normal(0.0, sigma, (draws, m))
    adapted = start - alpha / m * np.sum(inputs * (start * inputs - labels), axis=1)
    return rho * (adapted - optimum) ** 2 / 2 + sigma**2 / 2


values = {w: 0.4, rho: 0.7, w_star: -1.0, sigma: 0.5, alpha: 0.8, m: 3}
exact_step = sp.limit(post_adaptation_loss, m, sp.oo)
claims.samples(
    "eq:1",
    simulate_adaptation(0.4, 0.7, -1.0, 0.5, 0.8, 3, 200_000, np.random.default_rng(0)),
    float(post_adaptation_loss.subs(values)),
    "The closed form is the mean of $f$ after simulated steps.",
    shows=r"F_m(w)=\tfrac12\rho\bigl[(1-\alpha\rho)^2+\tfrac2m\alpha^2\rho^2\bigr](w-w^*)^2"
    r"+\tfrac{\sigma^2}2\bigl(1+\tfrac{\alpha^2\rho^2}m\bigr)",
    refuses={
        "the exact gradient, without sampling terms": float(exact_step.subs(values)),
        "half of the sampling term": float(post_adaptation_loss.subs(values | {m: 6})),
    },
)

# %% [markdown]
# ## Two ways to train
#
# The two minimisers of the picture have names. **Empirical risk minimisation** (ERM) ignores the step that will come and minimises the average loss
# on the $n$ samples of each of $T$ training tasks,
#
# (eq-3)=
# $$
# \min_w\ \frac1T\sum_{i=1}^T\hat f_i(w;X_i,y_i). \tag{3}
# $$
#
# (def-episodes)=
# **Model-agnostic meta-learning** (MAML {cite}`finn2017maml`) rehearses the step. It cuts the $n$ samples of a task into $\tau$ episodes of
# $n_2$ *inner* and $n_1$ *outer* samples, $\tau(n_1+n_2)=n$, takes the step on the inner ones and measures the loss on the outer ones,
#
# (eq-4)=
# $$
# \min_w\ \frac1{T\tau}\sum_{i=1}^T\sum_{j=1}^\tau\hat f_i\Bigl(w-\alpha\nabla\hat f_i(w;X^{in}_{i,j},y^{in}_{i,j});\,X^{out}_{i,j},y^{out}_{i,j}\Bigr). \tag{4}
# $$

# %% [markdown]
# Both objectives are quadratic in $w$, so one line solves each; we leave the noise out. Write $S_{in}$, $S_{out}$ for the means of $x^2$ in the two parts of an episode. The inner step multiplies the distance from the optimum by $1-\alpha S_{in}$, and the outer loss is $\tfrac12S_{out}$ times the square of what is left.
# So the minimiser of (3) weighs each task's optimum by $\sum x^2$, that of (4) by $(1-\alpha S_{in})^2S_{out}$. With many tasks they should settle where the
# two panels of the figure say.


# %% mystnb={"code_prompt_show": "Train both on 2,000 tasks, 200 times"} tags=["hide-input"]
def train(tasks, n1, n2, rng):
    """Return the solutions of (3) and (4) in one dimension, without noise, on one episode of each of many tasks."""
    group = rng.integers(0, 2, tasks)
    squares = (rng.normal(size=(tasks, n1 + n2)) * np.sqrt(env.covariances[group, 0])) ** 2
    inner, outer = squares[:, :n2].mean(axis=1), squares[:, n2:].mean(axis=1)
    weights = squares.mean(axis=1), (1 - ALPHA * inner) ** 2 * outer
    return [np.average(env.means[group, 0], weights=weight) for weight in weights]


repeats = np.array([train(2000, 4, M, np.random.default_rng(seed)) for seed in range(200)])
surrogates = ("text:erm-surrogate", "text:maml-surrogate")
claims.samples(
    " ".join(surrogates),
    dict(zip(surrogates, repeats.T, strict=True)),
    dict(zip(surrogates, (erm, maml), strict=True)),
    "Trained ERM and trained MAML settle at the two minimisers of the figure.",
    refuses={"the two exchanged": dict(zip(surrogates, (maml, erm), strict=True))},
)

# %% [markdown]
# Each of the 200 repetitions used 2,000 tasks. In each of them the MAML solution was the better start.
# That it need not be so is the subject of later chapters: with other sample sizes at test time (chapter 3) or few tasks (chapter 5) ERM can win.

# %% mystnb={"code_prompt_show": "Compare the 200 pairs of trained starts"} tags=["hide-input"]
trained_risks = np.array(
    [[linear.excess_risk(env, [start], ALPHA, M) for start in pair] for pair in repeats]
)
claims.bounds(
    "text:maml-surrogate",
    trained_risks[:, 1],
    "Trained MAML has the smaller excess risk in every repetition here.",
    below=trained_risks[:, 0],
    refuses={"a ten-thousandth of ERM's": trained_risks[:, 0] / 1e4},
)

# %% [markdown]
# (The paper speaks of *the* solution of (3) and of (4). With enough samples [each has one](#moments-unique).)
#
# ## What is the excess risk?
#
# To compare starts fairly, the paper subtracts what the best start would achieve:
#
# (eq-2)=
# $$
# \mathcal E_m(w) = F_m(w)-\inf_{w'}F_m(w'). \tag{2}
# $$
#
# Take the two tasks again, keep everything exact, and let the noise be $\sigma=1$. The curvatures after adaptation are rational numbers:

# %%
task = {alpha: 1, m: 32, sigma: 1}
hard, easy = task | {rho: sp.Rational(1, 4), w_star: 1}, task | {rho: 1, w_star: -1}
risk = sp.expand((post_adaptation_loss.subs(hard) + post_adaptation_loss.subs(easy)) / 2)
risk

# %%
best_start = sp.solve(sp.diff(risk, w), w)[0]
infimum = risk.subs(w, best_start)
sp.Tuple(best_start, infimum)

# %% [markdown]
# There is another number that one could subtract. Let every task begin at its own optimum: $w-w_i^*=0$, the distance costs nothing, and
# only noise is left. We call this the **noise floor** $N$. No single start reaches it, because no start is at both optima at once.

# %%
floor = (post_adaptation_loss.subs(hard | {w: 1}) + post_adaptation_loss.subs(easy | {w: -1})) / 2
sp.Tuple(floor, infimum - floor)

# %% [markdown]
# So the infimum in (2) lies strictly above the floor. The gap is the **irreducible risk**: the price of having to share one start.
# The paper's Proposition 1 claims to give the excess risks of $w_{ERM}^*$ and $w_{MAML}^*$, the starts to which the minimisers of [(3)](#eq-3) and
# [(4)](#eq-4) tend with more and more data. Evaluate it here. Let MAML train with as many inner samples as will be there at test time, $n_2=m$, and
# write $Q_i$ for the curvature after the step found above. In one dimension the paper's formula for the risk at $w_{MAML}^*$, (7) of [the next chapter](02_population_solutions), is $\tfrac12E_i\,Q_i(w_{MAML}^*-w_i^*)^2$.

# %%
Q_hard, Q_easy = curvature.subs(hard), curvature.subs(easy)
w_maml = (Q_hard - Q_easy) / (Q_hard + Q_easy)
proposition_1 = (Q_hard * (w_maml - 1) ** 2 + Q_easy * (w_maml + 1) ** 2) / 4
sp.Tuple(w_maml, proposition_1)

# %% [markdown]
# The MAML solution *is* the best start, so its excess risk (2) is zero. Proposition 1 gives the irreducible risk instead. Neither is a coincidence of these numbers.
# Take any two curvatures $q_H,q_E$ after the step, any optima, and any probabilities $p_H,p_E$ of the two tasks:

# %%
p_H, p_E, q_H, q_E = sp.symbols("p_H p_E q_H q_E", positive=True)
w_H, w_E = sp.symbols("w_H w_E", real=True)
above_floor = (p_H * q_H * (w - w_H) ** 2 + p_E * q_E * (w - w_E) ** 2) / 2
best = sp.solve(sp.diff(above_floor, w), w)[0]
irreducible = sp.factor(above_floor.subs(w, best))
irreducible

# %% [markdown]
# That is what Proposition 1 computes [at MAML's solution](#moments-one-dimension). What is left of the risk is the excess risk, a square:

# %% mystnb={"code_prompt_show": "Complete the square"} tags=["hide-input"]
mass = p_H * q_H + p_E * q_E
claims.proves(
    "text:best-initialisation",
    above_floor - irreducible,
    mass * (w - (p_H * q_H * w_H + p_E * q_E * w_E) / mass) ** 2 / 2,
    "The excess risk is a squared distance from MAML's solution with $n_2=m$, and vanishes there alone.",
    shows=r"\mathcal E_m(w)=\tfrac12\bigl(p_Hq_H+p_Eq_E\bigr)(w-w_{MAML}^*)^2",
    case="two tasks, one dimension",
    refuses={"the risk above the floor, which Proposition 1 computes": above_floor},
)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# The paper subtracts the noise floor where definition (2) subtracts the infimum, and calls the result excess risk. From here on the two
# have two names. The **risk above the floor** $R_m(w)=F_m(w)-N$ is what Proposition 1 and its corollaries compute. The
# **excess risk** $\mathcal E_m(w)$ is (2). The first never vanishes while optima differ; the second does, at the MAML solution with $n_2=m$.
# Chapter 2 shows how they are related in general.
# :::
#
# `linear.risk_above_floor` and `linear.excess_risk` are the two, [in fractions here](#moments-one-dimension). How large is each for ERM and for MAML?


# %% mystnb={"code_prompt_show": "Draw the risk in three layers", "figure": {"caption": "Post-adaptation risk of every start, stacked: noise floor, irreducible risk, excess risk. **Notice** that the excess risk is measured from the lowest point of the curve, the risk above the floor from the top of the lowest layer, the noise floor. The vertical axis starts at 0.45.", "name": "fig-two-risks"}, "image": {"classes": "upright", "alt": "A parabola of post-adaptation risk over the start w. Below it lie two horizontal bands: the noise floor, and above it a thinner band, the irreducible risk, that touches the lowest point of the parabola. Marked points show that ERM lies visibly above the band and MAML on it."}} tags=["hide-input"]
noisy = TaskEnvironment.two_tasks(dim=1, rho_hard=0.25, rho_easy=1.0, noise_std=1.0)


def two_risks():
    """Draw the post-adaptation risk as floor, irreducible risk and excess risk."""
    figure, axis = plt.subplots(figsize=(5, 3.4))
    total = np.array([linear.post_adaptation_risk(noisy, [w0], ALPHA, M) for w0 in starts])
    edges = [0 * starts, float(floor) + 0 * starts, float(infimum) + 0 * starts, total]
    bands = (("noise floor $N$", 0.48, 0.78), ("irreducible risk", 0.53, 0.87))
    bands = (*bands, ("excess risk (2)", 0.58, 0.95))
    for low, high, (label, height, shade) in zip(edges[:-1], edges[1:], bands, strict=True):
        axis.fill_between(starts, low, high, fc=str(shade), ec=plotting.REFERENCE, lw=0.8)
        axis.text(-1.5, height, label, va="center")
    axis.plot(starts, total, color="black", label="$F_m(w)$")
    for name, start in (("ERM", erm), ("MAML", maml)):
        height = linear.post_adaptation_risk(noisy, [start], ALPHA, M)
        axis.plot(start, height, **plotting.MARKS[name], label=name)
    axis.set(xlabel=r"start $w$", ylabel="post-adaptation risk", ylim=(0.45, 0.85))
    axis.legend(loc="upper center")
    return figure


two_risks()

# %% tags=["remove-input"]
both = linear.risk_above_floor, linear.excess_risk
of_erm, of_maml = ([f(noisy, [start], ALPHA, M) for f in both] for start in (erm, maml))
Markdown(
    f"| | risk above the floor | excess risk (2) |\n| --- | --- | --- |\n"
    f"| ERM | {of_erm[0]:.4f} | {of_erm[1]:.4f} |\n| MAML | {of_maml[0]:.4f} | {of_maml[1]:.4f} |\n"
    f"| ratio | {of_erm[0] / of_maml[0]:.2f} | not defined |"
)

# %% [markdown]
# This matters for what follows. The paper measures MAML's gain by a *ratio* of two risks. As a ratio of risks above the floor it is finite
# and informative. As a ratio of excess risks it is a division by zero.
#
# ## What we have seen
#
# - An exact gradient step multiplies the distance to a task's optimum by $1-\alpha\rho$: hard tasks are those on which it hardly shortens the distance.
# - ERM minimises the loss before the step, MAML the loss after it, and in this example the first starts nearer the easy task, the second nearer the hard one.
# - The post-adaptation risk splits into a noise floor, an irreducible part, and the excess risk (2).
# - Proposition 1 computes the last two together.
#
# ## Exercises
#
# ([Tested](#moments-one-dimension).)
#
# **1.** For which number of samples $m$ does an easy task ($\alpha\rho=1$) cost as much after adaptation as before?
#
# :::{dropdown} Solution
# The curvature after the step is $2\rho/m$, before it $\rho$. They are equal at $m=2$. A step on two samples gains nothing on average; a step on one does harm.
# :::
#
# **2.** Keep the two tasks of this chapter. Which positive step size makes the ERM solution the best start?
#
# :::{dropdown} Solution
# ERM weighs the tasks by $\rho$, MAML by $\rho[(1-\alpha\rho)^2+2\alpha^2\rho^2/m]$. The brackets must be equal for both tasks:
# $\alpha(\rho_H+\rho_E)(1+2/m)=2$. For $m=32$ this is $\alpha=128/85$. Chapter 3 finds this condition again.
# :::
#
# **3.** A colleague reports the ratio of ERM's to MAML's *post-adaptation risk* $F_m$ instead of the ratio of risks above the floor. What happens to
# it as the noise grows?
#
# :::{dropdown} Solution
# The floor enters numerator and denominator. As $\sigma\to\infty$ the ratio tends to one, whatever the tasks are.
# :::
#
# **Read next.** [Chapter 2](02_population_solutions) does in $d$ dimensions, with any covariances, what this chapter did in one.
