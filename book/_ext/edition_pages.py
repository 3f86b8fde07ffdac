"""Pages as they are written: without what they do not use, and mended where the toolchain errs.

What the theme and MyST-NB write into every page cannot be told otherwise: it is changed in the
files.
"""

import re
from html import escape, unescape
from pathlib import Path
from typing import Any

import edition_icons
import edition_images
from sphinx.application import Sphinx

# What a page loads only if this stands in it.
NEEDED = {
    "clipboard.min.js": 'class="highlight',
    "copybutton.js": 'class="highlight',
    "copybutton.css": 'class="highlight',
    "design-tabs.js": "sd-tab-set",
    "sphinx-design.min.css": 'class="sd-',
    "proof.css": 'class="proof',
    "mystnb.": 'class="cell',
}
# Icons are in the style sheet. Only the page of results searches; elsewhere these scripts even keep
# the words that were looked for from being marked.
UNUSED = re.compile(
    r'\s*<script[^>]*src="[^"]*\b(?:fontawesome|searchtools|language_data|searchindex)\.js[^>]*></script>'
    r'|\s*<meta name="docsearch:[a-z]*"[^>]*>'
    r"|\s*<!-- (?:So that users|Pre-loaded scripts|Loaded before)[^>]*-->"
)
ICONS = re.compile(r'\s*<script[^>]*src="[^"]*\bfontawesome\.js[^>]*></script>')
PROMPT = r'\s*<p class="{} admonition-title">(.*?)</p>'
FOLD = re.compile(
    '<summary aria-label="Toggle hidden content">'
    + PROMPT.format("collapsed")
    + PROMPT.format("expanded")
)
SPANS = r'<summary><span class="fold collapsed">\1</span><span class="fold expanded">\2</span>'
VIEWPORT = re.compile(
    r'(<meta name="viewport"[^>]*>)(.*?)(?:\s*<meta name="viewport"[^>]*>)', re.DOTALL
)
CORNER = re.compile(r'<th class="head[^>]*>(?:<p></p>|\s)*</th>')
# The head of a column that is a formula and nothing else is spelt out for who hears it with every
# cell: MathJax writes no text.
HEAD = re.compile(
    r'(<th class="head[^>]*>)<p>(<span class="math[^>]*>\\\((.*?)\\\)</span></p></th>)'
)
# So is a link that is one.
LINK = re.compile(
    r'<a (class="reference[^>]*)>((?:<span class="std[^>]*>)?<span class="math[^>]*>'
    r"\\\((.*?)\\\)</span>(?:</span>)?</a>)"
)
BRAND = re.compile(r'<a class="navbar-brand logo".*?</a>', re.DOTALL)
HOME = '<nav aria-label="Home">'
# Roles that are none any more, on lists that are none; a name that hides what stands on a button.
ROLES = re.compile(r' role="(?:doc-biblioentry|list)"(?= class="citation|>)')
SEARCH = re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="Search"')
# The theme's colours are those of "light" and "dark", which it tells from "auto" only when all is
# loaded: until then, and without scripts, a page would have no colours and quotations no border.
THEME = re.compile(r"(document\.documentElement\.dataset\.theme = )localStorage[^;]*;")
RESOLVED = r"""\1{light: "light", dark: "dark"}[document.documentElement.dataset.mode]
      || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");"""
# What an output brings as its style belongs into the head.
STYLE = re.compile(r"<style>.*?</style>\n?", re.DOTALL)
MAP = re.compile(r"(?://# sourceMappingURL=\S*|/\*# sourceMappingURL=\S* \*/)\s*$")


def load_what_is_needed(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Leave out the scripts and styles for what a page does not hold."""
    app.add_js_file("scrolls.js", loading_method="defer")
    body = context.get("body") or ""
    for kind in ("script_files", "css_files"):
        context[kind][:] = [
            file
            for file in context[kind]
            if all(needed in body for name, needed in NEEDED.items() if name in str(file.filename))
        ]


def mend(html: str) -> str:
    """Return a page as it should have been written; one of an earlier build is left as it is."""
    if HOME in html:
        return html
    html, doubles = VIEWPORT.subn(r"\1\2", html, count=1)
    if doubles:
        return mend(html)
    html = THEME.sub(RESOLVED, html.replace('data-theme="auto"', 'data-theme="light"', 1))
    html = FOLD.sub(SPANS, html)
    html = CORNER.sub("<td></td>", html)
    html = HEAD.sub(lambda head: f"{head[1]}{_spelt(head[3])}{head[2]}", html)
    html = LINK.sub(lambda link: f'<a {link[1]} aria-label="{_words(link[3])}">{link[2]}', html)
    html = BRAND.sub(rf"{HOME}\g<0></nav>", html)
    html = SEARCH.sub(r"\1", ROLES.sub("", html))
    head, end, body = html.partition("</head>")
    html = head + "".join(STYLE.findall(body)) + end + STYLE.sub("", body)
    return html.replace(' id="proof-content"', "")


def _words(tex: str) -> str:
    """Return the letters, numbers and relations of a formula, as they may be read aloud."""
    return escape(" ".join(re.findall(r"[A-Za-z]+|[0-9.]+|[+=<>/-]", unescape(tex))))


def _spelt(tex: str) -> str:
    return f'<span class="spelt">{_words(tex)}</span><p aria-hidden="true">'


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Mend the pages, and keep of the files of others what they use."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    edition_images.compress(out / "_images")
    pages = [page for page in out.rglob("*.html") if static not in page.parents]
    for page in pages:
        html = page.read_text(encoding="utf-8")
        html = (ICONS if page.stem == "search" else UNUSED).sub("", html)
        page.write_text(edition_images.place(mend(html), page), encoding="utf-8")
    texts = [
        file.read_text(encoding="utf-8") for file in (*pages, *static.glob("scripts/[!f]*.js"))
    ]
    edition_icons.embed_icons(static, texts)
    for file in (*static.rglob("*.map"), *static.glob("*webpack-macros.html")):
        file.unlink()
    for file in (*static.glob("scripts/*.js"), *static.glob("styles/*.css")):
        file.write_text(MAP.sub("", file.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Finish the pages after all else that writes them."""
    app.connect("html-page-context", load_what_is_needed, priority=900)
    app.connect("build-finished", finish, priority=900)
