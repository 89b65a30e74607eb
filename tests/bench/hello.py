"""The bare limit of the server: the same gunicorn, the same number of processes and threads, saying hello."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time

import requests

from tests.bench.clients import posts_per_second

PROGRAM = """
from flask import Flask, jsonify
app = Flask("hello")
@app.post("/")
def hello():
    return jsonify(hello="world")
import sys, types
from gunicorn.app.wsgiapp import run
module = types.ModuleType("hello")
module.app = app
sys.modules["hello"] = module
sys.argv[0] = "gunicorn"
run()
"""


def rate(seconds: float, clients: int = 8) -> float:
    """Give requests a second."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"-b 127.0.0.1:{port} -k gthread --threads 8 -w 1 --log-level error hello:app"
    command = [sys.executable, "-c", PROGRAM, *options.split()]
    server = subprocess.Popen(command)
    try:
        url = f"http://127.0.0.1:{port}/"
        _wait_for(url)
        return posts_per_second(url, [{}] * clients, lambda number, turn: {}, seconds).per_second
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=20)


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            requests.post(url, json={}, timeout=2)
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise RuntimeError("hello does not start")
