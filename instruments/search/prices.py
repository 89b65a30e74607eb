"""What an hour costs, in bands that a search can choose: one row per instrument, worked out of the rates in force by scheduling.pricebands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import String, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import AUDIENCES
from instruments.database import Base, Key
from instruments.search.postings import slices
from instruments.search.query import PRICE_BANDS

CODES = tuple(PRICE_BANDS)


class SearchPrice(Base):
    """The bands of one instrument: for each of AUDIENCES, in order, a digit that says which of PRICE_BANDS; and as of when.

    No foreign key, as for SearchDocument. An instrument that never had rates has no row.
    """

    __tablename__ = "search_price"
    __audited__ = False

    instrument_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    bands: Mapped[str] = mapped_column(String(5))
    as_of: Mapped[datetime]


def write_bands(bands: Mapping[str, str]) -> str:
    """Write the band of each audience as a row keeps it."""
    return "".join(str(CODES.index(bands[audience])) for audience in AUDIENCES)


def read_bands(written: str | None) -> tuple[tuple[str, str], ...]:
    """Give (audience, band) of a row; where there is none nobody knows what an hour costs."""
    digits = written or str(len(CODES) - 1) * len(AUDIENCES)
    return tuple((audience, CODES[int(digit)]) for audience, digit in zip(AUDIENCES, digits, strict=True))


def put_bands(session: Session, bands: Mapping[int, str], *, as_of: datetime) -> list[int]:
    """Write rows and give the instruments whose bands are others than before."""
    changed: list[int] = []
    for some in slices(sorted(bands)):
        known = dict(session.execute(select(SearchPrice.instrument_id, SearchPrice.bands).where(SearchPrice.instrument_id.in_(some))).all())
        changed += [number for number in some if known.get(number) != bands[number]]
        session.execute(delete(SearchPrice).where(SearchPrice.instrument_id.in_(some)))
        session.execute(insert(SearchPrice), [{"instrument_id": number, "bands": bands[number], "as_of": as_of} for number in some])
    return changed
