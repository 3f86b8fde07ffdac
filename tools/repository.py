"""Write the repository's address wherever it is needed, or check that all these places agree.

    python -m tools.repository URL      set it; "" while it is undecided
    python -m tools.repository          propose the address that this clone was made from
    python -m tools.repository --check

The one setting is `repository` in the table [tool.edition] of pyproject.toml. The first cells of the chapters,
README.md and CITATION.cff follow from it, and so do the site's launch buttons.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = re.compile(r"(https://[A-Za-z0-9.-]+(:\d+)?/|file:///)[A-Za-z0-9._~/-]*[A-Za-z0-9._~-]")
REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/]+@)?|[^@/:]+@)(?P<host>[^:/]+)(?::\d+(?=/))?[:/](?P<path>.+?)(?:\.git)?/?"
)
UNDECIDED = (
    "The address of this repository is not decided yet. Until it is, the site has no launch buttons; once it is,\n"
    "`make repository URL=…` writes it wherever it is needed."
)

SETTING = re.compile(r'(?m)(^\[tool\.edition\]\n(?:(?!\[).*\n)*?repository = ")[^"\n]*(")')
SCRIPT_LINE = re.compile(r'(?m)^(REPOSITORY = ")[^"\n]*("$)')
NOTEBOOK_LINE = re.compile(r'(?m)^( *"REPOSITORY = \\")[^"\\\n]*(\\"(?:\\n)?",?$)')
MARKED = re.compile(r"(<!-- repository -->).*?(<!-- /repository -->)", re.DOTALL)
CITED = re.compile(r"(?m)^repository-code:.*\n?")


def validate(url: str) -> str:
    """Return the address without a final slash; ValueError unless it is an https:// or file:// address, or empty.

    Example:
        >>> validate("https://example.org/somebody/book/")
        'https://example.org/somebody/book'
    """
    address = url.rstrip("/")
    if url and not ADDRESS.fullmatch(address):
        raise ValueError(f"url must be of the form https://host/owner/name or file:///folder; got {url!r}")
    return address


def replace(pattern: re.Pattern[str], text: str, value: str) -> str:
    """Put a value between the two groups of the pattern's first match; ValueError without a match."""
    found, count = pattern.subn(lambda match: f"{match[1]}{value}{match[2]}", text, count=1)
    if count == 0:
        raise ValueError(f"holds no place for the address; expected {pattern.pattern}")
    return found


def cite(text: str, url: str) -> str:
    """Give CITATION.cff its line `repository-code`, or take it away while the address is undecided."""
    kept = CITED.sub("", text)
    return f'{kept.rstrip()}\nrepository-code: "{url}"\n' if url else kept


def readme(url: str) -> str:
    """Return what stands between the marks of README.md."""
    return f"The repository is <{url}>." if url else UNDECIDED


def places(root: Path, url: str) -> list[tuple[Path, Callable[[str], str]]]:
    """List the files that bear the address, each with what makes its text bear this one."""
    chapters = sorted((root / "book").glob("[0-9][0-9]_*.py"))
    notebooks = sorted((root / "book").glob("[0-9][0-9]_*.ipynb"))
    return [
        (root / "pyproject.toml", lambda text: replace(SETTING, text, url)),
        *((path, lambda text: replace(SCRIPT_LINE, text, url)) for path in chapters),
        *((path, lambda text: replace(NOTEBOOK_LINE, text, url)) for path in notebooks),
        (root / "README.md", lambda text: replace(MARKED, text, f"\n{readme(url)}\n")),
        (root / "CITATION.cff", lambda text: cite(text, url)),
    ]


def changes(root: Path, url: str) -> dict[Path, str]:
    """Return the new text of every file that does not bear this address; ValueError names a file without a place."""
    changed = {}
    for path, write in places(root, url):
        name = path.relative_to(root)
        if not path.exists():
            raise ValueError(f"{name}: is missing")
        text = path.read_text(encoding="utf-8")
        try:
            wanted = write(text)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        if wanted != text:
            changed[path] = wanted
    return changed


def setting(root: Path) -> str:
    """Read the one setting."""
    with (root / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["tool"]["edition"]["repository"])


def public(remote: str) -> str:
    """Return the address at which everybody can read what a remote of git holds, empty if it has none.

    Example:
        >>> public("git@example.org:somebody/book.git"), public("https://me:secret@example.org/somebody/book.git")
        ('https://example.org/somebody/book', 'https://example.org/somebody/book')
        >>> public("/srv/git/book"), public("ssh://git@localhost/book")
        ('', '')
    """
    found = REMOTE.fullmatch(remote.strip())
    address = f"https://{found['host']}/{found['path']}" if found and "." in found["host"] else ""
    return address if ADDRESS.fullmatch(address) else ""


def proposal(root: Path) -> str:
    """Return the public address of the clone's remote `origin`, empty if there is none."""
    command = ["git", "-C", str(root), "remote", "get-url", "origin"]
    try:
        return public(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    except (OSError, subprocess.CalledProcessError):
        return ""


def propose(root: Path, *, hint: bool = False) -> int:
    """Print how to set the address of this clone's origin; a hint is silent where there is none, or one is set."""
    address, present = proposal(root), setting(root)
    if address and address != present:
        print(f"The repository's address is {present or 'not set'}. For launch buttons: make repository URL={address}")
    elif not hint:
        print(f"The repository's address is {present or 'not set'}, and this clone has no other public remote `origin`")
    return 0


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.repository", description=__doc__)
    parser.add_argument("url", nargs="?", help="the repository's address, https:// or file://")
    parser.add_argument("--check", action="store_true", help="change nothing; name each place that differs")
    parser.add_argument("--hint", action="store_true", help="say how to set it, only where there is something to set")
    options = parser.parse_args(arguments)
    if options.check and options.url is not None:
        parser.error("give either an address or --check")
    if not options.check and options.url is None:
        return propose(root, hint=options.hint)
    try:
        url = validate(setting(root) if options.check else options.url)
        changed = changes(root, url)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in changed.items():
        name = path.relative_to(root)
        if options.check:
            print(f"{name}: differs from the setting in pyproject.toml, {url!r}", file=sys.stderr)
            continue
        beside = path.with_name(f"{path.name}.part")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
        print(f"{name}: written")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
