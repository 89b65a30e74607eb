"""The tokenizer: what is indexed and what is typed are cut up alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.search.tokens import LONGEST_TOKEN, atoms, fold, han_tokens, joined, key_of, runs, tokens


def cut(text: str) -> set[str]:
    return tokens(fold(text))


def test_chinese_gives_pairs_of_characters_and_single_ones() -> None:
    assert cut("质谱仪") == {"质谱", "谱仪", "质", "谱", "仪"}


def test_a_long_text_is_kept_without_single_characters() -> None:
    assert tokens("质谱仪", with_single=False) == {"质谱", "谱仪"}


def test_an_abbreviation_with_a_hyphen_is_joined_and_split() -> None:
    assert cut("LC-MS") == {"lcms", "lc", "ms"}
    assert cut("LC-MS/MS") == {"lc", "ms", "lcms", "msms", "lcmsms"}


def test_a_model_is_found_with_and_without_hyphens_and_in_parts() -> None:
    assert cut("JEM-2100HR") == {"jem2100hr", "jem", "2100hr", "2100", "hr", "jem2100"}
    assert {"d8", "d8advance", "advance"} <= cut("D8-ADVANCE")


def test_spaces_part_words() -> None:
    assert cut("Sigma 300") == {"sigma", "300"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ｘ射线衍射仪", "X射线衍射仪"),
        ("ＪＥＭ－２１００", "JEM-2100"),
        ("質譜儀", "质谱仪"),
        ("掃描式電子顯微鏡", "扫描式电子显微镜"),
        ("透過型電子顕微鏡", "透过型电子显微镜"),
        ("Mössbauer", "mossbauer"),
        ("analyzers", "Analyser"),
        ("fiber", "fibre"),
        ("centre", "center"),
        ("colours", "color"),
        ("ionization", "ionisation"),
        ("spectroscopies", "spectroscopy"),
    ],
)
def test_width_case_accents_traditional_forms_and_spelling_make_no_difference(one: str, other: str) -> None:
    assert cut(one) == cut(other)


@pytest.mark.parametrize("word", ["analysis", "glass", "gas", "apparatus", "lens"])
def test_a_word_that_only_looks_like_a_plural_stays(word: str) -> None:
    assert cut(word) == {word}


def test_chinese_and_latin_in_one_word_are_cut_apart() -> None:
    assert [(run.text, run.is_han) for run in runs(fold("GC-MS气质联用仪3台"))] == [
        ("gc-ms", False), ("气质联用仪", True), ("3", False), ("台", True),
    ]  # fmt: skip


def test_the_key_of_a_word_is_the_same_however_it_is_joined() -> None:
    assert key_of("LC-MS") == key_of("lc/ms") == key_of("LC MS") == "lcms"
    assert key_of("Scanning Electron Microscopes") == key_of("scanning electron microscope")


@pytest.mark.parametrize("text", ["", "   ", "!!! ??? ——", "😀😀", "\x00\x01", "\ud800", '"*():-'])
def test_what_has_neither_letters_nor_digits_gives_nothing(text: str) -> None:
    assert cut(text) == set()


@given(st.text(max_size=300))
def test_any_text_is_cut_into_bounded_folded_tokens_without_spaces(text: str) -> None:
    for token in cut(text):
        assert 0 < len(token) <= LONGEST_TOKEN
        assert not any(character.isspace() for character in token)
        assert token.isprintable()


@given(st.text(max_size=100))
def test_folding_twice_changes_nothing_for_the_search(text: str) -> None:
    assert tokens(fold(fold(text))) == tokens(fold(text))


@given(st.text(alphabet="abcxyz019-./_ ", max_size=60))
def test_what_is_typed_is_among_what_is_indexed(text: str) -> None:
    indexed = cut(text)
    for run in runs(fold(text)):
        assert {joined(run.text), *atoms(run.text)} <= indexed


@given(st.text(alphabet="质谱仪显微镜電鏡", min_size=1, max_size=20))
def test_chinese_that_is_typed_is_among_what_is_indexed(text: str) -> None:
    assert set(han_tokens(fold(text))) <= cut(text)
