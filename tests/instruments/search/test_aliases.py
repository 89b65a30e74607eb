"""Words that mean the same, and makers in both languages."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments import data
from instruments.errors import Invalid, NotFound
from instruments.search import SearchAlias, add_alias, retire_alias, seed_aliases
from instruments.search.aliases import Thesaurus, load_thesaurus, reading, words_in
from instruments.search.tokens import key_of


@pytest.fixture
def thesaurus(session: Session, seeded: None) -> Thesaurus:
    return load_thesaurus(session)


def test_at_least_eighty_groups_are_shipped_each_word_in_its_group_once() -> None:
    shipped = data.read("search_terms.json")
    assert len(shipped["terms"]) >= 80
    for group in (*shipped["terms"], *shipped["makers"]):
        assert len(group["terms"]) == len(set(group["terms"])) > 1, group


def test_narrower_groups_exist() -> None:
    terms = data.read("search_terms.json")["terms"]
    assert {key for group in terms for key in group.get("narrower", ())} <= {group["key"] for group in terms}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SEM", "扫描电镜"), ("TEM", "透射电镜"), ("XRD", "X射线衍射仪"), ("NMR", "核磁共振"), ("ICP-MS", "电感耦合等离子体质谱"), ("GC-MS", "气质联用仪"),
        ("LC-MS", "液质联用仪"), ("AFM", "原子力显微镜"), ("XPS", "X射线光电子能谱"), ("FTIR", "傅里叶红外"), ("Raman", "拉曼"),
        ("UV-Vis", "紫外可见分光光度计"), ("FIB", "聚焦离子束"), ("EDS", "能谱仪"), ("EBSD", "电子背散射衍射"), ("TGA", "热重分析仪"),
        ("DSC", "差示扫描量热仪"), ("BET", "比表面仪"), ("HPLC", "高效液相色谱"), ("PCR", "基因扩增仪"), ("MRI", "磁共振成像"), ("PET-CT", "正电子发射断层"),
        ("CT", "计算机断层扫描"), ("STM", "扫描隧道显微镜"), ("Zeiss", "蔡司"), ("Thermo Fisher", "赛默飞"), ("Bruker", "布鲁克"), ("JEOL", "日本电子"),
        ("Hitachi", "日立"), ("Shimadzu", "岛津"), ("Agilent", "安捷伦"), ("Waters", "沃特世"), ("PerkinElmer", "珀金埃尔默"), ("TESCAN", "泰思肯"),
        ("Rigaku", "理学"), ("Malvern", "马尔文"), ("Oxford", "牛津"),
    ],
)  # fmt: skip
def test_an_abbreviation_and_its_chinese_mean_the_same(thesaurus: Thesaurus, one: str, other: str) -> None:
    groups = thesaurus.groups_of(key_of(one))
    assert set(groups) & set(thesaurus.groups_of(key_of(other)))


def test_seeding_twice_adds_nothing_and_brings_nothing_back(session: Session, seeded: None) -> None:
    word = session.scalars(select(SearchAlias).where(SearchAlias.text == "SEM")).one()
    retire_alias(session, word.id)
    session.flush()
    assert seed_aliases(session) == 0
    assert not load_thesaurus(session).groups_of("sem")


def test_an_added_word_joins_the_group_of_the_other(session: Session, seeded: None) -> None:
    added = add_alias(session, "电扫", like="SEM")
    assert added.group_key == "sem"
    assert added.reading == "dian sao"
    assert add_alias(session, "电扫", like="SEM").id == added.id


def test_two_new_words_begin_a_group(session: Session, seeded: None) -> None:
    add_alias(session, "THz-TDS", like="太赫兹时域光谱仪")
    group = load_thesaurus(session).groups_of("thztds")[0]
    assert set(group.texts) == {"THz-TDS", "太赫兹时域光谱仪"}


def test_the_sound_of_a_word_follows_the_word(session: Session, seeded: None) -> None:
    word = add_alias(session, "电扫", like="SEM")
    word.text = "扫电"
    session.flush()
    word.active = False
    session.flush()
    assert word.reading == "sao dian"


@pytest.mark.parametrize(("text", "like"), [("", "SEM"), ("x" * 81, "SEM"), ("SEM", " "), ("!!!", "SEM"), ("SEM", "😀")])
def test_a_word_without_letters_or_too_long_is_refused(session: Session, seeded: None, text: str, like: str) -> None:
    with pytest.raises(Invalid):
        add_alias(session, text, like=like)


def test_a_word_that_is_not_there_cannot_be_retired(session: Session, seeded: None) -> None:
    with pytest.raises(NotFound):
        retire_alias(session, 10**9)


def test_a_run_is_cut_around_the_known_words_in_it(thesaurus: Thesaurus) -> None:
    assert words_in("太原理工大学扫描电镜", thesaurus) == ["太原理工大学", "扫描电镜"]
    assert words_in("岛津液相色谱仪", thesaurus) == ["岛津", "液相色谱仪"]


def test_a_cut_leaves_no_single_character(thesaurus: Thesaurus) -> None:
    assert words_in("理学院", thesaurus) == ["理学院"]


def test_a_word_of_several_scripts_has_no_single_sound() -> None:
    assert reading("质谱仪") == "zhi pu yi"
    assert reading("X射线") == reading("SEM") == ""
