"""The manager's pages of rates: tariffs in a form, versions, the costs behind them, and which instruments charge by them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from instruments.tariffs import Tariff, TariffVersion, users_of, versions_at, versions_of_tariff
from portal.language import in_language
from portal.manage.rateform import form_of, read_form, rearranged
from scheduling.pricing.spec import as_data, read_spec
from scheduling.rates import spec_of
from tests.fixtures.pageforms import read_form as read_page
from tests.fixtures.tariffs import HOUR, HOURLY

RICH = {
    "rates": [
        {
            "code": "time", "name_zh": "机时", "name_en": "Time", "basis": "greater", "step_minutes": 30, "grace_minutes": 10, "minimum": "1",
            "tiers_by": "cycle", "cycle": {"every": "month", "per": "group", "across": True},
            "prices": [{"amount": "200", "tiers": [{"above": "10", "amount": "150"}]}, {"audiences": ["internal", "group"], "amount": "80.5"}],
            "bands": [
                {
                    "code": "night", "name_en": "Night", "priority": 1, "prices": [{"amount": "60"}],
                    "whens": [{"weekdays": [0, 1, 4], "from_minute": 1320, "until_minute": 1920, "holidays": "not"}],
                    "seasons": [{"from_day": "06-01", "until_day": "08-31"}],
                }
            ],
        },
        {"code": "chips", "name_en": "Chips", "unit": "chip", "unit_zh": "片", "unit_en": "chip", "pack": "4", "prices": [{"amount": "0"}]},
    ],
    "options": [{"code": "gold", "name_en": "Gold", "prices": [{"amount": "80"}], "by_manager": True}],
    "fees": [{"code": "open", "name_zh": "开机费", "prices": [{"kind": "range", "low": "0", "high": "200"}]}],
    "packages": [{"code": "half-day", "name_en": "Half day", "minutes": 240, "prices": [{"amount": "500"}], "choice": "chosen"}],
    "caps": [{"code": "day", "name_en": "Day", "brackets": [{"above": "900"}], "cycle": {"every": "day", "starts_minute": 480}}],
    "adjustments": [
        {"code": "urgent", "name_en": "Urgent", "percent": "50", "only": {"options": ["gold"], "hazard_from": 2}},
        {"code": "friends", "name_en": "Friends", "percent": "-10", "unless": ["urgent"], "covers": ["rates"], "meters": ["time"]},
    ],
    "late_cancel": [{"code": "late", "name_en": "Late", "days": 0, "at_minute": 1080, "percent": "50", "reuse": "waive"}],
    "no_show": [{"code": "absent", "name_en": "Absent", "amount": "30", "starting": {"weekdays": [5]}}],
    "price_lock": "use",
    "note_zh": "另付邮费。",
}  # fmt: skip


def filled(page):
    return MultiDict(read_page(page, "tariff").fields)


def as_sent(form):
    """A form as a browser would send it."""
    sent = MultiDict()

    def put(raw, path):
        for key, value in raw.items():
            if isinstance(value, dict):
                put(value, f"{path}{key}.")
            elif isinstance(value, list) and (not value or isinstance(value[0], dict)):
                sent.add(f"n:{path}{key}", str(len(value)))
                for place, one in enumerate(value):
                    put(one, f"{path}{key}.{place}.")
            elif isinstance(value, list):
                for one in value:
                    sent.add(path + key, one)
            elif value is not False:
                sent.add(path + key, "1" if value is True else value)

    put(form.raw, "")
    return sent


@pytest.fixture
def english(app):
    with app.test_request_context(), in_language("en"):
        yield


class TestTheForm:
    @pytest.mark.parametrize("data", [HOURLY, RICH], ids=["hourly", "rich"])
    def test_says_a_tariff_and_gives_the_same_back(self, english, data):
        spec = read_spec(data)
        read = read_form(as_sent(form_of(spec)))
        assert read.errors == {}
        assert as_data(read.spec) == as_data(spec)

    def test_puts_each_mistake_beside_its_input(self, english):
        sent = as_sent(form_of(read_spec(RICH)))
        for name, text in (("rates.0.prices.0.amount", "-1"), ("rates.0.minimum", "1e400"), ("rates.0.bands.0.priority", "99")):
            sent[name] = text
        assert set(read_form(sent).errors) == {"rates.0.prices.0.amount", "rates.0.minimum", "rates.0.bands.0.priority"}

    def test_refuses_what_has_two_answers(self, english):
        sent = as_sent(form_of(read_spec(HOURLY)))
        rearranged_form = read_form(sent)
        assert rearranged(rearranged_form, "add:rates.0.prices")
        rearranged_form.raw["rates"][0]["prices"][1]["amount"] = "7"
        rearranged_form.check()
        assert "two prices" in rearranged_form.errors[""]

    def test_adds_moves_and_takes_away_parts(self, english):
        form = form_of(read_spec(HOURLY))
        for step in ("add:rates", "add:rates.1.prices.0.tiers", "up:rates.1", "remove:rates.1", "add:fees"):
            assert rearranged(form, step), step
        assert [(one["code"], len(one["prices"][0]["tiers"])) for one in form.raw["rates"]] == [("rate-1", 1)]
        assert [one["code"] for one in form.raw["fees"]] == ["fee-1"]

    @pytest.mark.parametrize(
        "step", ["add:nothing", "remove:rates.7", "add:rates.9.prices", "up:rates", "add:rates.0.only", "look", "remove:rates.x"]
    )
    def test_does_nothing_for_a_button_that_is_none(self, english, step):
        form = form_of(read_spec(HOURLY))
        before = str(form.raw)
        rearranged(form, step)
        assert str(form.raw) == before


class TestATariff:
    def test_is_begun_filled_in_and_published(self, manager, post, session, instrument, now):
        made = post("/rates", name_zh="电镜收费", name_en="Microscope rates")
        page = manager.get(made.location).text
        sent = filled(page)
        sent["rates.0.prices.0.amount"], sent["do"], sent["approval"], sent["approved_on"] = "120", "publish", "校发12号", "2026-11-01"
        sent["cost-original_value"], sent["cost-years"], sent["cost-hours"] = "2000000", "10", "1600"
        answer = manager.post(made.location, data=sent)
        assert answer.status_code == 303, answer.text[:3000]
        (version,) = session.scalars(select(TariffVersion)).all()
        assert spec_of(version).rates[0].prices[0].amount == Decimal(120)
        assert (version.approval, str(version.approved_on), version.cost_sheet["hours"]) == ("校发12号", "2026-11-01", "1600.00")
        assert "¥125.00" in manager.get(made.location).text

    def test_is_used_from_a_day_on(self, manager, post, session, instrument, a_tariff, now):
        tariff = a_tariff(organisation=instrument.organisation)
        assert post(f"/instruments/{instrument.id}/rates", tariff=str(tariff.id), valid_from="2026-12-01T00:00").status_code == 303
        assert versions_at(session, [instrument.id], now) == {}
        assert [one.id for one in users_of(session, tariff, now + timedelta(days=30))] == [instrument.id]
        assert post(f"/instruments/{instrument.id}/rates", tariff="none", valid_from="2026-12-05T00:00").status_code == 303
        page = manager.get(f"/manage/instruments/{instrument.id}/rates").text
        assert "电镜" in page
        assert page.count("即将生效") == 2

    @pytest.mark.parametrize(
        ("fields", "status"), [({"tariff": ""}, 422), ({"tariff": "x"}, 422), ({"tariff": "none", "valid_from": "soon"}, 422)]
    )
    def test_what_is_no_choice_is_told(self, post, instrument, fields, status):
        assert post(f"/instruments/{instrument.id}/rates", **fields).status_code == status

    def test_a_mistake_is_shown_and_nothing_is_published(self, manager, session, instrument, a_tariff):
        tariff = a_tariff(instrument)
        sent = filled(manager.get(f"/manage/rates/{tariff.id}").text)
        sent["rates.0.prices.0.amount"], sent["do"] = "much", "publish"
        answer = manager.post(f"/manage/rates/{tariff.id}", data=sent)
        assert (answer.status_code, "必须是一个数" in answer.text, "请改正" in answer.text) == (422, True, True)
        assert len(versions_of_tariff(session, tariff)) == 1

    @pytest.mark.parametrize(
        ("field", "text"),
        [("cost-years", "0"), ("approved_on", "soon"), ("valid_from", "2020-01-01T00:00"), ("valid_from", "2099-01-01T00:00")],
    )
    def test_what_stands_beside_it_is_checked_too(self, manager, session, instrument, a_tariff, field, text):
        tariff = a_tariff(instrument)
        sent = filled(manager.get(f"/manage/rates/{tariff.id}").text)
        sent |= {"cost-original_value": "100", "cost-years": "1", "cost-hours": "1", "do": "publish"}
        sent[field] = text
        assert manager.post(f"/manage/rates/{tariff.id}", data=sent).status_code == 422
        assert len(versions_of_tariff(session, tariff)) == 1

    def test_whoever_started_from_an_older_version_is_told(self, manager, session, instrument, a_tariff):
        tariff = a_tariff(instrument)
        sent = filled(manager.get(f"/manage/rates/{tariff.id}").text)
        sent["do"] = "publish"
        assert [manager.post(f"/manage/rates/{tariff.id}", data=sent).status_code for _ in range(2)] == [303, 409]

    def test_how_it_reads_is_shown_while_it_is_typed(self, manager, instrument, a_tariff):
        tariff = a_tariff(instrument)
        sent = filled(manager.get(f"/manage/rates/{tariff.id}").text)
        sent["rates.0.prices.0.amount"], sent["example_hours"] = "77", "2"
        page = manager.post(f"/manage/rates/{tariff.id}/preview", data=sent).text
        assert all(text in page for text in ("¥77.00", "¥154.00"))

    def test_a_button_adds_a_part_and_complains_of_nothing_yet(self, manager, instrument, a_tariff):
        tariff = a_tariff(instrument)
        sent = filled(manager.get(f"/manage/rates/{tariff.id}").text)
        sent["do"] = "add:caps"
        answer = manager.post(f"/manage/rates/{tariff.id}", data=sent)
        assert (answer.status_code, 'name="caps.0.hours"' in answer.text, "请改正" in answer.text) == (200, True, False)

    def test_a_version_to_come_may_be_taken_back(self, manager, post, session, instrument, a_tariff):
        tariff = a_tariff(instrument)
        sent = filled(manager.get(f"/manage/rates/{tariff.id}").text)
        sent["valid_from"], sent["do"] = "2026-12-24T00:00", "publish"
        manager.post(f"/manage/rates/{tariff.id}", data=sent)
        coming = versions_of_tariff(session, tariff)[0]
        for status in (303, 409):
            assert post(f"/rates/{tariff.id}/versions/{coming.id}/withdraw").status_code == status

    def test_laid_aside_it_is_offered_no_more(self, manager, post, session, instrument, a_tariff):
        tariff = a_tariff(organisation=instrument.organisation)
        post(f"/rates/{tariff.id}/lay-aside")
        assert post(f"/instruments/{instrument.id}/rates", tariff=str(tariff.id)).status_code == 422
        post(f"/rates/{tariff.id}/lay-aside")
        assert post(f"/instruments/{instrument.id}/rates", tariff=str(tariff.id)).status_code == 303

    def test_others_instruments_keep_a_manager_from_changing_it(self, manager, session, instrument, an_instrument, a_tariff):
        tariff = a_tariff(instrument, an_instrument(organisation=instrument.organisation))
        sent = filled(manager.get(f"/manage/rates/{tariff.id}").text) | {"do": "publish"}
        assert manager.post(f"/manage/rates/{tariff.id}", data=sent).status_code == 403
        assert len(versions_of_tariff(session, tariff)) == 1

    def test_that_of_another_organisation_is_not_there(self, manager, a_tariff):
        assert manager.get(f"/manage/rates/{a_tariff().id}").status_code == 404

    def test_without_a_name_it_is_not_begun(self, post, session, instrument):
        assert post("/rates", name_zh=" ").status_code == 422
        assert session.scalars(select(Tariff)).all() == []

    def test_the_list_says_what_is_in_force_and_how_many_use_it(self, manager, instrument, a_tariff):
        a_tariff(instrument)
        page = manager.get("/manage/rates").text
        assert "第 1 版" in page


def test_a_custom_unit_keeps_its_code(app):
    with app.test_request_context():
        spec = read_spec({"rates": [HOUR, {"code": "x", "name_en": "Chips", "unit": "chip", "prices": [{"amount": "1"}]}]})
        assert read_form(as_sent(form_of(spec))).spec.rates[1].unit == "chip"
