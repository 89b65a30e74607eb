"""Comparable instruments for a purchase (同类仪器): found by class and words, with how busy they were, when they are free, how far they are.

Nine to twenty statements, however many are compared. What is given is plain, so that an opinion can keep it as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.catalogue import SHARING_MODES, Instrument
from instruments.codes import names_of
from instruments.errors import Sentence
from instruments.places import between_cities
from instruments.search import Query, matching_ids
from instruments.tariffs import TariffVersion, versions_at
from instruments.timespan import zone
from scheduling.finding import next_uses
from scheduling.pricing.tables import table
from scheduling.rates import spec_of
from scheduling.statistics.figures import YearFigure
from scheduling.statistics.periods import this_year
from scheduling.statistics.purchases import PurchaseReview
from scheduling.statistics.thresholds import Thresholds, thresholds_of

MOST = 60
YEARS = 3


@dataclass(frozen=True, slots=True)
class Load:
    """Effective and external minutes of one instrument by whole calendar years on the network, the latest first."""

    years: Mapping[int, tuple[int, int]]

    @property
    def mean(self) -> Fraction | None:
        """Give the mean effective hours a year; None for what was not on the network for a whole year yet."""
        return Fraction(sum(effective for effective, _ in self.years.values()), 60 * len(self.years)) if self.years else None


def figures_for(session: Session, review: PurchaseReview, *, viewer: Viewer, now: datetime) -> dict[str, Any]:
    """Give what a review rests on: the limits, the comparable instruments with their figures, nearest and busiest first, and what follows."""
    limits = thresholds_of(session, this_year(now))
    found = _load(session, comparable_ids(session, review, viewer))
    loads, free = loads_of(session, found, now), next_uses(session, found, now)
    versions = versions_at(session, [one.id for one in found], now)
    cities = names_of(session, {("city", city_of(one)) for one in found if city_of(one)})
    rows = [
        _row(one, loads[one.id], free.get(one.id), versions.get(one.id), cities.get(("city", city_of(one))), review) for one in found
    ]
    rows.sort(key=lambda row: (row["distance"] is None, row["distance"] or 0, -(row["mean"] or 0), row["id"]))
    return {
        "as_of": now.isoformat(), "years": _whole_years(now), "saturated_hours": limits.saturated_hours,
        "review_from": str(limits.review_from), "needs_review": needs_review(review, limits), "rows": rows,
    }  # fmt: skip


def concluded(figures: Mapping[str, Any], chosen: Iterable[int]) -> dict[str, Any]:
    """Say what follows from the instruments chosen: their mean hours a year, and whether they are saturated. Pure.

    Source: 财科教〔2019〕1号: saturated when comparable instruments average at least 1,200 h a year. Those without a whole year are left out.
    Example: three with 1,500, 1,300 and 800 h average 1,200 h: saturated.
    """
    kept = set(chosen)
    means = [row["mean"] for row in figures["rows"] if row["id"] in kept and row["mean"] is not None]
    mean = sum(means) / len(means) if means else None
    saturated = None if mean is None else mean >= figures["saturated_hours"]
    return {"chosen": sorted(kept & {row["id"] for row in figures["rows"]}), "counted": len(means), "mean": mean, "saturated": saturated}


def needs_review(review: PurchaseReview, limits: Thresholds) -> bool:
    """Say whether the rule asks for the review: central money, from a price on."""
    return review.is_central and review.price >= limits.review_from


def comparable_ids(session: Session, review: PurchaseReview, viewer: Viewer) -> list[int]:
    """Find what is comparable by class, then by words; at most 60, each once."""
    found: dict[int, None] = {}
    if review.category_code:
        found |= dict.fromkeys(matching_ids(session, Query(category=review.category_code), viewer=viewer))
    if review.words:
        by_words = matching_ids(session, Query(text=review.words), viewer=viewer)
        # What answers to both stands first: the class alone may be wide.
        found = {one: None for one in by_words if one in found} | dict.fromkeys(by_words) | found
    return list(found)[:MOST]


def loads_of(session: Session, instruments: Sequence[Instrument], now: datetime) -> dict[int, Load]:
    """Give how busy instruments were in the last three whole years; one statement."""
    years = _whole_years(now)
    rows = session.execute(
        select(YearFigure.instrument_id, YearFigure.starts_on, YearFigure.effective, YearFigure.external).where(
            YearFigure.instrument_id.in_([one.id for one in instruments]), YearFigure.starts_on >= date(years[-1], 1, 1),
            YearFigure.starts_on <= date(years[0], 1, 1),
        )
    )  # fmt: skip
    known = {(instrument_id, first.year): (effective, external) for instrument_id, first, effective, external in rows}
    return {
        one.id: Load({year: known.get((one.id, year), (0, 0)) for year in years if _was_there(one, year)}) for one in instruments
    }


def _whole_years(now: datetime) -> list[int]:
    return [this_year(now) - back for back in range(1, YEARS + 1)]


def _was_there(one: Instrument, year: int) -> bool:
    """Say whether it was on the network when the year began."""
    if one.published_at is None:
        return False
    came = one.published_at.astimezone(zone(one.time_zone)).date()
    return came <= date(year, 1, 1)


def _load(session: Session, ids: Sequence[int]) -> list[Instrument]:
    loaded = joinedload(Instrument.organisation), joinedload(Instrument.facility)
    by_id = {one.id: one for one in session.scalars(select(Instrument).where(Instrument.id.in_(ids)).options(*loaded))}
    return [by_id[one] for one in ids if one in by_id]


def city_of(one: Instrument) -> str:
    """Give an instrument's city: its own, or else its organisation's."""
    return one.city or one.organisation.city


def _row(
    one: Instrument, load: Load, free: Any, version: TariffVersion | None, city: Sentence | None, review: PurchaseReview
) -> dict[str, Any]:
    distance = between_cities(review.city, city_of(one)) if review.city else None
    sharing = SHARING_MODES[one.sharing_mode]
    return {
        "id": one.id, "name": _both(one.name_zh, one.name_en), "model": one.model, "organisation": _both(one.organisation.name_zh, one.organisation.name_en),
        "own": one.organisation_id == review.organisation_id, "city": [city.zh, city.en] if city else ["", ""],
        "distance": None if distance is None else round(distance), "sharing": [sharing.zh, sharing.en],
        "bookable": one.accepts_bookings, "samples": one.sample_service, "qualification": one.needs_qualification,
        "hours": {str(year): round(effective / 60, 1) for year, (effective, _) in load.years.items()},
        "external": {str(year): round(external / 60, 1) for year, (_, external) in load.years.items()},
        "mean": None if load.mean is None else round(float(load.mean), 1),
        "free": free.start.isoformat() if free else "", "time_zone": one.time_zone,
        "rates": _price(version, "internal" if one.organisation_id == review.organisation_id else "academic"),
    }  # fmt: skip


def _price(version: TariffVersion | None, audience: str) -> list[str]:
    """Give the first line of the rates, as one audience pays it: "Machine time: 200 yuan an hour"."""
    shown = table(spec_of(version)) if version is not None else None
    if shown is None or not shown.rows:
        return ["", ""]
    row, column = shown.rows[0], next((at for at, codes in enumerate(shown.audiences) if audience in codes), 0)
    price = row.cells[column]
    return [f"{row.label.zh}：{price.zh}/{row.unit.zh}", f"{row.label.en}: {price.en} / {row.unit.en}"]


def _both(zh: str, en: str) -> list[str]:
    return [zh or en, en or zh]
