"""Files of instruments, kept under DATA_DIR/files and named by their content, so that keeping one twice does no harm."""

from __future__ import annotations

import hashlib
import math
import os
import re
import secrets
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from flask import Response, send_file
from sqlalchemy import select

from instruments.catalogue import Document, Instrument
from instruments.errors import Invalid, NotFound, Sentence
from portal.config import settings
from portal.contents import MEGABYTE, read_content
from portal.pictures import read_picture
from portal.transactions import reading
from scheduling.accounting.claims import ClaimDocument
from scheduling.accounting.evidence import DepositDocument, StoredFile
from scheduling.evaluations.rounds import EvaluationGiven

LARGEST_PHOTO, LARGEST_DOCUMENT = 15 * MEGABYTE, 25 * MEGABYTE
MOST_DOCUMENTS = 40
STORED = re.compile(r"[0-9a-f]{40}(?:-small)?\.[a-z0-9]{2,4}")
A_YEAR = 365 * 24 * 3600
KEPT_UNNAMED = timedelta(days=1)


def store_photo(instrument: Instrument, stream: IO[bytes]) -> None:
    """Keep a photo of an instrument in two sizes, written anew; Invalid for anything that is no picture."""
    picture = read_picture(_read(stream, LARGEST_PHOTO, "photo"))
    name = _name_of(picture.large)
    _keep(f"{name}.webp", picture.large)
    _keep(f"{name}-small.webp", picture.small)
    instrument.photo = f"{name}.webp"


def store_document(
    instrument: Instrument, stream: IO[bytes], *, file_name: str, title: str, about: str = "", now: datetime
) -> Document:  # fmt: skip
    """Keep a document of an instrument, whose kind is found out from its bytes; gives the new row, already the instrument's."""
    if len(instrument.documents) >= MOST_DOCUMENTS:
        raise Invalid("file", Sentence(f"一台仪器最多 {MOST_DOCUMENTS} 份文档。", f"An instrument has at most {MOST_DOCUMENTS} documents."))
    title = title.strip() or clean_stem(file_name)
    if len(title) > 200:
        raise Invalid("title", Sentence("标题不超过 200 字。", "A title has at most 200 characters."))
    kept = keep_file(stream, file_name)
    document = Document(
        title=title, file_name=kept.file_name, media_type=kept.media_type, size=kept.size, stored_as=kept.stored_as, about=about.strip(),
        added_at=now,
    )  # fmt: skip
    instrument.documents.append(document)
    return document


def keep_file(stream: IO[bytes], file_name: str) -> StoredFile:
    """Keep a document whose kind is found out from its bytes; Invalid for one that is empty, too large, or of no kind on the list."""
    content = read_content(_read(stream, LARGEST_DOCUMENT, "file"), file_name)
    stored_as = f"{_name_of(content.data)}.{content.ending}"
    _keep(stored_as, content.data)
    return StoredFile(f"{clean_stem(file_name)}.{content.ending}", content.media_type, len(content.data), stored_as)


def send_photo(instrument: Instrument, *, is_small: bool, is_public: bool) -> Response:
    """Answer with the photo; its address changes with it, so a public one may be kept for a year."""
    if not instrument.photo:
        raise NotFound
    name = instrument.photo.replace(".webp", "-small.webp") if is_small else instrument.photo
    response = send_file(_path(name), mimetype="image/webp", conditional=True, etag=name, max_age=A_YEAR if is_public else None)
    if is_public:
        response.cache_control.public, response.cache_control.immutable = True, True
    else:
        response.cache_control.no_store = True
    return response


def send_document(document: Document | ClaimDocument | DepositDocument | EvaluationGiven) -> Response:
    """Answer with a document, to be saved and never shown by the browser inside this portal."""
    name = f"{clean_stem(document.file_name)}{Path(document.stored_as).suffix}"  # whoever wrote the row
    response = send_file(
        _path(document.stored_as), mimetype=document.media_type, as_attachment=True, download_name=name,
        conditional=True, etag=document.stored_as,
    )  # fmt: skip
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.cache_control.no_cache = True
    return response


def prune(now: datetime) -> int:
    """Delete files that no row names any more and give how many; a file of the last day may belong to an upload under way."""
    with reading() as session:
        named = set(session.scalars(select(Document.stored_as))) | set(
            session.scalars(select(Instrument.photo).where(Instrument.photo != ""))
        )
        for stored_as in (ClaimDocument.stored_as, DepositDocument.stored_as, EvaluationGiven.stored_as):
            named |= set(session.scalars(select(stored_as)))
    named.discard("")
    if not named:
        return 0  # a new database beside the files of another: they are not ours to delete
    named |= {name.replace(".webp", "-small.webp") for name in named}
    before = (now - KEPT_UNNAMED).timestamp()
    deleted = 0
    for path in _folder().glob("??/*"):
        if path.name not in named and _changed_at(path) < before:
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def clean_stem(file_name: str) -> str:
    """Give the name of a file without folders, ending and characters that make trouble in names and headers."""
    base = re.split(r"[\\/]", unicodedata.normalize("NFC", file_name))[-1]
    stem = base.rpartition(".")[0] or base
    kept = "".join(character for character in stem if character.isprintable() and character not in '<>:"|?*;%')
    return kept.strip(" .")[:120] or "document"


def _read(stream: IO[bytes], most: int, field: str) -> bytes:
    content = stream.read(most + 1)
    if not content:
        raise Invalid(field, Sentence("请选择一个文件，文件不能为空。", "Please choose a file; an empty one is not taken."))
    if len(content) > most:
        megabytes = most // MEGABYTE
        raise Invalid(field, Sentence(f"文件不能超过 {megabytes} MB。", f"A file may have at most {megabytes} MB."))
    return content


def _name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:40]


def _folder() -> Path:
    return settings().data_dir / "files"


def _path(name: str) -> Path:
    path = _folder() / name[:2] / name
    if not STORED.fullmatch(name) or not path.is_file():
        raise NotFound
    return path


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process has deleted it since
        return math.inf


def _keep(name: str, content: bytes) -> None:
    """Write a file whole or not at all; one of the same name has the same content."""
    folder = _folder() / name[:2]
    folder.mkdir(parents=True, exist_ok=True)
    path, making = folder / name, folder / f".{name}.{secrets.token_hex(4)}"
    if path.is_file() and path.stat().st_size == len(content):
        path.touch()  # in use again from today, should its old row be gone
        return
    try:
        with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)
