"""A tariff as it was typed ("raw": text by the keys of ratefields), so that a page can always be shown again; to and from a tariff's data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instruments.errors import Invalid
from portal.language import say
from portal.manage.hoursform import clock_of, read_clock
from portal.manage.ratefields import PARTS
from portal.nestedraw import Raw
from scheduling.pricing.unitwords import UNITS

# Where a 0 says something else than nothing at all.
COUNT_FROM_ZERO = ("amount", "above", "days", "hours", "low", "over_minutes", "percent")


def raw_of(data: Mapping[str, Any], part: str) -> Raw:
    """Write data as it would be typed; what is zero or nothing stays empty."""
    raw: Raw = {}
    for asks in PARTS[part].asks:
        value = data.get(asks.key)
        if asks.look == "many":
            raw[asks.key] = [raw_of(one, asks.part) for one in value or ()]
        elif asks.look == "one":
            raw[asks.key] = raw_of(value or {}, asks.part)
        elif asks.look in ("ticks", "codes"):
            raw[asks.key] = [str(one) for one in value or ()]
        elif asks.look == "tick":
            raw[asks.key] = bool(value)
        elif asks.look == "clock":
            raw[asks.key] = "" if value in (None, 0, 1440) else clock_of(value)
        else:
            raw[asks.key] = "" if value is None or (str(value) == "0" and asks.key not in COUNT_FROM_ZERO) else str(value)
    if "own_unit" in raw and raw["unit"] not in UNITS:
        raw["own_unit"], raw["unit"] = raw["unit"], ""
    return raw


def data_of(raw: Raw, part: str, path: str, errors: dict[str, str]) -> dict[str, Any]:
    """Give what was typed as a tariff is stored; what is empty is left out."""
    data: dict[str, Any] = {}
    for asks in PARTS[part].asks:
        value, name = raw[asks.key], path + asks.key
        if asks.look == "many":
            data[asks.key] = [data_of(one, asks.part, f"{name}.{place}.", errors) for place, one in enumerate(value)]
        elif asks.look == "one":
            value = data_of(value, asks.part, f"{name}.", errors)
            if value and (asks.part != "cycle" or "every" in value):
                data[asks.key] = value
        elif asks.look == "clock" and value:
            try:
                data[asks.key] = read_clock(value)
            except Invalid as error:
                errors[name] = say(error.sentence)
        elif value not in ("", [], False):
            data[asks.key] = value
    if own := data.pop("own_unit", ""):
        data["unit"] = own
    if part == "when":
        _end_of_band(data)
    return data


def _end_of_band(data: dict[str, Any]) -> None:
    first, last = data.get("from_minute", 0) % 1440, data.get("until_minute", 1440)
    if first or last != 1440:
        data["from_minute"], data["until_minute"] = first, last if last > first else last + 1440
