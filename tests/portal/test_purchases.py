"""Purchase reviews at a browser: described, compared, an opinion given, printed in both languages, and kept."""

from __future__ import annotations

import pytest

from instruments.codes import seed_codes
from instruments.roles import grant
from instruments.search import rebuild_index
from scheduling.statistics.purchases import PurchaseReview
from tests.portal.poison import WHOLE, harm_in_page

FORM = {"title": "透射电镜", "price": "8000000", "is_central": "y", "words": "电子显微镜", "city": "140100", "need": "材料表征"}


@pytest.fixture
def sem(an_instrument, session):
    seed_codes(session)
    one = an_instrument(city="140200")
    session.flush()
    rebuild_index(session)
    return one


@pytest.fixture
def send(client, log_in, a_person, an_organisation, session, now, csrf_of, sem):
    """`send(path, **form)` posts as the administrator of an organisation, and follows."""
    home = an_organisation()
    person = a_person(organisation=home, language="en")
    grant(session, person, "organisation_admin", organisation=home, now=now)
    session.flush()
    log_in(client, person)

    def post(path, **form):
        data = {"csrf_token": csrf_of(client), "organisation": str(home.id), **form}
        return client.post(f"/purchase-reviews{path}", data=data, follow_redirects=True)

    return post


@pytest.fixture
def review(session):
    def latest():
        session.expire_all()
        return session.query(PurchaseReview).order_by(PurchaseReview.id.desc()).first()

    return latest


def test_from_the_wish_to_the_printed_opinion(send, client, sem, review):
    page = send("/new", **FORM).text
    assert "Scanning electron microscope" in page
    assert "254 km" in page
    assert "must be reviewed by the rule" in page
    one = review()
    send(f"/{one.id}/opinion", version=one.version, chosen=[str(sem.id)], verdict="share", opinion="共享即可", save="1")
    assert review().chosen == [sem.id]
    assert client.get(f"/purchase-reviews/{one.id}/paper").status_code == 404
    done = send(f"/{one.id}/opinion", version=review().version, chosen=[str(sem.id)], verdict="share", opinion="共享即可", give="1")
    assert "The opinion is given." in done.text
    paper = client.get(f"/purchase-reviews/{one.id}/paper?lang=en").text
    assert "2026-00001" in paper
    assert "Share what there is, do not buy" in paper
    assert "circular no. 1 of 2019" in paper
    chinese = client.get(f"/purchase-reviews/{one.id}/paper?lang=zh").text
    assert "建议共享现有仪器，不购置" in chinese
    assert "财科教〔2019〕1号" in chinese
    assert "2026-00001" in client.get("/purchase-reviews").text


def test_an_opinion_given_is_not_changed_by_a_form_sent_late(send, review):
    send("/new", **FORM)
    one = review()
    send(f"/{one.id}/opinion", version=one.version, verdict="buy", opinion="无同类", give="1")
    kept = review()
    assert send(f"/{one.id}/opinion", version=kept.version, verdict="share", opinion="改", save="1").status_code == 409
    assert send(f"/{one.id}/edit", version=kept.version, **FORM).status_code == 409
    assert review().opinion == "无同类"


def test_what_is_lacking_is_asked_for_and_nothing_typed_is_lost(send, review):
    assert send("/new", **FORM | {"price": "x"}).status_code == 422
    assert send("/new", **FORM | {"words": ""}).status_code == 422
    send("/new", **FORM)
    one = review()
    answer = send(f"/{one.id}/opinion", version=one.version, verdict="", opinion="想法", give="1")
    assert answer.status_code == 422
    assert "Choose a conclusion." in answer.text
    assert "想法" in answer.text
    assert review().opinion == ""


def test_a_forged_choice_chooses_nothing(send, sem, review):
    send("/new", **FORM)
    one = review()
    send(f"/{one.id}/opinion", version=one.version, chosen=["x", "²", "9" * 30, "-1", str(sem.id), "987654"], verdict="buy", opinion="好", give="1")
    assert review().figures["concluded"]["chosen"] == [sem.id]


def test_hostile_words_stay_words_on_page_and_paper(send, client, review):
    hostile = WHOLE[:200]
    send("/new", **FORM | {"title": hostile, "need": WHOLE, "words": hostile})
    one = review()
    send(f"/{one.id}/opinion", version=one.version, verdict="buy", opinion=WHOLE, give="1")
    for path in ("", f"/{one.id}", f"/{one.id}/paper"):
        page = client.get(f"/purchase-reviews{path}").text
        assert "x-hostile" in page
        assert harm_in_page(page) == []
