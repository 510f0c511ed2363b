"""Approaching a candidate, from the API or the console."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from api.candidates.profile import current_likelihood
from api.http.caller import Caller, CommandResult
from domain.outreach import Message, RequestInterview, SendMessage
from infrastructure.error_redaction import error_kind
from projections.likelihood.projection import Likelihoods

logger = logging.getLogger(__name__)

LIKELIHOOD_SECONDS = 2.0
"""How long sending may take to look up the likelihood, which is advisory."""


def approach(
    caller: Caller,
    command: type[SendMessage | RequestInterview],
    position_id: UUID,
    candidate_id: UUID,
    message: Message,
) -> CommandResult:
    """Send a message or an interview request, with the likelihood as it is now if it is known."""
    return caller.run(
        command,
        position_id=position_id,
        candidate_id=candidate_id,
        message=message,
        computed=partial(_likelihood, caller, position_id, candidate_id),
    )


def _likelihood(caller: Caller, position_id: UUID, candidate_id: UUID) -> Mapping[str, Any]:
    """The likelihood for the event of the sending; empty if it cannot be computed in time."""
    try:
        reading = caller.marketplace.read_models.reading
        with reading(Likelihoods, timeout=LIKELIHOOD_SECONDS) as db, db.transaction():
            timeout = f"{LIKELIHOOD_SECONDS:g}s"
            db.execute("SELECT set_config('statement_timeout', %s, true)", [timeout])
            likelihood = current_likelihood(db, candidate_id, position_id, caller.at)
    except Exception as error:  # noqa: BLE001 - whatever fails here, the message is sent
        logger.warning("an approach is sent without its likelihood: %s", error_kind(error))
        return {}
    return {"likelihood": likelihood}
