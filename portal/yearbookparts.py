"""A year as it stands on paper: a sentence, key figures against last year and the nation, charts and tables, and what each figure means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from instruments.errors import Sentence
from portal.charts import LINE, Chart, Series
from portal.figurerows import BY_CODE
from portal.figurewords import UNITS, difference, drawn, heading, point, signed, written
from portal.formats import HOME, number, when
from portal.language import name, say, t
from portal.pages import portal_name
from portal.paper import Paper, PaperPart, PaperTable, Row
from portal.paperparts import MONTH, bars, by_month, definitions_part, figure_table, first_sentence, left_out, month_names, people, stacked
from portal.yearbook import MOST_CORRECTIONS, ROWS, Yearbook
from scheduling.statistics.indicators import INDICATORS
from scheduling.statistics.quantities import TITLES
from scheduling.statistics.reports import BY

KEY = (
    "instruments", "mean_effective_hours", "mean_external_hours", "sharing_rate", "utilisation_survey", "utilisation_offered", "open_rate",
    "effective_minutes", "external_minutes", "uses", "samples", "income", "satisfaction",
)  # fmt: skip
TOLD = ("instruments", "effective_minutes", "external_minutes", "mean_effective_hours", "mean_external_hours", "sharing_rate")
MONTHLY = ("opening_minutes", "effective_minutes", "external_minutes", "sharing_rate", "uses")
LOST = ("down_open_minutes", "no_show_minutes", "late_cancel_minutes")
MONEY = ("income", "external_income", "income_yield")
RATED = ("rated", "satisfied", "satisfaction")
PLACES = ("organisation", "facility", "category", "city")
SMALL = Sentence("人数很少时不显示。", "Small numbers of people are not shown.")


def yearbook_paper(found: Yearbook, now: datetime) -> Paper:
    """Write a year as a report, in the reader's language."""
    owner = portal_name() if found.organisation is None else name(found.organisation)
    title = t("{year} 年度共享报告", "Sharing in {year}", year=found.number)
    foot = t("{owner} · {title} · 打印于 {at}", "{owner} · {title} · printed {at}", owner=owner, title=title, at=when(now, HOME))
    is_running = not found.period.is_over(now.date())
    time = t("{year} 年至今", "So far in {year}", year=found.number) if is_running else t("{year} 年", "In {year}", year=found.number)
    parts = tuple(_parts(found)) if found.has_data else ()
    first = first_sentence(found.total, time, _change(found)) if found.has_data else _nothing(found)
    return Paper(title, owner, first, state(found), parts, foot)


def _nothing(found: Yearbook) -> str:
    return t(
        "{year} 年没有使用记录，因此没有可以报告的数字。",
        "No use is on record for {year}, so there is nothing to report.",
        year=found.number,
    )


def state(found: Yearbook) -> str:
    """Say how final the figures are."""
    if found.published is None:
        return t(
            "初步数据：该年度尚未公布，数字还会变化。", "Preliminary: the year is not published yet, and its figures may still change."
        )
    at, count = when(found.published.published_at, HOME), len(found.corrected)
    if not count:
        return t("数据为 {at} 公布时的数据，此后没有更正。", "As published on {at}; nothing has been corrected since.", at=at)
    return t(
        "数据为 {at} 公布时的数据；此后的 {n} 处更正列于文末。",
        "As published on {at}; corrections since then ({n}) stand at the end.",
        at=at,
        n=count,
    )


def _change(found: Yearbook) -> str:
    if not found.before.quantities.effective:
        return ""
    now, then = (float(row.indicators["sharing_rate"].value or 0) * 100 for row in (found.total, found.before))
    return t("，与上年相比 {change}", ", {change} against the year before", change=signed(now - then, "rate"))


def _parts(found: Yearbook) -> Iterator[PaperPart]:
    yield _key_figures(found)
    yield _months(found)
    for by in PLACES:
        if by in found.by and found.by[by].rows:
            yield _places(found, by)
    yield _top(found)
    yield _lost(found)
    yield _income(found)
    yield _satisfaction(found)
    if found.corrected:
        yield _corrections(found)
    codes = dict.fromkeys((*KEY, *TOLD, *MONTHLY, *LOST, *MONEY, *RATED, "down_share", "no_show_share"))
    yield definitions_part([code for code in codes if code != "instruments"])


def _key_figures(found: Yearbook) -> PaperPart:
    before = found.before if found.before.quantities.instruments else None
    rows: list[Row] = []
    for code in KEY:
        column = BY_CODE[code]
        values = [column.figure(found.total), column.figure(before) if before else None, column.figure(found.comparable)]
        rows.append(
            (heading(column), *(written(column, value) for value in values[:2]), difference(column, values[0], values[1]) or "–",
             written(column, values[2]), national(code, found.number))
        )  # fmt: skip
    rows += [
        (say(TITLES[code]), people(count), "–", "–", "–", "–")
        for code, count in (("users", found.users), ("external_users", found.external_users))
    ]
    heads = (
        t("指标", "Figure"), str(found.number), str(found.number - 1), t("变化", "Change"), t("原值 50 万元及以上", "500,000 yuan and more"),
        t("全国平均", "National mean"),
    )  # fmt: skip
    note = t(
        "全国平均统计的是原值 50 万元及以上的仪器，因此应与前一列比较。",
        "The national means are about instruments of 500,000 yuan and more: compare them with the column before.",
    )
    return PaperPart("key", t("主要数字", "Key figures"), table=PaperTable(heads, tuple(rows)), notes=(note,))


