# %% [markdown]
# # FS-CIFAR100's tasks, line by line
#
# What §5 and C.4 of the paper say of the tasks of Tables 2 and 4: which images they hold, where the text says two things, and what makes them hard. [Chapter 10](10_cifar) tells the story; the tables and the sentences that rest on them are on [a page of their own](32_cifar_tables). Each section can be read alone, and no network is trained here.
#
# | item of the paper | what it says | what we found |
# | :-- | :-- | :-- |
# | [§5, the split](#cifar-photographs) | 80 classes for training, 20 for the test | every hard test task has the same twenty |
# | [C.4 against §5](#cifar-twice) | shots, images of ERM, length, head, steps | each twice, or not at all |
# | [§5, hardness](#cifar-hardness) | larger $N$ and smaller $K$ are harder | larger $N$ is; smaller $K$ is not |

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
import torch
import yaml
from IPython.display import Markdown

# %% mystnb={"code_prompt_show": "Set-up, what is the book's own"} tags=["hide-cell"]
from paperlib import claims, plotting
from paperlib.fewshot import (
    CIFAR_COLOURS,
    Network,
    Objective,
    TaskBatch,
    cifar_tasks,
    configure,
    datasets,
    load_cifar100,
    meta_gradient,
)
from paperlib.runtime import book

plotting.use_book_style()

# %% mystnb={"code_prompt_show": "Download the photographs"} tags=["hide-cell", "nbval-ignore-output"]
# not compared: the progress bar of the first download
_ = datasets.fetch("cifar100")  # downloads once; a bar shows how far it is

# %% [markdown]
# (cifar-photographs)=
# ## §5: photographs as tasks
#
# CIFAR-100 has 600 photographs of 32 × 32 pixels of each of 100 classes. The classes come in 20 superclasses of five. A task is a choice of $N$ classes. The learner sees $K$ images of each, adapts, and is asked about
# ten others of each. An **easy** task has $(N,K)=(2,50)$, a **hard** one $(20,5)$: both give 100 images to adapt to.
#
# Twenty classes are kept for testing. Training sees 450 images of each of the other 80; their last 150 images are for the test on *training classes*.

# %% mystnb={"code_prompt_show": "The classes and the images of training and of the test"} tags=["hide-cell"]
cifar = load_cifar100()
images = torch.from_numpy(cifar.images)


def largest(phase, ways, shots, **given):
    """Return the classes and the images of one task of this size, with ten questions a class, as sets."""
    kind = cifar_tasks(cifar, phase, hard=(ways, shots), p_hard=1.0, **given)
    task = kind.batch([0], 0, 1)[0]
    numbers = np.concatenate([task.support.ravel(), task.query.ravel()])
    return set(task.classes.ravel().tolist()), set(numbers.tolist())


in_training, trained_on = largest("train", 80, 440)
same_classes, held_out = largest("train", 80, 140, held_out=True)
testing, tested_on = largest("test", 20, 590)

# %% mystnb={"code_prompt_show": "80 and 20 classes, and no image in common"} tags=["hide-cell"]
assert [len(in_training), len(testing), len(in_training & testing)] == [80, 20, 0]
assert [len(trained_on), len(held_out), len(tested_on)] == [80 * 450, 80 * 150, 20 * 600]
assert same_classes == in_training and not trained_on & held_out

# %% [markdown]
# Whole superclasses are kept for testing: aquatic mammals, insects, medium mammals, people. These are the test classes of Oreshkin et al. (2018), who made FS-CIFAR100. They split 60/20/20, and keep twenty more classes for
# validation. The paper says 80/20 and names no classes. We take its 80 to be their training and validation classes together; `--setting 60-20-20` trains on their 60.

# %% mystnb={"code_prompt_show": "60 of the 80"} tags=["hide-cell"]
smaller, _ = largest("train", 60, 440, split="60-20-20")
assert len(smaller) == 60 and smaller < in_training

# %% [markdown]
# Twenty test classes and 20-way tasks: *every hard test task has the same twenty classes*. Only images and numbering change.
#
# And in training a task is hard with probability $p$.

