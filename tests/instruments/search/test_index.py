"""The index follows the register: what changes is found anew, what is undone is undone, and no writer takes back another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, delete, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument, InstrumentAlias
from instruments.classification import seed_categories
from instruments.database import make_engine, reader
from instruments.people import Organisation
from instruments.search import (
    Query,
    SearchAlias,
    find,
    forget,
    index,
    index_changes,
    index_instrument,
    rebuild_index,
    retire_alias,
    seed_aliases,
    snapshot,
    watch,
)
from instruments.search.index import is_complete
from instruments.search.postings import SearchDocument, SearchPosting
from portal.schema import upgrade
from tests.fixtures.builders import LONG_AGO
from tests.fixtures.databases import Database

Adds = Callable[..., Instrument]
Names = Callable[..., list[str]]


def test_an_instrument_that_is_renamed_is_found_by_its_new_name_only(session: Session, add: Adds, names: Names) -> None:
    one = add("质谱仪")
    one.name_zh = "离心机"
    index_instrument(session, [one.id])
    assert names("离心机") == ["离心机"]
    assert names("质谱仪") == []


def test_indexing_again_changes_nothing(session: Session, add: Adds) -> None:
    one = add("质谱仪", aliases=("老三",))
    before = session.execute(select(SearchPosting.token, SearchPosting.field, SearchPosting.bits).order_by(SearchPosting.token)).all()
    index_instrument(session, [one.id, one.id])
    assert session.execute(select(SearchPosting.token, SearchPosting.field, SearchPosting.bits).order_by(SearchPosting.token)).all() == before


def test_the_index_made_anew_is_the_one_that_grew(session: Session, add: Adds) -> None:
    made = [add(name, model=f"X{number}") for number, name in enumerate(("质谱仪", "离心机", "扫描电镜", "质谱仪二号"))]
    made[1].name_zh = "高速离心机"
    index_instrument(session, [made[1].id])
    grown = {(row.token, row.field): row.bits for row in session.execute(select(SearchPosting.token, SearchPosting.field, SearchPosting.bits))}
    assert rebuild_index(session) >= 4
    anew = {(row.token, row.field): row.bits for row in session.execute(select(SearchPosting.token, SearchPosting.field, SearchPosting.bits))}
    assert anew == grown


def test_a_forgotten_instrument_leaves_nothing_behind(session: Session, add: Adds, names: Names) -> None:
    one = add("质谱仪")
    forget(session, one.id)
    assert names("质谱") == []
    assert session.scalars(select(SearchPosting.token)).all() == []
    assert session.scalars(select(SearchDocument.instrument_id)).all() == []


def test_a_deleted_instrument_is_gone_once_the_index_is_told(session: Session, add: Adds, names: Names) -> None:
    one = add("质谱仪", category_code=None)
    number = one.id
    session.execute(delete(Instrument).where(Instrument.id == number))
    assert names("质谱") == []
    index_instrument(session, [number])
    assert session.scalars(select(SearchPosting.token)).all() == []


def test_an_index_is_complete_when_every_instrument_is_in_it(session: Session, add: Adds, an_instrument: Adds) -> None:
    add("质谱仪")
    assert is_complete(session)
    an_instrument(hours=None)
    assert not is_complete(session)


def test_an_index_of_other_rules_is_made_anew(session: Session, add: Adds, monkeypatch: pytest.MonkeyPatch) -> None:
    add("质谱仪")
    monkeypatch.setattr("instruments.search.snapshot.FORMAT", 99)
    add("离心机")
    assert not is_complete(session)
    rebuild_index(session)
    assert is_complete(session)


def test_a_watched_session_indexes_whatever_it_has_changed(session: Session, seeded: None, an_instrument: Adds, names: Names) -> None:
    watch(session)
    one = an_instrument(name_zh="质谱仪", hours=None)
    index_changes(session)
    assert names("质谱") == ["质谱仪"]
    one.organisation.name_zh = "太原理工大学"
    one.aliases.append(InstrumentAlias(text="小蓝"))
    session.flush()
    index_changes(session)
    assert names("太原理工") == names("小蓝") == ["质谱仪"]
    session.delete(one.aliases[0])
    session.flush()
    index_changes(session)
    assert names("小蓝") == []


def test_a_watched_session_leaves_the_index_alone_when_nothing_searched_has_changed(session: Session, add: Adds) -> None:
    watch(session)
    one = add("质谱仪")
    index_changes(session)
    one.schedule_version += 1
    assert index_changes(session) == 0


def test_a_retired_word_counts_no_more(session: Session, add: Adds, names: Names) -> None:
    watch(session)
    add("扫描电子显微镜")
    assert names("SEM") == ["扫描电子显微镜"]
    for alias in session.scalars(select(SearchAlias).where(SearchAlias.text == "扫描电子显微镜")):
        retire_alias(session, alias.id)
    index_changes(session)
    assert names("SEM") == []
    assert seed_aliases(session) == 0


def test_a_search_costs_the_same_few_statements_whatever_there_is(session: Session, add: Adds, engine: Engine) -> None:
    def statements() -> int:
        seen: list[str] = []
        listen = lambda *args: seen.append(args[2])  # noqa: E731 - the event wants a function it can be given back
        event.listen(engine, "before_cursor_execute", listen)
        find(session, Query(text="质谱"))
        event.remove(engine, "before_cursor_execute", listen)
        return len(seen)

    add("质谱仪")
    find(session, Query(text="质谱"))
    with_one = statements()
    for number in range(12):
        add(f"质谱仪{number}号")
    find(session, Query(text="质谱"))
    assert statements() == with_one <= 5


@pytest.fixture
def committed(empty_database: Database) -> Iterator[Engine]:
    """A database with twenty instruments, written for good."""
    engine = make_engine(empty_database.url)
    upgrade(engine)
    with Session(engine) as session:
        seed_categories(session)
        seed_aliases(session)
        session.add(organisation := Organisation(code="A", name_zh="大学", kind="university", city="140100"))
        for number in range(20):
            session.add(instrument_named(f"质谱仪{number}号", number, organisation))
        session.flush()
        rebuild_index(session)
        session.commit()
    yield engine
    engine.dispose()


def instrument_named(name: str, number: int, organisation: Organisation) -> Instrument:
    return Instrument(inner_id=f"i{number}", name_zh=name, publication="published", created_at=LONG_AGO, organisation=organisation)


def names_found(engine: Engine, text: str) -> list[str]:
    with Session(engine) as session:
        return sorted(one.name_zh for one in find(session, Query(text=text, limit=200)).instruments)


def rename_all_at_once(engine: Engine) -> list[str]:
    """Four writers, each renaming five instruments, one transaction each, all sharing the rows of 质谱; give what is found by the new name."""
    start = Barrier(4)

    def rename(writer: int) -> None:
        start.wait()
        for at in range(5):
            with Session(engine) as session:
                one = session.scalars(select(Instrument).where(Instrument.inner_id == f"i{writer * 5 + at}")).one()
                one.name_zh = one.name_zh.replace("质谱仪", "离心机")
                index_instrument(session, [one.id])
                session.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(rename, range(4)))
    return names_found(engine, "离心机")


def test_writers_at_once_do_not_take_back_each_others_changes(committed: Engine) -> None:
    assert len(rename_all_at_once(committed)) == 20
    assert names_found(committed, "质谱仪") == []


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)  # SQLite has one writer by itself
def test_without_the_lock_changes_would_be_lost(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_lock", lambda session: None)
    try:
        kept = len(rename_all_at_once(committed))
    except DBAPIError:
        kept = 0  # two writers made the same row, or waited for each other: the lock is needed against that too
    assert kept < 20


def test_another_process_sees_a_change_as_soon_as_it_is_committed(committed: Engine) -> None:
    assert len(names_found(committed, "质谱仪")) == 20
    with Session(committed) as session:
        one = session.scalars(select(Instrument).order_by(Instrument.id)).first()
        assert one is not None
        one.name_zh, one.publication = "离心机", "suspended"
        index_instrument(session, [one.id])
        assert len(names_found_outside(committed, "质谱仪")) == 20
        session.commit()
    assert len(names_found(committed, "质谱仪")) == 19
    assert names_found(committed, "离心机") == []


def names_found_outside(engine: Engine, text: str) -> list[str]:
    """Search in another transaction that only reads, while one is writing."""
    return names_found(reader(engine), text)


def test_what_is_rolled_back_was_never_found(committed: Engine) -> None:
    with Session(committed) as session:
        one = session.scalars(select(Instrument).order_by(Instrument.id)).first()
        assert one is not None
        one.name_zh = "离心机"
        index_instrument(session, [one.id])
        assert find(session, Query(text="离心机")).total == 1
        session.rollback()
    assert names_found(committed, "离心机") == []
    assert len(names_found(committed, "质谱仪")) == 20


def test_a_snapshot_brought_up_to_date_is_the_one_read_anew(committed: Engine) -> None:
    with Session(committed) as session:
        snapshot.snapshot(session)
        ids = session.scalars(select(Instrument.id).order_by(Instrument.id)).all()
        for number in ids[:6]:
            one = session.get_one(Instrument, number)
            one.name_zh, one.sharing_mode, one.sample_service, one.category_code = f"新{number}", "internal", True, "010201"
        extra = instrument_named("新来的", 99, one.organisation)
        session.add(extra)
        session.flush()
        index_instrument(session, [*ids[:6], extra.id])
        forget(session, ids[7])
        patched = snapshot.snapshot(session)
        anew = snapshot._loaded(session, patched.version, patched.stamp)
        assert patched.everything == anew.everything
        assert patched.in_order == anew.in_order
        for facet in snapshot.COLUMNS:
            assert {value: ids for value, ids in patched.sets[facet].items() if ids} == anew.sets[facet]
            assert patched.count(facet, patched.everything) == anew.count(facet, anew.everything)
