"""Transactions: `writing()` is the only commit, `reading()` cannot write, and a view that lost a race is run again.

The sessions of one request share one reading transaction, so that a page shows one moment and costs one connection.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from flask import Flask, current_app, g, has_request_context
from flask import session as cookie
from flask.globals import request
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from instruments import audit
from instruments.database import reader
from instruments.search import index
from portal import clock

MOST_TRIES = 6
LONGEST_TRYING = 15.0  # seconds, over all tries
CONTENDED = frozenset({"40001", "40P01", "55P03"})  # serialization failure, deadlock, lock not available
WITHOUT_DATABASE = frozenset({"static", "health.healthz"})
GOING_AWAY = ("08", "57P", "53")  # connection lost, shut down by its keeper, out of disk, memory or connections


class Unsure(Exception):
    """The connection was lost while a commit was on its way: it may or may not have happened, so it is not repeated."""


def init_transactions(app: Flask, engine: Engine) -> None:
    """Give the application its database."""
    app.extensions["engine"] = engine
    app.teardown_request(_end_request)


def engine() -> Engine:
    """Give the engine of the running portal."""
    found: Engine = current_app.extensions["engine"]
    return found


@contextmanager
def writing(actor_id: int | None = None) -> Iterator[Session]:
    """Open a transaction that is committed at the end of the block, or rolled back by any error.

    Every change is written to the audit log in the name of `actor_id`, or else of the request's viewer.
    """
    _let_go_of_reading()
    with Session(engine(), expire_on_commit=False) as session:
        audit.watch(session, actor_id=actor_id or _viewer_id(), now=clock.now())
        index.watch(session)
        yield session
        index.index_changes(session)  # flushes; last of all, because others wait for the index from here to the commit
        _commit(session)


@contextmanager
def reading() -> Iterator[Session]:
    """Open a transaction in which the database refuses every write; within a request it is one and the same until something is written."""
    if not has_request_context():
        with Session(reader(engine()), expire_on_commit=False) as session:
            yield session
        return
    if g.get("reading_session") is None:
        g.reading_session = Session(reader(engine()), expire_on_commit=False, autoflush=False)
    g.reading_depth = g.get("reading_depth", 0) + 1
    try:
        yield g.reading_session
    except DBAPIError:
        _end_reading()  # a transaction that failed answers nothing more
        raise
    finally:
        g.reading_depth -= 1


def retried(view: Callable[..., Any]) -> Callable[..., Any]:
    """Run a view again when the database says that another transaction came first, a bounded number of times."""

    @wraps(view)
    def run(*args: Any, **kwargs: Any) -> Any:
        until = time.monotonic() + LONGEST_TRYING
        cookie_before = dict(cookie)
        for tries in range(1, MOST_TRIES + 1):
            try:
                return view(*args, **kwargs)
            except DBAPIError as error:
                if tries >= _tries_for(error) or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(0.5, 1.5) * 0.01 * 2**tries)
            _start_over(cookie_before)
        raise AssertionError("the last try returns or raises")

    return run


def retry_views(app: Flask) -> None:
    """Wrap every view that may ask the database; called when all of them are known."""
    views = {endpoint: retried(view) for endpoint, view in app.view_functions.items() if endpoint not in WITHOUT_DATABASE}
    app.view_functions.update(views)


def is_contended(error: BaseException) -> bool:
    """Say whether another transaction came first, so that trying again may succeed."""
    if not isinstance(error, DBAPIError):
        return False
    if _state(error):
        return _state(error) in CONTENDED
    return any(sign in str(error.orig) for sign in ("database is locked", "database table is locked", "database schema is locked"))


def is_too_slow(error: BaseException) -> bool:
    """Say whether the database broke a statement off because it took too long."""
    return isinstance(error, DBAPIError) and _state(error) == "57014"


def is_away(error: BaseException) -> bool:
    """Say whether the database cannot be reached, or cannot work, for now."""
    if isinstance(error, PoolTimeout | Unsure):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or _state(error).startswith(GOING_AWAY):
        return True
    if type(error.orig).__module__.startswith("psycopg"):
        return isinstance(error, OperationalError) and not _state(error)
    return any(sign in str(error.orig) for sign in ("unable to open database", "disk I/O error", "database or disk is full"))


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _tries_for(error: DBAPIError) -> int:
    if is_contended(error):
        return MOST_TRIES
    return 2 if error.connection_invalidated else 1


def _commit(session: Session) -> None:
    try:
        session.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unsure("The connection was lost during a commit.") from error
        raise


def _viewer_id() -> int | None:
    if not has_request_context():
        return None
    return getattr(g.get("viewer"), "person_id", None) or None


def _start_over(cookie_before: dict[str, Any]) -> None:
    """Forget what the failed try left in the request."""
    _let_go_of_reading()
    if dict(cookie) != cookie_before:
        cookie.clear()
        cookie.update(cookie_before)
    for file in request.files.values():
        file.stream.seek(0)


def _let_go_of_reading() -> None:
    if has_request_context() and g.get("reading_session") is not None and not g.get("reading_depth"):
        _end_reading()


def _end_request(_error: BaseException | None) -> None:
    _end_reading()
    g.pop("reading_depth", None)


def _end_reading() -> None:
    session = g.pop("reading_session", None)
    if session is not None:
        session.close()
