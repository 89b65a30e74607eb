"""What waits for the province, how far the network reaches, and all its users."""

from __future__ import annotations

from decimal import Decimal

from flask import render_template, request
from sqlalchemy import func, or_, select

from instruments.catalogue import Instrument
from instruments.directory import IN_SCOPE_FROM, coverage
from instruments.holidays import special_days
from instruments.money import yuan
from portal import clock
from portal.attention import count_for_home
from portal.organisations.people import people_page
from portal.outbox import OutboxMessage
from portal.province.blueprint import province
from portal.transactions import reading


@province.get("")
def home() -> str:
    """Show what waits."""
    with reading() as session:
        waiting = session.scalar(
            select(func.count(Instrument.id)).where(or_(Instrument.publication == "submitted", Instrument.exemption_status == "asked"))
        )
        published = session.scalar(select(func.count(Instrument.id)).where(Instrument.publication == "published"))
        failed = session.scalar(select(func.count(OutboxMessage.id)).where(OutboxMessage.failed_at.is_not(None)))
        attention = count_for_home(session, None)
    return render_template("province/home.html", waiting=waiting or 0, published=published or 0, failed=failed or 0, attention=attention)


@province.get("/coverage")
def coverage_list() -> str:
    """List organisations by how many of their instruments in scope are on the network; the threshold may be tried out."""
    asked = request.args.get("value_from", "").strip()
    value_from = max(yuan(asked, "value_from"), Decimal(0)) if asked else IN_SCOPE_FROM
    now = clock.now()
    with reading() as session:
        days = special_days(session, now.date().replace(year=now.year - 5, day=1), now.date())
        rows = coverage(session, now=now, days=days, value_from=value_from)
    return render_template("province/coverage.html", rows=rows, value_from=value_from)


@province.get("/users")
def users() -> str:
    """List the people of every organisation."""
    return people_page("province/users.html", None)


@province.get("/mail")
def undelivered() -> str:
    """List letters that could not be delivered, with the reason."""
    with reading() as session:
        rows = session.scalars(
            select(OutboxMessage).where(OutboxMessage.failed_at.is_not(None)).order_by(OutboxMessage.id.desc()).limit(200)
        ).all()
        return render_template("province/mail.html", rows=rows)
