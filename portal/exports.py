"""Lists to take away: what a search found, or what one manages, as CSV, XLSX or UNIQUIP; written into a file first, which takes little memory
and keeps no slow reader at the database."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from instruments.access import inspected_by
from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, Sentence
from instruments.exchange.national import national
from instruments.exchange.sheets import write_csv, write_xlsx
from instruments.exchange.uniquip import write_uniquip
from instruments.exchange.vocabulary import read_vocabulary
from instruments.exchange.written import Writer
from instruments.search.find import matching_ids
from instruments.search.postings import slices
from portal import clock
from portal.auth import viewer
from portal.language import current_language, t
from portal.links import outside_url
from portal.searchform import read_search
from portal.transactions import reading

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV, JSON = "text/csv", "application/json"
AT_ONCE = 500  # instruments in memory
MOST_FOR_ANYBODY = 2_000  # who is logged in may take the whole register
PIECE = 1 << 16


def export(kind: str) -> Response:
    """Give the instruments a search finds, or with ?scope=managed all that one manages with every field: CSV, XLSX, or the national fields as JSON."""
    is_public = request.args.get("scope") != "managed"
    with reading() as session:
        ids = _ids(session, is_public=is_public)
        words = read_vocabulary(session)
        writer = Writer(words, current_language(), is_public=is_public)
        title, plain = t("仪器列表.{kind}", "instruments.{kind}", kind=kind), f"instruments.{kind}"
        if kind == "json":
            if is_public:
                raise Forbidden  # a return holds what is not public
            return attachment(_write(_json_pieces(national(row, words) for row in _instruments(session, ids))), JSON, title, plain)
        if kind == "csv":
            return attachment(_write(write_csv(_instruments(session, ids), writer)), CSV, title, plain)
        return attachment(lambda path: write_xlsx(_instruments(session, ids), writer, path), XLSX, title, plain)


def uniquip() -> Response:
    """Give the published instruments a search finds as UNIQUIP CSV."""
    with reading() as session:
        ids = _ids(session, is_public=True)
        pieces = write_uniquip(_instruments(session, ids), read_vocabulary(session), _address_of)
        return attachment(_write(pieces), CSV, "uniquip.csv", "uniquip.csv")


def csv_attachment(pieces: Iterable[str], title: str, plain: str) -> Response:
    """Answer with a CSV file to be saved."""
    return attachment(_write(pieces), CSV, title, plain)


def attachment(write: Callable[[Path], Any], media_type: str, title: str, plain: str) -> Response:
    """Answer with a file to be saved, under a name any browser and any language can keep; `write` fills it now."""
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "list"
        write(path)
        file = path.open("rb")  # closed when the answer has been sent
    response = Response(_pieces(file), mimetype=media_type)
    response.call_on_close(file.close)
    safe = "".join(c for c in title if c.isprintable() and c not in '\\/:*?"<>|')
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        yield from iter(lambda: file.read(PIECE), b"")


def _json_pieces(described: Iterable[dict[str, Any]]) -> Iterator[str]:
    before = "[\n"
    for one in described:
        yield before + json.dumps(one, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _write(pieces: Iterable[str]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)

    return write


def _ids(session: Session, *, is_public: bool) -> list[int]:
    who = viewer()
    if is_public:
        found = matching_ids(session, read_search(request.args, clock.now()).query)
        if who.is_anonymous and len(found) > MOST_FOR_ANYBODY:
            most = f"{MOST_FOR_ANYBODY:,}"
            raise Invalid(
                "q",
                Sentence(
                    f"超过 {most} 台，请缩小范围，或登录后下载。",
                    f"More than {most} instruments: narrow the search, or log in to take them all.",
                ),
            )
        return found
    if who.is_anonymous or not (who.manages_any or who.is_auditor):
        raise Forbidden
    return list(session.scalars(select(Instrument.id).where(inspected_by(who)).order_by(Instrument.organisation_id, Instrument.inner_id)))


def _instruments(session: Session, ids: list[int]) -> Iterator[Instrument]:
    """Give the instruments in order, a few at a time, each forgotten when it is written."""
    options: tuple[Any, ...] = (joinedload(Instrument.organisation), joinedload(Instrument.facility), selectinload(Instrument.aliases))
    for some in slices(ids, AT_ONCE):
        found = {row.id: row for row in session.scalars(select(Instrument).where(Instrument.id.in_(some)).options(*options))}
        yield from (found[number] for number in some if number in found)
        session.expunge_all()


def _address_of(row: Instrument) -> str:
    return outside_url("instruments.show", instrument_id=row.id)
