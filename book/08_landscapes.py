# %% [markdown]
# # Landscapes
#
# > **The paper, §4.** "when all tasks are equally hard, the MAML and ERM solutions are identical (subfigures (a)-(b)), whereas when one task is hard,
# > MAML initializes closer to the hard task and achieves significantly better post-adaptation performance"
#
# One neuron with two weights is the smallest nonlinear model whose loss can be drawn. The paper draws it for four tasks, and lets the pictures speak.
# It does not say where the tasks are, nor how long the step of adaptation is.
#
# **What you will do.** Draw the paper's Figures 4, 5 and 6 again, and count for which choices of the unknown settings its statements hold.
#
# **What you will learn.** To say when equal hardness makes the two solutions equal; to choose a step for a network; to tell what a picture shows
# from what is true of its kind.
#
# **What you need.** Chapter [1](01_learning_to_adapt) and the weights of chapter [3](03_hardness).

# %% tags=["hide-cell", "nbval-ignore-output"]
# not compared: what pip says. On Colab and Binder this cell installs the book's library; elsewhere it does nothing.
import importlib.util
import subprocess
import sys

REPOSITORY = ""
if importlib.util.find_spec("paperlib") is None:
    if not REPOSITORY:
        raise ModuleNotFoundError("paperlib is missing: set REPOSITORY above to the address")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", f"git+{REPOSITORY}"], check=True)

# %%
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
import torch
from IPython.display import Markdown
from scipy.optimize import brentq

from paperlib import claims, linear, networks, plotting, viewer
from paperlib.environments import TaskEnvironment

plotting.use_book_style()
torch.set_num_threads(1)  # the arrays are small: threads would only wait for each other

# %% [markdown]
# ## The setting
#
# The model is one neuron, $h_w(x)=\sigma(\langle w,x\rangle)$ with $w\in\mathbb R^2$. The labels of task $i$ come from a neuron of the same kind, $w_i^*$, without noise, and
# its inputs are $N(0,\rho_iI)$. The loss is half the mean squared error, $f_i(w)=\tfrac12E\bigl[(\sigma(\langle w,x\rangle)-\sigma(\langle w_i^*,x\rangle))^2\bigr]$
# (§4 forgets the $\sigma$ in print). Four tasks, equally likely, make an environment. Hard tasks have $\rho=\tfrac12$ and easy ones $\rho=1$.

# %% [markdown]
# (def-landscape-setting)=
# (def-landscape-inner-samples)=
# So: one neuron in the plane; variance ½ for hard and 1 for easy tasks; $m=250$ for Softplus and 80 for Sigmoid.


# %%
def environment(neurons, variances):
    """Return equally likely tasks in the form that the library takes."""
    neurons, variances = np.asarray(neurons, float), np.asarray(variances, float)
    probabilities = np.full(len(neurons), 1 / len(neurons))
    return networks.Tasks(probabilities, neurons[:, :, None], variances[:, None, None] * np.eye(2))


# %% [markdown]
# What a start is worth is its loss after one step, averaged over tasks, and over the $m$ samples of the step: [(1)](#eq-1) again.
#
# > **The paper, §4.** "the MAML loss is the true evaluation metric, as we are ultimately concerned with model performance after one step of task-specific adaptation"

# %% mystnb={"code_prompt_show": "Show the check: the title of C.2"} tags=["hide-cell"]
claims.contradicts(
    "text:one-layer-title",
    {"the title of C.2": 1, "§4": 2},
    "The number of layers of the networks of Figures 4 to 6.",
    agrees=2,
)

# %% mystnb={"code_prompt_show": "Show the check: the setting of Figure 4"} tags=["hide-cell"]
claims.contradicts(
    "text:figure-4-setting",
    {"Theorem 1, the variance of every task": 1.0, "Figure 4, that of hard tasks": 0.5},
    r"Theorem 1 has $\Sigma_i=I$ for every task; Figure 4 varies $\Sigma_i$.",
    agrees=1.0,
)

# %% [markdown]
# (def-maml-loss-is-the-metric)=
# Starts are compared by $F_m$, the loss after one step on $m$ samples, whoever found them.

# %% [markdown]
# A sweep over hundreds of environments needs many losses at once. One remark makes that easy: a neuron $w$ on inputs $N(0,\rho I)$ is a neuron $\sqrt\rho\,w$ on
# inputs $N(0,I)$. So all tasks of all environments can share one covariance, and one call of the library serves them all.


# %%
def losses(activation, starts, neurons, variances, alpha=0.0, order=64):
    """Return the loss after a full step for starts (E, P, 2), neurons (E, 4, 2), variances (E, 4): (E, P)."""
    root, unit = np.sqrt(variances)[:, :, None, None], np.eye(2)
    aims = (root * neurons[:, :, None, :])[..., None]
    moved = starts[:, None]
    if np.any(alpha):
        slope = networks.population_gradient(
            activation, (root * moved)[..., None], aims, unit, order=order
        )[..., 0]
        moved = moved - np.reshape(alpha, (-1, 1, 1, 1)) * root * slope
    after = networks.population_loss(activation, (root * moved)[..., None], aims, unit, order=order)
    return after.mean(axis=1)


# %% tags=["hide-input"]
rng = np.random.default_rng(0)
spots, some = rng.normal(size=(1, 5, 2)), rng.normal(size=(1, 4, 2))
mixed = np.array([[0.5, 1.0, 0.7, 1.3]])
for name in ("softplus", "sigmoid"):
    tasks = environment(some[0], mixed[0])
    for alpha in (0.0, 2.0):
        direct = networks.post_adaptation_risk(name, tasks, spots[0, :, :, None], alpha)
        assert np.allclose(losses(name, spots, some, mixed, alpha)[0], direct, atol=1e-9)

# %% [markdown]
# To find the lowest point of a landscape we look at a grid, then at a finer grid about its lowest point, and so on. It is slow and it cannot be fooled by a
# saddle. It needs no derivative, so it also serves landscapes that are only sampled.


# %%
def lowest(landscape, count=1, half=4.5, points=25, zooms=7, near=7):
    """Return the lowest points, (count, 2), of landscapes (count, P, 2) -> (count, P) in a square."""
    line, fine = np.linspace(-half, half, points), np.linspace(-1, 1, near)
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    close = np.stack(np.meshgrid(fine, fine, indexing="ij"), -1).reshape(-1, 2)
    rows, width = np.arange(count), line[1] - line[0]
    places = np.broadcast_to(grid, (count, *grid.shape))
    for _ in range(zooms + 1):
        centres = places[rows, landscape(places).argmin(axis=1)]
        places, width = centres[:, None] + width * close, width / 3
    return centres


def solutions(activation, neurons, variances, alpha=0.0, **settings):
    """Return the lowest points of the ERM (alpha = 0) or the MAML objective of many environments."""

    def landscape(places):
        return losses(activation, places, neurons, variances, alpha)

    return lowest(landscape, len(neurons), **settings)


# %% [markdown]
# ## Does variance control hardness?
#
# > **The paper, §4.** "the number of gradient steps required to learn a single neuron diminishes with the variance of the data distribution
# > (Theorem 3.2 in Yehudai and Ohad [2020]), we again control task hardness via the data variance"

# %% tags=["remove-input"]
claims.quotes(
    "text:variance-controls-hardness",
    "The number of gradient steps to learn a single neuron, and what it depends on.",
    "Yehudai and Shamir (2020), Theorem 3.2",
)

# %% [markdown]
# We count. Start at the origin, descend on the population loss of one neuron of length 1, 2 or 3 with a step that suits the activation, and stop within a
# hundredth of its length.


# %%
def steps_to_learn(activation, length, variance, rate):
    """Count gradient steps from the origin until a hundredth of the distance is left."""
    aim, start, count = np.array([[length], [0.0]]), np.zeros((2, 1)), 0
    order = 128 if length**2 * variance <= 9 else 324  # long neurons need more nodes
    while np.linalg.norm(start - aim) > 0.01 * length:
        covariance = variance * np.eye(2)
        start = start - rate * networks.population_gradient(
            activation, start, aim, covariance, order=order
        )
        count += 1
    return count


VARIANCES, LENGTHS = (0.25, 0.5, 1.0, 2.0), (1.0, 2.0, 3.0)
counted = {
    name: np.array([[steps_to_learn(name, s, v, rate) for v in VARIANCES] for s in LENGTHS])
    for name, rate in (("softplus", 1.0), ("sigmoid", 4.0))
}

# %% tags=["remove-input"]
head = "| activation | length | " + " | ".join(f"ρ = {v:g}" for v in VARIANCES) + " |"
rows = [
    f"| {name} | {length:g} | " + " | ".join(str(n) for n in line) + " |"
    for name, table in counted.items()
    for length, line in zip(LENGTHS, table, strict=True)
]
Markdown("\n".join([head, "| --- " * 6 + "|", *rows]))

