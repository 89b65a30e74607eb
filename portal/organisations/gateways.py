"""Gateways of the organisation, their channels, and the cards of its people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response
from wtforms import IntegerField, SelectField, StringField

from instruments.catalogue import Instrument
from instruments.errors import Invalid, NotFound, Sentence
from instruments.people import Person, person_by_email
from portal import clock
from portal.auth import viewer
from portal.forms import AtMost, Form, Required, options
from portal.gatewaykeys import card_digest, key_of
from portal.language import lazy_t, name, t
from portal.organisations.blueprint import check_administers, default_organisation, may_look, my_organisation_ids, organisations
from portal.transactions import reading, writing
from scheduling.cards import AccessCard, give_card, take_card_back
from scheduling.gateways import Device, DeviceProgress, Gateway, add_gateway, assign, gateways_of, renew_key, set_active

MOST_SHOWN = 500


class GatewayForm(Form):
    """A gateway's name."""

    name = StringField(
        lazy_t("名称", "Name"), [Required(), AtMost(100)], description=lazy_t("例如它所在的房间", "Such as the room it stands in")
    )


class ChannelForm(Form):
    """Which instrument a channel belongs to."""

    instrument = SelectField(lazy_t("仪器", "Instrument"), coerce=int, choices=[])
    lane = IntegerField(lazy_t("机位", "Place"), default=1)
    on_above_watts = IntegerField(lazy_t("高于多少瓦算开机", "On from this many watts"), default=50)


class CardForm(Form):
    """Whose card it is."""

    email = StringField(lazy_t("持卡人邮箱", "Holder's e-mail"), [Required(), AtMost(254)])
    card = StringField(lazy_t("卡号", "Number on the card"), [Required(), AtMost(64)])


@organisations.route("/gateways", methods=["GET", "POST"])
def gateways() -> Any:
    """List the gateways, and add one."""
    form = GatewayForm()
    if form.validate_on_submit():
        with writing() as session:
            owner = default_organisation(session)
            check_administers(owner.id)
            made = add_gateway(session, owner.id, form.name.data or "", viewer=viewer(), now=clock.now())
            session.flush()  # the page needs its id
            return _page(session, made.id, key_of(made))
    with reading() as session:
        own = default_organisation(session).id
        ids = my_organisation_ids(viewer())
        found = gateways_of(session, ids if ids is not None else [own])
        may_add = viewer().may_administer(own)
        return render_template(
            "organisations/gateways.html", gateways=found, form=form, may_add=may_add
        ), 422 if form.is_submitted() else 200


@organisations.get("/gateways/<int:gateway_id>")
def gateway(gateway_id: int) -> str:
    """Show a gateway and its channels."""
    return _shown(gateway_id)


@organisations.post("/gateways/<int:gateway_id>/key")
def renew_gateway_key(gateway_id: int) -> str:
    """Give a gateway a new key, and show it this once."""
    with writing() as session:
        _to_change(session, gateway_id)
        found = renew_key(session, gateway_id, viewer=viewer())
    return _shown(gateway_id, key_of(found))


@organisations.post("/gateways/<int:gateway_id>/active")
def set_gateway_active(gateway_id: int) -> Response:
    """Shut a gateway out, or let it in again."""
    with writing() as session:
        _to_change(session, gateway_id)
        set_active(session, gateway_id, is_active=request.form.get("active") == "yes", viewer=viewer())
    flash(t("已保存。", "Saved."), "success")
    return redirect(url_for("organisations.gateway", gateway_id=gateway_id))


