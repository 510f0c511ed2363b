"""Employers see of the log what is theirs, and of that what is for them."""

import pytest

from domain.employer_events import DECIDES_BULK
from domain.event import ENVELOPE, Event
from domain.event_disclosure import FOR_EMPLOYERS, SHOWN_TO_EMPLOYERS, employer_of
from tests.support.given import ACME, named
from tests.support.vocabulary import EVENTS


def test_nothing_of_the_model_of_the_gate_or_of_other_employers_is_shown() -> None:
    kept = {
        "attributes", "contacts", "fields", "grounds", "identifier", "likelihood", "message_id",
        "model_hash", "probability", "propensity", "reasons", "request", "secret", "slots", "url",
    }  # fmt: skip
    assert not kept & SHOWN_TO_EMPLOYERS


def test_every_field_that_is_shown_is_one_of_an_event_that_is() -> None:
    fields = {name for event in FOR_EMPLOYERS for name in event.model_fields} - ENVELOPE
    assert fields >= SHOWN_TO_EMPLOYERS


def test_every_event_that_is_shown_says_whose_it_is() -> None:
    for event in FOR_EMPLOYERS:
        assert event.TOPIC.startswith("employer.") or "employer_id" in event.model_fields


@pytest.mark.parametrize("event", DECIDES_BULK)
def test_an_employer_sees_what_its_standing_as_a_sender_came_of(event: type[Event]) -> None:
    assert employer_of(event.TOPIC, ACME, b"{}") == ACME
    assert event.model_fields.keys() - ENVELOPE <= SHOWN_TO_EMPLOYERS


def test_events_about_candidates_viewings_tickets_and_webhooks_are_nobodys() -> None:
    for event in EVENTS:
        if event.TOPIC.split(".")[0] not in {
            "employer",
            "position",
            "outreach",
            "review",
            "note",
            "tagging",
        }:
            state = b'{"employer_id": "%s"}' % str(ACME).encode()
            assert employer_of(event.TOPIC, named("a candidate"), state) is None


def test_what_was_written_by_hand_is_nobodys() -> None:
    for state in (b"", b"[]", b"{}", b"null", b'{"employer_id": 7}', b'{"employer_id": "x"}', b"{"):
        assert employer_of("outreach.accepted", named("an outreach"), state) is None
