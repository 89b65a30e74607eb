"""The person behind the token, and her tokens."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.errors import OutOfOrder, Sentence
from instruments.people import Group
from portal import clock
from portal.api.answering import KEY, Answered, answer_once
from portal.api.openapi import api
from portal.api.shapes.account import MeOut, NewTokenOut, TokenIn, TokenOut, TokensOut
from portal.api.shapes.basics import Named
from portal.auth import tokens, viewer
from portal.auth.tokens import ApiToken
from portal.idempotency import Answer
from portal.transactions import reading, writing


@api.operation("GET", "/me", "Who am I", tag="me", answers={200: MeOut})
def show_me() -> MeOut:
    """Show the person, her organisation, groups and roles."""
    me = viewer()
    with reading() as session:
        groups = session.scalars(select(Group).where(Group.id.in_(me.group_ids)).order_by(Group.id)).all()
    roles = sorted({"researcher", *(grant.role for grant in me.grants), *(["pi"] if me.pi_group_ids else [])})
    return MeOut(
        id=str(me.person_id), name=me.name, email=me.email, language=me.language, roles=roles,
        organisation=Named(id=str(me.organisation_id), name_zh=me.organisation_name_zh, name_en=me.organisation_name_en),
        groups=[Named(id=str(group.id), name_zh=group.name_zh, name_en=group.name_en) for group in groups],
    )  # fmt: skip


@api.operation("GET", "/me/tokens", "List my tokens", tag="me", answers={200: TokensOut})
def list_tokens() -> TokensOut:
    """List the tokens that still work."""
    with reading() as session:
        items = [token_out(token) for token in tokens.live_tokens(session, viewer().person_id, clock.now())]
    return TokensOut(items=items, total=len(items), next=None)


@api.operation(
    "POST", "/me/tokens", "Make a token", tag="me", body=TokenIn, answers={201: NewTokenOut}, errors=(409,), headers=(KEY,)
)  # fmt: skip
def make_token(body: TokenIn) -> Answered:
    """Make a token; its secret is in this answer and nowhere else, so that a repeat with the same key is told of it (409)."""
    secrets: list[str] = []

    def do(session: Session) -> Answer:
        made, secret = tokens.make(session, viewer().person_id, body.label, now=clock.now(), days=body.days)
        session.flush()  # the id is part of the answer
        secrets[:] = [secret]
        return Answer(201, token_out(made).model_dump(mode="json"))

    payload, status, headers = answer_once("tokens", body.model_dump(mode="json"), do)
    if status == 201 and not secrets:
        raise OutOfOrder(Sentence("该令牌已经生成，不能再次显示。", "This token was made before; it cannot be shown again."))
    return payload | ({"token": secrets[0]} if status == 201 else {}), status, headers


@api.operation("DELETE", "/me/tokens/{token_id}", "Revoke a token", tag="me", answers={204: None})
def revoke_token(token_id: int) -> None:
    """Revoke one of my tokens."""
    with writing() as session:
        tokens.revoke(session, viewer().person_id, token_id, now=clock.now())


def token_out(token: ApiToken) -> TokenOut:
    """Show a token without its secret."""
    return TokenOut(id=str(token.id), label=token.label, prefix=token.prefix, created=token.created_at, expires=token.expires_at)
