"""The served portal: it starts, answers, ends in good order, and comes back with everything it had."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from threading import Thread

import pytest
import requests
from sqlalchemy import select

from portal.commands.samplelogins import FILE, kept_logins
from portal.schema import upgrade
from tests.fixtures.accounts import token_in
from tests.fixtures.served import serve_portal


@pytest.fixture
def served(empty_database, tmp_path):
    upgrade(empty_database.engine)
    with serve_portal(empty_database.url, tmp_path) as portal:
        yield portal


def begin_login(portal, body):
    """Send a login but for its last bytes, and give the connection."""
    connection = socket.create_connection(("127.0.0.1", portal.port), timeout=20)
    head = (
        f"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body[:-5])
    return connection


def test_a_request_under_way_is_finished_before_the_server_ends(served):
    body = b"email=nobody%40example.org&password=whatever"
    connection = begin_login(served, body)
    time.sleep(0.5)
    ended = []
    stopping = Thread(target=lambda: ended.append(served.stop()))
    stopping.start()
    time.sleep(0.5)
    connection.sendall(body[-5:])
    assert connection.recv(100).startswith(b"HTTP/1.1 400 ")  # without the form's token, but answered
    stopping.join()
    assert ended == [0]
    connection.close()


def test_a_worker_that_dies_is_replaced(served):
    workers = subprocess.run(["pgrep", "-P", str(served._process.pid)], capture_output=True, text=True, check=True).stdout.split()
    assert len(workers) == 1
    os.kill(int(workers[0]), signal.SIGKILL)
    deadline = time.monotonic() + 30
    while True:
        try:
            assert requests.get(f"{served.url}/readyz", timeout=5).ok
            break
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_second_server_on_the_same_port_is_refused_with_the_reason(served):
    second = served.run("serve", "--port", str(served.port), "--no-sample")
    assert second.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{served.port}" in second.stderr


def test_the_log_holds_a_line_for_each_answer_and_no_query(served):
    requests.get(f"{served.url}/login?next=/me", timeout=20)
    served.stop()
    assert re.search(r'"path": "/login", "status": 200', served.log)
    assert "next=" not in served.log
    assert "Traceback" not in served.log


def test_a_sample_portal_can_be_logged_into_and_outlives_a_restart(empty_database, tmp_path):
    with serve_portal(empty_database.url, tmp_path, sample=True) as portal:
        logins = kept_logins(portal.data_dir)
        assert {"researcher@example.org", "manager@example.org", "admin@example.org"} <= set(logins)
        assert (portal.data_dir / FILE).stat().st_mode & 0o077 == 0
        assert all(password in portal.log for password in logins.values())
        browser = log_in(portal, "researcher@example.org", logins)
        portal.stop()
        portal.start()
        page = browser.get(f"{portal.url}/me", timeout=20)
        assert "researcher@example.org" in page.text  # the same key, the same login
        assert "sample-banner" in page.text
        assert kept_logins(portal.data_dir) == logins


def log_in(portal, email, logins):
    browser = requests.Session()
    page = browser.get(f"{portal.url}/login", timeout=20)
    fields = {"csrf_token": token_in(page.text), "email": email, "password": logins[email], "next": "/me"}
    assert browser.post(f"{portal.url}/login", data=fields, timeout=20).url == f"{portal.url}/me"
    return browser


def test_figures_of_all_workers_are_added_up(empty_database, tmp_path):
    upgrade(empty_database.engine)
    with serve_portal(empty_database.url, tmp_path, workers=2, settings={"PORTAL_METRICS": "yes"}) as portal:
        for _ in range(20):  # each on a connection of its own, so that both workers get some
            requests.get(f"{portal.url}/login", timeout=20)
        figures = requests.get(f"{portal.url}/metrics", timeout=20).text
        assert 'portal_answers_total{endpoint="auth.login",method="GET",status="200"} 20.0' in figures


def test_an_empty_portal_without_a_sample_stays_empty(served):
    from instruments.people import Organisation

    with served.engine.connect() as connection:
        assert connection.execute(select(Organisation.id)).all() == []
    assert not (served.data_dir / FILE).exists()
