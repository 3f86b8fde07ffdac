"""The convolutional network of Finn et al. (2017), for many models at once along one leading axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from paperlib.fewshot.convolutions import grouped_convolution
from paperlib.fewshot.episodes import Episodes
from paperlib.fewshot.initialisations import initial
from paperlib.fewshot.normalisation import normalised_pool
from paperlib.fewshot.patches import Patches, first_block

Parameters = dict[str, Tensor]
HEAD, NAMES = ("head.weight", "head.bias"), ("names.weight", "names.bias")
ACTIVATIONS = ("relu", "leaky-relu")


@dataclass(frozen=True)
class Network:
    """Blocks of 3 × 3 convolution, batch normalisation, 2 × 2 max-pooling and (leaky) ReLU, and a linear head.

    The network of Finn et al. (2017), as in Section 5. Batch statistics are used always, at evaluation too, as in the
    code of MAML. The convolutions have no bias: batch normalisation subtracts it again. Pooling comes before ReLU: that
    gives the same values and gradients for a quarter of the work, since ReLU is monotone, leaky or not.

    Parameters are a dictionary of tensors with a leading axis of models: ``conv1.weight`` (M, D, C, 3, 3),
    ``norm1.scale`` and ``norm1.shift`` (M, D), and so on for each block, ``head.weight`` (M, ways, features) and
    ``head.bias`` (M, ways). Features are ordered by channel, then row, then column. Where classes have names beyond
    their task there is a second head, ``names.weight`` and ``names.bias``, which adaptation leaves alone.

    Args:
        channels: of an image: 1 for Omniglot, 3 for CIFAR.
        side: of an image, in pixels.
        ways: outputs of the head. A task of fewer classes uses the first ones, and the others get no gradient from it.
        filters: of each convolution, D.
        blocks: how many.
        activation: relu, or leaky-relu of slope 0.01.
        names: outputs of the second head, 0 for none.

    Raises:
        ValueError: if the images are too small for so many blocks, or there is no such activation.

    Example:
        >>> network = Network(side=4, ways=2, filters=3, blocks=1)
        >>> network.features(network.initial([0, 1]), torch.rand(5, 2, 4, 4)).shape  # of two models, five images each
        torch.Size([2, 5, 12])
    """

    channels: int = 1
    side: int = 28
    ways: int = 5
    filters: int = 64
    blocks: int = 4
    activation: str = "relu"
    names: int = 0

    def __post_init__(self) -> None:
        if self.side >> self.blocks < 1:
            raise ValueError(f"side must be at least 2**blocks = {2**self.blocks} pixels; got {self.side}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation must be {' or '.join(ACTIVATIONS)}; got {self.activation!r}")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter of one model.

        Example:
            >>> sum(torch.Size(shape).numel() for shape in Network().shapes().values())
            112005
        """
        shapes: dict[str, tuple[int, ...]] = {}
        for block in range(1, self.blocks + 1):
            inputs = self.channels if block == 1 else self.filters
            shapes[f"conv{block}.weight"] = (self.filters, inputs, 3, 3)
            shapes[f"norm{block}.scale"] = shapes[f"norm{block}.shift"] = (self.filters,)
        for (weight, bias), outputs in ((HEAD, self.ways), (NAMES, self.names)):
            if outputs:
                shapes[weight], shapes[bias] = (outputs, self.filters * (self.side >> self.blocks) ** 2), (outputs,)
        return shapes

    def initial(
        self, seeds: Sequence[int], dtype: torch.dtype = torch.float32, initialisation: str = "glorot"
    ) -> Parameters:
        """Return parameters for one model of each seed, drawn as `initialisations.initial` does; scales are one."""
        shapes, parameters = self.shapes(), {}
        for index, (name, shape) in enumerate(shapes.items()):
            inputs = torch.Size(shapes[name.replace("bias", "weight")][1:]).numel()
            parameters[name] = initial(initialisation, name, shape, inputs, index, seeds).to(dtype)
        return parameters

    def features(self, parameters: Parameters, seen: Tensor | Patches) -> Tensor:
        """Return (M, B, features) of images stacked as (B, M·channels, H, W), or of their patches."""
        models, activation = len(parameters["head.bias"]), F.relu if self.activation == "relu" else F.leaky_relu
        first = (parameters[name] for name in ("conv1.weight", "norm1.scale", "norm1.shift"))
        patches = seen if isinstance(seen, Patches) else Patches.of(seen, models)
        images = activation(first_block(patches, *first))
        for block in range(2, self.blocks + 1):
            images = grouped_convolution(images, parameters[f"conv{block}.weight"])
            scale, shift = parameters[f"norm{block}.scale"], parameters[f"norm{block}.shift"]
            images = activation(normalised_pool(images, scale.flatten(), shift.flatten()))
        return images.reshape(len(images), models, -1).transpose(0, 1)

    def logits(self, parameters: Parameters, features: Tensor, ways: int) -> Tensor:
        """Return (M, B, ways) from (M, B, features), of the first `ways` outputs of the head.

        Raises:
            ValueError: if the head has fewer outputs than that.
        """
        if not 1 <= ways <= self.ways:
            raise ValueError(f"ways must lie between 1 and the {self.ways} outputs of the head; got {ways}")
        weight, bias = (parameters[name][:, :ways] for name in HEAD)
        return torch.baddbmm(bias[:, None], features, weight.transpose(1, 2))

    def named(self, parameters: Parameters, features: Tensor) -> Tensor:
        """Return (M, B, names) from (M, B, features), the logits of the second head.

        Raises:
            ValueError: if there is none.
        """
        if not self.names:
            raise ValueError(f"names must be how many classes have one, at least 1; got {self.names}")
        weight, bias = (parameters[name] for name in NAMES)
        return torch.baddbmm(bias[:, None], features, weight.transpose(1, 2))


