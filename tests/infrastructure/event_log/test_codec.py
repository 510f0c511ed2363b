"""Personal fields are sealed before they are stored, and open in their own place alone."""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from domain.actor import Actor, Role
from domain.candidate_events import CandidateSignedUp
from domain.employer_events import EmployerApproved, EmployerRegistered
from domain.event import Event, Personal
from domain.outreach_events import OutreachAccepted
from domain.profile import Facts, Job
from domain.traits import term_hash
from infrastructure.database.postgres import Pool
from infrastructure.event_log.codec import EventMapper, envelope
from infrastructure.event_log.keys import Keyring
from infrastructure.event_log.store import EventStore
from infrastructure.event_log.unreadable import UnreadableEvent
from tests.support.databases import SECRET

E = TypeVar("E", bound=Event)

NOW = datetime(2026, 4, 1, tzinfo=UTC)
PRIVATE = ("Ada Lovelace", "ada@example.com", "Wrote programs", "Analytical Engines Ltd")


@pytest.fixture
def mapper(pool: Pool) -> EventMapper:
    return EventMapper(Keyring(pool, SECRET))


def signed_up(id: UUID) -> CandidateSignedUp:
    return event(
        CandidateSignedUp,
        id,
        name=PRIVATE[0],
        email=PRIVATE[1],
        summary=PRIVATE[2],
        jobs=(Job(employer=PRIVATE[3], title="Analyst"),),
        fields=("skills",),
        facts=Facts(skills=("Mathematics",)),
    )


def event(kind: type[E], id: UUID, /, version: int = 1, **says: Any) -> E:
    return kind(
        originator_id=id,
        originator_version=version,
        timestamp=NOW,
        actor=Actor(id="platform", role=Role.PLATFORM),
        request_id="request",
        **says,
    )


def read(mapper: EventMapper, *stored: StoredEvent) -> Sequence[Event]:
    return mapper.with_personal_fields(stored)


def test_an_event_comes_back_as_it_was(mapper: EventMapper) -> None:
    for one in (signed_up(uuid4()), event(EmployerApproved, uuid4(), 2)):
        assert read(mapper, mapper.to_stored_event(one)) == [one]


def test_what_is_stored_shows_nothing_personal(mapper: EventMapper) -> None:
    state = mapper.to_stored_event(signed_up(uuid4())).state
    sealed = b64decode(json.loads(state)["sealed"])
    for private in PRIVATE:
        for shown in (private, private.casefold(), b64encode(private.encode()).decode()):
            assert shown.encode() not in state
            assert shown.encode() not in sealed
    assert b"Mathematics" not in state
    assert term_hash("Mathematics").encode() in state


def test_aggregates_get_no_personal_fields_and_need_no_key(mapper: EventMapper) -> None:
    loaded = mapper.to_domain_event(mapper.to_stored_event(signed_up(uuid4())))
    assert isinstance(loaded, CandidateSignedUp)
    assert (loaded.name, loaded.email, loaded.jobs) == ("[erased]", None, ())
    assert loaded.facts == Facts()
    assert loaded.traits.skills == (term_hash("Mathematics"),)


class CupLabelled(Event, name="cup.labelled", version=2):
    """Version 1 said `name`, perhaps, where this one says `label` and how long it is."""

    label: Personal[str]
    nickname: Personal[str | None] = None
    length: int = 0

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["label"] = state.pop("name", "nobody said")
        if "also" in state:
            state["nickname"] = state.pop("also")
        state["length"] = 7


def test_a_renamed_personal_field_reads_erased_without_the_key_and_as_written_with_it(
    pool: Pool, mapper: EventMapper
) -> None:
    id = uuid4()
    key = Keyring(pool, SECRET).encryption_keys([id])[id]
    assert key is not None
    sealed = key.seal(b'{"name":"Ada","also":"Countess"}', f"{id}/1".encode())
    envelope = json.loads(mapper.to_stored_event(event(EmployerApproved, id)).state)
    state = json.dumps(envelope | {"sealed": b64encode(sealed).decode()}).encode()
    stored = StoredEvent(id, 1, CupLabelled.TOPIC, state)

    without = mapper.to_domain_event(stored)
    assert isinstance(without, CupLabelled)
    assert (without.label, without.nickname, without.length) == ("[erased]", None, 7)
    (readable,) = read(mapper, stored)
    assert isinstance(readable, CupLabelled)
    assert (readable.label, readable.nickname, readable.length) == ("Ada", "Countess", 7)


def test_ciphertext_that_was_changed_is_refused(mapper: EventMapper) -> None:
    stored = mapper.to_stored_event(signed_up(uuid4()))
    state = json.loads(stored.state)
    sealed = bytearray(b64decode(state["sealed"]))
    sealed[-1] ^= 1
    state["sealed"] = b64encode(sealed).decode()
    with pytest.raises(UnreadableEvent, match="do not open"):
        read(mapper, replace(stored, state=json.dumps(state).encode()))


def test_a_sealed_event_opens_in_no_other_stream_and_at_no_other_version(
    mapper: EventMapper,
) -> None:
    candidate, outreach, another = uuid4(), uuid4(), uuid4()
    about: dict[str, Any] = {
        "employer_id": uuid4(),
        "position_id": uuid4(),
        "candidate_id": candidate,
    }
    stored = mapper.to_stored_event(event(OutreachAccepted, outreach, note="Gladly", **about))
    for moved in (
        replace(stored, originator_id=another),
        replace(stored, originator_version=2),
    ):
        with pytest.raises(UnreadableEvent, match="do not open"):
            read(mapper, moved)


