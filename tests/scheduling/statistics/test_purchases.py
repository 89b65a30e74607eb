"""Purchase reviews: what is comparable, whether it is saturated, and an opinion that stays with the figures it rests on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from instruments.access import load_viewer
from instruments.codes import seed_codes
from instruments.errors import Changed, Forbidden, Invalid, NotFound, OutOfOrder
from instruments.places import between_cities
from instruments.roles import grant
from instruments.search import rebuild_index
from scheduling.statistics.comparables import MOST, comparable_ids, concluded, figures_for
from scheduling.statistics.figures import YearFigure
from scheduling.statistics.purchases import (
    PurchaseReview,
    Wanted,
    begin_review,
    describe,
    give_opinion,
    note_opinion,
    page_of_reviews,
    seen_review,
)
from scheduling.statistics.thresholds import Thresholds
from tests.portal.costs import counted

WANTED = Wanted("透射电镜", Decimal(8_000_000), words="电子显微镜", city="140100", is_central=True)


@pytest.fixture
def home(an_organisation):
    return an_organisation(city="140100")


@pytest.fixture
def somebody(session, a_person, now):
    """`somebody("organisation_admin", organisation)` gives a viewer with this role."""

    def make(role=None, organisation=None):
        person = a_person()
        if role:
            grant(session, person, role, organisation=organisation, now=now)
        session.flush()
        return load_viewer(session, person)

    return make


@pytest.fixture
def administrator(somebody, home):
    return somebody("organisation_admin", home)


@pytest.fixture
def worked(session, an_instrument):
    """`worked(1500, 900)`: an instrument with so many effective hours in 2025, 2024 and so on, in the index."""

    def make(*hours, **changes):
        one = an_instrument(**changes)
        for year, number in zip((2025, 2024, 2023, 2022), hours, strict=False):
            session.add(YearFigure(instrument_id=one.id, starts_on=date(year, 1, 1), effective=number * 60, external=number * 6))
        session.flush()
        rebuild_index(session)
        return one

    return make


@pytest.fixture
def begun(session, home, administrator, now):
    seed_codes(session)
    session.flush()

    def make(viewer=None, **changes):
        wanted = Wanted(**{**{name: getattr(WANTED, name) for name in WANTED.__dataclass_fields__}, **changes})
        return begin_review(session, home.id, wanted, viewer=viewer or administrator, now=now)

    return make


@pytest.fixture
def given(session, administrator, now):
    """`given(review, [ids])` gives the opinion to share."""

    def make(review, chosen, verdict="share", opinion="可以共享", viewer=None):
        viewer = viewer or administrator
        figures = figures_for(session, review, viewer=viewer, now=now)
        figures |= {"concluded": concluded(figures, chosen)}
        return give_opinion(session, review.id, chosen, verdict, opinion, figures, viewer=viewer, now=now, version=review.version)

    return make


class TestComparable:
    def test_hours_are_those_of_the_last_three_whole_years(self, session, worked, begun, administrator, now):
        old = worked(1500, 1300, 800, 9999)
        young = worked(700, published_at=datetime(2024, 6, 1, tzinfo=UTC))
        newest = worked(published_at=datetime(2026, 2, 1, tzinfo=UTC))
        rows = {row["id"]: row for row in figures_for(session, begun(), viewer=administrator, now=now)["rows"]}
        assert (rows[old.id]["mean"], rows[old.id]["hours"]) == (1200.0, {"2025": 1500.0, "2024": 1300.0, "2023": 800.0})
        assert (rows[young.id]["mean"], rows[young.id]["hours"]) == (700.0, {"2025": 700.0})
        assert (rows[newest.id]["mean"], rows[newest.id]["hours"]) == (None, {})

    def test_saturated_is_a_mean_of_1200_hours(self):
        figures = {"saturated_hours": 1200, "rows": [{"id": 1, "mean": 1500}, {"id": 2, "mean": 900}, {"id": 3, "mean": None}, {"id": 4, "mean": 1}]}
        assert concluded(figures, [1, 2, 3]) == {"chosen": [1, 2, 3], "counted": 2, "mean": 1200, "saturated": True}
        assert concluded(figures, [2])["saturated"] is False
        assert concluded(figures, [3, 99]) == {"chosen": [3], "counted": 0, "mean": None, "saturated": None}

    def test_the_nearest_stand_first_with_distance_sharing_and_next_free_time(self, session, worked, begun, administrator, now):
        far, near = worked(1, city="140200"), worked(1, city="140100", sharing_mode="internal")
        rows = figures_for(session, begun(), viewer=administrator, now=now)["rows"]
        assert [(row["id"], row["distance"]) for row in rows] == [(near.id, 0), (far.id, 254)]
        assert rows[0]["sharing"] == ["内部共享", "Shared inside the organisation"]
        assert datetime.fromisoformat(rows[1]["free"]) >= now

    def test_what_answers_to_class_and_words_stands_before_the_rest(self, session, worked, begun, administrator):
        other = worked(name_zh="核磁共振波谱仪", name_en="NMR", category_code="010101")
        both = worked(category_code="010101")
        by_words = worked(category_code="020101")
        found = comparable_ids(session, begun(category_code="010101"), administrator)
        assert found == [both.id, by_words.id, other.id]

    def test_no_more_statements_for_many_than_for_one(self, session, worked, an_instrument, begun, administrator, now):
        review, counts = begun(), []
        for number in (1, 8):
            for _ in range(number):
                an_instrument()
            worked(1)
            session.flush()
            figures_for(session, review, viewer=administrator, now=now)
            with counted(session.get_bind()) as seen:
                figures = figures_for(session, review, viewer=administrator, now=now)
            counts.append(len(seen))
        assert len(figures["rows"]) > 8
        assert counts[0] == counts[1]
        assert MOST == 60

    def test_the_rule_asks_for_a_review_from_a_price_of_central_money(self, session, begun, administrator, now):
        told = [
            figures_for(session, begun(**changes), viewer=administrator, now=now)["needs_review"]
            for changes in ({}, {"price": Decimal(2_000_000)}, {"price": Decimal("1999999.99")}, {"is_central": False})
        ]
        assert told == [True, True, False, False]
        assert Thresholds().saturated_hours == 1200

    def test_distances_between_cities(self):
        assert round(between_cities("140100", "140200")) == 254  # Taiyuan to Datong
        assert between_cities("140100", "140100") == 0
        assert between_cities("140100", "999999") is None


class TestOpinion:
    def test_it_is_numbered_and_keeps_its_figures(self, session, worked, begun, given):
        one = worked(1500, 1500, 1500)
        first, second = given(begun(), [one.id]), given(begun(), [])
        assert (first.number, second.number) == ("2026-00001", "2026-00002")
        assert first.figures["concluded"] == {"chosen": [one.id], "counted": 1, "mean": 1500.0, "saturated": True}
        one.name_zh = "改名"
        session.flush()
        session.expire(first)
        assert first.figures["rows"][0]["name"][0] == "扫描电子显微镜"

    def test_once_given_nobody_changes_it(self, session, begun, given, administrator, now):
        one = given(begun(), [])
        with pytest.raises(OutOfOrder):
            note_opinion(session, one.id, [], "buy", "改", viewer=administrator, version=one.version)
        with pytest.raises(OutOfOrder):
            describe(session, one.id, WANTED, viewer=administrator, version=one.version)

    @pytest.mark.parametrize("change", [update(PurchaseReview).values(opinion="改"), delete(PurchaseReview)])
    def test_the_database_keeps_it(self, session, begun, given, change):
        given(begun(), [])
        with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
            session.execute(change.execution_options(synchronize_session=False))

    def test_the_database_lets_a_draft_be_changed(self, session, begun):
        one = begun()
        session.execute(update(PurchaseReview).values(opinion="草稿").execution_options(synchronize_session=False))
        session.expire(one)
        assert one.opinion == "草稿"

    def test_half_an_opinion_is_none(self, session, begun):
        begun()
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text("UPDATE purchase_review SET number = '2026-00009'"))

    def test_it_needs_a_conclusion_and_words(self, begun, given):
        with pytest.raises(Invalid, match="结论"):
            given(begun(), [], verdict="")
        with pytest.raises(Invalid, match="意见"):
            given(begun(), [], opinion=" ")
        with pytest.raises(Invalid):
            given(begun(), range(101))

    def test_who_saw_an_older_draft_is_told(self, session, begun, administrator):
        one = begun()
        note_opinion(session, one.id, [], "buy", "买", viewer=administrator, version=one.version)
        session.flush()
        with pytest.raises(Changed):
            note_opinion(session, one.id, [], "share", "不买", viewer=administrator, version=1)


class TestWhose:
    def test_the_organisation_the_province_and_the_auditor_read_it_and_nobody_else(self, session, begun, somebody, an_organisation, home):
        one = begun()
        readers = [somebody("province_admin"), somebody("auditor"), somebody("auditor", home), somebody("organisation_admin", home)]
        for viewer in readers:
            assert seen_review(session, one.id, viewer) is one
            assert page_of_reviews(session, viewer)[0] == [one]
        for viewer in (somebody(), somebody("organisation_admin", an_organisation()), somebody("auditor", an_organisation())):
            with pytest.raises(NotFound):
                seen_review(session, one.id, viewer)
            assert page_of_reviews(session, viewer) == ([], None)

    def test_an_auditor_changes_nothing(self, session, begun, given, somebody, home, now):
        auditor = somebody("auditor", home)
        with pytest.raises(Forbidden):
            given(begun(), [], viewer=auditor)
        with pytest.raises(Forbidden):
            begin_review(session, home.id, WANTED, viewer=auditor, now=now)
        with pytest.raises(NotFound):
            begin_review(session, home.id, WANTED, viewer=somebody(), now=now)

    @pytest.mark.parametrize(
        "changes",
        [{"title": " "}, {"price": Decimal(0)}, {"words": ""}, {"category_code": "x"}, {"need": "长" * 4001}, {"title": "长" * 201}],
        ids=lambda changes: next(iter(changes)),
    )
    def test_what_cannot_be_meant_is_refused(self, begun, changes):
        with pytest.raises(Invalid):
            begun(**changes)

    def test_unknown_codes_are_refused(self, begun):
        for changes in ({"city": "999999"}, {"category_code": "999999"}):
            with pytest.raises(NotFound):
                begun(**changes)
