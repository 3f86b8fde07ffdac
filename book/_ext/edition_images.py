"""Images of the written pages: lossless and small, with their sizes, loaded when they come near."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagesize
from PIL import Image

TAG = re.compile(r"<img\b[^>]*>")
SOURCE = re.compile(r'src="([^"]*)"')
WIDTH = re.compile(r"width: ([0-9.]+)px")
EFFORT = {"lossless": True, "quality": 20, "method": 1}  # more of it costs seconds and saves 1 %


def compress(folder: Path) -> None:
    """Write every PNG of a folder as WebP with the same pixels, which takes half the room."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(_compress, sorted(folder.glob("*.png"))))


def _compress(file: Path) -> None:
    with Image.open(file) as image:
        image.save(file.with_suffix(".webp"), **EFFORT)
    file.unlink()


def place(html: str, page: Path) -> str:
    """Give the images of a page their sizes, so that nothing moves when they come.

    One above the first section may be on the first screen; the others come when they are near.
    """
    html = re.sub(r'(="[^"]*_images/[^"]*)\.png"', r'\1.webp"', html)
    sections = html.find("<h2", html.find('<article class="bd-article"'))

    def write(tag: re.Match[str]) -> str:
        source = SOURCE.search(tag[0])
        if source is None or "width=" in tag[0]:
            return tag[0]
        width, height = imagesize.get(page.parent / source[1])
        shown = WIDTH.search(tag[0])
        scale = float(shown[1]) / width if shown else 1
        size = f'width="{width * scale:.0f}" height="{height * scale:.0f}"'
        wait = ' loading="lazy" decoding="async"' if tag.start() > sections else ""
        return f"<img {size}{wait}{tag[0].removeprefix('<img')}"

    return TAG.sub(write, html)
