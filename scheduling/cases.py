"""A case: one instrument of a wish with all that its judgement needs, gathered in a fixed number of statements whatever the history."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from instruments.access import Viewer, audience_of
from instruments.catalogue import Instrument
from instruments.errors import Refusal, Sentence
from instruments.holidays import SpecialDay
from instruments.opening import Opening, days_around, openings
from instruments.qualifications import GRADES, Qualification
from instruments.rulebooks import rule_book_history
from instruments.timespan import TimeSpan, zone
from scheduling.bookings import Booking, holding
from scheduling.rules.base import Ask, Past
from scheduling.rules.book import Entry, Judgement, judge, read_entries

TAKEN = Refusal("taken", Sentence("该时段已被占用。", "This time is taken."))
AROUND = timedelta(days=1)
HIGHEST_GRADE = max(GRADES)


class Wished(Protocol):
    """What gather needs of a wish."""

    @property
    def span(self) -> TimeSpan: ...  # noqa: D102 - a protocol's members explain themselves
    @property
    def mode(self) -> str: ...  # noqa: D102
    @property
    def purpose(self) -> str: ...  # noqa: D102
    @property
    def group_id(self) -> int | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Case:
    """One instrument, judged: the lane it would take (None: taken), what the rules say, and the grade of whoever asks."""

    instrument: Instrument
    audience: str
    occupied: TimeSpan
    lane: int | None
    judgement: Judgement
    grade: int = 0

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Give every reason against it, that the time is taken first."""
        taken = (TAKEN,) if self.lane is None else ()
        return taken + self.judgement.refusals


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a rule book, read."""

    valid_from: datetime
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read once for all the instruments of a wish; spans may then be judged without another statement."""

    books: Mapping[int, Sequence[Version]]
    openings: Mapping[int, Opening]
    held: Mapping[int, Mapping[int, list[TimeSpan]]]
    qualifications: Mapping[int, Qualification]
    holidays: Mapping[date, SpecialDay]
    history: Sequence[Past]

    def entries_at(self, instrument_id: int, at: datetime) -> list[Entry]:
        """Give the rules in force at an instant within the window that was read."""
        return entries_at(self.books[instrument_id], at)


def gather(
    session: Session, wish: Wished, instruments: Sequence[Instrument], *, viewer: Viewer, now: datetime, moved: Booking | None = None
) -> list[Case]:
    """Read the facts for a wish and judge each instrument; a moved booking does not stand in its own way."""
    around = wish.span.widened(AROUND, AROUND)
    facts = read_facts(session, wish, instruments, around, viewer=viewer, moved=moved)
    return [judge_case(instrument, wish.span, wish, facts, viewer=viewer, now=now) for instrument in instruments]


def judge_case(instrument: Instrument, span: TimeSpan, wish: Wished, facts: Facts, *, viewer: Viewer, now: datetime) -> Case:
    """Judge one span of one instrument by facts already read. Pure."""
    tz, audience = zone(instrument.time_zone), audience_of(viewer, instrument)
    ask = Ask(
        instrument, span, viewer, audience, now, tz, facts.openings[instrument.id], wish.mode, wish.purpose, wish.group_id,
        grade=HIGHEST_GRADE if viewer.may_manage(instrument) else grade_on(facts.qualifications.get(instrument.id), span, tz),
        holidays=facts.holidays, history=facts.history,
    )  # fmt: skip
    occupied = span.widened(timedelta(minutes=instrument.setup_minutes), timedelta(minutes=instrument.cleanup_minutes))
    lane = free_lane(instrument.lanes, occupied, facts.held.get(instrument.id, {}))
    return Case(instrument, audience, occupied, lane, judge(ask, facts.entries_at(instrument.id, span.start)), ask.grade)


def grade_on(qualification: Qualification | None, span: TimeSpan, tz: ZoneInfo) -> int:
    """Give the grade a qualification is worth to the end of a span, 0 for none."""
    last_day = (span.end - timedelta(microseconds=1)).astimezone(tz).date()
    return qualification.grade if qualification is not None and qualification.holds_on(last_day) else 0


