"""Facets: how many instruments each further choice would leave, with all choices applied but the facet's own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.codes import rename
from instruments.errors import Sentence
from instruments.facilities import Facility
from instruments.people import Organisation
from instruments.search import FacetValue, Found, Query, find, index_changes, watch

Finds = Callable[..., Found]


@pytest.fixture
def register(
    add: Callable[..., Instrument], an_organisation: Callable[..., Organisation], a_facility: Callable[..., Facility]
) -> dict[str, Organisation | Facility]:
    """Two organisations in two cities; two mass spectrometers, one diffractometer, one centrifuge."""
    first = an_organisation(name_zh="太原理工大学", name_en="Taiyuan University of Technology", city="140100")
    second = an_organisation(name_zh="大同大学", name_en="", city="140200")
    centre = a_facility(organisation=first, name_zh="分析中心", name_en="Analysis centre")
    add("质谱仪甲", organisation=first, facility_id=centre.id, category_code="010201", sharing_mode="external", needs_qualification=True)
    add("质谱仪乙", organisation=second, category_code="010202", sharing_mode="internal", self_operated=False, sample_service=True)
    add("衍射仪", organisation=first, category_code="010301", sharing_mode="external", sample_service=True)
    add("离心机", organisation=second, category_code="140101", sharing_mode="external")
    return {"first": first, "second": second, "centre": centre}


def counts(values: tuple[FacetValue, ...]) -> dict[str, int]:
    return {value.name.zh: value.count for value in values}


def test_each_value_tells_how_many_instruments_have_it(register: object, found: Finds) -> None:
    facets = found().facets
    assert counts(facets["organisation"]) == {"太原理工大学": 2, "大同大学": 2}
    assert counts(facets["city"]) == {"太原市": 2, "大同市": 2}
    assert counts(facets["facility"]) == {"分析中心": 1}
    assert counts(facets["audience"]) == {"外部共享": 3, "内部共享": 1}
    assert counts(facets["operation"]) == {"自主上机": 3, "送样测试": 2}
    assert counts(facets["qualification"]) == {"无需上机资格": 3, "需要上机资格": 1}


def test_names_come_in_both_languages_and_a_missing_one_is_the_other(register: object, found: Finds) -> None:
    names = {value.name for value in found().facets["organisation"]}
    assert names == {Sentence("太原理工大学", "Taiyuan University of Technology"), Sentence("大同大学", "大同大学")}


def test_the_most_frequent_value_comes_first(register: object, found: Finds) -> None:
    assert [value.value for value in found().facets["audience"]] == ["external", "internal"]


def test_of_the_categories_only_the_classes_are_shown_until_one_is_chosen(register: object, found: Finds) -> None:
    assert counts(found().facets["category"]) == {"分析仪器": 3, "激光器": 1}


def test_below_a_chosen_category_its_groups_open(register: object, found: Finds) -> None:
    tree = [(value.value, value.level, value.parent, value.count, value.is_chosen) for value in found(category="010200").facets["category"]]
    assert tree == [
        ("010000", 1, "", 3, False),
        ("010200", 2, "010000", 2, True),
        ("010201", 3, "010200", 1, False),
        ("010202", 3, "010200", 1, False),
        ("010300", 2, "010000", 1, False),
        ("140000", 1, "", 1, False),
    ]


@pytest.mark.parametrize(("category", "names"), [("010000", 3), ("010200", 2), ("010201", 1), ("140000", 1), ("990000", 0), ("019999", 0)])
def test_a_category_holds_all_below_it(register: object, found: Finds, category: str, names: int) -> None:
    assert found(category=category).total == names


def test_a_facet_is_counted_without_its_own_choice_but_with_the_others(register: dict[str, Organisation], found: Finds) -> None:
    chosen = found("质谱", organisation_ids=(register["first"].id,))
    assert chosen.total == 1
    assert counts(chosen.facets["organisation"]) == {"太原理工大学": 1, "大同大学": 1}
    assert counts(chosen.facets["city"]) == {"太原市": 1}
    assert [value.is_chosen for value in chosen.facets["organisation"] if value.value == str(register["first"].id)] == [True]


def test_several_organisations_may_be_chosen_at_once(register: dict[str, Organisation], found: Finds) -> None:
    assert found(organisation_ids=(register["first"].id, register["second"].id)).total == 4


def test_a_choice_that_leaves_nothing_stays_to_be_taken_back(register: object, found: Finds) -> None:
    chosen = found("离心机", city="140100")
    assert chosen.total == 0
    assert [(value.value, value.count) for value in chosen.facets["city"]] == [("140200", 1), ("140100", 0)]


@pytest.mark.parametrize("what", [{"organisation_ids": (10**9,)}, {"facility_id": -1}, {"city": "999999"}, {"city": "'; DROP TABLE x"}])
def test_an_unknown_value_leaves_nothing(register: object, found: Finds, what: dict[str, object]) -> None:
    assert found(**what).total == 0


def test_counts_agree_with_what_choosing_finds(register: dict[str, Organisation], session: Session) -> None:
    """Every facet value's count is the total of the same query with that value chosen."""
    choices = {
        "organisation": lambda value: {"organisation_ids": (int(value),)},
        "city": lambda value: {"city": value},
        "facility": lambda value: {"facility_id": int(value)},
        "audience": lambda value: {"audience": value},
        "operation": lambda value: {"operation": value},
        "qualification": lambda value: {"needs_qualification": value == "true"},
        "category": lambda value: {"category": value},
    }
    for text, city, operation in product(("", "质谱", "离心机"), ("", "140100"), ("", "sample_service")):
        before = {"text": text, "city": city, "operation": operation}
        for facet, values in find(session, Query(**before)).facets.items():
            for value in values:
                assert value.count == find(session, Query(**before | choices[facet](value.value))).total, (before, facet, value)


def test_only_what_is_restricted_to_is_counted(register: object, found: Finds) -> None:
    ids = frozenset(found("质谱").ids)
    assert counts(found(restrict_ids=ids).facets["audience"]) == {"外部共享": 1, "内部共享": 1}


def test_a_new_name_is_shown_at_once(register: dict[str, Organisation], session: Session, found: Finds) -> None:
    watch(session)
    found()
    register["first"].name_zh = "山西大学"
    rename(session, "city", "140100", name_zh="并州市")
    index_changes(session)
    facets = found().facets
    assert counts(facets["organisation"]) == {"山西大学": 2, "大同大学": 2}
    assert counts(facets["city"]) == {"并州市": 2, "大同市": 2}
