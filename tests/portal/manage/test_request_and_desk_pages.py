"""Requests to decide and today's desk: the verbs everybody uses, told to the person, and what went wrong said in place."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from instruments.access import load_viewer
from scheduling.bookings import Booking
from scheduling.desk import start

APPROVAL = {"kind": "approval", "parameters": {"decide_within_hours": 48, "holds_slot": False}}


@pytest.fixture
def instrument(an_instrument, codes):
    return an_instrument(name_en="First microscope", rules=[APPROVAL])


@pytest.fixture
def asked(instrument, a_booking, a_span, a_viewer, a_person):
    """`asked("李四", 24)` gives a request by this person, so many hours ahead."""

    def make(name="李四", after=24, hours=2, **wish):
        return a_booking(instrument=instrument, viewer=a_viewer(person=a_person(name=name)), span=a_span(after, hours), **wish)

    return make


@pytest.fixture
def confirmed(an_instrument, a_booking, a_span, a_viewer, a_person, instrument, session):
    """`confirmed("王五", 0)` gives a booking on another instrument of the manager's organisation that needs no approval."""

    def make(name="王五", after=0, hours=2, at=None):
        other = an_instrument(organisation=instrument.organisation)
        return a_booking(instrument=other, viewer=a_viewer(person=a_person(name=name)), span=a_span(after, hours), at=at)

    return make


@pytest.fixture
def manager(somebody_with, instrument):
    return somebody_with("organisation_admin", organisation=instrument.organisation)


def state(session, one):
    session.expire_all()
    return session.get(Booking, one.id).status


class TestRequests:
    def test_the_earliest_deadline_comes_first_with_what_the_decision_needs(self, manager, asked):
        asked("后来的", 30, note="测氧化层")
        asked("先到的", 25)
        main = manager.get("/manage/requests?lang=en").text
        assert main.index("先到的") < main.index("后来的")
        for words in ("A manager approves each booking", "测氧化层", "first time", "answer by"):
            assert words in main

    def test_what_it_meets_is_shown(self, manager, asked):
        asked("甲方", 24)
        asked("乙方", 25)
        page = manager.get("/manage/requests?lang=en").text
        assert len(re.findall("At the same time", page)) == 2
        assert "also waiting" in page

    def test_what_the_person_has_done_here_is_shown(self, manager, asked, session, now):
        old = asked("常客", 24)
        for status, days in (("finished", 10), ("finished", 20), ("no_show", 30)):
            session.add(_past(old, status, now - timedelta(days=days)))
        session.flush()
        page = html.unescape(manager.get("/manage/requests?lang=en").text)
        assert "2 uses, did not come 1 time" in page

    def test_it_is_approved_with_a_note_and_the_person_is_told(self, post, asked, session, letters_of):
        one = asked()
        assert post(f"/requests/{one.id}/approve", note="请自带样品台", version=str(one.version)).status_code == 302
        assert state(session, one) == "confirmed"
        (letter,) = letters_of("booking-approved")
        assert "请自带样品台" in str(letter.facts)

    def test_it_is_declined_with_a_reason_or_not_at_all(self, post, asked, session, letters_of):
        one = asked()
        refused = post(f"/requests/{one.id}/decline?lang=en")
        assert refused.status_code == 422
        assert "Please give a reason" in refused.text
        assert post(f"/requests/{one.id}/decline", note="设备检修").status_code == 302
        assert state(session, one) == "declined"
        assert len(letters_of("booking-declined")) == 1

    def test_what_is_decided_already_or_taken_is_said_on_the_page(self, post, asked, session):
        first, second = asked("甲", 24), asked("乙", 25)
        assert post(f"/requests/{first.id}/approve").status_code == 302
        taken = post(f"/requests/{second.id}/approve?lang=en")
        assert taken.status_code == 409
        assert "This time is taken" in taken.text
        assert post(f"/requests/{first.id}/approve").status_code == 409
        assert state(session, second) == "requested"

    def test_a_request_that_changed_meanwhile_is_not_approved_unseen(self, post, asked, session):
        one = asked()
        assert post(f"/requests/{one.id}/approve", version=str(one.version + 5)).status_code == 409
        assert state(session, one) == "requested"

    def test_pages_follow_each_other(self, manager, asked):
        for number in range(23):
            asked(f"申请人{number:02}", 24 + 3 * number)
        first = manager.get("/manage/requests").text
        following = html.unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])
        names = [re.findall(r"申请人\d\d", page) for page in (first, manager.get(following).text)]
        assert len(set(names[0])) == 20
        assert len(set(names[1])) == 3
        assert not set(names[0]) & set(names[1])

    @pytest.mark.parametrize("query", ["after=x", "after=2026~1", "after=2026-11-24T00:00:00~1"])
    def test_a_place_that_is_none_of_ours_is_refused(self, manager, query):
        assert manager.get(f"/manage/requests?{query}").status_code == 422

    def test_one_instrument_alone_and_foreign_ones_not_at_all(self, manager, asked, instrument, an_instrument):
        asked("李四")
        assert "李四" in manager.get(f"/manage/requests?instrument={instrument.id}").text
        assert manager.get(f"/manage/requests?instrument={an_instrument().id}").status_code == 404
        assert manager.get("/manage/requests?instrument=x").status_code == 404

    def test_it_costs_the_same_for_many_as_for_few(self, manager, asked, session, statements):
        counts = []
        for more in (1, 8):
            for number in range(more):
                asked(after=24 + 3 * (number + more))
            session.commit()
            with statements() as seen:
                manager.get("/manage/requests")
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 12, seen

    def test_with_nothing_to_decide_it_says_so(self, manager):
        assert "Nothing to decide" in manager.get("/manage/requests?lang=en").text


