"""Sheets of uses on their way in: kept as files between the look and the deed, under a name only their owner is given."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from instruments.errors import Invalid, NotFound, Sentence
from instruments.exchange.lines import MEGABYTE
from instruments.exchange.tables import open_table
from portal import clock
from portal.auth import viewer
from portal.config import settings
from portal.transactions import writing
from scheduling.usagesheets import Outcome, find_columns, read_rows, take_in

MOST_BYTES = 5 * MEGABYTE
AT_ONCE = 50  # rows in one transaction: nobody waits long for the database
KEPT = timedelta(days=1)
NAME = re.compile(r"[0-9a-f]{32}")
Rows = Sequence[tuple[int, dict[str, str]]]


class _Looked(Exception):
    """Ends a transaction in which rows were only tried."""


def keep(stream: IO[bytes]) -> str:
    """Keep an uploaded sheet for a day; give the name under which it is found again. Invalid when it is too large."""
    _forget_old(clock.now())
    data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Invalid("file", Sentence(f"文件超过 {MOST_BYTES // MEGABYTE} MB。", f"The file is larger than {MOST_BYTES // MEGABYTE} MB."))
    name = secrets.token_hex(16)
    _path(name).write_bytes(data)
    return name


def read(name: str) -> Rows:
    """Read the rows of a kept sheet; Invalid when it is no list or lacks a column."""
    table = open_table(_kept(name))
    return read_rows(find_columns(table.headers), ((line.number, line.cells) for line in table.rows()))


def look(name: str) -> list[Outcome]:
    """Say what would become of each row; nothing is written."""
    rows, found = read(name), []
    try:
        with writing() as session:
            found = take_in(session, rows, viewer=viewer(), now=clock.now())
            raise _Looked
    except _Looked:
        return found


def carry_out(name: str) -> list[Outcome]:
    """Record the rows, some at a time; sent twice, the second time finds them recorded already."""
    rows, found = read(name), []
    for first in range(0, len(rows), AT_ONCE):
        with writing() as session:
            found += take_in(session, rows[first : first + AT_ONCE], viewer=viewer(), now=clock.now())
    _path(name).unlink(missing_ok=True)
    return found


def forget(name: str) -> None:
    """Drop a sheet that cannot be read."""
    _path(name).unlink(missing_ok=True)


def _path(name: str) -> Path:
    folder = settings().data_dir / "usesheets" / str(viewer().person_id)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _kept(name: str) -> Path:
    path = _path(name) if NAME.fullmatch(name) else None
    if path is None or not path.is_file():
        raise NotFound(Sentence("上传的文件已被清理，请重新上传。", "The uploaded file has been cleared away. Please upload it again."))
    return path


def _forget_old(now: datetime) -> None:
    for path in (settings().data_dir / "usesheets").glob("*/*"):
        if path.stat().st_mtime < (now - KEPT).timestamp():
            path.unlink(missing_ok=True)
