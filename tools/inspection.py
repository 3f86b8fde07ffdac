"""What must hold of a chapter's notebook: it is its script, run once in order, and shows no trace of the machine.

A rule yields its findings: a cell's number, counted from 1 (0 is the whole notebook), and a sentence.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tools.chapters import ROOT, Chapter, ChapterError, chapters, read_notebook, read_script, serialise
from tools.twins import twins

Findings = Iterator[tuple[int, str]]

LONGEST_CELL = 40  # lines
PROSE = re.compile(r"^# (?:#{1,6} \S|:{3,}|\$\$|> )", re.MULTILINE)  # a heading, a box, a formula or a quotation
INSTALL_TAGS = {"hide-cell", "nbval-ignore-output"}
FOLD_TAGS = {"hide-input", "hide-output", "hide-cell"}
EXEMPTING_TAGS = {"nbval-ignore-output", "nbval-skip", "pytest-validate-ignore-output"}
EXEMPTING_COMMENTS = {tag.upper().replace("-", "_") for tag in EXEMPTING_TAGS}
REASON = re.compile(r"#.*\bnot compared:\s*\w")

OURS = [re.escape(str(path)) for path in (ROOT, Path(sys.prefix)) if path != Path(path.anchor)]
HERE = "".join(rf"|(?<![\w.]){path}(?![\w-])" for path in OURS)
MONTH = (
    r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
UNIT = r"(?:ns|[uµμ]s|ms|s|min|h)"
MACHINE = {
    "a path": re.compile(
        r"(?<![\w.])/(?:home|root|tmp|usr|Users|content|opt|mnt|private|var/folders)/"
        r"|\bC:\\|\b[A-Z]:\\{1,2}(?:Users|Windows|Program)|\bsite-packages\b" + HERE
    ),
    "a duration": re.compile(
        rf"\bWall time\b|\bCPU times\b|\d\s?{UNIT} ?(?:±|\+-) ?\d[\d.]*\s?{UNIT}\b|\d\s?(?:ns|[uµμ]s|ms)\b"
        r"|\b\d+(?:\.\d+)?\s?(?:seconds?|secs?|minutes?|hours?)\b|\b(?:took|in|after) \d+(?:\.\d+)?\s?s\b"
    ),
    "a date": re.compile(
        r"(?<!\d)(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)"
        rf"|\b\d{{1,2}} {MONTH},? (?:19|20)\d\d\b|{MONTH} \d{{1,2}},? (?:19|20)\d\d\b"
    ),
    "a clock time": re.compile(r"(?<![\d:.])(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?![\d:])"),
    "a memory address": re.compile(r"(?<!\w)0x[0-9a-fA-F]{6,}"),
    "a network address": re.compile(r"\blocalhost\b|\b127\.0\.0\.1\b|\b(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}\b"),
}


def check(book: Path, wanted: Sequence[str] = ()) -> list[str]:
    """List what is wrong with the chapters' notebooks, a line a problem; an empty list is good."""
    asked = chapters(book, wanted, suffixes=(".py", ".ipynb"))
    found = [line for chapter in asked for line in problems(chapter)]
    uses: dict[str, list[Chapter]] = {}
    places: dict[str, list[str]] = {}
    for chapter in chapters(book, suffixes=(".py", ".ipynb")):
        if chapter.script.exists():
            for number, name in figure_names(chapter):
                uses.setdefault(name, []).append(chapter)
                places.setdefault(name, []).append(chapter.place(number))
    for name, (first, *others) in places.items():
        if others and set(uses[name]) & set(asked):
            found.append(f"{first}: the figure name {name!r} is also that of {'; '.join(others)}")
    return found


