"""What every search needs of all instruments (state, place, category, order of names), read once and kept until the index changes.

Kept in the memory of a process under the random stamp of the index's last change, and asked for by the stamp the database holds now: a process
never answers from what another has changed meanwhile, and what was rolled back is never asked for again.
"""

from __future__ import annotations

import secrets
import threading
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import JSON, BigInteger, Select, case, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.catalogue import Instrument
from instruments.classification import codes_above
from instruments.database import Base
from instruments.errors import Sentence
from instruments.people import Organisation
from instruments.search.aliases import Thesaurus, load_thesaurus
from instruments.search.postings import SearchDocument, bits_of, ids_of
from instruments.search.prices import SearchPrice, read_bands

# Raised whenever tokens.py, pinyin.py or fields.py cut texts up in another way: the index is then made anew at the next start.
FORMAT = 1
KEPT_CHANGES = 200
MOST_IDS = 500
MOST_KEPT = 3
MOST_COUNTED = 100
# Counting one instrument after the other costs a hundredth of meeting two sets, whatever is in them.
WORTH_A_SET = 80
COLUMNS: dict[str, Any] = {
    "publication": Instrument.publication,
    "category": Instrument.category_code,
    "organisation": Instrument.organisation_id,
    "city": Organisation.city,
    "facility": Instrument.facility_id,
    "audience": Instrument.sharing_mode,
    "operation": case((Instrument.self_operated, 1), else_=0) + case((Instrument.sample_service, 2), else_=0),
    "qualification": Instrument.needs_qualification,
    "group": Instrument.group_id,
    "price": SearchPrice.bands,
}
T = TypeVar("T")
SEVERAL = ("category", "operation", "price")


class SearchChange(Base):
    """One change of the index: its number, its random stamp, the instruments it touched (NULL: everything), and how all is cut up."""

    __tablename__ = "search_change"
    __audited__ = False

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stamp: Mapped[int] = mapped_column(BigInteger)
    instrument_ids: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    format: Mapped[int]


@dataclass(frozen=True)
class Snapshot:
    """All indexed instruments by facet and in the order of their names. Never changed, only replaced.

    `sets` are the ids that have a value of a facet, `columns` and `names` are lists with the id as the index.
    """

    version: int
    stamp: int
    everything: int
    sets: dict[str, dict[Any, int]]
    columns: dict[str, list[Any]]
    names: list[str]
    in_order: list[tuple[str, int]]
    thesaurus: Thesaurus
    counted: dict[tuple[str, int], dict[Any, int]] = field(default_factory=dict)
    labels: dict[str, dict[Any, Sentence]] = field(default_factory=dict)

    def having(self, facet: str, value: Any) -> int:
        """Give the ids that have this value of a facet; of a category, or of one below it."""
        return self.sets[facet].get(value, 0)

    def count(self, facet: str, ids: int) -> dict[Any, int]:
        """Count some instruments by the values of a facet; categories at all levels."""
        known = self.counted.get((facet, ids))
        if known is None:
            if len(self.counted) >= MOST_COUNTED:
                self.counted.clear()
            known = self.counted[facet, ids] = self._count(facet, ids)
        return known

    def _count(self, facet: str, ids: int) -> dict[Any, int]:
        if facet not in SEVERAL and ids.bit_count() < WORTH_A_SET * len(self.sets[facet]):
            counts: dict[Any, int] = Counter(map(self.columns[facet].__getitem__, ids_of(ids & self.everything)))
            return counts
        counts = {value: (ids & having).bit_count() for value, having in self.sets[facet].items()}
        return {value: count for value, count in counts.items() if count}


_NEWEST = SearchChange.version.desc()
_kept: OrderedDict[int, Snapshot] = OrderedDict()
_guard = threading.Lock()


def record_change(session: Session, instrument_ids: Sequence[int] | None, *, is_anew: bool = False) -> None:
    """Note that these instruments (None: all, or the words) are indexed again, or everything anew; the caller holds the lock of the index."""
    last = session.execute(select(SearchChange.version, SearchChange.format).order_by(_NEWEST).limit(1)).first()
    version = last.version + 1 if last else 1
    ids = None if instrument_ids is None or len(instrument_ids) > MOST_IDS else sorted(instrument_ids)
    row = {
        "version": version, "stamp": secrets.randbits(62), "instrument_ids": ids,
        "format": FORMAT if is_anew or last is None else last.format,
    }  # fmt: skip
    session.connection().execute(insert(SearchChange).values(row))
    session.connection().execute(delete(SearchChange).where(SearchChange.version <= version - KEPT_CHANGES))


def is_of_this_format(session: Session) -> bool:
    """Say whether the index was made by the present rules of cutting texts up."""
    return session.scalar(select(SearchChange.format).order_by(_NEWEST).limit(1)) == FORMAT


