"""A tariff as a form: parts within parts, each with its inputs; read back as a tariff, each mistake beside its input.

What was typed is kept as it was ("raw": text by the keys of ratefields), so that a page can always be shown again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from instruments.errors import Invalid, Sentence
from portal.language import say, t
from portal.manage.hoursform import clock_of, read_clock
from portal.manage.ratefields import NAMES, PARTS, Asks, usual
from scheduling.pricing.refusals import OTHERWISE, REASONS
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.unitwords import UNITS

MOST_ITEMS, LONGEST_TEXT = 60, 1000
STEP = re.compile(r"(add|remove|up|down):([a-z_]+(?:\.[0-9]{1,2}\.[a-z_]+){0,4}(?:\.[0-9]{1,2})?)")
# Where a 0 says something else than nothing at all.
COUNT_FROM_ZERO = ("amount", "above", "days", "hours", "low", "over_minutes", "percent")
# What stands in an input that is folded away where nobody has touched it.
USUALLY = {"grade_below": "5", "hazard_below": "10", "pack": "1", "starts_month": "1"}
Raw = dict[str, Any]


@dataclass
class Input:
    """One input: its name in the form, how it is asked for, what stands in it, what may be chosen, and what is wrong with it."""

    name: str
    asks: Asks
    value: Any
    choices: Sequence[tuple[str, str]] = ()
    error: str = ""


@dataclass
class Many:
    """A list of parts, with the words of the button that adds one."""

    name: str
    label: str
    add: str
    items: list[Group]
    error: str = ""


@dataclass
class Group:
    """One part: its inputs and lists, and those folded away (open where they are used)."""

    name: str
    title: str
    shown: list[Input | Many | Group] = field(default_factory=list)
    behind: list[Input | Many | Group] = field(default_factory=list)
    is_open: bool = False
    error: str = ""


@dataclass
class TariffForm:
    """A tariff as it was typed, what it says where it can be read, and what is wrong with it, by place."""

    raw: Raw
    spec: TariffSpec | None = None
    errors: dict[str, str] = field(default_factory=dict)

    def group(self) -> Group:
        """Lay the form out."""
        return _group(self, self.raw, "tariff", "", t("收费标准", "Tariff"))

    def check(self) -> None:
        """Read what was typed as a tariff, or note what is wrong where."""
        self.errors, self.spec = {}, None
        data = _data(self.raw, "tariff", "", self.errors)
        try:
            self.spec = TariffSpec.model_validate(data) if not self.errors else None
        except ValidationError as error:
            for found in error.errors(include_url=False):
                self.errors.setdefault(".".join(str(part) for part in found["loc"]), say(_reason(found)))


def form_of(spec: TariffSpec) -> TariffForm:
    """Write a tariff into a form."""
    return TariffForm(_raw(spec.model_dump(mode="json"), "tariff"), spec)


def new_form() -> TariffForm:
    """Begin a tariff: one rate by the hour, its price to be filled in."""
    rate = {**usual("rate"), "name_zh": "机时", "name_en": "Instrument time"}
    form = TariffForm(_raw({"price_lock": "booking", "rates": [rate]}, "tariff"))
    _name_codes(form.raw, "tariff", set())
    return form


def read_form(sent: MultiDict[str, str]) -> TariffForm:
    """Read what was sent, and check it."""
    form = TariffForm(_read(sent, "tariff", ""))
    _name_codes(form.raw, "tariff", set(_codes(form.raw, "tariff")))
    form.check()
    return form


def rearranged(form: TariffForm, step: str) -> bool:
    """Add, take away or move a part as a button says; False where the button says something else."""
    found = STEP.fullmatch(step)
    if found is None:
        return False
    verb, places = found[1], found[2].split(".")
    items, part = _list_at(form.raw, places if verb == "add" else places[:-1])
    if items is None:
        return False
    if verb == "add":
        if len(items) < MOST_ITEMS:
            items.append(_raw(usual(part), part))
    elif places[-1].isdigit() and int(places[-1]) < len(items):
        item = items.pop(int(places[-1]))
        if verb != "remove":
            items.insert(max(0, int(places[-1]) + (1 if verb == "down" else -1)), item)
    _name_codes(form.raw, "tariff", set(_codes(form.raw, "tariff")))
    form.errors = {}  # what is still being arranged is not complained of yet
    return True


def _list_at(raw: Raw, places: Sequence[str]) -> tuple[list[Raw] | None, str]:
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


def _read(sent: MultiDict[str, str], part: str, path: str) -> Raw:
    raw: Raw = {}
    for asks in PARTS[part].asks:
        name = path + asks.key
        if asks.look == "many":
            raw[asks.key] = [_read(sent, asks.part, f"{name}.{place}.") for place in range(_count(sent.get(f"n:{name}", "")))]
        elif asks.look == "one":
            raw[asks.key] = _read(sent, asks.part, f"{name}.")
        elif asks.look in ("ticks", "codes"):
            raw[asks.key] = [text[:40] for text in sent.getlist(name)[:MOST_ITEMS]]
        elif asks.look == "tick":
            raw[asks.key] = name in sent
        else:
            raw[asks.key] = sent.get(name, "").strip()[:LONGEST_TEXT]
    return raw


def _count(text: str) -> int:
    return min(int(text), MOST_ITEMS) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _raw(data: Mapping[str, Any], part: str) -> Raw:
    """Write data as it would be typed; what is zero or nothing stays empty."""
    raw: Raw = {}
    for asks in PARTS[part].asks:
        value = data.get(asks.key)
        if asks.look == "many":
            raw[asks.key] = [_raw(one, asks.part) for one in value or ()]
        elif asks.look == "one":
            raw[asks.key] = _raw(value or {}, asks.part)
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


def _data(raw: Raw, part: str, path: str, errors: dict[str, str]) -> dict[str, Any]:
    """Give what was typed as a tariff is stored; what is empty is left out."""
    data: dict[str, Any] = {}
    for asks in PARTS[part].asks:
        value, name = raw[asks.key], path + asks.key
        if asks.look == "many":
            data[asks.key] = [_data(one, asks.part, f"{name}.{place}.", errors) for place, one in enumerate(value)]
        elif asks.look == "one":
            value = _data(value, asks.part, f"{name}.", errors)
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


def _codes(raw: Raw, part: str) -> Iterator[str]:
    for asks in PARTS[part].asks:
        if asks.look == "code" and raw[asks.key]:
            yield raw[asks.key]
        elif asks.look == "many":
            for one in raw[asks.key]:
                yield from _codes(one, asks.part)


def _name_codes(raw: Raw, part: str, taken: set[str]) -> None:
    """Give new parts a code of their own; nobody is asked for one."""
    for asks in PARTS[part].asks:
        if asks.look == "code" and not raw[asks.key]:
            number = next(number for number in range(1, 10_000) if f"{part.replace('_', '-')}-{number}" not in taken)
            raw[asks.key] = f"{part.replace('_', '-')}-{number}"
            taken.add(raw[asks.key])
        elif asks.look == "many":
            for one in raw[asks.key]:
                _name_codes(one, asks.part, taken)


def _reason(found: Mapping[str, Any]) -> Sentence:
    if found["type"] == "tariff":
        return Sentence(found["ctx"]["zh"], found["ctx"]["en"])
    return REASONS.get(found["type"], OTHERWISE)


def _group(form: TariffForm, raw: Raw, part: str, path: str, title: str) -> Group:
    group = Group(path.rstrip("."), title, error=form.errors.get(path.rstrip("."), "") if path else form.errors.get("", ""))
    for asks in PARTS[part].asks:
        found = _element(form, raw, asks, path + asks.key)
        (group.behind if asks.behind else group.shown).append(found)
        if asks.behind and (_is_used(raw[asks.key], asks) or any(name.startswith(path + asks.key) for name in form.errors)):
            group.is_open = True
    return group


def _element(form: TariffForm, raw: Raw, asks: Asks, name: str) -> Input | Many | Group:
    if asks.look == "one":
        return _group(form, raw[asks.key], asks.part, f"{name}.", say(asks.label))
    if asks.look == "many":
        title = say(PARTS[asks.part].title)
        items = [_group(form, one, asks.part, f"{name}.{place}.", f"{title} {place + 1}") for place, one in enumerate(raw[asks.key])]
        return Many(name, say(asks.label), say(PARTS[asks.part].add), items, form.errors.get(name, ""))
    return Input(name, asks, raw[asks.key], _choices(form, asks), form.errors.get(name, ""))


def _choices(form: TariffForm, asks: Asks) -> list[tuple[str, str]]:
    if asks.key == "units":
        units = dict.fromkeys(one["own_unit"] or one["unit"] for one in (*form.raw["rates"], *form.raw["options"]))
        return [(unit, say(UNITS[unit]) if unit in UNITS else unit) for unit in units if unit]
    if asks.look == "codes":
        items = [one for key in NAMES[asks.key] for one in form.raw[key]]
        return [(one["code"], t(one["name_zh"] or one["name_en"], one["name_en"] or one["name_zh"]) or one["code"]) for one in items]
    if asks.key == "weekdays":
        zh, en = "一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        return [(str(day), t(f"周{zh[day]}", en[day])) for day in range(7)]
    return [(str(key), say(words)) for key, words in (asks.choices or {}).items()]


def _is_used(value: Any, asks: Asks) -> bool:
    """Say whether something other than what is usual stands in an input that is folded away."""
    if isinstance(value, dict):
        inner = {one.key: one for one in PARTS[asks.part].asks}
        return any(_is_used(each, inner[key]) for key, each in value.items())
    if asks.key == "covers" or not value:
        return False
    first = next(iter(asks.choices), "") if asks.look == "select" and asks.choices else ""
    return value not in (first, USUALLY.get(asks.key, first))
