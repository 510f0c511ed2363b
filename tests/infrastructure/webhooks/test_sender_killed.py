"""Senders are killed at every moment: every event arrives, each under one id."""

import random
import time
from datetime import timedelta
from multiprocessing.process import BaseProcess

import pytest

from domain.employer import ApproveEmployer
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.webhooks.queue import DeliveryStatus
from tests.support.concurrency import SECONDS, wait_until
from tests.support.databases import SECRET
from tests.support.killed import forks
from tests.support.receiver import OK, Answer, Received, a_receiver
from tests.support.stored import employer, position
from tests.support.webhooks import Hooks

SENDERS = 3
KILLS = 25
EVENTS = 300
LEASE = timedelta(seconds=1)


def send_until_killed(url: str) -> None:
    """What a worker's process does."""
    with (
        open_pool(url, name="sender") as pool,
        EventStore(url, pool, SECRET) as store,
        Hooks(store, pool).sending(lease=LEASE),
    ):
        time.sleep(2 * SECONDS)


@pytest.mark.slow
def test_whatever_is_killed_every_event_arrives_under_one_id(
    store: EventStore, pool: Pool, database_url: str
) -> None:
    hooks, chance = Hooks(store, pool), random.Random(5)
    acme = employer(store, ApproveEmployer)

    def after_a_while(_: Received) -> Answer:
        time.sleep(chance.uniform(0, 0.05))
        return OK

    def start() -> BaseProcess:
        sender = forks.Process(target=send_until_killed, args=(database_url,), daemon=True)
        sender.start()
        return sender

    with a_receiver() as receiver:
        receiver.answer = after_a_while
        webhook = hooks.subscribed(receiver.url, "position.opened")
        senders = [start() for _ in range(SENDERS)]
        kills = 0
        try:
            opened = []
            for number in range(EVENTS):
                position(store, acme)
                opened.append(store.head())
                if number % (EVENTS // KILLS) == 0:
                    victim = chance.randrange(SENDERS)
                    wait_until(lambda: receiver.received or hooks.progress() > 0)
                    time.sleep(chance.uniform(0, 0.3))  # a random moment of its work
                    kills += senders[victim].is_alive()
                    senders[victim].kill()
                    senders[victim].join()
                    senders[victim] = start()
            wait_until(
                lambda: len(hooks.deliveries(webhook, DeliveryStatus.DELIVERED)) == EVENTS,
                seconds=2 * SECONDS,
            )
        finally:
            for sender in senders:
                sender.kill()
                sender.join()
    assert kills >= KILLS - 1
    cut_off = [one for one in hooks.deliveries(webhook) if one.attempts > 1]
    assert cut_off, "no kill came while anything was on its way"
    assert {*receiver.ids} == {f"msg_{webhook.hex}_{at}" for at in opened}
    assert len(receiver.ids) >= EVENTS
