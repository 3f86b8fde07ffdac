"""Streams of random numbers, one for each run: a run draws the same numbers whatever else runs beside it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paperlib.arguments import Array
from paperlib.simulate.bartlett import above_diagonal, draw_diagonals, fill_factors

Method = Literal["statistics", "samples"]


def generator(seed: int, *identity: str | int) -> np.random.Generator:
    """Return the random generator of whatever `identity` names: a function of its arguments and of nothing else.

    Example:
        >>> generator(0, "erm", "inner").integers(100) == generator(0, "erm", "inner").integers(100)
        np.True_
    """
    digest = hashlib.sha256(json.dumps(identity).encode()).digest()
    words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, len(digest), 4)]
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, *words])))


@dataclass(frozen=True)
class Draws:
    """Standardised random numbers of c iterations of P streams; None stands for what nobody needs."""

    groups: Array  # (c, P), uniform on [0, 1)
    optima: Array | None  # (c, P, d), standard normal
    factors: list[Array]  # for each phase (c, P, rows, d): F or X, with F'F distributed as X'X
    noises: list[Array] | None  # for each phase (c, P, rows), standard normal

    def first(self, count: int) -> Draws:
        """Return the numbers of the first `count` iterations."""
        return Draws(
            self.groups[:count],
            None if self.optima is None else self.optima[:count],
            [factors[:count] for factors in self.factors],
            None if self.noises is None else [noises[:count] for noises in self.noises],
        )


class Streams:
    """The random numbers of P streams that share the shapes of what they draw.

    Every purpose has a generator of its own, used in the order of the iterations, so that neither the company
    of other streams, nor the size of the pieces, nor numbers that somebody else needs change what a stream draws.

    Args:
        identities: P pairs of a seed and the words that name the stream.
        phases: for each set of samples in an iteration its name and the P numbers of samples.
        dim: dimension d of the inputs.
        method: "statistics" draws Bartlett factors, "samples" the standardised inputs themselves.
        optima: whether optima are spread.
        noise: whether labels are noisy.
    """

    def __init__(
        self,
        identities: Sequence[tuple[int, tuple[str | int, ...]]],
        phases: dict[str, NDArray[np.int64]],
        dim: int,
        *,
        method: Method,
        optima: bool,
        noise: bool,
    ) -> None:
        self.size, self.dim, self.method = len(identities), dim, method
        self.samples = list(phases.values())
        self.rows = [int(n[0]) if method == "samples" else min(int(n[0]), dim) for n in self.samples]
        purposes = ["groups", *["optima"] * optima]
        for phase in phases:
            purposes += [f"{phase} chi", f"{phase} normal", *[f"{phase} noise"] * noise]
        self.generators = [{p: generator(seed, *words, p) for p in purposes} for seed, words in identities]
        self.phases, self.optima, self.noise = list(phases), optima, noise

    def chunks(self, total: int, memory: int = 1 << 25) -> Iterator[Draws]:
        """Yield the numbers of `total` iterations in pieces of about `memory` bytes, drawing one piece ahead.

        A piece is overwritten once the next but one is asked for.
        """
        numbers = self.size * (self.dim + sum(rows * (self.dim + 1) for rows in self.rows))
        size = max(1, min(total, 500, memory // (8 * numbers)))
        counts = [min(size, total - start) for start in range(0, total, size)]
        buffers = [self._buffer(size) for _ in counts[:2]]
        workers = min(self.size, os.cpu_count() or 1)
        with ThreadPoolExecutor(workers) as pool:

            def submit(place: int) -> list[Future[None]]:
                edges = np.linspace(0, self.size, 2 * workers + 1).astype(int)
                parts = [slice(int(a), int(b)) for a, b in pairwise(edges) if a < b]
                piece = buffers[place % 2].first(counts[place])
                return [pool.submit(self._fill, piece, part) for part in parts]

            pending = submit(0)
            for place, count in enumerate(counts):
                for job in pending:
                    job.result()
                pending = submit(place + 1) if place + 1 < len(counts) else []
                yield buffers[place % 2].first(count)

    def _buffer(self, size: int) -> Draws:
        lead = (size, self.size)
        return Draws(
            np.empty(lead),
            np.empty((*lead, self.dim)) if self.optima else None,
            [np.zeros((*lead, rows, self.dim)) for rows in self.rows],
            [np.empty((*lead, rows)) for rows in self.rows] if self.noise else None,
        )

    def _fill(self, piece: Draws, streams: slice) -> None:
        chosen = range(streams.start, streams.stop)
        for stream in chosen:
            purpose = self.generators[stream]
            piece.groups[:, stream] = purpose["groups"].random(len(piece.groups))
            if piece.optima is not None:
                piece.optima[:, stream] = purpose["optima"].standard_normal((len(piece.groups), self.dim))
            for phase, noises in zip(self.phases, piece.noises or [], strict=False):
                noises[:, stream] = purpose[f"{phase} noise"].standard_normal((len(noises), noises.shape[2]))
        for phase, samples, factors in zip(self.phases, self.samples, piece.factors, strict=True):
            count, _, rows, _ = factors.shape
            if self.method == "samples":
                for one, stream in product(range(count), chosen):
                    self.generators[stream][f"{phase} normal"].standard_normal(out=factors[one, stream])
                continue
            diagonals = np.empty((count, len(chosen), rows))
            above = np.empty((count, len(chosen), above_diagonal(rows, self.dim)))
            for place, stream in enumerate(chosen):
                purpose = self.generators[stream]
                diagonals[:, place] = draw_diagonals(count, int(samples[stream]), rows, purpose[f"{phase} chi"])
                above[:, place] = purpose[f"{phase} normal"].standard_normal(above[:, place].shape)
            fill_factors(factors[:, streams], diagonals, above)