class TestDesk:
    def column(self, page, kind):
        return page.text.partition(f'class="desk-column {kind}"')[2].partition("</section>")[0]

    def test_everybody_stands_in_her_column(self, manager, confirmed, asked, session, now):
        running = confirmed("正在用", 0)
        start(session, running.id, viewer=load_viewer(session, running.person), now=now)
        confirmed("马上来", 0)
        confirmed("已迟到", -1, at=now - timedelta(hours=3))
        confirmed("没来过", -30, at=now - timedelta(hours=40))
        asked("待审批", 5)
        page = manager.get("/manage/desk?lang=en")
        for kind, name in (("now", "正在用"), ("next", "马上来"), ("late", "已迟到"), ("decide", "待审批")):
            assert name in self.column(page, kind), kind
        late = self.column(page, "late")
        assert "1 h late" in late
        assert "没来过" in late.partition("never started")[2]

    def test_start_finish_and_no_show_are_pressed_here(self, post, confirmed, session, now, letters_of):
        one, missed = confirmed("来了", 0), confirmed("没来", -1, at=now - timedelta(hours=3))
        assert post(f"/desk/{one.id}/start").status_code == 302
        assert state(session, one) == "running"
        assert post(f"/desk/{one.id}/finish").status_code == 302
        assert state(session, one) == "finished"
        assert post(f"/desk/{missed.id}/no_show").status_code == 302
        assert state(session, missed) == "no_show"
        assert len(letters_of("booking-no-show")) == 1

    def test_what_does_not_follow_is_said_on_the_desk(self, post, confirmed, session):
        one = confirmed("还早", 20)
        answer = post(f"/desk/{one.id}/start?lang=en")
        assert answer.status_code == 409
        assert "Use can start from 15 minutes before" in answer.text
        assert 'class="desk-bar"' in answer.text
        assert state(session, one) == "confirmed"

    def test_start_is_offered_only_when_it_is_time(self, manager, confirmed):
        soon, later = confirmed("马上", 0), confirmed("稍后", 4)
        page = manager.get("/manage/desk").text
        assert f"/desk/{soon.id}/start" in page
        assert f"/desk/{later.id}/start" not in page

    def test_another_day_is_shown_and_steps_keep_it(self, manager, post, confirmed):
        one = confirmed("明天来", 26)
        assert "明天来" not in manager.get("/manage/desk").text
        page = manager.get("/manage/desk?day=2026-11-24").text
        assert "明天来" in page
        assert "day=2026-11-25" in page
        assert "day=2026-11-24" in post(f"/desk/{one.id}/start?day=2026-11-24").text

    @pytest.mark.parametrize("query", ["day=tomorrow", "day=9999-12-31", "day=0001-01-01"])
    def test_a_day_that_cannot_be_is_refused(self, manager, query):
        assert manager.get(f"/manage/desk?{query}").status_code == 422

    def test_the_part_that_refreshes_by_itself_is_the_whole_desk(self, manager, confirmed):
        confirmed("马上", 0)
        page = manager.get("/manage/desk", headers={"HX-Request": "true"}).text
        assert re.search(r'<div id="desk" hx-get="/manage/desk" hx-trigger="every 60s" hx-select="#desk"', page)

    def test_it_costs_the_same_for_many_as_for_few(self, manager, confirmed, session, statements):
        counts = []
        for more in (1, 6):
            for _ in range(more):
                confirmed("某人", 3)
            session.commit()
            with statements() as seen:
                manager.get("/manage/desk")
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 8, seen

    def test_a_quiet_day_says_what_to_do(self, manager):
        assert "No bookings on this day" in manager.get("/manage/desk?lang=en").text


class TestPeople:
    def test_who_came_of_late_is_listed_with_how_it_went(self, manager, asked, session, now):
        one = asked("常客", 24)
        for status, days in (("finished", 3), ("finished", 5), ("no_show", 9)):
            session.add(_past(one, status, now - timedelta(days=days)))
        session.flush()
        page = manager.get("/manage/people?lang=en").text
        row = page.partition("常客")[2].partition("</tr>")[0]
        assert re.search(r'data-label="Uses">2<', row)
        assert "badge-warn" in row
        assert "Fri 20 Nov" in row

    def test_pages_follow_each_other_and_names_are_found(self, manager, asked, session, now):
        for number in range(33):
            session.add(_past(asked(f"用户{number:02}", 24 + number * 3), "finished", now - timedelta(days=1 + number)))
        session.flush()
        first = manager.get("/manage/people").text
        second = manager.get(html.unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])).text
        names = [set(re.findall(r"用户\d\d", page)) for page in (first, second)]
        assert (len(names[0]), len(names[1]), names[0] & names[1]) == (30, 3, set())
        assert set(re.findall(r"用户\d\d", manager.get("/manage/people?q=用户07").text)) == {"用户07"}

    def test_nobody_yet_says_what_to_do(self, manager):
        assert "Nobody has used them yet" in manager.get("/manage/people?lang=en").text


def _past(one, status, start_at):
    """A use that was, like another booking."""
    end = start_at + timedelta(hours=1)
    return Booking(
        instrument_id=one.instrument_id, person_id=one.person_id, start_at=start_at, end_at=end, occupied_from=start_at, occupied_until=end,
        holds=True, status=status, audience=one.audience, created_at=start_at, changed_at=end,
    )  # fmt: skip
