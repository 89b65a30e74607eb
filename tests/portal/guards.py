"""Who may reach which route (promise 11): one line for each. A new route gets its line here, or tests/portal/test_guards.py fails.

To add one:
1. `on("POST noun.change", to.MANAGED, {"booking_id": "request"}, reason="x")`: method and endpoint; a policy of tests/portal/policies.py;
   what stands in the address where it is not what USUALLY of tests/fixtures/town.py says (a thing, a person or a text of the town); the form.
2. An argument of an address that is new gets what usually stands for it in USUALLY, a new kind of thing is put up in `found_town`.
3. A form an auditor is refused is complete: at least one role gets through with it.
4. A second line for the same route tells of another thing: a draft, a booking of somebody else, a part of another instrument.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fixtures.townuses import ROWS, SHEET
from tests.portal import policies as to
from tests.portal.policies import Policy, only


@dataclass(frozen=True)
class Line:
    """One route and method, who may reach it, and what stands in its address and its form."""

    route: str
    policy: Policy
    at: Mapping[str, str]
    form: Mapping[str, Any]


def on(route: str, policy: Policy, at: Mapping[str, str] | None = None, **form: Any) -> Line:
    """Write a line: the route as "METHOD endpoint" ("admin_*.index_view" for every table of the register)."""
    return Line(route, policy, at or {}, form)


DRAFT = {"instrument_id": "draft"}
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
A_TIME = {"start": (NOW + timedelta(days=3)).isoformat(), "end": (NOW + timedelta(days=3, hours=1)).isoformat()}
ON_THE_WALL = {"start": "2026-11-26T09:00", "end": "2026-11-26T10:00"}
ANY_MANAGERS_CHANGE = only(*to.MANAGERS, "manager_elsewhere", "organisation_admin_elsewhere", forbidden="auditor auditor_elsewhere")
A_USE = {"person": "owner@town.example.org", "start": "2026-11-20T09:00", "end": "2026-11-20T10:00", "mode": "self", "purpose": "research"}
A_USE_MADE = {
    "person": "owner@town.example.org", "start": (NOW - timedelta(days=3)).isoformat(), "end": (NOW - timedelta(days=3, hours=-1)).isoformat(),
}  # fmt: skip
# Tables that are changed elsewhere: with their rules on their own pages.
READ_ONLY = ("role_grant", "category", "holiday", "opening_hours", "closure", "rule_book", "qualification", "booking", "audit_entry")
CHANGES = (
    "GET create_view", "GET edit_view", "POST create_view", "POST edit_view", "POST delete_view", "POST action_view", "POST ajax_update",
)  # fmt: skip
WISHED = ON_THE_WALL | {"mode": "assisted", "purpose": "research", "group": ""}
CLOSED = {
    "scope": "instrument",
    "start": "2026-11-27T15:00",
    "end": "2026-11-27T17:00",
    "kind": "maintenance",
    "reason": "换灯丝",
    "make": "1",
}
HOURS = {"start-0-0": "09:00", "end-0-0": "17:00", "valid_from": "2027-03-01", "on_holidays": "closed", "publish": "1"}
REGISTERED = {"inner_id": "Z1", "name_zh": "质谱仪", "sharing_mode": "external"}
FOUNDED = {"code": "NEW", "name_zh": "新大学", "kind": "university", "city": "140100", "time_zone": "Asia/Shanghai", "is_active": "y"}
PROGRAMME = {
    "code": "town-new", "kind": "voucher", "name_zh": "新方案", "first_year": "2026", "last_year": "2026", "applicants": "enterprise",
    "quota": "1000", "claim_days": "30", "organisation": "far", "user-above-0": "0", "user-percent-0": "50",
}  # fmt: skip
# A picture of one point, and the shortest document and list.
PICTURE = (
    base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="), "a.png"
)  # fmt: skip
DOCUMENT, LIST = (b"%PDF-1.4\n%%EOF\n", "a.pdf"), ("单位内部编号,中文名称\nN1,x\n".encode(), "a.csv")
A_CHARGE = {"person": "owner@town.example.org", "label": "前处理", "amount": "50", "reason": "另计"}
WINDOW = {"from": A_TIME["start"], "until": A_TIME["end"]}
GUARDS = (
    # what everybody may read
    on("GET static", to.PUBLIC),
    on("GET admin.static", to.PUBLIC, {"filename": "admin/js/form.js"}),
    on("GET health.healthz", to.PUBLIC),
    on("GET health.readyz", to.PUBLIC),
    on("GET health.metrics", to.NOBODY),  # shut unless PORTAL_METRICS is on
    on("GET help.show", to.PUBLIC),
    on("GET search.home", to.PUBLIC),
    on("GET search.results", to.PUBLIC),
    on("GET search.suggest", to.PUBLIC),
    on("GET search.compare", to.PUBLIC),
    on("GET timeline.show", to.PUBLIC),
    on("GET docs.show", to.PUBLIC),
    on("GET calendars.instrument", to.PUBLIC),
    on("GET calendars.instrument", to.NOBODY, DRAFT),
    on("GET calendars.feed", to.PUBLIC),  # whoever holds the secret
    on("GET exchange.export", to.PUBLIC),
    on("GET exchange.uniquip", to.PUBLIC),
    # instruments: published ones are everybody's, others those of who looks after them
    on("GET instruments.show", to.PUBLIC),
    on("GET instruments.show", to.INSPECTED_BY_STRANGERS_TOO, DRAFT),
    on("GET instruments.week", to.PUBLIC),
    on("GET instruments.week", to.INSPECTED_BY_STRANGERS_TOO, DRAFT),
    on("GET instruments.photo", to.PUBLIC),
    on("GET instruments.document", to.PUBLIC),
    on("GET instruments.document", only(strangers=to.NOT_THERE), {"instrument_id": "busy"}),  # a document of another instrument
    on("GET instruments.pidinst", to.PUBLIC),
    on("GET instruments.pidinst", to.INSPECTED_BY_STRANGERS_TOO, DRAFT),
    on("GET instruments.jsonld", to.PUBLIC),
    on("GET instruments.jsonld", to.INSPECTED_BY_STRANGERS_TOO, DRAFT),
    # logging in
    on("GET auth.login", to.PUBLIC),
    on("POST auth.login", to.PUBLIC, email="x@town.example.org", password="wrong"),
    on("GET auth.code", to.LED_TO_LOGIN),  # without the first step
    on("POST auth.code", to.LED_TO_LOGIN),
    on("POST auth.logout", to.PUBLIC),
    on("GET auth.register", to.PUBLIC),
    on("POST auth.register", to.PUBLIC),
    on("GET auth.confirm", to.PUBLIC),
    on("POST auth.confirm", to.PUBLIC),
    on("GET auth.confirmed", to.PUBLIC),
    on("GET auth.reset", to.PUBLIC),
    on("POST auth.reset", to.PUBLIC, email="x@town.example.org"),
    on("GET auth.new_password", to.PUBLIC, {"token": "reset"}),
    on("POST auth.new_password", to.PUBLIC, {"token": "reset"}),
    # one's own pages
    on("GET me.show", to.SIGNED_IN),
    on("POST me.show", to.SIGNED_IN, name="某人", language="en"),
    on("POST me.language", to.SIGNED_IN, language="en", next="/"),
    on("GET me.groups", to.SIGNED_IN),
    on("GET me.data", to.SIGNED_IN),
    on("GET me.sessions", to.SIGNED_IN),
    on("POST me.end_session", to.HERSELF),
    on("POST me.end_other_sessions", to.SIGNED_IN),
    on("GET me.password", to.SIGNED_IN),
    on("POST me.password", to.SIGNED_IN),
    on("GET me.tokens", to.SIGNED_IN),
    on("POST me.tokens", to.SIGNED_IN, label="程序", days="30"),
    on("POST me.revoke_token", to.HERSELF),
    on("GET me.feed", to.SIGNED_IN),
    on("POST me.feed", to.SIGNED_IN),
    on("POST me.revoke_feed", to.SIGNED_IN),
    on("GET me.totp", to.SIGNED_IN),
    on("POST me.totp", to.SIGNED_IN),
    on("POST me.totp_off", to.SIGNED_IN),
    on("POST me.recovery", to.SIGNED_IN),
    on("GET qualifications.mine", to.SIGNED_IN),
    on("GET qualifications.ask", to.SIGNED_IN, {"instrument_id": "trained"}),
    on("GET qualifications.ask", to.INSPECTED, DRAFT),
    on("POST qualifications.ask", to.SIGNED_IN, {"instrument_id": "trained"}, note="x"),
    on("POST qualifications.ask", to.INSPECTED, DRAFT, note="x"),
    # bookings
    on("GET bookings.mine", to.SIGNED_IN),
    on("GET bookings.create", to.SIGNED_IN),
    on("GET bookings.create", to.INSPECTED, DRAFT),
    on("POST bookings.create", to.SIGNED_IN, **WISHED),
    on("POST bookings.create", to.INSPECTED, DRAFT, **WISHED),
    on("POST bookings.quote", to.SIGNED_IN, **ON_THE_WALL),
    on("POST bookings.quote", to.INSPECTED, DRAFT, **ON_THE_WALL),
    on("GET bookings.several", to.SIGNED_IN),
    on("POST bookings.several", to.SIGNED_IN),
    on("POST bookings.quote_several", to.SIGNED_IN),
    on("GET bookings.show", to.SEES_BOOKING),
    on("GET bookings.calendar", to.SEES_BOOKING),
    on("GET bookings.move", to.SEES_BOOKING),
    on("POST bookings.move", to.CHANGES_BOOKING, **ON_THE_WALL),
    on("POST bookings.quote_moved", to.SEES_BOOKING, **ON_THE_WALL),
    on("POST bookings.cancel", to.CHANGES_BOOKING, reason="x"),
    on("POST bookings.approve", to.DECIDES, {"booking_id": "request"}),
    on("POST bookings.decline", to.DECIDES, {"booking_id": "request"}, reason="x"),
    on("POST bookings.start", to.USES_BOOKING, {"booking_id": "due_booking"}),
    on("POST bookings.finish", to.USES_BOOKING, {"booking_id": "running"}),
    on("POST bookings.no_show", to.DECIDES, {"booking_id": "late_booking"}),
    # uses: seen like bookings
    on("GET usage.mine", to.SIGNED_IN),
    on("GET usage.show", to.SEES_BOOKING),
    on("POST usage.rate", only("owner", forbidden="pi manager organisation_admin province_admin auditor"), rating="fair"),
    on("GET usage.at", to.SIGNED_IN),
    on("GET usage.at", to.INSPECTED, DRAFT),
    on("POST usage.check_in", to.SIGNED_IN, mode="self", purpose="research"),
    on("POST usage.check_in", to.INSPECTED, DRAFT, mode="self", purpose="research"),
    on("POST usage.check_out", to.USES_BOOKING, {"usage_id": "running_use"}, outcome="ok"),
    on("GET manage.uses", to.ANY_MANAGERS),
    on("POST manage.confirm_use", to.MANAGED),
    on("POST manage.end_use", to.MANAGED, {"usage_id": "running_use"}),
    on("POST manage.void_record", to.MANAGED, reason="误记"),
    on("POST manage.reopen", to.MANAGED, {"usage_id": "confirmed_use"}, reason="误记"),
    on("GET manage.correct_use", only(*to.MANAGERS, forbidden="auditor")),
    on("POST manage.correct_use", to.MANAGED, **A_USE, reason="误记"),
    on("GET manage.record", to.INSPECTED),
    on("POST manage.record", to.MANAGED, **A_USE),
    on("POST manage.walk_on", to.MANAGED, person="owner@town.example.org", mode="self", purpose="research"),
    on("GET manage.code", to.INSPECTED),
    on("GET manage.problems", to.ANY_MANAGERS),
    on("POST manage.resolve", to.MANAGED, accepted="1", reason="属实"),
    on("GET manage.use_sheets", to.ANY_MANAGERS),
    on("GET manage.empty_sheet", to.ANY_MANAGERS),
    on("POST manage.look_at_sheet", ANY_MANAGERS_CHANGE, file=(ROWS.encode(), "uses.csv")),
    on("POST manage.record_sheet", ANY_MANAGERS_CHANGE, sheet=SHEET),
    on("GET manage.results", to.INSPECTED),
    on("POST manage.results", to.MANAGED, what="prize-provincial", title="科技进步奖", year="2026"),
    on("POST manage.take_result_off", to.MANAGED),
    on("POST manage.take_result_off", only(forbidden="auditor auditor_elsewhere"), {"instrument_id": "busy"}),  # of another instrument
    on("GET manage.use_policy", to.OF_HOME),
    on("POST manage.use_policy", to.OF_HOME_CHANGE, backfill_days="92", tolerance_minutes="15", longest_hours="24"),
    # accounts and charges
    on("GET accounts.mine", to.SIGNED_IN),
    on("GET accounts.show", to.SPENDS),
    on("GET accounts.new", to.ORGANISATION_CHANGE),
    on("POST accounts.new", to.ORGANISATION_CHANGE, kind="prepaid", name="预付", holder="TOWN-FAR"),
    on("GET accounts.edit", to.KEEPS_ACCOUNT),
    on("POST accounts.edit", to.KEEPS_ACCOUNT, name="小镇基金", quota_mode="shared", is_active="y"),
    on("GET accounts.transfer", to.KEEPS_ACCOUNT),
    on("POST accounts.transfer", to.KEEPS_ACCOUNT, direction="deposit", amount="10", reference="R1", moved_on="2026-11-20"),
    on("GET accounts.deposit", to.READS_ACCOUNT),
    on("GET accounts.evidence", to.READS_ACCOUNT),
    on("GET accounts.evidence", only(strangers=to.LOGIN), {"deposit_id": "other_deposit"}),  # of another deposit
    on("POST accounts.add_evidence", only(*to.ADMINISTRATORS, forbidden="auditor pi"), file=DOCUMENT),
    on("POST accounts.add_spender", to.ANSWERS_FOR_ACCOUNT, email="colleague@town.example.org", limit="100"),
    on("POST accounts.take_off", to.ANSWERS_FOR_ACCOUNT),
    on("POST accounts.decide", only("pi", *to.ADMINISTRATORS, forbidden="auditor"), {"step": "approve"}),
    on("POST accounts.decide", only("pi", *to.ADMINISTRATORS, forbidden="auditor"), {"step": "refuse"}, reason="太贵"),
    on("GET splits.mine", to.ORGANISATION),
    on("GET splits.show", to.OF_HOME),
    on("POST splits.show", only(*to.ADMINISTRATORS, forbidden="auditor"), to_instrument="80", to_management="20", review_days="7"),
    on("POST splits.withdraw", only(*to.ADMINISTRATORS, forbidden="auditor"), {"division_id": "division_to_come"}),
    on("GET charges.mine", to.SIGNED_IN),
    on("GET charges.show", to.SEES_BOOKING),
    on("POST charges.confirm", to.DECIDES, {"charge_id": "draft_charge"}),
    on("POST charges.add_line", to.DECIDES, {"charge_id": "draft_charge"}, label="优惠", amount="-20", reason="老用户"),
    on("POST charges.accept", to.PAYS),
    on("POST charges.dispute", to.PAYS, **{"dispute-reason": "多算了"}),
    on("POST charges.answer", to.DECIDES, {"charge_id": "disputed_charge"}, answer="已核对", adjustment="-10"),
    on("POST charges.reverse", to.DECIDES, **{"reverse-reason": "误收"}),
    on("POST charges.set_payers", to.CHANGES_BOOKING, account0="fund"),
    # statements
    on("GET statements.mine", to.SIGNED_IN),
    on("GET statements.show", to.SEES_STATEMENT),
    on("GET statements.paper", to.SEES_STATEMENT),
    on("GET statements.pdf", to.SEES_STATEMENT),
    on("GET statements.workbook", to.SEES_STATEMENT),
    on("POST statements.settle_it", to.SETTLES, amount="1.00", way="inner", reference="内转 2", moved_on="2026-11-20"),
    on("POST statements.take_back_settlement", to.SETTLES, reason="记错"),
    on("GET statements.close", to.ORGANISATION),
    on("POST statements.close", to.OF_HOME_CHANGE, organisation="home", month="2026-10"),
    on("GET statements.journal", to.ORGANISATION, {"month": "2026-10"}),
    # vouchers and claims
    on("GET vouchers.mine", to.SIGNED_IN),
    on("GET vouchers.apply", to.SIGNED_IN),
    on("POST vouchers.apply", to.SIGNED_IN, year="2026", amount="1000", plan="检测"),
    on("GET vouchers.show", to.SEES_VOUCHER),
    on("POST vouchers.take_back", to.FIRM_CHANGE, {"voucher_id": "voucher_applied"}),
    on("POST vouchers.use", to.USES_VOUCHER, charge="voucher_charge"),
    on("GET claims.waiting", to.SIGNED_IN),
    on("GET claims.show", to.SEES_VOUCHER),  # not handed in yet
    on("GET claims.show", to.SEES_CLAIM, {"claim_id": "claim_submitted"}),
    on("GET claims.document", to.SEES_VOUCHER),
    on("GET claims.document", only(strangers=to.LOGIN), {"claim_id": "claim_submitted"}),  # a document of another claim
    on("POST claims.add_document", to.FIRM_CHANGE, kind="report", file=DOCUMENT),
    on("POST claims.remove_document", to.FIRM_CHANGE),
    on("POST claims.release", to.FIRM_CHANGE),
    on("POST claims.take_step", to.FIRM_CHANGE, {"step": "submit"}),
    on("POST claims.take_step", to.FIRM_CHANGE, {"step": "withdraw"}),
    on("POST claims.take_step", to.CONFIRMS_CLAIM, {"claim_id": "claim_submitted", "step": "vouch"}),
    on("POST claims.send_back", to.CONFIRMS_CLAIM, {"claim_id": "claim_submitted"}, remarks="合同缺页"),
    # managing
    on("GET manage.home", to.ANY_MANAGERS),
    on("GET manage.desk", to.ANY_MANAGERS),
    on("GET manage.people", to.ANY_MANAGERS),
    on("GET manage.requests", to.ANY_MANAGERS),
    on("GET manage.all_qualifications", to.ANY_MANAGERS),
    on("GET manage.new", to.REGISTERS),
    on("POST manage.new", to.REGISTERS, **REGISTERED),
    on("GET manage.edit", to.INSPECTED),
    on("POST manage.edit", to.MANAGED),
    on("GET manage.hours", to.INSPECTED),
    on("POST manage.hours", to.MANAGED, **HOURS),
    on("POST manage.preview_hours", to.MANAGED),
    on("POST manage.take_back", to.MANAGED),
    on("POST manage.take_back", only(forbidden="auditor auditor_elsewhere"), {"instrument_id": "busy"}),  # a plan of another instrument
    on("GET manage.closures", to.INSPECTED),
    on("POST manage.closures", to.MANAGED, **CLOSED),
    on("POST manage.lift_closure", to.MANAGED),
    on("POST manage.lift_closure", only(forbidden="auditor auditor_elsewhere"), {"instrument_id": "busy"}),
    on("GET manage.rules", to.INSPECTED),
    on("POST manage.rules", to.MANAGED),
    on("POST manage.preview_rules", to.MANAGED),
    on("POST manage.withdraw", to.MANAGED),
    on("POST manage.withdraw", only(forbidden="auditor auditor_elsewhere"), {"instrument_id": "busy"}),
    # rates: those of an organisation are its managers' to see, and for them to change whose instruments alone they serve
    on("GET manage.rates", to.ANY_MANAGERS),
    on("POST manage.rates", ANY_MANAGERS_CHANGE, name_zh="新标准"),
    on("GET manage.tariff", to.INSPECTED),
    on("POST manage.tariff", to.MANAGED, do="add:fees"),
    on("POST manage.preview_tariff", to.MANAGED),
    on("POST manage.withdraw_rates", to.MANAGED),
    on("POST manage.withdraw_rates", only(forbidden="auditor auditor_elsewhere"), {"version_id": "rates_to_come_elsewhere"}),
    on("POST manage.lay_aside_rates", to.MANAGED),
    on("GET manage.instrument_rates", to.INSPECTED),
    on("POST manage.instrument_rates", to.MANAGED, tariff="none"),
    on("GET manage.income", to.INSPECTED),
    on("POST manage.income", only(*to.ADMINISTRATORS, forbidden="manager auditor auditor_elsewhere"), to_instrument="80", to_management="20"),
    on("POST manage.withdraw_income", only(*to.ADMINISTRATORS, forbidden="manager auditor auditor_elsewhere")),
    on("GET manage.qualifications", to.INSPECTED, {"instrument_id": "trained"}),
    on("POST manage.grant_to", to.MANAGED, {"instrument_id": "trained"}, email="colleague@town.example.org", grade="2"),
    on("POST manage.decide_qualification", to.MANAGED, {"step": "grant"}, grade="1"),
    on("POST manage.extend", to.MANAGED, ids="granted", expires_on="2027-01-01"),
    on("GET manage.documents", to.INSPECTED),
    on("POST manage.documents", to.MANAGED, file=DOCUMENT),
    on("POST manage.remove_document", to.MANAGED),
    on("POST manage.remove_document", only(forbidden="auditor auditor_elsewhere"), {"instrument_id": "busy"}),
    on("POST manage.put_photo", to.MANAGED, photo=PICTURE),
    on("POST manage.remove_photo", to.MANAGED),
    on("GET manage.publication", to.INSPECTED),
    on("POST manage.take_step", to.MANAGED, {"name": "suspend"}, note="搬迁"),
    on("POST manage.take_step", to.MANAGED, {"instrument_id": "draft", "name": "submit"}),
    on("POST manage.exemption", to.MANAGED, DRAFT, reason="专用"),
    on("POST manage.decide_request", to.MANAGED, {"booking_id": "request", "step": "approve"}),
    on("POST manage.take_desk_step", to.MANAGED, {"booking_id": "due_booking", "step": "start"}),
    on("GET exchange.upload", to.LISTS),
    on("POST exchange.receive", to.LISTS_CHANGE, organisation="home", file=LIST),
    on("GET exchange.columns", to.LIST_CHANGE),
    on("POST exchange.columns", to.LIST_CHANGE, column0="inner_id", column1="name_zh", column2="model"),
    on("GET exchange.preview", to.LIST_CHANGE),
    on("POST exchange.run", to.LIST_CHANGE),
    on("GET exchange.show", to.LIST),
    on("GET exchange.show", to.LIST, {"run_id": "done"}),
    on("GET exchange.progress", to.LIST),
    on("GET exchange.report_table", to.LIST, {"run_id": "done"}),
    # organisations
    on("GET organisations.home", to.ORGANISATION),
    on("GET organisations.people", to.ORGANISATION),
    on("GET organisations.person", to.OF_HOME),
    on("POST organisations.decide_person", to.OF_HOME_CHANGE, {"person_id": "waiting", "step": "admit"}),
    on("POST organisations.grant_role", to.OF_HOME_CHANGE, role="organisation_admin"),
    on("POST organisations.grant_role", to.ONLY_PROVINCE_GRANTS, role="auditor"),
    on("POST organisations.grant_role", to.ONLY_PROVINCE_GRANTS, role="province_admin"),
    on("POST organisations.revoke_role", to.OF_HOME_CHANGE, {"person_id": "manager"}),
    on("POST organisations.revoke_role", only(forbidden="auditor auditor_elsewhere")),  # a role that is not this person's
    on("GET organisations.groups", to.ORGANISATION),
    on("POST organisations.groups", to.ORGANISATION_CHANGE, name_zh="新组"),
    on("GET organisations.group", to.OF_GROUP),
    on("POST organisations.add_member", to.OF_GROUP_CHANGE, email="researcher@town.example.org"),
    on("POST organisations.set_member", to.OF_GROUP_CHANGE),
    on("POST organisations.remove_member", to.OF_GROUP_CHANGE),
    on("GET organisations.facilities", to.ORGANISATION),
    on("GET organisations.facility", to.OF_HOME),
    on("POST organisations.facility", to.OF_HOME_CHANGE, name_zh="中心"),
    on("GET organisations.new_facility", to.ORGANISATION_CHANGE),
    on("POST organisations.new_facility", to.ORGANISATION_CHANGE, name_zh="中心"),
    on("GET organisations.gateways", to.ORGANISATION),
    on("POST organisations.gateways", to.ORGANISATION_CHANGE, name="地下室"),
    on("GET organisations.gateway", to.OF_HOME),
    on("POST organisations.renew_gateway_key", to.OF_HOME_CHANGE),
    on("POST organisations.set_gateway_active", to.OF_HOME_CHANGE, active="no"),
    on("GET organisations.device", to.OF_HOME),
    on("POST organisations.device", to.OF_HOME_CHANGE, instrument="instrument", lane="1", on_above_watts="50"),
    on("GET organisations.cards", to.ORGANISATION),
    on("POST organisations.cards", to.OF_HOME_CHANGE_BY_ADDRESS, email="owner@town.example.org", card="B2"),
    on("POST organisations.revoke_card", to.OF_HOME_CHANGE),
    # the province
    on("GET province.home", to.PROVINCE),
    on("GET province.admission", to.PROVINCE),
    on("GET province.coverage_list", to.PROVINCE),
    on("GET province.users", to.PROVINCE),
    on("GET province.undelivered", to.PROVINCE),
    on("GET province.codes", to.PROVINCE),
    on("GET province.code_list", to.PROVINCE),
    on("GET province.holidays", to.PROVINCE),
    on("GET province.organisations", to.PROVINCE),
    on("GET province.organisation", to.PROVINCE),
    on("GET province.new_organisation", to.PROVINCE),
    on("POST province.decide", to.PROVINCE_CHANGE, {"instrument_id": "submitted", "name": "accept"}),
    on("POST province.decide_on_exemption", to.PROVINCE_CHANGE, {"instrument_id": "exempt", "answer": "grant"}),
    on("POST province.code_list", to.PROVINCE_CHANGE, code="149999", name_zh="新城"),
    on("POST province.retire_code", to.PROVINCE_CHANGE, {"step": "retire"}),
    on("POST province.holidays", to.PROVINCE_CHANGE, on_date="2026-12-25", kind="holiday", worked_as="0", name_zh="某节"),
    on("POST province.clear_holiday", to.PROVINCE_CHANGE),
    on("POST province.seed_year", to.PROVINCE_CHANGE),
    on("POST province.organisation", to.PROVINCE_CHANGE),
    on("POST province.new_organisation", to.PROVINCE_CHANGE, **FOUNDED),
    on("GET province.programme_list", to.PROVINCE),
    on("POST province.add_programmes", to.PROVINCE_CHANGE),
    on("GET province.programme", to.PROVINCE),
    on("POST province.programme", to.PROVINCE_CHANGE, **{key: value for key, value in PROGRAMME.items() if key not in ("code", "kind")}),
    on("GET province.new_programme", to.PROVINCE),
    on("POST province.new_programme", to.PROVINCE_CHANGE, **PROGRAMME),
    on("GET province.vouchers", to.PROVINCE),
    on("POST province.decide_on_voucher", to.PROVINCE_CHANGE, {"voucher_id": "voucher_applied", "step": "grant"}, amount="500"),
    on("POST province.decide_on_voucher", to.PROVINCE_CHANGE, {"voucher_id": "voucher_applied", "step": "refuse"}, reason="用途不明"),
    on("POST province.decide_on_voucher", to.PROVINCE_CHANGE, {"voucher_id": "voucher_over", "step": "close"}),
    on("POST province.decide_on_claim", to.PROVINCE_CHANGE, {"claim_id": "claim_confirmed", "step": "settle"}, reference="T-1"),
    on("POST province.decide_on_claim", to.PROVINCE_CHANGE, {"claim_id": "claim_confirmed", "step": "refuse"}, remarks="不属实"),
    on("GET province.related", to.PROVINCE),
    on("POST province.related", to.PROVINCE_CHANGE, first="home", second="elsewhere", reason="控股"),
    on("POST province.remove_relation", to.PROVINCE_CHANGE),
    on("GET audit.list", only("province_admin", "auditor", otherwise=to.FORBIDDEN)),
    # the plain register: every table of it, and its own front page
    on("GET admin.index", to.REGISTER),
    on("GET admin_*.index_view", to.REGISTER),
    on("GET admin_*.details_view", to.REGISTER),
    on("GET admin_*.export", to.REGISTER),
    on("GET admin_*.ajax_lookup", only()),  # no list of the register is looked up like this
    on("GET admin_*.create_view", to.REGISTER_CHANGE),
    on("GET admin_*.edit_view", to.REGISTER_CHANGE),
    *(on(change.replace(" ", f" admin_{table}."), to.REGISTER_SHUT) for table in READ_ONLY for change in CHANGES),
    on("POST admin_*.create_view", to.REGISTER_CHANGE),
    on("POST admin_*.edit_view", to.REGISTER_CHANGE),
    on("POST admin_*.delete_view", to.REGISTER_CHANGE),
    on("POST admin_*.action_view", to.REGISTER_CHANGE),
    on("POST admin_*.ajax_update", only(forbidden="auditor")),  # nor changed cell by cell
    # the API
    on("GET api.openapi", to.PUBLIC_API),
    on("GET api.list_instruments", to.PUBLIC_API),
    on("GET api.show_instrument", to.PUBLIC_API),
    on("GET api.show_instrument", to.INSPECTED_API, DRAFT),
    on("GET api.show_availability", to.PUBLIC_API, WINDOW),
    on("GET api.show_availability", to.INSPECTED_API, DRAFT | WINDOW),
    on("GET api.list_organisations", to.PUBLIC_API),
    on("GET api.list_categories", to.PUBLIC_API),
    on("POST api.quote_use", to.SIGNED_IN, **A_TIME),
    on("POST api.quote_use", to.INSPECTED, DRAFT, **A_TIME),
    on("GET api.list_quotes", to.SIGNED_IN),
    on("POST api.ask_quote", to.SIGNED_IN, instrument="instrument", **A_TIME),
    on("GET api.list_bookings", to.SIGNED_IN),
    on("POST api.make_booking", to.SIGNED_IN, instrument="instrument", **A_TIME),
    on("POST api.make_booking", to.INSPECTED, instrument="draft", **A_TIME),
    on("GET api.show_booking", to.SEES_BOOKING),
    on("PATCH api.change_booking", to.CHANGES_BOOKING, note="x"),
    on("PATCH api.change_booking", to.CHANGES_BOOKING, **A_TIME),
    on("POST api.cancel_booking", to.CHANGES_BOOKING, reason="x"),
    on("POST api.approve_booking", to.DECIDES, {"booking_id": "request"}),
    on("POST api.decline_booking", to.DECIDES, {"booking_id": "request"}, reason="x"),
    on("POST api.start_booking", to.USES_BOOKING, {"booking_id": "due_booking"}),
    on("POST api.finish_booking", to.USES_BOOKING, {"booking_id": "running"}),
    on("POST api.miss_booking", to.DECIDES, {"booking_id": "late_booking"}),
    on("POST api.take_readings", only(otherwise=to.LOGIN), gateway="1", batch="b", sent_at=NOW.isoformat(), readings=[]),
    on("GET api.list_accounts", to.SIGNED_IN),
    on("GET api.show_account", to.SPENDS),
    on("POST api.make_account", only(*to.ANY_ADMINISTRATORS, otherwise=to.FORBIDDEN), kind="prepaid", name="预付", holder="TOWN-FAR"),
    on("POST api.make_deposit", to.KEEPS_ACCOUNT, amount="10.00", reference="R2", moved_on="2026-11-20"),
    on("GET api.list_charges", to.SIGNED_IN),
    on("GET api.show_charge", to.SEES_BOOKING),
    on("POST api.make_charge", only(*to.MANAGERS, forbidden="auditor"), instrument="instrument", **A_CHARGE),
    on("POST api.confirm_charge", to.DECIDES, {"charge_id": "draft_charge"}),
    on("POST api.add_charge_line", to.DECIDES, {"charge_id": "draft_charge"}, label="优惠", amount="-20", reason="老用户"),
    on("POST api.accept_charge", to.PAYS),
    on("POST api.dispute_charge", to.PAYS, reason="多算了"),
    on("POST api.answer_charge", to.DECIDES, {"charge_id": "disputed_charge"}, reason="已核对"),
    on("POST api.reverse_charge", to.DECIDES, reason="误收"),
    on("POST api.set_charge_payers", to.CHANGES_BOOKING, shares=[{"account": "1", "percent": "100"}]),
    on("GET api.list_statements", to.SIGNED_IN),
    on("GET api.show_statement", to.SEES_STATEMENT),
    on("GET api.list_usage", to.SIGNED_IN),
    on("POST api.record_usage", only(*to.MANAGERS, otherwise=to.FORBIDDEN), instrument="instrument", **A_USE_MADE),
    on("POST api.record_usage", only(*to.MANAGERS, forbidden="auditor"), instrument="draft", **A_USE_MADE),
    on("GET api.show_usage", to.SEES_BOOKING),
    on("POST api.confirm_usage", to.DECIDES),
    on("POST api.begin_usage", to.SIGNED_IN, instrument="instrument"),
    on("POST api.begin_usage", to.INSPECTED, instrument="draft"),
    on("POST api.begin_usage", only(*to.MANAGERS, otherwise=to.FORBIDDEN), instrument="instrument", person="owner@town.example.org"),
    on("POST api.end_usage", to.USES_BOOKING, {"usage_id": "running_use"}, outcome="ok"),
    on("GET api.list_vouchers", to.SIGNED_IN),
    on("GET api.show_statistics", to.PUBLIC_API),
    on("POST api.apply_for_voucher", to.SIGNED_IN, programme="programme", year=2026, amount="1000", plan="检测"),
    on("GET api.show_me", to.SIGNED_IN),
    on("GET api.list_tokens", to.SIGNED_IN),
    on("POST api.make_token", to.SIGNED_IN, label="x"),
    on("DELETE api.revoke_token", to.HERSELF),
)  # fmt: skip
