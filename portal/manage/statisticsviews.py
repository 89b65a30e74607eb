"""More of the desk of statistics: how figures are spread over instruments, what kinds of use there were, and why a sharing rate changed."""

from __future__ import annotations

from fractions import Fraction

from flask import render_template, request, url_for

from instruments.errors import NotFound, Sentence
from portal import clock
from portal.auth import viewer
from portal.charts import BAR, Benchmark, Chart, Point, Series, histogram
from portal.figurewords import definition_url, national_means, signed
from portal.manage.blueprint import manage
from portal.manage.statisticschoices import choices
from portal.manage.statisticsnotes import InstrumentNotes, instrument_notes
from portal.pages import here_with
from portal.statisticsform import Wanted, read_wanted
from portal.transactions import reading
from scheduling.statistics.breakdown import KINDS, WORDS, Breakdown, breakdown, exchanges, instruments_of
from scheduling.statistics.change import NO_HOURS, Change, Moved, change_of_sharing, shifted
from scheduling.statistics.publishing import source_of
from scheduling.statistics.spread import Spreads, edges_of, spreads

HOURS_STEP, PERCENTS = 100, tuple(range(0, 101, 10))
PAIRS = 50
DRAWN = 15
INSTRUMENTS = Sentence("台", "instruments")
PERCENT = Sentence("%", "%")


@manage.get("/statistics/spread")
def statistics_spread() -> str:
    """Show how effective hours and sharing are spread over the instruments."""
    wanted = read_wanted(request.args, clock.now())
    with reading() as session:
        found = spreads(session, wanted.period, wanted.scope, viewer=viewer(), source=source_of(session, wanted.period))
        return render_template(
            "statistics/spread.html", wanted=wanted, choices=choices(session, wanted), found=found,
            hours=_hours_chart(found, wanted), sharing=_sharing_chart(found, wanted),
        )  # fmt: skip


@manage.get("/statistics/kinds")
def statistics_kinds() -> str:
    """Show who used the instruments, how and what for, and which organisations use which."""
    wanted = read_wanted(request.args, clock.now())
    with reading() as session:
        source = source_of(session, wanted.period)
        found = breakdown(session, wanted.period, wanted.scope, viewer=viewer(), source=source)
        pairs = exchanges(session, wanted.period, wanted.scope, viewer=viewer(), source=source, limit=PAIRS + 1)
        return render_template(
            "statistics/kinds.html", wanted=wanted, choices=choices(session, wanted), found=found, kinds=KINDS, pairs=pairs[:PAIRS],
            has_more=len(pairs) > PAIRS, part_url=lambda kind, part: _part_url(wanted, kind, part),
            charts={kind: parts_chart(found, kind, wanted.period.title) for kind in KINDS},
        )  # fmt: skip


@manage.get("/statistics/kinds/<any(audience, mode, purpose):kind>/<part>")
def statistics_part(kind: str, part: str) -> str:
    """Show which instruments make one part of a kind of use, a page at a time."""
    if part not in WORDS[kind]:
        raise NotFound
    wanted = read_wanted(request.args, clock.now())
    with reading() as session:
        rows = instruments_of(
            session, wanted.period, kind, part, wanted.scope, viewer=viewer(), source=source_of(session, wanted.period),
            limit=PAIRS + 1, offset=(wanted.page - 1) * PAIRS,
        )  # fmt: skip
        if wanted.page > 1 and not rows:
            raise NotFound
        notes = instrument_notes(session, [one.key for one in rows], wanted.period)
        return render_template(
            "statistics/part.html", wanted=wanted, words=KINDS[kind], title=WORDS[kind][part], rows=rows[:PAIRS],
            first=(wanted.page - 1) * PAIRS, notes=notes.words, instrument_url=lambda one: notes.address(one.key, instrument_url(wanted, one.key)),
            next_url=here_with(page=wanted.page + 1) if len(rows) > PAIRS else None,
        )  # fmt: skip


