"""Image data: official bytes or a folder of the reader's own, complete or refused."""

from __future__ import annotations

import codecs
import copyreg
import errno
import functools
import hashlib
import http.server
import io
import os
import pickle
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import yaml
from PIL import Image, ImageDraw

from paperlib import __main__ as command
from paperlib import runtime
from paperlib.fewshot import omniglot as room
from paperlib.fewshot import pickles, sources
from paperlib.fewshot.cifar100 import held_out_superclasses, load_cifar100, read_cifar100
from paperlib.fewshot.datasets import BENCHMARKS, benchmark
from paperlib.fewshot.drawings import SIDE, alphabet_sizes, read_omniglot, resample
from paperlib.fewshot.omniglot import OmniglotTasks, Role, alphabets, load_omniglot
from paperlib.fewshot.sources import DataError
from tools import alphabets as tools_alphabets

SIZES = {"Latin": (0, 2), "Greek": (2, 1)}
FILES = {"Latin": "images_background", "Greek": "images_evaluation"}


def drawing(seed: int = 0, side: int = 105) -> Image.Image:
    """Return a 1-bit drawing of some strokes."""
    page = Image.new("1", (side, side), 1)
    points = np.random.default_rng(seed).integers(10, side - 10, size=(6, 2))
    ImageDraw.Draw(page).line([tuple(map(int, point)) for point in points], fill=0, width=3)
    return page


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def omniglot_files(folder: Path, change: dict[str, bytes | None] | None = None) -> list[Path]:
    """Write two small archives; `change` replaces members, adds them, or with None leaves them out."""
    content: dict[str, bytes | None] = {}
    for name, (first, count) in SIZES.items():
        for character in range(first, first + count):
            for drawer in range(20):
                where = (
                    f"{FILES[name]}/{name}/character{character - first + 1:02}/{character + 1:04}_{drawer + 1:02}.png"
                )
                content[where] = png(drawing(20 * character + drawer))
    content |= change or {}
    paths = []
    for part in sorted(set(FILES.values())):
        paths.append(folder / f"{part}.zip")
        with zipfile.ZipFile(paths[-1], "w") as archive:
            archive.writestr(f"{part}/", b"")
            for where, value in content.items():
                if value is not None and where.startswith(part):
                    archive.writestr(where, value)
    return paths


