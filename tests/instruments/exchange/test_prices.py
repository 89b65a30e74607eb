import pytest

from instruments.exchange.prices import compose, meaning, read_fees, read_price

MEANT = [
    ("/", "not_offered"),
    ("—", "not_offered"),
    ("免收费", "free"),
    ("免收費", "free"),
    ("0 元", "free"),
    ("面议", "on_request"),
    ("价格面議", "on_request"),
    ("fee: 不明", "unknown"),
    ("100/样", "amount"),
    ("$232", "amount"),
    ("150", "amount"),
    ("１５０元/小时", "amount"),
    ("100-200元/样", "rule"),
    ("$10/hr, $10 minimum", "rule"),
    ("62 (was 68.46)", "rule"),
    ("本系 借用免收費; 外系 借用200", "rule"),
    ("no cost except liquid nitrogen", "rule"),
]


@pytest.mark.parametrize(("text", "kind"), MEANT)
def test_prices_are_told_apart(text, kind):
    assert meaning(text) == kind


@pytest.mark.parametrize("text", [text for text, _ in MEANT])
def test_no_price_is_taken_without_a_word(text):
    assert read_price(text).warnings


def test_price_columns_become_one_text():
    parts = {"fees_internal": read_price("100/样").value, "fees_external": read_price("/").value, "fees_unit": read_price("元/样").value}
    assert compose(parts) == "校内 inside: 100/样; 校外 outside: 不提供 not offered; 单位 unit: 元/样"


def test_a_text_with_all_fees_stays_as_it_is():
    assert read_fees("校内 50 元/小时").value == "校内 50 元/小时"
    assert read_fees("校内 50 元/小时").warnings == ()
    assert read_fees("面议").value == "面议 on request"
