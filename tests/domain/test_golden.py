"""What was stored once is read for ever, whatever becomes of the classes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from domain.event import Event
from domain.outreach import outreach_id
from domain.profile import Facts
from infrastructure.event_log.codec import SEALED, EventMapper
from infrastructure.event_log.unreadable import UnreadableEvent
from tests.domain.golden import FOLDER, as_stored, everything_that_happens, file_of
from tests.support.comparing import as_far_as
from tests.support.given import ACME, NOW, KeysAtHand, Story, the_admin
from tests.support.vocabulary import EVENTS

KEPT = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
NEWEST = {f"{event.TOPIC}.v{event.class_version}" for event in EVENTS} & KEPT.keys()

every_kept_event = pytest.mark.parametrize("golden", KEPT.values(), ids=KEPT)
every_newest_event = pytest.mark.parametrize("name", sorted(NEWEST))


NOTHING = ("[erased]", None, (), Facts())


def missing_versions(event: type[Event]) -> list[Path]:
    versions = range(1, event.class_version + 1)
    return [path for v in versions if not (path := file_of(event, v)).exists()]


def test_every_event_is_kept_in_every_version() -> None:
    missing = [path.name for event in EVENTS for path in missing_versions(event)]
    assert missing == [], (
        "run `python -m tests.domain.golden` to write it (after a command that makes it happen was "
        "added to `everything_that_happens`), and keep the file for ever"
    )


def test_every_event_happens_in_the_story_that_the_files_are_written_from() -> None:
    assert {type(event) for event in everything_that_happens()} == set(EVENTS)


@every_kept_event
def test_a_kept_event_reads_as_it_did_with_the_persons_key(golden: dict[str, Any]) -> None:
    (event,) = EventMapper(KeysAtHand()).with_personal_fields([as_stored(golden)])
    now = event.model_dump(mode="json")
    assert as_far_as(golden["reads"], now) == golden["reads"]


@every_kept_event
def test_without_the_persons_key_it_reads_erased_and_the_rest_as_ever(
    golden: dict[str, Any],
) -> None:
    keys = KeysAtHand()
    stored = as_stored(golden)
    (readable,) = EventMapper(keys).with_personal_fields([stored])
    keys.destroyed.add(readable.person_id)
    (event,) = EventMapper(keys).with_personal_fields([stored])
    assert event == readable.model_copy(update=type(event).erased)
    assert all(getattr(event, f) in NOTHING for f in type(event).personal)


@every_kept_event
def test_aggregates_load_it_without_any_key(golden: dict[str, Any]) -> None:
    class NoKeys(KeysAtHand):
        def decryption_keys(self, persons: object) -> Any:
            raise AssertionError("a key was asked for")

    stored = as_stored(golden)
    event = EventMapper(NoKeys()).to_domain_event(stored)
    assert all(getattr(event, f) in NOTHING for f in type(event).personal)


@every_kept_event
def test_nothing_personal_is_stored_in_plain(golden: dict[str, Any]) -> None:
    (event,) = EventMapper(KeysAtHand()).with_personal_fields([as_stored(golden)])
    state = golden["stored"]["state"]
    in_plain = {"facts"} if state.get("class_version", 1) < 4 else set[str]()
    assert not (type(event).personal - in_plain) & state.keys()
    is_older = state.get("class_version", 1) < type(event).class_version
    # A field that became personal later was not there before.
    assert (SEALED in state) == bool(type(event).personal) or (is_older and SEALED not in state)


@every_newest_event
def test_an_event_is_still_written_as_it_was(name: str) -> None:
    mapper = EventMapper(KeysAtHand())
    (event,) = mapper.with_personal_fields([as_stored(KEPT[name])])
    was = {k: v for k, v in KEPT[name]["stored"]["state"].items() if k != SEALED}
    now = json.loads(mapper.to_stored_event(event).state)
    assert as_far_as(was, now) == was


def test_what_is_sealed_about_one_fact_does_not_open_in_another() -> None:
    stored = as_stored(KEPT["employer.feedback_shared.v1"])
    moved = replace(stored, originator_version=stored.originator_version + 1)
    with pytest.raises(UnreadableEvent, match="do not open"):
        EventMapper(KeysAtHand()).with_personal_fields([moved])


def test_the_id_of_an_outreach_is_derived_in_the_same_way_for_ever() -> None:
    stored = KEPT["outreach.message_sent.v1"]["stored"]
    position, candidate = (UUID(stored["state"][k]) for k in ("position_id", "candidate_id"))
    assert str(outreach_id(position, candidate)) == stored["originator_id"]


# --- Versions


class CupFilled(Event, name="cup.filled_in_a_test", version=3):
    """An event that has been told in three ways."""

    millilitres: int
    of: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["millilitres"] = state.pop("litres") * 1000

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["of"] = "water"


class SaucerBroken(Event, name="saucer.broken_in_a_test", version=2):
    """An event whose author forgot the upcaster."""


def missing_upcasters(event: type[Event]) -> list[str]:
    upcasters = [f"upcast_v{v}_v{v + 1}" for v in range(1, event.class_version)]
    return [name for name in upcasters if not callable(getattr(event, name, None))]


def test_every_older_version_has_an_upcaster() -> None:
    assert [(event, missing) for event in EVENTS if (missing := missing_upcasters(event))] == []


def test_a_forgotten_upcaster_is_found() -> None:
    assert missing_upcasters(SaucerBroken) == ["upcast_v1_v2"]
    assert missing_upcasters(CupFilled) == []


def cup_stored(version: int, **said: Any) -> StoredEvent:
    state = {
        "timestamp": NOW.isoformat(),
        "actor": the_admin.model_dump(mode="json"),
        "request_id": "request-1",
        **said,
    }
    if version > 1:
        state["class_version"] = version
    return StoredEvent(ACME, 1, CupFilled.TOPIC, json.dumps(state).encode())


@pytest.mark.parametrize(
    "stored",
    [
        cup_stored(1, litres=2),
        cup_stored(2, millilitres=2000),
        cup_stored(3, millilitres=2000, of="water"),
    ],
    ids=["version 1", "version 2", "version 3"],
)
def test_every_older_version_is_read_as_the_newest(stored: StoredEvent) -> None:
    event = EventMapper(KeysAtHand()).to_domain_event(stored)
    assert isinstance(event, CupFilled)
    assert (event.millilitres, event.of) == (2000, "water")


def test_an_event_is_written_with_its_version() -> None:
    story = Story()
    mapper = EventMapper(story.keys)
    cup = mapper.to_domain_event(cup_stored(1, litres=2))
    assert json.loads(mapper.to_stored_event(cup).state)["class_version"] == 3
    assert mapper.to_domain_event(mapper.to_stored_event(cup)) == cup


def test_a_newer_version_of_an_event_has_no_file_yet() -> None:
    assert [path.name for path in missing_versions(SaucerBroken)] == [
        "saucer.broken_in_a_test.v1.json",
        "saucer.broken_in_a_test.v2.json",
    ]
