"""Objections to charges, with the letters that go with them: for the page and the API alike."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from portal import clock
from portal.auth import viewer
from portal.moneynotices import answered_notice, disputed_notice
from scheduling.accounting import disputes
from scheduling.accounting.charges import Charge


def dispute(session: Session, charge_id: int, reason: str) -> Charge:
    """Object to a charge, and tell its managers."""
    one = disputes.dispute(session, charge_id, reason, viewer=viewer(), now=clock.now())
    disputed_notice(session, one, clock.now())
    return one


def answer(session: Session, charge_id: int, words: str, adjustment: Decimal, version: int | None = None) -> Charge:
    """Answer an objection, and tell the paying side."""
    one = disputes.answer_dispute(session, charge_id, words, viewer=viewer(), now=clock.now(), adjustment=adjustment, version=version)
    answered_notice(session, one, clock.now())
    return one
