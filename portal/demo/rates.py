"""The rates of the sample province: a few tariffs in each organisation, by the worth of an instrument and how it is used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.costsheets import read_cost_sheet, sheet_json
from instruments.people import Organisation
from instruments.tariffs import Tariff, found_tariff, publish_tariff, use_tariff
from portal.demo.characters import began
from portal.demo.equipment import Furnished
from scheduling.pricing.spec import as_data, read_spec

# Worth in yuan up to which an instrument is of a class, and what an hour of it costs a user of the same organisation.
CLASSES = (("D", 400_000, 30), ("C", 1_000_000, 60), ("B", 3_000_000, 120), ("A", 8_000_000, 240), ("S", 10**12, 480))
KINDS = {
    "n": ("昼夜仪器", "day-and-night instruments"), "s": ("送样仪器", "sample services"), "f": ("平台设施", "facilities"),
    "": ("通用仪器", "general instruments"),
}  # fmt: skip
SHARES = {"group": Decimal("0.5"), "internal": Decimal(1), "academic": Decimal("1.5"), "enterprise": Decimal("2.5"), "other": Decimal(2)}
SAMPLE_OF_HOUR = Decimal("0.6")
EXPEDITED = {"code": "expedited", "name_zh": "加急", "name_en": "Expedited"}


def set_rates(session: Session, furnished: Furnished, *, now: datetime) -> int:
    """Give nine instruments of ten a tariff, from the beginning, with a version of this year; give how many tariffs were made."""
    long_ago = began(now)
    made: dict[tuple[int, str, str], Tariff] = {}
    for number, instrument in enumerate(furnished.instruments):
        if number % 10 == 9:
            continue  # some share for nothing
        kind = next((letter for letter in "nsf" if letter in furnished.traits[instrument.id]), "")
        key = (instrument.organisation_id, kind, class_of(instrument)[0])
        if key not in made:
            made[key] = _tariff(session, instrument, kind, long_ago, now)
        use_tariff(session, instrument, made[key], valid_from=long_ago, by=None, now=long_ago)
    session.flush()
    return len(made)


def class_of(instrument: Instrument) -> tuple[str, int]:
    """Give the class of an instrument by its worth, and the price of its hour."""
    worth = instrument.original_value or Decimal(0)
    return next((letter, hour) for letter, most, hour in CLASSES if worth <= most)


def _tariff(session: Session, instrument: Instrument, kind: str, long_ago: datetime, now: datetime) -> Tariff:
    (letter, hour), (zh, en) = class_of(instrument), KINDS[kind]
    tariff = found_tariff(session, instrument.organisation, f"{letter} 类{zh}收费标准", f"Rates of class {letter}, {en}", now=long_ago)
    session.flush()
    this_year = datetime(now.year, 1, 1, tzinfo=UTC) - timedelta(hours=8)
    for valid_from, price in ((long_ago, Decimal(hour)), (this_year, Decimal(hour) + 10)):
        year = valid_from.year if valid_from == long_ago else now.year
        publish_tariff(
            session, tariff, as_data(read_spec(spec_of_kind(kind, price))), valid_from=valid_from, by=None, now=valid_from,
            cost_sheet=_cost_sheet(instrument), approval=_approval(instrument.organisation, year), approved_on=date(year, 1, 1) - timedelta(days=20),
        )  # fmt: skip
        session.flush()  # the next version is numbered after it
    return tariff


def _approval(organisation: Organisation, year: int) -> str:
    return f"{organisation.name_zh}仪器设备收费管理办法〔{year}〕3 号"


def _cost_sheet(instrument: Instrument) -> dict[str, str]:
    worth = instrument.original_value or Decimal(100_000)
    typed = {
        "original_value": str(worth), "years": "10", "hours": "1600", "upkeep": str(round(worth / 400_000, 2)), "consumables": "12",
        "labour": "35", "management": "10", "tax": "3",
    }  # fmt: skip
    sheet = read_cost_sheet(typed)
    return sheet_json(sheet) if sheet else {}


def spec_of_kind(kind: str, hour: Decimal) -> dict[str, Any]:
    """Write the tariff of a kind of instrument whose hour costs so much inside the organisation."""
    time: dict[str, Any] = {
        "code": "time", "name_zh": "机时费", "name_en": "Instrument time", "unit": "hour", "basis": "booked_plus_overrun", "step_minutes": 30,
        "grace_minutes": 10, "prices": _prices(hour),
    }  # fmt: skip
    spec: dict[str, Any] = {
        "rates": [time], "options": [EXPEDITED],
        "adjustments": [
            {"code": "expedited", "name_zh": "加急费", "name_en": "Expedited", "percent": "50", "only": {"options": ["expedited"]}},
            {"code": "assisted", "name_zh": "协助上机", "name_en": "Assistance", "percent": "20", "covers": ["rates"], "only": {"modes": ["assisted"]}},
            {"code": "teaching", "name_zh": "教学优惠", "name_en": "Teaching", "percent": "-50", "only": {"modes": ["teaching"]}},
        ],
        "late_cancel": [{"code": "late", "name_zh": "逾期取消费", "name_en": "Late cancellation", "hours": 12, "percent": "30"}],
        "no_show": [{"code": "absent", "name_zh": "爽约费", "name_en": "No-show", "percent": "50"}],
    }  # fmt: skip
    return spec | _own_ways(kind, time, hour)


def _own_ways(kind: str, time: Mapping[str, Any], hour: Decimal) -> dict[str, Any]:
    if kind == "n":
        night = {
            "code": "night", "name_zh": "夜间", "name_en": "Night", "whens": [{"from_minute": 1320, "until_minute": 1920}],
            "prices": _prices(hour * Decimal("0.6")),
        }  # fmt: skip
        cap = {
            "code": "day", "name_zh": "每日封顶", "name_en": "Daily cap", "brackets": [{"above": str(hour * 14)}],
            "cycle": {"every": "day", "starts_minute": 480},
        }  # fmt: skip
        return {"rates": [{**time, "bands": [night]}], "caps": [cap]}
    if kind == "s":
        at_work = {**time, "only": {"modes": ["self", "assisted", "remote", "teaching", "training", "maintenance"]}}
        samples = {
            "code": "samples", "name_zh": "样品检测费", "name_en": "Samples", "unit": "sample", "only": {"modes": ["sample"]},
            "prices": _prices(hour * SAMPLE_OF_HOUR),
        }  # fmt: skip
        return {"rates": [at_work, samples]}
    if kind == "f":
        week = {
            "code": "cycle", "name_zh": "课题组月度优惠", "name_en": "Monthly rebate of a group", "brackets": [{"above": str(hour * 60), "percent": "70"}],
            "cycle": {"every": "month", "per": "group"},
        }  # fmt: skip
        return {
            "caps": [week],
            "fees": [{"code": "opening", "name_zh": "开机费", "name_en": "Opening fee", "prices": [{"amount": str(hour)}]}],
        }
    return {}


def _prices(hour: Decimal) -> list[dict[str, Any]]:
    return [{"audiences": [audience], "amount": str((hour * share).quantize(Decimal("0.1")))} for audience, share in SHARES.items()]