# %%
slowest = {  # the smallest eigenvalue at the neuron, over lengths and variances
    name: np.array(
        [
            [
                networks.population_hessian(name, [[s], [0.0]], [[s], [0.0]], v * np.eye(2))
                for v in VARIANCES
            ]
            for s in LENGTHS
        ]
    )
    for name in counted
}
slowest = {name: np.linalg.eigvalsh(each)[..., 0] for name, each in slowest.items()}
falls = np.concatenate([np.diff(steps, axis=1) < 0 for steps in counted.values()])
grows = np.concatenate([np.diff(np.log(each), axis=1) for each in slowest.values()])
clear = np.abs(grows) > np.log(1.1)
claims.decides(
    "text:variance-controls-hardness",
    falls[clear],
    grows[clear] > 0,
    "Where the smallest eigenvalue changes by a tenth or more, steps fall exactly if it grows: for Softplus always, for Sigmoid not.",
    shows=r"\rho\,\mathbb E[\sigma'(sz)^2z^2]",
    refuses={"never": np.zeros(clear.sum(), dtype=bool)},
    printed=claims.prints(
        "text:variance-controls-hardness",
        np.ones(clear.sum(), dtype=bool),
        r"\text{the number of gradient steps required to learn a single neuron diminishes with the variance of the data distribution}",
    ),
)

# %% [markdown]
# For Sigmoid the count turns around. Why? Near the neuron the descent is as slow as the smallest eigenvalue of the Hessian there. It is
# $\rho\,E[\sigma'(sz)^2z^2]$ along $w^*$ and $\rho\,E[\sigma'(sz)^2]$ across, with $z\sim N(0,1)$ and $s=\sqrt\rho\lVert w^*\rVert$. Softplus has $\sigma'\to1$ on one side, so both grow with
# $\rho$. Sigmoid saturates: for large $s$ only $|z|\lesssim1/s$ counts, and the first falls like $\rho/s^3\propto\rho^{-1/2}$.


# %%
def slowest_rate(length, variance):
    """Return the smallest eigenvalue of a Sigmoid task's Hessian at its neuron."""
    aim = np.array([[length], [0.0]])
    return np.linalg.eigvalsh(
        networks.population_hessian("sigmoid", aim, aim, variance * np.eye(2))
    )[0]


even = brentq(lambda s: slowest_rate(s, 1.0) - slowest_rate(s, 0.5), 1.0, 3.0)
Markdown(
    f"For Sigmoid neurons longer than **{even:.2f}** the paper's *hard* task, of variance ½, is learned *faster* near its optimum than the easy one of variance 1."
)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# "Diminishes with the variance" holds for activations that do not saturate. For Sigmoid and tanh a large variance makes a long neuron hard. The paper's Figure 6 is about
# Sigmoid; its words hard and easy are right there if the neurons are short enough, and ours will be.
# :::

# %% [markdown]
# ## One task: no trap
#
# The loss of one task is not convex. But it has no false minimum. Multiply the gradient by the way to go: with $u=\langle w,x\rangle$ and $v=\langle w^*,x\rangle$,
#
# $$\langle w-w^*,\nabla f(w)\rangle=E\bigl[(\sigma(u)-\sigma(v))\,(u-v)\,\sigma'(u)\bigr]>0\qquad(w\ne w^*)$$
#
# since $\sigma$ increases. The gradient vanishes at $w^*$ only, and every small step goes closer. So "the local minima of a task", of which the paper speaks,
# are a single point here: its neuron.
#
# We place the four neurons of Figure 4 (a), (b) on the corners of a square. The reason comes below.
#
# **The rule for Figure 5.** Each of the four losses has one local minimum in the window, at its neuron, and there it is zero.

# %%
CORNERS = 1.4 * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
line = np.linspace(-3, 3, 61)
grid = np.stack(np.meshgrid(line, line, indexing="ij"), -1)
task_losses = np.array(
    [
        networks.population_loss("softplus", grid[..., None], neuron[:, None], np.eye(2), order=96)
        for neuron in CORNERS
    ]
)
error = networks.quadrature_error(
    networks.population_loss, "softplus", [[3.0], [3.0]], CORNERS[2][:, None], np.eye(2), order=96
)
assert error < 1e-4


# %%
def hollows(values):
    """Return where a landscape on a grid is lower than at all eight neighbours: (k, 2) indices."""
    inner = values[1:-1, 1:-1]
    rows, columns = values.shape
    around = [
        values[1 + i : rows - 1 + i, 1 + j : columns - 1 + j]
        for i, j in product((-1, 0, 1), repeat=2)
        if (i, j) != (0, 0)
    ]
    return np.argwhere((inner < np.array(around)).all(axis=0)) + 1


found = [hollows(values) for values in task_losses]


def at_their_neurons(neurons):
    """Tell of each loss whether it has one local minimum in the window, at its neuron, of value 0."""
    return [
        len(spots) == 1
        and np.allclose(grid[tuple(spots[0])], neuron)
        and values[tuple(spots[0])] < 1e-6
        for spots, neuron, values in zip(found, neurons, task_losses, strict=True)
    ]


# %% tags=["hide-input"]
claims.judges(
    "fig:5",
    CORNERS,
    at_their_neurons,
    "Four Softplus losses, for neurons on the corners of a square and inputs of variance 1.",
    verdict="reproduced",
    rule="each task loss has one local minimum in the window, at its neuron, of value 0",
    scale="exact losses on a grid",
    refuses={"the neurons in another order": np.roll(CORNERS, 1, 0)},
)


# %% tags=["hide-input"]
def draw(axis, places, values, levels, neurons, variances, points=()):
    """Draw a landscape, the neurons (hard: triangles, easy: diamonds) and solutions (name, place)."""
    clipped = np.clip(values, levels[0], levels[-1])
    shades = axis.contourf(places, places, clipped.T, levels, cmap=plotting.GREYS, norm="log")
    axis.contour(places, places, clipped.T, levels[::2], colors="white", linewidths=0.5)
    for neuron, variance in zip(neurons, variances, strict=True):
        look = plotting.MARKS["hard" if variance < 1 else "easy"]
        axis.plot(*neuron, **look, markeredgecolor="white", markersize=8)
    for (name, place), size in zip(
        points, (10, 7), strict=False
    ):  # the second may lie on the first
        axis.plot(*place, **plotting.MARKS[name], markeredgecolor="white", markersize=size)
    axis.set(xlabel="$w_1$", aspect="equal")
    return shades


# %% mystnb={"figure": {"caption": "Figure 5 of the paper, redrawn: the losses of four equally hard Softplus tasks, one neuron each (diamonds). Shades are logarithmic. Each loss is lowest at its neuron and turns into the next one when the plane is turned by a quarter.", "name": "fig-task-losses"}, "image": {"classes": "as-drawn", "alt": "Four grey maps over the plane of the two weights. Each has rings around one corner of a square, dark far away and light at the corner, where a green diamond marks the task's neuron."}} tags=["hide-input"]
def task_landscapes():
    """Draw the losses of the four tasks."""
    figure, axes = plt.subplots(1, 4, figsize=(7.4, 2.3), sharey=True)
    levels = np.geomspace(0.01, 4, 14)
    for axis, values, neuron in zip(axes, task_losses, CORNERS, strict=True):
        shades = draw(axis, line, values, levels, [neuron], [1.0])
    axes[0].set_ylabel("$w_2$")
    bar = figure.colorbar(shades, ax=axes, ticks=[0.01, 0.1, 1.0], shrink=0.7)
    bar.ax.set_yticklabels(["0.01", "0.1", "1"])
    bar.set_label("loss")
    return figure


task_landscapes()

# %% [markdown]
# ## How long a step?
#
# In linear regression the paper takes $\alpha=1/\rho_E$, the inverse of the easy tasks' Hessian. In §4 the Hessian depends on the point, and no $\alpha$ is given. A look at the origin
# suggests one. Softplus is half its argument plus an even function:

# %%
t = sp.symbols("t", real=True)
even_part = sp.log(1 + sp.exp(t)) - t / 2
claims.proves(
    "text:insights-apply-to-networks",
    sp.diff(even_part, t),
    (sp.exp(t) - 1) / (2 * (sp.exp(t) + 1)),
    r"The slope of $\log(1+e^t)-\frac t2$ is odd.",
    shows=r"\sigma'(t)-\tfrac12=\tfrac{e^t-1}{2(e^t+1)}",
    case="Softplus",
    refuses={"the slope of Softplus itself": 1 / (1 + sp.exp(-t))},
    towards=True,
)

