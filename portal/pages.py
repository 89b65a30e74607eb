"""What every page is given: filters, links of the header, the hidden field against forged forms."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, request, url_for
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from portal.auth import viewer as who
from portal.chartpage import shown_chart
from portal.formats import filters
from portal.language import t


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the header or of a menu."""

    url: str
    text: str
    is_current: bool = False


def init_pages(app: Flask) -> None:
    """Give the templates our filters, the viewer and the few functions base.html and the macros call."""
    app.jinja_env.filters.update(filters())
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=asset,
        csrf=csrf,
        has_endpoint=has_endpoint,
        here_with=here_with,
        me_links=me_links,
        portal_name=portal_name,
        shown_chart=shown_chart,
        site_links=site_links,
    )
    app.context_processor(lambda: {"viewer": who()})


def csrf() -> Markup:
    """Give the hidden field every unsafe form carries."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def has_endpoint(endpoint: str) -> bool:
    """Say whether the portal was put together with this page."""
    return endpoint in current_app.view_functions


def asset(filename: str) -> str:
    """Give the address of a static file, with a mark that changes when the file does."""
    folder = current_app.static_folder
    mark = _mark(Path(folder, filename)) if folder else None
    return url_for("static", filename=filename, v=mark)


def here_with(**changes: Any) -> str:
    """Give this page's address with some of its query changed; None takes a part out, a list repeats it."""
    query: dict[str, Any] = {**request.args.to_dict(flat=False), **changes}
    kept = {key: value for key, value in query.items() if value not in (None, "", [])}
    # The names in a query are anybody's: they must not reach url_for, which knows _external and _scheme.
    return request.script_root + request.path + ("?" + urlencode(kept, doseq=True) if kept else "")


def portal_name() -> str:
    """Give the name of this portal from its settings."""
    config = current_app.config
    return t(str(config.get("PORTAL_NAME_ZH") or "仪器共享预约平台"), str(config.get("PORTAL_NAME_EN") or "Instrument sharing portal"))


def site_links() -> list[Link]:
    """Give the header's links as far as the viewer's roles reach."""
    viewer = who()
    known = (
        ("search.results", t("找仪器", "Instruments"), True),
        ("timeline.show", t("时间表", "Timeline"), True),
        ("statistics.show", t("共享统计", "Statistics"), True),
        ("bookings.mine", t("我的预约", "My bookings"), not viewer.is_anonymous),
        ("manage.home", t("仪器管理", "Manage"), viewer.manages_any or viewer.is_auditor),
        ("organisations.home", t("本单位", "Organisation"), viewer.administers_any),
        ("province.home", t("全省", "Province"), viewer.is_province_admin),
        ("audit.list", t("变更记录", "Changes"), viewer.is_auditor or viewer.is_province_admin),
        ("help.show", t("使用说明", "How it works"), True),
    )
    return _links(*((endpoint, text) for endpoint, text, reaches in known if reaches))


def me_links() -> list[Link]:
    """Give the links of the person's own menu."""
    return _links(
        ("me.show", t("我的资料", "My details")),
        ("me.groups", t("我的课题组", "My groups")),
        ("usage.mine", t("我的使用记录", "My uses")),
        ("charges.mine", t("收费", "Charges")),
        ("accounts.mine", t("经费与账户", "Accounts")),
        ("statements.mine", t("结算单", "Statements")),
        ("qualifications.mine", t("我的上机资格", "My qualifications")),
        *_saved_links(),
        *_voucher_links(),
        ("me.feed", t("订阅日历", "My calendar feed")),
        ("me.sessions", t("登录与安全", "Sign-ins and security")),
        ("me.tokens", t("API 令牌", "API tokens")),
    )


def _saved_links() -> list[tuple[str, str]]:
    """Whoever reads figures of what she answers for may have them sent."""
    return [("saved.mine", t("保存的报告", "Saved reports"))] if who().manages_any or who().is_auditor else []


def _voucher_links() -> list[tuple[str, str]]:
    """A firm has vouchers; whoever manages instruments confirms what firms claim."""
    found = [("vouchers.mine", t("创新券", "Vouchers"))] if who().organisation_kind == "enterprise" else []
    return [*found, ("claims.waiting", t("企业的兑付申请", "Claims of firms"))] if who().manages_any else found


def _links(*known: tuple[str, str]) -> list[Link]:
    return [Link(url_for(endpoint), text, _is_here(endpoint)) for endpoint, text in known if has_endpoint(endpoint)]


# an instrument's own page belongs to finding one, the year on paper and how organisations were graded to the statistics
SECTIONS = {
    "instruments": "search", "usage": "bookings", "qualifications": "search", "exchange": "manage", "yearbook": "statistics",
    "evaluations": "statistics",
}  # fmt: skip


def _is_here(endpoint: str) -> bool:
    section = endpoint.partition(".")[0]
    if section == "me":
        return request.endpoint == endpoint
    here = str(request.blueprint)
    return section == SECTIONS.get(here, here)


@cache
def _mark(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:10]
    except OSError:
        return None
