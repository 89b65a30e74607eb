"""What every request and every answer obeys: the host, the forged-form check, the headers, and where a redirect may lead."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request, session
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import BadRequest

from portal.config import Settings

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
A_YEAR = 365 * 24 * 3600
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
LONGEST_NEXT = 2000
# Pages that a mail program stops a series at: it has no form of ours, and the secret in the address says that it may (RFC 8058).
ONE_CLICK_ENDPOINTS = frozenset({"saved.stop"})

csrf_check = CSRFProtect()


class ForeignHost(BadRequest):
    """The request names a host that is not this portal (400)."""


def init_security(app: Flask, settings: Settings) -> None:
    """Set the cookies, the hosts and the forged-form check, and put the headers on every answer."""
    app.config.update(
        HOSTS=frozenset(settings.hosts),
        SESSION_COOKIE_NAME="portal",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_CHECK_DEFAULT=False,  # _check_form decides, because a call with a token needs no form
        WTF_CSRF_TIME_LIMIT=None,  # a page may stay open as long as the login lives
    )
    csrf_check.init_app(app)
    app.before_request(_check_host)
    app.before_request(_check_form)
    app.after_request(_add_headers)


def is_api_call() -> bool:
    """Say whether the request is for the JSON API."""
    return request.path.startswith("/api/")


def bearer_token() -> str:
    """Give the token an API call was sent with, or ''. Whoever sends one is judged by it alone: the cookie is not looked at."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if is_api_call() and scheme.lower() == "bearer" else ""


def own_path(target: str | None, otherwise: str = "/") -> str:
    """Give a path of this portal to go on to; anything that could lead elsewhere gives `otherwise`."""
    target = target or ""
    if not target.startswith("/") or target.startswith("//") or len(target) > LONGEST_NEXT:
        return otherwise
    if "\\" in target or any(ord(character) < 33 or ord(character) == 127 for character in target):
        return otherwise
    # Encoded, these are harmless to browsers of today, but no page of ours has them at its beginning.
    if target[1:4].lower() in ("%2f", "%5c", "%09", "%0a", "%0d"):
        return otherwise
    try:
        parts = urlsplit(target)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc else target


def _check_host() -> None:
    # Not by Flask's TRUSTED_HOSTS, which cannot hold an IPv6 address.
    try:
        name = urlsplit(f"//{request.host}").hostname
    except ValueError:
        name = None
    if name not in current_app.config["HOSTS"]:
        raise ForeignHost


def _check_form() -> None:
    if request.method in SAFE_METHODS or request.routing_exception is not None:
        return
    is_nobody = is_api_call() and "_user_id" not in session  # there is no login that a foreign page could borrow; the answer is 401
    if not (bearer_token() or is_nobody or _is_one_click()):
        csrf_check.protect()


def _is_one_click() -> bool:
    return request.endpoint in ONE_CLICK_ENDPOINTS and request.form.get("List-Unsubscribe") == "One-Click"


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={A_YEAR}; includeSubDomains")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store" if _is_personal() else "no-cache"
    return response


def _is_personal() -> bool:
    viewer: Any = g.get("viewer")
    return viewer is not None and not viewer.is_anonymous