# %% [markdown]
# Write $\sigma(t)=t/2+e(t)$. Products of an odd and an even function of $x$ have mean zero, so the loss falls in two parts, the first of which is linear regression:
#
# ```{math}
# :label: softplus-parts
# f_i(w)=\tfrac18\rho_i\lVert w-w_i^*\rVert^2+\tfrac12E\bigl[(e(\langle w,x\rangle)-e(\langle w_i^*,x\rangle))^2\bigr].
# ```
#
# At $w=0$ the second part has no slope, since $e'(0)=0$. Hence $\nabla f_i(0)=-\tfrac14\rho_iw_i^*$ **exactly**, however long the neuron: one step from the origin leads to $\tfrac14\alpha\rho_iw_i^*$.

# %%
long = [3 * rng.normal(size=(2, 1)) for _ in range(20)]
slopes = [
    networks.population_gradient("softplus", np.zeros((2, 1)), aim, 0.7 * np.eye(2)) for aim in long
]
claims.checks(
    "text:insights-apply-to-networks",
    slopes,
    [-0.7 / 4 * aim for aim in long],
    r"At the origin a Softplus task has the gradient of linear regression with covariance $\frac14\Sigma$.",
    rtol=1e-9,
    refuses={"a half in place of a quarter": [-0.7 / 2 * aim for aim in long]},
)

# %% [markdown]
# With $\alpha=4/\rho_E$ the step from the origin learns *every* easy task, whatever its neuron. This is what $\alpha=1/\rho_E$ does in linear regression from everywhere. Sigmoid has
# $\sigma'(0)=\tfrac14$, and short neurons the covariance $\Sigma/16$. So the paper's rule, carried over, is
#
# $$\alpha=\frac1{\sigma'(0)^2\rho_E}:\qquad4\text{ for Softplus},\quad16\text{ for Sigmoid.}$$
#
# We write $q=\alpha\,\sigma'(0)^2\rho_E$ for a step in these units and draw the figures at $q=1$. It is a choice. Theorem 1 of the paper asks for $\alpha\le1/L_2$, where $L_2$ bounds the easy tasks'
# curvature, and that is larger away from the origin:

# %%
curved = networks.population_hessian(
    "softplus", CORNERS[0][:, None], CORNERS[0][:, None], np.eye(2)
)
within = 1 / np.linalg.eigvalsh(curved)[-1]
Markdown(
    f"At a neuron of our square the limit of Theorem 1 is $\\alpha\\le{within:.2f}$, or $q\\le{within / 4:.2f}$."
)

# %% [markdown]
# Short neurons are a test of the whole machinery. When all $w_i^*$ shrink, both networks must turn into linear regression with $\sigma'(0)^2\Sigma_i$, and the solutions of chapter 2 must come out.


# %%
def linear_twin(neurons, variances, slope):
    """Return the linear environment to which short neurons tend."""
    covariances = slope**2 * np.asarray(variances)[:, None, None] * np.eye(2)
    return TaskEnvironment(np.full(4, 0.25), covariances, neurons, np.zeros((4, 2, 2)))


short, hard_pair = 0.02 * rng.normal(size=(4, 2)), [0.5, 0.5, 1.0, 1.0]
trained, predicted = [], []
for name, slope in (("softplus", 0.5), ("sigmoid", 0.25)):
    tasks, twin, alpha = (
        environment(short, hard_pair),
        linear_twin(short, hard_pair, slope),
        0.5 / slope**2,
    )
    trained += [networks.erm_solution(name, tasks, np.zeros((2, 1)))[:, 0]]
    trained += [networks.maml_solution(name, tasks, alpha, np.zeros((2, 1)))[:, 0]]
    predicted += [linear.erm_solution(twin), linear.maml_solution(twin, alpha, np.inf)]

# %%
claims.checks(
    "text:insights-apply-to-networks",
    trained,
    predicted,
    r"For short neurons ERM and MAML of both networks are those of linear regression with $\sigma'(0)^2\Sigma$.",
    rtol=5e-3,
    floor=float(np.abs(predicted).max()),
    refuses={"ERM and MAML exchanged": [predicted[i] for i in (1, 0, 3, 2)]},
)

# %% [markdown]
# ## Equally hard tasks
#
# > **The paper, §4.** "when all tasks are equally hard, the MAML and ERM solutions are identical (subfigures (a)-(b))"
#
# In linear regression this is always so: with one $\Sigma$ for all tasks every weight is the same, and both solutions are the mean of the optima (chapter [2](02_population_solutions)). For a
# neuron it needs symmetry.
#
# :::{prf:proposition}
# :label: symmetric-environments
# Let an orthogonal matrix $G$ map the set of neurons of equally hard tasks, $\Sigma_i=\rho I$, to itself. Then both objectives are invariant under $G$. If the origin is the only point that $G$ leaves in place, it is
# a stationary point of both. If it is the only minimiser of both, the solutions are identical.
# :::
#
# :::{dropdown} Proof
# $Gx$ has the distribution of $x$, so $f_{Gb}(Gw)=f_b(w)$, where $f_b$ is the loss of the task with neuron $b$. Differentiate: $\nabla f_{Gb}(Gw)=G\nabla f_b(w)$. So a step commutes with $G$, and
# $f_{Gb}(Gw-\alpha\nabla f_{Gb}(Gw))=f_b(w-\alpha\nabla f_b(w))$. Sum over the tasks, whose neurons $G$ only reorders: $F(Gw)=F(w)$ for both objectives. Then $\nabla F(0)=G\nabla F(0)$ is left in place by $G$, so it is
# zero. A unique minimiser is left in place too, so it is the origin. The same holds for $m<\infty$ samples, since the samples turn along.
# :::
#
# A quarter turn leaves only the origin in place. Hence the square.
#
# **The rules for Figure 4**, with $m=250$. Call $r$ the root mean square length of the neurons. (a, b) is reproduced if the solutions are within $r/20$. (c, d), where the first task is hard, if MAML's solution is closer to the hard neuron than ERM's, ERM's is closer to the centroid of the easy
# neurons than MAML's, and ERM's loss after adaptation is at least $\tfrac43$ of MAML's. That is our "significantly".
#
# We chose the square and $q=1$ so that these statements come out. The tables below therefore count more than the pictures.

# %%
ALPHA, ALL_EASY, ONE_HARD = 4.0, np.ones(4), np.array([0.5, 1.0, 1.0, 1.0])
RADIUS = np.sqrt((CORNERS**2).sum(1).mean())


def sampled_landscape(activation, neurons, variances, alpha, m, draws, seed, order=64):
    """Return the objective with m samples, and its standard error, at points (P, 2), on draws that all share."""
    tasks = environment(neurons, variances)

    def objective(places):
        rng = np.random.default_rng(seed)
        drawn = networks.sampled_post_adaptation_risk(
            activation, tasks, places[..., None], alpha, m, draws, rng, order=order
        )
        return drawn.mean(axis=0), drawn.std(axis=0, ddof=1) / np.sqrt(draws)

    return objective


# %% [markdown]
# The MAML objective with $m$ samples has no closed form. We average it over sixteen draws of the samples for each task, the same at every point of the map; the population loss
# outside the step is exact. The spread of the draws gives a standard error. ERM's objective knows no $m$.


# %%
def study(activation, neurons, variances, alpha, m, draws=16, seed=1):
    """Return both solutions, MAML's with m samples and with the full gradient, and their losses on other draws."""
    one, two = neurons[None], np.asarray(variances)[None]
    objective = sampled_landscape(activation, neurons, variances, alpha, m, draws, seed)
    places = np.array(
        [
            solutions(activation, one, two)[0],
            lowest(lambda p: objective(p[0])[0][None], half=4, points=17, zooms=5, near=5)[0],
            solutions(activation, one, two, alpha)[0],
        ]
    )
    test = sampled_landscape(activation, neurons, variances, alpha, m, 100, seed + 1, order=128)
    sampled, error = test(places)
    full = losses(activation, places[None], one, two, alpha)[0]
    return {"places": places, "sampled": sampled, "error": error, "full": full}


equal = study("softplus", CORNERS, ALL_EASY, ALPHA, 250)
one_hard = study("softplus", CORNERS, ONE_HARD, ALPHA, 250)


# %% tags=["hide-input"]
def comparison(studies):
    """Return a table of solutions and losses, a row for each start."""
    rows = [
        "| tasks | start | $w$ | $F_m$ (standard error) | $F_\\infty$ |",
        "| --- | --- | --- | --- | --- |",
    ]
    for label, found in studies.items():
        for name, place, value, error, full in zip(
            ("ERM", "MAML, $m$", "MAML, $\\infty$"), *found.values(), strict=True
        ):
            where = ", ".join(f"{x + 0.0:.2f}" for x in np.round(place, 2) + 0.0)
            rows.append(
                f"| {label} | {name} | ({where}) | {value:.4f} ({error:.4f}) | {abs(full):.4f} |"
            )
    return Markdown("\n".join(rows))


comparison({"equally hard": equal, "one hard": one_hard})

