"""Publication, photo and documents at the manager's."""

from __future__ import annotations

import html
import io
from datetime import date

import pytest
from PIL import Image

from instruments.catalogue import Document, Instrument


@pytest.fixture
def draft(an_instrument, codes):
    return an_instrument(publication="draft", published_at=None)


@pytest.fixture
def browser(somebody_with, draft):
    return somebody_with("manager", instrument=draft)


@pytest.fixture
def press(post, browser, draft):
    """`press("submit", note="...")` takes a step of the draft's publication."""

    def take(name, **fields):
        return post(f"/instruments/{draft.id}/publication/{name}?lang=en", browser, **fields)

    return take


def state(session, one):
    session.expire_all()
    return session.get(Instrument, one.id).publication


def a_picture(kind="PNG", size=(64, 48)):
    into = io.BytesIO()
    Image.new("RGB", size, "teal").save(into, kind)
    return into.getvalue()


class TestSteps:
    def test_a_complete_draft_is_submitted_and_the_province_is_told(self, press, draft, session, a_province_admin, letters_of):
        a_province_admin()
        assert press("submit").status_code == 302
        assert state(session, draft) == "submitted"
        assert len(letters_of("instrument-submitted")) == 1

    def test_an_incomplete_one_names_every_missing_field_at_once(self, browser, press, draft, session):
        draft.model, draft.country, draft.sharing_mode = "", "", "none"
        answer = press("submit")
        assert answer.status_code == 422
        for words in ("model", "country", "reason for not sharing", "approval of not sharing"):
            assert f"Please fill in the {words} first." in html.unescape(answer.text)
        assert state(session, draft) == "draft"
        page = browser.get(f"/manage/instruments/{draft.id}/publication?lang=en").text
        assert f"/manage/instruments/{draft.id}#group-essentials" in page
        assert browser.get(f"/manage/instruments/{draft.id}?lang=en").text.count("Needed before it can be submitted") == 4

    def test_suspended_with_a_reason_resumed_retired_and_reopened(self, post, manager, instrument, session, letters_of, a_booking):
        a_booking(instrument=instrument)
        base = f"/instruments/{instrument.id}/publication"
        assert "Bookings that have not ended: 1." in manager.get(f"/manage{base}?lang=en").text
        assert post(f"{base}/suspend").status_code == 422
        for name, then in (("suspend", "suspended"), ("resume", "published"), ("retire", "retired"), ("reopen", "draft")):
            assert post(f"{base}/{name}", note="搬迁").status_code == 302
            assert state(session, instrument) == then
        assert len(letters_of("instrument-suspended")) == 1

    def test_a_step_that_does_not_follow_is_said_and_the_province_s_are_not_hers(self, press, post, browser, draft, session):
        assert press("resume").status_code == 409
        assert post(f"/instruments/{draft.id}/publication/accept", browser).status_code == 404
        assert state(session, draft) == "draft"

    def test_the_reason_of_the_province_is_shown(self, browser, draft):
        draft.publication, draft.publication_note = "refused", "请补充技术指标"
        assert "请补充技术指标" in browser.get(f"/manage/instruments/{draft.id}/publication").text

    @pytest.mark.parametrize(("accepted", "words"), [(date(2026, 11, 16), "25 working days left"), (date(2026, 9, 1), "29 working days late")])
    def test_the_clock_of_thirty_working_days_is_shown(self, browser, draft, accepted, words):
        draft.accepted_on = accepted
        assert words in browser.get(f"/manage/instruments/{draft.id}/publication?lang=en").text

    def test_an_exemption_is_asked_for_once_with_a_reason(self, post, browser, draft, session):
        url = f"/instruments/{draft.id}/exemption"
        assert post(url, browser, reason=" ").status_code == 422
        assert post(url, browser, reason="涉密设备").status_code == 302
        session.expire_all()
        assert (draft.exemption_status, draft.exemption_reason) == ("asked", "涉密设备")
        assert post(url, browser, reason="再次").status_code == 409


class TestPhotoAndDocuments:
    @pytest.fixture
    def address(self, instrument):
        return f"/instruments/{instrument.id}"

    def test_a_photo_is_taken_and_removed(self, post, manager, client, address, instrument, session):
        assert post(f"{address}/photo", photo=(io.BytesIO(a_picture()), "p.png")).status_code == 302
        with client.get(f"{address}/photo") as photo:
            assert photo.mimetype == "image/webp"
        assert "/photo?v=" in manager.get(f"/manage{address}/documents").text
        assert post(f"{address}/photo/remove").status_code == 302
        assert client.get(f"{address}/photo").status_code == 404

    @pytest.mark.parametrize("content", [b"", b"<script>", b"%PDF-1.4 nothing"])
    def test_what_is_no_picture_is_refused_beside_the_field(self, post, address, content):
        answer = post(f"{address}/photo", photo=(io.BytesIO(content), "p.png"))
        assert answer.status_code == 422
        assert 'id="photo-error"' in answer.text

    def test_a_document_is_added_served_and_removed(self, post, manager, client, address, instrument, session):
        text = "样品须干燥".encode()
        assert post(f"{address}/documents", file=(io.BytesIO(text), "须知.txt"), title="送样须知", about="请先阅读").status_code == 302
        url = f"{address}/documents/{session.query(Document).one().id}"
        assert "送样须知" in manager.get(f"/manage{address}/documents").text
        with client.get(url) as served:
            assert (served.data, served.headers["Content-Disposition"].split(";")[0]) == (text, "attachment")
        assert post(f"{url}/remove").status_code == 302
        assert client.get(url).status_code == 404

    def test_without_a_file_or_with_a_program_it_is_refused_and_the_title_stays(self, post, address, session):
        for content in ({}, {"file": (io.BytesIO(b"MZ\x90\x00" + b"\x00" * 90), "setup.exe")}):
            answer = post(f"{address}/documents", title="我的标题", **content)
            assert answer.status_code == 422
            assert "我的标题" in answer.text
        assert session.query(Document).count() == 0

    def test_a_document_of_another_instrument_stays(self, post, address, an_instrument, session, now):
        other = an_instrument()
        other.documents.append(Document(title="t", file_name="t.txt", media_type="text/plain", size=1, stored_as="x.txt", added_at=now))
        session.flush()
        assert post(f"{address}/documents/{other.documents[0].id}/remove").status_code == 404
        assert session.query(Document).count() == 1

    def test_without_either_the_page_says_what_they_are_good_for(self, manager, address):
        page = manager.get(f"/manage{address}/documents?lang=en").text
        assert "No photo yet" in page
        assert "No documents yet" in page
