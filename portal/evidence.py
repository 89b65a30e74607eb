"""A deposit or refund with the documents its keeper saw: shown to who may read the account, added to by its keeper."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Invalid, Sentence
from portal import clock
from portal.auth import login_required, viewer
from portal.contents import MEGABYTE
from portal.errors import status_of
from portal.files import LARGEST_DOCUMENT, keep_file, send_document
from portal.language import say, t
from portal.transactions import reading, writing
from scheduling.accounting.deposits import Deposit
from scheduling.accounting.evidence import add_evidence, deposit_to_prove, seen_deposit, seen_evidence

MEGABYTES = LARGEST_DOCUMENT // MEGABYTE


@login_required
def show_deposit(account_id: int, deposit_id: int) -> Any:
    """Show what is known of a transfer, and its documents."""
    return _page(account_id, deposit_id)


@login_required
def add(account_id: int, deposit_id: int) -> Any:
    """Put a document to a transfer."""
    try:
        with writing() as session:
            attach(session, deposit_to_prove(session, account_id, deposit_id, viewer=viewer()))
    except Invalid as error:
        return _page(account_id, deposit_id, error), status_of(error)
    flash(t("凭证文件已添加。", "The document is added."), "success")
    return redirect(url_for("accounts.deposit", account_id=account_id, deposit_id=deposit_id))


def attach(session: Session, one: Deposit, *, is_needed: bool = True) -> None:
    """Keep the file that was sent with the form, as evidence of a transfer the viewer may prove."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        if is_needed:
            raise Invalid("file", Sentence("请选择一个文件。", "Please choose a file."))
        return
    add_evidence(session, one, keep_file(sent.stream, sent.filename), viewer=viewer(), now=clock.now())


@login_required
def document(account_id: int, deposit_id: int, deposit_document_id: int) -> Response:
    """Give a document to whoever may read the account."""
    with reading() as session:
        return send_document(seen_evidence(session, account_id, deposit_id, deposit_document_id, viewer=viewer()))


def _page(account_id: int, deposit_id: int, error: Invalid | None = None) -> str:
    with reading() as session:
        one, evidence = seen_deposit(session, account_id, deposit_id, viewer=viewer())
        return render_template(
            "accounts/deposit.html", one=one, evidence=evidence, may_add=viewer().may_administer(one.organisation_id) and evidence.may_grow,
            megabytes=MEGABYTES, error=say(error.sentence) if error else "",
        )  # fmt: skip
