"""The index: for every token and field, the set of instruments that have it, kept as one compressed row of bits.

Plain tables and the same statements on both databases, so that both give the same answers. Bit n stands for the instrument with id n.
Tried against the databases' own full text with the same tokens (50,000 instruments): FTS5 matched as fast, but tsvector with GIN took
three to ten times as long and twice the room, and counting facets in SQL over what was matched took 0.1 to 3 s; on sets of bits it takes 5 ms.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import LargeBinary, String, and_, bindparam, delete, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.database import Base, Key

# Byte order, so that "begins with" is a range of the key on both databases.
TokenText = String(60).with_variant(String(60, collation="C"), "postgresql")
AT_ONCE = 400
MOST_BEGUN = 400
LAST_CHARACTER = "\U0010ffff"

T = TypeVar("T")


class SearchPosting(Base):
    """The instruments that have a token in one field (see fields.FIELDS)."""

    __tablename__ = "search_posting"
    __audited__ = False

    token: Mapped[str] = mapped_column(TokenText, primary_key=True)
    field: Mapped[str] = mapped_column(String(1), primary_key=True)
    bits: Mapped[bytes] = mapped_column(LargeBinary)


class SearchDocument(Base):
    """What is indexed of one instrument: the name it is sorted by, and its tokens, to be taken back when they change.

    No foreign key: the row outlives its instrument until the index is told, which then knows what to take back.
    """

    __tablename__ = "search_document"
    __audited__ = False

    instrument_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    sort_name: Mapped[str] = mapped_column(String(200))
    tokens: Mapped[bytes] = mapped_column(LargeBinary)


def packed(bits: int) -> bytes:
    """Compress a set of ids."""
    return zlib.compress(bits.to_bytes((bits.bit_length() + 7) // 8, "little"), 1)


def unpacked(blob: bytes) -> int:
    """Give a compressed set of ids back."""
    return int.from_bytes(zlib.decompress(blob), "little")


def slices(items: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """Cut a list into pieces a statement can carry."""
    return (items[start : start + size] for start in range(0, len(items), size))


def bits_of(ids: Iterable[int]) -> int:
    """Make a set of ids into bits."""
    found = list(ids)
    if not found:
        return 0
    row = bytearray(max(found) // 8 + 1)
    for number in found:
        row[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(row, "little")


def ids_of(bits: int) -> list[int]:
    """List the ids in a set, ascending."""
    digits = bin(bits)[:1:-1]
    ids, at = [], digits.find("1")
    while at >= 0:
        ids.append(at)
        at = digits.find("1", at + 1)
    return ids


class Postings:
    """The rows fetched for one search; a row is decompressed when it is first needed."""

    def __init__(self) -> None:
        self._packed: dict[tuple[str, str], bytes] = {}
        self._exact: dict[tuple[str, str], int] = {}
        self._begun: dict[tuple[str, str], int] = {}

    def exact(self, token: str, field: str) -> int:
        """Give the ids that have a token in a field."""
        place = (token, field)
        if place not in self._exact:
            self._exact[place] = unpacked(self._packed[place]) if place in self._packed else 0
        return self._exact[place]

    def begun(self, token: str, field: str) -> int:
        """Give the ids that have, in a field, a token that begins so."""
        return self._begun.get((token, field), 0)

    def known(self) -> set[str]:
        """Give the tokens that some instrument has."""
        return {token for token, _ in self._packed}

    def add(self, rows: Iterable[Any]) -> None:
        """Take in rows found by their whole token."""
        self._packed.update(((token, field), blob) for token, field, blob in rows)

    def add_begun(self, begin: str, rows: Iterable[Any]) -> None:
        """Take in rows found by the begin of their token."""
        for _, field, blob in rows:
            place = (begin, field)
            self._begun[place] = self._begun.get(place, 0) | unpacked(blob)


_ROWS = select(SearchPosting.token, SearchPosting.field, SearchPosting.bits)
_EXACT = _ROWS.where(SearchPosting.token.in_(bindparam("tokens", expanding=True)))
_BEGUN = (
    _ROWS.where(SearchPosting.token >= bindparam("start"), SearchPosting.token < bindparam("end"))
    .order_by(SearchPosting.token, SearchPosting.field)
    .limit(MOST_BEGUN)
)
_IN_FIELD = _EXACT.where(SearchPosting.field == bindparam("field"))
_THIS = and_(SearchPosting.token == bindparam("of_token"), SearchPosting.field == bindparam("of_field"))


def fetch(session: Session, tokens: Iterable[str], begins: Iterable[str] = ()) -> Postings:
    """Read the rows of some tokens, and of at most MOST_BEGUN tokens and fields for each begin."""
    postings = Postings()
    for some in slices(sorted(set(tokens))):
        postings.add(session.execute(_EXACT, {"tokens": some}))
    for begin in sorted(set(begins)):
        postings.add_begun(begin, session.execute(_BEGUN, {"start": begin, "end": begin + LAST_CHARACTER}))
    return postings


def change(session: Session, added: Mapping[str, Sequence[int]], removed: Mapping[str, Sequence[int]]) -> None:
    """Put ids into some rows and take them out of others; the caller holds the lock of the index.

    A key is the letter of a field and a token.
    """
    for some in slices(sorted(added.keys() | removed.keys())):
        old = _rows_before(session, some)
        new = {key: (old.get(key, 0) | bits_of(added.get(key, ()))) & ~bits_of(removed.get(key, ())) for key in some}
        _write(session, old, new)


def _rows_before(session: Session, keys: Sequence[str]) -> dict[str, int]:
    by_field: dict[str, list[str]] = {}
    for key in keys:
        by_field.setdefault(key[0], []).append(key[1:])
    found: dict[str, int] = {}
    for field, tokens in by_field.items():
        rows = session.execute(_IN_FIELD, {"field": field, "tokens": tokens})
        found.update((field + token, unpacked(blob)) for token, _, blob in rows)
    return found


def _write(session: Session, old: Mapping[str, int], new: Mapping[str, int]) -> None:
    connection = session.connection()
    fresh = [{"token": key[1:], "field": key[0], "bits": packed(bits)} for key, bits in new.items() if bits and key not in old]
    other = [{**_named(key), "new_bits": packed(bits)} for key, bits in new.items() if bits and old.get(key, bits) != bits]
    empty = [_named(key) for key, bits in new.items() if not bits and key in old]
    if fresh:
        connection.execute(insert(SearchPosting), fresh)
    if other:
        connection.execute(update(SearchPosting).where(_THIS).values(bits=bindparam("new_bits")), other)
    if empty:
        connection.execute(delete(SearchPosting).where(_THIS), empty)


def _named(key: str) -> dict[str, Any]:
    return {"of_token": key[1:], "of_field": key[0]}
