"""A small read model in two versions, and the employers whose registrations it lists."""

import threading
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from domain.actor import Actor, Role
from domain.employer import ApproveEmployer, Manager, RegisterEmployer
from domain.employer_events import BetaJoined, EmployerApproved, EmployerRegistered
from domain.event import Event
from domain.handlers import on
from infrastructure.database.postgres import Database, Pool, open_pool
from infrastructure.event_log.store import EventStore, Recorded
from infrastructure.projecting.projection import Change, Projection
from infrastructure.projecting.projector import Projector
from tests.support.databases import SECRET

BY_ADMIN: dict[str, Any] = {
    "by": Actor(id="ada", role=Role.ADMIN),
    "at": datetime(2026, 1, 1, tzinfo=UTC),
    "request_id": "test",
}


class Ledger(Projection, name="ledger", version=1):
    """One row for each registration, and a counter of them all."""

    TABLES = """
        CREATE TABLE ledger (log_position bigint, company text);
        CREATE TABLE ledger_total (id int PRIMARY KEY, total int NOT NULL);
        INSERT INTO ledger_total (id, total) VALUES (1, 0)"""

    ADD = "INSERT INTO ledger (log_position, company) VALUES (%(log_position)s, %(company)s)"

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> list[Change]:
        return [
            (self.ADD, {"company": event.company}),
            ("UPDATE ledger_total SET total = total + 1 WHERE id = 1", {}),
        ]

    @on(EmployerApproved, BetaJoined)
    def on_nothing_listed(self, event: Event) -> list[Change]:
        return []


class NewLedger(Projection, name="ledger", version=2):
    """The next version: one table of another form, under the same name, and no counter."""

    TABLES = """
        CREATE TABLE ledger (log_position bigint PRIMARY KEY, company text, length int);
        CREATE INDEX ledger_by_length ON ledger (length)"""

    ADD = """
        INSERT INTO ledger (log_position, company, length)
        VALUES (%(log_position)s, %(company)s, %(length)s)"""

    @on(EmployerRegistered)
    def on_employer_registered(self, event: EmployerRegistered) -> Change:
        return self.ADD, {"company": event.company, "length": len(event.company)}


class NewestLedger(NewLedger, name="ledger", version=3):
    """The version after that, which differs by its number alone."""


def register(store: EventStore, number: int) -> int:
    """Register this many employers, and say the log position of the last event."""
    log_position = 0
    for n in range(number):
        log_position = register_one(store, f"company {n}").log_position
    return log_position


def register_one(store: EventStore, company: str = "Globex") -> Recorded:
    command = RegisterEmployer(
        **BY_ADMIN,
        employer_id=uuid4(),
        company=company,
        manager=Manager(name="Casey", email="casey@example.com"),
    )
    return store.execute(command)


def approve(store: EventStore, registered: Recorded) -> int:
    return store.execute(ApproveEmployer(**BY_ADMIN, employer_id=registered.id)).log_position


def ledger(pool: Pool) -> tuple[list[str], int]:
    """The companies of the live ledger of version 1, and its total."""
    with pool.connection() as db:
        return read_ledger(db)


def read_ledger(db: Database) -> tuple[list[str], int]:
    companies = [c for (c,) in db.execute("SELECT company FROM ledger ORDER BY log_position")]
    ((total,),) = db.execute("SELECT total FROM ledger_total").fetchall()
    return companies, total


def companies(number: int) -> tuple[list[str], int]:
    """What the ledger must show after this many registrations."""
    return [f"company {n}" for n in range(number)], number


def drain(projector: Projector) -> None:
    while projector.catch_up():
        pass


def run_until_killed(url: str, projection: Projection, batch_size: int = 2) -> None:
    """What a worker's process does."""
    with open_pool(url, name="worker") as pool, EventStore(url, pool, SECRET) as store:
        Projector([projection], store, pool, batch_size).run(threading.Event(), threading.Event())