def test_what_is_sealed_about_one_person_does_not_open_as_anothers(mapper: EventMapper) -> None:
    one, other = uuid4(), uuid4()
    mapper.to_stored_event(signed_up(other))
    stored = mapper.to_stored_event(signed_up(one))
    with pytest.raises(UnreadableEvent, match="do not open"):
        read(mapper, replace(stored, originator_id=other))


def test_an_event_about_another_person_is_sealed_for_them(
    store: EventStore, mapper: EventMapper, pool: Pool
) -> None:
    candidate, outreach = uuid4(), uuid4()
    about: dict[str, Any] = {
        "employer_id": uuid4(),
        "position_id": uuid4(),
        "candidate_id": candidate,
    }
    stored = mapper.to_stored_event(event(OutreachAccepted, outreach, note="Gladly", **about))
    with pool.connection() as db:
        db.execute(*store.keyring.destroying(candidate, NOW))
    (accepted,) = read(mapper, stored)
    assert isinstance(accepted, OutreachAccepted)
    assert accepted.note is None


def test_erased_and_present_persons_are_read_together(mapper: EventMapper, pool: Pool) -> None:
    one, other, employer = uuid4(), uuid4(), uuid4()
    stored = [
        mapper.to_stored_event(signed_up(one)),
        mapper.to_stored_event(event(EmployerApproved, employer)),
        mapper.to_stored_event(signed_up(other)),
    ]
    with pool.connection() as db:
        db.execute(*Keyring(pool, SECRET).destroying(one, NOW))
    names = [getattr(read_event, "name", None) for read_event in read(mapper, *stored)]
    assert names == ["[erased]", None, PRIVATE[0]]


def test_personal_fields_about_an_erased_person_are_not_stored(
    mapper: EventMapper, pool: Pool
) -> None:
    person = uuid4()
    with pool.connection() as db:
        db.execute(*Keyring(pool, SECRET).destroying(person, NOW))
    stored = mapper.to_stored_event(signed_up(person))
    assert "sealed" not in json.loads(stored.state)
    assert not any(private.encode() in stored.state for private in PRIVATE)


def test_what_is_read_is_validated(mapper: EventMapper) -> None:
    stored = mapper.to_stored_event(
        event(EmployerRegistered, uuid4(), company="A", manager_name="B", manager_email="c@d.e")
    )
    state = json.loads(stored.state)
    state["unheard_of"] = 1
    with pytest.raises(ValueError, match="unheard_of"):
        read(mapper, replace(stored, state=json.dumps(state).encode()))


@pytest.mark.parametrize(
    ("topic", "state", "reason"),
    [
        ("candidate.teleported", b"{}", "this program does not know its kind"),
        ("os:system", b"{}", "this program does not know its kind"),
        ("candidate.opted_in", b"no JSON", "ValueError: "),
        ("candidate.opted_in", b"\x00\xff", "ValueError: "),
        ("candidate.opted_in", b"[]", "TypeError: "),
        ("candidate.opted_in", b"{}", "ValidationError: timestamp: missing"),
        ("candidate.opted_in", b'{"class_version":7}', "it is of version 7, and this program"),
        ("outreach.accepted", b'{"sealed":"eA=="}', "ValidationError: timestamp: missing"),
        ("outreach.accepted", b'{"sealed":"eA==","candidate_id":7}', "ValidationError: "),
    ],
)
def test_an_event_that_cannot_be_read_says_why(
    mapper: EventMapper, topic: str, state: bytes, reason: str
) -> None:
    sound = mapper.to_stored_event(signed_up(uuid4()))
    broken = StoredEvent(uuid4(), 1, topic, state)
    read_at_once = mapper.read([broken, sound, broken], personal=True)
    assert [isinstance(event, UnreadableEvent) for event in read_at_once] == [True, False, True]
    for event in (*read_at_once[::2], *mapper.read([broken])):
        assert isinstance(event, UnreadableEvent)
        assert event.reason.startswith(reason)


def test_why_an_event_cannot_be_read_says_nothing_of_what_it_says(mapper: EventMapper) -> None:
    stored = mapper.to_stored_event(signed_up(uuid4()))
    state = json.loads(stored.state) | {"fields": "ada@example.com", "traits": {"city": 7}}
    (event,) = mapper.read([replace(stored, state=json.dumps(state).encode())])
    assert isinstance(event, UnreadableEvent)
    assert event.reason == "ValidationError: fields: tuple_type, traits: string_type"


def test_of_an_event_that_cannot_be_read_the_envelope_is_read_as_far_as_it_can_be() -> None:
    at, by = NOW, Actor(id="ada", role=Role.ADMIN)
    said = {"timestamp": at.isoformat(), "actor": by.model_dump(), "request_id": "r\x00"}
    stored = StoredEvent(uuid4(), 1, "candidate.teleported", json.dumps(said).encode())
    assert envelope(stored) == {"timestamp": at, "actor": by}
    assert envelope(replace(stored, state=b"no JSON")) == {}
    assert envelope(replace(stored, state=b"[]")) == {}
