"""An employer's do-not-contact list: people, e-mail addresses and mail domains to leave alone.

Each entry is a stream of its own, under an id that is derived from the employer and what it names.
So the contact gate finds an entry by what it knows of a candidate, also one that is not there, and
an entry that is made at the same moment as a message conflicts with it.
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID, uuid5

from pydantic import Field

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, Refused
from domain.command import Command, NotFound, Work
from domain.employer import own_employer
from domain.event import Event, Personal
from domain.handlers import on
from domain.standing import Standing
from domain.values import IN_ONE_LINE, Day, StorableText

ENTRIES = UUID("b1b64a0e-61a3-5d0c-8f0e-4b6c5f6f2d39")

Reason = Annotated[StorableText, Field(min_length=1, max_length=500), IN_ONE_LINE]


class Named(StrEnum):
    """What an entry names."""

    PERSON = "person"
    ADDRESS = "address"
    DOMAIN = "domain"


class DoNotContactAdded(Event, name="do_not_contact.added", version=1, person="identifier"):
    """An employer listed somebody as not to be contacted, until a day or for ever.

    `identifier` is the candidate's id, or the keyed hash of the address or domain. What is personal
    is sealed under it, so that it is erased with the person whose it is.
    """

    employer_id: UUID
    kind: Named
    identifier: UUID
    until: date | None
    domain: str | None
    text: Personal[str | None] = None
    reason: Personal[str]


class DoNotContactRemoved(Event, name="do_not_contact.removed", version=1):
    """An employer took an entry off its list."""

    employer_id: UUID
    identifier: UUID


class ExpiryInPast(Refusal):
    """The entry would have expired on {until}; choose a later day, or none."""


class DoNotContact(Aggregate, kind="do_not_contact"):
    """What an employer's list says of one person, address or domain."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.listed = False
        self.until: date | None = None
        self.about: dict[str, Any] = {}

    # Decisions: check the rule, then state the fact. Never run on replay.

    def add(self, cause: Cause, *, until: date | None, **facts: Any) -> None:
        """List it. Repeating it changes the last day, or records nothing."""
        if until and until < cause.at.date():
            raise Refused(ExpiryInPast(until=until))
        if not (self.listed and self.until == until):
            self.record(DoNotContactAdded, cause, until=until, **facts)

    def remove(self, cause: Cause) -> None:
        """Take it off the list. Repeating it records nothing."""
        if self.listed:
            self.record(DoNotContactRemoved, cause, **self.about)

    def counts(self, at: datetime) -> bool:
        """Whether it forbids contact: it does so up to its last day."""
        return self.listed and (self.until is None or at.date() <= self.until)

    # Facts: fold into state. Never raise, never decide.

    @on(DoNotContactAdded)
    def on_do_not_contact_added(self, event: DoNotContactAdded) -> None:
        self.listed, self.until = True, event.until
        self.about = {"employer_id": event.employer_id, "identifier": event.identifier}

    @on(DoNotContactRemoved)
    def on_do_not_contact_removed(self, _: DoNotContactRemoved) -> None:
        self.listed, self.until = False, None


class AddToDoNotContact(Command):
    """List a person, an address or a domain as not to be contacted, through `until` or for ever.

    `text` is an address as it was written, or a person's name.
    """

    employer_id: UUID
    kind: Named
    identifier: UUID
    reason: Reason
    until: Day | None = None
    domain: Annotated[StorableText, Field(max_length=254)] | None = None
    text: Annotated[StorableText, Field(max_length=254)] | None = None

    def execute(self, work: Work) -> DoNotContact:
        own_employer(work, self, self.employer_id)
        entry = work.find(DoNotContact, entry_id(self.employer_id, self.identifier))
        entry.add(self, until=self.until, **self.asked(without="until"))
        return entry


class RemoveFromDoNotContact(Command):
    """Take an entry off an employer's do-not-contact list."""

    employer_id: UUID
    entry_id: UUID

    def execute(self, work: Work) -> DoNotContact:
        own_employer(work, self, self.employer_id)
        entry = work.get(DoNotContact, self.entry_id)
        if entry.about["employer_id"] != self.employer_id:
            raise NotFound(DoNotContact, self.entry_id)
        entry.remove(self)
        return entry


def entry_id(employer_id: UUID, identifier: UUID) -> UUID:
    """The id of an employer's entry about a candidate's id, or the hash of an address or domain."""
    return uuid5(ENTRIES, f"{employer_id}/{identifier}")


def entries(work: Work, employer_id: UUID, standing: Standing) -> Iterable[DoNotContact]:
    """What an employer's list may say of a person. Loaded, so that it must not change meanwhile."""
    ids = [entry_id(employer_id, identifier) for identifier in standing.identifiers]
    return work.find_all(DoNotContact, ids)
