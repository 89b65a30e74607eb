"""Texts as they stand in cells: cleaned for reading, folded for comparing, made harmless for spreadsheet programs and back again."""

from __future__ import annotations

import re
import unicodedata

# A program that opens a CSV file takes such a text for a formula. Our exports put an apostrophe before it, and imports take exactly that one away;
# texts that already look guarded get one more, so that what comes back is always what went out.
_DANGEROUS = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")
_GUARDED = re.compile(r"'+(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2009\u202f\u3000"), " ")
_INVISIBLE = re.compile(r"[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u200b\u2060\ufeff\ufffe\uffff]")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_CJK = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
_BREAK_IN_CJK = re.compile(rf"(?<={_CJK})\s*\n\s*(?={_CJK})")
_LIKE_A_NUMBER = re.compile(r"[\W_]+")
KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
NOTHING = frozenset(
    {
        "/",
        "//",
        "\\",
        "-",
        "--",
        "---",
        "—",
        "——",
        "–",
        "－",
        "/／",
        "／",
        "无",
        "無",
        "暂无",
        "暫無",
        "不详",
        "不詳",
        "未知",
        "なし",
        "不明",
        "n/a",
        "na",
        "none",
        "null",
    }
    | {"nil", "unknown", "not available", "#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!"}
)


def clean(text: str) -> str:
    """Give a cell's text without surrounding space, unprintable characters and foreign kinds of space and line break."""
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\x0b", "\n")
        .replace("\x0c", "\n")
        .replace("\x85", "\n")
        .replace("\u2028", "\n")
    )
    return _INVISIBLE.sub("", text).translate(_SPACES).strip()


def one_line(text: str) -> str:
    """Join the lines of a cleaned text: with a space, or with nothing between Chinese or Japanese characters."""
    return " ".join(_BREAK_IN_CJK.sub("", text).split())


def narrow(text: str) -> str:
    """Turn full-width Latin letters, digits and signs into the usual ones; everything else stays."""
    return text.translate(_WIDE)


def fold(text: str) -> str:
    """Give the form in which texts are compared: compatible characters, letter case and spaces made one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def fold_closely(text: str) -> str:
    """Fold a text and leave out everything but letters and digits, for headers and names of makers."""
    return _LIKE_A_NUMBER.sub("", fold(text))


def says_nothing(text: str) -> bool:
    """Say whether a cell holds only a sign for "nothing here", such as "/" or "不详"."""
    return fold(text) in NOTHING


def neutralise(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet program would take for a formula."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def restore(text: str) -> str:
    """Take away the apostrophe that `neutralise` put there."""
    return text[1:] if _GUARDED.match(text) else text
