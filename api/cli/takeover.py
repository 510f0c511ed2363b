"""Takes members over from documents, many in one transaction, each once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from pydantic import ValidationError

from api.cli.documents import Entry
from api.json_resume import CANDIDATES, BadDocument, to_profile
from domain.aggregate import Refused
from domain.candidate import (
    CLOCK_SKEW,
    Activity,
    ActivityKind,
    Candidate,
    CandidateErased,
    CandidateSignedUp,
    NoteActivity,
    SignUpCandidate,
)
from domain.command import Command
from domain.event import Cause
from infrastructure import receipts
from infrastructure.event_store import Decided, EventStore, Statement


class BadMember(Exception):
    """Why somebody cannot be taken over, in a sentence."""


class Member(NamedTuple):
    """Somebody to take over, and their last activity if it is known."""

    sign_up: SignUpCandidate
    activity: NoteActivity | None

    @property
    def id(self) -> UUID:
        """Their id here."""
        return self.sign_up.candidate_id

    @property
    def commands(self) -> list[Command]:
        """What is asked for."""
        return [self.sign_up, self.activity] if self.activity else [self.sign_up]


@dataclass
class Taken:
    """What became of some members: how many are new, how many were there, and who was refused."""

    taken: int
    known: int
    refused: list[tuple[str, str]]


def member_of(entry: Entry, cause: Cause) -> Member:
    """The member that a document is about.

    Raises:
        BadMember: it is no such document, or says what cannot be.
    """
    if entry.fault:
        raise BadMember(entry.fault)
    try:
        profile = to_profile(entry.document)
        known = profile.model_dump(include={"name", "email", "summary"})
        active = profile.last_active_at
        sign_up = SignUpCandidate(
            **dict(cause),
            **known,
            candidate_id=profile.candidate_id or _id_of(entry.document),
            jobs=profile.jobs,
            facts=profile.facts,
            signed_up_at=profile.signed_up_at or active,
            opted_in=bool(profile.opted_in),
        )
    except BadDocument as error:
        raise BadMember("; ".join(error.problems)) from None
    except ValidationError as error:
        faults = (f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        raise BadMember("; ".join(faults)) from None
    if active is None:
        return Member(sign_up, None)
    if sign_up.signed_up_at and active < sign_up.signed_up_at:
        raise BadMember("meta.sourcing.last_active_at lies before meta.sourcing.signed_up_at")
    if active > cause.at + CLOCK_SKEW:
        raise BadMember("meta.sourcing.last_active_at lies in the future")
    activity = Activity(
        candidate_id=sign_up.candidate_id,
        kind=ActivityKind.SIGNED_IN,
        occurred_at=active,
        source=cause.by.id,
        source_id="last_active_at",
    )
    return Member(sign_up, NoteActivity(**dict(cause), activity=activity))


def take_over(store: EventStore, members: Sequence[tuple[str, Member]]) -> Taken:
    """Sign up those who are not there yet, in one transaction. Whoever is there stays as they are.

    Args:
        store: where they are recorded.
        members: each with where they come from, to tell who was refused.
    """
    first = {member.id: (where, member) for where, member in reversed(members)}

    def new_ones() -> list[Command]:
        # Whoever was there, erased ones too, has a version; others have none.
        there = store.recorder.versions(first)
        return [
            command
            for id, (_, member) in first.items()
            if id not in there
            for command in member.commands
        ]

    decided, _ = store.execute_all(
        new_ones,
        kind=Candidate,
        ids=first,
        deciding=(CandidateSignedUp, CandidateErased),
        also=_keeping_receipts,
    )
    outcomes: dict[UUID, Refused | None] = {
        command.candidate_id: refusal
        for command, refusal in decided
        if isinstance(command, SignUpCandidate)
    }
    refused = [(first[id][0], str(refusal)) for id, refusal in outcomes.items() if refusal]
    return Taken(len(outcomes) - len(refused), len(members) - len(outcomes), refused)


def _keeping_receipts(decided: Decided[Command]) -> list[Statement]:
    """That these activities are taken, should their source tell them again."""
    taken = [
        (command.activity.candidate_id, command.activity.source, command.activity.source_id)
        for command, refusal in decided
        if isinstance(command, NoteActivity) and refusal is None
    ]
    return [receipts.keeping(taken)] if taken else []


def _id_of(document: Any) -> UUID:
    """An id for a document that names none, the same however its fields are ordered."""
    return uuid5(CANDIDATES, json.dumps(document, sort_keys=True, separators=(",", ":")))
