"""Note what the site is built from, so that one that is finished need not be built again to be looked at.

python -m tools.site, after a build without a warning
"""

import hashlib
from pathlib import Path

from tools.chapters import ROOT

SOURCES = ("_config.yml", "_toc.yml", "pyproject.toml", "requirements.txt", "book", "paperlib", "tools")
HTML = Path("_build", "html")
NOTE = Path("_build", "sources")


def digest(root: Path = ROOT) -> str:
    """Return a digest of all that the site is built from: a file that comes, goes or changes changes it."""
    found = [path for name in SOURCES for path in (root / name, *(root / name).rglob("*"))]
    files = sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.relative_to(root)}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def finished(root: Path = ROOT) -> bool:
    """Tell whether a site was built, without a warning, from what is there now."""
    note = root / NOTE
    return (root / HTML / "index.html").exists() and note.exists() and note.read_text() == digest(root)


if __name__ == "__main__":
    (ROOT / NOTE).write_text(digest())
