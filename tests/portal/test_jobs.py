"""The ticks: each piece of work may be done again, by anybody, at once with others, and fail without taking the rest along."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from instruments.catalogue import Document
from instruments.database import make_engine
from portal import clock, create_app, jobs, ticks
from portal.auth.limits import Attempt
from portal.config import Settings
from portal.jobs import TICKS, Tick, run_once, run_safely, start
from portal.outbox import enqueue
from portal.schema import upgrade
from portal.transactions import writing
from scheduling.bookings import Booking
from scheduling.changing import cancel, move
from tests.fixtures.clusters import start_cluster
from tests.fixtures.letters import entries_of, text_of
from tests.fixtures.ticks import at_once

APPROVAL = [{"kind": "approval", "parameters": {"decide_within_hours": 2}}]
NO_SHOW = [{"kind": "no_show", "parameters": {"after_minutes": 30}}]


def status_of(session: Session, booking: Booking) -> str:
    found = session.scalar(select(Booking.status).where(Booking.id == booking.id))
    session.commit()
    return str(found)


def test_a_request_nobody_decides_lapses_and_is_told_once(
    app: Flask, tick: Callable, session: Session, an_instrument: Callable, a_booking: Callable, a_span: Callable, letters: Callable, now: datetime
) -> None:
    booking = a_booking(instrument=an_instrument(rules=APPROVAL), span=a_span(24))
    tick("expire", now + timedelta(hours=1, minutes=59))
    assert status_of(session, booking) == "requested"
    with clock.freeze(now + timedelta(hours=2)):
        at_once(app, "expire")
    assert status_of(session, booking) == "expired"
    assert [row.kind for row in letters()] == ["booking-expired"]


def test_more_requests_than_one_batch_lapse_in_one_tick(
    tick: Callable, session: Session, an_instrument: Callable, a_booking: Callable, a_span: Callable, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.ticks.BATCH", 2)
    instrument = an_instrument(rules=APPROVAL)
    made = [a_booking(instrument=instrument, span=a_span(24 + n)) for n in range(5)]
    tick("expire", now + timedelta(hours=3))
    assert {status_of(session, one) for one in made} == {"expired"}


def test_a_booking_nobody_starts_is_released_where_the_rules_say_so(
    app: Flask, tick: Callable, session: Session, an_instrument: Callable, a_booking: Callable, letters: Callable, now: datetime
) -> None:
    ruled, free = an_instrument(rules=NO_SHOW), an_instrument()
    missed, kept = a_booking(instrument=ruled), a_booking(instrument=free)
    session.commit()
    with clock.freeze(now + timedelta(hours=1, minutes=45)):
        at_once(app, "no-shows")
    assert status_of(session, missed) == "no_show"
    assert status_of(session, kept) == "confirmed"
    assert [(row.kind, row.to_person_id) for row in letters()] == [("booking-no-show", missed.person_id)]


def test_people_are_reminded_once_a_day_ahead(
    app: Flask, tick: Callable, session: Session, a_booking: Callable, a_span: Callable, arrived: Callable, letters: Callable, now: datetime
) -> None:
    booking = a_booking(span=a_span(48))
    tick("remind", now + timedelta(hours=23))
    assert letters() == []
    with clock.freeze(now + timedelta(hours=24, minutes=1)):
        session.commit()
        at_once(app, "remind")
        (letter,) = arrived().values()
        run_once(app, "remind")
        assert arrived() == {}
    assert f"/bookings/{booking.id}" in text_of(letter)
    assert str(entries_of(letter)[0]["UID"]) == f"{booking.uid}@localhost"


def test_who_booked_at_short_notice_or_cancelled_is_not_reminded(
    tick: Callable, session: Session, a_booking: Callable, a_viewer: Callable, an_instrument: Callable, a_span: Callable, letters: Callable, now: datetime
) -> None:
    viewer = a_viewer()
    a_booking(span=a_span(12))
    gone = a_booking(viewer=viewer, span=a_span(48))
    cancel(session, gone.id, viewer=viewer, now=now)
    a_booking(instrument=an_instrument(rules=APPROVAL), span=a_span(48))
    tick("remind", now + timedelta(hours=30))
    assert letters() == []


def test_a_booking_that_was_moved_is_reminded_of_anew(
    tick: Callable, session: Session, a_booking: Callable, a_viewer: Callable, a_span: Callable, letters: Callable, now: datetime
) -> None:
    viewer = a_viewer()
    booking = a_booking(viewer=viewer, span=a_span(30))
    tick("remind", now + timedelta(hours=10))
    moved = move(session, booking.id, a_span(100), viewer=viewer, now=now + timedelta(hours=11))
    tick("remind", now + timedelta(hours=90))
    assert [row.key for row in letters()] == [f"booking-reminder/{booking.id}", f"booking-reminder/{moved.id}"]


def test_the_hours_of_a_reminder_are_a_setting(app: Flask, tick: Callable, a_booking: Callable, a_span: Callable, letters: Callable, now: datetime) -> None:
    a_booking(span=a_span(48))
    app.extensions["settings"] = replace(app.extensions["settings"], reminder_hours=0)
    tick("remind", now + timedelta(hours=47))
    assert letters() == []
    app.extensions["settings"] = replace(app.extensions["settings"], reminder_hours=2)
    tick("remind", now + timedelta(hours=45))
    assert letters() == []
    tick("remind", now + timedelta(hours=46))
    assert len(letters()) == 1


def test_managers_hear_in_the_evening_and_once_of_bookings_nobody_started(
    app: Flask, tick: Callable, session: Session, an_instrument: Callable, a_manager: Callable, a_person: Callable, a_booking: Callable, a_span: Callable,
    arrived: Callable, letters: Callable, now: datetime
) -> None:  # fmt: skip
    first, second = an_instrument(), an_instrument()
    manager = a_manager(first, second, person=a_person(language="en"))
    made = [a_booking(instrument=instrument, span=a_span(hours)) for instrument, hours in ((first, 1), (second, 2), (first, 3))]
    tick("unstarted", now + timedelta(hours=10))  # 19:00 in Shanghai
    assert letters() == []
    with clock.freeze(now + timedelta(hours=11, minutes=1)):
        at_once(app, "unstarted")
        letter = arrived()[manager.email]
    assert letter["Subject"] == "Bookings not started: 3"
    assert all(one.person.name in text_of(letter) for one in made)
    tick("unstarted", now + timedelta(hours=20))
    assert len(letters()) == 1


def test_what_nobody_needs_is_forgotten(app: Flask, tick: Callable, session: Session, now: datetime) -> None:
    session.add(Attempt(who="x", at=now - timedelta(days=2)))
    session.add(Attempt(who="y", at=now))
    tick("prune", now)
    assert session.scalars(select(Attempt.who)).all() == ["y"]


@pytest.fixture
def kept_file(portal_settings: Settings, now: datetime) -> Callable[..., Path]:
    """`kept_file("a", ".pdf", days=2)` puts a file among those of instruments, changed so many days ago."""

    def put(letter: str, ending: str, days: float) -> Path:
        path = portal_settings.data_dir / "files" / (letter * 2) / f"{letter * 40}{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        at = (now - timedelta(days=days)).timestamp()
        os.utime(path, (at, at))
        return path

    return put


def test_files_that_no_row_names_any_more_are_deleted_after_a_day(
    kept_file: Callable, tick: Callable, an_instrument: Callable, now: datetime
) -> None:
    unnamed = [kept_file("a", ".pdf", days=2), kept_file("b", ".webp", days=2), kept_file("b", "-small.webp", days=2)]
    unnamed += [kept_file("c", ".pdf.1f2e3d4c", days=2)]  # what an upload left that was cut off
    named = [kept_file("d", ".webp", days=400), kept_file("d", "-small.webp", days=400), kept_file("e", ".pdf", days=400)]
    named += [kept_file("f", ".pdf", days=0.9)]  # perhaps of an upload that is under way
    tick("prune", now)
    assert all(path.exists() for path in unnamed)  # the database names no file at all: these may be of another
    document = Document(title="手册", file_name="a.pdf", media_type="application/pdf", size=1, stored_as="e" * 40 + ".pdf", added_at=now)
    an_instrument(photo="d" * 40 + ".webp", documents=[document])
    tick("prune", now)
    assert [path.exists() for path in unnamed] == [False] * 4
    assert all(path.exists() for path in named)


@pytest.mark.parametrize("name", [tick.name for tick in TICKS])
def test_every_tick_is_harmless_when_there_is_nothing_to_do(app: Flask, name: str) -> None:
    run_once(app, name)
    run_once(app, name)


def test_a_tick_that_fails_is_logged_and_harms_nobody(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_now: datetime, _stop: threading.Event) -> None:
        raise RuntimeError("broken")

    with caplog.at_level(logging.ERROR):
        run_safely(app, Tick("bad", 1, fail), threading.Event())
    assert "tick_failed" in caplog.text


def test_a_database_that_is_away_is_told_in_one_line(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_now: datetime, _stop: threading.Event) -> None:
        raise OperationalError("SELECT 1", {}, Exception("disk I/O error"))

    with caplog.at_level(logging.WARNING):
        run_safely(app, Tick("deliver", 1, fail), threading.Event())
    assert "tick_put_off" in caplog.text
    assert "Traceback" not in caplog.text


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def test_the_clockwork_ticks_by_itself_and_stops(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fails_first = [True]

    def work(_now: datetime, _stop: threading.Event) -> None:
        if fails_first.pop() if fails_first else False:
            raise RuntimeError("the first time")
        done.append("tick")

    clock.thaw()
    monkeypatch.setattr(jobs, "TICKS", (Tick("quick", 1, work),))
    clockwork = start(app)
    wait_for(lambda: len(done) >= 2)  # goes on after a failure
    clockwork.stop()
    count = len(done)
    time.sleep(1.5)
    assert len(done) == count


def test_stopping_lets_the_work_under_way_come_to_an_end(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(_now: datetime, stop: threading.Event) -> None:
        begun.set()
        stop.wait(30)
        ended.set()

    clock.thaw()
    monkeypatch.setattr(jobs, "TICKS", (Tick("long", 60, work),))
    clockwork = start(app)
    assert begun.wait(30)
    clockwork.stop()
    assert ended.is_set()


WORKER = """
import sys
from pathlib import Path
from portal import create_app
from portal.config import Settings
from portal.jobs import work
work(create_app(Settings(Path(sys.argv[1]), sys.argv[2], "key for a test", "http://localhost")))
"""


def test_a_worker_process_does_the_work_and_ends_on_sigterm(
    app: Flask, write_letters: Callable, letters: Callable, database_url: str, portal_settings: Any
) -> None:
    write_letters(5)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
    with subprocess.Popen([sys.executable, "-c", WORKER, str(portal_settings.data_dir), database_url], env=environment) as worker:
        try:
            wait_for(lambda: all(row.sent_at for row in letters()), 60)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=60) == 0
        finally:
            worker.kill()
    assert len(list((portal_settings.data_dir / "mail").glob("*.eml"))) == 5


def test_a_database_that_goes_away_for_a_while_loses_no_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock.thaw()  # a letter that is put off comes again only if time goes on
    monkeypatch.setattr(jobs, "TICKS", (Tick("deliver", 1, ticks.deliver),))
    with start_cluster() as cluster:
        engine = make_engine(cluster.url())
        upgrade(engine)
        app = create_app(Settings(tmp_path, cluster.url(), "a key for tests", "http://localhost"), engine)
        clockwork = start(app)
        try:
            with app.app_context():
                write_one("before")
                wait_for(lambda: len(list(tmp_path.glob("mail/*.eml"))) == 1)
                cluster.kill()
                time.sleep(3)  # ticks come and fail meanwhile
                cluster.start()
                write_one("after")
                wait_for(lambda: len(list(tmp_path.glob("mail/*.eml"))) == 2)
        finally:
            clockwork.stop()
            engine.dispose()


def write_one(key: str) -> None:
    context = {"person_name": "Ada", "person_email": "ada@example.org", "url": "http://localhost/"}
    with writing() as writer:
        enqueue(writer, to="a@example.org", kind="person-waiting", language="en", key=key, now=clock.now(), context=context)
