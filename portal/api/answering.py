"""Unsafe calls: done once per Idempotency-Key, and refused in a form that can be kept beside the key."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import json, request
from sqlalchemy.orm import Session

from instruments.errors import Invalid, PortalError, Sentence
from portal.auth import viewer
from portal.errors import problem_of
from portal.idempotency import Answer, once
from portal.problems import as_text, problem_json

KEY = "Idempotency-Key"
MATCH = "If-Match"
A_KEY = re.compile(r"[!-~]{1,200}")
Answered = tuple[Any, int, dict[str, str]]


def answer_once(route: str, asked: Any, do: Callable[[Session], Answer], refuse: Callable[[PortalError], Answer] | None = None) -> Answered:
    """Do the work in a transaction, once per key; a repeat gives the first answer, a refusal too.

    `route` and `asked` say what was asked: the same key with something else is 422.
    """
    answer = once(_key(), person_id=viewer().person_id, route=route, body=asked, do=do, refuse=refuse or refusal_of)
    return answer.payload, answer.status, {"Content-Type": "application/problem+json"} if answer.status >= 400 else {}


def refusal_of(error: PortalError) -> Answer:
    """Say an error of ours as an answer that can be kept."""
    problem = problem_of(error)
    plain: dict[str, Any] = json.loads(json.dumps(problem_json(problem), default=as_text))  # times among the details become text
    return Answer(problem.status, plain)


def _key() -> str | None:
    key = request.headers.get(KEY)
    if key is not None and not A_KEY.fullmatch(key):
        raise Invalid(
            KEY,
            Sentence("请求标识应为 1 到 200 个可见的 ASCII 字符。", "A key is made of 1 to 200 visible ASCII characters."),
        )
    return key