def cifar_parts() -> dict[str, dict[bytes, object]]:
    rng = np.random.default_rng(1)
    parts: dict[str, dict[bytes, object]] = {
        "meta": {
            b"fine_label_names": [b"fine%d" % k for k in range(100)],
            b"coarse_label_names": [b"coarse%d" % k for k in range(20)],
        }
    }
    for part, count in (("train", 2), ("test", 1)):
        label = rng.permutation(np.repeat(np.arange(100), count))
        pixels = rng.integers(0, 256, (100 * count, 3072)).astype(np.uint8)
        parts[part] = {b"data": pixels, b"fine_labels": label.tolist(), b"coarse_labels": (label // 5).tolist()}
    return parts


def cifar_file(folder: Path, parts: dict[str, dict[bytes, object]], raw: dict[str, bytes] | None = None) -> Path:
    path = folder / "cifar-100-python.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for part, value in ({name: pickle.dumps(v, protocol=3) for name, v in parts.items()} | (raw or {})).items():
            entry = tarfile.TarInfo(part if "/" in part else f"cifar-100-python/{part}")
            entry.size = len(value)
            archive.addfile(entry, io.BytesIO(value))
    return path


# -- resampling


def lanczos_matrix(size: int, side: int) -> np.ndarray:
    """Return the (side, size) weights of Lanczos resampling with three lobes, widened by the reduction."""
    scale = size / side
    centres = (np.arange(side) + 0.5) * scale
    distance = (np.arange(size) + 0.5 - centres[:, None]) / scale
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(5))
def test_lanczos_agrees_with_the_filter_written_out(seed: int) -> None:
    page = drawing(seed)
    matrix = lanczos_matrix(105, SIDE)
    pixels = np.asarray(page, np.float64) * 255
    across = np.clip(pixels @ matrix.T, 0, 255)  # Pillow keeps bytes between its two passes
    expected = np.clip(matrix @ across, 0, 255)
    assert np.abs(resample(page).astype(float) - expected).max() <= 1.5
    assert len(np.unique(resample(page))) > 10  # grey levels, not two


def test_paper_is_white_and_ink_is_black() -> None:
    assert (resample(Image.new("1", (105, 105), 1)) == 255).all()
    assert (resample(Image.new("1", (105, 105), 0)) == 0).all()


def test_pillow_ignores_the_filter_of_one_bit_images_as_our_docstring_says() -> None:
    page = drawing()
    asked_for_lanczos = np.asarray(page.resize((SIDE, SIDE), Image.Resampling.LANCZOS)) * 255
    assert np.array_equal(asked_for_lanczos, resample(page, "nearest"))
    assert not np.array_equal(asked_for_lanczos, resample(page, "lanczos"))
    nearest = ((np.arange(SIDE) + 0.5) * 105 / SIDE).astype(int)
    assert np.array_equal(asked_for_lanczos, np.asarray(page, np.uint8)[np.ix_(nearest, nearest)] * 255)
    with pytest.raises(ValueError, match=r"^resampling must be one of lanczos, nearest; got 'cubic'$"):
        resample(page, "cubic")  # type: ignore[arg-type]


# -- Omniglot


def test_omniglot_in_order_of_character_and_drawer(tmp_path: Path) -> None:
    omniglot = read_omniglot(omniglot_files(tmp_path), SIZES, "lanczos")
    assert omniglot.alphabets == ("Greek", "Latin")
    assert omniglot.images.shape == (60, 28, 28) and omniglot.images.dtype == np.uint8
    assert np.array_equal(omniglot.character, np.repeat([0, 1, 2], 20))
    assert np.array_equal(omniglot.drawer, np.tile(np.arange(20), 3))
    assert np.array_equal(omniglot.alphabet, np.repeat([1, 1, 0], 20))
    for index in (0, 21, 59):
        assert np.array_equal(omniglot.images[index], resample(drawing(index)))


def test_unpacked_folders_are_read_as_well(tmp_path: Path) -> None:
    paths = omniglot_files(tmp_path)
    folders = unpacked(paths, tmp_path)
    assert np.array_equal(
        read_omniglot(folders, SIZES, "lanczos").images, read_omniglot(paths, SIZES, "lanczos").images
    )


LATIN = "images_background/Latin/character01/0001_{}.png"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({LATIN.format("07"): None}, r"should hold 60 drawings of 2 alphabets; 1 are missing, of Latin\. Fetch"),
        ({LATIN.format("21"): png(drawing())}, r"Latin has characters 0001 to 0002 by drawers 01 to 20"),
        ({LATIN.format("07"): png(drawing(side=104))}, r"0001_07\.png is \(104, 104\) pixels, expected \(105, 105\)"),
        ({LATIN.format("07"): png(drawing())[:80]}, r"0001_07\.png is not a readable image"),
        ({LATIN.format("07"): b"nothing"}, r"0001_07\.png is not a readable image"),
        (
            {"images_background/Klingon/character01/0001_01.png": b""},
            "belongs to an alphabet that Omniglot does not have",
        ),
        ({"images_background/stray.png": b""}, "is not named images_PART/ALPHABET/characterNN/NNNN_NN.png"),
        (
            {f"images_evaluation/Greek/character01/0003_{k + 1:02}.png": None for k in range(20)},
            "20 are missing, of Greek",
        ),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, change: dict[str, bytes | None], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_omniglot(omniglot_files(tmp_path, change), SIZES, "lanczos")


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_truncated_zip_is_refused(tmp_path: Path, keep: float) -> None:
    paths = omniglot_files(tmp_path)
    whole = paths[0].read_bytes()
    paths[0].write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(DataError, match=r"images_background\.zip is truncated or broken .* Delete it"):
        read_omniglot(paths, SIZES, "lanczos")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let Omniglot have two alphabets and the cache be a folder of this test."""
    monkeypatch.setattr(room, "alphabet_sizes", lambda: SIZES)
    for module in (room, sources):
        monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "cache")
    given = tmp_path / "given"
    given.mkdir()
    monkeypatch.setenv("PAPERLIB_DATA", str(given))
    return given


def test_prepared_drawings_are_kept_and_follow_the_archives(small: Path) -> None:
    omniglot_files(small)
    first = load_omniglot()
    (kept,) = (small.parent / "cache").iterdir()
    assert np.array_equal(load_omniglot().images, first.images)
    kept.write_bytes(kept.read_bytes()[:100])  # broken: made again
    assert np.array_equal(load_omniglot().images, first.images)
    omniglot_files(small, {LATIN.format("07"): png(drawing(99))})
    assert not np.array_equal(load_omniglot().images[6], first.images[6])
    assert not np.array_equal(load_omniglot("nearest").images, load_omniglot().images)


def test_a_folder_without_the_files_says_what_to_do(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        DataError, match=r"given does not hold images_background\.zip, nor the folder images_background\."
    ):
        load_omniglot()
    monkeypatch.setenv("PAPERLIB_DATA", str(small / "nowhere"))
    with pytest.raises(DataError, match=r"PAPERLIB_DATA must name an existing folder; got '.*nowhere'"):
        load_omniglot()
    monkeypatch.delenv("PAPERLIB_DATA")
    with pytest.raises(DataError, match=r"cache does not hold .* Run: python -m paperlib data fetch omniglot$"):
        load_omniglot()
    with pytest.raises(ValueError, match=r"^dataset must be omniglot or cifar or cifar100; got 'mnist'$"):
        benchmark("mnist")


# -- what archivers and file managers leave


LEFT = (
    "images_background/Latin/character01/._0001_07.png",
    "images_background/Latin/character01/.0001_07.png",
    "images_background/Latin/character01/0001_07.png~",
    "images_background/Latin/._x.png",
    "images_background/.DS_Store",
    "images_background/Latin/Thumbs.db",
    "images_background/Latin/desktop.ini",
    "images_background/.thumbnails/Latin/character01/0001_07.png",
    "images_background/__MACOSX/Latin/character01/._0001_07.png",
    "images_background/Latin~/character01/0001_07.png",
)
ROOTS = ("__MACOSX/images_background/Latin/character01/._0001_07.png", "__MACOSX/x.png", "._images_background.png")


def unpacked(paths: list[Path], folder: Path) -> list[Path]:
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    return [folder / path.stem for path in paths]


def test_what_is_left_beside_drawings_is_passed_over(tmp_path: Path) -> None:
    plain = read_omniglot(omniglot_files(tmp_path), SIZES, "lanczos").images
    paths = omniglot_files(tmp_path, dict.fromkeys(LEFT, b"not an image"))
    folders = unpacked(paths, tmp_path / "unpacked")
    for name in ("Latin/new folder", ".Trash-1000", "Klingon"):
        (folders[0] / name).mkdir()
    with zipfile.ZipFile(paths[0], "a") as archive:
        for name in ROOTS:
            archive.writestr(name, b"not an image")
    for given in (paths, folders):
        assert np.array_equal(read_omniglot(given, SIZES, "lanczos").images, plain)


@pytest.mark.parametrize(
    ("change", "message"),
    [({LATIN.format("07"): None}, "1 are missing, of Latin"), ({LATIN.format("07"): b""}, "is not a readable image")],
)
def test_a_drawing_is_missed_beside_what_is_left(tmp_path: Path, change: dict[str, bytes | None], message: str) -> None:
    """Not even a whole copy of it under such a name takes its place."""
    paths = omniglot_files(tmp_path, dict.fromkeys(LEFT, png(drawing(6))) | change)
    for given in (paths, unpacked(paths, tmp_path / "unpacked")):
        with pytest.raises(DataError, match=message):
            read_omniglot(given, SIZES, "lanczos")


def test_the_command_passes_over_what_is_left(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, other = unpacked(omniglot_files(small), small)
    for path in [*small.glob("*.zip")]:
        path.unlink()
    (folder / "Latin" / "character01" / "._x.png").touch()
    assert command.main(["data", "fetch", "omniglot"]) == 0
    assert "60 drawings of 3 characters from 2 alphabets, complete" in capsys.readouterr().out
    (other / "Greek" / "character01" / "0003_11.png").unlink()
    assert command.main(["data", "fetch", "omniglot"]) == 1
    assert "1 are missing, of Greek" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    ["._train", ".DS_Store", "file.txt~", "__MACOSX/cifar-100-python/train", "cifar-100-python/.old/test", ".old/meta"],
)
def test_what_is_left_in_a_tape_is_passed_over(name: str, tmp_path: Path) -> None:
    parts = cifar_parts()
    plain = read_cifar100(cifar_file(tmp_path, parts), (2, 1))
    dirty = read_cifar100(cifar_file(tmp_path, parts, {name: b"not a pickle"}), (2, 1))
    assert np.array_equal(dirty.images, plain.images) and np.array_equal(dirty.label, plain.label)
    del parts["train"]
    with pytest.raises(DataError, match="train missing"):
        read_cifar100(cifar_file(tmp_path, parts, {name: pickle.dumps(cifar_parts()["train"], protocol=3)}), (2, 1))


def test_members_that_begin_with_a_dot_and_a_slash_are_no_hidden_ones(tmp_path: Path) -> None:
    """As `tar -C folder ./cifar-100-python` writes them."""
    content = {f"./cifar-100-python/{part}": pickle.dumps(values, protocol=3) for part, values in cifar_parts().items()}
    plain = read_cifar100(cifar_file(tmp_path, cifar_parts()), (2, 1))
    assert np.array_equal(read_cifar100(cifar_file(tmp_path, {}, content), (2, 1)).images, plain.images)


# -- CIFAR-100


def test_cifar_images_are_in_official_order_and_upright(tmp_path: Path) -> None:
    parts = cifar_parts()
    cifar = read_cifar100(cifar_file(tmp_path, parts), (2, 1))
    assert cifar.images.shape == (300, 32, 32, 3)
    pixels = np.concatenate([parts["train"][b"data"], parts["test"][b"data"]])  # type: ignore[list-item]
    for image, row, column, colour in ((0, 0, 0, 0), (7, 3, 30, 1), (299, 31, 31, 2)):
        assert cifar.images[image, row, column, colour] == pixels[image, 1024 * colour + 32 * row + column]
    assert np.array_equal(cifar.superclass, np.arange(100) // 5)
    assert (cifar.names[3], cifar.superclasses[19]) == ("fine3", "coarse19")


@pytest.mark.parametrize(
    ("part", "key", "value", "message"),
    [
        ("meta", b"fine_label_names", [b"one"] * 100, "expected 100 fine and 20 coarse names; got 1 and 20"),
        (
            "train",
            b"data",
            np.zeros((199, 3072), np.uint8),
            r"train should hold \(200, 3072\) bytes; got \(199, 3072\)",
        ),
        ("test", b"data", np.zeros((100, 3072)), r"test should hold \(100, 3072\) bytes; got .* of float64"),
        ("test", b"data", [1, 2], "does not hold CIFAR-100: 'list' object"),
        ("train", b"fine_labels", [0] * 200, "train should hold 2 images of each class 0 to 99"),
        ("test", b"coarse_labels", [0] * 100, "each coarse class should be that of five fine ones"),
    ],
)
def test_another_cifar_is_refused(tmp_path: Path, part: str, key: bytes, value: object, message: str) -> None:
    parts = cifar_parts()
    parts[part][key] = value
    with pytest.raises(DataError, match=message):
        read_cifar100(cifar_file(tmp_path, parts), (2, 1))


def test_a_missing_member_and_a_truncated_archive_are_refused(tmp_path: Path) -> None:
    parts = cifar_parts()
    del parts["test"]
    path = cifar_file(tmp_path, parts)
    with pytest.raises(DataError, match="should hold the files train, test and meta; test missing"):
        read_cifar100(path, (2, 1))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"cifar-100-python\.tar\.gz is truncated or broken"):
        read_cifar100(path, (2, 1))


class Crafted:
    """Pickles as a call of the shell."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch crafted",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_crafted_pickle_is_refused_and_does_nothing(
    tmp_path: Path, protocol: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    crafted = pickle.dumps([Crafted()], protocol=protocol)
    with pytest.raises(
        DataError, match=r"train was refused: it asks for (posix|nt)\.system; expected arrays and plain"
    ):
        read_cifar100(cifar_file(tmp_path, cifar_parts(), {"train": crafted}), (2, 1))
    assert not (tmp_path / "crafted").exists()
    pickle.loads(crafted)  # the twin: an ordinary reader does run it
    assert (tmp_path / "crafted").exists()


@pytest.mark.parametrize(
    "name", ["builtins eval", "builtins getattr", "numpy load", "copyreg _reconstructor", "os system"]
)
def test_nothing_else_is_admitted(name: str) -> None:
    module, attribute = name.split()
    with pytest.raises(pickle.UnpicklingError, match=f"^it asks for {module}.{attribute};"):
        pickles.load(f"c{module}\n{attribute}\n.".encode())


def test_arrays_of_both_pythons_are_admitted_and_broken_pickles_named() -> None:
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    two = (  # as Python 2 writes it
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02K\x03\x86cnumpy\n"
        b"dtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x06\x00\x01\x02\x03\x04\x05tb."
    )
    assert np.array_equal(pickles.load(two), array)
    for broken in (b"", two[:60], b"not a pickle", pickle.dumps(array, protocol=5)[:-9]):
        with pytest.raises(pickle.UnpicklingError):
            pickles.load(broken)


ARRAYS = [
    *(np.arange(6).astype(code).reshape(2, 3) for code in "?bBhHiIlLqQefdgFDG"),
    np.arange(6.0).reshape(2, 3, order="F"),
    np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2),
    np.arange(24).reshape(4, 6)[::2, ::-2],
    np.arange(5, dtype=">i4"),
    np.arange(5, dtype=">c8"),
    np.array(["ab", "ç", ""]),
    np.array(["ab", "ç"], dtype=">U3"),
    np.array([b"ab", b""]),
    np.array(2.5),
    np.zeros((0, 3)),
    np.zeros((2, 0), "U3"),
    np.float32(0.1),
    np.int64(-3),
    np.bool_(True),
    np.complex128(1 + 2j),
    np.str_("ç"),
]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_of_numbers_and_text_are_read_as_an_ordinary_reader_does(protocol: int) -> None:
    for array in ARRAYS:
        content = pickle.dumps({"x": [array, (array,)]}, protocol=protocol)
        (found, (again,)), expected = pickles.load(content)["x"], pickle.loads(content)["x"][0]
        assert found is again and type(found) is type(expected) and found.dtype == expected.dtype
        assert np.array_equal(found, array) and found.shape == array.shape
        assert found.flags.f_contiguous == expected.flags.f_contiguous
        assert found.flags.writeable == expected.flags.writeable


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numbers_text_and_plain_containers_are_read(protocol: int) -> None:
    value = {"a": [1, -(2**70), 0.5, 1 + 2j, None, True], b"b": ("ç", b"", b"\xff"), 3: {(): []}}
    assert pickles.load(pickle.dumps(value, protocol=protocol)) == value


class As:
    """Pickles as what it is given: a callable, its arguments, and a state."""

    def __init__(self, *reduced: object) -> None:
        self.reduced = reduced

    def __reduce__(self) -> tuple[object, ...]:
        return self.reduced


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("crafted", "said"),
    [
        (np.array([Crafted()], dtype=object), "(posix|nt).system|an array of 'O8'"),
        (np.array([1, "a"], dtype=object), "an array of 'O8'"),
        (np.zeros(2, [("a", "i4"), ("b", "O")]), "an array of 'O8'|an array of 'V12'"),
        (As(np.dtype, ("O8", False, True), (3, "|", None, None, None, -1, -1, 0)), "an array of 'O8'"),
        (As(np.dtype, ("i8", False, True), (3, "<", None, None, None, -1, -1, 63)), "a int64 with .* 63"),
        (As(np.dtype, ("U2", False, True), (3, "<", None, None, None, -8, 4, 8)), "a <U2 with .* -8"),
        (As(np.dtype, ({"names": ["a"], "formats": ["O"]},)), "an array of {'names'"),
        (As(np.empty(0).__reduce_ex__(5)[0], (bytes(8), "O", (1,), "C")), "an array of 'O'"),  # type: ignore[index]
        (As(codecs.encode, ("cebgbpby", "rot13")), "the encoding 'rot13'"),
        (As(complex, (1, 2), {"real": 3}), "a complex with"),
        (As(eval, ("1",)), r"(__builtin__|builtins)\.eval"),
        (As(getattr, ("", "join")), r"(__builtin__|builtins)\.getattr"),
        (As(subprocess.Popen, ("true",)), r"(commands|subprocess)\.Popen"),
        (np.ma.array([1]), r"numpy\.ma"),
        (Path("file"), "pathlib"),
        (np.float64, r"numpy\.float64"),
    ],
)
def test_everything_else_is_refused(crafted: object, said: str, protocol: int) -> None:
    with pytest.raises(pickle.UnpicklingError, match=f"^it asks for .*({said})"):
        pickles.load(pickle.dumps([crafted], protocol=protocol))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Pname\n.", "persistent"),
        (b"\x80\x02K\x01Q.", "persistent"),
        (b"(S'true'\nios\nsystem\n.", r"os\.system"),
        (b"\x80\x02(cos\nsystem\nX\x04\x00\x00\x00trueo.", r"os\.system"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.", r"numpy\.ndarray\.tofile"),
        (b"\x80\x04\x8c\x05numpy\x8c\x11ndarray.__class__\x93.", r"numpy\.ndarray\.__class__"),
        (b"\x80\x02}}U\x05countK\x01sb.", "a dict with"),
        (b"cnumpy\nndarray\n(tR.", "broken"),
        (b"\x80\x05\x97.", "out-of-band"),
    ],
)
def test_programs_that_no_value_is_written_as_are_refused(content: bytes, said: str) -> None:
    with pytest.raises(pickle.UnpicklingError, match=said):
        pickles.load(content)


