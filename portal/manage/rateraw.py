"""A tariff as it was typed ("raw": text by the keys of ratefields), so that a page can always be shown again; to and from a tariff's data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from instruments.errors import Invalid
from portal.language import say
from portal.manage.hoursform import clock_of, read_clock
from portal.manage.ratefields import PARTS
from scheduling.pricing.unitwords import UNITS

MOST_ITEMS, LONGEST_TEXT = 60, 1000
# Where a 0 says something else than nothing at all.
COUNT_FROM_ZERO = ("amount", "above", "days", "hours", "low", "over_minutes", "percent")
Raw = dict[str, Any]


def list_at(raw: Raw, places: Sequence[str]) -> tuple[list[Raw] | None, str]:
    """Find a list by its place, such as rates.0.prices, and what its items are."""
    part, here = "tariff", raw
    for number, key in enumerate(places[::2]):
        asks = next((one for one in PARTS[part].asks if one.key == key and one.look in ("many", "one")), None)
        if asks is None or asks.look == "one":
            return None, part
        items, part = here[key], asks.part
        if number * 2 + 1 >= len(places):
            return items, part
        index = int(places[number * 2 + 1])
        if index >= len(items):
            return None, part
        here = items[index]
    return None, part


def read_raw(sent: MultiDict[str, str], part: str, path: str) -> Raw:
    """Read a part as it was sent; at most so many items of each list."""
    raw: Raw = {}
    for asks in PARTS[part].asks:
        name = path + asks.key
        if asks.look == "many":
            raw[asks.key] = [read_raw(sent, asks.part, f"{name}.{place}.") for place in range(_count(sent.get(f"n:{name}", "")))]
        elif asks.look == "one":
            raw[asks.key] = read_raw(sent, asks.part, f"{name}.")
        elif asks.look in ("ticks", "codes"):
            raw[asks.key] = [text[:40] for text in sent.getlist(name)[:MOST_ITEMS]]
        elif asks.look == "tick":
            raw[asks.key] = name in sent
        else:
            raw[asks.key] = sent.get(name, "").strip()[:LONGEST_TEXT]
    return raw


def _count(text: str) -> int:
    return min(int(text), MOST_ITEMS) if text.isascii() and text.isdigit() and len(text) < 4 else 0


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


def codes_in(raw: Raw, part: str) -> Iterator[str]:
    """Give the codes of a part and of all within it."""
    for asks in PARTS[part].asks:
        if asks.look == "code" and raw[asks.key]:
            yield raw[asks.key]
        elif asks.look == "many":
            for one in raw[asks.key]:
                yield from codes_in(one, asks.part)


def name_codes(raw: Raw, part: str, taken: set[str]) -> None:
    """Give new parts a code of their own; nobody is asked for one."""
    for asks in PARTS[part].asks:
        if asks.look == "code" and not raw[asks.key]:
            number = next(number for number in range(1, 10_000) if f"{part.replace('_', '-')}-{number}" not in taken)
            raw[asks.key] = f"{part.replace('_', '-')}-{number}"
            taken.add(raw[asks.key])
        elif asks.look == "many":
            for one in raw[asks.key]:
                name_codes(one, asks.part, taken)
