"""Where the image data come from: official addresses with checksums, or a folder of the reader's own."""

from __future__ import annotations

import gzip
import os
import tarfile
import tempfile
import tomllib
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, NoReturn

import numpy as np
import requests
from numpy.typing import NDArray

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "IProgress not found")  # in a notebook without widgets pooch's bar is one of text
    import pooch

Bytes = NDArray[np.uint8]
VARIABLE = "PAPERLIB_DATA"
TIMEOUT = 30.0  # seconds without a byte before a download is given up
_BESIDE = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "lost+found", "@eadir"}
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, OSError)


class DataError(RuntimeError):
    """Image data are missing, broken or not what they should be; the message says what to do."""


@dataclass(frozen=True)
class Archive:
    """One file as its authors distribute it: its name, its address, its md5, and the folder it unpacks to."""

    name: str
    url: str
    md5: str
    folder: str


def given_folder() -> Path | None:
    """Return the folder named by the environment variable ``PAPERLIB_DATA``, None when it is not set.

    Raises:
        DataError: if the variable names something that is not a folder.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        return None
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise DataError(f"{VARIABLE} must name an existing folder; got {name!r}. Correct it, or unset it to download")
    return folder


def cache_folder() -> Path:
    """Return the folder of downloads and of arrays prepared from them."""
    return Path(pooch.os_cache("maml-landscape"))


def fetch(name: str, archives: Sequence[Archive], *, progress: bool = True) -> tuple[Path, ...]:
    """Return the files of the data set of that name, downloading those that the cache lacks.

    A download is written beside its place, compared with the official md5, and only then renamed, so the cache never
    holds a part of a file under the name of the whole. With ``PAPERLIB_DATA`` set nothing is downloaded.

    Raises:
        DataError: if there is no network, the bytes are not the official ones, the cache cannot be written, or the
            given folder lacks a file.
    """
    if given_folder() is None:
        for archive in archives:
            _download(archive, progress)
    return locate(name, archives)


def locate(name: str, archives: Sequence[Archive]) -> tuple[Path, ...]:
    """Return the files of a data set, in the given folder or the cache, without touching the network.

    A file of the cache must have the official md5. A folder given by hand may hold the archives or what they unpack
    to; it is judged by its contents when they are read, since archive bytes may differ.

    Raises:
        DataError: if a file is missing, or a file of the cache has another md5.
    """
    given = given_folder()
    folder = cache_folder() if given is None else given
    found = []
    for archive in archives:
        path = folder / archive.name
        if not path.exists() and given is not None:
            path = folder / archive.folder
        if not path.exists():
            wanted = archive.name if given is None else f"{archive.name}, nor the folder {archive.folder}"
            cure = "Run" if given is None else f"Put it there, or unset {VARIABLE} and run"
            raise DataError(f"{folder} does not hold {wanted}. {cure}: python -m paperlib data fetch {name}")
        if given is None and (md5 := pooch.file_hash(str(path), alg="md5")) != archive.md5:
            raise DataError(f"{path} has md5 {md5}, expected {archive.md5}. Run: python -m paperlib data fetch {name}")
        found.append(path)
    return tuple(found)


def cached(path: Path, shape: tuple[int, ...], make: Callable[[], Bytes]) -> Bytes:
    """Return images of a shape that were kept in a file, or make them and keep them there.

    The file saves time and is not needed: one that is broken, or cannot be written, does no harm.
    """
    try:
        with path.open("rb") as raw, np.load(raw) as file:
            images: Bytes = file["images"]
        if images.shape == shape and images.dtype == np.uint8:
            return images
    except (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile):
        pass
    images = make()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            np.savez_compressed(part, images=images)
        Path(part.name).replace(path)
    return images


def ignored(path: PurePath) -> bool:
    """Return whether a file is one that archivers, editors and file managers leave beside those of a person.

    That is what is hidden, backups whose names end in a tilde, some names, and all that lies in such a folder.

    Args:
        path: in the folder or archive that is read, without what leads there.

    Example:
        >>> names = "__MACOSX/a/._b.png", "a/.DS_Store", "a/b.png~", "a/Thumbs.db", ".cache/b.png", "./a/b.png"
        >>> [ignored(PurePosixPath(name)) for name in names]
        [True, True, True, True, True, False]
    """
    return any(part[0] == "." or part[-1] == "~" or part.lower() in _BESIDE for part in path.parts if part != "..")


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every file in a zip or tar archive, or in a folder; nothing is unpacked to disk.

    Names are those in the archive, so they begin with the folder that it unpacks to. Files that are `ignored` are
    not read.

    Raises:
        DataError: if the archive is broken or truncated.
    """
    try:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if not ignored(file.relative_to(path)) and file.is_file():
                    yield file.relative_to(path.parent).as_posix(), file.read_bytes()
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as pack:
                for info in pack.infolist():
                    name = PurePosixPath(info.filename)
                    if not info.is_dir() and not ignored(name):
                        yield str(name), pack.read(info)
        else:
            with tarfile.open(path) as tape:
                for entry in tape:
                    name = PurePosixPath(entry.name)
                    content = tape.extractfile(entry) if entry.isfile() and not ignored(name) else None
                    if content is not None:
                        yield str(name), content.read()
    except _BROKEN as error:
        raise DataError(
            f"{path} is truncated or broken ({error}); expected a whole archive. Delete it, then fetch or copy it again"
        ) from error


@cache
def table(name: str) -> dict[str, Any]:
    """Return what a TOML file beside this module says."""
    return tomllib.loads((files("paperlib.fewshot") / name).read_text(encoding="utf-8"))


def _download(archive: Archive, progress: bool) -> None:
    downloader = pooch.HTTPDownloader(progressbar=progress, timeout=TIMEOUT)
    logger = pooch.get_logger()
    before = logger.disabled
    logger.disabled = before or not progress  # a level would not do: pooch's logger can remember an old one
    try:
        pooch.retrieve(archive.url, f"md5:{archive.md5}", archive.name, cache_folder(), downloader=downloader)
    except requests.RequestException as error:
        _refuse(archive, f"could not be downloaded from {archive.url} ({type(error).__name__})", error)
    except OSError as error:
        _refuse(archive, f"cannot be kept in the cache, {cache_folder()} ({error.strerror or error})", error)
    except ValueError as error:
        _refuse(archive, f"as downloaded from {archive.url} does not have the expected md5 {archive.md5}", error)
    finally:
        logger.disabled = before


def _refuse(archive: Archive, what: str, error: Exception) -> NoReturn:
    raise DataError(
        f"{archive.name} {what}. Nothing was kept. Try again, or download it by hand "
        f"into a folder and set {VARIABLE} to that folder"
    ) from error
