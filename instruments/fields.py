"""The fields of an instrument as people fill them in: what each is called, how long it may be, and how a value is checked.

Lengths are those of the national register (see catalogue.Instrument). A check takes what a form or a program sent, text or typed,
gives the value to store, and raises Invalid with the name of the field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from instruments.catalogue import SHARING_MODES
from instruments.errors import Invalid, Sentence
from instruments.money import yuan
from instruments.people import clean_email
from instruments.timespan import zone

MOST_ALIASES, MOST_SUBJECTS, MOST_FUNDS = 30, 4, 8
EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
YES = frozenset({"1", "y", "yes", "true", "on"})
PARTIAL = re.compile(r"(\d{4})(?:[-./](\d{1,2})(?:[-./](\d{1,2}))?)?")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind` names its check; most and least bound a text's length or a number; a code is looked up in list_name."""

    name: str
    label: Sentence
    kind: str
    most: int = 0
    least: int = 0
    list_name: str = ""


def _field(name: str, zh: str, en: str, kind: str, most: int = 0, least: int = 0, list_name: str = "") -> Field:
    return Field(name, Sentence(zh, en), kind, most, least, list_name)


FIELDS = (
    _field("inner_id", "单位内部编号", "Inner id", "text", 60),
    _field("name_zh", "中文名称", "Chinese name", "text", 200),
    _field("name_en", "英文名称", "English name", "text", 200),
    _field("aliases", "别名", "Other names", "aliases", 200),
    _field("category_code", "仪器分类", "Category", "category", 6),
    _field("facility_id", "所属设施或中心", "Facility or centre", "key"),
    _field("group_id", "所属课题组", "Owning group", "key"),
    _field("department", "所在部门", "Department", "text", 200),
    _field("manufacturer", "生产厂商", "Manufacturer", "text", 200),
    _field("model", "规格型号", "Model", "text", 200),
    _field("country", "产地国别", "Country of origin", "code", 40, list_name="country"),
    _field("source", "仪器来源", "Source", "code", 40, list_name="source"),
    _field("original_value", "原值（元）", "Original value (yuan)", "money"),
    _field("funds", "资金来源", "Funds", "funds", list_name="fund"),
    _field("commissioned", "启用日期", "In use since", "partial"),
    _field("accepted_on", "验收日期", "Accepted on", "day"),
    _field("is_dedicated", "专用仪器", "Dedicated instrument", "yes"),
    _field("customs_supervised", "海关监管", "Under customs supervision", "yes"),
    _field("customs_declaration", "报关单号", "Customs declaration", "text", 18),
    _field("customs_item", "报关单项号", "Item of the declaration", "text", 2),
    _field("customs_imported_on", "进口日期", "Imported on", "day"),
    _field("functions", "主要功能", "What it does", "long", 300),
    _field("specifications", "主要技术指标", "Specifications", "long", 500),
    _field("services", "服务内容", "Services", "long", 200),
    _field("achievements", "典型成果", "Achievements", "long", 500),
    _field("subjects", "主要学科领域", "Subjects", "subjects", list_name="subject"),
    _field("condition", "年度运行状态", "Condition over the year", "code", 40, list_name="condition"),
    _field("sharing_mode", "共享模式", "Sharing", "choice"),
    _field("sharing_reason", "不共享原因", "Reason for not sharing", "long", 500),
    _field("sharing_approval", "不共享的批准文件", "Approval of not sharing", "text", 200),
    _field("requirements", "样品与使用要求", "Samples and conditions", "long", 500),
    _field("fees", "参考收费", "Fees", "long", 500),
    _field("service_url", "服务网址", "Its own website", "url", 150),
    _field("accepts_bookings", "接受网上预约", "Takes bookings here", "yes"),
    _field("self_operated", "可自主上机", "Users operate it themselves", "yes"),
    _field("sample_service", "可送样检测", "Samples are taken in", "yes"),
    _field("needs_qualification", "自主上机须有资格", "Operating it needs a qualification", "yes"),
    _field("lanes", "机位数", "Places", "whole", 500, 1),
    _field("step_minutes", "预约步长（分钟）", "Step of booking (minutes)", "whole", 1440, 1),
    _field("setup_minutes", "上机前准备（分钟）", "Set-up before each use (minutes)", "whole", 10080),
    _field("cleanup_minutes", "用后整理（分钟）", "Clean-up after each use (minutes)", "whole", 10080),
    _field("time_zone", "时区", "Time zone", "zone", 60),
    _field("province", "省", "Province", "text", 40),
    _field("city", "市", "City", "text", 40),
    _field("county", "区县", "County", "text", 60),
    _field("street", "街道", "Street", "text", 200),
    _field("building", "楼宇", "Building", "text", 100),
    _field("room", "房间", "Room", "text", 60),
    _field("longitude", "经度", "Longitude", "degrees", 180),
    _field("latitude", "纬度", "Latitude", "degrees", 90),
    _field("contact", "联系科室或岗位", "Contact (a role and an office)", "text", 100),
    _field("phone", "联系电话", "Telephone", "text", 60),
    _field("email", "联系邮箱", "E-mail", "email", 254),
    _field("address", "通讯地址", "Postal address", "text", 200),
    _field("postal_code", "邮政编码", "Postal code", "text", 20),
)
BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}


