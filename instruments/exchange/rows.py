"""From a line of a list to a draft: every mapped cell read, nothing thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from instruments.errors import Sentence
from instruments.exchange import prices, texts
from instruments.exchange.cells import fold, says_nothing
from instruments.exchange.drafts import NOTE, Draft, Stated
from instruments.exchange.fields import BY_KEY, KEEP, LEAVE, Field
from instruments.exchange.lines import Line
from instruments.exchange.readings import Reading, Unreadable
from instruments.exchange.values import Surroundings, read_cell

WIDE = 3  # cells: one text across so many is a heading, not an instrument
ALIKE = (
    "organisation_code",
    "organisation",
    "department",
    "facility",
    "name_zh",
    "name_en",
    "model",
    "city",
    "location",
    "street",
    "building",
    "room",
)
HEADING = Sentence("这一行只有一个横跨各列的标题，不是仪器", "One text stands across the whole row: a heading, not an instrument")
REPEATED = Sentence("这一行重复了表头", "This row repeats the header")
SHIFTED = Sentence(
    "这一行的单元格比表头多，内容可能错位（逗号未加引号？）",
    "The row has more cells than the header, so they may be shifted (a comma without quotation marks?)",
)
BEYOND = Sentence("表头之外的单元格，按原文保留", "A cell beyond the header; kept as raw text")
NAMELESS = Sentence("没有仪器名称", "There is no name of the instrument")
BESIDE_CODE = Sentence("与分类编码不一致，以编码为准", "Does not agree with the category code; the code counts")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a list: their headers and what each is taken for. `is_strict`: a cell too many means that the cells are shifted."""

    headers: tuple[str, ...]
    targets: tuple[str, ...]
    is_strict: bool = True


def read_row(line: Line, columns: Columns, around: Surroundings) -> Draft:
    """Read one line into a draft."""
    draft = Draft(line.number, columns={key: header for header, key in zip(columns.headers, columns.targets, strict=True) if key in BY_KEY})
    whole = _whole_row(line, columns)
    if whole is not None:
        draft.tell("", line.cells[0] or next(filter(None, line.cells)), whole, is_refusal=True)
        return draft
    given = _given(line, columns, draft)
    around = replace(around, is_maker_given=not says_nothing(given.get("manufacturer", "/")))
    readings = {key: reading for key, text in given.items() if (reading := _read(text, BY_KEY[key], around, draft)) is not None}
    draft.likeness = tuple(fold(given.get(key, "")) for key in ALIKE)
    _settle(draft, given, readings)
    if not draft.is_refused and not any(draft.names):
        draft.tell("name_zh", "", NAMELESS, is_refusal=True)
    return draft


def _whole_row(line: Line, columns: Columns) -> Sentence | None:
    """Say why a row as a whole is no instrument, if it is none."""
    filled = [cell for cell in line.cells if cell]
    if len(filled) >= WIDE and len(set(filled)) == 1:
        return HEADING
    same = sum(1 for cell, header in zip(line.cells, columns.headers, strict=False) if cell and fold(cell) == fold(header))
    if same >= 2 and same * 2 > len(filled):
        return REPEATED
    return SHIFTED if columns.is_strict and any(line.cells[len(columns.headers) :]) else None


def _given(line: Line, columns: Columns, draft: Draft) -> dict[str, str]:
    """Part the cells into texts by field and raw texts that are only kept."""
    given: dict[str, str] = {}
    for at, text in enumerate(line.cells):
        target = columns.targets[at] if at < len(columns.targets) else KEEP
        if text and target == KEEP:
            header = columns.headers[at] if at < len(columns.headers) else ""
            draft.raw[NOTE + (header or str(at + 1))] = text
            if at >= len(columns.headers):
                draft.tell("", text, BEYOND)
        elif text and target != LEAVE:
            given[target] = text
    return given


def _read(text: str, field: Field, around: Surroundings, draft: Draft) -> Reading | None:
    try:
        reading = read_cell(text, field, around)
    except Unreadable as refusal:
        draft.tell(field.key, text, refusal.reason, is_refusal=True)
        return None
    for warning in reading.warnings:
        draft.tell(field.key, text, warning)
    return reading


def _settle(draft: Draft, given: Mapping[str, str], readings: Mapping[str, Reading]) -> None:
    """Put what was read where it belongs."""
    brought = dict(readings["raw"].value or {}) if "raw" in readings else {}
    draft.raw = brought | draft.raw
    for key, reading in readings.items():
        field = BY_KEY[key]
        raws = {_raw_key(field): given[key]} if reading.warnings else {}
        draft.raw |= {name: text for name, text in raws.items() if name not in brought or text != reading.value}
        if field.kind in ("owner", "owner_code", "facility", "identity"):
            setattr(draft, key, reading.value or "")
            draft.inner_id_as_written = given.get("inner_id", "")
        elif key == "aliases":
            draft.aliases = reading.value or []
        elif field.kind not in ("raw", "price", "fees", "category", "category_code") and _leads(field, readings):
            _state(draft, field.attribute, reading, raws)
    _settle_category(draft, given, readings)
    _settle_fees(draft, given, readings)
    draft.city = str(readings["city"].value or "") if "city" in readings else ""


def _leads(field: Field, readings: Mapping[str, Reading]) -> bool:
    """Say whether this column, and not a better one for the same attribute, gives the value."""
    better = BY_KEY.get(field.attribute)
    return better is None or better is field or better.key not in readings or readings[better.key].value is None


def _state(draft: Draft, attribute: str, reading: Reading, raws: Mapping[str, str]) -> None:
    if reading.value is not None:
        draft.stated.append(Stated(attribute, reading.value, raws))
    draft.stated.extend(Stated(other, value, raws, is_proposed=True) for other, value in reading.also.items())


def _settle_category(draft: Draft, given: Mapping[str, str], readings: Mapping[str, Reading]) -> None:
    by_code, by_name = readings.get("category_code", Reading()), readings.get("category", Reading())
    if by_code.value and by_name.value and by_code.value != by_name.value:
        draft.tell("category", given["category"], BESIDE_CODE)
        draft.raw["category"] = given["category"]
    chosen, key = (by_code, "category_code") if by_code.value else (by_name, "category")
    if chosen.value:
        draft.stated.append(Stated("category_code", chosen.value, {key: given[key]} if chosen.warnings else {}))


def _settle_fees(draft: Draft, given: Mapping[str, str], readings: Mapping[str, Reading]) -> None:
    """Put the price columns and the field of fees together; every price keeps its raw text."""
    parts = {key: str(readings[key].value or "") for key in prices.PARTS if key in readings}
    whole = readings["fees"].value if "fees" in readings else ""
    if not parts:
        if whole:
            draft.stated.append(Stated("fees", whole, {"fees": given["fees"]} if readings["fees"].warnings else {}))
        return
    together = texts.cut(Reading(prices.compose(parts, whole or "")), BY_KEY["fees"].most)
    for warning in together.warnings:
        draft.tell("fees", str(together.value), warning)
    raws = {key: given[key] for key in (*prices.PARTS, "fees") if key in given}
    draft.raw |= raws
    if together.value:
        draft.stated.append(Stated("fees", together.value, raws))


def _raw_key(field: Field) -> str:
    return field.key if field.kind in ("price", "category") else field.attribute