def problems(chapter: Chapter) -> list[str]:
    """List what is wrong with one chapter's notebook.

    A notebook with other cells than its script is reported as such and not looked at further.
    """
    for path in (chapter.script, chapter.notebook):
        if not path.exists():
            return [f"{chapter.place()}: {path.name} is missing"]
    try:
        script, notebook = read_script(chapter), read_notebook(chapter)
    except ChapterError as error:
        return [str(error)]
    found = list(structure(script, notebook))
    if not found:
        found = list(drift(script, notebook))
        for rule in (counts, errors, warnings, captions, machine, exemptions, lengths, swallowed, twins):
            found.extend(rule(notebook))
    if not found and chapter.notebook.read_text(encoding="utf-8") != serialise(notebook):
        found = [(0, "the notebook is not laid out as execution writes it")]
    types = {number: cell.cell_type for cells in (notebook, script) for number, cell in numbered(cells)}
    return [
        f"{chapter.place(number, types.get(number, ''))}: {' '.join(text.split())}"
        for number, text in sorted(found, key=lambda finding: finding[0])
    ]


def numbered(notebook: NotebookNode, cell_type: str = "") -> list[tuple[int, NotebookNode]]:
    """List the cells, or those of one type, with their numbers among all cells."""
    cells = enumerate(notebook.cells, start=1)
    return [(number, cell) for number, cell in cells if cell_type in ("", cell.cell_type)]


def structure(script: NotebookNode, notebook: NotebookNode) -> Findings:
    """Find cells missing, added, of another type or in another order than in the script."""
    expected = [(cell.cell_type, cell.source) for cell in script.cells]
    found = [(cell.cell_type, cell.source) for cell in notebook.cells]
    same = [ours == theirs for ours, theirs in zip(expected, found, strict=False)]
    first = [*same, False].index(False) + 1
    if len(expected) != len(found):
        yield first, f"from here on the notebook differs: {len(found)} cells, {len(expected)} in the script"
    elif expected != found and sorted(expected) == sorted(found):
        yield first, "from here on the notebook's cells stand in another order than the script's"
    else:
        for number, (ours, theirs) in enumerate(zip(expected, found, strict=True), start=1):
            if ours[0] != theirs[0]:
                yield number, f"the cell's type must be {ours[0]}; the notebook has {theirs[0]}"


def drift(script: NotebookNode, notebook: NotebookNode) -> Findings:
    """Find source and metadata that differ from the script's."""
    for key in ("metadata", "nbformat", "nbformat_minor"):
        if notebook[key] != script[key]:
            yield 0, f"the notebook's {key} must be {script[key]}; got {notebook[key]}"
    for number, (ours, theirs) in enumerate(zip(script.cells, notebook.cells, strict=True), start=1):
        if ours.source != theirs.source:
            kind = "code" if ours.cell_type == "code" else "prose"
            yield number, f"the {kind} differs from the script's: {first_difference(ours.source, theirs.source)}"
        if ours.id != theirs.get("id"):
            yield number, f"the cell's id must be {ours.id}; got {theirs.get('id')}"
        expected, found = leaves(ours.metadata), leaves(theirs.metadata)
        for key in sorted(expected.keys() | found.keys()):
            if expected.get(key) != found.get(key):
                yield number, f"{key} must be {expected.get(key)!r}, as in the script; got {found.get(key)!r}"


def first_difference(ours: str, theirs: str) -> str:
    """Show the first line in which two sources differ."""
    pairs = zip([*ours.split("\n"), None], [*theirs.split("\n"), None], strict=False)
    expected, found = next(pair for pair in pairs if pair[0] != pair[1])
    return f"{found!r} instead of {expected!r}"


