"""How texts are read that stand for a code: categories, countries, cities, subjects, funds and the other code lists."""

from __future__ import annotations

import re

from instruments.exchange.cells import fold, narrow, one_line
from instruments.exchange.readings import Reading, left_empty
from instruments.exchange.texts import read_line
from instruments.exchange.vocabulary import Vocabulary

MOST_SUBJECTS = 4
_CODE = re.compile(r"(\d{6})(?:\s*[(（\[].*[)）\]])?")
_BESIDE_COUNTRY = re.compile(r"\s*[(（].*|(?<=..)(?:产|產|製|制造)$")
_FUND = re.compile(r"\s*(\D+?)[\s:：]*(\d[\d.]*)?\s*")
_KINDS = {"通用": False, "general": False, "专用": True, "專用": True, "dedicated": True}


def read_category_code(text: str, words: Vocabulary) -> Reading:
    """Read a six-digit category code; a number that is none, such as an asset number, is told."""
    found = _CODE.fullmatch(narrow(one_line(text)))
    if not found:
        return left_empty("不是六位分类编码（可能是资产编号），未采用", "No six-digit category code (an asset number, perhaps); not taken")
    if found[1] not in words.categories:
        return left_empty("分类表中没有这个编码，未采用", "The classification has no such code; not taken")
    return _read_as(found[1], found[1], text)


def read_category(text: str, words: Vocabulary) -> Reading:
    """Read the name of a category; only one that is exactly a name of the classification is taken."""
    code = words.category_codes.get(fold(one_line(text)))
    if code is None:
        return left_empty("与分类表中的名称不完全一致，分类留空", "Not exactly a name of the classification; the category stays empty")
    return Reading(code)


def read_choice(text: str, list_name: str, words: Vocabulary) -> Reading:
    """Read one value of a code list."""
    code = words.code(list_name, one_line(text))
    return Reading(code) if code else left_empty("代码表中没有此项，未采用", "Not in the code list; not taken")


def read_country(text: str, words: Vocabulary) -> Reading:
    """Read a country by its name in either language or by its code."""
    plain = narrow(one_line(text))
    code = words.code("country", plain) or words.code("country", _BESIDE_COUNTRY.sub("", plain))
    if code is None:
        return left_empty("国家和地区代码表中没有此项，未采用", "Not a country or region of the code list; not taken")
    return Reading(code) if words.code("country", text) else Reading(code).warn(f"读作 {code}", f"Read as {code}")


def read_city(text: str, most: int, words: Vocabulary) -> Reading:
    """Read a city: as its code where the province has it, as it is written where not."""
    reading = read_line(text, most)
    code = words.code("city", reading.value) or words.code("city", f"{reading.value}市")
    if code:
        return Reading(code, reading.warnings)
    return reading.warn("地市代码表中没有此项，按原文保留", "Not a city of the code list; kept as written")


def read_dedicated(text: str) -> Reading:
    """Read whether an instrument is general (False) or dedicated (True)."""
    folded = fold(text)
    value = next((value for word, value in _KINDS.items() if word in folded), None)
    return Reading(value) if value is not None else left_empty("应为“通用”或“专用”，未采用", "Neither general nor dedicated; not taken")


def read_subjects(text: str, words: Vocabulary) -> Reading:
    """Read up to four subjects, by code ("150 化学") or name."""
    parts = [part.strip() for part in re.split(r"[;；\n]", text) if part.strip()]
    if len(parts) == 1 and not _subject(parts[0], words):
        parts = [part.strip() for part in re.split(r"[,，、]", text) if part.strip()]
    codes = [_subject(part, words) for part in parts]
    known = list(dict.fromkeys(code for code in codes if code))
    if None in codes or len(known) > MOST_SUBJECTS:
        return Reading(known[:MOST_SUBJECTS] or None).warn(
            "有的学科不在代码表中，或超过 4 个，只取能识别的前 4 个",
            "Some subjects are not in the code list, or there are more than four; the first four known ones are taken",
        )
    return Reading(known)


def read_funds(text: str, words: Vocabulary) -> Reading:
    """Read sources of funds with their amounts, such as "中央财政资金 120.00; 单位自有资金 30.00"."""
    funds = []
    for part in re.split(r"[;；\n]", text):
        found = _FUND.fullmatch(narrow(part))
        code = words.code("fund", found[1]) if found else None
        if found is None or code is None:
            return left_empty("经费来源不在代码表中，未采用", "Not a source of funds of the code list; not taken")
        funds.append({"kind": code} | ({"amount": found[2]} if found[2] else {}))
    return Reading(funds)


def _subject(text: str, words: Vocabulary) -> str | None:
    return words.code("subject", text) or words.code("subject", text[:3])


def _read_as(value: str, plain: str, text: str) -> Reading:
    reading = Reading(value)
    return reading if plain == text else reading.warn(f"读作 {value}", f"Read as {value}")
