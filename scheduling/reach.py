"""May this person book this instrument at all, whatever the time: judged by the same rules as a booking, by those that concern the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Refusal
from instruments.qualifications import Qualification
from instruments.timespan import TimeSpan
from scheduling.cases import judge_case, read_facts
from scheduling.reserving import Wish

ABOUT_THE_PERSON = frozenset({"not_published", "no_bookings", "sharing", "audience", "qualification", "mode"})


@dataclass(frozen=True, slots=True)
class Reach:
    """How a person stands to an instrument: the audience she belongs to, what keeps her from booking, whether a manager decides."""

    audience: str
    mode: str
    refusals: tuple[Refusal, ...]
    approvals: tuple[Refusal, ...]
    qualification: Qualification | None

    @property
    def lacks_qualification(self) -> bool:
        """Say whether nothing but the qualification is missing to operate it herself."""
        return bool(self.refusals) and all(refusal.code == "qualification" for refusal in self.refusals)


def reach(session: Session, instrument: Instrument, span: TimeSpan, *, viewer: Viewer, now: datetime) -> Reach:
    """Judge a person at a sample span, such as the next free one; seven statements at most."""
    wish = Wish((instrument.id,), span, mode="self" if instrument.self_operated else "assisted")
    facts = read_facts(session, wish, [instrument], span, viewer=viewer)
    case = judge_case(instrument, span, wish, facts, viewer=viewer, now=now)
    return Reach(
        audience=case.audience,
        mode=wish.mode,
        refusals=tuple(refusal for refusal in case.judgement.refusals if refusal.code in ABOUT_THE_PERSON),
        approvals=case.judgement.approvals,
        qualification=facts.qualifications.get(instrument.id),
    )
