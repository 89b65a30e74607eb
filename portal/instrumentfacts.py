"""The facts of one instrument as its page tells them: groups of pairs, every public field, codes turned into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import url_for
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from instruments.catalogue import SHARING_MODES, Instrument
from instruments.classification import Category, category_path
from instruments.codes import names_of
from instruments.errors import Sentence
from portal.formats import HOME as HOME_ZONE
from portal.formats import duration, money, partial_day, zone_name
from portal.language import name, say, t

Pairs = list[tuple[str, str | Markup]]


@dataclass(frozen=True, slots=True)
class Facts:
    """Groups of (title, pairs), and the way down the classification."""

    groups: Sequence[tuple[str, Pairs]]
    path: Sequence[Category]


def facts_of(session: Session, instrument: Instrument) -> Facts:
    """Gather the facts; three statements."""
    words = names_of(session, _codes(instrument))
    path = category_of(session, instrument)
    groups = (
        (t("基本信息", "The instrument"), _identity(instrument, path, words)),
        (t("共享与使用", "Sharing and use"), _sharing(instrument, words)),
        (t("所在地", "Where it is"), _place(instrument, words)),
    )
    return Facts([(title, [pair for pair in pairs if pair[1]]) for title, pairs in groups], path)


def category_of(session: Session, instrument: Instrument) -> Sequence[Category]:
    """Give the way down the classification to an instrument's category; two statements."""
    return category_path(session, instrument.category_code) if instrument.category_code else ()


def _codes(instrument: Instrument) -> list[tuple[str, str]]:
    single = {"source": instrument.source, "country": instrument.country, "condition": instrument.condition, "city": instrument.city}
    return [(kind, code) for kind, code in single.items() if code] + [("subject", code) for code in instrument.subjects or ()]


def _identity(instrument: Instrument, path: Sequence[Category], words: Mapping[tuple[str, str], Sentence]) -> Pairs:
    known = _Words(words)
    return [
        (t("又名", "Also called"), _joined([alias.text for alias in instrument.aliases])),
        (t("规格型号", "Model"), instrument.model),
        (t("生产厂商", "Manufacturer"), instrument.manufacturer),
        (t("产地", "Country of origin"), known.of("country", instrument.country)),
        (t("来源", "Source"), known.of("source", instrument.source)),
        (t("分类", "Category"), _path_links(path)),
        (t("学科领域", "Subjects"), _joined([known.of("subject", code) for code in instrument.subjects or ()])),
        (t("启用时间", "In use since"), partial_day(instrument.commissioned)),
        (t("原值", "Original value"), money(instrument.original_value)),
        (t("运行状态", "Condition"), known.of("condition", instrument.condition)),
        (t("内部编号", "Inventory number"), instrument.inner_id),
    ]


def _sharing(instrument: Instrument, words: Mapping[tuple[str, str], Sentence]) -> Pairs:
    sharing = SHARING_MODES.get(instrument.sharing_mode)
    return [
        (t("共享模式", "Sharing"), say(sharing) if sharing else ""),
        (t("不共享原因", "Why it is not shared"), instrument.sharing_reason if instrument.sharing_mode == "none" else ""),
        (t("使用方式", "How it is used"), _joined(ways_of(instrument))),
        (t("机位", "Places"), t("{n} 个，可同时使用", "{n}, used side by side", n=instrument.lanes) if instrument.lanes > 1 else ""),
        (t("上机前准备", "Set-up before each use"), duration(instrument.setup_minutes) if instrument.setup_minutes else ""),
        (t("用后整理", "Clean-up after each use"), duration(instrument.cleanup_minutes) if instrument.cleanup_minutes else ""),
        (t("服务网址", "Its own website"), outside_link(instrument.service_url)),
        (t("时区", "Time zone"), zone_name(instrument.time_zone) if instrument.time_zone != HOME_ZONE else ""),
    ]


def _place(instrument: Instrument, words: Mapping[tuple[str, str], Sentence]) -> Pairs:
    facility, organisation = instrument.facility, instrument.organisation
    street = [_Words(words).of("city", instrument.city), instrument.county, instrument.street]
    inside = [instrument.building, instrument.room]
    return [
        (t("管理单位", "Organisation"), _search_link(name(organisation), organisation=organisation.id)),
        (t("所属设施", "Facility"), name(facility) if facility else ""),
        (t("部门", "Department"), instrument.department),
        (t("地点", "Place"), _joined([part for part in street if part])),
        (t("楼宇房间", "Building and room"), _joined([part for part in inside if part])),
        (t("经纬度", "Coordinates"), _coordinates(instrument)),
    ]


def ways_of(instrument: Instrument) -> list[str]:
    """Say how an instrument may be used, and whether training is needed first."""
    ways = [
        (instrument.self_operated, t("自主上机", "self-operated")),
        (not instrument.self_operated, t("由工作人员协助上机", "operated with the staff")),
        (instrument.sample_service, t("可送样检测", "samples taken in")),
        (instrument.needs_qualification, t("自主上机须先培训", "training needed to operate it")),
    ]
    return [words for holds, words in ways if holds]


class _Words:
    """Codes in words; text that is no code stays as it was written."""

    def __init__(self, words: Mapping[tuple[str, str], Sentence]) -> None:
        self._words = words

    def of(self, list_name: str, code: str) -> str:
        found = self._words.get((list_name, code))
        return say(found) if found else code


def _joined(parts: Sequence[str]) -> str:
    return t("，", ", ").join(parts)


def _path_links(path: Sequence[Category]) -> Markup:
    return Markup(" / ").join(_search_link(name(category), category=category.code) for category in path)


def _search_link(text: str, **query: str | int) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url_for("search.results", **query), text)


def outside_link(address: str) -> Markup | str:
    """Give a link to a page elsewhere; an address that is none stays plain text."""
    if not address.lower().startswith(("http://", "https://")):
        return address
    return Markup('<a href="{}" rel="noopener nofollow">{}</a>').format(address, escape(address))


def _coordinates(instrument: Instrument) -> str:
    if instrument.latitude is None or instrument.longitude is None:
        return ""
    return f"{instrument.latitude:.5f}, {instrument.longitude:.5f}"
