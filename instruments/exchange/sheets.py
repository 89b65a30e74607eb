"""Lists going out: CSV in pieces, XLSX row by row, so that a province fits into little memory. Nothing in a cell is ever a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import xlsxwriter

from instruments.catalogue import Instrument
from instruments.exchange.cells import neutralise
from instruments.exchange.written import Value, Writer

PIECE = 64 * 1024  # characters
LONGEST_CELL = 32_000  # Excel's own limit is 32,767
MARK = "\ufeff"  # without it Excel takes UTF-8 for the machine's own encoding
ROW_BY_ROW = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
WIDTHS = {"specifications": 40, "functions": 40, "fees": 40, "requirements": 40, "raw": 20}


def write_csv(rows: Iterable[Instrument], writer: Writer) -> Iterator[str]:
    """Write instruments as CSV, piece by piece."""
    return csv_pieces(writer.headers(), (writer.values(row) for row in rows))


def csv_pieces(headers: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[str]:
    """Write rows of cells as CSV for spreadsheet programs, piece by piece, every text made harmless."""
    buffer = io.StringIO()
    out = csv.writer(buffer)
    buffer.write(MARK)
    out.writerow(headers)
    for row in rows:
        out.writerow([neutralise(str(value)) for value in row])
        if buffer.tell() > PIECE:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_xlsx(rows: Iterable[Instrument], writer: Writer, path: Path) -> int:
    """Write instruments into a workbook and give how many."""
    count = 0
    with xlsxwriter.Workbook(str(path), ROW_BY_ROW) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        sheet = book.add_worksheet("仪器" if writer.language == "zh" else "Instruments")
        sheet.freeze_panes(1, 0)
        for column, field in enumerate(writer.fields):
            sheet.set_column(column, column, WIDTHS.get(field.key, 16))
            sheet.write_string(0, column, writer.say(field.label), bold)
        for count, row in enumerate(rows, 1):
            for column, value in enumerate(writer.values(row)):
                _write_cell(sheet, count, column, value)
    return count


def write_table(title: str, headers: Sequence[str], rows: Iterable[Sequence[Value]], path: Path) -> None:
    """Write rows of cells into a workbook of one sheet, row by row, every text made harmless."""
    with xlsxwriter.Workbook(str(path), ROW_BY_ROW) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(headers) - 1, 16)
        for column, header in enumerate(headers):
            sheet.write_string(0, column, header, bold)
        for number, cells in enumerate(rows, 1):
            for column, value in enumerate(cells):
                _write_cell(sheet, number, column, value)


def _write_cell(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: Value) -> None:
    if not isinstance(value, str):
        sheet.write_number(row, column, float(value))
    elif value:
        sheet.write_string(row, column, neutralise(value if len(value) <= LONGEST_CELL else _shorter(value)))


def _shorter(raw: str) -> str:
    """Leave out the longest of the raw texts until a cell holds the rest; an import adds raw texts, and takes none away."""
    kept = dict(json.loads(raw))
    while len(text := json.dumps(kept, ensure_ascii=False, sort_keys=True)) > LONGEST_CELL:
        del kept[max(kept, key=lambda key: len(kept[key]))]
    return text
