"""A list as a table: which file it is, which sheet, where its header stands, and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from instruments.errors import Invalid, Sentence
from instruments.exchange import encodings, textlists, workbooks, zipguard
from instruments.exchange.cells import fold, one_line
from instruments.exchange.headers import is_known
from instruments.exchange.lines import MOST_BYTES, MOST_ROWS, Line, too_many_rows

LOOK_FOR_HEADER = 30  # rows
DEEPEST_HEADER = 3  # rows that a merged header may span


@dataclass(frozen=True, slots=True)
class Layout:
    """What a person has chosen about reading a file; whatever is empty is found out."""

    sheet: str = ""
    header_row: int = 0
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A list ready to be read: its kind ("csv" or "xlsx"), how it is read, and its header."""

    path: Path
    kind: str
    layout: Layout
    headers: tuple[str, ...]
    sheets: tuple[str, ...] = ()
    header_depth: int = 1
    first_lines: tuple[Line, ...] = field(default=(), compare=False)
    claimed_rows: int = 0

    @property
    def estimate(self) -> int:
        """Guess how many rows there are, without reading them."""
        return max(0, min(self.claimed_rows - self.layout.header_row - self.header_depth + 1, MOST_ROWS))

    def rows(self) -> Iterator[Line]:
        """Read the rows under the header that hold something."""
        count = 0
        for line in _lines(self.path, self.kind, self.layout):
            if line.number >= self.layout.header_row + self.header_depth:
                count += 1
                if count > MOST_ROWS:
                    raise too_many_rows()
                yield line

    def samples(self, most: int = 200) -> list[tuple[str, ...]]:
        """Give the cells of the first rows."""
        return [line.cells for line in islice(self.rows(), most)]

    def count(self) -> int:
        """Count the rows under the header that hold something."""
        return sum(1 for _ in self.rows())


def open_table(path: Path, chosen: Layout | None = None) -> Table:
    """Look a file over and find how to read it; Invalid, in one sentence, when it cannot be read."""
    chosen = chosen or Layout()
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise Invalid("file", Sentence(f"文件超过 {MOST_BYTES // 2**20} MB。", f"The file is larger than {MOST_BYTES // 2**20} MB."))
    if size == 0:
        raise Invalid("file", Sentence("文件是空的。", "The file is empty."))
    kind = _kind(path)
    return _open_workbook(path, chosen) if kind == "xlsx" else _open_text(path, chosen)


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid(
            "file",
            Sentence(
                "这是旧版 Excel 文件（.xls）或带密码的文件。请在 Excel 中另存为不带密码的 .xlsx。",
                "This is an old Excel file (.xls) or one with a password. Save it as .xlsx without a password.",
            ),
        )
    if start.lstrip().lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"%pdf", b"{\\rtf")):
        raise Invalid(
            "file",
            Sentence(
                "这不是表格文件。请在 Excel 中打开并另存为 .xlsx 或 CSV。", "This is no list. Open it in Excel and save it as .xlsx or CSV."
            ),
        )
    return "csv"


def _open_workbook(path: Path, chosen: Layout) -> Table:
    zipguard.inspect(path)
    names = workbooks.sheets_of(path)
    if chosen.sheet and chosen.sheet not in names:
        raise Invalid("sheet", Sentence("工作簿中没有这个工作表。", "The workbook has no such sheet."))
    candidates = [chosen.sheet] if chosen.sheet else list(names)
    tables = [
        table for name in candidates if (table := _under_header(path, "xlsx", Layout(name, chosen.header_row), names[name], tuple(names)))
    ]
    if not tables:
        raise _no_list()
    return max(tables, key=lambda table: _known(table.headers))


def _open_text(path: Path, chosen: Layout) -> Table:
    encoding = encodings.check(path, chosen.encoding) if chosen.encoding else encodings.detect(path)
    if chosen.delimiter and chosen.delimiter not in textlists.DELIMITERS:
        raise Invalid("delimiter", Sentence("没有这种分隔符可选。", "There is no such delimiter to choose."))
    delimiter = chosen.delimiter or textlists.find_delimiter(path, encoding)
    rows = textlists.check_text(path, encoding, delimiter)
    table = _under_header(path, "csv", Layout("", chosen.header_row, encoding, delimiter), rows)
    if table is None:
        raise _no_list()
    return table


def _no_list() -> Invalid:
    return Invalid("file", Sentence("没有找到表头和数据行。", "No header with rows under it was found."))


def _lines(path: Path, kind: str, layout: Layout) -> Iterator[Line]:
    if kind == "xlsx":
        return workbooks.read_sheet(path, layout.sheet)
    return textlists.read_text(path, layout.encoding, layout.delimiter)


def _under_header(path: Path, kind: str, layout: Layout, rows: int, sheets: tuple[str, ...] = ()) -> Table | None:
    first = tuple(islice(_lines(path, kind, layout), LOOK_FOR_HEADER))
    if layout.header_row:
        first = tuple(line for line in _from(_lines(path, kind, layout), layout.header_row, LOOK_FOR_HEADER))
    header = first[0] if layout.header_row and first else _top_of_header(first, _find_header(first))
    if header is None:
        return None
    depth = _depth(first, header)
    block = [line for line in first if header.number <= line.number < header.number + depth]
    settled = Layout(layout.sheet, header.number, layout.encoding, layout.delimiter)
    return Table(path, kind, settled, _joined(block), sheets, depth, first, rows)


def _from(lines: Iterable[Line], number: int, most: int) -> Iterator[Line]:
    return islice((line for line in lines if line.number >= number), most)


def _find_header(lines: tuple[Line, ...]) -> Line | None:
    """Take the row with the most headers we know, or else the first of the rows with the most different texts."""
    if not lines:
        return None
    return max(lines, key=lambda line: (_known(line.cells), min(_different(line), 3), -line.number))


def _known(cells: Iterable[str]) -> int:
    return sum(is_known(text) for text in {one_line(cell) for cell in cells if cell})


def _different(line: Line) -> int:
    return len({fold(cell) for cell in line.cells if cell})


def _top_of_header(lines: tuple[Line, ...], header: Line | None) -> Line | None:
    """Go up from the row found to the first row of a merged header."""
    for line in reversed(lines):
        if header is not None and line.number == header.number - 1 and _are_merged(line, header):
            header = line
    return header


def _depth(lines: tuple[Line, ...], header: Line) -> int:
    """Count the rows of a header."""
    depth = 1
    for line in lines:
        if line.number == header.number + depth and depth < DEEPEST_HEADER:
            if not _are_merged(header, line):
                break
            depth += 1
    return depth


def _are_merged(above: Line, below: Line) -> bool:
    """Say whether two rows are one header: merged cells show the same texts in both, and make up half of it."""
    same = sum(1 for one, other in zip(above.cells, below.cells, strict=False) if one and one == other)
    return same >= 2 and same * 2 >= min(_different(above), _different(below))


def _joined(block: list[Line]) -> tuple[str, ...]:
    width = max(len(line.cells) for line in block)
    columns = [[line.cells[column] if column < len(line.cells) else "" for line in block] for column in range(width)]
    return tuple(" ".join(dict.fromkeys(one_line(text) for text in column if text)) for column in columns)
