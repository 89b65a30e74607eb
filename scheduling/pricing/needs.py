"""Which figures of history a tariff asks for before it can price a use."""

from __future__ import annotations

from scheduling.pricing.caps import cap_windows
from scheduling.pricing.metering import billed
from scheduling.pricing.pieces import Question
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.tiers import cycle_need
from scheduling.pricing.use import Need, Use


def needs(spec: TariffSpec, use: Use) -> tuple[Need, ...]:
    """Give the figures of other uses that the price of this one depends on, each once."""
    question = Question(spec, use)
    tiers = [cycle_need(meter, use) for meter in spec.meters if meter.is_for(use.audience, use.mode)]
    spans = sorted(span for meter in spec.meters if meter.is_time for span in billed(meter, use) or ())
    caps = [need for cap in spec.caps if cap.only.is_met(use) for _, need in cap_windows(cap, question, spans)]
    return tuple(dict.fromkeys(need for need in (*tiers, *caps) if need is not None))
