"""The list of one's instruments, registering one, and changing its fields at the same time as somebody else."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
from sqlalchemy import select

from instruments.catalogue import Instrument
from instruments.editing import edit, snapshot
from instruments.fields import BY_NAME
from tests.fixtures.accounts import token_in

NEW = {
    "shown": "1", "name_zh": "新电镜", "name_en": "New microscope", "inner_id": "2026-77", "category_code": "010101 透射电镜", "manufacturer": "JEOL",
    "model": "JSM-IT800", "country": "JP", "original_value": "1,280,000", "commissioned": "2026-10", "sharing_mode": "external", "contact": "电镜室",
    "lanes": "1", "step_minutes": "30", "setup_minutes": "0", "cleanup_minutes": "15", "time_zone": "Asia/Shanghai", "self_operated": "y",
    "funds-0-kind": "central", "funds-0-used": "y", "funds-0-amount": "1000000", "aliases": "小电镜\nSEM-9", "subjects": ["140", "150"],
}  # fmt: skip


def form_of(page: str) -> dict[str, object]:
    """What a browser would send of the form as it stands."""
    form = page.partition('class="instrument-form"')[2].partition("</form>")[0]
    sent: dict[str, object] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and (("checkbox" not in tag and "radio" not in tag) or "checked" in tag):
            sent.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        sent[name] = html.unescape(text).removeprefix("\r\n")
    for name, inside in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option[^>]*selected[^>]*value="([^"]*)"|<option[^>]*value="([^"]*)"[^>]*selected', inside)
        sent[name] = html.unescape(chosen[1] or chosen[2] or "") if chosen else ""
    return sent


@pytest.fixture
def address(manager, instrument):
    return f"/manage/instruments/{instrument.id}"


class TestRegistering:
    @pytest.fixture
    def admin(self, somebody_with, instrument):
        return somebody_with("organisation_admin", organisation=instrument.organisation)

    def test_a_new_one_is_a_draft_of_the_organisation(self, admin, post, instrument, session):
        answer = post("/instruments/new", admin, **NEW)
        assert answer.status_code == 302
        made = session.scalars(select(Instrument).where(Instrument.inner_id == "2026-77")).one()
        assert answer.location.endswith(f"/manage/instruments/{made.id}/publication")
        assert (made.publication, made.organisation_id, made.category_code, made.cleanup_minutes) == ("draft", instrument.organisation_id, "010101", 15)
        assert (str(made.original_value), made.commissioned, made.subjects) == ("1280000.00", "2026-10", ["140", "150"])
        assert made.funds == [{"kind": "central", "amount": "1000000.00"}]
        assert [alias.text for alias in made.aliases] == ["小电镜", "SEM-9"]

    def test_every_mistake_stands_beside_its_field_and_nothing_is_lost(self, admin, post, session):
        answer = post("/instruments/new", admin, **NEW | {"lanes": "many", "original_value": "面议", "commissioned": "16/5", "inner_id": ""})
        assert answer.status_code == 422
        for field in ("lanes", "original_value", "commissioned", "inner_id"):
            assert f'id="{field}-error"' in answer.text
        assert 'value="面议"' in answer.text
        assert session.scalars(select(Instrument).where(Instrument.name_zh == "新电镜")).first() is None

    def test_a_category_by_name_that_is_none_gets_proposals(self, admin, post):
        answer = post("/instruments/new?lang=en", admin, **NEW | {"category_code": "电镜"})
        assert answer.status_code == 422
        assert "Did you mean" in html.unescape(answer.text)
        assert "0101" in answer.text.partition("Did you mean")[2][:80]

    def test_a_lab_manager_registers_none(self, manager, post):
        assert manager.get("/manage/instruments/new").status_code == 403
        assert post("/instruments/new", **NEW).status_code == 403

    def test_for_a_foreign_organisation_it_is_not_found(self, admin, post, an_organisation):
        assert post("/instruments/new", admin, organisation=an_organisation().id, **NEW).status_code == 404

    def test_the_province_chooses_the_organisation(self, somebody_with, post, an_organisation, session):
        owner = an_organisation()
        assert post("/instruments/new", somebody_with("province_admin"), organisation=owner.id, **NEW).status_code == 302
        assert session.scalars(select(Instrument).where(Instrument.inner_id == "2026-77")).one().organisation_id == owner.id


class TestEditing:
    def test_the_form_sent_back_as_it_is_changes_nothing(self, manager, address, instrument, session):
        before, version = snapshot(instrument), instrument.version
        answer = manager.post(address, data=form_of(manager.get(address).text))
        assert answer.status_code == 302
        session.refresh(instrument)
        assert snapshot(instrument) == before
        assert instrument.version == version

    def test_what_is_changed_is_kept_and_found(self, manager, address, instrument, session):
        answer = manager.post(address, data=form_of(manager.get(address).text) | {"name_zh": "改名电镜", "accepts_bookings": [], "room": "A-101"})
        assert answer.status_code == 302
        session.refresh(instrument)
        assert (instrument.name_zh, instrument.accepts_bookings, instrument.room) == ("改名电镜", False, "A-101")
        assert "改名电镜" in manager.get("/instruments?q=改名电镜&lang=zh").text

    def test_a_published_one_keeps_its_number(self, manager, address, instrument, session):
        old = instrument.inner_id
        assert manager.post(address, data=form_of(manager.get(address).text) | {"inner_id": "OTHER"}).status_code == 302
        session.refresh(instrument)
        assert instrument.inner_id == old

    def test_no_field_takes_a_script_as_anything_but_text(self, manager, address):
        hostile = '"><script>alert(1)</script>'
        for field in (name for name, known in BY_NAME.items() if known.kind in ("text", "long", "url") and name != "inner_id"):
            answer = manager.post(address, data=form_of(manager.get(address).text) | {field: hostile})
            assert answer.status_code in (302, 422), field
            assert "<script>alert" not in manager.get(address).text + answer.text, field

    def test_what_is_hostile_or_endless_is_refused_or_kept_as_text(self, manager, address):
        for value in (b"\x00", b"x" * 100_000, b"\xed\xa0\x80", b"= 1+1"):
            for field in ("name_zh", "functions", "lanes", "original_value", "category_code", "facility_id", "seen", "longitude"):
                sent = form_of(manager.get(address).text)
                assert manager.post(address, data=sent | {field: value}).status_code in (302, 422), (field, value)


class TestConcurrentEditing:
    @pytest.fixture
    def conflict(self, manager, address, instrument, session, now):
        """She changed the room and the model; meanwhile another changed the model and the fees."""
        mine = form_of(manager.get(address).text) | {"room": "B-202", "model": "JSM-7800"}
        edit(session, instrument, {"model": "JSM-IT800", "fees": "每小时 500 元"}, now=now)
        return manager.post(address, data=mine)

    def test_it_is_told_field_by_field_and_nothing_is_written(self, conflict, instrument, session):
        assert conflict.status_code == 409
        table = conflict.text.partition("<caption")[0] if "<caption" in conflict.text else conflict.text
        for words in ("JSM-IT800", "JSM-7800", "每小时 500 元"):
            assert words in table
        session.refresh(instrument)
        assert (instrument.model, instrument.room) == ("JSM-IT800", "")

    def test_the_form_keeps_what_she_changed_and_takes_over_the_rest(self, conflict):
        sent = form_of(conflict.text)
        assert (sent["room"], sent["model"], sent["fees"]) == (["B-202"], ["JSM-7800"], "每小时 500 元")

    def test_saved_again_it_is_hers(self, conflict, manager, address, instrument, session):
        assert manager.post(address, data=form_of(conflict.text)).status_code == 302
        session.refresh(instrument)
        assert (instrument.room, instrument.model, instrument.fees) == ("B-202", "JSM-7800", "每小时 500 元")

    def test_new_hours_meanwhile_are_no_conflict(self, manager, address, instrument, session):
        mine = form_of(manager.get(address).text) | {"room": "B-202"}
        instrument.schedule_version += 1
        assert manager.post(address, data=mine).status_code == 302


class TestList:
    def test_it_says_what_each_does_now_and_what_waits(self, manager, instrument, a_booking, an_instrument, session):
        a_booking(instrument=instrument)
        page = manager.get("/manage?lang=en").text
        assert "First microscope" in page
        assert "Mon 23 Nov, 10:00-11:00" in page
        assert "Free until" in page

    def test_what_needs_doing_is_counted(self, somebody_with, an_instrument, codes, a_booking, session, now, a_person):
        one = an_instrument(rules=[{"kind": "approval", "parameters": {}}])
        organisation = one.organisation
        an_instrument(organisation=organisation, publication="refused")
        an_instrument(organisation=organisation, publication="draft", accepted_on=date(2026, 9, 1))
        a_booking(instrument=one)
        page = somebody_with("organisation_admin", organisation=organisation).get("/manage?lang=en").text
        for words in ("request to decide", "instrument sent back", "new instrument late to report", "instrument is a draft"):
            assert re.search(rf"<strong>1</strong> <span>{words}", page), words

    def test_it_is_narrowed_by_words_and_state(self, somebody_with, instrument, an_instrument):
        an_instrument(organisation=instrument.organisation, name_en="Other thing", publication="draft")
        browser = somebody_with("organisation_admin", organisation=instrument.organisation)
        for query, shown, hidden in (("q=first", "First", "Other"), ("publication=draft", "Other", "First"), ("q=%25", "No instrument fits", "First")):
            main = browser.get(f"/manage?lang=en&{query}").text.partition("<main")[2]
            assert shown in main
            assert f">{hidden}" not in main

    def test_pages_follow_each_other_without_gap_or_repetition(self, somebody_with, an_organisation, an_instrument, codes):
        home = an_organisation()
        names = [an_instrument(organisation=home, name_en=f"Thing {number % 7}", inner_id=f"N{number:03}", hours=None).inner_id for number in range(60)]
        browser, url, seen = somebody_with("organisation_admin", organisation=home), "/manage?lang=en", []
        while url:
            page = browser.get(url).text
            seen += re.findall(r"N\d{3}", page)
            found = re.search(r'rel="next" href="([^"]+)"', page)
            url = html.unescape(found[1]) if found else ""
        assert sorted(seen) == sorted(names)

    @pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "999999"])
    def test_a_cursor_that_is_none_of_ours_is_refused(self, manager, cursor):
        assert manager.get(f"/manage?cursor={cursor}").status_code == 422

    def test_it_costs_as_many_statements_for_many_as_for_few(self, somebody_with, an_instrument, an_organisation, a_booking, statements, codes):
        few, many = an_organisation(), an_organisation()
        for home, count in ((few, 2), (many, 20)):
            for _ in range(count):
                a_booking(instrument=an_instrument(organisation=home))
        counts = []
        for home in (few, many):
            browser = somebody_with("organisation_admin", organisation=home)
            browser.get("/manage")
            with statements() as seen:
                assert browser.get("/manage").status_code == 200
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 20, seen


def test_whoever_manages_nothing_yet_is_told_what_to_do(somebody_with, a_facility):
    assert "Ask your organisation" in somebody_with("manager", facility=a_facility()).get("/manage?lang=en").text


def test_the_token_is_on_every_form_that_changes_something(manager, address):
    text = manager.get(address).text
    assert text.count('method="post"') <= text.count('name="csrf_token"')
    assert token_in(text)
