"""A small site with one of each part of the look, without a database: what the tests of the look drive."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from flask import Flask, Response, g, render_template, request
from flask_wtf import FlaskForm
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from wtforms import BooleanField, DateTimeLocalField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from instruments.access import ANONYMOUS, Viewer
from portal import timelinegrid, weekgrid
from portal.config import ROOT
from portal.fields import init_fields
from portal.language import init_language, lazy_t, t
from portal.pages import init_pages
from portal.security import HEADERS
from portal.stretches import Mark, Times
from tests.portal.weeks import SHANGHAI, at, hours, week

NOW: datetime = at(1, 10.25)
ENDPOINTS = (
    "search.home", "search.results", "timeline.show", "bookings.mine", "manage.home", "organisations.home", "province.home",
    "audit.list", "help.show", "auth.login", "auth.logout", "me.show", "me.language",
)  # fmt: skip


class Questions(FlaskForm):
    """One field of each kind."""

    class Meta:
        """Checked elsewhere."""

        csrf = False

    email = StringField(lazy_t("电子邮箱", "E-mail"), [DataRequired(), Length(max=20)], description=lazy_t("用于登录。", "For logging in."))
    kind = SelectField(
        lazy_t("类型", "Kind"), choices=[SelectChoice("a", lazy_t("高校", "University")), SelectChoice("b", lazy_t("企业", "Enterprise"))]
    )
    start = DateTimeLocalField(lazy_t("开始", "From"), [Optional()], format="%Y-%m-%dT%H:%M")
    note = TextAreaField(lazy_t("备注", "Note"))
    mode = RadioField(
        lazy_t("方式", "Mode"),
        choices=[SelectChoice("1", lazy_t("自己上机", "I run it")), SelectChoice("2", lazy_t("委托", "For me"))],
        default="1",
    )
    agree = BooleanField(lazy_t("我已阅读守则", "I have read the rules"))
    secret = HiddenField()


def make_site() -> Flask:
    """Put the site together."""
    app = Flask("portal", root_path=str(ROOT / "portal"), static_folder=str(ROOT / "portal" / "static"))
    app.jinja_loader = ChoiceLoader([FileSystemLoader(Path(__file__).parent), FileSystemLoader(ROOT / "templates")])
    app.jinja_env.undefined = StrictUndefined
    app.config.update(SECRET_KEY="for tests", SAMPLE=True, PORTAL_LANGUAGE="zh", WTF_CSRF_CHECK_DEFAULT=False)
    init_language(app)
    init_pages(app)
    init_fields(app)
    for endpoint in ENDPOINTS:
        app.add_url_rule("/" + endpoint.replace(".", "/"), endpoint, lambda: "", methods=["GET", "POST"])
    app.add_url_rule("/", "parts", parts)
    app.add_url_rule("/book", "book", booked)
    app.add_url_rule("/panel", "panel", panel)
    app.add_url_rule("/cancel", "cancel", lambda: t("已取消", "cancelled") + request.form["version"], methods=["POST"])
    app.before_request(_arrive)
    app.after_request(_leave)
    return app


def a_grid() -> weekgrid.WeekGrid:
    """Give a week with one of each kind of cell."""
    return weekgrid.build(_times(), week(), SHANGHAI, 60, NOW)


def parts() -> str:
    """Show one of each part."""
    form = Questions(email="x" * 30)
    if "wrong" in request.args:
        form.validate()
    line = timelinegrid.Line(t("扫描电镜", "SEM"), "/one", _times(), t("太原", "Taiyuan"), lambda span: "/book")
    lines = timelinegrid.build([line] * 3, week() if "week" in request.args else hours(1, 0, 24), SHANGHAI, NOW)
    return render_template("parts.html", form=form, grid=a_grid(), lines=lines, now=NOW)


def booked() -> str:
    """Say what was asked for."""
    return f"<title>book</title>{request.args['start']} {request.args['end']}"


def panel() -> str:
    """Show a week beside the form that it fills."""
    return render_template("panel.html", grid=a_grid())


def _times() -> Times:
    return Times(
        [hours(day, 8, 18) for day in range(5)],
        [hours(1, 8, 11), hours(2, 13, 15)],
        [Mark(hours(1, 14, 16), "XRD", "/bookings/1")],
        [hours(2, 9, 10)],
        [Mark(hours(3, 8, 12), t("校准", "calibration"))],
    )


def _arrive() -> None:
    g.viewer = Viewer(person_id=1, name="Li", language="") if "person" in request.args else ANONYMOUS


def _leave(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response
