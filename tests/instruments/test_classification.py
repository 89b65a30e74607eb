"""The classification: 739 codes in three levels, seeded once, walked by code."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.classification import (
    Category,
    category,
    category_path,
    children,
    codes_above,
    codes_below,
    is_below,
    is_code,
    level_of,
    prefix_of,
    seed_categories,
)
from instruments.errors import NotFound


@pytest.fixture
def seeded(session: Session) -> Session:
    seed_categories(session)
    return session


def test_there_are_15_classes_93_groups_and_631_kinds_each_named_in_both_languages(seeded: Session) -> None:
    counts = dict(seeded.execute(select(Category.level, func.count()).group_by(Category.level)).all())
    assert counts == {1: 15, 2: 93, 3: 631}
    assert not seeded.scalars(select(Category.code).where((Category.name_zh == "") | (Category.name_en == ""))).all()


def test_every_code_hangs_below_the_code_its_digits_name(seeded: Session) -> None:
    for row in seeded.scalars(select(Category)):
        assert row.level == level_of(row.code)
        assert row.parent_code == (codes_above(row.code)[-1] if row.level > 1 else None)


def test_seeding_twice_adds_nothing_and_keeps_what_was_changed(seeded: Session) -> None:
    category(seeded, "010102").name_zh = "扫描电子显微镜"
    seeded.flush()
    assert seed_categories(seeded) == 0
    seeded.expire_all()
    assert category(seeded, "010102").name_zh == "扫描电子显微镜"


def test_seeding_fills_in_what_is_missing(seeded: Session) -> None:
    seeded.delete(category(seeded, "140101"))
    seeded.flush()
    assert seed_categories(seeded) == 1
    assert category(seeded, "140101").name_zh == "激光器"


@pytest.mark.parametrize("code", ["", "1", "990001", "01020", "0102000", "abcdef", "①②③④⑤⑥", "x" * 500, "01020\x00"])
def test_a_code_that_is_none_is_not_found(seeded: Session, code: str) -> None:
    with pytest.raises(NotFound):
        category(seeded, code)


def test_below_nothing_are_the_classes_and_below_a_class_its_groups(seeded: Session) -> None:
    assert [row.code for row in children(seeded)][:3] == ["010000", "020000", "030000"]
    assert [row.name_zh for row in children(seeded, "130000")] == ["计算机", "服务器", "软件", "数据采集及工作站", "其他"]
    assert [row.code for row in children(seeded, "010600")] == ["010601", "010602", "010699"]
    assert list(children(seeded, "010601")) == []


def test_the_path_of_a_category_leads_from_the_class_down(seeded: Session) -> None:
    assert [row.name_en for row in category_path(seeded, "010102")] == [
        "Analytical instruments", "Electron-optical instruments", "Scanning electron microscope",
    ]
    assert [row.code for row in category_path(seeded, "990000")] == ["990000"]


def test_the_codes_below_share_the_digits_of_their_level(seeded: Session) -> None:
    assert codes_below(seeded, "010600") == ["010600", "010601", "010602", "010699"]
    assert codes_below(seeded, "010601") == ["010601"]
    assert codes_below(seeded, "990000") == ["990000"]
    assert all(code.startswith("01") for code in codes_below(seeded, "010000"))
    assert len(codes_below(seeded, "010000")) > 100


def test_a_prefix_is_two_four_or_six_digits() -> None:
    assert [prefix_of(code) for code in ("010000", "010200", "010203")] == ["01", "0102", "010203"]
    assert codes_above("010203") == ("010000", "010200")
    assert codes_above("010000") == ()
    assert is_below("010203", "010000")
    assert is_below("010203", "010203")
    assert not is_below("010203", "010300")
    assert is_code("010203")
    assert not is_code("０１０２０３")
