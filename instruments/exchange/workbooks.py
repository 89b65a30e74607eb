"""XLSX files: looked over before anything is unpacked into memory, then read row by row, with merged cells filled."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHARED_STRINGS

from instruments.errors import Invalid, Sentence
from instruments.exchange.cells import clean, restore
from instruments.exchange.lines import MOST_COLUMNS, Line, too_many_columns
from instruments.exchange.zipguard import BROKEN

MOST_MERGES = 50_000
CHUNK = 1 << 20
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\"")
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    DefusedXmlException,
    InvalidFileException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Merge:
    """A block of merged cells, rows and columns counted from 1, ends included."""

    top: int
    left: int
    bottom: int
    right: int


def sheets_of(path: Path) -> dict[str, int]:
    """Give the names of the sheets, the visible ones first, each with the number of rows it claims to have."""
    with _Workbook(path) as book:
        ordered = sorted(book.worksheets, key=lambda sheet: bool(sheet.sheet_state != "visible"))
        return {str(sheet.title): int(sheet.max_row or 0) for sheet in ordered}


def read_sheet(path: Path, name: str) -> Iterator[Line]:
    """Read the rows of a sheet that hold something; merged cells all show the text of the first."""
    with _Workbook(path) as book:
        sheet = book[name]
        merges = _Merges(merges_of(path, sheet._worksheet_path))
        sheet.reset_dimensions()  # what the file says of its own size may be wrong, or a trap
        try:
            for number, row in enumerate(sheet.iter_rows(), 1):
                if any(cell.value is not None for cell in row[MOST_COLUMNS:]):
                    raise too_many_columns()
                cells = merges.fill(number, [clean(restore(_text(cell))) for cell in row[:MOST_COLUMNS]])
                while cells and not cells[-1]:
                    cells.pop()
                if cells:
                    yield Line(number, tuple(cells))
        except _FAULTS as error:
            raise Invalid("file", BROKEN) from error


def merges_of(path: Path, part: str) -> list[Merge]:
    """Find the merged blocks of a sheet; they stand at its end, so they are read before its rows."""
    found: list[Merge] = []
    with zipfile.ZipFile(path) as archive, archive.open(part) as stream:
        rest = b""
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            rest += chunk
            last = 0
            for match in _MERGE.finditer(rest):
                left, top, right, bottom = match.groups()
                found.append(Merge(int(top), _column(left), int(bottom), _column(right)))
                last = match.end()
            rest = rest[max(last, len(rest) - 200) :]
            if len(found) > MOST_MERGES:
                raise Invalid("file", Sentence("合并单元格过多，无法读取。", "There are too many merged cells to read."))
    return found


class _Reader(ExcelReader):
    """openpyxl's reader, except that it takes the texts cells share as plain texts: several times faster, and in little memory."""

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]  # the stubs leave it out
        if part is not None:
            with self.archive.open(part.PartName[1:]) as stream:
                self.shared_strings = list(_shared_texts(stream))


def _shared_texts(stream: IO[bytes]) -> Iterator[str]:
    """Give each shared text whole, without the readings that stand above Japanese characters."""
    parts: list[str] = []
    parents: list[Any] = []
    for event, element in iterparse(stream, events=("start", "end")):
        if event == "start":
            parents.append(element)
            continue
        parents.pop()
        name = element.tag.rpartition("}")[2]
        if name == "t" and element.text and not parents[-1].tag.endswith("rPh"):
            parts.append(element.text)
        elif name == "si":
            yield "".join(parts)
            parts.clear()
            parents[0].clear()  # what was read is let go of


class _Workbook:
    """openpyxl's workbook, opened for reading row by row, with its faults in words."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Any:
        self._file = self._path.open("rb")  # the library leaves a file open that it cannot read
        try:
            reader = _Reader(self._file, read_only=True, data_only=True, keep_links=False)
            reader.read()
            self._book = reader.wb
        except _FAULTS as error:
            self._file.close()
            raise Invalid("file", BROKEN) from error
        return self._book

    def __exit__(self, *_: object) -> None:
        self._book.close()
        self._file.close()


class _Merges:
    """Fills merged blocks while rows go by from top to bottom."""

    def __init__(self, merges: list[Merge]) -> None:
        self._coming = sorted(merges, key=lambda merge: merge.top, reverse=True)
        self._open: list[tuple[Merge, str]] = []

    def fill(self, number: int, cells: list[str]) -> list[str]:
        self._open = [(merge, text) for merge, text in self._open if merge.bottom >= number]
        while self._coming and self._coming[-1].top <= number:
            merge = self._coming.pop()
            text = cells[merge.left - 1] if merge.left <= len(cells) else ""
            if text:
                self._open.append((merge, text))
        if len(self._open) > MOST_COLUMNS:  # merged blocks never overlap in a sound file
            raise Invalid("file", BROKEN)
        for merge, text in self._open:
            right = min(merge.right, MOST_COLUMNS)
            cells.extend([""] * (right - len(cells)))
            cells[merge.left - 1 : right] = [text] * (right - merge.left + 1)
        return cells


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(cell: Any) -> str:
    """Give a cell as text: whole numbers without a point, dates as exactly as they are shown."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return _date_text(value, cell.number_format)
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    return str(value)


def _date_text(value: datetime, shown_as: str) -> str:
    if value.time() != time():
        return value.isoformat(" ", "minutes")
    shown = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", shown_as.lower())
    if "d" in shown or "y" not in shown:
        return f"{value:%Y-%m-%d}"
    return f"{value:%Y-%m}" if "m" in shown else f"{value:%Y}"
