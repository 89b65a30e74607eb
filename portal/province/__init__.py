"""The province's pages: admission, coverage, organisations, users, holidays, code lists, and mail that could not be delivered."""

from __future__ import annotations

from portal.province import admission, codes, holidays, home, organisations
from portal.province.blueprint import province

__all__ = ["admission", "codes", "holidays", "home", "organisations", "province"]
