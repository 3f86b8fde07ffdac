"""Icons: of the theme's two thousand, those that the pages show, within the theme's style sheet.

The theme brings all of them twice, as a script of 540 KB (gzip) and as fonts.
"""

import base64
import io
import logging
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

SHEET = "styles/pydata-sphinx-theme.css"
FONTS = "vendor/fontawesome/webfonts"
RULE = re.compile(r'(?<=\})([^{}]*):before\{content:"\\([0-9a-f]+)"\}')
FACE = re.compile(r"@font-face\{([^}]*?)src:[^}]*/(fa-[a-z0-9-]+)\.ttf[^}]*\}")
NAME = re.compile(r"\bfa-[a-z0-9-]+")
PRIVATE = re.compile(r'["\'](?:\\([ef][0-9a-f]{3})|([\ue000-\uf8ff]))["\']')


def embed_icons(static: Path, texts: Iterable[str]) -> None:
    """Keep the icons that these pages and scripts name, or that the style sheet draws itself."""
    used = {name for text in texts for name in NAME.findall(text)}
    sheet, codes = static / SHEET, set()

    def keep(rule: re.Match[str]) -> str:
        if used.isdisjoint(NAME.findall(rule[1])):
            return ""
        codes.add(int(rule[2], 16))
        return rule[0]

    text = RULE.sub(keep, sheet.read_text(encoding="utf-8"))
    codes |= {int(code, 16) if code else ord(sign) for code, sign in PRIVATE.findall(text)}
    if not codes:
        raise ValueError(f"{sheet.name} draws none of the icons that the pages name")
    sheet.write_text(FACE.sub(lambda face: _face(face, static / FONTS, codes), text), "utf-8")
    shutil.rmtree(static / "vendor")
    for script in (static / "scripts").glob("fontawesome.js*"):
        script.unlink()


def _face(face: re.Match[str], fonts: Path, codes: set[int]) -> str:
    """Write a font of the icons in use into the style sheet; nothing, if none is in it."""
    font = TTFont(fonts / f"{face[2]}.ttf")
    wanted = codes & font.getBestCmap().keys()
    if not wanted:
        return ""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table
    subsetter = Subsetter(Options(layout_features=[], name_IDs=[], notdef_outline=False))
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font.flavor, data = "woff", io.BytesIO()
    font.save(data)
    source = f"data:font/woff;base64,{base64.b64encode(data.getvalue()).decode()}"
    return f'@font-face{{{face[1]}src:url({source}) format("woff")}}'
