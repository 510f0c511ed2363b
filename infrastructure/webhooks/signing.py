"""Signatures as Standard Webhooks has them, under each secret that is valid."""

import base64
import os
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32
SHORTEST_SECRET = 24
"""In bytes, as Standard Webhooks asks."""


def new_secret() -> str:
    """A secret as receivers configure it."""
    return PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def checked(secrets: str) -> tuple[str, ...]:
    """Secrets with spaces between, each as receivers configure it.

    Raises:
        ValueError: one is no secret, or too short.
    """
    every = tuple(secrets.split())
    for secret in every:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        if not secret.startswith(PREFIX) or len(key) < SHORTEST_SECRET:
            raise ValueError("not a secret of Standard Webhooks")
    return every


def headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers that prove who sent a body, when, and which message it is.

    >>> from datetime import UTC
    >>> signed = headers("1", datetime(2026, 1, 1, tzinfo=UTC), b"{}", ["whsec_eA==", "whsec_eQ=="])
    >>> signed["webhook-id"], signed["webhook-timestamp"], signed["webhook-signature"].count("v1,")
    ('1', '1767225600', 2)
    """
    text = body.decode()
    signatures = (Webhook(secret).sign(message_id, at, text) for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