@organisations.route("/devices/<int:device_id>", methods=["GET", "POST"])
def device(device_id: int) -> Any:
    """Say which instrument a channel belongs to."""
    with reading() as session:
        found = session.get(Device, device_id, options=(joinedload(Device.gateway), joinedload(Device.instrument)))
        if found is None or not may_look(viewer(), found.gateway.organisation_id):
            raise NotFound
        form = ChannelForm(instrument=found.instrument_id or 0, lane=found.lane, on_above_watts=found.on_above_watts)
        form.instrument.choices = options([(0, t("尚未指定", "Not given yet")), *_instruments(session, found.gateway.organisation_id)])
    if form.validate_on_submit():
        check_administers(found.gateway.organisation_id)
        try:
            with writing() as session:
                assign(
                    session, device_id, form.instrument.data or None, lane=form.lane.data or 0,
                    on_above_watts=form.on_above_watts.data or 0, viewer=viewer(),
                )  # fmt: skip
        except Invalid as error:
            form.refuse(error)
        else:
            flash(t("已保存，读数将重新整理。", "Saved. Its readings are worked off anew."), "success")
            return redirect(url_for("organisations.gateway", gateway_id=found.gateway_id))
    return render_template("organisations/device.html", device=found, form=form), 422 if form.is_submitted() else 200


@organisations.route("/cards", methods=["GET", "POST"])
def cards() -> Any:
    """List the cards in people's hands, and give one."""
    form = CardForm()
    if form.validate_on_submit():
        try:
            with writing() as session:
                give_card(
                    session, _holder(session, form.email.data or ""), card_digest(form.card.data or ""), viewer=viewer(), now=clock.now()
                )
        except Invalid as error:
            form.refuse(error)
        else:
            flash(t("卡已登记。", "The card is given."), "success")
            return redirect(url_for("organisations.cards"))
    with reading() as session:
        rows = _cards(session)
        may_add = viewer().may_administer(default_organisation(session).id)
        return render_template("organisations/cards.html", cards=rows, form=form, may_add=may_add), 422 if form.is_submitted() else 200


@organisations.post("/cards/<int:card_id>/revoke")
def revoke_card(card_id: int) -> Response:
    """Take a card back."""
    with writing() as session:
        found = session.get(AccessCard, card_id)
        if found is None or not may_look(viewer(), found.person.organisation_id):
            raise NotFound
        check_administers(found.person.organisation_id)
        take_card_back(session, card_id, viewer=viewer(), now=clock.now())
    flash(t("卡已收回。", "The card is taken back."), "success")
    return redirect(url_for("organisations.cards"))


def _shown(gateway_id: int, key: str = "") -> str:
    with reading() as session:
        return _page(session, gateway_id, key)


def _page(session: Session, gateway_id: int, key: str) -> str:
    found = session.get(Gateway, gateway_id)
    if found is None or not may_look(viewer(), found.organisation_id):
        raise NotFound
    rows = session.execute(
        select(Device, DeviceProgress)
        .outerjoin(DeviceProgress, DeviceProgress.device_id == Device.id)
        .options(joinedload(Device.instrument))
        .where(Device.gateway_id == gateway_id)
        .order_by(Device.channel, Device.id)
    ).all()
    may_change = viewer().may_administer(found.organisation_id)
    return render_template("organisations/gateway.html", gateway=found, rows=rows, key=key, may_change=may_change)


def _to_change(session: Session, gateway_id: int) -> None:
    found = session.get(Gateway, gateway_id)
    if found is None or not may_look(viewer(), found.organisation_id):
        raise NotFound
    check_administers(found.organisation_id)


def _instruments(session: Session, organisation_id: int) -> list[tuple[int, str]]:
    asked = select(Instrument).where(Instrument.organisation_id == organisation_id).order_by(Instrument.inner_id).limit(MOST_SHOWN)
    return [(one.id, f"{one.inner_id} {name(one)}") for one in session.scalars(asked)]


def _holder(session: Session, email: str) -> Person:
    found = person_by_email(session, email.replace("\x00", ""))
    if found is None or found.status != "active" or not viewer().may_administer(found.organisation_id):
        raise Invalid("email", Sentence("本单位没有使用该邮箱的有效账户。", "Nobody active in this organisation has this address."))
    return found


def _cards(session: Session) -> Sequence[AccessCard]:
    asked = select(AccessCard).join(AccessCard.person).options(joinedload(AccessCard.person)).where(AccessCard.revoked_at.is_(None))
    ids = my_organisation_ids(viewer())
    if ids is not None:
        asked = asked.where(Person.organisation_id.in_(ids))
    return session.scalars(asked.order_by(Person.name, AccessCard.id).limit(MOST_SHOWN)).all()