# %%
gap = np.linalg.norm(equal["places"][0] - equal["places"][1])
assert gap <= RADIUS / 20
assert np.linalg.norm(one_hard["places"][0] - one_hard["places"][1]) > RADIUS / 20


# %%
def as_the_paper_says(neurons, starts, values, hard=1):
    """Judge (c, d): MAML closer to the hard neurons, ERM closer to the easy centroid, MAML significantly better."""
    erm, maml = starts
    to_hard = [np.linalg.norm(neurons[:hard] - start, axis=1).mean() for start in (erm, maml)]
    to_easy = [np.linalg.norm(neurons[hard:].mean(0) - start) for start in (erm, maml)]
    return [to_hard[1] < to_hard[0], to_easy[0] < to_easy[1], values[0] >= 4 / 3 * values[1]]


assert all(as_the_paper_says(CORNERS, one_hard["places"][:2], one_hard["sampled"][:2]))

# %%
window = np.linspace(-3, 3, 41)
points = np.stack(np.meshgrid(window, window, indexing="ij"), -1).reshape(1, -1, 2)


def maps(activation, neurons, variances, alpha, m, draws=16, seed=1):
    """Return the landscapes of ERM and of MAML with m samples on the window."""
    erm = losses(activation, points, neurons[None], np.asarray(variances)[None])
    maml = sampled_landscape(activation, neurons, variances, alpha, m, draws, seed)(points[0])
    return erm.reshape(41, 41), maml[0].reshape(41, 41), maml[1]


softplus_maps = [maps("softplus", CORNERS, v, ALPHA, 250) for v in (ALL_EASY, ONE_HARD)]


# %% tags=["hide-input"]
def landscape_pairs(drawn, levels, ticks):
    """Draw rows of ERM and MAML landscapes on one scale; drawn holds (maps, neurons, variances, places)."""
    figure, axes = plt.subplots(len(drawn), 2, figsize=(6.6, 6.2), sharex=True, sharey=True)
    for k, (row, (pair, neurons, variances, places)) in enumerate(zip(axes, drawn, strict=True)):
        marks = [("ERM", places[0]), ("MAML", places[1])]
        for axis, values, name in zip(row, pair, ("ERM", "MAML"), strict=False):
            shades = draw(axis, window, values, levels, neurons, variances, marks)
            axis.set(xlabel="", title="" if k else name)
        row[0].set_ylabel("$w_2$")
    for axis in axes[-1]:
        axis.set_xlabel("$w_1$")
    bar = figure.colorbar(shades, ax=axes, ticks=ticks, shrink=0.6, label="loss")
    bar.ax.set_yticklabels([f"{tick:g}" for tick in ticks])
    return figure


# %% mystnb={"figure": {"caption": "Figure 4 of the paper, redrawn: ERM objective (left) and MAML objective with m = 250 (right) on one logarithmic scale. Above: four equally hard tasks. Below: the task at the upper right is hard (triangle). Diamonds are easy tasks, the square is ERM's solution, the circle MAML's; both are marked in both maps.", "name": "fig-softplus-landscapes"}, "image": {"classes": "as-drawn", "alt": "Four grey maps with a square of four neurons. Above, both maps have rings about the origin, where square and circle lie together. Below, ERM's hollow and the square lie slightly to the lower left, while MAML's hollow and the circle lie at the upper right near the hard neuron; MAML's map is lighter throughout."}} tags=["hide-input"]
def softplus_landscapes():
    """Draw Figure 4."""
    drawn = [
        (softplus_maps[0], CORNERS, ALL_EASY, equal["places"]),
        (softplus_maps[1], CORNERS, ONE_HARD, one_hard["places"]),
    ]
    return landscape_pairs(drawn, np.geomspace(0.012, 5, 18), [0.02, 0.1, 0.5, 2])


softplus_landscapes()

# %% tags=["remove-input"]
ratios = [one_hard[key][0] / one_hard[key][k] for key, k in (("sampled", 1), ("full", 2))]
Markdown(
    f"What is drawn is $F_{{250}}$; the largest standard error in the maps is {max(m[2].max() for m in softplus_maps):.3f}. "
    f"With the full gradient MAML's advantage would be a factor {ratios[1]:.1f} instead of {ratios[0]:.1f}: at this length of step the 250 samples are far from an exact gradient. "
    f"In the symmetric environment $F_\\infty$ is exactly zero at the origin, and the whole loss of {equal['sampled'][0]:.4f} is due to the samples."
)

# %% [markdown]
# ## Equal hardness is not enough
#
# Move the neurons off the square, keep $\rho=1$ for all, and take $\alpha=1$.

# %%
SKEWED = np.array([[2.0, 2.0], [-1.0, 0.0], [0.0, -1.0], [-1.0, -1.0]])
skewed, origin = environment(SKEWED, ALL_EASY), np.zeros((2, 1))
w_erm = networks.erm_solution("softplus", skewed, origin)
w_maml = networks.maml_solution("softplus", skewed, 1.0, origin)
assert np.allclose(w_erm, 0, atol=1e-12)
Markdown(
    f"ERM's solution is the origin, MAML's is ({w_maml[0, 0]:.3f}, {w_maml[1, 0]:.3f}): they are {np.linalg.norm(w_maml - w_erm):.3f} apart."
)

# %%
twin, square = linear_twin(SKEWED, ALL_EASY, 1.0), environment(CORNERS, ALL_EASY)
solved = {  # ERM, MAML
    "linear regression": (linear.erm_solution(twin), linear.maml_solution(twin, 1.0, 250)),
    "Softplus on a square": (
        networks.erm_solution("softplus", square, origin),
        networks.maml_solution("softplus", square, 1.0, origin),
    ),
    "Softplus off the square": (w_erm, w_maml),
}
claims.decides(
    "text:equally-hard-tasks",
    [np.allclose(*pair, rtol=0, atol=1e-8) for pair in solved.values()],
    [name != "Softplus off the square" for name in solved],
    "For equally hard tasks ERM = MAML in linear regression, anywhere, and for Softplus on a square; off the square it is not.",
    shows=r"\text{otherwise they differ in general}",
    refuses={"in linear regression alone": [name == "linear regression" for name in solved]},
    printed=claims.prints(
        "text:equally-hard-tasks",
        [True] * 3,
        r"\text{when all tasks are equally hard, the MAML and ERM solutions are identical}",
    ),
)

# %% [markdown]
# That ERM's solution is the origin is no accident of digits. The neurons sum to zero, so in {eq}`softplus-parts` the first part is stationary there, and the second has no slope at the origin. The step of MAML
# mixes the two parts, and only symmetry protects the origin from that. Nor does symmetry protect everything: the origin must also be a *minimum*. The Hessian of the ERM objective at the origin is $\tfrac14I-\tfrac14E_i\,E[(e(\langle w_i^*,x\rangle)-e(0))\,xx^\top]$; the longer the neurons, the
# smaller it is. On a square of some radius it turns over.


# %%
def curvature_at_origin(radius):
    """Return the smallest eigenvalue of the ERM Hessian at the origin, neurons on a square of this radius."""
    corners = CORNERS * radius / RADIUS
    hessians = networks.population_hessian("softplus", origin, corners[..., None], np.eye(2))
    return np.linalg.eigvalsh(hessians.mean(0))[0]


critical = brentq(curvature_at_origin, 2.0, 3.0)
wide = CORNERS[None] * 1.15 * critical / RADIUS
apart = [solutions("softplus", wide, ALL_EASY[None], a)[0] for a in (0.0, ALPHA)]
assert np.linalg.norm(apart[0]) > 0.1 and np.linalg.norm(apart[1]) < 1e-3
Markdown(
    f"Beyond radius **{critical:.2f}** ERM leaves the origin: at {1.15 * critical:.2f} it has four minima, {np.linalg.norm(apart[0]):.2f} from the centre, where MAML with $\\alpha=4$ still sits. "
    f"Our square has radius {RADIUS:.2f}."
)

# %% [markdown]
# :::{admonition} Where we differ from the paper
# :class: attention
# Equally hard tasks make the solutions identical in linear regression. For a neuron they do so if the environment has a symmetry that leaves only one point in place, and that point is the minimiser of both objectives. Without symmetry, or
# with it on a wide square, they differ.
# :::
#
# ## How robust is Figure 4?
#
# Now vary all that the paper leaves open. The neurons: on a square; on a line; one against three that lie close together; and six random draws. The radius $r$: 1, 1.5 and 2. The step: $q$ from $\tfrac18$ to $\tfrac54$. The first neuron is the
# hard one. "Identical" now means within $r/50$, since $m=\infty$ has no noise.

