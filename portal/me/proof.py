"""Asking for the password once more."""

from __future__ import annotations

from flask import request

from instruments.errors import Invalid, Sentence
from portal import clock
from portal.auth import credentials, limits, viewer
from portal.auth.credentials import Credential
from portal.transactions import reading, writing


def check_own_password(password: str) -> None:
    """Raise Invalid where this is not the viewer's password; the attempts are counted."""
    now, person_id, address = clock.now(), viewer().person_id, request.remote_addr or ""
    with writing() as session:
        limits.count_attempt(session, "password", str(person_id), address, now=now)
    with reading() as session:
        credential = session.get(Credential, person_id)
    if not credentials.is_password(credential.password_hash if credential else None, password):
        raise Invalid("current", Sentence("当前密码不正确。", "This is not your password."))
    with writing() as session:
        limits.forgive(session, "password", str(person_id), address)