@manage.get("/statistics/changes")
def statistics_changes() -> str:
    """Show which instruments and which months made a sharing rate what it is, against an earlier time."""
    wanted = read_wanted(request.args, clock.now())
    then = wanted.against or shifted(wanted.period, -1)
    with reading() as session:
        found = change_of_sharing(
            session, wanted.period, then, wanted.scope, viewer=viewer(),
            source=source_of(session, wanted.period), source_then=source_of(session, then),
        )  # fmt: skip
        notes = instrument_notes(session, [one.key for one in found.instruments], wanted.period)
        return render_template(
            "statistics/changes.html", wanted=wanted, then=then, choices=choices(session, wanted), found=found, reason=NO_HOURS,
            notes=notes.words, signed=signed, chart=_change_chart(found, wanted, notes) if found.whole.contribution is not None else None,
            instrument_url=lambda one: notes.address(one.key, instrument_url(wanted, one.key)), month_url=lambda one: _month_url(wanted, one),
        )  # fmt: skip


def instrument_url(wanted: Wanted, key: str) -> str:
    """Give the address of an instrument's figures of the same time."""
    return url_for("manage.statistics_instrument", instrument_id=int(key), **wanted.address(by=None, sort=None, show=None))


def _part_url(wanted: Wanted, kind: str, part: str) -> str:
    """Give the address of the instruments that make a part; none for a part the portal has no word for."""
    if part not in WORDS[kind]:
        return ""
    return url_for("manage.statistics_part", kind=kind, part=part, **wanted.address(by=None, sort=None, show=None))


def _month_url(wanted: Wanted, one: Moved) -> str:
    given = wanted.address(by="instrument", span="months", from_=one.key, to=one.key, sort="-external_minutes", show="sharing", against=None)
    return url_for("manage.statistics", **given)


def parts_chart(found: Breakdown, kind: str, title: Sentence) -> Chart:
    """Draw the effective hours by one kind of use."""
    words, parts = KINDS[kind], found.parts[kind]
    return Chart(
        BAR, Sentence(f"{title.zh}有效机时：{words.zh}", f"Effective hours {title.en}: {words.en.lower()}"), words,
        tuple(part.label for part in parts),
        (Series(Sentence("有效机时", "Effective hours"), tuple(Point(round(part.amounts.effective / 60, 1)) for part in parts)),),
        Sentence("小时", "h"), 1, explained=definition_url("effective_minutes"),
    )  # fmt: skip


def _hours_chart(found: Spreads, wanted: Wanted) -> Chart:
    quartiles = found.hours.quartiles or (Fraction(0),) * 5
    edges = edges_of(int(quartiles[4]), HOURS_STEP)
    counts = [Point(one) for one in found.hours.binned(edges)]
    lines = [Benchmark(Sentence("中位数", "Median"), round(float(quartiles[2]), 1))] if found.hours.quartiles else []
    lines += [one for one in national_means("mean_effective_hours", float(wanted.period.years)) if 0 < one.value < edges[-1]]
    return histogram(
        Sentence(f"{wanted.period.title.zh}各仪器有效机时的分布", f"How effective hours are spread over instruments, {wanted.period.title.en}"),
        Sentence("有效机时（小时）", "Effective hours"), edges, counts if found.hours.number else [Point(None)] * len(counts),
        unit=INSTRUMENTS, benchmarks=tuple(lines), explained=definition_url("effective_minutes"),
    )  # fmt: skip


def _sharing_chart(found: Spreads, wanted: Wanted) -> Chart:
    binned = found.sharing.binned(tuple(10 * edge for edge in PERCENTS))
    quartiles = found.sharing.quartiles
    lines = (Benchmark(Sentence("中位数", "Median"), round(float(quartiles[2]) / 10, 1)),) if quartiles else ()
    return histogram(
        Sentence(f"{wanted.period.title.zh}各仪器共享率的分布", f"How the sharing rate is spread over instruments, {wanted.period.title.en}"),
        Sentence("共享率（%）", "Sharing rate (%)"), PERCENTS, [Point(one if quartiles else None) for one in binned],
        unit=INSTRUMENTS, benchmarks=lines, explained=definition_url("sharing_rate"),
    )  # fmt: skip


def _change_chart(found: Change, wanted: Wanted, notes: InstrumentNotes) -> Chart:
    parts = [one for one in found.instruments if one.contribution][:DRAWN]
    return Chart(
        BAR, Sentence("各仪器对共享率变化的贡献", "What each instrument adds to the change of the sharing rate"), Sentence("仪器", "Instrument"),
        tuple(one.label for one in parts),
        (
            Series(
                Sentence("贡献", "Contribution"),
                tuple(Point(round(float(one.contribution or 0) * 100, 2), notes.address(one.key, instrument_url(wanted, one.key))) for one in parts),
            ),
        ),
        Sentence("个百分点", "points"), 2, explained=definition_url("change"),
    )  # fmt: skip
