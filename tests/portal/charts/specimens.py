"""A page with one chart of each kind, and one with the charts that could go wrong: what the tests of the charts look at."""

from __future__ import annotations

from calendar import month_abbr
from pathlib import Path

from flask import Flask, render_template
from jinja2 import ChoiceLoader, FileSystemLoader

from instruments.errors import Sentence
from portal.charts import BAR, LINE, STACKED, Benchmark, Chart, Point, Series, boxes, histogram, named, points, week
from tests.portal.look.site import make_site

HOURS, SHARE = Sentence("小时", "h"), Sentence("%", "%")
MONTHS = tuple(Sentence(f"{month}月", month_abbr[month]) for month in range(1, 13))
YEARS = tuple(named(str(year)) for year in range(2021, 2027))
ORGANISATIONS = (
    Sentence("汾河理工大学", "Fenhe University of Technology"),
    Sentence("太行大学", "Taihang University"),
    Sentence("山西煤炭化学与先进材料研究院", "Institute of Coal Chemistry and Advanced Materials"),
    Sentence("晋阳医科大学", "Jinyang Medical University"),
    Sentence("云冈文物保护科学中心", "Yungang Centre for Conservation Science"),
)
MENDING = Sentence("3月停机检修。", "In March it was under repair.")
HOSTILE = "</script><img src=x onerror=window.harmed=1>\"'`{b|x}{{7*7}}\u2028<!--"


def each_kind() -> dict[str, Chart]:
    """Give one chart of each kind, by name."""
    return {
        "line": line(),
        "bar": Chart(
            BAR,
            Sentence("六年来平均有效机时升到 1,602 小时。", "In six years mean effective hours rose to 1,602 h."),
            Sentence("年度", "Year"),
            YEARS,
            (
                Series(Sentence("高校", "Universities"), points((1208, 1311, 1377, 1502, 1544, 1602))),
                Series(Sentence("科研院所", "Institutes"), points((1402, 1420, 1398, 1480, 1520, 1571))),
                Series(Sentence("企业", "Firms"), points((None, 640, 712, 905, 980, 1033))),
            ),
            HOURS,
            benchmarks=(Benchmark(Sentence("全国平均（2025）", "National mean (2025)"), 1599),),
        ),
        "lying": Chart(
            BAR,
            Sentence("五家单位中两家高于全国平均。", "Two of five organisations are above the national mean."),
            Sentence("单位", "Organisation"),
            ORGANISATIONS,
            (Series(Sentence("对外服务机时", "External hours"), points((271, 312, 198, 88, 140), tuple(f"/rows/{n}" for n in range(5)))),),
            HOURS,
            benchmarks=(
                Benchmark(Sentence("全国平均（2024）", "National mean (2024)"), 256, "/benchmarks"),
                Benchmark(Sentence("全国平均（2019）", "National mean (2019)"), 240),
            ),
            explained="/help",
        ),
        "stacked": Chart(
            STACKED,
            Sentence("对外服务占全部机时的比例逐月上升。", "Month by month a larger part of the hours goes to others."),
            Sentence("月份", "Month"),
            MONTHS[:8],
            tuple(
                Series(name, points(tuple(base + step * month for month in range(8))))
                for name, base, step in (
                    (Sentence("课题组", "Own group"), 60, -3),
                    (Sentence("校内", "Internal"), 40, 1),
                    (Sentence("校外", "Academic"), 20, 3),
                    (Sentence("企业", "Enterprise"), 8, 2),
                    (Sentence("其他", "Other"), 4, 0),
                )
            ),
            HOURS,
        ),
        "week": week(
            Sentence("工作日下午最忙，周末上午空闲。", "Weekday afternoons are the busiest; weekend mornings are free."),
            [[_busy(day, hour) for hour in range(24)] for day in range(7)],
            unit=SHARE,
            explained="/help",
        ),
        "histogram": histogram(
            Sentence("多数仪器每年工作 1,200 至 1,600 小时。", "Most instruments work 1,200 to 1,600 h a year."),
            Sentence("年有效机时（小时）", "Effective hours a year"),
            range(0, 2401, 200),
            points((12, 18, 31, 44, 80, 131, 188, 171, 92, 40, 14, 3), tuple(f"/rows/{n}" for n in range(12))),
            unit=Sentence("台", "instruments"),
            benchmarks=(Benchmark(Sentence("全国平均（2024）", "National mean (2024)"), 1511),),
        ),
        "box": boxes(
            Sentence("透射电镜的等待时间相差最大。", "Waiting times differ most for transmission microscopes."),
            Sentence("类别", "Class"),
            [Sentence("扫描电镜", "SEM"), Sentence("透射电镜", "TEM"), Sentence("核磁", "NMR"), Sentence("质谱", "MS")],
            [points((1, 2, 3.5, 5, 9)), points((2, 6, 11, 19, 34)), points((None,) * 5, reason=MENDING), points((0.5, 1, 2, 4, 8))],
            unit=Sentence("天", "days"),
            decimals=1,
            benchmarks=(Benchmark(Sentence("全省目标", "Aim of the province"), 7),),
        ),
    }


