"""A tariff as a form: parts within parts, each with its inputs; read back as a tariff, each mistake beside its input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from instruments.errors import Sentence
from portal.language import say, t
from portal.manage.ratefields import NAMES, PARTS, usual
from portal.manage.rateraw import data_of, raw_of
from portal.nestedfields import Asks
from portal.nestedform import Group, Layout, own_name, rearrange
from portal.nestedraw import Raw, codes_in, name_codes, read_raw
from scheduling.pricing.refusals import OTHERWISE, REASONS
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.unitwords import UNITS

# What stands in an input that is folded away where nobody has touched it.
USUALLY = {"grade_below": "5", "hazard_below": "10", "pack": "1", "starts_month": "1"}


@dataclass
class TariffForm:
    """A tariff as it was typed, what it says where it can be read, and what is wrong with it, by place."""

    raw: Raw
    spec: TariffSpec | None = None
    errors: dict[str, str] = field(default_factory=dict)

    def group(self) -> Group:
        """Lay the form out."""
        layout = Layout(PARTS, self.errors, lambda asks: _choices(self, asks), _is_used)
        return layout.group(self.raw, "tariff", "", t("收费标准", "Tariff"))

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
    name_codes(PARTS, form.raw, "tariff", set())
    return form


def read_form(sent: MultiDict[str, str]) -> TariffForm:
    """Read what was sent, and check it."""
    form = TariffForm(read_raw(PARTS, sent, "tariff", ""))
    name_codes(PARTS, form.raw, "tariff", set(codes_in(PARTS, form.raw, "tariff")))
    form.check()
    return form


def rearranged(form: TariffForm, step: str) -> bool:
    """Add, take away or move a part as a button says; False where the button says something else."""
    if not rearrange(PARTS, form.raw, "tariff", step, lambda part: raw_of(usual(part), part)):
        return False
    name_codes(PARTS, form.raw, "tariff", set(codes_in(PARTS, form.raw, "tariff")))
    form.errors = {}  # what is still being arranged is not complained of yet
    return True


def _reason(found: Mapping[str, Any]) -> Sentence:
    if found["type"] == "tariff":
        return Sentence(found["ctx"]["zh"], found["ctx"]["en"])
    return REASONS.get(found["type"], OTHERWISE)


def _choices(form: TariffForm, asks: Asks) -> list[tuple[str, str]]:
    if asks.key == "units":
        units = dict.fromkeys(one["own_unit"] or one["unit"] for one in (*form.raw["rates"], *form.raw["options"]))
        return [(unit, say(UNITS[unit]) if unit in UNITS else unit) for unit in units if unit]
    if asks.look == "codes":
        items = [one for key in NAMES[asks.key] for one in form.raw[key]]
        return [(one["code"], own_name(one) or one["code"]) for one in items]
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
