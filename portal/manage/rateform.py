"""A tariff as a form: parts within parts, each with its inputs; read back as a tariff, each mistake beside its input."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from instruments.errors import Sentence
from portal.language import say, t
from portal.manage.ratefields import NAMES, PARTS, Asks, usual
from portal.manage.rateraw import MOST_ITEMS, Raw, codes_in, data_of, list_at, name_codes, raw_of, read_raw
from scheduling.pricing.refusals import OTHERWISE, REASONS
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.unitwords import UNITS

STEP = re.compile(r"(add|remove|up|down):([a-z_]+(?:\.[0-9]{1,2}\.[a-z_]+){0,4}(?:\.[0-9]{1,2})?)")
# What stands in an input that is folded away where nobody has touched it.
USUALLY = {"grade_below": "5", "hazard_below": "10", "pack": "1", "starts_month": "1"}


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
        data = data_of(self.raw, "tariff", "", self.errors)
        try:
            self.spec = TariffSpec.model_validate(data) if not self.errors else None
        except ValidationError as error:
            for found in error.errors(include_url=False):
                self.errors.setdefault(".".join(str(part) for part in found["loc"]), say(_reason(found)))


def form_of(spec: TariffSpec) -> TariffForm:
    """Write a tariff into a form."""
    return TariffForm(raw_of(spec.model_dump(mode="json"), "tariff"), spec)


def new_form() -> TariffForm:
    """Begin a tariff: one rate by the hour, its price to be filled in."""
    rate = {**usual("rate"), "name_zh": "机时", "name_en": "Instrument time"}
    form = TariffForm(raw_of({"price_lock": "booking", "rates": [rate]}, "tariff"))
    name_codes(form.raw, "tariff", set())
    return form


def read_form(sent: MultiDict[str, str]) -> TariffForm:
    """Read what was sent, and check it."""
    form = TariffForm(read_raw(sent, "tariff", ""))
    name_codes(form.raw, "tariff", set(codes_in(form.raw, "tariff")))
    form.check()
    return form


def rearranged(form: TariffForm, step: str) -> bool:
    """Add, take away or move a part as a button says; False where the button says something else."""
    found = STEP.fullmatch(step)
    if found is None:
        return False
    verb, places = found[1], found[2].split(".")
    items, part = list_at(form.raw, places if verb == "add" else places[:-1])
    if items is None:
        return False
    if verb == "add":
        if len(items) < MOST_ITEMS:
            items.append(raw_of(usual(part), part))
    elif places[-1].isdigit() and int(places[-1]) < len(items):
        item = items.pop(int(places[-1]))
        if verb != "remove":
            items.insert(max(0, int(places[-1]) + (1 if verb == "down" else -1)), item)
    name_codes(form.raw, "tariff", set(codes_in(form.raw, "tariff")))
    form.errors = {}  # what is still being arranged is not complained of yet
    return True


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
        items = [_group(form, one, asks.part, f"{name}.{place}.", _titled(title, place, one)) for place, one in enumerate(raw[asks.key])]
        return Many(name, say(asks.label), say(PARTS[asks.part].add), items, form.errors.get(name, ""))
    return Input(name, asks, raw[asks.key], _choices(form, asks), form.errors.get(name, ""))


def _titled(title: str, place: int, raw: Raw) -> str:
    own = _own_name(raw)
    return f"{title} {place + 1}{t('：', ': ')}{own}" if own else f"{title} {place + 1}"


def _own_name(raw: Raw) -> str:
    zh, en = raw.get("name_zh", ""), raw.get("name_en", "")
    return say(Sentence(zh or en, en or zh))


def _choices(form: TariffForm, asks: Asks) -> list[tuple[str, str]]:
    if asks.key == "units":
        units = dict.fromkeys(one["own_unit"] or one["unit"] for one in (*form.raw["rates"], *form.raw["options"]))
        return [(unit, say(UNITS[unit]) if unit in UNITS else unit) for unit in units if unit]
    if asks.look == "codes":
        items = [one for key in NAMES[asks.key] for one in form.raw[key]]
        return [(one["code"], _own_name(one) or one["code"]) for one in items]
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
