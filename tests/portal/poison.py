"""Hostile texts, put straight into the database wherever a text can stand; and readers that notice when one is more than a text."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from html.parser import HTMLParser
from itertools import count
from typing import Any

from icalendar import Calendar
from openpyxl import load_workbook
from sqlalchemy import JSON, String
from sqlalchemy.orm import Session

from instruments import audit
from instruments.database import DERIVED, Base

TAG = "x-hostile"
HEADER = "X-Hostile"
# What begins a formula, in turn; then everything that ends an attribute, an element, a line of a header, an entry of a calendar.
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "'=")
SCRIPT = "<script>marker=1</script>"
WHOLE = (
    f"\"'></script></textarea></title><{TAG} onhostile=1>{SCRIPT}<img src=x onerror=marker=1>{{{{7*1111111}}}}\u202e"
    f"\r\n{HEADER}: 1\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n"
)
MIDDLE = f"\"'><{TAG}>{SCRIPT}"
SHORT = f"\"'><{TAG}>"
SHORTEST = '">'
WORKED_OUT = str(7 * 1111111)
LINKS = ("service_url", "website")
# Columns whose texts nobody writes: codes chosen from lists, hashes, file names of our own, what is computed.
CHOSEN = {
    "access_card": {"digest"},
    "api_token": {"token_hash", "prefix"},
    "audit_entry": {"action", "noun", "row_key", "seal", "before", "after"},  # append-only; poisoned by the changes it records
    "booking": {"status", "mode", "purpose", "audience", "uid", "bundle"},
    "category": {"code", "parent_code"},
    "closure": {"kind", "time_zone", "repeats", "lifted_days"},
    "code_entry": {"list_name", "code"},
    "credential": {"password_hash", "totp_secret", "recovery_hashes"},
    "device": {"kind"},
    "document": {"media_type", "stored_as"},
    "evaluation": {"state"},
    "evaluation_appeal": {"outcome"},
    "evaluation_entry": {"name_zh", "name_en", "inputs", "reason"},  # append-only
    "evaluation_given": {"code", "value", "note", "link", "file_name", "media_type", "stored_as"},  # append-only
    "evaluation_mark": {"scores", "total", "grade"},  # append-only
    "evaluation_scheme": {"code"},
    "evaluation_scheme_version": {"terms", "source", "reason"},  # append-only
    "facility": {"kind"},
    "feed_secret": {"secret_hash", "prefix"},
    "idempotency_key": {"key", "route", "body_hash", "answer"},
    "import_issue": {"kind", "field"},
    "import_run": {"stored_as", "sha256", "encoding", "delimiter", "targets", "status", "lease_owner", "sheet", "problem"},
    "instrument": {
        "category_code", "source", "condition", "sharing_mode", "photo", "time_zone", "publication", "exemption_status", "country", "province",
        "city", "commissioned",
    },
    "login_session": {"token_hash"},
    "mailed_token": {"purpose", "token_hash"},
    "opening_hours": {"on_holidays", "weekly"},
    "organisation": {"code", "kind", "city", "time_zone"},
    "outbox_message": {"key", "kind", "to_address", "language", "message_id", "ics", "ics_method", "facts", "lease_owner"},
    "person": {"email", "language", "status"},
    "programme": {"code", "kind", "terms"},
    "publication_phase": {"publication"},
    "published_instrument": {"category_code", "city"},
    "published_year": {"note"},  # append-only; hostile from the beginning, see townfigures.py
    "qualification": {"status"},
    "role_grant": {"role"},
    "outbox_file": {"key", "media_type"},
    "saved_report": {"given", "span", "format", "language", "schedule", "pause"},
    "rule_book": {"entries"},
    "search_alias": {"kind", "group_key", "reading"},
    "claim": {"status", "lines"},
    "claim_document": {"kind", "media_type", "stored_as"},
    "deposit": {"kind", "reference", "payer", "note"},  # append-only
    "deposit_document": {"media_type", "stored_as"},
    "voucher": {"status"},
    "voucher_use": {"service"},
    "usage_record": {"audience", "mode", "purpose", "outcome", "rating", "status", "start_source", "end_source", "quantities", "options"},
    "account": {"number", "kind", "quota_mode"},
    "booking_quote": {"priced", "shares", "quantities", "options"},
    "charge": {"kind", "status", "currency"},
    "charge_dispute": {"outcome"},
    "charge_line": {"code", "label_zh", "label_en", "quantity", "unit_zh", "unit_en", "reason"},  # kept as charged by the database
    "hold": {"status"},
    "ledger_transaction": {"key", "kind", "noun", "reason"},  # append-only
    "national_return": {"kind", "state", "format", "digest", "note", "remark"},  # as signed
    "national_return_row": {"data", "typed", "problems"},  # as signed
    "return_deadline": {"kind"},
    "return_facts": {"area"},
    "typed_figure": {"kind", "field"},  # append-only
    "purchase_review": {  # as given; its texts are tried in tests/portal/test_purchases.py
        "number", "title", "category_code", "words", "city", "need", "chosen", "verdict", "opinion", "figures",
    },
    "reading_batch": {"name", "digest", "answer"},
    "research_result": {"kind", "level", "who"},
    "settlement": {"way", "reference", "note"},  # append-only
    "statement": {"number", "account_number", "account_kind", "account_name", "provider_zh", "provider_en", "payer_zh", "payer_en"},  # as issued
    "statement_line": {"kind", "person", "instrument_zh", "instrument_en", "reference"},  # as issued
    "switched_on": {"card_digest", "matching"},
    "tariff_version": {"spec", "cost_sheet"},
    "usage_problem": {"kind", "detail", "resolution"},
}  # fmt: skip
COMPUTED = ("search_change", "search_document", "search_posting", "search_price")


def texts_of(table: Any) -> list[Any]:
    """The columns of a table that can hold a text of somebody's own."""
    chosen = CHOSEN.get(table.name, set())
    return [one for one in table.columns if isinstance(one.type, String | JSON) and one.name not in chosen]


