"""A second proof: six digits from an app on the telephone (RFC 6238), or one of ten recovery codes."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
import segno
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from instruments.errors import Invalid, OutOfOrder, Sentence
from portal.auth.cipher import decrypt, encrypt
from portal.auth.credentials import Credential, credential_of
from portal.auth.secret import digest

STEP = timedelta(seconds=30)
RECOVERY_CODES = 10
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is easily taken for another


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app needs: the secret, as text and as a picture."""

    secret: str
    address: str
    picture: str


def propose(email: str, issuer: str, secret: str | None = None) -> Enrolment:
    """Make a secret, or show one again, as an otpauth address and an SVG picture in a data: URI."""
    secret = secret or pyotp.random_base32()
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)
    return Enrolment(secret, address, segno.make(address, error="m").svg_data_uri(scale=5, dark="#1b2733", light="#ffffff"))


def enable(session: Session, person_id: int, secret: str, code: str, *, now: datetime) -> list[str]:
    """Ask for codes from now on, once one has been shown to work; give the recovery codes, which cannot be shown again."""
    credential = credential_of(session, person_id)
    if credential.has_totp:
        raise OutOfOrder(Sentence("两步验证已开启。", "The second step is switched on already."))
    step = _step_of(secret, code, now)
    if step is None:
        raise wrong_code()
    credential.totp_secret, credential.totp_enabled_at, credential.totp_last_step = _kept(secret, person_id), now, step
    return renew_recovery(credential)


def renew_recovery(credential: Credential) -> list[str]:
    """Make new recovery codes, which make the old ones worthless, and give them."""
    codes = ["-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3)) for _ in range(RECOVERY_CODES)]
    credential.recovery_hashes = [digest(_plain(code)) for code in codes]
    return codes


def disable(session: Session, person_id: int) -> None:
    """Ask for no codes any more."""
    credential = credential_of(session, person_id)
    credential.totp_secret, credential.totp_enabled_at, credential.totp_last_step, credential.recovery_hashes = "", None, 0, []


def use_code(session: Session, person_id: int, code: str, *, now: datetime) -> bool:
    """Accept a code from the app, or a recovery code, each once; say whether it was right."""
    credential = session.scalar(select(Credential).where(Credential.person_id == person_id).with_for_update())
    if credential is None or not credential.has_totp:
        return False
    secret = decrypt(credential.totp_secret, _owner(person_id))
    # Under another key than the portal's own of that time, only the recovery codes are left.
    step = _step_of(base64.b32encode(secret).decode(), code, now) if secret else None
    if step is not None:
        return _use_step(session, person_id, step)
    hashed = digest(_plain(code))
    if hashed not in credential.recovery_hashes:
        return False
    credential.recovery_hashes = [kept for kept in credential.recovery_hashes if kept != hashed]
    return True


def wrong_code() -> Invalid:
    """Give the error for a code that does not fit."""
    zh, en = "验证码不正确或已使用，请输入最新的。", "This code is not right, or was used before. Please enter the newest one."
    return Invalid("code", Sentence(zh, en))


def _kept(secret: str, person_id: int) -> str:
    return encrypt(base64.b32decode(secret), _owner(person_id))


def _owner(person_id: int) -> str:
    return f"totp/{person_id}"


def _use_step(session: Session, person_id: int, step: int) -> bool:
    # A code somebody has looked at over a shoulder must not work a second time.
    used = session.execute(
        update(Credential)
        .where(Credential.person_id == person_id, Credential.totp_last_step < step)
        .values(totp_last_step=step)
        .execution_options(synchronize_session=False)
    )
    return used.rowcount == 1  # type: ignore[attr-defined]  # an UPDATE has one


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Give the time step a code belongs to, if it is this one, the one before or the one after."""
    digits = "".join(character for character in code if character.isascii() and character.isdigit())
    if len(digits) != 6 or len(code) > 12:
        return None
    this = int(now.timestamp() // STEP.total_seconds())
    generator = pyotp.TOTP(secret)
    return next((step for step in (this, this - 1, this + 1) if secrets.compare_digest(generator.generate_otp(step), digits)), None)


def _plain(code: str) -> str:
    return "".join(character for character in code.lower() if character in LETTERS)