def national(code: str, year: int) -> str:
    """Write the national mean of a year, or else the latest known with its year."""
    known = INDICATORS[code].national if code in INDICATORS else {}
    if not known:
        return "–"
    which = year if year in known else max(known)
    return t("{mean}（{year}）", "{mean} ({year})", mean=number(known[which]), year=which)


def _months(found: Yearbook) -> PaperPart:
    months = found.by["month"]
    return PaperPart("months", t("逐月", "By month"), chart=by_month(months), table=figure_table(months, MONTHLY, 12))


def _places(found: Yearbook, by: str) -> PaperPart:
    report, words = found.by[by], BY[by]
    code = "mean_effective_hours" if by == "category" else "mean_external_hours"
    column = BY_CODE[code].title
    title = Sentence(f"按{words.zh}：{column.zh}", f"{column.en} by {words.en.lower()}")
    users = found.users_of if by == found.main else None
    notes = left_out(report, ROWS) + ((say(SMALL),) if users and any(count.value is None for count in users.values()) else ())
    return PaperPart(
        by,
        t("按{by}", "By {by}", by=say(words).lower()),
        chart=bars(report, code, title),
        table=figure_table(report, TOLD, ROWS, users),
        notes=notes,
    )


def _top(found: Yearbook) -> PaperPart:
    columns = [BY_CODE[code] for code in ("external_minutes", "effective_minutes", "sharing_rate", "external_uses")]
    rows = tuple((say(row.label), *(written(column, column.figure(row)) for column in columns)) for row in found.top)
    title = t("对外服务最多的仪器", "The most shared instruments")
    if not rows:
        return PaperPart("top", title, (t("这一年没有对外服务。", "Nothing was done for others in this year."),))
    return PaperPart("top", title, table=PaperTable((t("仪器", "Instrument"), *map(heading, columns)), rows))


def _lost(found: Yearbook) -> PaperPart:
    months = found.by["month"]
    chart = stacked(
        months, Sentence("逐月损失的机时", "Hours lost, by month"),
        [(BY_CODE[code].title, lambda row, code=code: drawn(BY_CODE[code], BY_CODE[code].figure(row) or 0)) for code in LOST],
        UNITS["hours"],
    )  # type: ignore[misc]  # a lambda with a default  # fmt: skip
    return PaperPart("lost", t("损失的机时", "Hours lost"), chart=chart, table=_two_years(found, (*LOST, "down_share", "no_show_share")))


def _income(found: Yearbook) -> PaperPart:
    chart = stacked(
        found.by["month"], Sentence("逐月服务收入", "Income by month"),
        (
            (Sentence("对内", "From its own"), lambda row: float(row.quantities.yuan("income") - row.quantities.yuan("external_income"))),
            (Sentence("对外", "From others"), lambda row: float(row.quantities.yuan("external_income"))),
        ),
        UNITS["yuan"],
    )  # fmt: skip
    return PaperPart("income", t("收入", "Income"), chart=chart, table=_two_years(found, MONEY))


def _satisfaction(found: Yearbook) -> PaperPart:
    title, n = t("满意度", "Satisfaction"), found.total.quantities.rated
    if not n:
        return PaperPart("satisfaction", title, (t("这一年没有评价。", "Nobody rated a service in this year."),))
    column, months = BY_CODE["satisfaction"], found.by["month"]
    sentence = t(
        "用户评价了 {n} 次服务，其中“非常满意”或“基本满意”的占 {share}（n = {n}）。",
        "Users rated {n} services; {share} of them very satisfied or satisfied (n = {n}).",
        n=number(n), share=written(column, column.figure(found.total)),
    )  # fmt: skip
    series = (Series(column.title, tuple(point(column, row) for row in months.rows)),)
    chart = Chart(LINE, Sentence("逐月满意率", "Satisfaction by month"), MONTH, month_names(months), series, UNITS["rate"], 1)
    return PaperPart("satisfaction", title, (sentence,), chart, figure_table(months, RATED, 12))


def _two_years(found: Yearbook, codes: Sequence[str]) -> PaperTable:
    rows = []
    for code in codes:
        column = BY_CODE[code]
        values = column.figure(found.total), column.figure(found.before)
        rows.append((heading(column), *(written(column, value) for value in values), difference(column, *values) or "–"))
    return PaperTable((t("指标", "Figure"), str(found.number), str(found.number - 1), t("变化", "Change")), tuple(rows))


def _corrections(found: Yearbook) -> PaperPart:
    columns = {column.code.removesuffix("_minutes"): column for column in BY_CODE.values()}
    rows = []
    for one in found.corrected[:MOST_CORRECTIONS]:
        column = columns[one.name]
        values = [one.published / 100 if column.unit == "yuan" else one.published, one.now / 100 if column.unit == "yuan" else one.now]
        rows.append((say(one.label), heading(column), *(written(column, value) for value in values)))
    more = len(found.corrected) - MOST_CORRECTIONS
    notes = (t("另有 {n} 处更正。", "And {n} more corrections.", n=more),) if more > 0 else ()
    heads = (t("何处", "Where"), t("指标", "Figure"), t("公布时", "As published"), t("现在", "Now"))
    return PaperPart("corrections", t("公布后的更正", "Corrected since"), table=PaperTable(heads, tuple(rows)), notes=notes)
