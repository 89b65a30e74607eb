"""Registering and changing an instrument: every field checked, nothing overwritten unseen."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import inspect

from instruments.catalogue import Instrument
from instruments.codes import seed_codes
from instruments.editing import edit as edit_at
from instruments.editing import problems, register, snapshot
from instruments.errors import Changed, Invalid
from instruments.fields import BY_NAME, FIELDS, check

LONG = {field.name: field.most for field in FIELDS if field.kind in ("text", "long", "aliases", "url")}
HOSTILE = ["\x00", "\x1b[2J", "\ud800"]


def edit(session, instrument, values, **seen):
    return edit_at(session, instrument, values, now=datetime(2026, 11, 24, tzinfo=UTC), **seen)


@pytest.fixture
def codes(session):
    seed_codes(session)
    session.flush()


@pytest.fixture
def instrument(an_instrument, codes):
    return an_instrument()


class TestValues:
    @pytest.mark.parametrize("name", LONG)
    def test_a_text_may_be_as_long_as_the_register_allows_and_no_longer(self, name):
        column = inspect(Instrument).columns.get(name)
        assert column is None or column.type.length == LONG[name]
        text = "https://a.b/".ljust(LONG[name], "x") if BY_NAME[name].kind == "url" else "长" * LONG[name]
        assert check(name, text) in (text, [text])
        with pytest.raises(Invalid) as caught:
            check(name, text + "x")
        assert caught.value.field == name

    @pytest.mark.parametrize("name", [field.name for field in FIELDS if field.kind not in ("yes",)])
    @pytest.mark.parametrize("value", [*HOSTILE, {"a": 1}, object()])
    def test_what_no_field_can_hold_is_refused_by_its_name(self, name, value):
        with pytest.raises(Invalid) as caught:
            check(name, value)
        assert caught.value.field in (name, "email", "time_zone")

    @pytest.mark.parametrize(
        ("name", "given", "stored"),
        [
            ("name_zh", "  扫描  电镜\n", "扫描 电镜"), ("functions", " 形貌\r\n成分 ", "形貌\n成分"), ("lanes", "４", 4), ("lanes", 4, 4),
            ("original_value", "1,280,000.5", Decimal("1280000.50")), ("original_value", "¥３000", Decimal("3000.00")), ("original_value", "", None),
            ("commissioned", "2016", "2016"), ("commissioned", "2016.5", "2016-05"), ("commissioned", "2016/5/7", "2016-05-07"),
            ("accepted_on", "2026-02-28", date(2026, 2, 28)), ("accepted_on", "", None), ("longitude", "112.5492", 112.5492), ("longitude", "", None),
            ("aliases", "小电镜\n\n小电镜\nSEM-2", ["小电镜", "SEM-2"]), ("subjects", ["140", "150"], ["140", "150"]), ("email", "A@B.org ", "a@b.org"),
            ("service_url", "https://lab.example.org/a?b=1", "https://lab.example.org/a?b=1"), ("facility_id", "", None), ("self_operated", "y", True),
            ("funds", [{"kind": "central", "amount": "12"}, {"kind": "", "amount": ""}], [{"kind": "central", "amount": "12.00"}]),
        ],
    )  # fmt: skip
    def test_what_people_write_is_read(self, name, given, stored):
        assert check(name, given) == stored

    @pytest.mark.parametrize(
        ("name", "given"),
        [
            ("lanes", "0"), ("lanes", "501"), ("lanes", "1.5"), ("lanes", True), ("lanes", ""), ("step_minutes", "1441"), ("setup_minutes", "-1"),
            ("original_value", "-1"), ("original_value", "1e9"), ("original_value", "NaN"), ("original_value", "面议"), ("original_value", "9" * 14),
            ("commissioned", "2016-13"), ("commissioned", "2016-02-30"), ("commissioned", "1816"), ("commissioned", "16-05"), ("commissioned", "去年"),
            ("accepted_on", "2026-02-29"), ("accepted_on", "24/11/2026"), ("accepted_on", "0001-01-01"), ("longitude", "181"), ("latitude", "91"),
            ("longitude", "nan"), ("service_url", "javascript:alert(1)"), ("service_url", "ftp://a.b"), ("service_url", "https://a b"),
            ("email", "nobody"), ("time_zone", "Asia/Taiyuan"), ("sharing_mode", "perhaps"), ("subjects", list("12345")),
            ("aliases", "\n".join(str(number) for number in range(31))), ("funds", [{"kind": "", "amount": "5"}]), ("funds", "central"),
            ("facility_id", "x"), ("facility_id", "9" * 30), ("publication", "published"), ("organisation_id", 1), ("version", 1),
        ],
    )  # fmt: skip
    def test_what_cannot_be_right_is_refused(self, name, given):
        with pytest.raises(Invalid):
            check(name, given)

    def test_every_problem_is_named_at_once(self, session, instrument):
        wrong = problems(session, instrument, {"lanes": "x", "email": "x", "country": "XX", "category_code": "999999", "longitude": "1"})
        assert {error.field for error in wrong} == {"lanes", "email", "country", "category_code", "longitude"}


class TestEditing:
    def test_what_changes_is_written_and_named(self, session, instrument):
        version = instrument.version
        changed = edit(session, instrument, {"name_zh": "场发射电镜", "model": instrument.model, "original_value": "3500000", "country": "DE"})
        session.flush()
        assert sorted(changed) == ["country", "name_zh", "original_value"]
        assert (instrument.name_zh, instrument.original_value, instrument.country) == ("场发射电镜", Decimal("3500000.00"), "DE")
        assert instrument.version == version + 1

    def test_what_stays_as_it_was_is_no_change(self, session, instrument):
        version, schedule_version = instrument.version, instrument.schedule_version
        assert edit(session, instrument, snapshot(instrument)) == []
        session.flush()
        assert (instrument.version, instrument.schedule_version) == (version, schedule_version)

    def test_other_names_are_added_and_taken_away(self, session, instrument):
        for texts in (["一号电镜", "SEM-1"], ["SEM-1", "大电镜"], []):
            version = instrument.version
            edit(session, instrument, {"aliases": texts})
            session.flush()
            assert [alias.text for alias in instrument.aliases] == texts
            assert instrument.version > version

    def test_a_facility_or_group_of_somebody_else_is_unknown(self, session, instrument, a_facility, a_group):
        for name, thing in (("facility_id", a_facility()), ("group_id", a_group())):
            with pytest.raises(Invalid) as caught:
                edit(session, instrument, {name: thing.id})
            assert caught.value.field == name

    def test_its_own_facility_and_group_are_taken(self, session, instrument, a_facility, a_group):
        facility, group = a_facility(organisation=instrument.organisation), a_group(organisation=instrument.organisation)
        edit(session, instrument, {"facility_id": str(facility.id), "group_id": group.id})
        session.flush()
        assert (instrument.facility_id, instrument.group_id) == (facility.id, group.id)

    def test_a_code_that_is_in_no_list_is_refused_unless_it_stands_there_already(self, session, an_instrument, codes):
        instrument = an_instrument(country="Atlantis")
        assert edit(session, instrument, {"country": "Atlantis", "room": "101"}) == ["room"]
        with pytest.raises(Invalid):
            edit(session, instrument, {"country": "Mu"})
        with pytest.raises(Invalid):
            edit(session, instrument, {"funds": [{"kind": "gift", "amount": "1"}]})

    def test_it_keeps_one_name_at_least(self, session, instrument):
        edit(session, instrument, {"name_en": ""})
        with pytest.raises(Invalid) as caught:
            edit(session, instrument, {"name_zh": " "})
        assert caught.value.field == "name_zh"

    def test_the_inner_id_stays_once_it_is_submitted(self, session, an_instrument, codes):
        draft, published = an_instrument(publication="draft"), an_instrument()
        assert edit(session, draft, {"inner_id": "NEW-1"}) == ["inner_id"]
        with pytest.raises(Invalid) as caught:
            edit(session, published, {"inner_id": "NEW-2"})
        assert caught.value.field == "inner_id"

    def test_nothing_is_written_when_one_value_is_wrong(self, session, instrument):
        with pytest.raises(Invalid):
            edit(session, instrument, {"name_zh": "新名", "lanes": 0})
        assert instrument.name_zh != "新名"


class TestConcurrentEditing:
    def test_what_the_other_changed_is_told_field_by_field(self, session, instrument):
        seen = snapshot(instrument)
        edit(session, instrument, {"model": "JSM-IT800", "room": "101", "lanes": 2})
        session.flush()
        with pytest.raises(Changed) as caught:
            edit(session, instrument, {"model": "JSM-7800", "room": seen["room"], "lanes": 2, "name_zh": "我的名称"}, seen=seen)
        assert caught.value.changes == {"model": ("JSM-IT800", "JSM-7800"), "room": ("101", seen["room"])}
        assert instrument.name_zh != "我的名称"

    def test_a_change_of_the_same_field_to_the_same_value_is_no_conflict(self, session, instrument):
        seen = snapshot(instrument)
        edit(session, instrument, {"room": "101"})
        assert edit(session, instrument, {"room": "101", "building": "B"}, seen=seen) == ["building"]

    def test_a_change_of_what_i_do_not_send_is_no_conflict(self, session, instrument):
        seen = snapshot(instrument)
        edit(session, instrument, {"room": "101"})
        assert edit(session, instrument, {"building": "B"}, seen=seen) == ["building"]

    def test_new_hours_or_a_closure_are_no_conflict(self, session, instrument):
        seen = snapshot(instrument)
        instrument.schedule_version += 1
        session.flush()
        assert edit(session, instrument, {"room": "102"}, seen=seen) == ["room"]

    def test_with_a_version_alone_every_difference_is_told(self, session, instrument):
        old = instrument.version
        edit(session, instrument, {"room": "101"})
        session.flush()
        with pytest.raises(Changed) as caught:
            edit(session, instrument, {"room": "102", "lanes": 1}, version=old)
        assert caught.value.changes == {"room": ("101", "102")}
        assert edit(session, instrument, {"room": "102"}, version=instrument.version) == ["room"]


class TestRegistering:
    def test_a_new_one_is_a_draft_of_its_organisation(self, session, an_organisation, codes, now):
        owner = an_organisation()
        made = register(session, owner, {"inner_id": "2026-001", "name_zh": "新电镜", "aliases": "小新", "lanes": "2"}, now=now)
        assert (made.publication, made.organisation_id, made.created_at, made.lanes, made.step_minutes) == ("draft", owner.id, now, 2, 30)
        assert [alias.text for alias in made.aliases] == ["小新"]

    @pytest.mark.parametrize(("values", "field"), [({"name_zh": "电镜"}, "inner_id"), ({"inner_id": "1"}, "name_zh")])
    def test_it_needs_a_number_and_a_name(self, session, an_organisation, now, values, field):
        with pytest.raises(Invalid) as caught:
            register(session, an_organisation(), values, now=now)
        assert caught.value.field == field

    def test_a_number_is_given_once_in_an_organisation(self, session, an_organisation, now):
        owner, other = an_organisation(), an_organisation()
        for organisation in (owner, other):
            register(session, organisation, {"inner_id": "1", "name_zh": "电镜"}, now=now)
        with pytest.raises(Invalid) as caught:
            register(session, owner, {"inner_id": "1", "name_zh": "另一台"}, now=now)
        assert caught.value.field == "inner_id"
