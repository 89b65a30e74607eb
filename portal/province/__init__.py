"""The province's pages: admission, coverage, organisations, users, holidays, codes, limits, programmes, returns, vouchers, figures, and mail."""

from __future__ import annotations

from portal.province import admission, codes, holidays, home, organisations, programmes, published, returns, thresholds, vouchers
from portal.province.blueprint import province

__all__ = [
    "admission", "codes", "holidays", "home", "organisations", "programmes", "province", "published", "returns", "thresholds", "vouchers",
]  # fmt: skip
