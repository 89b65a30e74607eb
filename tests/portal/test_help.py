"""How the portal works, in words."""

from __future__ import annotations

import re

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


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["保存为报告", "退订", "年度报告", "已公布的评价", "一月份还不会有"]),
        ("en", ["Save as a report", "Unsubscribe", "The year on paper", "Published evaluations", "in January nothing is below quota"]),
    ],
)
def test_administrators_read_of_reports_years_evaluations_and_limits(client, language, words):
    text = client.get(f"/help?lang={language}").text
    assert [word for word in words if word not in text] == []


def test_every_address_it_names_leads_somewhere(client):
    addresses = set(re.findall(r'href="(/[^"#?]*)"', client.get("/help").text.partition("<main")[2]))
    assert len(addresses) > 5
    assert {one: client.get(one).status_code for one in addresses if client.get(one).status_code not in (200, 302)} == {}


def test_it_asks_the_database_nothing(client, statements):
    with statements() as seen:
        assert client.get("/help").status_code == 200
    assert seen == []
