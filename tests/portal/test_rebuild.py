"""Figures made anew by hand, after a restore, and looked at by `check`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from instruments.timespan import TimeSpan
from portal import clock, create_app
from portal.checks import findings
from portal.cli import main
from portal.commands import opened
from portal.commands import rebuild as rebuilding
from portal.config import read_settings
from portal.jobs import run_once
from portal.schema import upgrade
from scheduling.statistics.figures import FIGURES, DayFigure, DayUse, MonthFigure, YearFigure, YearPeople
from scheduling.statistics.keeping import waiting_notes
from scheduling.statistics.proof import check_figures

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SUMS, YEARS, SAMPLED = "months are the sums of their days", "years are the sums of their months", "figures are those of the rows"


@pytest.fixture
def clean_engine(empty_database):
    """A database of the test's own, as a command finds it."""
    upgrade(empty_database.engine)
    return empty_database.engine


@pytest.fixture
def session(clean_engine):
    """The builders' session; what they make is committed."""
    with Session(clean_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def run(empty_database, tmp_path, monkeypatch, now):
    """`run("rebuild")` runs a command at the tests' time and gives its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTAL_DATABASE_URL", empty_database.url)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "data"))

    def command(*arguments):
        with clock.freeze(now):
            return main(arguments)

    return command


@pytest.fixture
def used(session, an_instrument, a_usage, a_booking, now):
    """Two instruments with uses over midnight and a month's end, and a booking; committed."""
    first, second = an_instrument(published_at=now - 60 * DAY), an_instrument(published_at=now - 40 * DAY, lanes=2)
    for number, days in enumerate((3, 9, 22, 23)):
        start = now - days * DAY + 13 * HOUR
        a_usage(instrument=(first, second)[number % 2], span=TimeSpan(start, start + 5 * HOUR), samples=number)
    a_booking(instrument=first)
    session.commit()
    return first, second


def tick(engine, tmp_path, at):
    app = create_app(read_settings(database_url=str(engine.url), data_dir=str(tmp_path / "data"), sample=False), engine)
    with clock.freeze(at):
        run_once(app, "figures")


def figures(engine):
    with Session(engine) as session:
        return {table.__name__: sorted(map(tuple, session.execute(select(table.__table__)))) for table in FIGURES}


def waiting(engine):
    with Session(engine) as session:
        return waiting_notes(session)


def wrong(engine):
    return {one.name: one.detail for one in findings(engine) if not one.is_right and not one.name.startswith("postgresql")}


class TestRebuilding:
    def test_it_gives_what_the_ticks_gave_and_leaves_nothing_noted(self, run, used, clean_engine, tmp_path, now, capsys):
        tick(clean_engine, tmp_path, now)
        kept = figures(clean_engine)
        assert all(kept.values())
        with clean_engine.begin() as connection:
            for table in FIGURES:
                connection.execute(delete(table))
            connection.execute(text("INSERT INTO touched_span (instrument_id) VALUES (NULL)"))
        assert run("rebuild", "--processes", "1") == 0
        assert "4 次使用" in capsys.readouterr().out
        assert figures(clean_engine) == kept
        assert waiting(clean_engine) == 0

    @pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
    def test_several_processes_make_the_same(self, run, used, clean_engine, tmp_path, now, monkeypatch, capsys):
        tick(clean_engine, tmp_path, now)
        kept = figures(clean_engine)
        monkeypatch.setitem(rebuilding.SLICES, "postgresql", 1)
        assert run("rebuild", "--processes", "2") == 0
        assert "2 台仪器、4 次使用" in capsys.readouterr().out
        assert figures(clean_engine) == kept

    def test_from_a_year_on_the_years_before_stay_as_they_are(self, run, used, clean_engine, now):
        assert run("rebuild", "--processes", "1") == 0
        with clean_engine.begin() as connection:
            connection.execute(update(DayFigure).values(opening=1))
        assert run("rebuild", "--processes", "1", "--from", str(now.year + 1)) == 0
        assert {row[2] for row in figures(clean_engine)["DayFigure"]} == {1}
        assert run("rebuild", "--processes", "1", "--from", str(now.year)) == 0
        assert {row[2] for row in figures(clean_engine)["DayFigure"]} > {1440}

    @pytest.mark.parametrize("arguments", [("--from", "1"), ("--from", "soon"), ("--processes", "0")])
    def test_what_makes_no_sense_is_bad_usage(self, run, arguments):
        with pytest.raises(SystemExit) as ended:
            run("rebuild", *arguments)
        assert ended.value.code == 2

    def test_progress_is_shown_on_a_terminal(self, run, used, monkeypatch, capsys):
        monkeypatch.setattr(opened.sys.stderr, "isatty", lambda: True, raising=False)
        assert run("rebuild", "--processes", "1") == 0
        assert "2 / 2" in capsys.readouterr().err

    def test_after_a_restore_the_tick_makes_the_same_figures(self, run, used, clean_engine, databases, backend, tmp_path, now, monkeypatch):
        tick(clean_engine, tmp_path, now)
        assert run("backup", "kept") == 0
        other = databases.make(backend)
        monkeypatch.setenv("PORTAL_DATABASE_URL", other.url)
        monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "elsewhere"))
        assert run("restore", "kept") == 0
        assert not any(figures(other.engine).values())
        assert wrong(other.engine) == {}
        tick(other.engine, tmp_path, now)
        assert figures(other.engine) == figures(clean_engine)
        assert waiting(other.engine) == 0
        other.engine.dispose()


class TestLooking:
    @pytest.fixture(autouse=True)
    def made(self, used, clean_engine, tmp_path, now):
        tick(clean_engine, tmp_path, now)

    def test_nothing_is_wrong_with_what_was_made(self, clean_engine):
        assert wrong(clean_engine) == {}
        told = {one.name: one.detail for one in findings(clean_engine)}
        assert told["figures waiting"] == "0 notes to be worked off"
        assert told[SAMPLED] == "2 months of instruments counted again"

    def test_a_day_that_was_tampered_with_is_named(self, clean_engine, used, now):
        day = (now - 3 * DAY).date()
        with clean_engine.begin() as connection:
            connection.execute(update(DayFigure).where(DayFigure.starts_on == day, DayFigure.instrument_id == used[0].id).values(used=1))
        found = wrong(clean_engine)
        assert found[SUMS] == f"1 wrong, the first is {day:%Y-%m} of instrument {used[0].id}"
        assert found[SAMPLED].endswith(f"the first is {day} of instrument {used[0].id}")

    @pytest.mark.parametrize("table", [DayUse, MonthFigure, YearFigure, YearPeople])
    def test_a_row_that_was_taken_away_is_missed(self, clean_engine, table):
        with clean_engine.begin() as connection:
            connection.execute(delete(table))
        assert {SUMS, YEARS} & wrong(clean_engine).keys()

    def test_a_use_that_left_no_note_is_found(self, clean_engine):
        with clean_engine.begin() as connection:
            connection.execute(text("UPDATE usage_record SET samples = samples + 1"))
            assert connection.execute(text("SELECT count(*) FROM touched_span")).scalar_one() > 0
        assert SAMPLED not in wrong(clean_engine), "what is noted is not wrong"
        with clean_engine.begin() as connection:
            connection.execute(text("DELETE FROM touched_span"))
        with Session(clean_engine) as session:
            samples = [check_figures(session, seed=seed)[-1] for seed in range(9)]  # whose months are chosen by chance
        assert not all(one.is_right for one in samples)
