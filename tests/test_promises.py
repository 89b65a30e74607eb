"""The promises that need a served portal or a database of their own, in their quick form; `python -m tests.torture` has the long one."""

from __future__ import annotations

import importlib

import pytest

QUICK = ("contention", "double_booking", "durability", "figures", "retries")


@pytest.mark.parametrize("promise", QUICK)
def test_the_promise_is_kept(promise: str) -> None:
    module = importlib.import_module(f"tests.torture.{promise}")
    assert module.run(quick=True) is None  # raises where the promise is broken
