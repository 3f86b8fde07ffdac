# %% [markdown]
# # The explorer
#
# Hard tasks in one cloud, easy tasks in another: is it worth training for the step? Move what describes the clouds, the data and the step, and see where both learners start, what is left after one step, and what limits the gain. It is the setting of [chapter 4](04_geography) and [chapter 11](11_when_to_use_maml). Its tasks are isotropic: what MAML gains here, [ERM with weights on its tasks](#when-weights) gains too, without second derivatives.
#
# <noscript>The explorer needs JavaScript. Without it, here is its first state, and a table for others.</noscript>
# <div id="explorer"></div>

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

import json
import math

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from IPython.display import HTML, Markdown
from matplotlib.colors import to_hex

from paperlib import linear, plotting
from paperlib.environments import TaskEnvironment

plotting.use_book_style()

# %% mystnb={"code_prompt_show": "The settings to begin with: the README's, and those of the paper's Figures 1 to 3"} tags=["hide-cell"]
COMMON = {"p_hard": 0.5, "noise_std": 0}
USUAL = {"rho_hard": 0.1, "rho_easy": 0.9, "R": 3.0, "r_hard": 1.0, "r_easy": 1.0}
USUAL |= {"dim": 10, "m": 500, "n2": 500, "alpha": 1 / 0.9, **COMMON}
TWO_TASKS = {"rho_hard": 0.2, "rho_easy": 1.0, "R": 2.0, "r_hard": 0, "r_easy": 0}
TWO_TASKS |= {"dim": 10, "alpha": 1.0, "p_hard": 0.5, "noise_std": 1}
NEAR, FAR = {"R": 0.993, "r_hard": 1.0}, {"R": 3.44, "r_hard": 1.0}
PRESETS = {
    "the first state": USUAL,
    "Figure 1 (a), equal hardness": USUAL | FAR | {"rho_hard": 0.9},
    "Figure 1 (b), near": USUAL | NEAR,
    "Figure 1 (c), scattered": USUAL | FAR | {"r_hard": 12.0},
    "Figure 1 (d), far and packed": USUAL | FAR,
    "Figure 2, two tasks, m = 2000": TWO_TASKS | {"m": 2000, "n2": 2000},
    "Figure 2, two tasks, m = 500": TWO_TASKS | {"m": 500, "n2": 500},
    "Figure 3 (a), scattered hard tasks": USUAL | {"R": 1.0, "r_hard": 2.0, "r_easy": 0.1},
    "Figure 3 (c), packed hard tasks": USUAL | {"R": 1.0, "r_hard": 0.1, "r_easy": 2.0},
    "similar tasks, each at its best step": USUAL
    | {"rho_hard": 0.45, "r_hard": 0.1, "r_easy": 0.1, "alpha": None},
    "rehearsing the full gradient": USUAL | {"m": 100, "n2": math.inf},
}


def by_library(rho_hard, rho_easy, R, r_hard, r_easy, dim, m, n2, alpha, p_hard, noise_std):
    """Return the environment, both starts and their risks above the floor, from matrices."""
    env = TaskEnvironment.hard_easy(
        dim, rho_hard, rho_easy, R, r_hard, r_easy, p_hard=p_hard, noise_std=noise_std
    )
    starts = linear.erm_solution(env), linear.maml_solution(env, alpha, n2)
    return env, starts, [linear.risk_above_floor(env, w, alpha, m) for w in starts]


def gain(ratio, distance):
    """Return the gain of the first state with another hardness ratio and distance."""
    erm, maml = by_library(**USUAL | {"rho_hard": 0.9 * ratio, "R": distance})[2]
    return erm / maml


