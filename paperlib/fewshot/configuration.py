r"""One experiment in image classification as a value: what is trained, on what, how long, how it is evaluated."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from paperlib.fewshot.choices import DATASETS, SETTINGS, SHAPES, TIERS, among, checked, whole
from paperlib.fewshot.objectives import ALGORITHMS

PHASES = ("train", "test")  # the columns of the paper's tables
_LONGEST = 200  # bytes of a name; with a seed and what is added while a file is written, less than the 255 of a disk


@dataclass(frozen=True, kw_only=True)
class Configuration:
    r"""Everything that a run depends on but its seed. `configure` fills in the defaults of data set and tier.

    Two are equal if all values but the device are, and only then have the same `key` and the same `name`.

    What Appendices C.3 and C.4 say is the default at the tier ``paper``: 20,000 iterations of 8 tasks on Omniglot;
    on CIFAR 10,000 iterations of 2 tasks; an outer learning rate of :math:`10^{-3}` for algorithms that adapt and of
    :math:`10^{-6}` for ERM; an inner one of 0.1; one inner step; 500 tasks of training classes and 500 of test classes
    for evaluation, half of them hard, after one step (on CIFAR five for ERM).

    What they leave open, and what was chosen:

    - *The optimiser.* The text says SGD; the code that it adapts (Antoniou et al., 2018) uses Adam, its rate falling
      along half a cosine. We take Adam, with a cosine that ends at zero. Asked for ``sgd``, the rate is constant.
    - *The length on CIFAR.* The text gives both 20,000 iterations of 8 tasks and 10,000 of 2. We take the latter,
      which stands with the sampling of hard tasks.
    - *Ways and shots on CIFAR.* Section 5 prints easy tasks of 2 classes with 10 images each to adapt to, and hard ones
      of 20 with 1; Appendix C.4 has (2, 50) and (20, 5). We take the appendix.
    - *ERM's images.* On Omniglot the K of adaptation and the 10 of the outer loss, 20 for ERM-10, which is all there
      are. The printed :math:`n = n_1 + 5 n_2` with :math:`n_2 = 5K` would be 30 images a character or more for K = 4;
      we read :math:`n_1 + n_2`. On CIFAR 15 images a class, as printed, for both kinds of task.
    - *ERM-10 at evaluation.* It adapts with its 10 shots, ERM-1 with 1.
    - *The head on CIFAR.* One of 20 outputs; easy tasks use the first two.
    - *Batch normalisation.* Scale and shift are adapted like other parameters; statistics are those of the batch.
      With ``adapt_norm=False`` adaptation leaves scale and shift alone, as in the code of Antoniou et al.
    - *The activation.* ReLU, as in Finn et al. (2017); that code has LeakyReLU of slope 0.01.
    - *Pixels.* Omniglot from 0 (ink) to 1, by a true Lanczos filter; see `data.resample` for what public code does
      without saying so. CIFAR less its mean over its deviation, colour by colour.
    - *Weighted ERM* is not in the paper's experiments. A hard task weighs three times as much as an easy one.

    Tier ``book`` trains for 1,000 iterations; on CIFAR a network with 32 filters, since 64 would take one core several
    hours, and it evaluates on 100 + 100 tasks. ``smoke`` is a few iterations of a network with 32 filters. Neither is
    the paper's protocol.

    Attributes:
        dataset: omniglot or cifar.
        algorithm: one of `objectives.ALGORITHMS`.
        tier: smoke, book or paper.
        setting: of Omniglot, large or small; of CIFAR how classes are split, 80-20 as in the paper, or 60-20-20 as in
            Oreshkin et al. (2018), whose 20 classes of validation are then used for nothing.
        p_hard: probability of a hard task in training.
        easy: ways and shots of easy tasks in training. ERM minimises the loss of shots and queries together.
        hard: ways and shots of hard tasks in training.
        evaluation_easy: ways and shots of easy tasks at evaluation.
        evaluation_hard: ways and shots of hard tasks at evaluation.
        queries: images of a class for the outer loss.
        iterations: steps of the optimiser.
        tasks: of one run in an iteration.
        steps: of adaptation in training.
        inner_lr: of adaptation, in training and at evaluation.
        lr: of the optimiser, in the first iteration.
        optimizer: adam or sgd.
        schedule: of `lr`: cosine or constant.
        hard_odds: for weighted ERM, the weight of a hard task over that of an easy one.
        evaluation_tasks: of training classes, and as many of test classes.
        evaluation_steps: of adaptation at evaluation.
        resampling: of Omniglot's drawings, lanczos or nearest; of CIFAR, empty.
        activation: relu or leaky-relu.
        adapt_norm: whether adaptation changes scale and shift of batch normalisation.
        filters: of each convolution. What runs are trained beside a run can change the last digits of its numbers,
            since kernels are chosen by shape and memory alignment; with a multiple of 32 they mostly stay the same.
        precision: of convolutions on a GPU: float32 or tf32. All else is float32.
        device: cpu or cuda: where the run is made, no part of what it is.

    Raises:
        ValueError: naming the argument, what was expected, and what came.
    """

    dataset: str
    algorithm: str
    tier: str
    setting: str
    p_hard: float
    easy: tuple[int, int]
    hard: tuple[int, int]
    evaluation_easy: tuple[int, int]
    evaluation_hard: tuple[int, int]
    queries: int
    iterations: int
    tasks: int
    steps: int
    inner_lr: float
    lr: float
    optimizer: str
    schedule: str
    hard_odds: float
    evaluation_tasks: int
    evaluation_steps: int
    resampling: str
    activation: str
    adapt_norm: bool
    filters: int
    precision: str
    device: str = field(compare=False)

    def __post_init__(self) -> None:
        vars(self).update(checked(vars(self)))

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what tells a configuration from others: all values but the device."""
        return tuple(getattr(self, own.name) for own in fields(self) if own.compare)

    @property
    def name(self) -> str:
        """Return a name for files: data set, setting, algorithm, tier, and whatever is not a default, the device apart.

        Example:
            >>> configure("cifar", "maml", "book", p_hard=0.01, lr=1e-4).name
            'cifar-p0.01-maml-book-lr0.0001'
        """
        usual, own = asdict(configure(self.dataset, self.algorithm, self.tier)), asdict(self)
        if self.dataset == "omniglot":
            shots = self.evaluation_easy[1]
            parts = ["omniglot", self.setting, self.algorithm, str(shots), self.tier]
            usual |= {"setting": self.setting} | dict.fromkeys(SHAPES, (5, shots))
        else:
            parts = ["cifar", f"p{self.p_hard}".removesuffix(".0"), self.algorithm, self.tier]
            usual |= {"p_hard": self.p_hard}
        for name, value in (usual | {"device": self.device}).items():
            if own[name] != value:
                text = "x".join(map(str, own[name])) if isinstance(value, tuple) else str(own[name])
                parts.append(name.replace("_", "-") + text)
        if len("-".join(parts)) > _LONGEST:  # the end is left out, and a digest tells such names apart
            parts.append(hashlib.sha256(json.dumps(self.key).encode()).hexdigest()[:16])
            while len("-".join(parts)) > _LONGEST:
                del parts[-2]
        return "-".join(parts)

    @property
    def phases(self) -> tuple[str, ...]:
        """Return the names of the evaluations: the paper's two, and what separates causes that it mixes.

        On Omniglot ``other test`` has the hard test alphabets of the other setting. On CIFAR ``other train`` and
        ``other test`` repeat the two with the other number of steps, five or one.
        """
        return (*PHASES, "other test") if self.dataset == "omniglot" else (*PHASES, "other train", "other test")

    @property
    def other_steps(self) -> int:
        """Return the steps of adaptation of the ``other`` evaluations."""
        return self.evaluation_steps if self.dataset == "omniglot" else 1 if self.evaluation_steps > 1 else 5

    def values(self) -> dict[str, Any]:
        """Return all settings as plain values, as they stand in a checkpoint and in a record."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Configuration:
        """Return the configuration with these plain values, the inverse of `values`."""
        settings: dict[str, Any] = {name: tuple(x) if isinstance(x, list) else x for name, x in values.items()}
        return cls(**settings)


def configure(
    dataset: str,
    algorithm: str,
    tier: str,
    *,
    setting: str | None = None,
    p_hard: float | None = None,
    shots: int | None = None,
    evaluation_shots: int | None = None,
    **given: Any,
) -> Configuration:
    """Return the configuration of an experiment; whatever is None or not given has its default.

    Args:
        dataset: omniglot or cifar.
        algorithm: one of `objectives.ALGORITHMS`.
        tier: smoke, book or paper.
        setting: of Omniglot, large (default) or small; of CIFAR, 80-20 (default) or 60-20-20.
        p_hard: probability of a hard task in training, default 1/2.
        shots: of Omniglot, images of a character for adaptation, K, default 1.
        evaluation_shots: of Omniglot, the same at evaluation, default `shots`.
        **given: any other attribute of `Configuration`.

    Raises:
        ValueError: naming the argument, what was expected, and what came.

    Example:
        >>> paper = configure("omniglot", "maml", "paper", setting="small")
        >>> paper.iterations, paper.tasks, paper.lr, paper.inner_lr, paper.name
        (20000, 8, 0.001, 0.1, 'omniglot-small-maml-1-paper')
    """
    among("dataset", dataset, DATASETS)
    among("algorithm", algorithm, tuple(ALGORITHMS))
    among("tier", tier, TIERS)
    row, omniglot = ALGORITHMS[algorithm], dataset == "omniglot"
    for name in SHAPES if omniglot else ():
        if given.get(name) is not None:
            raise ValueError(f"{name} is for cifar, omniglot has shots; got {given[name]!r}")
    for name, value in () if omniglot else (("shots", shots), ("evaluation_shots", evaluation_shots)):
        if value is not None:
            raise ValueError(f"{name} is for omniglot, cifar has easy and hard; got {value!r}")
    if omniglot:
        easy = hard = (5, 1 if shots is None else whole("shots", shots))
        own = easy if evaluation_shots is None else (5, whole("evaluation_shots", evaluation_shots))
        evaluation_easy = evaluation_hard = own
    else:
        evaluation_easy, evaluation_hard = (2, 50), (20, 5)
        easy, hard = ((2, 5), (20, 5)) if not row.adapts else (evaluation_easy, evaluation_hard)
    optimizer = given.get("optimizer") or "adam"
    defaults: dict[str, Any] = {
        "setting": SETTINGS[dataset][0] if setting is None else setting,
        "p_hard": 0.5 if p_hard is None else p_hard,
        "easy": easy,
        "hard": hard,
        "evaluation_easy": evaluation_easy,
        "evaluation_hard": evaluation_hard,
        "queries": 10,
        "iterations": {"smoke": 6, "book": 1000, "paper": 20_000 if omniglot else 10_000}[tier],
        "tasks": 8 if omniglot else 2,
        "steps": 1,
        "inner_lr": 0.1,
        "lr": row.lr,
        "optimizer": optimizer,
        "schedule": "cosine" if optimizer == "adam" else "constant",
        "hard_odds": 3.0 if row.weighted else 1.0,
        "evaluation_tasks": {"smoke": 20 if omniglot else 4, "book": 500 if omniglot else 100, "paper": 500}[tier],
        "evaluation_steps": 1 if row.adapts or omniglot else 5,
        "resampling": "lanczos" if omniglot else "",
        "activation": "relu",
        "adapt_norm": True,
        "filters": 32 if tier == "smoke" or (tier == "book" and not omniglot) else 64,
        "precision": "float32",
        "device": "cpu",
    }
    if unknown := set(given) - set(defaults):
        raise ValueError(f"a setting must be one of {', '.join(defaults)}; got {', '.join(sorted(unknown))}")
    chosen = defaults | {name: value for name, value in given.items() if value is not None}
    return Configuration.of({"dataset": dataset, "algorithm": algorithm, "tier": tier, **chosen})
