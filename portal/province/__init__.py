"""The province's pages: admission, coverage, organisations, users, codes, limits, programmes, evaluations, returns, vouchers, figures, and mail."""

from __future__ import annotations

from portal.province import (
    admission,
    codes,
    evaluations,
    holidays,
    home,
    organisations,
    programmes,
    published,
    returns,
    schemes,
    subsidies,
    thresholds,
    vouchers,
)
from portal.province.blueprint import province

__all__ = [
    "admission", "codes", "evaluations", "holidays", "home", "organisations", "programmes", "province", "published", "returns", "schemes",
    "subsidies", "thresholds", "vouchers",
]  # fmt: skip
