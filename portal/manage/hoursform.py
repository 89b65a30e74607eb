"""A weekly plan as a form of times: several spans a day, across midnight where the end is not after the start, filled by one press."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from werkzeug.datastructures import MultiDict

from instruments.errors import Invalid, Sentence
from instruments.opening import AROUND_THE_CLOCK, ON_HOLIDAYS, Plan, clean_weekly
from portal.language import t

MOST_SPANS = 8
CLOCK = re.compile(r"([01]?[0-9]|2[0-4])(?:[:.]?([0-5][0-9]))?")
OFFICE = (("08:30", "12:00"), ("14:30", "18:00"))
BOTH = Sentence("请填写开始和结束时间。", "Please give both a start and an end.")
NO_CLOCK = Sentence("请填写时间，例如 08:30。", "Please give a time such as 08:30.")
NO_DATE = Sentence("请填写生效日期。", "Please give the day from which it holds.")

Row = tuple[str, str]


@dataclass
class HoursForm:
    """What was typed: seven days of (start, end) as texts; and what is wrong, by (day, place) or by the name of a field."""

    days: list[list[Row]]
    valid_from: str
    on_holidays: str
    errors: dict[tuple[int, int] | str, Sentence] = field(default_factory=dict)

    def weekly(self) -> list[tuple[int, int, int]]:
        """Read the spans as rows of (weekday, from minute, until minute); what cannot be read is noted and left out."""
        rows: list[tuple[int, int, int]] = []
        for day, spans in enumerate(self.days):
            for place, (start, end) in enumerate(spans):
                if not start and not end:
                    continue
                try:
                    rows.append((day, *read_span(start, end)))
                except Invalid as error:
                    self.errors[(day, place)] = error.sentence
        return rows

    def plan(self) -> Plan | None:
        """Read it as a plan, or note what is wrong and give None."""
        rows, first = self.weekly(), self._first_day()
        if self.on_holidays not in ON_HOLIDAYS:
            self.errors["on_holidays"] = Sentence("请选择一项。", "Please choose one.")
        try:
            weekly = clean_weekly(rows)
        except Invalid as error:
            self.errors["weekly"] = error.sentence
            return None
        return None if self.errors or first is None else Plan(first, weekly, self.on_holidays)

    def _first_day(self) -> date | None:
        try:
            return date.fromisoformat(self.valid_from)
        except ValueError:
            self.errors["valid_from"] = NO_DATE
            return None

    def padded(self) -> list[list[Row]]:
        """Give each day's spans with one more to fill in."""
        return [[*spans, ("", "")][:MOST_SPANS] for spans in self.days]


def read_span(start: str, end: str) -> tuple[int, int]:
    """Read a span of one day as minutes; one that ends no later than it starts lasts into the next day."""
    if not start or not end:
        raise Invalid("weekly", BOTH)
    first, last = read_clock(start) % 1440, read_clock(end)
    return first, last if last > first else last + 1440


def read_clock(text: str) -> int:
    """Read a time of day as people type it, "8:30", "08.30", "0830", "8", as its minute; 24:00 is 1440."""
    found = CLOCK.fullmatch(unicodedata.normalize("NFKC", text).strip())
    minute = int(found[1]) * 60 + int(found[2] or 0) if found else 1441
    if minute > 1440:
        raise Invalid("weekly", NO_CLOCK)
    return minute


def form_of(plan: Plan | None, valid_from: date) -> HoursForm:
    """Write a plan into the form."""
    days: list[list[Row]] = [[] for _ in range(7)]
    for day, start, end in plan.weekly if plan else ():
        days[day].append((clock_of(start), clock_of(end)))
    return HoursForm(days, valid_from.isoformat(), plan.on_holidays if plan else "closed")


def clock_of(minute: int) -> str:
    """Write a minute of the day, or of the next, as it is typed."""
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def read_form(sent: MultiDict[str, str]) -> HoursForm:
    """Read what was sent; spans left empty are dropped."""
    days = [
        [(start, end) for start, end in (_row(sent, day, place) for place in range(MOST_SPANS)) if start or end] for day in range(7)
    ]
    return HoursForm(days, sent.get("valid_from", "")[:20], sent.get("on_holidays", "")[:20])


def _row(sent: Mapping[str, str], day: int, place: int) -> Row:
    return sent.get(f"start-{day}-{place}", "").strip()[:8], sent.get(f"end-{day}-{place}", "").strip()[:8]


def fill(form: HoursForm, how: str) -> None:
    """Fill the week in as a button says: clock, office, copy-workdays, copy-all, clear."""
    if how == "clock":
        form.days = [[(clock_of(start), clock_of(end))] for _, start, end in AROUND_THE_CLOCK]
    elif how == "office":
        form.days = [list(OFFICE) if day < 5 else [] for day in range(7)]
    elif how in ("copy-workdays", "copy-all"):
        last = 5 if how == "copy-workdays" else 7
        form.days = [list(form.days[0]) if day < last else spans for day, spans in enumerate(form.days)]
    elif how == "clear":
        form.days = [[] for _ in range(7)]


def buttons() -> Sequence[tuple[str, str]]:
    """Name the buttons that fill the week in."""
    return (
        ("clock", t("全天 24 小时", "Around the clock")),
        ("office", t("工作日上下午", "Office hours, Monday to Friday")),
        ("copy-workdays", t("周一复制到周五", "Monday to all workdays")),
        ("copy-all", t("周一复制到每天", "Monday to every day")),
        ("clear", t("清空", "Clear")),
    )


def weekday_names() -> Iterable[str]:
    """Name the days of the week, Monday first."""
    zh, en = "一二三四五六日", ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return [t(f"周{zh[day]}", en[day]) for day in range(7)]
