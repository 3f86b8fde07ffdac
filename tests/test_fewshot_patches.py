"""The first block against convolution, batch normalisation and max-pooling, one after the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from paperlib.fewshot import patches
from paperlib.fewshot.patches import Patches


def arguments(side: int = 6, models: int = 2, filters: int = 3, channels: int = 2) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(side)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    images = normal(5, models * channels, side, side + 1) + 3.0
    scale = normal(models, filters)  # of both signs
    return images, normal(models, filters, channels, 3, 3), scale, normal(models, filters)


def first_block(images: Tensor, weights: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return patches.first_block(Patches.of(images, len(weights)), weights, scale, shift)


def plain(images: Tensor, weights: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    parts = []
    for own, w, gamma, beta in zip(images.chunk(len(weights), 1), weights, scale, shift, strict=True):
        layer = F.batch_norm(F.conv2d(own, w, padding=1), None, None, gamma, beta, training=True)
        parts.append(F.max_pool2d(layer, 2))
    return torch.cat(parts, 1)


@pytest.mark.parametrize("side", [4, 5])
@pytest.mark.parametrize("cache", [1, 100, 2**18])  # pieces of one image, of some, and all
@pytest.mark.parametrize("order", [torch.channels_last, torch.contiguous_format])
def test_the_first_block_is_its_three_operations(
    side: int, cache: int, order: torch.memory_format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patches, "CACHE", cache)
    images, *rest = arguments(side)
    ours = first_block(images.contiguous(memory_format=order), *rest)
    assert torch.allclose(ours, plain(images, *rest), rtol=1e-11, atol=1e-11)
    assert ours.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("side", [4, 5])
def test_derivatives_of_the_first_block(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "CACHE", 100)
    images, *rest = arguments(side)
    rest = [value.requires_grad_() for value in rest]
    assert torch.autograd.gradcheck(lambda *values: first_block(images, *values), rest)
    assert torch.autograd.gradgradcheck(lambda *values: first_block(images, *values), rest)


def test_a_third_derivative_of_the_first_block() -> None:
    """Normalised by hand: the third derivative of torch 2.13's own F.batch_norm is silently wrong."""
    images, weights, scale, shift = arguments(4, models=1, filters=1)

    def by_hand(images: Tensor, weights: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        layer = F.conv2d(images, weights[0], padding=1)
        return F.max_pool2d((layer - layer.mean()) / (layer.var(correction=0) + 1e-5).sqrt() * scale + shift, 2)

    def derivatives(block: Callable[..., Tensor]) -> list[Tensor]:
        value = weights.clone().requires_grad_()
        found = [block(images, value, scale, shift).pow(4).sum()]
        for _ in range(3):
            found.append(torch.autograd.grad(found[-1], value, create_graph=True)[0].square().sum())
        return found

    for one, other in zip(derivatives(first_block), derivatives(by_hand), strict=True):
        assert float(one.detach()) == pytest.approx(float(other.detach()), rel=1e-9)


def test_images_that_require_a_gradient_are_refused() -> None:
    images, *rest = arguments()
    with pytest.raises(ValueError, match=r"^images must not require a gradient: the first block gives none; got"):
        first_block(images.requires_grad_(), *rest)
