"""Alive, ready, and figures for whoever watches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from portal import create_app


def test_it_is_alive_and_ready(client):
    assert client.get("/healthz").json == {"status": "alive"}
    assert client.get("/readyz").json == {"status": "ready", "database": True, "schema": True}


def test_asking_whether_it_is_alive_asks_the_database_nothing(client, statements):
    with statements() as seen:
        client.get("/healthz")
    assert seen == []


def test_a_database_of_another_version_is_not_ready(client, clean_engine):
    with clean_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["status"]) == (503, "outdated")
    finally:
        with clean_engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))


def test_figures_are_given_only_where_that_is_switched_on(client):
    assert client.get("/metrics").status_code == 404


@pytest.fixture
def watched(portal_settings, clean_engine):
    portal_settings.data_dir.mkdir(parents=True)
    return create_app(replace(portal_settings, metrics=True), clean_engine).test_client()


def test_figures_count_answers_by_endpoint_and_what_waits(watched):
    watched.get("/reset/fEeDsEcReTfEeDsEcReT")
    figures = watched.get("/metrics")
    assert figures.mimetype == "text/plain"
    assert 'portal_answers_total{endpoint="auth.new_password",method="GET",status="410"}' in figures.text
    assert "portal_letters_waiting 0.0" in figures.text
    assert "portal_answer_seconds_bucket" in figures.text
    assert "fEeDsEcReT" not in figures.text
