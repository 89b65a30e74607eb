"""Who she is: her details, her language, her groups, and everything that is kept about her."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, json, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as AnyResponse

from instruments.errors import Invalid, Sentence
from instruments.people import Group, GroupMember, Person
from instruments.roles import ROLES, RoleGrant
from portal import clock
from portal.auth import viewer
from portal.language import LANGUAGES, t
from portal.me.blueprint import me
from portal.me.export import everything_about
from portal.me.fields import ProfileForm
from portal.security import own_path
from portal.transactions import reading, writing


@me.route("", methods=["GET", "POST"])
def show() -> Any:
    """Show and change one's own details."""
    with reading() as session:
        person = session.scalars(select(Person).options(joinedload(Person.organisation)).where(Person.id == viewer().person_id)).one()
    form = ProfileForm(obj=person)
    if form.validate_on_submit():
        with writing() as session:
            mine = session.get_one(Person, viewer().person_id)
            mine.name, mine.phone, mine.language = form.name.data, form.phone.data or "", form.language.data
        flash(t("已保存。", "Saved."), "success")
        return redirect(url_for("me.show"))
    return render_template("me/show.html", form=form, person=person), 422 if form.is_submitted() else 200


@me.post("/language")
def language() -> AnyResponse:
    """Remember the language a person reads."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        raise Invalid("language", Sentence("请选择中文或英文。", "Please choose Chinese or English."))
    with writing() as session:
        session.get_one(Person, viewer().person_id).language = chosen
    return redirect(own_path(request.form.get("next"), url_for("me.show")))


@me.get("/groups")
def groups() -> str:
    """List one's groups, who is in them, and one's roles."""
    with reading() as session:
        memberships = session.scalars(
            select(GroupMember)
            .where(GroupMember.person_id == viewer().person_id)
            .options(joinedload(GroupMember.group).joinedload(Group.organisation))
            .order_by(GroupMember.id)
        ).all()
        others = session.scalars(
            select(GroupMember)
            .where(GroupMember.group_id.in_([membership.group_id for membership in memberships]))
            .options(joinedload(GroupMember.person))
            .order_by(GroupMember.is_pi.desc(), GroupMember.id)
        ).all()
        roles = session.scalars(
            select(RoleGrant)
            .where(RoleGrant.person_id == viewer().person_id)
            .options(joinedload(RoleGrant.organisation), joinedload(RoleGrant.facility), joinedload(RoleGrant.instrument))
            .order_by(RoleGrant.id)
        ).all()
    members = {membership.group_id: [other for other in others if other.group_id == membership.group_id] for membership in memberships}
    return render_template("me/groups.html", memberships=memberships, members=members, roles=roles, role_names=ROLES)


@me.get("/data.json")
def data() -> Response:
    """Hand over everything that is kept about the person, for her to keep or take elsewhere."""
    with reading() as session:
        found = everything_about(session, viewer().person_id)
    content = {"exported_at": clock.now().isoformat(), "person": viewer().email, "tables": found}
    response = Response(json.dumps(content, ensure_ascii=False, indent=1), mimetype="application/json")
    response.headers["Content-Disposition"] = "attachment; filename=my-data.json"
    return response
