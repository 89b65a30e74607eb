"""The plain register under /admin, by Flask-Admin: closed unless a view says to whom it opens (base.py), one view per table (views.py)."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin

from portal.admin.base import Home
from portal.admin.views import VIEWS
from portal.language import lazy_t


def init_admin(app: Flask) -> None:
    """Hang the register on the application."""
    admin = Admin(
        app, name="admin", url="/admin", index_view=Home(name=lazy_t("登记册", "Register"), url="/admin", template="admin/home.html")
    )
    for view in VIEWS:
        admin.add_view(view())
