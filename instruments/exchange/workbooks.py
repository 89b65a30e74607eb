"""XLSX files: looked over before anything is unpacked into memory, then read row by row, with merged cells filled."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from instruments.errors import Invalid, Sentence
from instruments.exchange.cells import clean, restore
from instruments.exchange.lines import MEGABYTE, MOST_COLUMNS, MOST_ROWS, Line

MOST_UNPACKED = 256 * MEGABYTE
MOST_PARTS = 2000
MOST_RATIO = 100  # a real list shrinks some ten to forty times
PARTS = (("xl/worksheets/", 192 * MEGABYTE), ("xl/sharedStrings", 64 * MEGABYTE), ("xl/media/", MOST_UNPACKED), ("", 8 * MEGABYTE))
MOST_CELLS = 4_000_000
MOST_TEXTS = 1_500_000
MOST_MERGES = 50_000
CHUNK = 1 << 20
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\"")
BROKEN = Sentence(
    "文件已损坏，或不是 Excel 工作簿(.xlsx)。请在 Excel 中打开并重新另存。",
    "The file is broken, or no Excel workbook (.xlsx). Open it in Excel and save it again.",
)
TOO_BIG = Sentence(
    "工作簿解压后过大，无法导入。请只保留需要的工作表，或分成几份。",
    "Unpacked, the workbook is too large to import. Keep only the sheet you need, or split it.",
)
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


def inspect(path: Path) -> None:
    """Look a workbook over without keeping any of it: Invalid when it is broken, or would grow beyond what a list needs."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_directory(archive, path.stat().st_size)
            for part in archive.infolist():
                if not part.filename.startswith("xl/media/"):
                    _check_part(archive, part)
    except (*_FAULTS, RuntimeError) as error:
        raise Invalid("file", BROKEN) from error


def sheet_names(path: Path) -> tuple[str, ...]:
    """Give the names of the sheets, the visible ones first."""
    with _Workbook(path) as book:
        return tuple(sheet.title for sheet in sorted(book.worksheets, key=lambda sheet: bool(sheet.sheet_state != "visible")))


def read_sheet(path: Path, name: str) -> Iterator[Line]:
    """Read the rows of a sheet that hold something; merged cells all show the text of the first."""
    with _Workbook(path) as book:
        sheet = book[name]
        merges = _Merges(merges_of(path, sheet._worksheet_path))
        sheet.reset_dimensions()  # what the file says of its own size may be wrong, or a trap
        try:
            for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), 1):
                cells = merges.fill(number, [clean(restore(_text(cell))) for cell in row])
                while cells and not cells[-1]:
                    cells.pop()
                if len(cells) > MOST_COLUMNS:
                    raise Invalid("file", Sentence(f"表格超过 {MOST_COLUMNS} 列。", f"The list has more than {MOST_COLUMNS} columns."))
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


class _Workbook:
    """openpyxl's workbook, opened for reading row by row, with its faults in words."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Any:
        try:
            self._book = load_workbook(self._path, read_only=True, data_only=True, keep_links=False)
        except _FAULTS as error:
            raise Invalid("file", BROKEN) from error
        return self._book

    def __exit__(self, *_: object) -> None:
        self._book.close()


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
        for merge, text in self._open:
            right = min(merge.right, MOST_COLUMNS)
            cells.extend([""] * (right - len(cells)))
            cells[merge.left - 1 : right] = [text] * (right - merge.left + 1)
        return cells


def _check_directory(archive: zipfile.ZipFile, size: int) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    unpacked = sum(part.file_size for part in parts)
    if "xl/workbook.xml" not in names:
        raise Invalid("file", BROKEN)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or (unpacked > 20 * MEGABYTE and unpacked > MOST_RATIO * size):
        raise Invalid("file", TOO_BIG)
    for part in parts:
        limit = next(limit for start, limit in PARTS if part.filename.startswith(start))
        if part.file_size > limit:
            raise Invalid("file", TOO_BIG)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Stream a part through: what it holds is counted, nothing is kept; the archive itself stops at the size it declared."""
    cells = texts = rows = 0
    with archive.open(part) as stream:
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                raise Invalid("file", BROKEN)
            cells += chunk.count(b"<c ") + chunk.count(b":c ")
            rows += chunk.count(b"<row") + chunk.count(b":row")
            texts += chunk.count(b"<si>") + chunk.count(b":si>")
    if cells > MOST_CELLS or texts > MOST_TEXTS or rows > MOST_ROWS + 50_000:
        raise Invalid("file", TOO_BIG)


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
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value)


def _date_text(value: datetime, shown_as: str) -> str:
    if value.time() != time():
        return value.isoformat(" ", "minutes")
    shown = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", shown_as.lower())
    if "d" in shown or "y" not in shown:
        return f"{value:%Y-%m-%d}"
    return f"{value:%Y-%m}" if "m" in shown else f"{value:%Y}"
