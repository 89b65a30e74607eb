"""Making, signing and reviewing a return; what is signed stays as it was, by the database's word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.errors import Changed, Forbidden, Invalid, NotFound, OutOfOrder, Refused
from instruments.people import Organisation, Person
from instruments.roles import grant
from scheduling.confirming import reopen_use
from scheduling.correcting import void_use
from scheduling.returning import generating
from scheduling.returning.facts import Facts, note_facts
from scheduling.returning.generating import generate, refresh_use
from scheduling.returning.periods import Period
from scheduling.returning.returns import HIDDEN, Return, ReturnRow, WantedReturns, page_of_returns, rows_of, seen_return, shown
from scheduling.returning.since import Since, changed_since
from scheduling.returning.steps import accept, send_back, sign
from tests.fixtures.returns import THIRD_QUARTER, in_the_quarter


@pytest.fixture
def instrument(an_instrument):
    return an_instrument()


@pytest.fixture
def owner(instrument):
    return instrument.organisation


@pytest.fixture
def keeper(a_keeper, owner):
    return a_keeper(owner)


class TestMaking:
    @pytest.mark.parametrize("period", [Period("quarter", date(2026, 10, 1)), Period("quarter", date(2030, 1, 1))])
    def test_nothing_is_made_for_a_quarter_that_is_not_over(self, session, owner, keeper, now, period):
        with pytest.raises(OutOfOrder, match="not over"):
            generate(session, owner.id, "service_records", period, viewer=keeper, now=now)

    def test_a_quarter_is_over_at_midnight_of_the_organisation(self, session, owner, keeper):
        over = THIRD_QUARTER.span(owner.time_zone).end
        with pytest.raises(OutOfOrder):
            generate(session, owner.id, "service_records", THIRD_QUARTER, viewer=keeper, now=over - timedelta(seconds=1))
        assert generate(session, owner.id, "service_records", THIRD_QUARTER, viewer=keeper, now=over).state == "draft"

    def test_a_kind_there_is_not_and_a_period_of_another_kind_are_refused(self, session, owner, keeper, now):
        for kind, period in (("all", THIRD_QUARTER), ("service_records", Period("year", date(2025, 1, 1)))):
            with pytest.raises(Invalid):
                generate(session, owner.id, kind, period, viewer=keeper, now=now)

    def test_making_it_again_makes_the_same_draft_anew(self, session, instrument, a_quarter_use, a_return):
        first = a_return(instrument.organisation)
        assert first.row_count == 0
        a_quarter_use(instrument)
        again = a_return(instrument.organisation)
        assert (again.id, again.edition, again.row_count) == (first.id, 1, 1)

    def test_the_province_reads_and_does_not_make_them_and_others_see_nothing(
        self, session, owner, the_province, a_keeper, an_organisation, now
    ):
        with pytest.raises(Forbidden):
            generate(session, owner.id, "service_records", THIRD_QUARTER, viewer=the_province, now=now)
        with pytest.raises(NotFound):
            generate(session, owner.id, "service_records", THIRD_QUARTER, viewer=a_keeper(an_organisation()), now=now)


class TestSigning:
    def test_a_draft_with_something_wrong_is_refused_with_the_list(self, session, instrument, a_quarter_use, a_return, keeper, now):
        for day in (20, 21):
            a_quarter_use(instrument, span=in_the_quarter(day), content="")
        one = a_return(instrument.organisation)
        assert one.errors == 2
        with pytest.raises(Refused) as refused:
            sign(session, one.id, digest=one.digest, viewer=keeper, now=now)
        assert [refusal.sentence.en for refusal in refused.value.refusals] == [
            "Row 1: “What was done” is missing.", "Row 2: “What was done” is missing.",
        ]  # fmt: skip

    def test_a_long_list_is_cut_and_says_how_many_more(self, session, instrument, a_quarter_use, a_return, keeper, now):
        for day in range(1, 24):
            a_quarter_use(instrument, span=in_the_quarter(day), content="")
        one = a_return(instrument.organisation)
        with pytest.raises(Refused) as refused:
            sign(session, one.id, digest=one.digest, viewer=keeper, now=now)
        assert len(refused.value.refusals) == 21
        assert refused.value.refusals[-1].sentence.en == "And 3 rows more."

    def test_mending_a_use_mends_its_row_in_the_draft(self, session, instrument, a_quarter_use, a_return, keeper, now):
        use = a_quarter_use(instrument, content="")
        one = a_return(instrument.organisation)
        before = one.digest
        note_facts(session, use.id, Facts(content="成分分析"), viewer=keeper, now=now)
        assert refresh_use(session, use.id) == 1
        one = seen_return(session, one.id, keeper)
        assert (one.errors, one.digest != before) == (0, True)
        assert sign(session, one.id, digest=one.digest, viewer=keeper, now=now).state == "signed"

    def test_what_has_changed_since_the_signer_looked_is_not_signed(self, session, instrument, a_quarter_use, a_return, keeper, now):
        use = a_quarter_use(instrument)
        one = a_return(instrument.organisation)
        use.rating = "fair"
        session.flush()
        with pytest.raises(Changed):
            sign(session, one.id, digest=one.digest, viewer=keeper, now=now)

    def test_an_empty_return_is_signed_only_with_a_tick(self, session, owner, a_return, keeper, now):
        one = a_return(owner)
        with pytest.raises(Invalid, match="nothing to report"):
            sign(session, one.id, digest=one.digest, viewer=keeper, now=now)
        assert sign(session, one.id, digest=one.digest, viewer=keeper, now=now, nothing_to_report=True).state == "signed"

    def test_nobody_signs_twice_nor_makes_a_signed_one_anew(self, session, owner, a_return, keeper, now):
        one = a_return(owner, signed=True)
        with pytest.raises(OutOfOrder):
            sign(session, one.id, digest=one.digest, viewer=keeper, now=now, nothing_to_report=True)
        with pytest.raises(OutOfOrder):
            a_return(owner)

    def test_the_province_does_not_sign(self, session, owner, a_return, the_province, now):
        one = a_return(owner)
        with pytest.raises(Forbidden):
            sign(session, one.id, digest=one.digest, viewer=the_province, now=now, nothing_to_report=True)


class TestReviewing:
    def test_what_was_sent_back_is_made_anew_as_the_next_edition_and_the_old_one_is_kept(
        self, session, instrument, a_quarter_use, a_return, the_province, now
    ):
        a_quarter_use(instrument)
        first = a_return(instrument.organisation, signed=True)
        old = first.digest
        send_back(session, first.id, "缺少一台仪器", viewer=the_province, now=now)
        a_quarter_use(instrument, span=in_the_quarter(22))
        second = a_return(instrument.organisation, signed=True)
        assert (second.edition, second.row_count, first.edition, first.row_count, first.digest) == (2, 2, 1, 1, old)
        assert accept(session, second.id, viewer=the_province, now=now).state == "accepted"
        assert (first.state, first.remark) == ("sent_back", "缺少一台仪器")

    def test_only_what_is_signed_is_reviewed_and_once(self, session, owner, a_return, the_province, now):
        one = a_return(owner)
        with pytest.raises(OutOfOrder):
            accept(session, one.id, viewer=the_province, now=now)
        one = a_return(owner, signed=True)
        accept(session, one.id, viewer=the_province, now=now)
        for step in (accept, lambda *given, **named: send_back(*given, "再看", **named)):
            with pytest.raises(OutOfOrder):
                step(session, one.id, viewer=the_province, now=now)

    def test_sending_back_needs_a_remark_and_the_organisation_does_not_review(self, session, owner, a_return, the_province, keeper, now):
        one = a_return(owner, signed=True)
        with pytest.raises(Invalid):
            send_back(session, one.id, " ", viewer=the_province, now=now)
        with pytest.raises(Forbidden):
            accept(session, one.id, viewer=keeper, now=now)


class TestFrozen:
    """The database refuses whatever would change a signed return."""

    @pytest.fixture
    def signed(self, session, instrument, a_quarter_use, a_return):
        a_quarter_use(instrument)
        return a_return(instrument.organisation, signed=True)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE national_return_row SET data = '{}' WHERE return_id = :id",
            "DELETE FROM national_return_row WHERE return_id = :id",
            "INSERT INTO national_return_row (return_id, position, instrument_id, data, typed, problems, is_wrong)"
            " SELECT return_id, 99, instrument_id, data, typed, problems, is_wrong FROM national_return_row WHERE return_id = :id",
            "UPDATE national_return SET row_count = 7 WHERE id = :id",
            "UPDATE national_return SET digest = 'x' WHERE id = :id",
            "UPDATE national_return SET state = 'draft', signed_at = NULL, signed_by = NULL WHERE id = :id",
            "DELETE FROM national_return WHERE id = :id",
        ],
    )
    def test_a_signed_return_and_its_rows_stay(self, session, signed, statement):
        session.flush()
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(statement), {"id": signed.id})
        assert session.scalar(select(func.count(ReturnRow.id)).where(ReturnRow.return_id == signed.id)) == 1

    def test_a_draft_may_be_changed_which_shows_that_the_signature_is_what_keeps_it(self, session, instrument, a_quarter_use, a_return):
        a_quarter_use(instrument)
        draft = a_return(instrument.organisation)
        session.execute(text("UPDATE national_return_row SET data = '{}' WHERE return_id = :id"), {"id": draft.id})
        session.execute(text("DELETE FROM national_return_row WHERE return_id = :id"), {"id": draft.id})

    @pytest.mark.parametrize("column", ["state = 'signed'", "remark = 'x'", "reviewed_at = NULL, state = 'signed'"])
    def test_a_review_is_not_taken_back(self, session, signed, the_province, now, column):
        accept(session, signed.id, viewer=the_province, now=now)
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(f"UPDATE national_return SET {column} WHERE id = :id"), {"id": signed.id})

    def test_a_second_open_return_for_a_period_is_refused(self, session, signed, now):
        same = {"organisation_id": signed.organisation_id, "kind": signed.kind, "starts_on": signed.starts_on}
        session.add(Return(**same, edition=2, state="draft", format="x", made_by=signed.made_by, made_at=now))
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


class TestSince:
    def test_a_later_correction_leaves_the_return_as_it_was_and_is_counted(
        self, session, instrument, a_quarter_use, a_return, a_manager, now
    ):
        kept, taken_back = (a_quarter_use(instrument, span=in_the_quarter(day)) for day in (20, 21))
        one = a_return(instrument.organisation, signed=True)
        assert changed_since(session, one) == Since()
        manager = a_manager(instrument)
        reopen_use(session, taken_back.id, viewer=manager, now=now, reason="误记")
        assert changed_since(session, one) == Since()  # nothing of the row is another yet
        void_use(session, taken_back.id, viewer=manager, now=now, reason="误记")
        kept.rating = "fair"
        session.flush()
        a_quarter_use(instrument, span=in_the_quarter(25))
        found = changed_since(session, one)
        assert (found.corrected, found.added, found.vanished) == (1, 1, 1)
        assert found.differences == ()  # an hour taken back, an hour added
        rows, _ = rows_of(session, one)
        assert [(row.usage_id, row.data["comment"]) for row in rows] == [(kept.id, ""), (taken_back.id, "")]


class TestWhoReads:
    def test_the_organisation_its_auditors_and_the_province_read_it_and_nobody_else(
        self, session, owner, a_return, the_province, keeper, a_manager, instrument, a_viewer, a_person, now
    ):
        one = a_return(owner)
        auditor = a_person()
        grant(session, auditor, "auditor", organisation=owner, now=now)
        session.flush()
        for reader in (keeper, the_province, load_viewer(session, auditor)):
            assert seen_return(session, one.id, reader).id == one.id
            assert page_of_returns(session, WantedReturns(), viewer=reader).total == 1
        for stranger in (a_manager(instrument), a_viewer()):
            with pytest.raises(NotFound):
                seen_return(session, one.id, stranger)
            assert page_of_returns(session, WantedReturns(), viewer=stranger).total == 0

    def test_who_used_it_is_shown_to_those_alone_who_sign(self, session, instrument, a_quarter_use, a_return, keeper, the_province):
        a_quarter_use(instrument)
        one = a_return(instrument.organisation)
        (row,) = rows_of(session, one)[0]
        assert shown(one, row.data, keeper) == row.data
        hidden = shown(one, row.data, the_province)
        assert (hidden["applicant"], hidden["applicantEmail"], hidden["applicantPhone"]) == (HIDDEN, HIDDEN, "")
        assert hidden["applicantUnit"] == row.data["applicantUnit"]

    def test_the_audit_log_holds_no_rows(self, session):
        assert ReturnRow.__audited__ is False


class TestAtOnce:
    """Two who press at once get one return, because the organisation's row is locked first; without the lock the database refuses the second."""

    @pytest.fixture
    def together(self, clean_engine, now):
        def make(count=4):
            with Session(clean_engine) as session:
                owner = Organisation(code="AT-ONCE", name_zh="并发大学", kind="university")
                person = Person(email="keeper@example.org", name="管", organisation=owner, created_at=now)
                session.add_all([owner, person])
                session.flush()
                grant(session, person, "organisation_admin", organisation=owner, now=now)
                session.commit()
                owner_id, viewer = owner.id, load_viewer(session, person)

            def press(_number):
                with Session(clean_engine) as session:
                    made = generate(session, owner_id, "service_records", THIRD_QUARTER, viewer=viewer, now=now).id
                    session.commit()
                    return made

            with ThreadPoolExecutor(count) as pool:
                return {type(found).__name__ if isinstance(found, Exception) else found for found in pool.map(caught(press), range(count))}

        return make

    def test_two_who_press_at_once_get_one_return(self, together):
        assert together() == {1}

    def test_without_the_lock_only_the_database_stands_between(self, together, monkeypatch, backend):
        if backend == "postgresql":
            monkeypatch.setattr(generating, "locked_organisation", lambda session, number: session.get(Organisation, number))
        found = together()
        assert {one for one in found if isinstance(one, int)} == {1}
        assert {one for one in found if isinstance(one, str)} <= {"IntegrityError", "StaleDataError", "OperationalError"}


def caught(do):
    def run(number):
        try:
            return do(number)
        except Exception as error:  # told by its name
            return error

    return run
