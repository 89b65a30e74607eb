"""What deserves attention by the figures of the months: instruments idle, below their quota, little shared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, and_, case, cast, extract, func, or_, select

from instruments.catalogue import Instrument
from instruments.errors import Sentence
from scheduling.statistics.calendar import month_later
from scheduling.statistics.figures import MonthFigure
from scheduling.statistics.marks import Look, columns, hours, in_scope, summed
from scheduling.statistics.scope import DEDICATED_CLASS


class Idle:
    """No effective hour in twelve months while in service."""

    code = "idle"
    title = Sentence("一年未用", "Idle for a year")

    def sentence(self, look: Look) -> Sentence:
        """Say what it means."""
        span = f"{look.year_ago:%Y-%m}", f"{month_later(look.until, -1):%Y-%m}"
        return Sentence(
            f"在网且在规模内，{span[0]} 至 {span[1]} 的 12 个月没有一个有效机时。",
            f"In service and in scope, without one effective hour in the twelve months from {span[0]} to {span[1]}.",
        )

    def marked(self, look: Look) -> Select[Any]:
        """Select those that worked no hour."""
        worked = select(MonthFigure.instrument_id).where(
            MonthFigure.starts_on >= look.year_ago, MonthFigure.starts_on < look.until, MonthFigure.effective > 0
        )
        old = Instrument.published_at < datetime(look.year_ago.year, look.year_ago.month, 1, tzinfo=look.now.tzinfo)
        return select(Instrument.id).where(in_scope(look), old, Instrument.id.not_in(worked))

    def figures(self, look: Look, ids: Sequence[int]) -> Select[Any]:
        """Select the last month with an hour, as a number such as 202511."""
        last = func.max(extract("year", MonthFigure.starts_on) * 100 + extract("month", MonthFigure.starts_on))
        worked = and_(MonthFigure.instrument_id == Instrument.id, MonthFigure.starts_on < look.until, MonthFigure.effective > 0)
        return select(*columns(cast(last, Integer))).outerjoin(MonthFigure, worked).where(Instrument.id.in_(ids)).group_by(Instrument.id)

    def words(self, look: Look, figures: Sequence[int]) -> Sentence:
        """Say when it last worked."""
        if not figures[0]:
            return Sentence("从未有有效机时", "No effective hour ever")
        last = f"{figures[0] // 100}-{figures[0] % 100:02}"
        return Sentence(f"上次有有效机时：{last}", f"Last worked in {last}")


class BelowQuota:
    """Effective hours below the quota, for the months since the year's or the instrument's beginning."""

    code = "below_quota"
    title = Sentence("未达定额机时", "Below quota")

    def sentence(self, look: Look) -> Sentence:
        """Say the quota."""
        one = look.limits
        return Sentence(
            f"{look.year} 年已过 {look.months} 个月，有效机时低于按月折算的定额（通用 {one.general_hours}、专用及 04 类 {one.dedicated_hours} 小时/年）。",
            f"In {look.months} months of {look.year}, fewer effective hours than that share of the quota "
            f"({one.general_hours} h a year, {one.dedicated_hours} h dedicated or class 04).",
        )

    def marked(self, look: Look) -> Select[Any]:
        """Select those below."""
        chosen, effective, quota = self._compared(look, Instrument.id)
        return chosen.where(in_scope(look), effective < quota)

    def figures(self, look: Look, ids: Sequence[int]) -> Select[Any]:
        """Select effective minutes and the quota's."""
        chosen, effective, quota = self._compared(look, Instrument.id)
        return chosen.with_only_columns(*columns(effective, quota)).where(Instrument.id.in_(ids))

    def _compared(self, look: Look, *wanted: Any) -> tuple[Select[Any], ColumnElement[int], ColumnElement[int]]:
        sums = summed(look, "effective")
        quota = self._hours_a_year(look) * 5 * self._months(look)  # minutes: hours x 60 / 12
        chosen = select(*wanted).outerjoin(sums, sums.c.instrument_id == Instrument.id)
        return chosen, func.coalesce(sums.c.effective, 0), quota

    def _hours_a_year(self, look: Look) -> ColumnElement[int]:
        dedicated = or_(Instrument.is_dedicated, func.coalesce(Instrument.category_code, "").startswith(DEDICATED_CLASS))
        return case((dedicated, look.limits.dedicated_hours), else_=look.limits.general_hours)

    def _months(self, look: Look) -> ColumnElement[int]:
        """Give the whole months in which it was on the network: from the year's first, or the month after it came."""
        came = cast(extract("year", Instrument.published_at) * 12 + extract("month", Instrument.published_at), Integer)
        first = look.first.year * 12 + 1
        since = first + look.months - came - 1
        return case((came < first, look.months), (since < 0, 0), else_=since)

    def words(self, look: Look, figures: Sequence[int]) -> Sentence:
        """Give both figures."""
        done, due = hours(figures[0]), hours(figures[1])
        return Sentence(f"{done} 小时，折算定额 {due} 小时", f"{done} h of {due} h")


class LittleShared:
    """A sharing rate under the limit."""

    code = "little_shared"
    title = Sentence("共享率偏低", "Little shared")

    def sentence(self, look: Look) -> Sentence:
        """Say the limit."""
        least = look.limits.sharing_percent
        return Sentence(
            f"{look.year} 年对外服务机时不足有效机时的 {least}%（登记为外部共享，且有有效机时）。",
            f"In {look.year}, external hours below {least} % of the effective ones, though registered as shared with everybody.",
        )

    def marked(self, look: Look) -> Select[Any]:
        """Select those under it."""
        sums = summed(look, "external", "effective")
        under = cast(sums.c.external, BigInteger) * 100 < cast(sums.c.effective, BigInteger) * look.limits.sharing_percent
        chosen = select(Instrument.id).join(sums, sums.c.instrument_id == Instrument.id)
        return chosen.where(in_scope(look), Instrument.sharing_mode == "external", sums.c.effective > 0, under)

    def figures(self, look: Look, ids: Sequence[int]) -> Select[Any]:
        """Select external and effective minutes."""
        sums = summed(look, "external", "effective")
        chosen = select(*columns(sums.c.external, sums.c.effective)).join(sums, sums.c.instrument_id == Instrument.id)
        return chosen.where(Instrument.id.in_(ids))

    def words(self, look: Look, figures: Sequence[int]) -> Sentence:
        """Give the rate and its two figures."""
        rate = f"{figures[0] / figures[1] * 100:.1f}"
        outside, all_of = hours(figures[0]), hours(figures[1])
        return Sentence(f"{rate}%（对外 {outside} 小时，有效 {all_of} 小时）", f"{rate} % ({outside} h external of {all_of} h)")
