"""Returns: listed to who may read them, and each with its rows in the national field names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.api.openapi import api, read_id
from portal.api.paging import cursor_of, key_of
from portal.api.shapes.basics import Named
from portal.api.shapes.returns import ReturnAsked, ReturnOut, ReturnRowOut, ReturnRowProblem, ReturnsAsked, ReturnsOut, ReturnWithRows
from portal.auth import viewer
from portal.transactions import reading
from scheduling.returning.checks import said
from scheduling.returning.returns import Return, ReturnRow, WantedReturns, page_of_returns, rows_of, seen_return, shown


@api.operation("GET", "/returns", "List returns I may read", tag="returns", query=ReturnsAsked, answers={200: ReturnsOut})
def list_returns(query: ReturnsAsked) -> ReturnsOut:
    """List the returns of organisations I administer or audit, or all of them to the province, the newest first."""
    wanted = WantedReturns(read_id(query.organisation) if query.organisation else None, query.kind or "", query.state or "")
    key = key_of(query.cursor, int)
    with reading() as session:
        page = page_of_returns(session, wanted, viewer=viewer(), limit=query.limit, before=key[0] if key else None)
        items = [ReturnOut(**_fields(one)) for one in page.returns]
    return ReturnsOut(items=items, total=page.total, next=cursor_of(page.next) if page.next else None)


@api.operation("GET", "/returns/{return_id}", "One return with its rows", tag="returns", query=ReturnAsked, answers={200: ReturnWithRows})
def show_return(return_id: int, query: ReturnAsked) -> ReturnWithRows:
    """Show a return with its rows, a page at a time; what is signed never changes."""
    key = key_of(query.cursor, int)
    with reading() as session:
        one = seen_return(session, return_id, viewer())
        rows, more = rows_of(session, one, after=key[0] if key else 0, limit=query.limit)
        return ReturnWithRows(**_fields(one), rows=[_row(one, row) for row in rows], next=cursor_of(more) if more else None)


def _fields(one: Return) -> dict[str, Any]:
    owner, period = one.organisation, one.period
    return {
        "id": str(one.id), "organisation": Named(id=str(owner.id), name_zh=owner.name_zh, name_en=owner.name_en), "kind": one.kind,
        "period": period.code, "starts_on": period.start, "ends_on": period.end - timedelta(days=1), "edition": one.edition, "state": one.state,
        "format": one.format, "row_count": one.row_count, "errors": one.errors, "digest": one.digest, "made_at": one.made_at,
        "signed_at": one.signed_at, "reviewed_at": one.reviewed_at, "note": one.note, "remark": one.remark,
    }  # fmt: skip


def _row(one: Return, row: ReturnRow) -> ReturnRowOut:
    problems = []
    for problem in row.problems:
        words = said(one.layout, problem)
        problems.append(ReturnRowProblem(field=problem[0], code=problem[1], zh=words.zh, en=words.en))
    return ReturnRowOut(position=row.position, data=shown(one, row.data, viewer()), typed=sorted(row.typed), problems=problems)
