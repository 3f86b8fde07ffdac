r"""Batch normalisation, always with batch statistics, and 2 × 2 max-pooling: one operation, twice differentiable.

Write :math:`\mu, s` for mean and inverse deviation of a channel over its n pixels, :math:`\hat x = s(x-\mu)`, and let
P pick from each window the pixel that is largest after scaling. The operation is :math:`y = \gamma P(\hat x) + \beta`.
Since scaling is monotone, P is found on x itself; only a quarter of the pixels is ever normalised, and the normalised
layer is never written at full size. With G the signal g spread back to the picked pixels, :math:`\hat z = P\hat x`,
and means over all n pixels,

.. math:: m_1 = \overline{G},\quad m_2 = \overline{G\hat x},\quad
    \dot x = \gamma s\,(G - m_1 - m_2\hat x),\quad \dot\gamma = n\,m_2,\quad \dot\beta = n\,m_1 .

Cotangents :math:`v, p, q` of these three give, with :math:`k = \overline{v\hat x}` and
:math:`c = \overline{vG} - \bar v m_1 - k m_2`,

.. math::
    \dot g &= P\bigl(\gamma s\,(v - \bar v - k\hat x)\bigr) + p\hat z + q, \qquad \dot\gamma = n\,s\,c, \\
    h &= (p - \gamma s k)\,G - \gamma s\,m_2 v, \qquad
    \dot x = s\,\bigl(h - \bar h - \hat x\,(\overline{h\hat x} + \gamma s c)\bigr).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

EPSILON = 1e-5


def normalised_pool(images: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Normalise each channel over the batch and its pixels, scale, shift, and keep the maximum of each 2 × 2 window.

    An odd last row or column counts for the statistics and is dropped by the pooling, as is customary.
    Differentiable twice.

    Args:
        images: (B, K, H, W), channels_last.
        scale: (K,).
        shift: (K,).

    Returns:
        (B, K, H // 2, W // 2), channels_last.

    Raises:
        RuntimeError: in the backward pass, if a third derivative is asked for.

    Example:
        >>> column = torch.tensor([0.0, 0.0, 2.0, 2.0]).reshape(1, 1, 2, 2)  # mean 1, deviation 1
        >>> normalised_pool(column, torch.tensor([3.0]), torch.tensor([10.0])).round(decimals=3)
        tensor([[[[13.]]]])
    """
    ordered = images.contiguous(memory_format=torch.channels_last)  # here, where autograd sees it: see _NormalisedPool
    output: Tensor = _NormalisedPool.apply(ordered, scale, shift)  # type: ignore[no-untyped-call]
    return output


def _rows(images: Tensor) -> Tensor:
    """Return (B, K, H, W) as (B, H·W, K): a view when the order is channels_last."""
    return images.permute(0, 2, 3, 1).flatten(1, 2)


def _statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and variance of each channel; twenty times as fast on a processor, where PyTorch offers that."""
    if images.device.type == "cpu":
        return torch.batch_norm_update_stats(images, None, None, 0.0)
    variance, mean = torch.var_mean(images, (0, 2, 3), correction=0)
    return mean, variance


def _images(rows: Tensor, height: int, width: int) -> Tensor:
    return rows.reshape(len(rows), height, width, -1).permute(0, 3, 1, 2)


class _NormalisedPool(torch.autograd.Function):
    """Saves its arguments themselves: second derivatives would not reach copies, and would silently lack a part."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        mean, variance = _statistics(images)
        inverse = (variance + EPSILON).rsqrt()
        # where a scale is negative, the largest scaled pixel is the smallest; a GPU is not asked whether one is
        if images.device.type != "cpu" or bool((scale < 0).any()):
            flipped = images * torch.where(scale < 0, -1.0, 1.0).to(images.dtype)[:, None, None]
            pooled, where = F.max_pool2d(flipped, 2, return_indices=True)
            picked = _rows(images).gather(1, _rows(where))
        else:
            pooled, where = F.max_pool2d(images, 2, return_indices=True)
            picked = _rows(pooled)
        centred = picked - mean
        output = torch.addcmul(shift, centred, scale * inverse)
        ctx.save_for_backward(images, scale, centred, _rows(where), mean, inverse)
        return _images(output, *pooled.shape[2:])

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> Any:
        return _Gradient.apply(signals[0], *ctx.saved_tensors)  # type: ignore[no-untyped-call]


class _Gradient(torch.autograd.Function):
    """The gradient of the operation; its own gradient accounts for all that depends on the images."""

    @staticmethod
    def forward(
        ctx: Any,
        signal: Tensor,
        images: Tensor,
        scale: Tensor,
        centred: Tensor,
        where: Tensor,
        mean: Tensor,
        inverse: Tensor,
    ) -> Any:
        spread, n = _rows(signal), images.numel() // len(scale)
        total = spread.sum(dim=(0, 1))
        moment = inverse * (spread * centred).sum(dim=(0, 1))
        factor = scale * inverse
        slope = -factor * inverse * moment / n
        result = torch.addcmul(-factor * total / n - slope * mean, _rows(images), slope)
        result.scatter_add_(1, where, spread * factor)
        ctx.save_for_backward(signal, images, scale, centred, where, mean, inverse, total / n, moment / n)
        return _images(result, *images.shape[2:]), moment, total

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        if torch.is_grad_enabled():  # PyTorch's once_differentiable lets torch.autograd.grad pass with a wrong answer
            raise RuntimeError("normalised_pool can be differentiated twice; a third derivative was asked for")
        signal, images, scale, centred, where, mean, inverse, m1, m2 = ctx.saved_tensors
        v, p, q = cotangents
        v = v.contiguous(memory_format=torch.channels_last)
        g, n, factor = _rows(signal), images.numel() // len(scale), scale * inverse
        # one pass over v and x for the sums of v and of v x̂
        _, v_moment, v_total = torch.ops.aten.native_batch_norm_backward(
            v, images, scale, None, None, mean, inverse, True, EPSILON, [False, True, True]
        )
        v_mean, k = v_total / n, v_moment / n
        v_picked = _rows(v).gather(1, where)
        c = (v_picked * g).sum(dim=(0, 1)) / n - v_mean * m1 - k * m2
        to_signal = torch.addcmul(q - factor * v_mean, centred, inverse * (p - factor * k)).addcmul_(v_picked, factor)
        on_g, on_v = p - factor * k, -factor * m2  # h = on_g G + on_v v
        h_mean = on_g * m1 + on_v * v_mean
        slope = -inverse * inverse * (on_g * m2 + on_v * k + factor * c)
        to_images = torch.addcmul(-inverse * h_mean - slope * mean, _rows(images), slope)
        to_images.addcmul_(_rows(v), inverse * on_v)
        to_images.scatter_add_(1, where, g * (inverse * on_g))
        height, width = signal.shape[2:]
        return _images(to_signal, height, width), _images(to_images, *images.shape[2:]), n * inverse * c, *[None] * 4
