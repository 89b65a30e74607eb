"""Finding instruments by what they are and when they are free at once: search gives the candidates, availability judges all of them together.

Never a statement per instrument: the count of statements is the same for ten candidates and for thousands.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Invalid, Sentence
from instruments.schedules import schedule_of
from instruments.search import FacetValue, Query, find, matching_ids
from instruments.timespan import TimeSpan
from scheduling.availability import WIDEST_WINDOW, free_between, next_free
from scheduling.present import LOOK_AHEAD, usual_use

SORTS = ("relevance", "next_free", "name")
MOST_CANDIDATES = 5_000
SOON = timedelta(days=3)  # most instruments are free within it, so only the rest is looked at for the four weeks
LONGEST_READING = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FreeWish:
    """Only what is free for so long within a window. Invalid for a window over 92 days, or one that is over."""

    window: TimeSpan
    duration: timedelta

    def check(self, now: datetime) -> None:
        """Refuse what cannot be asked, naming the field."""
        if self.window.duration > WIDEST_WINDOW:
            raise Invalid("free_until", Sentence("查询的时间范围不能超过 92 天。", "A window may be at most 92 days wide."))
        if self.window.end <= now:
            raise Invalid("free_until", Sentence("所选时间已过。", "That time has passed already."))
        if not timedelta() < self.duration <= self.window.duration:
            raise Invalid(
                "duration", Sentence("时长须大于零，且不超过所选时间范围。", "The duration must be above zero and fit into the window.")
            )


@dataclass(frozen=True, slots=True)
class Row:
    """One instrument found, and the next use of it to propose: within the wish, or about an hour; None where there is none."""

    instrument: Instrument
    free: TimeSpan | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was found, in order. `looked_at` is the number of candidates whose time was read where there were too many for all."""

    rows: tuple[Row, ...]
    total: int
    facets: dict[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    next: str | None = None
    corrected: str | None = None
    is_loosened: bool = False
    looked_at: int | None = None


def find_instruments(
    session: Session, query: Query, *, free: FreeWish | None = None, sort: str = "relevance", now: datetime, viewer: Viewer
) -> Page:
    """Find a page of instruments, those free at some time if wished, by relevance, name or the next free time."""
    if sort not in SORTS:
        raise Invalid("sort", Sentence("没有这种排序方式。", "There is no such order."))
    if free is not None:
        free.check(now)
    if sort == "next_free":
        return _by_next_free(session, query, free, now, viewer)
    query = replace(query, sort=sort)
    if free is None:
        found = find(session, query, viewer=viewer)
        return Page(
            _rows(found.instruments, next_uses(session, found.instruments, now)), found.total, found.facets, found.next,
            found.corrected, found.is_loosened,
        )  # fmt: skip
    query.check()
    candidates, bookable, total = _candidates(session, query, viewer)
    spans = free_between(session, bookable, free.window, free.duration, not_before=now)
    found = find(session, replace(query, restrict_ids=frozenset(spans)), viewer=viewer)
    return Page(
        _rows(found.instruments, spans), found.total, found.facets, found.next, found.corrected, found.is_loosened,
        len(candidates) if total > MOST_CANDIDATES else None,
    )  # fmt: skip


def _by_next_free(session: Session, query: Query, free: FreeWish | None, now: datetime, viewer: Viewer) -> Page:
    """Put all candidates in the order of their next free time; what has none comes last."""
    after, limit = _place(query.cursor, now), query.limit
    query = replace(query, sort="relevance", cursor="")
    query.check()
    candidates, bookable, total = _candidates(session, query, viewer)
    as_of = after[0] if after else now
    spans = (
        free_between(session, bookable, free.window, free.duration, not_before=as_of) if free else next_of_all(session, bookable, now=as_of)
    )
    among = frozenset(spans) if free else query.restrict_ids
    found = find(session, replace(query, limit=1, restrict_ids=among), viewer=viewer)
    places = sorted((spans[one].start.timestamp() if one in spans else float("inf"), at, one) for at, one in enumerate(candidates))
    if free:
        places = [place for place in places if place[2] in spans]
    rest = [place for place in places if after is None or place[:2] > after[1:]]
    page = rest[:limit]
    instruments = _load(session, [one for _, _, one in page])
    uses = spans if free else {one.id: usual_use(spans[one.id], schedule_of(one)) for one in instruments if one.id in spans}
    return Page(
        _rows(instruments, uses), found.total, found.facets, _cursor(as_of, page[-1]) if len(rest) > limit else None,
        found.corrected, found.is_loosened, len(candidates) if total > MOST_CANDIDATES else None,
    )  # fmt: skip


def next_of_all(session: Session, instrument_ids: Iterable[int], *, now: datetime) -> dict[int, TimeSpan]:
    """Give the next free time of many instruments within four weeks: nine statements at most. Its end counts only up to the third day."""
    ids = list(instrument_ids)
    found = next_free(session, ids, now=now, days=SOON.days)
    later = [one for one in ids if one not in found]
    return found | (next_free(session, later, now=now, days=LOOK_AHEAD.days) if later else {})


def _candidates(session: Session, query: Query, viewer: Viewer) -> tuple[list[int], list[int], int]:
    """Give the first so many that match, in order; those of them whose time is booked here; and how many match in all."""
    matching = matching_ids(session, query, viewer=viewer)
    first = matching[:MOST_CANDIDATES]
    taking = Instrument.id.in_(first), Instrument.accepts_bookings, Instrument.publication == "published"
    bookable = set(session.scalars(select(Instrument.id).where(*taking)))
    return first, [one for one in first if one in bookable], len(matching)


def next_uses(session: Session, instruments: Sequence[Instrument], now: datetime) -> dict[int, TimeSpan]:
    """Give the next use to propose of each of some instruments that take bookings; nine statements at most."""
    bookable = {one.id: one for one in instruments if one.accepts_bookings and one.is_published}
    spans = next_of_all(session, bookable, now=now) if bookable else {}
    return {one: usual_use(span, schedule_of(bookable[one])) for one, span in spans.items()}


def _rows(instruments: Iterable[Instrument], spans: Mapping[int, TimeSpan]) -> tuple[Row, ...]:
    return tuple(Row(one, spans.get(one.id)) for one in instruments)


def _load(session: Session, ids: Sequence[int]) -> list[Instrument]:
    rows = session.scalars(
        select(Instrument).where(Instrument.id.in_(ids)).options(joinedload(Instrument.organisation), joinedload(Instrument.facility))
    )
    by_id = {instrument.id: instrument for instrument in rows}
    return [by_id[one] for one in ids if one in by_id]


def _cursor(as_of: datetime, place: tuple[float, int, int]) -> str:
    written = ["next_free", as_of.timestamp(), None if place[0] == float("inf") else place[0], place[1]]
    return base64.urlsafe_b64encode(json.dumps(written).encode()).decode().rstrip("=")


def _place(cursor: str, now: datetime) -> tuple[datetime, float, int] | None:
    """Read where a page ended, and at what time the list was read, so that the pages of one list fit together."""
    if not cursor:
        return None
    try:
        raw = base64.b64decode(cursor[:500] + "=" * (-len(cursor[:500]) % 4), altchars=b"-_", validate=True)
        kind, read_at, start, at = json.loads(raw)
        as_of = datetime.fromtimestamp(float(read_at), tz=now.tzinfo)
        if kind != "next_free" or type(at) is not int or not now - LONGEST_READING <= as_of <= now:
            raise ValueError(cursor)
        return as_of, float("inf") if start is None else float(start), at
    except (binascii.Error, ValueError, TypeError, OverflowError, OSError, RecursionError) as error:
        raise Invalid(
            "cursor", Sentence("翻页标记无效，请从第一页重新开始。", "This place in the list is not valid. Start again from the first page.")
        ) from error