# %% mystnb={"code_prompt_show": "One set of classes at the test; the share of hard tasks in training"} tags=["hide-cell"]
hard_test = cifar_tasks(cifar, "test", p_hard=1.0).batch([0], 0, 50)[0]
hard_train = cifar_tasks(cifar, "train", p_hard=1.0).batch([0], 0, 50)[0]
sets = [len({tuple(sorted(row)) for row in part.classes}) for part in (hard_test, hard_train)]
assert sets == [1, 50]

PS = 0.99, 0.5, 0.01


def flags(p):
    """Return of 400 training tasks which are hard."""
    return np.concatenate(
        [part.hard for part in cifar_tasks(cifar, "train", p_hard=p).batch([0], 0, 400)]
    )


counts = [int(flags(p).sum()) for p in PS]
assert all(
    abs(count - 400 * p) < 4 * np.sqrt(400 * p * (1 - p))
    for count, p in zip(counts, PS, strict=True)
)

# %% [markdown]
# (cifar-twice)=
# ## C.4 against §5: where the text says two things
#
# **Shots.** §5 prints $(2,10)$ and $(20,1)$. Appendix C.4 calls that a typo, for $(2,50)$ and $(20,5)$. Another sentence of C.4 supports that: MAML has 10 target images of a class, and ERM 15, for it trains on
# the images of adaptation too (a target image is one that the outer loss is measured on). Then $K+10=15$ for hard tasks.

# %% mystnb={"code_prompt_show": "Five images or one"} tags=["hide-input"]
targets, for_erm = 10, 15  # of C.4
as_run = configure("cifar", "maml", "paper")
assert (as_run.easy, as_run.hard, as_run.queries) == ((2, 50), (20, 5), targets)
claims.contradicts(
    "text:cifar-shots",
    {
        "§5": ("the hard tasks have $(N,K)=(20,1)$", 1),
        "C.4": ("$(20,5)$ for hard tasks", for_erm - targets),
    },
    "§5 prints one image of a class of a hard task; C.4 says that it is a typo for five.",
    agrees=5,
)

# %% [markdown]
# For easy tasks the 15 fit neither: "inner loop samples used instead" would make it 60. We keep the 15, so that ERM sees 30 images in an easy task where MAML sees 120.

# %% mystnb={"code_prompt_show": "Count the images of an easy task"} tags=["hide-cell"]
drawn_by = {
    name: cifar_tasks(cifar, "train", easy=c.easy, hard=c.hard, p_hard=0.5).batch([0], 0, 8)
    for name in ("maml", "erm")
    for c in [configure("cifar", name, "paper")]
}
easy_task = {
    name: parts[0].support[0].size + parts[0].query[0].size for name, parts in drawn_by.items()
}
assert easy_task == {"maml": 120, "erm": 30}

# %% mystnb={"code_prompt_show": "Count the images of a class"} tags=["hide-input"]
shown = {  # images of a class that each method sees in training, easy and hard
    name: [
        part.support.shape[2] + part.query.shape[2]
        for part in sorted(parts, key=lambda part: part.hard.all())
    ]
    for name, parts in drawn_by.items()
}
claims.checks(
    "text:cifar-outer-samples",
    [shown["erm"][1], shown["maml"][1], shown["maml"][0]],
    [for_erm, 5 + targets, 50 + targets],
    "Images of a class: ERM's 15, and MAML's in a hard task and in an easy one.",
    shows="15=5+10",
    rtol=1e-9,
    refuses={"the targets alone": [targets] * 3},
)

# %% mystnb={"code_prompt_show": "What ERM should have in an easy task"} tags=["hide-input"]
claims.contradicts(
    "text:cifar-outer-samples",
    {
        "C.4": ("15 samples per class per task for ERM", for_erm),
        "§5": ("the inner loop samples used instead for the outer loop update", shown["maml"][0]),
    },
    "Images of a class that ERM has in an easy task, of 50 to adapt to.",
    agrees=for_erm,
)

