"""What every rule shares: the question asked of it (Ask), whom and when an entry concerns (Who, When), and how an entry is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Refusal, Sentence
from instruments.holidays import SpecialDay
from instruments.opening import Opening
from instruments.timespan import TimeSpan, at_wall, common

Audience = Literal["group", "internal", "academic", "enterprise", "other"]
Mode = Literal["self", "assisted", "remote", "teaching", "training", "maintenance"]
Effect = Literal["refuse", "approve", "warn"]


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier booking that may count against a quota."""

    instrument_id: int
    person_id: int
    group_id: int | None
    span: TimeSpan
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Ask:
    """The question put to the rules: may this person have this instrument for this span?"""

    instrument: Instrument
    span: TimeSpan
    viewer: Viewer
    audience: str
    now: datetime
    tz: ZoneInfo
    opening: Opening
    mode: str = "self"
    purpose: str = "research"
    group_id: int | None = None
    grade: int = 0
    holidays: Mapping[date, SpecialDay] = field(default_factory=dict)
    history: Sequence[Past] = ()

    @property
    def is_manager(self) -> bool:
        """Say whether the asker manages the instrument."""
        return self.viewer.may_manage(self.instrument)


class Strict(BaseModel):
    """A value read from outside: unknown names and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Who(Strict):
    """Whom an entry concerns; an empty one concerns everybody."""

    audiences: tuple[Audience, ...] = ()
    modes: tuple[Mode, ...] = ()
    purposes: tuple[Literal["research", "development", "teaching", "other"], ...] = ()
    grade_from: int = Field(default=0, ge=0, le=4)
    grade_below: int = Field(default=5, ge=1, le=5)

    def concerns(self, ask: Ask) -> bool:
        """Say whether the asker, in this mode and for this purpose, is meant."""
        return self.means(ask.audience, ask.mode, ask.purpose, ask.grade)

    def means(self, audience: str, mode: str, purpose: str, grade: int) -> bool:
        """Say whether somebody of this audience and grade is meant, in this mode and for this purpose."""
        return (
            (not self.audiences or audience in self.audiences)
            and (not self.modes or mode in self.modes)
            and (not self.purposes or purpose in self.purposes)
            and self.grade_from <= grade < self.grade_below
        )


class When(Strict):
    """Which part of the time an entry concerns: a weekly band on the instrument's wall clock, holidays or not; an empty one is always."""

    weekdays: tuple[int, ...] = ()
    from_minute: int = Field(default=0, ge=0, lt=1440)
    until_minute: int = Field(default=1440, gt=0, le=2880)
    holidays: Literal["all", "only", "not"] = "all"

    @model_validator(mode="after")
    def _ordered(self) -> When:
        if self.until_minute <= self.from_minute or self.until_minute > self.from_minute + 1440:
            raise ValueError("until_minute must come after from_minute, by a day at most")
        if any(day not in range(7) for day in self.weekdays):
            raise ValueError("weekdays are 0 (Monday) to 6")
        return self

    @property
    def is_always(self) -> bool:
        """Say whether no band is given."""
        return not self.weekdays and self.from_minute == 0 and self.until_minute == 1440 and self.holidays == "all"

    def part_of(self, span: TimeSpan, tz: ZoneInfo, holidays: Mapping[date, SpecialDay]) -> list[TimeSpan]:
        """Give the parts of a span that lie in the band."""
        return [span] if self.is_always else common([span], self.occurrences(span, tz, holidays))

    def occurrences(self, span: TimeSpan, tz: ZoneInfo, holidays: Mapping[date, SpecialDay]) -> list[TimeSpan]:
        """Give the band of each day that may touch a span, whole and in order, from the evening before its first day."""
        day, last = span.start.astimezone(tz).date() - timedelta(days=1), span.end.astimezone(tz).date()
        bands: list[TimeSpan] = []
        while day <= last:
            if self._is_on(day, holidays):
                start, end = at_wall(day, self.from_minute, tz), at_wall(day, self.until_minute, tz)
                if start < end:
                    bands.append(TimeSpan(start, end))
            day += timedelta(days=1)
        return bands

    def _is_on(self, day: date, holidays: Mapping[date, SpecialDay]) -> bool:
        special = holidays.get(day)
        is_holiday = special is not None and not special.is_workday
        weekday = special.worked_as if special is not None and special.is_workday else day.weekday()
        if self.holidays == "only":
            return is_holiday
        if self.holidays == "not" and is_holiday:
            return False
        return not self.weekdays or weekday in self.weekdays


class Rule(Strict, ABC):
    """One kind of rule: its parameters are its fields; it says itself in words and answers an Ask."""

    kind: ClassVar[str]
    title: ClassVar[Sentence]
    # What an editing form shows beside each parameter.
    labels: ClassVar[Mapping[str, Sentence]] = {}

    @abstractmethod
    def sentence(self) -> Sentence:
        """Say the rule in plain words for the instrument's page."""

    @abstractmethod
    def check(self, ask: Ask, when: When) -> Refusal | None:
        """Give the refusal, or None when the rule is kept."""

    def looks_back(self, span: TimeSpan, tz: ZoneInfo) -> TimeSpan | None:
        """Give the window of history the rule needs, or None."""
        return None


def hours_words(minutes: int) -> Sentence:
    """Say a number of minutes as people do."""
    if minutes % 1440 == 0 and minutes:
        days = minutes // 1440
        return Sentence(f"{days} 天", f"{days} day" + ("s" if days != 1 else ""))
    if minutes % 60 == 0:
        return Sentence(f"{minutes // 60} 小时", f"{minutes // 60} h")
    if minutes > 60:
        return Sentence(f"{minutes // 60} 小时 {minutes % 60} 分钟", f"{minutes // 60} h {minutes % 60} min")
    return Sentence(f"{minutes} 分钟", f"{minutes} min")