def check(name: str, value: Any) -> Any:
    """Check one value and give it as it is stored; codes and keys are looked up by editing.py."""
    if name not in BY_NAME:
        raise Invalid(name, Sentence("仪器没有这个字段。", "An instrument has no such field."))
    return CHECKS[BY_NAME[name].kind](value, BY_NAME[name])


def _refused(field: Field, zh: str, en: str) -> Invalid:
    return Invalid(field.name, Sentence(zh, en))


def _line(value: Any, field: Field) -> str:
    return _bounded(" ".join(_plain(value, field).split()), field)


def _long(value: Any, field: Field) -> str:
    return _bounded(_plain(value, field).replace("\r\n", "\n").replace("\r", "\n").strip(), field)


def _plain(value: Any, field: Field) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _refused(field, "请填写文字。", "Please give a text.")
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t" for character in value):
        raise _refused(field, "文字中含有不可见字符。", "The text holds characters that cannot be seen.")
    return value


def _bounded(text: str, field: Field) -> str:
    if field.most and len(text) > field.most:
        raise _refused(field, f"最多 {field.most} 字，现有 {len(text)} 字。", f"At most {field.most} characters; this has {len(text)}.")
    return text


def _yes(value: Any, field: Field) -> bool:
    return value if isinstance(value, bool) else str(value or "").lower() in YES


def _whole(value: Any, field: Field) -> int:
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,9}", text) or not field.least <= int(text) <= field.most:
        raise _refused(
            field, f"请填写 {field.least} 到 {field.most} 之间的整数。", f"Please give a whole number from {field.least} to {field.most}."
        )
    return int(text)


def _degrees(value: Any, field: Field) -> float | None:
    text = unicodedata.normalize("NFKC", str("" if value is None else value)).strip()
    if not text:
        return None
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,12})?", text) or abs(float(text)) > field.most:
        raise _refused(field, f"请填写 -{field.most} 到 {field.most} 之间的度数。", f"Please give degrees from -{field.most} to {field.most}.")
    return round(float(text), 6)


def _money(value: Any, field: Field) -> Decimal | None:
    text = unicodedata.normalize("NFKC", str("" if value is None else value)).strip().lstrip("¥").replace(",", "").replace(" ", "")
    if not text:
        return None
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,13}(\.[0-9]{1,6})?", text):
        raise _refused(field, "请以元为单位填写金额，例如 1280000.00。", "Please give an amount in yuan, such as 1280000.00.")
    return yuan(text, field.name)


def _day(value: Any, field: Field) -> date | None:
    if value in (None, ""):
        return None
    try:
        found = value if isinstance(value, date) else date.fromisoformat(_line(value, field))
    except ValueError as error:
        raise _refused(field, "请填写日期，例如 2026-11-24。", "Please give a date, such as 2026-11-24.") from error
    if not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
        raise _refused(field, "请填写合理的日期。", "Please give a sensible date.")
    return found


