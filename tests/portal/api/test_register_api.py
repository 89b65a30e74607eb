"""Organisations, classes, the person behind a token, and her tokens, over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest


def test_organisations_are_listed_by_code_and_paged(client, an_organisation):
    for code in ("C", "A", "D", "B"):
        an_organisation(code=code, city="140200" if code == "D" else "140100")
    an_organisation(code="E", is_active=False)
    first = client.get("/api/v1/organisations?limit=3").json
    rest = client.get(f"/api/v1/organisations?limit=3&cursor={first['next']}").json
    assert [one["code"] for one in first["items"] + rest["items"]] == ["A", "B", "C", "D"]
    assert (first["total"], rest["total"], rest["next"]) == (4, 4, None)
    assert [one["code"] for one in client.get("/api/v1/organisations?city=140200").json["items"]] == ["D"]


def test_an_organisation_is_found_by_a_part_of_its_name_taken_as_it_is(client, an_organisation):
    an_organisation(code="A", name_en="Shanxi 100% University")
    an_organisation(code="B", name_en="Shanxi 1000 University")
    assert [one["code"] for one in client.get("/api/v1/organisations?q=100%25").json["items"]] == ["A"]


def test_classes_are_listed_by_level_and_by_what_they_belong_to(client, categories):
    top = client.get("/api/v1/categories?level=1").json
    assert {one["level"] for one in top["items"]} == {1}
    parent = top["items"][0]["code"]
    below = client.get(f"/api/v1/categories?parent={parent}").json
    assert below["total"] > 1
    assert {(one["parent"], one["level"]) for one in below["items"]} == {(parent, 2)}
    assert all(one["name_zh"] and one["name"] for one in below["items"])


def test_pages_of_classes_hold_each_once(client, categories):
    codes, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/api/v1/categories?limit=100&cursor={cursor}").json
        codes += [one["code"] for one in page["items"]]
        cursor = page["next"]
    assert len(codes) == len(set(codes)) == page["total"]
    assert codes == sorted(codes)


@pytest.mark.parametrize("path", ["/organisations", "/categories", "/instruments"])
def test_no_list_gives_more_than_200_at_once(client, path):
    assert client.get(f"/api/v1{path}?limit=200").status_code == 200
    refused = client.get(f"/api/v1{path}?limit=201")
    assert (refused.status_code, refused.json["field"], refused.mimetype) == (422, "limit", "application/problem+json")


def test_me_is_the_person_with_groups_and_roles(an_api, a_person, a_group, a_manager, an_instrument):
    person = a_person(name="赵敏", language="en")
    group = a_group(pi=person)
    a_manager(an_instrument(), person=person)
    me = an_api(person)("GET", "/me").json
    assert (me["id"], me["name"], me["email"], me["language"]) == (str(person.id), "赵敏", person.email, "en")
    assert me["organisation"]["id"] == str(person.organisation_id)
    assert [one["id"] for one in me["groups"]] == [str(group.id)]
    assert me["roles"] == ["manager", "pi", "researcher"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/me"), ("GET", "/me/tokens"), ("POST", "/me/tokens"), ("GET", "/bookings")])
def test_nobody_and_a_dead_token_are_401(client, method, path):
    for headers in ({}, {"Authorization": "Bearer ip_nothing"}):
        answer = client.open(f"/api/v1{path}", method=method, headers=headers, json={} if method == "POST" else None)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_a_token_is_made_works_is_listed_without_its_secret_and_dies_when_revoked(an_api, client, a_person):
    call = an_api(a_person())
    made = call("POST", "/me/tokens", {"label": "balance", "days": 30})
    assert made.status_code == 201, made.text
    secret, login = made.json["token"], {"Authorization": f"Bearer {made.json['token']}"}
    assert client.get("/api/v1/me", headers=login).status_code == 200
    listed = call("GET", "/me/tokens")
    assert listed.json["items"][0] == {name: value for name, value in made.json.items() if name != "token"}
    assert secret not in listed.text
    for _ in range(2):
        revoked = call("DELETE", f"/me/tokens/{made.json['id']}")
        assert (revoked.status_code, revoked.data) == (204, b"")
    assert client.get("/api/v1/me", headers=login).status_code == 401
    assert [one["label"] for one in call("GET", "/me/tokens").json["items"]] == ["test"]


def test_a_token_dies_of_age(an_api, client, a_person, clock_at, now):
    made = an_api(a_person())("POST", "/me/tokens", {"label": "balance", "days": 1}).json
    login = {"Authorization": f"Bearer {made['token']}"}
    assert made["expires"] == "2026-11-24T01:00:00+00:00"
    with clock_at(now + timedelta(hours=23)):
        assert client.get("/api/v1/me", headers=login).status_code == 200
    with clock_at(now + timedelta(hours=25)):
        assert client.get("/api/v1/me", headers=login).status_code == 401


def test_a_foreign_token_is_not_found(an_api, a_person):
    theirs = an_api(a_person())("GET", "/me/tokens").json["items"][0]["id"]
    assert an_api(a_person())("DELETE", f"/me/tokens/{theirs}").status_code == 404


def test_a_repeated_key_makes_no_second_token_and_never_keeps_the_secret(an_api, a_person):
    call = an_api(a_person())
    made = call("POST", "/me/tokens", {"label": "balance"}, Idempotency_Key="k1")
    again = call("POST", "/me/tokens", {"label": "balance"}, Idempotency_Key="k1")
    assert (made.status_code, again.status_code) == (201, 409)
    assert made.json["token"] not in again.text
    assert call("GET", "/me/tokens").json["total"] == 2


@pytest.mark.parametrize(
    ("change", "field"), [({"label": ""}, "label"), ({"label": " "}, "label"), ({"days": 0}, "days"), ({"role": "x"}, "role")]
)
def test_a_token_that_cannot_be_meant_is_422_with_its_field(an_api, a_person, change, field):
    refused = an_api(a_person())("POST", "/me/tokens", {"label": "balance"} | change)
    assert (refused.status_code, refused.json["field"]) == (422, field)
