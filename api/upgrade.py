"""What is done once to a log that an earlier version of the program wrote."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from api.identifiers import AT_ONCE, UPGRADE, contact_keys, of_address, of_company
from domain.actor import Cause
from domain.candidate import Candidate
from domain.candidate_commands import NoteContactKeys
from domain.candidate_events import CandidateSignedUp, ProfileEnhanced
from domain.command import Command
from domain.employer import Employer, NoteCompanyKey
from domain.employer_events import EmployerRegistered
from domain.event import Event
from infrastructure.event_log.store import EventStore, UnitOfWork

SAYS_WHO = (CandidateSignedUp, ProfileEnhanced)


def note_contact_keys(store: EventStore, key: bytes, at: datetime) -> None:
    """Record the hashes by which the contact gate knows candidates and employers, where missing.

    Calling it again does the rest.
    """
    cause = Cause(by=UPGRADE, at=at, request_id=str(uuid4()))
    for events in _in_parts(store, [CandidateSignedUp.TOPIC, EmployerRegistered.TOPIC]):
        candidates = [e.originator_id for e in events if isinstance(e, CandidateSignedUp)]
        registered = [e for e in events if isinstance(e, EmployerRegistered)]
        noting = [
            *_of_candidates(store, key, cause, candidates),
            *_of_employers(key, cause, registered),
        ]
        _give(store, noting, candidates, [e.originator_id for e in registered])


def _give(
    store: EventStore, noting: list[Command], candidates: list[UUID], employers: list[UUID]
) -> None:
    def load(work: UnitOfWork) -> None:
        work.load_all(Candidate, candidates)
        work.load_all(Employer, employers)

    if noting:
        store.execute_all(lambda: noting, load=load)


def _of_employers(
    key: bytes, cause: Cause, registered: Iterable[EmployerRegistered]
) -> Iterator[Command]:
    for event in registered:
        company = of_company(key, event.company)
        if company and not event.company_key:
            yield NoteCompanyKey(
                **dict(cause), employer_id=event.originator_id, company_key=company
            )


def _of_candidates(
    store: EventStore, key: bytes, cause: Cause, ids: Iterable[UUID]
) -> Iterator[Command]:
    topics = {event.TOPIC for event in SAYS_WHO}
    stored = [one for one in store.recorder.load(ids, topics) if one.topic in topics]
    events = store.mapper.with_personal_fields(stored)
    for candidate_id, of_one in groupby(events, lambda event: event.originator_id):
        if keys := _keys(key, list(of_one)):
            yield NoteContactKeys(**dict(cause), candidate_id=candidate_id, **keys)


def _keys(key: bytes, events: list[Event]) -> dict[str, Any]:
    """The hashes of what these events of a candidate say; none if they have them already."""
    said = [event for event in events if isinstance(event, SAYS_WHO)]
    if any(event.address or event.employers for event in said):
        return {}
    emails = [event.email for event in said if event.email]
    jobs = [event.jobs for event in said if event.jobs is not None]
    last = contact_keys(key, emails[-1] if emails else None, jobs[-1] if jobs else None)
    addresses = sorted({of_address(key, email) for email in emails})
    return {"addresses": addresses, "domain": last["domain"], "employers": last["employers"]}


def _in_parts(store: EventStore, topics: list[str]) -> Iterator[list[Event]]:
    head, after = store.head(), 0
    while after < head:
        stored, after = store.read(after, AT_ONCE, topics)
        yield store.mapper.with_personal_fields(stored)
