"""Original values as people write them: "64.49 (worth, 万元)", "136万", "800000元", "1.234,50". Always in yuan afterwards."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from instruments.exchange.cells import narrow
from instruments.exchange.readings import Reading, left_empty
from instruments.money import FEN, MOST

WAN = Decimal(10_000)
YUAN = Decimal(1)
SMALLEST_LIKELY, LARGEST_LIKELY = Decimal(1000), Decimal(1_000_000_000)
_BARE = re.compile(r"\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_TEXT = re.compile(
    r"(?P<about>约|約|大约|ca\.?|~|≈)?\s*(?:人民币|人民幣|rmb|cny|cn¥|¥)?\s*:?\s*(?P<number>\d[\d,.' ]*)\s*"
    r"(?P<unit>亿元?|億元?|万元?|萬元?|千元|元|圆|圓|yuan|rmb|cny|人民币)?\s*(?:人民币|人民幣|整|rmb|cny)?\s*(?P<note>[(（\[].*[)）\]])?",
    re.IGNORECASE,
)
_UNITS = {"亿": WAN * WAN, "億": WAN * WAN, "万": WAN, "萬": WAN, "千": Decimal(1000), "元": YUAN, "圆": YUAN, "圓": YUAN}
_FOREIGN = re.compile(
    r"\$|usd|us dollar|美元|€|eur|欧元|歐元|£|gbp|英镑|円|jpy|日元|nt\$|新[台臺]币|新[台臺]幣|港[币幣]|hkd|chf", re.IGNORECASE
)
_RANGE = re.compile(r"\d\s*(?:-|~|～|—|–|至|到|to)\s*\d", re.IGNORECASE)


def read_amount(text: str, unit: Decimal = YUAN, *, is_unit_sure: bool = True) -> Reading:
    """Read an original value as yuan with two places; `unit` is the one the column is in (YUAN or WAN)."""
    plain = narrow(text).strip()
    if _BARE.fullmatch(plain):
        reading = _in_yuan(Decimal(plain.replace(",", "")) * unit)
        if plain != text:
            reading = reading.warn("含全角数字，已转换", "Written in full-width digits; converted")
        if is_unit_sure or reading.value is None:
            return reading
        return reading.warn("表头没有写明单位，按元计", "The header does not state the unit; taken as yuan")
    if _FOREIGN.search(plain):
        return left_empty("不是人民币，未换算", "Not in yuan, and not converted")
    found = None if _RANGE.search(plain) else _TEXT.fullmatch(plain)
    number = _number(found["number"]) if found else None
    if found is None or number is None:
        return left_empty("看不出是一个金额", "This cannot be read as one amount")
    reading = _in_yuan(number * _unit_of(found, unit))
    if reading.value is None:
        return reading
    if found["about"]:
        reading = reading.warn("写的是约数", "Written as an approximate amount")
    return reading.warn(f"读作 {reading.value:,} 元", f"Read as {reading.value:,} yuan")


def _unit_of(found: re.Match[str], column: Decimal) -> Decimal:
    """Take the unit from the cell, from the note in brackets, or from the column."""
    said = found["unit"] or ""
    if said:
        return _UNITS.get(said[0], YUAN)
    note = found["note"] or ""
    if "万" in note or "萬" in note:
        return WAN
    return YUAN if "元" in note else column


def _number(text: str) -> Decimal | None:
    text = text.strip().replace(" ", "").replace("'", "")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"(\d{1,3}(\.\d{3})+|\d+),\d{1,2}", text):  # as in 1.234,50
        text = text.replace(".", "").replace(",", ".")
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _in_yuan(amount: Decimal) -> Reading:
    if amount > MOST:
        return left_empty("金额过大，不可能是一台仪器的原值", "Too large to be the value of one instrument")
    rounded = amount.quantize(FEN, rounding=ROUND_HALF_UP)
    reading = Reading(rounded)
    if rounded and abs(amount - rounded) > Decimal("0.0001"):  # what a spreadsheet's arithmetic leaves behind is no rounding
        reading = reading.warn("已四舍五入到分", "Rounded to two places")
    if rounded < SMALLEST_LIKELY:
        return reading.warn("不到 1000 元，请核对单位是否为万元", "Less than 1,000 yuan: is the column in 10,000 yuan?")
    if rounded > LARGEST_LIKELY:
        return reading.warn("超过 10 亿元，请核对单位", "More than a thousand million yuan: check the unit")
    return reading
