"""Takes members over from documents, many in one transaction, each once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from pydantic import ValidationError

from api.cli.documents import Entry
from api.formats.json_resume import CANDIDATES, BadDocument, to_profile
from domain.actor import Cause
from domain.candidate import (
    Candidate,
    CandidateErased,
    CandidateSignedUp,
    SignUpCandidate,
)
from infrastructure.event_log.store import EventStore


class BadMember(Exception):
    """Why somebody cannot be taken over, in a sentence."""


@dataclass
class Taken:
    """What became of some members: how many are new, how many were there, and who was refused."""

    taken: int
    known: int
    refused: list[tuple[str, str]]


def sign_up_of(entry: Entry, cause: Cause) -> SignUpCandidate:
    """What takes the member over that a document is about.

    Raises:
        BadMember: it is no such document, or says what cannot be.
    """
    if entry.fault:
        raise BadMember(entry.fault)
    try:
        profile = to_profile(entry.document, as_of=cause.at.date())
        candidate_id = profile.candidate_id or _id_of(entry.document)
        return SignUpCandidate(**dict(cause), **profile.signing_up(candidate_id))
    except BadDocument as error:
        raise BadMember("; ".join(error.problems)) from None
    except ValidationError as error:
        faults = (f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        raise BadMember("; ".join(faults)) from None


def take_over(store: EventStore, members: Sequence[tuple[str, SignUpCandidate]]) -> Taken:
    """Sign up those who are not there yet, in one transaction. Whoever is there stays as they are.

    Args:
        store: where they are recorded.
        members: each with where they come from, to tell who was refused.
    """
    first = {command.candidate_id: (where, command) for where, command in reversed(members)}

    def new_ones() -> list[SignUpCandidate]:
        # Whoever was there, erased ones too, has a version; others have none.
        there = store.recorder.versions(first)
        return [command for id, (_, command) in first.items() if id not in there]

    decided, _ = store.execute_all(
        new_ones, kind=Candidate, ids=first, deciding=(CandidateSignedUp, CandidateErased)
    )
    refused = [
        (first[command.candidate_id][0], str(refusal)) for command, refusal in decided if refusal
    ]
    return Taken(len(decided) - len(refused), len(members) - len(decided), refused)


def _id_of(document: Any) -> UUID:
    """An id for a document that names none, the same however its fields are ordered."""
    return uuid5(CANDIDATES, json.dumps(document, sort_keys=True, separators=(",", ":")))
