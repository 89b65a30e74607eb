"""Lists in text files: which sign parts the columns, and the rows, read one by one."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from instruments.errors import Invalid, Sentence
from instruments.exchange.cells import clean, one_line, restore
from instruments.exchange.headers import is_known
from instruments.exchange.lines import MOST_COLUMNS, MOST_ROWS, Line, too_many_columns, too_many_rows

DELIMITERS = {
    ",": Sentence("逗号", "Comma"),
    ";": Sentence("分号", "Semicolon"),
    "\t": Sentence("制表符", "Tab"),
}
LOOK_AT = 40  # rows


def find_delimiter(path: Path, codec: str) -> str:
    """Find the sign that gives the most headers we know, or else parts the first rows most evenly; one column alone is read with commas."""
    return max(DELIMITERS, key=lambda delimiter: _likelihood(path, codec, delimiter))


def check_text(path: Path, codec: str, delimiter: str) -> int:
    """Run through the rows once and count them: Invalid when there are too many, or a quotation mark is never closed."""
    begun = number = 0
    with _reader(path, codec, delimiter, strict=True) as rows:
        try:
            for number, row in enumerate(rows, 1):
                begun = rows.line_num
                if len(row) > MOST_COLUMNS and any(row[MOST_COLUMNS:]):
                    raise too_many_columns()
                if number > MOST_ROWS + 50:
                    raise too_many_rows()
        except csv.Error as error:
            if "unexpected end of data" in str(error) or "field larger" in str(error):
                raise Invalid(
                    "file",
                    Sentence(
                        f"第 {begun + 1} 行附近有一个双引号没有成对，其后的内容无法分列。请补上引号后再导入。",
                        f"Near line {begun + 1} a quotation mark is never closed, so what follows cannot be parted into cells. Close it and import again.",
                    ),
                ) from error
    return number


def read_text(path: Path, codec: str, delimiter: str) -> Iterator[Line]:
    """Read the rows that hold something."""
    with _reader(path, codec, delimiter) as rows:
        for number, row in enumerate(rows, 1):
            cells = [clean(restore(cell)) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield Line(number, tuple(cells))


def _likelihood(path: Path, codec: str, delimiter: str) -> tuple[int, int]:
    """Count the headers we know in the best of the first rows, and how evenly the rows are parted."""
    with _reader(path, codec, delimiter) as reader:
        try:
            rows = [row for row in islice(reader, LOOK_AT) if row]
        except csv.Error:
            return (0, 0)
    known = max((sum(is_known(one_line(cell)) for cell in row) for row in rows), default=0)
    widths = Counter(len(row) for row in rows)
    return known, max((times * (width - 1) for width, times in widths.items()), default=0)


@contextmanager
def _reader(path: Path, codec: str, delimiter: str, strict: bool = False) -> Iterator[csv._reader]:  # type: ignore[name-defined]
    with path.open(encoding=codec, newline="") as file:
        yield csv.reader(file, delimiter=delimiter, strict=strict)
