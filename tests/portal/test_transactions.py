"""Transactions: one commit, none on an error, the race lost run again, and a database that goes away for a while."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from flask import flash, g, request
from sqlalchemy import event, func, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from instruments.audit import AuditEntry
from instruments.people import Person
from portal import transactions
from portal.auth import login_required
from portal.errors import AWAY_SECONDS
from portal.transactions import MOST_TRIES, WITHOUT_DATABASE, Unsure, is_away, is_contended, reading, retried, writing


@pytest.fixture
def app(fresh_app):
    """A portal of its own for each test: they add routes."""
    return fresh_app


class FromPsycopg(Exception):
    """Looks like an error of the driver: only the state is read."""

    def __init__(self, sqlstate):
        super().__init__(f"state {sqlstate}")
        self.sqlstate = sqlstate


def refused(sqlstate="40001", *, is_lost=False):
    return OperationalError("UPDATE", {}, FromPsycopg(sqlstate), connection_invalidated=is_lost)


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr(transactions.time, "sleep", lambda _seconds: None)


def test_the_end_of_the_block_commits(app, somebody, session):
    number = somebody.id
    session.commit()
    with app.app_context(), writing() as own:
        own.get_one(Person, number).phone = "123"
    assert somebody.phone == "123"


def test_an_error_leaves_nothing(app, somebody, session):
    number = somebody.id
    session.commit()

    def fail():
        with writing() as own:
            own.get_one(Person, number).phone = "123"
            own.flush()
            raise ZeroDivisionError

    with app.app_context(), pytest.raises(ZeroDivisionError):
        fail()
    assert somebody.phone == ""


def test_every_change_is_in_the_audit_log_in_the_viewers_name(client, somebody, log_in, submit, session):
    log_in(client, somebody)
    submit(client, "/me", name="Wang Wu", phone="", language="en")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.noun == "person").order_by(AuditEntry.id.desc())).first()
    assert entry.actor_id == somebody.id
    assert entry.after["name"] == "Wang Wu"


def test_reading_cannot_write(app, somebody, session):
    session.commit()
    with app.app_context():
        for _ in range(2):
            with pytest.raises(DBAPIError), reading() as own:
                own.execute(update(Person).values(phone="123"))
        with reading() as own:
            assert own.scalar(select(func.count()).where(Person.phone == "123")) == 0


def test_after_reading_a_connection_writes_again(app, somebody, session):
    number = somebody.id
    session.commit()
    with app.app_context():
        for phone in ("1", "2"):
            with reading() as own:
                own.get_one(Person, number)
            with writing() as own:
                own.get_one(Person, number).phone = phone
    assert somebody.phone == "2"


def test_a_request_reads_in_one_transaction_and_sees_what_it_has_written(client, app, somebody):
    number = somebody.id

    def view():
        with reading() as first, reading() as second:
            assert first is second
        with writing() as own:
            own.get_one(Person, number).phone = "123"
        with reading() as third:
            return third.get_one(Person, number).phone

    app.add_url_rule("/for-tests/read", "read", view)
    assert client.get("/for-tests/read").text == "123"


@pytest.mark.usefixtures("no_pauses")
def test_a_race_that_was_lost_is_run_again(client, app):
    tries = []

    def view():
        flash("only once")
        tries.append(request.form.get("x"))
        if len(tries) < 3:
            raise refused("40P01")
        return str(len(g.get("flashes", [])))

    app.add_url_rule("/for-tests/race", "race", retried(view))
    assert client.get("/for-tests/race").status_code == 200
    assert len(tries) == 3
    with client.session_transaction() as cookie:
        assert cookie["_flashes"] == [("message", "only once")]


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (refused("40001"), MOST_TRIES),
        (refused("55P03"), MOST_TRIES),
        (refused("", is_lost=True), 2),
        (refused("57014"), 1),
        (refused("23505"), 1),
    ],
)
def test_only_what_may_end_otherwise_is_tried_again_and_not_for_ever(client, app, error, tries):
    made = []

    def view():
        made.append(1)
        raise error

    app.testing = False
    app.add_url_rule("/for-tests/race", "race", retried(view))
    assert client.get("/for-tests/race").status_code >= 500
    assert len(made) == tries


@pytest.mark.usefixtures("no_pauses")
def test_a_file_that_came_along_is_read_from_its_beginning_again(client, app):
    read = []

    def view():
        read.append(request.files["list"].read())
        if len(read) < 2:
            raise refused()
        return "done"

    app.config["WTF_CSRF_ENABLED"] = False
    app.add_url_rule("/api/v1/for-tests/file", "file", retried(view), methods=["POST"])
    from io import BytesIO

    assert client.post("/api/v1/for-tests/file", data={"list": (BytesIO(b"rows"), "list.csv")}).text == "done"
    assert read == [b"rows", b"rows"]


def test_every_view_of_the_portal_is_run_again_when_it_lost_a_race(app):
    unwrapped = [endpoint for endpoint, view in app.view_functions.items() if getattr(view, "__wrapped__", None) is None]
    assert set(unwrapped) == WITHOUT_DATABASE


def test_writers_of_one_row_all_get_their_turn(client, app, a_browser, somebody, log_in):
    number = somebody.id

    @login_required
    def add_one():
        with writing() as own:
            person = own.get_one(Person, number)
            person.phone = str(int(person.phone or 0) + 1)
        return "done"

    app.add_url_rule("/for-tests/add", "add", retried(add_one))
    browsers = [log_in(a_browser(), somebody) for _ in range(6)]
    somebody.phone = "0"
    client.get("/healthz")  # commits
    answers, together = [], Barrier(len(browsers))

    def press(browser):
        together.wait()
        answers.append(super(type(browser), browser).open("/for-tests/add").status_code)

    threads = [Thread(target=press, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 6 or set(answers) == {200, 409}
    assert int(somebody.phone) == answers.count(200)


def test_a_connection_lost_during_the_commit_is_not_tried_again(app, monkeypatch, session):
    session.commit()

    def lose(_self):
        raise refused("", is_lost=True)

    monkeypatch.setattr("sqlalchemy.orm.Session.commit", lose)
    with pytest.raises(Unsure), app.app_context(), writing() as own:
        own.execute(text("SELECT 1"))


@pytest.mark.parametrize("state", ["08006", "57P01", "57P03", "53300", "53100"])
def test_states_of_a_database_that_is_away(state):
    assert is_away(refused(state))
    assert not is_contended(refused(state))


def test_a_lock_is_no_outage():
    assert is_contended(OperationalError("INSERT", {}, Exception("database is locked")))
    assert not is_away(OperationalError("INSERT", {}, Exception("database is locked")))


def test_a_database_that_restarts_is_waited_for_and_then_used_again(tmp_path, portal_settings):
    from dataclasses import replace

    from instruments.database import make_engine
    from portal import create_app
    from portal.schema import upgrade
    from tests.fixtures.clusters import start_cluster

    portal_settings.data_dir.mkdir(parents=True)
    with start_cluster(fsync=True) as cluster:
        engine = make_engine(cluster.url())
        upgrade(engine)
        browser = create_app(replace(portal_settings, database_url=cluster.url()), engine).test_client()
        assert browser.get("/readyz").status_code == 200
        cluster.kill()
        answer = browser.get("/register")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(AWAY_SECONDS))
        assert browser.get("/healthz").status_code == 200
        assert browser.get("/readyz").status_code == 503
        cluster.start()
        assert browser.get("/register").status_code == 200
        cluster.stop()
        cluster.start()
        assert browser.get("/readyz").status_code == 200  # connections of before are noticed to be dead
        assert browser.get("/register").status_code == 200
        engine.dispose()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_full_store_is_said_keeps_what_is_there_and_is_used_again_when_there_is_room(client, somebody, log_in, submit, clean_engine):
    """Only SQLite can be told how large it may grow; what PostgreSQL says of a full disk is among the states above."""
    log_in(client, somebody)
    room = full_at_its_size(clean_engine)
    client.get("/healthz")  # commits what the builders made
    next(room)
    for number in range(300):  # each leaves an entry in the audit log
        answer = submit(client, "/me", name=("王" if number % 2 else "李") * 100, phone=str(number), language="en")
        if answer.status_code != 302:
            break
    assert answer.status_code == 503
    assert "store is full" in answer.text
    assert client.get("/me").status_code == 200
    next(room)
    assert submit(client, "/me", name="Wang Wu", phone="", language="en").status_code == 302
    assert somebody.name == "Wang Wu"


def full_at_its_size(engine):
    """Let the file grow no further; then, asked again, let it."""
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def limit(connection, _record=None, most=pages + 1):
        connection.execute(f"PRAGMA max_page_count={most}")

    engine.dispose()
    event.listen(engine, "connect", limit)
    yield
    event.remove(engine, "connect", limit)
    engine.dispose()
    yield
