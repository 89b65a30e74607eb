"""What a list may hold: one entry per column, with its name in both languages, its national name, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from instruments import data
from instruments.errors import Sentence

KEEP, LEAVE = "keep", "leave"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a column may hold. `kind` says how it is read; `attribute` where it goes, if not under its own name; `most` its length.

    `also` are the headers people write for it, in order of strength: where two columns want the same field, the earlier name wins.
    """

    key: str
    label: Sentence
    kind: str
    most: int
    national: str
    attribute: str
    also: tuple[str, ...]
    is_public: bool
    is_exported: bool


_ALSO = data.read("list_headers.json")


def _field(
    key: str,
    zh: str,
    en: str,
    kind: str,
    most: int = 0,
    *,
    national: str = "",
    attribute: str = "",
    is_public: bool = True,
    is_exported: bool = True,
) -> Field:
    return Field(key, Sentence(zh, en), kind, most, national, attribute or key, tuple(_ALSO.get(key, ())), is_public, is_exported)


FIELDS = (
    _field("organisation_code", "单位代码", "Organisation code", "owner_code", 40, national="insCode"),
    _field("organisation", "管理单位", "Organisation", "owner", 200),
    _field("inner_id", "单位内部编号", "Inner id", "identity", 60, national="innerId"),
    _field("name_zh", "仪器名称", "Name (Chinese)", "name", 200, national="cname"),
    _field("name_en", "英文名称", "Name (English)", "name", 200, national="ename"),
    _field("aliases", "别名", "Other names", "aliases", 200),
    _field("department", "所属部门", "Department", "line", 200, national="insideDepart"),
    _field("facility", "所属设施", "Facility", "facility", 200, national="instrBelongsName"),
    _field("category_code", "分类编码", "Category code", "category_code", national="instrCategory"),
    _field("category", "仪器分类", "Category", "category"),
    _field("source", "仪器来源", "Source", "choice", 40, national="instrSource"),
    _field("is_dedicated", "通用或专用", "General or dedicated", "dedicated", national="type", is_public=False),
    _field("customs_supervised", "是否海关监管", "Customs supervised", "yes_no", national="instrSupervise", is_public=False),
    _field("customs_declaration", "报关单号", "Customs declaration", "code", 18, is_public=False),
    _field("customs_item", "报关单项号", "Customs item", "code", 2, is_public=False),
    _field("customs_imported_on", "进口日期", "Imported on", "full_date", is_public=False),
    _field("original_value", "原值(元)", "Original value (yuan)", "yuan"),
    _field(
        "original_value_wan",
        "原值(万元)",
        "Original value (10,000 yuan)",
        "wan",
        national="worth",
        attribute="original_value",
        is_exported=False,
    ),
    _field(
        "original_value_any",
        "原值(单位不明)",
        "Original value (unit not stated)",
        "yuan_or_wan",
        attribute="original_value",
        is_exported=False,
    ),
    _field("country", "产地国别", "Country of origin", "country", 40, national="nation"),
    _field("manufacturer", "生产厂商", "Manufacturer", "maker", 200, national="manufacturer"),
    _field("model", "规格型号", "Model", "model", 200, national="instrVersion"),
    _field("commissioned", "启用日期", "Commissioned on", "partial_date", national="beginDate"),
    _field("accepted_on", "验收日期", "Accepted on", "full_date"),
    _field("specifications", "主要技术指标", "Specifications", "text", 500, national="technical"),
    _field("functions", "主要功能", "Functions", "text", 300, national="function"),
    _field("services", "服务内容", "Services", "text", 200, national="serviceContent"),
    _field("achievements", "服务典型成果", "Achievements", "text", 500, national="achievement"),
    _field("subjects", "主要学科领域", "Subjects", "subjects", national="subject"),
    _field("condition", "运行状态", "Condition", "choice", 40, national="status"),
    _field("requirements", "开放共享规定", "Rules of use", "text", 500, national="requirement"),
    _field("fees", "参考收费标准", "Fees", "fees", 500, national="fee"),
    _field("fees_internal", "校内收费", "Fees inside", "price", attribute="fees", is_exported=False),
    _field("fees_external", "校外收费", "Fees outside", "price", attribute="fees", is_exported=False),
    _field("fees_unit", "计价单位", "Unit of fees", "price", attribute="fees", is_exported=False),
    _field("service_url", "预约网址", "Service address", "url", 150, national="serviceUrl"),
    _field("sharing", "共享模式", "Sharing", "sharing", national="shareMode", attribute="sharing_mode"),
    _field("sharing_reason", "不共享原因", "Reason for not sharing", "text", 500),
    _field("sharing_approval", "不共享批准", "Approval of not sharing", "line", 200, is_public=False),
    _field("self_operated", "可自主上机", "Self-operated", "yes_no"),
    _field("sample_service", "可送样", "Sample service", "yes_no"),
    _field("needs_qualification", "需上机资格", "Needs a qualification", "yes_no"),
    _field("funds", "经费来源", "Funds", "funds", national="funds", is_public=False),
    _field("province", "省", "Province", "line", 40, national="province"),
    _field("city", "市", "City", "city", 40, national="city"),
    _field("county", "区县", "County", "line", 60, national="county"),
    _field("street", "街道", "Street", "line", 200, national="street"),
    _field("building", "楼宇", "Building", "line", 100),
    _field("room", "房间", "Room", "line", 60),
    _field("location", "存放地点", "Location", "line", 100, attribute="building", is_exported=False),
    _field("longitude", "经度", "Longitude", "longitude"),
    _field("latitude", "纬度", "Latitude", "latitude"),
    _field("contact", "联系人", "Contact", "line", 100, national="contact"),
    _field("phone", "联系电话", "Phone", "line", 60, national="phone"),
    _field("email", "电子邮箱", "E-mail", "email", 254, national="email"),
    _field("address", "通讯地址", "Postal address", "line", 200, national="address"),
    _field("postal_code", "邮政编码", "Postal code", "code", 20, national="postalcode"),
    _field("raw", "原文", "Original texts", "raw", is_public=False),
    _field("publication", "发布状态", "Publication", "shown"),
)
BY_KEY: Mapping[str, Field] = {each.key: each for each in FIELDS}
TARGETS: Mapping[str, Sentence] = {
    KEEP: Sentence("保留原文，不填入字段", "Keep as a note"),
    LEAVE: Sentence("不导入此列", "Leave out"),
} | {each.key: each.label for each in FIELDS if each.kind != "shown"}
