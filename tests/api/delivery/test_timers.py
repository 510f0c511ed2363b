"""Timers fire once each: several workers side by side, one killed, at a clock that jumps."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from api.delivery.channels import letterhead
from api.delivery.deliver import Delivery
from api.marketplace import Marketplace, now, open_marketplace
from api.periodic_tasks import end_consents, end_postponements, expire_overdue
from infrastructure.mail.server import MailServer
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.killed import forks
from tests.support.killed_deliveries import settings
from tests.support.mail_servers import Mailbox, at
from tests.support.post_office import read
from tests.support.stage import Stage, a_stage

WORKERS = 3
LETTERS = 12
LEASE = timedelta(seconds=2)
SENT = ["outreach.message_sent"]
DELIVERED = [*SENT, "outreach.letter_released", "outreach.letter_delivered"]
AGREED = [f"candidate.{what}" for what in ("signed_up", "opted_in", "contacted", "opted_in")]
POSTPONED = [*DELIVERED, "outreach.postponed"]


def fire(market: Marketplace, port: int, clock: Callable[[], datetime]) -> int:
    """What all timers do that are due. Returns how many fired."""
    shared = (market.store, market.pool, market.read_models, letterhead(market.settings))
    delivery = Delivery(*shared, at(port), None, clock, LEASE)
    postponed = end_postponements(market.store, market.read_models, clock())
    expired = expire_overdue(market.store, market.read_models, clock())
    ended = end_consents(market.store, market.read_models, clock())
    return delivery.deliver_due() + postponed + expired + ended


def fire_until_killed(url: str, port: int, ahead: timedelta) -> None:
    """What a worker's process does."""
    with open_marketplace(settings(url)) as market:
        while True:
            fire(market, port, lambda: now() + ahead)
            time.sleep(0.02)  # until the next look


@contextmanager
def workers(url: str, port: int, ahead: timedelta) -> Iterator[Callable[[], None]]:
    """Several workers. Gives what kills one of them."""
    arguments = (url, port, ahead)
    running = [
        forks.Process(target=fire_until_killed, args=arguments, daemon=True) for _ in range(WORKERS)
    ]
    for worker in running:
        worker.start()
    try:
        yield running[0].kill
    finally:
        for worker in running:
            worker.kill()
            worker.join()


@pytest.mark.slow
def test_timers_fire_once_each_whatever_is_killed_and_however_the_clock_jumps(
    databases: Databases,
) -> None:
    mailbox = Mailbox()
    with (
        databases.prepared() as url,
        a_stage(url) as stage,
        MailServer(mailbox) as server,
    ):
        scene = stage.scene().in_beta()
        position = scene.position()
        members = [scene.member("Silent", silent_days=400) for _ in range(LETTERS)]
        sent = [str(done(scene.message(position, member))["id"]) for member in members]
        agreed = {"until": (now() + timedelta(days=20)).isoformat()}
        agreeing = members[::2]
        for member in agreeing:
            done(scene.platform.post(f"/candidates/{member}/opt-in", agreed))
        waiting, later = sent[::2], sent[1::2]

        def all_are(expected: dict[str, list[str]]) -> bool:
            return all(happened(stage, id) == topics for id, topics in expected.items())

        def fires(ahead: timedelta, expected: dict[str, list[str]]) -> None:
            stage.catch_up()
            begun = stage.reached()
            with workers(url, server.port, ahead) as kill_one:
                wait_until(lambda: stage.reached() > begun)
                kill_one()
                wait_until(lambda: all_are(expected))
            stage.catch_up()
            assert fire(stage.marketplace, server.port, lambda: now() + ahead) == 0
            assert fire(stage.marketplace, server.port, now) == 0, "the clock has jumped back"
            assert all_are(expected)

        # The end of the undo window, five minutes.
        fires(timedelta(minutes=6), dict.fromkeys(sent, DELIVERED))
        # The day that candidates asked to be written to, tomorrow.
        until = {"until": (now() + timedelta(days=1)).date().isoformat()}
        for outreach in later:
            done(scene.platform.post(f"/outreach/{outreach}/postponement", until))
        ended = [*POSTPONED, "outreach.postponement_ended"]
        fires(timedelta(days=2), dict.fromkeys(later, ended))
        # The end of the answer window, 14 days.
        expired = {id: [*DELIVERED, "outreach.expired"] for id in waiting}
        fires(timedelta(days=15), expired | dict.fromkeys(later, ended))
        # The same of those who had asked for later, and the end of consent.
        expired |= {id: [*ended, "outreach.expired"] for id in later}
        consents = {id: [*AGREED, "candidate.consent_expired"] for id in agreeing}
        fires(timedelta(days=30), expired | consents)

        letters = Counter(read(raw)["Message-ID"] for raw in mailbox.mails)
        assert {*letters} == {f"<{id}.1@localhost>" for id in sent}


def test_a_letter_whose_answer_window_has_passed_meanwhile_does_not_leave(
    databases: Databases,
) -> None:
    mailbox = Mailbox()
    with databases.prepared() as url, a_stage(url) as stage, MailServer(mailbox) as server:
        scene = stage.scene().in_beta()
        member = scene.member("Silent", silent_days=400)
        outreach = str(done(scene.message(scene.position(), member))["id"])
        stage.catch_up()
        fire(stage.marketplace, server.port, lambda: now() + timedelta(days=15))
        assert happened(stage, outreach)[-1] in {"outreach.letter_stopped", "outreach.expired"}
        assert mailbox.mails == []


def happened(stage: Stage, outreach: str) -> list[str]:
    return [topic for _, topic in stage.topics(outreach)]
