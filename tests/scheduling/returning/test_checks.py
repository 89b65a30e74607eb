"""Rows held against their format: each way in which a value can be wrong, and the formats themselves."""

from __future__ import annotations

import pytest

from instruments import data
from instruments.codes import LISTS
from instruments.errors import Invalid, Sentence
from instruments.exchange.vocabulary import Vocabulary
from scheduling.returning.checks import WORDS, problems_of, said, wrong_with
from scheduling.returning.formats import FIELD_KINDS, MENDS, PERIODS, ReturnField, format_of, formats
from scheduling.statistics.quantities import SUMMED

WORDS_KNOWN = Vocabulary(names={"service_way": {"occupied": Sentence("占用共享", "Use")}, "subject": {"430": Sentence("材料", "Materials")}})


def a_field(kind, *, required=False, **more):
    return ReturnField("x", Sentence("某项", "Something"), kind, required, "use", **more)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (a_field("text", required=True), "", "missing"),
        (a_field("text", required=True), None, "missing"),
        (a_field("text"), "", ""),
        (a_field("text", length=3), "甲乙丙", ""),
        (a_field("text", length=3), "甲乙丙丁", "too_long"),
        (a_field("amount"), "120.50", ""),
        (a_field("amount"), "120.5", "malformed"),
        (a_field("amount"), "-1.00", "malformed"),
        (a_field("amount"), "=1.00", "malformed"),
        (a_field("hours"), "0.00", ""),
        (a_field("count", required=True), 0, ""),
        (a_field("count"), -1, "malformed"),
        (a_field("count"), True, "malformed"),
        (a_field("count"), "3", "malformed"),
        (a_field("time"), "2026-08-20 09:00:00", ""),
        (a_field("time"), "2026-02-30 09:00:00", "malformed"),
        (a_field("month"), "2026-13", "malformed"),
        (a_field("partial_date"), "2016-10", ""),
        (a_field("partial_date"), "2016-13", "malformed"),
        (a_field("digits", length=6), "010101", ""),
        (a_field("digits", length=6), "1010", "malformed"),
        (a_field("email"), "a@example.org", ""),
        (a_field("email"), "a@b", "malformed"),
        (a_field("name", list_name="service_way"), "占用共享", ""),
        (a_field("name", list_name="service_way"), "occupied", "not_listed"),
        (a_field("code", list_name="subject"), "430", ""),
        (a_field("code", list_name="subject"), "999", "not_listed"),
        (a_field("codes", list_name="subject", most=1), "430", ""),
        (a_field("codes", list_name="subject", most=1), "430,430", "too_long"),
        (a_field("choice", values=("是", "否")), "是", ""),
        (a_field("choice", values=("是", "否")), "yes", "not_listed"),
    ],
)
def test_a_value_is_held_against_its_field(field, value, code):
    assert wrong_with(field, value, WORDS_KNOWN) == code


def test_all_that_is_wrong_with_a_row_is_told_at_once_in_the_order_of_the_fields():
    layout = format_of("running")
    row = {"innerId": "", "insCode": "A", "month": "2026-1", "openMinutes": 1, "usedMinutes": 2, "effectiveMinutes": 3, "externalMinutes": "x"}
    found = problems_of(layout, row, Vocabulary())
    assert found == [["innerId", "missing"], ["month", "malformed"], ["externalMinutes", "malformed"], ["downMinutes", "missing"]]
    assert said(layout, found[0]) == Sentence("“仪器编号”未填写", "“Instrument's inner id” is missing")


def test_what_the_maker_of_a_row_knows_goes_before_what_the_format_sees():
    layout = format_of("service_records")
    found = problems_of(layout, {}, Vocabulary(), known=(["amounts", "unpriced"],))
    assert dict(found)["amounts"] == "unpriced"
    assert set(dict(found).values()) <= set(WORDS)


def test_a_kind_there_is_not_is_refused():
    with pytest.raises(Invalid):
        format_of("monthly")


class TestFormats:
    """The formats are data; these hold them to what the program can do with them."""

    def test_each_field_is_of_a_kind_that_is_known_with_its_list_and_its_place_of_mending(self):
        for layout in formats().values():
            names = [field.name for field in layout.fields]
            assert len(set(names)) == len(names)
            assert layout.period in PERIODS
            for field in layout.fields:
                assert field.kind in FIELD_KINDS, field
                assert field.mend in MENDS, field
                assert (field.kind in ("name", "code", "codes")) == bool(field.list_name), field
                assert not field.list_name or field.list_name in LISTS, field
                assert (field.kind == "choice") == bool(field.values), field
                assert not field.counts or field.counts in SUMMED, field
                assert not (field.is_typed and field.counts), field

    def test_the_service_record_has_the_national_names(self):
        names = [
            "recordInnerId", "innerId", "insCode", "amounts", "startTime", "endTime", "serviceAmount", "serviceContent", "serviceWay",
            "serviceType", "serviceDirection", "subjectName", "subjectIncome", "subjectArea", "applicant", "applicantPhone", "applicantEmail",
            "applicantUnit", "comment", "signAgreement",
        ]  # fmt: skip
        assert [field.name for field in format_of("service_records").fields][: len(names)] == names

    def test_only_who_applied_is_personal(self):
        personal = [field.name for layout in formats().values() for field in layout.fields if field.is_personal]
        assert personal == ["applicant", "applicantPhone", "applicantEmail"]

    def test_hours_and_income_of_the_year_are_computed_and_not_typed(self):
        fields = {field.name: field for field in format_of("yearly").fields}
        assert {name: fields[name].counts for name in ("runMachine", "serviceMachine", "serviceIncome")} == {
            "runMachine": "effective", "serviceMachine": "external", "serviceIncome": "external_income",
        }  # fmt: skip
        assert format_of("yearly").typed == ()

    def test_each_shipped_format_says_its_source_in_both_languages(self):
        for one in data.read("returns.json")["kinds"].values():
            assert one["source_zh"]
            assert one["source_en"]
