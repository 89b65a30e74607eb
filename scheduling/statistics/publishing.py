"""Years that stay as they were published: the province closes a year's figures, and later corrections are shown beside them, not in them.

What a report needs is copied once, by month and instrument, with what counted about each instrument then; the database keeps it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Select, String, func, insert, literal, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.classification import prefix_of
from instruments.database import Base, Key
from instruments.errors import Forbidden, NotFound, OutOfOrder, Sentence
from instruments.timespan import zone
from scheduling.accounting.ledger import keep_rows
from scheduling.statistics.figures import SHAPE, USED, Counted, MonthFigure, MonthUse, Used, YearPeople
from scheduling.statistics.indicators import QUOTA_HOURS
from scheduling.statistics.keeping import waiting_notes
from scheduling.statistics.people import People
from scheduling.statistics.periods import Period, year
from scheduling.statistics.quantities import SUMMED
from scheduling.statistics.reports import MOST_ROWS, Report, report
from scheduling.statistics.scope import Scope, hers_then, hers_today, sees_all
from scheduling.statistics.sources import KEYS, LIVE, Source, people_of, summed, within

FACTS = ("organisation_id", "facility_id", "category_code", "city", "on_network", "opened", "in_register", "quota", "value", "published_at")
STILL_COUNTING = Sentence("还有改动正在计入统计，请稍后再公布。", "Some changes are still being counted. Publish in a minute.")


class PublishedYear(Base):
    """A year whose figures were published; once, and for good."""

    __tablename__ = "published_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    published_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    instruments: Mapped[int]
    note: Mapped[str] = mapped_column(String(500), default="")


class PublishedInstrument(Base):
    """What counted about an instrument when a year was published."""

    __tablename__ = "published_instrument"
    __audited__ = False

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    instrument_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(BigInteger)
    facility_id: Mapped[int | None] = mapped_column(BigInteger)
    category_code: Mapped[str] = mapped_column(String(6))
    city: Mapped[str | None] = mapped_column(String(40))
    on_network: Mapped[int]
    opened: Mapped[int]
    in_register: Mapped[int]
    quota: Mapped[int]
    value: Mapped[int] = mapped_column(BigInteger)
    published_at: Mapped[datetime | None]


class OfPublished:
    """Of an instrument and a month of a published year."""

    __audited__ = False

    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-2)
    instrument_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False, sort_order=-1)


class PublishedFigure(OfPublished, Counted, Base):
    """An instrument's quantities of one month, as published with its year."""

    __tablename__ = "published_figure"


class PublishedUse(OfPublished, Used, Base):
    """What an instrument's uses of one month came to, by audience, mode and purpose, as published with its year."""

    __tablename__ = "published_use"


class PublishedPeople(OfPublished, People, Base):
    """Who used an instrument, as counted when its year was published; begins with the year."""

    __tablename__ = "published_people"


for _table in (PublishedYear, PublishedInstrument, PublishedFigure, PublishedUse, PublishedPeople):
    keep_rows(_table, "published figures stay as they are")


@dataclass(frozen=True, slots=True)
class Published(Source):
    """The figures of a year as they were published."""

    is_published: bool = True

    def facts(self, scope: Scope, period: Period, viewer: Viewer | None) -> Select[Any]:
        """Select the instruments in scope with what counted about them then; a viewer may read as in scope.py."""
        then = PublishedInstrument
        chosen = select(then.instrument_id.label("id"), *(getattr(then, name) for name in FACTS)).where(then.year == period.first.year)
        narrowed = {
            then.organisation_id: scope.organisation_id, then.facility_id: scope.facility_id, then.instrument_id: scope.instrument_id,
            then.city: scope.city or None,
        }  # fmt: skip
        chosen = chosen.where(*(column == value for column, value in narrowed.items() if value is not None))
        if scope.category:
            chosen = chosen.where(then.category_code.startswith(prefix_of(scope.category), autoescape=True))
        if scope.least_value is not None:
            chosen = chosen.where(then.value >= int(scope.least_value * 100))
        if scope.is_public:
            chosen = chosen.where(then.on_network == 1)
        if scope.is_dedicated is not None:
            dedicated = then.quota == QUOTA_HOURS["dedicated"]
            chosen = chosen.where(dedicated if scope.is_dedicated else ~dedicated)
        if viewer is not None and not sees_all(viewer):
            chosen = chosen.where(or_(then.instrument_id.in_(hers_today(viewer)), hers_then(viewer, then)))
        if scope.group_id is not None:
            chosen = chosen.join(Instrument, Instrument.id == then.instrument_id).where(Instrument.group_id == scope.group_id)
        return chosen

    def figures(self, period: Period) -> Select[Any]:
        """Select each instrument's quantities over a period."""
        return summed(PublishedFigure, period)

    def monthly(self, period: Period) -> Select[Any]:
        """Select each instrument's quantities of each month."""
        return within(PublishedFigure, period, *KEYS, *SUMMED)

    def people(self, period: Period) -> Select[Any]:
        """Select who used each instrument in the year."""
        return people_of(PublishedPeople, period)

    def uses(self, period: Period) -> Select[Any]:
        """Select what each instrument's uses came to over a period, by how they were."""
        return within(PublishedUse, period, "instrument_id", *SHAPE, *USED)


