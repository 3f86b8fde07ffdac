"""Mathematics: MathJax from the pinned requirements, which sets formulas when they come near."""

import re
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unicodedata import lookup

from docutils import nodes
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number

PACKAGE = "sphinx-mathjax-offline"
SCRIPT = "mathjax/formulas.js"
# The components that the pages use, as one script: 160 KB (gzip) in the place of 262, which bring a
# menu and what loads it.
COMPONENTS = (
    "core",
    "input/tex",
    "output/chtml",
    "output/chtml/fonts/tex",
    "a11y/assistive-mml",
)
# What they fetch when a formula needs it: fonts, and small extensions of TeX.
FILES = (
    "output/chtml/fonts/woff-v2/*.woff",
    *(
        f"input/tex/extensions/{name}.js"
        for name in ("bbox", "boldsymbol", "cancel", "color", "enclose")
    ),
)
# The font of no glyph, by which every formula finds its baseline: edition.css has it come with the
# page, as lines would move when it came after the first formulas. MathJax's own rule must be mute.
ZERO = '"font-family":"MJXZERO"'
CONFIG: dict[str, Any] = {
    "loader": {"load": []},  # all is in the script
    "tex": {
        # Outputs of cells may carry $...$, as Jupyter and Colab typeset it.
        "inlineMath": [["\\(", "\\)"], ["$", "$"]],
        # An unknown macro becomes an error, which the tests find, not red letters.
        "packages": {"[-]": ["noundefined"]},
        "tags": "none",
    },
    "startup": {"typeset": False},  # typeset.js says what, and when
}

CLASSES = "math notranslate nohighlight"
# The parts of TeX that say how wide a formula is: see `room`.
SYMBOL = re.compile(r"\\[A-Za-z]+|[^\s{}\\&_^]")
LOOK = re.compile(
    r"\\(?:math\w+|text\w*|operatorname|left|right|[bB]ig+[lrm]?|hat|bar|tilde|quad|[,;!: ])"
)
GROUP = r"\s*(\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+|[^\s\\])"
FRACTION = re.compile(rf"\\[td]?frac{GROUP}{GROUP}")
INDICES = re.compile(rf"[_^]{GROUP}(?:\s*[_^]{GROUP})?")
SUM = re.compile(r"(?<=[\w})\]])\s*[+-]|\\(?:pm|cdot|times|cap|cup)\b")
RELATION = re.compile(
    r"[=<>]|\\(?:[lg]eq?|ll|gg|neq?|approx|sim|in|to|equiv|propto|(?:prec|succ)eq)\b"
)
NAMES = {r"\max": 1.89, r"\min": 1.67, r"\log": 1.28, r"\exp": 1.5, r"\infty": 1, r"\sum": 1.06}
USUAL = 0.55  # what other commands draw, in em of the formula's font
FORMULA, INDEX = (
    1.273,
    0.707,
)  # sizes: of a formula to the text around it, of an index to its formula
TALL = re.compile(r"\\(?:[td]?frac|sum|prod|int|begin)")


def folder() -> Path:
    """Find the MathJax that comes with the pinned requirements."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{PACKAGE} must be installed: pip install -r requirements.txt")
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax"


def bundle(source: Path) -> str:
    """Join the components: the loader first, which is told that it need not fetch the others.

    It starts when the script has run to its end. ValueError without a font that the pages declare.
    """
    names = ", ".join(f'"{name}"' for name in COMPONENTS)
    parts = [
        (source / f"{name}.js").read_text(encoding="utf-8") for name in ("startup", *COMPONENTS)
    ]
    script = "\n".join([parts[0], f"MathJax.loader.preLoad({names});", *parts[1:]])
    if ZERO not in script:
        raise ValueError(f"{PACKAGE} must declare the font MJXZERO; expected version 0.0.2")
    return script.replace(ZERO, '"font-family":"unused"')


def copy(app: Sphinx) -> None:
    """Write the part of MathJax that the site uses (1 MB of 24) into its static folder."""
    if app.builder.format != "html":
        return
    source, target = folder(), Path(app.outdir) / "_static" / "mathjax"
    target.mkdir(parents=True, exist_ok=True)
    (target / Path(SCRIPT).name).write_text(bundle(source), encoding="utf-8")
    for pattern in FILES:
        files = sorted(source.glob(pattern))
        if not files:
            raise FileNotFoundError(f"{PACKAGE} holds no {pattern}; expected version 0.0.2")
        for file in files:
            copied = target / file.relative_to(source)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copied)


def load(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add what sets all formulas in the end.

    The front page has a few, below its picture, and loads MathJax when they come near.
    """
    scripts = context["script_files"]
    own = [script for script in scripts if str(script.filename).endswith(SCRIPT)]
    if own:
        app.add_js_file("typeset.js", loading_method="defer")
    if pagename == app.config.root_doc:
        scripts[:] = [script for script in scripts if script not in own]


