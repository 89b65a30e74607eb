"""How an organisation keeps its usage records: set by its administrator, read by its auditors."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import NumberRange

from instruments.errors import Invalid, NotFound
from instruments.money import yuan
from instruments.people import Organisation
from portal import clock
from portal.auth import viewer
from portal.forms import AtMost, Form
from portal.language import lazy_t, t
from portal.manage.blueprint import manage
from portal.transactions import reading, writing
from scheduling.usepolicy import LIMITS, Policy, policy_of, set_policy


class PolicyForm(Form):
    """The settings, one field each."""

    backfill_days = IntegerField(lazy_t("可补录的天数", "Days in which a use may be recorded"), [NumberRange(*LIMITS["backfill_days"])])
    tolerance_minutes = IntegerField(lazy_t("允许的时间差（分钟）", "Tolerance (minutes)"), [NumberRange(*LIMITS["tolerance_minutes"])])
    longest_hours = IntegerField(
        lazy_t("无预约使用最长（小时）", "Longest use without a booking (hours)"), [NumberRange(*LIMITS["longest_hours"])]
    )
    walk_on = BooleanField(lazy_t("允许使用者无预约使用", "Users may begin without a booking"))
    automatic_from_value = StringField(
        lazy_t("须自动采集的原值（元）", "Original value from which times must be captured (yuan)"), [AtMost(20)]
    )

    def policy(self) -> Policy:
        """Give what was set; Invalid for an amount that cannot be one."""
        value = (self.automatic_from_value.data or "").strip()
        return Policy(
            self.backfill_days.data, self.tolerance_minutes.data, self.longest_hours.data, bool(self.walk_on.data),
            yuan(value, "automatic_from_value") if value else None,
        )  # fmt: skip


@manage.route("/use-policy/<int:organisation_id>", methods=["GET", "POST"])
def use_policy(organisation_id: int) -> Any:
    """Show and change how an organisation keeps its usage records."""
    form = PolicyForm()
    with reading() as session:
        _seen(session, organisation_id)
        if not form.is_submitted():
            known = policy_of(session, organisation_id)
            form = PolicyForm(None, **{name: getattr(known, name) for name in LIMITS}, walk_on=known.walk_on,
                              automatic_from_value=str(known.automatic_from_value or ""))  # fmt: skip
            return _page(session, organisation_id, form)
    try:
        if form.validate():
            with writing() as session:
                set_policy(session, organisation_id, form.policy(), viewer=viewer(), now=clock.now())
            flash(t("已保存。", "Saved."), "success")
            return redirect(url_for("manage.use_policy", organisation_id=organisation_id))
    except Invalid as error:
        form.refuse(error)
    with reading() as session:
        return _page(session, organisation_id, form), 422


def _seen(session: Session, organisation_id: int) -> Organisation:
    found = session.get(Organisation, organisation_id)
    if found is None or not (viewer().may_administer(organisation_id) or viewer().may_audit(organisation_id)):
        raise NotFound
    return found


def _page(session: Session, organisation_id: int, form: PolicyForm) -> str:
    return render_template(
        "usage/policy.html", organisation=_seen(session, organisation_id), form=form, may_change=viewer().may_administer(organisation_id)
    )
