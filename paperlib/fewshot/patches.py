r"""The first block of many models: 3 × 3 convolution, batch normalisation and 2 × 2 max-pooling of raw images.

An image has one or three channels, so a patch has K = 9 or 27 numbers while a layer has 64: the layer at full size is
what costs. It is never kept. With a kernel w and a patch p the layer is :math:`x = w^\top p`, so its mean and variance
over all pixels follow from those of the patches, :math:`\bar p` and :math:`C`, which depend on the images alone:

.. math::
    y = \gamma s\,(x - \mu) + \beta = {w'}^\top p + b', \quad \mu = w^\top\bar p,\quad
    s = (w^\top C w + \varepsilon)^{-1/2},\quad w' = \gamma s\,w,\quad b' = \beta - \gamma s\,\mu .

The rest is a product of matrices and a choice of the largest pixel in each window, taken piece by piece in the cache.
Once chosen, it is linear in :math:`(w', b')`: the map and its transpose are each other's derivative, at every order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from paperlib.fewshot.normalisation import EPSILON

CACHE = 2**18  # numbers of the layer in one piece, on a processor: 1 MB in float32


@dataclass(frozen=True, eq=False)
class Patches:
    """What the first block needs of images: steps of adaptation on one support set share it.

    Attributes:
        values: (M, B, K + 1, H, W), the patch around each pixel, by channel, row and column, and a one for the offset.
        moments: (M, K + 1, K + 1), in float64, means over all pixels of the B images of products of two numbers of a
            patch.

    Example:
        >>> seen = Patches.of(torch.ones(1, 1, 2, 2), models=1)  # 4 of a patch's 9 lie inside, others are 0
        >>> seen.values.shape, seen.moments[0, :-1, -1].sum().item()
        (torch.Size([1, 1, 10, 2, 2]), 4.0)
    """

    values: Tensor
    moments: Tensor

    @classmethod
    def of(cls, images: Tensor, models: int) -> Patches:
        """Return the patches of images (B, M·C, H, W).

        Raises:
            ValueError: if the images require a gradient, which they would not get.
        """
        if images.requires_grad:
            raise ValueError("images must not require a gradient: the first block gives none; got images that do")
        values = _patches(images, models)
        return cls(values, _moments(values))


def first_block(patches: Patches, weights: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Convolve, normalise, scale, shift, and keep the maximum of each 2 × 2 window, as the later blocks do.

    Differentiable in all but the patches, as often as one likes.

    Args:
        patches: of B images for each of M models.
        weights: (M, D, C, 3, 3).
        scale: (M, D).
        shift: (M, D).

    Returns:
        (B, M·D, H // 2, W // 2), channels_last.

    Example:
        >>> image = torch.tensor([[0.0, 0.0], [2.0, 2.0]]).reshape(1, 1, 2, 2)
        >>> centre = torch.zeros(1, 1, 1, 3, 3).index_fill(3, torch.tensor(1), 1.0) * torch.tensor([0.0, 1.0, 0.0])
        >>> seen = Patches.of(image, models=1)
        >>> first_block(seen, centre, torch.tensor([[3.0]]), torch.tensor([[10.0]])).round(decimals=3)
        tensor([[[[13.]]]])
    """
    mean, second = patches.moments[:, :-1, -1:], patches.moments[:, :-1, :-1]
    kernels = weights.flatten(2).double()
    variance = ((kernels @ (second - mean @ mean.transpose(1, 2))) * kernels).sum(2)
    factor = scale * (variance + EPSILON).rsqrt()
    offset = shift - factor * (kernels @ mean)[..., 0]
    folded = torch.cat([kernels * factor[..., None], offset[..., None]], 2).transpose(1, 2).to(patches.values)
    output: Tensor = _Largest.apply(folded, patches.values)  # type: ignore[no-untyped-call]
    return output.flatten(3).permute(0, 3, 1, 2)


def _patches(images: Tensor, models: int) -> Tensor:
    (count, _, height, width), size = images.shape, images.shape[1] // models * 9
    padded = F.pad(images.contiguous(), (1, 1, 1, 1)).view(count, models, -1, height + 2, width + 2).transpose(0, 1)
    patches = images.new_empty(models, count, size + 1, height, width)
    patches[:, :, size] = 1
    shifted = padded.unfold(3, height, 1).unfold(4, width, 1)  # (M, B, channels, 3, 3, H, W), a view
    patches[:, :, :size].view(shifted.shape).copy_(shifted)
    return patches


