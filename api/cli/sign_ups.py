"""Signs candidates up from documents, many in one transaction, each once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from pydantic import ValidationError

from api.candidates.identity import id_by_email, known_id
from api.cli.documents import Entry
from api.demo.survey_2019 import to_profile
from api.formats.documents import BadDocument
from domain.actor import Cause
from domain.candidate import (
    Candidate,
    CandidateErased,
    CandidateSignedUp,
    SignUpCandidate,
)
from infrastructure.event_log.store import EventStore


class BadRecord(Exception):
    """Why a document cannot be signed up, in a sentence."""


@dataclass
class Taken:
    """How many were signed up, how many were there already, and who was refused and why."""

    taken: int
    known: int
    refused: list[tuple[str, str]]


def sign_up_of(entry: Entry, cause: Cause, namespace: UUID) -> SignUpCandidate:
    """The command that signs up the candidate of a document.

    Without an id of their own a candidate is known by their e-mail address, and without that by the
    document itself.

    Args:
        entry: the document, or why there is none.
        cause: who imports it, when and by which request.
        namespace: what ids are derived in.

    Raises:
        BadRecord: the document cannot be read, or is not valid.
    """
    if entry.fault:
        raise BadRecord(entry.fault)
    try:
        profile = to_profile(entry.document, as_of=cause.at.date())
        candidate_id = known_id(profile, namespace) or (
            id_by_email(profile.email, namespace)
            if profile.email
            else _id_by_content(entry.document, namespace)
        )
        return SignUpCandidate(**dict(cause), **profile.signing_up(candidate_id))
    except BadDocument as error:
        raise BadRecord("; ".join(error.problems)) from None
    except ValidationError as error:
        faults = (f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        raise BadRecord("; ".join(faults)) from None


def sign_up(store: EventStore, members: Sequence[tuple[str, SignUpCandidate]]) -> Taken:
    """Sign up the candidates who are not there yet, in one transaction; others stay as they are.

    Args:
        store: where they are recorded.
        members: the commands, each with the place of its document for messages.
    """
    first = {command.candidate_id: (where, command) for where, command in reversed(members)}

    def new_ones() -> list[SignUpCandidate]:
        # Candidates who are there, even erased ones, have a version.
        there = store.recorder.versions(first)
        return [command for id, (_, command) in first.items() if id not in there]

    decided, _ = store.execute_all(
        new_ones, kind=Candidate, ids=first, deciding=(CandidateSignedUp, CandidateErased)
    )
    refused = [
        (first[command.candidate_id][0], str(refusal)) for command, refusal in decided if refusal
    ]
    return Taken(len(decided) - len(refused), len(members) - len(decided), refused)


def _id_by_content(document: Any, namespace: UUID) -> UUID:
    """An id for a document that names neither id nor address, however its fields are ordered."""
    return uuid5(namespace, json.dumps(document, sort_keys=True, separators=(",", ":")))
