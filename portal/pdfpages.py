"""What every PDF of ours is made of: words in two scripts, on A4. Latin letters in Helvetica, Chinese in STSong: both are named, not packed in,
and every reader of PDF has or replaces them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph

from portal.language import t

LATIN, CJK = "Helvetica", "STSong-Light"
# What Helvetica has as every reader of PDF knows it; the rest is written in the Chinese font.
_LATIN = re.compile(r"[\x20-\x7e\xa1-\xff\u2013\u2014\u2018\u2019\u201c\u201d\u20ac]+")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff\ud800-\udfff]")
INK, QUIET, LINE, MIST = (colors.HexColor(code) for code in ("#1b2733", "#55626d", "#d9e0e6", "#f4f6f8"))
EDGE = 16 * mm


@cache
def register_fonts() -> None:
    """Make the Chinese font known; Helvetica always is."""
    pdfmetrics.registerFont(UnicodeCIDFont(CJK))


def clean(text: str) -> str:
    """Take out of a text what no paper shows; a minus sign is written as the dash that every font has."""
    return _UNSEEN.sub(" ", text).replace("\u2212", "\u2013")


def runs(text: str) -> list[tuple[str, str]]:
    """Split a text into (font, run), each run in the font that has it."""
    found, last, text = list[tuple[str, str]](), 0, clean(text)
    for run in _LATIN.finditer(text):
        found += [(CJK, text[last : run.start()]), (LATIN, run.group())]
        last = run.end()
    return [(font, run) for font, run in [*found, (CJK, text[last:])] if run]


def marked(text: str) -> str:
    """Write a text as markup: nothing in it is markup itself, and each run is in the font that has it."""
    return "".join(f'<font name="{font}">{escape(run)}</font>' for font, run in runs(text))


@cache
def style(size: float, leading: float, align: int, color: Any, *, is_latin: bool = False) -> ParagraphStyle:
    """Give the style of a paragraph; few are needed, so each is made once. Latin text breaks between words, Chinese anywhere."""
    wrap = None if is_latin else "CJK"
    return ParagraphStyle("text", fontName=CJK, fontSize=size, leading=leading, alignment=align, textColor=color, wordWrap=wrap)


def words(text: str, size: float = 9, leading: float = 12.5, *, align: int = 0, color: Any = INK) -> Paragraph:
    """Write one paragraph; `align` is 0 left, 1 centre, 2 right."""
    is_latin = all(font == LATIN for font, _ in runs(text))
    return Paragraph(marked(text), style(size, leading, align, color, is_latin=is_latin))


def foot(canvas: Any, page: Any, text: str) -> None:
    """Write the line at the foot of a page, with its number."""
    canvas.saveState()
    line = words(text, 7.5, 10, color=QUIET)
    line.wrapOn(canvas, 150 * mm, 10 * mm)
    line.drawOn(canvas, EDGE, 8 * mm)
    number = words(t("第 {page} 页", "Page {page}", page=page.page), 7.5, 10, align=2, color=QUIET)
    number.wrapOn(canvas, 26 * mm, 10 * mm)
    number.drawOn(canvas, A4[0] - EDGE - 26 * mm, 8 * mm)
    canvas.restoreState()
