"""What would help a lab manager: hours nobody uses, rules that refuse, demand that finds no time, missed bookings, no rates, long closures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.closures import Closure, closure_spans, closures_in
from instruments.errors import Sentence
from instruments.tariffs import versions_at
from instruments.timespan import TimeSpan
from scheduling.attempts import RefusedAttempt
from scheduling.cases import TAKEN
from scheduling.rules.book import KINDS
from scheduling.statistics.weekhours import Band, WeekHours, missed_bands, unused_bands, week_hours

LEAST_WEEKS = 8
FEW = 3  # refusals by one rule, below which nothing is said
AHEAD = timedelta(days=14)
FULL_PERCENT = 90
LONG_CLOSURE = timedelta(days=14)
MOST_OF_A_KIND = 3
WEEKDAYS = (
    Sentence("周一", "Mon"), Sentence("周二", "Tue"), Sentence("周三", "Wed"), Sentence("周四", "Thu"), Sentence("周五", "Fri"),
    Sentence("周六", "Sat"), Sentence("周日", "Sun"),
)  # fmt: skip
STANDING = {
    "closed": Sentence("停机", "Closures"),
    "sharing": Sentence("仅限本单位", "Own organisation only"),
    "mode": Sentence("上机方式", "Way of use"),
    "no_bookings": Sentence("不接受预约", "Takes no bookings"),
    "not_published": Sentence("未发布", "Not published"),
}
NOT_OURS = frozenset({TAKEN.code, "past"})


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that would help one instrument: a code that says where it is changed, what was seen with its figures, and what might help."""

    code: str
    instrument: Instrument
    seen: Sentence
    might: Sentence
    weight: int


def advise(
    session: Session, instruments: Sequence[Instrument], weeks: Mapping[int, WeekHours], window: TimeSpan, *, now: datetime
) -> list[Advice]:
    """Say what would help some instruments, the weightiest first; fourteen statements however many. `weeks` are those of the window."""
    ids = [one.id for one in instruments]
    if not ids:
        return []
    ahead = week_hours(session, ids, TimeSpan(now, now + AHEAD))
    refused, rates = refusals_by_rule(session, ids, window), versions_at(session, ids, now)
    closures = closures_in(session, instruments, window)
    found: list[Advice] = []
    for one in instruments:
        hours = weeks[one.id]
        if window.duration >= timedelta(weeks=LEAST_WEEKS):
            found += _about_unused(one, hours, window)
        found += _about_missed(one, hours)
        found += _about_refusals(one, refused.get(one.id, {}))
        found += _about_full(one, ahead[one.id])
        found += _about_rates(one, one.id in rates)
        found += _about_closures(one, closures.get(one.id, ()), window)
    return sorted(found, key=lambda advice: (-advice.weight, advice.instrument.id, advice.code))


def refusals_by_rule(session: Session, instrument_ids: Collection[int], window: TimeSpan) -> dict[int, dict[str, int]]:
    """Count the refused attempts within a window by instrument and code of the refusal; one statement."""
    codes = cast(RefusedAttempt.codes, Text)
    rows: Sequence[Any] = session.execute(
        select(RefusedAttempt.instrument_id, codes, func.count())
        .where(RefusedAttempt.instrument_id.in_(list(instrument_ids)), RefusedAttempt.at >= window.start, RefusedAttempt.at < window.end)
        .group_by(RefusedAttempt.instrument_id, codes)
    ).all()
    found: dict[int, dict[str, int]] = {}
    for instrument_id, written, count in rows:
        mine = found.setdefault(instrument_id, {})
        for code in (part.strip(' "') for part in written.strip("[]").split(",")):
            mine[code] = mine.get(code, 0) + count
    return found


def rule_title(code: str) -> Sentence:
    """Name the rule behind a refusal."""
    return KINDS[code].title if code in KINDS else STANDING.get(code, Sentence(code, code))


def band_words(band: Band) -> Sentence:
    """Name a band: "Mon-Fri 18:00-22:00"."""
    first, last = band.days[0], band.days[-1]
    clock = f"{band.first:02}:00-{band.until:02}:00"
    if len(band.days) > 2 and last - first == len(band.days) - 1:
        return Sentence(f"{WEEKDAYS[first].zh}至{WEEKDAYS[last].zh} {clock}", f"{WEEKDAYS[first].en}-{WEEKDAYS[last].en} {clock}")
    zh, en = "、".join(WEEKDAYS[day].zh for day in band.days), ", ".join(WEEKDAYS[day].en for day in band.days)
    return Sentence(f"{zh} {clock}", f"{en} {clock}")


