"""Mail as the wire carries it: a real SMTP conversation on the loopback, and what a mail program reads out of the result."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from instruments.timespan import TimeSpan
from portal import clock, delivery
from portal.config import Settings
from portal.mail import Away, FilePost, Never, NotNow, SmtpPost, letter_of, post_of
from portal.outbox import OutboxMessage
from scheduling.ical import Entry, invitation
from tests.fixtures.mailbox import Mailbox, free_port, opened

WRITTEN = datetime(2026, 11, 23, 1, tzinfo=UTC)
SETTINGS = Settings(Path("/nowhere"), "sqlite://", "key", "https://portal.test", mail_from="")


def message(**changes: Any) -> OutboxMessage:
    known = {
        "id": 1, "key": "k", "kind": "confirm", "to_address": "wang@example.org", "language": "zh", "subject": "已预约:扫描电镜", "body": "您好\n明天见\n",
        "ics": None, "ics_method": "", "message_id": "<k@portal.test>", "created_at": WRITTEN,
    }  # fmt: skip
    return OutboxMessage(**(known | changes))


def calendar_part() -> str:
    entry = Entry("u@portal.test", TimeSpan(WRITTEN, WRITTEN + timedelta(hours=2)), "Asia/Shanghai", "扫描电镜", WRITTEN, sequence=2)
    return invitation([entry], method="PUBLISH").decode()


def sent(letter: EmailMessage, mailbox: Mailbox) -> EmailMessage:
    """What arrives at the other end."""
    with opened(mailbox) as door, SmtpPost(door.url) as post:
        post.send(letter)
    return mailbox.letters[-1]


def test_a_letter_arrives_as_it_was_written(mailbox: Mailbox) -> None:
    arrived = sent(letter_of(message(), SETTINGS, "仪器共享预约平台"), mailbox)
    assert arrived["Subject"] == "已预约:扫描电镜"
    assert arrived["To"] == "wang@example.org"
    assert arrived["From"].addresses[0].addr_spec == "portal@portal.test"
    assert arrived["From"].addresses[0].display_name == "仪器共享预约平台"
    assert arrived["Message-ID"] == "<k@portal.test>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Content-Language"] == "zh-CN"
    assert arrived["Date"].datetime == WRITTEN
    assert arrived.get_content().splitlines() == ["您好", "明天见"]
    assert mailbox.recipients == [["wang@example.org"]]


def test_what_crosses_the_wire_is_seven_bit_and_in_short_lines(mailbox: Mailbox) -> None:
    sent(letter_of(message(body="质谱" * 500, ics=calendar_part(), ics_method="PUBLISH"), SETTINGS, "平台"), mailbox)
    assert mailbox.raw[0].isascii()
    assert max(len(line) for line in mailbox.raw[0].split(b"\r\n")) <= 100


def test_the_calendar_part_is_read_by_a_calendar(mailbox: Mailbox) -> None:
    arrived = sent(letter_of(message(ics=calendar_part(), ics_method="PUBLISH"), SETTINGS, "平台"), mailbox)
    assert [part.get_content_type() for part in arrived.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/calendar", "application/ics",
    ]  # fmt: skip
    inside = next(part for part in arrived.walk() if part.get_content_type() == "text/calendar")
    assert inside.get_param("method") == "PUBLISH"
    (file,) = arrived.iter_attachments()
    assert file.get_filename() == "booking.ics"
    for written in (inside.get_content(), file.get_content().decode()):
        (event,) = Calendar.from_ical(written).walk("VEVENT")
        assert (str(event["SUMMARY"]), event["SEQUENCE"]) == ("扫描电镜", 2)


def test_a_sender_may_be_set_with_or_without_a_name(mailbox: Mailbox) -> None:
    named = replace(SETTINGS, mail_from="Shanxi Instruments <noreply@shanxi.test>")
    bare = replace(SETTINGS, mail_from="noreply@shanxi.test")
    assert str(letter_of(message(), named, "平台")["From"]) == "Shanxi Instruments <noreply@shanxi.test>"
    assert letter_of(message(), bare, "Portal")["From"] == "Portal <noreply@shanxi.test>"


@pytest.mark.parametrize("field", ["subject", "to_address", "message_id"])
@pytest.mark.parametrize("evil", ["x\r\nBcc: all@example.org", "x\nBcc: all@example.org", "x\rBcc: all@example.org"])
def test_a_line_break_in_a_header_is_refused(field: str, evil: str) -> None:
    with pytest.raises(Never):
        letter_of(message(**{field: evil}), SETTINGS, "平台")


def test_a_line_break_in_the_senders_name_is_refused() -> None:
    with pytest.raises(Never):
        letter_of(message(), SETTINGS, "平台\r\nBcc: all@example.org")


def test_a_body_cannot_end_the_letter_or_begin_another(mailbox: Mailbox) -> None:
    evil = "hello\r\n.\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<all@example.org>\r\nDATA\r\n\r\nBcc: all@example.org\n"
    arrived = sent(letter_of(message(body=evil), SETTINGS, "平台"), mailbox)
    assert len(mailbox.letters) == 1
    assert arrived["Bcc"] is None
    assert "MAIL FROM" in arrived.get_content()


def test_one_connection_serves_a_batch(mailbox: Mailbox) -> None:
    with opened(mailbox) as door, SmtpPost(door.url) as post:
        for number in range(5):
            post.send(letter_of(message(message_id=f"<{number}@portal.test>"), SETTINGS, "平台"))
    assert len(mailbox.letters) == 5
    assert mailbox.connections == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # on the loopback nobody listens in
def test_a_login_is_used_where_the_address_has_one(mailbox: Mailbox) -> None:
    with opened(mailbox, password="p@ss:word") as door:
        good = door.url.replace("//", "//portal:p%40ss%3Aword@")
        with SmtpPost(good) as post:
            post.send(letter_of(message(), SETTINGS, "平台"))
        with pytest.raises(Away, match="535"), SmtpPost(door.url.replace("//", "//portal:wrong@")):
            pass
    assert len(mailbox.letters) == 1


def test_a_server_without_starttls_gets_no_mail_when_it_was_asked_for(mailbox: Mailbox) -> None:
    with opened(mailbox) as door, pytest.raises(Away, match="STARTTLS"), SmtpPost(door.url + "?starttls=1"):
        pass


def test_a_dead_server_is_away() -> None:
    with pytest.raises(Away), SmtpPost(f"smtp://127.0.0.1:{free_port()}"):
        pass


@pytest.mark.parametrize(
    ("word", "answer", "verdict"),
    [
        ("RCPT", "550 no such user", Never),
        ("RCPT", "450 greylisted", NotNow),
        ("DATA", "554 spam", Never),
        ("DATA", "451 later", NotNow),
        ("DATA", "421 closing", Away),
        ("MAIL", "550 not from here", Away),
    ],
)
def test_what_the_server_says_is_judged(mailbox: Mailbox, word: str, answer: str, verdict: type[Exception]) -> None:
    mailbox.answers[word] = [answer]
    with opened(mailbox) as door, SmtpPost(door.url) as post, pytest.raises(verdict, match=answer[:3]):
        post.send(letter_of(message(), SETTINGS, "平台"))


def test_a_refused_letter_does_not_spoil_the_next(mailbox: Mailbox) -> None:
    mailbox.answers["RCPT"] = ["550 no such user"]
    with opened(mailbox) as door, SmtpPost(door.url) as post:
        with pytest.raises(Never):
            post.send(letter_of(message(), SETTINGS, "平台"))
        post.send(letter_of(message(to_address="li@example.org"), SETTINGS, "平台"))
    assert mailbox.recipients == [["li@example.org"]]


def test_a_line_that_breaks_is_noticed_at_the_letter_and_then_for_the_rest(mailbox: Mailbox) -> None:
    with opened(mailbox) as door, SmtpPost(door.url) as post:
        post.send(letter_of(message(), SETTINGS, "平台"))
        post._server.sock.shutdown(socket.SHUT_RDWR)
        with pytest.raises(NotNow):
            post.send(letter_of(message(), SETTINGS, "平台"))
        with pytest.raises(Away):
            post.send(letter_of(message(), SETTINGS, "平台"))


def test_without_a_server_letters_go_to_files() -> None:
    assert isinstance(post_of(SETTINGS), FilePost)
    assert isinstance(post_of(replace(SETTINGS, mail_url="smtp://mail.test")), SmtpPost)


def test_a_server_that_comes_back_gets_everything_once(
    write_letters: Callable, app: Any, letters: Callable, mailbox: Mailbox, now: datetime
) -> None:
    """From the outbox to the wire: dead server, nothing lost; server again, each letter once."""
    port = free_port()
    app.extensions["settings"] = replace(app.extensions["settings"], mail_url=f"smtp://127.0.0.1:{port}")
    write_letters(30)
    assert delivery.deliver() == 0
    assert all(row.sent_at is None and "refused" in row.last_error for row in letters()[: delivery.BATCH])
    with opened(mailbox, port=port), clock.freeze(now + timedelta(minutes=1)):
        assert delivery.deliver() == 30
    assert sorted(str(letter["Message-ID"]) for letter in mailbox.letters) == sorted(row.message_id for row in letters())
    assert all(row.sent_at for row in letters())
