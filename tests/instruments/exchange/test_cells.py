import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.exchange.cells import clean, fold, fold_closely, narrow, neutralise, one_line, restore, says_nothing

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", " =1", "'=1", "''@x"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_would_take_for_a_formula_is_made_harmless(text):
    assert neutralise(text).startswith("'")
    assert restore(neutralise(text)) == text


@pytest.mark.parametrize("text", ["", "a", "1-2", "'quoted'", "扫描电镜", "'"])
def test_other_texts_go_out_as_they_are(text):
    assert neutralise(text) == text
    assert restore(text) == text


@given(st.text())
def test_what_goes_out_comes_back(text):
    assert restore(neutralise(text)) == text


@given(st.text(alphabet="'=+-@ \t\r\n＝a"))
def test_no_guarded_text_begins_a_formula(text):
    guarded = neutralise(text)
    assert guarded == "" or not guarded.lstrip(" ").startswith(("=", "+", "-", "@", "＝"))
    assert restore(guarded) == text


def test_a_cell_is_cleaned_of_what_cannot_be_seen():
    assert clean("\ufeff\u00a0a\u200b\r\nb\x00\u3000") == "a\nb"
    assert clean("a\x0bb\x85c") == "a\nb\nc"


def test_lines_of_chinese_are_joined_without_a_space_and_of_english_with_one():
    assert one_line("扫描电子\n显微镜") == "扫描电子显微镜"
    assert one_line("Scanning\n  microscope") == "Scanning microscope"


def test_width_case_and_space_do_not_count_in_comparisons():
    assert fold("Ｔａｌｏｓ  F200X") == "talos f200x"
    assert fold_closely("原值（万元）") == fold_closely("原值 (万元)")
    assert narrow("ＪＥＭ－２１００") == "JEM-2100"


@pytest.mark.parametrize("text", ["/", "－", "无", "N/A", "不详", "#REF!", "なし"])
def test_signs_for_nothing_are_known(text):
    assert says_nothing(text)


def test_a_zero_says_something():
    assert not says_nothing("0")
