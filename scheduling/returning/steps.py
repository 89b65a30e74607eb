"""Sign a return, as its organisation; accept it or send it back with a remark, as the province. No step is taken twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Changed, Forbidden, Invalid, OutOfOrder, Refusal, Refused, Sentence
from instruments.people import Organisation
from scheduling.deciding import check_reason
from scheduling.returning.checks import said
from scheduling.returning.generating import check_signer, locked_return, refill
from scheduling.returning.returns import STATES, Return, ReturnRow

MOST_SAID = 20


def sign(
    session: Session, return_id: int, *, digest: str, viewer: Viewer, now: datetime, note: str = "", nothing_to_report: bool = False
) -> Return:
    """Sign a draft: from here on nothing of it changes. `digest` is the hash of the rows the signer has seen.

    The rows are worked out once more: Changed when they are others by now, Refused with all that is wrong with them. An empty return is
    signed only with `nothing_to_report`.
    """
    one = locked_return(session, return_id, viewer)
    check_signer(viewer, one.organisation_id)
    if one.state != "draft":
        raise OutOfOrder(_not_now(one, Sentence("不能再次签发", "it cannot be signed again")))
    refill(session, one, session.get_one(Organisation, one.organisation_id), now=now)
    if one.digest != digest:
        raise Changed(
            Sentence(
                "您查看之后数据有变化，请重新生成并核对后再签发。",
                "The figures have changed since you looked. Make the return anew, look at it, and sign then.",
            ),
            {},
        )
    _check_right(session, one)
    if one.row_count == 0 and not nothing_to_report:
        raise Invalid("nothing", Sentence("没有可报送的记录，请勾选“本期无报送内容”。", "There are no rows. Tick “nothing to report”."))
    one.state, one.signed_by, one.signed_at, one.note = "signed", viewer.person_id, now, check_reason(note, needed=False)
    session.flush()
    return one


def _check_right(session: Session, one: Return) -> None:
    if one.errors:
        found = list(_refusals(session, one))
        raise Refused(found)


def _refusals(session: Session, one: Return) -> Iterator[Refusal]:
    """Give what is wrong, row by row, as far as a person reads; then how many rows more."""
    rows = session.scalars(
        select(ReturnRow).where(ReturnRow.return_id == one.id, ReturnRow.is_wrong).order_by(ReturnRow.position).limit(MOST_SAID)
    ).all()
    for row in rows:
        for problem in row.problems:
            words = said(one.layout, problem)
            sentence = Sentence(f"第 {row.position} 行：{words.zh}。", f"Row {row.position}: {words.en}.")
            yield Refusal(f"return_{problem[1]}", sentence, {"row": row.position, "field": problem[0]})
    if one.errors > MOST_SAID:
        more = one.errors - MOST_SAID
        yield Refusal("return_more", Sentence(f"另有 {more} 行有误。", f"And {more} rows more."), {"count": more})


def accept(session: Session, return_id: int, *, viewer: Viewer, now: datetime, remark: str = "") -> Return:
    """Accept a signed return, as the province."""
    return _review(session, return_id, "accepted", check_reason(remark, needed=False), viewer, now)


def send_back(session: Session, return_id: int, remark: str, *, viewer: Viewer, now: datetime) -> Return:
    """Send a signed return back with a remark, as the province; the organisation makes the next edition."""
    one = locked_return(session, return_id, viewer)
    _check_reviewer(one, viewer)
    return _review(session, return_id, "sent_back", check_reason(remark, needed=True), viewer, now)


def _review(session: Session, return_id: int, state: str, remark: str, viewer: Viewer, now: datetime) -> Return:
    one = locked_return(session, return_id, viewer)
    _check_reviewer(one, viewer)
    one.state, one.reviewed_by, one.reviewed_at, one.remark = state, viewer.person_id, now, remark
    session.flush()
    return one


def _check_reviewer(one: Return, viewer: Viewer) -> None:
    if not viewer.is_province_admin:
        raise Forbidden
    if one.state != "signed":
        raise OutOfOrder(_not_now(one, Sentence("不能审核", "it cannot be reviewed")))


def _not_now(one: Return, consequence: Sentence) -> Sentence:
    state = STATES[one.state]
    return Sentence(f"该报送目前为“{state.zh}”，{consequence.zh}。", f"This return is now: {state.en.lower()}; {consequence.en}.")
