"""Settings, read once from the environment (PORTAL_*) and from a .env file, and refused when they would be unsafe."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from flask import current_app
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from instruments.errors import PortalError, Sentence

ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 1024 * 1024
SHORTEST_KEY = 32
KEY_FILE = "secret-key"
YES, NO = frozenset({"1", "true", "yes", "on"}), frozenset({"", "0", "false", "no", "off"})


class BadSetting(PortalError):
    """A setting with which the portal must not start."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(Sentence(zh, en))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may differ between two portals."""

    data_dir: Path
    database_url: str
    secret_key: str
    base_url: str
    mail_url: str = ""
    mail_from: str = ""
    trusted_proxies: int = 0
    metrics: bool = False
    reminder_hours: int = 24
    language: str = "zh"
    name_zh: str = ""
    name_en: str = ""
    sample: bool = True
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    max_body: int = 32 * MEGABYTE
    small_count: int = 5
    figures_seconds: int = 0
    debug: bool = False

    @property
    def is_https(self) -> bool:
        """Say whether readers reach the portal by https."""
        return self.base_url.startswith("https://")


def settings() -> Settings:
    """Give the settings of the running portal."""
    found: Settings = current_app.extensions["settings"]
    return found


def read_settings(environ: Mapping[str, str | None] | None = None, *, host: str = "127.0.0.1", port: int = 8000, **chosen: Any) -> Settings:
    """Read the settings; `host` and `port` are where the server will listen, `chosen` wins over the environment.

    Raises BadSetting where they make no sense, or would be unsafe at a public address.
    """
    given = {**dotenv_values(".env"), **os.environ} if environ is None else dict(environ)
    values = {key.removeprefix("PORTAL_").lower(): value for key, value in given.items() if key.startswith("PORTAL_") and value is not None}
    values |= {key: str(value) for key, value in chosen.items() if value is not None}
    data_dir = Path(values.get("data_dir") or "var/data").absolute()
    base_url = _base_url(values.get("base_url") or f"http://{_in_address(host)}:{port}")
    is_public = not (is_loopback(host) and is_loopback(urlsplit(base_url).hostname or ""))
    debug = _flag(values, "debug", default=False)
    if debug and is_public:
        raise BadSetting("公开地址不能开启 PORTAL_DEBUG。", "Debug mode must not run at a public address: switch PORTAL_DEBUG off.")
    return Settings(
        data_dir=data_dir,
        database_url=_database_url(values.get("database_url") or f"sqlite:///{data_dir / 'portal.db'}"),
        secret_key=_secret_key(values.get("secret_key", ""), data_dir, is_public),
        base_url=base_url,
        mail_url=_mail_url(values.get("mail_url", "")),
        mail_from=values.get("mail_from", ""),
        trusted_proxies=_number(values, "trusted_proxies", 0, most=10),
        metrics=_flag(values, "metrics", default=False),
        reminder_hours=_number(values, "reminder_hours", 24, most=24 * 14),
        language=_language(values.get("language") or "zh"),
        name_zh=values.get("name_zh", "").strip()[:60],
        name_en=values.get("name_en", "").strip()[:60],
        sample=_flag(values, "sample", default=True),
        hosts=_hosts(values.get("hosts", ""), base_url),
        max_body=_number(values, "max_body_mb", 32, most=1024) * MEGABYTE,
        small_count=_number(values, "small_count", 5, most=1000),
        figures_seconds=_number(values, "figures_seconds", 300, most=86_400),
        debug=debug,
    )


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach the host."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _in_address(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise BadSetting(
            f"PORTAL_BASE_URL 须为 http:// 或 https:// 开头的地址，而不是“{text}”。",
            f"PORTAL_BASE_URL must be an address that begins with http:// or https://, not “{text}”.",
        )
    return text.rstrip("/")


def _database_url(text: str) -> str:
    try:
        kind = make_url(text).get_backend_name()
    except ArgumentError:
        kind = ""
    if kind not in ("sqlite", "postgresql"):
        # The address may hold a password, so it is not repeated.
        raise BadSetting(
            "PORTAL_DATABASE_URL 须以 sqlite:///... 或 postgresql+psycopg://... 开头。",
            "PORTAL_DATABASE_URL must begin with sqlite:///... or postgresql+psycopg://...",
        )
    return text


def _mail_url(text: str) -> str:
    try:
        is_good = not text or (urlsplit(text).scheme in ("smtp", "smtps") and bool(urlsplit(text).hostname) and urlsplit(text).port != 0)
    except ValueError:
        is_good = False
    if not is_good:
        raise BadSetting(
            "PORTAL_MAIL_URL 须为 smtp://用户:密码@主机:端口 或 smtps://...，留空则写入文件。",
            "PORTAL_MAIL_URL must look like smtp://user:password@host:port or smtps://...; without it, mail goes to files.",
        )
    return text


def _secret_key(given: str, data_dir: Path, is_public: bool) -> str:
    if given and (len(given) >= SHORTEST_KEY or not is_public):
        return given
    if is_public:
        raise BadSetting(
            f"公开地址必须设置 PORTAL_SECRET_KEY，至少 {SHORTEST_KEY} 个随机字符，例如 `openssl rand -hex 32` 的输出。",
            f"A public address needs PORTAL_SECRET_KEY, at least {SHORTEST_KEY} random characters, such as `openssl rand -hex 32` gives.",
        )
    return kept_secret(data_dir / KEY_FILE)


def kept_secret(path: Path) -> str:
    """Give the secret kept in a file that only its owner may read, made on first use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    if not path.exists():
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(made, path)  # whole or not at all, and the first of several processes wins
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text().strip()


def _language(text: str) -> str:
    if text not in ("zh", "en"):
        raise BadSetting("PORTAL_LANGUAGE 须为 zh 或 en。", "PORTAL_LANGUAGE must be zh or en.")
    return text


def _hosts(text: str, base_url: str) -> tuple[str, ...]:
    named = [host.strip() for host in text.split(",") if host.strip()]
    own = urlsplit(base_url).hostname or ""
    local = ["localhost", "127.0.0.1", "::1"] if is_loopback(own) else []
    return tuple(dict.fromkeys([own, *local, *named]))


def _flag(values: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = values.get(name, "yes" if default else "no").strip().lower()
    if text not in YES | NO:
        raise BadSetting(f"PORTAL_{name.upper()} 须为 yes 或 no。", f"PORTAL_{name.upper()} must be yes or no.")
    return text in YES


def _number(values: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = values.get(name) or str(default)
    if not text.isdecimal() or int(text) > most:
        name = f"PORTAL_{name.upper()}"
        raise BadSetting(f"{name} 须为 0 到 {most} 的整数。", f"{name} must be a whole number from 0 to {most}.")
    return int(text)
