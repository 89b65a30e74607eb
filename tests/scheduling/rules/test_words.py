"""A rule book in plain words."""

from __future__ import annotations

import pytest

from scheduling.rules.book import read_entries, read_entry
from scheduling.rules.words import say_entry, say_rules


@pytest.mark.parametrize(
    ("raw", "zh", "en"),
    [
        ({"kind": "notice", "parameters": {"minutes": 120}}, "至少提前 2 小时预约。", "Book at least 2 h ahead."),
        (
            {"kind": "longest", "parameters": {"minutes": 240}, "who": {"audiences": ["enterprise"]}, "effect": "approve"},
            "企业：每次最多预约 4 小时。（不符合时须经审批）",
            "For enterprises: A booking lasts at most 4 h. (Otherwise a manager decides.)",
        ),
        (
            {"kind": "qualification", "parameters": {"grade": 3}, "when": {"weekdays": [5, 6], "from_minute": 1080, "until_minute": 1920}},
            "周六、日 18:00-次日08:00：自主上机须具备 3 级资格（夜间与周末独立操作）。",
            "On Sat, Sun 18:00-08:00 the next day: Operating it yourself needs a qualification of grade 3 (independent at night and weekends).",
        ),
        (
            {"kind": "quota", "parameters": {"most": 2, "of": "bookings"}, "who": {"modes": ["self"], "grade_below": 2},
             "when": {"holidays": "not"}, "effect": "warn"},
            "自主上机，资格低于 2 级，节假日除外：每人每周最多 2 次预约。（建议）",
            "For self-operated use, below grade 2, except on holidays: Each person has at most 2 bookings a week. (Advice only.)",
        ),
        (
            {"kind": "shortest", "parameters": {"minutes": 30}, "who": {"purposes": ["teaching"], "grade_from": 1},
             "when": {"holidays": "only", "from_minute": 720}},
            "用于教学，资格 1 级及以上，12:00-24:00 节假日：每次至少预约 30 分钟。",
            "For teaching, from grade 1, 12:00-24:00 on holidays: A booking lasts at least 30 min.",
        ),
        (
            {"kind": "approval", "parameters": {}},
            "预约须经管理员审批，3 天内答复；待审批期间为您保留时段。",
            "A manager approves each booking within 3 days; the slot is kept for you meanwhile.",
        ),
    ],
)  # fmt: skip
def test_an_entry_is_said_with_its_scope_and_its_effect(raw, zh, en):
    sentence = say_entry(read_entry(raw))
    assert (sentence.zh, sentence.en) == (zh, en)


def test_the_defaults_are_said_too(an_ask):
    said = say_rules(read_entries([{"kind": "notice", "parameters": {"minutes": 60}}]), an_ask().instrument)
    assert [sentence.en for sentence in said] == [
        "Book at least 1 h ahead.",
        "Bookings start and end on steps of 30 min.",
        "Book within the opening hours.",
    ]