# %%
ARRANGEMENTS = {
    "square": CORNERS,
    "line": np.array([[3, 0], [1, 0], [-1, 0], [-3, 0]]),
    "one against three": np.array([[1, 0], [-1.1, 0], [-0.8, 0.25], [-0.8, -0.25]]),
}
rng = np.random.default_rng(8)
ARRANGEMENTS |= {f"random {k}": rng.normal(size=(4, 2)) for k in range(6)}
SIZES, STEPS = (1.0, 1.5, 2.0), np.array([1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0, 5 / 4])
shapes = np.array([a / np.sqrt((a**2).sum(1).mean()) for a in ARRANGEMENTS.values()])
layouts = np.concatenate([size * shapes for size in SIZES])
radii = np.repeat(SIZES, len(shapes))


# %%
def sweep(activation, neurons, variances, alphas):
    """Return ERM's solution and, for each step, MAML's and both losses: (E, 2), (A, E, 2), (A, E, 2)."""
    spread = np.broadcast_to(variances, neurons.shape[:2])
    erm = solutions(activation, neurons, spread)
    mamls = np.array([solutions(activation, neurons, spread, a) for a in alphas])
    values = [
        losses(activation, np.stack([erm, maml], 1), neurons, spread, a)
        for a, maml in zip(alphas, mamls, strict=True)
    ]
    return erm, mamls, np.array(values)


kinds = {k: np.where(np.arange(4) < k, 0.5, 1.0) for k in range(4)}
swept = {k: sweep("softplus", layouts, kinds[k], 4 * STEPS) for k in kinds}

# %%
erm, mamls, _ = swept[0]
identical = np.linalg.norm(mamls - erm, axis=-1) <= radii / 50
erm, mamls, values = swept[1]
judged = np.array(
    [
        [
            as_the_paper_says(n, (e, w), v)
            for n, e, w, v in zip(layouts, erm, maml, value, strict=True)
        ]
        for maml, value in zip(mamls, values, strict=True)
    ]
)
typical = np.median(values[..., 0] / values[..., 1], axis=1)


# %% tags=["remove-input"]
def share(flags):
    """Write how many of the flags are set."""
    return f"{np.sum(flags)}/{np.size(flags)}"


head = [
    "| $q$ | $\\alpha$ | identical when equally hard | MAML closer to the hard task | ERM closer to the easy centroid | MAML significantly better | median ratio |",
    "| --- " * 7 + "|",
]
rows = [
    f"| {q:g} | {4 * q:g} | {share(same)} | {share(flags[:, 0])} | {share(flags[:, 1])} | {share(flags[:, 2])} | {ratio:.2f} |"
    for q, same, flags, ratio in zip(STEPS, identical, judged, typical, strict=True)
]
Markdown("\n".join([*head, *rows]))

# %% tags=["remove-input"]
square = np.tile(np.arange(len(shapes)) == 0, len(SIZES))
found_all = np.concatenate([swept[k][1].reshape(-1, 2) for k in (0, 1)])
outside = int((np.abs(found_all) > 4.4).any(axis=1).sum())
Markdown(
    f"Equally hard tasks have identical solutions on the squares ({share(identical[:, square])}), and elsewhere in {share(identical[:, ~square])} cases. "
    f"That MAML leans to the hard task holds widely. That this is *significantly better* is a matter of the step: at $q\\le\\frac12$ in {share(judged[:3, :, 2])} cases, "
    f"at $q=1$ in {share(judged[4, :, 2])}. The row $q=1$ flatters MAML: the gradient is exact. In {outside} of {found_all.size // 2} searches of this table the lowest point is at the edge of the square of half-width 4.5 or beyond; "
    "these solutions differ from ERM's whatever lies farther out."
)

# %% [markdown]
# So we repeat a part of it with $m=250$: three arrangements, two radii, four steps, each with its own search for MAML's minimum.

# %%
few = [0, 1, 2, 18, 19, 20]
with_samples = {
    alpha: [study("softplus", layouts[k], ONE_HARD, alpha, 250, draws=8) for k in few]
    for alpha in (1.0, 2.0, 3.0, 4.0)
}

# %%
settings = [
    (layouts[k], one["places"][:2], one["sampled"][:2])
    for studies in with_samples.values()
    for k, one in zip(few, studies, strict=True)
]


def all_said(each):
    """Tell of each setting whether all that the paper says of (c, d) is true there."""
    return [all(as_the_paper_says(*one)) for one in each]


swapped = [(neurons, starts[::-1], values[::-1]) for neurons, starts, values in settings]
claims.judges(
    "text:one-hard-task",
    settings,
    all_said,
    r"With one hard task of four, $m=250$ and $\alpha=1,2,3,4$, all that is said of (c, d) can be true.",
    verdict="attainable",
    rule="MAML closer to the hard neuron, ERM to the easy centroid, and ERM's loss at least 4/3 of MAML's",
    scale=f"{len(settings)} settings",
    refuses={"ERM and MAML exchanged": swapped},
)

# %%
claims.judges(
    "fig:4",
    settings,
    all_said,
    r"The picture is that of one setting, the square with $\alpha=4$, chosen so that it comes out.",
    verdict="attainable",
    rule="what the paper says of (c, d); (a, b) follow from the symmetry of the square",
    scale=f"{len(settings)} settings",
    refuses={"ERM and MAML exchanged": swapped},
)

# %% tags=["remove-input"]
rows = [
    "| $\\alpha$ | MAML closer to the hard task | ERM closer to the easy centroid | significantly better, $m=250$ | with $m=\\infty$ | median ratio, $m=250$ | with $m=\\infty$ |",
    "| --- " * 7 + "|",
]
for alpha, studies in with_samples.items():
    flags = np.array(
        [
            as_the_paper_says(layouts[k], s["places"][:2], s["sampled"][:2])
            for k, s in zip(few, studies, strict=True)
        ]
    )
    by_m = np.array([s["sampled"][0] / s["sampled"][1] for s in studies])
    by_full = np.array([s["full"][0] / s["full"][2] for s in studies])
    rows.append(
        f"| {alpha:g} | {share(flags[:, 0])} | {share(flags[:, 1])} | {share(flags[:, 2])} | {share(by_full >= 4 / 3)} | {np.median(by_m):.2f} | {np.median(by_full):.1f} |"
    )
Markdown("\n".join(rows))

# %% tags=["remove-input"]
by_count = {k: swept[k][2][2][:, 0] / swept[k][2][2][:, 1] for k in (1, 3)}
Markdown(
    f"Within the range of Theorem 1 the advantage is small in most environments. With the full gradient at $\\alpha=2$ its median is {np.median(by_count[1]) - 1:.0%} and its maximum {by_count[1].max() - 1:.0%} with one hard task, {by_count[3].max() - 1:.0%} with three. "
    "It takes the longer step $\\alpha=4$ to make it large, and the samples then eat a good part of it."
)

# %% [markdown]
# ### More hard tasks
#
# > **The paper, §4.** "we believe that MAML also prioritizes performance on hard tasks in many-task non-linear settings"
#
# The same sweep had two and three hard tasks. **The rule:** MAML's solution has the smaller mean loss on the hard tasks after adaptation than ERM's, in at least nine cases of ten, at $q=1$ and for each number of hard tasks.


# %%
def hard_losses(hard, alpha, starts):
    """Return the loss after adaptation on the hard tasks alone."""
    count = len(layouts)
    return losses("softplus", starts, layouts[:, :hard], np.full((count, hard), 0.5), alpha)


better = {
    hard: np.array(
        [
            np.diff(hard_losses(hard, 4 * q, np.stack([swept[hard][0], maml], 1)))[:, 0] < 0
            for q, maml in zip(STEPS, swept[hard][1], strict=True)
        ]
    )
    for hard in (1, 2, 3)
}

# %% tags=["remove-input"]
head = "| hard tasks | " + " | ".join(f"$q={q:g}$" for q in STEPS) + " |"
rows = [
    f"| {hard} of 4 | " + " | ".join(share(line) for line in table) + " |"
    for hard, table in better.items()
]
Markdown("\n".join([head, "| --- " * 7 + "|", *rows]))

# %%
claims.judges(
    "text:beyond-two-tasks",
    [np.mean(better[hard][STEPS == 1.0]) for hard in (1, 2, 3)],
    lambda parts: [part >= 0.9 for part in parts],
    "MAML leans to the hard tasks in most environments, but not in nine of ten.",
    verdict="not reproduced",
    rule="MAML has the smaller loss on the hard tasks in nine cases of ten, at q = 1, for 1, 2 and 3 hard tasks of 4",
    scale=f"{len(layouts)} environments of one Softplus neuron",
    control={"MAML better in all": [1.0] * 3},
)

# %% [markdown]
# The belief holds in most environments. It fails mostly at long steps. There an easy task is learned from near the origin and overshot from elsewhere, so
# the pull of the hard tasks is no longer the only one.
#
# ## What hardness does
#
# Back to the square. Let the variance of the hard task fall from 1 to 0.05, and follow both solutions along the diagonal on which, by symmetry, they lie.

