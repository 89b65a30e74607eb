"""What a document is, by its bytes: its name and what the browser called it count for nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from instruments.errors import Invalid, Sentence
from portal.pictures import rewritten

MEGABYTE = 1024 * 1024
MOST_PARTS, MOST_UNPACKED, MOST_RATIO = 4000, 300 * MEGABYTE, 200
OFFICE = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}
OLD_OFFICE = {"WordDocument": "doc", "Workbook": "xls", "Book": "xls", "PowerPoint Document": "ppt"}
OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OOXML = "application/vnd.openxmlformats-officedocument."
MEDIA_TYPES = {
    "pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "txt": "text/plain", "csv": "text/csv",
    "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
    "docx": OOXML + "wordprocessingml.document", "xlsx": OOXML + "spreadsheetml.sheet", "pptx": OOXML + "presentationml.presentation",
    **{kind: mark.decode() for mark, kind in OPEN_DOCUMENT.items()},
}  # fmt: skip
UNKNOWN = Sentence(
    "不支持这种文件。请上传 PDF、Word、Excel、PowerPoint、OpenDocument、文本或图片文件。",
    "This kind of file is not taken. Please send PDF, Word, Excel, PowerPoint, OpenDocument, plain text or a picture.",
)
WITH_MACROS = Sentence("文件中含有宏，请另存为不含宏的文件后上传。", "This file holds macros. Please save it without them first.")
SWOLLEN = Sentence("文件展开后过大，无法接收。", "This file unpacks to far more than it seems, so it is not taken.")


@dataclass(frozen=True, slots=True)
class Content:
    """A document whose kind is known: the ending of its name, its media type, and the bytes to keep."""

    ending: str
    media_type: str
    data: bytes


def read_content(data: bytes, file_name: str = "", field: str = "file") -> Content:
    """Find out what a document is; Invalid for what is not on the list, holds macros, or swells when unpacked."""
    for sniff in (_pdf, _picture, _packed, _old_office, _text):
        ending = sniff(data, file_name, field)
        if ending:
            is_picture = ending in ("jpg", "png")
            kept = rewritten(data, "JPEG" if ending == "jpg" else "PNG", field) if is_picture else data
            return Content(ending, MEDIA_TYPES[ending], kept)
    raise Invalid(field, UNKNOWN)


Sniff = Callable[[bytes, str, str], str]


def _pdf(data: bytes, _name: str, _field: str) -> str:
    return "pdf" if data.startswith(b"%PDF-") else ""


def _picture(data: bytes, _name: str, _field: str) -> str:
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    return "png" if data.startswith(b"\x89PNG\r\n\x1a\n") else ""


def _packed(data: bytes, _name: str, field: str) -> str:
    if not data.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return _kind_of_package(packed, field)
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, EOFError, RuntimeError) as error:
        raise Invalid(field, UNKNOWN) from error


def _kind_of_package(packed: zipfile.ZipFile, field: str) -> str:
    parts = packed.infolist()
    whole, tight = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > MOST_PARTS or whole > MOST_UNPACKED or whole > MOST_RATIO * max(tight, MEGABYTE // 100):
        raise Invalid(field, SWOLLEN)
    names = [part.filename for part in parts]
    if any(name.lower().endswith(("vbaproject.bin", ".xlm")) or name.startswith("Basic/") for name in names):
        raise Invalid(field, WITH_MACROS)
    if "[Content_Types].xml" in names:
        return next((kind for folder, kind in OFFICE.items() if any(name.startswith(folder) for name in names)), "")
    is_open_document = bool(parts) and names[0] == "mimetype" and parts[0].file_size < 100
    return OPEN_DOCUMENT.get(packed.read("mimetype"), "") if is_open_document else ""


def _old_office(data: bytes, _name: str, field: str) -> str:
    if not data.startswith(OLE_MARK):
        return ""
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        raise Invalid(field, WITH_MACROS)
    return next((kind for stream, kind in OLD_OFFICE.items() if stream.encode("utf-16-le") in data), "")


def _text(data: bytes, name: str, _field: str) -> str:
    if not data or b"\x00" in data:
        return ""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(character.isprintable() or character in "\t\r\n\f\ufeff\u3000\xa0" for character in text):
            return "csv" if name.lower().endswith(".csv") else "txt"
    return ""
