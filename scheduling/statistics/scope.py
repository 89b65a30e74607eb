"""Which instruments a figure is about: an organisation's, a facility's, a class's, a city's, those above a value; and whose they are to see.

All of it goes by where they stood at the end of the period (instruments/standing.py), so that an instrument that moves leaves its past behind.
Figures of a period are open to those who may inspect the instrument today, and to those who may inspect what it belonged to then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, exists, func, not_, or_, select, true
from sqlalchemy.orm import Session, aliased

from instruments.access import Belonging, Viewer, inspected_by
from instruments.catalogue import Instrument, PublicationPhase
from instruments.classification import is_code, prefix_of
from instruments.errors import Invalid, Sentence
from instruments.people import Organisation
from instruments.standing import Standing, standing_at
from instruments.timespan import at_wall, zone
from scheduling.statistics.indicators import QUOTA_HOURS
from scheduling.statistics.periods import Period

THRESHOLD = Decimal(500_000)  # yuan; 国发〔2014〕70号 as most provinces read it: a setting of each scheme and page
ON_NETWORK = ("published", "suspended", "retired")
DEDICATED_CLASS = "04"
NETWORK_ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Scope:
    """What to look at; what is left empty does not narrow. `category` is a code of any level, `least_value` in yuan.

    `is_public`: only what everybody may know of, instruments that are or were published. `is_dedicated`: of the quota of 800 hours, or not.
    """

    organisation_id: int | None = None
    facility_id: int | None = None
    category: str = ""
    city: str = ""
    instrument_id: int | None = None
    least_value: Decimal | None = None
    group_id: int | None = None
    is_public: bool = False
    is_dedicated: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.category and not is_code(self.category):
            raise Invalid("category", Sentence("仪器分类代码须为 6 位数字。", "A category code has six digits."))
        if self.least_value is not None and (not self.least_value.is_finite() or self.least_value < 0):
            raise Invalid("least_value", Sentence("原值下限不能为负。", "The least value cannot be below zero."))


def city_of(city: ColumnElement[str] | None = None) -> ColumnElement[str]:
    """Give the SQL for an instrument's city: its own (of today, or what is given), or else its organisation's."""
    return func.coalesce(func.nullif(Instrument.city if city is None else city, ""), Organisation.city)


def _conditions(scope: Scope, viewer: Viewer | None, standing: Standing) -> list[ColumnElement[bool]]:
    """Give the SQL conditions on Instrument, where it stood, and the Organisation of then; with a viewer, only what she may inspect."""
    found: list[ColumnElement[bool]] = [] if viewer is None else [may_read(viewer, standing)]
    if scope.organisation_id is not None:
        found += [standing.reached("organisation_id", scope.organisation_id), standing.organisation_id == scope.organisation_id]
    if scope.facility_id is not None:
        found += [standing.reached("facility_id", scope.facility_id), standing.facility_id == scope.facility_id]
    if scope.group_id is not None:
        found.append(Instrument.group_id == scope.group_id)
    if scope.category:
        found.append(standing.category_code.startswith(prefix_of(scope.category), autoescape=True))
    if scope.city:
        found.append(city_of(standing.city) == scope.city)
    if scope.instrument_id is not None:
        found.append(Instrument.id == scope.instrument_id)
    if scope.is_public:
        found.append(Instrument.publication.in_(ON_NETWORK))
    if scope.is_dedicated is not None:
        dedicated = _is_dedicated(standing.category_code)
        found.append(dedicated if scope.is_dedicated else not_(dedicated))
    if scope.least_value is not None:
        found.append(Instrument.original_value >= scope.least_value)
    return found


def may_read(viewer: Viewer, standing: Standing) -> ColumnElement[bool]:
    """Give the SQL for instruments whose figures a viewer may read: hers to inspect today, or by where they stood then."""
    if sees_all(viewer):
        return true()
    then = standing.then.c
    return Instrument.id.in_(hers_today(viewer).union_all(select(then.instrument_id).where(hers_then(viewer, then))))


def hers_today(viewer: Viewer) -> Select[Any]:
    """Select the ids of the instruments a viewer may inspect."""
    today = aliased(Instrument)
    return select(today.id).where(inspected_by(viewer, today))


def hers_then(viewer: Viewer, then: Any) -> ColumnElement[bool]:
    """Give the SQL for what would be a viewer's to inspect by columns that say where an instrument stood."""
    return inspected_by(viewer, Belonging(then.instrument_id, then.organisation_id, then.facility_id))


def quota_of(category_code: ColumnElement[str | None]) -> ColumnElement[int]:
    """Give the SQL for an instrument's hours a year: 800 dedicated or of class 04, else 1400."""
    return case((_is_dedicated(category_code), QUOTA_HOURS["dedicated"]), else_=QUOTA_HOURS["general"])


def _is_dedicated(category_code: ColumnElement[str | None]) -> ColumnElement[bool]:
    return or_(Instrument.is_dedicated, func.coalesce(category_code, "").startswith(DEDICATED_CLASS))


def was_on_network(period: Period) -> ColumnElement[bool]:
    """Give the SQL for instruments that were on the network at some time of a period."""
    start, end = at_wall(period.first, 0, zone(NETWORK_ZONE)), end_of(period)
    still_there = exists().where(
        PublicationPhase.instrument_id == Instrument.id, PublicationPhase.publication == "retired", PublicationPhase.at >= start
    )
    return and_(
        Instrument.publication.in_(ON_NETWORK),
        Instrument.published_at < end,
        or_(Instrument.publication != "retired", still_there),
    )


def end_of(period: Period) -> datetime:
    """Give the end of a period by the clock of the network."""
    return at_wall(period.until, 0, zone(NETWORK_ZONE))


def facts(scope: Scope, period: Period, viewer: Viewer | None) -> Select[Any]:
    """Select what counts about each instrument in scope: whose it was, whether it is on the network, open, its value in fen and quota in hours."""
    standing = standing_at(end_of(period))
    on_network = was_on_network(period)
    opened = and_(
        on_network, Instrument.publication == "published", Instrument.sharing_mode != "none",
        or_(Instrument.accepts_bookings, Instrument.sample_service),
    )  # fmt: skip
    return (
        select(
            Instrument.id.label("id"), standing.organisation_id.label("organisation_id"), standing.facility_id.label("facility_id"),
            func.coalesce(standing.category_code, "").label("category_code"), city_of(standing.city).label("city"),
            case((on_network, 1), else_=0).label("on_network"), case((opened, 1), else_=0).label("opened"),
            case((_is_registered(), 1), else_=0).label("in_register"), quota_of(standing.category_code).label("quota"),
            func.coalesce(Instrument.original_value.cast(BigInteger), 0).label("value"), Instrument.published_at.label("published_at"),
        )
        .outerjoin(standing.then, standing.joined)
        .join(Organisation, standing.organisation_id == Organisation.id)
        .where(*_conditions(scope, viewer, standing))
    )  # fmt: skip


def _is_registered() -> ColumnElement[bool]:
    """Give the SQL for instruments that should be on the network: in service, and not exempt."""
    return and_(Instrument.publication != "retired", ~Instrument.is_exempt)


def sees_all(viewer: Viewer) -> bool:
    """Say whether a viewer may read the figures of the whole network as they are, small counts too."""
    return viewer.is_province_admin or any(grant.role == "auditor" and grant.organisation_id is None for grant in viewer.grants)


def has_instruments(session: Session, scope: Scope, period: Period, viewer: Viewer | None) -> bool:
    """Say whether there is any instrument in scope at all, in a period."""
    return session.scalar(select(facts(scope, period, viewer).subquery().c.id).limit(1)) is not None
