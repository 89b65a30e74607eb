"""Running records, the yearly report and SJ3: figures come from the statistics, and are typed only where the portal cannot tell."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from instruments.errors import Forbidden, Invalid, NotFound
from instruments.timespan import TimeSpan
from scheduling.accounting.charges import Charge
from scheduling.results import ResultEntry, add_result
from scheduling.returning.formats import format_of
from scheduling.returning.generating import generate
from scheduling.returning.periods import Period
from scheduling.returning.returns import rows_of
from scheduling.returning.typed import type_figures, typed_figures
from scheduling.statistics.keeping import work_off
from tests.fixtures.moves import move
from tests.fixtures.returns import THIRD_QUARTER, in_the_quarter

YEAR = Period("year", date(2026, 1, 1))
SCHOOL_YEAR = Period("school_year", date(2025, 9, 1))
AFTER = datetime(2027, 1, 5, tzinfo=UTC)


@pytest.fixture
def instrument(an_instrument):
    return an_instrument(inner_id="SEM-1")


@pytest.fixture
def owner(instrument):
    return instrument.organisation


@pytest.fixture
def keeper(a_keeper, owner):
    return a_keeper(owner)


@pytest.fixture
def made(session, lists, owner, keeper):
    """The rows of a kind of return for a period, made in January 2027, as they are reported."""

    def make(kind, period):
        return rows_of(session, generate(session, owner.id, kind, period, viewer=keeper, now=AFTER))[0]

    return make


@pytest.fixture
def paid(session, now):
    """Charge a use, in the ledger already."""

    def make(use, total):
        session.add(
            Charge(
                usage_id=use.id, kind="use", organisation_id=use.owner_id, instrument_id=use.instrument_id, person_id=use.person_id,
                user_organisation_id=use.organisation_id, used_at=use.start_at, status="final", total=Decimal(total), made_at=now, final_at=now,
            )
        )  # fmt: skip
        session.flush()

    return make


class TestRunningRecords:
    def test_each_instrument_has_a_row_for_each_month_with_its_minutes(self, session, made, instrument, a_quarter_use, a_person, owner):
        a_quarter_use(instrument, person=a_person(organisation=owner), span=in_the_quarter(20, hours=2))
        a_quarter_use(instrument, span=in_the_quarter(21, hours=1))
        rows = made("running", THIRD_QUARTER)
        assert [row.data["month"] for row in rows] == ["2026-07", "2026-08", "2026-09"]
        august = rows[1].data
        assert august == {
            "innerId": "SEM-1", "insCode": owner.code, "month": "2026-08", "openMinutes": 31 * 1440, "usedMinutes": 180, "effectiveMinutes": 180,
            "externalMinutes": 60, "downMinutes": 0,
        }  # fmt: skip
        assert [row.data["usedMinutes"] for row in rows] == [0, 180, 0]
        assert not any(row.is_wrong for row in rows)

    def test_a_use_over_the_end_of_a_month_is_parted_at_midnight_and_the_parts_make_the_whole(self, made, instrument, a_quarter_use):
        start = datetime(2026, 7, 31, 15, 20, tzinfo=UTC)  # 23:20 in Shanghai
        a_quarter_use(instrument, span=TimeSpan(start, start + timedelta(minutes=100)))
        assert [row.data["usedMinutes"] for row in made("running", THIRD_QUARTER)] == [40, 60, 0]

    def test_figures_that_the_statistics_have_not_made_yet_are_made_first(self, session, made, instrument, a_quarter_use, now):
        while work_off(session, now=now):
            pass
        a_quarter_use(instrument)  # nobody has worked off what the database noted of it
        assert made("running", THIRD_QUARTER)[1].data["usedMinutes"] == 120


class TestYearlyReport:
    def test_hours_and_income_are_computed_and_the_rest_is_as_registered(self, made, instrument, a_quarter_use, a_person, owner, paid):
        a_quarter_use(instrument, person=a_person(organisation=owner), span=in_the_quarter(20, hours=2))
        outside = a_quarter_use(instrument, span=in_the_quarter(21, hours=1.5))
        paid(outside, "64490.00")
        (row,) = made("yearly", YEAR)
        wanted = {
            "cname": "扫描电子显微镜", "ename": "Scanning electron microscope", "insCode": owner.code, "innerId": "SEM-1", "instrCategory": "010101",
            "worth": "200.00", "manufacturer": "JEOL", "instrVersion": "JSM-7900F", "beginDate": "2018-05", "runMachine": "3.50",
            "serviceMachine": "1.50", "serviceIncome": "6.45", "shareMode": "外部共享", "type": "通用", "instrSupervise": "否",
        }  # fmt: skip
        assert {name: row.data[name] for name in wanted} == wanted
        assert row.problems == []

    def test_what_the_register_lacks_is_wrong_with_the_row_and_is_mended_in_the_register(self, session, made, instrument):
        instrument.manufacturer, instrument.category_code = "", None
        session.flush()
        assert made("yearly", YEAR)[0].problems == [["instrCategory", "missing"], ["manufacturer", "missing"]]
        instrument.manufacturer, instrument.category_code = "JEOL", "010101"
        session.flush()
        assert made("yearly", YEAR)[0].problems == []

    def test_only_instruments_on_the_network_by_the_end_of_the_year_are_reported(self, made, an_instrument, instrument, owner):
        an_instrument(organisation=owner, publication="draft", published_at=None)
        an_instrument(organisation=owner, published_at=AFTER)
        assert [row.instrument_id for row in made("yearly", YEAR)] == [instrument.id]

    def test_one_that_was_retired_after_it_was_used_is_still_reported(self, session, made, instrument, a_quarter_use):
        a_quarter_use(instrument)
        instrument.publication = "retired"
        session.flush()
        assert [row.data["runMachine"] for row in made("yearly", YEAR)] == ["2.00"]
        assert made("yearly", YEAR.before) == []


class TestSchoolYear:
    """SJ3: 1 September 2025 to 31 August 2026."""

    def test_hours_are_parted_without_a_rest(self, made, instrument, a_quarter_use, a_person, owner):
        own = a_person(organisation=owner)
        for day, purpose, user in ((10, "teaching", own), (11, "research", own), (12, "development", own), (13, "teaching", None)):
            more = {"person": user} if user else {}
            a_quarter_use(instrument, purpose=purpose, span=in_the_quarter(day, hours=1.5, month=8), samples=2, **more)
        a_quarter_use(instrument, span=in_the_quarter(1, month=9))  # of the next school year
        (row,) = made("sj3", SCHOOL_YEAR)
        hours = [row.data[f"{name}Hours"] for name in ("teaching", "research", "social", "open")]
        assert (hours, row.data["samples"]) == (["1.50", "3.00", "1.50", "6.00"], 8)
        assert row.problems == []

    def test_projects_are_counted_once_each(self, made, instrument, a_quarter_use, a_person, owner):
        own = a_person(organisation=owner)
        for day, project in ((10, "合金"), (11, "合金"), (12, "陶瓷"), (13, "")):
            a_quarter_use(instrument, person=own, project=project, span=in_the_quarter(day))
        a_quarter_use(instrument, project="涂层", span=in_the_quarter(14))
        (row,) = made("sj3", SCHOOL_YEAR)
        assert [row.data[f"{name}Projects"] for name in ("teaching", "research", "social")] == [0, 2, 1]

    def test_results_belong_to_the_school_year_of_their_month(self, session, made, instrument, a_manager, now):
        manager = a_manager(instrument)
        for number, (kind, level, year, month, people, who) in enumerate(
            [
                ("prize", "national", 2025, 9, 0, ""), ("prize", "national", 2025, 8, 0, ""), ("prize", "provincial", 2026, 8, 0, ""),
                ("patent", "student", 2026, 1, 0, ""), ("publication", "core", 2026, 3, 0, ""), ("publication", "other", 2026, 3, 0, ""),
                ("training", "guided", 2026, 5, 7, "students"), ("training", "shown", 2025, 10, 3, "students"), ("prize", "school", 2026, 1, 0, ""),
                ("publication", "indexed", 2026, 9, 0, ""),
            ]
        ):  # fmt: skip
            add_result(session, instrument.id, ResultEntry(kind, level, f"成果{number}", year, month, people=people, who=who), viewer=manager, now=now)
        (row,) = made("sj3", SCHOOL_YEAR)
        names = (
            "prizesNational", "prizesProvincial", "patentsStudent", "patentsTeacher", "papersCore", "papersIndexed", "trainedStudents",
            "trainedTeachers",
        )  # fmt: skip
        assert [row.data[name] for name in names] == [1, 1, 1, 0, 1, 0, 10, 0]
        assert row.problems == []

    def test_what_cannot_be_told_is_wrong_until_it_is_typed(self, session, made, instrument, a_manager, keeper, now):
        manager = a_manager(instrument)
        for entry in (ResultEntry("patent", "teacher", "专利", 2026), ResultEntry("training", "guided", "培训", 2026, 5, people=4)):
            add_result(session, instrument.id, entry, viewer=manager, now=now)
        (row,) = made("sj3", SCHOOL_YEAR)
        trained = ["trainedStudents", "trainedTeachers", "trainedOthers"]
        assert row.problems == [*([name, "not_said_who"] for name in trained), ["patentsTeacher", "no_month"]]
        assert row.data["patentsTeacher"] == ""
        typed = {"trainedStudents": 4, "trainedTeachers": 0, "trainedOthers": 0, "patentsTeacher": 1}
        type_figures(session, instrument.id, "sj3", SCHOOL_YEAR, typed, viewer=keeper, now=now)
        (row,) = made("sj3", SCHOOL_YEAR)
        assert row.problems == []
        assert {name: row.data[name] for name in typed} == typed
        assert row.typed["patentsTeacher"] == {"by": keeper.person_id, "at": now.isoformat()}

    def test_it_is_for_universities_and_for_instruments_of_its_value(self, session, lists, an_instrument, an_organisation, a_keeper, made, owner):
        an_instrument(organisation=owner, original_value=Decimal("399999.99"))
        assert len(made("sj3", SCHOOL_YEAR)) == 1
        firm = an_organisation(kind="institute")
        with pytest.raises(Invalid):
            generate(session, firm.id, "sj3", SCHOOL_YEAR, viewer=a_keeper(firm), now=AFTER)


class TestTypedFigures:
    def test_every_figure_is_kept_with_who_typed_it_and_the_last_one_counts(self, session, instrument, keeper, now):
        for value in (3, 3, 5):
            type_figures(session, instrument.id, "sj3", SCHOOL_YEAR, {"papersCore": value}, viewer=keeper, now=now)
        assert typed_figures(session, "sj3", SCHOOL_YEAR, [instrument.id])[instrument.id]["papersCore"].value == 5
        assert session.scalar(text("SELECT count(*) FROM typed_figure")) == 2
        type_figures(session, instrument.id, "sj3", SCHOOL_YEAR, {"papersCore": None}, viewer=keeper, now=now)
        assert typed_figures(session, "sj3", SCHOOL_YEAR, [instrument.id])[instrument.id] == {}

    def test_what_was_typed_is_never_changed(self, session, instrument, keeper, now):
        type_figures(session, instrument.id, "sj3", SCHOOL_YEAR, {"papersCore": 3}, viewer=keeper, now=now)
        for statement in ("UPDATE typed_figure SET value = 9", "DELETE FROM typed_figure"):
            with pytest.raises(DBAPIError), session.begin_nested():
                session.execute(text(statement))

    @pytest.mark.parametrize("values", [{"papersCore": -1}, {"papersCore": 10**9}, {"teachingHours": 5}, {"runMachine": 5}])
    def test_computed_figures_and_impossible_ones_are_not_typed(self, session, instrument, keeper, now, values):
        with pytest.raises(Invalid):
            type_figures(session, instrument.id, "sj3", SCHOOL_YEAR, values, viewer=keeper, now=now)

    def test_only_who_signs_types(self, session, instrument, the_province, a_manager, now):
        for viewer, error in ((the_province, Forbidden), (a_manager(instrument), NotFound)):
            with pytest.raises(error):
                type_figures(session, instrument.id, "sj3", SCHOOL_YEAR, {"papersCore": 1}, viewer=viewer, now=now)


class TestMoved:
    """The microscope leaves for another organisation after the year, before the report of it is made."""

    @pytest.fixture
    def later(self, an_organisation):
        return an_organisation()

    @pytest.fixture
    def moved(self, session, instrument, later, a_quarter_use):
        a_quarter_use(instrument, span=in_the_quarter(20, hours=2))
        move(session, instrument, at=datetime(2027, 1, 2, tzinfo=UTC), organisation_id=later.id)
        session.expire(instrument)
        return instrument

    @pytest.mark.parametrize("kind", ["yearly", "running"])
    def test_a_year_is_reported_by_the_organisation_to_which_it_belonged_then(self, session, lists, made, moved, owner, later, a_keeper, kind):
        period = YEAR if kind == "yearly" else THIRD_QUARTER
        rows = made(kind, period)
        assert {(row.instrument_id, row.data["insCode"]) for row in rows} == {(moved.id, owner.code)}
        assert rows_of(session, generate(session, later.id, kind, period, viewer=a_keeper(later), now=AFTER))[0] == []

    def test_its_figures_are_typed_by_who_signs_for_that_organisation(self, session, keeper, moved, later, a_keeper, now):
        name = next(iter(format_of("sj3").typed)).name
        assert type_figures(session, moved.id, "sj3", SCHOOL_YEAR, {name: 3}, viewer=keeper, now=now)
        with pytest.raises((Forbidden, NotFound)):
            type_figures(session, moved.id, "sj3", SCHOOL_YEAR, {name: 4}, viewer=a_keeper(later), now=now)
