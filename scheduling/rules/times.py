"""Rules about the time itself: notice, horizon, shortest, longest, time grid, opening hours."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from instruments.errors import Refusal, Sentence
from instruments.timespan import minus
from scheduling.rules.base import Ask, Rule, When, hours_words


class Notice(Rule):
    """A booking is made at least so long before it starts."""

    kind: ClassVar[str] = "notice"
    title: ClassVar[Sentence] = Sentence("提前预约时间", "Notice")
    labels = {"minutes": Sentence("至少提前（分钟）", "At least this long before (minutes)")}
    minutes: int = Field(ge=0, le=525600)

    def sentence(self) -> Sentence:
        """Say it."""
        words = hours_words(self.minutes)
        return Sentence(f"至少提前 {words.zh}预约。", f"Book at least {words.en} ahead.")

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Refuse a start that is too near."""
        earliest = ask.now + timedelta(minutes=self.minutes)
        if not self.minutes or ask.span.start >= earliest:
            return None
        words = hours_words(self.minutes)
        sentence = Sentence(f"该仪器须至少提前 {words.zh}预约。", f"This instrument is booked at least {words.en} ahead.")
        return Refusal("notice", sentence, {"earliest": earliest})


class Horizon(Rule):
    """A booking is made at most so many days ahead."""

    kind: ClassVar[str] = "horizon"
    title: ClassVar[Sentence] = Sentence("最远可预约", "Horizon")
    labels = {"days": Sentence("最多提前（天）", "At most this far ahead (days)")}
    days: int = Field(ge=1, le=730)

    def sentence(self) -> Sentence:
        """Say it."""
        return Sentence(f"最多可预约 {self.days} 天以内的机时。", f"Book at most {self.days} days ahead.")

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Refuse a start that is too far."""
        latest = ask.now + timedelta(days=self.days)
        if ask.span.start <= latest:
            return None
        sentence = Sentence(f"只能预约 {self.days} 天以内的机时。", f"Only the next {self.days} days can be booked.")
        return Refusal("horizon", sentence, {"latest": latest})


class Shortest(Rule):
    """A booking lasts at least so long."""

    kind: ClassVar[str] = "shortest"
    title: ClassVar[Sentence] = Sentence("最短时长", "Shortest booking")
    labels = {"minutes": Sentence("最短（分钟）", "At least (minutes)")}
    minutes: int = Field(ge=1, le=132480)

    def sentence(self) -> Sentence:
        """Say it."""
        words = hours_words(self.minutes)
        return Sentence(f"每次至少预约 {words.zh}。", f"A booking lasts at least {words.en}.")

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Refuse what is too short."""
        if ask.span.duration >= timedelta(minutes=self.minutes):
            return None
        words = hours_words(self.minutes)
        return Refusal(
            "shortest", Sentence(f"每次至少预约 {words.zh}。", f"A booking lasts at least {words.en}."), {"minutes": self.minutes}
        )


class Longest(Rule):
    """A booking lasts at most so long; with a band, the part of it inside the band does."""

    kind: ClassVar[str] = "longest"
    title: ClassVar[Sentence] = Sentence("最长时长", "Longest booking")
    labels = {"minutes": Sentence("最长（分钟）", "At most (minutes)")}
    minutes: int = Field(ge=1, le=132480)

    def sentence(self) -> Sentence:
        """Say it."""
        words = hours_words(self.minutes)
        return Sentence(f"每次最多预约 {words.zh}。", f"A booking lasts at most {words.en}.")

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Refuse what is too long."""
        inside = sum((part.duration for part in when.part_of(ask.span, ask.tz, ask.holidays)), timedelta())
        if inside <= timedelta(minutes=self.minutes):
            return None
        words = hours_words(self.minutes)
        return Refusal("longest", Sentence(f"每次最多预约 {words.zh}。", f"A booking lasts at most {words.en}."), {"minutes": self.minutes})


class TimeGrid(Rule):
    """Start and end lie on a grid of the wall clock, counted from midnight."""

    kind: ClassVar[str] = "time_grid"
    title: ClassVar[Sentence] = Sentence("时间网格", "Time grid")
    labels = {
        "step_minutes": Sentence("步长（分钟）", "Step (minutes)"),
        "offset_minutes": Sentence("自零点起偏移（分钟）", "Offset from midnight (minutes)"),
    }
    step_minutes: int = Field(ge=1, le=1440)
    offset_minutes: int = Field(default=0, ge=0, lt=1440)

    def sentence(self) -> Sentence:
        """Say it."""
        words = hours_words(self.step_minutes)
        return Sentence(f"开始和结束时间以 {words.zh}为单位。", f"Bookings start and end on steps of {words.en}.")

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Refuse what begins or ends between the steps."""
        for instant in (ask.span.start, ask.span.end):
            local = instant.astimezone(ask.tz)
            minutes = local.hour * 60 + local.minute - self.offset_minutes
            if minutes % self.step_minutes or local.second or local.microsecond:
                words = hours_words(self.step_minutes)
                sentence = Sentence(f"开始和结束时间须以 {words.zh}为单位。", f"Start and end must lie on steps of {words.en}.")
                return Refusal("time_grid", sentence, {"step_minutes": self.step_minutes, "offset_minutes": self.offset_minutes})
        return None


class OpenHours(Rule):
    """A booking lies inside the opening hours, unless the person's grade lets her work outside them."""

    kind: ClassVar[str] = "opening_hours"
    title: ClassVar[Sentence] = Sentence("开放时间以外", "Outside opening hours")
    labels = {"grade_outside": Sentence("可在开放时间外预约的资格等级（0 为不允许）", "Grade that may book outside the hours (0: nobody)")}
    grade_outside: int = Field(default=0, ge=0, le=4)

    def sentence(self) -> Sentence:
        """Say it."""
        if self.grade_outside:
            return Sentence(
                f"资格达到 {self.grade_outside} 级者可在开放时间以外预约。",
                f"People of grade {self.grade_outside} and above may book outside the opening hours.",
            )
        return Sentence("只能在开放时间内预约。", "Book within the opening hours.")

    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Refuse what reaches outside, as far as the band goes; closures are another matter, and refused as such."""
        hours = [*ask.opening.open_spans, *(shut.span for shut in ask.opening.shut)]
        outside = minus(when.part_of(ask.span, ask.tz, ask.holidays), hours)
        if not outside or (self.grade_outside and ask.grade >= self.grade_outside):
            return None
        if not ask.opening.open_spans:
            return Refusal("opening_hours", Sentence("该仪器这几天不开放。", "The instrument is not open around that time."))
        return Refusal("opening_hours", Sentence("所选时间超出开放时间。", "That time lies outside the opening hours."))