def _about_unused(one: Instrument, hours: WeekHours, window: TimeSpan) -> Iterator[Advice]:
    for band in unused_bands(hours)[:MOST_OF_A_KIND]:
        words, weeks = band_words(band), max(1, round(window.duration / timedelta(weeks=1)))
        offered, used = band.offered // 60, f"{band.used / 60:.1f}".removesuffix(".0")
        yield Advice(
            "unused", one,
            Sentence(
                f"{words.zh}：{weeks} 周里开放 {offered:,} 小时，只用了 {used} 小时。",
                f"{words.en}: {offered:,} h offered in {weeks} weeks, {used} h used.",
            ),
            Sentence(
                "可以把这段时间改为送样或优惠时段，或缩短开放时间。", "Offer this time for samples or at a lower price, or shorten the opening hours."
            ),
            (band.offered - band.used) // 60,
        )  # fmt: skip


def _about_missed(one: Instrument, hours: WeekHours) -> Iterator[Advice]:
    for band, missed, bookings in missed_bands(hours)[:MOST_OF_A_KIND]:
        words = band_words(band)
        yield Advice(
            "missed", one,
            Sentence(f"{words.zh}：{bookings} 次预约有 {missed} 次未到场。", f"{words.en}: {missed} of {bookings} bookings were missed."),
            Sentence(
                "可以增加“未到场”规则，让空出的时间重新开放。", "A no-show rule frees such time for others, and a reminder helps those who forget."
            ),
            missed * 10,
        )  # fmt: skip


def _about_refusals(one: Instrument, refused: Mapping[str, int]) -> Iterator[Advice]:
    taken = refused.get(TAKEN.code, 0)
    if taken >= FEW:
        yield Advice(
            "taken", one,
            Sentence(f"{taken} 次想预约的时间已被占用。", f"{taken} attempts met a time already taken."),
            Sentence("可以延长开放时间，或限制每次预约的时长。", "Longer opening hours, or shorter bookings, would let more people in."),
            taken * 5,
        )  # fmt: skip
    for code, count in sorted(refused.items(), key=lambda item: -item[1])[: 2 * MOST_OF_A_KIND]:
        if count >= FEW and code not in NOT_OURS:
            title = rule_title(code)
            yield Advice(
                f"refused_{code}", one,
                Sentence(f"“{title.zh}”拒绝了 {count} 次预约。", f"“{title.en}” refused {count} attempts."),
                Sentence("请看这条规则是否仍有必要。", "See whether the rule is still needed as it stands."),
                count * 3,
            )  # fmt: skip


def _about_full(one: Instrument, ahead: WeekHours) -> Iterator[Advice]:
    offered, booked = sum(ahead.offered), sum(ahead.booked)
    if offered and booked * 100 >= offered * FULL_PERCENT:
        percent = min(100, round(booked * 100 / offered))
        yield Advice(
            "full", one,
            Sentence(f"未来 {AHEAD.days} 天开放的机时已订出 {percent}%。", f"{percent} % of the hours of the next {AHEAD.days} days are booked."),
            Sentence("需求大于开放时间：可以延长开放时间。", "There is more demand than time: longer opening hours would help."),
            percent,
        )  # fmt: skip


def _about_rates(one: Instrument, has_rates: bool) -> Iterator[Advice]:
    if not has_rates and one.is_published and (one.accepts_bookings or one.sample_service):
        yield Advice(
            "no_rates", one,
            Sentence("没有生效的收费标准。", "No rates are in force."),
            Sentence("公布收费标准，外单位才知道要花多少钱。", "With rates published, people from outside know what to expect."),
            50,
        )  # fmt: skip


def _about_closures(one: Instrument, closures: Sequence[Closure], window: TimeSpan) -> Iterator[Advice]:
    for closure in closures:
        longest = max((span.duration for span in closure_spans(closure, window)), default=timedelta())
        if longest >= LONG_CLOSURE:
            yield Advice(
                "closure", one,
                Sentence(f"停机 {longest.days} 天：{closure.reason}", f"Closed for {longest.days} days: {closure.reason}"),
                Sentence("如已可用，请提前结束停机。", "If it works again, lift the closure."),
                longest.days * 8,
            )  # fmt: skip
