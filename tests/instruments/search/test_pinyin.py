"""Pinyin: whole, begun, and by initials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.search.pinyin import SYLLABLES, initial_tokens, pinyin_tokens, spellings, syllable_tokens, syllables_of
from instruments.search.tokens import fold, runs


def sounds(text: str) -> set[str]:
    return pinyin_tokens(runs(fold(text)))


def may_be_found(typed: str, text: str) -> bool:
    indexed = sounds(text)
    whole = [spelling for spelling in spellings(typed) if not spelling.is_begun]
    begun = [spelling for spelling in spellings(typed) if spelling.is_begun]
    return (
        any(indexed.issuperset(syllable_tokens(spelling.syllables)) for spelling in whole)
        or any(
            indexed.issuperset(syllable_tokens(spelling.syllables)[:-1])
            and any(token.startswith(syllable_tokens(spelling.syllables)[-1]) for token in indexed)
            for spelling in begun
        )
        or (bool(initial_tokens(typed)) and indexed.issuperset(initial_tokens(typed)))
    )  # fmt: skip


@pytest.mark.parametrize("typed", ["zhipuyi", "zhipu", "puyi", "zhip", "zpy", "zp", "py"])
def test_any_part_of_a_name_is_found_by_its_sound(typed: str) -> None:
    assert may_be_found(typed, "质谱仪")


@pytest.mark.parametrize("typed", ["zhiyi", "zhopu", "zy", "pz", "puzhi"])
def test_what_does_not_stand_together_is_not_found(typed: str) -> None:
    assert not may_be_found(typed, "质谱仪")


@pytest.mark.parametrize("typed", ["xshexian", "xsx", "shexianyanshe", "xsxysy"])
def test_a_letter_before_chinese_counts_as_its_own_sound(typed: str) -> None:
    assert may_be_found(typed, "X射线衍射仪")


def test_letters_are_read_in_every_way_they_can_be() -> None:
    assert [spelling.syllables for spelling in spellings("xian")] == [("xian",), ("xi", "an")]


def test_the_last_syllable_may_be_only_begun() -> None:
    assert [(spelling.syllables, spelling.is_begun) for spelling in spellings("saom")] == [(("sao", "m"), True), (("sa", "o", "m"), True)]


@pytest.mark.parametrize("letters", ["", "x", "ivu", "质谱", "jem2100", "q" * 100, "é"])
def test_what_is_no_pinyin_has_no_reading(letters: str) -> None:
    assert spellings(letters) == []


@pytest.mark.parametrize("letters", ["a", "uv", "zhipuyixxxxxxx", "d8", "质谱", ""])
def test_what_no_row_of_syllables_begins_with_are_no_initials(letters: str) -> None:
    assert initial_tokens(letters) == []


def test_every_syllable_of_common_words_is_known() -> None:
    assert set(syllables_of("扫描透射电子显微镜质谱仪色谱绿女虐略核磁共振")) <= SYLLABLES


@given(st.text(alphabet="abcdeghijlnopqruvwxyz", max_size=48))
def test_readings_are_bounded_and_spell_what_was_typed(letters: str) -> None:
    found = spellings(letters)
    assert len(found) <= 6
    assert all("".join(spelling.syllables) == letters for spelling in found)


@given(st.text(alphabet="质谱仪显微镜扫描电子射线衍核磁共振", min_size=2, max_size=10))
def test_every_name_is_found_by_its_own_sound_and_initials(name: str) -> None:
    syllables = syllables_of(name)
    assert sounds(name).issuperset(syllable_tokens(syllables))
    assert sounds(name).issuperset(initial_tokens("".join(syllable[0] for syllable in syllables)))
