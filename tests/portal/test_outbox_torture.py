"""Promise 7 in its quick form; `python -m tests.torture outbox` is the long one."""

from __future__ import annotations

import pytest

from tests.torture import outbox


@pytest.mark.torture
def test_mail_is_neither_lost_nor_doubled_when_workers_are_killed() -> None:
    outbox.run(quick=True)
