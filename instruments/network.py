"""The network as a whole, in a few numbers: for the front page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.classification import Category

SAYS_LITTLE = ("其他", "其它")


@dataclass(frozen=True, slots=True)
class Frequent:
    """A category of the lowest level with how many published instruments it has."""

    category: Category
    count: int


def frequent_categories(session: Session, most: int = 8) -> Sequence[Frequent]:
    """Give the kinds of instrument of which there are most, "other" left out; one statement."""
    count = func.count(Instrument.id)
    rows = session.execute(
        select(Category, count)
        .join(Instrument, Instrument.category_code == Category.code)
        .where(Instrument.publication == "published", Category.level == 3, *(~Category.name_zh.startswith(word) for word in SAYS_LITTLE))
        .group_by(Category.code)
        .order_by(count.desc(), Category.code)
        .limit(most)
    )
    return [Frequent(category, number) for category, number in rows]


def network_size(session: Session) -> tuple[int, int]:
    """Count the published instruments and the organisations that have them; one statement."""
    row = session.execute(
        select(func.count(Instrument.id), func.count(Instrument.organisation_id.distinct())).where(Instrument.publication == "published")
    ).one()
    return row[0], row[1]
