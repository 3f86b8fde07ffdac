"""Many models along one axis against a plain double loop; closed derivatives against numerical ones."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

sys.path.append(str(Path(__file__).resolve().parent))
from test_fewshot_training import LAST_DIGITS

from paperlib.fewshot import models
from paperlib.fewshot.convolutions import grouped_convolution
from paperlib.fewshot.episodes import TaskDistribution, TaskKind
from paperlib.fewshot.initialisations import INITIALISATIONS
from paperlib.fewshot.learners import ALGORITHMS
from paperlib.fewshot.models import Network, Parameters, TaskBatch, stack
from paperlib.fewshot.normalisation import normalised_pool
from paperlib.fewshot.objectives import Objective, meta_gradient, post_adaptation

ROOT = Path(__file__).resolve().parent.parent
SMALL = Network(channels=2, side=13, ways=3, filters=4, blocks=2)


def images(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=dtype).contiguous(memory_format=torch.channels_last)


def parameters(network: Network, runs: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Parameters:
    """Return parameters away from their initial values, with scales of both signs."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: value
        + 0.5 * torch.randn(value.shape, generator=generator, dtype=dtype) * (1 + 2 * name.endswith("scale"))
        for name, value in network.initial(range(runs), dtype).items()
    }


def batch(
    network: Network, run: list[int], ways: int, shots: int, queries: int, dtype: torch.dtype = torch.float64
) -> TaskBatch:
    models, side = len(run), network.side
    hard = torch.tensor([k % 3 == 1 for k in range(models)])
    support = images(ways * shots, models * network.channels, side, side, seed=1, dtype=dtype)
    query = images(ways * queries, models * network.channels, side, side, seed=2, dtype=dtype)
    names = torch.arange(models * ways).reshape(models, ways) * 5 % max(network.names, 1)
    return TaskBatch(torch.tensor(run), hard, support, query, ways, names if network.names else None)


# -- the plain double loop, written with torch.nn.functional alone


def plain_logits(network: Network, values: Parameters, pictures: Tensor, ways: int) -> Tensor:
    features = plain_features(network, values, pictures)
    return F.linear(features, values["head.weight"][:ways], values["head.bias"][:ways])


def plain_features(network: Network, values: Parameters, pictures: Tensor) -> Tensor:
    for block in range(1, network.blocks + 1):
        pictures = F.conv2d(pictures, values[f"conv{block}.weight"], padding=1)
        scale, shift = values[f"norm{block}.scale"], values[f"norm{block}.shift"]
        pictures = F.batch_norm(pictures, None, None, scale, shift, training=True)
        slope = 0.01 if network.activation == "leaky-relu" else 0.0
        pictures = F.max_pool2d(F.leaky_relu(pictures, slope), 2)
    return pictures.flatten(1)


