"""The blueprint of managing, whose instruments its pages show, and who may change them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer, inspected_by, managed_by
from instruments.catalogue import PUBLICATIONS, Instrument
from instruments.errors import Forbidden, NotFound
from portal.auth import viewer
from portal.auth.current import ask_to_log_in
from portal.language import t
from portal.pages import Link, has_endpoint
from portal.transactions import reading

manage = Blueprint("manage", __name__, url_prefix="/manage")

WHOLE = (joinedload(Instrument.organisation), joinedload(Instrument.facility))
STATE_LOOKS = {"published": "good", "submitted": "", "draft": "quiet", "refused": "stop", "suspended": "warn", "retired": "quiet"}


@manage.before_request
def _managers_only() -> Any:
    who = viewer()
    if who.is_anonymous:
        return ask_to_log_in()
    check_manager(who)
    if request.method in ("GET", "HEAD"):
        return None
    if not who.manages_any:
        raise Forbidden
    if "instrument_id" in (request.view_args or {}):
        with reading() as session:  # whatever is sent to an instrument's pages is for those who manage it
            checked(session, request.view_args["instrument_id"])
    return None


def check_manager(who: Viewer) -> None:
    """Let managers and auditors in; for all others there is nothing to manage."""
    if not who.manages_any and not who.is_auditor:
        raise NotFound


@manage.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {"manage_links": manage_links, "instrument_links": instrument_links, "publication_words": PUBLICATIONS, "publication_looks": STATE_LOOKS}


def inspected(session: Session, instrument_id: int, *options: Any) -> Instrument:
    """Get an instrument whose management the viewer may look at; any other is not found, whether it exists or not."""
    found = session.get(Instrument, instrument_id, options=(*WHOLE, *options))
    if found is None or not viewer().may_inspect(found):
        raise NotFound
    return found


def managed(session: Session, instrument_id: int, *options: Any) -> Instrument:
    """Get an instrument to change it, and keep others from changing it meanwhile; who may only look at it is Forbidden."""
    found = session.get(
        Instrument, instrument_id, options=options, populate_existing=True, with_for_update={"of": Instrument, "key_share": True}
    )
    if found is None or not viewer().may_inspect(found):
        raise NotFound
    if not viewer().may_manage(found):
        raise Forbidden
    return found


def checked(session: Session, instrument_id: int) -> Instrument:
    """Get an instrument the viewer manages, without keeping others from changing its fields; who may only look at it is Forbidden."""
    found = inspected(session, instrument_id)
    if not viewer().may_manage(found):
        raise Forbidden
    return found


def looked_at(who: Viewer) -> ColumnElement[bool]:
    """Give the condition on Instrument for those these pages show: managed ones, or to an auditor those she audits."""
    return managed_by(who) if who.manages_any else inspected_by(who)


def may_manage_facility(who: Viewer, instrument: Instrument) -> bool:
    """Say whether the viewer manages the whole facility the instrument is in."""
    if instrument.facility_id is None:
        return False
    granted = any(grant.role == "manager" and grant.facility_id == instrument.facility_id for grant in who.grants)
    return granted or (instrument.facility is not None and who.may_administer(instrument.facility.organisation_id))


def manage_links() -> list[Link]:
    """Give the links from one of the manager's lists to another."""
    here = str(request.endpoint)
    here = "manage.statistics" if here.startswith("manage.statistics") else here
    known = (
        ("manage.home", t("我的仪器", "My instruments")),
        ("manage.requests", t("待审批", "Requests")),
        ("manage.desk", t("今日工作台", "Today's desk")),
        ("manage.uses", t("使用记录", "Uses")),
        ("manage.problems", t("问题", "Problems")),
        ("manage.figures", t("用机情况", "Figures")),
        ("charges.mine", t("收费", "Charges")),
        ("manage.returns", t("报送待补", "For returns")),
        ("manage.all_qualifications", t("上机资格", "Qualifications")),
        ("manage.people", t("使用者", "People")),
        ("manage.statistics", t("统计", "Statistics")),
        ("manage.rates", t("收费标准", "Rates")),
        ("exchange.upload", t("导入", "Import")),
    )
    may_import = viewer().administers_any or viewer().is_province_admin
    return [
        Link(url_for(endpoint), text, endpoint == here)
        for endpoint, text in known
        if has_endpoint(endpoint) and (may_import or endpoint != "exchange.upload")
    ]


def instrument_links(instrument: Instrument) -> list[Link]:
    """Give the links from one page about an instrument to another."""
    here = str(request.endpoint)
    known = (
        ("manage.edit", t("基本信息", "Details")),
        ("manage.hours", t("开放时间", "Opening hours")),
        ("manage.closures", t("停机", "Closures")),
        ("manage.rules", t("预约规则", "Rules")),
        ("manage.instrument_rates", t("收费标准", "Rates")),
        ("manage.income", t("收入分配", "Income")),
        ("manage.qualifications", t("上机资格", "Qualifications")),
        ("manage.record", t("登记使用", "Record a use")),
        ("manage.results", t("成果", "Results")),
        ("manage.documents", t("照片与文档", "Photo and documents")),
        ("manage.publication", t("发布", "Publication")),
    )
    return [Link(url_for(endpoint, instrument_id=instrument.id), text, endpoint == here) for endpoint, text in known]
