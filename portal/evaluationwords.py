"""How an evaluation's inputs, scores and grades are told: one wording for the pages of the province, the organisation and everybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from flask import url_for

from instruments.errors import Sentence
from instruments.evaluationinputs import COMES, INPUTS, sentence_of_input
from instruments.evaluationterms import Curve, Item, Part, Terms
from portal import formats
from portal.language import say, t
from scheduling.evaluations.freezing import Line
from scheduling.evaluations.inputs import Fact
from scheduling.evaluations.rounds import STATES, Evaluation
from scheduling.evaluations.scoring import ItemScore, PartScore, decimal_of
from scheduling.statistics.quantities import MONEY, TITLES

LOOKS = {"open": "", "frozen": "warn", "graded": "warn", "published": "good"}
MINUTES = ("effective", "external", "service")
REST_TITLES: Mapping[str, Sentence] = {
    "service": Sentence("校内服务机时", "Service within the organisation"), "value": Sentence("原值", "Original value"),
    "quota": Sentence("定额机时", "Quota"), "opened": Sentence("开放台数", "Open instruments"), "on_network": Sentence("在网台数", "On the network"),
    "in_register": Sentence("应入网台数", "In scope"), "counted": Sentence("登记的数量", "On record"), "was": Sentence("调整前", "Before"),
    "functions_used": Sentence("使用的功能数", "Functions used"), "functions_total": Sentence("全部功能数", "Functions there are"),
}  # fmt: skip
# Which quantities a figure is made of.
MADE_OF: Mapping[str, tuple[str, ...]] = {
    "quota_rate": ("effective", "quota", "instruments"), "effective_hours": ("effective", "instruments"), "external_hours": ("external", "instruments"),
    "sharing_rate": ("external", "effective"), "service_rate": ("service", "external", "effective"), "open_rate": ("opened", "instruments"),
    "coverage": ("on_network", "in_register"), "income_yield": ("income", "external_income", "value"), "external_income": ("external_income",),
    "internal_income": ("income", "external_income"), "satisfaction": ("satisfied", "rated"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An indicator on a page: its input in words, where it comes from, what it rests on, its curve, and what it scored."""

    item: Item
    value: str
    comes: str
    rests: tuple[tuple[str, str], ...]
    rows_url: str
    curve: str
    points: str
    note: str


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A part on a page with its items, points and score."""

    part: Part
    items: tuple[ShownItem, ...]
    points: str
    score: str


def number_of(value: Fraction | None, places: int = 2) -> str:
    """Write a score for the eye."""
    return t("无", "n/a") if value is None else f"{decimal_of(value, places).normalize():f}"


def value_words(key: str, value: Fraction | None) -> str:
    """Write an input with its unit."""
    if value is None:
        return t("无数据", "n/a")
    unit = INPUTS[key.partition(":")[0]].unit
    if unit == "rate":
        return f"{number_of(value * 100)} %"
    if unit == "yuan":
        return formats.money(decimal_of(value))
    return f"{number_of(value)} {say(UNIT[unit])}"


UNIT = {"hours": Sentence("小时", "h"), "people": Sentence("人", "people"), "count": Sentence("项", "pieces"), "points": Sentence("分", "points")}


def parts_of(one: Evaluation, line: Line) -> list[ShownPart]:
    """Show a line's parts, as the scheme orders them."""
    terms = one.scheme_version.terms
    scored = {part.code: part for part in line.score.parts}
    return [_part(one, line, part, scored[part.code]) for part in terms.parts]


def _part(one: Evaluation, line: Line, part: Part, scored: PartScore) -> ShownPart:
    points = {item.code: item for item in scored.items}
    items = tuple(_item(one, line, item, line.facts[item.key], points[item.code]) for item in part.items)
    return ShownPart(part, items, number_of(scored.points), number_of(scored.score))


def _item(one: Evaluation, line: Line, item: Item, fact: Fact, scored: ItemScore) -> ShownItem:
    notes = [say(words) for words in (fact.reason, scored.note) if words is not None]
    return ShownItem(
        item, value_words(item.key, fact.value), say(COMES[fact.comes]), tuple(_rests(item, fact)), _rows_url(one, line, item, fact),
        curve_words(item.curve), number_of(scored.points), t("；", "; ").join(notes),
    )  # fmt: skip


def _rests(item: Item, fact: Fact) -> Iterator[tuple[str, str]]:
    names = MADE_OF.get(item.input, ()) if fact.comes == "figures" else tuple(fact.rests)
    for name in names:
        value = fact.rests.get(name)
        if name in ("results", "given", "appeal") or value is None:
            continue
        yield say(REST_TITLES.get(name) or TITLES[name]), rest_words(name, value)


def rest_words(name: str, value: int | str) -> str:
    """Write a quantity an input rests on."""
    if name in MINUTES:
        return t("{n} 小时", "{n} h", n=number_of(Fraction(value) / 60))
    if name in MONEY or name == "value":
        return formats.money(decimal_of(Fraction(value) / 100))
    if name == "quota":
        return t("{n} 小时", "{n} h", n=value)
    return number_of(Fraction(value), 4)


def _rows_url(one: Evaluation, line: Line, item: Item, fact: Fact) -> str:
    """Give the page with the rows behind an input, for an instrument."""
    if one.of != "instrument" or fact.comes not in ("figures", "results"):
        return ""
    if fact.comes == "results":
        return url_for("manage.results", instrument_id=line.subject_id)
    return url_for("manage.uses", instrument=line.subject_id, show="confirmed")


def curve_words(curve: Curve) -> str:
    """Say how a value becomes points."""
    most = "100" if curve.most is None else f"{curve.most.normalize():f}"
    if not curve.is_whole_curve:
        return t("计分标准未填写", "scoring not filled in")
    if curve.kind == "linear" and curve.full is not None:
        return t("达到 {full} 得 {most} 分，按比例", "{most} points at {full}, in proportion below", full=f"{curve.full.normalize():f}", most=most)
    if curve.kind == "steps":
        levels = "、".join(f"≥{one.least.normalize():f} → {one.points.normalize():f}" for one in curve.steps)
        return t("分级：{levels}", "steps: {levels}", levels=levels)
    if curve.kind == "pieces" and curve.each is not None:
        said = t("每 {per} 得 {each} 分", "{each} points for every {per}", per=f"{curve.per.normalize():f}", each=f"{curve.each.normalize():f}")
        return said if curve.most is None else said + t("，至多 {most} 分", ", at most {most}", most=most)
    return t("按名次，第一得 {most} 分", "by rank, {most} points for the best", most=most)


def grade_words(terms: Terms, code: str) -> str:
    """Name a grade; none is said, too."""
    return next((say(one.title) for one in terms.grades if one.code == code), t("未评定", "not graded"))


def title_of(one: Evaluation) -> str:
    """Name a round by its scheme and time."""
    scheme = one.scheme_version.scheme
    return t("{period}{scheme}", "{scheme}, {period}", scheme=say(Sentence(scheme.name_zh, scheme.name_en or scheme.name_zh)), period=say(one.period.title))


def input_name(terms: Terms, code: str) -> str:
    """Name what is given; a self-assessed one by its indicator."""
    titles = {item.key: item.title for part in terms.parts for item in part.items}
    return say(titles[code] if ":" in code and code in titles else sentence_of_input(code))


WORDS = {
    "states": STATES, "evaluation_looks": LOOKS, "number_of": number_of, "grade_words": grade_words, "title_of": title_of,
    "input_name": input_name,
}  # fmt: skip