def _pieces(patches: Tensor, filters: int) -> Iterator[tuple[slice, slice]]:
    """Yield models and images such that their layer stays in the cache of a processor; other devices take it whole."""
    models, count, _, height, width = patches.shape
    if patches.device.type != "cpu":
        yield slice(models), slice(count)
        return
    step = max(1, CACHE * torch.get_num_threads() // (height * width * filters))
    for model in range(models):
        for first in range(0, count, step):
            yield slice(model, model + 1), slice(first, first + step)


def _moments(patches: Tensor) -> Tensor:
    total = patches.new_zeros(len(patches), *2 * patches.shape[2:3], dtype=torch.float64)
    for models, images in _pieces(patches, 64):
        piece = patches[models, images].flatten(3).double()
        total[models] += (piece @ piece.transpose(2, 3)).sum(1)
    return total / (patches[0, :, 0].numel())


def _layer(kernels: Tensor, patches: Tensor) -> Tensor:
    """Return (m·b, D, H, W), channels_last, of kernels (m, K + 1, D) and patches (m, b, K + 1, H, W)."""
    rows = patches.flatten(3).transpose(2, 3) @ kernels[:, None]
    return rows.view(-1, *patches.shape[3:], kernels.shape[2]).permute(0, 3, 1, 2)


def _rows(layer: Tensor) -> Tensor:
    """Return (n, D, H, W), channels_last, as (n, H·W, D), a view."""
    return layer.permute(0, 2, 3, 1).flatten(1, 2)


def _models_first(rows: Tensor) -> Tensor:
    """Return (b, H, W, m, D) as (m·b, D, H, W), channels_last."""
    return rows.movedim(3, 0).flatten(0, 1).permute(0, 3, 1, 2)


def _models_inside(layer: Tensor, models: int) -> Tensor:
    """Return (m·b, D, H, W) as (b, H, W, m, D), a view."""
    images = layer.permute(0, 2, 3, 1)
    return images.reshape(models, -1, *images.shape[1:]).movedim(0, 3)


class _Largest(torch.autograd.Function):
    """The largest pixel of each window, (B, H // 2, W // 2, M, D)."""

    @staticmethod
    def forward(ctx: Any, kernels: Tensor, patches: Tensor) -> Tensor:
        (models, count, _, height, width), filters = patches.shape, kernels.shape[2]
        output = patches.new_empty(count, height // 2, width // 2, models, filters)
        where = []  # of each piece, which pixel of an image it was
        for some, images in _pieces(patches, filters):
            largest, index = F.max_pool2d(_layer(kernels[some], patches[some, images]), 2, return_indices=True)
            output[images, :, :, some] = _models_inside(largest, len(kernels[some]))
            where.append(index)
        ctx.save_for_backward(patches, *where)
        return output

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> Any:
        return _Sums.apply(*signals, *ctx.saved_tensors), None  # type: ignore[no-untyped-call]


class _Chosen(torch.autograd.Function):
    """The chosen pixels (B, H // 2, W // 2, M, D) of the layer, linear in the kernels."""

    @staticmethod
    def forward(ctx: Any, kernels: Tensor, patches: Tensor, *where: Tensor) -> Tensor:
        ctx.save_for_backward(patches, *where)
        (models, count, _, height, width), filters = patches.shape, kernels.shape[2]
        output = patches.new_empty(count, height // 2, width // 2, models, filters)
        for (some, images), index in zip(_pieces(patches, filters), where, strict=True):
            chosen = _rows(_layer(kernels[some], patches[some, images])).gather(1, _rows(index))
            output[images, :, :, some] = _models_inside(
                chosen.view_as(index.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), len(kernels[some])
            )
        return output

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> Any:
        return _Sums.apply(*signals, *ctx.saved_tensors), *[None] * len(ctx.saved_tensors)  # type: ignore[no-untyped-call]


class _Sums(torch.autograd.Function):
    """The transpose of `_Chosen`: for each kernel the patches at its chosen pixels, weighted by the signal, summed."""

    @staticmethod
    def forward(ctx: Any, signal: Tensor, patches: Tensor, *where: Tensor) -> Tensor:
        ctx.save_for_backward(patches, *where)
        filters = signal.shape[4]
        total = patches.new_zeros(len(patches), patches.shape[2], filters)
        for (some, images), index in zip(_pieces(patches, filters), where, strict=True):
            values, piece = _models_first(signal[images, :, :, some]), patches[some, images]
            like = values.new_empty(len(index), *patches.shape[3:], filters).permute(0, 3, 1, 2)
            spread = torch.ops.aten.max_pool2d_with_indices_backward(
                values, like, [2, 2], [2, 2], [0, 0], [1, 1], False, index
            )
            total[some] += (piece.flatten(3) @ _rows(spread).view(*piece.shape[:2], -1, filters)).sum(1)
        return total

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> Any:
        return _Chosen.apply(*signals, *ctx.saved_tensors), *[None] * len(ctx.saved_tensors)  # type: ignore[no-untyped-call]
