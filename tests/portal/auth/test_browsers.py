"""Browsers in words."""

from __future__ import annotations

import pytest

from portal.auth.browsers import in_words

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (WINDOWS, "Chrome, Windows"),
        (f"{WINDOWS} Edg/130.0.0.0", "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36 MicroMessenger/8.0", "WeChat, Android"),
        ("python-requests/2.32", "python-requests/2.32"),
        ("x" * 5000, "x" * 60),
        ("", ""),
    ],
)
def test_a_browser_is_told_in_two_words(user_agent, words):
    assert in_words(user_agent) == words
