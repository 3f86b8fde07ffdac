"""The drawings of Omniglot: read from its archives, and everything that was promised about them checked."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from PIL import Image

from paperlib.fewshot.episodes import Integers
from paperlib.fewshot.sources import Bytes, DataError, members, table

Resampling = Literal["lanczos", "nearest"]
DRAWERS = 20
SIDE = 28
_PAGE = 105  # pixels along the side of an Omniglot drawing
_DRAWING = re.compile(r"images_(?:background|evaluation)/([^/]+)/character\d+/(\d{4})_(\d{2})\.png")


@dataclass(frozen=True, eq=False)
class Omniglot:
    """All drawings, in order of character and drawer: drawing `i` is of character ``i // 20`` by drawer ``i % 20``.

    Attributes:
        images: (n, 28, 28) uint8, paper 255 and ink 0.
        alphabet: (n,) index into `alphabets`.
        character: (n,) the official number of the character, less one.
        drawer: (n,) from 0 to 19.
        alphabets: names as the official folders have them, sorted.
    """

    images: Bytes
    alphabet: Integers
    character: Integers
    drawer: Integers
    alphabets: tuple[str, ...]


def alphabet_sizes() -> dict[str, tuple[int, int]]:
    """Return for each alphabet of Omniglot its first character, counted from 0, and how many it has.

    Example:
        >>> alphabet_sizes()["Sanskrit"]
        (850, 42)
    """
    rows = table("omniglot.toml")["alphabets"]
    return {name: (row["first"] - 1, row["characters"]) for name, row in rows.items()}


def resample(drawing: Image.Image, resampling: Resampling = "lanczos") -> Bytes:
    """Return a drawing as (28, 28) uint8 grey levels, paper 255 and ink 0.

    ``lanczos`` turns the 1-bit drawing into grey levels and applies Pillow's Lanczos filter. Pillow ignores the filter
    that it is asked for when an image has 1 bit a pixel, and picks the nearest pixel instead; public code that asks
    for Lanczos without a conversion (that of Finn et al. and its descendants) therefore trains on ``nearest``.

    Raises:
        ValueError: if `resampling` is neither.

    Example:
        >>> blank = resample(Image.new("1", (105, 105), 1))
        >>> blank.shape, int(blank.min())
        ((28, 28), 255)
    """
    if resampling not in get_args(Resampling):
        raise ValueError(f"resampling must be one of {', '.join(get_args(Resampling))}; got {resampling!r}")
    method = Image.Resampling.LANCZOS if resampling == "lanczos" else Image.Resampling.NEAREST
    return np.asarray(drawing.convert("L").resize((SIDE, SIDE), method))


def read_omniglot(paths: Sequence[Path], sizes: dict[str, tuple[int, int]], resampling: Resampling) -> Omniglot:
    """Return the drawings in `paths`, which must hold exactly the alphabets of `sizes`: first character and how many.

    Raises:
        DataError: naming the file, what was expected of it, and what was found.
    """
    where = " and ".join(str(path) for path in paths)
    total = DRAWERS * sum(count for _, count in sizes.values())
    images = np.zeros((total, SIDE, SIDE), np.uint8)
    seen = np.zeros(total, bool)
    for path in paths:
        for name, content in members(path):
            if not name.endswith(".png"):
                continue
            position = _position(f"{path}: {name}", name, sizes)
            try:
                drawing = Image.open(io.BytesIO(content))
                if drawing.size != (_PAGE, _PAGE):
                    raise DataError(f"{path}: {name} is {drawing.size} pixels, expected ({_PAGE}, {_PAGE})")
                images[position] = resample(drawing, resampling)
            except (OSError, ValueError, SyntaxError) as error:
                raise DataError(f"{path}: {name} is not a readable image ({error}); copy or fetch it again") from error
            seen[position] = True
    data = arranged(images, sizes)
    if not seen.all():
        lacking = sorted({data.alphabets[k] for k in data.alphabet[~seen]})
        raise DataError(
            f"{where} should hold {total} drawings of {len(sizes)} alphabets; {np.count_nonzero(~seen)} are missing, "
            f"of {', '.join(lacking[:5])}{' and others' if len(lacking) > 5 else ''}. Fetch or copy the archives again"
        )
    return data


def _position(where: str, name: str, sizes: dict[str, tuple[int, int]]) -> int:
    found = _DRAWING.fullmatch(name)
    if found is None:
        raise DataError(f"{where} is not named images_PART/ALPHABET/characterNN/NNNN_NN.png")
    alphabet, character, drawer = found[1], int(found[2]) - 1, int(found[3]) - 1
    if alphabet not in sizes:
        raise DataError(f"{where} belongs to an alphabet that Omniglot does not have")
    first, count = sizes[alphabet]
    if not (first <= character < first + count and 0 <= drawer < DRAWERS):
        raise DataError(
            f"{where}: {alphabet} has characters {first + 1:04} to {first + count:04} by drawers 01 to {DRAWERS}"
        )
    return DRAWERS * character + drawer


def arranged(images: Bytes, sizes: dict[str, tuple[int, int]]) -> Omniglot:
    """Return images that are in order of character and drawer with what else is known of them."""
    alphabets = tuple(sorted(sizes))
    character, drawer = np.divmod(np.arange(len(images)), DRAWERS)
    of_character = np.zeros(len(images) // DRAWERS, np.int64)
    for index, name in enumerate(alphabets):
        of_character[sizes[name][0] : sum(sizes[name])] = index
    return Omniglot(images, of_character[character], character, drawer, alphabets)
