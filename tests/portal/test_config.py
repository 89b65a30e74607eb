"""Settings: read from the environment, refused where they would be unsafe."""

from __future__ import annotations

import stat
from threading import Thread

import pytest

from portal.config import BadSetting, kept_secret, read_settings

KEY = "k" * 40


def read(tmp_path, environ=None, **chosen):
    return read_settings({"PORTAL_DATA_DIR": str(tmp_path), **(environ or {})}, **chosen)


def test_a_portal_for_this_machine_alone_needs_no_settings(tmp_path):
    settings = read(tmp_path)
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.database_url == f"sqlite:///{tmp_path}/portal.db"
    assert settings.hosts == ("127.0.0.1", "localhost", "::1")
    assert len(settings.secret_key) == 64


def test_the_key_of_such_a_portal_is_kept_where_only_its_owner_reads_it(tmp_path):
    assert read(tmp_path).secret_key == read(tmp_path).secret_key
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_the_key(tmp_path):
    found = []
    threads = [Thread(target=lambda: found.append(kept_secret(tmp_path / "key"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("where", [{"host": "0.0.0.0"}, {"base_url": "https://portal.example.cn"}, {"host": "::"}, {"host": "192.0.2.1"}])
def test_a_public_address_without_a_key_or_with_a_weak_one_is_refused(tmp_path, where):
    for key in ({}, {"PORTAL_SECRET_KEY": "changeme"}):
        with pytest.raises(BadSetting, match="PORTAL_SECRET_KEY"):
            read(tmp_path, key, **where)
    assert read(tmp_path, {"PORTAL_SECRET_KEY": KEY}, **where).secret_key == KEY


def test_a_public_address_with_debug_on_is_refused(tmp_path):
    environ = {"PORTAL_SECRET_KEY": KEY, "PORTAL_DEBUG": "yes"}
    assert read(tmp_path, environ).debug
    with pytest.raises(BadSetting, match="PORTAL_DEBUG"):
        read(tmp_path, environ, host="0.0.0.0")


def test_options_win_over_the_environment(tmp_path):
    settings = read(tmp_path, {"PORTAL_DATABASE_URL": "sqlite:///a.db"}, database_url="postgresql://db/portal", data_dir=None)
    assert settings.database_url == "postgresql://db/portal"
    assert settings.data_dir == tmp_path


def test_own_names_can_be_added(tmp_path):
    settings = read(
        tmp_path, {"PORTAL_HOSTS": "portal.example.cn, 10.0.0.5", "PORTAL_SECRET_KEY": KEY}, base_url="https://instruments.example.cn"
    )
    assert settings.hosts == ("instruments.example.cn", "portal.example.cn", "10.0.0.5")
    assert settings.is_https


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://user:secret@db/x"),
        ("DATABASE_URL", "nonsense"),
        ("BASE_URL", "portal.example.cn"),
        ("BASE_URL", "ftp://portal.example.cn"),
        ("BASE_URL", "https://portal.example.cn/?x=1"),
        ("MAIL_URL", "http://mail.example.cn"),
        ("MAIL_URL", "smtp://mail.example.cn:port"),
        ("LANGUAGE", "fr"),
        ("METRICS", "perhaps"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "many"),
        ("MAX_BODY_MB", "1000000"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name_and_without_its_secrets(tmp_path, name, value):
    with pytest.raises(BadSetting, match=f"PORTAL_{name}") as refusal:
        read(tmp_path, {f"PORTAL_{name}": value})
    assert "secret" not in str(refusal.value)


def test_an_env_file_is_read_and_the_environment_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("PORTAL_LANGUAGE", "PORTAL_MAIL_FROM"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text("PORTAL_LANGUAGE=en\nPORTAL_MAIL_FROM=portal@example.org\nPORTAL_DATA_DIR=data\n")
    assert read_settings().language == "en"
    monkeypatch.setenv("PORTAL_LANGUAGE", "zh")
    settings = read_settings()
    assert (settings.language, settings.mail_from, settings.data_dir) == ("zh", "portal@example.org", tmp_path / "data")
