"""On PostgreSQL the portal works without the right to change or delete what is in the ledger; the README says how it is taken away."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine, func, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from instruments.database import make_engine
from portal.schema import all_tables
from scheduling.accounting.charges import Charge
from scheduling.accounting.charging import confirm_charge, finalise_due
from scheduling.accounting.claiming import settle_claim
from scheduling.accounting.disputes import reverse_charge
from scheduling.accounting.ledger import LedgerEntry
from scheduling.accounting.proof import check_books
from scheduling.accounting.settlements import Payment, settle, take_back
from scheduling.accounting.statements import StatementLine
from tests.fixtures.served import serve_portal

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROLE = "portal_web"
pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def told() -> list[str]:
    """Give the statements about rights that the README tells, in their order."""
    (block,) = re.findall(rf"```sql\n(.*?{ROLE}.*?)```", README, re.DOTALL)
    return [" ".join(one.split()) for one in block.split(";") if one.strip().startswith(("GRANT", "REVOKE"))]


def kept_tables() -> list[str]:
    """Give the tables that the README takes the rights on."""
    (revoke,) = [one for one in told() if one.startswith("REVOKE")]
    return re.split(r",\s*", re.search(r" ON (.*) FROM ", revoke).group(1))


@pytest.fixture
def web_engine(clean_engine: Engine) -> Iterator[Engine]:
    """The database as the portal's own role reaches it: another than the owner of the tables, with the rights the README gives it."""
    role, word = f"web_{secrets.token_hex(6)}", secrets.token_hex(12)
    with clean_engine.begin() as owner:
        owner.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD '{word}'")
        for statement in told():
            owner.exec_driver_sql(statement.replace(ROLE, role))
    engine = make_engine(make_url(clean_engine.url).set(username=role, password=word).render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with clean_engine.begin() as owner:
        owner.exec_driver_sql(f"DROP OWNED BY {role}")
        owner.exec_driver_sql(f"DROP ROLE {role}")


@pytest.fixture
def session(web_engine: Engine) -> Iterator[Session]:
    """The builders' session, in the portal's own role."""
    with Session(web_engine) as session:
        yield session


def test_the_rights_are_those_of_tables_that_are_only_added_to(backend):
    rows = all_tables().tables
    assert {"ledger_transaction", "ledger_entry"} <= set(kept_tables()) <= set(rows)


def test_money_goes_all_its_ways_without_the_right_to_change_the_ledger(
    session, an_instrument, an_account, a_charge, a_manager, a_keeper, a_charge_of_october, closing, a_claim, province, now
):
    instrument = an_instrument()
    manager, keeper = a_manager(instrument), a_keeper(instrument.organisation)
    account = an_account(kind="credit", organisation=instrument.organisation)
    a_charge_of_october(instrument=instrument, accounts=[account])
    one = a_charge(instrument=instrument, accounts=[account])
    confirm_charge(session, one.id, viewer=manager, now=now)
    assert [charge.id for charge in finalise_due(session, now=now + timedelta(days=9))] == [one.id]
    reverse_charge(session, one.id, "误收", viewer=manager, now=now + timedelta(days=9))
    (statement,) = closing(instrument.organisation)
    mark = settle(session, statement.id, Payment(statement.due, "transfer", "T-1", date(2026, 11, 20)), viewer=keeper, now=now)
    take_back(session, mark.id, "登记有误", viewer=keeper, now=now)
    settle_claim(session, a_claim().id, "2026-99", viewer=province, now=now + timedelta(hours=2))
    session.commit()
    assert session.scalar(select(func.count(StatementLine.id)))
    assert [finding.name for finding in check_books(session) if not finding.is_right] == []


@pytest.fixture
def posted(session, a_charge, a_manager, an_account, now):
    """A charge in the ledger."""
    one = a_charge(accounts=[an_account()])
    confirm_charge(session, one.id, viewer=a_manager(one.instrument), now=now)
    finalise_due(session, now=now + timedelta(days=9))
    session.commit()
    return session.get_one(Charge, one.id)


@pytest.mark.parametrize("table", kept_tables())
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_a_change_is_refused_by_rights_before_any_trigger_is_asked(session, backend, table, change):
    with pytest.raises(DBAPIError, match="permission denied") as refused:
        session.execute(text(change.format(table)))
    assert refused.value.orig.sqlstate == "42501"


def test_with_the_rights_it_is_the_trigger_that_refuses(clean_engine, posted):
    """The negative control: the owner of the tables has the rights, and meets the triggers."""
    with Session(clean_engine) as owner, pytest.raises(DBAPIError, match="the ledger is append-only"):
        owner.execute(text("UPDATE ledger_entry SET amount = amount"))
    with Session(clean_engine) as owner:
        assert owner.scalar(select(func.count(LedgerEntry.id)))


def test_the_portal_comes_up_and_answers_in_that_role(web_engine, posted, tmp_path):
    url = web_engine.url.render_as_string(hide_password=False)
    with serve_portal(url, tmp_path, settings={"PORTAL_SECRET_KEY": "of no use elsewhere"}) as portal:
        assert requests.get(f"{portal.url}/", timeout=60).status_code == 200
        assert requests.get(f"{portal.url}/readyz", timeout=60).ok
        assert "permission denied" not in portal.log