# %% [markdown]
# **Length.** C.4 says eight tasks in each of 20,000 iterations, in the words of C.3 on Omniglot; and then 10,000 iterations of two tasks, in the sentence that speaks of $p$. In tasks the two differ by a factor of eight. We follow
# the second, since the first looks like a copy.

# %% mystnb={"code_prompt_show": "Count the tasks of a training"} tags=["hide-input"]
omniglot_length, length = (configure(name, "maml", "paper") for name in ("omniglot", "cifar"))
drawn = [one.iterations * one.tasks for one in (omniglot_length, length)]  # the first follows C.3
claims.contradicts(
    "text:cifar-iterations-20000 text:cifar-iterations-10000",
    {
        "C.4, first": (
            "Eight tasks were drawn on each iteration for a total of 20,000",
            8 * 20_000,
        ),
        "C.4, second": ("10,000 iterations with a task batch size of 2", 2 * 10_000),
    },
    "The number of training tasks in two sentences of C.4.",
    agrees=drawn[1],
)

# %% mystnb={"code_prompt_show": "The two numbers"} tags=["hide-cell"]
assert drawn == [8 * 20_000, 2 * 10_000]

# %% [markdown]
# (def-cifar-network)=
# **The head.** The network is that of Omniglot but for its first convolution, which has three channels, and its last layer. How can one network name two classes and twenty? The text does not say. Ours has twenty outputs, and an easy task uses the first two; the other eighteen learn from hard tasks alone. A head for each kind would be the alternative. But then two starts would be
# learned, at the last layer, and the question of the paper is what *one* start for both kinds is good for.

# %% mystnb={"code_prompt_show": "The layers that differ; an easy task leaves eighteen outputs alone"} tags=["hide-cell"]
omniglot_network, network = Network(), Network(channels=3, side=32, ways=20)
ours_has, theirs_has = network.shapes(), omniglot_network.shapes()
differs = [name for name in ours_has if ours_has[name] != theirs_has[name]]
assert differs == ["conv1.weight", "head.weight", "head.bias"] and list(ours_has) == list(
    theirs_has
)


one_easy = cifar_tasks(cifar, "train", p_hard=0.0).batch([0], 0, 1)[0]
batch = TaskBatch.of(one_easy, images, *CIFAR_COLOURS)
slope = meta_gradient(network, network.initial([0]), batch, Objective("maml"), 1).gradients
assert slope["head.weight"][0, 2:].abs().max() == 0 < slope["head.weight"][0, :2].abs().max()

# %% [markdown]
# (def-cifar-adaptation-steps)=
# **Steps.** After training, MAML takes one step on a new task, and ERM five. That is not one test for two methods. Every network of ours is evaluated after one step *and* after five, on the same tasks.
#
# (def-cifar-learning-rates)=
# (def-cifar-inner-rate)=
# (def-cifar-evaluation)=
# **Rates and test.** The rates are the paper's; so is the test at the tier `paper`, whose length of training is the paper's too:

# %% tags=["remove-input"]
_c, _e = (configure("cifar", algorithm, "paper") for algorithm in ("maml", "erm"))
assert (_c.lr, _e.lr, _e.inner_lr, _e.evaluation_tasks) == (1e-3, 1e-6, 0.1, 500)
assert (_c.evaluation_steps, _e.evaluation_steps) == (1, 5)
Markdown(
    f"The outer rate is {_c.lr:g} for MAML and {_e.lr:g} for ERM, the second at the end of the paper's grid; the rate of adaptation is {_e.inner_lr:g}. Accuracies are means over {_e.evaluation_tasks} training and {_e.evaluation_tasks} test tasks at the tier `paper`, "
    f"{configure('cifar', 'maml', 'book').evaluation_tasks} and {configure('cifar', 'maml', 'book').evaluation_tasks} at the tier `book`, with five seeds."
)