def room(tex: str) -> float:
    r"""Return about how wide a formula in a line will be, in em of its line: half of them to 0.06.

    The widths of its symbols are those of the fonts, relations and sums have TeX's spaces about
    them, and of what stands above and below the longer counts.
    """
    text = LOOK.sub(" ", FRACTION.sub(_longer, FRACTION.sub(_longer, tex)))
    indices = [_longer(found) for found in INDICES.finditer(text)]
    text, sums = SUM.subn(" ", INDICES.sub(" ", text))
    text, relations = RELATION.subn(" ", text)
    small = sum(INDEX * _width(index) + 0.05 for index in indices)
    spaced = 1.222 * sums + 1.334 * relations + 0.167 * len(re.findall("[,;]", text))
    return max(0.4, FORMULA * (_width(text) + small + spaced))


def _longer(found: re.Match[str]) -> str:
    """Return the longer of what stands above and below, which is as wide as both."""
    return max((part or "" for part in found.groups()), key=_width)


def _width(text: str) -> float:
    return sum(_advance(symbol) for symbol in SYMBOL.findall(text))


@cache
def _font(name: str) -> tuple[dict[int, str], Any]:
    font = TTFont(folder() / f"output/chtml/fonts/woff-v2/MathJax_{name}.woff")
    return font.getBestCmap(), font["hmtx"]


@cache
def _advance(symbol: str) -> float:
    """Return how wide a letter, a digit, a sign or a command is, in em of the formula's font."""
    if symbol.startswith("\\"):
        name = symbol[1:].removeprefix("var").replace("ambda", "amda")
        case = "CAPITAL" if name[0].isupper() else "SMALL"
        try:
            sign = lookup(f"GREEK {case} LETTER {name.upper()}")
        except KeyError:
            return NAMES.get(symbol, USUAL)
    else:
        sign = "\N{MINUS SIGN}" if symbol == "-" else symbol
    for name in ("Math-Italic", "Main-Regular") if sign.isalpha() else ("Main-Regular",):
        glyphs, widths = _font(name)
        if ord(sign) in glyphs:
            return float(widths[glyphs[ord(sign)]][0]) / 1000
    return USUAL


def height(tex: str) -> float:
    """Return about how high a displayed equation will be, in em, by its lines and what is tall."""
    return (5.8 if TALL.search(tex) else 4.3) + 2.3 * tex.count(r"\\")


def hold_brackets(app: Sphinx, doctree: nodes.document) -> None:
    """Set an opening bracket with the formula after it, so that no line ends on it."""
    for formula in list(doctree.findall(nodes.math)):
        place = formula.parent.index(formula)
        before = formula.parent[place - 1] if place else None
        if isinstance(before, nodes.Text) and before.endswith(("(", "[")):
            formula.parent[place - 1] = nodes.Text(before[:-1])
            formula[:] = [nodes.Text(before[-1] + formula.astext())]


def visit_math(self: Any, node: nodes.math) -> None:
    """Write a formula in a line, and for how much room it asks until it is set."""
    tex = node.astext()
    style = f"--room: {room(tex):.1f}em"
    self.body.append(self.starttag(node, "span", "", CLASS=CLASSES, style=style))
    prefix, suffix = self.builder.config.mathjax_inline
    self.body.append(f"{prefix}{self.encode(tex)}{suffix}</span>")
    raise nodes.SkipNode


def visit_displaymath(self: Any, node: nodes.math_block) -> None:
    r"""Write a displayed equation as its author typed it.

    Sphinx wraps an equation that holds ``\\`` in ``split``, where ``\tag`` is an error; Jupyter and
    Colab don't. The three must show the same.
    """
    tex = node.astext()
    style = f"--room: {height(tex):.1f}em"
    self.body.append(self.starttag(node, "div", CLASS=CLASSES, style=style))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    prefix, suffix = self.builder.config.mathjax_display
    self.body.append(f"{prefix}{self.encode(tex)}{suffix}</div>\n")
    raise nodes.SkipNode


def write_equations_plainly(app: Sphinx) -> None:
    """Put our visitors in the place of Sphinx's and MyST's."""
    app.registry.html_inline_math_renderers["mathjax"] = (visit_math, None)
    app.registry.html_block_math_renderers["mathjax"] = (visit_displaymath, None)


def free_numbers(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the paper's equations, which bear the paper's numbers, out of the book's own count.

    Sphinx counts every displayed equation that has an id, also one that only has a target.
    """
    for equation in list(doctree.findall(nodes.math_block)):
        if equation.get("number") is None and equation["ids"]:
            target = nodes.target("", "", ids=equation["ids"])
            equation["ids"] = []
            equation.parent.insert(equation.parent.index(equation), target)


def setup(app: Sphinx) -> None:
    """Register MathJax and how equations are written."""
    app.config.mathjax_path = SCRIPT
    app.config.mathjax3_config = CONFIG
    app.connect("builder-inited", copy)
    app.connect("builder-inited", write_equations_plainly, priority=900)
    app.connect("doctree-read", free_numbers)
    app.connect("doctree-read", hold_brackets, priority=400)  # before titles are collected
    app.connect("html-page-context", load, priority=800)
