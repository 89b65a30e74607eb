"""The logins of the sample province: passwords made by chance, kept where only their owner may read them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
FILE = "sample-logins.txt"


def new_passwords(emails: Iterable[str]) -> dict[str, str]:
    """Make a password for each address, easy to type."""
    return {email: "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3)) for email in emails}


def keep_logins(data_dir: Path, passwords: Mapping[str, str]) -> None:
    """Write the logins down, with mode 0600."""
    path = data_dir / FILE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{email} {password}\n" for email, password in passwords.items())


def kept_logins(data_dir: Path) -> dict[str, str]:
    """Read the logins, or nothing where there is no sample."""
    try:
        lines = (data_dir / FILE).read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {email: password for email, _, password in (line.partition(" ") for line in lines) if email}


def in_words(data_dir: Path) -> str:
    """Write the logins out for whoever has started the portal, or nothing where there is no sample."""
    logins = kept_logins(data_dir)
    if not logins:
        return ""
    width = max(len(email) for email in logins)
    rows = "\n".join(f"  {email.ljust(width)}  {password}" for email, password in logins.items())
    return f"示例账户 / Sample logins ({data_dir / FILE}):\n{rows}"
