"""What a recruiter was shown can be had again, to the bit, from the log alone."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from domain.event import Event
from domain.outreach_events import MessageSent
from projections.likelihood.learner import FOLLOWED, Learner
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    """A marketplace of its own, since the whole of its log is replayed."""
    with own_stage(databases) as stage:
        yield stage


def log(stage: Stage) -> list[tuple[int, Event]]:
    store = stage.marketplace.store
    stored, _ = store.read(0, 10_000, sorted(event.TOPIC for event in FOLLOWED))
    events = store.mapper.with_personal_fields(stored)
    return [(n.id, event) for n, event in zip(stored, events, strict=True)]


def replayed(events: list[tuple[int, Event]], until: int) -> Learner:
    learner = Learner()
    for position, event in events:
        if position <= until:
            learner.apply(position, event)
    return learner


def test_a_replay_of_the_log_up_to_there_gives_the_likelihood_that_the_sender_was_shown(
    stage: Stage,
) -> None:
    scene = Scene(stage).in_beta()
    position = scene.position(nice_to_have_skills=["Python", "Go"])
    names = [f"Member{number}" for number in range(6)]
    members = [scene.member(name, silent_days=200 + 50 * n) for n, name in enumerate(names)]
    outreaches = []
    for number, member in enumerate(members):
        stage.catch_up()
        sent = done(scene.message(position, member))
        outreaches.append(UUID(sent["id"]))
        if number % 2:
            done(scene.platform.post(f"/outreach/{sent['id']}/acceptance", {}))
    events = log(stage)
    messages = [event for _, event in events if isinstance(event, MessageSent)]
    assert [message.originator_id for message in messages] == outreaches
    logits = set()
    for message in messages:
        shown = message.likelihood
        assert shown is not None
        assert shown.as_of_position is not None
        learner = replayed(events, shown.as_of_position)
        opening = learner.positions[UUID(position)]
        x = learner.features(message.candidate_id, opening, message.timestamp)
        logit = learner.model.logit(x)
        assert (logit, learner.model.probability(logit)) == (shown.logit, shown.probability)
        assert (learner.model.hash(), learner.model_log_position) == (
            shown.model_hash,
            shown.model_position,
        )
        logits.add(logit)
    assert len(logits) > 3, "they were shown different ones, or this proves little"