def free_lane(lanes: int, occupied: TimeSpan, held: Mapping[int, Sequence[TimeSpan]]) -> int | None:
    """Give the lowest lane in which nothing overlaps, or None."""
    return next((lane for lane in range(1, lanes + 1) if not any(span.overlaps(occupied) for span in held.get(lane, ()))), None)


def read_facts(
    session: Session, wish: Wished, instruments: Sequence[Instrument], window: TimeSpan, *, viewer: Viewer, moved: Booking | None = None
) -> Facts:
    """Read what the judgement of any span in the window needs: seven statements at most, however many instruments."""
    ids = [instrument.id for instrument in instruments]
    apart_from = [moved.id] if moved else []
    books = books_in(session, ids, window)
    reach = max((timedelta(minutes=one.setup_minutes + one.cleanup_minutes) for one in instruments), default=timedelta())
    held: dict[int, dict[int, list[TimeSpan]]] = {}
    for instrument_id, lane, span in holding(session, ids, window.widened(reach, reach), apart_from=apart_from):
        held.setdefault(instrument_id, {}).setdefault(lane, []).append(span)
    back = _looks_back(window, instruments, books)
    # A quota may leave holidays out, so those of all the time it looks back on are needed.
    days = days_around(session, TimeSpan(min(window.start, back.start), max(window.end, back.end)) if back else window)
    return Facts(
        books, openings(session, instruments, window, days=days), held, _qualifications(session, ids, viewer), days,
        _history(session, wish, back, ids, viewer, apart_from) if back else (),
    )  # fmt: skip


def books_in(session: Session, instrument_ids: Iterable[int], window: TimeSpan) -> dict[int, list[Version]]:
    """Read the versions of the rule books in force at some time of the window, oldest first; one statement."""
    ids = list(instrument_ids)
    history = rule_book_history(session, ids)
    result: dict[int, list[Version]] = {}
    for one in ids:
        versions = history.get(one, [])
        first = max((number for number, version in enumerate(versions) if version.valid_from <= window.start), default=0)
        result[one] = [Version(each.valid_from, read_entries(each.entries)) for each in versions[first:] if each.valid_from < window.end]
    return result


def entries_at(versions: Sequence[Version], at: datetime) -> list[Entry]:
    """Give the rules in force at an instant; before the first version there are none."""
    return next((version.entries for version in reversed(versions) if version.valid_from <= at), [])


def _qualifications(session: Session, ids: list[int], viewer: Viewer) -> dict[int, Qualification]:
    rows = session.scalars(select(Qualification).where(Qualification.person_id == viewer.person_id, Qualification.instrument_id.in_(ids)))
    return {row.instrument_id: row for row in rows}


def _looks_back(window: TimeSpan, instruments: Sequence[Instrument], books: Mapping[int, Sequence[Version]]) -> TimeSpan | None:
    """Give the whole time that quotas of these instruments look back on, or None when none does."""
    windows = [
        back
        for instrument in instruments
        for version in books[instrument.id]
        for entry in version.entries
        if (back := entry.rule.looks_back(window, zone(instrument.time_zone)))
    ]
    return TimeSpan(min(one.start for one in windows), max(one.end for one in windows)) if windows else None


def _history(
    session: Session, wish: Wished, back: TimeSpan, ids: list[int], viewer: Viewer, apart_from: Collection[int]
) -> list[Past]:  # fmt: skip
    """Read the earlier bookings that quotas look back on; one statement."""
    whose = Booking.person_id == viewer.person_id
    rows = session.execute(
        select(
            Booking.id, Booking.instrument_id, Booking.person_id, Booking.group_id, Booking.start_at, Booking.end_at, Booking.created_at
        ).where(
            or_(whose, Booking.group_id == wish.group_id) if wish.group_id is not None else whose,
            Booking.end_at > back.start,
            Booking.start_at < back.end,
            Booking.instrument_id.in_(ids),
            Booking.status.in_(("requested", "confirmed", "running", "finished", "no_show")),
        )
    )
    return [
        Past(row.instrument_id, row.person_id, row.group_id, TimeSpan(row.start_at, row.end_at), row.created_at)
        for row in rows
        if row.id not in apart_from
    ]
