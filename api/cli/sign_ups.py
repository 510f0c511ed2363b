"""Signs candidates up from documents, or finds them again, many in one transaction."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple
from uuid import uuid4

from pydantic import ValidationError

from api.candidates.identity import identity
from api.cli.documents import Entry
from api.demo.survey_2019 import to_profile
from api.formats.documents import BadDocument, DocumentWarning
from api.marketplace import Marketplace
from domain.actor import Cause
from domain.candidate import Candidate
from domain.identifier import Identifier, SignUpCandidate
from infrastructure.event_log.store import EventStore, UnitOfWork


class BadRecord(Exception):
    """Why a document cannot be signed up, in a sentence."""


class Outcome(StrEnum):
    """What became of a document."""

    SIGNED_UP = "signed up"
    KNOWN = "known already"
    REFUSED = "refused"


class Result(NamedTuple):
    """What became of the document at a place, and why it was refused if it was."""

    where: str
    outcome: Outcome
    reason: str = ""


def sign_up_of(
    marketplace: Marketplace, entry: Entry, cause: Cause
) -> tuple[SignUpCandidate, Sequence[DocumentWarning]]:
    """The command that signs up the candidate of a document, or finds them again, and warnings.

    Raises `BadRecord` if the document cannot be read, or is not valid.
    """
    if entry.fault:
        raise BadRecord(entry.fault)
    try:
        profile = to_profile(entry.document, as_of=cause.at.date())
        who = identity(marketplace, profile, entry.document, uuid4)
        command = SignUpCandidate(**dict(cause), **who, **profile.signing_up())
    except BadDocument as error:
        raise BadRecord("; ".join(error.problems)) from None
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise BadRecord("; ".join(faults)) from None
    return command, profile.warnings


def sign_up(store: EventStore, members: Sequence[tuple[str, SignUpCandidate]]) -> list[Result]:
    """Sign up the candidates who are not there yet, in one transaction, and update the others.

    Each command comes with the place of its document, for messages.
    """
    commands = [command for _, command in members]
    work: UnitOfWork

    def load(loading: UnitOfWork) -> None:
        nonlocal work
        work = loading
        identifiers = {id for c in commands for id in (c.address, *c.identifiers) if id}
        work.load_all(Identifier, identifiers)
        claimed = (work.find(Identifier, id).candidate_id for id in identifiers)
        new = (command.candidate_id for command in commands)
        work.load_all(Candidate, (id for id in (*claimed, *new) if id))

    decided, _ = store.execute_all(lambda: commands, load=load)
    new = {candidate.id for candidate in work.new(Candidate)}
    results = []
    for (where, command), (_, refusal) in zip(members, decided, strict=True):
        if refusal:
            results.append(Result(where, Outcome.REFUSED, str(refusal)))
            continue
        is_new = command.candidate_id in new
        new.discard(command.candidate_id)
        results.append(Result(where, Outcome.SIGNED_UP if is_new else Outcome.KNOWN))
    return results
