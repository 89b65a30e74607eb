"""The server people are served by: gunicorn, with the due work inside the same command.

Each worker process builds its own application, so that no database connection is shared over a fork. SIGTERM lets the requests under
way end, and the ticks come to a safe point; a worker that dies is replaced.
"""

from __future__ import annotations

import gc
import logging
import os
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from portal.config import Settings
from portal.logs import set_up_logs

THREADS = 8
SECONDS_TO_END = 30
SECONDS_WITHOUT_A_SIGN = 120


class Server(BaseApplication):
    """Gunicorn, told everything by the program and nothing by files."""

    def __init__(self, settings: Settings, options: dict[str, Any], *, jobs: bool) -> None:
        self._settings, self._options, self._jobs = settings, options, jobs
        super().__init__()

    def load_config(self) -> None:
        """Hand gunicorn its settings."""
        for key, value in self._options.items():
            self.cfg.set(key, value)
        self.cfg.set("post_worker_init", self._begin_ticks)
        self.cfg.set("worker_exit", self._end_ticks)
        self.cfg.set("child_exit", _forget_counts)

    def load(self) -> Flask:
        """Build the application of this worker."""
        from portal import create_app

        return create_app(self._settings)

    def _begin_ticks(self, worker: Any) -> None:
        # What is loaded stays for good: the collector need not walk over it again with every few requests.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        if self._jobs:
            from portal.jobs import start

            worker.ticks = start(worker.wsgi)

    def _end_ticks(self, _server: Any, worker: Any) -> None:
        ticks = getattr(worker, "ticks", None)
        if ticks is not None:
            ticks.stop()


class Log(Logger):
    """Sends gunicorn's words the way of all others; the portal writes its own line for each answer."""

    def setup(self, cfg: Any) -> None:
        """Keep the handlers that are there."""
        set_up_logs()
        self.error_log.setLevel(logging.INFO)
        self.error_log.propagate = True
        self.access_log.disabled = True


def serve(settings: Settings, *, host: str, port: int, workers: int, jobs: bool) -> None:
    """Serve until SIGTERM or SIGINT."""
    in_address = f"[{host}]" if ":" in host else host
    options = {
        "bind": f"{in_address}:{port}",
        "workers": workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "timeout": SECONDS_WITHOUT_A_SIGN,
        "graceful_timeout": SECONDS_TO_END,
        "keepalive": 15,
        "logger_class": Log,
        "proc_name": "instrument-portal",
        "preload_app": False,
        "control_socket_disable": True,
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,
        # Who is trusted to tell of https and of the client's address is said by PORTAL_TRUSTED_PROXIES alone.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "forwarder_headers": "",
    }
    Server(settings, options, jobs=jobs).run()


def _forget_counts(_server: Any, worker: Any) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
