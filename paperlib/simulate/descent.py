"""The tensor program of stochastic gradient training: many runs, one task each an iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from paperlib.arguments import Array
from paperlib.gaussian import square_roots
from paperlib.simulate.setting import Algorithm, Setting, stability_limits
from paperlib.simulate.streams import Draws, Method, Streams

Purpose = Algorithm | Literal["test"]
EXCURSION = 1e6  # a run whose iterate is this much larger than its tasks has diverged


def batches(
    purpose: Purpose, settings: Sequence[Setting], seeds: Sequence[int], method: Method, shared: bool
) -> Iterator[Batch]:
    """Yield the runs, settings × seeds, in batches whose iterations have equal shapes."""
    shapes: dict[tuple[str | int, ...], list[int]] = {}
    for place, setting in enumerate(settings):
        sizes = setting.phases(purpose).values()
        own = shared or method == "samples"
        shape = (covariance_form(setting), *(n if own else min(n, setting.env.dim) for n in sizes))
        shapes.setdefault(shape, []).append(place)
    for members in shapes.values():
        streams = [members] if shared else [[one] for one in members]
        places = [(many, seed) for many in streams for seed in range(len(seeds))]
        yield Batch(purpose, places, settings, seeds, method, shared)


class Batch:
    """Runs whose iterations have equal shapes: P streams of random numbers, each serving K settings.

    Vectors are columns: (P, d, K). `settings` and `seeds` (P, K) are the places of the runs in the experiment.
    """

    def __init__(
        self,
        purpose: Purpose,
        places: list[tuple[list[int], int]],
        settings: Sequence[Setting],
        seeds: Sequence[int],
        method: Method,
        shared: bool,
    ) -> None:
        self.settings = np.array([many for many, _ in places])
        self.seeds = np.repeat([[seed] for _, seed in places], self.settings.shape[1], axis=1)
        self.experiment, self.seed_values = settings, seeds
        envs = [s.env for s in settings]
        phases = [settings[many[0]].phases(purpose) for many, _ in places]
        names: list[tuple[str | int, ...]] = [
            ("shared", *phase.values()) if shared else ("named", settings[many[0]].name)
            for phase, (many, _) in zip(phases, places, strict=True)
        ]
        self.sigmas = self.table([env.noise_std for env in envs])[self.settings]
        self.streams = Streams(
            [(seeds[seed], (purpose, *name)) for (_, seed), name in zip(places, names, strict=True)],
            {phase: np.array([sizes[phase] for sizes in phases]) for phase in phases[0]},
            envs[0].dim,
            method=method,
            optima=any(env.spreads.any() for env in envs),
            noise=any(env.noise_std > 0 for env in envs),
        )
        roots = square_roots(np.stack([env.covariances for env in envs]))
        spreads = square_roots(np.stack([env.spreads for env in envs]))
        self.shifts = self.table(-np.einsum("sgij,sgj->sgi", roots, [env.means for env in envs])).flatten(0, 1)
        self.spreads = self.table(-roots @ spreads).flatten(0, 1)
        self.roots = self.table(roots).flatten(0, 1)
        if (form := covariance_form(settings[places[0][0][0]])) != "full":
            self.roots = self.roots.diagonal(dim1=1, dim2=2)[:, : 1 if form == "isotropic" else None].contiguous()
        self.thresholds = self.table(np.cumsum([env.probabilities for env in envs], axis=1)[:, :-1])[self.settings]
        self.steps = self.table([-s.alpha / s.n2 for s in settings]).repeat_interleave(envs[0].groups)
        self.offsets = torch.as_tensor(self.settings * envs[0].groups)

    def table(self, values: ArrayLike) -> Tensor:
        """Return the values as a tensor."""
        return torch.tensor(np.asarray(values), dtype=torch.float64)

    def gather(self, iterates: Array) -> Tensor:
        """Return the iterates (settings, seeds, d) of these runs as columns, (P, d, K)."""
        return self.table(iterates[self.settings, self.seeds]).mT.contiguous()

    def task(self, draws: Draws, units: Tensor) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        r"""Return what the c tasks of a piece make of an iterate: :math:`q=\Sigma^{1/2}(w-w^*)`, and what they do to q.

        Args:
            draws: the random numbers.
            units: one for each setting; iterates are measured in them.

        Returns:
            into: :math:`\Sigma^{1/2}` times the unit, (c, P, d or 1, K) if diagonal, else (c, P, K, d, d).
            shift: :math:`-\Sigma^{1/2}w^*`, (c, P, d, K).
            inner: :math:`-\frac{\alpha}{n_2}\Sigma`, like `into`.
            noise: for each phase :math:`-\sigma\zeta`, (c, P, rows, K or 1).
        """
        uniform = torch.from_numpy(draws.groups)
        group = self.offsets + (uniform[:, :, None, None] >= self.thresholds).sum(-1)

        def pick(table: Tensor, columns: bool = True) -> Tensor:
            picked = table.index_select(0, group.flatten()).reshape(*group.shape, *table.shape[1:])
            return picked.mT.contiguous() if columns else picked

        tail = [1] * (self.roots.dim() - 1)
        scales = units.repeat_interleave(len(self.steps) // len(units))
        squares = self.roots**2 if len(tail) == 1 else self.roots @ self.roots
        into = pick(self.roots * scales.reshape(-1, *tail), len(tail) == 1)
        inner = pick(squares * self.steps.reshape(-1, *tail), len(tail) == 1)
        shift = pick(self.shifts)
        if draws.optima is not None:
            standard = torch.from_numpy(draws.optima)
            shift += transform(pick(self.spreads, False), standard[..., None])
        if draws.noises is None:
            nothing = torch.zeros((1, 1, 1, 1), dtype=torch.float64)
            noise = [nothing.expand(*f.shape[:3], 1) for f in draws.factors]
        else:
            sigmas = -self.sigmas[:, None, : 1 if bool((self.sigmas == self.sigmas[:, :1]).all()) else None]
            noise = [sigmas * torch.from_numpy(z)[..., None] for z in draws.noises]
        return into, shift, inner, noise


def covariance_form(setting: Setting) -> Literal["isotropic", "diagonal", "full"]:
    """Return the simplest form that all covariances of a setting have; it decides how they are multiplied with."""
    covariances = setting.env.covariances
    diagonals = np.diagonal(covariances, axis1=-2, axis2=-1)
    if (covariances != diagonals[..., None] * np.eye(setting.env.dim)).any():
        return "full"
    return "isotropic" if (diagonals == diagonals[:, :1]).all() else "diagonal"


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one thread: thousands of small steps wait for each other, and for whatever else the cores do."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def transform(matrix: Tensor, vectors: Tensor) -> Tensor:
    """Return matrix · vectors for columns (..., d, K); a matrix of as many axes is diagonal."""
    if matrix.dim() == vectors.dim():
        return matrix * vectors
    return (matrix @ vectors.mT[..., None])[..., 0].mT


def affine(base: Tensor, matrix: Tensor, vectors: Tensor, sign: int = 1) -> Tensor:
    """Return base ± matrix · vectors, in the same sense."""
    if matrix.dim() == vectors.dim():
        return torch.addcmul(base, matrix, vectors, value=sign)
    return torch.add(base, transform(matrix, vectors), alpha=sign)


def adapt(q: Tensor, factors: Tensor, noise: Tensor, inner: Tensor) -> Tensor:
    """Take one adaptation step: q − (α/n2) Σ Fᵀ(Fq − σζ)."""
    return affine(q, inner, torch.bmm(factors.mT, torch.baddbmm(noise, factors, q)))


def _erm_step(w: Tensor, into: Tensor, shift: Tensor, inner: Tensor, F: Tensor, z: Tensor) -> Tensor:
    q = affine(shift, into, w)
    return affine(w, into, torch.bmm(F.mT, torch.baddbmm(z, F, q)), -1)


def _maml_step(
    w: Tensor, into: Tensor, shift: Tensor, inner: Tensor, F: Tensor, G: Tensor, z: Tensor, y: Tensor
) -> Tensor:
    u = adapt(affine(shift, into, w), F, z, inner)
    h = torch.bmm(G.mT, torch.baddbmm(y, G, u))
    # (I - (α/n2) FᵀFΣ) h
    h = torch.baddbmm(h, F.mT, torch.bmm(F, transform(inner, h)))
    return affine(w, into, h, -1)


def descend(algorithm: Algorithm, batch: Batch, w: Tensor, rates: Array, iterations: int) -> Tensor:
    """Return the iterates (P, d, K) after so many iterations from w, or raise a ValueError that names the run."""
    step: Callable[..., Tensor] = _erm_step if algorithm == "erm" else _maml_step
    settings = batch.experiment
    scales = [rate / (s.n1 + s.n2 * (algorithm == "erm")) for rate, s in zip(rates, settings, strict=True)]
    # In units of √(β/n) the gradient, which leaves through Σ^½ times β/n, leaves as the iterate enters.
    units = batch.table(scales).sqrt()
    unit = units[batch.settings][:, None]
    reach = [np.abs(s.env.means).max() + np.sqrt(s.env.spreads.max()) + 1.0 for s in settings]
    limit = EXCURSION * batch.table(reach)[batch.settings] + w.abs().amax(1)
    w, done = w / unit, 0
    for draws in batch.streams.chunks(iterations):
        into, shift, inner, noise = batch.task(draws, units)
        factors = [torch.from_numpy(f) for f in draws.factors]
        path = []
        for parts in zip(*(t.unbind(0) for t in (into, shift, inner, *factors, *noise)), strict=True):
            w = step(w, *parts)
            path.append(w)
        largest = torch.stack(path).abs().amax(2) * unit[:, 0]
        stable = largest <= limit  # false for NaN
        if not stable.all():
            iteration, stream, column = (int(i) for i in np.argwhere(~stable.numpy())[0])
            run = (stream, column)
            raise ValueError(_divergence(algorithm, batch, run, rates, done + iteration + 1))
        done += len(path)
    return w * unit


def _divergence(algorithm: Algorithm, batch: Batch, run: tuple[int, int], rates: Array, iteration: int) -> str:
    place = batch.settings[run]
    setting = batch.experiment[place]
    mean, square = stability_limits(algorithm, setting.env, setting.alpha, setting.n1, setting.n2)
    return (
        f"rates must be small enough to be stable; with {rates[place]:.4g} the {algorithm} run {setting.name!r}, "
        f"seed {batch.seed_values[batch.seeds[run]]}, diverges at iteration {iteration}: "
        f"its mean is stable below {mean:.3g}, its mean square below {square:.3g}"
    )