def select(values: Parameters, runs: Tensor) -> Parameters:
    """Return the parameters of the chosen runs."""
    return {name: torch.index_select(value, 0, runs) for name, value in values.items()}


def copies(values: Tensor, run: Tensor) -> Tensor:
    """Return the parameters of each task's run, (M, …); kernels lie in memory as channels_last wants them."""
    chosen = values.detach()[run]
    return chosen.movedim(2, 4).contiguous().movedim(4, 2) if chosen.dim() == 5 else chosen


def sum_by_run(values: Tensor, tasks: Tensor) -> Tensor:
    """Return (runs, …) sums of (M, …) values, `tasks` of them for each run, in their order on every device.

    Nothing is asked of the device: a question would wait for all that it has still to do.
    """
    kernels = values.dim() == 5  # whose numbers lie in another order, see `copies`
    rows = (values.movedim(2, 4) if kernels else values).contiguous()
    sums: Tensor = torch.segment_reduce(rows, "sum", lengths=tasks, unsafe=True, initial=0)
    return sums.movedim(4, 2) if kernels else sums


def stack(
    images: Tensor, numbers: Tensor, mean: Sequence[float] = (0.0,), deviation: Sequence[float] = (1.0,)
) -> Tensor:
    """Return the numbered images of M models side by side as (B, M·C, H, W) in channels_last order.

    Args:
        images: (n, H, W, C) uint8, all images of a data set.
        numbers: (M, B), which images each model is to see.
        mean: of each channel, in units of the brightest value, to be subtracted.
        deviation: of each channel, to be divided by.
    """
    dtype = torch.get_default_dtype()
    shift, factor = (torch.tensor(values, dtype=dtype, device=images.device) for values in (mean, deviation))
    chosen = (images[numbers.T].to(dtype) / 255 - shift) / factor  # (B, M, H, W, C)
    return chosen.permute(0, 2, 3, 1, 4).flatten(3).permute(0, 3, 1, 2)


@dataclass(frozen=True, eq=False)
class TaskBatch:
    """M tasks of one shape, in order of their run, each with its inner and its outer samples, Eq. (4).

    Attributes:
        run: (M,) which run, in ascending order.
        hard: (M,) whether a task is hard.
        support: (N·K, M·C, H, W) images for adaptation, class by class.
        query: (N·queries, M·C, H, W) images for the outer loss, class by class.
        ways: classes of a task, N.
        names: (M, N) what its classes are called beyond the task; without them, their labels.

    Example:
        >>> images = torch.rand(4, 1, 8, 8)
        >>> TaskBatch(torch.tensor([0]), torch.tensor([False]), images, images, ways=2).labels(images)
        tensor([0, 0, 1, 1])
    """

    run: Tensor
    hard: Tensor
    support: Tensor
    query: Tensor
    ways: int
    names: Tensor | None = None

    @classmethod
    def of(
        cls, tasks: Episodes, images: Tensor, mean: Sequence[float] = (0.0,), deviation: Sequence[float] = (1.0,)
    ) -> TaskBatch:
        """Return episodes with their images, (n, H, W, C) uint8 on any device, less the mean, over the deviation."""
        support, query = (
            stack(images, torch.from_numpy(numbers).flatten(1).to(images.device), mean, deviation)
            for numbers in (tasks.support, tasks.query)
        )
        run, hard, names = (torch.from_numpy(one).to(images.device) for one in (tasks.run, tasks.hard, tasks.classes))
        return cls(run, hard, support, query, tasks.classes.shape[1], names)

    def labels(self, images: Tensor) -> Tensor:
        """Return the labels of the support or query images, the same for all tasks."""
        return torch.arange(self.ways, device=images.device).repeat_interleave(len(images) // self.ways)

    def called(self, images: Tensor) -> Tensor:
        """Return the names (M, B) of the classes of the support or query images."""
        labels = self.labels(images)
        return labels.expand(len(self.run), -1) if self.names is None else self.names[:, labels]


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Return the mean cross-entropy of each model, (M,).

    .. math:: \hat f_m = \frac1B \sum_{b=1}^B \Bigl(\log \sum_c e^{z_{mbc}} - z_{mby_b}\Bigr)

    Args:
        logits: (M, B, ways), z.
        labels: (B,), y, which all models share, or (M, B).

    Example:
        >>> even = torch.zeros(1, 3, 4)  # four classes, none preferred
        >>> cross_entropy(even, torch.tensor([0, 1, 3])), torch.tensor(4.0).log()
        (tensor([1.3863]), tensor(1.3863))
    """
    models, count, ways = logits.shape
    every = F.cross_entropy(logits.reshape(-1, ways), labels.expand(models, -1).flatten(), reduction="none")
    return every.reshape(models, count).mean(dim=1)


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Return the fraction of images that each model classifies rightly, (M,).

    .. math:: a_m = \frac1B \sum_{b=1}^B \mathbb 1\{\arg\max_c z_{mbc} = y_b\}

    Args:
        logits: (M, B, ways), z.
        labels: (B,), y, which all models share, or (M, B).

    Example:
        >>> accuracy(torch.tensor([[[2.0, 1.0], [2.0, 1.0]]]), torch.tensor([0, 1]))
        tensor([0.5000])
    """
    return (logits.argmax(dim=2) == labels).to(logits).mean(dim=1)