def plain_task_loss(network: Network, values: Parameters, tasks: TaskBatch, m: int, objective: Objective) -> Tensor:
    own = slice(m * network.channels, (m + 1) * network.channels)
    (support, query) = (part[:, own].contiguous() for part in (tasks.support, tasks.query))
    labels = [torch.arange(tasks.ways).repeat_interleave(len(part) // tasks.ways) for part in (support, query)]
    if objective.algorithm == "named-erm":
        body = plain_features(network, values, torch.cat([support, query]))
        assert tasks.names is not None
        names = torch.cat([tasks.names[m].repeat_interleave(len(part) // tasks.ways) for part in (support, query)])
        return F.cross_entropy(F.linear(body, values["names.weight"], values["names.bias"]), names)
    if objective.algorithm == "prototypical":
        seen, asked = (plain_features(network, values, part) for part in (support, query))
        means = torch.stack([seen[labels[0] == c].mean(dim=0) for c in range(tasks.ways)])
        return F.cross_entropy(-torch.stack([((asked - mean) ** 2).sum(dim=1) for mean in means], dim=1), labels[1])
    if objective.algorithm in ("erm", "weighted-erm"):
        return F.cross_entropy(
            plain_logits(network, values, torch.cat([support, query]), tasks.ways), torch.cat(labels)
        )
    names = [name for name in values if objective.algorithm != "anil" or name.startswith("head")]
    names = [name for name in names if objective.adapt_norm or "norm" not in name]
    for _ in range(objective.steps):
        loss = F.cross_entropy(plain_logits(network, values, support, tasks.ways), labels[0])
        slopes = torch.autograd.grad(loss, [values[name] for name in names], create_graph=True)
        if objective.algorithm == "fomaml":
            slopes = tuple(slope.detach() for slope in slopes)
        assert isinstance(objective.alpha, float)
        values = values | {name: values[name] - objective.alpha * s for name, s in zip(names, slopes, strict=True)}
    return F.cross_entropy(plain_logits(network, values, query, tasks.ways), labels[1])


def plain_gradients(
    network: Network, theta: Parameters, tasks: TaskBatch, objective: Objective, count: int
) -> Parameters:
    result: dict[str, list[Tensor]] = {name: [] for name in theta}
    for run in range(len(theta["head.bias"])):
        values = {name: value[run].clone().requires_grad_() for name, value in theta.items()}
        total = torch.zeros((), dtype=theta["head.bias"].dtype)
        for m in range(len(tasks.run)):
            if tasks.run[m] == run:
                weight = 1.0
                if objective.algorithm == "weighted-erm":
                    weight = (objective.hard_odds if tasks.hard[m] else 1) / (
                        objective.p_hard * (objective.hard_odds - 1) + 1
                    )
                total = total + weight * plain_task_loss(network, values, tasks, m, objective) / count
        slopes = torch.autograd.grad(total, list(values.values()), allow_unused=True, materialize_grads=True)
        for name, slope in zip(values, slopes, strict=True):
            result[name].append(slope)
    return {name: torch.stack(slopes) for name, slopes in result.items()}


def gap(ours: Parameters, plain: Parameters) -> float:
    assert set(ours) == set(plain)
    size = max(float(value.abs().max()) for value in plain.values())
    return max(float((ours[name] - plain[name]).abs().max()) for name in plain) / size


CASES = [(name, steps) for name, row in ALGORITHMS.items() for steps in ((1, 2, 3) if row.splits else (1,))]


@pytest.mark.parametrize(("algorithm", "steps"), CASES)
def test_meta_gradients_equal_a_plain_double_loop(algorithm: str, steps: int) -> None:
    network = replace(SMALL, names=7 if ALGORITHMS[algorithm].named else 0)
    theta, tasks = parameters(network, 2), batch(network, [0, 0, 0, 1, 1], 3, 2, 4)
    objective = Objective(algorithm, steps, 0.1, hard_odds=3.0, p_hard=0.25)
    ours = meta_gradient(network, theta, tasks, objective, 3)
    assert gap(ours.gradients, plain_gradients(network, theta, tasks, objective, 3)) < 1e-10
    for m, run in enumerate(tasks.run.tolist()):
        alone = {name: value[run].clone().requires_grad_() for name, value in theta.items()}
        plain = plain_task_loss(network, alone, tasks, m, replace(objective, hard_odds=1.0))
        assert float(ours.loss[m]) == pytest.approx(float(plain.detach()), rel=1e-12)


@pytest.mark.parametrize("algorithm", ["maml", "fomaml"])
@pytest.mark.parametrize(("activation", "adapt_norm"), [("leaky-relu", True), ("relu", False), ("leaky-relu", False)])
def test_what_the_protocol_leaves_open(algorithm: str, activation: str, adapt_norm: bool) -> None:
    network = replace(SMALL, activation=activation)
    theta, tasks = parameters(network, 2), batch(network, [0, 0, 1], 3, 2, 4)
    objective = Objective(algorithm, 2, adapt_norm=adapt_norm)
    plain = plain_gradients(network, theta, tasks, objective, 2)
    assert gap(meta_gradient(network, theta, tasks, objective, 2).gradients, plain) < 1e-10
    for other in (replace(objective, adapt_norm=not adapt_norm), Objective("anil", 2)):
        assert gap(meta_gradient(network, theta, tasks, other, 2).gradients, plain) > 1e-4


@pytest.mark.parametrize("algorithm", ["maml", "fomaml", "anil", "erm"])
def test_the_paper_s_network_on_drawings_with_blank_paper(algorithm: str) -> None:
    """Large equal regions tie everywhere in the pooling; gradients must not depend on how a tie is broken."""
    network = Network()
    tasks = batch(network, [0, 0], 5, 1, 3)
    blank = [torch.where(part > 1.5, 0.0, 1.0).to(part) for part in (tasks.support, tasks.query)]
    tasks = replace(tasks, support=blank[0], query=blank[1])
    theta, objective = network.initial([4], torch.float64), Objective(algorithm)
    ours = meta_gradient(network, theta, tasks, objective, 2).gradients
    assert gap(ours, plain_gradients(network, theta, tasks, objective, 2)) < 1e-10


@pytest.mark.parametrize(
    "wrong", [Objective("fomaml"), Objective("maml", 2), Objective("maml", 1, 0.11), Objective("anil")]
)
def test_the_comparison_sees_a_wrong_algorithm(wrong: Objective) -> None:
    theta, tasks = parameters(SMALL, 2), batch(SMALL, [0, 0, 0, 1, 1], 3, 2, 4)
    ours = meta_gradient(SMALL, theta, tasks, Objective("maml"), 3).gradients
    assert gap(ours, plain_gradients(SMALL, theta, tasks, wrong, 3)) > 1e-3


@pytest.mark.parametrize("algorithm", ["named-erm", "prototypical"])
def test_a_head_that_has_no_part_in_training_stays_as_it_was(algorithm: str) -> None:
    network = replace(SMALL, names=7 if algorithm == "named-erm" else 0)
    theta, tasks = parameters(network, 1), batch(network, [0, 0], 3, 2, 4)
    found = meta_gradient(network, theta, tasks, Objective(algorithm), 2).gradients
    assert all(bool(found[name].eq(0).all()) == name.startswith("head") for name in found)
    renamed = replace(tasks, names=torch.tensor([[0, 1, 2], [4, 5, 6]])) if tasks.names is not None else tasks
    others = meta_gradient(network, theta, renamed, Objective(algorithm), 2).gradients
    assert (gap(others, found) > 1e-3) == (algorithm == "named-erm"), "names are seen by the learner that learns them"


def test_classes_without_names_are_called_by_their_labels() -> None:
    network = replace(SMALL, names=7)
    tasks = replace(batch(network, [0, 0], 3, 2, 4), names=None)
    assert tasks.called(tasks.query).tolist() == [[0] * 4 + [1] * 4 + [2] * 4] * 2
    with pytest.raises(ValueError, match=r"^names must be how many classes have one, at least 1; got 0$"):
        meta_gradient(SMALL, parameters(SMALL, 1), tasks, Objective("named-erm"), 2)


def test_class_means_of_what_each_readout_looks_at() -> None:
    """The nearest mean, found by distances; the head and the other task have no part in it."""
    theta, tasks = parameters(SMALL, 1), batch(SMALL, [0, 0], 3, 2, 4)
    labels = torch.arange(3).repeat_interleave(4)
    for readout in ("class-means", "pixels", "blurred-pixels"):
        loss, right = post_adaptation(SMALL, theta, tasks, Objective("maml", readout=readout))
        for m in range(2):
            parts = [part[:, 2 * m : 2 * m + 2] for part in (tasks.support, tasks.query)]
            if readout == "class-means":
                alone = {name: value[0] for name, value in theta.items()}
                parts = [plain_features(SMALL, alone, part.contiguous()) for part in parts]
            elif readout == "blurred-pixels":
                parts = [blurred_by_sums(part) for part in parts]
            seen, asked = (part.flatten(1) for part in parts)
            means = seen.reshape(3, 2, -1).mean(dim=1)
            distances = torch.stack([((asked - mean) ** 2).sum(dim=1) for mean in means], dim=1)
            assert float(right[m]) == pytest.approx(float((distances.argmin(dim=1) == labels).double().mean()))
            assert float(loss[m]) == pytest.approx(float(F.cross_entropy(-distances, labels)), rel=1e-9)


def blurred_by_sums(pictures: Tensor) -> Tensor:
    """Return pictures of 13 pixels, mirrored at their edges, under a normal density of deviation 1.5 cut off at 6."""
    offsets = torch.arange(-6, 7, dtype=pictures.dtype)
    weights = torch.exp(-(offsets**2) / (2 * 1.5**2))
    mirrored = torch.cat([torch.arange(12, -1, -1), torch.arange(13), torch.arange(12, -1, -1)])
    matrix = torch.zeros(13, 13, dtype=pictures.dtype)
    for row in range(13):
        for offset, weight in zip(range(-6, 7), weights / weights.sum(), strict=True):
            matrix[row, mirrored[13 + row + offset]] += weight
    return matrix @ pictures @ matrix.T


def test_an_image_goes_to_the_nearest_class_by_hand() -> None:
    """Images of one grey level: two classes of 0 and 4, and of 6 and 8; their means are 2 and 7, and 4.5 is between."""
    network = Network(channels=1, side=4, ways=2, filters=1, blocks=1)

    def shown(*levels: float) -> Tensor:
        return torch.tensor(levels).reshape(-1, 1, 1, 1).expand(-1, 1, 4, 4).contiguous()

    tasks = TaskBatch(torch.tensor([0]), torch.tensor([False]), shown(0.0, 4.0, 6.0, 8.0), shown(1.0, 5.0, 4.0, 9.0), 2)
    for readout in ("pixels", "blurred-pixels"):
        _, right = post_adaptation(network, network.initial([0]), tasks, Objective("erm", readout=readout))
        assert right.tolist() == [0.5], "of 1 and 5, called the first class, and 4 and 9, called the second"


def test_another_readout_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^readout must be one of steps, class-means, pixels, blurred-pixels; got 'x'$"
    ):
        Objective("maml", readout="x")


# -- how weights are drawn

FANS = {"conv1.weight": (9, 576), "conv2.weight": (576, 576), "head.weight": (64, 5), "names.weight": (64, 1623)}


@pytest.mark.parametrize("initialisation", INITIALISATIONS)
def test_weights_have_the_distribution_that_they_should_have(initialisation: str) -> None:
    """Mean, deviation and bounds of each layer, over 20 models of other seeds."""
    drawn = Network(names=1623).initial(range(20), torch.float64, initialisation)
    for name, (inputs, outputs) in FANS.items():
        values, kernel = drawn[name].flatten(), name.startswith("conv")
        normal = initialisation == "antoniou" or (initialisation == "finn" and not kernel)
        deviation = (2 / (inputs + outputs)) ** 0.5 if kernel or not normal else 1.0
        if initialisation == "torch":
            deviation = (1 / (3 * inputs)) ** 0.5
        error = deviation / len(values) ** 0.5
        assert abs(float(values.mean())) < 4 * error
        assert float(values.std()) == pytest.approx(deviation, rel=4 / len(values) ** 0.5)
        largest = float(values.abs().max()) / deviation
        assert (3 < largest < 7) if normal else (0.99 * 3**0.5 < largest <= 3**0.5)
    biases = torch.cat([drawn["head.bias"].flatten(), drawn["names.bias"].flatten()])
    assert bool(biases.eq(0).all()) == (initialisation != "torch") and float(biases.abs().max()) <= 1 / 8
    for name, value in drawn.items():
        if name.startswith("norm"):
            assert bool(value.eq(1.0 if name.endswith("scale") else 0.0).all())


def test_pytorch_s_own_layers_are_drawn_alike() -> None:
    torch.manual_seed(0)
    for layer, name in ((torch.nn.Conv2d(64, 64, 3), "conv2.weight"), (torch.nn.Linear(64, 5), "head.weight")):
        drawn = Network().initial([0], initialisation="torch")[name]
        assert float(layer.weight.detach().abs().max() / drawn.abs().max()) == pytest.approx(1, rel=0.02)


def test_a_second_head_leaves_the_rest_of_the_start_as_it_is() -> None:
    plain, named = Network().initial([3]), Network(names=9).initial([3])
    assert all(torch.equal(named[name], value) for name, value in plain.items())


def test_limits() -> None:
    theta, tasks = parameters(SMALL, 2), batch(SMALL, [0, 0, 1], 3, 2, 4)
    still = meta_gradient(SMALL, theta, tasks, Objective("maml", 3, 0.0), 2).gradients
    first = meta_gradient(SMALL, theta, tasks, Objective("fomaml", 1, 0.0), 2).gradients
    assert gap(still, first) < 1e-12  # alpha = 0: no adaptation, no second order
    plain = meta_gradient(SMALL, theta, tasks, Objective("erm"), 2).gradients
    assert gap(meta_gradient(SMALL, theta, tasks, Objective("weighted-erm"), 2).gradients, plain) == 0  # odds 1


def test_each_run_can_have_its_own_inner_rate() -> None:
    theta, tasks = parameters(SMALL, 2), batch(SMALL, [0, 1], 3, 2, 4)
    both = meta_gradient(SMALL, theta, tasks, Objective("maml", alpha=(0.1, 0.3)), 1).gradients
    for run, alpha in enumerate((0.1, 0.3)):
        one = meta_gradient(SMALL, theta, tasks, Objective("maml", alpha=alpha), 1).gradients
        assert all(torch.equal(both[name][run], one[name][run]) for name in one)


def test_evaluation_is_the_outer_loss_of_maml() -> None:
    theta, tasks = parameters(SMALL, 2), batch(SMALL, [0, 0, 1], 3, 2, 4)
    for objective in (Objective("maml", 2), Objective("anil", 2)):
        trained = meta_gradient(SMALL, theta, tasks, objective, 2)
        loss, accuracy = post_adaptation(SMALL, theta, tasks, objective)
        assert torch.allclose(loss, trained.loss, rtol=1e-12) and torch.equal(accuracy, trained.accuracy)
    erm, maml = (post_adaptation(SMALL, theta, tasks, Objective(name, 5)) for name in ("erm", "maml"))
    assert torch.equal(erm[0], maml[0])  # ERM is adapted at test time like MAML
    assert not any(value.requires_grad for value in (*erm, *theta.values()))


def test_buckets_add_up() -> None:
    """The buckets are not in channels_last order either: the order in memory must not matter."""
    theta, tasks = parameters(SMALL, 2), batch(SMALL, [0, 0, 0, 1, 1, 1], 3, 2, 4)
    whole = meta_gradient(SMALL, theta, tasks, Objective("maml"), 3).gradients
    channels = torch.arange(12).reshape(6, 2)
    parts = []
    for chosen in (torch.tensor([0, 2, 4]), torch.tensor([1, 3, 5])):
        own = channels[chosen].flatten()
        pick = (tasks.run[chosen], tasks.hard[chosen], tasks.support[:, own], tasks.query[:, own])
        parts.append(meta_gradient(SMALL, theta, TaskBatch(*pick, tasks.ways), Objective("maml"), 3).gradients)
    assert gap({name: parts[0][name] + parts[1][name] for name in whole}, whole) < 1e-12


def test_fewer_ways_use_the_first_outputs_of_the_head() -> None:
    theta, tasks = parameters(SMALL, 1), batch(SMALL, [0, 0], 2, 3, 4)
    ours = meta_gradient(SMALL, theta, tasks, Objective("maml"), 2).gradients
    assert gap(ours, plain_gradients(SMALL, theta, tasks, Objective("maml"), 2)) < 1e-10
    assert not ours["head.weight"][:, 2].any()
    with pytest.raises(ValueError, match=r"^ways must lie between 1 and the 3 outputs of the head; got 4$"):
        meta_gradient(SMALL, theta, batch(SMALL, [0], 4, 1, 1), Objective("maml"), 1)


# -- alone or beside others


@pytest.mark.parametrize(("dtype", "digits"), [(torch.float32, LAST_DIGITS), (torch.float64, 0.0)])
@pytest.mark.parametrize("algorithm", ["maml", "erm"])
def test_a_run_is_the_same_alone_and_beside_others(algorithm: str, dtype: torch.dtype, digits: float) -> None:
    """In single precision but for last digits.

    The head is a batched product of matrices, and with one thread, on some processors, MKL computes a matrix otherwise
    beside others. All else is convolutions and sums, whose kernels do not ask how many models there are.
    """
    network, run = Network(filters=64), [0, 0, 1, 1, 2, 2]
    theta = network.initial([5, 6, 7], dtype)
    tasks, objective = batch(network, run, 5, 1, 2, dtype), Objective(algorithm)
    together = meta_gradient(network, theta, tasks, objective, 2).gradients
    for k in range(3):
        own = slice(2 * k, 2 * k + 2)
        alone = TaskBatch(
            torch.tensor([0, 0]),
            tasks.hard[own],
            tasks.support[:, own].contiguous(memory_format=torch.channels_last),
            tasks.query[:, own].contiguous(memory_format=torch.channels_last),
            5,
        )
        single = meta_gradient(network, {n: v[k : k + 1] for n, v in theta.items()}, alone, objective, 2).gradients
        gaps = [gap(single, {name: value[[place]] for name, value in together.items()}) for place in range(3)]
        assert gaps.pop(k) <= digits < 1e-2 < min(gaps)


def test_a_model_depends_on_its_seed_alone() -> None:
    together, alone = SMALL.initial([3, 8]), SMALL.initial([8])
    assert all(torch.equal(together[name][1], alone[name][0]) for name in alone)
    assert not torch.equal(together["conv1.weight"][0], together["conv1.weight"][1])
    weights = Network().initial([0])["conv2.weight"]
    assert float(weights.abs().max()) <= (6 / (9 * 128)) ** 0.5
    assert float(weights.var()) == pytest.approx(2 / (9 * 128), rel=0.02)  # Glorot's variance


# -- the two operations


def unfolded_convolution(images: Tensor, weights: Tensor) -> Tensor:
    """Convolve what `grouped_convolution` does, by gathering all patches and multiplying matrices, model by model."""
    count, (models, outputs, inputs) = len(images), weights.shape[:3]
    height, width = images.shape[2:]
    patches = F.unfold(images.reshape(count * models, inputs, height, width), 3, padding=1)
    patches = patches.reshape(count, models, inputs * 9, height * width).permute(1, 0, 3, 2).flatten(1, 2)
    product = torch.bmm(patches, weights.reshape(models, outputs, inputs * 9).transpose(1, 2))
    stacked = product.reshape(models, count, height, width, outputs).permute(1, 2, 3, 0, 4).flatten(3, 4)
    return stacked.permute(0, 3, 1, 2)


@pytest.mark.parametrize("convolve", [grouped_convolution, unfolded_convolution])
def test_convolutions_agree_with_one_model_at_a_time(convolve) -> None:  # type: ignore[no-untyped-def]
    pictures, weights = images(3, 8, 5, 6), images(2 * 3, 4, 3, 3, seed=5).reshape(2, 3, 4, 3, 3)
    ours = convolve(pictures, weights)
    for m in range(2):
        one = F.conv2d(pictures[:, 4 * m : 4 * m + 4], weights[m], padding=1)
        assert torch.allclose(ours[:, 3 * m : 3 * m + 3], one, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("channels", "side"), [(32, 16), (32, 8), (32, 4), (64, 14), (64, 7), (64, 3)])
@pytest.mark.parametrize("count", [2, 5, 50, 55])
def test_one_model_has_the_digits_that_it_has_beside_another(channels: int, side: int, count: int) -> None:
    """At the sizes of tiers book and paper, where one group is convolved once."""
    generator = torch.Generator().manual_seed(side)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).contiguous(memory_format=torch.channels_last)

    pictures, signal = normal(count, 2 * channels, side, side), normal(count, 2 * channels, side, side)
    kernels = normal(2 * channels, channels, 3, 3)

    def every(pictures: Tensor, kernels: Tensor, signal: Tensor) -> tuple[Tensor, ...]:
        values = pictures.requires_grad_(), kernels.reshape(-1, channels, *kernels.shape[1:]).requires_grad_()
        found = grouped_convolution(*values)
        return found, *torch.autograd.grad(found, values, signal)

    together, own = every(pictures, kernels, signal), slice(channels)
    first = pictures.detach()[:, own].contiguous(memory_format=torch.channels_last)
    alone = every(first, kernels[own], signal[:, own])
    assert torch.equal(together[0][:, own], alone[0])
    assert torch.equal(together[1][:, own], alone[1])
    assert torch.equal(together[2][:1], alone[2])


def test_another_convolution_gives_the_same_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    theta, tasks = parameters(SMALL, 2), batch(SMALL, [0, 0, 1], 3, 2, 4)
    one = meta_gradient(SMALL, theta, tasks, Objective("maml", 2), 2).gradients
    monkeypatch.setattr(models, "grouped_convolution", unfolded_convolution)
    other = meta_gradient(SMALL, theta, tasks, Objective("maml", 2), 2).gradients
    assert 0 < gap(one, other) < 1e-11


@pytest.mark.parametrize("order", [torch.channels_last, torch.contiguous_format])
def test_convolution_derivatives(order: torch.memory_format) -> None:
    pictures = images(2, 4, 4, 3).contiguous(memory_format=order).requires_grad_()
    weights = images(6, 2, 3, 3, seed=1).reshape(2, 3, 2, 3, 3).requires_grad_()
    assert torch.autograd.gradcheck(grouped_convolution, (pictures, weights))
    assert torch.autograd.gradgradcheck(grouped_convolution, (pictures, weights))


@pytest.mark.parametrize("order", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("side", [4, 5])
@pytest.mark.parametrize("scale", [[1.5, 0.7, 2.0], [1.5, -0.7, -2.0]])
def test_normalised_pool_derivatives(order: torch.memory_format, side: int, scale: list[float]) -> None:
    pictures = images(2, 3, side, side).contiguous(memory_format=order)
    arguments = (
        pictures,
        torch.tensor(scale, dtype=torch.float64),
        torch.tensor([0.1, -0.2, 0.3], dtype=torch.float64),
    )
    arguments = tuple(argument.requires_grad_() for argument in arguments)
    assert torch.autograd.gradcheck(normalised_pool, arguments)
    assert torch.autograd.gradgradcheck(normalised_pool, arguments)


@pytest.mark.parametrize("side", [6, 7])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_normalised_pool_is_batch_norm_and_max_pool(side: int, sign: float) -> None:
    pictures = images(5, 3, side, side) + 4.0
    scale, shift = torch.tensor([1.0, 2.0 * sign, 0.5], dtype=torch.float64), torch.tensor([0.0, 1.0, -1.0]).double()
    plain = F.max_pool2d(F.batch_norm(pictures, None, None, scale, shift, training=True), 2)
    assert torch.allclose(normalised_pool(pictures, scale, shift), plain, rtol=1e-12, atol=1e-12)
    in_rows = pictures.contiguous()  # another order in memory gives the same
    assert torch.equal(normalised_pool(in_rows, scale, shift), normalised_pool(pictures, scale, shift))
    assert normalised_pool(in_rows, scale, shift).is_contiguous(memory_format=torch.channels_last)


def test_a_third_derivative_is_refused() -> None:
    pictures = images(2, 1, 4, 4).requires_grad_()
    ones = torch.ones(1, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(normalised_pool(pictures, ones, ones).square().sum(), pictures, create_graph=True)
    with pytest.raises(
        RuntimeError, match=r"^normalised_pool can be differentiated twice; a third derivative was asked"
    ):
        torch.autograd.grad(first.square().sum(), pictures, create_graph=True)


# -- stacking, memory, bad input


def test_stacked_images_stand_side_by_side() -> None:
    pictures = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (9, 4, 5, 3)).astype(np.uint8))
    numbers = torch.tensor([[1, 2, 8], [0, 7, 7]])
    stacked = stack(pictures, numbers, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    assert stacked.shape == (3, 6, 4, 5) and stacked.is_contiguous(memory_format=torch.channels_last)
    expected = (int(pictures[8, 1, 2, 1]) / 255 - 0.4) / 0.3
    assert float(stacked[2, 1, 1, 2]) == pytest.approx(expected, rel=1e-5)
    assert float(stacked[1, 5, 3, 4]) == pytest.approx((int(pictures[7, 3, 4, 2]) / 255 - 0.3) / 0.4, rel=1e-5)


def test_a_batch_shows_each_task_its_own_images() -> None:
    pictures = torch.arange(60, dtype=torch.uint8).reshape(60, 1, 1, 1).expand(60, 3, 3, 1)
    kind = TaskKind(np.arange(60).reshape(6, 10), (np.arange(6),), True, 3, 2, 4)
    (tasks,) = TaskDistribution(kind, kind, 0.5).batch([1, 2], 0, 2)
    shown = TaskBatch.of(tasks, pictures)
    assert shown.support.shape == (6, 4, 3, 3) and shown.query.shape == (12, 4, 3, 3)
    assert shown.run.tolist() == [0, 0, 1, 1] and shown.hard.tolist() == tasks.hard.tolist()
    for part, numbers in ((shown.support, tasks.support), (shown.query, tasks.query)):
        values = (part[:, :, 0, 0].T * 255).round().long()
        assert values.tolist() == numbers.reshape(4, -1).tolist()
        assert torch.equal(torch.tensor(tasks.classes)[:, shown.labels(part)], values // 10)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_descent_lowers_the_loss(algorithm: str) -> None:
    """Classes are grey levels under noise; a fixed batch, some steps of plain descent."""
    rng = np.random.default_rng(3)
    patterns = rng.integers(0, 30, (6, 1, 8, 8, 1)) + rng.integers(0, 220, (6, 10, 8, 8, 1))
    pictures = torch.from_numpy(patterns.reshape(60, 8, 8, 1).astype(np.uint8))
    kind = TaskKind(np.arange(60).reshape(6, 10), (np.arange(6),), True, 3, 2, 4)
    network = Network(side=8, ways=3, filters=8, blocks=2, names=6 if ALGORITHMS[algorithm].named else 0)
    (tasks,) = TaskDistribution(kind, kind, 0.5).batch([1, 2], 0, 3)
    shown, theta = TaskBatch.of(tasks, pictures), network.initial([1, 2])
    losses = []
    for _ in range(30):
        step = meta_gradient(network, theta, shown, Objective(algorithm), 3)
        theta = {name: value - 0.1 * step.gradients[name] for name, value in theta.items()}
        losses.append(step.loss.reshape(2, 3).mean(dim=1))
    assert (losses[-1] < losses[0] - 0.02).all()


BUFFERS = """
import sys
from resource import RUSAGE_SELF, getrusage
from paperlib.runtime import keep_buffers

answers = [keep_buffers() for _ in range(int(sys.argv[1]))]
assert all(answers), answers
byte = bytes([120])
byte * 2**25
before = getrusage(RUSAGE_SELF).ru_minflt
for _ in range(4):
    byte * 2**25
print(getrusage(RUSAGE_SELF).ru_minflt - before)
"""


def faults(calls: int) -> int:
    """Return how many page faults four buffers of 32 MB cost, one after the other, in a process that had one before."""
    command = [sys.executable, "-c", BUFFERS, str(calls)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="there is nothing to ask")
def test_buffers_are_kept_once_asked_for_and_when_asked_again() -> None:
    """A page that the system hands out is a fault at its first touch; a huge page, one for 2 MB."""
    handed_out, once, twice = (faults(calls) for calls in (0, 1, 2))
    assert max(once, twice) < 8 < 4 * 2**25 // 2**21 <= handed_out


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match=rf"^algorithm must be one of {', '.join(ALGORITHMS)}; got 'mamml'$"):
        Objective("mamml")
    with pytest.raises(ValueError, match=r"^side must be at least 2\*\*blocks = 16 pixels; got 15$"):
        Network(side=15)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("steps", (0, -1, 1.5, float("nan")), "a whole number, at least 1"),
        ("alpha", (-0.1, float("nan"), float("inf"), (0.1, -0.1), (0.1, float("nan"))), "at least 0 and finite"),
        ("hard_odds", (0.0, -1.0, float("nan"), float("inf"), (1.0, 0.0)), "positive and finite"),
        ("p_hard", (-0.1, 1.1, float("nan"), (0.5, 2.0)), "between 0 and 1"),
    ],
)
def test_numbers_out_of_range_are_named(name: str, values: Sequence[Any], expected: str) -> None:
    for value in values:
        said = rf"^{name} must (be|lie) {expected}; got {re.escape(repr(value))}$"
        with pytest.raises(ValueError, match=said):
            Objective("weighted-erm", **{name: value})


def test_the_ends_of_the_ranges_are_allowed() -> None:
    Objective("weighted-erm", 1, alpha=(0.0, 1e9), hard_odds=(1e-9, 1e9), p_hard=(0.0, 1.0))
