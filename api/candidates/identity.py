"""Ids of candidates who come in without one: the same person gets the same id.

They derive from the installation's own namespace, so that an id cannot be computed from an external
id or an e-mail address, and does not tell them.
"""

from uuid import UUID, uuid5

from api.formats.json_resume import Profile


def known_id(profile: Profile, namespace: UUID) -> UUID | None:
    """The id that a profile gives, or one derived from its external id; None without either."""
    if profile.candidate_id or profile.external_id is None:
        return profile.candidate_id
    return uuid5(namespace, profile.external_id)


def id_by_email(email: str, namespace: UUID) -> UUID:
    """An id derived from an e-mail address, however it is capitalised."""
    return uuid5(namespace, f"mailto:{email.strip().casefold()}")
