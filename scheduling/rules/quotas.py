"""Quotas: so many hours or bookings per person or group in a day, a week or a month of the instrument's wall clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from instruments.errors import Refusal, Sentence
from instruments.timespan import TimeSpan, at_wall
from scheduling.rules.base import Ask, Past, Rule, When

PERIODS = {
    "day": Sentence("每天", "a day"),
    "week": Sentence("每周", "a week"),
    "month": Sentence("每月", "a month"),
}
PARTIES = {"person": Sentence("每人", "Each person"), "group": Sentence("每个课题组", "Each group")}


class Quota(Rule):
    """A person or a group has at most so many hours or bookings in a period; with a band only time inside it counts."""

    kind: ClassVar[str] = "quota"
    title: ClassVar[Sentence] = Sentence("配额", "Quota")
    labels = {
        "most": Sentence("最多", "At most"),
        "of": Sentence("计量", "Of"),
        "per": Sentence("对象", "Per"),
        "period": Sentence("周期", "Period"),
        "waived_hours": Sentence(
            "距开始不足多少小时时不计（0 为始终计入）", "Not counted when booked this late (hours before; 0: always counted)"
        ),
    }
    most: int = Field(ge=1, le=10000)
    of: Literal["hours", "bookings"] = "hours"
    per: Literal["person", "group"] = "person"
    period: Literal["day", "week", "month"] = "week"
    waived_hours: int = Field(default=0, ge=0, le=8760)

    def sentence(self) -> Sentence:
        """Say it."""
        who, when = PARTIES[self.per], PERIODS[self.period]
        unit = Sentence("小时", "h") if self.of == "hours" else Sentence("次预约", "bookings" if self.most != 1 else "booking")
        zh, en = f"{who.zh}{when.zh}最多 {self.most} {unit.zh}", f"{who.en} has at most {self.most} {unit.en} {when.en}"
        if self.waived_hours:
            zh, en = (
                f"{zh}；开始前 {self.waived_hours} 小时内预约的不计",
                f"{en}; bookings made in the last {self.waived_hours} h before do not count",
            )
        return Sentence(zh + "。", en + ".")

    def looks_back(self, span: TimeSpan, tz: ZoneInfo) -> TimeSpan | None:
        """Need the whole periods that the span touches."""
        first, _ = self._period(span.start.astimezone(tz).date(), tz)
        _, last = self._period((span.end - timedelta(microseconds=1)).astimezone(tz).date(), tz)
        return TimeSpan(first, last)

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Refuse when any period the booking touches would go over."""
        if self._is_waived(ask.span, ask.now) or (self.per == "group" and ask.group_id is None):
            return None
        counted = [past for past in ask.history if self._counts(past, ask)]
        for period in self._periods(ask.span, ask.tz):
            own = self._amount([ask.span], period, when, ask)
            used = self._amount([past.span for past in counted], period, when, ask)
            if own and used + own > self.most * (3600 if self.of == "hours" else 1):
                return self._refusal(used)
        return None

    def _refusal(self, used: int) -> Refusal:
        amount = f"{used / 3600:g}" if self.of == "hours" else str(used)
        unit = Sentence("小时", "h") if self.of == "hours" else Sentence("次", "bookings" if used != 1 else "booking")
        own = self.sentence()
        sentence = Sentence(
            f"超出配额：{own.zh}已用 {amount} {unit.zh}。", f"That goes over the quota. {own.en} Used so far: {amount} {unit.en}."
        )
        return Refusal("quota", sentence, {"most": self.most, "of": self.of, "per": self.per, "period": self.period, "used": amount})

    def _is_waived(self, span: TimeSpan, at: datetime) -> bool:
        return bool(self.waived_hours) and span.start - at <= timedelta(hours=self.waived_hours)

    def _counts(self, past: Past, ask: Ask) -> bool:
        if past.instrument_id != ask.instrument.id or self._is_waived(past.span, past.created_at):
            return False
        return past.person_id == ask.viewer.person_id if self.per == "person" else past.group_id == ask.group_id

    def _amount(self, spans: list[TimeSpan], period: TimeSpan, when: When, ask: Ask) -> int:
        amount = 0
        for span in spans:
            inside = span.clipped(period)
            parts = when.part_of(inside, ask.tz, ask.holidays) if inside else []
            if self.of == "hours":
                amount += int(sum((part.duration for part in parts), timedelta()).total_seconds())
            else:
                amount += bool(parts) and period.has(span.start)
        return amount

    def _periods(self, span: TimeSpan, tz: ZoneInfo) -> list[TimeSpan]:
        periods: list[TimeSpan] = []
        start = span.start
        while start < span.end:
            first, last = self._period(start.astimezone(tz).date(), tz)
            periods.append(TimeSpan(first, last))
            start = last
        return periods

    def _period(self, day: date, tz: ZoneInfo) -> tuple[datetime, datetime]:
        if self.period == "week":
            first = day - timedelta(days=day.weekday())
            last = first + timedelta(days=7)
        elif self.period == "month":
            first = day.replace(day=1)
            last = (first + timedelta(days=32)).replace(day=1)
        else:
            first, last = day, day + timedelta(days=1)
        return at_wall(first, 0, tz), at_wall(last, 0, tz)
