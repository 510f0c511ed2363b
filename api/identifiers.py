"""Ids for what names a person: e-mail addresses, ids in other systems, whole documents.

And for what tells where they work: mail domains, names of companies.

Each is a hash under the installation's own key, so that nobody can guess from the event log whose
address it was, also after the person's data were erased.
"""

import hmac
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import idna

from api.company_names import company_key
from domain.actor import Actor, Cause, Role
from domain.candidate_events import CandidateSignedUp, ProfileEnhanced
from domain.identifier import ClaimIdentifier, Identifier
from domain.profile import Job
from domain.terms import key as folded
from infrastructure.event_log.store import EventStore

UPGRADE = Actor(id="upgrade", role=Role.SYSTEM)
AT_ONCE = 1_000
"""Events read, and identifiers claimed, in one transaction."""


def normalised(email: str) -> str:
    """An address in the form that is compared: trimmed, in lower case, with an ASCII domain.

    Dots and plus signs stay: whether they matter is for the domain's owner to say. The domain
    follows UTS 46, as browsers do.

    >>> normalised(" Ada@Bücher.Example. ")
    'ada@xn--bcher-kva.example'
    """
    local, _, domain = folded(email).rpartition("@")
    return f"{local}@{normalised_domain(domain)}"


def normalised_domain(domain: str) -> str:
    """A mail domain in the form that is compared: trimmed, in lower case, in ASCII.

    >>> normalised_domain(" Bücher.Example. ")
    'xn--bcher-kva.example'
    """
    domain = folded(domain)
    with suppress(idna.IDNAError):  # a name that DNS does not allow, such as one with an underscore
        domain = idna.encode(domain, uts46=True).decode()
    return domain.rstrip(".")


def of_address(key: bytes, email: str) -> UUID:
    """The identifier of an e-mail address, however it is written."""
    return _hash(key, "address", normalised(email))


def of_domain(key: bytes, domain: str) -> UUID:
    """The hash of a mail domain, however it is written."""
    return _hash(key, "domain", normalised_domain(domain))


def mail_domain(written: str) -> str:
    """A mail domain that may be written as in an address.

    >>> mail_domain("@Acme.example")
    'acme.example'
    """
    return normalised_domain(written.rpartition("@")[2])


def of_company(key: bytes, name: str) -> UUID | None:
    """The hash of a company's name without its legal form; None if nothing is left to compare."""
    plain = company_key(name)
    return _hash(key, "company", plain) if plain else None


def contact_keys(key: bytes, email: str | None, jobs: Iterable[Job] | None) -> dict[str, Any]:
    """The hashes by which the contact gate knows a person, as commands take them."""
    present = (job.employer for job in jobs or () if not job.ended_on and not job.end_is_unknown)
    employers = (of_company(key, name) for name in present if name)
    return {
        "address": email and of_address(key, email),
        "domain": email and of_domain(key, email.rpartition("@")[2]),
        "employers": tuple(sorted({each for each in employers if each})),
    }


def of_external_id(key: bytes, external_id: str) -> UUID:
    """The identifier of a person's id in another system."""
    return _hash(key, "external id", external_id)


def of_document(key: bytes, document: Any) -> UUID:
    """The hash of a document, however its fields are ordered."""
    return _hash(key, "document", _canonical(document))


def candidate_of_external_id(namespace: UUID, external_id: str) -> UUID:
    """The id of the candidate who first comes with this id in another system."""
    return uuid5(namespace, external_id)


def candidate_of_document(namespace: UUID, document: Any) -> UUID:
    """The id of the candidate of a document that names neither id nor address."""
    return uuid5(namespace, _canonical(document))


def candidate_of_address(namespace: UUID, email: str) -> UUID:
    """The id under which versions without identifiers imported the person of an address."""
    return uuid5(namespace, f"mailto:{email.strip().casefold()}")


def _canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _hash(key: bytes, kind: str, text: str) -> UUID:
    digest = hmac.digest(key, f"{kind}\n{text}".encode(), "sha256")
    return UUID(bytes=digest[:16])


def claim_known_addresses(store: EventStore, key: bytes, at: datetime) -> int:
    """Claim the addresses of everybody in the log that nobody has claimed, and count them.

    Of several candidates with one address the first keeps it; support may merge the others. Calling
    it again claims the rest.
    """
    claimed = 0
    cause = Cause(by=UPGRADE, at=at, request_id=str(uuid4()))
    for names in _addresses(store, key):
        claimed += _claim(store, cause, names)
    return claimed


def _claim(store: EventStore, cause: Cause, names: dict[UUID, UUID]) -> int:
    claims = [
        ClaimIdentifier(**dict(cause), identifier_id=identifier, candidate_id=candidate)
        for identifier, candidate in names.items()
    ]
    store.execute_all(lambda: claims, load=lambda work: work.load_all(Identifier, names))
    return len(claims)


def _addresses(store: EventStore, key: bytes) -> Iterator[dict[UUID, UUID]]:
    """The candidate of each address in the log, the first of each at a time."""
    topics = (CandidateSignedUp.TOPIC, ProfileEnhanced.TOPIC)
    head = store.recorder.max_notification_id() or 0
    after = 0
    while after < head:
        stored, after = store.read(after, AT_ONCE, topics)
        yield {
            of_address(key, event.email): event.originator_id
            for event in reversed(store.mapper.with_personal_fields(stored))
            if isinstance(event, CandidateSignedUp | ProfileEnhanced) and event.email
        }
