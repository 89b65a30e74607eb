"""Publication: the steps and who may not skip one, what must be filled in, exemption, and the clock of 30 working days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.catalogue import PUBLICATIONS, Instrument
from instruments.errors import Invalid, OutOfOrder, Refused
from instruments.holidays import SpecialDay, seed_holidays, special_days
from instruments.publication import (
    NEED_REASON,
    REQUIRED,
    STEP_WORDS,
    STEPS,
    ask_exemption,
    days_to_report,
    decide_exemption,
    missing_fields,
    step,
    working_days,
)

COMPLETE = {
    "inner_id": "I1", "name_zh": "电镜", "name_en": "", "category_code": "010101", "original_value": 1, "country": "JP", "manufacturer": "JEOL",
    "model": "JSM", "commissioned": "2018", "contact": "电镜室", "sharing_mode": "external", "schedule_version": 1, "publication": "draft",
    "publication_note": "", "time_zone": "Asia/Shanghai", "sharing_reason": "", "sharing_approval": "", "exemption_status": "",
}  # fmt: skip


def an_unsaved(**changes) -> Instrument:
    return Instrument(**COMPLETE | changes)


class TestSteps:
    @pytest.mark.parametrize("state", PUBLICATIONS)
    @pytest.mark.parametrize("name", STEPS)
    def test_each_step_follows_from_its_states_and_no_other(self, state, name, now):
        instrument = an_unsaved(publication=state)
        allowed, target = STEPS[name]
        if state in allowed:
            step(instrument, name, now=now, note="原因")
            assert instrument.publication == target
        else:
            with pytest.raises(OutOfOrder):
                step(instrument, name, now=now, note="原因")
            assert instrument.publication == state

    def test_every_step_has_words_and_an_unknown_one_is_refused(self, now):
        assert set(STEP_WORDS) == set(STEPS)
        with pytest.raises(Invalid):
            step(an_unsaved(), "explode", now=now)

    @pytest.mark.parametrize("name", sorted(NEED_REASON))
    @pytest.mark.parametrize("note", ["", "  ", "x" * 501])
    def test_a_step_back_needs_a_reason_of_sensible_length(self, name, note, now):
        with pytest.raises(Invalid) as caught:
            step(an_unsaved(publication=min(STEPS[name][0])), name, now=now, note=note)
        assert caught.value.field == "note"

    def test_the_times_of_submission_and_publication_are_kept(self, now):
        instrument = an_unsaved()
        step(instrument, "submit", now=now)
        step(instrument, "accept", now=now + timedelta(days=1))
        assert (instrument.submitted_at, instrument.published_at) == (now, now + timedelta(days=1))

    def test_the_reason_is_kept_and_goes_with_the_next_step(self, now):
        instrument = an_unsaved(publication="submitted")
        step(instrument, "send_back", now=now, note=" 请补充功能 ")
        assert instrument.publication_note == "请补充功能"
        step(instrument, "submit", now=now)
        assert instrument.publication_note == ""


class TestRequired:
    def test_every_missing_field_is_named_at_once(self, now):
        instrument = an_unsaved(**dict.fromkeys(REQUIRED, ""))
        with pytest.raises(Refused) as caught:
            step(instrument, "submit", now=now)
        assert [refusal.allowed["field"] for refusal in caught.value.refusals] == list(REQUIRED)
        assert instrument.publication == "draft"

    def test_a_complete_one_lacks_nothing(self):
        assert missing_fields(an_unsaved()) == []
        assert missing_fields(an_unsaved(category_code=None, original_value=None)) == ["category_code", "original_value"]

    def test_one_that_is_not_shared_needs_its_reason_and_its_approval(self):
        assert missing_fields(an_unsaved(sharing_mode="none")) == ["sharing_reason", "sharing_approval"]
        assert missing_fields(an_unsaved(sharing_mode="internal")) == []


class TestExemption:
    def test_it_is_asked_for_with_a_reason_and_granted(self):
        instrument = an_unsaved()
        ask_exemption(instrument, " 涉密 ")
        assert (instrument.exemption_status, instrument.exemption_reason) == ("asked", "涉密")
        decide_exemption(instrument, granted=True)
        assert instrument.is_exempt

    def test_after_a_refusal_it_may_be_asked_for_again(self):
        instrument = an_unsaved()
        ask_exemption(instrument, "专用")
        decide_exemption(instrument, granted=False)
        assert instrument.exemption_status == "refused"
        ask_exemption(instrument, "专用，附证明")
        assert instrument.exemption_status == "asked"

    @pytest.mark.parametrize("reason", ["", " ", "x" * 501])
    def test_without_a_sensible_reason_it_is_refused(self, reason):
        with pytest.raises(Invalid):
            ask_exemption(an_unsaved(), reason)

    @pytest.mark.parametrize("status", ["asked", "granted"])
    def test_what_is_asked_or_granted_is_not_asked_for_again(self, status):
        with pytest.raises(OutOfOrder):
            ask_exemption(an_unsaved(exemption_status=status), "涉密")

    def test_what_nobody_asked_for_is_not_decided(self):
        with pytest.raises(OutOfOrder):
            decide_exemption(an_unsaved(), granted=True)


class TestWorkingDays:
    @given(st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.integers(-5, 400), st.dictionaries(
        st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.builds(SpecialDay, st.booleans(), st.integers(0, 6)), max_size=30,
    ))  # fmt: skip
    def test_they_are_as_many_as_counting_day_by_day_gives(self, after, length, days):
        until = after + timedelta(days=length)
        counted = [after + timedelta(days=number) for number in range(1, length + 1)]
        assert working_days(after, until, days) == sum(days[day].is_working if day in days else day.weekday() < 5 for day in counted)

    def test_the_week_of_national_day_has_its_make_up_workday(self, session):
        seed_holidays(session, 2026, 2026)
        session.flush()
        days = special_days(session, date(2026, 1, 1), date(2026, 12, 31))
        assert working_days(date(2026, 9, 30), date(2026, 10, 10), days) == 3  # the 8th, the 9th, and Saturday the 10th


class TestClockOfThirtyWorkingDays:
    def test_thirty_are_left_on_the_day_of_acceptance(self, now):
        assert days_to_report(an_unsaved(accepted_on=date(2026, 11, 23)), now, {}) == 30

    def test_it_runs_on_and_below_nothing(self, now):
        assert days_to_report(an_unsaved(accepted_on=date(2026, 11, 16)), now, {}) == 25
        assert days_to_report(an_unsaved(accepted_on=date(2026, 9, 1)), now, {}) == 30 - 59

    def test_without_a_date_of_acceptance_there_is_no_clock(self, now):
        assert days_to_report(an_unsaved(accepted_on=None), now, {}) is None

    def test_it_stops_on_the_day_of_submission_by_the_instrument_s_calendar(self, now):
        early = datetime(2026, 11, 16, 23, tzinfo=UTC)  # Tuesday the 17th in Shanghai
        instrument = an_unsaved(accepted_on=date(2026, 11, 16), publication="submitted", submitted_at=early)
        assert days_to_report(instrument, now, {}) == 29

    def test_sent_back_it_runs_again(self, now):
        instrument = an_unsaved(accepted_on=date(2026, 11, 16), publication="refused", submitted_at=datetime(2026, 11, 17, tzinfo=UTC))
        assert days_to_report(instrument, now, {}) == 25

    def test_published_without_a_submission_it_stopped_at_publication(self, now):
        instrument = an_unsaved(accepted_on=date(2020, 1, 1), publication="published", published_at=datetime(2020, 1, 3, tzinfo=UTC))
        assert days_to_report(instrument, now, {}) == 28
