"""The province's pages: admission, coverage, organisations, users, holidays, code lists, programmes, vouchers, and undelivered mail."""

from __future__ import annotations

from portal.province import admission, codes, holidays, home, organisations, programmes, vouchers
from portal.province.blueprint import province

__all__ = ["admission", "codes", "holidays", "home", "organisations", "programmes", "province", "vouchers"]
