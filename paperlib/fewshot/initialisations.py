r"""How the weights of a network are drawn before training, which the paper does not say.

With :math:`n_\text{in}` and :math:`n_\text{out}` the inputs and outputs of a weight, each 9 times the channels for a
3 × 3 kernel:

- ``glorot``: uniform in :math:`\pm\sqrt{6/(n_\text{in}+n_\text{out})}` (Glorot & Bengio, 2010).
- ``torch``: uniform in :math:`\pm 1/\sqrt{n_\text{in}}`, the bias of a linear layer too: the default of PyTorch.
- ``finn``: convolutions as ``glorot``, the head normal of deviation 1: what the public code of Finn et al. (2017),
  ``cbfinn/maml`` at 007d776, has for Omniglot. (For miniImageNet its head is Glorot's.)
- ``antoniou``: convolutions normal of deviation :math:`\sqrt{2/(n_\text{in}+n_\text{out})}`, the head of
  deviation 1: the public code of Antoniou et al. (2018) at 006eb57. Later versions have ``glorot`` throughout.

Batch normalisation removes the scale of a kernel from what a network computes, not from how far a step moves it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy.special import ndtri
from torch import Tensor

from paperlib.fewshot.episodes import random_words

INITIALISATIONS = ("glorot", "torch", "finn", "antoniou")


def initial(
    initialisation: str, name: str, shape: Sequence[int], inputs: int, index: int, seeds: Sequence[int]
) -> Tensor:
    """Return one parameter of one model of each seed, (seeds, …), in double precision.

    A model depends on its seed alone, not on the machine and not on the models beside it.

    Args:
        initialisation: one of `INITIALISATIONS`.
        name: of the parameter; weights are drawn, and for ``torch`` the biases of linear layers.
        shape: of one model.
        inputs: of the layer, to one output.
        index: of the parameter, which tells its random numbers from those of others.
        seeds: of the models.

    Example:
        >>> float(initial("torch", "head.weight", (5, 64), 64, 12, [0]).abs().max()) < 1 / 8
        True
    """
    if name.endswith("scale"):
        return torch.ones(len(seeds), *shape, dtype=torch.float64)
    biased = name.endswith("bias") and initialisation == "torch"
    if not name.endswith("weight") and not biased:
        return torch.zeros(len(seeds), *shape, dtype=torch.float64)
    count, both = math.prod(shape), inputs + math.prod(shape[2:]) * shape[0]
    words = [random_words(seed, "initialisation", index, 0, 1, -4 * (-count // 4))[0, :count] for seed in seeds]
    uniform = np.stack([(row >> np.uint64(11)) * 2.0**-53 for row in words])
    if initialisation == "antoniou" or (initialisation == "finn" and not name.startswith("conv")):
        deviation = math.sqrt(2 / both) if name.startswith("conv") else 1.0
        drawn = deviation * ndtri(uniform + 2.0**-54)
    else:
        bound = 1 / math.sqrt(inputs) if initialisation == "torch" else math.sqrt(6 / both)
        drawn = bound * (2 * uniform - 1)
    return torch.from_numpy(drawn).reshape(-1, *shape)