# %%
HARDNESS = np.array([1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05])
ladder = np.column_stack([HARDNESS, np.ones((len(HARDNESS), 3))])
squares = np.broadcast_to(CORNERS, (len(HARDNESS), 4, 2))
RATES = (1.0, 2.0, 4.0)
followed = {0.0: solutions("softplus", squares, ladder)}
followed |= {alpha: solutions("softplus", squares, ladder, alpha) for alpha in RATES}
diagonal = {alpha: places.mean(axis=1) for alpha, places in followed.items()}
assert all(np.ptp(places, axis=1).max() < 1e-3 for places in followed.values())


# %% mystnb={"figure": {"caption": "The square with one hard task, full gradient. Left: place of the solutions on the diagonal; the hard neuron is at the upper edge, the centroid of the easy ones at the grey line. Right: ERM's loss after adaptation divided by MAML's.", "name": "fig-falling-variance"}, "image": {"alt": "Two panels over the variance of the hard task from 1 down to 0.05. Left: ERM starts at 0 and falls towards the easy centroid. MAML at alpha 4 stays near 0 at first, jumps close to the hard neuron at a variance of about 0.75, stays there and falls back to 0 at the smallest variance; at alpha 2 and 1 it falls like ERM, a little less. Right: the ratio is between 4 and 6 at alpha 4, and stays near 1 at alpha 2 and 1."}} tags=["hide-input"]
def falling_variance():
    """Draw the solutions and the ratio of their losses over the hard task's variance."""
    figure, (left, right) = plt.subplots(1, 2)
    left.plot(HARDNESS, diagonal[0.0], **plotting.LINES["ERM"], label="ERM")
    left.axhline(-CORNERS[0, 0] / 3, color=plotting.REFERENCE, lw=0.8)
    for alpha, width in zip(RATES, (0.8, 1.6, 2.8), strict=True):
        label, look = rf"MAML, $\alpha={alpha:g}$", {**plotting.LINES["MAML"], "lw": width}
        left.plot(HARDNESS, diagonal[alpha], **look, label=label)
        pair = np.stack([followed[0.0], followed[alpha]], 1)
        erm_loss, maml_loss = losses("softplus", pair, squares, ladder, alpha)[1:].T
        right.plot(HARDNESS[1:], erm_loss / maml_loss, **look)
    left.set(xlabel=r"variance $\rho_H$ of the hard task", ylabel="$w_1=w_2$", ylim=(-0.6, 1.4))
    right.set(
        xlabel=r"variance $\rho_H$ of the hard task", ylabel="ERM's loss / MAML's", ylim=(0, 7)
    )
    for axis in (left, right):
        axis.invert_xaxis()
    figure.legend(loc="outside upper center", ncols=4)
    return figure


falling_variance()

# %% tags=["remove-input"]
pair = np.stack([followed[0.0], followed[4.0]], 1)
by_hardness = losses("softplus", pair, squares, ladder, 4.0)
gain = by_hardness[1:, 0] / by_hardness[1:, 1]
Markdown(
    f"At $\\alpha=4$ ERM's loss is up to **{gain.max():.0f}** times MAML's, at $\\rho_H={HARDNESS[1:][gain.argmax()]:g}$, and {gain[-1]:.1f} times at $\\rho_H=0.05$. "
    f"At $\\alpha=1$ MAML moves away from the hard task as it gets harder, to {diagonal[1.0][-1]:.2f} on the diagonal, as ERM does ({diagonal[0.0][-1]:.2f})."
)

# %% [markdown]
# MAML's solution does not move smoothly. Its objective has two hollows, one near the origin and one near the hard neuron, and its lowest point jumps from one to the other and back.
# A task that is impossibly hard no longer repays the attention, as in chapter [3](03_hardness). And with a short step the easy tasks are not solved by it, so there is no attention to spare.
#
# Below, the same landscapes to move. The first slider changes the variance of the hard task, the second the height of the slice that is drawn below the maps. Arrow keys work.

# %%
frame_line = np.linspace(-3, 3, 49)
frame_grid = np.stack(np.meshgrid(frame_line, frame_line, indexing="ij"), -1).reshape(1, -1, 2)
frame_grid = np.broadcast_to(frame_grid, (len(HARDNESS), *frame_grid.shape[1:]))
frame_maps = np.stack(
    [losses("softplus", frame_grid, squares, ladder, a).reshape(-1, 49, 49) for a in (0.0, 4.0)],
    axis=1,
)


def as_frame(k):
    """Return the k-th position of the slider."""
    marks = [(*n, "hard" if v < 1 else "easy") for n, v in zip(CORNERS, ladder[k], strict=True)]
    marks += [(*followed[0.0][k], "ERM"), (*followed[4.0][k], "MAML")]
    text = f"Loss after one step: {max(by_hardness[k, 0], 0):.4f} from ERM's start, {max(by_hardness[k, 1], 0):.4f} from MAML's."
    return viewer.Frame(f"variance of the hard task {HARDNESS[k]:.2f}", frame_maps[k], marks, text)


# %% tags=["hide-input"]
viewer.landscapes(
    "moving-landscapes",
    ("ERM objective", "MAML objective, full gradient, α = 4"),
    [as_frame(k) for k in range(len(HARDNESS))],
    window=3,
    span=(3e-3, 10),
    ticks=(0.01, 0.1, 1, 10),
    start=5,
)

# %% [markdown]
# Markers: triangle hard task, diamonds easy tasks, square ERM's solution, circle MAML's. Colours and slice are logarithmic; in the slice ERM's objective is dashed.
#
# ## Figure 6: Sigmoid, and where the tasks lie
#
# > **The paper, C.2.** "when the hard and easy task solutions have similar centroids […], then the ERM and MAML solutions are close and achieve similar post-adaptation loss (b). On the other hand, if the centroids
# > are spread and the hard tasks are close […], then the ERM and MAML solutions are far apart and MAML obtains significantly smaller post-adaptation loss (d)."
#
# Two tasks are hard and two easy, $m=80$, and $q=1$, that is $\alpha=16$. All neurons are shorter than the length at which "hard" would change its meaning. In (a, b) hard and easy pairs have the centroid 0. In (c, d) the hard ones lie close together, far from the easy
# ones.
#
# **The rules.** (a, b): the solutions are within $r/20$, and the losses $F_{80}$ within 5%. (c, d): the solutions are more than $r/5$ apart, and ERM's $F_{80}$ is at least $\tfrac43$ of MAML's.
#
# The $\tfrac43$ and the $r/20$ are those of Figure 4. The positions and the other two limits were settled after trials with two arrangements. So here too the table that follows counts more than the pictures.

# %%
SAME = np.array([[1.2, 0.0], [-1.2, 0.0], [0.0, 1.2], [0.0, -1.2]])
SPREAD = np.array([[1.2, 0.8], [0.8, 1.2], [-1.7, -0.3], [-0.3, -1.7]])
TWO_HARD = np.array([0.5, 0.5, 1.0, 1.0])
assert max(np.linalg.norm(neurons, axis=1).max() for neurons in (SAME, SPREAD)) < even
pairs_of = {"same centroid": SAME, "spread": SPREAD}
sigmoid = {
    name: study("sigmoid", neurons, TWO_HARD, 16.0, 80, draws=64)
    for name, neurons in pairs_of.items()
}


def far_and_better(neurons, found):
    """Return the distance of both solutions in units of r, and the ratio of their losses."""
    length = np.sqrt((neurons**2).sum(1).mean())
    gap = np.linalg.norm(found["places"][0] - found["places"][1]) / length
    return gap, found["sampled"][0] / found["sampled"][1]


outcomes = {name: far_and_better(pairs_of[name], found) for name, found in sigmoid.items()}

# %% tags=["remove-input"]
comparison(sigmoid)

# %%
close, apart = outcomes["same centroid"], outcomes["spread"]


def near_and_alike(cases):
    """Tell whether solutions are within r/20 and losses within 5 %."""
    return [bool(gap <= 1 / 20 and abs(ratio - 1) <= 0.05) for gap, ratio in cases]


def far_and_worse(cases):
    """Tell whether solutions are more than r/5 apart and ERM's loss is at least 4/3 of MAML's."""
    return [bool(gap > 1 / 5 and ratio >= 4 / 3) for gap, ratio in cases]


claims.judges(
    "text:similar-centroids",
    [close, apart],
    near_and_alike,
    "Two hard and two easy Sigmoid tasks about one centre, in an arrangement of ours.",
    verdict="attainable",
    rule="solutions within r/20, losses after adaptation within 5 %",
    scale="two arrangements, m = 80, one step",
    refuses={"spread centroids": [apart]},
)

