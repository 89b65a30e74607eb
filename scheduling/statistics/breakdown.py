"""How uses were: by audience, mode and purpose; and whose people use whose instruments.

What is broken down are the hours, uses, samples, runs and income of a scope; the parts of each breakdown make its whole, exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from itertools import chain
from operator import itemgetter

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.bulk import read_rows
from instruments.errors import Sentence
from scheduling.pricing.modewords import AUDIENCE_TITLES
from scheduling.statistics.figures import USED
from scheduling.statistics.labels import labels
from scheduling.statistics.people import home_of, people_in
from scheduling.statistics.periods import Period
from scheduling.statistics.scope import Scope
from scheduling.statistics.sources import LIVE, Source
from scheduling.usage import MODES, PURPOSES

KINDS: Mapping[str, Sentence] = {
    "audience": Sentence("用户身份", "Who used it"),
    "mode": Sentence("使用方式", "How it was used"),
    "purpose": Sentence("用途", "What for"),
}
Came = tuple[Sequence[int], Sequence[int]]  # persons, and the homes they came from, side by side
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


def breakdown(
    session: Session, period: Period, scope: Scope | None = None, *, viewer: Viewer | None = None, source: Source = LIVE
) -> Breakdown:
    """Break a scope's uses down by audience, mode and purpose; one statement."""
    base, uses = source.facts(scope or Scope(), period, viewer).subquery("base"), source.uses(period).subquery("uses")
    sums = [func.sum(uses.c[name]) for name in USED]
    outside = func.sum(case((uses.c.is_external, uses.c.effective), else_=0))
    shape = [uses.c[name] for name in KINDS]
    rows = session.execute(select(*shape, *sums, outside).join(base, base.c.id == uses.c.instrument_id).group_by(*shape)).all()
    found: dict[str, dict[str, Amounts]] = {kind: {} for kind in KINDS}
    whole = Amounts()
    for audience, mode, purpose, *counts in rows:
        amounts = Amounts(*(int(one or 0) for one in counts))
        whole += amounts
        for kind, key in zip(KINDS, (audience, mode, purpose), strict=True):
            found[kind][key] = found[kind].get(key, Amounts()) + amounts
    return Breakdown({kind: _parts(kind, some, whole) for kind, some in found.items()}, whole)


def instruments_of(
    session: Session, period: Period, kind: str, key: str, scope: Scope | None = None, *, viewer: Viewer | None = None, source: Source = LIVE,
    limit: int = 50, offset: int = 0,
) -> tuple[Part, ...]:  # fmt: skip
    """Say which instruments make one part of a breakdown, most effective hours first; shares are of the part. Two statements."""
    base, uses = source.facts(scope or Scope(), period, viewer).subquery("base"), source.uses(period).subquery("uses")
    sums = [func.sum(uses.c[name]) for name in USED]
    outside, effective = func.sum(case((uses.c.is_external, uses.c.effective), else_=0)), func.sum(uses.c.effective)
    whole = func.sum(effective).over()
    chosen = select(uses.c.instrument_id, whole, *sums, outside).join(base, base.c.id == uses.c.instrument_id).where(uses.c[kind] == key)
    ordered = chosen.group_by(uses.c.instrument_id).order_by(effective.desc(), uses.c.instrument_id).limit(limit).offset(offset)
    rows = session.execute(ordered).all()
    names = labels(session, "instrument", [str(row[0]) for row in rows])
    return tuple(
        Part(str(one), names[str(one)], Amounts(*(int(number or 0) for number in counts)), Fraction(int(made), int(of)) if of else None)
        for one, of, *counts in rows
        for made in [counts[USED.index("effective")] or 0]
    )


def _parts(kind: str, found: Mapping[str, Amounts], whole: Amounts) -> tuple[Part, ...]:
    known = WORDS[kind]
    parts = [
        Part(key, known.get(key) or Sentence(key, key), one, Fraction(one.effective, whole.effective) if whole.effective else None)
        for key, one in found.items()
    ]
    return tuple(sorted(parts, key=lambda part: (-part.amounts.effective, part.key)))


def exchanges(
    session: Session, period: Period, scope: Scope | None = None, *, viewer: Viewer | None = None, source: Source = LIVE, limit: int = 50,
    only_external: bool = False,
) -> tuple[Exchange, ...]:  # fmt: skip
    """Say whose people used whose instruments, most people first; two statements. A person is counted once a pair."""
    base, people = source.facts(scope or Scope(), period, viewer).subquery("base"), source.people(period).subquery("people")
    columns = base.c.organisation_id, people.c.instrument_id, people.c.starts_on, people.c.who
    owned: dict[int, dict[int, list[Came]]] = {}
    for owner, instrument_id, starts_on, who in read_rows(session, select(*columns).join(people, people.c.instrument_id == base.c.id)):
        owned.setdefault(owner, {}).setdefault(instrument_id, []).append(people_in(period, starts_on, who))
    met = {(user, owner): counts for owner, each in owned.items() for user, counts in _met(each, only_external=only_external).items()}
    pairs = sorted(met, key=lambda pair: (-met[pair][0], *pair))[:limit]
    names = labels(session, "organisation", sorted({str(one) for pair in pairs for one in pair}))
    return tuple(Exchange(user, owner, names[str(user)], names[str(owner)], *met[user, owner]) for user, owner in pairs)


def _met(each: Mapping[int, list[Came]], *, only_external: bool) -> dict[int, tuple[int, int]]:
    """Give, by organisation, how many of its people used how many of one owner's instruments, whose users these are, each with her home."""
    homes = [set().union(*(came for _, came in some)) for some in each.values()]
    people = {who for some in each.values() for persons, came in some for who in zip(persons, came, strict=True)}
    users, instruments = Counter(map(itemgetter(1), people)), Counter(chain.from_iterable(homes))
    met = {}
    for home in users:
        user, both = home_of(home)[0], {home, home ^ 1}
        if only_external and not home & 1:
            continue
        if only_external or home ^ 1 not in users:
            met[user] = users[home], instruments[home]
        else:  # from outside at one time, from inside at another: each person and each instrument once
            met[user] = len({person for person, other in people if other in both}), sum(1 for some in homes if both & some)
    return met
