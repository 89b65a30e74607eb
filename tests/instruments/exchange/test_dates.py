from datetime import date

import pytest

from instruments.exchange.dates import read_full_date, read_partial_date

TODAY = date(2026, 11, 23)
AS_THEY_ARE = ["2016", "2016-10", "2016-10-05", "2016-10-05 00:00:00"]
WRITTEN = [
    ("2015.6", "2015-06"),
    ("2015.10", "2015-10"),
    ("2017-", "2017"),
    ("2015-04-09 (beginDate)", "2015-04-09"),
    ("2015-04-09（启用）", "2015-04-09"),
    ("2015/6/9", "2015-06-09"),
    ("2015年6月", "2015-06"),
    ("2015年6月9日", "2015-06-09"),
    ("2015年", "2015"),
    ("20150609", "2015-06-09"),
    ("201506", "2015-06"),
    ("２０１５．６", "2015-06"),
    ("令和5年", "2023"),
    ("令和元年", "2019"),
    ("令和5年度", "2023"),
    ("平成28年3月", "2016-03"),
    ("H28.3.1", "2016-03-01"),
    ("民國104年", "2015"),
    ("42103", "2015-04-09"),
    ("9 June 2015", "2015-06-09"),
    ("June 9, 2015", "2015-06-09"),
    ("Jun 2015", "2015-06"),
    ("Spring 2015", "2015"),
    ("25/12/2015", "2015-12-25"),
    ("12/25/2015", "2015-12-25"),
    ("07.07.2015", "2015-07-07"),
]


@pytest.mark.parametrize("text", AS_THEY_ARE)
def test_a_date_in_the_register_s_own_form_needs_no_word(text):
    reading = read_partial_date(text, TODAY)
    assert reading.value == text[:10]
    assert reading.warnings == ()


@pytest.mark.parametrize(("text", "found"), WRITTEN)
def test_a_date_written_otherwise_keeps_its_precision_and_is_told(text, found):
    reading = read_partial_date(text, TODAY)
    assert reading.value == found
    assert reading.warnings


@pytest.mark.parametrize("text", ["2015.1", "06/09/2015"])
def test_of_a_date_with_two_meanings_only_the_year_is_taken(text):
    reading = read_partial_date(text, TODAY)
    assert reading.value == "2015"
    assert "only the year" in reading.warnings[0].en


@pytest.mark.parametrize("text", ["2015-13", "2015-02-30", "2015-2017", "98年", "soon", "1492", "(2015)", "201599", "0", "99999"])
def test_what_is_no_date_is_left_out_and_told(text):
    reading = read_partial_date(text, TODAY)
    assert reading.value is None
    assert reading.warnings


def test_a_date_to_come_is_asked_about():
    assert "future" in read_partial_date("2027", TODAY).warnings[0].en
    assert read_partial_date("2026-11", TODAY).warnings == ()


def test_a_day_must_be_whole():
    assert read_full_date("2015-04-09", TODAY).value == date(2015, 4, 9)
    partial = read_full_date("2015-04", TODAY)
    assert partial.value is None
    assert "missing" in partial.warnings[0].en
