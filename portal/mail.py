"""Letters on their way: as EmailMessage, to the SMTP server of PORTAL_MAIL_URL, or to files in the data directory where none is set."""

from __future__ import annotations

import os
import smtplib
import ssl
from contextlib import suppress
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import parseaddr
from pathlib import Path
from types import TracebackType
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from portal.config import Settings
from portal.outbox import OutboxFile, OutboxMessage


class AddressOnly(UnstructuredHeader):
    """A header that is an address in angle brackets: as it is, on one line. The library encodes long ones as words, which no program reads."""

    def fold(self, *, policy: Policy) -> str:
        """Write the line."""
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]  # the registry makes it a header with a name


HEADERS = HeaderRegistry()
HEADERS.map_to_type("list-unsubscribe", AddressOnly)
POLICY = SMTP.clone(cte_type="7bit", header_factory=HEADERS)  # base64 and quoted-printable pass every server
ONE_CLICK = "List-Unsubscribe=One-Click"  # what a mail program sends, as RFC 8058 has it
TIMEOUT = 8.0  # seconds for each word of the conversation


class Away(Exception):
    """The mail server cannot be reached, or takes no mail from us at all: no letter's fault."""


class NotNow(Exception):
    """The server does not take this letter now; later it may."""


class Never(Exception):
    """The server will never take this letter."""


class Post(Protocol):
    """Takes letters to where they go; one connection for as long as the block lasts."""

    def __enter__(self) -> Post: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def send(self, letter: EmailMessage) -> None:
        """Hand one letter over; raises Away, NotNow or Never."""


def post_of(settings: Settings) -> Post:
    """Choose how letters travel, by the settings."""
    return SmtpPost(settings.mail_url) if settings.mail_url else FilePost(settings.data_dir / "mail")


def letter_of(message: OutboxMessage, settings: Settings, sender: str, file: OutboxFile | None = None, stop_url: str = "") -> EmailMessage:
    """Write a message of the outbox as mail: text, the calendar part both inside it and as a file, and a file. `sender` is the name shown.

    `stop_url` stops the series it is one of: a mail program's own button leads there (RFC 2369), over https by one click (RFC 8058).

    Raises Never where a header would hold a line break or an address is none.
    """
    letter = EmailMessage(policy=POLICY)
    try:
        letter["From"] = sender_address(settings, sender)
        letter["To"] = Address(addr_spec=message.to_address)
        letter["Subject"] = message.subject
        letter["Message-ID"] = message.message_id
        letter["Date"] = message.created_at
        letter["Auto-Submitted"] = "auto-generated"
        letter["X-Auto-Response-Suppress"] = "All"
        if stop_url:
            letter["List-Unsubscribe"] = f"<{stop_url}>"
        if stop_url.startswith("https://"):
            letter["List-Unsubscribe-Post"] = ONE_CLICK
    except (ValueError, IndexError) as error:  # IndexError: what the address parser of the library says to an empty address
        raise Never(f"A header is not fit to be sent: {error}") from error
    letter.set_content(message.body)
    if message.ics:
        _add_calendar(letter, message.ics, message.ics_method)
    if file is not None:
        main, _, sub = file.media_type.partition("/")
        letter.add_attachment(file.content, maintype=main, subtype=sub, filename=fit_to_keep(file.name))
    letter["Content-Language"] = "zh-CN" if message.language == "zh" else "en"  # last: making parts moves such headers into them
    return letter


def fit_to_keep(name: str) -> str:
    """Give a file's name as any system can keep it, and no header can be broken by it."""
    return "".join(letter for letter in name if letter.isprintable() and letter not in '\\/:*?"<>|')[-150:].strip() or "report"


def sender_address(settings: Settings, name: str) -> Address:
    """Give the address letters come from: PORTAL_MAIL_FROM, or portal@ the portal's host."""
    given_name, address = parseaddr(settings.mail_from)
    host = urlsplit(settings.base_url).hostname or "localhost"
    return Address(given_name or name, addr_spec=address or f"portal@{host if ':' not in host else 'localhost'}")


def _add_calendar(letter: EmailMessage, ics: str, method: str) -> None:
    letter.add_alternative(ics, subtype="calendar", params={"method": method}, cte="base64")
    letter.add_attachment(ics.encode(), maintype="application", subtype="ics", filename="booking.ics")


class SmtpPost:
    """One conversation with a mail server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "smtps"
        self._host, self._port = parts.hostname or "", parts.port or (465 if self._is_tls else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._starttls = parse_qs(parts.query).get("starttls", ["0"])[0] in ("1", "yes", "true")
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> SmtpPost:
        try:
            self._server = self._connect()
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise Away(_words(error)) from error
        return self

    def _connect(self) -> smtplib.SMTP:
        if self._is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT, context=ssl.create_default_context())
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
        try:
            if self._starttls:
                server.starttls(context=ssl.create_default_context())
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._server.quit()
            self._server.close()

    def send(self, letter: EmailMessage) -> None:
        """Hand one letter over; raises Away, NotNow or Never."""
        assert self._server is not None, "used inside its block"
        if self._server.sock is None:
            raise Away("The line to the mail server broke.")
        try:
            self._server.send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _judged(code, answer) from error
        except smtplib.SMTPDataError as error:
            raise _judged(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPSenderRefused as error:
            raise Away(_words(error)) from error  # it would refuse every other letter too
        except (smtplib.SMTPNotSupportedError, UnicodeError, ValueError) as error:
            raise Never(_words(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            # The line broke over this letter: should it be the letter's doing, others must not wait behind it for ever.
            raise NotNow(_words(error)) from error


def _judged(code: int, answer: bytes | str) -> Exception:
    words = f"{code} {answer.decode(errors='replace') if isinstance(answer, bytes) else answer}"
    if code == 421:
        return Away(words)
    return Never(words) if code >= 500 else NotNow(words)


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


class FilePost:
    """Letters as .eml files, each whole or not there at all, readable by nobody else; the same letter again is the same file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> FilePost:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise Away(_words(error)) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing stays open."""

    def send(self, letter: EmailMessage) -> None:
        """Write one letter; raises Away where the disk takes no more."""
        stamp = letter["Date"].datetime.strftime("%Y%m%dT%H%M%S")
        name = f"{stamp}-{letter['Message-ID'].strip('<>').partition('@')[0][:16]}"
        made = self._folder / f".{name}.{os.getpid()}"
        try:
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(letter.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            made.replace(self._folder / f"{name}.eml")
        except OSError as error:
            with suppress(OSError):
                made.unlink(missing_ok=True)
            raise Away(_words(error)) from error
