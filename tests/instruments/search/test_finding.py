"""Finding: what people type finds what they mean, best first, on both databases alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.catalogue import Instrument
from instruments.errors import Invalid
from instruments.people import Organisation, Person
from instruments.roles import grant
from instruments.search import Found, Query, add_alias, find, index_instrument, matching_ids, words_changed

Adds = Callable[..., Instrument]
Names = Callable[..., list[str]]


@pytest.fixture
def laboratory(add: Adds) -> None:
    """Instruments of which each carries only some of the words people use."""
    add("扫描电子显微镜")
    add("", name_en="SEM")
    add("场发射扫描电镜", manufacturer="蔡司", model="Gemini 500")
    add("透射电子显微镜", manufacturer="JEOL", model="JEM-2100HR")
    add("质谱仪", manufacturer="Thermo Fisher Scientific", model="Q Exactive")
    add("", name_en="LC-MS/MS system", manufacturer="Waters")
    add("X射线衍射仪", manufacturer="Bruker", model="D8 ADVANCE", category_code="010301")
    add("高效液相色谱仪", manufacturer="岛津", model="LC 20A")
    add("離心機", model="5810R", functions="细胞分离", category_code="011023")
    add("样品制备台", functions="为扫描电镜制备样品")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("SEM", ["SEM", "场发射扫描电镜", "扫描电子显微镜", "样品制备台"]),
        ("扫描电子显微镜", ["扫描电子显微镜", "场发射扫描电镜", "SEM", "样品制备台"]),
        ("扫描电镜", ["场发射扫描电镜", "扫描电子显微镜", "SEM", "样品制备台"]),
        ("scanning electron microscopes", ["场发射扫描电镜", "扫描电子显微镜", "SEM", "样品制备台"]),
        ("掃描電鏡", ["场发射扫描电镜", "扫描电子显微镜", "SEM", "样品制备台"]),
        ("电镜", ["场发射扫描电镜", "扫描电子显微镜", "透射电子显微镜", "SEM", "样品制备台"]),
        ("FE-SEM", ["场发射扫描电镜"]),
        ("TEM", ["透射电子显微镜"]),
        ("质谱", ["质谱仪", "LC-MS/MS system"]),
        ("zhipu", ["质谱仪"]),
        ("zp", ["质谱仪"]),
        ("zhipuyi", ["质谱仪"]),
        ("zhip", ["质谱仪"]),
        ("saomiaodianjing", ["场发射扫描电镜"]),
        ("lixinji", ["離心機"]),
        ("离心机", ["離心機"]),
        ("centrifuge", ["離心機"]),
        ("lcms", ["LC-MS/MS system"]),
        ("LC MS", ["LC-MS/MS system"]),
        ("液质", ["LC-MS/MS system"]),
        ("hplc", ["高效液相色谱仪"]),
        ("XRD", ["X射线衍射仪"]),
        ("x射线", ["X射线衍射仪"]),
        ("xshexian", ["X射线衍射仪"]),
        ("分析仪器", ["離心機", "X射线衍射仪"]),
        ("zeiss", ["场发射扫描电镜"]),
        ("蔡司", ["场发射扫描电镜"]),
        ("日本电子", ["透射电子显微镜"]),
        ("shimadzu", ["高效液相色谱仪"]),
        ("daojin", ["高效液相色谱仪"]),
        ("赛默飞", ["质谱仪"]),
        ("jem2100hr", ["透射电子显微镜"]),
        ("JEM 2100", ["透射电子显微镜"]),
        ("jem-2100", ["透射电子显微镜"]),
        ("2100", ["透射电子显微镜"]),
        ("ｊｅｍ－２１００", ["透射电子显微镜"]),
        ("d8advance", ["X射线衍射仪"]),
        ("LC-20A", ["高效液相色谱仪"]),
        ("lc20a", ["高效液相色谱仪"]),
        ("岛津 液相", ["高效液相色谱仪"]),
        ("细胞", ["離心機"]),
    ],
)
def test_what_people_type_finds_what_they_mean(laboratory: None, names: Names, typed: str, expected: list[str]) -> None:
    assert names(typed) == expected


def test_a_find_in_the_name_comes_before_one_in_the_functions(add: Adds, names: Names) -> None:
    add("样品台", functions="激光切割")
    add("多功能平台", model="激光")
    add("激光器")
    add("某仪器", manufacturer="激光")
    assert names("激光") == ["激光器", "多功能平台", "某仪器", "样品台"]


def test_every_word_must_be_found_but_not_in_the_same_field(add: Adds, names: Names) -> None:
    add("离心机", manufacturer="Eppendorf")
    add("离心机二号", manufacturer="Beckman")
    assert names("eppendorf 离心机") == ["离心机"]


def test_an_organisation_and_an_instrument_may_be_typed_in_one_word(add: Adds, names: Names, an_organisation: Callable[..., object]) -> None:
    add("扫描电子显微镜", organisation=an_organisation(name_zh="太原理工大学"))
    add("扫描电镜", organisation=an_organisation(name_zh="中北大学"))
    assert names("太原理工大学扫描电镜") == ["扫描电子显微镜"]


def test_a_little_word_does_not_count(add: Adds, names: Names) -> None:
    add("", name_en="Microscope for cells")
    assert names("the microscope of cells") == ["Microscope for cells"]


def test_a_maker_whose_name_is_a_common_word_is_not_found_in_other_fields(add: Adds, names: Names) -> None:
    add("离心机", functions="牛津大学赠送")
    add("能谱仪", manufacturer="Oxford Instruments")
    assert names("oxford") == ["能谱仪"]


def test_names_that_match_alike_come_by_pinyin_and_then_by_id(add: Adds, found: Callable[..., Found]) -> None:
    made = [add(name) for name in ("质谱仪丙", "质谱仪甲", "质谱仪乙", "质谱仪甲")]
    assert found("质谱仪").ids == (made[0].id, made[1].id, made[3].id, made[2].id)


def test_an_alias_of_the_instrument_finds_it(add: Adds, names: Names) -> None:
    add("场发射扫描电镜", aliases=("小蓝",))
    assert names("小蓝") == ["场发射扫描电镜"]
    assert names("xiaolan") == ["场发射扫描电镜"]


def test_a_new_word_counts_at_once_and_both_ways(session: Session, add: Adds, names: Names) -> None:
    add("太赫兹时域光谱仪")
    assert names("THz-TDS") == []
    add_alias(session, "THz-TDS", like="太赫兹时域光谱仪")
    words_changed(session)
    assert names("thz tds") == ["太赫兹时域光谱仪"]


def test_without_a_text_everything_published_is_found_by_name(laboratory: None, names: Names) -> None:
    assert names() == [
        "场发射扫描电镜", "高效液相色谱仪", "LC-MS/MS system", "離心機", "扫描电子显微镜",
        "SEM", "透射电子显微镜", "X射线衍射仪", "样品制备台", "质谱仪",
    ]  # fmt: skip
    assert names("质谱", sort="name") == ["LC-MS/MS system", "质谱仪"]


def pages(session: Session, query: Query) -> Iterator[Found]:
    cursor: str | None = ""
    while cursor is not None:
        found = find(session, Query(text=query.text, sort=query.sort, limit=query.limit, cursor=cursor))
        yield found
        cursor = found.next


@pytest.mark.parametrize("sort", ["relevance", "name"])
@pytest.mark.parametrize("limit", [1, 3, 10, 200])
def test_pages_join_up_to_the_whole_list(session: Session, laboratory: None, sort: str, limit: int) -> None:
    query = Query(text="电镜", sort=sort, limit=limit)
    seen = list(pages(session, query))
    assert [number for page in seen for number in page.ids] == matching_ids(session, query)
    assert {page.total for page in seen} == {5}


def test_a_page_goes_on_where_it_ended_although_others_have_come_and_gone(session: Session, add: Adds) -> None:
    first, second, third = add("质谱仪一"), add("质谱仪七"), add("质谱仪三")
    page = find(session, Query(text="质谱仪", limit=1))
    assert page.ids == (second.id,)
    second.publication = "retired"
    newcomer = add("质谱仪五")
    index_instrument(session, [second.id])
    assert find(session, Query(text="质谱仪", cursor=page.next or "")).ids == (third.id, newcomer.id, first.id)


@pytest.mark.parametrize("cursor", ["x", "e30", "W10", "!!!!", "a" * 5000, "WyJuYW1lIiwwLCJ4IiwxXQ", "bnVsbA", "é"])
def test_a_place_that_is_none_is_refused(found: Callable[..., Found], cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        found("质谱", cursor=cursor)
    assert refused.value.field == "cursor"


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ({"limit": 0}, "limit"), ({"limit": 201}, "limit"), ({"limit": 10**9}, "limit"), ({"sort": "price"}, "sort"), ({"audience": "all"}, "audience"),
        ({"operation": "x"}, "operation"), ({"statuses": ("secret",)}, "statuses"), ({"category": "01"}, "category"), ({"category": "x' OR 1=1"}, "category"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_field(found: Callable[..., Found], what: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        found(**what)
    assert refused.value.field == field


def test_only_published_instruments_are_found_whatever_somebody_asks_for(session: Session, add: Adds, found: Callable[..., Found]) -> None:
    for status in ("draft", "submitted", "refused", "suspended", "retired"):
        add("质谱仪", publication=status)
    shown = add("质谱仪")
    assert found("质谱", statuses=("published", "draft", "suspended", "retired")).ids == (shown.id,)


def test_who_may_inspect_finds_what_is_not_published_where_she_may(
    session: Session, add: Adds, a_person: Callable[..., Person], an_organisation: Callable[..., Organisation], now: datetime
) -> None:
    mine, person = an_organisation(), a_person()
    draft = add("质谱仪", publication="draft", organisation=mine)
    add("质谱仪", publication="draft")
    grant(session, person, "organisation_admin", organisation=mine, now=now)
    session.flush()
    viewer = load_viewer(session, person)
    assert find(session, Query(text="质谱", statuses=("draft",)), viewer=viewer).ids == (draft.id,)
    assert find(session, Query(text="质谱"), viewer=viewer).ids == ()


def test_an_instrument_withdrawn_without_telling_the_index_is_not_shown(session: Session, add: Adds, found: Callable[..., Found]) -> None:
    add("质谱仪").publication = "suspended"
    session.flush()
    assert found("质谱").instruments == ()


def test_only_the_given_ids_are_found(add: Adds, found: Callable[..., Found]) -> None:
    first, second, _ = add("质谱仪甲"), add("质谱仪乙"), add("质谱仪丙")
    assert found("质谱", restrict_ids=frozenset({first.id, second.id, 10**6})).ids == (first.id, second.id)
    assert found("质谱", restrict_ids=frozenset()).total == 0