def poison(session: Session, now: datetime) -> int:
    """Put a hostile text into every text of every row; give how many."""
    audit.watch(session, actor_id=None, now=now)
    numbers, done = count(), 0
    for mapper in Base.registry.mappers:
        table = mapper.local_table
        if table.name in COMPUTED or DERIVED in table.info:
            continue
        for row in session.query(mapper.class_):
            for column in texts_of(table):
                setattr(row, column.name, hostile(column, next(numbers)))
                done += 1
    session.flush()
    return done


def hostile(column: Any, number: int) -> Any:
    """Make a text for a column as hostile as its length allows, no two the same."""
    if isinstance(column.type, JSON):
        return _hostile_json(column.name, number)
    most = column.type.length or 2000
    begin = BEGINNINGS[number % len(BEGINNINGS)]
    if column.name in LINKS:
        return f"javascript:hostile({number}){SHORT}"
    text = next(text for text in (WHOLE, MIDDLE, SHORT, SHORTEST) if len(text) + 8 <= most or text is SHORTEST)
    return f"{begin}{number}{text}"[:most]


def _hostile_json(name: str, number: int) -> Any:
    text = f"={number}{WHOLE}"
    if name == "funds":
        return [{"kind": text, "amount": text}]
    return [text, text, text] if name in ("headers", "subjects", "other_codes") else {text: text}


class HtmlReader(HTMLParser):
    """Reads a page as a browser does, and notes every hostile text that became more than a text, and what the page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.made_of: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.made_of |= {(tag, ""), *((tag, name) for name, _ in attributes)}
        given = dict(attributes)
        if tag == TAG or tag == "style" or (tag == "script" and "src" not in given and "json" not in (given.get("type") or "")):
            self.found.append(f"an element: {self.get_starttag_text()}")
        for name, value in attributes:
            address = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.found.append(f"an attribute of <{tag}>")
            if name in ("href", "src", "action", "formaction", "data", "hx-get", "hx-post") and address.startswith(
                ("javascript:", "vbscript:")
            ):
                self.found.append(f"a script in {name} of <{tag}>")


def read_page(text: str) -> HtmlReader:
    reader = HtmlReader()
    reader.feed(text)
    reader.close()
    if WORKED_OUT in text:
        reader.found.append("a template worked out")
    return reader


def harm_in_page(text: str) -> list[str]:
    return read_page(text).found


FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r]")


def harm_in_cells(cells: Iterator[Any]) -> list[str]:
    """Cells a spreadsheet program takes for formulas; a plain number is none."""
    return [cell for cell in cells if isinstance(cell, str) and FORMULA.match(cell) and not re.fullmatch(r"-?\d+(\.\d+)?", cell)]


def harm_in_csv(content: bytes) -> list[str]:
    text = content.decode("utf-8-sig")
    return harm_in_cells(cell for row in csv.reader(io.StringIO(text)) for cell in row)


def harm_in_workbook(content: bytes) -> list[str]:
    cells = [cell for sheet in load_workbook(io.BytesIO(content)) for row in sheet.iter_rows() for cell in row]
    formulas = [str(cell.value) for cell in cells if cell.data_type == "f" or cell.hyperlink]
    return formulas + harm_in_cells(cell.value for cell in cells)


def harm_in_calendar(content: bytes, entries: int) -> list[str]:
    """Properties that came in with a text, and entries that are too many."""
    assert content.replace(b"\r\n", b"").count(b"\n") == content.replace(b"\r\n", b"").count(b"\r") == 0, "a bare line break"
    calendar = Calendar.from_ical(content)
    found = [f"{part.name}: {name}" for part in calendar.walk() for name in part if name.upper() == HEADER.upper()]
    there = len(calendar.walk("VEVENT"))
    return found + ([f"{there} entries instead of {entries}"] if there != entries else [])


LETTER_HEADERS = {
    "from", "to", "subject", "message-id", "date", "auto-submitted", "x-auto-response-suppress", "list-unsubscribe", "content-language", "mime-version",
    "content-type", "content-transfer-encoding", "content-disposition",
}  # fmt: skip


def harm_in_letter(content: bytes, entries: int) -> list[str]:
    """Headers and lines that came in with a text, and characters in the subject that nobody sees."""
    letter = message_from_bytes(content, policy=policy.default)
    found = [f"a header {name}" for part in letter.walk() for name in part if name.lower() not in LETTER_HEADERS]
    found += [f"in the subject: {one!r}" for one in str(letter["Subject"]) if unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp")]
    for part in letter.walk():
        if part.get_content_type() in ("text/calendar", "application/ics"):
            found += harm_in_calendar(part.get_payload(decode=True), entries)
        elif part.get_content_maintype() == "text":
            lines = part.get_content().splitlines()
            found += [f"a line of its own: {line}" for line in lines if re.match(f"{HEADER}|(BEGIN|END):", line) or "\u202e" in line]
    return found
