"""The address that stops letters of a series: in their text for people, and in a header for mail programs (RFC 2369, RFC 8058).

It is worked out when a letter is sent and kept nowhere; its token is good for stopping one report and for nothing else.
"""

from __future__ import annotations

from datetime import datetime

from portal.links import outside_url
from portal.outbox import OutboxMessage
from portal.savedreports import stop_token

KIND = "report-ready"


def letter_key(report_id: int, due: datetime) -> str:
    """Name the letter of a report and a time: it goes out once."""
    return f"{KIND}/{report_id}/{due:%Y%m%d%H%M}"


def stop_url(report_id: int) -> str:
    """Give the full address that stops a report, without logging in."""
    return outside_url("saved.stop", saved_id=report_id, token=stop_token(report_id))


def stop_url_of(message: OutboxMessage) -> str:
    """Give the address that stops the series a letter is one of; '' where it is one of none."""
    return stop_url(int(message.key.split("/")[1])) if message.kind == KIND else ""
