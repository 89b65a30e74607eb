"""Cost sheets: what an hour costs, from the value of the instrument to the tax."""

from __future__ import annotations

from decimal import Decimal

import pytest

from instruments.costsheets import CostSheet, cost_per_hour, costs, read_cost_sheet, sheet_json
from instruments.errors import Invalid

EXAMPLE = {
    "original_value": "2000000", "years": "10", "hours": "1600", "upkeep": "10", "consumables": "25.00", "labour": " 40 ", "management": "15", "tax": "3",
}  # fmt: skip


def test_the_worked_example_of_the_sheet():
    sheet = read_cost_sheet(EXAMPLE)
    assert [str(one.amount) for one in costs(sheet)] == ["125.00", "10.00", "25.00", "40.00", "30.00", "6.90"]
    assert cost_per_hour(sheet) == Decimal("236.90")


def test_each_part_is_rounded_so_that_the_parts_add_up():
    sheet = CostSheet(Decimal(1000), Decimal(3), Decimal(7), management=Decimal("12.5"), tax=Decimal(6))
    assert [str(one.amount) for one in costs(sheet)] == ["47.62", "0", "0", "0", "5.95", "3.21"]
    assert cost_per_hour(sheet) == Decimal("56.78")


def test_a_sheet_is_read_back_as_it_was_kept():
    sheet = read_cost_sheet(EXAMPLE)
    assert read_cost_sheet(sheet_json(sheet)) == sheet


def test_an_empty_sheet_is_none():
    assert read_cost_sheet({}) is None
    assert read_cost_sheet({"years": " "}) is None


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("years", ""), ("years", "0"), ("years", "101"), ("hours", "-1"), ("hours", "8785"), ("original_value", "NaN"),
        ("labour", "1e400"), ("labour", "-5"), ("tax", "101"), ("management", "ten"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_beside_its_field(field, text):
    with pytest.raises(Invalid) as caught:
        read_cost_sheet(EXAMPLE | {field: text})
    assert caught.value.field == field