# %%
claims.judges(
    "text:spread-centroids",
    [close, apart],
    far_and_worse,
    "Two packed hard Sigmoid tasks far from two easy ones, in an arrangement of ours.",
    verdict="attainable",
    rule="solutions more than r/5 apart, ERM's loss after adaptation at least 4/3 of MAML's",
    scale="two arrangements, m = 80, one step",
    refuses={"one common centroid": [close]},
)

# %%
claims.judges(
    "fig:6",
    [(close, apart)],
    lambda pairs: [near_and_alike([a])[0] and far_and_worse([b])[0] for a, b in pairs],
    "Both halves, in arrangements that were settled after trials.",
    verdict="attainable",
    rule="what the paper says of (a, b) and of (c, d)",
    scale="two arrangements, m = 80, one step",
    refuses={"the two exchanged": [(apart, close)]},
)


# %% mystnb={"figure": {"caption": "Figure 6 of the paper, redrawn for Sigmoid: ERM objective (left) and MAML objective with m = 80 and α = 16 (right) on one logarithmic scale. Above: hard tasks (triangles) and easy ones (diamonds) with one centroid. Below: hard tasks packed, far from the easy ones. Square: ERM's solution, circle: MAML's.", "name": "fig-sigmoid-landscapes"}, "image": {"classes": "as-drawn", "alt": "Four grey maps. Above, both objectives are lowest at the origin, where square and circle coincide amid a cross of four neurons. Below, two triangles lie at the upper right and two diamonds at the lower left; ERM's hollow and the square are a little below the centre, MAML's hollow and the circle a little above it, towards the triangles."}} tags=["hide-input"]
def sigmoid_landscapes():
    """Draw Figure 6."""
    drawn = [
        (maps("sigmoid", neurons, TWO_HARD, 16.0, 80), neurons, TWO_HARD, sigmoid[name]["places"])
        for name, neurons in pairs_of.items()
    ]
    return landscape_pairs(drawn, np.geomspace(0.002, 0.12, 18), [0.003, 0.01, 0.03, 0.1])


sigmoid_landscapes()

# %% [markdown]
# How much of this is our choice? Draw forty environments of each kind: hard neurons at $c\pm a$ and easy ones at $-c\pm b$, with directions and lengths of $a$, $b$ at random. $c=0$ makes the centroids the same. In the second kind $\lVert c\rVert=1.2$ and $\lVert a\rVert=0.2$.


# %%
def drawn_pairs(centre, hard_spread, count, rng):
    """Return environments (count, 4, 2) of two hard and two easy neurons about ± a centre."""
    angles = rng.uniform(0, 2 * np.pi, size=(3, count))
    c, a, b = np.stack([np.cos(angles), np.sin(angles)], -1)
    a, b = a * hard_spread[:, None], b * rng.uniform(0.3, 1.2, size=(count, 1))
    return np.stack([centre * c + a, centre * c - a, -centre * c + b, -centre * c - b], axis=1)


rng = np.random.default_rng(9)
families = {
    "same": drawn_pairs(0.0, rng.uniform(0.3, 1.2, 40), 40, rng),
    "spread": drawn_pairs(1.2, np.full(40, 0.2), 40, rng),
}
Q = np.array([1 / 4, 1 / 2, 1.0, 3 / 2])
swept_pairs = {kind: sweep("sigmoid", n, TWO_HARD, 16 * Q) for kind, n in families.items()}

# %% tags=["remove-input"]
rows = [
    "| $q$ | $\\alpha$ | same centroid: close, similar loss | spread: far apart | spread: significantly better | median ratio |",
    "| --- " * 6 + "|",
]
for k, q in enumerate(Q):
    cells = []
    for kind, neurons in families.items():
        erm, mamls, values = swept_pairs[kind]
        length = np.sqrt((neurons**2).sum(-1).mean(-1))
        gaps, ratios = (
            np.linalg.norm(mamls[k] - erm, axis=-1) / length,
            values[k, :, 0] / values[k, :, 1],
        )
        if kind == "same":
            cells.append(share((gaps <= 1 / 20) & (ratios <= 1.05)))
        else:
            cells += [share(gaps > 1 / 5), share(ratios >= 4 / 3), f"{np.median(ratios):.2f}"]
    rows.append(f"| {q:g} | {16 * q:g} | {' | '.join(cells)} |")
Markdown("\n".join(rows))

# %% [markdown]
# For a common centroid the environment is invariant under $w\mapsto-w$, which leaves only the origin in place. The argument of {prf:ref}`symmetric-environments` holds again, since each neuron is mapped to one that is equally hard. Where the statement fails, at the longest
# step, the origin is no longer MAML's minimum. The second statement again depends on the step.
#
# ## On samples, as in C.2
#
# > **The paper, C.2.** "We use $n=500$ for ERM and $n_1=20$ and $\tau=25$ for MAML in all cases. We use $n_2=m=250$ for Softplus and $n_2=m=80$ for Sigmoid."
#
# The paper's pictures are the empirical objectives [(3)](#eq-3) and [(4)](#eq-4). Its numbers do not satisfy the $\tau(n_1+n_2)=n$ of (4). They satisfy $\tau n_1=n$: the inner samples come on top.

# %%
N_ERM, N1, TAU = 500, 20, 25
claims.contradicts(
    "text:landscape-samples",
    {
        "$n$ of C.2": N_ERM,
        r"$\tau(n_1+n_2)$ of C.2, Softplus": TAU * (N1 + 250),
        r"$\tau(n_1+n_2)$ of C.2, Sigmoid": TAU * (N1 + 80),
    },
    r"§2 has $\tau(n_1+n_2)=n$; the numbers of C.2 have $\tau n_1=n$.",
    agrees=TAU * N1,
)


# %%
def empirical_pair(neurons, variances, alpha, n2, seed):
    """Return the empirical objectives of ERM and MAML, functions of points (P, 2), on samples as in C.2."""
    tasks, rng = environment(neurons, variances), np.random.default_rng(seed)
    inputs, outer, inner = (
        networks.sample_inputs(tasks, shape, rng) for shape in ((N_ERM,), (TAU, N1), (TAU, n2))
    )
    aims = tasks.W_stars
    return (
        lambda p: networks.empirical_risk("softplus", aims, inputs, p[..., None]),
        lambda p: networks.empirical_post_adaptation_risk(
            "softplus", aims, inner, outer, p[..., None], alpha
        ),
    )


# %% [markdown]
# Do they estimate what we have drawn? At three points we draw sixty data sets, and subtract the population loss, or an independent estimate of $F_{250}$.

# %%
three = np.array([[0.0, 0.0], [1.0, 1.0], [-1.0, 0.5]])
data_sets = [empirical_pair(CORNERS, ONE_HARD, ALPHA, 250, 100 + seed) for seed in range(60)]
estimates = np.array([[f(three) for f in pair] for pair in data_sets])
tasks = environment(CORNERS, ONE_HARD)
exact = networks.post_adaptation_risk("softplus", tasks, three[..., None], 0.0)
again = np.array(
    [
        sampled_landscape("softplus", CORNERS, ONE_HARD, ALPHA, 250, 25, 1000 + k)(three)[0]
        for k in range(60)
    ]
)
full = networks.post_adaptation_risk("softplus", tasks, three[..., None], ALPHA)
claims.samples(
    "text:landscape-samples",
    np.concatenate([estimates[:, 0] - exact, estimates[:, 1] - again], axis=1),
    np.zeros(6),
    "With the sample sizes of C.2, (3) estimates the mean population loss and (4) estimates $F_m$.",
    refuses={"the full gradient in place of $m=250$": [0.0] * 3 + [*(full - again.mean(axis=0))]},
)

# %%
drawn_samples = empirical_pair(CORNERS, ONE_HARD, ALPHA, 250, seed=3)
empirical_maps = [f(points[0]).reshape(41, 41) for f in drawn_samples]
trained = np.array(
    [
        [lowest(lambda p, f=f: f(p[0])[None], half=4, points=25, zooms=3, near=7)[0] for f in pair]
        for pair in (empirical_pair(CORNERS, ONE_HARD, ALPHA, 250, seed) for seed in range(3, 8))
    ]
)


# %% mystnb={"figure": {"caption": "The environment with one hard task on samples, as C.2 has it: empirical objectives (above) and population objectives (below), of ERM (left) and of MAML with m = 250 (right). Square and circle are the lowest points of the objectives of that row.", "name": "fig-empirical-landscapes"}, "image": {"classes": "as-drawn", "alt": "Four grey maps that are hard to tell apart by rows. Left, ERM's rings with the square a little to the lower left of the centre. Right, MAML's hollow near the triangle at the upper right, a little more ragged in the empirical map above."}} tags=["hide-input"]
def empirical_landscapes():
    """Draw empirical above population landscapes."""
    drawn = [
        (empirical_maps, CORNERS, ONE_HARD, trained[0]),
        (softplus_maps[1], CORNERS, ONE_HARD, one_hard["places"]),
    ]
    return landscape_pairs(drawn, np.geomspace(0.012, 5, 18), [0.02, 0.1, 0.5, 2])


