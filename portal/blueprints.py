"""Every blueprint of the portal, in the order in which it is registered: "module:name". A new page appends its line here."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

BLUEPRINTS = (
    "portal.health:health",
    "portal.auth.routes:auth",
    "portal.me.routes:me",
    "portal.search:search",
    "portal.instruments:instruments",
    "portal.help:help_pages",
    "portal.statistics:statistics",
    "portal.yearbookpages:yearbook",
    "portal.saved:saved",
    "portal.timeline:timeline",
    "portal.bookings:bookings",
    "portal.usage:usage",
    "portal.statements:statements",
    "portal.vouchers:vouchers",
    "portal.claims:claims",
    "portal.accounts:accounts",
    "portal.charges:charges",
    "portal.splits:splits",
    "portal.evaluations:evaluations",
    "portal.qualifications:qualifications",
    "portal.manage.routes:manage",
    "portal.organisations:organisations",
    "portal.province:province",
    "portal.attention:attention",
    "portal.purchases:purchases",
    "portal.auditlog:audit",
    "portal.api:api_blueprint",
    "portal.api.docs:docs",
    "portal.calendars:calendars",
    "portal.exchange:exchange",
)


def register_all(app: Flask) -> None:
    """Import and register each blueprint; one that cannot be imported stops the portal from starting."""
    for place in BLUEPRINTS:
        module, _, name = place.partition(":")
        app.register_blueprint(getattr(import_module(module), name))
