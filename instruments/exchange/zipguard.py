"""What an XLSX file would become, looked at before anything of it is kept: a small file may unpack to gigabytes (promise 17)."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from instruments.errors import Invalid, Sentence
from instruments.exchange.lines import MEGABYTE, MOST_ROWS

MOST_UNPACKED = 256 * MEGABYTE
MOST_PARTS = 2000
MOST_RATIO = 100  # a real list shrinks some ten to forty times
PARTS = (("xl/worksheets/", 192 * MEGABYTE), ("xl/sharedStrings", 48 * MEGABYTE), ("xl/media/", MOST_UNPACKED), ("", 8 * MEGABYTE))
MOST_CELLS = 4_000_000
MOST_TEXTS = 500_000
LONGEST_TEXT, WIDEST_ROW = 32_768, 16_384  # in a cell, in a row: what the program itself allows
CHUNK = 1 << 20
_ROW = re.compile(rb"<(?:\w+:)?row[\s>]")
BROKEN = Sentence(
    "文件已损坏，或不是 Excel 工作簿（.xlsx）。请在 Excel 中打开并重新另存。",
    "The file is broken, or no Excel workbook (.xlsx). Open it in Excel and save it again.",
)
TOO_BIG = Sentence(
    "工作簿解压后过大，无法导入。请只保留需要的工作表，或分成几份。",
    "Unpacked, the workbook is too large to import. Keep only the sheet you need, or split it.",
)


def inspect(path: Path) -> None:
    """Look a workbook over without keeping any of it: Invalid when it is broken, or would grow beyond what a list needs."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_directory(archive, path.stat().st_size)
            for part in archive.infolist():
                if not part.filename.startswith("xl/media/"):
                    _check_part(archive, part)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise Invalid("file", BROKEN) from error


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
    cells = texts = rows = in_row = 0
    with archive.open(part) as stream:
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                raise Invalid("file", BROKEN)
            first, *others = (piece.count(b"<c ") + piece.count(b":c ") for piece in _ROW.split(chunk))
            longest, in_row = max(in_row + first, *others, 0), others[-1] if others else in_row + first
            cells += first + sum(others)
            rows += len(others)
            texts += chunk.count(b"<si>") + chunk.count(b":si>")
            is_one_text = len(chunk) == CHUNK and chunk.count(b"<") < CHUNK // LONGEST_TEXT
            if is_one_text or longest > WIDEST_ROW or cells > MOST_CELLS or texts > MOST_TEXTS or rows > MOST_ROWS + 50_000:
                raise Invalid("file", TOO_BIG)