# %% mystnb={"code_prompt_show": "Draw the first state with the library", "figure": {"caption": "The first state: hard inputs have variance 0.1, easy ones 0.9; the centres are 3 apart in each of ten coordinates, the optima spread with variance 1, the step is taken on 500 samples. Above: optima in two coordinates, and both starts; risk above the floor, MAML's being what the best start leaves. Below: the gain over the hardness ratio; and the phase diagram, the gain over distance, in units of the spread, and hardness ratio. The cross is this setting. **Notice** that more distance leads to a larger gain, more hardness only up to a point.", "name": "fig-explorer"}, "image": {"classes": "as-drawn", "alt": "Four panels. Two clouds that touch; ERM's square lies in the easy one, MAML's circle in the hard one, on the side of the easy one. Two bars, 1.69 for ERM and 0.60 for MAML. A curve that rises steeply from ratio 0.01 to its top near 0.2 and falls back to 1; a cross on it at 0.11 and 2.8. A map of tongues that open to the right, darker for larger gains, from 1.1 to 3; a cross at distance 9 and ratio 0.11, between the tongues of 2 and 3."}} tags=["hide-input"]
def standing_still():
    """Draw clouds, risks, the gain of the first state, and the phase diagram."""
    figure, ((clouds, bars), (curve, phases)) = plt.subplots(2, 2, figsize=(8, 6.6))
    env, starts, risks = by_library(**USUAL)
    draw = np.random.default_rng(7)
    for kind, mean, spread in zip(("hard", "easy"), env.means, env.spreads, strict=True):
        optima = draw.multivariate_normal(mean, spread, 80)
        clouds.plot(*optima[:, :2].T, **plotting.MARKS[kind], ms=3, label=kind)
    for name, start in zip(("ERM", "MAML"), starts, strict=True):
        look = plotting.MARKS[name] | {"ms": 10, "mec": "white"}
        clouds.plot(*start[:2], **look, label=name)
    clouds.set(aspect="equal", xlabel="first coordinate", ylabel="second coordinate")
    clouds.legend()
    for place, name in enumerate(("ERM", "MAML")):
        bars.barh(-place, risks[place], color=plotting.MARKS[name]["color"])
    bars.set(yticks=[0, -1], yticklabels=["ERM", "MAML"], xlabel="risk above the floor")
    ratios, far, levels = np.linspace(0.01, 1, 61), np.geomspace(0.1, 1000, 33), [1.1, 1.5, 2, 3]
    gains = [gain(u, USUAL["R"]) for u in ratios]
    curve.plot(ratios, gains, **plotting.LINES[0])
    curve.plot(1 / 9, risks[0] / risks[1], **plotting.MARKS[0], ms=8)
    curve.set(xlabel=r"hardness ratio $u=\rho_H/\rho_E$", ylabel="gain", ylim=(0, None))
    heights = [[gain(u, math.sqrt(x)) for x in far] for u in ratios[::2]]
    phases.contourf(far, ratios[::2], heights, [1, *levels, 9], cmap=plotting.GREYS)
    lines = phases.contour(far, ratios[::2], heights, levels, colors="0.3", linewidths=0.7)
    phases.clabel(lines, fmt="%g")
    phases.plot(USUAL["R"] ** 2, 1 / 9, **plotting.MARKS[0], mec="white", ms=8)
    phases.set(xscale="log", xlabel=r"distance $R^2/r_H$", ylabel=r"hardness ratio $u$")
    return figure


standing_still()

# %% [markdown]
# ## How to read it
#
# A gain is ERM's risk above the floor, over MAML's. The floor is what label noise costs. On the map each contour bears its gain; click a place, or drag the point. Where the map is orange, ERM's colour, MAML loses. The grey field over the curve of the gain lies beyond the *wall of samples*, the gain of two points at the same step and with the same numbers of samples.
#
# The letters: $\rho_H$ and $\rho_E$ are the variances of the inputs of hard and easy tasks, $u=\rho_H/\rho_E$ their ratio, $R$ the distance of the centres of their optima in each coordinate, $r_H$ and $r_E$ the spreads of their optima, $p$ the share of hard tasks; $d$ is the dimension, $m$ and $n_2$ are the samples of the step at test and in training, $\alpha$ is its length, and $\sigma$ the standard deviation of the label noise.
#
# Three things to try. Move the hard tasks' inputs up, to the easy ones' variance: the gain falls to 1. Pull the clouds apart: the gain stops at the wall. Then take the setting *similar tasks, each at its best step*, and put the step back to 1/*ρ*<sub>E</sub>: the gain rises from 2.25 to 2.98, only because ERM's step is then too short.
#
# The settings with a given step, those of the paper's figures among them, by the library:

# %% mystnb={"code_prompt_show": "Tabulate"} tags=["hide-input"]
rows = ["| setting | risk of ERM | risk of MAML | gain |", "| --- | ---: | ---: | ---: |"]
for name, setting in PRESETS.items():
    if setting["alpha"] is not None:
        erm, maml = by_library(**setting)[2]
        rows.append(f"| {name} | {erm:.4f} | {maml:.4f} | {erm / maml:.2f} |")
Markdown("\n".join(rows))

# %% [markdown]
# ## Where its formulas come from
#
# No formula of the explorer is typed in JavaScript. Here they are derived, as in chapters 3, 4 and 11, and then printed as a script. Names are those of the library. First, what a step on some samples leaves of a task with covariance *ρI*, equation (5), and how far a start with the weight *θ* on the hard centre is from the optima:

# %%
NAMES = "rho_hard rho_easy R r_hard r_easy dim m n2 alpha p_hard noise_std"
symbols = dict(zip(NAMES.split(), sp.symbols(NAMES, positive=True), strict=True))
rho_hard, rho_easy, R, r_hard, r_easy, dim, m, n2, alpha, p_hard, noise_std = symbols.values()
theta, c_hard, c_easy = sp.symbols("theta c_hard c_easy", positive=True)


def left(rho, samples):
    return rho * (1 - alpha * rho) ** 2 + alpha**2 / samples * (dim * rho**2 * rho + rho**3)


far_hard, far_easy = dim * ((1 - theta) ** 2 * R**2 + r_hard), dim * (theta**2 * R**2 + r_easy)

# %% [markdown]
# If a hard task costs *c*<sub>hard</sub>/2 times that, and an easy one *c*<sub>easy</sub>/2 times, the best weight is


