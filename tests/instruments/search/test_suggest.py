"""Proposals while somebody types: words that find something, categories, names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.search import suggest
from instruments.search.suggest import MOST

Adds = Callable[..., Instrument]


@pytest.fixture
def laboratory(add: Adds) -> None:
    """Some instruments to be proposed."""
    add("扫描电子显微镜", category_code="010102")
    add("质谱仪", category_code="010201")
    add("质谱仪", category_code="010201")
    add("激光器", name_en="Laser", category_code="140101")
    add("离心机", publication="draft")


def proposed(session: Session, begin: str) -> list[tuple[str, str]]:
    return [(one.kind, one.text.zh) for one in suggest(session, begin)]


def test_a_known_word_is_proposed_with_what_it_finds(session: Session, laboratory: None) -> None:
    first = suggest(session, "质")[0]
    assert (first.kind, first.text.zh, first.count) == ("word", "质谱", 2)


@pytest.mark.parametrize("begin", ["扫", "扫描", "sao", "saomiaod", "smdj", "SEM", "scanning e", "掃描"])
def test_it_is_proposed_by_its_characters_its_sound_its_initials_and_in_english(session: Session, laboratory: None, begin: str) -> None:
    assert "word" in [kind for kind, _ in proposed(session, begin)]
    assert any(one.kind == "word" and one.count == 1 for one in suggest(session, begin))


def test_of_words_that_mean_the_same_only_one_is_proposed(session: Session, laboratory: None) -> None:
    assert [text for kind, text in proposed(session, "质谱") if kind == "word"] == ["质谱"]


def test_categories_and_names_follow(session: Session, laboratory: None) -> None:
    assert proposed(session, "激光") == [("category", "激光器"), ("instrument", "激光器")]
    assert [one.code for one in suggest(session, "激光") if one.kind == "category"] == ["140000"]


def test_a_name_that_several_instruments_have_is_proposed_once(session: Session, laboratory: None) -> None:
    assert proposed(session, "质谱").count(("instrument", "质谱仪")) == 1


def test_what_would_find_nothing_public_is_not_proposed(session: Session, laboratory: None) -> None:
    assert proposed(session, "离心") == []


def test_there_are_never_more_than_fit(session: Session, add: Adds) -> None:
    for number in range(30):
        add(f"质谱仪{number}号", category_code="010201")
    assert len(suggest(session, "质")) == MOST
    assert len(suggest(session, "m")) <= MOST


@pytest.mark.parametrize("begin", ["", "   ", "!!!", "\x00", "😀", "%", "_", "'", '"', "质" * 5000, "a" * 5000, "%_\\"])
def test_odd_beginnings_propose_nothing(session: Session, laboratory: None, begin: str) -> None:
    assert suggest(session, begin) == ()
