"""From an error to an answer, once: its status, and its sentence as a page, a fragment of a page, or application/problem+json."""

from __future__ import annotations

import errno
from typing import Any

import structlog
from flask import Flask, Response, g, json, make_response, render_template, request
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from instruments.access import ANONYMOUS
from instruments.errors import Changed, Forbidden, Invalid, NotFound, OutOfOrder, PortalError, Refused, Sentence, Taken
from portal.language import current_language, say
from portal.problems import Problem, as_text, problem_json
from portal.security import ForeignHost, is_api_call
from portal.transactions import Unsure, is_away, is_contended, is_too_slow

log = structlog.get_logger()


class LoginNeeded(PortalError):
    """Nobody is logged in, and the call cannot be led to the login page (401)."""

    def __init__(self, sentence: Sentence | None = None) -> None:
        super().__init__(sentence or Sentence("请先登录，或附上有效的 API 令牌。", "Please log in first, or send a valid API token."))


class TooMany(PortalError):
    """Too many attempts in too short a time (429)."""

    def __init__(self, seconds: int) -> None:
        minutes = max(1, -(-seconds // 60))
        in_words = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(Sentence(f"尝试次数过多，请 {minutes} 分钟后再试。", f"Too many attempts. Please try again in {in_words}."))
        self.seconds = seconds


class Stale(Changed):
    """The caller's If-Match names an older version (412)."""


class LinkDead(PortalError):
    """A mailed link that was used, has expired, or never was (410)."""

    def __init__(self) -> None:
        super().__init__(Sentence("此链接已使用或已过期。", "This link has been used already, or its time is over."))


STATUS: dict[type[PortalError], int] = {
    LoginNeeded: 401,
    Forbidden: 403,
    NotFound: 404,
    Taken: 409,
    OutOfOrder: 409,
    Stale: 412,
    Changed: 409,
    LinkDead: 410,
    Invalid: 422,
    Refused: 422,
    TooMany: 429,
}
BUSY_SECONDS, AWAY_SECONDS = 1, 10
OTHERS: dict[int, Sentence] = {
    400: Sentence("请求无法识别。", "The request could not be read."),
    404: NotFound().sentence,
    405: Sentence("该地址不支持此操作。", "This address does not take this kind of request."),
    406: Sentence("无法以所要求的格式回答。", "There is no answer in the format that was asked for."),
    413: Sentence("提交的内容过大。", "What was sent is too large."),
    415: Sentence("不支持这种格式。", "This format is not supported."),
    500: Sentence("系统出错，我们已记录。", "Something went wrong on our side. It has been noted."),
}
FORGED = Sentence(
    "页面已过期或不是从本站提交。请刷新页面后重试。",
    "This form has grown old, or was not sent from this portal. Please reload the page and try again.",
)
FOREIGN_HOST = Sentence("本平台没有这个网址。", "This portal does not answer under this address.")
CONFLICT = Sentence("刚刚有人修改了同一内容。请刷新后再试。", "Somebody else has just changed the same thing. Please reload and try again.")
BUSY = Sentence("系统繁忙，请稍后再试。", "The portal is very busy. Please try again in a moment.")
AWAY = Sentence("数据库暂时无法连接，请稍后再试。", "The database cannot be reached just now. Please try again shortly.")
FULL = Sentence("存储空间已满，本次操作未保存。请通知管理员。", "The store is full, so this was not kept. Please tell the operator.")
UNSURE = Sentence(
    "保存时与数据库的连接中断，结果尚不确定。请先查看是否已保存，再决定是否重试。",
    "The connection to the database broke while this was being saved. Please look whether it is there before trying again.",
)


def init_errors(app: Flask) -> None:
    """Answer every error in the reader's language and in the form that was asked for."""
    app.register_error_handler(PortalError, lambda error: answer(problem_of(error)))
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(500, _answer_crash)
    app.register_error_handler(StaleDataError, lambda error: answer(Problem(409, "changed", CONFLICT)))
    for kind in (DBAPIError, PoolTimeout, Unsure):
        app.register_error_handler(kind, _answer_database)
    app.register_error_handler(OSError, _answer_disk)


def status_of(error: PortalError) -> int:
    """Give the HTTP status of an error of ours."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 422)


def problem_of(error: PortalError) -> Problem:
    """Describe an error of ours."""
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, TooMany) else {}
    if isinstance(error, LoginNeeded):
        headers["WWW-Authenticate"] = "Bearer"
    return Problem(status_of(error), _code(type(error)), error.sentence, error, headers)


def answer(problem: Problem) -> Response:
    """Write a problem as problem+json for the API, as a fragment for htmx, or else as a page."""
    response = _as_json(problem) if is_api_call() else _as_page(problem)
    response.status_code = problem.status
    response.headers.update(problem.headers)
    return response


def _as_json(problem: Problem) -> Response:
    # Values a caller sent come back in `changes`; whatever JSON does not know is written as text.
    body = json.dumps(problem_json(problem), default=as_text, ensure_ascii=False)
    return Response(body, mimetype="application/problem+json")


def _as_page(problem: Problem) -> Response:
    error = problem.error
    known = {
        "status": problem.status,
        "sentence": say(problem.sentence),
        "refusals": [say(refusal.sentence) for refusal in getattr(error, "refusals", ())],
        "changes": getattr(error, "changes", {}),
        "trace": problem.trace,
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    if request_ctx.url_adapter is None:
        return _as_plain_page(problem)
    try:
        return make_response(render_template("errors/fragment.html" if is_fragment else "errors/error.html", **known))
    except Exception:
        log.exception("error_page_failed")
        return _as_plain_page(problem)


def _as_plain_page(problem: Problem) -> Response:
    """Write a page that needs no template, no database and no address."""
    language = current_language()
    content = render_plain(say(problem.sentence), "zh-CN" if language == "zh" else "en", problem.trace)
    return Response(content, mimetype="text/html")


def render_plain(sentence: str, language: str, trace: str = "") -> str:
    """Give the barest page."""
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{escape(sentence)}</title></head>'
        f"<body><main><h1>{escape(sentence)}</h1><p>{escape(trace)}</p></main></body></html>\n"
    )


def _answer_http(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return make_response(error)  # a redirect, or an answer made elsewhere
    status = error.code or 500
    sentence = FORGED if isinstance(error, CSRFError) else OTHERS.get(status, OTHERS[500] if status >= 500 else OTHERS[400])
    if request_ctx.url_adapter is None or isinstance(error, ForeignHost):
        sentence = FOREIGN_HOST
    allow = {"Allow": ", ".join(error.valid_methods)} if getattr(error, "valid_methods", None) else {}
    return answer(Problem(status, "csrf" if isinstance(error, CSRFError) else f"http-{status}", sentence, headers=allow))


def _answer_crash(error: Any) -> Response:
    cause = getattr(error, "original_exception", None)
    log.error("crash", endpoint=request.endpoint, kind=type(cause).__name__)
    return answer(Problem(500, "crash", OTHERS[500], trace=g.get("trace", "")))


def _answer_database(error: Exception) -> Response:
    if isinstance(error, IntegrityError):
        log.warning("integrity", endpoint=request.endpoint, error=str(error.orig).partition("\n")[0])
        return answer(Problem(409, "changed", CONFLICT))
    if isinstance(error, Unsure):
        return _answer_away("unsure", UNSURE, error)
    if is_away(error):
        return _answer_away("away", FULL if "full" in str(getattr(error, "orig", "")) else AWAY, error)
    if is_contended(error) or is_too_slow(error):
        return answer(Problem(503, "busy", BUSY, headers={"Retry-After": str(BUSY_SECONDS)}))
    raise error


def _answer_away(code: str, sentence: Sentence, error: Exception) -> Response:
    log.error("database_away", code=code, kind=type(error).__name__, error=str(getattr(error, "orig", error))[:300])
    g.viewer = ANONYMOUS  # the page must not ask the database who reads it
    return answer(Problem(503, code, sentence, headers={"Retry-After": str(AWAY_SECONDS)}))


def _answer_disk(error: OSError) -> Response:
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    log.error("disk_full", endpoint=request.endpoint)
    return answer(Problem(503, "full", FULL, headers={"Retry-After": str(AWAY_SECONDS)}))


def _code(kind: type) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("-")
