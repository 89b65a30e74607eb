"""Claims on vouchers: the firm prepares one and hands it in, the provider confirms it; the province's side is in portal/province/vouchers.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Invalid, NotFound, PortalError, Sentence
from portal import clock
from portal.auth import login_required, viewer
from portal.files import LARGEST_DOCUMENT, keep_file, send_document
from portal.language import t
from portal.moneynotices import claim_notice
from portal.transactions import reading
from portal.vouchers import WORDS, answered, reasons, text_in_form
from scheduling.accounting import claiming
from scheduling.accounting.claims import OPEN, OPEN_TO_FIRM, Claim, ClaimDocument, claims_to_confirm, is_provider, seen_claim
from scheduling.accounting.redeeming import claim_of_firm, release_use
from scheduling.accounting.vouchers import acts_for

claims = Blueprint("claims", __name__, url_prefix="/claims")

MEGABYTE = 1024 * 1024


@claims.get("")
@login_required
def waiting() -> str:
    """List what firms claim for the services of the reader's organisation and instruments."""
    with reading() as session:
        return render_template("vouchers/claims.html", rows=claims_to_confirm(session, viewer()), **WORDS)


@claims.get("/<int:claim_id>")
@login_required
def show(claim_id: int) -> str:
    """Show a claim with its charges and documents, and what the reader can do."""
    return claim_page(claim_id)


def claim_page(claim_id: int, error: PortalError | None = None) -> str:
    """Write a claim's page, with the reason why a step was refused."""
    with reading() as session:
        one = seen_claim(session, claim_id, viewer())
        is_ours = acts_for(viewer(), one.voucher.organisation_id)
        return render_template(
            "vouchers/claim.html", one=one, is_ours=is_ours, may_change=is_ours and one.status in OPEN_TO_FIRM,
            may_withdraw=is_ours and one.status in OPEN, may_confirm=one.status == "submitted" and is_provider(viewer(), one),
            may_decide=one.status == "confirmed" and viewer().is_province_admin, problems=reasons(error),
            megabytes=LARGEST_DOCUMENT // MEGABYTE, **WORDS,
        )  # fmt: skip


@claims.post("/<int:claim_id>/documents")
@login_required
def add_document(claim_id: int) -> Any:
    """Take a contract, payment proof or result report."""

    def do(session: Session) -> None:
        claim_of_firm(session, claim_id, viewer())  # before a file is kept for it
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            raise Invalid("file", Sentence("请选择一个文件。", "Please choose a file."))
        kept = keep_file(sent.stream, sent.filename)
        claiming.add_document(session, claim_id, text_in_form("kind"), kept, viewer=viewer(), now=clock.now())

    return _taken(claim_id, do, t("材料已添加。", "The document is added."))


def _taken(claim_id: int, do: Callable[[Session], Any], said: str) -> Any:
    return answered(do, said, url_for("claims.show", claim_id=claim_id), lambda error: claim_page(claim_id, error))


@claims.get("/<int:claim_id>/documents/<int:claim_document_id>")
@login_required
def document(claim_id: int, claim_document_id: int) -> Response:
    """Give a document to whoever may see the claim."""
    with reading() as session:
        one = seen_claim(session, claim_id, viewer())
        return send_document(_document(one.documents, claim_document_id))


def _document(documents: list[ClaimDocument], claim_document_id: int) -> ClaimDocument:
    found = next((document for document in documents if document.id == claim_document_id), None)
    if found is None:
        raise NotFound
    return found


@claims.post("/<int:claim_id>/documents/<int:claim_document_id>/remove")
@login_required
def remove_document(claim_id: int, claim_document_id: int) -> Any:
    """Take a document away."""
    return _taken(
        claim_id,
        lambda session: claiming.remove_document(session, claim_id, claim_document_id, viewer=viewer()),
        t("材料已删除。", "The document is gone."),
    )


@claims.post("/<int:claim_id>/charges/<int:use_id>/release")
@login_required
def release(claim_id: int, use_id: int) -> Any:
    """Take a charge out of a claim."""
    return _taken(
        claim_id,
        lambda session: release_use(session, claim_id, use_id, viewer=viewer(), now=clock.now()),
        t("已移出，额度已释放。", "It is taken out, and its part of the quota is free again."),
    )


STEPS: Mapping[str, Callable[..., Any]] = {
    "submit": claiming.submit,
    "withdraw": claiming.withdraw_claim,
    "vouch": claiming.confirm_claim,
}


@claims.post("/<int:claim_id>/<any(submit,withdraw,vouch):step>")
@login_required
def take_step(claim_id: int, step: str) -> Any:
    """Hand a claim in or give it up, as the firm; confirm it, as the provider."""
    said = {
        "submit": t("已提交，等待服务方确认。", "Handed in; the provider confirms it next."),
        "withdraw": t("已撤回，额度已释放。", "Withdrawn; the quota is free again."),
        "vouch": t("已确认，等待省级审核。", "Confirmed; the province reviews it next."),
    }[step]
    return _taken(claim_id, _told(lambda session: STEPS[step](session, claim_id, viewer=viewer(), now=clock.now())), said)


def _told(take: Callable[[Session], Claim]) -> Callable[[Session], None]:
    """Take a step of a claim and tell whom it concerns."""
    return lambda session: claim_notice(session, take(session), clock.now())


@claims.post("/<int:claim_id>/send-back")
@login_required
def send_back(claim_id: int) -> Any:
    """Send a claim back with remarks, as the provider or the province."""
    return _taken(
        claim_id,
        _told(lambda session: claiming.send_back(session, claim_id, text_in_form("remarks"), viewer=viewer(), now=clock.now())),
        t("已退回企业补充。", "Sent back to the firm."),
    )