def _partial(value: Any, field: Field) -> str:
    """Keep a date as exactly as it was given: "2016", "2016-10", "2016-10-05"."""
    text = unicodedata.normalize("NFKC", _line(value, field))
    if not text:
        return ""
    found = PARTIAL.fullmatch(text)
    try:
        parts = [int(part) for part in found.groups() if part] if found else []
        date(*[*parts, 1, 1][:3])
        if not EARLIEST_YEAR <= parts[0] <= LATEST_YEAR:
            raise ValueError(text)
    except (ValueError, IndexError, TypeError) as error:
        zh, en = "请填写年、年月或完整日期，例如 2016、2016-10、2016-10-05。", "Please give a year, a month or a day: 2016, 2016-10, 2016-10-05."
        raise _refused(field, zh, en) from error
    return "-".join([f"{parts[0]:04d}", *(f"{part:02d}" for part in parts[1:])])


def _url(value: Any, field: Field) -> str:
    text = _line(value, field)
    if text and not re.fullmatch(r"https?://[^\s<>\"']+", text, re.IGNORECASE):
        raise _refused(field, "请填写以 http:// 或 https:// 开头的网址。", "Please give an address that begins with http:// or https://.")
    return text


def _email(value: Any, field: Field) -> str:
    text = _line(value, field)
    return clean_email(text) if text else ""


def _zone(value: Any, field: Field) -> str:
    return zone(_line(value, field)).key


def _choice(value: Any, field: Field) -> str:
    if not isinstance(value, str) or value not in SHARING_MODES:
        raise _refused(field, "请选择一项。", "Please choose one.")
    return str(value)


def _key(value: Any, field: Field) -> int | None:
    if value in (None, "", 0, "0"):
        return None
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,18}", str(value)):
        raise _refused(field, "请从列表中选择。", "Please choose from the list.")
    return int(value)


def _texts(value: Any, field: Field) -> list[str]:
    """Read several texts: a list, or one text with a line for each; what comes twice counts once."""
    given = value.splitlines() if isinstance(value, str) else value or []
    if not isinstance(given, list | tuple):
        raise _refused(field, "请每行填写一个。", "Please give one in each line.")
    return list(dict.fromkeys(text for one in given if (text := _line(one, field))))


def _aliases(value: Any, field: Field) -> list[str]:
    found = _texts(value, field)
    if len(found) > MOST_ALIASES:
        raise _refused(field, f"最多 {MOST_ALIASES} 个别名。", f"At most {MOST_ALIASES} other names.")
    return found


def _subjects(value: Any, field: Field) -> list[str]:
    found = _texts(value, field)
    if len(found) > MOST_SUBJECTS:
        raise _refused(field, f"最多选择 {MOST_SUBJECTS} 个学科。", f"Please choose at most {MOST_SUBJECTS} subjects.")
    return found


def _funds(value: Any, field: Field) -> list[dict[str, str]]:
    """Read sources of funds: a list of {"kind", "amount" in yuan or nothing}; rows left empty are passed over."""
    given = value or []
    if not isinstance(given, list | tuple) or not all(isinstance(row, Mapping) for row in given):
        raise _refused(field, "请逐行填写资金来源和金额。", "Please give each source of funds with its amount.")
    rows = [(_line(row.get("kind"), field), _money(row.get("amount"), field)) for row in given]
    rows = [(kind, amount) for kind, amount in rows if kind or amount is not None]
    if len(rows) > MOST_FUNDS or any(not kind for kind, _ in rows):
        raise _refused(field, "请为每笔金额选择资金来源。", "Please choose a source for each amount.")
    return [{"kind": kind} | ({"amount": f"{amount:.2f}"} if amount is not None else {}) for kind, amount in rows]


CHECKS: Mapping[str, Callable[[Any, Field], Any]] = {
    "text": _line, "long": _long, "yes": _yes, "whole": _whole, "degrees": _degrees, "money": _money, "day": _day, "partial": _partial,
    "url": _url, "email": _email, "zone": _zone, "choice": _choice, "key": _key, "category": _line, "code": _line, "aliases": _aliases,
    "subjects": _subjects, "funds": _funds,
}  # fmt: skip
