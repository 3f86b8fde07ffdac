r"""3 × 3 convolutions of many models at once, differentiable as often as one likes.

Images are (B, M·C, H, W) in channels_last order: B images for each of M models, whose channels stand side by side.
Weights are (M, D, C, 3, 3).

A convolution, its gradient with respect to the input, and its gradient with respect to the weights come from one
trilinear form :math:`\langle g, w * x\rangle`, so each of the three has the other two as its derivatives. Written so,
second derivatives run at the speed of first ones; PyTorch's own double backward of a grouped convolution loops over
the groups.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def grouped_convolution(images: Tensor, weights: Tensor) -> Tensor:
    """Convolve by one grouped convolution, with a margin of one zero pixel, so that sizes stay.

    Args:
        images: (B, M·C, H, W).
        weights: (M, D, C, 3, 3).

    Returns:
        (B, M·D, H, W).

    Example:
        >>> impulse = torch.zeros(1, 2, 3, 3).index_fill(0, torch.tensor(0), 0.0)
        >>> impulse[0, :, 1, 1] = torch.tensor([1.0, 10.0])
        >>> grouped_convolution(impulse, torch.ones(2, 1, 1, 3, 3)).sum(dim=(0, 2, 3))
        tensor([ 9., 90.])
    """
    kernels = weights.flatten(0, 1).contiguous(memory_format=torch.channels_last)
    output: Tensor = _Convolve.apply(images, kernels, len(weights))  # type: ignore[no-untyped-call]
    return output


def _twice(values: Tensor, dimension: int) -> Tensor:
    return torch.cat([values, values], dimension).contiguous(memory_format=torch.channels_last)


def _doubled(images: Tensor, weights: Tensor, groups: int, sums: bool = False) -> bool:
    """Return whether one group is convolved twice on a processor, since its own kernel may round otherwise.

    In single precision it rounds alike if channels come in blocks of 32 and there is more than one image; for `sums`
    over images, as gradients of weights are, on one thread only.
    """
    blocks = weights.dtype == torch.float32 and all(channels % 32 == 0 for channels in weights.shape[:2])
    alike = blocks and len(images) > 1 and not (sums and torch.get_num_threads() > 1)
    return groups == 1 and images.device.type == "cpu" and not alike


def _convolve(images: Tensor, weights: Tensor, groups: int) -> Tensor:
    if _doubled(images, weights, groups):
        return _convolve(_twice(images, 1), _twice(weights, 0), 2).narrow(1, 0, len(weights))
    return F.conv2d(images, weights, padding=1, groups=groups)


def _gradient(
    signal: Tensor, images: Tensor, weights: Tensor, groups: int, mask: tuple[bool, bool]
) -> tuple[Tensor | None, Tensor | None]:
    if _doubled(images, weights, groups, sums=mask[1]):
        to_images, to_weights = _gradient(_twice(signal, 1), _twice(images, 1), _twice(weights, 0), 2, mask)
        return (
            to_images if to_images is None else to_images.narrow(1, 0, images.shape[1]),
            to_weights if to_weights is None else to_weights.narrow(0, 0, len(weights)),
        )
    form = [1, 1], [1, 1], [1, 1], False, [0, 0]
    result = torch.ops.aten.convolution_backward(signal, images, weights, None, *form, groups, [*mask, False])
    return result[0], result[1]


class _Convolve(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, weights: Tensor, groups: int) -> Tensor:
        ctx.save_for_backward(images, weights)
        ctx.groups = groups
        return _convolve(images, weights, groups)

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> Any:
        images, weights = ctx.saved_tensors
        wanted, (signal,) = ctx.needs_input_grad, signals
        to_images = _ToImages.apply(signal, weights, images.detach(), ctx.groups) if wanted[0] else None  # type: ignore[no-untyped-call]
        to_weights = _ToWeights.apply(signal, images, weights.detach(), ctx.groups) if wanted[1] else None  # type: ignore[no-untyped-call]
        return to_images, to_weights, None


class _ToImages(torch.autograd.Function):
    """The gradient with respect to the images, bilinear in signal and weights; of `like` only the shape counts."""

    @staticmethod
    def forward(ctx: Any, signal: Tensor, weights: Tensor, like: Tensor, groups: int) -> Any:
        ctx.save_for_backward(signal, weights)
        ctx.groups = groups
        return _gradient(signal, like, weights, groups, (True, False))[0]

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> Any:
        signal, weights = ctx.saved_tensors
        wanted, (second,) = ctx.needs_input_grad, signals
        to_signal = _Convolve.apply(second, weights, ctx.groups) if wanted[0] else None  # type: ignore[no-untyped-call]
        to_weights = _ToWeights.apply(signal, second, weights.detach(), ctx.groups) if wanted[1] else None  # type: ignore[no-untyped-call]
        return to_signal, to_weights, None, None


class _ToWeights(torch.autograd.Function):
    """The gradient with respect to the weights, bilinear in signal and images; of `like` only the shape counts."""

    @staticmethod
    def forward(ctx: Any, signal: Tensor, images: Tensor, like: Tensor, groups: int) -> Any:
        ctx.save_for_backward(signal, images)
        ctx.groups = groups
        return _gradient(signal, images, like, groups, (False, True))[1]

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> Any:
        signal, images = ctx.saved_tensors
        wanted, (second,) = ctx.needs_input_grad, signals
        to_signal = _Convolve.apply(images, second, ctx.groups) if wanted[0] else None  # type: ignore[no-untyped-call]
        to_images = _ToImages.apply(signal, second, images.detach(), ctx.groups) if wanted[1] else None  # type: ignore[no-untyped-call]
        return to_signal, to_images, None, None
