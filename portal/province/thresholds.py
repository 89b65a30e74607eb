"""The limits that lists and reviews go by, each from a year on."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from wtforms import IntegerField, StringField
from wtforms.validators import NumberRange

from instruments.errors import Invalid
from instruments.money import yuan
from portal import clock
from portal.auth import viewer
from portal.forms import AtMost, Form, Required
from portal.language import lazy_t, t
from portal.province.blueprint import province
from portal.transactions import reading, writing
from scheduling.statistics.periods import FIRST_YEAR, LAST_YEAR, this_year
from scheduling.statistics.thresholds import LIMITS, NAMES, Thresholds, set_thresholds, threshold_years, thresholds_of


class ThresholdForm(Form):
    """The limits, one field each."""

    from_year = IntegerField(lazy_t("自哪一年起", "From the year"), [NumberRange(FIRST_YEAR, LAST_YEAR - 1)])
    least_value = StringField(lazy_t("规模内的原值下限（元）", "In scope from an original value of (yuan)"), [Required(), AtMost(20)])
    general_hours = IntegerField(lazy_t("通用仪器定额（小时/年）", "Quota of general instruments (hours a year)"), [NumberRange(*LIMITS["general_hours"])])
    dedicated_hours = IntegerField(
        lazy_t("专用及 04 类仪器定额（小时/年）", "Quota of dedicated ones and class 04 (hours a year)"), [NumberRange(*LIMITS["dedicated_hours"])]
    )
    sharing_percent = IntegerField(lazy_t("共享率下限（%）", "Least sharing rate (%)"), [NumberRange(*LIMITS["sharing_percent"])])
    problem_days = IntegerField(lazy_t("问题应在几天内处理", "Days in which a problem is resolved"), [NumberRange(*LIMITS["problem_days"])])
    saturated_hours = IntegerField(
        lazy_t("同类仪器饱和机时（小时/年）", "Comparable instruments are saturated from (hours a year)"), [NumberRange(*LIMITS["saturated_hours"])]
    )
    review_from = StringField(lazy_t("中央资金购置须评议的金额（元）", "Purchases from central money are reviewed from (yuan)"), [Required(), AtMost(20)])

    def wanted(self) -> Thresholds:
        """Give what was set; Invalid for an amount that cannot be one."""
        values: dict[str, Any] = {one: getattr(self, one).data for one in LIMITS}
        amounts = {one: yuan(getattr(self, one).data, one) for one in ("least_value", "review_from")}
        return Thresholds(**values, **amounts)


@province.route("/thresholds", methods=["GET", "POST"])
def thresholds() -> Any:
    """Show the limits of a year, and set them from a year on."""
    form = ThresholdForm()
    try:
        if form.validate_on_submit():
            with writing() as session:
                set_thresholds(session, form.from_year.data, form.wanted(), viewer=viewer(), now=clock.now())
            flash(t("已保存。", "Saved."), "success")
            return redirect(url_for("province.thresholds"))
    except Invalid as error:
        form.refuse(error)
    asked = request.args.get("year", type=int)
    year = asked if asked is not None and FIRST_YEAR <= asked < LAST_YEAR else this_year(clock.now())
    with reading() as session:
        if not form.is_submitted():
            known = thresholds_of(session, year)
            form = ThresholdForm(None, from_year=year, **{one: getattr(known, one) for one in NAMES})
        rows = threshold_years(session)
    return render_template("province/thresholds.html", form=form, rows=rows, defaults=Thresholds()), 422 if form.is_submitted() else 200
