"""Why a tariff cannot be read, in words a manager understands."""

import pytest

from instruments.errors import Invalid
from scheduling.pricing.spec import read_spec
from tests.fixtures.pricing import a_meter


@pytest.mark.parametrize(
    ("data", "field", "zh", "en"),
    [
        (
            {"rates": [a_meter("x")]},
            "rates.0.prices.0.amount",
            "费率 1，价格 1，金额必须是一个数。",
            "Rate 1, price 1, amount must be a number.",
        ),
        (
            {"rates": [a_meter(), a_meter(-1)]},
            "rates.1.prices.0.amount",
            "费率 2，价格 1，金额太小，例如价格不能小于 0。",
            "Rate 2, price 1, amount is too small; a price, for example, is never below 0.",
        ),
        (
            {"rates": [a_meter(prices=[{"kind": "range", "low": 3, "high": 2}])]},
            "rates.0.prices.0",
            "费率 1，价格 1：价格区间须有下限和上限，且下限不高于上限。",
            "Rate 1, price 1: A range needs a lowest and a highest amount, in this order.",
        ),
        ({"rates": [{"prices": [{"amount": 1}]}]}, "rates.0.code", "费率 1，代码没有填写。", "Rate 1, code is missing."),
        (
            {"rates": [a_meter(bands=[{"code": "n", "whens": [{"from_minute": 1440}], "prices": [{"amount": 1}]}])]},
            "rates.0.bands.0.whens.0.from_minute",
            "费率 1，时段 1，时间 1，开始时刻填写不正确。",
            "Rate 1, band 1, time 1, start cannot be right.",
        ),
        ({"rates": [a_meter()], "wrong": 1}, "wrong", "“wrong”没有这一项。", "“wrong” is not known."),
        ({"rates": [a_meter()] * 31}, "rates", "费率条目太多。", "Rate has too many entries."),
        ({"rates": [a_meter()], "note_zh": "长" * 1001}, "note_zh", "中文说明太长。", "Chinese note is too long."),
    ],
)
def test_a_refusal_names_the_place_and_the_reason(data, field, zh, en):
    with pytest.raises(Invalid) as found:
        read_spec(data)
    assert (found.value.field, found.value.sentence.zh, found.value.sentence.en) == (field, zh, en)
