"""The ticks: APScheduler only says when, the database says what. Any number of processes may tick (promise 7).

`start(app)` ticks beside a web server, `work(app)` as a process of its own, `run_once(app, name)` for tests and by hand.
Start it in the process that serves, after any fork.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from portal import clock, moneyticks, reportticks, ticks
from portal.transactions import is_away, is_contended

Work = Callable[[datetime, Event], None]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tick:
    """A piece of work and how often it is looked at. It claims rows or is harmless to repeat, whoever else does the same."""

    name: str
    seconds: int
    work: Work


TICKS = (
    Tick("deliver", 5, ticks.deliver),
    Tick("expire", 30, ticks.expire),
    Tick("remind", 60, ticks.remind),
    Tick("no-shows", 60, ticks.no_shows),
    Tick("unstarted", 900, ticks.unstarted),
    Tick("charges", 60, ticks.charges),
    Tick("unended", 300, ticks.unended),
    Tick("spends", 60, moneyticks.spends),
    Tick("to-review", 900, moneyticks.to_review),
    Tick("problems", 900, moneyticks.problems),
    Tick("seal", 60, ticks.seal),
    Tick("prices", 60, ticks.prices),
    Tick("imports", 3, ticks.imports),
    Tick("readings", 30, ticks.readings),
    Tick("figures", 20, ticks.figures),
    Tick("reports", 60, reportticks.reports),
    Tick("prune", 3600, ticks.prune),
)


class Clockwork:
    """The running ticks of this process."""

    def __init__(self, app: Flask) -> None:
        self._stop = Event()
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(len(TICKS))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for tick in TICKS:
            # A fifth of chance keeps the processes of a province from ticking in step.
            trigger = IntervalTrigger(seconds=tick.seconds, jitter=tick.seconds / 5)
            self._scheduler.add_job(run_safely, trigger, args=(app, tick, self._stop), id=tick.name, next_run_time=clock.now())

    def start(self) -> None:
        """Begin to tick, at once and then again and again."""
        self._scheduler.start()

    def stop(self) -> None:
        """Let the work under way come to its next safe point, and end."""
        self._stop.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)


def start(app: Flask) -> Clockwork:
    """Begin to tick in the background of this process; the caller stops what is given."""
    clockwork = Clockwork(app)
    clockwork.start()
    return clockwork


def work(app: Flask) -> None:
    """Tick in the foreground until SIGTERM or SIGINT."""
    asked_to_stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_stop.set())
    clockwork = start(app)
    log.info("worker_started", ticks=[tick.name for tick in TICKS])
    while not asked_to_stop.wait(1.0):
        assert threading.current_thread() is threading.main_thread(), "signals reach only the main thread"
    clockwork.stop()
    log.info("worker_stopped")


def run_once(app: Flask, name: str) -> None:
    """Do one tick's work now, in this thread; its errors are the caller's."""
    (tick,) = (tick for tick in TICKS if tick.name == name)
    with app.app_context():
        tick.work(clock.now(), Event())


def run_safely(app: Flask, tick: Tick, stop: Event) -> None:
    """Do one tick's work; whatever goes wrong is logged, and the next tick tries again."""
    try:
        with app.app_context():
            tick.work(clock.now(), stop)
    except Exception as error:
        if is_away(error) or is_contended(error):
            log.warning("tick_put_off", tick=tick.name, error=str(getattr(error, "orig", error))[:300])
        else:
            log.exception("tick_failed", tick=tick.name)