def line() -> Chart:
    """Give two lines over the months, one of them with a gap."""
    mended: list[float | None] = [112.4, 120, None, 131.5, 140, 138, 90, 84.25, 150, 161, 158, 162]
    return Chart(
        LINE,
        Sentence("2026 年对外服务机时在秋季最高。", "In 2026 external hours were highest in autumn."),
        Sentence("月份", "Month"),
        MONTHS,
        (
            Series(Sentence("太原", "Taiyuan"), points(mended, tuple(f"/rows?month={month}" for month in range(1, 13)), MENDING)),
            Series(Sentence("大同", "Datong"), points((60, 64, 71, 70, 82, 80, 41, 38, 90, 96, 99, 104))),
        ),
        HOURS,
        1,
        (Benchmark(Sentence("全国月均（2024）", "National monthly mean (2024)"), 21.3),),
        "/help",
    )


def hard_ones() -> dict[str, Chart]:
    """Give charts whose names, numbers or emptiness could break a page."""
    title, axis, hours = Sentence("标题", "Title"), Sentence("单位", "Organisation"), Sentence("机时", "Hours")
    long = tuple(Sentence("山西" + "超长" * 40 + f"第{n}研究院", f"The very long {'and longer ' * 12}institute {n}") for n in range(60))
    return {
        "hostile": Chart(
            BAR, named(HOSTILE), named(HOSTILE), (named(HOSTILE), named(HOSTILE)),
            (Series(named(HOSTILE), points((3, None), reason=named(HOSTILE))), Series(named(HOSTILE), points((1, 2)))),
            named(HOSTILE), benchmarks=(Benchmark(named(HOSTILE), 2),),
        ),
        "sixty": Chart(BAR, title, axis, long, (Series(hours, points(range(60))),), HOURS),
        "none": Chart(BAR, title, axis, (), (Series(hours, ()),), empty=Sentence("这一年没有使用记录。", "There are no uses in this year.")),
        "nothing": Chart(LINE, title, axis, MONTHS[:2], (Series(hours, points((None, None), reason=MENDING)),)),
        "one": Chart(LINE, title, axis, MONTHS[:1], (Series(hours, points((7,))),), HOURS),
        "gaps": Chart(LINE, title, axis, MONTHS[:5], (Series(hours, points((None, 5, None, 4, None), reason=MENDING)),), HOURS),
        "many": Chart(LINE, title, axis, MONTHS, tuple(Series(long[n], points(range(n, n + 12))) for n in range(12)), HOURS),
        "dense": Chart(LINE, title, axis, tuple(named(str(day)) for day in range(366)), (Series(hours, points(_patchy(366))),), HOURS),
        "below": Chart(STACKED, title, axis, YEARS, (Series(hours, points((3, -2, 0, 4, -1, 2))),), HOURS),
        "flat": week(title, [points((0,) * 24)] * 7),
    }  # fmt: skip


def make_chart_site() -> Flask:
    """Put the site of the look together, with the two pages of charts."""
    app = make_site()
    app.jinja_loader = ChoiceLoader([FileSystemLoader(Path(__file__).parent), app.jinja_loader])  # type: ignore[list-item]  # it has one
    app.add_url_rule("/charts", "charts", lambda: render_template("specimens.html", charts=each_kind()))
    app.add_url_rule("/hard", "hard", lambda: render_template("specimens.html", charts=hard_ones()))
    app.add_url_rule("/rows", "rows", lambda: "<title>rows</title>")
    app.add_url_rule("/rows/<int:number>", "row", lambda number: f"<title>rows</title>{number}")
    return app


def _patchy(count: int) -> list[int | None]:
    """Give figures with gaps; on both sides of the 101st there is one."""
    return [None if 95 <= at <= 105 and at != 100 else 50 + at % 30 for at in range(count)]


def _busy(day: int, hour: int) -> Point:
    if day == 6 and hour < 6:
        return Point(None, reason=Sentence("周日凌晨不开放。", "It is closed early on Sundays."))
    at_work = max(0, 90 - 9 * abs(hour - 14)) if day < 5 else max(0, 30 - 6 * abs(hour - 16))
    return Point(at_work + day, f"/rows?day={day}&hour={hour}")