# %% [markdown]
# (cifar-hardness)=
# ## §5: are many classes hard? Are few images?
#
# In the theory a task is hard if gradient descent solves it slowly. Here the kinds differ in two things at once, so we separate them: two classes or twenty, 5 images of each or 50. In each of two runs all four start from the same random network of 16 filters, and the tasks with 5 images are those with 50, cut short: same classes, same questions. `python -m tools.descents` does it, and this page reads its record.
#
# On [Omniglot](#omniglot-hardness) we counted steps to 95% of the last accuracy. That is no fair measure here: guessing gives $\frac12$ in one case and $\frac1{20}$ in the other, and near chance the curves are mostly noise. We take one measure for each of two questions, and the spread of the adapted parameters: the mean squared distance of a task's convolutions from their mean over the tasks of its kind.
#
# - *How fast?* Steps until the loss on the task's own images has fallen for good to half of $\log N$, the loss of guessing.
# - *How well?* The accuracy $a$ on unseen images, with guessing put at 0 and no error at 1:
#
# $$
# \kappa=\frac{a-\frac1N}{1-\frac1N}.
# $$

# %% mystnb={"code_prompt_show": "Read the record; how fast, how well"} tags=["hide-cell"]
record = (book() / "records" / "descents.yml").read_text(encoding="utf-8")
starts = yaml.safe_load(record)["cifar"]
PAIRS = [(2, 5), (2, 50), (20, 5), (20, 50)]


def measured(name):
    """Return curves of all tasks from both starts, (steps + 1, tasks), by classes and images of each."""
    rows = [row for start in starts for row in start]
    return {
        pair: np.concatenate(
            [row[name] for row in rows if (row["classes"], row["images"]) == pair]
        ).T
        for pair in PAIRS
    }


def steps_to_half(loss, ways):
    """Return the step from which a loss stays below half of log N, or one more than there are."""
    above = loss > np.log(ways) / 2
    return np.where(above.any(axis=0), len(loss) - np.argmax(above[::-1], axis=0), 0)


curve = np.array([[0.9, 0.9, 0.9], [0.1, 0.9, 0.9], [0.9, 0.1, 0.9], [0.1, 0.1, 0.9]])
assert steps_to_half(curve, 2).tolist() == [3, 2, 4]  # it rises again, it stays, it never falls


def above_chance(accuracy, ways):
    """Return κ: 0 for guessing, 1 for no error."""
    return (accuracy - 1 / ways) / (1 - 1 / ways)


# %% mystnb={"code_prompt_show": "Steps, accuracies and spreads"} tags=["hide-cell"]
loss = measured("loss")
slow = {pair: steps_to_half(one, pair[0]) for pair, one in loss.items()}
level = {
    pair: above_chance(one.mean(axis=1), pair[0]) for pair, one in measured("accuracy").items()
}
end = {pair: values[-5:].mean() for pair, values in level.items()}  # over the last five steps
STEPS = len(loss[2, 5]) - 1
spreads = {
    pair: [
        row["spread"]
        for start in starts
        for row in start
        if (row["classes"], row["images"]) == pair
    ]
    for pair in PAIRS
}


# %% mystnb={"code_prompt_show": "Draw loss and κ", "figure": {"caption": "Gradient descent from a random network. Above: loss on the task's own images over that of guessing; the thin grey line is one half. Both curves of two classes begin above the frame. Below: accuracy above chance, $\\kappa$, on unseen images. Means over eight tasks of two classes and four of twenty, from two starts. **Notice** that both kinds of two classes pass one half before both of twenty, and that more images keep a loss up. Record: [`descents.yml`](#records-tools).", "name": "fig-cifar-hardness"}, "image": {"classes": "upright", "alt": "Two panels with four curves each. Above, the losses of tasks of two classes rise at first and fall below one half within seven steps; those of twenty classes with 5 images after about thirteen, with 50 images not at all. Below, two classes end higher than twenty, and for both 50 images end higher than 5."}} tags=["hide-input"]
def factorial():
    """Draw loss and κ over steps for two and twenty classes, 5 and 50 images."""
    figure, axes = plt.subplots(2, 1, figsize=(5, 5.6))
    for (ways, shots), one in loss.items():
        look = plotting.LINES[
            {(2, 50): "easy", (20, 5): "hard", (2, 5): 1, (20, 50): 0}[ways, shots]
        ]
        axes[0].plot(one.mean(axis=1) / np.log(ways), **look)
        axes[1].plot(level[ways, shots], label=f"{ways} classes, {shots} images", **look)
    axes[0].axhline(0.5, color=plotting.REFERENCE, lw=0.8)
    axes[1].axhline(0, color=plotting.REFERENCE, lw=1)
    axes[0].set(ylabel="loss over log N", ylim=(0, 1.5))
    axes[1].set(ylabel="accuracy above chance, κ", ylim=(-0.2, 0.8), yticks=[0, 0.5])
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    for axis in axes:
        axis.set(xlabel="steps of gradient descent", xticks=range(0, STEPS + 1, 5))
    return figure


