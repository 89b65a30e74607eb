"""Evidence: files that are kept already, as rows name them; and those put to a deposit or refund, such as the bank's receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from scheduling.accounting.accounts import Account, account
from scheduling.accounting.deposits import Deposit
from scheduling.accounting.spenders import may_read_account

MOST_DOCUMENTS = 10


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept already: its name, kind by content, size and where it lies."""

    file_name: str
    media_type: str
    size: int
    stored_as: str


class DepositDocument(Base):
    """What the keeper saw of a transfer: a receipt, a letter. It stays as long as the deposit; the bytes lie in the data directory."""

    __tablename__ = "deposit_document"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    deposit_id: Mapped[int] = mapped_column(ForeignKey("deposit.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    stored_as: Mapped[str] = mapped_column(String(100), index=True)
    added_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A deposit with its documents, as the account's page shows it beside its entry."""

    deposit: Deposit
    documents: tuple[DepositDocument, ...]

    @property
    def may_grow(self) -> bool:
        """Say whether a document more has room."""
        return len(self.documents) < MOST_DOCUMENTS


def deposit_to_prove(session: Session, account_id: int, deposit_id: int, *, viewer: Viewer) -> Deposit:
    """Get a deposit of an account the viewer keeps, locked so that documents are counted right; others are not found, or Forbidden."""
    one = account(session, account_id)
    if not may_read_account(viewer, one):
        raise NotFound
    if not viewer.may_administer(one.organisation_id):
        raise Forbidden
    found = session.scalar(select(Deposit).where(Deposit.id == deposit_id, Deposit.account_id == account_id).with_for_update())
    if found is None:
        raise NotFound
    return found


def add_evidence(session: Session, one: Deposit, file: StoredFile, *, viewer: Viewer, now: datetime) -> DepositDocument:
    """Put a document to a deposit or refund, as its account's keeper (deposit_to_prove); what was put stays."""
    count = session.scalar(select(func.count(DepositDocument.id)).where(DepositDocument.deposit_id == one.id)) or 0
    if count >= MOST_DOCUMENTS:
        raise Invalid("file", Sentence(f"最多 {MOST_DOCUMENTS} 份凭证文件。", f"A transfer has at most {MOST_DOCUMENTS} documents."))
    made = DepositDocument(
        deposit_id=one.id, file_name=file.file_name, media_type=file.media_type, size=file.size, stored_as=file.stored_as,
        added_by=viewer.person_id, added_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def evidence_of(session: Session, transaction_ids: Iterable[int]) -> dict[int, Evidence]:
    """Give the deposits of transactions with their documents, by transaction id; two statements, or one where there are none."""
    deposits = session.scalars(select(Deposit).where(Deposit.transaction_id.in_(list(transaction_ids)))).all()
    documents: dict[int, list[DepositDocument]] = {}
    if deposits:
        asked = select(DepositDocument).where(DepositDocument.deposit_id.in_([one.id for one in deposits])).order_by(DepositDocument.id)
        for document in session.scalars(asked):
            documents.setdefault(document.deposit_id, []).append(document)
    return {one.transaction_id: Evidence(one, tuple(documents.get(one.id, ()))) for one in deposits}


def seen_deposit(session: Session, account_id: int, deposit_id: int, *, viewer: Viewer) -> tuple[Account, Evidence]:
    """Get a deposit with its account and documents for whoever may read the whole account; to all others it is not there."""
    one = account(session, account_id)
    found = session.get(Deposit, deposit_id)
    if not may_read_account(viewer, one) or found is None or found.account_id != account_id:
        raise NotFound
    return one, evidence_of(session, [found.transaction_id])[found.transaction_id]


def seen_evidence(session: Session, account_id: int, deposit_id: int, document_id: int, *, viewer: Viewer) -> DepositDocument:
    """Get a document of a deposit for whoever may read the whole account; to all others it is not there."""
    if not may_read_account(viewer, account(session, account_id)):
        raise NotFound
    of = (DepositDocument.id == document_id, DepositDocument.deposit_id == deposit_id, Deposit.account_id == account_id)
    found = session.scalar(select(DepositDocument).join(Deposit, Deposit.id == DepositDocument.deposit_id).where(*of))
    if found is None:
        raise NotFound
    return found
