from decimal import Decimal

import pytest

from instruments.exchange.amounts import WAN, YUAN, read_amount

WRITTEN = [
    ("64.49 (worth, 万元)", "644900.00"),
    ("136万", "1360000.00"),
    ("390 万元", "3900000.00"),
    ("800000元", "800000.00"),
    ("人民币80万元整", "800000.00"),
    ("1.2亿", "120000000.00"),
    ("１３６万", "1360000.00"),
    ("1.234.567,50", "1234567.50"),
    ("约30万元", "300000.00"),
    ("¥ 800,000", "800000.00"),
]


@pytest.mark.parametrize(("text", "amount"), WRITTEN)
def test_an_amount_with_its_unit_is_read_as_yuan_and_told(text, amount):
    reading = read_amount(text)
    assert reading.value == Decimal(amount)
    assert reading.warnings


@pytest.mark.parametrize(("text", "amount"), [("800000", "800000.00"), ("1,234,567.89", "1234567.89"), ("644900.0", "644900.00")])
def test_a_plain_number_of_yuan_needs_no_word(text, amount):
    reading = read_amount(text)
    assert reading.value == Decimal(amount)
    assert reading.warnings == ()


def test_a_column_in_wan_is_multiplied():
    assert read_amount("64.49", WAN).value == Decimal("644900.00")
    assert read_amount("64.49", WAN).warnings == ()


def test_the_unit_in_the_cell_beats_the_unit_of_the_column():
    assert read_amount("800000元", WAN).value == Decimal("800000.00")


def test_a_column_without_a_unit_is_taken_as_yuan_and_told():
    reading = read_amount("800000", YUAN, is_unit_sure=False)
    assert reading.value == Decimal("800000.00")
    assert "does not state the unit" in reading.warnings[0].en


@pytest.mark.parametrize("text", ["100-200万", "about a million", "万", "-5", "1e5", "12.3.4", "十五万"])
def test_what_is_no_one_amount_is_left_out_and_told(text):
    reading = read_amount(text)
    assert reading.value is None
    assert reading.warnings


@pytest.mark.parametrize("text", ["$5,000", "5000 USD", "100万円", "NT$300", "新台幣 300", "£20"])
def test_another_currency_is_not_converted(text):
    reading = read_amount(text)
    assert reading.value is None
    assert reading.warnings[0].en == "Not in yuan, and not converted"


def test_a_value_that_is_small_for_an_instrument_is_asked_about():
    reading = read_amount("64.49")
    assert reading.value == Decimal("64.49")
    assert "10,000 yuan" in reading.warnings[0].en


def test_a_value_in_the_wrong_column_is_asked_about():
    assert "check the unit" in read_amount("644900", WAN).warnings[0].en


def test_an_amount_beyond_all_measure_is_left_out():
    assert read_amount("9" * 30).value is None
