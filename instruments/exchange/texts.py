"""How plain texts are read: names, numbers of things, addresses, degrees, yes and no."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from instruments.exchange.cells import KANA, fold, narrow, one_line
from instruments.exchange.readings import Reading, Unreadable, left_empty

LONGEST_ALIAS = 200
_SHORTENED = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>()]+")
_ADDRESS = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_YES = frozenset(["是", "有", "可", "可以", "需", "需要", "y", "yes", "true", "1", "√", "✓", "○", "对", "はい"])
_NO = frozenset(["否", "无", "無", "不可", "不可以", "不需", "不需要", "n", "no", "false", "0", "×", "✗", "x", "いいえ", "なし"])


def cut(reading: Reading, most: int) -> Reading:
    """Cut a text to what its column holds; the whole is kept as raw text."""
    if not isinstance(reading.value, str) or not most or len(reading.value) <= most:
        return reading
    return Reading(reading.value[:most].rstrip(), reading.warnings, reading.also).warn(
        f"超过 {most} 字，已截短，全文保留在原文中", f"Longer than {most} characters; cut here, and kept whole beside it"
    )


def read_line(text: str, most: int) -> Reading:
    """Read a text of one line."""
    reading = Reading(one_line(text))
    if "\n" in text:
        reading = reading.warn("单元格内的换行已合并为一行", "The lines of the cell were joined into one")
    return cut(reading, most)


def read_text(text: str, most: int) -> Reading:
    """Read a text of several lines."""
    return cut(Reading(text), most)


def read_name(text: str, most: int, *, is_chinese: bool) -> Reading:
    """Read a name; a Japanese one in the Chinese column is told."""
    reading = read_line(text, most)
    if is_chinese and KANA.search(text):
        return reading.warn("看起来是日文名称，请补充中文名称", "This looks Japanese; please add a Chinese name")
    return reading


def read_identity(text: str, most: int) -> Reading:
    """Read the number under which an organisation knows an instrument; Unreadable when it cannot be the whole number."""
    plain = narrow(one_line(text))
    if _SHORTENED.fullmatch(plain):
        raise Unreadable(
            "编号被表格软件改成了科学计数，末位已丢失；请把该列设为文本后重填",
            "A spreadsheet has shortened this number and its last digits are gone; make the column text and enter it again",
        )
    if len(plain) > most:
        raise Unreadable(f"编号超过 {most} 个字符", f"The number is longer than {most} characters")
    return _as_read(plain, text)


def read_code(text: str, most: int) -> Reading:
    """Read a short code; too long a one is not cut, but left out."""
    plain = narrow(one_line(text))
    if len(plain) > most:
        return left_empty(f"超过 {most} 个字符，未采用", f"Longer than {most} characters; not taken")
    return _as_read(plain, text)


def read_yes_no(text: str) -> Reading:
    """Read yes or no."""
    folded = fold(text)
    if folded in _YES or folded in _NO:
        return Reading(folded in _YES)
    return left_empty("应为“是”或“否”，未采用", "Neither yes nor no; not taken")


def read_degrees(text: str, most: int) -> Reading:
    """Read a longitude (most 180) or a latitude (most 90) in decimal degrees."""
    try:
        value = float(narrow(text))
    except ValueError:
        return left_empty("不是十进制度数，未采用", "No decimal degrees; not taken")
    return (
        Reading(value)
        if abs(value) <= most
        else left_empty(f"应在 -{most} 到 {most} 之间，未采用", f"Not between -{most} and {most}; not taken")
    )


def read_email(text: str, most: int) -> Reading:
    """Read one e-mail address."""
    plain = narrow(text).strip()
    is_address = _EMAIL.fullmatch(plain) and len(plain) <= most
    return Reading(plain) if is_address else left_empty("不是一个有效的邮箱地址，未采用", "Not one valid e-mail address; not taken")


def read_url(text: str, most: int) -> Reading:
    """Read one web address."""
    plain = one_line(text)
    if _ADDRESS.fullmatch(plain) and len(plain) <= most:
        return Reading(plain)
    return left_empty(
        f"应为 http(s):// 开头、不超过 {most} 字符的一个网址，未采用",
        f"Not one address of at most {most} characters that begins with http(s)://; not taken",
    )


def read_aliases(text: str) -> Reading:
    """Read other names, parted by semicolons, or by lines where there are lines."""
    names = [one_line(part) for part in (text.split("\n") if "\n" in text else re.split(r"[;；]", text))]
    kept = list(dict.fromkeys(name for name in names if name))
    reading = Reading([name for name in kept if len(name) <= LONGEST_ALIAS])
    if len(reading.value) < len(kept):
        return reading.warn(f"超过 {LONGEST_ALIAS} 字的别名未采用", f"Names longer than {LONGEST_ALIAS} characters were not taken")
    return reading


def read_raw(text: str) -> Reading:
    """Read the raw texts of an instrument as an export gives them."""
    try:
        kept: Mapping[str, Any] = json.loads(text)
        return Reading({str(key): str(value) for key, value in kept.items()})
    except (ValueError, AttributeError, RecursionError):
        return left_empty("不是本平台导出的原文，未采用", "Not original texts as this portal exports them; not taken")


def _as_read(plain: str, text: str) -> Reading:
    reading = Reading(plain)
    return reading if plain == text else reading.warn(f"读作 {plain}", f"Read as {plain}")
