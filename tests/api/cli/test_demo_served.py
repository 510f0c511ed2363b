"""What is served as a demo: letters leave soon, and its people answer them."""

from typing import Any

import pytest

from api.cli.serve import DEMO_UNDO_SECONDS, play_demo
from api.demo import fill
from api.marketplace import Marketplace, now
from tests.support.databases import Databases
from tests.support.stage import own_stage


def embedded(marketplace: Marketplace, **settings: Any) -> Marketplace:
    """It, thinking that its database is the embedded one."""
    changed = {"database_url": None, **settings}
    marketplace.settings = marketplace.settings.model_copy(update=changed)
    return marketplace


@pytest.fixture
def filled(marketplace: Marketplace) -> Marketplace:
    fill(marketplace.store, candidates=20, seed=1, until=now())
    return embedded(marketplace)


def test_in_a_filled_marketplace_a_message_leaves_soon_and_is_answered(filled: Marketplace) -> None:
    play_demo(filled)
    assert filled.settings.undo_seconds == DEMO_UNDO_SECONDS
    assert [task.name for task in filled.tasks] == ["answer as simulated people"]


def test_the_undo_window_that_is_set_stays(filled: Marketplace) -> None:
    play_demo(embedded(filled, undo_seconds=7.0))
    assert filled.settings.undo_seconds == 7.0


def test_nobody_answers_at_speed_0(filled: Marketplace) -> None:
    play_demo(embedded(filled, demo_speed=0.0))
    assert filled.tasks == []


def test_in_a_marketplace_of_ones_own_messages_wait_as_usual(databases: Databases) -> None:
    with own_stage(databases) as stage:
        market = embedded(stage.marketplace)
        play_demo(market)
        assert market.settings.undo_seconds == 300.0


def test_letters_that_a_mail_server_takes_are_answered_by_nobody(filled: Marketplace) -> None:
    play_demo(embedded(filled, smtp_host="mail.example.org"))
    assert filled.tasks == []