factorial()

# %% mystnb={"code_prompt_show": "Who is slower than whom"} tags=["hide-input"]
pairs = [
    ((20, 5), (2, 5)),
    ((20, 50), (2, 50)),
    ((20, 5), (2, 50)),
    ((2, 5), (2, 50)),
    ((20, 5), (20, 50)),
]
slower = [bool(slow[one].min() > slow[other].max()) for one, other in pairs]
claims.decides(
    "def:cifar-tasks",
    slower,
    [one[0] > other[0] for one, other in pairs],
    f"Slower is what has more classes, not what has fewer images: each task of one kind takes more steps than all of the other (two starts, {STEPS} steps).",
    shows=r"\text{many classes make a task hard; few images do not}",
    refuses={"what has fewer images": [one[1] < other[1] for one, other in pairs]},
    printed=claims.prints(
        "def:cifar-tasks",
        [one[0] > other[0] or one[1] < other[1] for one, other in pairs],
        r"\text{larger }N\text{ and smaller }K\text{ being more hard}",
    ),
)

# %% mystnb={"code_prompt_show": "Many classes and few images end lower, and lie farther apart"} tags=["hide-cell"]
assert all(end[20, shots] < end[2, shots] for shots in (5, 50))
assert all(end[ways, 5] < end[ways, 50] for ways in (2, 20)) and end[20, 5] < end[2, 50]
for start in range(len(starts)):
    assert all(spreads[ways, 5][start] > spreads[ways, 50][start] for ways in (2, 20))
    assert all(spreads[20, shots][start] > spreads[2, shots][start] for shots in (5, 50))

# %% tags=["remove-input"]
_lines = [
    "| classes | images of each | steps to half of log N, all tasks | spread of the convolutions | κ at the end |",
    "| ---: | ---: | ---: | ---: | ---: |",
]
for _n, _k in PAIRS:
    _low, _high = slow[_n, _k].min(), slow[_n, _k].max()
    _steps = f"over {STEPS}" if _low > STEPS else f"{_low} to {_high}"
    _far = " and ".join(f"{one:.1f}" for one in spreads[_n, _k])
    _lines.append(f"| {_n} | {_k} | {_steps} | {_far} | {end[_n, _k]:.2f} |")
Markdown("\n".join(_lines) + "\n\nRecord: [`descents.yml`](#records-tools).")

# %% [markdown]
# So from these starts, and at the paper's rate of 0.1, many classes make a task slow to fit, as hardness in the theory does; part of it is that each class has $1/N$ of the mean loss. Few images do not: a task's own few images are fitted sooner, and accuracy on others is
# lower after these steps. In the theory samples have another place, the $m$ of the step; here that is $NK$, which is 100 for both kinds of the paper. Its hard kind is slower than its easy kind, and lower, and its adapted parameters lie farther apart: few images and many classes both
# add to the spread. So $N$-way $K$-shot is a proxy for several things at once, of which $N$ is the one that the theory calls hardness. Two starts and a few tasks show a direction and no size.

# %% [markdown]
# **Read next.** [Tables 2 and 4, line by line](32_cifar_tables): what was trained on these tasks, and what the sentences on it are worth.
