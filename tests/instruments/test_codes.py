"""Code lists: seeded, corrected by an administrator, never overwritten."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from instruments.codes import LISTS, add, codes_by_text, entries, entry, entry_names, rename, restore, retire, seed_codes
from instruments.errors import Invalid, NotFound, Sentence


@pytest.fixture
def seeded(session: Session) -> Session:
    seed_codes(session)
    return session


def test_every_list_is_seeded_in_both_languages(seeded: Session) -> None:
    for name in LISTS:
        found = entries(seeded, name)
        assert found, name
        assert all(row.name_zh and row.name_en for row in found)


def test_the_lists_have_their_official_sizes(seeded: Session) -> None:
    sizes = {name: len(entries(seeded, name)) for name in ("country", "city", "subject", "source", "condition", "comment")}
    assert sizes == {"country": 249, "city": 11, "subject": 62, "source": 4, "condition": 7, "comment": 5}


def test_values_come_in_the_order_of_the_list(seeded: Session) -> None:
    assert [row.name_zh for row in entries(seeded, "comment")] == ["非常满意", "基本满意", "一般", "不满意", "极差"]
    assert [row.name_zh for row in entries(seeded, "city")][:2] == ["太原市", "大同市"]


def test_seeding_twice_adds_nothing_and_keeps_what_was_changed(seeded: Session) -> None:
    rename(seeded, "source", "built", name_zh="自制", name_en="Home-made")
    retire(seeded, "source", "donated")
    seeded.flush()
    assert seed_codes(seeded) == 0
    seeded.expire_all()
    assert entry(seeded, "source", "built").name_zh == "自制"
    assert not entry(seeded, "source", "donated").active


def test_a_retired_value_is_offered_no_more_but_still_has_its_name(seeded: Session) -> None:
    retire(seeded, "city", "140100")
    seeded.flush()
    assert "140100" not in [row.code for row in entries(seeded, "city")]
    assert entry_names(seeded, "city")["140100"] == Sentence("太原市", "Taiyuan")
    restore(seeded, "city", "140100")
    seeded.flush()
    assert "140100" in [row.code for row in entries(seeded, "city")]


def test_an_added_value_comes_last(seeded: Session) -> None:
    add(seeded, "city", "610100", name_zh="西安市")
    assert entries(seeded, "city")[-1].name == Sentence("西安市", "西安市")


def test_a_code_is_given_only_once(seeded: Session) -> None:
    with pytest.raises(Invalid) as refused:
        add(seeded, "city", " 140100 ", name_zh="太原")
    assert refused.value.field == "code"


@pytest.mark.parametrize(("code", "name"), [("", "x"), ("  ", "x"), ("1" * 41, "x"), ("9", ""), ("9", "字" * 201)])
def test_an_empty_or_too_long_value_is_refused(seeded: Session, code: str, name: str) -> None:
    with pytest.raises(Invalid):
        add(seeded, "source", code, name_zh=name)


def test_a_list_or_code_that_is_none_is_not_found(seeded: Session) -> None:
    with pytest.raises(NotFound):
        entries(seeded, "nothing")
    with pytest.raises(NotFound):
        entry(seeded, "city", "x" * 1000)


def test_a_country_is_known_by_name_and_by_each_of_its_codes(seeded: Session) -> None:
    meaning = codes_by_text(seeded, "country")
    assert {meaning[text] for text in ("德国", "germany", "de", "deu", "276")} == {"DE"}
    assert meaning["中国台湾"] == "TW"
