"""Serve the portal: bring the database up to date, make the sample province in an empty one, and answer requests."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
from dataclasses import replace

import structlog

from portal.checks import is_durable
from portal.commands.opened import Stopped, engine_of, settings_of
from portal.commands.preparing import make_sample, prepare, seed, shows_sample
from portal.commands.samplelogins import in_words
from portal.config import Settings
from portal.logs import set_up_logs

log = structlog.get_logger()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of serve."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, help="the port to listen on (8000)")
    parser.add_argument("--workers", type=_count, default=1, help="how many processes answer, eight threads each (1)")
    parser.add_argument("--no-sample", action="store_true", help="leave an empty database empty")
    parser.add_argument("--no-jobs", action="store_true", help="leave mail and other due work to `run.py worker`")


def run(chosen: argparse.Namespace) -> int:
    """Serve until told to stop; requests under way are finished first."""
    set_up_logs()
    settings = settings_of(chosen, host=chosen.host, port=chosen.port)
    _set_up_metrics(settings)
    _check_free(chosen.host, chosen.port)
    settings = _ready(settings, wants_sample=settings.sample and not chosen.no_sample)
    _announce(settings)
    from portal.server import serve

    serve(settings, host=chosen.host, port=chosen.port, workers=chosen.workers, jobs=not chosen.no_jobs)
    return 0


def _ready(settings: Settings, *, wants_sample: bool) -> Settings:
    """Bring the database up to date; give the settings with `sample` saying what is in it."""
    from portal import create_app

    engine = engine_of(settings)
    prepare(engine)
    app = create_app(settings, engine)
    seed(app)
    if not is_durable(engine):
        log.warning("not_durable", advice="Committed work may be lost in a power cut: see `run.py check`.")
    if wants_sample and make_sample(app):
        print("已建立示例数据。 / A sample province has been made.", flush=True)
    settings = replace(settings, sample=shows_sample(app))
    engine.dispose()  # the workers open connections of their own
    return settings


def _announce(settings: Settings) -> None:
    print(f"平台地址 / The portal is at {settings.base_url}", flush=True)
    logins = in_words(settings.data_dir) if settings.sample else ""
    if logins:
        print(logins, flush=True)


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise Stopped(f"无法监听 {host}:{port}:{reason}。", f"Cannot listen on {host}:{port}: {reason}.") from error


def _set_up_metrics(settings: Settings) -> None:
    """Have the processes count into files of one folder; the counting library looks for it when it is imported."""
    if settings.metrics:
        folder = settings.data_dir / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("a number from 1 to 64")
    return int(text)
