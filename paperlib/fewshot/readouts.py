r"""How a task is solved at evaluation: by steps of adaptation, or by the nearest class mean of features or of pixels.

The second takes no gradient. With :math:`\mu_c` the mean of :math:`\phi` over the support images of class c, an image x
goes to the class of the least :math:`\lVert\phi(x)-\mu_c\rVert^2`, as in a prototypical network (Snell et al., 2017).
Here :math:`\phi` are the features below the head, the pixels, or the pixels after a blur.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

STEPS, MEANS = "steps", "class-means"
BLUR = 1.5  # pixels, the standard deviation
Network = Any  # a models.Network, which a learner made of these readouts is trained with
Look = Callable[[Network, dict[str, Tensor], Tensor], Tensor]


def class_means(support: Tensor, query: Tensor, ways: int) -> Tensor:
    r"""Return the logits (M, B, ways) of queries by their distances from the means of classes.

    .. math:: z_{bc} = 2\,\phi_b^\top\mu_c - \lVert\mu_c\rVert^2 = \lVert\phi_b\rVert^2 - \lVert\phi_b-\mu_c\rVert^2

    Args:
        support: (M, ways · K, F), class by class.
        query: (M, B, F).
        ways: how many classes.

    Example:
        >>> support, query = torch.tensor([[[0.0], [2.0], [5.0], [5.0]]]), torch.tensor([[[2.0], [4.0]]])
        >>> class_means(support, query, 2)  # means 1 and 5; distances 1 and 9, then 9 and 1
        tensor([[[  3.,  -5.],
                 [  7.,  15.]]])
    """
    models, _, count = support.shape
    means = support.reshape(models, ways, -1, count).mean(dim=2)
    return torch.baddbmm(-means.square().sum(dim=2)[:, None], query, 2 * means.transpose(1, 2))


def features(network: Network, parameters: dict[str, Tensor], images: Tensor) -> Tensor:
    """Return the features of a network, (M, B, F)."""
    found: Tensor = network.features(parameters, images)
    return found


def pixels(network: Network, parameters: dict[str, Tensor], images: Tensor) -> Tensor:
    """Return (M, B, C·H·W) of images stacked as (B, M·C, H, W)."""
    count, _, height, width = images.shape
    return images.reshape(count, -1, network.channels * height * width).transpose(0, 1)


def blurred(network: Network, parameters: dict[str, Tensor], images: Tensor) -> Tensor:
    """Return the pixels after a Gaussian blur of `BLUR` pixels."""
    smooth = torch.from_numpy(gaussian_filter(images.cpu().numpy(), (0, 0, BLUR, BLUR)))
    return pixels(network, parameters, smooth.to(images.device))


LOOKS: dict[str, Look] = {MEANS: features, "pixels": pixels, "blurred-pixels": blurred}
PIXELS = tuple(name for name in LOOKS if name != MEANS)  # which need no network
READOUTS = (STEPS, *LOOKS)
