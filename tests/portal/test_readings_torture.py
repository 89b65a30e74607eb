"""Gateways lose nothing, in the quick form; `python -m tests.torture readings` is the long one."""

from __future__ import annotations

import pytest

from tests.torture import readings


@pytest.mark.torture
def test_what_gateways_were_answered_for_is_there_once_though_the_server_is_killed() -> None:
    readings.run(quick=True)
