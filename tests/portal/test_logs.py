"""What the logs say, and what they never say (promise 15)."""

from __future__ import annotations

import json
import logging
from io import StringIO

import pytest
import structlog

from portal.logs import masked, set_up_logs

SECRETS = ("ip_AbCdEfGhIjKlMnOpQrStUvWx", "hunter2hunter2", "wang.wu@example.org", "fEeDsEcReTfEeDsEcReT")


@pytest.fixture
def written():
    """`written()` gives the lines logged so far, as a program reads them."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = StringIO()
    set_up_logs(stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = before, level


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer ip_AbCdEfGhIjKlMnOpQrStUvWx", "Authorization: Bearer ***"),
        ("token ip_AbCdEfGhIjKlMnOpQrStUvWx used", "token *** used"),
        ("smtp://portal:hunter2hunter2@mail.example.org:587", "smtp://portal:***@mail.example.org:587"),
        ("/reset?token=abc&next=/me", "/reset?token=***&next=/me"),
        ("/calendars/feeds/fEeDsEcReTfEeDsEcReT.ics", "/calendars/feeds/***"),
        ("/register/confirm/AbC_-123", "/register/confirm/***"),
        ("/reset/AbC_-123", "/reset/***"),
        ("https://portal.test/reports/7/stop/0a1b2c?lang=en", "https://portal.test/reports/7/stop/***?lang=en"),
        ("mail for wang.wu@example.org", "mail for w***@example.org"),
        ("GET /instruments/12", "GET /instruments/12"),
    ],
)
def test_what_opens_a_door_is_hidden_in_any_text(text, shown):
    assert masked(text) == shown


def test_values_are_hidden_by_their_names_too(written):
    structlog.get_logger().info("saved", password="hunter2hunter2", api_token="x1", who={"secret": "x2", "email": "wang.wu@example.org"})
    (line,) = written()
    assert line["password"] == line["api_token"] == line["who"]["secret"] == "***"
    assert line["who"]["email"] == "w***@example.org"


def test_the_libraries_words_and_tracebacks_go_through_the_same_mask(written):
    try:
        raise ValueError("for wang.wu@example.org with ip_AbCdEfGhIjKlMnOpQrStUvWx")
    except ValueError:
        logging.getLogger("some.library").exception("could not write to %s", "wang.wu@example.org")
    (line,) = written()
    assert "ValueError" in line["exception"]
    assert not any(secret in json.dumps(line) for secret in SECRETS)


def test_each_answer_is_one_short_line_without_what_stands_behind_the_question_mark(client, written):
    client.get("/login?next=/me&email=wang.wu@example.org")
    client.get("/reset/fEeDsEcReTfEeDsEcReT")
    client.get("/reports/7/stop/fEeDsEcReTfEeDsEcReT")
    lines = [line for line in written() if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/login", 200), ("GET", "/reset/***", 410), ("GET", "/reports/7/stop/***", 404),
    ]  # fmt: skip