def leaves(metadata: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested metadata: `mystnb.figure.caption`."""
    flat: dict[str, Any] = {}
    for key, value in metadata.items():
        flat |= leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def counts(notebook: NotebookNode) -> Findings:
    """Find cells that never ran, or not once each from first to last."""
    for count, (number, cell) in enumerate(numbered(notebook, "code"), start=1):
        if cell.execution_count is None:
            yield number, "the cell was not executed"
        elif cell.execution_count != count:
            yield number, f"the execution count must be {count}; got {cell.execution_count}"
        elif any(output.get("execution_count", count) != count for output in cell.outputs):
            yield number, f"its result must be numbered {count}, like the cell"


def errors(notebook: NotebookNode) -> Findings:
    """Find exceptions kept in outputs."""
    for number, cell in numbered(notebook, "code"):
        for output in cell.outputs:
            if output.output_type == "error":
                yield number, f"it raised {output.ename}: {output.evalue}"


def warnings(notebook: NotebookNode) -> Findings:
    """Find what was written to stderr."""
    for number, cell in numbered(notebook, "code"):
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                yield number, f"it wrote to stderr: {output.text.strip()}"


def captions(notebook: NotebookNode) -> Findings:
    """Find pictures without caption, name or alternative text, and folds whose bar does not say what is inside."""
    for number, cell in numbered(notebook, "code"):
        says = str(leaves(cell.metadata).get("mystnb.code_prompt_show") or "").strip()
        if FOLD_TAGS & set(cell.metadata.get("tags", [])) and says in ("", "Show the code"):
            yield number, f"its fold must say what is inside, by mystnb.code_prompt_show; got {says!r}"
        if any(mime.startswith("image/") for output in cell.outputs for mime in output.get("data", {})):
            given = leaves(cell.metadata)
            for key in ("mystnb.figure.caption", "mystnb.figure.name", "mystnb.image.alt"):
                if not str(given.get(key) or "").strip():
                    yield number, f"its figure has no {key}"


def figure_names(chapter: Chapter) -> Findings:
    """Yield the number of each cell that names a figure, and the name."""
    try:
        script = read_script(chapter)
    except ChapterError:  # already a problem of that chapter
        return
    for number, cell in numbered(script, "code"):
        name = leaves(cell.metadata).get("mystnb.figure.name")
        if name:
            yield number, str(name)


def machine(notebook: NotebookNode) -> Findings:
    """Find outputs that hold a path, a time or an address: they differ on the next machine or the next day."""
    for number, cell in numbered(notebook, "code"):
        shown = [text for output in cell.outputs if output.output_type != "error" for text in texts(output)]
        for kind, pattern in MACHINE.items():
            hit = next(filter(None, map(pattern.search, shown)), None)
            if hit:
                around = hit.string[max(0, hit.start() - 20) : hit.end() + 20]
                yield number, f"its output holds {kind}, {hit.group()!r}, in {around!r}"


def texts(output: Any) -> Iterator[str]:
    """Yield every text of an output: streams, text and JSON of any MIME type, but no pictures."""
    if isinstance(output, str):
        yield output
    elif isinstance(output, list):
        for value in output:
            yield from texts(value)
    elif isinstance(output, dict):
        for key, value in output.items():
            if not key.startswith("image/"):
                yield from texts(value)


def exemptions(notebook: NotebookNode) -> Findings:
    """Find cells kept from comparison without a reason, and a first cell that is not kept from it."""
    for position, (number, cell) in enumerate(numbered(notebook, "code")):
        tags, lines = set(cell.metadata.get("tags", [])), cell.source.splitlines()
        comments = {line.strip().lstrip("#").strip() for line in lines if line.strip().startswith("#")}
        used = sorted(tags & EXEMPTING_TAGS | comments & EXEMPTING_COMMENTS)
        if position == 0 and not tags >= INSTALL_TAGS:
            yield number, f"the first code cell must have the tags {', '.join(sorted(INSTALL_TAGS))}"
        if used and not REASON.match(cell.source.split("\n")[0]):
            yield number, f"{used[0]} must be justified by a first line '# not compared: <reason>'"


def lengths(notebook: NotebookNode) -> Findings:
    """Find code cells too long to be read."""
    for number, cell in numbered(notebook, "code"):
        length = len(cell.source.splitlines())
        if length > LONGEST_CELL:
            yield number, f"the cell has {length} lines; at most {LONGEST_CELL} are allowed"


def swallowed(notebook: NotebookNode) -> Findings:
    """Find prose that became comments of a code cell."""
    for number, cell in numbered(notebook, "code"):
        if found := PROSE.search(cell.source):
            yield number, f"prose stands in a code cell: is '# %% [markdown]' missing above {found.group().strip()!r}?"
