"""A tariff as a table: a row for each thing that is priced and each part of the time, a column for each kind of user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from instruments.errors import Sentence
from scheduling.pricing.lines import NOTHING
from scheduling.pricing.meters import Meter
from scheduling.pricing.modewords import AUDIENCE_TITLES, say_modes
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.unitwords import DAY, TIMES, many, money, unit_words
from scheduling.pricing.values import Price, PriceMode, price_of
from scheduling.rules.base import Audience

AUDIENCES: tuple[str, ...] = get_args(Audience)
MODES: tuple[str, ...] = get_args(PriceMode)
NOT_OFFERED = Sentence("—", "—")
AS_USUAL = Sentence("同其他时间", "as at other times")
Cells = tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class RateRow:
    """One row: what is priced, in which modes (empty: in all), per which unit, and a cell for each column."""

    label: Sentence
    modes: Sentence
    unit: Sentence
    cells: Cells


@dataclass(frozen=True, slots=True)
class RateTable:
    """A rate table for page and print; `audiences` says which codes each column stands for."""

    columns: tuple[Sentence, ...]
    audiences: tuple[tuple[str, ...], ...]
    rows: tuple[RateRow, ...]


def table(spec: TariffSpec) -> RateTable:
    """Make the rate table of a tariff; audiences that pay the same throughout share a column."""
    rows = list(_rows(spec))
    groups: list[list[int]] = []
    for place in range(len(AUDIENCES)):
        same = [group for group in groups if all(row.cells[group[0]] == row.cells[place] for row in rows)]
        if same:
            same[0].append(place)
        else:
            groups.append([place])
    kept = tuple(RateRow(row.label, row.modes, row.unit, tuple(row.cells[group[0]] for group in groups)) for row in rows)
    codes = tuple(tuple(AUDIENCES[place] for place in group) for group in groups)
    return RateTable(tuple(_column(group) for group in codes), codes, kept)


def say_price(price: Price | None, unit: Sentence) -> Sentence:
    """Say a price with its tiers; none is a dash."""
    if price is None:
        return NOT_OFFERED
    if price.kind == "free":
        return Sentence("免费", "free")
    if price.kind == "request":
        return Sentence("面议", "on request")
    if price.kind == "range":
        span = f"{money(price.low or NOTHING)}-{money(price.high or NOTHING)}"
        return Sentence(span, span)
    base = money(price.amount or NOTHING)
    tiers = [(many(tier.above, unit), money(tier.amount)) for tier in price.tiers]
    zh = "；".join([base, *(f"超过 {above.zh}的部分 {amount}" for above, amount in tiers)])
    return Sentence(zh, "; ".join([base, *(f"{amount} beyond {above.en}" for above, amount in tiers)]))


def _rows(spec: TariffSpec) -> Iterator[RateRow]:
    for meter in spec.meters:
        yield from _meter_rows(meter)
    for package in spec.packages:
        yield from _grouped(package.name, package.prices, TIMES)
    for fee in spec.fees:
        yield from _grouped(fee.name, fee.prices, DAY if fee.on == "day" else TIMES)


def _meter_rows(meter: Meter) -> Iterator[RateRow]:
    unit = unit_words(meter)
    if meter.prices:
        yield from _grouped(meter.name, meter.prices, unit)
    for band in meter.bands:
        label = Sentence(f"{meter.name.zh}（{band.name.zh}）", f"{meter.name.en} ({band.name.en})")
        yield from _grouped(label, band.prices, unit, meter.prices)


def _grouped(label: Sentence, prices: Sequence[Price], unit: Sentence, usual: Sequence[Price] = ()) -> Iterator[RateRow]:
    """Give a row for each group of modes that cost the same; without a price of their own, some pay the usual one."""
    groups: dict[Cells, list[str]] = {}
    for mode in MODES:
        cells = tuple(_cell(audience, mode, prices, unit, usual) for audience in AUDIENCES)
        groups.setdefault(cells, []).append(mode)
    for cells, modes in groups.items():
        if any(cell not in (NOT_OFFERED, AS_USUAL) for cell in cells):
            yield RateRow(label, Sentence("", "") if len(modes) == len(MODES) else say_modes(modes), unit, cells)


def _cell(audience: str, mode: str, prices: Sequence[Price], unit: Sentence, usual: Sequence[Price]) -> Sentence:
    price = price_of(prices, audience, mode)
    return AS_USUAL if price is None and price_of(usual, audience, mode) else say_price(price, unit)


def _column(audiences: Sequence[str]) -> Sentence:
    if len(audiences) == len(AUDIENCES):
        return Sentence("所有用户", "All users")
    titles = [AUDIENCE_TITLES[one] for one in audiences]
    return Sentence("、".join(title.zh for title in titles), ", ".join(title.en for title in titles))
