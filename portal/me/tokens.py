"""What her programs may do: API tokens, and the address of her calendar feed."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from instruments.errors import Invalid
from portal import clock
from portal.auth import feeds, viewer
from portal.auth import tokens as api_tokens
from portal.language import t
from portal.links import outside_url
from portal.me.blueprint import me
from portal.me.fields import TokenForm
from portal.transactions import reading, writing


@me.route("/tokens", methods=["GET", "POST"])
def tokens() -> Any:
    """List one's tokens, and make one; it is shown on this answer and never again."""
    form = TokenForm()
    made = ""
    if form.validate_on_submit():
        try:
            with writing() as session:
                made = api_tokens.create(session, viewer().person_id, form.label.data, now=clock.now(), days=form.days.data)
            form = TokenForm(formdata=None)
        except Invalid as error:
            form.refuse(error)
    with reading() as session:
        found = api_tokens.live_tokens(session, viewer().person_id, clock.now())
    status = 422 if form.is_submitted() and not made else 200
    return render_template("me/tokens.html", form=form, tokens=found, made=made), status


@me.post("/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> Response:
    """Make a token worthless."""
    with writing() as session:
        api_tokens.revoke(session, viewer().person_id, token_id, now=clock.now())
    flash(t("令牌已撤销。", "The token works no more."), "success")
    return redirect(url_for("me.tokens"))


@me.route("/feed", methods=["GET", "POST"])
def feed() -> str:
    """Show whether there is a feed, and on the button make a new address; it is shown on this answer and never again."""
    url = ""
    if request.method == "POST":
        with writing() as session:
            secret = feeds.create(session, viewer().person_id, now=clock.now())
        url = outside_url("calendars.feed", secret=secret)
    with reading() as session:
        found = feeds.living(session, viewer().person_id)
    return render_template("me/feed.html", feed=found, url=url)


@me.post("/feed/revoke")
def revoke_feed() -> Response:
    """Make the feed's address worthless."""
    with writing() as session:
        feeds.revoke(session, viewer().person_id, now=clock.now())
    flash(t("订阅地址已失效。", "The feed's address works no more."), "success")
    return redirect(url_for("me.feed"))
