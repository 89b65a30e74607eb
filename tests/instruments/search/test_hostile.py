"""Whatever is typed, the answer is empty or bounded, never an error; and both databases give the same one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from instruments import data
from instruments.catalogue import Instrument
from instruments.classification import seed_categories
from instruments.codes import seed_codes
from instruments.people import Organisation
from instruments.search import Found, Query, find, matching_ids, rebuild_index, seed_aliases, suggest
from instruments.search.snapshot import snapshot
from instruments.search.terms import MOST_TERMS, read_terms
from tests.fixtures.databases import BACKENDS, Databases

Adds = Callable[..., Instrument]
ODD = [
    "'", '"', "''", "' OR 1=1 --", '") OR (', "*", "质*", "NEAR(a b)", "a AND b", "a OR", "NOT", "-sem", "+sem", "name:sem", "{name} : sem",
    "sem & !tem", "sem | 'x':*", "\\", "\\'", "%", "_", "%_%", "$1", ":x", "?", "\x00", "质\x00谱", "\ud800", "\u202e质谱", "\ufeff", "😀",
    "😀质谱😀", "--", "!!!", "(((((", "[[]]", "<script>", "；；", "　", "\n\t", "٣٤", "ﷺ", "ﷺ" * 200, "é" * 500, "a" * 100_000, "质" * 100_000, "ab " * 50_000,
    "a-" * 50_000, "zhi" * 20_000, "LC-MS/" * 5_000, "1" * 300, "a1" * 300, "\u0301" * 1000, "ß" * 300, "İ" * 300, "ᄀ" * 300, "𠀀" * 300,
]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_text_finds_nothing_or_something_but_never_fails(add: Adds, found: Callable[..., Found], session: Session, text: str) -> None:
    add("质谱仪", model="JEM-2100", functions="sem ' \" * \\ %")
    answer = found(text)
    assert 0 <= answer.total <= 1
    assert len(answer.instruments) == answer.total
    assert len(answer.corrected or "") <= 1_000
    assert len(suggest(session, text)) <= 8


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_text_can_be_registered_and_found_again(add: Adds, names: Callable[..., list[str]], text: str) -> None:
    name = text.replace("\x00", "").replace("\ud800", "")[:100]  # neither database takes these into a text
    add(f"质谱仪{name}", model=name, manufacturer=name, functions=name)
    assert len(names("质谱仪")) == 1


@pytest.mark.parametrize("text", [text for text in ODD if len(text) > 250], ids=lambda text: text[:5])
def test_a_huge_text_makes_few_terms_and_few_statements(add: Adds, found: Callable[..., Found], session: Session, engine: Engine, text: str) -> None:
    add("质谱仪")
    found("质谱")
    seen: list[int] = []

    def note(*args: object) -> None:
        seen.append(len(str(args[3])))

    event.listen(engine, "before_cursor_execute", note)
    try:
        found(text)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(seen) <= 60
    assert max(seen) < 100_000
    assert len(read_terms(text, snapshot(session).thesaurus)) <= MOST_TERMS


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80))
def test_any_text_may_be_typed(session: Session, seeded: None, text: str) -> None:
    assert find(session, Query(text=text)).total == 0


@pytest.fixture(scope="module")
def both(databases: Databases) -> Iterator[list[Session]]:
    """The same six hundred instruments on each database."""
    with ExitStack() as open_ones:
        sessions = []
        for backend in BACKENDS:
            connection = open_ones.enter_context(databases.ready(backend).engine.connect())
            everything = connection.begin()
            open_ones.callback(everything.rollback)
            session = open_ones.enter_context(Session(connection, join_transaction_mode="create_savepoint"))
            _fill(session)
            sessions.append(session)
        yield sessions


def _fill(session: Session) -> None:
    dice = random.Random(7)
    seed_categories(session)
    seed_codes(session)
    seed_aliases(session)
    shipped = data.read("search_terms.json")
    words = [text for group in shipped["terms"] for text in group["terms"]]
    makers = [text for group in shipped["makers"] for text in group["terms"]]
    codes = [row["code"] for row in data.read("classes.json") if row["level"] == 3]
    organisations = [
        Organisation(code=f"both{n}", name_zh=f"第{n}大学", name_en="", kind="university", city=dice.choice(["140100", "140200", ""]))
        for n in range(12)
    ]
    session.add_all(organisations)
    session.flush()
    for number in range(600):
        session.add(
            Instrument(
                organisation=dice.choice(organisations), inner_id=f"both{number}", name_zh=dice.choice(["", "高分辨", "全自动"]) + dice.choice(words),
                category_code=dice.choice(codes), model=f"{dice.choice(['JEM', 'D8', 'LC'])}-{dice.randrange(100, 130)}",
                manufacturer=dice.choice(makers), functions=dice.choice(words) + dice.choice(words), sharing_mode=dice.choice(["external", "internal"]),
                sample_service=dice.random() < 0.5, needs_qualification=dice.random() < 0.5,
                publication=dice.choice(["published", "published", "draft"]), created_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )  # fmt: skip
    rebuild_index(session)


def _answer(session: Session, query: Query) -> object:
    """What is found, without the numbers, which each database gives by itself."""
    found = find(session, query)
    facets = {
        facet: sorted((value.name.zh, value.count, value.is_chosen) for value in values) for facet, values in found.facets.items()
    }
    shown = [(one.name_zh, one.inner_id) for one in found.instruments]
    return shown, found.total, facets, found.corrected, found.is_loosened, len(matching_ids(session, query))


TYPED = [
    "", "SEM", "质谱", "zhipu", "zp", "显微镜", "仪", "JEM-1", "d8 110", "蔡司", "shimadzu", "X射线", "液相色谱", "高分辨 质谱", "第3大学 显微镜",
    "saomiaodianjin", "centrifuse", "制谱仪", "核磁 qqqqqq", "pcr", "光谱", "microscope", "mass spectrometer", "分析仪器", "lc", "jem2101", "全自动电镜",
]  # fmt: skip


@pytest.mark.parametrize("text", TYPED)
@pytest.mark.parametrize("what", [{}, {"category": "010000"}, {"city": "140100", "audience": "external"}, {"operation": "sample_service", "sort": "name"}])
def test_both_databases_give_the_same_answer_in_the_same_order(both: list[Session], text: str, what: dict[str, str]) -> None:
    one, other = (_answer(session, Query(text=text, limit=50, **what)) for session in both)
    assert one == other


def test_the_compared_searches_do_find_something(both: list[Session]) -> None:
    assert sum(find(both[0], Query(text=text)).total > 0 for text in TYPED) == len(TYPED)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="质谱仪扫描电镜显微zhipusaomedjcn -1208X", max_size=12))
def test_both_databases_agree_on_any_text(both: list[Session], text: str) -> None:
    one, other = (_answer(session, Query(text=text)) for session in both)
    assert one == other
