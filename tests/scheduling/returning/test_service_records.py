"""Service records: which uses become a row of the quarter, and what each row says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from instruments.timespan import TimeSpan
from scheduling.accounting.charges import Charge
from scheduling.returning.facts import Facts, note_facts
from scheduling.returning.generating import digest_of, generate
from scheduling.returning.returns import ReturnRow, rows_of
from scheduling.returning.servicerows import count_left_out, count_unconfirmed
from scheduling.usageproblems import open_problem
from tests.fixtures.returns import THIRD_QUARTER, in_the_quarter


@pytest.fixture
def rows(session, a_return):
    """The rows of a new draft of an instrument's organisation."""

    def read(instrument):
        return rows_of(session, a_return(instrument.organisation))[0]

    return read


class TestWhichUses:
    def test_every_confirmed_use_that_began_in_the_quarter_is_one_row_by_its_start(self, rows, an_instrument, a_quarter_use):
        one = an_instrument()
        second, first = a_quarter_use(one, span=in_the_quarter(21)), a_quarter_use(one, span=in_the_quarter(3, month=7))
        assert [row.usage_id for row in rows(one)] == [first.id, second.id]

    def test_the_quarter_begins_and_ends_at_midnight_of_the_instruments_own_clock(
        self, rows, an_instrument, an_organisation, a_quarter_use
    ):
        owner = an_organisation()
        here, there = an_instrument(organisation=owner), an_instrument(organisation=owner, time_zone="America/New_York")
        last = TimeSpan(datetime(2026, 9, 30, 15, 30, tzinfo=UTC), datetime(2026, 9, 30, 17, tzinfo=UTC))  # 23:30 in Shanghai, until 01:00
        after = TimeSpan(
            datetime(2026, 9, 30, 17, tzinfo=UTC), datetime(2026, 9, 30, 18, tzinfo=UTC)
        )  # 01:00 on 1 October, 13:00 in New York
        kept = [a_quarter_use(here, span=last)]
        a_quarter_use(here, span=after)
        kept.append(a_quarter_use(there, span=after))
        assert {row.usage_id for row in rows(here)} == {one.id for one in kept}

    def test_maintenance_is_none_and_what_is_void_or_still_running_is_left_out(
        self, session, rows, an_instrument, a_quarter_use, a_use_row
    ):
        one = an_instrument()
        a_quarter_use(one, mode="maintenance")
        gone = a_quarter_use(one, span=in_the_quarter(22), confirmed=False)
        gone.status = "void"
        session.add(a_use_row(instrument=one, hours=None, start=-24 * 90))
        session.flush()
        assert rows(one) == []

    def test_a_use_with_something_open_waits_and_is_counted(self, session, rows, an_instrument, a_quarter_use, now):
        one = an_instrument()
        open_one, recorded = (a_quarter_use(one, span=in_the_quarter(day), confirmed=False) for day in (21, 22))
        open_problem(session, "overrun", instrument_id=one.id, usage_id=open_one.id, now=now)
        assert [row.usage_id for row in rows(one)] == [recorded.id]
        assert count_left_out(session, one.organisation, THIRD_QUARTER) == 1
        assert count_unconfirmed(session, one.organisation, THIRD_QUARTER) == 2

    def test_other_organisations_uses_are_not_taken_along(self, rows, an_instrument, a_quarter_use):
        a_quarter_use(an_instrument())
        assert rows(an_instrument()) == []


