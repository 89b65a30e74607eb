"""The province's pages: admission, coverage, organisations, users, holidays, code lists, programmes, vouchers, returns, and undelivered mail."""

from __future__ import annotations

from portal.province import admission, codes, holidays, home, organisations, programmes, returns, vouchers
from portal.province.blueprint import province

__all__ = ["admission", "codes", "holidays", "home", "organisations", "programmes", "province", "returns", "vouchers"]
