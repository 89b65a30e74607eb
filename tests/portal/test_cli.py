"""The command line: what each command does, and its exit codes: 0 done, 1 refused, 2 bad usage."""

from __future__ import annotations

import re
import stat

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.classification import Category
from instruments.people import Organisation, Person, person_by_email
from instruments.roles import RoleGrant
from portal.auth.tokens import person_of_token
from portal.cli import COMMANDS, main
from portal.commands.samplelogins import in_words, keep_logins, kept_logins, new_passwords
from portal.outbox import OutboxMessage


@pytest.fixture
def run(empty_database, tmp_path, monkeypatch, capsys):
    """`run("check")` runs a command on a database of the test's own, and gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTAL_DATABASE_URL", empty_database.url)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "data"))

    def command(*arguments):
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.fixture
def ready(run, empty_database):
    """A database with the schema and one organisation; gives a session on it."""
    assert run("migrate")[0] == 0
    with Session(empty_database.engine) as session:
        session.add(Organisation(code="FHU", name_zh="汾河大学", kind="university"))
        session.commit()
        yield session


def test_help_names_every_command_and_says_what_it_does(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    for name in COMMANDS:
        assert re.search(rf"^    {name}\s+\w+", said, re.MULTILINE), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert "--database" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["serve", "--port", "http"],
        ["serve", "--port", "70000"],
        ["serve", "--workers", "0"],
        ["token"],
        ["--nonsense"],
        ["backup"],
    ],
)
def test_bad_usage_is_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_its_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert re.fullmatch(r"instrument-portal \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_migrate_brings_schema_and_code_lists_and_may_be_repeated(run, empty_database):
    for _ in range(2):
        assert run("migrate")[0] == 0
    with Session(empty_database.engine) as session:
        assert session.scalar(select(func.count()).select_from(Category)) == 739


def test_a_database_without_the_schema_is_refused_with_the_way_out(run):
    for command in (("token", "a@example.org"), ("check",), ("backup", "there")):
        code, _, err = run(*command)
        assert code == 1
        assert "migrate" in err


def test_a_token_is_printed_and_nothing_else(run, ready, now):
    run("people", "add", "li@example.org", "--name", "Li", "--organisation", "FHU")
    code, out, err = run("token", "LI@example.org")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"ip_[\w-]{32}\n", out)
    assert person_of_token(ready, out.strip(), now)[1].email == "li@example.org"


def test_nobody_without_an_account_gets_a_token(run, ready):
    code, out, err = run("token", "nobody@example.org")
    assert (code, out) == (1, "")
    assert "no active account" in err


def test_a_person_is_added_with_a_link_to_choose_her_password(run, ready):
    code, out, _ = run("people", "add", "Li@Example.org", "--name", "李明", "--organisation", "FHU", "--mail")
    assert code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/reset/[\w-]{32}\n", out)
    person = person_by_email(ready, "li@example.org")
    assert (person.name, person.status, person.organisation.code) == ("李明", "active", "FHU")
    assert ready.scalars(select(OutboxMessage)).one().kind == "invitation"


def test_a_role_is_added_to_somebody_who_is_there(run, ready):
    run("people", "add", "li@example.org", "--name", "Li")
    assert run("people", "add", "li@example.org", "--role", "province-admin")[:2] == (0, "li@example.org: province_admin\n")
    run("people", "add", "li@example.org", "--role", "organisation_admin")
    grants = ready.execute(select(RoleGrant.role, RoleGrant.organisation_id).order_by(RoleGrant.role)).all()
    assert [tuple(each) for each in grants] == [("organisation_admin", ready.scalar(select(Organisation.id))), ("province_admin", None)]


def test_the_first_administrator_of_an_empty_portal_brings_her_organisation(run, empty_database):
    run("migrate")
    code, _, _ = run(
        "people", "add", "zhao@example.org", "--name", "Zhao", "--role", "province_admin", "--organisation", "SX", "--new-organisation", "省平台"
    )  # fmt: skip
    assert code == 0
    with Session(empty_database.engine) as session:
        assert session.scalar(select(Person.email).join(Organisation).where(Organisation.code == "SX")) == "zhao@example.org"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["li@example.org"], "needs --name"),
        (["no address", "--name", "Li"], "valid e-mail"),
        (["li@example.org", "--name", "Li", "--organisation", "NONE"], "no organisation with the code"),
        (["li@example.org", "--name", "Li", "--role", "manager"], "one of an instrument or a facility"),
        (["li@example.org", "--name", "Li", "--role", "manager", "--instrument", "7"], "no instrument or facility"),
        (["li@example.org", "--name", "Li", "--new-organisation", "X"], "--organisation CODE"),
    ],
)
def test_a_person_who_cannot_be_added_is_refused_and_nothing_is_kept(run, ready, arguments, words):
    code, out, err = run("people", "add", *arguments)
    assert (code, out) == (1, "")
    assert words in err
    assert ready.scalar(select(func.count()).select_from(Person)) == 0


def test_check_finds_a_fresh_portal_as_promised(run, ready, backend):
    code, out, err = run("check")
    if backend == "sqlite":
        assert (code, err) == (0, "")
    else:  # the tests' own PostgreSQL runs without fsync, for speed, and that is found
        assert code == 1
        assert "postgresql fsync: off" in err
    assert "ok    overlapping bookings: 0" in out


def test_backup_and_restore(run, ready, tmp_path, databases, backend, monkeypatch):
    run("people", "add", "li@example.org", "--name", "Li")
    assert run("backup", "kept")[0] == 0
    assert run("backup", "kept")[0] == 1
    assert run("restore", "kept")[0] == 1
    other = databases.make(backend)
    monkeypatch.setenv("PORTAL_DATABASE_URL", other.url)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "elsewhere"))
    assert run("restore", "kept")[0] == 0
    assert run("token", "li@example.org")[0] == 0
    other.engine.dispose()


def test_a_sample_disturbs_nothing(run, ready):
    code, _, err = run("sample")
    assert code == 1
    assert "not empty" in err


def test_a_database_that_cannot_be_reached_is_said_without_a_trace_and_without_its_password(run, monkeypatch):
    monkeypatch.setenv("PORTAL_DATABASE_URL", "postgresql+psycopg://portal:hunter2@127.0.0.1:1/portal")
    code, _, err = run("check")
    assert code == 1
    assert "cannot be reached" in err
    assert "hunter2" not in err
    assert "Traceback" not in err


def test_a_public_address_without_a_key_does_not_start(run):
    code, _, err = run("serve", "--host", "0.0.0.0")
    assert code == 1
    assert "PORTAL_SECRET_KEY" in err


def test_sample_logins_are_kept_for_their_owner_alone(tmp_path):
    assert in_words(tmp_path) == ""
    passwords = new_passwords(["researcher@example.org", "pi@example.org"])
    keep_logins(tmp_path, passwords)
    keep_logins(tmp_path, passwords)
    assert kept_logins(tmp_path) == passwords
    assert stat.S_IMODE((tmp_path / "sample-logins.txt").stat().st_mode) == 0o600
    assert len({*passwords.values()}) == 2
    assert all(email in in_words(tmp_path) and password in in_words(tmp_path) for email, password in passwords.items())