def snapshot(session: Session) -> Snapshot:
    """Give the snapshot that belongs to the state of the index in this transaction; usually one small statement."""
    last = session.execute(select(SearchChange.version, SearchChange.stamp).order_by(SearchChange.version.desc()).limit(1)).first()
    version, stamp = last or (0, 0)
    with _guard:
        found = _kept.get(stamp)
    return found or _keep(_advanced(session, version, stamp) or _loaded(session, version, stamp))


def _keep(fresh: Snapshot) -> Snapshot:
    if fresh.stamp:
        with _guard:
            _kept[fresh.stamp] = fresh
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    return fresh


def _loaded(session: Session, version: int, stamp: int) -> Snapshot:
    rows = session.execute(_rows()).all()
    ids, names, *values = zip(*rows, strict=True) if rows else ((), *(() for _ in range(len(COLUMNS) + 1)))
    size = max(ids, default=0) + 1
    columns = {facet: _column(ids, column, size, None) for facet, column in zip(COLUMNS, values, strict=True)}
    sets = {facet: _sets(facet, ids, column) for facet, column in zip(COLUMNS, values, strict=True)}
    in_order = sorted(zip(names, ids, strict=True))
    return Snapshot(version, stamp, bits_of(ids), sets, columns, _column(ids, names, size, ""), in_order, load_thesaurus(session))


def _column(ids: Sequence[int], values: Sequence[T], size: int, nothing: T) -> list[T]:
    column = [nothing] * size
    for number, value in zip(ids, values, strict=True):
        column[number] = value
    return column


def _sets(facet: str, ids: Sequence[int], values: Sequence[Any]) -> dict[Any, int]:
    by_value: dict[Any, list[int]] = {}
    for number, value in zip(ids, values, strict=True):
        by_value.setdefault(value, []).append(number)
    sets: dict[Any, int] = {}
    for value, having in by_value.items():
        bits = bits_of(having)
        for each in _values(facet, value):
            sets[each] = sets.get(each, 0) | bits
    return sets


def _values(facet: str, value: Any) -> tuple[Any, ...]:
    """Give what a value counts for: a category for those above it too, the ways of operation each for itself, nothing for nothing."""
    if facet == "category":
        return (*codes_above(value), value) if value else ()
    if facet == "operation":
        return tuple(name for place, name in enumerate(("self_operated", "sample_service")) if value >> place & 1)
    return read_bands(value) if facet == "price" else (value,)


def _advanced(session: Session, version: int, stamp: int) -> Snapshot | None:
    """Bring the newest snapshot that is an ancestor of this state up to it, if few instruments have changed between."""
    earlier = session.execute(select(SearchChange.stamp).where(SearchChange.version < version).order_by(_NEWEST)).scalars().all()
    with _guard:
        old = next((_kept[at] for at in earlier if at in _kept), None)
    if old is None:
        return None
    since = session.scalars(select(SearchChange.instrument_ids).where(SearchChange.version.between(old.version + 1, version))).all()
    changed = {number for ids in since for number in ids or ()}
    if None in since or len(changed) > MOST_IDS:
        return None
    return _patched(replace(old, version=version, stamp=stamp), changed, session.execute(_rows().where(Instrument.id.in_(changed))).all())


def _patched(old: Snapshot, changed: Iterable[int], rows: Sequence[Any]) -> Snapshot:
    size = max((row[0] + 1 for row in rows), default=0)
    sets = {facet: dict(having) for facet, having in old.sets.items()}
    columns = {facet: _longer(column, size, None) for facet, column in old.columns.items()}
    names, in_order, everything = _longer(old.names, size, ""), list(old.in_order), old.everything
    for number in changed:
        if everything >> number & 1:
            everything &= ~(1 << number)
            del in_order[bisect_left(in_order, (names[number], number))]
            for facet, column in columns.items():
                for value in _values(facet, column[number]):
                    sets[facet][value] &= ~(1 << number)
    for number, name, *values in rows:
        everything |= 1 << number
        names[number] = name
        in_order.insert(bisect_left(in_order, (name, number)), (name, number))
        for (facet, column), value in zip(columns.items(), values, strict=True):
            column[number] = value
            for each in _values(facet, value):
                sets[facet][each] = sets[facet].get(each, 0) | 1 << number
    return replace(old, everything=everything, sets=sets, columns=columns, names=names, in_order=in_order, counted={}, labels={})


def _longer(column: Sequence[T], size: int, nothing: T) -> list[T]:
    return [*column, *[nothing] * (size - len(column))]


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(Instrument.id, SearchDocument.sort_name, *COLUMNS.values())
        .join(SearchDocument, SearchDocument.instrument_id == Instrument.id)
        .join(Organisation, Organisation.id == Instrument.organisation_id)
        .outerjoin(SearchPrice, SearchPrice.instrument_id == Instrument.id)
    )
