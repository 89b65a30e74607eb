"""Keeping the index: instruments are indexed when they change, all of them when asked, by one writer at a time.

`watch` a session and call `index_changes` before its commit, and no path that changes the register can forget the index.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, event, func, insert, inspect, select
from sqlalchemy.orm import Session, joinedload, selectinload

from instruments.catalogue import Instrument, InstrumentAlias
from instruments.classification import Category, codes_above
from instruments.codes import CodeEntry
from instruments.database import is_sqlite
from instruments.facilities import Facility
from instruments.people import Organisation
from instruments.search.aliases import SearchAlias
from instruments.search.fields import document, sort_name
from instruments.search.postings import SearchDocument, SearchPosting, change, slices
from instruments.search.prices import put_bands
from instruments.search.snapshot import is_of_this_format, record_change

LOCK = 0x736561726368  # "search": any number will do, as long as nothing else takes the same
PIECE = 20_000
# Columns of an instrument that neither searching nor its facets look at; changing only these leaves the index as it is.
UNSEARCHED = frozenset({"version", "schedule_version"})


def index_instrument(session: Session, instrument_ids: Iterable[int]) -> int:
    """Index these instruments anew, as they are in this transaction, and give how many; call it last, others wait from here to the commit."""
    ids = sorted(set(instrument_ids))
    if not ids:
        return 0
    session.flush()
    _lock(session)
    count = sum(_index(session, piece) for piece in slices(ids, PIECE))
    record_change(session, ids)
    return count


def rebuild_index(session: Session) -> int:
    """Make the whole index anew from the register and give how many instruments are in it."""
    session.flush()
    _lock(session)
    session.connection().execute(delete(SearchPosting))
    session.connection().execute(delete(SearchDocument))
    count = sum(_index(session, piece) for piece in slices(session.scalars(select(Instrument.id).order_by(Instrument.id)).all(), PIECE))
    record_change(session, None, is_anew=True)
    return count


def index_prices(session: Session, bands: Mapping[int, str], *, as_of: datetime) -> int:
    """Write what an hour of instruments costs (search.prices) and give of how many it is other than before; call it last, as index_instrument."""
    session.flush()
    _lock(session)
    changed = put_bands(session, bands, as_of=as_of)
    if changed:
        record_change(session, changed)
    return len(changed)


def forget(session: Session, instrument_id: int) -> None:
    """Take an instrument out of the index, before or after its row is deleted."""
    session.flush()
    _lock(session)
    _put(session, {instrument_id: frozenset()})
    _save(session, {instrument_id: frozenset()}, {})
    record_change(session, [instrument_id])


def words_changed(session: Session) -> None:
    """Note that the words that mean the same, or the names of codes, have changed."""
    session.flush()
    _lock(session)
    record_change(session, None)


def is_complete(session: Session) -> bool:
    """Say whether every instrument is in the index, and the index of the format this code reads; else it is to be made anew."""
    missing = select(Instrument.id).where(Instrument.id.not_in(select(SearchDocument.instrument_id)))
    return is_of_this_format(session) and session.scalar(missing.limit(1)) is None


def _lock(session: Session) -> None:
    # SQLite has one writer anyway. Without this two writers would each write back a row of bits without the other's.
    if not is_sqlite(session):
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def _index(session: Session, ids: Sequence[int]) -> int:
    names: dict[int, str] = {}
    documents: dict[int, frozenset[str]] = dict.fromkeys(ids, frozenset())
    for some in slices(ids):
        instruments = _load(session, some)
        categories = _categories(session, instruments)
        for instrument in instruments:
            names[instrument.id] = sort_name(instrument)
            documents[instrument.id] = document(instrument, categories)
    _put(session, documents)
    _save(session, documents, names)
    return len(names)


def _load(session: Session, ids: Sequence[int]) -> Sequence[Instrument]:
    options = (joinedload(Instrument.organisation), joinedload(Instrument.facility), selectinload(Instrument.aliases))
    # What the session has loaded already may be older than what it has flushed: an alias deleted is still in its list.
    wanted = select(Instrument).where(Instrument.id.in_(ids)).options(*options).execution_options(populate_existing=True)
    return session.scalars(wanted).all()


def _categories(session: Session, instruments: Iterable[Instrument]) -> dict[str, Category]:
    codes = {instrument.category_code for instrument in instruments if instrument.category_code}
    wanted = {code for last in codes for code in (*codes_above(last), last)}
    return {category.code: category for category in session.scalars(select(Category).where(Category.code.in_(sorted(wanted))))}


def _put(session: Session, documents: dict[int, frozenset[str]]) -> None:
    added: dict[str, list[int]] = {}
    removed: dict[str, list[int]] = {}
    before = _before(session, list(documents))
    for number, keys in documents.items():
        old = before.get(number, frozenset())
        for key in keys - old:
            added.setdefault(key, []).append(number)
        for key in old - keys:
            removed.setdefault(key, []).append(number)
    change(session, added, removed)


def _before(session: Session, ids: Sequence[int]) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    for some in slices(ids):
        columns = select(SearchDocument.instrument_id, SearchDocument.tokens).where(SearchDocument.instrument_id.in_(some))
        found |= {number: _unpacked(blob) for number, blob in session.execute(columns)}
    return found


def _packed(keys: frozenset[str]) -> bytes:
    return zlib.compress(" ".join(sorted(keys)).encode(), 1)


def _unpacked(blob: bytes) -> frozenset[str]:
    return frozenset(zlib.decompress(blob).decode().split())


def _save(session: Session, documents: dict[int, frozenset[str]], names: dict[int, str]) -> None:
    for some in slices(list(documents)):
        session.connection().execute(delete(SearchDocument).where(SearchDocument.instrument_id.in_(some)))
    rows = [{"instrument_id": number, "sort_name": name, "tokens": _packed(documents[number])} for number, name in sorted(names.items())]
    if rows:
        session.execute(insert(SearchDocument), rows)


def watch(session: Session) -> None:
    """Note in this session what its flushes change of the register, for index_changes."""
    if "search_changed" not in session.info:
        session.info["search_changed"] = set()
        event.listen(session, "before_flush", _note)


def index_changes(session: Session) -> int:
    """Index what a watched session has changed, and give how many instruments; call it right before the commit."""
    session.flush()
    changed = session.info.get("search_changed", set())
    rows, words = {row for row in changed if row is not None}, None in changed
    changed.clear()
    if words:
        words_changed(session)
    return index_instrument(session, {number for row in rows for number in _touched(session, row)})


def _note(session: Session, _context: Any, _instances: Any) -> None:
    changed = session.info["search_changed"]
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, SearchAlias | CodeEntry):
            changed.add(None)
        elif isinstance(row, Instrument | InstrumentAlias | Organisation | Facility | Category) and _matters(session, row):
            changed.add(row)


def _matters(session: Session, row: Any) -> bool:
    if row in session.new or row in session.deleted:
        return True
    return any(attribute.history.has_changes() for attribute in inspect(row).attrs if attribute.key not in UNSEARCHED)


def _touched(session: Session, row: Any) -> Iterable[int]:
    """Give the instruments whose texts a changed row is part of."""
    if isinstance(row, Instrument):
        return [row.id]
    if isinstance(row, InstrumentAlias):
        return [row.instrument_id]
    if isinstance(row, Organisation):
        return session.scalars(select(Instrument.id).where(Instrument.organisation_id == row.id))
    if isinstance(row, Facility):
        return session.scalars(select(Instrument.id).where(Instrument.facility_id == row.id))
    return session.scalars(select(Instrument.id).where(Instrument.category_code.startswith(row.code.rstrip("0"))))
