"""The reader's language: both texts stand side by side where they are used, and this file picks one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol
from urllib.parse import urlencode

from babel import Locale
from flask import Flask, Response, current_app, g, has_app_context, has_request_context, request
from flask_babel import Babel
from flask_babel.speaklater import LazyString

LANGUAGES = ("zh", "en")
LOCALES = {"zh": Locale.parse("zh_Hans_CN"), "en": Locale.parse("en")}
COOKIE = "language"
KNOWN = "portal.language"
A_YEAR = 365 * 24 * 3600

_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


class TwoTexts(Protocol):
    """Anything that carries a text in both languages, such as instruments.errors.Sentence."""

    @property
    def zh(self) -> str:
        """Give the Chinese text."""

    @property
    def en(self) -> str:
        """Give the English text."""


def t(zh: str, en: str, **values: Any) -> str:
    """Pick the text in the reader's language; {names} in it are filled from the values."""
    text = zh if current_language() == "zh" else en
    return text.format(**values) if values else text


def lazy_t(zh: str, en: str, **values: Any) -> LazyString:
    """Give a text that is picked only when it is shown: for form labels, which are made at import time."""
    return LazyString(t, zh, en, **values)


def say(sentence: TwoTexts) -> str:
    """Pick the reader's language from a Sentence."""
    return sentence.zh if current_language() == "zh" else sentence.en


def name(thing: Any) -> str:
    """Give the name of a thing in the reader's language, or else in the other; nothing has the name ''."""
    order = ("name_zh", "name_en", "name") if current_language() == "zh" else ("name_en", "name_zh", "name")
    return next((str(found) for key in order if (found := getattr(thing, key, None))), "")


def other_name(thing: Any) -> str:
    """Give the name in the language that `name` did not choose, or '' where there is only one."""
    order = ("name_en", "name_zh") if current_language() == "zh" else ("name_zh", "name_en")
    other = str(getattr(thing, order[0], None) or "")
    return other if other != name(thing) else ""


def current_language() -> str:
    """Give 'zh' or 'en': set by in_language, asked for in the address, chosen by the person, kept in a cookie, or the browser's."""
    spoken = _spoken.get()
    if spoken:
        return spoken
    if not has_request_context():
        return _default()
    person = getattr(g.get("viewer"), "language", None)
    known = request.environ.get(KNOWN)
    if known is None or known[0] != person:
        known = request.environ[KNOWN] = (person, _requested(person))
    return str(known[1])


def current_locale() -> Locale:
    """Give the Babel locale of the reader's language."""
    return LOCALES[current_language()]


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Speak one language inside the block, whoever asked: for mail and for work without a request.

    Raises ValueError for a language the portal does not speak.
    """
    if language not in LANGUAGES:
        raise ValueError(f"The portal speaks {' and '.join(LANGUAGES)}, not {language!r}.")
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def is_chosen() -> bool:
    """Say whether in_language chose: then whoever reads is not whoever asked."""
    return _spoken.get() is not None


def other_language() -> str:
    """Give the language the reader is not reading."""
    return "en" if current_language() == "zh" else "zh"


def other_language_url() -> str:
    """Give the address of this same page in the other language; a page that only answers to POST leads to the front page."""
    rule = request.url_rule
    may_be_read = rule is None or "GET" in (rule.methods or ())
    pairs = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"] if may_be_read else []
    path = request.script_root + (request.path if may_be_read else "/")
    return f"{path}?{urlencode([*pairs, ('lang', other_language())])}"


def init_language(app: Flask) -> None:
    """Teach the templates both languages, and let the forms and the plain register follow the same choice."""
    app.config.setdefault("PORTAL_LANGUAGE", "zh")
    Babel(app, default_locale="zh_Hans_CN", locale_selector=current_locale)
    app.jinja_env.globals.update(
        t=t,
        say=say,
        name=name,
        other_name=other_name,
        current_language=current_language,
        other_language_url=other_language_url,
    )
    app.after_request(_keep)


def _default() -> str:
    chosen = current_app.config.get("PORTAL_LANGUAGE") if has_app_context() else None
    return chosen if chosen in LANGUAGES else "zh"


def _requested(person: str | None) -> str:
    for choice in (request.args.get("lang"), person, request.cookies.get(COOKIE)):
        if choice in LANGUAGES:
            return choice
    wanted = (tag.lower().split("-")[0].split("_")[0] for tag in request.accept_languages.values())
    return next((language for language in wanted if language in LANGUAGES), _default())


def _keep(response: Response) -> Response:
    """Remember ?lang= for the pages that follow, and tell caches that the answer depends on the reader."""
    asked = request.args.get("lang")
    if asked in LANGUAGES and request.cookies.get(COOKIE) != asked:
        response.set_cookie(COOKIE, asked, max_age=A_YEAR, samesite="Lax", httponly=True, secure=request.is_secure, path="/")
    if response.mimetype == "text/html":
        response.vary.update(("Accept-Language", "Cookie"))
        response.content_language.add(LOCALES[current_language()].language)
    return response