class TestWhatARowSays:
    def test_a_row_has_exactly_the_national_names_and_the_uses_own_facts(
        self, rows, an_instrument, a_quarter_use, a_person, an_organisation
    ):
        one = an_instrument(inner_id="SEM-1")
        user = a_person(
            name="张三", email="z3@example.org", phone="0351-7", organisation=an_organisation(name_zh="某公司", kind="enterprise")
        )
        use = a_quarter_use(one, person=user, purpose="development", project="合金断口")
        use.rating = "satisfied"
        (row,) = rows(one)
        assert row.data == {
            "recordInnerId": str(use.id), "innerId": "SEM-1", "insCode": one.organisation.code, "amounts": "0.00",
            "startTime": "2026-08-20 09:00:00", "endTime": "2026-08-20 11:00:00", "serviceAmount": "2.00", "serviceContent": "形貌观察",
            "serviceWay": "占用共享", "serviceType": "130", "serviceDirection": "136", "subjectName": "合金断口", "subjectIncome": "",
            "subjectArea": "", "applicant": "张三", "applicantPhone": "0351-7", "applicantEmail": "z3@example.org", "applicantUnit": "某公司",
            "comment": "基本满意", "signAgreement": "否", "taxRecord": "",
        }  # fmt: skip
        assert (row.is_wrong, row.problems, row.usage_version) == (False, [], use.version)

    @pytest.mark.parametrize(
        ("mode", "training", "way"),
        [
            ("sample", False, "委托共享"),
            ("sample", True, "委托共享"),
            ("remote", True, "远程共享"),
            ("self", True, "技术共享"),
            ("self", False, "占用共享"),
        ],
    )
    def test_the_way_of_service_follows_from_the_mode_and_the_instrument(self, rows, an_instrument, a_quarter_use, mode, training, way):
        one = an_instrument(sample_service=True)
        a_quarter_use(one, mode=mode, samples=7)
        one.needs_qualification = training
        (row,) = rows(one)
        assert row.data["serviceWay"] == way
        assert row.data["serviceAmount"] == ("7.00" if mode == "sample" else "2.00")

    def test_the_organisations_own_people_are_internal_as_they_stood_then(
        self, session, rows, an_instrument, a_quarter_use, a_person, an_organisation
    ):
        one = an_instrument()
        user = a_person(organisation=one.organisation)
        a_quarter_use(one, person=user)
        user.organisation = an_organisation()
        session.flush()
        assert rows(one)[0].data["serviceType"] == "120"

    def test_the_amount_is_what_is_charged_and_a_charge_without_a_price_is_an_error(
        self, session, rows, a_charge_for, an_instrument, a_quarter_use
    ):
        one = an_instrument()
        priced, unpriced = a_quarter_use(one, span=in_the_quarter(20)), a_quarter_use(one, span=in_the_quarter(21))
        a_charge_for(priced, "120.50")
        a_charge_for(unpriced, None)
        first, second = rows(one)
        assert (first.data["amounts"], first.problems) == ("120.50", [])
        assert (second.data["amounts"], second.problems) == ("", [["amounts", "unpriced"]])

    def test_a_duty_free_instrument_used_for_other_needs_the_tax_record_number(
        self, session, rows, an_instrument, a_quarter_use, a_manager, now
    ):
        one = an_instrument(customs_supervised=True)
        a_quarter_use(one, purpose="research")
        use = a_quarter_use(one, purpose="other", span=in_the_quarter(21))
        assert [row.problems for row in rows(one)] == [[], [["taxRecord", "duty_free"]]]
        note_facts(session, use.id, Facts(tax_record="TX-1"), viewer=a_manager(one), now=now)
        assert [(row.problems, row.data["taxRecord"]) for row in rows(one)] == [([], ""), ([], "TX-1")]

    def test_what_is_noted_for_the_return_goes_before_what_the_use_says(self, session, rows, an_instrument, a_quarter_use, a_manager, now):
        one = an_instrument()
        use = a_quarter_use(one, content="")
        assert rows(one)[0].problems == [["serviceContent", "missing"]]
        facts = Facts("断口分析", "高温合金", "国家自然科学基金", "", "", True)
        note_facts(session, use.id, facts, viewer=a_manager(one), now=now)
        said = rows(one)[0].data
        assert [said[name] for name in ("serviceContent", "subjectName", "subjectIncome", "signAgreement")] == [
            "断口分析",
            "高温合金",
            "国家自然科学基金",
            "是",
        ]


@pytest.fixture
def a_charge_for(session, now):
    """A charge of a use, with a total or without a price."""

    def make(use, total):
        session.add(
            Charge(
                usage_id=use.id, kind="use", organisation_id=use.owner_id, instrument_id=use.instrument_id, person_id=use.person_id,
                used_at=use.start_at, status="draft", total=None if total is None else Decimal(total), made_at=now,
            )
        )  # fmt: skip
        session.flush()

    return make


def test_many_uses_are_read_a_few_at_a_time_and_all_of_them(session, an_instrument, a_quarter_use, a_return, monkeypatch):
    from scheduling.returning import generating, servicerows

    one = an_instrument()
    for day in range(1, 8):
        a_quarter_use(one, span=in_the_quarter(day))
    whole = a_return(one.organisation)
    before = whole.digest
    monkeypatch.setattr(servicerows, "AT_ONCE", 3)
    monkeypatch.setattr(generating, "AT_ONCE", 2)
    again = a_return(one.organisation)
    assert (again.id, again.row_count, again.digest) == (whole.id, 7, before)
    every = session.scalars(select(ReturnRow).where(ReturnRow.return_id == again.id).order_by(ReturnRow.position)).all()
    assert [row.position for row in every] == list(range(1, 8))
    assert digest_of(every) == before


def test_a_use_over_the_end_of_the_quarter_is_one_row_of_the_quarter_in_which_it_began(
    session, an_instrument, a_quarter_use, a_keeper, now
):
    one = an_instrument()
    start = datetime(2026, 6, 30, 15, tzinfo=UTC)  # 23:00 in Shanghai
    a_quarter_use(one, span=TimeSpan(start, start + timedelta(hours=3)))
    keeper = a_keeper(one.organisation)
    third = generate(session, one.organisation_id, "service_records", THIRD_QUARTER, viewer=keeper, now=now)
    second = generate(session, one.organisation_id, "service_records", THIRD_QUARTER.before, viewer=keeper, now=now)
    assert (second.row_count, third.row_count) == (1, 0)
