"""An instrument under the national platform's field names (REGISTER: single set), as a return is made from it.

The yearly hours and the income (runMachine, serviceMachine, serviceIncome) are computed from use and are not part of the register.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from instruments.catalogue import SHARING_MODES, Instrument
from instruments.errors import Sentence
from instruments.exchange.vocabulary import Vocabulary

NO_FACILITY = "4"
WAN = Decimal(10_000)


def national(row: Instrument, words: Vocabulary, *, image: str = "", code: str = "") -> dict[str, Any]:
    """Give an instrument's fields in the national names: `worth` in 万元 with two places, lists parted by commas, words in Chinese.

    `code` is that of the organisation that reports it, if it is not the one to which it belongs today.
    """
    facility = row.facility
    return {
        "innerId": row.inner_id,
        "insCode": code or row.organisation.code,
        "cname": row.name_zh or row.name_en,
        "ename": row.name_en,
        "insideDepart": row.department,
        "instrBelongsType": facility.kind if facility else NO_FACILITY,
        "instrBelongsName": facility.name_zh if facility else "",
        "instrCategory": row.category_code or "",
        "instrSource": _word(words, "source", row.source),
        "instrSupervise": "是" if row.customs_supervised else "否",
        "worth": in_wan(row.original_value),
        "nation": row.country,
        "manufacturer": row.manufacturer,
        "instrVersion": row.model,
        "beginDate": row.commissioned,
        "type": "专用" if row.is_dedicated else "通用",
        "technical": row.specifications,
        "function": row.functions,
        "serviceContent": row.services,
        "achievement": row.achievements,
        "subject": ",".join(row.subjects or ()),
        "status": _word(words, "condition", row.condition),
        "requirement": row.requirements,
        "fee": row.fees,
        "serviceUrl": row.service_url,
        "shareMode": SHARING_MODES.get(row.sharing_mode, Sentence("", "")).zh,
        "funds": [
            {"kind": _word(words, "fund", str(fund.get("kind", ""))), "amount": str(fund.get("amount", ""))} for fund in row.funds or ()
        ],
        "province": row.province,
        "city": _word(words, "city", row.city),
        "county": row.county,
        "street": row.street,
        "contact": row.contact,
        "phone": row.phone,
        "email": row.email,
        "address": row.address,
        "postalcode": row.postal_code,
        "image": image,
    }


def in_wan(value: Decimal | None) -> str:
    """Give an amount of yuan in 万元 with two places: 644900.00 -> "64.49"."""
    return "" if value is None else str((value / WAN).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def _word(words: Vocabulary, list_name: str, code: str) -> str:
    return words.name(list_name, code).zh if code else ""