PUBLISHED = Published()


def publish_year(session: Session, number: int, *, viewer: Viewer, now: datetime, note: str = "") -> PublishedYear:
    """Close a year's figures, as the province's administrator; a year is published once, when it is over and all of it is counted."""
    if not viewer.is_province_admin:
        raise Forbidden
    period = year(number)
    if not period.is_over(now.astimezone(zone("Asia/Shanghai")).date()):
        raise OutOfOrder(Sentence("该年度尚未结束。", "This year is not over yet."))
    if session.get(PublishedYear, number) is not None:
        raise OutOfOrder(Sentence("该年度的数据已经公布。", "The figures of this year are published already."))
    if waiting_notes(session):
        raise OutOfOrder(STILL_COUNTING)
    count = _copy(session, period)
    if not count:
        raise NotFound(Sentence("该年度没有可公布的数据。", "There are no figures of this year to publish."))
    made = PublishedYear(year=number, published_at=now, published_by=viewer.person_id, instruments=count, note=note.strip()[:500])
    session.add(made)
    session.flush()
    return made


def _copy(session: Session, period: Period) -> int:
    """Copy the year's figures and facts, and give the number of instruments."""
    then = LIVE.facts(Scope(), period, None).subquery("then")
    facts = select(literal(period.first.year), then.c.id, *(then.c[name] for name in FACTS))
    session.execute(insert(PublishedInstrument).from_select(("year", "instrument_id", *FACTS), facts))
    copied = (
        (MonthFigure, PublishedFigure, (*KEYS, *SUMMED)), (MonthUse, PublishedUse, (*KEYS, *SHAPE, *USED)),
        (YearPeople, PublishedPeople, (*KEYS, "who")),
    )  # fmt: skip
    for source, target, names in copied:
        session.execute(insert(target).from_select(names, within(source, period, *names)))
    has_figures = MonthFigure.starts_on >= period.first, MonthFigure.starts_on < period.until
    return session.scalar(select(func.count(MonthFigure.instrument_id.distinct())).where(*has_figures)) or 0


def published_years(session: Session) -> Sequence[PublishedYear]:
    """Give the published years, the latest first."""
    return session.scalars(select(PublishedYear).order_by(PublishedYear.year.desc())).all()


def source_of(session: Session, period: Period) -> Source:
    """Say where a period's figures come from: as published where it lies in one published year, else as the rows now say."""
    last = date.fromordinal(period.until.toordinal() - 1).year
    if period.first.year == last and session.get(PublishedYear, last) is not None:
        return PUBLISHED
    return LIVE


def told(
    session: Session, period: Period, by: str, scope: Scope | None = None, *, viewer: Viewer | None = None, limit: int = MOST_ROWS,
    offset: int = 0, order: str = "effective", with_people: bool = True,
) -> Report:  # fmt: skip
    """Report a period as it is told: a published year as it was published, any other as the rows now say."""
    source = source_of(session, period)
    return report(
        session, period, by, scope, viewer=viewer, source=source, limit=limit, offset=offset, order=order, with_people=with_people
    )


@dataclass(frozen=True, slots=True)
class Correction:
    """A figure that has changed since it was published."""

    key: str
    label: Sentence
    name: str
    published: int
    now: int


def corrections(session: Session, period: Period, by: str, scope: Scope | None = None, *, viewer: Viewer | None = None) -> list[Correction]:
    """Give what has been corrected since a year was published, row by row; nothing for a period that is not published."""
    if not source_of(session, period).is_published:
        return []
    then = report(session, period, by, scope, viewer=viewer, source=PUBLISHED, with_people=False)
    now = {row.key: row for row in report(session, period, by, scope, viewer=viewer, with_people=False).rows}
    found = []
    for row in then.rows:
        later = now.get(row.key)
        for name in SUMMED:
            before = getattr(row.quantities, name)
            after = getattr(later.quantities, name) if later is not None else 0
            if before != after:
                found.append(Correction(row.key, row.label, name, before, after))
    known = {row.key for row in then.rows}
    new = [(row, name, getattr(row.quantities, name)) for row in now.values() if row.key not in known for name in SUMMED]
    return found + [Correction(row.key, row.label, name, 0, value) for row, name, value in new if value]
