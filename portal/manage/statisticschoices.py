"""What the filters of the statistics offer: only what the viewer may inspect, and no more than a list can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from instruments.access import inspected_by
from instruments.catalogue import Instrument
from instruments.classification import Category
from instruments.codes import names_of
from instruments.errors import Sentence
from instruments.facilities import Facility
from instruments.people import Organisation
from instruments.standing import PastStanding
from portal import clock
from portal.auth import viewer
from portal.charts import named
from portal.statisticsform import LEASTS, QUOTAS, SPANS, Wanted
from scheduling.statistics.figures import YearFigure
from scheduling.statistics.periods import this_year
from scheduling.statistics.reports import BY
from scheduling.statistics.scope import THRESHOLD, city_of, hers_then

MOST = 500
ALL = ("", Sentence("全部", "all"))
MOST_YEARS = 30
Choice = tuple[str, Sentence]


@dataclass(frozen=True, slots=True)
class Choices:
    """What each field of the form offers, and what is chosen in it."""

    years: tuple[int, ...]
    offered: dict[str, Sequence[Choice]]
    chosen: dict[str, str]


def choices(session: Session, wanted: Wanted) -> Choices:
    """Read what can be chosen; a constant number of statements."""
    mine, given, years = inspected_by(viewer()), wanted.given, years_with_figures(session)
    least = given.get("least", str(int(THRESHOLD)))
    return Choices(
        tuple(sorted({*years, wanted.period.first.year}, reverse=True)),
        {
            "by": tuple(BY.items()),
            "span": tuple(SPANS.items()),
            "organisation": (ALL, *_named(session, Organisation, "organisation_id", mine)),
            "facility": (ALL, *_named(session, Facility, "facility_id", mine)),
            "category": (ALL, *_categories(session, mine, wanted.scope.category)),
            "city": (ALL, *_cities(session, mine)),
            "least": tuple((text, _amount(text)) for text in (*sorted({*LEASTS, least} - {"all"}, key=_size), "all")),
            "quota": tuple(QUOTAS.items()),
            "against": (
                ("", Sentence("不比较", "nothing")),
                *((str(year), Sentence(f"{year} 年同期", f"the same in {year}")) for year in years if year != wanted.period.first.year),
            ),
        },
        {**given, "year": str(wanted.period.first.year), "least": least, "by": wanted.by, "span": wanted.span},
    )


def years_with_figures(session: Session) -> tuple[int, ...]:
    """Give the years up to this one that have figures, the latest first; one statement."""
    first = session.scalar(select(func.min(YearFigure.starts_on)))
    now = this_year(clock.now())
    return tuple(range(now, max(min(first.year if first else now, now), now - MOST_YEARS) - 1, -1))


def _size(text: str) -> float:
    return float(text)


def _amount(text: str) -> Sentence:
    if text == "all":
        return Sentence("不限", "any value")
    yuan = float(text)
    return Sentence(f"≥ {yuan / 10000:g} 万元", f"≥ ¥{yuan:,.0f}")


def _named(session: Session, table: type[Organisation] | type[Facility], column: str, mine: ColumnElement[bool]) -> list[Choice]:
    """Give what instruments belong to, or belonged to before they moved."""
    today, past = getattr(Instrument, column), getattr(PastStanding, column)
    inside = select(today).where(mine, today.is_not(None))
    left = select(past).join(Instrument, Instrument.id == PastStanding.instrument_id).where(or_(mine, hers_then(viewer(), PastStanding)), past.is_not(None))
    chosen = select(table.id, table.name_zh, table.name_en).where(or_(table.id.in_(inside), table.id.in_(left)))
    return [(str(key), named(zh, en)) for key, zh, en in session.execute(chosen.order_by(table.name_zh, table.id).limit(MOST))]


def _categories(session: Session, mine: ColumnElement[bool], chosen: str) -> list[Choice]:
    """Give the classes there are instruments of, and the finer one that has been chosen."""
    codes = {f"{code}0000" for code in session.scalars(select(func.substr(Instrument.category_code, 1, 2)).where(mine).distinct()) if code}
    rows = session.execute(select(Category.code, Category.name_zh, Category.name_en).where(Category.code.in_({*codes, chosen})).order_by(Category.code))
    return [(code, named(zh, en)) for code, zh, en in rows]


def _cities(session: Session, mine: ColumnElement[bool]) -> list[Choice]:
    found = select(city_of()).select_from(Instrument).join(Organisation, Instrument.organisation_id == Organisation.id).where(mine).distinct().limit(MOST)
    codes = sorted(code for code in session.scalars(found) if code)
    names = names_of(session, {("city", code) for code in codes})
    return [(code, names.get(("city", code), Sentence(code, code))) for code in codes]