# %%
def show(expression):
    return HTML(f'<math display="block">{sp.mathml(expression, printer="presentation")}</math>')


loss = (p_hard * c_hard * far_hard + (1 - p_hard) * c_easy * far_easy) / 2
(best,) = sp.solve(sp.diff(loss, theta), theta)
show(sp.Eq(theta, best))

# %% [markdown]
# ERM weighs by what tasks cost before the step, MAML by what they cost after a step on *n*<sub>2</sub> samples; both are judged after a step on *m*. The excess is half the curvature times the squared distance from the best weight.

# %%
erm = best.subs({c_hard: rho_hard, c_easy: rho_easy})
maml, least = (best.subs({c_hard: left(rho_hard, n), c_easy: left(rho_easy, n)}) for n in (n2, m))
risk = loss.subs({c_hard: left(rho_hard, m), c_easy: left(rho_easy, m)})
excess = sp.diff(risk, theta, 2) / 2 * (theta - least) ** 2
mean_square = p_hard * dim * rho_hard**2 + (1 - p_hard) * dim * rho_easy**2
floor = noise_std**2 / 2 * (1 + alpha**2 / m * mean_square)

# %% [markdown]
# ERM's best step is the lowest point of a parabola. MAML's has no formula, as its start moves with the step: the explorer searches for the least loss, floor and all, and follows every valley down.

# %%
parabola = risk.subs(theta, erm) + floor
slope, bend = (sp.diff(parabola, alpha, k).subs(alpha, 0) for k in (1, 2))
formulas = {
    "risk_erm": risk.subs(theta, erm),
    "risk_maml": risk.subs(theta, maml),
    "excess_erm": excess.subs(theta, erm),
    "excess_maml": excess.subs(theta, maml),
    "weight_erm": erm,
    "weight_maml": maml,
    "floor": floor,
    "step_erm": -slope / bend,
    "alpha": alpha,
}

# %% mystnb={"code_prompt_show": "Compare them with the library in 200 random environments"} tags=["hide-input"]
rng = np.random.default_rng(26)
evaluate = sp.lambdify(list(symbols.values()), list(formulas.values()))
for _ in range(200):
    easy = rng.uniform(0.1, 2)
    places = [easy * rng.uniform(0.01, 1), easy, *rng.exponential(3, size=3)]
    sizes = [int(rng.integers(1, 9)), *map(int, rng.integers(2, 3000, size=2))]
    setting = [*places, *sizes, rng.uniform(0, 3), rng.uniform(0.05, 0.95), rng.exponential()]
    env, starts, risks = by_library(**dict(zip(symbols, setting, strict=True)))
    rate, count = setting[8], setting[6]
    excesses = [linear.excess_risk(env, w, rate, count) for w in starts]
    weights = [w[0] / setting[2] for w in starts]
    others = linear.noise_floor(env, rate, count), linear.best_step(env, starts[0], count), rate
    library = [*risks, *excesses, *weights, *others]
    np.testing.assert_allclose(evaluate(*setting), library, rtol=1e-9, atol=1e-12)

# %% [markdown]
# What they share is taken out by `sympy.cse`, and `sympy.jscode` prints them. The next cell's output is the script that this page runs.


# %%
def javascript(expressions):
    shared, results = sp.cse(list(expressions.values()))
    lines = [f"const {sp.jscode(value, assign_to=name)}" for name, value in shared]
    fields = ", ".join(
        f"{name}: {sp.jscode(value)}" for name, value in zip(expressions, results, strict=True)
    )
    return "({{{}}}) => {{\n{}\nreturn {{{}}};\n}}".format(
        ", ".join(symbols), "\n".join(lines), fields
    )


# %% mystnb={"code_prompt_show": "Write the script"} tags=["hide-input"]
draws = np.random.default_rng(7).standard_normal((2, 80, 2)).round(2) + 0.0
data = {
    "presets": PRESETS,
    "colours": {name: getattr(plotting, name) for name in ("ERM", "MAML", "HARD", "EASY")}
    | {"greys": [to_hex(plotting.GREYS(shade)) for shade in (0.0, 0.33, 0.67, 1.0)]},
    "clouds": dict(zip(("hard", "easy"), draws.tolist(), strict=True)),
}
script = f"""<script>
window.explorer = {json.dumps(data)};
window.explorer.formulas = {javascript(formulas)};
window.explorer.loss_maml = {javascript({"loss": formulas["risk_maml"] + floor})};
</script>"""
HTML(script)

# %% [markdown]
# In the browser `explorer.model({rho_hard: 0.1, rho_easy: 0.9, R: 3, r_hard: 1, r_easy: 1, dim: 10, m: 500, n2: 500, alpha: 1 / 0.9, p_hard: 0.5, noise_std: 0})` gives the same numbers. Without `n2` MAML rehearses the step, `n2 = m`; without `alpha`, or with `null`, each learner takes its own best step, the one with the least loss. Its tests compare 1,000 settings with the library, and the curve as it is drawn.
#
# **Read next.** [Chapter 11](11_when_to_use_maml) derives the border, and ends with seven sentences to act on.
