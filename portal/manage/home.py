"""The manager's own instruments, and what there is to do about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from instruments.catalogue import PUBLICATIONS, Instrument
from instruments.errors import Invalid, Sentence
from instruments.facilities import Facility
from instruments.holidays import special_days
from instruments.publication import WORKING_DAYS_TO_REPORT, days_to_report
from instruments.qualifications import Qualification
from instruments.schedules import schedule_of
from instruments.timespan import TimeSpan
from portal import clock
from portal.auth import viewer
from portal.instrumentstate import sentence_of
from portal.language import current_language, t
from portal.manage.blueprint import looked_at, manage
from portal.pages import here_with
from portal.transactions import reading
from scheduling.availability import availabilities
from scheduling.bookings import Booking
from scheduling.overview import count_late, count_requests, next_bookings, requests_waiting
from scheduling.present import LOOK_AHEAD, Present, present
from scheduling.usageproblems import count_problems
from scheduling.uselist import WantedUses, count_uses

PER_PAGE = 25
MOST_UNREPORTED = 500
YEARS_OF_HOLIDAYS = 3
NO_CURSOR = Sentence("翻页标记无效，请从第一页重新开始。", "This place in the list is not valid. Start again from the first page.")


@dataclass(frozen=True, slots=True)
class Row:
    """One instrument of the list: what it does now, the next booking, how many requests wait."""

    instrument: Instrument
    state: Present
    words: str
    next_booking: Booking | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do: how often, in words, and where."""

    count: int
    text: str
    url: str
    look: str = "warn"


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is narrowed to."""

    text: str
    publication: str
    facility_id: int | None

    @property
    def is_set(self) -> bool:
        """Say whether anything is left out."""
        return bool(self.text or self.publication or self.facility_id)


@manage.get("")
def home() -> str:
    """List the instruments the viewer manages, and what needs doing."""
    now, mine = clock.now(), looked_at(viewer())
    wanted = _filter()
    with reading() as session:
        instruments, total, cursor = _page(session, mine, wanted)
        return render_template(
            "manage/home.html",
            rows=_rows(session, instruments, now),
            total=total,
            next_url=here_with(cursor=cursor) if cursor else None,
            tasks=[task for task in _tasks(session, mine, now) if task.count],
            wanted=wanted,
            facilities=_facilities(session, mine),
            publications=PUBLICATIONS,
            may_create=viewer().is_province_admin or viewer().administers_any,
        )


def _filter() -> Filter:
    publication = request.args.get("publication", "")
    facility = request.args.get("facility", "")
    return Filter(
        " ".join(request.args.get("q", "").replace("\x00", " ").split())[:100],
        publication if publication in PUBLICATIONS else "",
        int(facility) if facility.isascii() and facility.isdigit() and len(facility) < 19 else None,
    )


def _page(session: Session, mine: ColumnElement[bool], wanted: Filter) -> tuple[Sequence[Instrument], int, str | None]:
    """Give a page by name, how many there are in all, and the cursor of the next page; two statements."""
    conditions = [mine, *_narrowed(wanted)]
    total = session.scalar(select(func.count(Instrument.id)).where(*conditions)) or 0
    by = Instrument.name_zh if current_language() == "zh" else Instrument.name_en
    if request.args.get("cursor"):
        conditions.append(tuple_(by, Instrument.id) > _after(session, by))
    rows = session.scalars(
        select(Instrument)
        .where(*conditions)
        .options(joinedload(Instrument.organisation), joinedload(Instrument.facility))
        .order_by(by, Instrument.id)
        .limit(PER_PAGE + 1)
    ).all()
    return rows[:PER_PAGE], total, str(rows[PER_PAGE - 1].id) if len(rows) > PER_PAGE else None


def _after(session: Session, by: Any) -> tuple[str, int]:
    """Read where the page before ended: its last instrument, by whose name the list goes on."""
    text = request.args.get("cursor", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("cursor", NO_CURSOR)
    found = session.execute(select(by, Instrument.id).where(Instrument.id == int(text))).one_or_none()
    if found is None:
        raise Invalid("cursor", NO_CURSOR)
    return found[0], found[1]


def _narrowed(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.publication:
        conditions.append(Instrument.publication == wanted.publication)
    if wanted.facility_id is not None:
        conditions.append(Instrument.facility_id == wanted.facility_id)
    if wanted.text:
        columns = (Instrument.name_zh, Instrument.name_en, Instrument.model, Instrument.inner_id)
        conditions.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    return conditions


def _rows(session: Session, instruments: Sequence[Instrument], now: datetime) -> list[Row]:
    """Say of each instrument what it does now and what comes next; six statements however many there are."""
    ids = [one.id for one in instruments]
    times = availabilities(session, [schedule_of(one) for one in instruments], TimeSpan(now, now + LOOK_AHEAD)) if ids else {}
    coming, waiting = next_bookings(session, ids, now), requests_waiting(session, ids, now)
    states = {key: present(one, now) for key, one in times.items()}
    return [
        Row(one, states[one.id], sentence_of(states[one.id], one.time_zone, now), coming.get(one.id), waiting.get(one.id, 0))
        for one in instruments
    ]


def _tasks(session: Session, mine: ColumnElement[bool], now: datetime) -> list[Task]:
    asked = _count_asked(session, mine)
    counts = session.execute(select(Instrument.publication, func.count()).where(mine).group_by(Instrument.publication))
    states: Mapping[str, int] = {row[0]: row[1] for row in counts}
    counted = (
        (count_requests(session, mine, now), "manage.requests", {}, "warn",
         Sentence("项预约申请待审批", "request to decide"), "requests to decide"),
        (count_late(session, mine, now), "manage.desk", {}, "stop",
         Sentence("项预约应已开始而未签到", "booking should have begun"), "bookings should have begun"),
        (count_uses(session, WantedUses("managed", statuses=("recorded",)), viewer=viewer()), "manage.uses", {}, "",
         Sentence("条使用记录待确认", "use to confirm"), "uses to confirm"),
        (count_problems(session, mine), "manage.problems", {}, "stop",
         Sentence("个使用问题待处理", "problem with a use"), "problems with uses"),
        (asked, "manage.all_qualifications", {}, "warn", Sentence("项上机资格待答复", "qualification asked for"), "qualifications asked for"),
        (states.get("refused", 0), "manage.home", {"publication": "refused"}, "stop",
         Sentence("台仪器被退回，需要修改", "instrument sent back"), "instruments sent back"),
        (_count_overdue(session, mine, now), "manage.home", {"publication": "draft"}, "warn",
         Sentence("台新仪器逾期未报送", "new instrument late to report"), "new instruments late to report"),
        (states.get("draft", 0), "manage.home", {"publication": "draft"}, "",
         Sentence("台仪器还是草稿", "instrument is a draft"), "instruments are drafts"),
    )  # fmt: skip
    return [
        Task(count, t(one.zh, one.en if count == 1 else many), url_for(endpoint, **query), look)
        for count, endpoint, query, look, one, many in counted
    ]


def _count_asked(session: Session, mine: ColumnElement[bool]) -> int:
    asked = select(func.count(Qualification.id)).join(Qualification.instrument).where(mine, Qualification.status == "asked")
    return session.scalar(asked) or 0


def _count_overdue(session: Session, mine: ColumnElement[bool], now: datetime) -> int:
    """Count the instruments accepted more than 30 working days ago and not submitted yet; two statements."""
    long_ago = now.date() - timedelta(days=WORKING_DAYS_TO_REPORT)
    unreported = Instrument.publication.in_(("draft", "refused")), Instrument.accepted_on < long_ago, ~Instrument.is_exempt
    rows = session.scalars(select(Instrument).where(mine, *unreported).limit(MOST_UNREPORTED)).all()
    first: date = now.date() - timedelta(days=366 * YEARS_OF_HOLIDAYS)
    days = special_days(session, first, now.date() + timedelta(days=1))
    return sum((days_to_report(one, now, days) or 0) < 0 for one in rows)


def _facilities(session: Session, mine: ColumnElement[bool]) -> Sequence[Facility]:
    inside = select(Instrument.facility_id).where(mine, Instrument.facility_id.is_not(None))
    return session.scalars(select(Facility).where(Facility.id.in_(inside)).order_by(Facility.name_zh, Facility.id).limit(100)).all()
