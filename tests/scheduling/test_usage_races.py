"""Many at one instrument at once: one uses it, and a confirmation happens once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from instruments.errors import PortalError
from scheduling.checkin import check_in
from scheduling.confirming import confirm_use
from scheduling.usage import UsageRecord

CLIENTS = 8


@pytest.fixture
def session(clean_engine: Engine) -> Iterator[Session]:
    """The builders' session; what it made is committed before the race."""
    with Session(clean_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def at_once(clean_engine: Engine, session: Session) -> Callable[..., list[object]]:
    """Let several do something at once, each over a connection of her own; give what came of each: a value, or the refusal."""

    def run(do: Callable[[Session, int], object]) -> list[object]:
        session.commit()

        def one(number: int) -> object:
            with Session(clean_engine, expire_on_commit=False) as own:
                try:
                    came = do(own, number)
                    own.commit()
                except PortalError as error:
                    own.rollback()
                    return error
                return came

        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(one, range(CLIENTS)))

    return run


@pytest.mark.parametrize("lanes", [1, 3])
def test_as_many_begin_as_there_are_places(at_once, session, an_instrument, a_viewer, now, lanes):
    instrument, people = an_instrument(lanes=lanes).id, [a_viewer() for _ in range(CLIENTS)]
    came = at_once(lambda own, number: check_in(own, instrument, viewer=people[number], source="qr", now=now))
    assert sum(isinstance(each, UsageRecord) for each in came) == lanes
    assert sum(isinstance(each, PortalError) for each in came) == CLIENTS - lanes
    assert sorted(session.scalars(select(UsageRecord.lane).where(UsageRecord.status == "running"))) == list(range(1, lanes + 1))


def test_many_confirmations_are_one(at_once, session, an_instrument, a_manager, a_usage, now):
    instrument = an_instrument()
    manager = a_manager(instrument)
    usage_id = a_usage(instrument=instrument, manager=manager).id
    came = at_once(lambda own, number: confirm_use(own, usage_id, viewer=manager, now=now).version)
    assert set(came) == {2}