def test_an_extension_that_another_reader_has_opened_stays_closed() -> None:
    content = b"\x80\x02\x82\xf1X\x01\x00\x00\x001\x85R."
    copyreg.add_extension("builtins", "eval", 0xF1)
    try:
        assert pickle.loads(content) == 1, "the twin: it is run, and kept at hand for the next reader"
        with pytest.raises(pickle.UnpicklingError, match=r"^it asks for extension 241;"):
            pickles.load(content)
    finally:
        copyreg.remove_extension("builtins", "eval", 0xF1)


def test_contents_elsewhere_are_refused() -> None:
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(np.eye(2), protocol=5, buffer_callback=buffers.append)
    assert buffers and np.array_equal(pickle.loads(content, buffers=buffers), np.eye(2))
    with pytest.raises(pickle.UnpicklingError, match="out-of-band"):
        pickles.load(content)


# -- downloads, from a server of this test


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder; what `cut` names is broken off half way."""

    cut: str = ""
    asked: int = 0


class Handler(http.server.SimpleHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.path.rpartition("/")[2] != self.server.cut:
            super().do_GET()
            return
        content = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])


@pytest.fixture
def server(small: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("PAPERLIB_DATA")
    paths = omniglot_files(small)
    with Server(("127.0.0.1", 0), functools.partial(Handler, directory=str(small))) as running:
        official = OmniglotTasks.archives
        local = tuple(
            replace(
                archive,
                url=f"http://127.0.0.1:{running.server_port}/{path.name}",
                md5=hashlib.md5(path.read_bytes()).hexdigest(),
            )
            for archive, path in zip(official, paths, strict=True)
        )
        monkeypatch.setattr(OmniglotTasks, "archives", local)
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_fetch_downloads_once_with_a_progress_bar(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["data", "fetch", "omniglot"]) == 0
    shown = capsys.readouterr()
    assert "omniglot: 60 drawings of 3 characters from 2 alphabets, complete" in shown.out
    assert "100%" in shown.err
    assert command.main(["data", "fetch", "omniglot", "--quiet"]) == 0
    assert server.asked == 2
    assert "%" not in capsys.readouterr().err


def test_a_download_broken_off_leaves_nothing_and_can_be_repeated(
    server: Server, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.cut = "images_evaluation.zip"
    assert command.main(["data", "fetch", "omniglot", "--quiet"]) == 1
    assert "error: images_evaluation.zip" in capsys.readouterr().err
    assert [path.name for path in (small.parent / "cache").iterdir()] == ["images_background.zip"]
    server.cut = ""
    assert command.main(["data", "fetch", "omniglot", "--quiet"]) == 0


def test_wrong_bytes_are_refused(server: Server, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = OmniglotTasks.archives
    monkeypatch.setattr(OmniglotTasks, "archives", (replace(good[0], md5="0" * 32), good[1]))
    with pytest.raises(DataError, match=r"does not have the expected md5 0{32}\. Nothing was kept\. Try again, or"):
        OmniglotTasks().fetch(progress=False)
    assert list((small.parent / "cache").iterdir()) == []


def test_a_file_of_the_cache_that_was_changed_is_refused_then_fetched_again(server: Server, small: Path) -> None:
    whole = OmniglotTasks().fetch(progress=False)[0].read_bytes()
    damaged = small.parent / "cache" / "images_background.zip"
    damaged.write_bytes(whole[:-1])
    with pytest.raises(DataError, match=r"images_background\.zip has md5 \w+, expected \w+\. Run: python -m paperlib"):
        OmniglotTasks().locate()
    assert OmniglotTasks().fetch(progress=False)[0].read_bytes() == whole


def test_without_a_network_it_says_so(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = replace(OmniglotTasks.archives[0], url="http://127.0.0.1:9/images_background.zip")
    monkeypatch.setattr(OmniglotTasks, "archives", (archive,))
    assert command.main(["data", "fetch", "omniglot", "--quiet"]) == 1
    error = capsys.readouterr().err
    assert "images_background.zip could not be downloaded from http://127.0.0.1:9/" in error
    assert "set PAPERLIB_DATA" in error


@pytest.mark.parametrize("fault", ["no leave to make it", "no leave to write there", "full"])
def test_a_cache_that_cannot_be_written_says_what_to_set(
    fault: str, server: Server, small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And once the folder that it names is set, the same command is enough."""
    cache = small.parent / "cache"

    def refuse(*_: object, **__: object) -> None:
        code = errno.ENOSPC if fault == "full" else errno.EACCES
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        where = ("pooch.downloaders.HTTPDownloader", "__call__") if fault == "full" else ("os", "makedirs")
        patched.setattr(".".join(where), refuse)
        if fault == "no leave to write there":
            cache.mkdir()
            patched.setattr("tempfile._mkstemp_inner", refuse)
        assert command.main(["data", "fetch", "omniglot", "--quiet"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: images_background.zip cannot be kept in the cache, {cache} (")
    assert error.endswith("into a folder and set PAPERLIB_DATA to that folder\n") and error.count("\n") == 1
    assert not list(cache.glob("*"))
    monkeypatch.setenv("PAPERLIB_DATA", str(small))
    assert command.main(["data", "fetch", "omniglot", "--quiet"]) == 0


def test_the_official_addresses_and_checksums() -> None:
    known = {archive.name: (archive.url, archive.md5) for one in BENCHMARKS for archive in one.archives}
    omniglot = "https://github.com/brendenlake/omniglot/raw/master/python/images_"
    assert known == {
        "images_background.zip": (omniglot + "background.zip", "68d2efa1b9178cc56df9314c21c6e718"),
        "images_evaluation.zip": (omniglot + "evaluation.zip", "6b91aef0f799c5bb55b94e3f2daec811"),
        "cifar-100-python.tar.gz": (
            "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
            "eb9058c3a382ffc7106e4002c42a8d85",
        ),
    }


# -- the real data, where they are


def needs(dataset: str) -> None:
    try:
        benchmark(dataset).locate()
    except DataError as error:
        pytest.skip(f"{dataset} is not here: {error}")


def test_omniglot_is_whole() -> None:
    needs("omniglot")
    omniglot = load_omniglot()
    assert omniglot.images.shape == (32460, 28, 28)
    assert len(omniglot.alphabets) == 50
    names = np.array(omniglot.alphabets)[omniglot.alphabet]
    assert np.count_nonzero(names == "Sanskrit") == 42 * 20
    assert (omniglot.images == 255).mean() > 0.6  # most of a drawing is paper


def test_cifar100_is_whole() -> None:
    needs("cifar100")
    cifar = load_cifar100()
    assert cifar.images.shape == (60000, 32, 32, 3)
    assert np.allclose(cifar.images[:50000].mean((0, 1, 2)) / 255, (0.50707516, 0.48654887, 0.44091784), atol=1e-8)
    assert set(held_out_superclasses()) < set(cifar.superclasses)


def test_the_parts_of_the_alphabets_follow_from_the_accuracies_of_maml() -> None:
    accuracies = yaml.safe_load((runtime.book() / "records" / "alphabets.yml").read_text(encoding="utf-8"))[
        "accuracies"
    ]
    roles = tools_alphabets.parts(accuracies)
    assert set(roles) == set(alphabet_sizes())
    assert all(roles[name] == role for role in get_args(Role) for name in alphabets(role))
    assert (alphabets("hard train")[0], alphabets("hard test")[0]) == ("Sanskrit", "Bengali")
    drawn = tools_alphabets.drawn(roles)
    assert set(drawn) == set(roles)
    assert all(drawn[name] == role for role in get_args(Role) for name in alphabets(role, "random"))
    easiest = {name: [1 - value for value in row] for name, row in accuracies.items()}
    assert tools_alphabets.parts(easiest) != roles
