"""How the portal works, in words."""

from __future__ import annotations

import pytest

from portal.help import EXAMPLES
from scheduling.rules.book import KINDS


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["使用说明", "使用者", "仪器管理员", "单位与省平台管理员", "预约规则", "未到场", "独立操作", "30 个工作日"]),
        (
            "en",
            [
                "How it works",
                "For researchers",
                "For lab managers",
                "For administrators",
                "No-show",
                "Independent operation",
                "30 working days",
            ],
        ),
    ],
)
def test_it_is_told_in_the_readers_language(client, language, words):
    text = client.get(f"/help?lang={language}").text
    assert [word for word in words if word not in text] == []


def test_every_kind_of_rule_has_an_example(client):
    assert [rule.kind for rule in EXAMPLES] == list(KINDS)
    text = client.get("/help").text
    assert [rule.kind for rule in EXAMPLES if rule.sentence().en.replace("'", "&#39;") not in text] == []


def test_it_asks_the_database_nothing(client, statements):
    with statements() as seen:
        assert client.get("/help").status_code == 200
    assert seen == []
