"""How uses were: by audience, mode and purpose; and whose people use whose instruments.

What is broken down are the hours, uses, samples, runs and income of a scope; the parts of each breakdown make its whole, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from sqlalchemy import case, distinct, func, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Sentence
from scheduling.pricing.modewords import AUDIENCE_TITLES
from scheduling.statistics.figures import USED, MonthUse, MonthUser, YearUse, YearUser
from scheduling.statistics.labels import labels
from scheduling.statistics.periods import Period
from scheduling.statistics.scope import Scope, facts
from scheduling.usage import MODES, PURPOSES

KINDS: Mapping[str, Sentence] = {
    "audience": Sentence("用户身份", "Who used it"),
    "mode": Sentence("使用方式", "How it was used"),
    "purpose": Sentence("用途", "What for"),
}
WORDS: Mapping[str, Mapping[str, Sentence]] = {"audience": AUDIENCE_TITLES, "mode": MODES, "purpose": PURPOSES}


@dataclass(frozen=True, slots=True)
class Amounts:
    """What some uses came to: minutes, counts, and fen; `external` are the effective minutes of people from outside."""

    used: int = 0
    effective: int = 0
    uses: int = 0
    samples: int = 0
    runs: int = 0
    income: int = 0
    external: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        """Add two up."""
        return Amounts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Amounts)))


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its code, its name, what it came to, and its share of the effective hours, or None where there are none."""

    key: str
    label: Sentence
    amounts: Amounts
    share: Fraction | None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The parts by each kind, largest first, and the whole."""

    parts: Mapping[str, tuple[Part, ...]]
    whole: Amounts


@dataclass(frozen=True, slots=True)
class Exchange:
    """People of one organisation at instruments of another (or its own): how many of them, at how many instruments."""

    user_id: int
    owner_id: int
    user: Sentence
    owner: Sentence
    users: int
    instruments: int

    @property
    def is_external(self) -> bool:
        """Say whether they are from outside."""
        return self.user_id != self.owner_id


def breakdown(session: Session, period: Period, scope: Scope | None = None, *, viewer: Viewer | None = None) -> Breakdown:
    """Break a scope's uses down by audience, mode and purpose; one statement."""
    table: Any = YearUse if period.is_year else MonthUse
    base = facts(scope or Scope(), period, viewer).subquery("base")
    sums = [func.sum(getattr(table, name)) for name in USED]
    outside = func.sum(case((table.is_external, table.effective), else_=0))
    shape = [table.audience, table.mode, table.purpose]
    rows = session.execute(
        select(*shape, *sums, outside)
        .join(base, base.c.id == table.instrument_id)
        .where(table.starts_on >= period.first, table.starts_on < period.until)
        .group_by(*shape)
    ).all()
    found: dict[str, dict[str, Amounts]] = {kind: {} for kind in KINDS}
    whole = Amounts()
    for audience, mode, purpose, *counts in rows:
        amounts = Amounts(*(int(one or 0) for one in counts))
        whole += amounts
        for kind, key in zip(KINDS, (audience, mode, purpose), strict=True):
            found[kind][key] = found[kind].get(key, Amounts()) + amounts
    return Breakdown({kind: _parts(kind, some, whole) for kind, some in found.items()}, whole)


def _parts(kind: str, found: Mapping[str, Amounts], whole: Amounts) -> tuple[Part, ...]:
    known = WORDS[kind]
    parts = [
        Part(key, known.get(key) or Sentence(key, key), one, Fraction(one.effective, whole.effective) if whole.effective else None)
        for key, one in found.items()
    ]
    return tuple(sorted(parts, key=lambda part: (-part.amounts.effective, part.key)))


def exchanges(
    session: Session,
    period: Period,
    scope: Scope | None = None,
    *,
    viewer: Viewer | None = None,
    limit: int = 50,
    only_external: bool = False,
) -> tuple[Exchange, ...]:
    """Say whose people used whose instruments, most people first; three statements. A person is counted once a pair."""
    table: Any = YearUser if period.is_year else MonthUser
    base = facts(scope or Scope(), period, viewer).subquery("base")
    users, instruments = func.count(distinct(table.person_id)), func.count(distinct(table.instrument_id))
    chosen = (
        select(table.organisation_id, base.c.organisation_id, users, instruments)
        .join(base, base.c.id == table.instrument_id)
        .where(table.starts_on >= period.first, table.starts_on < period.until)
        .group_by(table.organisation_id, base.c.organisation_id)
        .order_by(users.desc(), table.organisation_id, base.c.organisation_id)
        .limit(limit)
    )
    rows = session.execute(chosen.where(table.is_external) if only_external else chosen).all()
    names = labels(session, "organisation", sorted({str(key) for row in rows for key in row[:2]}))
    return tuple(Exchange(user, owner, names[str(user)], names[str(owner)], *counts) for user, owner, *counts in rows)
