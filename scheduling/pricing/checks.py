"""What a tariff may not be: with a hole, with two answers for one hour, or naming what it does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import get_args
from zoneinfo import ZoneInfo

from instruments.errors import Sentence
from instruments.holidays import SpecialDay
from instruments.timespan import TimeSpan, at_wall, common, minus
from scheduling.pricing.bands import spans_of
from scheduling.pricing.extras import Package
from scheduling.pricing.meters import Band, Meter, Named, Option
from scheduling.pricing.values import Price, PriceMode, price_of, wrong
from scheduling.rules.base import Audience

UTC_ZONE = ZoneInfo("UTC")
PAIRS = [(audience, mode) for audience in get_args(Audience) for mode in get_args(PriceMode)]
WEEKDAYS = (
    ("周一", "Monday"),
    ("周二", "Tuesday"),
    ("周三", "Wednesday"),
    ("周四", "Thursday"),
    ("周五", "Friday"),
    ("周六", "Saturday"),
    ("周日", "Sunday"),
)


def check_codes(kinds: Iterable[Sequence[Named]]) -> None:
    """Refuse two things of one code."""
    for things in kinds:
        codes = [thing.code for thing in things]
        for code in codes:
            if codes.count(code) > 1:
                raise wrong(Sentence(f"代码“{code}”用了两次。", f"The code “{code}” is used twice."))


def check_names(named: Iterable[str], known: set[str]) -> None:
    """Refuse a reference to what the tariff does not have."""
    for code in named:
        if code not in known:
            raise wrong(Sentence(f"收费标准中没有“{code}”。", f"The tariff has nothing called “{code}”."))


def check_prices(thing: Named, prices: Sequence[Price]) -> None:
    """Refuse two prices that name the same audience and mode equally closely."""
    for audience, mode in PAIRS:
        meant = [price for price in prices if price.means(audience, mode)]
        if len(meant) > 1 and sum(price.weight == max(one.weight for one in meant) for price in meant) > 1:
            zh = f"“{thing.name.zh}”对同一类用户、同一种方式有两个价格。"
            raise wrong(Sentence(zh, f"“{thing.name.en}” has two prices for the same users in the same mode."))


def check_meter(meter: Meter) -> None:
    """Refuse a meter without a price, with two answers for one hour, or with hours for which somebody has no price."""
    if not meter.every_price and not isinstance(meter, Option):
        raise wrong(Sentence(f"“{meter.name.zh}”没有价格。", f"“{meter.name.en}” has no price."))
    check_codes([meter.bands])
    for thing, prices in ((meter, meter.prices), *((band, band.prices) for band in meter.bands)):
        check_prices(thing, prices)
    if meter.bands:
        _check_hours(meter)


def check_packages(packages: Sequence[Package], rates: Sequence[Meter]) -> None:
    """Refuse a package for users who have no price for the time beside it."""
    for package in packages:
        beside = [meter for meter in rates if meter.is_time and (not package.meters or meter.code in package.meters)]
        for audience, mode in PAIRS:
            if price_of(package.prices, audience, mode) and not any(meter.is_for(audience, mode) for meter in beside):
                zh = f"套餐“{package.name.zh}”的用户还须有按时间计费的价格；没有时可填“面议”。"
                en = f"The users of package “{package.name.en}” also need a rate by time; it may be on request."
                raise wrong(Sentence(zh, en))


def _check_hours(meter: Meter) -> None:
    gaps = {(audience, mode) for audience, mode in PAIRS if not price_of(meter.prices, audience, mode) and meter.is_for(audience, mode)}
    for day, holidays in _days(meter.bands):
        whole = TimeSpan(at_wall(day, 0, UTC_ZONE), at_wall(day, 1440, UTC_ZONE))
        spans = {band.code: spans_of(band, whole, UTC_ZONE, holidays) for band in meter.bands}
        for one, other in combinations(meter.bands, 2):
            if one.priority == other.priority and (both := common(spans[one.code], spans[other.code])) and _share_users(one, other):
                raise wrong(_two_answers(one, other, both[0], holidays))
        for audience, mode in gaps:
            told = [span for band in meter.bands if price_of(band.prices, audience, mode) for span in spans[band.code]]
            if hole := minus([whole], told):
                raise wrong(_hole(meter, hole[0], holidays))


def _share_users(one: Band, other: Band) -> bool:
    return any(price_of(one.prices, *pair) and price_of(other.prices, *pair) for pair in PAIRS)


def _days(bands: Sequence[Band]) -> Iterator[tuple[date, Mapping[date, SpecialDay]]]:
    """Give a day for every weekday, season and mix of holiday and ordinary day with the day before."""
    holiday = SpecialDay(is_workday=False, worked_as=0)
    mixes = [(False, False), (False, True), (True, False), (True, True)]
    if all(when.holidays == "all" for band in bands for when in band.whens):
        mixes = mixes[:1]
    for day in _season_days(bands):
        for is_before, is_now in mixes:
            holidays = {day - timedelta(days=1): holiday} if is_before else {}
            yield day, {**holidays, day: holiday} if is_now else holidays


def _season_days(bands: Sequence[Band]) -> Iterator[date]:
    """Give seven weekdays for each first day of a season and each day after one; years differ, for a date falls on every weekday."""
    edges = {"03-02"}
    for season in (season for band in bands for season in band.seasons):
        last = date.fromisoformat(f"2023-{season.until_day}" if season.until_day != "02-29" else "2023-02-28")
        first = season.from_day if season.from_day != "02-29" else "03-01"
        edges |= {first, (last + timedelta(days=1)).strftime("%m-%d")}
    for edge in sorted(edges):
        for weekday in range(7):
            yield next(day for year in range(2001, 2029) if (day := date.fromisoformat(f"{year}-{edge}")).weekday() == weekday)


def _moment(span: TimeSpan, holidays: Mapping[date, SpecialDay]) -> Sentence:
    day = span.start.date()
    zh, en = WEEKDAYS[day.weekday()]
    off_zh, off_en = ("节假日，", "a holiday, ") if day in holidays else ("", "")
    return Sentence(f"{off_zh}{zh} {span.start:%H:%M}（{span.start:%m-%d}）", f"{off_en}{en} {span.start:%H:%M} ({span.start:%d %b})")


def _two_answers(one: Band, other: Band, span: TimeSpan, holidays: Mapping[date, SpecialDay]) -> Sentence:
    at = _moment(span, holidays)
    return Sentence(
        f"“{one.name.zh}”与“{other.name.zh}”在同一小时都有价格，例如{at.zh}。请错开时段，或设定优先级。",
        f"“{one.name.en}” and “{other.name.en}” both price the same hour, for example {at.en}. Part them, or give one priority.",
    )


def _hole(meter: Meter, span: TimeSpan, holidays: Mapping[date, SpecialDay]) -> Sentence:
    at = _moment(span, holidays)
    return Sentence(
        f"“{meter.name.zh}”有没有价格的时间，例如{at.zh}。请补上时段，或填写其余时间的价格。",
        f"“{meter.name.en}” has hours without a price, for example {at.en}. Add a band, or a price for the rest of the time.",
    )
