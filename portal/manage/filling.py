"""Fill in one fact for many uses at once: choose what is lacking and where, tick or take all, look at the count, and confirm."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.codes import entries
from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Sentence
from instruments.people import Person
from portal import clock
from portal.auth import viewer
from portal.choosing import Answer, answer_of, chosen_in_form
from portal.errors import status_of
from portal.formats import when
from portal.language import name, say, t
from portal.links import LARGEST_KEY
from portal.manage.blueprint import manage
from portal.transactions import reading, writing
from portal.vouchers import text_in_form
from scheduling.chosen import Chosen
from scheduling.returning.filling import (
    FIELD_OF,
    MOST,
    Choice,
    LackingUse,
    Scope,
    check_value,
    choices,
    fill,
    label_of,
    lacking,
    uses_chosen,
    with_facts,
)
from scheduling.usage import UsageRecord

SHOWN = 50
BY = ("instrument_id", "person_id", "project")


@manage.get("/returns/fill")
def fill_returns() -> str:
    """Show the uses that lack a fact, and ask for what is to be filled in."""
    return _page()


@manage.post("/returns/fill", endpoint="fill_facts")
def fill_in_facts() -> Any:
    """Say what would be filled in for how many, or fill it in."""
    scope, value = _scope(), text_in_form("value")
    try:
        if request.form.get("step") != "fill":
            return _page(value=value, wanted=_looked_at(scope, value))
        chosen = chosen_in_form("use", MOST)
        with writing() as session:
            taken = fill(session, scope.fact, value, chosen, viewer=viewer(), now=clock.now())
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(value=value, error=error), status_of(error)
    with reading() as session:
        left = [Chosen(one.id) for one in taken.left]
        known = {one.id: one for one in uses_chosen(session, left, viewer())} if left else {}
        done = t("已为 {n} 条使用记录填写“{label}”。", "“{label}” is filled in for {n} uses.", n=len(taken.done), label=say(label_of(scope.fact)))
        some = t("已为 {done} 条填写“{label}”，{left} 条未填写：", "“{label}” is filled in for {done} uses, {left} not:", label=say(label_of(scope.fact)),
                 done=len(taken.done), left=len(taken.left))  # fmt: skip
        answer = answer_of(taken, lambda key: _told(known.get(key)), all_done=done, some_done=some)
    if answer.left:
        return _page(answer=answer), 200 if answer.is_any_done else 422
    flash(answer.said, "success")
    return redirect(url_for("manage.fill_returns", fact=scope.fact, **({"return": scope.return_id} if scope.return_id else {})))


def _looked_at(scope: Scope, value: str) -> list[LackingUse]:
    """Give the uses that would be filled in: those that were ticked, or all that lack the fact."""
    with reading() as session:
        check_value(session, scope.fact, value)
        if request.form.get("step") == "all":
            found, _ = lacking(session, scope, viewer())
            if not found:
                raise Invalid("chosen", Sentence("没有需要填写的使用记录。", "No use lacks it."))
            return found
        uses = uses_chosen(session, chosen_in_form("chosen", MOST), viewer())
        return with_facts(session, [one for one in uses if viewer().may_manage(one.instrument)], scope.fact)


def _told(one: UsageRecord | None) -> tuple[str, str]:
    if one is None:
        return t("一条记录", "A record"), ""
    words = f"{when(one.span or one.start_at, one.instrument.time_zone)} {name(one.instrument)} {one.person.name}"
    return words, url_for("manage.return_facts", usage_id=one.id)


def _scope() -> Scope:
    """Read where something is lacking: what, in which draft, and what it is narrowed down to, such as person_id:7."""
    fact = request.args.get("fact", "content")
    label_of(fact)
    by, _, value = request.args.get("by", "").partition(":")
    if by and by not in BY:
        raise Invalid("by", Sentence("请从列表中选择范围。", "Choose from the list."))
    known: dict[str, Any] = {by: value[:200].replace("\x00", "") if by == "project" else _key(value)} if by else {}
    return Scope(fact, _key(request.args["return"]) if request.args.get("return") else None, **known)


def _key(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_KEY):
        raise NotFound
    return int(text)


def _page(
    *, value: str = "", wanted: list[LackingUse] | None = None, error: PortalError | None = None, answer: Answer | None = None
) -> str:  # fmt: skip
    scope = _scope()
    with reading() as session:
        found, total = lacking(session, scope, viewer(), limit=SHOWN)
        return render_template(
            "returns/fill.html", scope=scope, rows=found, total=total, most=MOST, by=request.args.get("by", ""), label=say(label_of(scope.fact)),
            facts=[(fact, say(label_of(fact))) for fact in FIELD_OF], narrowed=[_option(one) for one in choices(session, scope, viewer())],
            subjects=_subjects(session) if scope.fact == "area" else [], value=value[:500], wanted=wanted, answer=answer,
            replaced=sum(bool(one.was) for one in wanted or ()), field=getattr(error, "field", ""), error=say(error.sentence) if error else "",
        )  # fmt: skip


def _subjects(session: Session) -> list[tuple[str, str]]:
    return [(entry.code, name(entry)) for entry in entries(session, "subject")]


def _option(one: Choice) -> tuple[str, str]:
    kind = {"instrument_id": t("仪器", "Instrument"), "person_id": t("使用者", "Person"), "project": t("课题", "Project")}[one.by]
    words = one.name.name if isinstance(one.name, Person) else one.name if isinstance(one.name, str) else name(one.name)
    return f"{one.by}:{one.value}", t("{kind}：{words}（{n} 条）", "{kind}: {words} ({n})", kind=kind, words=words, n=one.count)
