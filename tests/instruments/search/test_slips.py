"""When nothing is found: slips of the finger, characters of the right sound, and too many words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from instruments.catalogue import Instrument
from instruments.search import Found
from instruments.search.slips import slips

Adds = Callable[..., Instrument]
Finds = Callable[..., Found]


@pytest.fixture
def laboratory(add: Adds) -> None:
    """A few instruments to mistype."""
    add("质谱仪", manufacturer="岛津")
    add("扫描电子显微镜", model="JSM-7900F")
    add("高速离心机", name_en="High-speed centrifuge")


def test_a_slip_is_a_character_left_out_added_changed_or_two_changed_round() -> None:
    assert {"bc", "ac", "ab", "bac", "acb", "xabc", "abxc", "xbc", "abx"} <= set(slips("abc"))
    assert "abc" not in set(slips("abc"))


def test_digits_are_tried_only_where_digits_are() -> None:
    assert not any(character.isdigit() for word in slips("sem") for character in word)
    assert "jem2101" in set(slips("jem2100"))


@pytest.mark.parametrize(
    ("typed", "corrected", "name"),
    [
        ("centrifuse", "centrifuge", "高速离心机"),
        ("cnetrifuge", "centrifuge", "高速离心机"),
        ("zhpuyi", "zhipuyi", "质谱仪"),
        ("shimadzo", "shimadzu", "质谱仪"),
        ("JSM-7800F", "jsm7900f", "扫描电子显微镜"),
        ("制谱仪", "质谱仪", "质谱仪"),
        ("志普", "质谱", "质谱仪"),
        ("扫瞄电子显微镜", "扫描电子显微镜", "扫描电子显微镜"),
        ("岛津 制谱仪", "岛津 质谱仪", "质谱仪"),
        ("centrifuse 高速", "centrifuge 高速", "高速离心机"),
    ],
)
def test_what_was_meant_is_found_and_said(laboratory: None, found: Finds, typed: str, corrected: str, name: str) -> None:
    answer = found(typed)
    assert [one.name_zh for one in answer.instruments] == [name]
    assert answer.corrected == corrected
    assert not answer.is_loosened


def test_searching_for_the_corrected_text_finds_the_same(laboratory: None, found: Finds) -> None:
    for typed in ("centrifuse", "制谱仪", "扫瞄电子显微镜", "zhpuyi"):
        answer = found(typed)
        again = found(answer.corrected)
        assert (again.ids, again.corrected) == (answer.ids, None)


def test_what_is_found_as_typed_is_not_corrected(laboratory: None, found: Finds) -> None:
    assert found("centrifuge").corrected is None
    assert found("zhipu").corrected is None


def test_of_words_that_never_stand_together_some_are_enough(laboratory: None, found: Finds) -> None:
    answer = found("质谱仪 离心机")
    assert {one.name_zh for one in answer.instruments} == {"质谱仪", "高速离心机"}
    assert answer.is_loosened
    assert answer.corrected is None


def test_a_word_that_nothing_resembles_is_left_aside(laboratory: None, found: Finds) -> None:
    answer = found("质谱仪 qqqqqqqq")
    assert [one.name_zh for one in answer.instruments] == ["质谱仪"]
    assert answer.is_loosened


def test_half_of_a_long_chinese_word_is_enough(add: Adds, found: Finds) -> None:
    add("高分辨磁质谱分析系统")
    answer = found("磁质谱分析平台")
    assert [one.name_zh for one in answer.instruments] == ["高分辨磁质谱分析系统"]
    assert answer.is_loosened


def test_choices_that_leave_nothing_are_no_reason_to_correct(laboratory: None, found: Finds) -> None:
    answer = found("质谱仪", city="999999")
    assert (answer.total, answer.corrected, answer.is_loosened) == (0, None, False)


@pytest.mark.parametrize("typed", ["xq", "qqqqqqqq", "㊣㊣", "qwertyuiop", "zzz"])
def test_what_resembles_nothing_finds_nothing(laboratory: None, found: Finds, typed: str) -> None:
    answer = found(typed)
    assert (answer.total, answer.corrected, answer.is_loosened) == (0, None, False)
