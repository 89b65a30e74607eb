"""What deserves attention (需关注): instruments that stand idle, fall below their quota, came late, are not shared, lack rates or readings.

It is a list of work, so that it goes by today's organisation and class, of earlier years too: who answers for the instrument now sees to it.
A kind is one class: code, title, its own sentence, and a query of (instrument, figures); it is named in KINDS. All kinds are counted in three
statements, however many instruments there are; a page of one kind takes three more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, literal, select, tuple_, union_all
from sqlalchemy.orm import Session, joinedload

from instruments.catalogue import Instrument
from instruments.errors import Invalid, NotFound, Sentence
from instruments.timespan import zone
from scheduling.statistics.attentionkinds import BelowQuota, Idle, LittleShared
from scheduling.statistics.attentionrecords import ByHand, NoRates, ProblemsGrow
from scheduling.statistics.calendar import month_later
from scheduling.statistics.latecomers import LATE, latecomers
from scheduling.statistics.marks import Kind, Look, Marked, Queried
from scheduling.statistics.periods import check_year, this_year
from scheduling.statistics.thresholds import thresholds_of

PER_PAGE = 50
KINDS: Mapping[str, Queried] = {one.code: one for one in (Idle(), BelowQuota(), LittleShared(), NoRates(), ByHand(), ProblemsGrow())}
ALL: Mapping[str, Kind] = {**KINDS, LATE.code: LATE}
NO_CURSOR = Sentence("翻页标记无效，请从第一页重新开始。", "This place in the list is not valid. Start again from the first page.")
NOT_YET = Sentence("该年度尚未开始。", "That year has not begun yet.")


@dataclass(frozen=True, slots=True)
class Counted:
    """A kind with how many instruments are marked."""

    kind: Kind
    count: int


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A page of the instruments marked with a kind, by organisation; how many there are; and the place of the last where more follow."""

    rows: tuple[Marked, ...]
    total: int
    next: str | None


def look_at(session: Session, mine: ColumnElement[bool], *, now: datetime, year: int | None = None) -> Look:
    """Say what to look at: the instruments of a condition in a year (this one, unless said), by the limits of that year; one statement.

    Of this year the months that are over are looked at. In January nothing is, so that nothing falls below a share of a year.
    """
    chosen = this_year(now) if year is None else year
    check_year(chosen)
    if chosen > this_year(now):
        raise Invalid("year", NOT_YET)
    today = now.astimezone(zone("Asia/Shanghai")).date()
    until = min(today.replace(day=1), date(chosen + 1, 1, 1))
    return Look(chosen, date(chosen, 1, 1), until, month_later(until, -12), thresholds_of(session, chosen), mine, now)


def count_marked(session: Session, look: Look) -> list[Counted]:
    """Count the instruments marked with each kind; three statements."""
    parts = [select(literal(kind.code), func.count()).select_from(kind.marked(look).subquery(kind.code)) for kind in KINDS.values()]
    counts: dict[str, int] = {row[0]: row[1] for row in session.execute(union_all(*parts))}
    late = len(latecomers(session, look))
    return [Counted(kind, late if kind is LATE else counts[code]) for code, kind in ALL.items()]


def kind_of(code: str) -> Kind:
    """Get a kind by its code."""
    if code not in ALL:
        raise NotFound
    return ALL[code]


def page_of_marked(session: Session, kind: Kind, look: Look, *, cursor: str = "", limit: int = PER_PAGE) -> MarkedPage:
    """Give a page of the instruments marked with a kind, by organisation and number; four statements at most."""
    after = _place(cursor)
    queried = KINDS.get(kind.code)
    if queried is None:
        figures: dict[int, tuple[int, ...]] = {one.instrument_id: one.figures for one in latecomers(session, look)}
        chosen, total = Instrument.id.in_(figures), len(figures)
    else:
        marked = queried.marked(look)
        chosen = Instrument.id.in_(marked)
        total, figures = session.scalar(select(func.count()).select_from(marked.subquery())) or 0, {}
    key = tuple_(Instrument.organisation_id, Instrument.id)
    wanted = select(Instrument).where(chosen).options(joinedload(Instrument.organisation), joinedload(Instrument.facility))
    if after:
        wanted = wanted.where(key > after)
    found = session.scalars(wanted.order_by(Instrument.organisation_id, Instrument.id).limit(limit + 1)).all()
    page = found[:limit]
    if queried is not None:
        rows_of = session.execute(queried.figures(look, [one.id for one in page]))
        figures = {row[0]: tuple(int(value or 0) for value in row[1:]) for row in rows_of}
    rows = tuple(Marked(one, kind.words(look, figures[one.id])) for one in page)
    return MarkedPage(rows, total, f"{page[-1].organisation_id}-{page[-1].id}" if len(found) > limit else None)


def all_marked(session: Session, kinds: Sequence[Kind], look: Look, *, at_once: int = 500) -> Iterator[tuple[Kind, Marked]]:
    """Give every instrument marked with some kinds, a slice of them in memory at a time."""
    for kind in kinds:
        cursor: str | None = ""
        while cursor is not None:
            page = page_of_marked(session, kind, look, cursor=cursor, limit=at_once)
            yield from ((kind, one) for one in page.rows)
            cursor = page.next


def _place(cursor: str) -> tuple[int, int] | None:
    if not cursor:
        return None
    parts = cursor.split("-")
    if len(parts) != 2 or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
        raise Invalid("cursor", NO_CURSOR)
    return int(parts[0]), int(parts[1])
