"""What deserves attention by the records themselves: no rates, uses not captured automatically, problems that pile up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from instruments.catalogue import Instrument
from instruments.errors import Sentence
from instruments.tariffs import InstrumentTariff, TariffVersion
from scheduling.statistics.gathering import counts
from scheduling.statistics.marks import IN_SERVICE, Look, columns
from scheduling.usage import UNSEEN, UsageRecord
from scheduling.usageproblems import UsageProblem
from scheduling.usepolicy import UsePolicy

LATELY = timedelta(weeks=4)


class NoRates:
    """Open for booking or samples, without rates in force."""

    code = "no_rates"
    title = Sentence("未公布收费标准", "No rates published")

    def sentence(self, look: Look) -> Sentence:
        """Say what it means."""
        return Sentence("已发布并接受预约或送样，但没有生效的收费标准。", "Published and open for bookings or samples, with no rates in force.")

    def marked(self, look: Look) -> Select[Any]:
        """Select those without."""
        opened = and_(Instrument.publication == "published", or_(Instrument.accepts_bookings, Instrument.sample_service))
        return select(Instrument.id).where(look.mine, opened, Instrument.sharing_mode != "none", ~has_rates(look.now))

    def figures(self, look: Look, ids: Sequence[int]) -> Select[Any]:
        """Select nothing but the instruments."""
        return select(*columns()).where(Instrument.id.in_(ids))

    def words(self, look: Look, figures: Sequence[int]) -> Sentence:
        """Say so."""
        return Sentence("没有生效的收费标准", "No rates in force")


def has_rates(now: datetime) -> ColumnElement[bool]:
    """Give the SQL for instruments whose tariff in use says something now."""
    used = (
        select(InstrumentTariff.tariff_id)
        .where(InstrumentTariff.instrument_id == Instrument.id, InstrumentTariff.valid_from <= now)
        .order_by(InstrumentTariff.valid_from.desc())
        .limit(1)
        .correlate(Instrument)
        .scalar_subquery()
    )
    in_force = TariffVersion.valid_from <= now, TariffVersion.withdrawn_at.is_(None)
    return select(TariffVersion.id).where(TariffVersion.tariff_id == used, *in_force).correlate(Instrument).exists()


class ByHand:
    """Uses not captured automatically where the organisation requires it (usepolicy.Policy.wants_automatic)."""

    code = "by_hand"
    title = Sentence("应自动采集而未采集", "Not captured automatically")

    def sentence(self, look: Look) -> Sentence:
        """Say who requires it."""
        return Sentence(
            f"单位要求该原值以上的仪器自动采集使用时间，但 {look.year} 年有使用记录的起止时间不来自电表、刷卡或扫码。",
            f"The organisation requires automatic capture from this value on, yet uses of {look.year} have times from no meter, card or QR code.",
        )

    def marked(self, look: Look) -> Select[Any]:
        """Select those with such uses; found by an index that has these uses only."""
        by_hand = select(UsageRecord.id).where(UsageRecord.instrument_id == Instrument.id, *self._year(look), UNSEEN, counts())
        return (
            select(Instrument.id)
            .join(UsePolicy, UsePolicy.organisation_id == Instrument.organisation_id)
            .where(look.mine, Instrument.publication.in_(IN_SERVICE), Instrument.original_value >= UsePolicy.automatic_from_value)
            .where(by_hand.correlate(Instrument).exists())
        )

    def figures(self, look: Look, ids: Sequence[int]) -> Select[Any]:
        """Select how many such uses, of how many."""
        used = select(*columns(func.count().filter(UNSEEN), func.count())).join(UsageRecord, UsageRecord.instrument_id == Instrument.id)
        return used.where(Instrument.id.in_(ids), *self._year(look), UsageRecord.occupies, counts()).group_by(Instrument.id)

    def _year(self, look: Look) -> tuple[ColumnElement[bool], ...]:
        start, end = (datetime(number, 1, 1, tzinfo=look.now.tzinfo) for number in (look.year, look.year + 1))
        return UsageRecord.start_at >= start, UsageRecord.start_at < end

    def words(self, look: Look, figures: Sequence[int]) -> Sentence:
        """Give how many of how many."""
        return Sentence(f"{figures[1]} 次使用中有 {figures[0]} 次", f"{figures[0]} of {figures[1]} uses")


class ProblemsGrow:
    """Problems that stay open, or more opened than resolved."""

    code = "problems"
    title = Sentence("问题积压", "Problems pile up")

    def sentence(self, look: Look) -> Sentence:
        """Say the days."""
        days = look.limits.problem_days
        return Sentence(
            f"有使用问题超过 {days} 天未处理，或近四周新增多于处理。处理之前，这些使用不计入统计。",
            f"Problems with uses open for more than {days} days, or more opened than resolved in four weeks. Such uses do not count until resolved.",
        )

    def marked(self, look: Look) -> Select[Any]:
        """Select those with such."""
        return self._counted(look, Instrument.id).where(look.mine)

    def figures(self, look: Look, ids: Sequence[int]) -> Select[Any]:
        """Select how many are open too long, opened and resolved of late."""
        return self._counted(look, *columns(*self._counts(look))).where(Instrument.id.in_(ids))

    def _counts(self, look: Look) -> tuple[ColumnElement[int], ...]:
        lately, long_ago = look.now - LATELY, look.now - timedelta(days=look.limits.problem_days)
        old = func.count().filter(UsageProblem.resolved_at.is_(None), UsageProblem.opened_at <= long_ago)
        return old, func.count().filter(UsageProblem.opened_at > lately), func.count().filter(UsageProblem.resolved_at > lately)

    def _counted(self, look: Look, *wanted: Any) -> Select[Any]:
        lately, (old, opened, resolved) = look.now - LATELY, self._counts(look)
        return (
            select(*wanted)
            .join(UsageProblem, UsageProblem.instrument_id == Instrument.id)
            .where(or_(UsageProblem.resolved_at.is_(None), UsageProblem.resolved_at > lately, UsageProblem.opened_at > lately))
            .group_by(Instrument.id)
            .having(or_(old > 0, opened > resolved))
        )

    def words(self, look: Look, figures: Sequence[int]) -> Sentence:
        """Give the three."""
        old, opened, resolved = figures
        return Sentence(
            f"超期 {old} 个；近四周新增 {opened} 个，处理 {resolved} 个", f"{old} open too long; {opened} opened and {resolved} resolved in four weeks"
        )
