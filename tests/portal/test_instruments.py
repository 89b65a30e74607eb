"""The page of one instrument: can it do my job, may I use it, when is it free, whom do I ask."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta

import pytest
from PIL import Image

from instruments.catalogue import Document, InstrumentAlias
from instruments.closures import close
from instruments.codes import seed_codes
from instruments.qualifications import Qualification, grant_qualification
from instruments.timespan import TimeSpan
from portal import clock
from portal.files import store_document, store_photo

HOUR = timedelta(hours=1)
OFFICE = [(day, 480, 1080) for day in range(5)]  # Monday to Friday, 08:00-18:00; now is Monday, 09:00
TEXTS = {
    "name_zh": "场发射扫描电镜", "name_en": "Field-emission SEM", "department": "材料学院", "manufacturer": "蔡司", "model": "Sigma 300",
    "country": "DE", "source": "purchased", "condition": "normal", "specifications": "分辨率 1.0 nm", "functions": "表面形貌",
    "services": "测试分析", "achievements": "论文 12 篇", "requirements": "样品须干燥", "fees": "200 元/小时", "service_url": "https://lab.example.org/sem",
    "city": "140100", "county": "小店区", "street": "学府街 1 号", "building": "科技楼", "room": "A101", "contact": "电镜室", "phone": "0351-5550100",
    "email": "sem@example.org", "address": "学府街 1 号", "postal_code": "030006", "subjects": ["430"],
}  # fmt: skip


@pytest.fixture
def read_page(client):
    """`read_page(instrument)` gives the text of its page, `read_page(instrument, "?week=2026-W49")` of a part of it."""

    def read(instrument, query="", browser=None):
        response = (browser or client).get(f"/instruments/{instrument.id}{query}")
        assert response.status_code == 200, response.text[:2000]
        return response.text

    return read


@pytest.fixture
def logged_in(a_browser, log_in):
    """A browser of its own for a person, reading English."""

    def browse(person):
        person.language = "en"
        return log_in(a_browser(), person)

    return browse


def without_space(text):
    return " ".join(text.split())


class TestFacts:
    def test_every_public_field_is_told(self, session, read_page, an_instrument):
        seed_codes(session)
        instrument = an_instrument(**TEXTS, aliases=[InstrumentAlias(text="大电镜")], longitude=112.5, latitude=37.8)
        text = read_page(instrument)
        told = {key: value for key, value in TEXTS.items() if key not in ("country", "source", "condition", "city", "subjects")}
        assert [
            value for value in (*told.values(), "大电镜", "37.80000, 112.50000", "¥2,000,000.00", "May 2018") if value not in text
        ] == []
        assert [
            word for word in ("Germany", "Purchased", "Working", "Taiyuan", "Transmission electron microscope") if word not in text
        ] == []

    def test_codes_are_told_in_the_readers_language(self, session, read_page, an_instrument):
        seed_codes(session)
        text = read_page(an_instrument(**TEXTS), "?lang=zh")
        assert [word for word in ("德国", "购置", "正常", "太原市", "2018年5月", "能做什么", "我能用吗") if word not in text] == []

    def test_words_that_are_no_code_stay_as_they_were_written(self, read_page, an_instrument):
        assert "某国某地" in read_page(an_instrument(country="某国某地"))

    def test_what_is_not_public_is_not_told(self, read_page, an_instrument):
        instrument = an_instrument(
            raw={"价格": "raw-note"},
            customs_declaration="CUSTOMS-1",
            sharing_approval="APPROVAL-7",
            funds=[{"fund": "central", "amount": "31337"}],
        )
        text = read_page(instrument)
        assert [secret for secret in ("raw-note", "CUSTOMS-1", "APPROVAL-7", "31337") if secret in text] == []

    def test_opening_hours_and_rules_are_said_in_sentences(self, read_page, an_instrument):
        text = read_page(an_instrument(hours=OFFICE, rules=[{"kind": "notice", "parameters": {"minutes": 1440}}]))
        assert "Mon-Fri 08:00-18:00" in text
        assert "Book at least 1 day ahead." in text
        assert "Bookings start and end on steps of 30 min." in text

    def test_only_an_address_of_the_web_becomes_a_link(self, read_page, an_instrument):
        text = read_page(an_instrument(service_url="javascript:alert(1)"))
        assert "javascript:alert(1)" in text
        assert 'href="javascript' not in text

    def test_a_mail_address_can_carry_nothing_else(self, read_page, an_instrument):
        assert 'href="mailto:a@example.org%3Fbcc%3Dx' in read_page(an_instrument(email="a@example.org?bcc=x"))

    def test_no_script_gets_through_in_any_text(self, session, read_page, an_instrument, an_organisation, a_facility):
        evil = "</script><script>alert(1)</script><img src=x>"
        texts = {key: evil for key, value in TEXTS.items() if isinstance(value, str)}
        short = {"postal_code": "<b>1", "city": "<script>", "source": "<script>", "condition": "<script>", "country": "<script>"}
        organisation = an_organisation(name_zh=evil, name_en=evil, website=evil)
        instrument = an_instrument(
            **texts | short, organisation=organisation, facility=a_facility(organisation=organisation, name_zh=evil, name_en=evil),
            aliases=[InstrumentAlias(text=evil)], rules=[], publication_note=evil,
        )  # fmt: skip
        close(
            session,
            instrument,
            TimeSpan(clock.now(), clock.now() + HOUR),
            kind="fault",
            reason=evil,
            time_zone="Asia/Shanghai",
            now=clock.now(),
            by=None,
        )
        text = read_page(instrument)
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert text.count("</script>") == text.count("<script")


class TestWhoMaySee:
    @pytest.mark.parametrize("publication", ["draft", "submitted", "refused", "suspended", "retired"])
    def test_one_not_published_is_not_there_for_others(self, client, logged_in, a_person, an_instrument, publication):
        instrument = an_instrument(publication=publication)
        for browser in (client, logged_in(a_person())):
            for part in ("", "/week", "/photo", "/pidinst.json", ".jsonld", "/documents/1"):
                assert browser.get(f"/instruments/{instrument.id}{part}").status_code == 404, part

    def test_its_manager_sees_it_with_its_state(self, read_page, logged_in, a_person, a_manager, an_instrument):
        instrument = an_instrument(publication="refused", publication_note="请补充收费标准")
        person = a_person(organisation=instrument.organisation)
        a_manager(instrument, person=person)
        text = read_page(instrument, browser=logged_in(person))
        assert "Sent back" in text
        assert "请补充收费标准" in text
        assert "Book time" not in text

    @pytest.mark.parametrize(
        "id", ["0", "999999", "9223372036854775807", "9223372036854775808", "9" * 40, "9" * 5000, "-1", "1e3", "%00", "x"]
    )
    @pytest.mark.parametrize("part", ["", "/week", "/photo", ".jsonld"])
    def test_an_unknown_one_is_not_found(self, client, id, part):
        assert client.get(f"/instruments/{id}{part}").status_code == 404


class TestState:
    def test_free_until(self, read_page, an_instrument):
        assert "Free until 18:00" in read_page(an_instrument(hours=OFFICE))

    def test_in_use_until(self, read_page, an_instrument, a_booking, a_span):
        instrument = an_instrument()
        a_booking(instrument=instrument, span=a_span(0, 2))
        text = read_page(instrument)
        assert "In use until 11:00" in text
        assert "Mon 23 Nov, 11:00" in text

    def test_closed_until_and_why(self, session, read_page, an_instrument, a_span, now):
        instrument = an_instrument(hours=OFFICE)
        close(session, instrument, a_span(-1, 5), kind="fault", reason="换灯丝", time_zone="Asia/Shanghai", now=now, by=None)
        text = read_page(instrument)
        assert "Closed until 13:00" in text
        assert "换灯丝" in text

    def test_without_hours_that_is_said(self, read_page, an_instrument):
        text = read_page(an_instrument(hours=None))
        assert "No opening hours have been published" in text
        assert "There is no free time in the next four weeks" in text

    def test_the_next_free_time_leads_to_the_booking_page_filled_in(self, read_page, an_instrument):
        instrument = an_instrument(hours=OFFICE)
        assert f'href="/instruments/{instrument.id}/book?start=2026-11-23T01:00Z&amp;end=2026-11-23T02:00Z"' in read_page(instrument)

    def test_what_is_proposed_keeps_the_notice(self, read_page, an_instrument):
        text = read_page(an_instrument(hours=OFFICE, rules=[{"kind": "notice", "parameters": {"minutes": 1440}}]))
        assert "Free until 18:00" in text
        assert "start=2026-11-24T01:00Z" in text
        assert "start=2026-11-24T00:30Z" not in text

    def test_one_that_takes_no_bookings_has_no_button(self, read_page, an_instrument):
        text = read_page(an_instrument(accepts_bookings=False))
        assert "Its time is not booked online" in text
        assert "/book" not in text


class TestMayI:
    @pytest.fixture
    def told(self, read_page, logged_in, a_person):
        def read(instrument, person=None):
            return without_space(read_page(instrument, browser=logged_in(person or a_person())))

        return read

    def test_a_stranger_is_asked_to_log_in_and_comes_back(self, read_page, an_instrument):
        instrument = an_instrument()
        text = read_page(instrument)
        assert "Log in to see whether you may book it." in text
        assert f"/login?next=/instruments/{instrument.id}" in text

    def test_who_may_is_told_so(self, told, an_instrument):
        assert "You may book it." in told(an_instrument())

    def test_that_a_manager_decides_is_told(self, told, an_instrument):
        text = told(an_instrument(rules=[{"kind": "approval", "parameters": {}}]))
        assert "You may book it." in text
        assert "A manager approves each booking within 3 days" in text

    def test_who_is_not_meant_is_told_why(self, told, an_instrument):
        text = told(an_instrument(sharing_mode="internal"))
        assert "shared inside its own organisation only" in text
        assert "You may book it." not in text

    def test_who_lacks_the_qualification_is_led_to_asking_for_it(self, told, an_instrument):
        instrument = an_instrument(needs_qualification=True)
        text = told(instrument)
        assert "you need a qualification" in text
        assert f'href="/instruments/{instrument.id}/qualification"' in text
        assert "with the help of the staff" in text

    def test_who_has_asked_waits(self, session, told, an_instrument, a_person, now):
        instrument, person = an_instrument(needs_qualification=True), a_person()
        session.add(Qualification(person_id=person.id, instrument_id=instrument.id, status="asked", asked_at=now))
        text = told(instrument, person)
        assert "the answer is still to come" in text
        assert f"/instruments/{instrument.id}/qualification" not in text

    @pytest.mark.parametrize(
        ("status", "expires_on", "words"),
        [
            ("granted", date(2026, 11, 1), "ended on Sun 1 Nov"),
            ("refused", None, "was refused. The reason given: 请先培训"),
            ("revoked", None, "was taken back. The reason given: 请先培训"),
        ],
    )
    def test_what_became_of_it_is_told(self, session, told, an_instrument, a_person, now, status, expires_on, words):
        instrument, person = an_instrument(needs_qualification=True), a_person()
        answer = "请先培训" if status != "granted" else ""
        session.add(
            Qualification(
                person_id=person.id, instrument_id=instrument.id, status=status, grade=1, expires_on=expires_on, asked_at=now, answer=answer
            )
        )
        text = told(instrument, person)
        assert words in text
        assert f'href="/instruments/{instrument.id}/qualification"' in text

    def test_who_is_qualified_sees_grade_and_expiry(self, session, told, an_instrument, a_person, now):
        instrument, person = an_instrument(needs_qualification=True), a_person()
        grant_qualification(session, person.id, instrument.id, grade=2, expires_on=date(2027, 3, 1), by=person.id, now=now)
        assert "Qualified: grade 2 (Independent operation), until Mon 1 Mar 2027" in told(instrument, person)

    def test_who_manages_it_is_told_that(self, told, an_instrument, a_person, a_manager):
        instrument = an_instrument(needs_qualification=True)
        person = a_person(organisation=instrument.organisation)
        a_manager(instrument, person=person)
        assert "You are in charge of it." in told(instrument, person)


class TestWeek:
    def test_free_times_are_links_to_the_booking_page(self, read_page, an_instrument):
        instrument = an_instrument(hours=OFFICE)
        assert f'href="/instruments/{instrument.id}/book?start=2026-11-24T00:00Z&amp;end=2026-11-24T00:30Z"' in read_page(instrument)

    def test_steps_follow_the_rule_book(self, read_page, an_instrument):
        rules = [{"kind": "time_grid", "parameters": {"step_minutes": 120}}]
        text = read_page(an_instrument(hours=OFFICE, rules=rules, step_minutes=30))
        assert "start=2026-11-24T00:00Z&amp;end=2026-11-24T02:00Z" in text

    def test_nobody_learns_who_has_booked(self, read_page, logged_in, an_instrument, a_booking, a_viewer, a_person, a_span):
        instrument, owner = an_instrument(), a_person(name="保密的人")
        made = a_booking(instrument=instrument, viewer=a_viewer(person=owner), span=a_span(2))
        for text in (read_page(instrument), read_page(instrument, browser=logged_in(a_person()))):
            assert "busy" in text
            assert "保密的人" not in text
            assert f"/bookings/{made.id}" not in text

    def test_mine_are_named_and_lead_to_the_booking(self, read_page, logged_in, an_instrument, a_booking, a_viewer, a_person, a_span):
        instrument, owner = an_instrument(), a_person()
        made = a_booking(instrument=instrument, viewer=a_viewer(person=owner), span=a_span(2))
        text = read_page(instrument, browser=logged_in(owner))
        assert "My booking" in text
        assert f'href="/bookings/{made.id}"' in text

    def test_a_request_that_holds_nothing_is_mine_all_the_same(
        self, read_page, logged_in, an_instrument, a_booking, a_viewer, a_person, a_span
    ):
        instrument, owner = an_instrument(rules=[{"kind": "approval", "parameters": {"holds_slot": False}}]), a_person()
        a_booking(instrument=instrument, viewer=a_viewer(person=owner), span=a_span(2))
        assert "My booking (waiting)" in read_page(instrument, browser=logged_in(owner))
        assert 'class="hold"' not in read_page(instrument, "/week")

    def test_who_manages_it_sees_names(self, read_page, logged_in, an_instrument, a_booking, a_viewer, a_person, a_manager, a_span):
        instrument, manager = an_instrument(), a_person()
        a_manager(instrument, person=manager)
        a_booking(instrument=instrument, viewer=a_viewer(person=a_person(name="王小明")), span=a_span(2))
        assert "王小明" in read_page(instrument, browser=logged_in(manager))

    def test_the_leader_of_a_group_sees_its_bookings(
        self, read_page, logged_in, an_instrument, a_booking, a_viewer, a_person, a_group, a_span
    ):
        instrument, member, leader = an_instrument(), a_person(name="王小明"), a_person()
        group = a_group(member, pi=leader)
        a_booking(instrument=instrument, viewer=a_viewer(person=member), span=a_span(2), group_id=group.id)
        assert "王小明" in read_page(instrument, browser=logged_in(leader))

    def test_a_closure_shows_its_reason(self, session, read_page, an_instrument, a_span, now):
        instrument = an_instrument()
        close(session, instrument, a_span(24, 5), kind="maintenance", reason="年度保养", time_zone="Asia/Shanghai", now=now, by=None)
        assert "年度保养" in read_page(instrument)

    def test_time_that_cannot_be_booked_yet_says_why(self, read_page, an_instrument):
        text = read_page(an_instrument(rules=[{"kind": "horizon", "parameters": {"days": 2}}]))
        assert "Only" in text or "Book at most 2 days ahead." in text
        assert "start=2026-11-24T01:00Z" in text
        assert "start=2026-11-27T01:00Z" not in text

    def test_buffers_beside_a_booking_are_not_offered(self, read_page, an_instrument, a_booking, a_span):
        instrument = an_instrument(setup_minutes=60, cleanup_minutes=0)
        a_booking(instrument=instrument, span=a_span(5))  # 14:00-15:00, held from 13:00
        text = read_page(instrument)
        assert "start=2026-11-23T04:30Z" in text  # 12:30
        assert [time for time in ("05:00", "05:30", "07:00", "07:30") if f"start=2026-11-23T{time}Z" in text] == []
        assert "start=2026-11-23T08:00Z" in text  # 16:00, after its own set-up

    def test_with_places_left_a_time_is_still_free(self, read_page, an_instrument, a_booking, a_span):
        instrument = an_instrument(lanes=2)
        a_booking(instrument=instrument, span=a_span(2))
        text = read_page(instrument)
        assert "1 of 2 places" in text
        assert "start=2026-11-23T03:00Z" in text

    def test_other_weeks_and_days_are_a_link_away(self, client, read_page, an_instrument):
        instrument = an_instrument(hours=OFFICE)
        text = read_page(instrument, "?week=2026-W49")
        assert "Week 49: Mon 30 Nov to Sun 6 Dec" in text
        for query in ("week=2026-W48", "week=2026-W50", "day=2026-11-30"):
            assert f'href="/instruments/{instrument.id}?{query}#calendar"' in text
            assert client.get(f"/instruments/{instrument.id}/week?{query}").status_code == 200
        day = read_page(instrument, "?day=2026-11-24")
        assert 'id="day-2026-11-24"' in day
        assert 'id="day-2026-11-25"' not in day

    def test_the_fragment_is_the_week_and_nothing_else(self, client, an_instrument):
        text = client.get(f"/instruments/{an_instrument().id}/week").text
        assert "<table" in text
        assert "<html" not in text

    @pytest.mark.parametrize(
        "query",
        ["week=2026-W54", "week=2025-W53", "week=2026-W00", "week=20226-W01", "week=x", "week=2026-W4", "week=0000-W01", "week=9999-W52",
         "week=1900-W01", "week=2031-W01", "week=٢٠٢٦-W٤٨", "day=2026-02-30", "day=2026-13-01", "day=1", "day=9999-12-31", "day=0001-01-01",
         "day=20261124", "week=%00", "week=<script>"],
    )  # fmt: skip
    @pytest.mark.parametrize("part", ["", "/week"])
    def test_a_week_that_cannot_be_is_refused_in_words(self, client, an_instrument, query, part):
        response = client.get(f"/instruments/{an_instrument().id}{part}?{query}")
        assert response.status_code == 422
        assert "is written like" in response.text or "three years" in response.text

    @pytest.mark.parametrize("week", ["2026-W53", "2026-W01", "2028-W52", "2024-W09"])
    def test_far_weeks_within_three_years_are_shown(self, read_page, an_instrument, week):
        assert f"Week {int(week[-2:])}" in read_page(an_instrument(), f"?week={week}")

    def test_the_clock_of_the_instrument_counts(self, read_page, an_instrument):
        text = read_page(an_instrument(time_zone="Europe/Berlin", hours=[(1, 540, 600)]))
        assert "start=2026-11-24T08:00Z" in text
        assert "Germany" in text or "Central European" in text


class TestKeptWeek:
    @pytest.fixture
    def instrument(self, an_instrument):
        return an_instrument()

    def again(self, client, instrument, etag, **more):
        return client.get(f"/instruments/{instrument.id}/week", headers={"If-None-Match": etag}, **more)

    def test_who_has_it_is_told_so_in_two_statements(self, client, instrument, statements):
        address = f"/instruments/{instrument.id}/week"
        etag = client.get(address).headers["ETag"]
        with statements() as seen:
            response = client.get(address, headers={"If-None-Match": etag})
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == etag
        assert len(seen) == 2

    def test_anything_that_happens_makes_it_new(self, session, client, instrument, a_booking, a_span, now):
        etags = []

        def look():
            response = client.get(f"/instruments/{instrument.id}/week", headers={"If-None-Match": etags[-1]} if etags else {})
            assert response.status_code == 200
            etags.append(response.headers["ETag"])

        look()
        a_booking(instrument=instrument, span=a_span(2))
        look()
        close(session, instrument, a_span(5), kind="other", reason="x", time_zone="Asia/Shanghai", now=now, by=None)
        look()
        instrument.name_en = "Another name"
        look()
        with clock.freeze(now + HOUR):
            look()
        assert len(set(etags)) == 5

    def test_each_language_and_week_has_its_own(self, client, instrument):
        etag = client.get(f"/instruments/{instrument.id}/week").headers["ETag"]
        assert self.again(client, instrument, etag, query_string={"lang": "zh"}).status_code == 200
        assert self.again(client, instrument, etag, query_string={"week": "2026-W49", "lang": "en"}).status_code == 200

    def test_one_that_names_people_is_not_kept(self, logged_in, instrument, a_person):
        response = logged_in(a_person()).get(f"/instruments/{instrument.id}/week")
        assert "ETag" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"


class TestStatements:
    def test_a_long_history_costs_nothing(self, client, logged_in, an_instrument, a_booking, a_viewer, a_person, a_span, statements):
        instrument, person = an_instrument(), a_person()
        viewer, browser, address = a_viewer(person=person), logged_in(person), f"/instruments/{instrument.id}"
        rounds = []
        for first, more in ((2, 1), (10, 25)):
            for i in range(more):
                a_booking(instrument=instrument, viewer=viewer, span=a_span(first + 2 * i, 1))
            counts = []
            for who, part in ((client, ""), (client, "/week"), (browser, ""), (browser, "/week")):
                who.get(address + part)
                with statements() as seen:
                    who.get(address + part)
                counts.append(len(seen))
            rounds.append(counts)
        assert rounds[0] == rounds[1]
        assert [count <= most for count, most in zip(rounds[0], (18, 7, 30, 12), strict=True)] == [True] * 4, rounds[0]


class TestFiles:
    @pytest.fixture
    def instrument(self, app, session, an_instrument, now):
        instrument = an_instrument()
        picture = io.BytesIO()
        Image.new("RGB", (800, 600), "teal").save(picture, "PNG")
        picture.seek(0)
        with app.test_request_context("/"):
            store_photo(instrument, picture)
            store_document(instrument, io.BytesIO(b"%PDF-1.7 manual"), file_name="手册.pdf", title="操作手册", about="请先阅读", now=now)
        session.flush()
        return instrument

    def test_the_page_shows_the_photo_and_names_the_documents(self, read_page, instrument):
        text = read_page(instrument)
        assert f'src="/instruments/{instrument.id}/photo?v=' in text
        assert "操作手册" in text
        assert "请先阅读" in text
        assert "PDF, 15 bytes" in text

    @pytest.mark.parametrize(("query", "size"), [("", (800, 600)), ("?size=small", (320, 240)), ("?size=../../x", (800, 600))])
    def test_the_photo_is_given_in_two_sizes(self, client, instrument, query, size):
        with client.get(f"/instruments/{instrument.id}/photo{query}") as response:
            assert response.mimetype == "image/webp"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert Image.open(io.BytesIO(response.data)).size == size

    def test_a_document_is_saved_not_shown(self, client, instrument):
        with client.get(f"/instruments/{instrument.id}/documents/{instrument.documents[0].id}") as response:
            assert response.data == b"%PDF-1.7 manual"
            assert response.headers["Content-Disposition"].startswith("attachment")
            assert response.headers["X-Content-Type-Options"] == "nosniff"

    def test_a_document_of_another_instrument_is_not_found(self, client, instrument, an_instrument):
        other = an_instrument()
        assert client.get(f"/instruments/{other.id}/documents/{instrument.documents[0].id}").status_code == 404

    def test_a_file_that_has_gone_is_not_found(self, session, client, instrument, now):
        document = Document(title="x", file_name="x.pdf", media_type="application/pdf", size=1, stored_as="0" * 40 + ".pdf", added_at=now)
        instrument.documents.append(document)
        session.flush()
        assert client.get(f"/instruments/{instrument.id}/documents/{document.id}").status_code == 404

    def test_one_without_photo_has_none(self, client, an_instrument):
        assert client.get(f"/instruments/{an_instrument().id}/photo").status_code == 404


class TestForPrograms:
    def test_pidinst_has_what_it_must(self, client, an_instrument):
        instrument = an_instrument()
        told = client.get(f"/instruments/{instrument.id}/pidinst.json").json
        assert {"Identifier", "SchemaVersion", "LandingPage", "Name", "Owner", "Manufacturer"} <= told.keys()
        assert told["LandingPage"] == f"http://localhost/instruments/{instrument.id}"

    def test_the_page_carries_the_same_description_as_its_address(self, client, read_page, an_instrument):
        instrument = an_instrument(functions="a < b & c > d")
        response = client.get(f"/instruments/{instrument.id}.jsonld")
        assert response.mimetype == "application/ld+json"
        inside = read_page(instrument).partition('<script type="application/ld+json">')[2].partition("</script>")[0]
        assert json.loads(inside) == response.json
        assert response.json["category"] == "透射电镜 / Transmission electron microscope"

    def test_the_page_links_to_them_and_to_the_calendar(self, read_page, an_instrument):
        instrument = an_instrument()
        text = read_page(instrument)
        for address in (
            f"/calendars/instruments/{instrument.id}.ics",
            f"/instruments/{instrument.id}/pidinst.json",
            f"/instruments/{instrument.id}.jsonld",
        ):
            assert f'href="{address}"' in text


class TestForManagers:
    def test_who_manages_it_is_led_to_managing_it(self, read_page, logged_in, a_person, a_manager, an_instrument):
        instrument, person = an_instrument(), a_person()
        address = f'href="/manage/instruments/{instrument.id}"'
        assert address not in read_page(instrument, browser=logged_in(person))
        a_manager(instrument, person=person)
        assert address in read_page(instrument, browser=logged_in(person))

    def test_programs_are_not_led_to_what_is_not_public(self, read_page, logged_in, a_person, a_manager, an_instrument):
        instrument, person = an_instrument(publication="draft"), a_person()
        a_manager(instrument, person=person)
        text = read_page(instrument, browser=logged_in(person))
        assert ".ics" not in text
        assert "application/ld+json" not in text
