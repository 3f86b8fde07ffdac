"""Omniglot and CIFAR-100 as arrays, with everything that was promised about them checked."""

from __future__ import annotations

import hashlib
import io
import pickle
import re
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paperlib.fewshot import pickles
from paperlib.fewshot.sources import DataError, cache_folder, locate, members
from paperlib.fewshot.splits import alphabet_sizes

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]
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


@dataclass(frozen=True, eq=False)
class Cifar100:
    """All images: those of the official training part in their order, then those of the test part.

    Attributes:
        images: (n, 32, 32, 3) uint8, red, green and blue.
        label: (n,) fine class, an index into `names`.
        superclass: (100,) of each fine class, an index into `superclasses`.
        names: names of the fine classes.
        superclasses: names of the coarse classes.
    """

    images: Bytes
    label: Integers
    superclass: Integers
    names: tuple[str, ...]
    superclasses: tuple[str, ...]


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


def load_omniglot(resampling: Resampling = "lanczos") -> Omniglot:
    """Return Omniglot at 28 × 28, from ``PAPERLIB_DATA`` or from what ``data fetch`` downloaded.

    The resampled drawings are kept in the cache under the checksum of the archives; a later call reads them there.

    Raises:
        DataError: if a file is missing, broken, or holds other alphabets, characters or drawings than Omniglot.
    """
    paths = locate("omniglot")
    prepared = None
    if all(path.is_file() for path in paths):
        content = b"".join(path.read_bytes() for path in paths)
        key = hashlib.sha256(content + f"{resampling} {Image.__version__} 1".encode()).hexdigest()[:16]  # type: ignore[attr-defined]
        prepared = cache_folder() / f"omniglot-{resampling}-{key}.npz"
        if (images := _prepared(prepared)) is not None:
            return _omniglot(images, alphabet_sizes())
    data = read_omniglot(paths, alphabet_sizes(), resampling)
    if prepared is not None:
        _keep(prepared, data)
    return data


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
    data = _omniglot(images, sizes)
    if not seen.all():
        lacking = sorted({data.alphabets[k] for k in data.alphabet[~seen]})
        raise DataError(
            f"{where} should hold {total} drawings of {len(sizes)} alphabets; {np.count_nonzero(~seen)} are missing, "
            f"of {', '.join(lacking[:5])}{' and others' if len(lacking) > 5 else ''}. Fetch or copy the archives again"
        )
    return data


def load_cifar100() -> Cifar100:
    """Return CIFAR-100, from ``PAPERLIB_DATA`` or from what ``data fetch`` downloaded.

    Raises:
        DataError: if the archive is missing, broken, or does not hold 500 + 100 images of each of 100 classes.
    """
    return read_cifar100(locate("cifar100")[0], per_class=(500, 100))


def read_cifar100(path: Path, per_class: tuple[int, int]) -> Cifar100:
    """Return the images in `path`, which must hold so many of each class in the training and in the test part.

    Raises:
        DataError: naming the file, what was expected of it, and what was found.
    """
    files: dict[str, Any] = {}
    for name, content in members(path):
        if (part := name.rpartition("/")[2]) in ("train", "test", "meta"):
            try:
                files[part] = pickles.load(content)
            except pickle.UnpicklingError as error:
                raise DataError(f"{path}: {name} was refused: {error}. Fetch or copy the archive again") from error
    if lacking := {"train", "test", "meta"} - set(files):
        raise DataError(f"{path} should hold the files train, test and meta; {', '.join(sorted(lacking))} missing")
    try:
        return _cifar100(files, per_class)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise DataError(f"{path} does not hold CIFAR-100: {error}. Fetch or copy the archive again") from error


def _cifar100(files: dict[str, Any], per_class: tuple[int, int]) -> Cifar100:
    names, superclasses = (
        tuple(name.decode("ascii") for name in files["meta"][key])
        for key in (b"fine_label_names", b"coarse_label_names")
    )
    if (len(set(names)), len(set(superclasses))) != (100, 20):
        raise ValueError(f"expected 100 fine and 20 coarse names; got {len(set(names))} and {len(set(superclasses))}")
    planes, label, coarse = [], [], []
    for part, count in zip(("train", "test"), per_class, strict=True):
        data = files[part][b"data"]
        fine, rough = (np.asarray(files[part][key]) for key in (b"fine_labels", b"coarse_labels"))
        if data.dtype != np.uint8 or data.shape != (100 * count, 3072):
            raise ValueError(f"{part} should hold ({100 * count}, 3072) bytes; got {data.shape} of {data.dtype}")
        if (
            fine.dtype.kind != "i"
            or fine.shape != rough.shape
            or not np.array_equal(np.sort(fine), np.repeat(range(100), count))
        ):
            raise ValueError(f"{part} should hold {count} images of each class 0 to 99, labelled twice")
        planes.append(data)
        label.append(fine)
        coarse.append(rough)
    labels, roughs = (np.concatenate(parts).astype(np.int64) for parts in (label, coarse))
    superclass = np.zeros(100, np.int64)
    superclass[labels] = roughs
    if not np.array_equal(superclass[labels], roughs) or not np.array_equal(
        np.sort(superclass), np.repeat(range(20), 5)
    ):
        raise ValueError("each coarse class should be that of five fine ones, always the same")
    images = np.concatenate(planes).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Cifar100(np.ascontiguousarray(images), labels, superclass, names, superclasses)


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


def _omniglot(images: Bytes, sizes: dict[str, tuple[int, int]]) -> Omniglot:
    alphabets = tuple(sorted(sizes))
    character, drawer = np.divmod(np.arange(len(images)), DRAWERS)
    of_character = np.zeros(len(images) // DRAWERS, np.int64)
    for index, name in enumerate(alphabets):
        of_character[sizes[name][0] : sum(sizes[name])] = index
    return Omniglot(images, of_character[character], character, drawer, alphabets)


def _prepared(path: Path) -> Bytes | None:
    try:
        with path.open("rb") as raw, np.load(raw) as file:
            images: Bytes = file["images"]
    except (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile):
        return None
    total = DRAWERS * sum(count for _, count in alphabet_sizes().values())
    return images if images.shape == (total, SIDE, SIDE) and images.dtype == np.uint8 else None


def _keep(path: Path, data: Omniglot) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            np.savez_compressed(file, images=data.images)
        Path(file.name).replace(path)
    except OSError:  # the cache saves time and is not needed
        return
