"""Groups and their members; a PI looks after her own."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import StringField

from instruments.directory import groups_of, members_of
from instruments.errors import Invalid, NotFound, Sentence
from instruments.people import Group, GroupMember, join, person_by_email
from portal.auth import viewer
from portal.forms import AtMost, Form, Required
from portal.language import lazy_t, t
from portal.organisations.blueprint import check_administers, default_organisation, may_look, my_organisation_ids, organisations
from portal.transactions import reading, writing


class GroupForm(Form):
    """A group's names."""

    name_zh = StringField(lazy_t("中文名称", "Chinese name"), [Required(), AtMost(200)])
    name_en = StringField(lazy_t("英文名称", "English name"), [AtMost(200)])


@organisations.route("/groups", methods=["GET", "POST"])
def groups() -> Any:
    """List the groups, and add one."""
    form = GroupForm()
    if form.validate_on_submit():
        with writing() as session:
            owner = default_organisation(session)
            check_administers(owner.id)
            session.add(Group(organisation=owner, name_zh=form.name_zh.data, name_en=form.name_en.data or ""))
        flash(t("课题组已建立，请添加成员。", "The group is there; add its members."), "success")
        return redirect(url_for("organisations.groups"))
    with reading() as session:
        ids = my_organisation_ids(viewer())
        found = groups_of(session, ids if ids is not None else [default_organisation(session).id])
        status = 422 if form.is_submitted() else 200
        may_add = viewer().may_administer(default_organisation(session).id)
        return render_template("organisations/groups.html", groups=found, form=form, may_add=may_add), status


def _my_group(session: Session, group_id: int, *, to_change: bool = False) -> Group:
    found = session.get(Group, group_id)
    if found is None:
        raise NotFound
    if found.id in viewer().pi_group_ids:
        return found
    if not may_look(viewer(), found.organisation_id):
        raise NotFound
    if to_change:
        check_administers(found.organisation_id)
    return found


@organisations.get("/groups/<int:group_id>")
def group(group_id: int) -> str:
    """Show a group's members."""
    with reading() as session:
        one = _my_group(session, group_id)
        may_change = one.id in viewer().pi_group_ids or viewer().may_administer(one.organisation_id)
        return render_template("organisations/group.html", group=one, members=members_of(session, one.id), may_change=may_change)


@organisations.post("/groups/<int:group_id>/members")
def add_member(group_id: int) -> Response:
    """Add a person by address; she may come from another organisation."""
    with writing() as session:
        one = _my_group(session, group_id, to_change=True)
        person = person_by_email(session, request.form.get("email", "")[:254].replace("\x00", ""))
        if person is None or person.status != "active":
            raise Invalid(
                "email",
                Sentence("没有使用该邮箱的有效账户，请先请对方注册。", "Nobody active has this address. Ask the person to register first."),
            )
        join(session, one, person, is_pi="is_pi" in request.form)
    flash(t("成员已添加。", "The member is added."), "success")
    return redirect(url_for("organisations.group", group_id=group_id))


@organisations.post("/groups/<int:group_id>/members/<int:member_id>/pi")
def set_member(group_id: int, member_id: int) -> Response:
    """Make a member a PI, or an ordinary member again."""
    with writing() as session:
        _my_group(session, group_id, to_change=True)
        member = _member(session, group_id, member_id)
        member.is_pi = not member.is_pi
        _check_led(session, group_id)
    return redirect(url_for("organisations.group", group_id=group_id))


@organisations.post("/groups/<int:group_id>/members/<int:member_id>/remove")
def remove_member(group_id: int, member_id: int) -> Response:
    """Take a member out; her bookings stay."""
    with writing() as session:
        _my_group(session, group_id, to_change=True)
        session.delete(_member(session, group_id, member_id))
        session.flush()  # who leads the group is read below
        _check_led(session, group_id)
    flash(t("已移出课题组，已有预约不受影响。", "The member is out; bookings made already stay."), "success")
    return redirect(url_for("organisations.group", group_id=group_id))


def _member(session: Session, group_id: int, member_id: int) -> GroupMember:
    found = session.get(GroupMember, member_id)
    if found is None or found.group_id != group_id:
        raise NotFound
    return found


def _check_led(session: Session, group_id: int) -> None:
    session.flush()  # the change is judged as it would stand
    members = members_of(session, group_id)
    if members and not any(member.is_pi for member in members):
        raise Invalid("member", Sentence("课题组至少要有一位负责人。", "A group has at least one PI."))