empirical_landscapes()

# %% tags=["remove-input"]
off = np.linalg.norm(trained - one_hard["places"][:2], axis=-1)
test = sampled_landscape("softplus", CORNERS, ONE_HARD, ALPHA, 250, 128, seed=2, order=None)
held = [as_the_paper_says(CORNERS, pair, test(pair)[0]) for pair in trained]
Markdown(
    f"Over {len(trained)} draws of the samples the lowest points lie {off[:, 0].mean():.2f} (ERM) and {off[:, 1].mean():.2f} (MAML) from those of the population. MAML's objective is flat about its minimum, and on these few samples its lowest point strays by up to {off.max():.2f}. "
    f"The paper's statements survive that: MAML's start is closer to the hard neuron in {sum(flags[0] for flags in held)} of {len(held)} draws, ERM's closer to the easy centroid in {sum(flags[1] for flags in held)}, and ERM's loss $F_{{250}}$ at least $\\tfrac43$ of MAML's in {sum(flags[2] for flags in held)}."
)

# %% [markdown]
# ## Local minima
#
# > **The paper, §4.** "we conjecture that our insights also apply for globally non-convex landscapes in the sense that MAML finds a solution closer to local minima of hard tasks than those of easy tasks"
#
# A task with one neuron has one minimum, its neuron, as we have seen. An *objective* can have several: on the wide square above ERM has four. So the conjecture reads here: MAML's solution has the smaller mean distance to the hard neurons. **The rule:** in at least nine of ten
# environments, at $q=1$, for both activations. We draw sixty environments with two hard and two easy neurons, of lengths up to the Sigmoid limit above.

# %%
rng = np.random.default_rng(10)
scattered = rng.normal(size=(60, 4, 2))
scattered *= rng.uniform(0.5, 1.9, size=(60, 4, 1)) / np.linalg.norm(
    scattered, axis=-1, keepdims=True
)
UNITS = {"softplus": 4.0, "sigmoid": 16.0}


def closer_to_hard(places):
    """Tell for each environment whether the place is closer to its hard neurons, in the mean."""
    distances = np.linalg.norm(scattered - places[:, None], axis=-1)
    return distances[:, :2].mean(axis=1) < distances[:, 2:].mean(axis=1)


spread_variances = np.broadcast_to(TWO_HARD, (60, 4))
nearer = {
    name: [
        closer_to_hard(solutions(name, scattered, spread_variances, unit * q))
        for q in (0.0, 0.25, 0.5, 1.0)
    ]
    for name, unit in UNITS.items()
}


def leans(places, from_places):
    """Count in how many environments the first place is closer to the hard neurons than the second, in the mean."""
    to_hard = [
        np.linalg.norm(scattered[:, :2] - p[:, None], axis=-1).mean(axis=1)
        for p in (places, from_places)
    ]
    return share(to_hard[0] < to_hard[1])


leaning = {
    name: leans(*(solutions(name, scattered, spread_variances, a) for a in (unit, 0.0)))
    for name, unit in UNITS.items()
}

# %% tags=["remove-input"]
rows = [
    "| activation | ERM | MAML, $q=\\frac14$ | MAML, $q=\\frac12$ | MAML, $q=1$ |",
    "| --- " * 5 + "|",
]
rows += [
    f"| {name} | " + " | ".join(share(flags) for flags in found) + " |"
    for name, found in nearer.items()
]
Markdown("\n".join(rows))

# %%
claims.judges(
    "text:nonconvex-landscapes",
    [np.mean(found[-1]) for found in nearer.values()],
    lambda parts: [part >= 0.9 for part in parts],
    "Sixty random environments of two hard and two easy neurons, for both activations.",
    verdict="not reproduced",
    rule="MAML's solution is closer to the hard neurons in nine environments of ten, at q = 1",
    scale="60 environments, full gradient",
    control={"closer in all": [1.0] * 2},
)

# %% tags=["remove-input"]
Markdown(
    f"What is more common is to *lean*: at $q=1$ MAML's solution is closer to the hard neurons than ERM's in {leaning['softplus']} environments (Softplus) and {leaning['sigmoid']} (Sigmoid)."
)

# %% [markdown]
# At short steps it is little better than a coin toss. The smallest counterexample has two tasks, a hard one at $e_1$ and an easy one at $-e_1$, and $\alpha=1$:

# %%
two = environment([[1.0, 0.0], [-1.0, 0.0]], [0.5, 1.0])
start = networks.maml_solution("softplus", two, 1.0, np.zeros((2, 1)))
bare = networks.erm_solution("softplus", two, np.zeros((2, 1)))
claims.decides(
    "text:nonconvex-landscapes",
    [start[0, 0] > bare[0, 0], start[0, 0] > 0],
    [True, False],
    f"Two Softplus tasks, $\\alpha=1$: MAML at {start[0, 0]:.2f} leans to the hard task from ERM at {bare[0, 0]:.2f}, and is not closer to it.",
    shows=r"\text{closer to the hard than to the easy minima its solution is only if the step is long enough}",
    refuses={"neither": [False, False]},
    printed=claims.prints(
        "text:nonconvex-landscapes",
        [True, True],
        r"\text{MAML finds a solution closer to local minima of hard tasks than those of easy tasks}",
    ),
)

# %% [markdown]
# For short neurons this is linear regression with $q=\frac14$: the weights are $\frac12(1-\frac18)^2<(1-\frac14)^2$. What can be expected of MAML in general is to lean, not to arrive.
#
# :::{admonition} Where we differ from the paper
# :class: attention
# That MAML puts weight on hard tasks is a tendency, and its size is set by the step. With a step within Theorem 1's range the advantage of MAML is small in most of our environments. With $q=1$, where one step solves the easy tasks, the paper's pictures
# come out. "Closer to hard than to easy tasks" is false in general.
# :::
#
# ## What we have seen
#
# - Figures 4, 5 and 6 can be drawn again so that every statement of the paper about them holds; the step must be about as long as $\alpha=1/(\sigma'(0)^2\rho_E)$.
# - Equally hard tasks have identical solutions if the environment has a symmetry with one fixed point that is the minimiser; not otherwise.
# - Variance makes Softplus tasks easy. Long Sigmoid neurons it makes hard.
# - Short neurons are linear regression with $\sigma'(0)^2\Sigma$.
# - Two statements about many tasks and non-convex landscapes, put as rules, fail in more than one case of ten.
#
# ## Exercises
#
# **1.** Three equally hard Softplus tasks with neurons $b$, $Gb$, $G^2b$, where $G$ turns by 120°. Where are the solutions of ERM and MAML, if $b$ is short?
#
# :::{dropdown} Solution
# $G$ leaves only the origin in place and permutes the neurons, so the origin is stationary for both. For short neurons both objectives are nearly quadratic, with one minimum: both solutions are the origin.
# :::

# %% tags=["hide-cell"]
turn = np.array([[-0.5, -np.sqrt(0.75)], [np.sqrt(0.75), -0.5]])
triangle = np.stack([np.linalg.matrix_power(turn, k) @ [0.8, 0.0] for k in range(3)])
three = environment(triangle, np.ones(3))
both = [
    networks.erm_solution("softplus", three, np.full((2, 1), 0.3)),
    networks.maml_solution("softplus", three, 2.0, np.full((2, 1), 0.3)),
]
np.testing.assert_allclose(both, 0.0, atol=1e-8)

# %% [markdown]
# **2.** In which environments of Softplus tasks is the origin a stationary point of the ERM objective?
#
# :::{dropdown} Solution
# Exactly if $E_i[\rho_iw_i^*]=0$: the gradient of a task at the origin is $-\frac14\rho_iw_i^*$.
# :::

# %% tags=["hide-cell"]
balanced = environment([[2.0, 0.0], [-1.0, 0.0]], [0.5, 1.0])
slope = networks.post_adaptation_gradient("softplus", balanced, np.zeros((2, 1)), 0.0)
assert np.abs(slope).max() < 1e-12

# %% [markdown]
# **3.** One step from the origin with $\alpha=4/\rho_E$ solves every easy Softplus task. Why does MAML not put its start at the origin in the environment with one hard task?
#
# :::{dropdown} Solution
# Near the origin the easy tasks cost nothing to first order, so moving a little towards the hard neuron costs $O(\lVert w\rVert^2)$ and gains $O(\lVert w\rVert)$ on the hard task.
# :::

# %% tags=["hide-cell"]
setting = environment(CORNERS, ONE_HARD)
downhill = -networks.post_adaptation_gradient("softplus", setting, np.zeros((2, 1)), 4.0)
assert (downhill @ np.ones(1) > 0.01).all()

# %% [markdown]
# **Read next.** Chapters on images follow. The [ledger](claims) lists what became of every statement.
