"""Who the person of a document is: the command that signs them up, or finds them again."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from api import identifiers
from api.formats.json_resume import Profile
from api.marketplace import Marketplace


def identity(
    marketplace: Marketplace, profile: Profile, document: Any, new_id: Callable[[], UUID]
) -> dict[str, Any]:
    """What `SignUpCandidate` takes to find the person of a document, or to make a new one.

    A person is known by the id in the document, by their id in another system, by their e-mail
    address and, with none of them, by the document itself.
    """
    key, namespace = marketplace.address_key, marketplace.candidate_namespace
    external_id, email = profile.external_id, profile.email
    if profile.candidate_id is not None:
        candidate_id = profile.candidate_id
    elif external_id is not None:
        candidate_id = identifiers.candidate_of_external_id(namespace, external_id)
    elif email is not None:
        earlier = identifiers.candidate_of_address(namespace, email)
        candidate_id = earlier if marketplace.store.recorder.versions([earlier]) else new_id()
    else:
        candidate_id = identifiers.candidate_of_document(namespace, document)
    return {
        "candidate_id": candidate_id,
        **identifiers.contact_keys(key, email, profile.jobs),
        "identifiers": (
            (identifiers.of_external_id(key, external_id),) if external_id is not None else ()
        ),
        "document": identifiers.of_document(key, document),
    }
