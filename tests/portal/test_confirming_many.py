"""Uses and charges confirmed in bulk on the manager's pages: what was ticked or all of the page, without scripts, and what was left is named."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from instruments.people import Person
from scheduling.usageproblems import open_problem

DAY = timedelta(days=1)


@pytest.fixture
def instrument(an_instrument):
    return an_instrument()


@pytest.fixture
def manager(a_manager, instrument):
    return a_manager(instrument)


@pytest.fixture
def send(as_person, session, manager):
    return as_person(session.get_one(Person, manager.person_id))


def boxes(text):
    return re.findall(r'form="choose" name="chosen" value="([0-9]+:[0-9]+)"', text)


class TestUses:
    @pytest.fixture
    def rows(self, instrument, manager, a_usage, a_past_span):
        return [a_usage(instrument=instrument, manager=manager, span=a_past_span(2 + 24 * number)) for number in range(3)]

    def test_what_is_ticked_is_confirmed_and_nothing_else(self, send, rows, session):
        ticked = boxes(send("GET", "/manage/uses").text)
        assert len(ticked) == 3
        answer = send("POST", "/manage/uses/confirm", chosen=ticked[:2])
        assert answer.status_code == 302
        assert "已确认 2 条" in send("GET", "/manage/uses").text
        session.expire_all()
        assert sorted(one.status for one in rows) == ["confirmed", "confirmed", "recorded"]

    def test_all_of_the_page_are_and_what_cannot_be_is_named_with_its_reason(self, send, rows, session, now):
        open_problem(session, "overrun", instrument_id=rows[0].instrument_id, usage_id=rows[0].id, now=now)
        text = send("GET", "/manage/uses").text
        assert len(boxes(text)) == 2  # what has a problem is not offered
        answer = send("POST", "/manage/uses/confirm", all="1", on_page=re.findall(r'name="on_page" value="([^"]+)"', text))
        assert answer.status_code == 200
        assert "已确认 2 条，1 条未确认：" in answer.text
        assert "请先处理该使用的问题：超时使用。" in answer.text
        assert f"/usage/{rows[0].id}" in answer.text

    @pytest.mark.parametrize("sent", [[], ["x"], ["1:"], ["1:x"], ["99999999999999999999:1"], [f"{number}:1" for number in range(1, 60)]])
    def test_nothing_ticked_nonsense_and_too_many_are_refused(self, send, rows, session, sent):
        assert send("POST", "/manage/uses/confirm", chosen=sent).status_code == 422
        session.expire_all()
        assert {one.status for one in rows} == {"recorded"}

    def test_what_somebody_else_changed_meanwhile_is_told(self, send, rows):
        answer = send("POST", "/manage/uses/confirm", chosen=[f"{rows[0].id}:{rows[0].version + 1}"])
        assert answer.status_code == 422
        assert "已确认 0 条，1 条未确认：" in answer.text
        assert "已被他人更改" in answer.text

    def test_what_is_somebody_elses_is_not_there(self, send, rows, a_usage):
        other = a_usage()
        answer = send("POST", "/manage/uses/confirm", chosen=[f"{other.id}:{other.version}"])
        assert (answer.status_code, "您无权查看" in answer.text) == (422, True)
        assert other.person.name not in answer.text


class TestCharges:
    @pytest.fixture
    def drafts(self, instrument, a_person, a_group, an_account, a_charge):
        person = a_person()
        account = an_account(group=a_group(person, pi=person))
        priced = [a_charge(instrument=instrument, person=person, accounts=[account]) for _ in range(2)]
        return [*priced, a_charge(instrument=instrument, person=person, is_open=True)]

    def test_the_ticked_ones_are_up_for_review(self, send, drafts, session):
        ticked = boxes(send("GET", "/charges?whose=managed&status=draft").text)
        assert len(ticked) == 2  # one without a price is not offered
        assert send("POST", "/charges/confirm", chosen=ticked).status_code == 302
        session.expire_all()
        assert [one.status for one in drafts] == ["review", "review", "draft"]

    def test_one_without_a_price_is_named_when_the_whole_page_is_confirmed(self, send, drafts):
        text = send("GET", "/charges?whose=managed&status=draft").text
        answer = send("POST", "/charges/confirm", all="1", on_page=re.findall(r'name="on_page" value="([^"]+)"', text))
        assert "已确认 2 条，1 条未确认：" in answer.text
        assert "价格待定" in answer.text

    def test_whoever_manages_nothing_finds_nothing(self, as_person, drafts, session):
        assert as_person(drafts[0].person)("POST", "/charges/confirm", chosen=[f"{drafts[0].id}:1"]).status_code == 404
        assert boxes(as_person(drafts[0].person)("GET", "/charges").text) == []
