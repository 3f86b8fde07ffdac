"""Put the built site and the notebooks into one zip that is read without a network or a server.

python -m tools.offline [ZIP], after `make book`; by default _build/maml-landscape.zip
"""

import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.chapters import BOOK, ROOT, chapters
from tools.site import HTML

TARGET = Path("_build", "maml-landscape.zip")
FOLDER = Path("maml-landscape")
DATE = (2020, 1, 1, 0, 0, 0)  # of every file, so that the same book is the same zip
ABOUT = """How Does the Task Landscape Affect MAML Performance? An executable edition

Open site/index.html in a browser; it needs no network.
notebooks/ holds the chapters to run, where the library is installed: pip install . in a clone of the book.
"""


def write(target: Path, site: Path, notebooks: Iterable[Path]) -> int:
    """Write the zip, whole or not at all, and return how many files it holds."""
    files = {FOLDER / "site" / path.relative_to(site): path for path in sorted(site.rglob("*")) if path.is_file()}
    files |= {FOLDER / "notebooks" / path.name: path for path in notebooks}
    texts = {name: path.read_bytes() for name, path in files.items()} | {FOLDER / "README.txt": ABOUT.encode()}
    beside = target.with_name(f"{target.name}.part")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as pack:
            for name, text in texts.items():
                pack.writestr(zipfile.ZipInfo(name.as_posix(), DATE), text, zipfile.ZIP_DEFLATED)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return len(texts)


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit status."""
    target = Path(arguments[0]) if arguments else ROOT / TARGET
    if not (ROOT / HTML / "index.html").exists():
        print("There is no site to pack; make book builds it", file=sys.stderr)
        return 1
    count = write(target, ROOT / HTML, [chapter.notebook for chapter in chapters(BOOK)])
    print(f"{target}: {count} files, {target.stat().st_size / 1e6:.1f} MB. Unpack it and open site/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
