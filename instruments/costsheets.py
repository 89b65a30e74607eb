"""Cost sheets (成本测算): what an hour of an instrument costs, from which its price must follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from instruments.errors import Invalid, Sentence
from instruments.money import yuan

MOST_YEARS, MOST_HOURS, MOST_PERCENT = 100, 8784, 100
LABELS = {
    "original_value": Sentence("仪器原值（元）", "Original value (yuan)"),
    "years": Sentence("折旧年限（年）", "Years of service"),
    "hours": Sentence("年使用机时（小时）", "Hours of use a year"),
    "upkeep": Sentence("维修费（元/小时）", "Upkeep (yuan an hour)"),
    "consumables": Sentence("耗材与能源（元/小时）", "Consumables and energy (yuan an hour)"),
    "labour": Sentence("人工（元/小时）", "Labour (yuan an hour)"),
    "management": Sentence("管理费（%）", "Management (%)"),
    "tax": Sentence("税费（%）", "Tax (%)"),
}
NEEDED = ("original_value", "years", "hours")


@dataclass(frozen=True, slots=True)
class CostSheet:
    """What is put into the sheet: amounts in yuan, the last two in percent."""

    original_value: Decimal
    years: Decimal
    hours: Decimal
    upkeep: Decimal = Decimal(0)
    consumables: Decimal = Decimal(0)
    labour: Decimal = Decimal(0)
    management: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Cost:
    """One part of what an hour costs, in yuan."""

    code: str
    label: Sentence
    amount: Decimal


def read_cost_sheet(data: Mapping[str, str]) -> CostSheet | None:
    """Read a sheet from text, {} as none; Invalid with the field's name for what is no number or out of bounds."""
    given = {key: text.strip() for key, text in data.items() if text.strip()}
    if not given:
        return None
    for key in NEEDED:
        if key not in given:
            raise Invalid(key, Sentence("请填写此项。", "Please fill this in."))
    sheet = CostSheet(**{field.name: yuan(given[field.name], field.name) for field in fields(CostSheet) if field.name in given})
    _check(sheet)
    return sheet


def _check(sheet: CostSheet) -> None:
    most = {"years": MOST_YEARS, "hours": MOST_HOURS, "management": MOST_PERCENT, "tax": MOST_PERCENT}
    for field in fields(CostSheet):
        value, bound = getattr(sheet, field.name), most.get(field.name)
        if value <= 0 and field.name in ("years", "hours"):
            raise Invalid(field.name, Sentence("必须大于零。", "It must be more than zero."))
        if value < 0:
            raise Invalid(field.name, Sentence("不能小于零。", "It cannot be less than zero."))
        if bound is not None and value > bound:
            raise Invalid(field.name, Sentence(f"不能大于 {bound}。", f"At most {bound}, please."))


def sheet_json(sheet: CostSheet) -> dict[str, str]:
    """Give a sheet as it is stored: numbers as text."""
    return {field.name: str(getattr(sheet, field.name)) for field in fields(CostSheet)}


def costs(sheet: CostSheet) -> list[Cost]:
    """Work out what an hour costs, part by part, each rounded to the fen.

    original value / (years x hours) + upkeep + consumables + labour, then management in percent of these, then tax in percent of all.
    Example: 2,000,000 over 10 years of 1,600 h is 125.00; with upkeep 10.00, consumables 25.00 and labour 40.00 it is 200.00;
    15 % management is 30.00 and 3 % tax of 230.00 is 6.90: 236.90 an hour.
    """
    depreciation = yuan(sheet.original_value / (sheet.years * sheet.hours))
    own = depreciation + sheet.upkeep + sheet.consumables + sheet.labour
    management = yuan(own * sheet.management / 100)
    tax = yuan((own + management) * sheet.tax / 100)
    return [
        Cost("depreciation", Sentence("折旧", "Depreciation"), depreciation),
        Cost("upkeep", Sentence("维修", "Upkeep"), sheet.upkeep),
        Cost("consumables", Sentence("耗材与能源", "Consumables and energy"), sheet.consumables),
        Cost("labour", Sentence("人工", "Labour"), sheet.labour),
        Cost("management", Sentence("管理费", "Management"), management),
        Cost("tax", Sentence("税费", "Tax"), tax),
    ]


def cost_per_hour(sheet: CostSheet) -> Decimal:
    """Add the parts, in yuan an hour."""
    return sum((one.amount for one in costs(sheet)), Decimal(0))
